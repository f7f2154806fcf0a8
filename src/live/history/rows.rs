//! What the rows of a history table say: which migrations are applied, and which failed half way.
//!
//! Input: the rows as they were read. Output: a [`Ledger`]. What a tool means by its columns stands
//! here and nowhere else; `src/discover/layout/history.rs` names the sources.

use std::collections::HashMap;

use super::HistoryRow;
use crate::discover::Layout;

/// What a history table says.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The migrations that it names, in the order of its rows.
    pub(super) entries: Vec<Entry>,
    /// What counts as applied although nothing names it.
    pub(super) covered: Option<Covered>,
}

/// A migration that a history table names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As the table names it.
    pub(super) key: String,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// The checksum of a repeatable migration, where the tool goes by it.
    pub(super) checksum: Option<String>,
}

/// What became of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is applied.
    Applied,
    /// It failed half way; why that is known, for people.
    Failed(&'static str),
}

/// Versions that count as applied although no row names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Covered {
    /// This one and all before it.
    UpTo(String),
    /// All before this one.
    Below(String),
}

/// A migration that is written down several times counts as its newest row says.
#[derive(Default)]
struct Newest {
    entries: Vec<Option<Entry>>,
    places: HashMap<String, usize>,
}

impl Newest {
    fn put(&mut self, entry: Entry) {
        self.take_back(&entry.key);
        self.places.insert(entry.key.clone(), self.entries.len());
        self.entries.push(Some(entry));
    }

    /// It is not applied any more.
    fn take_back(&mut self, key: &str) {
        if let Some(place) = self.places.remove(key) {
            self.entries[place] = None;
        }
    }

    fn finish(self) -> Vec<Entry> {
        self.entries.into_iter().flatten().collect()
    }
}

fn text<'a>(row: &'a HistoryRow, column: &str) -> Option<&'a str> {
    row.get(column)?.as_deref()
}

/// Whether a column of truth values holds this one.
fn is(row: &HistoryRow, column: &str, value: &str) -> bool {
    text(row, column) == Some(value)
}

fn applied(key: impl Into<String>) -> Entry {
    Entry {
        key: key.into(),
        outcome: Outcome::Applied,
        checksum: None,
    }
}

fn failed(key: impl Into<String>, why: &'static str) -> Entry {
    Entry {
        key: key.into(),
        outcome: Outcome::Failed(why),
        checksum: None,
    }
}

/// Whatever a tool writes into one column, each row an applied migration.
fn column(rows: &[HistoryRow], name: &str) -> Ledger {
    Ledger {
        entries: rows
            .iter()
            .filter_map(|row| text(row, name))
            .map(applied)
            .collect(),
        covered: None,
    }
}

/// What the rows of a tool's table say; `scope` as in
/// [`HistoryTable`](crate::discover::HistoryTable).
pub(super) fn ledger(tool: Layout, rows: &[HistoryRow], scope: Option<&str>) -> Ledger {
    match tool {
        Layout::Sqlx => with_success(rows, "version"),
        Layout::Diesel | Layout::Dbmate | Layout::Refinery | Layout::Supabase | Layout::Pop => {
            column(rows, "version")
        }
        Layout::SqlMigrate | Layout::Mybatis => column(rows, "id"),
        Layout::Graphile => column(rows, "filename"),
        Layout::NodePgMigrate => column(rows, "name"),
        Layout::GolangMigrate => golang_migrate(rows),
        Layout::Flyway => flyway(rows),
        Layout::Goose => goose(rows),
        Layout::Prisma => prisma(rows),
        Layout::Drizzle => drizzle(rows),
        Layout::Tern => tern(rows),
        Layout::Atlas => atlas(rows),
        Layout::Hasura => hasura(rows, scope.unwrap_or("default")),
        Layout::Yoyo => Ledger {
            entries: rows
                .iter()
                .filter_map(|row| text(row, "migration_id").or_else(|| text(row, "id")))
                .map(applied)
                .collect(),
            covered: None,
        },
        Layout::Sqitch => sqitch(rows, scope),
        Layout::Liquibase => liquibase(rows),
        Layout::Pgmigrate => pgmigrate(rows),
        Layout::Evolve => evolve(rows),
        Layout::DbMigrate => db_migrate(rows),
        // The column that fits is sought where the rows are compared.
        Layout::Custom | Layout::Plain => Ledger::default(),
    }
}

/// One ledger for each column of a table of no known tool.
pub(super) fn ledgers_by_column(rows: &[HistoryRow]) -> Vec<Ledger> {
    let names: Vec<&String> = rows
        .first()
        .into_iter()
        .flat_map(|row| row.keys())
        .collect();
    names.into_iter().map(|name| column(rows, name)).collect()
}

