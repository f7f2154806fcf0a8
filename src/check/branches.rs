//! Two lines of development: what the target branch has got since head left it, and what head adds.
//!
//! Input: the migrations of both and those where they parted. Output: a note that there are two,
//! in which order the tool runs them, and a finding for each pair of statements that do not
//! commute: both orders are replayed, and what the server refuses and makes is compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::applied::{differing, is_touched, label, object_of};
use super::chain::{Chain, late_of, planned_list, replay_list};
use super::judge::Sources;
use crate::discover::{Migration, MigrationText, Oddity, OddityKind, Project};
use crate::findings::{Finding, Place, Severity, layout_finding, object_finding};
use crate::history::{Planned, Step, Timeline, replay_on};
use crate::rules::heads_diverged::{self, Order};
use crate::rules::migrations_conflict::{self, Clash};
use crate::schema::apply::Touched;
use crate::schema::catalog::Catalog;
use crate::schema::diff::ObjectRef;
use crate::schema::name::{Ident, QualifiedName};

/// What the target branch has that head had not when it left it.
#[derive(Debug)]
pub(super) struct Branches {
    /// The target branch, for people.
    pub(super) target: String,
    /// What both have.
    pub(super) fork: Vec<Migration>,
    /// What the target branch has beside that.
    pub(super) theirs: Vec<Migration>,
    /// Both put together, where that can be read before they are merged.
    pub(super) merged: Option<Project>,
}

impl Branches {
    /// What head has neither from the target branch nor from where it left it.
    fn ours<'a>(&self, project: &'a Project) -> Vec<&'a Migration> {
        let known = identities(self.fork.iter().chain(&self.theirs));
        let is_ours = |it: &&Migration| {
            !it.is_checkpoint && (!known.contains(it.identity.as_str()) || self.is_other(it))
        };
        project.migrations.iter().filter(is_ours).collect()
    }

    /// Whether a migration has the version of one of theirs and is another one.
    fn is_other(&self, ours: &Migration) -> bool {
        self.theirs.iter().any(|it| {
            it.identity == ours.identity && it.path != ours.path && !it.up.is_same_text(&ours.up)
        })
    }

    /// The identities of what only the target branch has.
    pub(super) fn not_here(&self, project: &Project) -> BTreeSet<String> {
        let here = |it: &Migration| {
            project
                .migrations
                .iter()
                .any(|other| other.identity == it.identity && !self.is_other(other))
        };
        let theirs = self.theirs.iter().filter(|it| !here(it));
        theirs.map(|it| it.identity.clone()).collect()
    }

    /// The identities of what head has as it was where the branches parted: who has edited it since
    /// is the target branch.
    pub(super) fn untouched(&self, project: &Project) -> BTreeSet<String> {
        untouched(&self.fork, project)
            .map(|it| it.identity.clone())
            .collect()
    }

    /// Whether head has all of theirs.
    fn is_merged(&self, project: &Project) -> bool {
        self.not_here(project).is_empty()
    }

    /// Versions that both lines have given to different migrations.
    pub(super) fn duplicated(&self, project: &Project) -> Vec<Oddity> {
        let ours: BTreeSet<&str> = self
            .ours(project)
            .iter()
            .map(|it| it.path.as_str())
            .collect();
        let theirs: BTreeSet<&str> = self.theirs.iter().map(|it| it.path.as_str()).collect();
        let merged = self.merged.iter().flat_map(|it| &it.oddities);
        merged
            .filter_map(|it| {
                let OddityKind::VersionDuplicated { version, other } = &it.kind else {
                    return None;
                };
                let (own, other) = match (ours.contains(it.path.as_str()), &**other) {
                    (true, other) if theirs.contains(other) => (it.path.as_str(), other),
                    (false, other) if ours.contains(other) && theirs.contains(it.path.as_str()) => {
                        (other, it.path.as_str())
                    }
                    _ => return None,
                };
                let is_known = project.oddities.iter().any(|known| known.kind == it.kind);
                (!is_known).then(|| Oddity {
                    kind: OddityKind::VersionDuplicated {
                        version: version.clone(),
                        other: format!("{other} ({})", self.target),
                    },
                    path: own.to_owned(),
                    file: None,
                    span: None,
                    ..it.clone()
                })
            })
            .collect()
    }
}

