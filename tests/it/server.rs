//! What a real server says of our claims.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use migcheck::analysis::Pair;
use migcheck::bind::types::{CastContext, casts};
use migcheck::discover::{Migration, Overrides, TransactionScope, Unit};
use migcheck::history::{Planned, Timeline, replay};
use migcheck::live::{Count, Disagreement, Kind, compare, read_catalog};
use migcheck::schema::catalog::Catalog;
use migcheck::schema::op::{SchemaOp, TransactionOp};
use migcheck::sql::read;
use migcheck::{
    Dialect, Layout, Named, Options, Replayed, Tree, replay_project, replay_tree, schema_to_sql,
};

use crate::postgres::{Database, Refusal, database};
use crate::world::change;

#[test]
fn the_casts_between_built_in_types_are_those_of_the_server() {
    let Some(database) = database() else { return };
    let answer = database
        .run(
            "SELECT s.typname, t.typname, c.castcontext FROM pg_cast c
             JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
             WHERE s.typnamespace = 'pg_catalog'::regnamespace
               AND t.typnamespace = 'pg_catalog'::regnamespace AND s.oid <> t.oid",
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

/// How the replay of a history stands beside the server's own catalog.
#[derive(Default)]
struct Judgement {
    /// Migrations that the server took.
    accepted: usize,
    /// Those that it refused, with what it said.
    refused: Vec<String>,
    /// The counts of all comparisons together.
    counts: BTreeMap<Kind, Count>,
    /// Each difference once, with the first migration after which it was seen.
    differences: Vec<String>,
    /// The same, where a statement that was not understood may have changed the object.
    doubtful: Vec<String>,
    /// Expressions that were not compared, each once.
    not_compared: BTreeSet<String>,
    /// The schema at the end.
    end: Option<Catalog>,
}

/// One text that is sent to the server.
pub(crate) struct Sent<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: Cow<'a, str>,
    pub(crate) in_transaction: bool,
}

impl Sent<'_> {
    /// Runs it as its tool does.
    pub(crate) fn run(&self, database: &Database) -> Result<String, Refusal> {
        let sql = match self.in_transaction {
            true => format!("BEGIN;\n{}\n;COMMIT;", self.text),
            false => self.text.clone().into_owned(),
        };
        let mut outcome = database.run(&sql);
        // Roles belong to the server rather than to a history, which seldom makes them.
        for _ in 0..20 {
            match &outcome {
                Err(refusal) if self.in_transaction && is_missing_role(refusal) => {
                    let role = refusal.message.split('"').nth(1).unwrap_or_default();
                    let made = database.run(&format!("CREATE ROLE \"{role}\""));
                    made.expect("a role can be made");
                    outcome = database.run(&sql);
                }
                _ => break,
            }
        }
        outcome
    }
}

/// Runs migrations on the server, and compares its catalog after each one that it accepts with that
/// of a replay of those alone, which `replay` makes.
fn judge(migrations: &[Sent], replay: impl Fn(&[usize]) -> Timeline) -> Option<Judgement> {
    let mut database = database()?;
    let mut judgement = Judgement::default();
    let mut accepted: Vec<usize> = Vec::new();
    let mut theirs: Vec<Catalog> = Vec::new();
    for (place, migration) in migrations.iter().enumerate() {
        let outcome = migration.run(&database);
        if let Err(refusal) = outcome {
            let line = format!("{}: {} {}", migration.name, refusal.code, refusal.message);
            judgement.refused.push(line);
            if migration.in_transaction && !commits(&migration.text) {
                continue;
            }
            // What it did before it failed stays, and nobody knows what that is.
            let line = format!("{}: failed half way, the end", migration.name);
            judgement.refused.push(line);
            break;
        }
        accepted.push(place);
        theirs.push(read_catalog(&mut database).expect("the catalog can be read"));
    }
    judgement.accepted = accepted.len();
    let timeline = replay(&accepted);
    let mut known: BTreeSet<String> = BTreeSet::new();
    for ((place, theirs), end) in accepted.iter().zip(&theirs).zip(&timeline.ends) {
        let comparison = compare(timeline.catalog(*end), theirs);
        for (kind, count) in &comparison.counts {
            judgement.counts.entry(*kind).or_default().add(*count);
        }
        for disagreement in &comparison.disagreements {
            if known.insert(disagreement.to_string()) {
                let line = format!("{}: {disagreement}", migrations[*place].name);
                match disagreement.doubtful {
                    true => judgement.doubtful.push(line),
                    false => judgement.differences.push(line),
                }
            }
        }
        judgement.not_compared.extend(comparison.not_compared);
    }
    judgement.end = Some(Catalog::clone(timeline.catalog(timeline.end())));
    Some(judgement)
}

