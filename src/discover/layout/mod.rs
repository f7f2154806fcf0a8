//! Migration tools: by what each is recognised, and how each reads its folder.
//!
//! A tool is one file here: a [`Tool`] with its [`Signs`], its order and its markers, and one line
//! in [`tool`]. Frameworks whose migrations are code are rows in [`code`].

mod applied;
mod atlas;
mod code;
mod custom;
mod db_migrate;
mod dbmate;
mod diesel;
mod drizzle;
mod evolve;
mod flyway;
mod golang_migrate;
mod goose;
mod graphile;
mod hasura;
mod history;
mod line_cut;
mod liquibase;
mod mybatis;
mod node_pg_migrate;
mod pgmigrate;
mod placeholder;
mod plain;
mod pop;
mod prisma;
mod refinery;
mod sqitch;
mod sql_migrate;
mod sqlx;
mod supabase;
mod template;
mod tern;
mod yoyo;

use std::collections::BTreeMap;

use crate::discover::config::Config;
use crate::discover::ground::Ground;
use crate::discover::oddity::{Consequence, Ignored, Oddity, OddityKind};
use crate::discover::part::{Builder, Part};
use crate::discover::text::{Mark, MigrationText};
use crate::discover::{Late, Migration, Phase, ServerVersion, TransactionScope, Unit};
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

pub use applied::{Edit, Edited, Reaction};
pub(super) use code::CODE;
pub(super) use custom::{CustomLayout, CustomOrder};
pub(super) use flyway::is_flyway;
pub(super) use history::HistorySettings;
pub use history::{HistorySource, HistoryTable, KnownMigration, Reach, TableName, known};

/// A migration tool, or a way to lay out a folder of migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// sqlx (Rust).
    Sqlx,
    /// golang-migrate.
    GolangMigrate,
    /// Flyway.
    Flyway,
    /// goose.
    Goose,
    /// Diesel (Rust).
    Diesel,
    /// Prisma Migrate.
    Prisma,
    /// dbmate.
    Dbmate,
    /// Drizzle, with a journal or a folder per migration.
    Drizzle,
    /// refinery (Rust).
    Refinery,
    /// The Supabase command line.
    Supabase,
    /// sql-migrate.
    SqlMigrate,
    /// tern.
    Tern,
    /// Atlas.
    Atlas,
    /// Graphile Migrate.
    Graphile,
    /// node-pg-migrate, its SQL files.
    NodePgMigrate,
    /// Hasura.
    Hasura,
    /// MyBatis Migrations.
    Mybatis,
    /// yoyo.
    Yoyo,
    /// Sqitch.
    Sqitch,
    /// Liquibase, as far as its changelogs are SQL.
    Liquibase,
    /// yandex-pgmigrate.
    Pgmigrate,
    /// Evolve.
    Evolve,
    /// db-migrate, its SQL files.
    DbMigrate,
    /// pop, its SQL files.
    Pop,
    /// As the configuration describes it.
    Custom,
    /// Numbered files in one folder, run by whatever.
    Plain,
}

impl Layout {
    /// All of them.
    pub const ALL: &'static [Layout] = &[
        Layout::Sqlx,
        Layout::GolangMigrate,
        Layout::Flyway,
        Layout::Goose,
        Layout::Diesel,
        Layout::Prisma,
        Layout::Dbmate,
        Layout::Drizzle,
        Layout::Refinery,
        Layout::Supabase,
        Layout::SqlMigrate,
        Layout::Tern,
        Layout::Atlas,
        Layout::Graphile,
        Layout::NodePgMigrate,
        Layout::Hasura,
        Layout::Mybatis,
        Layout::Yoyo,
        Layout::Sqitch,
        Layout::Liquibase,
        Layout::Pgmigrate,
        Layout::Evolve,
        Layout::DbMigrate,
        Layout::Pop,
        Layout::Custom,
        Layout::Plain,
    ];

    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Layout::Sqlx => "sqlx",
            Layout::GolangMigrate => "golang-migrate",
            Layout::Flyway => "flyway",
            Layout::Goose => "goose",
            Layout::Diesel => "diesel",
            Layout::Prisma => "prisma",
            Layout::Dbmate => "dbmate",
            Layout::Drizzle => "drizzle",
            Layout::Refinery => "refinery",
            Layout::Supabase => "supabase",
            Layout::SqlMigrate => "sql-migrate",
            Layout::Tern => "tern",
            Layout::Atlas => "atlas",
            Layout::Graphile => "graphile-migrate",
            Layout::NodePgMigrate => "node-pg-migrate",
            Layout::Hasura => "hasura",
            Layout::Mybatis => "mybatis",
            Layout::Yoyo => "yoyo",
            Layout::Sqitch => "sqitch",
            Layout::Liquibase => "liquibase",
            Layout::Pgmigrate => "pgmigrate",
            Layout::Evolve => "evolve",
            Layout::DbMigrate => "db-migrate",
            Layout::Pop => "pop",
            Layout::Custom => "custom",
            Layout::Plain => "plain",
        }
    }

    /// The tool's name for people.
    pub fn tool_name(self) -> &'static str {
        tool(self).signs().name
    }

    /// How the tool is told to open no transaction around a migration: what to do, for people.
    pub fn opt_out(self, dialect: Dialect) -> &'static str {
        tool(self).opt_out(dialect)
    }
}

