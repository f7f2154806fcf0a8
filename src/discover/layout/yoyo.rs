//! yoyo: `x.sql` with an optional `x.rollback.sql`, in the order of `-- depends:` and else by name.
//!
//! Source: `yoyo/migrations.py` and `yoyo/topologicalsort.py` of yoyo-migrations 9. Each migration
//! is one transaction unless its leading comment says `-- transactional: false`.

use std::collections::HashSet;

use super::{
    Folder, Late, Marker, OwnFile, Reading, Signs, Tool, TransactionScope, Unit, has_extension,
    is_direct_sql, leading_digits, lines, parents_first, properties, words,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::text::MigrationText;
use crate::discover::tree::split;
use crate::error::{Error, Result};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Yoyo;

const SIGNS: Signs = Signs {
    name: "yoyo",
    own_files: &[OwnFile::Above("yoyo.ini")],
    dependencies: &[
        ("requirements.txt", "yoyo-migrations"),
        ("pyproject.toml", "yoyo-migrations"),
    ],
    markers: &[
        Marker::Sometimes("-- depends:"),
        Marker::Sometimes("-- transactional:"),
    ],
    fits: is_direct_sql,
    fits_anything: true,
    is_distinctive: super::is_nothing,
};

/// What the leading comments say.
#[derive(Default)]
struct Head {
    depends: Vec<String>,
    is_off: bool,
}

fn head(text: &str) -> Head {
    let mut head = Head::default();
    for line in lines(text) {
        let text = line.text.trim();
        if text.is_empty() {
            continue;
        }
        let Some(comment) = text.strip_prefix("--") else {
            break;
        };
        let Some((key, value)) = comment.split_once(':') else {
            continue;
        };
        match key.trim() {
            "depends" => head
                .depends
                .extend(value.split_whitespace().map(str::to_owned)),
            "transactional" => head.is_off = value.trim().eq_ignore_ascii_case("false"),
            _ => {}
        }
    }
    head
}

/// `__depends__ = {"a", "b"}` of a Python migration.
fn depends_of_code(text: &str) -> Vec<String> {
    let Some((_, rest)) = text.split_once("__depends__") else {
        return Vec::new();
    };
    let Some((_, rest)) = rest.split_once(['{', '[', '(']) else {
        return Vec::new();
    };
    let inner = rest.split(['}', ']', ')']).next().unwrap_or_default();
    inner
        .split(',')
        .map(|it| it.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|it| !it.is_empty())
        .collect()
}

impl Tool for Yoyo {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for path in ground.all("yoyo.ini")? {
            let text = ground.text(&path)?.unwrap_or_default();
            let settings = properties(&text);
            let sources = settings.get("DEFAULT.sources").map_or("", String::as_str);
            let named = sources
                .split_whitespace()
                .map(|it| it.replace("%(here)s", "."))
                .filter_map(|it| relative(split(&path).0, &it))
                .find(|folder| ground.has_files(folder));
            folders.extend(named.map(|folder| (folder, path)));
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading {
            ignored: folder.ignored(|_| true, ""),
            ..Reading::default()
        };
        for hook in ["post-apply.sql", "pre-apply.sql"] {
            if folder.has(hook) {
                reading.ignore(folder.path_of(hook), "yoyo runs it at every run");
            }
        }
        if let Some(text) = folder.nearest("yoyo.ini")? {
            let settings = properties(&text);
            let table = settings.get("DEFAULT.migration_table").map(String::as_str);
            reading.history.quoted(None, table, "_yoyo_migration");
        }
        let mut migrations = Vec::new();
        let mut ids: Vec<(String, Vec<String>)> = Vec::new();
        let code: Vec<String> = folder
            .direct_files()
            .filter(|name| has_extension(name, "py") && !name.starts_with('_'))
            .map(str::to_owned)
            .collect();
        let code = folder.extras(&code)?;
        let mut files: Vec<(&str, &str)> = folder
            .direct_files()
            .filter_map(|file| {
                Some((
                    file.strip_suffix(".sql").or(file.strip_suffix(".py"))?,
                    file,
                ))
            })
            .filter(|(id, _)| !id.ends_with(".rollback") && !id.starts_with('_'))
            .filter(|(id, _)| !matches!(*id, "post-apply" | "pre-apply"))
            .collect();
        files.sort_unstable();
        for (id, file) in files {
            let rollback = format!("{id}.rollback.sql");
            let (up, head) = match code.get(file) {
                Some(text) => (
                    MigrationText::not_sql(folder.path_of(file), "this migration is Python code"),
                    Head {
                        depends: depends_of_code(text),
                        is_off: false,
                    },
                ),
                None => {
                    let up = folder.text(file).0;
                    let head = head(up.text().unwrap_or_default());
                    if let Some(source) = up.part().map(|part| &part.file) {
                        let late = lines(&source.text)
                            .skip_while(|line| {
                                let text = line.text.trim();
                                text.is_empty() || text.starts_with("--")
                            })
                            .find(|line| {
                                let comment = line.text.trim().strip_prefix("--");
                                let key = comment.and_then(|it| it.split_once(':'));
                                key.is_some_and(|(key, _)| {
                                    matches!(key.trim(), "depends" | "transactional")
                                })
                            });
                        if let Some(line) = late {
                            reading.misplaced(
                                (source, line.place()),
                                (
                                    &line.text.trim().replace('`', "'"),
                                    "stands below the first statement",
                                    "put it above all statements",
                                ),
                                super::Consequence::Differs,
                                "yoyo reads only the comments at the top of the file",
                            );
                        }
                    }
                    (up, head)
                }
            };
            let name = leading_digits(id).map_or(id, |(_, rest)| rest);
            let own = (TransactionScope::File, Unit::Statement);
            let mut it = folder.migration(file, id, words(name), up, own);
            if head.is_off {
                it.transaction = TransactionScope::None;
            }
            it.down = folder.has(&rollback).then(|| folder.text(&rollback).0);
            it.late = Late::Runs;
            it.parents = Some(head.depends.clone());
            ids.push((id.to_owned(), head.depends));
            migrations.push(Some(it));
        }
        let known: HashSet<&str> = ids.iter().map(|(id, _)| id.as_str()).collect();
        for (id, depends) in &ids {
            for parent in depends {
                if !known.contains(parent.as_str()) {
                    reading
                        .notices
                        .push(format!("`{id}` depends on `{parent}`, which is not there"));
                }
            }
        }
        let order = parents_first(&ids).map_err(|names| Error::Cycle { names })?;
        reading.migrations = order
            .into_iter()
            .filter_map(|at| migrations[at].take())
            .collect();
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own that begins with `-- transactional: false`"
    }
}
