//! Input that is built to hurt: the whole program has to say what is wrong and where, in time that
//! grows with the text, and never to abort.

use std::fmt::Write;
use std::thread;

use migcheck::report::ProjectReport;
use migcheck::{FailOn, Options, Tree, check_trees, fails, to_json, to_text};
use migcheck::{Styling, Verbosity};

use crate::cli::migcheck;
use crate::support::TestRepository;

/// A thread of an embedding program, or of a test: 2 MB.
const STACK: usize = 2 << 20;

const CONFIG: (&str, &str) = (
    "migcheck.toml",
    "layout = \"sqlx\"\ndialect = \"postgres\"\n",
);
const TABLE: (&str, &str) = (
    "migrations/1_t.sql",
    "CREATE TABLE t (a integer, b text);\n",
);

/// The report on one new migration after [`TABLE`], made and printed in every format on a small
/// stack.
fn judged(migration: &str) -> ProjectReport {
    thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                let old = Tree::memory([CONFIG, TABLE]);
                let head = Tree::memory([CONFIG, TABLE, ("migrations/2_m.sql", migration)]);
                let mut report = check_trees(&Options::default(), &head, &[("old", &old)])
                    .expect("the check can be made");
                let styling = Styling {
                    colour: true,
                    width: Some(100),
                };
                assert!(!to_text(&report, styling, Verbosity::Verbose).is_empty());
                assert!(!to_json(&report).is_empty());
                let is_error = report.projects[0].summary.errors > 0;
                assert_eq!(fails(&report, FailOn::Error), is_error);
                report.projects.remove(0)
            })
            .expect("a thread can be started")
            .join()
            .expect("nothing panics")
    })
}

/// Each finding as `rule line:column`.
fn findings(report: &ProjectReport) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let file = &report.files[finding.migration];
        let at = file.position(finding.span.unwrap_or_default().start);
        writeln!(out, "{} {}:{}", finding.rule, at.line, at.column).unwrap();
    }
    out
}

/// The last statement is read whatever stands before it: it breaks old code.
const SENTINEL: &str = ";\nALTER TABLE t DROP COLUMN b;";

#[test]
fn long_chains_do_not_hide_what_follows() {
    let many = 100_000;
    for (what, migration) in [
        (
            "OR",
            format!("UPDATE t SET a = 1 WHERE a = 1{}", " OR a = 1".repeat(many)),
        ),
        (
            "AND",
            format!("DELETE FROM t WHERE a = 1{}", " AND a = 1".repeat(many)),
        ),
        (
            "||",
            format!("UPDATE t SET b = 'x'{}", " || 'x'".repeat(many)),
        ),
        (
            "::",
            format!("UPDATE t SET a = 1{}", "::integer".repeat(many)),
        ),
        (
            "+",
            format!("ALTER TABLE t ADD CHECK (a > 0{})", " + 1".repeat(many)),
        ),
        (
            "UNION",
            format!(
                "CREATE VIEW v AS SELECT 1{}",
                " UNION SELECT 1".repeat(many)
            ),
        ),
        (
            "NOT",
            format!("CREATE INDEX i ON t (a) WHERE {} true", "NOT ".repeat(many)),
        ),
        (
            "VALUES",
            format!("INSERT INTO t VALUES (1, 'x'){}", ", (1, 'x')".repeat(many)),
        ),
        (
            "list",
            format!("UPDATE t SET b = 'x' WHERE a IN (1{})", ", 1".repeat(many)),
        ),
        (
            "CASE",
            format!(
                "UPDATE t SET a = CASE {}END",
                "WHEN a = 1 THEN 1 ".repeat(many)
            ),
        ),
    ] {
        let report = judged(&format!("{migration}{SENTINEL}"));
        assert!(
            findings(&report).contains("column_dropped 2:15"),
            "{what}: {}",
            findings(&report)
        );
    }
}

