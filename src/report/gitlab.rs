//! GitLab's Code Quality report.
//!
//! Source: GitLab documentation, "Code Quality report format": a fingerprint is unique in the report,
//! a path is relative to the repository and has no leading `./`.

use std::collections::HashMap;

use serde::Serialize;

use super::Report;
use super::json::fingerprint_of;
use super::listed;
use super::printable::printable;
use super::wording::lines;
use crate::findings::Severity;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

/// The findings as a report of GitLab's; an empty list where there are none.
pub fn to_gitlab(report: &Report) -> String {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let issues: Vec<Issue<'_>> = listed::counting(report)
        .map(|it| {
            let text = fingerprint_of(it.project, it.finding);
            let count = seen.entry(text.clone()).or_default();
            *count += 1;
            let fingerprint = match *count {
                1 => text,
                count => format!("{text}-{count}"),
            };
            let who = lines(it.project, it.finding).into_iter();
            let who = who.take(1).filter(|_| !it.finding.breaks.is_empty());
            let who: String = who
                .map(|(name, line)| format!("; {name}: {line}"))
                .collect();
            Issue {
                description: printable(&format!("{}{who}", it.finding.message)),
                check_name: it.finding.rule,
                fingerprint,
                severity: match it.finding.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "major",
                    Severity::Note => "info",
                },
                location: Location {
                    path: it.path,
                    positions: Positions {
                        begin: Place {
                            line: it.start.line,
                            column: it.start.column,
                        },
                        end: Place {
                            line: it.end.line,
                            column: it.end.column,
                        },
                    },
                },
            }
        })
        .collect();
    let mut text =
        serde_json::to_string_pretty(&issues).expect("strings and numbers always serialise");
    text.push('\n');
    text
}
