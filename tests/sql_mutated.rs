//! Real-looking statements, damaged: the reader keeps its promises about spans, and still
//! understands what the damage has left alone.

use std::cell::Cell;
use std::ops::Range;
use std::time::{Duration, Instant};

use migcheck::source::Span;
use migcheck::sql::{Dialect, Script, read};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const STATEMENTS: [&str; 24] = [
    "CREATE TABLE IF NOT EXISTS public.users (id bigserial PRIMARY KEY, \"Name\" varchar(20) NOT NULL DEFAULT 'x''y', tags text[], CHECK (id > 0))",
    "CREATE TABLE a PARTITION OF b FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "ALTER TABLE ONLY users ADD COLUMN IF NOT EXISTS email text NOT NULL, DROP COLUMN nick CASCADE",
    "ALTER TABLE users ALTER COLUMN a TYPE numeric(8, 2) USING a::numeric(8, 2)",
    "ALTER TABLE users ADD CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES s.other (c, d) ON DELETE CASCADE NOT VALID",
    "ALTER TABLE users VALIDATE CONSTRAINT fk",
    "DROP TABLE IF EXISTS a, b.c CASCADE",
    "DROP INDEX CONCURRENTLY IF EXISTS i",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON users USING btree (lower(a) DESC, b) INCLUDE (c) WHERE d IS NULL",
    "CREATE OR REPLACE VIEW v AS WITH q AS (SELECT a FROM t) SELECT q.a, count(*) AS n FROM q JOIN u USING (a)",
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'angry' BEFORE 'sad'",
    "CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NEW; END; $f$",
    "CREATE TRIGGER g BEFORE INSERT OR UPDATE OF a ON users FOR EACH ROW EXECUTE FUNCTION f('x')",
    "CREATE POLICY p ON users FOR SELECT TO app USING (tenant = current_setting('x')::int)",
    "GRANT SELECT, UPDATE (a) ON users TO app WITH GRANT OPTION",
    "INSERT INTO users (a, b) VALUES (1, 'O''Brien'), (2, E'\\'') ON CONFLICT (a) DO UPDATE SET b = excluded.b",
    "UPDATE users SET a = CASE WHEN b THEN 1 ELSE 2 END, c = lower(d) WHERE e IN (1, 2)",
    "DELETE FROM users USING other WHERE users.a = other.a",
    "DO $$ BEGIN CREATE TYPE x AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END $$",
    "COMMENT ON COLUMN users.a IS 'the /* first */ -- column'",
    "SET LOCAL search_path TO app, public",
    "CREATE SEQUENCE s START WITH 1 INCREMENT BY 1 OWNED BY users.id",
    "SELECT pg_catalog.setval('s', (SELECT max(id) FROM users))",
];

/// How a statement is damaged. Numbers are taken modulo what they index.
#[derive(Debug, Clone)]
enum Damage {
    Delete(usize),
    Duplicate(usize),
    Swap(usize, usize),
    Insert(usize, String),
    Nothing,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        2 => any::<usize>().prop_map(Damage::Delete),
        2 => any::<usize>().prop_map(Damage::Duplicate),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Damage::Swap(a, b)),
        1 => (any::<usize>(), "\\PC{1,3}|['\"$;(/*\\-\\\\]").prop_map(|(at, text)| Damage::Insert(at, text)),
        3 => Just(Damage::Nothing),
    ]
}

/// The words of a statement and what stands between them.
fn damaged(statement: &str, damage: &Damage) -> String {
    let mut words: Vec<String> = statement.split(' ').map(str::to_owned).collect();
    let count = words.len();
    match damage {
        Damage::Delete(at) => {
            words.remove(at % count);
        }
        Damage::Duplicate(at) => words.insert(at % count, words[at % count].clone()),
        Damage::Swap(a, b) => words.swap(a % count, b % count),
        Damage::Insert(at, text) => {
            let word = &mut words[at % count];
            let middle = (0..=word.len() / 2)
                .rev()
                .find(|at| word.is_char_boundary(*at));
            word.insert_str(middle.unwrap_or(0), text);
        }
        Damage::Nothing => {}
    }
    words.join(" ")
}

fn within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && inner.start <= inner.end
}

/// What holds for every text.
fn check_promises(text: &str, script: &Script) {
    let mut rebuilt = String::new();
    let mut end = 0;
    for statement in &script.statements {
        let Range { start, end: to } = statement.span.start..statement.span.end;
        assert!(
            end <= start && start < to && to <= text.len(),
            "statements are in order"
        );
        assert!(text.is_char_boundary(start) && text.is_char_boundary(to));
        rebuilt.push_str(&text[end..start]);
        rebuilt.push_str(&text[start..to]);
        end = to;
        assert!(
            !statement.operations.is_empty(),
            "a statement does something"
        );
        for operation in &statement.operations {
            assert!(within(operation.span, statement.span), "{operation:?}");
            assert!(!operation.span.of(text).is_empty(), "{operation:?}");
        }
    }
    rebuilt.push_str(&text[end..]);
    assert_eq!(rebuilt, text);
    for trouble in &script.troubles {
        assert!(within(trouble.span, Span::new(0, text.len())));
    }
}

#[test]
fn damaged_statements_keep_the_promises() {
    let config = Config {
        cases: 10_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let started = Instant::now();
    let (cases, statements, understood) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let piece = (
        0..STATEMENTS.len(),
        damage(),
        prop_oneof![Just(";\n"), Just(" ; -- c\n"), Just(";")],
    );
    let dialect = prop_oneof![
        5 => Just(Dialect::Postgres),
        1 => Just(Dialect::Mysql),
        1 => Just(Dialect::Sqlite),
    ];
    let strategy = (prop::collection::vec(piece, 1..4), dialect);
    let outcome = runner.run(&strategy, |(pieces, dialect)| {
        if started.elapsed() > Duration::from_secs(5) {
            return Ok(()); // The time is spent: the rest of the cases is not run.
        }
        let text: String = pieces
            .iter()
            .map(|(at, damage, end)| damaged(STATEMENTS[*at], damage) + end)
            .collect();
        let script = read(&text, dialect);
        check_promises(&text, &script);
        let plain = script
            .statements
            .iter()
            .filter(|statement| statement.not_understood().is_none());
        cases.set(cases.get() + 1);
        statements.set(statements.get() + script.statements.len());
        understood.set(understood.get() + plain.count());
        Ok(())
    });
    println!(
        "{} cases, {} statements, {} understood, {:.1} s",
        cases.get(),
        statements.get(),
        understood.get(),
        started.elapsed().as_secs_f32()
    );
    outcome.expect("the promises hold");
    assert!(
        understood.get() * 3 >= statements.get(),
        "a third is still understood"
    );
}

#[test]
fn random_text_keeps_the_promises() {
    let config = Config {
        cases: 2_000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let started = Instant::now();
    let text = prop_oneof![".{0,60}", "[a-c'\"$;(){}\\[\\]/*\\- \\n\\\\.:#@`é]{0,80}"];
    runner
        .run(&(text, 0..4usize), |(text, dialect)| {
            if started.elapsed() > Duration::from_secs(3) {
                return Ok(());
            }
            let dialects = [
                Dialect::Postgres,
                Dialect::Mysql,
                Dialect::Mariadb,
                Dialect::Sqlite,
            ];
            check_promises(&text, &read(&text, dialects[dialect]));
            Ok(())
        })
        .expect("the promises hold");
}