fn with_success(rows: &[HistoryRow], name: &str) -> Ledger {
    let entry = |row| {
        let key = text(row, name)?;
        Some(match is(row, "success", "false") {
            true => failed(key, "its row says that it did not succeed"),
            false => applied(key),
        })
    };
    Ledger {
        entries: rows.iter().filter_map(entry).collect(),
        covered: None,
    }
}

/// One row: the newest version. That all before it are applied is what the tool takes for granted.
fn golang_migrate(rows: &[HistoryRow]) -> Ledger {
    let Some(row) = rows.last() else {
        return Ledger::default();
    };
    let Some(version) = text(row, "version") else {
        return Ledger::default();
    };
    if is(row, "dirty", "true") {
        return Ledger {
            entries: vec![failed(version, "the database is marked as dirty")],
            covered: Some(Covered::Below(version.to_owned())),
        };
    }
    // Going down below the first one leaves no row, or version -1.
    if version.starts_with('-') {
        return Ledger::default();
    }
    Ledger {
        entries: vec![applied(version)],
        covered: Some(Covered::UpTo(version.to_owned())),
    }
}

fn flyway(rows: &[HistoryRow]) -> Ledger {
    let mut newest = Newest::default();
    let mut covered = None;
    for row in rows {
        let kind = text(row, "type").unwrap_or_default();
        let description = text(row, "description").unwrap_or_default();
        let version = text(row, "version");
        let key = match version {
            Some(version) => version.to_owned(),
            None => format!("R__{description}"),
        };
        let has_failed = is(row, "success", "false");
        match kind {
            "SCHEMA" => {}
            "DELETE" => newest.take_back(&key),
            _ if kind.starts_with("UNDO") => {
                if has_failed {
                    newest.put(failed(key, "undoing it failed"));
                } else {
                    newest.take_back(&key);
                }
            }
            "BASELINE" => covered = Some(Covered::UpTo(key)),
            _ if has_failed => newest.put(failed(key, "its row says that it did not succeed")),
            "SQL_BASELINE" | "JDBC_BASELINE" | "SQL_STATE_SCRIPT" | "JDBC_STATE_SCRIPT" => {
                newest.put(applied(format!("B{key}")));
                covered = Some(Covered::UpTo(key));
            }
            _ => newest.put(Entry {
                checksum: text(row, "checksum")
                    .filter(|_| version.is_none())
                    .map(str::to_owned),
                ..applied(key)
            }),
        }
    }
    Ledger {
        entries: newest.finish(),
        covered,
    }
}

/// Older releases of goose kept a row for each time that a migration was taken back.
fn goose(rows: &[HistoryRow]) -> Ledger {
    let mut newest = Newest::default();
    for row in rows {
        match text(row, "version_id") {
            None | Some("0") => {}
            Some(version) if is(row, "is_applied", "false") => newest.take_back(version),
            Some(version) => newest.put(applied(version)),
        }
    }
    Ledger {
        entries: newest.finish(),
        covered: None,
    }
}

/// A failed one stays in the way until somebody says that it is rolled back or applied.
fn prisma(rows: &[HistoryRow]) -> Ledger {
    let mut newest = Newest::default();
    let kept = rows
        .iter()
        .filter(|row| text(row, "rolled_back_at").is_none());
    let (finished, open): (Vec<&HistoryRow>, Vec<&HistoryRow>) =
        kept.partition(|row| text(row, "finished_at").is_some());
    let key = |row| text(row, "migration_name");
    for name in finished.into_iter().filter_map(key) {
        newest.put(applied(name));
    }
    for name in open.into_iter().filter_map(key) {
        newest.put(failed(name, "it was begun and never finished"));
    }
    Ledger {
        entries: newest.finish(),
        covered: None,
    }
}

/// `name@time`, or `@time` where the table has no names yet.
fn drizzle(rows: &[HistoryRow]) -> Ledger {
    let entry = |row| {
        let name = text(row, "name").unwrap_or_default();
        match text(row, "created_at") {
            Some(time) => Some(applied(format!("{name}@{time}"))),
            None if name.is_empty() => None,
            None => Some(applied(name)),
        }
    };
    Ledger {
        entries: rows.iter().filter_map(entry).collect(),
        covered: None,
    }
}

/// One row: how many are applied.
fn tern(rows: &[HistoryRow]) -> Ledger {
    match rows.last().and_then(|row| text(row, "version")) {
        None | Some("0") => Ledger::default(),
        Some(version) => Ledger {
            entries: vec![applied(version)],
            covered: Some(Covered::UpTo(version.to_owned())),
        },
    }
}

