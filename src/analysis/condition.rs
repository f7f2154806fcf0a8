//! What a check can say of the rows of code that does not know it.
//!
//! Three values, as the server has them: a check refuses a row only where it is false.

use crate::schema::name::Ident;
use crate::sql::expression::{Node, Tree};

/// What is known of a column in the rows that somebody writes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// It is NULL.
    Null,
    /// It is some value.
    NotNull,
    /// It is this number.
    Number(f64),
    /// It is this text.
    Text(String),
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

/// Which rows a check refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refuses {
    /// None.
    Nothing,
    /// Some, as far as is known.
    Something,
    /// Every one.
    Everything,
}

/// Which rows a check refuses of somebody of whose values this is known.
pub(super) fn refuses(check: &Tree, known: &dyn Fn(&Ident) -> Known) -> Refuses {
    let mut open = Vec::new();
    columns(check, &mut open);
    open.retain(|column| known(column) == Known::Nothing);
    open.sort();
    open.dedup();
    if open.len() > MOST_TRIED {
        return Refuses::Something;
    }
    // Each column is NULL or not, everywhere in the check.
    let mut all = (0..1_u32 << open.len()).map(|choice| {
        let at = |column: &Ident| match open.iter().position(|it| it == column) {
            Some(at) if choice & (1 << at) != 0 => Known::Null,
            Some(_) => Known::NotNull,
            None => known(column),
        };
        outcomes(check, &at)
    });
    let tried: Vec<Outcomes> = all.by_ref().collect();
    if tried.iter().all(|it| !it.is_false) {
        Refuses::Nothing
    } else if tried.iter().all(|it| !it.is_true && !it.is_null) {
        Refuses::Everything
    } else {
        Refuses::Something
    }
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
            let tests = truth_of_test(left, known).zip(truth_of_test(right, known));
            let truth = tests.and_then(|(left, right)| match operator.as_str() {
                "=" => Some(left == right),
                "<>" => Some(left != right),
                _ => None,
            });
            match truth.or_else(|| compared(operator, left, right, known)) {
                Some(truth) => Outcomes::truth(truth),
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
            Some(Known::NotNull | Known::Number(_) | Known::Text(_)) => Outcomes {
                is_null: false,
                ..ANY
            },
            Some(Known::Nothing) | None => ANY,
        },
        Node::Quantified(operator, false, left, right) if operator == "=" => {
            match (value(left, known), right.node()) {
                (Some(wanted), Node::Array(all)) => {
                    let all: Option<Vec<Known>> = all.iter().map(|it| value(it, known)).collect();
                    all.map_or(ANY, |all| Outcomes::truth(all.contains(&wanted)))
                }
                _ if is_null(left, known) == Some(true) => NULL,
                _ => ANY,
            }
        }
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
            Known::NotNull | Known::Number(_) | Known::Text(_) => Some(false),
            Known::Nothing => None,
        },
        Node::Cast(one, _) | Node::Collate(one, _) => is_null(one, known),
        _ => None,
    }
}

/// What a test for NULL comes to, where it is one and that is known.
fn truth_of_test(tree: &Tree, known: &dyn Fn(&Ident) -> Known) -> Option<bool> {
    let Node::Test(one, what) = tree.node() else {
        return None;
    };
    match what.as_str() {
        "null" => is_null(one, known),
        "not null" => is_null(one, known).map(|it| !it),
        _ => None,
    }
}

/// What a comparison of known values comes to.
fn compared(
    operator: &str,
    left: &Tree,
    right: &Tree,
    known: &dyn Fn(&Ident) -> Known,
) -> Option<bool> {
    match (value(left, known)?, value(right, known)?) {
        (Known::Number(left), Known::Number(right)) => match operator {
            "=" => Some(left == right),
            "<>" => Some(left != right),
            "<" => Some(left < right),
            "<=" => Some(left <= right),
            ">" => Some(left > right),
            ">=" => Some(left >= right),
            _ => None,
        },
        (Known::Text(left), Known::Text(right)) => match operator {
            "=" => Some(left == right),
            "<>" => Some(left != right),
            _ => None,
        },
        _ => None,
    }
}

