//! No plain unique key covers some columns any more.

use super::{Advice, Facts};
use crate::schema::diff::Change;

pub(super) fn check(facts: &Facts) -> Option<Advice> {
    let Change::UniqueKeyLost { columns } = &facts.difference.change else {
        return None;
    };
    let object = &facts.difference.object;
    let table = object.parent.as_ref().map_or("", |it| it.as_str());
    let columns: Vec<&str> = columns.iter().map(|it| it.as_str()).collect();
    let columns = columns.join(", ");
    Some(Advice {
        message: format!("unique key `{}` on `{table}` ({columns}) is dropped", object.name),
        why: format!("upserts of old code with ON CONFLICT ({columns}) fail without it"),
        help: "build the key that replaces it first, and drop this one in the same transaction or \
               later"
            .to_owned(),
    })
}
