//! Rows were copied into a new table; what old code writes afterwards is not.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RowsCopied { from } = &facts.difference.change else {
        return None;
    };
    let table = &facts.difference.object;
    let from: Vec<String> = from.iter().map(|it| format!("`{it}`")).collect();
    let from = from.join(", ");
    Some(Advice {
        message: format!("rows of {from} are copied into `{table}` while old code still writes {from}"),
        why: format!(
            "what old code inserts, changes or deletes in {from} after this statement does not reach \
             `{table}`, so new code works on rows that are out of date"
        ),
        help: format!(
            "let a trigger on {from} keep `{table}` up to date before the rows are copied; or have \
             one release write both, and copy again when it is the oldest one alive"
        ),
    })
}
