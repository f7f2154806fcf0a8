//! What of a schema depends on an object.
//!
//! What the catalog keeps by identity is certain. Where a text is all there is (the body of a
//! function, the query of a view, a policy), the object's name is sought in it as a word, and the
//! answer says so.

use std::collections::BTreeSet;

use super::explained::{Subject, indexes};
use crate::analysis::proof::holds_word;
use crate::report::Dependent;
use crate::report::changes::table::{constraint_word, is_of_type};
use crate::report::changes::{kind_word, routine_word};
use crate::schema::apply::constraint_columns;
use crate::schema::catalog::{
    Catalog, Constraint, ObjectId, Relation, RelationBody, Table, Trigger, TypeBody,
};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{ConstraintKind, IndexKey, SqlExpr};

/// What depends on an object of the catalog, by kind and name.
pub(super) fn dependents(catalog: &Catalog, subject: Subject) -> Vec<Dependent> {
    let mut found = Found {
        catalog,
        out: Vec::new(),
        said: BTreeSet::new(),
    };
    match subject {
        Subject::Relation(id) => found.of_relation(id),
        Subject::Column(of, id) => found.of_column(of, id),
        Subject::Type(id) => found.of_type(id),
        Subject::Label(of, id) => found.of_label(of, id),
        Subject::Routine(id) => found.of_routine(id),
        Subject::Constraint(of, id) => found.of_constraint(of, id),
        Subject::Index(of, id) => found.of_index(of, id),
        Subject::Trigger(..) | Subject::Policy(..) => {}
    }
    found.out
}

struct Found<'a> {
    catalog: &'a Catalog,
    out: Vec<Dependent>,
    said: BTreeSet<(&'static str, String)>,
}

impl<'a> Found<'a> {
    /// One more, unless it was said; the first reason counts.
    fn push(&mut self, kind: &'static str, name: String, how: impl Into<String>) {
        if self.said.insert((kind, name.clone())) {
            self.out.push(Dependent {
                kind,
                name,
                how: how.into(),
            });
        }
    }

    fn named(&self, id: ObjectId) -> Option<(&'a QualifiedName, &'a Relation)> {
        let name = self.catalog.relation_name(id)?;
        Some((name, self.catalog.relation(name)?))
    }

    fn of_relation(&mut self, id: ObjectId) {
        let Some((name, relation)) = self.named(id) else {
            return;
        };
        for index in indexes(relation).filter(|it| it.constraint.is_none()) {
            self.push(
                "index",
                index.name.to_string(),
                format!("on ({})", keys(&index.keys)),
            );
        }
        if let Some(table) = relation.as_table() {
            for it in &table.constraints {
                self.push(constraint_word(it), it.name.to_string(), "its own");
            }
            for it in &table.policies {
                self.push("policy", it.name.to_string(), "its own");
            }
        }
        for it in triggers(relation) {
            self.push("trigger", it.name.to_string(), calls(it));
        }
        for it in relation.rules() {
            self.push("rule", it.name.to_string(), "its own");
        }
        self.references(id, None);
        for (other, relation) in self.catalog.relations().filter(|(other, _)| *other != name) {
            match &relation.body {
                RelationBody::View(view) => {
                    if view.depends_on.contains(&id) {
                        self.push(kind_word(relation), other.to_string(), "reads it");
                    }
                }
                RelationBody::Table(table) => {
                    if table.partition_of == Some(id) {
                        self.push("table", other.to_string(), "is a partition of it");
                    } else if table.inherits.contains(&id) {
                        self.push("table", other.to_string(), "inherits from it");
                    }
                    for column in &table.columns {
                        let default = column
                            .default
                            .iter()
                            .any(|it| holds_word(&it.text, name.name.as_str()));
                        if default {
                            let column = format!("{other}.{}", column.name);
                            self.push("column", column, "has a default that names it");
                        }
                    }
                }
                RelationBody::Sequence(sequence) => {
                    if sequence.owner.is_some_and(|(table, _)| table == id) && !sequence.identity {
                        self.push(
                            "sequence",
                            other.to_string(),
                            "belongs to one of its columns",
                        );
                    }
                }
                RelationBody::Index { .. } => {}
            }
            if relation
                .rules()
                .iter()
                .any(|rule| rule.depends_on.contains(&id))
            {
                self.push("rule", format!("{other}, one of its rules"), "names it");
            }
        }
        self.bodies(&[&name.name]);
    }

