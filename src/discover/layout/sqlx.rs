//! sqlx: `<integer>_<name>.sql`, or `.up.sql` and `.down.sql`, in one folder.
//!
//! Source: `sqlx-core/src/migrate/source.rs` and `migration_type.rs` of sqlx 0.8 and 0.9. Each
//! migration is one transaction and is sent whole. `-- no-transaction` counts only as the first
//! bytes of the file, and the MySQL driver opens a transaction all the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Consequence, Direction, Folder, Late, Marker, Oddity, OddityKind, OwnFile, Reading, Signs,
    Tool, TransactionScope, Unit, lines,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::text::{Mark, MigrationText};
use crate::discover::tree::split;
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Sqlx;

const SIGNS: Signs = Signs {
    name: "sqlx",
    own_files: &[OwnFile::Above("sqlx.toml"), OwnFile::Above(".sqlx/")],
    dependencies: &[
        ("Cargo.toml", "sqlx"),
        ("Makefile", "sqlx migrate"),
        ("justfile", "sqlx migrate"),
    ],
    markers: &[Marker::Sometimes("-- no-transaction")],
    fits: |name| matches!(parse(name), Parsed::Migration(_)),
    fits_anything: false,
    is_distinctive: |_| false,
};

/// What sqlx makes of a file name.
enum Parsed<'a> {
    Migration(Name<'a>),
    /// It refuses the whole folder.
    NoNumber(&'a str),
    Ignored,
}

struct Name<'a> {
    version: i64,
    description: &'a str,
    direction: Direction,
}

fn parse(name: &str) -> Parsed<'_> {
    if name.contains('/') {
        return Parsed::Ignored;
    }
    let Some((number, rest)) = name.split_once('_') else {
        return Parsed::Ignored;
    };
    let Some(stem) = rest.strip_suffix(".sql") else {
        return Parsed::Ignored;
    };
    let Ok(version) = number.parse() else {
        return Parsed::NoNumber(number);
    };
    let (description, direction) = match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(description), _) => (description, Direction::Up),
        (None, Some(description)) => (description, Direction::Down),
        (None, None) => (stem, Direction::Up),
    };
    Parsed::Migration(Name {
        version,
        description,
        direction,
    })
}

/// What `sqlx.toml` says about migrations.
#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    migrate: Migrate,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct Migrate {
    migrations_dir: Option<String>,
    table_name: Option<String>,
}

impl Tool for Sqlx {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for path in ground.all("sqlx.toml")? {
            let text = ground.text(&path)?.unwrap_or_default();
            // What sqlx.toml may hold is sqlx's business; if it cannot be read it names no folder.
            let file: File = toml::from_str(&text).unwrap_or_default();
            let named = file.migrate.migrations_dir;
            let folder = named.and_then(|folder| relative(split(&path).0, &folder));
            folders.extend(folder.map(|folder| (folder, path)));
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        if let Some(text) = folder.nearest("sqlx.toml")? {
            let file: File = toml::from_str(&text).unwrap_or_default();
            reading
                .history
                .named(file.migrate.table_name.as_deref().unwrap_or_default());
        }
        let mut versions: BTreeMap<(i64, Direction), (&str, &str)> = BTreeMap::new();
        for file in folder.direct_files() {
            match parse(file) {
                Parsed::Migration(name) => {
                    let place = (name.version, name.direction);
                    if let Some((first, _)) = versions.get(&place) {
                        reading.duplicate(
                            &name.version.to_string(),
                            &folder.path_of(first),
                            &folder.path_of(file),
                            Consequence::Refused,
                            "sqlx runs one of them and then refuses the other, whose version is \
                             applied with another checksum",
                        );
                    } else {
                        versions.insert(place, (file, name.description));
                    }
                }
                Parsed::NoNumber(number) => {
                    let reason = format!("its name begins with `{number}`, not with a number");
                    let path = folder.path_of(file);
                    reading.oddities.push(Oddity::new(
                        OddityKind::MigrationSkipped {
                            reason: reason.clone(),
                        },
                        Consequence::Refused,
                        "sqlx refuses the whole folder",
                        path.clone(),
                    ));
                    reading.ignore(path, reason);
                }
                Parsed::Ignored => {}
            }
        }
        for ignored in folder.ignored(
            |name| !matches!(parse(name), Parsed::Ignored),
            "sqlx wants <number>_<name>.sql",
        ) {
            reading.pass_over(ignored, "sqlx passes over it and does not say so");
        }
        for (&(version, direction), &(file, description)) in &versions {
            match direction {
                Direction::Up => {
                    let (up, mark) = folder.text(file);
                    let scope = transaction(folder, &up, mark, &mut reading);
                    let mut migration = folder.migration(
                        file,
                        version.to_string(),
                        description.replace('_', " "),
                        up,
                        (TransactionScope::File, Unit::WholeText),
                    );
                    if let Some(scope) = scope {
                        migration.transaction = scope;
                    }
                    migration.late = Late::Runs;
                    migration.down = versions
                        .get(&(version, Direction::Down))
                        .map(|(file, _)| folder.text(file).0);
                    reading.migrations.push(migration);
                }
                Direction::Down if !versions.contains_key(&(version, Direction::Up)) => {
                    reading.ignore(
                        folder.path_of(file),
                        "it undoes a migration that is not there",
                    );
                }
                Direction::Down => {}
            }
        }
        Ok(reading)
    }

    fn opt_out(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Postgres | Dialect::Sqlite => {
                "put it in a migration of its own that begins with `-- no-transaction`"
            }
            Dialect::Mysql | Dialect::Mariadb => "run it by hand: sqlx always opens a transaction",
        }
    }
}

const MARKER: &str = "-- no-transaction";

/// The transaction that the text itself asks for.
fn transaction(
    folder: &Folder<'_>,
    up: &MigrationText,
    mark: Mark,
    reading: &mut Reading,
) -> Option<TransactionScope> {
    let file = &up.part()?.file;
    let is_honoured = match folder.dialect {
        Dialect::Postgres | Dialect::Sqlite => true,
        Dialect::Mysql | Dialect::Mariadb => false,
    };
    if mark == Mark::None && file.text.starts_with(MARKER) && is_honoured {
        return Some(TransactionScope::None);
    }
    // Somebody may have meant the marker: at the top, before the first statement.
    let top = lines(&file.text).take_while(|line| {
        let text = line.text.trim();
        text.is_empty() || text.starts_with("--")
    });
    let meant = top.into_iter().find(|line| {
        let text = line.text.trim().trim_start_matches('-').trim_start();
        text.get(.."no-transaction".len())
            .is_some_and(|word| word.eq_ignore_ascii_case("no-transaction"))
    })?;
    let problem = match () {
        () if !is_honoured => "is not honoured on MySQL and MariaDB",
        () if mark == Mark::Utf8 && meant.span.start == 0 => "stands behind a byte-order mark",
        () if meant.span.start > 0 => "is not in the first bytes of the file",
        () => "is not written as sqlx wants it",
    };
    reading.misplaced(
        (file, meant.place()),
        (
            MARKER,
            problem,
            "begin the file with exactly `-- no-transaction`",
        ),
        Consequence::Differs,
        "sqlx does not see it and opens a transaction around the migration",
    );
    None
}
