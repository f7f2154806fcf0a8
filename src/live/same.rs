//! Whether an expression of ours is the one that the server prints.
//!
//! Both are normalised first ([`crate::sql::expression`]). The match is asymmetric: the server adds
//! casts where a type is only implied, so a cast of theirs may be missing in ours; a cast that we
//! write must be there, unless the value has the type already, in which case the server drops it.
//! Where a literal is printed in another form than it was written in (`'24 hours'::interval`), or an
//! expression is not normalised, the answer is [`Sameness::NotCompared`], never that they are equal.

use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::SqlExpr;
use crate::schema::types::{SqlType, TypeName};
use crate::sql::expression::{Node, Tree, parse};

/// What a comparison of two expressions comes to, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sameness {
    /// They are the same.
    Same,
    /// Nobody can say.
    NotCompared,
    /// They are not the same.
    Different,
}

/// What the types of columns are, by the name that an expression gives them.
pub(super) type TypeOf<'a> = &'a dyn Fn(&Ident) -> Option<SqlType>;

/// Compares an expression of ours with one that the server printed.
pub(super) fn same_expression(ours: &SqlExpr, theirs: &SqlExpr, type_of: TypeOf) -> Sameness {
    let (Some(ours), Some(theirs)) = (parse(&ours.text), parse(&theirs.text)) else {
        return if ours.is_same(theirs) {
            Sameness::Same
        } else {
            Sameness::NotCompared
        };
    };
    Matcher { type_of }.same(&ours, &theirs)
}

/// Whether an expression is `NULL`, under whatever casts.
pub(super) fn is_null_expression(expr: &SqlExpr) -> bool {
    parse(&expr.text).is_some_and(|tree| is_null(&tree))
}

/// Whether a type of ours is the server's; ours may lack the schema.
pub(super) fn same_type(ours: &SqlType, theirs: &SqlType) -> bool {
    let same_name = match (&ours.name, &theirs.name) {
        (TypeName::User(ours), TypeName::User(theirs)) => same_name(ours, theirs),
        (ours, theirs) => ours == theirs,
    };
    same_name && ours.modifiers == theirs.modifiers && ours.is_array == theirs.is_array
}

/// Whether a name of ours means the server's: where ours has no schema, any will do.
pub(super) fn same_name(ours: &ObjectName, theirs: &ObjectName) -> bool {
    let in_schema = match (&ours.schema, &theirs.schema) {
        (Some(ours), Some(theirs)) => ours == theirs,
        (Some(ours), None) => ours.as_str() == "pg_catalog",
        (None, _) => true,
    };
    ours.name == theirs.name && in_schema
}

struct Matcher<'a> {
    type_of: TypeOf<'a>,
}

