//! The server refuses what old code writes to a view.

use super::{Advice, Facts};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let object = &facts.difference.object;
    match facts.difference.change {
        Change::ViewWritesRefused { .. } => Some(Advice {
            message: match object.kind {
                ObjectKind::Table => {
                    format!("`{object}` is a view now, and the server cannot write through it")
                }
                _ => format!("the server can no longer write through view `{object}`"),
            },
            why: "old code's INSERT, UPDATE and DELETE on it are refused: the view does not show one \
                  table plainly, and no INSTEAD OF trigger takes over"
                .to_owned(),
            help: format!(
                "make `{object}` a plain `SELECT` of one table's columns (no join, grouping, \
                 DISTINCT, LIMIT, UNION or WITH), or give it INSTEAD OF triggers in the same \
                 transaction"
            ),
        }),
        Change::ViewColumnComputed { .. } => Some(Advice {
            message: format!("column `{object}` of the view is computed"),
            why: "old code's writes that name it are refused: only columns that are plainly those of \
                  the table behind can be written"
                .to_owned(),
            help: format!(
                "show the table's own column as `{name}`; where the value has to be converted, an \
                 INSTEAD OF trigger can convert it back",
                name = object.name
            ),
        }),
        _ => None,
    }
}
