//! The migrations of a project held against what a history table says.
//!
//! Input: known migrations in run order and rows. Output: which of them are applied, pending or
//! failed, and which applied ones are not known. Nothing is read here.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::rows::{Covered, Entry, Ledger, Outcome, ledger, ledgers_by_column};
use super::{HistoryRows, ReadTable};
use crate::discover::{HistoryTable, KnownMigration, Layout, TableName};

/// How the migrations of a project stand in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryComparison {
    /// The tool whose table it is.
    pub tool: Layout,
    /// The table, with its schema.
    pub table: TableName,
    /// The keys of those that are applied, in run order; also those that a baseline, a checkpoint
    /// or a newer version stands for.
    pub applied: Vec<String>,
    /// Those that are known and not applied, in run order.
    pub pending: Vec<String>,
    /// Those that are applied and not known: a newer release has migrated, or their files are gone.
    /// As the table names them, in its order.
    pub unknown: Vec<String>,
    /// Those that failed half way.
    pub failed: Vec<FailedMigration>,
    /// Repeatable ones whose newest run had another text: the tool runs them again, or a newer
    /// release has run its own text. They are among the applied ones.
    pub changed: Vec<String>,
    /// Those of the pending ones that come before one which is applied.
    pub out_of_order: Vec<String>,
}

/// A migration that failed half way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedMigration {
    /// Its key, or what the table calls it where it is not known.
    pub key: String,
    /// Why that is known, for people.
    pub reason: String,
}

/// Holds `known`, in run order, against the rows of its tool's table. `None` where no tool is known
/// and no table holds any of the versions, so that nobody knows what is applied.
pub fn compare_history(
    history: &HistoryTable,
    known: &[KnownMigration],
    rows: &HistoryRows,
) -> Option<HistoryComparison> {
    match history.layout {
        Layout::Custom | Layout::Plain => {
            let way = Way::loose(known);
            let mut best: Option<(usize, &ReadTable, Ledger)> = None;
            for table in &rows.tables {
                let ledgers = match table.tool {
                    Layout::Custom | Layout::Plain => ledgers_by_column(&table.rows),
                    tool => vec![ledger(tool, &table.rows, None)],
                };
                for ledger in ledgers {
                    let fits = way.matches(known, &ledger.entries);
                    let fitting = fits.iter().flatten().collect::<HashSet<_>>().len();
                    if fitting > best.as_ref().map_or(0, |(most, ..)| *most) {
                        best = Some((fitting, table, ledger));
                    }
                }
            }
            best.map(|(_, table, ledger)| way.compare(known, table, &ledger))
        }
        layout => {
            let first = rows.tables.first()?;
            let all: Vec<_> = rows
                .tables
                .iter()
                .flat_map(|it| &it.rows)
                .cloned()
                .collect();
            let ledger = ledger(layout, &all, history.scope.as_deref());
            Some(Way::of(layout).compare(known, first, &ledger))
        }
    }
}

/// By what a key is found again.
#[derive(Clone, Copy)]
enum Way {
    /// As text.
    Text,
    /// As a number, whatever its leading zeros.
    Number,
    /// As numbers with dots between; trailing zeros count nothing.
    Dotted,
    /// The same, where they count: 1 and 1.0 are two versions. Repeatable ones by file name.
    DottedExact,
    /// A path, an id and an author, in any case; the path can be longer on one side.
    ChangeSet,
    /// A name, or else a time in milliseconds.
    Drizzle,
    /// Nobody knows: as the name of a file, or by the number it begins with where all known ones
    /// are numbers.
    Loose { by_number: bool },
}

