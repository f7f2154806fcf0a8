//! What binding says of the queries of public projects, against what the server says, commit by
//! commit through a project's history. By hand; see `scripts/query-accuracy`.
//!
//! At each commit that touches the migrations, the queries of the release before it and of the
//! release that it makes are asked on the schema before and after its migrations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use migcheck::bind::{Query, Settings, Stage, bind_beside};
use migcheck::discover::{Overrides, Repository};
use migcheck::query::{Queries, QuerySettings, Source, find};
use migcheck::schema::catalog::Catalog;
use migcheck::schema::name::Ident;
use migcheck::{Dialect, Layout, Named, Replayed, Tree, replay_tree};

use crate::postgres::{Database, database};
use crate::queries::{Answer, ask, read_answers};
use crate::server::{Sent, sent};

/// What is asked of one project.
struct Project {
    /// A repository with a work tree, however empty: that is where git is run.
    repository: Repository,
    /// The migrations folder; several where it has moved.
    folders: Vec<String>,
    layout: Option<Layout>,
    /// The folder of the code.
    under: String,
    literals: bool,
}

/// The code and the schema at a commit.
struct Release {
    replayed: Replayed,
    queries: Queries,
}

impl Project {
    /// The release at a commit; why there is none.
    fn release(&self, revision: &str) -> Result<Release, String> {
        let said = |error: migcheck::Error| error.to_string();
        let commit = self.repository.resolve(revision).map_err(said)?;
        let tree = Tree::revision(&self.repository, &commit);
        let is_there = |folder: &&String| tree.files(folder).is_ok_and(|it| !it.is_empty());
        let folder = self.folders.iter().find(is_there).ok_or("no migrations")?;
        let overrides = Overrides {
            layout: self.layout,
            dialect: Some(Dialect::Postgres),
            migrations: Some(folder.clone()),
            ..Overrides::default()
        };
        let replayed = replay_tree(&tree, &overrides).map_err(said)?;
        let settings = QuerySettings {
            literals: self.literals,
            under: self.under.clone(),
            ..QuerySettings::default()
        };
        let is_statement = |text: &str| Query::read(text).is_ok();
        let left_out = [replayed.project.folder.clone()];
        let queries = find(&tree, &settings, &is_statement, &left_out).map_err(said)?;
        Ok(Release { replayed, queries })
    }
}

/// A database, and the migrations that it was sent.
#[derive(Default)]
struct Reached {
    database: Option<Database>,
    /// The text of each, and whether the server took it.
    sent: Vec<(String, bool)>,
    refused: BTreeSet<String>,
}

