//! Where the code's queries come from.
//!
//! Input: a [`Tree`] (the work tree, a git revision, memory) and what the configuration says.
//! Output: the texts that the code sends as PostgreSQL would get them, each with its file and line;
//! the tables that the code declares; and what could not be read, which counts as using every name
//! in its text. One file per kind of source.
//!
//! Nothing is resolved here, and SQL is not parsed: whether a string literal is a statement is
//! asked of the caller. What is built at run time (concatenated, formatted, filled in) is never
//! guessed. Nothing else than the tree is read.

mod csv;
mod diesel;
mod file;
mod header;
mod literal;
mod placeholder;
mod prisma;
mod recorded;
mod sqlc;
mod sqlx;
mod token;

pub(crate) use literal::Seen;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use crate::discover::{Config, Contents, PathPatterns, Tree};
use crate::error::Result;

/// Asks whether a text, with its placeholders numbered, is one statement of SQL.
pub type IsStatement<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// A text that the code sends to the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// As PostgreSQL would get it: every placeholder is `$1`, `$2` and so on.
    pub text: Arc<str>,
    /// What the source calls it.
    pub name: Option<Arc<str>>,
    /// The file that shows it, from the tree's root.
    pub file: Arc<str>,
    /// The line on which the text begins, from 1.
    pub line: usize,
    /// What it was read from.
    pub source: Source,
    /// What the server said about it when the code was built.
    pub recorded: Option<Arc<Recorded>>,
    /// How often it was seen: executions in statistics, entries in a log, otherwise 1.
    pub times: u64,
}

/// What a query, a declaration or a text that was not read comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// sqlx's offline data.
    SqlxData,
    /// The queries that sqlc compiles.
    Sqlc,
    /// A file of queries with headers, found by itself.
    QueryFile,
    /// A file of queries that the user names.
    NamedFile,
    /// An export of `pg_stat_statements`.
    Statistics,
    /// A log of a PostgreSQL server.
    ServerLog,
    /// String literals in code.
    Literal(Language),
    /// `table!` macros of Diesel.
    Diesel,
    /// Models of Prisma.
    Prisma,
}

/// A programming language whose string literals are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// Python.
    Python,
    /// JavaScript and TypeScript.
    JavaScript,
    /// Java.
    Java,
    /// Kotlin.
    Kotlin,
    /// Ruby.
    Ruby,
}

impl Source {
    /// Whether the source holds all that it is about, so that it can make a release's evidence
    /// complete: what is read from literals and logs is only what happened to be there.
    pub fn is_exact(self) -> bool {
        match self {
            Source::SqlxData | Source::Sqlc | Source::NamedFile | Source::Diesel => true,
            Source::QueryFile
            | Source::Statistics
            | Source::ServerLog
            | Source::Literal(_)
            | Source::Prisma => false,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::SqlxData => "sqlx data",
            Source::Sqlc => "sqlc",
            Source::QueryFile | Source::NamedFile => "query file",
            Source::Statistics => "pg_stat_statements",
            Source::ServerLog => "server log",
            Source::Literal(language) => match language {
                Language::Rust => "Rust strings",
                Language::Go => "Go strings",
                Language::Python => "Python strings",
                Language::JavaScript => "JavaScript strings",
                Language::Java => "Java strings",
                Language::Kotlin => "Kotlin strings",
                Language::Ruby => "Ruby strings",
            },
            Source::Diesel => "Diesel table",
            Source::Prisma => "Prisma model",
        })
    }
}

/// What the server said about a query when the code was built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// The columns of the result, in order.
    pub columns: Vec<RecordedColumn>,
    /// The types of the parameters, where they were written down.
    pub parameters: Vec<RecordedType>,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedColumn {
    /// Its name in the result, with what sqlx reads out of it (`"a!: T"`).
    pub name: String,
    /// Its type.
    pub data_type: RecordedType,
    /// Whether it can be NULL; `None` where the server could not tell.
    pub nullable: Option<bool>,
    /// The column of a table that it is, where that was written down: table, column.
    pub origin: Option<(String, String)>,
}

/// A type as sqlx writes it down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedType {
    /// The server's name for it: `int4`, `text[]`, `mood`.
    pub name: String,
    /// The labels, when it is an enum.
    pub labels: Option<Vec<String>>,
}

/// A table that the code declares, and the columns it reads and writes by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The schema, where it is written.
    pub schema: Option<Arc<str>>,
    /// The table's name in the database.
    pub table: Arc<str>,
    /// Its columns, in the order of the file.
    pub columns: Vec<DeclaredColumn>,
    /// The file, from the tree's root.
    pub file: Arc<str>,
    /// The line on which the table begins, from 1.
    pub line: usize,
    /// [`Source::Diesel`] or [`Source::Prisma`].
    pub source: Source,
}

