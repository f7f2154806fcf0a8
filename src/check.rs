//! The gate: from a project on disk to a report.
//!
//! It decides what is new and which releases are live, lays their migrations on one chain in the
//! order in which production runs them, replays it once, judges the window and collects what the
//! report formats print.

mod applied;
mod baseline;
mod branches;
mod chain;
mod code;
mod contract;
mod dependents;
mod down;
mod explained;
mod graph;
mod judge;
mod matrix;
mod patterns;
mod points;
mod remarks;
mod replayed;
mod retired;
mod settings;
mod starter;
mod typed;
mod version;
mod walk;

use std::path::{Path, PathBuf};

use crate::discover::{
    Base, CONFIG_FILE_NAME, Commit, Config, ConfigChoice, ConfigFile, Consumer, Contents,
    DeployMode, Discovery, Environment, Fork, Layout, LeftOut, Migration, Origin, Overrides,
    PathPatterns, Project, Repository, Retired, ServerVersion, Stated, Target, Tree, discover,
    discover_merged, discover_one, discover_release, discover_with_base, locate,
};
use crate::error::{Error, Result};
use crate::findings::Severity;
use crate::progress::{Progress, Stage};
use crate::query::Seen;
use crate::report::{ProjectDrawing, ProjectReport, Report};
use crate::rules::{Class, RULES};
use crate::source::SourceFile;
use crate::sql::Dialect;

pub use baseline::new_baseline;
use branches::Branches;
use chain::{Chain, LiveRelease};
use code::CodeAt;
pub use contract::{ReleaseContract, release_contract, tree_contract};
pub use explained::{explain_object, near_names};
pub use graph::version_graph;
pub use matrix::release_matrix;
use patterns::{idle_in_code, idle_in_consumer, refuse_idle};
pub use points::{SchemaAt, diff_versions, schema_at};
pub use replayed::{Replayed, replay_project, replay_tree};
pub use settings::settings;
pub use starter::starter;
pub use version::explain_version;
pub use walk::{explain_migration, explain_migration_in};

/// What counts as new.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum New {
    /// What git's merge base with the target branch does not have; the revision or branch to
    /// measure from, or the one found by itself.
    #[default]
    SinceBase,
    /// What git's merge base with this revision does not have.
    SinceRevision(String),
    /// What comes after this version.
    SinceVersion(String),
    /// Everything: each migration is a change of its own.
    All,
}

/// When findings make the check fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// At errors.
    #[default]
    Error,
    /// At errors and warnings.
    Warning,
    /// Never.
    Never,
}

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A repository, a folder, or migration files; none means the current folder.
    pub paths: Vec<PathBuf>,
    /// What counts as new.
    pub new: New,
    /// Whether head is what is staged rather than what is on disk.
    pub staged: bool,
    /// The live releases: revisions, or patterns over tags and branches.
    pub live: Vec<String>,
    /// The configuration of the old release, where there is no git.
    pub old_config: Option<PathBuf>,
    /// Files that hold the code's queries, as patterns; each release's are read at its own revision.
    pub queries: Vec<String>,
    /// Files that hold the old release's queries, where there is no git.
    pub old_queries: Vec<String>,
    /// A migration that is not in a file yet: it is what is new.
    pub typed: Option<TypedMigration>,
    /// The family of servers.
    pub dialect: Option<Dialect>,
    /// The server's version.
    pub server_version: Option<ServerVersion>,
    /// The migration tool.
    pub layout: Option<Layout>,
    /// How the project deploys.
    pub deploy: Option<DeployMode>,
    /// The schema before the first migration, as a file of SQL.
    pub schema_file: Option<PathBuf>,
    /// What the environment and the command line say of keys of the configuration; what comes later
    /// outranks, and the fields here that have a key outrank all of it.
    pub stated: Vec<Stated>,
    /// Only the projects of this name.
    pub project: Option<String>,
    /// The configuration file, instead of the one found.
    pub config: Option<PathBuf>,
    /// No configuration file at all.
    pub isolated: bool,
    /// Only these rules and classes.
    pub select: Vec<String>,
    /// Not these rules and classes.
    pub ignore: Vec<String>,
    /// Find also what the baseline accepts.
    pub without_baseline: bool,
    /// The day on which entries of the baseline expire, as `2026-01-31`; without one, none does.
    pub today: Option<String>,
    /// Whether the report also has the version graph and the matrix, for the formats that draw them.
    pub drawn: bool,
    /// Who is told what a long run is at.
    pub progress: Progress,
}

