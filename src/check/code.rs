//! The code of a release: its queries, read from its own tree with its own configuration.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::analysis::proof::{can_be_unused, holds_word, hurt_queries, is_used_by, looked_for};
use crate::analysis::{
    Code, Evidence, KnownQuery, Mention, Standing, UnknownText, Unused, Weight, Window,
};
use crate::bind;
use crate::contract::Contract;
use crate::discover::{
    BASELINE_FILE, Baseline, CONFIG_FILE_NAME, Config, Contents, DeclaredEvidence, PathPatterns,
    Prepared, ServerVersion, Tree,
};
use crate::error::Result;
use crate::live::{STATISTICS_FILE, Statistics};
use crate::query::{self, QuerySettings, Seen};
use crate::schema::catalog::Catalog;
use crate::schema::diff::{Difference, ObjectKind};
use crate::schema::name::Ident;

/// What is known of the code of one release.
#[derive(Debug, Clone)]
pub(super) struct ReleaseCode {
    /// Its queries.
    pub(super) code: Arc<Code>,
    /// Where they were found: the source with its place.
    pub(super) places: Vec<String>,
    /// Where its other files are searched.
    pub(super) tree: Tree,
    /// Folders of migrations and other files of SQL that are no code.
    left_out: Vec<String>,
    /// Where its queries were sought.
    settings: QuerySettings,
    /// What its configuration file is called.
    config_name: String,
}

/// The major version that is taken where none is known.
const COMMON_MAJOR: u16 = 16;

/// Where the code of a release is.
#[derive(Debug, Clone)]
pub(super) struct CodeAt {
    /// Its files.
    pub(super) tree: Tree,
    /// Its own configuration.
    pub(super) config: Config,
    /// The folder of its migrations.
    pub(super) folder: String,
    /// Files that hold its queries and nothing else, where it is a consumer.
    pub(super) consumer: Option<PathPatterns>,
}

