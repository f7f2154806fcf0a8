//! Everything that changed between two catalogs, object by object, in words.
//!
//! [`crate::schema::diff`] looks at a change as code meets it and leaves out what hurts nobody.
//! Here nothing is left out: indexes, the query of a view, the body of a function, the numbers of a
//! sequence. What a rule knows is said in the rule's own words.
//!
//! Objects are followed by identity first, so that a rename is one even where the old name was
//! taken again, and by name where no identity leads on: a view that was dropped and made again is a
//! view with another query.

pub(crate) mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rules::privilege_revoked::{privileges_on, role_name};
use crate::schema::apply::Touched;
use crate::schema::catalog::{
    Catalog, Column, EnumLabel, Knowledge, ObjectId, Privilege, PrivilegeTarget, Relation,
    RelationBody, Routine, Sequence, SequenceOptions, TypeBody, UserType,
};
use crate::schema::diff::{ObjectKind, ObjectRef};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{Identity, RoutineKind, SqlExpr};
use crate::schema::types::{SqlType, TypeName};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happened {
    /// It is new.
    Added,
    /// It is gone.
    Dropped,
    /// It has another name.
    Renamed,
    /// Something about it is another.
    Changed,
    /// A statement that was not understood may have changed it.
    Unknown,
}

impl Happened {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Happened::Added => "added",
            Happened::Dropped => "dropped",
            Happened::Renamed => "renamed",
            Happened::Changed => "changed",
            Happened::Unknown => "unknown",
        }
    }

    /// One character for the beginning of a line.
    pub fn mark(self) -> char {
        match self {
            Happened::Added => '+',
            Happened::Dropped => '-',
            Happened::Renamed | Happened::Changed => '~',
            Happened::Unknown => '?',
        }
    }
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaChange {
    /// What happened.
    pub happened: Happened,
    /// What the object is: `table`, `column`, `index`, `foreign key`, `trigger`, `function`.
    pub kind: &'static str,
    /// Its schema, where it lies in one.
    pub schema: Option<Ident>,
    /// The table, view or type that it is a part of.
    pub parent: Option<Ident>,
    /// Its name: the old one, or the new one where it had none.
    pub name: Ident,
    /// Which of its properties is another: `type`, `default`, `definition`; nothing where the
    /// object as a whole was added, dropped or renamed.
    pub aspect: Option<&'static str>,
    /// What it was, where a text tells it.
    pub from: Option<String>,
    /// What it is, where a text tells it.
    pub to: Option<String>,
    /// For people: lower case, no full stop, names in backticks.
    pub message: String,
    /// The objects that it is about, the old and the new one where they differ.
    pub(crate) about: Vec<ObjectId>,
}

impl SchemaChange {
    /// The object as people name it: `users.nickname`.
    pub fn object(&self) -> String {
        let mut out = String::new();
        if let Some(schema) = &self.schema
            && schema.as_str() != "public"
        {
            out.push_str(&format!("{schema}."));
        }
        if let Some(parent) = &self.parent {
            out.push_str(&format!("{parent}."));
        }
        match self.kind {
            // A label is a string, not an identifier.
            "enum label" => out.push_str(self.name.as_str()),
            _ => out.push_str(&self.name.to_string()),
        }
        out
    }
}

/// Where two catalogs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Histories {
    /// From one list of migrations: a table of another identity was dropped and made again.
    One,
    /// From two, of which one may tell in other statements what the other tells.
    Two,
}

/// Everything that changed.
pub fn schema_changes(old: &Catalog, new: &Catalog, histories: Histories) -> Vec<SchemaChange> {
    let mut names = Names::default();
    for catalog in [old, new] {
        let relations = catalog.relations().map(|(name, _)| name.clone());
        names.relations.extend(relations);
        names
            .types
            .extend(catalog.types().map(|(name, _)| name.clone()));
        let routines = catalog.all_routines().map(|(name, _)| name.clone());
        names.routines.extend(routines);
        let targets = catalog.all_held().map(|(target, _)| target.clone());
        names.privileges.extend(targets);
        names
            .roles
            .extend(catalog.roles().map(|(name, _)| name.clone()));
    }
    names.only_named = true;
    names.unread = true;
    let mut compare = Compare::new(old, new);
    compare.histories = histories;
    compare.run(&names)
}

/// What one operation changed, which touched these objects. Schemas and other objects of which only
/// the name is kept belong to no touched object and are left out.
pub(crate) fn touched_changes(
    old: &Catalog,
    new: &Catalog,
    touched: &[Touched],
) -> Vec<SchemaChange> {
    let mut names = Names::default();
    for it in touched {
        match it {
            Touched::Relation(name) => names.relations.insert(name.clone()),
            Touched::Type(name) => names.types.insert(name.clone()),
            Touched::Routine(name) => names.routines.insert(name.clone()),
            Touched::Privileges(target) => names.privileges.insert(target.clone()),
            Touched::Role(name) => names.roles.insert(name.clone()),
            Touched::Extension(_) => {
                names.only_named = true;
                false
            }
            Touched::Unread => false,
        };
    }
    Compare::new(old, new).run(&names)
}

/// What is compared.
#[derive(Default)]
struct Names {
    relations: BTreeSet<QualifiedName>,
    types: BTreeSet<QualifiedName>,
    routines: BTreeSet<QualifiedName>,
    privileges: BTreeSet<PrivilegeTarget>,
    roles: BTreeSet<Ident>,
    /// Also what has only a name.
    only_named: bool,
    /// Also what statements that were not understood may have changed.
    unread: bool,
}

