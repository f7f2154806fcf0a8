//! Statements that write, and whole statements.
//!
//! Source: PostgreSQL manual, INSERT, UPDATE, DELETE, MERGE; `analyze.c`, `rewriteHandler.c`.

use std::sync::Arc;

use super::binding::{Binding, Source, Typed, plain};
use super::kind::Type;
use super::outcome::{Failure, OutputColumn, Stage, UseKind, Write, WriteKind, Written};
use super::scope::{Column, Entry};
use super::select::Rows;
use super::types::CastContext;
use crate::schema::catalog::{self, ObjectId, Relation, RelationBody, Table, Trigger};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{Identity, TriggerTiming};
use crate::source::Span;
use crate::sql::query::tree::{
    Assignment, Body, ConflictTarget, Delete, Expr, ExprKind, Insert, Item, Merge, MergeAction,
    MergeRows, Named, OnConflict, Overriding, Statement, Target, Update, Word,
};

/// The relation that a statement writes.
#[derive(Clone)]
pub(super) struct Goal<'c> {
    pub(super) name: QualifiedName,
    pub(super) relation: &'c Relation,
    pub(super) columns: Arc<[Column]>,
    pub(super) open: bool,
}

impl<'c> Goal<'c> {
    fn table(&self) -> Option<&'c Table> {
        self.relation.as_table()
    }

    fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|it| it.name == *name)
    }

    fn stored(&self, name: &Ident) -> Option<&'c catalog::Column> {
        self.table().and_then(|table| table.column(name))
    }
}

