//! What a check can say of the rows of code that does not know it.
//!
//! Three values, as the server has them: a check refuses a row only where it is false.

use crate::schema::name::Ident;
use crate::sql::expression::{Node, Tree};

/// What is known of a column in the rows that somebody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is NULL.
    Null,
    /// It is some value.
    NotNull,
    /// Anything.
    Nothing,
}

/// The outcomes that a condition can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcomes {
    is_true: bool,
    is_false: bool,
    is_null: bool,
}

const ANY: Outcomes = Outcomes {
    is_true: true,
    is_false: true,
    is_null: true,
};

const NULL: Outcomes = Outcomes {
    is_true: false,
    is_false: false,
    is_null: true,
};

impl Outcomes {
    fn truth(value: bool) -> Self {
        Outcomes {
            is_true: value,
            is_false: !value,
            is_null: false,
        }
    }
}

/// The greatest number of columns whose being NULL is tried both ways.
const MOST_TRIED: usize = 8;

/// Whether a check refuses no row of somebody of whose values this is known.
pub(super) fn refuses_nothing(check: &Tree, known: &dyn Fn(&Ident) -> Known) -> bool {
    let mut open = Vec::new();
    columns(check, &mut open);
    open.retain(|column| known(column) == Known::Nothing);
    open.sort();
    open.dedup();
    if open.len() > MOST_TRIED {
        return false;
    }
    // Each column is NULL or not, everywhere in the check.
    (0..1_u32 << open.len()).all(|choice| {
        let at = |column: &Ident| match open.iter().position(|it| it == column) {
            Some(at) if choice & (1 << at) != 0 => Known::Null,
            Some(_) => Known::NotNull,
            None => known(column),
        };
        !outcomes(check, &at).is_false
    })
}

fn columns(tree: &Tree, out: &mut Vec<Ident>) {
    if let Node::Name(parts) = tree.node()
        && let Some(name) = parts.last()
    {
        out.push(name.clone());
    }
    for child in tree.node().children() {
        columns(child, out);
    }
}

fn outcomes(tree: &Tree, known: &dyn Fn(&Ident) -> Known) -> Outcomes {
    match tree.node() {
        Node::Null => NULL,
        Node::Bool(value) => Outcomes::truth(*value),
        Node::And(all) => {
            let all: Vec<Outcomes> = all.iter().map(|it| outcomes(it, known)).collect();
            Outcomes {
                is_true: all.iter().all(|it| it.is_true),
                is_false: all.iter().any(|it| it.is_false),
                is_null: all.iter().any(|it| it.is_null)
                    && all.iter().all(|it| it.is_null || it.is_true),
            }
        }
        Node::Or(all) => {
            let all: Vec<Outcomes> = all.iter().map(|it| outcomes(it, known)).collect();
            Outcomes {
                is_true: all.iter().any(|it| it.is_true),
                is_false: all.iter().all(|it| it.is_false),
                is_null: all.iter().any(|it| it.is_null)
                    && all.iter().all(|it| it.is_null || it.is_false),
            }
        }
        Node::Not(one) => {
            let one = outcomes(one, known);
            Outcomes {
                is_true: one.is_false,
                is_false: one.is_true,
                is_null: one.is_null,
            }
        }
        Node::Test(one, what) => match (what.as_str(), is_null(one, known)) {
            ("null", Some(value)) => Outcomes::truth(value),
            ("not null", Some(value)) => Outcomes::truth(!value),
            _ => Outcomes {
                is_null: false,
                ..ANY
            },
        },
        Node::Operator(operator, Some(left), right) => {
            match counted(left, known).zip(number(right)) {
                Some((count, number)) => match operator.as_str() {
                    "=" => Outcomes::truth(count == number),
                    "<>" => Outcomes::truth(count != number),
                    "<" => Outcomes::truth(count < number),
                    "<=" => Outcomes::truth(count <= number),
                    ">" => Outcomes::truth(count > number),
                    ">=" => Outcomes::truth(count >= number),
                    _ => ANY,
                },
                // Ordinary operators give NULL for NULL.
                None if [left, right]
                    .iter()
                    .any(|it| is_null(it, known) == Some(true)) =>
                {
                    NULL
                }
                None => ANY,
            }
        }
        Node::Name(parts) => match parts.last().map(known) {
            Some(Known::Null) => NULL,
            Some(Known::NotNull) => Outcomes {
                is_null: false,
                ..ANY
            },
            _ => ANY,
        },
        Node::Quantified(_, _, left, _) if is_null(left, known) == Some(true) => NULL,
        _ => ANY, // Whatever else there is.
    }
}

/// Whether an expression is NULL, where that is known.
fn is_null(tree: &Tree, known: &dyn Fn(&Ident) -> Known) -> Option<bool> {
    match tree.node() {
        Node::Null => Some(true),
        Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Bits(_) => Some(false),
        Node::Name(parts) => match parts.last().map(known)? {
            Known::Null => Some(true),
            Known::NotNull => Some(false),
            Known::Nothing => None,
        },
        Node::Cast(one, _) | Node::Collate(one, _) => is_null(one, known),
        _ => None,
    }
}

