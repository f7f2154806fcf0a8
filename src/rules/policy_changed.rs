//! A policy of a table under row-level security is new or another.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::PolicyChanged = facts.difference.change else {
        return None;
    };
    let (policy, table) = (&facts.difference.object.name, facts.owner());
    Some(Advice {
        message: format!("policy `{policy}` on `{table}` is added or changed"),
        why: "it decides which rows old code sees and may write: rows may vanish or appear without \
              an error, and writes may be refused"
            .to_owned(),
        help: "make sure that the policies admit what every live release does, with the role and \
               the settings that it runs with"
            .to_owned(),
    })
}
