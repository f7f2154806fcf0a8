//! A file that looks like a migration is passed over by the tool.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // Nothing is run, so there is no difference of schemas.
}

/// `reason` ends a sentence about the migration, `does` is what the tool does about it; `is_part`
/// says that it is only a part of its file.
pub(crate) fn advice(reason: &str, does: &str, is_part: bool) -> Advice {
    let help = match is_part {
        true => "put it in a migration of its own",
        false => "name it as the tool wants it, or move it out of the folder",
    };
    Advice {
        message: format!("this migration is never run: {reason}"),
        why: does.to_owned(),
        help: help.to_owned(),
    }
}