impl Reached {
    /// Brings the database to the state after these; the places of those that the server took, or
    /// `None` where one failed half way. A database that was sent others is left for a new one.
    fn bring_to(&mut self, wanted: &[&Sent<'_>]) -> Option<Vec<usize>> {
        let is_beginning = self.sent.len() <= wanted.len()
            && wanted
                .iter()
                .zip(&self.sent)
                .all(|(it, sent)| it.text == sent.0);
        if self.database.is_none() || !is_beginning {
            self.begin_anew();
        }
        let database = self.database.as_ref()?;
        for migration in &wanted[self.sent.len()..] {
            let outcome = migration.run(database);
            if let Err(refusal) = &outcome {
                let line = format!("{}: {} {}", migration.name, refusal.code, refusal.message);
                self.refused.insert(line);
                if !migration.in_transaction {
                    // What it did before it failed stays, and nobody knows what that is.
                    self.database = None;
                    return None;
                }
            }
            self.sent
                .push((migration.text.to_string(), outcome.is_ok()));
        }
        let places = 0..wanted.len();
        Some(places.filter(|at| self.sent[*at].1).collect())
    }

    /// A new database. Roles belong to all of the server, so those of the last one go with it.
    fn begin_anew(&mut self) {
        let database = database().expect("the server is there");
        let go = "\\set ON_ERROR_STOP 0\nSET client_min_messages = error;\n\
            SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database \
            WHERE datname ~ '^t[0-9]+$' AND datname <> current_database() \\gexec\n\
            SELECT format('DROP ROLE %I', rolname) FROM pg_roles \
            WHERE rolname !~ '^pg_' AND rolname <> 'postgres' \\gexec\n";
        database.run(go).expect("psql goes to the end");
        self.database = Some(database);
        self.sent.clear();
    }

    /// What the server says of each query in the state that was reached.
    fn answers(&self, queries: &[&str]) -> Vec<Answer> {
        let database = self.database.as_ref().expect("a state was reached");
        let mut script = String::from(
            "\\o /dev/null\n\\set ON_ERROR_STOP 0\nSET client_min_messages = error;\n\
             SET plan_cache_mode = force_generic_plan;\n",
        );
        for (number, query) in queries.iter().enumerate() {
            let query = query.trim_end_matches(|it: char| it.is_whitespace() || it == ';');
            ask(&mut script, 0, number, query, false);
        }
        let said = database.run(&script).expect("psql goes to the end");
        let mut answers = [vec![Ok(()); queries.len()]];
        read_answers(&said, &mut answers);
        let [answers] = answers;
        answers
    }
}

/// What binding says: an answer, or why it is unknown; and the codes of what may fail.
struct Ours {
    answer: Result<Answer, String>,
    possible: Vec<&'static str>,
}

fn ours(
    query: &Result<Query, String>,
    catalog: &Catalog,
    own: &Catalog,
    settings: &Settings,
) -> Ours {
    let query = match query {
        Ok(query) => query,
        Err(reason) => {
            return Ours {
                answer: Err(format!("not read: {reason}")),
                possible: Vec::new(),
            };
        }
    };
    let bound = bind_beside(query, catalog, own, settings);
    // What only running it would show is not asked here.
    let failures = bound
        .failures
        .iter()
        .filter(|it| it.stage != Stage::Execute);
    let (certain, possible): (Vec<_>, Vec<_>) = failures.partition(|it| it.certain);
    let answer = match certain.iter().min_by_key(|it| it.stage) {
        Some(failure) => Ok(Err((failure.code.to_owned(), failure.stage))),
        None if !bound.unknowns.is_empty() => Err(bound.unknowns[0].reason.clone()),
        None => Ok(Ok(())),
    };
    Ours {
        answer,
        possible: possible.iter().map(|it| it.code).collect(),
    }
}

/// What is counted.
#[derive(Default)]
struct Counts {
    steps: usize,
    steps_left_out: usize,
    steps_broken: usize,
    steps_same: usize,
    steps_found: usize,
    steps_false: usize,
    queries: BTreeSet<String>,
    answers: usize,
    agree: usize,
    unknown: usize,
    false_alarms: usize,
    misses: usize,
    other_code: usize,
    /// Queries that a step breaks, by the server; those of them that we name; those that only we
    /// name; summed over the steps and both directions.
    broken: usize,
    broken_found: usize,
    broken_false: usize,
}

/// One text that a release sends.
struct Text<'a> {
    text: &'a str,
    place: String,
    old: bool,
    new: bool,
}

fn texts<'a>(old: &'a Queries, new: &'a Queries) -> Vec<Text<'a>> {
    let mut by_text: BTreeMap<&str, Text<'_>> = BTreeMap::new();
    for (queries, is_new) in [(old, false), (new, true)] {
        for query in &queries.queries {
            let text = by_text.entry(&query.text).or_insert_with(|| Text {
                text: &query.text,
                place: format!("{}:{} ({})", query.file, query.line, query.source),
                old: false,
                new: false,
            });
            match is_new {
                true => text.new = true,
                false => text.old = true,
            }
        }
    }
    by_text.into_values().collect()
}

