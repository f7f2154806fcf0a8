//! The version graph of a project: what has been deployed, what the change adds, what the target
//! branch has added meanwhile.

use std::collections::HashMap;

use super::chain::{Chain, declared_parents};
use super::{New, Options, chain_of, overrides};
use crate::discover::{
    Base, Discovery, Environment, HeadAt, Migration, Project, Target, Tree, discover,
    discover_release, discover_with_base, locate,
};
use crate::error::{Error, Result};
use crate::history::VersionGraph;
use crate::report::{
    BaseReport, Branch, GraphEdge, GraphNode, GraphReport, Pin, PinRole, ProjectGraph,
};

/// The versions of each project's schema and the migrations between them.
///
/// Where nothing says what is new (no git, no target branch) head is drawn alone, which a notice
/// says.
///
/// # Errors
///
/// Any [`crate::Error`]: the projects could not be found or read, or a revision that the options name is
/// not there.
pub fn version_graph(options: &Options, environment: Environment<'_>) -> Result<GraphReport> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    let revision = match &options.new {
        New::SinceRevision(revision) => Some(revision.as_str()),
        New::SinceBase | New::SinceVersion(_) | New::All => None,
    };
    let (found, base) = match &options.new {
        New::SinceBase | New::SinceRevision(_) => {
            discover_with_base(&target, &overrides, revision, environment)
        }
        New::SinceVersion(_) | New::All => (discover(&target.tree, &overrides), None),
    };
    let Discovery { projects, left_out } = found?;
    let count = projects.len();
    // Of several projects those are meant that have the version.
    let projects: Vec<Project> = projects
        .into_iter()
        .filter(|project| match &options.new {
            New::SinceVersion(version) => count == 1 || project.find(version).is_some(),
            New::SinceBase | New::SinceRevision(_) | New::All => true,
        })
        .collect();
    if projects.is_empty()
        && let New::SinceVersion(version) = &options.new
    {
        return Err(Error::Argument(format!(
            "--since {version}: no migration has this version or name"
        )));
    }
    let mut notices = Vec::new();
    let base = match base {
        Some(Err(error)) if revision.is_some() => return Err(error),
        Some(Err(error)) => {
            notices.push(format!("head is drawn alone: {error}"));
            None
        }
        Some(Ok(base)) => Some(base),
        None => None,
    };
    let mut out = Vec::new();
    for project in projects {
        let measured = Options {
            new: match (&options.new, &base) {
                (New::SinceBase | New::SinceRevision(_), None) => New::All,
                (new, _) => new.clone(),
            },
            ..options.clone()
        };
        let chain = chain_of(&measured, &target, &overrides, &project, base.as_ref())?;
        let tip = match &base {
            Some(base) => tip_of(&target, &overrides, &project, base)?,
            None => None,
        };
        out.push(drawn(&project, &chain, tip)?);
    }
    Ok(GraphReport {
        projects: out,
        left_out,
        notices,
    })
}

/// The target branch as it is now.
pub(super) struct Tip {
    name: String,
    migrations: Vec<Migration>,
}

/// The target branch, where it has gone on since the branch left it.
pub(super) fn tip_of(
    target: &Target,
    overrides: &crate::discover::Overrides,
    project: &Project,
    base: &Base,
) -> Result<Option<Tip>> {
    let Some(repository) = &target.repository else {
        return Ok(None);
    };
    let Some(commit) = repository.find(&base.name)? else {
        return Ok(None);
    };
    if commit == base.commit {
        return Ok(None);
    }
    let tree = Tree::revision(repository, &commit);
    let at_tip = discover_release(&tree, overrides, project)?;
    Ok(Some(Tip {
        name: format!("{}@{}", base.name, repository.short(&commit)),
        migrations: at_tip.migrations,
    }))
}

