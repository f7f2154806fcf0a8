//! What a release's known queries do on each state of the timeline.
//!
//! Input: the queries of a release, read, and the catalogs. Output: for each query what it comes to
//! on the release's own schema, and a [`Proof`] for each stretch of the timeline on which one that
//! works there does not.

use std::sync::Arc;

use rayon::prelude::*;

use crate::bind::{self, Bound, Failure, Settings, Use, WriteKind, Written};
use crate::history::Timeline;
use crate::schema::catalog::{Catalog, ObjectId, RelationBody};
use crate::schema::diff::{Change, Difference, ObjectKind, ObjectRef};
use crate::schema::name::{Ident, QualifiedName};

use super::reach::{Reaches, Words, words_of};

/// A query of a release.
#[derive(Debug, Clone)]
pub struct KnownQuery {
    /// What its source calls it.
    pub name: Option<Arc<str>>,
    /// Where it stands, from the tree's root.
    pub file: Arc<str>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its text.
    pub text: Arc<str>,
    /// Its tree.
    pub query: bind::Query,
    /// Whether it is sure to be sent to this database: a literal in code may be for another.
    pub is_ours: bool,
}

/// A text that may be a query and was not understood: it counts as using every name in it.
#[derive(Debug, Clone)]
pub struct UnknownText {
    /// Where it stands, from the tree's root.
    pub file: Arc<str>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The text.
    pub text: Arc<str>,
}

/// The code of a release, as far as its queries are known.
#[derive(Debug, Clone, Default)]
pub struct Code {
    /// What it sends.
    pub queries: Vec<KnownQuery>,
    /// What may be a query and was not read.
    pub not_read: Vec<UnknownText>,
    /// Whether the queries are declared to be all there are.
    pub is_complete: bool,
    /// Whether nothing but its queries is asked about it: other code on the same database.
    pub only_queries: bool,
    /// Whether connections keep prepared statements across a migration.
    pub keeps_prepared: bool,
    /// Whether it asks the server for names that it does not write.
    pub reflects: bool,
    /// How its queries are run.
    pub settings: Settings,
}

/// What a query comes to on its release's own schema.
#[derive(Debug, Clone)]
pub enum Standing {
    /// It works.
    Works(Bound),
    /// It fails by itself, and accuses nobody.
    Fails(Failure),
    /// It hangs on something that is not known.
    Unknown(String),
}

/// The known queries of a release on its own schema.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// One for each query of the code.
    pub standings: Vec<Standing>,
}

/// A query that works on its release's own schema and fails on a stretch of the timeline.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Its index in the code.
    pub query: usize,
    /// What the server says there.
    pub failure: Failure,
    /// The first position at which it fails.
    pub start: usize,
    /// The first position after that at which it works again.
    pub end: usize,
    /// The step that makes it fail (old code), or that makes it work (new code).
    pub blamed: Option<usize>,
    /// Where it fails on the release's own schema: the position at which it still works, and what it
    /// comes to there.
    pub worked: Option<(usize, Bound)>,
}

/// A query whose result has another shape on a stretch of the timeline.
#[derive(Debug, Clone)]
pub struct Reshaped {
    /// Its index in the code.
    pub query: usize,
    /// What is different, for people.
    pub what: String,
    /// The position from which on it is so.
    pub start: usize,
    /// The step that makes it so.
    pub blamed: usize,
}

/// How many queries one thread binds at a time.
const CHUNK: usize = 64;

impl Code {
    /// What each query comes to on a catalog, where they were written for `own`.
    fn bind_all(&self, catalog: &Catalog, own: &Catalog, of: &[usize]) -> Vec<Bound> {
        of.par_chunks(CHUNK)
            .flat_map_iter(|chunk| {
                let mut binder = bind::Binder::new(catalog, &self.settings).beside(own);
                let bounds: Vec<Bound> = chunk
                    .iter()
                    .map(|at| binder.bind_query(&self.queries[*at].query))
                    .collect();
                bounds
            })
            .collect()
    }

    fn bind_one(&self, catalog: &Catalog, own: &Catalog, at: usize) -> Bound {
        bind::bind_beside(&self.queries[at].query, catalog, own, &self.settings)
    }

