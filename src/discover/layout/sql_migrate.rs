//! sql-migrate: `*.sql` by leading number, then by name; up and down in one file.
//!
//! Source: `migrate.go` and `sqlparse/sqlparse.go` of rubenv/sql-migrate 1.7. Each direction is one
//! transaction unless its directive says `notransaction`. Directives count only when they are
//! written exactly so; every other line that begins with `-- ` is not sent.

use std::cmp::Ordering;

use serde::Deserialize;

use super::line_cut::{self, Half, Words};
use super::{
    Consequence, Folder, Late, Line, Marker, OwnFile, Reading, Signs, Tool, TransactionScope, Unit,
    leading_digits, lines, words,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::part::Part;
use crate::discover::text::MigrationText;
use crate::discover::tree::split;
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct SqlMigrate;

const SIGNS: Signs = Signs {
    name: "sql-migrate",
    own_files: &[OwnFile::Above("dbconfig.yml")],
    dependencies: &[("go.mod", "github.com/rubenv/sql-migrate")],
    markers: &[Marker::Always("-- +migrate Up")],
    fits: super::is_direct_sql,
    fits_anything: true,
    is_distinctive: super::is_nothing,
};

/// By number, then by name; names without a number come last.
fn compare(one: &str, other: &str) -> Ordering {
    let number = |name| {
        leading_digits(name).map(|(digits, _)| {
            let digits: &str = digits.trim_start_matches('0');
            (digits.len(), digits)
        })
    };
    match (number(one), number(other)) {
        (Some(a), Some(b)) => a.cmp(&b).then_with(|| one.cmp(other)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => one.cmp(other),
    }
}

const REFUSES: &str = "sql-migrate refuses the file and runs nothing";

const WORDS: Words = Words {
    tool: "sql-migrate",
    begin: "-- +migrate StatementBegin",
    end: "-- +migrate StatementEnd",
    refuses: REFUSES,
};

/// Whether somebody meant a directive, however it is written.
fn means_directive(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix("--").map(str::trim_start);
    comment.is_some_and(|comment| {
        comment
            .get(..8)
            .is_some_and(|word| word.eq_ignore_ascii_case("+migrate"))
    })
}

fn sections(
    file: &SourceFile,
    dialect: Dialect,
    reading: &mut Reading,
) -> (Part, Part, TransactionScope) {
    let mut up = Half::new(file);
    let mut down = Half::new(file);
    let (mut up_scope, mut half) = (TransactionScope::File, None);
    let mut in_block = false;
    let misplaced = |reading: &mut Reading, line: &Line<'_>, problem: &str, cure: &str, is_seen| {
        let marker = line.text.trim().replace('`', "'");
        let (consequence, does) = match is_seen {
            true => (Consequence::Refused, REFUSES),
            false => (
                Consequence::Differs,
                "sql-migrate does not see it and takes it for a comment",
            ),
        };
        let place = (file, line.place());
        reading.misplaced(place, (marker.as_str(), problem, cure), consequence, does);
    };
    let exact = "write exactly `-- +migrate Up`, `Down`, `StatementBegin` or `StatementEnd`";
    for line in lines(&file.text) {
        let current = match half {
            Some(true) => Some(&mut up),
            Some(false) => Some(&mut down),
            None => None,
        };
        let Some(rest) = line.text.strip_prefix("-- +migrate ") else {
            if means_directive(line.text) {
                misplaced(
                    reading,
                    &line,
                    "is not written as sql-migrate wants it",
                    exact,
                    false,
                );
            }
            let Some(current) = current else { continue };
            // Other comments are left out; this one is for us, and nothing to the server.
            if line.text.starts_with("-- ") && !line.text[3..].trim_start().starts_with("migcheck")
            {
                continue;
            }
            current.builder.verbatim(line.span);
            if !in_block {
                current.line(&line);
            }
            continue;
        };
        let mut words = rest.split_whitespace();
        match words.next() {
            Some(word @ ("Up" | "Down")) => {
                half = Some(word == "Up");
                for option in words {
                    if option == "notransaction" {
                        if word == "Up" {
                            up_scope = TransactionScope::None;
                        }
                    } else if option.eq_ignore_ascii_case("notransaction") {
                        let cure = "write `notransaction` in lower case";
                        let problem = "has an option that sql-migrate does not know";
                        misplaced(reading, &line, problem, cure, false);
                    }
                }
            }
            Some("StatementBegin") => {
                if let Some(current) = current {
                    current.begin_block();
                    in_block = true;
                }
            }
            Some("StatementEnd") => match current {
                Some(current) if in_block => {
                    current.end_block();
                    in_block = false;
                }
                _ => misplaced(reading, &line, "closes nothing", "open it first", true),
            },
            _ => misplaced(
                reading,
                &line,
                "is no directive of sql-migrate",
                exact,
                true,
            ),
        }
    }
    let is_said = reading.oddities.iter().any(|it| it.path == *file.path);
    if half.is_none() && !file.text.trim().is_empty() && !is_said {
        reading.misplaced(
            (file, Span::new(0, 0)),
            (
                "-- +migrate Up",
                "is missing",
                "put it above the statements",
            ),
            Consequence::Refused,
            REFUSES,
        );
    }
    let [up, down] = line_cut::finish(file, [up, down], &WORDS, dialect, reading);
    (up, down, up_scope)
}

/// What `dbconfig.yml` says of one environment.
#[derive(Deserialize)]
struct Environment {
    dir: Option<String>,
    table: Option<String>,
    schema: Option<String>,
}

impl Tool for SqlMigrate {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for path in ground.all("dbconfig.yml")? {
            let text = ground.text(&path)?.unwrap_or_default();
            let file: std::collections::BTreeMap<String, Environment> =
                serde_norway::from_str(&text).unwrap_or_default();
            let mut named: Vec<String> = file
                .into_values()
                .map(|it| it.dir.unwrap_or_else(|| "migrations".to_owned()))
                .filter_map(|dir| relative(split(&path).0, &dir))
                .filter(|folder| ground.has_files(folder))
                .collect();
            named.sort();
            named.dedup();
            folders.extend(named.into_iter().map(|folder| (folder, path.clone())));
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        if let Some(text) = folder.nearest("dbconfig.yml")? {
            let file: std::collections::BTreeMap<String, Environment> =
                serde_norway::from_str(&text).unwrap_or_default();
            let mut named = file.into_values().map(|it| (it.schema, it.table));
            // Which environment is meant is not known where they differ.
            if let Some((schema, table)) = named.next()
                && named.all(|it| it == (schema.clone(), table.clone()))
            {
                let own = &mut reading.history;
                own.quoted(schema.as_deref(), table.as_deref(), "gorp_migrations");
            }
        }
        let mut files: Vec<&str> = folder
            .direct_files()
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort_by(|one, other| compare(one, other));
        reading.ignored = folder.ignored(|_| true, "");
        for file in files {
            let mut down = None;
            let mut scope = TransactionScope::File;
            let text = folder.text(file);
            reading.behind_mark(&text, means_directive, REFUSES);
            let up = match text.0 {
                MigrationText::Read(part) => {
                    let (up, its_down, its_scope) =
                        sections(&part.file, folder.dialect, &mut reading);
                    if !its_down.sent().trim().is_empty() {
                        down = Some(MigrationText::Read(its_down));
                    }
                    scope = its_scope;
                    MigrationText::Read(up)
                }
                unreadable @ MigrationText::Unreadable(_) => unreadable,
            };
            let stem = file.strip_suffix(".sql").unwrap_or(file);
            let name = leading_digits(stem).map_or(stem, |(_, rest)| rest);
            let own = (TransactionScope::File, Unit::Statement);
            let mut it = folder.migration(file, file, words(name), up, own);
            if scope == TransactionScope::None {
                it.transaction = scope;
            }
            it.late = Late::Runs;
            it.down = down;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own, with `-- +migrate Up notransaction`"
    }
}
