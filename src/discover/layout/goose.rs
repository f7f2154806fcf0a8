//! goose: `1_x.sql` by number, up and down in one file behind annotations.
//!
//! Source: `migrate.go`, `internal/sqlparser/parser.go` and `internal/provider` of goose 3. Each
//! file is one transaction unless it says `NO TRANSACTION`; a statement ends at a line that ends
//! in `;`, and what stands between `StatementBegin` and `StatementEnd` is sent as it is.

use std::collections::BTreeMap;

use super::line_cut::{self, Half, Words};
use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Line, Marker, Reading, Signs, Tool, TransactionScope, Unit,
    has_extension, is_numbered, lines, words,
};
use crate::discover::part::Part;
use crate::discover::text::MigrationText;
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Goose;

const SIGNS: Signs = Signs {
    name: "goose",
    own_files: &[],
    dependencies: &[
        ("go.mod", "github.com/pressly/goose"),
        ("Makefile", "goose -dir"),
        ("justfile", "goose -dir"),
    ],
    markers: &[
        Marker::Always("-- +goose Up"),
        Marker::Always("--+goose Up"),
    ],
    fits: is_numbered,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

/// The number before the first `_`, and the rest without its ending.
fn parse(name: &str) -> Option<(i64, &str)> {
    let (number, rest) = name.split_once('_')?;
    let version: i64 = number.parse().ok()?;
    let stem = rest.rsplit_once('.').map_or(rest, |(stem, _)| stem);
    (version >= 1).then_some((version, stem))
}

/// What an annotation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Up,
    Down,
    StatementBegin,
    StatementEnd,
    NoTransaction,
    EnvsubOn,
    EnvsubOff,
}

/// The annotation of a line: `None` when it has none, `Err` when goose does not know it.
fn annotation(line: &str) -> Option<std::result::Result<Word, ()>> {
    let comment = line.trim_start().strip_prefix("--")?.trim();
    // Any other comment with the word in it is refused as well.
    if comment.contains("+goose") && !comment.starts_with("+goose") {
        return Some(Err(()));
    }
    let rest = comment
        .get(..6)
        .filter(|word| word.eq_ignore_ascii_case("+goose"))
        .map(|_| &comment[6..])?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return Some(Err(()));
    }
    let words: Vec<String> = rest
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let word = match words.join(" ").as_str() {
        "up" => Word::Up,
        "down" => Word::Down,
        "statementbegin" => Word::StatementBegin,
        "statementend" => Word::StatementEnd,
        "no transaction" => Word::NoTransaction,
        "envsub on" => Word::EnvsubOn,
        "envsub off" => Word::EnvsubOff,
        _ => return Some(Err(())),
    };
    Some(Ok(word))
}

const REFUSES: &str = "goose refuses the file, and everything that comes after it waits";

const WORDS: Words = Words {
    tool: "goose",
    begin: "-- +goose StatementBegin",
    end: "-- +goose StatementEnd",
    refuses: REFUSES,
};