    /// Foreign keys of other tables, and of the table itself.
    fn references(&mut self, id: ObjectId, column: Option<&Ident>) {
        let own = self.catalog.relation_name(id).cloned();
        let mut tables: Vec<QualifiedName> = self
            .catalog
            .referencing(id)
            .into_iter()
            .filter_map(|it| self.catalog.relation_name(it).cloned())
            .collect();
        tables.extend(own.clone());
        tables.sort();
        for name in tables {
            let Some(table) = self.catalog.table(&name) else {
                continue;
            };
            let refers = |it: &&Constraint| {
                let ConstraintKind::ForeignKey { referenced, .. } = &it.kind else {
                    return false;
                };
                it.references == Some(id) && column.is_none_or(|column| referenced.contains(column))
            };
            for it in table.constraints.iter().filter(refers) {
                let columns: Vec<String> = constraint_columns(&it.kind)
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let place = match own.as_ref() == Some(&name) {
                    true => it.name.to_string(),
                    false => format!("{name}.{}", it.name),
                };
                self.push(
                    "foreign key",
                    place,
                    format!("of {name} ({}) refers to it", columns.join(", ")),
                );
            }
        }
    }

    fn of_column(&mut self, of: ObjectId, id: ObjectId) {
        let Some((name, relation)) = self.named(of) else {
            return;
        };
        let Some(table) = relation.as_table() else {
            return;
        };
        let Some(column) = table.column_by_id(id).map(|it| &it.name) else {
            return;
        };
        let holds = |expr: &SqlExpr| expr.columns.contains(column);
        for index in table.indexes.iter().filter(|it| it.constraint.is_none()) {
            if index.columns().any(|it| it == column) {
                self.push(
                    "index",
                    index.name.to_string(),
                    format!("on ({})", keys(&index.keys)),
                );
            }
        }
        for it in &table.constraints {
            let columns = constraint_columns(&it.kind);
            if columns.contains(&column) {
                let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
                let how = format!("is about ({})", columns.join(", "));
                self.push(constraint_word(it), it.name.to_string(), how);
            }
        }
        self.references(of, Some(column));
        for other in table.columns.iter().filter(|it| it.id != id) {
            if other.generated.as_ref().is_some_and(holds) {
                let other = format!("{name}.{}", other.name);
                self.push("column", other, "is generated from it");
            }
        }
        for it in &table.triggers {
            if it.columns.contains(column) || it.condition.as_ref().is_some_and(holds) {
                self.push("trigger", it.name.to_string(), "fires by it");
            }
        }
        for it in &table.policies {
            if it.using.as_ref().is_some_and(holds) || it.with_check.as_ref().is_some_and(holds) {
                self.push("policy", it.name.to_string(), "asks for it");
            }
        }
        for (other, relation) in self.catalog.relations() {
            match &relation.body {
                RelationBody::View(view) if view.depends_on.contains(&of) => {
                    match &view.query.columns {
                        None => {
                            let how = "reads all columns of its tables (`*`)";
                            self.push(kind_word(relation), other.to_string(), how);
                        }
                        Some(columns) if columns.contains(column) => {
                            let how = "reads the table, and its query holds the name";
                            self.push(kind_word(relation), other.to_string(), how);
                        }
                        Some(_) => {}
                    }
                }
                RelationBody::Sequence(sequence)
                    if sequence.owner == Some((of, id)) && !sequence.identity =>
                {
                    self.push("sequence", other.to_string(), "belongs to it");
                }
                RelationBody::View(_)
                | RelationBody::Sequence(_)
                | RelationBody::Table(_)
                | RelationBody::Index { .. } => {}
            }
        }
        // A trigger's function knows the columns by NEW and OLD, without the table's name.
        let functions: Vec<ObjectName> = table
            .triggers
            .iter()
            .filter_map(|it| it.function.clone())
            .collect();
        for (routine_name, routines) in self.catalog.all_routines() {
            for routine in routines {
                let is_of_trigger = functions.iter().any(|it| {
                    it.name == routine_name.name
                        && it
                            .schema
                            .as_ref()
                            .is_none_or(|it| *it == routine_name.schema)
                });
                if !holds_word(&routine.body, column.as_str()) {
                    continue;
                }
                let how = match is_of_trigger {
                    true => "is called by a trigger of the table, and its body holds the name",
                    false if holds_word(&routine.body, name.name.as_str()) => {
                        "its body holds the names of the table and of the column"
                    }
                    false => continue,
                };
                self.push(routine_word(routine.kind), routine_name.to_string(), how);
            }
        }
    }

