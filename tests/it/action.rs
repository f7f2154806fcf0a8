//! `action.yml` and its scripts, run as a runner of GitHub Actions runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use regex::{Captures, Regex};
use serde_norway::Value;

use crate::clones::{fetched, server};
use crate::formats::{VALIDATE, judged, python, schema};
use crate::init::path_of;
use crate::support::{TestRepository, git_command};

const BAD: &str = "ALTER TABLE t DROP COLUMN b;\n";
const GOOD: &str = "ALTER TABLE t ADD COLUMN c integer;\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn action() -> Value {
    let text = fs::read_to_string(root().join("action.yml")).expect("it is there");
    serde_norway::from_str(&text).expect("it is YAML")
}

fn keys(value: &Value) -> BTreeSet<String> {
    let all = value.as_mapping().expect("it is a mapping").keys();
    all.map(|it| it.as_str().expect("a name").to_owned())
        .collect()
}

fn steps(action: &Value) -> Vec<Value> {
    let steps = action["runs"]["steps"].as_sequence();
    steps.expect("it has steps").clone()
}

/// What stands in `${{ … }}`.
fn expressions() -> Regex {
    Regex::new(r"\$\{\{\s*([A-Za-z0-9._-]+)\s*\}\}").expect("it is a pattern")
}

#[test]
fn action_is_composite_and_takes_nothing_into_its_scripts() {
    let action = action();
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    let declared = keys(&action["inputs"]);
    let mut used: BTreeSet<String> = BTreeSet::new();
    let text = fs::read_to_string(root().join("action.yml")).expect("it is there");
    let names = expressions();
    assert_eq!(text.matches("${{").count(), names.find_iter(&text).count());
    let read = Regex::new(r"\$\{((INPUT|EVENT|ACTION)_[A-Z_]+)").expect("it is a pattern");
    let mut ids = BTreeSet::new();
    for step in steps(&action) {
        assert_eq!(step["shell"].as_str(), Some("bash"), "{step:?}");
        let run = step["run"].as_str().expect("it runs something");
        assert!(!run.contains("${{"), "{run}");
        let script = run
            .strip_prefix("bash \"$GITHUB_ACTION_PATH/")
            .and_then(|it| it.strip_suffix('"'));
        let script = root().join(script.expect("it runs a script of the action"));
        // And each variable that it is given is one that the script reads.
        let script = fs::read_to_string(script).expect("it is there");
        for (name, value) in step["env"].as_mapping().expect("a mapping") {
            let name = name.as_str().expect("a name");
            assert!(script.contains(&format!("{{{name}:-")), "{name} is unused");
            let value = value.as_str().expect("a text");
            assert!(names.is_match(value), "{name}: {value}");
        }
        for found in read.captures_iter(&script) {
            assert!(
                !step["env"][&found[1]].is_null(),
                "{} is not set",
                &found[1]
            );
        }
        ids.insert(step["id"].as_str().expect("it has a name").to_owned());
    }
    for found in names.captures_iter(&text) {
        let parts: Vec<&str> = found[1].split('.').collect();
        match parts.as_slice() {
            ["inputs", name] => {
                used.insert((*name).to_owned());
            }
            ["steps", id, "outputs", _] => assert!(ids.contains(*id), "{id}"),
            ["github", ..] => {}
            _ => panic!("{}", &found[0]),
        }
    }
    assert_eq!(used, declared);
    for input in &declared {
        let about = &action["inputs"][input];
        assert_eq!(about["required"].as_bool(), Some(false), "{input}");
        assert!(about["default"].is_string(), "{input}");
        assert!(about["description"].is_string(), "{input}");
    }
}

#[test]
fn action_is_what_its_schema_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("action.json");
    let text = serde_json::to_string(&action()).expect("it is JSON too");
    fs::write(&file, text).expect("it can be written");
    let mut validate = Command::new(python());
    validate.args(["-c", VALIDATE]);
    validate.args([&schema("github-action.json"), &file]);
    if let Some(said) = judged("Python with jsonschema", &mut validate) {
        assert_eq!(said, "");
    }
}

#[test]
fn scripts_are_what_shellcheck_wants() {
    let mut check = Command::new("shellcheck");
    check.current_dir(root()).arg("--external-sources");
    for name in ["common", "fetch", "install", "check"] {
        check.arg(format!("scripts/action/{name}.sh"));
    }
    if let Some(said) = judged("shellcheck", &mut check) {
        assert_eq!(said, "");
    }
}

