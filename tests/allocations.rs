//! Memory grows in proportion to the history. This is a binary of its own: what it counts is what
//! the whole process allocates.

#[path = "support/generator.rs"]
mod generator;

use std::alloc::System;

use migcheck::{Options, Tree, check_trees};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that a whole check of `count` migrations allocates, one on top of them being new.
fn allocated(count: usize) -> usize {
    let migrations = generator::migrations(count);
    let tree = |migrations: &[(String, String)]| {
        let files = migrations
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        Tree::memory(files.chain([generator::CONFIG]))
    };
    let (head, base) = (tree(&migrations), tree(&migrations[..count - 1]));
    let region = Region::new(ALLOCATOR);
    let all = check_trees(&Options::default(), &head, &[]).expect("the check can be made");
    let one = check_trees(&Options::default(), &head, &[("base", &base)]);
    let one = one.expect("the check can be made");
    let project = &all.projects[0];
    assert_eq!(project.summary.not_understood, 0);
    assert!(project.notices.is_empty(), "{:?}", project.notices);
    assert_eq!(one.projects[0].summary.new_migrations, 1);
    region.change().bytes_allocated
}

#[test]
fn ten_times_the_migrations_take_at_most_twelve_times_the_memory() {
    // The first run pays for what is made once.
    allocated(20);
    let (short, long) = (allocated(200), allocated(2000));
    let ratio = long as f64 / short as f64;
    assert!(
        ratio <= 12.0,
        "{short} bytes for 200, {long} for 2000: {ratio:.1} times"
    );
}
