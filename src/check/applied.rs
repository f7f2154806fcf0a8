//! What became of applied migrations: edited, deleted, replaced by fewer.
//!
//! Input: the migrations that are applied and those of head. Output: which of them differ and what
//! the tool does about it, and findings about that. What a new database gets in another form by it
//! is said once: by the migration that did it where that is known, not by `replay_differs` again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::chain::{Chain, replay_list};
use super::down::unseen_by_queries;
use super::judge::Sources;
use crate::discover::{Consequence, Edit, Late, Migration, Project, Reaction};
use crate::findings::{BreakReport, Finding, Place, Severity, layout_finding};
use crate::rules::down_differs::left;
use crate::rules::migration_edited::Schema;
use crate::rules::migrations_squashed::Replaced;
use crate::rules::{migration_deleted, migration_edited, migrations_squashed, squash_differs};
use crate::schema::apply::Touched;
use crate::schema::catalog::Catalog;
use crate::schema::diff::{Difference, ObjectKind, ObjectRef, diff_touched, every_name};
use crate::schema::name::Ident;
use crate::source::Span;

/// An applied migration that has another text now.
#[derive(Debug)]
struct EditedMigration {
    now: Migration,
    edit: Edit,
}

/// An applied migration that is gone.
#[derive(Debug)]
struct DeletedMigration {
    migration: Migration,
    reaction: Reaction,
    /// The file that has its text under another version.
    again: Option<String>,
}

/// Applied migrations that fewer others stand for.
#[derive(Debug)]
struct Squash {
    replaced: Vec<Migration>,
    by: Vec<Migration>,
    /// What differs after them; empty where they make the same schema.
    differing: Vec<Differing>,
    reaction: Reaction,
    is_known: bool,
}

/// An object that two schemas have in two forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Differing {
    /// The object, where queries can see that it differs.
    pub(super) object: Option<ObjectRef>,
    /// What differs, for people: the second schema against the first.
    pub(super) shown: String,
    /// Under which name it is found.
    pub(super) touched: Touched,
}

/// What became of the applied migrations.
#[derive(Debug, Default)]
pub(super) struct Applied {
    edited: Vec<EditedMigration>,
    deleted: Vec<DeletedMigration>,
    squash: Option<Squash>,
    /// Where the texts that were applied are, for people.
    base: String,
}

impl Applied {
    /// Compares head with the migrations that are applied, in their order. Those in `theirs` are
    /// the business of another branch.
    pub(super) fn compare(
        project: &Project,
        applied: &[&Migration],
        base: &str,
        theirs: &BTreeSet<String>,
    ) -> Applied {
        let now: HashMap<&str, &Migration> = project
            .migrations
            .iter()
            .map(|it| (it.identity.as_str(), it))
            .collect();
        let applied: Vec<&Migration> = applied
            .iter()
            .copied()
            .filter(|it| !theirs.contains(&it.identity))
            .collect();
        let edited: Vec<EditedMigration> = applied
            .iter()
            .filter_map(|before| {
                let now = *now.get(before.identity.as_str())?;
                let edit = project.layout.edit(before, now, project.dialect)?;
                Some(EditedMigration {
                    now: now.clone(),
                    edit,
                })
            })
            .collect();
        // A repeatable migration that has changed is another one in the same place.
        let places: HashSet<(&str, &str)> = project
            .migrations
            .iter()
            .map(|it| (it.path.as_str(), it.version.as_str()))
            .collect();
        let is_gone = |it: &Migration| {
            !now.contains_key(it.identity.as_str())
                && !it.is_checkpoint
                && !places.contains(&(it.path.as_str(), it.version.as_str()))
        };
        let gone: Vec<usize> = (0..applied.len())
            .filter(|at| is_gone(applied[*at]))
            .collect();
        let mut out = Applied {
            edited,
            deleted: Vec::new(),
            squash: None,
            base: base.to_owned(),
        };
        if gone.is_empty() {
            return out;
        }
        out.squash = squash(project, &applied, &gone, &out.edited);
        let of = |list: &[Migration]| -> BTreeSet<String> {
            list.iter().map(|it| it.identity.clone()).collect()
        };
        let (replaced, by) = match &out.squash {
            Some(it) => (of(&it.replaced), of(&it.by)),
            None => Default::default(),
        };
        out.edited.retain(|it| !by.contains(&it.now.identity));
        let known: HashSet<&str> = applied.iter().map(|it| it.identity.as_str()).collect();
        let is_new = |it: &&Migration| !known.contains(it.identity.as_str());
        for at in gone {
            let it = applied[at];
            if replaced.contains(&it.identity) {
                continue;
            }
            let mut same = project.migrations.iter().filter(is_new);
            let again = same.find(|other| other.up.is_same_text(&it.up));
            out.deleted.push(DeletedMigration {
                migration: it.clone(),
                reaction: on_deleted(project, &applied, at),
                again: again.map(|it| it.path.clone()),
            });
        }
        out
    }

