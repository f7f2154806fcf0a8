//! `migcheck.toml`.
//!
//! Parsing is strict: a key or value that is not known is refused, with its place and the nearest
//! name, because a misspelt `retired` would otherwise turn into a finding that nobody understands.
//! The same parser reads the configuration of base and of the live releases at their revisions.
//!
//! `docs/configuration.md` has every key; it is made of the comments in `wire`. How the file, its
//! sections, the environment and the command line are laid one over another is told in `layers`.

mod file;
mod keys;
mod layers;
mod schema;
mod wire;

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use crate::discover::layout::{CustomLayout, CustomOrder, Layout, TableName};
use crate::discover::server::ServerVersion;
use crate::discover::{TransactionScope, Unit};
use crate::error::{Error, Result};
use crate::sql::Dialect;
use layers::Layers;
use wire::{Name, Text};

pub(crate) use file::{Claim, ConfigFile, without_file};
pub use keys::{KEY_NAMES, KeyNames, VARIABLES};
pub use layers::{Origin, Said, Stated};
pub use schema::config_schema;

/// The file's name, in the project's root or above.
pub const FILE_NAME: &str = "migcheck.toml";

/// What a project says about itself.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file it was read from, as messages name it; `None` when there is none.
    pub file: Option<String>,
    /// What is said, and where: in that file, in the environment or on the command line.
    pub said: Vec<Said>,
    /// What the project is called.
    pub name: Option<String>,
    /// The folder or pattern, from the tree's root, of the section that this is; `None` for the top
    /// of the file.
    pub section: Option<String>,
    /// The folder of that file from the tree's root: patterns and folders are relative to it.
    pub folder: String,
    /// The migration tool.
    pub layout: Option<Layout>,
    /// The migrations folder from the tree's root.
    pub migrations: Option<String>,
    /// The family of servers.
    pub dialect: Option<Dialect>,
    /// The server's version.
    pub server_version: Option<ServerVersion>,
    /// The schema before the first migration, as a file of SQL from the tree's root: for a history
    /// that begins mid-life.
    pub schema_file: Option<String>,
    /// How the project deploys.
    pub deploy: DeployMode,
    /// The transaction that the tool opens, where it is not the layout's.
    pub transaction: Option<TransactionScope>,
    /// What the tool sends at once, where it is not the layout's.
    pub unit: Option<Unit>,
    /// Values of placeholders, by name.
    pub placeholders: BTreeMap<String, String>,
    /// The layout that the project describes itself.
    pub custom: Option<CustomLayout>,
    /// The table in which the tool writes down what it has applied, where it is not the usual one.
    pub history_table: Option<TableName>,
    /// Which migrations run after the code is switched.
    pub post_deploy: PathPatterns,
    /// The live releases: revisions, or patterns over tags and branches.
    pub live: Vec<String>,
    /// What it says about its own code.
    pub code: CodeSettings,
    /// Other code on the same database.
    pub consumers: Vec<Consumer>,
    /// What this release no longer uses.
    pub retired: Vec<Retired>,
    /// Findings that are allowed in migrations that cannot be edited.
    pub allow: Vec<Allow>,
    /// Which rules apply, and how bad their findings are.
    pub rules: RuleSettings,
}

/// How the project deploys: in which order code and migrations go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DeployMode {
    /// Migrations run, then the code is switched.
    #[default]
    MigrateFirst,
    /// The code is switched, then migrations run.
    CodeFirst,
    /// Some migrations run before the switch and some after it.
    Phased,
    /// Nobody knows: both at once.
    Concurrent,
    /// All code is stopped while migrations run.
    Offline,
}

/// How bad the findings of a rule are, when the project decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not reported.
    Off,
    /// Worth knowing.
    Note,
    /// Should be looked at.
    Warning,
    /// Fails the check.
    Error,
}

/// What a release says about its own code.
#[derive(Debug, Clone)]
pub struct CodeSettings {
    /// Files that hold queries, as patterns from the configuration's folder; all in them counts.
    pub queries: PathPatterns,
    /// Files that are not the code's.
    pub exclude: PathPatterns,
    /// Whether SQL is sought in string literals.
    pub literals: bool,
    /// The schemas in which the queries' names are sought; the server's default when absent.
    pub search_path: Option<Vec<String>>,
    /// The role as which the queries run.
    pub role: Option<String>,
    /// Whether connections keep prepared statements across a migration; `None` when nothing says so.
    pub prepared: Option<Prepared>,
    /// Whether the queries found are all there are.
    pub evidence: DeclaredEvidence,
    /// Whether the code asks the server for the columns of tables, as ActiveRecord does: then it
    /// uses names that it does not write.
    pub reflection: bool,
}

