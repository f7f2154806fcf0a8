//! sqlx's offline data: `.sqlx/query-*.json`, and `sqlx-data.json` of versions before 0.7.
//!
//! It holds the exact text of every `query!`, with the result's columns and their types as the
//! server described them; not where the macro stands. Queries of other servers are left alone.

use std::sync::Arc;

use serde_json::Value;

use super::{Query, Recorded, RecordedColumn, RecordedType, Search, Source, folder_of};
use crate::error::Result;

/// Reads the offline data.
pub(super) fn find(cx: &mut Search<'_>) -> Result<()> {
    let paths: Vec<&str> = cx
        .files_ending(&[".json"])
        .into_iter()
        .filter(|path| is_one_query(path) || is_old(path))
        .collect();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for chunk in paths.chunks(512) {
        let texts = cx.read_many(chunk, Source::SqlxData)?;
        for (path, text) in chunk.iter().zip(texts) {
            cx.claimed.insert(path);
            let Some(text) = text else { continue };
            let before = cx.out.queries.len();
            match serde_json::from_str::<Value>(&text) {
                Ok(value) if is_old(path) => old(cx, path, &value),
                Ok(value) => one(cx, path, &value, value.get("db_name")),
                Err(error) => {
                    let reason = format!("no JSON: {error}");
                    cx.out.not_read(*path, 1, &text, reason, Source::SqlxData);
                }
            }
            let count = cx.out.queries.len() - before;
            let place = if is_old(path) { path } else { folder_of(path) };
            match counts.last_mut() {
                Some((last, sum)) if *last == place => *sum += count,
                _ => counts.push((place, count)),
            }
        }
    }
    for (place, count) in counts {
        cx.out.found(Source::SqlxData, place, count);
    }
    Ok(())
}

fn is_one_query(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folder == ".sqlx" || folder.ends_with("/.sqlx")) && name.starts_with("query-")
}

fn is_old(path: &str) -> bool {
    path == "sqlx-data.json" || path.ends_with("/sqlx-data.json")
}

/// `{"db": "PostgreSQL", "<hash>": {"query": …, "describe": …}, …}`.
fn old(cx: &mut Search<'_>, path: &str, value: &Value) {
    let Some(object) = value.as_object() else {
        let reason = "not the shape of sqlx's data";
        cx.out.not_read(path, 1, "", reason, Source::SqlxData);
        return;
    };
    for (key, query) in object {
        if key != "db" {
            one(cx, path, query, object.get("db"));
        }
    }
}

fn one(cx: &mut Search<'_>, path: &str, value: &Value, server: Option<&Value>) {
    if server
        .and_then(Value::as_str)
        .is_some_and(|it| it != "PostgreSQL")
    {
        return;
    }
    let Some(text) = value.get("query").and_then(Value::as_str) else {
        let reason = "not the shape of sqlx's data: no `query`";
        cx.out
            .not_read(path, 1, &value.to_string(), reason, Source::SqlxData);
        return;
    };
    cx.out.queries.push(Query {
        text: text.into(),
        name: None,
        file: path.into(),
        line: 1,
        source: Source::SqlxData,
        recorded: value.get("describe").map(recorded).map(Arc::new),
        times: 1,
    });
}

fn recorded(describe: &Value) -> Recorded {
    let list = |key: &str| {
        let list = describe.get(key).and_then(Value::as_array);
        list.map_or(&[] as &[Value], Vec::as_slice)
    };
    let nullable = list("nullable");
    let columns = list("columns").iter().enumerate().map(|(place, column)| {
        let text = |key: &str| column.get(key).and_then(Value::as_str);
        let table = column.get("origin").and_then(|it| it.get("Table"));
        let of_table = |key: &str| table?.get(key)?.as_str().map(str::to_owned);
        RecordedColumn {
            name: text("name").unwrap_or_default().to_owned(),
            data_type: column.get("type_info").map(data_type).unwrap_or_default(),
            nullable: nullable.get(place).and_then(Value::as_bool),
            origin: of_table("table").zip(of_table("name")),
        }
    });
    let parameters = describe.get("parameters").and_then(|it| it.get("Left"));
    Recorded {
        columns: columns.collect(),
        parameters: parameters
            .and_then(Value::as_array)
            .map(|types| types.iter().map(data_type).collect())
            .unwrap_or_default(),
    }
}

