//! The window of states in which several releases may be alive, and every break in it.
//!
//! Each release is compared with the states on its far side, one step at a time: a step can only
//! change what it touched, so the cost is that of the steps and not of the schema. A break is an
//! interval of positions; it counts when other connections can see one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::history::{RowsChange, Step, Timeline};
use crate::schema::apply::Touched;
use crate::schema::catalog::{Catalog, Column, Policy, RelationBody, Routine, Table, Trigger};
use crate::schema::diff::{
    Change, Demand, Difference, ObjectKind, ObjectRef, PolicyChange, diff_touched, every_name,
    known_column, other_name,
};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{ConstraintKind, PolicyCommand, SqlExpr};
use crate::sql::expression::Node;

use super::compat::{Access, Evidence, Harm, Pair, Weight, harms};
use super::condition::{Known, Refuses, implies, literal, refuses, spelled_plainly};
use super::contract::Contract;
use super::proof::{Mention, Unused};
use super::queries::{Code, Usage};
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
    pub contract: Contract,
    /// Its queries, where any are known.
    pub code: Option<Arc<Code>>,
    /// What they come to on its own schema.
    pub usage: Arc<Usage>,
}

impl Release {
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
            if it.harm.weight == Weight::Error {
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
            .filter(|access| uses(&self.release.contract, difference, &harm, *access))
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
fn uses(contract: &Contract, difference: &Difference, harm: &Harm, access: Access) -> bool {
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
        return contract.uses(&table, access);
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
            contract.uses(&column, access)
        });
    column_used && contract.uses(object, access)
}

/// The step that enables or forces row-level security, where policies made in the same commit decide
/// how much it hurts.
fn switched_on(timeline: &Timeline, states: &[usize], it: &Break) -> Option<usize> {
    if !matches!(it.difference.change, Change::RowSecurityOn { .. }) {
        return None;
    }
    let blamed = it.blamed?;
    let object = &it.difference.object;
    let name = QualifiedName::new(object.schema.clone()?, object.name.clone());
    let security = |position: usize| {
        let table = timeline.catalog(position).table(&name);
        table.map(|table| table.row_security)
    };
    let seen = states.partition_point(|state| *state <= blamed);
    let from = seen.checked_sub(1).and_then(|at| states.get(at)).copied()?;
    (from..=blamed).find(|step| security(*step) != security(step + 1))
}

/// Whether a trigger gives a value to the column that an INSERT leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// It does not, or that is not what hurts.
    No,
    /// It may.
    Perhaps,
    /// Its body assigns the column in any case, if only NULL.
    Always,
}

/// Whether what is hurt is an INSERT that leaves a column out, and a trigger may fill the column
/// before it is asked for, wherever others see the demand.
fn filled(timeline: &Timeline, states: &[usize], it: &Break) -> Filled {
    let is_left_out = it
        .harm
        .error
        .as_ref()
        .is_some_and(|it| matches!(it.code, "23502" | "23514"));
    let is_demand = matches!(
        it.difference.change,
        Change::ColumnAdded { required: true }
            | Change::ColumnDropped { required: true }
            | Change::NotNullSet { .. }
            | Change::DefaultDropped { .. }
            | Change::NotNullDropped { .. }
            | Change::DefaultAdded { .. }
    );
    let object = &it.difference.object;
    let (true, true, Some(parent), Some(schema)) =
        (is_left_out, is_demand, &object.parent, &object.schema)
    else {
        return Filled::No;
    };
    let name = QualifiedName::new(schema.clone(), parent.clone());
    let column = &object.name;
    let at = states.partition_point(|state| *state < it.start);
    let shown = states[at..].iter().take_while(|state| **state < it.end);
    let mut least = Filled::Always;
    let mut is_shown = false;
    for state in shown {
        is_shown = true;
        let catalog = timeline.catalog(*state);
        let Some(table) = catalog.table(&name) else {
            return Filled::No;
        };
        let mut fillers = table
            .triggers
            .iter()
            .filter(|it| it.fills_on_insert())
            .peekable();
        if fillers.peek().is_none() {
            return Filled::No;
        }
        if !fillers.any(|trigger| trigger.condition.is_none() && assigns(catalog, trigger, column))
        {
            least = Filled::Perhaps;
        }
    }
    match is_shown {
        true => least,
        false => Filled::No,
    }
}