    /// Whether a query that works on its own schema has no answer on a catalog.
    pub(super) fn is_doubtful_on(&self, catalog: &Catalog, own: &Catalog, usage: &Usage) -> bool {
        let bounds = self.bind_all(catalog, own, &usage.working());
        bounds
            .iter()
            .any(|bound| bound.failures.is_empty() && !bound.unknowns.is_empty())
    }

    /// What the queries come to on the release's own schema.
    pub fn on(&self, own: &Catalog) -> Usage {
        let all: Vec<usize> = (0..self.queries.len()).collect();
        let standings = self
            .bind_all(own, own, &all)
            .into_iter()
            .map(|bound| match (bound.failure(), bound.unknowns.first()) {
                (Some(failure), _) => Standing::Fails(failure.clone()),
                (None, Some(unknown)) => Standing::Unknown(unknown.reason.clone()),
                (None, None) => Standing::Works(bound),
            })
            .collect();
        Usage { standings }
    }
}

impl Usage {
    /// What a query uses on its own schema, where it works there.
    pub fn bound(&self, query: usize) -> Option<&Bound> {
        match self.standings.get(query)? {
            Standing::Works(bound) => Some(bound),
            Standing::Fails(_) | Standing::Unknown(_) => None,
        }
    }

    fn working(&self) -> Vec<usize> {
        (0..self.standings.len())
            .filter(|at| self.bound(*at).is_some())
            .collect()
    }

    /// How many queries tell nothing: not known, or failing by themselves.
    pub fn silent(&self) -> usize {
        self.standings.len() - self.working().len()
    }
}

/// The queries of a release on one state of the timeline after another. A query is bound anew only where
/// the steps in between can change what it comes to.
struct Walk<'a> {
    timeline: &'a Timeline,
    code: &'a Code,
    own_schema: &'a Catalog,
    /// The queries that work on the release's own schema, and the words of each.
    working: Vec<usize>,
    words: Vec<Words>,
    /// Where it stands, and what the queries come to there.
    at: Option<usize>,
    bounds: Vec<Bound>,
    reaches: Reaches,
}

impl<'a> Walk<'a> {
    fn new(timeline: &'a Timeline, code: &'a Code, usage: &Usage, own_schema: &'a Catalog) -> Self {
        let working = usage.working();
        Walk {
            timeline,
            code,
            own_schema,
            words: Vec::new(),
            working,
            at: None,
            bounds: Vec::new(),
            reaches: Reaches::default(),
        }
    }

    /// What each query that works on its own schema comes to on a state.
    fn on(&mut self, state: usize) -> impl Iterator<Item = (usize, &Bound)> {
        let catalog = self.timeline.catalog(state);
        match self.at.replace(state) {
            None => self.bounds = self.code.bind_all(catalog, self.own_schema, &self.working),
            Some(before) => self.go(before, state),
        }
        self.working.iter().copied().zip(&self.bounds)
    }

    fn go(&mut self, before: usize, state: usize) {
        let (low, high) = (before.min(state), before.max(state));
        let reach = self.reaches.between(self.timeline, low, high);
        if self.words.is_empty() {
            let texts = self
                .working
                .par_iter()
                .map(|at| &self.code.queries[*at].text);
            self.words = texts.map(|text| words_of(text)).collect();
        }
        let reached: Vec<usize> = (0..self.working.len())
            .filter(|place| reach.has(&self.words[*place]))
            .collect();
        let queries: Vec<usize> = reached.iter().map(|place| self.working[*place]).collect();
        let catalog = self.timeline.catalog(state);
        let anew = self.code.bind_all(catalog, self.own_schema, &queries);
        for (place, bound) in reached.into_iter().zip(anew) {
            self.bounds[place] = bound;
        }
        debug_assert!(self.is_right_on(state));
    }

    /// Whether binding everything anew gives the same.
    fn is_right_on(&self, state: usize) -> bool {
        let catalog = self.timeline.catalog(state);
        let anew = self.code.bind_all(catalog, self.own_schema, &self.working);
        let mut pairs = self.working.iter().zip(self.bounds.iter().zip(&anew));
        pairs.all(|(query, (kept, anew))| {
            let (kept, anew) = (format!("{kept:?}"), format!("{anew:?}"));
            assert_eq!(kept, anew, "{} on {state}", self.code.queries[*query].text);
            true
        })
    }
}

