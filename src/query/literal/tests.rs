//! What is read from literals, language by language.

use crate::query::QuerySettings;
use crate::query::tests::{naming, shown, shown_with};

#[test]
fn literals_of_rust() {
    let code = r###"
// "SELECT commented FROM out"
fn a<'a>(x: &'a str) {
    sqlx::query("SELECT a FROM t WHERE b = $1 AND data ? 'key'");
    let q = r#"
        SELECT "quoted"
        FROM t"#;
    let joined = concat!("SELECT a ", "FROM t", " WHERE b = 1");
    let continued = "UPDATE t \
                     SET a = 1";
    let f = format!("SELECT a FROM {}", x);
    bail!("delete from {x} (failed)");
    let prose = "select a file";
    let c = '"';
    let mut grown = String::from("SELECT a FROM t WHERE 1 = 1");
    grown.push_str(" AND b = 2");
    let builder = QueryBuilder::new("INSERT INTO t (a) VALUES (1)");
    let ddl = "CREATE TABLE t (a int)";
    let two = "DELETE FROM a; DELETE FROM b;";
}
#[cfg(test)]
mod tests { fn t() { let x = "SELECT only FROM tests"; } }
fn b() { let x = "SELECT behind FROM tests"; }
"###;
    insta::assert_snapshot!(shown([("src/a.rs", code)]), @r#"
        src/a.rs:4 [Rust strings] SELECT a FROM t WHERE b = $1 AND data ? 'key'
        src/a.rs:6 [Rust strings] SELECT "quoted" FROM t
        src/a.rs:8 [Rust strings] SELECT a FROM t WHERE b = 1
        src/a.rs:9 [Rust strings] UPDATE t SET a = 1
        src/a.rs:19 [Rust strings] DELETE FROM a
        src/a.rs:19 [Rust strings] DELETE FROM b
        src/a.rs:23 [Rust strings] SELECT behind FROM tests
        src/a.rs:11 [Rust strings] not read: formatted: SELECT a FROM {}
        src/a.rs:15 [Rust strings] not read: text is added to it: SELECT a FROM t WHERE 1 = 1
        src/a.rs:17 [Rust strings] not read: text is added to it: INSERT INTO t (a) VALUES (1)
        = Rust strings in : 7
        "#);
}