impl Default for CodeSettings {
    fn default() -> Self {
        CodeSettings {
            queries: PathPatterns::default(),
            exclude: PathPatterns::default(),
            literals: true,
            search_path: None,
            role: None,
            prepared: None,
            evidence: DeclaredEvidence::default(),
            reflection: false,
        }
    }
}

/// What connections do with prepared statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prepared {
    /// They keep them, so that a statement prepared before a migration runs after it.
    Cached,
    /// They prepare anew, or not at all.
    None,
}

/// What a release says about the queries that are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum DeclaredEvidence {
    /// There can be others.
    #[default]
    Partial,
    /// They are all there are.
    Complete,
}

/// Other code on the same database.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// What reports call it.
    pub name: Placed<String>,
    /// Its queries, as patterns of files.
    pub queries: Vec<Placed<String>>,
    /// The revision at which its queries are read.
    pub release: Option<Placed<String>>,
}

/// Which accesses of an object are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RetiredAccess {
    /// It is read no more.
    Read,
    /// It is written no more.
    Write,
    /// Neither.
    #[default]
    Both,
}

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where that is.
    pub from: Origin,
}

/// An object that a release declares it no longer uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The object: `users`, `users.nickname`, `app.users.nickname`; `price(numeric)` is one overload
    /// of a function.
    pub object: Placed<String>,
    /// Which accesses have ended.
    pub access: RetiredAccess,
    /// Why this is known to be so.
    pub reason: String,
}

/// A finding that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The migration: its version, file name or path.
    pub migration: Placed<String>,
    /// The rule.
    pub rule: Placed<String>,
    /// The object.
    pub object: Placed<String>,
    /// Why it is allowed.
    pub reason: String,
}

/// Which rules apply, and how bad their findings are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSettings {
    /// Only these rules and classes; `None` means all.
    pub select: Option<Vec<Placed<String>>>,
    /// Not these rules and classes.
    pub ignore: Vec<Placed<String>>,
    /// The level of a rule's findings.
    pub severity: BTreeMap<String, Placed<Level>>,
    /// The level of what was not understood.
    pub unknown: Option<Level>,
}

/// Patterns over the paths of files.
#[derive(Debug, Clone, Default)]
pub struct PathPatterns {
    set: GlobSet,
    sources: Vec<String>,
}

impl PathPatterns {
    /// Patterns as in `.gitignore`, without negation: one with a slash is matched against the
    /// path, one without against the file's name and the names of its folders; a folder means
    /// everything below it.
    ///
    /// # Errors
    ///
    /// The pattern's place in `patterns` and what is wrong with it.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> std::result::Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (place, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            let bare = pattern.trim_start_matches("./").trim_end_matches('/');
            let anchored = match bare.strip_prefix('/') {
                Some(rest) => rest.to_owned(),
                None if bare.contains('/') => bare.to_owned(),
                None => format!("**/{bare}"),
            };
            for text in [anchored.clone(), format!("{anchored}/**")] {
                let glob = GlobBuilder::new(&text)
                    .literal_separator(true)
                    .build()
                    .map_err(|error| (place, error.kind().to_string()))?;
                set.add(glob);
            }
        }
        Ok(PathPatterns {
            set: set.build().map_err(|error| (0, error.to_string()))?,
            sources: patterns.iter().map(|it| it.as_ref().to_owned()).collect(),
        })
    }

    /// Whether a pattern matches `path`.
    pub fn is_match(&self, path: &str) -> bool {
        !self.sources.is_empty() && self.set.is_match(path)
    }

    /// The patterns as they were written.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }
}

impl Config {
    /// Reads the text of a configuration file. `path` is its place from the tree's root, `shown`
    /// its name in messages (at a git revision the revision stands in it).
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the place of what is wrong.
    pub fn parse(path: &str, shown: &str, text: &str) -> Result<Config> {
        ConfigFile::parse(path, shown, text, &[])?.top()
    }

