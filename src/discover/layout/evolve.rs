//! Evolve: as Flyway (`V1_2__x.sql`, `R__x.sql`), the letter in any case, and 1 before 1.0.
//!
//! Source: `src/Evolve/Migration/` (`MigrationVersion`, `MigrationUtil`, `FileMigrationLoader`) of
//! Evolve 3. Each file is one transaction unless `evolve-tx-off` stands in its first line, and is
//! sent whole.

use std::collections::BTreeMap;

use super::flyway::{Dotted, is_flyway, repeatable_identity};
use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Marker, Oddity, OddityKind, OwnFile, Reading, Signs, Tool,
    TransactionScope, Unit, has_extension, lines,
};
use crate::discover::text::MigrationText;
use crate::discover::tree::split;
use crate::error::Result;
use crate::source::SourceFile;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Evolve;

const SIGNS: Signs = Signs {
    name: "Evolve",
    own_files: &[
        OwnFile::Above("evolve.json"),
        OwnFile::AboveWith("*.csproj", "\"Evolve\""),
    ],
    dependencies: &[],
    markers: &[
        Marker::Sometimes("-- evolve-tx-off"),
        Marker::Sometimes("-- evolve-repeat-always"),
    ],
    fits: is_flyway,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

enum Parsed<'a> {
    Versioned(Dotted, String, &'a str),
    Repeatable(&'a str),
    Wrong(&'static str),
    Ignored,
}

fn parse(name: &str) -> Parsed<'_> {
    if !has_extension(name, "sql") {
        return Parsed::Ignored;
    }
    let stem = &name[..name.len() - 4];
    let is_letter = |letter: char| stem.starts_with([letter, letter.to_ascii_lowercase()]);
    if is_letter('V') {
        let Some((version, description)) = stem[1..].split_once("__") else {
            return Parsed::Ignored;
        };
        return match Dotted::parse(version, true) {
            _ if description.is_empty() => Parsed::Wrong("it has no description"),
            Some(key) => Parsed::Versioned(key, version.replace('_', "."), description),
            None => Parsed::Wrong("its version is not a list of numbers"),
        };
    }
    match stem.get(1..).and_then(|rest| rest.strip_prefix("__")) {
        Some("") if is_letter('R') => Parsed::Wrong("it has no description"),
        Some(description) if is_letter('R') => Parsed::Repeatable(description),
        _ => Parsed::Ignored,
    }
}

const OPT_OUT: &str = "evolve-tx-off";

/// Whether the first line opts out; an opt-out elsewhere is not seen.
fn opts_out(file: &SourceFile, reading: &mut Reading) -> bool {
    for (number, line) in lines(&file.text).enumerate() {
        if !line.text.contains(OPT_OUT) {
            continue;
        }
        if number == 0 {
            return true;
        }
        if line.text.trim_start().starts_with("--") {
            reading.misplaced(
                (file, line.place()),
                (OPT_OUT, "is not in the first line", "put it there"),
                Consequence::Differs,
                "Evolve does not see it and opens a transaction around the migration",
            );
        }
        return false;
    }
    false
}

impl Tool for Evolve {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut placeholders =
            Placeholders::new(Syntax::Between("${".to_owned(), "}".to_owned()), false);
        placeholders.know_all(&folder.config.placeholders);
        let mut versions: BTreeMap<Dotted, (&str, String, &str)> = BTreeMap::new();
        let mut repeatables: Vec<(&str, &str)> = Vec::new();
        for file in folder.files {
            let path = folder.path_of(file);
            match parse(split(file).1) {
                Parsed::Versioned(key, version, description) => match versions.get(&key) {
                    Some((first, ..)) => reading.duplicate(
                        &version,
                        &folder.path_of(first),
                        &path,
                        Consequence::Refused,
                        "Evolve refuses two migrations with one version",
                    ),
                    None => {
                        versions.insert(key, (file, version, description));
                    }
                },
                Parsed::Repeatable(description) => repeatables.push((description, file)),
                Parsed::Wrong(reason) => {
                    reading.oddities.push(Oddity::new(
                        OddityKind::MigrationSkipped {
                            reason: reason.to_owned(),
                        },
                        Consequence::Refused,
                        "Evolve refuses the whole folder",
                        path.clone(),
                    ));
                    reading.ignore(path, reason);
                }
                Parsed::Ignored => {
                    if has_extension(file, "sql") {
                        let reason = "Evolve wants V<version>__<name>.sql";
                        match super::leading_digits(split(file).1) {
                            Some(_) => reading.skip(path, reason, "Evolve passes over it"),
                            None => reading.ignore(path, reason),
                        }
                    }
                }
            }
        }
        repeatables.sort_unstable();
        let versioned = versions
            .into_iter()
            .map(|(key, (file, version, name))| (file, Some(key), version, name));
        let repeated = repeatables
            .into_iter()
            .map(|(name, file)| (file, None, name.replace('_', " "), name));
        for (file, key, version, name) in versioned.chain(repeated) {
            let text = folder.text(file).0;
            let is_off = match &text {
                MigrationText::Read(part) => opts_out(&part.file, &mut reading),
                MigrationText::Unreadable(_) => false,
            };
            let up = placeholders.fill(text);
            let own = (TransactionScope::File, Unit::WholeText);
            let mut it = folder.migration(file, version, name.replace('_', " "), up, own);
            if is_off {
                it.transaction = TransactionScope::None;
            }
            match key {
                Some(key) => {
                    it.identity = key.normal();
                    it.late = Late::Skipped;
                }
                None => {
                    it.identity = repeatable_identity(name, &it.up);
                    it.late = Late::Never;
                }
            }
            reading.migrations.push(it);
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own whose first line is `-- evolve-tx-off`"
    }
}