/// Whether a text ends the transaction that the tool has opened around it.
fn commits(text: &str) -> bool {
    let statements = read(text, Dialect::Postgres).statements;
    let mut operations = statements.iter().flat_map(|it| &it.operations);
    operations.any(|it| matches!(it.op, SchemaOp::Transaction(TransactionOp::Commit)))
}

fn is_missing_role(refusal: &Refusal) -> bool {
    let message = &refusal.message;
    refusal.code == "42704" && message.starts_with("role \"") && message.ends_with("does not exist")
}

/// What the tool of a project sends, in its order and its transactions.
pub(crate) fn sent(migrations: &[Migration]) -> Vec<Sent<'_>> {
    migrations
        .iter()
        .map(|migration| {
            let chunks = match migration.up.part().and_then(|part| part.cut()) {
                Some(cut) => cut.chunks(),
                None => &[],
            };
            let sent = migration.up.sent().unwrap_or("");
            let leaves = |it: &Option<TransactionScope>| *it == Some(TransactionScope::None);
            Sent {
                name: &migration.path,
                // What is sent apart needs no sign between.
                text: match chunks {
                    [] => Cow::Borrowed(sent),
                    chunks => {
                        let texts = chunks.iter().map(|chunk| &sent[chunk.sent.clone()]);
                        Cow::Owned(texts.collect::<Vec<_>>().join("\n;\n"))
                    }
                },
                in_transaction: migration.transaction != TransactionScope::None
                    && !chunks.iter().any(|it| leaves(&it.transaction)),
            }
        })
        .collect()
}

/// Judges a project in the order and in the transactions of its tool.
fn judge_project(project: &Replayed) -> Option<Judgement> {
    judge(&sent(&project.migrations), |places| {
        project.replay_only(places)
    })
}

/// The parts of `replayed.sql`, each a migration.
fn parts() -> Vec<(String, Planned)> {
    let texts = include_str!("replayed.sql").split("-- next\n");
    let planned = texts.enumerate().map(|(number, text)| {
        let planned = Planned {
            identity: format!("part {number}").into(),
            script: Some(Arc::new(read(text, Dialect::Postgres))),
            batches: Vec::new(),
            transaction: TransactionScope::File,
            unit: Unit::WholeText,
            run: number,
        };
        (text.to_owned(), planned)
    });
    planned.collect()
}

fn assert_equal(judgement: &Judgement) {
    assert_eq!(judgement.refused, [""; 0]);
    let differences = judgement.differences.join("\n");
    assert!(differences.is_empty(), "{differences}");
    assert_eq!(judgement.doubtful, [""; 0]);
}

#[test]
fn the_replay_of_ordinary_statements_gives_the_catalog_of_the_server() {
    let parts = parts();
    let sent: Vec<Sent> = parts
        .iter()
        .map(|(text, planned)| Sent {
            name: &planned.identity,
            text: Cow::Borrowed(text),
            in_transaction: true,
        })
        .collect();
    let all: Vec<Planned> = parts.iter().map(|(_, planned)| planned.clone()).collect();
    if let Some(judgement) = judge(&sent, |_| replay(&all, Dialect::Postgres)) {
        assert_equal(&judgement);
    }
}

/// Every fixture that is written for PostgreSQL. A folder of several projects is none itself, and a
/// project that holds migrations for two servers is read for this one.
pub(crate) fn fixtures() -> Vec<(PathBuf, Replayed)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    // Folders whose folders are projects, or one project at several times.
    const OF_PROJECTS: [&str; 5] = [
        "",
        "layouts",
        "layouts/several",
        "drop_in_use",
        "drop_retired",
    ];
    let mut out = Vec::new();
    for within in OF_PROJECTS {
        let within = root.join(within);
        let entries = std::fs::read_dir(&within).expect("the folder can be listed");
        let mut folders: Vec<PathBuf> = entries
            .map(|entry| entry.expect("an entry can be read").path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        for folder in folders {
            let name = folder.strip_prefix(&root).expect("it lies below");
            let name = name.to_str().expect("its name is text");
            let is_other = name.ends_with("mysql") || name.ends_with("sqlite");
            if is_other || name == "layouts/trouble" || OF_PROJECTS.contains(&name) {
                continue;
            }
            let overrides = Overrides {
                migrations: (name == "layouts/several/shop")
                    .then(|| "migrations/postgres".to_owned()),
                ..Overrides::default()
            };
            let replayed = replay_tree(&Tree::folder(&folder), &overrides)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            out.push((folder, replayed));
        }
    }
    out
}