    /// Reads a tree that was merged from `layers`. Paths in it are from `folder`; `section` says which
    /// section of the file it is.
    fn from_tree(
        layers: &Layers,
        folder: &str,
        tree: Spanned<DeTable<'_>>,
        section: Option<usize>,
    ) -> Result<Config> {
        let cx = &Reader { layers };
        let said = layers.said(tree.get_ref());
        let wire = wire::Settings::deserialize(toml::de::Deserializer::from(tree))
            .map_err(|error| layers.refused(&error))?;
        let post_deploy = cx.patterns(&wire.phased.post_deploy)?;
        let layout = cx.choice(&wire.layout, "layout")?;
        let mut transaction = cx.choice(&wire.transaction, "transaction")?;
        let mut unit = cx.choice(&wire.unit, "unit")?;
        if let Some(own) = wire.custom.as_ref().map(|it| it.0.get_ref()) {
            transaction = cx.choice(&own.transaction, "transaction")?.or(transaction);
            unit = cx.choice(&own.unit, "unit")?.or(unit);
        }
        let custom = wire.custom.map(|it| cx.custom(it.0)).transpose()?;
        if layout == Some(Layout::Custom) && custom.is_none() {
            let at = wire.layout.map_or(0, |it| it.text.span().start);
            let message = "the layout `custom` needs a table [custom] with `files` and `name`";
            return Err(cx.error(at, message.to_owned()));
        }
        // A section can name several folders, and is then no path of its own.
        let migrations = wire
            .migrations
            .filter(|it| section.is_none() || !it.get_ref().contains(['*', '?', '[', '{']));
        let path = |it: Option<Text>| it.map(|it| cx.path(folder, &it)).transpose();
        Ok(Config {
            file: None,
            section: None,
            said,
            layout,
            placeholders: wire.placeholders,
            custom,
            name: match wire.name {
                Some(name) => Some(cx.named(name, "name")?.value),
                None => None,
            },
            migrations: path(migrations)?,
            schema_file: path(wire.schema_file)?,
            folder: folder.to_owned(),
            dialect: cx.choice(&wire.dialect, "dialect")?,
            server_version: match wire.server_version {
                Some(version) => Some(cx.server_version(&version.0)?),
                None => None,
            },
            deploy: cx.choice(&wire.deploy, "deploy mode")?.unwrap_or_default(),
            transaction,
            unit,
            history_table: match wire.history.table {
                Some(table) => Some(cx.table_name(&table)?),
                None => None,
            },
            post_deploy,
            live: wire.releases.live,
            code: CodeSettings {
                queries: cx.patterns(&wire.code.queries)?,
                exclude: cx.patterns(&wire.code.exclude)?,
                literals: wire.code.literals,
                search_path: wire.code.search_path,
                role: wire.code.role,
                prepared: cx.choice(&wire.code.prepared, "value of `prepared`")?,
                evidence: cx
                    .choice(&wire.code.evidence, "evidence")?
                    .unwrap_or_default(),
                reflection: wire.code.reflection,
            },
            consumers: wire
                .consumer
                .into_iter()
                .map(|it| cx.consumer(it))
                .collect::<Result<_>>()?,
            retired: wire
                .retired
                .into_iter()
                .map(|it| {
                    Ok(Retired {
                        object: cx.named(it.object, "object")?,
                        access: cx.choice(&it.access, "access")?.unwrap_or_default(),
                        reason: cx.named(it.reason, "reason")?.value,
                    })
                })
                .collect::<Result<_>>()?,
            allow: wire
                .allow
                .into_iter()
                .map(|it| {
                    Ok(Allow {
                        migration: cx.named(it.migration, "migration")?,
                        rule: cx.named(it.rule, "rule")?,
                        object: cx.named(it.object, "object")?,
                        reason: cx.named(it.reason, "reason")?.value,
                    })
                })
                .collect::<Result<_>>()?,
            rules: RuleSettings {
                select: wire
                    .rules
                    .select
                    .map(|names| names.into_iter().map(|it| cx.placed(it)).collect()),
                ignore: wire
                    .rules
                    .ignore
                    .into_iter()
                    .map(|it| cx.placed(it))
                    .collect(),
                severity: wire
                    .rules
                    .severity
                    .into_iter()
                    .map(|(rule, level)| {
                        let from = cx.layers.origin(rule.span().start);
                        let value = cx.one_of(&level, "severity")?;
                        Ok((rule.0.into_inner(), Placed { value, from }))
                    })
                    .collect::<Result<_>>()?,
                unknown: match wire.rules.unknown {
                    Some(level) => Some(cx.level_of_unknown(&level)?),
                    None => None,
                },
            },
        })
    }

