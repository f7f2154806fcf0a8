//! Queries: `FROM`, the select list, grouping, order and set operations.
//!
//! Source: PostgreSQL manual, "Queries"; `analyze.c`, `parse_clause.c`, `parse_relation.c`.

use std::sync::Arc;

use super::binding::{Binding, Source, Typed, key, plain};
use super::builtin::builtins;
use super::kind::{Base, Modifiers, Type};
use super::outcome::{Stage, UseKind};
use super::scope::{Column, Cte, Entry, Vars};
use super::types::CastContext;
use crate::schema::catalog::{Relation, RelationBody};
use crate::schema::name::Ident;
use crate::schema::op::ConstraintKind;
use crate::source::Span;
use crate::sql::query::tree::{
    Body, CommonTable, Expr, ExprKind, FromItem, FromSource, Grouping, Item, Join, JoinCondition,
    JoinKind, Named, Query, RowsOf, Select, SetOperation, SortKey, Statement, With, Word,
};

/// How many levels of queries are read before it is given up: some are read more than once.
const MOST_LEVELS: usize = 20_000;

/// The columns of a query with their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows<'q> {
    pub(super) columns: Vec<Column>,
    /// As many as there are columns, or none where they are not needed.
    pub(super) values: Vec<Typed<'q>>,
    /// Whether there may be more columns.
    pub(super) open: bool,
    /// Whether a star put some of them there.
    pub(super) has_star: bool,
}

impl<'q> Binding<'_, '_, 'q> {
    /// The columns of a query, and whether there may be more.
    pub(super) fn query(
        &mut self,
        parent: Option<usize>,
        query: &'q Query,
        settle: bool,
    ) -> (Arc<[Column]>, bool) {
        let rows = self.rows(parent, query, settle);
        (Arc::from(rows.columns), rows.open)
    }

