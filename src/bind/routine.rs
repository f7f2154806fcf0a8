//! What runs behind a statement: bodies of functions, triggers, defaults and checks.
//!
//! A body is bound once per catalog and caller's table. What fails in it fails when the statement
//! runs, if it is sure to get there; what it uses counts as used by the statement.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::binding::Binding;
use super::kind::{Base, Type};
use super::outcome::{BodyDeeds, Deeds, Failure, Stage, Unknown, Use, UseKind, WriteKind, Written};
use super::scope::Column;
use crate::schema::catalog::{ObjectId, Relation, Routine, Table, Trigger};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{ConstraintKind, RoutineKind, SqlExpr};
use crate::source::Span;
use crate::sql::query::body::{RoutineBody, VariableKind, plpgsql_body, sql_body};
use crate::sql::query::{parse_expression, transition_tables};

/// What a body comes to.
#[derive(Debug, Clone, Default)]
pub(super) struct Behind {
    failures: Vec<Failure>,
    unknowns: Vec<Unknown>,
    uses: BTreeSet<Use>,
    /// What needs the rights of the one for whom it runs.
    deeds: BodyDeeds,
}

/// How names in a body are looked up beside the columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// Variables and arguments.
    pub(super) variables: Vec<(Ident, Type)>,
    /// The names that qualify them: the routine's and labels.
    pub(super) qualifiers: Vec<Ident>,
    /// The columns of `NEW` and `OLD`, in a trigger.
    pub(super) row: Option<(Arc<[Column]>, bool)>,
    /// The tables of the rows that the statement wrote, in a trigger: `NEW TABLE AS n`.
    pub(super) transitions: Vec<Ident>,
    /// A column and a variable of one name cannot be told apart.
    pub(super) clashes: bool,
}

/// How deep bodies may call one another.
const DEEPEST: usize = 12;

impl<'c> Binding<'_, 'c, '_> {
    /// A routine of the project is called: what its body does belongs to the statement.
    pub(super) fn runs(&mut self, id: ObjectId, name: &QualifiedName, span: Span) {
        let routine = self.catalog().routines(name).iter().find(|it| it.id == id);
        if let Some(routine) = routine {
            self.run(routine, name, None, None, span, true);
        }
    }

    fn run(
        &mut self,
        routine: &'c Routine,
        name: &QualifiedName,
        relation: Option<&'c Relation>,
        attributes: Option<&Arc<str>>,
        span: Span,
        is_certain: bool,
    ) {
        if self.muted > 0 {
            return;
        }
        let key = (routine.id, relation.map(|it| it.id), attributes.cloned());
        let behind = match self.binder.bodies.get(&key) {
            Some(known) => Arc::clone(known),
            None => {
                if self.binder.running.contains(&key) || self.binder.running.len() >= DEEPEST {
                    return;
                }
                self.binder.running.push(key.clone());
                let behind = Arc::new(self.bind_body(routine, name, relation, attributes));
                self.binder.running.pop();
                self.binder.bodies.insert(key, Arc::clone(&behind));
                behind
            }
        };
        self.take_over(&behind, span, is_certain);
    }

    fn take_over(&mut self, behind: &Behind, span: Span, is_certain: bool) {
        self.behind.extend(behind.uses.iter().cloned());
        self.deeds.add(&behind.deeds, is_certain);
        for failure in &behind.failures {
            let late = Failure {
                span,
                certain: failure.certain && is_certain,
                ..failure.clone()
            };
            if !self.late.contains(&late) {
                self.late.push(late);
            }
        }
        for unknown in &behind.unknowns {
            self.not_known(span, unknown.reason.clone());
        }
    }

