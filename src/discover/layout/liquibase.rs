//! Liquibase: changesets in the order of their files, files in the order of the master changelog.
//!
//! Source: `liquibase-core/src/main/java/liquibase/` (`parser/core/formattedsql`, `changelog`) of
//! Liquibase 4. Each changeset is a migration of its own: author, id and path tell it from others,
//! and it is one transaction unless `runInTransaction:false`. Changes that are not SQL
//! (`addColumn` …) are not read, which is said: such a changeset may do anything.

mod changelog;
mod formatted;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Marker, Oddity, OddityKind, OwnFile, Reading, Signs, Tool,
    TransactionScope, Unit, has_extension, is_direct_sql, lines, properties, send_delimited,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::part::{Builder, Part};
use crate::discover::text::MigrationText;
use crate::discover::tree::{join, split, upwards};
use crate::discover::{Migration, Phase};
use crate::error::{Error, Result};
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Liquibase;

const SIGNS: Signs = Signs {
    name: "Liquibase",
    own_files: &[
        OwnFile::Above("liquibase.properties"),
        OwnFile::Inside("db.changelog-master.yaml"),
        OwnFile::Inside("db.changelog-master.yml"),
        OwnFile::Inside("db.changelog-master.xml"),
        OwnFile::Inside("db.changelog-master.json"),
        OwnFile::Inside("db.changelog-master.sql"),
    ],
    dependencies: &[
        ("pom.xml", "liquibase"),
        ("build.gradle", "liquibase"),
        ("build.gradle.kts", "liquibase"),
        ("libs.versions.toml", "liquibase"),
    ],
    markers: &[
        Marker::Always("--liquibase formatted sql"),
        Marker::Always("-- liquibase formatted sql"),
    ],
    fits: is_direct_sql,
    fits_anything: true,
    is_distinctive: super::is_nothing,
};

/// Names of master changelogs, as people give them.
const MASTERS: [&str; 15] = [
    "db.changelog-master.yaml",
    "db.changelog-master.yml",
    "db.changelog-master.xml",
    "db.changelog-master.json",
    "db.changelog-master.sql",
    "changelog-master.xml",
    "changelog-master.yaml",
    "changelog-master.yml",
    "changelog.xml",
    "changelog.yaml",
    "changelog.yml",
    "master.xml",
    "master.yaml",
    "db.changelog.xml",
    "db.changelog.yaml",
];

/// A changeset as any of the formats gives it.
#[derive(Debug, Clone)]
struct ChangeSet {
    id: String,
    author: String,
    attributes: Attributes,
    changes: Vec<Change>,
    /// What its comment says.
    comment: String,
    /// Where it stands in the file.
    span: Span,
    /// The statements that take it back, where they are written.
    rollback: Vec<Change>,
    /// Whether it runs only under a condition.
    has_precondition: bool,
}

/// What a changeset says about itself.
#[derive(Debug, Clone)]
struct Attributes {
    run_in_transaction: bool,
    run_again: bool,
    is_ignored: bool,
    dbms: Option<String>,
    /// In place of the path.
    logical_path: Option<String>,
    split_statements: bool,
    end_delimiter: Option<String>,
}

impl Default for Attributes {
    fn default() -> Self {
        Attributes {
            run_in_transaction: true,
            run_again: false,
            is_ignored: false,
            dbms: None,
            logical_path: None,
            split_statements: true,
            end_delimiter: None,
        }
    }
}

impl Attributes {
    /// Takes one attribute, whatever its case.
    fn take(&mut self, key: &str, value: &str) {
        let is_true = value.eq_ignore_ascii_case("true");
        match key.to_ascii_lowercase().as_str() {
            "runintransaction" => self.run_in_transaction = is_true,
            "runonchange" | "runalways" => self.run_again |= is_true,
            "ignore" => self.is_ignored = is_true,
            "dbms" => self.dbms = Some(value.to_owned()),
            "logicalfilepath" => self.logical_path = Some(value.to_owned()),
            "splitstatements" => self.split_statements = is_true,
            "enddelimiter" => self.end_delimiter = Some(value.to_owned()),
            _ => {}
        }
    }

