//! Up and then down does not give the schema before.

use super::{Advice, Facts};
use crate::schema::diff::{Change, Difference};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is about a way back, not about a change.
}

/// Objects that are named in one message.
const MOST_NAMED: usize = 3;

/// What is said of a down part after which these objects differ from before.
pub(crate) fn advice(differences: &[Difference]) -> Advice {
    let mut named: Vec<String> = Vec::new();
    for difference in differences {
        let object = &difference.object;
        let how = match difference.change {
            Change::RelationDropped
            | Change::ColumnDropped { .. }
            | Change::ConstraintDropped { .. }
            | Change::TypeDropped
            | Change::LabelDropped
            | Change::RoutineDropped
            | Change::UniqueKeyLost { .. } => "is missing",
            Change::RelationAdded
            | Change::ColumnAdded { .. }
            | Change::ConstraintAdded { .. }
            | Change::TypeAdded
            | Change::LabelAdded
            | Change::RoutineAdded => "is still there",
            _ => "is not as it was", // Whatever else can differ.
        };
        let text = format!("{} `{object}` {how}", object.kind.as_str());
        if !named.contains(&text) {
            named.push(text);
        }
    }
    let more = match named.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    named.truncate(MOST_NAMED);
    Advice {
        message: format!(
            "the down part does not restore the schema before: {}{more}",
            named.join(", ")
        ),
        why: WHY.to_owned(),
        help: HELP.to_owned(),
    }
}

/// What is said of a down part that the server would refuse.
pub(crate) fn refused(code: &str, message: &str) -> Advice {
    Advice {
        message: format!("the server would refuse the down part: {code} {message}"),
        why: WHY.to_owned(),
        help: HELP.to_owned(),
    }
}

const WHY: &str = "who rolls the schema back gets one that no release was written for, and the \
                   migration may fail when it runs again";
const HELP: &str = "undo in the down part what the up part does, in the reverse order; or leave it \
                    out, and roll back by a new migration";
