//! The program as its users run it: what it prints, where, and with which exit code.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;

use crate::support::TestRepository;

/// A run of the program in `folder` that knows nothing of the machine, of a continuous integration
/// around the tests or of the user.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migcheck"));
    command
        .current_dir(folder)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    command
}

/// Everything that a run shows: both streams and the exit code. The excerpt's own blanks at the
/// ends of lines are cut.
pub(crate) fn migcheck(folder: &Path, arguments: &[&str]) -> String {
    shown(&mut program(folder, arguments))
}

fn shown(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    let code = output.status.code().expect("it was not killed");
    let mut out = String::new();
    for (name, text) in [("stderr", stderr), ("stdout", stdout)] {
        if !text.is_empty() {
            out.push_str(&format!("--- {name}\n{text}"));
        }
    }
    out.push_str(&format!("--- exit {code}\n"));
    out.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The fixture `name` in this repository.
fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// A run on a fixture, its whole path being no part of the tree: it is copied out of this
/// repository first.
fn on_fixture(name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    crate::support::copy(&fixture(name), folder.path());
    migcheck(folder.path(), arguments)
}

/// The three stages of a fixture: `v1`, then `main`, then a branch with the change on it.
fn staged(name: &str) -> TestRepository {
    let stage = |stage: &str| format!("fixtures/{name}/{stage}");
    let repository =
        TestRepository::layered(&[(&stage("00-before"), Some("v1")), (&stage("01-base"), None)]);
    repository.git(&["checkout", "--quiet", "-b", "drop"]);
    crate::support::copy(&fixture(&format!("{name}/02-head")), repository.root());
    repository
}

/// A repository whose `main` has these files; what is written after that is new.
fn repository(files: &[(&str, &str)]) -> TestRepository {
    let mut repository = TestRepository::new();
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.commit("one");
    repository
}

/// A table, in a project that names its layout and its server.
fn small() -> TestRepository {
    repository(&[
        (
            "migcheck.toml",
            "layout = \"sqlx\"\ndialect = \"postgres\"\n",
        ),
        (
            "migrations/1_t.sql",
            "CREATE TABLE t (a integer, b text);\n",
        ),
    ])
}

// The twins: one statement, two verdicts.

#[test]
fn dropping_a_retired_column_is_clean() {
    let repository = staged("drop_retired");
    assert_snapshot!(migcheck(repository.root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@b6b68ad
    --- stdout
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn dropping_a_column_in_use_fails() {
    let repository = staged("drop_in_use");
    assert_snapshot!(migcheck(repository.root(), &["check"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@b368b1c
    --- stdout
    error[column_dropped]: column `users.nickname` is dropped
     --> migrations/0003_drop_nickname.sql:1:19
      |
    1 | ALTER TABLE users DROP COLUMN nickname;
      |                   ^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of main@b368b1c (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "users.nickname"`, `reason = "…"`); drop it once that release is the oldest one alive

    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
}

#[test]
fn twins_differ_in_nothing_but_the_retirement() {
    let read = |path: &str| std::fs::read(fixture(path)).expect("the fixture is there");
    for file in [
        "0001_users.sql",
        "0002_orders.sql",
        "0003_drop_nickname.sql",
    ] {
        assert_eq!(
            read(&format!("drop_retired/02-head/migrations/{file}")),
            read(&format!("drop_in_use/02-head/migrations/{file}")),
            "{file}"
        );
    }
}

#[test]
fn a_release_from_before_the_retirement_is_hurt_by_both_twins() {
    let retired = staged("drop_retired");
    assert_snapshot!(migcheck(retired.root(), &["check", "--live", "v1"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@b6b68ad · live v1@b88ed89
    --- stdout
    error[column_dropped]: column `users.nickname` is dropped
     --> migrations/0003_drop_nickname.sql:1:19
      |
    1 | ALTER TABLE users DROP COLUMN nickname;
      |                   ^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of v1@b88ed89 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "users.nickname"`, `reason = "…"`); drop it once that release is the oldest one alive

    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
    let in_use = staged("drop_in_use");
    assert_snapshot!(migcheck(in_use.root(), &["check", "--live", "v1", "-q"]), @r#"
    --- stdout
    error[column_dropped]: column `users.nickname` is dropped
     --> migrations/0003_drop_nickname.sql:1:19
      |
    1 | ALTER TABLE users DROP COLUMN nickname;
      |                   ^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of v1@2042472 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "users.nickname"`, `reason = "…"`); drop it once that release is the oldest one alive

    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
}

// One folder, without git.

#[test]
fn rename_without_git() {
    assert_snapshot!(on_fixture("rename_column", &["check", "--since", "2"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base the release at version 2
    --- stdout
    error[column_renamed]: column `users.nickname` is renamed to `display_name`
     --> migrations/0003_rename_nickname.sql:2:19
      |
    2 | ALTER TABLE users RENAME COLUMN nickname TO display_name;
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release at version 2 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = new-on-old: reads and writes of head (new code) fail on the old schema: 42703 column "display_name" of relation "users" does not exist (presumed: its queries are not known)
      = why: old code knows only the old name and new code only the new one, so at every moment one of them fails
      = help: add `display_name` beside it, write both, copy the old values, read the new one, and drop `users.nickname` in a later release; or keep the name

    no-safe-order: 1 new migration, 1 statement, all understood; 1 error
    no order of deploying and migrating is safe: `migcheck explain migrations/0003_rename_nickname.sql` shows the steps that are
    --- exit 1
    "#);
}

#[test]
fn own_transactions_in_a_file_are_commit_points_of_their_own() {
    assert_snapshot!(on_fixture("golang_transactions", &["check", "--since", "2"]), @r#"
    --- stderr
    migcheck: golang-migrate · postgres · db/migrations/ (3, 1 new) · base the release at version 2
    --- stdout
    warning[column_set_not_null]: column `accounts.currency` is set NOT NULL
     --> db/migrations/000003_currency_required.up.sql:6:22
      |
    6 | ALTER TABLE accounts ALTER COLUMN currency SET NOT NULL;
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: writes of the release at version 2 (old code) may fail on the new schema: 23502 null value in column "currency" of relation "accounts" violates not-null constraint (presumed: its queries are not known)
      = why: a default supplies what inserts leave out, but old code that writes NULL into the column fails
      = help: make sure that no live release writes NULL into `accounts.currency`

    any-order: 1 new migration, 6 statements, all understood; 1 warning
    --- exit 0
    "#);
}

#[test]
fn several_projects_are_listed_each() {
    assert_snapshot!(on_fixture("layouts/several", &["check", "--all"]));
}

#[test]
fn each_project_is_measured_from_the_base() {
    let mut repository = TestRepository::new();
    repository.write(
        "a/migrations/1_t.sql",
        "CREATE TABLE t (a integer, b text);",
    );
    repository.write("b/migrations/1_u.up.sql", "CREATE TABLE u (a integer);");
    repository.write("b/migcheck.toml", "layout = \"golang-migrate\"\n");
    repository.commit("base");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write("b/migrations/2_drop.up.sql", "DROP TABLE u;");
    repository.write("b/migrations/3_i.sql", "CREATE INDEX i ON u (a);");
    assert_snapshot!(migcheck(
        repository.root(),
        &["check", "--base", "main", "-q"]
    ));
}

#[test]
fn files_are_shown_with_how_they_run() {
    assert_snapshot!(on_fixture(
        "layouts/goose",
        &[
            "check",
            "--all",
            "--show-files",
            "-q",
            "--select",
            "version_gap"
        ]
    ));
}

#[test]
fn plain_files_run_by_number() {
    assert_snapshot!(on_fixture("plain_numbers", &["check", "--since", "2", "--show-files"]), @r#"
    --- stderr
    migcheck: plain · postgres · migrations/ (3, 1 new) · base the release at version 2
    project: . · migrations in migrations/
    layout: plain (names that begin with a number)
    dialect: postgres (`SERIAL` in migrations/1_notes.sql)
    server version: not known
    file: migrations/1_notes.sql · version 1 · transaction file · unit statement
    file: migrations/2_tags.sql · version 2 · transaction file · unit statement
    file: migrations/10_drop_label.sql · version 10 · transaction file · unit statement
    --- stdout
    error[column_dropped]: column `tags.label` is dropped
     --> migrations/10_drop_label.sql:2:18
      |
    2 | ALTER TABLE tags DROP COLUMN label;
      |                  ^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release at version 2 (old code) fail on the new schema: 42703 column "label" of relation "tags" does not exist (presumed: its queries are not known)
      = new-on-old: writes of head (new code) fail on the old schema: 23502 null value in column "label" of relation "tags" violates not-null constraint (presumed: its queries are not known)
      = why: statements of old code that name the column fail; and it was required, so inserts of new code that leave it out fail until it is gone
      = help: first make the column optional (`DROP NOT NULL` or a default) and ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "tags.label"`, `reason = "…"`); drop it once that release is the oldest one alive

    no-safe-order: 1 new migration, 1 statement, all understood; 1 error
    no order of deploying and migrating is safe: `migcheck explain migrations/10_drop_label.sql` shows the steps that are
    --- exit 1
    "#);
}

#[test]
fn all_judges_each_migration_by_itself() {
    assert_snapshot!(on_fixture("rename_column", &["check", "--all"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, each judged by itself)
    --- stdout
    error[column_renamed]: column `users.nickname` is renamed to `display_name`
     --> migrations/0003_rename_nickname.sql:2:19
      |
    2 | ALTER TABLE users RENAME COLUMN nickname TO display_name;
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release before (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = new-on-old: reads and writes of head (new code) fail on the old schema: 42703 column "display_name" of relation "users" does not exist (presumed: its queries are not known)
      = why: old code knows only the old name and new code only the new one, so at every moment one of them fails
      = help: add `display_name` beside it, write both, copy the old values, read the new one, and drop `users.nickname` in a later release; or keep the name

    3 migrations, 4 statements, all understood; 1 error
    --- exit 1
    "#);
}

#[test]
fn since_names_a_version_that_does_not_exist() {
    assert_snapshot!(on_fixture("rename_column", &["check", "--since", "20240101"]), @"
    --- stderr
    migcheck: --since 20240101: no migration has this version or name; the newest is 3
    --- exit 2
    ");
}

#[test]
fn since_takes_versions_with_zeros_and_file_names() {
    let expected = on_fixture("rename_column", &["check", "--since", "2"]);
    for version in [
        "0002",
        "0002_orders",
        "0002_orders.sql",
        "migrations/0002_orders.sql",
    ] {
        assert_eq!(
            on_fixture("rename_column", &["check", "--since", version]),
            expected,
            "{version}"
        );
    }
}

#[test]
fn since_the_newest_version_leaves_nothing() {
    assert_snapshot!(on_fixture("rename_column", &["check", "--since", "3"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 0 new) · base the release at version 3
    --- stdout
    nothing new since the release at version 3
    --- exit 0
    ");
}

#[test]
fn since_outranks_git() {
    let repository = small();
    repository.write("migrations/2_u.sql", "CREATE TABLE u (a integer);");
    repository.write("migrations/3_u.sql", "DROP TABLE u;");
    assert_snapshot!(migcheck(repository.root(), &["check", "--since", "2"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base the release at version 2
    --- stdout
    error[table_dropped]: table `u` is dropped
     --> migrations/3_u.sql:1:1
      |
    1 | DROP TABLE u;
      | ^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release at version 2 (old code) fail on the new schema: 42P01 relation "u" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the table fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "u"`, `reason = "…"`); drop it once that release is the oldest one alive

    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
}

#[test]
fn files_named_are_what_is_new() {
    assert_snapshot!(on_fixture("rename_column", &["check", "migrations/0003_rename_nickname.sql", "-q"]), @r#"
    --- stdout
    error[column_renamed]: column `users.nickname` is renamed to `display_name`
     --> 0003_rename_nickname.sql:2:19
      |
    2 | ALTER TABLE users RENAME COLUMN nickname TO display_name;
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release without these files (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = new-on-old: reads and writes of head (new code) fail on the old schema: 42703 column "display_name" of relation "users" does not exist (presumed: its queries are not known)
      = why: old code knows only the old name and new code only the new one, so at every moment one of them fails
      = help: add `display_name` beside it, write both, copy the old values, read the new one, and drop `users.nickname` in a later release; or keep the name

    no-safe-order: 1 new migration, 1 statement, all understood; 1 error
    no order of deploying and migrating is safe: `migcheck explain 0003_rename_nickname.sql` shows the steps that are
    --- exit 1
    "#);
}

#[test]
fn file_that_is_no_migration() {
    assert_snapshot!(on_fixture("rename_column", &["check", "Cargo.toml"]), @"
    --- stderr
    migcheck: Cargo.toml is not a migration of the layout sqlx in migrations
    --- exit 2
    ");
}

#[test]
fn old_configuration_without_git() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::copy(&fixture("drop_in_use/02-head"), folder.path());
    let old = fixture("drop_retired/01-base/migcheck.toml");
    let old = old.to_str().unwrap();
    assert_snapshot!(migcheck(folder.path(), &["check", "--since", "2", "--old-config", old]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base the release at version 2
    --- stdout
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

// What is new, with git.

#[test]
fn nothing_new_since_the_base() {
    assert_snapshot!(migcheck(small().root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (1, 0 new) · base main@60c8a76
    --- stdout
    nothing new since main@60c8a76, which is HEAD itself
    --- exit 0
    ");
}

#[test]
fn one_line_when_all_is_well() {
    let repository = small();
    repository.write(
        "migrations/2_i.sql",
        "CREATE INDEX i ON t (a);\nCREATE TABLE u (a integer);\n",
    );
    assert_snapshot!(migcheck(repository.root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    migrate-first: 1 new migration, 2 statements, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "-q"]), @"
    --- stdout
    migrate-first: 1 new migration, 2 statements, all understood
    --- exit 0
    ");
}

#[test]
fn base_is_a_branch_a_tag_or_a_revision() {
    let mut repository = small();
    repository.git(&["tag", "v1"]);
    repository.write("migrations/2_u.sql", "CREATE TABLE u (a integer);");
    repository.commit("two");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write("migrations/3_v.sql", "CREATE TABLE v (a integer);");
    repository.commit("three");
    assert_snapshot!(migcheck(repository.root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@e96fab0
    --- stdout
    migrate-first: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "--base", "main"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@e96fab0
    --- stdout
    migrate-first: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "--base", "v1"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 2 new) · base v1@60c8a76
    --- stdout
    migrate-first: 2 new migrations, 2 statements, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "--against", "HEAD"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 0 new) · base HEAD@7c4eccf
    --- stdout
    nothing new since HEAD@7c4eccf
    --- exit 0
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "--base", "v0"]), @"
    --- stderr
    migcheck: `v0` names no commit in this repository, which has no remote to fetch it from
    --- exit 2
    ");
}

#[test]
fn live_releases_are_tags_and_globs() {
    let mut repository = small();
    repository.git(&["tag", "v1.0"]);
    repository.write("migrations/2_c.sql", "ALTER TABLE t ADD COLUMN c integer;");
    repository.commit("two");
    repository.git(&["tag", "v1.1"]);
    repository.write("migrations/3_d.sql", "ALTER TABLE t ADD COLUMN d integer;");
    repository.commit("three");
    repository.git(&["tag", "v2.0"]);
    repository.write("migrations/4_drop.sql", "ALTER TABLE t DROP COLUMN c;");
    assert_snapshot!(migcheck(repository.root(), &["check", "--live", "v1.*"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (4, 1 new) · base main@2933782 · live v1.0@60c8a76, v1.1@5dd7832
    --- stdout
    error[column_dropped]: column `t.c` is dropped
     --> migrations/4_drop.sql:1:15
      |
    1 | ALTER TABLE t DROP COLUMN c;
      |               ^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of v1.1@5dd7832 (old code) fail on the new schema: 42703 column "c" of relation "t" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "t.c"`, `reason = "…"`); drop it once that release is the oldest one alive

    switch-between: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code after migrations/3_d.sql and before what follows
    --- exit 1
    "#);
    assert_snapshot!(migcheck(repository.root(), &["check", "--live", "v1.0", "--live", "v2.0"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (4, 1 new) · base main@2933782 · live v1.0@60c8a76, v2.0@2933782
    --- stdout
    error[column_dropped]: column `t.c` is dropped
     --> migrations/4_drop.sql:1:15
      |
    1 | ALTER TABLE t DROP COLUMN c;
      |               ^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of v2.0@2933782 (old code) fail on the new schema: 42703 column "c" of relation "t" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "t.c"`, `reason = "…"`); drop it once that release is the oldest one alive

    code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 1
    "#);
    assert_snapshot!(migcheck(repository.root(), &["check", "--live", "v3.*"]), @"
    --- stderr
    migcheck: no tag or branch matches `v3.*`, and this repository has no remote to fetch one from
    --- exit 2
    ");
}

#[test]
fn repository_without_a_commit() {
    let repository = TestRepository::new();
    repository.write("migcheck.toml", "dialect = \"postgres\"");
    repository.write("migrations/1_t.sql", "CREATE TABLE t (a integer);");
    assert_snapshot!(migcheck(repository.root(), &["check"]), @"
    --- stderr
    migcheck: the repository has no commit yet, so there is nothing to compare with; commit the migrations that are already applied, or check all of them with --all
    --- exit 2
    ");
}

#[test]
fn no_repository() {
    assert_snapshot!(on_fixture("rename_column", &["check"]), @"
    --- stderr
    migcheck: this is not a git repository, so nothing says what is new: give --since VERSION (the last version that is deployed) or --all
    --- exit 2
    ");
}

#[test]
fn shallow_clone_without_its_target() {
    let mut source = small();
    source.write("migrations/2_u.sql", "CREATE TABLE u (a integer);");
    source.commit("two");
    source.git(&["checkout", "--quiet", "-b", "topic"]);
    source.write("migrations/3_v.sql", "CREATE TABLE v (a integer);");
    source.commit("three");
    let clone = TestRepository::clone_of(&source, &["--depth=1", "--branch=topic"]);
    clone.git(&["checkout", "--quiet", "--detach"]);
    clone.git(&["branch", "--quiet", "-D", "topic"]);
    clone.git(&["update-ref", "-d", "refs/remotes/origin/topic"]);
    assert_snapshot!(migcheck(clone.root(), &["check"]), @"
    --- stderr
    migcheck: nothing to compare with: this clone has none of origin/HEAD, origin/main, origin/master, main, master; fetch the target branch, if that is `main`: `git fetch --unshallow origin main:refs/remotes/origin/main`, or name a revision with --base
    --- exit 2
    ");
    let mut in_ci = program(clone.root(), &["check"]);
    assert_snapshot!(shown(in_ci.env("GITHUB_BASE_REF", "main")), @"
    --- stderr
    migcheck: GITHUB_BASE_REF says that the change is for `main`, which is not in this clone; fetch the target branch: `git fetch --unshallow origin main:refs/remotes/origin/main`, or name a revision with --base
    --- exit 2
    ");
}

// Configuration and arguments.

#[test]
fn no_migrations() {
    let folder = tempfile::tempdir().unwrap();
    assert_snapshot!(migcheck(folder.path(), &["check", "--all"]), @r#"
    --- stderr
    migcheck: no migrations found here; looked for numbered .sql files in folders with `migrat` in their name, then in sql, schema, schemas, ddl, db, database; give the folder as PATH, or write migrations = "…" in migcheck.toml
    --- exit 2
    "#);
}

#[test]
fn wrong_configuration_has_a_place_and_the_nearest_name() {
    let repository = small();
    for (config, line) in [
        ("dialect = \"postgres\"\n[[retierd]]\nobject = \"t.b\"\n", 2),
        ("deploy = \"migrate-frist\"\n", 1),
        ("[rules]\nignore = [\"column_droped\"]\n", 2),
        ("dialect = \n", 1),
    ] {
        repository.write("migcheck.toml", config);
        let shown = migcheck(repository.root(), &["check"]);
        assert!(shown.contains(&format!("migcheck.toml:{line}:")), "{shown}");
        assert!(shown.ends_with("--- exit 2\n"), "{shown}");
    }
    repository.write(
        "migcheck.toml",
        "dialect = \"postgres\"\n[[retierd]]\nobject = \"t.b\"\n",
    );
    assert_snapshot!(migcheck(repository.root(), &["check"]), @"
    --- stderr
    migcheck: migcheck.toml:2:3: unknown key `retierd`; did you mean `retired`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "--isolated", "--dialect", "postgres"]), @"
    --- stderr
    migcheck: plain · postgres · migrations/ (1, 0 new) · base main@60c8a76
    --- stdout
    nothing new since main@60c8a76, which is HEAD itself
    --- exit 0
    ");
}

#[test]
fn rule_that_does_not_exist() {
    let repository = small();
    assert_snapshot!(migcheck(repository.root(), &["check", "--select", "column_droped"]), @"
    --- stderr
    migcheck: unknown rule `column_droped`; did you mean `column_dropped`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(repository.root(), &["check", "--ignore", "compatt"]), @"
    --- stderr
    migcheck: unknown rule `compatt`; did you mean `compat`?
    --- exit 2
    ");
    assert_snapshot!(migcheck(repository.root(), &["explain", "column_rename"]), @"
    --- stderr
    migcheck: no file, rule, version or object of the schema is called `column_rename`; did you mean rule `column_renamed`?
    --- exit 2
    ");
}

#[test]
fn selecting_and_ignoring() {
    let repository = small();
    repository.write("migrations/2_drop.sql", "ALTER TABLE t DROP COLUMN b;");
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["check", "--ignore", "column_dropped"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    code-first: 1 new migration, 1 statement, all understood
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 0
    ");
    assert_snapshot!(migcheck(root, &["check", "--select", "data"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    code-first: 1 new migration, 1 statement, all understood
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    --- exit 0
    ");
    assert!(migcheck(root, &["check", "--select", "compat"]).contains("error[column_dropped]"));
}

#[test]
fn deploy_mode_decides_what_is_an_error() {
    let repository = small();
    repository.write("migrations/2_drop.sql", "ALTER TABLE t DROP COLUMN b;");
    let root = repository.root();
    assert_snapshot!(migcheck(root, &["check", "--deploy", "code-first"]), @r#"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76 · deploy code-first
    --- stdout
    note[column_dropped]: column `t.b` is dropped
     --> migrations/2_drop.sql:1:15
      |
    1 | ALTER TABLE t DROP COLUMN b;
      |               ^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of main@60c8a76 (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "t.b"`, `reason = "…"`); drop it once that release is the oldest one alive

    code-first: 1 new migration, 1 statement, all understood; 1 note
    --- exit 0
    "#);
    assert_snapshot!(migcheck(root, &["check", "--deploy", "code-first", "-q"]), @"
    --- stdout
    code-first: 1 new migration, 1 statement, all understood; 1 note
    --- exit 0
    ");
    assert_snapshot!(migcheck(root, &["check", "--deploy", "code-frist"]), @"
    --- stderr
    error: invalid value 'code-frist' for '--deploy <MODE>': unknown value `code-frist`; did you mean `code-first`?

    For more information, try '--help'.
    --- exit 2
    ");
}

#[test]
fn what_fails_the_check_can_be_chosen() {
    let repository = small();
    repository.write("migrations/2_check.sql", "ALTER TABLE t ADD CHECK (a > 0);");
    let root = repository.root();
    let code = |arguments: &[&str]| -> String {
        let shown = migcheck(root, &[&["check"], arguments].concat());
        shown.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(code(&[]), "--- exit 0");
    assert_eq!(code(&["--fail-on", "warning"]), "--- exit 1");
    assert_eq!(code(&["--fail-on", "warning", "--exit-zero"]), "--- exit 0");
    repository.write("migrations/3_drop.sql", "ALTER TABLE t DROP COLUMN b;");
    assert_eq!(code(&[]), "--- exit 1");
    assert_eq!(code(&["--fail-on", "never"]), "--- exit 0");
    assert_eq!(code(&["--exit-zero"]), "--- exit 0");
    let mut by_variable = program(root, &["check"]);
    let shown = shown(by_variable.env("MIGCHECK_FAIL_ON", "never"));
    assert!(shown.ends_with("--- exit 0\n"), "{shown}");
}

#[test]
fn path_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    assert_snapshot!(migcheck(folder.path(), &["check", "nowhere"]), @"
    --- stderr
    migcheck: cannot read nowhere: No such file or directory (os error 2)
    --- exit 2
    ");
}

// Texts that are no texts.

/// `small` with one more file of these bytes; its path and the repository.
fn with_bytes(bytes: &[u8]) -> TestRepository {
    let repository = small();
    repository.write("migrations/2_m.sql", bytes);
    repository
}

/// The same with the file committed, and an innocent one after it.
fn with_old_bytes(bytes: &[u8]) -> TestRepository {
    let mut repository = with_bytes(bytes);
    repository.commit("two");
    repository.write("migrations/3_i.sql", "CREATE INDEX i ON t (a);\n");
    repository
}

const LATIN_1: &[u8] = b"CREATE TABLE u (a integer);\nCOMMENT ON TABLE u IS 'caf\xE9';\n";
const UTF_16: &[u8] = b"\xFF\xFEC\0R\0E\0A\0T\0E\0";
const UNTERMINATED: &[u8] = b"CREATE TABLE u (a integer);\nCOMMENT ON TABLE u IS 'it''s;\n";

#[test]
fn new_file_that_is_not_utf_8_is_a_finding_with_its_place() {
    assert_snapshot!(migcheck(with_bytes(LATIN_1).root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    error[migration_unreadable]: the migration cannot be read: not UTF-8; save it as UTF-8
    --> migrations/2_m.sql:2:27
     = why: what it does to the schema is not known, so no release can be judged on it
     = help: a migration has to be UTF-8 text of at most 50 MB

    unknown: 1 new migration, 0 statements, 1 not understood; 1 error
    the answer depends on statements that were not understood
    --- exit 1
    ");
    assert_snapshot!(migcheck(with_bytes(UTF_16).root(), &["check", "-q"]), @"
    --- stdout
    error[migration_unreadable]: the migration cannot be read: encoded as UTF-16; save it as UTF-8
    --> migrations/2_m.sql:1:1
     = why: what it does to the schema is not known, so no release can be judged on it
     = help: a migration has to be UTF-8 text of at most 50 MB

    unknown: 1 new migration, 0 statements, 1 not understood; 1 error
    the answer depends on statements that were not understood
    --- exit 1
    ");
}

#[test]
fn old_file_that_is_not_utf_8_is_a_notice() {
    assert_snapshot!(migcheck(with_old_bytes(LATIN_1).root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@7df51ad
    --- stdout
    1 file of earlier migrations not understood; -v lists them
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(with_old_bytes(LATIN_1).root(), &["check", "-v"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@7df51ad
    --- stdout
    notice: migrations/2_m.sql:2:27: not UTF-8; save it as UTF-8
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(with_old_bytes(UTF_16).root(), &["check", "-v"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@fbf2e9c
    --- stdout
    notice: migrations/2_m.sql: encoded as UTF-16; save it as UTF-8
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn string_without_end_in_a_new_file_is_a_finding_with_its_place() {
    assert_snapshot!(migcheck(with_bytes(UNTERMINATED).root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    error[migration_unreadable]: the migration cannot be read: string without end
     --> migrations/2_m.sql:2:23
      |
    2 | COMMENT ON TABLE u IS 'it''s;
      |                       ^^^^^^^
      |
      = why: what it does to the schema is not known, so no release can be judged on it
      = help: close it: everything after it was taken for a part of it

    unknown: 1 new migration, 2 statements, 1 not understood; 1 error
    the answer depends on statements that were not understood
    --- exit 1
    ");
}

#[test]
fn string_without_end_in_an_old_file_is_a_notice() {
    assert_snapshot!(migcheck(with_old_bytes(UNTERMINATED).root(), &["check", "-v"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base main@9218eb3
    --- stdout
    notice: migrations/2_m.sql:2:23: string without end
    not understood: migrations/2_m.sql:2: string without end
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn empty_file_is_a_migration_that_does_nothing() {
    assert_snapshot!(migcheck(with_bytes(b"").root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    any-order: 1 new migration, 0 statements, all understood
    --- exit 0
    ");
    assert_snapshot!(migcheck(with_bytes(b"\xEF\xBB\xBF-- nothing\n").root(), &["check"]), @"
    --- stderr
    migcheck: sqlx · postgres · migrations/ (2, 1 new) · base main@60c8a76
    --- stdout
    any-order: 1 new migration, 0 statements, all understood
    --- exit 0
    ");
}

// The terminal.

#[test]
fn closed_pipe_is_no_failure() {
    let repository = small();
    let text: String = (0..2000)
        .map(|n| format!("CREATE DOMAIN d{n} AS nothing_known{n}; DO $$ BEGIN x; END $$;\n"))
        .collect();
    repository.write("migrations/2_many.sql", &text);
    for format in ["text", "json"] {
        let mut child = program(
            repository.root(),
            &["check", "--exit-zero", "-q", "--format", format],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        // The reader goes away before anything is written.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
    }
}

#[test]
fn closed_standard_error_is_no_failure() {
    let repository = small();
    let mut child = program(repository.root(), &["check"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn colours_only_when_asked_for() {
    let repository = small();
    repository.write("migrations/2_drop.sql", "ALTER TABLE t DROP COLUMN b;");
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = program(repository.root(), &[&["check", "-q"], arguments].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        output.stdout.contains(&0x1B)
    };
    assert!(!coloured(&[], &[]), "standard output is a pipe");
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured(
        &[],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
    ));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--format", "json"], &[("CLICOLOR_FORCE", "1")]));
}

/// What would colour a terminal, set its title, or turn text around.
const ESCAPES: [&str; 4] = ["\u{1b}[31m", "\u{1b}]0;title\u{7}", "\u{9b}31m", "\u{202e}"];

pub(crate) fn assert_nothing_escapes(what: &str, output: &std::process::Output) {
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        let found = text
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(found, None, "{what}: {text:?}");
    }
}

#[test]
fn escapes_in_sql_do_not_reach_the_terminal() {
    for escape in ESCAPES {
        let repository = small();
        let text = format!(
            "ALTER TABLE t RENAME COLUMN b TO \"b{escape}\";\n\
             ALTER TABLE t DROP COLUMN a; /* {escape} */\n\
             DO $$ {escape} $$;\n\
             ALTER TABLE \"gone{escape}\" DROP COLUMN a;\n\
             FROBNICATE \"{escape}\";\n\
             COMMENT ON TABLE t IS '{escape}"
        );
        repository.write("migrations/2_m.sql", &text);
        for arguments in [
            &["check", "-v"][..],
            &["check", "--all", "-v", "--show-files"],
        ] {
            let output = program(repository.root(), arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{escape:?}");
            assert_nothing_escapes(&format!("{escape:?} {arguments:?}"), &output);
        }
    }
}

#[test]
fn escapes_in_names_do_not_reach_the_terminal() {
    for escape in ESCAPES {
        let mut repository = small();
        repository.write(
            &format!("db/migrations{escape}/1_t.sql"),
            "CREATE TABLE t (a integer);\n",
        );
        repository.git(&["rm", "-r", "--quiet", "migrations"]);
        repository.commit("two");
        repository.write(
            &format!("db/migrations{escape}/2_{escape}.sql"),
            "DROP TABLE t;\n",
        );
        let live = format!("v{escape}");
        for arguments in [
            &["check", "-v", "--show-files"][..],
            &["check", "--all"],
            &["check", "--since", &live],
            &["check", "--live", &live],
            &["check", "--base", &live],
            &["check", "--select", &live],
            &["check", &live],
            &["explain", &live],
        ] {
            let output = program(repository.root(), arguments).output().unwrap();
            assert_ne!(output.status.code(), Some(0), "{escape:?} {arguments:?}");
            assert_nothing_escapes(&format!("{escape:?} {arguments:?}"), &output);
        }
    }
}

// Other commands.

#[test]
fn explain_prints_the_page_of_a_rule() {
    let output = program(Path::new("/"), &["explain", "column_dropped"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let rule = migcheck::rule("column_dropped").expect("there is such a rule");
    let plain = migcheck::Styling {
        colour: false,
        width: Some(80),
    };
    let page = migcheck::page_to_text(rule, plain);
    assert_eq!(String::from_utf8_lossy(&output.stdout), page);
}

#[test]
fn contract_of_a_repository_without_migrations_takes_a_dump_of_the_schema() {
    let mut repository = TestRepository::new();
    repository.write("sql/all.sql", "SELECT id, name FROM users;\n");
    repository.write(
        "dump.sql",
        "CREATE TABLE public.users (id integer NOT NULL, name text);\n\
         ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);\n",
    );
    repository.commit("queries");
    let contract = |extra: &[&str]| {
        let arguments = [&["contract", "--queries", "sql/*.sql"], extra].concat();
        migcheck(repository.root(), &arguments)
    };
    for extra in [
        &["--schema-file", "dump.sql"][..],
        &["--schema-file", "dump.sql", "--at", "HEAD"],
    ] {
        let drawn = contract(extra);
        assert!(
            drawn.contains("{ name = \"id\", type = \"integer\", null = false"),
            "{drawn}"
        );
        assert!(drawn.contains("--- exit 0"), "{drawn}");
    }
    assert!(contract(&[]).contains("--- exit 2"));
}

#[test]
fn explain_says_how_the_tool_sends_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let told = |layout: &str, text: &str| {
        write(
            "migcheck.toml",
            &format!("layout = \"{layout}\"\ndialect = \"postgres\"\n"),
        );
        write(
            "migrations/1_a.up.sql",
            "CREATE TABLE t (a integer, b text);",
        );
        write("migrations/2_b.up.sql", text);
        let arguments = ["explain", "migrations/2_b.up.sql"];
        migcheck(folder.path(), &arguments)
    };
    let rename = "ALTER TABLE t RENAME COLUMN b TO c;";
    let one = told("golang-migrate", rename);
    assert!(
        one.contains("sent as one text") && !one.contains("outside of"),
        "{one}"
    );
    let own = told("golang-migrate", &format!("BEGIN; {rename} COMMIT;"));
    assert!(own.contains("between BEGIN and COMMIT"), "{own}");
    let sqlx = told("sqlx", rename);
    assert!(!sqlx.contains("as the file is now"), "{sqlx}");
    write(
        "goose/migcheck.toml",
        "layout = \"goose\"\ndialect = \"postgres\"\n",
    );
    write(
        "goose/1_a.sql",
        "-- +goose Up\nCREATE TABLE t (a integer, b text);",
    );
    write(
        "goose/2_b.sql",
        &format!("-- +goose NO TRANSACTION\n-- +goose Up\n{rename}"),
    );
    let each = migcheck(folder.path(), &["explain", "goose/2_b.sql"]);
    assert!(
        each.contains("outside of a transaction, as the file is now"),
        "{each}"
    );
}

#[test]
fn a_tool_that_is_not_known_is_answered_with_those_that_are() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let told = |name| migcheck(folder.path(), &["check", "--layout", name]);
    let (near, far) = (told("flywey"), told("rails"));
    assert!(
        near.contains("unknown value `flywey`; did you mean `flyway`?"),
        "{near}"
    );
    assert!(far.contains("unknown value `rails`; known: `"), "{far}");
    for layout in ["`sqlx`", "`pop`", "`plain`"] {
        assert!(far.contains(layout), "{far}");
    }
}

#[test]
fn rules_are_listed_with_a_sentence_each() {
    let output = program(Path::new("/"), &["rules"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), migcheck::RULES.len());
    for (line, rule) in text.lines().zip(migcheck::RULES) {
        assert!(line.starts_with(rule.name), "{line}");
        assert!(line.ends_with('.'), "{line}");
    }
}

#[test]
fn without_arguments_the_help_is_printed() {
    let shown = migcheck(Path::new("/"), &[]);
    assert!(shown.contains("Usage: migcheck"), "{shown}");
    assert!(shown.ends_with("--- exit 2\n"), "{shown}");
}

/// Through a shell, as people write it.
#[test]
fn reader_that_has_seen_enough() {
    let repository = small();
    repository.write("migrations/2_drop.sql", "ALTER TABLE t DROP COLUMN b;");
    let mut shell = Command::new("bash")
        .current_dir(repository.root())
        .env("MIGCHECK", env!("CARGO_BIN_EXE_migcheck"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let line = "set -o pipefail; \"$MIGCHECK\" check -q --exit-zero | head -c 10\n";
    shell
        .stdin
        .take()
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    let output = shell.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "error[colu");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn environment_gives_defaults_that_the_command_line_outranks() {
    let mut command = program(&fixture("rename_column"), &["check", "--all", "-q"]);
    command.env("MIGCHECK_BASE", "main");
    let text = shown(&mut command);
    assert!(text.ends_with("--- exit 1\n"), "{text}");
    let mut command = program(&fixture("rename_column"), &["check", "--since", "2", "-q"]);
    command.env("MIGCHECK_FAIL_ON", "never");
    command.env("MIGCHECK_DEPLOY", "");
    let text = shown(&mut command);
    assert!(text.ends_with("--- exit 0\n"), "{text}");
}

#[test]
fn a_starting_schema_is_what_the_history_begins_with() {
    let dump = "SELECT pg_catalog.set_config('search_path', '', false);\n\\restrict k\n\
                CREATE TABLE public.users (id integer NOT NULL, email text);\n\\unrestrict k\n";
    let repository = repository(&[
        (
            "migcheck.toml",
            "layout = \"plain\"\ndialect = \"postgres\"\n",
        ),
        (
            "migrations/7_a.sql",
            "ALTER TABLE users ADD COLUMN n integer;\n",
        ),
    ]);
    repository.write("db/structure.sql", dump);
    repository.write(
        "migrations/8_b.sql",
        "ALTER TABLE users DROP COLUMN nickname;\nALTER TABLE users DROP COLUMN email;\n",
    );
    // Without it, the column may have been there; with it, it was not.
    let without = migcheck(
        repository.root(),
        &["check", "--select", "statement_refused"],
    );
    assert!(!without.contains("statement_refused"), "{without}");
    let given = ["check", "--schema-file", "db/structure.sql"];
    let with = migcheck(repository.root(), &given);
    assert!(
        with.contains("error[column_dropped]: column `users.email`"),
        "{with}"
    );
    assert!(
        with.contains("42703 column \"nickname\" of relation \"users\""),
        "{with}"
    );
    assert!(!with.contains("replay_differs"), "{with}");
    // The configuration says the same, for the base too, which did not say it yet.
    repository.write(
        "migcheck.toml",
        "layout = \"plain\"\ndialect = \"postgres\"\nschema_file = \"db/structure.sql\"\n",
    );
    assert_eq!(migcheck(repository.root(), &["check"]), with);
    repository.write(
        "migcheck.toml",
        "layout = \"plain\"\ndialect = \"postgres\"\nschema_file = \"db/none.sql\"\n",
    );
    let missing = migcheck(repository.root(), &["check"]);
    assert!(
        missing.contains("db/none.sql cannot be read: the file is gone"),
        "{missing}"
    );
    assert!(missing.contains("exit 2"), "{missing}");
}

#[test]
fn the_settings_that_hold_are_printed_with_where_they_come_from() {
    let mut repository = TestRepository::new();
    repository.write("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n");
    repository.write("migrations/1_a.sql", "CREATE TABLE t (a integer);");
    let config = "deploy = \"phased\"\n[code]\nsearch_path = [\"app\", \"public\"]\n";
    repository.write("migcheck.toml", config);
    repository.commit("base");
    let printed = |arguments: &[&str]| {
        let arguments = [&["check", "--print-config"], arguments].concat();
        let mut command = program(repository.root(), &arguments);
        let output = command.env("MIGCHECK_FAIL_ON", "warning").output();
        let output = output.expect("the program runs");
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).expect("it is UTF-8")
    };
    let text = printed(&["--server-version", "16", "--live", "v1.*"]);
    assert_snapshot!(text, @r#"
    # --fail-on warning  # MIGCHECK_FAIL_ON

    # migrations/, migcheck.toml is read
    # name                                    # none
    migrations = "migrations"                 # found
    layout = "sqlx"                           # `sqlx` in Cargo.toml
    dialect = "postgres"                      # assumed
    server_version = "16"                     # --server-version
    # schema_file                             # none
    deploy = "phased"                         # migcheck.toml:1
    # transaction                             # that of the layout
    # unit                                    # that of the layout

    # [placeholders]                          # none

    # [custom]                                # for the layout `custom` only

    [history]
    # table                                   # that of the layout

    [phased]
    # post_deploy                             # none

    [releases]
    live = ["v1.*"]                           # --live

    [code]
    # queries                                 # found by themselves
    # exclude                                 # none
    literals = true                           # default
    search_path = ["app", "public"]           # migcheck.toml:3
    # role                                    # nobody in particular
    # prepared                                # not known, as "none"
    evidence = "partial"                      # default
    reflection = false                        # default

    [rules]
    # select                                  # all
    # ignore                                  # none
    unknown = "warning"                       # default

    # [rules.severity]                        # what the break and the way of deploying make of it

    # [[consumer]]                            # none

    # [[retired]]                             # none

    # [[allow]]                               # none
    "#);
    // What is printed is a configuration that says the same.
    repository.write("migcheck.toml", &text);
    let values = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|it| it.split("  #").next().unwrap_or(it));
        lines.map(|it| it.trim_end().to_owned()).collect()
    };
    assert_eq!(values(&printed(&[])), values(&text));
}

/// What a terminal of so many columns gets of a run.
fn seen_on(folder: &Path, arguments: &[&str], columns: usize, terminal: &str) -> String {
    let words: Vec<String> = std::iter::once(env!("CARGO_BIN_EXE_migcheck"))
        .chain(arguments.iter().copied())
        .map(|it| format!("'{it}'"))
        .collect();
    let run = format!("stty rows 40 cols {columns}; {}", words.join(" "));
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &run, "/dev/null"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", terminal)
        .stdin(Stdio::null())
        .output()
        .expect("a terminal can be had");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// The same with the colours taken out, and the blanks at the ends of lines.
fn on_terminal(folder: &Path, arguments: &[&str], columns: usize) -> String {
    let text = seen_on(folder, arguments, columns, "xterm");
    let colour = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("the pattern is one");
    let text = colour.replace_all(&text, "").replace('\r', "");
    assert!(!text.contains('\u{1b}'), "nothing else is drawn:\n{text}");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[test]
fn a_terminal_gets_colours_and_lines_of_its_width() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    crate::support::copy(&fixture("rename_column"), folder.path());
    let narrow = on_terminal(folder.path(), &["check", "--since", "2"], 60);
    let wide = on_terminal(folder.path(), &["check", "--since", "2"], 200);
    assert_snapshot!(narrow, @r#"
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base
      the release at version 2
    error[column_renamed]: column `users.nickname` is renamed to
                           `display_name`
     --> migrations/0003_rename_nickname.sql:2:19
      |
    2 | ...users RENAME COLUMN nickname TO display_name;
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release at version 2
                    (old code) fail on the new schema: 42703
                    column "nickname" of relation "users" does
                    not exist (presumed: its queries are not
                    known)
      = new-on-old: reads and writes of head (new code) fail on
                    the old schema: 42703 column "display_name"
                    of relation "users" does not exist
                    (presumed: its queries are not known)
      = why: old code knows only the old name and new code only
             the new one, so at every moment one of them fails
      = help: add `display_name` beside it, write both, copy the
              old values, read the new one, and drop
              `users.nickname` in a later release; or keep the
              name

    no-safe-order: 1 new migration, 1 statement, all understood;
    1 error
    no order of deploying and migrating is safe:
    `migcheck explain migrations/0003_rename_nickname.sql` shows
    the steps that are
    "#);
    assert_snapshot!(wide, @r#"
    migcheck: sqlx · postgres · migrations/ (3, 1 new) · base the release at version 2
    error[column_renamed]: column `users.nickname` is renamed to `display_name`
     --> migrations/0003_rename_nickname.sql:2:19
      |
    2 | ALTER TABLE users RENAME COLUMN nickname TO display_name;
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of the release at version 2 (old code) fail on the new schema: 42703 column "nickname" of relation "users" does not exist (presumed: its queries are not known)
      = new-on-old: reads and writes of head (new code) fail on the old schema: 42703 column "display_name" of relation "users" does not exist (presumed: its queries are not known)
      = why: old code knows only the old name and new code only the new one, so at every moment one of them fails
      = help: add `display_name` beside it, write both, copy the old values, read the new one, and drop `users.nickname` in a later release; or keep the name

    no-safe-order: 1 new migration, 1 statement, all understood; 1 error
    no order of deploying and migrating is safe: `migcheck explain migrations/0003_rename_nickname.sql` shows the steps that are
    "#);
}

#[test]
fn a_narrow_terminal_breaks_neither_sql_nor_commands() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    crate::support::copy(&fixture("rename_column"), folder.path());
    let file = "migrations/0003_rename_nickname.sql";
    let told = on_terminal(folder.path(), &["explain", file], 50);
    assert_snapshot!(told, @r#"
    migrations/0003_rename_nickname.sql (version 3)

    what it does
      line 2: renames column `nickname` of `users` to
          `display_name`

    what changes in the schema
      ~ column `users.nickname` is renamed to
          `display_name`

    who works when
      before it
        old code (the release before) works
        new code breaks: 42703 column "display_name"
            of relation "users" does not exist
      after it
        old code (the release before) breaks: 42703
            column "nickname" of relation "users" does
            not exist
        new code works

    verdict: no-safe-order, whether the code or the
        migration goes first, something fails for a
        while

    what to look at (`migcheck explain RULE` says
        more)
      column_renamed: column `users.nickname` is
          renamed to `display_name`

    the safe sequence, each step when the one before
        is complete

      1. change it to this, and run it:
          migrations/0003_rename_nickname.sql

           ALTER TABLE users ADD COLUMN display_name text;
           UPDATE users SET display_name = nickname;
           CREATE OR REPLACE FUNCTION users_sync_nickname_display_name() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
             IF TG_OP = 'INSERT' THEN
               IF NEW.display_name IS NULL THEN
                 NEW.display_name := NEW.nickname;
               ELSE
                 NEW.nickname := NEW.display_name;
               END IF;
             ELSIF NEW.display_name IS DISTINCT FROM OLD.display_name THEN
               NEW.nickname := NEW.display_name;
             ELSIF NEW.nickname IS DISTINCT FROM OLD.nickname THEN
               NEW.display_name := NEW.nickname;
             END IF;
             RETURN NEW;
           END $$;
           CREATE TRIGGER users_sync_nickname_display_name BEFORE INSERT OR UPDATE ON users
             FOR EACH ROW EXECUTE FUNCTION users_sync_nickname_display_name();

      2. deploy a release as follows, and wait until
          no older one is alive:
           - it uses `users.display_name` instead of
             `users.nickname`
         and its migcheck.toml says so:

           [[retired]]
           object = "users.nickname"
           reason = "…"

      3. add this, and run it:
          migrations/0004_rename_nickname_step2.sql

           DROP TRIGGER users_sync_nickname_display_name ON users;
           DROP FUNCTION users_sync_nickname_display_name();
           ALTER TABLE users DROP COLUMN display_name;
           ALTER TABLE users RENAME COLUMN nickname TO display_name;
    "#);
}

#[test]
fn help_is_as_wide_as_the_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for command in ["help", "check", "explain", "graph", "diff", "init"] {
        for columns in [60, 80] {
            let told = on_terminal(folder.path(), &[command, "--help"], columns);
            let widest = told.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|it| it <= columns), "{told}");
        }
    }
}

#[test]
fn a_terminal_that_only_prints_lines_gets_no_colours() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    crate::support::copy(&fixture("rename_column"), folder.path());
    let arguments = ["check", "--since", "2"];
    assert!(seen_on(folder.path(), &arguments, 80, "xterm").contains('\u{1b}'));
    assert!(!seen_on(folder.path(), &arguments, 80, "dumb").contains('\u{1b}'));
}

#[test]
fn a_long_statement_is_shown_from_both_ends() {
    let repository = small();
    let columns: Vec<String> = (1..=20).map(|it| format!("    c{it} text")).collect();
    let text = format!(
        "DROP TABLE t;\nCREATE TABLE t (\n{}\n);\n",
        columns.join(",\n")
    );
    repository.write("migrations/2_anew.sql", &text);
    let told = migcheck(repository.root(), &["check", "--select", "column_dropped"]);
    let excerpt: Vec<&str> = told.lines().skip(4).take(10).collect();
    assert_snapshot!(excerpt.join("\n"), @r"
      --> migrations/2_anew.sql:2:1
       |
     2 | / CREATE TABLE t (
     3 | |     c1 text,
     4 | |     c2 text,
     5 | |     c3 text,
    ...  |
    22 | |     c20 text
    23 | | );
       | |_^
    ");
}

#[test]
fn explain_takes_a_file_as_reports_name_it() {
    let repository = small();
    repository.write("migrations/2_drop.sql", "ALTER TABLE t DROP COLUMN b;");
    let folder = repository.root().join("migrations");
    let arguments = |name: &'static str| ["explain", name];
    let told = migcheck(&folder, &arguments("migrations/2_drop.sql"));
    assert!(told.contains("the safe sequence"), "{told}");
    assert_eq!(told, migcheck(&folder, &arguments("2_drop.sql")));
    assert_eq!(
        told,
        migcheck(&folder, &arguments("file:migrations/2_drop.sql"))
    );
}

#[test]
fn whoever_waits_is_told_what_a_run_is_at() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    crate::support::copy(&fixture("rename_column"), folder.path());
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let options = migcheck::Options {
        paths: vec![folder.path().to_owned()],
        new: migcheck::New::SinceVersion("2".to_owned()),
        progress: migcheck::Progress::to(move |stage| {
            listener.lock().unwrap().push(stage.to_string())
        }),
        ..migcheck::Options::default()
    };
    migcheck::check(&options, &|_| None).expect("the check can be made");
    let told = told.lock().unwrap().join("\n");
    assert_snapshot!(told, @"
    replaying migrations/
    reading the code of head
    judging migrations/
    ");
}

#[test]
fn a_flood_of_old_findings_ends_with_how_often_each_rule_speaks() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::create_dir(folder.path().join("migrations")).unwrap();
    let write = |number: usize, text: &str| {
        let path = format!("migrations/{number:03}_m.sql");
        std::fs::write(folder.path().join(path), text).unwrap();
    };
    for number in 0..10 {
        let table = format!("CREATE TABLE t{number} (a integer, b text, c text, d text);");
        write(number * 3 + 1, &table);
        write(
            number * 3 + 2,
            &format!("ALTER TABLE t{number} DROP COLUMN b;"),
        );
        write(
            number * 3 + 3,
            &format!("ALTER TABLE t{number} RENAME COLUMN c TO e;"),
        );
    }
    let ends = |more: &[&str]| {
        let said = migcheck(folder.path(), &[&["check"], more].concat());
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len() - 4..].join("\n")
    };
    assert_snapshot!(ends(&["--all"]), @"
    30 migrations, 30 statements, all understood; 20 errors
    by rule: column_dropped 10, column_renamed 10
    all this is the past: `migcheck check` judges only what is new
    --- exit 1
    ");
    assert_snapshot!(ends(&["--since", "27"]), @"
    migcheck: plain · postgres · migrations/ (30, 3 new) · base the release at version 027
    --- stdout
    migrate-first: 3 new migrations, 3 statements, all understood
    --- exit 0
    ");
}
