use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{
    ColumnChange, ConstraintKind, DataOp, Identity, Opaque, QueryDef, Runs, SchemaOp, SessionOp,
    TypeChange, TypeDef, Value,
};
use crate::sql::{Dialect, Operation, read};

/// The operations of a PostgreSQL text.
fn operations(text: &str) -> Vec<Operation> {
    let statements = read(text, Dialect::Postgres).statements;
    statements
        .into_iter()
        .flat_map(|statement| statement.operations)
        .collect()
}

/// The only operation of a statement.
fn only(text: &str) -> SchemaOp {
    match <[Operation; 1]>::try_from(operations(text)) {
        Ok([operation]) => operation.op,
        Err(several) => panic!("{text}: {several:?}"),
    }
}

fn names(text: &str, dialect: Dialect) -> String {
    let statements = read(text, dialect).statements;
    let all = statements
        .iter()
        .flat_map(|statement| &statement.operations);
    all.map(|operation| operation.op.name())
        .collect::<Vec<_>>()
        .join(" ")
}

fn opaque(text: &str) -> Opaque {
    match only(text) {
        SchemaOp::Opaque(opaque) => opaque,
        other => panic!("{text}: {other:?}"),
    }
}

/// Every form, and the operations it makes.
#[test]
fn every_form_of_statement_is_understood() {
    let cases = [
        ("CREATE SCHEMA s", "create-schema"),
        (
            "ALTER TABLE t ADD PRIMARY KEY (a, b WITHOUT OVERLAPS)",
            "add-constraint",
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY (a, PERIOD b) REFERENCES u (a, PERIOD b)",
            "add-constraint",
        ),
        (
            "ALTER TABLE t ALTER CONSTRAINT c NO INHERIT",
            "alter-constraint",
        ),
        // In passes: types before new columns, keys after them.
        (
            "ALTER TABLE t ADD UNIQUE (b), ADD b int, ALTER a TYPE text, DROP c",
            "drop-column set-type add-column add-constraint",
        ),
        ("EXPLAIN (ANALYZE, VERBOSE) UPDATE t SET a = 1", "update"),
        ("EXPLAIN (COSTS off) SELECT 1", "no-effect"),
        (
            "CREATE TRANSFORM FOR t LANGUAGE l (FROM SQL WITH FUNCTION f(internal))",
            "no-effect",
        ),
        (
            "SELECT cron.schedule('x', 'y', 'z'), uuid_in('a'), pg_catalog.lower('A')",
            "select",
        ),
        (
            "CREATE SCHEMA IF NOT EXISTS s AUTHORIZATION r",
            "create-schema",
        ),
        (
            "DROP SCHEMA IF EXISTS a, b CASCADE",
            "drop-schema drop-schema",
        ),
        ("ALTER SCHEMA a RENAME TO b", "rename-schema"),
        ("ALTER SCHEMA a OWNER TO r", "set-owner"),
        ("CREATE TABLE t ()", "create-table"),
        (
            "CREATE UNLOGGED TABLE t (a int) WITH (fillfactor = 70) TABLESPACE x",
            "create-table",
        ),
        ("CREATE TEMP TABLE t (a int) ON COMMIT DROP", "create-table"),
        (
            "CREATE TABLE t (LIKE u INCLUDING ALL EXCLUDING INDEXES, b int)",
            "create-table",
        ),
        (
            "CREATE TABLE t PARTITION OF u FOR VALUES FROM (1) TO (2)",
            "create-table",
        ),
        (
            "CREATE TABLE t PARTITION OF u DEFAULT PARTITION BY HASH (a)",
            "create-table",
        ),
        ("CREATE TABLE t (a int) INHERITS (u, s.v)", "create-table"),
        (
            "CREATE TABLE t (a, b) AS SELECT 1, 2 WITH NO DATA",
            "create-table",
        ),
        (
            "CREATE FOREIGN TABLE t (a int OPTIONS (x 'y')) SERVER s OPTIONS (z 'w')",
            "create-table",
        ),
        ("SELECT a INTO t FROM u", "create-table"),
        ("DROP TABLE a, s.b", "drop-table drop-table"),
        (
            "DROP MATERIALIZED VIEW IF EXISTS v CASCADE",
            "drop-materialized-view",
        ),
        ("DROP INDEX CONCURRENTLY i", "drop-index"),
        (
            "DROP INDEX CONCURRENTLY IF EXISTS i, j",
            "drop-index drop-index",
        ),
        (
            "DROP SEQUENCE s; DROP VIEW v; DROP FOREIGN TABLE f",
            "drop-sequence drop-view drop-foreign-table",
        ),
        ("ALTER TABLE t RENAME TO u", "rename-table"),
        (
            "ALTER TABLE IF EXISTS ONLY s.t RENAME COLUMN a TO b",
            "rename-column",
        ),
        ("ALTER TABLE t RENAME a TO b", "rename-column"),
        (
            "ALTER TABLE t RENAME CONSTRAINT a TO b",
            "rename-constraint",
        ),
        ("ALTER TABLE t SET SCHEMA s", "set-schema"),
        ("ALTER TABLE t ADD a int, DROP b", "drop-column add-column"),
        (
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int UNIQUE",
            "add-column add-constraint",
        ),
        (
            "ALTER TABLE t ALTER a SET NOT NULL, ALTER a DROP NOT NULL",
            "drop-not-null set-not-null",
        ),
        (
            "ALTER TABLE t ALTER a SET DEFAULT 1, ALTER a DROP DEFAULT",
            "drop-default set-default",
        ),
        ("ALTER TABLE t ALTER a SET DEFAULT NULL", "drop-default"),
        (
            "ALTER TABLE t ALTER a TYPE text COLLATE \"C\" USING a::text",
            "set-type",
        ),
        (
            "ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY (START 5)",
            "add-identity",
        ),
        (
            "ALTER TABLE t ALTER a SET GENERATED BY DEFAULT",
            "set-identity",
        ),
        (
            "ALTER TABLE t ALTER a DROP IDENTITY IF EXISTS",
            "drop-identity",
        ),
        ("ALTER TABLE t ALTER a DROP EXPRESSION", "drop-expression"),
        (
            "ALTER TABLE t ALTER a SET STATISTICS 5, ALTER a SET STORAGE PLAIN",
            "no-effect no-effect",
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
            "add-constraint",
        ),
        (
            "ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY USING INDEX i",
            "add-constraint",
        ),
        (
            "ALTER TABLE t ADD UNIQUE (a) INCLUDE (b) DEFERRABLE",
            "add-constraint",
        ),
        (
            "ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&) WHERE (b)",
            "add-constraint",
        ),
        (
            "ALTER TABLE t DROP CONSTRAINT IF EXISTS c CASCADE",
            "drop-constraint",
        ),
        ("ALTER TABLE t VALIDATE CONSTRAINT c", "validate-constraint"),
        (
            "ALTER TABLE t ALTER CONSTRAINT c DEFERRABLE INITIALLY DEFERRED",
            "alter-constraint",
        ),
        ("ALTER TABLE t OWNER TO CURRENT_USER", "set-owner"),
        ("ALTER TABLE t OWNER TO r", "set-owner"),
        (
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
            "set-row-security set-row-security",
        ),
        (
            "ALTER TABLE t DISABLE TRIGGER ALL, ENABLE ALWAYS TRIGGER g",
            "disable-trigger enable-trigger",
        ),
        (
            "ALTER TABLE t ATTACH PARTITION p FOR VALUES IN ('a', 'b')",
            "attach-partition",
        ),
        (
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
            "detach-partition",
        ),
        (
            "ALTER TABLE t INHERIT u, NO INHERIT v",
            "inherit no-inherit",
        ),
        (
            "ALTER TABLE t SET (fillfactor = 70), SET LOGGED, REPLICA IDENTITY FULL",
            "no-effect set-logged no-effect",
        ),
        (
            "ALTER TABLE t CLUSTER ON i, SET TABLESPACE x",
            "no-effect no-effect",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY t USING gin (a jsonb_path_ops)",
            "create-index",
        ),
        (
            "CREATE INDEX ON t ((a ->> 'b') DESC NULLS LAST, lower(c), d COLLATE \"C\" s.ops)",
            "create-index",
        ),
        (
            "ALTER INDEX i RENAME TO j; ALTER INDEX i ATTACH PARTITION j",
            "rename-index attach-partition-index",
        ),
        (
            "ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 100",
            "no-effect",
        ),
        (
            "CREATE OR REPLACE VIEW v (a) WITH (security_barrier) AS SELECT 1 WITH CHECK OPTION",
            "create-view",
        ),
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS v AS TABLE t WITH NO DATA",
            "create-view",
        ),
        ("CREATE RECURSIVE VIEW v (a) AS SELECT 1", "create-view"),
        (
            "ALTER VIEW v RENAME COLUMN a TO b; ALTER MATERIALIZED VIEW v RENAME TO w",
            "rename-column rename-materialized-view",
        ),
        (
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v WITH DATA",
            "no-effect",
        ),
        (
            "CREATE SEQUENCE IF NOT EXISTS s AS bigint CACHE 1 START WITH 1 INCREMENT BY -1 NO MAXVALUE OWNED BY s.t.a",
            "create-sequence",
        ),
        (
            "ALTER SEQUENCE s OWNED BY NONE; ALTER SEQUENCE s RESTART WITH 5",
            "set-sequence-owner no-effect",
        ),
        (
            "ALTER SEQUENCE s RENAME TO r; ALTER SEQUENCE s OWNER TO r",
            "rename-sequence set-owner",
        ),
        (
            "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE r AS RANGE (subtype = int)",
            "create-type create-type",
        ),
        (
            "CREATE TYPE c AS (a int, b s.t[]); CREATE TYPE b",
            "create-type create-type",
        ),
        (
            "ALTER TYPE e ADD VALUE IF NOT EXISTS 'c' BEFORE 'a'",
            "add-enum-label",
        ),
        (
            "ALTER TYPE e RENAME VALUE 'a' TO 'b'; ALTER TYPE e RENAME TO f",
            "rename-enum-label rename-type",
        ),
        (
            "ALTER TYPE e SET SCHEMA s; ALTER TYPE e OWNER TO r",
            "set-type-schema set-owner",
        ),
        (
            "ALTER TYPE c ADD ATTRIBUTE a int, DROP ATTRIBUTE IF EXISTS b CASCADE, ALTER ATTRIBUTE d TYPE text",
            "alter-type alter-type alter-type",
        ),
        (
            "DROP TYPE a, b; DROP DOMAIN IF EXISTS d",
            "drop-type drop-type drop-type",
        ),
        (
            "CREATE DOMAIN d AS text DEFAULT 'x' CONSTRAINT c NOT NULL CONSTRAINT k CHECK (VALUE <> '')",
            "create-type",
        ),
        (
            "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID; ALTER DOMAIN d DROP CONSTRAINT c",
            "alter-type alter-type",
        ),
        (
            "ALTER DOMAIN d SET DEFAULT 1; ALTER DOMAIN d SET NOT NULL; ALTER DOMAIN d VALIDATE CONSTRAINT c",
            "alter-type alter-type alter-type",
        ),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            "create-routine",
        ),
        (
            "CREATE FUNCTION f() RETURNS int RETURN 1; CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
            "create-routine create-routine",
        ),
        (
            "CREATE PROCEDURE p(a int) LANGUAGE sql AS 'SELECT 1'",
            "create-routine",
        ),
        (
            "CREATE AGGREGATE g (int) (sfunc = f, stype = int)",
            "create-routine",
        ),
        (
            "DROP FUNCTION f(int, text), g; DROP AGGREGATE h(*)",
            "drop-routine drop-routine drop-routine",
        ),
        (
            "ALTER FUNCTION f(a int) RENAME TO g; ALTER FUNCTION f SET SCHEMA s; ALTER FUNCTION f() STABLE",
            "rename-routine set-routine-schema no-effect",
        ),
        (
            "CREATE CONSTRAINT TRIGGER g AFTER UPDATE OF a ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE PROCEDURE f('x')",
            "create-trigger",
        ),
        (
            "CREATE TRIGGER g AFTER INSERT ON t REFERENCING NEW TABLE AS n FOR STATEMENT EXECUTE FUNCTION f()",
            "create-trigger",
        ),
        (
            "DROP TRIGGER IF EXISTS g ON t; ALTER TRIGGER g ON t RENAME TO h",
            "drop-trigger rename-trigger",
        ),
        (
            "CREATE POLICY p ON t AS RESTRICTIVE FOR SELECT TO a, PUBLIC USING (b = 1) WITH CHECK (true)",
            "create-policy",
        ),
        (
            "ALTER POLICY p ON t TO a USING (true); ALTER POLICY p ON t RENAME TO q; DROP POLICY p ON t",
            "alter-policy rename-policy drop-policy",
        ),
        (
            "GRANT SELECT (a), INSERT ON t, s.u TO r WITH GRANT OPTION; REVOKE ALL PRIVILEGES ON SCHEMA s FROM PUBLIC CASCADE",
            "grant grant revoke",
        ),
        (
            "GRANT ALL ON ALL TABLES IN SCHEMA a, b TO r; GRANT EXECUTE ON FUNCTION f(int) TO r; GRANT a TO b",
            "grant grant grant",
        ),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b",
            "alter-default-privileges",
        ),
        (
            "CREATE ROLE r WITH NOLOGIN IN ROLE a; CREATE USER u PASSWORD 'x'; DROP ROLE IF EXISTS r, u",
            "create-role grant create-role drop-role drop-role",
        ),
        (
            "ALTER ROLE r LOGIN; ALTER ROLE r RENAME TO q; ALTER ROLE r SET lock_timeout = 5",
            "alter-role rename-role no-effect",
        ),
        (
            "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA s VERSION '1'; DROP EXTENSION x",
            "create-extension drop-extension",
        ),
        (
            "COMMENT ON COLUMN t.a IS 'x'; COMMENT ON FUNCTION f(int, text) IS NULL",
            "no-effect no-effect",
        ),
        (
            "CREATE PUBLICATION p FOR ALL TABLES; DROP PUBLICATION p",
            "create-other drop-other",
        ),
        (
            "CREATE STATISTICS s ON a, b FROM t; CREATE RULE r AS ON INSERT TO t DO NOTHING; DROP RULE r ON t",
            "create-other create-rule drop-rule",
        ),
        (
            "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f(); CREATE CAST (a AS b) WITHOUT FUNCTION",
            "create-other create-other",
        ),
        (
            "CREATE OPERATOR s.=== (leftarg = int); CREATE TEXT SEARCH CONFIGURATION c (COPY = x)",
            "create-other create-other",
        ),
        (
            "CREATE SERVER s FOREIGN DATA WRAPPER f; CREATE USER MAPPING FOR u SERVER s; CREATE COLLATION c FROM d",
            "create-other create-other create-other",
        ),
        (
            "INSERT INTO t VALUES (1); UPDATE t SET a = 1; DELETE FROM t; TRUNCATE a, b",
            "insert update delete truncate",
        ),
        (
            "WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x",
            "delete insert",
        ),
        (
            "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE; LOCK TABLE t IN SHARE MODE",
            "merge lock",
        ),
        (
            "COPY t (a) FROM stdin;\n1\n\\.\nCOPY t TO stdout",
            "copy select",
        ),
        (
            "SELECT setval('s', (SELECT max(a) FROM t)); SELECT pg_catalog.nextval('s'::regclass)",
            "select select",
        ),
        (
            "BEGIN; START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY; COMMIT; END; ROLLBACK TO SAVEPOINT x",
            "transaction transaction transaction transaction transaction",
        ),
        (
            "SAVEPOINT x; RELEASE x; ABORT; COMMIT AND CHAIN",
            "transaction transaction transaction transaction transaction",
        ),
        (
            "SET lock_timeout = '5s'; SET LOCAL search_path TO a, b; RESET ALL; SET ROLE r; SET SESSION AUTHORIZATION DEFAULT",
            "set set set set set",
        ),
        (
            "VACUUM t; ANALYZE; REINDEX TABLE t; CLUSTER; CHECKPOINT; NOTIFY x; LISTEN x",
            "no-effect no-effect no-effect no-effect no-effect no-effect no-effect",
        ),
        (
            "\\connect x\n\\restrict a'b\nSELECT 1;",
            "no-effect no-effect select",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(names(text, Dialect::Postgres), expected, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_opaque_with_its_names() {
    let cases = [
        ("FOO s.bar \"Baz\"", "foo s.bar \"Baz\"", false),
        ("DROP TABLE a b", "a b", false),
        ("DROP OWNED BY r", "owned r", true),
        (
            "CREATE RULE r AS ON SELECT TO s.t DO INSTEAD SELECT 1",
            "s.t",
            false,
        ),
        ("CREATE TABLE t (a int", "t a int", false),
        ("ALTER TABLE t DROP COLUMN", "t", false),
        (
            "DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD a int ' || b; END $$",
            "users",
            false,
        ),
        (
            "DO $$ BEGIN ALTER TABLE s.t FROB b; END $$",
            "s.t frob b",
            false,
        ),
        ("DO LANGUAGE plv8 $$ s.t() $$", "s.t", true),
        ("\\i other.sql", "", true),
        ("CREATE TABLE a_${x} (b int)", "a_ b int", true),
        ("DROP TABLE t; SELECT 'x", "", true),
    ];
    for (text, expected, beyond) in cases {
        let last = operations(text).pop().map(|operation| operation.op);
        let Some(SchemaOp::Opaque(opaque)) = last else {
            panic!("{text}: {last:?}");
        };
        let names: Vec<String> = opaque.names.iter().map(|name| name.to_string()).collect();
        assert_eq!(names.join(" "), expected, "{text}");
        assert_eq!(opaque.beyond_names, beyond, "{text}");
    }
}

#[test]
fn the_reason_says_what_was_expected() {
    let cases = [
        (
            "ALTER TABLE t DROP COLUMN",
            "expected a name, found the end",
        ),
        (
            "ALTER TABLE t FROB a",
            "expected an action of ALTER TABLE, found `FROB`",
        ),
        ("DROP TABLE a b", "expected the end, found `b`"),
        ("CREATE TABLE t (a int", "a `(` is never closed"),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE ' || a; END $$",
            "a statement is built at run time",
        ),
        ("DO LANGUAGE plv8 $$ a $$", "a body in plv8 is not read"),
    ];
    for (text, reason) in cases {
        assert_eq!(opaque(text).reason.as_ref(), reason, "{text}");
    }
}

#[test]
fn each_operation_has_the_span_of_its_clause() {
    let cases = [
        (
            "-- c\nALTER TABLE t  DROP COLUMN a , ADD b int /* x */ CHECK (b > 0),FOO;",
            "DROP COLUMN a|ADD b int /* x */ CHECK (b > 0)|CHECK (b > 0)|FOO",
        ),
        (" DROP TABLE a, b ; ", "DROP TABLE a, b|DROP TABLE a, b"),
        (
            "ALTER TYPE c ADD ATTRIBUTE a int, DROP ATTRIBUTE b",
            "ADD ATTRIBUTE a int|DROP ATTRIBUTE b",
        ),
        (
            "WITH x AS (DELETE FROM a) UPDATE b SET c = 1",
            "DELETE FROM a|UPDATE b SET c = 1",
        ),
        (
            "DO $x$ BEGIN DROP TABLE a; DROP TABLE b; END $x$",
            "DROP TABLE a|DROP TABLE b",
        ),
    ];
    for (text, expected) in cases {
        let spans: Vec<&str> = operations(text)
            .iter()
            .map(|operation| operation.span.of(text))
            .collect();
        assert_eq!(spans.join("|"), expected, "{text}");
    }
}

#[test]
fn types_are_what_the_servers_catalog_calls_them() {
    let cases = [
        ("int", "integer"),
        ("INTEGER", "integer"),
        ("pg_catalog.int8", "bigint"),
        ("bigserial", "bigint"),
        ("char", "character(1)"),
        ("character varying(10)", "varchar(10)"),
        ("bpchar", "bpchar"),
        ("\"char\"", "\"char\""),
        ("numeric(8)", "numeric(8,0)"),
        ("decimal(8, -2)", "numeric(8,-2)"),
        ("float", "double precision"),
        ("float(24)", "real"),
        ("double precision", "double precision"),
        ("bit varying(5)", "bit varying(5)"),
        ("bit", "bit(1)"),
        (
            "timestamp (3) with time zone",
            "timestamp(3) with time zone",
        ),
        ("timestamp", "timestamp without time zone"),
        ("time with time zone", "time with time zone"),
        ("interval day to second (3)", "interval(3)"),
        ("int[3][][]", "integer[]"),
        ("text ARRAY[4]", "text[]"),
        ("s.\"T\"[]", "s.\"T\"[]"),
        ("geometry(Point, 4326)", "geometry(4326)"),
        ("citext", "citext"),
    ];
    for (written, expected) in cases {
        let SchemaOp::AddColumn { column, .. } = only(&format!("ALTER TABLE t ADD a {written}"))
        else {
            panic!("{written}");
        };
        assert_eq!(column.data_type.to_string(), expected, "{written}");
        assert_eq!(column.serial, written.contains("serial"));
    }
}

#[test]
fn columns_keep_what_is_written_of_them() {
    // name, not null, default, identity, number of constraints
    let cases = [
        ("a int", false, None, None, 0),
        ("a int NOT NULL DEFAULT 1 + 2", true, Some("1 + 2"), None, 0),
        ("a int DEFAULT NULL", false, None, None, 0),
        (
            "a varchar(5) DEFAULT NULL::character varying NOT NULL",
            true,
            None,
            None,
            0,
        ),
        (
            "a text DEFAULT 'x'::character varying COLLATE \"C\"",
            false,
            Some("'x'::character varying"),
            None,
            0,
        ),
        (
            "a bool DEFAULT CASE WHEN 1 IS NOT NULL THEN true END NOT NULL",
            true,
            Some("CASE WHEN 1 IS NOT NULL THEN true END"),
            None,
            0,
        ),
        (
            "a int CONSTRAINT x NOT NULL CONSTRAINT y UNIQUE",
            true,
            None,
            None,
            1,
        ),
        (
            "a int PRIMARY KEY REFERENCES u ON UPDATE CASCADE",
            true,
            None,
            None,
            2,
        ),
        (
            "a int GENERATED BY DEFAULT AS IDENTITY (START 1)",
            true,
            None,
            Some(Identity::ByDefault),
            0,
        ),
        ("a serial", true, None, None, 0),
    ];
    for (written, not_null, default, identity, constraints) in cases {
        let mut all = operations(&format!("ALTER TABLE t ADD {written}")).into_iter();
        let Some(SchemaOp::AddColumn { column, .. }) = all.next().map(|operation| operation.op)
        else {
            panic!("{written}");
        };
        assert_eq!(column.not_null, not_null, "{written}");
        assert_eq!(
            column.default.as_ref().map(|e| e.text.as_ref()),
            default,
            "{written}"
        );
        assert_eq!(column.identity, identity, "{written}");
        assert_eq!(all.count(), constraints, "{written}");
    }
}

#[test]
fn a_check_that_lists_literals_gives_its_values() {
    let cases = [
        ("a IN ('x', 'y')", "a: x y"),
        (
            "(((a)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[])))",
            "a: x y",
        ),
        ("a = ANY (ARRAY['x', 'it''s']::text[])", "a: it's x"),
        ("\"A\" IN (1, 2)", "A: 1 2"),
        ("a IS NULL OR a IN ('x', 'y')", "a: x y"),
        (
            "(((a)::text = ANY (ARRAY['x'::text])) OR (a IS NULL))",
            "a: x",
        ),
        ("a IN ('x') OR b", ""),
        ("b IS NULL OR a IN ('x')", ""),
        ("a IN ('x') OR b IS NULL", ""),
        ("a IS NOT NULL OR a IN ('x')", ""),
        ("lower(a) IN ('x')", ""),
        ("a NOT IN ('x')", ""),
        ("a IN ('x', b)", ""),
    ];
    for (check, expected) in cases {
        let SchemaOp::AddConstraint { constraint, .. } =
            only(&format!("ALTER TABLE t ADD CHECK ({check})"))
        else {
            panic!("{check}");
        };
        let ConstraintKind::Check { allowed, .. } = constraint.kind else {
            panic!("{check}");
        };
        let shown = allowed.map_or_else(String::new, |allowed| {
            let values: Vec<&str> = allowed.values.iter().map(AsRef::as_ref).collect();
            format!("{}: {}", allowed.column.as_str(), values.join(" "))
        });
        assert_eq!(shown, expected, "{check}");
    }
}

#[test]
fn rows_of_the_servers_catalog_are_no_rows() {
    for text in [
        "DELETE FROM pg_enum WHERE enumlabel = 'x'",
        "UPDATE pg_catalog.pg_attribute SET attnotnull = true",
        "INSERT INTO information_schema.sql_features VALUES (1)",
        "WITH x AS (SELECT 1) UPDATE ONLY pg_class SET relname = 'u'",
    ] {
        let opaque = opaque(text);
        assert!(opaque.beyond_names, "{text}");
        assert_eq!(&*opaque.reason, "it changes the server's own catalog");
    }
    for text in [
        "DELETE FROM pg_search_documents",
        "DELETE FROM s.pg_enum",
        "INSERT INTO t SELECT relname FROM pg_class",
    ] {
        assert!(matches!(only(text), SchemaOp::Data(_)), "{text}");
    }
}

#[test]
fn a_rule_tells_what_it_rewrites_and_what_it_uses() {
    let cases = [
        (
            "CREATE RULE r AS ON INSERT TO s.t DO INSTEAD INSERT INTO u VALUES (new.a)",
            "s.t INSERT instead: u",
        ),
        (
            "CREATE OR REPLACE RULE r AS ON UPDATE TO s.t WHERE old.a DO ALSO (SELECT 1; DELETE FROM u)",
            "s.t UPDATE also where: u",
        ),
        (
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD UPDATE u SET a = 1 FROM w",
            "t DELETE instead: w u",
        ),
        (
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING",
            "t DELETE instead:",
        ),
        (
            "CREATE RULE r AS ON INSERT TO t DO ALSO NOTIFY c",
            "t INSERT also:",
        ),
    ];
    for (text, expected) in cases {
        let SchemaOp::CreateRule { rule, .. } = only(text) else {
            panic!("{text}");
        };
        let how = if rule.instead { "instead" } else { "also" };
        let condition = if rule.condition.is_some() {
            " where"
        } else {
            ""
        };
        let used: Vec<String> = rule.relations.iter().map(|it| format!(" {it}")).collect();
        let event = rule.event.as_str();
        let shown = format!("{} {event} {how}{condition}:{}", rule.table, used.concat());
        assert_eq!(shown, expected, "{text}");
    }
}

fn query(text: &str) -> QueryDef {
    match only(&format!("CREATE VIEW v AS {text}")) {
        SchemaOp::CreateView { view, .. } => view.query,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_query_tells_its_relations_and_output() {
    let cases = [
        (
            "SELECT a, t.b, c AS d, e f, g::text, count(*) FROM t",
            "t",
            "a b d f g count",
        ),
        (
            "SELECT * FROM a JOIN s.b USING (c), d x LEFT JOIN LATERAL f(1) ON true",
            "a s.b d",
            "?",
        ),
        (
            "WITH q AS (SELECT 1 FROM a), r (z) AS (SELECT 2) SELECT q.x FROM q, r, b",
            "a b",
            "x",
        ),
        (
            "SELECT extract(year FROM c) AS y FROM a WHERE b IN (SELECT c FROM d)",
            "a d",
            "y",
        ),
        ("SELECT a + b FROM t UNION SELECT c FROM u", "t u", "?"),
        (
            "SELECT DISTINCT ON (a) b FROM (t JOIN u ON true)",
            "t u",
            "b",
        ),
        ("SELECT a IS DISTINCT FROM b AS c FROM t", "t", "c"),
        ("SELECT current_date, a FROM t", "t", "?"),
    ];
    for (text, relations, output) in cases {
        let query = query(text);
        let found: Vec<String> = query.relations.iter().map(ToString::to_string).collect();
        assert_eq!(found.join(" "), relations, "{text}");
        let named = query.output.map_or_else(
            || "?".to_owned(),
            |names| {
                names
                    .iter()
                    .map(Ident::as_str)
                    .collect::<Vec<_>>()
                    .join(" ")
            },
        );
        assert_eq!(named, output, "{text}");
    }
    assert_eq!(query("SELECT t.* FROM t").columns, None);
    assert!(query("SELECT a * count(*) FROM t").columns.is_some());
}

#[test]
fn data_statements_name_their_table_and_columns() {
    let columns = |text: &str| match only(text) {
        SchemaOp::Data(
            DataOp::Insert { table, columns, .. }
            | DataOp::Update { table, columns, .. }
            | DataOp::CopyFrom { table, columns },
        ) => {
            let columns: Vec<&str> = columns.iter().map(Ident::as_str).collect();
            format!("{table}: {}", columns.join(" "))
        }
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(
        columns("INSERT INTO s.t AS x (a, \"B\") VALUES (1, now())"),
        "s.t: a B"
    );
    assert_eq!(columns("INSERT INTO t (SELECT 1)"), "t: ");
    assert_eq!(
        columns(
            "UPDATE ONLY t AS x SET a = b IS DISTINCT FROM c, (d, e) = (1, 2), f[1] = 3 FROM g WHERE h"
        ),
        "t: a d e f"
    );
    assert_eq!(
        columns("COPY t (a, b) FROM '/x' WITH (FORMAT csv)"),
        "t: a b"
    );
}

#[test]
fn a_call_of_a_function_of_the_project_is_left_to_the_replay() {
    let cases = [
        (
            "SELECT lower(a), count(*) FILTER (WHERE b) OVER (PARTITION BY c) FROM t x (a, b)",
            "select",
        ),
        (
            "WITH x (a) AS (VALUES (1)), y AS MATERIALIZED (SELECT 1) SELECT * FROM x, y",
            "select",
        ),
        ("SELECT f(1)", "call"),
        (
            "SELECT \"pg_catalog\".\"lower\"('A'), set_config('lock_timeout', a, true), \"upper\"(a)",
            "select",
        ),
        ("SELECT a, set_config('search_path', a, true)", "call"),
        ("SELECT \"Lower\"('A')", "call"),
        ("SELECT s.lower(a)", "call"),
        ("SELECT a FROM t ORDER BY f(a)", "call"),
        ("INSERT INTO t (a) SELECT f(b) FROM u", "insert call"),
        ("CALL p(1)", "call"),
        (
            "SELECT 1 FROM generate_series(1, 2) AS g (i) WHERE x::numeric(8, 2) LIKE concat('a')",
            "select",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(names(text, Dialect::Postgres), expected, "{text}");
    }
    let SchemaOp::Call(call) = only("SELECT f('s.t', g(2), f(1))") else {
        panic!();
    };
    let routines: Vec<String> = call
        .routines
        .iter()
        .map(|it| format!("{} {:?}", it.name, it.arguments))
        .collect();
    assert_eq!(
        routines,
        [
            "f Some([(None, Some(Text(\"s.t\"))), (None, None), (None, None)])",
            "g Some([(None, Some(Text(\"2\")))])",
            "f Some([(None, Some(Text(\"1\")))])"
        ]
    );
    let names: Vec<String> = call.names.iter().map(ObjectName::to_string).collect();
    assert_eq!(names.join(" "), "f g s.t");
}

/// The operations of a PL/pgSQL body, those that run where they fit with `~`, those that run
/// perhaps with `?`.
fn body(text: &str) -> String {
    let operations = operations(&format!("DO $x$ {text} $x$"));
    let shown = operations.iter().map(|operation| {
        let mark = match operation.runs {
            Runs::Always => "",
            Runs::IfItFits | Runs::OneOf { .. } => "~",
            Runs::Perhaps => "?",
        };
        format!("{}{mark}", operation.op.name())
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn conditions_on_known_values_are_decided() {
    let cases = [
        ("a = 'x'", "drop-table"),
        ("lower(a) <> 'y' AND a IS NOT NULL", "drop-table"),
        ("a NOT IN ('x', 'y') OR a = 'x'", "drop-table"),
        ("NOT (a = 'y')", "drop-table"),
        ("a = b OR a = 'x'", "drop-table"),
        ("a = 'y'", "create-table"),
        ("a IN ('y', 'z')", "create-table"),
        ("a = b AND a = 'y'", "create-table"),
        // Nobody knows `b`, and numbers have several spellings.
        ("a = b", "drop-table? create-table?"),
        ("a = 'x' AND b", "drop-table? create-table?"),
        ("a BETWEEN 'x' AND 'y'", "drop-table? create-table?"),
        ("n = 1.0", "drop-table? create-table?"),
    ];
    for (condition, expected) in cases {
        let variables = "DECLARE a text := 'x'; n integer := 1; b text;";
        let text = format!(
            "{variables} BEGIN IF {condition} THEN DROP TABLE t; ELSE CREATE TABLE t (); END IF; END"
        );
        assert_eq!(body(&text), expected, "{condition}");
        let text = format!(
            "{variables} BEGIN CASE WHEN {condition} THEN DROP TABLE t; \
             ELSE CREATE TABLE t (); END CASE; END"
        );
        assert_eq!(body(&text), expected, "{condition}");
    }
    // What a branch assigns that perhaps runs is not known in the next.
    let text = "DECLARE a text := 'x'; b boolean; BEGIN IF b THEN a := 'y'; \
                ELSIF a = 'y' THEN DROP TABLE t; END IF; IF a = 'x' THEN DROP TABLE u; END IF; END";
    assert_eq!(body(text), "drop-table? drop-table?");
    // What is assigned in the branch that is taken is known behind it.
    let text = "DECLARE a text := 'x'; s text; BEGIN IF a = 'x' THEN s := 'DROP TABLE t'; \
                ELSE s := 'CREATE TABLE t ()'; RETURN; END IF; EXECUTE s; END";
    assert_eq!(body(text), "drop-table");
}

#[test]
fn loops_over_lists_run_once_for_each_element() {
    let cases = [
        "FOR i IN 1 .. array_length(a, 1) LOOP EXECUTE 'DROP TABLE ' || a[i]; END LOOP",
        "FOR i IN 1..cardinality(a) LOOP EXECUTE format('DROP TABLE %I', a[i]); END LOOP",
        "FOR i IN 0..(n - 1) LOOP EXECUTE pg_catalog.format('DROP TABLE t_%s', i); END LOOP",
    ];
    for text in cases {
        let text =
            format!("DECLARE a text[] := ARRAY['t', 'u']; n integer := 2; BEGIN {text}; END");
        assert_eq!(body(&text), "drop-table drop-table", "{text}");
    }
}

#[test]
fn a_table_named_after_a_day_is_one_that_nobody_names() {
    let made = "EXECUTE format('CREATE TABLE %I (LIKE t)', n)";
    let cases = [
        (made.to_owned(), "no-effect"),
        (
            format!("{made}; EXECUTE 'ALTER TABLE t ATTACH PARTITION ' || n || ' DEFAULT'"),
            "no-effect attach-partition",
        ),
        (
            "EXECUTE format('CREATE TABLE %I PARTITION OF t DEFAULT', n)".to_owned(),
            "attach-partition",
        ),
        (
            format!("{made}; EXECUTE format('CREATE INDEX ON %I (a)', n)"),
            "no-effect no-effect",
        ),
        (
            format!("{made}; EXECUTE format('DROP TABLE %I', n)"),
            "no-effect no-effect",
        ),
        // These may mean any table that is there.
        ("EXECUTE format('DROP TABLE %I', n)".to_owned(), "opaque"),
        (
            "EXECUTE format('ALTER TABLE %I ADD a int', n)".to_owned(),
            "opaque",
        ),
        (
            "EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON t EXECUTE FUNCTION f()', n)"
                .to_owned(),
            "opaque",
        ),
        // And this need not be one word.
        (
            "EXECUTE 'CREATE TABLE t_' || to_char(now(), 'Month') || ' ()'".to_owned(),
            "opaque",
        ),
    ];
    for (text, expected) in cases {
        let text = format!(
            "DECLARE d text; n text; BEGIN SELECT to_char(now(), 'YYYYMMDD') INTO d; \
             n := 't_' || d; {text}; END"
        );
        assert_eq!(body(&text), expected, "{text}");
    }
}

#[test]
fn static_sql_of_a_body_is_read_with_how_sure_it_runs() {
    let cases = [
        ("BEGIN END", "no-effect"),
        ("BEGIN NULL; RAISE NOTICE 'x %', 1; END;", "no-effect"),
        (
            "BEGIN ALTER TABLE t ADD a int; ALTER TABLE t ADD b int; END;",
            "add-column add-column",
        ),
        (
            "BEGIN CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END",
            "create-type~",
        ),
        // A failure of the second undoes the first.
        (
            "BEGIN ALTER TABLE t ADD a int; DROP TABLE u; EXCEPTION WHEN others THEN null; END",
            "add-column? drop-table?",
        ),
        (
            "BEGIN DROP TABLE a; BEGIN DROP TABLE b; EXCEPTION WHEN undefined_table OR others \
             THEN DROP TABLE c; END; DROP TABLE d; END",
            "drop-table drop-table~ drop-table? drop-table",
        ),
        (
            "BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'e') THEN \
             CREATE TYPE e AS ENUM ('a'); END IF; END",
            "create-type~",
        ),
        (
            "BEGIN IF EXISTS (SELECT FROM information_schema.columns WHERE table_name = 't') \
             THEN ALTER TABLE t RENAME a TO b; ELSE ALTER TABLE t ADD b int; END IF; END",
            "rename-column~ add-column~",
        ),
        (
            "BEGIN IF to_regclass('public.t') IS NOT NULL THEN DROP TABLE t; END IF; END",
            "drop-table~",
        ),
        // The rows decide, or the roles of this one server.
        (
            "BEGIN IF EXISTS (SELECT 1 FROM t) THEN DROP TABLE t; END IF; END",
            "drop-table?",
        ),
        (
            "BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'r') THEN \
             REVOKE ALL ON t FROM r; END IF; END",
            "revoke?",
        ),
        (
            "BEGIN IF a THEN DROP TABLE t; ELSIF b THEN DROP TABLE u; ELSE DROP TABLE v; END IF; \
             DROP TABLE w; END",
            "drop-table? drop-table? drop-table? drop-table",
        ),
        (
            "BEGIN IF CASE WHEN a THEN b END THEN DROP TABLE t; END IF; END",
            "drop-table?",
        ),
        (
            "BEGIN CASE a WHEN 1 THEN DROP TABLE t; ELSE DROP TABLE u; END CASE; END",
            "drop-table? drop-table?",
        ),
        (
            "DECLARE r record; n int := 0; BEGIN FOR r IN SELECT a FROM t LOOP \
             UPDATE u SET b = r.a; END LOOP; WHILE n < 2 LOOP n := n + 1; DROP TABLE t; END LOOP; END",
            "update? drop-table?",
        ),
        // What follows a conditional RETURN is as sure as the condition.
        (
            "BEGIN IF EXISTS (SELECT FROM pg_class WHERE relname = 't') THEN RETURN; END IF; \
             DROP TABLE u; END",
            "drop-table~",
        ),
        (
            "BEGIN IF (SELECT count(*) FROM t) = 0 THEN RETURN; END IF; DROP TABLE u; END",
            "drop-table?",
        ),
        (
            "BEGIN IF EXISTS (SELECT FROM pg_class WHERE relname = 't') THEN DROP TABLE t; RETURN; \
             END IF; DROP TABLE u; END",
            "drop-table~ drop-table?",
        ),
        // The answer may come by way of a variable.
        (
            "DECLARE x bool; BEGIN SELECT EXISTS (SELECT 1 FROM pg_class) INTO x; \
             IF NOT x THEN CREATE TABLE t (); END IF; x := y; IF x THEN DROP TABLE t; END IF; END",
            "create-table~ drop-table?",
        ),
        (
            "BEGIN PERFORM 1 FROM pg_constraint WHERE conname = 'c'; IF NOT FOUND THEN \
             ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0); END IF; END",
            "add-constraint~",
        ),
        ("BEGIN PERFORM setval('s', 1); END", "no-effect"),
        ("BEGIN PERFORM f(); x := g(1); END", "call call"),
        ("BEGIN SELECT a INTO b FROM t; END", "no-effect"),
        (
            "BEGIN WITH x AS (INSERT INTO t (a) VALUES (1) RETURNING a) SELECT a INTO b FROM x; END",
            "insert",
        ),
        ("BEGIN EXECUTE 'DROP TABLE t'; END", "drop-table"),
        (
            "BEGIN EXECUTE 'DROP TABLE ' || 't' USING a; EXECUTE format('DROP TABLE %I', 'T'); END",
            "drop-table drop-table",
        ),
        ("BEGIN EXECUTE format('DROP TABLE %I', a); END", "opaque"),
        // Values that are known build statements that are known.
        (
            "DECLARE a text := 't'; b constant text = 'c'; BEGIN \
             EXECUTE format('ALTER TABLE %I DROP COLUMN ', a) || quote_ident(b); \
             a := a || '2'; EXECUTE 'DROP TABLE ' || a; SELECT x INTO a FROM u; \
             EXECUTE 'DROP TABLE ' || a; END",
            "drop-column drop-table opaque",
        ),
        (
            "DECLARE a text; BEGIN IF x THEN a := 't'; END IF; EXECUTE 'DROP TABLE ' || a; END",
            "opaque",
        ),
        (
            "DECLARE a text; BEGIN IF x THEN a := 't'; EXECUTE('DROP TABLE ' || a); ELSE \
             EXECUTE 'DROP TABLE ' || a; END IF; END",
            "drop-table? opaque?",
        ),
        (
            "DECLARE a text; b text[] := ARRAY['t', 'u']; BEGIN FOREACH a IN ARRAY b LOOP \
             EXECUTE 'DROP TABLE ' || a; END LOOP; FOREACH a IN ARRAY '{}'::text[] LOOP \
             DROP TABLE v; END LOOP; DROP TABLE w; END",
            "drop-table drop-table drop-table",
        ),
        (
            "BEGIN FOR i IN 0..1 LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END",
            "create-table create-table",
        ),
        (
            "BEGIN FOR i IN 1..9 LOOP EXIT WHEN x; EXECUTE format('DROP TABLE t%s', i); \
             END LOOP; FOR i IN 1..a LOOP DROP TABLE t; END LOOP; END",
            "opaque? drop-table?",
        ),
        (
            "BEGIN FOR i IN 1..100000 LOOP DROP TABLE t; END LOOP; END",
            "drop-table?",
        ),
        (
            "BEGIN EXECUTE format('COMMENT ON TABLE %I IS %L', a, b); END",
            "no-effect",
        ),
        (
            "<<l>> DECLARE a int; BEGIN <<m>> LOOP EXIT m WHEN a > 1; END LOOP m; DROP TABLE t; END l",
            "drop-table",
        ),
        ("BEGIN DROP TABLE t; FROB; END", "drop-table opaque"),
        ("BEGIN DROP TABLE t;", "opaque"),
        ("BEGIN END IF; END", "opaque"),
        (
            "BEGIN EXECUTE 'DO $a$ BEGIN DROP TABLE t; END $a$'; END",
            "drop-table",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(body(text), expected, "{text}");
    }
    assert_eq!(
        names("DO 'BEGIN DROP TABLE t; END'", Dialect::Postgres),
        "drop-table"
    );
}

#[test]
fn bodies_within_bodies_end() {
    let mut text = "DROP TABLE t".to_owned();
    for level in 0..50 {
        text = format!("DO $a{level}$ BEGIN EXECUTE $b{level}${text}$b{level}$; END $a{level}$");
    }
    assert_eq!(names(&text, Dialect::Postgres), "opaque");
}

#[test]
fn the_body_of_a_function_is_read_in_its_language() {
    let shown = |body: &str, language: &str| {
        let values = [(Ident::new("a"), Value::Text("t".into()))];
        let values = values.into_iter().collect();
        let operations = crate::sql::read_body(body, language, Dialect::Postgres, &values);
        let names: Vec<&str> = operations.iter().map(|it| it.op.name()).collect();
        names.join(" ")
    };
    assert_eq!(shown("SELECT 1; UPDATE t SET a = 1", "sql"), "update");
    assert_eq!(
        shown(
            "BEGIN ATOMIC INSERT INTO t VALUES (1); SELECT f(); END",
            "sql"
        ),
        "insert call"
    );
    assert_eq!(shown("RETURN a + 1", "sql"), "");
    assert_eq!(shown("BEGIN RETURN NEW; END", "plpgsql"), "");
    assert_eq!(
        shown("BEGIN EXECUTE 'DROP TABLE ' || a; END", "plpgsql"),
        "drop-table"
    );
    assert_eq!(shown("return 1", "plpython3u"), "opaque");
}

#[test]
fn settings_are_kept() {
    let path = |text: &str| match only(text) {
        SchemaOp::Session(SessionOp::SearchPath { path, scope }) => format!("{path:?} {scope:?}"),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(
        path("SELECT pg_catalog.set_config('search_path', '', false)"),
        "Some([]) Session"
    );
    assert_eq!(
        path("SET search_path = \"A\", b, 'c'"),
        "Some([Ident(\"A\"), Ident(\"b\"), Ident(\"c\")]) Session"
    );
    assert_eq!(path("SET LOCAL search_path TO DEFAULT"), "None Transaction");
}

#[test]
fn routines_keep_their_input_arguments() {
    let SchemaOp::CreateRoutine { routine, .. } = only(
        "CREATE OR REPLACE FUNCTION s.f(a int, OUT b text, timestamp with time zone, VARIADIC c text[] DEFAULT '{}') \
         RETURNS timestamp with time zone SET search_path = a, b LANGUAGE 'SQL' STABLE AS $$SELECT 1$$",
    ) else {
        panic!();
    };
    let shown: Vec<String> = routine
        .arguments
        .iter()
        .map(|a| {
            format!(
                "{:?} {} {}",
                a.name.as_ref().map(Ident::as_str),
                a.data_type,
                a.has_default
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Some(\"a\") integer false",
            "None timestamp with time zone false",
            "Some(\"c\") text[] true"
        ]
    );
    assert_eq!(routine.returns.as_deref(), Some("timestamp with time zone"));
    assert_eq!(
        (routine.language.as_str(), routine.body.as_ref()),
        ("sql", "SELECT 1")
    );
}

#[test]
fn definitions_of_types_and_domains_are_kept() {
    let SchemaOp::CreateType { definition, .. } =
        only("CREATE DOMAIN d AS varchar(5) NOT NULL CHECK (VALUE <> '')")
    else {
        panic!();
    };
    let TypeDef::Domain {
        base,
        not_null: true,
        default: None,
        checks,
    } = definition
    else {
        panic!("{definition:?}");
    };
    assert_eq!((base.to_string().as_str(), checks.len()), ("varchar(5)", 1));
    let SchemaOp::AlterType { change, .. } = only("ALTER DOMAIN d SET DEFAULT NULL") else {
        panic!();
    };
    assert_eq!(change, TypeChange::DomainDefault(None));
}

#[test]
fn placeholders_and_other_dialects_are_read_where_they_are_plain() {
    let cases = [
        ("DROP TABLE ${schema}.t", Dialect::Postgres, "drop-table"),
        (
            "ALTER TABLE {{ index .Options \"N\" }}.t ADD a int",
            Dialect::Postgres,
            "add-column",
        ),
        (
            "INSERT INTO t VALUES (${x}, :NAME, '{{y}}')",
            Dialect::Postgres,
            "insert",
        ),
        (
            "CREATE TABLE `t` (`id` int unsigned NOT NULL AUTO_INCREMENT, `a` varchar(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'x', \
             PRIMARY KEY (`id`), UNIQUE KEY `u` (`a`), KEY `k` (`a`(3)), CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `o` (`b`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
            Dialect::Mysql,
            "create-table create-index",
        ),
        (
            "ALTER TABLE t MODIFY a bigint NOT NULL, CHANGE b c text, ADD INDEX i (a), DROP PRIMARY KEY, ALGORITHM=INPLACE",
            Dialect::Mysql,
            "redefine-column rename-column redefine-column create-index drop-constraint no-effect",
        ),
        (
            "DROP INDEX i ON t; RENAME TABLE a TO b, c TO d",
            Dialect::Mariadb,
            "drop-index rename-table rename-table",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b UNSIGNED BIG INT DEFAULT 1, [c d] TEXT) STRICT, WITHOUT ROWID",
            Dialect::Sqlite,
            "create-table",
        ),
        (
            "PRAGMA foreign_keys=OFF; ALTER TABLE t RENAME TO u",
            Dialect::Sqlite,
            "no-effect rename-table",
        ),
    ];
    for (text, dialect, expected) in cases {
        assert_eq!(names(text, dialect), expected, "{text}");
    }
}

#[test]
fn changes_of_a_column_keep_their_details() {
    let SchemaOp::AlterColumn { change, .. } =
        only("ALTER TABLE t ALTER a SET DATA TYPE varchar(9) USING left(a, 9)")
    else {
        panic!();
    };
    let ColumnChange::SetType {
        data_type,
        collation: None,
        using: true,
        rewrites: false,
    } = change
    else {
        panic!("{change:?}");
    };
    assert_eq!(data_type.to_string(), "varchar(9)");
}