/// Asks about one commit. What differs is added to `differing`.
fn step(
    commit: &str,
    old: &Release,
    new: &Release,
    reached: &mut Reached,
    counts: &mut Counts,
    differing: &mut BTreeMap<String, usize>,
) -> Result<(), String> {
    let old_sent = sent(&old.replayed.migrations);
    let new_sent = sent(&new.replayed.migrations);
    let before: Vec<&Sent> = old_sent.iter().collect();
    // Production has run the old ones; the new ones come after them, whatever their versions.
    let place_of = |identity: &str| {
        let mut all = new.replayed.migrations.iter();
        all.position(|it| it.identity == identity)
    };
    let kept: Option<Vec<usize>> = old
        .replayed
        .migrations
        .iter()
        .zip(&old_sent)
        .map(|(migration, sent)| {
            let at = place_of(&migration.identity)?;
            (new_sent[at].text == sent.text).then_some(at)
        })
        .collect();
    let order: Vec<usize> = match &kept {
        Some(kept) => {
            let added = (0..new_sent.len()).filter(|at| !kept.contains(at));
            kept.iter().copied().chain(added).collect()
        }
        // Applied ones were edited or taken away: each release has the schema of its own files.
        None => (0..new_sent.len()).collect(),
    };
    let after: Vec<&Sent> = order.iter().map(|at| &new_sent[*at]).collect();
    let half_way = "a migration fails half way";

    let texts = texts(&old.queries, &new.queries);
    let read: Vec<Result<Query, String>> = texts.iter().map(|it| Query::read(it.text)).collect();
    // A backslash outside of a literal would be a command to psql.
    let is_asked = |at: usize| read[at].is_ok() || !texts[at].text.contains('\\');
    let asked: Vec<&str> = (0..texts.len())
        .map(|at| if is_asked(at) { texts[at].text } else { "" })
        .collect();

    let taken = reached.bring_to(&before).ok_or(half_way)?;
    let theirs_before = reached.answers(&asked);
    let timeline = old.replayed.replay_only(&taken);
    let old_count = taken.len();
    let settings = Settings {
        search_path: vec![Ident::new("public")],
        major: 15,
    };
    // As a check does: each release's queries beside the schema that they were written for.
    let says = |catalog: &Catalog, other: &Catalog, is_of_other: &dyn Fn(&Text) -> bool| {
        let both = read.iter().zip(&texts);
        let all = both.map(|(query, text)| {
            let own = if is_of_other(text) { other } else { catalog };
            ours(query, catalog, own, &settings)
        });
        all.collect::<Vec<Ours>>()
    };
    let mut before_catalog = Arc::clone(timeline.catalog(timeline.end()));

    let taken = reached.bring_to(&after).ok_or(half_way)?;
    let theirs_after = reached.answers(&asked);
    let places: Vec<usize> = taken.iter().map(|at| order[*at]).collect();
    let timeline = new.replayed.replay_only(&places);
    if kept.is_some() && old_count > 0 {
        // As a check sees it: one replay, which knows what comes later.
        before_catalog = Arc::clone(timeline.catalog(timeline.ends[old_count - 1]));
    }
    let after_catalog = timeline.catalog(timeline.end());
    let ours_before = says(&before_catalog, after_catalog, &|it| it.new);
    let ours_after = says(after_catalog, &before_catalog, &|it| it.old);

    counts.steps += 1;
    let mut is_same = true;
    let (mut is_broken, mut is_found, mut is_false) = (false, false, false);
    for (at, text) in texts.iter().enumerate() {
        if !is_asked(at) {
            continue;
        }
        counts.queries.insert(text.text.to_owned());
        let states = [
            ("before", &ours_before[at], &theirs_before[at]),
            ("after", &ours_after[at], &theirs_after[at]),
        ];
        for (state, ours, server) in states {
            counts.answers += 1;
            let kind = match (&ours.answer, server) {
                (Ok(Ok(())), Ok(())) => None,
                (Ok(Err((code, _))), Err((theirs, _))) if code == theirs => None,
                (Ok(Ok(())), Err((code, _))) if ours.possible.contains(&code.as_str()) => None,
                (Err(_), _) => Some(("unknown", &mut counts.unknown)),
                (Ok(Err(_)), Ok(())) => Some(("false alarm", &mut counts.false_alarms)),
                (Ok(Ok(())), Err(_)) => Some(("miss", &mut counts.misses)),
                (Ok(Err(_)), Err(_)) => Some(("other code", &mut counts.other_code)),
            };
            let Some((kind, count)) = kind else {
                counts.agree += 1;
                continue;
            };
            *count += 1;
            let mut line = format!("{kind}: {} ", text.place);
            let _ = write!(
                line,
                "ours {:?} server {server:?} first {commit:.10} {state}\n    {}",
                ours.answer,
                text.text.split_whitespace().collect::<Vec<_>>().join(" ")
            );
            // The same disagreement is shown once.
            let key = format!("{kind} {:?} {server:?} {}", ours.answer, text.text);
            if !differing.contains_key(&key) {
                println!("{line}");
            }
            *differing.entry(key).or_default() += 1;
        }
        let server = (theirs_before[at].is_ok(), theirs_after[at].is_ok());
        let answer = |ours: &Ours| ours.answer.as_ref().ok().map(Result::is_ok);
        let our = (answer(&ours_before[at]), answer(&ours_after[at]));
        for (asks, broken) in [(text.old, (true, false)), (text.new, (false, true))] {
            if !asks {
                continue;
            }
            let really = server == broken;
            let said = our == (Some(broken.0), Some(broken.1));
            counts.broken += usize::from(really);
            counts.broken_found += usize::from(really && said);
            counts.broken_false += usize::from(!really && said);
            is_broken |= really;
            is_found |= said;
            is_false |= said && !really;
            if really != said {
                is_same = false;
                println!(
                    "break: {commit:.10} {} {}: really {really}, said {said}",
                    text.place,
                    if broken.0 { "old-on-new" } else { "new-on-old" }
                );
            }
        }
    }
    counts.steps_broken += usize::from(is_broken);
    counts.steps_found += usize::from(is_broken && is_found);
    counts.steps_false += usize::from(!is_broken && is_false);
    counts.steps_same += usize::from(is_same);
    Ok(())
}

