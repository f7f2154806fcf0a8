//! A fresh run of head's folder gives another schema than production gets.

use super::{Advice, Facts};
use crate::schema::diff::ObjectRef;

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is no difference between two states but between two histories.
}

/// What is said about an object that only a fresh run of the folder has in this form.
pub(crate) fn advice(object: &ObjectRef) -> Advice {
    Advice {
        message: format!(
            "{} `{object}` is not in production as a fresh run of the migrations makes it",
            object.kind.as_str()
        ),
        why: "a migration that is applied already was edited, removed, or overtaken by an earlier \
              one; the tool does not run it again, so the new code does not fit the schema that \
              it will meet"
            .to_owned(),
        help: "restore the applied migration as it was, and put the change in a new one".to_owned(),
    }
}