/// The text of a migration that comes from elsewhere than a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedMigration {
    /// Its text.
    pub bytes: Vec<u8>,
    /// The name of the file that it is going to be, or its path as seen from the current folder;
    /// otherwise it is named as the one after the newest.
    pub name: Option<String>,
}

/// Checks the project at hand.
///
/// # Errors
///
/// Any [`Error`]: the check could not be made. Findings are not errors.
pub fn check(options: &Options, environment: Environment<'_>) -> Result<Report> {
    let (target, overrides) = opened(options)?;
    let (found, base) = match &options.new {
        New::SinceBase | New::SinceRevision(_) if target.files.is_empty() => {
            let revision = match &options.new {
                New::SinceRevision(revision) => Some(revision.as_str()),
                New::SinceBase | New::SinceVersion(_) | New::All => None,
            };
            discover_with_base(&target, &overrides, revision, environment)
        }
        New::SinceBase | New::SinceRevision(_) | New::SinceVersion(_) | New::All => {
            (discover(&target.tree, &overrides), None)
        }
    };
    let (projects, left_out) = meant(options, &target, found?)?;
    let base = base.transpose()?;
    let folders: Vec<String> = projects
        .iter()
        .map(|it| it.folder.clone())
        .chain(left_out.iter().map(|it| it.folder.clone()))
        .collect();
    let mut report = Report {
        projects: Vec::new(),
        left_out,
        baseline: Vec::new(),
    };
    let mut all_retired = Vec::new();
    for mut project in projects {
        apply_options(options, &mut project.config)?;
        let mut chain = chain_of(options, &target, &overrides, &project, base.as_ref())?;
        read_code(options, &target.tree, &project, &folders, &mut chain, false)?;
        options
            .progress
            .at(|| Stage::Judging(project.folder.clone()));
        let drawing = match options.drawn {
            true => Some(drawing(
                &target,
                &overrides,
                &project,
                &chain,
                base.as_ref(),
            )?),
            false => None,
        };
        all_retired.push(retired::entries(&project, &chain));
        let judged = judge::judge(project, chain)?.projects;
        let judged = judged.into_iter().map(|it| ProjectReport {
            drawing: drawing.clone(),
            is_typed: options.typed.is_some(),
            ..it
        });
        report.projects.extend(judged);
    }
    retired::say(&all_retired, &mut report);
    // What is staged is the next commit, and HEAD the one before it.
    if let Some(base) = base.filter(|_| !options.staged) {
        say_if_hollow(&mut report, base)?;
    }
    if !options.isolated
        && !options.without_baseline
        && let Some(baseline) = baseline::read(&target.tree)?
    {
        baseline::apply(&baseline, &mut report, options.today.as_deref());
    }
    Ok(report)
}

/// Where nothing is new because HEAD is the base itself, the report says so; where that is no answer,
/// the check was not made.
fn say_if_hollow(report: &mut Report, base: Base) -> Result<()> {
    let mut projects = report.projects.iter();
    if projects.any(|it| it.summary.new_migrations > 0 || !it.findings.is_empty()) {
        return Ok(());
    }
    if let Some(doubt) = base.doubt {
        return Err(Error::Git(doubt));
    }
    for project in &mut report.projects {
        if let Some(measured) = &mut project.base {
            measured.head = base.head;
        }
    }
    Ok(())
}

/// The tree that is judged: what is on disk or staged, with what is typed.
fn opened(options: &Options) -> Result<(Target, Overrides)> {
    let mut target = locate(&options.paths)?;
    if options.staged {
        target = target.staged()?;
    }
    let mut overrides = overrides(options, &target)?;
    if let Some(typed) = &options.typed {
        typed::lay(typed, &mut target, &mut overrides)?;
    }
    Ok((target, overrides))
}

