//! A function, procedure or aggregate is gone, takes other arguments, or has another name.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let function = &facts.difference.object;
    match &facts.difference.change {
        Change::RoutineDropped => Some(Advice {
            message: format!("function `{function}` is dropped, or takes other arguments"),
            why: "calls of old code find no function that takes their arguments".to_owned(),
            help: format!(
                "create the new form beside the old one; ship a release that no longer calls this \
                 one, say so in its migcheck.toml: [[retired]] object = \"{function}\", and drop it \
                 once that release is the oldest one alive"
            ),
        }),
        Change::RoutineRenamed { to } => Some(Advice {
            message: format!("function `{function}` is renamed to `{to}`"),
            why: "old code knows only the old name and new code only the new one, so at every \
                  moment one of them fails"
                .to_owned(),
            help: format!(
                "create `{to}` beside it, let `{function}` call it, and drop `{function}` in a later \
                 release"
            ),
        }),
        _ => None,
    }
}