    /// What a query yields; literals become text where `settle` says so.
    pub(super) fn rows(
        &mut self,
        parent: Option<usize>,
        query: &'q Query,
        settle: bool,
    ) -> Rows<'q> {
        if self.is_exhausted() {
            return Rows {
                open: true,
                ..Rows::default()
            };
        }
        let scope = self.push_scope(parent);
        if let Some(with) = &query.with {
            self.with(scope, with);
        }
        match &query.body {
            Body::Select(select) => self.select(scope, select, query, settle),
            Body::Values(rows) => {
                let rows = self.values(scope, rows);
                self.order_by_output(scope, &query.order_by, &rows);
                self.limits(scope, query);
                rows
            }
            Body::Set(first, rest) => {
                let rows = self.set_operation(scope, first, rest, settle);
                self.order_by_output(scope, &query.order_by, &rows);
                self.limits(scope, query);
                rows
            }
        }
    }

    fn limits(&mut self, scope: usize, query: &'q Query) {
        for (value, clause) in [(&query.offset, "OFFSET"), (&query.limit, "LIMIT")] {
            if let Some(value) = value {
                let uses = self.scopes[scope].uses;
                let value = self.expr(scope, value);
                let has_column = self.scopes[scope].uses > uses;
                if !self.give(&value, Type::builtin("int8"), CastContext::Assignment) {
                    let message = format!(
                        "argument of {clause} must be type bigint, not type {}",
                        self.shown(value.ty)
                    );
                    self.fail("42804", value.span, message);
                }
                if has_column {
                    let message = format!("argument of {clause} must not contain variables");
                    self.fail("42P10", value.span, message);
                }
            }
        }
    }

    /// Whether so many levels were read that it is given up, and said.
    fn is_exhausted(&mut self) -> bool {
        let is_exhausted = self.scopes.len() >= MOST_LEVELS;
        if is_exhausted {
            let muted = std::mem::take(&mut self.muted);
            self.not_known(Span::default(), "it nests too many queries".to_owned());
            self.muted = muted;
        }
        is_exhausted
    }

    // Common table expressions.

    pub(super) fn with(&mut self, scope: usize, with: &'q With) {
        if self.is_exhausted() {
            for table in &with.tables {
                self.scopes[scope].ctes.push(Cte {
                    name: table.name.name.clone(),
                    columns: Arc::from([]),
                    open: true,
                });
            }
            return;
        }
        if with.recursive {
            // Each may name each.
            for table in &with.tables {
                self.scopes[scope].ctes.push(Cte {
                    name: table.name.name.clone(),
                    columns: Arc::from([]),
                    open: true,
                });
            }
            // What stands later is known after it was read once.
            if with.tables.len() > 1 {
                let parameters = self.parameters.clone();
                self.muted += 1;
                for table in with.tables.iter().rev() {
                    self.recursive_table(scope, table);
                    let rows = self.nested_statement(scope, &table.statement);
                    let cte = self.named_table(table, rows, false);
                    self.replace_table(scope, cte);
                }
                self.muted -= 1;
                self.parameters = parameters;
            }
        }
        for table in &with.tables {
            if with.recursive {
                self.recursive_table(scope, table);
            }
            let first = self.find_cte(scope, &table.name.name);
            let rows = self.nested_statement(scope, &table.statement);
            let cte = self.named_table(table, rows, true);
            if with.recursive {
                if is_recursive(table) {
                    self.demand_same_types(table, first.as_ref(), &cte);
                }
                self.replace_table(scope, cte);
            } else {
                self.scopes[scope].ctes.push(cte);
            }
        }
    }

    fn replace_table(&mut self, scope: usize, cte: Cte) {
        let mut known = self.scopes[scope].ctes.iter_mut();
        if let Some(known) = known.find(|it| it.name == cte.name) {
            *known = cte;
        }
    }

    /// A recursive table has the types of its first part.
    fn demand_same_types(&mut self, table: &CommonTable, first: Option<&Cte>, all: &Cte) {
        let Some(first) = first.filter(|it| !it.open && !all.open) else {
            return;
        };
        let pairs = first.columns.iter().zip(all.columns.iter());
        let differs = pairs
            .enumerate()
            .find(|(_, (a, b))| a.ty.is_known() && b.ty.is_known() && a.ty != b.ty);
        if let Some((at, (one, other))) = differs {
            let message = format!(
                "recursive query \"{}\" column {} has type {} in non-recursive term but type {} \
                 overall",
                table.name.name.as_str(),
                at + 1,
                self.shown(one.ty),
                self.shown(other.ty)
            );
            self.fail("42804", table.name.span, message);
        }
    }

    /// The columns of a recursive table come from its first part.
    fn recursive_table(&mut self, scope: usize, table: &'q CommonTable) {
        let Statement::Query(query) = &table.statement else {
            return;
        };
        let Body::Set(first, rest) = &query.body else {
            return;
        };
        if rest.is_empty() {
            return;
        }
        let parameters = self.parameters.clone();
        self.muted += 1;
        let inner = self.push_scope(Some(scope));
        if let Some(with) = &query.with {
            self.with(inner, with);
        }
        let rows = self.rows(Some(inner), first, true);
        self.muted -= 1;
        self.parameters = parameters;
        let cte = self.named_table(table, rows, false);
        self.replace_table(scope, cte);
    }

    fn named_table(&mut self, table: &CommonTable, rows: Rows<'q>, report: bool) -> Cte {
        let mut columns = rows.columns;
        if table.columns.len() > columns.len() && !rows.open && report {
            let message = format!(
                "WITH query \"{}\" has {} columns available but {} columns specified",
                table.name.name.as_str(),
                columns.len(),
                table.columns.len()
            );
            self.fail("42P10", table.name.span, message);
        }
        rename(&mut columns, &table.columns, rows.open);
        for added in &table.added {
            columns.push(Column {
                name: added.clone(),
                ty: Type::NOT_KNOWN,
                modifiers: Modifiers::None,
                nullable: None,
                origin: None,
            });
        }
        Cte {
            name: table.name.name.clone(),
            columns: Arc::from(columns),
            open: rows.open,
        }
    }

    /// A statement inside of another.
    fn nested_statement(&mut self, scope: usize, statement: &'q Statement) -> Rows<'q> {
        match statement {
            Statement::Query(query) => self.rows(Some(scope), query, true),
            Statement::Insert(insert) => self.insert(Some(scope), insert),
            Statement::Update(update) => self.update(Some(scope), update),
            Statement::Delete(delete) => self.delete(Some(scope), delete),
            Statement::Merge(merge) => self.merge(Some(scope), merge),
            Statement::Truncate(..)
            | Statement::Copy { .. }
            | Statement::Lock(_)
            | Statement::Touch(_)
            | Statement::Refresh(..)
            | Statement::Call(_)
            | Statement::Session => Rows::default(),
        }
    }

    fn find_cte(&self, scope: usize, name: &Ident) -> Option<Cte> {
        let mut level = Some(scope);
        while let Some(at) = level {
            let found = self.scopes[at]
                .ctes
                .iter()
                .rev()
                .find(|it| it.name == *name);
            if let Some(found) = found {
                return Some(found.clone());
            }
            level = self.scopes[at].parent;
        }
        None
    }

    // Set operations and lists of values.

    fn set_operation(
        &mut self,
        scope: usize,
        first: &'q Query,
        rest: &'q [(SetOperation, Query)],
        settle: bool,
    ) -> Rows<'q> {
        if !rest.is_empty() {
            self.demand_unlocked(first);
        }
        let mut left = self.rows(Some(scope), first, rest.is_empty() && settle);
        for (operation, query) in rest {
            self.demand_unlocked(query);
            let right = self.rows(Some(scope), query, false);
            if left.open || right.open {
                left.open = true;
                continue;
            }
            if left.columns.len() != right.columns.len() {
                let message = format!(
                    "each {} query must have the same number of columns",
                    operation.name
                );
                self.fail("42601", body_span(query), message);
                left.open = true;
                continue;
            }
            let mut values = Vec::new();
            for at in 0..left.columns.len() {
                let pair = [left.values[at].clone(), right.values[at].clone()];
                let ty = self.common(&pair, operation.name);
                let nullable = match (left.columns[at].nullable, right.columns[at].nullable) {
                    (Some(false), Some(false)) => Some(false),
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    _ => None,
                };
                let both = [&left.columns[at].modifiers, &right.columns[at].modifiers];
                left.columns[at].modifiers = Modifiers::common(both.into_iter());
                left.columns[at].ty = ty;
                left.columns[at].nullable = nullable;
                left.columns[at].origin = None;
                let value = Typed {
                    source: Source::Other,
                    ty,
                    ..pair[0].clone()
                };
                if !operation.all {
                    self.demand_equality(&value);
                }
                values.push(value);
            }
            left.values = values;
            left.has_star |= right.has_star;
        }
        left
    }

    /// The parts of a set operation lock nothing.
    fn demand_unlocked(&mut self, query: &'q Query) {
        if !query.locking.is_empty() {
            let message = "FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT".to_owned();
            self.fail("0A000", body_span(query), message);
        }
    }

    fn values(&mut self, scope: usize, rows: &'q [Vec<Expr>]) -> Rows<'q> {
        let width = rows.first().map_or(0, Vec::len);
        let mut by_column: Vec<Vec<Typed<'q>>> = vec![Vec::new(); width];
        for row in rows {
            if row.len() != width {
                let span = row.first().map_or_else(Span::default, |it| it.span);
                let message = "VALUES lists must all be the same length".to_owned();
                self.fail("42601", span, message);
                return Rows {
                    open: true,
                    ..Rows::default()
                };
            }
            for (at, value) in row.iter().enumerate() {
                let value = self.expr(scope, value);
                by_column[at].push(value);
            }
        }
        let mut out = Rows::default();
        for (at, values) in by_column.into_iter().enumerate() {
            let ty = if let [only] = &values[..] {
                self.settle(only.clone()).ty
            } else {
                self.common(&values, "VALUES")
            };
            out.columns.push(Column {
                name: Ident::new(&format!("column{}", at + 1)),
                ty,
                modifiers: Modifiers::None,
                nullable: None,
                origin: None,
            });
            if let Some(first) = values.into_iter().next() {
                out.values.push(Typed {
                    ty,
                    source: Source::Other,
                    ..first
                });
            }
        }
        out
    }

    /// `ORDER BY` after a set operation: only names and numbers of the result.
    fn order_by_output(&mut self, scope: usize, keys: &'q [SortKey], rows: &Rows<'q>) {
        for sort in keys {
            match &*sort.value.kind {
                ExprKind::Name(parts) if parts.len() == 1 => {
                    let found = rows.columns.iter().position(|it| it.name == parts[0]);
                    match found {
                        Some(at) => {
                            if let Some(value) = rows.values.get(at).cloned() {
                                self.demand_order(&value);
                            }
                        }
                        None if rows.open => {
                            let reason = "the columns of the result are not all known".to_owned();
                            self.not_known(sort.value.span, reason);
                        }
                        None => {
                            let message =
                                format!("column \"{}\" does not exist", parts[0].as_str());
                            self.fail("42703", sort.value.span, message);
                        }
                    }
                }
                ExprKind::Number(_) => {}
                _ => {
                    self.muted += 1;
                    self.expr(scope, &sort.value);
                    self.muted -= 1;
                }
            }
        }
    }

    // Select.

    fn select(
        &mut self,
        scope: usize,
        select: &'q Select,
        query: &'q Query,
        settle: bool,
    ) -> Rows<'q> {
        self.from(scope, &select.from);
        self.scopes[scope].windows = select
            .windows
            .iter()
            .map(|(name, _)| name.name.clone())
            .collect();
        self.scopes[scope].loose.clear();
        if !select.group_by.is_empty() {
            self.note_groups(scope, &select.group_by, &select.items);
        }
        let mut rows = self.items(scope, &select.items);
        let listed = self.scopes[scope].loose.len();
        if let Some(filter) = &select.filter {
            let value = self.expr(scope, filter);
            self.condition(&value, "WHERE");
            self.scopes[scope].loose.truncate(listed);
        }
        if let Some(having) = &select.having {
            let value = self.expr(scope, having);
            self.condition(&value, "HAVING");
        }
        let mut order = Vec::new();
        for sort in &query.order_by {
            let key = self.order_key(scope, sort, &rows);
            // What is sorted by has a type from here on.
            for value in &mut rows.values {
                if value.ty.is_literal() && value.key == key.key {
                    *value = key.clone();
                }
            }
            order.push(key);
        }
        let before = self.scopes[scope].loose.len();
        for group in &select.group_by {
            self.group(scope, group, &rows);
        }
        self.scopes[scope].loose.truncate(before);
        match select.distinct.as_deref() {
            Some([]) => {
                for at in 0..rows.values.len() {
                    let value = self.settle(rows.values[at].clone());
                    self.demand_equality(&value);
                    rows.values[at] = value;
                }
                let is_listed = |key: &Typed| rows.values.iter().any(|it| it.key == key.key);
                if let Some(key) = order.iter().find(|it| !is_listed(it))
                    && !rows.open
                {
                    let message = "for SELECT DISTINCT, ORDER BY expressions must appear in \
                                   select list";
                    self.fail("42P10", key.span, message.to_owned());
                }
            }
            Some(on) => {
                let mut keys = Vec::new();
                for value in on {
                    let value = self.distinct_key(scope, value, &rows);
                    self.demand_equality(&value);
                    keys.push(value.key);
                }
                // What is kept apart comes first in the order.
                let mut skipped = false;
                let mut used = Vec::new();
                let mut misplaced = None;
                for key in &order {
                    if keys.contains(&key.key) {
                        used.push(key.key);
                        if skipped {
                            misplaced = misplaced.or(Some(key.span));
                        }
                    } else {
                        skipped = true;
                    }
                }
                let is_rest = keys.iter().any(|key| !used.contains(key));
                if misplaced.is_none() && skipped && is_rest {
                    misplaced = Some(select.span);
                }
                if let Some(span) = misplaced
                    && !rows.open
                {
                    let message = "SELECT DISTINCT ON expressions must match initial ORDER BY \
                                   expressions";
                    self.fail("42P10", span, message.to_owned());
                }
            }
            None => {}
        }
        self.limits(scope, query);
        for (_, window) in &select.windows {
            self.window(scope, window);
        }
        if settle {
            for at in 0..rows.values.len() {
                let value = self.settle(rows.values[at].clone());
                rows.columns[at].ty = value.ty;
                rows.values[at] = value;
            }
        }
        let is_grouped = !select.group_by.is_empty() || select.having.is_some();
        if is_grouped || self.scopes[scope].has_aggregates {
            self.check_grouping(scope);
        }
        if !query.locking.is_empty() {
            self.demand_plain_rows(scope, query);
            self.locking(scope, &query.locking);
            self.demand_whole_rows(scope, select, &query.locking);
        }
        rows
    }

    /// A row that may be missing cannot be locked, which the planner notices.
    fn demand_whole_rows(&mut self, scope: usize, select: &'q Select, clauses: &'q [Vec<Word>]) {
        let mut nullable = Vec::new();
        for item in &select.from {
            nullable_tables(item, false, &mut nullable);
        }
        let is_table = |name: &Ident| {
            let found = self.find_entry_here(scope, name);
            let id = found.and_then(|at| self.scopes[scope].entries[at].relation);
            let name = id.and_then(|id| self.catalog().relation_name(id));
            let relation = name.and_then(|name| self.catalog().relation(name));
            relation.is_some_and(|it| match &it.body {
                RelationBody::Table(_) => true,
                // Its own tables stand there in its place.
                RelationBody::View(view) => !view.materialized,
                RelationBody::Sequence(_) | RelationBody::Index { .. } => false,
            })
        };
        let is_locked = |name: &&&Ident| {
            let in_clause = |names: &Vec<Word>| {
                names.is_empty() || names.iter().any(|word| word.name == ***name)
            };
            clauses.iter().any(in_clause) && is_table(name)
        };
        if nullable.iter().any(|name| is_locked(&name)) {
            let message = "FOR UPDATE cannot be applied to the nullable side of an outer join";
            self.fail_at(Stage::Plan, "0A000", select.span, message.to_owned(), true);
        }
    }

    /// Only rows of tables can be locked, not what is made of several.
    fn demand_plain_rows(&mut self, scope: usize, query: &'q Query) {
        let mut why = made_of_several(query);
        if why.is_none() && self.scopes[scope].has_aggregates {
            why = Some("aggregate functions");
        }
        if let Some(why) = why {
            let message = format!("FOR UPDATE is not allowed with {why}");
            self.fail("0A000", body_span(query), message);
        }
    }

    /// `FOR UPDATE` and its like.
    fn locking(&mut self, scope: usize, clauses: &'q [Vec<Word>]) {
        for names in clauses {
            for name in names {
                if self.find_entry_here(scope, &name.name).is_none() {
                    let message = format!(
                        "relation \"{}\" in FOR UPDATE clause not found in FROM clause",
                        name.name.as_str()
                    );
                    self.fail("42P01", name.span, message);
                }
            }
            let is_meant = |entry: &&Entry| {
                names.is_empty() || names.iter().any(|it| entry.name.as_ref() == Some(&it.name))
            };
            let relations: Vec<_> = self.scopes[scope]
                .entries
                .iter()
                .filter(is_meant)
                .filter_map(|entry| entry.relation)
                .collect();
            let span = names.first().map_or_else(Span::default, |it| it.span);
            for id in relations {
                self.demand_lockable(id, span);
                if self.muted == 0 {
                    self.out.locked.insert(id);
                }
            }
        }
    }

    /// Rows of a materialised view are not locked, nor those of groups.
    fn demand_lockable(&mut self, id: crate::schema::catalog::ObjectId, span: Span) {
        let name = self.catalog().relation_name(id);
        let Some(relation) = name.and_then(|name| self.catalog().relation(name)) else {
            return;
        };
        let RelationBody::View(view) = &relation.body else {
            return;
        };
        if view.materialized {
            let message = format!(
                "cannot lock rows in materialized view \"{}\"",
                name.map_or("", |it| it.name.as_str())
            );
            self.fail_at(Stage::Plan, "42809", span, message, true);
        } else if let Ok(Statement::Query(query)) = crate::sql::query::parse(&view.query.text) {
            let grouped = match &query.body {
                Body::Select(select) => {
                    !select.group_by.is_empty()
                        || select.having.is_some()
                        || select.distinct.is_some()
                }
                Body::Values(_) => false,
                Body::Set(_, rest) => !rest.is_empty(),
            };
            if grouped {
                let message = "FOR UPDATE is not allowed with GROUP BY clause".to_owned();
                self.fail_at(Stage::Plan, "0A000", span, message, true);
            }
        }
    }

    fn find_entry_here(&self, scope: usize, name: &Ident) -> Option<usize> {
        self.scopes[scope]
            .entries
            .iter()
            .position(|entry| entry.name.as_ref() == Some(name))
    }

    /// The elements of a select list.
    pub(super) fn items(&mut self, scope: usize, items: &'q [Item]) -> Rows<'q> {
        let mut rows = Rows::default();
        for item in items {
            match &*item.value.kind {
                ExprKind::Star(parts) => {
                    rows.has_star = true;
                    self.star(scope, parts, item.value.span, &mut rows);
                }
                ExprKind::FieldStar(value) => {
                    rows.has_star = true;
                    self.fields(scope, value, &mut rows);
                }
                _ => {
                    let value = self.expr(scope, &item.value);
                    let name = item
                        .alias
                        .clone()
                        .unwrap_or_else(|| output_name(&item.value));
                    rows.push(name, value);
                }
            }
        }
        rows
    }

    fn star(&mut self, scope: usize, parts: &'q [Ident], span: Span, rows: &mut Rows<'q>) {
        if let [.., name] = parts {
            let schema = parts.len().checked_sub(2).map(|at| &parts[at]);
            match self.find_entry(scope, schema, name) {
                Some((level, index)) => self.expand(level, index, span, rows),
                None => {
                    let message =
                        format!("missing FROM-clause entry for table \"{}\"", name.as_str());
                    self.fail("42P01", span, message);
                    rows.open = true;
                }
            }
            return;
        }
        let shown: Vec<usize> = (0..self.scopes[scope].entries.len())
            .filter(|at| self.scopes[scope].entries[*at].columns_visible)
            .collect();
        if shown.is_empty() {
            let message = "SELECT * with no tables specified is not valid".to_owned();
            self.fail("42601", span, message);
        }
        for index in shown {
            self.expand(scope, index, span, rows);
        }
    }

    fn expand(&mut self, level: usize, index: usize, span: Span, rows: &mut Rows<'q>) {
        rows.open |= self.scopes[level].entries[index].open;
        for column in 0..self.scopes[level].entries[index].columns.len() {
            let name = self.scopes[level].entries[index].columns[column]
                .name
                .clone();
            let value = self.variable(level, index, column, span);
            rows.push(name, value);
        }
    }

    /// `(a).*`
    fn fields(&mut self, scope: usize, value: &'q Expr, rows: &mut Rows<'q>) {
        let span = value.span;
        let call = match &*value.kind {
            ExprKind::Call(call) => Some(self.call(scope, call, span)),
            _ => None,
        };
        let (ty, meant) = match call {
            Some((value, meant)) => (value.ty, Some(meant)),
            None => (self.expr(scope, value).ty, None),
        };
        if let Some(columns) = meant.and_then(|it| it.columns) {
            for (name, ty) in columns {
                let value = self.value(ty, span);
                rows.push(name, value);
            }
            return;
        }
        let Some((columns, open)) = self.columns_of_type(ty) else {
            rows.open = true;
            return;
        };
        rows.open |= open;
        for column in columns.iter() {
            if let Some((object, part)) = column.origin {
                self.used(object, Some(part), UseKind::Read);
            }
            let value = self.value(column.ty, span);
            rows.push(column.name.clone(), value);
        }
    }

    /// The columns of a row type; `None` where the type is no row.
    fn columns_of_type(&mut self, ty: Type) -> Option<(Arc<[Column]>, bool)> {
        if ty.is_array {
            return None;
        }
        match ty.base {
            Base::Row(id) => {
                let name = self.catalog().relation_name(id)?;
                let relation = self.catalog().relation(name)?;
                Some(self.columns_of(relation))
            }
            Base::User(id) => match self.user_type(id).map(|it| &it.body) {
                Some(crate::schema::catalog::TypeBody::Composite(fields)) => {
                    let columns: Vec<Column> = fields
                        .iter()
                        .map(|(name, ty)| Column {
                            name: name.clone(),
                            ty: self.binder.type_of(ty),
                            modifiers: Modifiers::None,
                            nullable: None,
                            origin: None,
                        })
                        .collect();
                    Some((Arc::from(columns), false))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Reads what is grouped by without reporting, so that the select list can be checked.
    fn note_groups(&mut self, scope: usize, groups: &'q [Grouping], items: &'q [Item]) {
        let parameters = self.parameters.clone();
        self.muted += 1;
        let levels = self.levels(scope).into_iter();
        let lengths: Vec<(usize, usize)> = levels
            .map(|level| (level, self.scopes[level].loose.len()))
            .collect();
        let rows = self.items(scope, items);
        let mut keys = Vec::new();
        for group in groups {
            self.group_keys(scope, group, &rows, &mut keys);
        }
        for (level, length) in lengths {
            self.scopes[level].loose.truncate(length);
        }
        self.muted -= 1;
        self.parameters = parameters;
        self.scopes[scope].has_aggregates = false;
        self.scopes[scope].groups = keys;
    }

    fn group_keys(
        &mut self,
        scope: usize,
        group: &'q Grouping,
        rows: &Rows<'q>,
        out: &mut Vec<u64>,
    ) {
        match group {
            Grouping::One(value) => {
                let value = self.group_value(scope, value, rows);
                out.push(value.key);
            }
            Grouping::Sets(all) => {
                for one in all {
                    self.group_keys(scope, one, rows, out);
                }
            }
        }
    }

    fn group(&mut self, scope: usize, group: &'q Grouping, rows: &Rows<'q>) {
        match group {
            Grouping::One(value) => {
                let value = self.group_value(scope, value, rows);
                let value = self.settle(value);
                self.demand_equality(&value);
            }
            Grouping::Sets(all) => {
                for one in all {
                    self.group(scope, one, rows);
                }
            }
        }
    }

    /// Of constants only a place in the result says anything.
    fn refuse_constant(&mut self, clause: &str, span: Span) {
        let message = format!("non-integer constant in {clause}");
        self.fail("42601", span, message);
    }

    /// A column of FROM comes before one of the result; a number is a place in the result.
    fn group_value(&mut self, scope: usize, value: &'q Expr, rows: &Rows<'q>) -> Typed<'q> {
        match &*value.kind {
            ExprKind::Name(parts) if parts.len() == 1 && !self.has_column(scope, &parts[0]) => {
                if let Some(found) = self.output_named(&parts[0], rows, value.span) {
                    return found;
                }
            }
            ExprKind::Number(number) => {
                if let Some(found) = self.output_at(number, rows, "GROUP BY", value.span) {
                    return found;
                }
            }
            ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Null | ExprKind::Bits => {
                self.refuse_constant("GROUP BY", value.span);
            }
            _ => {}
        }
        self.expr(scope, value)
    }

    /// Whether a column of this level's FROM has the name.
    fn has_column(&self, scope: usize, name: &Ident) -> bool {
        self.scopes[scope]
            .entries
            .iter()
            .filter(|it| it.columns_visible)
            .any(|entry| entry.columns.iter().any(|column| column.name == *name))
    }

    fn output_named(&mut self, name: &Ident, rows: &Rows<'q>, span: Span) -> Option<Typed<'q>> {
        let mut found: Option<&Typed<'q>> = None;
        for (column, value) in rows.columns.iter().zip(&rows.values) {
            if column.name != *name {
                continue;
            }
            match found {
                Some(known) if known.key != value.key => {
                    let message = format!("ORDER BY \"{}\" is ambiguous", name.as_str());
                    self.fail("42702", span, message);
                    return Some(self.value(Type::NOT_KNOWN, span));
                }
                _ => found = Some(value),
            }
        }
        found.cloned()
    }

    fn output_at(
        &mut self,
        number: &str,
        rows: &Rows<'q>,
        clause: &str,
        span: Span,
    ) -> Option<Typed<'q>> {
        let Ok(at) = number.parse::<usize>() else {
            if number.contains(['.', 'e', 'E']) {
                self.refuse_constant(clause, span);
            }
            return None;
        };
        let found = at.checked_sub(1).and_then(|at| rows.values.get(at));
        match found {
            Some(value) => Some(value.clone()),
            None if rows.open => Some(self.value(Type::NOT_KNOWN, span)),
            None => {
                let message = format!("{clause} position {at} is not in select list");
                self.fail("42P10", span, message);
                Some(self.value(Type::NOT_KNOWN, span))
            }
        }
    }

    fn order_key(&mut self, scope: usize, sort: &'q SortKey, rows: &Rows<'q>) -> Typed<'q> {
        let value = self.distinct_key(scope, &sort.value, rows);
        let value = self.settle(value);
        self.demand_order(&value);
        value
    }

    /// A name or number of the result, or else an expression.
    fn distinct_key(&mut self, scope: usize, value: &'q Expr, rows: &Rows<'q>) -> Typed<'q> {
        let found = match &*value.kind {
            ExprKind::Name(parts) if parts.len() == 1 => {
                self.output_named(&parts[0], rows, value.span)
            }
            ExprKind::Number(number) => self.output_at(number, rows, "ORDER BY", value.span),
            ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Null | ExprKind::Bits => {
                self.refuse_constant("ORDER BY", value.span);
                None
            }
            _ => None,
        };
        match found {
            Some(value) => value,
            None => self.expr(scope, value),
        }
    }

    /// Every column outside of aggregates must be grouped by, or hang on a key that is.
    fn check_grouping(&mut self, scope: usize) {
        let level = &self.scopes[scope];
        let is_grouped = |var: u32| level.groups.contains(&key(&[28, u64::from(var)]));
        let failing = level
            .loose
            .iter()
            .find(|it| !is_grouped(it.var) && !self.hangs_on_key(scope, it.var));
        if let Some(loose) = failing {
            let message = format!(
                "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate \
                 function",
                loose.shown
            );
            let span = loose.span;
            self.fail("42803", span, message);
        }
    }

    /// Whether the primary key of a variable's table is grouped by.
    fn hangs_on_key(&self, scope: usize, var: u32) -> bool {
        let level = &self.scopes[scope];
        let holds = |entry: &&Entry| match entry.vars {
            Vars::From(first) => {
                first <= var && (var - first) < u32::try_from(entry.columns.len()).unwrap_or(0)
            }
            Vars::Each(_) => false,
        };
        // The element itself may stand behind the alias of a join: then nothing is said.
        let Some(entry) = level.entries.iter().find(holds) else {
            return true;
        };
        let Some(relation) = entry.relation else {
            return false;
        };
        let table = self
            .catalog()
            .relation_name(relation)
            .and_then(|name| self.catalog().table(name));
        let Some(table) = table else {
            return false;
        };
        table.constraints.iter().any(|constraint| {
            let ConstraintKind::PrimaryKey { columns, .. } = &constraint.kind else {
                return false;
            };
            !constraint.deferrable
                && !columns.is_empty()
                && columns.iter().all(|column| {
                    let at = entry.columns.iter().position(|it| it.name == *column);
                    at.is_some_and(|at| {
                        let var = u64::from(entry.var(at));
                        level.groups.contains(&key(&[28, var]))
                    })
                })
        })
    }

    // FROM.

    pub(super) fn from(&mut self, scope: usize, items: &'q [FromItem]) {
        for item in items {
            let mut entries = self.source_item(scope, item);
            self.check_names(scope, 0, &entries, item);
            for entry in &mut entries {
                entry.lateral_only = true;
                entry.lateral_ok = true;
            }
            self.scopes[scope].entries.extend(entries);
        }
        for entry in &mut self.scopes[scope].entries {
            entry.lateral_only = false;
        }
    }

    /// Two elements of one level must not have the same name: of those that stand there since
    /// `first`.
    fn check_names(&mut self, scope: usize, first: usize, entries: &[Entry], item: &FromItem) {
        let double = entries.iter().find(|entry| {
            entry.name_visible
                && entry.name.is_some()
                && self.scopes[scope].entries[first..].iter().any(|other| {
                    other.name_visible
                        && other.name == entry.name
                        && (other.schema == entry.schema
                            || other.schema.is_none()
                            || entry.schema.is_none())
                })
        });
        if let Some(Entry {
            name: Some(name), ..
        }) = double
        {
            let message = format!("table name \"{}\" specified more than once", name.as_str());
            self.fail("42712", source_span(item), message);
        }
    }

    fn source_item(&mut self, scope: usize, item: &'q FromItem) -> Vec<Entry> {
        match &item.source {
            FromSource::Table(table, _) => {
                let mut entry = self.table_entry(scope, table);
                self.apply_alias(&mut entry, item.alias.as_ref(), &item.columns);
                if let Some(method) = &item.sample {
                    self.demand_sample(method);
                }
                vec![entry]
            }
            FromSource::Query(query) => {
                let was_active = self.scopes[scope].lateral_active;
                self.scopes[scope].lateral_active = item.lateral;
                let (columns, open) = self.query(Some(scope), query, true);
                self.scopes[scope].lateral_active = was_active;
                let mut entry = self.entry(None, columns);
                entry.open = open;
                self.apply_alias(&mut entry, item.alias.as_ref(), &item.columns);
                vec![entry]
            }
            FromSource::Calls { calls, ordinality } => {
                vec![self.calls_entry(scope, item, calls, *ordinality)]
            }
            FromSource::Special(read, columns) => {
                let was_active = self.scopes[scope].lateral_active;
                self.scopes[scope].lateral_active = true;
                for value in read {
                    let value = self.expr(scope, value);
                    self.settle(value);
                }
                self.scopes[scope].lateral_active = was_active;
                let columns: Vec<Column> = columns
                    .iter()
                    .map(|(name, ty)| Column {
                        name: name.clone(),
                        ty: self.binder.type_of(ty),
                        modifiers: Modifiers::None,
                        nullable: None,
                        origin: None,
                    })
                    .collect();
                let mut entry = self.entry(None, Arc::from(columns));
                self.apply_alias(&mut entry, item.alias.as_ref(), &item.columns);
                vec![entry]
            }
            FromSource::Join(join) => self.join(scope, item, join),
        }
    }

    /// The method of a sample must be there: the server's own, or an extension's.
    fn demand_sample(&mut self, method: &'q Word) {
        let name = method.name.as_str();
        if matches!(name, "bernoulli" | "system")
            || self.binder.extension_makes_sample(&method.name)
        {
            return;
        }
        if self.catalog().unread() > 0 {
            let reason = format!("whether there is a tablesample method {name} is not known");
            self.not_known(method.span, reason);
        } else {
            let message = format!("tablesample method {name} does not exist");
            self.fail("42704", method.span, message);
        }
    }

    /// A table, view or common table expression.
    fn table_entry(&mut self, scope: usize, table: &'q Named) -> Entry {
        if table.name.schema.is_none()
            && let Some(cte) = self.find_cte(scope, &table.name.name)
        {
            let mut entry = self.entry(Some(cte.name), cte.columns);
            entry.open = cte.open;
            return entry;
        }
        if table.name.schema.is_none()
            && let Some(names) = &self.names
            && names.transitions.contains(&table.name.name)
            && let Some((columns, open)) = names.row.clone()
        {
            let mut entry = self.entry(Some(table.name.name.clone()), columns);
            entry.open = open;
            return entry;
        }
        self.relation_entry(table)
    }

    /// A relation of the catalog or of the server.
    pub(super) fn relation_entry(&mut self, table: &'q Named) -> Entry {
        let name = &table.name;
        let unknown = |binding: &mut Self| {
            let mut entry = binding.entry(Some(name.name.clone()), Arc::from([]));
            entry.open = true;
            entry.schema = name.schema.clone();
            entry
        };
        let system = name.schema.as_ref().map_or("pg_catalog", |it| it.as_str());
        let builtin = builtins().relation(system, name.name.as_str(), self.major());
        if let Some(builtin) = builtin {
            let columns: Vec<Column> = builtin
                .columns
                .iter()
                .map(|(name, ty)| Column {
                    name: Ident::new(name),
                    ty: ty.map_or(Type::NOT_KNOWN, Type::from),
                    modifiers: Modifiers::None,
                    nullable: None,
                    origin: None,
                })
                .collect();
            let mut entry = self.entry(Some(name.name.clone()), Arc::from(columns));
            entry.schema = Some(Ident::new(system));
            entry.has_system_columns = builtin.kind == b'r';
            return entry;
        }
        let Some((qualified, relation)) = self.find_relation(name) else {
            if self.may_have_relation(name) {
                self.not_known(table.span, format!("the relation {name} is not known"));
            } else if let Some(schema) = &name.schema
                && !self.binder.knows_schema(schema)
            {
                let message = format!("relation \"{}\" does not exist", plain(name));
                self.fail("42P01", table.span, message);
            } else {
                let message = format!("relation \"{}\" does not exist", plain(name));
                self.fail("42P01", table.span, message);
            }
            return unknown(self);
        };
        if let RelationBody::Index { .. } = relation.body {
            let message = format!("cannot open relation \"{}\"", name.name.as_str());
            self.fail("42809", table.span, message);
            return unknown(self);
        }
        self.used(relation.id, None, UseKind::Read);
        let (columns, open) = self.columns_of(relation);
        let mut entry = self.entry(Some(name.name.clone()), columns);
        entry.schema = Some(qualified.schema);
        entry.relation = Some(relation.id);
        entry.open = open;
        entry.has_system_columns = has_system_columns(relation);
        entry
    }

    fn apply_alias(&mut self, entry: &mut Entry, alias: Option<&Word>, columns: &[Ident]) {
        if let Some(alias) = alias {
            entry.name = Some(alias.name.clone());
            entry.schema = None;
        }
        if columns.is_empty() {
            return;
        }
        if columns.len() > entry.columns.len() && !entry.open {
            let (name, span) =
                alias.map_or(("", Span::default()), |it| (it.name.as_str(), it.span));
            let message = format!(
                "table \"{name}\" has {} columns available but {} columns specified",
                entry.columns.len(),
                columns.len()
            );
            self.fail("42P10", span, message);
        }
        let mut renamed = entry.columns.to_vec();
        rename(&mut renamed, columns, entry.open);
        if renamed.len() != entry.columns.len() {
            entry.vars = self.fresh_vars(renamed.len());
        }
        entry.columns = Arc::from(renamed);
    }

    fn calls_entry(
        &mut self,
        scope: usize,
        item: &'q FromItem,
        calls: &'q [RowsOf],
        ordinality: bool,
    ) -> Entry {
        let was_active = self.scopes[scope].lateral_active;
        self.scopes[scope].lateral_active = true;
        let mut columns: Vec<Column> = Vec::new();
        let mut open = false;
        let mut relation = None;
        let mut name = None;
        for rows in calls {
            let span = rows.call.span;
            if let ExprKind::Call(call) = &*rows.call.kind
                && call.name.name.as_str() == "unnest"
                && call
                    .name
                    .schema
                    .as_ref()
                    .is_none_or(|it| it.as_str() == "pg_catalog")
                && call.arguments.len() > 1
            {
                // Several arrays stand side by side.
                for (_, argument) in &call.arguments {
                    let value = self.expr(scope, argument);
                    let given = std::slice::from_ref(&value);
                    let meant = self.function(&call.name, given, &[None], false, false, span);
                    match self.columns_of_type(meant.result) {
                        Some((found, more)) => {
                            columns.extend(found.iter().cloned());
                            open |= more;
                        }
                        None => columns.push(Column {
                            name: call.name.name.clone(),
                            ty: meant.result,
                            modifiers: Modifiers::None,
                            nullable: None,
                            origin: None,
                        }),
                    }
                }
                name.get_or_insert(call.name.name.clone());
                continue;
            }
            let (ty, meant, own_name) = match &*rows.call.kind {
                ExprKind::Call(call) => {
                    let (value, meant) = self.call(scope, call, span);
                    (value.ty, Some(meant), call.name.name.clone())
                }
                _ => {
                    let value = self.expr(scope, &rows.call);
                    let value = self.settle(value);
                    (value.ty, None, output_name(&rows.call))
                }
            };
            name.get_or_insert(own_name.clone());
            let plain = |name: Ident, ty: Type| Column {
                name,
                ty,
                modifiers: Modifiers::None,
                nullable: None,
                origin: None,
            };
            if !rows.columns.is_empty() {
                for (name, ty) in &rows.columns {
                    let ty = self.named_type(ty, span);
                    columns.push(plain(name.clone(), ty));
                }
                continue;
            }
            let from_call = meant.as_ref().and_then(|it| it.columns.clone());
            if let Some(found) = from_call {
                columns.extend(found.into_iter().map(|(name, ty)| plain(name, ty)));
            } else if let Some((found, more)) = self.columns_of_type(ty) {
                if let (Base::Row(id), 1) = (ty.base, calls.len()) {
                    relation = Some(id);
                }
                columns.extend(found.iter().cloned());
                open |= more;
            } else if !ty.is_known() || ty == Type::RECORD {
                open = true;
            } else {
                let name = item.alias.as_ref().filter(|_| calls.len() == 1);
                let name = name.map_or(own_name, |it| it.name.clone());
                columns.push(plain(name, ty));
            }
        }
        if ordinality {
            columns.push(Column {
                name: Ident::new("ordinality"),
                ty: Type::builtin("int8"),
                modifiers: Modifiers::None,
                nullable: Some(false),
                origin: None,
            });
            relation = None;
        }
        self.scopes[scope].lateral_active = was_active;
        let mut entry = self.entry(name, Arc::from(columns));
        entry.open = open;
        entry.relation = relation;
        self.apply_alias(&mut entry, item.alias.as_ref(), &item.columns);
        entry
    }

    fn join(&mut self, scope: usize, item: &'q FromItem, join: &'q Join) -> Vec<Entry> {
        let mut left = self.source_item(scope, &join.left);
        let before = self.scopes[scope].entries.len();
        let lateral_ok = matches!(join.kind, JoinKind::Inner | JoinKind::Left);
        for entry in &left {
            let mut seen = entry.clone();
            seen.lateral_only = true;
            seen.lateral_ok = lateral_ok;
            self.scopes[scope].entries.push(seen);
        }
        let mut right = self.source_item(scope, &join.right);
        // The elements before the join come later.
        self.check_names(scope, before, &right, &join.right);
        self.scopes[scope].entries.truncate(before);

        let (left_columns, left_open) = flat(&left);
        let (right_columns, right_open) = flat(&right);
        let mut merged: Vec<(Column, u32)> = Vec::new();
        let mut taken: Vec<Ident> = Vec::new();
        let mut using_alias = None;
        match &join.condition {
            JoinCondition::None => {}
            JoinCondition::On(condition) => {
                let outer = std::mem::take(&mut self.scopes[scope].entries);
                let both: Vec<Entry> = left.iter().chain(&right).cloned().collect();
                self.scopes[scope].entries = both;
                let loose = self.scopes[scope].loose.len();
                let value = self.expr(scope, condition);
                self.condition(&value, "JOIN/ON");
                self.scopes[scope].loose.truncate(loose);
                self.scopes[scope].entries = outer;
            }
            JoinCondition::Using(words, alias) => {
                using_alias = alias.as_ref();
                let sides = (&left_columns[..], left_open, &right_columns[..], right_open);
                for word in words {
                    if let Some(column) = self.merged(word, sides, join.kind) {
                        merged.push(column);
                    }
                    taken.push(word.name.clone());
                }
            }
            JoinCondition::Natural => {
                if left_open || right_open {
                    let reason = "the columns that a natural join joins by are not all known";
                    self.not_known(source_span(&join.right), reason.to_owned());
                }
                for (column, _) in &left_columns {
                    let name = &column.name;
                    let is_common = right_columns.iter().any(|(it, _)| it.name == *name);
                    if !is_common || taken.contains(name) {
                        continue;
                    }
                    taken.push(name.clone());
                    let word = Word {
                        name: name.clone(),
                        span: source_span(&join.right),
                    };
                    let sides = (&left_columns[..], left_open, &right_columns[..], right_open);
                    if let Some(column) = self.merged(&word, sides, join.kind) {
                        merged.push(column);
                    }
                }
            }
        }
        let (left_null, right_null) = match join.kind {
            JoinKind::Inner => (false, false),
            JoinKind::Left => (false, true),
            JoinKind::Right => (true, false),
            JoinKind::Full => (true, true),
        };
        let using_entry = using_alias.map(|alias| {
            let columns: Vec<Column> = merged.iter().map(|(column, _)| column.clone()).collect();
            let mut entry = self.entry(Some(alias.name.clone()), Arc::from(columns));
            entry.vars = Vars::Each(merged.iter().map(|(_, var)| *var).collect());
            entry.columns_visible = false;
            entry
        });
        let mut columns = merged;
        for (side, null) in [(left_columns, left_null), (right_columns, right_null)] {
            for (mut column, var) in side {
                if taken.contains(&column.name) {
                    continue;
                }
                if null {
                    column.nullable = Some(true);
                }
                columns.push((column, var));
            }
        }
        let mut entry = self.entry(
            None,
            columns.iter().map(|(column, _)| column.clone()).collect(),
        );
        entry.vars = Vars::Each(columns.into_iter().map(|(_, var)| var).collect());
        entry.open = left_open || right_open;
        entry.name_visible = false;
        if let Some(alias) = &item.alias {
            entry.name_visible = true;
            self.apply_alias(&mut entry, Some(alias), &item.columns);
            return vec![entry];
        }
        for (side, null) in [(&mut left, left_null), (&mut right, right_null)] {
            for entry in side.iter_mut() {
                entry.columns_visible = false;
                if null {
                    let mut columns = entry.columns.to_vec();
                    for column in &mut columns {
                        column.nullable = Some(true);
                    }
                    entry.columns = Arc::from(columns);
                }
            }
        }
        left.append(&mut right);
        left.extend(using_entry);
        left.push(entry);
        left
    }

    /// A column that two sides of a join have in common.
    #[expect(
        clippy::type_complexity,
        reason = "the two sides, each with its openness"
    )]
    fn merged(
        &mut self,
        word: &Word,
        sides: (&[(Column, u32)], bool, &[(Column, u32)], bool),
        kind: JoinKind,
    ) -> Option<(Column, u32)> {
        let (left, left_open, right, right_open) = sides;
        let name = &word.name;
        let mut found = Vec::new();
        for (side, open, shown) in [(left, left_open, "left"), (right, right_open, "right")] {
            let mut matching = side.iter().filter(|(column, _)| column.name == *name);
            match (matching.next(), matching.next()) {
                (Some(column), None) => found.push(column.clone()),
                (Some(_), Some(_)) => {
                    let message = format!(
                        "common column name \"{}\" appears more than once in {shown} table",
                        name.as_str()
                    );
                    self.fail("42702", word.span, message);
                    return None;
                }
                (None, _) if open => {
                    let reason = format!("whether there is a column {name} is not known");
                    self.not_known(word.span, reason);
                    return None;
                }
                (None, _) => {
                    let message = format!(
                        "column \"{}\" specified in USING clause does not exist in {shown} table",
                        name.as_str()
                    );
                    self.fail("42703", word.span, message);
                    return None;
                }
            }
        }
        let [left, right] = &found[..] else {
            return None;
        };
        for (column, _) in [left, right] {
            if let Some((object, part)) = column.origin {
                self.used(object, Some(part), UseKind::Read);
            }
        }
        let values = [
            self.value(left.0.ty, word.span),
            self.value(right.0.ty, word.span),
        ];
        let ty = self.common(&values, "JOIN/USING");
        self.operate("=", Some(&values[0]), &values[1], word.span);
        let (mut column, var) = match kind {
            JoinKind::Inner | JoinKind::Left => left.clone(),
            JoinKind::Right => right.clone(),
            JoinKind::Full => {
                let Vars::From(var) = self.fresh_vars(1) else {
                    return None;
                };
                (left.0.clone(), var)
            }
        };
        column.ty = ty;
        Some((column, var))
    }
}

