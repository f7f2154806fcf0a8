//! Values in existing rows are changed by a migration.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RowsRewritten = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    Some(Advice {
        message: format!("values of column `{column}` in existing rows are changed"),
        why: "nothing fails on the server, but old code reads the new values, which it may not know \
              or may take for something else, and goes on writing the old ones"
            .to_owned(),
        help: format!(
            "write the new values into a new column; or ship a release that takes old and new \
             values of `{column}` first, and change the rows once it is the oldest one alive"
        ),
    })
}