    fn is_for(&self, dialect: Dialect) -> bool {
        let Some(dbms) = &self.dbms else {
            return true;
        };
        let own: &[&str] = match dialect {
            Dialect::Postgres => &["postgresql"],
            Dialect::Mysql => &["mysql"],
            Dialect::Mariadb => &["mariadb"],
            Dialect::Sqlite => &["sqlite"],
        };
        let mut listed = false;
        for name in dbms.split(',').map(str::trim) {
            match name.strip_prefix('!') {
                Some(name) if own.contains(&name) => return false,
                Some(_) => listed = true,
                None if name == "all" || own.contains(&name) => return true,
                None => {}
            }
        }
        listed
    }
}

/// One change of a changeset.
#[derive(Debug, Clone)]
enum Change {
    /// A stretch of the file itself.
    Text(Span),
    /// A text that stands in the file in another form, and where.
    Written(String, Span),
    /// A file of its own.
    File {
        path: String,
        is_relative: bool,
        at: Span,
    },
    /// Not SQL.
    Other(String),
}

/// What a changelog holds, in order.
#[derive(Debug, Clone)]
enum Item {
    Include {
        path: String,
        is_relative: bool,
        at: Span,
    },
    IncludeAll {
        path: String,
        is_relative: bool,
        ending: Option<String>,
        depths: (usize, usize),
    },
    Property(String, String),
    ChangeSet(Box<ChangeSet>),
    /// Something that this reader does not know, for people.
    Unknown(String),
}

/// Reads changelogs one after the other.
struct Walk<'a> {
    folder: &'a Folder<'a>,
    reading: Reading,
    placeholders: Placeholders,
    seen: HashSet<String>,
    identities: BTreeSet<String>,
    conditional: usize,
}