/// The version graph of a chain, and its matrix where it has releases.
fn drawing(
    target: &Target,
    overrides: &Overrides,
    project: &Project,
    chain: &Chain,
    base: Option<&Base>,
) -> Result<Box<ProjectDrawing>> {
    let tip = match base {
        Some(base) => graph::tip_of(target, overrides, project, base)?,
        None => None,
    };
    let has_states = !chain.live.is_empty() && chain.first_new < chain.migrations.len();
    Ok(Box::new(ProjectDrawing {
        graph: graph::drawn(project, chain, tip)?,
        matrix: match has_states {
            true => Some(matrix::matrix(project, chain)?),
            false => None,
        },
    }))
}

/// The projects that the command line is about, and those that are left out; where that leaves
/// none, the check cannot be made.
fn meant(
    options: &Options,
    target: &Target,
    found: Discovery,
) -> Result<(Vec<Project>, Vec<LeftOut>)> {
    let several = found.projects.len() > 1;
    let mut left_out = found.left_out;
    let mut refused: Option<Error> = None;
    let mut kept: Vec<Project> = Vec::new();
    for project in found.projects {
        let is_named = match &options.new {
            New::SinceVersion(version) => project.find(version).is_some(),
            New::SinceBase | New::SinceRevision(_) | New::All => {
                target.files.is_empty() || target.files.iter().any(|it| is_known(&project, it))
            }
        };
        let error = match only_postgres(&project) {
            // What is wrong with the one there is, those who look for it will say.
            Ok(()) if is_named || !several => {
                kept.push(project);
                continue;
            }
            Ok(()) => Error::Argument(match &options.new {
                New::SinceVersion(version) => {
                    format!("--since {version}: no migration has this version or name")
                }
                New::SinceBase | New::SinceRevision(_) | New::All => {
                    format!("{} is not a migration here", target.files.join(", "))
                }
            }),
            Err(error) => error,
        };
        left_out.push(LeftOut {
            reason: match project.dialect {
                Dialect::Postgres => error.to_string(),
                _ => not_judged(&project),
            },
            folder: project.folder,
        });
        refused.get_or_insert(error);
    }
    match refused {
        Some(error) if kept.is_empty() => Err(error),
        _ => Ok((kept, left_out)),
    }
}

/// Whether a file is one of the project's folder, run or not.
fn is_known(project: &Project, file: &str) -> bool {
    project.migrations.iter().any(|it| it.path == file)
        || project.oddities.iter().any(|it| it.path == file)
}

fn chain_of(
    options: &Options,
    target: &Target,
    overrides: &Overrides,
    project: &Project,
    base: Option<&Base>,
) -> Result<Chain> {
    options
        .progress
        .at(|| Stage::Replaying(project.folder.clone()));
    match &options.new {
        New::All => Chain::of_everything(project),
        New::SinceVersion(version) => {
            let at = project.find(version).ok_or_else(|| {
                Error::Argument(format!(
                    "--since {version}: no migration has this version or name; the newest is {}",
                    project
                        .migrations
                        .last()
                        .map_or("none", |it| it.version.as_str())
                ))
            })?;
            let live = LiveRelease {
                name: format!("the release at version {}", project.migrations[at].version),
                revision: None,
                retired: old_retired(options, project)?,
                schema: project.schema.clone(),
                migrations: project.migrations[..=at].to_vec(),
                oddities: None,
                code_at: None,
            };
            let base = chain::Base {
                name: live.name.clone(),
                revision: None,
                migrations: live.migrations.clone(),
                oddities: None,
            };
            Chain::new(project, vec![live], Some(base), &[], None)
        }
        New::SinceBase | New::SinceRevision(_) if !target.files.is_empty() => {
            named_files(options, target, project)
        }
        New::SinceBase | New::SinceRevision(_) => {
            since_base(options, target, overrides, project, base)
        }
    }
}

/// The rules and the errors are those of PostgreSQL.
fn only_postgres(project: &Project) -> Result<()> {
    if project.dialect == Dialect::Postgres {
        return Ok(());
    }
    Err(Error::Layout(format!(
        "{} is {}",
        project.folder,
        not_judged(project)
    )))
}

/// Why a project for another server is not judged, as the end of a sentence.
fn not_judged(project: &Project) -> String {
    format!(
        "written for {} ({}), which is not judged yet; if it is PostgreSQL, say --dialect postgres",
        project.dialect.as_str(),
        project.dialect_evidence
    )
}

