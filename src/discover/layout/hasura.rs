//! Hasura: `<version>_<name>/up.sql` and `down.sql` in a folder per database, by number.
//!
//! Source: the documentation of the Hasura command line 2. Each migration is sent whole and is one
//! transaction. The oldest form has `<version>_<name>.up.sql`, or `.up.yaml`, in one folder.

use std::collections::BTreeMap;

use super::{
    Consequence, Folder, Late, OwnFile, Reading, Signs, Tool, TransactionScope, Unit,
    is_up_in_folder, leading_digits, words,
};
use crate::discover::text::MigrationText;
use crate::discover::tree::split;
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Hasura;

const SIGNS: Signs = Signs {
    name: "Hasura",
    own_files: &[
        OwnFile::AboveWith("config.yaml", "metadata_directory"),
        OwnFile::Above("metadata/version.yaml"),
        OwnFile::Above("metadata/databases/databases.yaml"),
    ],
    dependencies: &[],
    markers: &[],
    fits: is_up_in_folder,
    fits_anything: false,
    is_distinctive: is_hasura,
};

/// Hasura's versions are times in milliseconds.
pub(super) fn is_hasura(name: &str) -> bool {
    is_up_in_folder(name)
        && leading_digits(name)
            .is_some_and(|(digits, rest)| digits.len() == 13 && rest.starts_with('_'))
}

/// The files of one migration.
#[derive(Default)]
struct Files<'a> {
    name: &'a str,
    up: Option<&'a str>,
    down: Option<&'a str>,
}

/// The number and name, and whether the file is the up part.
fn parse(file: &str) -> Option<(u64, &str, bool)> {
    let (stem, is_up) = match file.split_once('/') {
        Some((folder, "up.sql")) => (folder, true),
        Some((folder, "down.sql")) => (folder, false),
        Some(_) => return None,
        None => {
            let stem = file.strip_suffix(".sql").or(file.strip_suffix(".yaml"))?;
            match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
                (Some(stem), _) => (stem, true),
                (None, Some(stem)) => (stem, false),
                (None, None) => return None,
            }
        }
    };
    let (digits, rest) = leading_digits(stem)?;
    Some((digits.parse().ok()?, rest, is_up))
}

impl Tool for Hasura {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        // A folder per database, or one folder for the database of that name.
        let database = match split(folder.path).1 {
            "migrations" | "" => "default",
            name => name,
        };
        reading.history.scope = Some(database.to_owned());
        let mut versions: BTreeMap<u64, Files<'_>> = BTreeMap::new();
        for file in folder.files {
            let Some((version, name, is_up)) = parse(file) else {
                if super::has_extension(file, "sql") {
                    let reason = "Hasura wants <version>_<name>/up.sql or down.sql".to_owned();
                    let path = folder.path_of(file);
                    reading.pass_over(super::Ignored { path, reason }, "Hasura passes over it");
                }
                continue;
            };
            let files = versions.entry(version).or_default();
            files.name = name;
            let place = if is_up {
                &mut files.up
            } else {
                &mut files.down
            };
            match place {
                Some(first) => reading.duplicate(
                    &version.to_string(),
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "Hasura refuses two migrations with one version",
                ),
                None => *place = Some(file),
            }
        }
        for (version, files) in versions {
            let text = |file: &str| {
                if file.ends_with(".yaml") {
                    MigrationText::not_sql(
                        folder.path_of(file),
                        "this migration is a list of Hasura's own commands",
                    )
                } else {
                    folder.text(file).0
                }
            };
            let Some(up) = files.up else {
                if let Some(down) = files.down {
                    reading.ignore(
                        folder.path_of(down),
                        "it undoes a migration that is not there",
                    );
                }
                continue;
            };
            let own = (TransactionScope::File, Unit::WholeText);
            let mut it =
                folder.migration(up, version.to_string(), words(files.name), text(up), own);
            it.down = files.down.map(text);
            it.late = Late::Runs;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it by hand: Hasura runs each migration in a transaction"
    }
}
