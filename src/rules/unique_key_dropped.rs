//! No plain unique key covers some columns any more.

use super::{Advice, Facts, listed};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::UniqueKeyLost { columns, primary } = &facts.difference.change else {
        return None;
    };
    let (key, table) = (&facts.difference.object.name, facts.owner());
    let columns = listed(columns);
    let (kind, grouped) = match primary {
        true => ("primary key", ", queries that are grouped by it alone too"),
        false => ("unique key", ""),
    };
    Some(Advice {
        message: format!("{kind} `{key}` on `{table}` ({columns}) is dropped"),
        why: format!(
            "upserts of old code with ON CONFLICT ({columns}) fail without it{grouped}, and \
             duplicates can come in"
        ),
        help: format!(
            "keep a plain unique key on exactly ({columns}) until no live release upserts by it; to \
             rebuild it, make the new one first and drop this one afterwards"
        ),
    })
}
