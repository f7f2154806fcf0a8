//! A column's default (or what else supplied its value) is gone.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::DefaultDropped { required } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    let why = if required {
        "the column is NOT NULL and nothing supplies a value any more, so inserts of old code that \
         leave it out fail"
    } else {
        "nothing fails, but rows that old code inserts without the column now hold NULL"
    };
    Some(Advice {
        message: format!("default of column `{column}` is dropped"),
        why: why.to_owned(),
        help: format!(
            "keep the default, ship a release whose inserts name `{}`, and drop the default once \
             that release is the oldest one alive",
            column.name
        ),
    })
}