    /// Where a key is said, or the first of what is in that table: `code.queries`.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        let is_it = |it: &&Said| {
            let mut parts = it.key.iter();
            key.split('.')
                .all(|part| parts.next().is_some_and(|it| it == part))
        };
        self.said.iter().find(is_it).map(|it| &it.from)
    }

    /// Checks the names of rules against those that exist: `rules` can stand everywhere, `classes`
    /// only in `select` and `ignore`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the place of the first name that is not known, and the nearest one.
    pub fn check_rule_names(&self, rules: &[&str], classes: &[&str]) -> Result<()> {
        let both: Vec<&str> = rules.iter().chain(classes).copied().collect();
        let selected = self.rules.select.iter().flatten().chain(&self.rules.ignore);
        let allowed = self.allow.iter().map(|it| &it.rule);
        let severity = &self.rules.severity;
        let mut wrong: Vec<(&Origin, String)> = selected
            .map(|it| (&it.from, it.value.as_str(), both.as_slice()))
            .chain(allowed.map(|it| (&it.from, it.value.as_str(), rules)))
            .chain(
                severity
                    .iter()
                    .map(|(rule, level)| (&level.from, rule.as_str(), rules)),
            )
            .filter(|(_, name, known)| !known.contains(name))
            .map(|(from, name, known)| (from, unknown_name("rule", name, known)))
            .collect();
        wrong.sort();
        match wrong.into_iter().next() {
            Some((from, message)) => Err(from.error(message)),
            None => Ok(()),
        }
    }
}

/// A value that has a name in the configuration and on the command line.
pub trait Named: Copy + Sized + 'static {
    /// All values, in the order in which help lists them.
    const ALL: &'static [Self];

    /// The name.
    fn name(self) -> &'static str;

    /// The value with this name. `what` names the kind of value in the message.
    ///
    /// # Errors
    ///
    /// The message for people, with the nearest name.
    fn from_name(name: &str, what: &str) -> std::result::Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|value| value.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = Self::ALL.iter().map(|value| value.name()).collect();
                unknown_name(what, name, &known)
            })
    }
}

impl Named for DeployMode {
    const ALL: &'static [Self] = &[
        DeployMode::MigrateFirst,
        DeployMode::CodeFirst,
        DeployMode::Phased,
        DeployMode::Concurrent,
        DeployMode::Offline,
    ];

    fn name(self) -> &'static str {
        match self {
            DeployMode::MigrateFirst => "migrate-first",
            DeployMode::CodeFirst => "code-first",
            DeployMode::Phased => "phased",
            DeployMode::Concurrent => "concurrent",
            DeployMode::Offline => "offline",
        }
    }
}

impl Named for Prepared {
    const ALL: &'static [Self] = &[Prepared::Cached, Prepared::None];

    fn name(self) -> &'static str {
        match self {
            Prepared::Cached => "cached",
            Prepared::None => "none",
        }
    }
}

impl Named for DeclaredEvidence {
    const ALL: &'static [Self] = &[DeclaredEvidence::Partial, DeclaredEvidence::Complete];

    fn name(self) -> &'static str {
        match self {
            DeclaredEvidence::Partial => "partial",
            DeclaredEvidence::Complete => "complete",
        }
    }
}

impl Named for Level {
    const ALL: &'static [Self] = &[Level::Error, Level::Warning, Level::Note, Level::Off];

    fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
            Level::Off => "off",
        }
    }
}

impl Named for RetiredAccess {
    const ALL: &'static [Self] = &[
        RetiredAccess::Read,
        RetiredAccess::Write,
        RetiredAccess::Both,
    ];

    fn name(self) -> &'static str {
        match self {
            RetiredAccess::Read => "read",
            RetiredAccess::Write => "write",
            RetiredAccess::Both => "both",
        }
    }
}

impl Named for Dialect {
    const ALL: &'static [Self] = &[
        Dialect::Postgres,
        Dialect::Mysql,
        Dialect::Mariadb,
        Dialect::Sqlite,
    ];

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Named for Layout {
    const ALL: &'static [Self] = Layout::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }
}

impl Named for CustomOrder {
    const ALL: &'static [Self] = &[
        CustomOrder::Number,
        CustomOrder::Dotted,
        CustomOrder::Text,
        CustomOrder::Manifest,
    ];

    fn name(self) -> &'static str {
        match self {
            CustomOrder::Number => "number",
            CustomOrder::Dotted => "dotted",
            CustomOrder::Text => "text",
            CustomOrder::Manifest => "manifest",
        }
    }
}

impl Named for TransactionScope {
    const ALL: &'static [Self] = &[
        TransactionScope::File,
        TransactionScope::Run,
        TransactionScope::None,
    ];

    fn name(self) -> &'static str {
        match self {
            TransactionScope::File => "file",
            TransactionScope::Run => "run",
            TransactionScope::None => "none",
        }
    }
}

impl Named for Unit {
    const ALL: &'static [Self] = &[Unit::Statement, Unit::WholeText];