/// What `num_nonnulls(a, b)` and `num_nulls(a, b)` come to.
fn counted(tree: &Tree, known: &dyn Fn(&Ident) -> Known) -> Option<i64> {
    let Node::Call(name, arguments) = tree.node() else {
        return None;
    };
    let counts_null = match name.name.as_str() {
        "num_nulls" => true,
        "num_nonnulls" => false,
        _ => return None,
    };
    let mut count = 0;
    for argument in arguments {
        if is_null(argument, known)? == counts_null {
            count += 1;
        }
    }
    Some(count)
}

fn number(tree: &Tree) -> Option<i64> {
    match tree.node() {
        Node::Number(text) => text.parse().ok(),
        Node::Cast(one, _) => number(one),
        _ => None,
    }
}

/// Whether what satisfies `old` satisfies `new`: the same, with wider bounds, fewer demands or more
/// alternatives.
pub(super) fn implies(old: &Tree, new: &Tree) -> bool {
    if old == new {
        return true;
    }
    match (old.node(), new.node()) {
        (_, Node::And(all)) => all.iter().all(|it| implies(old, it)),
        (Node::Or(all), _) => all.iter().all(|it| implies(it, new)),
        (Node::And(all), _) => all.iter().any(|it| implies(it, new)),
        (_, Node::Or(all)) => all.iter().any(|it| implies(old, it)),
        (
            Node::Operator(old_operator, Some(old_left), old_right),
            Node::Operator(new_operator, Some(new_left), new_right),
        ) if old_left == new_left => {
            let Some((old_bound, new_bound)) = decimal(old_right).zip(decimal(new_right)) else {
                return false;
            };
            match (old_operator.as_str(), new_operator.as_str()) {
                ("<" | "<=" | "=", "<=") | ("<", "<") => old_bound <= new_bound,
                ("<=" | "=", "<") => old_bound < new_bound,
                (">" | ">=" | "=", ">=") | (">", ">") => old_bound >= new_bound,
                (">=" | "=", ">") => old_bound > new_bound,
                ("<", "<>") => old_bound <= new_bound,
                (">", "<>") => old_bound >= new_bound,
                _ => false,
            }
        }
        _ => false,
    }
}

fn decimal(tree: &Tree) -> Option<f64> {
    match tree.node() {
        Node::Number(text) => text.parse().ok(),
        Node::Cast(one, _) => decimal(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::expression::parse;

    fn tree(text: &str) -> Tree {
        parse(text).expect("it is read")
    }

    /// Columns named `n` are NULL, those named `v` are not, others may be either.
    fn passes(check: &str) -> bool {
        refuses_nothing(&tree(check), &|column| match &column.as_str()[..1] {
            "n" => Known::Null,
            "v" => Known::NotNull,
            _ => Known::Nothing,
        })
    }

    #[test]
    fn a_check_that_hangs_on_new_columns_refuses_no_old_row() {
        assert!(passes("n > 0"));
        assert!(passes("a IS NULL OR n IS NULL"));
        assert!(passes(
            "(n IS NULL AND v IS NOT NULL) OR (n IS NOT NULL AND v IS NULL)"
        ));
        assert!(passes(
            "(a IS NULL AND n IS NOT NULL) OR (a IS NOT NULL AND n IS NULL) OR (a IS NULL AND n IS NULL)"
        ));
        assert!(passes("num_nonnulls(a, n) <= 1"));
        assert!(passes("num_nonnulls(v, n) = 1"));
    }

    #[test]
    fn a_check_that_can_be_false_does() {
        assert!(!passes("n IS NOT NULL"));
        assert!(!passes("a > 0"));
        assert!(!passes("num_nonnulls(a, n) = 1"));
        assert!(!passes("v > 0 AND n IS NULL"));
    }

    #[test]
    fn wider_bounds_are_implied() {
        for (old, new) in [
            ("a > 0", "a >= 0"),
            ("a > 0", "a > 0"),
            ("length(a) <= 10", "length(a) <= 20"),
            ("a <> '' AND length(a) <= 40", "a <> '' AND length(a) <= 60"),
            ("a > 0", "a > 0 OR b > 0"),
            ("a > 0 AND b > 0", "b > 0"),
        ] {
            assert!(implies(&tree(old), &tree(new)), "{old} gives {new}");
        }
        for (old, new) in [
            ("a >= 0", "a > 0"),
            ("length(a) <= 20", "length(a) <= 10"),
            ("a > 0 OR b > 0", "a > 0"),
            ("a > 0", "b > 0"),
        ] {
            assert!(
                !implies(&tree(old), &tree(new)),
                "{old} does not give {new}"
            );
        }
    }
}
