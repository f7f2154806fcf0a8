//! What becomes of a change when the tool runs it in its own way: late versions, repeatables,
//! checkpoints, several migrations in one file, placeholders.

use migcheck::report::ProjectReport;

use crate::world::{State, findings, judge, verdict};

/// A project of a tool: its configuration and its files in `migrations/`.
fn project(layout: &str, files: &[(&str, &str)]) -> State {
    let state = State::default().config(&format!("layout = \"{layout}\""));
    files
        .iter()
        .fold(state, |state, (name, text)| state.file(name, text))
}

fn change(layout: &str, old: &[(&str, &str)], new: &[(&str, &str)]) -> ProjectReport {
    judge(&[("old", &project(layout, old))], &project(layout, new))
}

/// The findings about the history, one per line, and how many migrations are new.
fn history(report: &ProjectReport) -> String {
    let lines: Vec<String> = report
        .findings
        .iter()
        .filter(|it| it.class.as_str() != "compat")
        .map(|it| format!("{} {}: {}", it.severity.as_str(), it.rule, it.message))
        .collect();
    format!(
        "{} new\n{}",
        report.summary.new_migrations,
        lines.join("\n")
    )
}

const T: &str = "CREATE TABLE t (a integer);";
const INDEX: &str = "CREATE INDEX i ON t (a);";

#[test]
fn late_version_is_judged_by_what_the_tool_does() {
    let up = |sql: &str| format!("-- +goose Up\n{sql}\n");
    let (t, index) = (up(T), up(INDEX));
    let report = change(
        "goose",
        &[("2_t.sql", &t)],
        &[("1_i.sql", &index), ("2_t.sql", &t)],
    );
    assert_eq!(
        history(&report),
        "1 new\nerror version_late: new version `1` sorts before `2`, which is applied"
    );
    let report = change(
        "sqlx",
        &[("2_t.sql", T)],
        &[("1_i.sql", INDEX), ("2_t.sql", T)],
    );
    let said = history(&report);
    assert!(said.starts_with("1 new\nnote version_late"), "{said}");
    let report = change(
        "plain",
        &[("2_t.sql", T)],
        &[("1_i.sql", INDEX), ("2_t.sql", T)],
    );
    let said = history(&report);
    assert!(said.starts_with("1 new\nwarning version_late"), "{said}");
}

#[test]
fn what_is_never_run_is_not_in_production() {
    let old = [("2_t.up.sql", T)];
    let new = [
        ("1_u.up.sql", "CREATE TABLE u (a integer);"),
        ("2_t.up.sql", T),
    ];
    let report = change("golang-migrate", &old, &new);
    // Head was written for a table that production does not get.
    assert_eq!(verdict(&report), "broken");
    let said = history(&report);
    assert!(said.starts_with("0 new\n"), "{said}");
    assert!(
        said.contains("error version_late: new version `1`"),
        "{said}"
    );
    assert!(said.contains("replay_differs"), "{said}");
}

#[test]
fn changed_repeatable_is_a_new_migration() {
    let view = |column: &str| format!("CREATE OR REPLACE VIEW v AS SELECT {column} FROM t;");
    let (one, other) = (view("a"), view("a, a AS b"));
    let old = [("V1__t.sql", T), ("R__v.sql", one.as_str())];
    let same = [
        ("V1__t.sql", T),
        ("V2__i.sql", INDEX),
        ("R__v.sql", one.as_str()),
    ];
    assert_eq!(history(&change("flyway", &old, &same)), "1 new\n");
    let changed = [("V1__t.sql", T), ("R__v.sql", other.as_str())];
    let report = change("flyway", &old, &changed);
    assert_eq!(history(&report), "1 new\n");
    assert_eq!(report.steps[0].migration, "migrations/R__v.sql");
    // Ends of lines are no change.
    let carriage = one.replace('\n', "\r\n");
    let again = [("V1__t.sql", T), ("R__v.sql", carriage.as_str())];
    assert_eq!(history(&change("flyway", &old, &again)), "0 new\n");
}