/// What a project has as it was in `fork`.
pub(super) fn untouched<'a>(
    fork: &[Migration],
    project: &'a Project,
) -> impl Iterator<Item = &'a Migration> {
    let known: HashMap<&str, &Migration> =
        fork.iter().map(|it| (it.identity.as_str(), it)).collect();
    project.migrations.iter().filter(move |it| {
        let before = known.get(it.identity.as_str());
        before.is_some_and(|before| before.path == it.path && before.up.is_same_text(&it.up))
    })
}

fn identities<'a>(migrations: impl Iterator<Item = &'a Migration>) -> BTreeSet<&'a str> {
    migrations.map(|it| it.identity.as_str()).collect()
}

/// A statement of one of the lines, by its migration there and its index in it.
type StatementAt = (usize, usize);

/// Two statements that do not fit together.
struct Conflict {
    ours: StatementAt,
    theirs: StatementAt,
    object: Option<ObjectRef>,
    clash: Clash,
    touched: BTreeSet<Touched>,
}

/// Adds the findings about two lines of development.
pub(super) fn add_findings(
    project: &Project,
    chain: &Chain,
    sources: &Sources<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(branches) = &chain.branches else {
        return;
    };
    let ours = branches.ours(project);
    if ours.is_empty() || branches.theirs.is_empty() {
        return;
    }
    let lines = Lines::replay(project, branches, &ours);
    let places: HashMap<&str, usize> = chain
        .migrations
        .iter()
        .enumerate()
        .map(|(at, it)| (it.path.as_str(), at))
        .collect();
    let conflicts = lines.conflicts();
    let is_merged = branches.is_merged(project);
    // Where production runs theirs first and ours is refused then, all that is missing follows.
    let after_theirs = chain.migrations[..chain.first_new]
        .iter()
        .any(|it| branches.theirs.iter().any(|theirs| theirs.path == it.path));
    for it in &conflicts {
        let Some(place) = places.get(ours[it.ours.0].path.as_str()) else {
            continue;
        };
        // One trouble is said once, here with its cause.
        let mut breaks = Vec::new();
        findings.retain(|finding| {
            let is_refusal = finding.rule == "statement_refused"
                && finding.migration == *place
                && finding.statement == Some(it.ours.1);
            let is_refused =
                after_theirs && matches!(it.clash, Clash::OursRefused(_) | Clash::SecondRefused(_));
            let is_difference = finding.rule == "replay_differs"
                && (is_refused || is_touched(&finding.object, &it.touched));
            if is_difference {
                breaks.extend(finding.breaks.iter().cloned());
            }
            !is_refusal && !is_difference
        });
        let theirs = &branches.theirs[it.theirs.0];
        let (place_there, text) = shown_statement(theirs, lines.theirs.get(it.theirs.0), it.theirs);
        let object = match &it.object {
            Some(object) => format!("{} `{object}`", object.kind.as_str()),
            None => "what they do depends on the order".to_owned(),
        };
        let advice = migrations_conflict::advice(
            &object,
            &branches.target,
            (&place_there, &text),
            &it.clash,
            is_merged,
        );
        let place = Place {
            migration: *place,
            statement: Some(it.ours.1),
            span: sources.span_of_statement(*place, it.ours.1),
        };
        let rule = "migrations_conflict";
        let found = match it.object.clone() {
            Some(object) => object_finding(
                rule,
                advice,
                Severity::Error,
                object,
                place,
                &project.config,
                sources,
            ),
            None => layout_finding(
                rule,
                advice,
                Severity::Error,
                place,
                &project.config,
                sources,
            ),
        };
        findings.extend(found.map(|mut finding| {
            finding.breaks.append(&mut breaks);
            finding
        }));
    }
    findings.extend(diverged(
        project, branches, &ours, &lines, &places, sources, chain,
    ));
}

