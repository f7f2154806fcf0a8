//! The chain of migrations that production runs: those of the oldest live release, then what the
//! other releases add to it, then what head adds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::applied::Applied;
use super::branches::Branches;
use super::code::{CodeAt, ReleaseCode};
use crate::discover::{
    Consequence, Cut, Late, Migration, Oddity, OddityKind, Part, Phase, Project, Retired,
    ServerVersion,
};
use crate::error::Result;
use crate::history::{Batch, Planned, Timeline, VersionGraph, replay_from_schema};
use crate::schema::catalog::Catalog;
use crate::source::Span;
use crate::sql::{self, Dialect, Script};

/// A release that may run beside the change.
#[derive(Debug, Clone)]
pub(super) struct LiveRelease {
    pub(super) name: String,
    pub(super) revision: Option<String>,
    pub(super) retired: Vec<Retired>,
    /// The schema before its first migration, where one is given.
    pub(super) schema: Option<Part>,
    pub(super) migrations: Vec<Migration>,
    /// What was odd about its folder; `None` where its folder was not read.
    pub(super) oddities: Option<Vec<Oddity>>,
    /// Where its code is, where that is known.
    pub(super) code_at: Option<CodeAt>,
}

/// What "new" is measured from.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) name: String,
    /// The abbreviated commit, where it is one.
    pub(super) revision: Option<String>,
    pub(super) migrations: Vec<Migration>,
    /// What was odd about its folder; `None` where its folder was not read.
    pub(super) oddities: Option<Vec<Oddity>>,
}

/// A release with its place on the chain.
#[derive(Debug)]
pub(super) struct Pinned {
    pub(super) release: LiveRelease,
    /// How many migrations of the chain it has.
    pub(super) length: usize,
    /// Its own schema, where it is not that of the chain at that place.
    pub(super) own: Option<Arc<Catalog>>,
    /// Its code, where that was read.
    pub(super) code: Option<ReleaseCode>,
}

/// The migrations in run order, replayed.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) migrations: Vec<Migration>,
    pub(super) scripts: Vec<Option<Arc<Script>>>,
    /// Where the tool goes on in another way, in each.
    pub(super) batches: Vec<Vec<Batch>>,
    pub(super) dialect: Dialect,
    pub(super) server_version: Option<ServerVersion>,
    pub(super) timeline: Timeline,
    pub(super) graph: VersionGraph,
    /// The live releases, oldest first; empty when each migration is judged by itself.
    pub(super) live: Vec<Pinned>,
    pub(super) base: Option<Base>,
    /// The schema that a fresh run of head's own folder gives, where that is not the same list of
    /// texts, and the first migration that differs.
    pub(super) fresh: Option<(Arc<Catalog>, usize)>,
    /// The index of the first new migration.
    pub(super) first_new: usize,
    /// What follows from the tool's rules alone and is new.
    pub(super) new_oddities: Vec<Oddity>,
    /// The same, and was there before.
    pub(super) old_oddities: Vec<Oddity>,
    /// Head's code, where that was read.
    pub(super) head_code: Option<ReleaseCode>,
    /// What whoever runs the check has to know about what the project says.
    pub(super) remarks: Vec<String>,
    /// What became of the applied migrations.
    pub(super) applied: Applied,
    /// The other line of development, where the target branch has gone on.
    pub(super) branches: Option<Branches>,
}

/// What the chain is built from.
#[derive(Default)]
struct Plan {
    migrations: Vec<Migration>,
    live: Vec<LiveRelease>,
    base: Option<Base>,
    first_new: usize,
    new_oddities: Vec<Oddity>,
    old_oddities: Vec<Oddity>,
    applied: Applied,
    branches: Option<Branches>,
    /// Whether the chain has migrations of the target branch that head lacks only because it left
    /// the branch before they came.
    is_behind: bool,
}

impl Chain {
    /// Every migration as a change of its own.
    pub(super) fn of_everything(project: &Project) -> Result<Chain> {
        let plan = Plan {
            migrations: project.migrations.clone(),
            new_oddities: project.oddities.clone(),
            ..Plan::default()
        };
        Chain::build(project, plan)
    }

