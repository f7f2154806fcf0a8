//! Applied migrations were replaced by fewer that make the same schema.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is about two histories, not about a change.
}

/// What became of the old ones on a database that has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// The tool knows that the new one stands for them.
    Known,
    /// Somebody has to tell its history table.
    ToBeTold,
}

/// `by` replaces `count` migrations, from `first` to `last`; `does` is what the tool does about those
/// that are gone.
pub(crate) fn advice(
    by: &[String],
    (first, last, count): (&str, &str, usize),
    replaced: Replaced,
    does: &str,
) -> Advice {
    let by = super::quoted(by);
    Advice {
        message: match count {
            1 => format!(
                "applied migration `{first}` is replaced by {by}, which makes the same schema"
            ),
            count => format!(
                "applied migrations `{first}` to `{last}` ({count} of them) are replaced by {by}, \
                 which makes the same schema"
            ),
        },
        why: match replaced {
            Replaced::Known => format!(
                "a new database runs {by} in their place; one that has the old ones does not run it"
            ),
            Replaced::ToBeTold => format!(
                "{does}; where the history table does not say that {by} has run, it is run on the \
                 tables that are there already"
            ),
        },
        help: match replaced {
            Replaced::Known => "nothing is left to do".to_owned(),
            Replaced::ToBeTold => format!(
                "before the next run, put {by} in place of the old ones in the history table of \
                 each database"
            ),
        },
    }
}
