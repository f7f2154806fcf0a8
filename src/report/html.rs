//! A page for a browser: one file that needs nothing else, no script and no network.
//!
//! What others wrote (names, SQL, queries, paths) is text and never a mark, see `markup.rs`; the
//! page forbids the browser whatever it could still be led to, and is well-formed XML, so that a
//! test can hold it to that. Long lists are cut, and say so: a page has to open.

mod rule_page;

use std::collections::BTreeSet;
use std::fmt::Write;

use super::listed::{self, Listed, level};
use super::markup::{code, cut, escaped, escaped_source, inline};
use super::matrix::{Row, Rows, release_line};
use super::svg::{Picture, Remark, STYLE};
use super::wording::{advice, lines};
use super::wrap::counted;
use super::{ProjectDrawing, ProjectReport, Report, RunsIn, StepReport, Verbosity};
use crate::analysis::{InTransaction, Truth, Verdict};
use crate::findings::Severity;
use crate::source::{SourceFile, Span};

/// The looks of the page.
const PAGE_STYLE: &str = include_str!("html/page.css");

/// The most of each that a project shows.
const MOST_FINDINGS: usize = 300;
const MOST_MIGRATIONS: usize = 200;
const MOST_STATEMENTS: usize = 50;
const MOST_STATES: usize = 60;
const MOST_RELEASES: usize = 20;
const MOST_NOTICES: usize = 100;

/// The most migrations whose statements are unfolded.
const MOST_OPEN: usize = 3;

/// The most lines of an excerpt, and the most letters of a line before the mark and in all.
const MOST_LINES: usize = 12;
const MOST_BEFORE: usize = 100;
const LONGEST_LINE: usize = 240;

/// The longest beginning of a statement in a table, and the longest name, in letters.
const LONGEST_STATEMENT: usize = 160;
const LONGEST_NAME: usize = 200;

/// What the browser may do: show this file.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as a page.
pub fn to_html(report: &Report) -> String {
    let mut out = String::from("<!DOCTYPE html>\n");
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n\
         <meta charset=\"utf-8\"/>\n<title>{}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
         <style>\n{PAGE_STYLE}{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escaped(&title(report))
    );
    if report.projects.len() > 1 {
        overview(report, &mut out);
    }
    for (number, project) in report.projects.iter().enumerate() {
        Section {
            report,
            project,
            number,
        }
        .write(&mut out);
    }
    if !report.left_out.is_empty() {
        out.push_str("<section>\n<h2>Not checked</h2>\n<ul>\n");
        for it in &report.left_out {
            let (folder, reason) = (name(&it.folder), inline(&it.reason));
            let _ = writeln!(out, "<li><code>{folder}</code>: {reason}</li>");
        }
        out.push_str("</ul>\n</section>\n");
    }
    rules(report, &mut out);
    let _ = write!(
        out,
        "</main>\n<footer>migcheck {}</footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    out
}

fn title(report: &Report) -> String {
    let verdicts: Vec<String> = report.projects.iter().map(heading).collect();
    match verdicts.as_slice() {
        [only] => format!("migcheck: {only}"),
        all => format!("migcheck: {}", counted(all.len(), "project")),
    }
}

/// The projects with their verdicts, each a link to its part.
fn overview(report: &Report, out: &mut String) {
    let _ = writeln!(
        out,
        "<nav>\n<h1>{}</h1>\n<ul class=\"projects\">",
        counted(report.projects.len(), "project")
    );
    for (number, project) in report.projects.iter().enumerate() {
        let _ = writeln!(
            out,
            "<li><a href=\"#p{number}\">{}</a> {}</li>",
            code(&folder(project)),
            pill(tone(project), &heading(project))
        );
    }
    out.push_str("</ul>\n</nav>\n");
}

/// The pages of the rules that found something, each once.
fn rules(report: &Report, out: &mut String) {
    let found: BTreeSet<&str> = listed::all(report).map(|it| it.finding.rule).collect();
    let found: Vec<_> = found.into_iter().filter_map(crate::rules::rule).collect();
    if found.is_empty() {
        return;
    }
    out.push_str("<section id=\"rules\">\n<h2>The rules that found something</h2>\n");
    for rule in found {
        // The name stands within, so that a link to it unfolds the page.
        let _ = write!(
            out,
            "<details class=\"rule\">\n<summary>{}</summary>\n<div id=\"rule-{1}\">\n{2}</div>\n\
             </details>\n",
            code(rule.name),
            escaped(rule.name),
            rule_page::to_html(rule)
        );
    }
    out.push_str("</section>\n");
}

/// A name of others, cut where it is long.
fn name(text: &str) -> String {
    escaped(&cut(text, LONGEST_NAME))
}

fn pill(class: &str, text: &str) -> String {
    format!("<span class=\"pill {class}\">{}</span>", escaped(text))
}

fn folder(project: &ProjectReport) -> String {
    match project.folder.as_str() {
        "" => "./".to_owned(),
        folder => format!("{}/", cut(folder, LONGEST_NAME)),
    }
}

/// The answer in a word or two.
fn heading(project: &ProjectReport) -> String {
    let summary = &project.summary;
    match summary.verdict {
        Some(Verdict::Broken) => Verdict::Broken.as_str().to_owned(),
        _ if summary.new_migrations == 0 => "nothing new".to_owned(),
        Some(verdict) => verdict.as_str().to_owned(),
        None => format!(
            "{}, each by itself",
            counted(summary.new_migrations, "migration")
        ),
    }
}

/// The colour of the answer.
fn tone(project: &ProjectReport) -> &'static str {
    let summary = &project.summary;
    match (summary.errors, summary.warnings, summary.verdict) {
        (0, 0, Some(Verdict::Unknown)) => "warning",
        (0, 0, _) => "good",
        (0, _, _) => "warning",
        _ => "error",
    }
}

