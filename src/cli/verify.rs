//! `migcheck verify`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use migcheck::findings::Severity;
use migcheck::live::{Lack, VerifyOptions};
use migcheck::{
    Contract, ReleaseContract, Telling, release_contract, verification_line, verification_to_json,
    verification_to_text,
};

use super::connection::ConnectionArguments;
use super::project::{ProjectArguments, variable};

/// What the exit code means, below the help.
const EXIT_CODES: &str = "Exit codes: 0 the release can run there, 1 it cannot, 2 the database could \
                          not be asked. Nothing is written there: one transaction reads the catalog \
                          and the table of the migration tool.";

/// Above the arguments that say how a release is read.
const WITHOUT_FILE: &str = "Without a contract file";

/// The arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct VerifyArguments {
    /// The repository or folder of the release, where there is no contract file.
    path: Option<PathBuf>,

    /// The contract of the release, as `migcheck contract` writes it [env: MIGCHECK_CONTRACT]
    /// [default: drawn from the repository at hand].
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    contract: Option<PathBuf>,
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Whose privileges count [default: those of the contract's role, or of the connection].
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// Fail also where the database differs without hurting the release.
    #[arg(long)]
    strict: bool,
    /// Files that hold the code's queries.
    #[arg(long, value_name = "GLOB", help_heading = WITHOUT_FILE)]
    queries: Vec<String>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Say nothing where the database fits.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Say also what differs and hurts nobody, what is not known, and every query.
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten, next_help_heading = WITHOUT_FILE)]
    project: ProjectArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// What the database is asked for.
enum Needs {
    File(Box<Contract>),
    Release(Box<ReleaseContract>),
}

impl Needs {
    fn contract(&self) -> &Contract {
        match self {
            Needs::File(contract) => contract,
            Needs::Release(release) => &release.contract,
        }
    }
}

/// Asks the database; the exit code.
pub(super) fn run(arguments: &VerifyArguments) -> anyhow::Result<u8> {
    let needs = needs(arguments)?;
    let contract = needs.contract();
    let mut server = arguments.connection.connect()?;
    let options = VerifyOptions {
        role: arguments.role.clone(),
        // The connection has a limit already.
        statement_timeout: None,
    };
    let mut found = contract.verify(server.as_mut(), &options)?;
    if let Needs::Release(release) = &needs {
        found.drift = release.drift(server.as_mut(), &found)?;
    }
    let counts = |it: &Lack| it.severity > Severity::Note;
    let differs = found.lacks.iter().any(counts) || !found.drift.is_empty();
    let fits = found.fits() && !(arguments.strict && differs);
    if !arguments.quiet {
        let at = arguments.connection.place()?;
        super::say(&verification_line(contract, &found, &at));
    }
    let telling = match arguments.verbose || (arguments.strict && !fits) {
        true => Telling::Everything,
        false => Telling::Briefly,
    };
    let text = match arguments.format {
        Format::Json => verification_to_json(contract, &found),
        Format::Text if arguments.quiet && fits => String::new(),
        Format::Text => verification_to_text(contract, &found, telling, super::terminal::width()),
    };
    super::print(&text)?;
    if found.fits() && !fits {
        super::say("migcheck: the release can run there, but --strict allows no difference");
    }
    Ok(match fits {
        true => super::CLEAN,
        false => super::FINDINGS,
    })
}

/// The contract that is named, or that of the release at hand.
fn needs(arguments: &VerifyArguments) -> anyhow::Result<Needs> {
    let named = arguments.contract.clone();
    let named = named.or_else(|| {
        let said = variable("MIGCHECK_CONTRACT").map(PathBuf::from);
        said.filter(|_| arguments.path.is_none())
    });
    if let Some(path) = named {
        let text = super::file::read(&path).context("no contract")?;
        let contract = Contract::parse(&text)
            .with_context(|| format!("{} is no contract that can be read", path.display()))?;
        return Ok(Needs::File(Box::new(contract)));
    }
    let options = migcheck::Options {
        queries: arguments.queries.clone(),
        ..arguments.project.options(arguments.path.clone())
    };
    let drawn = release_contract(&options, None);
    let drawn = match &arguments.path {
        Some(_) => drawn?,
        None => drawn.context(
            "no contract is named (--contract FILE or MIGCHECK_CONTRACT), and none can be drawn here",
        )?,
    };
    Ok(Needs::Release(Box::new(drawn)))
}