    /// The live releases' migrations, then head's. `named` are the files that are new because the
    /// user says so.
    pub(super) fn new(
        project: &Project,
        mut live: Vec<LiveRelease>,
        base: Option<Base>,
        named: &[String],
        branches: Option<Branches>,
    ) -> Result<Chain> {
        live.sort_by_key(|release| release.migrations.len());
        let not_here = match &branches {
            Some(branches) => branches.not_here(project),
            None => BTreeSet::new(),
        };
        let mut theirs = not_here.clone();
        theirs.extend(branches.iter().flat_map(|it| it.untouched(project)));
        let applied_now = compare_applied(project, &live, base.as_ref(), &theirs);
        let mut chain: Vec<Migration> = Vec::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut append = |migrations: &mut dyn Iterator<Item = &Migration>| {
            // A database that has migrations has no use for what replaces them.
            let is_empty = chain.is_empty();
            for migration in migrations {
                let runs = is_empty || !migration.is_checkpoint;
                if runs && known.insert(migration.identity.clone()) {
                    chain.push(migration.clone());
                }
            }
            chain.len()
        };
        for release in &live {
            append(&mut release.migrations.iter());
        }
        let base_migrations = base.as_ref().map_or(&[][..], |base| &base.migrations);
        let first_new = append(&mut base_migrations.iter());
        let applied: BTreeSet<String> = live
            .iter()
            .flat_map(|release| &release.migrations)
            .chain(base_migrations)
            .map(|it| it.identity.clone())
            .collect();
        // Where the target's tip is the base, production has what head's folder will have once both
        // are merged.
        let is_elsewhere = |it: &&Migration| not_here.contains(&it.identity);
        let is_behind = base_migrations.iter().any(|it| is_elsewhere(&it));
        let merged = branches.as_ref().and_then(|it| it.merged.as_ref());
        let mut late = late(merged.filter(|_| is_behind).unwrap_or(project), &applied);
        late.retain(|(identity, _)| {
            let mut all = project.migrations.iter();
            !all.any(|it| it.identity == *identity && applied_now.stands_for_applied(it))
        });
        let is_skipped = |it: &Migration| {
            it.late == Late::Skipped && late.iter().any(|(identity, _)| *identity == it.identity)
        };
        // In phases, what is marked to run after the switch does.
        let of_phase = |phase: Phase| {
            let phased = project.config.deploy == crate::discover::DeployMode::Phased;
            project
                .migrations
                .iter()
                .filter(move |it| !phased || it.phase == phase)
                .filter(|it| !is_skipped(it) && !applied_now.stands_for_applied(it))
        };
        append(&mut of_phase(Phase::PreDeploy));
        append(&mut of_phase(Phase::PostDeploy));
        let before: Option<Vec<&Oddity>> = match &base {
            Some(base) => base.oddities.as_ref().map(|it| it.iter().collect()),
            None => live
                .iter()
                .map(|release| release.oddities.as_ref())
                .collect::<Option<Vec<_>>>()
                .map(|all| all.into_iter().flatten().collect()),
        };
        let mut known_oddities: HashMap<&str, Vec<&Oddity>> = HashMap::new();
        for it in before.iter().flatten() {
            known_oddities.entry(&it.path).or_default().push(it);
        }
        let new_paths: HashSet<&str> = chain[first_new..]
            .iter()
            .map(|it| it.path.as_str())
            .collect();
        let is_new = |oddity: &Oddity| match &before {
            Some(_) => !known_oddities
                .get(oddity.path.as_str())
                .is_some_and(|known| known.iter().any(|it| it.kind == oddity.kind)),
            None => named.contains(&oddity.path) || new_paths.contains(oddity.path.as_str()),
        };
        let (mut new_oddities, old_oddities): (Vec<Oddity>, Vec<Oddity>) =
            project.oddities.iter().cloned().partition(is_new);
        // Of two files with one version the one that was not there before is to blame.
        let was_there = |path: &str| chain[..first_new].iter().any(|it| it.path == path);
        for oddity in &mut new_oddities {
            if let OddityKind::VersionDuplicated { other, .. } = &mut oddity.kind
                && was_there(&oddity.path)
                && !was_there(other)
            {
                std::mem::swap(&mut oddity.path, other);
                (oddity.file, oddity.span) = (None, None);
            }
        }
        let is_said = |it: &Oddity| {
            project.oddities.iter().any(|said| {
                said.path == it.path && matches!(said.kind, OddityKind::MigrationSkipped { .. })
            })
        };
        let late = late.into_iter().map(|(_, oddity)| oddity);
        new_oddities.extend(late.filter(|it| !is_said(it)));
        new_oddities.extend(branches.iter().flat_map(|it| it.duplicated(project)));
        let plan = Plan {
            migrations: chain,
            live,
            base,
            first_new,
            new_oddities,
            old_oddities,
            applied: applied_now,
            branches,
            is_behind,
        };
        Chain::build(project, plan)
    }