impl<'q> Rows<'q> {
    pub(super) fn push(&mut self, name: Ident, value: Typed<'q>) {
        let origin = match &value.source {
            Source::Column(origin) => *origin,
            _ => None,
        };
        self.columns.push(Column {
            name,
            ty: value.ty,
            modifiers: value.modifiers.clone(),
            nullable: value.nullable,
            origin,
        });
        self.values.push(value);
    }
}

/// Whether a table is a union whose second part may read the table itself.
fn is_recursive(table: &CommonTable) -> bool {
    match &table.statement {
        Statement::Query(query) => matches!(&query.body, Body::Set(_, rest) if !rest.is_empty()),
        _ => false,
    }
}

/// Every column that is found without a name, with its variable.
fn flat(entries: &[Entry]) -> (Vec<(Column, u32)>, bool) {
    let mut out = Vec::new();
    let mut open = false;
    for entry in entries.iter().filter(|it| it.columns_visible) {
        open |= entry.open;
        for (at, column) in entry.columns.iter().enumerate() {
            out.push((column.clone(), entry.var(at)));
        }
    }
    (out, open)
}

/// Gives the first columns other names; where there may be more columns, they are made.
fn rename(columns: &mut Vec<Column>, names: &[Ident], open: bool) {
    for (at, name) in names.iter().enumerate() {
        match columns.get_mut(at) {
            Some(column) => column.name = name.clone(),
            None if open => columns.push(Column {
                name: name.clone(),
                ty: Type::NOT_KNOWN,
                modifiers: Modifiers::None,
                nullable: None,
                origin: None,
            }),
            None => {}
        }
    }
}

