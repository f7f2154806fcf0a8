//! The baseline: findings that a project accepts as they are, as a file that is committed.
//!
//! An entry is known by its rule, object and migration, so that it survives when lines move. The file
//! also says which version of migcheck wrote it and how far the migrations went: rules that came later
//! say nothing of what was there then.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::config::in_our_words;
use crate::day;
use crate::error::{Error, Result};
use crate::source::SourceFile;

/// The name of the file, in the root of the repository.
pub const BASELINE_FILE: &str = "migcheck-baseline.toml";

/// The format that this program writes, and the only one that it reads.
const FORMAT: i64 = 1;

/// What a project accepts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The version of migcheck that wrote it: `0.1.0`.
    pub written_by: String,
    /// The newest migration that was there, by the folder of the migrations.
    pub covered: BTreeMap<String, String>,
    /// The findings.
    pub accepted: Vec<Accepted>,
}

/// A finding that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    /// The file of the migration, from the root of the repository.
    pub migration: String,
    /// The version, where the file holds several migrations.
    pub version: Option<String>,
    /// The rule.
    pub rule: String,
    /// What it is about, as findings print it.
    pub object: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is, as `2026-01-31`.
    pub expires: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    baseline: Spanned<i64>,
    written_by: String,
    #[serde(default)]
    covered: BTreeMap<String, String>,
    #[serde(default)]
    accepted: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    migration: String,
    version: Option<String>,
    rule: String,
    object: String,
    reason: Spanned<String>,
    expires: Option<Spanned<String>>,
}

impl Baseline {
    /// Reads the text of the file; `shown` names it in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the place where it is wrong.
    pub fn parse(shown: &str, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceFile::new(shown, text);
        let wrong = |offset, message| Error::config(&source, offset, message);
        let file: File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            wrong(offset, in_our_words(error.message()))
        })?;
        let format = *file.baseline.get_ref();
        if format != FORMAT {
            let message =
                format!("format {format} is not known; this program reads format {FORMAT}");
            return Err(wrong(file.baseline.span().start, message));
        }
        let mut accepted = Vec::with_capacity(file.accepted.len());
        for entry in file.accepted {
            if entry.reason.get_ref().trim().is_empty() {
                let message = "a reason is missing: why is this accepted?".to_owned();
                return Err(wrong(entry.reason.span().start, message));
            }
            if let Some(expires) = &entry.expires
                && !day::is_day(expires.get_ref())
            {
                let message = format!("`{}` is no day, as \"2026-01-31\"", expires.get_ref());
                return Err(wrong(expires.span().start, message));
            }
            accepted.push(Accepted {
                migration: entry.migration,
                version: entry.version,
                rule: entry.rule,
                object: entry.object,
                reason: entry.reason.into_inner(),
                expires: entry.expires.map(Spanned::into_inner),
            });
        }
        Ok(Baseline {
            written_by: file.written_by,
            covered: file.covered,
            accepted,
        })
    }

    /// The text of the file. The same baseline gives the same bytes.
    pub fn to_text(&self) -> String {
        let quoted = |text: &str| Value::String(text.to_owned()).to_string();
        let mut out = String::from(
            "# Findings that are accepted as they are: `migcheck check` does not report them again.\n\
             # Written by `migcheck check --write-baseline`; reasons and `expires` (the last day on\n\
             # which an entry counts, as \"2026-01-31\") are kept when it is written again.\n",
        );
        // Writing to a string cannot fail.
        let _ = writeln!(out, "baseline = {FORMAT}");
        let _ = writeln!(out, "written_by = {}", quoted(&self.written_by));
        if !self.covered.is_empty() {
            out.push_str(
                "\n# Of migrations up to these, rules that come later say nothing.\n[covered]\n",
            );
        }
        for (folder, version) in &self.covered {
            let _ = writeln!(out, "{} = {}", quoted(folder), quoted(version));
        }
        for it in &self.accepted {
            out.push_str("\n[[accepted]]\n");
            let _ = writeln!(out, "migration = {}", quoted(&it.migration));
            if let Some(version) = &it.version {
                let _ = writeln!(out, "version = {}", quoted(version));
            }
            let _ = writeln!(out, "rule = {}", quoted(&it.rule));
            let _ = writeln!(out, "object = {}", quoted(&it.object));
            let _ = writeln!(out, "reason = {}", quoted(&it.reason));
            if let Some(expires) = &it.expires {
                let _ = writeln!(out, "expires = {}", quoted(expires));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let baseline = Baseline {
            written_by: "0.1.0".to_owned(),
            covered: [("db/mig \"rations".to_owned(), "20240101".to_owned())].into(),
            accepted: vec![
                Accepted {
                    migration: "db/1_a.sql".to_owned(),
                    version: Some("2".to_owned()),
                    rule: "column_dropped".to_owned(),
                    object: "t.\"B\u{1b} '''\"".to_owned(),
                    reason: "known\nfor long".to_owned(),
                    expires: Some("2026-02-28".to_owned()),
                },
                Accepted {
                    migration: "db/2_a.sql".to_owned(),
                    version: None,
                    rule: "table_dropped".to_owned(),
                    object: "t".to_owned(),
                    reason: "x".to_owned(),
                    expires: None,
                },
            ],
        };
        let text = baseline.to_text();
        let read = Baseline::parse("b.toml", &text);
        assert_eq!(read.expect("it is read"), baseline, "{text}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let said = |text: &str| match Baseline::parse("b.toml", text) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        };
        let head = "baseline = 1\nwritten_by = \"0.1.0\"\n[[accepted]]\nmigration = \"a\"\nrule = \"r\"\nobject = \"o\"\n";
        let more = |text: &str| said(&format!("{head}{text}"));
        assert_eq!(more("reason = \"x\"\n"), "taken");
        insta::assert_snapshot!(said(""), @"b.toml:1:1: missing key `baseline`");
        insta::assert_snapshot!(said("baseline = 2\nwritten_by = \"9\"\n"), @"b.toml:1:12: format 2 is not known; this program reads format 1");
        insta::assert_snapshot!(more("reasn = \"x\"\n"), @"b.toml:7:1: unknown key `reasn`; did you mean `reason`?");
        insta::assert_snapshot!(more("reason = \" \"\n"), @"b.toml:7:10: a reason is missing: why is this accepted?");
        insta::assert_snapshot!(more("reason = \"x\"\nexpires = \"soon\"\n"), @r#"b.toml:8:11: `soon` is no day, as "2026-01-31""#);
    }
}
