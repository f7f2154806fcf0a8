//! A check that lists the values of a column lists others.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Advice, Facts};
use crate::analysis::Pair;
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let column = &facts.difference.object;
    match &facts.difference.change {
        Change::ValuesRemoved { values, .. } => Some(Advice {
            message: format!(
                "column `{column}` no longer admits {}",
                quoted(values)
            ),
            why: "old code that writes one of these values fails".to_owned(),
            help: "ship a release that no longer writes them, change the rows that hold them, and \
                   shorten the list once that release is the oldest one alive"
                .to_owned(),
        }),
        Change::ValuesAdded { values, .. } => {
            let why = if facts.hurts(Pair::OldReadsNewData) {
                "old code does not know them, and reads them as soon as new code writes them"
            } else {
                "new code that writes one of these values fails until the migration has run"
            };
            Some(Advice {
                message: format!("column `{column}` also admits {}", quoted(values)),
                why: why.to_owned(),
                help: "let one release learn to read them and the next one write them, when no \
                       older code is alive"
                    .to_owned(),
            })
        }
        _ => None,
    }
}

/// The literals in backticks, the first few of many.
pub(crate) fn quoted(values: &BTreeSet<Arc<str>>) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = values
        .iter()
        .take(SHOWN)
        .map(|value| format!("`{value}`"))
        .collect();
    match values.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
