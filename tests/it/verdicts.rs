//! Every row of the verdict table as a small history, and what commit points mean for it.

use crate::world::{State, change, findings, judge, verdict};

const TABLE: &str = "CREATE TABLE t (a integer, b text);";

#[test]
fn any_order_when_nobody_is_hurt_on_either_side() {
    let report = change(TABLE, &["CREATE INDEX i ON t (a);"], "");
    assert_eq!(verdict(&report), "any-order");
    assert_eq!(findings(&report), "");
}

#[test]
fn migrate_first_for_a_plain_expand_step() {
    let report = change(TABLE, &["ALTER TABLE t ADD COLUMN c integer;"], "");
    assert_eq!(verdict(&report), "migrate-first");
    assert_eq!(findings(&report), "");
}

#[test]
fn code_first_for_a_plain_contract_step() {
    let report = change(TABLE, &["ALTER TABLE t DROP COLUMN b;"], "");
    assert_eq!(verdict(&report), "code-first");
}

#[test]
fn switch_between_for_expand_and_contract_in_two_migrations_of_one_change() {
    let report = change(
        TABLE,
        &[
            "ALTER TABLE t ADD COLUMN c text;",
            "ALTER TABLE t DROP COLUMN b;",
        ],
        "",
    );
    assert_eq!(verdict(&report), "switch-between");
    assert_eq!(report.summary.switch_after, ["migrations/2_m.sql"]);
    let steps: Vec<&str> = report.steps.iter().map(|it| it.verdict.as_str()).collect();
    assert_eq!(steps, ["migrate-first", "code-first"]);
}

#[test]
fn no_safe_order_for_expand_and_contract_in_one_migration() {
    let report = change(
        TABLE,
        &["ALTER TABLE t ADD COLUMN c text; ALTER TABLE t DROP COLUMN b;"],
        "",
    );
    assert_eq!(verdict(&report), "no-safe-order");
}

#[test]
fn no_safe_order_for_a_rename() {
    let report = change(TABLE, &["ALTER TABLE t RENAME COLUMN b TO c;"], "");
    assert_eq!(verdict(&report), "no-safe-order");
}

#[test]
fn no_safe_order_for_dropping_a_required_column_until_it_is_optional() {
    let before = "CREATE TABLE t (a integer, b text NOT NULL);";
    let report = change(before, &["ALTER TABLE t DROP COLUMN b;"], "");
    assert_eq!(verdict(&report), "no-safe-order");
    let report = change(
        before,
        &[
            "ALTER TABLE t ALTER COLUMN b DROP NOT NULL;",
            "ALTER TABLE t DROP COLUMN b;",
        ],
        "",
    );
    assert_eq!(verdict(&report), "switch-between");
}

#[test]
fn broken_when_an_applied_migration_was_edited() {
    let old = State::of(&[TABLE]);
    let head = State::of(&["CREATE TABLE t (a integer, b text, c integer);"]);
    let head = head.and("CREATE TABLE u (a integer);");
    let report = judge(&[("old", &old)], &head);
    assert_eq!(verdict(&report), "broken");
    assert_eq!(
        findings(&report),
        "error migration_edited migration: new-on-old read+write"
    );
}

#[test]
fn unknown_when_it_hangs_on_something_not_understood() {
    let report = change(TABLE, &["DO $$ BEGIN EXECUTE 'DROP ' || x; END $$;"], "");
    assert_eq!(verdict(&report), "unknown");
    assert_eq!(report.summary.new_not_understood, 1);
    assert_eq!(
        findings(&report),
        "warning not_understood anything: old-on-new read+write, new-on-old read+write"
    );
}

#[test]
fn a_verdict_that_holds_either_way_is_not_unknown() {
    let report = change(
        TABLE,
        &["ALTER TABLE t RENAME COLUMN b TO c; DO $$ BEGIN EXECUTE x; END $$;"],
        "",
    );
    assert_eq!(verdict(&report), "no-safe-order");
}

#[test]
fn dropped_and_restored_within_one_commit_point_breaks_nothing() {
    let both = "ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN b text;";
    let report = change(TABLE, &[both], "");
    assert_eq!(verdict(&report), "any-order");
    // Nobody misses the name; its values are others.
    assert_eq!(
        findings(&report),
        "warning name_reused t.b: old-on-new read+write"
    );
}

#[test]
fn dropped_and_restored_over_two_commit_points_is_a_break_in_between() {
    let drop = "ALTER TABLE t DROP COLUMN b;";
    let add = "ALTER TABLE t ADD COLUMN b text;";
    let in_two_files = change(TABLE, &[drop, add], "");
    let in_two_transactions = change(TABLE, &[&format!("{drop} COMMIT; {add}")], "");
    for report in [in_two_files, in_two_transactions] {
        assert_eq!(
            findings(&report),
            "error column_dropped t.b: old-on-new read+write"
        );
        // Head needs the column too, so there is no moment to switch before it is back.
        assert_eq!(verdict(&report), "no-safe-order");
    }
}