impl Walk<'_> {
    /// The text of a file of the tree.
    fn text(&self, path: &str) -> Result<MigrationText> {
        let texts = self.folder.ground.migration_texts(&[path.to_owned()])?;
        let missing = || MigrationText::not_sql(path, "the file is gone");
        Ok(texts
            .into_iter()
            .next()
            .map_or_else(missing, |(text, _)| text))
    }

    /// Where a path of a changelog leads: beside it, or below any folder above it.
    fn resolve(
        &self,
        from: &str,
        path: &str,
        is_relative: bool,
        is_folder: bool,
    ) -> Option<String> {
        let path = bare(path);
        let exists = |path: &str| match is_folder {
            true => self.folder.ground.has_files(path),
            false => self.folder.ground.has(path).unwrap_or(false),
        };
        let home = split(from).0;
        if is_relative {
            return relative(home, path).filter(|it| exists(it));
        }
        let mut roots: Vec<String> = upwards(home).map(str::to_owned).collect();
        // The folder's own way is the more likely one, then the roots of Java projects.
        roots.extend(upwards(home).map(|it| join(it, "src/main/resources")));
        roots
            .iter()
            .filter_map(|root| relative(root, path))
            .find(|it| exists(it))
    }

    /// `known_as` is the path as Liquibase records it.
    fn changelog(&mut self, path: &str, known_as: &str) -> Result<()> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let text = self.text(path)?;
        let file = match text {
            MigrationText::Read(part) => part.file,
            unreadable @ MigrationText::Unreadable(_) => {
                let about = About::of_file(path, known_as, "raw");
                let it = self.migration(&about, unreadable, &Attributes::default());
                self.push(it);
                return Ok(());
            }
        };
        let ending = path
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let items = match ending.as_str() {
            "sql" if formatted::is_formatted(&file.text) => {
                formatted::items(&file, &mut self.reading)
            }
            "sql" => {
                let attributes = Attributes {
                    split_statements: false,
                    ..Attributes::default()
                };
                let whole = Span::new(0, file.text.len());
                let text = self.filled(&file, &[Change::Text(whole)], &attributes, path)?;
                let about = About::of_file(path, known_as, "raw");
                let it = self.migration(&about, text, &attributes);
                self.push(it);
                return Ok(());
            }
            "xml" => changelog::of_xml(&file),
            "yaml" | "yml" => changelog::of_yaml(&file),
            "json" => changelog::of_json(&file),
            _ => return Ok(()),
        };
        let items = match items {
            Ok(items) => items,
            Err(said) => {
                let reason = format!("this changelog cannot be read: {said}");
                let text = MigrationText::not_sql(path, reason);
                let about = About::of_file(path, known_as, "unread");
                let it = self.migration(&about, text, &Attributes::default());
                self.push(it);
                return Ok(());
            }
        };
        for item in items {
            self.item(&file, (path, known_as), item)?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        file: &SourceFile,
        (path, known_as): (&str, &str),
        item: Item,
    ) -> Result<()> {
        match item {
            Item::Property(name, value) => {
                // The first one counts.
                self.placeholders.know_first(&name, &value);
            }
            Item::Unknown(what) => {
                let reason = format!("`{what}` in this changelog is not read");
                let text = MigrationText::not_sql(path, reason);
                let about = About::of_file(path, known_as, &what);
                let it = self.migration(&about, text, &Attributes::default());
                self.push(it);
            }
            Item::Include {
                path: included,
                is_relative,
                at,
            } => match self.resolve(path, &included, is_relative, false) {
                Some(found) => {
                    let known = match is_relative {
                        true => relative(split(known_as).0, bare(&included)),
                        false => Some(bare(&included).to_owned()),
                    };
                    self.changelog(&found, &known.unwrap_or_else(|| found.clone()))?;
                }
                None => self.missing(file, path, &included, at),
            },
            Item::IncludeAll {
                path: included,
                is_relative,
                ending,
                depths,
            } => {
                let Some(found) = self.resolve(path, &included, is_relative, true) else {
                    self.missing(file, path, &included, Span::new(0, 0));
                    return Ok(());
                };
                let known = match is_relative {
                    true => relative(split(known_as).0, bare(&included)),
                    false => Some(bare(&included).trim_end_matches('/').to_owned()),
                };
                for inner in self.folder.ground.files_below(&found)? {
                    let below = inner[found.len()..].trim_start_matches('/');
                    let depth = below.matches('/').count();
                    let is_wanted = ending
                        .as_ref()
                        .is_none_or(|it| inner.ends_with(it.as_str()))
                        && (depths.0..=depths.1).contains(&depth);
                    if is_wanted {
                        let known = known.as_ref().map(|known| join(known, below));
                        self.changelog(&inner, &known.unwrap_or_else(|| inner.clone()))?;
                    }
                }
            }
            Item::ChangeSet(set) => self.change_set(file, (path, known_as), &set)?,
        }
        Ok(())
    }

    fn missing(&mut self, file: &SourceFile, path: &str, included: &str, at: Span) {
        let reason = format!("`{included}` is included here and not there");
        let oddity = Oddity::new(
            OddityKind::MigrationSkipped { reason },
            Consequence::Refused,
            "Liquibase refuses to run anything",
            path,
        );
        self.reading.oddities.push(oddity.at(file, at));
    }

    fn change_set(
        &mut self,
        file: &SourceFile,
        (path, known_as): (&str, &str),
        set: &ChangeSet,
    ) -> Result<()> {
        let attributes = &set.attributes;
        let known_as = attributes.logical_path.as_deref().unwrap_or(known_as);
        let about = About {
            path,
            known_as,
            id: &set.id,
            author: &set.author,
            comment: &set.comment,
        };
        let version = about.version();
        let dialect = self.folder.dialect;
        if attributes.is_ignored || !attributes.is_for(dialect) {
            let why = match attributes.is_ignored {
                true => "is ignored".to_owned(),
                false => format!("is for {}", attributes.dbms.as_deref().unwrap_or_default()),
            };
            let notice = format!("{path}: changeset {version} {why}");
            self.reading.notices.push(notice);
            return Ok(());
        }
        let others: Vec<&str> = set
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Other(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let up = if others.is_empty() {
            self.filled(file, &set.changes, attributes, path)?
        } else {
            let at = file.position(set.span.start);
            let mut text = MigrationText::not_sql(
                path,
                format!(
                    "the changeset holds `{}`, which is not SQL; `liquibase update-sql` prints it",
                    others.join("`, `")
                ),
            );
            if let MigrationText::Unreadable(it) = &mut text {
                it.position = Some(at);
                it.offset = Some(set.span.start);
            }
            text
        };
        let mut it = self.migration(&about, up, attributes);
        it.span = Some(set.span);
        if attributes.run_again {
            let text = it.up.sent().unwrap_or_default().to_owned();
            it.identity = format!("{}@{}", it.identity, fingerprint(&text));
            it.late = Late::Never;
        }
        if !set.rollback.is_empty() {
            let down = self.filled(file, &set.rollback, &Attributes::default(), path)?;
            it.down = Some(down);
        }
        // The file that the statements stand in is what findings point at.
        if let Some(part) = it.up.part()
            && *part.file.path != *path
        {
            it.path = part.file.path.to_string();
            it.span = None;
        }
        self.conditional += usize::from(set.has_precondition);
        self.push(it);
        Ok(())
    }

    /// The text that a changeset sends.
    fn filled(
        &self,
        file: &SourceFile,
        changes: &[Change],
        attributes: &Attributes,
        path: &str,
    ) -> Result<MigrationText> {
        let load = |name: &str, is_relative: bool| -> Result<Option<SourceFile>> {
            match self.resolve(path, name, is_relative, false) {
                Some(found) => Ok(self.text(&found)?.part().map(|part| part.file.clone())),
                None => Ok(None),
            }
        };
        if let [
            Change::File {
                path: name,
                is_relative,
                ..
            },
        ] = changes
        {
            return Ok(match load(name, *is_relative)? {
                Some(file) => {
                    let whole = Span::new(0, file.text.len());
                    MigrationText::Read(self.cut(&file, &[Change::Text(whole)], attributes))
                }
                None => MigrationText::not_sql(path, format!("`{name}` is not there")),
            });
        }
        let mut written = Vec::new();
        for change in changes {
            written.push(match change {
                Change::File {
                    path: name,
                    is_relative,
                    at,
                } => match load(name, *is_relative)? {
                    Some(file) => Change::Written(file.text.to_string(), *at),
                    None => {
                        let reason = format!("`{name}` is not there");
                        return Ok(MigrationText::not_sql(path, reason));
                    }
                },
                other => other.clone(),
            });
        }
        Ok(MigrationText::Read(self.cut(file, &written, attributes)))
    }

    fn cut(&self, file: &SourceFile, changes: &[Change], attributes: &Attributes) -> Part {
        let mut builder = Builder::new(file);
        let add = |builder: &mut Builder, span: Span| self.placeholders.add(builder, file, span);
        for change in changes {
            match change {
                Change::Text(span) => match &attributes.end_delimiter {
                    Some(delimiter) if attributes.split_statements => {
                        let text = delimiter.replace("\\n", "\n").replace("\\r", "");
                        let bare = text.trim_matches(['\n', ' ']).trim_end_matches("\\s*$");
                        let is_full_line = text.starts_with('\n');
                        let how = (bare, is_full_line);
                        send_delimited(&mut builder, &add, &file.text, *span, how);
                    }
                    None if attributes.split_statements && has_batches(&file.text, *span) => {
                        batches(&mut builder, &add, &file.text, *span);
                    }
                    _ => {
                        add(&mut builder, *span);
                        if changes.len() > 1 {
                            builder.replaced(Span::new(span.end, span.end), ";\n");
                        }
                    }
                },
                Change::Written(text, at) => {
                    let filled =
                        self.placeholders
                            .fill(MigrationText::Read(Part::whole(SourceFile::new(
                                &*file.path,
                                text.as_str(),
                            ))));
                    let end = match &attributes.end_delimiter {
                        Some(delimiter) if delimiter != ";" => delimiter.as_str(),
                        _ => "",
                    };
                    let text = filled.sent().unwrap_or_default();
                    let text = match end {
                        "" => text.to_owned(),
                        end => text.replace(end, ";"),
                    };
                    builder.replaced(*at, &text);
                    if changes.len() > 1 {
                        builder.replaced(Span::new(at.end, at.end), ";\n");
                    }
                }
                Change::File { .. } | Change::Other(_) => {}
            }
        }
        builder.build()
    }

    fn migration(
        &self,
        about: &About<'_>,
        up: MigrationText,
        attributes: &Attributes,
    ) -> Migration {
        let scope = match attributes.run_in_transaction {
            true => self.folder.transaction.unwrap_or(TransactionScope::File),
            false => TransactionScope::None,
        };
        let unit = match attributes.split_statements {
            true => Unit::Statement,
            false => Unit::WholeText,
        };
        Migration {
            version: about.version(),
            identity: about.version(),
            name: about.comment.to_owned(),
            path: about.path.to_owned(),
            up,
            down: None,
            transaction: scope,
            unit: self.folder.unit.unwrap_or(unit),
            phase: Phase::PreDeploy,
            span: None,
            parents: None,
            late: Late::Runs,
            stamp: None,
            is_checkpoint: false,
        }
    }

    fn push(&mut self, migration: Migration) {
        if !self.identities.insert(migration.identity.clone()) {
            let kind = OddityKind::VersionDuplicated {
                version: migration.version.clone(),
                other: migration.path.clone(),
            };
            let mut oddity = Oddity::new(
                kind,
                Consequence::Refused,
                "Liquibase refuses two changesets with one author, id and path",
                migration.path.clone(),
            );
            if let (Some(part), Some(span)) = (migration.up.part(), migration.span) {
                let line = span.of(&part.file.text).lines().next().unwrap_or_default();
                oddity = oddity.at(&part.file, Span::new(span.start, span.start + line.len()));
            }
            self.reading.oddities.push(oddity);
            return;
        }
        self.reading.migrations.push(migration);
    }
}

