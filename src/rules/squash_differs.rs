//! Migrations that replace applied ones make another schema.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is about two histories, not about a change.
}

/// `by` replaces `count` migrations, from `first` to `last`; `differing` says which objects differ
/// and how.
pub(crate) fn advice(
    by: &[String],
    (first, last, count): (&str, &str, usize),
    differing: &[String],
) -> Advice {
    let by = super::quoted(by);
    Advice {
        message: match count {
            1 => format!(
                "{by} replaces applied migration `{first}` and does not make its schema: {}",
                super::named(differing)
            ),
            count => format!(
                "{by} replaces {count} applied migrations, `{first}` to `{last}`, and does not make \
                 their schema: {}",
                super::named(differing)
            ),
        },
        why: "a new database gets what the new text makes, and every database that is there keeps \
              what the old ones made; the code meets both"
            .to_owned(),
        help: format!("make {by} give the same schema, and put what should change in a migration \
                       after it"),
    }
}
