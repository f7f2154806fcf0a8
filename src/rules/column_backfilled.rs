//! Old rows got a value in a new column; rows that old code inserts afterwards do not.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::Backfilled = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    Some(Advice {
        message: format!("column `{column}` is filled while old code still inserts rows without it"),
        why: "rows that old code inserts after this statement have NULL there, and what old code \
              changes afterwards is not carried over: new code meets rows that look unfilled or stale"
            .to_owned(),
        help: format!(
            "fill `{column}` again when no old code writes any more (`… WHERE {name} IS NULL`), in the \
             next release's migration; or let a default or a BEFORE INSERT OR UPDATE trigger keep it \
             filled from now on",
            name = column.name
        ),
    })
}