fn atlas(rows: &[HistoryRow]) -> Ledger {
    let mut ledger = Ledger::default();
    for row in rows {
        let Some(version) = text(row, "version") else {
            continue;
        };
        // A row of the tool's own, which names the database.
        if version.starts_with('.') {
            continue;
        }
        let kind: u32 = text(row, "type")
            .and_then(|it| it.parse().ok())
            .unwrap_or(2);
        let is_baseline = kind & 1 != 0;
        if is_baseline {
            ledger.covered = Some(Covered::UpTo(version.to_owned()));
        } else if text(row, "applied") != text(row, "total") {
            let why = "only the first of its statements are applied";
            ledger.entries.push(failed(version, why));
        } else {
            ledger.entries.push(applied(version));
        }
    }
    ledger
}

/// The state of the command line counts where it is there; the older table is copied into it once.
fn hasura(rows: &[HistoryRow], database: &str) -> Ledger {
    let versions = |states: &mut dyn Iterator<Item = (String, bool)>| Ledger {
        entries: states
            .map(|(version, is_dirty)| match is_dirty {
                true => failed(version, "its version is marked as dirty"),
                false => applied(version),
            })
            .collect(),
        covered: None,
    };
    for row in rows {
        let Some(state) = text(row, "cli_state") else {
            continue;
        };
        let state: serde_json::Value = serde_json::from_str(state).unwrap_or_default();
        let migrations = state["migrations"][database].as_object();
        let is_copied = state["isStateCopyCompleted"].as_bool().unwrap_or(false);
        if is_copied || migrations.is_some_and(|it| !it.is_empty()) {
            return versions(
                &mut migrations.into_iter().flatten().map(|(version, is_dirty)| {
                    (version.clone(), is_dirty.as_bool().unwrap_or(false))
                }),
            );
        }
    }
    versions(&mut rows.iter().filter_map(|row| {
        let version = text(row, "version")?;
        Some((version.to_owned(), is(row, "dirty", "true")))
    }))
}

/// A change that is deployed again after it was reworked is the second of its name.
fn sqitch(rows: &[HistoryRow], project: Option<&str>) -> Ledger {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let own = rows
        .iter()
        .filter(|row| project.is_none() || text(row, "project") == project);
    let entries = own
        .filter_map(|row| text(row, "change"))
        .map(|change| {
            let count = times.entry(change).or_default();
            *count += 1;
            match *count {
                1 => applied(change),
                count => applied(format!("{change}#{count}")),
            }
        })
        .collect();
    Ledger {
        entries,
        covered: None,
    }
}

/// Whatever the row says about how, what is written down has run or was marked so.
fn liquibase(rows: &[HistoryRow]) -> Ledger {
    let entry = |row| {
        let (path, id) = (text(row, "filename")?, text(row, "id")?);
        let author = text(row, "author")?;
        let key = format!("{path}::{id}::{author}");
        Some(match text(row, "exectype") {
            Some("FAILED") => failed(key, "its row says that it failed"),
            Some("SKIPPED") => return None,
            _ => applied(key),
        })
    };
    Ledger {
        entries: rows.iter().filter_map(entry).collect(),
        covered: None,
    }
}

/// A baseline is a row of the type `manual`.
fn pgmigrate(rows: &[HistoryRow]) -> Ledger {
    let mut ledger = Ledger::default();
    for row in rows {
        match text(row, "version") {
            Some(version) if is(row, "type", "manual") => {
                ledger.covered = Some(Covered::UpTo(version.to_owned()));
            }
            Some(version) => ledger.entries.push(applied(version)),
            None => {}
        }
    }
    ledger
}

/// The numbers of `MetadataType`: 0 a migration, 3 the version to start with, 4 a repeatable one.
fn evolve(rows: &[HistoryRow]) -> Ledger {
    let mut newest = Newest::default();
    let mut covered = None;
    for row in rows {
        let (version, name) = (text(row, "version"), text(row, "name"));
        let key = match (text(row, "type"), version, name) {
            (Some("3"), Some(version), _) => {
                covered = Some(Covered::Below(version.to_owned()));
                continue;
            }
            (Some("0"), Some(version), _) => version,
            (Some("4"), _, Some(name)) => name,
            _ => continue, // Schemas that it made or found empty.
        };
        newest.put(match is(row, "success", "false") {
            true => failed(key, "its row says that it did not succeed"),
            false => applied(key),
        });
    }
    Ledger {
        entries: newest.finish(),
        covered,
    }
}

/// A name has its scope in front, which is nothing but a slash for most.
fn db_migrate(rows: &[HistoryRow]) -> Ledger {
    let entry = |row| {
        let name = text(row, "name")?;
        let bare = name.strip_prefix('/').unwrap_or(name);
        (!bare.contains('/')).then(|| applied(format!("/{bare}")))
    };
    Ledger {
        entries: rows.iter().filter_map(entry).collect(),
        covered: None,
    }
}
