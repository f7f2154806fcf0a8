//! A schema as JSON, format 1: the same objects as in [`super::to_sql`], for other programs.
//!
//! `null` means not known, `[]` means none.

use serde::Serialize;
use serde_json::{Value, json};

use super::ddl::constraint_text;
use crate::schema::catalog::{
    Catalog, Index, RelationBody, RewriteRule, Table, Trigger, TypeBody, View,
};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{Identity, IndexKey, RoutineKind, TriggerTiming};
use crate::schema::types::{SqlType, TypeName};

#[derive(Serialize)]
struct Root<'a> {
    format: u32,
    report: &'static str,
    tool: Value,
    version: Option<&'a str>,
    statements_not_understood: usize,
    schemas: Vec<&'a str>,
    extensions: Vec<&'a str>,
    types: Vec<Value>,
    tables: Vec<Value>,
    views: Vec<Value>,
    sequences: Vec<Value>,
    routines: Vec<Value>,
    privileges: Vec<Value>,
}

/// The schema after a version, as JSON.
pub fn schema_to_json(
    catalog: &Catalog,
    version: Option<&str>,
    statements_not_understood: usize,
) -> String {
    let mut root = Root {
        format: 1,
        report: "schema",
        tool: json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")}),
        version,
        statements_not_understood,
        schemas: catalog.schemas().map(Ident::as_str).collect(),
        extensions: catalog.extensions().map(Ident::as_str).collect(),
        types: Vec::new(),
        tables: Vec::new(),
        views: Vec::new(),
        sequences: Vec::new(),
        routines: Vec::new(),
        privileges: Vec::new(),
    };
    for (name, user_type) in catalog.types() {
        root.types.push(named(name, type_body(&user_type.body)));
    }
    for (name, relation) in catalog.relations().filter(|(_, it)| !it.temporary) {
        match &relation.body {
            RelationBody::Table(table) => root.tables.push(named(name, table_body(catalog, table))),
            RelationBody::View(view) => root.views.push(named(name, view_body(catalog, view))),
            RelationBody::Sequence(sequence) => {
                let owner = sequence.owner.and_then(|(table, column)| {
                    let table = catalog.relation_name(table)?;
                    let column = catalog.table(table)?.column_by_id(column)?;
                    Some(json!({
                        "schema": table.schema.as_str(),
                        "table": table.name.as_str(),
                        "column": column.name.as_str(),
                    }))
                });
                let numbers = sequence.options.as_deref().map(|options| {
                    json!({
                        "type": options.data_type.to_string(),
                        "start": options.start,
                        "increment": options.increment,
                        "min": options.min,
                        "max": options.max,
                        "cache": options.cache,
                        "cycle": options.cycle,
                    })
                });
                root.sequences
                    .push(named(name, json!({"owner": owner, "numbers": numbers})));
            }
            RelationBody::Index { .. } => {}
        }
    }
    for (name, overloads) in catalog.all_routines() {
        for routine in overloads {
            let kind = match routine.kind {
                RoutineKind::Function => "function",
                RoutineKind::Procedure => "procedure",
                RoutineKind::Aggregate => "aggregate",
            };
            let arguments: Vec<Value> = routine
                .arguments
                .iter()
                .map(|argument| {
                    json!({
                        "name": argument.name.as_ref().map(Ident::as_str),
                        "type": data_type(&argument.data_type),
                        "has_default": argument.has_default,
                    })
                })
                .collect();
            let body = json!({
                "kind": kind,
                "arguments": arguments,
                "returns": routine.returns.as_deref(),
                "language": routine.language.as_str(),
                "body": &*routine.body,
            });
            root.routines.push(named(name, body));
        }
    }
    for (target, held) in catalog.all_held() {
        let Some((kind, object)) = super::ddl::target_of(catalog, target) else {
            continue;
        };
        for (privilege, granted) in held {
            root.privileges.push(json!({
                "kind": kind,
                "object": object,
                "role": privilege.role.as_str(),
                "privilege": &*privilege.name,
                "column": privilege.column.as_ref().map(Ident::as_str),
                "granted": granted,
            }));
        }
    }
    let mut text = serde_json::to_string_pretty(&root)
        .unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    text.push('\n');
    text
}

fn named(name: &QualifiedName, body: Value) -> Value {
    let mut out = json!({"schema": name.schema.as_str(), "name": name.name.as_str()});
    if let (Value::Object(out), Value::Object(body)) = (&mut out, body) {
        out.extend(body);
    }
    out
}

/// The type's text; `null` where it is not known.
fn data_type(data_type: &SqlType) -> Option<String> {
    (data_type.name != TypeName::Unknown).then(|| data_type.to_string())
}

fn names(all: &[Ident]) -> Vec<&str> {
    all.iter().map(Ident::as_str).collect()
}