impl Way {
    fn of(layout: Layout) -> Way {
        match layout {
            Layout::Sqlx
            | Layout::GolangMigrate
            | Layout::Goose
            | Layout::Refinery
            | Layout::Tern
            | Layout::Hasura
            | Layout::Mybatis
            | Layout::Pgmigrate => Way::Number,
            Layout::Flyway => Way::Dotted,
            Layout::Evolve => Way::DottedExact,
            Layout::Liquibase => Way::ChangeSet,
            Layout::Drizzle => Way::Drizzle,
            Layout::Diesel
            | Layout::Prisma
            | Layout::Dbmate
            | Layout::Supabase
            | Layout::SqlMigrate
            | Layout::Atlas
            | Layout::Graphile
            | Layout::NodePgMigrate
            | Layout::Yoyo
            | Layout::Sqitch
            | Layout::DbMigrate
            | Layout::Pop => Way::Text,
            Layout::Custom | Layout::Plain => Way::Loose { by_number: false },
        }
    }

    fn loose(known: &[KnownMigration]) -> Way {
        let is_number = |it: &KnownMigration| it.key.bytes().all(|byte| byte.is_ascii_digit());
        Way::Loose {
            by_number: known.iter().all(is_number),
        }
    }

    /// The names under which a known migration is found.
    fn names_of_known(self, key: &str) -> Vec<String> {
        match self {
            Way::Dotted => match split_checksum(key).0.strip_prefix("R__") {
                Some(description) => vec![repeatable(description)],
                None => self.names_of_row(key),
            },
            Way::Drizzle => match split_time(key) {
                Some((_, time)) => vec![format!("at {time}")],
                // A folder's name begins with its time, to the second.
                None => {
                    let mut names = vec![format!("named {key}")];
                    names.extend(seconds_of_name(key).map(|it| format!("second {it}")));
                    names
                }
            },
            Way::Text | Way::Number | Way::DottedExact | Way::ChangeSet | Way::Loose { .. } => {
                self.names_of_row(key)
            }
        }
    }

    /// The names under which a row finds what it is about, the surest first.
    fn names_of_row(self, key: &str) -> Vec<String> {
        match self {
            Way::Text => vec![key.to_owned()],
            Way::Number => vec![without_zeros(key).to_owned()],
            Way::Dotted => match key.strip_prefix("R__") {
                Some(description) => vec![repeatable(description)],
                None => match key.strip_prefix('B') {
                    Some(version) => vec![format!("B{}", dotted(version, false))],
                    None => vec![dotted(key, false)],
                },
            },
            Way::DottedExact => vec![dotted(key, true)],
            Way::ChangeSet => vec![change_set(key)],
            Way::Drizzle => {
                let (name, time) = split_time(key).unwrap_or((key, ""));
                let mut names = Vec::new();
                if !name.is_empty() {
                    names.push(format!("named {name}"));
                }
                if !time.is_empty() {
                    names.push(format!("at {time}"));
                }
                if let (true, Ok(time)) = (name.is_empty(), time.parse::<i64>()) {
                    names.push(format!("second {}", time.div_euclid(1000)));
                }
                names
            }
            Way::Loose { by_number } => {
                let file = key.rsplit('/').next().unwrap_or(key);
                let stem = file.strip_suffix(".sql").unwrap_or(file);
                let stem = stem.strip_suffix(".up").unwrap_or(stem);
                let bare = stem.strip_prefix(['V', 'v']).unwrap_or(stem);
                let end = bare.find(|c: char| !c.is_ascii_digit());
                let digits = &bare[..end.unwrap_or(bare.len())];
                match by_number && !digits.is_empty() {
                    true => vec![without_zeros(digits).to_owned()],
                    false => vec![stem.to_owned()],
                }
            }
        }
    }

    /// Which of two versions comes first, as far as the tool counts.
    fn order(self, one: &str, other: &str) -> Ordering {
        match self {
            Way::Number | Way::Dotted | Way::DottedExact | Way::Loose { .. } => {
                let keeps_zeros = matches!(self, Way::DottedExact);
                numbers(one, keeps_zeros).cmp(&numbers(other, keeps_zeros))
            }
            Way::Text | Way::ChangeSet | Way::Drizzle => one.cmp(other),
        }
    }

