//! Arguments, exit codes, the terminal.

mod check;
mod diff;
mod graph;
mod matrix;
mod project;
mod schema;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Says which SQL migrations break old or new code while both run side by side.
#[derive(Debug, Parser)]
#[command(name = "migcheck", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge the new migrations against the releases that may run beside them.
    Check(Box<check::CheckArguments>),
    /// Print the replayed schema as SQL that a server accepts, or as JSON.
    Schema(Box<schema::SchemaArguments>),
    /// Draw the versions of the schema and the migrations between them, with base, head, the live
    /// releases and the branches.
    Graph(Box<graph::GraphArguments>),
    /// Print which release works on which state of the schema, the floor of each state and what each
    /// release requires.
    Matrix(Box<matrix::MatrixArguments>),
    /// Say what changed between two versions of the schema.
    Diff(Box<diff::DiffArguments>),
    /// Explain a rule (why it hurts, what to do instead, examples) or an object of the schema: where
    /// it was made and changed, which queries use it, whether it can be dropped.
    Explain {
        /// A rule's name as printed in brackets, or an object: users, users.nickname.
        what: String,
        /// A repository or a folder, for an object.
        path: Option<std::path::PathBuf>,
    },
    /// List the rules.
    Rules,
}

/// Nothing at or above `--fail-on`.
const CLEAN: u8 = 0;
/// Findings.
const FINDINGS: u8 = 1;
/// The check could not be made.
const FAILED: u8 = 2;

/// Runs the program and says how it ended.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Matrix(arguments) => matrix::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Explain { what, path } => explain(&what, path),
        Command::Rules => rules(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("migcheck: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

fn explain(what: &str, path: Option<std::path::PathBuf>) -> anyhow::Result<u8> {
    let (forced, name) = match what.split_once(':') {
        Some(("rule", name)) => (Some("rule"), name),
        Some(("object", name)) => (Some("object"), name),
        Some(("file", name)) => (Some("file"), name),
        _ => (None, what),
    };
    if forced != Some("object")
        && let Some(rule) = migcheck::rule(name)
    {
        return print(rule.page);
    }
    let known: Vec<&str> = migcheck::RULES.iter().map(|rule| rule.name).collect();
    if forced == Some("rule") {
        anyhow::bail!(migcheck::unknown_name("rule", name, &known));
    }
    // What is there as a file is a migration.
    let file = std::path::Path::new(name);
    if forced == Some("file") || (forced.is_none() && file.is_file()) {
        let options = migcheck::Options::default();
        let walk = migcheck::explain_migration(&options, &|name| std::env::var_os(name), file)?;
        return print(&migcheck::walk_to_text(&walk));
    }
    let options = migcheck::Options {
        paths: path.into_iter().collect(),
        ..migcheck::Options::default()
    };
    match migcheck::explain_object(&options, &|name| std::env::var_os(name), name) {
        Ok(explained) => print(&migcheck::explained_to_text(&explained)),
        // A misspelt rule is no object either.
        Err(error) => {
            let rule = migcheck::unknown_name("rule", name, &known);
            if forced.is_none() && rule.contains("did you mean") {
                anyhow::bail!(rule);
            }
            anyhow::bail!("{rule}; as an object: {error}")
        }
    }
}

fn rules() -> anyhow::Result<u8> {
    let width = migcheck::RULES
        .iter()
        .map(|rule| rule.name.len())
        .max()
        .unwrap_or(0);
    let lines: String = migcheck::RULES
        .iter()
        .map(|rule| {
            // The page's second line says in a sentence what happened.
            let summary = rule.page.lines().nth(2).unwrap_or("");
            format!(
                "{:width$}  {:7}  {summary}\n",
                rule.name,
                rule.class.as_str()
            )
        })
        .collect();
    print(&lines)
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
/// hold names from the repository.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{}", migcheck::printable(line));
}
