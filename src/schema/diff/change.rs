//! What can be different: an object and what became of it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::super::catalog::{Catalog, TypeBody};
use super::super::name::{Ident, QualifiedName};
use super::super::op::{PolicyCommand, RelationKind, RoutineKind, TriggerTiming};
use super::super::types::SqlType;

/// What an [`ObjectRef`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// An ordinary, partitioned or foreign table.
    Table,
    /// A view or materialised view.
    View,
    /// A stand-alone sequence.
    Sequence,
    /// A column.
    Column,
    /// A constraint or unique index.
    Constraint,
    /// A user-defined type.
    Type,
    /// A label of an enum.
    EnumLabel,
    /// A function, procedure or aggregate.
    Function,
    /// A trigger.
    Trigger,
    /// A rule.
    Rule,
    /// A policy.
    Policy,
    /// A schema.
    Schema,
    /// A role.
    Role,
    /// An extension.
    Extension,
    /// A migration as a whole.
    Migration,
    /// A query of the code.
    Query,
}

impl ObjectKind {
    /// The word for people and for JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Table => "table",
            ObjectKind::View => "view",
            ObjectKind::Sequence => "sequence",
            ObjectKind::Column => "column",
            ObjectKind::Constraint => "constraint",
            ObjectKind::Type => "type",
            ObjectKind::EnumLabel => "enum label",
            ObjectKind::Function => "function",
            ObjectKind::Trigger => "trigger",
            ObjectKind::Rule => "rule",
            ObjectKind::Policy => "policy",
            ObjectKind::Schema => "schema",
            ObjectKind::Role => "role",
            ObjectKind::Extension => "extension",
            ObjectKind::Migration => "migration",
            ObjectKind::Query => "query",
        }
    }
}

/// An object as people name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// What it is.
    pub kind: ObjectKind,
    /// Its schema.
    pub schema: Option<Ident>,
    /// The table of a column, the type of a label.
    pub parent: Option<Ident>,
    /// Its name.
    pub name: Ident,
}

impl ObjectRef {
    /// An object of its own.
    pub fn top(kind: ObjectKind, name: &QualifiedName) -> Self {
        ObjectRef {
            kind,
            schema: Some(name.schema.clone()),
            parent: None,
            name: name.name.clone(),
        }
    }

    /// A part of a table or type.
    pub fn part(kind: ObjectKind, of: &QualifiedName, name: &Ident) -> Self {
        ObjectRef {
            kind,
            schema: Some(of.schema.clone()),
            parent: Some(of.name.clone()),
            name: name.clone(),
        }
    }
}

/// `users.nickname`; the schema only where it is not `public`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema
            && schema.as_str() != "public"
        {
            write!(f, "{schema}.")?;
        }
        if let Some(parent) = &self.parent {
            write!(f, "{parent}.")?;
        }
        match self.kind {
            // A label is a string, not an identifier.
            ObjectKind::EnumLabel => f.write_str(self.name.as_str()),
            _ => write!(f, "{}", self.name),
        }
    }
}

impl Catalog {
    /// Whether an object that queries name is there.
    pub fn has(&self, object: &ObjectRef) -> bool {
        let schema = object
            .schema
            .clone()
            .unwrap_or_else(|| Ident::new("public"));
        let own = QualifiedName::new(schema.clone(), object.name.clone());
        let parent = object
            .parent
            .clone()
            .map(|parent| QualifiedName::new(schema, parent));
        match object.kind {
            ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence => {
                self.relation(&own).is_some()
            }
            ObjectKind::Type => self.user_type(&own).is_some(),
            ObjectKind::Function => !self.routines(&own).is_empty(),
            ObjectKind::Column => parent
                .and_then(|parent| self.table(&parent))
                .is_some_and(|table| table.column(&object.name).is_some()),
            ObjectKind::EnumLabel => parent
                .and_then(|parent| self.user_type(&parent))
                .is_some_and(|user_type| match &user_type.body {
                    TypeBody::Enum { labels, .. } => {
                        labels.iter().any(|it| *it.text == *object.name.as_str())
                    }
                    TypeBody::Domain { .. }
                    | TypeBody::Composite(_)
                    | TypeBody::Range(_)
                    | TypeBody::Base
                    | TypeBody::Unknown => false,
                }),
            ObjectKind::Constraint
            | ObjectKind::Trigger
            | ObjectKind::Rule
            | ObjectKind::Policy
            | ObjectKind::Schema
            | ObjectKind::Role
            | ObjectKind::Extension
            | ObjectKind::Migration
            | ObjectKind::Query => false,
        }
    }
}

