//! User-defined types and routines.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::follow::Renamed;
use super::{Applier, Assumption, Touched};
use crate::schema::catalog::{EnumLabel, ObjectId, Routine, TypeBody, UserType};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    Behavior, ColumnChange, ColumnDef, Creation, Existence, LabelPosition, RoutineDef, SqlExpr,
    TypeChange, TypeDef,
};
use crate::schema::types::{SqlType, TypeName};

impl Applier<'_> {
    pub(super) fn lookup_type(&self, name: &ObjectName) -> Option<QualifiedName> {
        self.lookup(name, |name| self.catalog.types.contains_key(name))
    }

    fn touch_type(&mut self, name: &QualifiedName) {
        self.out.touched.push(Touched::Type(name.clone()));
    }

    fn insert_type(&mut self, name: &QualifiedName, user_type: UserType) {
        self.catalog
            .type_names
            .insert_mut(user_type.id, name.clone());
        self.catalog
            .types
            .insert_mut(name.clone(), Arc::new(user_type));
        self.touch_type(name);
    }

    pub(super) fn edit_type(&mut self, name: &QualifiedName, edit: impl FnOnce(&mut UserType)) {
        if let Some(user_type) = self.catalog.types.get(name) {
            let mut user_type = Arc::clone(user_type);
            edit(Arc::make_mut(&mut user_type));
            self.catalog.types.insert_mut(name.clone(), user_type);
            self.touch_type(name);
        }
    }

    pub(super) fn insert_assumed_type(&mut self, name: &QualifiedName, labels: &[Arc<str>]) {
        let identity = |what: &str| {
            let mut hasher = DefaultHasher::new();
            ("assumed type", name, what).hash(&mut hasher);
            ObjectId(hasher.finish())
        };
        let mut known: Vec<EnumLabel> = Vec::new();
        if let Some(UserType {
            body: TypeBody::Enum { labels, .. },
            ..
        }) = self.catalog.types.get(name).map(Arc::as_ref)
        {
            known = labels.clone();
        }
        for label in labels {
            if !known.iter().any(|it| it.text == *label) {
                known.push(EnumLabel {
                    id: identity(label),
                    text: label.clone(),
                });
            }
        }
        let body = if known.is_empty() {
            TypeBody::Unknown
        } else {
            TypeBody::Enum {
                labels: known,
                complete: false,
            }
        };
        let id = identity("");
        self.insert_type(
            name,
            UserType {
                id,
                body,
                unread: 0,
            },
        );
    }

    /// The type that a statement names, taken for granted when its creation was not seen.
    pub(super) fn find_type(&mut self, name: &ObjectName) -> Option<QualifiedName> {
        if let Some(found) = self.lookup_type(name) {
            return Some(found);
        }
        let assumed = self.new_name(name);
        if self.catalog.gone.contains(&assumed) {
            self.misfit("42704", format!("type \"{name}\" does not exist"));
            return None;
        }
        if !self.catalog.perhaps.contains(&assumed) {
            self.out
                .assumptions
                .push(Assumption::Type(assumed.clone(), Vec::new()));
        }
        self.insert_assumed_type(&assumed, &[]);
        Some(assumed)
    }

    pub(super) fn create_type(&mut self, name: &ObjectName, definition: &TypeDef) {
        let name = self.new_name(name);
        self.catalog.has_temporary |= name.schema.as_str() == "pg_temp";
        if self.catalog.types.contains_key(&name) {
            let message = format!("type \"{}\" already exists", name.name.as_str());
            self.misfit("42710", message);
            return;
        }
        let body = match definition {
            TypeDef::Enum(labels) => TypeBody::Enum {
                labels: labels
                    .iter()
                    .map(|text| EnumLabel {
                        id: self.origin.next_id(),
                        text: text.clone(),
                    })
                    .collect(),
                complete: true,
            },
            TypeDef::Domain {
                base,
                not_null,
                default,
                checks,
            } => {
                let mut named: Vec<(Ident, SqlExpr)> = Vec::new();
                for (check, expr) in checks {
                    let check = check
                        .clone()
                        .unwrap_or_else(|| domain_check_name(&name.name, &named));
                    named.push((check, expr.clone()));
                }
                TypeBody::Domain {
                    base: self.resolve_type(base),
                    not_null: *not_null,
                    default: default.clone(),
                    checks: named,
                }
            }
            TypeDef::Composite(attributes) => TypeBody::Composite(
                attributes
                    .iter()
                    .map(|(attribute, data_type)| (attribute.clone(), self.resolve_type(data_type)))
                    .collect(),
            ),
            TypeDef::Range(subtype) => TypeBody::Range(self.resolve_type(subtype)),
            TypeDef::Base => TypeBody::Base,
        };
        let id = self.origin.next_id();
        self.catalog.gone.remove_mut(&name);
        self.insert_type(
            &name,
            UserType {
                id,
                body,
                unread: 0,
            },
        );
    }

    pub(super) fn drop_type(
        &mut self,
        name: &ObjectName,
        existence: Existence,
        behavior: Behavior,
    ) {
        let found = match existence {
            Existence::Tolerated => self.lookup_type(name),
            Existence::Required => self.find_type(name),
        };
        let Some(found) = found else {
            return;
        };
        if behavior == Behavior::Cascade {
            for table in self.tables_of_type(&found) {
                self.remove_relation(&table, Behavior::Cascade);
            }
            self.drop_users_of_type(&found);
        }
        self.remove_type(&found);
    }

    /// The tables that were made `OF` a type.
    fn tables_of_type(&self, name: &QualifiedName) -> Vec<QualifiedName> {
        let Some(id) = self.catalog.user_type(name).map(|it| it.id) else {
            return Vec::new();
        };
        let relations = self.catalog.relations();
        let typed = relations
            .filter(|(_, relation)| relation.as_table().is_some_and(|it| it.of_type == Some(id)));
        typed.map(|(name, _)| name.clone()).collect()
    }

    /// `ALTER TYPE … ATTRIBUTE … CASCADE` goes on to the tables of the type.
    fn alter_tables_of_type(&mut self, name: &QualifiedName, change: &TypeChange) {
        for table in self.tables_of_type(name) {
            let table = ObjectName::from(&table);
            match change {
                TypeChange::AddAttribute(attribute, data_type) => {
                    let column = ColumnDef::new(attribute.clone(), data_type.clone());
                    self.add_column(&table, &column, Existence::Required);
                }
                TypeChange::DropAttribute(attribute, existence) => {
                    self.drop_column(&table, attribute, *existence, Behavior::Cascade);
                }
                TypeChange::SetAttributeType(attribute, data_type) => {
                    let change = ColumnChange::SetType {
                        data_type: data_type.clone(),
                        using: false,
                        rewrites: false,
                        collation: None,
                    };
                    self.alter_column(&table, attribute, &change, false);
                }
                TypeChange::RenameAttribute(from, to) => self.rename_column(&table, from, to),
                TypeChange::DomainDefault(_)
                | TypeChange::DomainNotNull(_)
                | TypeChange::AddDomainCheck { .. }
                | TypeChange::DropDomainCheck(..)
                | TypeChange::RenameDomainCheck(..)
                | TypeChange::ValidateDomainCheck(_) => {}
            }
        }
    }

    /// `CASCADE` takes what is made of a type with it: columns, defaults, domains, attributes and
    /// routines.
    pub(super) fn drop_users_of_type(&mut self, found: &QualifiedName) {
        // A stack of our own: domains can be made of domains as deep as a history likes.
        let mut pending = vec![found.clone()];
        while let Some(name) = pending.pop() {
            let made_of_it = self.drop_direct_users_of_type(&name);
            if name != *found {
                self.remove_type(&name);
            }
            pending.extend(made_of_it);
        }
    }

    /// Drops what is made of a type; the types that are made of it, which are still there.
    fn drop_direct_users_of_type(&mut self, found: &QualifiedName) -> Vec<QualifiedName> {
        let gone = TypeName::User(ObjectName::from(found));
        let users: Vec<(QualifiedName, Vec<Ident>)> = self
            .catalog
            .relations()
            .filter_map(|(relation, body)| {
                let columns: Vec<Ident> = body
                    .as_table()?
                    .columns
                    .iter()
                    .filter(|column| column.data_type.name == gone)
                    .map(|column| column.name.clone())
                    .collect();
                (!columns.is_empty()).then(|| (relation.clone(), columns))
            })
            .collect();
        for (relation, columns) in users {
            for column in columns {
                self.remove_column(&relation, &column, Behavior::Cascade);
            }
        }
        self.drop_defaults_cast_to(found);
        let is_attribute = |user_type: &UserType| match &user_type.body {
            TypeBody::Composite(attributes) => attributes.iter().any(|(_, it)| it.name == gone),
            TypeBody::Domain { .. }
            | TypeBody::Enum { .. }
            | TypeBody::Range(_)
            | TypeBody::Base
            | TypeBody::Unknown => false,
        };
        let is_base = |user_type: &UserType| match &user_type.body {
            TypeBody::Domain { base, .. } => base.name == gone,
            TypeBody::Range(subtype) => subtype.name == gone,
            TypeBody::Composite(_) | TypeBody::Enum { .. } | TypeBody::Base | TypeBody::Unknown => {
                false
            }
        };
        let named = |is_meant: &dyn Fn(&UserType) -> bool| -> Vec<QualifiedName> {
            let types = self.catalog.types().filter(|(_, it)| is_meant(it));
            types.map(|(name, _)| name.clone()).collect()
        };
        let (composites, made_of_it) = (named(&is_attribute), named(&is_base));
        for name in composites {
            self.edit_type(&name, |user_type| {
                if let TypeBody::Composite(attributes) = &mut user_type.body {
                    attributes.retain(|(_, it)| it.name != gone);
                }
            });
        }
        let takes = |routine: &Routine| routine.signature().iter().any(|it| it.name == gone);
        self.edit_routines_where(takes, |overloads| {
            overloads.retain(|routine| !takes(routine));
        });
        made_of_it.into_iter().filter(|it| it != found).collect()
    }

    pub(super) fn remove_type(&mut self, name: &QualifiedName) {
        if let Some(user_type) = self.catalog.types.get(name) {
            let id = user_type.id;
            self.catalog.type_names.remove_mut(&id);
            self.catalog.types.remove_mut(name);
            self.catalog.gone.insert_mut(name.clone());
            self.touch_type(name);
        }
    }

    pub(super) fn rekey_type(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let Some(user_type) = self.catalog.types.get(from).cloned() else {
            return;
        };
        if self.catalog.types.contains_key(to) {
            let message = format!("type \"{}\" already exists", to.name.as_str());
            self.misfit("42710", message);
            return;
        }
        self.touch_type(from);
        self.catalog.types.remove_mut(from);
        self.catalog.gone.insert_mut(from.clone());
        self.catalog.gone.remove_mut(to);
        self.catalog.type_names.insert_mut(user_type.id, to.clone());
        self.catalog.types.insert_mut(to.clone(), user_type);
        self.touch_type(to);
        self.rename_type_in_columns(from, to);
        self.rename_type_in_types(from, to);
        self.follow(Renamed::Type, from, to);
    }

    /// Writes a renamed type into every domain, composite type and routine that is made of it.
    fn rename_type_in_types(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let old = TypeName::User(ObjectName::from(from));
        let new = TypeName::User(ObjectName::from(to));
        let users: Vec<QualifiedName> = self
            .catalog
            .types()
            .filter(|(_, user_type)| match &user_type.body {
                TypeBody::Domain { base, .. } => base.name == old,
                TypeBody::Composite(attributes) => attributes.iter().any(|(_, it)| it.name == old),
                TypeBody::Range(subtype) => subtype.name == old,
                TypeBody::Enum { .. } | TypeBody::Base | TypeBody::Unknown => false,
            })
            .map(|(name, _)| name.clone())
            .collect();
        for user in users {
            self.edit_type(&user, |user_type| match &mut user_type.body {
                TypeBody::Domain { base, .. } => base.name = new.clone(),
                TypeBody::Composite(attributes) => {
                    let meant = attributes.iter_mut().filter(|(_, it)| it.name == old);
                    meant.for_each(|(_, it)| it.name = new.clone());
                }
                TypeBody::Range(subtype) => subtype.name = new.clone(),
                TypeBody::Enum { .. } | TypeBody::Base | TypeBody::Unknown => {}
            });
        }
        let takes = |routine: &Routine| routine.signature().iter().any(|it| it.name == old);
        self.edit_routines_where(takes, |overloads| {
            for routine in overloads {
                for argument in &mut routine.arguments {
                    if argument.data_type.name == old {
                        argument.data_type.name = new.clone();
                        routine.written = None;
                    }
                }
            }
        });
    }

    /// Changes the overloads of every name of which one is meant.
    fn edit_routines_where(
        &mut self,
        is_meant: impl Fn(&Routine) -> bool,
        edit: impl Fn(&mut Vec<Routine>),
    ) {
        let names: Vec<QualifiedName> = self
            .catalog
            .all_routines()
            .filter(|(_, overloads)| overloads.iter().any(&is_meant))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let mut overloads = self.catalog.routines(&name).to_vec();
            edit(&mut overloads);
            self.set_routines(&name, overloads);
        }
    }

    pub(super) fn add_enum_label(
        &mut self,
        name: &ObjectName,
        label: &Arc<str>,
        position: &LabelPosition,
        existence: Existence,
    ) {
        let Some(found) = self.find_type(name) else {
            return;
        };
        let new = EnumLabel {
            id: self.origin.next_id(),
            text: label.clone(),
        };
        let mut exists = false;
        self.edit_type(&found, |user_type| match &mut user_type.body {
            TypeBody::Enum { labels, .. } => {
                exists = labels.iter().any(|it| it.text == *label);
                if !exists {
                    let at = match position {
                        LabelPosition::Last => None,
                        LabelPosition::Before(other) => {
                            labels.iter().position(|it| it.text == *other)
                        }
                        LabelPosition::After(other) => labels
                            .iter()
                            .position(|it| it.text == *other)
                            .map(|at| at + 1),
                    };
                    labels.insert(at.unwrap_or(labels.len()), new);
                }
            }
            TypeBody::Unknown => {
                user_type.body = TypeBody::Enum {
                    labels: vec![new],
                    complete: false,
                };
            }
            TypeBody::Domain { .. }
            | TypeBody::Composite(_)
            | TypeBody::Range(_)
            | TypeBody::Base => {}
        });
        if exists && existence == Existence::Required {
            self.misfit("42710", format!("enum label \"{label}\" already exists"));
        }
    }

    pub(super) fn rename_enum_label(&mut self, name: &ObjectName, from: &Arc<str>, to: &Arc<str>) {
        let Some(found) = self.find_type(name) else {
            return;
        };
        let (has_label, open) = match self.catalog.types.get(&found).map(|it| &it.body) {
            Some(TypeBody::Enum { labels, complete }) => {
                (labels.iter().any(|it| it.text == *from), !complete)
            }
            Some(TypeBody::Unknown) => (false, true),
            _ => (false, false),
        };
        if !has_label {
            if !open {
                self.misfit("22023", format!("\"{from}\" is not an existing enum label"));
                return;
            }
            self.out
                .assumptions
                .push(Assumption::Type(found.clone(), vec![from.clone()]));
            self.insert_assumed_type(&found, std::slice::from_ref(from));
        }
        self.edit_type(&found, |user_type| {
            if let TypeBody::Enum { labels, .. } = &mut user_type.body {
                for label in labels {
                    if label.text == *from {
                        label.text = to.clone();
                    }
                }
            }
        });
    }

    pub(super) fn alter_type(&mut self, name: &ObjectName, change: &TypeChange) {
        let Some(found) = self.find_type(name) else {
            return;
        };
        let change = match change {
            TypeChange::AddAttribute(attribute, data_type) => {
                TypeChange::AddAttribute(attribute.clone(), self.resolve_type(data_type))
            }
            TypeChange::SetAttributeType(attribute, data_type) => {
                TypeChange::SetAttributeType(attribute.clone(), self.resolve_type(data_type))
            }
            other => other.clone(),
        };
        self.alter_tables_of_type(&found, &change);
        self.edit_type(&found, |user_type| match &mut user_type.body {
            TypeBody::Domain {
                not_null,
                default,
                checks,
                ..
            } => match change {
                TypeChange::DomainDefault(new) => *default = new,
                TypeChange::DomainNotNull(new) => *not_null = new,
                TypeChange::AddDomainCheck { name, expr, .. } => {
                    let name = name.unwrap_or_else(|| domain_check_name(&found.name, checks));
                    checks.push((name, expr));
                }
                TypeChange::DropDomainCheck(name, _) => checks.retain(|(it, _)| *it != name),
                TypeChange::RenameDomainCheck(from, to) => {
                    for (check, _) in checks {
                        if *check == from {
                            *check = to.clone();
                        }
                    }
                }
                TypeChange::ValidateDomainCheck(_)
                | TypeChange::AddAttribute(..)
                | TypeChange::DropAttribute(..)
                | TypeChange::SetAttributeType(..)
                | TypeChange::RenameAttribute(..) => {}
            },
            TypeBody::Composite(attributes) => match change {
                TypeChange::AddAttribute(attribute, data_type) => {
                    attributes.push((attribute, data_type));
                }
                TypeChange::DropAttribute(attribute, _) => {
                    attributes.retain(|(it, _)| *it != attribute);
                }
                TypeChange::SetAttributeType(attribute, data_type) => {
                    for (it, old) in attributes {
                        if *it == attribute {
                            *old = data_type.clone();
                        }
                    }
                }
                TypeChange::RenameAttribute(from, to) => {
                    for (it, _) in attributes {
                        if *it == from {
                            *it = to.clone();
                        }
                    }
                }
                TypeChange::DomainDefault(_)
                | TypeChange::DomainNotNull(_)
                | TypeChange::AddDomainCheck { .. }
                | TypeChange::DropDomainCheck(..)
                | TypeChange::RenameDomainCheck(..)
                | TypeChange::ValidateDomainCheck(_) => {}
            },
            TypeBody::Enum { .. } | TypeBody::Range(_) | TypeBody::Base | TypeBody::Unknown => {}
        });
    }

    pub(super) fn create_routine(&mut self, def: &RoutineDef, creation: Creation) {
        let name = self.new_name(&def.name);
        self.catalog.has_temporary |= name.schema.as_str() == "pg_temp";
        let mut overloads = self.catalog.routines(&name).to_vec();
        let mut routine = Routine {
            id: self.origin.next_id(),
            kind: def.kind,
            arguments: def.arguments.clone(),
            returns: def.returns.clone(),
            language: def.language.clone(),
            body: def.body.clone(),
            written: Some(def.written.clone()),
        };
        for argument in &mut routine.arguments {
            argument.data_type = self.resolve_type(&argument.data_type);
        }
        let same = overloads
            .iter_mut()
            .find(|existing| existing.signature() == routine.signature());
        match same {
            Some(existing) if creation == Creation::OrReplace => {
                routine.id = existing.id;
                *existing = routine;
            }
            Some(_) => {
                if creation == Creation::New {
                    let message = format!(
                        "function \"{}\" already exists with same argument types",
                        name.name.as_str()
                    );
                    self.misfit("42723", message);
                }
                return;
            }
            None => overloads.push(routine),
        }
        self.default_privileges(&name);
        self.set_routines(&name, overloads);
    }

    fn set_routines(&mut self, name: &QualifiedName, overloads: Vec<Routine>) {
        if overloads.is_empty() {
            self.catalog.routines.remove_mut(name);
        } else {
            self.catalog
                .routines
                .insert_mut(name.clone(), Arc::new(overloads));
        }
        self.out.touched.push(Touched::Routine(name.clone()));
    }

    /// Which overload a statement means: the one with these argument types, or the only one.
    fn find_routine(
        &self,
        name: &ObjectName,
        arguments: Option<&[SqlType]>,
    ) -> Option<(QualifiedName, usize)> {
        let found = self.lookup(name, |name| self.catalog.routines.contains_key(name))?;
        let overloads = self.catalog.routines(&found);
        let at = match arguments {
            None => (overloads.len() == 1).then_some(0)?,
            Some(arguments) => {
                let arguments: Vec<SqlType> = arguments
                    .iter()
                    .map(|argument| self.resolve_type(argument))
                    .collect();
                overloads
                    .iter()
                    .position(|overload| overload.signature().into_iter().eq(arguments.iter()))?
            }
        };
        Some((found, at))
    }

    /// Drops a routine; its name, where it was a function that triggers may call.
    pub(super) fn drop_routine(
        &mut self,
        name: &ObjectName,
        arguments: Option<&[SqlType]>,
    ) -> Option<QualifiedName> {
        // Where none is found, its making was not seen, in this or in another form.
        let (found, at) = self.find_routine(name, arguments)?;
        let mut overloads = self.catalog.routines(&found).to_vec();
        let dropped = overloads.remove(at);
        self.set_routines(&found, overloads);
        dropped.arguments.is_empty().then_some(found)
    }

    /// Renames or moves one routine, or every overload when it is the schema that is renamed.
    pub(super) fn rekey_routine(
        &mut self,
        name: &ObjectName,
        arguments: Option<&[SqlType]>,
        schema: Option<&Ident>,
        to: Option<&Ident>,
    ) {
        let Some((found, at)) = self.find_routine(name, arguments) else {
            return; // Its making was not seen.
        };
        let target = QualifiedName::new(
            schema.unwrap_or(&found.schema).clone(),
            to.unwrap_or(&found.name).clone(),
        );
        let mut overloads = self.catalog.routines(&found).to_vec();
        let routine = overloads.remove(at);
        self.set_routines(&found, overloads);
        let mut targets = self.catalog.routines(&target).to_vec();
        let renamed = routine.clone();
        targets.push(routine);
        self.set_routines(&target, targets);
        let takes = |routine: &Routine| {
            let required = routine.arguments.iter().filter(|it| !it.has_default);
            (required.count(), routine.arguments.len())
        };
        let (least, most) = takes(&renamed);
        let overlaps = self.catalog.routines(&found).iter().any(|other| {
            let (other_least, other_most) = takes(other);
            other_least <= most && least <= other_most
        });
        if overlaps {
            // Which of the overloads a call means takes more than the number of its arguments.
            self.taint_users_of(&found.name);
        } else {
            self.follow(Renamed::Routine(least, most), &found, &target);
        }
    }
}

/// `name_check`, with a number when the domain has one of that name.
fn domain_check_name(domain: &Ident, checks: &[(Ident, SqlExpr)]) -> Ident {
    let base = super::naming::make_object_name(domain.as_str(), "", "check");
    let mut name = base.clone();
    let mut number = 0_u32;
    while checks.iter().any(|(it, _)| it.as_str() == name) {
        number += 1;
        name = format!("{base}{number}");
    }
    Ident::new(&name)
}