/// A job whose step is the action: what a runner does of it.
struct Job<'a> {
    checkout: &'a TestRepository,
    temporary: tempfile::TempDir,
    inputs: BTreeMap<&'a str, &'a str>,
    /// What `github.…` means in an expression.
    github: BTreeMap<&'a str, &'a str>,
    environment: BTreeMap<&'a str, &'a str>,
}

/// What became of it.
struct Done {
    code: i32,
    said: String,
    outputs: BTreeMap<String, String>,
    summary: String,
}

impl<'a> Job<'a> {
    /// For an event in a checkout, with the program that is installed.
    fn new(checkout: &'a TestRepository, event: &'a str) -> Job<'a> {
        Job {
            checkout,
            temporary: tempfile::tempdir().expect("a folder"),
            inputs: BTreeMap::from([("install", "none")]),
            github: BTreeMap::from([("event.repository.default_branch", "main")]),
            environment: BTreeMap::from([("GITHUB_EVENT_NAME", event)]),
        }
    }

    fn input(mut self, name: &'a str, value: &'a str) -> Self {
        self.inputs.insert(name, value);
        self
    }

    fn github(mut self, name: &'a str, value: &'a str) -> Self {
        self.github.insert(name, value);
        self
    }

    fn variable(mut self, name: &'a str, value: &'a str) -> Self {
        self.environment.insert(name, value);
        self
    }

    /// Runs the steps one after the other, as far as none fails.
    fn run(&self) -> Done {
        let action = action();
        let declared = keys(&action["inputs"]);
        let given: BTreeSet<String> = self.inputs.keys().map(|it| (*it).to_owned()).collect();
        assert!(given.is_subset(&declared), "{given:?}");
        let mut outputs: BTreeMap<String, String> = BTreeMap::new();
        let summary = self.temporary.path().join("summary");
        let names = expressions();
        let resolve = |text: &str, outputs: &BTreeMap<String, String>| {
            let resolved = names.replace_all(text, |found: &Captures<'_>| {
                let name = &found[1];
                if let Some(input) = name.strip_prefix("inputs.") {
                    let default = action["inputs"][input]["default"].as_str();
                    let given = self.inputs.get(input).copied();
                    return given.or(default).expect("it is declared").to_owned();
                }
                if let Some(name) = name.strip_prefix("github.") {
                    return self.github.get(name).copied().unwrap_or("").to_owned();
                }
                outputs.get(name).cloned().unwrap_or_default()
            });
            resolved.into_owned()
        };
        let mut done = Done {
            code: 0,
            said: String::new(),
            outputs: BTreeMap::new(),
            summary: String::new(),
        };
        for step in steps(&action) {
            let id = step["id"].as_str().expect("it has a name");
            let file = self.temporary.path().join(format!("{id}-output"));
            let folder = step["working-directory"].as_str().unwrap_or(".");
            let mut command = self.command(step["run"].as_str().expect("it runs something"));
            command
                .current_dir(self.checkout.root().join(resolve(folder, &outputs)))
                .env("GITHUB_OUTPUT", &file)
                .env("GITHUB_PATH", self.temporary.path().join("path"))
                .env("GITHUB_STEP_SUMMARY", &summary);
            for (name, value) in step["env"].as_mapping().expect("a mapping") {
                let value = resolve(value.as_str().expect("a text"), &outputs);
                command.env(name.as_str().expect("a name"), value);
            }
            let output = command.output().expect("bash is installed");
            let said = [output.stdout, output.stderr].concat();
            done.said.push_str(&String::from_utf8_lossy(&said));
            for line in fs::read_to_string(&file).unwrap_or_default().lines() {
                let (name, value) = line.split_once('=').expect("a name and a value");
                outputs.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
            }
            done.code = output.status.code().expect("it was not killed");
            if done.code != 0 {
                break;
            }
        }
        for name in keys(&action["outputs"]) {
            let value = action["outputs"][&name]["value"].as_str();
            let value = resolve(value.expect("it has a value"), &outputs);
            done.outputs.insert(name, value);
        }
        done.summary = fs::read_to_string(summary).unwrap_or_default();
        done
    }

    /// A shell that knows of this job alone.
    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        // As a runner starts it for `shell: bash`.
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.env_clear();
        for (name, value) in git_command(root()).get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
            .env("PATH", path_of(true))
            .env("HOME", self.temporary.path())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_WORKSPACE", self.checkout.root())
            .env("RUNNER_TEMP", self.temporary.path())
            .envs(&self.environment);
        command
    }
}

