//! What differs between two catalogs, object by object, oriented from the old to the new one.
//!
//! Only objects that were touched in between need to be looked at, so that a comparison costs what
//! the change costs and not what the schema costs. A name is followed as a statement would follow
//! it: by name first, and by identity only to tell a rename from a drop. Names of constraints and
//! indexes are not differences: what they demand is.

mod access;
mod change;
mod routines;
mod table;
mod types;
mod views;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::apply::Touched;
use super::catalog::{
    Catalog, Column, PrivilegeTarget, Relation, RelationBody, RewriteRule, Table,
};
use super::name::{Ident, QualifiedName};

pub use change::{Change, Demand, Difference, ObjectKind, ObjectRef, PolicyChange, Supply};
pub(crate) use table::without_policy;

pub(crate) use routines::calls_of;
use routines::diff_routines;
use table::Tables;
use types::diff_type;

/// The differences of everything in both catalogs.
pub fn diff(old: &Catalog, new: &Catalog) -> Vec<Difference> {
    let mut out: Vec<Difference> = every_name(old, new)
        .iter()
        .flat_map(|name| diff_touched(old, new, name))
        .collect();
    out.sort();
    out.dedup();
    out
}

/// Everything that there is to look at in two catalogs.
pub fn every_name(old: &Catalog, new: &Catalog) -> Vec<Touched> {
    let mut names: BTreeSet<Touched> = BTreeSet::from([Touched::Unread]);
    for catalog in [old, new] {
        names.extend(catalog.relations.keys().cloned().map(Touched::Relation));
        names.extend(catalog.types.keys().cloned().map(Touched::Type));
        names.extend(catalog.routines.keys().cloned().map(Touched::Routine));
        names.extend(catalog.privileges.keys().cloned().map(Touched::Privileges));
        names.extend(catalog.roles.keys().cloned().map(Touched::Role));
        names.extend(catalog.extensions().cloned().map(Touched::Extension));
    }
    names.into_iter().collect()
}

/// The other name of an object that is known under two: what is said of one depends on both.
pub fn other_name(old: &Catalog, new: &Catalog, touched: &Touched) -> Vec<Touched> {
    match touched {
        Touched::Relation(name) => {
            let later = old.relation(name).and_then(|it| new.relation_name(it.id));
            let earlier = new.relation(name).and_then(|it| old.relation_name(it.id));
            let others = later.into_iter().chain(earlier);
            let others = others.filter(|other| *other != name);
            let others = others.cloned().map(Touched::Relation);
            // Privileges on an object that is made or dropped in between are no difference.
            let ids = [old, new].into_iter().flat_map(|it| it.relation(name));
            let ids = ids.map(|relation| PrivilegeTarget::Relation(relation.id));
            let unseen = PrivilegeTarget::UnseenRelation(name.clone());
            others
                .chain(privileges(old, new, ids.chain([unseen])))
                .collect()
        }
        Touched::Type(name) => {
            let later = old.user_type(name).and_then(|it| new.type_name(it.id));
            let earlier = new.user_type(name).and_then(|it| old.type_name(it.id));
            let others = later.into_iter().chain(earlier);
            let others = others.filter(|other| *other != name);
            others.cloned().map(Touched::Type).collect()
        }
        Touched::Routine(name) => privileges(old, new, [PrivilegeTarget::Routine(name.clone())]),
        Touched::Role(name) => privileges(old, new, [PrivilegeTarget::Role(name.clone())]),
        // A grant on an object made anew may give back what its predecessor had.
        Touched::Privileges(PrivilegeTarget::Relation(id)) => new
            .relation_name(*id)
            .cloned()
            .map(Touched::Relation)
            .into_iter()
            .collect(),
        Touched::Privileges(_) | Touched::Extension(_) | Touched::Unread => Vec::new(),
    }
}

/// Those of the targets of which one of the catalogs says something.
fn privileges(
    old: &Catalog,
    new: &Catalog,
    targets: impl IntoIterator<Item = PrivilegeTarget>,
) -> Vec<Touched> {
    let is_known = |target: &PrivilegeTarget| {
        [old, new]
            .iter()
            .any(|catalog| catalog.privileges.contains_key(target))
    };
    let known = targets.into_iter().filter(is_known);
    known.map(Touched::Privileges).collect()
}

