//! A project in memory: the single call into the library for tests that are about histories.

use migcheck::report::ProjectReport;
use migcheck::{Options, Tree, TreeBranches, check_tree_branches, check_trees};

/// A release or head as its files.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    files: Vec<(String, String)>,
    config: String,
}

impl State {
    /// Migrations in order, each a file of its own.
    pub(crate) fn of(migrations: &[&str]) -> Self {
        let mut state = State::default();
        for migration in migrations {
            state = state.and(migration);
        }
        state
    }

    /// With one more migration.
    pub(crate) fn and(mut self, migration: &str) -> Self {
        let number = self.files.len() + 1;
        self.files
            .push((format!("migrations/{number}_m.sql"), migration.to_owned()));
        self
    }

    /// With one more migration of this file name.
    pub(crate) fn file(mut self, name: &str, migration: &str) -> Self {
        self.files
            .push((format!("migrations/{name}"), migration.to_owned()));
        self
    }

    /// With another file, by its path.
    pub(crate) fn path(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Without a file.
    pub(crate) fn without(mut self, path: &str) -> Self {
        self.files.retain(|(it, _)| it != path);
        self
    }

    /// With this migcheck.toml.
    pub(crate) fn config(mut self, config: &str) -> Self {
        config.clone_into(&mut self.config);
        self
    }

    /// Its files.
    pub(crate) fn tree(&self) -> Tree {
        // Enough of a project for the layout to be found: sqlx sends a file in one transaction.
        let layout = match self.config.contains("layout =") {
            true => "",
            false => "layout = \"sqlx\"\n",
        };
        let config = format!("dialect = \"postgres\"\n{layout}{}", self.config);
        let mut files: Vec<(&str, &str)> = vec![("migcheck.toml", &config)];
        files.extend(
            self.files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str())),
        );
        Tree::memory(files)
    }
}

/// Judges head against its live releases, oldest first.
pub(crate) fn judge(live: &[(&str, &State)], head: &State) -> ProjectReport {
    let trees: Vec<(&str, Tree)> = live
        .iter()
        .map(|(name, state)| (*name, state.tree()))
        .collect();
    let live: Vec<(&str, &Tree)> = trees.iter().map(|(name, tree)| (*name, tree)).collect();
    let mut report = check_trees(&Options::default(), &head.tree(), &live)
        .expect("a project in memory can be judged");
    report.projects.remove(0)
}

/// Judges head against the state at which it left its target branch, where that has gone on to
/// `theirs`.
pub(crate) fn judge_branch(old: &State, theirs: &State, head: &State) -> ProjectReport {
    let branches = TreeBranches {
        name: "main",
        fork: &old.tree(),
        tip: &theirs.tree(),
    };
    let mut report = check_tree_branches(&Options::default(), &head.tree(), &branches)
        .expect("a project in memory can be judged");
    report.projects.remove(0)
}

/// Judges migrations that follow `before`, with the release at `before` alive.
pub(crate) fn change(before: &str, migrations: &[&str], config: &str) -> ProjectReport {
    let old = State::of(&[before]);
    let mut head = old.clone();
    for migration in migrations {
        head = head.and(migration);
    }
    judge(&[("old", &old)], &head.config(config))
}

/// The verdict's name.
pub(crate) fn verdict(report: &ProjectReport) -> &'static str {
    report
        .summary
        .verdict
        .expect("a change has one verdict")
        .as_str()
}

/// The findings, one per line: severity, rule, object, and who breaks.
pub(crate) fn findings(report: &ProjectReport) -> String {
    let mut lines: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            let breaks: Vec<String> = finding
                .breaks
                .iter()
                .map(|it| {
                    let access: Vec<&str> = it.access.iter().map(|it| it.as_str()).collect();
                    format!("{} {}", it.pair.as_str(), access.join("+"))
                })
                .collect();
            format!(
                "{} {} {}: {}",
                finding.severity.as_str(),
                finding.rule,
                finding.object,
                breaks.join(", ")
            )
        })
        .collect();
    lines.sort();
    lines.join("\n")
}
