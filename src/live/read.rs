//! Rows of the server's catalog to a [`Catalog`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{Answers, LiveError};
use crate::schema::catalog::{
    Catalog, Column, Constraint, EnumLabel, Index, ObjectId, Policy, Privilege, PrivilegeTarget,
    Relation, RelationBody, RewriteRule, Routine, RowSecurity, Sequence, SequenceOptions, Table,
    Trigger, TypeBody, UserType, View, ViewWrites,
};
use crate::schema::list::List;
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    ConstraintKind, ConstraintOptions, Identity, IndexKey, KeyOptions, PolicyCommand, QueryDef,
    ReferentialAction, RoutineArgument, RoutineKind, SchemaOp, SqlExpr, TriggerEvents,
    TriggerTiming,
};
use crate::schema::types::SqlType;
use crate::sql;

/// The queries, in one script.
const CATALOG: &str = include_str!("catalog.sql");

/// Begins the transaction in which everything is read: one snapshot, and nothing can be written.
pub(super) const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;\n";

/// Keeps the search path in a setting of the transaction, and searches `pg_catalog` alone.
pub(super) const KEEP_PATH: &str = include_str!("path.sql");

/// Ends it.
pub(super) const COMMIT: &str = "COMMIT;\n";

/// Ends it after a failure.
pub(super) const ROLLBACK: &str = "ROLLBACK;\n";

/// Only rows of a server's catalog hold identifiers as they are stored.
impl<'de> Deserialize<'de> for Ident {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input).map(|text| Ident::new(&text))
    }
}

/// A grantee and a privilege.
type Acl = Option<Vec<(String, String)>>;

/// One row of an answer.
#[derive(Debug, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Row {
    Schema { name: Ident, acl: Acl },
    Extension { name: Ident, schema: Ident },
    Relation(RelationRow),
    Column(ColumnRow),
    Constraint(ConstraintRow),
    Index(IndexRow),
    Type(TypeRow),
    Sequence(SequenceRow),
    Routine(RoutineRow),
    Trigger(TriggerRow),
    Rule(RuleRow),
    Policy(PolicyRow),
    Dependency { view: u64, relation: u64 },
}

#[derive(Debug, Deserialize)]
struct RelationRow {
    id: u64,
    schema: Ident,
    name: Ident,
    kind: String,
    unlogged: bool,
    row_security: bool,
    forced_security: bool,
    bound: Option<String>,
    partition_by: Option<String>,
    query: Option<String>,
    parents: Option<Vec<u64>>,
    acl: Acl,
}

#[derive(Debug, Deserialize)]
struct ColumnRow {
    relation: u64,
    number: u64,
    name: Ident,
    r#type: String,
    not_null: bool,
    expression: Option<String>,
    identity: String,
    generated: String,
    collation: Option<(Ident, Ident)>,
    acl: Acl,
}

#[derive(Debug, Deserialize)]
struct ConstraintRow {
    relation: u64,
    parent: u64,
    r#type: u64,
    name: Ident,
    kind: String,
    valid: bool,
    deferrable: bool,
    deferred: bool,
    no_inherit: bool,
    enforced: bool,
    referenced: u64,
    on_update: String,
    on_delete: String,
    match_full: bool,
    expression: Option<String>,
    definition: Option<String>,
    columns: Option<Vec<Ident>>,
    referenced_columns: Option<Vec<Ident>>,
    set_columns: Option<Vec<Ident>>,
}

#[derive(Debug, Deserialize)]
struct IndexRow {
    id: u64,
    parent: Option<u64>,
    relation: u64,
    name: Ident,
    unique: bool,
    valid: bool,
    method: Ident,
    nulls_not_distinct: bool,
    predicate: Option<String>,
    keys: usize,
    constraint: Option<Ident>,
    parts: Vec<IndexPart>,
}

#[derive(Debug, Deserialize)]
struct IndexPart {
    column: Option<Ident>,
    expression: Option<String>,
    class: Option<Ident>,
    collation: Option<(Ident, Ident)>,
    options: u8,
}

