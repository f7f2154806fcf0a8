//! What a release needs of its database, drawn from its own files.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::code::{self, CodeAt};
use super::judge::presumed;
use super::replayed::{Replayed, replay_of};
use super::{
    Options, apply_options, consumer_files, named_queries, only_postgres, overrides, refuse_idle,
};
use crate::contract::{Contract, Drawn, draw};
use crate::discover::{
    Layout, Overrides, Project, Tree, discover_one, discover_release, known, locate,
};
use crate::error::{Error, Result};
use crate::live::{
    Answers, AppliedMigrations, Drift, Kind, LiveError, Verification, compare, read_catalog,
};
use crate::progress::Stage;
use crate::query::Seen;
use crate::schema::catalog::Catalog;
use crate::schema::diff::{ObjectKind, ObjectRef};
use crate::schema::name::QualifiedName;
use crate::sql::Dialect;

/// The contract of a release, with what it was drawn from.
#[derive(Debug)]
pub struct ReleaseContract {
    /// What the release needs.
    pub contract: Contract,
    /// Its migrations and the schemas that they make.
    pub replayed: Replayed,
    /// Where its queries were found: the source with its place.
    pub sources: Vec<String>,
}

impl ReleaseContract {
    /// The schema after the last migration.
    pub fn schema(&self) -> &Arc<Catalog> {
        self.replayed.timeline.catalog(self.replayed.timeline.end())
    }

    /// What the whole schema of a database has otherwise than the migrations that it has make it:
    /// those that its history table names, or all where nobody knows. Left out are what was found to
    /// hurt the release, privileges, since they are mostly given apart from migrations, and the
    /// history table itself.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or its answer is not understood.
    pub fn drift(
        &self,
        server: &mut dyn Answers,
        found: &Verification,
    ) -> std::result::Result<Vec<Drift>, LiveError> {
        let applied = &found.history;
        let live = read_catalog(server)?;
        let objects = found.lacks.iter().filter_map(|it| it.object.as_ref());
        let lacking: BTreeSet<String> = objects
            .map(|it| match (it.kind, &it.schema, &it.parent) {
                (ObjectKind::EnumLabel, Some(schema), Some(parent)) => {
                    let name = QualifiedName::new(schema.clone(), parent.clone());
                    ObjectRef::top(ObjectKind::Type, &name).to_string()
                }
                _ => it.to_string(),
            })
            .collect();
        // As all messages do.
        let short = |object: String| match object.strip_prefix("public.") {
            Some(rest) => rest.to_owned(),
            None => object,
        };
        let own_table = match applied {
            AppliedMigrations::Known(history) => history.table.to_string(),
            AppliedMigrations::Unknown(_) => String::new(),
        };
        let is_of_tool = |object: &str| {
            let rest = object.strip_prefix(own_table.as_str());
            !own_table.is_empty() && rest.is_some_and(|it| it.is_empty() || it.starts_with('.'))
        };
        let expected = match applied {
            AppliedMigrations::Known(history) if !history.pending.is_empty() => {
                let known = known(&self.replayed.project);
                let pending: BTreeSet<&str> = known
                    .iter()
                    .map(|it| it.key.as_str())
                    .filter(|key| history.pending.iter().any(|it| it == key))
                    .collect();
                let keys = self.replayed.project.migrations.iter().zip(&known);
                let left_out: BTreeSet<&str> = keys
                    .filter(|(_, known)| pending.contains(known.key.as_str()))
                    .map(|(it, _)| it.path.as_str())
                    .collect();
                let places: Vec<usize> = self
                    .replayed
                    .migrations
                    .iter()
                    .enumerate()
                    .filter(|(_, it)| !left_out.contains(it.path.as_str()))
                    .map(|(place, _)| place)
                    .collect();
                let timeline = self.replayed.replay_only(&places);
                Arc::clone(timeline.catalog(timeline.end()))
            }
            AppliedMigrations::Known(_) | AppliedMigrations::Unknown(_) => {
                Arc::clone(self.schema())
            }
        };
        let compared = compare(&expected, &live).disagreements.into_iter();
        let told = compared
            .filter(|it| it.kind != Kind::Privilege && !it.doubtful && !is_of_tool(&it.object));
        Ok(told
            .map(|it| (it.kind, short(it.object), it.what))
            .filter(|(_, object, _)| !lacking.contains(object))
            .map(|(kind, object, what)| Drift {
                what: format!("{kind} `{object}`: {what}"),
                object,
            })
            .collect())
    }
}

