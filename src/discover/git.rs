//! A git repository, through the `git` program.
//!
//! Few processes: `rev-parse` finds the repository, one long-lived `cat-file --batch` answers
//! every question about revisions, folders and contents, `merge-base` runs once and only when the
//! base is not HEAD itself. Revisions that the user wrote go to the standard input of `cat-file`
//! or stand behind the end of the options, so none of them is read as an option.
//!
//! In a hook git sets `GIT_INDEX_FILE`, and sometimes `GIT_DIR`. The repository is found from the
//! folder all the same (with `GIT_DIR` alone git takes the current folder for the top of the work
//! tree); the index is kept when it is that repository's.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::discover::text::{LARGEST, Mark, MigrationText};
use crate::error::{Error, Result};

mod remote;

use remote::{Remote, USUAL_TARGET, quoted, setting_of_ci};

/// A commit that exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit {
    id: Arc<str>,
}

impl Commit {
    /// The whole object name in hexadecimal.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// What "new" is measured from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The revision as people name it: `origin/main`, `v1.4`.
    pub name: String,
    /// The commit compared with: for a branch, where HEAD left it.
    pub commit: Commit,
    /// Where both parted, when there are commits on both sides.
    pub fork: Option<Fork>,
    /// Whether HEAD has commits of its own.
    pub head: HeadAt,
    /// Why it would mean nothing that nothing is new, where HEAD has no commit of its own: the change
    /// is not what is checked out, or the branch was compared with itself. A gate must not pass then.
    pub doubt: Option<String>,
}

/// Where HEAD is, seen from the commit that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeadAt {
    /// At another commit.
    #[default]
    Elsewhere,
    /// At that commit, which has one before it.
    Base,
    /// At that commit, and no other one is known before it.
    First,
}

/// Two lines of development.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The newest commit of the target.
    pub tip: Commit,
    /// The newest one that both sides have.
    pub at: Commit,
}

/// A tag or branch that a pattern matched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Its short name: `v1.4`, `main`, `origin/release/2`.
    pub name: String,
    /// The commit it names, through annotated tags.
    pub commit: Commit,
}

/// A repository with a work tree. Cloning is cheap; clones share the `cat-file` process.
#[derive(Clone)]
pub struct Repository {
    inner: Arc<Inner>,
}

struct Inner {
    /// The top of the work tree.
    root: PathBuf,
    /// Variables for each git process; those of a hook when they are about this repository.
    environment: Vec<(&'static str, OsString)>,
    batch: Mutex<Option<Batch>>,
    /// Tracked files that are on disk as they are in the index, with their object names; known
    /// once the work tree has been listed.
    unchanged: Mutex<Unchanged>,
    /// Texts of unchanged files that were read.
    texts: Mutex<HashMap<String, (MigrationText, Mark)>>,
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("root", &self.inner.root)
            .finish_non_exhaustive()
    }
}

/// Where the variables come from: `std::env::var_os`, or a table in tests.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<OsString> + Sync);

/// What continuous integration calls the branch that a change is to be merged into.
///
/// Sources: the manuals of GitHub Actions (also Gitea and Forgejo), GitLab, Jenkins (multibranch),
/// Bitbucket Pipelines, Azure Pipelines, Buildkite, Woodpecker, AWS CodeBuild and Drone.
const TARGET_BRANCH_VARIABLES: [&str; 9] = [
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CHANGE_TARGET",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "CI_COMMIT_TARGET_BRANCH",
    "CODEBUILD_WEBHOOK_BASE_REF",
    DRONE_TARGET,
];

/// Drone sets it for a push too, where it names the branch that is pushed.
const DRONE_TARGET: &str = "DRONE_TARGET_BRANCH";

/// What continuous integration calls the repository's own branch: for builds of a branch that no
/// change was proposed of. Sources: the manuals of GitLab, Buildkite, Woodpecker and Drone.
const DEFAULT_BRANCH_VARIABLES: [&str; 4] = [
    "CI_DEFAULT_BRANCH",
    "BUILDKITE_PIPELINE_DEFAULT_BRANCH",
    "CI_REPO_DEFAULT_BRANCH",
    "DRONE_REPO_BRANCH",
];

/// The branches tried when nobody names one, in this order: those of the remote, and these here.
const USUAL_BRANCHES: [&str; 2] = [USUAL_TARGET, "master"];

/// A branch that a variable names.
struct NamedBranch {
    variable: &'static str,
    branch: String,
    /// Whether it is the target of the change that is built, rather than the repository's own branch.
    is_target: bool,
}

/// Variables by which one git process tells another which repository is meant.
const REPOSITORY_VARIABLES: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

impl Repository {
    /// The repository whose work tree holds `path` (a file or a folder that exists); `None` when
    /// there is none, or no git program.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when there is a repository that git refuses to read, with the cure.
    pub fn containing(path: &Path) -> Result<Option<Repository>> {
        Self::containing_with(path, &|name| std::env::var_os(name))
    }