/// The note that there are two lines.
fn diverged(
    project: &Project,
    branches: &Branches,
    ours: &[&Migration],
    lines: &Lines,
    places: &HashMap<&str, usize>,
    sources: &Sources<'_>,
    chain: &Chain,
) -> Option<Finding> {
    let versions =
        |list: &mut dyn Iterator<Item = &Migration>| -> Vec<String> { list.map(label).collect() };
    let both: BTreeSet<&str> = ours
        .iter()
        .map(|it| it.path.as_str())
        .chain(branches.theirs.iter().map(|it| it.path.as_str()))
        .collect();
    let merged = branches.merged.as_ref();
    let fresh: Option<Vec<String>> = merged.and_then(|merged| {
        let order = merged.migrations.iter();
        let order: Vec<&Migration> = order.filter(|it| both.contains(it.path.as_str())).collect();
        (order.len() == both.len()).then(|| versions(&mut order.into_iter()))
    });
    // Where theirs are applied already, findings of their own say what comes late.
    let is_said = |it: &Oddity| matches!(it.kind, OddityKind::VersionLate { .. });
    let merged = merged.filter(|_| !chain.new_oddities.iter().any(is_said));
    let late = merged.and_then(|merged| {
        let applied = branches.fork.iter().chain(&branches.theirs);
        let applied = applied.map(|it| it.identity.clone()).collect();
        let late = late_of(merged, &applied);
        let first = late.first()?;
        let more = match late.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let name = first.path.as_str();
        let found = ours.iter().find(|it| it.path == name);
        let name = found.map_or(name.to_owned(), |it| label(it));
        Some(format!("`{name}`{more} comes late: {}", first.does))
    });
    let order = Order {
        fresh,
        late,
        is_unknown: lines.is_unknown(),
        is_merged: branches.is_merged(project),
    };
    let advice = heads_diverged::advice(
        &versions(&mut ours.iter().copied()),
        &versions(&mut branches.theirs.iter()),
        &branches.target,
        &order,
    );
    let place = Place {
        migration: *places.get(ours.first()?.path.as_str())?,
        statement: None,
        span: None,
    };
    let rule = "heads_diverged";
    layout_finding(
        rule,
        advice,
        Severity::Note,
        place,
        &project.config,
        sources,
    )
}

/// Where a statement of the other line stands, and how it begins.
fn shown_statement(
    migration: &Migration,
    planned: Option<&Planned>,
    (_, statement): StatementAt,
) -> (String, String) {
    const LONGEST: usize = 70;
    let script = planned.and_then(|it| it.script.as_ref());
    let span = script.and_then(|it| Some(it.statements.get(statement)?.span));
    let (MigrationText::Read(part), Some(span)) = (&migration.up, span) else {
        return (migration.path.clone(), "a statement".to_owned());
    };
    let line = part.file.position(span.start).line;
    let text = span.of(&part.file.text).replace('`', "'");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    };
    (format!("{}:{line}", migration.path), format!("`{text}`"))
}

/// Both lines as they are planned, each alone and one after the other.
struct Lines {
    theirs: Vec<Planned>,
    ours_alone: Timeline,
    theirs_alone: Timeline,
    /// Ours after theirs.
    ours_second: Timeline,
    /// Theirs after ours.
    theirs_second: Timeline,
}

