//! A view is gone or has another name.

use super::{Advice, Facts, retire};
use crate::schema::diff::{Change, ObjectKind};

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let view = &facts.difference.object;
    if view.kind != ObjectKind::View {
        return None;
    }
    match &facts.difference.change {
        Change::RelationDropped => Some(Advice {
            message: format!("view `{view}` is dropped"),
            why: "statements of old code that name the view fail as soon as it is gone".to_owned(),
            help: format!(
                "ship a release that no longer uses it, and say so in its migcheck.toml \
                 ({retired}); drop it once that release is the oldest one alive",
                retired = retire(view)
            ),
        }),
        Change::RelationRenamed { to } => Some(Advice {
            message: format!("view `{view}` is renamed to `{to}`"),
            why: "old code knows only the old name and new code only the new one, so at every \
                  moment one of them fails"
                .to_owned(),
            help: format!(
                "create `{to}` as well, and drop `{view}` in a later release: two views of the same \
                 query cost nothing"
            ),
        }),
        _ => None,
    }
}