    /// [`Repository::containing`] with the variables of a hook from elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Repository::containing`].
    pub fn containing_with(
        path: &Path,
        environment: Environment<'_>,
    ) -> Result<Option<Repository>> {
        let folder = if path.is_dir() {
            path
        } else {
            match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            }
        };
        let questions = ["rev-parse", "--absolute-git-dir", "--show-toplevel"];
        let mut command = git(folder, &[]);
        let Some((found, said)) = run(command.args(questions))? else {
            return Ok(None);
        };
        if let Some((git_dir, root)) = two_lines(&found) {
            let kept = hook_variables(environment, Path::new(git_dir));
            return Ok(Some(Self::at(PathBuf::from(root), kept)));
        }
        if said.contains("dubious ownership") {
            let root = said.split('\'').nth(1).unwrap_or("PATH");
            return Err(Error::Git(format!(
                "git refuses to read the repository at {root}, which belongs to another user; \
                 if you trust it: git config --global --add safe.directory {root}"
            )));
        }
        if !said.contains("not a git repository") && !said.contains("must be run in a work tree") {
            return Err(Error::Git(format!(
                "git cannot read the repository around {}: {}",
                folder.display(),
                first_line(&said)
            )));
        }
        // Some keep the repository away from its work tree and say so only by variables.
        let (Some(_), Some(_)) = (environment("GIT_DIR"), environment("GIT_WORK_TREE")) else {
            return Ok(None);
        };
        let told = absolute_variables(environment);
        let mut command = git(folder, &told);
        let Some((found, _)) = run(command.args(questions))? else {
            return Ok(None);
        };
        Ok(two_lines(&found)
            .map(|(_, root)| PathBuf::from(root))
            .filter(|root| folder.canonicalize().is_ok_and(|it| it.starts_with(root)))
            .map(|root| Self::at(root, told)))
    }

    fn at(root: PathBuf, environment: Vec<(&'static str, OsString)>) -> Repository {
        Repository {
            inner: Arc::new(Inner {
                root,
                environment,
                batch: Mutex::new(None),
                unchanged: Mutex::default(),
                texts: Mutex::default(),
            }),
        }
    }

    /// The top folder of the work tree, absolute.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// The commit that `revision` names.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when there is none.
    pub fn resolve(&self, revision: &str) -> Result<Commit> {
        match self.find(revision)? {
            Some(commit) => Ok(commit),
            None if revision == "HEAD" => Err(unborn()),
            None => Err(self.not_found(revision)?),
        }
    }

    /// The same; where nothing is called so, the branch of that name on the remote, with the name
    /// that it has here. A build has that branch checked out nowhere.
    fn resolve_branch(&self, revision: &str) -> Result<(String, Commit)> {
        if let Some(commit) = self.find(revision)? {
            return Ok((revision.to_owned(), commit));
        }
        if let Some(remote) = self.remote()? {
            let branch = revision.strip_prefix("refs/heads/").unwrap_or(revision);
            let remote_branch = format!("{}/{branch}", remote.name);
            if let Some(commit) = self.find(&format!("refs/remotes/{remote_branch}"))? {
                return Ok((remote_branch, commit));
            }
        }
        Ok((revision.to_owned(), self.resolve(revision)?))
    }

    /// That `revision` names no commit, and what to do about it.
    fn not_found(&self, revision: &str) -> Result<Error> {
        let remotes = self.remotes()?;
        let bare = revision.strip_prefix("refs/remotes/").unwrap_or(revision);
        let branch_of = |remote: &Remote| -> Option<String> {
            let branch = bare.strip_prefix(&*remote.name)?.strip_prefix('/')?;
            let is_branch = !branch.is_empty() && !branch.contains(['~', '^', ':', '@']);
            is_branch.then(|| branch.to_owned())
        };
        let found = remotes
            .iter()
            .find_map(|it| branch_of(it).map(|branch| (it, branch)));
        if let Some((remote, branch)) = found {
            let fetch = self.fetch_branch(remote, &branch);
            return Ok(Error::Git(format!(
                "`{revision}` names no commit; fetch it: `{fetch}`"
            )));
        }
        let start = revision.find(['~', '^']).filter(|at| *at > 0);
        if let Some(start) = start.map(|at| &revision[..at])
            && !self.is_shallow()
            && self.find(start)?.is_some()
        {
            return Ok(Error::Git(format!(
                "`{revision}` names no commit: the history of `{start}` does not go that far"
            )));
        }
        Ok(Error::Git(match self.remote()? {
            Some(remote) => format!(
                "`{revision}` names no commit in this clone; if the remote has it, fetch what is \
                 missing: `{}`",
                self.fetch_everything(&remote)
            ),
            None => format!(
                "`{revision}` names no commit in this repository, which has no remote to fetch it \
                 from"
            ),
        }))
    }

    /// The folder of everything that is staged, as the next commit is going to have it. Git stores it
    /// (`write-tree`), which the commit would do anyway; in a hook it is the index of that commit.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when the index is not one that can be committed, as in the middle of a merge.
    pub(super) fn staged(&self) -> Result<Commit> {
        let mut command = self.git();
        let (out, said) = run(command.arg("write-tree"))?.unwrap_or_default();
        match out.lines().next() {
            Some(id) => Ok(Commit { id: id.into() }),
            None if said.contains("unmerged") => Err(Error::Git(
                "what is staged cannot be judged while files are unmerged; resolve them and git add \
                 them"
                    .to_owned(),
            )),
            None => Err(Error::Git(format!(
                "git cannot say what is staged: {}",
                first_line(&said)
            ))),
        }
    }

    /// Where git looks for the hook `name`: in the folder that `core.hooksPath` names, or in the one
    /// that all work trees of the repository share.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git does not say.
    pub fn hook(&self, name: &str) -> Result<PathBuf> {
        let mut command = self.git();
        command.args(["rev-parse", "--git-path", "hooks"]);
        let (out, said) = run(&mut command)?.unwrap_or_default();
        match out.lines().next() {
            // Git says it from the folder that it runs in, which is the top.
            Some(folder) if !folder.is_empty() => Ok(self.root().join(folder).join(name)),
            _ => Err(Error::Git(format!(
                "git does not say where hooks are: {}",
                first_line(&said)
            ))),
        }
    }

    /// Whether other repositories may use the file `path` of this one's settings: it lies neither
    /// in the work tree nor beside the repository's own files.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git does not say.
    pub fn is_shared(&self, path: &Path) -> Result<bool> {
        let mut command = self.git();
        command.args(["rev-parse", "--git-common-dir"]);
        let (out, _) = run(&mut command)?.unwrap_or_default();
        let common = self.root().join(out.lines().next().unwrap_or_default());
        // The file itself, and even its folder, need not be there yet.
        let real = |path: &Path| {
            let there = path.ancestors().find_map(|it| it.canonicalize().ok());
            there.unwrap_or_else(|| path.to_owned())
        };
        let path = real(path);
        Ok(!path.starts_with(real(self.root())) && !path.starts_with(real(&common)))
    }

    /// Whether nothing is committed yet.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git fails.
    pub fn is_unborn(&self) -> Result<bool> {
        self.find("HEAD").map(|head| head.is_none())
    }

    /// The commit that `revision` names, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git fails.
    pub fn find(&self, revision: &str) -> Result<Option<Commit>> {
        let mut found = self.find_all(&[revision])?;
        Ok(found.pop().flatten())
    }

    fn find_all(&self, revisions: &[&str]) -> Result<Vec<Option<Commit>>> {
        // A line break would be a second question, and the empty name would mean something.
        let is_name = |revision: &str| !revision.is_empty() && !revision.contains(['\n', '\0']);
        let questions: Vec<String> = revisions
            .iter()
            .filter(|revision| is_name(revision))
            .map(|revision| format!("{revision}^{{commit}}"))
            .collect();
        let mut answers = self.objects(&questions)?.into_iter();
        Ok(revisions
            .iter()
            .map(
                |revision| match is_name(revision).then(|| answers.next())?? {
                    Object::Found { id, kind, .. } if kind == "commit" => {
                        Some(Commit { id: id.into() })
                    }
                    _ => None,
                },
            )
            .collect())
    }

    /// The newest commit that both have; `None` when their histories do not meet in this clone.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git fails.
    pub fn merge_base(&self, one: &Commit, other: &Commit) -> Result<Option<Commit>> {
        if one == other {
            return Ok(Some(one.clone()));
        }
        let mut command = self.git();
        command.args(["merge-base", one.id(), other.id()]);
        let (out, said) = run(&mut command)?.unwrap_or_default();
        match out.lines().next() {
            Some(id) => Ok(Some(Commit { id: id.into() })),
            None if said.is_empty() => Ok(None),
            None => Err(Error::Git(format!(
                "git merge-base failed: {}",
                first_line(&said)
            ))),
        }
    }

    /// The tags and branches, local and remote, whose short name matches `pattern` (`v1.*`,
    /// `release/*`; `*` does not cross a `/`). By name, each commit's digits as numbers: `v1.9`
    /// stands before `v1.10`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] when the pattern is not a glob, [`Error::Git`] when git fails.
    pub fn matching(&self, pattern: &str) -> Result<Vec<Reference>> {
        let glob = globset::GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| Error::Argument(format!("`{pattern}`: {}", error.kind())))?
            .compile_matcher();
        let mut command = self.git();
        command.args([
            "for-each-ref",
            "--format=%(refname)%00%(objectname)%00%(*objectname)%00",
            "--sort=version:refname",
            "refs/tags",
            "refs/heads",
            "refs/remotes",
        ]);
        let (out, _) = run(&mut command)?.unwrap_or_default();
        let mut found: Vec<Reference> = Vec::new();
        let mut fields = out.split('\0').map(|field| field.trim_start_matches('\n'));
        while let (Some(full), Some(id), Some(peeled)) =
            (fields.next(), fields.next(), fields.next())
        {
            let name = ["refs/tags/", "refs/heads/", "refs/remotes/"]
                .iter()
                .find_map(|prefix| full.strip_prefix(prefix))
                .unwrap_or(full);
            let is_twin = found.iter().any(|other| other.name == name);
            if glob.is_match(name) && !is_twin && !name.ends_with("/HEAD") {
                let id = if peeled.is_empty() { id } else { peeled };
                found.push(Reference {
                    name: name.to_owned(),
                    commit: Commit { id: id.into() },
                });
            }
        }
        Ok(found)
    }

    /// What a `--live` argument means: the revision of that name, or else every tag and branch
    /// that it matches as a pattern.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when it is neither.
    pub fn revisions(&self, revision_or_pattern: &str) -> Result<Vec<Reference>> {
        // What git reads as a revision may hold these too: `v1^{commit}`.
        let is_pattern = revision_or_pattern.contains(['*', '?', '[', '{']);
        let exact = match is_pattern {
            true => self
                .find(revision_or_pattern)?
                .map(|it| (revision_or_pattern.to_owned(), it)),
            false => Some(self.resolve_branch(revision_or_pattern)?),
        };
        if let Some((name, commit)) = exact {
            return Ok(vec![Reference { name, commit }]);
        }
        let found = self.matching(revision_or_pattern)?;
        if found.is_empty() {
            let fetch = match self.remote()? {
                Some(remote) => format!(
                    "; if the remote has any, fetch them: `{}`",
                    self.fetch_everything(&remote)
                ),
                None => ", and this repository has no remote to fetch one from".to_owned(),
            };
            return Err(Error::Git(format!(
                "no tag or branch matches `{revision_or_pattern}`{fetch}"
            )));
        }
        Ok(found)
    }

    /// The commit's name for people: as many digits as make it unique, at least seven.
    pub fn short(&self, commit: &Commit) -> String {
        for length in (7..commit.id.len()).step_by(2) {
            let short = &commit.id[..length];
            if self
                .find(short)
                .is_ok_and(|found| found.as_ref() == Some(commit))
            {
                return short.to_owned();
            }
        }
        commit.id().to_owned()
    }

    /// What the work tree is compared with: `explicit` (`--base`), else the branch that continuous
    /// integration names in a variable, else `origin/HEAD`, `origin/main`, `origin/master`, `main`
    /// or `master`; without a remote `origin` another one stands for it. For a branch it is the commit
    /// where HEAD left it; a tag or another revision stands for itself. Where the branch is checked
    /// out, base is HEAD, and only what is not committed is new.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when nothing can be compared with, and what to do about it.
    pub fn base(&self, explicit: Option<&str>, environment: Environment<'_>) -> Result<Base> {
        if let Some(revision) = explicit {
            return self.explicit_base(revision, environment);
        }
        let named = named_branch(environment);
        let names = |remote: &str| -> Vec<String> {
            let here: Vec<&str> = match &named {
                Some(it) => vec![&it.branch],
                None => USUAL_BRANCHES.to_vec(),
            };
            let head = named.is_none().then_some("HEAD");
            let there = head.iter().chain(&here).map(|it| format!("{remote}/{it}"));
            there
                .chain(here.iter().map(|it| (*it).to_owned()))
                .collect()
        };
        let mut remote = "origin".to_owned();
        let (head, mut tips) = self.tips(names(&remote))?;
        let is_there = |tips: &[(String, Commit)], remote: &str| {
            let prefix = format!("{remote}/");
            tips.iter().any(|(name, _)| name.starts_with(&prefix))
        };
        if !is_there(&tips, &remote)
            && let Some(other) = self.remote()?.filter(|it| it.name != remote)
        {
            remote = other.name;
            tips = self.tips(names(&remote))?.1;
        }
        match named {
            Some(named) => self.named_base(&named, tips.first(), &head, environment),
            None => self.usual_base(&names(&remote), &tips, &remote, &head, environment),
        }
    }

    /// HEAD, and those of these branches that are here.
    fn tips(&self, names: Vec<String>) -> Result<(Commit, Vec<(String, Commit)>)> {
        let questions: Vec<&str> = std::iter::once("HEAD")
            .chain(names.iter().map(String::as_str))
            .collect();
        let mut found = self.find_all(&questions)?.into_iter();
        let head = found.next().flatten().ok_or_else(unborn)?;
        let tips = names.into_iter().zip(found);
        let tips = tips.filter_map(|(name, tip)| Some((name, tip?)));
        Ok((head, tips.collect()))
    }

    /// Where HEAD left the branch that continuous integration names.
    fn named_base(
        &self,
        named: &NamedBranch,
        tip: Option<&(String, Commit)>,
        head: &Commit,
        environment: Environment<'_>,
    ) -> Result<Base> {
        let NamedBranch {
            variable, branch, ..
        } = named;
        let Some((name, tip)) = tip else {
            let what = match named.is_target {
                true => "the change is for",
                false => "the repository's own branch is",
            };
            let cure = match self.remote()? {
                Some(remote) => format!(
                    "fetch the target branch: `{}`{}, or name a revision with --base",
                    self.fetch_branch(&remote, branch),
                    setting_of_ci(environment)
                ),
                None => format!(
                    "there is no remote to fetch it from: {}",
                    self.without_remote()?
                ),
            };
            return Err(Error::Git(format!(
                "{variable} says that {what} `{branch}`, which is not in this clone; {cure}"
            )));
        };
        let mut base = self.left_at(name, tip, head, environment)?;
        if named.is_target && base.head != HeadAt::Elsewhere {
            let is_github = *variable == "GITHUB_BASE_REF";
            let how = match is_github {
                true => " (with actions/checkout: `ref: refs/pull/NUMBER/merge`)",
                false => "",
            };
            let other = match base.head {
                HeadAt::Base => "; or judge the last commit: `migcheck check --base HEAD~1`",
                HeadAt::Elsewhere | HeadAt::First => "",
            };
            base.doubt = Some(format!(
                "{variable} says that this is a change for `{branch}`, but all that is checked out \
                 is in `{name}` already; check out the change{how}{other}"
            ));
        }
        Ok(base)
    }

    /// Where HEAD left the first of the usual branches that is here.
    fn usual_base(
        &self,
        sought: &[String],
        tips: &[(String, Commit)],
        remote: &str,
        head: &Commit,
        environment: Environment<'_>,
    ) -> Result<Base> {
        let own = format!("{remote}/HEAD");
        let mut itself: Option<Base> = None;
        for (at, (name, tip)) in tips.iter().enumerate() {
            // `origin/HEAD` is a name for git; people know the branch it stands for.
            let mut rest = tips[at + 1..].iter();
            let is_branch =
                |it: &&(String, Commit)| it.0.starts_with(&format!("{remote}/")) && it.1 == *tip;
            let known = match *name == own {
                true => rest.find(is_branch),
                false => None,
            };
            let shown = known.map_or(name, |(name, _)| name);
            let mut base = self.left_at(shown, tip, head, environment)?;
            if *shown != own || base.head == HeadAt::Elsewhere {
                return Ok(base);
            }
            // A clone of one branch alone calls that branch the remote's own where the remote does so,
            // or has no other one. It tells nothing of what the branch is going to be merged into.
            let Some(branch) = self.head_of(remote)? else {
                return Ok(base);
            };
            base.name = format!("{remote}/{branch}");
            let mut remotes = self.remotes()?.into_iter();
            let Some(remote) = remotes.find(|it| it.name == remote && it.is_narrow()) else {
                return Ok(base);
            };
            base.doubt = Some(format!(
                "this clone holds `{branch}` alone, so that it would be compared with itself; fetch \
                 the target branch: `{}`{}, or say that `{branch}` is the target: --base {}",
                self.fetch_branch(&remote, USUAL_TARGET),
                setting_of_ci(environment),
                quoted(&base.name)
            ));
            itself.get_or_insert(base);
        }
        if let Some(base) = itself {
            return Ok(base);
        }
        let none_of = sought.join(", ");
        Err(Error::Git(match self.remote()? {
            Some(remote) => format!(
                "nothing to compare with: this clone has none of {none_of}; fetch the target branch, \
                 if that is `{USUAL_TARGET}`: `{}`{}, or name a revision with --base",
                self.fetch_branch(&remote, USUAL_TARGET),
                setting_of_ci(environment)
            ),
            None => format!(
                "nothing to compare with: this repository has no remote and none of {}; {}",
                USUAL_BRANCHES.join(", "),
                self.without_remote()?
            ),
        }))
    }

    /// What can be compared with where there is nowhere to fetch from.
    fn without_remote(&self) -> Result<String> {
        Ok(match self.other_branch()? {
            Some(branch) => format!(
                "name the target branch, as in `migcheck check --base {}`",
                quoted(&branch)
            ),
            None => "name a revision with --base, or judge each migration as a change of its own: \
                     `migcheck check --all`"
                .to_owned(),
        })
    }

    fn explicit_base(&self, revision: &str, environment: Environment<'_>) -> Result<Base> {
        let bare = revision.strip_prefix("refs/").unwrap_or(revision);
        let names = [
            format!("refs/heads/{bare}"),
            format!("refs/remotes/{bare}"),
            format!("refs/{bare}"),
            format!("refs/tags/{bare}"),
        ];
        let questions: Vec<&str> = ["HEAD", revision]
            .into_iter()
            .chain(names.iter().map(String::as_str))
            .collect();
        let found = self.find_all(&questions)?;
        let Some(commit) = found[1].clone() else {
            let Some(head) = &found[0] else {
                return Err(unborn());
            };
            let (name, tip) = self.resolve_branch(revision)?;
            return self.left_at(&name, &tip, head, environment);
        };
        let full_branch = bare.starts_with("heads/") || bare.starts_with("remotes/");
        // Git, too, prefers the tag where a tag and a branch share a name.
        let is_branch = found[5].is_none()
            && (found[2].is_some() || found[3].is_some() || (full_branch && found[4].is_some()));
        match &found[0] {
            Some(head) if is_branch => self.left_at(revision, &commit, head, environment),
            head => Ok(Base {
                name: revision.to_owned(),
                fork: match head {
                    Some(head) => self.fork(&commit, head)?,
                    None => None,
                },
                head: match head {
                    Some(head) => self.head_at(&commit, head)?,
                    None => HeadAt::Elsewhere,
                },
                commit,
                doubt: None,
            }),
        }
    }

    fn head_at(&self, commit: &Commit, head: &Commit) -> Result<HeadAt> {
        if commit != head {
            return Ok(HeadAt::Elsewhere);
        }
        Ok(match self.find("HEAD~1")? {
            Some(_) => HeadAt::Base,
            None => HeadAt::First,
        })
    }

    /// Where the lines of `tip` and of `head` parted, when there are commits on both sides. Where
    /// head is the merge of both, as continuous integration and merge queues make it, they are
    /// those that were merged.
    fn fork(&self, tip: &Commit, head: &Commit) -> Result<Option<Fork>> {
        if tip == head {
            return Ok(None);
        }
        match self.merge_base(tip, head)? {
            Some(at) => self.fork_at(tip, at, head),
            None => Ok(None),
        }
    }

    /// The same, where the newest commit of both is known.
    fn fork_at(&self, tip: &Commit, at: Commit, head: &Commit) -> Result<Option<Fork>> {
        let tip = tip.clone();
        if at == *head {
            return Ok(None);
        }
        if at != tip {
            return Ok(Some(Fork { tip, at }));
        }
        let parents = [1, 2].map(|number| format!("{}^{number}", head.id()));
        let parents = self.find_all(&[&parents[0], &parents[1]])?;
        let [Some(first), Some(second)] = parents.as_slice() else {
            return Ok(None);
        };
        let other = match (*first == tip, *second == tip) {
            (true, false) => second,
            (false, true) => first,
            _ => return Ok(None),
        };
        let at = self.merge_base(&tip, other)?;
        Ok(at
            .filter(|at| *at != tip && at != other)
            .map(|at| Fork { tip, at }))
    }

    /// Where `head` left the branch `name`.
    fn left_at(
        &self,
        name: &str,
        tip: &Commit,
        head: &Commit,
        environment: Environment<'_>,
    ) -> Result<Base> {
        if let Some(commit) = self.merge_base(tip, head)? {
            return Ok(Base {
                name: name.to_owned(),
                fork: self.fork_at(tip, commit.clone(), head)?,
                head: self.head_at(&commit, head)?,
                commit,
                doubt: None,
            });
        }
        let cut = match self.is_shallow() {
            true => self.remote()?,
            false => None,
        };
        Err(Error::Git(match cut {
            Some(remote) => {
                let branch = name.strip_prefix("refs/remotes/").unwrap_or(name);
                let branch = branch.strip_prefix(&*remote.name);
                let branch = branch.and_then(|it| it.strip_prefix('/'));
                let fetch = match branch.filter(|it| *it != "HEAD") {
                    Some(branch) => self.fetch_branch(&remote, branch),
                    None => self.fetch_history(&remote),
                };
                format!(
                    "this clone is shallow and does not reach the commit where HEAD left `{name}`; \
                     fetch the rest: `{fetch}`{}",
                    setting_of_ci(environment)
                )
            }
            None => {
                format!("HEAD and `{name}` have no commit in common; name a revision with --base")
            }
        }))
    }

    /// The files of the work tree, from its top: tracked ones that are there, and untracked ones
    /// that are not ignored. Git decides rather than a walk, because a tracked file stays tracked
    /// when a pattern of `.gitignore` matches it. `only`: files, and folders with all that lies in
    /// them, where not everything is asked for; in a large repository that is much faster.
    pub(super) fn work_tree_files(&self, only: &[String]) -> Result<Vec<String>> {
        let mut command = self.git();
        command.args(["ls-files", "-z", "-v", "--stage", "--exclude-standard"]);
        command.args(["--cached", "--others"]);
        // To tell these, git looks at every file of the repository, and into those whose times it
        // does not know.
        if only.is_empty() {
            command.args(["--deleted", "--modified"]);
        }
        command.arg("--");
        command.args(only.iter().map(|path| format!(":(top,literal){path}")));
        let out = output(&mut command)?.ok_or_else(|| Error::Git("git is gone".to_owned()))?;
        if !out.status.success() {
            return Err(Error::Git(format!(
                "git ls-files failed: {}",
                first_line(&String::from_utf8_lossy(&out.stderr))
            )));
        }
        let (mut files, unchanged) = listed(&out.stdout);
        if only.is_empty() {
            self.unchanged().known.extend(unchanged);
        } else {
            let mut all = self.unchanged();
            all.unsure.extend(unchanged);
            all.unsure_paths.extend(only.iter().cloned());
            drop(all);
            let is_there = |path: &String| self.root().join(path).symlink_metadata().is_ok();
            files.retain(is_there);
        }
        Ok(files)
    }

    /// Whether the file `path` on disk is what git stores as `id`, as far as the work tree was
    /// listed. Reading it there saves git the work of unpacking it.
    pub(super) fn is_on_disk(&self, path: &str, id: &str) -> bool {
        let mut unchanged = self.unchanged();
        if !unchanged.unsure_paths.is_empty() {
            let paths = std::mem::take(&mut unchanged.unsure_paths);
            let mut unsure = std::mem::take(&mut unchanged.unsure);
            let mut command = self.git();
            command.args(["diff-files", "--name-only", "-z", "--"]);
            command.args(paths.iter().map(|path| format!(":(top,literal){path}")));
            // Where git does not say, nothing is taken for unchanged.
            if let Ok(Some(out)) = output(&mut command)
                && out.status.success()
            {
                for name in out.stdout.split(|byte| *byte == 0) {
                    unsure.remove(&*String::from_utf8_lossy(name));
                }
                unchanged.known.extend(unsure);
            }
        }
        unchanged.known.get(path).is_some_and(|it| it == id)
    }

    fn unchanged(&self) -> MutexGuard<'_, Unchanged> {
        let unchanged = self.inner.unchanged.lock();
        unchanged.unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the texts of unchanged files for [`Repository::kept_text`].
    pub(super) fn keep_texts(&self, paths: &[String], texts: &[(MigrationText, Mark)]) {
        let unchanged = self.unchanged();
        let mut kept = self
            .inner
            .texts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (path, text) in paths.iter().zip(texts) {
            if unchanged.known.contains_key(path) || unchanged.unsure.contains_key(path) {
                kept.insert(path.clone(), text.clone());
            }
        }
    }

    /// The text of the file `path` on disk, if it was read and is what git stores as `id`.
    pub(super) fn kept_text(&self, path: &str, id: &str) -> Option<(MigrationText, Mark)> {
        if !self.is_on_disk(path, id) {
            return None;
        }
        let kept = self
            .inner
            .texts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.get(path).cloned()
    }

    /// The objects with these names, in order, all through one process.
    pub(super) fn objects(&self, names: &[String]) -> Result<Vec<Object>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch: MutexGuard<'_, Option<Batch>> = self
            .inner
            .batch
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let failed = |error: std::io::Error| Error::Git(format!("git cat-file failed: {error}"));
        let mut running = match batch.take() {
            Some(running) => running,
            None => Batch::start(&mut self.git()).map_err(failed)?,
        };
        // After a failure the answers would belong to other questions: the process is dropped.
        let answers = running.ask(names).map_err(failed)?;
        *batch = Some(running);
        Ok(answers)
    }

    /// The lines that hold what `pattern` matches as a word, in any case: at a commit, or in the
    /// work tree with its untracked files.
    pub(super) fn grep(
        &self,
        commit: Option<&Commit>,
        pattern: &str,
        left_out: &[String],
    ) -> Result<Vec<(String, usize)>> {
        let mut command = self.git();
        // Only what matches is printed: a line can be very long.
        command.args([
            "grep",
            "-a",
            "-o",
            "-n",
            "-z",
            "-w",
            "-i",
            "-E",
            "--no-color",
        ]);
        command.arg("--no-recurse-submodules");
        match commit {
            None => command.args(["--untracked", "-e", pattern]),
            Some(commit) => command.args(["-e", pattern, commit.id()]),
        };
        command.args(["--", "."]);
        for folder in left_out.iter().filter(|it| !it.is_empty()) {
            command.arg(format!(":(exclude,top,literal){folder}"));
        }
        let Some(answer) = output(&mut command)? else {
            return Err(Error::Git("there is no git program".to_owned()));
        };
        // 1 says that nothing was found.
        if !matches!(answer.status.code(), Some(0 | 1)) {
            let said = String::from_utf8_lossy(&answer.stderr);
            return Err(Error::Git(format!(
                "git grep failed: {}",
                first_line(&said)
            )));
        }
        let text = String::from_utf8_lossy(&answer.stdout);
        let found = text.lines().filter_map(|line| {
            let mut parts = line.splitn(3, '\0');
            let (file, number) = (parts.next()?, parts.next()?);
            let file = match commit {
                Some(commit) => file.strip_prefix(commit.id())?.strip_prefix(':')?,
                None => file,
            };
            Some((file.to_owned(), number.parse().ok()?))
        });
        let mut found: Vec<(String, usize)> = found.collect();
        found.dedup();
        Ok(found)
    }

    fn git(&self) -> Command {
        git(&self.inner.root, &self.inner.environment)
    }
}