#[test]
fn baseline_that_takes_the_place_of_older_files_does_not_run_in_production() {
    let u = "CREATE TABLE u (a integer);";
    let old = [("V1__t.sql", T), ("V2__u.sql", u)];
    let both = format!("{T}\n{u}");
    let new = [("B2__all.sql", both.as_str()), ("V3__i.sql", INDEX)];
    let report = change("flyway", &old, &new);
    assert_eq!(
        history(&report),
        "1 new\nnote migrations_squashed: applied migrations `V1__t.sql` to `V2__u.sql` (2 of them) \
         are replaced by `B2__all.sql`, which makes the same schema"
    );
    assert_eq!(verdict(&report), "any-order");
    // One that makes something else is seen.
    let new = [("B2__all.sql", T), ("V3__i.sql", INDEX)];
    assert_eq!(
        history(&change("flyway", &old, &new)),
        "1 new\nerror squash_differs: `B2__all.sql` replaces 2 applied migrations, `V1__t.sql` to \
         `V2__u.sql`, and does not make their schema: table `u` is missing"
    );
}

#[test]
fn changesets_of_one_file_are_migrations_of_their_own() {
    let head = "--liquibase formatted sql\n--changeset ann:1\n";
    let one = format!("{head}CREATE TABLE t (a integer, b text);\n--rollback DROP TABLE t;\n");
    let two = format!("{one}--changeset ann:2\nALTER TABLE t DROP COLUMN b;\n");
    let report = change("liquibase", &[("c.sql", &one)], &[("c.sql", &two)]);
    assert_eq!(report.summary.new_migrations, 1);
    let finding = &report.findings[0];
    assert_eq!(finding.rule, "column_dropped");
    let file = &report.files[finding.migration];
    let span = finding.span.expect("it has a place");
    assert_eq!(span.of(&file.text), "DROP COLUMN b");
    assert_eq!(file.position(span.start).line, 6);
    assert_eq!(report.steps[0].version, "migrations/c.sql::2::ann");
}

#[test]
fn migration_in_code_is_not_understood() {
    let up = format!("-- +goose Up\n{T}\n");
    let files = [("1_t.sql", up.as_str()), ("2_x.go", "package migrations")];
    let report = change("goose", &files[..1], &files);
    assert_eq!(findings(&report), "warning not_understood migration: ");
    assert_eq!(verdict(&report), "unknown");
    // An old one stands on both sides.
    let with_index = format!("-- +goose Up\n{INDEX}\n");
    let new = [files[0], files[1], ("3_i.sql", with_index.as_str())];
    assert_eq!(verdict(&change("goose", &files, &new)), "any-order");
}

#[test]
fn breakpoints_end_statements() {
    let journal = |tags: &[&str]| {
        let entries: Vec<String> = tags
            .iter()
            .enumerate()
            .map(|(at, tag)| format!("{{\"tag\": \"{tag}\", \"when\": {at}}}"))
            .collect();
        format!("{{\"entries\": [{}]}}", entries.join(", "))
    };
    let t = "CREATE TABLE t (a integer)--> statement-breakpoint\nCREATE TABLE u (b integer)";
    let drop = "ALTER TABLE t DROP COLUMN a--> statement-breakpoint\nDROP TABLE u";
    let (one, two) = (journal(&["0_t"]), journal(&["0_t", "1_d"]));
    let report = change(
        "drizzle",
        &[("meta/_journal.json", &one), ("0_t.sql", t)],
        &[
            ("meta/_journal.json", &two),
            ("0_t.sql", t),
            ("1_d.sql", drop),
        ],
    );
    let rules: Vec<&str> = report.findings.iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["column_dropped", "table_dropped"]);
}

#[test]
fn placeholders_do_not_stop_a_file() {
    let t = "CREATE TABLE ${prefix}_t (a integer, b text);\nCREATE TABLE ${flyway:defaultSchema}.u (a integer);";
    let drop = "ALTER TABLE ${prefix}_t DROP COLUMN b;\nDROP TABLE public.u;";
    let files = [("V1__t.sql", t), ("V2__d.sql", drop)];
    let report = change("flyway", &files[..1], &files);
    let found: Vec<String> = report
        .findings
        .iter()
        .map(|it| {
            let span = it.span.expect("it has a place");
            let text = &report.files[it.migration].text;
            format!("{} {}", it.rule, span.of(text))
        })
        .collect();
    assert_eq!(
        found,
        [
            "column_dropped DROP COLUMN b",
            "table_dropped DROP TABLE public.u"
        ]
    );
    assert_eq!(
        report.notices,
        [
            "2 placeholders have no known value (${prefix} in migrations/V1__t.sql:1); \
          [placeholders] in migcheck.toml gives values"
        ]
    );
    let configured = |files: &[(&str, &str)]| {
        let config = "layout = \"flyway\"\n[placeholders]\nprefix = \"app\"";
        project("flyway", files).config(config)
    };
    let report = judge(&[("old", &configured(&files[..1]))], &configured(&files));
    assert_eq!(report.findings[0].object.to_string(), "app_t.b");
    assert!(report.notices.is_empty(), "{:?}", report.notices);
}

