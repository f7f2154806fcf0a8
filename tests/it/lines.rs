//! Applied migrations that were edited, deleted or squashed, and two lines of development.

use insta::assert_snapshot;
use migcheck::report::ProjectReport;

use crate::cli::migcheck;
use crate::support::TestRepository;
use crate::world::{State, judge, judge_branch};

const T: &str = "CREATE TABLE t (a integer);";
const INDEX: &str = "CREATE INDEX i ON t (a);";

/// The findings of class history, one per line: severity, rule, message.
fn said(report: &ProjectReport) -> String {
    let found = report.findings.iter();
    let lines: Vec<String> = found
        .filter(|it| it.class.as_str() == "history")
        .map(|it| format!("{} {}: {}", it.severity.as_str(), it.rule, it.message))
        .collect();
    lines.join("\n")
}

fn why(report: &ProjectReport, rule: &str) -> String {
    let mut found = report.findings.iter();
    found
        .find(|it| it.rule == rule)
        .map_or_else(String::new, |it| it.why.clone())
}

fn project(layout: &str, files: &[(&str, &str)]) -> State {
    let state = State::default().config(&format!("layout = \"{layout}\""));
    files
        .iter()
        .fold(state, |state, (name, text)| state.file(name, text))
}

fn change(layout: &str, old: &[(&str, &str)], new: &[(&str, &str)]) -> ProjectReport {
    judge(&[("old", &project(layout, old))], &project(layout, new))
}

/// What is said of an edit of the only migration: nothing, or the severity and what differs.
fn edit(layout: &str, name: &str, before: &str, after: &str) -> String {
    let found = said(&change(layout, &[(name, before)], &[(name, after)]));
    let mut lines = found.lines().filter(|it| it.contains("migration_edited"));
    lines.next().map_or_else(String::new, |line| {
        let (severity, rest) = line.split_once(' ').expect("a severity comes first");
        let what = rest.split_once("` ").map_or(rest, |(_, what)| what);
        format!("{severity}: {what}")
    })
}

#[test]
fn an_edit_is_what_the_tool_sees() {
    let up = |text: &str| format!("-- +goose Up\n{text}\n");
    let changed = "CREATE TABLE t (a bigint);";
    let comment = format!("-- a table\n{T}");
    let carriage = format!("{T}\r\n");
    let line = format!("{T}\n");
    let spread = "CREATE TABLE t\n(a integer);";
    let edited = "was edited";
    let error = |what: &str| format!("error: {what}");
    for (layout, name) in [
        ("sqlx", "1_t.sql"),
        ("refinery", "V1__t.sql"),
        ("flyway", "V1__t.sql"),
        ("evolve", "V1__t.sql"),
    ] {
        assert_eq!(edit(layout, name, T, changed), error(edited), "{layout}");
        assert_eq!(
            edit(layout, name, T, &comment),
            error("was edited (comments and blanks only)"),
            "{layout}"
        );
        let is_every_byte = matches!(layout, "sqlx" | "refinery");
        let endings = match is_every_byte {
            true => error("was edited (the ends of its lines only)"),
            false => String::new(),
        };
        assert_eq!(edit(layout, name, &line, &carriage), endings, "{layout}");
    }
    let prisma = "20000101000000_t/migration.sql";
    assert_eq!(edit("prisma", prisma, T, changed), "warning: was edited");
    // Tools that keep no checksum: only what the server makes something of.
    for (layout, name) in [
        ("golang-migrate", "1_t.up.sql"),
        ("diesel", "2000-01-01-000000_t/up.sql"),
        ("supabase", "1_t.sql"),
        ("plain", "1_t.sql"),
        ("yoyo", "1_t.sql"),
    ] {
        assert_eq!(
            edit(layout, name, T, changed),
            "warning: was edited",
            "{layout}"
        );
        assert_eq!(edit(layout, name, T, &comment), "", "{layout}");
        assert_eq!(edit(layout, name, &line, &carriage), "", "{layout}");
        assert_eq!(
            edit(layout, name, T, &format!("{T}   \n\n")),
            "",
            "{layout}"
        );
        // What only looks like a comment is none.
        let (one, other) = (
            format!("{T} SELECT '\n-- a\n';"),
            format!("{T} SELECT '\n-- b\n';"),
        );
        assert_eq!(
            edit(layout, name, &one, &other),
            "warning: was edited",
            "{layout}"
        );
    }
    assert_eq!(
        edit("goose", "1_t.sql", &up(T), &up(changed)),
        "warning: was edited"
    );
    // Another down part is no edit of what has run.
    let down = |text: &str| format!("-- +goose Up\n{T}\n-- +goose Down\n{text}\n");
    let dropped = down("DROP TABLE t;");
    assert_eq!(
        edit(
            "goose",
            "1_t.sql",
            &down("DROP TABLE IF EXISTS t;"),
            &dropped
        ),
        ""
    );
    // Liquibase counts neither blanks nor what undoes a changeset.
    let set = |text: &str, undo: &str| {
        format!("--liquibase formatted sql\n--changeset a:1\n{text}\n--rollback {undo}\n")
    };
    let before = set(T, "DROP TABLE t;");
    assert_eq!(
        edit(
            "liquibase",
            "1.sql",
            &before,
            &set(changed, "DROP TABLE t;")
        ),
        error(edited)
    );
    assert_eq!(
        edit("liquibase", "1.sql", &before, &set(spread, "SELECT 1;")),
        ""
    );
}

