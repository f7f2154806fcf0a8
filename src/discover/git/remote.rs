//! What a clone lacks, and the one command that fetches it.
//!
//! Input: the remotes as git's configuration has them, and what was sought in vain. Output: commands
//! that do what they say when they are pasted where migcheck was called. Nothing here asks another
//! machine: what the remote has is not known, and what is guessed of it (that its branch is `main`) the
//! message says.

use super::{Environment, Repository, run};
use crate::error::Result;

/// The branch that a change is for where nobody knows.
pub(super) const USUAL_TARGET: &str = "main";

/// Another repository, as `git remote` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    /// Its name: `origin`.
    pub(super) name: String,
    /// What `git fetch` brings from it: `+refs/heads/*:refs/remotes/origin/*`.
    refspecs: Vec<String>,
}

impl Remote {
    /// Whether `git fetch REMOTE BRANCH` leaves the branch under the remote's name here.
    fn keeps(&self, branch: &str) -> bool {
        let source = format!("refs/heads/{branch}");
        let place = format!("refs/remotes/{}/{branch}", self.name);
        let mut all = self.refspecs.iter();
        let is_left_out = all.any(|it| {
            it.strip_prefix('^')
                .is_some_and(|it| matched(it, &source).is_some())
        });
        !is_left_out
            && self.refspecs.iter().any(|it| {
                let it = it.strip_prefix('+').unwrap_or(it);
                let Some((from, to)) = it.split_once(':') else {
                    return false;
                };
                matched(from, &source).is_some_and(|star| to.replacen('*', star, 1) == place)
            })
    }

    /// Whether only branches that are named one by one are fetched from it, as after
    /// `git clone --single-branch`, which `--depth` means too.
    pub(super) fn is_narrow(&self) -> bool {
        !self.refspecs.iter().any(|it| it.contains('*'))
    }
}

/// What the star of a pattern stands for in a name that it matches; nothing where it has none.
fn matched<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        Some((before, after)) => name.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == name).then_some(""),
    }
}

impl Repository {
    /// The remotes, in the order of the configuration.
    pub(super) fn remotes(&self) -> Result<Vec<Remote>> {
        let mut command = self.git();
        command.args([
            "config",
            "-z",
            "--get-regexp",
            "^remote\\..*\\.(url|fetch)$",
        ]);
        let (out, _) = run(&mut command)?.unwrap_or_default();
        let mut remotes: Vec<Remote> = Vec::new();
        for entry in out.split('\0') {
            let Some((key, value)) = entry.split_once('\n') else {
                continue;
            };
            let name = key.strip_prefix("remote.");
            let Some((name, what)) = name.and_then(|it| it.rsplit_once('.')) else {
                continue;
            };
            let at = remotes.iter().position(|it| it.name == name);
            let at = at.unwrap_or_else(|| {
                remotes.push(Remote {
                    name: name.to_owned(),
                    refspecs: Vec::new(),
                });
                remotes.len() - 1
            });
            if what == "fetch" {
                remotes[at].refspecs.push(value.to_owned());
            }
        }
        Ok(remotes)
    }

    /// The remote that has the target branch: `origin`, else `upstream` (what a fork came from), else
    /// the first one.
    pub(super) fn remote(&self) -> Result<Option<Remote>> {
        let mut remotes = self.remotes()?;
        let named = |name: &str| remotes.iter().position(|it| it.name == name);
        let at = named("origin").or_else(|| named("upstream")).unwrap_or(0);
        Ok((at < remotes.len()).then(|| remotes.swap_remove(at)))
    }

    /// The command that brings a branch of a remote here, with the history that a shallow clone
    /// lacks.
    pub(super) fn fetch_branch(&self, remote: &Remote, branch: &str) -> String {
        let mut refspec = match branch.starts_with('-') {
            true => format!("refs/heads/{branch}"),
            false => branch.to_owned(),
        };
        if !remote.keeps(branch) {
            refspec.push_str(&format!(":refs/remotes/{}/{branch}", remote.name));
        }
        format!("{} {}", self.fetch(remote, ""), quoted(&refspec))
    }

    /// The command that brings every branch and tag of a remote here, with their history.
    pub(super) fn fetch_everything(&self, remote: &Remote) -> String {
        let fetch = self.fetch(remote, "--tags ");
        match remote.is_narrow() {
            true => {
                let name = &remote.name;
                let refspec = format!("+refs/heads/*:refs/remotes/{name}/*");
                format!("{fetch} {}", quoted(&refspec))
            }
            false => fetch,
        }
    }

