//! The result of a known query gets another shape.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ResultReshaped { what, has_star } = &facts.difference.change else {
        return None;
    };
    let help = if *has_star {
        "list the columns that the code reads instead of `*`, in a release before this one"
    } else {
        "let the code read the column in both forms before it changes"
    };
    Some(Advice {
        message: format!("the result of a query {what}"),
        why: "a statement that was prepared before the change fails after it with \"cached plan must \
              not change result type\", and code that decodes the columns strictly or by position \
              may not take the new ones"
            .to_owned(),
        help: help.to_owned(),
    })
}
