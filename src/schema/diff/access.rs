//! Differences of privileges and roles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Change, Difference, ObjectKind, ObjectRef};
use crate::schema::catalog::{Catalog, Privilege, PrivilegeTarget, Relation, RelationBody};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::RoutineKind;

/// The object of a privilege and the server's word for it, where it was there before and still is:
/// what is made or dropped in between is another difference.
fn object_of(
    old: &Catalog,
    new: &Catalog,
    target: &PrivilegeTarget,
) -> Option<(ObjectRef, &'static str)> {
    match target {
        PrivilegeTarget::Relation(id) => {
            new.relation_name(*id)?;
            let name = old.relation_name(*id)?;
            let (kind, word) = relation_kind(old.relation(name)?)?;
            Some((ObjectRef::top(kind, name), word))
        }
        PrivilegeTarget::UnseenRelation(name) => {
            let unseen = new.relation(name).is_none() && !new.gone.contains(name);
            unseen.then(|| (ObjectRef::top(ObjectKind::Table, name), "table"))
        }
        PrivilegeTarget::Schema(name) => {
            let stays = old.has_schema(name) == new.has_schema(name);
            stays.then(|| (alone(ObjectKind::Schema, name), "schema"))
        }
        PrivilegeTarget::Routine(name) => {
            let (before, after) = (old.routines(name), new.routines(name));
            let stays = before.is_empty() == after.is_empty();
            stays.then(|| {
                (
                    ObjectRef::top(ObjectKind::Function, name),
                    routine_word(old, name),
                )
            })
        }
        PrivilegeTarget::NewRoutines => None,
        PrivilegeTarget::Role(name) => {
            let made = new.roles.get(name).is_some_and(|role| role.made);
            let stays = old.roles.get(name).is_some() || !made;
            stays.then(|| (alone(ObjectKind::Role, name), "role"))
        }
    }
}

fn relation_kind(relation: &Relation) -> Option<(ObjectKind, &'static str)> {
    if relation.temporary {
        return None;
    }
    match &relation.body {
        RelationBody::Table(table) if table.foreign => Some((ObjectKind::Table, "foreign table")),
        RelationBody::Table(_) => Some((ObjectKind::Table, "table")),
        RelationBody::View(view) if view.materialized => {
            Some((ObjectKind::View, "materialized view"))
        }
        RelationBody::View(_) => Some((ObjectKind::View, "view")),
        // An INSERT draws from an owned sequence with the privileges of whoever inserts.
        RelationBody::Sequence(_) => Some((ObjectKind::Sequence, "sequence")),
        RelationBody::Index { .. } => None,
    }
}

fn routine_word(catalog: &Catalog, name: &QualifiedName) -> &'static str {
    match catalog.routines(name).first().map(|routine| routine.kind) {
        Some(RoutineKind::Function) | None => "function",
        Some(RoutineKind::Procedure) => "procedure",
        Some(RoutineKind::Aggregate) => "aggregate",
    }
}

fn alone(kind: ObjectKind, name: &Ident) -> ObjectRef {
    ObjectRef {
        kind,
        schema: None,
        parent: None,
        name: name.clone(),
    }
}

/// What was granted on an object and not again on the one that was made in its place.
pub(super) fn diff_recreated(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    out: &mut Vec<Difference>,
) {
    let (Some(before), Some(after)) = (old.relation(name), new.relation(name)) else {
        return;
    };
    if before.id == after.id {
        return;
    }
    let target = PrivilegeTarget::Relation(after.id);
    let Some(held) = old.privileges.get(&PrivilegeTarget::Relation(before.id)) else {
        return;
    };
    let nothing = Arc::new(BTreeMap::new());
    let regained = new.privileges.get(&target).unwrap_or(&nothing);
    let Some((kind, word)) = relation_kind(before) else {
        return;
    };
    let mut lost: BTreeMap<Ident, BTreeSet<Arc<str>>> = BTreeMap::new();
    for (privilege, _) in held.iter().filter(|(_, state)| **state) {
        let again = regained.get(privilege) == Some(&true);
        if !again && !is_covered(regained, &target, privilege) {
            let names = lost.entry(privilege.role.clone()).or_default();
            names.insert(shown(privilege));
        }
    }
    for (role, privileges) in lost {
        out.push(Difference {
            object: ObjectRef::top(kind, name),
            change: Change::PrivilegeRevoked {
                role,
                privileges,
                on: word,
            },
        });
    }
}