#[test]
fn deep_nesting_does_not_hide_what_follows() {
    let open = |text: &str, many: usize| text.repeat(many);
    let many = 100_000;
    let parens = |inner: &str| format!("{}{inner}{}", open("(", many), open(")", many));
    for (what, migration) in [
        ("SELECT", format!("SELECT {}", parens("1"))),
        ("UPDATE", format!("UPDATE t SET a = {}", parens("1"))),
        (
            "DEFAULT",
            format!("ALTER TABLE t ADD COLUMN c integer DEFAULT {}", parens("1")),
        ),
        (
            "CHECK",
            format!("ALTER TABLE t ADD CHECK {}", parens("a > 0")),
        ),
        (
            "column",
            format!(
                "CREATE TABLE u (a integer DEFAULT {} CHECK {})",
                parens("1"),
                parens("a > 0")
            ),
        ),
        (
            "generated",
            format!(
                "CREATE TABLE u (a integer, b integer GENERATED ALWAYS AS {} STORED)",
                parens("a")
            ),
        ),
        ("index", format!("CREATE INDEX i ON t ({})", parens("a"))),
        ("view", format!("CREATE VIEW v AS {}", parens("SELECT 1"))),
        ("subquery", format!("SELECT * FROM {}", parens("SELECT 1"))),
        (
            "array",
            format!("ALTER TABLE t ADD COLUMN c integer{}", open("[]", 10_000)),
        ),
        (
            "literal",
            format!(
                "UPDATE t SET a = {}1{}",
                open("ARRAY[", many),
                open("]", many)
            ),
        ),
        (
            "function",
            format!(
                "UPDATE t SET a = {}1{}",
                open("abs(", many),
                open(")", many)
            ),
        ),
        (
            "CASE",
            format!(
                "UPDATE t SET a = {}1{}",
                open("CASE WHEN true THEN ", many),
                open(" END", many)
            ),
        ),
        (
            "comment",
            format!("{}{}SELECT 1", open("/*", many), open("*/", many)),
        ),
        (
            "BEGIN",
            format!(
                "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ {} {} $$",
                open("BEGIN ", many),
                open("END; ", many)
            ),
        ),
    ] {
        let report = judged(&format!("{migration}{SENTINEL}"));
        assert!(
            findings(&report).contains("column_dropped 2:15"),
            "{what}: {}",
            findings(&report)
        );
    }
}

#[test]
fn what_is_open_swallows_the_rest_and_is_said_with_its_place() {
    let rest = SENTINEL.repeat(1000);
    for (what, text, place) in [
        ("string", "SELECT 1;\nSELECT 'abc", "2:8"),
        ("name", "SELECT 1;\nSELECT \"abc", "2:8"),
        ("dollar", "SELECT 1;\nDO $x$ BEGIN", "2:4"),
        ("comment", "SELECT 1;\n  /* abc /* */", "2:3"),
    ] {
        let report = judged(&format!("{text}{rest}"));
        let expected = format!("migration_unreadable {place}\n");
        assert_eq!(findings(&report), expected, "{what}");
    }
    let many = 100_000;
    for text in [
        format!("SELECT {}", "(".repeat(many)),
        format!("SELECT {}", "[".repeat(many)),
        "/*".repeat(many),
    ] {
        judged(&text);
    }
}

#[test]
fn many_statements_that_nobody_understands_are_each_said() {
    let text: String = (0..5000)
        .map(|n| format!("FROBNICATE \"t{n}\";\n"))
        .collect();
    let report = judged(&text);
    assert_eq!(report.summary.new_not_understood, 5000);
    assert_eq!(report.findings.len(), 5000);
}

#[test]
fn many_columns_in_one_table_are_followed() {
    let columns: String = (0..300).map(|n| format!(", c{n} integer")).collect();
    let drops: String = (0..100)
        .map(|n| format!("ALTER TABLE u DROP COLUMN c{n};\n"))
        .collect();
    let report = judged(&format!("CREATE TABLE u (a integer{columns});\n{drops}"));
    assert_eq!(findings(&report), "");
    assert_eq!(report.summary.statements, 102);
}

/// A new file of these bytes in a repository.
fn run_on(bytes: &[u8]) -> String {
    let mut repository = TestRepository::new();
    repository.write(CONFIG.0, CONFIG.1);
    repository.write(TABLE.0, TABLE.1);
    repository.commit("one");
    repository.write("migrations/2_m.sql", bytes);
    migcheck(repository.root(), &["check", "-q"])
}

