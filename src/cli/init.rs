//! `migcheck init`.

use std::path::{Path, PathBuf};

use clap::Args;
use migcheck::discover::{CONFIG_FILE_NAME, locate};
use migcheck::{
    DeployMode, Dialect, Layout, Options, ServerVersion, starter, starter_config, starter_lines,
};

use super::file::{self, Kind};
use super::project::named;

/// The arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// A repository or a folder: which project, where there are several.
    path: Option<PathBuf>,

    /// Write a git pre-commit hook instead, which runs `migcheck check --staged`.
    #[arg(long, conflicts_with_all = ["dialect", "server_version", "layout", "deploy"])]
    hook: bool,
    /// The family of servers: postgres, mysql, mariadb, sqlite.
    #[arg(long, value_parser = named::<Dialect>)]
    dialect: Option<Dialect>,
    /// The server's version, such as 16.
    #[arg(long, value_name = "VERSION")]
    server_version: Option<ServerVersion>,
    /// The migration tool, such as flyway; any other word lists them all.
    #[arg(long, value_parser = named::<Layout>)]
    layout: Option<Layout>,
    /// How the project deploys: migrate-first, code-first, phased, concurrent, offline.
    #[arg(long, value_name = "MODE", value_parser = named::<DeployMode>)]
    deploy: Option<DeployMode>,
}

/// What the hook runs, and what to add to another one.
const COMMAND: &str = "migcheck check --staged";

/// A hook of git is run in the top folder of the work tree, with the index of the commit.
const HOOK: &str = r#"#!/bin/sh
# Written by `migcheck init --hook`: judges the staged migrations, with what else the branch brings,
# against its target branch. `git commit --no-verify` goes without it.
PATH="$PATH:$HOME/.cargo/bin"
if ! command -v migcheck >/dev/null 2>&1; then
    echo "migcheck: the program is not in PATH, so nothing was checked and nothing is committed; install it, or commit with --no-verify" >&2
    exit 2
fi
exec migcheck check --staged
"#;

/// Writes the file; the exit code.
pub(super) fn run(arguments: &InitArguments) -> anyhow::Result<u8> {
    match arguments.hook {
        true => hook(arguments.path.as_deref()),
        false => config(arguments),
    }
}

fn config(arguments: &InitArguments) -> anyhow::Result<u8> {
    let options = Options {
        paths: arguments.path.iter().cloned().collect(),
        dialect: arguments.dialect,
        server_version: arguments.server_version,
        layout: arguments.layout,
        deploy: arguments.deploy,
        ..Options::default()
    };
    let target = locate(&options.paths)?;
    let found = starter(&options)?;
    let root = match (&target.repository, &options.paths.first()) {
        (Some(repository), _) => repository.root().to_owned(),
        (None, Some(path)) => path.to_path_buf(),
        (None, None) => PathBuf::new(),
    };
    let path = root.join(&found.folder).join(CONFIG_FILE_NAME);
    let shown = file::from_here(&path);
    if !file::create(&path, &starter_config(&found), Kind::Text)? {
        anyhow::bail!("{shown} is there already; nothing is written");
    }
    let mut text = format!("wrote {}\n", migcheck::printable(&shown));
    for line in starter_lines(&found) {
        text.push_str(&line);
        text.push('\n');
    }
    let place = match &arguments.path {
        Some(path) => format!(" {}", migcheck::printable(&path.display().to_string())),
        None => String::new(),
    };
    text.push_str(&match (&target.repository, found.project.dialect) {
        (Some(_), Dialect::Postgres) => format!(
            "next: migcheck check{place}, or migcheck check{place} --all to judge what is there already\n\
             then: migcheck init --hook, so that each commit is judged\n"
        ),
        (None, Dialect::Postgres) => format!(
            "next: migcheck check{place} --all, or --since VERSION (there is no git repository here)\n"
        ),
        (_, dialect) => format!(
            "{} is read but not judged yet: migcheck schema{place} shows what was read\n",
            migcheck::Named::name(dialect)
        ),
    });
    super::print(&text)
}

fn hook(path: Option<&Path>) -> anyhow::Result<u8> {
    let paths: Vec<PathBuf> = path.iter().map(|it| it.to_path_buf()).collect();
    let Some(repository) = locate(&paths)?.repository else {
        anyhow::bail!("this is not a git repository, so there are no hooks; git init makes one");
    };
    let path = repository.hook("pre-commit")?;
    let shown = file::from_here(&path);
    if let Some(other) = file::existing(&path)? {
        if other.contains(COMMAND) {
            return super::print(&format!(
                "{} runs migcheck already; nothing is written\n",
                migcheck::printable(&shown)
            ));
        }
        let add = match other.contains("pre-commit.com") {
            true => {
                "it is that of pre-commit: add the hook `migcheck` to .pre-commit-config.yaml, \
                     as the README shows"
                    .to_owned()
            }
            false => format!("add this line to it: {COMMAND} || exit 1"),
        };
        anyhow::bail!("{shown} is another hook and stays as it is; {add}");
    }
    if repository.is_shared(&path)? {
        anyhow::bail!(
            "core.hooksPath leads to {shown}, which other repositories may use too; nothing is \
             written: add a hook there that runs `{COMMAND}` where it should"
        );
    }
    if !file::create(&path, HOOK, Kind::Program)? {
        anyhow::bail!("{shown} is there already; nothing is written");
    }
    super::print(&format!(
        "wrote {}: each commit is judged by `{COMMAND}`\ntry it: {COMMAND}\n",
        migcheck::printable(&file::from_here(&path))
    ))
}
