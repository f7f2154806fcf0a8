//! Disk and git to a project.
//!
//! Nothing else in the program reads the disk or runs git. [`locate`] turns the paths of a command
//! line into a [`Tree`] and a place in it; [`discover`] finds the migrations there, the tool that
//! runs them and the server they are for, and reads all of it; [`Repository`] says what to compare
//! with. Base and the live releases go through the same code, each as a [`Tree`], in
//! [`discover_release`].
//!
//! All paths are relative to the tree's root, which is the top of the repository, or without one
//! the folder asked for. Several migration folders are several projects.
//!
//! Nothing is judged here, and no SQL is understood beyond words that tell one dialect from
//! another.

mod baseline;
mod config;
mod git;
mod ground;
mod layout;
mod oddity;
mod part;
mod places;
mod server;
mod target;
mod text;
mod tree;

pub use baseline::{Accepted, BASELINE_FILE, Baseline};
pub use config::{
    Allow, CodeSettings, Config, Consumer, DeclaredEvidence, DeployMode,
    FILE_NAME as CONFIG_FILE_NAME, KEY_NAMES, KeyNames, Level, Named, Origin, PathPatterns, Placed,
    Prepared, Retired, RetiredAccess, RuleSettings, Said, Stated, VARIABLES, config_schema,
    nearest_name, unknown_name,
};
pub(crate) use config::{ConfigFile, in_our_words};
pub use git::{Base, Commit, Environment, Fork, HeadAt, Reference, Repository};
pub use layout::{
    Edit, Edited, HistorySource, HistoryTable, KnownMigration, Layout, Reach, Reaction, TableName,
    known,
};
pub use oddity::{Consequence, Ignored, Oddity, OddityKind};
pub use part::{Chunk, Cut, Part};
pub use server::ServerVersion;
pub use target::{Target, locate};
pub use text::{Contents, LARGEST, MigrationText, Unread, Unreadable};
pub use tree::{Revision, Tree, WorkTree};

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::error::{Error, Result};
use crate::source::{SourceFile, Span};
use crate::sql::{self, Dialect};
use ground::Ground;
use places::Place;
use tree::{join, split, upwards};

/// The transaction that the migration tool opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionScope {
    /// One per migration.
    File,
    /// One for all migrations of a run.
    Run,
    /// None.
    None,
}

/// What the migration tool sends to the server at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// One statement.
    Statement,
    /// The whole text: on PostgreSQL an implicit transaction when it has several statements.
    WholeText,
}

/// On which side of the switch to the new code a migration runs, when deploying in phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Phase {
    /// Before.
    #[default]
    PreDeploy,
    /// After.
    PostDeploy,
}

/// What the tool does with a new migration that sorts before one which is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Late {
    /// It runs it, after the others.
    Runs,
    /// It refuses to run anything, unless told to.
    Refused,
    /// It never runs it, and does not say so.
    Skipped,
    /// Nobody knows, because no tool is.
    #[default]
    Unknown,
    /// The question does not arise: it has no place among the versions.
    Never,
}

/// One unit of the migration tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// As the tool knows it: for a number, without leading zeros where the tool drops them.
    pub version: String,
    /// By what two releases have the same migration, whatever its text: the version, or more where
    /// the tool goes by more.
    pub identity: String,
    /// What it is about, from the file's name.
    pub name: String,
    /// Path of the up part from the tree's root.
    pub path: String,
    /// The up part.
    pub up: MigrationText,
    /// The down part, where there is one.
    pub down: Option<MigrationText>,
    /// The transaction that the tool opens for it.
    pub transaction: TransactionScope,
    /// What the tool sends at once.
    pub unit: Unit,
    /// On which side of the switch it runs.
    pub phase: Phase,
    /// The part of the file that is this migration, where the file holds several.
    pub span: Option<Span>,
    /// The identities of those that it says must run before it; `None` where the order is that of
    /// the versions.
    pub parents: Option<Vec<String>>,
    /// What the tool does when it comes late.
    pub late: Late,
    /// By what the tool tells late from pending, where that is not the place in the order.
    pub stamp: Option<i64>,
    /// Whether it makes in one go what older migrations made, for an empty database: on one that
    /// has migrations it does not run.
    pub is_checkpoint: bool,
}