impl Matcher<'_> {
    fn same(&self, ours: &Tree, theirs: &Tree) -> Sameness {
        match (ours.node(), theirs.node()) {
            (Node::Cast(value, data_type), Node::Cast(other, other_type)) => {
                let aligned = if same_type(data_type, other_type) {
                    self.literal_or(value, other, Some(data_type))
                } else {
                    Sameness::Different
                };
                if aligned == Sameness::Same {
                    return aligned;
                }
                // The server has added one more, or dropped ours.
                let added = self.same(ours, other);
                let dropped = self.without_cast(value, data_type, theirs);
                aligned.min(added).min(dropped)
            }
            (_, Node::Cast(value, data_type)) => self.literal_or(ours, value, Some(data_type)),
            (Node::Cast(value, data_type), _) => self.without_cast(value, data_type, theirs),
            // `date(d)` is a cast too, which the server drops where `d` is a date.
            (Node::Call(name, arguments), _) if self.is_no_op(name, arguments) => {
                match (arguments.first(), theirs.node()) {
                    (_, Node::Call(..)) | (None, _) => self.same_node(ours, theirs),
                    (Some(value), _) => self.same(value, theirs),
                }
            }
            _ => self.same_node(ours, theirs),
        }
    }

    /// Whether a call converts a value to the type that it has.
    fn is_no_op(&self, name: &ObjectName, arguments: &[Tree]) -> bool {
        let [value] = arguments else {
            return false;
        };
        let known = self.type_of_tree(value);
        name.schema.is_none()
            && known.is_some_and(|it| it.builtin_name() == Some(name.name.as_str()))
    }

    /// Two literals as values of a type; anything else as it is.
    fn literal_or(&self, ours: &Tree, theirs: &Tree, data_type: Option<&SqlType>) -> Sameness {
        match (literal(ours), literal(theirs)) {
            (Some(ours), Some(theirs)) => same_literal(&ours, &theirs, data_type),
            _ => self.same(ours, theirs),
        }
    }

    /// A cast of ours that the server does not print.
    fn without_cast(&self, value: &Tree, data_type: &SqlType, theirs: &Tree) -> Sameness {
        // `ARRAY['a']::text[]` casts its elements.
        if let (Node::Array(ours), Node::Array(theirs), true) =
            (value.node(), theirs.node(), data_type.is_array)
        {
            let element = SqlType {
                is_array: false,
                ..data_type.clone()
            };
            return each(ours, theirs, |ours, theirs| match theirs.node() {
                Node::Cast(value, printed) if same_type(&element, printed) => {
                    self.literal_or(ours, value, Some(&element))
                }
                _ => self.without_cast(ours, &element, theirs),
            });
        }
        if let (Some(ours), Some(theirs)) = (literal(value), literal(theirs)) {
            let plain = match data_type.builtin_name() {
                Some("int4") => theirs.parse::<i32>().is_ok(),
                Some("numeric") => theirs.contains('.') && theirs.parse::<f64>().is_ok(),
                Some("bool") => theirs == "true" || theirs == "false",
                _ => false,
            };
            return if plain {
                same_literal(&ours, &theirs, Some(data_type))
            } else {
                Sameness::Different
            };
        }
        let same = self.same(value, theirs);
        match self.type_of_tree(value) {
            Some(known) if same_type(&known, data_type) => same,
            Some(_) => Sameness::Different,
            None => same.max(Sameness::NotCompared),
        }
    }

    /// The type of an expression, where it is plain.
    fn type_of_tree(&self, tree: &Tree) -> Option<SqlType> {
        match tree.node() {
            Node::Name(parts) => (self.type_of)(parts.last()?),
            Node::Cast(_, data_type) => Some(data_type.clone()),
            Node::Bool(_) | Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Test(..) => {
                Some(SqlType::builtin("bool"))
            }
            Node::Distinct(..) | Node::Quantified(..) => Some(SqlType::builtin("bool")),
            Node::Collate(value, _) => self.type_of_tree(value),
            Node::Keyword(keyword) => match keyword.as_str() {
                "current_timestamp" => Some(SqlType::builtin("timestamptz")),
                "localtimestamp" => Some(SqlType::builtin("timestamp")),
                "current_date" => Some(SqlType::builtin("date")),
                "current_user" | "session_user" | "user" => Some(SqlType::builtin("name")),
                _ => None, // Less common ones.
            },
            Node::Call(name, arguments) if name.schema.is_none() => {
                let result = match (name.name.as_str(), arguments.len()) {
                    ("now" | "clock_timestamp" | "statement_timestamp", 0) => "timestamptz",
                    ("transaction_timestamp", 0) => "timestamptz",
                    ("gen_random_uuid" | "uuid_generate_v4" | "uuid_generate_v1", 0) => "uuid",
                    ("nextval", 1) => "int8",
                    ("md5" | "concat" | "format" | "to_char" | "replace" | "left" | "right", _) => {
                        "text"
                    }
                    _ => return None,
                };
                Some(SqlType::builtin(result))
            }
            Node::Operator(operator, Some(_), _) => match operator.as_str() {
                "=" | "<>" | "<" | ">" | "<=" | ">=" | "~" | "~*" | "!~" | "!~*" | "~~" | "!~~" => {
                    Some(SqlType::builtin("bool"))
                }
                "->>" | "#>>" => Some(SqlType::builtin("text")),
                _ => None,
            },
            Node::Null
            | Node::Number(_)
            | Node::Text(_)
            | Node::Bits(_)
            | Node::Call(..)
            | Node::Operator(..)
            | Node::Case(..)
            | Node::Array(_)
            | Node::Row(_)
            | Node::Element(..)
            | Node::Field(..) => None,
        }
    }

    fn same_node(&self, ours: &Tree, theirs: &Tree) -> Sameness {
        let pair = |left: [&Tree; 2], right: [&Tree; 2]| {
            self.same(left[0], left[1])
                .max(self.same(right[0], right[1]))
        };
        let when = |is_same: bool| match is_same {
            true => Sameness::Same,
            false => Sameness::Different,
        };
        if let (Some(ours), Some(theirs)) = (literal(ours), literal(theirs)) {
            return same_literal(&ours, &theirs, None);
        }
        match (ours.node(), theirs.node()) {
            (Node::Null, Node::Null) => Sameness::Same,
            (Node::Bits(ours), Node::Bits(theirs))
            | (Node::Keyword(ours), Node::Keyword(theirs)) => when(ours == theirs),
            (Node::Name(ours), Node::Name(theirs)) => when(ours.last() == theirs.last()),
            (Node::Call(ours, arguments), Node::Call(theirs, others)) => {
                let former = ours.schema.is_none()
                    && matches!(
                        (ours.name.as_str(), theirs.name.as_str()),
                        ("extract", "date_part") | ("similar_to_escape", "similar_escape")
                    );
                if !former && !same_name(ours, theirs) {
                    return Sameness::Different;
                }
                if former && ours.name.as_str() == "similar_to_escape" {
                    return each(arguments, &others[..1.min(others.len())], |a, b| {
                        self.same(a, b)
                    });
                }
                each(arguments, others, |ours, theirs| self.same(ours, theirs))
            }
            (Node::Collate(ours, name), Node::Collate(theirs, other)) => {
                self.same(ours, theirs).max(when(same_name(name, other)))
            }
            (
                Node::Operator(ours, left, right),
                Node::Operator(theirs, other_left, other_right),
            ) => {
                let left = match (left, other_left) {
                    (Some(left), Some(other)) => self.same(left, other),
                    (None, None) => Sameness::Same,
                    _ => Sameness::Different,
                };
                when(ours == theirs)
                    .max(left)
                    .max(self.same(right, other_right))
            }
            (Node::And(ours), Node::And(theirs))
            | (Node::Or(ours), Node::Or(theirs))
            | (Node::Array(ours), Node::Array(theirs))
            | (Node::Row(ours), Node::Row(theirs)) => {
                each(ours, theirs, |ours, theirs| self.same(ours, theirs))
            }
            (Node::Not(ours), Node::Not(theirs)) => self.same(ours, theirs),
            (Node::Test(ours, test), Node::Test(theirs, other)) => {
                self.same(ours, theirs).max(when(test == other))
            }
            (Node::Distinct(left, right), Node::Distinct(other_left, other_right)) => {
                pair([left, other_left], [right, other_right])
            }
            (Node::Case(operand, whens, otherwise), Node::Case(theirs, other_whens, other)) => {
                let operand = match (operand, theirs) {
                    (Some(ours), Some(theirs)) => self.same(ours, theirs),
                    (None, None) => Sameness::Same,
                    _ => Sameness::Different,
                };
                let otherwise = match (otherwise, other) {
                    (Some(ours), Some(theirs)) => self.same(ours, theirs),
                    (None, None) => Sameness::Same,
                    (None, Some(theirs)) => when(is_null(theirs)),
                    (Some(ours), None) => when(is_null(ours)),
                };
                if whens.len() != other_whens.len() {
                    return Sameness::Different;
                }
                whens
                    .iter()
                    .zip(other_whens)
                    .map(|((when, then), (other_when, other_then))| {
                        pair([when, other_when], [then, other_then])
                    })
                    .fold(operand.max(otherwise), Sameness::max)
            }
            (
                Node::Element(ours, from, to, slice),
                Node::Element(theirs, other_from, other_to, other),
            ) => {
                let bound = |ours: &Option<Tree>, theirs: &Option<Tree>| match (ours, theirs) {
                    (Some(ours), Some(theirs)) => self.same(ours, theirs),
                    (None, None) => Sameness::Same,
                    _ => Sameness::Different,
                };
                self.same(ours, theirs)
                    .max(bound(from, other_from))
                    .max(bound(to, other_to))
                    .max(when(slice == other))
            }
            (Node::Field(ours, field), Node::Field(theirs, other)) => {
                self.same(ours, theirs).max(when(field == other))
            }
            (
                Node::Quantified(ours, all, left, right),
                Node::Quantified(theirs, other_all, other_left, other_right),
            ) => when(ours == theirs && all == other_all)
                .max(pair([left, other_left], [right, other_right])),
            // Every other pair is two constructs.
            _ => Sameness::Different,
        }
    }
}