#[test]
fn a_file_that_was_renamed_is_an_edit_where_the_tool_keeps_the_name() {
    for (layout, expected) in [
        (
            "refinery",
            "error migration_edited: applied migration `1` has another name",
        ),
        (
            "flyway",
            "error migration_edited: applied migration `1` has another name",
        ),
        ("evolve", ""),
    ] {
        let report = change(layout, &[("V1__t.sql", T)], &[("V1__table.sql", T)]);
        assert_eq!(said(&report), expected, "{layout}");
    }
}

#[test]
fn an_edit_is_shown_where_it_was_made() {
    let old = "CREATE TABLE t (a integer);\nCREATE TABLE u (a integer);\n";
    let new = "CREATE TABLE t (a integer);\nCREATE TABLE u (a bigint);\n";
    let report = change("sqlx", &[("1_t.sql", old)], &[("1_t.sql", new)]);
    let finding = report
        .findings
        .iter()
        .find(|it| it.rule == "migration_edited")
        .expect("it is found");
    let file = &report.files[finding.migration];
    let span = finding.span.expect("it has a place");
    assert_eq!(&*file.path, "migrations/1_t.sql");
    assert_eq!(span.of(&file.text), "CREATE TABLE u (a bigint);");
    // Nothing is new, and all is not well.
    assert_eq!(report.summary.new_migrations, 0);
    assert_eq!(report.summary.errors, 1);
}

#[test]
fn repeatable_migration_that_is_gone_or_changed() {
    let view = "CREATE OR REPLACE VIEW v AS SELECT a FROM t;";
    let other = "CREATE OR REPLACE VIEW v AS SELECT a, a AS b FROM t;";
    let old = [("V1__t.sql", T), ("R__v.sql", view)];
    let changed = [("V1__t.sql", T), ("R__v.sql", other)];
    assert_eq!(said(&change("flyway", &old, &changed)), "");
    let gone = said(&change("flyway", &old, &[("V1__t.sql", T)]));
    assert_eq!(
        gone,
        "error migration_deleted: applied migration `R__v.sql` is gone"
    );
}

/// What is said of a deleted migration: the severity, or nothing.
fn deletion(layout: &str, old: &[(&str, &str)], new: &[(&str, &str)]) -> String {
    let report = change(layout, old, new);
    let mut found = report.findings.iter();
    let found = found.find(|it| it.rule == "migration_deleted");
    found.map_or("", |it| it.severity.as_str()).to_owned()
}

