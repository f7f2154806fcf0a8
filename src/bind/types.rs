//! Built-in types: which value may be stored in which column, and how wide a type is.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::schema::types::{SqlType, TypeName};

/// When the server converts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CastContext {
    /// Anywhere.
    Implicit,
    /// Where a value is stored in a column.
    Assignment,
    /// Only where the statement says so.
    Explicit,
}

/// The server whose casts these are.
const MAJOR: u32 = 15;

impl CastContext {
    /// The context that the server's catalog writes as a letter.
    pub(super) fn of_letter(letter: &str) -> Self {
        match letter {
            "i" => CastContext::Implicit,
            "a" => CastContext::Assignment,
            _ => CastContext::Explicit,
        }
    }
}

static CASTS: LazyLock<HashMap<(&str, &str), CastContext>> = LazyLock::new(|| {
    include_str!("data/postgres_casts.tsv")
        .lines()
        .filter(|line| !line.starts_with("# "))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let pair = (fields.next()?, fields.next()?);
            let context = CastContext::of_letter(fields.next()?);
            // Empty where every known major has the cast.
            let since: u32 = fields.next()?.parse().unwrap_or(0);
            let until: u32 = fields.next()?.parse().unwrap_or(u32::MAX);
            (since..=until).contains(&MAJOR).then_some((pair, context))
        })
        .collect()
});

/// Types whose values are text: anything may be assigned to them, by its text form.
fn is_text(name: &str) -> bool {
    matches!(name, "text" | "varchar" | "bpchar" | "name" | "citext")
}

/// Whether a value of type `from` can be stored in a column of type `to` without an explicit cast;
/// `None` where a type is not known well enough.
///
/// Source: PostgreSQL manual, CREATE CAST, notes on automatic I/O conversion casts; `pg_cast`.
pub fn is_assignable(from: &SqlType, to: &SqlType) -> Option<bool> {
    if from.name == TypeName::Unknown || to.name == TypeName::Unknown {
        return None;
    }
    let target_is_text = !to.is_array && to.builtin_name().is_some_and(is_text);
    if target_is_text {
        return Some(true);
    }
    if from.is_array != to.is_array {
        return Some(false);
    }
    // An array is converted element by element, in the same way.
    if to.is_array && to.builtin_name().is_some_and(is_text) {
        return Some(true);
    }
    match (from.builtin_name(), to.builtin_name()) {
        (Some(from), Some(to)) if from == to => Some(true),
        (Some(from), Some(to)) => Some(matches!(
            CASTS.get(&(from, to)),
            Some(CastContext::Implicit | CastContext::Assignment)
        )),
        (None, None) if from.name == to.name => Some(true),
        // Between the project's own enums, composites and the rest there is no cast; what an
        // extension brings is not known here.
        _ if is_own(&from.name) || is_own(&to.name) => Some(false),
        (Some(_), None) | (None, Some(_)) | (None, None) => None,
    }
}

/// Whether a type was made by a migration: then its name was resolved to a schema.
fn is_own(name: &TypeName) -> bool {
    matches!(name, TypeName::User(name) if name.schema.is_some())
}

/// Whether a call with an argument of type `from` may find a routine that takes `to`; `None` where
/// a type is not known well enough.
///
/// Source: PostgreSQL manual, Type Conversion, Functions; `pg_cast`.
pub fn is_implicit(from: &SqlType, to: &SqlType) -> Option<bool> {
    if from.name == TypeName::Unknown || to.name == TypeName::Unknown {
        return None;
    }
    let polymorphic = |name: &str| name.starts_with("any");
    match (from.builtin_name(), to.builtin_name()) {
        (_, Some(to)) if polymorphic(to) => None,
        (Some(a), Some(b)) if a == b => Some(from.is_array == to.is_array),
        (Some(a), Some(b)) => {
            Some(from.is_array == to.is_array && CASTS.get(&(a, b)) == Some(&CastContext::Implicit))
        }
        (None, None) if from.name == to.name => Some(from.is_array == to.is_array),
        // A domain is taken where its base type is, and a migration may make casts.
        (None, Some(_)) | (Some(_), None) | (None, None) => None,
    }
}

/// How the values of one type fit another that reads the same on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The same values.
    Same,
    /// Every old value, and more.
    Wider,
    /// Some old values no longer fit.
    Narrower,
    /// Strict drivers decode it differently.
    OtherWire,
}