impl Lines {
    fn replay(project: &Project, branches: &Branches, ours: &[&Migration]) -> Lines {
        let ours: Vec<Migration> = ours.iter().map(|it| (*it).clone()).collect();
        let fork = replay_list(project, &branches.fork);
        let start = fork.catalog(fork.end());
        let dialect = project.dialect;
        let ours = planned_list(project, &ours);
        // Two migrations with one version make different objects.
        let mut theirs = planned_list(project, &branches.theirs);
        for it in &mut theirs {
            it.identity = format!("{}: {}", branches.target, it.identity).into();
        }
        let ours_alone = replay_on(start, &ours, dialect);
        let theirs_alone = replay_on(start, &theirs, dialect);
        let ours_second = replay_on(theirs_alone.catalog(theirs_alone.end()), &ours, dialect);
        let theirs_second = replay_on(ours_alone.catalog(ours_alone.end()), &theirs, dialect);
        Lines {
            theirs,
            ours_alone,
            theirs_alone,
            ours_second,
            theirs_second,
        }
    }

    fn is_unknown(&self) -> bool {
        [&self.ours_alone, &self.theirs_alone]
            .iter()
            .any(|it| !it.reasons.is_empty())
    }

    /// The pairs of statements that do not fit together.
    fn conflicts(&self) -> Vec<Conflict> {
        let mut pairs: BTreeMap<(StatementAt, StatementAt), Pair> = BTreeMap::new();
        for (at, said, touched) in refused(&self.ours_alone, &self.ours_second) {
            let Some((cause, common)) = cause(&self.theirs_alone, &touched, &said) else {
                continue;
            };
            let pair = pairs.entry((at, cause)).or_default();
            pair.ours_refused.get_or_insert(said);
            pair.touched.extend(common);
        }
        for (at, said, touched) in refused(&self.theirs_alone, &self.theirs_second) {
            let Some((cause, common)) = cause(&self.ours_alone, &touched, &said) else {
                continue;
            };
            let pair = pairs.entry((cause, at)).or_default();
            pair.theirs_refused.get_or_insert(said);
            pair.touched.extend(common);
        }
        let one = self.ours_second.catalog(self.ours_second.end());
        let other = self.theirs_second.catalog(self.theirs_second.end());
        let refused: BTreeSet<Touched> = pairs
            .values()
            .flat_map(|it| it.touched.iter().cloned())
            .collect();
        for it in differing(one, other) {
            // What was refused is missing, which is the same trouble.
            if refused.contains(&it.touched) {
                continue;
            }
            let last = |timeline: &Timeline| {
                let mut steps = timeline.steps.iter().rev();
                steps
                    .find(|step| step.touched.contains(&it.touched))
                    .map(at)
            };
            let (Some(ours), Some(theirs)) = (last(&self.ours_alone), last(&self.theirs_alone))
            else {
                continue;
            };
            let pair = pairs.entry((ours, theirs)).or_default();
            pair.object = pair.object.take().or(it.object);
            pair.differing.push(it.shown);
            pair.touched.insert(it.touched);
        }
        let catalogs: Vec<&Catalog> = [
            &self.ours_second,
            &self.theirs_second,
            &self.ours_alone,
            &self.theirs_alone,
        ]
        .into_iter()
        .flat_map(|it| [&**it.catalog(it.end()), &*it.start])
        .collect();
        pairs
            .into_iter()
            .map(|((ours, theirs), pair)| Conflict {
                ours,
                theirs,
                object: pair.object.or_else(|| {
                    let mut all = pair.touched.iter();
                    all.find_map(|it| object_of(it, &catalogs))
                }),
                clash: match (pair.ours_refused, pair.theirs_refused) {
                    (Some(said), Some(_)) => Clash::SecondRefused(said),
                    (Some(said), None) => Clash::OursRefused(said),
                    (None, Some(said)) => Clash::TheirsRefused(said),
                    (None, None) => Clash::Differs(pair.differing),
                },
                touched: pair.touched,
            })
            .collect()
    }
}