/// What a verdict means, and so what to do.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AnyOrder => {
            "old and new code work on every state: migrate and deploy in any order"
        }
        Verdict::MigrateFirst => "run the migrations, then deploy the new code",
        Verdict::CodeFirst => {
            "deploy the new code, wait until the old release is gone, then migrate"
        }
        Verdict::SwitchBetween => "deploy the new code between two of the migrations",
        Verdict::NoSafeOrder => "no order of deploying and migrating is safe",
        Verdict::Broken => "the new code does not fit its own schema",
        Verdict::Unknown => "the answer hangs on statements that were not understood",
    }
}

/// A project's part of the page.
struct Section<'a> {
    report: &'a Report,
    project: &'a ProjectReport,
    number: usize,
}

impl Section<'_> {
    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "<section class=\"project\" id=\"p{}\">", self.number);
        self.head(out);
        if let Some(drawing) = &self.project.drawing {
            self.graph(drawing, out);
            self.matrix(drawing, out);
        }
        self.findings(out);
        self.migrations(out);
        self.notices(out);
        out.push_str("</section>\n");
    }

    fn head(&self, out: &mut String) {
        let project = self.project;
        let level = match self.report.projects.len() {
            1 => "h1",
            _ => "h2",
        };
        let _ = write!(
            out,
            "<header class=\"verdict {}\">\n<p class=\"where\">migcheck · {}</p>\n<{level}>{}</{level}>\n",
            tone(project),
            code(&folder(project)),
            escaped(&heading(project))
        );
        for line in self.advice() {
            let _ = writeln!(out, "<p class=\"advice\">{}</p>", inline(&line));
        }
        out.push_str("</header>\n");
        let summary = &project.summary;
        out.push_str("<ul class=\"counts\">\n");
        let what = match project.each_by_itself {
            true => "migration",
            false => "new migration",
        };
        for (count, what, class) in [
            (summary.errors, "error", "error"),
            (summary.warnings, "warning", "warning"),
            (summary.notes, "note", "note"),
            (summary.suppressed, "accepted finding", ""),
            (summary.new_migrations, what, ""),
            (summary.new_statements, "new statement", ""),
            (summary.new_not_understood, "not understood", "warning"),
        ] {
            let class = match count {
                0 => "none",
                _ => class,
            };
            let counted = match what {
                "not understood" => what.to_owned(),
                what => counted(count, what).split_off(count.to_string().len() + 1),
            };
            let _ = writeln!(
                out,
                "<li class=\"{class}\"><strong>{count}</strong> {counted}</li>"
            );
        }
        out.push_str("</ul>\n");
        self.facts(out);
    }

    /// What the answer means and what to do.
    fn advice(&self) -> Vec<String> {
        let project = self.project;
        let Some(verdict) = project.summary.verdict else {
            return Vec::new();
        };
        if project.summary.new_migrations == 0 && verdict != Verdict::Broken {
            return match &project.base {
                Some(base) => vec![format!("no new migration since `{}`", base.name)],
                None => vec!["no new migration".to_owned()],
            };
        }
        let advice = advice(project, verdict);
        match advice.is_empty() {
            true => vec![meaning(verdict).to_owned()],
            false => advice.lines().map(str::to_owned).collect(),
        }
    }

    fn facts(&self, out: &mut String) {
        let project = self.project;
        let with_evidence = |text: &str, evidence: Option<&str>| match evidence {
            Some(evidence) => format!(
                "{} <small>({})</small>",
                escaped(text),
                escaped(&cut(evidence, LONGEST_NAME))
            ),
            None => escaped(text),
        };
        out.push_str("<dl class=\"facts\">\n");
        let mut fact = |term: &str, text: String| {
            let _ = writeln!(out, "<dt>{term}</dt><dd>{text}</dd>");
        };
        if let Some(base) = &project.base {
            let version = match &base.version {
                Some(version) => format!(", version <code>{}</code>", name(version)),
                None => String::new(),
            };
            fact(
                "base",
                format!("<code>{}</code>{version}", name(&base.name)),
            );
        }
        fact("deploys", escaped(project.deploy_name()));
        fact(
            "tool",
            with_evidence(project.layout.as_str(), Some(&project.layout_evidence)),
        );
        fact(
            "server",
            with_evidence(project.dialect.as_str(), Some(&project.dialect_evidence)),
        );
        fact(
            "its version",
            match &project.server_version {
                Some(version) => with_evidence(
                    &version.to_string(),
                    project.server_version_evidence.as_deref(),
                ),
                None => "not known".to_owned(),
            },
        );
        if !project.query_places.is_empty() {
            let shown = project.query_places.iter().take(MOST_RELEASES);
            let mut places: Vec<String> = shown.map(|it| code(&cut(it, LONGEST_NAME))).collect();
            places.extend(left(project.query_places.len(), MOST_RELEASES));
            fact("queries in", places.join(", "));
        }
        out.push_str("</dl>\n");
        if !project.releases.is_empty() {
            out.push_str("<ul class=\"releases\">\n");
            for it in project.releases.iter().take(MOST_RELEASES) {
                let line = escaped(&cut(&release_line(it), 3 * LONGEST_NAME));
                let _ = writeln!(out, "<li>{line}</li>");
            }
            if let Some(more) = left(project.releases.len(), MOST_RELEASES) {
                let _ = writeln!(out, "<li>{more}</li>");
            }
            out.push_str("</ul>\n");
        }
    }

    fn graph(&self, drawing: &ProjectDrawing, out: &mut String) {
        let remark = |node: usize| {
            let index = node.checked_sub(1);
            let is_listed = |index: &usize| self.steps().any(|it| it.index == *index);
            Remark {
                link: index
                    .filter(is_listed)
                    .map(|index| format!("#{}", self.migration_id(index))),
                found: index.and_then(|index| self.worst_of(index)),
            }
        };
        let picture = Picture::of(&drawing.graph, Verbosity::Normal, &remark);
        let title = drawing.graph.title();
        let _ = write!(
            out,
            "<section>\n<h3>Versions of the schema</h3>\n<p class=\"caption\">{}</p>\n<div \
             class=\"wide\">\n{}</div>\n</section>\n",
            inline(&title),
            picture.element(&cut(&title, LONGEST_NAME))
        );
    }

    /// How many findings of the worst kind a migration has.
    fn worst_of(&self, index: usize) -> Option<(&'static str, String)> {
        let findings = self.project.findings.iter();
        let counting = findings.filter(|it| it.suppressed.is_none() && it.migration == index);
        let severities: Vec<Severity> = counting.map(|it| it.severity).collect();
        let worst = severities.iter().max()?;
        let count = severities.iter().filter(|it| *it == worst).count();
        Some((level(*worst), counted(count, level(*worst))))
    }

    fn matrix(&self, drawing: &ProjectDrawing, out: &mut String) {
        let Some(matrix) = &drawing.matrix else {
            return;
        };
        let Rows { rows, notes } = Rows::of(matrix);
        out.push_str(
            "<section>\n<h3>Who works where</h3>\n<div class=\"wide\">\n<table class=\"matrix\">\n\
             <thead>\n<tr><th scope=\"col\">state</th>",
        );
        for release in matrix.releases.iter().take(MOST_RELEASES) {
            let _ = write!(out, "<th scope=\"col\">{}</th>", name(&release.name));
        }
        out.push_str("<th scope=\"col\">floor</th></tr>\n</thead>\n<tbody>\n");
        for Row {
            label,
            cells,
            floor,
        } in rows.iter().take(MOST_STATES)
        {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", name(label));
            for (text, truth) in cells.iter().take(MOST_RELEASES) {
                let class = match truth {
                    Some(Truth::Works) => "good",
                    Some(Truth::Breaks) => "error",
                    Some(Truth::Unknown) => "warning",
                    None => "none",
                };
                let _ = write!(out, "<td class=\"{class}\">{}</td>", escaped(text));
            }
            let _ = writeln!(out, "<td>{}</td></tr>", name(floor));
        }
        out.push_str("</tbody>\n</table>\n</div>\n");
        let more = [
            left(rows.len(), MOST_STATES).map(|it| format!("{it} states")),
            left(matrix.releases.len(), MOST_RELEASES).map(|it| format!("{it} releases")),
        ];
        let more = more.into_iter().flatten();
        let more = more.map(|it| format!("{it}, which `migcheck matrix` shows"));
        for note in notes.into_iter().chain(more) {
            let _ = writeln!(out, "<p class=\"caption\">{}</p>", inline(&note));
        }
        out.push_str("</section>\n");
    }

    /// The findings, the worst first.
    fn findings(&self, out: &mut String) {
        let all = listed::all(self.report).filter(|it| std::ptr::eq(it.project, self.project));
        let (mut counting, allowed): (Vec<Listed<'_>>, Vec<Listed<'_>>) =
            all.partition(|it| it.finding.suppressed.is_none());
        counting.sort_by_key(|it| std::cmp::Reverse(it.finding.severity));
        out.push_str("<section>\n<h3>Findings</h3>\n");
        if counting.is_empty() {
            out.push_str("<p>none</p>\n");
        }
        for it in counting.iter().take(MOST_FINDINGS) {
            self.finding(it, out);
        }
        if let Some(more) = left(counting.len(), MOST_FINDINGS) {
            let _ = writeln!(
                out,
                "<p>{more}, which <code>migcheck check</code> lists</p>"
            );
        }
        if !allowed.is_empty() {
            let count = counted(allowed.len(), "finding");
            let _ = writeln!(
                out,
                "<details class=\"allowed\">\n<summary>{count} allowed</summary>"
            );
            for it in allowed.iter().take(MOST_FINDINGS) {
                self.finding(it, out);
            }
            if let Some(more) = left(allowed.len(), MOST_FINDINGS) {
                let _ = writeln!(out, "<p>{more}</p>");
            }
            out.push_str("</details>\n");
        }
        out.push_str("</section>\n");
    }

    fn finding(&self, it: &Listed<'_>, out: &mut String) {
        let finding = it.finding;
        let class = match finding.suppressed {
            Some(_) => "suppressed",
            None => level(finding.severity),
        };
        let place = format!(
            "{}:{}:{}",
            cut(it.path, LONGEST_NAME),
            it.start.line,
            it.start.column
        );
        let _ = write!(
            out,
            "<article class=\"finding {class}\">\n<h4>{} {}</h4>\n<p class=\"where\">{} · <a \
             href=\"#rule-{3}\">{3}</a></p>\n",
            pill(class, level(finding.severity)),
            inline(&finding.message),
            code(&place),
            escaped(finding.rule)
        );
        let file = &self.project.files[finding.migration];
        if let Some(span) = finding.span {
            excerpt(file, span, out);
        }
        out.push_str("<dl>\n");
        if let Some(suppression) = &finding.suppressed {
            let _ = writeln!(
                out,
                "<dt>allowed</dt><dd>{}</dd>",
                inline(&suppression.reason)
            );
        }
        for (word, line) in lines(self.project, finding) {
            let text = match word {
                "query" => code(&cut(&line, 2 * LONGEST_NAME)),
                _ => inline(&line),
            };
            let _ = writeln!(out, "<dt>{word}</dt><dd>{text}</dd>");
        }
        out.push_str("</dl>\n</article>\n");
    }

    /// The new migrations that are shown.
    fn steps(&self) -> impl Iterator<Item = &StepReport> {
        self.project.steps.iter().take(MOST_MIGRATIONS)
    }

    fn migration_id(&self, index: usize) -> String {
        format!("p{}m{index}", self.number)
    }

    fn migrations(&self, out: &mut String) {
        let steps = &self.project.steps;
        if steps.is_empty() {
            return;
        }
        let title = match self.project.each_by_itself {
            true => "Migrations",
            false => "New migrations",
        };
        let _ = writeln!(out, "<section>\n<h3>{title}</h3>");
        for step in self.steps() {
            self.migration(step, steps.len() <= MOST_OPEN, out);
        }
        if let Some(more) = left(steps.len(), MOST_MIGRATIONS) {
            let _ = writeln!(out, "<p>{more}</p>");
        }
        out.push_str("</section>\n");
    }

    fn migration(&self, step: &StepReport, is_open: bool, out: &mut String) {
        let open = match is_open {
            true => " open=\"open\"",
            false => "",
        };
        let class = match step.verdict {
            Verdict::AnyOrder | Verdict::MigrateFirst | Verdict::CodeFirst => "plain",
            Verdict::SwitchBetween | Verdict::Unknown => "warning",
            Verdict::NoSafeOrder | Verdict::Broken => "error",
        };
        let found = match self.worst_of(step.index) {
            Some((class, text)) => pill(class, &text),
            None => String::new(),
        };
        let _ = write!(
            out,
            "<details class=\"migration\"{open}>\n<summary><code>{}</code> {} {found}</summary>\n\
             <div id=\"{}\">\n<p class=\"caption\">version {} · {}</p>\n",
            name(&step.migration),
            pill(class, step.verdict.as_str()),
            self.migration_id(step.index),
            code(&cut(&step.version, LONGEST_NAME)),
            escaped(&about(self.project, step))
        );
        if step.statements.is_empty() {
            out.push_str("<p>no statement</p>\n");
        } else {
            self.statements(step, out);
        }
        out.push_str("</div>\n</details>\n");
    }

    fn statements(&self, step: &StepReport, out: &mut String) {
        let file = &self.project.files[step.index];
        out.push_str(
            "<div class=\"wide\">\n<table class=\"statements\">\n<thead>\n<tr><th \
             scope=\"col\">line</th><th scope=\"col\">statement</th><th scope=\"col\">what it \
             does</th><th scope=\"col\">found</th></tr>\n</thead>\n<tbody>\n",
        );
        for it in step.statements.iter().take(MOST_STATEMENTS) {
            let words: Vec<&str> = it.span.of(&file.text).split_whitespace().collect();
            let mut told: Vec<String> = Vec::new();
            match it.understood {
                true if it.operations.is_empty() => told.push("nothing to the schema".to_owned()),
                true => told.push(it.operations.join(", ").replace('_', " ")),
                false => told.push("not understood".to_owned()),
            }
            if it.transaction == InTransaction::Forbidden {
                told.push("refused in a transaction block".to_owned());
            }
            if it.commit_point {
                told.push("others see the state after it".to_owned());
            }
            let findings = self.project.findings.iter().filter(|finding| {
                let is_here = finding.migration == step.index && finding.suppressed.is_none();
                is_here && finding.statement == Some(it.index)
            });
            let found: BTreeSet<(std::cmp::Reverse<Severity>, &str)> = findings
                .map(|it| (std::cmp::Reverse(it.severity), it.rule))
                .collect();
            let found: Vec<String> = found
                .iter()
                .map(|(severity, rule)| pill(level(severity.0), rule))
                .collect();
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                file.position(it.span.start).line,
                code(&cut(&words.join(" "), LONGEST_STATEMENT)),
                escaped(&cut(&told.join("; "), LONGEST_NAME)),
                found.join(" ")
            );
        }
        out.push_str("</tbody>\n</table>\n</div>\n");
        if let Some(more) = left(step.statements.len(), MOST_STATEMENTS) {
            let _ = writeln!(out, "<p class=\"caption\">{more} statements</p>");
        }
    }

    /// What is odd, and what of the past was not understood.
    fn notices(&self, out: &mut String) {
        let project = self.project;
        let first_new = project.summary.migrations - project.summary.new_migrations;
        let mut all: Vec<String> = project.notices.iter().map(|it| inline(it)).collect();
        for it in &project.not_understood {
            // New ones are findings, and of a whole file a notice speaks.
            if let (true, Some(span)) = (it.migration < first_new, it.span) {
                let file = &project.files[it.migration];
                let line = file.position(span.start).line;
                let place = format!("{}:{line}", cut(&file.path, LONGEST_NAME));
                all.push(format!(
                    "not understood: {}: {}",
                    code(&place),
                    inline(&it.reason)
                ));
            }
        }
        if all.is_empty() {
            return;
        }
        let count = counted(all.len(), "notice");
        let _ = writeln!(
            out,
            "<details class=\"notices\">\n<summary>{count}</summary>\n<ul>"
        );
        for it in all.iter().take(MOST_NOTICES) {
            let _ = writeln!(out, "<li>{it}</li>");
        }
        if let Some(more) = left(all.len(), MOST_NOTICES) {
            let _ = writeln!(
                out,
                "<li>{more}, which <code>migcheck check -v</code> lists</li>"
            );
        }
        out.push_str("</ul>\n</details>\n");
    }
}

