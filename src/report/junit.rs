//! JUnit's XML: a suite per project, a case per new migration.
//!
//! A case fails by an error; what is less is what it printed. A run without a new migration has one
//! case that passes, since some consumers take a file without cases for a broken one.

use std::fmt::Write;

use super::listed::{self, Listed};
use super::printable::printable;
use super::wording::{lines, summary};
use super::{ProjectReport, Report};
use crate::findings::Severity;

/// The report as JUnit's XML.
pub fn to_junit(report: &Report) -> String {
    let suites: Vec<Suite> = report.projects.iter().map(|it| suite(report, it)).collect();
    let tests: usize = suites.iter().map(|it| it.tests).sum();
    let failures: usize = suites.iter().map(|it| it.failures).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"migcheck\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
    );
    for suite in suites {
        out.push_str(&suite.text);
    }
    out.push_str("</testsuites>\n");
    out
}

struct Suite {
    text: String,
    tests: usize,
    failures: usize,
}

fn suite(report: &Report, project: &ProjectReport) -> Suite {
    let findings: Vec<Listed<'_>> = listed::counting(report)
        .filter(|it| std::ptr::eq(it.project, project))
        .collect();
    // New migrations, and older ones that something is said about.
    let mut migrations: Vec<usize> = project.steps.iter().map(|it| it.index).collect();
    migrations.extend(findings.iter().map(|it| it.finding.migration));
    migrations.sort_unstable();
    migrations.dedup();
    let folder = match project.folder.as_str() {
        "" => ".",
        folder => folder,
    };
    let mut cases = String::new();
    let mut failures = 0;
    let (class, verdict) = (attribute(folder), text(&summary(project)));
    for migration in &migrations {
        let plan = project.plans.get(*migration);
        let name = match plan {
            Some(plan) if plan.line.is_some() => format!("{} {}", plan.path, plan.version),
            _ => project.files[*migration].path.to_string(),
        };
        let of_it = findings
            .iter()
            .filter(|it| it.finding.migration == *migration);
        let (worst, rest): (Vec<&Listed<'_>>, Vec<&Listed<'_>>) =
            of_it.partition(|it| it.finding.severity == Severity::Error);
        let name = attribute(&name);
        let _ = writeln!(
            cases,
            "    <testcase name=\"{name}\" classname=\"{class}\">"
        );
        if let Some(first) = worst.first() {
            failures += 1;
            let all: Vec<String> = worst.iter().map(|it| told(it)).collect();
            let _ = writeln!(
                cases,
                "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                first.finding.rule,
                attribute(&first.finding.message),
                text(&all.join("\n\n"))
            );
        }
        if !rest.is_empty() {
            let all: Vec<String> = rest.iter().map(|it| told(it)).collect();
            let all = text(&all.join("\n\n"));
            let _ = writeln!(cases, "      <system-out>{all}</system-out>");
        }
        cases.push_str("    </testcase>\n");
    }
    if migrations.is_empty() {
        let _ = writeln!(
            cases,
            "    <testcase name=\"nothing new\" classname=\"{class}\"/>"
        );
    }
    let tests = migrations.len().max(1);
    Suite {
        text: format!(
            "  <testsuite name=\"{class}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
             skipped=\"0\">\n{cases}    <system-out>{verdict}</system-out>\n  </testsuite>\n"
        ),
        tests,
        failures,
    }
}

/// A finding in plain lines.
fn told(it: &Listed<'_>) -> String {
    let mut out = format!(
        "{}:{}:{}: {}: {} [{}]",
        it.path,
        it.start.line,
        it.start.column,
        listed::level(it.finding.severity),
        it.finding.message,
        it.finding.rule
    );
    for (name, line) in lines(it.project, it.finding) {
        let _ = write!(out, "\n{name}: {line}");
    }
    out
}

/// Text between two tags.
fn text(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escaped).collect();
    lines.join("\n")
}

/// Text between double quotes.
fn attribute(text: &str) -> String {
    escaped(text)
}

/// Without what XML gives a meaning, and without what it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
