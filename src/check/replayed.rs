//! A project's migrations, replayed in the order of its tool, without judging them.

use super::{Options, only_postgres, overrides};
use crate::check::chain::{planned, starting_schema};
use crate::discover::{Migration, Overrides, Project, Tree, discover_one, locate};
use crate::error::{Error, Result};
use crate::history::{Planned, Timeline, replay, replay_from_schema};
use crate::schema::catalog::Catalog;

/// A project with the schema after each of its migrations.
#[derive(Debug)]
pub struct Replayed {
    /// The project.
    pub project: Project,
    /// The migrations in run order.
    pub migrations: Vec<Migration>,
    /// What came of them.
    pub timeline: Timeline,
    planned: Vec<Planned>,
}

impl Replayed {
    /// The schema after a migration: that of `version` (a version, path or file name), or the last.
    ///
    /// # Errors
    ///
    /// When no migration has this version or name.
    pub fn at(&self, version: Option<&str>) -> Result<(Option<&Migration>, &Catalog)> {
        let index = match version {
            None => self.migrations.len().checked_sub(1),
            Some(version) => Some(self.place_of(version).ok_or_else(|| {
                let newest = self.migrations.last().map_or("none", |it| &it.version);
                Error::Argument(format!(
                    "no migration has the version or name {version}; the newest is {newest}"
                ))
            })?),
        };
        Ok(match index {
            Some(index) => (
                self.migrations.get(index),
                self.timeline.catalog(self.timeline.ends[index]),
            ),
            None => (None, self.timeline.catalog(0)),
        })
    }

    /// The place in run order of the migration that is named.
    pub(super) fn place_of(&self, wanted: &str) -> Option<usize> {
        let found = &self.project.migrations[self.project.find(wanted)?];
        let mut all = self.migrations.iter();
        all.position(|it| it.identity == found.identity && it.path == found.path)
    }

    /// How many statements up to the end of a migration were not understood.
    pub fn not_understood_until(&self, migration: Option<&Migration>) -> usize {
        let index = migration.and_then(|it| {
            let mut all = self.migrations.iter();
            all.position(|other| other.identity == it.identity && other.path == it.path)
        });
        let planned = &self.planned[..index.map_or(0, |index| index + 1)];
        planned
            .iter()
            .filter_map(|it| it.script.as_deref())
            .flat_map(|script| &script.statements)
            .filter(|statement| statement.not_understood().is_some())
            .count()
    }

    /// The replay of some of the migrations only, by their place in run order: those that a server
    /// took.
    pub fn replay_only(&self, places: &[usize]) -> Timeline {
        let planned: Vec<Planned> = places.iter().map(|at| self.planned[*at].clone()).collect();
        replay(&planned, self.project.dialect)
    }
}

/// Finds the project and replays its migrations.
///
/// # Errors
///
/// Any [`Error`]: the project could not be found or read.
pub fn replay_project(options: &Options) -> Result<Replayed> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    replay_tree(&target.tree, &overrides)
}

/// Finds the project in a tree and replays its migrations.
///
/// # Errors
///
/// Any [`Error`]: the project could not be found or read.
pub fn replay_tree(tree: &Tree, overrides: &Overrides) -> Result<Replayed> {
    let project = discover_one(tree, overrides)?;
    only_postgres(&project)?;
    replay_of(project)
}

/// Replays the migrations of a project, on the schema that its configuration names.
pub(super) fn replay_of(project: Project) -> Result<Replayed> {
    let (migrations, planned) = planned(&project)?;
    let schema = starting_schema(&project);
    let timeline = replay_from_schema(schema.as_ref(), &planned, project.dialect);
    Ok(Replayed {
        migrations,
        timeline,
        planned,
        project,
    })
}
