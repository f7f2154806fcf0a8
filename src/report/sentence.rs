//! What an operation does, in a sentence without its subject.

use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{
    ColumnChange, ColumnDef, ConstraintDef, ConstraintKind, DataOp, GrantTarget, IndexKey,
    PrivilegeChange, RelationKind, RoutineKind, RowSecurityChange, SchemaOp, SessionOp,
    TransactionOp, TriggerEvents, TriggerSelection, TriggerTiming, TypeChange, TypeDef,
};

/// `renames column `b` of `t` to `c``
pub(super) fn sentence(op: &SchemaOp) -> String {
    match op {
        SchemaOp::CreateSchema { name, .. } => format!("makes schema `{name}`"),
        SchemaOp::DropSchema { name, .. } => format!("drops schema `{name}`"),
        SchemaOp::RenameSchema { name, to } => format!("renames schema `{name}` to `{to}`"),

        SchemaOp::CreateTable { table, .. } => {
            let of = match &table.partition_of {
                Some(parent) => format!(" as a partition of `{parent}`"),
                None => String::new(),
            };
            match table.columns.len() {
                0 => format!("makes table `{}`{of}", table.name),
                1 => format!("makes table `{}` with 1 column{of}", table.name),
                count => format!("makes table `{}` with {count} columns{of}", table.name),
            }
        }
        SchemaOp::CreateView { view, creation } => {
            let kind = match view.materialized {
                true => "materialized view",
                false => "view",
            };
            let verb = match creation {
                crate::schema::op::Creation::OrReplace => "makes or replaces",
                _ => "makes", // It is new, or must not be there.
            };
            format!("{verb} {kind} `{}`", view.name)
        }
        SchemaOp::CreateSequence { name, .. } => format!("makes sequence `{name}`"),
        SchemaOp::AlterSequence { name, .. } => format!("gives sequence `{name}` other numbers"),
        SchemaOp::SetLogged { table, logged } => match logged {
            true => format!("makes `{table}` survive a crash"),
            false => format!("makes `{table}` unlogged: a crash empties it"),
        },
        SchemaOp::SetSequenceOwner { name, .. } => {
            format!("says which column sequence `{name}` belongs to")
        }
        SchemaOp::CreateIndex { index, .. } => {
            let unique = match index.unique {
                true => "a unique ",
                false => "an ",
            };
            let keys: Vec<String> = index.keys.iter().map(key).collect();
            let rows = match &index.predicate {
                Some(predicate) => format!(" for rows where {}", predicate.text),
                None => String::new(),
            };
            format!(
                "makes {unique}index on `{}` ({}){rows}",
                index.table,
                keys.join(", ")
            )
        }
        SchemaOp::DropRelation { kind, name, .. } => {
            format!("drops {} `{name}`", relation_word(*kind))
        }
        SchemaOp::RenameRelation { kind, name, to, .. } => {
            format!("renames {} `{name}` to `{to}`", relation_word(*kind))
        }
        SchemaOp::MoveRelation {
            kind, name, schema, ..
        } => format!(
            "moves {} `{name}` to schema `{schema}`",
            relation_word(*kind)
        ),

        SchemaOp::AddColumn { table, column, .. } => added(table, column),
        SchemaOp::DropColumn { table, column, .. } => {
            format!("drops column `{column}` of `{table}`")
        }
        SchemaOp::RenameColumn { table, column, to } => {
            format!("renames column `{column}` of `{table}` to `{to}`")
        }
        SchemaOp::AlterColumn {
            table,
            column,
            change,
            ..
        } => altered(table, column, change),

        SchemaOp::AddConstraint { table, constraint } => constrained(table, constraint),
        SchemaOp::DropConstraint { table, name, .. } => {
            format!("drops constraint `{name}` of `{table}`")
        }
        SchemaOp::RenameConstraint { table, name, to } => {
            format!("renames constraint `{name}` of `{table}` to `{to}`")
        }
        SchemaOp::ValidateConstraint { table, name } => {
            format!("checks the rows of `{table}` against constraint `{name}`")
        }
        SchemaOp::AlterConstraint { table, name, .. } => {
            format!("changes when constraint `{name}` of `{table}` is checked")
        }
        SchemaOp::SetTableType { table, of_type } => match of_type {
            Some(of_type) => format!("makes `{table}` a table of type `{of_type}`"),
            None => format!("makes `{table}` a table of no type"),
        },

        SchemaOp::CreateType { name, definition } => match definition {
            TypeDef::Enum(labels) => {
                let labels: Vec<String> = labels.iter().map(|it| format!("`{it}`")).collect();
                format!("makes enum `{name}` of {}", labels.join(", "))
            }
            TypeDef::Domain { base, .. } => format!("makes domain `{name}` over {base}"),
            TypeDef::Composite(_) => format!("makes composite type `{name}`"),
            TypeDef::Range(of) => format!("makes type `{name}`, ranges of {of}"),
            TypeDef::Base => format!("makes type `{name}`"),
        },
        SchemaOp::DropType { name, .. } => format!("drops type `{name}`"),
        SchemaOp::RenameType { name, to } => format!("renames type `{name}` to `{to}`"),
        SchemaOp::MoveType { name, schema } => {
            format!("moves type `{name}` to schema `{schema}`")
        }
        SchemaOp::AddEnumLabel { name, label, .. } => {
            format!("adds label `{label}` to enum `{name}`")
        }
        SchemaOp::RenameEnumLabel { name, label, to } => {
            format!("renames label `{label}` of enum `{name}` to `{to}`")
        }
        SchemaOp::AlterType { name, change } => type_changed(name, change),

        SchemaOp::CreateRoutine { routine, creation } => {
            let verb = match creation {
                crate::schema::op::Creation::OrReplace => "makes or replaces",
                _ => "makes", // It is new, or must not be there.
            };
            let kind = match routine.kind {
                RoutineKind::Procedure => "procedure",
                RoutineKind::Aggregate => "aggregate",
                _ => "function", // Whatever else is called like one.
            };
            format!("{verb} {kind} `{}`", routine.name)
        }
        SchemaOp::DropRoutine { name, .. } => format!("drops function `{name}`"),
        SchemaOp::RenameRoutine { name, to, .. } => {
            format!("renames function `{name}` to `{to}`")
        }
        SchemaOp::MoveRoutine { name, schema, .. } => {
            format!("moves function `{name}` to schema `{schema}`")
        }

        SchemaOp::CreateTrigger { trigger, .. } => {
            let timing = match trigger.timing {
                TriggerTiming::Before => "before",
                TriggerTiming::After => "after",
                TriggerTiming::InsteadOf => "instead of",
            };
            format!(
                "makes trigger `{}`, which fires {timing} {} on `{}`",
                trigger.name,
                events(trigger.events),
                trigger.table
            )
        }
        SchemaOp::DropTrigger { name, table, .. } => match table {
            Some(table) => format!("drops trigger `{name}` of `{table}`"),
            None => format!("drops trigger `{name}`"),
        },
        SchemaOp::RenameTrigger { table, name, to } => {
            format!("renames trigger `{name}` of `{table}` to `{to}`")
        }
        SchemaOp::EnableTrigger {
            table,
            triggers,
            enabled,
        } => {
            let verb = match enabled {
                true => "enables",
                false => "disables",
            };
            match triggers {
                TriggerSelection::Named(name) => format!("{verb} trigger `{name}` of `{table}`"),
                TriggerSelection::All => format!("{verb} every trigger of `{table}`"),
            }
        }
        SchemaOp::CreateRule { rule, .. } => format!(
            "makes rule `{}`, which rewrites {} on `{}`",
            rule.name,
            rule.event.as_str(),
            rule.table
        ),
        SchemaOp::DropRule { name, table, .. } => format!("drops rule `{name}` of `{table}`"),
        SchemaOp::RenameRule { table, name, to } => {
            format!("renames rule `{name}` of `{table}` to `{to}`")
        }
        SchemaOp::EnableRule {
            table,
            name,
            enabled,
        } => match enabled {
            true => format!("enables rule `{name}` of `{table}`"),
            false => format!("disables rule `{name}` of `{table}`"),
        },
        SchemaOp::CreatePolicy { policy } => {
            format!("makes policy `{}` on `{}`", policy.name, policy.table)
        }
        SchemaOp::AlterPolicy { table, name, .. } => {
            format!("changes policy `{name}` of `{table}`")
        }
        SchemaOp::DropPolicy { name, table, .. } => format!("drops policy `{name}` of `{table}`"),
        SchemaOp::RenamePolicy { table, name, to } => {
            format!("renames policy `{name}` of `{table}` to `{to}`")
        }
        SchemaOp::SetRowSecurity { table, change } => match change {
            RowSecurityChange::Enable => format!("enables row-level security on `{table}`"),
            RowSecurityChange::Disable => format!("disables row-level security on `{table}`"),
            RowSecurityChange::Force => {
                format!("makes row-level security hold for the owner of `{table}` too")
            }
            RowSecurityChange::NoForce => {
                format!("frees the owner of `{table}` from row-level security")
            }
        },

        SchemaOp::AttachPartition {
            table, partition, ..
        } => format!("makes `{partition}` a partition of `{table}`"),
        SchemaOp::AttachUnnamedPartition { table } => {
            format!("makes a partition of `{table}` whose name is not known")
        }
        SchemaOp::AttachPartitionIndex { index, partition } => {
            format!("makes index `{partition}` a part of index `{index}`")
        }
        SchemaOp::DetachPartition { table, partition } => {
            format!("makes partition `{partition}` of `{table}` a table of its own")
        }
        SchemaOp::Inherit { table, parent } => format!("makes `{table}` a child of `{parent}`"),
        SchemaOp::NoInherit { table, parent } => {
            format!("ends that `{table}` is a child of `{parent}`")
        }

        SchemaOp::Grant(change) => privileges("grants", "to", change),
        SchemaOp::Revoke(change) => privileges("revokes", "from", change),
        SchemaOp::AlterDefaultPrivileges {
            granted, change, ..
        } => match granted {
            true => privileges("grants for objects made from now on", "to", change),
            false => privileges("revokes for objects made from now on", "from", change),
        },
        SchemaOp::CreateRole { name, login } => match login {
            true => format!("makes role `{name}`, which may log in"),
            false => format!("makes role `{name}`"),
        },
        SchemaOp::AlterRole { name, login } => match login {
            Some(true) => format!("lets role `{name}` log in"),
            Some(false) => format!("no longer lets role `{name}` log in"),
            None => format!("changes role `{name}`"),
        },
        SchemaOp::RenameRole { name, to } => format!("renames role `{name}` to `{to}`"),
        SchemaOp::DropRole { name, .. } => format!("drops role `{name}`"),
        SchemaOp::SetOwner { target, role } => format!("gives {} to `{role}`", granted_on(target)),

        SchemaOp::CreateExtension { name, .. } => format!("makes extension `{name}`"),
        SchemaOp::DropExtension { name, .. } => format!("drops extension `{name}`"),
        SchemaOp::CreateOther { kind, name } => format!("makes {} `{name}`", kind),
        SchemaOp::DropOther { kind, name, .. } => format!("drops {} `{name}`", kind),

        SchemaOp::Data(op) => data(op),
        SchemaOp::Transaction(op) => transaction(op).to_owned(),
        SchemaOp::Session(op) => session(op),
        SchemaOp::NoEffect { what } => format!("{what}: changes nothing that a query sees"),
        SchemaOp::Call(call) => {
            let names: Vec<String> = call
                .routines
                .iter()
                .map(|called| format!("`{}`", called.name))
                .collect();
            format!("calls {}", names.join(", "))
        }
        SchemaOp::Opaque(opaque) => format!("is not understood: {}", opaque.reason),
    }
}