fn each(ours: &[Tree], theirs: &[Tree], same: impl Fn(&Tree, &Tree) -> Sameness) -> Sameness {
    if ours.len() != theirs.len() {
        return Sameness::Different;
    }
    ours.iter()
        .zip(theirs)
        .map(|(ours, theirs)| same(ours, theirs))
        .fold(Sameness::Same, Sameness::max)
}

fn is_null(tree: &Tree) -> bool {
    match tree.node() {
        Node::Null => true,
        Node::Cast(value, _) => is_null(value),
        _ => false, // Anything else is a value.
    }
}

/// The text of a literal.
fn literal(tree: &Tree) -> Option<String> {
    match tree.node() {
        Node::Text(text) | Node::Number(text) => Some(text.clone()),
        Node::Bool(value) => Some(value.to_string()),
        _ => None, // Only these are written out and read in.
    }
}

/// Two literals of one type. The server reads a literal and prints the value, so that only of some
/// types can another text be told to be another value.
fn same_literal(ours: &str, theirs: &str, data_type: Option<&SqlType>) -> Sameness {
    if ours == theirs {
        return Sameness::Same;
    }
    let when = |is_same: bool| match is_same {
        true => Sameness::Same,
        false => Sameness::Different,
    };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|_| text.len() < 16);
    let Some(data_type) = data_type.filter(|it| !it.is_array) else {
        return match (number(ours), number(theirs), data_type) {
            (Some(ours), Some(theirs), None) => when(ours == theirs),
            (_, _, None) if is_bool(ours).is_some() => when(is_bool(ours) == is_bool(theirs)),
            (_, _, None) => Sameness::Different,
            _ => Sameness::NotCompared, // An array's text.
        };
    };
    match &data_type.name {
        TypeName::Builtin(name) => match name.as_str() {
            "text" | "name" | "char" | "regconfig" => Sameness::Different,
            "varchar" | "bpchar" if data_type.modifiers.is_empty() => Sameness::Different,
            "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "oid" => {
                match (number(ours), number(theirs)) {
                    (Some(ours), Some(theirs)) => when(ours == theirs),
                    _ => Sameness::NotCompared,
                }
            }
            "bool" => match (is_bool(ours), is_bool(theirs)) {
                (Some(ours), Some(theirs)) => when(ours == theirs),
                _ => Sameness::NotCompared,
            },
            "json" => Sameness::Different, // It is kept as it was written.
            "jsonb" => {
                let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                match (read(ours), read(theirs)) {
                    (Some(ours), Some(theirs)) => when(ours == theirs),
                    _ => Sameness::NotCompared,
                }
            }
            "uuid" => when(ours.eq_ignore_ascii_case(theirs)).min(Sameness::NotCompared),
            "timestamp" => when(format!("{ours} 00:00:00") == theirs).min(Sameness::NotCompared),
            "interval" => match (interval(ours), interval(theirs)) {
                (Some(ours), Some(theirs)) => when(ours == theirs),
                _ => Sameness::NotCompared,
            },
            "regclass" | "regproc" | "regtype" | "regrole" => same_object(ours, theirs),
            _ => Sameness::NotCompared,
        },
        TypeName::User(_) | TypeName::Unknown => Sameness::NotCompared,
    }
}

