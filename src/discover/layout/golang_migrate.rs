//! golang-migrate: `<number>_<title>.up.sql` and `.down.sql` in one folder.
//!
//! Source: `source/parse.go`, `source/migration.go` and the drivers' pages of golang-migrate v4.
//! The PostgreSQL and MySQL drivers open no transaction and send the text whole, the SQLite
//! drivers open one per file.

use std::collections::BTreeMap;

use super::{Direction, Folder, Reading, Signs, Tool, leading_digits, same_version};
use crate::discover::{Migration, Phase, TransactionScope, Unit};
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct GolangMigrate;

const SIGNS: Signs = Signs {
    name: "golang-migrate",
    own_files: &[],
    dependencies: &[
        ("go.mod", "github.com/golang-migrate/migrate"),
        ("docker-compose.yml", "migrate/migrate"),
        ("docker-compose.yaml", "migrate/migrate"),
        ("compose.yml", "migrate/migrate"),
        ("compose.yaml", "migrate/migrate"),
        ("Makefile", "migrate -path"),
        ("Makefile", "migrate -source"),
        ("Makefile", "migrate create -ext"),
        ("justfile", "migrate -path"),
    ],
    markers: &[],
    fits: |name| parse(name).is_some(),
    fits_anything: false,
    is_distinctive: |_| false,
};

struct Name<'a> {
    version: u64,
    title: &'a str,
    direction: Direction,
}

/// `^([0-9]+)_(.*)\.(down|up)\.(.*)$`, the title being as long as it can.
fn parse(name: &str) -> Option<Name<'_>> {
    let (digits, rest) = leading_digits(name)?;
    let rest = rest.strip_prefix('_').filter(|_| !name.contains('/'))?;
    let up = rest.rfind(".up.").map(|at| (at, Direction::Up));
    let down = rest.rfind(".down.").map(|at| (at, Direction::Down));
    let (end, direction) = up.max(down)?;
    Some(Name {
        version: digits.parse().ok()?,
        title: &rest[..end],
        direction,
    })
}

impl Tool for GolangMigrate {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut versions: BTreeMap<(u64, Direction), (&str, &str)> = BTreeMap::new();
        for file in folder.direct_files() {
            if let Some(name) = parse(file)
                && let Some((other, _)) =
                    versions.insert((name.version, name.direction), (file, name.title))
            {
                let version = name.version.to_string();
                let (other, file) = (folder.path_of(other), folder.path_of(file));
                return Err(same_version("golang-migrate", &version, &other, &file));
            }
        }
        let mut notices = folder.notices_of_ignored(
            |name| parse(name).is_some(),
            "golang-migrate wants <number>_<title>.up.sql or .down.sql",
        );
        let own = match folder.dialect {
            Dialect::Postgres | Dialect::Mysql | Dialect::Mariadb => TransactionScope::None,
            Dialect::Sqlite => TransactionScope::File,
        };
        let mut migrations = Vec::new();
        for (&(version, direction), &(file, title)) in &versions {
            match direction {
                Direction::Up => {
                    let down = versions
                        .get(&(version, Direction::Down))
                        .map(|(file, _)| folder.text(file).0);
                    migrations.push(Migration {
                        version: version.to_string(),
                        name: title.replace('_', " "),
                        path: folder.path_of(file),
                        up: folder.text(file).0,
                        down,
                        transaction: folder.transaction.unwrap_or(own),
                        unit: folder.unit.unwrap_or(Unit::WholeText),
                        phase: Phase::PreDeploy,
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
