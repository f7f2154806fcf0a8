//! `migcheck schema`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::{
    Dialect, Layout, Named, Options, ServerVersion, replay_project, schema_to_json, schema_to_sql,
};

/// The arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// The version after which the schema is printed: a version or a migration's file name
    /// [default: the last]. A path that is there is taken for the project.
    version: Option<String>,
    /// A repository or a folder.
    path: Option<PathBuf>,

    /// How the schema is printed.
    #[arg(long, value_enum, default_value_t = Format::Sql)]
    format: Format,
    /// The family of servers: postgres, mysql, mariadb, sqlite.
    #[arg(long, value_parser = named::<Dialect>)]
    dialect: Option<Dialect>,
    /// The server's version, such as 16.
    #[arg(long, value_name = "VERSION")]
    server_version: Option<ServerVersion>,
    /// The migration tool, as the README lists them.
    #[arg(long, value_parser = named::<Layout>)]
    layout: Option<Layout>,
    /// The configuration file, instead of the migcheck.toml found.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long, conflicts_with = "config")]
    isolated: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Sql,
    Json,
}

fn named<T: Named>(text: &str) -> Result<T, String> {
    T::from_name(text, "value")
}

/// Prints the replayed schema; the exit code.
pub(super) fn run(arguments: &SchemaArguments) -> anyhow::Result<u8> {
    // `migcheck schema db` names a folder, `migcheck schema 3 db` a version in it.
    let (version, path) = match (&arguments.version, &arguments.path) {
        (Some(first), None) if std::path::Path::new(first).is_dir() => {
            (None, Some(PathBuf::from(first)))
        }
        (version, path) => (version.as_deref(), path.clone()),
    };
    let options = Options {
        paths: path.into_iter().collect(),
        dialect: arguments.dialect,
        server_version: arguments.server_version,
        layout: arguments.layout,
        config: arguments.config.clone(),
        isolated: arguments.isolated,
        ..Options::default()
    };
    let replayed = replay_project(&options)?;
    let (migration, catalog) = replayed.at(version)?;
    let not_understood = replayed.not_understood_until(migration);
    let version = migration.map(|it| it.version.as_str());
    super::print(&match arguments.format {
        Format::Sql => {
            let mut text = match version {
                Some(version) => format!("-- the schema after version {version}\n"),
                None => "-- the schema without migrations\n".to_owned(),
            };
            if not_understood > 0 {
                text.push_str(&format!(
                    "-- statements before it that were not understood, and may have changed more: \
                     {not_understood}\n"
                ));
            }
            text.push_str(&schema_to_sql(catalog));
            text
        }
        Format::Json => schema_to_json(catalog, version, not_understood),
    })
}