/// The files that are there, sorted, and the unchanged ones with their object names, from what
/// `ls-files -z -v --stage` prints: `H 100644 <id> <stage>\t<name>` for each tracked file, the
/// same with `R` if it is removed and with `C` if it is changed, `S` if a sparse checkout leaves
/// it out, lower case if git was told not to look, and `? <name>` for an untracked file.
fn listed(out: &[u8]) -> (Vec<String>, HashMap<String, String>) {
    let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut gone: Vec<String> = Vec::new();
    for entry in out.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        let Some((tag, rest)) = entry.split_once(' ') else {
            continue;
        };
        if tag == "?" {
            // A nested repository is listed as a folder.
            if !rest.ends_with('/') {
                files.insert(rest.to_owned(), None);
            }
            continue;
        }
        let Some((about, name)) = rest.split_once('\t') else {
            continue;
        };
        let mut about = about.split(' ');
        let (mode, id) = (about.next(), about.next());
        match (tag, mode) {
            ("R" | "r" | "S" | "s", _) => gone.push(name.to_owned()),
            // A commit of another repository.
            (_, Some("160000")) => {}
            ("H", Some("100644" | "100755")) => {
                files
                    .entry(name.to_owned())
                    .or_insert_with(|| id.map(str::to_owned));
            }
            // Changed, unmerged, a link, or something git does not look at.
            _ => {
                files.insert(name.to_owned(), None);
            }
        }
    }
    for name in gone {
        files.remove(&name);
    }
    let unchanged = files
        .iter()
        .filter_map(|(name, id)| Some((name.clone(), id.clone()?)))
        .collect();
    (files.into_keys().collect(), unchanged)
}