    fn build(project: &Project, of: Plan) -> Result<Chain> {
        let Plan {
            migrations,
            live,
            base,
            first_new,
            new_oddities,
            old_oddities,
            applied,
            branches,
            is_behind,
        } = of;
        let mut scripts = Scripts::new(project.dialect);
        let of_releases = live.iter().flat_map(|it| &it.migrations);
        scripts.read(
            migrations
                .iter()
                .chain(of_releases)
                .chain(&project.migrations),
        );
        let mut graph = graph(&migrations);
        let order = graph.run_order()?;
        let migrations: Vec<Migration> = order
            .into_iter()
            .map(|index| migrations[index].clone())
            .collect();
        let each_by_itself = live.is_empty();
        let first_pending = if each_by_itself {
            usize::MAX
        } else {
            first_new
        };
        let planned = plan(&migrations, &scripts, first_pending);
        // Production began with what the oldest release begins with.
        let schema = match live.first() {
            Some(oldest) => oldest.schema.clone(),
            None => project.schema.clone(),
        };
        let is_same_schema = |other: &Option<Part>| match (&schema, other) {
            (Some(one), Some(other)) => one.is_same_text(other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let replay = |schema: &Option<Part>, planned: &[Planned]| {
            let script = schema
                .as_ref()
                .map(|part| Key::of(part).read(project.dialect).script);
            replay_from_schema(script.as_ref(), planned, project.dialect)
        };
        let timeline = replay(&schema, &planned);
        let place: BTreeMap<String, usize> = migrations
            .iter()
            .enumerate()
            .map(|(index, it)| (it.identity.clone(), index))
            .collect();
        let mut pinned: Vec<Pinned> = live
            .into_iter()
            .map(|release| {
                let length = release
                    .migrations
                    .iter()
                    .filter_map(|it| place.get(&it.identity))
                    .max()
                    .map_or(0, |last| last + 1);
                // A release that begins with a checkpoint stands where the base does.
                let has_checkpoint = release.migrations.iter().any(|it| it.is_checkpoint);
                let length = match length {
                    0 if has_checkpoint => first_new,
                    length => length,
                };
                let differs = first_difference(&release.migrations, &migrations[..length])
                    .is_some()
                    || !is_same_schema(&release.schema);
                let own = differs.then(|| {
                    let planned = plan(&release.migrations, &scripts, usize::MAX);
                    let timeline = replay(&release.schema, &planned);
                    Arc::clone(timeline.catalog(timeline.end()))
                });
                Pinned {
                    release,
                    length,
                    own,
                    code: None,
                }
            })
            .collect();
        pinned.sort_by_key(|it| it.length);
        // Nobody runs a folder that lacks what production has; both are going to be merged.
        let own: Option<&[Migration]> = match (is_behind, &branches) {
            (true, Some(Branches { merged, .. })) => merged.as_ref().map(|it| &*it.migrations),
            (true, None) | (false, _) => Some(&project.migrations),
        };
        let fresh = own.and_then(|own| {
            let at = match is_same_schema(&project.schema) {
                true => first_difference(own, &migrations)?,
                false => 0,
            };
            scripts.read(own.iter());
            let planned = plan(own, &scripts, usize::MAX);
            let timeline = replay(&project.schema, &planned);
            // A new one that sorts before applied ones is the first that is elsewhere.
            let here = own.get(at).and_then(|it| place.get(&it.identity));
            let at = here.copied().filter(|it| *it >= first_new).unwrap_or(at);
            Some((Arc::clone(timeline.catalog(timeline.end())), at))
        });
        for it in &pinned {
            graph.pin(&it.release.name, it.length.checked_sub(1));
        }
        Ok(Chain {
            scripts: migrations
                .iter()
                .map(|it| scripts.of(it).map(|it| Arc::clone(&it.script)))
                .collect(),
            batches: migrations
                .iter()
                .map(|it| {
                    scripts
                        .of(it)
                        .map(|it| it.batches.clone())
                        .unwrap_or_default()
                })
                .collect(),
            dialect: project.dialect,
            server_version: project.server_version,
            migrations,
            timeline,
            graph,
            live: pinned,
            base,
            fresh,
            first_new,
            new_oddities,
            old_oddities,
            head_code: None,
            remarks: Vec::new(),
            applied,
            branches,
        })
    }

    /// The version at a position of the timeline: that of the migration which has run, at least
    /// in part; `None` before the first.
    pub(super) fn version_at(&self, position: usize) -> Option<&str> {
        if position == 0 {
            return None;
        }
        let index = self.timeline.ends.partition_point(|end| *end < position);
        self.migrations.get(index).map(|it| it.version.as_str())
    }
}

/// What became of the migrations that the base has, or else the live releases.
fn compare_applied(
    project: &Project,
    live: &[LiveRelease],
    base: Option<&Base>,
    theirs: &BTreeSet<String>,
) -> Applied {
    let (name, applied): (&str, Vec<&Migration>) = match base {
        Some(base) => (&base.name, base.migrations.iter().collect()),
        None => {
            // The text that counts is that of the youngest release that has it.
            let mut newest: HashMap<&str, &Migration> = HashMap::new();
            let mut order: Vec<&str> = Vec::new();
            for it in live.iter().flat_map(|it| &it.migrations) {
                if newest.insert(&it.identity, it).is_none() {
                    order.push(&it.identity);
                }
            }
            let name = live.last().map_or("", |it| it.name.as_str());
            (name, order.iter().map(|it| newest[it]).collect())
        }
    };
    Applied::compare(project, &applied, name, theirs)
}

/// The migrations of a list as their tool runs them, on what the project begins with.
pub(super) fn replay_list(project: &Project, migrations: &[Migration]) -> Timeline {
    let planned = planned_list(project, migrations);
    let script = project
        .schema
        .as_ref()
        .map(|part| Key::of(part).read(project.dialect).script);
    replay_from_schema(script.as_ref(), &planned, project.dialect)
}

/// The migrations of a list as they are going to be run.
pub(super) fn planned_list(project: &Project, migrations: &[Migration]) -> Vec<Planned> {
    let mut scripts = Scripts::new(project.dialect);
    scripts.read(migrations.iter());
    plan(migrations, &scripts, usize::MAX)
}

/// What is odd about migrations that come late where `applied` have run.
pub(super) fn late_of(project: &Project, applied: &BTreeSet<String>) -> Vec<Oddity> {
    let late = late(project, applied).into_iter();
    late.map(|(_, oddity)| oddity).collect()
}

/// The new migrations that come late: their identities, and what is odd about them.
fn late(project: &Project, applied: &BTreeSet<String>) -> Vec<(String, Oddity)> {
    let counts = |it: &&Migration| it.late != Late::Never && !it.is_checkpoint;
    let is_applied = |it: &Migration| applied.contains(&it.identity);
    let versioned: Vec<&Migration> = project.migrations.iter().filter(counts).collect();
    let Some(newest) = versioned.iter().rposition(|it| is_applied(it)) else {
        return Vec::new();
    };
    let stamp = versioned
        .iter()
        .filter(|it| is_applied(it))
        .filter_map(|it| it.stamp)
        .max();
    let tool = project.layout.tool_name();
    versioned
        .iter()
        .enumerate()
        .filter(|(_, it)| !is_applied(it))
        .filter(|(place, it)| match (it.stamp, stamp) {
            (Some(own), Some(newest)) => own <= newest,
            _ => *place < newest,
        })
        .map(|(_, it)| {
            let before = versioned[newest].version.clone();
            let (consequence, does) = match it.late {
                Late::Runs | Late::Never => (
                    Consequence::Differs,
                    format!(
                        "{tool} runs it after `{before}` where that is applied, and before it on a \
                         new database"
                    ),
                ),
                Late::Refused => (
                    Consequence::Refused,
                    format!("{tool} refuses to run anything as long as it comes late"),
                ),
                Late::Skipped => (
                    Consequence::Skipped,
                    format!(
                        "{tool} runs only what comes after the newest applied one, so it never \
                         runs this one where `{before}` is applied"
                    ),
                ),
                Late::Unknown => (
                    Consequence::Unknown,
                    "tools skip such a migration, refuse it, or run it out of order".to_owned(),
                ),
            };
            let kind = OddityKind::VersionLate {
                version: it.version.clone(),
                before,
            };
            let mut oddity = Oddity {
                kind,
                consequence,
                does,
                path: it.path.clone(),
                file: it.up.part().map(|part| part.file.clone()),
                span: it.span,
            };
            if let Some(span) = &mut oddity.span {
                span.end = span.start;
            }
            (it.identity.clone(), oddity)
        })
        .collect()
}

/// A path, unless migrations say what must run before them.
fn graph(migrations: &[Migration]) -> VersionGraph {
    let versions = migrations.iter().map(|it| it.version.as_str());
    match declared_parents(migrations) {
        None => VersionGraph::linear(versions),
        Some(parents) => {
            VersionGraph::with_parents(versions.zip(parents.iter().map(Vec::as_slice)))
        }
    }
}

/// What each migration follows, by place in the list, where migrations say so.
pub(super) fn declared_parents(migrations: &[Migration]) -> Option<Vec<Vec<usize>>> {
    if migrations.iter().all(|it| it.parents.is_none()) {
        return None;
    }
    let place: HashMap<&str, usize> = migrations
        .iter()
        .enumerate()
        .map(|(index, it)| (it.identity.as_str(), index))
        .collect();
    let parents = migrations.iter().enumerate().map(|(index, it)| {
        let named = it.parents.iter().flatten();
        let mut parents: Vec<usize> = named
            .filter_map(|parent| place.get(parent.as_str()).copied())
            // What is applied has run, whatever its file says today.
            .filter(|parent| *parent < index)
            .collect();
        parents.dedup();
        parents
    });
    Some(parents.collect())
}

/// Where a release's own list of migrations first differs from the chain, if it does.
fn first_difference(own: &[Migration], chain: &[Migration]) -> Option<usize> {
    let same = |own: &Migration, it: &Migration| {
        own.identity == it.identity && own.up.is_same_text(&it.up)
    };
    let at = own
        .iter()
        .zip(chain)
        .position(|(own, it)| !same(own, it))
        .unwrap_or(own.len().min(chain.len()));
    (at < own.len() || at < chain.len()).then_some(at.min(chain.len().saturating_sub(1)))
}

fn plan(migrations: &[Migration], scripts: &Scripts, first_new: usize) -> Vec<Planned> {
    migrations
        .iter()
        .enumerate()
        .map(|(index, migration)| Planned {
            identity: migration.identity.as_str().into(),
            script: scripts.of(migration).map(|it| Arc::clone(&it.script)),
            batches: scripts
                .of(migration)
                .map(|it| it.batches.clone())
                .unwrap_or_default(),
            transaction: migration.transaction,
            unit: migration.unit,
            // What was deployed before ran in runs that nobody remembers; new ones run together.
            run: index.min(first_new),
        })
        .collect()
}

/// The down part of a migration as it is going to be run.
pub(super) fn planned_down(migration: &Migration, dialect: Dialect) -> Option<Planned> {
    let part = migration.down.as_ref()?.part()?;
    let read = Key::of(part).read(dialect);
    Some(Planned {
        identity: format!("{} down", migration.identity).into(),
        script: Some(read.script),
        batches: read.batches,
        transaction: migration.transaction,
        unit: migration.unit,
        run: 0,
    })
}

/// The statements of the schema before the first migration, where one is given.
pub(super) fn starting_schema(project: &Project) -> Option<Arc<Script>> {
    let part = project.schema.as_ref()?;
    Some(Key::of(part).read(project.dialect).script)
}

/// The migrations of a project in run order, and how they are run.
pub(super) fn planned(project: &Project) -> Result<(Vec<Migration>, Vec<Planned>)> {
    let mut scripts = Scripts::new(project.dialect);
    scripts.read(project.migrations.iter());
    let order = graph(&project.migrations).run_order()?;
    let migrations: Vec<Migration> = order
        .into_iter()
        .map(|index| project.migrations[index].clone())
        .collect();
    let planned = plan(&migrations, &scripts, usize::MAX);
    Ok((migrations, planned))
}

/// A text, read: its statements, and where the tool goes on in another way.
#[derive(Debug)]
struct ReadText {
    script: Arc<Script>,
    batches: Vec<Batch>,
}

/// What is read once: a text, and where it stands when it is not a whole file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Whole(Arc<str>),
    Cut(Arc<Cut>),
}

impl Key {
    fn of(part: &Part) -> Key {
        match part.cut() {
            Some(cut) => Key::Cut(Arc::clone(cut)),
            None => Key::Whole(Arc::clone(&part.file.text)),
        }
    }

