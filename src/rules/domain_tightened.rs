//! A domain admits less than before.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::DomainTightened { .. } = facts.difference.change else {
        return None;
    };
    let domain = &facts.difference.object;
    Some(Advice {
        message: format!("domain `{domain}` admits fewer values"),
        why: "old code that writes a value which it now refuses fails, in every column of this \
              domain; NOT VALID spares only the rows that are there"
            .to_owned(),
        help: format!(
            "ship a release that writes only what the new `{domain}` admits, and tighten it once \
             that release is the oldest one alive"
        ),
    })
}
