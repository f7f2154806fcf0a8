//! The commands that show the model: graph, matrix, schema, diff, explain.

use std::path::Path;
use std::process::Stdio;

use insta::assert_snapshot;
use migcheck::report::{Histories, schema_changes};
use migcheck::schema_to_sql;
use serde_json::Value;

use crate::cli::{assert_nothing_escapes, migcheck, program};
use crate::support::TestRepository;
use crate::world::State;

const CONFIG: &str = "layout = \"dbmate\"\ndialect = \"postgres\"\n";

/// A migration of dbmate with both parts.
fn both(up: &str, down: &str) -> String {
    format!("-- migrate:up\n{up}\n-- migrate:down\n{down}\n")
}

/// `v1` with ten versions, `main` with two more, a branch from the first of them with one of its
/// own that renames a column.
fn branched() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", CONFIG);
    repository.write(
        "migrations/20240100_users.sql",
        "-- migrate:up\nCREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, \
         nickname text);\n",
    );
    for number in 1..10 {
        repository.write(
            &format!("migrations/2024010{number}_c{number}.sql"),
            both(
                &format!("ALTER TABLE users ADD c{number} integer;"),
                &format!("ALTER TABLE users DROP c{number};"),
            ),
        );
    }
    repository.commit("one");
    repository.git(&["tag", "v1"]);
    repository.write(
        "migrations/20240110_age.sql",
        both(
            "ALTER TABLE users ADD age smallint;\nCREATE INDEX users_age ON users (age);",
            "ALTER TABLE users DROP age;",
        ),
    );
    repository.commit("two");
    repository.git(&["checkout", "--quiet", "-b", "rename"]);
    repository.write(
        "migrations/20240112_rename.sql",
        both(
            "ALTER TABLE users RENAME nickname TO alias;\nALTER TABLE users ALTER age TYPE integer;",
            "ALTER TABLE users RENAME alias TO nickname;",
        ),
    );
    repository.commit("three");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write(
        "migrations/20240111_mail.sql",
        both("ALTER TABLE users ADD mail text;", ""),
    );
    repository.commit("four");
    repository.git(&["checkout", "--quiet", "rename"]);
    repository
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = program(folder, arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

// The graph.

#[test]
fn graph_shows_base_head_live_releases_and_both_branches() {
    let repository = branched();
    assert_snapshot!(migcheck(repository.root(), &["graph", "--live", "v*"]));
    assert_snapshot!(migcheck(
        repository.root(),
        &["graph", "--live", "v*", "-v"]
    ));
}

#[test]
fn graph_for_graphviz_and_for_mermaid() {
    let repository = branched();
    assert_snapshot!(migcheck(repository.root(), &["graph", "--format", "dot"]));
    assert_snapshot!(migcheck(
        repository.root(),
        &["graph", "--format", "mermaid"]
    ));
}

#[test]
fn graph_as_a_picture_has_each_version_on_its_lane() {
    let repository = branched();
    let arguments = ["graph", "--live", "v1", "--format", "svg"];
    let output = program(repository.root(), &arguments).output();
    let text = String::from_utf8(output.expect("it runs").stdout).expect("it is UTF-8");
    let tree = roxmltree::Document::parse(&text).expect("it is well-formed");
    let words = |node: roxmltree::Node<'_, '_>| -> Vec<String> {
        let texts = node
            .descendants()
            .filter(|it| it.has_tag_name(("http://www.w3.org/2000/svg", "text")));
        texts
            .filter_map(|it| it.text())
            .map(str::to_owned)
            .collect()
    };
    let is_version = |node: &roxmltree::Node<'_, '_>| {
        node.attribute("class")
            .is_some_and(|it| it.starts_with("version"))
    };
    let rows: Vec<String> = tree
        .descendants()
        .filter(is_version)
        .map(|node| {
            let dot = node.children().find_map(|it| it.attribute("cx"));
            let words: Vec<String> = words(node)
                .iter()
                .map(|it| it.split('@').next().unwrap_or(it).to_owned())
                .collect();
            format!("{}: {}", dot.unwrap_or("?"), words.join(" | "))
        })
        .collect();
    assert_snapshot!(rows.join("\n"), @r"
    12: (empty schema)
    12: 20240100_users.sql
    12: 20240108_c8.sql
    12: 20240109_c9.sql | live v1
    12: 20240110_age.sql | base main
    12: 20240112_rename.sql | new | head
    32: 20240111_mail.sql | target only | target main
    ");
}

#[test]
fn graph_as_json_has_every_version_and_every_way() {
    let repository = branched();
    let graph = json(
        repository.root(),
        &["graph", "--live", "v1", "--format", "json"],
    );
    assert_eq!(
        (&graph["format"], &graph["report"]),
        (&1.into(), &"graph".into())
    );
    let project = &graph["projects"][0];
    let nodes = project["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 14);
    assert_eq!(nodes[0]["version"], Value::Null);
    let told = |at: usize| {
        let node = &nodes[at];
        let releases: Vec<&str> = node["releases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["role"].as_str().unwrap())
            .collect();
        format!(
            "{} {} {}",
            node["version"],
            node["branch"],
            releases.join("+")
        )
    };
    assert_eq!(told(10), "\"20240109\" \"shared\" live");
    assert_eq!(told(11), "\"20240110\" \"shared\" base");
    assert_eq!(told(12), "\"20240112\" \"head\" head");
    assert_eq!(told(13), "\"20240111\" \"target\" target");
    let edges = project["edges"].as_array().unwrap();
    let up: Vec<(i64, i64)> = edges
        .iter()
        .filter(|it| it["direction"] == "up")
        .map(|it| (it["from"].as_i64().unwrap(), it["to"].as_i64().unwrap()))
        .collect();
    assert_eq!(up.len(), 13);
    assert_eq!(up[11..], [(11, 12), (11, 13)]);
    let down = edges.iter().filter(|it| it["direction"] == "down").count();
    assert_eq!(down, 12);
    assert_eq!(project["heads"], serde_json::json!([12, 13]));
}

#[test]
fn graph_is_the_same_bytes_each_time() {
    let repository = branched();
    for format in ["text", "dot", "mermaid", "json"] {
        let run = || migcheck(repository.root(), &["graph", "--format", format]);
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn graph_of_two_thousand_migrations_stays_short() {
    let repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    for number in 1..=2000 {
        repository.write(
            &format!("migrations/{number:04}_t.sql"),
            format!("CREATE TABLE t{number} (a integer);\n"),
        );
    }
    assert_snapshot!(migcheck(repository.root(), &["graph", "--since", "1990"]));
    let all = migcheck(repository.root(), &["graph", "--since", "1990", "-v"]);
    assert!(all.lines().count() > 2000);
    let mermaid = migcheck(
        repository.root(),
        &["graph", "--since", "1990", "--format", "mermaid"],
    );
    assert!(mermaid.lines().count() < 40, "{mermaid}");
}

#[test]
fn graph_shows_what_migrations_say_they_follow() {
    let repository = TestRepository::new();
    repository.write("migcheck.toml", "dialect = \"postgres\"\n");
    repository.write("sqitch.conf", "[core]\n    engine = pg\n");
    repository.write(
        "sqitch.plan",
        "%syntax-version=1.0.0\n%project=x\n\n\
         users 2024-01-01T00:00:00Z a <a@b>\n\
         teams 2024-01-02T00:00:00Z a <a@b>\n\
         members [users teams] 2024-01-03T00:00:00Z a <a@b>\n",
    );
    for name in ["users", "teams", "members"] {
        repository.write(
            &format!("deploy/{name}.sql"),
            format!("CREATE TABLE {name} (a integer);\n"),
        );
    }
    assert_snapshot!(migcheck(
        repository.root(),
        &["graph", "--since", "members"]
    ));
    let dot = migcheck(
        repository.root(),
        &["graph", "--since", "members", "--format", "dot"],
    );
    for edge in [
        "p0n0 -> p0n1;",
        "p0n0 -> p0n2;",
        "p0n1 -> p0n3;",
        "p0n2 -> p0n3;",
    ] {
        assert!(dot.contains(edge), "{edge}\n{dot}");
    }
}

/// Names that each of the formats could be led astray by.
const HOSTILE: &[&str] = &[
    "2_a\"] ; x -> y [label=\"b.sql",
    "3_%%{init: {'theme': 'dark'}}%%.sql",
    "4_<script>alert(1)<|script>.sql",
    "5_\\N\\G\\l.sql",
    "6_`**b**`#35;end.sql",
    "7_\u{202e}lqs.sql",
];

#[test]
fn hostile_names_stay_names_in_every_format() {
    let mut repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write("migrations/1_t.sql", "CREATE TABLE t (a integer);\n");
    repository.commit("one");
    for name in HOSTILE {
        repository.write(&format!("migrations/{name}"), "SELECT 1;\n");
    }
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["graph", "--format", "dot"]));
    assert_snapshot!(migcheck(root, &["graph", "--format", "mermaid"]));
    assert_snapshot!(migcheck(root, &["graph"]));
    // Where Graphviz is installed, it is the judge.
    let dot = program(root, &["graph", "--format", "dot"])
        .output()
        .unwrap();
    let Ok(mut judge) = std::process::Command::new("dot")
        .arg("-Tplain")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    else {
        return;
    };
    std::io::Write::write_all(&mut judge.stdin.take().unwrap(), &dot.stdout).unwrap();
    let read = judge.wait_with_output().unwrap();
    assert!(read.status.success());
    let plain = String::from_utf8(read.stdout).unwrap();
    let nodes = plain.lines().filter(|it| it.starts_with("node ")).count();
    let edges = plain.lines().filter(|it| it.starts_with("edge ")).count();
    assert_eq!((nodes, edges), (2 + HOSTILE.len(), 1 + HOSTILE.len()));
}

#[test]
fn nothing_that_a_terminal_obeys_is_printed() {
    for escape in ["\u{1b}]0;x\u{7}", "\u{202e}", "\u{9b}2J"] {
        let mut repository = TestRepository::new();
        repository.write(
            "migcheck.toml",
            "layout = \"sqlx\"\ndialect = \"postgres\"\n",
        );
        repository.write("migrations/1_t.sql", "CREATE TABLE t (a integer);\n");
        repository.commit("one");
        repository.git(&["tag", "-a", "-m", "x", "v1"]);
        repository.write(
            &format!("migrations/2_{escape}.sql"),
            format!(
                "ALTER TABLE t ADD \"b{escape}\" text DEFAULT '{escape}';\n\
                 CREATE TYPE m AS ENUM ('{escape}');\n"
            ),
        );
        let root = repository.root();
        for arguments in [
            &["graph"][..],
            &["graph", "--format", "dot"],
            &["graph", "--format", "mermaid"],
            &["matrix", "--live", "v1"],
            &["matrix", "--format", "markdown"],
            &["diff"],
            &["explain", "2"],
            &["explain", "t"],
            &["explain", "m"],
            &["schema", &format!("2{escape}")],
            &["explain", &format!("t.{escape}")],
        ] {
            let output = program(root, arguments).output().unwrap();
            assert_nothing_escapes(&format!("{escape:?} {arguments:?}"), &output);
        }
    }
}

// The matrix.

/// An old release that reads and writes, a column that becomes required half way.
fn matrix_repository() -> TestRepository {
    let mut repository = branched();
    repository.write(
        "migrations/20240113_name.sql",
        "-- migrate:up transaction:false\nBEGIN;\nALTER TABLE users ADD mood text;\nCOMMIT;\n\
         ALTER TABLE users ALTER mood SET NOT NULL;\n",
    );
    repository.commit("five");
    repository
}

#[test]
fn matrix_shows_who_works_on_which_state() {
    let repository = matrix_repository();
    let root = repository.root();
    assert_snapshot!(migcheck(
        root,
        &["matrix", "--live", "v1", "--live", "rename~2"]
    ));
    assert_snapshot!(migcheck(
        root,
        &["matrix", "--live", "v1", "--format", "markdown"]
    ));
}

#[test]
fn matrix_tells_reads_from_writes() {
    let repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write("migrations/1_t.sql", "CREATE TABLE t (a integer);\n");
    repository.write(
        "migrations/2_required.sql",
        "ALTER TABLE t ADD b integer NOT NULL;\n",
    );
    let unread = "DO $$ BEGIN EXECUTE 'ALTER TABLE t ' || current_setting('app.x'); END $$;\n";
    repository.write("migrations/3_unread.sql", unread);
    assert_snapshot!(migcheck(repository.root(), &["matrix", "--since", "1"]), @"
    --- stdout
    migrations/ (sqlx, postgres): 2 new migrations since the release at version 1, 3
      visible states, verdict unknown

    state  the release at version 1  head     floor
    1      works                     unknown  the release at version 1
    2      writes break              unknown  none
    3      unknown                   works    head

    the release at version 1: was written for version 1, requires version 1 or
      newer; presumed to use everything in its schema
    head: ships version 3, requires version 3 or newer; presumed to use everything
      in its schema
    floor: the oldest release that may run on the state (min_compatible_release)
    --- exit 0
    ");
}

#[test]
fn graph_draws_other_servers_and_says_what_stands_for_older_migrations() {
    let mut repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"flyway\"\ndialect = \"mysql\"\n",
    );
    repository.write("sql/V1__t.sql", "CREATE TABLE t (a int);\n");
    repository.write("sql/V2__u.sql", "CREATE TABLE u (a int);\n");
    repository.commit("one");
    repository.git(&["rm", "--quiet", "sql/V1__t.sql", "sql/V2__u.sql"]);
    repository.write(
        "sql/B2__all.sql",
        "CREATE TABLE t (a int);\nCREATE TABLE u (a int);\n",
    );
    repository.write("sql/V3__w.sql", "CREATE TABLE w (a int);\n");
    assert_snapshot!(migcheck(repository.root(), &["graph", "--base", "HEAD"]), @"
    --- stdout
    sql/ (flyway, mysql): 3 migrations, 1 new, none with a down part
    o  (empty schema)
    o  V1__t.sql
    *  V2__u.sql  [base HEAD@2799d18]
    *  V3__w.sql  [new; head]
    sql/B2__all.sql makes in one go what older migrations made, and runs on an empty
    database only
    --- exit 0
    ");
}

#[test]
fn matrix_is_cut_into_tables_that_fit() {
    let repository = matrix_repository();
    let arguments = ["matrix", "--live", "v1", "--live", "rename~2"];
    let mut narrow = program(repository.root(), &arguments);
    let output = narrow.env("COLUMNS", "56").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().all(|line| line.chars().count() <= 56),
        "{text}"
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("state "))
            .count(),
        3,
        "{text}"
    );
}

#[test]
fn matrix_folds_states_with_the_same_answers() {
    let repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    for number in 1..=60 {
        let text = match number {
            40 => "ALTER TABLE t1 DROP COLUMN a;\n".to_owned(),
            _ => format!("CREATE TABLE t{number} (a integer, b integer);\n"),
        };
        repository.write(&format!("migrations/{number:02}_t.sql"), text);
    }
    assert_snapshot!(migcheck(repository.root(), &["matrix", "--since", "5"]));
}

#[test]
fn matrix_as_json_agrees_with_the_check() {
    let repository = matrix_repository();
    let root = repository.root();
    let matrix = json(root, &["matrix", "--live", "v1", "--format", "json"]);
    assert_eq!(
        (&matrix["format"], &matrix["report"]),
        (&1.into(), &"matrix".into())
    );
    let check = json_of_check(root);
    let (ours, theirs) = (&matrix["projects"][0], &check["projects"][0]);
    assert_eq!(ours["verdict"], theirs["summary"]["verdict"]);
    assert_eq!(
        ours["releases"],
        without_extra(&theirs["releases"], &ours["releases"])
    );
    // The floor after each migration is that of its step.
    for step in theirs["steps"].as_array().unwrap() {
        let states = ours["states"].as_array().unwrap();
        let state = states
            .iter()
            .find(|it| it["version"] == step["version"] && it["after_statement"] == Value::Null);
        let state = state.expect("the end of a migration is seen");
        assert_eq!(
            state["min_compatible_release"],
            step["min_compatible_release"]
        );
    }
    let inside = ours["states"].as_array().unwrap();
    assert!(inside.iter().any(|it| it["after_statement"] == 3), "{ours}");
}

fn json_of_check(root: &Path) -> Value {
    let arguments = ["check", "--live", "v1", "--format", "json", "--exit-zero"];
    json(root, &arguments)
}

/// The fields that both have.
fn without_extra(theirs: &Value, ours: &Value) -> Value {
    let pairs = theirs
        .as_array()
        .unwrap()
        .iter()
        .zip(ours.as_array().unwrap());
    pairs
        .map(|(theirs, ours)| {
            let known = ours.as_object().unwrap();
            let fields = theirs.as_object().unwrap().iter();
            fields
                .filter(|(name, _)| known.contains_key(*name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<serde_json::Map<String, Value>>()
        })
        .map(Value::Object)
        .collect()
}

// Schemas and what changed between them.

#[test]
fn schema_takes_versions_of_head_of_the_base_and_of_revisions() {
    let repository = branched();
    let root = repository.root();
    let of = |arguments: &[&str]| {
        let arguments: Vec<&str> = ["schema"].iter().chain(arguments).copied().collect();
        let shown = migcheck(root, &arguments);
        let mut lines = shown
            .lines()
            .filter(|it| it.contains("-- the schema") || it.contains("alias"));
        format!(
            "{} {}",
            lines.next().unwrap_or(&shown),
            if lines.next().is_some() {
                "(alias)"
            } else {
                ""
            }
        )
    };
    for (arguments, title) in [
        (&[][..], "-- the schema after version 20240112 (alias)"),
        (&["head"], "-- the schema after version 20240112 (alias)"),
        (&["20240110"], "-- the schema after version 20240110 "),
        (
            &["20240110_age.sql"],
            "-- the schema after version 20240110 ",
        ),
        (&["20240110_age"], "-- the schema after version 20240110 "),
        (&["empty"], "-- the schema without migrations "),
    ] {
        assert_eq!(of(arguments), title, "{arguments:?}");
    }
    for (arguments, title) in [
        (
            &["base"][..],
            "-- the schema after version 20240110 at revision ",
        ),
        (
            &["main:"],
            "-- the schema after version 20240111 at revision ",
        ),
        (
            &["main"],
            "-- the schema after version 20240111 at revision ",
        ),
        (
            &["v1:20240105"],
            "-- the schema after version 20240105 at revision ",
        ),
        (
            &["--at", "v1"],
            "-- the schema after version 20240109 at revision ",
        ),
        (
            &["20240103", "--at", "v1"],
            "-- the schema after version 20240103 at revision ",
        ),
    ] {
        let shown = of(arguments);
        assert!(shown.starts_with(title), "{arguments:?}: {shown}");
    }
}

#[test]
fn schema_of_what_is_nothing() {
    let repository = branched();
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["schema", "20240101_c2.sql"]), @"
    --- stderr
    migcheck: no migration has the version or name 20240101_c2.sql; did you mean `20240101_c1.sql`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["schema", "7"]), @"
    --- stderr
    migcheck: no migration has the version or name 7; the newest is 20240112
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["schema", "nothing:"]), @"
    --- stderr
    migcheck: `nothing` names no commit in this repository, which has no remote to fetch it from
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["schema", "main:20240112"]), @"
    --- stderr
    migcheck: main: no migration has the version or name 20240112; did you mean `20240102`?
    --- exit 2
    ");
}

#[test]
fn diff_says_what_changed_between_two_versions() {
    let repository = branched();
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["diff"]), @"
    --- stdout
    from main@d6c87bb (version 20240110) to head (version 20240112): 2 changes
    ~ column `users.nickname` is renamed to `alias`
    ~ type of column `users.age` is changed from `smallint` to `integer`
    --- exit 0
    ");
    assert_snapshot!(migcheck(root, &["diff", "20240109", "20240110"]), @"
    --- stdout
    from version 20240109 to version 20240110: 2 changes
    + column `users.age` is added: `smallint`
    + index `users_age` is added on `users` (age)
    --- exit 0
    ");
    assert_snapshot!(migcheck(root, &["diff", "main..head"]), @"
    --- stdout
    from main@632ec2c (version 20240111) to head (version 20240112): 3 changes
    ~ column `users.nickname` is renamed to `alias`
    ~ type of column `users.age` is changed from `smallint` to `integer`
    - column `users.mail` is dropped
    --- exit 0
    ");
    assert_snapshot!(migcheck(root, &["diff", "head", "20240110"]), @"
    --- stdout
    from head (version 20240112) to version 20240110: 2 changes
    ~ column `users.alias` is renamed to `nickname`
    ~ type of column `users.age` is changed from `integer` to `smallint`
    --- exit 0
    ");
    assert_snapshot!(migcheck(root, &["diff", "20240110..20240110"]), @"
    --- stdout
    from version 20240110 to version 20240110: nothing changes
    --- exit 0
    ");
}

#[test]
fn diff_as_json() {
    let repository = branched();
    let diff = json(
        repository.root(),
        &["diff", "base..head", "--format", "json"],
    );
    assert_eq!(
        (&diff["format"], &diff["report"]),
        (&1.into(), &"diff".into())
    );
    assert_eq!(diff["from"]["version"], "20240110");
    assert_eq!(diff["to"]["version"], "20240112");
    let renamed = &diff["changes"][0];
    assert_eq!(renamed["what"], "renamed");
    assert_eq!(renamed["object"]["display"], "users.nickname");
    assert_eq!(renamed["to"], "alias");
    let changed = &diff["changes"][1];
    assert_eq!(
        (&changed["aspect"], &changed["from"]),
        (&"type".into(), &"smallint".into())
    );
}

/// What a schema is changed by, in the words of a diff.
fn changed(before: &str, migration: &str) -> String {
    let state = State::of(&[before, migration]);
    let replayed = migcheck::replay_tree(&state.tree(), &migcheck::discover::Overrides::default());
    let timeline = replayed.expect("it can be replayed").timeline;
    let (old, new) = (
        timeline.catalog(timeline.ends[0]),
        timeline.catalog(timeline.ends[1]),
    );
    let lines: Vec<String> = schema_changes(old, new, Histories::One)
        .iter()
        .map(|it| format!("{} {}", it.happened.mark(), it.message))
        .collect();
    lines.join("\n")
}

#[test]
fn what_hurts_nobody_is_said_too() {
    let table = "CREATE TABLE t (a integer, b text);";
    assert_snapshot!(changed(table, "CREATE INDEX i ON t USING hash (b) WHERE a > 0;"), @"+ index `i` is added on `t` (b) using hash where `a > 0`");
    assert_snapshot!(
        changed(&format!("{table} CREATE INDEX i ON t (a);"), "ALTER INDEX i RENAME TO j;"), @"~ index `i` on `t` is renamed to `j`"
    );
    assert_snapshot!(
        changed(&format!("{table} CREATE INDEX i ON t (a);"), "DROP INDEX i; CREATE UNIQUE INDEX i ON t (a);"),
        @"~ index `i` on `t` is changed from `USING btree (a)` to `UNIQUE USING btree (a)`"
    );
    assert_snapshot!(
        changed(
            &format!("{table} CREATE VIEW v AS SELECT a FROM t;"),
            "CREATE OR REPLACE VIEW v AS SELECT a + 1 AS a FROM t;"
        ),
        @"~ view `v` has another query"
    );
    assert_snapshot!(
        changed(
            "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';",
            "CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2';"
        ),
        @"~ function `f` has another body"
    );
    assert_snapshot!(changed("CREATE SEQUENCE s;", "ALTER SEQUENCE s INCREMENT 5 CYCLE;"), @"~ sequence `s` has increment 5, cycle on instead of increment 1, cycle off");
    assert_snapshot!(changed("SELECT 1;", "CREATE SCHEMA app; CREATE EXTENSION citext;"), @"
    + schema `app` is added
    + extension `citext` is added
    ");
    assert_snapshot!(changed("CREATE TYPE m AS ENUM ('a', 'b');", "ALTER TYPE m ADD VALUE 'c';"), @"+ label `c` is added to enum `m`");
    assert_snapshot!(
        changed(table, "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"), @"+ check `c` is added on `t` (a): `CHECK (a > 0) NOT VALID`"
    );
    assert_snapshot!(
        changed(
            &format!("{table} ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"),
            "ALTER TABLE t VALIDATE CONSTRAINT c;"
        ),
        @"~ check `c` on `t` is validated: it holds for all rows"
    );
}

#[test]
fn a_rename_changes_nothing_else() {
    let before = "CREATE TABLE u (id integer PRIMARY KEY);
        CREATE TABLE t (a integer CHECK (a > 0) REFERENCES u, b text GENERATED ALWAYS AS ('x') STORED);
        CREATE INDEX i ON t (a) WHERE a > 1;
        CREATE POLICY p ON t USING (a > 2);";
    assert_snapshot!(changed(before, "ALTER TABLE t RENAME a TO c;"), @"~ column `t.a` is renamed to `c`");
    assert_snapshot!(changed(before, "ALTER TABLE u RENAME id TO key;"), @"~ column `u.id` is renamed to `key`");
    assert_snapshot!(changed(before, "ALTER TABLE u RENAME TO w;"), @"~ table `u` is renamed to `w`");
    assert_snapshot!(
        changed("CREATE TYPE m AS ENUM ('a'); CREATE TABLE t (a m);", "ALTER TYPE m RENAME TO n;"), @"~ type `m` is renamed to `n`"
    );
    assert_snapshot!(
        changed(before, "ALTER TABLE t RENAME TO old; ALTER TABLE u RENAME TO t;"), @"
    ~ table `t` is renamed to `old`
    ~ table `u` is renamed to `t`
    "
    );
}

#[test]
fn what_is_made_again_is_said() {
    let table = "CREATE TABLE t (a integer, b text);";
    assert_snapshot!(changed(table, "DROP TABLE t; CREATE TABLE t (a integer, b text);"), @"~ `t` is made anew: another table under the old name");
    assert_snapshot!(changed(table, "ALTER TABLE t DROP b; ALTER TABLE t ADD b text;"), @"~ `t.b` is made anew: another column under the old name");
}

#[test]
fn what_differs_in_sql_is_a_change_and_nothing_else_is() {
    let mut files = Vec::new();
    for folder in ["rename_column", "retired_column"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(folder);
        if root.is_dir() {
            files.push(root);
        }
    }
    assert!(!files.is_empty());
    let generated: Vec<String> = (0..60)
        .map(|number| match number % 6 {
            0 => format!("CREATE TABLE t{number} (a integer, b text NOT NULL DEFAULT 'x');"),
            1 => format!("ALTER TABLE t{} ADD c varchar({number});", number - 1),
            2 => format!("CREATE INDEX i{number} ON t{} (a);", number - 2),
            3 => format!("ALTER TABLE t{} RENAME a TO d;", number - 3),
            4 => format!("CREATE VIEW v{number} AS SELECT d FROM t{};", number - 4),
            _ => "SELECT 1;".to_owned(),
        })
        .collect();
    let texts: Vec<&str> = generated.iter().map(String::as_str).collect();
    let state = State::of(&texts);
    let replayed = migcheck::replay_tree(&state.tree(), &migcheck::discover::Overrides::default());
    let timeline = replayed.expect("it can be replayed").timeline;
    let mut before = timeline.catalog(0);
    for (at, end) in timeline.ends.iter().enumerate() {
        let after = timeline.catalog(*end);
        let changes = schema_changes(before, after, Histories::One);
        let is_same = schema_to_sql(before) == schema_to_sql(after);
        assert_eq!(changes.is_empty(), is_same, "{}: {changes:?}", texts[at]);
        assert!(schema_changes(after, after, Histories::Two).is_empty());
        before = after;
    }
}

// Explaining versions and objects.

#[test]
fn explain_tells_of_a_version() {
    let repository = branched();
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["explain", "20240112", "--live", "v1"]));
    assert_snapshot!(migcheck(root, &["explain", "version:20240103"]));
    let version = json(root, &["explain", "20240110", "--format", "json"]);
    assert_eq!(
        (&version["report"], &version["place"]),
        (&"version".into(), &11.into())
    );
    assert_eq!(version["releases"][0]["has_it"], true);
}

/// A schema in which much depends on much.
const MUCH: &str = "CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    mood mood DEFAULT 'happy',
    email_length integer GENERATED ALWAYS AS (length(email)) STORED
);
CREATE INDEX users_mood ON users (mood) WHERE mood <> 'sad';
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE VIEW happy AS SELECT id, email FROM users WHERE mood = 'happy';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := lower(NEW.email); RETURN NEW; END $$;
CREATE TRIGGER touch_users BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON users USING (email = current_user);
";

fn much() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write("migrations/1_all.sql", MUCH);
    repository.write(
        "migrations/2_old.sql",
        "CREATE TABLE people (a integer);\nDROP TABLE people;\n",
    );
    repository.write(
        "migrations/3_rename.sql",
        "ALTER TABLE users RENAME TO people;\nALTER TABLE people ALTER email TYPE varchar(200);\n",
    );
    repository.commit("one");
    repository
}

#[test]
fn explain_tells_what_depends_on_an_object() {
    let repository = much();
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["explain", "people"]));
    assert_snapshot!(migcheck(root, &["explain", "people.email"]));
    assert_snapshot!(migcheck(root, &["explain", "mood"]));
    assert_snapshot!(migcheck(root, &["explain", "mood.happy"]));
    assert_snapshot!(migcheck(root, &["explain", "touch"]));
}

