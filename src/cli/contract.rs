//! `migcheck contract`.

use std::path::PathBuf;

use clap::Args;
use migcheck::{contract_line, release_contract};

use super::progress::while_shown;
use super::project::ProjectArguments;

/// The arguments of `contract`.
#[derive(Debug, Args)]
pub(super) struct ContractArguments {
    /// A repository or a folder.
    path: Option<PathBuf>,

    /// The contract of this git revision, from its own migrations and sources.
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Files that hold the code's queries.
    #[arg(long, value_name = "GLOB")]
    queries: Vec<String>,
    /// Write it to this file, instead of the standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say nothing beside errors.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

/// Writes the contract; the exit code.
pub(super) fn run(arguments: &ContractArguments) -> anyhow::Result<u8> {
    let options = migcheck::Options {
        queries: arguments.queries.clone(),
        ..arguments.project.options(arguments.path.clone())
    };
    let at = arguments.at.as_deref();
    let drawn = while_shown(&options, |options| release_contract(options, at))?;
    if !arguments.quiet {
        let folder = &drawn.replayed.project.folder;
        super::say(&contract_line(&drawn.contract, folder, &drawn.sources));
    }
    super::file::write(arguments.output.as_deref(), &drawn.contract.to_text())
}
