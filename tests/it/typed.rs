//! A migration on the standard input.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::cli::program;
use crate::support::TestRepository;

/// What the program prints of a text, without the excerpt's lines, and how it ends.
fn typed(folder: &Path, text: &str, arguments: &[&str]) -> String {
    let arguments = [&["check", "-", "--format", "gcc"], arguments].concat();
    let mut child = program(folder, &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A program that refuses its arguments reads nothing.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stderr, output.stdout].concat();
    let code = output.status.code().unwrap_or(-1);
    let said = String::from_utf8(said).expect("it is UTF-8");
    let first: Vec<&str> = said
        .lines()
        .map(|it| it.split(';').next().unwrap_or(it))
        .collect();
    let said = format!("{}\nexit {code}", first.join("\n"));
    said.trim_start().to_owned()
}

fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", "layout = \"sqlx\"\n");
    repository.write(
        "db/migrations/0009_t.sql",
        "CREATE TABLE t (a integer, b text);",
    );
    repository.commit("base");
    repository
}

#[test]
fn it_is_judged_as_the_next_one() {
    let repository = repository();
    let root = repository.root();
    insta::assert_snapshot!(typed(root, "ALTER TABLE t DROP COLUMN b;", &[]), @"
    migcheck: sqlx · postgres · db/migrations/ (2, 1 new) · live the release without these files
    db/migrations/0010_stdin.sql:1:15: error: column `t.b` is dropped
    exit 1
    ");
    insta::assert_snapshot!(typed(root, "ALTER TABLE t ADD COLUMN c text;", &["-q"]), @"exit 0");
    // As an editor has it: the path of a file that may be there already, with another text.
    let here = root.join("db");
    let arguments = ["-q", "--stdin-filename", "migrations/0009_t.sql"];
    insta::assert_snapshot!(typed(&here, "CREATE TABLE u (a integer", &arguments), @"
    db/migrations/0009_t.sql:1:1: warning: this statement was not understood and may change anything
    exit 0
    ");
    let arguments = ["-q", "--stdin-filename", "0012_x.sql"];
    insta::assert_snapshot!(typed(root, "DROP TABLE t;", &arguments), @"
    db/migrations/0012_x.sql:1:1: error: table `t` is dropped
    exit 1
    ");
}

#[test]
fn what_a_framework_generates_needs_no_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("manage.py"), "").expect("it can be written");
    let schema = "CREATE TABLE app_user (id integer PRIMARY KEY, name text);";
    std::fs::write(folder.path().join("structure.sql"), schema).expect("it can be written");
    let arguments = ["--schema-file", "structure.sql"];
    let text = "BEGIN;\nALTER TABLE \"app_user\" DROP COLUMN \"name\" CASCADE;\nCOMMIT;";
    insta::assert_snapshot!(typed(folder.path(), text, &arguments), @"
    migcheck: plain · postgres · migrations/ (1, 1 new) · live the release without these files
    migrations/1_stdin.sql:2:24: error: column `app_user.name` is dropped
    exit 1
    ");
    // Without the schema before it, tables are taken for granted.
    // The name of an editor's file is kept where a tool has it so.
    let named = typed(
        folder.path(),
        text,
        &["-q", "--stdin-filename", "V9__drop.sql"],
    );
    assert!(
        named.contains("migrations/V9__drop.sql:2:24: error"),
        "{named}"
    );
    insta::assert_snapshot!(typed(folder.path(), text, &["-q", "--stdin-filename", "0042_drop.sql"]), @"
    migrations/0042_drop.sql:2:24: error: column `app_user.name` is dropped
    exit 1
    ");
}

#[test]
fn what_django_cannot_write_as_sql_is_not_understood() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let text = "BEGIN;\n--\n-- Raw Python operation\n--\n-- THIS OPERATION CANNOT BE WRITTEN AS SQL\n\
                --\n-- Add field b to t\n--\nALTER TABLE \"t\" ADD COLUMN \"b\" integer NULL;\nCOMMIT;\n";
    insta::assert_snapshot!(typed(folder.path(), text, &[]), @"
    migcheck: plain · postgres · migrations/ (1, 1 new) · live the release without these files
    migrations/1_stdin.sql:5:1: warning: this statement was not understood and may change anything
    exit 0
    ");
}

#[test]
fn an_idempotent_script_of_entity_framework_is_judged_as_it_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = "CREATE TABLE t (a integer, b text);";
    std::fs::write(folder.path().join("structure.sql"), schema).expect("it can be written");
    let script = |condition: &str, statement: &str| {
        format!(
            "\u{feff}START TRANSACTION;\n\nDO $EF$\nBEGIN\n    IF {condition}(SELECT 1 FROM \
             \"__EFMigrationsHistory\" WHERE \"MigrationId\" = '20240102000000_X') THEN\n    \
             {statement}\n    END IF;\nEND $EF$;\nCOMMIT;\n"
        )
    };
    let arguments = ["-q", "--schema-file", "structure.sql"];
    let up = script("NOT EXISTS", "ALTER TABLE t DROP COLUMN b;");
    insta::assert_snapshot!(typed(folder.path(), &up, &arguments), @"
    migrations/1_stdin.sql:6:19: error: column `t.b` is dropped
    exit 1
    ");
    let good = script(
        "NOT EXISTS",
        "ALTER TABLE t ADD \"C\" integer NOT NULL DEFAULT 0;",
    );
    insta::assert_snapshot!(typed(folder.path(), &good, &arguments), @"exit 0");
    // The way back is for a database that has the migration, and nothing here says so.
    let down = script("EXISTS", "ALTER TABLE t DROP COLUMN b;");
    insta::assert_snapshot!(typed(folder.path(), &down, &arguments), @"
    migrations/1_stdin.sql:6:19: warning: column `t.b` is dropped
    exit 0
    ");
}

#[test]
fn what_a_tool_notes_for_itself_hurts_nobody() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); \
                  CREATE TABLE t (a integer);";
    std::fs::write(folder.path().join("structure.sql"), schema).expect("it can be written");
    let text = "ALTER TABLE t ADD COLUMN b integer;\n\
                UPDATE alembic_version SET version_num='2' WHERE alembic_version.version_num = '1';\n";
    let arguments = ["-q", "--schema-file", "structure.sql"];
    insta::assert_snapshot!(typed(folder.path(), text, &arguments), @"exit 0");
}

#[test]
fn the_steps_are_explained_once_it_is_a_file() {
    let repository = repository();
    let output = program(
        repository.root(),
        &["check", "-", "--stdin-filename", "0010_it's.sql"],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .spawn()
    .and_then(|mut child| {
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(b"ALTER TABLE t RENAME b TO c;")?;
        drop(stdin);
        child.wait_with_output()
    })
    .expect("the program runs");
    let said = String::from_utf8(output.stdout).expect("it is UTF-8");
    let last = said.lines().last().unwrap_or_default();
    insta::assert_snapshot!(last, @r"no order of deploying and migrating is safe: saved as a file, `migcheck explain 'db/migrations/0010_it'\''s.sql'` shows the steps that are");
}

#[test]
fn slips_are_said() {
    let repository = repository();
    let root = repository.root();
    insta::assert_snapshot!(typed(root, "", &["db"]), @"
    migcheck: `-` stands alone: the standard input is one migration
    exit 2
    ");
    insta::assert_snapshot!(typed(root, "", &["--stdin-filename", "../x/1.sql"]), @"
    migcheck: ../x/1.sql does not lie in the repository
    exit 2
    ");
    insta::assert_snapshot!(typed(root, "", &["--stdin-filename", "x.sql"]), @"
    migcheck: sqlx · postgres · db/migrations/ (1, 0 new) · live the release without these files
    db/migrations/x.sql:1:1: warning: this migration is never run: sqlx wants <number>_<name>.sql [migration_skipped]
    exit 0
    ");
    let output = program(root, &["check", "--stdin-filename", "x.sql"]).output();
    let said = String::from_utf8(output.expect("the program runs").stderr).expect("UTF-8");
    insta::assert_snapshot!(said, @"migcheck: --stdin-filename names what is read from the standard input: give `-`");
}

/// As the server says it to the one who calls the procedure.
#[test]
fn a_dropped_procedure_is_called_one() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let schema = "CREATE PROCEDURE p(a integer) LANGUAGE sql AS 'SELECT 1';";
    std::fs::write(folder.path().join("schema.sql"), schema).expect("it can be written");
    let report = ["--schema-file", "schema.sql", "--format", "text=report.txt"];
    typed(folder.path(), "DROP PROCEDURE p;", &report);
    let said = std::fs::read_to_string(folder.path().join("report.txt")).expect("it is written");
    assert!(said.contains("procedure `p` is dropped"), "{said}");
    assert!(
        said.contains("42883 procedure p(...) does not exist"),
        "{said}"
    );
}