/// A column of a declared table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// Its name in the database.
    pub name: Arc<str>,
    /// The type in the words of the source (`Varchar`, `String`), without what says that it can be
    /// NULL.
    pub data_type: Option<String>,
    /// Whether it can be NULL.
    pub nullable: Option<bool>,
    /// Its line, from 1.
    pub line: usize,
}

/// A text that may be a query and was not understood: it counts as using every name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRead {
    /// The file, from the tree's root.
    pub file: Arc<str>,
    /// The line on which the text begins, from 1.
    pub line: usize,
    /// The text as far as it is known, at most [`LONGEST_NOT_READ`] bytes.
    pub text: Arc<str>,
    /// What stands in the way, lower case, no full stop.
    pub reason: String,
    /// What it was read from.
    pub source: Source,
}

/// The most bytes of a text that was not read which are kept.
pub const LONGEST_NOT_READ: usize = 64 * 1024;

/// A place where queries were found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What kind of source it is.
    pub source: Source,
    /// The file or folder, from the tree's root.
    pub path: Arc<str>,
    /// How many queries or tables came from it.
    pub count: usize,
    /// What is odd about it, lower case, no full stop.
    pub remark: Option<String>,
}

/// What the code asks of the database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Queries {
    /// The texts that it sends, in the order of their files and lines within a source.
    pub queries: Vec<Query>,
    /// The tables that it declares.
    pub declarations: Vec<Declaration>,
    /// What may be a query and was not understood.
    pub not_read: Vec<NotRead>,
    /// The places that were read, in order.
    pub sources: Vec<Found>,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct QuerySettings {
    /// Files that the user names: all that is in them is taken. Relative to `folder`.
    pub queries: PathPatterns,
    /// Files that are not read, whatever they are. Relative to `folder`.
    pub exclude: PathPatterns,
    /// Files of other code, read only where `queries` names them. From the tree's root.
    pub others: PathPatterns,
    /// Whether string literals in code are read.
    pub literals: bool,
    /// The folder that the patterns are relative to, from the tree's root: that of the
    /// configuration.
    pub folder: String,
    /// The folder that is searched, from the tree's root.
    pub under: String,
}

impl Default for QuerySettings {
    fn default() -> Self {
        QuerySettings {
            queries: PathPatterns::default(),
            exclude: PathPatterns::default(),
            others: PathPatterns::default(),
            literals: true,
            folder: String::new(),
            under: String::new(),
        }
    }
}

/// The queries of the code in `tree`. `left_out` are folders and files of migrations, from the
/// tree's root: what is in them is not the code's.
///
/// # Errors
///
/// [`Error::Read`](crate::Error::Read) and [`Error::Git`](crate::Error::Git) when the tree cannot be
/// listed. Trouble with one file is a [`NotRead`].
pub fn find(
    tree: &Tree,
    settings: &QuerySettings,
    is_statement: IsStatement<'_>,
    left_out: &[String],
) -> Result<Queries> {
    find_beside(&Seen::default(), tree, settings, is_statement, left_out)
}

/// The same for one release of several: a source file is read once for all that have it as it is.
///
/// # Errors
///
/// As [`find`].
pub(crate) fn find_beside(
    seen: &Seen,
    tree: &Tree,
    settings: &QuerySettings,
    is_statement: IsStatement<'_>,
    left_out: &[String],
) -> Result<Queries> {
    let listed = tree.files(&settings.under)?;
    let kept = |path: &String| {
        !is_vendored(path)
            && !settings.is_excluded(path)
            && !settings.is_of_others(path)
            && !left_out.iter().any(|folder| is_in(path, folder))
    };
    let files: Vec<String> = listed.into_iter().filter(kept).collect();
    let mut cx = Search {
        seen,
        tree,
        settings,
        is_statement,
        files: &files,
        claimed: HashSet::new(),
        out: Queries::default(),
    };
    sqlc::find(&mut cx)?;
    sqlx::find(&mut cx)?;
    literal::find(&mut cx)?;
    file::find(&mut cx)?;
    prisma::find(&mut cx)?;
    recorded::find(&mut cx)?;
    cx.out.sources = by_folder(cx.out.sources);
    Ok(cx.out)
}

