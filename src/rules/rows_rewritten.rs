//! Values in existing rows are changed by a migration.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RowsRewritten = facts.difference.change else {
        return None;
    };
    // One statement is one finding, however many columns it sets.
    let mut columns: Vec<String> = facts
        .breaks
        .iter()
        .filter(|it| it.difference.change == Change::RowsRewritten)
        .map(|it| format!("`{}`", it.difference.object))
        .collect();
    columns.sort();
    columns.dedup();
    let (word, columns) = match columns.as_slice() {
        [only] => ("column", only.clone()),
        several => ("columns", several.join(", ")),
    };
    Some(Advice {
        message: format!("values of {word} {columns} in existing rows are changed"),
        why: "nothing fails on the server, but old code reads the new values, which it may not know \
              or may take for something else, and goes on writing the old ones"
            .to_owned(),
        help: "write the new values into a new column; or ship a release that takes old and new \
               values first, and change the rows once it is the oldest one alive"
            .to_owned(),
    })
}
