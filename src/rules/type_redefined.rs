//! A type is made of other parts.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    if facts.difference.change != Change::TypeRedefined {
        return None;
    }
    let object = &facts.difference.object;
    Some(Advice {
        message: format!("type `{object}` is made of other parts"),
        why: "code that takes its values apart, or puts them together, meets other attributes than \
              it knows"
            .to_owned(),
        help: format!(
            "make a new type beside `{object}` for what changes, and move to it column by column"
        ),
    })
}
