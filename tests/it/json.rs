//! The shape of the JSON report, format 1, which other programs read.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::cli::program;

const SPAN: &[&str] = &[
    "file",
    "line",
    "column",
    "end_line",
    "end_column",
    "offset",
    "length",
];

/// The keys of each kind of object in the report, in order.
const SHAPES: &[(&str, &[&str])] = &[
    ("", &["format", "report", "tool", "projects", "left_out"]),
    ("tool", &["name", "version"]),
    (
        "projects",
        &[
            "project",
            "base",
            "releases",
            "summary",
            "steps",
            "findings",
            "not_understood",
        ],
    ),
    (
        "projects.project",
        &[
            "root",
            "layout",
            "dialect",
            "server_version",
            "deploy",
            "folder",
        ],
    ),
    ("projects.base", &["revision", "version"]),
    (
        "projects.releases",
        &[
            "name",
            "revision",
            "role",
            "version",
            "evidence",
            "queries",
            "queries_not_understood",
            "requires_schema",
        ],
    ),
    (
        "projects.summary",
        &[
            "verdict",
            "fits",
            "migrations",
            "new_migrations",
            "statements",
            "not_understood",
            "errors",
            "warnings",
            "notes",
            "suppressed",
        ],
    ),
    (
        "projects.steps",
        &[
            "migration",
            "version",
            "verdict",
            "old",
            "new",
            "min_compatible_release",
            "runs_in",
            "statements",
        ],
    ),
    (
        "projects.steps.statements",
        &[
            "index",
            "span",
            "text",
            "understood",
            "operations",
            "transaction",
            "commit_point",
            "locks",
            "rewrites",
            "scans",
            "online_ddl",
        ],
    ),
    ("projects.steps.statements.span", SPAN),
    (
        "projects.findings",
        &[
            "rule",
            "severity",
            "class",
            "fingerprint",
            "suppressed",
            "message",
            "why",
            "help",
            "object",
            "migration",
            "version",
            "statement",
            "span",
            "breaks",
        ],
    ),
    ("projects.findings.suppressed", &["by", "reason"]),
    (
        "projects.findings.object",
        &["kind", "schema", "parent", "name", "display"],
    ),
    ("projects.findings.span", SPAN),
    (
        "projects.findings.breaks",
        &[
            "pair", "access", "release", "evidence", "error", "uses", "unused", "mentions",
        ],
    ),
    (
        "projects.findings.breaks.uses",
        &["file", "line", "name", "query"],
    ),
    ("projects.findings.breaks.mentions", &["file", "line"]),
    (
        "projects.findings.breaks.error",
        &["code", "message", "stage"],
    ),
    (
        "projects.not_understood",
        &["file", "version", "line", "text", "reason"],
    ),
];

/// A report on the fixture `name`.
fn report(name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    crate::support::copy(&fixture, folder.path());
    json(folder.path(), arguments)
}