/// The failure of a query on a state: a sure one, or else a possible one that it does not have on
/// its own schema.
fn failing(bound: &Bound, own: &Bound) -> Option<Failure> {
    if let Some(failure) = bound.failure() {
        return Some(failure.clone());
    }
    let is_new = |failure: &&Failure| {
        !own.failures
            .iter()
            .any(|it| (it.code, &it.message) == (failure.code, &failure.message))
    };
    bound.failures.iter().find(is_new).cloned()
}

/// Follows the queries of a live release forward from its own position.
pub(super) fn follow_old(
    timeline: &Timeline,
    states: &[usize],
    code: &Code,
    usage: &Usage,
    own_schema: &Catalog,
    from: usize,
    last: usize,
) -> (Vec<Proof>, Vec<Reshaped>) {
    let mut walk = Walk::new(timeline, code, usage, own_schema);
    let mut open: Vec<Option<(usize, Failure)>> = vec![None; code.queries.len()];
    let mut reshaped: Vec<Option<Reshaped>> = vec![None; code.queries.len()];
    let mut out = Vec::new();
    let mut before = from;
    for &state in states.iter().filter(|state| **state > from) {
        let is_touched = (before..state).any(|step| !timeline.steps[step].touched.is_empty());
        if is_touched {
            for (query, bound) in walk.on(state) {
                let Some(own) = usage.bound(query) else {
                    continue;
                };
                let fails = failing(bound, own);
                match (fails, open[query].take()) {
                    (Some(failure), None) => {
                        let start =
                            first_failing(timeline, code, own_schema, own, query, before, state);
                        open[query] = Some((start, failure));
                    }
                    (Some(_), Some(known)) => open[query] = Some(known),
                    (None, Some((start, failure))) => out.push(Proof {
                        query,
                        failure,
                        start,
                        end: state,
                        blamed: start.checked_sub(1),
                        worked: None,
                    }),
                    (None, None) => {
                        if reshaped[query].is_none()
                            && let Some(what) = other_shape(own, bound)
                        {
                            let differs = |position: &usize| {
                                let bound =
                                    code.bind_one(timeline.catalog(*position), own_schema, query);
                                other_shape(own, &bound).is_some()
                            };
                            let start = (before + 1..=state).find(differs).unwrap_or(state);
                            reshaped[query] = Some(Reshaped {
                                query,
                                what,
                                start,
                                blamed: start - 1,
                            });
                        }
                    }
                }
            }
        }
        before = state;
    }
    for (query, open) in open.into_iter().enumerate() {
        if let Some((start, failure)) = open {
            out.push(Proof {
                query,
                failure,
                start,
                end: last + 1,
                blamed: start.checked_sub(1),
                worked: None,
            });
        }
    }
    (out, reshaped.into_iter().flatten().collect())
}

/// The first position after `before` at which a query fails; it fails at `state`.
fn first_failing(
    timeline: &Timeline,
    code: &Code,
    own_schema: &Catalog,
    own: &Bound,
    query: usize,
    before: usize,
    state: usize,
) -> usize {
    (before + 1..state)
        .find(|position| {
            let bound = code.bind_one(timeline.catalog(*position), own_schema, query);
            failing(&bound, own).is_some()
        })
        .unwrap_or(state)
}

