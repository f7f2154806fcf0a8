//! A statement was not understood, or an object can no longer be compared.

use super::{Advice, Facts};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let object = &facts.difference.object;
    let message = match &facts.difference.change {
        Change::Unread if object.kind == ObjectKind::Migration => {
            "this statement was not understood and may change anything".to_owned()
        }
        Change::Unread if facts.reason.is_none() => format!(
            "whether {} `{object}` is still there cannot be told",
            object.kind.as_str()
        ),
        Change::Unread => format!(
            "this statement was not understood and may change {} `{object}`",
            object.kind.as_str()
        ),
        Change::Obscured { from, to } => {
            format!("{from} `{object}` is replaced by a {to} that cannot be compared with it")
        }
        _ => return None,
    };
    let why = match facts.reason {
        Some(reason) => format!("nobody can say whether releases go on working: {reason}"),
        None => "nobody can say whether releases go on working".to_owned(),
    };
    Some(Advice {
        message,
        why,
        help: "read it yourself; plain statements instead of built or procedural ones can be \
               judged"
            .to_owned(),
    })
}
