//! Routines in two catalogs: which calls still find one, and what they give.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::catalog::{Catalog, Routine, Table};
use super::super::name::{Ident, QualifiedName};
use super::super::types::SqlType;
use super::table::is_same_name;
use super::{Change, Difference, ObjectKind, ObjectRef};

/// Whether two bodies hold the same words.
fn same_body(before: &Routine, after: &Routine) -> bool {
    before.body == after.body || words(&before.body) == words(&after.body)
}

/// The text without comments, quotes of names, white space and case, as far as no string is touched.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '\'' => {
                let end = rest[1..].find('\'').map_or(rest.len(), |at| at + 2);
                out.push_str(&rest[..end]);
                end
            }
            _ => {
                if !c.is_whitespace() && c != '"' && c != ':' {
                    out.extend(c.to_lowercase());
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// A trigger that calls a function and was there before.
fn fired_by(
    old: &Catalog,
    new: &Catalog,
    function: &QualifiedName,
) -> Option<(QualifiedName, Ident)> {
    let calls = |table: &Table, function: &QualifiedName| {
        let mut all = table.triggers.iter();
        all.find(|it| {
            it.enabled
                && it.function.as_ref().is_some_and(|called| {
                    called.name == function.name
                        && called
                            .schema
                            .as_ref()
                            .is_none_or(|schema| *schema == function.schema)
                })
        })
        .map(|it| it.name.clone())
    };
    new.relations().find_map(|(name, relation)| {
        let trigger = calls(relation.as_table()?, function)?;
        let known = old.relation_name(relation.id)?;
        calls(old.table(known)?, function)?;
        Some((name.clone(), trigger))
    })
}

/// The argument types of every call that a routine accepts without a cast: all of them, or fewer
/// where the last ones have defaults. A routine's arguments have no lengths.
pub(crate) fn calls_of(routine: &Routine) -> Vec<Vec<SqlType>> {
    let types: Vec<SqlType> = routine
        .arguments
        .iter()
        .map(|argument| SqlType {
            modifiers: [].into(),
            ..argument.data_type.clone()
        })
        .collect();
    let optional = routine.arguments.iter().rev();
    let optional = optional.take_while(|argument| argument.has_default).count();
    (types.len() - optional..=types.len())
        .map(|length| types[..length].to_vec())
        .collect()
}

/// Whether the calls of one routine that give all its arguments find the other one.
fn takes_the_same(before: &Routine, after: &Routine) -> bool {
    let all = calls_of(before).pop();
    calls_of(after).into_iter().any(|call| Some(call) == all)
}

fn routine_result(before: &Routine, after: &Routine) -> Option<Change> {
    let (from, to) = (before.returns.as_ref()?, after.returns.as_ref()?);
    // One of them may be written without its schema.
    let bare = |text: &str| text.rsplit('.').next().map(str::to_lowercase);
    let has_schema = |text: &str| text.contains('.');
    if has_schema(from) != has_schema(to) && bare(from) == bare(to) {
        return None;
    }
    (!from.eq_ignore_ascii_case(to)).then(|| Change::RoutineResultChanged {
        from: Arc::clone(from),
        to: Arc::clone(to),
    })
}

/// Whether an argument that a call could name has another name now, or none.
fn has_lost_names(before: &Routine, after: &Routine) -> bool {
    let pairs = before.arguments.iter().zip(&after.arguments);
    pairs
        .filter(|(before, _)| before.name.is_some())
        .any(|(before, after)| before.name != after.name)
}

pub(super) fn diff_routines(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    out: &mut Vec<Difference>,
) {
    let same_signature = |a: &Routine, b: &Routine| {
        a.kind == b.kind && (a.signature() == b.signature() || a.id == b.id)
    };
    let (before, after) = (old.routines(name), new.routines(name));
    let mut push = |change| {
        let difference = Difference {
            object: ObjectRef::top(ObjectKind::Function, name),
            change,
        };
        if !out.contains(&difference) {
            out.push(difference);
        }
    };
    for routine in before.iter().filter(|it| it.is_callable()) {
        // Which kind it is shows in the call: CALL is for procedures only.
        let forms: Vec<&Routine> = after
            .iter()
            .filter(|it| it.is_callable() && it.kind == routine.kind)
            .collect();
        let only = || match forms.as_slice() {
            [form] if before.len() == 1 && form.arguments.len() == routine.arguments.len() => {
                Some(form)
            }
            _ => None,
        };
        let same = forms.iter().find(|it| takes_the_same(routine, it));
        if let Some(same) = same.or_else(only) {
            if let Some(change) = routine_result(routine, same) {
                push(change);
            }
            if has_lost_names(routine, same) {
                push(Change::RoutineParametersRenamed);
            }
        }
        let offered: BTreeSet<Vec<SqlType>> = forms.iter().flat_map(|it| calls_of(it)).collect();
        let is_offered = |call: &Vec<SqlType>| {
            offered.contains(call)
                || offered.iter().any(|form| {
                    let mut pairs = form.iter().zip(call);
                    form.len() == call.len()
                        && pairs.all(|(form, call)| form == call || is_same_name(form, call))
                })
        };
        let lost: Vec<Vec<SqlType>> = calls_of(routine)
            .into_iter()
            .filter(|call| !is_offered(call))
            .collect();
        if lost.is_empty() {
            continue;
        }
        let moved = new
            .all_routines()
            .find(|(to, overloads)| *to != name && overloads.iter().any(|it| it.id == routine.id));
        match moved {
            Some((to, _)) => push(Change::RoutineRenamed { to: to.clone() }),
            None if offered.is_empty() => push(Change::RoutineDropped { kind: routine.kind }),
            None => push(Change::RoutineArgumentsChanged {
                calls: lost,
                forms: offered.into_iter().collect(),
            }),
        }
    }
    for routine in before {
        let same = after.iter().find(|it| same_signature(routine, it));
        let Some(later) = same.filter(|it| !same_body(routine, it)) else {
            continue;
        };
        let is_for_triggers = |it: &Routine| {
            let returns = it.returns.as_deref();
            returns.is_some_and(|it| it.eq_ignore_ascii_case("trigger"))
        };
        if is_for_triggers(later)
            && let Some((table, trigger)) = fired_by(old, new, name)
        {
            push(Change::TriggerBodyChanged { trigger, table });
        }
    }
    for routine in after.iter().filter(|it| it.is_callable()) {
        let known = before.iter().any(|it| same_signature(it, routine))
            || old
                .all_routines()
                .any(|(_, overloads)| overloads.iter().any(|it| it.id == routine.id));
        if !known {
            push(Change::RoutineAdded);
        }
    }
}
