//! A schema as SQL that a server of PostgreSQL accepts.
//!
//! Input: a replayed catalog. Output: statements in an order in which each finds what it names:
//! schemas, extensions, types, functions, sequences, tables, keys, indexes, partitions, foreign keys,
//! views, triggers, policies, privileges. What the catalog does not know (the columns of a table whose
//! creation was not seen, the definition of a collation) is a comment that says so, never invented.
//! Roles belong to all databases of a server and are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::schema::catalog::{
    Catalog, Column, Constraint, Index, ObjectId, Policy, Privilege, PrivilegeTarget, Relation,
    RelationBody, Routine, Sequence, SequenceOptions, Table, Trigger, TypeBody, UserType, View,
};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    ConstraintKind, Identity, IndexKey, KeyOptions, PolicyCommand, ReferentialAction, RoutineKind,
    TriggerTiming,
};
use crate::schema::types::{SqlType, TypeName};

/// The statements that make the schema, each on lines of its own.
pub fn to_sql(catalog: &Catalog) -> String {
    let mut printer = Printer {
        catalog,
        out: String::new(),
        path: None,
    };
    printer.all();
    printer.out
}

struct Printer<'a> {
    catalog: &'a Catalog,
    out: String,
    /// The schema that unqualified names are sought in first, as set last.
    path: Option<Ident>,
}

/// A name with its schema, quoted where it has to be.
fn full(name: &QualifiedName) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}

/// An identifier, quoted wherever it could be a keyword.
fn quoted(name: &Ident) -> String {
    let text = name.as_str();
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !crate::sql::is_keyword(text);
    if plain {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('"', "\"\""))
    }
}

fn object(name: &ObjectName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&name.name)),
        None => quoted(&name.name),
    }
}

fn list(names: &[Ident]) -> String {
    let names: Vec<String> = names.iter().map(quoted).collect();
    names.join(", ")
}