/// By what a changeset is known.
struct About<'a> {
    /// Its file from the tree's root.
    path: &'a str,
    /// That file as Liquibase records it.
    known_as: &'a str,
    id: &'a str,
    author: &'a str,
    comment: &'a str,
}

impl<'a> About<'a> {
    /// A whole file that is one changeset.
    fn of_file(path: &'a str, known_as: &'a str, id: &'a str) -> Self {
        About {
            path,
            known_as,
            id,
            author: "includeAll",
            comment: "",
        }
    }

    /// The three columns of the history table that tell changesets apart.
    fn version(&self) -> String {
        format!("{}::{}::{}", self.known_as, self.id, self.author)
    }
}

/// A path without what says where it is looked for.
fn bare(path: &str) -> &str {
    let path = path.trim_start_matches("classpath*:");
    path.trim_start_matches("classpath:")
        .trim_start_matches('/')
}

/// The path of a file from the root of resources of a Java project, or as it is.
fn known_path(path: &str) -> &str {
    match path.split_once("src/main/resources/") {
        Some((_, rest)) => rest,
        None => path,
    }
}

/// Whether a line stands in the text that ends a statement without a semicolon: `GO` or `/`.
fn is_batch_end(line: &str) -> bool {
    let line = line.trim();
    line == "/" || line.eq_ignore_ascii_case("go")
}

