//! A column is new, and an INSERT may leave it out.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ColumnAdded { required: false } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    Some(Advice {
        message: format!("column `{column}` is added"),
        why: "new code that uses the column fails until the migration has run".to_owned(),
        help: "run the migration before the code that uses it, or use the column only in the \
               release after this one"
            .to_owned(),
    })
}
