//! A relation that was exchanged for one of another kind, and views made anew.
//!
//! Code does not see whether a name stands for a table or for a view of one, as long as the columns
//! are the same and the server passes writes on.

use super::super::catalog::{
    Catalog, Column, ObjectId, Relation, RelationBody, Table, View, ViewWrites,
};
use super::super::name::{Ident, QualifiedName};
use super::super::types::SqlType;
use super::{Change, Difference, ObjectKind, ObjectRef, Tables, diff_rules};

/// What differs between two relations of one name that are not both tables; false where that cannot
/// be said.
pub(super) fn diff_exchanged(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    (before, after): (&Relation, &Relation),
    out: &mut Vec<Difference>,
) -> bool {
    let is_replaced = before.id == after.id;
    match (&before.body, &after.body) {
        (RelationBody::View(before), RelationBody::View(after)) => {
            diff_rules(name, &before.rules, &after.rules, out);
            let is_same_text = before.query == after.query;
            let (Some(earlier), Some(later)) = (Shape::of_view(before), Shape::of_view(after))
            else {
                // Replacing a view drops no column.
                return is_replaced || (is_same_text && before.columns == after.columns);
            };
            let mut found = Vec::new();
            diff_shapes(old, new, name, &earlier, &later, &mut found);
            for it in &mut found {
                if let Change::ColumnTypeChanged { from, to } = &it.change {
                    let (from, to) = (from.clone(), to.clone());
                    it.change = Change::ShownTypeChanged { from, to };
                }
            }
            // What the table behind has changed is said of the table.
            found.retain(|it| {
                !matches!(it.change, Change::ShownTypeChanged { .. })
                    || !earlier.stands_like(&later, &it.object.name)
            });
            out.extend(found);
            let refuses = |view: &View| view.is_writable() == Some(false);
            if !refuses(before) && refuses(after) {
                // The rule that took the writes is the cause, and said with it.
                out.retain(|it| it.change != Change::RuleDropped);
                let is_written = matches!(before.writes, ViewWrites::Refused | ViewWrites::Unknown);
                let change = Change::ViewWritesRefused { is_written };
                out.push(relation(ObjectKind::View, name, change));
            } else if before.is_writable() == Some(true) {
                diff_computed(name, &earlier, &later, false, out);
            }
            true
        }
        (RelationBody::Table(before), RelationBody::View(view)) => {
            let Some(later) = Shape::of_view(view) else {
                return false;
            };
            let Some(is_writable) = view.is_writable() else {
                return false;
            };
            if !before.knowledge.is_full() {
                return false;
            }
            let earlier = Shape::of_table(before);
            diff_shapes(old, new, name, &earlier, &later, out);
            let behind = behind(new, view);
            if is_writable {
                diff_computed(name, &earlier, &later, true, out);
            } else {
                let change = Change::ViewWritesRefused { is_written: true };
                out.push(relation(ObjectKind::Table, name, change));
            }
            let is_whole = |it: &&Column| later.position(&it.name).is_some();
            if is_writable && before.columns.iter().filter(is_whole).count() == before.columns.len()
            {
                let table = behind.map(|(name, _)| name.clone());
                let change = Change::CoveredByView { table };
                out.push(relation(ObjectKind::Table, name, change));
            }
            if let Some((behind_name, behind)) = behind {
                // A column that inserts must name and that the view does not show.
                let shown = later.stands_for.iter().flatten();
                let shown: Vec<&ObjectId> = shown.collect();
                for column in &behind.columns {
                    let is_known = before.column_by_id(column.id).is_some();
                    if !is_known && !shown.contains(&&column.id) && new.is_required(behind, column)
                    {
                        out.push(Difference {
                            object: ObjectRef::part(ObjectKind::Column, behind_name, &column.name),
                            change: Change::ColumnAdded { required: true },
                        });
                    }
                }
                diff_behind(old, new, name, (before, behind), out);
            }
            true
        }
        (RelationBody::View(view), RelationBody::Table(after)) => {
            let Some(earlier) = Shape::of_view(view) else {
                return false;
            };
            if !after.knowledge.is_full() {
                return false;
            }
            let later = Shape::of_table(after);
            diff_shapes(old, new, name, &earlier, &later, out);
            if let Some((_, behind)) = behind(old, view) {
                diff_behind(old, new, name, (behind, after), out);
            } else if view.is_writable() == Some(true) {
                let is_shown = |column: &Ident| earlier.position(column).is_some();
                for column in &after.columns {
                    if !is_shown(&column.name) && new.is_required(after, column) {
                        out.push(column_of(
                            name,
                            &column.name,
                            Change::ColumnAdded { required: true },
                        ));
                    }
                }
            }
            true
        }
        (
            RelationBody::Table(_)
            | RelationBody::View(_)
            | RelationBody::Sequence(_)
            | RelationBody::Index { .. },
            _,
        ) => false,
    }
}