/// Reads the queries of the code in a tree, beside those of other releases; `named` are files that the
/// command line names, `others` those of other code in the same repository.
///
/// # Errors
///
/// Where the tree cannot be listed.
pub(super) fn read(
    seen: &Seen,
    at: &CodeAt,
    server_version: Option<ServerVersion>,
    named: Option<&PathPatterns>,
    others: &PathPatterns,
    folders: &[String],
) -> Result<ReleaseCode> {
    let CodeAt {
        tree,
        config,
        folder,
        consumer,
    } = at;
    let mut settings = QuerySettings {
        others: match consumer {
            Some(_) => PathPatterns::default(),
            None => others.clone(),
        },
        ..QuerySettings::of(config)
    };
    if let Some(named) = consumer.as_ref().or(named) {
        settings.queries = named.clone();
        settings.folder = String::new();
    }
    let mut left_out = folders.to_vec();
    left_out.push(folder.clone());
    left_out.extend(config.schema_file.clone());
    let is_statement = |text: &str| bind::Query::read(text).is_ok();
    let found = query::find_beside(seen, tree, &settings, &is_statement, &left_out)?;
    let mut code = Code {
        is_complete: config.code.evidence == DeclaredEvidence::Complete,
        only_queries: consumer.is_some(),
        keeps_prepared: config.code.prepared == Some(Prepared::Cached),
        reflects: config.code.reflection,
        settings: bind::Settings {
            search_path: match &config.code.search_path {
                Some(path) => path.iter().map(|it| Ident::new(it)).collect(),
                None => vec![Ident::new("public")],
            },
            major: server_version
                .and_then(|it| u16::try_from(it.major).ok())
                .unwrap_or(COMMON_MAJOR),
        },
        ..Code::default()
    };
    let declared = found.declarations.iter().map(|declaration| {
        let text: Arc<str> = declared_query(declaration).into();
        query::Query {
            text,
            name: Some(format!("table {}", declaration.table).into()),
            file: Arc::clone(&declaration.file),
            line: declaration.line,
            source: declaration.source,
            recorded: None,
            times: 1,
        }
    });
    // A literal in a part of the repository with migrations of its own is for another database.
    let parts = other_parts(&tree.files("")?, folder);
    let is_here = |source: query::Source, file: &str| {
        !matches!(source, query::Source::Literal(_)) || is_of_project(file, folder, &parts)
    };
    let queries = found.queries.into_iter();
    let queries = queries.filter(|it| is_here(it.source, &it.file));
    let all: Vec<query::Query> = queries.chain(declared).collect();
    let nothing = Catalog::new();
    let read: Vec<std::result::Result<KnownQuery, UnknownText>> = all
        .into_par_iter()
        .filter_map(|it| match bind::Query::read(&it.text) {
            // What runs on an empty database, as one that asks the server about itself, says nothing
            // about this one.
            Ok(query)
                if !it.source.is_exact()
                    && bind::bind(&query, &nothing, &code.settings).resolves() =>
            {
                None
            }
            Ok(query) => Some(Ok(KnownQuery {
                name: it.name,
                file: it.file,
                line: it.line,
                text: it.text,
                query,
                is_ours: it.source.is_exact() || it.source == query::Source::QueryFile,
            })),
            Err(_) => Some(Err(UnknownText {
                file: it.file,
                line: it.line,
                text: it.text,
            })),
        })
        .collect();
    for it in read {
        match it {
            Ok(query) => code.queries.push(query),
            Err(unknown) => code.not_read.push(unknown),
        }
    }
    code.not_read.extend(
        found
            .not_read
            .into_iter()
            .filter(|it| is_here(it.source, &it.file))
            .map(|it| UnknownText {
                file: it.file,
                line: it.line,
                text: it.text,
            }),
    );
    let places = found
        .sources
        .iter()
        .filter(|it| it.count > 0)
        .map(|it| match &*it.path {
            "" => it.source.to_string(),
            path => path.to_owned(),
        })
        .collect();
    Ok(ReleaseCode {
        code: Arc::new(code),
        places,
        tree: tree.clone(),
        left_out,
        settings,
        config_name: file_name(config.file.as_deref().unwrap_or(CONFIG_FILE_NAME)).to_owned(),
    })
}

/// The folders that hold a folder of other migrations: `client` for `client/migrations/1.sql`.
fn other_parts(files: &[String], folder: &str) -> BTreeSet<String> {
    let own = format!("{folder}/");
    files
        .iter()
        .filter(|path| path.ends_with(".sql") && !path.starts_with(&own))
        .filter_map(|path| {
            let mut parts: Vec<&str> = path.split('/').collect();
            parts.pop();
            let at = parts.iter().position(|part| part.ends_with("migrations"))?;
            Some(parts[..at].join("/"))
        })
        .collect()
}

/// Whether a file belongs to the part of the repository that the migrations in `folder` belong to:
/// no other part with migrations lies nearer to it.
fn is_of_project(file: &str, folder: &str, others: &BTreeSet<String>) -> bool {
    let own = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    let holds = |part: &str| part.is_empty() || file.starts_with(&format!("{part}/"));
    let nearest = others
        .iter()
        .filter(|part| holds(part))
        .map(String::len)
        .max();
    match nearest {
        Some(length) => holds(own) && own.len() >= length,
        None => true,
    }
}

/// What loading a declared table sends: all of its columns by name.
fn declared_query(declaration: &query::Declaration) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let columns: Vec<String> = declaration
        .columns
        .iter()
        .map(|it| quoted(&it.name))
        .collect();
    let table = match &declaration.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&declaration.table)),
        None => quoted(&declaration.table),
    };
    format!("SELECT {} FROM {table}", columns.join(", "))
}

