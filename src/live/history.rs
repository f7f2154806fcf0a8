//! Which migrations a database has, from the history table of the project's own tool.
//!
//! Input: a server and the table to look for ([`HistoryTable`]). Output: its rows, or why there are
//! none to read ([`HistoryState`]); [`compare_history`] holds them against the migrations of a
//! project. Everything is read in one read-only transaction. A table that is missing, that the role
//! may not read or that has other columns is an answer, not an error. Checksums are not compared,
//! except those of Flyway's repeatable migrations.

mod rows;
mod standing;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::{Answers, LiveError};
use crate::discover::{HistorySource, HistoryTable, Layout, TableName};

pub use standing::{FailedMigration, HistoryComparison, compare_history};

/// The queries, in one script with a mark for what is sought.
const SCRIPT: &str = include_str!("history.sql");

/// More rows than this are no history of migrations.
const MOST_ROWS: usize = 50_000;

/// A row of a history table: the values of the columns that are read, as text.
pub type HistoryRow = BTreeMap<String, Option<String>>;

/// What was found of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryState {
    /// The tables that hold it.
    Read(HistoryRows),
    /// There is no table of that name: nothing was ever applied by this tool, or its table has
    /// another name.
    Missing {
        /// The names that were sought; none where no tool is known and no table is named.
        sought: Vec<TableName>,
    },
    /// The role may not read it.
    Refused {
        /// The table.
        table: TableName,
    },
    /// Row-level security may hide rows of it from the role.
    HidesRows {
        /// The table.
        table: TableName,
    },
    /// It has other columns than the tool makes.
    OtherColumns {
        /// The table.
        table: TableName,
        /// The columns that it lacks.
        missing: Vec<String>,
    },
    /// It has more rows than a history has.
    TooLong {
        /// The table.
        table: TableName,
    },
    /// Schemas that the connection does not search have a table of that name, and nobody knows
    /// whether it is this one.
    Elsewhere {
        /// The first of the tables, by schema.
        tables: Vec<TableName>,
    },
}

/// The rows of the history tables that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRows {
    /// The tables, in the order in which they were sought.
    pub tables: Vec<ReadTable>,
}

/// A history table that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTable {
    /// The tool whose table it is.
    pub tool: Layout,
    /// Its name, with the schema.
    pub table: TableName,
    /// Its rows, in the tool's order.
    pub rows: Vec<HistoryRow>,
}

/// For people: what keeps the history from being known; lower case, no full stop.
impl fmt::Display for HistoryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |tables: &[TableName]| {
            let names: Vec<String> = tables.iter().map(|it| format!("`{it}`")).collect();
            names.join(", ")
        };
        match self {
            HistoryState::Read(rows) => {
                let names: Vec<TableName> = rows.tables.iter().map(|it| it.table.clone()).collect();
                write!(f, "the history is in {}", listed(&names))
            }
            HistoryState::Missing { sought } => write!(
                f,
                "there is no history table ({}): nothing was ever applied by this tool, or its \
                 table has another name, which `[history] table` in migcheck.toml says",
                listed(sought)
            ),
            HistoryState::Refused { table } => write!(
                f,
                "the role may not read the history table `{table}`: grant it SELECT on the table \
                 and USAGE on its schema"
            ),
            HistoryState::HidesRows { table } => write!(
                f,
                "row-level security may hide rows of the history table `{table}` from the role"
            ),
            HistoryState::OtherColumns { table, missing } => {
                let missing: Vec<String> = missing.iter().map(|it| format!("`{it}`")).collect();
                match missing.as_slice() {
                    [] => write!(f, "no column of `{table}` is one of a history table"),
                    _ => write!(
                        f,
                        "`{table}` is no history table of this tool: it has no column {}",
                        missing.join(", ")
                    ),
                }
            }
            HistoryState::TooLong { table } => write!(
                f,
                "`{table}` has more than {MOST_ROWS} rows, so it is no history table"
            ),
            HistoryState::Elsewhere { tables } => write!(
                f,
                "the history table may be {}, in a schema that the connection does not search; say \
                 so with `[history] table` in migcheck.toml",
                listed(tables).replace(", ", " or ")
            ),
        }
    }
}

/// One line of the answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Line {
    Path,
    Table(TableRow),
    Row { source: usize, row: HistoryRow },
}

#[derive(Debug, Deserialize)]
struct TableRow {
    source: usize,
    schema: String,
    name: String,
    missing: Vec<String>,
    is_known: bool,
    is_elsewhere: bool,
    is_readable: bool,
    hides_rows: bool,
}

