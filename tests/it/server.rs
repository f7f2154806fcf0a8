//! What a real server says of our claims.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use migcheck::Dialect;
use migcheck::analysis::Pair;
use migcheck::bind::types::{CastContext, casts};
use migcheck::discover::{TransactionScope, Unit};
use migcheck::history::{Planned, replay};
use migcheck::schema::catalog::{Catalog, RelationBody, TypeBody};
use migcheck::schema::op::ConstraintKind;
use migcheck::schema::types::TypeName;
use migcheck::sql::read;

use crate::postgres::database;
use crate::world::change;

#[test]
fn the_casts_between_built_in_types_are_those_of_the_server() {
    let Some(database) = database() else { return };
    let answer = database
        .run(
            "SELECT s.typname, t.typname, c.castcontext FROM pg_cast c
             JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
             WHERE s.typnamespace = 'pg_catalog'::regnamespace
               AND t.typnamespace = 'pg_catalog'::regnamespace AND s.oid <> t.oid
               AND s.typname !~ '^(pg_|reg)' AND t.typname !~ '^(pg_|reg)'",
        )
        .expect("the catalog can be read");
    let mut theirs: Vec<String> = answer.lines().map(str::to_owned).collect();
    let mut ours: Vec<String> = casts()
        .map(|(from, to, context)| {
            let context = match context {
                CastContext::Implicit => "i",
                CastContext::Assignment => "a",
                CastContext::Explicit => "e",
            };
            format!("{from}|{to}|{context}")
        })
        .collect();
    theirs.sort();
    ours.sort();
    assert_eq!(ours, theirs);
}

/// The catalog as lines that both sides can write: columns, constraints, indexes, sequences, enum
/// labels, views.
fn ours(catalog: &Catalog) -> Vec<String> {
    let mut out = Vec::new();
    // Temporary relations are those of a session that is over when the server is asked.
    for (name, relation) in catalog.relations().filter(|(_, it)| !it.temporary) {
        let place = format!("{}.{}", name.schema.as_str(), name.name.as_str());
        match &relation.body {
            RelationBody::Table(table) => {
                for column in &table.columns {
                    let base = match &column.data_type.name {
                        TypeName::Builtin(name) => name.as_str().to_owned(),
                        TypeName::User(name) => name.name.as_str().to_owned(),
                        TypeName::Unknown => "?".to_owned(),
                    };
                    out.push(format!(
                        "column {place}.{} {}{base} null:{} default:{} identity:{} generated:{}",
                        column.name.as_str(),
                        if column.data_type.is_array { "_" } else { "" },
                        !column.not_null,
                        column.default.is_some(),
                        column.identity.is_some(),
                        column.generated.is_some(),
                    ));
                }
                for constraint in &table.constraints {
                    let kind = match constraint.kind {
                        ConstraintKind::PrimaryKey { .. } => "p",
                        ConstraintKind::Unique { .. } => "u",
                        ConstraintKind::Check { .. } => "c",
                        ConstraintKind::ForeignKey { .. } => "f",
                        ConstraintKind::Exclude { .. } => "x",
                        ConstraintKind::NotNull { .. } => "n",
                    };
                    let valid = constraint.valid;
                    out.push(format!(
                        "constraint {place} {} {kind} valid:{valid}",
                        constraint.name.as_str()
                    ));
                }
                for index in &table.indexes {
                    out.push(format!(
                        "index {place} {} unique:{} partial:{}",
                        index.name.as_str(),
                        index.unique,
                        index.predicate.is_some()
                    ));
                }
            }
            RelationBody::View(_) => out.push(format!("view {place}")),
            RelationBody::Sequence(_) => out.push(format!("sequence {place}")),
            RelationBody::Index { .. } => {}
        }
    }
    for (name, user_type) in catalog.types() {
        if let TypeBody::Enum { labels, .. } = &user_type.body {
            let labels: Vec<&str> = labels.iter().map(|label| &*label.text).collect();
            out.push(format!(
                "enum {}.{} {}",
                name.schema.as_str(),
                name.name.as_str(),
                labels.join(",")
            ));
        }
    }
    out.sort();
    out
}

