//! A role may do less than before.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Advice, Facts, retire};
use crate::analysis::Access;
use crate::schema::diff::{Change, ObjectKind, ObjectRef};
use crate::schema::name::Ident;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let object = &facts.difference.object;
    let Change::PrivilegeRevoked {
        role,
        privileges,
        on,
    } = &facts.difference.change
    else {
        return None;
    };
    let role = role_name(role);
    let (message, why) = match object.kind {
        ObjectKind::Role => (
            format!("{role} is no longer a member of `{object}`"),
            format!("old code that connects as {role} loses what only `{object}` may do"),
        ),
        _ => (
            format!("{} is revoked from {role}", privileges_on(privileges, on, object)),
            match role.as_str() {
                "`PUBLIC`" => "old code is refused, unless its role has a privilege of its own".to_owned(),
                _ => format!("statements of old code that connects as {role} are refused"),
            },
        ),
    };
    Some(Advice {
        message,
        why,
        help: format!(
            "ship a release that does without it, and say so in its migcheck.toml ({retired}); revoke \
             it once that release is the oldest one alive. If no release needs it, allow this finding",
            retired = match facts.breaks.iter().all(|it| it.access == [Access::Write]) {
                true => format!("{}, `access = \"write\"`", retire(object)),
                false => retire(object),
            }
        ),
    })
}

/// `SELECT, UPDATE (a)` on table `t`, with the names in backticks.
pub(crate) fn privileges_on(
    privileges: &BTreeSet<Arc<str>>,
    on: &str,
    object: &ObjectRef,
) -> String {
    let names: Vec<&str> = privileges.iter().map(AsRef::as_ref).collect();
    format!("`{}` on {on} `{object}`", names.join(", "))
}

/// `PUBLIC` is no role.
pub(crate) fn role_name(role: &Ident) -> String {
    match role.as_str() {
        "public" => "`PUBLIC`".to_owned(),
        _ => format!("`{role}`"),
    }
}
