//! Clones as machines make them, which lack what a change is compared with: that is said with exit
//! code 2 and one command, and when the command has run the change is judged as in a whole clone.

use std::process::Command;

use crate::cli::program;
use crate::support::{TestRepository, git_command};

const BASE: &str = "CREATE TABLE t (a integer, b text);\n";
const BAD: &str = "ALTER TABLE t DROP COLUMN b;\n";
const GOOD: &str = "ALTER TABLE t ADD COLUMN c integer;\n";

/// A project on a server: `main` with four commits, `topic` of the second one with a change in two,
/// the merge of both as `refs/pull/1/merge`, and `topic` as `refs/pipelines/7`.
pub(crate) fn server(change: &str) -> TestRepository {
    let mut server = TestRepository::new();
    server.write("migcheck.toml", "layout = \"sqlx\"\n");
    server.write("migrations/1_t.sql", BASE);
    server.commit("one");
    server.git(&["tag", "v1"]);
    server.commit("two");
    server.git(&["branch", "topic"]);
    server.commit("three");
    server.write("migrations/2_u.sql", "CREATE TABLE u (a integer);\n");
    server.commit("four");
    server.git(&["checkout", "--quiet", "topic"]);
    server.write("migrations/3_t.sql", change);
    server.commit("change");
    server.commit("change again");
    server.git(&["checkout", "--quiet", "--detach", "main"]);
    server.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "topic"]);
    server.git(&["update-ref", "refs/pull/1/merge", "HEAD"]);
    server.git(&["update-ref", "refs/pipelines/7", "topic"]);
    server.git(&["checkout", "--quiet", "main"]);
    server
}

/// A repository that was made empty and has fetched these, as build machines do it, and has one of
/// them checked out.
pub(crate) fn fetched(server: &TestRepository, options: &[&str], what: &str) -> TestRepository {
    let clone = TestRepository::new();
    let url = format!("file://{}", server.root().display());
    clone.git(&["remote", "add", "origin", &url]);
    let mut fetch = vec!["fetch", "--quiet", "origin"];
    fetch.extend(options);
    clone.git(&fetch);
    clone.git(&["checkout", "--quiet", "--detach", what]);
    clone
}

fn run(clone: &TestRepository, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = program(clone.root(), arguments);
    command.envs(environment.iter().copied());
    let output = command.output().expect("the program runs");
    let said = [output.stderr, output.stdout].concat();
    let code = output.status.code().expect("it was not killed");
    (code, String::from_utf8_lossy(&said).into_owned())
}

/// The command in a message: what stands between the first pair of backticks that holds one.
fn command_of(said: &str) -> &str {
    let mut quoted = said.split('`').skip(1).step_by(2);
    quoted
        .find(|it| it.starts_with("git ") || it.starts_with("migcheck "))
        .unwrap_or_else(|| panic!("no command: {said}"))
}

/// Runs a command of git as a person would, in the clone's folder.
fn paste(clone: &TestRepository, command: &str) {
    let mut shell = Command::new("bash");
    for (name, value) in git_command(clone.root()).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(clone.root()).args(["-c", command]);
    let output = shell.output().expect("bash is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command}: {said}");
}

/// How a clone is made, and the variables of the build.
pub(crate) type Kind = (
    &'static str,
    fn(&TestRepository) -> TestRepository,
    &'static [(&'static str, &'static str)],
);

const GITHUB: &[(&str, &str)] = &[("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", "main")];
const GITLAB: &[(&str, &str)] = &[
    ("GITLAB_CI", "true"),
    ("CI_DEFAULT_BRANCH", "main"),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
];

