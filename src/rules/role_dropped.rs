//! A role is gone, has another name, or may no longer log in.

use super::{Advice, Facts, retire};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let role = &facts.difference.object;
    let (message, why) = match &facts.difference.change {
        Change::RoleDropped => (
            format!("role `{role}` is dropped"),
            format!("old code that connects as `{role}` is refused at its next connection"),
        ),
        Change::RoleRenamed { to } => (
            format!("role `{role}` is renamed to `{to}`"),
            "old code connects under the old name and new code under the new one, so at every \
             moment one of them is refused"
                .to_owned(),
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
            "ship a release that connects as another role, made beside it, and say so in its migcheck.toml ({retired}); take `{role}` away once that release is the oldest \
             one alive",
            retired = retire(&facts.difference.object)
        ),
    })
}