/// What actions/checkout leaves of a commit of a server by default.
fn checked_out(server: &TestRepository, revision: &str, place: &str) -> TestRepository {
    let commit = server.git(&["rev-parse", revision]);
    let refspec = format!("+{commit}:{place}");
    fetched(server, &["--no-tags", "--depth=1", &refspec], place)
}

#[test]
fn pull_request_is_judged_against_its_target() {
    for (change, code, verdict) in [(BAD, 1, "code-first"), (GOOD, 0, "migrate-first")] {
        let server = server(change);
        for revision in ["refs/pull/1/merge", "topic"] {
            let checkout = checked_out(&server, revision, "refs/remotes/pull/1/merge");
            let job = Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
            let done = job.run();
            assert_eq!(done.code, code, "{}", done.said);
            assert_eq!(done.outputs["exit-code"], code.to_string());
            assert_eq!(done.outputs["verdict"], verdict, "{}", done.said);
            assert!(Path::new(&done.outputs["report"]).is_file());
            assert_eq!(done.outputs["sarif-file"], "");
            let annotation = "::error file=migrations/3_t.sql,line=1,";
            assert_eq!(done.said.contains(annotation), code == 1, "{}", done.said);
            assert!(done.said.contains("base origin/main@"), "{}", done.said);
            assert!(done.said.contains(", 1 new"), "{}", done.said);
            assert!(done.summary.contains("migcheck: "), "{}", done.summary);
            assert!(!done.said.contains("::warning"), "{}", done.said);
        }
    }
}

#[test]
fn whole_checkout_needs_nothing_and_stays_whole() {
    let server = server(BAD);
    let options = ["--tags", "+refs/heads/*:refs/remotes/origin/*"];
    let checkout = fetched(&server, &options, "origin/topic");
    let url = format!("file://{}", server.root().join("moved").display());
    checkout.git(&["remote", "set-url", "origin", &url]);
    let job = Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
    let done = job.run();
    assert_eq!(done.code, 1, "{}", done.said);
    assert!(!done.said.contains("::warning"), "{}", done.said);
    assert!(!checkout.root().join(".git/shallow").exists());
}

#[test]
fn history_is_fetched_no_deeper_than_it_takes() {
    let mut server = server(GOOD);
    for number in 0..150 {
        server.commit(&format!("later {number}"));
    }
    server.git(&["checkout", "--quiet", "-b", "next", "main~9"]);
    server.write("migrations/4_t.sql", BAD);
    server.commit("next");
    let checkout = checked_out(&server, "next", "refs/remotes/pull/2/head");
    let job = Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
    let done = job.run();
    assert_eq!(done.code, 1, "{}", done.said);
    assert!(done.said.contains("column_dropped"), "{}", done.said);
    let commits = checkout.git(&["rev-list", "--count", "--all"]);
    let commits: usize = commits.parse().expect("a number");
    assert!((10..100).contains(&commits), "{commits}");
    // One that left its target long ago takes two steps.
    server.git(&["checkout", "--quiet", "-b", "old", "main~140"]);
    server.write("migrations/5_t.sql", BAD);
    server.commit("old");
    let checkout = checked_out(&server, "old", "refs/remotes/pull/3/head");
    let job = Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
    let done = job.run();
    assert_eq!(done.code, 1, "{}", done.said);
    assert!(done.said.contains("1 new migration"), "{}", done.said);
}