fn overrides(options: &Options, target: &Target) -> Result<Overrides> {
    let config = match &options.config {
        Some(path) => ConfigChoice::Text {
            path: place_of(path, target),
            shown: path.display().to_string(),
            text: std::fs::read_to_string(path).map_err(|source| Error::Read {
                path: path.clone(),
                source,
            })?,
        },
        None if options.isolated => ConfigChoice::Isolated,
        None => ConfigChoice::Nearest,
    };
    let schema = match &options.schema_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
                path: path.clone(),
                source,
            })?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            Some(SourceFile::new(path.display().to_string(), text))
        }
        None => None,
    };
    Ok(Overrides {
        layout: options.layout,
        dialect: options.dialect,
        server_version: options.server_version,
        schema,
        config,
        stated: options.stated.clone(),
        project: options.project.clone(),
        // Who names a project means it wherever they stand.
        start: match &options.project {
            Some(_) if !target.is_named => String::new(),
            _ => target.start.clone(),
        },
        ..target.overrides()
    })
}

/// The path from the tree's root of a configuration file that the command line names: one that lies
/// elsewhere is read as if it lay there.
fn place_of(path: &Path, target: &Target) -> String {
    let below = match (path.canonicalize(), target.root()) {
        (Ok(real), Some(root)) => real
            .strip_prefix(root)
            .ok()
            .map(|it| it.to_string_lossy().replace('\\', "/")),
        _ => None,
    };
    below.unwrap_or_else(|| CONFIG_FILE_NAME.to_owned())
}

/// The command line outranks the configuration.
fn apply_options(options: &Options, config: &mut Config) -> Result<()> {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    let classes: Vec<&str> = Class::ALL.iter().map(|class| class.as_str()).collect();
    config.check_rule_names(&rules, &classes)?;
    if let Some(deploy) = options.deploy {
        config.deploy = deploy;
    }
    let placed = |option: &str, names: &[String]| -> Result<Vec<crate::discover::Placed<String>>> {
        names
            .iter()
            .map(|name| {
                if rules.contains(&name.as_str()) || classes.contains(&name.as_str()) {
                    Ok(crate::discover::Placed {
                        value: name.clone(),
                        from: Origin::Option(option.into()),
                    })
                } else {
                    let known: Vec<&str> = rules.iter().chain(&classes).copied().collect();
                    Err(Error::Argument(crate::discover::unknown_name(
                        "rule", name, &known,
                    )))
                }
            })
            .collect()
    };
    if !options.select.is_empty() {
        config.rules.select = Some(placed("--select", &options.select)?);
    }
    config
        .rules
        .ignore
        .extend(placed("--ignore", &options.ignore)?);
    Ok(())
}

/// What the old release has retired, where its configuration is given as a file: it is read as if it
/// stood where that of head does.
fn old_retired(options: &Options, project: &Project) -> Result<Vec<Retired>> {
    let Some(path) = &options.old_config else {
        return Ok(Vec::new());
    };
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.clone(),
        source,
    })?;
    let place = match project.config.folder.as_str() {
        "" => CONFIG_FILE_NAME.to_owned(),
        folder => format!("{folder}/{CONFIG_FILE_NAME}"),
    };
    let file = ConfigFile::parse(&place, &path.display().to_string(), &text, &[])?;
    Ok(file.of_folder(&project.folder)?.retired)
}

/// The files named are new; everything else that runs before the last of them is old.
fn named_files(options: &Options, target: &Target, project: &Project) -> Result<Chain> {
    let is_new = |it: &Migration| target.files.contains(&it.path);
    for file in &target.files {
        if !is_known(project, file) {
            return Err(Error::Argument(format!(
                "{file} is not a migration of the layout {} in {}",
                project.layout.as_str(),
                project.folder
            )));
        }
    }
    let old = project
        .migrations
        .iter()
        .filter(|it| !is_new(it))
        .cloned()
        .collect();
    let live = LiveRelease {
        name: "the release without these files".to_owned(),
        revision: None,
        retired: old_retired(options, project)?,
        schema: project.schema.clone(),
        migrations: old,
        oddities: None,
        code_at: None,
    };
    Chain::new(project, vec![live], None, &target.files, None)
}

