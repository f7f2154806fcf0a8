//! SARIF 2.1.0, as code scanning services read it.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub
//! documentation, "SARIF support for code scanning". Columns are code points. The rules are those that
//! have a result, each with the advice of its page as help; the queries that break are related locations.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::Report;
use super::json::fingerprint_of;
use super::listed::{self, Listed};
use super::page;
use super::printable::printable;
use super::wording::lines;
use crate::rules::{RULES, Rule};
use crate::source::Position;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The most related locations of a result that are kept by those who read it.
const MOST_RELATED: usize = 100;

/// The longest description that is read, in characters.
const LONGEST: usize = 1_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Value,
    locations: [Value; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Value>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Value>,
    properties: Value,
}

/// The report as a SARIF log of one run.
pub fn to_sarif(report: &Report) -> String {
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    for it in listed::all(report) {
        used.entry(it.finding.rule).or_default();
    }
    for (at, place) in used.values_mut().enumerate() {
        *place = at;
    }
    let rules = RULES.iter().filter(|rule| used.contains_key(rule.name));
    let rules: Vec<Value> = rules.map(descriptor).collect();
    let results: Vec<Finding> = listed::all(report)
        .map(|it| result(&it, used.get(it.finding.rule).copied().unwrap_or(0)))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "migcheck",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "SRCROOT": {
                "description": { "text": "the root of the repository" },
            }},
            "automationDetails": { "id": "migcheck/" },
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log)
        .expect("strings, numbers and lists can be written as JSON");
    text.push('\n');
    text
}

fn descriptor(rule: &Rule) -> Value {
    let summary = page::summary(rule);
    json!({
        "id": rule.name,
        "name": rule.name,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": capped(page::reason(rule).unwrap_or(summary)) },
        "help": { "text": page::advice(rule), "markdown": page::advice(rule) },
        "properties": { "tags": ["migration", rule.class.as_str()] },
    })
}

fn capped(text: &str) -> String {
    let text: Vec<&str> = text.split_whitespace().collect();
    text.join(" ").chars().take(LONGEST).collect()
}

fn result(it: &Listed<'_>, rule_index: usize) -> Finding {
    let related = listed::uses(it.finding).into_iter().take(MOST_RELATED);
    let related = related.enumerate().map(|(at, query)| {
        let name = query
            .name
            .as_deref()
            .map_or_else(String::new, |it| format!("{it}: "));
        let text: Vec<&str> = query.query.split_whitespace().collect();
        let line = Position {
            line: query.line,
            column: 1,
        };
        json!({
            "id": at + 1,
            "message": { "text": printable(&format!("{name}{}", text.join(" "))) },
            "physicalLocation": location(&query.file, line, None),
        })
    });
    // The first sentence is taken for the title.
    let mut text = format!("{}.", printable(&it.finding.message));
    for (name, line) in lines(it.project, it.finding) {
        text.push_str(&format!("\n{name}: {}", printable(&line)));
    }
    let evidence = it.finding.breaks.iter().map(|it| it.evidence).min();
    let suppressions = it.finding.suppressed.iter();
    let suppressions =
        suppressions.map(|it| json!({ "kind": "external", "justification": it.reason }));
    Finding {
        rule_id: it.finding.rule,
        rule_index,
        level: listed::level(it.finding.severity),
        message: json!({ "text": linked(&text) }),
        locations: [json!({
            "physicalLocation": location(it.path, it.start, Some(it.end)),
        })],
        related_locations: related.collect(),
        // Their name, since it is the only one that is read.
        partial_fingerprints: [(
            "primaryLocationLineHash",
            fingerprint_of(it.project, it.finding),
        )]
        .into(),
        suppressions: suppressions.collect(),
        properties: json!({
            "object": it.finding.object.to_string(),
            "evidence": evidence.map(|it| it.as_str()),
        }),
    }
}

/// Square brackets would be taken for a link to a related location.
fn linked(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
}

fn location(path: &str, start: Position, end: Option<Position>) -> Value {
    let mut region = json!({ "startLine": start.line, "startColumn": start.column });
    if let (Some(end), Value::Object(region)) = (end, &mut region) {
        region.insert("endLine".to_owned(), end.line.into());
        region.insert("endColumn".to_owned(), end.column.into());
    }
    json!({
        "artifactLocation": { "uri": uri(path), "uriBaseId": "SRCROOT" },
        "region": region,
    })
}

/// A path as a relative reference: what has a meaning in one is written as its bytes.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