    /// Whether a migration of head stands for applied ones, so that production does not run it.
    pub(super) fn stands_for_applied(&self, migration: &Migration) -> bool {
        let by = self.squash.iter().flat_map(|squash| &squash.by);
        by.into_iter().any(|it| it.identity == migration.identity)
    }
}

/// What the tool does without the applied migration at a place.
fn on_deleted(project: &Project, applied: &[&Migration], at: usize) -> Reaction {
    let is_versioned = |it: &Migration| it.late != Late::Never;
    let known: HashSet<&str> = applied.iter().map(|it| it.identity.as_str()).collect();
    let after: HashSet<&str> = applied[at + 1..]
        .iter()
        .filter(|it| is_versioned(it))
        .map(|it| it.identity.as_str())
        .collect();
    let has_later = project
        .migrations
        .iter()
        .filter(|it| is_versioned(it))
        .any(|it| after.contains(it.identity.as_str()))
        || project
            .migrations
            .iter()
            .rfind(|it| is_versioned(it))
            .is_some_and(|it| !known.contains(it.identity.as_str()));
    project
        .layout
        .on_deleted(applied[at], after.is_empty(), has_later)
}

/// How many migrations can stand for applied ones.
const MOST_SQUASHED_INTO: usize = 4;

/// Whether head's first migrations stand for those that are gone. `gone` are places in `applied`.
fn squash(
    project: &Project,
    applied: &[&Migration],
    gone: &[usize],
    edited: &[EditedMigration],
) -> Option<Squash> {
    let edited: HashSet<&str> = edited.iter().map(|it| it.now.identity.as_str()).collect();
    // The last of those that are replaced can have kept its file for what replaces them.
    let mut end = gone.last()? + 1;
    while applied
        .get(end)
        .is_some_and(|it| edited.contains(it.identity.as_str()))
    {
        end += 1;
    }
    let rest: HashSet<&str> = applied[end..]
        .iter()
        .map(|it| it.identity.as_str())
        .collect();
    let stop = project
        .migrations
        .iter()
        .position(|it| rest.contains(it.identity.as_str()))
        .unwrap_or(project.migrations.len());
    let candidates = &project.migrations[..stop];
    // What both begin with is no part of it.
    let is_kept = |it: &Migration| !edited.contains(it.identity.as_str());
    let common = applied[..end]
        .iter()
        .zip(candidates)
        .take_while(|(old, new)| old.identity == new.identity && is_kept(new))
        .count();
    let (replaced, candidates) = (&applied[common..end], &candidates[common..]);
    let known: HashSet<&str> = replaced.iter().map(|it| it.identity.as_str()).collect();
    let stands_alone = |it: &&Migration| !known.contains(it.identity.as_str()) || !is_kept(it);
    let is_known = candidates.first().is_some_and(|it| it.is_checkpoint);
    let most = match is_known {
        true => 1,
        false => (replaced.len() - 1).min(MOST_SQUASHED_INTO),
    };
    let longest = candidates
        .iter()
        .take(most)
        .take_while(stands_alone)
        .count();
    if longest == 0 {
        return None;
    }
    let list = |lists: [&[&Migration]; 2]| -> Vec<Migration> {
        lists
            .into_iter()
            .flatten()
            .map(|it| (*it).clone())
            .collect()
    };
    let start: Vec<&Migration> = applied[..common].to_vec();
    let before = replay_list(project, &list([&start, &[]]));
    let old = replay_list(project, &list([&start, replaced]));
    let (before, old) = (before.catalog(before.end()), old.catalog(old.end()));
    let new: Vec<&Migration> = candidates[..longest].iter().collect();
    let with_all = replay_list(project, &list([&start, &new]));
    let (length, differing) = (1..=longest)
        .map(|length| {
            // The replaying is the same up to there, whatever follows.
            let end = with_all.ends[common + length - 1];
            (length, differing(old, with_all.catalog(end)))
        })
        .min_by_key(|(_, differing)| differing.len())?;
    // Another schema altogether is no squash: the old files are gone, and others came.
    if !differing.is_empty() {
        let end = with_all.ends[common + length - 1];
        let new = with_all.catalog(end);
        let made: Vec<_> = old
            .relations()
            .map(|(name, _)| name)
            .filter(|name| before.relation(name).is_none())
            .collect();
        let shared = made.iter().filter(|name| new.relation(name).is_some());
        if shared.count() * 2 < made.len() || made.is_empty() {
            return None;
        }
    }
    let first_gone = *gone.first()?;
    Some(Squash {
        replaced: replaced.iter().map(|it| (*it).clone()).collect(),
        by: candidates[..length].to_vec(),
        differing,
        reaction: on_deleted(project, applied, first_gone),
        is_known,
    })
}