/// The reader of a layout.
pub(super) fn tool(layout: Layout) -> &'static dyn Tool {
    match layout {
        Layout::Sqlx => &sqlx::Sqlx,
        Layout::GolangMigrate => &golang_migrate::GolangMigrate,
        Layout::Flyway => &flyway::Flyway,
        Layout::Goose => &goose::Goose,
        Layout::Diesel => &diesel::Diesel,
        Layout::Prisma => &prisma::Prisma,
        Layout::Dbmate => &dbmate::Dbmate,
        Layout::Drizzle => &drizzle::Drizzle,
        Layout::Refinery => &refinery::Refinery,
        Layout::Supabase => &supabase::Supabase,
        Layout::SqlMigrate => &sql_migrate::SqlMigrate,
        Layout::Tern => &tern::Tern,
        Layout::Atlas => &atlas::Atlas,
        Layout::Graphile => &graphile::Graphile,
        Layout::NodePgMigrate => &node_pg_migrate::NodePgMigrate,
        Layout::Hasura => &hasura::Hasura,
        Layout::Mybatis => &mybatis::Mybatis,
        Layout::Yoyo => &yoyo::Yoyo,
        Layout::Sqitch => &sqitch::Sqitch,
        Layout::Liquibase => &liquibase::Liquibase,
        Layout::Pgmigrate => &pgmigrate::Pgmigrate,
        Layout::Evolve => &evolve::Evolve,
        Layout::DbMigrate => &db_migrate::DbMigrate,
        Layout::Pop => &pop::Pop,
        Layout::Custom => &custom::Custom,
        Layout::Plain => &plain::Plain,
    }
}

/// One migration tool.
pub(super) trait Tool: Sync {
    /// By what it is recognised.
    fn signs(&self) -> &'static Signs;

    /// The migrations folders that the tool's own files name, each with that file.
    fn configured_folders(&self, _ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        Ok(Vec::new())
    }

