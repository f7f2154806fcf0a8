//! Sizes and activity of tables, asked of a real server, and the command that writes them.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use migcheck::discover::TableName;
use migcheck::live::{
    Answers, LiveError, STATISTICS_QUERY, Statistics, TableStatistics, read_statistics,
};

use crate::postgres::{Database, database};

fn of<'a>(statistics: &'a Statistics, schema: &str, name: &str) -> &'a TableStatistics {
    let name = TableName::qualified(schema, name);
    statistics
        .tables
        .get(&name)
        .unwrap_or_else(|| panic!("{name} is there"))
}

/// A server that is asked as another role.
struct As<'a>(&'a str, &'a mut Database);

impl Answers for As<'_> {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        self.1.answer(&format!("SET ROLE {};\n{script}", self.0))
    }
}

const TABLES: &str = r#"
    CREATE SCHEMA app;
    CREATE TABLE app.big (id int PRIMARY KEY, note text);
    INSERT INTO app.big SELECT i, repeat('x', 100) FROM generate_series(1, 20000) i;
    CREATE TABLE app."Small ""one""" (a int);
    CREATE TABLE app.part (a int, b text) PARTITION BY RANGE (a);
    CREATE TABLE app.part_1 PARTITION OF app.part FOR VALUES FROM (0) TO (100);
    CREATE TABLE app.part_2 PARTITION OF app.part FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (a);
    CREATE TABLE app.part_2_1 PARTITION OF app.part_2 FOR VALUES FROM (100) TO (150);
    CREATE INDEX ON app.part (a);
    INSERT INTO app.part SELECT i % 150, repeat('x', 100) FROM generate_series(1, 15000) i;
    CREATE VIEW app.seen AS SELECT 1 AS a;
    CREATE TEMPORARY TABLE away (a int);
    ANALYZE;"#;

#[test]
fn a_server_says_how_large_its_tables_are() {
    let Some(mut database) = database() else {
        return;
    };
    database.run(TABLES).expect("the tables can be made");
    let statistics = read_statistics(&mut database).expect("the server answers");
    let names: Vec<String> = statistics.tables.keys().map(ToString::to_string).collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    app."Small ""one"""
    app.big
    app.part
    app.part_1
    app.part_2
    app.part_2_1
    "#);
    let big = of(&statistics, "app", "big");
    assert_eq!(big.rows, Some(20_000));
    assert!(
        big.heap_bytes > 2_000_000 && big.index_bytes > 100_000,
        "{big:?}"
    );
    assert!(big.total_bytes >= big.heap_bytes, "{big:?}");
    assert_eq!(of(&statistics, "app", "Small \"one\"").rows, Some(0));
    // Sums over both levels.
    let (part, second) = (
        of(&statistics, "app", "part"),
        of(&statistics, "app", "part_2"),
    );
    assert_eq!((part.rows, part.is_partitioned), (Some(15_000), true));
    assert_eq!((second.rows, second.is_partitioned), (Some(5_000), true));
    assert_eq!(
        second.partition_of,
        Some(TableName::qualified("app", "part"))
    );
    assert!(
        part.heap_bytes > second.heap_bytes && second.index_bytes > 0,
        "{part:?}"
    );
    assert_eq!(
        second.heap_bytes,
        of(&statistics, "app", "part_2_1").heap_bytes
    );
    // Since when it counts a server knows, also one whose counters were never set back; one that has
    // a collector of its own, up to PostgreSQL 14, may not have written it yet.
    assert!(statistics.counted_since.is_some() || statistics.server < Some(15));
    let text = statistics.to_toml();
    assert_eq!(
        Statistics::from_toml("x", &text).expect("it is read"),
        statistics
    );
}

