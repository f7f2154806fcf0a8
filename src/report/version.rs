//! One version, for people and for programs.

use serde_json::{Value, json};

use super::changes::SchemaChange;
use super::diff::{change_json, changes_lines};
use super::json::report_json;
use super::matrix::Cell;
use super::printable::printable;
use super::wrap::{counted, wrap};
use crate::analysis::{Truth, Verdict};
use crate::findings::Severity;

/// What is known of one version.
#[derive(Debug, Clone)]
pub struct ExplainedVersion {
    /// The version.
    pub version: String,
    /// The migration's file.
    pub path: String,
    /// The line in it, from 1, where the file holds several migrations.
    pub line: Option<usize>,
    /// Its place among the migrations in run order, from 1.
    pub place: usize,
    /// How many there are.
    pub of: usize,
    /// The migration before it: version and file.
    pub before: Option<(String, String)>,
    /// The one after it.
    pub after: Option<(String, String)>,
    /// Whether the change adds it.
    pub is_new: bool,
    /// The file of its down part.
    pub down: Option<String>,
    /// How many statements it has; `None` where its file could not be read.
    pub statements: Option<usize>,
    /// How many of them were not understood.
    pub not_understood: usize,
    /// How many objects of each kind the schema has after it.
    pub contents: Vec<(&'static str, usize)>,
    /// What it changed.
    pub changes: Vec<SchemaChange>,
    /// What it is as a change of its own.
    pub own: OwnVerdict,
    /// Whether the releases were judged on it: it is no older than the oldest of them.
    pub is_judged: bool,
    /// The oldest live release that may run on it.
    pub floor: Option<String>,
    /// The live releases, then head.
    pub holders: Vec<Holder>,
}

/// A migration as a change of its own, from the version before, with the release written for that.
#[derive(Debug, Clone)]
pub struct OwnVerdict {
    /// When the code may be switched.
    pub verdict: Verdict,
    /// Whether the release before works on all of its states.
    pub old: Truth,
    /// Whether the release after does.
    pub new: Truth,
    /// What the rules say: severity, rule, message.
    pub findings: Vec<(Severity, &'static str, String)>,
}

/// A release, seen from one version.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// Whether it has the migration.
    pub has_it: bool,
    /// Whether it works on the version; `None` where it never meets it or that was not judged.
    pub runs: Option<Cell>,
}

/// What is known of one version; `width` is that of the terminal in characters.
pub fn version_to_text(it: &ExplainedVersion, width: usize) -> String {
    let mut out = String::new();
    let mut line = |text: &str, first: &str, rest: &str| {
        out.push_str(&wrap(&printable(text), width, first, rest));
    };
    let place = match it.line {
        Some(line) => format!("{}:{line}", it.path),
        None => it.path.clone(),
    };
    let new = if it.is_new { ", new" } else { "" };
    line(&format!("version {}: {place}{new}", it.version), "", "    ");
    let before = match &it.before {
        Some((version, _)) => format!("after {version}"),
        None => "the first".to_owned(),
    };
    let after = match &it.after {
        Some((version, _)) => format!("before {version}"),
        None => "the last".to_owned(),
    };
    line(
        &format!("migration {} of {}, {before}, {after}", it.place, it.of),
        "",
        "    ",
    );
    let down = match &it.down {
        Some(down) if *down == it.path => "a down part in the same file".to_owned(),
        Some(down) => format!("the down part {down}"),
        None => "no down part".to_owned(),
    };
    let statements = match (it.statements, it.not_understood) {
        (None, _) => "the file could not be read".to_owned(),
        (Some(count), 0) => format!("{}, all understood", counted(count, "statement")),
        (Some(count), unread) => {
            format!("{}, {unread} not understood", counted(count, "statement"))
        }
    };
    line(&format!("it has {statements}, and {down}"), "", "    ");
    let contents: Vec<String> = it
        .contents
        .iter()
        .map(|(what, count)| counted(*count, what))
        .collect();
    let contents = match contents.is_empty() {
        true => "nothing".to_owned(),
        false => contents.join(", "),
    };
    line(
        &format!(
            "after it the schema has {contents} (migcheck schema {} prints it)",
            it.version
        ),
        "",
        "    ",
    );
    let count = match it.changes.len() {
        0 => "nothing".to_owned(),
        count => counted(count, "thing"),
    };
    line(
        &format!("it changes {count}:").replace("nothing:", "nothing in the schema"),
        "",
        "",
    );
    let changes = changes_lines(&it.changes, width, "  ");
    out.push_str(&changes);
    let mut line = |text: &str, first: &str, rest: &str| {
        out.push_str(&wrap(&printable(text), width, first, rest));
    };
    let own = &it.own;
    let verdict = format!(
        "as a change of its own it is {}: code written for the version before {} on it, code written \
         for it {} before it has run",
        own.verdict.as_str(),
        own.old.as_str(),
        own.new.as_str()
    );
    line(&verdict, "", "    ");
    for (severity, rule, message) in &own.findings {
        line(
            &format!("{}[{rule}]: {message}", severity.as_str()),
            "  ",
            "      ",
        );
    }
    if it.holders.is_empty() {
        line(
            "which releases have it is not known: there is no base to compare with",
            "",
            "    ",
        );
        return out;
    }
    for holder in &it.holders {
        let has = if holder.has_it {
            "has it"
        } else {
            "does not have it"
        };
        let runs = match holder.runs {
            None if !it.is_judged => "and so has every release that may run".to_owned(),
            None => "never meets this version".to_owned(),
            Some(cell) => match (cell.reads, cell.writes) {
                (Truth::Works, Truth::Works) => "may run on it".to_owned(),
                (Truth::Breaks, Truth::Breaks) => {
                    "may not run on it: reads and writes fail".to_owned()
                }
                (reads, writes) if reads == writes => {
                    "may run on it or not: a statement was not understood".to_owned()
                }
                (Truth::Breaks, _) => "may not run on it: reads fail".to_owned(),
                (_, Truth::Breaks) => "may not run on it: writes fail".to_owned(),
                (Truth::Unknown, _) | (_, Truth::Unknown) => {
                    "may run on it or not: a statement was not understood".to_owned()
                }
            },
        };
        let comma = if runs.starts_with("and ") { "" } else { "," };
        line(&format!("{}: {has}{comma} {runs}", holder.name), "", "    ");
    }
    if it.is_judged {
        let floor = match &it.floor {
            Some(floor) => format!("floor: {floor} is the oldest live release that may run on it"),
            None => "floor: no live release may run on it".to_owned(),
        };
        line(&floor, "", "    ");
    }
    out
}

/// What is known of one version as JSON, format 1.
pub fn version_to_json(it: &ExplainedVersion) -> String {
    let near = |found: &Option<(String, String)>| {
        found
            .as_ref()
            .map(|(version, path)| json!({"version": version, "migration": path}))
    };
    let findings: Vec<Value> = it
        .own
        .findings
        .iter()
        .map(|(severity, rule, message)| {
            json!({"severity": severity.as_str(), "rule": rule, "message": message})
        })
        .collect();
    let holders: Vec<Value> = it
        .holders
        .iter()
        .map(|holder| {
            json!({
                "release": holder.name,
                "has_it": holder.has_it,
                "works": holder.runs.map(|it| it.both().as_str()),
                "reads": holder.runs.map(|it| it.reads.as_str()),
                "writes": holder.runs.map(|it| it.writes.as_str()),
            })
        })
        .collect();
    let contents: serde_json::Map<String, Value> = it
        .contents
        .iter()
        .map(|(what, count)| ((*what).to_owned(), json!(count)))
        .collect();
    let changes: Vec<Value> = it.changes.iter().map(change_json).collect();
    report_json(
        "version",
        &[
            ("version", json!(it.version)),
            ("migration", json!(it.path)),
            ("line", json!(it.line)),
            ("place", json!(it.place)),
            ("migrations", json!(it.of)),
            ("before", json!(near(&it.before))),
            ("after", json!(near(&it.after))),
            ("new", json!(it.is_new)),
            ("down", json!(it.down)),
            ("statements", json!(it.statements)),
            ("not_understood", json!(it.not_understood)),
            ("contents", Value::Object(contents)),
            ("changes", changes.into()),
            ("verdict", json!(it.own.verdict.as_str())),
            ("old", json!(it.own.old.as_str())),
            ("new_code", json!(it.own.new.as_str())),
            ("findings", findings.into()),
            ("min_compatible_release", json!(it.floor)),
            ("releases", holders.into()),
        ],
    )
}
