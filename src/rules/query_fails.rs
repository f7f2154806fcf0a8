//! A known query fails, and nothing that has a rule of its own explains it.

use super::{Advice, Facts};
use crate::analysis::Pair;
use crate::schema::diff::Change;

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