/// The clones that lack their base.
pub(crate) const LACKING: [Kind; 9] = [
    (
        "one branch at depth 1",
        |server| TestRepository::clone_of(server, &["--depth=1", "--branch=topic"]),
        &[],
    ),
    (
        "one branch that the remote calls its own",
        |server| {
            server.git(&["checkout", "--quiet", "topic"]);
            let clone = TestRepository::clone_of(server, &["--depth=1"]);
            server.git(&["checkout", "--quiet", "main"]);
            clone
        },
        &[],
    ),
    (
        "one whole branch",
        |server| TestRepository::clone_of(server, &["--single-branch", "--branch=topic"]),
        &[],
    ),
    (
        "all branches at depth 1",
        |server| {
            let options = ["--depth=1", "--no-single-branch", "--branch=topic"];
            TestRepository::clone_of(server, &options)
        },
        &[],
    ),
    (
        "a remote of another name",
        |server| {
            let options = ["--depth=1", "--branch=topic", "--origin=upstream"];
            TestRepository::clone_of(server, &options)
        },
        &[],
    ),
    (
        "actions/checkout, a pull request",
        |server| {
            let merge = server.git(&["rev-parse", "refs/pull/1/merge"]);
            let refspec = format!("+{merge}:refs/remotes/pull/1/merge");
            fetched(
                server,
                &["--no-tags", "--depth=1", &refspec],
                "refs/remotes/pull/1/merge",
            )
        },
        GITHUB,
    ),
    (
        "actions/checkout, a push",
        |server| {
            let topic = server.git(&["rev-parse", "topic"]);
            let refspec = format!("+{topic}:refs/remotes/origin/topic");
            fetched(
                server,
                &["--no-tags", "--depth=1", &refspec],
                "origin/topic",
            )
        },
        &[("GITHUB_ACTIONS", "true")],
    ),
    (
        "GitLab, a merge request",
        |server| {
            let refspec = "+refs/pipelines/7:refs/pipelines/7";
            fetched(server, &["--depth=2", refspec], "refs/pipelines/7")
        },
        GITLAB,
    ),
    (
        "GitLab, a branch",
        |server| {
            let refspecs = [
                "--depth=20",
                "+refs/pipelines/7:refs/pipelines/7",
                "+refs/heads/topic:refs/remotes/origin/topic",
            ];
            fetched(server, &refspecs, "refs/pipelines/7")
        },
        &[("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main")],
    ),
];

#[test]
fn clone_without_its_base_says_the_command_that_brings_it() {
    for (name, made, environment) in LACKING {
        for (change, expected) in [(BAD, 1), (GOOD, 0)] {
            let server = server(change);
            let clone = made(&server);
            let (code, said) = run(&clone, &["check"], environment);
            assert_eq!(code, 2, "{name}: {said}");
            let command = command_of(&said);
            let is_shallow = clone.git(&["rev-parse", "--is-shallow-repository"]) == "true";
            assert_eq!(command.contains("--unshallow"), is_shallow, "{command}");
            paste(&clone, command);
            let (code, said) = run(&clone, &["check"], environment);
            assert_eq!(code, expected, "{name}, after {command}: {said}");
            let found = said.contains("error[column_dropped]");
            assert_eq!(found, expected == 1, "{name}: {said}");
            assert!(said.contains(", 1 new"), "{name}: {said}");
        }
    }
}

#[test]
fn revision_that_a_clone_lacks_says_the_command_that_brings_it() {
    for revision in ["origin/main", "main", "v1", "refs/remotes/origin/main"] {
        for options in [
            &["--depth=1", "--branch=topic"][..],
            &["--single-branch", "--branch=topic", "--no-tags"],
        ] {
            let server = server(BAD);
            let clone = TestRepository::clone_of(&server, options);
            let arguments = ["check", "--base", revision];
            let (code, said) = run(&clone, &arguments, &[]);
            assert_eq!(code, 2, "{revision}: {said}");
            paste(&clone, command_of(&said));
            let (code, said) = run(&clone, &arguments, &[]);
            assert_eq!(code, 1, "{revision}: {said}");
            assert!(said.contains("error[column_dropped]"), "{said}");
        }
    }
}

