//! How large the tables of a database are and how busy, as a small file for the repository.
//!
//! Input: the rows of one query ([`STATISTICS_QUERY`]), which migcheck or somebody else asks of a
//! server. Output: [`Statistics`], written and read as TOML. Figures are rounded, so that the file
//! changes when a table does and not at every run; the same rows give the same bytes. What a
//! migration costs is judged elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;
use toml::Spanned;

use super::{Answers, LiveError};
use crate::day;
use crate::discover::{TableName, in_our_words};
use crate::error::{Error, Result};
use crate::source::SourceFile;

/// The query, one statement: each row of its answer is one JSON object.
pub const STATISTICS_QUERY: &str = include_str!("stats.sql");

/// The name of the file, in the project's root.
pub const STATISTICS_FILE: &str = "migcheck-stats.toml";

/// The format that this program writes, and the only one that it reads.
const FORMAT: i64 = 1;

/// Sizes and activity of the tables of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// The major version of the server.
    pub server: Option<u32>,
    /// The day since which activity was counted, as `2026-01-31`; without it no rate is known.
    pub counted_since: Option<String>,
    /// The tables, by name; a partitioned table holds what its partitions hold.
    pub tables: BTreeMap<TableName, TableStatistics>,
}

/// One table. Sizes are rounded to two digits, rates to one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableStatistics {
    /// Whether it is partitioned: then the figures are the sums of its partitions.
    pub is_partitioned: bool,
    /// The table of which it is a partition.
    pub partition_of: Option<TableName>,
    /// How many rows it has, as the server estimates; `None` where it never did.
    pub rows: Option<u64>,
    /// The bytes of its rows, without those that are stored apart for their size.
    pub heap_bytes: u64,
    /// The bytes of its indexes.
    pub index_bytes: u64,
    /// The bytes of all that belongs to it.
    pub total_bytes: u64,
    /// How busy it is, where that can be told.
    pub activity: Option<Activity>,
}

/// How busy a table is, per hour on average.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// How often it is scanned, whole or by an index.
    pub reads: u64,
    /// How many rows are inserted.
    pub inserts: u64,
    /// How many rows are updated.
    pub updates: u64,
    /// How many rows are deleted.
    pub deletes: u64,
}

/// One row of the answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Row {
    Counters(Counters),
    Table(Box<TableRow>),
}

#[derive(Debug, Deserialize)]
struct Counters {
    server: u32,
    since: Option<i64>,
    now: i64,
}

#[derive(Debug, Deserialize)]
struct TableRow {
    schema: String,
    name: String,
    partitioned: bool,
    parent: Option<(String, String)>,
    estimated_rows: Option<i64>,
    live_rows: Option<i64>,
    heap_bytes: Option<i64>,
    index_bytes: Option<i64>,
    total_bytes: Option<i64>,
    reads: Option<i64>,
    inserts: Option<i64>,
    updates: Option<i64>,
    deletes: Option<i64>,
}

/// Exact figures of one table, before they are rounded.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    rows: Option<u64>,
    heap: u64,
    index: u64,
    total: u64,
    reads: u64,
    inserts: u64,
    updates: u64,
    deletes: u64,
}

impl Figures {
    fn of(row: &TableRow) -> Figures {
        if row.partitioned {
            // It has nothing itself, whatever the server counted for it.
            return Figures::default();
        }
        let number = |it: Option<i64>| it.map_or(0, |it| it.max(0).unsigned_abs());
        let estimated = row.estimated_rows.map(|it| it.max(0).unsigned_abs());
        let heap = number(row.heap_bytes);
        // The estimate of the last vacuum, which survives a crash and is steadier than the count.
        let rows = match (estimated, number(row.live_rows)) {
            (Some(estimated), _) => Some(estimated),
            (None, 0) if heap > 0 => None,
            (None, live) => Some(live),
        };
        Figures {
            rows,
            heap,
            index: number(row.index_bytes),
            total: number(row.total_bytes),
            reads: number(row.reads),
            inserts: number(row.inserts),
            updates: number(row.updates),
            deletes: number(row.deletes),
        }
    }