/// Several files of a folder as that folder; what is odd about a place stays with it.
fn by_folder(sources: Vec<Found>) -> Vec<Found> {
    let mut folders: Vec<Found> = Vec::new();
    let mut places: HashMap<(Source, Arc<str>), usize> = HashMap::new();
    for found in sources {
        let is_file = found
            .path
            .rsplit('/')
            .next()
            .is_some_and(|it| it.contains('.'));
        let is_one_of_many = matches!(
            found.source,
            Source::QueryFile | Source::NamedFile | Source::Diesel | Source::Prisma
        );
        if !is_file || !is_one_of_many || found.remark.is_some() {
            folders.push(found);
            continue;
        }
        let folder: Arc<str> = folder_of(&found.path).into();
        match places.entry((found.source, folder.clone())) {
            Entry::Occupied(place) => {
                let known = &mut folders[*place.get()];
                known.path = folder;
                known.count += found.count;
            }
            Entry::Vacant(place) => {
                place.insert(folders.len());
                folders.push(found);
            }
        }
    }
    folders
}

impl QuerySettings {
    /// What `config` says, for all files of the tree.
    pub fn of(config: &Config) -> QuerySettings {
        QuerySettings {
            queries: config.code.queries.clone(),
            exclude: config.code.exclude.clone(),
            others: PathPatterns::default(),
            literals: config.code.literals,
            folder: config.folder.clone(),
            under: String::new(),
        }
    }

    /// The path as the patterns name it.
    fn relative<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self.folder.as_str() {
            "" => Some(path),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        }
    }

    fn is_excluded(&self, path: &str) -> bool {
        self.relative(path)
            .is_some_and(|path| self.exclude.is_match(path))
    }

    /// Whether a file belongs to other code alone.
    pub(crate) fn is_of_others(&self, path: &str) -> bool {
        self.others.is_match(path) && !self.is_named(path)
    }

    fn is_named(&self, path: &str) -> bool {
        self.relative(path)
            .is_some_and(|path| self.queries.is_match(path))
    }
}

/// One run over a tree.
struct Search<'a> {
    seen: &'a Seen,
    tree: &'a Tree,
    settings: &'a QuerySettings,
    is_statement: IsStatement<'a>,
    /// What may be read, sorted by bytes.
    files: &'a [String],
    /// The files that a source has taken: nobody else reads them.
    claimed: HashSet<&'a str>,
    out: Queries,
}

impl<'a> Search<'a> {
    /// The files whose name ends in one of `endings`, and that no source has taken.
    fn files_ending(&self, endings: &[&str]) -> Vec<&'a str> {
        let files = self.files.iter().map(String::as_str);
        files
            .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
            .filter(|path| !self.claimed.contains(path))
            .collect()
    }

    /// The text of a file; `None` when it is gone or could not be read, which is then said.
    fn read(&mut self, path: &str, source: Source) -> Result<Option<String>> {
        Ok(self.read_many(&[path], source)?.pop().flatten())
    }

    /// The texts of `paths`, in that order.
    fn read_many(&mut self, paths: &[&str], source: Source) -> Result<Vec<Option<String>>> {
        let contents = self.tree.read_many(paths)?;
        Ok(paths
            .iter()
            .zip(contents)
            .map(|(path, contents)| match text_of(contents) {
                Ok(text) => text,
                Err(reason) => {
                    self.out.not_read(*path, 1, "", reason, source);
                    None
                }
            })
            .collect())
    }
}

/// The text of a file; bytes that are no UTF-8 are replaced, which moves no line.
fn text_of(contents: Contents) -> std::result::Result<Option<String>, String> {
    match contents {
        Contents::Bytes(bytes) => {
            let text = match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            };
            Ok(Some(match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_owned(),
                None => text,
            }))
        }
        Contents::TooLarge(size) => Err(format!("the file is too large ({} MB)", size >> 20)),
        Contents::Missing => Ok(None),
        Contents::Refused(said) => Err(said),
    }
}

impl Queries {
    fn not_read(
        &mut self,
        file: impl Into<Arc<str>>,
        line: usize,
        text: &str,
        reason: impl Into<String>,
        source: Source,
    ) {
        self.not_read.push(NotRead {
            file: file.into(),
            line,
            text: capped(text).into(),
            reason: reason.into(),
            source,
        });
    }

    fn found(&mut self, source: Source, path: impl Into<Arc<str>>, count: usize) {
        self.remarked(source, path, count, None);
    }

    fn remarked(
        &mut self,
        source: Source,
        path: impl Into<Arc<str>>,
        count: usize,
        remark: Option<String>,
    ) {
        self.sources.push(Found {
            source,
            path: path.into(),
            count,
            remark,
        });
    }
}

