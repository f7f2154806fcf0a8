//! Findings one by one with their places, for the formats that list them.

use std::collections::HashSet;

use crate::findings::{Finding, Severity, UseReport};
use crate::source::Position;

use super::{ProjectReport, Report};

/// A finding that counts, with its place.
#[derive(Clone, Copy)]
pub(super) struct Listed<'a> {
    pub(super) project: &'a ProjectReport,
    pub(super) finding: &'a Finding,
    /// The file, from the root of the repository.
    pub(super) path: &'a str,
    /// Where it begins: the first line where nothing more is known.
    pub(super) start: Position,
    /// Where it ends, exclusive.
    pub(super) end: Position,
}

/// All findings, in order of project and place.
pub(super) fn all(report: &Report) -> impl Iterator<Item = Listed<'_>> {
    let projects = report.projects.iter();
    projects.flat_map(|project| project.findings.iter().map(|it| listed(project, it)))
}

/// The findings that are neither allowed nor accepted.
pub(super) fn counting(report: &Report) -> impl Iterator<Item = Listed<'_>> {
    all(report).filter(|it| it.finding.suppressed.is_none())
}

fn listed<'a>(project: &'a ProjectReport, finding: &'a Finding) -> Listed<'a> {
    let file = &project.files[finding.migration];
    let (start, end) = match (finding.span, project.unread_at(finding.migration)) {
        (Some(span), _) => (file.position(span.start), file.position(span.end)),
        (None, Some((at, _))) => (at, at),
        (None, None) => {
            let first = Position { line: 1, column: 1 };
            (first, first)
        }
    };
    Listed {
        project,
        finding,
        path: &file.path,
        start,
        end,
    }
}

/// The queries that a finding is about, each once.
pub(super) fn uses(finding: &Finding) -> Vec<&UseReport> {
    let all = finding.breaks.iter().filter_map(|it| it.uses.as_deref());
    let mut seen = HashSet::new();
    all.flatten()
        .filter(|it| seen.insert((&it.file, it.line, &it.query)))
        .collect()
}

/// The word that most programs have for it.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
