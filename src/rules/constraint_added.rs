//! Writers must satisfy a new constraint on columns that they know.

use super::{Advice, Facts};
use crate::schema::diff::{Change, Demand};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ConstraintAdded {
        demand,
        columns,
        not_valid,
    } = &facts.difference.change
    else {
        return None;
    };
    let object = &facts.difference.object;
    let table = object.parent.as_ref().map_or("", |it| it.as_str());
    let what = match demand {
        Demand::Check => "check",
        Demand::ForeignKey => "foreign key",
        Demand::Unique => "unique key",
        Demand::Exclusion => "exclusion constraint",
    };
    let columns: Vec<&str> = columns.iter().map(|it| it.as_str()).collect();
    let at_once = if *not_valid {
        "NOT VALID spares the existing rows, but new ones are checked at once: "
    } else {
        ""
    };
    Some(Advice {
        message: format!(
            "{what} `{}` is added on `{table}` ({})",
            object.name,
            columns.join(", ")
        ),
        why: format!("{at_once}old code that writes rows which it refuses fails"),
        help: "make sure that every live release already writes only rows that satisfy it".to_owned(),
    })
}