fn relation_word(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "table",
        RelationKind::ForeignTable => "foreign table",
        RelationKind::View => "view",
        RelationKind::MaterializedView => "materialized view",
        RelationKind::Sequence => "sequence",
        RelationKind::Index => "index",
    }
}

fn key(key: &IndexKey) -> String {
    match key {
        IndexKey::Column(name) => name.to_string(),
        IndexKey::Expression(expression) => expression.text.to_string(),
    }
}

fn added(table: &ObjectName, column: &ColumnDef) -> String {
    let mut out = format!(
        "adds column `{}` of type {} to `{table}`",
        column.name, column.data_type
    );
    if column.not_null {
        out.push_str(", NOT NULL");
    }
    if let Some(default) = &column.default {
        out.push_str(&format!(", with default {}", default.text));
    }
    if column.identity.is_some() {
        out.push_str(", an identity");
    }
    if column.generated.is_some() {
        out.push_str(", computed by the server");
    }
    out
}

fn altered(table: &ObjectName, column: &Ident, change: &ColumnChange) -> String {
    let of = format!("column `{column}` of `{table}`");
    match change {
        ColumnChange::SetType { data_type, .. } => format!("changes {of} to type {data_type}"),
        ColumnChange::SetDefault(default) => format!("gives {of} the default {}", default.text),
        ColumnChange::DropDefault => format!("drops the default of {of}"),
        ColumnChange::SetNotNull => format!("makes {of} refuse NULL"),
        ColumnChange::DropNotNull => format!("lets {of} be NULL"),
        ColumnChange::AddIdentity(..) => format!("makes {of} an identity"),
        ColumnChange::SetIdentity(_) => format!("changes who may give {of} a value"),
        ColumnChange::SetIdentitySequence(_) => format!("gives the numbers of {of} another course"),
        ColumnChange::DropIdentity(_) => format!("makes {of} no identity any more"),
        ColumnChange::DropExpression(_) => format!("makes {of} a plain column, no longer computed"),
        ColumnChange::SetExpression(_) => format!("computes {of} in another way"),
        ColumnChange::Redefine(to) => format!("makes {of} `{}` of type {}", to.name, to.data_type),
    }
}

