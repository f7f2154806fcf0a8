//! A table is gone.

use super::{Advice, Facts, retire};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let table = &facts.difference.object;
    if facts.difference.change != Change::RelationDropped || table.kind != ObjectKind::Table {
        return None;
    }
    Some(Advice {
        message: format!("table `{table}` is dropped"),
        why: "statements of old code that name the table fail as soon as it is gone".to_owned(),
        help: format!(
            "ship a release that no longer uses it, and say so in its migcheck.toml ({retired}); drop it once that release is the oldest one alive",
            retired = retire(table)
        ),
    })
}