#[test]
fn literals_of_go() {
    let code = "package a\n\
        const q = `\n  SELECT a FROM t\n  WHERE b = $1`\n\
        func f() {\n\
        db.Query(\"SELECT a \" +\n\t\"FROM t WHERE a = ?\", x)\n\
        db.Query(\"SELECT a FROM \" + table + \" WHERE b = 1\")\n\
        db.Query(fmt.Sprintf(\"SELECT a FROM t WHERE b = '%s'\", x))\n\
        db.Query(\"SELECT a FROM t WHERE b LIKE '%s'\")\n\
        tx.NamedExec(`UPDATE t SET a = :a WHERE b = @b`, x)\n\
        return fmt.Errorf(\"select a from t: %w\", err)\n\
        query := \"SELECT a FROM t\"\n\
        query += \" WHERE b = $1\"\n\
        r := '\"'\n\
        query = \"SELECT again FROM t\"\n\
        }\nfunc g() {\nquery := \"SELECT other FROM t\"\n\
        x := \"select the first item from the list\"\n}\n";
    insta::assert_snapshot!(shown([("a.go", code), ("a_test.go", code)]), @r"
        a.go:3 [Go strings] SELECT a FROM t WHERE b = $1
        a.go:6 [Go strings] SELECT a FROM t WHERE a = $1
        a.go:10 [Go strings] SELECT a FROM t WHERE b LIKE '%s'
        a.go:11 [Go strings] UPDATE t SET a = $1 WHERE b = $2
        a.go:16 [Go strings] SELECT again FROM t
        a.go:19 [Go strings] SELECT other FROM t
        a.go:8 [Go strings] not read: concatenated with what is known at run time only: SELECT a FROM ${table} WHERE b = 1
        a.go:9 [Go strings] not read: formatted: SELECT a FROM t WHERE b = '%s'
        a.go:13 [Go strings] not read: text is added to it: SELECT a FROM t
        = Go strings in : 6
        ");
}

#[test]
fn literals_of_python() {
    let code = r##"
"""Select a thing from the list."""
Q = """
    SELECT a FROM t
    WHERE b = %s AND c LIKE 'x%%'
"""
cur.execute("SELECT a "  # comment
            "FROM t WHERE b = %(id)s", {"id": 1})
cur.execute(f"SELECT a FROM {table}")
cur.execute(f"SELECT a FROM t")
cur.execute("SELECT a FROM %s" % table)
cur.execute("SELECT a FROM {}".format(table))
cur.execute(sql.SQL("SELECT a FROM {}").format(sql.Identifier(t)))
session.execute(text("DELETE FROM t WHERE a = :a::int"))
conn.fetch('SELECT a FROM t WHERE b = $1 AND data ? \'k\'')
q = "SELECT a FROM t"
q += " WHERE b = 1"
r = (
    "UPDATE t SET a = 1 "
    "WHERE b IN "
)
r = r + names
raise ValueError("update t set a = 1")
"##;
    insta::assert_snapshot!(shown([("app/a.py", code), ("app/test_a.py", code)]), @r"
        app/a.py:4 [Python strings] SELECT a FROM t WHERE b = $1 AND c LIKE 'x%%'
        app/a.py:7 [Python strings] SELECT a FROM t WHERE b = $1
        app/a.py:10 [Python strings] SELECT a FROM t
        app/a.py:14 [Python strings] DELETE FROM t WHERE a = $1::int
        app/a.py:15 [Python strings] SELECT a FROM t WHERE b = $1 AND data ? 'k'
        app/a.py:9 [Python strings] not read: something is filled in: SELECT a FROM {table}
        app/a.py:11 [Python strings] not read: formatted: SELECT a FROM %s
        app/a.py:12 [Python strings] not read: formatted: SELECT a FROM {}
        app/a.py:13 [Python strings] not read: formatted: SELECT a FROM {}
        app/a.py:16 [Python strings] not read: text is added to it: SELECT a FROM t
        app/a.py:19 [Python strings] not read: text is added to it: UPDATE t SET a = 1 WHERE b IN
        = Python strings in : 5
        ");
}

#[test]
fn literals_of_javascript() {
    let code = r##"
const re = /["'`]/g, d = a / b / c;
pool.query('SELECT a FROM t WHERE b = $1', [x]);
pool.query(`SELECT a FROM ${table} WHERE b = 1`);
await sql`SELECT a FROM t WHERE b = ${x.y} AND c > ${z} LIMIT ${n}`;
await sql<Row[]>`INSERT INTO t (a, b) VALUES (${a}, ${b})`;
await sql`SELECT ${sql(columns)} FROM t`;
await sql`UPDATE t SET ${sql({ a: `x${1}` })} WHERE b = 1`;
await prisma.$queryRaw`SELECT a FROM t WHERE id = ${id}`;
knex.raw("SELECT a FROM t WHERE b = ? AND data ->> 'x' = ?", [1, 2]);
knex.raw('DELETE FROM t WHERE a = :a::int', { a });
throw new Error("select a from t failed");
const text = "Don't " + 'SELECT a FROM t';
const el = <p>Don't select</p>;
const after = "SELECT after FROM t";
"##;
    insta::assert_snapshot!(shown([("src/a.ts", code), ("src/a.test.ts", code)]), @r"
        src/a.ts:3 [JavaScript strings] SELECT a FROM t WHERE b = $1
        src/a.ts:5 [JavaScript strings] SELECT a FROM t WHERE b = $1 AND c > $2 LIMIT $3
        src/a.ts:6 [JavaScript strings] INSERT INTO t (a, b) VALUES ($1, $2)
        src/a.ts:9 [JavaScript strings] SELECT a FROM t WHERE id = $1
        src/a.ts:10 [JavaScript strings] SELECT a FROM t WHERE b = $1 AND data ->> 'x' = $2
        src/a.ts:11 [JavaScript strings] DELETE FROM t WHERE a = $1::int
        src/a.ts:15 [JavaScript strings] SELECT after FROM t
        src/a.ts:4 [JavaScript strings] not read: something is filled in: SELECT a FROM ${table} WHERE b = 1
        src/a.ts:7 [JavaScript strings] not read: something is filled in: SELECT ${sql(columns)} FROM t
        src/a.ts:8 [JavaScript strings] not read: something is filled in: UPDATE t SET ${sql({ a: `x${1}` })} WHERE b = 1
        = JavaScript strings in : 7
        ");
}

#[test]
fn literals_of_java() {
    let code = r##"
class A {
    char c = '"';
    String a = "SELECT a FROM t " +
        "WHERE b = ? AND data ??| array['x']";
    String b = """
        SELECT a
        FROM t
        WHERE b = :name""";
    String c = "SELECT a FROM " + TABLE + " WHERE b = 1";
    String d = String.format("SELECT a FROM %s", t);
    String e = "SELECT a FROM %s".formatted(t);
    @Select("SELECT a FROM t WHERE b = #{b} AND c = #{c,jdbcType=INTEGER}")
    @Select("SELECT a FROM t ORDER BY ${by}")
    StringBuilder s = new StringBuilder("SELECT a FROM t");
    void f() { throw new IllegalStateException("select a from t"); }
}
"##;
    let jpa = r##"
import org.springframework.data.jpa.repository.Query;
interface R {
    @Query("SELECT u FROM User u WHERE u.name = :name")
    @Query(value = "SELECT * FROM users WHERE name = :name", nativeQuery = true)
    default void f() { em.createQuery("DELETE FROM User u WHERE u.id = 1"); }
    default void g() { em.createNativeQuery("DELETE FROM users WHERE id = ?1"); }
}
"##;
    let files = [
        ("src/main/A.java", code),
        ("src/main/R.java", jpa),
        ("src/test/A.java", code),
    ];
    insta::assert_snapshot!(shown(files), @r"
        src/main/A.java:4 [Java strings] SELECT a FROM t WHERE b = $1 AND data ?| array['x']
        src/main/A.java:7 [Java strings] SELECT a FROM t WHERE b = $1
        src/main/A.java:13 [Java strings] SELECT a FROM t WHERE b = $1 AND c = $2
        src/main/R.java:5 [Java strings] SELECT * FROM users WHERE name = $1
        src/main/R.java:7 [Java strings] DELETE FROM users WHERE id = $1
        src/main/A.java:10 [Java strings] not read: concatenated with what is known at run time only: SELECT a FROM ${TABLE} WHERE b = 1
        src/main/A.java:11 [Java strings] not read: formatted: SELECT a FROM %s
        src/main/A.java:12 [Java strings] not read: formatted: SELECT a FROM %s
        src/main/A.java:14 [Java strings] not read: text is filled in with `${…}`: SELECT a FROM t ORDER BY ${by}
        src/main/A.java:15 [Java strings] not read: formatted: SELECT a FROM t
        = Java strings in : 5
        ");
}

#[test]
fn literals_of_kotlin() {
    let code = r##"
val a = """
    SELECT a FROM t
    WHERE b = ?
""".trimIndent()
val b = "SELECT a FROM $table"
val c = "SELECT a FROM ${x.table} WHERE b = 1"
val d = "SELECT a FROM t WHERE b = $1"
"##;
    insta::assert_snapshot!(shown([("a.kt", code)]), @r"
        a.kt:3 [Kotlin strings] SELECT a FROM t WHERE b = $1
        a.kt:8 [Kotlin strings] SELECT a FROM t WHERE b = $1
        a.kt:6 [Kotlin strings] not read: something is filled in: SELECT a FROM $table
        a.kt:7 [Kotlin strings] not read: something is filled in: SELECT a FROM ${x.table} WHERE b = 1
        = Kotlin strings in : 2
        ");
}

#[test]
fn literals_of_ruby() {
    let code = r##"
# "SELECT commented FROM out"
A = <<~SQL
  SELECT a
  FROM t
  WHERE b = :b
SQL
execute(<<-'SQL', x)
  DELETE FROM t WHERE a = 'it''s #{no}'
  SQL
User.find_by_sql(["SELECT a FROM t WHERE b = ?", 1])
connection.execute("UPDATE t SET a = #{quote(x)} WHERE b = 1")
connection.execute %q(SELECT a FROM t)
b = "SELECT a " \
    "FROM t"
sql = "SELECT a FROM t"
sql << " WHERE b = 1"
list << name
raise "select a from t"
=begin
"SELECT documented FROM out"
=end
c = 'SELECT last FROM t'
"##;
    insta::assert_snapshot!(shown([("app/a.rb", code), ("spec/a_spec.rb", code)]), @r"
        app/a.rb:4 [Ruby strings] SELECT a FROM t WHERE b = $1
        app/a.rb:9 [Ruby strings] DELETE FROM t WHERE a = 'it''s #{no}'
        app/a.rb:11 [Ruby strings] SELECT a FROM t WHERE b = $1
        app/a.rb:13 [Ruby strings] SELECT a FROM t
        app/a.rb:14 [Ruby strings] SELECT a FROM t
        app/a.rb:23 [Ruby strings] SELECT last FROM t
        app/a.rb:12 [Ruby strings] not read: something is filled in: UPDATE t SET a = #{quote(x)} WHERE b = 1
        app/a.rb:16 [Ruby strings] not read: text is added to it: SELECT a FROM t
        = Ruby strings in : 6
        ");
}

#[test]
fn constants_of_the_file_are_texts() {
    let go = "package a\n\
        const (\n\tcols string = \"a, b\"\n\tfrom = \" FROM t\"\n\tall = \"SELECT \" + cols + from\n)\n\
        const table = \"u\"\n\
        const hidden = \"v\"\n\
        var moved = \"w\"\n\
        func f(hidden string) {\n\
        q(\"SELECT a FROM \" + table + \" WHERE b = $1\")\n\
        q(all + \" WHERE b = $1\")\n\
        q(\"SELECT a FROM \" + hidden)\n\
        q(\"SELECT a FROM \" + moved)\n\
        q(\"SELECT a FROM \" + table.Name)\n\
        q(x.all + \" WHERE b = $1\")\n}\n";
    let ts = "const table = 't';\nconst q = `SELECT a FROM ${table} WHERE b = 1`;\n\
              let other = 't';\nconst r = `SELECT a FROM ${other}`;\n";
    let java = "private static final String COLS = \"a, b\";\n\
                String q = \"SELECT \" + COLS + \" FROM t\";\n";
    let kotlin = "const val T = \"t\"\nval q = \"SELECT a FROM $T WHERE b = ${T}.b\"\n";
    let rust = "const COLS: &'static str = \"a, b\";\n\
                const FROM: &str = concatcp!(\" FROM \", \"t\");\n\
                const Q: &str = concatcp!(\"SELECT \", COLS, \" FROM t\",);\n\
                const R: &str = concatcp!(\"SELECT \", other::COLS, \" FROM t\");\n";
    let files = [
        ("a.rs", rust),
        ("a.go", go),
        ("a.ts", ts),
        ("A.java", java),
        ("a.kt", kotlin),
    ];
    insta::assert_snapshot!(shown(files), @r"
        a.rs:3 [Rust strings] SELECT a, b FROM t
        a.go:5 [Go strings] SELECT a, b FROM t
        a.go:11 [Go strings] SELECT a FROM u WHERE b = $1
        a.go:12 [Go strings] SELECT a, b FROM t WHERE b = $1
        a.ts:2 [JavaScript strings] SELECT a FROM t WHERE b = 1
        A.java:2 [Java strings] SELECT a, b FROM t
        a.kt:2 [Kotlin strings] SELECT a FROM t WHERE b = t.b
        a.rs:4 [Rust strings] not read: concatenated with what is known at run time only: SELECT ${other::COLS} FROM t
        a.go:13 [Go strings] not read: concatenated with what is known at run time only: SELECT a FROM ${hidden}
        a.go:14 [Go strings] not read: concatenated with what is known at run time only: SELECT a FROM ${moved}
        a.go:15 [Go strings] not read: concatenated with what is known at run time only: SELECT a FROM ${table.Name}
        a.ts:4 [JavaScript strings] not read: something is filled in: SELECT a FROM ${other}
        = Rust strings in : 1
        = Go strings in : 3
        = JavaScript strings in : 1
        = Java strings in : 1
        = Kotlin strings in : 1
        ");
}

#[test]
fn patterns_and_texts_for_other_servers_are_no_queries() {
    let go = "package a\n\
        const a = \"SELECT a FROM %s WHERE b = $1\"\n\
        const b = \"SELECT a FROM t WHERE b %2 = 1 AND c LIKE '%s'\"\n\
        const c = \"SELECT a FROM {table} WHERE b = '{x}'\"\n\
        const d = \"SELECT `a` FROM `t`\"\n\
        const e = \"SELECT '{}'::jsonb, '`' FROM t\"\n";
    insta::assert_snapshot!(shown([("a.go", go)]), @r"
        a.go:3 [Go strings] SELECT a FROM t WHERE b %2 = 1 AND c LIKE '%s'
        a.go:6 [Go strings] SELECT '{}'::jsonb, '`' FROM t
        a.go:2 [Go strings] not read: the pattern of another text: SELECT a FROM %s WHERE b = $1
        a.go:4 [Go strings] not read: the pattern of another text: SELECT a FROM {table} WHERE b = '{x}'
        = Go strings in : 2
        ");
}

#[test]
fn recorded_queries_show_the_code() {
    let json = |text: &str| format!("{{\"db_name\": \"PostgreSQL\", \"query\": {text:?}}}");
    let one = json("\n    SELECT a FROM t\n    ");
    let two = json("SELECT \"b\" FROM t");
    let three = json("-- by file\nSELECT c FROM t\n");
    let four = json("SELECT nowhere FROM t");
    let five = json("SELECT tested FROM t");
    let six = json("SELECT handed FROM t");
    let files = [
        (".sqlx/query-1.json", one.as_str()),
        (".sqlx/query-2.json", two.as_str()),
        (".sqlx/query-3.json", three.as_str()),
        (".sqlx/query-4.json", four.as_str()),
        (".sqlx/query-5.json", five.as_str()),
        (".sqlx/query-6.json", six.as_str()),
        (
            "api/tests/c.rs",
            "fn c() { sqlx::query!(\"SELECT tested FROM t\") }\n",
        ),
        (
            "api/src/a.rs",
            "fn a() {\n  sqlx::query!(\n    r#\"\n    SELECT a FROM t\n    \"#, x);\n\
             sqlx::query_as!(T, \"SELECT \\\"b\\\" \" + \"FROM t\");\n\
             sqlx::query_file!(\"queries/c.sql\");\n}\n",
        ),
        (
            "api/src/b.rs",
            "fn b() { sqlx::query_scalar!(\"SELECT \\\"b\\\" FROM t\") }\n\
             my_macro!(\"SELECT handed FROM t\");\n\
             #[cfg(test)]\nmod tests { fn c() { sqlx::query!(\"SELECT tested FROM t\") } }\n",
        ),
        ("api/queries/c.sql", "-- by file\nSELECT c FROM t\n"),
    ];
    insta::assert_snapshot!(shown(files), @r#"
        api/src/a.rs:4 [sqlx data] SELECT a FROM t
        api/src/a.rs:6 [sqlx data] SELECT "b" FROM t
        api/src/b.rs:1 [sqlx data] SELECT "b" FROM t
        api/queries/c.sql:1 [sqlx data] -- by file SELECT c FROM t
        .sqlx/query-4.json:1 [sqlx data] SELECT nowhere FROM t
        api/src/b.rs:2 [sqlx data] SELECT handed FROM t
        = sqlx data in .sqlx: 6 (1 that only tests send are left out)
        "#);
    let without = QuerySettings {
        literals: false,
        ..QuerySettings::default()
    };
    assert_eq!(shown(files), shown_with(files, &without));
}

#[test]
fn files_that_code_includes_are_read() {
    let files = [
        (
            "api/src/db/a.rs",
            "fn a() {\n  sqlx::query_file!(\"sql/a.sql\");\n  let b = include_str!(\"b.sql\");\n\
             include_str!(\"../../sql/schema.sql\");\n\
             format!(include_str!(\"c.sql\"), x);\n\
             conditional_query_as!(T, \"SELECT a FROM t WHERE b = {b} AND c = {b:X} AND d = {d}\");\n\
             conditional_query_as!(T, \"SELECT a FROM t WHERE {#rest}\");\n}\n",
        ),
        (
            "api/sql/a.sql",
            "-- all of them\nSELECT a FROM t WHERE b = $1\n",
        ),
        ("api/src/db/b.sql", "DELETE FROM t;\nDELETE FROM u;\n"),
        ("api/src/db/c.sql", "\nSELECT a FROM t {}\n"),
        ("api/sql/schema.sql", "CREATE TABLE t (a int);\n"),
        ("api/sql/other.sql", "DELETE FROM v;\n"),
    ];
    insta::assert_snapshot!(shown(files), @r"
        api/sql/a.sql:2 [Rust strings] SELECT a FROM t WHERE b = $1
        api/src/db/b.sql:1 [Rust strings] DELETE FROM t
        api/src/db/b.sql:2 [Rust strings] DELETE FROM u
        api/src/db/a.rs:6 [Rust strings] SELECT a FROM t WHERE b = $1 AND c = $1 AND d = $2
        api/src/db/c.sql:2 [Rust strings] not read: the pattern of another text: SELECT a FROM t {}
        api/src/db/a.rs:7 [Rust strings] not read: something is filled in: SELECT a FROM t WHERE {#rest}
        = Rust strings in api/sql/a.sql: 1
        = Rust strings in api/src/db/b.sql: 2
        = Rust strings in : 1
        ");
}

#[test]
fn templates_of_pgtyped_are_read() {
    let code = "const q = sql<IQuery>`SELECT a FROM t WHERE b = $b! AND c = $c::int`;\n\
                const r = sql<IQuery>`INSERT INTO t (a, b) VALUES $users(a, b)`;\n";
    insta::assert_snapshot!(shown([("a.ts", code)]), @r"
        a.ts:1 [JavaScript strings] SELECT a FROM t WHERE b = $1 AND c = $2::int
        a.ts:2 [JavaScript strings] not read: an object or a list is filled in: INSERT INTO t (a, b) VALUES $users(a, b)
        = JavaScript strings in : 1
        ");
}

#[test]
fn literals_can_be_switched_off_and_tests_named() {
    let files = [
        ("a.go", "var a = `SELECT a FROM t`"),
        ("tests/b.go", "var b = `SELECT b FROM t`"),
    ];
    let without = QuerySettings {
        literals: false,
        ..naming(&["tests/"])
    };
    insta::assert_snapshot!(shown_with(files, &without), @r"
        tests/b.go:1 [Go strings] SELECT b FROM t
        = Go strings in : 1
        ");
}

#[test]
fn hostile_code_takes_linear_time() {
    let pieces = [
        "\"",
        "'",
        "`",
        "${",
        "`${",
        "r#\"",
        "\"\"\"",
        "f\"{",
        "<<A\n",
        "%q(",
        "/*",
        "/",
        "\\",
        "(",
        "\"a\" + ",
        "#[cfg(test)] mod a {",
        "\"a\" + b + ",
        "sql<",
        "=begin\n",
        "ü'",
        "b'",
        "@Query(",
        "$",
        "'\\",
    ];
    for piece in pieces {
        let code = piece.repeat(50_000 / piece.len());
        for name in ["a.rs", "a.go", "a.py", "a.ts", "a.java", "a.kt", "a.rb"] {
            let _ = shown([(name, code.as_str())]);
        }
    }
}

#[test]
fn a_file_without_a_beginning_of_a_statement_is_not_cut_into_tokens() {
    let may_hold_sql = |text: &str| super::may_hold_sql(text, super::Language::JavaScript);
    for text in [
        "a('SELECT 1')",
        "a(`\n  (select b from c`)",
        "a(\"\\n\\tWITH a AS (\")",
        "a('-- a comment')",
        "a('/* a comment */')",
        "a('\u{a0}update')",
        "a('\\x53ELECT')",
        "'Refresh'",
    ] {
        assert!(may_hold_sql(text), "{text}");
    }
    for text in [
        "select from a",
        "'selected'",
        "'a select'",
        "it's a 'b'",
        "''",
        "'select_a'",
        "'",
    ] {
        assert!(!may_hold_sql(text), "{text}");
    }
    assert!(super::may_hold_sql(
        "a = <<~SQL\n  SELECT 1\nSQL",
        super::Language::Ruby
    ));
    assert!(super::may_hold_sql(
        "a = %q(SELECT 1)",
        super::Language::Ruby
    ));
    assert!(!super::may_hold_sql("a = b", super::Language::Ruby));
}
