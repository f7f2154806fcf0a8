//! A rule rewrites statements in another way than before.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let (rule, table) = (&facts.difference.object.name, facts.owner());
    let (message, help) = match facts.difference.change {
        Change::RuleAdded => (
            format!("rule `{rule}` rewrites statements on `{table}`"),
            format!("create `{rule}` once no old code writes to `{table}`"),
        ),
        Change::RuleDropped => (
            format!("rule `{rule}` no longer rewrites statements on `{table}`"),
            format!("drop `{rule}` once no old code relies on what it does"),
        ),
        _ => return None,
    };
    Some(Advice {
        message,
        why: "statements of old code become other statements than they were: rows go elsewhere, are \
              written twice or not at all, and no error says so"
            .to_owned(),
        help,
    })
}