fn since_base(
    options: &Options,
    target: &Target,
    overrides: &Overrides,
    project: &Project,
    base: Option<&Base>,
) -> Result<Chain> {
    let (Some(repository), Some(base)) = (&target.repository, base) else {
        return Err(Error::Argument(
            "this is not a git repository, so nothing says what is new: give --since VERSION \
             (the last version that is deployed) or --all"
                .to_owned(),
        ));
    };
    let base_release = at_revision(repository, &base.name, &base.commit, overrides, project)?;
    let patterns = if options.live.is_empty() {
        &project.config.live
    } else {
        &options.live
    };
    let mut live = Vec::new();
    for pattern in patterns {
        for found in repository.revisions(pattern)? {
            if !live
                .iter()
                .any(|it: &LiveRelease| it.revision.as_deref() == Some(found.commit.id()))
            {
                live.push(at_revision(
                    repository,
                    &found.name,
                    &found.commit,
                    overrides,
                    project,
                )?);
            }
        }
    }
    let base_point = chain::Base {
        name: base_release.name.clone(),
        revision: Some(repository.short(&base.commit)),
        migrations: base_release.migrations.clone(),
        oddities: base_release.oddities.clone(),
    };
    if live.is_empty() {
        live.push(base_release.clone());
    }
    for consumer in &project.config.consumers {
        live.push(consumer_release(
            repository,
            consumer,
            &base_release,
            overrides,
            project,
        )?);
    }
    let branches = match &base.fork {
        Some(fork) => branches_of(
            repository,
            base,
            fork,
            &base_release,
            target,
            overrides,
            project,
        )?,
        None => None,
    };
    Chain::new(project, live, Some(base_point), &[], branches)
}

/// What the target has got since head left it, where that is any migration.
fn branches_of(
    repository: &Repository,
    base: &Base,
    fork: &Fork,
    base_release: &LiveRelease,
    target: &Target,
    overrides: &Overrides,
    project: &Project,
) -> Result<Option<Branches>> {
    let release = |commit: &Commit| -> Result<LiveRelease> {
        match *commit == base.commit {
            true => Ok(base_release.clone()),
            false => at_revision(repository, &base.name, commit, overrides, project),
        }
    };
    let (tip, fork_release) = (release(&fork.tip)?, release(&fork.at)?);
    let tree = Tree::revision(repository, &fork.tip);
    branches_between(&target.tree, &tree, &tip, &fork_release, overrides, project)
}

/// The same, from the releases at both commits.
fn branches_between(
    head: &Tree,
    tree: &Tree,
    tip: &LiveRelease,
    fork: &LiveRelease,
    overrides: &Overrides,
    project: &Project,
) -> Result<Option<Branches>> {
    let is_known = |it: &Migration| {
        let mut all = fork.migrations.iter();
        it.is_checkpoint || all.any(|known| known.identity == it.identity)
    };
    let theirs: Vec<Migration> = tip
        .migrations
        .iter()
        .filter(|it| !is_known(it))
        .cloned()
        .collect();
    if theirs.is_empty() {
        return Ok(None);
    }
    let folder = tip.code_at.as_ref().map_or("", |it| it.folder.as_str());
    Ok(Some(Branches {
        target: tip.name.clone(),
        fork: fork.migrations.clone(),
        theirs,
        merged: {
            let untouched = branches::untouched(&fork.migrations, project);
            let untouched = untouched.map(|it| it.path.clone()).collect();
            discover_merged(head, (tree, folder), overrides, project, &untouched)?
        },
    }))
}

