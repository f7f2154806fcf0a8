//! A column of a unique key has another collation.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::KeyCollationChanged = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    Some(Advice {
        message: format!("collation of key column `{column}` is changed"),
        why: "values that were different may count as equal now, or equal ones as different: old \
              code's writes can fail as duplicates, its lookups can miss, and its rows come in \
              another order"
            .to_owned(),
        help: format!(
            "add a column with the new collation and its own unique key beside `{column}`, write \
             both, copy the old values, and switch the code over; or put COLLATE in the queries"
        ),
    })
}