    /// The body of a routine on this catalog.
    fn bind_body(
        &mut self,
        routine: &'c Routine,
        name: &QualifiedName,
        relation: Option<&'c Relation>,
        attributes: Option<&Arc<str>>,
    ) -> Behind {
        if routine.kind == RoutineKind::Aggregate {
            return Behind::default();
        }
        let is_sql = routine.language.as_str() == "sql";
        let body = match routine.language.as_str() {
            "sql" if !routine.body.is_empty() => sql_body(&routine.body),
            "plpgsql" => plpgsql_body(&routine.body),
            _ => return Behind::default(),
        };
        let mut names = Names {
            qualifiers: vec![name.name.clone()],
            clashes: !is_sql && !body.prefers_columns,
            ..Names::default()
        };
        let arguments: Vec<Type> = routine
            .arguments
            .iter()
            .map(|it| self.binder.type_of(&it.data_type))
            .collect();
        for (argument, ty) in routine.arguments.iter().zip(&arguments) {
            if let Some(name) = &argument.name {
                names.variables.push((name.clone(), *ty));
            }
        }
        for output in outputs(routine) {
            names.variables.push((output, Type::NOT_KNOWN));
        }
        if let Some(relation) = relation {
            names.row = Some(self.columns_of(relation));
            names.transitions = attributes.map_or_else(Vec::new, |it| transition_tables(it));
        }
        let mut behind = Behind::default();
        self.declare(&body, &mut names, &mut behind);
        // A function in SQL that is one query is unfolded when the call is planned.
        let returns_set = routine.returns.as_deref().is_some_and(|it| {
            it.get(..5)
                .is_some_and(|it| it.eq_ignore_ascii_case("setof"))
        });
        let stage = if is_sql && routine.kind == RoutineKind::Function && !returns_set {
            Stage::Plan
        } else {
            Stage::Execute
        };
        for part in &body.statements {
            let mut inner = Binding::new(self.binder);
            for (at, ty) in arguments.iter().enumerate() {
                let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
                inner.parameters.insert(number, *ty);
            }
            inner.names = Some(names.clone());
            inner.statement_at_top(&part.statement);
            let Binding {
                out,
                uses,
                behind: deeper,
                late,
                mut deeds,
                ..
            } = inner;
            if self.binder.runs_as_caller(routine.id) {
                deeds.sure.add(&Deeds {
                    uses: uses.clone(),
                    writes: out.writes,
                    locked: out.locked,
                });
                behind.deeds.add(&deeds, part.is_certain);
            }
            behind.uses.extend(uses.into_iter().chain(deeper));
            behind.unknowns.extend(out.unknowns);
            let failures = out.failures.into_iter().chain(late);
            behind.failures.extend(failures.map(|it| Failure {
                stage: it.stage.max(stage),
                certain: it.certain && part.is_certain,
                ..it
            }));
        }
        // Of a body only the first complaint is ever seen.
        if let Some(at) = behind.failures.iter().position(|it| it.certain) {
            behind.failures.truncate(at + 1);
        }
        behind.unknowns.truncate(1);
        behind
    }

    /// The variables of a body, whose types must be there.
    fn declare(&mut self, body: &RoutineBody, names: &mut Names, behind: &mut Behind) {
        for variable in &body.variables {
            let ty = match &variable.kind {
                VariableKind::Typed(data_type) => self.binder.type_of(data_type),
                VariableKind::Row(table) | VariableKind::Column(table, _) => {
                    match self.find_relation(table) {
                        Some((_, relation)) => {
                            behind.uses.insert(Use {
                                object: relation.id,
                                part: None,
                                kind: UseKind::Read,
                            });
                            let (columns, open) = self.columns_of(relation);
                            if let VariableKind::Column(_, column) = &variable.kind
                                && !open
                                && !columns.iter().any(|it| it.name == *column)
                            {
                                let message = format!(
                                    "column \"{}\" of relation \"{table}\" does not exist",
                                    column.as_str()
                                );
                                behind.failures.push(Failure {
                                    code: "42703",
                                    message,
                                    stage: Stage::Execute,
                                    span: Span::default(),
                                    certain: true,
                                });
                            }
                        }
                        None if !self.may_have_relation(table) => behind.failures.push(Failure {
                            code: "42P01",
                            message: format!("relation \"{table}\" does not exist"),
                            stage: Stage::Execute,
                            span: Span::default(),
                            certain: true,
                        }),
                        None => {}
                    }
                    Type::NOT_KNOWN
                }
                VariableKind::Other => Type::NOT_KNOWN,
            };
            names.variables.push((variable.name.clone(), ty));
        }
    }

    /// The triggers that a write fires.
    pub(super) fn fires(
        &mut self,
        relation: &'c Relation,
        kind: WriteKind,
        written: &[(Ident, Written)],
        span: Span,
    ) {
        let triggers: &[Trigger] = match &relation.body {
            crate::schema::catalog::RelationBody::Table(table) => &table.triggers,
            crate::schema::catalog::RelationBody::View(view) => &view.triggers,
            _ => return,
        };
        for trigger in triggers {
            let events = &trigger.events;
            let is_meant = match kind {
                WriteKind::Insert => events.insert,
                WriteKind::Update => {
                    events.update
                        && (trigger.columns.is_empty()
                            || trigger
                                .columns
                                .iter()
                                .any(|column| written.iter().any(|(name, _)| name == column)))
                }
                WriteKind::Delete => events.delete,
                WriteKind::Truncate => events.truncate,
            };
            if !is_meant || !trigger.enabled {
                continue;
            }
            let Some((name, routine)) = trigger
                .function
                .as_ref()
                .and_then(|it| self.trigger_function(it))
            else {
                continue;
            };
            let is_certain = trigger.condition.is_none();
            let attributes = trigger.attributes.as_ref();
            self.run(routine, &name, Some(relation), attributes, span, is_certain);
        }
    }

    fn trigger_function(&self, name: &ObjectName) -> Option<(QualifiedName, &'c Routine)> {
        let places = match &name.schema {
            Some(schema) => std::slice::from_ref(schema),
            None => self.search_path(),
        };
        places.iter().find_map(|schema| {
            let place = QualifiedName {
                schema: schema.clone(),
                name: name.name.clone(),
            };
            let routine = self.catalog().routines(&place).first()?;
            Some((place, routine))
        })
    }

