//! The window of states in which several releases may be alive, and every break in it.
//!
//! Each release is compared with the states on its far side, one step at a time: a step can only
//! change what it touched, so the cost is that of the steps and not of the schema. A break is an
//! interval of positions; it counts when other connections can see one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::history::Timeline;
use crate::schema::apply::Touched;
use crate::schema::catalog::Catalog;
use crate::schema::diff::{
    Change, Difference, ObjectKind, ObjectRef, diff_touched, every_name, other_name,
};
use crate::schema::name::Ident;

use super::circumstances::{
    Filled, filled, has_moved_in, is_filled_again, is_same_policy, refused, switched_on,
};
use super::compat::{Access, Evidence, Harm, Pair, Weight, harms};
use super::condition::Refuses;
use super::presumed::Presumed;
use super::proof::{Mention, Unused};
use super::queries::{Code, Usage};
use super::rows::{rewritten, stale};
use super::verdict::{SwitchPoints, Truth, Verdict, verdict};

/// On which side of the change a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// It may run beside the change.
    Live,
    /// It ships the change.
    Head,
}

/// A release with its own schema and its place on the timeline.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its name for people.
    pub name: String,
    /// Live or head.
    pub role: Role,
    /// The schema that its code was written for: that after its own migrations.
    pub own: Arc<Catalog>,
    /// The position from which on it is judged (live) or up to which (head).
    pub position: usize,
    /// What it is presumed to use.
    pub presumed: Presumed,
    /// Its queries, where any are known.
    pub code: Option<Arc<Code>>,
    /// What they come to on its own schema.
    pub usage: Arc<Usage>,
}

impl Release {
    /// Whether it is other code on the same database, which no deploy of this project changes.
    pub fn is_consumer(&self) -> bool {
        self.code.as_ref().is_some_and(|code| code.only_queries)
    }

    /// With what is known of its queries.
    pub fn with_code(self, code: Option<Arc<Code>>) -> Self {
        let usage = code.as_ref().map(|it| it.on(&self.own)).unwrap_or_default();
        Release {
            usage: Arc::new(usage),
            code,
            ..self
        }
    }
}

/// One way in which one release fails, between two positions.
#[derive(Debug, Clone)]
pub struct Break {
    /// Index of the release in [`Window::releases`].
    pub release: usize,
    /// What changed.
    pub difference: Difference,
    /// What it does.
    pub harm: Harm,
    /// The accesses that hurt, after what the release has retired.
    pub access: Vec<Access>,
    /// How sure it is.
    pub evidence: Evidence,
    /// The first position at which it fails.
    pub start: usize,
    /// The first position after that at which it works again.
    pub end: usize,
    /// The step that makes it fail (old code), or that makes it work (new code); `None` when head
    /// fails on its own schema.
    pub blamed: Option<usize>,
    /// The queries that prove it or may be hurt, by their index in the release's code.
    pub uses: Vec<usize>,
    /// Why it hurts nobody as far as is known.
    pub unused: Option<Unused>,
    /// Where else the release's files hold the name.
    pub mentions: Vec<Mention>,
}

/// A stretch of the timeline with the releases that may meet it.
#[derive(Debug)]
pub struct Window<'a> {
    /// The whole timeline.
    pub timeline: &'a Timeline,
    /// The live releases, then head.
    pub releases: Vec<Release>,
    /// Every break that a state of the window shows, in order of blame.
    pub breaks: Vec<Break>,
    /// The positions that other connections see, first and last included.
    pub states: Vec<usize>,
}

