//! A comment allows a finding that there is not.

use super::{Advice, Facts};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It follows from a comment, not from a difference of schemas.
}

/// What there is in place of a finding that the comment allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Near {
    /// No statement stands behind the comment.
    NoStatement,
    /// The statement has a finding of that rule about this object.
    Object(String),
    /// Another statement of the migration has a finding of that rule.
    OtherStatement,
    /// The migration has no finding of that rule.
    Nothing,
}

/// The comment allows `rule`, about `object` where it says so.
pub(crate) fn advice(rule: &str, object: Option<String>, near: Near) -> Advice {
    let about = object.map_or_else(String::new, |it| format!(" about `{it}`"));
    let (why, help) = match near {
        Near::NoStatement => (
            "no statement follows it".to_owned(),
            "put it before the statement that it is about, or take it out".to_owned(),
        ),
        Near::Object(object) => {
            let object = object.replace('`', "'");
            (
                format!("what `{rule}` finds in the next statement is about `{object}`"),
                format!("name `{object}`, or take the comment out"),
            )
        }
        Near::OtherStatement => (
            format!(
                "`{rule}` finds nothing in the statement that follows it, only in another one"
            ),
            "put it before the statement that it is about".to_owned(),
        ),
        Near::Nothing => (
            format!(
                "`{rule}` finds nothing in the statement that follows it; the comment would hide \
                 what is found there one day"
            ),
            "take it out".to_owned(),
        ),
    };
    Advice {
        message: format!("this comment allows `{rule}`{about}, which is not found here"),
        why,
        help,
    }
}