    /// The migrations of a folder in the order in which the tool runs them.
    ///
    /// # Errors
    ///
    /// [`Error::Cycle`](crate::error::Error::Cycle) for migrations that wait for each other, and
    /// whatever reading the tree gives. What the tool itself would refuse is an [`Oddity`].
    fn read(&self, folder: &Folder<'_>) -> Result<Reading>;

    /// The family of servers, where the tool knows only one.
    fn only_dialect(&self) -> Option<Dialect> {
        None
    }

    /// How the tool is told to open no transaction, for people.
    fn opt_out(&self, dialect: Dialect) -> &'static str;
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
    /// Of a folder that has to have this name itself; both from the same place.
    Exactly {
        /// The file.
        file: &'static str,
        /// The folder.
        folder: &'static str,
    },
    /// Beside the migrations folder or above it.
    Above(&'static str),
    /// The same, of this name (or this ending, behind a `*`) and with this word in it.
    AboveWith(&'static str, &'static str),
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
    /// The server's version, where it is known.
    pub(super) server_version: Option<ServerVersion>,
    /// The configuration.
    pub(super) config: &'a Config,
    /// The files around.
    pub(super) ground: &'a Ground<'a>,
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
            let path = self.path_of(name);
            let found = self.ground.migration_texts(std::slice::from_ref(&path));
            found.ok().and_then(|mut it| it.pop()).unwrap_or_else(|| {
                let contents = crate::discover::text::Contents::Missing;
                crate::discover::text::decode(&path, contents)
            })
        })
    }

    /// A migration in a file of its own, sent whole or as `up` says.
    fn migration(
        &self,
        file: &str,
        version: impl Into<String>,
        name: impl Into<String>,
        up: MigrationText,
        (transaction, unit): (TransactionScope, Unit),
    ) -> Migration {
        let version = version.into();
        Migration {
            identity: version.clone(),
            version,
            name: name.into(),
            path: self.path_of(file),
            up,
            down: None,
            transaction: self.transaction.unwrap_or(transaction),
            unit: self.unit.unwrap_or(unit),
            phase: Phase::PreDeploy,
            span: None,
            parents: None,
            late: Late::Unknown,
            stamp: None,
            is_checkpoint: false,
        }
    }

    /// Those `.sql` files that are no migrations: those of the folder itself that `is_migration`
    /// does not claim, and those of folders below.
    fn ignored(&self, is_migration: impl Fn(&str) -> bool, why: &str) -> Vec<Ignored> {
        let mut ignored = Vec::new();
        let mut below: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.files.iter().filter(|name| has_extension(name, "sql")) {
            match name.split_once('/') {
                Some((folder, _)) => *below.entry(folder).or_default() += 1,
                None if is_migration(name) => {}
                None => ignored.push(Ignored {
                    path: self.path_of(name),
                    reason: why.to_owned(),
                }),
            }
        }
        ignored.extend(below.into_iter().map(|(folder, count)| {
            let files = if count == 1 { "file" } else { "files" };
            Ignored {
                path: format!("{}/", self.path_of(folder)),
                reason: format!(
                    "it holds {count} .sql {files}, and only the folder itself is read"
                ),
            }
        }));
        ignored
    }

    /// The texts of files beside the migrations, by their names below the folder.
    fn extras(&self, names: &[String]) -> Result<BTreeMap<String, std::rc::Rc<str>>> {
        let paths: Vec<String> = names.iter().map(|name| self.path_of(name)).collect();
        let texts = self.ground.texts_of(&paths)?;
        Ok(names
            .iter()
            .cloned()
            .zip(texts)
            .filter_map(|(name, text)| Some((name, text?)))
            .collect())
    }

    /// The nearest file of this name, in the folder or above it.
    fn nearest(&self, name: &str) -> Result<Option<std::rc::Rc<str>>> {
        for above in crate::discover::tree::upwards(self.path) {
            let path = crate::discover::tree::join(above, name);
            if self.ground.has(&path)? {
                return self.ground.text(&path);
            }
        }
        Ok(None)
    }

    /// Whether a file of the folder is there.
    fn has(&self, name: &str) -> bool {
        self.files
            .binary_search_by(|file| file.as_str().cmp(name))
            .is_ok()
    }
}

/// What a tool makes of a folder.
#[derive(Default)]
pub(super) struct Reading {
    /// In the order in which the tool runs them.
    pub(super) migrations: Vec<Migration>,
    /// Files that are not run.
    pub(super) ignored: Vec<Ignored>,
    /// What follows from the tool's rules alone.
    pub(super) oddities: Vec<Oddity>,
    /// What is odd but readable.
    pub(super) notices: Vec<String>,
    /// What the tool's configuration says about its history table.
    pub(super) history: HistorySettings,
    /// The versions of checkpoints that are left out because what they stand for is there.
    pub(super) checkpoints: Vec<String>,
}

impl Reading {
    fn ignore(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.ignored.push(Ignored {
            path: path.into(),
            reason: reason.into(),
        });
    }

    /// A file that looks like a migration, and that the tool passes over.
    fn skip(&mut self, path: impl Into<String>, reason: impl Into<String>, does: &str) {
        let (path, reason) = (path.into(), reason.into());
        self.oddities.push(Oddity::new(
            OddityKind::MigrationSkipped {
                reason: reason.clone(),
            },
            Consequence::Differs,
            does,
            path.clone(),
        ));
        self.ignore(path, reason);
    }

