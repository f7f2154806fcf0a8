//! The Supabase command line: `supabase/migrations/<digits>_<name>.sql`, by name as text.
//!
//! Source: `pkg/migration` of supabase/cli 2. Each file is split and sent in one pipeline, which
//! is one transaction. There are no down files.

use std::collections::BTreeMap;

use super::{
    Consequence, Folder, Late, OwnFile, Reading, Signs, Tool, TransactionScope, Unit, is_numbered,
    leading_digits, words,
};
use crate::discover::ground::Ground;
use crate::discover::tree::split;
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Supabase;

const SIGNS: Signs = Signs {
    name: "Supabase",
    own_files: &[OwnFile::Exactly {
        file: "supabase/config.toml",
        folder: "supabase/migrations",
    }],
    dependencies: &[],
    markers: &[],
    fits: is_numbered,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

/// `^([0-9]+)_(.*)\.sql$`
fn parse(name: &str) -> Option<(&str, &str)> {
    let (version, rest) = leading_digits(name)?;
    let rest = rest.strip_prefix('_')?.strip_suffix(".sql")?;
    (!name.contains('/')).then_some((version, rest))
}

impl Tool for Supabase {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let found = ground.all("supabase/config.toml")?.into_iter();
        Ok(found
            .map(|path| (format!("{}/migrations", split(&path).0), path))
            .filter(|(folder, _)| ground.has_files(folder))
            .collect())
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let wants = "Supabase wants <digits>_<name>.sql";
        for ignored in folder.ignored(|name| parse(name).is_some(), wants) {
            reading.pass_over(ignored, "Supabase passes over it with a message");
        }
        let mut versions: BTreeMap<&str, &str> = BTreeMap::new();
        let first = folder.direct_files().find(|name| name.ends_with(".sql"));
        for file in folder.direct_files() {
            let Some((version, name)) = parse(file) else {
                continue;
            };
            let is_old_init = Some(file) == first
                && name == "init"
                && version.len() == 14
                && version < "20211209000000";
            if is_old_init {
                let reason = "Supabase skips the first file when it is an `init` from before \
                              December 2021";
                let does = "nothing but that message says so";
                reading.skip(folder.path_of(file), reason, does);
                continue;
            }
            if let Some(first) = versions.get(version) {
                reading.duplicate(
                    version,
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "Supabase runs one of them and fails to record the other",
                );
                continue;
            }
            versions.insert(version, file);
            let own = (TransactionScope::File, Unit::Statement);
            let mut it = folder.migration(file, version, words(name), folder.text(file).0, own);
            it.late = Late::Refused;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn only_dialect(&self) -> Option<Dialect> {
        Some(Dialect::Postgres)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it by hand: Supabase sends each file as one transaction"
    }
}