#[derive(Debug, Deserialize)]
struct TypeRow {
    id: u64,
    schema: Ident,
    name: Ident,
    kind: String,
    relation: u64,
    not_null: bool,
    base: Option<String>,
    default: Option<String>,
    subtype: Option<String>,
    labels: Option<Vec<(u64, String)>>,
}

#[derive(Debug, Deserialize)]
struct SequenceRow {
    relation: u64,
    r#type: String,
    start: i64,
    increment: i64,
    min: i64,
    max: i64,
    cache: i64,
    cycle: bool,
    owner: Option<u64>,
    owner_column: Option<u64>,
    identity: bool,
}

#[derive(Debug, Deserialize)]
struct RoutineRow {
    id: u64,
    schema: Ident,
    name: Ident,
    kind: String,
    language: Ident,
    body: String,
    definition: Option<String>,
    result: Option<String>,
    types: Option<Vec<String>>,
    names: Option<Vec<String>>,
    modes: Option<Vec<String>>,
    defaults: usize,
    has_acl: bool,
    acl: Acl,
}

#[derive(Debug, Deserialize)]
struct TriggerRow {
    id: u64,
    relation: u64,
    name: Ident,
    bits: u64,
    enabled: bool,
    constraint: bool,
    function_schema: Ident,
    function: Ident,
    arguments: String,
    old_table: Option<Ident>,
    new_table: Option<Ident>,
    definition: Option<String>,
    columns: Option<Vec<Ident>>,
}

#[derive(Debug, Deserialize)]
struct RuleRow {
    id: u64,
    relation: u64,
    name: Ident,
    enabled: bool,
    definition: String,
}

#[derive(Debug, Deserialize)]
struct PolicyRow {
    id: u64,
    relation: u64,
    name: Ident,
    command: String,
    permissive: bool,
    roles: Option<Vec<Ident>>,
    using: Option<String>,
    with_check: Option<String>,
}

/// Rows sorted by what they are about.
#[derive(Default)]
struct Rows {
    relations: Vec<RelationRow>,
    columns: BTreeMap<u64, Vec<ColumnRow>>,
    constraints: BTreeMap<u64, Vec<ConstraintRow>>,
    domain_checks: BTreeMap<u64, Vec<ConstraintRow>>,
    indexes: BTreeMap<u64, Vec<IndexRow>>,
    types: Vec<TypeRow>,
    sequences: BTreeMap<u64, SequenceRow>,
    routines: Vec<RoutineRow>,
    triggers: BTreeMap<u64, Vec<TriggerRow>>,
    rules: BTreeMap<u64, Vec<RuleRow>>,
    policies: BTreeMap<u64, Vec<PolicyRow>>,
    dependencies: BTreeMap<u64, Vec<ObjectId>>,
}

/// Reads the catalog of the database that the server is connected to (PostgreSQL 12 to 18), in one
/// read-only transaction of its own.
///
/// # Errors
///
/// When the server cannot be asked, or its answer is not understood.
pub fn read_catalog(server: &mut dyn Answers) -> Result<Catalog, LiveError> {
    let lines = server.answer(&format!("{BEGIN}{}{COMMIT}", script(None)))?;
    catalog_of(&lines)
}

/// Of which relations a catalog is read, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Only {
    /// Those with their columns, unique indexes and what else belongs to them.
    pub(super) relations: BTreeSet<u64>,
    /// The views with their query. The server locks what a view reads, and waits for whoever has
    /// locked it, when it is asked for the text.
    pub(super) texts: BTreeSet<u64>,
}

