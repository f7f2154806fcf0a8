//! What speaks for or against a break beside the difference itself: a trigger that fills what an INSERT
//! leaves out, a check that no row of old code can violate, a policy that says the same in other words,
//! a copy that takes the place of what it was copied from.

use super::compat::Pair;
use super::condition::{Known, Refuses, implies, literal, refuses, spelled_plainly};
use super::window::{Break, Release};
use crate::history::{RowsChange, Timeline};
use crate::schema::catalog::{Catalog, Column, Policy, RelationBody, Routine, Table, Trigger};
use crate::schema::diff::{Change, Demand, PolicyChange};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{ConstraintKind, PolicyCommand, SqlExpr};
use crate::sql::expression::Node;

/// The step that enables or forces row-level security, where policies made in the same commit decide
/// how much it hurts.
pub(super) fn switched_on(timeline: &Timeline, states: &[usize], it: &Break) -> Option<usize> {
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
pub(super) enum Filled {
    /// It does not, or that is not what hurts.
    No,
    /// It may.
    Perhaps,
    /// Its body assigns the column in any case, if only NULL.
    Always,
}

/// Whether what is hurt is an INSERT that leaves a column out, and a trigger may fill the column
/// before it is asked for, wherever others see the demand.
pub(super) fn filled(timeline: &Timeline, states: &[usize], it: &Break) -> Filled {
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
pub(super) fn refused(timeline: &Timeline, release: &Release, it: &Break) -> Option<Refuses> {
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
pub(super) fn is_same_policy(timeline: &Timeline, release: &Release, it: &Break) -> bool {
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
        let roles = everybody(wide)
            || (!everybody(narrow) && narrow.roles.iter().all(|it| wide.roles.contains(it)));
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

/// Whether what has taken a name had another one before: it was prepared beside the old one, as a
/// copy is before it is moved into place.
pub(super) fn has_moved_in(timeline: &Timeline, release: &Release, it: &Break) -> bool {
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
    let own = release.own.relation_name(relation.id);
    let own = own.and_then(|name| release.own.table(name));
    if own.is_some_and(|table| table.column_by_id(column.id).is_some()) {
        return false;
    }
    before
        .filter_map(|at| {
            let catalog = timeline.catalog(at);
            let name = catalog.relation_name(relation.id)?;
            catalog.table(name)?.column_by_id(column.id)
        })
        .any(|other| other.name != object.name)
}

/// Whether what was made anew gets its rows or values before anybody sees it.
pub(super) fn is_filled_again(timeline: &Timeline, states: &[usize], it: &Break) -> bool {
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