fn text(value: &str) -> String {
    if value.contains('\\') {
        format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}

/// A type as the server reads it.
fn data_type(data_type: &SqlType) -> String {
    match &data_type.name {
        TypeName::User(name) => {
            let modifiers: Vec<String> = data_type.modifiers.iter().map(i64::to_string).collect();
            let modifiers = match modifiers.as_slice() {
                [] => String::new(),
                all => format!("({})", all.join(",")),
            };
            let array = if data_type.is_array { "[]" } else { "" };
            format!("{}{modifiers}{array}", object(name))
        }
        TypeName::Builtin(name) => match name.as_str() {
            // Without a length they are not the types that these words stand for.
            "bpchar" if data_type.modifiers.is_empty() => array_of("bpchar", data_type),
            "char" => array_of("\"char\"", data_type),
            "bit" if data_type.modifiers.is_empty() => array_of("\"bit\"", data_type),
            _ => data_type.to_string(),
        },
        TypeName::Unknown => data_type.to_string(),
    }
}

fn array_of(name: &str, data_type: &SqlType) -> String {
    let array = if data_type.is_array { "[]" } else { "" };
    format!("{name}{array}")
}

impl Printer<'_> {
    fn all(&mut self) {
        self.line("SET check_function_bodies = off;");
        for schema in self.catalog.schemas() {
            if schema.as_str() != "public" {
                self.line(&format!("CREATE SCHEMA {};", quoted(schema)));
            }
        }
        if !self.catalog.has_schema(&Ident::new("public")) {
            self.line("DROP SCHEMA public;");
        }
        for (name, schema) in self.catalog.extensions_in() {
            let place = match schema {
                Some(schema) => format!(" SCHEMA {}", quoted(schema)),
                None => String::new(),
            };
            self.line(&format!(
                "CREATE EXTENSION IF NOT EXISTS {}{place};",
                quoted(name)
            ));
        }
        for (kind, name) in self.catalog.others() {
            self.line(&format!(
                "-- not printed, since only its name is kept: {kind} {name}"
            ));
        }
        self.types(false);
        self.routines(false);
        self.sequences();
        self.tables();
        self.types(true);
        self.routines(true);
        self.keys_and_indexes();
        self.families();
        self.waiting_indexes();
        self.owners();
        self.foreign_keys();
        self.views();
        self.atomic_routines();
        self.triggers();
        self.rules();
        self.policies();
        self.privileges();
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// Unqualified names mean what is in this schema first, then in the others.
    fn search(&mut self, schema: &Ident) {
        if self.path.as_ref() == Some(schema) {
            return;
        }
        let mut path = vec![quoted(schema)];
        let public = Ident::new("public");
        let others = self.catalog.schemas().filter(|it| **it != public);
        for other in [&public].into_iter().chain(others) {
            if other != schema {
                path.push(quoted(other));
            }
        }
        self.line(&format!("SET search_path = {};", path.join(", ")));
        self.path = Some(schema.clone());
    }

    /// Everything but temporary relations, in the order of names.
    fn relations(&self) -> Vec<(QualifiedName, Relation)> {
        self.catalog
            .relations()
            .filter(|(_, relation)| !relation.temporary)
            .map(|(name, relation)| (name.clone(), relation.clone()))
            .collect()
    }

    /// The tables of which everything is known.
    fn full_tables(&self) -> Vec<(QualifiedName, ObjectId, Table)> {
        self.relations()
            .into_iter()
            .filter_map(|(name, relation)| match relation.body {
                RelationBody::Table(table) if is_printable(&table) => {
                    Some((name, relation.id, table))
                }
                _ => None,
            })
            .collect()
    }

    /// Types in an order in which each finds those that it is made of; composite types of tables'
    /// rows come after the tables.
    fn types(&mut self, after_tables: bool) {
        let all: BTreeMap<QualifiedName, UserType> = self
            .catalog
            .types()
            .map(|(name, user_type)| (name.clone(), user_type.clone()))
            .collect();
        let mut pending: Vec<&QualifiedName> = all
            .iter()
            .filter(|(_, it)| self.needs_tables(it, &all, 0) == after_tables)
            .map(|(name, _)| name)
            .collect();
        let mut done: BTreeSet<QualifiedName> = BTreeSet::new();
        while !pending.is_empty() {
            let before = pending.len();
            let waiting: BTreeSet<QualifiedName> = pending.iter().map(|it| (*it).clone()).collect();
            let mut later = Vec::new();
            for name in pending {
                let ready = parts_of(&all[name]).iter().all(|part| match &part.name {
                    TypeName::User(part) => {
                        let part = resolved(part);
                        part.is_none_or(|part| !waiting.contains(&part) || done.contains(&part))
                    }
                    TypeName::Builtin(_) | TypeName::Unknown => true,
                });
                if ready {
                    self.user_type(name, &all[name]);
                    done.insert(name.clone());
                } else {
                    later.push(name);
                }
            }
            if later.len() == before {
                for name in later {
                    self.line(&format!(
                        "-- not printed, since it is made of itself: type {name}"
                    ));
                }
                break;
            }
            pending = later;
        }
    }

    /// Whether a type is made of a table's row, through any number of other types.
    fn needs_tables(
        &self,
        user_type: &UserType,
        all: &BTreeMap<QualifiedName, UserType>,
        depth: u8,
    ) -> bool {
        depth < 16
            && parts_of(user_type).iter().any(|part| {
                let TypeName::User(name) = &part.name else {
                    return false;
                };
                let Some(name) = resolved(name).or_else(|| self.unresolved(name)) else {
                    return false;
                };
                match all.get(&name) {
                    Some(part) => self.needs_tables(part, all, depth + 1),
                    None => self.catalog.table(&name).is_some(),
                }
            })
    }

    /// A table's row as a type has the name of the table, which is not resolved.
    fn unresolved(&self, name: &ObjectName) -> Option<QualifiedName> {
        self.catalog
            .relations()
            .find(|(it, _)| name.schema.is_none() && it.name == name.name)
            .map(|(it, _)| it.clone())
    }

    fn user_type(&mut self, name: &QualifiedName, user_type: &UserType) {
        self.search(&name.schema);
        match &user_type.body {
            TypeBody::Enum { labels, complete } => {
                if !complete {
                    self.line(&format!("-- some labels of {name} may be missing"));
                }
                let labels: Vec<String> = labels.iter().map(|label| text(&label.text)).collect();
                self.line(&format!(
                    "CREATE TYPE {} AS ENUM ({});",
                    full(name),
                    labels.join(", ")
                ));
            }
            TypeBody::Domain {
                base,
                not_null,
                default,
                checks,
            } => {
                let mut line = format!("CREATE DOMAIN {} AS {}", full(name), data_type(base));
                if let Some(default) = default {
                    let _ = write!(line, " DEFAULT {}", default.text);
                }
                if *not_null {
                    line.push_str(" NOT NULL");
                }
                for (check, expr) in checks {
                    let _ = write!(line, " CONSTRAINT {} CHECK ({})", quoted(check), expr.text);
                }
                self.line(&format!("{line};"));
            }
            TypeBody::Composite(attributes) => {
                let attributes: Vec<String> = attributes
                    .iter()
                    .map(|(attribute, it)| format!("{} {}", quoted(attribute), data_type(it)))
                    .collect();
                self.line(&format!(
                    "CREATE TYPE {} AS ({});",
                    full(name),
                    attributes.join(", ")
                ));
            }
            TypeBody::Range(subtype) => self.line(&format!(
                "CREATE TYPE {} AS RANGE (subtype = {});",
                full(name),
                data_type(subtype)
            )),
            TypeBody::Base | TypeBody::Unknown => {
                self.line(&format!(
                    "-- not printed, since its definition is not known: type {name}"
                ));
            }
        }
    }

    fn all_routines(&self) -> Vec<(QualifiedName, Routine)> {
        self.catalog
            .all_routines()
            .flat_map(|(name, overloads)| {
                overloads
                    .iter()
                    .map(|routine| (name.clone(), routine.clone()))
            })
            .collect()
    }

    /// Functions whose signature names a table's row come after the tables.
    fn routines(&mut self, after_tables: bool) {
        for (name, routine) in self.all_routines() {
            if is_atomic(&routine) {
                continue;
            }
            let head = routine.written.as_deref().unwrap_or("");
            let head = head.split(&*routine.body).next().unwrap_or(head);
            let words: BTreeSet<String> = head
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .flat_map(|word| [word.to_owned(), word.to_lowercase()])
                .collect();
            let names_a_table = self.catalog.relations().any(|(relation, it)| {
                !matches!(
                    it.body,
                    RelationBody::Index { .. } | RelationBody::Sequence(_)
                ) && words.contains(relation.name.as_str())
            });
            let late = names_a_table || routine.kind == RoutineKind::Aggregate;
            if late == after_tables {
                self.routine(&name, &routine);
            }
        }
    }

    /// A body that is parsed when it is made needs what it names.
    fn atomic_routines(&mut self) {
        for (name, routine) in self.all_routines() {
            if is_atomic(&routine) {
                self.routine(&name, &routine);
            }
        }
    }

    fn routine(&mut self, name: &QualifiedName, routine: &Routine) {
        let kind = match routine.kind {
            RoutineKind::Function => "FUNCTION",
            RoutineKind::Procedure => "PROCEDURE",
            RoutineKind::Aggregate => "AGGREGATE",
        };
        match &routine.written {
            Some(written) => {
                self.search(&name.schema);
                self.line(&format!("CREATE {kind} {}{written};", full(name)));
            }
            None => self.line(&format!(
                "-- not printed, since what was written is out of date: {} {name}",
                kind.to_lowercase()
            )),
        }
    }

    /// Sequences of their own and those of `serial` columns; identity columns make theirs.
    fn sequences(&mut self) {
        for (name, relation) in self.relations() {
            let RelationBody::Sequence(sequence) = &relation.body else {
                continue;
            };
            if sequence.identity {
                continue;
            }
            match &sequence.options {
                Some(options) => self.line(&format!(
                    "CREATE SEQUENCE {}{};",
                    full(&name),
                    sequence_options(options)
                )),
                None => self.line(&format!(
                    "-- its numbers are not known\nCREATE SEQUENCE {};",
                    full(&name)
                )),
            }
        }
    }

    fn owner_of(&self, sequence: &Sequence) -> Option<(&QualifiedName, &Column)> {
        let (table, column) = sequence.owner?;
        let name = self.catalog.relation_name(table)?;
        Some((name, self.catalog.table(name)?.column_by_id(column)?))
    }

    fn owners(&mut self) {
        for (name, relation) in self.relations() {
            let RelationBody::Sequence(sequence) = &relation.body else {
                continue;
            };
            if sequence.identity {
                continue;
            }
            if let Some((table, column)) = self.owner_of(sequence) {
                if !self.catalog.table(table).is_some_and(is_printable) {
                    let line = format!("-- not printed, since its table is not: owner of {name}");
                    self.line(&line);
                    continue;
                }
                let line = format!(
                    "ALTER SEQUENCE {} OWNED BY {}.{};",
                    full(&name),
                    full(table),
                    quoted(&column.name)
                );
                self.line(&line);
            }
        }
    }

    fn tables(&mut self) {
        for (name, relation) in self.relations() {
            let RelationBody::Table(table) = &relation.body else {
                continue;
            };
            if !is_printable(table) {
                self.line(&format!(
                    "-- not printed, since not all of its columns or their types are known: table {name}"
                ));
                continue;
            }
            self.search(&name.schema);
            let mut lines: Vec<String> = Vec::new();
            for column in &table.columns {
                lines.push(format!("    {}", self.column(relation.id, column)));
            }
            for constraint in &table.constraints {
                if let ConstraintKind::Check { .. } = constraint.kind
                    && constraint.valid
                {
                    lines.push(format!("    {}", constraint_clause(constraint)));
                }
            }
            let kind = match (table.foreign, table.unlogged) {
                (true, _) => "-- not printed, since its server is not kept: FOREIGN TABLE",
                (false, true) => "CREATE UNLOGGED TABLE",
                (false, false) => "CREATE TABLE",
            };
            if table.foreign {
                self.line(&format!("{kind} {name}"));
                continue;
            }
            let partition_by = match &table.partition_by {
                Some(key) => format!(" PARTITION BY {}", key.text),
                None => String::new(),
            };
            let body = match lines.as_slice() {
                [] => String::new(),
                lines => format!("\n{}\n", lines.join(",\n")),
            };
            self.line(&format!("{kind} {} ({body}){partition_by};", full(&name)));
            for constraint in &table.constraints {
                if let ConstraintKind::Check { .. } = constraint.kind
                    && !constraint.valid
                {
                    self.add_constraint(&name, constraint);
                }
            }
        }
    }

    fn column(&self, table: ObjectId, column: &Column) -> String {
        let mut line = format!("{} {}", quoted(&column.name), data_type(&column.data_type));
        if let Some(collation) = &column.collation {
            let _ = write!(line, " COLLATE {}", object(collation));
        }
        if let Some(expr) = &column.generated {
            let _ = write!(line, " GENERATED ALWAYS AS ({}) STORED", expr.text);
        }
        if let Some(default) = &column.default {
            let _ = write!(line, " DEFAULT {}", default.text);
        }
        if column.not_null {
            line.push_str(" NOT NULL");
        }
        if let Some(identity) = column.identity {
            let kind = match identity {
                Identity::Always => "ALWAYS",
                Identity::ByDefault => "BY DEFAULT",
            };
            let sequence = self.catalog.relations().find_map(|(name, relation)| {
                let RelationBody::Sequence(sequence) = &relation.body else {
                    return None;
                };
                let options = sequence.options.as_deref()?;
                let is_its = sequence.identity && sequence.owner == Some((table, column.id));
                is_its.then_some((name, options))
            });
            let _ = write!(line, " GENERATED {kind} AS IDENTITY");
            if let Some((name, options)) = sequence {
                let numbers = numbers_of(options);
                let _ = write!(line, " (SEQUENCE NAME {}{numbers})", full(name));
            }
        }
        line
    }

    fn add_constraint(&mut self, table: &QualifiedName, constraint: &Constraint) {
        let line = format!(
            "ALTER TABLE {} ADD {};",
            full(table),
            constraint_clause(constraint)
        );
        self.line(&line);
    }

    fn keys_and_indexes(&mut self) {
        for (name, _, table) in self.full_tables() {
            if table.foreign {
                continue;
            }
            self.search(&name.schema);
            for constraint in &table.constraints {
                match constraint.kind {
                    ConstraintKind::PrimaryKey { .. }
                    | ConstraintKind::Unique { .. }
                    | ConstraintKind::Exclude { .. } => self.add_constraint(&name, constraint),
                    ConstraintKind::Check { .. }
                    | ConstraintKind::ForeignKey { .. }
                    | ConstraintKind::NotNull { .. } => {}
                }
            }
            let waits = |index: &Index| !index.valid && table.partition_by.is_some();
            for index in table.indexes.iter().filter(|it| !waits(it)) {
                self.index(&name, index, "");
            }
        }
    }

    /// Indexes of partitioned tables that do not have their counterparts in every partition.
    fn waiting_indexes(&mut self) {
        let tables = self.full_tables();
        for (name, id, table) in &tables {
            let waits = |index: &Index| !index.valid && table.partition_by.is_some();
            let mut others = tables.iter();
            let is_alone = !others.any(|(_, _, other)| other.partition_of == Some(*id));
            for index in table.indexes.iter().filter(|it| waits(it)) {
                if is_alone {
                    self.line(&format!(
                        "-- not printed, since it waits for partitions that are gone: index {name}.{}",
                        index.name
                    ));
                    continue;
                }
                self.index(name, index, "ONLY ");
                for (other, _, partition) in &tables {
                    let copies = partition.indexes.iter();
                    for copy in copies.filter(|it| it.parent == Some(index.id)) {
                        self.line(&format!(
                            "ALTER INDEX {}.{} ATTACH PARTITION {}.{};",
                            quoted(&name.schema),
                            quoted(&index.name),
                            quoted(&other.schema),
                            quoted(&copy.name)
                        ));
                    }
                }
            }
        }
    }

    fn index(&mut self, table: &QualifiedName, index: &Index, only: &str) {
        if index.constraint.is_some() {
            return;
        }
        if !index.valid && only.is_empty() {
            self.line("-- this index is not valid");
        }
        let unique = if index.unique { "UNIQUE " } else { "" };
        self.line(&format!(
            "CREATE {unique}INDEX {} ON {only}{} {};",
            quoted(&index.name),
            full(table),
            index_text(index)
        ));
    }

    /// Partitions and children, which are made alone first: what they share with their parents is
    /// there already, and is found.
    fn families(&mut self) {
        for (name, _, table) in self.full_tables() {
            let parent = |id: ObjectId| self.catalog.relation_name(id).map(full);
            let lines: Vec<String> = match (&table.partition_of, &table.partition_bound) {
                (Some(id), Some(bound)) => parent(*id)
                    .map(|parent| {
                        let child = full(&name);
                        format!(
                            "ALTER TABLE {parent} ATTACH PARTITION {child} {};",
                            bound.text
                        )
                    })
                    .into_iter()
                    .collect(),
                (Some(_), None) => vec![format!("-- the bounds of {name} are not known")],
                (None, _) => table
                    .inherits
                    .iter()
                    .filter_map(|id| parent(*id))
                    .map(|parent| format!("ALTER TABLE {} INHERIT {parent};", full(&name)))
                    .collect(),
            };
            for line in lines {
                self.line(&line);
            }
        }
    }

    fn foreign_keys(&mut self) {
        for (name, _, table) in self.full_tables() {
            for constraint in &table.constraints {
                let ConstraintKind::ForeignKey { .. } = &constraint.kind else {
                    continue;
                };
                // The partitioned table hands its foreign keys down.
                let inherited = table.partition_of.is_some_and(|parent| {
                    let parent = self.catalog.relation_name(parent);
                    parent
                        .and_then(|parent| self.catalog.table(parent))
                        .is_some_and(|parent| {
                            parent
                                .constraints
                                .iter()
                                .any(|it| it.name == constraint.name)
                        })
                });
                if inherited {
                    continue;
                }
                let referenced = constraint
                    .references
                    .and_then(|id| self.catalog.relation_name(id))
                    .cloned();
                let known = referenced
                    .as_ref()
                    .and_then(|name| self.catalog.table(name))
                    .is_some_and(is_printable);
                if known {
                    let mut constraint = constraint.clone();
                    if let (ConstraintKind::ForeignKey { table, .. }, Some(name)) =
                        (&mut constraint.kind, &referenced)
                    {
                        *table = ObjectName::from(name);
                    }
                    self.add_constraint(&name, &constraint);
                } else {
                    self.line(&format!(
                        "-- not printed, since the table that it references is not: foreign key {} of {name}",
                        constraint.name
                    ));
                }
            }
        }
    }

    /// Views in an order in which each finds those that it reads.
    fn views(&mut self) {
        let mut pending: Vec<(QualifiedName, ObjectId, View)> = self
            .relations()
            .into_iter()
            .filter_map(|(name, relation)| match relation.body {
                RelationBody::View(view) => Some((name, relation.id, view)),
                _ => None,
            })
            .collect();
        while !pending.is_empty() {
            let waiting: BTreeSet<ObjectId> = pending.iter().map(|(_, id, _)| *id).collect();
            let (ready, later): (Vec<_>, Vec<_>) =
                pending.into_iter().partition(|(_, id, view)| {
                    let mut reads = view.depends_on.iter();
                    reads.all(|read| read == id || !waiting.contains(read))
                });
            if ready.is_empty() {
                for (name, _, _) in &later {
                    self.line(&format!(
                        "-- not printed, since it reads itself: view {name}"
                    ));
                }
                return;
            }
            for (name, _, view) in &ready {
                self.view(name, view);
            }
            pending = later;
        }
    }

    fn view(&mut self, name: &QualifiedName, view: &View) {
        if view.query.text.is_empty() {
            self.line(&format!(
                "-- not printed, since its query was not seen: view {name}"
            ));
            return;
        }
        self.search(&name.schema);
        let kind = if view.materialized {
            "MATERIALIZED VIEW"
        } else {
            "VIEW"
        };
        let columns = match &view.columns {
            Some(columns) if !columns.is_empty() => format!(" ({})", list(columns)),
            _ => String::new(),
        };
        let no_data = if view.materialized {
            " WITH NO DATA"
        } else {
            ""
        };
        self.line(&format!(
            "CREATE {kind} {}{columns} AS {}{no_data};",
            full(name),
            view.query.text
        ));
        for index in &view.indexes {
            self.index(name, index, "");
        }
    }

    fn triggers(&mut self) {
        for (name, relation) in self.relations() {
            let triggers = match &relation.body {
                RelationBody::Table(table) if is_printable(table) && !table.foreign => {
                    &table.triggers
                }
                RelationBody::View(view) => &view.triggers,
                _ => continue,
            };
            for trigger in triggers {
                self.search(&name.schema);
                self.trigger(&name, trigger);
            }
        }
    }

    fn rules(&mut self) {
        for (name, relation) in self.relations() {
            if matches!(&relation.body, RelationBody::Table(table) if !is_printable(table)) {
                continue;
            }
            for rule in relation.rules() {
                self.search(&name.schema);
                let condition = match &rule.condition {
                    Some(condition) => format!(" WHERE {}", condition.text),
                    None => String::new(),
                };
                let how = if rule.instead { "INSTEAD" } else { "ALSO" };
                self.line(&format!(
                    "CREATE RULE {} AS ON {} TO {}{condition} DO {how} {};",
                    quoted(&rule.name),
                    rule.event.as_str(),
                    full(&name),
                    rule.actions.text
                ));
                if !rule.enabled {
                    self.line(&format!(
                        "ALTER TABLE {} DISABLE RULE {};",
                        full(&name),
                        quoted(&rule.name)
                    ));
                }
            }
        }
    }

    fn trigger(&mut self, table: &QualifiedName, trigger: &Trigger) {
        let Some(function) = &trigger.function else {
            return;
        };
        let constraint = if trigger.constraint {
            "CONSTRAINT "
        } else {
            ""
        };
        let timing = match trigger.timing {
            TriggerTiming::Before => "BEFORE",
            TriggerTiming::After => "AFTER",
            TriggerTiming::InsteadOf => "INSTEAD OF",
        };
        let mut events = Vec::new();
        if trigger.events.insert {
            events.push("INSERT".to_owned());
        }
        if trigger.events.update {
            events.push(match trigger.columns.as_slice() {
                [] => "UPDATE".to_owned(),
                columns => format!("UPDATE OF {}", list(columns)),
            });
        }
        if trigger.events.delete {
            events.push("DELETE".to_owned());
        }
        if trigger.events.truncate {
            events.push("TRUNCATE".to_owned());
        }
        let attributes = match &trigger.attributes {
            Some(attributes) => format!(" {attributes}"),
            None => String::new(),
        };
        let each = if trigger.for_each_row {
            "ROW"
        } else {
            "STATEMENT"
        };
        let condition = match &trigger.condition {
            Some(condition) => format!(" WHEN ({})", condition.text),
            None => String::new(),
        };
        let arguments: Vec<String> = trigger.arguments.iter().map(|it| text(it)).collect();
        self.line(&format!(
            "CREATE {constraint}TRIGGER {} {timing} {} ON {}{attributes} FOR EACH {each}{condition} \
             EXECUTE FUNCTION {}({});",
            quoted(&trigger.name),
            events.join(" OR "),
            full(table),
            object(function),
            arguments.join(", ")
        ));
        if !trigger.enabled {
            self.line(&format!(
                "ALTER TABLE {} DISABLE TRIGGER {};",
                full(table),
                quoted(&trigger.name)
            ));
        }
    }

    fn policies(&mut self) {
        for (name, _, table) in self.full_tables() {
            for policy in &table.policies {
                self.search(&name.schema);
                self.policy(&name, policy);
            }
            if table.row_security.enabled {
                self.line(&format!(
                    "ALTER TABLE {} ENABLE ROW LEVEL SECURITY;",
                    full(&name)
                ));
            }
            if table.row_security.forced {
                self.line(&format!(
                    "ALTER TABLE {} FORCE ROW LEVEL SECURITY;",
                    full(&name)
                ));
            }
        }
    }

    fn policy(&mut self, table: &QualifiedName, policy: &Policy) {
        let kind = if policy.permissive {
            ""
        } else {
            " AS RESTRICTIVE"
        };
        let command = match policy.command {
            PolicyCommand::All => "ALL",
            PolicyCommand::Select => "SELECT",
            PolicyCommand::Insert => "INSERT",
            PolicyCommand::Update => "UPDATE",
            PolicyCommand::Delete => "DELETE",
        };
        let roles = match policy.roles.as_slice() {
            [] => "PUBLIC".to_owned(),
            roles => roles.iter().map(role).collect::<Vec<_>>().join(", "),
        };
        let mut line = format!(
            "CREATE POLICY {} ON {}{kind} FOR {command} TO {roles}",
            quoted(&policy.name),
            full(table)
        );
        if let Some(using) = &policy.using {
            let _ = write!(line, " USING ({})", using.text);
        }
        if let Some(check) = &policy.with_check {
            let _ = write!(line, " WITH CHECK ({})", check.text);
        }
        self.line(&format!("{line};"));
    }

    fn privileges(&mut self) {
        for (target, held) in self.catalog.all_held() {
            let on = match target {
                PrivilegeTarget::Relation(id) => {
                    let Some(name) = self.catalog.relation_name(*id) else {
                        continue;
                    };
                    match self.catalog.relation(name).map(|it| &it.body) {
                        Some(RelationBody::Sequence(_)) => format!("SEQUENCE {}", full(name)),
                        Some(RelationBody::Table(table)) if is_printable(table) => full(name),
                        Some(RelationBody::View(_)) => full(name),
                        _ => continue,
                    }
                }
                PrivilegeTarget::Schema(name) if self.catalog.has_schema(name) => {
                    format!("SCHEMA {}", quoted(name))
                }
                PrivilegeTarget::Routine(name) => {
                    for routine in self.catalog.routines(name) {
                        let types: Vec<String> =
                            routine.signature().into_iter().map(data_type).collect();
                        let on = format!("ROUTINE {}({})", full(name), types.join(", "));
                        self.grants(&on, held);
                    }
                    continue;
                }
                // What was not seen, or is no longer there; memberships belong to the server.
                PrivilegeTarget::Schema(_)
                | PrivilegeTarget::UnseenRelation(_)
                | PrivilegeTarget::NewRoutines
                | PrivilegeTarget::Role(_) => continue,
            };
            self.grants(&on, held);
        }
    }

    fn grants(&mut self, on: &str, held: &BTreeMap<Privilege, bool>) {
        for (privilege, granted) in held {
            let columns = match &privilege.column {
                Some(column) => format!(" ({})", quoted(column)),
                None => String::new(),
            };
            let (name, role) = (&privilege.name, role(&privilege.role));
            let everybody = privilege.role.as_str() == "public" && &**name == "EXECUTE";
            match granted {
                true => self.line(&format!("GRANT {name}{columns} ON {on} TO {role};")),
                // Nobody else has a privilege that was not granted above.
                false if everybody => self.line(&format!("REVOKE {name} ON {on} FROM {role};")),
                false => {}
            }
        }
    }
}

/// What a privilege is about: the kind of object and its name; `None` where it is not there, or
/// not of this database.
pub(super) fn target_of(
    catalog: &Catalog,
    target: &PrivilegeTarget,
) -> Option<(&'static str, String)> {
    match target {
        PrivilegeTarget::Relation(id) => {
            let name = catalog.relation_name(*id)?;
            Some(("relation", name.to_string()))
        }
        PrivilegeTarget::UnseenRelation(name) => Some(("relation", name.to_string())),
        PrivilegeTarget::Schema(name) => {
            let name = catalog.has_schema(name).then(|| name.as_str().to_owned());
            name.map(|name| ("schema", name))
        }
        PrivilegeTarget::Routine(name) => {
            let is_there = !catalog.routines(name).is_empty();
            is_there.then(|| ("routine", name.to_string()))
        }
        PrivilegeTarget::NewRoutines | PrivilegeTarget::Role(_) => None,
    }
}

/// The definition of a constraint, without its name.
pub(crate) fn constraint_text(constraint: &Constraint) -> String {
    let clause = constraint_clause(constraint);
    let name = format!("CONSTRAINT {} ", quoted(&constraint.name));
    clause.strip_prefix(&name).unwrap_or(&clause).to_owned()
}

/// The definition of an index, without its name and its table: from `USING` on.
pub(crate) fn index_text(index: &Index) -> String {
    let usual = KeyOptions::default();
    let keys: Vec<String> = index
        .keys
        .iter()
        .enumerate()
        .map(|(at, key)| index_key(key, index.options.get(at).unwrap_or(&usual)))
        .collect();
    let mut out = format!("USING {} ({})", quoted(&index.method), keys.join(", "));
    if !index.include.is_empty() {
        let _ = write!(out, " INCLUDE ({})", list(&index.include));
    }
    if index.nulls_not_distinct {
        out.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(predicate) = &index.predicate {
        let _ = write!(out, " WHERE {}", predicate.text);
    }
    out
}

fn role(name: &Ident) -> String {
    match name.as_str() {
        "public" => "PUBLIC".to_owned(),
        _ => quoted(name),
    }
}

fn is_atomic(routine: &Routine) -> bool {
    let body = routine.body.trim_start().to_lowercase();
    body.starts_with("begin atomic") || body.starts_with("return ")
}

fn is_printable(table: &Table) -> bool {
    table.knowledge.is_full()
        && table
            .columns
            .iter()
            .all(|column| column.data_type.name != TypeName::Unknown && !column.assumed)
}

fn parts_of(user_type: &UserType) -> Vec<&SqlType> {
    match &user_type.body {
        TypeBody::Domain { base, .. } => vec![base],
        TypeBody::Composite(attributes) => attributes.iter().map(|(_, it)| it).collect(),
        TypeBody::Range(subtype) => vec![subtype],
        TypeBody::Enum { .. } | TypeBody::Base | TypeBody::Unknown => Vec::new(),
    }
}

fn resolved(name: &ObjectName) -> Option<QualifiedName> {
    let schema = name.schema.clone()?;
    Some(QualifiedName::new(schema, name.name.clone()))
}

fn index_key(key: &IndexKey, options: &KeyOptions) -> String {
    let mut out = match key {
        IndexKey::Column(column) => quoted(column),
        IndexKey::Expression(expr) => format!("({})", expr.text),
    };
    if let Some(collation) = &options.collation {
        let _ = write!(out, " COLLATE {}", object(collation));
    }
    if let Some(class) = &options.class {
        let _ = write!(out, " {}", object(class));
    }
    if options.descending {
        out.push_str(" DESC");
    }
    match (options.descending, options.nulls_first) {
        (true, false) => out.push_str(" NULLS LAST"),
        (false, true) => out.push_str(" NULLS FIRST"),
        (true, true) | (false, false) => {}
    }
    out
}

fn constraint_clause(constraint: &Constraint) -> String {
    let options = &constraint.options;
    let mut out = format!("CONSTRAINT {} ", quoted(&constraint.name));
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns, .. } => {
            let _ = write!(out, "PRIMARY KEY ({})", list(columns));
        }
        ConstraintKind::Unique {
            columns,
            nulls_not_distinct,
            ..
        } => {
            let nulls = if *nulls_not_distinct {
                "NULLS NOT DISTINCT "
            } else {
                ""
            };
            let _ = write!(out, "UNIQUE {nulls}({})", list(columns));
        }
        ConstraintKind::Check { expr, .. } => {
            let _ = write!(out, "CHECK ({})", expr.text);
        }
        ConstraintKind::ForeignKey {
            columns,
            table,
            referenced,
            on_delete,
            on_update,
        } => {
            let _ = write!(
                out,
                "FOREIGN KEY ({}) REFERENCES {}",
                list(columns),
                object(table)
            );
            if !referenced.is_empty() {
                let _ = write!(out, " ({})", list(referenced));
            }
            if options.match_full {
                out.push_str(" MATCH FULL");
            }
            if let Some(action) = action(*on_delete) {
                let _ = write!(out, " ON DELETE {action}");
                if !options.set_columns.is_empty() {
                    let _ = write!(out, " ({})", list(&options.set_columns));
                }
            }
            if let Some(action) = action(*on_update) {
                let _ = write!(out, " ON UPDATE {action}");
            }
        }
        ConstraintKind::Exclude { definition } => {
            let _ = write!(out, "EXCLUDE {}", definition.text);
        }
        ConstraintKind::NotNull { column } => {
            let _ = write!(out, "NOT NULL {}", quoted(column));
        }
    }
    if !options.include.is_empty() && options.exclusion.is_none() {
        let _ = write!(out, " INCLUDE ({})", list(&options.include));
    }
    if constraint.deferrable {
        out.push_str(" DEFERRABLE");
    }
    if options.deferred {
        out.push_str(" INITIALLY DEFERRED");
    }
    if options.no_inherit {
        out.push_str(" NO INHERIT");
    }
    if !constraint.enforced {
        out.push_str(" NOT ENFORCED");
    } else if !constraint.valid {
        out.push_str(" NOT VALID");
    }
    out
}

fn action(action: ReferentialAction) -> Option<&'static str> {
    match action {
        ReferentialAction::NoAction => None,
        ReferentialAction::Restrict => Some("RESTRICT"),
        ReferentialAction::Cascade => Some("CASCADE"),
        ReferentialAction::SetNull => Some("SET NULL"),
        ReferentialAction::SetDefault => Some("SET DEFAULT"),
    }
}

fn sequence_options(options: &SequenceOptions) -> String {
    format!(
        " AS {}{}",
        data_type(&options.data_type),
        numbers_of(options)
    )
}

fn numbers_of(options: &SequenceOptions) -> String {
    let cycle = if options.cycle { " CYCLE" } else { "" };
    format!(
        " INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}{cycle}",
        options.increment, options.min, options.max, options.start, options.cache
    )
}