fn capped(text: &str) -> &str {
    if text.len() <= LONGEST_NOT_READ {
        return text;
    }
    let end = (0..=LONGEST_NOT_READ)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// Folders that hold the code of others, or what was built from the code.
const VENDORED: [&str; 13] = [
    ".git",
    ".next",
    ".nuxt",
    ".tox",
    ".venv",
    "bower_components",
    "dist",
    "node_modules",
    "site-packages",
    "target",
    "third_party",
    "vendor",
    "venv",
];

fn is_vendored(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders
        .split('/')
        .any(|name| VENDORED.binary_search(&name).is_ok())
}

/// Whether the file is for tests, by the names that test runners look for.
fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or(path);
    let in_folder = parts.any(|folder| {
        matches!(
            folder,
            "test"
                | "tests"
                | "spec"
                | "specs"
                | "__tests__"
                | "__mocks__"
                | "testdata"
                | "e2e"
                | "fixtures"
                | "benches"
                | "integration-tests"
                | "integration_tests"
        )
    });
    let (stem, _) = name.rsplit_once('.').unwrap_or((name, ""));
    in_folder
        || [
            "_test", "_tests", "_spec", ".test", ".spec", "Test", "Tests", "IT", "Spec",
        ]
        .iter()
        .any(|end| stem.ends_with(end))
        || stem.starts_with("test_")
        || stem == "conftest"
        || stem == "tests"
}

