//! An extension is gone.

use super::{Advice, Facts, retire};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ExtensionDropped = facts.difference.change else {
        return None;
    };
    let extension = &facts.difference.object;
    Some(Advice {
        message: format!("extension `{extension}` is dropped"),
        why: "statements of old code that use its types, functions or operators fail (42704, 42883); \
              nothing in the schema itself does, or the server would refuse to drop it"
            .to_owned(),
        help: format!(
            "look for them in old code; ship a release that does without, say so in its migcheck.toml \
             ({retired}), and drop the extension once that release is the oldest one alive",
            retired = retire(extension)
        ),
    })
}