/// Takes what hurts nobody as far as a search can tell: the name occurs in the release's files only
/// in queries that go on working. Where it does occur, the places are noted.
///
/// # Errors
///
/// Where the tree cannot be searched.
pub(super) fn search_mentions(window: &mut Window, codes: &[Option<ReleaseCode>]) -> Result<()> {
    for (index, code) in codes.iter().enumerate() {
        let Some(release_code) = code else {
            continue;
        };
        let usage = Arc::clone(&window.releases[index].usage);
        // Code that shows no query of this database says nothing about it either.
        let speaks = usage
            .standings
            .iter()
            .any(|it| matches!(it, Standing::Works(_)));
        if !speaks || release_code.code.reflects {
            continue;
        }
        let hurt = hurt_queries(&window.breaks, index);
        let release = &window.releases[index];
        let mut asked: HashMap<String, Option<Vec<(String, usize)>>> = HashMap::new();
        for it in window.breaks.iter_mut().filter(|it| it.release == index) {
            let is_presumed = it.evidence == Evidence::Presumed
                && it.harm.weight == Weight::Error
                && it.uses.is_empty();
            if !is_presumed || !can_be_unused(it) || is_used_by(release, &hurt, it) {
                continue;
            }
            let pattern = pattern_of(&it.difference);
            let found = match asked.get(&pattern) {
                Some(known) => known.clone(),
                None => {
                    let found = mentions(release_code, &pattern)?;
                    asked.insert(pattern, found.clone());
                    found
                }
            };
            let Some(found) = found else {
                continue;
            };
            let name = looked_for(&it.difference);
            let rest: Vec<Mention> = found
                .into_iter()
                .filter(|(file, line)| !is_in_query(release_code, &usage, file, *line, &name))
                .map(|(file, line)| Mention {
                    file: file.into(),
                    line,
                })
                .collect();
            if rest.is_empty() {
                it.harm.weight = Weight::Warning;
                it.unused = Some(Unused::NoMention);
            } else {
                it.mentions = rest;
            }
        }
    }
    Ok(())
}

/// The places in the release's files that hold what a pattern matches. A file that says something to
/// migcheck names objects and uses none, and that of other code is none of the release's.
fn mentions(code: &ReleaseCode, pattern: &str) -> Result<Option<Vec<(String, usize)>>> {
    let Some(found) = code.tree.mentions(pattern, &code.left_out)? else {
        return Ok(None);
    };
    let files: BTreeSet<&str> = found.iter().map(|(file, _)| &**file).collect();
    let mut ours: BTreeSet<String> = BTreeSet::new();
    let mut to_read: Vec<&str> = Vec::new();
    for file in files {
        let name = file_name(file);
        if OUR_FILES.contains(&name) || code.settings.is_of_others(file) {
            ours.insert(file.to_owned());
        } else if name.ends_with(".toml") || name == code.config_name {
            to_read.push(file);
        }
    }
    let contents = code.tree.read_many(&to_read)?;
    for (file, contents) in to_read.into_iter().zip(contents) {
        if let Contents::Bytes(bytes) = contents
            && is_ours(file, &String::from_utf8_lossy(&bytes))
        {
            ours.insert(file.to_owned());
        }
    }
    let rest = found.into_iter().filter(|(file, _)| !ours.contains(file));
    Ok(Some(rest.collect()))
}

/// Files that migcheck reads by these names, and that of the program that runs its hook.
const OUR_FILES: [&str; 4] = [
    CONFIG_FILE_NAME,
    BASELINE_FILE,
    STATISTICS_FILE,
    ".pre-commit-config.yaml",
];