    fn of_type(&mut self, id: ObjectId) {
        let Some(name) = self.catalog.type_name(id) else {
            return;
        };
        for (table_name, relation) in self.catalog.relations() {
            let Some(table) = relation.as_table() else {
                continue;
            };
            if table.of_type == Some(id) {
                self.push("table", table_name.to_string(), "is a table of it");
            }
            for column in &table.columns {
                if is_of_type(self.catalog, column, id) {
                    let column = format!("{table_name}.{}", column.name);
                    self.push("column", column, "is of this type");
                }
            }
        }
        let is_it = |data_type| {
            self.catalog
                .definition_of(data_type)
                .is_some_and(|it| it.id == id)
        };
        let mut found = Vec::new();
        for (other, user_type) in self.catalog.types() {
            let parts: Vec<&crate::schema::types::SqlType> = match &user_type.body {
                TypeBody::Domain { base, .. } => vec![base],
                TypeBody::Composite(attributes) => attributes.iter().map(|(_, it)| it).collect(),
                TypeBody::Range(subtype) => vec![subtype],
                TypeBody::Enum { .. } | TypeBody::Base | TypeBody::Unknown => Vec::new(),
            };
            if parts.into_iter().any(is_it) {
                found.push(other.to_string());
            }
        }
        for other in found {
            self.push("type", other, "is made of it");
        }
        for (routine_name, routines) in self.catalog.all_routines() {
            for routine in routines {
                let takes = routine
                    .signature()
                    .into_iter()
                    .any(|it| self.catalog.definition_of(it).is_some_and(|it| it.id == id));
                let returns = routine
                    .returns
                    .as_deref()
                    .is_some_and(|it| holds_word(it, name.name.as_str()));
                if takes || returns {
                    let how = if takes { "takes it" } else { "returns it" };
                    self.push(routine_word(routine.kind), routine_name.to_string(), how);
                }
            }
        }
        self.bodies(&[&name.name]);
    }

    fn of_label(&mut self, of: ObjectId, id: ObjectId) {
        let Some(name) = self.catalog.type_name(of) else {
            return;
        };
        let Some(TypeBody::Enum { labels, .. }) = self.catalog.user_type(name).map(|it| &it.body)
        else {
            return;
        };
        let Some(label) = labels.iter().find(|it| it.id == id) else {
            return;
        };
        let literal = format!("'{}'", label.text.replace('\'', "''"));
        for (table_name, relation) in self.catalog.relations() {
            let Some(table) = relation.as_table() else {
                continue;
            };
            for column in &table.columns {
                if !is_of_type(self.catalog, column, of) {
                    continue;
                }
                let default = column.default.as_ref();
                let how = match default.is_some_and(|it| it.text.contains(&literal)) {
                    true => "has it as default",
                    false => "can hold it",
                };
                let column = format!("{table_name}.{}", column.name);
                self.push("column", column, how);
            }
            for it in &table.constraints {
                if let ConstraintKind::Check { expr, .. } = &it.kind
                    && expr.text.contains(&literal)
                {
                    let place = format!("{table_name}.{}", it.name);
                    self.push("check", place, "holds its text");
                }
            }
            for index in &table.indexes {
                if index
                    .predicate
                    .as_ref()
                    .is_some_and(|it| it.text.contains(&literal))
                {
                    self.push("index", index.name.to_string(), "holds its text");
                }
            }
        }
        for (other, relation) in self.catalog.relations() {
            if let RelationBody::View(view) = &relation.body
                && view.query.text.contains(&literal)
            {
                self.push(kind_word(relation), other.to_string(), "holds its text");
            }
        }
        for (routine_name, routines) in self.catalog.all_routines() {
            for routine in routines {
                if routine.body.contains(&literal) {
                    let how = "its body holds its text";
                    self.push(routine_word(routine.kind), routine_name.to_string(), how);
                }
            }
        }
    }

    fn of_routine(&mut self, id: ObjectId) {
        let found = self.catalog.all_routines().find_map(|(name, all)| {
            let routine = all.iter().find(|it| it.id == id)?;
            Some((name, routine))
        });
        let Some((name, _)) = found else {
            return;
        };
        let word = name.name.as_str();
        let is_it = |function: &ObjectName| {
            function.name == name.name
                && function.schema.as_ref().is_none_or(|it| *it == name.schema)
        };
        for (other, relation) in self.catalog.relations() {
            for trigger in triggers(relation) {
                if trigger.function.as_ref().is_some_and(is_it) {
                    self.push("trigger", format!("{other}.{}", trigger.name), "calls it");
                }
            }
            match &relation.body {
                RelationBody::Table(table) => self.expressions_of(other, table, word),
                RelationBody::View(view) => {
                    if holds_word(&view.query.text, word) {
                        let how = "its query holds the name";
                        self.push(kind_word(relation), other.to_string(), how);
                    }
                }
                RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
            }
        }
        let own = name.to_string();
        self.said.insert(("function", own.clone()));
        self.said.insert(("procedure", own));
        self.bodies(&[&name.name]);
    }