    /// A `.sql` file that the tool passes over: one that looks like a migration is an oddity.
    fn pass_over(&mut self, ignored: Ignored, does: &str) {
        let name = crate::discover::tree::split(&ignored.path).1;
        if ignored.path.ends_with('/') || is_auxiliary(name) {
            self.ignored.push(ignored);
        } else {
            self.skip(ignored.path, ignored.reason, does);
        }
    }

    /// Two files with one version; the second is left out.
    fn duplicate(
        &mut self,
        version: &str,
        first: &str,
        second: &str,
        consequence: Consequence,
        does: &str,
    ) {
        self.oddities.push(Oddity::new(
            OddityKind::VersionDuplicated {
                version: version.to_owned(),
                other: first.to_owned(),
            },
            consequence,
            does,
            second,
        ));
        self.ignore(
            second,
            format!("version `{version}` is also that of `{first}`"),
        );
    }

    /// A byte-order mark hides a marker in the first line from a tool that does not take it off.
    fn behind_mark(
        &mut self,
        text: &(MigrationText, Mark),
        is_marker: impl Fn(&str) -> bool,
        does: &str,
    ) {
        let (Some(part), Mark::Utf8) = (text.0.part(), text.1) else {
            return;
        };
        let Some(line) = lines(&part.file.text).next() else {
            return;
        };
        if is_marker(line.text) {
            let marker = line.text.trim().replace('`', "'");
            self.misplaced(
                (&part.file, line.place()),
                (
                    &marker,
                    "stands behind a byte-order mark",
                    "save the file as UTF-8 without a byte-order mark",
                ),
                Consequence::Refused,
                does,
            );
        }
    }

    /// A marker that the tool does not see, or sees otherwise.
    fn misplaced(
        &mut self,
        (file, span): (&SourceFile, Span),
        (marker, problem, cure): (&str, &str, &str),
        consequence: Consequence,
        does: &str,
    ) {
        let kind = OddityKind::MarkerMisplaced {
            marker: marker.to_owned(),
            problem: problem.to_owned(),
            cure: cure.to_owned(),
        };
        self.oddities
            .push(Oddity::new(kind, consequence, does, file.path.to_string()).at(file, span));
    }
}

/// A checkpoint stands for what came before it where that is gone. Where it is there, a database
/// that grew with the project has run it, and runs no checkpoint.
fn only_first_checkpoint(reading: &mut Reading) {
    let first = reading.migrations.first().map(|it| it.identity.clone());
    let (kept, left): (Vec<Migration>, Vec<Migration>) = std::mem::take(&mut reading.migrations)
        .into_iter()
        .partition(|it| !it.is_checkpoint || Some(&it.identity) == first.as_ref());
    reading.migrations = kept;
    for it in left {
        let reason = "it stands for those before it on an empty database, and no other runs it";
        reading.checkpoints.push(it.version);
        reading.ignore(it.path, reason);
    }
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

fn is_nothing(_: &str) -> bool {
    false
}

fn is_direct_sql(name: &str) -> bool {
    !name.contains('/') && has_extension(name, "sql")
}

/// `1_x.sql`
fn is_numbered(name: &str) -> bool {
    is_direct_sql(name) && leading_digits(name).is_some()
}

/// `x/up.sql`
fn is_up_in_folder(name: &str) -> bool {
    matches!(name.split_once('/'), Some((_, "up.sql" | "down.sql")))
}

/// `x/migration.sql`
fn is_migration_in_folder(name: &str) -> bool {
    matches!(name.split_once('/'), Some((_, "migration.sql")))
}

/// What is left of a file name, without what stood between it and the version.
fn words(name: &str) -> String {
    name.trim_matches(['_', '-', '.', ' ']).to_owned()
}

/// Whether people keep such a file beside their migrations and would not take it for one.
fn is_auxiliary(name: &str) -> bool {
    const PARTS: [&str; 20] = [
        "schema",
        "structure",
        "seed",
        "dump",
        "fixture",
        "sample",
        "example",
        "template",
        "readme",
        "note",
        "test",
        "bootstrap",
        "rollback",
        "reset",
        "teardown",
        "cleanup",
        "quer",
        "draft",
        "backup",
        "undo",
    ];
    let name = name.to_lowercase();
    PARTS.iter().any(|part| name.contains(part))
}

/// A line of a text.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    /// Without its end.
    text: &'a str,
    /// With its end.
    span: Span,
}