#[test]
fn the_replay_of_every_fixture_gives_the_catalog_of_the_server() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 20, "only {} projects", fixtures.len());
    let mut wrong: Vec<String> = Vec::new();
    for (folder, replayed) in &fixtures {
        let Some(judgement) = judge_project(replayed) else {
            return;
        };
        let lines = [
            &judgement.refused,
            &judgement.differences,
            &judgement.doubtful,
        ];
        let trips: Vec<String> = judgement.end.iter().flat_map(round_trip).collect();
        let all = lines.into_iter().flatten().chain(&trips);
        wrong.extend(all.map(|line| format!("{}: {line}", folder.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What `migcheck schema` prints of a catalog gives the catalog again when a server has run it: the
/// differences, but for what the output says it leaves out.
fn round_trip(catalog: &Catalog) -> Vec<String> {
    let Some(mut database) = database() else {
        return Vec::new();
    };
    let sql = schema_to_sql(catalog);
    if let Err(refusal) = database.run(&sql) {
        return vec![format!(
            "refused: {} {}\n{sql}",
            refusal.code, refusal.message
        )];
    }
    let theirs = read_catalog(&mut database).expect("the catalog can be read");
    let comparison = compare(catalog, &theirs);
    let left_out: Vec<&str> = sql
        .lines()
        .filter(|line| line.starts_with("-- not printed"))
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    let is_left_out = |disagreement: &&Disagreement| {
        left_out.iter().any(|name| {
            let object = disagreement.object.trim_start_matches("public.");
            object == *name
                || object.starts_with(&format!("{name}."))
                || object.contains(&format!(" on public.{name} for "))
        })
    };
    comparison
        .disagreements
        .iter()
        .filter(|it| !is_left_out(it))
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_printed_schema_gives_the_same_catalog_again() {
    let all: Vec<Planned> = parts().into_iter().map(|(_, planned)| planned).collect();
    let timeline = replay(&all, Dialect::Postgres);
    for (number, end) in timeline.ends.iter().enumerate() {
        let differences = round_trip(timeline.catalog(*end)).join("\n");
        assert!(differences.is_empty(), "part {number}: {differences}");
    }
}

/// By hand, on any project; see `scripts/accuracy`. `MIGCHECK_REPLAY` names its folder, and
/// `MIGCHECK_LAYOUT` its tool where that is not plain.
#[test]
fn replay_of_a_given_folder() {
    let Some(path) = std::env::var_os("MIGCHECK_REPLAY") else {
        return;
    };
    let layout = std::env::var("MIGCHECK_LAYOUT").ok();
    let options = Options {
        paths: vec![path.into()],
        layout: layout.map(|name| Layout::from_name(&name, "layout").expect("it is a layout")),
        dialect: Some(Dialect::Postgres),
        ..Options::default()
    };
    let replayed = replay_project(&options).expect("the project can be read");
    let Some(judgement) = judge_project(&replayed) else {
        return;
    };
    let mut total = Count::default();
    for (kind, count) in &judgement.counts {
        println!("{kind}: {count:?}");
        total.add(*count);
    }
    for line in &judgement.refused {
        println!("refused: {line}");
    }
    for line in &judgement.doubtful {
        println!("doubtful: {line}");
    }
    for line in &judgement.not_compared {
        println!("not compared: {line}");
    }
    for line in judgement.end.iter().flat_map(round_trip) {
        println!("round trip: {line}");
    }
    for line in &judgement.differences {
        println!("different: {line}");
    }
    println!(
        "accuracy: {} accepted, {} refused, {} compared, {} different, {} doubtful, \
         {} expressions, {} not compared, {} not known",
        judgement.accepted,
        judgement.refused.len(),
        total.compared,
        total.different,
        total.doubtful,
        total.expressions,
        total.expressions_not_compared,
        total.not_known,
    );
    assert_eq!(judgement.differences, [""; 0]);
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
