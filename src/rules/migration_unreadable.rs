//! A migration cannot be read as text.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None
}

/// `help` is what to do about `reason`.
pub(crate) fn advice(reason: &str, help: &str) -> Advice {
    Advice {
        message: format!("the migration cannot be read: {reason}"),
        why: "what it does to the schema is not known, so no release can be judged on it".to_owned(),
        help: help.to_owned(),
    }
}
