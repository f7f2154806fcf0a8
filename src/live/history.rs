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

use super::read::{BEGIN, COMMIT, KEEP_PATH, ROLLBACK};
use super::{Answers, LiveError};
use crate::discover::{HistorySource, HistoryTable, Layout, TableName};

pub use standing::{FailedMigration, HistoryComparison, compare_history};

/// The query, with a mark for what is sought.
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
    let state = history_between(server, history, &format!("{BEGIN}{KEEP_PATH}"), COMMIT);
    if state.is_err() {
        // What went wrong is known; the connection is left as it was found, if it still answers.
        let _ = server.answer(ROLLBACK);
    }
    state
}

/// [`read_history`] between two other scripts, in a transaction that has begun with [`KEEP_PATH`].
pub(super) fn history_between(
    server: &mut dyn Answers,
    history: &HistoryTable,
    before: &str,
    after: &str,
) -> Result<HistoryState, LiveError> {
    let sources = history.sources();
    if sources.is_empty() {
        server.answer(&format!("{before}{after}"))?;
        return Ok(HistoryState::Missing { sought: Vec::new() });
    }
    let mut tables: Vec<TableRow> = Vec::new();
    let mut rows: Vec<Vec<HistoryRow>> = vec![Vec::new(); sources.len()];
    for line in server.answer(&format!("{before}{}{after}", script(&sources)))? {
        let not_understood = |reason: String| LiveError::Answer {
            reason,
            row: line.chars().take(200).collect(),
        };
        let read: Line =
            serde_json::from_str(&line).map_err(|error| not_understood(error.to_string()))?;
        match read {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::KnownMigration;

    /// A server that answers what it was told to.
    struct Told(Vec<String>);

    impl Answers for Told {
        fn answer(&mut self, _: &str) -> Result<Vec<String>, LiveError> {
            Ok(self.0.clone())
        }
    }

    /// The answer of a server that has the first table of a tool, with these rows.
    fn with_rows(rows: &[&str]) -> Told {
        let mut lines = vec![table(0, "s")];
        let rows = rows
            .iter()
            .map(|row| format!(r#"{{"is":"row","source":0,"row":{row}}}"#));
        lines.extend(rows);
        Told(lines)
    }

    fn table(source: usize, schema: &str) -> String {
        format!(
            r#"{{"is":"table","source":{source},"schema":"{schema}","name":"t","missing":[],
            "is_known":true,"is_elsewhere":false,"is_readable":true,"hides_rows":false}}"#
        )
    }

    fn known(keys: &[&str]) -> Vec<KnownMigration> {
        let known = keys.iter().map(|key| KnownMigration {
            key: key.trim_matches(['[', ']']).to_owned(),
            is_checkpoint: key.starts_with('['),
        });
        known.collect()
    }

    /// Each known migration with a sign: `+` applied, `-` pending, `!` failed; then `?` and the
    /// unknown ones.
    fn stands(layout: Layout, rows: &[&str], keys: &[&str]) -> String {
        let history = HistoryTable::usual(layout);
        let state = read_history(&mut with_rows(rows), &history).expect("it is understood");
        let HistoryState::Read(rows) = state else {
            return state.to_string();
        };
        let known = known(keys);
        let Some(found) = compare_history(&history, &known, &rows) else {
            return "no table fits".to_owned();
        };
        let signed = |sign: &str, keys: &[String]| {
            keys.iter()
                .map(|key| format!("{sign}{key}"))
                .collect::<Vec<_>>()
        };
        let failed: Vec<String> = found.failed.iter().map(|it| it.key.clone()).collect();
        let lists = [
            signed("+", &found.applied),
            signed("!", &failed),
            signed("-", &found.pending),
            signed("?", &found.unknown),
        ];
        lists.concat().join(" ")
    }

    #[test]
    fn each_tool_is_read_in_its_own_way() {
        let cases: [(Layout, &[&str], &[&str], &str); 21] = [
            (
                Layout::Sqlx,
                &[
                    r#"{"version":"1","success":"true"}"#,
                    r#"{"version":"2","success":"false"}"#,
                    r#"{"version":"9"}"#,
                ],
                &["1", "2", "3"],
                "+1 !2 -3 ?9",
            ),
            (
                Layout::GolangMigrate,
                &[r#"{"version":"-1","dirty":"false"}"#],
                &["1"],
                "-1",
            ),
            (
                Layout::GolangMigrate,
                &[r#"{"version":"10","dirty":"true"}"#],
                &["9", "10", "11"],
                "+9 !10 -11",
            ),
            (
                Layout::Flyway,
                &[
                    r#"{"version":"1.0","description":"a","type":"SQL","success":"true"}"#,
                    r#"{"version":null,"description":"b c","type":"SQL","success":"true","checksum":"5"}"#,
                ],
                &["1", "1.10", "R__b_c@5"],
                "+1 +R__b_c@5 -1.10",
            ),
            (
                Layout::Goose,
                &[
                    r#"{"version_id":"0","is_applied":"true"}"#,
                    r#"{"version_id":"1","is_applied":"true"}"#,
                    r#"{"version_id":"1","is_applied":"false"}"#,
                ],
                &["1"],
                "-1",
            ),
            (
                Layout::Diesel,
                &[r#"{"version":"01"}"#],
                &["01", "1"],
                "+01 -1",
            ),
            (
                Layout::Prisma,
                &[
                    r#"{"migration_name":"a","finished_at":"2024-01-01"}"#,
                    r#"{"migration_name":"b","finished_at":null}"#,
                    r#"{"migration_name":"c","rolled_back_at":"2024-01-01"}"#,
                ],
                &["a", "b", "c"],
                "+a !b -c",
            ),
            (
                Layout::Dbmate,
                &[r#"{"version":"001"}"#],
                &["001", "002"],
                "+001 -002",
            ),
            (
                Layout::Drizzle,
                &[r#"{"created_at":"1709553600000"}"#, r#"{"created_at":"2"}"#],
                &["a@1709553600000", "b@1"],
                "+a@1709553600000 -b@1 ?2",
            ),
            (
                Layout::Refinery,
                &[r#"{"version":"1"}"#],
                &["1", "2"],
                "+1 -2",
            ),
            (
                Layout::Supabase,
                &[r#"{"version":"1"}"#],
                &["1", "2"],
                "+1 -2",
            ),
            (
                Layout::SqlMigrate,
                &[r#"{"id":"1.sql"}"#],
                &["1.sql", "2.sql"],
                "+1.sql -2.sql",
            ),
            (
                Layout::Tern,
                &[r#"{"version":"10"}"#],
                &["9", "10", "11"],
                "+9 +10 -11",
            ),
            (
                Layout::Atlas,
                &[
                    r#"{"version":".atlas_cloud_identifier","type":"2","applied":"0","total":"0"}"#,
                    r#"{"version":"3","type":"2","applied":"1","total":"1"}"#,
                ],
                &["1", "2", "[3]", "4"],
                "+1 +2 +3 -4",
            ),
            // A new database begins with the newest checkpoint.
            (Layout::Atlas, &[], &["1", "[2]", "3"], "-2 -3"),
            (
                Layout::Graphile,
                &[r#"{"filename":"000001.sql"}"#],
                &["000001.sql"],
                "+000001.sql",
            ),
            (
                Layout::Sqitch,
                &[
                    r#"{"change":"a","project":"p"}"#,
                    r#"{"change":"a","project":"p"}"#,
                ],
                &["a", "a#2", "a#3"],
                "+a +a#2 -a#3",
            ),
            (
                Layout::Liquibase,
                &[r#"{"filename":"classpath:db/x.sql","id":"1","author":"Ada"}"#],
                &["db/x.sql::1::ada", "db/x.sql::2::ada"],
                "+db/x.sql::1::ada -db/x.sql::2::ada",
            ),
            (
                Layout::Pgmigrate,
                &[
                    r#"{"version":"2","type":"manual"}"#,
                    r#"{"version":"3","type":"auto"}"#,
                ],
                &["1", "2", "3", "4"],
                "+1 +2 +3 -4",
            ),
            (
                Layout::Evolve,
                &[r#"{"type":"0","version":"1","success":"true"}"#],
                &["1", "1.0"],
                "+1 -1.0",
            ),
            (
                Layout::DbMigrate,
                &[r#"{"name":"a"}"#, r#"{"name":"x/b"}"#],
                &["/a", "/b"],
                "+/a -/b",
            ),
        ];
        for (layout, rows, keys, expected) in cases {
            assert_eq!(stands(layout, rows, keys), expected, "{}", layout.as_str());
        }
    }

    #[test]
    fn a_row_that_says_nothing_is_nothing() {
        let odd = [
            "{}",
            r#"{"version":null,"id":null,"name":null,"type":null,"cli_state":null}"#,
            r#"{"version":"","id":"","name":"","type":"","cli_state":"no json"}"#,
            r#"{"version":"..__..@@","id":"::","filename":"/","author":"","type":"99999999999"}"#,
            r#"{"cli_state":"[1]","created_at":"x","migration_name":"","change":"","project":""}"#,
        ];
        for layout in Layout::ALL {
            for keys in [
                &[][..],
                &["1"],
                &["", "@", "R__", "R__@1", "B", "::", "[x]"],
            ] {
                stands(*layout, &odd, keys);
            }
        }
    }

    #[test]
    fn an_answer_of_another_form_is_an_error() {
        let history = HistoryTable::usual(Layout::Sqlx);
        for wrong in [
            "",
            "1",
            "[]",
            r#"{"is":"row","source":7,"row":{}}"#,
            r#"{"is":"new"}"#,
        ] {
            let outcome = read_history(&mut Told(vec![wrong.to_owned()]), &history);
            assert!(matches!(outcome, Err(LiveError::Answer { .. })), "{wrong}");
        }
    }

    #[test]
    fn too_many_rows_are_no_history() {
        let row = r#"{"version":"1"}"#;
        let rows = vec![row; MOST_ROWS + 1];
        assert_eq!(
            stands(Layout::Sqlx, &rows, &["1"]),
            "`s.t` has more than 50000 rows, so it is no history table"
        );
    }

    #[test]
    fn the_table_with_most_of_the_versions_counts_where_no_tool_is_known() {
        let history = HistoryTable::usual(Layout::Plain);
        let row = |source: usize, column: &str, value: &str| {
            format!(r#"{{"is":"row","source":{source},"row":{{"{column}":"{value}"}}}}"#)
        };
        // The sources are in the order of `NUMBERED`: sqlx, golang-migrate, goose, dbmate …
        let mut server = Told(vec![
            table(0, "one"),
            row(0, "version", "1"),
            table(3, "two"),
            row(3, "version", "001"),
            row(3, "version", "002"),
        ]);
        let HistoryState::Read(rows) = read_history(&mut server, &history).unwrap() else {
            panic!("the tables can be read");
        };
        let found = compare_history(&history, &known(&["001", "002", "003"]), &rows).unwrap();
        assert_eq!((found.tool, found.applied.len()), (Layout::Dbmate, 2));
        assert_eq!(found.table.to_string(), "two.t");
    }
}
