//! A migration cannot be read as text.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None
}

pub(crate) fn advice(reason: &str) -> Advice {
    Advice {
        message: format!("the migration cannot be read: {reason}"),
        why: "what it does to the schema is not known, so no release can be judged on it".to_owned(),
        help: "save it as UTF-8 text, with every quote and comment closed".to_owned(),
    }
}
