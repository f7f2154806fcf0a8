//! sqlx: `<integer>_<name>.sql`, or `.up.sql` and `.down.sql`, in one folder.
//!
//! Source: `sqlx-core/src/migrate/source.rs` and `migration_type.rs` of sqlx 0.8 and 0.9. Each
//! migration is one transaction and is sent whole. `-- no-transaction` counts only as the first
//! bytes of the file, and the MySQL driver opens a transaction all the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Direction, Folder, Marker, OwnFile, Reading, Signs, Tool, same_version};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::text::{Mark, MigrationText};
use crate::discover::tree::split;
use crate::discover::{Migration, Phase, TransactionScope, Unit};
use crate::error::{Error, Result};
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

impl Tool for Sqlx {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folder(&self, ground: &Ground<'_>) -> Result<Option<(String, String)>> {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct File {
            migrate: Migrate,
        }
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "kebab-case")]
        struct Migrate {
            migrations_dir: Option<String>,
        }
        let Some(path) = ground.nearest("sqlx.toml") else {
            return Ok(None);
        };
        let text = ground.text(&path)?.unwrap_or_default();
        // What sqlx.toml may hold is sqlx's business; if it cannot be read it names no folder.
        let file: File = toml::from_str(&text).unwrap_or_default();
        Ok(file
            .migrate
            .migrations_dir
            .and_then(|folder| relative(split(&path).0, &folder))
            .map(|folder| (folder, path)))
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut versions: BTreeMap<(i64, Direction), (&str, &str)> = BTreeMap::new();
        for file in folder.direct_files() {
            match parse(file) {
                Parsed::Migration(name) => {
                    let place = (name.version, name.direction);
                    if let Some((other, _)) = versions.insert(place, (file, name.description)) {
                        let version = name.version.to_string();
                        let (other, file) = (folder.path_of(other), folder.path_of(file));
                        return Err(same_version("sqlx", &version, &other, &file));
                    }
                }
                Parsed::NoNumber(number) => {
                    return Err(Error::Layout(format!(
                        "`{}`: sqlx refuses a migration whose name does not begin with a number \
                         (`{number}`); rename the file, or choose another layout with --layout",
                        folder.path_of(file)
                    )));
                }
                Parsed::Ignored => {}
            }
        }
        let mut notices = folder.notices_of_ignored(
            |name| !matches!(parse(name), Parsed::Ignored),
            "sqlx wants <number>_<name>.sql",
        );
        let mut migrations = Vec::new();
        for (&(version, direction), &(file, description)) in &versions {
            match direction {
                Direction::Up => {
                    let (up, mark) = folder.text(file);
                    let down = versions
                        .get(&(version, Direction::Down))
                        .map(|(file, _)| folder.text(file).0);
                    migrations.push(Migration {
                        version: version.to_string(),
                        name: description.replace('_', " "),
                        path: folder.path_of(file),
                        transaction: transaction(folder, &up, mark),
                        unit: folder.unit.unwrap_or(Unit::WholeText),
                        phase: Phase::PreDeploy,
                        up,
                        down,
                    });
                }
                Direction::Down if !versions.contains_key(&(version, Direction::Up)) => {
                    notices.push(format!(
                        "`{}` undoes a migration that is not there",
                        folder.path_of(file)
                    ));
                }
                Direction::Down => {}
            }
        }
        Ok(Reading {
            migrations,
            notices,
        })
    }
}

fn transaction(folder: &Folder<'_>, up: &MigrationText, mark: Mark) -> TransactionScope {
    let opted_out = mark == Mark::None
        && up
            .text()
            .is_some_and(|text| text.starts_with("-- no-transaction"));
    let honoured = match folder.dialect {
        Dialect::Postgres | Dialect::Sqlite => true,
        Dialect::Mysql | Dialect::Mariadb => false,
    };
    if opted_out && honoured {
        return TransactionScope::None;
    }
    folder.transaction.unwrap_or(TransactionScope::File)
}
