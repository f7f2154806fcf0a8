//! Comments that allow a finding, where they stand as each tool sees it, and what is said about
//! those that allow nothing.

use migcheck::report::ProjectReport;
use migcheck::{FailOn, Options, Tree, check_trees, fails};

use crate::world::{State, change, judge, verdict};

const TABLE: &str = "CREATE TABLE t (a integer, b text);";

/// The findings, one per line: severity, rule, line, and the reason why it is allowed.
fn said(report: &ProjectReport) -> String {
    let lines: Vec<String> = report
        .findings
        .iter()
        .map(|it| {
            let file = &report.files[it.migration];
            let line = it.span.map_or(0, |span| file.position(span.start).line);
            let allowed = match &it.suppressed {
                Some(it) => format!(" allowed: {}", it.reason),
                None => String::new(),
            };
            format!("{} {}:{line}{allowed}", it.severity.as_str(), it.rule)
        })
        .collect();
    lines.join("\n")
}

fn messages(report: &ProjectReport, rule: &str) -> Vec<String> {
    let found = report.findings.iter().filter(|it| it.rule == rule);
    found.map(|it| it.message.clone()).collect()
}

#[test]
fn allowed_finding_stays_and_changes_neither_verdict_nor_step() {
    let drop = "ALTER TABLE t DROP COLUMN b;";
    let plain = change(TABLE, &[drop], "");
    let comment = "-- migcheck: allow(column_dropped, t.b) nobody reads it since 1.3";
    let allowed = change(TABLE, &[&format!("{comment}\n{drop}")], "");
    assert_eq!(
        said(&allowed),
        "error column_dropped:2 allowed: nobody reads it since 1.3"
    );
    assert_eq!(verdict(&allowed), verdict(&plain));
    assert_eq!(allowed.summary.fits, plain.summary.fits);
    assert_eq!(allowed.steps[0].old, plain.steps[0].old);
    assert_eq!(allowed.findings[0].breaks, plain.findings[0].breaks);
    assert_eq!((plain.summary.errors, plain.summary.suppressed), (1, 0));
    assert_eq!((allowed.summary.errors, allowed.summary.suppressed), (0, 1));
}

#[test]
fn allowed_error_does_not_fail_the_check() {
    let tree = |migrations: &[&str]| {
        let mut files = vec![(
            "migcheck.toml".to_owned(),
            "dialect = \"postgres\"\nlayout = \"sqlx\"\n".to_owned(),
        )];
        for (at, text) in migrations.iter().enumerate() {
            files.push((format!("migrations/{}_m.sql", at + 1), (*text).to_owned()));
        }
        Tree::memory(
            files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str())),
        )
    };
    for (comment, is_failure) in [
        ("-- nothing", true),
        ("/* migcheck: allow(column_dropped) unused */", false),
        ("-- migcheck: allow(column_dropped, t.a) unused", true),
    ] {
        let drop = format!("{comment}\nALTER TABLE t DROP COLUMN b;");
        let (old, head) = (tree(&[TABLE]), tree(&[TABLE, &drop]));
        let report = check_trees(&Options::default(), &head, &[("old", &old)]).unwrap();
        assert_eq!(fails(&report, FailOn::Error), is_failure, "{comment}");
    }
}

#[test]
fn comment_is_about_the_next_statement_and_no_other() {
    let before = "CREATE TABLE t (a integer, b text, c text);";
    let migration = "-- migcheck: allow(column_dropped) one\n\
                     /* migcheck: allow(column_added_required, t.d)\n   another,\n   on lines */\n\
                     -- why not\n\
                     ALTER TABLE t DROP COLUMN b, ADD COLUMN d integer NOT NULL;\n\
                     ALTER TABLE t DROP COLUMN c;";
    assert_eq!(
        said(&change(before, &[migration], "")),
        "error column_dropped:6 allowed: one\n\
         error column_added_required:6 allowed: another, on lines\n\
         error column_dropped:7"
    );
}

