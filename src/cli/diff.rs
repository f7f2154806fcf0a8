//! `migcheck diff`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use migcheck::{New, diff_to_json, diff_to_text, diff_versions};

use super::project::{ProjectArguments, environment, variable};

/// The arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// Two versions, or A..B, and a repository or folder. A version is that of a migration or its
    /// file's name, `head`, `base`, `empty`, `REV:VERSION`, `REV:` or a revision [default: base to
    /// head; with one version, from it to head].
    #[arg(value_name = "A B [PATH]", num_args = 0..=3)]
    what: Vec<String>,
    /// What `base` means: a revision or branch [default: the merge base with the target branch].
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// How the changes are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Prints what changed; the exit code.
pub(super) fn run(arguments: &DiffArguments) -> anyhow::Result<u8> {
    let (from, to, path) = ends(&arguments.what)?;
    let mut options = arguments.project.options(path);
    if let Some(revision) = arguments.base.clone().or_else(|| variable("MIGCHECK_BASE")) {
        options.new = New::SinceRevision(revision);
    }
    let diff = diff_versions(&options, &environment, &from, &to)?;
    super::print(&match arguments.format {
        Format::Text => diff_to_text(&diff, super::terminal::width()),
        Format::Json => diff_to_json(&diff),
    })
}

/// The two versions and the folder.
fn ends(what: &[String]) -> anyhow::Result<(String, String, Option<PathBuf>)> {
    let (path, versions) = match what.split_last() {
        // The last one is a folder where it is there and two versions are named without it.
        Some((last, rest)) if Path::new(last).is_dir() => (Some(PathBuf::from(last)), rest),
        _ => (None, what),
    };
    let or = |text: &str, other: &str| match text {
        "" => other.to_owned(),
        text => text.to_owned(),
    };
    let (from, to) = match versions {
        [] => ("base".to_owned(), "head".to_owned()),
        [range] if range.contains("..") => {
            let (from, to) = range.split_once("..").unwrap_or((range, ""));
            (or(from, "base"), or(to, "head"))
        }
        [from] => (from.clone(), "head".to_owned()),
        [from, to] => (from.clone(), to.clone()),
        [_, _, third, ..] => anyhow::bail!("`{third}` is not a folder"),
    };
    Ok((from, to, path))
}
