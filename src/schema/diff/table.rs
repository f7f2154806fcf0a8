//! One table in two catalogs: columns, keys, constraints, triggers, policies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::apply::constraint_columns;
use super::super::catalog::{
    Catalog, Column, Constraint, Index, ObjectId, Policy, Relation, RowSecurity, Table, Trigger,
};
use super::super::name::{Ident, ObjectName, QualifiedName};
use super::super::op::{
    AllowedValues, ConstraintKind, Identity, IndexKey, PolicyCommand, ReferentialAction, SqlExpr,
};
use super::super::types::{SqlType, TypeName};
use super::{Change, Demand, Difference, ObjectKind, ObjectRef, PolicyChange, Supply, diff_rules};

/// Whether two types that no migration made are called the same, one of them without its schema.
pub(super) fn is_same_name(before: &SqlType, after: &SqlType) -> bool {
    match (&before.name, &after.name) {
        (TypeName::User(before_name), TypeName::User(after_name)) => {
            before_name.name == after_name.name
                && (before_name.schema.is_none() || after_name.schema.is_none())
                && before.is_array == after.is_array
                && before.modifiers == after.modifiers
        }
        _ => false,
    }
}

/// The keys of an index and its condition, where it is more than a list of columns.
fn shown_keys(index: &Index) -> Option<Arc<str>> {
    let is_plain = |key: &IndexKey| matches!(key, IndexKey::Column(_));
    if index.keys.iter().all(is_plain) && index.predicate.is_none() {
        return None;
    }
    let keys: Vec<String> = index
        .keys
        .iter()
        .map(|key| match key {
            IndexKey::Column(column) => column.to_string(),
            IndexKey::Expression(expression) => expression.text.to_string(),
        })
        .collect();
    let rows = match &index.predicate {
        Some(predicate) => format!(", for rows where {}", predicate.text),
        None => String::new(),
    };
    Some(format!("({}){rows}", keys.join(", ")).into())
}

/// The literals of a check.
type Literals = BTreeSet<Arc<str>>;

/// One table in two catalogs.
pub(super) struct Tables<'a> {
    pub(super) old: &'a Catalog,
    pub(super) new: &'a Catalog,
    pub(super) name: &'a QualifiedName,
    pub(super) before: &'a Table,
    pub(super) after: &'a Table,
}