fn has_system_columns(relation: &Relation) -> bool {
    match &relation.body {
        RelationBody::Table(_) | RelationBody::Sequence(_) => true,
        RelationBody::View(view) => view.materialized,
        RelationBody::Index { .. } => false,
    }
}

/// What a query makes of several rows, in the server's words.
fn made_of_several(query: &Query) -> Option<&'static str> {
    let select = match &query.body {
        Body::Set(first, rest) if rest.is_empty() => return made_of_several(first),
        Body::Set(..) => return Some("UNION/INTERSECT/EXCEPT"),
        Body::Values(_) => return None,
        Body::Select(select) => select,
    };
    if select.distinct.is_some() {
        return Some("DISTINCT clause");
    }
    if !select.group_by.is_empty() {
        return Some("GROUP BY clause");
    }
    if select.having.is_some() {
        return Some("HAVING clause");
    }
    select.from.iter().find_map(element_of_several)
}

fn element_of_several(item: &FromItem) -> Option<&'static str> {
    match &item.source {
        FromSource::Query(query) => made_of_several(query),
        FromSource::Join(join) => {
            element_of_several(&join.left).or_else(|| element_of_several(&join.right))
        }
        FromSource::Table(..) | FromSource::Calls { .. } | FromSource::Special(..) => None,
    }
}