    /// The command that brings the history of what is here already.
    pub(super) fn fetch_history(&self, remote: &Remote) -> String {
        self.fetch(remote, "")
    }

    fn fetch(&self, remote: &Remote, options: &str) -> String {
        let unshallow = match self.is_shallow() {
            true => "--unshallow ",
            false => "",
        };
        let (here, name) = (self.here(), quoted(&remote.name));
        format!("git {here}fetch {unshallow}{options}{name}")
    }

    /// What a command needs to be about this repository wherever migcheck was called.
    fn here(&self) -> String {
        let folder = std::env::current_dir().and_then(|it| it.canonicalize());
        let root = self.root();
        let real = root.canonicalize();
        match (folder, real) {
            (Ok(folder), Ok(real)) if folder.starts_with(&real) => String::new(),
            _ => format!("-C {} ", quoted(&root.to_string_lossy())),
        }
    }

    /// A local branch that HEAD has commits beside, the one with the newest commit.
    pub(super) fn other_branch(&self) -> Result<Option<String>> {
        let mut command = self.git();
        command.args([
            "for-each-ref",
            "--format=%(refname:short)",
            "--sort=-committerdate",
            "--no-contains=HEAD",
            "refs/heads",
        ]);
        let (out, _) = run(&mut command)?.unwrap_or_default();
        Ok(out.lines().next().map(str::to_owned))
    }

    /// The branch that a remote calls its own one, where this clone knows: that of `origin/HEAD`.
    pub(super) fn head_of(&self, remote: &str) -> Result<Option<String>> {
        let mut command = self.git();
        command.args(["symbolic-ref", "--quiet"]);
        command.arg(format!("refs/remotes/{remote}/HEAD"));
        let (out, _) = run(&mut command)?.unwrap_or_default();
        let prefix = format!("refs/remotes/{remote}/");
        Ok(out.trim().strip_prefix(&prefix).map(str::to_owned))
    }

    /// Whether the clone was cut off at some depth. Asked only for error messages.
    pub(super) fn is_shallow(&self) -> bool {
        let mut command = self.git();
        command.args(["rev-parse", "--is-shallow-repository"]);
        matches!(run(&mut command), Ok(Some((out, _))) if out.trim() == "true")
    }
}

/// Where continuous integration is told to fetch everything from the start.
pub(super) fn setting_of_ci(environment: Environment<'_>) -> &'static str {
    let is_set = |name: &str| environment(name).is_some_and(|it| it == "true");
    match (is_set("GITHUB_ACTIONS"), is_set("GITLAB_CI")) {
        (true, _) => " (or give actions/checkout `fetch-depth: 0`)",
        (false, true) => " (or give the job the variable `GIT_DEPTH: 0`)",
        (false, false) => "",
    }
}

/// An argument as a POSIX shell reads it.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || "._-/+@:~^=,%".contains(it);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_keeps_the_branches_of_its_refspecs() {
        let keeps = |refspecs: &[&str], branch: &str| {
            let remote = Remote {
                name: "origin".to_owned(),
                refspecs: refspecs.iter().map(|it| (*it).to_owned()).collect(),
            };
            remote.keeps(branch)
        };
        let all = "+refs/heads/*:refs/remotes/origin/*";
        assert!(keeps(&[all], "main"));
        assert!(keeps(&[all], "release/2"));
        assert!(keeps(&["refs/heads/main:refs/remotes/origin/main"], "main"));
        assert!(keeps(&["refs/heads/r/*:refs/remotes/origin/r/*"], "r/1"));
        assert!(!keeps(
            &["+refs/heads/topic:refs/remotes/origin/topic"],
            "main"
        ));
        assert!(!keeps(&["+refs/heads/*:refs/remotes/other/*"], "main"));
        assert!(!keeps(&["+refs/*:refs/*"], "main"));
        assert!(!keeps(&[all, "^refs/heads/main"], "main"));
        assert!(!keeps(&["refs/heads/main"], "main"));
        assert!(!keeps(&[], "main"));
    }

    #[test]
    fn names_are_quoted_where_a_shell_would_read_more() {
        assert_eq!(quoted("feature/a-1"), "feature/a-1");
        assert_eq!(quoted("$(id)"), "'$(id)'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