/// A project at one state of its files.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project's folder from the tree's root: the nearest one above the migrations with a
    /// build file or a `migcheck.toml`.
    pub root: String,
    /// The migration tool.
    pub layout: Layout,
    /// What says so, for people.
    pub layout_evidence: String,
    /// The migrations folder from the tree's root.
    pub folder: String,
    /// The family of servers.
    pub dialect: Dialect,
    /// What says so, for people.
    pub dialect_evidence: String,
    /// The server's version, where it is known.
    pub server_version: Option<ServerVersion>,
    /// What says so, for people.
    pub server_version_evidence: Option<String>,
    /// The configuration; that of the defaults when there is no file.
    pub config: Config,
    /// The schema before the first migration, where one is given.
    pub schema: Option<Part>,
    /// In the order in which the tool runs them.
    pub migrations: Vec<Migration>,
    /// The versions of checkpoints that are none of them, because what they stand for is there; an
    /// empty database runs the newest one instead.
    pub checkpoints: Vec<String>,
    /// Where the tool writes down what it has applied.
    pub history: HistoryTable,
    /// Files in the folder that are not run.
    pub ignored: Vec<Ignored>,
    /// What follows from the tool's rules alone.
    pub oddities: Vec<Oddity>,
    /// What is odd but readable, for people: lower case, no full stop.
    pub notices: Vec<String>,
    /// The folders of the other projects beside it that are known.
    pub others: Vec<String>,
}

impl Project {
    /// The place of the migration that `wanted` names: its version (leading zeros do not matter, nor
    /// do the dashes of a date), its path, its file name with or without the ending, or the name of
    /// the folder that is the migration.
    pub fn find(&self, wanted: &str) -> Option<usize> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let digits = wanted.replace(['-', '_'], "");
        let same_number = |version: &str| {
            is_number(&digits)
                && is_number(version)
                && version.trim_start_matches('0') == digits.trim_start_matches('0')
        };
        let exact = |it: &Migration| it.version == wanted || it.path == wanted;
        let by_name = |it: &Migration| {
            let (folder, file) = split(&it.path);
            let is_folder = |folder: &str| {
                folder != self.folder && split(folder).1 == wanted && !wanted.is_empty()
            };
            same_number(&it.version)
                || is_folder(folder)
                || file == wanted
                || file
                    .strip_prefix(wanted)
                    .is_some_and(|rest| matches!(rest, ".sql" | ".up.sql"))
        };
        // A file can hold several: what comes after it comes after the last of them.
        self.migrations
            .iter()
            .rposition(exact)
            .or_else(|| self.migrations.iter().position(by_name))
    }
}

/// What is in a tree.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The projects, sorted by folder; at least one.
    pub projects: Vec<Project>,
    /// Folders that hold migrations and are left out.
    pub left_out: Vec<LeftOut>,
}

/// A folder of migrations that is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The folder from the tree's root.
    pub folder: String,
    /// Why, for people.
    pub reason: String,
}

/// What the command line says; it outranks the configuration.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The folder to look in, from the tree's root.
    pub start: String,
    /// Whether the user named that folder, as [`Target::is_named`].
    pub is_named: bool,
    /// The migration tool.
    pub layout: Option<Layout>,
    /// The family of servers.
    pub dialect: Option<Dialect>,
    /// The server's version.
    pub server_version: Option<ServerVersion>,
    /// The migrations folder from the tree's root.
    pub migrations: Option<String>,
    /// The schema before the first migration.
    pub schema: Option<SourceFile>,
    /// The configuration.
    pub config: ConfigChoice,
    /// What the environment and the command line say of settings, what outranks later. It counts for
    /// every release, save what a release has retired.
    pub stated: Vec<Stated>,
    /// Only the projects of this name.
    pub project: Option<String>,
}

/// Which configuration counts.
#[derive(Debug, Clone, Default)]
pub enum ConfigChoice {
    /// The `migcheck.toml` that names the migrations; or else the one nearest to them, upwards.
    #[default]
    Nearest,
    /// This text, as if it stood at `path`.
    Text {
        /// The file's path from the tree's root.
        path: String,
        /// Its name in messages.
        shown: String,
        /// What it holds.
        text: String,
    },
    /// None: the defaults.
    Isolated,
}

