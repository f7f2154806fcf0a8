//! Which unique index an upsert means.
//!
//! Source: PostgreSQL manual, INSERT, "ON CONFLICT Clause"; `infer_arbiter_indexes` in `plancat.c`.

use super::binding::Binding;
use super::outcome::Stage;
use super::write::Goal;
use crate::schema::catalog::{Index, Table};
use crate::schema::name::Ident;
use crate::schema::op::{ConstraintKind, IndexKey};
use crate::source::Span;
use crate::sql::query::tree::{Expr, ExprKind, Word};

/// How well an index fits a target.
enum Fit {
    Yes,
    No,
    Unknown,
}

impl<'c> Binding<'_, 'c, '_> {
    /// Demands a unique index on the keys.
    pub(super) fn infer(
        &mut self,
        goal: &Goal<'c>,
        keys: &[Expr],
        predicate: Option<&Expr>,
        span: Span,
    ) {
        let through = self.behind(goal);
        let (table, shown) = match (goal.relation.as_table(), &through) {
            (Some(table), _) => (table, None),
            (None, Some((below, shown))) if below.relation.as_table().is_some() => {
                let Some(table) = below.relation.as_table() else {
                    return;
                };
                (table, Some(shown))
            }
            _ => {
                let reason = "which index an upsert through a view means is not read".to_owned();
                self.not_known(span, reason);
                return;
            }
        };
        let mut columns: Vec<Ident> = Vec::new();
        let mut expressions: Vec<&Expr> = Vec::new();
        for key in keys {
            match &*strip(key).kind {
                ExprKind::Name(parts) => columns.extend(parts.last().cloned()),
                _ => expressions.push(strip(key)),
            }
        }
        if let Some(shown) = shown {
            for column in &mut columns {
                let at = goal.columns.iter().position(|it| it.name == *column);
                if let Some(Some(below)) = at.and_then(|at| shown.get(at)) {
                    *column = below.clone();
                }
            }
        }
        columns.sort();
        columns.dedup();
        let mut unknown = false;
        for index in table.indexes.iter().filter(|it| it.unique && it.valid) {
            match fits(index, &columns, &expressions, predicate) {
                Fit::Yes => {
                    if self.muted == 0 {
                        let of = through
                            .as_ref()
                            .map_or(goal.relation, |(below, _)| below.relation);
                        self.out.arbiters.push((of.id, index.id));
                    }
                    let deferrable = table
                        .constraints
                        .iter()
                        .any(|it| it.deferrable && index.constraint.as_ref() == Some(&it.name));
                    if deferrable {
                        let message = "ON CONFLICT does not support deferrable unique \
                                       constraints/exclusion constraints as arbiters";
                        self.fail_at(Stage::Execute, "55000", span, message.to_owned(), true);
                    }
                    return;
                }
                Fit::Unknown => unknown = true,
                Fit::No => {}
            }
        }
        if unknown || goal.open {
            self.not_known(span, "which index the upsert means is not known".to_owned());
            return;
        }
        let message = "there is no unique or exclusion constraint matching the ON CONFLICT \
                       specification"
            .to_owned();
        self.fail_at(Stage::Plan, "42P10", span, message, true);
    }

    /// Demands the constraint of that name.
    pub(super) fn infer_constraint(&mut self, goal: &Goal<'c>, name: &Word, updates: bool) {
        if self.muted == 0 {
            self.out.constraints.push(name.name.clone());
        }
        let found = goal
            .relation
            .as_table()
            .and_then(|table| constraint(table, &name.name));
        match found {
            Some(kind) => {
                let has_index = matches!(
                    kind,
                    ConstraintKind::PrimaryKey { .. }
                        | ConstraintKind::Unique { .. }
                        | ConstraintKind::Exclude { .. }
                );
                if !has_index {
                    let message =
                        "constraint in ON CONFLICT clause has no associated index".to_owned();
                    self.fail_at(Stage::Plan, "42809", name.span, message, true);
                } else if updates && matches!(kind, ConstraintKind::Exclude { .. }) {
                    let message =
                        "ON CONFLICT DO UPDATE not supported with exclusion constraints".to_owned();
                    self.fail_at(Stage::Plan, "42809", name.span, message, true);
                }
            }
            None if goal.open => {
                let reason = format!("whether there is a constraint {} is not known", name.name);
                self.not_known(name.span, reason);
            }
            None => {
                let message = format!(
                    "constraint \"{}\" for table \"{}\" does not exist",
                    name.name.as_str(),
                    goal.name.name.as_str()
                );
                self.fail("42704", name.span, message);
            }
        }
    }
}