const THEIRS: &str = "
WITH rel AS (
  SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS place FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
)
SELECT format('column %s.%s %s null:%s default:%s identity:%s generated:%s', place, attname,
    typname, NOT attnotnull, atthasdef AND attgenerated = '', attidentity <> '', attgenerated <> '')
  FROM rel JOIN pg_attribute ON attrelid = rel.oid JOIN pg_type t ON t.oid = atttypid
  WHERE rel.relkind IN ('r', 'p', 'f') AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT format('constraint %s %s %s valid:%s', place, conname, contype, convalidated)
  FROM rel JOIN pg_constraint ON conrelid = rel.oid WHERE rel.relkind IN ('r', 'p', 'f')
    AND contype IN ('p', 'u', 'c', 'f', 'x')
UNION ALL SELECT format('index %s %s unique:%s partial:%s', place, i.relname, indisunique,
    indpred IS NOT NULL)
  FROM rel JOIN pg_index ON indrelid = rel.oid JOIN pg_class i ON i.oid = indexrelid
  WHERE rel.relkind IN ('r', 'p', 'f')
UNION ALL SELECT format('view %s', place) FROM rel WHERE relkind IN ('v', 'm')
UNION ALL SELECT format('sequence %s', place) FROM rel WHERE relkind = 'S'
UNION ALL SELECT format('enum %s.%s %s', n.nspname, t.typname,
    (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE typtype = 'e' AND n.nspname !~ '^pg_'";

/// Runs migrations on the server and in our replay, and compares the catalogs after each one that
/// the server accepts. The differences, a line each.
fn compare(migrations: &[(String, String)]) -> Option<Vec<String>> {
    let database = database()?;
    let mut planned: Vec<Planned> = Vec::new();
    let mut differences = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (name, text) in migrations {
        let in_transaction = !text.to_lowercase().contains("concurrently");
        let sql = match in_transaction {
            true => format!("BEGIN;\n{text}\n;COMMIT;"),
            false => text.clone(),
        };
        if let Err(refusal) = database.run(&sql) {
            differences.push(format!("{name}: refused by the server: {refusal:?}"));
            continue;
        }
        planned.push(Planned {
            identity: name.as_str().into(),
            script: Some(Arc::new(read(text, Dialect::Postgres))),
            transaction: TransactionScope::File,
            unit: Unit::WholeText,
            batches: Vec::new(),
            run: planned.len(),
        });
        let timeline = replay(&planned, Dialect::Postgres);
        let ours: BTreeSet<String> = ours(timeline.catalog(timeline.end())).into_iter().collect();
        let answer = database.run(THEIRS).expect("the catalog can be read");
        let theirs: BTreeSet<String> = answer
            .lines()
            .map(|line| line.replace(":t", ":true").replace(":f", ":false"))
            .map(|line| {
                // We say that we do not know the type of a query's result column.
                let mut words: Vec<&str> = line.split(' ').collect();
                if let Some(word) = words.get_mut(2) {
                    *word = "?";
                }
                let unknown = words.join(" ");
                if ours.contains(&unknown) {
                    unknown
                } else {
                    line
                }
            })
            .collect();
        for line in ours.symmetric_difference(&theirs) {
            if known.insert(line.clone()) {
                let side = if ours.contains(line) {
                    "ours"
                } else {
                    "server"
                };
                differences.push(format!("{name}: only {side}: {line}"));
            }
        }
    }
    Some(differences)
}

/// The SQL files of a folder in the order of the numbers that they begin with.
fn folder(path: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(u64, String, String)> = std::fs::read_dir(path)
        .expect("the folder can be listed")
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            let is_up = name.ends_with(".sql") && !name.ends_with(".down.sql");
            let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
            let text = std::fs::read_to_string(&path).ok()?;
            is_up.then_some((digits.parse().ok()?, name, text))
        })
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|(_, name, text)| (name, text))
        .collect()
}