/// Months, days and microseconds of an interval in whole numbers of units, as people write them
/// and as the server prints them; `None` for what is written otherwise.
fn interval(text: &str) -> Option<(i64, i64, i64)> {
    let (mut months, mut days, mut micros) = (0_i64, 0_i64, 0_i64);
    let text = text.trim().to_ascii_lowercase();
    let mut words = text.split_whitespace().peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (sign, clock) = match word.strip_prefix('-') {
                Some(clock) => (-1, clock),
                None => (1, word),
            };
            let parts: Vec<&str> = clock.split(':').collect();
            let [hours, minutes, rest @ ..] = parts.as_slice() else {
                return None;
            };
            let seconds = match rest {
                [] => 0,
                [seconds] => seconds.parse::<i64>().ok()?,
                _ => return None,
            };
            let minutes =
                hours.parse::<i64>().ok()?.checked_mul(60)? + minutes.parse::<i64>().ok()?;
            let all = minutes.checked_mul(60)?.checked_add(seconds)?;
            micros = micros.checked_add(all.checked_mul(sign * 1_000_000)?)?;
            continue;
        }
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number: i64 = digits.parse().ok()?;
        let unit = match &word[digits.len()..] {
            "" => words.next()?,
            unit => unit,
        };
        match unit {
            "year" | "years" | "y" => months = months.checked_add(number.checked_mul(12)?)?,
            "mon" | "mons" | "month" | "months" => months = months.checked_add(number)?,
            "week" | "weeks" | "w" => days = days.checked_add(number.checked_mul(7)?)?,
            "day" | "days" | "d" => days = days.checked_add(number)?,
            "hour" | "hours" | "h" => {
                micros = micros.checked_add(number.checked_mul(3_600_000_000)?)?;
            }
            "minute" | "minutes" | "min" | "mins" | "m" => {
                micros = micros.checked_add(number.checked_mul(60_000_000)?)?;
            }
            "second" | "seconds" | "sec" | "secs" | "s" => {
                micros = micros.checked_add(number.checked_mul(1_000_000)?)?;
            }
            _ => return None,
        }
    }
    Some((months, days, micros))
}