/// Other code on the same database, as a release: with the schema of the revision that is named, or
/// else of the base, and nothing but its own queries.
fn consumer_release(
    repository: &Repository,
    consumer: &Consumer,
    base: &LiveRelease,
    overrides: &Overrides,
    project: &Project,
) -> Result<LiveRelease> {
    let name = &consumer.name.value;
    let patterns: Vec<&str> = consumer
        .queries
        .iter()
        .map(|it| it.value.as_str())
        .collect();
    let folder = repository.root().join(&project.config.folder);
    // Patterns that begin in another folder lead to another repository, or none.
    let outside = patterns
        .iter()
        .find(|it| it.starts_with("../") || it.starts_with('/'));
    let wrong = |reason: String| Error::Argument(format!("consumer {name}: {reason}"));
    let (tree, patterns, is_here) = match outside {
        None => (
            base.code_at.as_ref().map(|it| it.tree.clone()),
            patterns,
            true,
        ),
        Some(first) => {
            let fixed: Vec<&str> = first
                .split('/')
                .take_while(|part| !part.contains(['*', '?', '[', '{']))
                .collect();
            // The last part may be a file.
            let count = match fixed.len() == first.split('/').count() {
                true => fixed.len() - 1,
                false => fixed.len(),
            };
            let start = fixed[..count].join("/");
            let place = folder.join(&start);
            let place = place.canonicalize().map_err(|source| Error::Read {
                path: folder.join(&start),
                source,
            })?;
            let rest: Vec<&str> = patterns
                .iter()
                .map(|it| it.strip_prefix(start.as_str()).unwrap_or(it))
                .map(|it| it.trim_start_matches('/'))
                .collect();
            let tree = match (&consumer.release, Repository::containing(&place)?) {
                (Some(revision), Some(other)) => {
                    let commit = other.resolve(&revision.value)?;
                    let below = place.strip_prefix(other.root()).ok();
                    let below = below.map(|it| it.to_string_lossy().replace('\\', "/"));
                    return other_repository(
                        consumer,
                        base,
                        &Tree::revision(&other, &commit),
                        below.as_deref().unwrap_or(""),
                        &rest,
                        project,
                    );
                }
                (Some(_), None) => {
                    let shown = place.display();
                    return Err(wrong(format!("{shown} is in no git repository")));
                }
                (None, _) => Tree::folder(place),
            };
            (Some(tree), rest, false)
        }
    };
    let mut release = match (&consumer.release, is_here) {
        (Some(revision), true) => {
            let commit = repository.resolve(&revision.value)?;
            at_revision(repository, &revision.value, &commit, overrides, project)?
        }
        _ => base.clone(),
    };
    let tree = match &release.code_at {
        Some(at) if is_here => Some(at.tree.clone()),
        _ => tree,
    };
    let below = match is_here {
        true => project.config.folder.as_str(),
        false => "",
    };
    let set = anchored(&patterns, below).map_err(wrong)?;
    release.name.clone_from(name);
    release.retired.clear();
    release.code_at = match tree {
        Some(tree) => Some(CodeAt {
            tree: only_matching(&tree, &set)?,
            config: Config::default(),
            folder: project.folder.clone(),
            consumer: Some(set),
        }),
        None => None,
    };
    Ok(release)
}

/// Patterns that are relative to a folder, from the tree's root.
fn anchored(patterns: &[&str], below: &str) -> std::result::Result<PathPatterns, String> {
    let anchored: Vec<String> = patterns
        .iter()
        .map(|it| match below {
            "" => (*it).to_owned(),
            below => format!("{below}/{}", it.trim_start_matches("./")),
        })
        .collect();
    PathPatterns::new(&anchored).map_err(|(_, reason)| reason)
}

/// The files of a repository that belong to the consumers that a project names, from its root.
fn consumer_files(config: &Config) -> Result<PathPatterns> {
    let mut all: Vec<String> = Vec::new();
    for consumer in &config.consumers {
        for pattern in &consumer.queries {
            let pattern = pattern.value.trim_start_matches("./");
            all.extend(match config.folder.as_str() {
                _ if pattern.starts_with('/') => None,
                "" if !pattern.starts_with("../") => Some(pattern.to_owned()),
                folder => crate::query::resolve(folder, pattern),
            });
        }
    }
    PathPatterns::new(&all).map_err(|(at, reason)| {
        let pattern = &all[at];
        Error::Argument(format!("consumer: {pattern}: {reason}"))
    })
}

/// A consumer in another repository, at a revision there; its schema is that of the base.
fn other_repository(
    consumer: &Consumer,
    base: &LiveRelease,
    tree: &Tree,
    below: &str,
    patterns: &[&str],
    project: &Project,
) -> Result<LiveRelease> {
    let set = anchored(patterns, below)
        .map_err(|reason| Error::Argument(format!("consumer {}: {reason}", consumer.name.value)))?;
    Ok(LiveRelease {
        name: consumer.name.value.clone(),
        retired: Vec::new(),
        code_at: Some(CodeAt {
            tree: only_matching(tree, &set)?,
            config: Config::default(),
            folder: project.folder.clone(),
            consumer: Some(set),
        }),
        ..base.clone()
    })
}

