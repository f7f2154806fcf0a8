//! A partition no longer belongs to its table.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::PartitionDetached {
        partition,
        has_default,
    } = &facts.difference.change else {
        return None;
    };
    let table = &facts.difference.object;
    Some(Advice {
        message: format!("partition `{partition}` no longer belongs to `{table}`"),
        why: match has_default {
            true => format!("old code no longer sees its rows in `{table}`"),
            false => format!(
                "old code no longer sees its rows in `{table}`, and rows of its range find no \
                 partition to go to"
            ),
        },
        help: format!(
            "detach it when no live release reads or writes that range; for rows that still come, give \
             `{table}` a default partition first"
        ),
    })
}