#[test]
fn push_is_judged_against_what_was_there_before() {
    let server = server(BAD);
    // Of the default branch: the commits that were pushed.
    let before = server.git(&["rev-parse", "main~1"]);
    let checkout = checked_out(&server, "main", "refs/remotes/origin/main");
    let push = |before| {
        let job = Job::new(&checkout, "push").variable("GITHUB_REF", "refs/heads/main");
        job.github("event.before", before).run()
    };
    let done = push(&before);
    assert_eq!(done.code, 0, "{}", done.said);
    assert!(done.said.contains("1 new migration"), "{}", done.said);
    // A branch that is new.
    let done = push("0000000000000000000000000000000000000000");
    assert_eq!(done.code, 0, "{}", done.said);
    assert!(done.said.contains("which is HEAD itself"), "{}", done.said);
    // What was pushed away cannot be had any more: then there was no check.
    let done = push("1234567890123456789012345678901234567890");
    assert_eq!(done.code, 2, "{}", done.said);
    assert!(done.said.contains("::warning title=migcheck::`1234567890"));
    assert!(
        done.said
            .contains("::error title=migcheck::migcheck: `1234567890")
    );
    assert_eq!(done.outputs["exit-code"], "2");
    assert_eq!(done.outputs["verdict"], "");
    // Of another branch: where it left the default branch.
    let checkout = checked_out(&server, "topic", "refs/remotes/origin/topic");
    let job = Job::new(&checkout, "push").variable("GITHUB_REF", "refs/heads/topic");
    let before = server.git(&["rev-parse", "topic~1"]);
    let done = job.github("event.before", &before).run();
    assert_eq!(done.code, 1, "{}", done.said);
    assert!(done.said.contains("base origin/main@"), "{}", done.said);
}

#[test]
fn target_that_is_checked_out_instead_of_the_change_is_no_pass() {
    let server = server(BAD);
    let checkout = checked_out(&server, "main", "refs/remotes/origin/main");
    let job = Job::new(&checkout, "pull_request_target").variable("GITHUB_BASE_REF", "main");
    let done = job.run();
    assert_eq!(done.code, 2, "{}", done.said);
    assert!(done.said.contains("check out the change"), "{}", done.said);
}

/// A queue of two changes on `main`, each merged on top of the one before it; the commits that the
/// second group begins with and ends in.
fn queue(first: (&str, &str), second: (&str, &str)) -> (TestRepository, String, String) {
    let mut server = server(GOOD);
    for (name, (file, text)) in [("one", first), ("two", second)] {
        server.git(&["checkout", "--quiet", "-b", name, "main~1"]);
        server.write(file, text);
        server.commit(name);
    }
    let group = "refs/heads/gh-readonly-queue/main/pr";
    server.git(&["checkout", "--quiet", "--detach", "main"]);
    server.git(&["merge", "--quiet", "--no-ff", "--message", "m1", "one"]);
    let base = server.git(&["rev-parse", "HEAD"]);
    server.git(&["update-ref", &format!("{group}-1"), "HEAD"]);
    server.git(&["merge", "--quiet", "--no-ff", "--message", "m2", "two"]);
    let head = server.git(&["rev-parse", "HEAD"]);
    server.git(&["update-ref", &format!("{group}-2"), "HEAD"]);
    (server, base, head)
}

#[test]
fn merge_group_finds_what_collides_in_the_queue() {
    let tighten = "ALTER TABLE t ALTER COLUMN a TYPE bigint;\n";
    for (first, second, code, rule) in [
        (
            ("migrations/5_v.sql", "CREATE TABLE v (a integer);\n"),
            ("migrations/6_w.sql", "CREATE TABLE w (a integer);\n"),
            0,
            "",
        ),
        (
            ("migrations/5_v.sql", "CREATE TABLE v (a integer);\n"),
            ("migrations/6_v.sql", "CREATE TABLE v (b integer);\n"),
            1,
            "migrations_conflict",
        ),
        (
            ("migrations/5_c.sql", GOOD),
            ("migrations/5_d.sql", tighten),
            1,
            "version_duplicated",
        ),
    ] {
        let (server, base, head) = queue(first, second);
        let checkout = checked_out(&server, &head, "refs/remotes/origin/queue");
        let job = Job::new(&checkout, "merge_group");
        let done = job.github("event.merge_group.base_sha", &base).run();
        assert_eq!(done.code, code, "{}", done.said);
        assert!(done.said.contains(rule), "{rule}: {}", done.said);
        let short = format!("base {}", &base[..7]);
        assert!(done.said.contains(&short), "{}", done.said);
        assert!(
            !done.said.contains("::warning title=migcheck::"),
            "{}",
            done.said
        );
    }
}

