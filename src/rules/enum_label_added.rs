//! An enum has a new label.

use super::{Advice, Facts};
use crate::analysis::Pair;
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::LabelAdded = facts.difference.change else {
        return None;
    };
    let (label, of) = (facts.difference.object.name.as_str(), facts.owner());
    let why = if facts.hurts(Pair::OldReadsNewData) {
        "old code does not know the label, and reads it as soon as new code writes it"
    } else {
        "new code that writes the label or compares with it fails until the migration has run"
    };
    Some(Advice {
        message: format!("label `{label}` is added to enum `{of}`"),
        why: why.to_owned(),
        help: format!(
            "let one release learn to read `{label}` and the next one write it, when no older code \
             is alive"
        ),
    })
}