/// How many more there are than are shown.
fn left(count: usize, shown: usize) -> Option<String> {
    (count > shown).then(|| format!("and {} more", count - shown))
}

/// How a migration runs, and who works on its states.
fn about(project: &ProjectReport, step: &StepReport) -> String {
    let mut parts = Vec::new();
    if !project.each_by_itself {
        for (who, truth) in [("old code", step.old), ("new code", step.new)] {
            parts.push(match truth {
                Truth::Works => format!("{who} works on all of its states"),
                Truth::Breaks => format!("{who} breaks on some of its states"),
                Truth::Unknown => format!("whether {who} works on all of its states is not known"),
            });
        }
    }
    parts.push(
        match step.runs_in {
            RunsIn::Migration => "runs in a transaction that the tool opens around it",
            RunsIn::Own => "runs in a transaction of its own",
            RunsIn::Implicit => "is sent at once, and so runs in one transaction",
            RunsIn::Run => "runs in one transaction with all that are pending",
            RunsIn::None => "each statement commits by itself",
        }
        .to_owned(),
    );
    if let Some(release) = &step.min_compatible_release {
        let release = cut(release, LONGEST_NAME);
        parts.push(format!(
            "afterwards the oldest release that works is {release}"
        ));
    }
    parts.join(" · ")
}