#[test]
fn a_deletion_is_an_error_where_the_tool_refuses_to_run() {
    let u = "CREATE TABLE u (a integer);";
    // The middle one of three, and the last one.
    for (layout, middle, last) in [
        ("sqlx", "error", "error"),
        ("sql-migrate", "error", "error"),
        ("supabase", "error", "error"),
        ("node-pg-migrate", "error", "warning"),
        ("goose", "warning", "warning"),
        ("dbmate", "warning", "warning"),
        ("plain", "warning", "warning"),
    ] {
        let up = |text: &str| match layout {
            "goose" => format!("-- +goose Up\n{text}\n"),
            "dbmate" => format!("-- migrate:up\n{text}\n"),
            "sql-migrate" => format!("-- +migrate Up\n{text}\n"),
            _ => text.to_owned(),
        };
        let (one, two, three) = (up(T), up(INDEX), up(u));
        let all = [
            ("1_t.sql", one.as_str()),
            ("2_i.sql", two.as_str()),
            ("3_u.sql", three.as_str()),
        ];
        assert_eq!(
            deletion(layout, &all, &[all[0], all[2]]),
            middle,
            "{layout}"
        );
        assert_eq!(deletion(layout, &all, &all[..2]), last, "{layout}");
    }
    let all = [("V1__t.sql", T), ("V2__i.sql", INDEX), ("V3__u.sql", u)];
    assert_eq!(deletion("flyway", &all, &[all[0], all[2]]), "error");
    // One that is newer than all that is there is that of a newer release.
    assert_eq!(deletion("flyway", &all, &all[..2]), "warning");
    assert_eq!(deletion("refinery", &all, &all[..2]), "error");
    let all = [("1_t.up.sql", T), ("2_i.up.sql", INDEX), ("3_u.up.sql", u)];
    assert_eq!(
        deletion("golang-migrate", &all, &[all[0], all[2]]),
        "warning"
    );
    // It is the one number that golang-migrate keeps.
    assert_eq!(deletion("golang-migrate", &all, &all[..2]), "error");
}

#[test]
fn what_is_missing_without_the_deleted_migration_is_said_once() {
    let old = State::of(&[T, "CREATE TABLE u (a integer); CREATE INDEX i ON u (a);"]);
    let report = judge(&[("old", &old)], &State::of(&[T]));
    assert_eq!(
        said(&report),
        "error migration_deleted: applied migration `2_m.sql` is gone"
    );
    let why = why(&report, "migration_deleted");
    assert!(
        why.ends_with("than those that have it: table `u` is missing"),
        "{why}"
    );
}

#[test]
fn a_squash_of_all_of_a_prefix_and_of_the_middle() {
    let squashed = "note migrations_squashed: applied migrations ";
    let (b, c) = (
        "ALTER TABLE t ADD COLUMN b text;",
        "ALTER TABLE t ADD COLUMN c text;",
    );
    let old = [
        ("1_t.sql", T),
        ("2_b.sql", b),
        ("3_c.sql", c),
        ("4_i.sql", INDEX),
    ];
    let cases: [(&[(&str, &str)], &str); 4] = [
        // All of it, with a new migration after it.
        (
            &[
                (
                    "5_all.sql",
                    "CREATE TABLE t (a integer, b text, c text); CREATE INDEX i ON t (a);",
                ),
                ("6_u.sql", "CREATE TABLE u (a integer);"),
            ],
            "`1_t.sql` to `4_i.sql` (4 of them) are replaced by `5_all.sql`, which makes the same schema",
        ),
        // The first ones, in the file of the first.
        (
            &[
                ("1_t.sql", "CREATE TABLE t (a integer, b text, c text);"),
                old[3],
            ],
            "`1_t.sql` to `3_c.sql` (3 of them) are replaced by `1_t.sql`, which makes the same schema",
        ),
        // Those in the middle.
        (
            &[
                old[0],
                (
                    "3_bc.sql",
                    "ALTER TABLE t ADD COLUMN b text, ADD COLUMN c text;",
                ),
                old[3],
            ],
            "`2_b.sql` to `3_c.sql` (2 of them) are replaced by `3_bc.sql`, which makes the same schema",
        ),
        // In two.
        (
            &[
                ("5_t.sql", "CREATE TABLE t (a integer, b text, c text);"),
                ("6_i.sql", INDEX),
            ],
            "`1_t.sql` to `4_i.sql` (4 of them) are replaced by `5_t.sql`, `6_i.sql`, which makes the same schema",
        ),
    ];
    for (new, expected) in cases {
        let report = change("sqlx", &old, new);
        assert_eq!(said(&report), format!("{squashed}{expected}"));
        assert!(
            why(&report, "migrations_squashed").contains("sqlx refuses"),
            "{expected}"
        );
    }
}

