//! `migcheck matrix`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::{matrix_to_json, matrix_to_markdown, matrix_to_text, release_matrix};

use super::progress::while_shown;
use super::project::{ProjectArguments, ReleaseArguments, environment};

/// The arguments of `matrix`.
#[derive(Debug, Args)]
pub(super) struct MatrixArguments {
    /// A repository or a folder.
    path: Option<PathBuf>,
    /// How the matrix is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    releases: ReleaseArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Prints the matrix; the exit code.
pub(super) fn run(arguments: &MatrixArguments) -> anyhow::Result<u8> {
    let options = arguments.project.options(arguments.path.clone());
    let options = arguments.releases.on(options);
    let report = while_shown(&options, |options| release_matrix(options, &environment))?;
    for it in &report.left_out {
        let line = format!("migcheck: {} is not judged: {}", it.folder, it.reason);
        super::say(&line);
    }
    super::print(&match arguments.format {
        Format::Text => matrix_to_text(&report, super::terminal::width()),
        Format::Markdown => matrix_to_markdown(&report),
        Format::Json => matrix_to_json(&report),
    })
}
