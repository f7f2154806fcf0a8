//! A name that a live release knows stands for something new.

use super::{Advice, Facts};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::NameReused = facts.difference.change else {
        return None;
    };
    let object = &facts.difference.object;
    let (kind, rest) = match object.kind {
        ObjectKind::Column => ("column", "values"),
        _ => ("table", "rows"),
    };
    Some(Advice {
        message: format!("`{object}` is made anew: another {kind} under the old name"),
        why: format!(
            "nothing fails on the server, but old code reads the new {kind} as if it were the old \
             one, does not find its {rest} there, and writes into it what it means by the name"
        ),
        help: format!(
            "give the new {kind} another name; or keep the old one and change it in place. A name can \
             be used again when no live release knows its old meaning"
        ),
    })
}
