//! A new migration has no down part where the others have one.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the files, not from a difference of schemas.
}

/// `with` of the `all` migrations before it have a down part.
pub(crate) fn advice(tool: &str, with: usize, all: usize) -> Advice {
    Advice {
        message: "this migration has no down part".to_owned(),
        why: format!(
            "{with} of the {all} migrations before it have one; who rolls the schema back with \
             {tool} can go no further than to this one"
        ),
        help: "add a down part, or allow it with a comment that says why there is no way back"
            .to_owned(),
    }
}
