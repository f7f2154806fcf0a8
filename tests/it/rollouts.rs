//! Rollouts of real teams, from the first commit to the last, as their continuous integration sees
//! them.

use insta::assert_snapshot;

use crate::cli::migcheck;
use crate::support::TestRepository;

const CARGO: &str = "[package]\nname = \"shop\"\nversion = \"1.0.0\"\n\n\
                     [dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n";

/// A released project with a table of users.
fn released() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("Cargo.toml", CARGO);
    repository.write(
        "migrations/1_users.sql",
        "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, nickname text);\n",
    );
    repository.commit("1.0");
    repository.git(&["tag", "v1.0"]);
    repository
}

/// The exit code and the lines about the whole change, without the findings' excerpts.
fn gate(repository: &TestRepository, arguments: &[&str]) -> String {
    let shown = migcheck(repository.root(), &[&["check"], arguments].concat());
    let is_kept = |line: &&str| !line.starts_with("---") || line.starts_with("--- exit");
    let mut out = String::new();
    for line in shown.lines().filter(is_kept) {
        let is_title = ["error[", "warning[", "note["]
            .iter()
            .any(|it| line.starts_with(it));
        let is_part = line.starts_with(' ') || line.starts_with(|c: char| c.is_ascii_digit());
        let is_blank = line.is_empty();
        if is_title || !(is_part || is_blank) {
            out.push_str(line);
            out.push('\n');
        } else if line.contains("old-on-new: ") || line.contains("new-on-old: ") {
            out.push_str(&format!("  {}\n", line.trim_start_matches([' ', '='])));
        }
    }
    out
}

fn merge(repository: &mut TestRepository, tag: &str) {
    repository.commit(tag);
    repository.git(&["tag", tag]);
}