fn constrained(table: &ObjectName, constraint: &ConstraintDef) -> String {
    let list = |columns: &[Ident]| {
        let columns: Vec<String> = columns.iter().map(Ident::to_string).collect();
        columns.join(", ")
    };
    let later = match constraint.not_valid {
        true => ", for new rows only so far",
        false => "",
    };
    match &constraint.kind {
        ConstraintKind::PrimaryKey { columns, .. } => {
            format!("makes ({}) the primary key of `{table}`", list(columns))
        }
        ConstraintKind::Unique { columns, .. } => {
            format!("makes ({}) unique in `{table}`", list(columns))
        }
        ConstraintKind::ForeignKey {
            columns, table: to, ..
        } => format!(
            "makes ({}) of `{table}` refer to `{to}`{later}",
            list(columns)
        ),
        ConstraintKind::Check { expr, .. } => {
            format!("demands of rows of `{table}`: {}{later}", expr.text)
        }
        ConstraintKind::Exclude { .. } => {
            format!("adds an exclusion constraint to `{table}`")
        }
        ConstraintKind::NotNull { column } => {
            format!("makes column `{column}` of `{table}` refuse NULL{later}")
        }
    }
}

fn type_changed(name: &ObjectName, change: &TypeChange) -> String {
    match change {
        TypeChange::DomainDefault(Some(default)) => {
            format!("gives domain `{name}` the default {}", default.text)
        }
        TypeChange::DomainDefault(None) => format!("drops the default of domain `{name}`"),
        TypeChange::DomainNotNull(true) => format!("makes domain `{name}` refuse NULL"),
        TypeChange::DomainNotNull(false) => format!("lets domain `{name}` be NULL"),
        TypeChange::AddDomainCheck { expr, .. } => {
            format!("demands of values of domain `{name}`: {}", expr.text)
        }
        TypeChange::DropDomainCheck(check, _) => {
            format!("drops constraint `{check}` of domain `{name}`")
        }
        TypeChange::RenameDomainCheck(check, to) => {
            format!("renames constraint `{check}` of domain `{name}` to `{to}`")
        }
        TypeChange::ValidateDomainCheck(check) => {
            format!("checks the values of domain `{name}` against `{check}`")
        }
        TypeChange::AddAttribute(attribute, data_type) => {
            format!("adds attribute `{attribute}` of type {data_type} to `{name}`")
        }
        TypeChange::DropAttribute(attribute, _) => {
            format!("drops attribute `{attribute}` of `{name}`")
        }
        TypeChange::SetAttributeType(attribute, data_type) => {
            format!("changes attribute `{attribute}` of `{name}` to type {data_type}")
        }
        TypeChange::RenameAttribute(attribute, to) => {
            format!("renames attribute `{attribute}` of `{name}` to `{to}`")
        }
    }
}