/// Up, down, and whether the file wants no transaction.
fn sections(
    file: &SourceFile,
    placeholders: &Placeholders,
    dialect: Dialect,
    reading: &mut Reading,
) -> (Part, Part, bool) {
    let mut up = Half::new(file);
    let mut down = Half::new(file);
    let mut half: Option<bool> = None;
    let (mut in_block, mut has_no_transaction, mut is_filled) = (false, false, false);
    let wrong = |reading: &mut Reading, line: &Line<'_>, problem: &str, cure: &str| {
        let marker = line.text.trim().replace('`', "'");
        let place = (file, line.place());
        let says = (marker.as_str(), problem, cure);
        reading.misplaced(place, says, Consequence::Refused, REFUSES);
    };
    for line in lines(&file.text) {
        let current = match half {
            Some(true) => Some(&mut up),
            Some(false) => Some(&mut down),
            None => None,
        };
        match annotation(line.text) {
            Some(_) if line.text.starts_with([' ', '\t']) => {
                wrong(
                    reading,
                    &line,
                    "has blanks before it",
                    "begin the line with `--`",
                );
            }
            Some(Err(())) => {
                let cure = "the annotations are Up, Down, StatementBegin, StatementEnd, NO \
                            TRANSACTION, ENVSUB ON and ENVSUB OFF";
                wrong(
                    reading,
                    &line,
                    "is an annotation that goose does not know",
                    cure,
                );
            }
            Some(Ok(Word::Up)) => match half {
                None => half = Some(true),
                Some(_) => wrong(reading, &line, "is not the first and only one", "keep one"),
            },
            Some(Ok(Word::Down)) => match half {
                Some(true) => half = Some(false),
                None => wrong(reading, &line, "comes before Up", "put Up first"),
                Some(false) => wrong(reading, &line, "is there twice", "keep one"),
            },
            Some(Ok(Word::NoTransaction)) => has_no_transaction = true,
            Some(Ok(Word::EnvsubOn)) => is_filled = true,
            Some(Ok(Word::EnvsubOff)) => is_filled = false,
            Some(Ok(Word::StatementBegin)) => match current {
                Some(current) if !in_block => {
                    current.begin_block();
                    in_block = true;
                }
                _ => wrong(
                    reading,
                    &line,
                    "opens no statement here",
                    "put it behind Up or Down, and close the one before",
                ),
            },
            Some(Ok(Word::StatementEnd)) => match current {
                Some(current) if in_block => {
                    current.end_block();
                    in_block = false;
                }
                _ => wrong(
                    reading,
                    &line,
                    "closes nothing",
                    "open it with StatementBegin",
                ),
            },
            None => {
                let Some(current) = current else { continue };
                if is_filled {
                    placeholders.add(&mut current.builder, file, line.span);
                } else {
                    current.builder.verbatim(line.span);
                }
                if !in_block {
                    current.line(&line);
                }
            }
        }
    }
    let end = Span::new(file.text.len(), file.text.len());
    if half.is_none() && !file.text.trim().is_empty() {
        reading.misplaced(
            (file, Span::new(0, 0)),
            ("-- +goose Up", "is missing", "put it above the statements"),
            Consequence::Refused,
            REFUSES,
        );
    } else if in_block {
        reading.misplaced(
            (file, end),
            ("-- +goose StatementEnd", "is missing", "close the block"),
            Consequence::Refused,
            REFUSES,
        );
    }
    let [up, down] = line_cut::finish(file, [up, down], &WORDS, dialect, reading);
    (up, down, has_no_transaction)
}

impl Tool for Goose {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut placeholders = Placeholders::new(Syntax::Environment, false);
        placeholders.know_all(&folder.config.placeholders);
        let mut versions: BTreeMap<i64, &str> = BTreeMap::new();
        for file in folder.direct_files() {
            let is_sql = has_extension(file, "sql");
            let is_go = has_extension(file, "go") && !file.ends_with("_test.go");
            let Some((version, _)) = parse(file).filter(|_| is_sql || is_go) else {
                if is_sql {
                    let reason = "goose wants <number>_<name>.sql, from 1 on";
                    let path = folder.path_of(file);
                    let reason = reason.to_owned();
                    let does = "goose passes over it unless it is strict";
                    reading.pass_over(super::Ignored { path, reason }, does);
                }
                continue;
            };
            if let Some(first) = versions.get(&version) {
                reading.duplicate(
                    &version.to_string(),
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "goose refuses two migrations with one version",
                );
            } else {
                versions.insert(version, file);
            }
        }
        reading.ignored.extend(
            folder
                .ignored(|_| true, "")
                .into_iter()
                .filter(|it| it.path.ends_with('/')),
        );
        for (version, file) in versions {
            let name = parse(file).map_or("", |(_, name)| name);
            let mut down = None;
            let mut scope = TransactionScope::File;
            let up = if has_extension(file, "go") {
                MigrationText::not_sql(folder.path_of(file), "this migration is Go code")
            } else {
                let text = folder.text(file);
                let is_marker = |line: &str| annotation(line).is_some();
                reading.behind_mark(&text, is_marker, REFUSES);
                match text.0 {
                    MigrationText::Read(part) => {
                        let (up, its_down, has_no_transaction) =
                            sections(&part.file, &placeholders, folder.dialect, &mut reading);
                        if !its_down.sent().trim().is_empty() {
                            down = Some(MigrationText::Read(its_down));
                        }
                        if has_no_transaction {
                            scope = TransactionScope::None;
                        }
                        MigrationText::Read(up)
                    }
                    unreadable @ MigrationText::Unreadable(_) => unreadable,
                }
            };
            let own = (TransactionScope::File, Unit::Statement);
            let mut it = folder.migration(file, version.to_string(), words(name), up, own);
            if scope == TransactionScope::None {
                it.transaction = scope;
            }
            it.late = Late::Refused;
            it.down = down;
            reading.migrations.push(it);
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own with `-- +goose NO TRANSACTION`"
    }
}
