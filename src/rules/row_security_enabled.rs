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
            format!("row-level security is enabled on `{table}` without a policy"),
            "no policy admits a row: reads of old code come back empty without an error, and its \
             inserts fail",
        )
    } else {
        (
            format!("row-level security is enabled on `{table}`"),
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
