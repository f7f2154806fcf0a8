//! Text for people: an excerpt per finding, and one line when all is well.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::analysis::{Access, Evidence, Pair, Unused, Verdict, Weight};
use crate::discover::DeployMode;
use crate::findings::{BreakReport, Finding, Severity};
use crate::source::{SourceFile, Span};

use super::printable::{printable, printable_source};
use super::{NotUnderstood, ProjectReport, Report};

/// How the text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Styling {
    /// Escape sequences for colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and warnings only.
    Quiet,
    /// Findings and the summary.
    Normal,
    /// Also what is odd about the past, and every statement that was not understood.
    Verbose,
}

/// The most breaks that a finding lists; one cause can have many.
const MOST_BREAKS: usize = 8;

/// The most lines of a statement that an excerpt shows.
const LONGEST_EXCERPT: usize = 6;

/// One line that says what was found and where, for stderr.
pub fn detection_line(project: &ProjectReport) -> String {
    let mut parts = vec![project.layout.as_str().to_owned()];
    parts.push(match &project.server_version {
        Some(version) => format!("{} {version}", project.dialect.as_str()),
        None => project.dialect.as_str().to_owned(),
    });
    let count = project.summary.migrations;
    let new = match project.each_by_itself {
        true => "each judged by itself".to_owned(),
        false => format!("{} new", project.summary.new_migrations),
    };
    let folder = if project.folder.is_empty() {
        "."
    } else {
        &project.folder
    };
    parts.push(format!("{folder}/ ({count}, {new})"));
    if let Some(base) = &project.base {
        parts.push(format!("base {}", base.name));
    }
    let base = project.base.as_ref().map(|base| base.name.as_str());
    let live: Vec<&str> = project
        .releases
        .iter()
        .filter(|release| release.role == crate::analysis::Role::Live)
        .map(|release| release.name.as_str())
        .filter(|name| Some(*name) != base)
        .collect();
    if !live.is_empty() {
        parts.push(format!("live {}", live.join(", ")));
    }
    let head = project
        .releases
        .iter()
        .find(|it| it.role == crate::analysis::Role::Head);
    if let Some(queries) = head.and_then(|it| it.queries)
        && queries.known > 0
    {
        let places = match project.query_places.as_slice() {
            [] => String::new(),
            [only] => format!(" in {only}"),
            [first, rest @ ..] => format!(" in {first} and {}", counted(rest.len(), "other place")),
        };
        let queries = match queries.known {
            1 => "1 query".to_owned(),
            count => format!("{count} queries"),
        };
        parts.push(format!("{queries}{places}"));
    }
    if project.deploy != DeployMode::default() {
        parts.push(format!("deploy {}", project.deploy_name()));
    }
    printable(&format!("migcheck: {}", parts.join(" · ")))
}

/// The report for people.
pub fn to_text(report: &Report, styling: Styling, verbosity: Verbosity) -> String {
    let renderer = if styling.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
    .term_width(styling.width);
    let mut out = String::new();
    for project in &report.projects {
        if verbosity == Verbosity::Verbose {
            for notice in &project.notices {
                out.push_str(&format!("notice: {}\n", printable(notice)));
            }
        }
        for finding in &project.findings {
            let hidden = finding.suppressed.is_some()
                || (verbosity == Verbosity::Quiet && finding.severity == Severity::Note);
            if !hidden {
                out.push_str(&excerpt(project, finding, &renderer));
                out.push_str("\n\n");
            }
        }
        not_understood(project, verbosity, &mut out);
        // Of several projects each says which one it is.
        if report.projects.len() > 1 {
            let folder = match project.folder.as_str() {
                "" => ".",
                folder => folder,
            };
            out.push_str(&format!("{}: ", printable(folder)));
        }
        out.push_str(&printable_source(&summary(project)));
        out.push('\n');
    }
    out
}