#[test]
fn placeholder_that_may_be_anything_is_not_silence() {
    for (layout, old, name, text) in [
        ("flyway", "V1__t.sql", "V2__x.sql", "${statement};"),
        (
            "tern",
            "1_t.sql",
            "2_x.sql",
            "{{ template \"shared/x.sql\" . }}",
        ),
        (
            "tern",
            "1_t.sql",
            "2_x.sql",
            "ALTER TABLE t {{ if .x }}ADD{{ else }}DROP{{ end }} COLUMN b {{ if .x }}int{{ end }};",
        ),
    ] {
        let report = change(layout, &[(old, T)], &[(old, T), (name, text)]);
        assert!(report.summary.new_not_understood > 0, "{text}");
    }
}

#[test]
fn branch_of_a_template_runs_perhaps_unless_its_condition_is_known() {
    let of = |text: &str| {
        let files = [("1_t.up.sql", T), ("2_x.up.sql", text)];
        let report = change("golang-migrate", &files[..1], &files);
        assert_eq!(report.summary.new_not_understood, 0, "{text}");
        let lines = report.findings.iter().map(|finding| {
            let evidence = finding.breaks[0].evidence.as_str();
            format!("{} {evidence}", finding.rule)
        });
        lines.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        of("{{if .plugin}}DROP TABLE t;{{end}}"),
        "table_dropped possible"
    );
    assert_eq!(
        of("{{if .postgres}}DROP TABLE t;{{end}}"),
        "table_dropped presumed"
    );
    assert_eq!(of("SELECT 1;{{if .mysql}}DROP TABLE t;{{end}}"), "");
    // Whichever branch is taken, the statement is the same to the schema.
    assert_eq!(
        of("INSERT INTO t (a) VALUES ({{if .x}}1{{else}}2{{end}});"),
        ""
    );
}

#[test]
fn newer_of_two_equal_versions_is_to_blame() {
    let report = change(
        "sqlx",
        &[("1_t.sql", T)],
        &[("1_t.sql", T), ("01_u.sql", INDEX)],
    );
    let finding = report
        .findings
        .iter()
        .find(|it| it.rule == "version_duplicated")
        .expect("it is found");
    assert_eq!(
        &*report.files[finding.migration].path,
        "migrations/01_u.sql"
    );
}

#[test]
fn old_oddities_are_notices() {
    let files = [("1_t.up.sql", T), ("2_x.sql", INDEX)];
    let report = change("golang-migrate", &files, &files);
    assert_eq!(history(&report), "0 new\n");
    assert_eq!(
        report.notices,
        [
            "migrations/2_x.sql: this migration is never run: golang-migrate wants \
          <number>_<title>.up.sql or .down.sql; golang-migrate passes over it and does not say so"
        ]
    );
}

#[test]
fn statement_that_the_tool_cuts_in_two_is_said() {
    let body = "-- +goose Up\nCREATE FUNCTION f() RETURNS void AS $$\nBEGIN\n  PERFORM 1;\nEND;\n$$ LANGUAGE plpgsql;\n";
    let report = change("goose", &[], &[("1_f.sql", body)]);
    let said = history(&report);
    assert!(
        said.contains("error marker_misplaced: `-- +goose StatementBegin` is missing"),
        "{said}"
    );
    let closed = body
        .replace("CREATE", "-- +goose StatementBegin\nCREATE")
        .replace("plpgsql;\n", "plpgsql;\n-- +goose StatementEnd\n");
    assert_eq!(
        history(&change("goose", &[], &[("1_f.sql", &closed)])),
        "1 new\n"
    );
}

#[test]
fn release_from_before_the_tool_has_no_migrations() {
    let head = "--liquibase formatted sql\n--changeset ann:1\nCREATE TABLE t (a integer);\n";
    for (layout, files) in [
        ("liquibase", &[("c.sql", head)][..]),
        (
            "sqitch",
            &[
                (
                    "sqitch.plan",
                    "%project=x\n\nt 2020-01-01T00:00:00Z N <m>\n",
                ),
                ("deploy/t.sql", T),
            ],
        ),
    ] {
        let report = change(layout, &[], files);
        assert_eq!(report.summary.new_migrations, 1, "{layout}");
        let notes = change(layout, &[("notes.md", "")], files);
        assert_eq!(notes.summary.new_migrations, 1, "{layout}");
    }
}