impl<'a> Window<'a> {
    /// Judges the positions from the oldest live release to head.
    ///
    /// A live release that is younger than the oldest one is judged from its own version on: how
    /// it got there was judged when it was deployed.
    pub fn judge(timeline: &'a Timeline, live: Vec<Release>, head: Release) -> Self {
        let last = head.position;
        let first = live
            .iter()
            .map(|release| release.position)
            .min()
            .unwrap_or(last);
        let mut states: Vec<usize> = (first..=last)
            .filter(|position| {
                *position == first || *position == last || timeline.is_visible(*position)
            })
            .collect();
        states.dedup();
        let mut breaks = Vec::new();
        let mut releases = live;
        for (index, release) in releases.iter().enumerate() {
            follow_old(timeline, &states, release, index, last, &mut breaks);
        }
        // Where a live release already runs, its migrations have run too.
        let youngest = releases.iter().map(|release| release.position).max();
        let since = youngest.unwrap_or(first);
        follow_new(timeline, &states, &head, releases.len(), since, &mut breaks);
        // What is there before the change is no addition, even where the change takes it away in
        // between: head never stopped using it.
        for it in &mut breaks {
            let is_new = matches!(
                it.difference.change,
                Change::RelationAdded
                    | Change::ColumnAdded { .. }
                    | Change::TypeAdded
                    | Change::LabelAdded
                    | Change::RoutineAdded
            );
            let object = &it.difference.object;
            if is_new && it.harm.weight == Weight::Addition && timeline.catalog(since).has(object) {
                it.harm.weight = Weight::Error;
            }
        }
        // What a statement does that perhaps runs is possible, and decides no verdict.
        for it in &mut breaks {
            let perhaps = it
                .blamed
                .is_some_and(|step| timeline.steps.get(step).is_some_and(|step| step.perhaps));
            if perhaps && it.evidence == Evidence::Presumed {
                it.evidence = Evidence::Possible;
                if matches!(it.harm.weight, Weight::Error | Weight::Addition) {
                    it.harm.weight = Weight::Warning;
                }
            }
        }
        breaks.retain_mut(|it| {
            let release = releases.get(it.release).unwrap_or(&head);
            if is_same_policy(timeline, release, it) {
                return false;
            }
            match refused(timeline, release, it) {
                Some(Refuses::Nothing) => return false,
                // An INSERT of old code cannot but violate it.
                Some(Refuses::Everything) if it.harm.weight == Weight::Warning => {
                    it.harm.weight = Weight::Error;
                }
                Some(Refuses::Something | Refuses::Everything) | None => {}
            }
            true
        });
        for it in &mut breaks {
            let weight = match filled(timeline, &states, it) {
                Filled::No => continue,
                Filled::Perhaps => Weight::Warning,
                Filled::Always => Weight::Note,
            };
            if matches!(it.harm.weight, Weight::Error | Weight::Addition) {
                it.evidence = Evidence::Possible;
                it.harm.weight = weight;
            }
        }
        breaks.retain(|it| {
            it.difference.change != Change::NameReused
                || !(has_moved_in(timeline, &releases[it.release], it)
                    || is_filled_again(timeline, &states, it))
        });
        for position in since + 1..=last {
            let found = stale(timeline, &releases, &head, position, &breaks);
            breaks.extend(found);
        }
        releases.push(head);
        for (index, release) in releases.iter().enumerate() {
            let from = match release.role {
                Role::Live => first,
                Role::Head => since,
            };
            super::proof::apply(timeline, &states, release, index, (from, last), &mut breaks);
        }
        super::proof::weigh_new_data(&releases, &mut breaks);
        for it in &mut breaks {
            if let Some(step) = switched_on(timeline, &states, it) {
                it.blamed = Some(step);
            }
        }
        breaks.retain(|it| {
            let at = states.partition_point(|state| *state < it.start);
            states.get(at).is_some_and(|state| *state < it.end)
        });
        // Where somebody sees the name missing, that is what is said.
        let missing: BTreeSet<(usize, ObjectRef)> = breaks
            .iter()
            .filter(|it| {
                matches!(
                    it.difference.change,
                    Change::ColumnDropped { .. } | Change::RelationDropped
                )
            })
            .map(|it| (it.release, it.difference.object.clone()))
            .collect();
        breaks.retain(|it| {
            it.difference.change != Change::NameReused
                || !missing.contains(&(it.release, it.difference.object.clone()))
        });
        breaks.sort_by(|a, b| {
            (a.blamed, &a.difference, a.harm.pair, a.release).cmp(&(
                b.blamed,
                &b.difference,
                b.harm.pair,
                b.release,
            ))
        });
        Window {
            timeline,
            releases,
            breaks,
            states,
        }
    }

