//! Markdown for a review comment or the summary of a step.
//!
//! What others wrote (names, queries, SQL) stands in code spans, in fences that are longer than any in
//! it, or has every mark escaped: nothing of it becomes a link, an image or a mention.

use std::fmt::Write;

use super::listed::{self, Listed};
use super::printable::{printable, printable_source};
use super::wording::{lines, summary};
use super::{ProjectReport, Report};
use crate::findings::Severity;

/// The longest text that a comment of GitHub's takes, in characters, with room for what is around.
const LONGEST: usize = 60_000;

/// The most lines of a statement that are shown, and the most characters of a line.
const MOST_LINES: usize = 8;
const LONGEST_LINE: usize = 160;

/// The report in Markdown, cut where a comment would be too long.
pub fn to_markdown(report: &Report) -> String {
    let mut out = String::new();
    for project in &report.projects {
        head(project, &mut out);
        let mut left = 0;
        for it in worst_first(report, project) {
            let text = finding(&it);
            if out.chars().count() + text.chars().count() > LONGEST {
                left += 1;
                continue;
            }
            out.push_str(&text);
        }
        if left > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "… and {left} more, which `migcheck check` lists.\n");
        }
    }
    out
}

/// The findings of a project, the worst first.
fn worst_first<'a>(report: &'a Report, project: &ProjectReport) -> Vec<Listed<'a>> {
    let mut all: Vec<Listed<'a>> = listed::counting(report)
        .filter(|it| std::ptr::eq(it.project, project))
        .collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.finding.severity));
    all
}

fn head(project: &ProjectReport, out: &mut String) {
    let folder = match project.folder.as_str() {
        "" => ".",
        folder => folder,
    };
    let told = summary(project);
    let mut told = told.lines();
    let first = told.next().unwrap_or_default();
    let (verdict, counts) = match project.summary.verdict.zip(first.split_once(": ")) {
        Some((verdict, (_, counts))) => (format!(": {}", verdict.as_str()), counts),
        None => (String::new(), first),
    };
    let sign = match (project.summary.errors, project.summary.warnings) {
        (0, 0) => "✅",
        (0, _) => "⚠️",
        _ => "❌",
    };
    let base = match &project.base {
        Some(base) => format!(" · base {}", code(&base.name)),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "### {sign} migcheck{verdict}\n\n{} · {}{base}: {}\n",
        code(folder),
        project.layout.as_str(),
        inline(counts)
    );
    for line in told {
        let _ = writeln!(out, "> {}\n", inline(line));
    }
}

fn finding(it: &Listed<'_>) -> String {
    let sign = match it.finding.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    };
    let mut out = format!(
        "#### {sign} {}\n\n{} · {}\n\n",
        inline(&it.finding.message),
        code(&format!("{}:{}", it.path, it.start.line)),
        code(it.finding.rule)
    );
    let statement = statement(it);
    if !statement.is_empty() {
        let fence = "`".repeat(longest_run(&statement).max(2) + 1);
        let _ = writeln!(out, "{fence}sql\n{statement}\n{fence}\n");
    }
    for (name, line) in lines(it.project, it.finding) {
        let text = match name {
            "query" => code(&line),
            _ => inline(&line),
        };
        let _ = writeln!(out, "- **{name}**: {text}");
    }
    out.push('\n');
    out
}

fn statement(it: &Listed<'_>) -> String {
    let file = &it.project.files[it.finding.migration];
    let Some(span) = it.finding.span else {
        return String::new();
    };
    let text = printable_source(span.of(&file.text));
    let cut = |line: &str| match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    };
    let mut shown: Vec<String> = text.lines().take(MOST_LINES).map(cut).collect();
    if text.lines().count() > MOST_LINES {
        shown.push("…".to_owned());
    }
    shown.join("\n")
}

/// A text of ours with names of others between backticks.
fn inline(text: &str) -> String {
    let text = printable(text);
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let parts = parts.iter().enumerate();
    parts
        .map(|(at, part)| match at % 2 {
            1 if is_paired => code(part),
            1 => format!("\\`{}", escaped(part)),
            _ if at > 0 && !is_paired => format!("\\`{}", escaped(part)),
            _ => escaped(part),
        })
        .collect()
}

/// A text in a code span, in which no mark has a meaning.
fn code(text: &str) -> String {
    let text = printable(text);
    if text.trim().is_empty() {
        return escaped(&text);
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|letter| letter != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// A text of which nothing is a mark.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            // No mention, and no number of an issue.
            '@' | '#' => {
                out.push(letter);
                out.push('\u{200b}');
            }
            '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' | '`' => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    // No address becomes a link by itself.
    out.replace("://", ":\u{200b}//")
        .replace("www.", "www\u{200b}.")
}