#[test]
fn no_right_is_needed_and_nothing_is_written() {
    let Some(mut database) = database() else {
        return;
    };
    database.run(TABLES).expect("the tables can be made");
    database
        .run("CREATE ROLE statistics_reader; REVOKE ALL ON SCHEMA app, public FROM PUBLIC")
        .unwrap();
    let own = read_statistics(&mut database).expect("the server answers");
    let other =
        read_statistics(&mut As("statistics_reader", &mut database)).expect("it answers all");
    assert_eq!(
        own.tables.keys().collect::<Vec<_>>(),
        other.tables.keys().collect::<Vec<_>>()
    );
    assert_eq!(
        of(&own, "app", "big").total_bytes,
        of(&other, "app", "big").total_bytes
    );
    let read_only = format!("SET default_transaction_read_only = on;\n{STATISTICS_QUERY}");
    database.run(&read_only).expect("it only reads");
    database.run("DROP ROLE statistics_reader").unwrap();
}

#[test]
fn the_query_that_is_printed_gives_what_migcheck_reads() {
    let Some(mut database) = database() else {
        return;
    };
    database.run(TABLES).expect("the tables can be made");
    let printed = migcheck(&["stats", "--print-query"], "");
    assert_eq!(printed, STATISTICS_QUERY);
    // Whatever functions somebody has put in the way.
    let hostile =
        "CREATE FUNCTION public.floor(numeric) RETURNS numeric LANGUAGE SQL AS 'SELECT 0/0::numeric';
        CREATE FUNCTION public.floor(float8) RETURNS float8 LANGUAGE SQL AS 'SELECT 0/0::float8';";
    database.run(hostile).unwrap();
    let rows = database.run(&printed).expect("it is SQL");
    let text = migcheck(&["stats", "--quiet", "--from", "-"], &rows);
    assert!(
        text.contains("name = \"app.part_2_1\"\npartition_of = \"app.part_2\"\n"),
        "{text}"
    );
    let asked = read_statistics(&mut database).expect("the server answers");
    let read = Statistics::from_toml("stdout", &text).expect("it is read");
    assert_eq!(
        of(&read, "app", "big").total_bytes,
        of(&asked, "app", "big").total_bytes
    );
}

#[test]
fn statistics_are_written_to_a_file() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let rows = folder.path().join("rows.json");
    let file = folder.path().join("migcheck-stats.toml");
    let (rows_name, file_name) = (rows.display().to_string(), file.display().to_string());
    let counters = r#"{"is":"counters","server":180001,"since":null,"now":1767312000}"#;
    fs::write(&rows, counters).unwrap();
    let said = migcheck(&["stats", "--from", &rows_name, "--output", &file_name], "");
    insta::assert_snapshot!(said, @"migcheck: 0 tables, since when activity is counted is not known, so it is left out");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(Statistics::from_toml("x", &text).unwrap().server, Some(18));
    fs::write(&rows, "no row").unwrap();
    let said = migcheck(&["stats", "--from", &rows_name], "").replace(&rows_name, "rows.json");
    insta::assert_snapshot!(said, @"migcheck: cannot read the rows in rows.json: the server's answer is not understood: line 1 is no row of the query of statistics: expected ident at line 1 column 2: no row");
    fs::write(&rows, [0xff, 0xfe]).unwrap();
    let said = migcheck(&["stats", "--from", &rows_name], "").replace(&rows_name, "rows.json");
    insta::assert_snapshot!(said, @"migcheck: cannot read rows.json: it is not UTF-8: invalid utf-8 sequence of 1 bytes from index 0");
    let said = migcheck(&["stats", "--from", "-", "--print-query"], "");
    assert!(said.contains("cannot be used with"), "{said}");
}

/// What the program says, on both ways, to these arguments and this input.
fn migcheck(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_migcheck"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut stdin = child.stdin.take().expect("it is piped");
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that reads nothing may have closed it.
            let _ = stdin.write_all(input.as_bytes());
        });
        child.wait_with_output().expect("the program ends")
    });
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).expect("it is UTF-8")
}