/// Whether the function of a trigger gives a column of the new row a value in any case.
fn assigns(catalog: &Catalog, trigger: &Trigger, column: &Ident) -> bool {
    let Some(function) = &trigger.function else {
        return false;
    };
    let schema = function.schema.clone();
    let name = QualifiedName::new(
        schema.unwrap_or_else(|| Ident::new("public")),
        function.name.clone(),
    );
    let is_plain = |routine: &&Routine| routine.arguments.is_empty();
    let Some(routine) = catalog.routines(&name).iter().find(is_plain) else {
        return false;
    };
    routine.language.as_str() == "plpgsql"
        && crate::sql::query::body::always_assigns(&routine.body, column)
}

/// Which rows of a release a new check refuses, with the columns that the release does not know as they
/// are left; `None` where the break is about something else.
fn refused(timeline: &Timeline, release: &Release, it: &Break) -> Option<Refuses> {
    let Change::ConstraintAdded {
        demand: Demand::Check,
        columns,
        ..
    } = &it.difference.change
    else {
        return None;
    };
    if it.harm.pair != Pair::OldOnNew {
        return None;
    }
    let (before, after) = both_tables(timeline, release, it)?;
    let condition = |kind: &ConstraintKind| match kind {
        ConstraintKind::Check { expr, .. } => Some(expr.clone()),
        _ => None, // Other kinds hold no condition.
    };
    let object = &it.difference.object;
    let added = after.constraints.iter().find(|it| it.name == object.name)?;
    let check = condition(&added.kind)?;
    let old_column = |column: &Column| {
        before
            .column_by_id(column.id)
            .or_else(|| before.column(&column.name))
    };
    let is_new = |name: &Ident| {
        after
            .column(name)
            .is_some_and(|it| old_column(it).is_none())
    };
    let all_new = !columns.is_empty() && columns.iter().all(is_new);
    let Some(tree) = crate::sql::expression::parse(&check.text) else {
        // Of columns that are all new, old code leaves NULL or the default in every one.
        let is_kind = check.yields_to_null() || check.admits_null();
        return Some(match all_new && is_kind {
            true => Refuses::Nothing,
            false => Refuses::Something,
        });
    };
    let known = |name: &Ident| {
        let Some(column) = after.column(name) else {
            return Known::Nothing;
        };
        match old_column(column) {
            Some(old) if before.refuses_null(old) => return Known::NotNull,
            Some(_) => return Known::Nothing,
            None => {}
        }
        match &column.default {
            Some(default) => crate::sql::expression::parse(&default.text)
                .and_then(|tree| literal(&tree))
                .unwrap_or(Known::Nothing),
            None if column.identity.is_some() || column.generated.is_some() => Known::Nothing,
            None => Known::Null,
        }
    };
    let old_checks = before.constraints.iter().filter(|it| it.enforced);
    let old_checks = old_checks.filter_map(|it| condition(&it.kind));
    let mut old_trees = old_checks.filter_map(|it| crate::sql::expression::parse(&it.text));
    if old_trees.any(|old| implies(&old, &tree)) {
        return Some(Refuses::Nothing);
    }
    // What an unknown default gives is the business of whoever wrote it.
    Some(match refuses(&tree, &known) {
        Refuses::Something if all_new => Refuses::Nothing,
        found => found,
    })
}

/// A table as a release knows it, and as it is where a break begins.
fn both_tables<'a>(
    timeline: &'a Timeline,
    release: &'a Release,
    it: &Break,
) -> Option<(&'a Table, &'a Table)> {
    let object = &it.difference.object;
    let schema = object.schema.clone()?;
    let name = QualifiedName::new(schema, object.parent.clone()?);
    let before = release.own.relation(&name)?;
    let catalog = timeline.catalog(it.start);
    let later = catalog.relation_name(before.id).unwrap_or(&name);
    Some((before.as_table()?, catalog.table(later)?))
}

