//! Down parts: up and then down should give the schema before.
//!
//! Input: the chain. Output: for each new migration with a down part what differs after it, what the
//! server would refuse of it, or why nobody can say.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::chain::{Chain, planned_down};
use crate::history::{Step, replay_on};
use crate::schema::apply::{Misfit, Touched};
use crate::schema::diff::{Change, Difference, diff_touched, other_name};

/// What came of undoing a migration.
#[derive(Debug)]
pub(super) enum Undone {
    /// These objects are not as they were before it.
    Differs(Vec<Difference>),
    /// The server would refuse a statement of the down part.
    Refused(Misfit),
    /// Something in the up or the down part was not understood, or may not run.
    Unknown(Arc<str>),
}

/// The new migrations whose down parts do not restore what was before, by index.
pub(super) fn undo_new(chain: &Chain) -> Vec<(usize, Undone)> {
    (chain.first_new..chain.migrations.len())
        .into_par_iter()
        .filter_map(|index| Some((index, undo(chain, index)?)))
        .collect()
}

fn undo(chain: &Chain, index: usize) -> Option<Undone> {
    let planned = planned_down(&chain.migrations[index], chain.dialect)?;
    let timeline = &chain.timeline;
    let (begin, end) = (timeline.begin_of(index), timeline.ends[index]);
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
    let touched = |steps: &[Step]| -> BTreeSet<Touched> {
        steps.iter().flat_map(|it| it.touched.clone()).collect()
    };
    let mut names = touched(up);
    names.extend(touched(&down.steps));
    let others: Vec<Touched> = names
        .iter()
        .flat_map(|name| other_name(before, after, name))
        .collect();
    names.extend(others);
    let mut differences: Vec<Difference> = names
        .iter()
        .flat_map(|name| diff_touched(before, after, name))
        // The server cannot take a label away, and what may be done with an object that was made
        // anew was said elsewhere.
        .filter(|difference| difference.change != Change::LabelAdded)
        .collect();
    differences.sort();
    differences.dedup();
    (!differences.is_empty()).then_some(Undone::Differs(differences))
}
