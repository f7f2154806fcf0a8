//! Contracts, and live databases verified by them.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

use migcheck::contract::{KeyTarget, NeededTypeKind, QueryStanding};
use migcheck::discover::{HistoryTable, Overrides};
use migcheck::live::{Answers, LiveError, Verification, VerifyOptions};
use migcheck::schema::op::{RelationKind, RoutineKind};
use migcheck::{Contract, Layout, Options, Telling, Tree, tree_contract, verification_to_text};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::postgres::{Session, database};
use crate::server::{fixtures, sent};
use crate::world::State;

/// The contract of a release with these migrations, whose queries are all in one file.
fn contract_of(migrations: &[&str], queries: &str, config: &str) -> Contract {
    let state = State::of(migrations).config(config);
    let state = match queries {
        "" => state,
        queries => state.path("queries/all.sql", queries),
    };
    let drawn = tree_contract(&Options::default(), &state.tree(), &Overrides::default());
    let contract = drawn.expect("the project is read").contract;
    let text = contract.to_text();
    assert_eq!(Contract::parse(&text).as_ref(), Ok(&contract), "{text}");
    contract
}

/// Answers as the database would after `first`, which is rolled back.
struct After<'a> {
    session: &'a mut Session,
}

impl<'a> After<'a> {
    /// Begins a transaction of its own.
    fn new(session: &'a mut Session, first: &str) -> Result<Self, LiveError> {
        let after = After { session };
        after.session.answer(&format!("BEGIN;\n{first}"))?;
        Ok(after)
    }
}

impl Drop for After<'_> {
    fn drop(&mut self) {
        let _ = self.session.answer("ROLLBACK;");
    }
}

impl Answers for After<'_> {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        let script = script
            .replace(
                "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;",
                "SAVEPOINT s;",
            )
            .replace("COMMIT;", "ROLLBACK TO s;");
        self.session.answer(&script)
    }
}

fn verify(contract: &Contract, server: &mut dyn Answers) -> Verification {
    let found = contract.verify(server, &VerifyOptions::default());
    found.expect("the server answers")
}

/// What a database lacks and where it differs, one per line.
fn shown(contract: &Contract, found: &Verification) -> String {
    let mut out = String::new();
    for lack in &found.lacks {
        let code = lack.code.as_deref().unwrap_or("-");
        let queries: Vec<&str> = lack
            .queries
            .iter()
            .map(|at| contract.queries[*at].id.as_str())
            .collect();
        let _ = write!(
            out,
            "{} {} {code}: {}",
            lack.severity.as_str(),
            lack.certainty.as_str(),
            lack.what
        );
        if !queries.is_empty() {
            let _ = write!(out, " [{}]", queries.join(", "));
        }
        out.push('\n');
    }
    for drift in &found.drift {
        let _ = writeln!(out, "drift: {}", drift.what);
    }
    for (query, reason) in &found.unknown {
        let _ = writeln!(out, "unknown: {}: {reason}", contract.queries[*query].id);
    }
    out
}

const SHOP: &str = "
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE users (
    id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, nickname text, age integer,
    mood mood NOT NULL DEFAULT 'happy');
CREATE TABLE audit (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL);
CREATE FUNCTION slug(a text) RETURNS text LANGUAGE sql AS 'SELECT lower(a)';
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO audit (what) VALUES (NEW.email); RETURN NEW; END $$;
CREATE TRIGGER note AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW adults AS SELECT id, email FROM users WHERE age >= 18;
CREATE SEQUENCE tickets;
";