#[test]
fn releases_that_a_clone_lacks_say_the_command_that_brings_them() {
    let server = server(BAD);
    let merge = server.git(&["rev-parse", "refs/pull/1/merge"]);
    let refspec = format!("+{merge}:refs/remotes/pull/1/merge");
    let options = ["--no-tags", "--depth=3", &refspec];
    let clone = fetched(&server, &options, "refs/remotes/pull/1/merge");
    for live in ["v*", "v1"] {
        let arguments = ["check", "--base", "HEAD^1", "--live", live];
        let (code, said) = run(&clone, &arguments, &[]);
        assert_eq!(code, 2, "{said}");
        paste(&clone, command_of(&said));
        let (code, said) = run(&clone, &arguments, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("live v1@"), "{said}");
        clone.git(&["tag", "--delete", "v1"]);
    }
}

#[test]
fn whole_clone_is_judged_at_once() {
    for (change, expected) in [(BAD, 1), (GOOD, 0)] {
        let server = server(change);
        // As `fetch-depth: 0` and `GIT_DEPTH: 0` have it.
        let options = [
            "--prune",
            "--tags",
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/pull/1/merge:refs/remotes/pull/1/merge",
        ];
        for (what, environment) in [
            ("refs/remotes/pull/1/merge", GITHUB),
            ("refs/remotes/origin/topic", GITLAB),
            ("refs/remotes/origin/topic", &[]),
        ] {
            let clone = fetched(&server, &options, what);
            let (code, said) = run(&clone, &["check"], environment);
            assert_eq!(code, expected, "{said}");
            assert!(said.contains(", 1 new"), "{said}");
        }
        // Without a remote, the local branch is the target.
        let clone = TestRepository::clone_of(&server, &["--branch=topic"]);
        clone.git(&["branch", "--quiet", "main", "origin/main"]);
        clone.git(&["remote", "remove", "origin"]);
        let (code, said) = run(&clone, &["check"], &[]);
        assert_eq!(code, expected, "{said}");
        clone.git(&["branch", "--quiet", "--move", "main", "trunk"]);
        let (code, said) = run(&clone, &["check"], &[]);
        assert_eq!(code, 2, "{said}");
        let command = command_of(&said).strip_prefix("migcheck ");
        let arguments: Vec<&str> = command.expect("it is ours").split(' ').collect();
        let (code, said) = run(&clone, &arguments, &[]);
        assert_eq!(code, expected, "{said}");
    }
}

#[test]
fn a_branch_is_never_compared_with_itself_in_silence() {
    let server = server(BAD);
    // The target itself is built: nothing can be new, which is said, with what judges its last commit.
    let main = server.git(&["rev-parse", "main"]);
    let refspec = format!("+{main}:refs/remotes/origin/main");
    let push = fetched(&server, &["--depth=2", &refspec], "origin/main");
    let (code, said) = run(&push, &["check"], &[("GITHUB_ACTIONS", "true")]);
    assert_eq!(code, 0, "{said}");
    let expected = "which is HEAD itself (`migcheck check --base HEAD~1` judges its last commit)";
    assert!(said.contains(expected), "{said}");
    let (code, said) = run(&push, &["check", "--base", "HEAD~1"], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 new migration"), "{said}");
    // The target is checked out where a change is to be judged, as pull_request_target does.
    let (code, said) = run(&push, &["check"], GITHUB);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("check out the change"), "{said}");
    // What is not committed counts all the same, and the next commit in a hook.
    push.write("migrations/9_t.sql", BAD);
    let (code, said) = run(&push, &["check"], GITHUB);
    assert_eq!(code, 1, "{said}");
    // A clone of one branch that its remote calls its own, in a hook: it is no gate.
    server.git(&["checkout", "--quiet", "topic"]);
    let clone = TestRepository::clone_of(&server, &["--depth=1"]);
    let (code, said) = run(&clone, &["check", "--staged"], &[]);
    assert_eq!(code, 0, "{said}");
    clone.write("migrations/9_t.sql", GOOD);
    clone.git(&["add", "."]);
    let (code, said) = run(&clone, &["check", "--staged"], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 new migration"), "{said}");
    // It is the target where somebody says so.
    clone.git(&["reset", "--quiet", "--hard"]);
    let (code, said) = run(&clone, &["check", "--base", "origin/topic"], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("which is HEAD itself"), "{said}");
}