fn events(events: TriggerEvents) -> String {
    let named = [
        (events.insert, "INSERT"),
        (events.update, "UPDATE"),
        (events.delete, "DELETE"),
        (events.truncate, "TRUNCATE"),
    ];
    let named = named.into_iter().filter(|(fires, _)| *fires);
    let named: Vec<&str> = named.map(|(_, name)| name).collect();
    named.join(" or ")
}

fn granted_on(target: &GrantTarget) -> String {
    match target {
        GrantTarget::Relation(name) | GrantTarget::Routine(name) | GrantTarget::Type(name) => {
            format!("`{name}`")
        }
        GrantTarget::AllInSchema(_, schema) => format!("everything of a kind in schema `{schema}`"),
        GrantTarget::Schema(name) => format!("schema `{name}`"),
        GrantTarget::Role(name) => format!("role `{name}`"),
        GrantTarget::Other(what) => what.to_string(),
    }
}

fn privileges(verb: &str, direction: &str, change: &PrivilegeChange) -> String {
    let names: Vec<&str> = change.privileges.iter().map(AsRef::as_ref).collect();
    let targets: Vec<String> = change.targets.iter().map(granted_on).collect();
    let roles: Vec<String> = change
        .roles
        .iter()
        .map(|role| match role.as_str() {
            "public" => "everybody".to_owned(),
            _ => format!("`{role}`"),
        })
        .collect();
    let on = match targets.is_empty() {
        true => String::new(),
        false => format!(" on {}", targets.join(", ")),
    };
    format!(
        "{verb} {}{on} {direction} {}",
        names.join(", "),
        roles.join(", ")
    )
}