/// The tables of an element of `FROM` of which a row may be missing in the result.
fn nullable_tables<'q>(item: &'q FromItem, is_nullable: bool, out: &mut Vec<&'q Ident>) {
    match &item.source {
        FromSource::Join(join) => {
            let (left, right) = match join.kind {
                JoinKind::Inner => (false, false),
                JoinKind::Left => (false, true),
                JoinKind::Right => (true, false),
                JoinKind::Full => (true, true),
            };
            nullable_tables(&join.left, is_nullable || left, out);
            nullable_tables(&join.right, is_nullable || right, out);
        }
        FromSource::Table(table, _) if is_nullable => {
            out.push(item.alias.as_ref().map_or(&table.name.name, |it| &it.name));
        }
        FromSource::Table(..)
        | FromSource::Query(_)
        | FromSource::Calls { .. }
        | FromSource::Special(..) => {}
    }
}

fn body_span(query: &Query) -> Span {
    match &query.body {
        Body::Select(select) => select.span,
        Body::Values(rows) => rows
            .first()
            .and_then(|row| row.first())
            .map_or_else(Span::default, |it| it.span),
        Body::Set(first, _) => body_span(first),
    }
}

fn source_span(item: &FromItem) -> Span {
    if let Some(alias) = &item.alias {
        return alias.span;
    }
    match &item.source {
        FromSource::Table(table, _) => table.span,
        FromSource::Query(query) => body_span(query),
        FromSource::Calls { calls, .. } => {
            calls.first().map_or_else(Span::default, |it| it.call.span)
        }
        FromSource::Special(read, _) => read.first().map_or_else(Span::default, |it| it.span),
        FromSource::Join(join) => source_span(&join.left),
    }
}

