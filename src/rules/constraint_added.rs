//! Writers must satisfy a new constraint on columns that they know.

use super::{Advice, Facts, listed};
use crate::schema::diff::{Change, Demand};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::ConstraintAdded {
        demand,
        columns,
        keys,
        not_valid,
        replaces,
    } = &facts.difference.change
    else {
        return None;
    };
    let (name, table) = (&facts.difference.object.name, facts.owner());
    let at_once = if *not_valid {
        "NOT VALID spares the existing rows only until they are updated, and new ones are checked \
         at once: "
    } else {
        ""
    };
    let who = match demand {
        Demand::Check => "old code that writes rows which it refuses fails",
        Demand::ForeignKey => {
            "old code fails when it writes rows without a counterpart or in the wrong order, or \
             deletes rows that others refer to where the key does not cascade"
        }
        Demand::Unique => "old code that writes a value twice fails",
        Demand::Exclusion => "old code that writes rows which conflict with others fails",
    };
    Some(Advice {
        message: format!(
            "{} `{name}` {} `{table}` {}",
            word(*demand),
            match replaces {
                true => "is tightened on",
                false => "is added on",
            },
            match keys {
                Some(keys) => keys.to_string(),
                None => format!("({})", listed(columns)),
            }
        ),
        why: format!("{at_once}{who}"),
        help: format!(
            "ship a release that keeps to `{name}` by itself, and add it once that release is the \
             oldest one alive"
        ),
    })
}

/// The word for what a constraint demands.
pub(super) fn word(demand: Demand) -> &'static str {
    match demand {
        Demand::Check => "check",
        Demand::ForeignKey => "foreign key",
        Demand::Unique => "unique key",
        Demand::Exclusion => "exclusion constraint",
    }
}