/// Follows the queries of head backward from its own position to the first.
pub(super) fn follow_new(
    timeline: &Timeline,
    states: &[usize],
    code: &Code,
    usage: &Usage,
    own_schema: &Catalog,
    from: usize,
    first: usize,
) -> Vec<Proof> {
    let mut walk = Walk::new(timeline, code, usage, own_schema);
    // Where it fails: from the lowest state known so far to where it works again.
    let mut open: Vec<Option<(usize, usize, Failure)>> = vec![None; code.queries.len()];
    let mut out = Vec::new();
    let mut close = |query: usize, (start, end, failure): (usize, usize, Failure)| {
        out.push(Proof {
            query,
            failure,
            start,
            end,
            blamed: (end <= from).then(|| end - 1),
            worked: None,
        });
    };
    let mut after = from + 1;
    let below = states
        .iter()
        .rev()
        .filter(|state| **state >= first && **state <= from);
    for &state in below {
        let is_own = state == from;
        let is_touched = is_own || (state..after).any(|step| touches(timeline, step));
        if is_touched {
            for (query, bound) in walk.on(state) {
                let Some(own) = usage.bound(query) else {
                    continue;
                };
                match (failing(bound, own), open[query].take()) {
                    (Some(failure), None) => {
                        let works = |position: &usize| {
                            let bound =
                                code.bind_one(timeline.catalog(*position), own_schema, query);
                            failing(&bound, own).is_none()
                        };
                        let end = (state + 1..after).find(works).unwrap_or(after);
                        open[query] = Some((state, end, failure));
                    }
                    (Some(failure), Some((_, end, _))) => {
                        open[query] = Some((state, end, failure));
                    }
                    (None, Some(known)) => close(query, known),
                    (None, None) => {}
                }
            }
        } else {
            for open in open.iter_mut().flatten() {
                open.0 = state;
            }
        }
        after = state;
    }
    for (query, open) in open.into_iter().enumerate() {
        if let Some(known) = open {
            close(query, known);
        }
    }
    out
}

fn touches(timeline: &Timeline, step: usize) -> bool {
    timeline
        .steps
        .get(step)
        .is_some_and(|step| !step.touched.is_empty())
}

/// Queries of head that worked before the change and fail on head's own schema, or may fail there.
pub(super) fn broken_by_change(
    timeline: &Timeline,
    code: &Code,
    usage: &Usage,
    own_schema: &Catalog,
    from: usize,
    first: usize,
) -> Vec<Proof> {
    let mut out = Vec::new();
    for (query, standing) in usage.standings.iter().enumerate() {
        let failures: &[Failure] = match standing {
            Standing::Fails(failure) => std::slice::from_ref(failure),
            // What only may fail there.
            Standing::Works(bound) => &bound.failures,
            Standing::Unknown(_) => &[],
        };
        if failures.is_empty() {
            continue;
        }
        let on = |position: usize| code.bind_one(timeline.catalog(position), own_schema, query);
        let before = on(first);
        if before.failure().is_some() || !before.unknowns.is_empty() {
            continue;
        }
        let has = |bound: &Bound, failure: &Failure| match failure.certain {
            true => !bound.resolves(),
            false => {
                let same =
                    |it: &Failure| (it.code, &it.message) == (failure.code, &failure.message);
                bound.failures.iter().any(same)
            }
        };
        let Some(failure) = failures.iter().find(|it| !has(&before, it)) else {
            continue;
        };
        let start = (first + 1..=from).find(|position| has(&on(*position), failure));
        // Where production never fails, a fresh run of head's folder is what differs.
        let Some(start) = start else {
            continue;
        };
        out.push(Proof {
            query,
            failure: failure.clone(),
            start,
            end: from + 1,
            blamed: Some(start - 1),
            worked: Some((first, before)),
        });
    }
    out
}

/// The oldest position from which on every query that works on a release's own schema works without
/// interruption.
pub(crate) fn requires(
    timeline: &Timeline,
    release: (&Code, &Usage, &Catalog),
    position: usize,
) -> usize {
    let (code, usage, own_schema) = release;
    let mut walk = Walk::new(timeline, code, usage, own_schema);
    let mut is_touched = false;
    for state in (0..position).rev() {
        is_touched |= touches(timeline, state);
        let is_shown = state == 0 || timeline.is_visible(state);
        if !is_shown || !std::mem::take(&mut is_touched) {
            continue;
        }
        let fails = walk.on(state).any(|(query, bound)| {
            let own = usage.bound(query);
            own.is_some_and(|own| failing(bound, own).is_some())
        });
        if fails {
            return state + 1;
        }
    }
    0
}