/// A release as its revision holds it: its own migrations and its own configuration.
fn at_revision(
    repository: &Repository,
    name: &str,
    commit: &Commit,
    overrides: &Overrides,
    head: &Project,
) -> Result<LiveRelease> {
    let short = repository.short(commit);
    let name = if commit.id().starts_with(name) {
        short
    } else {
        format!("{name}@{short}")
    };
    let tree = Tree::revision(repository, commit);
    let mut release = in_tree(&tree, name, overrides, head)?;
    release.revision = Some(commit.id().to_owned());
    Ok(release)
}

fn in_tree(
    tree: &Tree,
    name: String,
    overrides: &Overrides,
    head: &Project,
) -> Result<LiveRelease> {
    let project = discover_release(tree, overrides, head)?;
    Ok(LiveRelease {
        name,
        revision: None,
        retired: project.config.retired.clone(),
        schema: project.schema,
        code_at: Some(CodeAt {
            tree: tree.clone(),
            config: project.config.clone(),
            folder: project.folder.clone(),
            consumer: None,
        }),
        migrations: project.migrations,
        oddities: Some(project.oddities),
    })
}

/// Reads the code of every release, where there is something new that could break it.
///
/// `folders` hold migrations, of this project and of others: they are no code.
fn read_code(
    options: &Options,
    tree: &Tree,
    project: &Project,
    folders: &[String],
    chain: &mut Chain,
    always: bool,
) -> Result<()> {
    let has_new = !chain.live.is_empty() && chain.first_new < chain.migrations.len();
    if !has_new && !always {
        return Ok(());
    }
    // Whichever of several projects is chosen, none of them is the code of another.
    let folders: Vec<String> = folders.iter().chain(&project.others).cloned().collect();
    let folders = folders.as_slice();
    let named = named_queries(&options.queries)?;
    let seen = Seen::default();
    let live = chain.live.iter();
    let mut trees: Vec<&Tree> = live
        .filter_map(|it| it.release.code_at.as_ref())
        .filter(|at| at.consumer.is_none())
        .map(|at| &at.tree)
        .collect();
    trees.insert(0, tree);
    refuse_idle("--queries", &options.queries, &trees)?;
    refuse_idle("--old-queries", &options.old_queries, &trees)?;
    if options.queries.is_empty() {
        chain.remarks.extend(idle_in_code(&project.config, tree)?);
    }
    for pinned in &chain.live {
        if let Some(at) = &pinned.release.code_at {
            let idle = idle_in_consumer(&pinned.release.name, at)?;
            chain.remarks.extend(idle);
        }
    }
    let others = consumer_files(&project.config)?;
    let server_version = project.server_version;
    for pinned in &mut chain.live {
        if let Some(at) = &pinned.release.code_at {
            let name = &pinned.release.name;
            options.progress.at(|| Stage::ReadingCode(name.clone()));
            pinned.code = Some(code::read(
                &seen,
                at,
                server_version,
                named.as_ref(),
                &others,
                folders,
            )?);
        }
    }
    if let (Some(old), [only]) = (named_queries(&options.old_queries)?, &mut chain.live[..])
        && only.code.is_none()
    {
        let at = CodeAt {
            tree: only_matching(tree, &old)?,
            config: Config::default(),
            folder: project.folder.clone(),
            consumer: None,
        };
        only.code = Some(code::read(
            &seen,
            &at,
            server_version,
            Some(&old),
            &others,
            folders,
        )?);
    }
    let at = CodeAt {
        tree: tree.clone(),
        config: project.config.clone(),
        folder: project.folder.clone(),
        consumer: None,
    };
    options
        .progress
        .at(|| Stage::ReadingCode("head".to_owned()));
    chain.head_code = Some(code::read(
        &seen,
        &at,
        server_version,
        named.as_ref(),
        &others,
        folders,
    )?);
    Ok(())
}

