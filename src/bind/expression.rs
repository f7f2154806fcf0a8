//! Expressions: what each name in them means and which type comes out.

use std::sync::Arc;

use super::binding::{Binding, Can, Source, Typed, key, plain, text_key};
use super::calls::Meant;
use super::kind::{Base, Modifiers, Type};
use super::outcome::{Stage, UseKind};
use super::scope::{Column, Loose};
use super::types::CastContext;
use crate::schema::catalog::{RelationBody, TypeBody};
use crate::schema::name::{Ident, ObjectName};
use crate::source::Span;
use crate::sql::query::tree::{Call, Expr, ExprKind, Query, SortKey, Window};

/// Columns that every table has beside its own.
const SYSTEM_COLUMNS: [(&str, &str); 6] = [
    ("cmax", "cid"),
    ("cmin", "cid"),
    ("ctid", "tid"),
    ("tableoid", "oid"),
    ("xmax", "xid"),
    ("xmin", "xid"),
];

/// What a name was found to be.
enum Found {
    Column(usize, usize, usize),
    System(usize, Type),
    /// A level has an element whose columns are not all known.
    NotKnown,
    Ambiguous,
    Nothing,
}

impl<'q> Binding<'_, '_, 'q> {
    pub(super) fn value(&self, ty: Type, span: Span) -> Typed<'q> {
        Typed {
            ty,
            modifiers: Modifiers::None,
            key: key(&[1, span.start as u64, span.end as u64]),
            nullable: None,
            source: Source::Other,
            span,
        }
    }

    /// The value of an expression at a level.
    pub(super) fn expr(&mut self, scope: usize, expr: &'q Expr) -> Typed<'q> {
        let loose = self.scopes[scope].loose.len();
        let mut typed = self.expr_inside(scope, expr);
        typed.span = expr.span;
        // What is grouped by may stand anywhere.
        if !self.scopes[scope].groups.is_empty() && self.scopes[scope].groups.contains(&typed.key) {
            self.scopes[scope].loose.truncate(loose);
        }
        typed
    }

    pub(super) fn exprs(&mut self, scope: usize, all: &'q [Expr]) -> Vec<Typed<'q>> {
        all.iter().map(|it| self.expr(scope, it)).collect()
    }

    fn expr_inside(&mut self, scope: usize, expr: &'q Expr) -> Typed<'q> {
        let span = expr.span;
        let boolean = Type::builtin("bool");
        let with = |ty: Type, parts: &[u64], nullable: Option<bool>| Typed {
            ty,
            modifiers: Modifiers::None,
            key: key(parts),
            nullable,
            source: Source::Other,
            span,
        };
        match &*expr.kind {
            ExprKind::Null => Typed {
                source: Source::Null,
                nullable: Some(true),
                ..with(Type::LITERAL, &[2], None)
            },
            ExprKind::Bool(value) => with(boolean, &[3, u64::from(*value)], Some(false)),
            ExprKind::Number(number) => Typed {
                source: Source::Number(number),
                ..with(number_type(number), &[4, text_key(number)], Some(false))
            },
            ExprKind::Text(text) => Typed {
                source: Source::Text(text),
                ..with(Type::LITERAL, &[5, text_key(text)], Some(false))
            },
            ExprKind::Bits => self.value(Type::builtin("bit"), span),
            ExprKind::Parameter(number) => self.parameter(*number, span),
            ExprKind::Default => Typed {
                source: Source::Default,
                ..with(Type::LITERAL, &[6], None)
            },
            ExprKind::Name(parts) => self.name(scope, parts, span),
            ExprKind::Star(parts) => {
                // Elsewhere than in a list it is a whole row.
                match parts.last() {
                    Some(_) => self.whole_row(scope, parts, span),
                    None => self.value(Type::NOT_KNOWN, span),
                }
            }
            ExprKind::Keyword(word) => with(keyword_type(word), &[7, text_key(word)], Some(false)),
            ExprKind::Call(call) => self.call(scope, call, span).0,
            ExprKind::Special(name, arguments, result) => {
                self.special(scope, name, arguments, result.as_ref(), span)
            }
            ExprKind::Cast(value, data_type) => {
                let target = self.named_type(data_type, span);
                let value = self.cast_value(scope, value, target, span);
                Typed {
                    nullable: value.nullable,
                    modifiers: Modifiers::of(data_type),
                    ..with(target, &[8, value.key, type_key(target)], None)
                }
            }
            ExprKind::Collate(value, _) => {
                let value = self.expr(scope, value);
                let value = self.settle(value);
                let base = self.base_type(value.ty).element();
                let collates = match base.name() {
                    Some(name) => matches!(name, "text" | "varchar" | "bpchar" | "name"),
                    None => base.base == Base::NotKnown,
                };
                if !collates {
                    let shown = self.shown(value.ty);
                    let message = format!("collations are not supported by type {shown}");
                    self.fail("42804", span, message);
                }
                Typed {
                    source: Source::Other,
                    ..value
                }
            }
            ExprKind::Operator(name, Some(left), right)
                if matches!(*left.kind, ExprKind::Row(_))
                    && matches!(*right.kind, ExprKind::Scalar(_)) =>
            {
                let left = self.expr(scope, left);
                if let ExprKind::Scalar(query) = &*right.kind {
                    self.against_query(scope, name, &left, query, span);
                }
                self.value(boolean, span)
            }
            ExprKind::Operator(name, left, right) => {
                let left = left.as_ref().map(|it| self.expr(scope, it));
                let right = self.expr(scope, right);
                let keys = [
                    9,
                    text_key(name),
                    left.as_ref().map_or(0, |it| it.key),
                    right.key,
                ];
                let ty = self.operate(name, left.as_ref(), &right, span);
                with(ty, &keys, None)
            }
            ExprKind::And(all) | ExprKind::Or(all) => {
                let is_and = matches!(&*expr.kind, ExprKind::And(_));
                let mut keys = vec![10, u64::from(is_and)];
                for one in all {
                    let value = self.expr(scope, one);
                    self.condition(&value, if is_and { "AND" } else { "OR" });
                    keys.push(value.key);
                }
                with(boolean, &keys, None)
            }
            ExprKind::Not(value) => {
                let value = self.expr(scope, value);
                self.condition(&value, "NOT");
                with(boolean, &[11, value.key], None)
            }
            ExprKind::IsNull(value, negated) => {
                let value = self.expr(scope, value);
                self.stays_untyped(&value);
                with(boolean, &[12, value.key, u64::from(*negated)], Some(false))
            }
            ExprKind::IsForm(value) => {
                let value = self.expr(scope, value);
                let value = self.settle(value);
                self.value(boolean, value.span)
            }
            ExprKind::IsTruth(value, ..) => {
                let value = self.expr(scope, value);
                self.condition(&value, "IS TRUE");
                with(boolean, &[13, value.key], Some(false))
            }
            ExprKind::Distinct(left, right) => {
                let left = self.expr(scope, left);
                let right = self.expr(scope, right);
                self.operate("=", Some(&left), &right, span);
                with(boolean, &[14, left.key, right.key], Some(false))
            }
            ExprKind::Case(operand, whens, otherwise) => {
                self.case(scope, operand.as_ref(), whens, otherwise.as_ref(), span)
            }
            ExprKind::Array(items) => {
                let values = self.exprs(scope, items);
                let keys: Vec<u64> = [15]
                    .into_iter()
                    .chain(values.iter().map(|it| it.key))
                    .collect();
                if values.is_empty() {
                    return with(Type::LITERAL, &keys, Some(false));
                }
                let nested = values.iter().all(|it| it.ty.is_array);
                let common = self.common(&values, "ARRAY");
                let ty = if nested { common } else { common.array() };
                with(ty, &keys, Some(false))
            }
            ExprKind::ArrayQuery(query) => {
                let column = self.single_column(scope, query, span);
                self.value(column.array(), span)
            }
            ExprKind::Row(parts) => {
                let mut values = Vec::new();
                for part in parts {
                    match &*part.kind {
                        ExprKind::Star(names) => {
                            self.expand_row(scope, names, part.span, &mut values);
                        }
                        _ => values.push(self.expr(scope, part)),
                    }
                }
                let keys: Vec<u64> = [16]
                    .into_iter()
                    .chain(values.iter().map(|it| it.key))
                    .collect();
                Typed {
                    source: Source::Row(values),
                    ..with(Type::RECORD, &keys, Some(false))
                }
            }
            ExprKind::Element(value, subscripts, is_slice) => {
                let value = self.expr(scope, value);
                let mut keys = vec![17, value.key];
                let base = self.base_type(value.ty);
                for subscript in subscripts {
                    let at = self.expr(scope, subscript);
                    keys.push(at.key);
                    let is_json = base.is("jsonb");
                    let wanted = Type::builtin(if is_json { "text" } else { "int4" });
                    if !is_json && !self.give(&at, wanted, CastContext::Assignment) {
                        let message = "array subscript must have type integer".to_owned();
                        self.fail("42804", at.span, message);
                    }
                }
                let ty = if *is_slice || base.is("jsonb") {
                    base
                } else if base.is_array {
                    base.element()
                } else {
                    self.subscripted(base, span)
                };
                with(ty, &keys, None)
            }
            ExprKind::Field(value, field) => self.field(scope, value, field, span),
            ExprKind::FieldStar(value) => {
                let value = self.expr(scope, value);
                with(Type::NOT_KNOWN, &[18, value.key], None)
            }
            ExprKind::Quantified(operator, left, right) => {
                let left = self.expr(scope, left);
                let right = self.expr(scope, right);
                self.quantified(operator, &left, &right, span);
                with(
                    boolean,
                    &[19, text_key(operator), left.key, right.key],
                    None,
                )
            }
            ExprKind::QuantifiedQuery(operator, left, query) => {
                let left = self.expr(scope, left);
                self.against_query(scope, operator, &left, query, span);
                self.value(boolean, span)
            }
            ExprKind::In(left, list, _) => self.in_list(scope, left, list, span),
            ExprKind::Between(value, low, high) => {
                let value = self.expr(scope, value);
                let low = self.expr(scope, low);
                self.operate(">=", Some(&value), &low, span);
                // The value is read twice.
                let value = self.again(&value);
                let high = self.expr(scope, high);
                self.operate("<=", Some(&value), &high, span);
                with(boolean, &[20, value.key, low.key, high.key], None)
            }
            ExprKind::Exists(query) => {
                self.subquery(scope, query);
                Typed {
                    nullable: Some(false),
                    ..self.value(boolean, span)
                }
            }
            ExprKind::Scalar(query) => {
                let ty = self.single_column(scope, query, span);
                Typed {
                    modifiers: Modifiers::NotKnown,
                    ..self.value(ty, span)
                }
            }
            ExprKind::Overlaps(parts) => {
                let values = self.exprs(scope, parts);
                let names = vec![None; values.len()];
                let name = ObjectName::bare("overlaps");
                self.function(&name, &values, &names, false, true, span);
                let keys: Vec<u64> = [21]
                    .into_iter()
                    .chain(values.iter().map(|it| it.key))
                    .collect();
                with(boolean, &keys, None)
            }
            ExprKind::CurrentOf => self.value(boolean, span),
        }
    }

    fn parameter(&mut self, number: u32, span: Span) -> Typed<'q> {
        let known = self.parameters.get(&number).copied();
        let nullable = None;
        match known {
            Some(ty) => Typed {
                ty,
                modifiers: Modifiers::None,
                key: key(&[22, u64::from(number)]),
                nullable,
                source: Source::Other,
                span,
            },
            None => Typed {
                ty: Type::LITERAL,
                modifiers: Modifiers::None,
                key: key(&[22, u64::from(number)]),
                nullable,
                source: Source::Parameter(number),
                span,
            },
        }
    }

    /// Notes a parameter without a type where anything can stand.
    pub(super) fn stays_untyped(&mut self, value: &Typed<'q>) {
        if let Source::Parameter(number) = value.source
            && self.muted == 0
        {
            self.untyped_parameters.insert(number);
        }
    }

    /// An operator between any two values, rows included.
    pub(super) fn operate(
        &mut self,
        name: &str,
        left: Option<&Typed<'q>>,
        right: &Typed<'q>,
        span: Span,
    ) -> Type {
        // A parameter may have got its type on the other side.
        let left = left.map(|it| self.again(it));
        let right = self.again(right);
        if let Some(Typed {
            source: Source::Row(parts),
            ..
        }) = &left
        {
            let comparison = matches!(name, "=" | "<>" | "<" | ">" | "<=" | ">=");
            if let Source::Row(others) = &right.source
                && comparison
            {
                if parts.len() != others.len() {
                    let message = "unequal number of entries in row expressions".to_owned();
                    self.fail("42601", span, message);
                }
                for (one, other) in parts.clone().iter().zip(others.clone().iter()) {
                    self.operate(name, Some(one), other, span);
                }
                return Type::builtin("bool");
            }
        }
        self.operator(name, left.as_ref(), Some(&right), span)
    }

    /// The value with the type that its parameter has by now.
    pub(super) fn again(&self, value: &Typed<'q>) -> Typed<'q> {
        if let Source::Parameter(number) = value.source
            && let Some(ty) = self.parameters.get(&number)
        {
            return Typed {
                ty: *ty,
                source: Source::Other,
                ..value.clone()
            };
        }
        value.clone()
    }

    /// The value of a cast. The elements of `ARRAY[…]` are cast one by one.
    fn cast_value(&mut self, scope: usize, value: &'q Expr, target: Type, span: Span) -> Typed<'q> {
        let array = self.base_type(target);
        if let ExprKind::Array(items) = &*value.kind
            && array.is_array
            && !items.is_empty()
        {
            let mut keys = vec![15];
            for item in items {
                let item = match &*item.kind {
                    ExprKind::Array(_) => self.cast_value(scope, item, target, item.span),
                    _ => self.cast_value(scope, item, array.element(), item.span),
                };
                keys.push(item.key);
            }
            return Typed {
                key: key(&keys),
                nullable: Some(false),
                ..self.value(target, span)
            };
        }
        let value = self.expr(scope, value);
        self.cast(&value, target, span);
        value
    }

    fn cast(&mut self, value: &Typed<'q>, target: Type, span: Span) {
        if matches!(value.source, Source::Null) && self.is_required_domain(target) {
            let message = format!("domain {} does not allow null values", self.shown(target));
            self.fail_at(Stage::Execute, "23502", span, message, true);
        }
        if !self.give(value, target, CastContext::Explicit) {
            let message = format!(
                "cannot cast type {} to {}",
                self.shown(value.ty),
                self.shown(target)
            );
            self.fail("42846", span, message);
        }
    }

    /// `a[1]` of what is no array.
    fn subscripted(&mut self, base: Type, span: Span) -> Type {
        if base.is_literal() {
            let message = "cannot subscript type unknown because it does not support subscripting";
            self.fail("42804", span, message.to_owned());
            return Type::NOT_KNOWN;
        }
        match base.name() {
            Some("int2vector") => Type::builtin("int2"),
            Some("oidvector") => Type::builtin("oid"),
            Some("point") => Type::builtin("float8"),
            Some("box" | "lseg") => Type::builtin("point"),
            None if matches!(base.base, Base::NotKnown) => Type::NOT_KNOWN,
            Some(_) | None => {
                let shown = self.shown(base);
                let message = format!(
                    "cannot subscript type {shown} because it does not support subscripting"
                );
                self.fail("42804", span, message);
                Type::NOT_KNOWN
            }
        }
    }

    fn quantified(&mut self, operator: &str, left: &Typed<'q>, right: &Typed<'q>, span: Span) {
        let array = self.base_type(right.ty);
        if right.ty.is_literal() {
            // A parameter or literal is an array of what the operator takes.
            let element = if left.ty.is_literal() {
                Type::builtin("text")
            } else {
                let unknown = Typed {
                    source: Source::Null,
                    ..right.clone()
                };
                let taken = self.taken_on_the_right(operator, left, &unknown);
                taken.unwrap_or_else(|| self.base_type(left.ty))
            };
            if element.is_array {
                let shown = self.shown(element);
                let message = format!("could not find array type for data type {shown}");
                self.fail("42704", span, message);
                return;
            }
            self.give(right, element.array(), CastContext::Implicit);
            let other = Typed {
                ty: element,
                source: Source::Other,
                ..right.clone()
            };
            self.operate(operator, Some(left), &other, span);
            return;
        }
        let element = match array.name() {
            Some("int2vector") => Type::builtin("int2"),
            Some("oidvector") => Type::builtin("oid"),
            _ if array.is_array => array.element(),
            _ if !array.is_known() => return,
            _ => {
                let message = "op ANY/ALL (array) requires array on right side".to_owned();
                self.fail("42809", span, message);
                return;
            }
        };
        let other = Typed {
            ty: element,
            source: Source::Other,
            ..right.clone()
        };
        self.operate(operator, Some(left), &other, span);
    }

    fn against_query(
        &mut self,
        scope: usize,
        operator: &str,
        left: &Typed<'q>,
        query: &'q Query,
        span: Span,
    ) {
        let Some(columns) = self.subquery(scope, query) else {
            return;
        };
        let lefts: Vec<Typed<'q>> = match &left.source {
            Source::Row(parts) => parts.clone(),
            _ => vec![left.clone()],
        };
        if lefts.len() != columns.len() {
            let message = if lefts.len() < columns.len() {
                "subquery has too many columns"
            } else {
                "subquery has too few columns"
            };
            self.fail("42601", span, message.to_owned());
            return;
        }
        for (one, column) in lefts.iter().zip(columns.iter()) {
            let other = self.value(column.ty, span);
            self.operate(operator, Some(one), &other, span);
        }
    }

    fn in_list(&mut self, scope: usize, left: &'q Expr, list: &'q [Expr], span: Span) -> Typed<'q> {
        let left = self.expr(scope, left);
        let mut values = Vec::new();
        let mut plain = Vec::new();
        let mut others = Vec::new();
        for item in list {
            let uses = self.scopes[scope].uses;
            let value = self.expr(scope, item);
            if self.scopes[scope].uses > uses {
                others.push(value.clone());
            } else {
                plain.push(value.clone());
            }
            values.push(value);
        }
        let mut keys = vec![23, left.key];
        keys.extend(values.iter().map(|it| it.key));
        let is_row = matches!(left.source, Source::Row(_));
        // What has no columns is compared as one array, of the type that all have in common.
        if !is_row && plain.len() > 1 {
            let mut all = vec![left.clone()];
            all.extend(plain.iter().cloned());
            if let Ok(common) = self.common_of(&all)
                && common.is_known()
                && !common.is_array
                && !matches!(common.base, Base::Record)
            {
                for value in &plain {
                    self.give(value, common, CastContext::Implicit);
                }
                let other = self.value(common, span);
                self.operator("=", Some(&left), Some(&other), span);
                for value in &others {
                    self.operator("=", Some(&left), Some(value), span);
                }
                return self.boolean_of(&keys, span);
            }
        }
        for value in &values {
            match is_row {
                true => self.operate("=", Some(&left), value, span),
                // A parameter on the left is the same one every time, whatever its type is by then.
                false => self.operator("=", Some(&left), Some(value), span),
            };
        }
        self.boolean_of(&keys, span)
    }

    fn boolean_of(&self, keys: &[u64], span: Span) -> Typed<'q> {
        Typed {
            key: key(keys),
            ..self.value(Type::builtin("bool"), span)
        }
    }

    fn case(
        &mut self,
        scope: usize,
        operand: Option<&'q Expr>,
        whens: &'q [(Expr, Expr)],
        otherwise: Option<&'q Expr>,
        span: Span,
    ) -> Typed<'q> {
        let mut keys = vec![24];
        let operand = operand.map(|it| {
            let value = self.expr(scope, it);
            self.settle(value)
        });
        keys.extend(operand.as_ref().map(|it| it.key));
        let mut results = Vec::new();
        for (when, then) in whens {
            let value = self.expr(scope, when);
            keys.push(value.key);
            match &operand {
                Some(operand) => {
                    self.operate("=", Some(operand), &value, when.span);
                }
                None => self.condition(&value, "CASE/WHEN"),
            }
            let result = self.expr(scope, then);
            keys.push(result.key);
            results.push(result);
        }
        // The server begins with what stands after ELSE.
        if let Some(otherwise) = otherwise {
            let result = self.expr(scope, otherwise);
            keys.push(result.key);
            results.insert(0, result);
        } else {
            let null = Typed {
                source: Source::Null,
                ..self.value(Type::LITERAL, span)
            };
            results.insert(0, null);
        }
        let ty = self.common(&results, "CASE");
        let known = results.iter().filter(|it| !it.ty.is_literal());
        Typed {
            modifiers: Modifiers::common(known.map(|it| &it.modifiers)),
            key: key(&keys),
            ..self.value(ty, span)
        }
    }

    fn special(
        &mut self,
        scope: usize,
        name: &str,
        arguments: &'q [Expr],
        result: Option<&crate::schema::types::SqlType>,
        span: Span,
    ) -> Typed<'q> {
        let values = self.exprs(scope, arguments);
        let mut keys = vec![25, text_key(name)];
        keys.extend(values.iter().map(|it| it.key));
        let mut nullable = None;
        let ty = match name {
            "coalesce" | "greatest" | "least" => {
                let shown = name.to_ascii_uppercase();
                let ty = self.common(&values, &shown);
                if name == "coalesce" && values.iter().any(|it| it.nullable == Some(false)) {
                    nullable = Some(false);
                }
                ty
            }
            "nullif" => {
                if let [left, right] = &values[..] {
                    self.operate("=", Some(left), right, span);
                    self.again(left).ty
                } else {
                    Type::NOT_KNOWN
                }
            }
            "grouping" => Type::builtin("int4"),
            _ => {
                for value in &values {
                    self.settle(value.clone());
                }
                result.map_or(Type::NOT_KNOWN, |it| self.named_type(it, span))
            }
        };
        let ty = if ty.is_literal() {
            Type::builtin("text")
        } else {
            ty
        };
        let known = values.iter().filter(|it| !it.ty.is_literal());
        Typed {
            key: key(&keys),
            modifiers: Modifiers::common(known.map(|it| &it.modifiers)),
            nullable,
            ..self.value(ty, span)
        }
    }

    /// A call; the second part says which columns it has as an element of `FROM`.
    pub(super) fn call(&mut self, scope: usize, call: &'q Call, span: Span) -> (Typed<'q>, Meant) {
        let levels = self.uses_of_levels(scope);
        let loose: Vec<(usize, usize)> = self
            .levels(scope)
            .into_iter()
            .map(|level| (level, self.scopes[level].loose.len()))
            .collect();
        let mut values = Vec::new();
        let mut names = Vec::new();
        for (name, argument) in &call.arguments {
            values.push(self.expr(scope, argument));
            names.push(name.clone());
        }
        for key in &call.within_group {
            values.push(self.expr(scope, &key.value));
            names.push(None);
        }
        let mut keys = vec![26, text_key(&plain(&call.name)), u64::from(call.distinct)];
        keys.extend(values.iter().map(|it| it.key));
        self.sort_keys(scope, &call.order_by);
        if let Some(filter) = &call.filter {
            let filter = self.expr(scope, filter);
            self.condition(&filter, "FILTER");
        }
        // `a(t)` for a column of `t`.
        if let Some(value) = self.functional_notation(call, &values, span) {
            return (value, Meant::not_known());
        }
        if !call.within_group.is_empty() {
            // Hypothetical and ordered-set aggregates take their arguments in another way.
            let known = super::builtin::builtins()
                .functions(call.name.name.as_str())
                .iter()
                .any(|it| it.kind == b'a');
            if known {
                self.mark_aggregate(scope, &levels, &loose);
                let ty = match call.name.name.as_str() {
                    "mode" => values.last().map_or(Type::NOT_KNOWN, |it| it.ty),
                    "percentile_disc" => values.last().map_or(Type::NOT_KNOWN, |it| it.ty),
                    _ => Type::NOT_KNOWN,
                };
                return (self.value(ty, span), Meant::not_known());
            }
        }
        let meant = self.function(
            &call.name,
            &values,
            &names,
            call.variadic,
            call.by_keyword,
            span,
        );
        if meant.kind == b'p' {
            let message = format!("{} is a procedure", plain(&call.name));
            self.fail("42809", span, message);
        }
        if call.over.is_none() && meant.kind == b'a' {
            self.mark_aggregate(scope, &levels, &loose);
        }
        if let Some(window) = &call.over {
            self.window(scope, window);
        }
        self.named_sequence(call, &values);
        let nullable = (call.name.name.as_str() == "count").then_some(false);
        let typed = Typed {
            key: key(&keys),
            nullable,
            ..self.value(meant.result, span)
        };
        (typed, meant)
    }

    /// `nextval('s')`: the literal was read as a relation already; here it is written.
    fn named_sequence(&mut self, call: &Call, values: &[Typed<'q>]) {
        let advances = matches!(call.name.name.as_str(), "nextval" | "setval");
        let Some(Source::Text(text)) = values.first().map(|it| &it.source) else {
            return;
        };
        if advances
            && let Some(name) = crate::sql::query::name_of(text)
            && let Some((_, relation)) = self.find_relation(&name)
        {
            self.used(relation.id, None, UseKind::Write);
            if !matches!(relation.body, RelationBody::Sequence(_)) && !relation.assumed {
                let message = format!("\"{}\" is not a sequence", name.name.as_str());
                let span = values.first().map_or_else(Span::default, |it| it.span);
                self.fail_at(Stage::Execute, "42809", span, message, true);
            }
        }
    }

    /// `name(t)` where `name` is a column of the row `t`.
    fn functional_notation(
        &mut self,
        call: &'q Call,
        values: &[Typed<'q>],
        span: Span,
    ) -> Option<Typed<'q>> {
        let [value] = values else {
            return None;
        };
        if call.name.schema.is_some() || call.star || value.ty.is_array {
            return None;
        }
        if let Base::User(id) = value.ty.base
            && let Some(TypeBody::Composite(fields)) = self.user_type(id).map(|it| &it.body)
        {
            let (_, ty) = fields.iter().find(|(name, _)| *name == call.name.name)?;
            return Some(self.value(self.binder.type_of(ty), span));
        }
        let Base::Row(relation) = value.ty.base else {
            return None;
        };
        let name = self.catalog().relation_name(relation)?;
        let relation = self.catalog().relation(name)?;
        let (columns, _) = self.columns_of(relation);
        let column = columns.iter().find(|it| it.name == call.name.name)?;
        if let Some((object, part)) = column.origin {
            self.used(object, Some(part), UseKind::Read);
        }
        Some(self.value(column.ty, span))
    }

    /// Levels from this one outwards.
    pub(super) fn levels(&self, scope: usize) -> Vec<usize> {
        let mut all = vec![scope];
        let mut at = scope;
        while let Some(parent) = self.scopes[at].parent {
            all.push(parent);
            at = parent;
        }
        all
    }

    fn uses_of_levels(&self, scope: usize) -> Vec<(usize, u32)> {
        self.levels(scope)
            .into_iter()
            .map(|level| (level, self.scopes[level].uses))
            .collect()
    }

    /// An aggregate belongs to the innermost level whose columns it reads.
    fn mark_aggregate(&mut self, scope: usize, before: &[(usize, u32)], loose: &[(usize, usize)]) {
        let level = before
            .iter()
            .find(|(level, uses)| self.scopes[*level].uses > *uses)
            .map_or(scope, |(level, _)| *level);
        self.scopes[level].has_aggregates = true;
        if let Some((_, length)) = loose.iter().find(|(it, _)| *it == level) {
            self.scopes[level].loose.truncate(*length);
        }
    }

    pub(super) fn window(&mut self, scope: usize, window: &'q Window) {
        if let Some(base) = &window.base
            && !self.scopes[scope].windows.contains(&base.name)
        {
            let message = format!("window \"{}\" does not exist", base.name.as_str());
            self.fail("42704", base.span, message);
        }
        for part in &window.partition_by {
            let value = self.expr(scope, part);
            self.settle(value);
        }
        self.sort_keys(scope, &window.order_by);
        for offset in &window.frame {
            let value = self.expr(scope, offset);
            let wanted = match window.order_by.first() {
                Some(sort) if window.is_range => {
                    self.muted += 1;
                    let by = self.expr(scope, &sort.value);
                    self.muted -= 1;
                    let by = self.base_type(by.ty);
                    match by.name() {
                        Some(
                            "date" | "timestamp" | "timestamptz" | "time" | "timetz" | "interval",
                        ) => Type::builtin("interval"),
                        Some("int2" | "int4" | "int8" | "float4" | "float8" | "numeric") => by,
                        Some(_) => {
                            let message = format!(
                                "RANGE with offset PRECEDING/FOLLOWING is not supported for column \
                                 type {}",
                                self.shown(by)
                            );
                            self.fail("0A000", offset.span, message);
                            Type::NOT_KNOWN
                        }
                        None => Type::NOT_KNOWN,
                    }
                }
                _ => Type::builtin("int8"),
            };
            if !self.give(&value, wanted, CastContext::Implicit) {
                let message = format!(
                    "RANGE with offset PRECEDING/FOLLOWING is not supported for column type {} \
                     and offset type {}",
                    self.shown(wanted),
                    self.shown(value.ty)
                );
                self.fail("0A000", offset.span, message);
            }
        }
    }

    pub(super) fn sort_keys(&mut self, scope: usize, keys: &'q [SortKey]) {
        for sort in keys {
            let value = self.expr(scope, &sort.value);
            let value = self.settle(value);
            self.demand_order(&value);
        }
    }

    /// Types that have no order.
    pub(super) fn demand_order(&mut self, value: &Typed<'q>) {
        let base = self.base_type(value.ty);
        let without = [
            "json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "xid",
            "cid", "jsonpath", "aclitem",
        ];
        if base
            .element()
            .name()
            .is_some_and(|name| without.contains(&name))
        {
            let message = format!(
                "could not identify an ordering operator for type {}",
                self.shown(value.ty)
            );
            self.fail("42883", value.span, message);
        }
    }

    /// Types that cannot be compared.
    pub(super) fn demand_equality(&mut self, value: &Typed<'q>) {
        let base = self.base_type(value.ty);
        let without = [
            "json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle", "jsonpath",
        ];
        if base
            .element()
            .name()
            .is_some_and(|name| without.contains(&name))
        {
            let message = format!(
                "could not identify an equality operator for type {}",
                self.shown(value.ty)
            );
            self.fail("42883", value.span, message);
        }
    }

    fn field(&mut self, scope: usize, value: &'q Expr, field: &Ident, span: Span) -> Typed<'q> {
        let value = self.expr(scope, value);
        let keys = key(&[27, value.key, text_key(field.as_str())]);
        let found: Option<Type> = match value.ty.base {
            _ if value.ty.is_array => None,
            Base::Row(id) => {
                let relation = self
                    .catalog()
                    .relation_name(id)
                    .and_then(|name| self.catalog().relation(name));
                let Some(relation) = relation else {
                    return self.value(Type::NOT_KNOWN, span);
                };
                let (columns, open) = self.columns_of(relation);
                let column = columns.iter().find(|it| it.name == *field).cloned();
                match column {
                    Some(column) => {
                        if let Some((object, part)) = column.origin {
                            self.used(object, Some(part), UseKind::Read);
                        }
                        Some(column.ty)
                    }
                    None if open => Some(Type::NOT_KNOWN),
                    None => None,
                }
            }
            Base::User(id) => match self.user_type(id).map(|it| &it.body) {
                Some(TypeBody::Composite(fields)) => fields
                    .iter()
                    .find(|(name, _)| name == field)
                    .map(|(_, ty)| self.binder.type_of(ty)),
                Some(TypeBody::Domain { .. }) => {
                    return self.value(Type::NOT_KNOWN, span);
                }
                Some(TypeBody::Unknown) | None => Some(Type::NOT_KNOWN),
                Some(TypeBody::Enum { .. } | TypeBody::Range(_) | TypeBody::Base) => {
                    let message = format!(
                        "column notation .{} applied to type {}, which is not a composite type",
                        field.as_str(),
                        self.shown(value.ty)
                    );
                    self.fail("42809", span, message);
                    return self.value(Type::NOT_KNOWN, span);
                }
            },
            Base::Record | Base::NotKnown => Some(Type::NOT_KNOWN),
            Base::Builtin(_) | Base::Literal => {
                // `(a).lower` is a call too.
                let call = ObjectName::bare(field.clone());
                let meant = self.function(&call, &[value], &[None], false, false, span);
                return self.value(meant.result, span);
            }
        };
        match found {
            Some(ty) => Typed {
                key: keys,
                ..self.value(ty, span)
            },
            None => {
                let message = format!(
                    "column \"{}\" not found in data type {}",
                    field.as_str(),
                    self.shown(value.ty)
                );
                self.fail("42703", span, message);
                self.value(Type::NOT_KNOWN, span)
            }
        }
    }

    /// The type of a query that gives one column.
    fn single_column(&mut self, scope: usize, query: &'q Query, span: Span) -> Type {
        match self.subquery(scope, query) {
            Some(columns) if columns.len() == 1 => columns[0].ty,
            Some(columns) if !columns.is_empty() => {
                self.fail(
                    "42601",
                    span,
                    "subquery must return only one column".to_owned(),
                );
                Type::NOT_KNOWN
            }
            Some(_) | None => Type::NOT_KNOWN,
        }
    }

    /// The columns of a query inside of an expression; `None` where they are not all known.
    pub(super) fn subquery(&mut self, scope: usize, query: &'q Query) -> Option<Arc<[Column]>> {
        let (columns, open) = self.query(Some(scope), query, true);
        (!open).then_some(columns)
    }

    // Names.

    fn name(&mut self, scope: usize, parts: &'q [Ident], span: Span) -> Typed<'q> {
        match parts {
            [column] => self.bare_name(scope, column, span),
            [table, column] => self.qualified_name(scope, None, table, column, span),
            [schema, table, column] => {
                self.qualified_name(scope, Some(schema), table, column, span)
            }
            [_, schema, table, column] => {
                self.qualified_name(scope, Some(schema), table, column, span)
            }
            _ => self.value(Type::NOT_KNOWN, span),
        }
    }

    fn find_column(&self, scope: usize, name: &Ident) -> Found {
        let mut level = Some(scope);
        while let Some(at) = level {
            let current = &self.scopes[at];
            let mut found: Option<(usize, usize)> = None;
            let mut open = false;
            for (index, entry) in current.entries.iter().enumerate() {
                if !entry.columns_visible || (entry.lateral_only && !current.lateral_active) {
                    continue;
                }
                for (column, it) in entry.columns.iter().enumerate() {
                    if it.name == *name {
                        if found.is_some() {
                            return Found::Ambiguous;
                        }
                        found = Some((index, column));
                    }
                }
                open |= entry.open;
            }
            if let Some((entry, column)) = found {
                return Found::Column(at, entry, column);
            }
            let system = SYSTEM_COLUMNS.iter().find(|(it, _)| *it == name.as_str());
            if let Some((_, ty)) = system {
                let mut with = (0..current.entries.len()).filter(|index| {
                    let entry = &current.entries[*index];
                    entry.columns_visible && entry.has_system_columns
                });
                match (with.next(), with.next()) {
                    (Some(_), None) => return Found::System(at, Type::builtin(ty)),
                    (Some(_), Some(_)) => return Found::Ambiguous,
                    _ => {}
                }
            }
            if open {
                return Found::NotKnown;
            }
            level = current.parent;
        }
        Found::Nothing
    }

    fn bare_name(&mut self, scope: usize, name: &'q Ident, span: Span) -> Typed<'q> {
        match self.find_column(scope, name) {
            Found::Column(level, entry, column) => {
                let clashes = self.names.as_ref().is_some_and(|it| {
                    it.clashes && it.variables.iter().any(|(variable, _)| variable == name)
                });
                if clashes {
                    let message = format!("column reference \"{}\" is ambiguous", name.as_str());
                    self.fail("42702", span, message);
                }
                self.variable(level, entry, column, span)
            }
            Found::System(level, ty) => {
                self.scopes[level].uses += 1;
                self.value(ty, span)
            }
            Found::NotKnown => {
                // A whole row is sought last.
                let reason = format!("whether there is a column {name} is not known");
                self.not_known(span, reason);
                self.value(Type::NOT_KNOWN, span)
            }
            Found::Ambiguous => {
                let message = format!("column reference \"{}\" is ambiguous", name.as_str());
                self.fail("42702", span, message);
                self.value(Type::NOT_KNOWN, span)
            }
            Found::Nothing => {
                if let Some(ty) = self.variable_named(name) {
                    return self.value(ty, span);
                }
                if self.find_entry(scope, None, name).is_some() {
                    return self.whole_row(scope, std::slice::from_ref(name), span);
                }
                let message = format!("column \"{}\" does not exist", name.as_str());
                self.fail("42703", span, message);
                self.value(Type::NOT_KNOWN, span)
            }
        }
    }

    /// The level and place of the element that a name means.
    pub(super) fn find_entry(
        &self,
        scope: usize,
        schema: Option<&Ident>,
        name: &Ident,
    ) -> Option<(usize, usize)> {
        let mut level = Some(scope);
        while let Some(at) = level {
            let current = &self.scopes[at];
            let found = current.entries.iter().position(|entry| {
                entry.name_visible
                    && entry.name.as_ref() == Some(name)
                    && (!entry.lateral_only || current.lateral_active)
                    && match schema {
                        Some(schema) => entry.schema.as_ref() == Some(schema),
                        None => true,
                    }
            });
            if let Some(index) = found {
                return Some((at, index));
            }
            level = current.parent;
        }
        None
    }

    fn qualified_name(
        &mut self,
        scope: usize,
        schema: Option<&Ident>,
        table: &'q Ident,
        name: &'q Ident,
        span: Span,
    ) -> Typed<'q> {
        let Some((level, index)) = self.find_entry(scope, schema, table) else {
            if let Some(ty) = self.variable_field(table, name, span) {
                return self.value(ty, span);
            }
            let message = format!("missing FROM-clause entry for table \"{}\"", table.as_str());
            self.fail("42P01", span, message);
            return self.value(Type::NOT_KNOWN, span);
        };
        let entry = &self.scopes[level].entries[index];
        let mut matching = (0..entry.columns.len()).filter(|at| entry.columns[*at].name == *name);
        let (first, second) = (matching.next(), matching.next());
        if second.is_some() {
            let message = format!("column reference \"{}\" is ambiguous", name.as_str());
            self.fail("42702", span, message);
            return self.value(Type::NOT_KNOWN, span);
        }
        if let Some(column) = first {
            return self.variable(level, index, column, span);
        }
        let system = SYSTEM_COLUMNS.iter().find(|(it, _)| *it == name.as_str());
        if let Some((_, ty)) = system
            && entry.has_system_columns
        {
            self.scopes[level].uses += 1;
            return self.value(Type::builtin(ty), span);
        }
        if entry.open {
            let reason = format!("whether {table} has a column {name} is not known");
            self.not_known(span, reason);
            return self.value(Type::NOT_KNOWN, span);
        }
        // `t.f` may be a call of `f(t)`.
        let hypothetical = ["rank", "dense_rank", "percent_rank", "cume_dist"];
        if hypothetical.contains(&name.as_str()) {
            let message = format!(
                "WITHIN GROUP is required for ordered-set aggregate {}",
                name.as_str()
            );
            self.fail("42809", span, message);
            return self.value(Type::NOT_KNOWN, span);
        }
        if let Some(relation) = entry.relation
            && self.takes_row(name, relation)
        {
            let row = self.value(Type::of(Base::Row(relation)), span);
            let call = ObjectName::bare(name.clone());
            let meant = self.function(&call, &[row], &[None], false, false, span);
            return self.value(meant.result, span);
        }
        let message = format!("column {}.{} does not exist", table.as_str(), name.as_str());
        self.fail("42703", span, message);
        self.value(Type::NOT_KNOWN, span)
    }

    /// Whether the project has a function of one argument that takes the rows of a relation.
    fn takes_row(&self, name: &Ident, relation: crate::schema::catalog::ObjectId) -> bool {
        let row = Type::of(Base::Row(relation));
        let given = [self.value(row, Span::default())];
        let call = ObjectName::bare(name.clone());
        if self.some_accept(&call, &given) {
            return true;
        }
        self.search_path().iter().any(|schema| {
            let place = crate::schema::name::QualifiedName {
                schema: schema.clone(),
                name: name.clone(),
            };
            self.catalog().routines(&place).iter().any(|routine| {
                routine.arguments.len() == 1
                    && self.can(
                        row,
                        self.binder.type_of(&routine.arguments[0].data_type),
                        CastContext::Implicit,
                    ) == Can::Yes
            })
        })
    }

    /// A column of an element.
    pub(super) fn variable(
        &mut self,
        level: usize,
        index: usize,
        column: usize,
        span: Span,
    ) -> Typed<'q> {
        let entry = &self.scopes[level].entries[index];
        let found = &entry.columns[column];
        let var = entry.var(column);
        let (ty, nullable, origin) = (found.ty, found.nullable, found.origin);
        let modifiers = found.modifiers.clone();
        let shown = match &entry.name {
            Some(name) => format!("{}.{}", name.as_str(), found.name.as_str()),
            None => found.name.as_str().to_owned(),
        };
        if let Some((object, part)) = origin {
            self.used(object, Some(part), UseKind::Read);
        }
        let scope = &mut self.scopes[level];
        scope.uses += 1;
        scope.loose.push(Loose { var, shown, span });
        Typed {
            ty,
            modifiers,
            key: key(&[28, u64::from(var)]),
            nullable,
            source: Source::Column(origin),
            span,
        }
    }

    /// `t` as a value: all of its columns.
    fn whole_row(&mut self, scope: usize, parts: &[Ident], span: Span) -> Typed<'q> {
        let (schema, name) = match parts {
            [name] => (None, name),
            [schema, name] => (Some(schema), name),
            [.., schema, name] => (Some(schema), name),
            [] => return self.value(Type::NOT_KNOWN, span),
        };
        let Some((level, index)) = self.find_entry(scope, schema, name) else {
            let message = format!("missing FROM-clause entry for table \"{}\"", name.as_str());
            self.fail("42P01", span, message);
            return self.value(Type::NOT_KNOWN, span);
        };
        let entry = self.scopes[level].entries[index].clone();
        for column in 0..entry.columns.len() {
            self.variable(level, index, column, span);
        }
        let ty = match entry.relation {
            Some(relation) => Type::of(Base::Row(relation)),
            None if entry.columns.len() == 1 && !entry.open && entry.columns[0].ty.is_known() => {
                // A function that gives one value: its alias is that value.
                return Typed {
                    key: key(&[28, u64::from(entry.var(0))]),
                    ..self.value(entry.columns[0].ty, span)
                };
            }
            None => Type::RECORD,
        };
        Typed {
            key: key(&[29, u64::from(entry.var(0))]),
            ..self.value(ty, span)
        }
    }

    /// `ROW(t.*)`
    fn expand_row(&mut self, scope: usize, names: &[Ident], span: Span, out: &mut Vec<Typed<'q>>) {
        let [.., name] = names else {
            return;
        };
        let schema = names.len().checked_sub(2).map(|at| &names[at]);
        match self.find_entry(scope, schema, name) {
            Some((level, index)) => {
                for column in 0..self.scopes[level].entries[index].columns.len() {
                    out.push(self.variable(level, index, column, span));
                }
            }
            None => {
                let message = format!("missing FROM-clause entry for table \"{}\"", name.as_str());
                self.fail("42P01", span, message);
            }
        }
    }
}