/// Whether a policy that differs in its text admits what the old one admitted, under whatever name.
fn is_same_policy(timeline: &Timeline, release: &Release, it: &Break) -> bool {
    let Change::PolicyChanged { how, .. } = it.difference.change else {
        return false;
    };
    let Some((before, after)) = both_tables(timeline, release, it) else {
        return false;
    };
    let name = &it.difference.object.name;
    let tree = |text: &Option<SqlExpr>| {
        let text = spelled_plainly(&text.as_ref()?.text);
        crate::sql::expression::parse(&text)
    };
    // Whether the first demands no more than the second; what is left out of `WITH CHECK` is `USING`.
    let admits = |kind: &Policy, strict: &Policy| {
        let pairs = [
            (&strict.using, &kind.using),
            (
                strict
                    .with_check
                    .as_ref()
                    .map_or(&strict.using, |_| &strict.with_check),
                kind.with_check
                    .as_ref()
                    .map_or(&kind.using, |_| &kind.with_check),
            ),
        ];
        pairs
            .into_iter()
            .all(|(strict, kind)| match (strict, kind) {
                (None, None) => true,
                // Without a condition it admits nothing.
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (Some(_), Some(_)) => match (tree(strict), tree(kind)) {
                    (Some(strict), Some(kind)) => {
                        matches!(kind.node(), Node::Bool(true)) || implies(&strict, &kind)
                    }
                    _ => false,
                },
            })
    };
    let covers = |wide: &Policy, narrow: &Policy| {
        let everybody = |policy: &Policy| {
            policy.roles.is_empty() || policy.roles.iter().any(|it| it.as_str() == "public")
        };
        let roles = everybody(wide) || narrow.roles.iter().all(|it| wide.roles.contains(it));
        roles && (wide.command == PolicyCommand::All || wide.command == narrow.command)
    };
    match how {
        PolicyChange::Added => {
            let Some(added) = after.policies.iter().find(|it| it.name == *name) else {
                return false;
            };
            // It refuses no more than one that was there.
            before
                .policies
                .iter()
                .any(|old| !old.permissive && covers(old, added) && admits(added, old))
        }
        PolicyChange::Changed | PolicyChange::Dropped => {
            let Some(old) = before.policies.iter().find(|it| it.name == *name) else {
                return false;
            };
            match old.permissive {
                true => after
                    .policies
                    .iter()
                    .any(|new| new.permissive && covers(new, old) && admits(new, old)),
                false => after
                    .policies
                    .iter()
                    .filter(|new| !new.permissive && new.name == *name)
                    .all(|new| covers(old, new) && admits(new, old)),
            }
        }
    }
}

