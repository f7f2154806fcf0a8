//! A table has made room for a view of the same name, which old code goes on using.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::CoveredByView { table } = &facts.difference.change else {
        return None;
    };
    let name = &facts.difference.object;
    let behind = match table {
        Some(table) => format!(" of `{table}`"),
        None => String::new(),
    };
    Some(Advice {
        message: format!("`{name}` is a view{behind} now"),
        why: format!(
            "old code's ordinary statements on `{name}` go on working; what a view cannot serve is \
             `ON CONFLICT ON CONSTRAINT`, `GROUP BY` of the key alone, `TRUNCATE`, `COPY {name} FROM`, \
             `ctid`, and a foreign key that refers to it"
        ),
        help: format!(
            "look for these in old code; drop the view in a later release, when no live release \
             uses `{name}` any more"
        ),
    })
}
