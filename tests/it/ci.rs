//! `docs/ci.md`: its examples are read as the systems read them, and run where they can be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_norway::Value;

use crate::cli::program;
use crate::clones::{LACKING, fetched, server};
use crate::formats::{VALIDATE, judged, python, schema};
use crate::init::path_of;
use crate::support::{TestRepository, git_command};

const BAD: &str = "ALTER TABLE t DROP COLUMN b;\n";
const GOOD: &str = "ALTER TABLE t ADD COLUMN c integer;\n";

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(path)).expect("it is there")
}

/// The blocks of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let start = format!("\n```{language}\n");
    let text = read(page);
    let rest = text.split(&start).skip(1);
    rest.map(|it| it.split("\n```").next().expect("it ends").to_owned())
        .collect()
}

fn yaml(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Everything in YAML about continuous integration, with the page that it stands on.
fn examples() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for page in ["docs/ci.md", "README.md"] {
        let blocks = blocks(page, "yaml");
        all.extend(blocks.iter().map(|it| (page, yaml(it))));
    }
    all.retain(|(_, it)| it["repos"].is_null()); // The file of pre-commit.
    all
}

fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_mapping().expect("it has jobs");
    let steps = jobs.values().filter_map(|it| it["steps"].as_sequence());
    steps.flatten().cloned().collect()
}