/// Two names in literals: `nextval('public.a_seq')`.
fn same_object(ours: &str, theirs: &str) -> Sameness {
    let (Some(ours), Some(theirs)) = (parse(ours), parse(theirs)) else {
        return Sameness::NotCompared;
    };
    match (ours.node(), theirs.node()) {
        (Node::Name(ours), Node::Name(theirs)) if theirs.ends_with(ours) => Sameness::Same,
        (Node::Name(_), Node::Name(_)) => Sameness::Different,
        _ => Sameness::NotCompared,
    }
}

fn is_bool(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None, // Not a truth value.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::expression_of;

    fn compare(ours: &str, theirs: &str) -> Sameness {
        let type_of = |name: &Ident| match name.as_str() {
            "a" => Some(SqlType::builtin("text")),
            "n" => Some(SqlType::builtin("int4")),
            _ => None,
        };
        same_expression(&expression_of(ours), &expression_of(theirs), &type_of)
    }

    #[test]
    fn casts_that_the_server_adds_may_be_missing_in_ours() {
        for (ours, theirs) in [
            ("'x'", "'x'::text"),
            ("a IN ('x', 'y')", "(a = ANY (ARRAY['x'::text, 'y'::text]))"),
            (
                "v IN ('x', 'y')",
                "((v)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))",
            ),
            ("-1", "'-1'::integer"),
            ("n > 0 AND a <> ''", "((n > 0) AND (a <> ''::text))"),
            ("'0'", "0"),
            ("'f'", "false"),
            ("0.00", "0.00"),
            ("now()", "now()"),
            ("a::text <> ''", "(a <> ''::text)"),
            ("text(a)", "a"),
            ("ARRAY['x', 'y']::text[]", "ARRAY['x'::text, 'y'::text]"),
            ("'{\"a\":1}'::jsonb", "'{\"a\": 1}'::jsonb"),
            ("nextval('s')", "nextval('public.s'::regclass)"),
            ("f(a)", "public.f(a)"),
            ("'x'::mood", "'x'::public.mood"),
            (
                "CASE WHEN a = 'x' THEN 1 END",
                "CASE WHEN (a = 'x'::text) THEN 1 ELSE NULL::integer END",
            ),
            ("0::int", "0"),
            ("'24 hours'::interval", "'24:00:00'::interval"),
            ("interval '90 day'", "'90 days'::interval"),
            ("extract(year FROM d)", "date_part('year'::text, d)"),
        ] {
            assert_eq!(compare(ours, theirs), Sameness::Same, "{ours} | {theirs}");
        }
    }

    #[test]
    fn what_we_wrote_must_be_there() {
        for (ours, theirs) in [
            ("n::text = ''", "(n = ''::text)"),
            ("'x'", "'y'::text"),
            ("a = 'x'", "(a <> 'x'::text)"),
            ("s.f(a)", "public.f(a)"),
            ("nextval('s')", "nextval('public.t'::regclass)"),
            ("a AND b", "(a AND b AND c)"),
            ("1", "2"),
        ] {
            assert_eq!(
                compare(ours, theirs),
                Sameness::Different,
                "{ours} | {theirs}"
            );
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_compared() {
        for (ours, theirs) in [
            ("'1.5 hours'::interval", "'01:30:00'::interval"),
            ("'{a, b}'", "'{a,b}'::text[]"),
            ("x::text = ''", "(x = ''::text)"),
            ("a IN (SELECT b FROM t)", "(a IN ( SELECT t.b FROM t))"),
        ] {
            assert_eq!(
                compare(ours, theirs),
                Sameness::NotCompared,
                "{ours} | {theirs}"
            );
        }
    }
}