fn excerpt(project: &ProjectReport, finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let file = &project.files[finding.migration];
    let title = level
        .primary_title(printable(&finding.message))
        .id(finding.rule);
    let path = printable(&file.path);
    let mut group: Group<'_> = match project.unread_at(finding.migration) {
        Some((at, _)) => title.element(Origin::path(path).line(at.line).char_column(at.column)),
        // Of a file that is passed over only the name is known.
        None if file.text.is_empty() && finding.span.is_none() => title.element(Origin::path(path)),
        None => {
            let (source, first_line, marked) = excerpt_lines(file, finding.span);
            title.element(
                Snippet::source(source)
                    .line_start(first_line)
                    .path(path)
                    .annotation(AnnotationKind::Primary.span(marked)),
            )
        }
    };
    for it in finding.breaks.iter().take(MOST_BREAKS) {
        let line = printable(&match finding.rule {
            "result_reshaped" if it.error.is_none() => format!(
                "reads of {} (old code) get another result on the new schema",
                it.release
            ),
            _ => breaks(it, project),
        });
        group = group.element(Level::NOTE.with_name(it.pair.as_str()).message(line));
        for (name, line) in evidence(it) {
            group = group.element(Level::NOTE.with_name(name).message(printable(&line)));
        }
    }
    if finding.breaks.len() > MOST_BREAKS {
        let more = counted(finding.breaks.len() - MOST_BREAKS, "more break");
        let line = format!("and {more} of this kind");
        group = group.element(Level::NOTE.with_name("breaks").message(line));
    }
    group = group.element(
        Level::NOTE
            .with_name("why")
            .message(printable(&finding.why)),
    );
    group = group.element(Level::HELP.message(printable(&finding.help)));
    renderer.render(&[group])
}

/// The lines of a span, the number of the first, and the part of them to mark. The whole file is
/// never drawn: it can be large.
fn excerpt_lines(file: &SourceFile, span: Option<Span>) -> (String, usize, std::ops::Range<usize>) {
    let text = &file.text;
    let span = span.unwrap_or_default();
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let mut stop = line_start;
    for line in text[line_start..]
        .split_inclusive('\n')
        .take(LONGEST_EXCERPT)
    {
        stop += line.len();
        if stop >= end {
            break;
        }
    }
    let lines = text[line_start..stop].trim_end_matches(['\n', '\r']);
    let (start, end) = (start - line_start, end - line_start);
    let end = end.min(lines.len());
    let start = start.min(end);
    // What is replaced can have another length.
    let before = printable_source(&lines[..start]);
    let inside = printable_source(&lines[start..end]);
    let after = printable_source(&lines[end..]);
    let marked = before.len()..before.len() + inside.len();
    (
        before + &inside + &after,
        file.position(line_start).line,
        marked,
    )
}

/// Who breaks, in one line.
fn breaks(it: &BreakReport, project: &ProjectReport) -> String {
    let access = match it.access.as_slice() {
        [Access::Read] => "reads",
        [Access::Write] => "writes",
        _ => "reads and writes",
    };
    let (who, where_it_is) = match it.pair {
        Pair::OldOnNew => (format!("{} (old code)", it.release), "on the new schema"),
        Pair::NewOnOld if it.on_own => (format!("{} (new code)", it.release), "on its own schema"),
        Pair::NewOnOld => (format!("{} (new code)", it.release), "on the old schema"),
        Pair::OldReadsNewData => (
            format!("{} (old code)", it.release),
            "when they meet rows that new code or the migration wrote",
        ),
        Pair::NewReadsOldData => (
            format!("{} (new code)", it.release),
            "when they meet rows from before",
        ),
    };
    let happens = match it.weight {
        Weight::Error | Weight::Addition => "fail",
        Weight::Warning | Weight::Note if it.error.is_some() => "may fail",
        // The server says nothing; what it gives or takes is not what the code means.
        Weight::Warning | Weight::Note => "may fail or go wrong",
        Weight::Unknown => return format!("whether {who} works {where_it_is} is not known"),
    };
    let queries = project
        .releases
        .iter()
        .find(|release| release.name == it.release)
        .and_then(|release| release.queries.as_ref())
        .map_or(0, |queries| queries.known);
    let evidence = match (it.evidence, queries) {
        (Evidence::Presumed, 0) => "presumed: its queries are not known",
        (Evidence::Presumed, _) => "presumed: it may have other queries",
        (evidence @ (Evidence::Proven | Evidence::Possible | Evidence::Unknown), _) => {
            evidence.as_str()
        }
    };
    match &it.error {
        Some(error) => format!(
            "{access} of {who} {happens} {where_it_is}: {} {} ({evidence})",
            error.code, error.message,
        ),
        None => format!("{access} of {who} {happens} {where_it_is} ({evidence})"),
    }
}

