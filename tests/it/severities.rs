//! Every cell of the table of pairs and deploy modes, as small histories.

use crate::world::{State, change, findings, judge};

const TABLE: &str = "CREATE TABLE t (a integer, b text NOT NULL DEFAULT '', c text NOT NULL);";

fn in_mode(mode: &str, migrations: &[&str]) -> String {
    findings(&change(TABLE, migrations, &format!("deploy = \"{mode}\"")))
}

const MODES: [&str; 5] = [
    "migrate-first",
    "code-first",
    "phased",
    "concurrent",
    "offline",
];

/// A break of old code alone.
const OLD_ON_NEW: &str = "ALTER TABLE t DROP COLUMN b;";
/// A break of new code alone: its inserts leave out a column that the old schema requires. The old
/// release, which would be hurt too, has retired it.
const NEW_ON_OLD: &str = "ALTER TABLE t DROP COLUMN c;";

#[test]
fn old_on_new_in_every_mode() {
    for (mode, severity) in MODES
        .iter()
        .zip(["error", "note", "error", "error", "note"])
    {
        assert_eq!(
            in_mode(mode, &[OLD_ON_NEW]),
            format!("{severity} column_dropped t.b: old-on-new read+write"),
            "{mode}"
        );
    }
}

#[test]
fn old_on_new_in_phases_is_a_note_after_the_switch() {
    let post = format!("-- migcheck: phase post-deploy\n{OLD_ON_NEW}");
    assert_eq!(
        in_mode("phased", &[&post]),
        "note column_dropped t.b: old-on-new read+write"
    );
}

fn new_on_old(mode: &str, migration: &str) -> String {
    let old = State::of(&[TABLE]);
    let head = old.clone().and(migration);
    let old = old.config("[[retired]]\nobject = \"t.c\"\nreason = \"not used since v2\"");
    let head = head.config(&format!("deploy = \"{mode}\""));
    findings(&judge(&[("old", &old)], &head))
}

#[test]
fn new_on_old_in_every_mode() {
    let expected = "error column_dropped t.c: new-on-old write";
    for (mode, said) in MODES.iter().zip([false, true, false, true, false]) {
        let expected = if said { expected } else { "" };
        assert_eq!(new_on_old(mode, NEW_ON_OLD), expected, "{mode}");
    }
}

#[test]
fn new_on_old_in_phases_counts_from_the_switch_on() {
    let post = format!("-- migcheck: phase post-deploy\n{NEW_ON_OLD}");
    assert_eq!(
        new_on_old("phased", &post),
        "error column_dropped t.c: new-on-old write"
    );
}

#[test]
fn a_column_and_a_table_that_are_added_are_silent_but_where_new_on_old_counts() {
    let migration = "ALTER TABLE t ADD COLUMN d integer; CREATE TABLE u (a integer);";
    let said = "warning column_added t.d: new-on-old read+write\n\
                warning table_added u: new-on-old read+write";
    for (mode, is_said) in MODES.iter().zip([false, true, false, true, false]) {
        let expected = if is_said { said } else { "" };
        assert_eq!(in_mode(mode, &[migration]), expected, "{mode}");
    }
    let post = format!("-- migcheck: phase post-deploy\n{migration}");
    assert_eq!(in_mode("phased", &[&post]), said);
}

#[test]
fn what_a_known_query_uses_of_what_is_added_is_an_error_where_new_on_old_counts() {
    let migration = "ALTER TABLE t ADD COLUMN d integer; CREATE TABLE u (a integer);";
    let queries = "-- name: get :one\nSELECT d FROM t;\n-- name: all :many\nSELECT a FROM u;\n";
    let in_mode = |mode: &str, migration: &str| {
        let old = State::of(&[TABLE]);
        let head = old.clone().and(migration).path("q/all.sql", queries);
        findings(&judge(
            &[("old", &old)],
            &head.config(&format!("deploy = \"{mode}\"")),
        ))
    };
    let said = "error column_added t.d: new-on-old read+write\n\
                error table_added u: new-on-old read+write";
    for (mode, is_said) in MODES.iter().zip([false, true, false, true, false]) {
        let expected = if is_said { said } else { "" };
        assert_eq!(in_mode(mode, migration), expected, "{mode}");
    }
    let post = format!("-- migcheck: phase post-deploy\n{migration}");
    assert_eq!(in_mode("phased", &post), said);
}

#[test]
fn warnings_and_notes_stay_what_they_are() {
    let check = "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0);";
    assert_eq!(
        in_mode("migrate-first", &[check]),
        "warning constraint_added t.k: old-on-new write"
    );
    assert_eq!(
        in_mode("code-first", &[check]),
        "note constraint_added t.k: old-on-new write"
    );
    let before = "CREATE TYPE e AS ENUM ('x'); CREATE TABLE t (a e);";
    for mode in MODES {
        let config = format!("deploy = \"{mode}\"");
        let report = change(before, &["ALTER TYPE e ADD VALUE 'y';"], &config);
        // Head may write the label before the type has it, where the mode lets it.
        let severity = match mode {
            "code-first" | "concurrent" => "warning",
            _ => "note",
        };
        assert_eq!(
            findings(&report),
            format!(
                "{severity} enum_label_added e.y: new-on-old read+write, old-reads-new-data read"
            ),
            "{mode}"
        );
    }
}

#[test]
fn what_was_not_understood_is_a_warning_that_can_be_configured() {
    let migration = "DO $$ BEGIN EXECUTE x; END $$;";
    let at = |config: &str| findings(&change(TABLE, &[migration], config));
    assert!(at("").starts_with("warning not_understood"));
    assert!(at("[rules]\nunknown = \"error\"").starts_with("error not_understood"));
    assert!(at("[rules]\nunknown = \"note\"").starts_with("note not_understood"));
}

#[test]
fn the_configuration_has_the_last_word() {
    let at = |config: &str| findings(&change(TABLE, &[OLD_ON_NEW], config));
    assert!(at("[rules.severity]\ncolumn_dropped = \"warning\"").starts_with("warning"));
    assert_eq!(at("[rules.severity]\ncolumn_dropped = \"off\""), "");
    assert_eq!(at("[rules]\nignore = [\"compat\"]"), "");
    assert_eq!(at("[rules]\nselect = [\"history\"]"), "");
}

#[test]
fn an_allowed_finding_is_kept_and_does_not_count() {
    let allow = "[[allow]]\nmigration = \"2_m.sql\"\nrule = \"column_dropped\"\n\
                 object = \"t.b\"\nreason = \"announced\"";
    let report = change(TABLE, &[OLD_ON_NEW], allow);
    assert_eq!(report.summary.errors, 0);
    assert_eq!(report.summary.suppressed, 1);
    assert_eq!(
        report.summary.verdict.map(|it| it.as_str()),
        Some("code-first")
    );
}