#[test]
fn zero_bytes_are_said_with_their_place() {
    insta::assert_snapshot!(run_on(b"SELECT 1;\nSELECT 'a\0b';\n"), @"
    --- stdout
    error[migration_unreadable]: the migration cannot be read: holds a zero byte; if it is UTF-16, save it as UTF-8
    --> migrations/2_m.sql:2:10
     = why: what it does to the schema is not known, so no release can be judged on it
     = help: a migration has to be UTF-8 text of at most 50 MB

    unknown: 1 new migration, 0 statements, 1 not understood; 1 error
    the answer depends on statements that were not understood
    --- exit 1
    ");
}

#[test]
fn random_bytes_are_said_with_their_place() {
    let bytes: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let shown = run_on(&bytes);
    assert!(shown.contains("error[migration_unreadable]"), "{shown}");
    assert!(shown.ends_with("--- exit 1\n"), "{shown}");
}

#[test]
fn file_of_50_megabytes_is_read_and_a_larger_one_is_not() {
    let largest = 50 << 20;
    let mut text = b"CREATE INDEX i ON t (a);\n".to_vec();
    text.resize(largest, b' ');
    insta::assert_snapshot!(run_on(&text), @"
    --- stdout
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    text.push(b'\n');
    insta::assert_snapshot!(run_on(&text), @"
    --- stdout
    error[migration_unreadable]: the migration cannot be read: larger than 50 MB (51 MB)
    --> migrations/2_m.sql:1:1
     = why: what it does to the schema is not known, so no release can be judged on it
     = help: a migration has to be UTF-8 text of at most 50 MB

    unknown: 1 new migration, 0 statements, 1 not understood; 1 error
    the answer depends on statements that were not understood
    --- exit 1
    ");
}

#[test]
fn families_of_tables_that_go_round_or_deep_are_followed() {
    // The server refuses a circle.
    let mut circle = String::new();
    for statement in [
        "CREATE TABLE a (x int) PARTITION BY LIST (x)",
        "CREATE TABLE b (x int) PARTITION BY LIST (x)",
        "ALTER TABLE a ATTACH PARTITION b DEFAULT",
        "ALTER TABLE b ATTACH PARTITION a DEFAULT",
        "ALTER TABLE a ATTACH PARTITION a DEFAULT",
        "CREATE INDEX ON a (x)",
        "ALTER TABLE a ADD PRIMARY KEY (x)",
        "ALTER TABLE a DROP CONSTRAINT a_pkey",
        "ALTER TABLE a ADD COLUMN y int",
        "DROP TABLE a CASCADE",
    ] {
        writeln!(circle, "{statement};").expect("a string takes it");
    }
    judged(&circle);
    let mut deep = "CREATE TABLE p0 (x int) PARTITION BY LIST (x);\n".to_owned();
    let mut domains = "CREATE DOMAIN d0 AS int;\n".to_owned();
    for level in 1..600 {
        let above = level - 1;
        writeln!(
            deep,
            "CREATE TABLE p{level} PARTITION OF p{above} DEFAULT PARTITION BY LIST (x);"
        )
        .expect("a string takes it");
        writeln!(domains, "CREATE DOMAIN d{level} AS d{above};").expect("a string takes it");
    }
    judged(&format!(
        "{deep}CREATE INDEX i ON p0 (x); ALTER TABLE p0 ADD PRIMARY KEY (x); DROP INDEX i;"
    ));
    judged(&format!("{domains}DROP DOMAIN d0 CASCADE;"));
}

#[test]
fn an_index_is_no_partition_of_itself() {
    let before = "CREATE TABLE t (a integer); CREATE INDEX i ON t (a); CREATE INDEX j ON t (a);";
    let circle = "ALTER INDEX i ATTACH PARTITION i; ALTER INDEX i ATTACH PARTITION j; \
                  ALTER INDEX j ATTACH PARTITION i;";
    let report = crate::world::change(before, &[circle], "");
    assert_eq!(report.summary.not_understood, 0);
}
