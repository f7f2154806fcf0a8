//! An enum label has another text.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::LabelRenamed { to } = &facts.difference.change else {
        return None;
    };
    let (label, of) = (facts.difference.object.name.as_str(), facts.owner());
    let to = to.as_str();
    Some(Advice {
        message: format!("label `{label}` of enum `{of}` is renamed to `{to}`"),
        why: "old code knows only the old label and new code only the new one, so at every moment \
              one of them fails"
            .to_owned(),
        help: format!(
            "keep the label and give it its new name in the code; or run `ALTER TYPE {of} ADD VALUE \
             '{}'`, read both, write the new one, and update the old rows in a later release",
            to.replace('\'', "''")
        ),
    })
}
