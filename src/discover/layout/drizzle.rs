//! Drizzle: `meta/_journal.json` names the files in order; newer projects have a folder
//! `<time>_<name>/migration.sql` each.
//!
//! Source: `drizzle-orm/src/migrator.ts` and the dialects' `migrate` of drizzle-orm 0.4x; its
//! documentation for the folders. All pending migrations are one transaction; what stands between
//! two `--> statement-breakpoint` is sent at once. An entry runs when its time is later than that
//! of the newest applied one. There are no down files.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    Consequence, Folder, Late, Marker, Oddity, OddityKind, OwnFile, Reading, Signs, Tool,
    TransactionScope, Unit, is_direct_sql, is_migration_in_folder, is_numbered, leading_digits,
    words,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::part::Builder;
use crate::discover::text::MigrationText;
use crate::discover::tree::split;
use crate::error::Result;
use crate::source::Span;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Drizzle;

const JOURNAL: &str = "meta/_journal.json";
const CONFIGURATIONS: [&str; 3] = [
    "drizzle.config.ts",
    "drizzle.config.js",
    "drizzle.config.json",
];
const BREAKPOINT: &str = "--> statement-breakpoint";

const SIGNS: Signs = Signs {
    name: "Drizzle",
    own_files: &[OwnFile::Inside(JOURNAL)],
    dependencies: &[
        ("package.json", "\"drizzle-kit\""),
        ("package.json", "\"drizzle-orm\""),
    ],
    markers: &[Marker::Sometimes(BREAKPOINT)],
    fits: |name| is_numbered(name) || is_migration_in_folder(name),
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Journal {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    tag: String,
    when: i64,
}

/// Each stretch between two breakpoints is sent by itself.
fn cut(text: MigrationText) -> MigrationText {
    match text {
        MigrationText::Read(part) => {
            let file = part.file;
            let mut builder = Builder::new(&file);
            let mut at = 0;
            let mut send = |from: usize, to: usize| {
                let before = builder.len();
                builder.verbatim(Span::new(from, to));
                if builder.len() > before {
                    builder.chunk(before, Unit::WholeText, None);
                }
            };
            for (found, _) in file.text.match_indices(BREAKPOINT) {
                send(at, found);
                at = found + BREAKPOINT.len();
            }
            send(at, file.text.len());
            MigrationText::Read(builder.build())
        }
        unreadable @ MigrationText::Unreadable(_) => unreadable,
    }
}

impl Tool for Drizzle {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for path in ground.all(JOURNAL)? {
            let folder = path.strip_suffix(JOURNAL).unwrap_or(&path);
            folders.push((folder.trim_end_matches('/').to_owned(), path.clone()));
        }
        for name in CONFIGURATIONS {
            for path in ground.all(name)? {
                let text = ground.text(&path)?.unwrap_or_default();
                let named = value(&text, "out")
                    .and_then(|out| relative(split(&path).0, out))
                    .filter(|folder| ground.has_files(folder));
                folders.extend(named.map(|folder| (folder, path)));
            }
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = match folder.has(JOURNAL) {
            true => by_journal(folder)?,
            false => by_folder(folder),
        };
        for name in CONFIGURATIONS {
            if let Some(text) = folder.nearest(name)? {
                let (schema, table) = migrations_table(&text);
                let own = &mut reading.history;
                own.quoted(schema, table, "__drizzle_migrations");
                break;
            }
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it by hand: Drizzle runs all pending migrations in one transaction"
    }
}

/// Since version 1: one folder for each migration.
fn by_folder(folder: &Folder<'_>) -> Reading {
    let mut reading = Reading::default();
    let inner: BTreeSet<&str> = folder
        .files
        .iter()
        .filter_map(|file| file.split_once('/'))
        .map(|(name, _)| name)
        .collect();
    for name in inner {
        let file = format!("{name}/migration.sql");
        if !folder.has(&file) {
            continue;
        }
        let title = words(name.split_once('_').map_or("", |(_, rest)| rest));
        let up = cut(folder.text(&file).0);
        let own = (TransactionScope::Run, Unit::Statement);
        let mut it = folder.migration(&file, name, title, up, own);
        it.late = Late::Runs;
        reading.migrations.push(it);
    }
    for file in folder.direct_files().filter(|name| is_direct_sql(name)) {
        let reason = "there is no journal that names it";
        match leading_digits(file) {
            Some(_) => {
                let does = "Drizzle runs only what the journal or a folder holds";
                reading.skip(folder.path_of(file), reason, does);
            }
            None => reading.ignore(folder.path_of(file), reason),
        }
    }
    reading
}

/// The schema and the table of `migrations: { table: "x", schema: "y" }`.
fn migrations_table(text: &str) -> (Option<&str>, Option<&str>) {
    let blocks = text.split("migrations").skip(1).filter_map(|rest| {
        let rest = rest
            .trim_start_matches(['"', '\''])
            .trim_start()
            .strip_prefix(':')?;
        rest.trim_start().strip_prefix('{')?.split('}').next()
    });
    let block = blocks.into_iter().next().unwrap_or_default();
    (value(block, "schema"), value(block, "table"))
}

/// `out: "./x"` of a configuration, for the key `out`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let at = rest.find(key)?;
        let is_key = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at + key.len()..];
        let value = rest.trim_start_matches(['"', '\'', ' ']);
        if let Some(value) = value.strip_prefix(':').filter(|_| is_key) {
            let value = value.trim_start();
            let quote = value.chars().next()?;
            if matches!(quote, '"' | '\'' | '`') {
                return value[1..].split(quote).next();
            }
        }
    }
}

