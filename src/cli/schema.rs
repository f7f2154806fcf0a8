//! `migcheck schema`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::{New, schema_at, schema_to_json, schema_to_sql};

use super::project::{ProjectArguments, environment, variable};

/// The arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// The version after which the schema is printed: a version or a migration's file name, `head`,
    /// `base`, `empty`, `REV:VERSION`, `REV:` or a revision [default: head]. A folder that is there
    /// is taken for the project.
    version: Option<String>,
    /// A repository or a folder.
    path: Option<PathBuf>,

    /// The schema of this git revision, whose own migrations are replayed.
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// What `base` means: a revision or branch [default: the merge base with the target branch].
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// How the schema is printed.
    #[arg(long, value_enum, default_value_t = Format::Sql)]
    format: Format,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Sql,
    Json,
}

/// Prints the replayed schema; the exit code.
pub(super) fn run(arguments: &SchemaArguments) -> anyhow::Result<u8> {
    // `migcheck schema db` names a folder, `migcheck schema 3 db` a version in it.
    let (version, path) = match (&arguments.version, &arguments.path) {
        (Some(first), None) if std::path::Path::new(first).is_dir() => {
            (None, Some(PathBuf::from(first)))
        }
        (version, path) => (version.clone(), path.clone()),
    };
    let point = match (&arguments.at, version) {
        (Some(revision), version) => Some(format!("{revision}:{}", version.unwrap_or_default())),
        (None, version) => version,
    };
    let mut options = arguments.project.options(path);
    if let Some(revision) = arguments.base.clone().or_else(|| variable("MIGCHECK_BASE")) {
        options.new = New::SinceRevision(revision);
    }
    let found = schema_at(&options, &environment, point.as_deref())?;
    let (at, catalog) = (&found.point, &found.catalog);
    super::print(&match arguments.format {
        Format::Sql => {
            let of = match &at.revision {
                Some(revision) => format!(" at revision {revision}"),
                None => String::new(),
            };
            let mut text = match &at.version {
                Some(version) => {
                    let version = migcheck::printable(version);
                    format!("-- the schema after version {version}{of}\n")
                }
                None => format!("-- the schema without migrations{of}\n"),
            };
            if at.not_understood > 0 {
                text.push_str(&format!(
                    "-- statements before it that were not understood, and may have changed more: \
                     {}\n",
                    at.not_understood
                ));
            }
            text.push_str(&schema_to_sql(catalog));
            text
        }
        Format::Json => schema_to_json(catalog, at.version.as_deref(), at.not_understood),
    })
}