/// What the roles may do with one object.
pub(super) fn diff_privileges(
    old: &Catalog,
    new: &Catalog,
    target: &PrivilegeTarget,
    out: &mut Vec<Difference>,
) {
    let nothing = BTreeMap::new();
    let held = |catalog: &Catalog| catalog.privileges.get(target).cloned();
    let (before, after) = (held(old), held(new));
    if before == after {
        return;
    }
    let Some((object, word)) = object_of(old, new, target) else {
        return;
    };
    let before = before.as_deref().unwrap_or(&nothing);
    let after = after.as_deref().unwrap_or(&nothing);
    let mut revoked: BTreeMap<Ident, BTreeSet<Arc<str>>> = BTreeMap::new();
    let mut granted = revoked.clone();
    for (privilege, state) in after {
        let had = had(before, target, privilege);
        let role = privilege.role.clone();
        let (was_there, stays) = is_there(old, new, &role);
        let to = match (had, *state) {
            (Some(true), false) | (None, false)
                if was_there && !is_covered(after, target, privilege) =>
            {
                &mut revoked
            }
            (Some(false) | None, true) if stays && !is_covered(before, target, privilege) => {
                &mut granted
            }
            (Some(_) | None, _) => continue,
        };
        to.entry(role).or_default().insert(shown(privilege));
    }
    // A replay of other files may not hold at all what the old one had granted.
    for (privilege, _) in before.iter().filter(|(_, state)| **state) {
        if !after.contains_key(privilege) && !is_covered(after, target, privilege) {
            let names = revoked.entry(privilege.role.clone()).or_default();
            names.insert(shown(privilege));
        }
    }
    for (role, privileges) in revoked {
        out.push(Difference {
            object: object.clone(),
            change: Change::PrivilegeRevoked {
                role,
                privileges,
                on: word,
            },
        });
    }
    for (role, privileges) in granted {
        out.push(Difference {
            object: object.clone(),
            change: Change::PrivilegeGranted {
                role,
                privileges,
                on: word,
            },
        });
    }
}

/// Whether a role could do it before. `None` for a role to which the history gave nothing: it may
/// have got what it has elsewhere. `PUBLIC` has by itself what the server gives it.
fn had(
    before: &BTreeMap<Privilege, bool>,
    target: &PrivilegeTarget,
    it: &Privilege,
) -> Option<bool> {
    if let Some(state) = before.get(it) {
        return Some(*state);
    }
    if it.role.as_str() == "public" {
        return Some(is_public_by_default(target));
    }
    let given = |(other, state): (&Privilege, &bool)| other.role == it.role && *state;
    let is_known = it.column.is_some() || before.iter().any(given);
    is_known.then_some(false)
}

/// What the server gives to everybody.
fn is_public_by_default(target: &PrivilegeTarget) -> bool {
    match target {
        PrivilegeTarget::Routine(_) => true,
        PrivilegeTarget::Schema(schema) => schema.as_str() == "public",
        PrivilegeTarget::Relation(_)
        | PrivilegeTarget::UnseenRelation(_)
        | PrivilegeTarget::NewRoutines
        | PrivilegeTarget::Role(_) => false,
    }
}

/// Whether a privilege matters to nobody: everybody has it, or the role has it for the whole table.
fn is_covered(held: &BTreeMap<Privilege, bool>, target: &PrivilegeTarget, it: &Privilege) -> bool {
    let public = Privilege {
        role: Ident::new("public"),
        ..it.clone()
    };
    let whole = Privilege {
        column: None,
        ..it.clone()
    };
    let everybody = Privilege {
        column: None,
        ..public.clone()
    };
    let by_default =
        public != *it && is_public_by_default(target) && !held.contains_key(&everybody);
    let has = |privilege: &Privilege| privilege != it && held.get(privilege) == Some(&true);
    by_default || has(&public) || has(&whole) || has(&everybody)
}

/// Whether a role is there before and after: old code cannot use one that is made in between, nor
/// new code one that is gone.
fn is_there(old: &Catalog, new: &Catalog, role: &Ident) -> (bool, bool) {
    let after = new.roles.get(role);
    let before = match old.roles.get(role) {
        Some(before) => before.exists,
        None => after.is_none_or(|after| !after.made),
    };
    (before, after.is_none_or(|after| after.exists))
}

/// `SELECT`, `UPDATE (a)`.
fn shown(privilege: &Privilege) -> Arc<str> {
    match &privilege.column {
        Some(column) => format!("{} ({column})", privilege.name).into(),
        None => Arc::clone(&privilege.name),
    }
}

/// Whether a role is there and may log in.
pub(super) fn diff_role(old: &Catalog, new: &Catalog, name: &Ident, out: &mut Vec<Difference>) {
    let (before, after) = (old.roles.get(name), new.roles.get(name));
    let Some(after) = after else {
        return;
    };
    // Made since, or gone before.
    if before.map_or(after.made, |before| !before.exists) {
        return;
    }
    let could_log_in = before.and_then(|before| before.login) != Some(false);
    let change = if !after.exists {
        match last_name(new, after.renamed.as_ref()) {
            Some(to) => Change::RoleRenamed { to: to.clone() },
            None => Change::RoleDropped,
        }
    } else if could_log_in && after.login == Some(false) {
        Change::LoginRevoked
    } else {
        return;
    };
    out.push(Difference {
        object: alone(ObjectKind::Role, name),
        change,
    });
}

/// The name that a renamed role has in the end, if it is still there.
fn last_name<'a>(catalog: &'a Catalog, mut renamed: Option<&'a Ident>) -> Option<&'a Ident> {
    let mut seen: BTreeSet<&Ident> = BTreeSet::new();
    while let Some(name) = renamed.filter(|name| seen.insert(name)) {
        let role = catalog.roles.get(name)?;
        if role.exists {
            return Some(name);
        }
        renamed = role.renamed.as_ref();
    }
    None
}
