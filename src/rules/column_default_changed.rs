//! A column's default is another.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::DefaultChanged = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    let (table, name) = (facts.owner(), &column.name);
    Some(Advice {
        message: format!("default of column `{column}` is changed"),
        why: "nothing fails, but rows that old code inserts without the column get the new value, \
              which it may not know or may read as something else"
            .to_owned(),
        help: format!(
            "have the new release name `{name}` in its INSERT INTO {table}, and change the default \
             in a later release, when every live one can take the new value"
        ),
    })
}