/// Files of the work tree that are what the index holds, with their object names.
#[derive(Debug, Default)]
struct Unchanged {
    known: HashMap<String, String>,
    /// Listed without a look at them; git is asked when somebody wants to know.
    unsure: HashMap<String, String>,
    /// What was listed so.
    unsure_paths: Vec<String>,
}

/// What git has under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// An object. `bytes` is `Err(size)` for one larger than [`LARGEST`].
    Found {
        /// Its name in hexadecimal.
        id: String,
        /// `commit`, `tree`, `blob` or `tag`.
        kind: String,
        /// The contents.
        bytes: std::result::Result<Vec<u8>, u64>,
    },
    /// Nothing, or several things.
    Missing,
}

/// A running `git cat-file --batch`. It ends by itself when its input is closed.
struct Batch {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    fn start(command: &mut Command) -> std::io::Result<Batch> {
        let mut child = command
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let questions = child.stdin.take();
        let answers = child.stdout.take().expect("the output is piped");
        Ok(Batch {
            child,
            questions,
            answers: BufReader::with_capacity(1 << 16, answers),
        })
    }

    fn ask(&mut self, names: &[String]) -> std::io::Result<Vec<Object>> {
        let questions = self.questions.as_mut().expect("open until the end");
        let mut text = String::with_capacity(names.iter().map(|name| name.len() + 1).sum());
        for name in names {
            text.push_str(name);
            text.push('\n');
        }
        let answers = &mut self.answers;
        let mut read = || names.iter().map(|_| answer(answers)).collect();
        // A pipe holds at least 4 kB. More has to be written while the answers are read, or both
        // sides would wait for each other.
        if text.len() <= 4096 {
            questions.write_all(text.as_bytes())?;
            return read();
        }
        std::thread::scope(|scope| {
            let writing = scope.spawn(move || questions.write_all(text.as_bytes()));
            let answers = read();
            writing.join().expect("writing does not panic")?;
            answers
        })
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        drop(self.questions.take());
        // After a failure it may be blocked on an answer that nobody reads.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads one answer: `<id> <kind> <size>`, a line break, the contents, a line break; or
/// `<name> missing`, `<name> ambiguous`.
fn answer(answers: &mut impl BufRead) -> std::io::Result<Object> {
    let mut header = Vec::new();
    if answers.read_until(b'\n', &mut header)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let header = String::from_utf8_lossy(&header);
    let header = header.trim_end();
    if header.ends_with(" missing") || header.ends_with(" ambiguous") {
        return Ok(Object::Missing);
    }
    let mut words = header.split(' ');
    let (Some(id), Some(kind), Some(Ok(size))) = (
        words.next(),
        words.next(),
        words.next().map(str::parse::<u64>),
    ) else {
        return Err(std::io::Error::other(format!("it said `{header}`")));
    };
    let bytes = if size > LARGEST {
        std::io::copy(&mut answers.by_ref().take(size), &mut std::io::sink())?;
        Err(size)
    } else {
        let mut bytes = vec![0; usize::try_from(size).expect("checked above")];
        answers.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    answers.read_exact(&mut [0])?;
    Ok(Object::Found {
        id: id.to_owned(),
        kind: kind.to_owned(),
        bytes,
    })
}

/// A git process in `folder` that asks nobody anything, takes no locks and speaks English.
fn git(folder: &Path, environment: &[(&'static str, OsString)]) -> Command {
    let mut command = Command::new("git");
    for name in REPOSITORY_VARIABLES {
        command.env_remove(name);
    }
    command
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("LC_ALL", "C")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Standard output and standard error; `None` when there is no git program.
fn run(command: &mut Command) -> Result<Option<(String, String)>> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(output(command)?.map(|it| (text(it.stdout), text(it.stderr))))
}

fn output(command: &mut Command) -> Result<Option<std::process::Output>> {
    match command.output() {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Git(format!("cannot run git: {error}"))),
    }
}

fn two_lines(text: &str) -> Option<(&str, &str)> {
    let (first, second) = text.split_once('\n')?;
    let second = second.trim_end_matches(['\n', '\r']);
    (!second.is_empty()).then_some((first.trim_end_matches('\r'), second))
}

fn first_line(said: &str) -> &str {
    let line = said.lines().next().unwrap_or("no reason given");
    line.strip_prefix("fatal: ").unwrap_or(line)
}

fn unborn() -> Error {
    Error::Git(
        "the repository has no commit yet, so there is nothing to compare with; commit the \
         migrations that are already applied, or check all of them with --all"
            .to_owned(),
    )
}

/// The first variable of continuous integration that names a target branch, or else the repository's
/// own branch.
fn named_branch(environment: Environment<'_>) -> Option<NamedBranch> {
    let is_proposed = environment("DRONE_PULL_REQUEST").is_some_and(|it| !it.is_empty());
    let targets = TARGET_BRANCH_VARIABLES.map(|it| (it, true)).into_iter();
    targets
        .filter(|(variable, _)| *variable != DRONE_TARGET || is_proposed)
        .chain(DEFAULT_BRANCH_VARIABLES.map(|it| (it, false)))
        .find_map(|(variable, is_target)| {
            let value = environment(variable)?.into_string().ok()?;
            let branch = value.strip_prefix("refs/heads/").unwrap_or(&value);
            (!branch.is_empty()).then(|| NamedBranch {
                variable,
                branch: branch.to_owned(),
                is_target,
            })
        })
}

/// The variables to hand on: a hook's index and objects when they are this repository's, which
/// `GIT_DIR` says, or without it the place of the index.
fn hook_variables(environment: Environment<'_>, git_dir: &Path) -> Vec<(&'static str, OsString)> {
    let mut told = absolute_variables(environment);
    let place = |wanted: &str| {
        let found = told.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| PathBuf::from(value))
    };
    let real = |path: &Path| path.canonicalize().ok();
    let is_own = match (place("GIT_DIR"), place("GIT_INDEX_FILE")) {
        (Some(other), _) => real(&other).is_some_and(|it| real(git_dir) == Some(it)),
        (None, Some(index)) => index.parent().and_then(real) == real(git_dir),
        (None, None) => false,
    };
    if !is_own {
        return Vec::new();
    }
    told.retain(|(name, _)| !matches!(*name, "GIT_DIR" | "GIT_WORK_TREE"));
    told
}

/// The variables that name places, made absolute: git means them from the folder it runs in, and
/// ours run elsewhere.
fn absolute_variables(environment: Environment<'_>) -> Vec<(&'static str, OsString)> {
    REPOSITORY_VARIABLES
        .into_iter()
        .filter(|name| !matches!(*name, "GIT_PREFIX" | "GIT_ALTERNATE_OBJECT_DIRECTORIES"))
        .filter_map(|name| {
            let value = environment(name).filter(|value| !value.is_empty())?;
            let absolute = std::path::absolute(&value).ok()?;
            Some((name, absolute.into_os_string()))
        })
        .chain(
            environment("GIT_ALTERNATE_OBJECT_DIRECTORIES")
                .map(|value| ("GIT_ALTERNATE_OBJECT_DIRECTORIES", value)),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::support::TestRepository;

    /// No variables.
    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    fn open(repository: &TestRepository) -> Repository {
        Repository::containing_with(repository.root(), &nothing)
            .unwrap()
            .unwrap()
    }

    /// Base as `name@subject of its commit`, or the message of the error.
    fn base(repository: &TestRepository, explicit: Option<&str>) -> String {
        base_with(repository, explicit, &nothing)
    }

    fn base_with(
        repository: &TestRepository,
        explicit: Option<&str>,
        environment: Environment<'_>,
    ) -> String {
        match open(repository).base(explicit, environment) {
            Ok(base) => {
                let subject = repository.git(&["log", "-1", "--format=%s", base.commit.id()]);
                format!("{}@{subject}", base.name)
            }
            Err(error) => plain(repository, &error.to_string()),
        }
    }

    /// A message as it is when the repository is where the tests run.
    fn plain(repository: &TestRepository, message: &str) -> String {
        let root = repository.root().canonicalize().unwrap();
        message.replace(&format!("git -C {} ", root.display()), "git ")
    }

    /// `main` with `one`, `two`; `topic` from `one` with `three`, checked out.
    fn forked() -> TestRepository {
        let mut repository = TestRepository::new();
        repository.commit("one");
        repository.git(&["branch", "topic"]);
        repository.commit("two");
        repository.git(&["tag", "v1.0"]);
        repository.git(&["checkout", "--quiet", "topic"]);
        repository.commit("three");
        repository
    }

    #[test]
    fn base_is_where_head_left_main() {
        assert_eq!(base(&forked(), None), "main@one");
    }

    #[test]
    fn base_of_the_only_branch_is_head() {
        let mut repository = TestRepository::new();
        repository.commit("one");
        repository.commit("two");
        assert_eq!(base(&repository, None), "main@two");
    }

    #[test]
    fn remote_branch_comes_before_the_local_one_and_has_its_own_name() {
        let source = forked();
        source.git(&["checkout", "--quiet", "main"]);
        let mut clone = TestRepository::clone_of(&source, &[]);
        clone.git(&["checkout", "--quiet", "-b", "work"]);
        clone.commit("four");
        assert_eq!(base(&clone, None), "origin/main@two");
        clone.git(&["remote", "set-head", "origin", "--delete"]);
        assert_eq!(base(&clone, None), "origin/main@two");
        clone.git(&["remote", "set-head", "origin", "topic"]);
        assert_eq!(base(&clone, None), "origin/HEAD@one");
    }

    #[test]
    fn explicit_branch_means_the_merge_base_and_a_tag_itself() {
        let repository = forked();
        assert_eq!(base(&repository, Some("main")), "main@one");
        assert_eq!(
            base(&repository, Some("refs/heads/main")),
            "refs/heads/main@one"
        );
        assert_eq!(base(&repository, Some("v1.0")), "v1.0@two");
        assert_eq!(base(&repository, Some("HEAD~1")), "HEAD~1@one");
    }

    #[test]
    fn revision_that_does_not_exist_is_named_with_a_cure() {
        let repository = forked();
        assert_eq!(
            base(&repository, Some("origin/main")),
            "`origin/main` names no commit in this repository, which has no remote to fetch it from"
        );
        repository.git(&["remote", "add", "origin", "."]);
        assert_eq!(
            base(&repository, Some("origin/main")),
            "`origin/main` names no commit; fetch it: `git fetch origin main`"
        );
        repository.git(&["config", "--unset", "remote.origin.fetch"]);
        assert_eq!(
            base(&repository, Some("origin/main")),
            "`origin/main` names no commit; fetch it: `git fetch origin \
             main:refs/remotes/origin/main`"
        );
        assert_eq!(
            base(&repository, Some("--all")),
            "`--all` names no commit in this clone; if the remote has it, fetch what is missing: \
             `git fetch --tags origin '+refs/heads/*:refs/remotes/origin/*'`"
        );
        assert_eq!(
            base(&repository, Some("HEAD~7")),
            "`HEAD~7` names no commit: the history of `HEAD` does not go that far"
        );
        assert!(open(&repository).resolve("main\nmain").is_err());
        assert!(open(&repository).resolve("").is_err());
    }

    #[test]
    fn continuous_integration_names_the_target_branch() {
        let source = forked();
        source.git(&["checkout", "--quiet", "main"]);
        let mut clone = TestRepository::clone_of(&source, &["--no-single-branch"]);
        clone.git(&["checkout", "--quiet", "--detach"]);
        clone.commit("four");
        for (variable, value, expected) in [
            ("GITHUB_BASE_REF", "topic", "origin/topic@one"),
            (
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
                "main",
                "origin/main@two",
            ),
            (
                "SYSTEM_PULLREQUEST_TARGETBRANCH",
                "refs/heads/topic",
                "origin/topic@one",
            ),
            ("CHANGE_TARGET", "main", "origin/main@two"),
            ("GITHUB_BASE_REF", "", "origin/main@two"),
            (
                "GITHUB_BASE_REF",
                "release/2",
                "GITHUB_BASE_REF says that the change is for `release/2`, which is not in this \
                 clone; fetch the target branch: `git fetch origin release/2`, or name a revision \
                 with --base",
            ),
            (
                "CI_DEFAULT_BRANCH",
                "trunk",
                "CI_DEFAULT_BRANCH says that the repository's own branch is `trunk`, which is not \
                 in this clone; fetch the target branch: `git fetch origin trunk`, or name a \
                 revision with --base",
            ),
            ("CI_DEFAULT_BRANCH", "topic", "origin/topic@one"),
            // A push, where it is the branch that is pushed.
            ("DRONE_TARGET_BRANCH", "topic", "origin/main@two"),
        ] {
            let environment = |name: &str| (name == variable).then(|| value.into());
            assert_eq!(base_with(&clone, None, &environment), expected);
        }
    }

    #[test]
    fn unborn_head_is_said_with_a_cure() {
        let repository = TestRepository::new();
        let expected = "the repository has no commit yet, so there is nothing to compare with; \
                        commit the migrations that are already applied, or check all of them \
                        with --all";
        assert_eq!(base(&repository, None), expected);
        assert_eq!(base(&repository, Some("main")), expected);
    }

    #[test]
    fn detached_head_without_branches_is_said_with_a_cure() {
        let repository = forked();
        repository.git(&["checkout", "--quiet", "--detach"]);
        repository.git(&["branch", "--quiet", "-D", "main", "topic"]);
        assert_eq!(
            base(&repository, None),
            "nothing to compare with: this repository has no remote and none of main, master; name a \
             revision with --base, or judge each migration as a change of its own: `migcheck check \
             --all`"
        );
        repository.git(&["branch", "trunk", "HEAD~1"]);
        assert_eq!(
            base(&repository, None),
            "nothing to compare with: this repository has no remote and none of main, master; name \
             the target branch, as in `migcheck check --base trunk`"
        );
        assert_eq!(base(&repository, Some("trunk")), "trunk@one");
        repository.git(&["branch", "--quiet", "-D", "trunk"]);
        repository.git(&["remote", "add", "origin", "."]);
        assert_eq!(
            base(&repository, None),
            "nothing to compare with: this clone has none of origin/HEAD, origin/main, \
             origin/master, main, master; fetch the target branch, if that is `main`: `git fetch \
             origin main`, or name a revision with --base"
        );
    }

    #[test]
    fn another_remote_stands_for_origin_and_a_branch_is_found_there() {
        let source = forked();
        let clone = TestRepository::clone_of(&source, &["--origin=work", "--branch=topic"]);
        assert_eq!(base(&clone, None), "work/topic@three");
        source.git(&["checkout", "--quiet", "main"]);
        clone.git(&["remote", "set-head", "work", "main"]);
        assert_eq!(base(&clone, None), "work/main@one");
        assert_eq!(base(&clone, Some("main")), "work/main@one");
        let environment = |name: &str| (name == "CHANGE_TARGET").then(|| "main".into());
        assert_eq!(base_with(&clone, None, &environment), "work/main@one");
        let live = open(&clone).revisions("main").unwrap();
        assert_eq!(live[0].name, "work/main");
        clone.git(&["remote", "add", "upstream", "."]);
        assert_eq!(
            base(&clone, Some("upstream/main")),
            "`upstream/main` names no commit; fetch it: `git fetch upstream main`"
        );
    }

    #[test]
    fn head_without_commits_of_its_own_is_said_and_doubted_where_it_is_no_answer() {
        let found = |repository: &TestRepository, environment: Environment<'_>| {
            let base = open(repository).base(None, environment).unwrap();
            (base.head, base.doubt.map(|it| plain(repository, &it)))
        };
        let mut repository = TestRepository::new();
        repository.commit("one");
        assert_eq!(found(&repository, &nothing), (HeadAt::First, None));
        repository.commit("two");
        assert_eq!(found(&repository, &nothing), (HeadAt::Base, None));
        assert_eq!(found(&forked(), &nothing), (HeadAt::Elsewhere, None));
        // A build of a change whose target is checked out, as with pull_request_target.
        let environment = |name: &str| (name == "GITHUB_BASE_REF").then(|| "main".into());
        let (head, doubt) = found(&repository, &environment);
        assert_eq!(head, HeadAt::Base);
        assert_eq!(
            doubt.as_deref(),
            Some(
                "GITHUB_BASE_REF says that this is a change for `main`, but all that is checked out \
                 is in `main` already; check out the change (with actions/checkout: `ref: \
                 refs/pull/NUMBER/merge`); or judge the last commit: `migcheck check --base HEAD~1`"
            )
        );
        let environment = |name: &str| (name == "CI_DEFAULT_BRANCH").then(|| "main".into());
        assert_eq!(found(&repository, &environment), (HeadAt::Base, None));
        // A clone of one branch, which its remote calls its own.
        let source = forked();
        let clone = TestRepository::clone_of(&source, &["--depth=1"]);
        let (head, doubt) = found(&clone, &nothing);
        assert_eq!(head, HeadAt::First);
        assert_eq!(
            doubt.as_deref(),
            Some(
                "this clone holds `topic` alone, so that it would be compared with itself; fetch the \
                 target branch: `git fetch --unshallow origin main:refs/remotes/origin/main`, or say \
                 that `topic` is the target: --base origin/topic"
            )
        );
        // Whoever has all branches has the right one for it, and a trunk is none but itself.
        let clone = TestRepository::clone_of(&source, &["--depth=1", "--no-single-branch"]);
        assert_eq!(found(&clone, &nothing), (HeadAt::First, None));
        let clone = TestRepository::clone_of(&source, &["--depth=1", "--branch=main"]);
        assert_eq!(found(&clone, &nothing), (HeadAt::First, None));
    }

    #[test]
    fn shallow_clone_without_the_merge_base_is_said_with_a_cure() {
        let source = forked();
        let clone = TestRepository::clone_of(&source, &["--depth=1", "--no-single-branch"]);
        assert_eq!(
            base(&clone, Some("origin/main")),
            "this clone is shallow and does not reach the commit where HEAD left `origin/main`; \
             fetch the rest: `git fetch --unshallow origin main`"
        );
        assert_eq!(
            base(&clone, Some("v0.9")),
            "`v0.9` names no commit in this clone; if the remote has it, fetch what is missing: `git \
             fetch --unshallow --tags origin`"
        );
        let environment = |name: &str| match name {
            "GITHUB_BASE_REF" => Some("main".into()),
            "GITHUB_ACTIONS" => Some("true".into()),
            _ => None,
        };
        assert_eq!(
            base_with(&clone, None, &environment),
            "this clone is shallow and does not reach the commit where HEAD left `origin/main`; \
             fetch the rest: `git fetch --unshallow origin main` (or give actions/checkout \
             `fetch-depth: 0`)"
        );
    }

    #[test]
    fn histories_that_do_not_meet_are_said() {
        let mut repository = forked();
        repository.git(&["checkout", "--quiet", "--orphan", "other"]);
        repository.commit("other");
        assert_eq!(
            base(&repository, None),
            "HEAD and `main` have no commit in common; name a revision with --base"
        );
    }

    #[test]
    fn repository_is_found_from_folders_worktrees_and_files() {
        let mut repository = TestRepository::new();
        let file = repository.write("a b/c/1.sql", "");
        repository.commit("one");
        let root = repository.root().canonicalize().unwrap();
        for path in [repository.root(), file.parent().unwrap(), &file] {
            let found = Repository::containing_with(path, &nothing)
                .unwrap()
                .unwrap();
            assert_eq!(found.root(), root);
        }
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(
            Repository::containing_with(elsewhere.path(), &nothing)
                .unwrap()
                .is_none()
        );
        let worktree = elsewhere.path().join("tree");
        repository.git(&["worktree", "add", "--quiet", worktree.to_str().unwrap()]);
        let found = Repository::containing_with(&worktree, &nothing)
            .unwrap()
            .unwrap();
        assert_eq!(found.root(), worktree.canonicalize().unwrap());
        assert_eq!(found.work_tree_files(&[]).unwrap(), ["a b/c/1.sql"]);
    }

    #[test]
    fn hook_index_counts_for_its_own_repository_only() {
        let mut repository = TestRepository::new();
        repository.write("a.sql", "");
        repository.commit("one");
        let other = TestRepository::new();
        repository.write(".gitignore", "*.sql\n");
        repository.git(&["rm", "--quiet", "--cached", "a.sql"]);
        // The hook's index still has the file that the ordinary one has lost.
        std::fs::write(repository.root().join("message"), "").unwrap();
        repository.git(&["read-tree", "--index-output=.git/hook-index", "HEAD"]);
        let git_dir = repository.root().join(".git");
        let hook = |name: &str| -> Option<OsString> {
            (name == "GIT_INDEX_FILE").then(|| git_dir.join("hook-index").into())
        };
        let hook_with_folder = |name: &str| -> Option<OsString> {
            (name == "GIT_DIR")
                .then(|| git_dir.clone().into())
                .or_else(|| hook(name))
        };
        let files = |environment: Environment<'_>, folder: &Path| {
            let found = Repository::containing_with(folder, environment)
                .unwrap()
                .unwrap();
            found.work_tree_files(&[]).unwrap()
        };
        assert_eq!(
            files(&hook, repository.root()),
            [".gitignore", "a.sql", "message"]
        );
        assert_eq!(
            files(&nothing, repository.root()),
            [".gitignore", "message"]
        );
        let all = [".gitignore", "a.sql", "message"];
        assert_eq!(files(&hook_with_folder, repository.root()), all);
        assert!(files(&hook, other.root()).is_empty());
        assert!(files(&hook_with_folder, other.root()).is_empty());
    }

    #[test]
    fn repository_away_from_its_work_tree_is_found_by_variables() {
        let mut repository = TestRepository::new();
        repository.commit("one");
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("1.sql"), "").unwrap();
        let environment = |name: &str| -> Option<OsString> {
            match name {
                "GIT_DIR" => Some(repository.root().join(".git").into()),
                "GIT_WORK_TREE" => Some(home.path().into()),
                _ => None,
            }
        };
        let found = Repository::containing_with(home.path(), &environment);
        let found = found.unwrap().unwrap();
        assert_eq!(found.root(), home.path().canonicalize().unwrap());
        assert_eq!(found.work_tree_files(&[]).unwrap(), ["1.sql"]);
    }

    #[test]
    fn live_release_is_a_revision_or_a_pattern() {
        let mut repository = forked();
        repository.git(&["tag", "--annotate", "v1.10", "--message", "x", "HEAD~1"]);
        repository.git(&["tag", "v1.9", "HEAD"]);
        repository.git(&["branch", "release/1"]);
        repository.commit("four");
        let git = open(&repository);
        let names = |what: &str| -> String {
            match git.revisions(what) {
                Ok(found) => found
                    .into_iter()
                    .map(|it| it.name)
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(names("v1.*"), "v1.0 v1.9 v1.10");
        assert_eq!(names("release/*"), "release/1");
        assert_eq!(names("HEAD~1"), "HEAD~1");
        assert_eq!(names("v1.9"), "v1.9");
        assert_eq!(
            names("v2.*"),
            "no tag or branch matches `v2.*`, and this repository has no remote to fetch one from"
        );
        assert!(names("v3").starts_with("`v3` names no commit"));
        let annotated = git.resolve("v1.10").unwrap();
        assert_eq!(git.matching("v1.10").unwrap()[0].commit, annotated);
        assert_eq!(git.short(&annotated).len(), 7);
    }
}