    /// The release that ships the change.
    pub fn head(&self) -> &Release {
        self.releases.last().expect("head is pushed last")
    }

    /// The releases that may run beside the change.
    pub fn live(&self) -> &[Release] {
        &self.releases[..self.releases.len() - 1]
    }

    /// The verdict over the whole window, and where the code may be switched, as positions.
    pub fn verdict(&self) -> (Verdict, Vec<usize>) {
        self.verdict_between(&self.states, &[], &[])
    }

    /// The verdict of one migration over its own states: breaks that stood before it and breaks
    /// that a later migration mends do not count.
    pub fn migration_verdict(&self, migration: usize) -> Verdict {
        let states = self.states_of(migration);
        let (Some(first), Some(last)) = (states.first(), states.last()) else {
            return Verdict::AnyOrder;
        };
        self.verdict_between(&states, &[*first], &[*last]).0
    }

    /// Whether the old releases work on every state of a migration, and head on every state.
    pub fn migration_truths(&self, migration: usize) -> (Truth, Truth) {
        let states = self.states_of(migration);
        let (Some(first), Some(last)) = (states.first(), states.last()) else {
            return (Truth::Works, Truth::Works);
        };
        let worst = |truths: Vec<Truth>| truths.into_iter().max().unwrap_or(Truth::Works);
        (
            worst(self.truths(&states, Pair::OldOnNew, &[*first])),
            worst(self.truths(&states, Pair::NewOnOld, &[*last])),
        )
    }

    /// The visible positions of a migration, from the state before it on.
    pub fn states_of(&self, migration: usize) -> Vec<usize> {
        let begin = self.timeline.begin_of(migration);
        let end = self.timeline.ends.get(migration).copied().unwrap_or(begin);
        let from = self.states.partition_point(|state| *state <= begin);
        let to = self.states.partition_point(|state| *state <= end);
        let before = from.saturating_sub(1);
        self.states.get(before..to).unwrap_or(&[]).to_vec()
    }

    /// Whether a release works at a position.
    pub fn works_at(&self, release: usize, position: usize) -> Truth {
        self.breaks
            .iter()
            .filter(|it| it.release == release && it.start <= position && position < it.end)
            // Data outlives every state.
            .filter(|it| matches!(it.harm.pair, Pair::OldOnNew | Pair::NewOnOld))
            .filter_map(|it| truth_of(&it.harm))
            .max()
            .unwrap_or(Truth::Works)
    }

    /// Whether the reads or the writes of a release work at a position; `None` where it never meets
    /// it: what ran before a release was there is over, and head is there only once every release
    /// that runs today has its own schema.
    pub fn accesses_at(&self, release: usize, position: usize, access: Access) -> Option<Truth> {
        let it = self.releases.get(release)?;
        let since = match it.role {
            Role::Live => it.position,
            Role::Head => self.live().iter().map(|it| it.position).max().unwrap_or(0),
        };
        if position < since {
            return None;
        }
        let worst = self
            .breaks
            .iter()
            .filter(|it| it.release == release && it.start <= position && position < it.end)
            .filter(|it| it.access.contains(&access))
            .filter_map(|it| truth_of(&it.harm))
            .max();
        Some(worst.unwrap_or(Truth::Works))
    }

