//! Relations as a whole: made, dropped, renamed, moved; schemas, partitions and parents.

use std::collections::BTreeSet;

use super::follow::Renamed;
use super::naming::choose_name;
use super::{Applier, Touched};
use crate::schema::catalog::{
    Column, Constraint, Index, Knowledge, ObjectId, Relation, RelationBody, Sequence,
    SequenceOptions, Table, TypeBody, View, ViewWrites, schema_key,
};
use crate::schema::list::List;
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    Behavior, ColumnDef, ConstraintDef, ConstraintKind, Creation, Existence, Identity, IndexDef,
    IndexKey, LikeClause, QueryDef, RelationKind, SequenceChange, SequenceOwner, SqlExpr, TableDef,
    ViewDef,
};
use crate::schema::session::IndexNames;
use crate::schema::types::{SqlType, TypeName};

impl Applier<'_> {
    /// Whether a new relation may take `name`; an assumed one makes way.
    fn may_create(&mut self, name: &QualifiedName, creation: Creation) -> bool {
        let Some(existing) = self.catalog.relation(name) else {
            return true;
        };
        if existing.assumed {
            return true;
        }
        if creation == Creation::New {
            let message = format!("relation \"{}\" already exists", name.name.as_str());
            self.misfit("42P07", message);
        }
        false
    }

    /// The name of a temporary relation is in a schema of its own.
    fn new_relation_name(&self, name: &ObjectName, temporary: bool) -> QualifiedName {
        if temporary || is_temporary(name) {
            QualifiedName::new("pg_temp", name.name.clone())
        } else {
            self.new_name(name)
        }
    }

    pub(super) fn create_table(&mut self, def: &TableDef, creation: Creation) {
        let name = self.new_relation_name(&def.name, def.temporary);
        if !self.may_create(&name, creation) {
            return;
        }
        let id = self.origin.next_id();
        let mut table = Table {
            partition_by: def.partition_by.clone(),
            foreign: def.foreign,
            unlogged: def.unlogged,
            partition_bound: def.partition_bound.clone(),
            ..Table::default()
        };
        for parent in &def.inherits {
            let parent = self.copy_parent(parent, &mut table);
            table.inherits.extend(parent);
        }
        if let Some(parent) = &def.partition_of {
            table.partition_of = self.copy_parent(parent, &mut table);
        }
        if let Some(of_type) = &def.of_type {
            self.columns_of_type(of_type, &mut table);
        }
        if def.columns_unknown {
            table.knowledge = Knowledge::columns_unknown();
        }
        for like in def.like.iter().filter(|like| like.after == 0) {
            self.copy_like(like, &mut table);
        }
        if let Some(query) = &def.as_query {
            match (&query.output, self.starred(query)) {
                (Some(columns), _) => {
                    for column in columns {
                        let mut column = self.assumed_column(column);
                        column.assumed = false;
                        table.columns.push(column);
                    }
                }
                (None, Some(columns)) => {
                    for column in &columns {
                        let copy = self.assumed_column(&column.name);
                        table.columns.push(Column {
                            data_type: column.data_type.clone(),
                            assumed: column.assumed,
                            ..copy
                        });
                    }
                }
                (None, None) => table.knowledge = Knowledge::columns_unknown(),
            }
        }
        for parent in table.inherits.iter().chain(&table.partition_of) {
            self.catalog.depend(*parent, id);
        }
        self.insert_relation(
            &name,
            Relation {
                id,
                body: RelationBody::Table(table),
                temporary: def.temporary || is_temporary(&def.name),
                assumed: false,
                unread: 0,
            },
        );
        self.touch_relation(&name);
        for (at, column) in def.columns.iter().enumerate() {
            self.push_column(&name, column);
            for like in def.like.iter().filter(|like| like.after == at + 1) {
                if let Some(mut table) = self.catalog.table(&name).cloned() {
                    self.copy_like(like, &mut table);
                    self.edit_table(&name, |it| *it = table);
                }
            }
        }
        for mut constraint in without_repeated_keys(&def.constraints) {
            // There are no rows yet that it could not hold for.
            constraint.not_valid &= def.foreign || constraint.not_enforced;
            self.add_constraint(&name, &constraint);
        }
        let inherited = def.partition_of.iter().chain(&def.inherits);
        for parent in inherited {
            if let Some(parent) = self.lookup_relation(parent) {
                self.edit_table(&parent, |parent| parent.has_children = true);
                if def.partition_of.is_some() {
                    self.share_with(&parent, &name);
                }
            }
        }
        for like in def.like.iter().filter(|like| like.indexes) {
            if let Some(source) = self.lookup_relation(&like.table) {
                self.copy_keys(&source, &name);
            }
        }
    }

    /// The columns that `SELECT * FROM t` stands for, where the query is just that (with whatever
    /// filter) and every column of `t` is known.
    fn starred(&self, query: &QueryDef) -> Option<Vec<Column>> {
        let [source] = query.relations.as_slice() else {
            return None;
        };
        let text = query.text.to_lowercase();
        let rest = text.strip_prefix("select * from ")?;
        if rest.starts_with("only ") || rest.contains(" join ") || rest.contains(',') {
            return None;
        }
        let source = self.lookup_relation(source)?;
        match &self.catalog.relation(&source)?.body {
            RelationBody::Table(table) => table
                .knowledge
                .is_full()
                .then(|| table.columns.iter().cloned().collect()),
            RelationBody::View(view) => {
                let named = |name: &Ident| Column {
                    assumed: false,
                    ..unknown_column(ObjectId(0), name)
                };
                Some(view.columns.as_ref()?.iter().map(named).collect())
            }
            RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        }
    }

    /// Copies columns and checks of a parent; its identity, or `None` when it is not known.
    fn copy_parent(&mut self, parent: &ObjectName, table: &mut Table) -> Option<ObjectId> {
        let name = self.find_table(parent)?;
        let relation = self.catalog.relation(&name)?.clone();
        let parent = relation.as_table()?;
        if !parent.knowledge.is_full() {
            table.knowledge = Knowledge::columns_unknown();
        }
        for column in &parent.columns {
            match table.column_mut(&column.name) {
                Some(existing) => existing.not_null |= column.not_null,
                None => {
                    let mut column = column.clone();
                    column.id = self.origin.next_id();
                    // A child has values of its own.
                    column.identity = None;
                    table.columns.push(column);
                }
            }
        }
        for constraint in &parent.constraints {
            if matches!(constraint.kind, ConstraintKind::Check { .. })
                && !constraint.options.no_inherit
            {
                let mut constraint = constraint.clone();
                constraint.id = self.origin.next_id();
                table.constraints.push(constraint);
            }
        }
        Some(relation.id)
    }

    /// `OF type`: the attributes are the columns.
    fn columns_of_type(&mut self, name: &ObjectName, table: &mut Table) {
        let Some(found) = self.find_type(name) else {
            return;
        };
        let Some(user_type) = self.catalog.user_type(&found).cloned() else {
            return;
        };
        table.of_type = Some(user_type.id);
        match &user_type.body {
            TypeBody::Composite(attributes) => {
                for (name, data_type) in attributes {
                    let def = ColumnDef::new(name.clone(), data_type.clone());
                    let column = self.build_column(&def);
                    table.columns.push(column);
                }
            }
            TypeBody::Unknown => table.knowledge = Knowledge::columns_unknown(),
            TypeBody::Enum { .. }
            | TypeBody::Domain { .. }
            | TypeBody::Range(_)
            | TypeBody::Base => {}
        }
    }

    fn copy_keys(&mut self, source: &QualifiedName, target: &QualifiedName) {
        let Some(source) = self.catalog.table(source).cloned() else {
            return;
        };
        // Names are unique in a table there, so the copy has the same ones.
        let keeps_names = self.session.index_names == IndexNames::PerTable;
        for constraint in &source.constraints {
            let is_key = matches!(
                constraint.kind,
                ConstraintKind::PrimaryKey { .. }
                    | ConstraintKind::Unique { .. }
                    | ConstraintKind::Exclude { .. }
            );
            let has_one = matches!(constraint.kind, ConstraintKind::PrimaryKey { .. })
                && self.catalog.table(target).is_some_and(|target| {
                    target
                        .constraints
                        .iter()
                        .any(|existing| matches!(existing.kind, ConstraintKind::PrimaryKey { .. }))
                });
            if is_key && !has_one {
                let def = ConstraintDef {
                    name: keeps_names.then(|| constraint.name.clone()),
                    kind: constraint.kind.clone(),
                    not_valid: false,
                    deferrable: constraint.deferrable,
                    not_enforced: false,
                    options: constraint.options.as_ref().clone(),
                };
                self.add_constraint(target, &def);
            }
        }
        for index in source
            .indexes
            .iter()
            .filter(|index| index.constraint.is_none())
        {
            let def = IndexDef {
                name: keeps_names.then(|| index.name.clone()),
                table: ObjectName::from(target),
                unique: index.unique,
                nulls_not_distinct: index.nulls_not_distinct,
                method: index.method.clone(),
                keys: index.keys.clone(),
                options: index.options.clone(),
                include: index.include.clone(),
                predicate: index.predicate.clone(),
                concurrently: false,
                only: false,
            };
            self.create_index(&def, Existence::Required);
        }
    }

    fn copy_like(&mut self, like: &LikeClause, table: &mut Table) {
        let Some(name) = self.find_table(&like.table) else {
            return;
        };
        let Some(source) = self.catalog.table(&name).cloned() else {
            table.knowledge = Knowledge::columns_unknown();
            return;
        };
        if !source.knowledge.is_full() {
            table.knowledge = Knowledge::columns_unknown();
        }
        for column in &source.columns {
            let mut column = column.clone();
            column.id = self.origin.next_id();
            if !like.defaults {
                column.default = None;
            }
            if !like.identity {
                column.identity = None;
            }
            if !like.generated {
                column.generated = None;
            }
            table.columns.push(column);
        }
        if like.constraints {
            for constraint in &source.constraints {
                if matches!(constraint.kind, ConstraintKind::Check { .. }) {
                    let mut constraint = constraint.clone();
                    constraint.id = self.origin.next_id();
                    table.constraints.push(constraint);
                }
            }
        }
    }

    pub(super) fn create_view(&mut self, def: &ViewDef, creation: Creation) {
        let name = self.new_relation_name(&def.name, def.temporary);
        let depends_on = def
            .query
            .relations
            .iter()
            .filter_map(|relation| {
                let found = self.lookup_relation(relation)?;
                self.catalog.relation(&found).map(|relation| relation.id)
            })
            .collect();
        let columns = if def.columns.is_empty() {
            let starred = || {
                let columns = self.starred(&def.query)?;
                Some(columns.into_iter().map(|column| column.name).collect())
            };
            def.query.output.clone().or_else(starred)
        } else {
            Some(def.columns.clone())
        };
        // `*` is what it stood for when the view was made.
        let mut query = def.query.clone();
        if query.columns.is_none()
            && let Some(columns) = self.starred(&def.query)
        {
            let names: Vec<String> = columns.iter().map(|it| it.name.to_string()).collect();
            query.text = query.text.replacen('*', &names.join(", "), 1).into();
            query.columns = Some(columns.into_iter().map(|it| it.name).collect());
        }
        let mut view = View {
            materialized: def.materialized,
            columns,
            types: Vec::new(),
            query,
            depends_on,
            indexes: List::default(),
            triggers: Vec::new(),
            rules: Vec::new(),
            writes: ViewWrites::Unknown,
        };
        let existing = self
            .catalog
            .relation(&name)
            .map(|existing| match &existing.body {
                RelationBody::View(old) if creation == Creation::OrReplace => {
                    Some((existing.id, old.clone()))
                }
                RelationBody::View(_)
                | RelationBody::Table(_)
                | RelationBody::Sequence(_)
                | RelationBody::Index { .. } => None,
            });
        let id = match existing {
            Some(Some((id, old))) => {
                // Replacing keeps every column where it is and may add some at the end, so the
                // old ones are known to stay even where the new query's are not read.
                view.columns = view.columns.or(old.columns);
                view.triggers = old.triggers;
                view.rules = old.rules;
                id
            }
            Some(None) if !self.may_create(&name, creation) => {
                if creation == Creation::OrReplace {
                    let message = format!("\"{}\" is not a view", name.name.as_str());
                    self.misfit("42809", message);
                }
                return;
            }
            Some(None) | None => self.origin.next_id(),
        };
        for read in &view.depends_on {
            self.catalog.depend(*read, id);
        }
        self.insert_relation(
            &name,
            Relation {
                id,
                body: RelationBody::View(view),
                temporary: def.temporary || is_temporary(&def.name),
                assumed: false,
                unread: 0,
            },
        );
        self.touch_relation(&name);
    }

    pub(super) fn create_sequence(
        &mut self,
        name: &ObjectName,
        temporary: bool,
        owner: Option<&SequenceOwner>,
        options: &SequenceChange,
        existence: Existence,
    ) {
        let qualified = self.new_relation_name(name, temporary);
        let creation = match existence {
            Existence::Required => Creation::New,
            Existence::Tolerated => Creation::IfNotExists,
        };
        if !self.may_create(&qualified, creation) {
            return;
        }
        let id = self.origin.next_id();
        self.insert_relation(
            &qualified,
            Relation {
                id,
                body: RelationBody::Sequence(Sequence {
                    owner: None,
                    identity: false,
                    options: Some(Box::new(SequenceOptions::new(options))),
                }),
                temporary: temporary || is_temporary(name),
                assumed: false,
                unread: 0,
            },
        );
        self.touch_relation(&qualified);
        if let Some(owner) = owner {
            self.set_sequence_owner(&ObjectName::from(&qualified), owner, Existence::Required);
        }
    }

    /// The sequence behind a `serial` or identity column: `table_column_seq`.
    pub(super) fn create_owned_sequence(
        &mut self,
        table: &QualifiedName,
        column: &Ident,
        change: &SequenceChange,
        identity: bool,
    ) -> Option<QualifiedName> {
        let owner = self.catalog.relation(table)?.id;
        let found = self.catalog.table(table)?.column(column)?;
        let column_id = found.id;
        let mut change = change.clone();
        if change.data_type.is_none() {
            change.data_type = Some(found.data_type.clone());
        }
        let name = match &change.name {
            Some(name) => QualifiedName::new(
                name.schema.clone().unwrap_or_else(|| table.schema.clone()),
                name.name.clone(),
            ),
            None => {
                let chosen = choose_name(
                    self.catalog,
                    &table.schema,
                    &table.name,
                    column.as_str(),
                    "seq",
                    |_| false,
                );
                QualifiedName::new(table.schema.clone(), chosen)
            }
        };
        let id = self.origin.next_id();
        self.catalog.depend(owner, id);
        self.insert_relation(
            &name,
            Relation {
                id,
                body: RelationBody::Sequence(Sequence {
                    owner: Some((owner, column_id)),
                    identity,
                    options: Some(Box::new(SequenceOptions::new(&change))),
                }),
                temporary: false,
                assumed: false,
                unread: 0,
            },
        );
        self.touch_relation(&name);
        Some(name)
    }

    pub(super) fn alter_sequence(
        &mut self,
        name: &ObjectName,
        options: &SequenceChange,
        existence: Existence,
    ) {
        if let Some(found) = self.find_relation(name, RelationKind::Sequence, existence) {
            self.renumber(&found, options);
        }
    }

    /// Gives a sequence other numbers.
    pub(super) fn renumber(&mut self, name: &QualifiedName, change: &SequenceChange) {
        self.edit_relation(name, |relation| {
            if let RelationBody::Sequence(Sequence {
                options: Some(options),
                ..
            }) = &mut relation.body
            {
                options.change(change);
            }
        });
    }

    pub(super) fn set_sequence_owner(
        &mut self,
        name: &ObjectName,
        owner: &SequenceOwner,
        existence: Existence,
    ) {
        let Some(found) = self.find_relation(name, RelationKind::Sequence, existence) else {
            return;
        };
        let owner = match owner {
            SequenceOwner::None => None,
            SequenceOwner::Column(table, column) => {
                let Some(table) = self.find_table(table) else {
                    return;
                };
                self.catalog.relation(&table).and_then(|relation| {
                    let column = relation.as_table()?.column(column)?;
                    Some((relation.id, column.id))
                })
            }
        };
        let sequence = self.edit_relation(&found, |relation| {
            if let RelationBody::Sequence(sequence) = &mut relation.body {
                sequence.owner = owner;
            }
            relation.id
        });
        if let (Some((table, _)), Some(sequence)) = (owner, sequence) {
            self.catalog.depend(table, sequence);
        }
    }

    pub(super) fn create_index(&mut self, def: &IndexDef, existence: Existence) {
        let Some(table) = self.find_table(&def.table) else {
            return;
        };
        for key in &def.keys {
            if let IndexKey::Column(column) = key {
                self.expect(&table, column);
            }
        }
        let name = match &def.name {
            Some(name) => name.clone(),
            None if self.session.index_names == IndexNames::PerTable => {
                let first = def.keys.iter().find_map(|key| match key {
                    IndexKey::Column(column) => Some(column.clone()),
                    IndexKey::Expression(_) => None,
                });
                self.free_index_name(&table, first.unwrap_or_else(|| "functional_index".into()))
            }
            None => {
                let parts = index_column_names(&def.keys, &def.include);
                choose_name(
                    self.catalog,
                    &table.schema,
                    &table.name,
                    &parts.join("_"),
                    "idx",
                    |_| false,
                )
            }
        };
        let creation = match existence {
            Existence::Required => Creation::New,
            Existence::Tolerated => Creation::IfNotExists,
        };
        if !self.may_create(&self.index_key(&table, &name), creation) {
            return;
        }
        let index = Index {
            id: self.origin.next_id(),
            name,
            unique: def.unique,
            nulls_not_distinct: def.nulls_not_distinct,
            method: def.method.clone(),
            keys: def.keys.clone(),
            options: def.options.clone(),
            include: def.include.clone(),
            predicate: def.predicate.clone(),
            constraint: None,
            // Where there are partitions, it waits for theirs.
            valid: !def.only
                || !self
                    .catalog
                    .table(&table)
                    .is_some_and(|table| table.partition_by.is_some() && table.has_children),
            parent: None,
        };
        self.attach_index(&table, index);
        if !def.only {
            self.hand_down(&table);
        }
    }

    /// Under which name an index is kept among the relations.
    pub(super) fn index_key(&self, table: &QualifiedName, index: &Ident) -> QualifiedName {
        match self.session.index_names {
            IndexNames::PerSchema => QualifiedName::new(table.schema.clone(), index.clone()),
            IndexNames::PerTable => {
                // No table has a name with this character.
                let name = format!("{}\u{1}{}", table.name.as_str(), index.as_str());
                QualifiedName::new(table.schema.clone(), Ident::in_any_case(&name))
            }
        }
    }

    /// MySQL's name for an index without one: its first column, with a number where that is taken.
    pub(super) fn free_index_name(&self, table: &QualifiedName, first: Ident) -> Ident {
        let taken = |name: &Ident| {
            let table = self.catalog.table(table);
            table.is_some_and(|table| table.indexes.iter().any(|index| index.name == *name))
        };
        let mut name = first.clone();
        let mut number = 1_u32;
        while taken(&name) {
            number += 1;
            name = Ident::in_any_case(&format!("{}_{number}", first.as_str()));
        }
        name
    }

    /// Keeps an index with its table and reserves its name.
    pub(super) fn attach_index(&mut self, table: &QualifiedName, index: Index) {
        let Some(owner) = self.catalog.relation(table).map(|relation| relation.id) else {
            return;
        };
        let name = self.index_key(table, &index.name);
        self.insert_relation(
            &name,
            Relation {
                id: index.id,
                body: RelationBody::Index { table: owner },
                temporary: false,
                assumed: false,
                unread: 0,
            },
        );
        self.edit_relation(table, |relation| match &mut relation.body {
            RelationBody::Table(table) => table.indexes.push(index),
            RelationBody::View(view) => view.indexes.push(index),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
        });
    }

    pub(super) fn drop_relation(
        &mut self,
        kind: RelationKind,
        name: &ObjectName,
        table: Option<&ObjectName>,
        existence: Existence,
        behavior: Behavior,
    ) {
        if kind == RelationKind::Index {
            self.drop_index(name, table, existence);
            return;
        }
        if let Some(found) = self.find_relation(name, kind, existence) {
            self.remove_relation(&found, behavior);
        }
    }

    fn drop_index(&mut self, name: &ObjectName, table: Option<&ObjectName>, existence: Existence) {
        let found = match table {
            Some(table) => self
                .lookup_relation(table)
                .map(|table| self.index_key(&table, &name.name)),
            None => self.lookup_relation(name),
        };
        let owner = found
            .as_ref()
            .and_then(|found| match self.catalog.relation(found)?.body {
                RelationBody::Index { table } => self.catalog.relation_name(table).cloned(),
                RelationBody::Table(_) | RelationBody::View(_) | RelationBody::Sequence(_) => None,
            });
        let (Some(found), Some(owner)) = (found, owner) else {
            let was_there = self.catalog.gone.contains(&self.new_name(name));
            if existence == Existence::Required && was_there {
                self.misfit("42704", format!("index \"{name}\" does not exist"));
            }
            return;
        };
        let per_table = self.session.index_names == IndexNames::PerTable;
        let id = self.catalog.relation(&found).map(|relation| relation.id);
        self.forget_name(&found);
        if let Some(id) = id {
            self.drop_counterparts(&owner, id);
        }
        self.edit_relation(&owner, |relation| match &mut relation.body {
            RelationBody::Table(table) => {
                table.indexes.retain(|index| index.name != name.name);
                if per_table {
                    // A unique key is its index there.
                    let is_it = |it: &Constraint| {
                        it.name == name.name && matches!(it.kind, ConstraintKind::Unique { .. })
                    };
                    table.constraints.retain(|constraint| !is_it(constraint));
                }
            }
            RelationBody::View(view) => view.indexes.retain(|index| index.name != name.name),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
        });
    }

    /// Removes a name from the namespace of relations and remembers that it was there.
    pub(super) fn forget_name(&mut self, name: &QualifiedName) {
        if let Some(relation) = self.catalog.relations.get(name) {
            let id = relation.id;
            self.catalog.relation_names.remove_mut(&id);
            self.catalog.relations.remove_mut(name);
            self.catalog.gone.insert_mut(name.clone());
        }
    }

    /// Removes a relation with what belongs to it, and with `CASCADE` what depends on it.
    pub(super) fn remove_relation(&mut self, name: &QualifiedName, behavior: Behavior) {
        // A list instead of calls: a chain of views may be as long as somebody likes.
        let mut pending = vec![name.clone()];
        while let Some(name) = pending.pop() {
            pending.extend(self.remove_one(&name, behavior));
        }
    }

    /// Removes one relation; what has to go with it.
    fn remove_one(&mut self, name: &QualifiedName, behavior: Behavior) -> Vec<QualifiedName> {
        let Some(relation) = self.catalog.relation(name).cloned() else {
            return Vec::new();
        };
        self.touch_relation(name);
        self.forget_name(name);
        let indexes = match &relation.body {
            RelationBody::Table(table) => Some(&table.indexes),
            RelationBody::View(view) => Some(&view.indexes),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        };
        for index in indexes.into_iter().flatten() {
            self.forget_name(&self.index_key(name, &index.name));
        }
        let id = relation.id;
        let belongs = |other: &Relation| match &other.body {
            RelationBody::Sequence(sequence) => {
                sequence.owner.is_some_and(|(table, _)| table == id)
            }
            RelationBody::Table(table) => table.partition_of == Some(id),
            RelationBody::View(_) | RelationBody::Index { .. } => false,
        };
        let depends = |other: &Relation| match &other.body {
            RelationBody::View(view) => view.depends_on.contains(&id),
            RelationBody::Table(table) => table.inherits.contains(&id),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => false,
        };
        let cascades = behavior == Behavior::Cascade;
        let followers: Vec<QualifiedName> = self
            .catalog
            .dependents_of(id)
            .into_iter()
            .filter(|(_, other)| belongs(other) || (cascades && depends(other)))
            .map(|(name, _)| name.clone())
            .collect();
        if cascades {
            self.drop_references(id, None);
            self.drop_rules_using(id);
            if matches!(relation.body, RelationBody::Sequence(_)) {
                self.drop_defaults_of(name);
            }
        }
        followers
    }

    /// The tables whose foreign keys reference a table, or one of its columns.
    pub(super) fn referencing(&self, id: ObjectId, column: Option<&Ident>) -> Vec<QualifiedName> {
        self.catalog
            .dependents_of(id)
            .into_iter()
            .filter(|(_, other)| {
                other
                    .as_table()
                    .is_some_and(|table| table.constraints.iter().any(|it| it.names(id, column)))
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Drops the foreign keys that reference a table, or one of its columns.
    pub(super) fn drop_references(&mut self, id: ObjectId, column: Option<&Ident>) {
        for name in self.referencing(id, column) {
            self.edit_table(&name, |table| {
                table.constraints.retain(|it| !it.names(id, column));
            });
        }
    }

    /// Gives a relation another name, in the same or another schema.
    pub(super) fn rekey_relation(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let Some(relation) = self.catalog.relation(from).cloned() else {
            return;
        };
        if self
            .catalog
            .relation(to)
            .is_some_and(|other| !other.assumed)
        {
            let message = format!("relation \"{}\" already exists", to.name.as_str());
            self.misfit("42P07", message);
            return;
        }
        self.touch_relation(from);
        self.forget_name(from);
        self.catalog.has_renamed |= matches!(relation.body, RelationBody::Table(_));
        if let RelationBody::Index { table } = relation.body
            && let Some(owner) = self.catalog.relation_name(table).cloned()
        {
            self.edit_relation(&owner, |owner| rename_index(owner, &from.name, &to.name));
        }
        let id = relation.id;
        self.catalog.gone.remove_mut(to);
        self.catalog.relation_names.insert_mut(id, to.clone());
        let is_sequence = matches!(relation.body, RelationBody::Sequence(_));
        let is_read = matches!(
            relation.body,
            RelationBody::Table(_) | RelationBody::View(_)
        );
        if self.session.index_names == IndexNames::PerTable
            && let RelationBody::Table(table) = &relation.body
        {
            // Their names are found by that of the table.
            for index in &table.indexes {
                let (old, new) = (
                    self.index_key(from, &index.name),
                    self.index_key(to, &index.name),
                );
                if let Some(entry) = self.catalog.relation(&old).cloned() {
                    self.forget_name(&old);
                    self.catalog
                        .relation_names
                        .insert_mut(index.id, new.clone());
                    self.catalog.relations.insert_mut(new, entry);
                }
            }
        }
        self.catalog.relations.insert_mut(to.clone(), relation);
        self.touch_relation(to);
        if is_sequence {
            self.follow(Renamed::Sequence, from, to);
        }
        if is_read {
            self.follow_in_views(id, from, to);
        }
    }

    pub(super) fn move_relation(&mut self, from: &QualifiedName, schema: &Ident) {
        let Some(relation) = self.catalog.relation(from).cloned() else {
            return;
        };
        self.rekey_relation(from, &QualifiedName::new(schema.clone(), from.name.clone()));
        let id = relation.id;
        let indexes = match &relation.body {
            RelationBody::Table(table) => Some(&table.indexes),
            RelationBody::View(view) => Some(&view.indexes),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        };
        let indexes = indexes
            .into_iter()
            .flatten()
            .map(|index| QualifiedName::new(from.schema.clone(), index.name.clone()));
        let owned = self.catalog.dependents_of(id);
        let owned = owned
            .into_iter()
            .filter(|(_, other)| match &other.body {
                RelationBody::Sequence(sequence) => {
                    sequence.owner.is_some_and(|(table, _)| table == id)
                }
                RelationBody::Table(_) | RelationBody::View(_) | RelationBody::Index { .. } => {
                    false
                }
            })
            .map(|(name, _)| name.clone());
        let followers: Vec<QualifiedName> = indexes.chain(owned).collect();
        for follower in followers {
            let to = QualifiedName::new(schema.clone(), follower.name.clone());
            self.rekey_relation(&follower, &to);
        }
    }

    pub(super) fn drop_schema(&mut self, name: &Ident, existence: Existence) {
        if !self.catalog.has_schema(name) {
            if existence == Existence::Required {
                let message = format!("schema \"{}\" does not exist", name.as_str());
                self.misfit("3F000", message);
            }
            return;
        }
        for relation in self.names_in(name) {
            self.remove_relation(&relation, Behavior::Cascade);
        }
        let types: Vec<QualifiedName> = in_schema(self.catalog.types.keys(), name);
        for user_type in types {
            self.drop_users_of_type(&user_type);
            self.remove_type(&user_type);
        }
        let routines: Vec<QualifiedName> = in_schema(self.catalog.routines.keys(), name);
        for routine in routines {
            self.catalog.routines.remove_mut(&routine);
            self.drop_triggers_of(&routine);
            self.out.touched.push(Touched::Routine(routine));
        }
        self.catalog.schemas.remove_mut(name);
        self.catalog.gone.insert_mut(schema_key(name));
    }

    pub(super) fn rename_schema(&mut self, name: &Ident, to: &Ident) {
        self.catalog.schemas.remove_mut(name);
        self.catalog.gone.insert_mut(schema_key(name));
        self.catalog.gone.remove_mut(&schema_key(to));
        self.catalog.schemas.insert_mut(to.clone(), ());
        for from in self.names_in(name) {
            let target = QualifiedName::new(to.clone(), from.name.clone());
            self.rekey_relation(&from, &target);
        }
        let types: Vec<QualifiedName> = in_schema(self.catalog.types.keys(), name);
        for from in types {
            let target = QualifiedName::new(to.clone(), from.name.clone());
            self.rekey_type(&from, &target);
        }
        let routines: Vec<QualifiedName> = in_schema(self.catalog.routines.keys(), name);
        for from in routines {
            self.rekey_routine(&ObjectName::from(&from), None, Some(to), None);
        }
    }

    pub(super) fn drop_temporary(&mut self, schema: &Ident) {
        for relation in self.names_in(schema) {
            self.remove_relation(&relation, Behavior::Restrict);
            self.catalog.gone.remove_mut(&relation);
        }
        let types: Vec<QualifiedName> = in_schema(self.catalog.types.keys(), schema);
        for user_type in types {
            self.remove_type(&user_type);
            self.catalog.gone.remove_mut(&user_type);
        }
        let routines: Vec<QualifiedName> = in_schema(self.catalog.routines.keys(), schema);
        for routine in routines {
            self.catalog.routines.remove_mut(&routine);
            self.out.touched.push(Touched::Routine(routine));
        }
        self.catalog.has_temporary = false;
    }

    fn names_in(&self, schema: &Ident) -> Vec<QualifiedName> {
        in_schema(self.catalog.relations.keys(), schema)
    }

    pub(super) fn attach_partition(
        &mut self,
        table: &ObjectName,
        partition: &ObjectName,
        bound: Option<&SqlExpr>,
    ) {
        let (Some(parent), Some(child)) = (self.find_table(table), self.find_table(partition))
        else {
            return;
        };
        if let Some(id) = self.adopt(&parent, &child) {
            self.edit_table(&child, |child| {
                child.partition_of = Some(id);
                child.partition_bound = bound.cloned();
            });
            self.share_with(&parent, &child);
        }
    }

    /// Notes a parent and its child; the parent's identity.
    fn adopt(&mut self, parent: &QualifiedName, child: &QualifiedName) -> Option<ObjectId> {
        let id = self.catalog.relation(parent)?.id;
        if parent == child || self.descendants(child).contains(parent) {
            self.misfit("42P07", "circular inheritance not allowed".to_owned());
            return None;
        }
        let child = self.catalog.relation(child)?.id;
        self.catalog.depend(id, child);
        self.edit_table(parent, |parent| parent.has_children = true);
        Some(id)
    }

    pub(super) fn inherit(&mut self, table: &ObjectName, parent: &ObjectName) {
        let (Some(child), Some(parent)) = (self.find_table(table), self.find_table(parent)) else {
            return;
        };
        if let Some(id) = self.adopt(&parent, &child) {
            self.edit_table(&child, |child| child.inherits.push(id));
        }
    }

    /// The tables that inherit the columns of this one, nearest first.
    pub(super) fn descendants(&self, name: &QualifiedName) -> Vec<QualifiedName> {
        let mut found: Vec<QualifiedName> = Vec::new();
        let mut seen: BTreeSet<QualifiedName> = BTreeSet::new();
        let mut pending = vec![name.clone()];
        while let Some(next) = pending.pop() {
            let Some(parent) = self.catalog.relation(&next) else {
                continue;
            };
            if !parent.as_table().is_some_and(|table| table.has_children) {
                continue;
            }
            for (child, relation) in self.catalog.dependents_of(parent.id) {
                let is_child = relation.as_table().is_some_and(|table| {
                    table.partition_of == Some(parent.id) || table.inherits.contains(&parent.id)
                });
                if is_child && seen.insert(child.clone()) {
                    found.push(child.clone());
                    pending.push(child.clone());
                }
            }
        }
        found
    }

    /// A column's default for `serial` and what an identity column needs: its sequence.
    pub(super) fn supply(
        &mut self,
        table: &QualifiedName,
        column: &Ident,
        serial: bool,
        change: &SequenceChange,
    ) {
        let Some(sequence) = self.create_owned_sequence(table, column, change, !serial) else {
            return;
        };
        if serial {
            let default = SqlExpr {
                text: format!("nextval('{}'::regclass)", ObjectName::from(&sequence)).into(),
                columns: BTreeSet::new(),
            };
            self.edit_table(table, |table| {
                if let Some(column) = table.column_mut(column) {
                    column.default = Some(default);
                }
            });
        }
    }

    /// A nullable column of which only the name is known.
    pub(super) fn assumed_column(&mut self, name: &Ident) -> Column {
        unknown_column(self.origin.next_id(), name)
    }
}

fn unknown_column(id: ObjectId, name: &Ident) -> Column {
    Column {
        id,
        name: name.clone(),
        data_type: SqlType {
            name: TypeName::Unknown,
            ..SqlType::unknown()
        },
        collation: None,
        not_null: false,
        default: None,
        identity: None::<Identity>,
        generated: None,
        assumed: true,
    }
}

/// What the columns of an index are called in the name that the server makes up for it: an
/// expression after its function or the column that it casts, and repeats with a number.
///
/// Source: `ChooseIndexColumnNames` and `FigureColname` in PostgreSQL's sources.
pub(super) fn index_column_names(keys: &[IndexKey], include: &[Ident]) -> Vec<String> {
    let keys = keys.iter().map(|key| match key {
        IndexKey::Column(column) => column.as_str().to_owned(),
        IndexKey::Expression(expr) => expr.figure_name(),
    });
    let included = include.iter().map(|column| column.as_str().to_owned());
    let mut names: Vec<String> = Vec::new();
    for name in keys.chain(included) {
        let mut numbered = name.clone();
        let mut number = 0_u32;
        while names.contains(&numbered) {
            number += 1;
            numbered = format!("{name}{number}");
        }
        names.push(numbered);
    }
    names
}

/// The constraints of a new table as the server makes them: of several keys over the same columns
/// it keeps the primary key, or the first, under the first name written for any of them.
fn without_repeated_keys(constraints: &[ConstraintDef]) -> Vec<ConstraintDef> {
    let key = |def: &ConstraintDef| match &def.kind {
        ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
            Some((columns.clone(), def.deferrable))
        }
        ConstraintKind::Check { .. }
        | ConstraintKind::ForeignKey { .. }
        | ConstraintKind::Exclude { .. }
        | ConstraintKind::NotNull { .. } => None,
    };
    let mut kept: Vec<ConstraintDef> = Vec::new();
    for def in constraints {
        let same = kept
            .iter_mut()
            .find(|other| key(def).is_some() && key(other) == key(def));
        match same {
            Some(other) => {
                other.name = other.name.take().or_else(|| def.name.clone());
                if matches!(def.kind, ConstraintKind::PrimaryKey { .. }) {
                    other.kind = def.kind.clone();
                }
            }
            None => kept.push(def.clone()),
        }
    }
    kept
}

/// A name in the schema of temporary relations.
fn is_temporary(name: &ObjectName) -> bool {
    name.schema
        .as_ref()
        .is_some_and(|schema| schema.as_str() == "pg_temp")
}

fn in_schema<'a>(
    names: impl Iterator<Item = &'a QualifiedName>,
    schema: &Ident,
) -> Vec<QualifiedName> {
    names
        .filter(|name| name.schema == *schema)
        .cloned()
        .collect()
}

pub(super) fn rename_index(owner: &mut Relation, from: &Ident, to: &Ident) {
    let indexes = match &mut owner.body {
        RelationBody::Table(table) => {
            let is_meant = |constraint: &Constraint| constraint.name == *from;
            table.constraints.edit(is_meant, |it| it.name = to.clone());
            &mut table.indexes
        }
        RelationBody::View(view) => &mut view.indexes,
        RelationBody::Sequence(_) | RelationBody::Index { .. } => return,
    };
    let is_meant = |index: &Index| index.name == *from || index.constraint.as_ref() == Some(from);
    indexes.edit(is_meant, |index| {
        if index.name == *from {
            index.name = to.clone();
        }
        if index.constraint.as_ref() == Some(from) {
            index.constraint = Some(to.clone());
        }
    });
}
