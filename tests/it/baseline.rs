//! Findings that a project accepts as they are.

use serde_json::Value;

use crate::cli::{migcheck, program};
use crate::support::TestRepository;

const FILE: &str = "migcheck-baseline.toml";

/// A repository whose second migration drops a column, and whose third drops another.
fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", "layout = \"sqlx\"\n");
    repository.write(
        "migrations/1_a.sql",
        "CREATE TABLE t (a int, b text, c text);",
    );
    repository.write("migrations/2_b.sql", "ALTER TABLE t DROP COLUMN b;");
    repository.write("migrations/3_c.sql", "ALTER TABLE t DROP COLUMN c;");
    repository.commit("base");
    repository
}

fn read(repository: &TestRepository) -> String {
    std::fs::read_to_string(repository.root().join(FILE)).expect("the baseline is there")
}

/// The findings of `check --all` as lines, with the line of the verdict.
fn all(repository: &TestRepository) -> String {
    let said = migcheck(repository.root(), &["check", "--all", "--format", "gcc"]);
    let lines = said
        .lines()
        .map(|it| it.split("; old-on-new").next().unwrap_or(it));
    lines.collect::<Vec<_>>().join("\n")
}

fn written(repository: &TestRepository, arguments: &[&str]) {
    let arguments = [
        &["check", "--all", "--quiet", "--write-baseline"],
        arguments,
    ]
    .concat();
    let output = program(repository.root(), &arguments).output();
    let output = output.expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn what_is_in_it_is_not_reported_again() {
    let repository = repository();
    assert_eq!(all(&repository).matches(": error: ").count(), 2);
    written(&repository, &["--reason", "before the gate"]);
    insta::assert_snapshot!(read(&repository), @r#"
    # Findings that are accepted as they are: `migcheck check` does not report them again.
    # Written by `migcheck check --write-baseline`; reasons and `expires` (the last day on
    # which an entry counts, as "2026-01-31") are kept when it is written again.
    baseline = 1
    written_by = "0.1.0"

    # Of migrations up to these, rules that come later say nothing.
    [covered]
    "migrations" = "3"

    [[accepted]]
    migration = "migrations/2_b.sql"
    rule = "column_dropped"
    object = "t.b"
    reason = "before the gate"

    [[accepted]]
    migration = "migrations/3_c.sql"
    rule = "column_dropped"
    object = "t.c"
    reason = "before the gate"
    "#);
    insta::assert_snapshot!(all(&repository), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, each judged by itself)
    --- exit 0
    ");
    // It survives when lines move.
    repository.write(
        "migrations/3_c.sql",
        "-- why\n\n\nALTER TABLE t DROP COLUMN c;",
    );
    assert!(!all(&repository).contains("column_dropped"));
    // What is new is reported.
    repository.write("migrations/4_d.sql", "DROP TABLE t;");
    let said = all(&repository);
    assert_eq!(said.matches(": error: ").count(), 1, "{said}");
    assert!(
        said.contains("[table_dropped]") || said.contains("table `t` is dropped"),
        "{said}"
    );
    // And nothing of it where no configuration is read.
    let output = program(
        repository.root(),
        &["check", "--all", "--isolated", "--layout", "sqlx", "-q"],
    );
    let output = { output }.output().expect("the program runs");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout)
            .matches("error[")
            .count(),
        3
    );
}

#[test]
fn reasons_and_days_are_kept_when_it_is_written_again() {
    let repository = repository();
    written(&repository, &[]);
    let text = read(&repository);
    let edited = text.replacen(
        "reason = \"there when the baseline was written\"",
        "reason = \"agreed with the team\"\nexpires = \"2999-12-31\"",
        1,
    );
    assert_ne!(text, edited);
    repository.write(FILE, &edited);
    written(&repository, &["--reason", "other"]);
    assert_eq!(read(&repository), edited);
    // Written for the new migrations only, it keeps what it has of the others.
    repository.write("migrations/4_d.sql", "DROP TABLE t;");
    let output = program(repository.root(), &["check", "--write-baseline", "-q"]).output();
    assert_eq!(output.expect("the program runs").status.code(), Some(0));
    let text = read(&repository);
    assert!(
        text.contains("agreed with the team") && text.contains("migrations/4_d.sql"),
        "{text}"
    );
    assert_eq!(text.matches("[[accepted]]").count(), 3);
}

#[test]
fn entries_that_are_over_or_of_no_use_are_said() {
    let repository = repository();
    written(&repository, &["--reason", "x"]);
    let text = read(&repository);
    let text = text.replacen(
        "reason = \"x\"",
        "reason = \"x\"\nexpires = \"2020-01-31\"",
        1,
    );
    repository.write(
        FILE,
        text.replace("object = \"t.c\"", "object = \"t.gone\""),
    );
    insta::assert_snapshot!(all(&repository), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, each judged by itself)
    migcheck: baseline: `column_dropped` of `t.b` in migrations/2_b.sql was accepted until 2020-01-31
    migcheck: baseline: `column_dropped` of `t.gone` in migrations/3_c.sql is accepted, and nothing is found there any more
    --- stdout
    migrations/2_b.sql:1:15: error: column `t.b` is dropped
    migrations/3_c.sql:1:15: error: column `t.c` is dropped
    --- exit 1
    ");
    repository.write(FILE, "baseline = 1\nwritten_by = \"0.1.0\"\naccept = []\n");
    let said = migcheck(repository.root(), &["check", "--all"]);
    insta::assert_snapshot!(said, @"
    --- stderr
    migcheck: migcheck-baseline.toml:3:1: unknown key `accept`; did you mean `accepted`?
    --- exit 2
    ");
}

#[test]
fn a_rule_of_a_later_version_is_silent_about_what_was_there() {
    let repository = repository();
    repository.write(
        FILE,
        "baseline = 1\nwritten_by = \"0.0.9\"\n[covered]\n\"migrations\" = \"2\"\n",
    );
    let output = program(repository.root(), &["check", "--all", "--format", "json"]).output();
    let output = output.expect("the program runs").stdout;
    let report: Value = serde_json::from_slice(&output).expect("it is JSON");
    let findings = report["projects"][0]["findings"]
        .as_array()
        .expect("a list");
    let shown: Vec<String> = findings
        .iter()
        .map(|it| format!("{} {} {}", it["migration"], it["rule"], it["suppressed"]))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    "migrations/2_b.sql" "column_dropped" {"by":"baseline","reason":"the rule is newer than the baseline, and the migration is not"}
    "migrations/3_c.sql" "column_dropped" null
    "#);
}
