//! What the statements of a migration do to rows, and who reads them: old code meets values that were
//! rewritten, new code meets rows that old code wrote after they were filled or copied.

use super::compat::{Access, Evidence, Pair, Weight, harms};
use super::window::{Break, Release, evidence, uses};
use crate::history::{RowsChange, Step, Timeline};
use crate::schema::catalog::{RelationBody, Trigger};
use crate::schema::diff::{Change, Difference, ObjectKind, ObjectRef, known_column};
use crate::schema::name::{Ident, QualifiedName};

/// The tables in which tools write down what has run, where the SQL that they print does it. No
/// release takes the rows for its own.
const BOOKKEEPING: [&str; 6] = [
    "alembic_version",
    "__EFMigrationsHistory",
    "django_migrations",
    "schema_migrations",
    "databasechangelog",
    "databasechangeloglock",
];

/// The breaks of a step that changes values in rows that the release reads: they stay as they are.
pub(super) fn rewritten(
    step: &Step,
    position: usize,
    release: &Release,
    index: usize,
    last: usize,
) -> Vec<Break> {
    let mut out = Vec::new();
    let columns = step.rows.iter().flat_map(|rows| match rows {
        RowsChange::Updated {
            table, replaced, ..
        } => replaced.iter().map(|column| (table, column)).collect(),
        RowsChange::Copied { .. } | RowsChange::Made { .. } => Vec::new(),
    });
    for (table, column) in columns {
        if BOOKKEEPING.contains(&table.name.as_str()) {
            continue;
        }
        let Some(object) = known_column(&release.own, &step.catalog, table, column) else {
            continue;
        };
        let difference = Difference {
            object,
            change: Change::RowsRewritten,
        };
        for harm in harms(&difference) {
            let access: Vec<Access> = harm
                .access
                .iter()
                .copied()
                .filter(|access| uses(release, &difference, &harm, *access))
                .collect();
            if access.is_empty() {
                continue;
            }
            out.push(Break {
                release: index,
                evidence: evidence(&harm),
                blamed: position.checked_sub(1),
                difference: difference.clone(),
                harm,
                access,
                start: position,
                end: last + 1,
                uses: Vec::new(),
                unused: None,
                mentions: Vec::new(),
            });
        }
    }
    out
}

/// What head reads of rows that a step filled or copied while a live release still writes: nobody
/// does it for the rows that come afterwards.
pub(super) fn stale(
    timeline: &Timeline,
    live: &[Release],
    head: &Release,
    position: usize,
    breaks: &[Break],
) -> Vec<Break> {
    let mut out = Vec::new();
    let step = &timeline.steps[position - 1];
    for rows in &step.rows {
        let differences: Vec<Difference> = match rows {
            RowsChange::Updated {
                table,
                replaced,
                filled,
            } => replaced
                .iter()
                .chain(filled)
                .filter(|column| is_left_empty(step, live, head, table, column))
                .filter(|_| !inserts_fail(breaks, step, live, table))
                .map(|column| Difference {
                    object: ObjectRef::part(ObjectKind::Column, table, column),
                    change: Change::Backfilled,
                })
                .collect(),
            // The rows are those of the first; what is joined to it adds to them.
            RowsChange::Copied { into, from }
                if from.first().is_some_and(|first| {
                    is_left_behind(live, head, into, first)
                        && !inserts_fail(breaks, step, live, first)
                }) =>
            {
                let from: Vec<QualifiedName> = from
                    .iter()
                    .filter(|from| is_left_behind(live, head, into, from))
                    .cloned()
                    .collect();
                vec![Difference {
                    object: ObjectRef::top(ObjectKind::Table, into),
                    change: Change::RowsCopied { from },
                }]
            }
            RowsChange::Copied { .. } | RowsChange::Made { .. } => Vec::new(),
        };
        for difference in differences {
            for harm in harms(&difference) {
                let harms_head = |access: &Access| uses(head, &difference, &harm, *access);
                let access: Vec<Access> = harm.access.iter().copied().filter(harms_head).collect();
                if access.is_empty() {
                    continue;
                }
                out.push(Break {
                    release: live.len(),
                    evidence: Evidence::Possible,
                    blamed: Some(position - 1),
                    difference: difference.clone(),
                    harm,
                    access,
                    start: position,
                    end: head.position + 1,
                    uses: Vec::new(),
                    unused: None,
                    mentions: Vec::new(),
                });
            }
        }
    }
    out
}

