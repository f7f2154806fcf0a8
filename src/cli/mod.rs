//! Arguments, exit codes, the terminal.

mod check;
mod connection;
mod contract;
mod diff;
mod explain;
mod file;
mod graph;
mod init;
mod matrix;
mod output;
mod progress;
mod project;
mod rules;
mod schema;
mod stats;
mod terminal;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Says which SQL migrations break old or new code while both run side by side.
#[derive(Debug, Parser)]
#[command(
    name = "migcheck",
    version,
    about,
    arg_required_else_help = true,
    after_help = FIRST_STEPS
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first migcheck.toml, or a git hook that judges each commit.
    Init(Box<init::InitArguments>),
    /// Judge the new migrations against the releases that may run beside them.
    Check(Box<check::CheckArguments>),
    /// Print the replayed schema as SQL that a server accepts, or as JSON.
    Schema(Box<schema::SchemaArguments>),
    /// Draw the versions of the schema and the migrations between them, with releases and branches.
    Graph(Box<graph::GraphArguments>),
    /// Print which release works on which state of the schema, and what each release requires.
    Matrix(Box<matrix::MatrixArguments>),
    /// Say what changed between two versions of the schema.
    Diff(Box<diff::DiffArguments>),
    /// Explain a migration and the safe steps instead, a rule, a version of the schema, or a table,
    /// column or the like: who uses it, whether it can be dropped.
    Explain(Box<explain::ExplainArguments>),
    /// Write what the release needs of its database as a small file, for `verify`.
    Contract(Box<contract::ContractArguments>),
    /// Ask a live database whether the release can run on it: by a contract file, or by the
    /// repository at hand.
    Verify(Box<verify::VerifyArguments>),
    /// Write how large the tables of a database are and how busy, as a small file for the repository.
    Stats(Box<stats::StatsArguments>),
    /// List the rules.
    Rules(rules::RulesArguments),
    /// Print the JSON schema of the report of a check, or of migcheck.toml for editors.
    JsonSchema {
        /// Of what.
        #[arg(value_enum, default_value_t = Schema::Report)]
        of: Schema,
    },
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the man page.
    Man,
}

/// What there is a JSON schema of.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Schema {
    Report,
    Config,
}

/// What to begin with, and what scripts count on.
const FIRST_STEPS: &str = "\
First steps, in a repository with migrations:
  migcheck check         judge what the branch adds
  migcheck check --all   judge each migration that is there
  migcheck init --hook   have each commit judged

Exit codes: 0 nothing found, 1 findings, 2 the check could not be made";

/// Nothing at or above `--fail-on`.
const CLEAN: u8 = 0;
/// Findings.
const FINDINGS: u8 = 1;
/// The check could not be made.
const FAILED: u8 = 2;

/// The columns beyond which help does not go.
const WIDEST_HELP: usize = 120;

/// How far the further lines of what is said on stderr are set in.
const SAID_ON: usize = 2;

/// Runs the program and says how it ended.
pub(crate) fn run() -> ExitCode {
    let matches = Arguments::command().term_width(help_width()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = match arguments.command {
        Command::Init(arguments) => init::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Matrix(arguments) => matrix::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Contract(arguments) => contract::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Stats(arguments) => stats::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::JsonSchema { of } => print(match of {
            Schema::Report => migcheck::json_schema(),
            Schema::Config => migcheck::config_schema(),
        }),
        Command::Completions { shell } => completions(shell),
        Command::Man => man(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("migcheck: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

/// The columns that help may take: longer lines are hard to read, however wide the terminal is.
fn help_width() -> usize {
    terminal::width().min(WIDEST_HELP)
}

fn completions(shell: Shell) -> anyhow::Result<u8> {
    let mut bytes = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "migcheck", &mut bytes);
    print(&String::from_utf8_lossy(&bytes))
}

/// One page with every command after another.
fn man() -> anyhow::Result<u8> {
    let mut command = Arguments::command();
    // So that each command's page is called after it: `migcheck check`.
    command.build();
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut bytes)?;
    for it in command
        .get_subcommands()
        .filter(|it| it.get_name() != "help")
    {
        let page = clap_mangen::Man::new(it.clone());
        let name = it
            .get_display_name()
            .unwrap_or(it.get_name())
            .replace('-', " ");
        bytes.extend(format!(".SH \"{}\"\n", name.to_uppercase()).bytes());
        page.render_description_section(&mut bytes)?;
        page.render_options_section(&mut bytes)?;
    }
    print(&String::from_utf8_lossy(&bytes))
}

/// Data goes to stdout; a reader that has seen enough is no failure.
fn print(text: &str) -> anyhow::Result<u8> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Ok(CLEAN),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(CLEAN),
        Err(error) => Err(error.into()),
    }
}

/// Everything that is not data goes to stderr; that nobody listens is no failure. What it says can
/// hold names from the repository. A terminal gets lines of its width, a log gets one.
fn say(line: &str) {
    use std::io::Write;
    let line = migcheck::printable(line);
    let line = match terminal::error_width() {
        Some(width) => migcheck::wrapped(&line, width, SAID_ON),
        None => line,
    };
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
