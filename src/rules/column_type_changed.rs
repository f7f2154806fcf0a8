//! A column has another type.

use super::{Advice, Facts};
use crate::analysis::{Access, Pair, Weight};
use crate::schema::diff::Change;
use crate::schema::types::SqlType;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let (Change::ColumnTypeChanged { from, to } | Change::ShownTypeChanged { from, to }) =
        &facts.difference.change
    else {
        return None;
    };
    let column = &facts.difference.object;
    let rounds = from.builtin_name() == Some("numeric") && loses_scale(from, to);
    let (from, to) = (shown(from), shown(to));
    let old = facts
        .breaks
        .iter()
        .map(|it| &it.harm)
        .filter(|harm| harm.pair == Pair::OldOnNew)
        // What is read otherwise says more than what is refused.
        .max_by_key(|harm| (harm.weight, harm.access.contains(&Access::Read)));
    let beside = || {
        format!(
            "add a column of type `{to}` beside it, write both, copy the old values, read the new one, and \
             drop `{column}` in a later release"
        )
    };
    let (why, help) = match old {
        Some(harm) if harm.weight == Weight::Error => (
            format!(
                "old code gives it values of type `{from}`, which the server does not turn into \
                 `{to}` by itself, and reads values of another type than it knows"
            ),
            beside(),
        ),
        Some(harm) if harm.access == [Access::Write] => (
            match rounds {
                true => format!(
                    "digits after the point that `{to}` has no room for are rounded away without a \
                     word, in old rows and in what old code writes; more digits before the point than \
                     it takes are refused"
                ),
                false => format!("old code may still write values that do not fit `{to}`"),
            },
            format!(
                "ship a release that writes only values that fit `{to}`, and narrow the column once \
                 it is the oldest one alive"
            ),
        ),
        Some(_) => (
            format!(
                "drivers that are strict about types cannot decode `{to}` as `{from}`, and old code's \
                 values and comparisons may not fit it"
            ),
            beside(),
        ),
        None if facts.hurts(Pair::OldReadsNewData) => (
            format!("old code may read values that `{from}` could not hold"),
            format!(
                "write no such value into `{}` before every live release can take it",
                column.name
            ),
        ),
        None => (
            format!("new code counts on `{to}` and meets `{from}` until the migration has run"),
            "run the migration before the code that counts on the new type".to_owned(),
        ),
    };
    Some(Advice {
        message: format!("type of column `{column}` is changed from `{from}` to `{to}`"),
        why,
        help,
    })
}

/// Whether the new type keeps fewer digits after the point.
fn loses_scale(from: &SqlType, to: &SqlType) -> bool {
    let scale = |data_type: &SqlType| match *data_type.modifiers {
        [] => None,
        [_] => Some(0),
        [_, scale, ..] => Some(scale),
    };
    match (scale(from), scale(to)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(from), Some(to)) => to < from,
    }
}

/// A type as people write it: the default schema left out.
fn shown(data_type: &SqlType) -> String {
    let text = data_type.to_string();
    text.strip_prefix("public.").unwrap_or(&text).to_owned()
}