/// The type of a number by its spelling.
fn number_type(number: &str) -> Type {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let plain = digits.replace('_', "");
    let value = match plain.get(..2) {
        Some("0x") => i128::from_str_radix(&plain[2..], 16).ok(),
        Some("0o") => i128::from_str_radix(&plain[2..], 8).ok(),
        Some("0b") => i128::from_str_radix(&plain[2..], 2).ok(),
        _ => plain.parse::<i128>().ok(),
    };
    Type::builtin(match value {
        Some(value) if value <= i128::from(i32::MAX) => "int4",
        Some(value) if value <= i128::from(i64::MAX) => "int8",
        _ => "numeric",
    })
}

fn keyword_type(word: &str) -> Type {
    Type::builtin(match word {
        "current_date" => "date",
        "current_time" => "timetz",
        "current_timestamp" => "timestamptz",
        "localtime" => "time",
        "localtimestamp" => "timestamp",
        "system_user" => "text",
        _ => "name",
    })
}

fn type_key(ty: Type) -> u64 {
    let (kind, id) = match ty.base {
        Base::Builtin(id) => (1, text_key(super::builtin::builtins().info(id).name)),
        Base::User(id) => (2, id.0),
        Base::Row(id) => (3, id.0),
        Base::Record => (4, 0),
        Base::Literal => (5, 0),
        Base::NotKnown => (6, 0),
    };
    key(&[kind, id, u64::from(ty.is_array)])
}
