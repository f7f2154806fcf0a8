//! A column refuses NULL.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::NotNullSet { supplied } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    let why = if supplied {
        "a default supplies what inserts leave out, but old code that writes NULL into the column \
         fails"
    } else {
        "inserts of old code that leave the column out, or write NULL into it, fail"
    };
    let help = if supplied {
        format!("make sure that no live release writes NULL into `{column}`")
    } else {
        let (table, name) = (facts.owner(), &column.name);
        format!(
            "give it a default as well (`ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT …`), \
             or wait until every live release writes it"
        )
    };
    Some(Advice {
        message: format!("column `{column}` is set NOT NULL"),
        why: why.to_owned(),
        help,
    })
}
