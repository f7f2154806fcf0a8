//! Row-level security is enabled or forced on a table.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RowSecurityOn { without_policy } = facts.difference.change else {
        return None;
    };
    let table = &facts.difference.object;
    let (message, why) = if without_policy {
        (
            format!(
                "row-level security holds on `{table}` without a policy for every kind of statement"
            ),
            "for reads, inserts, updates or deletes no policy admits the rows of old code: reads \
             come back empty without an error, and writes fail or touch nothing",
        )
    } else {
        (
            format!("row-level security holds on `{table}`"),
            "old code sees only the rows that a policy admits, and writes of other rows fail",
        )
    };
    Some(Advice {
        message,
        why: why.to_owned(),
        help: format!(
            "create policies that admit what every live release does first, for example `CREATE \
             POLICY everything ON {table} USING (true)`, and tighten them when the code sets what \
             they ask for"
        ),
    })
}
