//! Verdicts that were once wrong: each case was found by asking what old or new code would see.

use crate::world::{State, change, findings, judge, verdict};

const T: &str = "CREATE TABLE t (id integer PRIMARY KEY, a text, b integer);";

/// `before`, then one migration, and all that is said about it.
fn said(before: &str, migration: &str) -> String {
    findings(&change(before, &[migration], ""))
}

#[test]
fn a_table_copied_with_a_star_keeps_its_columns() {
    let rebuilt = "CREATE TABLE t_new AS SELECT * FROM t; DROP TABLE t;
                   ALTER TABLE t_new RENAME TO t;";
    let text = said(T, rebuilt);
    assert!(!text.contains("column_dropped"), "{text}");
    let copied = "CREATE TABLE s (id integer, a text); CREATE TABLE t AS SELECT * FROM s;";
    assert_eq!(
        said(copied, "ALTER TABLE t DROP COLUMN a;"),
        "error column_dropped t.a: old-on-new read+write"
    );
}

#[test]
fn a_column_of_a_half_known_table_is_known_once_a_statement_names_it() {
    let before =
        format!("{T} DO $$ BEGIN IF now() > 'x' THEN ALTER TABLE t ADD z integer; END IF; END $$;");
    assert_eq!(
        said(&before, "ALTER TABLE t DROP COLUMN z;"),
        "error column_dropped t.z: old-on-new read+write"
    );
}

#[test]
fn what_a_history_does_not_show_is_never_fine() {
    let unseen = "ALTER TABLE t ADD z integer;";
    for migration in [
        "ALTER TABLE t DROP COLUMN IF EXISTS a;",
        "ALTER TABLE t ALTER COLUMN a TYPE integer USING a::integer;",
        "ALTER TABLE t ADD CHECK (a > 0);",
        "CREATE UNIQUE INDEX i ON t (a);",
    ] {
        assert_ne!(said(unseen, migration), "", "{migration}");
    }
    assert!(said("SELECT 1;", "DROP VIEW v;").contains("view_dropped v"));
}

#[test]
fn a_check_that_says_not_null_is_not_null() {
    let required = "ALTER TABLE t ADD COLUMN email text;
                    ALTER TABLE t ADD CONSTRAINT c CHECK (email IS NOT NULL) NOT VALID;";
    assert_eq!(
        said(T, required),
        "error column_added_required t.email: old-on-new write, new-on-old read+write"
    );
    assert_eq!(
        said(
            T,
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;"
        ),
        "error column_set_not_null t.a: old-on-new write"
    );
    let checked = format!("{T} ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;");
    let recipe = "ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL;
                  ALTER TABLE t DROP CONSTRAINT c;";
    assert_eq!(said(&checked, recipe), "", "it refused NULL before");
}

#[test]
fn a_constraint_on_new_columns_hurts_when_their_null_does_not_satisfy_it() {
    for migration in [
        "ALTER TABLE t ADD e text, ADD UNIQUE NULLS NOT DISTINCT (e);",
        "ALTER TABLE t ADD e text NOT NULL DEFAULT '' UNIQUE;",
        "ALTER TABLE t ADD e text, ADD CHECK (num_nonnulls(b, e) = 1);",
    ] {
        assert!(
            said(T, migration).contains("constraint_added"),
            "{migration}"
        );
    }
    for migration in [
        "ALTER TABLE t ADD e text UNIQUE;",
        "ALTER TABLE t ADD e uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;",
        "ALTER TABLE t ADD e integer CHECK (e > 0);",
    ] {
        assert_eq!(said(T, migration), "", "{migration}");
    }
}

#[test]
fn a_unique_key_over_an_expression_is_implied_by_nothing() {
    let before = "CREATE TABLE t (id integer, email text UNIQUE);";
    assert!(
        said(before, "CREATE UNIQUE INDEX i ON t (lower(email));").contains("constraint_added t.i")
    );
    assert_eq!(said(before, "CREATE UNIQUE INDEX i ON t (email, id);"), "");
}

#[test]
fn several_lists_of_values_are_one() {
    let listed = "CREATE TABLE t (s text CONSTRAINT c1 CHECK (s IN ('a', 'b')));";
    let wider = "ALTER TABLE t ADD CONSTRAINT c2 CHECK (s IN ('a', 'b', 'c'));";
    assert_eq!(said(listed, wider), "", "the old list still refuses `c`");
    let report = change(listed, &[wider, "ALTER TABLE t DROP CONSTRAINT c1;"], "");
    let head = report.releases.last().expect("head is there");
    assert_eq!(head.requires_schema.as_deref(), Some("3"));
}

