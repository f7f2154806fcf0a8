//! A column is new, and an INSERT must name it.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ColumnAdded { required: true } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    Some(Advice {
        message: format!("required column `{column}` is added"),
        why: "inserts of old code do not name the new column, and nothing supplies a value for it"
            .to_owned(),
        help: "give it a default, or add it as nullable, fill it, and set it NOT NULL in a later \
               release, when no old code inserts any more"
            .to_owned(),
    })
}
