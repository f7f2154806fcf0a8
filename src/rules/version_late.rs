//! A new migration sorts before one that is applied.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the order of the files, not from a difference of schemas.
}

/// `does` is what the tool does about it.
pub(crate) fn advice(version: &str, before: &str, does: &str) -> Advice {
    Advice {
        message: format!("new version `{version}` sorts before `{before}`, which is applied"),
        why: does.to_owned(),
        help: format!("give it a version after `{before}`"),
    }
}
