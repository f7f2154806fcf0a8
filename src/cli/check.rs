//! `migcheck check`.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::{
    DeployMode, Dialect, FailOn, Layout, Named, New, Options, ServerVersion, Styling, Verbosity,
    check, detection_line, fails, files_lines, to_json, to_text,
};

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// A repository, a folder, or migration files (files named are what is new).
    paths: Vec<PathBuf>,

    /// What "new" is measured from: a revision or branch [default: the merge base with the target
    /// branch; env: MIGCHECK_BASE].
    #[arg(long, alias = "against", value_name = "REV", conflicts_with_all = ["since", "all"])]
    base: Option<String>,
    /// New is what comes after this version.
    #[arg(long, value_name = "VERSION", conflicts_with = "all")]
    since: Option<String>,
    /// Judge every migration as a change of its own.
    #[arg(long)]
    all: bool,
    /// A release that runs beside the change: a revision, or a pattern over tags and branches
    /// [default: the base].
    #[arg(long, value_name = "REV|GLOB")]
    live: Vec<String>,
    /// The old release's configuration, where there is no git.
    #[arg(long, value_name = "FILE")]
    old_config: Option<PathBuf>,
    /// Files that hold the code's queries: SQL, statistics, server logs. Each release's are read at
    /// its own revision.
    #[arg(long, value_name = "GLOB")]
    queries: Vec<String>,
    /// Files that hold the old release's queries, where there is no git.
    #[arg(long, value_name = "GLOB")]
    old_queries: Vec<String>,

    /// The family of servers: postgres, mysql, mariadb, sqlite [env: MIGCHECK_DIALECT].
    #[arg(long, value_parser = named::<Dialect>)]
    dialect: Option<Dialect>,
    /// The server's version, such as 16 [env: MIGCHECK_SERVER_VERSION].
    #[arg(long, value_name = "VERSION")]
    server_version: Option<ServerVersion>,
    /// The migration tool, as the README lists them [env: MIGCHECK_LAYOUT].
    #[arg(long, value_parser = named::<Layout>)]
    layout: Option<Layout>,
    /// How the project deploys: migrate-first, code-first, phased, concurrent, offline
    /// [env: MIGCHECK_DEPLOY].
    #[arg(long, value_name = "MODE", value_parser = named::<DeployMode>)]
    deploy: Option<DeployMode>,
    /// The schema before the first migration, as a file of SQL: for a history that begins mid-life.
    #[arg(long, value_name = "FILE")]
    schema_file: Option<PathBuf>,
    /// The configuration file, instead of the migcheck.toml found [env: MIGCHECK_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long, conflicts_with = "config")]
    isolated: bool,

    /// Only this rule or class.
    #[arg(long, value_name = "RULE|CLASS")]
    select: Vec<String>,
    /// Not this rule or class.
    #[arg(long, value_name = "RULE|CLASS")]
    ignore: Vec<String>,
    /// What makes the exit code 1 [default: error; env: MIGCHECK_FAIL_ON].
    #[arg(long, value_enum)]
    fail_on: Option<FailOnArgument>,
    /// Never exit with 1; the same as --fail-on never.
    #[arg(long)]
    exit_zero: bool,
    /// How the report is printed [default: text; env: MIGCHECK_FORMAT].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Colours in the text.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    /// Print errors and warnings only, and no detection line.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Also print what is odd about the past.
    #[arg(short, long)]
    verbose: bool,
    /// Print on stderr which files run in which order and how, which do not and why, and what told
    /// the layout, the dialect and the server's version.
    #[arg(long)]
    show_files: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOnArgument {
    Error,
    Warning,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

fn named<T: Named>(text: &str) -> Result<T, String> {
    T::from_name(text, "value")
}

/// Runs the check and prints its report; the exit code.
pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let new = match (&arguments.since, arguments.all, &arguments.base) {
        (Some(version), _, _) => New::SinceVersion(version.clone()),
        (None, true, _) => New::All,
        (None, false, Some(revision)) => New::SinceRevision(revision.clone()),
        (None, false, None) => match variable("MIGCHECK_BASE") {
            Some(revision) => New::SinceRevision(revision),
            None => New::SinceBase,
        },
    };
    // The environment gives defaults: what the command line says outranks it and never conflicts.
    let config = arguments.config.clone().or_else(|| {
        variable("MIGCHECK_CONFIG")
            .filter(|_| !arguments.isolated)
            .map(PathBuf::from)
    });
    let options = Options {
        paths: arguments.paths.clone(),
        new,
        live: arguments.live.clone(),
        old_config: arguments.old_config.clone(),
        queries: arguments.queries.clone(),
        old_queries: arguments.old_queries.clone(),
        schema_file: arguments.schema_file.clone(),
        dialect: or_variable(arguments.dialect, "MIGCHECK_DIALECT", named)?,
        server_version: or_variable(
            arguments.server_version,
            "MIGCHECK_SERVER_VERSION",
            |text| {
                text.parse()
                    .map_err(|error: <ServerVersion as std::str::FromStr>::Err| error.to_string())
            },
        )?,
        layout: or_variable(arguments.layout, "MIGCHECK_LAYOUT", named)?,
        deploy: or_variable(arguments.deploy, "MIGCHECK_DEPLOY", named)?,
        config,
        isolated: arguments.isolated,
        select: arguments.select.clone(),
        ignore: arguments.ignore.clone(),
    };
    let format = or_variable(arguments.format, "MIGCHECK_FORMAT", listed)?.unwrap_or(Format::Text);
    let fail_on = or_variable(arguments.fail_on, "MIGCHECK_FAIL_ON", listed)?
        .unwrap_or(FailOnArgument::Error);
    let report = check(&options, &|name| std::env::var_os(name))?;
    for it in &report.left_out {
        super::say(&format!(
            "migcheck: {} is not checked: {}",
            it.folder, it.reason
        ));
    }
    for project in &report.projects {
        if !arguments.quiet {
            super::say(&detection_line(project));
        }
        if arguments.show_files {
            for line in files_lines(project) {
                super::say(&line);
            }
        }
    }
    let verbosity = match (arguments.quiet, arguments.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let text = match format {
        Format::Text => to_text(&report, styling(arguments.color), verbosity),
        Format::Json => to_json(&report),
    };
    super::print(&text)?;
    let fail_on = match fail_on {
        _ if arguments.exit_zero => FailOn::Never,
        FailOnArgument::Error => FailOn::Error,
        FailOnArgument::Warning => FailOn::Warning,
        FailOnArgument::Never => FailOn::Never,
    };
    Ok(if fails(&report, fail_on) {
        super::FINDINGS
    } else {
        super::CLEAN
    })
}

/// What the command line says, or else the environment; an empty variable is none.
fn or_variable<T>(
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

fn listed<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn styling(colour: Colour) -> Styling {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let colour = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if is_set("NO_COLOR") => false,
        Colour::Auto if is_set("CLICOLOR_FORCE") => true,
        Colour::Auto => std::io::stdout().is_terminal(),
    };
    let width = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(140);
    Styling { colour, width }
}
