//! A column's default (or what else supplied its value) is gone.

use super::{Advice, Facts};
use crate::schema::diff::{Change, Supply};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::DefaultDropped { supply, required } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    let why = if required {
        "the column is NOT NULL and nothing supplies a value any more, so inserts of old code that \
         leave it out fail"
    } else {
        "nothing fails, but rows that old code inserts without the column now hold NULL"
    };
    let keep = |it: &str| {
        format!(
            "keep the {it}, ship a release whose inserts name `{}`, and drop the {it} once that \
             release is the oldest one alive",
            column.name
        )
    };
    let (message, help) = match supply {
        Supply::Default => (
            format!("default of column `{column}` is dropped"),
            keep("default"),
        ),
        Supply::Identity => (
            format!("identity of column `{column}` is dropped"),
            keep("identity"),
        ),
        Supply::Expression => (
            format!("column `{column}` is no longer generated"),
            "add another column for the release that writes the value itself, and drop this one \
             once that release is the oldest one alive"
                .to_owned(),
        ),
    };
    Some(Advice {
        message,
        why: why.to_owned(),
        help,
    })
}