struct Compare<'a> {
    old: &'a Catalog,
    new: &'a Catalog,
    histories: Histories,
    out: Vec<SchemaChange>,
}

/// A relation under its name.
type Named<'a> = (&'a QualifiedName, &'a Relation);

/// Where an object stands: on its own, or in a table, view or type.
#[derive(Clone, Copy)]
enum Place<'a> {
    Alone(&'a Ident),
    Top(&'a QualifiedName),
    Part(&'a QualifiedName, &'a Ident),
}

impl<'a> Compare<'a> {
    fn new(old: &'a Catalog, new: &'a Catalog) -> Self {
        Compare {
            old,
            new,
            histories: Histories::One,
            out: Vec::new(),
        }
    }

    fn run(mut self, names: &Names) -> Vec<SchemaChange> {
        if names.unread {
            self.unread();
        }
        if names.only_named {
            self.only_named();
        }
        for name in &names.roles {
            self.role(name);
        }
        self.types(&names.types);
        self.relations(&names.relations);
        self.routines(&names.routines);
        for target in &names.privileges {
            self.privileges_of(target);
        }
        self.out
    }

    /// One more change; what it was and is, and what it is about, are added by the caller.
    fn push(
        &mut self,
        happened: Happened,
        kind: &'static str,
        place: Place<'_>,
        message: String,
    ) -> &mut SchemaChange {
        let (schema, parent, name) = match place {
            Place::Alone(name) => (None, None, name.clone()),
            Place::Top(name) => (Some(name.schema.clone()), None, name.name.clone()),
            Place::Part(of, name) => (Some(of.schema.clone()), Some(of.name.clone()), name.clone()),
        };
        self.out.push(SchemaChange {
            happened,
            kind,
            schema,
            parent,
            name,
            aspect: None,
            from: None,
            to: None,
            message,
            about: Vec::new(),
        });
        self.out.last_mut().expect("it was pushed")
    }

    fn unread(&mut self) {
        let (before, after) = (self.old.unread(), self.new.unread());
        if before != after {
            let count = before.abs_diff(after);
            let statements = match count {
                1 => "a statement that was not understood".to_owned(),
                count => format!("{count} statements that were not understood"),
            };
            let everything = Ident::new("anything");
            self.push(
                Happened::Unknown,
                "anything",
                Place::Alone(&everything),
                format!("{statements} may have changed more"),
            );
        }
    }

    /// Objects of which the catalog knows little more than the name.
    fn only_named(&mut self) {
        let schemas =
            |catalog: &Catalog| -> BTreeSet<Ident> { catalog.schemas().cloned().collect() };
        let (before, after) = (schemas(self.old), schemas(self.new));
        self.set("schema", &before, &after);
        let extensions = |catalog: &Catalog| -> BTreeMap<Ident, Option<Ident>> {
            let all = catalog.extensions_in();
            all.map(|(name, schema)| (name.clone(), schema.cloned()))
                .collect()
        };
        let (before, after) = (extensions(self.old), extensions(self.new));
        let names = |all: &BTreeMap<Ident, Option<Ident>>| all.keys().cloned().collect();
        self.set("extension", &names(&before), &names(&after));
        for (name, from) in &before {
            if let Some(to) = after.get(name)
                && from != to
            {
                let shown = |schema: &Option<Ident>| schema.as_ref().map(Ident::to_string);
                let place = match to {
                    Some(schema) => format!("moved to schema `{schema}`"),
                    None => "moved".to_owned(),
                };
                let change = self.push(
                    Happened::Changed,
                    "extension",
                    Place::Alone(name),
                    format!("extension `{name}` is {place}"),
                );
                change.aspect = Some("schema");
                (change.from, change.to) = (shown(from), shown(to));
            }
        }
        let others = |catalog: &Catalog| -> BTreeMap<String, BTreeSet<Ident>> {
            let mut out: BTreeMap<String, BTreeSet<Ident>> = BTreeMap::new();
            for (kind, name) in catalog.others() {
                let text = match &name.schema {
                    Some(schema) if schema.as_str() != "public" => {
                        format!("{schema}.{}", name.name)
                    }
                    _ => name.name.as_str().to_owned(),
                };
                out.entry(kind.to_string())
                    .or_default()
                    .insert(Ident::new(&text));
            }
            out
        };
        let (before, after) = (others(self.old), others(self.new));
        let none = BTreeSet::new();
        let kinds: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for kind in kinds {
            let (before, after) = (
                before.get(kind).unwrap_or(&none),
                after.get(kind).unwrap_or(&none),
            );
            self.set_of(kind, "object", before, after);
        }
    }

    fn set(&mut self, kind: &'static str, before: &BTreeSet<Ident>, after: &BTreeSet<Ident>) {
        self.set_of(kind, kind, before, after);
    }

    fn set_of(
        &mut self,
        word: &str,
        kind: &'static str,
        before: &BTreeSet<Ident>,
        after: &BTreeSet<Ident>,
    ) {
        for name in before.difference(after) {
            let message = format!("{word} `{name}` is dropped");
            self.push(Happened::Dropped, kind, Place::Alone(name), message);
        }
        for name in after.difference(before) {
            let message = format!("{word} `{name}` is added");
            self.push(Happened::Added, kind, Place::Alone(name), message);
        }
    }

    // Roles and privileges.

    fn role(&mut self, name: &Ident) {
        let role = |catalog: &'a Catalog| catalog.roles().find(|(it, _)| *it == name);
        let role = |catalog| role(catalog).map(|(_, role)| role);
        let (before, after) = (role(self.old), role(self.new));
        // Who drops a role that no migration made knows that it was there.
        let was_there = match before {
            Some(role) => role.exists,
            None => after.is_some_and(|role| !role.exists),
        };
        let Some(after) = after else {
            return;
        };
        let renamed = after.renamed.as_ref().filter(|_| !after.exists);
        match (was_there, after.exists, renamed) {
            (true, false, Some(to)) => {
                let message = format!("role `{name}` is renamed to `{to}`");
                let change = self.push(Happened::Renamed, "role", Place::Alone(name), message);
                change.to = Some(to.to_string());
            }
            (true, false, None) => {
                let message = format!("role `{name}` is dropped");
                self.push(Happened::Dropped, "role", Place::Alone(name), message);
            }
            (false, true, _) => {
                let old_name = self
                    .new
                    .roles()
                    .find(|(_, role)| !role.exists && role.renamed.as_ref() == Some(name));
                // The other name says that it was renamed.
                if old_name.is_none() && after.made {
                    let message = format!("role `{name}` is added");
                    self.push(Happened::Added, "role", Place::Alone(name), message);
                }
            }
            (true, true, _) | (false, false, _) => {}
        }
        let login = before.filter(|_| was_there && after.exists);
        if let Some(before) = login
            && before.login != after.login
        {
            let can = match after.login {
                Some(false) => "may no longer log in",
                Some(true) | None => "may log in",
            };
            let message = format!("role `{name}` {can}");
            let change = self.push(Happened::Changed, "role", Place::Alone(name), message);
            change.aspect = Some("login");
        }
    }

    fn privileges_of(&mut self, target: &PrivilegeTarget) {
        let old = self.old;
        let new = self.new;
        let (object, on) = match target {
            // Relations are asked together with what else there is to say of them.
            PrivilegeTarget::Relation(_) => {
                let PrivilegeTarget::Relation(id) = target else {
                    return;
                };
                // One that is dropped takes them along; one that is made anew has others.
                let Some(name) = new.relation_name(*id) else {
                    return;
                };
                let Some(relation) = new.relation(name) else {
                    return;
                };
                if relation.temporary {
                    return;
                }
                let (kind, on) = relation_kind(relation);
                let earlier = match old.relation_name(*id) {
                    Some(_) => *id,
                    None => match old.relation(name) {
                        Some(earlier) => earlier.id,
                        None => *id,
                    },
                };
                let before = old.held(&PrivilegeTarget::Relation(earlier));
                let after = new.held(target);
                let shown = old.relation_name(*id).unwrap_or(name);
                let object = ObjectRef::top(kind, shown);
                self.privileges(before, after, &object, on, &[*id]);
                return;
            }
            PrivilegeTarget::UnseenRelation(name) => {
                (ObjectRef::top(ObjectKind::Table, name), "table")
            }
            PrivilegeTarget::Schema(name) => {
                if !new.has_schema(name) {
                    return;
                }
                (alone(ObjectKind::Schema, name), "schema")
            }
            PrivilegeTarget::Routine(name) => {
                let Some(routine) = new.routines(name).first() else {
                    return;
                };
                let object = ObjectRef::top(ObjectKind::Function, name);
                (object, routine_word(routine.kind))
            }
            PrivilegeTarget::NewRoutines => (
                alone(
                    ObjectKind::Function,
                    &Ident::new("(those made from now on)"),
                ),
                "function",
            ),
            PrivilegeTarget::Role(name) => (alone(ObjectKind::Role, name), "role"),
        };
        self.privileges(old.held(target), new.held(target), &object, on, &[]);
    }

    fn privileges(
        &mut self,
        before: Option<&BTreeMap<Privilege, bool>>,
        after: Option<&BTreeMap<Privilege, bool>>,
        object: &ObjectRef,
        on: &'static str,
        about: &[ObjectId],
    ) {
        let none = BTreeMap::new();
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        let mut changed: BTreeMap<(Ident, bool), BTreeSet<Arc<str>>> = BTreeMap::new();
        let all: BTreeSet<&Privilege> = before.keys().chain(after.keys()).collect();
        for privilege in all {
            let now = after.get(privilege).copied();
            let is_held = match (before.get(privilege).copied(), now) {
                (was, is) if was == is => continue,
                (_, Some(is_held)) => is_held,
                // What was granted is no longer so, and what was revoked is as it was at first.
                (was, None) => was == Some(false),
            };
            let name: Arc<str> = match &privilege.column {
                Some(column) => format!("{} ({column})", privilege.name).into(),
                None => Arc::clone(&privilege.name),
            };
            changed
                .entry((privilege.role.clone(), is_held))
                .or_default()
                .insert(name);
        }
        for ((role, is_held), names) in changed {
            let role = role_name(&role);
            let message = match (object.kind, is_held) {
                (ObjectKind::Role, true) => format!("{role} becomes a member of `{object}`"),
                (ObjectKind::Role, false) => format!("{role} is no longer a member of `{object}`"),
                (_, true) => format!("{} is granted to {role}", privileges_on(&names, on, object)),
                (_, false) => {
                    format!(
                        "{} is revoked from {role}",
                        privileges_on(&names, on, object)
                    )
                }
            };
            let happened = match is_held {
                true => Happened::Added,
                false => Happened::Dropped,
            };
            let place = Ident::new(object.name.as_str());
            let change = self.push(happened, "privilege", Place::Alone(&place), message);
            change.schema.clone_from(&object.schema);
            change.about.extend(about);
        }
    }

    // Types.

    fn types(&mut self, names: &BTreeSet<QualifiedName>) {
        let (old, new) = (self.old, self.new);
        let mut done: BTreeSet<ObjectId> = BTreeSet::new();
        for name in names {
            if let Some(before) = old.user_type(name)
                && let Some(to) = new.type_name(before.id)
                && let Some(after) = new.user_type(to)
                && done.insert(before.id)
            {
                if to != name {
                    let message = format!("type `{name}` is renamed to `{to}`");
                    let change = self.push(Happened::Renamed, "type", Place::Top(name), message);
                    change.to = Some(to.to_string());
                    change.about.push(before.id);
                }
                self.one_type(name, before, after);
            }
        }
        for name in names {
            let before = old.user_type(name).filter(|it| !done.contains(&it.id));
            let before = before.filter(|it| new.type_name(it.id).is_none());
            let after = new.user_type(name).filter(|it| !done.contains(&it.id));
            let after = after.filter(|it| old.type_name(it.id).is_none());
            match (before, after) {
                (Some(before), Some(after)) => self.one_type(name, before, after),
                (Some(before), None) => {
                    let message = format!("type `{name}` is dropped");
                    let change = self.push(Happened::Dropped, "type", Place::Top(name), message);
                    change.from = type_text(&before.body);
                    change.about.push(before.id);
                }
                (None, Some(after)) => {
                    let definition = type_text(&after.body);
                    let message = format!("type `{name}` is added{}", detail(&definition));
                    let change = self.push(Happened::Added, "type", Place::Top(name), message);
                    change.to = definition;
                    change.about.push(after.id);
                }
                (None, None) => {}
            }
        }
    }

    fn one_type(&mut self, name: &QualifiedName, before: &UserType, after: &UserType) {
        let about = [before.id, after.id];
        if before.unread != after.unread {
            let message = format!(
                "type `{name}` may have changed: a statement that was not understood names it"
            );
            let change = self.push(Happened::Unknown, "type", Place::Top(name), message);
            change.about.extend(about);
        }
        match (&before.body, &after.body) {
            (TypeBody::Enum { labels: old, .. }, TypeBody::Enum { labels: new, .. }) => {
                self.labels(name, old, new, &about);
            }
            (
                TypeBody::Domain {
                    base: old_base,
                    not_null: was_not_null,
                    default: old_default,
                    checks: old_checks,
                },
                TypeBody::Domain {
                    base,
                    not_null,
                    default,
                    checks,
                },
            ) => {
                let mut said: Vec<(&'static str, String)> = Vec::new();
                if !self.same_type(old_base, base) {
                    let (from, to) = (shown_type(old_base), shown_type(base));
                    said.push(("type", format!("is made of `{to}` instead of `{from}`")));
                }
                match (was_not_null, not_null) {
                    (false, true) => said.push((
                        "nullability",
                        match default {
                            None => "refuses what an insert leaves out: NOT NULL without a default",
                            Some(_) => "admits fewer values: NOT NULL",
                        }
                        .to_owned(),
                    )),
                    (true, false) => {
                        said.push(("nullability", "admits more values: NULL".to_owned()))
                    }
                    (true, true) | (false, false) => {}
                }
                match (old_default, default) {
                    (Some(before), None) if *not_null => said.push((
                        "default",
                        format!(
                            "refuses what an insert leaves out: the default {} is gone",
                            code(&before.text)
                        ),
                    )),
                    (Some(before), None) => said.push((
                        "default",
                        format!("has no default any more, it was {}", code(&before.text)),
                    )),
                    (None, Some(after)) => {
                        said.push(("default", format!("has the default {}", code(&after.text))));
                    }
                    (Some(before), Some(after)) if !before.is_same_value(after) => said.push((
                        "default",
                        format!(
                            "has the default {} instead of {}",
                            code(&after.text),
                            code(&before.text)
                        ),
                    )),
                    (Some(_), Some(_)) | (None, None) => {}
                }
                let has = |checks: &[(Ident, SqlExpr)], wanted: &SqlExpr| {
                    checks.iter().any(|(_, check)| check.is_same(wanted))
                };
                for (check, expr) in checks.iter().filter(|(_, it)| !has(old_checks, it)) {
                    let text = code(&expr.text);
                    said.push((
                        "check",
                        format!("admits fewer values: check `{check}` {text}"),
                    ));
                }
                for (check, expr) in old_checks.iter().filter(|(_, it)| !has(checks, it)) {
                    let text = code(&expr.text);
                    said.push((
                        "check",
                        format!("admits more values: check `{check}` {text} is gone"),
                    ));
                }
                for (aspect, words) in said {
                    let message = format!("domain `{name}` {words}");
                    let change = self.push(Happened::Changed, "type", Place::Top(name), message);
                    change.aspect = Some(aspect);
                    change.about.extend(about);
                }
            }
            // What is not known cannot be said to differ.
            (TypeBody::Unknown, _) | (_, TypeBody::Unknown) => {}
            (
                TypeBody::Enum { .. }
                | TypeBody::Domain { .. }
                | TypeBody::Composite(_)
                | TypeBody::Range(_)
                | TypeBody::Base,
                later,
            ) => {
                if before.body == *later {
                    return;
                }
                let (from, to) = (type_text(&before.body), type_text(later));
                let message = format!("type `{name}` is made of other parts{}", detail(&to));
                let change = self.push(Happened::Changed, "type", Place::Top(name), message);
                change.aspect = Some("definition");
                (change.from, change.to) = (from, to);
                change.about.extend(about);
            }
        }
    }

    fn labels(
        &mut self,
        name: &QualifiedName,
        before: &[EnumLabel],
        after: &[EnumLabel],
        about: &[ObjectId],
    ) {
        let mut renamed: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
        for label in before {
            let same = after.iter().find(|it| it.id == label.id);
            let same = same.or_else(|| after.iter().find(|it| it.text == label.text));
            let place = Ident::new(&label.text);
            let place = Place::Part(name, &place);
            let (happened, message, to) = match same {
                Some(same) => {
                    renamed.insert(label.id, same.id);
                    if same.text == label.text {
                        continue;
                    }
                    let message = format!(
                        "label `{}` of enum `{name}` is renamed to `{}`",
                        label.text, same.text
                    );
                    (Happened::Renamed, message, Some(same.text.to_string()))
                }
                None => {
                    let message = format!("label `{}` of enum `{name}` is dropped", label.text);
                    (Happened::Dropped, message, None)
                }
            };
            let change = self.push(happened, "enum label", place, message);
            change.to = to;
            change.about.extend(about);
            change.about.push(label.id);
        }
        for label in after {
            if renamed.values().any(|id| *id == label.id) {
                continue;
            }
            let message = format!("label `{}` is added to enum `{name}`", label.text);
            let text = Ident::new(&label.text);
            let place = Place::Part(name, &text);
            let change = self.push(Happened::Added, "enum label", place, message);
            change.about.extend(about);
            change.about.push(label.id);
        }
        let kept: Vec<ObjectId> = before
            .iter()
            .filter_map(|it| renamed.get(&it.id).copied())
            .collect();
        let now: Vec<ObjectId> = after
            .iter()
            .map(|it| it.id)
            .filter(|id| kept.contains(id))
            .collect();
        if kept != now {
            let message = format!("labels of enum `{name}` stand in another order");
            let change = self.push(Happened::Changed, "type", Place::Top(name), message);
            change.aspect = Some("order");
            change.about.extend(about);
        }
    }

    /// Whether two types are one, user-defined types followed through renames.
    fn same_type(&self, before: &SqlType, after: &SqlType) -> bool {
        if before == after || before.name == TypeName::Unknown || after.name == TypeName::Unknown {
            return true;
        }
        let definitions = (
            self.old.definition_of(before),
            self.new.definition_of(after),
        );
        match definitions {
            (Some(one), Some(other)) => {
                one.id == other.id
                    && before.is_array == after.is_array
                    && before.modifiers == after.modifiers
            }
            _ => false,
        }
    }

    // Relations.

    fn relations(&mut self, names: &BTreeSet<QualifiedName>) {
        let (old, new) = (self.old, self.new);
        let is_meant = |relation: &Relation| {
            !relation.temporary && !matches!(relation.body, RelationBody::Index { .. })
        };
        let mut done: BTreeSet<ObjectId> = BTreeSet::new();
        for name in names {
            let Some(before) = old.relation(name).filter(|it| is_meant(it)) else {
                continue;
            };
            if new.relation(name).is_some_and(|it| Arc::ptr_eq(it, before)) {
                done.insert(before.id);
                continue;
            }
            if let Some(to) = new.relation_name(before.id)
                && let Some(after) = new.relation(to)
                && done.insert(before.id)
            {
                self.pair((name, before), (to, after));
            }
        }
        for name in names {
            let before = old.relation(name).filter(|it| is_meant(it));
            let before = before.filter(|it| new.relation_name(it.id).is_none());
            let after = new.relation(name).filter(|it| is_meant(it));
            // Where it had another name, that name was looked at, or is not asked for.
            let after = after.filter(|it| !done.contains(&it.id));
            let after = after.filter(|it| old.relation_name(it.id).is_none());
            match (before, after) {
                (Some(before), Some(after)) => self.pair((name, before), (name, after)),
                (Some(before), None) => self.dropped((name, before)),
                (None, Some(after)) => self.added((name, after)),
                (None, None) => {}
            }
        }
    }

    fn pair(&mut self, before: Named<'_>, after: Named<'_>) {
        let (name, old) = before;
        let (to, new) = after;
        let about = [old.id, new.id];
        if name != to {
            let word = old.kind();
            let message = format!("{word} `{name}` is renamed to `{to}`");
            let kind = kind_word(old);
            let change = self.push(Happened::Renamed, kind, Place::Top(name), message);
            change.to = Some(to.to_string());
            change.about.extend(about);
        }
        if old.unread != new.unread {
            let message = format!(
                "{} `{name}` may have changed: a statement that was not understood names it",
                old.kind()
            );
            let change = self.push(Happened::Unknown, kind_word(old), Place::Top(name), message);
            change.about.extend(about);
        }
        match (&old.body, &new.body) {
            (RelationBody::Table(earlier), RelationBody::Table(later)) => {
                let is_remade = old.id != new.id && !old.assumed && !new.assumed;
                if is_remade && self.histories == Histories::One {
                    let message =
                        format!("`{name}` is made anew: another table under the old name");
                    let change = self.push(Happened::Changed, "table", Place::Top(name), message);
                    change.aspect = Some("identity");
                    change.about.extend(about);
                }
                self.table((name, earlier), (to, later), about);
            }
            (RelationBody::View(earlier), RelationBody::View(later)) => {
                self.view(name, earlier, later, about);
            }
            (RelationBody::Sequence(earlier), RelationBody::Sequence(later)) => {
                self.sequence(name, earlier, later, about);
            }
            _ => {
                let message = format!("`{name}` was a {} and is a {}", old.kind(), new.kind());
                let change =
                    self.push(Happened::Changed, kind_word(old), Place::Top(name), message);
                change.aspect = Some("kind");
                change.from = Some(old.kind().to_string());
                change.to = Some(new.kind().to_string());
                change.about.extend(about);
            }
        }
    }

    fn dropped(&mut self, (name, relation): Named<'_>) {
        if let RelationBody::Sequence(sequence) = &relation.body
            && self.goes_with_its_column(sequence, self.new)
        {
            return;
        }
        let message = format!("{} `{name}` is dropped", relation.kind());
        let kind = kind_word(relation);
        let from = relation_text(self.old, relation);
        let change = self.push(Happened::Dropped, kind, Place::Top(name), message);
        change.from = from;
        change.about.push(relation.id);
    }

    fn added(&mut self, (name, relation): Named<'_>) {
        if let RelationBody::Sequence(sequence) = &relation.body
            && self.goes_with_its_column(sequence, self.old)
        {
            return;
        }
        let definition = relation_text(self.new, relation);
        let message = format!(
            "{} `{name}` is added{}",
            relation.kind(),
            detail(&definition)
        );
        let kind = kind_word(relation);
        let change = self.push(Happened::Added, kind, Place::Top(name), message);
        change.to = definition;
        change.about.push(relation.id);
        match &relation.body {
            RelationBody::Table(table) => self.parts_of_new_table((name, table), relation.id),
            RelationBody::View(view) => self.parts_of_new_view((name, view), relation.id),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
        }
    }

    /// Whether a sequence is no object of its own: it belongs to an identity column, or came or
    /// went together with the column that it supplies.
    fn goes_with_its_column(&self, sequence: &Sequence, other: &Catalog) -> bool {
        let Some((table, column)) = sequence.owner else {
            return false;
        };
        let there = other
            .relation_name(table)
            .and_then(|name| other.table(name))
            .is_some_and(|table| table.column_by_id(column).is_some());
        sequence.identity || !there
    }

    fn sequence(
        &mut self,
        name: &QualifiedName,
        before: &Sequence,
        after: &Sequence,
        about: [ObjectId; 2],
    ) {
        if let (Some(old), Some(new)) = (&before.options, &after.options)
            && old != new
        {
            let (from, to) = numbers(old, new);
            let message = format!("sequence `{name}` has {to} instead of {from}");
            let change = self.push(Happened::Changed, "sequence", Place::Top(name), message);
            change.aspect = Some("numbers");
            (change.from, change.to) = (Some(from), Some(to));
            change.about.extend(about);
        }
        if before.owner != after.owner {
            let owner = |catalog: &Catalog, sequence: &Sequence| {
                let (table, column) = sequence.owner?;
                let table = catalog.relation_name(table)?;
                let column = catalog.table(table)?.column_by_id(column)?;
                Some(format!("{table}.{}", column.name))
            };
            let (from, to) = (owner(self.old, before), owner(self.new, after));
            if from == to {
                return;
            }
            let message = match &to {
                Some(to) => format!("sequence `{name}` is owned by column `{to}`"),
                None => format!("sequence `{name}` is owned by no column any more"),
            };
            let change = self.push(Happened::Changed, "sequence", Place::Top(name), message);
            change.aspect = Some("owner");
            (change.from, change.to) = (from, to);
            change.about.extend(about);
        }
    }

    // Routines.

    fn routines(&mut self, names: &BTreeSet<QualifiedName>) {
        let (old, new) = (self.old, self.new);
        let mut done: BTreeSet<ObjectId> = BTreeSet::new();
        let of = |catalog: &'a Catalog, id: ObjectId| {
            catalog
                .all_routines()
                .find(|(_, all)| all.iter().any(|it| it.id == id))
                .map(|(name, _)| name)
        };
        for name in names {
            let (before, after) = (old.routines(name), new.routines(name));
            if before == after {
                continue;
            }
            for routine in before {
                // Which kind it is shows in the call.
                let of_kind: Vec<&Routine> =
                    after.iter().filter(|it| it.kind == routine.kind).collect();
                let forms: Vec<String> = of_kind.iter().map(|it| signature(it)).collect();
                let same = after.iter().find(|it| it.id == routine.id);
                let same = same.or_else(|| {
                    let alike = |it: &&Routine| {
                        it.kind == routine.kind && it.signature() == routine.signature()
                    };
                    after.iter().find(alike)
                });
                if let Some(same) = same {
                    done.insert(same.id);
                    self.routine(name, routine, same);
                    continue;
                }
                let word = routine_word(routine.kind);
                let moved = of(new, routine.id);
                let (happened, message, to) = match moved {
                    Some(to) => {
                        done.insert(routine.id);
                        let message = format!("{word} `{name}` is renamed to `{to}`");
                        (Happened::Renamed, message, Some(to.to_string()))
                    }
                    None if forms.is_empty() => (
                        Happened::Dropped,
                        format!("{word} `{name}` is dropped"),
                        None,
                    ),
                    None => {
                        let shown: Vec<String> = forms.iter().map(|it| format!("`{it}`")).collect();
                        let message = format!(
                            "{word} `{name}` no longer takes `{}`, only {}",
                            signature(routine),
                            shown.join(" or ")
                        );
                        (Happened::Dropped, message, None)
                    }
                };
                let place = Place::Top(name);
                let change = self.push(happened, word, place, message);
                change.from = Some(routine_text(routine));
                change.to = to;
                change.about.push(routine.id);
                if let [only] = of_kind.as_slice()
                    && before.len() == 1
                    && only.arguments.len() == routine.arguments.len()
                    && let Some((from, to)) = other_result(routine, only)
                {
                    let message = format!(
                        "{word} `{name}` returns {} instead of {}",
                        code(&to),
                        code(&from)
                    );
                    let change = self.push(Happened::Changed, word, Place::Top(name), message);
                    change.aspect = Some("result");
                    (change.from, change.to) = (Some(from), Some(to));
                    change.about.extend([routine.id, only.id]);
                }
                if let Some(to) = moved
                    && let Some(later) = new.routines(to).iter().find(|it| it.id == routine.id)
                {
                    self.routine(name, routine, later);
                }
            }
        }
        for name in names {
            for routine in new.routines(name) {
                if done.contains(&routine.id) || of(old, routine.id).is_some() {
                    continue;
                }
                let word = routine_word(routine.kind);
                let definition = routine_text(routine);
                let message = format!("{word} `{name}` is added: {}", code(&definition));
                let change = self.push(Happened::Added, word, Place::Top(name), message);
                change.to = Some(definition);
                change.about.push(routine.id);
            }
        }
    }

    fn routine(&mut self, name: &QualifiedName, before: &Routine, after: &Routine) {
        if before == after {
            return;
        }
        let word = routine_word(before.kind);
        let mut said: Vec<(&'static str, String)> = Vec::new();
        let result = other_result(before, after);
        if let Some((from, to)) = &result {
            let message = format!(
                "{word} `{name}` returns {} instead of {}",
                code(to),
                code(from)
            );
            said.push(("result", message));
        }
        let names = |routine: &Routine| -> Vec<Option<Ident>> {
            routine.arguments.iter().map(|it| it.name.clone()).collect()
        };
        if names(before) != names(after) {
            let message = format!("the arguments of {word} `{name}` have other names");
            said.push(("arguments", message));
        }
        let defaults = |routine: &Routine| -> Vec<bool> {
            routine.arguments.iter().map(|it| it.has_default).collect()
        };
        if defaults(before) != defaults(after) {
            let needed = |routine: &Routine| {
                routine
                    .arguments
                    .iter()
                    .filter(|it| !it.has_default)
                    .count()
            };
            let (was, is) = (needed(before), needed(after));
            let types: Vec<String> = before.signature().into_iter().map(shown_type).collect();
            let shown = |from: usize, to: usize| -> String {
                let calls: Vec<String> = (from..to)
                    .map(|count| format!("`({})`", types[..count].join(", ")))
                    .collect();
                calls.join(" or ")
            };
            let message = match was.cmp(&is) {
                // It is called with fewer arguments no more.
                std::cmp::Ordering::Less => format!(
                    "{word} `{name}` no longer takes {}, only {}",
                    shown(was, is),
                    shown(is, types.len() + 1)
                ),
                std::cmp::Ordering::Greater => {
                    format!("{word} `{name}` also takes {}", shown(is, was))
                }
                std::cmp::Ordering::Equal => {
                    format!("other arguments of {word} `{name}` have defaults")
                }
            };
            said.push(("defaults", message));
        }
        if before.language != after.language {
            said.push((
                "language",
                format!(
                    "{word} `{name}` is written in {} instead of {}",
                    after.language, before.language
                ),
            ));
        }
        if before.body != after.body {
            said.push(("body", format!("{word} `{name}` has another body")));
        }
        if said.is_empty() && before.written != after.written {
            let message = format!("{word} `{name}` has other attributes");
            said.push(("attributes", message));
        }
        for (aspect, message) in said {
            let (from, to) = match aspect {
                "body" => (before.body.to_string(), after.body.to_string()),
                "language" => (before.language.to_string(), after.language.to_string()),
                "result" => result.clone().unwrap_or_default(),
                _ => (routine_text(before), routine_text(after)),
            };
            let change = self.push(Happened::Changed, word, Place::Top(name), message);
            change.aspect = Some(aspect);
            (change.from, change.to) = (Some(from), Some(to));
            change.about.extend([before.id, after.id]);
        }
    }
}

/// What a relation is, in one line; `None` where nothing tells it.
pub(crate) fn relation_text(catalog: &Catalog, relation: &Relation) -> Option<String> {
    match &relation.body {
        RelationBody::Table(table) => {
            let mut columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("{} {}", column.name, column_text(column)))
                .collect();
            if table.knowledge != Knowledge::Full {
                columns.push("and columns that are not known".to_owned());
            }
            let mut out = columns.join(", ");
            if let Some(parent) = table.partition_of {
                let bound = table.partition_bound.as_ref();
                let bound = bound.map_or_else(String::new, |it| format!(" {}", it.text));
                let of = match catalog.relation_name(parent) {
                    Some(parent) => format!("partition of `{parent}`{bound}"),
                    None => format!("partition{bound}"),
                };
                // Its columns are those of the partitioned table.
                out = of;
            }
            (!out.is_empty()).then_some(out)
        }
        RelationBody::View(view) => {
            (!view.query.text.is_empty()).then(|| view.query.text.to_string())
        }
        RelationBody::Sequence(sequence) => {
            let options = sequence.options.as_deref()?;
            let usual = SequenceOptions::new(&crate::schema::op::SequenceChange::default());
            (*options != usual).then(|| numbers(&usual, options).1)
        }
        RelationBody::Index { .. } => None,
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

/// What a relation is, for an [`ObjectRef`] and in the server's words.
fn relation_kind(relation: &Relation) -> (ObjectKind, &'static str) {
    match &relation.body {
        RelationBody::Table(table) if table.foreign => (ObjectKind::Table, "foreign table"),
        RelationBody::Table(_) | RelationBody::Index { .. } => (ObjectKind::Table, "table"),
        RelationBody::View(view) if view.materialized => (ObjectKind::View, "materialized view"),
        RelationBody::View(_) => (ObjectKind::View, "view"),
        RelationBody::Sequence(_) => (ObjectKind::Sequence, "sequence"),
    }
}

pub(crate) fn kind_word(relation: &Relation) -> &'static str {
    relation_kind(relation).1
}

pub(crate) fn routine_word(kind: RoutineKind) -> &'static str {
    match kind {
        RoutineKind::Function => "function",
        RoutineKind::Procedure => "procedure",
        RoutineKind::Aggregate => "aggregate",
    }
}

/// `: ` and a text in backticks, or nothing.
fn detail(definition: &Option<String>) -> String {
    match definition {
        Some(definition) => format!(": {}", code(definition)),
        None => String::new(),
    }
}

/// The most characters of a definition that a message holds.
const LONGEST: usize = 200;

/// A text from the schema in backticks, on one line and not without end.
pub(crate) fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = line.chars().take(LONGEST).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A type as people write it: the default schema left out.
pub(crate) fn shown_type(data_type: &SqlType) -> String {
    let text = data_type.to_string();
    text.strip_prefix("public.").unwrap_or(&text).to_owned()
}

/// A column without its name: `text NOT NULL DEFAULT 'x'`.
pub(crate) fn column_text(column: &Column) -> String {
    let mut out = shown_type(&column.data_type);
    if let Some(collation) = &column.collation {
        out.push_str(&format!(" COLLATE {collation}"));
    }
    if column.not_null {
        out.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        out.push_str(&format!(" DEFAULT {}", default.text));
    }
    match column.identity {
        Some(Identity::Always) => out.push_str(" GENERATED ALWAYS AS IDENTITY"),
        Some(Identity::ByDefault) => out.push_str(" GENERATED BY DEFAULT AS IDENTITY"),
        None => {}
    }
    if let Some(generated) = &column.generated {
        out.push_str(&format!(" GENERATED ALWAYS AS ({})", generated.text));
    }
    out
}

/// What a type is made of; `None` where its creation was not seen.
pub(crate) fn type_text(body: &TypeBody) -> Option<String> {
    Some(match body {
        TypeBody::Enum { labels, complete } => {
            let mut shown: Vec<String> = labels.iter().map(|it| format!("'{}'", it.text)).collect();
            if !complete {
                shown.push("…".to_owned());
            }
            format!("enum ({})", shown.join(", "))
        }
        TypeBody::Domain {
            base,
            not_null,
            default,
            checks,
        } => {
            let mut out = format!("domain of {}", shown_type(base));
            if *not_null {
                out.push_str(" NOT NULL");
            }
            if let Some(default) = default {
                out.push_str(&format!(" DEFAULT {}", default.text));
            }
            for (_, check) in checks {
                out.push_str(&format!(" CHECK ({})", check.text));
            }
            out
        }
        TypeBody::Composite(attributes) => {
            let shown: Vec<String> = attributes
                .iter()
                .map(|(name, it)| format!("{name} {}", shown_type(it)))
                .collect();
            format!("({})", shown.join(", "))
        }
        TypeBody::Range(subtype) => format!("range of {}", shown_type(subtype)),
        TypeBody::Base => "base type".to_owned(),
        TypeBody::Unknown => return None,
    })
}

/// What two routines return, where that is not the same.
fn other_result(before: &Routine, after: &Routine) -> Option<(String, String)> {
    let shown = |routine: &Routine| routine.returns.as_deref().unwrap_or("nothing").to_owned();
    let (from, to) = (shown(before), shown(after));
    (!from.eq_ignore_ascii_case(&to)).then_some((from, to))
}

/// `(integer, text)`
fn signature(routine: &Routine) -> String {
    let types: Vec<String> = routine.signature().into_iter().map(shown_type).collect();
    format!("({})", types.join(", "))
}

/// `(a integer, b text) returns text`
pub(crate) fn routine_text(routine: &Routine) -> String {
    let arguments: Vec<String> = routine
        .arguments
        .iter()
        .map(|it| match &it.name {
            Some(name) => format!("{name} {}", shown_type(&it.data_type)),
            None => shown_type(&it.data_type),
        })
        .collect();
    let returns = match &routine.returns {
        Some(returns) => format!(" returns {returns}"),
        None => String::new(),
    };
    format!("({}){returns}", arguments.join(", "))
}

/// The numbers that differ between two sequences: `start 1, increment 2`.
fn numbers(before: &SequenceOptions, after: &SequenceOptions) -> (String, String) {
    let told = |it: &SequenceOptions| {
        [
            ("type", shown_type(&it.data_type)),
            ("start", it.start.to_string()),
            ("increment", it.increment.to_string()),
            ("minimum", it.min.to_string()),
            ("maximum", it.max.to_string()),
            ("cache", it.cache.to_string()),
            ("cycle", if it.cycle { "on" } else { "off" }.to_owned()),
        ]
    };
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for ((word, old), (_, new)) in told(before).into_iter().zip(told(after)) {
        if old != new {
            from.push(format!("{word} {old}"));
            to.push(format!("{word} {new}"));
        }
    }
    (from.join(", "), to.join(", "))
}
