//! No plain unique key covers some columns any more.

use super::{Advice, Facts, listed};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::UniqueKeyLost { columns } = &facts.difference.change else {
        return None;
    };
    let (key, table) = (&facts.difference.object.name, facts.owner());
    let columns = listed(columns);
    Some(Advice {
        message: format!("unique key `{key}` on `{table}` ({columns}) is dropped"),
        why: format!(
            "upserts of old code with ON CONFLICT ({columns}) fail without it, and duplicates can \
             come in"
        ),
        help: format!(
            "keep a plain unique key on exactly ({columns}) until no live release upserts by it; to \
             rebuild it, make the new one first and drop this one afterwards"
        ),
    })
}