fn constraint<'c>(table: &'c Table, name: &Ident) -> Option<&'c ConstraintKind> {
    let mut all = table.constraints.iter();
    all.find(|it| it.name == *name).map(|it| &it.kind)
}

/// What stands under a collation.
fn strip(key: &Expr) -> &Expr {
    match &*key.kind {
        ExprKind::Collate(inner, _) => strip(inner),
        _ => key,
    }
}

fn fits(index: &Index, columns: &[Ident], expressions: &[&Expr], predicate: Option<&Expr>) -> Fit {
    let mut own: Vec<&Ident> = Vec::new();
    let mut own_expressions = Vec::new();
    for key in &index.keys {
        match key {
            IndexKey::Column(column) => own.push(column),
            IndexKey::Expression(expr) => own_expressions.push(expr),
        }
    }
    own.sort();
    own.dedup();
    if own.len() != columns.len() || own.iter().zip(columns).any(|(one, other)| **one != *other) {
        return Fit::No;
    }
    let mut unknown = false;
    // Every expression of the index must be named, and the other way round.
    if own_expressions.is_empty() != expressions.is_empty() {
        return Fit::No;
    }
    if !own_expressions.is_empty() {
        let trees: Vec<_> = own_expressions
            .iter()
            .map(|it| crate::sql::query::parse_expression(&it.text).ok())
            .collect();
        for expression in expressions {
            let found = trees.iter().flatten().any(|tree| same(tree, expression));
            if !found {
                if trees.iter().all(Option::is_some) {
                    return Fit::No;
                }
                unknown = true;
            }
        }
        for tree in trees.iter().flatten() {
            if !expressions.iter().any(|it| same(tree, it)) {
                return Fit::No;
            }
        }
    }
    if let Some(own) = &index.predicate {
        let Some(predicate) = predicate else {
            return Fit::No;
        };
        match implies(predicate, &own.text) {
            Some(true) => {}
            Some(false) => return Fit::No,
            None => unknown = true,
        }
    }
    if unknown { Fit::Unknown } else { Fit::Yes }
}

/// Whether two trees are the same but for their places, a table's name before a column and casts of
/// literals.
fn same(one: &Expr, other: &Expr) -> bool {
    match (&*strip_cast(one).kind, &*strip_cast(other).kind) {
        (ExprKind::Name(a), ExprKind::Name(b)) => a.last() == b.last(),
        (ExprKind::Call(a), ExprKind::Call(b)) => {
            a.name.name == b.name.name
                && a.arguments.len() == b.arguments.len()
                && a.arguments
                    .iter()
                    .zip(&b.arguments)
                    .all(|((_, a), (_, b))| same(a, b))
        }
        (ExprKind::Special(a, left, _), ExprKind::Special(b, right, _)) => {
            a == b && all_same(left, right)
        }
        (ExprKind::Operator(a, left, right), ExprKind::Operator(b, other_left, other_right)) => {
            a == b
                && same(right, other_right)
                && match (left, other_left) {
                    (Some(a), Some(b)) => same(a, b),
                    (None, None) => true,
                    _ => false,
                }
        }
        (ExprKind::And(a), ExprKind::And(b)) | (ExprKind::Or(a), ExprKind::Or(b)) => all_same(a, b),
        (ExprKind::Not(a), ExprKind::Not(b)) => same(a, b),
        (ExprKind::Text(a), ExprKind::Text(b)) | (ExprKind::Number(a), ExprKind::Number(b)) => {
            a == b
        }
        (ExprKind::Bool(a), ExprKind::Bool(b)) => a == b,
        (ExprKind::Null, ExprKind::Null) => true,
        (ExprKind::IsNull(a, not), ExprKind::IsNull(b, other_not)) => {
            not == other_not && same(a, b)
        }
        (ExprKind::IsTruth(a, word, not), ExprKind::IsTruth(b, other, other_not)) => {
            (word, not) == (other, other_not) && same(a, b)
        }
        (ExprKind::In(a, list, not), ExprKind::In(b, others, other_not)) => {
            not == other_not && same(a, b) && all_same(list, others)
        }
        _ => false,
    }
}

