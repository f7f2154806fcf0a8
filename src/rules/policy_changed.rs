//! A policy of a table under row-level security is new, another or gone.

use super::{Advice, Facts};
use crate::schema::diff::{Change, PolicyChange};
use crate::schema::op::PolicyCommand;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::PolicyChanged { how, command } = facts.difference.change else {
        return None;
    };
    let (policy, table) = (&facts.difference.object.name, facts.owner());
    let did = match how {
        PolicyChange::Added => "is added, and refuses what it does not admit",
        PolicyChange::Changed => "says something else",
        PolicyChange::Dropped => "is dropped",
    };
    let why = match command {
        PolicyCommand::Select => {
            "it decides which rows old code sees: rows may vanish or appear without an error"
        }
        PolicyCommand::Insert => "rows that old code inserts may be refused",
        PolicyCommand::Update | PolicyCommand::Delete => {
            "old code may find no row to change or delete, without an error"
        }
        PolicyCommand::All => {
            "it decides which rows old code sees and may write: rows may vanish or appear without an \
             error, and writes may be refused"
        }
    };
    Some(Advice {
        message: format!("policy `{policy}` on `{table}` {did}"),
        why: why.to_owned(),
        help: "make sure that the policies admit what every live release does, with the role and \
               the settings that it runs with"
            .to_owned(),
    })
}
