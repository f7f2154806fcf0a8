//! Up and then down does not give the schema before.

use std::fmt;

use super::{Advice, Facts};
use crate::schema::diff::{Change, Difference};

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // It is about a way back, not about a change.
}

/// Objects that are named in one message.
const MOST_NAMED: usize = 3;

/// How an object differs after up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    Missing,
    StillThere,
    /// In something: `has another type`.
    Differs(&'static str),
}

/// An object that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Left {
    object: String,
    how: How,
}

impl Left {
    pub(crate) fn new(object: String, how: How) -> Left {
        Left { object, how }
    }
}

/// How a second schema differs from a first one: ``column `t.a` is missing``.
impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Missing => "is missing",
            How::StillThere => "is new",
            How::Differs(_) => "differs",
        };
        write!(f, "{} {how}", self.object)
    }
}

/// What a difference from before to after means here.
pub(crate) fn left(difference: &Difference) -> Left {
    let object = &difference.object;
    let how = match difference.change {
        Change::RelationDropped
        | Change::ColumnDropped { .. }
        | Change::ConstraintDropped { .. }
        | Change::TypeDropped
        | Change::LabelDropped
        | Change::RoutineDropped { .. }
        | Change::ExtensionDropped
        | Change::UniqueKeyLost { .. }
        | Change::TriggerDropped => How::Missing,
        Change::RelationAdded
        | Change::ColumnAdded { .. }
        | Change::ConstraintAdded { .. }
        | Change::TypeAdded
        | Change::LabelAdded
        | Change::TriggerAdded { .. }
        | Change::RoutineAdded => How::StillThere,
        Change::RelationRenamed { .. }
        | Change::ColumnRenamed { .. }
        | Change::TypeRenamed { .. }
        | Change::LabelRenamed { .. }
        | Change::RoutineRenamed { .. } => How::Differs("has another name"),
        Change::ColumnTypeChanged { .. } | Change::ShownTypeChanged { .. } => {
            How::Differs("has another type")
        }
        Change::DomainChanged => How::Differs("has another domain"),
        Change::NotNullSet { .. } => How::Differs("refuses NULL"),
        Change::NotNullDropped { .. } => How::Differs("admits NULL"),
        Change::DefaultDropped { .. } => How::Differs("has no default any more"),
        Change::DefaultAdded { .. } => How::Differs("has a default, and had none"),
        Change::DefaultChanged => How::Differs("has another default"),
        Change::KeyCollationChanged => How::Differs("has another collation"),
        Change::RowSecurityOn { was_on: false, .. } => {
            How::Differs("has row-level security, and had none")
        }
        Change::PolicyChanged { .. } | Change::RowSecurityOn { was_on: true, .. } => {
            How::Differs("has other policies")
        }
        Change::ReferenceTightened { .. } => How::Differs("has another ON DELETE"),
        Change::ValuesRemoved { .. } | Change::ValuesAdded { .. } => {
            How::Differs("admits other values")
        }
        Change::RoutineArgumentsChanged { .. } | Change::RoutineParametersRenamed => {
            How::Differs("takes other arguments")
        }
        Change::RoutineResultChanged { .. } => How::Differs("returns something else"),
        Change::TriggerBodyChanged { .. } => How::Differs("has another body"),
        _ => How::Differs("is not as it was"), // Whatever else can differ.
    };
    Left::new(format!("{} `{object}`", object.kind.as_str()), how)
}

/// What is said of a down part after which these objects differ from before; its file, where it is
/// another than that of the up part.
pub(crate) fn advice(left: &[Left], file: Option<&str>) -> Advice {
    let named: Vec<String> = left
        .iter()
        .take(MOST_NAMED)
        .map(|left| {
            let how = match left.how {
                How::Missing => "is missing",
                How::StillThere => "is still there",
                How::Differs(what) => what,
            };
            format!("{} {how}", left.object)
        })
        .collect();
    let more = match left.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    Advice {
        message: format!(
            "{} does not restore the schema before: {}{more}",
            down_part(file),
            named.join(", ")
        ),
        why: WHY.to_owned(),
        help: HELP.to_owned(),
    }
}

/// What is said of a down part that the server would refuse.
pub(crate) fn refused(code: &str, message: &str, file: Option<&str>) -> Advice {
    Advice {
        message: format!(
            "the server would refuse {}: {code} {message}",
            down_part(file)
        ),
        why: WHY.to_owned(),
        help: HELP.to_owned(),
    }
}

fn down_part(file: Option<&str>) -> String {
    match file {
        Some(file) => format!("the down part in `{file}`"),
        None => "the down part".to_owned(),
    }
}

const WHY: &str = "who rolls the schema back gets one that no release was written for, and the \
                   migration may fail when it runs again";
const HELP: &str = "undo in the down part what the up part does, in the reverse order; or leave it \
                    out, and roll back by a new migration";
