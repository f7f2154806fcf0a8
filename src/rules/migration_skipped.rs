//! A file that looks like a migration is passed over by the tool.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // Nothing is run, so there is no difference of schemas.
}

/// `reason` ends a sentence about the file, `does` is what the tool does about it.
pub(crate) fn advice(reason: &str, does: &str) -> Advice {
    Advice {
        message: format!("this migration is never run: {reason}"),
        why: does.to_owned(),
        help: "name it as the tool wants it, or move it out of the folder".to_owned(),
    }
}
