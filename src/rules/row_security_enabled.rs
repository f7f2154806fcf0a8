//! Row-level security is enabled or forced on a table.

use super::{Advice, Facts};
use crate::schema::diff::Change;
use crate::schema::op::PolicyCommand;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RowSecurityOn { without, .. } = &facts.difference.change else {
        return None;
    };
    let table = &facts.difference.object;
    let why = match without.is_empty() {
        false => {
            "without a policy that admits them old code's reads, updates and deletes find no row, \
             without an error, and its inserts are refused"
        }
        true => "old code sees only the rows that a policy admits, and writes of other rows fail",
    };
    Some(Advice {
        message: what(&table.to_string(), without),
        why: why.to_owned(),
        help: format!(
            "create policies that admit what every live release does first, for example `CREATE \
             POLICY everything ON {table} USING (true)`, and tighten them when the code sets what \
             they ask for"
        ),
    })
}

/// What happened to a table, with the kinds of statement for which no policy admits rows.
pub(crate) fn what(table: &str, without: &[PolicyCommand]) -> String {
    let kinds: Vec<&str> = without
        .iter()
        .map(|command| match command {
            PolicyCommand::All => "every statement",
            PolicyCommand::Select => "SELECT",
            PolicyCommand::Insert => "INSERT",
            PolicyCommand::Update => "UPDATE",
            PolicyCommand::Delete => "DELETE",
        })
        .collect();
    match kinds.is_empty() {
        true => format!("row-level security holds on `{table}`"),
        false => format!(
            "row-level security holds on `{table}`, and no policy is sure to admit rows for {}",
            kinds.join(", ")
        ),
    }
}
