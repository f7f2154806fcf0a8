//! A comment is meant to allow a finding and cannot be read.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from a comment, not from a difference of schemas.
}

/// `problem` is what is wrong with the comment, as a sentence of its own.
pub(crate) fn advice(problem: &str) -> Advice {
    Advice {
        message: format!("this comment allows nothing: {problem}"),
        why: "a finding that it is meant for counts all the same".to_owned(),
        help: "write `-- migcheck: allow(rule, object) reason` on a line of its own before the \
               statement that it is about"
            .to_owned(),
    }
}
