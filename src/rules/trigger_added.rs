//! A trigger fires that did not before, or its function does something else.

use super::{Advice, Facts};
use crate::schema::diff::Change;
use crate::schema::op::TriggerTiming;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    match &facts.difference.change {
        Change::TriggerAdded { timing } => {
            let (trigger, table) = (&facts.difference.object.name, facts.owner());
            let why = match timing {
                TriggerTiming::Before | TriggerTiming::InsteadOf => {
                    "it runs inside the writes of old code too, and may change what they write, \
                     refuse it, or do a second time what old code does by itself"
                }
                TriggerTiming::After => {
                    "it runs inside the writes of old code too, and may make them fail, or do a \
                     second time what old code does by itself"
                }
            };
            Some(Advice {
                message: format!("trigger `{trigger}` fires on `{table}`"),
                why: why.to_owned(),
                help: format!(
                    "write the function so that it leaves alone what old code sends, or create \
                     `{trigger}` once no old code writes to `{table}`"
                ),
            })
        }
        Change::TriggerBodyChanged { trigger, table } => {
            let function = &facts.difference.object;
            Some(Advice {
                message: format!(
                    "function `{function}`, which trigger `{trigger}` of `{table}` calls, does \
                     something else"
                ),
                why: "it runs inside the writes of old code, which was written for what it did before"
                    .to_owned(),
                help: format!(
                    "make sure that `{function}` still takes what every live release writes to \
                     `{table}`, or change it once no old code writes there"
                ),
            })
        }
        _ => None,
    }
}
