//! golang-migrate: `<number>_<title>.up.sql` and `.down.sql` in one folder.
//!
//! Source: `source/parse.go`, `source/migration.go` and the drivers' pages of golang-migrate v4.
//! The PostgreSQL and MySQL drivers open no transaction and send the text whole, the SQLite
//! drivers open one per file.

use std::collections::BTreeMap;

use super::placeholder::Placeholders;
use super::{
    Consequence, Direction, Folder, Late, Reading, Signs, Tool, TransactionScope, Unit,
    leading_digits,
};
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
        let mut reading = Reading::default();
        let mut versions: BTreeMap<(u64, Direction), (&str, &str)> = BTreeMap::new();
        for file in folder.direct_files() {
            let Some(name) = parse(file) else { continue };
            let place = (name.version, name.direction);
            if let Some((first, _)) = versions.get(&place) {
                reading.duplicate(
                    &name.version.to_string(),
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "golang-migrate refuses the whole folder",
                );
            } else {
                versions.insert(place, (file, name.title));
            }
        }
        for ignored in folder.ignored(
            |name| parse(name).is_some(),
            "golang-migrate wants <number>_<title>.up.sql or .down.sql",
        ) {
            reading.pass_over(ignored, "golang-migrate passes over it and does not say so");
        }
        let own = match folder.dialect {
            Dialect::Postgres | Dialect::Mysql | Dialect::Mariadb => TransactionScope::None,
            Dialect::Sqlite => TransactionScope::File,
        };
        // Programs with migrations for several servers fill them in as templates first.
        let templates = Placeholders::of_templates(folder);
        let text = |file: &str| match &templates {
            Some(templates) => templates.fill(folder.text(file).0),
            None => folder.text(file).0,
        };
        for (&(version, direction), &(file, title)) in &versions {
            match direction {
                Direction::Up => {
                    let mut migration = folder.migration(
                        file,
                        version.to_string(),
                        title,
                        text(file),
                        (own, Unit::WholeText),
                    );
                    migration.late = Late::Skipped;
                    migration.down = versions
                        .get(&(version, Direction::Down))
                        .map(|(file, _)| text(file));
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
        reading.notices.extend(templates.and_then(|it| it.notice()));
        Ok(reading)
    }

    fn opt_out(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => {
                "set `x-no-tx-wrap=true` in the URL, and put it in a migration alone"
            }
            Dialect::Postgres | Dialect::Mysql | Dialect::Mariadb => {
                "put it in a migration of its own, alone"
            }
        }
    }
}
