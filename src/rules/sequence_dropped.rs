//! A stand-alone sequence is gone or has another name.

use super::{Advice, Facts, retire};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let sequence = &facts.difference.object;
    if sequence.kind != ObjectKind::Sequence {
        return None;
    }
    match &facts.difference.change {
        Change::RelationDropped => Some(Advice {
            message: format!("sequence `{sequence}` is dropped"),
            why: format!("calls of nextval('{sequence}') in old code fail as soon as it is gone"),
            help: format!(
                "ship a release that no longer draws from it, and say so in its migcheck.toml \
                 ({retired}); drop it once that release is the oldest one alive",
                retired = retire(sequence)
            ),
        }),
        Change::RelationRenamed { to } => Some(Advice {
            message: format!("sequence `{sequence}` is renamed to `{to}`"),
            why: "old code knows only the old name and new code only the new one, so at every \
                  moment one of them fails"
                .to_owned(),
            help: format!(
                "keep the name; or create `{to}` with a START far above the last value, draw from \
                 it, and drop `{sequence}` in a later release"
            ),
        }),
        _ => None,
    }
}
