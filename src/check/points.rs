//! The schema at a version that somebody names: of head, of the base, of any revision.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::replayed::{Replayed, replay_of};
use super::{New, Options, only_postgres, overrides};
use crate::discover::{
    Commit, Environment, Overrides, Project, Target, discover_one, discover_release, locate,
    nearest_name,
};
use crate::error::{Error, Result};
use crate::report::{DiffReport, Histories, PointReport, schema_changes};
use crate::schema::catalog::Catalog;

/// The schema at one version.
#[derive(Debug, Clone)]
pub struct SchemaAt {
    /// For people, and what a report says of it.
    pub point: PointReport,
    /// The schema.
    pub catalog: Arc<Catalog>,
    /// The revision whose migrations made it; `None` for the files on disk.
    commit: Option<String>,
}

/// The schema at a version: `VERSION` (a version, a path or a file name of head's migrations),
/// `head`, `base` (where the branch left its target), `empty` (before the first migration),
/// `REV:VERSION` and `REV:` (the last of a git revision), or a revision that is no version.
///
/// # Errors
///
/// Any [`Error`]; [`Error::Argument`] where nothing has that name.
pub fn schema_at(
    options: &Options,
    environment: Environment<'_>,
    point: Option<&str>,
) -> Result<SchemaAt> {
    Points::new(options, environment)?.at(point.unwrap_or("head"))
}

/// What changed from one version to another, each named as for [`schema_at`].
///
/// # Errors
///
/// As [`schema_at`].
pub fn diff_versions(
    options: &Options,
    environment: Environment<'_>,
    from: &str,
    to: &str,
) -> Result<DiffReport> {
    let mut points = Points::new(options, environment)?;
    let (from, to) = (points.at(from)?, points.at(to)?);
    let histories = match from.commit == to.commit {
        true => Histories::One,
        false => Histories::Two,
    };
    Ok(DiffReport {
        changes: schema_changes(&from.catalog, &to.catalog, histories),
        from: from.point,
        to: to.point,
    })
}

/// Resolves names, and replays the migrations of each revision once.
struct Points<'a> {
    options: &'a Options,
    environment: Environment<'a>,
    target: Target,
    overrides: Overrides,
    head: Project,
    replayed: BTreeMap<Option<String>, Replayed>,
}

impl<'a> Points<'a> {
    fn new(options: &'a Options, environment: Environment<'a>) -> Result<Self> {
        let target = locate(&options.paths)?;
        let overrides = overrides(options, &target)?;
        let head = discover_one(&target.tree, &overrides)?;
        only_postgres(&head)?;
        Ok(Points {
            options,
            environment,
            target,
            overrides,
            head,
            replayed: BTreeMap::new(),
        })
    }

    fn at(&mut self, point: &str) -> Result<SchemaAt> {
        if self.head.find(point).is_some() {
            return self.of_head(Some(point));
        }
        match point {
            "head" => return self.of_head(None),
            "empty" => return Ok(empty()),
            "base" => {
                let (name, commit) = self.base()?;
                return self.of_revision(&name, &commit, None);
            }
            _ => {}
        }
        if let Some((revision, version)) = point.split_once(':') {
            let version = Some(version).filter(|it| !it.is_empty());
            return match revision {
                "" | "head" => self.of_head(version),
                "base" => {
                    let (name, commit) = self.base()?;
                    self.of_revision(&name, &commit, version)
                }
                revision => {
                    let repository = self.target.repository.clone().ok_or_else(|| {
                        Error::Argument(format!(
                            "`{point}` names a revision, and this is not a git repository"
                        ))
                    })?;
                    let commit = repository.resolve(revision)?;
                    self.of_revision(revision, &commit, version)
                }
            };
        }
        // Digits alone are a version that is not there, whatever commit begins with them.
        let may_be_revision = !point.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(repository) = self.target.repository.clone().filter(|_| may_be_revision)
            && let Some(commit) = repository.find(point)?
        {
            return self.of_revision(point, &commit, None);
        }
        Err(unknown_version(&self.head, point))
    }

    fn base(&self) -> Result<(String, Commit)> {
        let Some(repository) = &self.target.repository else {
            return Err(Error::Argument(
                "there is no base: this is not a git repository".to_owned(),
            ));
        };
        let revision = match &self.options.new {
            New::SinceRevision(revision) => Some(revision.as_str()),
            New::SinceBase | New::SinceVersion(_) | New::All => None,
        };
        let base = repository.base(revision, self.environment)?;
        Ok((base.name, base.commit))
    }

