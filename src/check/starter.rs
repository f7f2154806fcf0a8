//! What a first configuration of a project can say.

use super::code::{self, CodeAt};
use super::{Options, consumer_files, overrides};
use crate::discover::{Overrides, Project, Repository, Target, discover, locate};
use crate::error::{Error, Result};
use crate::query::Seen;
use crate::report::Starter;
use std::path::Path;

/// What editors are told to look at, where somebody has put it beside the configuration.
const SCHEMA_FILE: &str = "migcheck.schema.json";

/// Looks at the project at hand, which has no configuration yet.
///
/// # Errors
///
/// [`Error::Argument`] where there is a configuration, or there are several projects, with what to
/// do; otherwise as [`check`](crate::check).
pub fn starter(options: &Options) -> Result<Starter> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    let mut projects = discover(&target.tree, &overrides)?.projects;
    if projects.len() > 1 {
        return Err(several(options, &target, &projects));
    }
    let project = projects.remove(0);
    if let Some(file) = &project.config.file {
        return Err(Error::Argument(format!(
            "{} is configured by {file} already; nothing is written",
            named(&project.folder)
        )));
    }
    let others = others(&target, &project);
    let folder = place(&project, &others);
    let at = CodeAt {
        tree: target.tree.clone(),
        config: project.config.clone(),
        folder: project.folder.clone(),
        consumer: None,
    };
    let code = code::read(
        &Seen::default(),
        &at,
        project.server_version,
        None,
        &consumer_files(&project.config)?,
        &others,
    )?;
    let newest_tag = match &target.repository {
        Some(repository) => newest_tag(repository)?,
        None => None,
    };
    Ok(Starter {
        queries: code.code.queries.len(),
        query_places: code.places,
        newest_tag,
        deploy: options.deploy,
        is_version_given: options.server_version.is_some(),
        schema: match target
            .tree
            .names(&folder)?
            .iter()
            .any(|it| it == SCHEMA_FILE)
        {
            true => Some(SCHEMA_FILE),
            false => None,
        },
        folder,
        project,
    })
}

fn named(folder: &str) -> &str {
    match folder {
        "" => "this folder",
        folder => folder,
    }
}

/// Each project has a configuration of its own.
fn several(options: &Options, target: &Target, projects: &[Project]) -> Error {
    let here = options
        .paths
        .first()
        .map_or(Path::new(""), |it| it.as_path());
    let commands: Vec<String> = projects
        .iter()
        .map(|it| {
            let rest = match target.start.as_str() {
                "" => it.folder.as_str(),
                start => it.folder.strip_prefix(start).unwrap_or(&it.folder),
            };
            let path = here.join(rest.trim_start_matches('/'));
            format!("`migcheck init {}`", path.display())
        })
        .collect();
    Error::Argument(format!(
        "{} projects are here, and each has a configuration of its own; nothing is written: begin with \
         one of {}",
        projects.len(),
        commands.join(", ")
    ))
}

/// The folders of the other projects in the repository.
fn others(target: &Target, project: &Project) -> Vec<String> {
    if target.start.is_empty() {
        return Vec::new();
    }
    // What cannot be read is no project that a configuration could be about.
    let Ok(all) = discover(&target.tree, &Overrides::default()) else {
        return Vec::new();
    };
    let projects = all.projects.into_iter().map(|it| it.folder);
    let left_out = all.left_out.into_iter().map(|it| it.folder);
    let others = projects.chain(left_out);
    others.filter(|it| *it != project.folder).collect()
}

/// The highest folder from the project's root down to its migrations that holds no other project.
fn place(project: &Project, others: &[String]) -> String {
    let is_above = |folder: &str, other: &str| {
        let rest = other.strip_prefix(folder);
        folder.is_empty() || rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
    };
    let mut folder = project.root.as_str();
    while others.iter().any(|it| is_above(folder, it)) && folder != project.folder {
        let rest = project.folder.strip_prefix(folder).unwrap_or_default();
        let step = rest
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        let end = project.folder.len() - rest.trim_start_matches('/').len() + step.len();
        folder = &project.folder[..end];
    }
    folder.to_owned()
}

/// The newest tag that begins like a version.
fn newest_tag(repository: &Repository) -> Result<Option<String>> {
    let mut found = Vec::new();
    for pattern in ["v[0-9]*", "[0-9]*"] {
        found = repository.matching(pattern)?;
        if !found.is_empty() {
            break;
        }
    }
    Ok(found.pop().map(|it| it.name))
}