/// What gives a column its value when an insert leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Supply {
    /// `DEFAULT`
    Default,
    /// `GENERATED … AS IDENTITY`
    Identity,
    /// `GENERATED ALWAYS AS (…)`
    Expression,
}

/// What an added constraint demands of writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// `CHECK`
    Check,
    /// `FOREIGN KEY`
    ForeignKey,
    /// `UNIQUE`, `PRIMARY KEY` or a unique index.
    Unique,
    /// `EXCLUDE`
    Exclusion,
}

/// What became of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyChange {
    /// It is new, and refuses what it does not admit.
    Added,
    /// It says something else.
    Changed,
    /// It is gone, and with it what it admitted.
    Dropped,
}

/// One difference, old to new.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A table, view or stand-alone sequence is new.
    RelationAdded,
    /// It is gone.
    RelationDropped,
    /// It has another name or schema.
    RelationRenamed {
        /// The new name.
        to: QualifiedName,
    },
    /// A column is new.
    ColumnAdded {
        /// Whether an INSERT must name it.
        required: bool,
    },
    /// It is gone.
    ColumnDropped {
        /// Whether an INSERT had to name it.
        required: bool,
    },
    /// It has another name.
    ColumnRenamed {
        /// The new name.
        to: Ident,
    },
    /// It has another type.
    ColumnTypeChanged {
        /// The old type.
        from: SqlType,
        /// The new type.
        to: SqlType,
    },
    /// A column that only shows values, of a view, has another type.
    ShownTypeChanged {
        /// The old type.
        from: SqlType,
        /// The new type.
        to: SqlType,
    },
    /// It has the same type under the rules of another domain, or of none.
    DomainChanged,
    /// It refuses NULL.
    NotNullSet {
        /// Whether a default (or the like) still supplies a value that an INSERT leaves out.
        supplied: bool,
    },
    /// It admits NULL.
    NotNullDropped {
        /// Whether a default supplied the value before.
        supplied: bool,
    },
    /// Its default is gone.
    DefaultDropped {
        /// What supplied it.
        supply: Supply,
        /// Whether an INSERT must now name the column.
        required: bool,
    },
    /// It has a default now.
    DefaultAdded {
        /// Whether an INSERT had to name the column before.
        was_required: bool,
    },
    /// Its default is another.
    DefaultChanged,
    /// A value given for it is refused: generated, or identity `ALWAYS`.
    WritesRefused,
    /// A value given for it is accepted again.
    WritesAllowed,
    /// Its collation changed while it is part of a unique key.
    KeyCollationChanged,
    /// Writers must satisfy a new constraint.
    ConstraintAdded {
        /// What it demands.
        demand: Demand,
        /// The columns it is about.
        columns: Vec<Ident>,
        /// The keys of an index in parentheses, with its condition, where they are not just columns.
        keys: Option<Arc<str>>,
        /// Whether existing rows are left unchecked.
        not_valid: bool,
        /// Whether one of the same name and kind is gone.
        replaces: bool,
    },
    /// A foreign key no longer lets the rows go that it refers to.
    ReferenceTightened {
        /// The table that it refers to.
        to: QualifiedName,
    },
    /// A partition no longer belongs to its table.
    PartitionDetached {
        /// The partition.
        partition: QualifiedName,
        /// Whether another partition takes what finds none.
        has_default: bool,
    },
    /// A constraint is gone.
    ConstraintDropped {
        /// What it demanded.
        demand: Demand,
        /// The columns it was about.
        columns: Vec<Ident>,
    },
    /// A check admits fewer literals.
    ValuesRemoved {
        /// The column.
        column: Ident,
        /// The literals no longer admitted.
        values: BTreeSet<Arc<str>>,
    },
    /// A check admits more literals.
    ValuesAdded {
        /// The column.
        column: Ident,
        /// The literals newly admitted.
        values: BTreeSet<Arc<str>>,
    },
    /// No plain unique key covers these columns any more.
    UniqueKeyLost {
        /// The columns.
        columns: Vec<Ident>,
        /// Whether it was the primary key.
        primary: bool,
    },
    /// A trigger fires that did not before.
    TriggerAdded {
        /// When.
        timing: TriggerTiming,
    },
    /// The function of a trigger has another body.
    TriggerBodyChanged {
        /// A trigger that calls it.
        trigger: Ident,
        /// The trigger's table.
        table: QualifiedName,
    },
    /// A trigger no longer fires.
    TriggerDropped,
    /// A table has made room for a view of the same name.
    CoveredByView {
        /// The table that the view shows, where it is one.
        table: Option<QualifiedName>,
    },
    /// The server refuses writes to a view.
    ViewWritesRefused {
        /// Whether it stands in a table's place, or a trigger or rule took the writes before: then
        /// somebody writes to it.
        is_written: bool,
    },
    /// A column of a view is computed, and the server refuses values that are given for it.
    ViewColumnComputed {
        /// Whether the view stands in a table's place.
        is_written: bool,
    },
    /// The name stands for another table or column, made anew, of the same shape.
    NameReused,
    /// Rows that were there got a value in a new column; those that old code inserts afterwards do
    /// not. No difference of catalogs: a step says so.
    Backfilled,
    /// Rows of a table were copied into a new one; those that old code writes afterwards are not. No
    /// difference of catalogs: a step says so.
    RowsCopied {
        /// The tables that they were copied from.
        from: Vec<QualifiedName>,
    },
    /// A rule rewrites statements that it did not before, or does so in another way.
    RuleAdded,
    /// A rule no longer rewrites statements.
    RuleDropped,
    /// Rows are hidden or refused by row-level security that was off before.
    RowSecurityOn {
        /// The kinds of statement for which no policy admits any row, and did before.
        without: Vec<PolicyCommand>,
        /// Whether it was on before: then nothing else changes.
        was_on: bool,
    },
    /// A policy of a table with row-level security is new, another or gone.
    PolicyChanged {
        /// Which of these.
        how: PolicyChange,
        /// What it governs, before the change where it was there.
        command: PolicyCommand,
    },
    /// A type is new.
    TypeAdded,
    /// It is gone.
    TypeDropped,
    /// It has another name or schema.
    TypeRenamed {
        /// The new name.
        to: QualifiedName,
    },
    /// An enum label is new.
    LabelAdded,
    /// It is gone.
    LabelDropped,
    /// It has another text.
    LabelRenamed {
        /// The new text.
        to: Ident,
    },
    /// It is made of other parts: a composite's attributes, or another kind of type.
    TypeRedefined,
    /// A domain admits fewer values.
    DomainTightened {
        /// Whether a column of it that an INSERT leaves out is now refused.
        required: bool,
    },
    /// A routine with this signature is new.
    RoutineAdded,
    /// It is gone.
    RoutineDropped {
        /// What it was: the server names procedures so.
        kind: RoutineKind,
    },
    /// It takes other arguments: some calls find no form of it with exactly their types.
    RoutineArgumentsChanged {
        /// The arguments of those calls.
        calls: Vec<Vec<SqlType>>,
        /// The arguments that the new forms take, with and without their defaults.
        forms: Vec<Vec<SqlType>>,
    },
    /// Its arguments have other names, which a call may use: `f(a => 1)`.
    RoutineParametersRenamed,
    /// It returns something else.
    RoutineResultChanged {
        /// The old result.
        from: Arc<str>,
        /// The new result.
        to: Arc<str>,
    },
    /// It has another name or schema.
    RoutineRenamed {
        /// The new name.
        to: QualifiedName,
    },
    /// A role may no longer do something with the object.
    PrivilegeRevoked {
        /// Whose privilege; `public` is everybody.
        role: Ident,
        /// Which: `SELECT`, `UPDATE (a)`; `MEMBER` of a role.
        privileges: BTreeSet<Arc<str>>,
        /// The server's word for the object: `table`, `materialized view`.
        on: &'static str,
    },
    /// A role may do something with the object that it could not do before.
    PrivilegeGranted {
        /// Whose privilege; `public` is everybody.
        role: Ident,
        /// Which: `SELECT`, `UPDATE (a)`; `MEMBER` of a role.
        privileges: BTreeSet<Arc<str>>,
        /// The server's word for the object: `table`, `materialized view`.
        on: &'static str,
    },
    /// Values of the column in existing rows are others. No difference of catalogs: a step says so.
    RowsRewritten,
    /// An extension is gone, with everything that it brought.
    ExtensionDropped,
    /// A role is gone.
    RoleDropped,
    /// It has another name.
    RoleRenamed {
        /// The new name.
        to: Ident,
    },
    /// It may no longer log in.
    LoginRevoked,
    /// A statement that was not understood stands between the two: nothing is certain.
    Unread,
    /// Nothing that has a word of its own, but a known query fails.
    QueryFails {
        /// The SQLSTATE.
        code: &'static str,
    },
    /// The result of a known query has another shape.
    ResultReshaped {
        /// What is different, for people.
        what: Arc<str>,
        /// Whether a star in the query takes whatever columns there are.
        has_star: bool,
    },
    /// A relation was exchanged for one that cannot be compared.
    Obscured {
        /// What it was.
        from: RelationKind,
        /// What it is.
        to: RelationKind,
    },
}