#[test]
fn examples_are_what_the_systems_accept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("example.json");
    let mut seen = BTreeSet::new();
    for (page, example) in examples() {
        let name = match example["jobs"].is_null() {
            true => "gitlab-ci.json",
            false => "github-workflow.json",
        };
        seen.insert((page, name));
        let text = serde_json::to_string(&example).expect("it is JSON too");
        fs::write(&file, &text).expect("it can be written");
        let mut validate = Command::new(python());
        validate.args(["-c", VALIDATE]).args([&schema(name), &file]);
        if let Some(said) = judged("Python with jsonschema", &mut validate) {
            assert_eq!(said, "", "{text}");
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn examples_use_the_step_as_it_is() {
    let action = yaml(&read("action.yml"));
    let version = format!("OWNER/migcheck@v{}", env!("CARGO_PKG_VERSION"));
    let mut used = 0;
    for (_, example) in examples() {
        if example["jobs"].is_null() {
            continue;
        }
        for step in steps(&example) {
            let uses = step["uses"].as_str().unwrap_or("");
            if !uses.contains("migcheck") {
                continue;
            }
            assert_eq!(uses, version);
            used += 1;
            for name in step["with"].as_mapping().iter().flat_map(|it| it.keys()) {
                let name = name.as_str().expect("a name");
                assert!(!action["inputs"][name].is_null(), "{name}");
            }
        }
    }
    assert!(used >= 4, "{used}");
    let page = read("docs/ci.md");
    let archive = format!("migcheck-v{}-x86_64", env!("CARGO_PKG_VERSION"));
    assert!(page.contains(&archive));
}

#[test]
fn page_lists_what_the_step_takes_and_gives() {
    let page = read("docs/ci.md");
    let action = yaml(&read("action.yml"));
    for (kind, header) in [
        ("inputs", "| input | default | meaning |"),
        ("outputs", "| output | meaning |"),
    ] {
        let (_, table) = page.split_once(header).expect("it has the table");
        let (table, _) = table.split_once("\n\n").expect("it ends");
        let rows: Vec<Vec<&str>> = table
            .lines()
            .skip(2)
            .map(|it| it.split('|').map(str::trim).collect())
            .collect();
        let declared = action[kind].as_mapping().expect("a mapping");
        let names: Vec<String> = declared
            .keys()
            .map(|it| format!("`{}`", it.as_str().expect("a name")))
            .collect();
        let listed: Vec<&str> = rows.iter().map(|it| it[1]).collect();
        assert_eq!(listed, names);
        for (row, it) in rows.iter().zip(declared.values()) {
            // Where there is none, the program or the event decides.
            if let Some(default) = it["default"].as_str().filter(|it| !it.is_empty()) {
                assert_eq!(row[2], format!("`{default}`"));
            }
        }
    }
}

/// Runs a text in a shell as a build does, with migcheck on the path.
fn shell(clone: &TestRepository, text: &str, environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new("sh");
    command.env_clear();
    for (name, value) in git_command(clone.root()).get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
        .current_dir(clone.root())
        .env("PATH", path_of(true))
        .envs(environment.iter().copied())
        .args(["-c", text]);
    let output = command.output().expect("there is a shell");
    let said = [output.stdout, output.stderr].concat();
    let code = output.status.code().expect("it was not killed");
    (code, String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn shell_recipe_judges_every_clone() {
    let blocks = blocks("docs/ci.md", "sh");
    let [recipe] = blocks.as_slice() else {
        panic!("{} recipes", blocks.len());
    };
    for (change, expected, gate) in [
        (BAD, 1, "the gate is shut: the report above"),
        (GOOD, 0, "the gate is open"),
    ] {
        let server = server(change);
        for (name, made, environment) in LACKING {
            if name == "a remote of another name" {
                continue; // The recipe says `origin`.
            }
            let clone = made(&server);
            let (code, said) = shell(&clone, recipe, environment);
            assert_eq!(code, expected, "{name}: {said}");
            assert!(said.contains(gate), "{name}: {said}");
            assert!(clone.root().join("migcheck.xml").is_file(), "{name}");
        }
        let whole = TestRepository::clone_of(&server, &["--branch=topic"]);
        let (code, said) = shell(&whole, recipe, &[("TARGET_BRANCH", "main")]);
        assert_eq!(code, expected, "{said}");
        let (code, said) = shell(&whole, recipe, &[("TARGET_BRANCH", "release/9")]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("the gate is shut: nothing was checked"));
    }
    let mut lint = Command::new("shellcheck");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recipe.sh");
    fs::write(&file, recipe).expect("it can be written");
    if let Some(said) = judged("shellcheck", lint.arg(&file)) {
        assert_eq!(said, "");
    }
}

#[test]
fn gitlab_jobs_do_what_the_page_says() {
    let jobs: Vec<Value> = blocks("docs/ci.md", "yaml")
        .iter()
        .map(|it| yaml(it))
        .collect();
    let jobs: Vec<&Value> = jobs.iter().filter(|it| it["jobs"].is_null()).collect();
    let [whole, shallow] = jobs.as_slice() else {
        panic!("{} jobs", jobs.len());
    };
    let script = |job: &Value| {
        let lines = job["migcheck"]["script"].as_sequence().expect("a list");
        let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
        format!("set -e\n{}", lines.join("\n"))
    };
    for (change, expected) in [(BAD, 1), (GOOD, 0)] {
        let server = server(change);
        let commit = server.git(&["rev-parse", "topic"]);
        let environment = [
            ("GITLAB_CI", "true"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_COMMIT_SHA", commit.as_str()),
        ];
        let pipeline = "+refs/pipelines/7:refs/pipelines/7";
        let all = ["--tags", pipeline, "+refs/heads/*:refs/remotes/origin/*"];
        let clone = fetched(&server, &all, "refs/pipelines/7");
        let (code, said) = shell(&clone, &script(whole), &environment);
        assert_eq!(code, expected, "{said}");
        let reports = &whole["migcheck"]["artifacts"]["reports"];
        for name in ["codequality", "junit"] {
            let file = reports[name].as_str().expect("a file");
            assert!(clone.root().join(file).is_file(), "{file}");
        }
        let clone = fetched(&server, &["--depth=1", pipeline], "refs/pipelines/7");
        let (code, said) = shell(&clone, &script(shallow), &environment);
        assert_eq!(code, expected, "{said}");
    }
}

#[test]
fn page_shows_what_is_said_of_clones() {
    let shown = blocks("docs/ci.md", "text");
    for name in [
        "actions/checkout, a pull request",
        "GitLab, a merge request",
        "one branch at depth 1",
        "all branches at depth 1",
    ] {
        let kind = LACKING.iter().find(|it| it.0 == name);
        let (_, made, environment) = kind.expect("it is one of them");
        let clone = made(&server(BAD));
        let mut check = program(clone.root(), &["check"]);
        let output = check.envs(environment.iter().copied()).output();
        let said = output.expect("the program runs").stderr;
        let said = String::from_utf8(said).expect("it is UTF-8");
        assert!(shown.contains(&said.trim_end().to_owned()), "{said}");
    }
}