const QUERIES: &str = "
-- name: get_user :one
SELECT id, email, nickname FROM users WHERE id = $1;
-- name: all_of_user :one
SELECT * FROM users WHERE id = $1;
-- name: create_user :exec
INSERT INTO users (email, mood) VALUES ($1, $2);
-- name: upsert_user :exec
INSERT INTO users (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET nickname = $2;
-- name: older :many
SELECT id FROM users WHERE age + 1 > $1;
-- name: sad_users :many
SELECT id FROM users WHERE mood = 'sad';
-- name: slugs :many
SELECT slug(email) FROM users;
-- name: list_adults :many
SELECT id, email FROM adults;
-- name: ticket :one
SELECT nextval('tickets');
";

const COMPLETE: &str = "[code]\nevidence = \"complete\"\n";

fn shop() -> Option<(Contract, Session)> {
    let database = database()?;
    database.run(SHOP).expect("the migration runs");
    Some((contract_of(&[SHOP], QUERIES, COMPLETE), database.session()))
}

/// What the shop's release meets after `sql`.
fn after(sql: &str) -> Option<String> {
    let (contract, mut session) = shop()?;
    let mut server = After::new(&mut session, sql).expect("the server takes it");
    let found = verify(&contract, &mut server);
    Some(shown(&contract, &found))
}

#[test]
fn a_contract_names_each_need_with_its_query() {
    insta::assert_snapshot!(contract_of(&[SHOP], QUERIES, COMPLETE).to_text());
}

#[test]
fn a_contract_without_queries_is_presumed() {
    insta::assert_snapshot!(contract_of(&[SHOP], "", "").to_text());
}

#[test]
fn a_database_with_the_release_s_own_schema_fits() {
    assert_eq!(after("").unwrap_or_default(), "");
}

#[test]
fn a_database_that_is_ahead_fits_as_long_as_no_query_fails() {
    let ahead =
        "ALTER TABLE users ADD COLUMN city text, ADD COLUMN score integer NOT NULL DEFAULT 0;
        CREATE TABLE orders (id bigint); ALTER TYPE mood ADD VALUE 'bored';
        ALTER TABLE audit ADD COLUMN at timestamptz DEFAULT now();
        ALTER TABLE users ALTER COLUMN nickname TYPE varchar(300);";
    let Some(found) = after(ahead) else { return };
    insta::assert_snapshot!(found, @"drift: column `users.nickname` is varchar(300), not text");
}

#[test]
fn what_a_query_needs_and_the_database_lacks_is_named_with_the_query() {
    let changes = [
        "ALTER TABLE users RENAME COLUMN nickname TO display_name",
        "DROP TABLE users CASCADE",
        "DROP VIEW adults",
        "DROP VIEW adults; ALTER TABLE users ALTER COLUMN age TYPE text",
        "DROP VIEW adults; ALTER TABLE users ALTER COLUMN id TYPE integer USING 1",
        "DROP VIEW adults; ALTER TABLE users ALTER COLUMN email TYPE integer USING 1",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'unhappy'",
        "ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'",
        "ALTER TYPE mood RENAME TO feeling",
        "DROP FUNCTION slug(text)",
        "DROP FUNCTION slug(text); CREATE FUNCTION slug(a varchar) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "ALTER TABLE users DROP CONSTRAINT users_email_key",
        "ALTER TABLE users ADD COLUMN tenant bigint NOT NULL",
        "ALTER TABLE users ALTER COLUMN mood DROP DEFAULT",
        "ALTER TABLE users DROP COLUMN email CASCADE; \
         ALTER TABLE users ADD COLUMN email text GENERATED ALWAYS AS ('a') STORED UNIQUE",
        "ALTER TABLE users ALTER COLUMN email DROP NOT NULL",
        "DROP TABLE audit",
        "ALTER TABLE audit ADD COLUMN who text NOT NULL",
        "DROP SEQUENCE tickets",
        "CREATE SCHEMA app; ALTER TABLE users SET SCHEMA app",
        "CREATE SCHEMA app; ALTER TABLE users SET SCHEMA app; SET search_path = app, public",
    ];
    let mut out = String::new();
    let Some((contract, mut session)) = shop() else {
        return;
    };
    for change in changes {
        let mut server =
            After::new(&mut session, &format!("{change};")).expect("the server takes it");
        let found = verify(&contract, &mut server);
        let _ = writeln!(out, "{change}\n{}", shown(&contract, &found));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_query_that_nobody_can_judge_without_a_server_is_asked_of_one() {
    let Some(database) = database() else { return };
    let migrations = [
        SHOP,
        "DO $$ DECLARE t text; BEGIN
             FOR t IN SELECT relname FROM pg_class WHERE relname = 'users' LOOP
                 EXECUTE format('ALTER TABLE %I ADD COLUMN city text', t);
             END LOOP;
             FOR t IN SELECT 'street' LOOP
                 EXECUTE format('ALTER TABLE audit ADD COLUMN %I text', t);
             END LOOP;
         END $$;",
    ];
    let more = "-- name: cities :many
        SELECT city FROM users;
        -- name: streets :many
        SELECT street FROM audit;";
    let contract = contract_of(&migrations, &format!("{QUERIES}{more}"), "");
    let standing = |id: &str| {
        let query = contract.queries.iter().find(|it| it.id == id);
        format!("{:?}", query.expect("it is in the contract").standing)
    };
    insta::assert_snapshot!(standing("cities"), @r#"Fails("42703 column \"city\" does not exist")"#);
    insta::assert_snapshot!(standing("streets"), @r#"Unsure("whether there is a column street is not known")"#);
    assert_eq!(contract.unknown, []);
    let mut session = database.session();
    database.run(SHOP).expect("the first migration runs");
    insta::assert_snapshot!(shown(&contract, &verify(&contract, &mut session)), @"
    warning possible 42703: a query fails of which the migrations do not say whether it works [streets]
    note possible 42703: a query fails here as it does on the release's own schema [cities]
    ");
    database
        .run(migrations[1])
        .expect("the second migration runs");
    assert_eq!(shown(&contract, &verify(&contract, &mut session)), "");
}

#[test]
fn a_query_that_sqlx_recorded_is_called_by_its_hash() {
    let hash = "03a96b2ca6d873e70db373c3973ff07ec2b0f6011219c28e586a36cdcddd2461";
    let recorded = |text: &str| {
        format!(
            r#"{{"db_name": "PostgreSQL", "query": "{text}", "describe": {{"columns": [],
            "parameters": {{"Left": []}}, "nullable": []}}, "hash": "{hash}"}}"#
        )
    };
    let state = State::of(&[SHOP])
        .path(
            &format!(".sqlx/query-{hash}.json"),
            &recorded("DELETE FROM users"),
        )
        .path(
            &format!("api/.sqlx/query-{hash}.json"),
            &recorded("DELETE FROM audit"),
        );
    let drawn = tree_contract(&Options::default(), &state.tree(), &Overrides::default());
    let contract = drawn.expect("the project is read").contract;
    let ids: Vec<&str> = contract.queries.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["query-03a96b2ca6d8", "query-03a96b2ca6d8#2"]);
}

/// What a release with this query meets before and after `sql`.
fn meets(schema: &str, query: &str, sql: &str) -> Option<[String; 2]> {
    let database = database()?;
    database.run(schema).expect("the migration runs");
    let queries = format!("-- name: q :many\n{query};\n");
    let contract = contract_of(&[schema], &queries, COMPLETE);
    let mut session = database.session();
    let states = ["", sql].map(|sql| {
        let mut server = After::new(&mut session, sql).expect("the server takes it");
        shown(&contract, &verify(&contract, &mut server))
    });
    Some(states)
}

#[test]
fn a_trigger_that_reads_the_rows_of_the_statement_is_no_failure() {
    let schema = "CREATE TABLE t (a int); CREATE TABLE log (a int);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN INSERT INTO log SELECT a FROM \"New\" EXCEPT SELECT a FROM old_rows; RETURN NULL; END';
        CREATE TRIGGER note AFTER UPDATE ON t REFERENCING NEW TABLE AS \"New\" OLD TABLE old_rows
          FOR EACH STATEMENT EXECUTE FUNCTION note();";
    let drop = "DROP TRIGGER note ON t; CREATE TRIGGER note AFTER UPDATE ON t
        REFERENCING NEW TABLE AS \"New\" FOR EACH STATEMENT EXECUTE FUNCTION note();";
    let Some([own, without]) = meets(schema, "UPDATE t SET a = 1", drop) else {
        return;
    };
    assert_eq!(own, "");
    insta::assert_snapshot!(without, @"error proven 42P01: a query fails [q]");
}

#[test]
fn a_table_that_no_migration_makes_is_read_where_the_server_has_it() {
    let schema = "CREATE TABLE t (a int)";
    let query = "SELECT a FROM t;\n-- name: r :many\nSELECT b FROM other";
    let other = "CREATE TABLE other (b int);";
    let Some([own, with]) = meets(schema, query, other) else {
        return;
    };
    insta::assert_snapshot!(own, @"note possible 42P01: a query fails here as it does on the release's own schema [r]");
    assert_eq!(with, "");
    let without = meets(schema, query, "CREATE TABLE other (c int);");
    insta::assert_snapshot!(without.expect("the server is there")[1], @"note possible 42703: a query fails here as it does on the release's own schema [r]");
}

#[test]
fn a_schema_that_the_server_does_not_have_is_no_doubt() {
    let query = "SELECT a FROM t;\n-- name: r :many\nSELECT b FROM elsewhere.u";
    let create = "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.u (b int);";
    let Some([own, with]) = meets("CREATE TABLE t (a int);", query, create) else {
        return;
    };
    insta::assert_snapshot!(own, @"warning possible 42P01: a query fails of which the migrations do not say whether it works [r]");
    assert_eq!(with, "");
}

#[test]
fn a_column_that_a_trigger_fills_is_no_difference() {
    let schema = "CREATE TABLE t (a int, b int NOT NULL);
        CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.b = 1; RETURN NEW; END';
        CREATE TRIGGER fill BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fill();";
    let query = "INSERT INTO t (a) VALUES ($1)";
    let Some([own, without]) = meets(schema, query, "DROP TRIGGER fill ON t;") else {
        return;
    };
    assert_eq!(own, "");
    insta::assert_snapshot!(without, @"error proven 23502: column `t.b` must be given a value [q]");
}

#[test]
fn an_index_that_a_query_names_is_a_need() {
    let schema = "CREATE TABLE t (a int[]); CREATE INDEX i ON t USING gin (a);";
    let query = "SELECT gin_clean_pending_list('i')";
    let Some([own, without]) = meets(schema, query, "DROP INDEX i;") else {
        return;
    };
    assert_eq!(own, "");
    insta::assert_snapshot!(without, @"error proven 42P01: index `i` is missing [q]");
}

#[test]
fn columns_of_one_name_under_two_stars_are_compared_in_their_order() {
    let schema = "CREATE TABLE t (id text); CREATE TABLE u (id int, b int);";
    let query = "SELECT t.*, u.* FROM t, u";
    let Some([own, other]) = meets(
        schema,
        query,
        "ALTER TABLE u ALTER id TYPE uuid USING NULL;",
    ) else {
        return;
    };
    assert_eq!(own, "");
    insta::assert_snapshot!(other, @"error possible -: column `u.id` is uuid, not integer [q]");
}

#[test]
fn a_star_without_a_column_is_no_error_of_the_server() {
    let Some((_, mut session)) = shop() else {
        return;
    };
    let queries = "-- name: named :many\nSELECT nickname FROM users;\n\
        -- name: star :many\nSELECT * FROM users;\n";
    let contract = contract_of(&[SHOP], queries, COMPLETE);
    let sql = "ALTER TABLE users DROP COLUMN nickname;";
    let mut server = After::new(&mut session, sql).expect("the server takes it");
    insta::assert_snapshot!(shown(&contract, &verify(&contract, &mut server)), @r"
    error proven 42703: column `users.nickname` is missing [named]
    error possible -: column `users.nickname` is missing: the result has no column `nickname` [star]
    ");
}

#[test]
fn parameters_beside_any_have_the_types_that_the_server_gives_them() {
    let Some(database) = database() else { return };
    let schema = "CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN di AS int;
        CREATE DOMAIN dt AS varchar(10);
        CREATE TABLE t (v varchar(5), c char(3), n name, i int2, d di, dt dt, m mood, j jsonb,
          inet inet, cidr cidr, x \"char\", ts timestamptz, r regclass, vb varbit, ir int4range,
          num numeric(5,2), b bit(3));";
    database.run(schema).expect("the migration runs");
    let columns = [
        "v", "c", "n", "i", "d", "dt", "m", "j", "inet", "cidr", "x", "ts", "r", "vb", "ir", "num",
        "b",
    ];
    let mut conditions: Vec<String> = columns.map(|it| format!("{it} = ANY ($1)")).into();
    conditions.extend(
        [
            "j ? ANY ($1)",
            "inet << ANY ($1)",
            "v LIKE ANY ($1)",
            "v <> ALL ($1)",
            "ts > ANY ($1)",
            "ir @> ANY ($1)",
            "v ~ ANY ($1)",
            "'a' = ANY ($1)",
        ]
        .map(str::to_owned),
    );
    let mut queries = String::new();
    for (at, condition) in conditions.iter().enumerate() {
        let _ = writeln!(
            queries,
            "-- name: q{at} :many\nSELECT 1 FROM t WHERE {condition};"
        );
    }
    let contract = contract_of(&[schema], &queries, COMPLETE);
    let (mut ours, mut theirs) = (String::new(), String::new());
    for (at, query) in contract.queries.iter().enumerate() {
        let types = query.parameters.iter().map(|it| match it {
            Some(it) => format!("'{it}'::regtype"),
            None => "'unknown'::regtype".to_owned(),
        });
        let types: Vec<String> = types.collect();
        let sql = format!("SELECT ARRAY[{}]::regtype[];", types.join(", "));
        let said = database.run(&sql).expect("the types are there");
        let _ = writeln!(ours, "{} {said}", query.text);
        let sql = format!(
            "PREPARE q{at} AS {};\nSELECT parameter_types FROM pg_prepared_statements;",
            query.text
        );
        let said = database.run(&sql).expect("it is prepared");
        let _ = writeln!(theirs, "{} {said}", query.text);
    }
    assert_eq!(ours, theirs);
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Queries that need everything that a presumed contract names, each under a name.
fn queries_for(contract: &Contract) -> String {
    let mut out = String::new();
    let mut add = |sql: String| {
        let number = out.matches("-- name:").count();
        let _ = writeln!(out, "-- name: q{number} :many\n{sql};");
    };
    for relation in &contract.relations {
        let name = format!(
            "{}.{}",
            quoted(relation.name.schema.as_str()),
            quoted(relation.name.name.as_str())
        );
        if relation.kind == RelationKind::Sequence {
            add(format!("SELECT nextval({})", literal(&name)));
            continue;
        }
        let columns: Vec<String> = relation
            .columns
            .iter()
            .map(|it| quoted(it.name.as_str()))
            .collect();
        if columns.is_empty() {
            add(format!("SELECT count(*) FROM {name}"));
        } else {
            add(format!("SELECT {} FROM {name}", columns.join(", ")));
        }
        for insert in &relation.inserts {
            let columns: Vec<String> = insert
                .columns
                .iter()
                .map(|it| quoted(it.as_str()))
                .collect();
            let values: Vec<String> = (1..=columns.len()).map(|at| format!("${at}")).collect();
            let what = match columns.is_empty() {
                true => "DEFAULT VALUES".to_owned(),
                false => format!("({}) VALUES ({})", columns.join(", "), values.join(", ")),
            };
            add(format!("INSERT INTO {name} {what}"));
            for key in &relation.keys {
                if let KeyTarget::Columns(keys) = &key.what {
                    let keys: Vec<String> = keys.iter().map(|it| quoted(it.as_str())).collect();
                    let keys = keys.join(", ");
                    add(format!(
                        "INSERT INTO {name} {what} ON CONFLICT ({keys}) DO NOTHING"
                    ));
                }
            }
        }
    }
    for needed in &contract.types {
        let name = format!(
            "{}.{}",
            quoted(needed.name.schema.as_str()),
            quoted(needed.name.name.as_str())
        );
        add(format!("SELECT NULL::{name}"));
        if let NeededTypeKind::Enum(labels) = &needed.kind {
            for label in labels {
                add(format!("SELECT {}::{name}", literal(&label.text)));
            }
        }
    }
    for routine in &contract.routines {
        let arguments: Vec<String> = routine
            .arguments
            .iter()
            .map(|it| format!("NULL::{it}"))
            .collect();
        let verb = match routine.kind {
            RoutineKind::Procedure => "CALL",
            RoutineKind::Function | RoutineKind::Aggregate => "SELECT",
        };
        add(format!(
            "{verb} {}.{}({})",
            quoted(routine.name.schema.as_str()),
            quoted(routine.name.name.as_str()),
            arguments.join(", ")
        ));
    }
    out
}

/// Each thing that a contract names, with the statement that takes it away.
fn removals(contract: &Contract) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for relation in &contract.relations {
        let name = format!(
            "{}.{}",
            quoted(relation.name.schema.as_str()),
            quoted(relation.name.name.as_str())
        );
        let word = match relation.kind {
            RelationKind::View => "VIEW",
            RelationKind::MaterializedView => "MATERIALIZED VIEW",
            RelationKind::Sequence => "SEQUENCE",
            RelationKind::Table | RelationKind::ForeignTable | RelationKind::Index => "TABLE",
        };
        out.push((name.to_string(), format!("DROP {word} {name} CASCADE;")));
        for column in &relation.columns {
            let column = quoted(column.name.as_str());
            let sql = match word {
                "TABLE" => format!("ALTER TABLE {name} DROP COLUMN {column} CASCADE;"),
                // Of views as well, and PostgreSQL 12 knows no other way.
                _ => format!("ALTER TABLE {name} RENAME COLUMN {column} TO gone;"),
            };
            out.push((format!("{name}.{column}"), sql));
        }
        if !relation.inserts.is_empty() {
            let sql = format!(
                "ALTER TABLE {name} ADD COLUMN required integer NOT NULL DEFAULT 0; \
                 ALTER TABLE {name} ALTER COLUMN required DROP DEFAULT;"
            );
            out.push((format!("what {name} requires"), sql));
        }
        for key in &relation.keys {
            let KeyTarget::Columns(columns) = &key.what else {
                continue;
            };
            let columns: Vec<String> = columns.iter().map(|it| literal(it.as_str())).collect();
            let sql = format!(
                "DO $do$ DECLARE i record; BEGIN FOR i IN
                   SELECT x.indexrelid::regclass::text AS index, x.indrelid::regclass::text AS \"table\",
                     (SELECT conname FROM pg_constraint c WHERE c.conindid = x.indexrelid
                        AND c.contype IN ('p', 'u') LIMIT 1) AS \"constraint\"
                   FROM pg_index x WHERE x.indrelid = {}::regclass AND x.indisunique
                     AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                       WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey))
                       = (SELECT array_agg(v ORDER BY v) FROM unnest(ARRAY[{}]) v)
                 LOOP
                   IF i.\"constraint\" IS NULL THEN EXECUTE 'DROP INDEX ' || i.index;
                   ELSE EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', i.\"table\", i.\"constraint\");
                   END IF;
                 END LOOP; END $do$;",
                literal(&name),
                columns.join(", ")
            );
            out.push((format!("key of {name} on {}", key.what), sql));
        }
    }
    for needed in &contract.types {
        let name = format!(
            "{}.{}",
            quoted(needed.name.schema.as_str()),
            quoted(needed.name.name.as_str())
        );
        let word = match needed.kind {
            NeededTypeKind::Domain(_) => "DOMAIN",
            NeededTypeKind::Enum(_) | NeededTypeKind::Other => "TYPE",
        };
        out.push((name.clone(), format!("DROP {word} {name} CASCADE;")));
        if let NeededTypeKind::Enum(labels) = &needed.kind {
            for label in labels {
                let sql = format!(
                    "ALTER TYPE {name} RENAME VALUE {} TO 'gone';",
                    literal(&label.text)
                );
                out.push((format!("{name} {}", label.text), sql));
            }
        }
    }
    for routine in &contract.routines {
        let arguments: Vec<String> = routine.arguments.iter().map(ToString::to_string).collect();
        let name = format!(
            "{}.{}({})",
            quoted(routine.name.schema.as_str()),
            quoted(routine.name.name.as_str()),
            arguments.join(", ")
        );
        let word = match routine.kind {
            RoutineKind::Procedure => "PROCEDURE",
            RoutineKind::Function => "FUNCTION",
            RoutineKind::Aggregate => "AGGREGATE",
        };
        out.push((name.clone(), format!("DROP {word} {name} CASCADE;")));
    }
    out
}

