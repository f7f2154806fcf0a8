//! One version: the migration that makes it, its place, what it changed, who has it and who may run
//! on it.

use std::collections::BTreeMap;

use super::Options;
use super::chain::Chain;
use super::explained::{Opened, Queries};
use super::judge::{by_itself, floor_at, open_window};
use crate::analysis::Access;
use crate::discover::{Environment, Project};
use crate::error::Result;
use crate::report::{Cell, ExplainedVersion, Histories, Holder, OwnVerdict, schema_changes};
use crate::schema::catalog::{Catalog, RelationBody};

/// Explains a version of the project at hand, named by the version, the path or the file of its
/// migration; `None` where no migration has that name.
///
/// # Errors
///
/// Any [`crate::Error`].
pub fn explain_version(
    options: &Options,
    environment: Environment<'_>,
    version: &str,
) -> Result<Option<ExplainedVersion>> {
    let opened = Opened::new(options, environment)?;
    for project in &opened.projects {
        let Some(found) = project.find(version) else {
            continue;
        };
        let chain = opened.chain(options, project, Queries::Read)?;
        let identity = &project.migrations[found].identity;
        let place = chain
            .migrations
            .iter()
            .position(|it| it.identity == *identity);
        if let Some(at) = place {
            return explained(project, &chain, at).map(Some);
        }
    }
    Ok(None)
}

fn explained(project: &Project, chain: &Chain, at: usize) -> Result<ExplainedVersion> {
    let timeline = &chain.timeline;
    let migration = &chain.migrations[at];
    let (begin, end) = (timeline.begin_of(at), timeline.ends[at]);
    let label = |at: usize| {
        let it = &chain.migrations[at];
        (it.version.clone(), it.path.clone())
    };
    let script = chain.scripts[at].as_deref();
    let (step, findings) = by_itself(project, chain, at);
    let has_window = !chain.live.is_empty();
    let window = match has_window {
        true => Some(open_window(project, chain)?),
        false => None,
    };
    let is_in_window = |position: usize| {
        let first = window.as_ref().and_then(|it| it.states.first().copied());
        first.is_some_and(|first| position >= first)
    };
    let mut holders: Vec<Holder> = Vec::new();
    if let Some(window) = &window {
        for (index, release) in window.releases.iter().enumerate() {
            let has_it = match chain.live.get(index) {
                Some(live) => {
                    let mut own = live.release.migrations.iter();
                    own.any(|it| it.identity == migration.identity)
                }
                None => true,
            };
            let runs = match is_in_window(end) {
                true => {
                    let reads = window.accesses_at(index, end, Access::Read);
                    let writes = window.accesses_at(index, end, Access::Write);
                    let both = reads.zip(writes);
                    both.map(|(reads, writes)| Cell { reads, writes })
                }
                false => None,
            };
            holders.push(Holder {
                name: release.name.clone(),
                has_it,
                runs,
            });
        }
    }
    let floor = window
        .as_ref()
        .filter(|_| is_in_window(end))
        .and_then(|window| floor_at(chain, window, end))
        .map(str::to_owned);
    Ok(ExplainedVersion {
        version: migration.version.clone(),
        path: migration.path.clone(),
        line: migration.span.and_then(|span| {
            let part = migration.up.part()?;
            Some(part.file.position(span.start).line)
        }),
        place: at + 1,
        of: chain.migrations.len(),
        before: at.checked_sub(1).map(label),
        after: (at + 1 < chain.migrations.len()).then(|| label(at + 1)),
        is_new: has_window && at >= chain.first_new,
        down: migration.down.as_ref().map(|it| it.path().to_owned()),
        statements: script.map(|it| it.statements.len()),
        not_understood: timeline
            .reasons
            .keys()
            .filter(|(migration, _)| *migration == at)
            .count(),
        contents: contents(timeline.catalog(end)),
        changes: schema_changes(
            timeline.catalog(begin),
            timeline.catalog(end),
            Histories::One,
        ),
        own: OwnVerdict {
            verdict: step.verdict,
            old: step.old,
            new: step.new,
            findings: findings
                .iter()
                .filter(|it| it.suppressed.is_none())
                .map(|it| (it.severity, it.rule, it.message.clone()))
                .collect(),
        },
        is_judged: is_in_window(end),
        floor,
        holders,
    })
}

/// How many objects of each kind a schema has, those there are.
fn contents(catalog: &Catalog) -> Vec<(&'static str, usize)> {
    let mut counts: BTreeMap<(u8, &'static str), usize> = BTreeMap::new();
    let mut count = |order: u8, what: &'static str| *counts.entry((order, what)).or_default() += 1;
    for (_, relation) in catalog.relations().filter(|(_, it)| !it.temporary) {
        match &relation.body {
            RelationBody::Table(table) if table.partition_of.is_some() => count(1, "partition"),
            RelationBody::Table(_) => count(0, "table"),
            RelationBody::View(view) if view.materialized => count(3, "materialized view"),
            RelationBody::View(_) => count(2, "view"),
            RelationBody::Index { .. } => count(4, "index"),
            RelationBody::Sequence(sequence) if sequence.owner.is_none() => count(5, "sequence"),
            RelationBody::Sequence(_) => {}
        }
    }
    for _ in catalog.types() {
        count(6, "type");
    }
    for (_, routines) in catalog.all_routines() {
        for _ in routines {
            count(7, "function");
        }
    }
    counts
        .into_iter()
        .map(|((_, what), count)| (what, count))
        .collect()
}
