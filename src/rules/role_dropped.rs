//! A role is gone, has another name, or may no longer log in.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let role = &facts.difference.object;
    let (message, why) = match &facts.difference.change {
        Change::RoleDropped => (
            format!("role `{role}` is dropped or renamed"),
            format!("old code that connects as `{role}`, or becomes it, is refused"),
        ),
        Change::LoginRevoked => (
            format!("role `{role}` may no longer log in"),
            format!("old code that connects as `{role}` is refused at its next connection"),
        ),
        _ => return None,
    };
    Some(Advice {
        message,
        why,
        help: format!(
            "ship a release that connects as another role, and say so in its migcheck.toml: \
             [[retired]] object = \"{role}\"; take `{role}` away once that release is the oldest \
             one alive"
        ),
    })
}
