//! Throw-away git repositories: a fixed author, fixed dates, no configuration of the user.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository in a temporary folder, which goes away with it.
pub(crate) struct TestRepository {
    folder: tempfile::TempDir,
    commits: u64,
}

impl TestRepository {
    /// An empty repository whose branch is `main`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let repository = TestRepository { folder, commits: 0 };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// One commit per folder, each holding exactly the files of that folder, and a tag where one
    /// is given: `layered(&[("fixtures/x/01-base", Some("v1")), ("fixtures/x/02-head", None)])`.
    pub(crate) fn layered(folders: &[(&str, Option<&str>)]) -> Self {
        let mut repository = TestRepository::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, tag) in folders {
            repository.clear();
            copy(&from.join(folder), repository.root());
            repository.commit(folder);
            if let Some(tag) = tag {
                repository.git(&["tag", tag]);
            }
        }
        repository
    }

    /// A clone of `source` made with further `options`, such as `--depth=1`.
    pub(crate) fn clone_of(source: &TestRepository, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let repository = TestRepository { folder, commits: 0 };
        // Only a URL makes a clone of a local repository shallow.
        let url = format!("file://{}", source.root().display());
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        arguments.extend([url.as_str(), "."]);
        repository.git(&arguments);
        repository
    }

    /// The top of the work tree.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the root")).expect("it can be made");
        fs::write(&path, text).expect("it can be written");
        path
    }

    /// Commits everything that is not ignored, a minute after the commit before.
    pub(crate) fn commit(&mut self, message: &str) -> String {
        self.commits += 1;
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git in the root and returns what it printed, without the last line break.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let date = format!("2024-01-01T00:{:02}:00Z", self.commits % 60);
        let output = git_command(self.root())
            .args(arguments)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .expect("git is installed");
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim_end_matches('\n').to_owned()
    }

    fn clear(&self) {
        for entry in fs::read_dir(self.root()).expect("the root can be listed") {
            let path = entry.expect("an entry can be read").path();
            match path.is_dir() {
                true if path.ends_with(".git") => {}
                true => fs::remove_dir_all(&path).expect("it can be removed"),
                false => fs::remove_file(&path).expect("it can be removed"),
            }
        }
    }
}

/// A git process that knows nothing of the user, of the machine or of a hook around the tests.
pub(crate) fn git_command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    // A hook runs the program, which would take the target of the tests' own change for this one's.
    for name in [
        "GITHUB_BASE_REF",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        "CHANGE_TARGET",
        "BITBUCKET_PR_DESTINATION_BRANCH",
        "SYSTEM_PULLREQUEST_TARGETBRANCH",
        "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        "CI_COMMIT_TARGET_BRANCH",
        "CODEBUILD_WEBHOOK_BASE_REF",
        "DRONE_TARGET_BRANCH",
        "CI_DEFAULT_BRANCH",
        "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
        "CI_REPO_DEFAULT_BRANCH",
        "DRONE_REPO_BRANCH",
    ] {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_DEFAULT_HASH", "sha1")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.org")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.org");
    command
}

/// Copies what is in the folder `from` into `to`.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    let entries = fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    for entry in entries {
        let entry = entry.expect("an entry can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
}