fn evidence(harm: &Harm) -> Evidence {
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

/// The breaks of a step that changes values in rows that the release reads: they stay as they are.
fn rewritten(
    step: &Step,
    position: usize,
    release: &Release,
    index: usize,
    last: usize,
) -> Vec<Break> {
    let mut out = Vec::new();
    let columns = step.rows.iter().flat_map(|rows| match rows {
        RowsChange::Updated {
            table, replaced, ..
        } => replaced.iter().map(|column| (table, column)).collect(),
        RowsChange::Copied { .. } | RowsChange::Made { .. } => Vec::new(),
    });
    for (table, column) in columns {
        let Some(object) = known_column(&release.own, &step.catalog, table, column) else {
            continue;
        };
        let difference = Difference {
            object,
            change: Change::RowsRewritten,
        };
        for harm in harms(&difference) {
            let access: Vec<Access> = harm
                .access
                .iter()
                .copied()
                .filter(|access| uses(&release.contract, &difference, &harm, *access))
                .collect();
            if access.is_empty() {
                continue;
            }
            out.push(Break {
                release: index,
                evidence: evidence(&harm),
                blamed: position.checked_sub(1),
                difference: difference.clone(),
                harm,
                access,
                start: position,
                end: last + 1,
                uses: Vec::new(),
                unused: None,
                mentions: Vec::new(),
            });
        }
    }
    out
}

/// Whether what has taken a name had another one before: it was prepared beside the old one, as a
/// copy is before it is moved into place.
fn has_moved_in(timeline: &Timeline, release: &Release, it: &Break) -> bool {
    let object = &it.difference.object;
    let schema = object
        .schema
        .clone()
        .unwrap_or_else(|| Ident::new("public"));
    let top = object.parent.as_ref().unwrap_or(&object.name);
    let name = QualifiedName::new(schema, top.clone());
    let before = release.position..it.start;
    let Some(relation) = timeline.catalog(it.start).relation(&name) else {
        return false;
    };
    if object.parent.is_none() {
        // One that the release knows under another name is no copy made for it.
        if release.own.relation_name(relation.id).is_some() {
            return false;
        }
        let mut names = before.filter_map(|at| timeline.catalog(at).relation_name(relation.id));
        return names.any(|other| *other != name);
    }
    let RelationBody::Table(table) = &relation.body else {
        return false;
    };
    let Some(column) = table.column(&object.name) else {
        return false;
    };
    before
        .filter_map(|at| {
            let catalog = timeline.catalog(at);
            let name = catalog.relation_name(relation.id)?;
            catalog.table(name)?.column_by_id(column.id)
        })
        .any(|other| other.name != object.name)
}

/// Whether what was made anew gets its rows or values before anybody sees it.
fn is_filled_again(timeline: &Timeline, states: &[usize], it: &Break) -> bool {
    let object = &it.difference.object;
    let top = object.parent.as_ref().unwrap_or(&object.name);
    let at = states.partition_point(|state| *state < it.start);
    let shown = states.get(at).copied().unwrap_or(timeline.end());
    let steps = timeline.steps.get(it.start.saturating_sub(1)..shown);
    let rows = steps.unwrap_or_default().iter().flat_map(|step| &step.rows);
    rows.into_iter().any(|rows| match rows {
        RowsChange::Copied { into, .. } | RowsChange::Made { into } => {
            object.parent.is_none() && into.name == *top
        }
        RowsChange::Updated {
            table,
            replaced,
            filled,
        } => {
            object.parent.is_some()
                && table.name == *top
                && replaced.iter().chain(filled).any(|it| *it == object.name)
        }
    })
}

/// What head reads of rows that a step filled or copied while a live release still writes: nobody
/// does it for the rows that come afterwards.
fn stale(
    timeline: &Timeline,
    live: &[Release],
    head: &Release,
    position: usize,
    breaks: &[Break],
) -> Vec<Break> {
    let mut out = Vec::new();
    let step = &timeline.steps[position - 1];
    for rows in &step.rows {
        let differences: Vec<Difference> = match rows {
            RowsChange::Updated {
                table,
                replaced,
                filled,
            } => replaced
                .iter()
                .chain(filled)
                .filter(|column| is_left_empty(step, live, head, table, column))
                .filter(|_| !inserts_fail(breaks, step, live, table))
                .map(|column| Difference {
                    object: ObjectRef::part(ObjectKind::Column, table, column),
                    change: Change::Backfilled,
                })
                .collect(),
            // The rows are those of the first; what is joined to it adds to them.
            RowsChange::Copied { into, from }
                if from
                    .first()
                    .is_some_and(|first| is_left_behind(live, head, into, first)) =>
            {
                let from: Vec<QualifiedName> = from
                    .iter()
                    .filter(|from| is_left_behind(live, head, into, from))
                    .cloned()
                    .collect();
                vec![Difference {
                    object: ObjectRef::top(ObjectKind::Table, into),
                    change: Change::RowsCopied { from },
                }]
            }
            RowsChange::Copied { .. } | RowsChange::Made { .. } => Vec::new(),
        };
        for difference in differences {
            for harm in harms(&difference) {
                let harms_head =
                    |access: &Access| uses(&head.contract, &difference, &harm, *access);
                let access: Vec<Access> = harm.access.iter().copied().filter(harms_head).collect();
                if access.is_empty() {
                    continue;
                }
                out.push(Break {
                    release: live.len(),
                    evidence: Evidence::Possible,
                    blamed: Some(position - 1),
                    difference: difference.clone(),
                    harm,
                    access,
                    start: position,
                    end: head.position + 1,
                    uses: Vec::new(),
                    unused: None,
                    mentions: Vec::new(),
                });
            }
        }
    }
    out
}

/// Whether every live release's inserts into a table fail anyway: its name is gone, or what they must
/// name is another column now.
fn inserts_fail(breaks: &[Break], step: &Step, live: &[Release], table: &QualifiedName) -> bool {
    let id = step.catalog.relation(table).map(|it| it.id);
    let fails = |at: usize, release: &Release| {
        let known = id.and_then(|id| release.own.relation_name(id));
        let known = known.unwrap_or(table);
        breaks
            .iter()
            .filter(|it| it.release == at && it.harm.pair == Pair::OldOnNew)
            .filter(|it| it.harm.weight == Weight::Error)
            .any(|it| {
                let object = &it.difference.object;
                let is_whole = object.parent.is_none() && object.name == known.name;
                let is_part = object.parent.as_ref() == Some(&known.name);
                match it.difference.change {
                    Change::RelationRenamed { .. } | Change::RelationDropped => is_whole,
                    Change::ColumnAdded { required: true }
                    | Change::ColumnDropped { required: true }
                    | Change::NotNullSet { supplied: false } => is_part,
                    _ => false,
                }
            })
    };
    let mut all = live.iter().enumerate();
    all.all(|(at, release)| fails(at, release))
}

/// Whether a live release inserts rows without a column that is new to it, and nothing gives it a
/// value. What is refused to be empty is another matter: those inserts fail.
fn is_left_empty(
    step: &Step,
    live: &[Release],
    head: &Release,
    table: &QualifiedName,
    column: &Ident,
) -> bool {
    let Some(relation) = step.catalog.relation(table) else {
        return false;
    };
    let Some(name) = head.own.relation_name(relation.id) else {
        return false;
    };
    let Some(last) = head.own.table(name) else {
        return false;
    };
    let RelationBody::Table(now) = &relation.body else {
        return false;
    };
    let Some(kept) = now.column(column).and_then(|it| last.column_by_id(it.id)) else {
        return false;
    };
    let is_covered = kept.default.is_some()
        || kept.identity.is_some()
        || kept.generated.is_some()
        || last.refuses_null(kept)
        || last.triggers.iter().any(|it| it.fills_on_insert());
    let is_new_to = |release: &Release| {
        let known = release.own.relation_name(relation.id);
        let old = known.and_then(|name| release.own.table(name));
        old.is_some_and(|old| {
            old.knowledge.is_full()
                && old.column_by_id(kept.id).is_none()
                && old.column(column).is_none()
                // It takes another one's place.
                && old.column(&kept.name).is_none()
        })
    };
    !is_covered && live.iter().any(is_new_to)
}

/// Whether a live release writes to a table whose rows were copied into one that is new to it, and
/// no trigger carries on.
fn is_left_behind(
    live: &[Release],
    head: &Release,
    into: &QualifiedName,
    from: &QualifiedName,
) -> bool {
    let is_kept = head
        .own
        .relation(into)
        .is_some_and(|it| it.as_table().is_some() && !it.temporary);
    // Where it is gone, old code fails, and that is said already.
    let is_still_there = head.own.table(from).is_some_and(|table| {
        let carries_on = |it: &Trigger| it.enabled && it.events.insert;
        !table.triggers.iter().any(carries_on)
    });
    let writes = |release: &Release| {
        release.own.table(from).is_some_and(|table| !table.foreign)
            && release.own.relation(into).is_none()
            && {
                let source = ObjectRef::top(ObjectKind::Table, from);
                release.contract.uses(&source, Access::Write)
            }
    };
    into != from && is_kept && is_still_there && live.iter().any(writes)
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
