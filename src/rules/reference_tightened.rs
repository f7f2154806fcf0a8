//! A foreign key no longer lets the rows go that it refers to.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ReferenceTightened { to } = &facts.difference.change else {
        return None;
    };
    let (name, table) = (&facts.difference.object.name, facts.owner());
    Some(Advice {
        message: format!(
            "foreign key `{name}` of `{table}` no longer lets rows of `{to}` go: it keeps them from being \
             deleted"
        ),
        why: format!(
            "old code deletes rows of `{to}` and leaves those of `{table}` to the server; that is \
             refused now"
        ),
        help: format!(
            "ship a release that deletes the rows of `{table}` first, and change the key once it is the \
             oldest one alive"
        ),
    })
}