#[test]
fn declared_parents_run_first() {
    let a = format!("-- depends: b\n{INDEX}");
    let report = change("yoyo", &[], &[("a.sql", &a), ("b.sql", T)]);
    let order: Vec<&str> = report.steps.iter().map(|it| it.version.as_str()).collect();
    assert_eq!(order, ["b", "a"]);
    assert_eq!(report.summary.not_understood, 0);
}

#[test]
fn byte_order_mark_hides_a_marker() {
    for (layout, text) in [
        (
            "goose",
            "\u{feff}-- +goose Up\nCREATE TABLE t (a integer);\n",
        ),
        (
            "sql-migrate",
            "\u{feff}-- +migrate Up\nCREATE TABLE t (a integer);\n",
        ),
        (
            "dbmate",
            "\u{feff}-- migrate:up\nCREATE TABLE t (a integer);\n-- migrate:down\nDROP TABLE t;\n",
        ),
    ] {
        let said = history(&change(layout, &[], &[("1_t.sql", text)]));
        assert!(
            said.contains("error marker_misplaced")
                && said.contains("stands behind a byte-order mark"),
            "{said}"
        );
    }
}

#[test]
fn a_down_part_that_differs_says_how() {
    let both = |up: &str, down: &str| format!("-- migrate:up\n{up}\n-- migrate:down\n{down}\n");
    let f = "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";
    let other = "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';";
    let old = both(&format!("{T} {f}"), "DROP TABLE t; DROP FUNCTION f();");
    for (up, down, said) in [
        (f, "DROP FUNCTION f();", "function `f` is missing"),
        (
            "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
            "SELECT 1;",
            "function `g` is still there",
        ),
        (other, "SELECT 1;", "function `f` has another body"),
        (
            "ALTER TABLE t ALTER a TYPE bigint;",
            "SELECT 1;",
            "column `t.a` has another type",
        ),
        (
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY;",
            "SELECT 1;",
            "table `t` has row-level security, and had none",
        ),
        (
            "ALTER TABLE t ALTER a SET DEFAULT 1;",
            "ALTER TABLE t ALTER a SET DEFAULT 2;",
            "column `t.a` has a default, and had none",
        ),
        (INDEX, "SELECT 1;", "index `i` is still there"),
        (
            "ALTER TABLE t ADD b integer;",
            "ALTER TABLE t DROP c;",
            "the server would refuse the down part: 42703 column \"c\" of relation \"t\" does not exist",
        ),
    ] {
        let report = change(
            "dbmate",
            &[("1_t.sql", &old)],
            &[("1_t.sql", &old), ("2_x.sql", &both(up, down))],
        );
        let history = history(&report);
        assert!(history.contains(said), "{up}: {history}");
    }
    let report = change(
        "dbmate",
        &[("1_t.sql", &old)],
        &[("1_t.sql", &old), ("2_x.sql", &both(other, f))],
    );
    assert_eq!(history(&report), "1 new\n");
}

#[test]
fn a_down_part_in_a_file_of_its_own_is_named() {
    let plan = |rest: &str| format!("%project=x\n\nt 2020-01-01T00:00:00Z N <m>\n{rest}");
    let (old, new) = (plan(""), plan("i 2020-01-02T00:00:00Z N <m>\n"));
    let report = change(
        "sqitch",
        &[("sqitch.plan", &old), ("deploy/t.sql", T)],
        &[
            ("sqitch.plan", &new),
            ("deploy/t.sql", T),
            ("deploy/i.sql", INDEX),
            ("revert/i.sql", "ALTER TABLE t DROP c;"),
        ],
    );
    let said = history(&report);
    let refused = "the server would refuse the down part in `revert/i.sql`: 42703";
    assert!(said.contains(refused), "{said}");
    let t = ("1_t.up.sql", T);
    let undone = [t, ("2_i.up.sql", INDEX), ("2_i.down.sql", "SELECT 1;")];
    let said = history(&change("sqlx", &[t], &undone));
    let left = "the down part in `2_i.down.sql` does not restore the schema before: index `i`";
    assert!(said.contains(left), "{said}");
}
