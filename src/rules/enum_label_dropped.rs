//! An enum has lost a label.

use super::{Advice, Facts, retire};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::LabelDropped = facts.difference.change else {
        return None;
    };
    let (label, of) = (facts.difference.object.name.as_str(), facts.owner());
    Some(Advice {
        message: format!("label `{label}` of enum `{of}` is dropped"),
        why: "statements of old code that write the label or compare with it fail, even when no \
              row holds it"
            .to_owned(),
        help: format!(
            "leave it: an unused label costs nothing; or ship a release that no longer names it, \
             say so in its migcheck.toml ({retired}), and drop it once \
             that release is the oldest one alive",
            retired = retire(&facts.difference.object)
        ),
    })
}