fn by_journal(folder: &Folder<'_>) -> Result<Reading> {
    let mut reading = Reading::default();
    let texts = folder.extras(&[JOURNAL.to_owned()])?;
    let text = texts.get(JOURNAL).map_or("", |text| text);
    let journal: Journal = match serde_json::from_str(text) {
        Ok(journal) => journal,
        Err(error) => {
            return Err(crate::error::Error::Layout(format!(
                "`{}` is no journal of Drizzle: {error}",
                folder.path_of(JOURNAL)
            )));
        }
    };
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut newest: Option<i64> = None;
    for entry in &journal.entries {
        let file = format!("{}.sql", entry.tag);
        if !named.insert(file.clone()) {
            let path = folder.path_of(&file);
            reading.duplicate(
                &entry.tag,
                &path,
                &path,
                Consequence::Differs,
                "the journal names it twice, and Drizzle runs it twice",
            );
            continue;
        }
        if !folder.has(&file) {
            let reason = format!("the journal names `{file}`, which is not there");
            reading.oddities.push(Oddity::new(
                OddityKind::MigrationSkipped { reason },
                Consequence::Refused,
                "Drizzle fails before it runs anything",
                folder.path_of(JOURNAL),
            ));
            continue;
        }
        let up = cut(folder.text(&file).0);
        let own = (TransactionScope::Run, Unit::Statement);
        let (_, rest) = leading_digits(&entry.tag).unwrap_or((&entry.tag, &entry.tag));
        let mut it = folder.migration(&file, entry.tag.as_str(), words(rest), up, own);
        it.stamp = Some(entry.when);
        if newest.is_some_and(|newest| entry.when <= newest) {
            let reason = "its time in the journal is not after that of the entry before it";
            reading.oddities.push(Oddity::new(
                OddityKind::MigrationSkipped {
                    reason: reason.to_owned(),
                },
                Consequence::Skipped,
                "Drizzle runs only entries that are later than the newest applied one, so it never \
                 runs this one where the one before is applied",
                folder.path_of(&file),
            ));
        }
        newest = newest.max(Some(entry.when));
        it.late = Late::Skipped;
        reading.migrations.push(it);
    }
    for file in folder.direct_files().filter(|name| is_direct_sql(name)) {
        if !named.contains(file) {
            let reason = "the journal does not name it";
            match leading_digits(file) {
                Some(_) => reading.skip(
                    folder.path_of(file),
                    reason,
                    "Drizzle runs only what the journal names",
                ),
                None => reading.ignore(folder.path_of(file), reason),
            }
        }
    }
    Ok(reading)
}