    fn add(&mut self, other: &Figures) {
        // A sum with something unknown in it is at least the rest.
        self.rows = match (self.rows, other.rows) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        for (sum, more) in [
            (&mut self.heap, other.heap),
            (&mut self.index, other.index),
            (&mut self.total, other.total),
            (&mut self.reads, other.reads),
            (&mut self.inserts, other.inserts),
            (&mut self.updates, other.updates),
            (&mut self.deletes, other.deletes),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    fn rounded(&self, seconds: Option<u64>) -> TableStatistics {
        let activity = seconds.map(|seconds| {
            let per_hour = |count: u64| {
                let hourly = u128::from(count) * 3600 / u128::from(seconds);
                rounded(u64::try_from(hourly).unwrap_or(u64::MAX), 1)
            };
            Activity {
                reads: per_hour(self.reads),
                inserts: per_hour(self.inserts),
                updates: per_hour(self.updates),
                deletes: per_hour(self.deletes),
            }
        });
        let is_empty = self.heap == 0;
        TableStatistics {
            is_partitioned: false,
            partition_of: None,
            rows: self.rows.or(is_empty.then_some(0)).map(|it| rounded(it, 2)),
            heap_bytes: rounded(self.heap, 2),
            index_bytes: rounded(self.index, 2),
            total_bytes: rounded(self.total, 2),
            activity,
        }
    }
}

/// `number` with so many digits that count, as a file of TOML can hold it.
fn rounded(number: u64, digits: u32) -> u64 {
    let number = number.min(i64::MAX.unsigned_abs());
    let length = number.checked_ilog10().unwrap_or(0) + 1;
    let unit = 10_u64.pow(length.saturating_sub(digits));
    let (whole, rest) = (number / unit, number % unit);
    // Upwards only as far as there is room: nine times a thousand million million millions.
    let whole = whole + u64::from(rest >= unit - rest);
    whole.saturating_mul(unit).min(9_200_000_000_000_000_000)
}

/// Asks a server for the statistics of the database that it is connected to (PostgreSQL 12 to 18),
/// in one read-only transaction of its own.
///
/// # Errors
///
/// When the server cannot be asked, or its answer is not understood.
pub fn read_statistics(server: &mut dyn Answers) -> std::result::Result<Statistics, LiveError> {
    let script = format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n\
         SET LOCAL search_path = pg_catalog;\n{STATISTICS_QUERY};\nCOMMIT;\n"
    );
    let lines = server.answer(&script)?;
    Statistics::from_rows(lines.iter().map(String::as_str))
}

impl Statistics {
    /// The statistics that the rows of [`STATISTICS_QUERY`] tell, one on each line; lines that are
    /// blank are passed over.
    ///
    /// # Errors
    ///
    /// [`LiveError::Answer`] for a line that is no such row, and where the first kind of row is
    /// missing.
    pub fn from_rows<'a>(
        lines: impl IntoIterator<Item = &'a str>,
    ) -> std::result::Result<Statistics, LiveError> {
        let mut counters: Option<Counters> = None;
        let mut tables: BTreeMap<TableName, Box<TableRow>> = BTreeMap::new();
        let mut last = 0;
        for (number, line) in lines.into_iter().enumerate() {
            last = number + 1;
            let line = line.trim().trim_start_matches('\u{feff}');
            if line.is_empty() {
                continue;
            }
            let row = serde_json::from_str(line).map_err(|error| LiveError::Answer {
                reason: format!("line {last} is no row of the query of statistics: {error}"),
                row: line.chars().take(200).collect(),
            })?;
            match row {
                Row::Counters(row) => counters = Some(row),
                Row::Table(row) => {
                    let name = TableName::qualified(row.schema.as_str(), row.name.as_str());
                    tables.insert(name, row);
                }
            }
        }
        let counters = counters.ok_or_else(|| LiveError::Answer {
            reason: "the row with `\"is\": \"counters\"` is missing, so part of the answer is"
                .to_owned(),
            row: format!("{last} lines"),
        })?;
        let seconds = counters
            .since
            .and_then(|since| u64::try_from(counters.now.checked_sub(since)?).ok())
            .filter(|seconds| *seconds > 0);
        let mut figures: BTreeMap<TableName, Figures> = tables
            .iter()
            .map(|(name, row)| (name.clone(), Figures::of(row)))
            .collect();
        // What a partition holds, every table above it holds.
        for (name, row) in tables.iter().filter(|(_, row)| !row.partitioned) {
            let own = figures.get(name).copied().unwrap_or_default();
            let mut above = parent(row);
            let mut seen: BTreeSet<TableName> = BTreeSet::new();
            while let Some(name) = above.filter(|name| seen.insert(name.clone())) {
                if let Some(sum) = figures.get_mut(&name) {
                    sum.add(&own);
                }
                above = tables.get(&name).and_then(|row| parent(row));
            }
        }
        let tables = tables
            .iter()
            .map(|(name, row)| {
                let figures = figures.get(name).copied().unwrap_or_default();
                let statistics = TableStatistics {
                    is_partitioned: row.partitioned,
                    partition_of: parent(row),
                    ..figures.rounded(seconds)
                };
                (name.clone(), statistics)
            })
            .collect();
        Ok(Statistics {
            server: Some(counters.server / 10_000),
            counted_since: seconds.and(counters.since).and_then(day::of_seconds),
            tables,
        })
    }