/// The most queries and places that a break lists.
const MOST_LISTED: usize = 3;

/// The queries and places that a break is about, each with the word before it.
fn evidence(it: &BreakReport) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let uses = it.uses.as_deref().unwrap_or_default();
    for query in uses.iter().take(MOST_LISTED) {
        let name = query
            .name
            .as_ref()
            .map_or_else(String::new, |it| format!(" {it}"));
        let text = one_line(&query.query);
        out.push((
            "query",
            format!("{}:{}{name}: {text}", query.file, query.line),
        ));
    }
    if uses.len() > MOST_LISTED {
        let more = uses.len() - MOST_LISTED;
        out.push(("query", format!("and {more} more")));
    }
    match it.unused {
        Some(Unused::NoQuery) => out.push((
            "unused",
            "no query of this release uses it, and its queries are declared complete".to_owned(),
        )),
        Some(Unused::NoMention) => out.push((
            "unused",
            "the files of this release name it only in queries that go on working".to_owned(),
        )),
        None => {}
    }
    if !it.mentions.is_empty() {
        let mut places: Vec<String> = it
            .mentions
            .iter()
            .take(MOST_LISTED)
            .map(|it| format!("{}:{}", it.file, it.line))
            .collect();
        if it.mentions.len() > MOST_LISTED {
            places.push(format!("and {} more", it.mentions.len() - MOST_LISTED));
        }
        // What old code meets is what new code writes there.
        let word = match it.pair {
            Pair::OldReadsNewData => "written in",
            _ => "named in",
        };
        out.push((word, places.join(", ")));
    }
    out
}

/// The most characters of a query that a line shows.
const LONGEST_QUERY: usize = 100;

/// A query on one line, cut where it is long.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST_QUERY {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_QUERY - 1).collect();
    format!("{cut}…")
}

/// What was not understood: those of new migrations are findings of their own, the others are
/// counted, and all are listed where more is asked for.
fn not_understood(project: &ProjectReport, verbosity: Verbosity, out: &mut String) {
    if verbosity == Verbosity::Verbose {
        for it in &project.not_understood {
            // Of a file that could not be read a finding or a notice speaks.
            if let Some(span) = it.span {
                let file = &project.files[it.migration];
                let line = file.position(span.start).line;
                let (path, reason) = (printable(&file.path), printable(&it.reason));
                out.push_str(&format!("not understood: {path}:{line}: {reason}\n"));
            }
        }
    }
    let first_new = project.summary.migrations - project.summary.new_migrations;
    let (files, statements): (Vec<&NotUnderstood>, Vec<&NotUnderstood>) = project
        .not_understood
        .iter()
        .filter(|it| it.migration < first_new)
        .partition(|it| it.span.is_none());
    let past: Vec<String> = [(files.len(), "file"), (statements.len(), "statement")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(count, what))
        .collect();
    if !past.is_empty() && verbosity == Verbosity::Normal {
        let past = past.join(" and ");
        out.push_str(&format!(
            "{past} of earlier migrations not understood; -v lists them\n"
        ));
    }
}