fn json(folder: &Path, arguments: &[&str]) -> String {
    let arguments = [&["check", "-q", "--format", "json"], arguments].concat();
    let output = program(folder, &arguments).output().unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// JSON whose objects keep the order in which their keys are written.
enum Ordered {
    Object(Vec<(String, Ordered)>),
    List(Vec<Ordered>),
    Single,
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered::Object(entries))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Ordered::List(items))
            }

            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Single)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Ordered, E> {
                Ok(Ordered::Single)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Ordered, E> {
                Ok(Ordered::Single)
            }

            fn visit_str<E>(self, _: &str) -> Result<Ordered, E> {
                Ok(Ordered::Single)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Visits each object as its path and its keys.
fn walk(path: &str, value: &Ordered, visit: &mut dyn FnMut(&str, Vec<&str>)) {
    match value {
        Ordered::Object(entries) => {
            visit(path, entries.iter().map(|(key, _)| key.as_str()).collect());
            for (key, value) in entries {
                let below = format!("{path}.{key}");
                walk(below.trim_start_matches('.'), value, visit);
            }
        }
        Ordered::List(items) => items.iter().for_each(|item| walk(path, item, visit)),
        Ordered::Single => {}
    }
}

#[test]
fn report_has_exactly_the_keys_of_format_1_in_their_order() {
    let mut repository =
        crate::support::TestRepository::layered(&[("fixtures/drop_in_use/01-base", None)]);
    repository.write(
        "src/users.py",
        "# created_at is shown.\nGET = \"SELECT nickname FROM users\"\n",
    );
    repository.commit("code");
    repository.write(
        "migcheck.toml",
        "[[allow]]\nmigration = \"3\"\nrule = \"column_dropped\"\nobject = \"users.nickname\"\nreason = \"agreed\"\n",
    );
    repository.write(
        "migrations/0003_m.sql",
        "ALTER TABLE users DROP COLUMN nickname, DROP COLUMN created_at;\nDO $$ BEGIN EXECUTE x; END $$;\n",
    );
    let text = json(repository.root(), &[]);
    let value: Ordered = serde_json::from_str(&text).unwrap();
    let mut seen = BTreeSet::new();
    walk("", &value, &mut |path, keys| {
        let shape = SHAPES.iter().find(|(name, _)| *name == path);
        let (_, expected) = shape.unwrap_or_else(|| panic!("`{path}` is not in the format"));
        assert_eq!(keys, *expected, "{path}");
        seen.insert(path.to_owned());
    });
    let missing: Vec<&str> = SHAPES
        .iter()
        .map(|it| it.0)
        .filter(|it| !seen.contains(*it))
        .collect();
    assert!(missing.is_empty(), "the example shows none of {missing:?}");
}

#[test]
fn rename_as_json() {
    insta::assert_snapshot!(report("rename_column", &["--since", "2"]));
}

#[test]
fn what_was_not_judged_is_null_and_what_there_is_none_of_is_an_empty_list() {
    let value: Value = serde_json::from_str(&report("rename_column", &["--all"])).unwrap();
    let project = &value["projects"][0];
    assert_eq!(project["summary"]["verdict"], Value::Null);
    assert_eq!(project["summary"]["fits"], Value::Null);
    assert_eq!(project["base"], Value::Null);
    assert_eq!(project["releases"], Value::Array(Vec::new()));
    assert_eq!(project["not_understood"], Value::Array(Vec::new()));
    assert_eq!(project["steps"][0]["statements"][0]["locks"], Value::Null);
}

#[test]
fn places_count_from_one_and_in_code_points() {
    let repository =
        crate::support::TestRepository::layered(&[("fixtures/drop_in_use/01-base", None)]);
    repository.write(
        "migrations/0003_m.sql",
        "-- caf\u{e9}\n/* \u{1f600} */ ALTER TABLE users\n  DROP COLUMN nickname;\n",
    );
    let value: Value = serde_json::from_str(&json(repository.root(), &[])).unwrap();
    let statement = &value["projects"][0]["steps"][0]["statements"][0];
    let numbers = |span: &Value| -> Vec<u64> {
        SPAN[1..]
            .iter()
            .map(|key| span[*key].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&statement["span"]), [2, 9, 3, 23, 20, 40]);
    let finding = &value["projects"][0]["findings"][0];
    assert_eq!(numbers(&finding["span"]), [3, 3, 3, 23, 40, 20]);
}

#[test]
fn file_that_could_not_be_read_has_a_place() {
    let repository =
        crate::support::TestRepository::layered(&[("fixtures/drop_in_use/01-base", None)]);
    repository.write("migrations/0003_m.sql", b"SELECT 1;\nSELECT '\xE9';\n");
    let value: Value = serde_json::from_str(&json(repository.root(), &[])).unwrap();
    let project = &value["projects"][0];
    let span = &project["findings"][0]["span"];
    assert_eq!(span["file"], "migrations/0003_m.sql");
    assert_eq!((&span["line"], &span["column"]), (&2.into(), &9.into()));
    assert_eq!((&span["offset"], &span["length"]), (&18.into(), &0.into()));
    assert_eq!(project["not_understood"][0]["line"], 2);
    assert_eq!(project["summary"]["not_understood"], 1);
}

#[test]
fn fingerprint_stays_when_lines_move() {
    let repository =
        crate::support::TestRepository::layered(&[("fixtures/drop_in_use/01-base", None)]);
    let fingerprint = |text: &str| {
        repository.write("migrations/0003_m.sql", text);
        let value: Value = serde_json::from_str(&json(repository.root(), &[])).unwrap();
        value["projects"][0]["findings"][0]["fingerprint"].clone()
    };
    let first = fingerprint("ALTER TABLE users DROP COLUMN nickname;");
    assert!(first.is_string());
    assert_eq!(
        first,
        fingerprint("-- moved\n\n\nALTER TABLE users\nDROP COLUMN nickname;")
    );
    assert_ne!(first, fingerprint("ALTER TABLE users DROP COLUMN email;"));
}