    fn read(&self, dialect: Dialect) -> ReadText {
        match self {
            Key::Whole(text) => ReadText {
                script: Arc::new(sql::read(text, dialect)),
                batches: Vec::new(),
            },
            Key::Cut(cut) => read_cut(cut, dialect),
        }
    }
}

/// Reads each text by itself that is sent by itself; the places are those in the file.
fn read_cut(cut: &Cut, dialect: Dialect) -> ReadText {
    let mut script = Script::default();
    let mut batches = Vec::new();
    if cut.chunks().is_empty() {
        script = sql::read(cut.sent(), dialect);
        script.leave_open(cut.sent(), dialect, &branches(cut, 0));
    }
    for chunk in cut.chunks() {
        let text = cut.sent().get(chunk.sent.clone()).unwrap_or_default();
        let mut read = sql::read(text, dialect);
        read.leave_open(text, dialect, &branches(cut, chunk.sent.start));
        read.map_spans(|span| {
            Span::new(span.start + chunk.sent.start, span.end + chunk.sent.start)
        });
        batches.push(Batch {
            first: script.statements.len(),
            unit: chunk.unit,
            transaction: chunk.transaction,
        });
        script.append(read);
    }
    script.map_spans(|span| cut.place(span));
    ReadText {
        script: Arc::new(script),
        batches,
    }
}

/// The branches of which nobody knows which is taken, as places of a text that begins at a byte of
/// what is sent.
fn branches(cut: &Cut, start: usize) -> Vec<Vec<Span>> {
    let place = |at: usize| at.saturating_sub(start);
    let choices = cut.choices().iter();
    choices
        .map(|choice| {
            let branches = choice.branches.iter();
            branches
                .map(|it| Span::new(place(it.start), place(it.end)))
                .collect()
        })
        .collect()
}

/// Every text, read once, however many releases have it.
struct Scripts {
    dialect: Dialect,
    by_text: HashMap<Key, ReadText>,
}

impl Scripts {
    fn new(dialect: Dialect) -> Self {
        Scripts {
            dialect,
            by_text: HashMap::new(),
        }
    }

    fn read<'a>(&mut self, migrations: impl Iterator<Item = &'a Migration>) {
        let texts: HashSet<Key> = migrations
            .filter_map(|migration| migration.up.part().map(Key::of))
            .filter(|key| !self.by_text.contains_key(key))
            .collect();
        let texts: Vec<Key> = texts.into_iter().collect();
        let dialect = self.dialect;
        let scripts: Vec<ReadText> = texts.par_iter().map(|key| key.read(dialect)).collect();
        self.by_text.extend(texts.into_iter().zip(scripts));
    }

    fn of(&self, migration: &Migration) -> Option<&ReadText> {
        self.by_text.get(&Key::of(migration.up.part()?))
    }
}