/// The files of a folder as a tree, with one more.
fn with_queries(folder: &Path, queries: &str) -> Tree {
    let tree = Tree::folder(folder);
    let paths = tree.files("").expect("the folder can be listed");
    let contents = tree.read_many(&paths).expect("its files can be read");
    let texts: Vec<(String, String)> = paths
        .into_iter()
        .zip(contents)
        .filter_map(|(path, it)| match it {
            migcheck::discover::Contents::Bytes(bytes) => {
                Some((path, String::from_utf8(bytes.to_vec()).ok()?))
            }
            _ => None,
        })
        .chain([("all_queries.sql".to_owned(), queries.to_owned())])
        .collect();
    Tree::memory(
        texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    )
}

#[test]
fn each_single_removal_from_the_schema_of_a_fixture_is_found_with_its_query() {
    let (mut wrong, mut removed, mut refused) = (Vec::new(), 0, Vec::new());
    let mut tried = HashSet::new();
    for (folder, replayed) in fixtures() {
        let name = folder.file_name().and_then(|it| it.to_str()).unwrap_or("?");
        let overrides = Overrides {
            migrations: Some(replayed.project.folder.clone()),
            ..Overrides::default()
        };
        let drawn = |queries: &str| {
            let tree = with_queries(&folder, queries);
            let options = Options {
                queries: vec!["all_queries.sql".to_owned()],
                ..Options::default()
            };
            let drawn = tree_contract(&options, &tree, &overrides);
            drawn
                .unwrap_or_else(|error| panic!("{name}: {error}"))
                .contract
        };
        let presumed = drawn("");
        let all = queries_for(&presumed);
        // Functions of the fixtures that fail whenever they run, and values that a domain refuses.
        let broken: HashSet<String> = drawn(&all)
            .queries
            .into_iter()
            .filter(|it| matches!(it.standing, QueryStanding::Fails(_)))
            .map(|it| it.id)
            .collect();
        let works = |query: &&str| {
            let name = query.split_whitespace().next().unwrap_or_default();
            !broken.contains(name)
        };
        let working: Vec<&str> = all.split("-- name: ").filter(works).collect();
        let known = drawn(&working.join("-- name: "));
        let Some(database) = database() else {
            return;
        };
        let ran: Result<Vec<_>, _> = sent(&replayed.migrations)
            .iter()
            .map(|it| it.run(&database))
            .collect();
        let version = database.run("SHOW server_version_num").expect("it knows");
        match ran {
            Ok(_) => {}
            // By hand, on old servers: some fixtures have what came with PostgreSQL 13 and 14.
            Err(refusal) if ["12", "13"].contains(&&version[..2]) => {
                eprintln!("NOT TESTED against PostgreSQL {version}: {name}: {refusal:?}");
                continue;
            }
            Err(refusal) => panic!("{name}: {refusal:?}"),
        }
        let mut session = database.session();
        for contract in [&presumed, &known] {
            let found = verify(contract, &mut session);
            if !found.lacks.is_empty() || !found.unknown.is_empty() || !found.drift.is_empty() {
                wrong.push(format!("{name}, as it is: {}", shown(contract, &found)));
            }
            // Several fixtures make the same tables.
            let mut needs = contract.clone();
            needs.history.migrations.clear();
            needs.history.table = HistoryTable::usual(Layout::Plain);
            needs.schema_version = None;
            for (what, sql) in removals(contract) {
                if !tried.insert((needs.to_text(), sql.clone())) {
                    continue;
                }
                let found = After::new(&mut session, &sql)
                    .and_then(|mut it| contract.verify(&mut it, &VerifyOptions::default()));
                let found = match found {
                    Ok(found) => found,
                    Err(error) => {
                        refused.push(format!("{name}: {what}: {error}"));
                        continue;
                    }
                };
                removed += 1;
                let is_known = !contract.queries.is_empty();
                let is_named = found.lacks.iter().any(|it| !it.queries.is_empty());
                // A lost key is a warning where no upsert is known, and so is a column that a
                // trigger may fill.
                let may_warn = !is_known || what.starts_with("what ");
                let is_found = match may_warn {
                    true => !found.lacks.is_empty(),
                    false => !found.fits(),
                };
                if !is_found || (is_known && !is_named) {
                    wrong.push(format!("{name}: {what}: {}", shown(contract, &found)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(removed > 1000, "only {removed} were removed");
}

/// The texts of the page's blocks of a language, in order.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let mut parts = page.split(fence.as_str());
    parts.next();
    let blocks = parts.filter_map(|it| it.split_once("```"));
    blocks.map(|(block, _)| block).collect()
}

#[test]
fn the_page_shows_what_is_written_and_said() {
    let page = include_str!("../../docs/verify.md");
    let sql = blocks(page, "sql");
    let [migration, queries, ahead, apart] = sql.as_slice() else {
        panic!("the page has other blocks of SQL");
    };
    let state = State::default()
        .file("1_shop.sql", migration)
        .path("queries.sql", queries);
    let drawn = tree_contract(&Options::default(), &state.tree(), &Overrides::default());
    let contract = drawn.expect("the project is read").contract;
    assert_eq!(contract.to_text(), blocks(page, "toml")[0]);
    let Some(database) = database() else { return };
    let history = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, success boolean);
        INSERT INTO _sqlx_migrations VALUES (1, true);";
    database.run(migration).expect("the migration runs");
    database.run(history).expect("the tool notes it");
    let mut session = database.session();
    let mut said = || {
        let found = verify(&contract, &mut session);
        let text = verification_to_text(&contract, &found, Telling::Briefly, 80);
        format!("$ migcheck verify --contract migcheck.contract.toml\n{text}")
    };
    let shown = blocks(page, "console");
    assert_eq!(said(), shown[0]);
    let newer = "INSERT INTO _sqlx_migrations VALUES (2, true)";
    database.run(&format!("{ahead}{newer}")).expect("it runs");
    assert!(said().contains("fits: 3 queries judged"), "{}", said());
    database.run(apart).expect("it runs");
    assert_eq!(said(), shown[1]);
}

/// Answers what a server once said, script by script.
struct Recorded<'a> {
    said: &'a [Vec<String>],
    next: usize,
}

impl Answers for Recorded<'_> {
    fn answer(&mut self, _: &str) -> Result<Vec<String>, LiveError> {
        self.next += 1;
        Ok(self.said.get(self.next - 1).cloned().unwrap_or_default())
    }
}

/// Keeps what a server says.
struct Recording<'a> {
    server: &'a mut Session,
    said: Vec<Vec<String>>,
}

impl Answers for Recording<'_> {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        let lines = self.server.answer(script)?;
        self.said.push(lines.clone());
        Ok(lines)
    }
}

