//! Every command of PostgreSQL's SQL reference is understood, or named here with the reason why it
//! cannot be.

use std::collections::BTreeMap;

use migcheck::Dialect;
use migcheck::sql::read;

/// What no text tells.
const UNKNOWABLE: [(&str, &str); 8] = [
    (
        "ALTER EXTENSION e SET SCHEMA s",
        "where the extension's objects go is not known",
    ),
    (
        "ALTER EXTENSION e UPDATE TO '2'",
        "what the extension's new version holds is not known",
    ),
    (
        "ALTER ROLE r IN DATABASE d SET search_path = s",
        "later sessions of the role begin with another setting",
    ),
    ("DROP OWNED BY r", "what a role owns is not known"),
    // Of a statement that the same text has prepared, it is.
    ("EXECUTE p(1)", "what EXECUTE runs was not read"),
    (
        "IMPORT FOREIGN SCHEMA s FROM SERVER f INTO t",
        "which tables the other server has is not known",
    ),
    (
        "IMPORT FOREIGN SCHEMA s EXCEPT (a) FROM SERVER f INTO t",
        "which tables the other server has is not known",
    ),
    // PostgreSQL 16 and later refuse it.
    (
        "CREATE RULE r AS ON SELECT TO t DO INSTEAD SELECT 1 AS a",
        "a rule makes a view of a table",
    ),
];

#[test]
fn every_command_of_the_reference_is_understood_or_named_with_the_reason() {
    let text = include_str!("commands.sql");
    let mut unknowable: BTreeMap<&str, &str> = UNKNOWABLE.into_iter().collect();
    let mut count = 0;
    for line in text.lines().filter(|line| !line.starts_with("--")) {
        count += 1;
        let statements = read(line, Dialect::Postgres).statements;
        assert_eq!(statements.len(), 1, "{line}");
        let written = line.trim_end_matches(';');
        let reason = statements[0].not_understood().map(|reason| &**reason);
        assert_eq!(reason, unknowable.remove(written), "{line}");
    }
    assert!(count > 183, "only {count} commands");
    assert!(unknowable.is_empty(), "{unknowable:?}");
}

#[test]
fn what_a_text_has_prepared_is_what_it_executes() {
    let text = "PREPARE p AS DELETE FROM t; EXECUTE p; EXECUTE q";
    let names: Vec<&str> = read(text, Dialect::Postgres)
        .statements
        .iter()
        .map(|statement| statement.operations[0].op.name())
        .collect();
    assert_eq!(names, ["no-effect", "delete", "opaque"]);
}
