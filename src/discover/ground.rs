//! The files around the migrations: where the folder is, and which tool and server they are for.
//!
//! Every answer comes with its evidence, in words for people. Where the evidence gives several
//! answers, or none, the error says what was seen and how to choose.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::discover::layout::{CODE, Layout, Marker, OwnFile, Signs, is_flyway, tool};
use crate::discover::server::ServerVersion;
use crate::discover::text::{Contents, Mark, MigrationText};
use crate::discover::tree::{Tree, is_within, join, split, upwards};
use crate::error::{Error, Result};
use crate::sql::Dialect;

/// Folders that hold other people's files.
const NEVER: [&str; 6] = [
    "node_modules",
    "target",
    "vendor",
    "third_party",
    ".venv",
    "bower_components",
];

/// Folders of tests and examples: their migrations count only where there are no others.
const TRIAL: [&str; 18] = [
    "test",
    "tests",
    "testdata",
    "__tests__",
    "e2e",
    "fixture",
    "fixtures",
    "example",
    "examples",
    "sample",
    "samples",
    "bench",
    "benches",
    "spec",
    "doc",
    "docs",
    "mock",
    "mocks",
];

/// Names of folders that may hold migrations, where none has "migrat" in its name.
const USUAL: [&str; 17] = [
    "sql",
    "schema",
    "schemas",
    "ddl",
    "db",
    "database",
    "version",
    "versions",
    "versioned",
    "delta",
    "deltas",
    "patches",
    "upgrades",
    "changelog",
    "drizzle",
    "deploy",
    "sql_scripts",
];

/// Build files in which dependencies are looked for.
const MANIFESTS: [&str; 16] = [
    "Cargo.toml",
    "go.mod",
    "package.json",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "libs.versions.toml",
    "gradle.properties",
    "requirements.txt",
    "pyproject.toml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "Makefile",
    "justfile",
];

/// Files in which a connection URL is looked for. Only its scheme is ever used.
const URL_FILES: [&str; 11] = [
    "application.properties",
    "application.yml",
    "application.yaml",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
];

/// Files in which images of servers are looked for, beside the workflows of GitHub.
const IMAGE_FILES: [&str; 10] = [
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "docker-compose.dev.yml",
    "docker-compose.test.yml",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    ".woodpecker.yml",
    ".drone.yml",
];

/// An answer and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer<T> {
    pub(super) value: T,
    pub(super) evidence: String,
}

fn answer<T>(value: T, evidence: impl Into<String>) -> Answer<T> {
    Answer {
        value,
        evidence: evidence.into(),
    }
}

/// The files below the folder that the user asked for.
pub(super) struct Ground<'a> {
    tree: &'a Tree,
    start: &'a str,
    files: OnceCell<Vec<String>>,
    /// Places in `files` by a file's own name.
    by_name: OnceCell<HashMap<String, Vec<usize>>>,
    /// Which files were asked for, and whether they are there.
    has: RefCell<HashMap<String, bool>>,
    /// Texts of build files, by path.
    small: RefCell<HashMap<String, Option<Rc<str>>>>,
}

/// A folder that could hold the migrations.
#[derive(Debug)]
struct Candidate {
    folder: String,
    /// What is preferred comes first: not a trial, a telling name, near the root.
    rank: (bool, u8, usize),
}

impl<'a> Ground<'a> {
    pub(super) fn new(tree: &'a Tree, start: &'a str) -> Self {
        Ground {
            tree,
            start,
            files: OnceCell::new(),
            by_name: OnceCell::new(),
            has: RefCell::default(),
            small: RefCell::default(),
        }
    }