    fn verdict_between(
        &self,
        states: &[usize],
        stood_at: &[usize],
        mended_after: &[usize],
    ) -> (Verdict, Vec<usize>) {
        let old = self.truths(states, Pair::OldOnNew, stood_at);
        let new = self.truths(states, Pair::NewOnOld, mended_after);
        let (Some(first), Some(last)) = (states.first(), states.last()) else {
            return (Verdict::AnyOrder, Vec::new());
        };
        let all = &self.timeline.ends;
        let from = all.partition_point(|end| end < first);
        let to = all.partition_point(|end| end <= last);
        let ends: Vec<usize> = all[from..to]
            .iter()
            .filter_map(|end| states.binary_search(end).ok())
            .collect();
        let (verdict, points) = verdict(&old, &new, &ends);
        (verdict, positions(&points, states))
    }

    /// Per state, whether one side works; breaks that hold at one of the `ignored` positions do
    /// not count.
    fn truths(&self, states: &[usize], pair: Pair, ignored: &[usize]) -> Vec<Truth> {
        let mut truths = vec![Truth::Works; states.len()];
        for it in self.breaks.iter().filter(|it| it.harm.pair == pair) {
            let holds = |position: &usize| it.start <= *position && *position < it.end;
            let Some(truth) = truth_of(&it.harm).filter(|_| !ignored.iter().any(holds)) else {
                continue;
            };
            let from = states.partition_point(|state| *state < it.start);
            let to = states.partition_point(|state| *state < it.end);
            for state in &mut truths[from..to] {
                *state = (*state).max(truth);
            }
        }
        truths
    }
}

/// The consumers that fail on the new schema, and whether a release of the project does as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HurtConsumers {
    /// Their indices in [`Window::releases`].
    pub consumers: BTreeSet<usize>,
    /// Whether old code of the project fails too.
    pub others: bool,
}

/// Which releases some of the breaks make fail on the new schema.
pub fn hurt_consumers<'a>(
    breaks: impl Iterator<Item = &'a Break>,
    releases: &[Release],
) -> HurtConsumers {
    let mut out = HurtConsumers::default();
    let fails =
        |it: &&Break| it.harm.pair == Pair::OldOnNew && truth_of(&it.harm) == Some(Truth::Breaks);
    for it in breaks.filter(fails) {
        match releases.get(it.release).is_some_and(Release::is_consumer) {
            true => {
                out.consumers.insert(it.release);
            }
            false => out.others = true,
        }
    }
    out
}

/// What a break means for the verdict: nothing for what is only a warning or a note.
fn truth_of(harm: &Harm) -> Option<Truth> {
    match harm.weight {
        Weight::Error | Weight::Addition => Some(Truth::Breaks),
        Weight::Unknown => Some(Truth::Unknown),
        Weight::Warning | Weight::Note => None,
    }
}

fn positions(points: &SwitchPoints, states: &[usize]) -> Vec<usize> {
    let last = states.len().saturating_sub(1);
    states
        .iter()
        .enumerate()
        .filter(|(state, _)| points.contains(*state, last))
        .map(|(_, position)| *position)
        .collect()
}

/// What makes two breaks the same one as the window is walked: who meets which object with which
/// outcome. What exactly happened to the object may vary on the way.
type Key = (ObjectRef, Pair, Weight, Result<&'static str, &'static str>);

struct Open {
    found_by: usize,
    start: usize,
    difference: Difference,
    harm: Harm,
    access: Vec<Access>,
}

/// Follows one release along the timeline.
struct Tracker<'a> {
    release: &'a Release,
    /// The positions that other connections see.
    states: &'a [usize],
    /// Which harms count: those of the release's own side.
    counts: fn(Pair) -> bool,
    by_name: BTreeMap<Touched, Vec<Key>>,
    open: BTreeMap<Key, Open>,
    closed: Vec<(Open, usize)>,
}

impl<'a> Tracker<'a> {
    fn new(release: &'a Release, states: &'a [usize], counts: fn(Pair) -> bool) -> Self {
        Tracker {
            release,
            states,
            counts,
            by_name: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: Vec::new(),
        }
    }