    /// Defaults that fill what an INSERT leaves out, and checks on what is written: where they call
    /// functions of the project, those run.
    pub(super) fn calls_of_table(
        &mut self,
        relation: &'c Relation,
        table: &'c Table,
        written: &[(Ident, Written)],
        inserts: bool,
        span: Span,
    ) {
        if self.catalog().all_routines().next().is_none() || self.muted > 0 {
            return;
        }
        let mut texts: Vec<&SqlExpr> = Vec::new();
        for column in table.columns.iter() {
            let is_given = written
                .iter()
                .any(|(name, value)| *name == column.name && *value != Written::Default);
            if inserts && !is_given {
                texts.extend(&column.default);
            }
            texts.extend(&column.generated);
        }
        for constraint in table.constraints.iter().filter(|it| it.enforced) {
            if let ConstraintKind::Check { expr, .. } = &constraint.kind {
                texts.push(expr);
            }
        }
        for text in texts {
            if !self.calls_own_function(&text.text) {
                continue;
            }
            let Ok(expression) = parse_expression(&text.text) else {
                continue;
            };
            let (columns, open) = self.columns_of(relation);
            let mut inner = Binding::new(self.binder);
            let scope = inner.push_scope(None);
            let mut entry = inner.entry(None, columns);
            entry.open = open;
            inner.scopes[scope].entries.push(entry);
            inner.expr(scope, &expression);
            // Of the expression itself only calls need a right: what it names was looked up once.
            let is_call = |it: &&Use| {
                let is_relation = inner.catalog().relation_name(it.object).is_some();
                let is_asked = inner.binder.definers.is_some();
                is_asked && !is_relation && inner.user_type(it.object).is_none()
            };
            let calls: Vec<Use> = inner.uses.iter().filter(is_call).cloned().collect();
            inner.deeds.sure.uses.extend(calls);
            let behind = Behind {
                failures: std::mem::take(&mut inner.late),
                unknowns: Vec::new(),
                uses: inner.uses.union(&inner.behind).cloned().collect(),
                deeds: std::mem::take(&mut inner.deeds),
            };
            self.take_over(&behind, span, true);
        }
    }

    /// Whether a text holds the name of a routine of the project.
    fn calls_own_function(&self, text: &str) -> bool {
        text.contains('(')
            && self
                .catalog()
                .all_routines()
                .any(|(name, _)| text.contains(name.name.as_str()))
    }

    /// A name that is a variable of the body at hand.
    pub(super) fn variable_named(&self, name: &Ident) -> Option<Type> {
        let names = self.names.as_ref()?;
        let found = names.variables.iter().find(|(it, _)| it == name);
        if let Some((_, ty)) = found {
            return Some(*ty);
        }
        let special = [
            "found",
            "tg_op",
            "tg_name",
            "tg_when",
            "tg_level",
            "tg_table_name",
            "tg_table_schema",
            "tg_relid",
            "tg_relname",
            "tg_nargs",
            "tg_argv",
            "sqlerrm",
            "sqlstate",
            "new",
            "old",
        ];
        special.contains(&name.as_str()).then_some(Type::NOT_KNOWN)
    }

    /// `new.a`, `r.a`, `f.a` in a body: a value, or the failure that there is none.
    pub(super) fn variable_field(
        &mut self,
        qualifier: &Ident,
        field: &Ident,
        span: Span,
    ) -> Option<Type> {
        let names = self.names.as_ref()?;
        if matches!(qualifier.as_str(), "new" | "old") {
            let Some((columns, open)) = names.row.clone() else {
                return Some(Type::NOT_KNOWN);
            };
            let Some(column) = columns.iter().find(|it| it.name == *field) else {
                if !open {
                    let message = format!(
                        "record \"{}\" has no field \"{}\"",
                        qualifier.as_str(),
                        field.as_str()
                    );
                    self.fail_at(Stage::Execute, "42703", span, message, true);
                }
                return Some(Type::NOT_KNOWN);
            };
            // The row is at hand: nobody needs the right to read the table.
            if let Some((object, part)) = column.origin
                && self.muted == 0
            {
                self.behind.insert(Use {
                    object,
                    part: Some(part),
                    kind: UseKind::Read,
                });
            }
            return Some(column.ty);
        }
        if names.qualifiers.contains(qualifier) {
            return names
                .variables
                .iter()
                .find(|(it, _)| it == field)
                .map(|(_, ty)| *ty);
        }
        let (_, ty) = names.variables.iter().find(|(it, _)| it == qualifier)?;
        match ty.base {
            Base::Builtin(_) | Base::Literal => None,
            Base::User(_) | Base::Row(_) | Base::Record | Base::NotKnown => Some(Type::NOT_KNOWN),
        }
    }
}

/// The names of the columns that a routine returns: variables of its body.
fn outputs(routine: &Routine) -> Vec<Ident> {
    let columns = routine
        .returns
        .as_deref()
        .and_then(crate::sql::result_columns_of)
        .unwrap_or_default();
    columns
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !name.as_str().is_empty() && name.as_str() != "setof")
        .collect()
}