/// Where a dump of the schema is laid that stands for migrations.
const DUMP: &str = "migrations/1_schema.sql";

/// Draws the contract of the release at hand, or of one at a git revision.
///
/// # Errors
///
/// Any [`Error`]: the project could not be found or read.
pub fn release_contract(options: &Options, revision: Option<&str>) -> Result<ReleaseContract> {
    let target = locate(&options.paths)?;
    let mut overrides = overrides(options, &target)?;
    let mut dump = None;
    let head = match (discover_one(&target.tree, &overrides), &overrides.schema) {
        // The migrations are in another repository: a dump of what they make stands for them.
        (Err(Error::Layout(_)), Some(schema)) if overrides.layout.is_none() => {
            let path = match target.start.as_str() {
                "" => DUMP.to_owned(),
                folder => format!("{folder}/{DUMP}"),
            };
            let bytes = schema.text.as_bytes().to_vec();
            let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
            overrides = Overrides {
                layout: Some(Layout::Plain),
                migrations: folder,
                dialect: overrides.dialect.or(Some(Dialect::Postgres)),
                schema: None,
                ..overrides
            };
            let laid = target.tree.clone().with_file(path.clone(), bytes.clone());
            let head = discover_one(&laid, &overrides)?;
            dump = Some((path, bytes));
            head
        }
        (found, _) => found?,
    };
    only_postgres(&head)?;
    let lay = |tree: Tree| match &dump {
        Some((path, bytes)) => tree.with_file(path.clone(), bytes.clone()),
        None => tree,
    };
    let (tree, project) = match revision {
        None => (lay(target.tree.clone()), head),
        Some(revision) => {
            let repository = target.repository.as_ref().ok_or_else(|| {
                Error::Argument(format!(
                    "`{revision}` is a revision, and this is not a git repository"
                ))
            })?;
            let commit = repository.resolve(revision)?;
            let tree = lay(Tree::revision(repository, &commit));
            let project = discover_release(&tree, &overrides, &head)?;
            (tree, project)
        }
    };
    drawn(options, tree, project)
}

/// Draws the contract of the release whose files a tree holds.
///
/// # Errors
///
/// As [`release_contract`].
pub fn tree_contract(
    options: &Options,
    tree: &Tree,
    overrides: &Overrides,
) -> Result<ReleaseContract> {
    let project = discover_one(tree, overrides)?;
    only_postgres(&project)?;
    drawn(options, tree.clone(), project)
}

fn drawn(options: &Options, tree: Tree, mut project: Project) -> Result<ReleaseContract> {
    apply_options(options, &mut project.config)?;
    let at = CodeAt {
        tree,
        config: project.config.clone(),
        folder: project.folder.clone(),
        consumer: None,
    };
    let named = named_queries(&options.queries)?;
    refuse_idle("--queries", &options.queries, &[&at.tree])?;
    options
        .progress
        .at(|| Stage::ReadingCode("the release".to_owned()));
    let code = code::read(
        &Seen::default(),
        &at,
        project.server_version,
        named.as_ref(),
        &consumer_files(&project.config)?,
        &project.others,
    )?;
    let presumed = presumed(&project.config.retired);
    options
        .progress
        .at(|| Stage::Replaying(project.folder.clone()));
    let replayed = replay_of(project)?;
    let schema = Arc::clone(replayed.timeline.catalog(replayed.timeline.end()));
    let usage = code.code.on(&schema);
    let mut contract = draw(Drawn {
        catalog: &schema,
        code: Some((&code.code, &usage)),
        presumed: &presumed,
        project: &replayed.project,
    });
    contract.schema_version = replayed.migrations.last().map(|it| it.version.clone());
    Ok(ReleaseContract {
        contract,
        replayed,
        sources: code.places,
    })
}