fn summary(project: &ProjectReport) -> String {
    let summary = &project.summary;
    let counts = counts(project);
    if summary.new_migrations == 0 && summary.verdict != Some(Verdict::Broken) {
        let since = match &project.base {
            Some(base) => format!(" since {}", base.name),
            None => String::new(),
        };
        return match counts.is_empty() {
            true => format!("nothing new{since}"),
            false => format!("no new migration{since}; {counts}"),
        };
    }
    let understood = match summary.new_not_understood {
        0 => "all understood".to_owned(),
        count => format!("{count} not understood"),
    };
    let what = if project.each_by_itself {
        counted(summary.new_migrations, "migration")
    } else {
        counted(summary.new_migrations, "new migration")
    };
    let mut line = match summary.verdict {
        Some(verdict) => format!("{}: ", verdict.as_str()),
        None => String::new(),
    };
    line.push_str(&format!(
        "{what}, {}, {understood}",
        counted(summary.new_statements, "statement")
    ));
    if !counts.is_empty() {
        line.push_str(&format!("; {counts}"));
    }
    if let Some(verdict) = summary.verdict {
        let advice = advice(project, verdict);
        if !advice.is_empty() {
            line.push_str(&format!("\n{advice}"));
        }
    }
    line
}

/// How many findings there are of each kind; empty where there are none.
fn counts(project: &ProjectReport) -> String {
    let summary = &project.summary;
    let found: Vec<String> = [
        (summary.errors, "error"),
        (summary.warnings, "warning"),
        (summary.notes, "note"),
        (summary.suppressed, "allowed finding"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| counted(count, what))
    .collect();
    found.join(", ")
}

/// What to do about a verdict, where the deploy mode does not do it by itself.
fn advice(project: &ProjectReport, verdict: Verdict) -> String {
    let mode = project.deploy_name();
    let fits = project.summary.fits != Some(false);
    match verdict {
        Verdict::AnyOrder => String::new(),
        Verdict::NoSafeOrder | Verdict::SwitchBetween if fits => String::new(),
        Verdict::MigrateFirst | Verdict::CodeFirst if fits => String::new(),
        Verdict::MigrateFirst => {
            format!("run the migrations before the new code (this project deploys {mode})")
        }
        Verdict::CodeFirst => format!(
            "deploy the new code, wait until the old release is gone, then migrate (this project \
             deploys {mode})"
        ),
        Verdict::SwitchBetween if fits => String::new(),
        Verdict::SwitchBetween => {
            let places = &project.summary.switch_after;
            let is_new = |path: &String| project.steps.iter().any(|step| step.migration == *path);
            // With older releases alive the place can lie in what the base already has.
            let what = match places.iter().any(is_new) {
                true => "split the change: deploy",
                false => "deploy",
            };
            let places = places.join(" or ");
            format!("{what} the new code after {places} and before what follows")
        }
        Verdict::NoSafeOrder => {
            let unsafe_step = project
                .steps
                .iter()
                .find(|step| step.verdict == Verdict::NoSafeOrder)
                .or(project.steps.first());
            let mut line = "no order of deploying and migrating is safe".to_owned();
            if let Some(step) = unsafe_step {
                let path = &project.files[step.index].path;
                line.push_str(&format!(
                    ": `migcheck explain {path}` shows the steps that are"
                ));
            }
            let needed = &project.summary.needed;
            if let Some(first) = needed.first() {
                let more = match needed.len() {
                    1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                line.push_str(&format!(
                    "\n(the new code cannot go first: it is presumed to use {}{more}, which the \
                     migration makes)",
                    printable(first)
                ));
            }
            line
        }
        Verdict::Broken => "the new code does not fit its own schema".to_owned(),
        Verdict::Unknown => "the answer hangs on statements that were not understood".to_owned(),
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
