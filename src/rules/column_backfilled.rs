//! Old rows got a value in a new column; rows that old code inserts afterwards do not.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::Backfilled = facts.difference.change else {
        return None;
    };
    // One statement is one finding, however many columns it fills.
    let mut columns: Vec<String> = facts
        .breaks
        .iter()
        .filter(|it| it.difference.change == Change::Backfilled)
        .map(|it| format!("`{}`", it.difference.object))
        .collect();
    columns.sort();
    columns.dedup();
    let (message, them, name) = match columns.as_slice() {
        [only] => (
            format!("column {only} is filled while old code still inserts rows without it"),
            only.clone(),
            facts.difference.object.name.to_string(),
        ),
        several => (
            format!(
                "columns {} are filled while old code still inserts rows without them",
                several.join(", ")
            ),
            "them".to_owned(),
            "…".to_owned(),
        ),
    };
    Some(Advice {
        message,
        why: "rows that old code inserts after this statement have NULL there, and what old code \
              changes afterwards is not carried over: new code meets rows that look unfilled or stale"
            .to_owned(),
        help: format!(
            "fill {them} again when no old code writes any more (`… WHERE {name} IS NULL`), in the \
             next release's migration; or let a default or a BEFORE INSERT OR UPDATE trigger keep it \
             filled from now on"
        ),
    })
}
