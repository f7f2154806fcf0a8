//! node-pg-migrate: files by leading number; SQL files hold up and down behind markers.
//!
//! Source: `src/migration.ts` and `src/sqlMigration.ts` of node-pg-migrate 8. All pending
//! migrations are one transaction unless `--no-single-transaction`; a part is sent whole.

use std::cmp::Ordering;

use super::{
    Consequence, Folder, Late, Marker, Oddity, OddityKind, Reading, Signs, Tool, TransactionScope,
    Unit, has_extension, is_numbered, leading_digits, lines, part_of, words,
};
use crate::discover::text::MigrationText;
use crate::error::Result;
use crate::source::Span;
use crate::sql::Dialect;

/// The reader.
pub(super) struct NodePgMigrate;

const SIGNS: Signs = Signs {
    name: "node-pg-migrate",
    own_files: &[],
    dependencies: &[("package.json", "\"node-pg-migrate\"")],
    markers: &[Marker::Sometimes("-- Up Migration")],
    fits: is_numbered,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

/// `^\s*--[\s-]*up\s+migration` in any case: whether it is up.
fn marker(line: &str) -> Option<bool> {
    let rest = line.trim_start().strip_prefix("--")?;
    let rest = rest.trim_start_matches(|c: char| c == '-' || c.is_whitespace());
    let mut words = rest.split_whitespace();
    let direction = words.next()?;
    let is_migration = words
        .next()
        .and_then(|word| word.get(..9))
        .is_some_and(|word| word.eq_ignore_ascii_case("migration"));
    match direction.to_ascii_lowercase().as_str() {
        "up" if is_migration => Some(true),
        "down" if is_migration => Some(false),
        _ => None,
    }
}

/// The time in milliseconds that 17 digits name, UTC.
fn milliseconds(digits: &str) -> Option<u128> {
    if digits.len() != 17 {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<u128>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let time =
        ((number(8, 10)? * 60 + number(10, 12)?) * 60 + number(12, 14)?) * 1000 + number(14, 17)?;
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970, the year beginning in March.
    let (y, m) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400_000 + time)
}

fn number(name: &str) -> Option<u128> {
    let (digits, _) = leading_digits(name)?;
    milliseconds(digits).or_else(|| digits.parse().ok())
}

/// Numbers in the text by value, other characters without regard to case first.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut a, mut b) = (one, other);
    loop {
        match (leading_digits(a), leading_digits(b)) {
            (Some((x, rest_a)), Some((y, rest_b))) => {
                let value = |digits: &str| {
                    let digits = digits.trim_start_matches('0').to_owned();
                    (digits.len(), digits)
                };
                let order = value(x).cmp(&value(y));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
            }
            _ => match (a.chars().next(), b.chars().next()) {
                (None, None) => return one.cmp(other),
                (None, Some(_)) => return Ordering::Less,
                (Some(_), None) => return Ordering::Greater,
                (Some(x), Some(y)) => {
                    let fold = |c: char| c.to_lowercase().next().unwrap_or(c);
                    let order = fold(x).cmp(&fold(y));
                    if order != Ordering::Equal {
                        return order;
                    }
                    (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
                }
            },
        }
    }
}

impl Tool for NodePgMigrate {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        const CODE: [&str; 6] = ["js", "ts", "mjs", "cjs", "mts", "cts"];
        let mut reading = Reading::default();
        let mut files: Vec<(u128, &str)> = Vec::new();
        for file in folder.direct_files() {
            if file.starts_with('.') {
                if has_extension(file, "sql") {
                    reading.ignore(folder.path_of(file), "its name begins with a dot");
                }
                continue;
            }
            let is_code = CODE.iter().any(|ending| has_extension(file, ending));
            if !is_code && !has_extension(file, "sql") {
                continue;
            }
            match number(file) {
                Some(number) => files.push((number, file)),
                None => {
                    let reason = "its name does not begin with a number";
                    let path = folder.path_of(file);
                    reading.oddities.push(Oddity::new(
                        OddityKind::MigrationSkipped {
                            reason: reason.to_owned(),
                        },
                        Consequence::Refused,
                        "node-pg-migrate refuses the whole folder",
                        path.clone(),
                    ));
                    reading.ignore(path, reason);
                }
            }
        }
        reading.ignored.extend(
            folder
                .ignored(|_| true, "")
                .into_iter()
                .filter(|it| it.path.ends_with('/')),
        );
        files.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| natural(one, other)));
        for (_, file) in files {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            let rest = leading_digits(stem).map_or("", |(_, rest)| rest);
            let mut down = None;
            let up = if has_extension(file, "sql") {
                match folder.text(file).0 {
                    MigrationText::Read(part) => {
                        let source = &part.file;
                        let end = source.text.len();
                        let mut cuts: Vec<(usize, bool)> = lines(&source.text)
                            .filter_map(|line| Some((line.span.start, marker(line.text)?)))
                            .collect();
                        cuts.dedup_by_key(|(_, is_up)| *is_up);
                        let span_of = |wanted: bool| {
                            let at = cuts.iter().position(|(_, is_up)| *is_up == wanted)?;
                            let until = cuts.get(at + 1).map_or(end, |(next, _)| *next);
                            Some(Span::new(cuts[at].0, until))
                        };
                        let up = match cuts.first() {
                            None => Span::new(0, end),
                            Some((first, false)) if span_of(true).is_none() => Span::new(0, *first),
                            Some(_) => span_of(true).unwrap_or_default(),
                        };
                        down =
                            span_of(false).map(|span| MigrationText::Read(part_of(source, [span])));
                        MigrationText::Read(part_of(source, [up]))
                    }
                    unreadable @ MigrationText::Unreadable(_) => unreadable,
                }
            } else {
                MigrationText::not_sql(folder.path_of(file), "this migration is JavaScript code")
            };
            let own = (TransactionScope::Run, Unit::WholeText);
            let mut it = folder.migration(file, stem, words(rest), up, own);
            it.down = down;
            it.late = Late::Refused;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn only_dialect(&self) -> Option<Dialect> {
        Some(Dialect::Postgres)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "write it as a JavaScript migration with `pgm.noTransaction()`: a .sql file has no opt-out"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_digits_are_a_time() {
        assert_eq!(milliseconds("19700101000000001"), Some(1));
        assert_eq!(milliseconds("20200229120000000"), Some(1_582_977_600_000));
        assert_eq!(number("1582977600000_x"), Some(1_582_977_600_000));
        assert_eq!(number("20200229120000_x"), Some(20_200_229_120_000));
    }

    #[test]
    fn markers_are_seen_in_many_forms() {
        assert_eq!(marker("-- Up Migration"), Some(true));
        assert_eq!(marker("  ----  down   migration ----"), Some(false));
        assert_eq!(marker("-- Up"), None);
    }
}
