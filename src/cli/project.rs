//! The arguments that say which project is meant, for the commands that show it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::{Dialect, KEY_NAMES, Layout, Named, New, Options, ServerVersion, Stated};

/// Which project, and how it is read.
#[derive(Debug, Args)]
pub(super) struct ProjectArguments {
    /// Only the project of this name, which migcheck.toml gives it.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The family of servers: postgres, mysql, mariadb, sqlite [env: MIGCHECK_DIALECT].
    #[arg(long, value_parser = named::<Dialect>)]
    dialect: Option<Dialect>,
    /// The server's version, such as 16 [env: MIGCHECK_SERVER_VERSION].
    #[arg(long, value_name = "VERSION")]
    server_version: Option<ServerVersion>,
    /// The migration tool, such as flyway; any other word lists them all [env: MIGCHECK_LAYOUT].
    #[arg(long, value_parser = named::<Layout>)]
    layout: Option<Layout>,
    /// The schema before the first migration, as a file of SQL: for a history that begins mid-life.
    #[arg(long, value_name = "FILE")]
    schema_file: Option<PathBuf>,
    /// Any key of migcheck.toml, for this run; may be given several times. VALUE is TOML, a bare word is
    /// a text: code.evidence=complete, 'releases.live=["v1.*"]'.
    #[arg(long, value_name = "KEY=VALUE", value_parser = Stated::option)]
    set: Vec<Stated>,
    /// The configuration file, instead of the migcheck.toml found [env: MIGCHECK_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long, conflicts_with = "config")]
    isolated: bool,
}

impl ProjectArguments {
    /// The options of the library for the project at `path`.
    pub(super) fn options(&self, path: Option<PathBuf>) -> Options {
        self.options_beside(path, |_| false)
    }

    /// The same beside other options: `is_given` says for which keys there is one.
    pub(super) fn options_beside(
        &self,
        path: Option<PathBuf>,
        is_given: impl Fn(&str) -> bool,
    ) -> Options {
        let config = self.config.clone().or_else(|| {
            variable("MIGCHECK_CONFIG")
                .filter(|_| !self.isolated)
                .map(PathBuf::from)
        });
        Options {
            paths: path.into_iter().collect(),
            dialect: self.dialect,
            server_version: self.server_version,
            layout: self.layout,
            schema_file: self.schema_file.clone(),
            stated: self.stated(is_given),
            project: self.project.clone(),
            config,
            isolated: self.isolated,
            ..Options::default()
        }
    }

    /// What the environment says, and then what the command line sets. A variable that is outranked is
    /// not even read: whatever it holds, it is no error.
    fn stated(&self, is_given: impl Fn(&str) -> bool) -> Vec<Stated> {
        let has_option = |key: &str| match key {
            "dialect" => self.dialect.is_some(),
            "server_version" => self.server_version.is_some(),
            "layout" => self.layout.is_some(),
            key => is_given(key),
        };
        let said = KEY_NAMES.iter().filter_map(|it| {
            let name = it.variable?;
            let value = variable(name)?;
            let is_set = self.set.iter().any(|set| set.is_about(it.key));
            (!has_option(it.key) && !is_set).then(|| Stated::variable(name, it.key, &value))
        });
        said.chain(self.set.iter().cloned()).collect()
    }
}

/// What is new, and which releases run beside it.
#[derive(Debug, Args)]
pub(super) struct ReleaseArguments {
    /// What "new" is measured from: a revision or branch [default: the merge base with the target
    /// branch; env: MIGCHECK_BASE].
    #[arg(long, alias = "against", value_name = "REV", conflicts_with = "since")]
    base: Option<String>,
    /// New is what comes after this version.
    #[arg(long, value_name = "VERSION")]
    since: Option<String>,
    /// A release that runs beside the change: a revision, or a pattern over tags and branches
    /// [default: the base].
    #[arg(long, value_name = "REV|GLOB")]
    live: Vec<String>,
    /// Files that hold the code's queries; each release's are read at its own revision.
    #[arg(long, value_name = "GLOB")]
    queries: Vec<String>,
}

impl ReleaseArguments {
    /// The same options, with what is new and live.
    pub(super) fn on(&self, options: Options) -> Options {
        let new = match (&self.since, &self.base) {
            (Some(version), _) => New::SinceVersion(version.clone()),
            (None, Some(revision)) => New::SinceRevision(revision.clone()),
            (None, None) => match variable("MIGCHECK_BASE") {
                Some(revision) => New::SinceRevision(revision),
                None => New::SinceBase,
            },
        };
        Options {
            new,
            live: self.live.clone(),
            queries: self.queries.clone(),
            ..options
        }
    }
}

/// The variables of this process, for the library.
pub(super) fn environment(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

/// The value with this name; where no name is near, the message lists them all, since help does not.
pub(super) fn named<T: Named>(text: &str) -> Result<T, String> {
    T::from_name(text, "value").map_err(|message| match message.contains("; ") {
        true => message,
        false => {
            let known: Vec<String> = T::ALL.iter().map(|it| format!("`{}`", it.name())).collect();
            format!("{message}; known: {}", known.join(", "))
        }
    })
}

/// What the command line says, or else the environment; an empty variable is none.
pub(super) fn or_variable<T>(
    given: Option<T>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    match (given, variable(name)) {
        (Some(given), _) => Ok(Some(given)),
        (None, Some(text)) => parse(&text)
            .map(Some)
            .map_err(|message| anyhow::anyhow!("{name}: {message}")),
        (None, None) => Ok(None),
    }
}

pub(super) fn listed<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true)
}

pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
