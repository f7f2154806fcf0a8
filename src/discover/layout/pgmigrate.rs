//! yandex-pgmigrate: `V1__x.sql` below `migrations/`, by number.
//!
//! Source: `pgmigrate.py` of yandex-pgmigrate 1.0. All pending migrations are one transaction;
//! those with `NONTRANSACTIONAL` in their name have none.

use std::collections::BTreeMap;

use super::flyway::is_flyway;
use super::{
    Consequence, Folder, Late, OwnFile, Reading, Signs, Tool, TransactionScope, Unit,
    has_extension, leading_digits,
};
use crate::discover::ground::Ground;
use crate::discover::tree::{join, split};
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Pgmigrate;

const SIGNS: Signs = Signs {
    name: "pgmigrate",
    own_files: &[OwnFile::Above("migrations.yml")],
    dependencies: &[
        ("requirements.txt", "yandex-pgmigrate"),
        ("pyproject.toml", "yandex-pgmigrate"),
    ],
    markers: &[],
    fits: is_flyway,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

/// `V(?P<version>\d+)__(?P<description>.+)\.sql$`, matched from the beginning.
fn parse(name: &str) -> Option<(u64, &str)> {
    let (digits, rest) = leading_digits(name.strip_prefix('V')?)?;
    let description = rest.strip_prefix("__")?.strip_suffix(".sql")?;
    let version = digits.parse().ok()?;
    (!description.is_empty()).then_some((version, description))
}

impl Tool for Pgmigrate {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let found = ground.all("migrations.yml")?.into_iter();
        Ok(found
            .map(|path| (join(split(&path).0, "migrations"), path))
            .filter(|(folder, _)| ground.has_files(folder))
            .collect())
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut versions: BTreeMap<u64, (&str, &str)> = BTreeMap::new();
        for file in folder.files {
            let base = split(file).1;
            let Some((version, description)) = parse(base) else {
                if has_extension(base, "sql") {
                    let reason = "pgmigrate wants V<number>__<name>.sql";
                    match is_flyway(base) || leading_digits(base).is_some() {
                        true => {
                            reading.skip(folder.path_of(file), reason, "pgmigrate passes over it");
                        }
                        false => reading.ignore(folder.path_of(file), reason),
                    }
                }
                continue;
            };
            match versions.get(&version) {
                Some((first, _)) => reading.duplicate(
                    &version.to_string(),
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "pgmigrate refuses two migrations with one version",
                ),
                None => {
                    versions.insert(version, (file, description));
                }
            }
        }
        for (version, (file, description)) in versions {
            let is_off = description.contains("NONTRANSACTIONAL");
            let own = (TransactionScope::Run, Unit::Statement);
            let up = folder.text(file).0;
            let mut it = folder.migration(
                file,
                version.to_string(),
                description.replace('_', " "),
                up,
                own,
            );
            if is_off {
                it.transaction = TransactionScope::None;
            }
            it.late = Late::Skipped;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn only_dialect(&self) -> Option<Dialect> {
        Some(Dialect::Postgres)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own with `NONTRANSACTIONAL` in its name"
    }
}