/// The graph of a chain that has been replayed.
pub(super) fn drawn(project: &Project, chain: &Chain, tip: Option<Tip>) -> Result<ProjectGraph> {
    let mut all: Vec<&Migration> = chain.migrations.iter().collect();
    let place: HashMap<&str, usize> = all
        .iter()
        .enumerate()
        .map(|(index, it)| (it.identity.as_str(), index))
        .collect();
    let own_of_tip: Vec<&Migration> = tip
        .iter()
        .flat_map(|tip| &tip.migrations)
        .filter(|it| !place.contains_key(it.identity.as_str()) && !it.is_checkpoint)
        .collect();
    let count = all.len();
    all.extend(&own_of_tip);
    let has_base = chain.base.is_some();
    let first_new = if has_base { chain.first_new } else { count };
    let parents = parents_of(&all, count, first_new);
    let versions = all.iter().map(|it| it.version.as_str());
    let graph = VersionGraph::with_parents(versions.zip(parents.iter().map(Vec::as_slice)));
    graph.run_order()?;
    let newest = |migrations: &[Migration]| {
        let known = migrations
            .iter()
            .filter_map(|it| place.get(it.identity.as_str()));
        known.max().copied()
    };
    let mut pins: Vec<(Pin, Option<usize>)> = Vec::new();
    let mut pin = |name: &str, at: Option<usize>, role: PinRole| {
        let name = name.to_owned();
        pins.push((Pin { name, role }, at));
    };
    if let Some(base) = &chain.base {
        pin(&base.name, newest(&base.migrations), PinRole::Base);
    }
    for live in &chain.live {
        let is_base = chain
            .base
            .as_ref()
            .is_some_and(|it| it.name == live.release.name);
        if !is_base {
            pin(
                &live.release.name,
                live.length.checked_sub(1),
                PinRole::Live,
            );
        }
    }
    if let Some(tip) = &tip {
        let at = match own_of_tip.is_empty() {
            true => newest(&tip.migrations),
            false => Some(all.len() - 1),
        };
        pin(&tip.name, at, PinRole::Target);
    }
    pin("head", count.checked_sub(1), PinRole::Head);
    let node = |at: Option<usize>| at.map_or(0, |migration| migration + 1);
    let mut nodes = vec![GraphNode {
        version: None,
        migration: None,
        line: None,
        branch: Branch::Shared,
        is_new: false,
        has_down: false,
        parents: Vec::new(),
        pins: Vec::new(),
    }];
    nodes.extend(all.iter().enumerate().map(|(index, it)| GraphNode {
        version: Some(it.version.clone()),
        migration: Some(it.path.clone()),
        line: it.span.and_then(|span| {
            let part = it.up.part()?;
            Some(part.file.position(span.start).line)
        }),
        branch: match index {
            index if index >= count => Branch::Target,
            index if index >= first_new => Branch::Head,
            _ => Branch::Shared,
        },
        is_new: (first_new..count).contains(&index),
        has_down: it.down.is_some(),
        parents: Vec::new(),
        pins: Vec::new(),
    }));
    let mut edges = Vec::new();
    for way in graph.ways() {
        let to = way.migration + 1;
        let from = node(way.from);
        nodes[to].parents.push(from);
        edges.push(GraphEdge {
            from,
            to,
            is_down: false,
        });
        if nodes[to].has_down {
            edges.push(GraphEdge {
                from: to,
                to: from,
                is_down: true,
            });
        }
    }
    for (pin, at) in pins {
        nodes[node(at)].pins.push(pin);
    }
    let mut heads: Vec<usize> = graph.head_migrations().into_iter().map(node).collect();
    heads.sort_unstable();
    Ok(ProjectGraph {
        root: match project.root.as_str() {
            "" => ".".to_owned(),
            root => root.to_owned(),
        },
        is_declared: all.iter().any(|it| it.parents.is_some()),
        checkpoints: project
            .migrations
            .iter()
            .filter(|it| it.is_checkpoint && !place.contains_key(it.identity.as_str()))
            .map(|it| it.path.clone())
            .collect(),
        folder: project.folder.clone(),
        layout: project.layout,
        dialect: project.dialect,
        base: chain.base.as_ref().map(|base| BaseReport {
            name: base.name.clone(),
            revision: base.revision.clone(),
            version: base.migrations.last().map(|it| it.version.clone()),
            head: HeadAt::default(),
        }),
        nodes,
        edges,
        heads,
    })
}

/// What each migration follows: what it declares, or else the one before it on its branch. The
/// first `count` are those of head; the others, of the target branch, begin where head's own do.
fn parents_of(all: &[&Migration], count: usize, first_new: usize) -> Vec<Vec<usize>> {
    let owned: Vec<Migration> = all.iter().map(|it| (*it).clone()).collect();
    if let Some(parents) = declared_parents(&owned) {
        return parents;
    }
    (0..all.len())
        .map(|index| {
            let before = match index == count {
                true => first_new,
                false => index,
            };
            before.checked_sub(1).into_iter().collect()
        })
        .collect()
}