/// Whether migcheck writes or reads such a text, whatever the file is called.
fn is_ours(file: &str, text: &str) -> bool {
    Config::parse(file, file, text).is_ok()
        || Baseline::parse(file, text).is_ok()
        || Contract::parse(text).is_ok()
        || Statistics::from_toml(file, text).is_ok()
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Where the files of a release hold a name outside of queries that work; `None` where there is no
/// git to ask.
///
/// # Errors
///
/// Where the tree cannot be searched.
pub(super) fn other_mentions(
    code: &ReleaseCode,
    usage: &crate::analysis::Usage,
    name: &str,
) -> Result<Option<Vec<(String, usize)>>> {
    let found = mentions(code, &spelled(name))?;
    Ok(found.map(|found| {
        let rest = found
            .into_iter()
            .filter(|(file, line)| !is_in_query(code, usage, file, *line, name));
        rest.collect()
    }))
}

/// A name as code may spell it: `user_accounts` is also `UserAccount` and `userAccounts`.
fn pattern_of(difference: &Difference) -> String {
    let name = looked_for(difference);
    let mut pattern = spelled(&name);
    let is_table = matches!(
        difference.object.kind,
        ObjectKind::Table | ObjectKind::View | ObjectKind::Type
    ) || difference.object.name.as_str() != name;
    if is_table {
        // Classes are named in the singular.
        match pattern.strip_suffix("ies") {
            Some(stem) => pattern = format!("{stem}(y|ies)"),
            None => {
                let stem = pattern.strip_suffix('s').unwrap_or(&pattern).to_owned();
                pattern = format!("{stem}(s|es)?");
            }
        }
    }
    // A property of an object is named without what its key ends in.
    if let (ObjectKind::Column, Some(stem)) =
        (difference.object.kind, pattern.strip_suffix("[_-]?id"))
    {
        pattern = format!("{stem}([_-]?id)?");
    }
    pattern
}

/// A pattern for a name with its words joined in any way.
fn spelled(name: &str) -> String {
    let mut pattern = String::new();
    for letter in name.chars() {
        match letter {
            '_' | '-' => pattern.push_str("[_-]?"),
            // SQL doubles it, and code may escape it.
            '\'' => pattern.push_str("['\\\\]*'"),
            letter if r".[]{}()*+?|^$\".contains(letter) => {
                pattern.push('\\');
                pattern.push(letter);
            }
            // git folds the case of ASCII letters only.
            letter if letter.is_alphabetic() && !letter.is_ascii() => {
                let (lower, upper) = (letter.to_lowercase(), letter.to_uppercase());
                pattern.push_str(&format!("({lower}|{upper})"));
            }
            letter => pattern.push(letter),
        }
    }
    pattern
}

/// Whether a line lies in a query that works on its own schema and does not break, which then is
/// known to do without the object.
fn is_in_query(
    code: &ReleaseCode,
    usage: &crate::analysis::Usage,
    file: &str,
    line: usize,
    name: &str,
) -> bool {
    // sqlx's data repeats the queries of the code.
    if file.split('/').any(|part| part == ".sqlx") || file.ends_with("sqlx-data.json") {
        return true;
    }
    code.code
        .queries
        .iter()
        .zip(&usage.standings)
        .any(|(query, standing)| {
            let lines = query.text.lines().count().max(1);
            *query.file == *file
                && (query.line..query.line + lines).contains(&line)
                && matches!(standing, Standing::Works(_))
                && holds_word(&query.text, name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_nearest_migrations() {
        let files = [
            "client/migrations/1.sql",
            "server/migrations/1.sql",
            "server/src/a.rs",
        ];
        let files: Vec<String> = files.iter().map(|it| (*it).to_owned()).collect();
        let others = other_parts(&files, "server/migrations");
        assert_eq!(others, BTreeSet::from(["client".to_owned()]));
        let is_here = |file| is_of_project(file, "server/migrations", &others);
        assert!(is_here("server/src/a.rs") && is_here("common/src/a.rs"));
        assert!(!is_here("client/src/a.rs"));
        // Of two folders side by side nobody knows which a file is about.
        let both = BTreeSet::from(["db".to_owned()]);
        assert!(is_of_project("db/a.rs", "db/postgres_migrations", &both));
    }
}
