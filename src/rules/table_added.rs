//! A table, view or sequence is new.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RelationAdded = facts.difference.change else {
        return None;
    };
    let object = &facts.difference.object;
    Some(Advice {
        message: format!("{} `{object}` is added", object.kind.as_str()),
        why: "new code that uses it fails until the migration has run".to_owned(),
        help: format!(
            "run the migration before the code that uses `{object}`, or use it only in the release \
             after this one"
        ),
    })
}
