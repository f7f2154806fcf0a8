//! refinery: `V1__x.sql` and `U1__x.sql`, both forward, by one number.
//!
//! Source: `refinery_core/src/util.rs` and `runner.rs` of refinery 0.8. `V` versions have to follow
//! each other in time; a `U` may be applied out of order. Each migration is one transaction and is
//! sent whole. There are no down files, no placeholders and no opt-out.

use std::collections::BTreeMap;

use super::flyway::is_flyway;
use super::{
    Consequence, Folder, Late, Oddity, OddityKind, OwnFile, Reading, Signs, Tool, TransactionScope,
    Unit, has_extension, words,
};
use crate::discover::text::MigrationText;
use crate::discover::tree::split;
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Refinery;

const SIGNS: Signs = Signs {
    name: "refinery",
    own_files: &[OwnFile::Above("refinery.toml")],
    dependencies: &[
        ("Cargo.toml", "refinery"),
        ("Cargo.toml", "refinery-core"),
        ("Cargo.toml", "refinery_core"),
    ],
    markers: &[],
    fits: is_flyway,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

enum Parsed<'a> {
    Migration {
        is_unversioned: bool,
        version: i64,
        name: &'a str,
    },
    /// The pattern fits and the version is no integer: refinery fails.
    NoInteger(&'a str),
    Ignored,
}

/// `^([U|V])(\d+(?:\.\d+)?)__(\w+)\.(rs|sql)$`; the class also holds the bar.
fn parse(name: &str) -> Parsed<'_> {
    let Some(stem) = name.strip_suffix(".sql").or(name.strip_suffix(".rs")) else {
        return Parsed::Ignored;
    };
    let Some(rest) = stem.strip_prefix(['U', 'V', '|']) else {
        return Parsed::Ignored;
    };
    let Some((version, description)) = rest.split_once("__") else {
        return Parsed::Ignored;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let fits = match version.split_once('.') {
        Some((whole, part)) => is_digits(whole) && is_digits(part),
        None => is_digits(version),
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if !fits || description.is_empty() || !description.chars().all(is_word) {
        return Parsed::Ignored;
    }
    match version.parse() {
        Ok(version) => Parsed::Migration {
            is_unversioned: stem.starts_with('U'),
            version,
            name: description,
        },
        Err(_) => Parsed::NoInteger(version),
    }
}

impl Tool for Refinery {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut versions: BTreeMap<i64, &str> = BTreeMap::new();
        for file in folder.files {
            let base = split(file).1;
            let path = folder.path_of(file);
            match parse(base) {
                Parsed::Migration {
                    is_unversioned,
                    version,
                    name,
                } => {
                    if let Some(first) = versions.get(&version) {
                        reading.duplicate(
                            &version.to_string(),
                            &folder.path_of(first),
                            &path,
                            Consequence::Refused,
                            "refinery refuses two migrations with one version",
                        );
                        continue;
                    }
                    versions.insert(version, file);
                    let up = if has_extension(base, "rs") {
                        MigrationText::not_sql(path.as_str(), "this migration is Rust code")
                    } else {
                        folder.text(file).0
                    };
                    let own = (TransactionScope::File, Unit::WholeText);
                    let mut it = folder.migration(file, version.to_string(), words(name), up, own);
                    it.late = if is_unversioned {
                        Late::Runs
                    } else {
                        Late::Refused
                    };
                    reading.migrations.push(it);
                }
                Parsed::NoInteger(version) => {
                    let reason = format!("its version `{version}` is not a whole number");
                    reading.oddities.push(Oddity::new(
                        OddityKind::MigrationSkipped {
                            reason: reason.clone(),
                        },
                        Consequence::Refused,
                        "refinery refuses the whole folder",
                        path.clone(),
                    ));
                    reading.ignore(path, reason);
                }
                Parsed::Ignored if has_extension(base, "sql") => {
                    let reason = "refinery wants V<number>__<name>.sql";
                    let looks = is_flyway(base) || super::leading_digits(base).is_some();
                    if looks {
                        reading.skip(path, reason, "refinery passes over it");
                    } else {
                        reading.ignore(path, reason);
                    }
                }
                Parsed::Ignored => {}
            }
        }
        reading
            .migrations
            .sort_by_key(|it| it.version.parse::<i64>().unwrap_or(i64::MAX));
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it by hand: refinery always opens a transaction"
    }
}