    /// The files below the start, other people's left out. Listed when they are first needed: a
    /// release whose folder is known needs no search through its whole tree.
    fn files(&self) -> Result<&[String]> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let mut files = self.tree.files(self.start)?;
        files.retain(|path| {
            let mut below = path[self.start.len()..].split('/');
            !below.any(|part| NEVER.contains(&part))
        });
        Ok(self.files.get_or_init(|| files))
    }

    /// The files of `folder` and below, relative to it.
    pub(super) fn files_in(&self, folder: &str) -> Result<Vec<String>> {
        let prefix = if folder.is_empty() {
            0
        } else {
            folder.len() + 1
        };
        let mut files = self.tree.files(folder)?;
        for path in &mut files {
            path.drain(..prefix);
        }
        files.retain(|path| !path.split('/').any(|part| NEVER.contains(&part)));
        Ok(files)
    }

    /// The files `name` (a name, or the end of a path): there or above the start, and below it
    /// outside of tests and examples.
    pub(super) fn all(&self, name: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for folder in upwards(self.start) {
            let path = join(folder, name);
            if folder != self.start && self.has(&path)? {
                found.push(path);
            }
        }
        let files = self.files()?;
        let base = split(name).1;
        let places = self.by_name()?.get(base).map_or(&[][..], Vec::as_slice);
        let below = places.iter().map(|at| files[*at].as_str());
        let is_trial = |path: &str| {
            let below = path[self.start.len()..].split('/');
            below.into_iter().any(|part| TRIAL.contains(&part))
        };
        let own = below.filter(|path| ends_with(path, name) && !is_trial(path));
        found.extend(own.map(str::to_owned));
        Ok(found)
    }

    /// The files below the start by their own names, but those that are only migrations or code.
    fn by_name(&self) -> Result<&HashMap<String, Vec<usize>>> {
        const NOTHING: [&str; 9] = [
            ".rs", ".go", ".py", ".java", ".kt", ".md", ".tsx", ".png", ".svg",
        ];
        if let Some(known) = self.by_name.get() {
            return Ok(known);
        }
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, path) in self.files()?.iter().enumerate() {
            let name = split(path).1;
            let is_numbered = name.starts_with(|c: char| c.is_ascii_digit());
            if !is_numbered && !NOTHING.iter().any(|ending| name.ends_with(ending)) {
                by_name.entry(name.to_owned()).or_default().push(at);
            }
        }
        Ok(self.by_name.get_or_init(|| by_name))
    }

    /// Whether a folder holds any file.
    pub(super) fn has_files(&self, folder: &str) -> bool {
        self.tree.names(folder).is_ok_and(|names| !names.is_empty())
    }

    /// Every file below `folder`, from the tree's root, sorted by bytes.
    pub(super) fn files_below(&self, folder: &str) -> Result<Vec<String>> {
        self.tree.files(folder)
    }

    /// The texts of migrations anywhere in the tree.
    pub(super) fn migration_texts(&self, paths: &[String]) -> Result<Vec<(MigrationText, Mark)>> {
        self.tree.texts(paths)
    }

    /// One file, read as migrations are.
    pub(super) fn migration_text(&self, path: &str) -> Result<MigrationText> {
        let mut texts = self.tree.texts(&[path.to_owned()])?;
        let (text, _) = texts.pop().expect("one path gives one text");
        Ok(text)
    }

    /// A small text file; `None` when there is none.
    pub(super) fn text(&self, path: &str) -> Result<Option<Rc<str>>> {
        Ok(self.texts_of(&[path.to_owned()])?.pop().flatten())
    }

    pub(super) fn texts_of(&self, paths: &[String]) -> Result<Vec<Option<Rc<str>>>> {
        let mut known = self.small.borrow_mut();
        let missing: Vec<&String> = paths
            .iter()
            .filter(|path| !known.contains_key(*path))
            .collect();
        for (path, contents) in missing.iter().zip(self.tree.read_many(&missing)?) {
            let text = match contents {
                Contents::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into()),
                Contents::TooLarge(_) | Contents::Missing | Contents::Refused(_) => None,
            };
            known.insert((*path).clone(), text);
        }
        Ok(paths.iter().map(|path| known[path].clone()).collect())
    }

    /// The files of a folder itself with this name, or with this ending when it begins with `*`.
    fn named(&self, folder: &str, name: &str) -> Result<Vec<String>> {
        match name.strip_prefix('*') {
            None => {
                let path = join(folder, name);
                Ok(match self.has(&path)? {
                    true => vec![path],
                    false => Vec::new(),
                })
            }
            Some(ending) => Ok(self
                .tree
                .direct_files(folder)?
                .iter()
                .filter(|it| it.ends_with(ending))
                .map(|it| join(folder, it))
                .collect()),
        }
    }

    /// Whether a file is there, or a folder when `path` ends in a slash.
    pub(super) fn has(&self, path: &str) -> Result<bool> {
        if let Some(folder) = path.strip_suffix('/') {
            return self.tree.has_folder(folder);
        }
        let mut known = self.has.borrow_mut();
        if let Some(has) = known.get(path) {
            return Ok(*has);
        }
        let has = self.tree.has_file(path)?;
        known.insert(path.to_owned(), has);
        Ok(has)
    }

    /// The migrations folders, sorted by path. `only` restricts the search to what one layout would
    /// read, `named` says that the user gave the start as the folder itself, or as one around it.
    pub(super) fn folders(
        &self,
        only: Option<Layout>,
        dialect: Option<Dialect>,
        named: bool,
        notices: &mut Vec<String>,
    ) -> Result<Vec<String>> {
        let layouts = || {
            Layout::ALL
                .iter()
                .filter(|it| only.is_none_or(|only| only == **it))
        };
        let shapes: Vec<&Signs> = layouts()
            .filter(|it| only.is_some() || **it != Layout::Custom)
            .map(|layout| tool(*layout).signs())
            .collect();
        let fits = |name: &str| shapes.iter().any(|signs| (signs.fits)(name));
        let direct = |folder: &str| -> Result<bool> {
            Ok(self
                .tree
                .names(folder)?
                .iter()
                .any(|name| is_sql(name) && fits(name)))
        };
        let mut configured: Vec<String> = Vec::new();
        for layout in layouts() {
            for (folder, _) in tool(*layout).configured_folders(self)? {
                let is_near = is_or_within(&folder, self.start)
                    || (is_within(self.start, &folder) && !folder.is_empty());
                if is_near && !configured.contains(&folder) {
                    configured.push(folder);
                }
            }
        }
        if named && !configured.iter().any(|it| it == self.start) && direct(self.start)? {
            return Ok(vec![self.start.to_owned()]);
        }
        // One that lies in another belongs to it.
        let all = configured.clone();
        configured.retain(|it| {
            !all.iter()
                .any(|other| !other.is_empty() && is_within(it, other))
        });
        let tight: Vec<&Signs> = shapes
            .iter()
            .copied()
            .filter(|signs| !signs.fits_anything)
            .collect();
        let mut candidates =
            self.candidates(&|name| tight.iter().any(|signs| (signs.fits)(name)))?;
        if candidates.is_empty() && configured.is_empty() && direct(self.start)? {
            return Ok(vec![self.start.to_owned()]);
        }
        // Names that say nothing: what the files hold may.
        if candidates.is_empty() && configured.is_empty() {
            candidates = self.candidates(&fits)?;
        }
        candidates.sort_by(|a, b| (a.rank, &a.folder).cmp(&(b.rank, &b.folder)));
        let best = match configured.is_empty() {
            true => candidates.first().map(|it| (it.rank.0, it.rank.1)),
            // Beside what a tool's own file names, only a telling name counts.
            false => Some((false, 0)),
        };
        let (mut chosen, others): (Vec<Candidate>, Vec<Candidate>) = candidates
            .into_iter()
            .partition(|it| Some((it.rank.0, it.rank.1)) == best);
        let mut folders = configured;
        chosen.sort_by_key(|it| it.rank.2);
        for candidate in chosen {
            let folder = candidate.folder;
            let is_apart = |other: &String| {
                other != &folder
                    && (other.is_empty() || !is_within(&folder, other))
                    && !is_within(other, &folder)
            };
            if folders.iter().all(is_apart) {
                folders.push(folder);
            }
        }
        // One folder per dialect, side by side: the chosen dialect chooses.
        if let Some(dialect) = dialect {
            let is_its =
                |folder: &String| dialect_of_folder(folder).is_none_or(|its| its == dialect);
            if folders.iter().any(is_its) {
                folders.retain(is_its);
            }
        }
        if folders.is_empty() {
            return Err(self.nothing_found(only, named));
        }
        folders.sort();
        // Those of tests are no projects, and what lies in a folder is the reader's to mention.
        let is_other = |it: &&Candidate| {
            !it.rank.0
                && !folders
                    .iter()
                    .any(|folder| is_or_within(&it.folder, folder))
        };
        notices.extend(others.iter().filter(is_other).map(|it| {
            format!(
                "{} could hold migrations too; nothing in its path says so",
                quoted(&it.folder)
            )
        }));
        Ok(folders)
    }

    fn candidates(&self, fits: &dyn Fn(&str) -> bool) -> Result<Vec<Candidate>> {
        let mut found: BTreeMap<String, (bool, u8, usize)> = BTreeMap::new();
        for path in self.files()?.iter().filter(|path| is_sql(path)) {
            let (parent, name) = split(path);
            // `x/up.sql` is a migration of the folder around `x`.
            let (above, inner) = split(parent);
            let nested = join(inner, name);
            let folder = if matches!(inner, "sqls" | "committed") && fits(&nested) {
                // db-migrate and Graphile Migrate have them one level down.
                above
            } else if is_flyway(name) && is_or_within(parent, self.start) {
                // Folders below belong to it.
                top_of(parent, self.start)
            } else if fits(name) {
                parent
            } else if fits(&nested) && is_or_within(above, self.start) {
                above
            } else {
                continue;
            };
            if found.contains_key(folder) {
                continue;
            }
            let below = &folder[self.start.len()..];
            let parts = || below.split('/').filter(|part| !part.is_empty());
            // Around the start itself the names above it count, though not as a trial.
            let above = if folder == self.start { folder } else { "" };
            let named = || parts().chain(above.split('/'));
            let tier = if named().any(|part| part.to_lowercase().contains("migrat")) {
                0
            } else if named().any(|part| USUAL.contains(&part.to_lowercase().as_str())) {
                1
            } else {
                continue;
            };
            let is_trial = parts().any(|part| TRIAL.contains(&part));
            found.insert(folder.to_owned(), (is_trial, tier, parts().count()));
        }
        Ok(found
            .into_iter()
            .map(|(folder, rank)| Candidate { folder, rank })
            .collect())
    }

    fn nothing_found(&self, only: Option<Layout>, named: bool) -> Error {
        let place = match self.start {
            "" => "here".to_owned(),
            start => format!("in {}", quoted(start)),
        };
        // They were listed before, or the search would have failed.
        let below = self.files().unwrap_or_default();
        for code in CODE {
            let above = upwards(self.start).map(|folder| join(folder, code.file));
            let is_there = above.into_iter().any(|it| self.has(&it).unwrap_or(false))
                || below.iter().any(|path| match code.file.strip_prefix('*') {
                    Some(end) => path.ends_with(end),
                    None => ends_with(path, code.file),
                });
            if is_there && only.is_none() {
                return Error::Layout(format!(
                    "no SQL migrations found {place}; this looks like {}: {}",
                    code.name, code.advice
                ));
            }
        }
        let files = match only {
            Some(layout) => format!("files of the layout {}", layout.as_str()),
            None => "numbered .sql files".to_owned(),
        };
        let around = if named { "in it and " } else { "" };
        Error::Layout(format!(
            "no migrations found {place}; looked {around}for {files} in folders with `migrat` in \
             their name, then in {}; give the folder as PATH, or write migrations = \"…\" in \
             migcheck.toml",
            USUAL[..6].join(", ")
        ))
    }

    /// The texts of the files of `folder` that the tool, or any, would take for migrations.
    pub(super) fn texts(
        &self,
        only: Option<Layout>,
        folder: &str,
        files: &[String],
    ) -> Result<BTreeMap<String, (MigrationText, Mark)>> {
        let known = only.as_ref().map_or(Layout::ALL, std::slice::from_ref);
        let shapes: Vec<&Signs> = known
            .iter()
            .filter(|layout| only.is_some() || **layout != Layout::Custom)
            .map(|layout| tool(*layout).signs())
            .collect();
        let wanted: Vec<&String> = files
            .iter()
            .filter(|name| shapes.iter().any(|signs| (signs.fits)(name)))
            .collect();
        let paths: Vec<String> = wanted.iter().map(|name| join(folder, name)).collect();
        let texts = self.tree.texts(&paths)?;
        Ok(wanted.into_iter().cloned().zip(texts).collect())
    }

    /// Which tool the migrations in `folder` are for. What the files themselves say comes first,
    /// then the tool's own file, a dependency, and the names of the files.
    pub(super) fn layout(
        &self,
        folder: &str,
        texts: &BTreeMap<String, (MigrationText, Mark)>,
    ) -> Result<Answer<Layout>> {
        let tools: Vec<Tools<'_>> = Layout::ALL
            .iter()
            .filter(|layout| **layout != Layout::Custom)
            .map(|layout| (*layout, tool(*layout).signs()))
            .filter(|(_, signs)| texts.keys().any(|name| (signs.fits)(name)))
            .collect();
        match self.evidence(&tools, folder, texts)? {
            Some(Answer {
                value: (layout, _),
                evidence,
            }) => Ok(answer(layout, evidence)),
            None => Err(Error::Layout(format!(
                "{} holds no numbered .sql files; choose a layout with --layout, describe one as \
                 [custom] in migcheck.toml, or give another folder as PATH",
                quoted(folder)
            ))),
        }
    }

    /// The first kind of evidence that gives exactly one answer.
    fn evidence(
        &self,
        tools: &[Tools<'_>],
        folder: &str,
        texts: &BTreeMap<String, (MigrationText, Mark)>,
    ) -> Result<Option<Found>> {
        let (always, sometimes) = markers(tools, texts);
        if always.is_some() {
            return Ok(always);
        }
        // A folder can hold only what a master changelog names.
        if let Some(found) = self.own_file(tools, folder)? {
            return Ok(Some(found));
        }
        if tools.is_empty() {
            let all: Vec<Tools<'_>> = [Layout::Liquibase, Layout::Sqitch]
                .into_iter()
                .map(|layout| (layout, tool(layout).signs()))
                .collect();
            return self.own_file(&all, folder);
        }
        if let Some(found) = self.dependency(tools, folder)? {
            return Ok(Some(found));
        }
        match sometimes {
            Some(found) => Ok(Some(found)),
            None => self.names(tools, folder, texts),
        }
    }

    fn own_file(&self, tools: &[Tools<'_>], folder: &str) -> Result<Option<Found>> {
        let mut found = Vec::new();
        for (layout, signs) in tools {
            for file in signs.own_files {
                let place = match file {
                    OwnFile::Inside(name) => {
                        let path = join(folder, name);
                        self.has(&path)?.then_some(path)
                    }
                    OwnFile::AboveWith(name, word) => {
                        let mut place = None;
                        for above in upwards(folder) {
                            for path in self.named(above, name)? {
                                if self.text(&path)?.is_some_and(|text| text.contains(word)) {
                                    place = Some(path);
                                }
                            }
                            if place.is_some() {
                                break;
                            }
                        }
                        place
                    }
                    OwnFile::Exactly { file, folder: own } => {
                        let mut place = None;
                        for above in upwards(folder) {
                            let path = join(above, file);
                            if join(above, own) == folder && self.has(&path)? {
                                place = Some(path);
                                break;
                            }
                        }
                        place
                    }
                    OwnFile::Above(name) => {
                        let mut place = None;
                        for above in upwards(folder) {
                            let path = join(above, name);
                            if self.has(&path)? {
                                place = Some(path);
                                break;
                            }
                        }
                        place
                    }
                };
                if let Some(place) = place {
                    found.push(answer((*layout, signs.name), quoted(&place)));
                    break;
                }
            }
        }
        Ok(only_one(found))
    }

    fn dependency(&self, tools: &[Tools<'_>], folder: &str) -> Result<Option<Found>> {
        for manifests in self.manifests(folder)? {
            let mut found = Vec::new();
            let texts = self.texts_of(&manifests)?;
            for (layout, signs) in tools {
                let place = signs.dependencies.iter().find_map(|(file, word)| {
                    manifests.iter().zip(&texts).find_map(|(path, text)| {
                        let is_it = split(path).1 == *file && depends(file, text.as_ref()?, word);
                        is_it.then(|| format!("`{}` in {path}", word.trim_matches('"')))
                    })
                });
                if let Some(place) = place {
                    found.push(answer((*layout, signs.name), place));
                }
            }
            // The tools of the nearest folder that names any.
            if !found.is_empty() {
                return Ok(only_one(found));
            }
        }
        Ok(None)
    }

    /// Build files: those of the folder and of each folder above it, nearest first, and at last
    /// all those below the start.
    fn manifests(&self, folder: &str) -> Result<Vec<Vec<String>>> {
        let mut groups = Vec::new();
        for above in upwards(folder) {
            let mut group = Vec::new();
            for name in MANIFESTS {
                let path = join(above, name);
                if self.has(&path)? {
                    group.push(path);
                }
            }
            groups.push(group);
        }
        let below = self.files()?.iter().filter(|path| {
            let mut parts = path.split('/');
            MANIFESTS.contains(&split(path).1) && !parts.any(|part| TRIAL.contains(&part))
        });
        groups.push(below.take(64).cloned().collect());
        Ok(groups)
    }

    fn names(
        &self,
        tools: &[Tools<'_>],
        folder: &str,
        texts: &BTreeMap<String, (MigrationText, Mark)>,
    ) -> Result<Option<Found>> {
        let telling = tools.iter().find_map(|(layout, signs)| {
            let name = texts.keys().find(|name| (signs.is_distinctive)(name))?;
            let evidence = format!("the name {}", quoted(&join(folder, name)));
            Some(answer((*layout, signs.name), evidence))
        });
        let fits = |layout: Layout| {
            let signs = tool(layout).signs();
            texts.keys().filter(|name| (signs.fits)(name)).count()
        };
        let (plain, paired) = (fits(Layout::Plain), fits(Layout::GolangMigrate));
        if plain == 0 {
            return Ok(telling);
        }
        if texts
            .keys()
            .any(|name| name.starts_with("committed/") || name.starts_with("sqls/"))
        {
            return Ok(telling);
        }
        // sqlx and golang-migrate name their files alike; then the language decides.
        if paired == plain {
            let mut is_rust = false;
            for above in upwards(folder) {
                is_rust |= self.has(&join(above, "Cargo.toml"))?;
                if self.has(&join(above, "go.mod"))? {
                    is_rust = false;
                    break;
                }
            }
            let (layout, why) = if is_rust && fits(Layout::Sqlx) == plain {
                (Layout::Sqlx, "names like `1_x.up.sql` in a Rust project")
            } else {
                (Layout::GolangMigrate, "names like `1_x.up.sql`")
            };
            return Ok(Some(answer((layout, ""), why)));
        }
        let found = (Layout::Plain, "");
        Ok(Some(answer(found, "names that begin with a number")))
    }

    /// The family of servers: what the build files say, then a connection URL, then the text.
    pub(super) fn dialect(
        &self,
        folder: &str,
        texts: &BTreeMap<String, (MigrationText, Mark)>,
    ) -> Result<Answer<Dialect>> {
        if let Some(found) = self.dialect_of_tool(folder)? {
            return Ok(found);
        }
        if let Some(found) = dialect_of_folder(folder) {
            return Ok(answer(found, format!("the folder {}", quoted(folder))));
        }
        // Of folders for several servers, the one that is judged.
        let inner: Vec<&str> = texts
            .keys()
            .filter_map(|name| name.split_once('/'))
            .map(|(inner, _)| inner)
            .filter(|inner| dialect_named(inner).is_some())
            .collect();
        let postgres = inner
            .iter()
            .find(|it| dialect_named(it) == Some(Dialect::Postgres));
        if let Some(inner) = postgres.or(inner.first())
            && let Some(dialect) = dialect_named(inner)
        {
            let evidence = format!("the folder {}", quoted(&join(folder, inner)));
            return Ok(answer(dialect, evidence));
        }
        for manifests in self.manifests(folder)? {
            let texts = self.texts_of(&manifests)?;
            let mut found = BTreeMap::new();
            for (path, text) in manifests.iter().zip(&texts) {
                let Some(text) = text else { continue };
                for (dialect, word) in drivers(split(path).1, text) {
                    found
                        .entry(dialect)
                        .or_insert_with(|| format!("`{word}` in {path}"));
                }
            }
            if let (Some((dialect, evidence)), 1) = (found.pop_first(), found.len() + 1) {
                return Ok(answer(dialect, evidence));
            }
        }
        for above in upwards(folder) {
            let mut found = BTreeMap::new();
            for name in URL_FILES {
                let path = join(above, name);
                if self.has(&path)?
                    && let Some(text) = self.text(&path)?
                {
                    for (dialect, word) in schemes(&text) {
                        found
                            .entry(dialect)
                            .or_insert_with(|| format!("`{word}` in {path}"));
                    }
                }
            }
            if let (Some((dialect, evidence)), 1) = (found.pop_first(), found.len() + 1) {
                return Ok(answer(dialect, evidence));
            }
        }
        if let Some(found) = dialect_of_names(texts) {
            return Ok(found);
        }
        Ok(dialect_of_texts(texts).unwrap_or_else(|| answer(Dialect::Postgres, "assumed")))
    }

    /// What a tool's own file says about the family of servers.
    fn dialect_of_tool(&self, folder: &str) -> Result<Option<Answer<Dialect>>> {
        for (name, key) in [
            ("migration_lock.toml", "provider"),
            ("meta/_journal.json", "\"dialect\""),
        ] {
            let path = join(folder, name);
            if self.has(&path)?
                && let Some(text) = self.text(&path)?
                && let Some(found) = text
                    .lines()
                    .find(|line| line.trim_start().starts_with(key))
                    .and_then(|line| line.rsplit_once(['=', ':']))
                    .and_then(|(_, value)| dialect_named(value.trim_matches([' ', '"', ',', '\''])))
            {
                return Ok(Some(answer(found, quoted(&path))));
            }
        }
        for above in upwards(folder) {
            let path = join(above, "sqitch.conf");
            if self.has(&path)?
                && let Some(text) = self.text(&path)?
                && let Some(found) = text
                    .lines()
                    .find(|line| line.trim_start().starts_with("engine"))
                    .and_then(|line| line.split_once('='))
                    .and_then(|(_, value)| dialect_named(value.trim()))
            {
                return Ok(Some(answer(found, quoted(&path))));
            }
        }
        Ok(None)
    }

    /// The server's version, where images of servers around the project all name one, or a tool's
    /// own file does.
    pub(super) fn server_version(
        &self,
        folder: &str,
        dialect: Dialect,
    ) -> Result<Option<Answer<ServerVersion>>> {
        for above in upwards(folder) {
            let supabase = join(above, "supabase/config.toml");
            if dialect == Dialect::Postgres && self.has(&supabase)? {
                let text = self.text(&supabase)?;
                let major = text.as_deref().and_then(|text| {
                    let line = text
                        .lines()
                        .find(|line| line.starts_with("major_version"))?;
                    line.split_once('=')?.1.trim().parse().ok()
                });
                if let Some(major) = major {
                    let version = ServerVersion::new(major, 0, 0);
                    let evidence = format!("`major_version` in {supabase}");
                    return Ok(Some(answer(version, evidence)));
                }
            }
            let mut paths = Vec::new();
            for name in IMAGE_FILES {
                let path = join(above, name);
                if self.has(&path)? {
                    paths.push(path);
                }
            }
            let workflows = join(above, ".github/workflows");
            if self.has(&format!("{}/", join(above, ".github")))? {
                let names = self.tree.names(&workflows)?;
                let is_yaml = |name: &&String| name.ends_with(".yml") || name.ends_with(".yaml");
                paths.extend(
                    names
                        .iter()
                        .filter(is_yaml)
                        .map(|name| join(&workflows, name)),
                );
            }
            let texts = self.texts_of(&paths)?;
            let mut found: BTreeMap<ServerVersion, String> = BTreeMap::new();
            for (path, text) in paths.iter().zip(&texts) {
                for (version, image) in images(text.as_deref().unwrap_or_default(), dialect) {
                    found
                        .entry(version)
                        .or_insert_with(|| format!("`{image}` in {path}"));
                }
            }
            if found.len() == 1
                && let Some((version, evidence)) = found.pop_first()
            {
                return Ok(Some(answer(version, evidence)));
            }
            if !found.is_empty() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// The nearest folder above the migrations that holds a build file or a configuration: what
    /// people call the project.
    pub(super) fn project_root(&self, folder: &str) -> Result<String> {
        let mut above = upwards(folder);
        // The migrations folder itself is the project only where nothing is above it.
        if !folder.is_empty() {
            above.next();
        }
        for above in above {
            for name in MANIFESTS.iter().chain(&[super::config::FILE_NAME]) {
                if self.has(&join(above, name))? {
                    return Ok(above.to_owned());
                }
            }
        }
        let parent = split(folder).0;
        let is_inside = is_or_within(parent, self.start);
        Ok(if is_inside { self.start } else { parent }.to_owned())
    }
}

type Tools<'a> = (Layout, &'a Signs);
type Found = Answer<(Layout, &'static str)>;

/// The first answer, where all are the same.
fn only_one(found: Vec<Found>) -> Option<Found> {
    let names: BTreeSet<&str> = found.iter().map(|it| it.value.1).collect();
    if names.len() != 1 {
        return None;
    }
    found.into_iter().next()
}

/// The tools whose markers the migrations hold: one that half of them have, because the tool asks
/// for it, and one that any has.
fn markers(
    tools: &[Tools<'_>],
    texts: &BTreeMap<String, (MigrationText, Mark)>,
) -> (Option<Found>, Option<Found>) {
    /// A marker stands at the top; the rest of a long file is not searched for it.
    const TOP: usize = 4096;
    let mut always: BTreeMap<&str, (Tools<'_>, usize, String)> = BTreeMap::new();
    let mut sometimes: Vec<Found> = Vec::new();
    for (name, (text, _)) in texts {
        let text = text.text().unwrap_or_default();
        let mut end = text.len().min(TOP);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut seen = BTreeSet::new();
        for line in text[..end].lines().filter(|line| line.starts_with("--")) {
            for (layout, signs) in tools.iter().filter(|(_, signs)| (signs.fits)(name)) {
                for marker in signs.markers {
                    let (Marker::Always(begin) | Marker::Sometimes(begin)) = marker;
                    let is_it = line
                        .get(..begin.len())
                        .is_some_and(|it| it.eq_ignore_ascii_case(begin));
                    if !is_it || !seen.insert(*begin) {
                        continue;
                    }
                    let evidence = || format!("`{begin}` in {}", text_path(texts, name));
                    match marker {
                        Marker::Always(_) => {
                            always
                                .entry(signs.name)
                                .or_insert_with(|| ((*layout, signs), 0, evidence()))
                                .1 += 1;
                        }
                        Marker::Sometimes(_) => {
                            sometimes.push(answer((*layout, signs.name), evidence()));
                        }
                    }
                }
            }
        }
    }
    let most = always.into_values().max_by_key(|(_, count, _)| *count);
    let always = most
        .filter(|(_, count, _)| 2 * count >= texts.len())
        .map(|((layout, signs), _, evidence)| answer((layout, signs.name), evidence));
    (always, only_one(sometimes))
}

fn text_path<'a>(texts: &'a BTreeMap<String, (MigrationText, Mark)>, name: &'a str) -> &'a str {
    texts.get(name).map_or(name, |(text, _)| text.path())
}

/// Whether a build file asks for `word`.
fn depends(file: &str, text: &str, word: &str) -> bool {
    match file {
        "Cargo.toml" => text.lines().any(|line| {
            let line = line.trim();
            let key = line.strip_prefix(word);
            let is_key = key.is_some_and(|rest| rest.starts_with([' ', '=', '.', '\t']));
            is_key
                || (line.starts_with('[') && line.ends_with(&format!("dependencies.{word}]")))
                || line.contains(&format!("package = \"{word}\""))
        }),
        "go.mod" => text.lines().any(|line| {
            let line = line.trim();
            let line = line.strip_prefix("require ").unwrap_or(line).trim_start();
            line.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with([' ', '/']))
                && !line.ends_with("// indirect")
        }),
        _ => text.contains(word),
    }
}

/// The database drivers that a build file asks for, with the word that says so.
fn drivers(file: &str, text: &str) -> Vec<(Dialect, &'static str)> {
    const GO: [(Dialect, &str); 6] = [
        (Dialect::Postgres, "github.com/jackc/pgx"),
        (Dialect::Postgres, "github.com/lib/pq"),
        (Dialect::Mysql, "github.com/go-sql-driver/mysql"),
        (Dialect::Sqlite, "github.com/mattn/go-sqlite3"),
        (Dialect::Sqlite, "modernc.org/sqlite"),
        (Dialect::Sqlite, "github.com/glebarez/sqlite"),
    ];
    const RUST: [(Dialect, &str); 5] = [
        (Dialect::Postgres, "postgres"),
        (Dialect::Mysql, "mysql"),
        (Dialect::Sqlite, "sqlite"),
        (Dialect::Sqlite, "sqlite-unbundled"),
        (Dialect::Sqlite, "returning_clauses_for_sqlite_3_35"),
    ];
    const NODE: [(Dialect, &str); 8] = [
        (Dialect::Postgres, "\"pg\""),
        (Dialect::Postgres, "\"postgres\""),
        (Dialect::Postgres, "\"@neondatabase/serverless\""),
        (Dialect::Mysql, "\"mysql\""),
        (Dialect::Mysql, "\"mysql2\""),
        (Dialect::Sqlite, "\"better-sqlite3\""),
        (Dialect::Sqlite, "\"sqlite3\""),
        (Dialect::Sqlite, "\"@libsql/client\""),
    ];
    const JAVA: [(Dialect, &str); 5] = [
        (Dialect::Postgres, "org.postgresql"),
        (Dialect::Postgres, "r2dbc-postgresql"),
        (Dialect::Mysql, "mysql-connector"),
        (Dialect::Mariadb, "mariadb-java-client"),
        (Dialect::Sqlite, "sqlite-jdbc"),
    ];
    const PYTHON: [(Dialect, &str); 5] = [
        (Dialect::Postgres, "psycopg"),
        (Dialect::Postgres, "asyncpg"),
        (Dialect::Mysql, "pymysql"),
        (Dialect::Mysql, "mysqlclient"),
        (Dialect::Mysql, "aiomysql"),
    ];
    let holding = |words: &[(Dialect, &'static str)]| -> Vec<(Dialect, &'static str)> {
        let found = words.iter().filter(|(_, word)| text.contains(word));
        found
            .map(|(dialect, word)| (*dialect, word.trim_matches('"')))
            .collect()
    };
    match file {
        "go.mod" => GO
            .into_iter()
            .filter(|(_, module)| depends(file, text, module))
            .collect(),
        "Cargo.toml" => {
            // Those whose features choose the server at compile time.
            let tools = ["sqlx", "diesel"];
            if !tools.iter().any(|tool| text.contains(tool)) {
                return Vec::new();
            }
            let table: toml::Table = text.parse().unwrap_or_default();
            let features: Vec<String> = tools
                .iter()
                .flat_map(|tool| features_of(tool, &table))
                .collect();
            RUST.into_iter()
                .filter(|(_, feature)| features.iter().any(|it| it == feature))
                .collect()
        }
        "package.json" => holding(&NODE),
        "pom.xml" | "build.gradle" | "build.gradle.kts" | "libs.versions.toml" => holding(&JAVA),
        "requirements.txt" | "pyproject.toml" => holding(&PYTHON),
        _ => Vec::new(),
    }
}

/// The features with which a `Cargo.toml` asks for `name`, in whichever of its tables.
fn features_of(name: &str, table: &toml::Table) -> Vec<String> {
    let mut features = Vec::new();
    for (key, value) in table {
        let Some(inner) = value.as_table() else {
            continue;
        };
        if key.ends_with("dependencies") {
            let listed = inner
                .get(name)
                .and_then(|it| it.get("features"))
                .and_then(toml::Value::as_array);
            features.extend(
                listed
                    .into_iter()
                    .flatten()
                    .filter_map(|it| it.as_str().map(str::to_owned)),
            );
        } else if matches!(key.as_str(), "workspace" | "target") || key.starts_with("cfg(") {
            features.extend(features_of(name, inner));
        }
    }
    features
}

/// The schemes of connection URLs and the images of servers in a text.
fn schemes(text: &str) -> Vec<(Dialect, &'static str)> {
    const WORDS: [(Dialect, &str); 11] = [
        (Dialect::Postgres, "postgres://"),
        (Dialect::Postgres, "postgresql://"),
        (Dialect::Postgres, "image: postgres"),
        (Dialect::Postgres, "image: postgis/"),
        (Dialect::Postgres, "image: timescale/"),
        (Dialect::Mysql, "mysql://"),
        (Dialect::Mysql, "image: mysql"),
        (Dialect::Mariadb, "mariadb://"),
        (Dialect::Mariadb, "image: mariadb"),
        (Dialect::Sqlite, "sqlite:"),
        (Dialect::Sqlite, "sqlite3:"),
    ];
    WORDS
        .into_iter()
        .filter(|(_, word)| text.contains(word))
        .collect()
}

/// Versions of servers of that family that images in a text name, and the image.
fn images(text: &str, dialect: Dialect) -> Vec<(ServerVersion, String)> {
    let names: &[&str] = match dialect {
        Dialect::Postgres => &[
            "postgres",
            "postgis/postgis",
            "timescale/timescaledb",
            "timescale/timescaledb-ha",
            "pgvector/pgvector",
            "supabase/postgres",
            "bitnami/postgresql",
            "cimg/postgres",
            "circleci/postgres",
        ],
        Dialect::Mysql => &["mysql", "bitnami/mysql", "cimg/mysql"],
        Dialect::Mariadb => &["mariadb", "bitnami/mariadb", "cimg/mariadb"],
        Dialect::Sqlite => &[],
    };
    let mut out = Vec::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        let line = line.trim_start_matches("- ");
        let Some(image) = line
            .strip_prefix("image:")
            .or_else(|| line.strip_prefix("name:"))
            .or_else(|| line.strip_prefix("FROM "))
            .or_else(|| names.iter().any(|it| line.starts_with(it)).then_some(line))
        else {
            continue;
        };
        let image = image.trim().trim_matches(['"', '\'']);
        let image = image.strip_prefix("docker.io/").unwrap_or(image);
        let image = image.strip_prefix("library/").unwrap_or(image);
        let Some((name, tag)) = image.split_once(':') else {
            continue;
        };
        if !names.contains(&name) {
            continue;
        }
        // `16-alpine`, `16.2`, `16-3.4` (PostGIS), `latest-pg16`, `pg16`.
        let start = tag.find("pg").map_or(0, |at| at + 2);
        let rest = &tag[start..];
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let numbers: Vec<&str> = rest[..end].split('.').take(3).collect();
        if let Ok(version) = numbers.join(".").parse::<ServerVersion>() {
            out.push((version, image.to_owned()));
        }
    }
    out
}

/// The folder of Flyway's kind around a file: the nearest one that a migrations folder is called,
/// or the one of a dialect in it.
fn top_of<'a>(parent: &'a str, start: &str) -> &'a str {
    let mut top = parent;
    let mut at = parent;
    loop {
        let name = split(at).1.to_lowercase();
        if name.contains("migrat") {
            // `db/migration/postgresql/V1__x.sql`
            let below = parent[at.len()..].trim_start_matches('/');
            let first = below.split('/').next().unwrap_or_default();
            if dialect_named(first).is_some() || foreign_server(first).is_some() {
                top = &parent[..at.len() + 1 + first.len()];
            } else {
                top = at;
            }
            return top;
        }
        if at == start || at.is_empty() {
            return top;
        }
        at = split(at).0;
    }
}

/// The dialect that people give this name.
pub(super) fn dialect_named(name: &str) -> Option<Dialect> {
    match name.to_lowercase().as_str() {
        "postgres" | "postgresql" | "pg" | "pgsql" | "cockroach" | "cockroachdb" => {
            Some(Dialect::Postgres)
        }
        "mysql" => Some(Dialect::Mysql),
        "mariadb" => Some(Dialect::Mariadb),
        "sqlite" | "sqlite3" => Some(Dialect::Sqlite),
        _ => None,
    }
}

/// The dialect that a folder, or one above it, is named after: the nearest one that names exactly
/// one, as `postgres`, `migrations_sqlite` or `mysql-schema` do.
fn dialect_of_folder(folder: &str) -> Option<Dialect> {
    folder.rsplit('/').find_map(|part| {
        let words = part.split(['_', '-', '.']);
        let found: BTreeSet<Dialect> = words.filter_map(dialect_named).collect();
        match found.len() {
            1 => found.into_iter().next(),
            _ => None,
        }
    })
}

/// Servers that are not read, by the names that people give to folders for them, and to nothing
/// else.
const FOREIGN: [&str; 16] = [
    "h2",
    "hsqldb",
    "hsql",
    "derby",
    "mssql",
    "sqlserver",
    "clickhouse",
    "bigquery",
    "cassandra",
    "scylla",
    "snowflake",
    "redshift",
    "informix",
    "firebird",
    "sybase",
    "duckdb",
];

/// The server that a folder is named after, where it is one that is not read.
pub(super) fn foreign_server(folder: &str) -> Option<&str> {
    // Some names mean other things too, but hardly as the name of the folder itself.
    if let name @ ("oracle" | "spanner" | "db2" | "ydb" | "mongodb" | "neo4j") = split(folder).1 {
        return Some(name);
    }
    folder.rsplit('/').find_map(|part| {
        let mut words = part.split(['_', '-', '.']);
        words.find(|word| FOREIGN.contains(&word.to_lowercase().as_str()))
    })
}

/// Whether a folder is named after another server than that of `dialect`.
pub(super) fn is_for_other(part: &str, dialect: Dialect) -> bool {
    foreign_server(part).is_some() || dialect_named(part).is_some_and(|its| its != dialect)
}

/// PostgreSQL, where some files are for it and others for other servers by their names, as in
/// `1_a.postgres.up.sql` and `1_a.mysql.up.sql`: the texts of those for others tell nothing.
fn dialect_of_names(texts: &BTreeMap<String, (MigrationText, Mark)>) -> Option<Answer<Dialect>> {
    let named = |path: &str, is_meant: fn(Dialect) -> bool| {
        let mut words = split(path).1.split('.').skip(1);
        words.any(|word| word != "cockroach" && dialect_named(word).is_some_and(is_meant))
    };
    texts
        .keys()
        .find(|path| named(path, |it| it != Dialect::Postgres))?;
    let path = texts
        .keys()
        .find(|path| named(path, |it| it == Dialect::Postgres))?;
    Some(answer(
        Dialect::Postgres,
        format!("{} beside files for other servers", quoted(split(path).1)),
    ))
}

/// The dialect that most of the files speak; `None` where none says anything, or two say as much.
fn dialect_of_texts(texts: &BTreeMap<String, (MigrationText, Mark)>) -> Option<Answer<Dialect>> {
    const WORDS: [(Dialect, &str); 18] = [
        (Dialect::Mysql, "`"),
        (Dialect::Mysql, "auto_increment"),
        (Dialect::Mysql, "engine="),
        (Dialect::Mysql, "engine ="),
        (Dialect::Sqlite, "autoincrement"),
        (Dialect::Sqlite, "pragma "),
        (Dialect::Sqlite, "without rowid"),
        (Dialect::Postgres, "serial"),
        (Dialect::Postgres, "::"),
        (Dialect::Postgres, "$$"),
        (Dialect::Postgres, "concurrently"),
        (Dialect::Postgres, "jsonb"),
        (Dialect::Postgres, "timestamptz"),
        (Dialect::Postgres, "gen_random_uuid"),
        (Dialect::Postgres, "bytea"),
        (Dialect::Postgres, "create extension"),
        (Dialect::Postgres, "generated always as identity"),
        (Dialect::Postgres, "with time zone"),
    ];
    /// Enough to know: the text of a whole long history need not be searched.
    const SAMPLE: usize = 1 << 20;
    let mut votes: BTreeMap<Dialect, (usize, String)> = BTreeMap::new();
    let mut searched = 0;
    for (text, _) in texts.values() {
        let Some(content) = text.text().filter(|it| it.len() < SAMPLE) else {
            continue;
        };
        searched += content.len();
        if searched > SAMPLE {
            break;
        }
        let content: String = content
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\n")
            .to_ascii_lowercase();
        for dialect in [Dialect::Mysql, Dialect::Sqlite, Dialect::Postgres] {
            let word = WORDS
                .iter()
                .find(|(its, word)| *its == dialect && content.contains(word));
            if let Some((_, word)) = word {
                let evidence = || match *word {
                    "`" => format!("backquotes in {}", text.path()),
                    word => format!("`{}` in {}", word.trim().to_ascii_uppercase(), text.path()),
                };
                votes.entry(dialect).or_insert_with(|| (0, evidence())).0 += 1;
            }
        }
    }
    let most = votes.values().map(|(count, _)| *count).max()?;
    let mut winners = votes.into_iter().filter(|(_, (count, _))| *count == most);
    let (dialect, (_, evidence)) = winners.next()?;
    winners.next().is_none().then(|| answer(dialect, evidence))
}

pub(super) fn is_sql(path: &str) -> bool {
    path.len() > 4
        && path.is_char_boundary(path.len() - 4)
        && path[path.len() - 4..].eq_ignore_ascii_case(".sql")
}

/// Whether the last parts of `path` are `name`.
fn ends_with(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

pub(super) fn is_or_within(folder: &str, start: &str) -> bool {
    folder == start || is_within(folder, start)
}

/// A path in backquotes; the root has no name of its own.
fn quoted(path: &str) -> String {
    if path.is_empty() {
        "the top folder".to_owned()
    } else {
        format!("`{path}`")
    }
}
