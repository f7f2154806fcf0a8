//! Prisma Migrate: `<14 digits>_<name>/migration.sql`, by folder name as text.
//!
//! Source: `schema-engine` of prisma-engines, and its documentation. No transaction is opened. A
//! file was sent whole, which PostgreSQL takes for one transaction; since 7.4 it is split, and each
//! statement commits by itself, unless its parser rejects one of them. There are no down files.

use std::collections::BTreeSet;

use super::{
    Folder, Late, OwnFile, Reading, Signs, Tool, TransactionScope, Unit, has_extension,
    is_migration_in_folder, words,
};
use crate::discover::text::MigrationText;
use crate::discover::tree::{join, upwards};
use crate::error::Result;
use crate::sql::{self, Dialect};

/// The reader.
pub(super) struct Prisma;

const SIGNS: Signs = Signs {
    name: "Prisma",
    own_files: &[OwnFile::Inside("migration_lock.toml")],
    dependencies: &[("package.json", "\"prisma\"")],
    markers: &[],
    fits: is_migration_in_folder,
    fits_anything: false,
    is_distinctive: is_migration_in_folder,
};

/// Whether a `package.json` asks for a version that splits, and that text.
fn splits(folder: &Folder<'_>) -> Result<Option<bool>> {
    for above in upwards(folder.path) {
        let path = join(above, "package.json");
        if !folder.ground.has(&path)? {
            continue;
        }
        let Some(text) = folder.ground.text(&path)? else {
            continue;
        };
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        for group in ["devDependencies", "dependencies"] {
            if let Some(version) = json[group]["prisma"].as_str() {
                let numbers: Vec<u32> = version
                    .trim_start_matches(['^', '~', '>', '=', 'v', ' '])
                    .split('.')
                    .map_while(|part| part.parse().ok())
                    .collect();
                return Ok(match numbers.as_slice() {
                    [major, minor, ..] => Some((*major, *minor) >= (7, 4)),
                    [major] => Some(*major > 7),
                    [] => None,
                });
            }
        }
    }
    Ok(None)
}

/// Whether the parser that splits is known to reject a statement of the text.
fn is_rejected(text: &MigrationText, dialect: Dialect) -> bool {
    let Some(text) = text.sent() else {
        return false;
    };
    if !text.to_ascii_lowercase().contains("index") {
        return false;
    }
    let (pieces, _) = sql::split::split(text, dialect);
    pieces.iter().any(|piece| {
        let words = sql::first_words(piece.span.of(text), dialect, 3);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        matches!(
            words.as_slice(),
            ["drop", "index", "concurrently"] | ["reindex", ..]
        )
    })
}

impl Tool for Prisma {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let splits = splits(folder)?;
        let mut inner: BTreeSet<&str> = BTreeSet::new();
        for file in folder.files {
            match file.split_once('/') {
                Some((name, rest)) => {
                    inner.insert(name);
                    if rest != "migration.sql" && has_extension(rest, "sql") {
                        let reason = "Prisma reads only migration.sql";
                        reading.ignore(folder.path_of(file), reason);
                    }
                }
                None if has_extension(file, "sql") => {
                    let (path, reason) = (
                        folder.path_of(file),
                        "Prisma wants <time>_<name>/migration.sql".to_owned(),
                    );
                    let does = "Prisma passes over it and does not say so";
                    reading.pass_over(super::Ignored { path, reason }, does);
                }
                None => {}
            }
        }
        let mut fell_back = false;
        for name in inner {
            let file = format!("{name}/migration.sql");
            if !folder.has(&file) {
                let reason = "there is no migration.sql in the folder";
                reading.ignore(format!("{}/", folder.path_of(name)), reason);
                continue;
            }
            let up = folder.text(&file).0;
            let unit = match splits {
                Some(true) if !is_rejected(&up, folder.dialect) => Unit::Statement,
                Some(true) => {
                    fell_back = true;
                    Unit::WholeText
                }
                Some(false) | None => Unit::WholeText,
            };
            let title = words(name.split_once('_').map_or("", |(_, rest)| rest));
            let own = (TransactionScope::None, unit);
            let mut it = folder.migration(&file, name, title, up, own);
            it.late = Late::Runs;
            reading.migrations.push(it);
        }
        if splits.is_none() {
            let notice = "the version of Prisma is not known: each migration is taken to be sent \
                          whole, as before 7.4";
            reading.notices.push(notice.to_owned());
        }
        if fell_back {
            let notice = "Prisma sends migrations whole that its parser rejects (`DROP INDEX \
                          CONCURRENTLY`, `REINDEX`)";
            reading.notices.push(notice.to_owned());
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own, alone"
    }
}
