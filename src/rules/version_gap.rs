//! A version is missing where the tool wants none to be.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the names of the files, not from a difference of schemas.
}

/// `does` is what the tool does about it.
pub(crate) fn advice(after: Option<&str>, found: &str, expected: &str, does: &str) -> Advice {
    let message = match after {
        Some(after) => {
            format!("version `{found}` follows `{after}`, and version `{expected}` is missing")
        }
        None => format!("the first version is `{found}`, not `{expected}`"),
    };
    Advice {
        message,
        why: does.to_owned(),
        help: format!("number the file `{expected}`"),
    }
}
