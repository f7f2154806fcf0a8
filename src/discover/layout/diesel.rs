//! Diesel: `<version>_<name>/up.sql` and `down.sql`, by version as text.
//!
//! Source: `diesel_migrations/src/file_based_migrations.rs` and `diesel/src/migration/mod.rs` of
//! Diesel 2. Each migration is one transaction and is sent whole. A `metadata.toml` decides about
//! the transaction: without the key it means none, and one that cannot be read means one.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Consequence, Folder, Late, Oddity, OddityKind, OwnFile, Reading, Signs, Tool, TransactionScope,
    Unit, has_extension, is_up_in_folder, words,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::tree::split;
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Diesel;

const SIGNS: Signs = Signs {
    name: "Diesel",
    own_files: &[OwnFile::Above("diesel.toml")],
    dependencies: &[
        ("Cargo.toml", "diesel"),
        ("Cargo.toml", "diesel_migrations"),
        ("Cargo.toml", "diesel-async"),
    ],
    markers: &[],
    fits: is_up_in_folder,
    fits_anything: false,
    is_distinctive: |name| is_up_in_folder(name) && !super::hasura::is_hasura(name),
};

/// What stands before the first `_`, without hyphens, and the rest.
fn parse(folder: &str) -> (String, &str) {
    let (version, name) = folder.split_once('_').unwrap_or((folder, ""));
    (version.replace('-', ""), name)
}

/// Whether a `metadata.toml` leaves the transaction on.
fn runs_in_transaction(text: &str) -> bool {
    match text.parse::<toml::Table>() {
        Ok(table) => table
            .get("run_in_transaction")
            .and_then(toml::Value::as_bool)
            .unwrap_or(false),
        Err(_) => true,
    }
}

impl Tool for Diesel {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for path in ground.all("diesel.toml")? {
            let text = ground.text(&path)?.unwrap_or_default();
            let table: toml::Table = text.parse().unwrap_or_default();
            let named = table
                .get("migrations_directory")
                .and_then(|it| it.get("dir"))
                .and_then(toml::Value::as_str)
                .and_then(|dir| relative(split(&path).0, dir))
                .filter(|folder| ground.has_files(folder));
            folders.extend(named.map(|folder| (folder, path)));
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut inner: BTreeSet<&str> = BTreeSet::new();
        for file in folder.files {
            if file.starts_with('.') {
                if has_extension(file, "sql") {
                    reading.ignore(folder.path_of(file), "its folder is hidden");
                }
                continue;
            }
            match file.split_once('/') {
                Some((name, _)) => {
                    inner.insert(name);
                }
                None if has_extension(file, "sql") => {
                    let (path, reason) = (
                        folder.path_of(file),
                        "Diesel wants <version>_<name>/up.sql".to_owned(),
                    );
                    reading.pass_over(super::Ignored { path, reason }, "Diesel passes over it");
                }
                None => {}
            }
        }
        let metadata: Vec<String> = inner
            .iter()
            .map(|name| format!("{name}/metadata.toml"))
            .filter(|name| folder.has(name))
            .collect();
        let metadata = folder.extras(&metadata)?;
        let mut versions: BTreeMap<String, &str> = BTreeMap::new();
        for name in inner {
            let up = format!("{name}/up.sql");
            if !folder.has(&up) {
                let reason = "there is no up.sql in the folder";
                let path = format!("{}/", folder.path_of(name));
                reading.oddities.push(Oddity::new(
                    OddityKind::MigrationSkipped {
                        reason: reason.to_owned(),
                    },
                    Consequence::Refused,
                    "Diesel refuses the whole migrations folder",
                    path.clone(),
                ));
                reading.ignore(path, reason);
                continue;
            }
            let (version, _) = parse(name);
            if let Some(first) = versions.get(&version) {
                reading.duplicate(
                    &version,
                    &folder.path_of(&format!("{first}/up.sql")),
                    &folder.path_of(&up),
                    Consequence::Refused,
                    "Diesel runs one of them and fails to record the other",
                );
            } else {
                versions.insert(version, name);
            }
        }
        for (version, name) in versions {
            let up = format!("{name}/up.sql");
            let down = format!("{name}/down.sql");
            let own = (TransactionScope::File, Unit::WholeText);
            let title = words(parse(name).1);
            let mut it = folder.migration(&up, version, title, folder.text(&up).0, own);
            if let Some(text) = metadata.get(&format!("{name}/metadata.toml"))
                && !runs_in_transaction(text)
            {
                it.transaction = TransactionScope::None;
                if !text.contains("run_in_transaction") {
                    let path = folder.path_of(&format!("{name}/metadata.toml"));
                    let file = crate::source::SourceFile::new(path.as_str(), &**text);
                    reading.misplaced(
                        (&file, crate::source::Span::new(0, 0)),
                        (
                            "run_in_transaction",
                            "is missing in this file",
                            "say `run_in_transaction = true`, or remove the file",
                        ),
                        Consequence::Differs,
                        "Diesel takes a metadata.toml without it for an opt-out, and runs the \
                         migration without a transaction",
                    );
                }
            }
            it.down = folder.has(&down).then(|| folder.text(&down).0);
            it.late = Late::Runs;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it alone in a migration with `run_in_transaction = false` in a metadata.toml beside \
         its up.sql"
    }
}