    /// The file: the same bytes for the same statistics.
    pub fn to_toml(&self) -> String {
        let mut out = format!(
            "# Sizes and activity of the tables, as `migcheck stats` found them; to be committed.\n\
             # Sizes are rounded to two digits, numbers per hour to one.\n\
             format = {FORMAT}\n"
        );
        // Writing into a text does not fail.
        if let Some(server) = self.server {
            let _ = writeln!(out, "server = {server}");
        }
        if let Some(day) = &self.counted_since {
            let _ = writeln!(out, "counted_since = {}", quoted(day));
        }
        for (name, table) in &self.tables {
            let _ = writeln!(out, "\n[[table]]\nname = {}", quoted(&name.to_string()));
            if table.is_partitioned {
                let _ = writeln!(out, "partitioned = true");
            }
            if let Some(parent) = &table.partition_of {
                let _ = writeln!(out, "partition_of = {}", quoted(&parent.to_string()));
            }
            if let Some(rows) = table.rows {
                let _ = writeln!(out, "rows = {rows}");
            }
            let _ = writeln!(out, "heap_bytes = {}", table.heap_bytes);
            let _ = writeln!(out, "index_bytes = {}", table.index_bytes);
            let _ = writeln!(out, "total_bytes = {}", table.total_bytes);
            if let Some(activity) = &table.activity {
                let _ = writeln!(out, "reads_per_hour = {}", activity.reads);
                let _ = writeln!(out, "inserts_per_hour = {}", activity.inserts);
                let _ = writeln!(out, "updates_per_hour = {}", activity.updates);
                let _ = writeln!(out, "deletes_per_hour = {}", activity.deletes);
            }
        }
        out
    }

    /// Reads such a file; `shown` is its name in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the place of what is wrong: a key or a format that is not known, a
    /// name that is none, a table that is there twice.
    pub fn from_toml(shown: &str, text: &str) -> Result<Statistics> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceFile::new(shown, text);
        let wrong = |offset, message| Error::config(&source, offset, message);
        // First the format: another one has other keys.
        let head: wire::Head = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            wrong(offset, in_our_words(error.message()))
        })?;
        if *head.format.get_ref() != FORMAT {
            let message = format!(
                "format {} is not known; this program reads format {FORMAT}",
                head.format.get_ref()
            );
            return Err(wrong(head.format.span().start, message));
        }
        let file: wire::File = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            wrong(offset, in_our_words(error.message()))
        })?;
        let name = |text: &Spanned<String>| {
            TableName::parse(text.get_ref()).ok_or_else(|| {
                let message = format!("`{}` is no name of a table", text.get_ref());
                wrong(text.span().start, message)
            })
        };
        let mut tables = BTreeMap::new();
        for table in file.table {
            let own = name(&table.name)?;
            let partition_of = match &table.partition_of {
                Some(parent) => Some(name(parent)?),
                None => None,
            };
            let activity = Activity {
                reads: table.reads_per_hour.unwrap_or(0),
                inserts: table.inserts_per_hour.unwrap_or(0),
                updates: table.updates_per_hour.unwrap_or(0),
                deletes: table.deletes_per_hour.unwrap_or(0),
            };
            let rates = [
                table.reads_per_hour,
                table.inserts_per_hour,
                table.updates_per_hour,
                table.deletes_per_hour,
            ];
            let statistics = TableStatistics {
                is_partitioned: table.partitioned,
                partition_of,
                rows: table.rows,
                heap_bytes: table.heap_bytes,
                index_bytes: table.index_bytes,
                total_bytes: table.total_bytes,
                activity: rates.iter().any(Option::is_some).then_some(activity),
            };
            if tables.insert(own, statistics).is_some() {
                let message = format!("`{}` is there twice", table.name.get_ref());
                return Err(wrong(table.name.span().start, message));
            }
        }
        Ok(Statistics {
            server: file.server,
            counted_since: file.counted_since,
            tables,
        })
    }
}

fn parent(row: &TableRow) -> Option<TableName> {
    let (schema, name) = row.parent.as_ref()?;
    Some(TableName::qualified(schema.as_str(), name.as_str()))
}

/// A text as TOML writes it on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The file as it is written. The names of the fields are the keys.
mod wire {
    use super::{Deserialize, Spanned};