impl Target {
    /// Overrides that say where to look and nothing else.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            start: self.start.clone(),
            is_named: self.is_named,
            ..Overrides::default()
        }
    }
}

/// [`discover`] in the work tree of `target` and [`Repository::base`], side by side, because both
/// wait for git. Without a repository there is no base.
pub fn discover_with_base(
    target: &Target,
    options: &Overrides,
    base: Option<&str>,
    environment: Environment<'_>,
) -> (Result<Discovery>, Option<Result<Base>>) {
    let Some(repository) = &target.repository else {
        return (discover(&target.tree, options), None);
    };
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| repository.base(base, environment));
        let projects = discover(&target.tree, options);
        let base = asking.join().expect("asking git does not panic");
        (projects, Some(base))
    })
}

/// Finds and reads the projects in `tree`, sorted by folder; there is at least one.
///
/// # Errors
///
/// [`Error::Layout`] when there are no migrations; [`Error::Config`] for a wrong configuration;
/// [`Error::Git`] and [`Error::Read`] when the tree cannot be read. Trouble with one migration's
/// text is not an error but a [`MigrationText::Unreadable`], and what the tool would refuse is an
/// [`Oddity`]. Of several projects those that cannot be read are left out, which is said.
pub fn discover(tree: &Tree, options: &Overrides) -> Result<Discovery> {
    let ground = Ground::new(tree, &options.start);
    let mut notices = Vec::new();
    let mut refused: Vec<(String, Error)> = Vec::new();
    let (places, known) = places::of_head(tree, &ground, options, &mut notices, &mut refused)?;
    let mut projects: Vec<Project> = Vec::new();
    for Place {
        folder,
        config,
        claim,
    } in places
    {
        let says_dialect = options.dialect.is_some() || config.dialect.is_some();
        if let Some(server) = ground::foreign_server(&folder).filter(|_| !says_dialect) {
            let error = Error::Layout(format!(
                "`{folder}` is written for {server}, which is not read; if it is not, say --dialect"
            ));
            refused.push((folder, error));
            continue;
        }
        match read(&ground, options, config, folder.clone(), None, Vec::new()) {
            Ok(project) if project.migrations.is_empty() && project.oddities.is_empty() => {
                if let Some(claim) = &claim {
                    let layout = project.layout.as_str();
                    let what = format!("no migrations of the layout {layout} in");
                    return Err(places::nothing_there(tree, claim, &what));
                }
                let error = Error::Layout(format!(
                    "`{}` holds no migrations of the layout {} ({}); choose another layout with \
                     --layout, or give another folder as PATH",
                    project.folder,
                    project.layout.as_str(),
                    project.layout_evidence
                ));
                refused.push((folder, error));
            }
            Ok(project) => projects.push(project),
            Err(error @ (Error::Layout(_) | Error::Cycle { .. })) => match claim {
                // A section that names a folder says that it is a project.
                Some(claim) => return Err(places::unreadable(tree, &claim, &error.to_string())),
                None => refused.push((folder, error)),
            },
            Err(error) => return Err(error),
        }
    }
    let Some(first) = projects.first_mut() else {
        return Err(match refused.into_iter().next() {
            Some((_, error)) => error,
            None => Error::Layout("no migrations found".to_owned()),
        });
    };
    notices.append(&mut first.notices);
    first.notices = notices;
    projects.sort_by(|one, other| one.folder.cmp(&other.folder));
    for project in &mut projects {
        let others = known.iter().filter(|it| **it != project.folder);
        project.others = others.cloned().collect();
    }
    let left_out = refused.into_iter().map(|(folder, error)| {
        let said = error.to_string();
        let name = format!("`{folder}` ");
        let reason = said.strip_prefix(&name).unwrap_or(&said).to_owned();
        LeftOut { folder, reason }
    });
    Ok(Discovery {
        left_out: left_out.collect(),
        projects,
    })
}

