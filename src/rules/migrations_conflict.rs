//! Migrations of head and of its target branch do not fit together.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is about two histories, not about a change.
}

/// What becomes of the two statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clash {
    /// The server refuses whichever comes second; what it says of ours.
    SecondRefused(String),
    /// It refuses ours after theirs.
    OursRefused(String),
    /// It refuses theirs after ours.
    TheirsRefused(String),
    /// Both run, and what comes of it depends on the order.
    Differs(Vec<String>),
}

/// `object` is what both are about, for people; `place` is where the statement of `target` stands,
/// which reads `text`; `is_merged`: both are here already.
pub(crate) fn advice(
    object: &str,
    target: &str,
    (place, text): (&str, &str),
    clash: &Clash,
    is_merged: bool,
) -> Advice {
    let what = match clash {
        Clash::SecondRefused(said) => {
            format!("whichever of the two runs second is refused: {said}")
        }
        Clash::OursRefused(said) => {
            format!("after it the server refuses this one: {said}")
        }
        Clash::TheirsRefused(said) => {
            format!("after this one the server refuses that one: {said}")
        }
        Clash::Differs(objects) => format!(
            "the schema depends on which of the two runs first: {}",
            super::named(objects)
        ),
    };
    Advice {
        message: format!("this statement and one of `{target}` do not fit together: {object}"),
        why: format!("`{target}` has {text} in `{place}`; {what}"),
        help: match is_merged {
            true => format!("write this migration for the schema that `{place}` leaves"),
            false => format!(
                "bring `{target}` into this branch, and write this migration for the schema that \
                 `{place}` leaves"
            ),
        },
    }
}
