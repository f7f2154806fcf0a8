//! The chain of migrations that production runs: those of the oldest live release, then what the
//! other releases add to it, then what head adds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::discover::{Migration, MigrationText, Phase, Project, Retired};
use crate::error::Result;
use crate::history::{Planned, Timeline, VersionGraph, replay};
use crate::schema::catalog::Catalog;
use crate::sql::{self, Dialect, Script};

/// A release that may run beside the change.
#[derive(Debug, Clone)]
pub(super) struct LiveRelease {
    pub(super) name: String,
    pub(super) revision: Option<String>,
    pub(super) retired: Vec<Retired>,
    pub(super) migrations: Vec<Migration>,
}

/// What "new" is measured from.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) name: String,
    /// The abbreviated commit, where it is one.
    pub(super) revision: Option<String>,
    pub(super) migrations: Vec<Migration>,
}

/// A release with its place on the chain.
#[derive(Debug)]
pub(super) struct Pinned {
    pub(super) release: LiveRelease,
    /// How many migrations of the chain it has.
    pub(super) length: usize,
    /// Its own schema, where it is not that of the chain at that place.
    pub(super) own: Option<Arc<Catalog>>,
}

/// The migrations in run order, replayed.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) migrations: Vec<Migration>,
    pub(super) scripts: Vec<Option<Arc<Script>>>,
    pub(super) timeline: Timeline,
    pub(super) graph: VersionGraph,
    /// The live releases, oldest first; empty when each migration is judged by itself.
    pub(super) live: Vec<Pinned>,
    pub(super) base: Option<Base>,
    /// The schema that a fresh run of head's own folder gives, where that is not the same list of
    /// texts, and the first migration that differs.
    pub(super) fresh: Option<(Arc<Catalog>, usize)>,
    /// The index of the first new migration.
    pub(super) first_new: usize,
}

impl Chain {
    /// Every migration as a change of its own.
    pub(super) fn of_everything(project: &Project) -> Result<Chain> {
        Chain::build(project, project.migrations.clone(), Vec::new(), None, 0)
    }

    /// The live releases' migrations, then head's.
    pub(super) fn new(
        project: &Project,
        mut live: Vec<LiveRelease>,
        base: Option<Base>,
    ) -> Result<Chain> {
        live.sort_by_key(|release| release.migrations.len());
        let mut chain: Vec<Migration> = Vec::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut append = |migrations: &mut dyn Iterator<Item = &Migration>| {
            for migration in migrations {
                if known.insert(identity(migration)) {
                    chain.push(migration.clone());
                }
            }
            chain.len()
        };
        for release in &live {
            append(&mut release.migrations.iter());
        }
        let base_migrations = base.as_ref().map_or(&[][..], |base| &base.migrations);
        let first_new = append(&mut base_migrations.iter());
        // In phases, what is marked to run after the switch does.
        let of_phase = |phase: Phase| {
            let phased = project.config.deploy == crate::discover::DeployMode::Phased;
            project
                .migrations
                .iter()
                .filter(move |it| !phased || it.phase == phase)
        };
        append(&mut of_phase(Phase::PreDeploy));
        append(&mut of_phase(Phase::PostDeploy));
        Chain::build(project, chain, live, base, first_new)
    }