#[test]
fn a_key_rebuilt_in_the_next_migration_breaks_upserts_in_between() {
    let before = "CREATE TABLE t (a integer); CREATE UNIQUE INDEX i ON t (a);";
    let drop = "DROP INDEX i;";
    let make = "CREATE UNIQUE INDEX i2 ON t (a);";
    let report = change(before, &[drop, make], "");
    assert!(
        findings(&report).contains("warning unique_key_dropped t.i: old-on-new write"),
        "{}",
        findings(&report)
    );
    let report = change(before, &[&format!("{drop} {make}")], "");
    assert_eq!(findings(&report), "");
}

#[test]
fn splitting_reordering_and_merging_statements_gives_the_same_findings() {
    let forms = [
        "ALTER TABLE t ADD COLUMN c integer NOT NULL, DROP COLUMN b;",
        "ALTER TABLE t DROP COLUMN b, ADD COLUMN c integer NOT NULL;",
        "ALTER TABLE t ADD COLUMN c integer NOT NULL; ALTER TABLE t DROP COLUMN b;",
        "ALTER TABLE t ADD COLUMN c integer; ALTER TABLE t ALTER COLUMN c SET NOT NULL;
         ALTER TABLE t DROP COLUMN b;",
        "ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN c integer NOT NULL DEFAULT 0;
         ALTER TABLE t ALTER c DROP DEFAULT;",
        "ALTER TABLE t RENAME TO u; ALTER TABLE u ADD COLUMN d integer NOT NULL;
         ALTER TABLE u RENAME COLUMN d TO c; ALTER TABLE u DROP b; ALTER TABLE u RENAME TO t;",
    ];
    let expected = "error column_added_required t.c: old-on-new write, new-on-old read+write\n\
                    error column_dropped t.b: old-on-new read+write";
    for form in forms {
        let report = change(TABLE, &[form], "");
        assert_eq!(findings(&report), expected, "{form}");
        assert_eq!(verdict(&report), "no-safe-order", "{form}");
    }
}

#[test]
fn several_live_releases_are_judged_each_from_its_own_version() {
    let v1 = State::of(&[TABLE]);
    let v2 = v1.clone().and("ALTER TABLE t ADD COLUMN c integer;");
    let head = v2.clone().and("ALTER TABLE t DROP COLUMN c;");
    let report = judge(&[("v1", &v1), ("v2", &v2)], &head);
    let finding = &report.findings[0];
    assert_eq!(finding.rule, "column_dropped");
    let hurt: Vec<&str> = finding
        .breaks
        .iter()
        .map(|it| it.release.as_str())
        .collect();
    assert_eq!(hurt, ["v2"], "v1 never knew the column");
    assert_eq!(
        report.steps[0].min_compatible_release.as_deref(),
        Some("v1")
    );
}

#[test]
fn an_older_live_release_is_hurt_by_what_the_base_already_has() {
    let v1 = State::of(&[TABLE]);
    let v2 = v1.clone().and("ALTER TABLE t DROP COLUMN b;");
    let head = v2.clone().and("CREATE INDEX i ON t (a);");
    let report = judge(&[("v1", &v1), ("v2", &v2)], &head);
    assert_eq!(verdict(&report), "code-first");
    assert_eq!(
        findings(&report),
        "error column_dropped t.b: old-on-new read+write"
    );
}

#[test]
fn a_release_says_which_schema_it_requires() {
    let report = change(
        TABLE,
        &[
            "ALTER TABLE t ADD COLUMN c integer;",
            "CREATE INDEX i ON t (c);",
        ],
        "",
    );
    let head = report.releases.last().expect("head is there");
    assert_eq!(head.requires_schema.as_deref(), Some("2"));
    assert_eq!(head.version.as_deref(), Some("3"));
}

#[test]
fn a_history_that_begins_mid_life_is_judged_by_what_it_shows() {
    let report = change(
        "ALTER TABLE seen_later ADD COLUMN a integer;",
        &["ALTER TABLE seen_later DROP COLUMN b, ADD COLUMN c integer;"],
        "",
    );
    assert_eq!(
        findings(&report),
        "error column_dropped seen_later.b: old-on-new read+write"
    );
}

#[test]
fn objects_made_and_dropped_within_the_change_are_nothing() {
    let report = change(TABLE, &["CREATE TABLE u (a integer);", "DROP TABLE u;"], "");
    assert_eq!(verdict(&report), "any-order");
    assert_eq!(findings(&report), "");
}

#[test]
fn a_rollback_undoes_what_the_file_did() {
    let report = change(TABLE, &["ALTER TABLE t DROP COLUMN b; ROLLBACK;"], "");
    assert_eq!(verdict(&report), "any-order");
}