/// Takes out folders with a number for a name that lie side by side: together they are the history
/// of one project, and no known tool lays it out so.
fn without_numbered(folders: Vec<String>, refused: &mut Vec<(String, Error)>) -> Vec<String> {
    let is_number = |folder: &str| {
        let name = split(folder).1.trim_start_matches('v');
        !name.is_empty() && name.bytes().all(|it| it.is_ascii_digit() || it == b'.')
    };
    let mut siblings: BTreeMap<String, usize> = BTreeMap::new();
    for folder in folders.iter().filter(|it| is_number(it)) {
        *siblings.entry(split(folder).0.to_owned()).or_default() += 1;
    }
    siblings.retain(|_, count| *count > 2);
    refused.extend(siblings.iter().map(|(parent, count)| {
        let reason = format!(
            "`{parent}` has its migrations in {count} numbered folders, as no known tool has; \
             describe it as [custom] in migcheck.toml"
        );
        (parent.clone(), Error::Layout(reason))
    }));
    let is_kept = |it: &String| !is_number(it) || !siblings.contains_key(split(it).0);
    folders.into_iter().filter(is_kept).collect()
}

/// The project in `tree`, where only one can be used.
///
/// # Errors
///
/// As [`discover`], and [`Error::Layout`] for several projects.
pub fn discover_one(tree: &Tree, options: &Overrides) -> Result<Project> {
    let mut projects = discover(tree, options)?.projects;
    if projects.len() > 1 {
        let how = match projects.iter().any(|it| it.config.section.is_some()) {
            true => "give one as PATH".to_owned(),
            false => format!(
                "give one as PATH, or write migrations = \"{}\" in migcheck.toml",
                projects[0].folder
            ),
        };
        return Err(several(&projects, &how));
    }
    Ok(projects.remove(0))
}

/// That there is a choice to make, which `how` tells beside the names that projects have.
pub(crate) fn several(projects: &[Project], how: &str) -> Error {
    let mut names: Vec<&str> = Vec::new();
    let folders: Vec<String> = projects
        .iter()
        .take(8)
        .map(|it| {
            names.extend(it.config.name.as_deref());
            format!("`{}`", it.folder)
        })
        .collect();
    let more = match projects.len().saturating_sub(8) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.dedup();
    let by_name = match names.is_empty() {
        true => String::new(),
        false => format!("choose by name with --project {}, or ", names.join(" or ")),
    };
    Error::Layout(format!(
        "several folders hold migrations: {}{more}; {by_name}{how}",
        folders.join(", ")
    ))
}

/// Reads the project of a release in `tree`, where `head` is the same project in the work tree.
/// What the release's own configuration does not say is as in `head`; a folder that was elsewhere
/// then is searched for. A release from before the first migration has none, which is no error.
///
/// # Errors
///
/// As [`discover`], except that having no migrations is not one.
pub fn discover_release(tree: &Tree, options: &Overrides, head: &Project) -> Result<Project> {
    let ground = Ground::new(tree, &options.start);
    let (config, named) = places::of_release(tree, options, head)?;
    let mut notices = Vec::new();
    // What the release's file says is no word about a folder that it does not have: a slip in it,
    // which head mends.
    let is_slip = |folder: &String| -> Result<bool> {
        let is_other = *folder != head.folder && !folder.is_empty();
        Ok(is_other && !tree.has_folder(folder)? && tree.has_folder(&head.folder)?)
    };
    let named = match named {
        Some(folder) if is_slip(&folder)? => None,
        named => named,
    };
    let is_named = named.is_some();
    let folder = named.unwrap_or_else(|| head.folder.clone());
    let project = read(
        &ground,
        options,
        config.clone(),
        folder,
        Some(head),
        Vec::new(),
    )?;
    if !project.migrations.is_empty() || is_named {
        return Ok(project);
    }
    let dialect = Some(project.dialect);
    match ground.folders(Some(project.layout), dialect, false, &mut notices) {
        // Of several, nobody knows which was this one.
        Ok(folders) if folders.len() > 1 => Ok(project),
        // It is another project, which is there today as well.
        Ok(folders) if folders.iter().any(|it| head.others.contains(it)) => Ok(project),
        Ok(mut folders) => {
            let folder = folders.pop().unwrap_or_default();
            read(&ground, options, config, folder, Some(head), notices)
        }
        Err(Error::Layout(_)) => Ok(project),
        Err(error) => Err(error),
    }
}

