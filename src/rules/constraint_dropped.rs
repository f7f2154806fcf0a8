//! A constraint on columns that stay is gone.

use super::constraint_added::word;
use super::{Advice, Facts, listed};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ConstraintDropped { demand, columns } = &facts.difference.change else {
        return None;
    };
    let (name, table) = (&facts.difference.object.name, facts.owner());
    Some(Advice {
        message: format!(
            "{} `{name}` on `{table}` ({}) is dropped",
            word(*demand),
            listed(columns)
        ),
        why: "new code that writes rows which it refuses fails until the migration has run"
            .to_owned(),
        help: format!(
            "run the migration before the code that writes such rows; until every live release can \
             read them, go on writing only what `{name}` admitted"
        ),
    })
}
