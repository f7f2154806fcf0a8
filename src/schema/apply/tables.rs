//! What belongs to a table: columns, constraints, triggers, policies.

use std::sync::Arc;

use super::naming::choose_name;
use super::relations::{index_column_names, rename_index};
use super::{Applier, Assumption};
use crate::schema::catalog::{
    Column, Constraint, Index, Knowledge, Policy, RelationBody, Table, Trigger,
};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    Behavior, ColumnChange, ColumnDef, ConstraintDef, ConstraintKind, ConstraintOptions, Creation,
    Existence, IndexKey, PolicyDef, RelationKind, RowSecurityChange, SequenceChange, SqlExpr,
    TriggerDef, TriggerSelection,
};
use crate::schema::session::{IndexNames, PrimaryKeys};
use crate::schema::types::TypeName;

impl Applier<'_> {
    /// Appends a column to a table that is there.
    pub(super) fn push_column(&mut self, table: &QualifiedName, def: &ColumnDef) {
        let column = self.build_column(def);
        let name = column.name.clone();
        let merged = self.edit_table(table, |table| {
            if let Knowledge::ColumnsUnknown { absent } = &mut table.knowledge {
                absent.remove(&name);
            }
            // A column that a parent has too is one column.
            match table.column_mut(&name) {
                Some(existing) => {
                    existing.identity = column.identity.or(existing.identity);
                    existing.not_null |= column.not_null;
                    existing.default = column.default.clone().or(existing.default.clone());
                }
                None => table.columns.push(column),
            }
        });
        if merged.is_some() && (def.serial || def.identity.is_some()) {
            let change = def.sequence.as_deref().cloned().unwrap_or_default();
            self.supply(table, &def.name, def.serial, &change);
        }
    }

    pub(super) fn build_column(&mut self, def: &ColumnDef) -> Column {
        Column {
            id: self.origin.next_id(),
            name: def.name.clone(),
            data_type: self.resolve_type(&def.data_type),
            collation: def.collation.clone(),
            not_null: def.not_null || def.serial || def.identity.is_some(),
            default: def.default.clone(),
            identity: def.identity,
            generated: def.generated.clone(),
            assumed: false,
        }
    }

    fn identity_sequences(&self, table: &QualifiedName, column: &Ident) -> Vec<QualifiedName> {
        let owner = self.catalog.relation(table).and_then(|relation| {
            let column = relation.as_table()?.column(column)?;
            Some((relation.id, column.id))
        });
        let candidates =
            owner.map_or_else(Vec::new, |(table, _)| self.catalog.dependents_of(table));
        candidates
            .into_iter()
            .filter(|(_, other)| match &other.body {
                RelationBody::Sequence(sequence) => sequence.identity && sequence.owner == owner,
                RelationBody::Table(_) | RelationBody::View(_) | RelationBody::Index { .. } => {
                    false
                }
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// A dropped sequence takes the defaults that read it with it.
    pub(super) fn drop_defaults_of(&mut self, sequence: &QualifiedName) {
        let bare = format!("nextval('{}'", sequence.name);
        let full = format!("nextval('{}'", ObjectName::from(sequence));
        self.drop_defaults(|default| default.text.contains(&bare) || default.text.contains(&full));
    }

    /// A column that a statement names: as it is, or taken for granted on a table whose creation
    /// was not seen.
    fn find_column(&mut self, table: &QualifiedName, column: &Ident) -> Option<()> {
        let found = self.catalog.relation(table)?.clone();
        let Some(body) = found.as_table() else {
            let listed = match &found.body {
                RelationBody::View(view) => match &view.columns {
                    Some(columns) => columns.contains(column),
                    None => true,
                },
                RelationBody::Table(_) | RelationBody::Sequence(_) | RelationBody::Index { .. } => {
                    false
                }
            };
            return listed.then_some(());
        };
        if body.column(column).is_some() {
            return Some(());
        }
        if body.is_absent(column) {
            let message = format!(
                "column \"{}\" of relation \"{}\" does not exist",
                column.as_str(),
                table.name.as_str()
            );
            self.misfit("42703", message);
            return None;
        }
        self.out
            .assumptions
            .push(Assumption::Column(table.clone(), column.clone()));
        let assumed = self.assumed_column(column);
        self.edit_table(table, |table| table.columns.push(assumed));
        Some(())
    }

    /// A statement that names a column of a table of which not every column is known shows that it
    /// is there.
    pub(super) fn expect(&mut self, table: &QualifiedName, column: &Ident) {
        let is_open = self
            .catalog
            .table(table)
            .is_some_and(|table| !table.is_absent(column));
        if is_open {
            self.find_column(table, column);
        }
    }

    pub(super) fn add_column(&mut self, table: &ObjectName, def: &ColumnDef, existence: Existence) {
        let Some(name) = self.find_table(table) else {
            return;
        };
        let exists = self
            .catalog
            .table(&name)
            .is_some_and(|table| table.column(&def.name).is_some());
        let place = (name.clone(), def.name.clone());
        self.session.found_columns.retain(|it| *it != place);
        if exists {
            self.session.found_columns.push(place);
            if existence == Existence::Required {
                let message = format!(
                    "column \"{}\" of relation \"{}\" already exists",
                    def.name.as_str(),
                    name.name.as_str()
                );
                self.misfit("42701", message);
            }
            return;
        }
        let was_open = self
            .catalog
            .table(&name)
            .is_some_and(|table| !table.is_absent(&def.name));
        if was_open && existence == Existence::Required {
            let assumption = Assumption::NoColumn(name.clone(), def.name.clone());
            self.out.assumptions.push(assumption);
        }
        self.push_column(&name, def);
        let inherited = ColumnDef {
            identity: None,
            not_null: def.not_null || def.identity.is_some(),
            ..def.clone()
        };
        for child in self.descendants(&name) {
            self.push_column(&child, &inherited);
        }
    }

    pub(super) fn drop_column(
        &mut self,
        table: &ObjectName,
        column: &Ident,
        existence: Existence,
        behavior: Behavior,
    ) {
        let Some(name) = self.find_table(table) else {
            return;
        };
        let listed = self
            .catalog
            .table(&name)
            .is_some_and(|table| table.column(column).is_some());
        if !listed {
            let is_gone = self
                .catalog
                .table(&name)
                .is_some_and(|table| table.is_absent(column));
            if existence == Existence::Tolerated && is_gone {
                return;
            }
            if self.find_column(&name, column).is_none() {
                return;
            }
        }
        self.remove_column(&name, column, behavior);
        for child in self.descendants(&name) {
            self.remove_column(&child, column, behavior);
        }
    }

    pub(super) fn remove_column(
        &mut self,
        name: &QualifiedName,
        column: &Ident,
        behavior: Behavior,
    ) {
        let Some(relation) = self.catalog.relation(name).cloned() else {
            return;
        };
        let Some(table) = relation.as_table() else {
            return;
        };
        let Some(dropped) = table.column(column).map(|column| column.id) else {
            return;
        };
        let lost: Vec<Ident> = table
            .indexes
            .iter()
            .filter(|index| index.columns().any(|needed| needed == column))
            .map(|index| index.name.clone())
            .collect();
        for index in &lost {
            self.forget_name(&QualifiedName::new(name.schema.clone(), index.clone()));
        }
        self.edit_table(name, |table| {
            table.columns.retain(|it| it.name != *column);
            table
                .constraints
                .retain(|it| !constraint_columns(&it.kind).contains(&column));
            table.indexes.retain(|index| !lost.contains(&index.name));
            if let Knowledge::ColumnsUnknown { absent } = &mut table.knowledge {
                absent.insert(column.clone());
            }
        });
        let owned: Vec<QualifiedName> = self
            .catalog
            .dependents_of(relation.id)
            .into_iter()
            .filter(|(_, other)| match &other.body {
                RelationBody::Sequence(sequence) => sequence.owner == Some((relation.id, dropped)),
                RelationBody::View(view) => {
                    behavior == Behavior::Cascade
                        && view.depends_on.contains(&relation.id)
                        && view
                            .query
                            .columns
                            .as_ref()
                            .is_none_or(|columns| columns.contains(column))
                }
                RelationBody::Table(_) | RelationBody::Index { .. } => false,
            })
            .map(|(name, _)| name.clone())
            .collect();
        for follower in owned {
            self.remove_relation(&follower, behavior);
        }
        if behavior == Behavior::Cascade {
            self.drop_references(relation.id, Some(column));
        }
    }

    /// Whether a view that reads nothing else names a column of this table.
    fn is_shown_by_a_view(&self, table: &QualifiedName, column: &Ident) -> bool {
        let Some(relation) = self.catalog.relation(table) else {
            return false;
        };
        self.catalog
            .dependents_of(relation.id)
            .into_iter()
            .any(|(_, other)| match &other.body {
                RelationBody::View(view) => {
                    let columns = view.query.columns.as_ref();
                    view.depends_on == [relation.id]
                        && columns.is_some_and(|columns| columns.contains(column))
                }
                RelationBody::Table(_) | RelationBody::Sequence(_) | RelationBody::Index { .. } => {
                    false
                }
            })
    }

    pub(super) fn rename_column(&mut self, table: &ObjectName, from: &Ident, to: &Ident) {
        let Some(name) = self.find_table(table) else {
            return;
        };
        if self.find_column(&name, from).is_none() {
            return;
        }
        let taken = self
            .catalog
            .table(&name)
            .is_some_and(|table| table.column(to).is_some());
        if taken {
            let message = format!(
                "column \"{}\" of relation \"{}\" already exists",
                to.as_str(),
                name.name.as_str()
            );
            self.misfit("42701", message);
            return;
        }
        let mut renamed = vec![name.clone()];
        renamed.extend(self.descendants(&name));
        for table in &renamed {
            self.edit_relation(table, |relation| match &mut relation.body {
                RelationBody::Table(table) => rename_in_table(table, from, to),
                RelationBody::View(view) => {
                    for column in view.columns.iter_mut().flatten() {
                        if column == from {
                            *column = to.clone();
                        }
                    }
                }
                RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
            });
        }
        let Some(id) = self.catalog.relation(&name).map(|relation| relation.id) else {
            return;
        };
        for table in renamed {
            if let Some(id) = self.catalog.relation(&table).map(|relation| relation.id) {
                self.follow_column_in_views(id, from, to);
            }
        }
        for other in self.referencing(id, Some(from)) {
            self.edit_table(&other, |table| {
                let is_meant = |constraint: &Constraint| constraint.references == Some(id);
                table.constraints.edit(is_meant, |constraint| {
                    if let ConstraintKind::ForeignKey { referenced, .. } = &mut constraint.kind {
                        rename_all(referenced, from, to);
                    }
                });
            });
        }
    }

    pub(super) fn alter_column(
        &mut self,
        table: &ObjectName,
        column: &Ident,
        change: &ColumnChange,
        only: bool,
    ) {
        let Some(name) = self.find_table(table) else {
            return;
        };
        if self.find_column(&name, column).is_none() {
            return;
        }
        let mut targets = vec![name.clone()];
        // An identity is a matter of one table.
        let of_one = matches!(
            change,
            ColumnChange::AddIdentity(..)
                | ColumnChange::SetIdentity(_)
                | ColumnChange::SetIdentitySequence(_)
                | ColumnChange::DropIdentity(_)
        );
        if !only && !of_one {
            targets.extend(self.descendants(&name));
        }
        for target in targets {
            self.alter_one_column(&target, column, change);
        }
    }

    fn alter_one_column(&mut self, table: &QualifiedName, column: &Ident, change: &ColumnChange) {
        let edit = |applier: &mut Self, edit: &dyn Fn(&mut Column)| {
            applier.edit_table(table, |table| table.column_mut(column).map(edit));
        };
        match change {
            ColumnChange::SetType {
                data_type,
                collation,
                ..
            } => {
                let data_type = self.resolve_type(data_type);
                if self.is_shown_by_a_view(table, column) {
                    let message = "cannot alter type of a column used by a view or rule";
                    self.misfit("0A000", message.to_owned());
                }
                edit(self, &|column| {
                    // The server keeps the default as a value of the old type, converted.
                    if let (TypeName::User(old), Some(default)) =
                        (&column.data_type.name, &mut column.default)
                        && column.data_type.name != data_type.name
                        && !default.text.contains("::")
                    {
                        let array = if column.data_type.is_array { "[]" } else { "" };
                        default.text = format!("({})::{old}{array}", default.text).into();
                    }
                    column.data_type = data_type.clone();
                    column.collation = collation.clone();
                });
                let is_identity = self
                    .catalog
                    .table(table)
                    .and_then(|table| table.column(column))
                    .is_some_and(|column| column.identity.is_some());
                if is_identity {
                    let change = SequenceChange {
                        data_type: Some(data_type),
                        ..SequenceChange::default()
                    };
                    for sequence in self.identity_sequences(table, column) {
                        self.renumber(&sequence, &change);
                    }
                }
            }
            ColumnChange::SetDefault(default) => {
                edit(self, &|column| column.default = Some(default.clone()));
            }
            ColumnChange::DropDefault => edit(self, &|column| column.default = None),
            ColumnChange::SetNotNull => edit(self, &|column| column.not_null = true),
            ColumnChange::DropNotNull => edit(self, &|column| column.not_null = false),
            ColumnChange::AddIdentity(identity, change) => {
                edit(self, &|column| {
                    column.identity = Some(*identity);
                    column.not_null = true;
                });
                self.supply(table, column, false, change);
            }
            ColumnChange::SetIdentity(identity) => {
                edit(self, &|column| column.identity = Some(*identity));
            }
            ColumnChange::SetIdentitySequence(change) => {
                for sequence in self.identity_sequences(table, column) {
                    self.renumber(&sequence, change);
                }
            }
            ColumnChange::DropIdentity(_) => {
                edit(self, &|column| column.identity = None);
                for sequence in self.identity_sequences(table, column) {
                    self.remove_relation(&sequence, Behavior::Restrict);
                }
            }
            ColumnChange::DropExpression(_) => edit(self, &|column| column.generated = None),
            ColumnChange::SetExpression(expr) => {
                edit(self, &|column| column.generated = Some(expr.clone()));
            }
            ColumnChange::Redefine(def) => {
                let built = self.build_column(def);
                edit(self, &|column| {
                    let id = column.id;
                    *column = built.clone();
                    column.id = id;
                });
            }
        }
    }

    pub(super) fn add_constraint(&mut self, table: &QualifiedName, def: &ConstraintDef) {
        if let Some(column) = &def.options.beside {
            let place = (table.clone(), column.clone());
            if self.session.found_columns.contains(&place) {
                return;
            }
        }
        if let ConstraintKind::NotNull { column } = &def.kind {
            if self.find_column(table, column).is_some() {
                self.alter_one_column(table, column, &ColumnChange::SetNotNull);
            }
            return;
        }
        let Some(relation) = self.catalog.relation(table).cloned() else {
            return;
        };
        let Some(body) = relation.as_table() else {
            return;
        };
        if let Some(name) = &def.name
            && body.constraints.iter().any(|it| it.name == *name)
        {
            let message = format!(
                "constraint \"{}\" for relation \"{}\" already exists",
                name.as_str(),
                table.name.as_str()
            );
            self.misfit("42710", message);
            return;
        }
        let mut kind = def.kind.clone();
        let mut references = None;
        match &mut kind {
            ConstraintKind::PrimaryKey {
                columns,
                using_index,
            }
            | ConstraintKind::Unique {
                columns,
                using_index,
                ..
            } => {
                if let Some(index) = using_index
                    && let Some(index) = body.indexes.iter().find(|it| it.name == *index)
                {
                    *columns = index
                        .plain_unique_columns()
                        .unwrap_or_default()
                        .into_iter()
                        .cloned()
                        .collect();
                }
                for column in columns.iter() {
                    self.find_column(table, column);
                }
            }
            ConstraintKind::ForeignKey {
                table: other,
                columns,
                referenced,
                ..
            } => {
                for column in columns.iter() {
                    self.find_column(table, column);
                }
                if let Some(found) = self.find_table(other) {
                    references = self.catalog.relation(&found).map(|it| it.id);
                    *other = ObjectName::from(&found);
                    if referenced.is_empty()
                        && let Some(key) = self.primary_key(&found)
                    {
                        *referenced = key;
                    }
                }
            }
            ConstraintKind::Check { expr, .. } => {
                for column in &expr.columns {
                    self.expect(table, column);
                }
            }
            ConstraintKind::Exclude { .. } | ConstraintKind::NotNull { .. } => {}
        }
        // A key that takes an index over has its name.
        let taken_over = match &kind {
            ConstraintKind::PrimaryKey { using_index, .. }
            | ConstraintKind::Unique { using_index, .. } => using_index.clone(),
            _ => None,
        };
        let name = def
            .name
            .clone()
            .or(taken_over)
            .unwrap_or_else(|| self.constraint_name(table, &kind, &def.options));
        let constraint = Constraint {
            id: self.origin.next_id(),
            name: name.clone(),
            kind: kind.clone(),
            references,
            valid: !def.not_valid,
            deferrable: def.deferrable,
            enforced: !def.not_enforced,
            options: Arc::new(def.options.clone()),
            parent: None,
        };
        if let Some(on) = references {
            self.catalog.depend(on, relation.id);
        }
        self.edit_table(table, |table| table.constraints.push(constraint.clone()));
        for child in self.descendants(table) {
            if matches!(kind, ConstraintKind::Check { .. }) && !def.options.no_inherit {
                self.edit_table(&child, |table| table.constraints.push(constraint.clone()));
            }
        }
        let made = name.clone();
        match kind {
            ConstraintKind::PrimaryKey {
                columns,
                using_index,
            } => {
                let mut targets = vec![table.clone()];
                targets.extend(self.descendants(table));
                if self.session.primary_keys == PrimaryKeys::AdmitNull {
                    targets.clear();
                }
                for target in targets {
                    for column in &columns {
                        self.alter_one_column(&target, column, &ColumnChange::SetNotNull);
                    }
                }
                let include = &def.options.include;
                self.back_constraint(
                    table,
                    &name,
                    (&columns, include),
                    false,
                    using_index.as_ref(),
                );
            }
            ConstraintKind::Unique {
                columns,
                nulls_not_distinct,
                using_index,
            } => self.back_constraint(
                table,
                &name,
                (&columns, &def.options.include),
                nulls_not_distinct,
                using_index.as_ref(),
            ),
            ConstraintKind::Exclude { .. } => {
                if let Some(exclusion) = def.options.exclusion.as_deref() {
                    let index = Index {
                        id: self.origin.next_id(),
                        name: name.clone(),
                        unique: false,
                        nulls_not_distinct: false,
                        method: exclusion.method.clone(),
                        keys: exclusion.keys.clone(),
                        options: exclusion.options.clone(),
                        include: def.options.include.clone(),
                        predicate: exclusion.predicate.clone(),
                        constraint: Some(name),
                        valid: true,
                        parent: None,
                    };
                    self.attach_index(table, index);
                }
            }
            ConstraintKind::Check { .. }
            | ConstraintKind::ForeignKey { .. }
            | ConstraintKind::NotNull { .. } => {}
        }
        if !def.options.only {
            self.hand_down(table);
        } else if relation
            .as_table()
            .is_some_and(|table| table.partition_by.is_some() && table.has_children)
        {
            // It waits for the partitions' keys.
            self.edit_table(table, |table| {
                let is_meant = |it: &Index| it.constraint.as_ref() == Some(&made);
                table.indexes.edit(is_meant, |it| it.valid = false);
            });
        }
    }

    /// The name that the server makes up for a foreign key.
    pub(super) fn foreign_key_name(&self, table: &QualifiedName, kind: &ConstraintKind) -> Ident {
        self.constraint_name(table, kind, &ConstraintOptions::default())
    }

    /// MySQL's name for a constraint without one.
    fn mysql_constraint_name(&self, table: &QualifiedName, kind: &ConstraintKind) -> Ident {
        let label = match kind {
            ConstraintKind::PrimaryKey { .. } => return Ident::in_any_case("PRIMARY"),
            ConstraintKind::Unique { columns, .. } => {
                let first = columns.first().cloned();
                return self.free_index_name(table, first.unwrap_or_else(|| "key".into()));
            }
            ConstraintKind::ForeignKey { .. } => "ibfk",
            ConstraintKind::Check { .. }
            | ConstraintKind::Exclude { .. }
            | ConstraintKind::NotNull { .. } => "chk",
        };
        let taken = |name: &Ident| {
            let table = self.catalog.table(table);
            table.is_some_and(|table| table.constraints.iter().any(|it| it.name == *name))
        };
        (1_u32..)
            .map(|number| Ident::in_any_case(&format!("{}_{label}_{number}", table.name.as_str())))
            .find(|name| !taken(name))
            .expect("a table has fewer constraints than there are numbers")
    }

    fn primary_key(&self, table: &QualifiedName) -> Option<Vec<Ident>> {
        self.catalog
            .table(table)?
            .constraints
            .iter()
            .find_map(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey { columns, .. } => Some(columns.clone()),
                ConstraintKind::Unique { .. }
                | ConstraintKind::Check { .. }
                | ConstraintKind::ForeignKey { .. }
                | ConstraintKind::Exclude { .. }
                | ConstraintKind::NotNull { .. } => None,
            })
    }

    fn constraint_name(
        &self,
        table: &QualifiedName,
        kind: &ConstraintKind,
        options: &ConstraintOptions,
    ) -> Ident {
        let joined = |columns: &[Ident]| {
            let parts: Vec<&str> = columns.iter().map(Ident::as_str).collect();
            parts.join("_")
        };
        if self.session.index_names == IndexNames::PerTable {
            return self.mysql_constraint_name(table, kind);
        }
        let (second, label) = match kind {
            ConstraintKind::PrimaryKey { .. } => (String::new(), "pkey"),
            ConstraintKind::Unique { columns, .. } => {
                let all: Vec<Ident> = columns.iter().chain(&options.include).cloned().collect();
                (joined(&all), "key")
            }
            ConstraintKind::ForeignKey { columns, .. } => (joined(columns), "fkey"),
            ConstraintKind::Exclude { definition } => match options.exclusion.as_deref() {
                Some(exclusion) => (
                    index_column_names(&exclusion.keys, &options.include).join("_"),
                    "excl",
                ),
                None => (joined(&self.real_columns(table, definition)), "excl"),
            },
            ConstraintKind::Check { expr, .. } => {
                let columns = self.real_columns(table, expr);
                match columns.as_slice() {
                    [one] => (one.as_str().to_owned(), "check"),
                    _ => (String::new(), "check"),
                }
            }
            ConstraintKind::NotNull { column } => (column.as_str().to_owned(), "not_null"),
        };
        choose_name(
            self.catalog,
            &table.schema,
            &table.name,
            &second,
            label,
            |name| self.is_constraint_name(table, name),
        )
    }

    /// Whether a constraint in the table's schema has that name already.
    fn is_constraint_name(&self, table: &QualifiedName, name: &str) -> bool {
        let has_it = |table: &Table| table.constraints.iter().any(|it| it.name.as_str() == name);
        if self.catalog.table(table).is_some_and(has_it) {
            return true;
        }
        self.catalog.has_renamed
            && self
                .catalog
                .relations()
                .filter(|(other, _)| other.schema == table.schema)
                .any(|(_, relation)| relation.as_table().is_some_and(has_it))
    }

    /// The identifiers of an expression that are columns of the table.
    fn real_columns(&self, table: &QualifiedName, expr: &SqlExpr) -> Vec<Ident> {
        let Some(table) = self.catalog.table(table) else {
            return Vec::new();
        };
        table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .filter(|column| expr.columns.contains(column))
            .collect()
    }

    /// The unique index behind a key: a new one, or an existing one that takes its name.
    fn back_constraint(
        &mut self,
        table: &QualifiedName,
        name: &Ident,
        (columns, include): (&[Ident], &[Ident]),
        nulls_not_distinct: bool,
        using_index: Option<&Ident>,
    ) {
        if let Some(index) = using_index {
            let from = QualifiedName::new(table.schema.clone(), index.clone());
            let to = QualifiedName::new(table.schema.clone(), name.clone());
            if from != to {
                self.rekey_relation(&from, &to);
            }
            self.edit_table(table, |table| {
                let is_meant = |index: &Index| index.name == *name;
                table
                    .indexes
                    .edit(is_meant, |it| it.constraint = Some(name.clone()));
            });
            return;
        }
        let index = Index {
            id: self.origin.next_id(),
            name: name.clone(),
            unique: true,
            nulls_not_distinct,
            method: Ident::new("btree"),
            keys: columns.iter().cloned().map(IndexKey::Column).collect(),
            options: Vec::new(),
            include: include.to_vec(),
            predicate: None,
            constraint: Some(name.clone()),
            valid: true,
            parent: None,
        };
        self.attach_index(table, index);
    }

    pub(super) fn drop_constraint(
        &mut self,
        table: &ObjectName,
        name: &Ident,
        existence: Existence,
        behavior: Behavior,
    ) {
        let Some(found) = self.find_table(table) else {
            return;
        };
        let Some(body) = self.catalog.table(&found).cloned() else {
            return;
        };
        let Some(constraint) = body.constraints.iter().find(|it| it.name == *name) else {
            if existence == Existence::Required && body.knowledge.is_full() {
                let message = format!(
                    "constraint \"{}\" of relation \"{}\" does not exist",
                    name.as_str(),
                    found.name.as_str()
                );
                self.misfit("42704", message);
            }
            return;
        };
        let backed = matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Unique { .. }
                | ConstraintKind::Exclude { .. }
        );
        if backed {
            self.forget_name(&self.index_key(&found, name));
        }
        let index = body
            .indexes
            .iter()
            .find(|index| index.constraint.as_ref() == Some(name));
        if let Some(index) = index {
            self.drop_counterparts(&found, index.id);
        }
        self.drop_shared_constraints(&found, constraint.id);
        if behavior == Behavior::Cascade {
            self.drop_references_of_key(&found, &constraint.kind);
        }
        let mut targets = vec![found.clone()];
        if matches!(constraint.kind, ConstraintKind::Check { .. }) {
            targets.extend(self.descendants(&found));
        }
        for target in targets {
            self.edit_table(&target, |table| {
                table.constraints.retain(|it| it.name != *name);
                table
                    .indexes
                    .retain(|index| index.constraint.as_ref() != Some(name));
            });
        }
    }

    /// Takes away the foreign keys that stand on a key of a table.
    fn drop_references_of_key(&mut self, table: &QualifiedName, key: &ConstraintKind) {
        let (ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. }) =
            key
        else {
            return;
        };
        let Some(id) = self.catalog.relation(table).map(|it| it.id) else {
            return;
        };
        let is_primary = matches!(key, ConstraintKind::PrimaryKey { .. });
        let stands = |it: &Constraint| match &it.kind {
            ConstraintKind::ForeignKey { referenced, .. } if it.references == Some(id) => {
                let is_same = referenced.len() == columns.len()
                    && referenced.iter().all(|it| columns.contains(it));
                is_same || (referenced.is_empty() && is_primary)
            }
            _ => false,
        };
        for other in self.referencing(id, None) {
            self.edit_table(&other, |table| table.constraints.retain(|it| !stands(it)));
        }
    }

    pub(super) fn rename_constraint(&mut self, table: &ObjectName, from: &Ident, to: &Ident) {
        let Some(found) = self.find_table(table) else {
            return;
        };
        let index = self.index_key(&found, from);
        let is_index = self
            .catalog
            .relation(&index)
            .is_some_and(|relation| matches!(relation.body, RelationBody::Index { .. }));
        if is_index && self.session.index_names == IndexNames::PerTable {
            let key = self.index_key(&found, to);
            if let Some(entry) = self.catalog.relation(&index).cloned() {
                self.forget_name(&index);
                self.catalog
                    .relation_names
                    .insert_mut(entry.id, key.clone());
                self.catalog.relations.insert_mut(key, entry);
            }
            self.edit_relation(&found, |owner| rename_index(owner, from, to));
            return;
        }
        if is_index {
            let to = QualifiedName::new(found.schema.clone(), to.clone());
            self.rekey_relation(&index, &to);
            return;
        }
        let is_check = self.catalog.table(&found).is_some_and(|table| {
            let mut all = table.constraints.iter();
            all.any(|it| it.name == *from && matches!(it.kind, ConstraintKind::Check { .. }))
        });
        let mut targets = vec![found.clone()];
        if is_check {
            targets.extend(self.descendants(&found));
        }
        for target in targets {
            self.edit_table(&target, |table| {
                let is_meant = |constraint: &Constraint| constraint.name == *from;
                table.constraints.edit(is_meant, |it| it.name = to.clone());
            });
        }
    }

    pub(super) fn alter_constraint(
        &mut self,
        table: &ObjectName,
        name: &Ident,
        (timing, enforced, no_inherit): (Option<(bool, bool)>, Option<bool>, Option<bool>),
    ) {
        let Some(found) = self.find_table(table) else {
            return;
        };
        let mut targets = vec![found.clone()];
        targets.extend(self.descendants(&found));
        for target in targets {
            self.edit_table(&target, |table| {
                let is_meant = |constraint: &Constraint| constraint.name == *name;
                table.constraints.edit(is_meant, |it| {
                    if let Some((deferrable, deferred)) = timing {
                        it.deferrable = deferrable;
                        Arc::make_mut(&mut it.options).deferred = deferred;
                    }
                    if let Some(enforced) = enforced {
                        // The rows are looked at when it comes into force.
                        (it.enforced, it.valid) = (enforced, enforced);
                    }
                    if let Some(no_inherit) = no_inherit {
                        Arc::make_mut(&mut it.options).no_inherit = no_inherit;
                    }
                });
            });
        }
    }

    pub(super) fn validate_constraint(&mut self, table: &ObjectName, name: &Ident) {
        let Some(found) = self.find_table(table) else {
            return;
        };
        let mut targets = vec![found.clone()];
        targets.extend(self.descendants(&found));
        for target in targets {
            self.edit_table(&target, |table| {
                let is_meant =
                    |constraint: &Constraint| constraint.name == *name && !constraint.valid;
                table.constraints.edit(is_meant, |it| it.valid = true);
            });
        }
    }

    fn edit_triggers(&mut self, table: &QualifiedName, edit: impl FnOnce(&mut Vec<Trigger>)) {
        self.edit_relation(table, |relation| match &mut relation.body {
            RelationBody::Table(table) => edit(&mut table.triggers),
            RelationBody::View(view) => edit(&mut view.triggers),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
        });
    }

    pub(super) fn create_trigger(&mut self, def: &TriggerDef, creation: Creation) {
        let Some(table) = self.find_table(&def.table) else {
            return;
        };
        let trigger = Trigger {
            id: self.origin.next_id(),
            name: def.name.clone(),
            timing: def.timing,
            events: def.events,
            columns: def.columns.clone(),
            for_each_row: def.for_each_row,
            function: def.function.as_ref().map(|function| {
                let found = self.lookup(function, |name| self.catalog.routines.contains_key(name));
                found.map_or_else(|| function.clone(), |found| ObjectName::from(&found))
            }),
            enabled: true,
            constraint: def.constraint,
            condition: def.condition.clone(),
            arguments: def.arguments.clone(),
            attributes: def.attributes.clone(),
        };
        let mut exists = false;
        self.edit_triggers(&table, |triggers| {
            match triggers.iter_mut().find(|it| it.name == def.name) {
                Some(existing) if creation == Creation::OrReplace => {
                    let id = existing.id;
                    *existing = Trigger { id, ..trigger };
                }
                Some(_) => exists = true,
                None => triggers.push(trigger),
            }
        });
        if exists && creation == Creation::New {
            let message = format!(
                "trigger \"{}\" for relation \"{}\" already exists",
                def.name.as_str(),
                table.name.as_str()
            );
            self.misfit("42710", message);
        }
    }

    pub(super) fn drop_trigger(
        &mut self,
        name: &Ident,
        table: Option<&ObjectName>,
        existence: Existence,
    ) {
        let table = match table {
            Some(table) => self.find_relation(table, RelationKind::Table, existence),
            None => self
                .catalog
                .relations()
                .find(|(_, relation)| {
                    relation
                        .as_table()
                        .is_some_and(|table| table.triggers.iter().any(|it| it.name == *name))
                })
                .map(|(name, _)| name.clone()),
        };
        if let Some(table) = table {
            self.edit_triggers(&table, |triggers| triggers.retain(|it| it.name != *name));
        }
    }

    pub(super) fn rename_trigger(&mut self, table: &ObjectName, from: &Ident, to: &Ident) {
        if let Some(table) = self.find_table(table) {
            self.edit_triggers(&table, |triggers| {
                for trigger in triggers {
                    if trigger.name == *from {
                        trigger.name = to.clone();
                    }
                }
            });
        }
    }

    pub(super) fn enable_trigger(
        &mut self,
        table: &ObjectName,
        selection: &TriggerSelection,
        enabled: bool,
    ) {
        if let Some(table) = self.find_table(table) {
            self.edit_triggers(&table, |triggers| {
                for trigger in triggers {
                    let selected = match selection {
                        TriggerSelection::All => true,
                        TriggerSelection::Named(name) => trigger.name == *name,
                    };
                    if selected {
                        trigger.enabled = enabled;
                    }
                }
            });
        }
    }

    pub(super) fn create_policy(&mut self, def: &PolicyDef) {
        let Some(table) = self.find_table(&def.table) else {
            return;
        };
        let policy = Policy {
            id: self.origin.next_id(),
            name: def.name.clone(),
            permissive: def.permissive,
            command: def.command,
            roles: def.roles.clone(),
            using: def.using.clone(),
            with_check: def.with_check.clone(),
        };
        self.edit_table(&table, |table| table.policies.push(policy));
    }

    pub(super) fn edit_policy(
        &mut self,
        table: &ObjectName,
        name: &Ident,
        edit: impl FnOnce(&mut Policy),
    ) {
        if let Some(table) = self.find_table(table) {
            self.edit_table(&table, |table| {
                if let Some(policy) = table.policies.iter_mut().find(|it| it.name == *name) {
                    edit(policy);
                }
            });
        }
    }

    pub(super) fn drop_policy(&mut self, table: &ObjectName, name: &Ident, existence: Existence) {
        if let Some(table) = self.find_relation(table, RelationKind::Table, existence) {
            self.edit_table(&table, |table| {
                table.policies.retain(|policy| policy.name != *name);
            });
        }
    }

    pub(super) fn set_row_security(&mut self, table: &ObjectName, change: RowSecurityChange) {
        if let Some(table) = self.find_table(table) {
            self.edit_table(&table, |table| {
                let security = &mut table.row_security;
                match change {
                    RowSecurityChange::Enable => security.enabled = true,
                    RowSecurityChange::Disable => security.enabled = false,
                    RowSecurityChange::Force => security.forced = true,
                    RowSecurityChange::NoForce => security.forced = false,
                }
            });
        }
    }

    /// Writes a renamed type into every column that has it.
    pub(super) fn rename_type_in_columns(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let old = TypeName::User(ObjectName::from(from));
        let new = TypeName::User(ObjectName::from(to));
        let users: Vec<QualifiedName> = self
            .catalog
            .relations()
            .filter(|(_, relation)| {
                relation
                    .as_table()
                    .is_some_and(|table| table.columns.iter().any(|it| it.data_type.name == old))
            })
            .map(|(name, _)| name.clone())
            .collect();
        for user in users {
            self.edit_table(&user, |table| {
                let is_meant = |column: &Column| column.data_type.name == old;
                table
                    .columns
                    .edit(is_meant, |it| it.data_type.name = new.clone());
            });
        }
    }
}

