//! A domain admits less than before.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let domain = &facts.difference.object;
    let message = match facts.difference.change {
        Change::DomainTightened { required: true } => {
            format!("domain `{domain}` refuses what an insert leaves out")
        }
        Change::DomainTightened { required: false } => {
            format!("domain `{domain}` admits fewer values")
        }
        Change::DomainChanged => format!("column `{domain}` is under the rules of another domain"),
        _ => return None,
    };
    Some(Advice {
        message,
        why: "old code that writes a value which it now refuses fails, in every column of this \
              domain; NOT VALID spares only the rows that are there"
            .to_owned(),
        help: format!(
            "ship a release that writes only what the new `{domain}` admits, and tighten it once \
             that release is the oldest one alive"
        ),
    })
}