#[test]
fn block_comment_can_lead_a_statement_on_one_line() {
    let before = "CREATE TABLE t (a integer, b text, c text);";
    let migration = "ALTER TABLE t DROP COLUMN c; /* migcheck: allow(column_dropped) why */ \
                     ALTER TABLE t DROP COLUMN b;";
    let report = change(before, &[migration], "");
    let allowed: Vec<(String, bool)> = report
        .findings
        .iter()
        .map(|it| (it.object.to_string(), it.suppressed.is_some()))
        .collect();
    assert_eq!(
        allowed,
        [("t.c".to_owned(), false), ("t.b".to_owned(), true)]
    );
}

#[test]
fn only_real_comments_of_the_up_part_are_heard() {
    let comment = "-- migcheck: allow(column_dropped) why";
    let drop = "ALTER TABLE t DROP COLUMN b;";
    let silent = [
        format!("SELECT '\n{comment}\n';\n{drop}"),
        format!("DO $$ BEGIN\n{comment}\nNULL; END $$;\n{drop}"),
        format!("SELECT 1 AS \"\n{comment}\n\";\n{drop}"),
        format!("COPY t (b) FROM stdin;\n{comment}\n\\.\n{drop}"),
        format!("-- see: {comment}\n{drop}"),
        format!("/* as in\n{comment}\n*/\n{drop}"),
        format!("/* /* {comment} */ */\n{drop}"),
    ];
    for text in silent {
        let found = said(&change(TABLE, &[&text], ""));
        let found: Vec<&str> = found
            .lines()
            .filter(|it| it.contains("column_dropped") || it.contains("allow"))
            .collect();
        assert_eq!(found.len(), 1, "{text}\n{found:?}");
        assert!(!found[0].contains("allowed"), "{text}\n{found:?}");
    }
}

#[test]
fn comment_in_a_wrong_place_is_said() {
    let cases = [
        (
            "ALTER TABLE t DROP COLUMN b; -- migcheck: allow(column_dropped) why",
            "it stands behind a statement, on the same line",
        ),
        (
            "ALTER TABLE t\n-- migcheck: allow(column_dropped) why\nDROP COLUMN b;",
            "it stands inside of a statement",
        ),
    ];
    for (text, problem) in cases {
        let report = change(TABLE, &[text], "");
        assert_eq!(
            messages(&report, "allow_invalid"),
            [format!("this comment allows nothing: {problem}")]
        );
        assert_eq!(report.summary.errors, 2, "{text}");
    }
    let at_end = "ALTER TABLE t DROP COLUMN b;\n-- migcheck: allow(column_dropped) why\n";
    let report = change(TABLE, &[at_end], "");
    assert_eq!(
        said(&report),
        "error column_dropped:1\nwarning allow_unused:2"
    );
}

#[test]
fn findings_about_the_comments_cannot_be_allowed() {
    let text = "-- migcheck: allow(allow_unused) why\n\
                -- migcheck: allow(column_dropped) why\n\
                CREATE INDEX i ON t (a);";
    assert_eq!(
        said(&change(TABLE, &[text], "")),
        "error allow_invalid:1\nwarning allow_unused:2"
    );
    let config = "[[allow]]\nmigration = \"2_m.sql\"\nrule = \"allow_unused\"\n\
                  object = \"migration\"\nreason = \"x\"\n";
    let text = "-- migcheck: allow(column_dropped) why\nCREATE INDEX i ON t (a);";
    let report = change(TABLE, &[text], config);
    assert_eq!(said(&report), "warning allow_unused:1");
    let about = "migcheck.toml:4: [[allow]]: `allow_unused` cannot be allowed";
    assert!(
        report.notices.iter().any(|it| it == about),
        "{:?}",
        report.notices
    );
}

#[test]
fn rule_that_is_switched_off_leaves_no_comment_without_use() {
    let text = "-- migcheck: allow(column_dropped) why\nALTER TABLE t DROP COLUMN b;";
    let report = change(TABLE, &[text], "[rules]\nignore = [\"column_dropped\"]\n");
    assert_eq!(said(&report), "");
}

