//! One migration taken through: what each statement does, who breaks at which switch point, and the
//! safe sequence instead, judged step by step before it is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chain::Chain;
use super::code::{ReleaseCode, search_mentions};
use super::judge::{live_release, presumed, runs_in};
use super::{New, Options, chain_of, meant, overrides, read_code};
use crate::analysis::{Access, Pair, Presumed, Release, Retired, Role, Verdict, Window};
use crate::discover::{
    Environment, Migration, MigrationText, Project, RetiredAccess, Target, Tree, discover,
    discover_with_base, locate,
};
use crate::error::{Error, Result};
use crate::history::{Planned, Timeline, replay_on};
use crate::plan::{self, GivenUp, Sequence, Stage, Unit};
use crate::report::{Histories, Walk, WalkPoint, WalkStage, WalkStatement, schema_changes};
use crate::rules::{self, Facts};
use crate::schema::catalog::{Catalog, RelationBody};
use crate::schema::diff::{Change, Difference, diff};
use crate::schema::op::SchemaOp;
use crate::sql;

/// Explains a migration of the project at hand, by the path of its file.
///
/// # Errors
///
/// Any [`Error`]; [`Error::Argument`] where the file is no migration that the tool runs.
pub fn explain_migration(
    options: &Options,
    environment: Environment<'_>,
    path: &Path,
) -> Result<Walk> {
    let full = std::path::absolute(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let given = path;
    let path = full.as_path();
    // A migration may be a folder of files, so the project is sought from the file upwards.
    let mut first_error = None;
    // Nothing above the repository belongs to the project; without one, not much above the file.
    let top = locate(&[path.to_owned()])?
        .repository
        .map(|it| it.root().to_owned());
    // Where each migration is a folder, its files are called alike.
    let is_in_folder = path.file_name().is_some_and(|it| {
        ["up.sql", "down.sql", "migration.sql"]
            .iter()
            .any(|name| it == *name)
    });
    let most = match (&top, is_in_folder) {
        (Some(_), _) => MOST_FOLDERS,
        (None, true) => 3,
        (None, false) => 1,
    };
    let folders = path
        .ancestors()
        .skip(1)
        .take(most)
        .take_while(|it| top.as_ref().is_none_or(|top| it.starts_with(top)));
    let folders = folders.map(|it| match it.as_os_str().is_empty() {
        true => Path::new("."),
        false => it,
    });
    // Without a repository, the folder that the program runs in is the project, as for a check.
    let here = std::path::absolute(".")
        .ok()
        .filter(|here| top.is_none() && path.starts_with(here));
    let here = here.iter().map(PathBuf::as_path);
    for start in here.chain(std::iter::once(path)).chain(folders) {
        match explain_from(options, environment, path, start) {
            Ok(Some(walk)) => return Ok(walk),
            Ok(None) => {}
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(match first_error {
        Some(error) => error,
        None => Error::Argument(format!(
            "{} is not a migration that the tool runs",
            given.display()
        )),
    })
}

/// How many folders above a file are looked at.
const MOST_FOLDERS: usize = 8;

/// The same, with the project sought from a file or folder on; `None` where it does not run the file.
fn explain_from(
    options: &Options,
    environment: Environment<'_>,
    path: &Path,
    start: &Path,
) -> Result<Option<Walk>> {
    let target = locate(&[start.to_owned()])?;
    let named = locate(&[path.to_owned()])?;
    // Without git, paths begin at the folder that is named.
    let wanted = match (&target.repository, path.strip_prefix(start)) {
        (None, Ok(below)) if !below.as_os_str().is_empty() => {
            below.to_string_lossy().replace('\\', "/")
        }
        _ => named.files.first().cloned().unwrap_or_default(),
    };
    let target = Target {
        files: vec![wanted.clone()],
        ..target
    };
    let overrides = overrides(options, &target)?;
    let unnamed = Target {
        files: Vec::new(),
        ..target.clone()
    };
    let revision = match &options.new {
        New::SinceRevision(revision) => Some(revision.as_str()),
        New::SinceBase | New::SinceVersion(_) | New::All => None,
    };
    let (found, base) = match &target.repository {
        Some(_) => discover_with_base(&unnamed, &overrides, revision, environment),
        None => (discover(&target.tree, &overrides), None),
    };
    let base = match (base, revision) {
        // Without a target branch there is head alone; one that is named must be there.
        (Some(Err(error)), Some(_)) => return Err(error),
        (base, _) => base.and_then(Result::ok),
    };
    let (projects, _) = meant(options, &target, found?)?;
    for project in projects {
        let of_path = |it: &Migration| it.path == wanted;
        if !project.migrations.iter().any(of_path) {
            continue;
        }
        // What is new is judged against the releases that are alive; what was there, by itself.
        let new = match (&options.new, &base) {
            (New::All, _) | (New::SinceBase | New::SinceRevision(_), None) => None,
            (new, _) => Some(new.clone()),
        };
        if let Some(new) = new {
            let since = Options {
                new,
                paths: Vec::new(),
                ..options.clone()
            };
            let mut chain = chain_of(&since, &unnamed, &overrides, &project, base.as_ref())?;
            let at = chain.migrations.iter().rposition(of_path);
            if let Some(at) = at.filter(|at| *at >= chain.first_new) {
                let folders = [project.folder.clone()];
                read_code(&since, &target.tree, &project, &folders, &mut chain, false)?;
                return walk(&project, &chain, at).map(Some);
            }
        }
        let chain = Chain::of_everything(&project)?;
        if let Some(at) = chain.migrations.iter().rposition(of_path) {
            return walk(&project, &chain, at).map(Some);
        }
    }
    Ok(None)
}

/// Explains a migration of a project that is held in trees: head, and each release that may run
/// beside it; `version` is its version, path or file name.
///
/// # Errors
///
/// Any [`Error`]; [`Error::Argument`] where no migration has that version.
pub fn explain_migration_in(
    options: &Options,
    head: &Tree,
    live: &[(&str, &Tree)],
    version: &str,
) -> Result<Walk> {
    let (project, chain) = super::chain_in(options, head, live)?;
    let found = project
        .find(version)
        .map(|at| &project.migrations[at].identity);
    let at = chain
        .migrations
        .iter()
        .rposition(|it| Some(&it.identity) == found);
    match at {
        Some(at) => walk(&project, &chain, at),
        None => Err(Error::Argument(format!(
            "no migration has the version or name {version}"
        ))),
    }
}

fn walk(project: &Project, chain: &Chain, at: usize) -> Result<Walk> {
    let timeline = &chain.timeline;
    let (begin, end) = (timeline.begin_of(at), timeline.ends[at]);
    let mut window = Window::judge(timeline, live(chain, begin), head(project, chain, end));
    // The same evidence as a check has.
    let codes: Vec<Option<ReleaseCode>> = window
        .live()
        .iter()
        .map(|release| {
            let mut pinned = chain.live.iter();
            pinned
                .find(|it| it.release.name == release.name)?
                .code
                .clone()
        })
        .chain([chain.head_code.clone().filter(|_| end == timeline.end())])
        .collect();
    search_mentions(&mut window, &codes)?;
    let migration = &chain.migrations[at];
    let units = units(chain, &window, at);
    let statements = statements(chain, at);
    let mut points = Vec::new();
    for position in window.states_of(at) {
        points.push(point(chain, &window, at, position));
    }
    // Of a change that is this migration alone the verdict is that of the change.
    let is_all =
        at == chain.first_new && at + 1 == chain.migrations.len() && !chain.live.is_empty();
    let verdict = match is_all {
        true => window.verdict().0,
        false => window.migration_verdict(at),
    };
    let steps = &timeline.steps[begin..end];
    let refused = steps.iter().flat_map(|step| &step.misfits).next();
    let unread = statements.iter().any(|it| it.not_understood.is_some());
    let safe = match (refused, unread, &migration.up) {
        (_, _, MigrationText::Unreadable(_)) => Err("the file cannot be read".to_owned()),
        (Some(misfit), _, _) => Err(format!(
            "the server would refuse it as it is: {} {}",
            misfit.code, misfit.message
        )),
        (None, true, _) => {
            Err("what it does is not known: a statement was not understood".to_owned())
        }
        (None, false, _) if verdict == Verdict::Broken => {
            Err("the new code fails on the schema that it ships: mend that first".to_owned())
        }
        (None, false, _) => safe_sequence(project, chain, &window, at, &units),
    };
    Ok(Walk {
        path: migration.path.clone(),
        version: migration.version.clone(),
        deploy: project.config.deploy,
        statements,
        changes: schema_changes(
            timeline.catalog(begin),
            timeline.catalog(end),
            Histories::One,
        )
        .into_iter()
        .map(|it| format!("{} {}", it.happened.mark(), it.message))
        .collect(),
        points,
        verdict,
        runs_in: runs_in(migration, chain.scripts[at].as_deref()),
        findings: said(&window, at, chain),
        sequence: safe.map(|stages| named(stages, migration, chain)),
    })
}

/// The releases that may run beside a migration: those of the change where it is new, or else the
/// release before it.
fn live(chain: &Chain, begin: usize) -> Vec<Release> {
    let timeline = &chain.timeline;
    let pinned: Vec<Release> = chain
        .live
        .iter()
        .filter(|pinned| timeline.begin_of(pinned.length) <= begin)
        .map(|pinned| live_release(timeline, pinned))
        .collect();
    if !pinned.is_empty() {
        return pinned;
    }
    vec![Release {
        name: "the release before".to_owned(),
        role: Role::Live,
        own: Arc::clone(timeline.catalog(begin)),
        position: begin,
        presumed: Presumed::default(),
        code: None,
        usage: Arc::default(),
    }]
}

fn head(project: &Project, chain: &Chain, end: usize) -> Release {
    let timeline = &chain.timeline;
    let release = Release {
        name: "head".to_owned(),
        role: Role::Head,
        own: Arc::clone(timeline.catalog(end)),
        position: end,
        presumed: presumed(&project.config.retired),
        code: None,
        usage: Arc::default(),
    };
    // Its queries are written for the schema after the last migration.
    match &chain.head_code {
        Some(code) if end == timeline.end() => release.with_code(Some(Arc::clone(&code.code))),
        _ => release,
    }
}

/// What a migration can be taken apart into.
fn units<'a>(chain: &'a Chain, window: &'a Window, at: usize) -> Vec<Unit<'a>> {
    let (Some(script), MigrationText::Read(part)) = (&chain.scripts[at], &chain.migrations[at].up)
    else {
        return Vec::new();
    };
    let timeline = &chain.timeline;
    let text: &str = &part.file.text;
    let (begin, end) = (timeline.begin_of(at), timeline.ends[at]);
    let mut out = Vec::new();
    for (index, statement) in script.statements.iter().enumerate() {
        let whole = statement.span.of(text);
        let is_alter = whole
            .get(..11)
            .is_some_and(|it| it.eq_ignore_ascii_case("alter table"));
        // An inline constraint is an operation of its own inside of its column's clause.
        let mut clauses: Vec<(crate::source::Span, Vec<usize>)> = Vec::new();
        for (number, operation) in statement.operations.iter().enumerate() {
            match clauses.last_mut() {
                Some((span, numbers))
                    if !is_alter
                        || (span.start <= operation.span.start
                            && operation.span.end <= span.end) =>
                {
                    numbers.push(number);
                }
                _ => clauses.push((operation.span, vec![number])),
            }
        }
        let is_split = is_alter && clauses.len() > 1;
        let start = clauses
            .iter()
            .map(|(span, _)| span.start)
            .min()
            .unwrap_or(statement.span.start);
        let prefix = text
            .get(statement.span.start..start.max(statement.span.start))
            .unwrap_or("");
        for (span, numbers) in &clauses {
            let of_it = |place: &usize| {
                let step = &timeline.steps[*place];
                step.statement == index && numbers.contains(&step.operation)
            };
            let places: Vec<usize> = (begin..end).filter(of_it).collect();
            let (Some(first), Some(last)) = (places.first(), places.last()) else {
                continue;
            };
            out.push(Unit {
                statement: index,
                whole,
                sql: match is_split {
                    true => format!("{prefix}{}", span.of(text).trim_end_matches(';').trim()),
                    false => whole.to_owned(),
                },
                operations: numbers
                    .iter()
                    .map(|number| &statement.operations[*number].op)
                    .collect(),
                before: timeline.catalog(*first),
                after: timeline.catalog(*last + 1),
                breaks: window
                    .breaks
                    .iter()
                    .filter(|it| it.blamed.is_some_and(|step| places.contains(&step)))
                    .collect(),
            });
        }
    }
    out
}

fn statements(chain: &Chain, at: usize) -> Vec<WalkStatement> {
    let (Some(script), MigrationText::Read(part)) = (&chain.scripts[at], &chain.migrations[at].up)
    else {
        return Vec::new();
    };
    let reasons = &chain.timeline.reasons;
    script
        .statements
        .iter()
        .enumerate()
        .map(|(index, statement)| WalkStatement {
            line: part.file.position(statement.span.start).line,
            text: statement.span.of(&part.file.text).to_owned(),
            operations: statement
                .operations
                .iter()
                .map(|operation| operation.op.clone())
                .filter(|op| !matches!(op, SchemaOp::Opaque(_)))
                .collect(),
            not_understood: reasons.get(&(at, index)).map(|it| it.to_string()),
        })
        .collect()
}

/// Who works on a state, and why not.
fn point(chain: &Chain, window: &Window, at: usize, position: usize) -> WalkPoint {
    let timeline = &chain.timeline;
    let (begin, end) = (timeline.begin_of(at), timeline.ends[at]);
    let after = (position > begin && position < end).then(|| {
        let step = &timeline.steps[position - 1];
        match (&chain.scripts[at], &chain.migrations[at].up) {
            (Some(script), MigrationText::Read(part)) => script
                .statements
                .get(step.statement)
                .map_or(1, |it| part.file.position(it.span.end).line),
            _ => 1,
        }
    });
    let mut releases = Vec::new();
    for (index, release) in window.releases.iter().enumerate() {
        let mut why: Vec<String> = window
            .breaks
            .iter()
            .filter(|it| it.release == index && it.start <= position && position < it.end)
            .filter(|it| matches!(it.harm.pair, Pair::OldOnNew | Pair::NewOnOld))
            .filter(|it| it.harm.weight >= crate::analysis::Weight::Addition)
            .filter_map(|it| {
                let error = it.harm.error.as_ref()?;
                Some(format!("{} {}", error.code, error.message))
            })
            .collect();
        why.dedup();
        releases.push((
            release.name.clone(),
            release.role,
            window.works_at(index, position),
            why,
        ));
    }
    WalkPoint {
        is_before: position <= begin,
        after_line: after,
        releases,
    }
}

/// What the rules say about the migration, once each.
fn said(window: &Window, at: usize, chain: &Chain) -> Vec<(&'static str, String)> {
    let mut out: Vec<(&'static str, String)> = Vec::new();
    for it in &window.breaks {
        let Some(step) = it.blamed.map(|step| &window.timeline.steps[step]) else {
            continue;
        };
        if step.migration != at || it.harm.weight == crate::analysis::Weight::Addition {
            continue;
        }
        let reasons = &chain.timeline.reasons;
        let facts = Facts {
            difference: &it.difference,
            breaks: window
                .breaks
                .iter()
                .filter(|other| other.difference == it.difference && other.blamed == it.blamed)
                .collect(),
            reason: reasons.get(&(at, step.statement)).map(AsRef::as_ref),
        };
        if let Some((rule, advice)) = rules::advise(&facts) {
            let told = (rule.name, advice.message);
            if !out.contains(&told) {
                out.push(told);
            }
        }
    }
    out
}

/// The sequence by recipe, or else the cautious one: the first of which every step is safe and which
/// ends in the schema that was meant.
fn safe_sequence(
    project: &Project,
    chain: &Chain,
    window: &Window,
    at: usize,
    units: &[Unit],
) -> std::result::Result<Vec<(Stage, Option<Verdict>)>, String> {
    let timeline = &chain.timeline;
    let from = timeline.catalog(timeline.begin_of(at));
    let to = timeline.catalog(timeline.ends[at]);
    let own: Vec<Retired> = window
        .live()
        .iter()
        .flat_map(|it| it.presumed.retired().iter().cloned())
        .collect();
    let run = Run {
        migration: &chain.migrations[at],
        project,
        from,
        to,
        own,
        shipped: presumed(&project.config.retired).retired().to_vec(),
    };
    let mut failed: Option<String> = None;
    for sequence in [plan::sequence(units), plan::cautious(units)] {
        match run.judged(&sequence) {
            Ok(stages) => return Ok(stages),
            // The first is the one that people would want.
            Err(reason) => {
                failed.get_or_insert(reason);
            }
        }
    }
    Err(format!("none was found: {}", failed.unwrap_or_default()))
}

/// What a sequence is tried on.
struct Run<'a> {
    migration: &'a Migration,
    project: &'a Project,
    from: &'a Arc<Catalog>,
    to: &'a Arc<Catalog>,
    /// What the live releases have retired.
    own: Vec<Retired>,
    /// What head has.
    shipped: Vec<Retired>,
}

impl Run<'_> {
    /// The stages with the verdict of each migration, or why the sequence will not do.
    fn judged(
        &self,
        sequence: &Sequence,
    ) -> std::result::Result<Vec<(Stage, Option<Verdict>)>, String> {
        let mut catalog = Arc::clone(self.from);
        let mut retired = self.own.clone();
        let mut out = Vec::new();
        for (at, stage) in sequence.stages.iter().enumerate() {
            let Stage::Migrate(statements) = stage else {
                if let Stage::Deploy(release) = stage {
                    retired.extend(release.retired.iter().map(as_retired));
                    retired.extend(self.shipped.iter().cloned());
                }
                out.push((stage.clone(), None));
                continue;
            };
            let timeline = self.replayed(&catalog, at, statements);
            let misfits = timeline.steps.iter().flat_map(|step| &step.misfits);
            if let Some(misfit) = misfits.into_iter().next() {
                return Err(format!("{} {}", misfit.code, misfit.message));
            }
            let end = timeline.end();
            let after = Arc::clone(timeline.catalog(end));
            let mut next = retired.clone();
            if let Some(Stage::Deploy(release)) = sequence.stages.get(at + 1) {
                next.extend(release.retired.iter().map(as_retired));
                next.extend(self.shipped.iter().cloned());
            }
            let release = |role, own: &Arc<Catalog>, position, retired: &[Retired]| Release {
                name: "it".to_owned(),
                role,
                own: Arc::clone(own),
                position,
                presumed: Presumed::without(retired.to_vec()),
                code: None,
                usage: Arc::default(),
            };
            let window = Window::judge(
                &timeline,
                vec![release(Role::Live, &catalog, 0, &retired)],
                release(Role::Head, &after, end, &next),
            );
            let (verdict, _) = window.verdict();
            match verdict {
                Verdict::AnyOrder | Verdict::MigrateFirst | Verdict::CodeFirst => {}
                Verdict::SwitchBetween
                | Verdict::NoSafeOrder
                | Verdict::Broken
                | Verdict::Unknown => {
                    let cause = window
                        .breaks
                        .iter()
                        .filter(|it| it.harm.weight >= crate::analysis::Weight::Addition)
                        .filter_map(|it| it.harm.error.as_ref())
                        .map(|error| format!(": {} {}", error.code, error.message))
                        .next()
                        .unwrap_or_default();
                    return Err(format!("a step of it would be {}{cause}", verdict.as_str()));
                }
            }
            out.push((stage.clone(), Some(verdict)));
            catalog = after;
        }
        let differs = differences(&catalog, self.to);
        match differs.first() {
            None => Ok(out),
            Some(first) => Err(format!("it would not end with {first} as meant")),
        }
    }

    fn replayed(&self, catalog: &Arc<Catalog>, at: usize, statements: &[String]) -> Timeline {
        let text = format!("{};\n", statements.join(";\n"));
        let planned = Planned {
            identity: format!("{} stage {at}", self.migration.identity).into(),
            script: Some(Arc::new(sql::read(&text, self.project.dialect))),
            batches: Vec::new(),
            transaction: self.migration.transaction,
            unit: self.migration.unit,
            run: 0,
        };
        replay_on(catalog, &[planned], self.project.dialect)
    }
}

fn as_retired(given: &GivenUp) -> Retired {
    Retired {
        object: given.object.clone(),
        access: match given.access {
            None => RetiredAccess::Both,
            Some(Access::Read) => RetiredAccess::Read,
            Some(Access::Write) => RetiredAccess::Write,
        },
    }
}

/// What two schemas do not have in common, as people name it.
fn differences(one: &Catalog, other: &Catalog) -> Vec<String> {
    let both = diff(one, other).into_iter().chain(diff(other, one));
    let mut out: Vec<String> = both
        .filter(Difference::is_of_shape)
        .filter(|it| !matches!(it.change, Change::Obscured { .. }))
        .map(|it| format!("{} `{}`", it.object.kind.as_str(), it.object))
        .collect();
    let indexes = |catalog: &Catalog| -> Vec<String> {
        let relations = catalog.relations();
        relations
            .filter_map(|(name, relation)| match &relation.body {
                RelationBody::Table(table) => Some((name, table)),
                _ => None,
            })
            .flat_map(|(_, table)| table.indexes.iter().map(|index| index.name.to_string()))
            .collect()
    };
    let (ours, theirs) = (indexes(one), indexes(other));
    let missing = |from: &[String], all: &[String]| -> Vec<String> {
        let lost = from.iter().filter(|it| !all.contains(it));
        lost.map(|it| format!("index `{it}`")).collect()
    };
    out.extend(missing(&ours, &theirs));
    out.extend(missing(&theirs, &ours));
    out
}

/// The stages with the file that each migration would be.
fn named(
    stages: Vec<(Stage, Option<Verdict>)>,
    migration: &Migration,
    chain: &Chain,
) -> Vec<WalkStage> {
    let mut number = 0;
    stages
        .into_iter()
        .map(|(stage, verdict)| match stage {
            Stage::Deploy(release) => WalkStage::Deploy(release),
            Stage::Migrate(statements) => {
                number += 1;
                WalkStage::Migrate {
                    file: file_name(migration, chain, number),
                    statements,
                    verdict: verdict.unwrap_or(Verdict::Unknown),
                }
            }
        })
        .collect()
}

/// The first migration keeps the file; the others come after everything that is there.
fn file_name(migration: &Migration, chain: &Chain, number: usize) -> String {
    if number == 1 {
        return migration.path.clone();
    }
    let newest = chain.migrations.last().unwrap_or(migration);
    let later = newest
        .version
        .parse::<u128>()
        .ok()
        .map(|version| (version + number as u128 - 1).to_string());
    let (folder, rest) = match migration.path.find(migration.version.as_str()) {
        Some(at) => migration.path.split_at(at),
        None => return format!("a migration after {}", newest.path),
    };
    let Some(later) = later else {
        return format!("a migration after {}", newest.path);
    };
    let width = migration.version.len();
    let later = format!("{later:0>width$}");
    // The first word after the number is what the file is about.
    let rest = &rest[migration.version.len()..];
    let (stem, ending) = match rest.find(['.', '/']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    format!("{folder}{later}{stem}_step{number}{ending}")
}
