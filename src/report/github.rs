//! Workflow commands of GitHub Actions, which become annotations of the changed files.
//!
//! Ten of each level are shown for a step and the rest is dropped without a word, so the worst come
//! first and the tenth stands for all that are left. Source: GitHub documentation, "Workflow commands
//! for GitHub Actions".

use std::fmt::Write;

use super::Report;
use super::listed::{self, Listed};
use super::printable::printable;
use super::wording::{lines, summary};
use crate::findings::Severity;

/// How many annotations of a level are shown for a step.
const MOST: usize = 10;

/// The findings as workflow commands, then the verdict for the log.
pub fn to_github(report: &Report) -> String {
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let all: Vec<Listed<'_>> = listed::counting(report)
            .filter(|it| it.finding.severity == severity)
            .collect();
        let (single, rest) = match all.len() > MOST {
            true => all.split_at(MOST - 1),
            false => all.split_at(all.len()),
        };
        for it in single {
            out.push_str(&annotation(it, &told(it), it.finding.rule));
        }
        if let Some(first) = rest.first() {
            let mut text = format!("{} more:", rest.len());
            for it in rest {
                let _ = write!(
                    text,
                    "\n{}:{}: {} [{}]",
                    it.path, it.start.line, it.finding.message, it.finding.rule
                );
            }
            out.push_str(&annotation(first, &text, "more findings"));
        }
    }
    for project in &report.projects {
        for line in summary(project).lines() {
            let _ = writeln!(out, "migcheck: {}", inert(line));
        }
    }
    out
}

fn told(it: &Listed<'_>) -> String {
    let mut text = it.finding.message.clone();
    for (name, line) in lines(it.project, it.finding) {
        let _ = write!(text, "\n{name}: {line}");
    }
    text
}

fn annotation(it: &Listed<'_>, text: &str, title: &str) -> String {
    let command = match it.finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let (start, end) = (it.start, it.end);
    let mut place = format!("file={},line={}", property(it.path), start.line);
    let _ = match start.line == end.line && start.column < end.column {
        // Columns are known to it within one line only.
        true => write!(place, ",col={},endColumn={}", start.column, end.column),
        false => write!(place, ",endLine={}", end.line),
    };
    let text: Vec<String> = text.lines().map(printable).collect();
    let text = data(&text.join("\n"));
    format!(
        "::{command} {place},title=migcheck {}::{text}\n",
        property(title)
    )
}

/// The part after the second pair of colons.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&printable(text))
        .replace(':', "%3A")
        .replace(',', "%2C")
}

/// A line of the log in which nothing is a command, in the older form neither.
fn inert(line: &str) -> String {
    printable(line).replace("##[", "## [")
}