#[test]
fn a_domain_is_what_it_is_made_of() {
    let before = "CREATE DOMAIN d AS text; CREATE TABLE t (a text, b d);";
    assert!(!said(before, "ALTER TABLE t ALTER a TYPE d;").contains("error"));
    assert!(!said(before, "ALTER TABLE t ALTER b TYPE text;").contains("error"));
}

#[test]
fn one_enum_is_not_another() {
    let before = "CREATE TYPE k AS ENUM ('a'); CREATE TYPE k2 AS ENUM ('a');
                  CREATE TABLE t (a k);";
    let other = "ALTER TABLE t ALTER a TYPE k2 USING a::text::k2;";
    assert!(said(before, other).contains("error column_type_changed t.a: old-on-new"));
}

#[test]
fn what_the_change_takes_away_and_brings_back_is_no_addition() {
    let report = change(T, &["DROP TABLE t;", T], "deploy = \"code-first\"");
    assert!(report.summary.errors > 0, "{}", findings(&report));
}

#[test]
fn states_that_a_live_release_has_left_behind_do_not_bind_head() {
    let v1 = State::of(&[T]);
    let v2 = v1.clone().and("ALTER TABLE t ADD c integer;");
    let head = v2.clone().and("ALTER TABLE t DROP a;");
    assert_eq!(
        verdict(&judge(&[("v1", &v1), ("v2", &v2)], &head)),
        "code-first"
    );
}

#[test]
fn a_partition_is_not_spoken_of_beside_its_table() {
    let before = "CREATE TABLE p (a integer, b date) PARTITION BY RANGE (b);
                  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');";
    assert_eq!(
        said(before, "ALTER TABLE p DROP COLUMN a;"),
        "error column_dropped p.a: old-on-new read+write"
    );
}

#[test]
fn a_retired_table_takes_its_columns_with_it_under_any_name() {
    let old = State::of(&[T]).config("[[retired]]\nobject = \"t\"\nreason = \"gone since v2\"");
    let head = State::of(&[T]).and("ALTER TABLE t RENAME TO t2; ALTER TABLE t2 DROP COLUMN a;");
    assert_eq!(findings(&judge(&[("old", &old)], &head)), "");
}

#[test]
fn head_cannot_leave_a_required_column_for_later() {
    let report = change(
        T,
        &["ALTER TABLE t ADD c integer NOT NULL;"],
        "deploy = \"code-first\"",
    );
    assert_eq!(report.summary.fits, Some(false));
    assert_eq!(report.summary.errors, 1);
}

#[test]
fn a_renumbered_migration_is_refused() {
    let old = State::of(&[T, "CREATE TABLE n (id integer);"]);
    let head = State::of(&[T, "SELECT 1;"]).and("CREATE TABLE n (id integer);");
    let text = findings(&judge(&[("old", &old)], &head));
    assert!(text.contains("error statement_refused"), "{text}");
}

#[test]
fn a_fresh_run_that_differs_is_said_even_where_it_hurts_nobody() {
    let old = State::of(&[T]);
    let head = State::of(&["CREATE TABLE t (id integer PRIMARY KEY, a text);"]).and("SELECT 1;");
    let report = judge(&[("old", &old)], &head);
    // The edit is the cause, and names what differs.
    assert_eq!(findings(&report), "error migration_edited migration: ");
    let why = &report.findings[0].why;
    assert!(
        why.ends_with("than those that have it: column `t.b` is missing"),
        "{why}"
    );
}

#[test]
fn a_statement_that_names_nothing_known_leaves_the_verdict_open() {
    assert_eq!(verdict(&change(T, &["FROBNICATE;"], "")), "unknown");
    // What it takes with it nobody knows; without CASCADE it takes nothing.
    let drop = |more: &str| {
        let text = format!("DROP EXTENSION pgcrypto{more};");
        verdict(&change(T, &[&text], ""))
    };
    assert_eq!(drop(" CASCADE"), "unknown");
    assert_eq!(drop(""), "any-order");
}

#[test]
fn policies_must_admit_every_kind_of_statement() {
    let on = "ALTER TABLE t ENABLE ROW LEVEL SECURITY;";
    for policy in [
        "CREATE POLICY p ON t FOR SELECT USING (true);",
        "CREATE POLICY p ON t USING (false);",
        "CREATE POLICY p ON t USING (b = current_setting('app.tenant')::integer);",
    ] {
        let text = said(T, &format!("{policy} {on}"));
        assert!(
            text.starts_with("error row_security_enabled"),
            "{policy}: {text}"
        );
    }
    let secured = format!("{T} {on} CREATE POLICY p ON t USING (b > 0);");
    assert_eq!(said(&secured, "ALTER POLICY p ON t RENAME TO q;"), "");
}