/// How `to` relates to `from`.
pub fn fit(from: &SqlType, to: &SqlType) -> Fit {
    if from.is_array != to.is_array {
        return Fit::OtherWire;
    }
    match (from.builtin_name(), to.builtin_name()) {
        (Some(a), Some(b)) if is_plain_text(a) && is_plain_text(b) => {
            by_limits(&modifier_limits(from), &modifier_limits(to))
        }
        (Some(a), Some(b)) if a == b => match a {
            // A bit string has exactly its length.
            "bit" if from.modifiers != to.modifiers => Fit::Narrower,
            // Digits before and after the point; without modifiers anything fits.
            "numeric" => by_limits(&numeric_limits(from), &numeric_limits(to)),
            _ => by_limits(&modifier_limits(from), &modifier_limits(to)),
        },
        (None, None) if from.name == to.name => Fit::Same,
        _ => Fit::OtherWire,
    }
}

fn is_plain_text(name: &str) -> bool {
    matches!(name, "text" | "varchar" | "bpchar")
}

fn numeric_limits(data_type: &SqlType) -> [Option<i64>; 2] {
    let precision = data_type.modifiers.first().copied();
    let scale = data_type.modifiers.get(1).copied().or(precision.map(|_| 0));
    let whole = precision
        .zip(scale)
        .map(|(precision, scale)| precision - scale);
    [whole, scale]
}

fn modifier_limits(data_type: &SqlType) -> Vec<Option<i64>> {
    vec![data_type.modifiers.first().copied()]
}

/// Compares limits part by part; `None` is no limit.
fn by_limits(from: &[Option<i64>], to: &[Option<i64>]) -> Fit {
    let mut wider = false;
    for (from, to) in from.iter().zip(to) {
        match (from, to) {
            (Some(from), Some(to)) if from > to => return Fit::Narrower,
            (None, Some(_)) => return Fit::Narrower,
            (Some(from), Some(to)) if from < to => wider = true,
            (Some(_), None) => wider = true,
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    if wider { Fit::Wider } else { Fit::Same }
}

/// Every cast between built-in types of PostgreSQL 15, for the test that asks a server.
pub fn casts() -> impl Iterator<Item = (&'static str, &'static str, CastContext)> {
    CASTS
        .iter()
        .map(|((from, to), context)| (*from, *to, *context))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varchar(length: i64) -> SqlType {
        SqlType::with_modifiers("varchar", &[length])
    }

    #[test]
    fn text_takes_anything_and_is_taken_by_little() {
        let text = SqlType::builtin("text");
        let integer = SqlType::builtin("int4");
        assert_eq!(is_assignable(&integer, &text), Some(true));
        assert_eq!(is_assignable(&text, &integer), Some(false));
        assert_eq!(
            is_assignable(&SqlType::builtin("bool"), &integer),
            Some(false)
        );
        assert_eq!(
            is_assignable(&integer, &SqlType::builtin("int8")),
            Some(true)
        );
        assert_eq!(is_assignable(&SqlType::unknown(), &integer), None);
    }

    #[test]
    fn a_call_converts_less_than_a_column() {
        let [int4, int8, text] = ["int4", "int8", "text"].map(SqlType::builtin);
        assert_eq!(is_implicit(&int4, &int8), Some(true));
        assert_eq!(is_implicit(&int8, &int4), Some(false));
        assert_eq!(is_implicit(&int4, &text), Some(false));
        assert_eq!(is_implicit(&varchar(3), &text), Some(true));
        assert_eq!(
            is_implicit(&int4.clone().array(), &int8.clone().array()),
            Some(true)
        );
        assert_eq!(is_implicit(&int4, &int8.array()), Some(false));
        assert_eq!(is_implicit(&int4, &SqlType::builtin("anyelement")), None);
    }

    #[test]
    fn lengths_and_precisions_widen_and_narrow() {
        let text = SqlType::builtin("text");
        let numeric = |p, s| SqlType::with_modifiers("numeric", &[p, s]);
        assert_eq!(fit(&varchar(10), &varchar(20)), Fit::Wider);
        assert_eq!(fit(&varchar(20), &varchar(10)), Fit::Narrower);
        assert_eq!(fit(&varchar(20), &text), Fit::Wider);
        assert_eq!(fit(&text, &SqlType::builtin("varchar")), Fit::Same);
        assert_eq!(fit(&text, &varchar(20)), Fit::Narrower);
        // `character` is `character(1)`, which the reader writes out; `bpchar` has no length.
        assert_eq!(fit(&text, &SqlType::builtin("bpchar")), Fit::Same);
        assert_eq!(fit(&numeric(8, 2), &numeric(10, 2)), Fit::Wider);
        assert_eq!(fit(&numeric(8, 2), &numeric(8, 4)), Fit::Narrower);
        assert_eq!(
            fit(&numeric(8, 2), &SqlType::builtin("numeric")),
            Fit::Wider
        );
        assert_eq!(
            fit(&SqlType::builtin("int4"), &SqlType::builtin("int8")),
            Fit::OtherWire
        );
    }
}
