//! Numbered files in one folder: `001_users.sql`, `2-orders.sql`, `3.sql`.
//!
//! No tool is known, so the order is the one that people mean, by number (1, 2, 10), and by name
//! among equal numbers. One transaction per file and one statement at a time are assumed;
//! `transaction` and `unit` in the configuration say otherwise.
//!
//! A down part is `x.down.sql`, `x.undo.sql` or `x.rollback.sql`, and `x_down.sql`, `x-down.sql`
//! or `x_rollback.sql` where the up part `x` is there too: `4_tear_down.sql` is a migration.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::placeholder::Placeholders;
use super::{Folder, Reading, Signs, Tool, TransactionScope, Unit, has_extension, leading_digits};
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Plain;

const SIGNS: Signs = Signs {
    name: "numbered files",
    own_files: &[],
    dependencies: &[],
    markers: &[],
    fits: |name| stem(name).is_some(),
    fits_anything: false,
    is_distinctive: |_| false,
};

/// The name of a numbered `.sql` file without that ending.
fn stem(name: &str) -> Option<&str> {
    if name.contains('/') || !has_extension(name, "sql") {
        return None;
    }
    let stem = &name[..name.len() - ".sql".len()];
    let (_, rest) = leading_digits(stem)?;
    (rest.is_empty() || rest.starts_with(['_', '-', '.', ' '])).then_some(stem)
}

/// Numbers of any length by value, then names by bytes.
fn compare(one: &str, other: &str) -> Ordering {
    let number =
        |stem| leading_digits(stem).map_or("", |(digits, _)| digits.trim_start_matches('0'));
    let (a, b) = (number(one), number(other));
    a.len()
        .cmp(&b.len())
        .then_with(|| a.cmp(b))
        .then_with(|| one.cmp(other))
}

/// Endings that always mean a down part, and those that need their up part to be there.
const DOWN: [&str; 3] = [".down", ".undo", ".rollback"];
const DOWN_IF_PAIRED: [&str; 4] = ["_down", "-down", "_rollback", "-rollback"];
const UP: [&str; 3] = [".up", "_up", "-up"];

/// What the two halves of a migration have in common, and whether this is the down half.
fn half<'a>(stem: &'a str, all: &BTreeMap<&str, &str>) -> (&'a str, bool) {
    let cut = |endings: &[&str]| endings.iter().find_map(|ending| stem.strip_suffix(ending));
    if let Some(common) = cut(&DOWN) {
        return (common, true);
    }
    let has_up = |common: &str| {
        all.contains_key(common)
            || UP
                .iter()
                .any(|up| all.contains_key(&*format!("{common}{up}")))
    };
    if let Some(common) = cut(&DOWN_IF_PAIRED).filter(|common| has_up(common)) {
        return (common, true);
    }
    let has_down = |common: &str| {
        let mut endings = DOWN.iter().chain(&DOWN_IF_PAIRED);
        endings.any(|down| all.contains_key(&*format!("{common}{down}")))
    };
    match cut(&UP) {
        Some(common) if stem.ends_with(".up") || has_down(common) => (common, false),
        _ => (stem, false),
    }
}

impl Tool for Plain {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let all: BTreeMap<&str, &str> = folder
            .direct_files()
            .filter_map(|name| Some((stem(name)?, name)))
            .collect();
        let mut ups: Vec<(&str, &str)> = Vec::new();
        let mut downs: BTreeMap<&str, &str> = BTreeMap::new();
        for (stem, file) in &all {
            match half(stem, &all) {
                (common, true) => {
                    downs.insert(common, file);
                }
                (common, false) => ups.push((common, file)),
            }
        }
        ups.sort_by(|(one, _), (other, _)| compare(one, other));
        let mut reading = Reading {
            ignored: folder.ignored(|name| stem(name).is_some(), "its name has no number"),
            ..Reading::default()
        };
        for name in folder.direct_files().filter(|name| is_numbered_code(name)) {
            reading.ignore(folder.path_of(name), "it is code and is not read");
        }
        let templates = Placeholders::of_templates(folder);
        let text = |file: &str| match &templates {
            Some(templates) => templates.fill(folder.text(file).0),
            None => folder.text(file).0,
        };
        let number = |stem| leading_digits(stem).map_or("", |(digits, _)| digits);
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (stem, _) in &ups {
            *times
                .entry(number(stem).trim_start_matches('0'))
                .or_default() += 1;
        }
        reading.migrations = ups
            .iter()
            .map(|(common, file)| {
                let digits = number(common);
                // Where a number is taken twice (dates such as `2024-01-02-x.sql`) it names nothing.
                let is_unique = times[digits.trim_start_matches('0')] == 1;
                let mut migration = folder.migration(
                    file,
                    if is_unique { digits } else { common },
                    common[digits.len()..]
                        .trim_start_matches(['_', '-', '.', ' '])
                        .replace(['_', '-'], " "),
                    text(file),
                    (TransactionScope::File, Unit::Statement),
                );
                migration.down = downs.remove(common).map(&text);
                migration
            })
            .collect();
        for file in downs.values() {
            reading.ignore(
                folder.path_of(file),
                "it undoes a migration that is not there",
            );
        }
        reading
            .notices
            .extend(templates.as_ref().and_then(Placeholders::notice));
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it outside of a transaction, and say `transaction = \"none\"` in migcheck.toml if \
         your tool opens none"
    }
}

/// Whether a numbered file is a migration in a programming language.
fn is_numbered_code(name: &str) -> bool {
    const CODE: [&str; 10] = [
        "go", "js", "ts", "mjs", "cjs", "py", "rb", "rs", "exs", "php",
    ];
    leading_digits(name).is_some_and(|(_, rest)| rest.starts_with(['_', '-', '.']))
        && CODE.iter().any(|code| has_extension(name, code))
}
