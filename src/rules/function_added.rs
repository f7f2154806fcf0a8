//! A function, procedure or aggregate is new, or takes new arguments.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RoutineAdded = facts.difference.change else {
        return None;
    };
    let function = &facts.difference.object;
    Some(Advice {
        message: format!("function `{function}` is added"),
        why: "new code that calls it fails until the migration has run".to_owned(),
        help: format!(
            "run the migration before the code that calls `{function}`, or call it only in the \
             release after this one"
        ),
    })
}
