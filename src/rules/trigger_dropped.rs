//! A trigger no longer fires.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::TriggerDropped = facts.difference.change else {
        return None;
    };
    let (trigger, table) = (&facts.difference.object.name, facts.owner());
    Some(Advice {
        message: format!("trigger `{trigger}` no longer fires on `{table}`"),
        why: "old code leaves to it what it did: a value that it filled in, a row that it wrote \
              elsewhere, a write that it refused; from now on nobody does that for old code's writes"
            .to_owned(),
        help: format!(
            "ship a release that does by itself what `{trigger}` did, or can do without; drop the \
             trigger once that release is the oldest one alive"
        ),
    })
}