#[test]
fn explain_knows_views_indexes_keys_triggers_and_policies() {
    let repository = much();
    let root = repository.root();
    for (name, title) in [
        ("happy", "view `happy`: "),
        (
            "users_mood",
            "index `users_mood`: `ON people USING btree (mood) WHERE mood <> 'sad'`",
        ),
        (
            "users_pkey",
            "primary key `people.users_pkey`: `PRIMARY KEY (id)`",
        ),
        (
            "people.users_email_key",
            "unique key `people.users_email_key`: `UNIQUE (email)`",
        ),
        ("touch_users", "trigger `people.touch_users`: "),
        ("own", "policy `people.own`: "),
        (
            "orders.orders_user_id_fkey",
            "foreign key `orders.orders_user_id_fkey`: ",
        ),
    ] {
        let shown = migcheck(root, &["explain", name]);
        let folded = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(folded.contains(title), "{name}\n{shown}");
        assert!(shown.contains("migrations/1_all.sql\n"), "{name}\n{shown}");
    }
    let object = json(root, &["explain", "people.email", "--format", "json"]);
    assert_eq!(
        (&object["report"], &object["kind"]),
        (&"object".into(), &"column".into())
    );
    assert_eq!(object["there"], true);
}

#[test]
fn explain_suggests_the_nearest_of_each_sort() {
    let repository = much();
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["explain", "peple"]), @"
    --- stderr
    migcheck: no file, rule, version or object of the schema is called `peple`; did you mean object `people`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["explain", "people.emial"]), @"
    --- stderr
    migcheck: no file, rule, version or object of the schema is called `people.emial`; did you mean object `people.email`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["explain", "3_renam.sql"]), @"
    --- stderr
    migcheck: no file, rule, version or object of the schema is called `3_renam.sql`; did you mean version `3_rename.sql`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["explain", "object:column_dropped"]), @"
    --- stderr
    migcheck: no object of any version of the schema is called `column_dropped`
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["explain", "version:people"]), @"
    --- stderr
    migcheck: no version is called `people`
    --- exit 2
    ");
    assert_snapshot!(migcheck(root, &["explain", "column_droped"]), @"
    --- stderr
    migcheck: no file, rule, version or object of the schema is called `column_droped`; did you mean rule `column_dropped`?
    --- exit 2
    ");
}