#[test]
fn releases_that_run_beside_it_are_fetched() {
    let mut server = server(BAD);
    server.git(&["tag", "v1.1", "main~1"]);
    server.git(&["branch", "release/1", "main~2"]);
    server.git(&["tag", "--annotate", "--message", "x", "v2", "main"]);
    server.commit("later");
    for (live, expected) in [
        ("v1 v1.*", "live v1@"),
        ("v{1,2}", "live v1@"),
        ("v2", "live v2@"),
        ("origin/release/*", "live origin/release/1@"),
        ("release/1", "live origin/release/1@"),
    ] {
        let checkout = checked_out(&server, "topic", "refs/remotes/pull/1/head");
        let job = Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
        let done = job.input("live", live).run();
        assert_eq!(done.code, 1, "{live}: {}", done.said);
        assert!(done.said.contains(expected), "{live}: {}", done.said);
    }
    let checkout = checked_out(&server, "topic", "refs/remotes/pull/1/head");
    let job = Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
    let done = job.input("live", "v9").run();
    assert_eq!(done.code, 2, "{}", done.said);
}

#[test]
fn base_may_be_a_branch_a_tag_or_a_commit_that_is_not_here() {
    let server = server(BAD);
    let commit = server.git(&["rev-parse", "main~2"]);
    for (base, shown) in [
        ("v1", "base v1@"),
        ("main", "base origin/main@"),
        ("origin/main", "base origin/main@"),
        (commit.as_str(), "base "),
        ("HEAD~2", "base HEAD~2@"),
    ] {
        let checkout = checked_out(&server, "topic", "refs/remotes/origin/topic");
        let job = Job::new(&checkout, "workflow_dispatch").input("base", base);
        let done = job.run();
        assert_eq!(done.code, 1, "{base}: {}", done.said);
        assert!(done.said.contains(shown), "{base}: {}", done.said);
    }
    let checkout = checked_out(&server, "topic", "refs/remotes/origin/topic");
    let done = Job::new(&checkout, "push").input("base", "nowhere").run();
    assert_eq!(done.code, 2, "{}", done.said);
    // Further arguments may say it too.
    let job = Job::new(&checkout, "push").input("args", "--since 1 --fail-on warning");
    let done = job.run();
    assert_eq!(done.code, 1, "{}", done.said);
    assert!(
        done.said.contains("base the release at version 1"),
        "{}",
        done.said
    );
}

#[test]
fn inputs_are_arguments_and_nothing_is_run_of_them() {
    let server = server(BAD);
    let checkout = checked_out(&server, "topic", "refs/remotes/pull/1/head");
    let pull = || Job::new(&checkout, "pull_request").variable("GITHUB_BASE_REF", "main");
    let job = pull()
        .input("args", "--ignore 'column_dropped'\n  --select \"compat\"")
        .input("path", "migrations")
        .input("fail-on", "error")
        .input("format", "text markdown=comment.md")
        .input("sarif-file", "out/../migcheck.sarif");
    fs::create_dir(checkout.root().join("out")).expect("it can be made");
    let done = job.run();
    assert_eq!(done.code, 0, "{}", done.said);
    assert_eq!(done.outputs["sarif-file"], "out/../migcheck.sarif");
    assert!(checkout.root().join("migcheck.sarif").is_file());
    assert!(checkout.root().join("comment.md").is_file());
    assert!(!done.said.contains("::"), "{}", done.said);
    let done = pull().input("fail-on", "never").run();
    assert_eq!((done.code, &*done.outputs["exit-code"]), (0, "0"));
    assert!(done.said.contains("::error file="), "{}", done.said);
    let hostile = "$(touch pwned) `touch pwned` ; touch pwned | x && touch pwned";
    for name in keys(&action()["inputs"]) {
        if matches!(&*name, "install" | "working-directory") {
            continue;
        }
        // A file may be called so, and the program that is installed has its own version.
        let may_pass = matches!(&*name, "version" | "sarif-file");
        let done = pull().input(&name, hostile).run();
        assert!(may_pass || done.code == 2, "{name}: {}", done.said);
        assert!(!checkout.root().join("pwned").exists(), "{name}");
    }
    let done = pull().input("install", hostile).run();
    assert_eq!(done.code, 2, "{}", done.said);
    let done = pull().input("args", "--deploy 'phased").run();
    assert_eq!(done.code, 2, "{}", done.said);
    assert!(done.said.contains("a quote is not closed"), "{}", done.said);
    let done = pull().variable("GITHUB_BASE_REF", "a$(touch pwned)").run();
    assert_eq!(done.code, 2, "{}", done.said);
    assert!(!checkout.root().join("pwned").exists());
}

