//! An applied migration is gone.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from the files, not from a difference of schemas.
}

/// `versions` are gone; `does` is what the tool does about it, `differing` are the objects that a
/// new database gets in another form, `again` is the file in which the text of the first stands
/// under another version.
pub(crate) fn advice(
    versions: &[String],
    does: &str,
    differing: &[String],
    again: Option<&str>,
) -> Advice {
    let message = match versions {
        [only] => format!("applied migration `{only}` is gone"),
        several => format!("applied migrations are gone: {}", super::quoted(several)),
    };
    let schemas = match differing {
        [] => String::new(),
        objects => format!(
            "; a new database gets another schema than those that have it: {}",
            super::named(objects)
        ),
    };
    let help = match again {
        Some(path) => format!(
            "`{path}` has its text: give that file back its version, or it runs a second time"
        ),
        None => "bring it back; undo what it did in a new migration".to_owned(),
    };
    Advice {
        message,
        why: format!("{does}{schemas}"),
        help,
    }
}