impl<'c, 'q> Binding<'_, 'c, 'q> {
    /// A statement as a program sends it.
    pub(super) fn statement_at_top(&mut self, statement: &'q Statement) {
        let rows = match statement {
            Statement::Query(query) => Some(self.rows(None, query, true)),
            Statement::Insert(insert) => Some(self.insert(None, insert)),
            Statement::Update(update) => Some(self.update(None, update)),
            Statement::Delete(delete) => Some(self.delete(None, delete)),
            Statement::Merge(merge) => Some(self.merge(None, merge)),
            Statement::Truncate(tables, cascades) => {
                self.truncate(tables, *cascades);
                None
            }
            Statement::Copy {
                table,
                columns,
                options,
                writes,
            } => {
                self.copy(table, columns, options, *writes);
                None
            }
            Statement::Touch(tables) => {
                for table in tables {
                    self.relation_entry(table);
                }
                None
            }
            Statement::Lock(tables) => {
                for table in tables {
                    self.relation_entry(table);
                    let found = self.find_relation(&table.name);
                    let is_refused = match found.map(|(_, relation)| &relation.body) {
                        Some(RelationBody::View(view)) => view.materialized,
                        Some(RelationBody::Sequence(_)) => true,
                        Some(RelationBody::Table(_) | RelationBody::Index { .. }) | None => false,
                    };
                    if is_refused {
                        let name = plain(&table.name);
                        let message = format!("\"{name}\" is not a table or view");
                        self.fail("42809", table.span, message);
                    }
                }
                None
            }
            Statement::Refresh(view, concurrently) => {
                self.refresh(view, *concurrently);
                None
            }
            Statement::Call(call) => {
                self.procedure(call);
                None
            }
            Statement::Session => None,
        };
        self.close(rows);
    }

    /// What is left to say when everything was read.
    fn close(&mut self, rows: Option<Rows<'q>>) {
        let Some(rows) = rows else {
            return;
        };
        self.out.has_star = rows.has_star;
        if rows.open {
            return;
        }
        let columns = rows.columns.iter().map(|column| OutputColumn {
            name: column.name.clone(),
            data_type: self.binder.sql_type(column.ty, &column.modifiers),
            nullable: column.nullable,
        });
        self.out.output = Some(columns.collect());
    }

    fn procedure(&mut self, call: &'q Expr) {
        let ExprKind::Call(inner) = &*call.kind else {
            return;
        };
        let scope = self.push_scope(None);
        let mut values = Vec::new();
        let mut names = Vec::new();
        for (name, argument) in &inner.arguments {
            values.push(self.expr(scope, argument));
            names.push(name.clone());
        }
        let found = self.procedures(&inner.name);
        if found == Some(true) {
            self.function(
                &inner.name,
                &values,
                &names,
                inner.variadic,
                false,
                call.span,
            );
        } else if found == Some(false) {
            let message = format!("{} is not a procedure", plain(&inner.name));
            self.fail("42809", call.span, message);
        } else {
            let shown: Vec<String> = values.iter().map(|it| self.shown(it.ty)).collect();
            let shown = format!("{}({})", plain(&inner.name), shown.join(", "));
            if self.binder.extension_makes_function(&inner.name.name) || self.catalog().unread() > 0
            {
                self.not_known(call.span, format!("the procedure {shown} is not known"));
            } else {
                let message = format!("procedure {shown} does not exist");
                self.fail("42883", call.span, message);
            }
        }
    }

    /// Whether there are routines of the name, and one of them is a procedure.
    fn procedures(&self, name: &ObjectName) -> Option<bool> {
        let places: Vec<Ident> = match &name.schema {
            Some(schema) => vec![schema.clone()],
            None => self.search_path().to_vec(),
        };
        let mut found = None;
        for schema in places {
            let place = QualifiedName {
                schema,
                name: name.name.clone(),
            };
            for routine in self.catalog().routines(&place) {
                let is = routine.kind == crate::schema::op::RoutineKind::Procedure;
                found = Some(found.unwrap_or(false) || is);
            }
        }
        found
    }

    fn truncate(&mut self, tables: &'q [(Named, bool)], cascades: bool) {
        let mut goals = Vec::new();
        for (table, only) in tables {
            let Some(goal) = self.goal(table) else {
                continue;
            };
            let name = goal.name.name.as_str();
            match goal.table() {
                None => {
                    let message = format!("\"{name}\" is not a table");
                    self.fail("42809", table.span, message);
                }
                Some(found) if *only && found.partition_by.is_some() => {
                    let message = "cannot truncate only a partitioned table".to_owned();
                    self.fail("42809", table.span, message);
                }
                Some(_) => {}
            }
            self.wrote(&goal, WriteKind::Truncate, Vec::new(), table.span);
            goals.push((goal, table.span));
        }
        if cascades {
            return;
        }
        for (goal, span) in &goals {
            let id = goal.relation.id;
            let others = self.catalog().referencing(id);
            let is_left = |other: &ObjectId| goals.iter().all(|(it, _)| it.relation.id != *other);
            if others.iter().any(is_left) {
                let message = "cannot truncate a table referenced in a foreign key constraint";
                self.fail("0A000", *span, message.to_owned());
                return;
            }
        }
    }

    fn refresh(&mut self, named: &'q Named, concurrently: bool) {
        self.relation_entry(named);
        let Some((_, relation)) = self.find_relation(&named.name) else {
            return;
        };
        let name = plain(&named.name);
        match &relation.body {
            RelationBody::View(view) if view.materialized => {
                let is_whole = |index: &catalog::Index| {
                    index.valid
                        && index
                            .plain_unique_columns()
                            .is_some_and(|it| !it.is_empty())
                };
                if concurrently && !view.indexes.iter().any(is_whole) {
                    let message =
                        format!("cannot refresh materialized view \"{name}\" concurrently");
                    self.fail("55000", named.span, message);
                }
            }
            RelationBody::View(_)
            | RelationBody::Table(_)
            | RelationBody::Sequence(_)
            | RelationBody::Index { .. } => {
                let message = format!("\"{name}\" is not a materialized view");
                self.fail("42809", named.span, message);
            }
        }
    }

    fn copy(&mut self, table: &'q Named, columns: &'q [Word], options: &'q [Word], writes: bool) {
        if !writes {
            let entry = self.relation_entry(table);
            let refused = match self.find_relation(&table.name).map(|(_, it)| &it.body) {
                Some(RelationBody::View(view)) if view.materialized => Some("materialized view"),
                Some(RelationBody::View(_)) => Some("view"),
                Some(RelationBody::Sequence(_)) => Some("sequence"),
                Some(RelationBody::Table(found)) if found.partition_by.is_some() => {
                    Some("partitioned table")
                }
                Some(RelationBody::Table(found)) if found.foreign => Some("foreign table"),
                Some(RelationBody::Table(_) | RelationBody::Index { .. }) | None => None,
            };
            if let Some(kind) = refused {
                let message = format!("cannot copy from {kind} \"{}\"", plain(&table.name));
                self.fail("42809", table.span, message);
            }
            for column in columns.iter().chain(options) {
                self.entry_column(&entry, column);
            }
            return;
        }
        let Some(goal) = self.goal(table) else {
            return;
        };
        let mut written = Vec::new();
        for column in columns {
            if self.goal_column(&goal, column).is_some() {
                self.refuse_generated(&goal, &column.name, column.span, "42P10");
                written.push((column.name.clone(), Written::Any));
            }
        }
        for column in options {
            self.goal_column(&goal, column);
        }
        if columns.is_empty() {
            let all = goal.columns.iter().filter(|column| {
                goal.stored(&column.name)
                    .is_none_or(|it| it.generated.is_none())
            });
            written = all.map(|it| (it.name.clone(), Written::Any)).collect();
        }
        self.demand_required(&goal, &written, table.span);
        self.wrote(&goal, WriteKind::Insert, written, table.span);
    }

    fn entry_column(&mut self, entry: &Entry, column: &Word) {
        let found = entry.columns.iter().find(|it| it.name == column.name);
        match found {
            Some(found) => {
                if let Some((object, part)) = found.origin {
                    self.used(object, Some(part), UseKind::Read);
                }
            }
            None if entry.open => {
                let reason = format!("whether there is a column {} is not known", column.name);
                self.not_known(column.span, reason);
            }
            None => {
                let message = format!(
                    "column \"{}\" of relation \"{}\" does not exist",
                    column.name.as_str(),
                    entry.name.as_ref().map_or("", |it| it.as_str())
                );
                self.fail("42703", column.span, message);
            }
        }
    }

    // Goals.

    /// The relation that is written; reports where there is none.
    fn goal(&mut self, table: &'q Named) -> Option<Goal<'c>> {
        let Some((name, relation)) = self.find_relation(&table.name) else {
            if self.may_have_relation(&table.name) {
                let reason = format!("the relation {} is not known", table.name);
                self.not_known(table.span, reason);
            } else {
                let message = format!("relation \"{}\" does not exist", plain(&table.name));
                self.fail("42P01", table.span, message);
            }
            return None;
        };
        match &relation.body {
            RelationBody::Table(_) | RelationBody::View(_) => {}
            RelationBody::Sequence(_) | RelationBody::Index { .. } => {
                let kind = match relation.body {
                    RelationBody::Sequence(_) => "cannot change sequence",
                    _ => "cannot open relation",
                };
                let message = format!("{kind} \"{}\"", name.name.as_str());
                self.fail("42809", table.span, message);
                return None;
            }
        }
        self.used(relation.id, None, UseKind::Write);
        let (columns, open) = self.columns_of(relation);
        Some(Goal {
            name,
            relation,
            columns,
            open,
        })
    }

    fn goal_entry(&mut self, goal: &Goal, alias: Option<&Word>) -> Entry {
        let name = alias.map_or_else(|| goal.name.name.clone(), |it| it.name.clone());
        let mut entry = self.entry(Some(name), Arc::clone(&goal.columns));
        if alias.is_none() {
            entry.schema = Some(goal.name.schema.clone());
        }
        entry.relation = Some(goal.relation.id);
        entry.open = goal.open;
        entry.has_system_columns = matches!(goal.relation.body, RelationBody::Table(_));
        entry
    }

    /// An element for a relation that is not there: every name in it is unknown.
    fn missing_entry(&mut self, table: &Named, alias: Option<&Word>) -> Entry {
        let name = alias.map_or_else(|| table.name.name.clone(), |it| it.name.clone());
        let mut entry = self.entry(Some(name), Arc::from([]));
        entry.open = true;
        entry
    }

    fn goal_column(&mut self, goal: &Goal<'c>, column: &Word) -> Option<Column> {
        let found = goal.column(&column.name).cloned();
        match &found {
            Some(found) => {
                if let Some((object, part)) = found.origin {
                    self.used(object, Some(part), UseKind::Write);
                }
            }
            None if goal.open => {
                let reason = format!(
                    "whether {} has a column {} is not known",
                    goal.name, column.name
                );
                self.not_known(column.span, reason);
            }
            None => {
                let system = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];
                if system.contains(&column.name.as_str()) {
                    let message = format!(
                        "cannot assign to system column \"{}\"",
                        column.name.as_str()
                    );
                    self.fail("0A000", column.span, message);
                } else {
                    let message = format!(
                        "column \"{}\" of relation \"{}\" does not exist",
                        column.name.as_str(),
                        goal.name.name.as_str()
                    );
                    self.fail("42703", column.span, message);
                }
            }
        }
        found
    }

    fn wrote(
        &mut self,
        goal: &Goal<'c>,
        kind: WriteKind,
        columns: Vec<(Ident, Written)>,
        span: Span,
    ) {
        if self.muted > 0 {
            return;
        }
        self.fires(goal.relation, kind, &columns, span);
        if let Some(table) = goal.table()
            && matches!(kind, WriteKind::Insert | WriteKind::Update)
        {
            let inserts = kind == WriteKind::Insert;
            self.calls_of_table(goal.relation, table, &columns, inserts, span);
        }
        self.out.writes.push(Write {
            relation: goal.relation.id,
            name: goal.name.clone(),
            kind,
            columns,
            span,
        });
    }

    /// A value that is stored in a column.
    fn store(&mut self, column: &Column, value: &Typed<'q>, is_part: bool) {
        if is_part {
            if value.ty.is_literal() {
                self.give(value, Type::NOT_KNOWN, CastContext::Assignment);
            }
            return;
        }
        if matches!(value.source, Source::Default) {
            return;
        }
        if let Source::Number(number) = &value.source
            && let Ok(number) = number.parse::<i128>()
        {
            let base = self.base_type(column.ty);
            let holds = match base.name() {
                Some("int2") => i16::try_from(number).is_ok(),
                Some("int4") => i32::try_from(number).is_ok(),
                Some("int8") => i64::try_from(number).is_ok(),
                _ => true,
            };
            if !holds {
                let message = format!("{} out of range", self.shown(base));
                self.fail_at(Stage::Plan, "22003", value.span, message, true);
            }
        }
        if !self.give(value, column.ty, CastContext::Assignment) {
            let message = format!(
                "column \"{}\" is of type {} but expression is of type {}",
                column.name.as_str(),
                self.shown(column.ty),
                self.shown(value.ty)
            );
            self.fail("42804", value.span, message);
        }
    }

    /// The part of a column that is written must be there.
    fn demand_part(&mut self, column: &Column, target: &Target) {
        let base = self.base_type(column.ty);
        if let Some(field) = &target.field
            && let super::kind::Base::User(id) = base.base
            && let Some(catalog::TypeBody::Composite(fields)) =
                self.user_type(id).map(|it| &it.body)
            && !fields.iter().any(|(name, _)| *name == field.name)
        {
            let message = format!(
                "cannot assign to field \"{}\" of column \"{}\" because there is no such column \
                 in data type {}",
                field.name.as_str(),
                column.name.as_str(),
                self.shown(base)
            );
            self.fail("42703", field.span, message);
        }
        if target.field.is_none() && target.is_part && base.is_known() && !base.is_array {
            let subscripted = ["jsonb", "int2vector", "oidvector", "point", "box", "lseg"];
            if !base.name().is_none_or(|name| subscripted.contains(&name)) {
                let message = format!(
                    "cannot subscript type {} because it does not support subscripting",
                    self.shown(base)
                );
                self.fail("42804", target.column.span, message);
            }
        }
    }

    /// A value given for a column that makes its own.
    fn refuse_generated(&mut self, goal: &Goal<'c>, name: &Ident, span: Span, code: &'static str) {
        if let Some(column) = goal.stored(name)
            && column.generated.is_some()
        {
            let message = if code == "42P10" {
                format!("column \"{}\" is a generated column", name.as_str())
            } else {
                format!(
                    "cannot insert a non-DEFAULT value into column \"{}\"",
                    name.as_str()
                )
            };
            self.fail(code, span, message);
        }
    }

    fn refuse_identity(&mut self, goal: &Goal<'c>, name: &Ident, span: Span) {
        let always = goal
            .stored(name)
            .is_some_and(|column| column.identity == Some(Identity::Always));
        if always {
            let message = format!(
                "cannot insert a non-DEFAULT value into column \"{}\"",
                name.as_str()
            );
            self.fail("428C9", span, message);
        }
    }

    /// What a view shows plainly: the relation behind it, and for each of its columns the one that
    /// it stands for.
    pub(super) fn behind(&mut self, goal: &Goal<'c>) -> Option<(Goal<'c>, Vec<Option<Ident>>)> {
        let RelationBody::View(view) = &goal.relation.body else {
            return None;
        };
        let by_trigger = |it: &Trigger| it.timing == TriggerTiming::InsteadOf;
        if view.materialized || view.triggers.iter().any(by_trigger) {
            return None;
        }
        let shown = plain_view(&view.query.text)?;
        let [below] = view.depends_on[..] else {
            return None;
        };
        let name = self.catalog().relation_name(below)?.clone();
        let relation = self.catalog().relation(&name)?;
        let (columns, open) = self.columns_of(relation);
        let goal = Goal {
            name,
            relation,
            columns,
            open,
        };
        Some((goal, shown))
    }

    /// Columns that must have a value and get none.
    fn demand_required(&mut self, goal: &Goal<'c>, written: &[(Ident, Written)], span: Span) {
        let Some(table) = goal.table() else {
            if let Some((below, shown)) = self.behind(goal) {
                let written: Vec<(Ident, Written)> = written
                    .iter()
                    .filter_map(|(name, value)| {
                        let at = goal.columns.iter().position(|it| it.name == *name)?;
                        Some((shown.get(at)?.clone()?, value.clone()))
                    })
                    .collect();
                self.demand_required(&below, &written, span);
            }
            return;
        };
        let filled = table.triggers.iter().any(Trigger::fills_on_insert);
        for column in table.columns.iter() {
            let given = written.iter().find(|(name, _)| *name == column.name);
            let refuses = table.refuses_null(column) || self.domain_refuses(column);
            let missing = match given {
                None | Some((_, Written::Default)) => self.catalog().is_required(table, column),
                Some((_, Written::Null)) => refuses,
                Some((_, Written::Any | Written::NotNull | Written::Literal(_))) => false,
            };
            if !missing || column.generated.is_some() {
                continue;
            }
            let by_check = !column.not_null && !self.domain_refuses(column);
            let (code, message) = if by_check {
                let message = format!(
                    "new row for relation \"{}\" violates check constraint",
                    goal.name.name.as_str()
                );
                ("23514", message)
            } else {
                let message = format!(
                    "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                    column.name.as_str(),
                    goal.name.name.as_str()
                );
                ("23502", message)
            };
            self.fail_at(Stage::Execute, code, span, message, !filled);
        }
    }

    fn domain_refuses(&self, column: &catalog::Column) -> bool {
        matches!(
            self.catalog().definition_of(&column.data_type),
            Some(catalog::UserType {
                body: catalog::TypeBody::Domain { not_null: true, .. },
                ..
            })
        )
    }

    // INSERT.

    pub(super) fn insert(&mut self, parent: Option<usize>, insert: &'q Insert) -> Rows<'q> {
        let scope = self.push_scope(parent);
        if let Some(with) = &insert.with {
            self.with(scope, with);
        }
        let goal = self.goal(&insert.table);
        // The columns that are named come before the source.
        let named = match &goal {
            Some(goal) if !insert.columns.is_empty() => {
                Some(self.insert_targets(goal, insert, 0, false))
            }
            _ => None,
        };
        let single = match &insert.source {
            Some(query) => match &query.body {
                Body::Values(rows) if query.with.is_none() && query.order_by.is_empty() => {
                    Some(rows)
                }
                _ => None,
            },
            None => None,
        };
        let mut rows_given: Vec<Vec<Typed<'q>>> = Vec::new();
        let mut width = 0;
        let mut open = false;
        match (&insert.source, single) {
            (Some(_), Some(rows)) => {
                for row in rows {
                    let mut values = Vec::new();
                    for value in row {
                        values.push(self.expr(scope, value));
                    }
                    if rows_given
                        .first()
                        .is_some_and(|it| it.len() != values.len())
                    {
                        let span = row.first().map_or(insert.table.span, |it| it.span);
                        let message = "VALUES lists must all be the same length".to_owned();
                        self.fail("42601", span, message);
                    }
                    rows_given.push(values);
                }
                width = rows_given.first().map_or(0, Vec::len);
            }
            (Some(query), None) => {
                let rows = self.rows(Some(scope), query, false);
                width = rows.columns.len();
                open = rows.open;
                rows_given.push(rows.values);
            }
            (None, _) => {}
        }
        let Some(goal) = goal else {
            let entry = self.missing_entry(&insert.table, insert.alias.as_ref());
            self.scopes[scope].entries.push(entry);
            return self.returning(scope, &insert.returning);
        };
        let targets = match named {
            Some(targets) => targets,
            None => self.insert_targets(&goal, insert, width, open),
        };
        let mut written: Vec<(Ident, Written)> = Vec::new();
        let listed = !insert.columns.is_empty();
        if let Some(targets) = &targets {
            if insert.source.is_some() && !open && width != targets.len() && listed {
                let message = if width > targets.len() {
                    "INSERT has more expressions than target columns"
                } else {
                    "INSERT has more target columns than expressions"
                };
                self.fail("42601", insert.table.span, message.to_owned());
            }
            for (at, (name, column, is_part, span)) in targets.iter().enumerate() {
                let values: Vec<Typed<'q>> = rows_given
                    .iter()
                    .filter_map(|row| row.get(at).cloned())
                    .collect();
                if let Some(column) = column {
                    for value in &values {
                        self.store(column, value, *is_part);
                    }
                }
                let all_default = !values.is_empty()
                    && values.iter().all(|it| matches!(it.source, Source::Default));
                if !all_default && insert.source.is_some() {
                    let at = values.first().map_or(*span, |it| it.span);
                    self.refuse_generated(&goal, name, at, "428C9");
                    if insert.overriding.is_none() {
                        self.refuse_identity(&goal, name, at);
                    }
                }
                written.push((name.clone(), written_value(&values)));
            }
        }
        if insert.overriding == Some(Overriding::User) {
            for (name, value) in &mut written {
                if goal.stored(name).is_some_and(|it| it.identity.is_some()) {
                    *value = Written::Default;
                }
            }
        }
        let before = self.out.failures.len();
        if !open && !goal.open {
            self.demand_required(&goal, &written, insert.table.span);
        }
        // Execution comes after everything that is refused before.
        let late: Vec<_> = self
            .out
            .failures
            .drain(before.min(self.out.failures.len())..)
            .collect();
        let entry = self.goal_entry(&goal, insert.alias.as_ref());
        self.scopes[scope].entries.push(entry);
        if let Some(conflict) = &insert.on_conflict {
            self.on_conflict(scope, &goal, conflict);
        }
        self.check_view(&goal, &written, insert.table.span);
        self.wrote(&goal, WriteKind::Insert, written, insert.table.span);
        let rows = self.returning(scope, &insert.returning);
        self.out.failures.extend(late);
        rows
    }

    /// The columns that are written, with their place in the text; `None` where they are not known.
    #[expect(clippy::type_complexity, reason = "used twice, right here")]
    fn insert_targets(
        &mut self,
        goal: &Goal<'c>,
        insert: &'q Insert,
        width: usize,
        open: bool,
    ) -> Option<Vec<(Ident, Option<Column>, bool, Span)>> {
        if insert.columns.is_empty() {
            if insert.source.is_none() {
                return Some(Vec::new());
            }
            if open || goal.open {
                return None;
            }
            if width > goal.columns.len() {
                let message = "INSERT has more expressions than target columns".to_owned();
                self.fail("42601", insert.table.span, message);
            }
            let mut all = Vec::new();
            for column in goal.columns.iter().take(width) {
                if let Some((object, part)) = column.origin {
                    self.used(object, Some(part), UseKind::Write);
                }
                let name = column.name.clone();
                all.push((name, Some(column.clone()), false, insert.table.span));
            }
            return Some(all);
        }
        let mut all: Vec<(Ident, Option<Column>, bool, Span)> = Vec::new();
        for target in &insert.columns {
            let found = self.goal_column(goal, &target.column);
            if let Some(column) = &found {
                self.demand_part(column, target);
            }
            let name = target.column.name.clone();
            if !target.is_part && all.iter().any(|(it, ..)| *it == name) {
                let message = format!("column \"{}\" specified more than once", name.as_str());
                self.fail("42701", target.column.span, message);
            }
            all.push((name, found, target.is_part, target.column.span));
        }
        Some(all)
    }

    fn on_conflict(&mut self, scope: usize, goal: &Goal<'c>, conflict: &'q OnConflict) {
        match &conflict.target {
            ConflictTarget::Any => {}
            ConflictTarget::Keys(keys, predicate) => {
                // The target alone is in sight.
                for key in keys {
                    self.expr(scope, key);
                }
                if let Some(predicate) = predicate {
                    let value = self.expr(scope, predicate);
                    self.condition(&value, "WHERE");
                }
                self.infer(goal, keys, predicate.as_ref(), conflict.span);
            }
            ConflictTarget::Constraint(name) => {
                self.infer_constraint(goal, name, conflict.update.is_some());
            }
        }
        let Some((set, filter)) = &conflict.update else {
            return;
        };
        let mut excluded = self.entry(Some(Ident::new("excluded")), Arc::clone(&goal.columns));
        excluded.relation = Some(goal.relation.id);
        excluded.open = goal.open;
        excluded.columns_visible = false;
        self.scopes[scope].entries.push(excluded);
        let written = self.assignments(scope, goal, set);
        if let Some(filter) = filter {
            let value = self.expr(scope, filter);
            self.condition(&value, "WHERE");
        }
        self.scopes[scope].entries.pop();
        self.wrote(goal, WriteKind::Update, written, conflict.span);
    }

    // UPDATE, DELETE, MERGE.

    /// `SET …`: what is written.
    fn assignments(
        &mut self,
        scope: usize,
        goal: &Goal<'c>,
        set: &'q [Assignment],
    ) -> Vec<(Ident, Written)> {
        let mut written = Vec::new();
        // All values are read before the first is stored.
        let all: Vec<Vec<Typed<'q>>> = set.iter().map(|it| self.assigned(scope, it)).collect();
        for (assignment, values) in set.iter().zip(all) {
            for (at, target) in assignment.targets.iter().enumerate() {
                let value = values.get(at).cloned();
                self.assign(scope, goal, target, value.as_ref());
                let all: Vec<Typed<'q>> = value.into_iter().collect();
                written.push((target.column.name.clone(), written_value(&all)));
            }
        }
        written
    }

    /// A column is set once, unless each time another part of it is.
    fn demand_single_assignments(&mut self, set: &'q [Assignment]) {
        let targets: Vec<&Target> = set.iter().flat_map(|it| &it.targets).collect();
        for (at, target) in targets.iter().enumerate() {
            let is_again = |other: &&&Target| {
                other.column.name == target.column.name && !(other.is_part && target.is_part)
            };
            if targets[..at].iter().any(|it| is_again(&it)) {
                let name = target.column.name.as_str();
                let failure = Failure {
                    code: "42601",
                    message: format!("multiple assignments to same column \"{name}\""),
                    stage: Stage::Parse,
                    span: target.column.span,
                    certain: true,
                };
                // Noticed when the statement is rewritten.
                if self.muted == 0 {
                    self.late.push(failure);
                }
            }
        }
    }

    fn assigned(&mut self, scope: usize, assignment: &'q Assignment) -> Vec<Typed<'q>> {
        let value = &assignment.value;
        if !assignment.is_row {
            return vec![self.expr(scope, value)];
        }
        let count = assignment.targets.len();
        let (values, open) = match &*value.kind {
            ExprKind::Scalar(query) => {
                let rows = self.rows(Some(scope), query, false);
                (rows.values, rows.open)
            }
            ExprKind::Row(_) => {
                let row = self.expr(scope, value);
                match row.source {
                    Source::Row(parts) => (parts, false),
                    _ => (Vec::new(), true),
                }
            }
            _ => (vec![self.expr(scope, value)], false),
        };
        if values.len() != count && !open {
            let message = "number of columns does not match number of values".to_owned();
            self.fail("42601", value.span, message);
        }
        values
    }

    fn assign(
        &mut self,
        scope: usize,
        goal: &Goal<'c>,
        target: &'q Target,
        value: Option<&Typed<'q>>,
    ) {
        for subscript in &target.subscripts {
            self.expr(scope, subscript);
        }
        let Some(column) = self.goal_column(goal, &target.column) else {
            return;
        };
        let Some(value) = value else {
            return;
        };
        self.demand_part(&column, target);
        self.store(&column, value, target.is_part);
        let is_default = matches!(value.source, Source::Default);
        if let Some(stored) = goal.stored(&column.name) {
            let always = stored.identity == Some(Identity::Always);
            if (stored.generated.is_some() || always) && !is_default {
                let message = format!(
                    "column \"{}\" can only be updated to DEFAULT",
                    column.name.as_str()
                );
                self.fail("428C9", target.column.span, message);
            }
            let null = matches!(value.source, Source::Null)
                || (is_default && stored.default.is_none() && stored.identity.is_none());
            if null && stored.not_null && stored.generated.is_none() {
                let message = format!(
                    "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                    column.name.as_str(),
                    goal.name.name.as_str()
                );
                let span = target.column.span;
                self.fail_at(Stage::Execute, "23502", span, message, false);
            }
        }
    }

    pub(super) fn update(&mut self, parent: Option<usize>, update: &'q Update) -> Rows<'q> {
        let scope = self.push_scope(parent);
        if let Some(with) = &update.with {
            self.with(scope, with);
        }
        let goal = self.goal(&update.table);
        let entry = match &goal {
            Some(goal) => self.goal_entry(goal, update.alias.as_ref()),
            None => self.missing_entry(&update.table, update.alias.as_ref()),
        };
        // Elements of FROM may not use the table sideways, so it is added afterwards.
        self.with_goal(scope, entry, |binding| binding.from(scope, &update.from));
        // The values come last.
        if let Some(filter) = &update.filter {
            let value = self.expr(scope, filter);
            self.condition(&value, "WHERE");
        }
        let rows = self.returning(scope, &update.returning);
        let written = match &goal {
            Some(goal) => {
                let written = self.assignments(scope, goal, &update.set);
                self.demand_single_assignments(&update.set);
                written
            }
            None => {
                for assignment in &update.set {
                    self.assigned(scope, assignment);
                }
                Vec::new()
            }
        };
        if let Some(goal) = goal {
            self.check_view(&goal, &written, update.table.span);
            self.wrote(&goal, WriteKind::Update, written, update.table.span);
        }
        rows
    }

    /// Reads FROM with the written table in sight, but not for lateral elements.
    fn with_goal(&mut self, scope: usize, entry: Entry, read: impl FnOnce(&mut Self)) {
        self.scopes[scope].entries.push(Entry {
            lateral_only: true,
            lateral_ok: false,
            ..entry
        });
        read(self);
        for entry in &mut self.scopes[scope].entries {
            entry.lateral_only = false;
        }
    }

    pub(super) fn delete(&mut self, parent: Option<usize>, delete: &'q Delete) -> Rows<'q> {
        let scope = self.push_scope(parent);
        if let Some(with) = &delete.with {
            self.with(scope, with);
        }
        let goal = self.goal(&delete.table);
        let entry = match &goal {
            Some(goal) => self.goal_entry(goal, delete.alias.as_ref()),
            None => self.missing_entry(&delete.table, delete.alias.as_ref()),
        };
        self.with_goal(scope, entry, |binding| binding.from(scope, &delete.using));
        if let Some(filter) = &delete.filter {
            let value = self.expr(scope, filter);
            self.condition(&value, "WHERE");
        }
        let rows = self.returning(scope, &delete.returning);
        if let Some(goal) = goal {
            self.check_view(&goal, &[], delete.table.span);
            self.wrote(&goal, WriteKind::Delete, Vec::new(), delete.table.span);
        }
        rows
    }

    pub(super) fn merge(&mut self, parent: Option<usize>, merge: &'q Merge) -> Rows<'q> {
        let scope = self.push_scope(parent);
        if let Some(with) = &merge.with {
            self.with(scope, with);
        }
        let goal = self.goal(&merge.table);
        if let Some(Goal { name, relation, .. }) = &goal
            && matches!(relation.body, RelationBody::View(_))
            && self.major() < 17
        {
            let message = format!(
                "cannot execute MERGE on relation \"{}\"",
                name.name.as_str()
            );
            self.fail("0A000", merge.table.span, message);
        }
        let mut entry = match &goal {
            Some(goal) => self.goal_entry(goal, merge.alias.as_ref()),
            None => self.missing_entry(&merge.table, merge.alias.as_ref()),
        };
        entry.columns_visible = true;
        self.from(scope, std::slice::from_ref(&merge.source));
        let sources = self.scopes[scope].entries.len();
        self.scopes[scope].entries.push(entry);
        let on = self.expr(scope, &merge.on);
        self.condition(&on, "JOIN/ON");
        for branch in &merge.branches {
            let hidden: Vec<usize> = match branch.rows {
                MergeRows::Matched => Vec::new(),
                MergeRows::OnlySource => vec![sources],
                MergeRows::OnlyTarget => (0..sources).collect(),
            };
            let kept = self.scopes[scope].entries.clone();
            for at in hidden {
                self.scopes[scope].entries[at].columns_visible = false;
                self.scopes[scope].entries[at].name_visible = false;
            }
            if let Some(condition) = &branch.condition {
                let value = self.expr(scope, condition);
                self.condition(&value, "WHEN");
            }
            self.merge_action(scope, goal.as_ref(), merge, &branch.action);
            self.scopes[scope].entries = kept;
        }
        self.returning(scope, &merge.returning)
    }

    fn merge_action(
        &mut self,
        scope: usize,
        goal: Option<&Goal<'c>>,
        merge: &'q Merge,
        action: &'q MergeAction,
    ) {
        match action {
            MergeAction::Plain => {}
            MergeAction::Update(set) => {
                if let Some(goal) = goal {
                    let written = self.assignments(scope, goal, set);
                    self.wrote(goal, WriteKind::Update, written, merge.table.span);
                }
            }
            MergeAction::Insert {
                columns,
                overriding,
                values,
            } => {
                let given = values.as_ref().map(|it| self.exprs(scope, it));
                let Some(goal) = goal else {
                    return;
                };
                let mut written = Vec::new();
                if columns.is_empty() {
                    for (column, value) in goal.columns.iter().zip(given.iter().flatten()) {
                        self.store(column, value, false);
                        written.push((
                            column.name.clone(),
                            written_value(std::slice::from_ref(value)),
                        ));
                    }
                } else {
                    let width = given.as_ref().map_or(0, Vec::len);
                    if given.is_some() && width != columns.len() {
                        let message = if width > columns.len() {
                            "INSERT has more expressions than target columns"
                        } else {
                            "INSERT has more target columns than expressions"
                        };
                        self.fail("42601", merge.table.span, message.to_owned());
                    }
                    for (at, target) in columns.iter().enumerate() {
                        let value = given.as_ref().and_then(|it| it.get(at)).cloned();
                        let Some(column) = self.goal_column(goal, &target.column) else {
                            continue;
                        };
                        if let Some(value) = &value {
                            self.store(&column, value, target.is_part);
                            if !matches!(value.source, Source::Default) {
                                self.refuse_generated(goal, &column.name, value.span, "428C9");
                                if overriding.is_none() {
                                    self.refuse_identity(goal, &column.name, value.span);
                                }
                            }
                        }
                        let all: Vec<Typed<'q>> = value.into_iter().collect();
                        written.push((column.name.clone(), written_value(&all)));
                    }
                }
                if !goal.open {
                    self.demand_required(goal, &written, merge.table.span);
                }
                self.wrote(goal, WriteKind::Insert, written, merge.table.span);
            }
        }
    }

    fn returning(&mut self, scope: usize, items: &'q [Item]) -> Rows<'q> {
        let mut rows = self.items(scope, items);
        for at in 0..rows.values.len() {
            let value = self.settle(rows.values[at].clone());
            rows.columns[at].ty = value.ty;
            rows.values[at] = value;
        }
        rows
    }

    /// A view can be written where it shows one table plainly, or a trigger does it.
    fn check_view(&mut self, goal: &Goal<'c>, written: &[(Ident, Written)], span: Span) {
        let RelationBody::View(view) = &goal.relation.body else {
            return;
        };
        let by_trigger = view
            .triggers
            .iter()
            .any(|it| it.timing == TriggerTiming::InsteadOf);
        if by_trigger {
            return;
        }
        if view.materialized {
            let name = goal.name.name.as_str();
            let message = format!("cannot change materialized view \"{name}\"");
            self.fail_at(Stage::Plan, "42809", span, message, true);
            return;
        }
        match plain_view(&view.query.text) {
            Some(shown) => {
                for (name, _) in written {
                    let at = goal.columns.iter().position(|it| it.name == *name);
                    if at.and_then(|at| shown.get(at)) == Some(&None) {
                        let message = format!(
                            "cannot insert into column \"{}\" of view \"{}\"",
                            name.as_str(),
                            goal.name.name.as_str()
                        );
                        self.fail("0A000", span, message);
                    }
                }
            }
            None => {
                let name = goal.name.name.as_str();
                let message = format!("cannot change view \"{name}\"");
                self.fail("55000", span, message);
            }
        }
    }
}

/// For a view of one table without grouping and the like, the column that each of its columns
/// stands for, where it is a plain one; `None` where the view cannot be written.
fn plain_view(text: &str) -> Option<Vec<Option<Ident>>> {
    match crate::sql::query::parse(text) {
        Ok(statement) => shown_plainly(&statement),
        // What is not read is not refused.
        Err(_) => Some(Vec::new()),
    }
}

/// For a query of one table without grouping and the like, the column of that table that each
/// column of the result plainly is; `None` where a view of it cannot be written.
///
/// Source: PostgreSQL manual, CREATE VIEW, updatable views.
pub(super) fn shown_plainly(statement: &Statement) -> Option<Vec<Option<Ident>>> {
    let Statement::Query(query) = statement else {
        return None;
    };
    let Body::Select(select) = &query.body else {
        return None;
    };
    let refused = query.with.is_some()
        || query.limit.is_some()
        || query.offset.is_some()
        || select.distinct.is_some()
        || !select.group_by.is_empty()
        || select.having.is_some();
    let [only] = &select.from[..] else {
        return None;
    };
    let is_table = matches!(
        only.source,
        crate::sql::query::tree::FromSource::Table(_, _)
    );
    if refused || !is_table {
        return None;
    }
    // What a star stood for was written out when the view was made; where it was not, it is not known.
    let is_star = |kind: &ExprKind| matches!(kind, ExprKind::Star(_));
    if select.items.iter().any(|item| is_star(&item.value.kind)) {
        return Some(Vec::new());
    }
    let shown: Vec<Option<Ident>> = select
        .items
        .iter()
        .map(|item| match &*item.value.kind {
            ExprKind::Name(parts) => parts.last().cloned(),
            _ => None,
        })
        .collect();
    // A result without one plain column, as that of an aggregate, has nothing to write to.
    shown.iter().any(Option::is_some).then_some(shown)
}

/// What is known of the values of one column in all rows.
fn written_value(values: &[Typed]) -> Written {
    let one = |value: &Typed| match &value.source {
        Source::Null => Written::Null,
        Source::Default => Written::Default,
        Source::Text(text) => Written::Literal((*text).to_owned()),
        Source::Number(text) => Written::Literal((*text).to_owned()),
        Source::Other | Source::Parameter(_) | Source::Column(_) | Source::Row(_) => {
            match value.nullable {
                Some(false) => Written::NotNull,
                Some(true) | None => Written::Any,
            }
        }
    };
    let is_value = |it: &Written| matches!(it, Written::NotNull | Written::Literal(_));
    let all: Vec<Written> = values.iter().map(one).collect();
    match all.split_first() {
        Some((first, rest)) if rest.iter().all(|it| it == first) => first.clone(),
        Some(_) if all.iter().all(is_value) => Written::NotNull,
        _ => Written::Any,
    }
}
