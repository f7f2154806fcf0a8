//! Head and its target branch have each got migrations that the other does not know.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is about two histories, not about a change.
}

/// What is known of the order in which the tool runs both lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Order {
    /// Both lines in the order of a new database; `None` where nobody knows it before the merge.
    pub(crate) fresh: Option<Vec<String>>,
    /// What comes late of ours where theirs have run, and what the tool does about it.
    pub(crate) late: Option<String>,
    /// Whether something was not understood, so that nobody knows whether both fit together.
    pub(crate) is_unknown: bool,
    /// Whether both are here already, merged.
    pub(crate) is_merged: bool,
}

/// `ours` and `theirs` are the migrations of both lines, `target` the branch.
pub(crate) fn advice(
    ours: &[String],
    theirs: &[String],
    target: &str,
    order: &Order,
) -> Advice {
    let (ours_named, theirs_named) = (super::quoted(ours), super::quoted(theirs));
    let fresh = match &order.fresh {
        Some(versions) => format!(
            "on a new database they run in the order {}",
            super::quoted(versions)
        ),
        None => "the order on a new database is decided when both are merged".to_owned(),
    };
    let late = match &order.late {
        Some(does) => {
            format!("where {theirs_named} has run, {does}")
        }
        None => format!("where {theirs_named} has run, {ours_named} comes after it"),
    };
    let unknown = match order.is_unknown {
        true => "; whether both fit together is not known: a statement was not understood",
        false => "",
    };
    let (meet, help) = match order.is_merged {
        true => (
            " meet here",
            "read them together: neither was written for the other".to_owned(),
        ),
        false => (
            "",
            format!("bring `{target}` into this branch before you merge, and check again"),
        ),
    };
    Advice {
        message: format!(
            "two lines of development{meet}: this one adds {ours_named}, `{target}` adds \
             {theirs_named}"
        ),
        why: format!("{fresh}; {late}{unknown}"),
        help,
    }
}
