//! A trigger fires that did not before.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::TriggerAdded = facts.difference.change else {
        return None;
    };
    let (trigger, table) = (&facts.difference.object.name, facts.owner());
    Some(Advice {
        message: format!("trigger `{trigger}` fires on `{table}`"),
        why: "it runs inside the writes of old code too, which may change what they write, make \
              them fail, or do a second time what old code does by itself"
            .to_owned(),
        help: format!(
            "write the function so that it leaves alone what old code sends, or create `{trigger}` \
             once no old code writes to `{table}`"
        ),
    })
}