/// What differs between two schemas, in a stable order.
pub(super) fn differing(before: &Arc<Catalog>, after: &Arc<Catalog>) -> Vec<Differing> {
    let mut out: BTreeSet<Differing> = BTreeSet::new();
    for touched in every_name(before, after) {
        let differences = diff_touched(before, after, &touched);
        let seen = differences
            .into_iter()
            .filter(Difference::is_of_shape)
            .map(|it| Differing {
                shown: left(&it).to_string(),
                object: Some(it.object),
                touched: touched.clone(),
            });
        let count = out.len();
        out.extend(seen);
        if out.len() == count {
            let unseen = unseen_by_queries(before, after, &touched).into_iter();
            out.extend(unseen.map(|it| Differing {
                object: None,
                shown: it.to_string(),
                touched: touched.clone(),
            }));
        }
    }
    out.into_iter().collect()
}

/// Whether an object is one of those that are touched, or a part of one.
pub(super) fn is_touched<'a>(
    object: &ObjectRef,
    touched: impl IntoIterator<Item = &'a Touched>,
) -> bool {
    let name = object.parent.as_ref().unwrap_or(&object.name);
    touched.into_iter().any(|it| match it {
        Touched::Relation(it) | Touched::Type(it) | Touched::Routine(it) => {
            let is_there = |schema: &Ident| it.schema == *schema;
            it.name == *name && object.schema.as_ref().is_none_or(is_there)
        }
        Touched::Role(it) | Touched::Extension(it) => it == name,
        Touched::Privileges(_) | Touched::Unread => false,
    })
}

/// A migration as people find it: the name of its file, or of its folder where the file's says
/// nothing; its version where the file holds several.
pub(super) fn label(migration: &Migration) -> String {
    let mut parts = migration.path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    match (migration.span, file) {
        (Some(_), _) => migration.version.clone(),
        (None, "migration.sql" | "up.sql") => parts.next().unwrap_or(file).to_owned(),
        (None, file) => file.to_owned(),
    }
}