/// The columns that a relation shows.
struct Shape {
    names: Vec<Ident>,
    /// Empty where they are not known.
    types: Vec<SqlType>,
    /// The column of a table that each of them is; `None` where it is computed.
    stands_for: Vec<Option<ObjectId>>,
}

impl Shape {
    fn of_table(table: &Table) -> Self {
        Shape {
            names: table.columns.iter().map(|it| it.name.clone()).collect(),
            types: table
                .columns
                .iter()
                .map(|it| it.data_type.clone())
                .collect(),
            stands_for: table.columns.iter().map(|it| Some(it.id)).collect(),
        }
    }

    fn of_view(view: &View) -> Option<Self> {
        let names = view.columns.clone()?;
        let stands_for = match &view.writes {
            ViewWrites::Through { columns, .. } => columns.clone(),
            ViewWrites::Refused | ViewWrites::Unknown => Vec::new(),
        };
        Some(Shape {
            types: view.types.clone(),
            stands_for,
            names,
        })
    }

    fn position(&self, name: &Ident) -> Option<usize> {
        self.names.iter().position(|it| it == name)
    }

    /// Whether a column stands for the same one of the table behind in both.
    fn stands_like(&self, other: &Shape, name: &Ident) -> bool {
        let of = |shape: &Shape| {
            let at = shape.position(name)?;
            shape.stands_for.get(at).copied().flatten()
        };
        of(self).is_some() && of(self) == of(other)
    }

    fn is_computed(&self, name: &Ident) -> bool {
        let at = self.position(name);
        at.and_then(|at| self.stands_for.get(at)) == Some(&None)
    }
}

/// The table behind a view that the server writes through.
fn behind<'a>(catalog: &'a Catalog, view: &View) -> Option<(&'a QualifiedName, &'a Table)> {
    let ViewWrites::Through { table, .. } = &view.writes else {
        return None;
    };
    let name = catalog.relation_name(*table)?;
    Some((name, catalog.table(name)?))
}

fn diff_shapes(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    before: &Shape,
    after: &Shape,
    out: &mut Vec<Difference>,
) {
    for (at, column) in before.names.iter().enumerate() {
        let Some(later) = after.position(column) else {
            out.push(column_of(
                name,
                column,
                Change::ColumnDropped { required: false },
            ));
            continue;
        };
        let (Some(from), Some(to)) = (before.types.get(at), after.types.get(later)) else {
            continue;
        };
        let (from, to) = (old.base_type(from), new.base_type(to));
        let ids = (
            old.definition_of(&from).map(|it| it.id),
            new.definition_of(&to).map(|it| it.id),
        );
        let is_same =
            from == to || (ids.0.is_some() && ids.0 == ids.1 && from.is_array == to.is_array);
        let is_known = |it: &SqlType| *it != SqlType::unknown();
        if !is_same && is_known(&from) && is_known(&to) {
            out.push(column_of(
                name,
                column,
                Change::ColumnTypeChanged { from, to },
            ));
        }
    }
    for column in &after.names {
        if before.position(column).is_none() {
            out.push(column_of(
                name,
                column,
                Change::ColumnAdded { required: false },
            ));
        }
    }
}

fn diff_computed(
    name: &QualifiedName,
    before: &Shape,
    after: &Shape,
    is_written: bool,
    out: &mut Vec<Difference>,
) {
    for column in &before.names {
        if after.is_computed(column) && !before.is_computed(column) {
            out.push(column_of(
                name,
                column,
                Change::ViewColumnComputed { is_written },
            ));
        }
    }
}

/// What the table behind a view demands, named as old code names it: its columns' names and types
/// are the view's business.
fn diff_behind(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    (before, after): (&Table, &Table),
    out: &mut Vec<Difference>,
) {
    let is_same = before
        .columns
        .iter()
        .any(|column| after.column_by_id(column.id).is_some());
    if !is_same {
        return;
    }
    let mut found = Vec::new();
    let tables = Tables {
        old,
        new,
        name,
        before,
        after,
    };
    tables.diff(&mut found);
    found.retain(|it| {
        !matches!(
            it.change,
            Change::ColumnAdded { .. }
                | Change::ColumnDropped { .. }
                | Change::ColumnRenamed { .. }
                | Change::ColumnTypeChanged { .. }
                | Change::DomainChanged
                | Change::NameReused
                | Change::Unread
        )
    });
    out.extend(found);
}

fn relation(kind: ObjectKind, name: &QualifiedName, change: Change) -> Difference {
    Difference {
        object: ObjectRef::top(kind, name),
        change,
    }
}

fn column_of(name: &QualifiedName, column: &Ident, change: Change) -> Difference {
    Difference {
        object: ObjectRef::part(ObjectKind::Column, name, column),
        change,
    }
}
