//! A function, procedure or aggregate is gone, takes other arguments, or has another name.

use super::{Advice, Facts, retire, retire_as};
use crate::schema::diff::Change;
use crate::schema::types::SqlType;

/// The old form goes when nobody calls it any more.
fn beside(retired: &str) -> String {
    format!(
        "ship a release that no longer calls this one, say so in its migcheck.toml ({retired}), and \
         drop it once that release is the oldest one alive"
    )
}

/// Argument lists: `(integer)`, `(integer, text)`.
fn arguments(calls: &[Vec<SqlType>]) -> String {
    let shown: Vec<String> = calls
        .iter()
        .map(|call| {
            let types: Vec<String> = call.iter().map(SqlType::to_string).collect();
            format!("`({})`", types.join(", "))
        })
        .collect();
    shown.join(" or ")
}

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let function = &facts.difference.object;
    match &facts.difference.change {
        Change::RoutineDropped { kind } => Some(Advice {
            message: format!("{} `{function}` is dropped", kind.as_str()),
            why: format!(
                "calls of old code find no {} that takes their arguments",
                kind.as_str()
            ),
            help: beside(&retire(function)),
        }),
        Change::RoutineArgumentsChanged { calls, forms } => Some(Advice {
            message: format!(
                "function `{function}` no longer takes {}, only {}",
                arguments(calls),
                arguments(forms)
            ),
            why: "calls of old code find no function that takes their arguments".to_owned(),
            // The call with all arguments is the whole form.
            help: beside(&match calls.iter().max_by_key(|call| call.len()) {
                Some(call) => {
                    let types: Vec<String> = call.iter().map(SqlType::to_string).collect();
                    retire_as(&format!("{function}({})", types.join(", ")))
                }
                None => retire(function),
            }),
        }),
        Change::RoutineParametersRenamed => Some(Advice {
            message: format!("the arguments of function `{function}` have other names"),
            why: "calls of old code that name them (`a => 1`) find no function".to_owned(),
            help: format!(
                "keep the names, or give the new form of `{function}` a name of its own"
            ),
        }),
        Change::RoutineRenamed { to } => Some(Advice {
            message: format!("function `{function}` is renamed to `{to}`"),
            why: "old code knows only the old name and new code only the new one, so at every \
                  moment one of them fails"
                .to_owned(),
            help: format!(
                "create `{to}` beside it, let `{function}` call it, and drop `{function}` in a later \
                 release"
            ),
        }),
        _ => None,
    }
}