/// A text with one of its lines gone, twice there, or with another piece of the text in it.
fn damaged(text: &str, (line, way, at, from): (usize, usize, usize, usize)) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let place = line % lines.len();
    match way {
        0 => {
            lines.remove(place);
        }
        1 => lines.insert(place, lines[place].clone()),
        _ => {
            let words: Vec<&str> = text.split([' ', '\n', '"', ',', ':']).collect();
            let (line, word) = (&lines[place], words[from % words.len()]);
            let mut cut = at % (line.len() + 1);
            while !line.is_char_boundary(cut) {
                cut -= 1;
            }
            let rest = line[cut..].trim_start_matches(|it: char| it.is_alphanumeric());
            lines[place] = format!("{}{word}{rest}", &line[..cut]);
        }
    }
    lines.join("\n")
}

#[test]
fn damaged_contracts_and_answers_are_refused_or_judged() {
    let Some((contract, mut session)) = shop() else {
        return;
    };
    let mut recording = Recording {
        server: &mut session,
        said: Vec::new(),
    };
    verify(&contract, &mut recording);
    let said = recording.said;
    let text = contract.to_text();
    let all = said.iter().map(|it| it.join("\n"));
    let answers = all.collect::<Vec<_>>().join("\u{1}");
    let config = Config {
        cases: 1_500,
        failure_persistence: None,
        ..Config::default()
    };
    let damage = || (any::<usize>(), 0..4_usize, any::<usize>(), any::<usize>());
    let (taken, answered) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new(config).run(&(damage(), damage()), |(first, second)| {
        let judge = |contract: &Contract, said: &[Vec<String>]| {
            let mut server = Recorded { said, next: 0 };
            contract.verify(&mut server, &VerifyOptions::default())
        };
        if let Ok(other) = Contract::parse(&damaged(&text, first)) {
            let again = Contract::parse(&other.to_text());
            prop_assert_eq!(again.as_ref(), Ok(&other));
            let found = judge(&other, &said).expect("the answer is understood");
            let _ = verification_to_text(&other, &found, Telling::Everything, 80);
            taken.set(taken.get() + 1);
        }
        let other: Vec<Vec<String>> = damaged(&answers, second)
            .split('\u{1}')
            .map(|it| it.lines().map(str::to_owned).collect())
            .collect();
        answered.set(answered.get() + usize::from(judge(&contract, &other).is_ok()));
        Ok(())
    });
    outcome.expect("nothing panics, and what is read is written");
    assert!(taken.get() > 200, "only {} were contracts", taken.get());
    assert!(answered.get() > 200, "only {} were answers", answered.get());
}

#[test]
fn a_domain_over_itself_ends() {
    let text = r#"contract = 1
evidence = "partial"
[migrations]
layout = "sqlx"
[[type]]
name = "public.a"
kind = "domain"
base = "public.b"
[[type]]
name = "public.b"
kind = "domain"
base = "public.a"
[[query]]
id = "q"
at = "q.sql:1"
parameters = ["public.a"]
returns = ["x: public.b"]
text = "SELECT $1::a AS x"
"#;
    let contract = Contract::parse(text).expect("it is a contract");
    let session = r#"{"is":"session","number":150000,"version":"15.0","database":"d","user":"u","path":["public"],"closed":[]}"#;
    let said = [vec![session.to_owned()]];
    let mut server = Recorded {
        said: &said,
        next: 0,
    };
    let found = verify(&contract, &mut server);
    assert!(!found.fits());
}