    fn name(self) -> &'static str {
        match self {
            Unit::Statement => "statement",
            Unit::WholeText => "file",
        }
    }
}

/// ``unknown key `retierd`; did you mean `retired`?``, or the names there are when none is near.
pub fn unknown_name(what: &str, name: &str, known: &[&str]) -> String {
    match nearest_name(name, known) {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
        None if known.len() > 12 => format!("unknown {what} `{name}`"),
        None => {
            let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("unknown {what} `{name}`; known: {}", known.join(", "))
        }
    }
}

/// The known name that `name` is most likely a slip of.
pub fn nearest_name<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let spelt = |text: &str| text.to_lowercase().replace('_', "-");
    let name = spelt(name);
    known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(&name, &spelt(other)), *other))
        .filter(|(distance, other)| *distance <= (other.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other)
}

/// What serde says about names, as we say it; other messages stay.
pub(crate) fn in_our_words(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field ") {
        let name = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        return unknown_name("key", name, &known);
    }
    match message.strip_prefix("missing field ") {
        Some(name) => format!("missing key {name}"),
        None => message.to_owned(),
    }
}

/// The texts being read, for the places in messages.
struct Reader<'a> {
    layers: &'a Layers,
}

impl Reader<'_> {
    fn error(&self, offset: usize, message: String) -> Error {
        self.layers.error(offset, message)
    }

    fn placed(&self, text: Text) -> Placed<String> {
        Placed {
            from: self.layers.origin(text.span().start),
            value: text.0.into_inner(),
        }
    }

    /// A text that must not be empty.
    fn named(&self, text: Text, key: &str) -> Result<Placed<String>> {
        if text.get_ref().trim().is_empty() {
            return Err(self.error(text.span().start, format!("`{key}` is empty")));
        }
        Ok(self.placed(text))
    }

    fn one_of<T: Named>(&self, name: &Name<T>, what: &str) -> Result<T> {
        let text = &name.text;
        T::from_name(text.get_ref(), what).map_err(|message| self.error(text.span().start, message))
    }

    fn choice<T: Named>(&self, name: &Option<Name<T>>, what: &str) -> Result<Option<T>> {
        name.as_ref().map(|it| self.one_of(it, what)).transpose()
    }

    fn patterns(&self, patterns: &[Text]) -> Result<PathPatterns> {
        let sources: Vec<&String> = patterns.iter().map(|it| it.get_ref()).collect();
        PathPatterns::new(&sources).map_err(|(place, said)| {
            let pattern = &patterns[place];
            let message = format!("pattern `{}`: {said}", pattern.get_ref());
            self.error(pattern.span().start, message)
        })
    }

    fn table_name(&self, text: &Text) -> Result<TableName> {
        TableName::parse(text.get_ref()).ok_or_else(|| {
            let message = format!(
                "`{}` is no name of a table; write it as SQL does, such as app.schema_migrations",
                text.get_ref()
            );
            self.error(text.span().start, message)
        })
    }

    fn consumer(&self, wire: wire::Consumer) -> Result<Consumer> {
        self.patterns(&wire.queries)?;
        Ok(Consumer {
            name: self.named(wire.name, "name")?,
            queries: wire.queries.into_iter().map(|it| self.placed(it)).collect(),
            release: match wire.release {
                Some(release) => Some(self.named(release, "release")?),
                None => None,
            },
        })
    }

    fn custom(&self, wire: Spanned<wire::Custom>) -> Result<CustomLayout> {
        let at = wire.span().start;
        let wire = wire.into_inner();
        let missing = |key: &str| self.error(at, format!("missing key `{key}`"));
        let own_files = wire.files.ok_or_else(|| missing("files"))?;
        let own_name = wire.name.ok_or_else(|| missing("name"))?;
        let patterns = |text: &Text| {
            let pattern = text.get_ref().trim_start_matches("./");
            // One without a slash means the folder itself.
            let anchored = match pattern.contains('/') {
                true => pattern.to_owned(),
                false => format!("/{pattern}"),
            };
            PathPatterns::new(&[anchored]).map_err(|(_, said)| {
                let message = format!("pattern `{}`: {said}", text.get_ref());
                self.error(text.span().start, message)
            })
        };
        let name = regex::Regex::new(own_name.get_ref()).map_err(|error| {
            let said = error.to_string();
            let last = said.lines().last().unwrap_or_default().to_owned();
            let message = format!("`name` is no regular expression: {last}");
            self.error(own_name.span().start, message)
        })?;
        if !name.capture_names().any(|it| it == Some("version")) {
            let message = "`name` needs a group `(?<version>…)`";
            return Err(self.error(own_name.span().start, message.to_owned()));
        }
        let order = self.choice(&wire.order, "order")?.unwrap_or_default();
        if order == CustomOrder::Manifest && wire.manifest.is_none() {
            let at = wire.order.map_or(0, |it| it.text.span().start);
            let message = "the order `manifest` needs `manifest`, a pattern of files";
            return Err(self.error(at, message.to_owned()));
        }
        Ok(CustomLayout {
            files: patterns(&own_files)?,
            name,
            order,
            manifest: match &wire.manifest {
                Some(pattern) => patterns(pattern)?,
                None => PathPatterns::default(),
            },
            up_marker: wire.up_marker,
            down_marker: wire.down_marker,
            opt_out: wire.opt_out,
            placeholder: wire.placeholder,
        })
    }

    fn level_of_unknown(&self, name: &Name<Level>) -> Result<Level> {
        let level = self.one_of(name, "severity")?;
        if level == Level::Off {
            let message = "what is not understood is always reported; `note` is the least";
            return Err(self.error(name.text.span().start, message.to_owned()));
        }
        Ok(level)
    }

    fn server_version(&self, value: &Spanned<toml::Value>) -> Result<ServerVersion> {
        let offset = value.span().start;
        let text = match value.get_ref() {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            // 10.10 would have become 10.1 on the way here.
            _ => {
                let message = "a version is written as text, such as \"16\" or \"10.11\"";
                return Err(self.error(offset, message.to_owned()));
            }
        };
        text.parse()
            .map_err(|message: String| self.error(offset, message))
    }

    /// A folder written relative to `folder`, from the tree's root.
    fn path(&self, folder: &str, path: &Text) -> Result<String> {
        relative(folder, path.get_ref()).ok_or_else(|| {
            let message = format!("`{}` leads out of the repository", path.get_ref());
            self.error(path.span().start, message)
        })
    }
}

