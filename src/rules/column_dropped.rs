//! A column is gone.

use super::{Advice, Facts, retire};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ColumnDropped { required } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    let why = if required {
        "statements of old code that name the column fail; and it was required, so inserts of new \
         code that leave it out fail until it is gone"
    } else {
        "statements of old code that name the column fail as soon as it is gone"
    };
    let first = if required {
        "first make the column optional (`DROP NOT NULL` or a default) and "
    } else {
        ""
    };
    Some(Advice {
        message: format!("column `{column}` is dropped"),
        why: why.to_owned(),
        help: format!(
            "{first}ship a release that no longer uses it, and say so in its migcheck.toml \
             ({retired}); drop it once that release is the oldest one alive",
            retired = retire(column)
        ),
    })
}