/// Whether every live release's inserts into a table fail anyway: its name is gone, or what they must
/// name is another column now.
fn inserts_fail(breaks: &[Break], step: &Step, live: &[Release], table: &QualifiedName) -> bool {
    let id = step.catalog.relation(table).map(|it| it.id);
    let fails = |at: usize, release: &Release| {
        let known = id.and_then(|id| release.own.relation_name(id));
        let known = known.unwrap_or(table);
        breaks
            .iter()
            .filter(|it| it.release == at && it.harm.pair == Pair::OldOnNew)
            .filter(|it| it.harm.weight == Weight::Error)
            .any(|it| {
                let object = &it.difference.object;
                let is_whole = object.parent.is_none() && object.name == known.name;
                let is_part = object.parent.as_ref() == Some(&known.name);
                match it.difference.change {
                    Change::RelationRenamed { .. } | Change::RelationDropped => is_whole,
                    Change::ColumnAdded { required: true }
                    | Change::ColumnDropped { required: true }
                    | Change::NotNullSet { supplied: false } => is_part,
                    _ => false,
                }
            })
    };
    let mut all = live.iter().enumerate();
    all.all(|(at, release)| fails(at, release))
}

/// Whether a live release inserts rows without a column that is new to it, and nothing gives it a
/// value. What is refused to be empty is another matter: those inserts fail.
fn is_left_empty(
    step: &Step,
    live: &[Release],
    head: &Release,
    table: &QualifiedName,
    column: &Ident,
) -> bool {
    let Some(relation) = step.catalog.relation(table) else {
        return false;
    };
    let Some(name) = head.own.relation_name(relation.id) else {
        return false;
    };
    let Some(last) = head.own.table(name) else {
        return false;
    };
    let RelationBody::Table(now) = &relation.body else {
        return false;
    };
    let Some(kept) = now.column(column).and_then(|it| last.column_by_id(it.id)) else {
        return false;
    };
    let is_covered = kept.default.is_some()
        || kept.identity.is_some()
        || kept.generated.is_some()
        || last.refuses_null(kept)
        || last.triggers.iter().any(|it| it.fills_on_insert());
    let is_new_to = |release: &Release| {
        let known = release.own.relation_name(relation.id);
        let old = known.and_then(|name| release.own.table(name));
        old.is_some_and(|old| {
            old.knowledge.is_full()
                && old.column_by_id(kept.id).is_none()
                && old.column(column).is_none()
                // It takes another one's place.
                && old.column(&kept.name).is_none()
        })
    };
    !is_covered && live.iter().any(is_new_to)
}

/// Whether a live release writes to a table whose rows were copied into one that is new to it, and
/// no trigger carries on.
fn is_left_behind(
    live: &[Release],
    head: &Release,
    into: &QualifiedName,
    from: &QualifiedName,
) -> bool {
    let is_kept = head
        .own
        .relation(into)
        .is_some_and(|it| it.as_table().is_some() && !it.temporary);
    // Where it is gone, old code fails, and that is said already.
    let is_still_there = head.own.table(from).is_some_and(|table| {
        let carries_on = |it: &Trigger| it.enabled && it.events.insert;
        !table.triggers.iter().any(carries_on)
    });
    let writes = |release: &Release| {
        release.own.table(from).is_some_and(|table| !table.foreign)
            && release.own.relation(into).is_none()
            && {
                let source = ObjectRef::top(ObjectKind::Table, from);
                release.presumed.uses(&source, Access::Write)
            }
    };
    into != from && is_kept && is_still_there && live.iter().any(writes)
}
