//! pop: `<version>_<name>[.<dialect>].(up|down).(sql|fizz)`, by version as text.
//!
//! Source: `match.go`, `migrator.go` and `file_migrator.go` of gobuffalo/pop 6. Each migration is
//! one transaction and is sent whole; the text is a Go template. A file for one dialect takes the
//! place of the one for all. `.fizz` is a language of its own.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::placeholder::{Placeholders, Syntax};
use super::{
    Direction, Folder, Late, Reading, Signs, Tool, TransactionScope, Unit, has_extension,
    is_numbered, leading_digits, words,
};
use crate::discover::text::MigrationText;
use crate::discover::tree::{join, upwards};
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Pop;

const SIGNS: Signs = Signs {
    name: "pop",
    own_files: &[],
    dependencies: &[
        ("go.mod", "github.com/gobuffalo/pop"),
        ("go.mod", "github.com/ory/pop"),
    ],
    markers: &[],
    fits: |name| is_numbered(name) && (name.ends_with(".up.sql") || name.ends_with(".down.sql")),
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

struct Name<'a> {
    version: &'a str,
    name: &'a str,
    /// The dialect as it is written; none means all.
    dialect: Option<&'a str>,
    direction: Direction,
}

/// `^([0-9]+)_([^.]+)(\.[a-z0-9]+)?\.(up|down)\.(sql|fizz)$`
fn parse(file: &str) -> Option<Name<'_>> {
    let (version, rest) = leading_digits(file)?;
    let rest = rest.strip_prefix('_').filter(|_| !file.contains('/'))?;
    let stem = rest.strip_suffix(".sql").or(rest.strip_suffix(".fizz"))?;
    let (stem, direction) = match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
        (Some(stem), _) => (stem, Direction::Up),
        (None, Some(stem)) => (stem, Direction::Down),
        (None, None) => return None,
    };
    let (name, dialect) = match stem.split_once('.') {
        Some((name, dialect)) => (name, Some(dialect)),
        None => (stem, None),
    };
    Some(Name {
        version,
        name,
        dialect: dialect.filter(|it| *it != "all"),
        direction,
    })
}

fn is_for(name: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Postgres => matches!(name, "postgres" | "postgresql" | "pg"),
        Dialect::Mysql => name == "mysql",
        Dialect::Mariadb => matches!(name, "mariadb" | "mysql"),
        Dialect::Sqlite => matches!(name, "sqlite3" | "sqlite"),
    }
}

/// The `options` of the first environment that has some in `database.yml`.
fn options(folder: &Folder<'_>) -> Result<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Environment {
        #[serde(default)]
        options: BTreeMap<String, serde_json::Value>,
    }
    for above in upwards(folder.path) {
        for name in ["database.yml", "config/database.yml"] {
            let path = join(above, name);
            if !folder.ground.has(&path)? {
                continue;
            }
            let text = folder.ground.text(&path)?.unwrap_or_default();
            let all: BTreeMap<String, Environment> =
                serde_norway::from_str(&text).unwrap_or_default();
            let chosen = all.get("development").into_iter().chain(all.values());
            let found = chosen.map(|it| &it.options).find(|it| !it.is_empty());
            return Ok(found
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect());
        }
    }
    Ok(BTreeMap::new())
}

impl Tool for Pop {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut placeholders = Placeholders::new(Syntax::Template(folder.dialect), false);
        for (name, value) in options(folder)? {
            placeholders.know(&format!("Options.{name}"), &value);
        }
        placeholders.know_all(&folder.config.placeholders);
        let mut chosen: BTreeMap<(&str, Direction), (&str, Name<'_>)> = BTreeMap::new();
        for file in folder.direct_files() {
            let Some(name) = parse(file) else {
                if has_extension(file, "sql") {
                    let reason = "pop wants <version>_<name>.up.sql or .down.sql";
                    match leading_digits(file) {
                        Some(_) => {
                            reading.skip(folder.path_of(file), reason, "pop passes over it");
                        }
                        None => reading.ignore(folder.path_of(file), reason),
                    }
                }
                continue;
            };
            if let Some(dialect) = name.dialect.filter(|it| !is_for(it, folder.dialect)) {
                let reason = format!("it is for {dialect}");
                reading.ignore(folder.path_of(file), reason);
                continue;
            }
            let key = (name.version, name.direction);
            match chosen.get(&key) {
                Some((first, other)) if other.dialect.is_some() == name.dialect.is_some() => {
                    let does = "pop runs one of them and takes the other for applied";
                    let (first, path) = (folder.path_of(first), folder.path_of(file));
                    let consequence = super::Consequence::Skipped;
                    reading.duplicate(name.version, &first, &path, consequence, does);
                }
                Some((_, other)) if other.dialect.is_some() => reading.ignore(
                    folder.path_of(file),
                    "a file for this dialect takes its place",
                ),
                Some((first, _)) => {
                    reading.ignore(
                        folder.path_of(first),
                        "a file for this dialect takes its place",
                    );
                    chosen.insert(key, (file, name));
                }
                None => {
                    chosen.insert(key, (file, name));
                }
            }
        }
        let text = |file: &str| match file.ends_with(".fizz") {
            true => MigrationText::not_sql(
                folder.path_of(file),
                "this migration is written in fizz, not in SQL",
            ),
            false => placeholders.fill(folder.text(file).0),
        };
        for ((version, direction), (file, name)) in &chosen {
            match direction {
                Direction::Up => {
                    let own = (TransactionScope::File, Unit::WholeText);
                    let mut it =
                        folder.migration(file, *version, words(name.name), text(file), own);
                    it.down = chosen
                        .get(&(*version, Direction::Down))
                        .map(|(file, _)| text(file));
                    it.late = Late::Runs;
                    reading.migrations.push(it);
                }
                Direction::Down if !chosen.contains_key(&(*version, Direction::Up)) => reading
                    .ignore(
                        folder.path_of(file),
                        "it undoes a migration that is not there",
                    ),
                Direction::Down => {}
            }
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it by hand: pop always opens a transaction"
    }
}
