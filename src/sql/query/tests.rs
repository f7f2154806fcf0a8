//! What is read, and what is refused.

use super::*;

#[track_caller]
fn reads(text: &str) {
    if let Err(refused) = parse(text) {
        panic!("{text}\n{}", refused.0);
    }
}

#[track_caller]
fn refuses(text: &str) {
    assert!(parse(text).is_err(), "{text}");
}

#[test]
fn statements_of_every_kind_are_read() {
    for text in [
        "SELECT 1",
        "SELECT FROM t",
        "select a, b c, d as \"E\", t.*, (t).a, (f(1)).* from s.t as x (p, q), only u, v *",
        "SELECT a[1], a[1:2], a[:n], a[lo:hi] FROM t",
        "SELECT DISTINCT ON (a, b) c FROM t ORDER BY a, b DESC NULLS LAST LIMIT $1 OFFSET 2",
        "SELECT * FROM a JOIN b USING (id) AS x LEFT JOIN c ON c.id = a.id NATURAL FULL JOIN d",
        "SELECT * FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x",
        "SELECT * FROM (a CROSS JOIN b) AS x, LATERAL (SELECT a.id) y, LATERAL f(y.id) z",
        "SELECT * FROM ((SELECT 1) UNION (SELECT 2)) x, ((SELECT 1) y CROSS JOIN b)",
        "SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g(a, b)",
        "SELECT * FROM json_to_record('{}') AS x(a int, b text), f() AS (c int)",
        "SELECT * FROM ROWS FROM (f(1), g(2) AS (a int)) AS r",
        "SELECT a FROM t TABLESAMPLE system (10) REPEATABLE (1) WHERE a",
        "SELECT count(*), sum(DISTINCT a ORDER BY b) FILTER (WHERE c) OVER (w ROWS 1 PRECEDING) FROM t WINDOW w AS (PARTITION BY a)",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
        "SELECT f(a => 1, b := 2), g(VARIADIC ARRAY[1,2]), h(ALL x)",
        "SELECT a FROM t GROUP BY GROUPING SETS ((a), (), ROLLUP (a, b), CUBE (c)), (a, b) HAVING count(*) > 1",
        "SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, CASE WHEN a THEN b END",
        "SELECT a IS NOT NULL AND b ISNULL OR NOT c IS DISTINCT FROM d AND e IS NOT JSON OBJECT",
        "SELECT a BETWEEN 1 AND 2 AND b NOT IN (1, 2) OR c IN (SELECT 1) AND d LIKE 'x' ESCAPE '!'",
        "SELECT a = ANY ($1), b <> ALL (SELECT 1), c ILIKE ANY (ARRAY['x']), ARRAY(SELECT 1), ARRAY[[1],[2]]",
        "SELECT (a, b) = (1, 2), ROW(t.*, 1), (a, b) OVERLAPS (c, d), EXISTS (SELECT 1)",
        "SELECT ((SELECT 1)) + 1, ((SELECT 1) UNION (SELECT 2)), (((1)))",
        "SELECT extract(epoch FROM a), trim(both 'x' from b), substring(a from 1 for 2), substring(a for 2), overlay(a placing b from 1), position('a' in b)",
        "SELECT date '2024-01-01', interval '1' day, timestamp with time zone 'x', a::int[], CAST(b AS numeric(8, 2)), double precision '1'",
        "SELECT a AT TIME ZONE 'utc', b COLLATE \"C\", c OPERATOR(pg_catalog.+) d, @ e, - f, a ->> 'b'",
        "SELECT coalesce(a, b), nullif(a, b), greatest(1, 2), xmlelement(name foo, a), json_object('{a,b}')",
        "SELECT left(a, 2), right(b, 1), current_date, current_timestamp(3), user FROM t",
        "WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a), b AS MATERIALIZED (DELETE FROM t RETURNING *) SELECT * FROM a, b",
        "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT ALL SELECT 4 ORDER BY 1",
        "VALUES (1, 'a'), ($1, DEFAULT)",
        "TABLE t",
        "SELECT * FROM t FOR NO KEY UPDATE OF t SKIP LOCKED",
        "INSERT INTO t (a, b[1], c.d) VALUES ($1, DEFAULT, 2) ON CONFLICT (a, lower(b)) WHERE c DO UPDATE SET a = excluded.a, (b, c) = (1, 2) WHERE t.a > 1 RETURNING *",
        "INSERT INTO t AS x DEFAULT VALUES ON CONFLICT ON CONSTRAINT k DO NOTHING",
        "INSERT INTO t OVERRIDING SYSTEM VALUE SELECT * FROM u ON CONFLICT DO NOTHING",
        "INSERT INTO t (SELECT * FROM u)",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
        "UPDATE ONLY t AS x SET a = 1, b = DEFAULT, (c, d) = (SELECT 1, 2) FROM u WHERE x.id = u.id RETURNING x.*, u.a AS b",
        "SELECT (r.*)::row_type FROM t r",
        "INSERT INTO t (a) VALUES (1) ON CONFLICT (a text_ops DESC NULLS LAST, b asc) DO NOTHING",
        "UPDATE t x SET a = b WHERE CURRENT OF c",
        "DELETE FROM t USING u, v WHERE t.id = u.id RETURNING id",
        "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED AND s.x THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id) WHEN NOT MATCHED BY SOURCE THEN DELETE",
        "TRUNCATE TABLE a, ONLY b RESTART IDENTITY CASCADE",
        "COPY t (a, b) FROM STDIN WITH (FORMAT csv)",
        "COPY (SELECT a FROM t) TO STDOUT",
        "LOCK TABLE a IN ACCESS EXCLUSIVE MODE NOWAIT",
        "CALL p(1, a => 2)",
        "EXPLAIN (ANALYZE) SELECT 1",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "BEGIN ISOLATION LEVEL SERIALIZABLE",
        "SELECT a FROM t WHERE a = 1;",
        "SELECT name, value, key, type, status, date, timestamp, year FROM t",
        "SELECT x.name name, x.value value, count(*) total FROM t x",
    ] {
        reads(text);
    }
}

