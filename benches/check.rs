//! What a check costs, by the length of the history: reading the SQL, replaying it, judging all of
//! it, and judging one change on top of it; and what it costs to bind the queries of a program.

#[path = "../tests/support/generator.rs"]
mod generator;

use std::sync::Arc;

use divan::Bencher;
use migcheck::bind::{Query, Settings, bind_all};
use migcheck::discover::{TransactionScope, Unit};
use migcheck::history::{Planned, replay};
use migcheck::sql::{Dialect, read};
use migcheck::{Options, Tree, check_trees};

const LENGTHS: [usize; 3] = [200, 2_000, 10_000];

fn main() {
    divan::main();
}

fn tree(migrations: &[(String, String)]) -> Tree {
    let files = migrations
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    Tree::memory(files.chain([generator::CONFIG]))
}

/// Text to operations, on one core.
#[divan::bench(args = LENGTHS)]
fn parse(bencher: Bencher<'_, '_>, length: usize) {
    let migrations = generator::migrations(length);
    bencher.bench_local(|| {
        migrations
            .iter()
            .map(|(_, text)| read(text, Dialect::Postgres).statements.len())
            .sum::<usize>()
    });
}

/// Operations to a timeline of schemas.
#[divan::bench(args = LENGTHS)]
fn replay_only(bencher: Bencher<'_, '_>, length: usize) {
    let planned: Vec<Planned> = generator::migrations(length)
        .iter()
        .enumerate()
        .map(|(index, (path, text))| Planned {
            identity: path.as_str().into(),
            script: Some(Arc::new(read(text, Dialect::Postgres))),
            transaction: TransactionScope::File,
            unit: Unit::WholeText,
            batches: Vec::new(),
            run: index,
        })
        .collect();
    bencher.bench_local(|| replay(&planned, Dialect::Postgres));
}

/// The whole check, each migration as a change of its own.
#[divan::bench(args = LENGTHS)]
fn check_all(bencher: Bencher<'_, '_>, length: usize) {
    let head = tree(&generator::migrations(length));
    bencher.bench_local(|| check_trees(&Options::default(), &head, &[]));
}

/// The whole check, the last migration being new.
#[divan::bench(args = LENGTHS)]
fn check_one_change(bencher: Bencher<'_, '_>, length: usize) {
    let migrations = generator::migrations(length);
    let head = tree(&migrations);
    let base = tree(&migrations[..length - 1]);
    bencher.bench_local(|| check_trees(&Options::default(), &head, &[("base", &base)]));
}

/// Queries of a program over the first hundred tables of the generated history, ten for each.
fn queries() -> Vec<String> {
    let of_table = |number: usize| {
        let parent = number.max(2) - 1;
        let t = format!("t{}", number.max(2));
        [
            format!("SELECT id, name, amount, note, created_at FROM {t} WHERE id = $1"),
            format!(
                "SELECT c.id, c.name, p.name AS parent_name, p.amount FROM {t} c \
                 JOIN t{parent} p ON p.id = c.parent_id \
                 WHERE c.created_at > $1 AND p.amount >= $2 ORDER BY c.created_at DESC LIMIT $3"
            ),
            format!(
                "SELECT p.id, p.name, count(*) AS children, sum(c.amount) AS total FROM t{parent} p \
                 LEFT JOIN {t} c ON c.parent_id = p.id WHERE p.name ILIKE '%' || $1 || '%' \
                 GROUP BY p.id HAVING count(*) > $2"
            ),
            format!(
                "INSERT INTO {t} (name, amount, note, parent_id) VALUES ($1, $2, $3, $4) \
                 RETURNING id, created_at"
            ),
            format!(
                "INSERT INTO {t} (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET \
                 name = EXCLUDED.name, amount = {t}.amount + 1 RETURNING *"
            ),
            format!(
                "UPDATE {t} SET name = COALESCE($2, name), note = $3, amount = amount * 2 \
                 WHERE id = $1 AND created_at < now() - interval '1 day'"
            ),
            format!("DELETE FROM {t} USING t{parent} p WHERE p.id = {t}.parent_id AND p.name = $1"),
            format!(
                "WITH recent AS (SELECT id, name, parent_id, row_number() OVER (PARTITION BY \
                 parent_id ORDER BY created_at DESC) AS place FROM {t}) SELECT r.id, r.name, \
                 upper(p.name), r.place FROM recent r JOIN t{parent} p ON p.id = r.parent_id \
                 WHERE r.place <= $1"
            ),
            format!(
                "SELECT * FROM {t} WHERE EXISTS (SELECT 1 FROM t{parent} p WHERE p.id = \
                 {t}.parent_id AND p.note IS NOT NULL) AND name = ANY($1) AND id NOT IN ($2, $3)"
            ),
            format!(
                "SELECT date_trunc('day', created_at) AS day, count(*) FILTER (WHERE amount > 0), \
                 max(amount), string_agg(name, ', ' ORDER BY name) FROM {t} \
                 WHERE CASE WHEN $1::text IS NULL THEN true ELSE name = $1 END GROUP BY 1 ORDER BY 1"
            ),
        ]
    };
    (1..=100).flat_map(of_table).collect()
}

/// 1,000 queries, read once, on each of 10 versions of a schema of 100 tables, on one core.
#[divan::bench]
fn bind_queries(bencher: Bencher<'_, '_>) {
    let planned: Vec<Planned> = generator::migrations(400)
        .iter()
        .enumerate()
        .map(|(index, (path, text))| Planned {
            identity: path.as_str().into(),
            script: Some(Arc::new(read(text, Dialect::Postgres))),
            transaction: TransactionScope::File,
            unit: Unit::WholeText,
            batches: Vec::new(),
            run: index,
        })
        .collect();
    let timeline = replay(&planned, Dialect::Postgres);
    let versions: Vec<_> = (0..10)
        .map(|back| timeline.catalog(timeline.ends[399 - back * 20]))
        .collect();
    let queries: Vec<Query> = queries()
        .iter()
        .map(|text| Query::read(text).expect("it is a query"))
        .collect();
    let settings = Settings::default();
    let bind = || -> usize {
        let all = versions.iter();
        let bounds = all.flat_map(|catalog| bind_all(&queries, catalog, &settings));
        bounds.filter(|bound| bound.resolves()).count()
    };
    assert_eq!(
        bind(),
        queries.len() * versions.len(),
        "all of them resolve"
    );
    bencher.bench_local(bind);
}
