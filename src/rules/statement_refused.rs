//! A new statement cannot run on the schema that it meets.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // The statement makes no difference: it fails.
}

/// What is said about the server's own error.
pub(crate) fn advice(code: &str, message: &str) -> Advice {
    Advice {
        message: format!("the server would refuse this statement: {code} {message}"),
        why: "the migration stops here, and everything that waits for it does too".to_owned(),
        help: "look at what the migrations before it have made of the schema; one of them may have \
               been renumbered, squashed or merged in another order"
            .to_owned(),
    }
}