#[test]
fn the_replay_of_ordinary_statements_gives_the_catalog_of_the_server() {
    let migrations: Vec<(String, String)> = include_str!("replayed.sql")
        .split("-- next\n")
        .enumerate()
        .map(|(number, text)| (format!("part {number}"), text.to_owned()))
        .collect();
    if let Some(differences) = compare(&migrations) {
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

/// By hand, on any project: `MIGCHECK_REPLAY=some/migrations cargo test replay_of_a_given_folder`.
#[test]
fn replay_of_a_given_folder() {
    let Some(path) = std::env::var_os("MIGCHECK_REPLAY") else {
        return;
    };
    let migrations = folder(Path::new(&path));
    if let Some(differences) = compare(&migrations) {
        eprintln!("{} migrations", migrations.len());
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

/// What the server says to the role `clerk` after each `REVOKE` is what the finding quotes.
#[test]
fn a_revoked_privilege_is_refused_in_the_servers_words() {
    let Some(database) = database() else { return };
    let before = "CREATE ROLE clerk; CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO clerk;
        CREATE TABLE t (a integer); GRANT ALL ON t TO clerk;
        CREATE TABLE s.u (a integer); GRANT SELECT ON s.u TO clerk;
        CREATE VIEW v AS SELECT 1 AS a; GRANT SELECT ON v TO clerk;
        CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; GRANT SELECT ON m TO clerk;
        CREATE SEQUENCE q; GRANT USAGE ON SEQUENCE q TO clerk;
        CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
        CREATE PROCEDURE p() LANGUAGE sql AS '';";
    database.run(before).expect("the schema can be made");
    let cases = [
        ("REVOKE SELECT ON t FROM clerk", "SELECT * FROM t"),
        (
            "REVOKE SELECT ON ALL TABLES IN SCHEMA s FROM clerk",
            "SELECT * FROM s.u",
        ),
        ("REVOKE SELECT ON v FROM clerk", "SELECT * FROM v"),
        ("REVOKE SELECT ON m FROM clerk", "SELECT * FROM m"),
        (
            "REVOKE USAGE ON SEQUENCE q FROM clerk",
            "SELECT nextval('q')",
        ),
        ("REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC", "SELECT f()"),
        ("REVOKE EXECUTE ON PROCEDURE p() FROM PUBLIC", "CALL p()"),
        ("REVOKE USAGE ON SCHEMA s FROM clerk", "SELECT * FROM s.u"),
    ];
    for (migration, statement) in cases {
        let as_clerk =
            |text: &str| format!("BEGIN; {text}; SET ROLE clerk; {statement}; ROLLBACK;");
        database
            .run(&as_clerk("SELECT 1"))
            .expect("the role may do it before");
        let refusal = database
            .run(&as_clerk(migration))
            .expect_err("the role may not do it after");
        let report = change(before, &[migration], "");
        let said: Vec<(&str, &str)> = report
            .findings
            .iter()
            .flat_map(|finding| &finding.breaks)
            .filter_map(|it| it.error.as_ref())
            .map(|error| (error.code, error.message.as_str()))
            .collect();
        assert_eq!(
            said,
            [(refusal.code.as_str(), refusal.message.as_str())],
            "{migration}"
        );
    }
}

/// Schema before, migration, and a statement of old code: the server takes it before the migration
/// and refuses it after, with the code that a finding names.
const OLD_CODE: &[(&str, &str, &str)] = &[
    (
        "CREATE TABLE t (a integer)",
        "DROP TABLE t",
        "SELECT a FROM t",
    ),
    (
        "CREATE TABLE t (a integer)",
        "ALTER TABLE t RENAME TO u",
        "SELECT a FROM t",
    ),
    (
        "CREATE TABLE t (a integer, b integer)",
        "ALTER TABLE t DROP b",
        "UPDATE t SET b = 1",
    ),
    (
        "CREATE TABLE t (a integer)",
        "ALTER TABLE t RENAME a TO b",
        "INSERT INTO t (a) VALUES (1)",
    ),
    (
        "CREATE TABLE t (a integer)",
        "ALTER TABLE t ADD b integer NOT NULL",
        "INSERT INTO t (a) VALUES (1)",
    ),
    (
        "CREATE TABLE t (a integer, b integer)",
        "ALTER TABLE t ALTER b SET NOT NULL",
        "INSERT INTO t (a) VALUES (1)",
    ),
    (
        "CREATE TABLE t (a integer, b integer NOT NULL DEFAULT 0)",
        "ALTER TABLE t ALTER b DROP DEFAULT",
        "INSERT INTO t (a) VALUES (1)",
    ),
    (
        "CREATE TABLE t (a text)",
        "ALTER TABLE t ALTER a TYPE integer USING a::integer",
        "INSERT INTO t (a) SELECT '1'::text",
    ),
    (
        "CREATE TABLE t (a varchar(9))",
        "ALTER TABLE t ALTER a TYPE varchar(3)",
        "INSERT INTO t (a) VALUES ('abcd')",
    ),
    (
        "CREATE TABLE t (a integer GENERATED BY DEFAULT AS IDENTITY)",
        "ALTER TABLE t ALTER a SET GENERATED ALWAYS",
        "INSERT INTO t (a) VALUES (1)",
    ),
    (
        "CREATE TABLE t (a integer)",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
        "INSERT INTO t (a) VALUES (0)",
    ),
    (
        "CREATE TABLE u (a integer PRIMARY KEY); CREATE TABLE t (a integer)",
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
        "INSERT INTO t (a) VALUES (1)",
    ),
    (
        "CREATE TABLE t (a integer)",
        "CREATE UNIQUE INDEX ON t (a)",
        "INSERT INTO t (a) VALUES (1), (1)",
    ),
    (
        "CREATE TABLE t (a integer, EXCLUDE USING btree (a WITH =) WHERE (a < 0))",
        "ALTER TABLE t ADD EXCLUDE USING btree (a WITH =)",
        "INSERT INTO t (a) VALUES (1), (1)",
    ),
    (
        "CREATE TABLE t (a integer UNIQUE)",
        "ALTER TABLE t DROP CONSTRAINT t_a_key",
        "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING",
    ),
    (
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a e)",
        "ALTER TYPE e RENAME VALUE 'x' TO 'y'",
        "INSERT INTO t (a) VALUES ('x')",
    ),
    (
        "CREATE TYPE e AS ENUM ('x')",
        "DROP TYPE e",
        "SELECT 'x'::e",
    ),
    (
        "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION f()",
        "SELECT f()",
    ),
];

#[test]
fn old_code_is_refused_with_the_code_that_a_finding_names() {
    for (before, migration, statement) in OLD_CODE {
        let Some(database) = database() else { return };
        let place = format!("{before}; {migration}; {statement}");
        let undone = format!("BEGIN; {statement}; ROLLBACK");
        database.run(before).expect(&place);
        database.run(&undone).expect(&place);
        database.run(migration).expect(&place);
        let refusal = database.run(&undone).expect_err(&place);
        let report = change(&format!("{before};"), &[&format!("{migration};")], "");
        let codes: Vec<&str> = report
            .findings
            .iter()
            .flat_map(|finding| &finding.breaks)
            .filter(|it| it.pair == Pair::OldOnNew)
            .filter_map(|it| it.error.as_ref().map(|error| error.code))
            .collect();
        assert!(
            codes.contains(&refusal.code.as_str()),
            "{place}: the server says {refusal:?}, we say {codes:?}"
        );
    }
}
