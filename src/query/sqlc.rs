//! sqlc: `sqlc.yaml`, `sqlc.yml` or `sqlc.json`, versions 1 and 2, and the queries it names.
//!
//! Only what is compiled for PostgreSQL is taken.

use std::collections::BTreeSet;

use globset::GlobBuilder;
use serde_json::Value;

use super::header::{Flavour, sections};
use super::{Search, Source, folder_of, is_in, is_test, resolve};
use crate::error::Result;

const NAMES: [&str; 3] = ["sqlc.yaml", "sqlc.yml", "sqlc.json"];

/// Reads what the configurations of sqlc name.
pub(super) fn find(cx: &mut Search<'_>) -> Result<()> {
    let files = cx.files.iter().map(String::as_str);
    let configurations: Vec<&str> = files
        .filter(|path| NAMES.contains(&path.rsplit('/').next().unwrap_or(path)))
        .filter(|path| !is_test(path) || cx.settings.is_named(path))
        .collect();
    for path in configurations {
        let Some(text) = cx.read(path, Source::Sqlc)? else {
            continue;
        };
        let read: std::result::Result<Value, String> = match path.ends_with(".json") {
            true => serde_json::from_str(&text).map_err(|error| error.to_string()),
            false => serde_norway::from_str(&text).map_err(|error| error.to_string()),
        };
        match read {
            Ok(value) => configuration(cx, path, &value)?,
            Err(error) => {
                let reason = format!("not understood, its queries are not read: {error}");
                cx.out.not_read(path, 1, "", reason, Source::Sqlc);
            }
        }
    }
    Ok(())
}

fn configuration(cx: &mut Search<'_>, path: &str, value: &Value) -> Result<()> {
    let list = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    let mut others: BTreeSet<&str> = BTreeSet::new();
    let mut missing: Vec<String> = Vec::new();
    // Nobody else reads what sqlc compiles, for whatever server.
    let mut taken: Vec<&str> = Vec::new();
    let folder = folder_of(path);
    // Version 2 calls them `sql`, version 1 `packages`; there the engine may be left out.
    for part in list("sql").chain(list("packages")) {
        let engine = part.get("engine").and_then(Value::as_str);
        if let Some(engine) = engine
            && engine != "postgresql"
        {
            others.insert(engine);
            for pattern in texts(part.get("queries")) {
                taken.extend(matching(cx.files, folder, pattern));
            }
            continue;
        }
        for pattern in texts(part.get("queries")) {
            let found = matching(cx.files, folder, pattern);
            if found.is_empty() {
                missing.push(format!("no queries in `{pattern}`"));
            }
            wanted.extend(found);
        }
    }
    let mut count = 0;
    let wanted: Vec<&str> = wanted
        .into_iter()
        .filter(|path| !cx.claimed.contains(path))
        .collect();
    let contents = cx.read_many(&wanted, Source::Sqlc)?;
    for (path, text) in wanted.iter().zip(contents) {
        let Some(text) = text else { continue };
        let mut sections = sections(&text);
        sections.retain(|section| section.flavour == Flavour::Plain);
        count += super::file::take(cx, path, &text, &sections, Source::Sqlc);
    }
    cx.claimed.extend(wanted);
    cx.claimed.extend(taken);
    let other = others
        .iter()
        .map(|engine| format!("queries for {engine} are left alone"));
    missing.extend(other);
    let remark = (!missing.is_empty()).then(|| missing.join(", "));
    cx.out.remarked(Source::Sqlc, path, count, remark);
    Ok(())
}

/// A text or a list of texts.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The files that `pattern` means: a file, those of a folder itself, or a glob of either. Hidden
/// files and down parts of migrations are left out, as sqlc does.
fn matching<'a>(files: &'a [String], folder: &str, pattern: &str) -> Vec<&'a str> {
    let Some(path) = resolve(folder, pattern) else {
        return Vec::new();
    };
    let glob = GlobBuilder::new(&path).literal_separator(true).build();
    let matcher = glob.ok().map(|glob| glob.compile_matcher());
    let is_match =
        |text: &str| text == path || matcher.as_ref().is_some_and(|it| it.is_match(text));
    let is_query = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.ends_with(".sql") && !name.starts_with('.') && !name.ends_with(".down.sql")
    };
    let top = path.split(['*', '?', '[', '{']).next().unwrap_or("");
    let top = top.rsplit_once('/').map_or("", |(top, _)| top);
    let candidates = files
        .iter()
        .map(String::as_str)
        .filter(|file| is_query(file) && (top.is_empty() || is_in(file, top)));
    candidates
        .filter(|file| is_match(file) || is_match(folder_of(file)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::query::tests::shown;

    const USERS: &str = "-- name: GetUser :one\nSELECT sqlc.embed(u), a\nFROM u WHERE id = @id;\n\n\
                         -- name: AddUser :copyfrom\nINSERT INTO u (a) VALUES ($1);\n\
                         SELECT 'without a name';\n";

    #[test]
    fn version_2_is_read() {
        let files = [
            (
                "db/sqlc.yaml",
                "version: \"2\"\nsql:\n- engine: postgresql\n  schema: m\n  queries: [\"q\", ./more/*.sql]\n\
                 - engine: mysql\n  queries: my\n- engine: postgresql\n  queries: none/\n",
            ),
            ("db/q/users.sql", USERS),
            ("db/q/deeper/users.sql", "-- name: Not :one\nSELECT $1;"),
            ("db/q/users.down.sql", "-- name: Not :one\nSELECT $1;"),
            (
                "db/more/a.sql",
                "-- name: A :exec\nDELETE FROM a WHERE b = sqlc.narg('b');",
            ),
            (
                "db/my/a.sql",
                "-- name: My :exec\nDELETE FROM a WHERE b = ?",
            ),
        ];
        insta::assert_snapshot!(shown(files), @r"
        db/more/a.sql:2 A [sqlc] DELETE FROM a WHERE b = $1
        db/q/users.sql:2 GetUser [sqlc] SELECT u.*, a FROM u WHERE id = $1
        db/q/users.sql:6 AddUser [sqlc] INSERT INTO u (a) VALUES ($1)
        db/q/deeper/users.sql:2 Not [query file] SELECT $1
        db/q/users.down.sql:2 Not [query file] SELECT $1
        = sqlc in db/sqlc.yaml: 3 (no queries in `none/`, queries for mysql are left alone)
        = query file in db/q/deeper/users.sql: 1
        = query file in db/q/users.down.sql: 1
        ");
    }

    #[test]
    fn version_1_is_read() {
        let files = [
            (
                "sqlc.json",
                r#"{"version": "1", "packages": [{"path": "x", "queries": "q/users.sql", "schema": "m"}]}"#,
            ),
            ("q/users.sql", USERS),
        ];
        insta::assert_snapshot!(shown(files), @r"
        q/users.sql:2 GetUser [sqlc] SELECT u.*, a FROM u WHERE id = $1
        q/users.sql:6 AddUser [sqlc] INSERT INTO u (a) VALUES ($1)
        = sqlc in sqlc.json: 2
        ");
    }

    #[test]
    fn configuration_that_is_not_understood_is_said() {
        insta::assert_snapshot!(shown([("sqlc.yaml", "a: [")]), @"sqlc.yaml:1 [sqlc] not read: not understood, its queries are not read: did not find expected node content at line 2 column 1, while parsing a flow node: ");
    }
}
