//! No text makes the reader panic, abort or take more than its share of time.

use migcheck::sql::{Dialect, Script, read};

/// Reads in a thread with the small stack that worker threads have.
fn read_in_small_thread(text: String, dialect: Dialect) -> Script {
    let reader = std::thread::Builder::new().stack_size(2 << 20);
    let read = reader
        .spawn(move || read(&text, dialect))
        .expect("a thread starts");
    read.join().expect("reading does not panic")
}

/// A statement that nests or chains as deep as someone with time on their hands can make it.
fn hostile_texts(n: usize) -> Vec<String> {
    let chain = |start: &str, link: &str, end: &str| format!("{start}{}{end}", link.repeat(n));
    let mut texts = vec![
        String::new(),
        "\0\0;\0".to_owned(),
        "'".to_owned(),
        "$$".to_owned(),
        "\\".to_owned(),
        "\u{feff}".to_owned(),
        chain("SELECT 1", " OR a", ""),
        chain("SELECT 1", " || a", " FROM t"),
        chain("CREATE VIEW v AS SELECT a", "::text", ""),
        chain("CREATE VIEW v AS SELECT a", " + 1", " FROM t"),
        chain("CREATE VIEW v AS SELECT 1", " UNION SELECT 1", ""),
        chain("SELECT", " NOT", " true"),
        chain("SELECT", " CASE WHEN a THEN", " 1"),
        chain(
            "ALTER TABLE t ADD a int DEFAULT",
            " CASE WHEN a THEN 1 ELSE",
            " 1",
        ),
        chain("ALTER TABLE t ADD CHECK (a", " AND b", ")"),
        chain("CREATE TABLE t (a int", "[]", ")"),
        chain("CREATE TABLE t (a int", ", b int", ")"),
        chain("ALTER TABLE t DROP a", ", DROP a", ""),
        chain("SELECT f(1", ", f(1", ""),
        chain("SELECT ", "/*", ""),
        chain("SELECT 1", "/**/", ""),
        chain("", "a.", ""),
        chain("", "$a", ""),
        chain("", "${", ""),
        chain("", "{{", ""),
        chain("", "+", ""),
        chain("", "- -", ""),
        chain("", "[", ""),
        chain("DO $$ BEGIN ", "BEGIN ", "END $$"),
        chain("DO $$ ", "'a' ", "$$"),
        chain("CREATE FUNCTION f() BEGIN ATOMIC ", "CASE ", ""),
        chain(
            "CREATE FUNCTION f(a int",
            ", a int DEFAULT 1",
            ") RETURNS int RETURN 1",
        ),
        chain("WITH a AS (SELECT 1)", ", a AS (SELECT 1)", " SELECT 1"),
        chain("COPY t FROM stdin;\n", "O'Brien\n", ""),
        chain("GRANT a", ", a", " TO b"),
        chain("", ";", ""),
        chain("", "a;", ""),
        chain("DELIMITER x\n", "DELIMITER y\n", ""),
    ];
    for (open, close) in [
        ("(", ")"),
        ("((", ""),
        ("", ")"),
        ("f(", ")"),
        ("(SELECT ", ")"),
    ] {
        let nested = format!("{}1{}", open.repeat(n), close.repeat(n));
        for start in [
            "SELECT ",
            "CREATE VIEW v AS SELECT ",
            "ALTER TABLE t ADD CHECK ",
            "x ",
        ] {
            texts.push(format!("{start}{nested}"));
        }
    }
    texts
}

#[test]
fn hostile_texts_are_read_in_a_small_stack() {
    for text in hostile_texts(100_000) {
        check(text, Dialect::Postgres);
    }
}

#[test]
fn hostile_texts_are_read_in_every_dialect() {
    for text in hostile_texts(5_000) {
        for dialect in [Dialect::Mysql, Dialect::Mariadb, Dialect::Sqlite] {
            check(text.clone(), dialect);
        }
    }
}

fn check(text: String, dialect: Dialect) {
    let statements = read_in_small_thread(text, dialect).statements;
    assert!(
        statements
            .iter()
            .all(|statement| !statement.operations.is_empty())
    );
}

#[test]
fn a_statement_of_many_rows_is_one_insert() {
    let rows = "(1, 'O''Brien', now(), NULL),\n".repeat(100_000);
    let text = format!("INSERT INTO t (a, b, c, d) VALUES {rows}(1, '', now(), NULL);");
    let script = read_in_small_thread(text, Dialect::Postgres);
    assert_eq!(script.statements.len(), 1);
    assert_eq!(script.statements[0].operations[0].op.name(), "insert");
    assert!(script.statements[0].not_understood().is_none());
}
