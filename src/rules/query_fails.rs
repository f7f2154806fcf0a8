//! A known query fails, and nothing that has a rule of its own explains it.

use super::{Advice, Facts};
use crate::analysis::Pair;
use crate::schema::diff::Change;

/// A new query that works neither before the change nor after it.
pub(crate) fn new_query(code: &str, message: &str) -> Advice {
    Advice {
        message: format!("a new query of head fails: {code} {message}"),
        why: "it works neither on the schema before this change nor on head's own, so the server \
              refuses it whenever it is sent"
            .to_owned(),
        help: "correct the query, or add what it needs; where it is sent to another database, leave \
               its file out with [code] exclude"
            .to_owned(),
    }
}

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::QueryFails { code } = facts.difference.change else {
        return None;
    };
    let said = facts
        .breaks
        .iter()
        .find_map(|it| it.harm.error.as_ref())
        .map_or_else(|| code.to_owned(), |it| format!("{} {}", it.code, it.message));
    let (who, help) = if facts.hurts(Pair::OldOnNew) {
        (
            "a query of a release that may still run",
            "ship a release whose query works on both schemas, and make this change once it is the \
             oldest one alive",
        )
    } else {
        (
            "a query of the new code",
            "run this migration before the new code, or write the query so that it works without it",
        )
    };
    Some(Advice {
        message: format!("{who} fails: {said}"),
        why: "the query works on the schema that it was written for; on the other side of this \
              statement the server refuses it"
            .to_owned(),
        help: help.to_owned(),
    })
}