/// Adds the findings about applied migrations that are others now, or gone; what is said here is not
/// said by `replay_differs` again.
pub(super) fn add_findings(
    project: &Project,
    chain: &Chain,
    sources: &mut Sources<'_>,
    findings: &mut Vec<Finding>,
) {
    let applied = &chain.applied;
    let places: HashMap<&str, usize> = chain
        .migrations
        .iter()
        .enumerate()
        .map(|(at, it)| (it.identity.as_str(), at))
        .collect();
    if let Some(squash) = &applied.squash {
        let hurt = take_objects(findings, |finding| {
            squash
                .differing
                .iter()
                .any(|it| it.object.as_ref() == Some(&finding.object))
        });
        let breaks: Vec<BreakReport> = hurt.into_iter().flat_map(|it| it.breaks).collect();
        findings.extend(squash_finding(project, sources, squash, breaks));
    }
    let touched_by = |identity: &str| -> Vec<Touched> {
        let Some(at) = places.get(identity) else {
            return Vec::new();
        };
        let steps = chain.timeline.begin_of(*at)..chain.timeline.ends[*at];
        let steps = chain.timeline.steps[steps].iter();
        steps
            .flat_map(|step| step.touched.iter().cloned())
            .collect()
    };
    // What differs is told by what caused it, with whom it hurts.
    let mut effects: BTreeMap<usize, Effect> = BTreeMap::new();
    let causes: Vec<&str> = applied
        .edited
        .iter()
        .map(|it| it.now.identity.as_str())
        .chain(
            applied
                .deleted
                .iter()
                .map(|it| it.migration.identity.as_str()),
        )
        .collect();
    if !causes.is_empty() {
        let touched: Vec<Vec<Touched>> = causes.iter().map(|it| touched_by(it)).collect();
        let is_only_cause = chain
            .new_oddities
            .iter()
            .all(|it| !matches!(it.kind, crate::discover::OddityKind::VersionLate { .. }));
        let production = chain.timeline.catalog(chain.timeline.end());
        let fresh = chain.fresh.as_ref().map(|(fresh, _)| fresh);
        for it in fresh.map_or_else(Vec::new, |fresh| differing(production, fresh)) {
            let is_its = |touched: &Vec<Touched>| touched.contains(&it.touched);
            let cause = touched.iter().position(is_its);
            let Some(cause) = cause.or(is_only_cause.then_some(0)) else {
                continue;
            };
            let effect = effects.entry(cause).or_default();
            let said = take_objects(findings, |finding| {
                Some(&finding.object) == it.object.as_ref()
            });
            for finding in said {
                effect.severity = effect.severity.max(Some(finding.severity));
                effect.breaks.extend(finding.breaks);
            }
            effect.objects.push(it.shown);
        }
    }
    for (at, it) in applied.edited.iter().enumerate() {
        let place = places.get(it.now.identity.as_str());
        let is_read = place.is_some_and(|place| {
            let mut reasons = chain.timeline.reasons.range((*place, 0)..(*place + 1, 0));
            reasons.next().is_none()
        });
        let effect = effects.remove(&at).unwrap_or_default();
        let schema = match effect.objects.as_slice() {
            [] if is_read => Schema::Same,
            [] => Schema::Open,
            objects => Schema::Differs(objects.to_vec()),
        };
        let advice = migration_edited::advice(&it.now.version, &it.edit, &applied.base, &schema);
        let Some(part) = it.now.up.part() else {
            continue;
        };
        let text = &part.file.text[it.edit.at.min(part.file.text.len())..];
        let length = text.lines().next().map_or(0, str::len);
        let place = Place {
            migration: sources.add_file(part.file.clone()),
            statement: None,
            span: Some(Span::new(it.edit.at, it.edit.at + length)),
        };
        let severity = match it.edit.reaction.consequence {
            Consequence::Refused => Severity::Error,
            Consequence::Skipped | Consequence::Differs | Consequence::Unknown => Severity::Warning,
        };
        let severity = effect.severity.map_or(severity, |it| it.max(severity));
        let rule = "migration_edited";
        let found = layout_finding(rule, advice, severity, place, &project.config, sources);
        findings.extend(found.map(|it| effect.add_to(it)));
    }
    let mut effect = Effect::default();
    for mut it in effects.into_values() {
        effect.severity = effect.severity.max(it.severity);
        effect.objects.append(&mut it.objects);
        effect.breaks.append(&mut it.breaks);
    }
    findings.extend(deleted_finding(project, chain, sources, &places, effect));
}

/// What one cause does to the schema of a new database.
#[derive(Debug, Default)]
struct Effect {
    /// What differs, for people.
    objects: Vec<String>,
    /// Whom it hurts.
    breaks: Vec<BreakReport>,
    /// How bad that is.
    severity: Option<Severity>,
}

impl Effect {
    /// The finding about the cause, with whom it hurts.
    fn add_to(self, mut finding: Finding) -> Finding {
        for it in self.breaks {
            if !finding.breaks.contains(&it) {
                finding.breaks.push(it);
            }
        }
        finding
    }
}