#[test]
fn what_is_wrong_in_an_applied_migration_is_a_notice() {
    let old = State::of(&[
        TABLE,
        "-- migcheck: allow(column_droped) why\n-- migcheck: alow(x)\nCREATE INDEX i ON t (a);",
    ]);
    let report = judge(
        &[("old", &old)],
        &old.clone().and("CREATE INDEX j ON t (a);"),
    );
    assert_eq!(said(&report), "");
    let about: Vec<&String> = report
        .notices
        .iter()
        .filter(|it| it.contains("2_m.sql"))
        .collect();
    assert_eq!(
        about,
        [
            "migrations/2_m.sql:1: this comment allows nothing: unknown rule `column_droped`; did \
             you mean `column_dropped`?",
            "migrations/2_m.sql:2: this comment allows nothing: unknown directive `alow`; did you \
             mean `allow`?",
        ]
    );
}

#[test]
fn comment_of_an_applied_migration_still_allows_what_it_did() {
    let drop = "-- migcheck: allow(column_dropped) why\nALTER TABLE t DROP COLUMN b;";
    let v1 = State::of(&[TABLE]);
    let v2 = v1.clone().and(drop);
    let head = v2.clone().and("CREATE INDEX i ON t (a);");
    let report = judge(&[("v1", &v1), ("v2", &v2)], &head);
    assert_eq!(said(&report), "error column_dropped:2 allowed: why");
}

#[test]
fn entry_of_the_configuration_that_matches_nothing_is_a_notice() {
    let entry = |migration: &str, object: &str| {
        format!(
            "[[allow]]\nmigration = \"{migration}\"\nrule = \"column_dropped\"\n\
             object = \"{object}\"\nreason = \"x\"\n"
        )
    };
    let drop = ["ALTER TABLE t DROP COLUMN b;"];
    let notices = |config: &str| -> Vec<String> {
        let report = change(TABLE, &drop, config);
        let about = report.notices.into_iter();
        about.filter(|it| it.contains("[[allow]]")).collect()
    };
    // The name with its schema is the same object, in any case.
    assert!(notices(&entry("2_m.sql", "public.T.b")).is_empty());
    assert_eq!(
        notices(&entry("2", "t.a")),
        [
            "migcheck.toml:4: [[allow]]: nothing was found that it allows: `column_dropped` about \
             `t.a` in `2`"
        ]
    );
    assert_eq!(
        notices(&entry("7_x.sql", "t.b")),
        ["migcheck.toml:4: [[allow]]: no migration has the version or name `7_x.sql`"]
    );
    // What is not judged today says nothing.
    assert!(notices(&entry("1_m.sql", "t.b")).is_empty());
}

/// Each tool, the name of its file, and the file with `§` where the comment and the statement go.
const TOOLS: [(&str, &str, &str); 20] = [
    ("sqlx", "2_x.up.sql", "§"),
    ("golang-migrate", "2_x.up.sql", "§"),
    ("flyway", "V2__x.sql", "SET search_path = ${schema};\n§"),
    (
        "goose",
        "2_x.sql",
        "-- +goose Up\n§\n-- +goose Down\nSELECT 1;\n",
    ),
    (
        "goose",
        "2_x.sql",
        "-- +goose Up\nSELECT 1;\n#-- +goose StatementBegin\n$\n-- +goose StatementEnd\n",
    ),
    ("diesel", "2000-01-02-000000_x/up.sql", "§"),
    ("prisma", "20000102000000_x/migration.sql", "§"),
    (
        "dbmate",
        "2_x.sql",
        "-- migrate:up\n§\n-- migrate:down\nSELECT 1;\n",
    ),
    ("drizzle", "20000102000000_x/migration.sql", "§"),
    (
        "drizzle",
        "20000102000000_x/migration.sql",
        "SELECT 1;--> statement-breakpoint\n§--> statement-breakpoint\nSELECT 2;",
    ),
    ("refinery", "V2__x.sql", "§"),
    ("supabase", "2_x.sql", "§"),
    (
        "sql-migrate",
        "2_x.sql",
        "-- +migrate Up\n§\n-- +migrate Down\nSELECT 1;\n",
    ),
    (
        "tern",
        "002_x.sql",
        "§\n---- create above / drop below ----\nSELECT 1;\n",
    ),
    (
        "node-pg-migrate",
        "2_x.sql",
        "-- Up Migration\n§\n-- Down Migration\nSELECT 1;\n",
    ),
    (
        "mybatis",
        "scripts/2_x.sql",
        "-- // x\n§\n-- //@UNDO\nSELECT 1;\n",
    ),
    ("yoyo", "2_x.sql", "-- depends:\n\n§"),
    (
        "liquibase",
        "2.sql",
        "--liquibase formatted sql\n--changeset a:2\n§\n--rollback SELECT 1;\n",
    ),
    ("pgmigrate", "V0002__x.sql", "§"),
    ("plain", "2_x.sql", "§"),
];