/// Reads the history table of a tool in the database that the server is connected to (PostgreSQL 12
/// to 18, built with libxml as all packages are), in one read-only transaction of its own.
///
/// # Errors
///
/// When the server cannot be asked, or its answer is not understood.
pub fn read_history(
    server: &mut dyn Answers,
    history: &HistoryTable,
) -> Result<HistoryState, LiveError> {
    let sources = history.sources();
    if sources.is_empty() {
        return Ok(HistoryState::Missing { sought: Vec::new() });
    }
    let mut tables: Vec<TableRow> = Vec::new();
    let mut rows: Vec<Vec<HistoryRow>> = vec![Vec::new(); sources.len()];
    for line in server.answer(&script(&sources))? {
        let not_understood = |reason: String| LiveError::Answer {
            reason,
            row: line.chars().take(200).collect(),
        };
        let read: Line =
            serde_json::from_str(&line).map_err(|error| not_understood(error.to_string()))?;
        match read {
            Line::Path => {}
            Line::Table(table) => tables.push(table),
            Line::Row { source, row } => match rows.get_mut(source) {
                Some(rows) => rows.push(row),
                None => return Err(not_understood("it belongs to no table".to_owned())),
            },
        }
    }
    let mut read: Vec<ReadTable> = Vec::new();
    let mut others: Vec<HistoryState> = Vec::new();
    for (place, (source, rows)) in sources.iter().zip(rows).enumerate() {
        let own: Vec<&TableRow> = tables.iter().filter(|it| it.source == place).collect();
        match state(source, &own, rows) {
            Ok(table) => read.extend(table),
            Err(state) => others.push(state),
        }
    }
    if !read.is_empty() {
        return Ok(HistoryState::Read(HistoryRows { tables: read }));
    }
    // Where no tool is known, a table of that name with other columns is another table.
    let is_guessed = matches!(history.layout, Layout::Custom | Layout::Plain);
    let is_told = history.table.is_some() || !is_guessed;
    let telling = others
        .into_iter()
        .find(|it| is_told || !matches!(it, HistoryState::OtherColumns { .. }));
    Ok(telling.unwrap_or_else(|| HistoryState::Missing {
        sought: sources.into_iter().map(|it| it.table).collect(),
    }))
}

/// What became of one source: its table, where there is one.
fn state(
    source: &HistorySource,
    tables: &[&TableRow],
    rows: Vec<HistoryRow>,
) -> Result<Option<ReadTable>, HistoryState> {
    let name = |it: &TableRow| TableName::qualified(it.schema.as_str(), it.name.as_str());
    let Some(table) = tables.first() else {
        return Ok(None);
    };
    let found = name(table);
    match () {
        () if !table.missing.is_empty() || !table.is_known => Err(HistoryState::OtherColumns {
            table: found,
            missing: table.missing.clone(),
        }),
        () if table.is_elsewhere => Err(HistoryState::Elsewhere {
            tables: tables.iter().map(|it| name(it)).collect(),
        }),
        () if !table.is_readable => Err(HistoryState::Refused { table: found }),
        () if table.hides_rows => Err(HistoryState::HidesRows { table: found }),
        () if rows.len() > MOST_ROWS => Err(HistoryState::TooLong { table: found }),
        () => Ok(Some(ReadTable {
            tool: source.tool,
            table: found,
            rows,
        })),
    }
}

/// The script that looks for these tables.
fn script(sources: &[HistorySource]) -> String {
    let list = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|it| literal(it)).collect();
        format!("ARRAY[{}]::text[]", names.join(", "))
    };
    let wanted: Vec<String> = sources
        .iter()
        .enumerate()
        .map(|(place, it)| {
            format!(
                "({place}, {}::text, {}::text, {}::text, {}, {}, {})",
                it.table
                    .schema
                    .as_deref()
                    .map_or("NULL".to_owned(), literal),
                literal(it.reach.as_str()),
                literal(&it.table.name),
                list(it.columns),
                list(it.needed),
                list(it.order),
            )
        })
        .collect();
    // The first mark is in the comment that explains it.
    let (before, after) = SCRIPT
        .split_once("\n  WANTED\n")
        .expect("the script has the mark on a line of its own");
    format!("{before}\n  {}\n{after}", wanted.join(",\n  "))
}

/// A text as a literal that means the same whatever the server's settings.
fn literal(text: &str) -> String {
    // No name on a server holds a zero byte: one that does is the name of nothing.
    let text = text.replace('\0', "\u{fffd}");
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
