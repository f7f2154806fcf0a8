//! A type is gone or has another name.

use super::{Advice, Facts, retire};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let data_type = &facts.difference.object;
    match &facts.difference.change {
        Change::TypeDropped => Some(Advice {
            message: format!("type `{data_type}` is dropped"),
            why: "statements of old code that name the type, in a cast or for a parameter, fail as \
                  soon as it is gone"
                .to_owned(),
            help: format!(
                "ship a release that no longer names it, and say so in its migcheck.toml ({retired}); drop it once that release is the oldest one \
                 alive",
                retired = retire(data_type)
            ),
        }),
        Change::TypeRenamed { to } => Some(Advice {
            message: format!("type `{data_type}` is renamed to `{to}`"),
            why: "columns keep working, but statements that name the type know only one of the two \
                  names, and some drivers look types up by name"
                .to_owned(),
            help: format!(
                "keep the name `{data_type}` and use the new one in the code only; nothing but the \
                 code's own casts and type maps ever sees it"
            ),
        }),
        _ => None,
    }
}