impl Line<'_> {
    /// The place of the line without its end.
    fn place(&self) -> Span {
        Span::new(self.span.start, self.span.start + self.text.len())
    }
}

/// The lines of a text with their places.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let span = Span::new(at, at + line.len());
        at = span.end;
        Line {
            text: line.trim_end_matches(['\n', '\r']),
            span,
        }
    })
}

/// The part of `file` that these stretches make up.
fn part_of(file: &SourceFile, spans: impl IntoIterator<Item = Span>) -> Part {
    let mut builder = Builder::new(file);
    for span in spans {
        builder.verbatim(span);
    }
    builder.build()
}

/// `key = value` and `key: value` lines, `#` and `;` comments, `[section]` headings: the keys of a
/// section are `section.key`.
fn properties(text: &str) -> BTreeMap<String, String> {
    let mut section = String::new();
    let mut out = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';', '!']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            section = format!("{}.", name.trim());
            continue;
        }
        let Some(at) = line.find(['=', ':']) else {
            continue;
        };
        let (key, value) = (line[..at].trim(), line[at + 1..].trim());
        out.insert(format!("{section}{key}"), value.to_owned());
    }
    out
}

/// The order that keeps parents first and otherwise that of the list; the names on a circle where
/// there is one.
fn parents_first(
    migrations: &[(String, Vec<String>)],
) -> std::result::Result<Vec<usize>, Vec<String>> {
    use std::cmp::Reverse;
    let place: BTreeMap<&str, usize> = migrations
        .iter()
        .enumerate()
        .map(|(at, (name, _))| (name.as_str(), at))
        .collect();
    let mut waiting = vec![0_usize; migrations.len()];
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); migrations.len()];
    for (at, (_, parents)) in migrations.iter().enumerate() {
        for parent in parents.iter().filter_map(|it| place.get(it.as_str())) {
            waiting[at] += 1;
            children[*parent].push(at);
        }
    }
    let mut ready: std::collections::BinaryHeap<Reverse<usize>> = (0..migrations.len())
        .filter(|at| waiting[*at] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(migrations.len());
    while let Some(Reverse(at)) = ready.pop() {
        order.push(at);
        for child in &children[at] {
            waiting[*child] -= 1;
            if waiting[*child] == 0 {
                ready.push(Reverse(*child));
            }
        }
    }
    if order.len() == migrations.len() {
        return Ok(order);
    }
    Err(migrations
        .iter()
        .zip(&waiting)
        .filter(|(_, waiting)| **waiting > 0)
        .map(|((name, _), _)| name.clone())
        .collect())
}

/// Sends a stretch of `file` in pieces that end at `delimiter`, each by itself. Letters are
/// compared without regard to case; with `is_full_line` the delimiter stands alone on its line.
fn send_delimited(
    builder: &mut Builder,
    add: &dyn Fn(&mut Builder, Span),
    text: &str,
    span: Span,
    (delimiter, is_full_line): (&str, bool),
) {
    let lower = span.of(text).to_ascii_lowercase();
    let wanted = delimiter.to_ascii_lowercase();
    if wanted.is_empty() {
        add(builder, span);
        return;
    }
    let mut send = |from: usize, to: usize| {
        let before = builder.len();
        let piece = Span::new(span.start + from, span.start + to);
        if !piece.of(text).trim().is_empty() {
            add(builder, piece);
            builder.chunk(before, Unit::WholeText, None);
        }
    };
    let mut at = 0;
    for (found, _) in lower.match_indices(&wanted) {
        let end = found + wanted.len();
        let is_alone = {
            let before = lower[..found].rsplit('\n').next().unwrap_or_default();
            let after = lower[end..].split('\n').next().unwrap_or_default();
            before.trim().is_empty() && after.trim().is_empty()
        };
        if found >= at && (is_alone || !is_full_line) {
            send(at, found);
            at = end;
        }
    }
    send(at, lower.len());
}