/// The files of a tree that the patterns name, and no others.
fn only_matching(tree: &Tree, patterns: &PathPatterns) -> Result<Tree> {
    let files = tree.files("")?;
    let meant: Vec<String> = files
        .into_iter()
        .filter(|it| patterns.is_match(it))
        .collect();
    let contents = tree.read_many(&meant)?;
    let read = meant
        .into_iter()
        .zip(contents)
        .filter_map(|(path, it)| match it {
            Contents::Bytes(bytes) => Some((path, bytes)),
            _ => None,
        });
    Ok(Tree::Memory(read.collect()))
}

/// The files that the command line names as those of queries.
fn named_queries(patterns: &[String]) -> Result<Option<PathPatterns>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    match PathPatterns::new(patterns) {
        Ok(found) => Ok(Some(found)),
        Err((at, reason)) => {
            let pattern = &patterns[at];
            Err(Error::Argument(format!("{pattern}: {reason}")))
        }
    }
}

/// Checks a project that is held in trees: head, and each release that may run beside it. What the
/// oldest of them does not have is new.
///
/// # Errors
///
/// Any [`Error`]: the check could not be made.
pub fn check_trees(options: &Options, head: &Tree, live: &[(&str, &Tree)]) -> Result<Report> {
    let (project, chain) = chain_in(options, head, live)?;
    let entries = retired::entries(&project, &chain);
    let mut report = judge::judge(project, chain)?;
    retired::say(&[entries], &mut report);
    Ok(report)
}

/// The migrations of a project that is held in trees, replayed.
fn chain_in(options: &Options, head: &Tree, live: &[(&str, &Tree)]) -> Result<(Project, Chain)> {
    let overrides = Overrides {
        layout: options.layout,
        dialect: options.dialect,
        server_version: options.server_version,
        stated: options.stated.clone(),
        ..Overrides::default()
    };
    let mut project = discover_one(head, &overrides)?;
    apply_options(options, &mut project.config)?;
    if live.is_empty() {
        let chain = Chain::of_everything(&project)?;
        return Ok((project, chain));
    }
    let live = live
        .iter()
        .map(|(name, tree)| in_tree(tree, (*name).to_owned(), &overrides, &project))
        .collect::<Result<Vec<LiveRelease>>>()?;
    let mut chain = Chain::new(&project, live, None, &[], None)?;
    read_code(options, head, &project, &[], &mut chain, false)?;
    Ok((project, chain))
}

/// The target branch of a project that is held in trees.
#[derive(Debug, Clone, Copy)]
pub struct TreeBranches<'a> {
    /// Its name, for people.
    pub name: &'a str,
    /// Where head left it; it is also the release that runs beside head.
    pub fork: &'a Tree,
    /// As it is today.
    pub tip: &'a Tree,
}

/// Checks a project that is held in trees against the state at which it left its target branch, and
/// against what that branch has got since.
///
/// # Errors
///
/// Any [`Error`]: the check could not be made.
pub fn check_tree_branches(
    options: &Options,
    head: &Tree,
    branches: &TreeBranches<'_>,
) -> Result<Report> {
    let overrides = Overrides {
        layout: options.layout,
        dialect: options.dialect,
        server_version: options.server_version,
        stated: options.stated.clone(),
        ..Overrides::default()
    };
    let mut project = discover_one(head, &overrides)?;
    apply_options(options, &mut project.config)?;
    let named = |tree: &Tree| in_tree(tree, branches.name.to_owned(), &overrides, &project);
    let (fork, tip) = (named(branches.fork)?, named(branches.tip)?);
    let both = branches_between(head, branches.tip, &tip, &fork, &overrides, &project)?;
    let base = chain::Base {
        name: fork.name.clone(),
        revision: None,
        migrations: fork.migrations.clone(),
        oddities: fork.oddities.clone(),
    };
    let mut chain = Chain::new(&project, vec![fork], Some(base), &[], both)?;
    read_code(options, head, &project, &[], &mut chain, false)?;
    judge::judge(project, chain)
}

/// Whether a report fails the check.
pub fn fails(report: &Report, fail_on: FailOn) -> bool {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Never => return false,
    };
    report
        .projects
        .iter()
        .flat_map(|project| &project.findings)
        .any(|finding| finding.suppressed.is_none() && finding.severity >= least)
}
