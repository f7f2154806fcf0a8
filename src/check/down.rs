//! Down parts: up and then down should give the schema before.
//!
//! Input: the chain. Output: for each new migration with a down part what differs after it, what the
//! server would refuse of it, or why nobody can say.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::chain::{Chain, planned_down};
use crate::history::{Planned, replay_on};
use crate::rules::down_differs::{self, How, Left};
use crate::schema::apply::{Misfit, Touched};
use crate::schema::catalog::Catalog;
use crate::schema::diff::{Change, diff_touched, other_name};
use crate::schema::name::Ident;
use crate::source::Span;

/// What came of undoing a migration.
#[derive(Debug)]
pub(super) enum Undone {
    /// These objects are not as they were before it.
    Differs(Vec<Left>),
    /// The server would refuse a statement of the down part.
    Refused(Misfit),
    /// Something in the up or the down part was not understood, or may not run.
    Unknown(Arc<str>),
}

/// A down part that does not restore what was before.
#[derive(Debug)]
pub(super) struct Down {
    /// The index of the migration.
    pub(super) migration: usize,
    /// Its first statement, where it stands in the file of the up part.
    pub(super) span: Option<Span>,
    /// The file that it stands in, where that is another; without the folders of both.
    pub(super) file: Option<String>,
    /// What came of it.
    pub(super) undone: Undone,
}

/// The new migrations whose down parts do not restore what was before, by index.
pub(super) fn undo_new(chain: &Chain) -> Vec<Down> {
    (chain.first_new..chain.migrations.len())
        .into_par_iter()
        .filter_map(|index| {
            let migration = &chain.migrations[index];
            let planned = planned_down(migration, chain.dialect)?;
            let path = migration.down.as_ref()?.path();
            let is_same = path == migration.path;
            let name = without_common_folder(path, &migration.path);
            // An empty one says that there is no way back.
            let first = planned.script.as_ref()?.statements.first()?.span;
            Some(Down {
                migration: index,
                span: is_same.then_some(first),
                file: (!is_same).then(|| name.to_owned()),
                undone: undo(chain, index, planned)?,
            })
        })
        .collect()
}

/// The path from the folder that both files are in, or are below.
fn without_common_folder<'a>(path: &'a str, other: &str) -> &'a str {
    let same = path.bytes().zip(other.bytes()).take_while(|(a, b)| a == b);
    let begin = path.as_bytes()[..same.count()]
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    &path[begin..]
}

fn undo(chain: &Chain, index: usize, planned: Planned) -> Option<Undone> {
    let timeline = &chain.timeline;
    let (begin, end) = (timeline.begin_of(index), timeline.ends[index]);
    let migration = &chain.migrations[index];
    let parts = [migration.up.part(), migration.down.as_ref()?.part()];
    if parts.into_iter().flatten().any(|part| part.has_stand_in()) {
        return Some(Undone::Unknown(Arc::from(
            "it holds a placeholder whose value is not known",
        )));
    }
    let mut reasons = timeline.reasons.range((index, 0)..(index + 1, 0));
    if let Some((_, reason)) = reasons.next() {
        return Some(Undone::Unknown(Arc::clone(reason)));
    }
    let down = replay_on(timeline.catalog(end), &[planned], chain.dialect);
    if let Some(reason) = down.reasons.values().next() {
        return Some(Undone::Unknown(Arc::clone(reason)));
    }
    let up = &timeline.steps[begin..end];
    if up.iter().chain(&down.steps).any(|step| step.perhaps) {
        return Some(Undone::Unknown(Arc::from("a part of it may not run")));
    }
    if let Some(misfit) = down.steps.iter().flat_map(|step| &step.misfits).next() {
        return Some(Undone::Refused(misfit.clone()));
    }
    let (before, after) = (timeline.catalog(begin), down.catalog(down.end()));
    let mut names: BTreeSet<Touched> = BTreeSet::new();
    for step in up.iter().chain(&down.steps) {
        names.extend(step.touched.iter().cloned());
    }
    let others: Vec<Touched> = names
        .iter()
        .flat_map(|name| other_name(before, after, name))
        .collect();
    names.extend(others);
    // A privilege that was granted and taken away again is as it was before, though it is known
    // now; and what an extension brings is not in the catalog.
    names.retain(|name| match name {
        Touched::Relation(_) | Touched::Type(_) | Touched::Routine(_) => true,
        Touched::Privileges(_) | Touched::Role(_) | Touched::Extension(_) | Touched::Unread => {
            false
        }
    });
    let mut out: BTreeSet<Left> = BTreeSet::new();
    for name in &names {
        let differences = diff_touched(before, after, name);
        if differences.is_empty() {
            out.extend(unseen_by_queries(before, after, name));
        }
        // The server cannot take a label away.
        let differences = differences
            .iter()
            .filter(|it| it.is_of_shape() && it.change != Change::LabelAdded);
        out.extend(differences.map(down_differs::left));
    }
    (!out.is_empty()).then(|| Undone::Differs(out.into_iter().collect()))
}

/// What no query notices: indexes, and what functions do.
pub(super) fn unseen_by_queries(before: &Catalog, after: &Catalog, name: &Touched) -> Vec<Left> {
    let mut out = Vec::new();
    match name {
        Touched::Relation(name) => {
            let indexes = |catalog: &Catalog| -> BTreeSet<Ident> {
                let table = catalog.table(name);
                let indexes = table.into_iter().flat_map(|table| table.indexes.iter());
                indexes.map(|index| index.name.clone()).collect()
            };
            let (before, after) = (indexes(before), indexes(after));
            for index in before.symmetric_difference(&after) {
                let how = match before.contains(index) {
                    true => How::Missing,
                    false => How::StillThere,
                };
                out.push(Left::new(format!("index `{index}`"), how));
            }
        }
        Touched::Routine(name) => {
            let body = |catalog: &Catalog| -> Vec<(Arc<str>, Ident)> {
                let routines = catalog.routines(name).iter();
                routines
                    .map(|it| (Arc::clone(&it.body), it.language.clone()))
                    .collect()
            };
            let (before, after) = (body(before), body(after));
            let how = match (before.is_empty(), after.is_empty()) {
                (false, true) => How::Missing,
                (true, false) => How::StillThere,
                (true, true) | (false, false) => How::Differs("has another body"),
            };
            if before != after {
                out.push(Left::new(format!("function `{name}`"), how));
            }
        }
        Touched::Type(_)
        | Touched::Privileges(_)
        | Touched::Role(_)
        | Touched::Extension(_)
        | Touched::Unread => {}
    }
    out
}