// The pages of the rules.

#[test]
fn pages_hold_no_marks_and_fit_the_terminal() {
    for rule in migcheck::RULES {
        let page = migcheck::page_to_text(
            rule,
            migcheck::Styling {
                colour: false,
                width: Some(80),
            },
        );
        assert!(page.starts_with(&format!("{}\n\n  ", rule.name)), "{page}");
        for line in page.lines() {
            // Code is not wrapped.
            let is_code = line.starts_with("      ");
            assert!(
                is_code || line.chars().count() <= 80,
                "{}: {line}",
                rule.name
            );
            assert!(
                !line.contains("```") && !line.starts_with('#'),
                "{}: {line}",
                rule.name
            );
            assert!(!line.contains("-- finding:"), "{}: {line}", rule.name);
            let is_marked = line.contains("**") && !is_code;
            assert!(!is_marked, "{}: {line}", rule.name);
            assert!(
                !line.contains('\u{1b}') && !line.ends_with(' '),
                "{}: {line:?}",
                rule.name
            );
        }
        let without_marks = |text: &str| -> Vec<String> {
            text.lines()
                .filter(|line| !line.starts_with("```"))
                .flat_map(|line| line.split("-- finding:").take(1))
                .flat_map(|line| line.split(|c: char| !c.is_alphanumeric()))
                .filter(|word| word.len() > 4)
                .map(str::to_owned)
                .collect()
        };
        // Nothing of the page is lost on the way: every longer word is still there.
        let words = without_marks(&page);
        let body = rule.page.split_once("\n```\n").map_or("", |(_, body)| body);
        for word in without_marks(body) {
            assert!(words.contains(&word), "{}: {word} is lost", rule.name);
        }
    }
}