impl Tables<'_> {
    pub(super) fn diff(&self, out: &mut Vec<Difference>) {
        if self.is_made_anew() {
            out.push(Difference {
                object: ObjectRef::top(ObjectKind::Table, self.name),
                change: Change::NameReused,
            });
        }
        let not_null = |table: &'_ Table| -> BTreeSet<Ident> {
            let checks = table.constraints.iter().filter(|it| it.enforced);
            checks.filter_map(|it| it.as_not_null().cloned()).collect()
        };
        // Most columns are shared by both versions, and then there is nothing to compare, unless a
        // check has changed what one of them admits.
        let same_checks = not_null(self.before) == not_null(self.after);
        let is_shared =
            |at: usize| same_checks && self.before.columns.shares(&self.after.columns, at);
        for (at, column) in self.before.columns.iter().enumerate() {
            if is_shared(at) {
                continue;
            }
            match self.after.column(&column.name) {
                Some(after) => self.diff_column(column, after, out),
                None => match self.after.column_by_id(column.id) {
                    Some(after) => {
                        self.push_column(
                            column,
                            Change::ColumnRenamed {
                                to: after.name.clone(),
                            },
                            out,
                        );
                        self.diff_column(column, after, out);
                    }
                    // It is not listed, and not known to be gone either.
                    None if !self.after.is_absent(&column.name) => {
                        self.push_column(column, Change::Unread, out);
                    }
                    None => {
                        let required = self.old.is_required(self.before, column);
                        self.push_column(column, Change::ColumnDropped { required }, out);
                    }
                },
            }
        }
        for (at, column) in self.after.columns.iter().enumerate() {
            if is_shared(at) {
                continue;
            }
            if self.before_name(&column.name).is_none() && self.before.is_absent(&column.name) {
                let required = self.new.is_required(self.after, column);
                self.push_column(column, Change::ColumnAdded { required }, out);
            }
        }
        self.diff_constraints(out);
        self.diff_references(out);
        self.diff_unique_keys(out);
        self.diff_triggers(out);
        diff_rules(self.name, &self.before.rules, &self.after.rules, out);
        self.diff_row_security(out);
    }

    /// Whether another table has taken the name; one whose making was not seen may be the same.
    fn is_made_anew(&self) -> bool {
        let ids = [self.old, self.new].map(|it| it.relation(self.name));
        match ids {
            [Some(before), Some(after)] => {
                let is_seen = |it: &Relation| !it.assumed;
                before.id != after.id && is_seen(before) && is_seen(after)
            }
            _ => false,
        }
    }

    /// What happens to the whole partitioned table is said of it, and only the rest of a partition.
    pub(super) fn diff_partition(&self, parent: ObjectId, out: &mut Vec<Difference>) {
        let mut of_parent = Vec::new();
        let names = self
            .old
            .relation_name(parent)
            .zip(self.new.relation_name(parent));
        if let Some((from, to)) = names
            && let (Some(before), Some(after)) = (self.old.table(from), self.new.table(to))
        {
            Tables {
                old: self.old,
                new: self.new,
                name: from,
                before,
                after,
            }
            .diff(&mut of_parent);
        }
        let mut own = Vec::new();
        self.diff(&mut own);
        own.retain(|difference| {
            // The names of keys and constraints differ from partition to partition.
            let is_named = difference.object.kind == ObjectKind::Column;
            !of_parent.iter().any(|it| {
                it.change == difference.change
                    && (!is_named || it.object.name == difference.object.name)
            })
        });
        out.extend(own);
    }

    fn push_column(&self, column: &Column, change: Change, out: &mut Vec<Difference>) {
        out.push(Difference {
            object: ObjectRef::part(ObjectKind::Column, self.name, &column.name),
            change,
        });
    }

    /// The old column that a name of the new table stands for: of that name, or renamed to it.
    fn before_name(&self, name: &Ident) -> Option<&Column> {
        self.before.column(name).or_else(|| {
            let after = self.after.column(name)?;
            let before = self.before.column_by_id(after.id)?;
            self.after.column(&before.name).is_none().then_some(before)
        })
    }

    /// The new name of an old column, while it is there.
    fn after_name(&self, name: &Ident) -> Option<&Ident> {
        if let Some(column) = self.after.column(name) {
            return Some(&column.name);
        }
        let before = self.before.column(name)?;
        self.after
            .column_by_id(before.id)
            .map(|column| &column.name)
    }

    fn diff_column(&self, before: &Column, after: &Column, out: &mut Vec<Difference>) {
        let mut push = |change| self.push_column(before, change, out);
        let type_differs = !self.same_type(&before.data_type, &after.data_type);
        if !self.same_type(&before.data_type, &after.data_type) {
            // A domain is stored and sent as what it is made of.
            let (from, to) = (
                self.old.base_type(&before.data_type),
                self.new.base_type(&after.data_type),
            );
            if self.same_type(&from, &to) {
                push(Change::DomainChanged);
            } else {
                push(Change::ColumnTypeChanged { from, to });
            }
        }
        // A column that the old table does not have has taken the name.
        let is_anew = before.id != after.id
            && !before.assumed
            && !after.assumed
            && after.generated.is_none()
            && self.before.column_by_id(after.id).is_none();
        // Two columns that have exchanged their names.
        let is_exchanged = before.id != after.id
            && self.before.column_by_id(after.id).is_some()
            && self.after.column_by_id(before.id).is_some();
        if (is_anew || is_exchanged)
            && !self.is_made_anew()
            && self.same_type(&before.data_type, &after.data_type)
        {
            push(Change::NameReused);
        }
        if before.collation != after.collation && self.in_unique_key(after) {
            push(Change::KeyCollationChanged);
        }
        let supplied = |column: &Column| {
            column.default.is_some()
                || column.identity.is_some()
                || column.generated.is_some()
                || column.assumed
        };
        let (was_supplied, is_supplied) = (supplied(before), supplied(after));
        let (was_required, is_required) = (
            self.old.is_required(self.before, before),
            self.new.is_required(self.after, after),
        );
        match (
            self.before.refuses_null(before),
            self.after.refuses_null(after),
        ) {
            (false, true) => push(Change::NotNullSet {
                supplied: !is_required,
            }),
            (true, false) => push(Change::NotNullDropped {
                supplied: !was_required,
            }),
            (true, true) | (false, false) => match (was_supplied, is_supplied) {
                (true, false) => push(Change::DefaultDropped {
                    supply: match (&before.generated, before.identity) {
                        (Some(_), _) => Supply::Expression,
                        (None, Some(_)) => Supply::Identity,
                        (None, None) => Supply::Default,
                    },
                    required: is_required,
                }),
                (false, true) => push(Change::DefaultAdded { was_required }),
                (true, true)
                    if !type_differs
                        && before
                            .default
                            .as_ref()
                            .zip(after.default.as_ref())
                            .is_some_and(|(before, after)| !before.is_same_value(after)) =>
                {
                    push(Change::DefaultChanged);
                }
                (true, true) | (false, false) => {}
            },
        }
        let refuses = |column: &Column| {
            column.generated.is_some() || column.identity == Some(Identity::Always)
        };
        match (refuses(before), refuses(after)) {
            (false, true) => push(Change::WritesRefused),
            (true, false) => push(Change::WritesAllowed),
            (true, true) | (false, false) => {}
        }
    }

    /// Whether two columns have one type, user-defined types followed through renames.
    fn same_type(&self, before: &SqlType, after: &SqlType) -> bool {
        if before == after {
            return true;
        }
        match (
            self.old.definition_of(before),
            self.new.definition_of(after),
        ) {
            (Some(before_type), Some(after_type)) => {
                before_type.id == after_type.id
                    && before.is_array == after.is_array
                    && before.modifiers == after.modifiers
            }
            _ => is_same_name(before, after),
        }
    }

    fn in_unique_key(&self, column: &Column) -> bool {
        self.after
            .indexes
            .iter()
            .any(|index| index.unique && index.columns().any(|needed| *needed == column.name))
    }

    fn diff_constraints(&self, out: &mut Vec<Difference>) {
        // Keys are compared by their indexes, `IS NOT NULL` with the columns.
        let compared = |constraint: &&Constraint| {
            constraint.enforced
                && demand_of(&constraint.kind) != Some(Demand::Unique)
                && constraint.as_not_null().is_none()
        };
        let (old_lists, new_lists) = (value_lists(self.before), value_lists(self.after));
        for (column, old) in &old_lists {
            let Some(new) = self.after_name(column).and_then(|it| new_lists.get(it)) else {
                continue;
            };
            let values: Literals = old.difference(new).cloned().collect();
            if !values.is_empty() {
                let column = column.clone();
                self.push_part(
                    column.clone(),
                    Change::ValuesRemoved { column, values },
                    out,
                );
            }
            let values: Literals = new.difference(old).cloned().collect();
            if !values.is_empty() {
                let column = column.clone();
                self.push_part(column.clone(), Change::ValuesAdded { column, values }, out);
            }
        }
        for added in self.after.constraints.iter().filter(compared) {
            if self.before.constraints.iter().any(|it| it.id == added.id) {
                continue;
            }
            let mut old = self.before.constraints.iter().filter(compared);
            if old.any(|old| self.same_demand(old, added)) {
                continue;
            }
            if self.is_implied_reference(added) {
                continue;
            }
            let listed_before = allowed_values(&added.kind).is_some_and(|list| {
                self.before_name(&list.column)
                    .is_some_and(|column| old_lists.contains_key(&column.name))
            });
            let (Some(demand), false) = (demand_of(&added.kind), listed_before) else {
                continue;
            };
            let columns = self.own_columns(self.after, &added.kind);
            let can_hurt = match &added.kind {
                // What it refuses of old code's rows is seen with its values.
                ConstraintKind::Check { .. } => true,
                ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Unique { .. }
                | ConstraintKind::ForeignKey { .. }
                | ConstraintKind::Exclude { .. }
                | ConstraintKind::NotNull { .. } => self.reaches_old_rows(&columns, true),
            };
            if can_hurt {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &added.name),
                    change: Change::ConstraintAdded {
                        demand,
                        columns,
                        keys: None,
                        not_valid: !added.valid,
                        replaces: self
                            .before
                            .constraints
                            .iter()
                            .any(|it| it.name == added.name && demand_of(&it.kind) == Some(demand)),
                    },
                });
            }
        }
        for dropped in self.before.constraints.iter().filter(compared) {
            if self.after.constraints.iter().any(|it| it.id == dropped.id) {
                continue;
            }
            let mut new = self.after.constraints.iter().filter(compared);
            let stays = new.any(|new| self.same_demand(dropped, new));
            let listed_after = allowed_values(&dropped.kind).is_some_and(|list| {
                self.after_name(&list.column)
                    .is_some_and(|column| new_lists.contains_key(column))
            });
            let columns = self.own_columns(self.before, &dropped.kind);
            let columns_stay = columns.iter().all(|it| self.after_name(it).is_some());
            let (Some(demand), false, false, true) =
                (demand_of(&dropped.kind), stays, listed_after, columns_stay)
            else {
                continue;
            };
            out.push(Difference {
                object: ObjectRef::part(ObjectKind::Constraint, self.name, &dropped.name),
                change: Change::ConstraintDropped { demand, columns },
            });
        }
    }

    /// Whether old foreign keys together demand what a new one demands: one over more columns leads
    /// to a table whose own key leads on.
    fn is_implied_reference(&self, added: &Constraint) -> bool {
        let (
            ConstraintKind::ForeignKey {
                columns,
                on_delete: new_action,
                ..
            },
            Some(target),
        ) = (&added.kind, added.references)
        else {
            return false;
        };
        let lets_go = |action: &ReferentialAction| {
            matches!(
                action,
                ReferentialAction::Cascade
                    | ReferentialAction::SetNull
                    | ReferentialAction::SetDefault
            )
        };
        self.before.constraints.iter().any(|old| {
            let ConstraintKind::ForeignKey {
                columns: old_columns,
                referenced,
                on_delete: old_action,
                ..
            } = &old.kind
            else {
                return false;
            };
            let is_never_null = old_columns.iter().all(|column| {
                let column = self.before.column(column);
                column.is_some_and(|column| self.before.refuses_null(column))
            });
            // What the new key's columns refer to in the table between.
            let between: Option<Vec<&Ident>> = columns
                .iter()
                .map(|column| {
                    let at = old_columns
                        .iter()
                        .position(|old| self.after_name(old) == Some(column))?;
                    referenced.get(at)
                })
                .collect();
            let middle = old.references.and_then(|id| self.old.relation_name(id));
            let (Some(between), Some(middle)) =
                (between, middle.and_then(|name| self.old.table(name)))
            else {
                return false;
            };
            let leads_on = middle.constraints.iter().any(|it| match &it.kind {
                ConstraintKind::ForeignKey { columns, .. } => {
                    it.references == Some(target) && columns.iter().eq(between.iter().copied())
                }
                _ => false, // Only references lead on.
            });
            let no_harder = lets_go(new_action) || !lets_go(old_action);
            is_never_null && leads_on && no_harder && old.enforced
        })
    }

    /// Foreign keys of before that let the rows they refer to go, and no longer do.
    fn diff_references(&self, out: &mut Vec<Difference>) {
        let lets_go = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey { on_delete, .. } => matches!(
                on_delete,
                ReferentialAction::Cascade
                    | ReferentialAction::SetNull
                    | ReferentialAction::SetDefault
            ),
            _ => false, // Nothing refers to anything.
        };
        for added in self.after.constraints.iter().filter(|it| it.enforced) {
            if demand_of(&added.kind) != Some(Demand::ForeignKey) || lets_go(&added.kind) {
                continue;
            }
            let was_kinder = self
                .before
                .constraints
                .iter()
                .any(|old| lets_go(&old.kind) && self.same_demand(old, added));
            let target = added.references.and_then(|id| self.old.relation_name(id));
            if let (true, Some(to)) = (was_kinder, target) {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &added.name),
                    change: Change::ReferenceTightened { to: to.clone() },
                });
            }
        }
    }

    fn push_part(&self, column: Ident, change: Change, out: &mut Vec<Difference>) {
        out.push(Difference {
            object: ObjectRef::part(ObjectKind::Column, self.name, &column),
            change,
        });
    }

    /// The names in a constraint that are columns of the table.
    fn own_columns(&self, table: &Table, kind: &ConstraintKind) -> Vec<Ident> {
        constraint_columns(kind)
            .into_iter()
            .filter(|column| table.column(column).is_some())
            .cloned()
            .collect()
    }

    /// Whether a key or reference over these columns looks at rows that old code writes: none of
    /// them is a new column that stays NULL in those rows, or gets another value in each.
    fn reaches_old_rows(&self, columns: &[Ident], nulls_pass: bool) -> bool {
        let is_apart = |column: &Ident| {
            self.before_name(column).is_none()
                && self.after.column(column).is_some_and(|column| {
                    let computed = column.identity.is_some() || column.generated.is_some();
                    match &column.default {
                        Some(default) => default.text.contains('('),
                        None => computed || nulls_pass,
                    }
                })
        };
        !columns.is_empty() && !columns.iter().any(is_apart)
    }

    /// Whether a constraint made anew demands what an old one demanded.
    fn same_demand(&self, before: &Constraint, after: &Constraint) -> bool {
        let same_columns = |before: &[Ident], after: &[Ident]| {
            before.len() == after.len()
                && before
                    .iter()
                    .zip(after)
                    .all(|(before, after)| self.after_name(before) == Some(after))
        };
        match (&before.kind, &after.kind) {
            (ConstraintKind::Check { expr: a, .. }, ConstraintKind::Check { expr: b, .. }) => {
                a.is_same(b)
            }
            (
                ConstraintKind::ForeignKey {
                    columns: a,
                    referenced: a_referenced,
                    ..
                },
                ConstraintKind::ForeignKey {
                    columns: b,
                    referenced: b_referenced,
                    ..
                },
            ) => {
                // A table of the same name made elsewhere is the same to a reader of both schemas.
                let target = |catalog: &Catalog, constraint: &Constraint| {
                    let id = constraint.references?;
                    catalog.relation_name(id).cloned()
                };
                let same_target = before.references == after.references
                    || target(self.old, before) == target(self.new, after);
                same_columns(a, b) && same_target && a_referenced == b_referenced
            }
            (
                ConstraintKind::Exclude { definition: a },
                ConstraintKind::Exclude { definition: b },
            ) => a == b,
            _ => false,
        }
    }

    fn diff_unique_keys(&self, out: &mut Vec<Difference>) {
        let same = |before: &Index, after: &Index| {
            before.id == after.id
                || (before.predicate == after.predicate
                    && before.nulls_not_distinct == after.nulls_not_distinct
                    && self.same_keys(before, after))
        };
        let unique = |index: &&Index| index.unique;
        for added in self.after.indexes.iter().filter(unique) {
            if self
                .before
                .indexes
                .iter()
                .filter(unique)
                .any(|old| same(old, added))
            {
                continue;
            }
            let columns: Vec<Ident> = added
                .key_columns()
                .filter(|column| self.after.column(column).is_some())
                .cloned()
                .collect();
            let nulls_pass = !added.nulls_not_distinct
                && added.keys.iter().all(|key| match key {
                    IndexKey::Column(_) => true,
                    IndexKey::Expression(expr) => expr.yields_to_null(),
                });
            if !self.is_implied(added)
                && !self.is_never_given(added)
                && self.reaches_old_rows(&columns, nulls_pass)
            {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &added.name),
                    change: Change::ConstraintAdded {
                        demand: Demand::Unique,
                        columns,
                        keys: shown_keys(added),
                        not_valid: false,
                        replaces: false,
                    },
                });
            }
        }
        for lost in &self.before.indexes {
            let Some(columns) = lost.plain_unique_columns() else {
                continue;
            };
            let as_set = |columns: &[&Ident]| -> Option<BTreeSet<Ident>> {
                columns
                    .iter()
                    .map(|column| self.after_name(column).cloned())
                    .collect()
            };
            // A key whose column is gone is lost with the column, which is said already.
            let Some(wanted) = as_set(&columns) else {
                continue;
            };
            let can_arbitrate = |index: &&Index| {
                !self.after.constraints.iter().any(|constraint| {
                    constraint.deferrable && index.constraint.as_ref() == Some(&constraint.name)
                })
            };
            let kept = self
                .after
                .indexes
                .iter()
                .filter(can_arbitrate)
                .any(|index| {
                    index.plain_unique_columns().is_some_and(|columns| {
                        columns.into_iter().cloned().collect::<BTreeSet<_>>() == wanted
                    })
                });
            if !kept {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &lost.name),
                    change: Change::UniqueKeyLost {
                        columns: columns.into_iter().cloned().collect(),
                        primary: self.before.constraints.iter().any(|it| {
                            matches!(it.kind, ConstraintKind::PrimaryKey { .. })
                                && lost.constraint.as_ref() == Some(&it.name)
                        }),
                    },
                });
            }
        }
    }

    /// Whether an old unique key refused everything that a new one can refuse: it is over some of
    /// the new one's columns, and no kinder to NULLs.
    fn is_implied(&self, new: &Index) -> bool {
        // Whether a key of an old index is one of the new one's, and never NULL where that matters.
        let is_among = |key: &IndexKey, must_not_be_null: bool| match key {
            IndexKey::Column(column) => {
                let old = self.before.column(column);
                let is_safe =
                    !must_not_be_null || old.is_some_and(|column| self.before.refuses_null(column));
                let renamed = self.after_name(column);
                let is_there = new.keys.iter().any(|key| match key {
                    IndexKey::Column(new) => renamed == Some(new),
                    IndexKey::Expression(_) => false,
                });
                is_safe && is_there
            }
            IndexKey::Expression(_) => !must_not_be_null && new.keys.contains(key),
        };
        self.before.indexes.iter().any(|old| {
            let is_strict = old.nulls_not_distinct || !new.nulls_not_distinct;
            let same_rows = old.predicate.is_none() || old.predicate == new.predicate;
            old.unique
                && same_rows
                && !old.keys.is_empty()
                && old.keys.iter().all(|key| is_among(key, !is_strict))
        })
    }

    /// Whether old code cannot give one of the columns a value: the server counts it up.
    fn is_never_given(&self, new: &Index) -> bool {
        new.keys.iter().any(|key| match key {
            IndexKey::Column(column) => self
                .before
                .column(column)
                .is_some_and(|column| column.identity == Some(Identity::Always)),
            IndexKey::Expression(_) => false,
        })
    }

    fn same_keys(&self, before: &Index, after: &Index) -> bool {
        use IndexKey::{Column, Expression};
        before.keys.len() == after.keys.len()
            && before
                .keys
                .iter()
                .zip(&after.keys)
                .all(|(before, after)| match (before, after) {
                    (Column(before), Column(after)) => self.after_name(before) == Some(after),
                    (Expression(before), Expression(after)) => before == after,
                    (Column(_), Expression(_)) | (Expression(_), Column(_)) => false,
                })
    }

    fn diff_triggers(&self, out: &mut Vec<Difference>) {
        for trigger in self.after.triggers.iter().filter(|it| it.enabled) {
            let fired_before = self.before.triggers.iter().any(|old| {
                old.enabled
                    && old.timing == trigger.timing
                    && old.events == trigger.events
                    && self.same_function(old.function.as_ref(), trigger.function.as_ref())
            });
            if !fired_before {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Trigger, self.name, &trigger.name),
                    change: Change::TriggerAdded {
                        timing: trigger.timing,
                    },
                });
            }
        }
        if self.is_made_anew() {
            return;
        }
        let is_new = |trigger: &Trigger| {
            let mut old = self.before.triggers.iter();
            trigger.enabled && !old.any(|it| it.name == trigger.name)
        };
        for trigger in self.before.triggers.iter().filter(|it| it.enabled) {
            let fires = self.after.triggers.iter().any(|new| {
                // One of the same name that does something else has been said.
                let takes_over = is_new(new)
                    && new.timing == trigger.timing
                    && new.events == trigger.events
                    && new.for_each_row == trigger.for_each_row;
                new.enabled
                    && (new.name == trigger.name
                        || takes_over
                        || new.timing == trigger.timing
                            && new.events == trigger.events
                            && self.same_function(trigger.function.as_ref(), new.function.as_ref()))
            });
            if !fires {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Trigger, self.name, &trigger.name),
                    change: Change::TriggerDropped,
                });
            }
        }
    }

    /// Whether two triggers call one function, which may have been renamed in between.
    fn same_function(&self, before: Option<&ObjectName>, after: Option<&ObjectName>) -> bool {
        if before == after {
            return true;
        }
        let ids = |catalog: &Catalog, function: Option<&ObjectName>| -> Vec<ObjectId> {
            let name = function.and_then(|function| {
                let schema = function.schema.clone()?;
                Some(QualifiedName::new(schema, function.name.clone()))
            });
            let routines = name.map_or(&[][..], |name| catalog.routines(&name));
            routines.iter().map(|routine| routine.id).collect()
        };
        let after = ids(self.new, after);
        ids(self.old, before).iter().any(|id| after.contains(id))
    }

    fn diff_row_security(&self, out: &mut Vec<Difference>) {
        let table = ObjectRef::top(ObjectKind::Table, self.name);
        let off = RowSecurity::default();
        let effective = |security: RowSecurity| if security.enabled { security } else { off };
        let (before, after) = (
            effective(self.before.row_security),
            effective(self.after.row_security),
        );
        if !after.enabled {
            return;
        }
        let without = without_policy(self.after);
        let had = match before.enabled {
            true => without_policy(self.before),
            false => Vec::new(),
        };
        let lost: Vec<PolicyCommand> = without
            .into_iter()
            .filter(|command| !had.contains(command))
            .collect();
        let was_on = before == after;
        if !was_on || !lost.is_empty() {
            out.push(Difference {
                object: table,
                change: Change::RowSecurityOn {
                    without: lost,
                    was_on,
                },
            });
            return;
        }
        let mut push = |policy: &Policy, how| {
            out.push(Difference {
                object: ObjectRef::part(ObjectKind::Policy, self.name, &policy.name),
                change: Change::PolicyChanged {
                    how,
                    command: policy.command,
                },
            });
        };
        // Whatever they are called, and made anew or not: what counts is what they say.
        let is_kept = |before: &&Policy| {
            let mut all = self.after.policies.iter();
            all.any(|after| self.same_policy(before, after))
        };
        let is_old = |after: &&Policy| {
            let mut all = self.before.policies.iter();
            all.any(|before| self.same_policy(before, after))
        };
        for policy in self.before.policies.iter().filter(|it| !is_kept(it)) {
            let successor = self.after.policies.iter().find(|it| {
                it.id == policy.id || (it.name == policy.name && it.command == policy.command)
            });
            let change = match successor {
                Some(_) => PolicyChange::Changed,
                // Fewer that refuse refuse less.
                None if !policy.permissive => continue,
                None => PolicyChange::Dropped,
            };
            push(policy, change);
        }
        for policy in self.after.policies.iter().filter(|it| !is_old(it)) {
            let is_said = self.before.policies.iter().any(|it| {
                it.id == policy.id || (it.name == policy.name && it.command == policy.command)
            });
            // One more that admits refuses nobody.
            if !is_said && !policy.permissive {
                push(policy, PolicyChange::Added);
            }
        }
    }

    /// Whether two conditions say the same, functions that they call followed through renames.
    fn same_condition(&self, one: &Option<SqlExpr>, other: &Option<SqlExpr>) -> bool {
        let (Some(one), Some(other)) = (one, other) else {
            return one.is_none() && other.is_none();
        };
        if one.is_same(other) {
            return true;
        }
        let mut text = format!(" {} ", one.text);
        for (name, routines) in self.old.all_routines() {
            if !text.contains(name.name.as_str()) {
                continue;
            }
            let to = self.new.all_routines().find(|(_, later)| {
                let mut ids = later.iter().map(|it| it.id);
                ids.any(|id| routines.iter().any(|routine| routine.id == id))
            });
            if let Some((to, _)) = to {
                text = text.replace(name.name.as_str(), to.name.as_str());
            }
        }
        let renamed = SqlExpr {
            text: text.trim().into(),
            columns: one.columns.clone(),
        };
        renamed.is_same(other)
    }

    /// Whether a policy governs the same rows, whatever it and its columns are called.
    fn same_policy(&self, before: &Policy, after: &Policy) -> bool {
        let renamed = |expr: &Option<SqlExpr>| {
            let mut expr = expr.clone()?;
            for column in &self.before.columns {
                if let Some(to) = self.after_name(&column.name)
                    && *to != column.name
                {
                    expr = expr.with_column_renamed(&column.name, to);
                }
            }
            Some(expr)
        };
        before.permissive == after.permissive
            && before.command == after.command
            && before.roles == after.roles
            && self.same_condition(&renamed(&before.using), &after.using)
            && self.same_condition(&renamed(&before.with_check), &after.with_check)
    }
}