/// The differences of one name, in a stable order. [`Touched::Unread`] stands for what has no
/// name: the statements that were not understood and may have changed anything.
pub fn diff_touched(old: &Catalog, new: &Catalog, touched: &Touched) -> Vec<Difference> {
    let mut out = Vec::new();
    match touched {
        Touched::Relation(name) => diff_relation(old, new, name, &mut out),
        Touched::Type(name) => diff_type(old, new, name, &mut out),
        Touched::Routine(name) => diff_routines(old, new, name, &mut out),
        Touched::Privileges(target) => access::diff_privileges(old, new, target, &mut out),
        Touched::Role(name) => access::diff_role(old, new, name, &mut out),
        Touched::Extension(name) => {
            let has = |catalog: &Catalog| catalog.extensions().any(|it| it == name);
            if has(old) && !has(new) {
                out.push(Difference {
                    object: ObjectRef {
                        kind: ObjectKind::Extension,
                        schema: None,
                        parent: None,
                        name: name.clone(),
                    },
                    change: Change::ExtensionDropped,
                });
            }
        }
        Touched::Unread => {
            if old.unread() != new.unread() {
                out.push(Difference {
                    object: ObjectRef {
                        kind: ObjectKind::Migration,
                        schema: None,
                        parent: None,
                        name: Ident::new("anything"),
                    },
                    change: Change::Unread,
                });
            }
        }
    }
    out
}

/// The column of a later catalog as an earlier one names it; `None` where the earlier one does not
/// have it.
pub fn known_column(
    old: &Catalog,
    new: &Catalog,
    table: &QualifiedName,
    column: &Ident,
) -> Option<ObjectRef> {
    let Some(after) = new.relation(table) else {
        // Its creation was never seen: it was there before everything.
        let unseen = old.relation(table).is_none() && !new.gone.contains(table);
        return unseen.then(|| ObjectRef::part(ObjectKind::Column, table, column));
    };
    queried_kind(after)?;
    let name = match old.relation_name(after.id) {
        Some(name) => name,
        None => old.relation(table).map(|_| table)?,
    };
    let before = old.relation(name)?;
    let column = match (&before.body, &after.body) {
        (RelationBody::Table(before), RelationBody::Table(after)) => {
            let later = after.column(column);
            let earlier = match later {
                // One made anew under the name is new.
                Some(later) => before.column_by_id(later.id).or(before
                    .column(column)
                    .filter(|it| it.assumed || later.assumed || after.column_by_id(it.id).is_none())
                    .filter(|_| !is_fresh(before, later))),
                None => before.column(column),
            };
            match earlier {
                Some(earlier) => &earlier.name,
                // Perhaps one that no statement names.
                None => {
                    let unseen = later.is_none() && !before.knowledge.is_full();
                    unseen.then_some(column)?
                }
            }
        }
        (RelationBody::View(before), _) => {
            let known = before.columns.as_ref().is_none_or(|it| it.contains(column));
            known.then_some(column)?
        }
        _ => return None,
    };
    Some(ObjectRef::part(ObjectKind::Column, name, column))
}

/// Whether a column was made in a table of which all columns were known.
fn is_fresh(before: &Table, column: &Column) -> bool {
    before.knowledge.is_full() && !column.assumed && before.column_by_id(column.id).is_none()
}

