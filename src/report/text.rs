//! Text for people: an excerpt per finding, and one line when all is well.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::discover::DeployMode;
use crate::findings::{Finding, Severity};
use crate::source::{SourceFile, Span};

use super::printable::{printable, printable_source};
use super::wording::{lines, summary};
use super::wrap::{counted, wrapped};
use super::{NotUnderstood, ProjectReport, Report};

/// How the text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Styling {
    /// Escape sequences for colours.
    pub colour: bool,
    /// Columns of the terminal, which sentences are wrapped to; `None` where nothing shows them: then
    /// each is one line.
    pub width: Option<usize>,
}

impl Styling {
    /// The sentence on lines that leave room for so many columns before them.
    fn sentence(self, text: &str, before: usize) -> String {
        match self.width {
            Some(width) => {
                let width = width.saturating_sub(before).max(NARROWEST);
                wrapped(text, width, 0)
            }
            None => text.to_owned(),
        }
    }
}

/// The columns to which excerpts are cut where nobody knows those of the terminal.
const WIDEST: usize = 140;

/// The columns that a sentence gets on the narrowest terminal.
const NARROWEST: usize = 30;

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

/// The most lines of a statement that are drawn: of many, the first four and the last two are shown.
const LONGEST_EXCERPT: usize = 400;

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
    .term_width(styling.width.unwrap_or(WIDEST));
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
                out.push_str(&excerpt(project, finding, &renderer, styling));
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
        let summary = printable_source(&summary(project));
        let rules = by_rule(project);
        for line in summary
            .lines()
            .chain(rules.as_deref().unwrap_or("").lines())
        {
            out.push_str(&styling.sentence(line, 0));
            out.push('\n');
        }
    }
    out
}

/// More findings than anybody reads one by one.
const MANY: usize = 20;

/// How often each rule speaks where every migration is judged and more is found than anybody reads.
fn by_rule(project: &ProjectReport) -> Option<String> {
    let told = project.findings.iter().filter(|it| it.suppressed.is_none());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in told {
        *counts.entry(finding.rule).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    if !project.each_by_itself || all < MANY {
        return None;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let rules = counts.iter().map(|(rule, count)| format!("{rule} {count}"));
    let rules: Vec<String> = rules.collect();
    Some(format!(
        "by rule: {}\nall this is the past: `migcheck check` judges only what is new",
        rules.join(", ")
    ))
}

fn excerpt(
    project: &ProjectReport,
    finding: &Finding,
    renderer: &Renderer,
    styling: Styling,
) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let file = &project.files[finding.migration];
    // `error[rule]: …`
    let before = finding.severity.as_str().len() + finding.rule.len() + "[]: ".len();
    let message = styling.sentence(&printable(&finding.message), before);
    let title = level.primary_title(message).id(finding.rule);
    let path = printable(&file.path);
    let mut last_line = 1;
    let mut group: Group<'_> = match project.unread_at(finding.migration) {
        Some((at, _)) => title.element(Origin::path(path).line(at.line).char_column(at.column)),
        // Of a file that is passed over only the name is known.
        None if file.text.is_empty() && finding.span.is_none() => title.element(Origin::path(path)),
        None => {
            let (source, first_line, marked) = excerpt_lines(file, finding.span);
            last_line = first_line + source.matches('\n').count();
            title.element(
                Snippet::source(source)
                    .line_start(first_line)
                    .path(path)
                    .annotation(AnnotationKind::Primary.span(marked)),
            )
        }
    };
    for (name, line) in lines(project, finding) {
        let level = match name {
            "help" => Level::HELP,
            name => Level::NOTE.with_name(name),
        };
        // `12 = why: …`
        let before = last_line.to_string().len() + " = : ".len() + name.len();
        let line = styling.sentence(&printable(&line), before);
        group = group.element(level.message(line));
    }
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
