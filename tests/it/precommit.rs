//! The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use migcheck::discover::{Overrides, Tree, discover};
use regex::Regex;
use serde_norway::Value;

use crate::home::required;
use crate::init::path_of;
use crate::support::{TestRepository, git_command};

const HOOKS: &str = ".pre-commit-hooks.yaml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn hooks() -> Vec<Value> {
    let text = fs::read_to_string(root().join(HOOKS)).expect("it is there");
    serde_norway::from_str(&text).expect("it is a list in YAML")
}

fn files_filter() -> Regex {
    let hooks = hooks();
    let filters: Vec<&str> = hooks.iter().filter_map(|it| it["files"].as_str()).collect();
    assert_eq!(filters.len(), 2);
    assert_eq!(filters[0], filters[1]);
    Regex::new(filters[0]).expect("it is a pattern")
}

#[test]
fn both_hooks_judge_everything_at_once() {
    let hooks = hooks();
    let languages = hooks
        .iter()
        .map(|it| (it["id"].as_str(), it["language"].as_str()));
    let expected = [
        (Some("migcheck"), Some("rust")),
        (Some("migcheck-system"), Some("system")),
    ];
    assert_eq!(languages.collect::<Vec<_>>(), expected);
    for hook in &hooks {
        assert_eq!(hook["entry"].as_str(), Some("migcheck check --staged"));
        assert_eq!(hook["pass_filenames"].as_bool(), Some(false));
        assert_eq!(hook["require_serial"].as_bool(), Some(true));
    }
}

