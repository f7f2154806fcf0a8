//! `migcheck graph`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::{
    Verbosity, graph_to_dot, graph_to_json, graph_to_mermaid, graph_to_svg, graph_to_text,
    version_graph,
};

use super::progress::while_shown;
use super::project::{ProjectArguments, ReleaseArguments, environment};

/// The arguments of `graph`.
#[derive(Debug, Args)]
pub(super) struct GraphArguments {
    /// A repository or a folder.
    path: Option<PathBuf>,
    /// How the graph is drawn.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Draw every version, also where many old ones follow one another.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    releases: ReleaseArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Dot,
    Mermaid,
    Svg,
    Json,
}

/// Draws the graph; the exit code.
pub(super) fn run(arguments: &GraphArguments) -> anyhow::Result<u8> {
    let options = arguments.project.options(arguments.path.clone());
    let options = arguments.releases.on(options);
    let report = while_shown(&options, |options| version_graph(options, &environment))?;
    for it in &report.left_out {
        let line = format!("migcheck: {} is not drawn: {}", it.folder, it.reason);
        super::say(&line);
    }
    for notice in &report.notices {
        super::say(&format!("migcheck: {notice}"));
    }
    let verbosity = match arguments.verbose {
        true => Verbosity::Verbose,
        false => Verbosity::Normal,
    };
    super::print(&match arguments.format {
        Format::Text => graph_to_text(&report, super::terminal::width(), verbosity),
        Format::Dot => graph_to_dot(&report, verbosity),
        Format::Mermaid => graph_to_mermaid(&report, verbosity),
        Format::Svg => graph_to_svg(&report, verbosity),
        Format::Json => graph_to_json(&report),
    })
}