fn has_batches(text: &str, span: Span) -> bool {
    lines(span.of(text)).any(|line| is_batch_end(line.text))
}

/// Sends what stands between such lines apart.
fn batches(builder: &mut Builder, add: &dyn Fn(&mut Builder, Span), text: &str, span: Span) {
    let mut from = span.start;
    let mut send = |from: usize, to: usize| {
        let before = builder.len();
        add(builder, Span::new(from, to));
        if builder.len() > before {
            builder.chunk(before, Unit::Statement, None);
        }
    };
    for line in lines(span.of(text)) {
        if is_batch_end(line.text) {
            send(from, span.start + line.span.start);
            from = span.start + line.span.end;
        }
    }
    send(from, span.end);
}

/// The same for equal texts, whatever their blanks.
fn fingerprint(text: &str) -> String {
    let hash = text
        .split_whitespace()
        .flat_map(|word| word.bytes().chain([b' ']))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

impl Tool for Liquibase {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for path in ground.all("liquibase.properties")? {
            let text = ground.text(&path)?.unwrap_or_default();
            if let Some(master) = master_of(ground, &path, &text) {
                folders.push((split(&master).0.to_owned(), path));
            }
        }
        for name in &MASTERS[..9] {
            for path in ground.all(name)? {
                let folder = split(&path).0;
                if !folders.iter().any(|(it, _)| it == folder) {
                    folders.push((folder.to_owned(), path.clone()));
                }
            }
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let syntax = Syntax::Between("${".to_owned(), "}".to_owned());
        let mut placeholders = Placeholders::new(syntax, true);
        placeholders.know_all(&folder.config.placeholders);
        let mut walk = Walk {
            folder,
            reading: Reading::default(),
            placeholders,
            seen: HashSet::new(),
            identities: BTreeSet::new(),
            conditional: 0,
        };
        match master(folder)? {
            Some(master) => walk.changelog(&master, known_path(&master))?,
            None => {
                let files: Vec<String> = folder
                    .files
                    .iter()
                    .filter(|name| has_extension(name, "sql"))
                    .map(|name| folder.path_of(name))
                    .collect();
                for file in files {
                    walk.changelog(&file, known_path(&file))?;
                }
                let notice = "there is no master changelog in the folder: its .sql files are \
                              taken in the order of their paths";
                walk.reading.notices.push(notice.to_owned());
            }
        }
        let mut reading = walk.reading;
        if let Some(text) = folder.nearest("liquibase.properties")? {
            history(&text, &mut reading);
        }
        let run: HashSet<String> = reading
            .migrations
            .iter()
            .map(|it| it.path.clone())
            .collect();
        for file in folder
            .files
            .iter()
            .filter(|name| has_extension(name, "sql"))
        {
            let path = folder.path_of(file);
            if !walk.seen.contains(&path) && !run.contains(&path) {
                reading.ignore(path, "no changelog includes it");
            }
        }
        if walk.conditional > 0 {
            let notice = format!(
                "{} changesets run only under preconditions, and are taken to run",
                walk.conditional
            );
            reading.notices.push(notice);
        }
        reading.notices.extend(walk.placeholders.notice());
        if reading.migrations.is_empty() && reading.oddities.is_empty() {
            return Err(Error::Layout(format!(
                "`{}` holds no changesets of Liquibase",
                folder.path
            )));
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a changeset of its own with `runInTransaction:false`"
    }
}

/// The master that a properties file names.
fn master_of(ground: &Ground<'_>, path: &str, text: &str) -> Option<String> {
    let settings = properties(text);
    let named = settings
        .iter()
        .find(|(key, _)| {
            key.to_lowercase().trim_start_matches("liquibase.command.") == "changelogfile"
        })
        .map(|(_, value)| {
            value
                .trim_start_matches("classpath:")
                .trim_start_matches('/')
        })?;
    let home = split(path).0;
    upwards(home)
        .flat_map(|root| [root.to_owned(), join(root, "src/main/resources")])
        .filter_map(|root| relative(&root, named))
        .find(|it| ground.has(it).unwrap_or(false))
}

/// What `liquibase.properties` says about the history table; keys in camel case or with dashes.
fn history(text: &str, reading: &mut Reading) {
    let settings: BTreeMap<String, String> = properties(text)
        .into_iter()
        .map(|(key, value)| (key.to_lowercase().replace('-', ""), value))
        .collect();
    let get = |key: &str| {
        let with_prefix = settings.get(&format!("liquibase.{key}"));
        with_prefix.or(settings.get(key)).map(String::as_str)
    };
    let table = get("databasechangelogtablename").map(str::to_lowercase);
    let schema = get("liquibaseschemaname");
    let own = &mut reading.history;
    own.quoted(schema, table.as_deref(), "databasechangelog");
}

/// The master changelog of a folder.
fn master(folder: &Folder<'_>) -> Result<Option<String>> {
    for above in upwards(folder.path) {
        let path = join(above, "liquibase.properties");
        if folder.ground.has(&path)?
            && let Some(text) = folder.ground.text(&path)?
            && let Some(master) = master_of(folder.ground, &path, &text)
        {
            return Ok(Some(master));
        }
    }
    let by_name = MASTERS.iter().find(|name| folder.has(name));
    Ok(by_name.map(|name| folder.path_of(name)))
}