#[test]
fn a_column_is_renamed_in_four_releases_without_an_outage() {
    let mut repository = released();

    // The plain rename is refused.
    let rename = "ALTER TABLE users RENAME COLUMN nickname TO display_name;\n";
    let file = repository.write("migrations/2_rename.sql", rename);
    assert_snapshot!(gate(&repository, &[]), @r#"
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@a3df14d
    error[column_renamed]: column `users.nickname` is renamed to `display_name`
      old-on-new: reads and writes of main@a3df14d (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      new-on-old: reads and writes of head (new code) fail on the old schema: 42703 column "display_name" of relation "users" does not exist (presumed: its queries are not known)
    no-safe-order: 1 new migration, 1 statement, all understood; 1 error
    no order of deploying and migrating is safe: `migcheck explain migrations/2_rename.sql` shows the steps that are
    --- exit 1
    "#);
    std::fs::remove_file(file).unwrap();

    // Expand: the new column comes first, and the code after it writes both.
    repository.write(
        "migrations/2_display_name.sql",
        "ALTER TABLE users ADD COLUMN display_name text;\n",
    );
    assert_snapshot!(gate(&repository, &[]), @"
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@a3df14d
    migrate-first: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    merge(&mut repository, "v1.1");

    // Backfill: old rows get a value. Releases that wrote only the old column are no longer alive.
    repository.write(
        "migrations/3_backfill.sql",
        "UPDATE users SET display_name = nickname WHERE display_name IS NULL;\n",
    );
    assert_snapshot!(gate(&repository, &[]), @"
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@fa79d12
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    merge(&mut repository, "v1.2");

    // Contract, too early: the release before still names the column.
    let drop = "ALTER TABLE users DROP COLUMN nickname;\n";
    let file = repository.write("migrations/4_drop_nickname.sql", drop);
    assert_snapshot!(gate(&repository, &[]), @r#"
    migcheck: sqlx · postgres · migrations/ (4, 1 new) · base main@647901e
    error[column_dropped]: column `users.nickname` is dropped
      old-on-new: reads and writes of main@647901e (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
    std::fs::remove_file(file).unwrap();

    // A release that has stopped using it says so; no migration is new.
    repository.write(
        "migcheck.toml",
        "[[retired]]\nobject = \"users.nickname\"\nreason = \"replaced by display_name in 1.3\"\n",
    );
    assert_snapshot!(gate(&repository, &[]), @"
    migcheck: sqlx · postgres · migrations/ (3, 0 new) · base main@647901e
    nothing new since main@647901e, which is HEAD itself (`migcheck check --base HEAD~1` judges its last commit)
    --- exit 0
    ");
    merge(&mut repository, "v1.3");

    // Contract: clean beside 1.3, an outage if 1.2 could still be rolled back to.
    repository.write("migrations/4_drop_nickname.sql", drop);
    assert_snapshot!(gate(&repository, &[]), @"
    migcheck: sqlx · postgres · migrations/ (4, 1 new) · base main@3fe8f26
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    assert_snapshot!(gate(&repository, &["--live", "v1.2", "--live", "v1.3"]), @r#"
    migcheck: sqlx · postgres · migrations/ (4, 1 new) · base main@3fe8f26 · live v1.2@647901e, v1.3@3fe8f26
    error[column_dropped]: column `users.nickname` is dropped
      old-on-new: reads and writes of v1.2@647901e (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
}

#[test]
fn a_team_that_deploys_in_phases_ships_expand_and_contract_together() {
    let mut repository = released();
    repository.write(
        "migcheck.toml",
        "deploy = \"phased\"\n\n[phased]\npost_deploy = [\"*_contract.sql\"]\n",
    );
    repository.commit("configuration");
    repository.git(&["checkout", "--quiet", "-b", "display-name"]);

    let expand = "ALTER TABLE users ADD COLUMN display_name text NOT NULL DEFAULT '';\n";
    let contract = "ALTER TABLE users DROP COLUMN nickname;\n";
    repository.write("migrations/2_expand.sql", expand);
    let unmarked = repository.write("migrations/3_drop.sql", contract);
    assert_snapshot!(gate(&repository, &[]), @r#"
    migcheck: sqlx · postgres · migrations/ (3, 2 new) · base main@7462073 · deploy phased
    error[column_dropped]: column `users.nickname` is dropped
      old-on-new: reads and writes of main@7462073 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
    switch-between: 2 new migrations, 2 statements, all understood; 1 error
    split the change: deploy the new code after migrations/2_expand.sql and before what follows
    --- exit 1
    "#);

    // Marked as what runs after the switch, the same statement closes only the way back.
    std::fs::remove_file(unmarked).unwrap();
    repository.write("migrations/3_drop_contract.sql", contract);
    assert_snapshot!(gate(&repository, &[]), @r#"
    migcheck: sqlx · postgres · migrations/ (3, 2 new) · base main@7462073 · deploy phased
    note[column_dropped]: column `users.nickname` is dropped
      old-on-new: reads and writes of main@7462073 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
    switch-between: 2 new migrations, 2 statements, all understood; 1 note
    --- exit 0
    "#);

    // The other way round the mark is wrong: new code meets a schema that has not got its column.
    repository.write("migrations/2_expand.sql", "-- migcheck: phase post-deploy\nALTER TABLE users ADD COLUMN display_name text NOT NULL;\n");
    assert_snapshot!(gate(&repository, &[]), @r#"
    migcheck: sqlx · postgres · migrations/ (3, 2 new) · base main@7462073 · deploy phased
    error[column_added_required]: required column `users.display_name` is added
      old-on-new: writes of main@7462073 (old code) fail on the new schema: 23502 null value in column "display_name" of relation "users" violates not-null constraint (presumed: its queries are not known)
      new-on-old: reads and writes of head (new code) fail on the old schema: 42703 column "display_name" of relation "users" does not exist (presumed: its queries are not known)
    note[column_dropped]: column `users.nickname` is dropped
      old-on-new: reads and writes of main@7462073 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
    no-safe-order: 2 new migrations, 2 statements, all understood; 1 error, 1 note
    no order of deploying and migrating is safe: `migcheck explain migrations/2_expand.sql` shows the steps that are
    --- exit 1
    "#);
}