    #[derive(Deserialize)]
    pub(super) struct Head {
        pub(super) format: Spanned<i64>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct File {
        #[expect(dead_code, reason = "it is read before the rest")]
        format: i64,
        pub(super) server: Option<u32>,
        pub(super) counted_since: Option<String>,
        #[serde(default)]
        pub(super) table: Vec<Table>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Table {
        pub(super) name: Spanned<String>,
        #[serde(default)]
        pub(super) partitioned: bool,
        pub(super) partition_of: Option<Spanned<String>>,
        pub(super) rows: Option<u64>,
        pub(super) heap_bytes: u64,
        pub(super) index_bytes: u64,
        pub(super) total_bytes: u64,
        pub(super) reads_per_hour: Option<u64>,
        pub(super) inserts_per_hour: Option<u64>,
        pub(super) updates_per_hour: Option<u64>,
        pub(super) deletes_per_hour: Option<u64>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTERS: &str =
        r#"{"is":"counters","server":150004,"since":1767225600,"now":1767312000}"#;

    /// A table of the server's answer; `more` are further keys of it.
    fn table(name: &str, more: &str) -> String {
        format!(
            r#"{{"is":"table","schema":"public","name":"{name}","partitioned":false,"parent":null,
            "live_rows":0,"heap_bytes":8192,"index_bytes":16384,"total_bytes":24576,"reads":0,
            "inserts":0,"updates":0,"deletes":0{more}}}"#
        )
    }

    fn of(rows: &[&str]) -> Statistics {
        let rows = [COUNTERS].into_iter().chain(rows.iter().copied());
        Statistics::from_rows(rows).expect("the rows are understood")
    }

    #[test]
    fn figures_are_rounded_so_that_the_file_seldom_changes() {
        let cases = [
            (0, 2, 0),
            (7, 2, 7),
            (99, 2, 99),
            (149, 2, 150),
            (1_249, 2, 1_200),
            (1_250, 2, 1_300),
            (9_960, 2, 10_000),
            (5, 1, 5),
            (14, 1, 10),
            (95, 1, 100),
            (u64::MAX, 2, 9_200_000_000_000_000_000),
            (u64::MAX, 1, 9_000_000_000_000_000_000),
        ];
        for (number, digits, expected) in cases {
            assert_eq!(rounded(number, digits), expected, "{number} to {digits}");
        }
    }

