//! What a partitioned table shares with its partitions: each of its indexes, keys and foreign keys
//! has a counterpart in every partition, made with it or found there, and going with it.

use super::Applier;
use super::naming::choose_name;
use super::relations::index_column_names;
use crate::schema::catalog::{Constraint, Index, ObjectId, RelationBody, Table};
use crate::schema::name::{ObjectName, QualifiedName};
use crate::schema::op::{ConstraintDef, ConstraintKind, ConstraintOptions};

impl Applier<'_> {
    /// The partitions of a table, those of partitions left out, in the order of names.
    fn partitions_of(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        let Some(parent) = self.catalog.relation(table) else {
            return Vec::new();
        };
        let id = parent.id;
        if !parent.as_table().is_some_and(|table| table.has_children) {
            return Vec::new();
        }
        self.catalog
            .dependents_of(id)
            .into_iter()
            .filter(|(_, other)| {
                other
                    .as_table()
                    .is_some_and(|table| table.partition_of == Some(id))
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Whether a table is known to be partitioned.
    fn is_partitioned(&self, table: &QualifiedName) -> bool {
        self.catalog
            .table(table)
            .is_some_and(|table| table.partition_by.is_some())
    }

    /// Gives every partition what its parent has just got.
    pub(super) fn hand_down(&mut self, table: &QualifiedName) {
        if self.is_partitioned(table) {
            for partition in self.partitions_of(table) {
                self.share_with(table, &partition);
            }
        }
    }

    /// Gives a partition, and those of its own, the counterparts that they lack of what their parent
    /// has.
    pub(super) fn share_with(&mut self, parent: &QualifiedName, partition: &QualifiedName) {
        // A stack of our own: partitions can nest as deep as a history likes.
        let mut pending = vec![(parent.clone(), partition.clone())];
        while let Some((parent, partition)) = pending.pop() {
            self.share_one(&parent, &partition);
            if self.is_partitioned(&partition) {
                let below = self.partitions_of(&partition);
                pending.extend(below.into_iter().map(|it| (partition.clone(), it)));
            }
        }
    }

    fn share_one(&mut self, parent: &QualifiedName, partition: &QualifiedName) {
        let Some(source) = self.catalog.table(parent).cloned() else {
            return;
        };
        for constraint in &source.constraints {
            match constraint.kind {
                ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Unique { .. }
                | ConstraintKind::Exclude { .. } => {
                    let index = source
                        .indexes
                        .iter()
                        .find(|index| index.constraint.as_ref() == Some(&constraint.name));
                    if let Some(index) = index {
                        self.share_key(constraint, index, partition);
                    }
                }
                ConstraintKind::ForeignKey { .. } => self.share_foreign_key(constraint, partition),
                ConstraintKind::Check { .. } | ConstraintKind::NotNull { .. } => {}
            }
        }
        let plain = source.indexes.iter().filter(|it| it.constraint.is_none());
        for index in plain {
            self.share_index(index, partition);
        }
    }

    fn share_index(&mut self, index: &Index, partition: &QualifiedName) {
        let Some(table) = self.catalog.table(partition) else {
            return;
        };
        if has_index_of(table, index.id) {
            return;
        }
        let found = table
            .indexes
            .iter()
            .find(|it| it.parent.is_none() && same_index(it, index))
            .map(|it| it.id);
        if let Some(found) = found {
            self.link_index(partition, found, Some(index.id));
            return;
        }
        let parts = index_column_names(&index.keys, &index.include);
        let name = choose_name(
            self.catalog,
            &partition.schema,
            &partition.name,
            &parts.join("_"),
            "idx",
            |_| false,
        );
        let copy = Index {
            id: self.origin.next_id(),
            name,
            parent: Some(index.id),
            valid: true,
            ..index.clone()
        };
        self.attach_index(partition, copy);
    }

    fn share_key(&mut self, key: &Constraint, index: &Index, partition: &QualifiedName) {
        let Some(table) = self.catalog.table(partition) else {
            return;
        };
        if has_index_of(table, index.id) {
            return;
        }
        let found = table.indexes.iter().find(|it| {
            let own = table
                .constraints
                .iter()
                .find(|constraint| Some(&constraint.name) == it.constraint.as_ref());
            it.parent.is_none()
                && same_index(it, index)
                && own.is_some_and(|own| same_kind(&own.kind, &key.kind))
        });
        if let Some(found) = found.map(|it| it.id) {
            self.link_index(partition, found, Some(index.id));
            return;
        }
        let def = ConstraintDef {
            name: None,
            kind: match &key.kind {
                ConstraintKind::PrimaryKey { columns, .. } => ConstraintKind::PrimaryKey {
                    columns: columns.clone(),
                    using_index: None,
                },
                ConstraintKind::Unique {
                    columns,
                    nulls_not_distinct,
                    ..
                } => ConstraintKind::Unique {
                    columns: columns.clone(),
                    nulls_not_distinct: *nulls_not_distinct,
                    using_index: None,
                },
                other => other.clone(),
            },
            not_valid: false,
            deferrable: key.deferrable,
            not_enforced: false,
            // Whoever calls this goes on with the partitions of the partition.
            options: ConstraintOptions {
                only: true,
                ..ConstraintOptions::clone(&key.options)
            },
        };
        let known: Vec<ObjectId> = self.index_ids(partition);
        self.add_constraint(partition, &def);
        let made = self.index_ids(partition);
        for id in made.into_iter().filter(|id| !known.contains(id)) {
            self.link_index(partition, id, Some(index.id));
        }
    }

    fn index_ids(&self, table: &QualifiedName) -> Vec<ObjectId> {
        let table = self.catalog.table(table);
        table.map_or_else(Vec::new, |table| {
            table.indexes.iter().map(|index| index.id).collect()
        })
    }

    fn share_foreign_key(&mut self, key: &Constraint, partition: &QualifiedName) {
        let Some(relation) = self.catalog.relation(partition).cloned() else {
            return;
        };
        let Some(table) = relation.as_table() else {
            return;
        };
        if table.constraints.iter().any(|it| it.parent == Some(key.id)) {
            return;
        }
        let same = table.constraints.iter().find(|it| {
            it.parent.is_none()
                && it.kind == key.kind
                && it.references == key.references
                && it.valid
                && it.deferrable == key.deferrable
                && it.options == key.options
        });
        if let Some(same) = same.map(|it| it.id) {
            self.edit_table(partition, |table| {
                let is_meant = |it: &Constraint| it.id == same;
                table
                    .constraints
                    .edit(is_meant, |it| it.parent = Some(key.id));
            });
            return;
        }
        let taken = table.constraints.iter().any(|it| it.name == key.name);
        let name = if taken {
            self.foreign_key_name(partition, &key.kind)
        } else {
            key.name.clone()
        };
        let copy = Constraint {
            id: self.origin.next_id(),
            name,
            parent: Some(key.id),
            ..key.clone()
        };
        if let Some(on) = copy.references {
            self.catalog.depend(on, relation.id);
        }
        self.edit_table(partition, |table| table.constraints.push(copy));
    }

    /// `ALTER INDEX … ATTACH PARTITION`.
    pub(super) fn attach_partition_index(&mut self, parent: &ObjectName, child: &ObjectName) {
        let (Some((above, parent)), Some((table, child))) =
            (self.find_index(parent), self.find_index(child))
        else {
            return;
        };
        // The server takes an index of a partition of the very table only, so none is its own
        // parent, however many stand between.
        let above = self.catalog.relation(&above).map(|relation| relation.id);
        let its = self.catalog.table(&table).and_then(|it| it.partition_of);
        if above.is_none() || its != above {
            return;
        }
        self.link_index(&table, child, Some(parent));
        self.validate_complete(parent);
    }

    /// An index that waited for the partitions' is valid as soon as each of them has one, and so may
    /// be the one above it.
    fn validate_complete(&mut self, index: ObjectId) {
        let mut pending = Some(index);
        while let Some(id) = pending.take() {
            let owner = self.catalog.relation_name(id).and_then(|name| {
                match self.catalog.relation(name)?.body {
                    RelationBody::Index { table } => self.catalog.relation_name(table).cloned(),
                    _ => None, // It is gone.
                }
            });
            let Some(owner) = owner else {
                return;
            };
            let complete = self.partitions_of(&owner).iter().all(|partition| {
                self.catalog.table(partition).is_some_and(|table| {
                    let mut all = table.indexes.iter();
                    all.any(|it| it.parent == Some(id) && it.valid)
                })
            });
            if !complete {
                return;
            }
            pending = self
                .edit_table(&owner, |table| {
                    let is_meant = |it: &Index| it.id == id;
                    table.indexes.edit(is_meant, |it| it.valid = true);
                    let found = table.indexes.iter().find(|it| it.id == id);
                    found.and_then(|it| it.parent)
                })
                .flatten();
        }
    }

    /// The table and the identity of an index.
    fn find_index(&self, name: &ObjectName) -> Option<(QualifiedName, ObjectId)> {
        let found = self.lookup_relation(name)?;
        let relation = self.catalog.relation(&found)?;
        match relation.body {
            RelationBody::Index { table } => {
                Some((self.catalog.relation_name(table)?.clone(), relation.id))
            }
            _ => None, // Another relation of that name.
        }
    }

    fn link_index(&mut self, table: &QualifiedName, index: ObjectId, parent: Option<ObjectId>) {
        self.edit_table(table, |table| {
            let is_meant = |it: &Index| it.id == index;
            table.indexes.edit(is_meant, |it| it.parent = parent);
        });
    }

    /// What a detached partition had with its parent is its own now.
    pub(super) fn keep_shared(&mut self, partition: &QualifiedName) {
        self.edit_table(partition, |table| {
            table
                .indexes
                .edit(|it| it.parent.is_some(), |it| it.parent = None);
            table
                .constraints
                .edit(|it| it.parent.is_some(), |it| it.parent = None);
        });
    }

    /// Drops the counterparts of a dropped index in partitions.
    pub(super) fn drop_counterparts(&mut self, table: &QualifiedName, index: ObjectId) {
        let mut pending: Vec<(QualifiedName, ObjectId)> = self
            .partitions_of(table)
            .into_iter()
            .map(|partition| (partition, index))
            .collect();
        while let Some((partition, index)) = pending.pop() {
            let Some(body) = self.catalog.table(&partition) else {
                continue;
            };
            let Some(copy) = body.indexes.iter().find(|it| it.parent == Some(index)) else {
                continue;
            };
            let (id, name, constraint) = (copy.id, copy.name.clone(), copy.constraint.clone());
            self.forget_name(&QualifiedName::new(partition.schema.clone(), name));
            self.edit_table(&partition, |table| {
                table.indexes.retain(|it| it.id != id);
                table
                    .constraints
                    .retain(|it| constraint.as_ref() != Some(&it.name));
            });
            let below = self.partitions_of(&partition);
            pending.extend(below.into_iter().map(|it| (it, id)));
        }
    }

    /// Drops the counterparts of a dropped foreign key in partitions.
    pub(super) fn drop_shared_constraints(&mut self, table: &QualifiedName, key: ObjectId) {
        let mut pending: Vec<(QualifiedName, ObjectId)> = self
            .partitions_of(table)
            .into_iter()
            .map(|partition| (partition, key))
            .collect();
        while let Some((partition, key)) = pending.pop() {
            let Some(body) = self.catalog.table(&partition) else {
                continue;
            };
            let copy = body.constraints.iter().find(|it| it.parent == Some(key));
            let Some(id) = copy.map(|it| it.id) else {
                continue;
            };
            self.edit_table(&partition, |table| {
                table.constraints.retain(|it| it.id != id);
            });
            let below = self.partitions_of(&partition);
            pending.extend(below.into_iter().map(|it| (it, id)));
        }
    }
}

fn has_index_of(table: &Table, parent: ObjectId) -> bool {
    table.indexes.iter().any(|it| it.parent == Some(parent))
}

fn same_index(one: &Index, other: &Index) -> bool {
    one.unique == other.unique
        && one.nulls_not_distinct == other.nulls_not_distinct
        && one.method == other.method
        && one.keys == other.keys
        && one.options == other.options
        && one.include == other.include
        && one.predicate == other.predicate
        && one.constraint.is_some() == other.constraint.is_some()
}

fn same_kind(one: &ConstraintKind, other: &ConstraintKind) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
