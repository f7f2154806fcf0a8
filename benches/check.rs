//! What a check costs, by the length of the history: reading the SQL, replaying it, judging all of
//! it, and judging one change on top of it.

#[path = "../tests/support/generator.rs"]
mod generator;

use std::sync::Arc;

use divan::Bencher;
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