    #[test]
    fn a_busy_table_is_written_with_rates_and_an_unknown_figure_is_left_out() {
        let busy = r#"{"is":"table","schema":"public","name":"orders","partitioned":false,
            "parent":null,"estimated_rows":1234567,"live_rows":1200000,"heap_bytes":171442176,
            "index_bytes":43303936,"total_bytes":214990848,"reads":240000,"inserts":2400,
            "updates":35,"deletes":0}"#;
        let never = table("new", r#","estimated_rows":null"#);
        insta::assert_snapshot!(of(&[busy, &never]).to_toml(), @r#"
        # Sizes and activity of the tables, as `migcheck stats` found them; to be committed.
        # Sizes are rounded to two digits, numbers per hour to one.
        format = 1
        server = 15
        counted_since = "2026-01-01"

        [[table]]
        name = "public.new"
        heap_bytes = 8200
        index_bytes = 16000
        total_bytes = 25000
        reads_per_hour = 0
        inserts_per_hour = 0
        updates_per_hour = 0
        deletes_per_hour = 0

        [[table]]
        name = "public.orders"
        rows = 1200000
        heap_bytes = 170000000
        index_bytes = 43000000
        total_bytes = 210000000
        reads_per_hour = 10000
        inserts_per_hour = 100
        updates_per_hour = 1
        deletes_per_hour = 0
        "#);
    }

    #[test]
    fn a_partitioned_table_holds_what_its_partitions_hold() {
        let rows = [
            table("a", r#","estimated_rows":10"#)
                .replace("\"parent\":null", r#""parent":["public","low"]"#),
            table("b", r#","estimated_rows":5"#)
                .replace("\"parent\":null", r#""parent":["public","all"]"#),
            table("low", r#","estimated_rows":3"#)
                .replace("\"parent\":null", r#""parent":["public","all"]"#)
                .replace("\"partitioned\":false", "\"partitioned\":true")
                .replace("8192", "0")
                .replace("16384", "0")
                .replace("24576", "0")
                .replace(":3", ":null"),
            table("all", "")
                .replace("\"partitioned\":false", "\"partitioned\":true")
                .replace("8192", "0")
                .replace("16384", "0")
                .replace("24576", "0"),
            // One in a circle, which no server has, is no circle of ours.
            table("round", "").replace("\"parent\":null", r#""parent":["public","round"]"#),
        ];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let statistics = of(&rows);
        let shown: Vec<String> = statistics
            .tables
            .iter()
            .map(|(name, it)| format!("{} {:?} {}", name.name, it.rows, it.total_bytes))
            .collect();
        assert_eq!(
            shown,
            [
                "a Some(10) 25000",
                "all Some(15) 49000",
                "b Some(5) 25000",
                "low Some(10) 25000",
                "round None 49000",
            ]
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let names = ["t", "Order \\\"s\\\" \\\\ ü", "tab\\tline\\nend", ""];
        let rows: Vec<String> = names
            .iter()
            .filter(|name| !name.is_empty())
            .map(|name| table(name, r#","estimated_rows":77"#))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let statistics = of(&rows);
        let text = statistics.to_toml();
        let read = Statistics::from_toml("x.toml", &text).expect("it is read");
        assert_eq!(read, statistics);
        assert_eq!(read.to_toml(), text);
        // The order of the rows is nobody's promise.
        let turned: Vec<&str> = rows.iter().rev().copied().collect();
        assert_eq!(of(&turned).to_toml(), text);
    }

    #[test]
    fn without_a_beginning_there_are_no_rates() {
        for since in ["null", "1767312000", "1767312001", "-9223372036854775808"] {
            let counters = COUNTERS.replace("1767225600", since);
            let row = table("t", "");
            let statistics = Statistics::from_rows([counters.as_str(), &row]).unwrap();
            let known = &statistics.tables[&TableName::qualified("public", "t")];
            assert_eq!(known.activity, None, "{since}");
            assert_eq!(statistics.counted_since, None, "{since}");
            let text = statistics.to_toml();
            assert_eq!(Statistics::from_toml("x", &text).unwrap(), statistics);
        }
    }

    #[test]
    fn a_wrong_file_is_refused_with_its_place() {
        let said = |text: &str| match Statistics::from_toml("s.toml", text) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        };
        let sizes = "heap_bytes = 1\nindex_bytes = 1\ntotal_bytes = 1\n";
        insta::assert_snapshot!(said(""), @"s.toml:1:1: missing key `format`");
        insta::assert_snapshot!(said("format = 2\nnew = 1\n"), @"s.toml:1:10: format 2 is not known; this program reads format 1");
        insta::assert_snapshot!(said("format = 1\nsince = 1\n"), @"s.toml:2:1: unknown key `since`; known: `format`, `server`, `counted_since`, `table`");
        insta::assert_snapshot!(said(&format!("format = 1\n[[table]]\nname = \"t\"\nrow = 1\n{sizes}")), @"s.toml:4:1: unknown key `row`; did you mean `rows`?");
        insta::assert_snapshot!(said(&format!("format = 1\n[[table]]\nname = \"a b\"\n{sizes}")), @"s.toml:3:8: `a b` is no name of a table");
        insta::assert_snapshot!(said(&format!("format = 1\n[[table]]\nname = \"t\"\nrows = -1\n{sizes}")), @"s.toml:4:8: invalid value: integer `-1`, expected u64");
        insta::assert_snapshot!(said(&format!("format = 1\n[[table]]\nname = \"t\"\n{sizes}[[table]]\nname = \"T\"\n{sizes}")), @"s.toml:8:8: `T` is there twice");
        insta::assert_snapshot!(said("format = 1\n[[table]]\nname = \"t\"\n"), @"s.toml:2:1: missing key `heap_bytes`");
        insta::assert_snapshot!(said("format = 1\n[[table\n"), @"s.toml:2:8: unclosed array table, expected `]]`");
    }

    #[test]
    fn a_line_that_is_no_row_is_named_by_its_number() {
        for (text, expected) in [
            ("", "is missing"),
            ("\n\n", "is missing"),
            ("\u{feff}[1]", "line 1 is no row"),
            ("line\n", "line 1 is no row"),
            (COUNTERS, "taken"),
            (&format!("\n  {COUNTERS}\r\n"), "taken"),
            (&format!("{COUNTERS}\n(1 row)\n"), "line 2 is no row"),
            (&table("t", "").replace('\n', ""), "is missing"),
        ] {
            let said = match Statistics::from_rows(text.lines()) {
                Ok(_) => "taken".to_owned(),
                Err(error) => error.to_string(),
            };
            assert!(said.contains(expected), "{text}: {said}");
        }
    }
}