impl Change {
    /// The name in kebab case: `column-dropped`.
    pub fn name(&self) -> &'static str {
        match self {
            Change::RelationAdded => "relation-added",
            Change::RelationDropped => "relation-dropped",
            Change::RelationRenamed { .. } => "relation-renamed",
            Change::ColumnAdded { .. } => "column-added",
            Change::ColumnDropped { .. } => "column-dropped",
            Change::ColumnRenamed { .. } => "column-renamed",
            Change::ColumnTypeChanged { .. } => "column-type-changed",
            Change::ShownTypeChanged { .. } => "shown-type-changed",
            Change::DomainChanged => "domain-changed",
            Change::NotNullSet { .. } => "not-null-set",
            Change::NotNullDropped { .. } => "not-null-dropped",
            Change::DefaultDropped { .. } => "default-dropped",
            Change::DefaultAdded { .. } => "default-added",
            Change::DefaultChanged => "default-changed",
            Change::WritesRefused => "writes-refused",
            Change::WritesAllowed => "writes-allowed",
            Change::KeyCollationChanged => "key-collation-changed",
            Change::ConstraintAdded { .. } => "constraint-added",
            Change::ConstraintDropped { .. } => "constraint-dropped",
            Change::ReferenceTightened { .. } => "reference-tightened",
            Change::PartitionDetached { .. } => "partition-detached",
            Change::ValuesRemoved { .. } => "values-removed",
            Change::ValuesAdded { .. } => "values-added",
            Change::UniqueKeyLost { .. } => "unique-key-lost",
            Change::TriggerAdded { .. } => "trigger-added",
            Change::TriggerBodyChanged { .. } => "trigger-body-changed",
            Change::TriggerDropped => "trigger-dropped",
            Change::CoveredByView { .. } => "covered-by-view",
            Change::ViewWritesRefused { .. } => "view-writes-refused",
            Change::ViewColumnComputed { .. } => "view-column-computed",
            Change::NameReused => "name-reused",
            Change::Backfilled => "backfilled",
            Change::RowsCopied { .. } => "rows-copied",
            Change::RuleAdded => "rule-added",
            Change::RuleDropped => "rule-dropped",
            Change::RowSecurityOn { .. } => "row-security-on",
            Change::PolicyChanged { .. } => "policy-changed",
            Change::TypeAdded => "type-added",
            Change::TypeDropped => "type-dropped",
            Change::TypeRenamed { .. } => "type-renamed",
            Change::LabelAdded => "label-added",
            Change::LabelDropped => "label-dropped",
            Change::LabelRenamed { .. } => "label-renamed",
            Change::TypeRedefined => "type-redefined",
            Change::DomainTightened { .. } => "domain-tightened",
            Change::RoutineAdded => "routine-added",
            Change::RoutineDropped { .. } => "routine-dropped",
            Change::RoutineArgumentsChanged { .. } => "routine-arguments-changed",
            Change::RoutineParametersRenamed => "routine-parameters-renamed",
            Change::RoutineResultChanged { .. } => "routine-result-changed",
            Change::RoutineRenamed { .. } => "routine-renamed",
            Change::PrivilegeRevoked { .. } => "privilege-revoked",
            Change::PrivilegeGranted { .. } => "privilege-granted",
            Change::RowsRewritten => "rows-rewritten",
            Change::ExtensionDropped => "extension-dropped",
            Change::RoleDropped => "role-dropped",
            Change::RoleRenamed { .. } => "role-renamed",
            Change::LoginRevoked => "login-revoked",
            Change::Unread => "unread",
            Change::Obscured { .. } => "obscured",
            Change::QueryFails { .. } => "query-fails",
            Change::ResultReshaped { .. } => "result-reshaped",
        }
    }
}

/// A change and its object: under the old name, or the new one where it had none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference {
    /// What changed.
    pub object: ObjectRef,
    /// How.
    pub change: Change,
}

impl Difference {
    /// Whether it shows in the two schemas themselves: not only in which operation has made an
    /// object, or in what nobody can say.
    pub fn is_of_shape(&self) -> bool {
        !matches!(self.change, Change::NameReused | Change::Unread)
    }
}