/// Queries of head that no live release sends and that work neither before the change nor after it.
pub(crate) fn failing_on_both(
    before: &Catalog,
    head: (&Code, &Usage),
    live: &[&Code],
) -> Vec<(usize, Failure)> {
    let (code, usage) = head;
    let known: std::collections::HashSet<&str> = live
        .iter()
        .flat_map(|code| &code.queries)
        .map(|query| &*query.text)
        .collect();
    let mut out = Vec::new();
    for (at, standing) in usage.standings.iter().enumerate() {
        let Standing::Fails(failure) = standing else {
            continue;
        };
        let is_new = !known.contains(&*code.queries[at].text);
        if is_new
            && code.queries[at].is_ours
            && code.bind_one(before, before, at).failure().is_some()
        {
            out.push((at, failure.clone()));
        }
    }
    out
}

/// What is different about a result; `None` where nothing is, or it is not known.
fn other_shape(own: &Bound, bound: &Bound) -> Option<String> {
    let (before, after) = (own.output.as_ref()?, bound.output.as_ref()?);
    if before.len() != after.len() {
        let names = |columns: &[bind::OutputColumn], others: &[bind::OutputColumn]| {
            let only: Vec<String> = columns
                .iter()
                .filter(|it| !others.iter().any(|other| other.name == it.name))
                .map(|it| format!("`{}`", it.name))
                .collect();
            only.join(", ")
        };
        let (gained, lost) = (names(after, before), names(before, after));
        return Some(match (gained.is_empty(), lost.is_empty()) {
            (false, true) => format!("gains {gained}"),
            (true, false) => format!("loses {lost}"),
            _ => format!("has {} columns instead of {}", after.len(), before.len()),
        });
    }
    let mut pairs = before.iter().zip(after);
    pairs.find_map(|(one, other)| {
        if one.name != other.name {
            return Some(format!("has `{}` in place of `{}`", other.name, one.name));
        }
        match (&one.data_type, &other.data_type) {
            (Some(from), Some(to)) if from != to => {
                return Some(format!("has `{}` as {to} instead of {from}", one.name));
            }
            _ => {}
        }
        match (one.nullable, other.nullable) {
            (Some(false), Some(true)) => Some(format!("may have NULL in `{}`", one.name)),
            _ => None,
        }
    })
}

/// Whether a query that works on its own schema uses what a difference is about. `renamed` looks
/// for the new name, as code for the new schema does.
pub(super) fn uses(own: &Catalog, bound: &Bound, difference: &Difference, renamed: bool) -> bool {
    let object = &difference.object;
    let schema = object
        .schema
        .clone()
        .unwrap_or_else(|| Ident::new("public"));
    let named = |name: &Ident| QualifiedName::new(schema.clone(), name.clone());
    let relation_id = |name: &QualifiedName| own.relation(name).map(|it| it.id);
    let any = |id: ObjectId| bound.uses.iter().any(|it| it.object == id);
    let any_part = |id: ObjectId, part: ObjectId| {
        let whole = |it: &Use| it.object == id && it.part == Some(part);
        bound.uses.iter().any(whole)
    };
    let inserts = |name: &Ident| {
        bound
            .writes
            .iter()
            .any(|it| it.name == named(name) && it.kind == WriteKind::Insert)
    };
    let writes = |name: &Ident| {
        let is_write = |it: &bind::Write| {
            it.name == named(name) && matches!(it.kind, WriteKind::Insert | WriteKind::Update)
        };
        bound.writes.iter().any(is_write)
    };
    let column = |table: &Ident, column: &Ident| -> bool {
        let Some(relation) = own.relation(&named(table)) else {
            return false;
        };
        let id = match &relation.body {
            RelationBody::Table(table) => table.column(column).map(|it| it.id),
            // A view's columns have no identities.
            RelationBody::View(_) => return any(relation.id),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        };
        id.is_some_and(|id| any_part(relation.id, id))
    };
    match object.kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence => {
            let name = match &difference.change {
                Change::RelationRenamed { to } if renamed => to.clone(),
                _ => named(&object.name),
            };
            relation_id(&name).is_some_and(any)
        }
        ObjectKind::Column => {
            let Some(table) = &object.parent else {
                return false;
            };
            match &difference.change {
                Change::ColumnRenamed { to } if renamed => column(table, to),
                Change::ColumnAdded { required: true }
                | Change::NotNullSet { .. }
                | Change::DefaultDropped { .. } => inserts(table) || column(table, &object.name),
                // Head's inserts leave it out, where it had to be named.
                Change::ColumnDropped { required: true } if renamed => inserts(table),
                _ => column(table, &object.name),
            }
        }
        ObjectKind::Constraint => {
            let Some(table) = &object.parent else {
                return false;
            };
            bound.constraints.contains(&object.name) || writes(table)
        }
        ObjectKind::Type => own
            .user_type(&named(&object.name))
            .is_some_and(|it| any(it.id)),
        ObjectKind::EnumLabel => object
            .parent
            .as_ref()
            .and_then(|parent| own.user_type(&named(parent)))
            .is_some_and(|it| any(it.id)),
        ObjectKind::Function => own
            .routines(&named(&object.name))
            .iter()
            .any(|it| any(it.id)),
        ObjectKind::Trigger | ObjectKind::Policy | ObjectKind::Rule => {
            object.parent.as_ref().is_some_and(writes)
        }
        ObjectKind::Schema
        | ObjectKind::Role
        | ObjectKind::Extension
        | ObjectKind::Migration
        | ObjectKind::Query => false,
    }
}