    /// For each entry the place of the known migration that it is about.
    fn matches(self, known: &[KnownMigration], entries: &[Entry]) -> Vec<Option<usize>> {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, it) in known.iter().enumerate() {
            for name in self.names_of_known(&it.key) {
                places.entry(name).or_insert(place);
            }
        }
        let mut found: Vec<Option<usize>> = entries
            .iter()
            .map(|entry| {
                let names = self.names_of_row(&entry.key);
                names.iter().find_map(|name| places.get(name).copied())
            })
            .collect();
        if let Way::ChangeSet = self {
            by_end_of_path(known, entries, &mut found);
        }
        found
    }

    fn compare(
        self,
        known: &[KnownMigration],
        table: &ReadTable,
        ledger: &Ledger,
    ) -> HistoryComparison {
        let mut standings: Vec<Option<Outcome>> = vec![None; known.len()];
        let mut is_changed = vec![false; known.len()];
        let mut unknown = Vec::new();
        let mut failed = Vec::new();
        for (entry, place) in ledger
            .entries
            .iter()
            .zip(self.matches(known, &ledger.entries))
        {
            match (place, entry.outcome) {
                (Some(place), outcome) => {
                    standings[place] = Some(outcome);
                    let own = match self {
                        Way::Dotted => split_checksum(&known[place].key).1,
                        _ => None, // No other tool's checksums are known.
                    };
                    is_changed[place] = own
                        .is_some_and(|own| entry.checksum.as_deref().is_some_and(|it| it != own));
                }
                (None, Outcome::Applied) => {
                    // A migration of Drizzle that is only known by its time.
                    unknown.push(entry.key.trim_start_matches('@').to_owned());
                }
                (None, Outcome::Failed(reason)) => failed.push(FailedMigration {
                    key: entry.key.clone(),
                    reason: reason.to_owned(),
                }),
            }
        }
        let is_new = ledger.entries.is_empty() && ledger.covered.is_none();
        let checkpoint = known.iter().rposition(|it| it.is_checkpoint);
        let run_checkpoint = known
            .iter()
            .zip(&standings)
            .rposition(|(it, standing)| it.is_checkpoint && *standing == Some(Outcome::Applied));
        for (place, it) in known.iter().enumerate() {
            let is_covered = match &ledger.covered {
                None => false,
                Some(Covered::UpTo(version)) => self.order(&it.key, version).is_le(),
                Some(Covered::Below(version)) => self.order(&it.key, version).is_lt(),
            };
            let is_version = !it.key.starts_with("R__") && !it.is_checkpoint;
            let is_behind = run_checkpoint.is_some_and(|checkpoint| place < checkpoint);
            if standings[place].is_none() && is_version && (is_covered || is_behind) {
                standings[place] = Some(Outcome::Applied);
            }
        }
        // A baseline whose file is not there is no version that somebody else has applied.
        unknown.retain(|key| !matches!(self, Way::Dotted) || !key.starts_with('B'));
        let newest = known.iter().zip(&standings).rposition(|(it, standing)| {
            !it.key.starts_with("R__") && *standing == Some(Outcome::Applied)
        });
        let mut comparison = HistoryComparison {
            tool: table.tool,
            table: table.table.clone(),
            applied: Vec::new(),
            pending: Vec::new(),
            unknown,
            failed: Vec::new(),
            changed: Vec::new(),
            out_of_order: Vec::new(),
        };
        for (place, (it, standing)) in known.iter().zip(&standings).enumerate() {
            let key = it.key.clone();
            match standing {
                Some(Outcome::Applied) => {
                    comparison.applied.push(key.clone());
                    if is_changed[place] {
                        comparison.changed.push(key);
                    }
                }
                Some(Outcome::Failed(reason)) => comparison.failed.push(FailedMigration {
                    key,
                    reason: (*reason).to_owned(),
                }),
                // A new database begins with the newest checkpoint, any other runs none.
                None if is_new && checkpoint.is_some_and(|it| place < it) => {}
                None if it.is_checkpoint && !(is_new && checkpoint == Some(place)) => {}
                None => {
                    let is_late = !key.starts_with("R__") && newest.is_some_and(|it| place < it);
                    if is_late {
                        comparison.out_of_order.push(key.clone());
                    }
                    comparison.pending.push(key);
                }
            }
        }
        comparison.failed.extend(failed);
        comparison
    }
}