#[test]
fn how_an_expression_is_spaced_is_no_difference() {
    let before = "CREATE TABLE t (a integer CONSTRAINT c CHECK (a>0));";
    let remade = "ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);";
    assert_eq!(said(before, remade), "");
}

#[test]
fn after_what_was_not_understood_nothing_is_called_refused() {
    for migration in [
        "DO $$ BEGIN IF now() > 'x' THEN ALTER TABLE t RENAME COLUMN b TO b2; END IF; END $$;
         ALTER TABLE t ADD COLUMN b integer;",
        "SELECT drop_column('b'); ALTER TABLE t ADD COLUMN b integer;",
    ] {
        let text = said(T, migration);
        assert!(!text.contains("statement_refused"), "{text}");
    }
}

#[test]
fn what_was_made_elsewhere_can_be_dropped() {
    for migration in [
        "DROP INDEX i;",
        "DROP FUNCTION f(integer);",
        "ALTER INDEX i RENAME TO j;",
    ] {
        let text = said("ALTER TABLE t ADD x integer;", migration);
        assert!(!text.contains("statement_refused"), "{migration}: {text}");
        assert!(!text.contains("table_renamed"), "{migration}: {text}");
    }
}

#[test]
fn temporary_tables_end_with_their_migration() {
    let temporary = "CREATE TEMP TABLE w (x integer);";
    assert_eq!(said(temporary, temporary), "");
}

#[test]
fn a_view_made_again_has_lost_its_grants() {
    let before =
        format!("{T} CREATE VIEW v AS SELECT a FROM t; CREATE ROLE app; GRANT SELECT ON v TO app;");
    let again = "DROP VIEW v; CREATE VIEW v AS SELECT a FROM t;";
    assert!(said(&before, again).contains("error privilege_revoked v: old-on-new read"));
    assert_eq!(
        said(&before, &format!("{again} GRANT SELECT ON v TO app;")),
        ""
    );
}

#[test]
fn what_happens_to_one_partition_alone_is_said() {
    let before = "CREATE TABLE p (a integer, b date) PARTITION BY RANGE (b);
                  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');";
    assert_eq!(
        said(before, "ALTER TABLE p1 ALTER a SET NOT NULL;"),
        "error column_set_not_null p1.a: old-on-new write"
    );
}

#[test]
fn a_key_that_can_be_deferred_arbitrates_no_upsert() {
    let before = "CREATE TABLE t (a integer CONSTRAINT k UNIQUE);";
    let deferrable =
        "ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k UNIQUE (a) DEFERRABLE;";
    assert!(said(before, deferrable).contains("unique_key_dropped t.k"));
}

#[test]
fn a_required_column_is_seen_on_a_table_whose_creation_is_not() {
    assert_eq!(
        said(
            "ALTER TABLE legacy ADD COLUMN x integer;",
            "ALTER TABLE legacy ADD COLUMN y integer NOT NULL;"
        ),
        "error column_added_required legacy.y: old-on-new write, new-on-old read+write"
    );
}

#[test]
fn if_exists_makes_no_table_out_of_nothing() {
    for migration in [
        "ALTER TABLE IF EXISTS nope DROP COLUMN x;",
        "ALTER TABLE IF EXISTS nope RENAME TO other;",
    ] {
        assert_eq!(said(T, migration), "", "{migration}");
    }
}

#[test]
fn a_partial_key_is_over_its_keys_and_not_over_its_condition() {
    let report = change(T, &["CREATE UNIQUE INDEX i ON t (a) WHERE b > 0;"], "");
    let message = &report.findings[0].message;
    assert!(
        message.ends_with("on `t` (a), for rows where b > 0"),
        "{message}"
    );
    let new_condition = "ALTER TABLE t ADD gone timestamptz;
                         CREATE UNIQUE INDEX i ON t (a) WHERE gone IS NULL;";
    assert!(said(T, new_condition).contains("constraint_added t.i"));
}

#[test]
fn a_guarded_statement_is_as_one_with_if_exists() {
    let guarded = |statement: &str| {
        format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_tables WHERE tablename = 'x') THEN \
             {statement} END IF; END $$;"
        )
    };
    // Nothing shows that there ever was another tool's table.
    assert_eq!(said(T, &guarded("DROP TABLE x;")), "");
    assert_eq!(said(T, "DROP TABLE IF EXISTS x;"), "");
    assert!(said(T, &guarded("DROP TABLE t;")).contains("error table_dropped t"));
    // A column of a half-known table may be there.
    let unseen = "ALTER TABLE t ADD z integer;";
    let said = said(unseen, &guarded("ALTER TABLE t DROP COLUMN a;"));
    assert!(said.contains("column_dropped t.a"), "{said}");
}