/// The name of a result column that has no alias.
///
/// Source: `FigureColname` in PostgreSQL's `parse_target.c`.
pub(super) fn output_name(value: &Expr) -> Ident {
    named(value).unwrap_or_else(|| Ident::new("?column?"))
}

fn named(value: &Expr) -> Option<Ident> {
    let fixed = |name: &str| Some(Ident::new(name));
    match &*value.kind {
        ExprKind::Name(parts) => parts.last().cloned(),
        ExprKind::Field(_, field) => Some(field.clone()),
        ExprKind::Element(inner, _, _) | ExprKind::Collate(inner, _) => named(inner),
        ExprKind::Call(call) => Some(call.name.name.clone()),
        ExprKind::Special(name, _, _) => fixed(name),
        ExprKind::Keyword(word) => fixed(word),
        ExprKind::Cast(inner, data_type) => match &*inner.kind {
            ExprKind::Name(_)
            | ExprKind::Field(..)
            | ExprKind::Element(..)
            | ExprKind::Call(_)
            | ExprKind::Special(..)
            | ExprKind::Keyword(_)
            | ExprKind::Collate(..) => named(inner),
            ExprKind::Scalar(_) | ExprKind::Case(..) | ExprKind::Cast(..) => named(inner)
                .filter(|name| name.as_str() != "case")
                .or_else(|| type_label(data_type)),
            _ => type_label(data_type),
        },
        ExprKind::Bool(_) => fixed("bool"),
        ExprKind::Case(_, _, otherwise) => otherwise
            .as_ref()
            .and_then(|it| match &*it.kind {
                ExprKind::Name(_) | ExprKind::Field(..) => named(it),
                _ => None,
            })
            .or_else(|| fixed("case")),
        ExprKind::Array(_) | ExprKind::ArrayQuery(_) => fixed("array"),
        ExprKind::Row(_) => fixed("row"),
        ExprKind::Exists(_) => fixed("exists"),
        ExprKind::Scalar(query) => match &query.body {
            Body::Select(select) => {
                let item = select.items.first()?;
                item.alias.clone().or_else(|| named(&item.value))
            }
            Body::Values(_) => fixed("column1"),
            Body::Set(..) => None,
        },
        _ => None,
    }
}

fn type_label(data_type: &crate::schema::types::SqlType) -> Option<Ident> {
    match &data_type.name {
        crate::schema::types::TypeName::Builtin(name) => Some(name.clone()),
        crate::schema::types::TypeName::User(name) => Some(name.name.clone()),
        crate::schema::types::TypeName::Unknown => None,
    }
}
