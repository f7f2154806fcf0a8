//! Migration tools: by what each is recognised, and how each reads its folder.
//!
//! A tool is one file here: a [`Tool`] with its [`Signs`], its order and its markers, and one line
//! in [`tool`]. Tools that are recognised but not read yet are rows in [`foreign`]; such a folder
//! is refused rather than read as something else.

mod foreign;
mod golang_migrate;
mod plain;
mod sqlx;

use std::collections::BTreeMap;

use crate::discover::ground::Ground;
use crate::discover::text::{Mark, MigrationText};
use crate::discover::{Migration, TransactionScope, Unit};
use crate::error::Result;
use crate::sql::Dialect;

pub(super) use foreign::{CODE, FOREIGN};

/// A migration tool, or a way to lay out a folder of migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// sqlx (Rust).
    Sqlx,
    /// golang-migrate.
    GolangMigrate,
    /// Numbered files in one folder, run by whatever.
    Plain,
}

impl Layout {
    /// All of them.
    pub const ALL: &'static [Layout] = &[Layout::Sqlx, Layout::GolangMigrate, Layout::Plain];

    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Layout::Sqlx => "sqlx",
            Layout::GolangMigrate => "golang-migrate",
            Layout::Plain => "plain",
        }
    }
}

/// The reader of a layout.
pub(super) fn tool(layout: Layout) -> &'static dyn Tool {
    match layout {
        Layout::Sqlx => &sqlx::Sqlx,
        Layout::GolangMigrate => &golang_migrate::GolangMigrate,
        Layout::Plain => &plain::Plain,
    }
}

/// One migration tool.
pub(super) trait Tool: Sync {
    /// By what it is recognised.
    fn signs(&self) -> &'static Signs;

    /// The migrations folder that the tool's own configuration names, and that file.
    fn configured_folder(&self, _ground: &Ground<'_>) -> Result<Option<(String, String)>> {
        Ok(None)
    }

    /// The migrations of a folder in the order in which the tool runs them.
    ///
    /// # Errors
    ///
    /// [`Error::Layout`](crate::error::Error::Layout) where the tool itself would refuse.
    fn read(&self, folder: &Folder<'_>) -> Result<Reading>;
}

/// By what a tool is recognised.
pub(super) struct Signs {
    /// Its name for people.
    pub(super) name: &'static str,
    /// Files that only this tool has.
    pub(super) own_files: &'static [OwnFile],
    /// What its users write into their build files: the file's name and a word in it.
    pub(super) dependencies: &'static [(&'static str, &'static str)],
    /// Lines at the top of its migrations.
    pub(super) markers: &'static [Marker],
    /// Whether the tool would take this file for a migration, from the path below the folder.
    pub(super) fits: fn(&str) -> bool,
    /// Whether `fits` is so wide that it makes no folder a migrations folder.
    pub(super) fits_anything: bool,
    /// Whether the path alone says that it is this tool, or one of its family.
    pub(super) is_distinctive: fn(&str) -> bool,
}

/// A file that only one tool has. A name that ends in a slash is a folder.
pub(super) enum OwnFile {
    /// In the migrations folder.
    Inside(&'static str),
    /// Beside the migrations folder or above it.
    Above(&'static str),
}

/// How a line of a migration begins, without regard to case.
pub(super) enum Marker {
    /// Every migration of the tool has it.
    Always(&'static str),
    /// Some have it.
    Sometimes(&'static str),
}

/// The folder to be read.
pub(super) struct Folder<'a> {
    /// Its path from the tree's root.
    pub(super) path: &'a str,
    /// Every file in it and below, from the folder: sorted by bytes.
    pub(super) files: &'a [String],
    /// The texts of those that could be migrations.
    pub(super) texts: &'a BTreeMap<String, (MigrationText, Mark)>,
    /// The family of servers, for tools that differ by it.
    pub(super) dialect: Dialect,
    /// What the configuration says in place of the tool's own way.
    pub(super) transaction: Option<TransactionScope>,
    /// The same for the unit.
    pub(super) unit: Option<Unit>,
}

impl Folder<'_> {
    /// The files of the folder itself, and not of folders in it.
    fn direct_files(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .map(String::as_str)
            .filter(|name| !name.contains('/'))
    }

    /// The path of a file from the tree's root.
    fn path_of(&self, name: &str) -> String {
        crate::discover::tree::join(self.path, name)
    }

    /// The text of a file of the folder, and whether a byte-order mark came before it.
    fn text(&self, name: &str) -> (MigrationText, Mark) {
        self.texts.get(name).cloned().unwrap_or_else(|| {
            let contents = crate::discover::text::Contents::Missing;
            crate::discover::text::decode(&self.path_of(name), contents)
        })
    }

    /// Notices about `.sql` files that are no migrations: those of the folder itself that
    /// `is_migration` does not claim, and how many lie in folders below.
    fn notices_of_ignored(&self, is_migration: impl Fn(&str) -> bool, why: &str) -> Vec<String> {
        let mut notices = Vec::new();
        let mut below: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.files.iter().filter(|name| has_extension(name, "sql")) {
            match name.split_once('/') {
                Some((folder, _)) => *below.entry(folder).or_default() += 1,
                None if is_migration(name) => {}
                None => notices.push(format!(
                    "`{}` is not a migration: {why}",
                    self.path_of(name)
                )),
            }
        }
        notices.extend(below.into_iter().map(|(folder, count)| {
            let files = if count == 1 { "file" } else { "files" };
            format!(
                "`{}/` is not read ({count} .sql {files}): only the folder itself is",
                self.path_of(folder)
            )
        }));
        notices
    }
}

/// What a tool makes of a folder.
pub(super) struct Reading {
    /// In the order in which the tool runs them.
    pub(super) migrations: Vec<Migration>,
    /// What is odd but readable.
    pub(super) notices: Vec<String>,
}

/// Which half of a migration a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Direction {
    Up,
    Down,
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
}

/// The digits that `name` begins with, and the rest.
fn leading_digits(name: &str) -> Option<(&str, &str)> {
    let end = name
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(name.len());
    (end > 0).then(|| name.split_at(end))
}

/// Two files that claim the same place.
fn same_version(tool: &str, version: &str, one: &str, other: &str) -> crate::error::Error {
    crate::error::Error::Layout(format!(
        "`{one}` and `{other}` are both version {version}; {tool} runs only one of them"
    ))
}