#[test]
fn a_squash_that_makes_another_schema_names_what_differs() {
    let old = [
        ("1_t.sql", "CREATE TABLE t (a integer, b text);"),
        (
            "2_i.sql",
            "CREATE INDEX i ON t (a); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        ),
        ("3_u.sql", "CREATE TABLE u (a integer);"),
    ];
    let all = "CREATE TABLE t (a bigint, c text); CREATE TABLE u (a integer);
               CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';";
    let report = change("sqlx", &old, &[("4_all.sql", all)]);
    assert_snapshot!(said(&report), @"error squash_differs: `4_all.sql` replaces 3 applied migrations, `1_t.sql` to `3_u.sql`, and does not make their schema: function `f` differs, column `t.a` differs, column `t.b` is missing, column `t.c` is new");
    // Whom it hurts is not lost.
    let finding = &report.findings[0];
    assert_eq!(finding.rule, "squash_differs");
    assert!(!finding.breaks.is_empty());
}

#[test]
fn a_history_that_was_replaced_by_another_is_no_squash() {
    let old = [
        ("1_t.sql", T),
        ("2_i.sql", INDEX),
        ("3_u.sql", "CREATE TABLE u (a integer);"),
    ];
    let report = change("sqlx", &old, &[("4_w.sql", "CREATE TABLE w (a integer);")]);
    assert_eq!(
        said(&report),
        "error migration_deleted: applied migrations are gone: `1_t.sql`, `2_i.sql`, `3_u.sql`"
    );
}

#[test]
fn a_down_part_is_missed_where_most_have_one() {
    let with_downs = |count: usize, without: usize| {
        let mut state = State::default().config("layout = \"golang-migrate\"");
        for at in 1..=count {
            let up = format!("CREATE TABLE t{at} (a integer);");
            state = state.file(&format!("{at}_t.up.sql"), &up);
            if at > without {
                state = state.file(&format!("{at}_t.down.sql"), &format!("DROP TABLE t{at};"));
            }
        }
        state
    };
    let missing = |count: usize, without: usize, down: Option<&str>| {
        let old = with_downs(count, without);
        let mut head = old
            .clone()
            .file("90_x.up.sql", "CREATE TABLE x (a integer);");
        if let Some(down) = down {
            head = head.file("90_x.down.sql", down);
        }
        said(&judge(&[("old", &old)], &head))
    };
    let expected = "warning down_missing: this migration has no down part";
    assert_eq!(missing(5, 0, None), expected);
    assert_eq!(missing(5, 1, None), expected);
    assert_eq!(missing(5, 2, None), "");
    assert_eq!(missing(4, 0, None), "");
    assert_eq!(missing(5, 0, Some("DROP TABLE x;")), "");
    // Who says that there is no way back has thought of it.
    assert_eq!(missing(5, 0, Some("-- there is no way back\n")), "");
}

/// The conflicts of two lines that begin with `before`: the object, and what becomes of it.
fn conflicts(before: &str, theirs: &str, ours: &str) -> String {
    let old = State::of(&[before]);
    let tip = old.clone().file("2_theirs.sql", theirs);
    let head = old.clone().file("3_ours.sql", ours);
    let report = judge_branch(&old, &tip, &head);
    let all = said(&report);
    assert!(all.contains("note heads_diverged"), "{all}");
    let found = report
        .findings
        .iter()
        .filter(|it| it.rule == "migrations_conflict");
    let lines: Vec<String> = found
        .map(|it| {
            let what = it.why.split_once("; ").map_or("", |(_, what)| what);
            format!("{}: {what}", it.object)
        })
        .collect();
    lines.join("\n")
}

#[test]
fn lines_that_commute_are_no_conflict() {
    let before = "CREATE TABLE t (a integer, b text); CREATE TYPE mood AS ENUM ('x');";
    for (theirs, ours) in [
        ("CREATE TABLE u (a integer);", "CREATE TABLE v (a integer);"),
        (
            "ALTER TABLE t ADD COLUMN c integer;",
            "ALTER TABLE t ADD COLUMN d integer;",
        ),
        ("CREATE INDEX i ON t (a);", "CREATE INDEX j ON t (a);"),
        (
            "ALTER TABLE t ALTER a SET NOT NULL;",
            "ALTER TABLE t ALTER b SET NOT NULL;",
        ),
        ("DROP TABLE IF EXISTS t;", "DROP TABLE IF EXISTS t;"),
        ("UPDATE t SET a = 1;", "UPDATE t SET a = 2;"),
        // Refused on either line alone: not a matter of the order.
        (
            "CREATE TABLE u (a integer);",
            "ALTER TABLE gone ADD COLUMN c integer; CREATE TABLE t (a integer);",
        ),
        (
            "ALTER TYPE mood ADD VALUE 'y';",
            "ALTER TYPE mood ADD VALUE 'z';",
        ),
    ] {
        assert_eq!(conflicts(before, theirs, ours), "", "{theirs} | {ours}");
    }
}

#[test]
fn lines_that_do_not_commute_are_a_conflict_with_both_statements() {
    let before = "CREATE TABLE t (a integer, b text);";
    let cases = [
        (
            "CREATE TABLE u (a integer);",
            "CREATE TABLE u (a integer);",
            "u: whichever of the two runs second is refused: 42P07 relation \"u\" already exists",
        ),
        (
            "ALTER TABLE t ADD COLUMN c integer;",
            "ALTER TABLE t ADD COLUMN c text;",
            "t: whichever of the two runs second is refused: 42701 column \"c\" of relation \"t\" already exists",
        ),
        (
            "ALTER TABLE t DROP COLUMN b;",
            "ALTER TABLE t ALTER COLUMN b SET NOT NULL;",
            "t: after it the server refuses this one: 42703 column \"b\" of relation \"t\" does not exist",
        ),
        (
            "ALTER TABLE t ALTER COLUMN b SET NOT NULL;",
            "ALTER TABLE t RENAME TO u;",
            "t: after this one the server refuses that one: 42P01 table \"t\" does not exist",
        ),
        (
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS c integer;",
            "ALTER TABLE t ADD COLUMN IF NOT EXISTS c text;",
            "t.c: the schema depends on which of the two runs first: column `t.c` differs",
        ),
        (
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';",
            "f: the schema depends on which of the two runs first: function `f` differs",
        ),
    ];
    for (theirs, ours, expected) in cases {
        assert_eq!(
            conflicts(before, theirs, ours),
            expected,
            "{theirs} | {ours}"
        );
    }
}

#[test]
fn two_lines_with_one_version_are_a_duplicate() {
    let old = State::of(&[T]);
    let tip = old
        .clone()
        .file("2_theirs.sql", "CREATE TABLE u (a integer);");
    let head = old
        .clone()
        .file("2_ours.sql", "CREATE TABLE v (a integer);");
    assert_snapshot!(said(&judge_branch(&old, &tip, &head)), @"
    error version_duplicated: version `2` is also that of `migrations/2_theirs.sql (main)`
    note heads_diverged: two lines of development: this one adds `2_ours.sql`, `main` adds `2_theirs.sql`
    ");
}

#[test]
fn a_late_version_of_the_other_line_is_said_in_the_note() {
    let up = |text: &str| format!("-- +goose Up\n{text}\n");
    let goose = || {
        State::default()
            .config("layout = \"goose\"")
            .file("1_t.sql", &up(T))
    };
    let tip = goose().file("3_theirs.sql", &up("CREATE TABLE u (a integer);"));
    let head = goose().file("2_ours.sql", &up("CREATE TABLE v (a integer);"));
    let report = judge_branch(&goose(), &tip, &head);
    assert_snapshot!(why(&report, "heads_diverged"), @"on a new database they run in the order `2_ours.sql`, `3_theirs.sql`; where `3_theirs.sql` has run, `2_ours.sql` comes late: goose refuses to run anything as long as it comes late");
}

const CARGO: &str = "[package]\nname = \"shop\"\nversion = \"1.0.0\"\n\n\
                     [dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n";

/// Two branches that each add a migration: `main` has `theirs`, and `feature`, which is checked
/// out, has `ours`.
fn two_branches(theirs: &str, ours: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("Cargo.toml", CARGO);
    repository.write(
        "migrations/1_users.sql",
        "CREATE TABLE users (id bigint, email text);\n",
    );
    repository.commit("1.0");
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.write("migrations/3_ours.sql", format!("{ours}\n"));
    repository.commit("ours");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("migrations/2_theirs.sql", format!("{theirs}\n"));
    repository.commit("theirs");
    repository.git(&["checkout", "--quiet", "feature"]);
    repository
}

const TEAMS: &str = "CREATE TABLE teams (id bigint);";
const OTHER_TEAMS: &str = "CREATE TABLE teams (id uuid, name text);";

#[test]
fn two_branches_that_each_add_a_migration_are_two_heads() {
    let repository = two_branches(TEAMS, "CREATE TABLE roles (id bigint);");
    let found = migcheck(repository.root(), &["check"]);
    assert_snapshot!(found, @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@4e74dc7
    --- stdout
    note[heads_diverged]: two lines of development: this one adds `3_ours.sql`, `main@86bb6f8` adds `2_theirs.sql`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE roles (id bigint);
      | ^
      |
      = why: on a new database they run in the order `2_theirs.sql`, `3_ours.sql`; where `2_theirs.sql` has run, `3_ours.sql` comes after it
      = help: bring `main@86bb6f8` into this branch before you merge, and check again

    migrate-first: 1 new migration, 1 statement, all understood; 1 note
    --- exit 0
    ");
    // The same with the tip of the target branch as base, as a merge queue names it.
    let tip = repository.git(&["rev-parse", "main"]);
    let found = migcheck(repository.root(), &["check", "--base", tip.trim()]);
    assert_snapshot!(found, @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base 86bb6f8
    --- stdout
    note[heads_diverged]: two lines of development: this one adds `3_ours.sql`, `86bb6f8` adds `2_theirs.sql`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE roles (id bigint);
      | ^
      |
      = why: on a new database they run in the order `2_theirs.sql`, `3_ours.sql`; where `2_theirs.sql` has run, `3_ours.sql` comes after it
      = help: bring `86bb6f8` into this branch before you merge, and check again

    migrate-first: 1 new migration, 1 statement, all understood; 1 note
    --- exit 0
    ");
}

#[test]
fn two_branches_that_do_not_commute_are_a_finding() {
    let repository = two_branches(TEAMS, OTHER_TEAMS);
    let found = migcheck(repository.root(), &["check"]);
    assert_snapshot!(found, @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@4e74dc7
    --- stdout
    note[heads_diverged]: two lines of development: this one adds `3_ours.sql`, `main@86bb6f8` adds `2_theirs.sql`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE teams (id uuid, name text);
      | ^
      |
      = why: on a new database they run in the order `2_theirs.sql`, `3_ours.sql`; where `2_theirs.sql` has run, `3_ours.sql` comes after it
      = help: bring `main@86bb6f8` into this branch before you merge, and check again

    error[migrations_conflict]: this statement and one of `main@86bb6f8` do not fit together: table `teams`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE teams (id uuid, name text);
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = why: `main@86bb6f8` has `CREATE TABLE teams (id bigint)` in `migrations/2_theirs.sql:1`; whichever of the two runs second is refused: 42P07 relation "teams" already exists
      = help: bring `main@86bb6f8` into this branch, and write this migration for the schema that `migrations/2_theirs.sql:1` leaves

    migrate-first: 1 new migration, 1 statement, all understood; 1 error, 1 note
    --- exit 1
    "#);
    let tip = repository.git(&["rev-parse", "main"]);
    let with_tip = migcheck(repository.root(), &["check", "--base", tip.trim()]);
    assert_snapshot!(with_tip, @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base 86bb6f8
    --- stdout
    note[heads_diverged]: two lines of development: this one adds `3_ours.sql`, `86bb6f8` adds `2_theirs.sql`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE teams (id uuid, name text);
      | ^
      |
      = why: on a new database they run in the order `2_theirs.sql`, `3_ours.sql`; where `2_theirs.sql` has run, `3_ours.sql` comes after it
      = help: bring `86bb6f8` into this branch before you merge, and check again

    error[migrations_conflict]: this statement and one of `86bb6f8` do not fit together: table `teams`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE teams (id uuid, name text);
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = why: `86bb6f8` has `CREATE TABLE teams (id bigint)` in `migrations/2_theirs.sql:1`; whichever of the two runs second is refused: 42P07 relation "teams" already exists
      = help: bring `86bb6f8` into this branch, and write this migration for the schema that `migrations/2_theirs.sql:1` leaves

    any-order: 1 new migration, 1 statement, all understood; 1 error, 1 note
    --- exit 1
    "#);
    // On the merge commit that continuous integration checks out.
    repository.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "main"]);
    let merged = migcheck(repository.root(), &["check", "--base", "main"]);
    assert_snapshot!(merged, @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@86bb6f8
    --- stdout
    note[heads_diverged]: two lines of development meet here: this one adds `3_ours.sql`, `main@86bb6f8` adds `2_theirs.sql`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE teams (id uuid, name text);
      | ^
      |
      = why: on a new database they run in the order `2_theirs.sql`, `3_ours.sql`; where `2_theirs.sql` has run, `3_ours.sql` comes after it
      = help: read them together: neither was written for the other

    error[migrations_conflict]: this statement and one of `main@86bb6f8` do not fit together: table `teams`
     --> migrations/3_ours.sql:1:1
      |
    1 | CREATE TABLE teams (id uuid, name text);
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = why: `main@86bb6f8` has `CREATE TABLE teams (id bigint)` in `migrations/2_theirs.sql:1`; whichever of the two runs second is refused: 42P07 relation "teams" already exists
      = help: write this migration for the schema that `migrations/2_theirs.sql:1` leaves

    any-order: 1 new migration, 1 statement, all understood; 1 error, 1 note
    --- exit 1
    "#);
}

#[test]
fn a_branch_that_has_what_its_target_has_is_one_line() {
    let mut repository = two_branches(TEAMS, "CREATE TABLE roles (id bigint);");
    repository.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "main"]);
    repository.write("notes.txt", "later\n");
    repository.commit("later");
    let found = migcheck(repository.root(), &["check"]);
    assert!(!found.contains("heads_diverged"), "{found}");
}

#[test]
fn what_the_target_branch_has_edited_is_not_an_edit_of_this_one() {
    let mut repository = two_branches(TEAMS, "CREATE TABLE roles (id bigint);");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write(
        "migrations/1_users.sql",
        "CREATE TABLE users (id bigint, email text, name text);\n",
    );
    repository.commit("an edit");
    repository.git(&["checkout", "--quiet", "feature"]);
    let tip = repository.git(&["rev-parse", "main"]);
    let found = migcheck(repository.root(), &["check", "--base", tip.trim()]);
    assert!(found.contains("note[heads_diverged]"), "{found}");
    assert!(
        found.contains("all understood; 1 note\n--- exit 0"),
        "{found}"
    );
}

#[test]
fn a_column_added_to_a_table_that_the_target_renames_is_one_finding() {
    let repository = two_branches(
        "ALTER TABLE users RENAME TO people;",
        "ALTER TABLE users ADD COLUMN name text;",
    );
    let tip = repository.git(&["rev-parse", "main"]);
    for base in ["main", tip.trim()] {
        let found = migcheck(repository.root(), &["check", "--base", base]);
        let errors = found.lines().filter(|it| it.starts_with("error["));
        let errors: Vec<&str> = errors.collect();
        assert_eq!(errors.len(), 1, "{found}");
        assert!(
            errors[0].starts_with("error[migrations_conflict]"),
            "{found}"
        );
        assert!(errors[0].ends_with("table `users`"), "{found}");
    }
}
