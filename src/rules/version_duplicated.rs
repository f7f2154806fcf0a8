//! Two migrations have the same version.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the names of the files, not from a difference of schemas.
}

/// `does` is what the tool does about it.
pub(crate) fn advice(version: &str, other: &str, does: &str) -> Advice {
    Advice {
        message: format!("version `{version}` is also that of `{other}`"),
        why: does.to_owned(),
        help: "give the newer of the two a version of its own".to_owned(),
    }
}