fn type_body(body: &TypeBody) -> Value {
    match body {
        TypeBody::Enum { labels, complete } => {
            let labels: Vec<&str> = labels.iter().map(|label| &*label.text).collect();
            json!({"kind": "enum", "labels": labels, "complete": complete})
        }
        TypeBody::Domain {
            base,
            not_null,
            default,
            checks,
        } => {
            let checks: Vec<Value> = checks
                .iter()
                .map(|(name, expr)| json!({"name": name.as_str(), "check": &*expr.text}))
                .collect();
            json!({
                "kind": "domain",
                "base": data_type(base),
                "not_null": not_null,
                "default": default.as_ref().map(|it| &*it.text),
                "checks": checks,
            })
        }
        TypeBody::Composite(attributes) => {
            let attributes: Vec<Value> = attributes
                .iter()
                .map(|(name, it)| json!({"name": name.as_str(), "type": data_type(it)}))
                .collect();
            json!({"kind": "composite", "attributes": attributes})
        }
        TypeBody::Range(subtype) => json!({"kind": "range", "subtype": data_type(subtype)}),
        TypeBody::Base => json!({"kind": "base"}),
        TypeBody::Unknown => json!({"kind": null}),
    }
}

fn table_body(catalog: &Catalog, table: &Table) -> Value {
    let relation = |id| catalog.relation_name(id).map(ToString::to_string);
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|column| {
            let identity = column.identity.map(|identity| match identity {
                Identity::Always => "always",
                Identity::ByDefault => "by default",
            });
            json!({
                "name": column.name.as_str(),
                "type": data_type(&column.data_type),
                "not_null": column.not_null,
                "default": column.default.as_ref().map(|it| &*it.text),
                "identity": identity,
                "generated": column.generated.as_ref().map(|it| &*it.text),
                "collation": column.collation.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    let constraints: Vec<Value> = table
        .constraints
        .iter()
        .map(|constraint| {
            json!({
                "name": constraint.name.as_str(),
                "definition": constraint_text(constraint),
                "valid": constraint.valid,
                "deferrable": constraint.deferrable,
            })
        })
        .collect();
    let policies: Vec<Value> = table
        .policies
        .iter()
        .map(|policy| {
            json!({
                "name": policy.name.as_str(),
                "permissive": policy.permissive,
                "roles": names(&policy.roles),
                "using": policy.using.as_ref().map(|it| &*it.text),
                "with_check": policy.with_check.as_ref().map(|it| &*it.text),
            })
        })
        .collect();
    let inherits: Vec<Option<String>> = table.inherits.iter().map(|id| relation(*id)).collect();
    json!({
        "columns_known": table.knowledge.is_full(),
        "foreign": table.foreign,
        "unlogged": table.unlogged,
        "partition_of": table.partition_of.map(relation),
        "partition_bound": table.partition_bound.as_ref().map(|it| &*it.text),
        "partition_by": table.partition_by.as_ref().map(|it| &*it.text),
        "inherits": inherits,
        "row_security": table.row_security.enabled,
        "row_security_forced": table.row_security.forced,
        "columns": columns,
        "constraints": constraints,
        "indexes": table.indexes.iter().map(index_body).collect::<Vec<_>>(),
        "triggers": table.triggers.iter().map(trigger_body).collect::<Vec<_>>(),
        "rules": table.rules.iter().map(rule_body).collect::<Vec<_>>(),
        "policies": policies,
    })
}

fn index_body(index: &Index) -> Value {
    let keys: Vec<Value> = index
        .keys
        .iter()
        .map(|key| match key {
            IndexKey::Column(column) => json!({"column": column.as_str()}),
            IndexKey::Expression(expr) => json!({"expression": &*expr.text}),
        })
        .collect();
    json!({
        "name": index.name.as_str(),
        "unique": index.unique,
        "method": index.method.as_str(),
        "keys": keys,
        "include": names(&index.include),
        "predicate": index.predicate.as_ref().map(|it| &*it.text),
        "constraint": index.constraint.as_ref().map(Ident::as_str),
        "valid": index.valid,
    })
}

fn trigger_body(trigger: &Trigger) -> Value {
    let timing = match trigger.timing {
        TriggerTiming::Before => "before",
        TriggerTiming::After => "after",
        TriggerTiming::InsteadOf => "instead of",
    };
    json!({
        "name": trigger.name.as_str(),
        "timing": timing,
        "insert": trigger.events.insert,
        "update": trigger.events.update,
        "delete": trigger.events.delete,
        "truncate": trigger.events.truncate,
        "columns": names(&trigger.columns),
        "for_each_row": trigger.for_each_row,
        "condition": trigger.condition.as_ref().map(|it| &*it.text),
        "function": trigger.function.as_ref().map(ToString::to_string),
        "enabled": trigger.enabled,
    })
}

fn rule_body(rule: &RewriteRule) -> Value {
    json!({
        "name": rule.name.as_str(),
        "event": rule.event.as_str().to_lowercase(),
        "instead": rule.instead,
        "condition": rule.condition.as_ref().map(|it| &*it.text),
        "actions": &*rule.actions.text,
        "enabled": rule.enabled,
    })
}

fn view_body(catalog: &Catalog, view: &View) -> Value {
    let reads: Vec<String> = view
        .depends_on
        .iter()
        .filter_map(|id| catalog.relation_name(*id))
        .map(ToString::to_string)
        .collect();
    json!({
        "materialized": view.materialized,
        "columns": view.columns.as_deref().map(names),
        "reads": reads,
        "query": &*view.query.text,
        "indexes": view.indexes.iter().map(index_body).collect::<Vec<_>>(),
        "triggers": view.triggers.iter().map(trigger_body).collect::<Vec<_>>(),
        "rules": view.rules.iter().map(rule_body).collect::<Vec<_>>(),
    })
}