/// `path`, written relative to `folder`, from the tree's root; `None` when it leads out of it.
pub(super) fn relative(folder: &str, path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    if path.starts_with('/') || path.get(1..3) == Some(":/") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message about `text`, as the user sees it.
    fn refused(text: &str) -> String {
        match Config::parse("migcheck.toml", "migcheck.toml", text) {
            Ok(config) => panic!("accepted: {config:?}"),
            Err(error) => error.to_string(),
        }
    }

    fn read(text: &str) -> Config {
        Config::parse("migcheck.toml", "migcheck.toml", text).unwrap()
    }

    #[test]
    fn empty_file_means_the_defaults() {
        let config = read("");
        assert_eq!(config.deploy, DeployMode::MigrateFirst);
        assert_eq!(config.layout, None);
        assert_eq!(config.rules, RuleSettings::default());
        assert!(config.code.literals);
        assert_eq!(config.code.evidence, DeclaredEvidence::Partial);
        assert!(!config.code.reflection);
    }

    #[test]
    fn unknown_key_is_refused_at_every_level() {
        for (text, expected) in [
            (
                "deploy = \"offline\"\n\n[[retierd]]\nobject = \"a\"\n",
                "migcheck.toml:3:3: unknown key `retierd`; did you mean `retired`?",
            ),
            (
                "[[retired]]\nobject = \"a\"\nreson = \"b\"\n",
                "migcheck.toml:3:1: unknown key `reson`; did you mean `reason`?",
            ),
            (
                "[phased]\npost-deploy = []\n",
                "migcheck.toml:2:1: unknown key `post-deploy`; did you mean `post_deploy`?",
            ),
            (
                "[releases]\nlife = []\n",
                "migcheck.toml:2:1: unknown key `life`; did you mean `live`?",
            ),
            (
                "[rules]\nselected = []\n",
                "migcheck.toml:2:1: unknown key `selected`; did you mean `select`?",
            ),
            (
                "[code]\nquerys = []\n",
                "migcheck.toml:2:1: unknown key `querys`; did you mean `queries`?",
            ),
            (
                "[releases]\ntimeout = 3\n",
                "migcheck.toml:2:1: unknown key `timeout`; known: `live`",
            ),
        ] {
            assert_eq!(refused(text), expected);
        }
    }

    #[test]
    fn unknown_value_is_refused_with_the_nearest() {
        for (text, expected) in [
            (
                "layout = \"sqlxx\"",
                "migcheck.toml:1:10: unknown layout `sqlxx`; did you mean `sqlx`?",
            ),
            (
                "dialect = \"postgresql\"",
                "migcheck.toml:1:11: unknown dialect `postgresql`; did you mean `postgres`?",
            ),
            (
                "dialect = \"oracle\"",
                "migcheck.toml:1:11: unknown dialect `oracle`; known: `postgres`, `mysql`, `mariadb`, `sqlite`",
            ),
            (
                "deploy = \"migrate_first\"",
                "migcheck.toml:1:10: unknown deploy mode `migrate_first`; did you mean `migrate-first`?",
            ),
            (
                "transaction = \"fiel\"",
                "migcheck.toml:1:15: unknown transaction `fiel`; did you mean `file`?",
            ),
            (
                "unit = \"statements\"",
                "migcheck.toml:1:8: unknown unit `statements`; did you mean `statement`?",
            ),
            (
                "[[retired]]\nobject = \"a\"\naccess = \"reads\"\nreason = \"r\"",
                "migcheck.toml:3:10: unknown access `reads`; did you mean `read`?",
            ),
            (
                "[rules.severity]\ncolumn_dropped = \"warn\"",
                "migcheck.toml:2:18: unknown severity `warn`; known: `error`, `warning`, `note`, `off`",
            ),
            (
                "[code]\nevidence = \"compleet\"",
                "migcheck.toml:2:12: unknown evidence `compleet`; did you mean `complete`?",
            ),
            (
                "[code]\nprepared = \"cache\"",
                "migcheck.toml:2:12: unknown value of `prepared` `cache`; did you mean `cached`?",
            ),
            (
                "[[consumer]]\nname = \"\"\nqueries = []",
                "migcheck.toml:2:8: `name` is empty",
            ),
            (
                "[rules]\nunknown = \"off\"",
                "migcheck.toml:2:11: what is not understood is always reported; `note` is the least",
            ),
        ] {
            assert_eq!(refused(text), expected);
        }
    }

    #[test]
    fn missing_and_empty_reasons_are_refused() {
        assert_eq!(
            refused("[[retired]]\nobject = \"a\"\n"),
            "migcheck.toml:1:1: missing key `reason`"
        );
        assert_eq!(
            refused("[[retired]]\nobject = \"a\"\nreason = \" \"\n"),
            "migcheck.toml:3:10: `reason` is empty"
        );
        assert_eq!(
            refused("[[allow]]\nmigration = \"1\"\nrule = \"r\"\nreason = \"x\"\n"),
            "migcheck.toml:1:1: missing key `object`"
        );
    }

    #[test]
    fn wrong_kind_of_value_is_refused() {
        assert_eq!(
            refused("layout = 3"),
            "migcheck.toml:1:10: invalid type: integer `3`, expected a string"
        );
        assert_eq!(
            refused("[releases]\nlive = \"v1\""),
            "migcheck.toml:2:8: invalid type: string \"v1\", expected a sequence"
        );
        assert_eq!(
            refused("layout = \"sqlx"),
            "migcheck.toml:1:15: invalid basic string, expected `\"`"
        );
        assert_eq!(
            refused("unit = \"file\"\nunit = \"file\""),
            "migcheck.toml:2:1: duplicate key"
        );
    }

    #[test]
    fn server_version_is_text_or_a_whole_number() {
        assert_eq!(
            read("server_version = 16").server_version,
            "16".parse().ok()
        );
        assert_eq!(
            refused("server_version = 10.10"),
            "migcheck.toml:1:18: a version is written as text, such as \"16\" or \"10.11\""
        );
        assert_eq!(
            refused("server_version = \"sixteen\""),
            "migcheck.toml:1:18: `sixteen` is not a version such as 16 or 8.0.36"
        );
    }

    #[test]
    fn folder_is_relative_to_the_file() {
        let parse = |text: &str| Config::parse("services/api/migcheck.toml", "c", text);
        let migrations = |text: &str| parse(text).unwrap().migrations.unwrap();
        assert_eq!(migrations("migrations = \"./db\""), "services/api/db");
        assert_eq!(migrations("migrations = \"../db/\""), "services/db");
        assert_eq!(
            parse("migrations = \"../../../db\"")
                .unwrap_err()
                .to_string(),
            "c:1:14: `../../../db` leads out of the repository"
        );
    }

    #[test]
    fn bad_pattern_is_refused() {
        assert_eq!(
            refused("[phased]\npost_deploy = [\"a\", \"b[\"]"),
            "migcheck.toml:2:21: pattern `b[`: unclosed character class; missing ']'"
        );
    }

    #[test]
    fn patterns_match_as_in_gitignore() {
        let is_match =
            |pattern: &str, path: &str| PathPatterns::new(&[pattern]).unwrap().is_match(path);
        assert!(is_match("*_contract.sql", "db/migrations/3_contract.sql"));
        assert!(is_match("post/", "migrations/post/3_x.sql"));
        assert!(is_match("migrations/post", "migrations/post/3_x.sql"));
        assert!(!is_match("migrations/*", "a/migrations/3_x.sql"));
        assert!(!is_match("*.sql", "a.sql.txt"));
        assert!(!PathPatterns::default().is_match("a.sql"));
    }

    #[test]
    fn rule_names_are_checked_by_those_who_know_them() {
        let config =
            read("[rules]\nselect = [\"compat\"]\n[rules.severity]\ncolumn_droped = \"off\"");
        let rules = ["column_dropped", "table_dropped"];
        assert_eq!(
            config
                .check_rule_names(&rules, &["compat"])
                .unwrap_err()
                .to_string(),
            "migcheck.toml:4:1: unknown rule `column_droped`; did you mean `column_dropped`?"
        );
        assert_eq!(
            config
                .check_rule_names(&rules, &["data"])
                .unwrap_err()
                .to_string(),
            "migcheck.toml:2:11: unknown rule `compat`; known: `column_dropped`, `table_dropped`, `data`"
        );
        let config = read("[rules]\nignore = [\"table_dropped\"]");
        assert!(config.check_rule_names(&rules, &[]).is_ok());
    }

    #[test]
    fn tables_are_merged_and_lists_replaced_and_entries_added() {
        let text = "rules.ignore = [\"a\"]\nrules.severity.x = \"off\"\nrules.severity.y = \"off\"\n\
                    name = \"top\"\nmigrations = \"top\"\ncode.role = \"app\"\n\
                    [[retired]]\nobject = \"one\"\nreason = \"r\"\n\
                    [[project]]\nmigrations = \"m\"\nrules.ignore = [\"b\"]\n\
                    rules.severity.y = \"note\"\n\
                    [[project.retired]]\nobject = \"two\"\nreason = \"r\"\n";
        let stated = ["rules.severity.z=error", "code.role=other"];
        let stated = stated.map(|it| Stated::option(it).unwrap());
        let file = ConfigFile::parse("migcheck.toml", "c", text, &stated).unwrap();
        let config = file.of_folder("m").unwrap();
        assert_eq!(config.name, None);
        assert_eq!(config.migrations.as_deref(), Some("m"));
        assert_eq!(config.code.role.as_deref(), Some("other"));
        let ignored: Vec<&str> = config.rules.ignore.iter().map(|it| &*it.value).collect();
        assert_eq!(ignored, ["b"]);
        let levels: Vec<Level> = config.rules.severity.values().map(|it| it.value).collect();
        assert_eq!(levels, [Level::Off, Level::Note, Level::Error]);
        let retired: Vec<&str> = config.retired.iter().map(|it| &*it.object.value).collect();
        assert_eq!(retired, ["one", "two"]);
        let origin = |key: &str| config.origin(key).map(Origin::name);
        assert_eq!(origin("rules.ignore").as_deref(), Some("c:12"));
        assert_eq!(origin("rules.severity.x").as_deref(), Some("c:2"));
        let option = origin("code.role");
        assert_eq!(option.as_deref(), Some("--set code.role=other"));
        // Folders that no section names have the top alone.
        let top = file.of_folder("other").unwrap();
        assert_eq!(top.name.as_deref(), Some("top"));
        assert_eq!(top.retired.len(), 1);
    }

    #[test]
    fn no_damaged_file_makes_the_program_panic() {
        let text = "deploy = \"phased\"\n[code]\nqueries = [\"é/*.sql\"]\n[[retired]]\nobject = \"ü.b\"\n\
                    reason = \"r\"\n[[project]]\nmigrations = \"a/*/m\"\n[project.rules.severity]\n\
                    x = \"off\"\n[[project.allow]]\nmigration = \"1\"\n";
        let stated = [Stated::option("rules.severity.z=error").unwrap()];
        let inserted = [
            "",
            "[",
            "]]",
            "\"",
            "=",
            "\u{1f}",
            "\n[[project]]\n",
            "ß",
            "{}",
            "'''",
            "#",
            "\r",
        ];
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            for between in inserted {
                for rest in [&text[at..], "", text.get(at + 5..).unwrap_or_default()] {
                    let text = format!("{}{between}{rest}", &text[..at]);
                    // Whether it can be read is another question.
                    if let Ok(file) = ConfigFile::parse("migcheck.toml", "c", &text, &stated) {
                        let _ = file.of_folder("a/b/m");
                    }
                }
            }
        }
    }
}
