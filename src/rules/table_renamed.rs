//! A table has another name or schema.

use super::{Advice, Facts};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::RelationRenamed { to } = &facts.difference.change else {
        return None;
    };
    let table = &facts.difference.object;
    if table.kind != ObjectKind::Table {
        return None;
    }
    Some(Advice {
        message: format!("table `{table}` is renamed to `{to}`"),
        why: "old code knows only the old name and new code only the new one, so at every moment \
              one of them fails"
            .to_owned(),
        help: format!(
            "keep the name; or run `CREATE VIEW {table} AS SELECT * FROM {to}` in the same \
             transaction, for old code to use, and drop the view in a later release"
        ),
    })
}