/// Takes out the findings of `replay_differs` about some objects.
fn take_objects(findings: &mut Vec<Finding>, is_meant: impl Fn(&Finding) -> bool) -> Vec<Finding> {
    let (taken, kept) = std::mem::take(findings)
        .into_iter()
        .partition(|it| it.rule == "replay_differs" && is_meant(it));
    *findings = kept;
    taken
}

fn squash_finding(
    project: &Project,
    sources: &mut Sources<'_>,
    squash: &Squash,
    breaks: Vec<BreakReport>,
) -> Option<Finding> {
    let by: Vec<String> = squash.by.iter().map(label).collect();
    let (first, last) = (squash.replaced.first()?, squash.replaced.last()?);
    let (first, last) = (label(first), label(last));
    let replaced = (first.as_str(), last.as_str(), squash.replaced.len());
    let file = squash.by.first()?.up.part()?.file.clone();
    let place = Place {
        migration: sources.add_file(file),
        statement: None,
        span: None,
    };
    let (rule, advice, severity) = match squash.differing.is_empty() {
        true => {
            let known = match squash.is_known {
                true => Replaced::Known,
                false => Replaced::ToBeTold,
            };
            let does = &squash.reaction.does;
            let advice = migrations_squashed::advice(&by, replaced, known, does);
            ("migrations_squashed", advice, Severity::Note)
        }
        false => {
            let differing: Vec<String> =
                squash.differing.iter().map(|it| it.shown.clone()).collect();
            let advice = squash_differs::advice(&by, replaced, &differing);
            ("squash_differs", advice, Severity::Error)
        }
    };
    let finding = layout_finding(rule, advice, severity, place, &project.config, sources)?;
    let effect = Effect {
        breaks,
        ..Effect::default()
    };
    Some(effect.add_to(finding))
}

/// One finding for all that are gone: it is one cause.
fn deleted_finding(
    project: &Project,
    chain: &Chain,
    sources: &Sources<'_>,
    places: &HashMap<&str, usize>,
    effect: Effect,
) -> Option<Finding> {
    let deleted = &chain.applied.deleted;
    let worst = deleted.iter().min_by_key(|it| it.reaction.consequence)?;
    let first = deleted.first()?;
    let versions: Vec<String> = deleted.iter().map(|it| label(&it.migration)).collect();
    let again = match deleted.as_slice() {
        [only] => only.again.as_deref(),
        _ => None,
    };
    let advice = migration_deleted::advice(&versions, &worst.reaction.does, &effect.objects, again);
    let severity = match worst.reaction.consequence {
        Consequence::Refused => Severity::Error,
        Consequence::Skipped | Consequence::Differs | Consequence::Unknown => Severity::Warning,
    };
    let place = Place {
        migration: *places.get(first.migration.identity.as_str())?,
        statement: None,
        span: None,
    };
    let (rule, severity) = (
        "migration_deleted",
        effect.severity.map_or(severity, |it| it.max(severity)),
    );
    let found = layout_finding(rule, advice, severity, place, &project.config, sources)?;
    Some(effect.add_to(found))
}

/// The table, view, type or function that is known under a name, as people name it.
pub(super) fn object_of(touched: &Touched, catalogs: &[&Catalog]) -> Option<ObjectRef> {
    use crate::schema::op::RelationKind;
    match touched {
        Touched::Relation(name) => {
            let kinds = catalogs.iter().filter_map(|it| it.relation(name));
            let kind = match kinds.map(|it| it.kind()).next() {
                Some(RelationKind::View | RelationKind::MaterializedView) => ObjectKind::View,
                Some(RelationKind::Sequence) => ObjectKind::Sequence,
                _ => ObjectKind::Table, // A relation of any other kind is used as a table is.
            };
            Some(ObjectRef::top(kind, name))
        }
        Touched::Type(name) => Some(ObjectRef::top(ObjectKind::Type, name)),
        Touched::Routine(name) => Some(ObjectRef::top(ObjectKind::Function, name)),
        Touched::Role(name) => Some(ObjectRef {
            kind: ObjectKind::Role,
            schema: None,
            parent: None,
            name: name.clone(),
        }),
        Touched::Extension(name) => Some(ObjectRef {
            kind: ObjectKind::Extension,
            schema: None,
            parent: None,
            name: name.clone(),
        }),
        Touched::Privileges(_) | Touched::Unread => None,
    }
}