// Installing.

const TARGET: &str = "x86_64-unknown-linux-musl";

/// A server with a release for one machine, whose program says that it ran.
struct Releases {
    folder: tempfile::TempDir,
    archive: std::path::PathBuf,
}

impl Releases {
    fn new() -> Releases {
        let folder = tempfile::tempdir().expect("a folder");
        let place = "OWNER/migcheck/releases/download/v0.1.0";
        let place = folder.path().join(place);
        let name = format!("migcheck-v0.1.0-{TARGET}");
        let inside = place.join(&name);
        fs::create_dir_all(&inside).expect("it can be made");
        let ran = folder.path().join("ran");
        let program = format!(
            "#!/bin/sh\necho \"$@\" >>'{}'\necho 'migcheck 0.1.0'\n",
            ran.display()
        );
        write_program(&inside.join("migcheck"), &program);
        let archive = place.join(format!("{name}.tar.gz"));
        run(Command::new("tar")
            .current_dir(&place)
            .arg("-czf")
            .arg(&archive)
            .arg(&name));
        fs::remove_dir_all(inside).expect("it can be removed");
        let releases = Releases { folder, archive };
        let sum = run(Command::new("sha256sum")
            .current_dir(&place)
            .arg(format!("{name}.tar.gz")));
        releases.write_checksum(&sum);
        releases
    }

    fn write_checksum(&self, text: &str) {
        let file = format!("{}.sha256", self.archive.display());
        fs::write(file, text).expect("it can be written");
    }

    fn has_run(&self) -> bool {
        self.folder.path().join("ran").exists()
    }

    /// The step that installs; `cargo` is a program that builds the same at once.
    fn install(&self, environment: &[(&str, &str)]) -> Done {
        let temporary = self.folder.path().join("temporary");
        let tools = self.folder.path().join("tools");
        for folder in [&temporary, &tools] {
            fs::create_dir_all(folder).expect("it can be made");
        }
        let cargo = "#!/bin/sh\necho \"cargo $* in $PWD\"\nwhile [ \"$1\" != --root ]; do shift; done\n\
            mkdir -p \"$2/bin\"\nprintf '#!/bin/sh\\necho migcheck built\\n' >\"$2/bin/migcheck\"\n\
            chmod +x \"$2/bin/migcheck\"\n";
        write_program(&tools.join("cargo"), cargo);
        let file = |name: &str| temporary.join(name);
        let mut command = Command::new("bash");
        command
            .arg(root().join("scripts/action/install.sh"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
            .env("HOME", &temporary)
            .env("GITHUB_ACTION_PATH", root())
            .env("GITHUB_SERVER_URL", self.url())
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_PATH", file("path"))
            .env("RUNNER_TEMP", &temporary)
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("ACTION_REPOSITORY", "OWNER/migcheck")
            .env("ACTION_REF", "v0.1.0")
            .envs(environment.iter().copied());
        let output = command.output().expect("bash is installed");
        let said = [output.stdout, output.stderr].concat();
        let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_default();
        let pairs = read("output");
        let pairs = pairs.lines().filter_map(|it| it.split_once('='));
        Done {
            code: output.status.code().expect("it was not killed"),
            said: String::from_utf8_lossy(&said).into_owned(),
            outputs: pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
            summary: read("path"),
        }
    }

    fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }
}

fn write_program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).expect("it can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it can be set");
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it is installed");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("it is UTF-8")
}

#[test]
fn release_is_installed_when_its_checksum_is_right() {
    for (name, value) in [
        ("INPUT_INSTALL", "auto"),
        ("INPUT_INSTALL", "release"),
        ("INPUT_VERSION", "v0.1.0"),
        ("INPUT_VERSION", "0.1.0"),
        ("ACTION_REF", "v0"),
        ("ACTION_REF", "v0.1"),
    ] {
        let releases = Releases::new();
        let done = releases.install(&[(name, value)]);
        assert_eq!(done.code, 0, "{value}: {}", done.said);
        assert!(
            done.said.contains("migcheck: migcheck 0.1.0"),
            "{}",
            done.said
        );
        let program = &done.outputs["program"];
        assert!(program.ends_with(&format!("migcheck-v0.1.0-{TARGET}/migcheck")));
        assert_eq!(
            format!("{}/migcheck\n", done.summary.trim_end()),
            format!("{program}\n")
        );
        assert!(releases.has_run());
    }
}