/// `"Int4"`, `"TextArray"`, or `{"Custom": {"name": "mood", "kind": {"Enum": ["a", "b"]}}}`.
fn data_type(value: &Value) -> RecordedType {
    if let Some(name) = value.as_str() {
        let name = name.to_ascii_lowercase();
        return RecordedType {
            name: match name.strip_suffix("array") {
                Some(element) => format!("{element}[]"),
                None => name,
            },
            labels: None,
        };
    }
    let custom = value.get("Custom");
    let name = custom.and_then(|it| it.get("name")).and_then(Value::as_str);
    let labels = custom
        .and_then(|it| it.get("kind"))
        .and_then(|it| it.get("Enum"))
        .and_then(Value::as_array);
    RecordedType {
        name: name.unwrap_or_default().to_owned(),
        labels: labels.map(|labels| {
            let labels = labels.iter().filter_map(Value::as_str);
            labels.map(str::to_owned).collect()
        }),
    }
}

#[cfg(test)]
mod tests {
    use crate::discover::Tree;
    use crate::query::tests::{is_statement, shown};
    use crate::query::{QuerySettings, find};

    const USER: &str = r#"{"db_name": "PostgreSQL", "query": "SELECT a, b FROM t WHERE a = $1",
        "describe": {
            "columns": [
                {"ordinal": 0, "name": "a", "type_info": "Int4", "origin": {"Table": {"table": "t", "name": "a"}}},
                {"ordinal": 1, "name": "b!: M", "type_info": {"Custom": {"name": "mood", "kind": {"Enum": ["x", "y"]}}}, "origin": "Expression"},
                {"ordinal": 2, "name": "c", "type_info": "TextArray"}],
            "parameters": {"Left": ["Int4"]},
            "nullable": [false, true, null]},
        "hash": "0"}"#;

    #[test]
    fn both_shapes_are_read() {
        let files = [
            ("api/.sqlx/query-1.json", USER),
            (
                "api/.sqlx/query-2.json",
                "{\"db_name\": \"SQLite\", \"query\": \"SELECT 1\"}",
            ),
            (
                ".sqlx/query-3.json",
                "{\"db_name\": \"PostgreSQL\", \"query\"",
            ),
            (".sqlx/other.json", "{}"),
            (
                "old/sqlx-data.json",
                "{\"db\": \"PostgreSQL\", \"0f\": {\"describe\": {\"columns\": [], \"nullable\": [], \
                 \"parameters\": {\"Left\": []}}, \"query\": \"DELETE FROM t\"}}",
            ),
        ];
        insta::assert_snapshot!(shown(files), @r#"
        api/.sqlx/query-1.json:1 [sqlx data] SELECT a, b FROM t WHERE a = $1
        old/sqlx-data.json:1 [sqlx data] DELETE FROM t
        .sqlx/query-3.json:1 [sqlx data] not read: no JSON: EOF while parsing an object at line 1 column 33: {"db_name": "PostgreSQL", "query"
        = sqlx data in .sqlx: 0
        = sqlx data in api/.sqlx: 1
        = sqlx data in old/sqlx-data.json: 1
        "#);
    }

    #[test]
    fn what_the_server_said_is_kept() {
        let tree = Tree::memory([(".sqlx/query-1.json", USER)]);
        let found = find(&tree, &QuerySettings::default(), &is_statement, &[]).unwrap();
        let recorded = found.queries[0].recorded.as_ref().unwrap();
        let shown: Vec<String> = recorded
            .columns
            .iter()
            .map(|it| {
                format!(
                    "{} {} {:?} {:?} {:?}",
                    it.name, it.data_type.name, it.data_type.labels, it.nullable, it.origin
                )
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        a int4 None Some(false) Some(("t", "a"))
        b!: M mood Some(["x", "y"]) Some(true) None
        c text[] None None None
        "#);
        assert_eq!(recorded.parameters[0].name, "int4");
    }

    #[test]
    fn deeply_nested_json_is_refused() {
        let text = "[".repeat(200_000);
        assert!(shown([(".sqlx/query-1.json", text.as_str())]).contains("recursion limit"));
    }
}