/// The kinds of statement for which no policy admits rows: one that is not literally false and does not
/// hang on a setting of the session, which no migration sets for the code.
pub(crate) fn without_policy(table: &Table) -> Vec<PolicyCommand> {
    let admits = |expr: &Option<SqlExpr>| {
        expr.as_ref().is_none_or(|expr| {
            let text = expr.text.to_lowercase();
            text.trim_matches(['(', ')', ' ']) != "false" && !text.contains("current_setting")
        })
    };
    let commands = [
        PolicyCommand::Select,
        PolicyCommand::Insert,
        PolicyCommand::Update,
        PolicyCommand::Delete,
    ];
    let has_none = |command: &PolicyCommand| {
        !table.policies.iter().any(|policy| {
            policy.permissive
                && (policy.command == PolicyCommand::All || policy.command == *command)
                && admits(&policy.using)
                && admits(&policy.with_check)
        })
    };
    commands.into_iter().filter(has_none).collect()
}

fn demand_of(kind: &ConstraintKind) -> Option<Demand> {
    match kind {
        ConstraintKind::Check { .. } => Some(Demand::Check),
        ConstraintKind::ForeignKey { .. } => Some(Demand::ForeignKey),
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } => Some(Demand::Unique),
        ConstraintKind::Exclude { .. } => Some(Demand::Exclusion),
        ConstraintKind::NotNull { .. } => None,
    }
}

fn allowed_values(kind: &ConstraintKind) -> Option<&AllowedValues> {
    match kind {
        ConstraintKind::Check { allowed, .. } => allowed.as_ref(),
        ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Unique { .. }
        | ConstraintKind::ForeignKey { .. }
        | ConstraintKind::Exclude { .. }
        | ConstraintKind::NotNull { .. } => None,
    }
}

/// The literals that the checks of a table admit for a column, all of them together.
fn value_lists(table: &Table) -> BTreeMap<Ident, Literals> {
    let mut lists: BTreeMap<Ident, Literals> = BTreeMap::new();
    let enforced = table.constraints.iter().filter(|it| it.enforced);
    for list in enforced.filter_map(|it| allowed_values(&it.kind)) {
        lists
            .entry(list.column.clone())
            .and_modify(|values| values.retain(|value| list.values.contains(value)))
            .or_insert_with(|| list.values.clone());
    }
    lists
}