#[test]
fn every_tool_leaves_the_comment_where_it_stands() {
    let comment = "-- migcheck: allow(column_dropped, t.b) why\n";
    let drop = "ALTER TABLE t DROP COLUMN b;";
    let mut wrong = Vec::new();
    for (layout, name, form) in TOOLS {
        let fill = |before: &str, sql: &str| {
            form.replace('§', &format!("{before}{sql}"))
                .replace('#', before)
                .replace('$', if form.contains('#') { sql } else { "$" })
        };
        let second = name
            .replace("2_x", "1_x")
            .replace("002", "001")
            .replace("V2", "V1");
        let first = second
            .replace("01-02", "01-01")
            .replace("0102", "0101")
            .replace("0002", "0001")
            .replace("2.sql", "1.sql");
        let state = || {
            let config = format!("layout = \"{layout}\"\n[placeholders]\nschema = \"public\"\n");
            State::default()
                .config(&config)
                .file(&first, &fill("", TABLE).replace("a:2", "a:1"))
        };
        let head = state().file(name, &fill(comment, drop));
        let report = judge(&[("old", &state())], &head);
        // What else is found in these files is no matter here.
        let found = said(&report);
        let found: Vec<&str> = found
            .lines()
            .filter(|it| !it.contains("down_differs"))
            .collect();
        let found = found.join("\n");
        let text = fill(comment, drop);
        let at = text.find(drop).expect("it is there");
        let line = text[..at].matches('\n').count() + 1;
        let expected = format!("error column_dropped:{line} allowed: why");
        if found != expected {
            wrong.push(format!("{layout} {name}: {found}\n{form}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn comment_outside_of_the_up_part_is_said() {
    let comment = "-- migcheck: allow(column_dropped) why";
    let old = || {
        State::default().config("layout = \"dbmate\"").file(
            "1_t.sql",
            &format!("-- migrate:up\n{TABLE}\n-- migrate:down\n"),
        )
    };
    let drop = "ALTER TABLE t DROP COLUMN b;";
    for text in [
        format!("{comment}\n-- migrate:up\n{drop}\n-- migrate:down\n"),
        format!(
            "-- migrate:up\n{drop}\n-- migrate:down\n{comment}\nALTER TABLE t ADD COLUMN b text;\n"
        ),
    ] {
        let report = judge(&[("old", &old())], &old().file("2_x.sql", &text));
        assert_eq!(
            messages(&report, "allow_invalid"),
            ["this comment allows nothing: it does not stand in the up part of the migration"],
            "{text}"
        );
    }
}

#[test]
fn phase_is_read_in_either_form_of_comment() {
    for comment in [
        "-- migcheck: phase post-deploy",
        "  /* migcheck: phase post-deploy */",
    ] {
        let drop = format!("{comment}\nALTER TABLE t DROP COLUMN b;");
        let report = change(TABLE, &[&drop], "deploy = \"phased\"\n");
        assert_eq!(said(&report), "note column_dropped:2", "{comment}");
    }
}