/// What a query writes into the columns of a new demand: the literal that violates it, or only that
/// it writes them.
pub(super) fn violates(bound: &Bound, difference: &Difference) -> Option<Option<String>> {
    let table = difference.object.parent.as_ref()?;
    let (columns, refused): (Vec<&Ident>, Option<&std::collections::BTreeSet<Arc<str>>>) =
        match &difference.change {
            Change::ConstraintAdded { columns, .. } => (columns.iter().collect(), None),
            Change::ValuesRemoved { column, values } => (vec![column], Some(values)),
            Change::NotNullSet { .. } => (vec![&difference.object.name], None),
            _ => return None,
        };
    let mut writes = false;
    let schema = difference.object.schema.as_ref();
    let is_meant = |it: &&bind::Write| {
        it.name.name == *table && schema.is_none_or(|schema| *schema == it.name.schema)
    };
    for write in bound.writes.iter().filter(is_meant) {
        if !matches!(write.kind, WriteKind::Insert | WriteKind::Update) {
            continue;
        }
        for (name, value) in &write.columns {
            if !columns.contains(&name) {
                continue;
            }
            if matches!(
                (&difference.change, value),
                (
                    Change::NotNullSet { .. },
                    Written::NotNull | Written::Literal(_)
                )
            ) {
                continue;
            }
            writes = true;
            if let (Change::NotNullSet { .. }, Written::Null) = (&difference.change, value) {
                return Some(Some("NULL".to_owned()));
            }
            if let (Some(refused), Written::Literal(text)) = (refused, value)
                && refused.contains(text.as_str())
            {
                return Some(Some(text.clone()));
            }
        }
    }
    writes.then_some(None)
}

/// What a step touched that a query uses, as an object for people; the migration where nothing fits.
pub(super) fn cause(
    timeline: &Timeline,
    step: usize,
    own: &Catalog,
    bound: Option<&Bound>,
) -> ObjectRef {
    use crate::schema::apply::Touched;
    let touched = timeline.steps.get(step).map_or(&[][..], |it| &it.touched);
    let used = |id: ObjectId| bound.is_none_or(|bound| bound.uses.iter().any(|it| it.object == id));
    let relation = touched.iter().find_map(|touched| match touched {
        Touched::Relation(name) => {
            let kind = match own.relation(name).map(|it| &it.body) {
                Some(RelationBody::View(_)) => ObjectKind::View,
                Some(RelationBody::Sequence(_)) => ObjectKind::Sequence,
                Some(RelationBody::Table(_)) | None => ObjectKind::Table,
                Some(RelationBody::Index { .. }) => return None,
            };
            let is_used = own.relation(name).is_none_or(|it| used(it.id));
            is_used.then(|| ObjectRef::top(kind, name))
        }
        Touched::Type(name) => Some(ObjectRef::top(ObjectKind::Type, name)),
        Touched::Routine(name) => Some(ObjectRef::top(ObjectKind::Function, name)),
        Touched::Privileges(_) | Touched::Role(_) | Touched::Extension(_) | Touched::Unread => None,
    });
    relation.unwrap_or(ObjectRef {
        kind: ObjectKind::Migration,
        schema: None,
        parent: None,
        name: Ident::new("migration"),
    })
}