/// The lines of a span with their numbers, and the span marked.
fn excerpt(file: &SourceFile, span: Span, out: &mut String) {
    let text = &file.text;
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let mut at = first;
    let number = file.position(first).line;
    out.push_str("<pre class=\"sql\">");
    for (shown, line) in text[first..].split_inclusive('\n').enumerate() {
        if at >= end && shown > 0 {
            break;
        }
        if shown == MOST_LINES {
            let more = text[at..end].lines().count();
            let _ = writeln!(out, "<i>…</i>{}", counted(more, "more line"));
            break;
        }
        let inside = line.trim_end_matches(['\n', '\r']);
        let from = start.saturating_sub(at).min(inside.len());
        let to = end.saturating_sub(at).clamp(from, inside.len());
        let line_number = number + shown;
        let _ = writeln!(out, "<i>{line_number}</i>{}", marked(inside, from, to));
        at += line.len();
    }
    out.push_str("</pre>\n");
}

/// A line with its part between `from` and `to`, in bytes, marked; both ends of a long line are cut.
fn marked(line: &str, from: usize, to: usize) -> String {
    let (before, mark, after) = (&line[..from], &line[from..to], &line[to..]);
    let count = before.chars().count();
    let before = match before.char_indices().nth(count.saturating_sub(MOST_BEFORE)) {
        Some((at, _)) if count > MOST_BEFORE => format!("…{}", &before[at..]),
        _ => before.to_owned(),
    };
    let room = LONGEST_LINE - before.chars().count();
    let mark = cut(mark, room);
    let after = cut(after, room.saturating_sub(mark.chars().count()));
    let inside = match mark.is_empty() {
        true => String::new(),
        false => format!("<mark>{}</mark>", escaped_source(&mark)),
    };
    format!(
        "{}{inside}{}",
        escaped_source(&before),
        escaped_source(&after)
    )
}