/// Whether `path` is `folder` or lies in it.
fn is_in(path: &str, folder: &str) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// The folder that holds `path`.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `path`, written relative to `folder`, from the tree's root; `None` when it leads out of it.
pub(crate) fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy as _;

    use super::*;

    /// Whether a text is a statement, as a check asks.
    pub(super) fn is_statement(text: &str) -> bool {
        crate::sql::query::parse(text).is_ok()
    }

    /// What is found in these files, one line each.
    pub(super) fn shown<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        shown_with(files, &QuerySettings::default())
    }

    pub(super) fn shown_with<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        settings: &QuerySettings,
    ) -> String {
        let tree = Tree::memory(files);
        let left_out = ["migrations".to_owned()];
        show(&find(&tree, settings, &is_statement, &left_out).unwrap())
    }

    pub(super) fn naming(patterns: &[&str]) -> QuerySettings {
        QuerySettings {
            queries: PathPatterns::new(patterns).unwrap(),
            ..QuerySettings::default()
        }
    }

    pub(super) fn show(found: &Queries) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut out = String::new();
        for it in &found.queries {
            let name = it
                .name
                .as_deref()
                .map_or(String::new(), |it| format!(" {it}"));
            let times = match it.times {
                1 => String::new(),
                times => format!(" × {times}"),
            };
            out += &format!(
                "{}:{}{name} [{}]{times} {}\n",
                it.file,
                it.line,
                it.source,
                one_line(&it.text)
            );
        }
        for it in &found.declarations {
            let schema = it
                .schema
                .as_deref()
                .map_or(String::new(), |it| format!("{it}."));
            let columns: Vec<String> = it
                .columns
                .iter()
                .map(|column| {
                    let null = match column.nullable {
                        Some(true) => "?",
                        Some(false) | None => "",
                    };
                    let data_type = column.data_type.as_deref().unwrap_or("_");
                    format!("{}: {data_type}{null}", column.name)
                })
                .collect();
            out += &format!(
                "{}:{} [{}] {schema}{}({})\n",
                it.file,
                it.line,
                it.source,
                it.table,
                columns.join(", ")
            );
        }
        for it in &found.not_read {
            out += &format!(
                "{}:{} [{}] not read: {}: {}\n",
                it.file,
                it.line,
                it.source,
                it.reason,
                one_line(&it.text)
            );
        }
        for it in &found.sources {
            let remark = it
                .remark
                .as_deref()
                .map_or(String::new(), |it| format!(" ({it})"));
            out += &format!("= {} in {}: {}{remark}\n", it.source, it.path, it.count);
        }
        out
    }

    #[test]
    fn vendored_and_excluded_files_and_migrations_are_left_out() {
        let text = "-- name: a\nSELECT 1;\n";
        let settings = QuerySettings {
            exclude: PathPatterns::new(&["old/"]).unwrap(),
            ..QuerySettings::default()
        };
        let files = [
            "node_modules/x/a.sql",
            "migrations/a.sql",
            "old/a.sql",
            "sql/a.sql",
        ];
        insta::assert_snapshot!(shown_with(files.map(|it| (it, text)), &settings), @r"
        sql/a.sql:2 a [query file] SELECT 1
        = query file in sql/a.sql: 1
        ");
    }

    #[test]
    fn folders_of_others_are_sorted() {
        assert!(VENDORED.is_sorted());
    }

    /// Names of files that somebody reads.
    const NAMES: [&str; 20] = [
        "a.sql",
        "named/a.sql",
        "sqlc.yaml",
        "sqlc.json",
        ".sqlx/query-1.json",
        "sqlx-data.json",
        "schema.prisma",
        "named/a.csv",
        "named/a.log",
        "named/a.json",
        "pg_stat_statements.csv",
        "pg_stat_statements.json",
        "a.rs",
        "a.go",
        "a.py",
        "a.ts",
        "a.java",
        "a.kt",
        "a.rb",
        "a.txt",
    ];

    static NAMING: std::sync::LazyLock<QuerySettings> =
        std::sync::LazyLock::new(|| naming(&["named/"]));

    #[test]
    fn hostile_files_take_linear_time() {
        let pieces = [
            "-- name: a\n",
            "/* @name a @param b -> (c */",
            ":a",
            "%(",
            "?",
            "$",
            "@a",
            "sqlc.arg(",
            "SELECT (",
            "'",
            "\"query\": 1,",
            "{\"query\":\"",
            "query,calls\n\"",
            "LOG:  statement: SELECT ",
            "\n\t",
            "model A {\n",
            "a B @map(",
            "table! { a (b) { c -> Nullable<",
            "interval $1 ",
            "extract($1 from ",
            "- a: [",
            "&a [*a, *a]\n",
            "{",
            "[",
        ];
        for piece in pieces {
            let text = piece.repeat(50_000 / piece.len());
            for name in NAMES {
                let _ = shown_with([(name, text.as_str())], &NAMING);
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_text_is_refused_with_a_panic(
            pieces in proptest::collection::vec(
                proptest::prop_oneof![
                    "\\PC{0,4}",
                    proptest::sample::select(vec![
                        "SELECT a FROM t WHERE b = ", "INSERT INTO t VALUES (", "WITH a AS (", "'", "\"", "`", "\"\"\"", "${",
                        "}", "{", "+", "%s", "%(a)s", ":a", "?", "$1", "$$", "@a", "\\", "\n", "\t", "//", "/*", "*/", "--", "#",
                        "<<~A", "A\n", "f\"", "r#\"", "\"#", "sql`", "const a = ", "a += ", "(", ")", "query!(", "format!(",
                        "#[cfg(test)] mod a {", "table! { a (b) { c -> Int4, } }", "model A {\n a Int? @map(\"b\")\n}\n",
                        "-- name: a :one\n", "/* @name a */", "query,calls\n", "LOG:  execute a: ", "é", "\u{feff}",
                        "packages: [{queries: a.sql}]\n", "{\"query\": \"SELECT 1\", \"calls\": 1}\n", "',' || ", "INTERVAL $1",
                    ]).prop_map(str::to_owned),
                ],
                0..40,
            )
        ) {
            let text = pieces.concat();
            let files = NAMES.map(|name| (name, text.as_str()));
            let _ = shown_with(files, &NAMING);
        }
    }

    /// Prints what is found in a folder: `MIGCHECK_QUERIES=folder cargo test
    /// queries_of_a_given_folder -- --nocapture`.
    #[test]
    fn queries_of_a_given_folder() {
        let Some(folder) = std::env::var_os("MIGCHECK_QUERIES") else {
            return;
        };
        let named = std::env::var("MIGCHECK_QUERIES_NAMED").unwrap_or_default();
        let named: Vec<&str> = named.split(',').filter(|it| !it.is_empty()).collect();
        let tree = Tree::folder(folder);
        let settings = naming(&named);
        let start = std::time::Instant::now();
        let found = find(&tree, &settings, &is_statement, &[]).unwrap();
        let taken = start.elapsed();
        print!("{}", show(&found));
        println!(
            "{} queries, {} declarations, {} not read, {} sources in {taken:?}",
            found.queries.len(),
            found.declarations.len(),
            found.not_read.len(),
            found.sources.len()
        );
        let mut by_source: std::collections::BTreeMap<String, (usize, usize)> = Default::default();
        for it in &found.queries {
            by_source.entry(it.source.to_string()).or_default().0 += 1;
        }
        for it in &found.not_read {
            by_source.entry(it.source.to_string()).or_default().1 += 1;
        }
        println!("(read, not read) by source: {by_source:?}");
    }
}