#[test]
fn what_is_no_statement_of_a_program_is_refused() {
    for text in [
        "",
        "SELECT 1 2",
        "SELECT a FROM",
        "SELECT (1",
        "SELECT 'x",
        "SELECT a FROM t WHERE",
        "CREATE TABLE t (a int)",
        "SELECT a INTO b FROM t",
        "select a file from",
        "INSERT t VALUES (1)",
        "SELECT 1; SELECT 2",
        "SELECT :name",
    ] {
        refuses(text);
    }
}

#[test]
fn no_text_exhausts_the_stack() {
    let texts = [
        format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("SELECT {}", "(SELECT ".repeat(50_000)),
        format!("SELECT * FROM {}", "(".repeat(50_000)),
        format!("SELECT {}", "((SELECT 1)".repeat(50_000)),
        format!("SELECT 1{}", " + 1".repeat(20_000)),
        format!("SELECT {}", "NOT ".repeat(50_000)),
        format!("SELECT {}", "ARRAY[".repeat(50_000)),
        format!("SELECT {}", "CASE WHEN ".repeat(50_000)),
        format!("SELECT a FROM t{}", " JOIN t USING (a)".repeat(20_000)),
        format!("WITH a AS ({}", "WITH a AS (".repeat(20_000)),
        format!("SELECT 1 FROM t GROUP BY {}", "ROLLUP (".repeat(50_000)),
        format!("SELECT f(){}", "::int".repeat(20_000)),
        format!("SELECT {}", "json_object(".repeat(50_000)),
        format!(
            "SELECT {}'a': 1{}",
            "json_object(".repeat(45),
            ")".repeat(45)
        ),
    ];
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let run = thread.spawn(move || {
        for text in texts {
            assert!(parse(&text).is_err(), "{}", &text[..40]);
        }
        // What is wide is no trouble.
        reads(&format!("SELECT 1{}", " OR a".repeat(20_000)));
        reads(&format!("SELECT 1{}", " UNION SELECT 1".repeat(5_000)));
        reads(&format!("SELECT {}", "1, ".repeat(20_000) + "1"));
    });
    run.expect("a thread can be started")
        .join()
        .expect("nothing overflows");
}