    /// Looks at every object, at a position of the timeline.
    fn look_at_all(&mut self, old: &Catalog, new: &Catalog, position: usize) {
        let names = every_name(old, new).into_iter().collect();
        self.look_at(old, new, names, position);
    }

    /// Looks again at what was touched, at a position of the timeline.
    fn look(&mut self, old: &Catalog, new: &Catalog, touched: &[Touched], position: usize) {
        let others = touched.iter().flat_map(|name| other_name(old, new, name));
        let names = touched.iter().cloned().chain(others).collect();
        self.look_at(old, new, names, position);
    }

    fn look_at(
        &mut self,
        old: &Catalog,
        new: &Catalog,
        touched: BTreeSet<Touched>,
        position: usize,
    ) {
        let mut released: Vec<Key> = Vec::new();
        for name in touched {
            let mut keys = Vec::new();
            for difference in diff_touched(old, new, &name) {
                for harm in harms(&difference) {
                    if let Some(key) = self.found(&difference, harm, position) {
                        keys.push(key);
                    }
                }
            }
            let before = if keys.is_empty() {
                self.by_name.remove(&name)
            } else {
                self.by_name.insert(name, keys)
            };
            released.extend(before.into_iter().flatten());
        }
        for key in released {
            if let Some(open) = self.open.get_mut(&key) {
                open.found_by -= 1;
                if open.found_by == 0
                    && let Some(open) = self.open.remove(&key)
                {
                    self.closed.push((open, position));
                }
            }
        }
    }

    fn found(&mut self, difference: &Difference, harm: Harm, position: usize) -> Option<Key> {
        if !(self.counts)(harm.pair) {
            return None;
        }
        let access: Vec<Access> = harm
            .access
            .iter()
            .copied()
            .filter(|access| uses(self.release, difference, &harm, *access))
            .collect();
        if access.is_empty() {
            return None;
        }
        let outcome = match &harm.error {
            Some(error) => Ok(error.code),
            None => Err(difference.change.name()),
        };
        let key = (difference.object.clone(), harm.pair, harm.weight, outcome);
        let states = self.states;
        let open = self.open.entry(key.clone()).or_insert_with(|| Open {
            found_by: 0,
            start: position,
            difference: difference.clone(),
            harm: harm.clone(),
            access: access.clone(),
        });
        open.found_by += 1;
        // Until somebody sees it, what happened is what the statements so far come to.
        let (from, to) = (position.min(open.start), position.max(open.start));
        let at = states.partition_point(|state| *state < from);
        let is_shown = states
            .get(at)
            .is_some_and(|state| *state <= to && *state != position);
        if !is_shown {
            open.difference = difference.clone();
            open.harm = harm;
            open.access = access;
        }
        Some(key)
    }
}

/// Whether the release is presumed to use what changed: the object, and for a constraint at least
/// one of its columns. An INSERT that leaves a column out is hurt for the very reason that it does
/// not use the column: there it is the table that counts.
pub(super) fn uses(
    release: &Release,
    difference: &Difference,
    harm: &Harm,
    access: Access,
) -> bool {
    let presumed = &release.presumed;
    let object = &difference.object;
    let left_out =
        harm.weight != Weight::Warning && harm.error.as_ref().is_some_and(|it| it.code == "23502");
    if let (true, ObjectKind::Column, Some(table)) = (left_out, object.kind, &object.parent) {
        let table = ObjectRef {
            kind: ObjectKind::Table,
            schema: object.schema.clone(),
            parent: None,
            name: table.clone(),
        };
        return presumed.uses(&table, access);
    }
    let columns: &[Ident] = match &difference.change {
        Change::ConstraintAdded { columns, .. }
        | Change::ConstraintDropped { columns, .. }
        | Change::UniqueKeyLost { columns, .. } => columns,
        _ => &[],
    };
    let column_used = columns.is_empty()
        || columns.iter().any(|column| {
            let column = ObjectRef {
                kind: ObjectKind::Column,
                name: column.clone(),
                ..object.clone()
            };
            presumed.uses(&column, access)
        });
    column_used && presumed.uses_what_changed(difference, &release.own, access)
}