/// What is known of two statements.
#[derive(Default)]
struct Pair {
    ours_refused: Option<String>,
    theirs_refused: Option<String>,
    differing: Vec<String>,
    object: Option<ObjectRef>,
    touched: BTreeSet<Touched>,
}

fn at(step: &Step) -> StatementAt {
    (step.migration, step.statement)
}

/// The statements that the server takes when their line runs alone and refuses after the other: what
/// it says, and what they touch.
fn refused(alone: &Timeline, second: &Timeline) -> Vec<(StatementAt, String, Vec<Touched>)> {
    let known: BTreeSet<(StatementAt, &str)> = alone
        .steps
        .iter()
        .flat_map(|step| step.misfits.iter().map(move |it| (at(step), it.code)))
        .collect();
    let mut out: Vec<(StatementAt, String, Vec<Touched>)> = Vec::new();
    for step in &second.steps {
        let new = |it: &&crate::schema::apply::Misfit| !known.contains(&(at(step), it.code));
        let Some(misfit) = step.misfits.iter().find(new) else {
            continue;
        };
        if out.iter().any(|(known, _, _)| *known == at(step)) {
            continue;
        }
        let mut touched = step.touched.clone();
        let same = alone.steps.iter().filter(|it| at(it) == at(step));
        touched.extend(same.flat_map(|it| it.touched.iter().cloned()));
        let said = format!("{} {}", misfit.code, misfit.message);
        out.push((at(step), said, touched));
    }
    out
}

/// The statement of the other line because of which one that touches `touched` is refused, and what
/// both touch: the last one about the same, else the last one about what the message names.
fn cause(
    other: &Timeline,
    touched: &[Touched],
    said: &str,
) -> Option<(StatementAt, BTreeSet<Touched>)> {
    let by_name = |it: &Touched| match it {
        Touched::Relation(name) | Touched::Type(name) | Touched::Routine(name) => {
            said.contains(&format!("\"{}\"", name.name.as_str()))
        }
        Touched::Role(name) | Touched::Extension(name) => {
            said.contains(&format!("\"{}\"", name.as_str()))
        }
        Touched::Privileges(_) | Touched::Unread => false,
    };
    let is_named = |it: &&Touched| !matches!(it, Touched::Unread | Touched::Privileges(_));
    let common = |step: &Step, is_common: &dyn Fn(&Touched) -> bool| -> BTreeSet<Touched> {
        let all = step.touched.iter().filter(is_named);
        all.filter(|it| is_common(it)).cloned().collect()
    };
    let last = |is_common: &dyn Fn(&Touched) -> bool| {
        let mut steps = other.steps.iter().rev();
        steps.find_map(|step| {
            let common = common(step, is_common);
            (!common.is_empty()).then(|| (at(step), common))
        })
    };
    // The column that the message names came or went with a statement.
    let of_column = || {
        let quoted: Vec<Ident> = said.split('"').skip(1).step_by(2).map(Ident::new).collect();
        let has = |catalog: &Catalog, relation: &QualifiedName, column: &Ident| {
            let table = catalog.table(relation);
            table.is_some_and(|table| table.column(column).is_some())
        };
        let mut steps = other.steps.iter().enumerate().rev();
        steps.find_map(|(position, step)| {
            let before = other.catalog(position);
            let changes = |it: &Touched| match it {
                Touched::Relation(name) => {
                    let mut all = quoted.iter();
                    touched.contains(it)
                        && all.any(|column| {
                            has(before, name, column) != has(&step.catalog, name, column)
                        })
                }
                _ => false, // Only relations have columns.
            };
            let common = common(step, &changes);
            (!common.is_empty()).then(|| (at(step), common))
        })
    };
    // What both touch and the message names is the nearest.
    of_column()
        .or_else(|| last(&|it| touched.contains(it) && by_name(it)))
        .or_else(|| last(&|it| touched.contains(it)))
        .or_else(|| last(&by_name))
        .or_else(|| other.steps.last().map(|step| (at(step), BTreeSet::new())))
}