/// The project as it is going to be when what `other` has beside it is merged: the migrations of
/// both in the order of the tool. `other` is a tree with its folder of migrations. Of a file that
/// both have that of `other` counts where it is one of `untouched`, else that of head; so one that
/// lists the migrations lists those of head only. `None` where that cannot be read.
///
/// # Errors
///
/// [`Error::Git`] and [`Error::Read`] when the trees cannot be read.
pub fn discover_merged(
    tree: &Tree,
    (other, folder_of_other): (&Tree, &str),
    options: &Overrides,
    head: &Project,
    untouched: &BTreeSet<String>,
) -> Result<Option<Project>> {
    let mut paths: Vec<String> = tree.files(&head.folder)?;
    // Tools read their configuration in the folders above.
    for folder in upwards(&head.folder) {
        let files = tree.direct_files(folder)?;
        paths.extend(files.iter().map(|name| join(folder, name)));
    }
    paths.sort();
    paths.dedup();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut add = |paths: Vec<String>, contents: Vec<Contents>| {
        for (path, contents) in paths.into_iter().zip(contents) {
            match contents {
                Contents::Bytes(bytes) if untouched.contains(&path) => {
                    files.insert(path, bytes);
                }
                Contents::Bytes(bytes) => {
                    files.entry(path).or_insert(bytes);
                }
                Contents::TooLarge(_) | Contents::Missing | Contents::Refused(_) => {}
            }
        }
    };
    let contents = tree.read_many(&paths)?;
    add(paths, contents);
    let theirs = other.files(folder_of_other)?;
    let contents = other.read_many(&theirs)?;
    let moved = theirs
        .into_iter()
        .map(|path| match path.strip_prefix(folder_of_other) {
            Some(rest) => format!("{}{rest}", head.folder),
            None => path,
        });
    add(moved.collect(), contents);
    match discover_release(&Tree::Memory(files), options, head) {
        Ok(project) => Ok(Some(project)),
        Err(Error::Layout(_) | Error::Cycle { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The schema before the first migration: the file of the command line, or of the configuration.
fn schema(ground: &Ground<'_>, options: &Overrides, config: &Config) -> Result<Option<Part>> {
    if let Some(file) = &options.schema {
        return Ok(Some(Part::whole(file.clone())));
    }
    let Some(path) = &config.schema_file else {
        return Ok(None);
    };
    match ground.migration_text(path)? {
        MigrationText::Read(part) => Ok(Some(part)),
        MigrationText::Unreadable(it) => Err(Error::Layout(format!(
            "{path} cannot be read: {} (schema_file in {})",
            it.reason,
            config.file.as_deref().unwrap_or(CONFIG_FILE_NAME)
        ))),
    }
}

/// Reads the migrations in `folder`; what nobody says is as in `like`, or found.
fn read(
    ground: &Ground<'_>,
    options: &Overrides,
    config: Config,
    folder: String,
    like: Option<&Project>,
    mut notices: Vec<String>,
) -> Result<Project> {
    let files = ground.files_in(&folder)?;
    let known = options
        .layout
        .or(config.layout)
        .or(like.map(|it| it.layout));
    let texts = ground.texts(known, &folder, &files)?;
    let said_by = |key: &str| match config.origin(key) {
        Some(Origin::File { file, .. }) => file.to_string(),
        Some(Origin::Option(_)) | None => "the command line".to_owned(),
        Some(Origin::Variable(name)) => name.to_string(),
    };
    let (layout, layout_evidence) = match (options.layout, config.layout, like) {
        (Some(layout), _, _) => (layout, "the command line".to_owned()),
        (None, Some(layout), _) => (layout, said_by("layout")),
        (None, None, Some(like)) => (like.layout, like.layout_evidence.clone()),
        (None, None, None) => {
            let found = ground.layout(&folder, &texts)?;
            (found.value, found.evidence)
        }
    };
    let (dialect, dialect_evidence) = match (options.dialect, config.dialect, like) {
        (Some(dialect), _, _) => (dialect, "the command line".to_owned()),
        (None, Some(dialect), _) => (dialect, said_by("dialect")),
        (None, None, Some(like)) => (like.dialect, like.dialect_evidence.clone()),
        (None, None, None) => match layout::tool(layout).only_dialect() {
            Some(dialect) => (dialect, format!("{} knows no other", layout.tool_name())),
            None => {
                let found = ground.dialect(&folder, &texts)?;
                (found.value, found.evidence)
            }
        },
    };
    let (server_version, server_version_evidence) =
        match (options.server_version, config.server_version, like) {
            (Some(version), _, _) => (Some(version), Some("the command line".to_owned())),
            (None, Some(version), _) => (Some(version), Some(said_by("server_version"))),
            (None, None, Some(like)) => (like.server_version, like.server_version_evidence.clone()),
            (None, None, None) => match ground.server_version(&folder, dialect)? {
                Some(found) => (Some(found.value), Some(found.evidence)),
                None => (None, None),
            },
        };
    let found = layout::tool(layout).read(&layout::Folder {
        path: &folder,
        files: &files,
        texts: &texts,
        dialect,
        transaction: config.transaction,
        unit: config.unit,
        server_version,
        config: &config,
        ground,
    });
    let mut reading = match found {
        Ok(reading) => reading,
        // A release from before the tool was used has nothing that it could run.
        Err(Error::Layout(said)) if like.is_some() => {
            notices.push(said);
            layout::Reading::default()
        }
        Err(error) => return Err(error),
    };
    if files.is_empty() {
        reading = layout::Reading::default();
    }
    let odd: HashSet<&str> = reading.oddities.iter().map(|it| it.path.as_str()).collect();
    let only_ignored = reading
        .ignored
        .iter()
        .filter(|it| !odd.contains(it.path.as_str()));
    notices.extend(only_ignored.map(|it| {
        if it.path.ends_with('/') {
            format!("`{}` is not read: {}", it.path, it.reason)
        } else {
            format!("`{}` is not a migration: {}", it.path, it.reason)
        }
    }));
    notices.extend(reading.notices);
    let mut migrations = reading.migrations;
    migrations.shrink_to_fit();
    for migration in &mut migrations {
        migration.phase = phase(migration, &config, dialect, &mut notices);
    }
    Ok(Project {
        root: ground.project_root(&folder)?,
        layout,
        layout_evidence,
        folder,
        dialect,
        dialect_evidence,
        schema: match schema(ground, options, &config)? {
            Some(schema) => Some(schema),
            None => like.and_then(|it| it.schema.clone()),
        },
        server_version,
        server_version_evidence,
        history: HistoryTable {
            layout,
            table: config.history_table.clone().or(reading.history.table),
            scope: reading.history.scope,
        },
        config,
        migrations,
        checkpoints: reading.checkpoints,
        ignored: reading.ignored,
        oddities: reading.oddities,
        notices,
        others: like.map_or_else(Vec::new, |it| it.others.clone()),
    })
}

/// The phase that a comment in the migration names, or else the patterns of the configuration.
fn phase(
    migration: &Migration,
    config: &Config,
    dialect: Dialect,
    notices: &mut Vec<String>,
) -> Phase {
    let text = migration.up.text().unwrap_or_default();
    let span = migration.span.unwrap_or(Span::new(0, text.len()));
    for remark in sql::remarks_of(span.of(text), dialect) {
        let Some(name) = phase_comment(&remark.text) else {
            continue;
        };
        match name {
            "post-deploy" => return Phase::PostDeploy,
            "pre-deploy" => return Phase::PreDeploy,
            _ => notices.push(format!(
                "{}:{}: {}",
                migration.path,
                text[..span.start + remark.span.start].matches('\n').count() + 1,
                config::unknown_name("phase", name, &["post-deploy", "pre-deploy"])
            )),
        }
    }
    let from_config = match config.folder.as_str() {
        "" => migration.path.as_str(),
        folder => migration
            .path
            .strip_prefix(folder)
            .map_or(migration.path.as_str(), |rest| rest.trim_start_matches('/')),
    };
    if config.post_deploy.is_match(from_config) {
        return Phase::PostDeploy;
    }
    Phase::PreDeploy
}

/// What stands behind `migcheck: phase` in a comment that says so.
fn phase_comment(comment: &str) -> Option<&str> {
    let order = comment.get("migcheck".len()..)?.trim_start();
    let name = order.strip_prefix(':')?.trim_start();
    let name = name.strip_prefix("phase")?;
    (name.is_empty() || name.starts_with(' ')).then(|| name.trim())
}

#[cfg(test)]
#[path = "../../tests/support/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "integration tests use the rest")]
mod support;

#[cfg(test)]
mod tests;