fn all_same(one: &[Expr], other: &[Expr]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
}

fn strip_cast(value: &Expr) -> &Expr {
    match &*value.kind {
        ExprKind::Cast(inner, _)
            if matches!(&*inner.kind, ExprKind::Text(_) | ExprKind::Name(_)) =>
        {
            inner
        }
        _ => value,
    }
}

/// Whether a condition implies that of an index; `None` where that is not plain.
fn implies(predicate: &Expr, index: &str) -> Option<bool> {
    let own = crate::sql::query::parse_expression(index).ok()?;
    let demanded: Vec<&Expr> = match &*own.kind {
        ExprKind::And(all) => all.iter().collect(),
        _ => vec![&own],
    };
    let given: Vec<&Expr> = match &*predicate.kind {
        ExprKind::And(all) => all.iter().collect(),
        _ => vec![predicate],
    };
    let mut all_hold = true;
    for one in demanded {
        if given
            .iter()
            .any(|it| same(it, one) || bounds(it, one) == Some(true))
        {
            continue;
        }
        all_hold = false;
        // What nothing that is given speaks of is not implied.
        let spoken = columns_in(one);
        let is_spoken_of = given
            .iter()
            .any(|it| columns_in(it).iter().any(|column| spoken.contains(column)));
        let contradicts = given.iter().any(|it| negates(it, one));
        if !is_spoken_of || contradicts || given.iter().any(|it| bounds(it, one) == Some(false)) {
            return Some(false);
        }
    }
    all_hold.then_some(true)
}

/// Whether one condition says the opposite of the other.
fn negates(one: &Expr, other: &Expr) -> bool {
    match (&*one.kind, &*other.kind) {
        (ExprKind::Not(inner), _) => same(inner, other),
        (_, ExprKind::Not(inner)) => same(one, inner),
        (ExprKind::IsNull(a, not), ExprKind::IsNull(b, other_not)) => {
            not != other_not && same(a, b)
        }
        _ => false,
    }
}

/// Whether `a > 100` implies `a > 50`; `None` where they are no bounds of one column.
fn bounds(given: &Expr, demanded: &Expr) -> Option<bool> {
    let parts = |value: &Expr| -> Option<(String, Ident, f64)> {
        let ExprKind::Operator(operator, Some(left), right) = &*value.kind else {
            return None;
        };
        let ExprKind::Name(name) = &*left.kind else {
            return None;
        };
        let ExprKind::Number(number) = &*right.kind else {
            return None;
        };
        Some((operator.clone(), name.last()?.clone(), number.parse().ok()?))
    };
    let (operator, column, value) = parts(given)?;
    let (wanted, other, bound) = parts(demanded)?;
    if column != other {
        return None;
    }
    let holds = match (operator.as_str(), wanted.as_str()) {
        (">" | "=", ">") | (">", ">=") if operator != "=" => value >= bound,
        (">=" | "=", ">") => value > bound,
        (">=" | "=", ">=") => value >= bound,
        ("<", "<" | "<=") => value <= bound,
        ("<=" | "=", "<") => value < bound,
        ("<=" | "=", "<=") => value <= bound,
        ("=", "=") => (value - bound).abs() < f64::EPSILON,
        _ => return None,
    };
    Some(holds)
}

/// The columns that a condition names.
fn columns_in(value: &Expr) -> Vec<Ident> {
    let mut out = Vec::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        match &*value.kind {
            ExprKind::Name(parts) => out.extend(parts.last().cloned()),
            ExprKind::Cast(one, _)
            | ExprKind::Collate(one, _)
            | ExprKind::Not(one)
            | ExprKind::IsNull(one, _)
            | ExprKind::IsTruth(one, ..)
            | ExprKind::Field(one, _) => pending.push(one),
            ExprKind::Operator(_, left, right) => {
                pending.extend(left);
                pending.push(right);
            }
            ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Special(_, all, _) => {
                pending.extend(all);
            }
            ExprKind::In(one, all, _) => {
                pending.push(one);
                pending.extend(all);
            }
            ExprKind::Quantified(_, one, other) | ExprKind::Distinct(one, other) => {
                pending.extend([one, other]);
            }
            ExprKind::Call(call) => pending.extend(call.arguments.iter().map(|(_, it)| it)),
            _ => {}
        }
    }
    out
}