#[test]
fn archive_that_is_not_the_released_one_is_never_unpacked() {
    let zeros = "0".repeat(64);
    let whole = Releases::new();
    let right = fs::read_to_string(format!("{}.sha256", whole.archive.display()));
    let right = right.expect("it is there");
    for checksum in [
        format!("{zeros}  migcheck-v0.1.0-{TARGET}.tar.gz\n"),
        // The right sum of another file, and a sum that is cut off or is none.
        format!("{zeros}  migcheck-v0.1.0-{TARGET}.tar.gz\n{right}"),
        right[..63].to_owned(),
        String::new(),
        "Not Found".to_owned(),
    ] {
        for install in ["auto", "release"] {
            let releases = Releases::new();
            releases.write_checksum(&checksum);
            let done = releases.install(&[("INPUT_INSTALL", install)]);
            assert_eq!(done.code, 2, "{checksum}: {}", done.said);
            assert!(
                done.said.contains("is not what was released"),
                "{}",
                done.said
            );
            assert!(!releases.has_run() && done.outputs.is_empty());
            assert!(!done.said.contains("cargo install"), "{}", done.said);
        }
    }
    let releases = Releases::new();
    let file = format!("{}.sha256", releases.archive.display());
    fs::remove_file(file).expect("it can be removed");
    let done = releases.install(&[]);
    assert_eq!(done.code, 2, "{}", done.said);
    assert!(
        done.said.contains("has no checksum beside it"),
        "{}",
        done.said
    );
    assert!(!releases.has_run());
}

#[test]
fn source_is_built_where_there_is_no_release_of_it() {
    let releases = Releases::new();
    for (name, value) in [
        ("RUNNER_ARCH", "RISCV64"),
        ("RUNNER_ARCH", "ARM64"),
        ("ACTION_REF", "main"),
        ("ACTION_REF", "1234567890123456789012345678901234567890"),
        ("ACTION_REF", ""),
        ("ACTION_REPOSITORY", ""),
        ("INPUT_INSTALL", "build"),
    ] {
        let done = releases.install(&[(name, value)]);
        assert_eq!(done.code, 0, "{value}: {}", done.said);
        let expected = format!(" in {}\nmigcheck: migcheck built\n", root().display());
        assert!(done.said.contains(&expected), "{value}: {}", done.said);
        assert!(
            done.said
                .contains("cargo install --quiet --locked --path . --root ")
        );
        assert!(done.outputs["program"].ends_with("/build/bin/migcheck"));
    }
    assert!(!releases.has_run());
    for (name, value, expected) in [
        ("ACTION_REF", "v9.9.9", "version 9.9.9 cannot be built"),
        ("INPUT_VERSION", "v9.9.9", "version 9.9.9 cannot be built"),
        ("INPUT_VERSION", "latest", "version: `latest` is none"),
        ("INPUT_VERSION", "1.2.3/../x", "is none"),
        ("INPUT_INSTALL", "none", "there is none on the path"),
        (
            "INPUT_INSTALL",
            "often",
            "none of auto, release, build, none",
        ),
    ] {
        let done = releases.install(&[(name, value)]);
        assert_eq!(done.code, 2, "{value}: {}", done.said);
        assert!(done.said.contains(expected), "{value}: {}", done.said);
    }
    let done = releases.install(&[("INPUT_INSTALL", "release"), ("RUNNER_ARCH", "ARM64")]);
    assert_eq!(done.code, 2, "{}", done.said);
}

#[test]
fn commit_that_a_release_is_made_of_is_installed_from_it() {
    let releases = Releases::new();
    let repository = releases.folder.path().join("OWNER/migcheck");
    let git = |arguments: &[&str]| run(git_command(&repository).args(arguments));
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "one"]);
    let untagged = git(&["rev-parse", "HEAD"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "two"]);
    git(&["tag", "--annotate", "--message", "x", "v0.1.0"]);
    let tagged = git(&["rev-parse", "HEAD"]);
    let done = releases.install(&[("ACTION_REF", tagged.trim())]);
    assert_eq!(done.code, 0, "{}", done.said);
    assert!(releases.has_run(), "{}", done.said);
    let done = releases.install(&[("ACTION_REF", untagged.trim())]);
    assert!(done.said.contains("migcheck built"), "{}", done.said);
}
