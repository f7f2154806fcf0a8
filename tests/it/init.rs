//! `migcheck init`: the configuration that it writes, and the git hook.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use migcheck::discover::Config;

use crate::cli::{migcheck, program};
use crate::support::{TestRepository, copy, git_command};

/// What a run prints for programs, and how it ends.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = program(folder, arguments).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

fn folders_of_layouts() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/layouts");
    let entries = fs::read_dir(all).expect("the fixtures are there");
    let mut folders: Vec<PathBuf> = entries
        .map(|it| it.expect("it can be read").path())
        .filter(|it| it.join("expected.toml").is_file() && !it.join("migcheck.toml").exists())
        .collect();
    folders.sort();
    folders
}

#[test]
fn what_is_written_changes_nothing_for_any_layout() {
    let mut written = 0;
    for folder in folders_of_layouts() {
        let mut repository = TestRepository::new();
        copy(&folder, repository.root());
        fs::remove_file(repository.root().join("expected.toml")).expect("it is there");
        repository.commit("one");
        let judged = || {
            let root = repository.root();
            [
                run(root, &["check", "--all", "--format", "json"]),
                run(root, &["check", "--format", "json"]),
            ]
        };
        let before = judged();
        let output = program(repository.root(), &["init"]).output();
        let output = output.expect("it runs");
        let found = repository.git(&["status", "--porcelain", "--untracked-files=all"]);
        if !output.status.success() {
            // Several projects, or none.
            assert_eq!(output.status.code(), Some(2), "{}", folder.display());
            assert_eq!(found, "", "{}", folder.display());
            continue;
        }
        written += 1;
        let path = found.strip_prefix("?? ").expect("one file is new");
        assert!(path.ends_with("migcheck.toml"), "{path}");
        let text = fs::read_to_string(repository.root().join(path)).expect("it is there");
        let config = Config::parse(path, path, &text).expect("it reads what it writes");
        assert!(config.layout.is_some() && config.dialect.is_some() && config.migrations.is_some());
        assert_eq!(judged(), before, "{}:\n{text}", folder.display());
        // What stands in comments is a configuration as well.
        let lines = text.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.contains(" = ") && !rest.ends_with('.') => {
                rest
            }
            _ => line,
        });
        let uncommented: String = lines.map(|line| format!("{line}\n")).collect();
        Config::parse(path, path, &uncommented).unwrap_or_else(|it| panic!("{it}\n{uncommented}"));
    }
    assert!(written > 20, "{written}");
}

fn shop() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\n\n[dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n",
    );
    repository.write(
        "compose.yml",
        "services:\n  db:\n    image: postgres:16.4\n",
    );
    repository.write(
        "migrations/1_t.sql",
        "CREATE TABLE t (a integer, b text);\n",
    );
    repository.write("migrations/2_u.sql", "CREATE TABLE u (a integer);\n");
    repository.write(
        "src/main.rs",
        "fn main() { sqlx::query(\"SELECT a FROM t WHERE b = $1\"); }\n",
    );
    repository.commit("one");
    repository.git(&["tag", "v1.9"]);
    repository.git(&["tag", "v1.10"]);
    repository
}