    /// Where the expressions of a table hold the name of a function.
    fn expressions_of(&mut self, name: &QualifiedName, table: &Table, word: &str) {
        let holds = |expr: &SqlExpr| holds_word(&expr.text, word);
        for column in &table.columns {
            let place = format!("{name}.{}", column.name);
            if column.default.as_ref().is_some_and(holds) {
                self.push("column", place, "has a default that names it");
            } else if column.generated.as_ref().is_some_and(holds) {
                self.push("column", place, "is generated by it");
            }
        }
        for it in &table.constraints {
            if let ConstraintKind::Check { expr, .. } = &it.kind
                && holds(expr)
            {
                self.push("check", format!("{name}.{}", it.name), "holds the name");
            }
        }
        for it in &table.indexes {
            let in_keys = it.keys.iter().any(|key| match key {
                IndexKey::Expression(expr) => holds(expr),
                IndexKey::Column(_) => false,
            });
            if in_keys || it.predicate.as_ref().is_some_and(holds) {
                self.push("index", it.name.to_string(), "holds the name");
            }
        }
        for it in &table.policies {
            if it.using.as_ref().is_some_and(holds) || it.with_check.as_ref().is_some_and(holds) {
                self.push("policy", format!("{name}.{}", it.name), "holds the name");
            }
        }
    }

    fn of_constraint(&mut self, of: ObjectId, id: ObjectId) {
        let Some((_, relation)) = self.named(of) else {
            return;
        };
        let Some(table) = relation.as_table() else {
            return;
        };
        let Some(it) = table.constraints.iter().find(|it| it.id == id) else {
            return;
        };
        let key = match &it.kind {
            ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
                columns
            }
            ConstraintKind::Check { .. }
            | ConstraintKind::ForeignKey { .. }
            | ConstraintKind::Exclude { .. }
            | ConstraintKind::NotNull { .. } => return,
        };
        let is_primary = matches!(it.kind, ConstraintKind::PrimaryKey { .. });
        self.references_to_key(of, key, is_primary);
    }

    /// Foreign keys that need the key of these columns.
    fn references_to_key(&mut self, of: ObjectId, key: &[Ident], is_primary: bool) {
        let mut ids = self.catalog.referencing(of);
        ids.push(of);
        for id in ids {
            let Some((name, relation)) = self.named(id) else {
                continue;
            };
            let constraints = relation
                .as_table()
                .into_iter()
                .flat_map(|it| it.constraints.iter());
            for it in constraints {
                let ConstraintKind::ForeignKey { referenced, .. } = &it.kind else {
                    continue;
                };
                let same: BTreeSet<&Ident> = referenced.iter().collect();
                let needs = match referenced.is_empty() {
                    true => is_primary,
                    false => same == key.iter().collect(),
                };
                if it.references == Some(of) && needs {
                    self.push(
                        "foreign key",
                        format!("{name}.{}", it.name),
                        "needs this key",
                    );
                }
            }
        }
    }

    fn of_index(&mut self, of: ObjectId, id: ObjectId) {
        let Some((_, relation)) = self.named(of) else {
            return;
        };
        let Some(index) = indexes(relation).find(|it| it.id == id) else {
            return;
        };
        if let Some(constraint) = &index.constraint {
            self.push("constraint", constraint.to_string(), "is kept by it");
        }
        if let Some(columns) = index.plain_unique_columns() {
            let columns: Vec<Ident> = columns.into_iter().cloned().collect();
            self.references_to_key(of, &columns, false);
        }
    }

    /// Routines whose bodies hold all the names as words.
    fn bodies(&mut self, names: &[&Ident]) {
        for (routine_name, routines) in self.catalog.all_routines() {
            for routine in routines {
                let holds = |name: &&Ident| holds_word(&routine.body, name.as_str());
                if names.iter().all(holds) {
                    let how = "its body holds the name";
                    self.push(routine_word(routine.kind), routine_name.to_string(), how);
                }
            }
        }
    }
}

fn triggers(relation: &Relation) -> &[Trigger] {
    match &relation.body {
        RelationBody::Table(table) => &table.triggers,
        RelationBody::View(view) => &view.triggers,
        RelationBody::Sequence(_) | RelationBody::Index { .. } => &[],
    }
}

fn calls(trigger: &Trigger) -> String {
    match &trigger.function {
        Some(function) => {
            let function = function.to_string();
            format!(
                "calls {}",
                function.strip_prefix("public.").unwrap_or(&function)
            )
        }
        None => "its own".to_owned(),
    }
}

fn keys(keys: &[IndexKey]) -> String {
    let shown: Vec<String> = keys
        .iter()
        .map(|key| match key {
            IndexKey::Column(column) => column.to_string(),
            IndexKey::Expression(expr) => expr.text.to_string(),
        })
        .collect();
    shown.join(", ")
}