/// Every column that a constraint needs: when one is dropped, so is the constraint.
pub(crate) fn constraint_columns(kind: &ConstraintKind) -> Vec<&Ident> {
    match kind {
        ConstraintKind::PrimaryKey { columns, .. }
        | ConstraintKind::Unique { columns, .. }
        | ConstraintKind::ForeignKey { columns, .. } => columns.iter().collect(),
        ConstraintKind::Check { expr, .. } => expr.columns.iter().collect(),
        ConstraintKind::Exclude { definition } => definition.columns.iter().collect(),
        ConstraintKind::NotNull { column } => vec![column],
    }
}

fn rename_all(columns: &mut [Ident], from: &Ident, to: &Ident) {
    for column in columns {
        if column == from {
            *column = to.clone();
        }
    }
}

fn rename_in_table(table: &mut Table, from: &Ident, to: &Ident) {
    if let Knowledge::ColumnsUnknown { absent } = &mut table.knowledge {
        absent.insert(from.clone());
        absent.remove(to);
    }
    let in_expr = |expr: &Option<SqlExpr>| {
        expr.as_ref()
            .is_some_and(|expr| expr.columns.contains(from))
    };
    let is_meant = |column: &Column| {
        column.name == *from || in_expr(&column.generated) || in_expr(&column.default)
    };
    table.columns.edit(is_meant, |column| {
        if column.name == *from {
            column.name = to.clone();
        }
        for expr in column.generated.iter_mut().chain(&mut column.default) {
            *expr = expr.with_column_renamed(from, to);
        }
    });
    let is_meant = |constraint: &Constraint| constraint_columns(&constraint.kind).contains(&from);
    table.constraints.edit(is_meant, |constraint| {
        rename_in_constraint(&mut constraint.kind, from, to);
    });
    let is_meant = |index: &Index| index.columns().any(|column| column == from);
    table
        .indexes
        .edit(is_meant, |index| rename_in_index(index, from, to));
    for trigger in &mut table.triggers {
        rename_all(&mut trigger.columns, from, to);
    }
    if let Some(key) = &mut table.partition_by {
        *key = key.with_column_renamed(from, to);
    }
    for rule in &mut table.rules {
        for expr in rule.condition.iter_mut().chain([&mut rule.actions]) {
            *expr = expr.with_column_renamed(from, to);
        }
    }
    for policy in &mut table.policies {
        for expr in policy.using.iter_mut().chain(&mut policy.with_check) {
            *expr = expr.with_column_renamed(from, to);
        }
    }
}

fn rename_in_constraint(kind: &mut ConstraintKind, from: &Ident, to: &Ident) {
    match kind {
        ConstraintKind::PrimaryKey { columns, .. }
        | ConstraintKind::Unique { columns, .. }
        | ConstraintKind::ForeignKey { columns, .. } => rename_all(columns, from, to),
        ConstraintKind::Check { expr, allowed } => {
            *expr = expr.with_column_renamed(from, to);
            if let Some(allowed) = allowed
                && allowed.column == *from
            {
                allowed.column = to.clone();
            }
        }
        ConstraintKind::Exclude { definition } => {
            *definition = definition.with_column_renamed(from, to);
        }
        ConstraintKind::NotNull { column } => {
            if column == from {
                *column = to.clone();
            }
        }
    }
}

fn rename_in_index(index: &mut Index, from: &Ident, to: &Ident) {
    for key in &mut index.keys {
        match key {
            IndexKey::Column(column) => {
                if column == from {
                    *column = to.clone();
                }
            }
            IndexKey::Expression(expr) => *expr = expr.with_column_renamed(from, to),
        }
    }
    rename_all(&mut index.include, from, to);
    if let Some(predicate) = &mut index.predicate {
        *predicate = predicate.with_column_renamed(from, to);
    }
}
