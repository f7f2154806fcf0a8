//! What changed between two versions of the schema, for people and for programs.

use serde_json::{Value, json};

use super::changes::SchemaChange;
use super::json::report_json;
use super::printable::printable;
use super::wrap::{counted, wrap};
use crate::schema::name::Ident;

/// One end of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointReport {
    /// For people: `version 3`, `main@1a2b3c, version 3`, `the empty schema`.
    pub name: String,
    /// The version; `None` before the first migration.
    pub version: Option<String>,
    /// The commit, where it is that of a revision.
    pub revision: Option<String>,
    /// How many statements up to there were not understood.
    pub not_understood: usize,
}

/// What changed between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffReport {
    /// The earlier one, as the user named them.
    pub from: PointReport,
    /// The later one.
    pub to: PointReport,
    /// What changed, by object.
    pub changes: Vec<SchemaChange>,
}

/// The changes for people, one to a line; `width` is that of the terminal in characters.
pub fn diff_to_text(diff: &DiffReport, width: usize) -> String {
    let (from, to) = (&diff.from, &diff.to);
    let said = match diff.changes.len() {
        0 => "nothing changes".to_owned(),
        count => counted(count, "change"),
    };
    let title = format!("from {} to {}: {said}", from.name, to.name);
    let mut out = wrap(&printable(&title), width, "", "");
    out.push_str(&changes_lines(&diff.changes, width, ""));
    let unread = from.not_understood.max(to.not_understood);
    if unread > 0 {
        let warning = format!(
            "{} on the way to these versions {} not understood, and may have changed more \
             (migcheck check -v --all names them)",
            counted(unread, "statement"),
            if unread == 1 { "was" } else { "were" }
        );
        out.push_str(&wrap(&warning, width, "", ""));
    }
    out
}

/// One line per change: what happened as a mark, then the words.
pub(super) fn changes_lines(changes: &[SchemaChange], width: usize, indent: &str) -> String {
    changes
        .iter()
        .map(|change| {
            let first = format!("{indent}{} ", change.happened.mark());
            let rest = format!("{indent}    ");
            wrap(&printable(&change.message), width, &first, &rest)
        })
        .collect()
}

/// The changes as JSON, format 1.
pub fn diff_to_json(diff: &DiffReport) -> String {
    let changes: Vec<Value> = diff.changes.iter().map(change_json).collect();
    report_json(
        "diff",
        &[
            ("from", point_json(&diff.from)),
            ("to", point_json(&diff.to)),
            ("changes", changes.into()),
        ],
    )
}

fn point_json(point: &PointReport) -> Value {
    json!({
        "name": point.name,
        "version": point.version,
        "revision": point.revision,
        "statements_not_understood": point.not_understood,
    })
}

/// One change; `null` where there is nothing to tell.
pub(super) fn change_json(change: &SchemaChange) -> Value {
    let name = |it: &Option<Ident>| it.as_ref().map(|it| it.as_str().to_owned());
    json!({
        "what": change.happened.as_str(),
        "object": {
            "kind": change.kind,
            "schema": name(&change.schema),
            "parent": name(&change.parent),
            "name": change.name.as_str(),
            "display": change.object(),
        },
        "aspect": change.aspect,
        "from": change.from,
        "to": change.to,
        "message": change.message,
    })
}