/// The value of an expression, where it is known.
fn value(tree: &Tree, known: &dyn Fn(&Ident) -> Known) -> Option<Known> {
    match tree.node() {
        Node::Number(text) => text.parse().ok().map(Known::Number),
        Node::Text(text) => Some(Known::Text(text.clone())),
        Node::Cast(one, _) | Node::Collate(one, _) => value(one, known),
        Node::Name(parts) => match known(parts.last()?) {
            it @ (Known::Number(_) | Known::Text(_)) => Some(it),
            Known::Null | Known::NotNull | Known::Nothing => None,
        },
        #[expect(clippy::cast_precision_loss, reason = "it counts arguments")]
        Node::Call(..) => counted(tree, known).map(|count| Known::Number(count as f64)),
        _ => None,
    }
}

/// The literal that a default is, as a value.
pub(super) fn literal(default: &Tree) -> Option<Known> {
    value(default, &|_| Known::Nothing)
}

/// A condition as it is compared: a scalar query of one call (`(SELECT f())`, which only says that it
/// is called once) is the call, and the default schema is left out.
pub(super) fn spelled_plainly(text: &str) -> String {
    let mut out = text.replace("public.", "");
    loop {
        let lower = out.to_ascii_lowercase();
        let found = lower.match_indices('(').find_map(|(at, _)| {
            let rest = &lower[at + 1..];
            let blanks = rest.len() - rest.trim_start().len();
            let after = rest.trim_start().strip_prefix("select ")?;
            let start = at + 1 + blanks + "select ".len();
            let end = closing(&lower, at)?;
            let inner = after.get(..end.checked_sub(start)?)?;
            let is_call = inner.contains('(') && !inner.contains(" from ");
            is_call.then_some((at, start, end))
        });
        let Some((open, start, end)) = found else {
            return out;
        };
        let inner = out[start..end].trim();
        // A name for the column says nothing.
        let lower = inner.to_ascii_lowercase();
        let inner = match lower.rfind(" as ") {
            Some(at) if lower[at..].find(')').is_none() => &inner[..at],
            _ => inner,
        };
        out = format!("{}{}{}", &out[..open], inner, &out[end + 1..]);
    }
}

/// Where the parenthesis that opens at a byte is closed.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut is_quoted = false;
    for (at, c) in text[open..].char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(open + at);
                }
            }
            _ => {}
        }
    }
    None
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
    /// What is called `zero` is 0.
    fn refused(check: &str) -> Refuses {
        refuses(&tree(check), &|column| match column.as_str() {
            "zero" => Known::Number(0.0),
            name if name.starts_with('n') => Known::Null,
            name if name.starts_with('v') => Known::NotNull,
            _ => Known::Nothing,
        })
    }

    fn passes(check: &str) -> bool {
        refused(check) == Refuses::Nothing
    }

    #[test]
    fn a_check_that_every_old_row_violates_refuses_everything() {
        for check in [
            "n IS NOT NULL",
            "(n IS NULL) <> (n2 IS NULL)",
            "zero > 0",
            "zero IN (1, 2)",
            "num_nonnulls(n, n2) = 1",
            "n IS NOT NULL OR n2 IS NOT NULL",
        ] {
            assert_eq!(refused(check), Refuses::Everything, "{check}");
        }
        assert!(passes("zero >= 0"));
        assert_eq!(refused("num_nonnulls(a, n) = 1"), Refuses::Something);
    }

    #[test]
    fn a_call_in_a_query_of_its_own_is_the_call() {
        assert_eq!(spelled_plainly("a = (SELECT f())"), "a = f()");
        assert_eq!(
            spelled_plainly("a = ( SELECT auth.uid() AS uid)"),
            "a = auth.uid()"
        );
        let exists = "EXISTS (SELECT 1 FROM e WHERE e.a = f())";
        assert_eq!(spelled_plainly(exists), exists);
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
