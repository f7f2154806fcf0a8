//! An applied migration has another text than it was applied with.

use super::{Advice, Facts};
use crate::discover::{Edit, Edited};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the files, not from a difference of schemas.
}

/// What an edit does to the schema of a new database, against those that have the migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schema {
    /// These objects are not the same.
    Differs(Vec<String>),
    /// It is the same.
    Same,
    /// A statement was not understood, so nobody knows.
    Open,
}

/// `base` is where the migration has the text that was applied.
pub(crate) fn advice(version: &str, edit: &Edit, base: &str, schema: &Schema) -> Advice {
    let (what, schemas) = match edit.what {
        Edited::Statements => (
            "was edited",
            match schema {
                Schema::Open => "; databases that have it keep what the old text made, a new one \
                                 gets what the new text makes"
                    .to_owned(),
                Schema::Same => "; the schema that it makes is the same".to_owned(),
                Schema::Differs(objects) => format!(
                    "; a new database gets another schema than those that have it: {}",
                    super::named(objects)
                ),
            },
        ),
        Edited::Comments => ("was edited (comments and blanks only)", String::new()),
        Edited::LineEndings => ("was edited (the ends of its lines only)", String::new()),
        Edited::Name => ("has another name", String::new()),
    };
    let help = match edit.what {
        Edited::Statements => format!(
            "restore it as it is in {base}, and put the change in a new migration"
        ),
        Edited::Comments | Edited::LineEndings => format!("restore it as it is in {base}"),
        Edited::Name => format!("give it back the name that it has in {base}"),
    };
    Advice {
        message: format!("applied migration `{version}` {what}"),
        why: format!("{}{schemas}", edit.reaction.does),
        help,
    }
}