/// The kind of a relation that queries name; indexes and owned sequences are none.
fn queried_kind(relation: &Relation) -> Option<ObjectKind> {
    if relation.temporary {
        return None;
    }
    match &relation.body {
        RelationBody::Table(_) => Some(ObjectKind::Table),
        RelationBody::View(_) => Some(ObjectKind::View),
        RelationBody::Sequence(sequence) if sequence.owner.is_none() => Some(ObjectKind::Sequence),
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}

fn diff_relation(old: &Catalog, new: &Catalog, name: &QualifiedName, out: &mut Vec<Difference>) {
    match (old.relation(name), new.relation(name)) {
        (Some(before), Some(after)) => {
            if Arc::ptr_eq(before, after) {
                return;
            }
            let (Some(kind), Some(_)) = (queried_kind(before), queried_kind(after)) else {
                return;
            };
            let object = ObjectRef::top(kind, name);
            access::diff_recreated(old, new, name, out);
            if before.unread != after.unread {
                out.push(Difference {
                    object,
                    change: Change::Unread,
                });
                return;
            }
            match (&before.body, &after.body) {
                (RelationBody::Table(before), RelationBody::Table(after)) => {
                    diff_detached(old, new, name, (before, after), out);
                    let tables = Tables {
                        old,
                        new,
                        name,
                        before,
                        after,
                    };
                    match before
                        .partition_of
                        .filter(|_| before.partition_of == after.partition_of)
                    {
                        Some(parent) => tables.diff_partition(parent, out),
                        None => tables.diff(out),
                    }
                }
                (RelationBody::Sequence(_), RelationBody::Sequence(_)) => {}
                _ if !views::diff_exchanged(old, new, name, (before, after), out) => {
                    out.push(obscured(object, before, after));
                }
                _ => {}
            }
        }
        (Some(before), None) => {
            let Some(kind) = queried_kind(before) else {
                return;
            };
            let change = match new.relation_name(before.id) {
                Some(to) => Change::RelationRenamed { to: to.clone() },
                // It was there for columns that are gone as well, and that is said.
                None if kind == ObjectKind::Sequence && went_with_columns(old, new, name) => return,
                None => Change::RelationDropped,
            };
            out.push(Difference {
                object: ObjectRef::top(kind, name),
                change,
            });
        }
        (None, Some(after)) => {
            let Some(kind) = queried_kind(after) else {
                return;
            };
            match old.relation_name(after.id) {
                // Reported under the old name, unless that name is taken again.
                Some(from) if new.relation(from).is_none() => {
                    diff_renamed(old, new, from, name, out);
                }
                Some(_) | None => out.push(Difference {
                    object: ObjectRef::top(kind, name),
                    change: Change::RelationAdded,
                }),
            }
        }
        (None, None) => {}
    }
}

/// Whether only defaults of columns drew from a sequence, and all of these columns are gone.
fn went_with_columns(old: &Catalog, new: &Catalog, sequence: &QualifiedName) -> bool {
    let draws = |column: &Column| {
        column.default.as_ref().is_some_and(|default| {
            let text = default.text.to_lowercase();
            text.contains("nextval") && text.contains(sequence.name.as_str())
        })
    };
    let mut drawn = false;
    for (_, relation) in old.relations() {
        let Some(table) = relation.as_table() else {
            continue;
        };
        for column in table.columns.iter().filter(|it| draws(it)) {
            drawn = true;
            let later = new.relation_name(relation.id);
            let later = later.and_then(|name| new.table(name));
            if later.is_some_and(|table| table.column_by_id(column.id).is_some()) {
                return false;
            }
        }
    }
    drawn
}

/// A partition that was taken out of its table.
fn diff_detached(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    (before, after): (&Table, &Table),
    out: &mut Vec<Difference>,
) {
    let Some(parent) = before.partition_of.filter(|_| after.partition_of.is_none()) else {
        return;
    };
    let (Some(table), Some(_)) = (old.relation_name(parent), new.relation_name(parent)) else {
        return;
    };
    let is_default = |relation: &Relation| {
        relation.as_table().is_some_and(|table| {
            let bound = table.partition_bound.as_ref();
            table.partition_of == Some(parent)
                && bound.is_some_and(|bound| bound.text.trim().eq_ignore_ascii_case("default"))
        })
    };
    let has_default = new.relations().any(|(_, relation)| is_default(relation));
    out.push(Difference {
        object: ObjectRef::top(ObjectKind::Table, table),
        change: Change::PartitionDetached {
            partition: name.clone(),
            has_default,
        },
    });
}

/// Differences inside a table that was renamed as well, named as old code names them.
fn diff_renamed(
    old: &Catalog,
    new: &Catalog,
    from: &QualifiedName,
    to: &QualifiedName,
    out: &mut Vec<Difference>,
) {
    if let (Some(before), Some(after)) = (old.table(from), new.table(to)) {
        Tables {
            old,
            new,
            name: from,
            before,
            after,
        }
        .diff(out);
    }
}

fn obscured(object: ObjectRef, before: &Relation, after: &Relation) -> Difference {
    Difference {
        object,
        change: Change::Obscured {
            from: before.kind(),
            to: after.kind(),
        },
    }
}

fn diff_rules(
    name: &QualifiedName,
    before: &[RewriteRule],
    after: &[RewriteRule],
    out: &mut Vec<Difference>,
) {
    let mut push = |rule: &RewriteRule, change| {
        out.push(Difference {
            object: ObjectRef::part(ObjectKind::Rule, name, &rule.name),
            change,
        });
    };
    let acts = |rules: &[RewriteRule], wanted: &RewriteRule| {
        rules.iter().any(|rule| {
            let condition = match (&rule.condition, &wanted.condition) {
                (Some(one), Some(other)) => one.is_same(other),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            rule.enabled
                && condition
                && (rule.event, rule.instead) == (wanted.event, wanted.instead)
                && rule.actions.is_same(&wanted.actions)
        })
    };
    let is_named = |rules: &[RewriteRule], name: &Ident| {
        rules.iter().any(|rule| rule.enabled && rule.name == *name)
    };
    for rule in after.iter().filter(|rule| rule.enabled) {
        if !acts(before, rule) {
            push(rule, Change::RuleAdded);
        }
    }
    for rule in before.iter().filter(|rule| rule.enabled) {
        // One of the same name that does something else has been said.
        if !acts(after, rule) && !is_named(after, &rule.name) {
            push(rule, Change::RuleDropped);
        }
    }
}
