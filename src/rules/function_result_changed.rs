//! A function returns something else.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RoutineResultChanged { from, to } = &facts.difference.change else {
        return None;
    };
    let function = &facts.difference.object;
    Some(Advice {
        message: format!("function `{function}` returns `{to}` instead of `{from}`"),
        why: format!("old code calls it as before and gets what it does not know as `{from}`"),
        help: format!(
            "give the new form a name of its own, and drop `{function}` once no live release calls it"
        ),
    })
}