/// Older releases of Liquibase, and those that are started elsewhere, wrote down the path in another
/// way: where an id and an author are left over on both sides and one path ends in the other, they
/// are one.
fn by_end_of_path(known: &[KnownMigration], entries: &[Entry], found: &mut [Option<usize>]) {
    let taken: HashSet<usize> = found.iter().flatten().copied().collect();
    let mut left: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, it) in known.iter().enumerate() {
        if !taken.contains(&place) {
            let key = change_set(&it.key);
            let (_, rest) = key.split_once("::").unwrap_or(("", &key));
            left.entry(rest.to_owned()).or_default().push(place);
        }
    }
    for (entry, found) in entries.iter().zip(found) {
        if found.is_some() {
            continue;
        }
        let key = change_set(&entry.key);
        let (path, rest) = key.split_once("::").unwrap_or(("", &key));
        let Some(places) = left.get_mut(rest) else {
            continue;
        };
        let fits = places.iter().position(|place| {
            let own = change_set(&known[*place].key);
            let own = own.split_once("::").map_or("", |(path, _)| path);
            ends_in(own, path) || ends_in(path, own)
        });
        *found = fits.map(|at| places.remove(at));
    }
}

/// Whether the last parts of a path are those of another.
fn ends_in(path: &str, end: &str) -> bool {
    path.strip_suffix(end)
        .is_some_and(|rest| !end.is_empty() && (rest.is_empty() || rest.ends_with('/')))
}

/// As `DatabaseChangeLog.normalizePath` and `RanChangeSet.isSameAs` have it.
fn change_set(key: &str) -> String {
    let path = key.replace('\\', "/");
    let path = path.strip_prefix("classpath:").unwrap_or(&path);
    let path = path.trim_start_matches("./").trim_start_matches('/');
    path.to_lowercase()
}

/// A description as Flyway keeps it.
fn repeatable(description: &str) -> String {
    format!("R__{}", description.replace('_', " "))
}

/// The key of a repeatable migration of Flyway, and the checksum behind it.
fn split_checksum(key: &str) -> (&str, Option<&str>) {
    match key.rsplit_once('@') {
        Some((name, sum)) if key.starts_with("R__") && sum.parse::<i32>().is_ok() => {
            (name, Some(sum))
        }
        _ => (key, None),
    }
}

/// What stands before the last `@`, and the time behind it.
fn split_time(key: &str) -> Option<(&str, &str)> {
    key.rsplit_once('@')
        .filter(|(_, time)| time.parse::<i64>().is_ok())
}

/// The time with which the name of a folder begins, `YYYYMMDDhhmmss`, in seconds since 1970.
fn seconds_of_name(name: &str) -> Option<i64> {
    let digits = name.get(..14)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits[from..to].parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    // Days of the Gregorian calendar, in years that begin with March.
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2).div_euclid(5)
        + day
        - 719_469;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" if !digits.is_empty() => "0",
        bare => bare,
    }
}

/// The same text for equal versions; what is no version stays as it is.
fn dotted(version: &str, keeps_zeros: bool) -> String {
    let numbers = numbers(version, keeps_zeros);
    let is_version = |it: &(usize, &str)| it.1.bytes().all(|byte| byte.is_ascii_digit());
    if !numbers.iter().all(is_version) {
        return version.to_owned();
    }
    let parts: Vec<&str> = numbers
        .iter()
        .map(|(_, digits)| if digits.is_empty() { "0" } else { digits })
        .collect();
    parts.join(".")
}

/// The parts of a version, each so that longer numbers sort behind shorter ones.
fn numbers(version: &str, keeps_zeros: bool) -> Vec<(usize, &str)> {
    let mut parts: Vec<(usize, &str)> = version
        .split(['.', '_'])
        .map(|part| {
            let digits = part.trim_start_matches('0');
            (digits.len(), digits)
        })
        .collect();
    while !keeps_zeros && parts.len() > 1 && parts.last().is_some_and(|last| last.0 == 0) {
        parts.pop();
    }
    parts
}
