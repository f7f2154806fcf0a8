//! `migcheck rules`.

use clap::{Args, ValueEnum};
use migcheck::{rules_to_json, rules_to_text};

/// The arguments of `rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArguments {
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Lists the rules; the exit code.
pub(super) fn run(arguments: &RulesArguments) -> anyhow::Result<u8> {
    super::print(&match arguments.format {
        Format::Text => rules_to_text(super::terminal::known_width()),
        Format::Json => rules_to_json(),
    })
}