#[test]
fn filter_lets_the_migrations_of_every_layout_through() {
    let filter = files_filter();
    let folders = fs::read_dir(root().join("fixtures/layouts")).expect("it is there");
    let mut seen = 0;
    for folder in folders {
        let folder = folder.expect("it can be read").path();
        let Ok(found) = discover(&Tree::folder(folder), &Overrides::default()) else {
            continue; // What cannot be read has no migrations to let through.
        };
        let projects = found.projects.iter();
        for migration in projects.flat_map(|it| &it.migrations) {
            assert!(filter.is_match(&migration.path), "{}", migration.path);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
    // What tools read beside them, as docs/layouts.md has it.
    for path in [
        "migcheck.toml",
        "services/api/migcheck.toml",
        "db/V1__x.sql.conf",
        "migrations/1_x/metadata.toml",
        "diesel.toml",
        "drizzle/meta/_journal.json",
        "drizzle.config.ts",
        "db/atlas.sum",
        "atlas.hcl",
        "sqitch.plan",
        "sqitch.conf",
        "flyway.toml",
        "src/main/resources/db/changelog/db.changelog-master.yaml",
        "liquibase.properties",
        "dbconfig.yml",
        ".gmrc",
        ".gmrc.cjs",
        "prisma/migrations/migration_lock.toml",
        "metadata/databases/databases.yaml",
        "environments/development.properties",
        "migrations.yml",
        "evolve.json",
        "refinery.toml",
        "sqlx.toml",
        "tern.conf",
        "yoyo.ini",
        "supabase/config.toml",
        "migrations/20240101-x.js",
        "migrations/1_x.py",
    ] {
        assert!(filter.is_match(path), "{path}");
    }
    for path in [
        "README.md",
        "src/main.rs",
        "Cargo.toml",
        "web/style.css",
        "sql/notes.txt",
    ] {
        assert!(!filter.is_match(path), "{path}");
    }
}

/// A project whose commits pre-commit judges, and the folder of its caches.
struct Judged {
    project: TestRepository,
    _hooks: TestRepository,
    home: tempfile::TempDir,
}

impl Judged {
    /// `None` where there is no pre-commit.
    fn new() -> Option<Judged> {
        let version = Command::new("pre-commit").arg("--version").output();
        let version = version.map_err(|error| error.to_string());
        required("pre-commit", version)?;
        let mut hooks = TestRepository::new();
        fs::copy(root().join(HOOKS), hooks.root().join(HOOKS)).expect("it can be copied");
        let revision = hooks.commit("hooks");
        let mut project = TestRepository::new();
        project.write(
            ".pre-commit-config.yaml",
            format!(
                "repos:\n- repo: {}\n  rev: {revision}\n  hooks:\n  - id: migcheck-system\n",
                hooks.root().display()
            ),
        );
        project.write(
            "migcheck.toml",
            "layout = \"sqlx\"\ndialect = \"postgres\"\n",
        );
        project.write(
            "migrations/1_t.sql",
            "CREATE TABLE t (a integer, b text);\n",
        );
        project.commit("one");
        project.git(&["checkout", "--quiet", "-b", "topic"]);
        let judged = Judged {
            project,
            _hooks: hooks,
            home: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        let mut install = judged.in_project(Command::new("pre-commit"), true);
        let output = install.args(["install", "--install-hooks"]).output();
        let output = output.expect("it was there a moment ago");
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&said)
        );
        Some(judged)
    }

    fn in_project(&self, mut command: Command, is_installed: bool) -> Command {
        let plain = git_command(self.project.root());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .current_dir(self.project.root())
            .env("PATH", path_of(is_installed))
            .env("PRE_COMMIT_HOME", self.home.path())
            .env("HOME", self.home.path());
        command
    }

    fn commit(&self, is_installed: bool, arguments: &[&str]) -> (bool, String) {
        let mut command = self.in_project(Command::new("git"), is_installed);
        command.args(["commit", "--message", "x"]).args(arguments);
        let output = command.output().expect("git is installed");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        (output.status.success(), said)
    }
}

const BAD: &str = "ALTER TABLE t DROP COLUMN b;\n";
const GOOD: &str = "CREATE TABLE u (a integer);\n";

#[test]
fn precommit_refuses_a_bad_commit_and_lets_a_good_one_pass() {
    let Some(judged) = Judged::new() else { return };
    let project = &judged.project;
    project.write("migrations/2_u.sql", GOOD);
    project.git(&["add", "."]);
    let (passed, said) = judged.commit(true, &[]);
    assert!(passed && said.contains("Passed"), "{said}");
    project.write("migrations/3_t.sql", BAD);
    project.git(&["add", "."]);
    let (passed, said) = judged.commit(true, &[]);
    assert!(!passed && said.contains("error[column_dropped]"), "{said}");
    // Nothing of a migration: nothing to do.
    project.git(&["reset", "--quiet"]);
    project.write("notes", "x");
    project.git(&["add", "notes"]);
    let (passed, said) = judged.commit(true, &[]);
    assert!(passed && said.contains("Skipped"), "{said}");
}

#[test]
fn precommit_without_the_program_refuses() {
    let Some(judged) = Judged::new() else { return };
    judged.project.write("migrations/2_u.sql", GOOD);
    judged.project.git(&["add", "."]);
    let (passed, said) = judged.commit(false, &[]);
    assert!(!passed && said.contains("`migcheck` not found"), "{said}");
}

#[test]
fn precommit_judges_what_is_staged() {
    let Some(judged) = Judged::new() else { return };
    let project = &judged.project;
    // Untracked files stay on disk while pre-commit runs; what is not staged of a file does not.
    project.write("migrations/2_u.sql", GOOD);
    project.git(&["add", "."]);
    project.write("migrations/2_u.sql", BAD);
    project.write("migrations/3_t.sql", BAD);
    let (passed, said) = judged.commit(true, &[]);
    assert!(passed, "{said}");
    project.git(&["checkout", "--quiet", "migrations/2_u.sql"]);
    project.git(&["add", "."]);
    project.write("migrations/3_t.sql", GOOD);
    let (passed, said) = judged.commit(true, &[]);
    assert!(
        !passed && said.contains("migrations/3_t.sql:1:15"),
        "{said}"
    );
    // The index of a commit of all, and of one of some files.
    project.write("migrations/3_t.sql", BAD);
    let (passed, _) = judged.commit(true, &["--all"]);
    assert!(!passed);
    project.write(
        "migrations/2_u.sql",
        "CREATE TABLE u (a integer, b text);\n",
    );
    let (passed, said) = judged.commit(true, &["--", "migrations/2_u.sql"]);
    assert!(passed, "{said}");
}