fn data(op: &DataOp) -> String {
    let list = |columns: &[Ident]| {
        let columns: Vec<String> = columns.iter().map(|it| format!("`{it}`")).collect();
        columns.join(", ")
    };
    match op {
        DataOp::Insert { table, reads, .. } => match reads.as_slice() {
            [] => format!("inserts rows into `{table}`"),
            reads => {
                let reads: Vec<String> = reads.iter().map(|it| format!("`{it}`")).collect();
                format!("inserts rows from {} into `{table}`", reads.join(", "))
            }
        },
        DataOp::Update {
            table,
            columns,
            filled,
        } => match (columns.as_slice(), filled.as_slice()) {
            (columns, []) => format!("changes {} in rows of `{table}`", list(columns)),
            ([], filled) => format!("fills {} in rows of `{table}` that have none", list(filled)),
            (columns, filled) => format!(
                "changes {} and fills {} in rows of `{table}`",
                list(columns),
                list(filled)
            ),
        },
        DataOp::Delete { table } => format!("deletes rows of `{table}`"),
        DataOp::Truncate { tables, .. } => {
            let tables: Vec<String> = tables.iter().map(|it| format!("`{it}`")).collect();
            format!("empties {}", tables.join(", "))
        }
        DataOp::CopyFrom { table, .. } => format!("loads rows into `{table}`"),
        DataOp::Merge { table } => format!("merges rows into `{table}`"),
        DataOp::Read => "reads, and changes nothing".to_owned(),
        DataOp::Lock { tables } => {
            let tables: Vec<String> = tables.iter().map(|it| format!("`{it}`")).collect();
            format!("locks {}", tables.join(", "))
        }
    }
}

fn transaction(op: &TransactionOp) -> &'static str {
    match op {
        TransactionOp::Begin => "begins a transaction",
        TransactionOp::Commit => "commits: from here on other connections see what was done",
        TransactionOp::Rollback => "rolls the transaction back",
        TransactionOp::Savepoint(_) => "sets a savepoint",
        TransactionOp::Release(_) => "gives a savepoint up",
        TransactionOp::RollbackTo(_) => "rolls back to a savepoint",
        TransactionOp::Prepare(_) => "prepares the transaction: nobody sees it yet",
        TransactionOp::CommitPrepared(_) => "commits a prepared transaction",
        TransactionOp::RollbackPrepared(_) => "rolls a prepared transaction back",
    }
}

fn session(op: &SessionOp) -> String {
    match op {
        SessionOp::SearchPath { path: None, .. } => {
            "seeks names in the usual schemas again".to_owned()
        }
        SessionOp::SearchPath {
            path: Some(path), ..
        } => {
            let path: Vec<String> = path.iter().map(|it| format!("`{it}`")).collect();
            format!("seeks names in {}", path.join(", "))
        }
        SessionOp::EnterSchema(schema) => format!("goes on in schema `{schema}`"),
        SessionOp::LeaveSchema => "leaves the schema".to_owned(),
        SessionOp::Role { role, .. } => match role {
            Some(role) => format!("goes on as role `{role}`"),
            None => "goes on as the role of before".to_owned(),
        },
        SessionOp::Other { name, value, .. } => format!("sets {name} to {value}"),
    }
}
