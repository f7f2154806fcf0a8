//! `migcheck stats`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use migcheck::live::{STATISTICS_QUERY, Statistics, read_statistics};

use super::connection::ConnectionArguments;
use super::file;

/// The arguments of `stats`.
#[derive(Debug, Args)]
pub(super) struct StatsArguments {
    /// Print the query that is asked, for somebody else to run, and ask nothing: its rows, as
    /// `psql -At -f` prints them, are read by --from.
    #[arg(long, conflicts_with_all = ["from", "output", "database_url"])]
    print_query: bool,
    /// Take the rows that the query printed elsewhere from this file, one JSON object on each line;
    /// `-` is the standard input.
    #[arg(long, value_name = "FILE|-", conflicts_with = "database_url")]
    from: Option<PathBuf>,
    /// Write to this file, instead of the standard output; `migcheck-stats.toml` in the project's
    /// root is its usual place.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say nothing beside errors.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// Writes the statistics; the exit code.
pub(super) fn run(arguments: &StatsArguments) -> anyhow::Result<u8> {
    if arguments.print_query {
        return super::print(STATISTICS_QUERY);
    }
    let statistics = match &arguments.from {
        Some(path) => {
            let text = file::read(path)?;
            let shown = || format!("cannot read the rows in {}", path.display());
            Statistics::from_rows(text.lines()).with_context(shown)?
        }
        None => read_statistics(&mut *arguments.connection.connect()?)?,
    };
    if !arguments.quiet {
        super::say(&line(&statistics));
    }
    file::write(arguments.output.as_deref(), &statistics.to_toml())
}

/// What was found, in one line.
fn line(statistics: &Statistics) -> String {
    let count = statistics.tables.len();
    let tables = if count == 1 { "table" } else { "tables" };
    let since = match &statistics.counted_since {
        Some(day) => format!("activity counted since {day}"),
        None => "since when activity is counted is not known, so it is left out".to_owned(),
    };
    format!("migcheck: {count} {tables}, {since}")
}