#[test]
fn a_page_in_colours() {
    let rule = migcheck::rule("column_set_not_null").unwrap();
    let styling = migcheck::Styling {
        colour: true,
        width: Some(60),
    };
    let page = migcheck::page_to_text(rule, styling);
    assert_snapshot!(page.replace('\u{1b}', "ESC"));
}

#[test]
fn rules_are_listed_as_json() {
    let rules = json(Path::new("/"), &["rules", "--format", "json"]);
    assert_eq!(
        (&rules["format"], &rules["report"]),
        (&1.into(), &"rules".into())
    );
    let rules = rules["rules"].as_array().unwrap();
    assert_eq!(rules.len(), migcheck::RULES.len());
    for rule in rules {
        assert!(rule["severity"].is_string(), "{rule}");
        assert!(rule["breaks"].is_array(), "{rule}");
    }
}

/// What a statement that is not understood makes of a table.
const UNREAD: &str =
    "DO $$ BEGIN EXECUTE 'ALTER TABLE t ' || current_setting('app.change'); END $$;";

#[test]
fn what_is_not_known_is_not_said_to_be_gone() {
    let said = changed("CREATE TABLE t (a integer, b text);", UNREAD);
    assert!(said.lines().all(|line| line.starts_with('?')), "{said}");
    assert!(!said.is_empty());
    let repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write(
        "migrations/1_t.sql",
        "CREATE TABLE t (a integer, b text);\n",
    );
    repository.write("migrations/2_unread.sql", UNREAD);
    let shown = migcheck(repository.root(), &["explain", "t.a"]);
    assert!(!shown.contains("dropped\n"), "{shown}");
    let diff = migcheck(repository.root(), &["diff", "1", "2"]);
    assert!(!diff.contains("nothing changes"), "{diff}");
    assert!(diff.contains("not understood"), "{diff}");
}
