//! Names that the server makes up for constraints, indexes and sequences.
//!
//! Later migrations use them, so they are made as the server makes them: cut to 63 bytes, with a
//! number when the name is taken. Source: `makeObjectName` and `ChooseRelationName` in
//! PostgreSQL's `indexcmds.c`.

use crate::schema::catalog::Catalog;
use crate::schema::name::{Ident, QualifiedName};

/// The longest identifier in bytes (`NAMEDATALEN` - 1).
const LONGEST: usize = 63;

/// `first_second_label`, with the longer of the two parts shortened until it fits.
pub(super) fn make_object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let available = LONGEST.saturating_sub(overhead);
    let (mut first_length, mut second_length) = (first.len(), second.len());
    while first_length + second_length > available {
        if first_length > second_length {
            first_length -= 1;
        } else {
            second_length -= 1;
        }
    }
    let mut name = clip(first, first_length).to_owned();
    if !second.is_empty() {
        name.push('_');
        name.push_str(clip(second, second_length));
    }
    name.push('_');
    name.push_str(label);
    name
}

/// The longest start of `text` that has at most `length` bytes and ends between characters.
fn clip(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A made-up name that no relation of `schema` has and that `taken` does not refuse.
pub(super) fn choose_name(
    catalog: &Catalog,
    schema: &Ident,
    first: &Ident,
    second: &str,
    label: &str,
    taken: impl Fn(&str) -> bool,
) -> Ident {
    let mut numbered = label.to_owned();
    let mut number = 0_u32;
    loop {
        let name = make_object_name(first.as_str(), second, &numbered);
        let candidate = QualifiedName::new(schema.clone(), first.alike(&name));
        if catalog.relation(&candidate).is_none() && !taken(&name) {
            return candidate.name;
        }
        number += 1;
        numbered = format!("{label}{number}");
    }
}
