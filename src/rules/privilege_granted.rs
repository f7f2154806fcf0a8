//! A role may do more than before.

use super::privilege_revoked::{privileges_on, role_name};
use super::{Advice, Facts};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let object = &facts.difference.object;
    let Change::PrivilegeGranted {
        role,
        privileges,
        on,
    } = &facts.difference.change
    else {
        return None;
    };
    let role = role_name(role);
    let message = match object.kind {
        ObjectKind::Role => format!("{role} becomes a member of `{object}`"),
        _ => format!("{} is granted to {role}", privileges_on(privileges, on, object)),
    };
    Some(Advice {
        message,
        why: "new code that needs it fails until the migration has run".to_owned(),
        help: "run the migration before the code that needs it".to_owned(),
    })
}
