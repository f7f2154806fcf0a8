//! What a release needs of its database, drawn from its own files.

use std::sync::Arc;

use super::code::{self, CodeAt};
use super::judge::presumed;
use super::replayed::{Replayed, replay_of};
use super::{Options, apply_options, named_queries, only_postgres, overrides};
use crate::contract::{Contract, Drawn, draw};
use crate::discover::{Tree, discover_one, discover_release, locate};
use crate::error::{Error, Result};
use crate::schema::catalog::Catalog;
use crate::schema::name::Ident;

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
}

/// Draws the contract of the release at hand, or of one at a git revision.
///
/// # Errors
///
/// Any [`Error`]: the project could not be found or read.
pub fn release_contract(options: &Options, revision: Option<&str>) -> Result<ReleaseContract> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    let head = discover_one(&target.tree, &overrides)?;
    only_postgres(&head)?;
    let (tree, mut project) = match revision {
        None => (target.tree.clone(), head),
        Some(revision) => {
            let repository = target.repository.as_ref().ok_or_else(|| {
                Error::Argument(format!(
                    "`{revision}` is a revision, and this is not a git repository"
                ))
            })?;
            let commit = repository.resolve(revision)?;
            let tree = Tree::revision(repository, &commit);
            let project = discover_release(&tree, &overrides, &head)?;
            (tree, project)
        }
    };
    apply_options(options, &mut project.config)?;
    let at = CodeAt {
        tree,
        config: project.config.clone(),
        folder: project.folder.clone(),
        consumer: None,
    };
    let named = named_queries(&options.queries)?;
    let code = code::read(&at, project.server_version, named.as_ref(), &[])?;
    let presumed = presumed(&project.config.retired);
    let replayed = replay_of(project)?;
    let schema = Arc::clone(replayed.timeline.catalog(replayed.timeline.end()));
    let usage = code.code.on(&schema);
    let mut contract = draw(Drawn {
        catalog: &schema,
        code: Some((&code.code, &usage)),
        presumed: &presumed,
    });
    let config = &replayed.project.config;
    contract.schema_version = replayed.migrations.last().map(|it| it.version.clone());
    contract.search_path = config
        .code
        .search_path
        .as_ref()
        .map(|all| all.iter().map(|it| Ident::new(it)).collect());
    contract.role = config.code.role.as_deref().map(Ident::new);
    contract.history.layout = replayed.project.layout.as_str().to_owned();
    contract.history.migrations = replayed
        .migrations
        .iter()
        .map(|it| it.version.clone())
        .collect();
    Ok(ReleaseContract {
        contract,
        replayed,
        sources: code.places,
    })
}
