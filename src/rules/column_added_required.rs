//! A column is new, and an INSERT must name it.

use super::{Advice, Facts};
use crate::analysis::{Evidence, Pair};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ColumnAdded { required: true } = facts.difference.change else {
        return None;
    };
    let column = &facts.difference.object;
    let table = facts.owner();
    let name = &column.name;
    Some(Advice {
        message: format!("required column `{column}` is added"),
        why: match facts.breaks.iter().any(|it| {
            it.harm.pair == Pair::OldOnNew && it.evidence == Evidence::Possible
        }) {
            true => {
                "inserts of old code do not name the new column: a trigger has to give it a value in \
                 every row"
            }
            false => "inserts of old code do not name the new column, and nothing supplies a value for it",
        }
        .to_owned(),
        help: format!(
            "give it a default; or add it as nullable, have the new release write it, fill the old \
             rows, and run `ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL` when no old code \
             inserts any more"
        ),
    })
}
