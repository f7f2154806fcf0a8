//! A project's migrations, replayed in the order of its tool, without judging them.

use super::{Options, only_postgres, overrides};
use crate::check::chain::Chain;
use crate::discover::{Migration, Project, discover_one, locate};
use crate::error::{Error, Result};
use crate::history::Timeline;
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
    /// How many statements of each migration were not understood.
    pub not_understood: Vec<usize>,
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
            Some(version) => Some(self.project.find(version).ok_or_else(|| {
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

    /// How many statements up to the end of a migration were not understood.
    pub fn not_understood_until(&self, migration: Option<&Migration>) -> usize {
        let index = migration.and_then(|it| {
            let mut all = self.migrations.iter();
            all.position(|other| other.path == it.path)
        });
        let end = index.map_or(0, |index| index + 1);
        self.not_understood.iter().take(end).sum()
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
    let project = discover_one(&target.tree, &overrides)?;
    only_postgres(&project)?;
    let chain = Chain::of_everything(&project)?;
    let not_understood = chain
        .scripts
        .iter()
        .map(|script| {
            let statements = script.iter().flat_map(|script| &script.statements);
            statements
                .filter(|statement| statement.not_understood().is_some())
                .count()
        })
        .collect();
    Ok(Replayed {
        migrations: chain.migrations,
        timeline: chain.timeline,
        not_understood,
        project,
    })
}