#[test]
fn project_is_written_down_with_what_told_it() {
    let repository = shop();
    assert_snapshot!(migcheck(repository.root(), &["init"]), @"
    --- stdout
    wrote migcheck.toml
      layout          sqlx (`sqlx` in Cargo.toml)
      migrations      migrations/ (2 migrations)
      dialect         postgres (`postgres` in Cargo.toml)
      server version  16.4 (`postgres:16.4` in compose.yml)
      deploy          migrate-first
      code            1 query: Rust strings
    next: migcheck check, or migcheck check --all to judge what is there already
    then: migcheck init --hook, so that each commit is judged
    --- exit 0
    ");
    let path = repository.root().join("migcheck.toml");
    let text = fs::read_to_string(path).expect("it is there");
    assert_snapshot!(text, @r#"
    # How migcheck reads this project and judges its migrations (`migcheck check`). A line that is
    # left out is found again, or has its default.

    # The migration tool (`sqlx` in Cargo.toml).
    # Migrations are sought in this folder alone, from the folder of this file.
    layout = "sqlx"
    migrations = "migrations"

    # The server (`postgres` in Cargo.toml).
    # Its version is 16.4 (`postgres:16.4` in compose.yml); say so where production has another.
    dialect = "postgres"
    # server_version = "16.4"

    # In which order code and migrations go out: migrate-first, code-first, phased (some migrations
    # after the code: [phased] post_deploy = ["post/**"]), concurrent (nobody knows), offline.
    deploy = "migrate-first"

    # The releases that may run beside a change, or that you may roll back to: tags, branches, or
    # patterns of them. By default it is where the branch left its target.
    # [releases]
    # live = ["v1.10"]

    # The queries of the code say what a change really breaks.
    # Found by themselves: 1 query: Rust strings.
    # Statistics and logs can be named too; evidence = "complete" says that these are all there are.
    # [code]
    # queries = ["sql/**/*.sql"]
    # evidence = "complete"

    # What this release no longer uses, so that a later one may drop it.
    # [[retired]]
    # object = "users.nickname"
    # reason = "replaced by display_name"
    "#);
}

#[test]
fn command_line_is_written_as_lines_that_count() {
    let repository = shop();
    let arguments = ["init", "--server-version", "14", "--deploy", "code-first"];
    assert_eq!(run(repository.root(), &arguments).0, Some(0));
    let path = repository.root().join("migcheck.toml");
    let text = fs::read_to_string(path).expect("it is there");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    let expected = [
        "layout = \"sqlx\"",
        "migrations = \"migrations\"",
        "dialect = \"postgres\"",
        "server_version = \"14\"",
        "deploy = \"code-first\"",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn configuration_that_is_there_stays() {
    let repository = shop();
    let path = repository.write("migcheck.toml", "deploy = \"offline\"\n");
    assert_snapshot!(migcheck(repository.root(), &["init"]), @"
    --- stderr
    migcheck: migrations is configured by migcheck.toml already; nothing is written
    --- exit 2
    ");
    // Even one that cannot be read.
    repository.write("migcheck.toml", "deploi = 3\n");
    assert_snapshot!(migcheck(repository.root(), &["init"]), @"
    --- stderr
    migcheck: migcheck.toml:1:1: unknown key `deploi`; did you mean `deploy`?
    --- exit 2
    ");
    let text = fs::read_to_string(path).expect("it is there");
    assert_eq!(text, "deploi = 3\n");
}

#[test]
fn each_of_several_projects_has_its_own() {
    let repository = TestRepository::new();
    let migration = "CREATE TABLE t (a serial);\n";
    for folder in ["api/migrations", "db/one/migrations", "db/two/migrations"] {
        repository.write(&format!("{folder}/1_t.sql"), migration);
    }
    repository.write("api/go.mod", "module api\n");
    let all = migcheck(repository.root(), &["init"]);
    assert_snapshot!(all, @"
    --- stderr
    migcheck: 3 projects are here, and each has a configuration of its own; nothing is written: begin with one of `migcheck init api/migrations`, `migcheck init db/one/migrations`, `migcheck init db/two/migrations`
    --- exit 2
    ");
    let inside = migcheck(&repository.root().join("db"), &["init"]);
    assert_snapshot!(inside, @"
    --- stderr
    migcheck: 2 projects are here, and each has a configuration of its own; nothing is written: begin with one of `migcheck init one/migrations`, `migcheck init two/migrations`
    --- exit 2
    ");
    for folder in ["api/migrations", "db/one/migrations", "db/two/migrations"] {
        assert_eq!(
            run(repository.root(), &["init", folder]).0,
            Some(0),
            "{folder}"
        );
    }
    let found = repository.git(&["status", "--porcelain", "-uall", "*migcheck.toml"]);
    assert_snapshot!(found, @"
    ?? api/migcheck.toml
    ?? db/one/migcheck.toml
    ?? db/two/migcheck.toml
    ");
    let (code, _) = run(repository.root(), &["check", "--all"]);
    assert_eq!(code, Some(0));
}

#[test]
fn hostile_names_stay_what_they_are() {
    for (name, is_written) in [("# c\nlayout = \"goose\"\n\r\u{7}", true), ("a\\b", false)] {
        let repository = TestRepository::new();
        let folder = format!("a \"\"\" {name}/migrations");
        repository.write(&format!("{folder}/1_t.sql"), "CREATE TABLE t (a serial);\n");
        repository.write("go.mod", "module a\n");
        let before = run(repository.root(), &["check", "--all"]);
        assert_eq!(run(repository.root(), &["init"]).0, Some(0));
        let path = repository.root().join("migcheck.toml");
        let text = fs::read_to_string(path).expect("it is there");
        let config = Config::parse("migcheck.toml", "migcheck.toml", &text).expect("it is read");
        assert_eq!(config.migrations, is_written.then_some(folder));
        assert_eq!(run(repository.root(), &["check", "--all"]), before);
    }
}

// The hook.

/// `git` in `folder` as a user with migcheck installed runs it; whether it ended well, and what it
/// said.
fn git_with(folder: &Path, path: &str, arguments: &[&str]) -> (bool, String) {
    let output = git_command(folder)
        .args(arguments)
        .env("PATH", path)
        .env("HOME", folder)
        .output()
        .expect("git is installed");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// The variable with the program of this build in front, or in none of its folders.
pub(crate) fn path_of(is_installed: bool) -> String {
    let path = std::env::var("PATH").expect("there is a PATH");
    if !is_installed {
        let mut folders = std::env::split_paths(&path).collect::<Vec<_>>();
        folders.retain(|it| !it.join("migcheck").exists());
        let path = std::env::join_paths(folders).expect("they come from there");
        return path.to_string_lossy().into_owned();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_migcheck"));
    let folder = program.parent().expect("it lies in a folder");
    format!("{}:{path}", folder.display())
}

fn git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    git_with(folder, &path_of(true), arguments)
}

/// A project with the hook, on a branch.
fn hooked() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write(
        "migrations/1_t.sql",
        "CREATE TABLE t (a integer, b text);\n",
    );
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    assert_eq!(run(repository.root(), &["init", "--hook"]).0, Some(0));
    repository
}

const BAD: &str = "ALTER TABLE t DROP COLUMN b;\n";
const GOOD: &str = "CREATE TABLE u (a integer);\n";

#[test]
fn hook_refuses_a_bad_commit_and_lets_a_good_one_pass() {
    let repository = hooked();
    repository.write("migrations/2_u.sql", GOOD);
    repository.git(&["add", "."]);
    let (passed, said) = git(repository.root(), &["commit", "--message", "good"]);
    assert!(passed, "{said}");
    assert!(said.contains("migrate-first: 1 new migration"), "{said}");
    repository.write("migrations/3_t.sql", BAD);
    repository.git(&["add", "."]);
    let (passed, said) = git(repository.root(), &["commit", "--message", "bad"]);
    assert!(!passed);
    assert!(said.contains("error[column_dropped]"), "{said}");
    assert_eq!(repository.git(&["log", "-1", "--format=%s"]), "good");
}

#[test]
fn hook_without_the_program_refuses_and_says_why() {
    let repository = hooked();
    repository.write("migrations/2_u.sql", GOOD);
    repository.git(&["add", "."]);
    let (passed, said) = git_with(repository.root(), &path_of(false), &["commit", "-m", "x"]);
    assert!(!passed);
    assert_snapshot!(said, @"migcheck: the program is not in PATH, so nothing was checked and nothing is committed; install it, or commit with --no-verify");
}

#[test]
fn hook_judges_what_is_staged_and_nothing_else() {
    let repository = hooked();
    let root = repository.root();
    // Neither a file that is not staged, nor what has become of one since.
    repository.write("migrations/2_u.sql", GOOD);
    repository.git(&["add", "."]);
    repository.write("migrations/2_u.sql", BAD);
    repository.write("migrations/3_t.sql", BAD);
    let (passed, said) = git(root, &["commit", "--message", "good"]);
    assert!(passed, "{said}");
    assert!(said.contains("1 new migration, 1 statement"), "{said}");
    // And what is mended on disk only is still bad.
    repository.git(&["checkout", "--quiet", "migrations/2_u.sql"]);
    repository.git(&["add", "."]);
    repository.write("migrations/3_t.sql", GOOD);
    let (passed, said) = git(root, &["commit", "--message", "bad"]);
    assert!(!passed);
    assert!(said.contains("migrations/3_t.sql:1:15"), "{said}");
    fs::remove_file(root.join("migrations/3_t.sql")).expect("it is there");
    let (passed, said) = git(root, &["commit", "--message", "bad"]);
    assert!(!passed, "{said}");
    // What is staged counts, on disk or not; a configuration on disk does not.
    repository.write("migcheck.toml", "deploi = 3\n");
    let (passed, said) = git(root, &["commit", "--message", "bad"]);
    assert!(!passed);
    assert!(said.contains("error[column_dropped]"), "{said}");
}

#[test]
fn hook_sees_the_index_of_the_commit() {
    let repository = hooked();
    let root = repository.root();
    repository.write("migrations/2_u.sql", GOOD);
    repository.git(&["add", "."]);
    let (passed, said) = git(root, &["commit", "--message", "good"]);
    assert!(passed, "{said}");
    // `--all`, and a commit of some files while others are staged.
    repository.write("migrations/2_u.sql", BAD);
    let (passed, said) = git(root, &["commit", "--all", "--message", "bad"]);
    assert!(!passed, "{said}");
    repository.git(&["add", "."]);
    repository.write("notes", "x");
    repository.git(&["add", "notes"]);
    let (passed, said) = git(root, &["commit", "--message", "notes", "--", "notes"]);
    assert!(passed, "{said}");
    let (passed, _) = git(root, &["commit", "--message", "bad"]);
    assert!(!passed);
}

#[test]
fn hook_is_that_of_all_work_trees() {
    let repository = hooked();
    let elsewhere = tempfile::tempdir().expect("a temporary folder can be made");
    let tree = elsewhere.path().join("tree");
    let name = tree.to_str().expect("it is UTF-8");
    repository.git(&["worktree", "add", "--quiet", "-b", "other", name]);
    let said = migcheck(&tree, &["init", "--hook"]);
    assert!(said.contains("runs migcheck already"), "{said}");
    fs::write(tree.join("migrations/2_t.sql"), BAD).expect("it can be written");
    assert!(git(&tree, &["add", "."]).0);
    let (passed, said) = git(&tree, &["commit", "--message", "bad"]);
    assert!(!passed);
    assert!(said.contains("migrations/2_t.sql:1:15"), "{said}");
}

#[test]
fn hook_in_the_middle_of_a_merge_says_what_to_do() {
    let repository = hooked();
    repository.write("notes", "a");
    repository.git(&["add", "."]);
    assert!(git(repository.root(), &["commit", "--message", "a"]).0);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("notes", "b");
    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "--no-verify", "--message", "b"]);
    assert!(!git(repository.root(), &["merge", "topic"]).0);
    assert_snapshot!(migcheck(repository.root(), &["check", "--staged"]), @"
    --- stderr
    migcheck: what is staged cannot be judged while files are unmerged; resolve them and git add them
    --- exit 2
    ");
}

#[test]
fn first_commit_passes_and_the_hook_says_so() {
    let repository = TestRepository::new();
    assert_eq!(run(repository.root(), &["init", "--hook"]).0, Some(0));
    repository.write("migrations/1_t.sql", "CREATE TABLE t (a serial);\n");
    repository.git(&["add", "."]);
    let (passed, said) = git(
        repository.root(),
        &["commit", "--quiet", "--message", "one"],
    );
    assert!(passed, "{said}");
    assert_snapshot!(said, @"migcheck: the repository has no commit yet, so there is no old code to break; not checked (--all judges every migration)");
}

#[test]
fn folder_of_hooks_is_the_one_that_git_uses() {
    let repository = hooked();
    fs::remove_file(repository.root().join(".git/hooks/pre-commit")).expect("it is there");
    assert_snapshot!(migcheck(repository.root(), &["init", "--hook"]), @"
    --- stdout
    wrote .git/hooks/pre-commit: each commit is judged by `migcheck check --staged`
    try it: migcheck check --staged
    --- exit 0
    ");
    repository.git(&["config", "core.hooksPath", "tools/hooks"]);
    assert_snapshot!(migcheck(repository.root(), &["init", "--hook"]), @"
    --- stdout
    wrote tools/hooks/pre-commit: each commit is judged by `migcheck check --staged`
    try it: migcheck check --staged
    --- exit 0
    ");
    repository.write("migrations/2_t.sql", BAD);
    repository.git(&["add", "migrations"]);
    assert!(!git(repository.root(), &["commit", "--message", "bad"]).0);
    // One for all of the user's repositories is not written to.
    let shared = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = shared.path().to_str().expect("it is UTF-8");
    repository.git(&["config", "core.hooksPath", folder]);
    let said = migcheck(repository.root(), &["init", "--hook"]).replace(folder, "FOLDER");
    assert_snapshot!(said, @"
    --- stderr
    migcheck: core.hooksPath leads to FOLDER/pre-commit, which other repositories may use too; nothing is written: add a hook there that runs `migcheck check --staged` where it should
    --- exit 2
    ");
}

#[test]
fn other_hook_stays_and_the_line_to_add_is_said() {
    let repository = hooked();
    let hook = repository.write(".git/hooks/pre-commit", "#!/bin/sh\nmake lint\n");
    assert_snapshot!(migcheck(repository.root(), &["init", "--hook"]), @"
    --- stderr
    migcheck: .git/hooks/pre-commit is another hook and stays as it is; add this line to it: migcheck check --staged || exit 1
    --- exit 2
    ");
    let text = fs::read_to_string(&hook).expect("it is there");
    assert_eq!(text, "#!/bin/sh\nmake lint\n");
    fs::write(
        &hook,
        "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\n",
    )
    .expect("it can be written");
    assert_snapshot!(migcheck(repository.root(), &["init", "--hook"]), @"
    --- stderr
    migcheck: .git/hooks/pre-commit is another hook and stays as it is; it is that of pre-commit: add the hook `migcheck` to .pre-commit-config.yaml, as the README shows
    --- exit 2
    ");
}

#[test]
fn hook_is_plain_shell() {
    let repository = hooked();
    let hook = repository.root().join(".git/hooks/pre-commit");
    let output = Command::new("sh")
        .arg("-n")
        .arg(&hook)
        .output()
        .expect("a shell is there");
    assert!(output.status.success());
    let elsewhere = tempfile::tempdir().expect("a temporary folder can be made");
    assert_snapshot!(migcheck(elsewhere.path(), &["init", "--hook"]), @"
    --- stderr
    migcheck: this is not a git repository, so there are no hooks; git init makes one
    --- exit 2
    ");
    assert_snapshot!(migcheck(elsewhere.path(), &["check", "--staged", "--all"]), @"
    --- stderr
    migcheck: this is not a git repository, so nothing is staged
    --- exit 2
    ");
}

#[test]
fn editors_are_told_of_a_schema_that_is_there() {
    let repository = shop();
    let first = |repository: &TestRepository| {
        migcheck(repository.root(), &["init"]);
        let text = fs::read_to_string(repository.root().join("migcheck.toml"));
        let text = text.expect("it is there");
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert!(!first(&repository).starts_with("#:schema"));
    let repository = shop();
    repository.write("migcheck.schema.json", migcheck::config_schema());
    assert_eq!(first(&repository), "#:schema ./migcheck.schema.json");
}