    fn build(
        project: &Project,
        migrations: Vec<Migration>,
        live: Vec<LiveRelease>,
        base: Option<Base>,
        first_new: usize,
    ) -> Result<Chain> {
        let mut scripts = Scripts::new(project.dialect);
        let of_releases = live.iter().flat_map(|it| &it.migrations);
        scripts.read(
            migrations
                .iter()
                .chain(of_releases)
                .chain(&project.migrations),
        );
        let mut graph = VersionGraph::linear(migrations.iter().map(|it| it.version.as_str()));
        let order = graph.run_order()?;
        let migrations: Vec<Migration> = order
            .into_iter()
            .map(|index| migrations[index].clone())
            .collect();
        let each_by_itself = live.is_empty();
        let first_pending = if each_by_itself {
            usize::MAX
        } else {
            first_new
        };
        let planned = plan(&migrations, &scripts, first_pending);
        let timeline = replay(&planned, project.dialect);
        let place: BTreeMap<String, usize> = migrations
            .iter()
            .enumerate()
            .map(|(index, it)| (identity(it), index))
            .collect();
        let mut pinned: Vec<Pinned> = live
            .into_iter()
            .map(|release| {
                let length = release
                    .migrations
                    .iter()
                    .filter_map(|it| place.get(&identity(it)))
                    .max()
                    .map_or(0, |last| last + 1);
                let differs = first_difference(&release.migrations, &migrations[..length]);
                let own = differs.map(|_| {
                    let planned = plan(&release.migrations, &scripts, usize::MAX);
                    let timeline = replay(&planned, project.dialect);
                    Arc::clone(timeline.catalog(timeline.end()))
                });
                Pinned {
                    release,
                    length,
                    own,
                }
            })
            .collect();
        pinned.sort_by_key(|it| it.length);
        let fresh = first_difference(&project.migrations, &migrations).map(|at| {
            let planned = plan(&project.migrations, &scripts, usize::MAX);
            let timeline = replay(&planned, project.dialect);
            (Arc::clone(timeline.catalog(timeline.end())), at)
        });
        for it in &pinned {
            graph.pin(&it.release.name, it.length.checked_sub(1));
        }
        Ok(Chain {
            scripts: migrations.iter().map(|it| scripts.of(it)).collect(),
            migrations,
            timeline,
            graph,
            live: pinned,
            base,
            fresh,
            first_new,
        })
    }

    /// The version at a position of the timeline: that of the migration which has run, at least
    /// in part; `None` before the first.
    pub(super) fn version_at(&self, position: usize) -> Option<&str> {
        if position == 0 {
            return None;
        }
        let index = self.timeline.ends.partition_point(|end| *end < position);
        self.migrations.get(index).map(|it| it.version.as_str())
    }
}

/// Where a release's own list of migrations first differs from the chain, if it does.
fn first_difference(own: &[Migration], chain: &[Migration]) -> Option<usize> {
    let same = |own: &Migration, it: &Migration| identity(own) == identity(it) && own.up == it.up;
    let at = own
        .iter()
        .zip(chain)
        .position(|(own, it)| !same(own, it))
        .unwrap_or(own.len().min(chain.len()));
    (at < own.len() || at < chain.len()).then_some(at.min(chain.len().saturating_sub(1)))
}

/// The same migration in two releases, whatever its text and its title: the tools know it by its
/// version.
fn identity(migration: &Migration) -> String {
    migration.version.clone()
}

fn plan(migrations: &[Migration], scripts: &Scripts, first_new: usize) -> Vec<Planned> {
    migrations
        .iter()
        .enumerate()
        .map(|(index, migration)| Planned {
            identity: migration.version.as_str().into(),
            script: scripts.of(migration),
            transaction: migration.transaction,
            unit: migration.unit,
            // What was deployed before ran in runs that nobody remembers; new ones run together.
            run: index.min(first_new),
        })
        .collect()
}

/// Every text, read once, however many releases have it.
struct Scripts {
    dialect: Dialect,
    by_text: HashMap<Arc<str>, Arc<Script>>,
}

impl Scripts {
    fn new(dialect: Dialect) -> Self {
        Scripts {
            dialect,
            by_text: HashMap::new(),
        }
    }

    fn read<'a>(&mut self, migrations: impl Iterator<Item = &'a Migration>) {
        let texts: BTreeSet<Arc<str>> = migrations
            .filter_map(|migration| match &migration.up {
                MigrationText::Read(file) => Some(Arc::clone(&file.text)),
                MigrationText::Unreadable(_) => None,
            })
            .filter(|text| !self.by_text.contains_key(text))
            .collect();
        let texts: Vec<Arc<str>> = texts.into_iter().collect();
        let dialect = self.dialect;
        let scripts: Vec<Arc<Script>> = texts
            .par_iter()
            .map(|text| Arc::new(sql::read(text, dialect)))
            .collect();
        self.by_text.extend(texts.into_iter().zip(scripts));
    }

    fn of(&self, migration: &Migration) -> Option<Arc<Script>> {
        match &migration.up {
            MigrationText::Read(file) => self.by_text.get(&file.text).cloned(),
            MigrationText::Unreadable(_) => None,
        }
    }
}
