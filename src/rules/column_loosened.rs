//! A column admits more: NULL, an INSERT without it, or a value given for it.

use super::{Advice, Facts};
use crate::analysis::Pair;
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let column = &facts.difference.object;
    let name = &column.name;
    let (message, why, help) = match facts.difference.change {
        Change::NotNullDropped { .. } => (
            format!("column `{column}` may be NULL"),
            if facts.hurts(Pair::OldReadsNewData) {
                "old code never had to read a NULL from this column, and meets one as soon as new \
                 code writes it"
            } else {
                "new code that writes NULL or leaves the column out fails until the migration has \
                 run"
            },
            format!(
                "write no NULL into `{name}` before every live release can read one, and before the \
                 migration has run"
            ),
        ),
        Change::DefaultAdded { .. } => (
            format!("column `{column}` is given a value where an insert leaves it out"),
            "new code that leaves the column out fails until the migration has run",
            format!("run the migration before the code whose inserts leave `{name}` out"),
        ),
        Change::WritesAllowed => (
            format!("column `{column}` accepts given values"),
            "new code that gives it a value fails until the migration has run",
            format!("run the migration before the code that writes `{name}`"),
        ),
        _ => return None,
    };
    Some(Advice {
        message,
        why: why.to_owned(),
        help,
    })
}