    fn of_head(&mut self, version: Option<&str>) -> Result<SchemaAt> {
        let head = &self.head;
        let replayed = match self.replayed.entry(None) {
            std::collections::btree_map::Entry::Occupied(it) => it.into_mut(),
            std::collections::btree_map::Entry::Vacant(it) => it.insert(replay_of(head.clone())?),
        };
        let found = found(replayed, version)?;
        let name = match (version, &found.version) {
            (Some(_), Some(version)) => format!("version {version}"),
            (None, Some(version)) => format!("head (version {version})"),
            (_, None) => "the empty schema".to_owned(),
        };
        Ok(found.named(name, None))
    }

    fn of_revision(
        &mut self,
        revision: &str,
        commit: &Commit,
        version: Option<&str>,
    ) -> Result<SchemaAt> {
        let Some(repository) = &self.target.repository else {
            return Err(Error::Argument(format!(
                "`{revision}` is a revision, and this is not a git repository"
            )));
        };
        let short = repository.short(commit);
        let tree = crate::discover::Tree::revision(repository, commit);
        let key = Some(commit.id().to_owned());
        let replayed = match self.replayed.entry(key) {
            std::collections::btree_map::Entry::Occupied(it) => it.into_mut(),
            std::collections::btree_map::Entry::Vacant(it) => {
                let project = discover_release(&tree, &self.overrides, &self.head)?;
                it.insert(replay_of(project)?)
            }
        };
        let found = found(replayed, version)
            .map_err(|error| Error::Argument(format!("{revision}: {error}")))?;
        let revision = match commit.id().starts_with(revision) {
            true => short.clone(),
            false => format!("{revision}@{short}"),
        };
        let name = match &found.version {
            Some(version) => format!("{revision} (version {version})"),
            None => format!("{revision} (no migrations)"),
        };
        Ok(found.named(name, Some((short, commit.id().to_owned()))))
    }
}

struct Found {
    version: Option<String>,
    catalog: Arc<Catalog>,
    not_understood: usize,
}

impl Found {
    fn named(self, name: String, revision: Option<(String, String)>) -> SchemaAt {
        let (short, commit) = revision.unzip();
        SchemaAt {
            point: PointReport {
                name,
                version: self.version,
                revision: short,
                not_understood: self.not_understood,
            },
            catalog: self.catalog,
            commit,
        }
    }
}

fn found(replayed: &Replayed, version: Option<&str>) -> Result<Found> {
    let index = match version {
        None => replayed.migrations.len().checked_sub(1),
        Some(version) => {
            let place = replayed.place_of(version);
            Some(place.ok_or_else(|| unknown_version(&replayed.project, version))?)
        }
    };
    let migration = index.and_then(|index| replayed.migrations.get(index));
    let position = index.map_or(0, |index| replayed.timeline.ends[index]);
    Ok(Found {
        version: migration.map(|it| it.version.clone()),
        catalog: Arc::clone(replayed.timeline.catalog(position)),
        not_understood: replayed.not_understood_until(migration),
    })
}

fn empty() -> SchemaAt {
    SchemaAt {
        point: PointReport {
            name: "the empty schema".to_owned(),
            version: None,
            revision: None,
            not_understood: 0,
        },
        catalog: Arc::new(Catalog::new()),
        commit: None,
    }
}

/// That no migration is called so, and which is nearest.
pub(super) fn unknown_version(project: &Project, wanted: &str) -> Error {
    let newest = project.migrations.last().map_or("none", |it| &it.version);
    let hint = match near_version(project, wanted) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the newest is {newest}"),
    };
    Error::Argument(format!(
        "no migration has the version or name {wanted}; {hint}"
    ))
}

/// The version or file name that is most likely meant.
pub(super) fn near_version(project: &Project, wanted: &str) -> Option<String> {
    let mut known: Vec<&str> = Vec::new();
    for it in &project.migrations {
        known.push(&it.version);
        known.push(it.path.rsplit('/').next().unwrap_or(&it.path));
    }
    nearest_name(wanted, &known).map(str::to_owned)
}