/// A repository with a work tree that has the objects of another one, which may be bare.
pub(crate) fn borrow(from: &Path, commit: &str) -> (tempfile::TempDir, Repository) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let git = |arguments: &[&str]| {
        let mut command = crate::support::git_command(folder.path());
        let done = command.args(arguments).output().expect("git runs");
        assert!(done.status.success(), "git {arguments:?}: {done:?}");
    };
    git(&["init", "--quiet"]);
    let objects = match from.join(".git/objects").is_dir() {
        true => from.join(".git/objects"),
        false => from.join("objects"),
    };
    let objects = objects.canonicalize().expect("it is a repository");
    let line = format!("{}\n", objects.display());
    std::fs::write(folder.path().join(".git/objects/info/alternates"), line)
        .expect("it can be written");
    git(&["update-ref", "refs/heads/borrowed", commit]);
    git(&["symbolic-ref", "HEAD", "refs/heads/borrowed"]);
    let repository = Repository::containing(folder.path()).expect("git reads it");
    let repository = repository.expect("it is a repository");
    (folder, repository)
}

pub(crate) fn lines_of(command: &mut Command) -> Vec<String> {
    let done = command.output().expect("git runs");
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    said.lines().map(str::to_owned).collect()
}

/// `MIGCHECK_QUERY_HISTORY` names a git directory or a clone, `MIGCHECK_QUERY_FOLDERS` its
/// migrations folder (several where it has moved, with `,` between). Further, all with the prefix:
/// `COMMIT` (the last commit), `LAYOUT`, `UNDER` (the folder of the code), `LITERALS` (`no`), `STEPS`
/// (how many of the last commits, 40 otherwise).
#[test]
fn queries_of_a_given_history() {
    let setting = |name: &str| std::env::var(format!("MIGCHECK_QUERY_{name}")).ok();
    let Some(path) = setting("HISTORY") else {
        return;
    };
    let commit = setting("COMMIT").unwrap_or_else(|| {
        let mut git = crate::support::git_command(&PathBuf::from(&path));
        lines_of(git.args(["rev-parse", "HEAD"])).remove(0)
    });
    let (folder, repository) = borrow(Path::new(&path), &commit);
    let layout = setting("LAYOUT");
    let project = Project {
        repository,
        folders: setting("FOLDERS")
            .unwrap_or_default()
            .split(',')
            .map(str::to_owned)
            .collect(),
        layout: layout.map(|it| Layout::from_name(&it, "layout").expect("it is a layout")),
        under: setting("UNDER").unwrap_or_default(),
        literals: setting("LITERALS").is_none_or(|it| it != "no"),
    };
    let steps = setting("STEPS").unwrap_or_else(|| "40".to_owned());
    let mut log = crate::support::git_command(folder.path());
    log.args(["log", "--first-parent", "--format=%H %P", "-n", &steps]);
    log.arg("HEAD").arg("--").args(&project.folders);
    let mut commits = lines_of(&mut log);
    commits.reverse();

    let start = Instant::now();
    let mut counts = Counts::default();
    let mut reached = Reached::default();
    let mut differing: BTreeMap<String, usize> = BTreeMap::new();
    let mut sources: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in &commits {
        let mut words = line.split(' ');
        let (Some(commit), Some(parent)) = (words.next(), words.next()) else {
            continue;
        };
        let releases = project
            .release(parent)
            .and_then(|old| Ok((old, project.release(commit)?)));
        let asked = releases.and_then(|(old, new)| {
            if old.queries.queries.is_empty() && new.queries.queries.is_empty() {
                return Err("no queries".to_owned());
            }
            sources.clear();
            for query in &new.queries.queries {
                sources.entry(query.source.to_string()).or_default().0 += 1;
            }
            let exact = new.queries.not_read.iter();
            for text in exact.filter(|it| matches!(it.source, Source::SqlxData | Source::Sqlc)) {
                println!("not read: {}:{} {}", text.file, text.line, text.reason);
            }
            for text in &new.queries.not_read {
                sources.entry(text.source.to_string()).or_default().1 += 1;
            }
            step(
                commit,
                &old,
                &new,
                &mut reached,
                &mut counts,
                &mut differing,
            )
        });
        if let Err(reason) = asked {
            counts.steps_left_out += 1;
            println!("left out: {commit:.10} {reason}");
        }
        eprintln!("{commit:.10} {:?}", start.elapsed());
    }
    for line in &reached.refused {
        println!("refused: {line}");
    }
    println!("(read, not read) at the last step: {sources:?}");
    println!(
        "query accuracy: {} steps, {} left out, {} queries, {} answers, {} agree, {} unknown, \
         {} false alarms, {} misses, {} other code; {} broken, {} found, {} false; \
         {} steps broken, {} found, {} false, {} the same",
        counts.steps,
        counts.steps_left_out,
        counts.queries.len(),
        counts.answers,
        counts.agree,
        counts.unknown,
        counts.false_alarms,
        counts.misses,
        counts.other_code,
        counts.broken,
        counts.broken_found,
        counts.broken_false,
        counts.steps_broken,
        counts.steps_found,
        counts.steps_false,
        counts.steps_same,
    );
    assert!(counts.steps > 0, "nothing was asked");
}