/// The queries for the catalog: of everything, or of these relations only.
pub(super) fn script(only: Option<&Only>) -> String {
    let listed = |numbers: &BTreeSet<u64>| {
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        numbers.join(",")
    };
    let texts = only.map_or(String::new(), |it| {
        format!("AND c.oid = ANY ('{{{}}}'::oid[])", listed(&it.texts))
    });
    let catalog = CATALOG.replace("/* text c.oid */", &texts);
    let mut parts = catalog.split("/* only ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    let numbers = only.map(|it| listed(&it.relations));
    for part in parts {
        let (place, rest) = part.split_once(" */").unwrap_or((part, ""));
        if let Some(numbers) = &numbers {
            let (place, and) = place.split_once(" and ").unwrap_or((place, "true"));
            let (number, or) = place.split_once(" or ").unwrap_or((place, "false"));
            out.push_str(&format!(
                "AND ({number} = ANY ('{{{numbers}}}'::oid[]) OR {or}) AND {and}"
            ));
        }
        out.push_str(rest);
    }
    out
}

/// The catalog that the rows make.
///
/// # Errors
///
/// When a row is not understood.
pub(super) fn catalog_of(lines: &[String]) -> Result<Catalog, LiveError> {
    let mut catalog = Catalog::empty();
    let mut rows = Rows::default();
    for line in lines {
        match row(line)? {
            Row::Schema { name, acl } => {
                let target = PrivilegeTarget::Schema(name.clone());
                grant(&mut catalog, &target, acl, None);
                catalog.add_schema(name);
            }
            Row::Extension { name, schema } => catalog.add_extension(name, schema),
            Row::Relation(row) => rows.relations.push(row),
            Row::Column(row) => rows.columns.entry(row.relation).or_default().push(row),
            Row::Constraint(row) if row.relation == 0 => {
                rows.domain_checks.entry(row.r#type).or_default().push(row);
            }
            Row::Constraint(row) => rows.constraints.entry(row.relation).or_default().push(row),
            Row::Index(row) => rows.indexes.entry(row.relation).or_default().push(row),
            Row::Type(row) => rows.types.push(row),
            Row::Sequence(row) => {
                rows.sequences.insert(row.relation, row);
            }
            Row::Routine(row) => rows.routines.push(row),
            Row::Trigger(row) => rows.triggers.entry(row.relation).or_default().push(row),
            Row::Rule(row) => rows.rules.entry(row.relation).or_default().push(row),
            Row::Policy(row) => rows.policies.entry(row.relation).or_default().push(row),
            Row::Dependency { view, relation } => {
                let list = rows.dependencies.entry(view).or_default();
                list.push(ObjectId(relation));
            }
        }
    }
    build(&mut catalog, rows);
    Ok(catalog)
}

/// One row of an answer, which is a line of JSON.
pub(super) fn row<T: serde::de::DeserializeOwned>(line: &str) -> Result<T, LiveError> {
    serde_json::from_str(line).map_err(|error| LiveError::Answer {
        reason: error.to_string(),
        row: line.chars().take(200).collect(),
    })
}

fn build(catalog: &mut Catalog, mut rows: Rows) {
    let names: BTreeMap<u64, QualifiedName> = rows
        .relations
        .iter()
        .map(|row| {
            let name = QualifiedName::new(row.schema.clone(), row.name.clone());
            (row.id, name)
        })
        .collect();
    let partitioned: BTreeSet<u64> = rows
        .relations
        .iter()
        .filter(|row| row.kind == "p")
        .map(|row| row.id)
        .collect();
    let parents: BTreeSet<u64> = rows
        .relations
        .iter()
        .flat_map(|row| row.parents.iter().flatten().copied())
        .collect();
    for row in std::mem::take(&mut rows.relations) {
        let name = QualifiedName::new(row.schema.clone(), row.name.clone());
        let target = PrivilegeTarget::Relation(ObjectId(row.id));
        grant(catalog, &target, row.acl.clone(), None);
        let columns = rows.columns.remove(&row.id).unwrap_or_default();
        for column in &columns {
            grant(catalog, &target, column.acl.clone(), Some(&column.name));
        }
        let indexes: List<Index> = rows
            .indexes
            .remove(&row.id)
            .into_iter()
            .flatten()
            .map(index)
            .collect();
        let triggers = rows.triggers.remove(&row.id).into_iter().flatten();
        let triggers: Vec<Trigger> = triggers.map(trigger).collect();
        let rules = rows.rules.remove(&row.id).into_iter().flatten();
        let rules: Vec<RewriteRule> = rules.filter_map(rule).collect();
        let body = match row.kind.as_str() {
            "v" | "m" => RelationBody::View(View {
                materialized: row.kind == "m",
                columns: Some(columns.iter().map(|column| column.name.clone()).collect()),
                types: columns.iter().map(|it| data_type(&it.r#type)).collect(),
                query: QueryDef {
                    text: row.query.unwrap_or_default().into(),
                    relations: Vec::new(),
                    columns: None,
                    output: None,
                },
                depends_on: rows.dependencies.remove(&row.id).unwrap_or_default(),
                indexes,
                triggers,
                rules,
                writes: ViewWrites::Unknown,
            }),
            "S" => RelationBody::Sequence(match rows.sequences.remove(&row.id) {
                Some(row) => sequence(row),
                None => continue,
            }),
            "c" => {
                // A composite type: its attributes wait for the type.
                rows.columns.insert(row.id, columns);
                continue;
            }
            kind => {
                let policies = rows.policies.remove(&row.id).into_iter().flatten();
                let constraints = rows.constraints.remove(&row.id).into_iter().flatten();
                let is_partition = row
                    .parents
                    .iter()
                    .flatten()
                    .find(|parent| partitioned.contains(parent));
                RelationBody::Table(Table {
                    columns: columns.into_iter().map(column).collect(),
                    constraints: constraints.map(|row| constraint(row, &names)).collect(),
                    indexes,
                    triggers,
                    rules,
                    policies: policies.map(policy).collect(),
                    row_security: RowSecurity {
                        enabled: row.row_security,
                        forced: row.forced_security,
                    },
                    partition_of: is_partition.map(|parent| ObjectId(*parent)),
                    partition_bound: row.bound.as_deref().map(sql::expression_of),
                    partition_by: row.partition_by.as_deref().map(sql::expression_of),
                    inherits: match is_partition {
                        Some(_) => Vec::new(),
                        None => row.parents.into_iter().flatten().map(ObjectId).collect(),
                    },
                    has_children: parents.contains(&row.id),
                    foreign: kind == "f",
                    unlogged: row.unlogged,
                    ..Table::default()
                })
            }
        };
        let relation = Relation {
            id: ObjectId(row.id),
            body,
            temporary: false,
            assumed: false,
            unread: 0,
        };
        catalog.add_relation(name, relation);
    }
    for row in std::mem::take(&mut rows.types) {
        let name = QualifiedName::new(row.schema.clone(), row.name.clone());
        catalog.add_type(name, user_type(row, &mut rows));
    }
    for row in rows.routines {
        add_routine(catalog, row);
    }
}

fn grant(catalog: &mut Catalog, target: &PrivilegeTarget, acl: Acl, column: Option<&Ident>) {
    for (role, privilege) in acl.into_iter().flatten() {
        let privilege = Privilege {
            role: Ident::new(&role),
            name: privilege.into(),
            column: column.cloned(),
        };
        catalog.add_privilege(target.clone(), privilege, true);
    }
}

/// A type as the server prints it; one that our reader does not take is unknown.
fn data_type(text: &str) -> SqlType {
    sql::data_type_of(text).unwrap_or_else(SqlType::unknown)
}

fn object((schema, name): (Ident, Ident)) -> ObjectName {
    ObjectName::qualified(schema, name)
}

fn column(row: ColumnRow) -> Column {
    let expression = row.expression.as_deref().map(sql::expression_of);
    let (default, generated) = if row.generated.is_empty() {
        (expression, None)
    } else {
        (None, expression)
    };
    Column {
        id: ObjectId(row.relation << 16 | row.number),
        name: row.name,
        data_type: data_type(&row.r#type),
        collation: row.collation.map(object),
        not_null: row.not_null,
        default,
        identity: match row.identity.as_str() {
            "a" => Some(Identity::Always),
            "d" => Some(Identity::ByDefault),
            _ => None, // The server has no other.
        },
        generated,
        assumed: false,
    }
}

fn constraint(row: ConstraintRow, names: &BTreeMap<u64, QualifiedName>) -> Constraint {
    let columns = row.columns.unwrap_or_default();
    let kind = match row.kind.as_str() {
        "p" => ConstraintKind::PrimaryKey {
            columns,
            using_index: None,
        },
        "u" => ConstraintKind::Unique {
            columns,
            nulls_not_distinct: false,
            using_index: None,
        },
        "f" => ConstraintKind::ForeignKey {
            columns,
            table: match names.get(&row.referenced) {
                Some(name) => ObjectName::from(name),
                None => ObjectName::bare(""),
            },
            referenced: row.referenced_columns.unwrap_or_default(),
            on_delete: action(&row.on_delete),
            on_update: action(&row.on_update),
        },
        "x" => ConstraintKind::Exclude {
            definition: sql::expression_of(&row.definition.unwrap_or_default()),
        },
        // The queries ask for these and checks only.
        _ => ConstraintKind::Check {
            expr: sql::expression_of(&row.expression.unwrap_or_default()),
            allowed: None,
        },
    };
    let is_foreign_key = matches!(kind, ConstraintKind::ForeignKey { .. });
    Constraint {
        id: ObjectId(0),
        name: row.name,
        references: is_foreign_key.then_some(ObjectId(row.referenced)),
        // Only a check can be kept from children by will.
        options: Arc::new(ConstraintOptions {
            deferred: row.deferred,
            no_inherit: row.no_inherit && matches!(kind, ConstraintKind::Check { .. }),
            match_full: row.match_full && is_foreign_key,
            set_columns: row.set_columns.unwrap_or_default(),
            include: Vec::new(),
            exclusion: None,
            only: false,
            beside: None,
        }),
        kind,
        valid: row.valid,
        deferrable: row.deferrable,
        enforced: row.enforced,
        parent: (row.parent != 0).then_some(ObjectId(row.parent)),
    }
}

fn action(letter: &str) -> ReferentialAction {
    match letter {
        "r" => ReferentialAction::Restrict,
        "c" => ReferentialAction::Cascade,
        "n" => ReferentialAction::SetNull,
        "d" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}

fn index(row: IndexRow) -> Index {
    let mut keys = Vec::new();
    let mut options = Vec::new();
    let mut include = Vec::new();
    for (at, part) in row.parts.into_iter().enumerate() {
        match (part.column, part.expression) {
            (Some(column), _) if at >= row.keys => include.push(column),
            (Some(column), _) => keys.push(IndexKey::Column(column)),
            (None, expression) => {
                let expression = expression.unwrap_or_default();
                keys.push(IndexKey::Expression(sql::expression_of(&expression)));
            }
        }
        if at < row.keys {
            options.push(KeyOptions {
                class: part.class.map(ObjectName::bare),
                collation: part.collation.map(object),
                descending: part.options & 1 != 0,
                nulls_first: part.options & 2 != 0,
            });
        }
    }
    if options.iter().all(|it| *it == KeyOptions::default()) {
        options.clear();
    }
    Index {
        id: ObjectId(row.id),
        name: row.name,
        unique: row.unique,
        nulls_not_distinct: row.nulls_not_distinct,
        method: row.method,
        keys,
        options,
        include,
        predicate: row.predicate.as_deref().map(sql::expression_of),
        constraint: row.constraint,
        valid: row.valid,
        parent: row.parent.map(ObjectId),
    }
}

fn sequence(row: SequenceRow) -> Sequence {
    let owner = row.owner.zip(row.owner_column);
    Sequence {
        owner: owner.map(|(table, column)| (ObjectId(table), ObjectId(table << 16 | column))),
        identity: row.identity,
        options: Some(Box::new(SequenceOptions {
            data_type: data_type(&row.r#type),
            start: row.start,
            increment: row.increment,
            min: row.min,
            max: row.max,
            cache: row.cache,
            cycle: row.cycle,
        })),
    }
}

/// Source: `TRIGGER_TYPE_…` in PostgreSQL's `pg_trigger.h`.
fn trigger(row: TriggerRow) -> Trigger {
    let bit = |bit: u64| row.bits & bit != 0;
    Trigger {
        id: ObjectId(row.id),
        name: row.name,
        timing: match (bit(2), bit(64)) {
            (true, _) => TriggerTiming::Before,
            (_, true) => TriggerTiming::InsteadOf,
            (false, false) => TriggerTiming::After,
        },
        events: TriggerEvents {
            insert: bit(4),
            delete: bit(8),
            update: bit(16),
            truncate: bit(32),
        },
        columns: row.columns.unwrap_or_default(),
        for_each_row: bit(1),
        function: Some(ObjectName::qualified(row.function_schema, row.function)),
        enabled: row.enabled,
        constraint: row.constraint,
        condition: row.definition.as_deref().and_then(condition_of),
        arguments: arguments_of(&row.arguments),
        attributes: transitions(row.old_table.as_ref(), row.new_table.as_ref()),
    }
}

/// `REFERENCING OLD TABLE AS a`, with the names by which the function knows the rows.
fn transitions(old: Option<&Ident>, new: Option<&Ident>) -> Option<Arc<str>> {
    let tables: Vec<String> = [("OLD", old), ("NEW", new)]
        .into_iter()
        .filter_map(|(which, name)| Some(format!("{which} TABLE AS {}", name?)))
        .collect();
    (!tables.is_empty()).then(|| format!("REFERENCING {}", tables.join(" ")).into())
}

/// A rule; what it uses is not read.
fn rule(row: RuleRow) -> Option<RewriteRule> {
    let script = sql::read(&row.definition, sql::Dialect::Postgres);
    let operations = script.statements.into_iter().next()?.operations;
    operations.into_iter().find_map(|it| match it.op {
        SchemaOp::CreateRule { rule, .. } => Some(RewriteRule {
            id: ObjectId(row.id),
            name: row.name.clone(),
            event: rule.event,
            instead: rule.instead,
            condition: rule.condition,
            actions: rule.actions,
            depends_on: Vec::new(),
            enabled: row.enabled,
        }),
        _ => None, // Not a rule's definition.
    })
}

/// The condition in a trigger's definition.
fn condition_of(definition: &str) -> Option<SqlExpr> {
    let script = sql::read(definition, sql::Dialect::Postgres);
    let operation = script.statements.into_iter().next()?.operations.into_iter();
    operation
        .into_iter()
        .find_map(|operation| match operation.op {
            SchemaOp::CreateTrigger { trigger, .. } => trigger.condition,
            _ => None, // Not a trigger's definition.
        })
}

/// The arguments of a trigger: each ends with a zero byte, and all stand in hexadecimal.
fn arguments_of(hexadecimal: &str) -> Vec<Arc<str>> {
    let bytes: Vec<u8> = hexadecimal
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let text = String::from_utf8_lossy(&bytes);
    text.split_terminator('\0').map(Arc::from).collect()
}

fn policy(row: PolicyRow) -> Policy {
    Policy {
        id: ObjectId(row.id),
        name: row.name,
        permissive: row.permissive,
        command: match row.command.as_str() {
            "r" => PolicyCommand::Select,
            "a" => PolicyCommand::Insert,
            "w" => PolicyCommand::Update,
            "d" => PolicyCommand::Delete,
            _ => PolicyCommand::All,
        },
        roles: row.roles.unwrap_or_default(),
        using: row.using.as_deref().map(sql::expression_of),
        with_check: row.with_check.as_deref().map(sql::expression_of),
    }
}

fn user_type(row: TypeRow, rows: &mut Rows) -> UserType {
    let body = match row.kind.as_str() {
        "e" => TypeBody::Enum {
            labels: row
                .labels
                .into_iter()
                .flatten()
                .map(|(id, text)| EnumLabel {
                    id: ObjectId(id),
                    text: text.into(),
                })
                .collect(),
            complete: true,
        },
        "d" => TypeBody::Domain {
            base: data_type(&row.base.unwrap_or_default()),
            not_null: row.not_null,
            default: row.default.as_deref().map(sql::expression_of),
            checks: rows
                .domain_checks
                .remove(&row.id)
                .into_iter()
                .flatten()
                .map(|check| {
                    let expression = check.expression.unwrap_or_default();
                    (check.name, sql::expression_of(&expression))
                })
                .collect(),
        },
        "c" => {
            let attributes = rows.columns.remove(&row.relation).into_iter().flatten();
            TypeBody::Composite(
                attributes
                    .map(|it| (it.name, data_type(&it.r#type)))
                    .collect(),
            )
        }
        "r" => TypeBody::Range(data_type(&row.subtype.unwrap_or_default())),
        _ => TypeBody::Base, // A base type or a shell.
    };
    UserType {
        id: ObjectId(row.id),
        body,
        unread: 0,
    }
}

fn add_routine(catalog: &mut Catalog, row: RoutineRow) {
    let name = QualifiedName::new(row.schema, row.name);
    let target = PrivilegeTarget::Routine(name.clone());
    let everybody = |(role, _): &(String, String)| role == "public";
    if row.has_acl && !row.acl.iter().flatten().any(everybody) {
        let privilege = Privilege {
            role: Ident::new("public"),
            name: "EXECUTE".into(),
            column: None,
        };
        catalog.add_privilege(target.clone(), privilege, false);
    }
    grant(catalog, &target, row.acl, None);
    let types = row.types.unwrap_or_default();
    let is_input = |mode: &str| matches!(mode, "i" | "b" | "v");
    // Names stand beside all arguments, types beside the input ones.
    let names: Vec<Option<Ident>> = match (&row.names, &row.modes) {
        (Some(names), Some(modes)) => names
            .iter()
            .zip(modes)
            .filter(|(_, mode)| is_input(mode))
            .map(|(name, _)| (!name.is_empty()).then(|| Ident::new(name)))
            .collect(),
        (Some(names), None) => names
            .iter()
            .map(|name| (!name.is_empty()).then(|| Ident::new(name)))
            .collect(),
        (None, _) => Vec::new(),
    };
    let is_variadic = row.modes.iter().flatten().any(|mode| mode == "v");
    let required = types.len().saturating_sub(row.defaults);
    let arguments = types
        .iter()
        .enumerate()
        .map(|(at, text)| RoutineArgument {
            name: names.get(at).cloned().flatten(),
            data_type: data_type(text),
            has_default: at >= required,
            default_value: None,
            is_variadic: is_variadic && at + 1 == types.len(),
        })
        .collect();
    let body = match &row.definition {
        Some(definition) => body_of(definition).unwrap_or_else(|| row.body.as_str().into()),
        None => row.body.as_str().into(),
    };
    let routine = Routine {
        id: ObjectId(row.id),
        kind: match row.kind.as_str() {
            "p" => RoutineKind::Procedure,
            "a" => RoutineKind::Aggregate,
            _ => RoutineKind::Function,
        },
        arguments,
        returns: row.result.map(|result| sql::routine_result_of(&result)),
        language: row.language,
        body,
        written: None,
    };
    catalog.add_routine(name, routine);
}

/// The body in the definition of a routine whose body is SQL.
fn body_of(definition: &str) -> Option<Arc<str>> {
    let script = sql::read(definition, sql::Dialect::Postgres);
    let operations = script.statements.into_iter().next()?.operations;
    operations
        .into_iter()
        .find_map(|operation| match operation.op {
            SchemaOp::CreateRoutine { routine, .. } => Some(routine.body),
            _ => None, // Not a routine's definition.
        })
}