pub(super) fn evidence(harm: &Harm) -> Evidence {
    match harm.weight {
        Weight::Unknown => Evidence::Unknown,
        Weight::Error | Weight::Addition | Weight::Warning | Weight::Note => Evidence::Presumed,
    }
}

/// Walks a live release from its own version to the end.
fn follow_old(
    timeline: &Timeline,
    states: &[usize],
    release: &Release,
    index: usize,
    last: usize,
    out: &mut Vec<Break>,
) {
    let mut tracker = Tracker::new(release, states, |pair| {
        matches!(pair, Pair::OldOnNew | Pair::OldReadsNewData)
    });
    let from = release.position;
    if !Arc::ptr_eq(&release.own, timeline.catalog(from)) {
        tracker.look_at_all(&release.own, timeline.catalog(from), from);
    }
    for position in from + 1..=last {
        let step = &timeline.steps[position - 1];
        tracker.look(&release.own, &step.catalog, &step.touched, position);
        out.extend(rewritten(step, position, release, index, last));
    }
    let open = std::mem::take(&mut tracker.open);
    let still_open = open.into_values().map(|open| (open, last + 1));
    for (open, end) in tracker.closed.into_iter().chain(still_open) {
        // What differs at its own version stood before the window.
        if open.start == from {
            continue;
        }
        out.push(Break {
            release: index,
            evidence: evidence(&open.harm),
            blamed: open.start.checked_sub(1),
            difference: open.difference,
            harm: open.harm,
            access: open.access,
            start: open.start,
            end,
            uses: Vec::new(),
            unused: None,
            mentions: Vec::new(),
        });
    }
}

/// Walks head from its own version back to the beginning.
fn follow_new(
    timeline: &Timeline,
    states: &[usize],
    head: &Release,
    index: usize,
    first: usize,
    out: &mut Vec<Break>,
) {
    let mut tracker = Tracker::new(head, states, |pair| {
        matches!(pair, Pair::NewOnOld | Pair::NewReadsOldData)
    });
    let from = head.position;
    if !Arc::ptr_eq(&head.own, timeline.catalog(from)) {
        tracker.look_at_all(timeline.catalog(from), &head.own, from);
    }
    for position in (first..from).rev() {
        let undone = &timeline.steps[position];
        let old = timeline.catalog(position);
        tracker.look(old, &head.own, &undone.touched, position);
    }
    let open = std::mem::take(&mut tracker.open);
    // Walking back, a break opens at its last position and closes before its first.
    let closed = tracker
        .closed
        .into_iter()
        .map(|(open, closed_at)| (open, closed_at + 1));
    let still_open = open.into_values().map(|open| (open, first));
    for (open, start) in closed.chain(still_open) {
        out.push(Break {
            release: index,
            evidence: evidence(&open.harm),
            // What fails at the end has no step after it that mends it.
            blamed: (open.start < from).then_some(open.start),
            difference: open.difference,
            harm: open.harm,
            access: open.access,
            start,
            end: open.start + 1,
            uses: Vec::new(),
            unused: None,
            mentions: Vec::new(),
        });
    }
}

/// The oldest position from which on a release works without interruption up to its own version:
/// what its schema must have been migrated to at least.
pub fn requires(timeline: &Timeline, release: &Release) -> usize {
    let mut tracker = Tracker::new(release, &[], |pair| pair == Pair::NewOnOld);
    for position in (0..release.position).rev() {
        let undone = &timeline.steps[position];
        let old = timeline.catalog(position);
        tracker.look(old, &release.own, &undone.touched, position);
        let fails = tracker
            .open
            .values()
            .any(|open| truth_of(&open.harm).is_some());
        if fails && timeline.is_visible(position) {
            return position + 1;
        }
    }
    0
}
