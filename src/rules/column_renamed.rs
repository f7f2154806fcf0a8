//! A column has another name.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ColumnRenamed { to } = &facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    Some(Advice {
        message: format!("column `{column}` is renamed to `{to}`"),
        why: "old code knows only the old name and new code only the new one, so at every moment \
              one of them fails"
            .to_owned(),
        help: format!(
            "add `{to}` beside it, write both, copy the old values, read the new one, and drop \
             `{column}` in a later release; or keep the name"
        ),
    })
}
