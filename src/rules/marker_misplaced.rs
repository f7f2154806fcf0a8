//! A marker is written in a way that the tool does not see.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the text of the file, not from a difference of schemas.
}

/// `problem` ends a sentence about the marker, `does` is what the tool does, `cure` what to do.
pub(crate) fn advice(marker: &str, problem: &str, cure: &str, does: &str) -> Advice {
    Advice {
        message: format!("`{marker}` {problem}"),
        why: does.to_owned(),
        help: cure.to_owned(),
    }
}
