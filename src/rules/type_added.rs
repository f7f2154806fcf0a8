//! A type is new.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::TypeAdded = facts.difference.change else {
        return None;
    };
    let data_type = &facts.difference.object;
    Some(Advice {
        message: format!("type `{data_type}` is added"),
        why: "new code that names it, in a cast or for a parameter, fails until the migration has \
              run"
            .to_owned(),
        help: format!(
            "run the migration before the code that uses `{data_type}`, or use it only in the \
             release after this one"
        ),
    })
}
