//! What differs between two catalogs, object by object, oriented from the old to the new one.
//!
//! Only objects that were touched in between need to be looked at, so that a comparison costs what
//! the change costs and not what the schema costs. A name is followed as a statement would follow
//! it: by name first, and by identity only to tell a rename from a drop. Names of constraints and
//! indexes are not differences: what they demand is.

mod access;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::apply::{Touched, constraint_columns};
use super::catalog::{
    Catalog, Column, Constraint, Index, ObjectId, Policy, PrivilegeTarget, Relation, RelationBody,
    RewriteRule, Routine, RowSecurity, Table, Trigger, TypeBody, UserType,
};
use super::name::{Ident, ObjectName, QualifiedName};
use super::op::{
    AllowedValues, ConstraintKind, Identity, IndexKey, PolicyCommand, ReferentialAction,
    RelationKind, SqlExpr, TriggerTiming,
};
use super::types::{SqlType, TypeName};

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
        /// The kinds of statement for which no policy admits any row.
        without: Vec<PolicyCommand>,
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
    RoutineDropped,
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
            Change::RoutineDropped => "routine-dropped",
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

/// The differences of everything in both catalogs.
pub fn diff(old: &Catalog, new: &Catalog) -> Vec<Difference> {
    let mut out: Vec<Difference> = every_name(old, new)
        .iter()
        .flat_map(|name| diff_touched(old, new, name))
        .collect();
    out.sort();
    out.dedup();
    out
}

impl Difference {
    /// Whether it shows in the two schemas themselves: not only in which operation has made an
    /// object, or in what nobody can say.
    pub fn is_of_shape(&self) -> bool {
        !matches!(self.change, Change::NameReused | Change::Unread)
    }
}

/// Everything that there is to look at in two catalogs.
pub fn every_name(old: &Catalog, new: &Catalog) -> Vec<Touched> {
    let mut names: BTreeSet<Touched> = BTreeSet::from([Touched::Unread]);
    for catalog in [old, new] {
        names.extend(catalog.relations.keys().cloned().map(Touched::Relation));
        names.extend(catalog.types.keys().cloned().map(Touched::Type));
        names.extend(catalog.routines.keys().cloned().map(Touched::Routine));
        names.extend(catalog.privileges.keys().cloned().map(Touched::Privileges));
        names.extend(catalog.roles.keys().cloned().map(Touched::Role));
        names.extend(catalog.extensions().cloned().map(Touched::Extension));
    }
    names.into_iter().collect()
}

/// The other name of an object that is known under two: what is said of one depends on both.
pub fn other_name(old: &Catalog, new: &Catalog, touched: &Touched) -> Vec<Touched> {
    match touched {
        Touched::Relation(name) => {
            let later = old.relation(name).and_then(|it| new.relation_name(it.id));
            let earlier = new.relation(name).and_then(|it| old.relation_name(it.id));
            let others = later.into_iter().chain(earlier);
            let others = others.filter(|other| *other != name);
            let others = others.cloned().map(Touched::Relation);
            // Privileges on an object that is made or dropped in between are no difference.
            let ids = [old, new].into_iter().flat_map(|it| it.relation(name));
            let ids = ids.map(|relation| PrivilegeTarget::Relation(relation.id));
            let unseen = PrivilegeTarget::UnseenRelation(name.clone());
            others
                .chain(privileges(old, new, ids.chain([unseen])))
                .collect()
        }
        Touched::Type(name) => {
            let later = old.user_type(name).and_then(|it| new.type_name(it.id));
            let earlier = new.user_type(name).and_then(|it| old.type_name(it.id));
            let others = later.into_iter().chain(earlier);
            let others = others.filter(|other| *other != name);
            others.cloned().map(Touched::Type).collect()
        }
        Touched::Routine(name) => privileges(old, new, [PrivilegeTarget::Routine(name.clone())]),
        Touched::Role(name) => privileges(old, new, [PrivilegeTarget::Role(name.clone())]),
        // A grant on an object made anew may give back what its predecessor had.
        Touched::Privileges(PrivilegeTarget::Relation(id)) => new
            .relation_name(*id)
            .cloned()
            .map(Touched::Relation)
            .into_iter()
            .collect(),
        Touched::Privileges(_) | Touched::Extension(_) | Touched::Unread => Vec::new(),
    }
}

/// Those of the targets of which one of the catalogs says something.
fn privileges(
    old: &Catalog,
    new: &Catalog,
    targets: impl IntoIterator<Item = PrivilegeTarget>,
) -> Vec<Touched> {
    let is_known = |target: &PrivilegeTarget| {
        [old, new]
            .iter()
            .any(|catalog| catalog.privileges.contains_key(target))
    };
    let known = targets.into_iter().filter(is_known);
    known.map(Touched::Privileges).collect()
}

/// The differences of one name, in a stable order. [`Touched::Unread`] stands for what has no
/// name: the statements that were not understood and may have changed anything.
pub fn diff_touched(old: &Catalog, new: &Catalog, touched: &Touched) -> Vec<Difference> {
    let mut out = Vec::new();
    match touched {
        Touched::Relation(name) => diff_relation(old, new, name, &mut out),
        Touched::Type(name) => diff_type(old, new, name, &mut out),
        Touched::Routine(name) => diff_routines(old, new, name, &mut out),
        Touched::Privileges(target) => access::diff_privileges(old, new, target, &mut out),
        Touched::Role(name) => access::diff_role(old, new, name, &mut out),
        Touched::Extension(name) => {
            let has = |catalog: &Catalog| catalog.extensions().any(|it| it == name);
            if has(old) && !has(new) {
                out.push(Difference {
                    object: ObjectRef {
                        kind: ObjectKind::Extension,
                        schema: None,
                        parent: None,
                        name: name.clone(),
                    },
                    change: Change::ExtensionDropped,
                });
            }
        }
        Touched::Unread => {
            if old.unread() != new.unread() {
                out.push(Difference {
                    object: ObjectRef {
                        kind: ObjectKind::Migration,
                        schema: None,
                        parent: None,
                        name: Ident::new("anything"),
                    },
                    change: Change::Unread,
                });
            }
        }
    }
    out
}

/// The column of a later catalog as an earlier one names it; `None` where the earlier one does not
/// have it.
pub fn known_column(
    old: &Catalog,
    new: &Catalog,
    table: &QualifiedName,
    column: &Ident,
) -> Option<ObjectRef> {
    let Some(after) = new.relation(table) else {
        // Its creation was never seen: it was there before everything.
        let unseen = old.relation(table).is_none() && !new.gone.contains(table);
        return unseen.then(|| ObjectRef::part(ObjectKind::Column, table, column));
    };
    queried_kind(after)?;
    let name = match old.relation_name(after.id) {
        Some(name) => name,
        None => old.relation(table).map(|_| table)?,
    };
    let before = old.relation(name)?;
    let column = match (&before.body, &after.body) {
        (RelationBody::Table(before), RelationBody::Table(after)) => {
            let later = after.column(column);
            let earlier = match later {
                // One made anew under the name is new.
                Some(later) => before.column_by_id(later.id).or(before
                    .column(column)
                    .filter(|it| it.assumed || later.assumed || after.column_by_id(it.id).is_none())
                    .filter(|_| !is_fresh(before, later))),
                None => before.column(column),
            };
            match earlier {
                Some(earlier) => &earlier.name,
                // Perhaps one that no statement names.
                None => {
                    let unseen = later.is_none() && !before.knowledge.is_full();
                    unseen.then_some(column)?
                }
            }
        }
        (RelationBody::View(before), _) => {
            let known = before.columns.as_ref().is_none_or(|it| it.contains(column));
            known.then_some(column)?
        }
        _ => return None,
    };
    Some(ObjectRef::part(ObjectKind::Column, name, column))
}

/// Whether a column was made in a table of which all columns were known.
fn is_fresh(before: &Table, column: &Column) -> bool {
    before.knowledge.is_full() && !column.assumed && before.column_by_id(column.id).is_none()
}

/// The kind of a relation that queries name; indexes and owned sequences are none.
fn queried_kind(relation: &Relation) -> Option<ObjectKind> {
    if relation.temporary {
        return None;
    }
    match &relation.body {
        RelationBody::Table(_) => Some(ObjectKind::Table),
        RelationBody::View(_) => Some(ObjectKind::View),
        RelationBody::Sequence(sequence) if sequence.owner.is_none() => Some(ObjectKind::Sequence),
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}

fn diff_relation(old: &Catalog, new: &Catalog, name: &QualifiedName, out: &mut Vec<Difference>) {
    match (old.relation(name), new.relation(name)) {
        (Some(before), Some(after)) => {
            if Arc::ptr_eq(before, after) {
                return;
            }
            let (Some(kind), Some(_)) = (queried_kind(before), queried_kind(after)) else {
                return;
            };
            let object = ObjectRef::top(kind, name);
            access::diff_recreated(old, new, name, out);
            if before.unread != after.unread {
                out.push(Difference {
                    object,
                    change: Change::Unread,
                });
                return;
            }
            match (&before.body, &after.body) {
                (RelationBody::Table(before), RelationBody::Table(after)) => {
                    diff_detached(old, new, name, (before, after), out);
                    let tables = Tables {
                        old,
                        new,
                        name,
                        before,
                        after,
                    };
                    match before
                        .partition_of
                        .filter(|_| before.partition_of == after.partition_of)
                    {
                        Some(parent) => tables.diff_partition(parent, out),
                        None => tables.diff(out),
                    }
                }
                (RelationBody::Sequence(_), RelationBody::Sequence(_)) => {}
                _ if !views::diff_exchanged(old, new, name, (before, after), out) => {
                    out.push(obscured(object, before, after));
                }
                _ => {}
            }
        }
        (Some(before), None) => {
            let Some(kind) = queried_kind(before) else {
                return;
            };
            let change = match new.relation_name(before.id) {
                Some(to) => Change::RelationRenamed { to: to.clone() },
                // It was there for columns that are gone as well, and that is said.
                None if kind == ObjectKind::Sequence && went_with_columns(old, new, name) => return,
                None => Change::RelationDropped,
            };
            out.push(Difference {
                object: ObjectRef::top(kind, name),
                change,
            });
        }
        (None, Some(after)) => {
            let Some(kind) = queried_kind(after) else {
                return;
            };
            match old.relation_name(after.id) {
                // Reported under the old name, unless that name is taken again.
                Some(from) if new.relation(from).is_none() => {
                    diff_renamed(old, new, from, name, out);
                }
                Some(_) | None => out.push(Difference {
                    object: ObjectRef::top(kind, name),
                    change: Change::RelationAdded,
                }),
            }
        }
        (None, None) => {}
    }
}

/// Whether only defaults of columns drew from a sequence, and all of these columns are gone.
fn went_with_columns(old: &Catalog, new: &Catalog, sequence: &QualifiedName) -> bool {
    let draws = |column: &Column| {
        column.default.as_ref().is_some_and(|default| {
            let text = default.text.to_lowercase();
            text.contains("nextval") && text.contains(sequence.name.as_str())
        })
    };
    let mut drawn = false;
    for (_, relation) in old.relations() {
        let Some(table) = relation.as_table() else {
            continue;
        };
        for column in table.columns.iter().filter(|it| draws(it)) {
            drawn = true;
            let later = new.relation_name(relation.id);
            let later = later.and_then(|name| new.table(name));
            if later.is_some_and(|table| table.column_by_id(column.id).is_some()) {
                return false;
            }
        }
    }
    drawn
}

/// A partition that was taken out of its table.
fn diff_detached(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    (before, after): (&Table, &Table),
    out: &mut Vec<Difference>,
) {
    let Some(parent) = before.partition_of.filter(|_| after.partition_of.is_none()) else {
        return;
    };
    let (Some(table), Some(_)) = (old.relation_name(parent), new.relation_name(parent)) else {
        return;
    };
    let is_default = |relation: &Relation| {
        relation.as_table().is_some_and(|table| {
            let bound = table.partition_bound.as_ref();
            table.partition_of == Some(parent)
                && bound.is_some_and(|bound| bound.text.trim().eq_ignore_ascii_case("default"))
        })
    };
    let has_default = new.relations().any(|(_, relation)| is_default(relation));
    out.push(Difference {
        object: ObjectRef::top(ObjectKind::Table, table),
        change: Change::PartitionDetached {
            partition: name.clone(),
            has_default,
        },
    });
}

/// Differences inside a table that was renamed as well, named as old code names them.
fn diff_renamed(
    old: &Catalog,
    new: &Catalog,
    from: &QualifiedName,
    to: &QualifiedName,
    out: &mut Vec<Difference>,
) {
    if let (Some(before), Some(after)) = (old.table(from), new.table(to)) {
        Tables {
            old,
            new,
            name: from,
            before,
            after,
        }
        .diff(out);
    }
}

fn obscured(object: ObjectRef, before: &Relation, after: &Relation) -> Difference {
    Difference {
        object,
        change: Change::Obscured {
            from: before.kind(),
            to: after.kind(),
        },
    }
}

fn diff_rules(
    name: &QualifiedName,
    before: &[RewriteRule],
    after: &[RewriteRule],
    out: &mut Vec<Difference>,
) {
    let mut push = |rule: &RewriteRule, change| {
        out.push(Difference {
            object: ObjectRef::part(ObjectKind::Rule, name, &rule.name),
            change,
        });
    };
    let acts = |rules: &[RewriteRule], wanted: &RewriteRule| {
        rules.iter().any(|rule| {
            let condition = match (&rule.condition, &wanted.condition) {
                (Some(one), Some(other)) => one.is_same(other),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            rule.enabled
                && condition
                && (rule.event, rule.instead) == (wanted.event, wanted.instead)
                && rule.actions.is_same(&wanted.actions)
        })
    };
    let is_named = |rules: &[RewriteRule], name: &Ident| {
        rules.iter().any(|rule| rule.enabled && rule.name == *name)
    };
    for rule in after.iter().filter(|rule| rule.enabled) {
        if !acts(before, rule) {
            push(rule, Change::RuleAdded);
        }
    }
    for rule in before.iter().filter(|rule| rule.enabled) {
        // One of the same name that does something else has been said.
        if !acts(after, rule) && !is_named(after, &rule.name) {
            push(rule, Change::RuleDropped);
        }
    }
}

/// Whether two types that no migration made are called the same, one of them without its schema.
fn is_same_name(before: &SqlType, after: &SqlType) -> bool {
    match (&before.name, &after.name) {
        (TypeName::User(before_name), TypeName::User(after_name)) => {
            before_name.name == after_name.name
                && (before_name.schema.is_none() || after_name.schema.is_none())
                && before.is_array == after.is_array
                && before.modifiers == after.modifiers
        }
        _ => false,
    }
}

/// The keys of an index and its condition, where it is more than a list of columns.
fn shown_keys(index: &Index) -> Option<Arc<str>> {
    let is_plain = |key: &IndexKey| matches!(key, IndexKey::Column(_));
    if index.keys.iter().all(is_plain) && index.predicate.is_none() {
        return None;
    }
    let keys: Vec<String> = index
        .keys
        .iter()
        .map(|key| match key {
            IndexKey::Column(column) => column.to_string(),
            IndexKey::Expression(expression) => expression.text.to_string(),
        })
        .collect();
    let rows = match &index.predicate {
        Some(predicate) => format!(", for rows where {}", predicate.text),
        None => String::new(),
    };
    Some(format!("({}){rows}", keys.join(", ")).into())
}

/// The literals of a check.
type Literals = BTreeSet<Arc<str>>;

/// One table in two catalogs.
struct Tables<'a> {
    old: &'a Catalog,
    new: &'a Catalog,
    name: &'a QualifiedName,
    before: &'a Table,
    after: &'a Table,
}

impl Tables<'_> {
    fn diff(&self, out: &mut Vec<Difference>) {
        if self.is_made_anew() {
            out.push(Difference {
                object: ObjectRef::top(ObjectKind::Table, self.name),
                change: Change::NameReused,
            });
        }
        let not_null = |table: &'_ Table| -> BTreeSet<Ident> {
            let checks = table.constraints.iter().filter(|it| it.enforced);
            checks.filter_map(|it| it.as_not_null().cloned()).collect()
        };
        // Most columns are shared by both versions, and then there is nothing to compare, unless a
        // check has changed what one of them admits.
        let same_checks = not_null(self.before) == not_null(self.after);
        let is_shared =
            |at: usize| same_checks && self.before.columns.shares(&self.after.columns, at);
        for (at, column) in self.before.columns.iter().enumerate() {
            if is_shared(at) {
                continue;
            }
            match self.after.column(&column.name) {
                Some(after) => self.diff_column(column, after, out),
                None => match self.after.column_by_id(column.id) {
                    Some(after) => {
                        self.push_column(
                            column,
                            Change::ColumnRenamed {
                                to: after.name.clone(),
                            },
                            out,
                        );
                        self.diff_column(column, after, out);
                    }
                    // It is not listed, and not known to be gone either.
                    None if !self.after.is_absent(&column.name) => {
                        self.push_column(column, Change::Unread, out);
                    }
                    None => {
                        let required = self.old.is_required(self.before, column);
                        self.push_column(column, Change::ColumnDropped { required }, out);
                    }
                },
            }
        }
        for (at, column) in self.after.columns.iter().enumerate() {
            if is_shared(at) {
                continue;
            }
            if self.before_name(&column.name).is_none() && self.before.is_absent(&column.name) {
                let required = self.new.is_required(self.after, column);
                self.push_column(column, Change::ColumnAdded { required }, out);
            }
        }
        self.diff_constraints(out);
        self.diff_references(out);
        self.diff_unique_keys(out);
        self.diff_triggers(out);
        diff_rules(self.name, &self.before.rules, &self.after.rules, out);
        self.diff_row_security(out);
    }

    /// Whether another table has taken the name; one whose making was not seen may be the same.
    fn is_made_anew(&self) -> bool {
        let ids = [self.old, self.new].map(|it| it.relation(self.name));
        match ids {
            [Some(before), Some(after)] => {
                let is_seen = |it: &Relation| !it.assumed;
                before.id != after.id && is_seen(before) && is_seen(after)
            }
            _ => false,
        }
    }

    /// What happens to the whole partitioned table is said of it, and only the rest of a partition.
    fn diff_partition(&self, parent: ObjectId, out: &mut Vec<Difference>) {
        let mut of_parent = Vec::new();
        let names = self
            .old
            .relation_name(parent)
            .zip(self.new.relation_name(parent));
        if let Some((from, to)) = names
            && let (Some(before), Some(after)) = (self.old.table(from), self.new.table(to))
        {
            Tables {
                old: self.old,
                new: self.new,
                name: from,
                before,
                after,
            }
            .diff(&mut of_parent);
        }
        let mut own = Vec::new();
        self.diff(&mut own);
        own.retain(|difference| {
            // The names of keys and constraints differ from partition to partition.
            let is_named = difference.object.kind == ObjectKind::Column;
            !of_parent.iter().any(|it| {
                it.change == difference.change
                    && (!is_named || it.object.name == difference.object.name)
            })
        });
        out.extend(own);
    }

    fn push_column(&self, column: &Column, change: Change, out: &mut Vec<Difference>) {
        out.push(Difference {
            object: ObjectRef::part(ObjectKind::Column, self.name, &column.name),
            change,
        });
    }

    /// The old column that a name of the new table stands for: of that name, or renamed to it.
    fn before_name(&self, name: &Ident) -> Option<&Column> {
        self.before.column(name).or_else(|| {
            let after = self.after.column(name)?;
            let before = self.before.column_by_id(after.id)?;
            self.after.column(&before.name).is_none().then_some(before)
        })
    }

    /// The new name of an old column, while it is there.
    fn after_name(&self, name: &Ident) -> Option<&Ident> {
        if let Some(column) = self.after.column(name) {
            return Some(&column.name);
        }
        let before = self.before.column(name)?;
        self.after
            .column_by_id(before.id)
            .map(|column| &column.name)
    }

    fn diff_column(&self, before: &Column, after: &Column, out: &mut Vec<Difference>) {
        let mut push = |change| self.push_column(before, change, out);
        let type_differs = !self.same_type(&before.data_type, &after.data_type);
        if !self.same_type(&before.data_type, &after.data_type) {
            // A domain is stored and sent as what it is made of.
            let (from, to) = (
                self.old.base_type(&before.data_type),
                self.new.base_type(&after.data_type),
            );
            if self.same_type(&from, &to) {
                push(Change::DomainChanged);
            } else {
                push(Change::ColumnTypeChanged { from, to });
            }
        }
        // A column that the old table does not have has taken the name.
        let is_anew = before.id != after.id
            && !before.assumed
            && !after.assumed
            && after.generated.is_none()
            && self.before.column_by_id(after.id).is_none();
        if is_anew && !self.is_made_anew() && self.same_type(&before.data_type, &after.data_type) {
            push(Change::NameReused);
        }
        if before.collation != after.collation && self.in_unique_key(after) {
            push(Change::KeyCollationChanged);
        }
        let supplied = |column: &Column| {
            column.default.is_some()
                || column.identity.is_some()
                || column.generated.is_some()
                || column.assumed
        };
        let (was_supplied, is_supplied) = (supplied(before), supplied(after));
        let (was_required, is_required) = (
            self.old.is_required(self.before, before),
            self.new.is_required(self.after, after),
        );
        match (
            self.before.refuses_null(before),
            self.after.refuses_null(after),
        ) {
            (false, true) => push(Change::NotNullSet {
                supplied: !is_required,
            }),
            (true, false) => push(Change::NotNullDropped {
                supplied: !was_required,
            }),
            (true, true) | (false, false) => match (was_supplied, is_supplied) {
                (true, false) => push(Change::DefaultDropped {
                    supply: match (&before.generated, before.identity) {
                        (Some(_), _) => Supply::Expression,
                        (None, Some(_)) => Supply::Identity,
                        (None, None) => Supply::Default,
                    },
                    required: is_required,
                }),
                (false, true) => push(Change::DefaultAdded { was_required }),
                (true, true)
                    if !type_differs
                        && before
                            .default
                            .as_ref()
                            .zip(after.default.as_ref())
                            .is_some_and(|(before, after)| !before.is_same_value(after)) =>
                {
                    push(Change::DefaultChanged);
                }
                (true, true) | (false, false) => {}
            },
        }
        let refuses = |column: &Column| {
            column.generated.is_some() || column.identity == Some(Identity::Always)
        };
        match (refuses(before), refuses(after)) {
            (false, true) => push(Change::WritesRefused),
            (true, false) => push(Change::WritesAllowed),
            (true, true) | (false, false) => {}
        }
    }

    /// Whether two columns have one type, user-defined types followed through renames.
    fn same_type(&self, before: &SqlType, after: &SqlType) -> bool {
        if before == after {
            return true;
        }
        match (
            self.old.definition_of(before),
            self.new.definition_of(after),
        ) {
            (Some(before_type), Some(after_type)) => {
                before_type.id == after_type.id
                    && before.is_array == after.is_array
                    && before.modifiers == after.modifiers
            }
            _ => is_same_name(before, after),
        }
    }

    fn in_unique_key(&self, column: &Column) -> bool {
        self.after
            .indexes
            .iter()
            .any(|index| index.unique && index.columns().any(|needed| *needed == column.name))
    }

    fn diff_constraints(&self, out: &mut Vec<Difference>) {
        // Keys are compared by their indexes, `IS NOT NULL` with the columns.
        let compared = |constraint: &&Constraint| {
            constraint.enforced
                && demand_of(&constraint.kind) != Some(Demand::Unique)
                && constraint.as_not_null().is_none()
        };
        let (old_lists, new_lists) = (value_lists(self.before), value_lists(self.after));
        for (column, old) in &old_lists {
            let Some(new) = self.after_name(column).and_then(|it| new_lists.get(it)) else {
                continue;
            };
            let values: Literals = old.difference(new).cloned().collect();
            if !values.is_empty() {
                let column = column.clone();
                self.push_part(
                    column.clone(),
                    Change::ValuesRemoved { column, values },
                    out,
                );
            }
            let values: Literals = new.difference(old).cloned().collect();
            if !values.is_empty() {
                let column = column.clone();
                self.push_part(column.clone(), Change::ValuesAdded { column, values }, out);
            }
        }
        for added in self.after.constraints.iter().filter(compared) {
            if self.before.constraints.iter().any(|it| it.id == added.id) {
                continue;
            }
            let mut old = self.before.constraints.iter().filter(compared);
            if old.any(|old| self.same_demand(old, added)) {
                continue;
            }
            if self.is_implied_reference(added) {
                continue;
            }
            let listed_before = allowed_values(&added.kind).is_some_and(|list| {
                self.before_name(&list.column)
                    .is_some_and(|column| old_lists.contains_key(&column.name))
            });
            let (Some(demand), false) = (demand_of(&added.kind), listed_before) else {
                continue;
            };
            let columns = self.own_columns(self.after, &added.kind);
            let can_hurt = match &added.kind {
                // What it refuses of old code's rows is seen with its values.
                ConstraintKind::Check { .. } => true,
                ConstraintKind::PrimaryKey { .. }
                | ConstraintKind::Unique { .. }
                | ConstraintKind::ForeignKey { .. }
                | ConstraintKind::Exclude { .. }
                | ConstraintKind::NotNull { .. } => self.reaches_old_rows(&columns, true),
            };
            if can_hurt {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &added.name),
                    change: Change::ConstraintAdded {
                        demand,
                        columns,
                        keys: None,
                        not_valid: !added.valid,
                        replaces: self
                            .before
                            .constraints
                            .iter()
                            .any(|it| it.name == added.name && demand_of(&it.kind) == Some(demand)),
                    },
                });
            }
        }
        for dropped in self.before.constraints.iter().filter(compared) {
            if self.after.constraints.iter().any(|it| it.id == dropped.id) {
                continue;
            }
            let mut new = self.after.constraints.iter().filter(compared);
            let stays = new.any(|new| self.same_demand(dropped, new));
            let listed_after = allowed_values(&dropped.kind).is_some_and(|list| {
                self.after_name(&list.column)
                    .is_some_and(|column| new_lists.contains_key(column))
            });
            let columns = self.own_columns(self.before, &dropped.kind);
            let columns_stay = columns.iter().all(|it| self.after_name(it).is_some());
            let (Some(demand), false, false, true) =
                (demand_of(&dropped.kind), stays, listed_after, columns_stay)
            else {
                continue;
            };
            out.push(Difference {
                object: ObjectRef::part(ObjectKind::Constraint, self.name, &dropped.name),
                change: Change::ConstraintDropped { demand, columns },
            });
        }
    }

    /// Whether old foreign keys together demand what a new one demands: one over more columns leads
    /// to a table whose own key leads on.
    fn is_implied_reference(&self, added: &Constraint) -> bool {
        let (
            ConstraintKind::ForeignKey {
                columns,
                on_delete: new_action,
                ..
            },
            Some(target),
        ) = (&added.kind, added.references)
        else {
            return false;
        };
        let lets_go = |action: &ReferentialAction| {
            matches!(
                action,
                ReferentialAction::Cascade
                    | ReferentialAction::SetNull
                    | ReferentialAction::SetDefault
            )
        };
        self.before.constraints.iter().any(|old| {
            let ConstraintKind::ForeignKey {
                columns: old_columns,
                referenced,
                on_delete: old_action,
                ..
            } = &old.kind
            else {
                return false;
            };
            let is_never_null = old_columns.iter().all(|column| {
                let column = self.before.column(column);
                column.is_some_and(|column| self.before.refuses_null(column))
            });
            // What the new key's columns refer to in the table between.
            let between: Option<Vec<&Ident>> = columns
                .iter()
                .map(|column| {
                    let at = old_columns
                        .iter()
                        .position(|old| self.after_name(old) == Some(column))?;
                    referenced.get(at)
                })
                .collect();
            let middle = old.references.and_then(|id| self.old.relation_name(id));
            let (Some(between), Some(middle)) =
                (between, middle.and_then(|name| self.old.table(name)))
            else {
                return false;
            };
            let leads_on = middle.constraints.iter().any(|it| match &it.kind {
                ConstraintKind::ForeignKey { columns, .. } => {
                    it.references == Some(target) && columns.iter().eq(between.iter().copied())
                }
                _ => false, // Only references lead on.
            });
            let no_harder = lets_go(new_action) || !lets_go(old_action);
            is_never_null && leads_on && no_harder && old.enforced
        })
    }

    /// Foreign keys of before that let the rows they refer to go, and no longer do.
    fn diff_references(&self, out: &mut Vec<Difference>) {
        let lets_go = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey { on_delete, .. } => matches!(
                on_delete,
                ReferentialAction::Cascade
                    | ReferentialAction::SetNull
                    | ReferentialAction::SetDefault
            ),
            _ => false, // Nothing refers to anything.
        };
        for added in self.after.constraints.iter().filter(|it| it.enforced) {
            if demand_of(&added.kind) != Some(Demand::ForeignKey) || lets_go(&added.kind) {
                continue;
            }
            let was_kinder = self
                .before
                .constraints
                .iter()
                .any(|old| lets_go(&old.kind) && self.same_demand(old, added));
            let target = added.references.and_then(|id| self.old.relation_name(id));
            if let (true, Some(to)) = (was_kinder, target) {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &added.name),
                    change: Change::ReferenceTightened { to: to.clone() },
                });
            }
        }
    }

    fn push_part(&self, column: Ident, change: Change, out: &mut Vec<Difference>) {
        out.push(Difference {
            object: ObjectRef::part(ObjectKind::Column, self.name, &column),
            change,
        });
    }

    /// The names in a constraint that are columns of the table.
    fn own_columns(&self, table: &Table, kind: &ConstraintKind) -> Vec<Ident> {
        constraint_columns(kind)
            .into_iter()
            .filter(|column| table.column(column).is_some())
            .cloned()
            .collect()
    }

    /// Whether a key or reference over these columns looks at rows that old code writes: none of
    /// them is a new column that stays NULL in those rows, or gets another value in each.
    fn reaches_old_rows(&self, columns: &[Ident], nulls_pass: bool) -> bool {
        let is_apart = |column: &Ident| {
            self.before_name(column).is_none()
                && self.after.column(column).is_some_and(|column| {
                    let computed = column.identity.is_some() || column.generated.is_some();
                    match &column.default {
                        Some(default) => default.text.contains('('),
                        None => computed || nulls_pass,
                    }
                })
        };
        !columns.is_empty() && !columns.iter().any(is_apart)
    }

    /// Whether a constraint made anew demands what an old one demanded.
    fn same_demand(&self, before: &Constraint, after: &Constraint) -> bool {
        let same_columns = |before: &[Ident], after: &[Ident]| {
            before.len() == after.len()
                && before
                    .iter()
                    .zip(after)
                    .all(|(before, after)| self.after_name(before) == Some(after))
        };
        match (&before.kind, &after.kind) {
            (ConstraintKind::Check { expr: a, .. }, ConstraintKind::Check { expr: b, .. }) => {
                a.is_same(b)
            }
            (
                ConstraintKind::ForeignKey {
                    columns: a,
                    referenced: a_referenced,
                    ..
                },
                ConstraintKind::ForeignKey {
                    columns: b,
                    referenced: b_referenced,
                    ..
                },
            ) => {
                same_columns(a, b)
                    && before.references == after.references
                    && a_referenced == b_referenced
            }
            (
                ConstraintKind::Exclude { definition: a },
                ConstraintKind::Exclude { definition: b },
            ) => a == b,
            _ => false,
        }
    }

    fn diff_unique_keys(&self, out: &mut Vec<Difference>) {
        let same = |before: &Index, after: &Index| {
            before.id == after.id
                || (before.predicate == after.predicate
                    && before.nulls_not_distinct == after.nulls_not_distinct
                    && self.same_keys(before, after))
        };
        let unique = |index: &&Index| index.unique;
        for added in self.after.indexes.iter().filter(unique) {
            if self
                .before
                .indexes
                .iter()
                .filter(unique)
                .any(|old| same(old, added))
            {
                continue;
            }
            let columns: Vec<Ident> = added
                .key_columns()
                .filter(|column| self.after.column(column).is_some())
                .cloned()
                .collect();
            let nulls_pass = !added.nulls_not_distinct
                && added.keys.iter().all(|key| match key {
                    IndexKey::Column(_) => true,
                    IndexKey::Expression(expr) => expr.yields_to_null(),
                });
            if !self.is_implied(added)
                && !self.is_never_given(added)
                && self.reaches_old_rows(&columns, nulls_pass)
            {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &added.name),
                    change: Change::ConstraintAdded {
                        demand: Demand::Unique,
                        columns,
                        keys: shown_keys(added),
                        not_valid: false,
                        replaces: false,
                    },
                });
            }
        }
        for lost in &self.before.indexes {
            let Some(columns) = lost.plain_unique_columns() else {
                continue;
            };
            let as_set = |columns: &[&Ident]| -> Option<BTreeSet<Ident>> {
                columns
                    .iter()
                    .map(|column| self.after_name(column).cloned())
                    .collect()
            };
            // A key whose column is gone is lost with the column, which is said already.
            let Some(wanted) = as_set(&columns) else {
                continue;
            };
            let can_arbitrate = |index: &&Index| {
                !self.after.constraints.iter().any(|constraint| {
                    constraint.deferrable && index.constraint.as_ref() == Some(&constraint.name)
                })
            };
            let kept = self
                .after
                .indexes
                .iter()
                .filter(can_arbitrate)
                .any(|index| {
                    index.plain_unique_columns().is_some_and(|columns| {
                        columns.into_iter().cloned().collect::<BTreeSet<_>>() == wanted
                    })
                });
            if !kept {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Constraint, self.name, &lost.name),
                    change: Change::UniqueKeyLost {
                        columns: columns.into_iter().cloned().collect(),
                        primary: self.before.constraints.iter().any(|it| {
                            matches!(it.kind, ConstraintKind::PrimaryKey { .. })
                                && lost.constraint.as_ref() == Some(&it.name)
                        }),
                    },
                });
            }
        }
    }

    /// Whether an old unique key refused everything that a new one can refuse: it is over some of
    /// the new one's columns, and no kinder to NULLs.
    fn is_implied(&self, new: &Index) -> bool {
        // Whether a key of an old index is one of the new one's, and never NULL where that matters.
        let is_among = |key: &IndexKey, must_not_be_null: bool| match key {
            IndexKey::Column(column) => {
                let old = self.before.column(column);
                let is_safe =
                    !must_not_be_null || old.is_some_and(|column| self.before.refuses_null(column));
                let renamed = self.after_name(column);
                let is_there = new.keys.iter().any(|key| match key {
                    IndexKey::Column(new) => renamed == Some(new),
                    IndexKey::Expression(_) => false,
                });
                is_safe && is_there
            }
            IndexKey::Expression(_) => !must_not_be_null && new.keys.contains(key),
        };
        self.before.indexes.iter().any(|old| {
            let is_strict = old.nulls_not_distinct || !new.nulls_not_distinct;
            let same_rows = old.predicate.is_none() || old.predicate == new.predicate;
            old.unique
                && same_rows
                && !old.keys.is_empty()
                && old.keys.iter().all(|key| is_among(key, !is_strict))
        })
    }

    /// Whether old code cannot give one of the columns a value: the server counts it up.
    fn is_never_given(&self, new: &Index) -> bool {
        new.keys.iter().any(|key| match key {
            IndexKey::Column(column) => self
                .before
                .column(column)
                .is_some_and(|column| column.identity == Some(Identity::Always)),
            IndexKey::Expression(_) => false,
        })
    }

    fn same_keys(&self, before: &Index, after: &Index) -> bool {
        use IndexKey::{Column, Expression};
        before.keys.len() == after.keys.len()
            && before
                .keys
                .iter()
                .zip(&after.keys)
                .all(|(before, after)| match (before, after) {
                    (Column(before), Column(after)) => self.after_name(before) == Some(after),
                    (Expression(before), Expression(after)) => before == after,
                    (Column(_), Expression(_)) | (Expression(_), Column(_)) => false,
                })
    }

    fn diff_triggers(&self, out: &mut Vec<Difference>) {
        for trigger in self.after.triggers.iter().filter(|it| it.enabled) {
            let fired_before = self.before.triggers.iter().any(|old| {
                old.enabled
                    && old.timing == trigger.timing
                    && old.events == trigger.events
                    && self.same_function(old.function.as_ref(), trigger.function.as_ref())
            });
            if !fired_before {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Trigger, self.name, &trigger.name),
                    change: Change::TriggerAdded {
                        timing: trigger.timing,
                    },
                });
            }
        }
        if self.is_made_anew() {
            return;
        }
        let is_new = |trigger: &Trigger| {
            let mut old = self.before.triggers.iter();
            trigger.enabled && !old.any(|it| it.name == trigger.name)
        };
        for trigger in self.before.triggers.iter().filter(|it| it.enabled) {
            let fires = self.after.triggers.iter().any(|new| {
                // One of the same name that does something else has been said.
                let takes_over = is_new(new)
                    && new.timing == trigger.timing
                    && new.events == trigger.events
                    && new.for_each_row == trigger.for_each_row;
                new.enabled
                    && (new.name == trigger.name
                        || takes_over
                        || new.timing == trigger.timing
                            && new.events == trigger.events
                            && self.same_function(trigger.function.as_ref(), new.function.as_ref()))
            });
            if !fires {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::Trigger, self.name, &trigger.name),
                    change: Change::TriggerDropped,
                });
            }
        }
    }

    /// Whether two triggers call one function, which may have been renamed in between.
    fn same_function(&self, before: Option<&ObjectName>, after: Option<&ObjectName>) -> bool {
        if before == after {
            return true;
        }
        let ids = |catalog: &Catalog, function: Option<&ObjectName>| -> Vec<ObjectId> {
            let name = function.and_then(|function| {
                let schema = function.schema.clone()?;
                Some(QualifiedName::new(schema, function.name.clone()))
            });
            let routines = name.map_or(&[][..], |name| catalog.routines(&name));
            routines.iter().map(|routine| routine.id).collect()
        };
        let after = ids(self.new, after);
        ids(self.old, before).iter().any(|id| after.contains(id))
    }

    fn diff_row_security(&self, out: &mut Vec<Difference>) {
        let table = ObjectRef::top(ObjectKind::Table, self.name);
        let off = RowSecurity::default();
        let effective = |security: RowSecurity| if security.enabled { security } else { off };
        let (before, after) = (
            effective(self.before.row_security),
            effective(self.after.row_security),
        );
        if !after.enabled {
            return;
        }
        let without = without_policy(self.after);
        let had = match before.enabled {
            true => without_policy(self.before),
            false => Vec::new(),
        };
        let is_worse = without.iter().any(|command| !had.contains(command));
        if before != after || is_worse {
            out.push(Difference {
                object: table,
                change: Change::RowSecurityOn { without },
            });
            return;
        }
        let mut push = |policy: &Policy, how| {
            out.push(Difference {
                object: ObjectRef::part(ObjectKind::Policy, self.name, &policy.name),
                change: Change::PolicyChanged {
                    how,
                    command: policy.command,
                },
            });
        };
        // Whatever they are called, and made anew or not: what counts is what they say.
        let is_kept = |before: &&Policy| {
            let mut all = self.after.policies.iter();
            all.any(|after| self.same_policy(before, after))
        };
        let is_old = |after: &&Policy| {
            let mut all = self.before.policies.iter();
            all.any(|before| self.same_policy(before, after))
        };
        for policy in self.before.policies.iter().filter(|it| !is_kept(it)) {
            let successor = self.after.policies.iter().find(|it| {
                it.id == policy.id || (it.name == policy.name && it.command == policy.command)
            });
            let change = match successor {
                Some(_) => PolicyChange::Changed,
                // Fewer that refuse refuse less.
                None if !policy.permissive => continue,
                None => PolicyChange::Dropped,
            };
            push(policy, change);
        }
        for policy in self.after.policies.iter().filter(|it| !is_old(it)) {
            let is_said = self.before.policies.iter().any(|it| {
                it.id == policy.id || (it.name == policy.name && it.command == policy.command)
            });
            // One more that admits refuses nobody.
            if !is_said && !policy.permissive {
                push(policy, PolicyChange::Added);
            }
        }
    }

    /// Whether two conditions say the same, functions that they call followed through renames.
    fn same_condition(&self, one: &Option<SqlExpr>, other: &Option<SqlExpr>) -> bool {
        let (Some(one), Some(other)) = (one, other) else {
            return one.is_none() && other.is_none();
        };
        if one.is_same(other) {
            return true;
        }
        let mut text = format!(" {} ", one.text);
        for (name, routines) in self.old.all_routines() {
            if !text.contains(name.name.as_str()) {
                continue;
            }
            let to = self.new.all_routines().find(|(_, later)| {
                let mut ids = later.iter().map(|it| it.id);
                ids.any(|id| routines.iter().any(|routine| routine.id == id))
            });
            if let Some((to, _)) = to {
                text = text.replace(name.name.as_str(), to.name.as_str());
            }
        }
        let renamed = SqlExpr {
            text: text.trim().into(),
            columns: one.columns.clone(),
        };
        renamed.is_same(other)
    }

    /// Whether a policy governs the same rows, whatever it and its columns are called.
    fn same_policy(&self, before: &Policy, after: &Policy) -> bool {
        let renamed = |expr: &Option<SqlExpr>| {
            let mut expr = expr.clone()?;
            for column in &self.before.columns {
                if let Some(to) = self.after_name(&column.name)
                    && *to != column.name
                {
                    expr = expr.with_column_renamed(&column.name, to);
                }
            }
            Some(expr)
        };
        before.permissive == after.permissive
            && before.command == after.command
            && before.roles == after.roles
            && self.same_condition(&renamed(&before.using), &after.using)
            && self.same_condition(&renamed(&before.with_check), &after.with_check)
    }
}

/// The kinds of statement for which no policy admits rows: one that is not literally false and does not
/// hang on a setting of the session, which no migration sets for the code.
pub(crate) fn without_policy(table: &Table) -> Vec<PolicyCommand> {
    let admits = |expr: &Option<SqlExpr>| {
        expr.as_ref().is_none_or(|expr| {
            let text = expr.text.to_lowercase();
            text.trim_matches(['(', ')', ' ']) != "false" && !text.contains("current_setting")
        })
    };
    let commands = [
        PolicyCommand::Select,
        PolicyCommand::Insert,
        PolicyCommand::Update,
        PolicyCommand::Delete,
    ];
    let has_none = |command: &PolicyCommand| {
        !table.policies.iter().any(|policy| {
            policy.permissive
                && (policy.command == PolicyCommand::All || policy.command == *command)
                && admits(&policy.using)
                && admits(&policy.with_check)
        })
    };
    commands.into_iter().filter(has_none).collect()
}

fn demand_of(kind: &ConstraintKind) -> Option<Demand> {
    match kind {
        ConstraintKind::Check { .. } => Some(Demand::Check),
        ConstraintKind::ForeignKey { .. } => Some(Demand::ForeignKey),
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } => Some(Demand::Unique),
        ConstraintKind::Exclude { .. } => Some(Demand::Exclusion),
        ConstraintKind::NotNull { .. } => None,
    }
}

fn allowed_values(kind: &ConstraintKind) -> Option<&AllowedValues> {
    match kind {
        ConstraintKind::Check { allowed, .. } => allowed.as_ref(),
        ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Unique { .. }
        | ConstraintKind::ForeignKey { .. }
        | ConstraintKind::Exclude { .. }
        | ConstraintKind::NotNull { .. } => None,
    }
}

/// The literals that the checks of a table admit for a column, all of them together.
fn value_lists(table: &Table) -> BTreeMap<Ident, Literals> {
    let mut lists: BTreeMap<Ident, Literals> = BTreeMap::new();
    let enforced = table.constraints.iter().filter(|it| it.enforced);
    for list in enforced.filter_map(|it| allowed_values(&it.kind)) {
        lists
            .entry(list.column.clone())
            .and_modify(|values| values.retain(|value| list.values.contains(value)))
            .or_insert_with(|| list.values.clone());
    }
    lists
}

fn diff_type(old: &Catalog, new: &Catalog, name: &QualifiedName, out: &mut Vec<Difference>) {
    let object = ObjectRef::top(ObjectKind::Type, name);
    let mut push = |change| {
        out.push(Difference {
            object: object.clone(),
            change,
        });
    };
    match (old.user_type(name), new.user_type(name)) {
        (Some(before), Some(after)) => {
            if before.unread != after.unread {
                push(Change::Unread);
            } else {
                diff_type_body(name, before, after, out);
            }
        }
        (Some(before), None) => match new.type_name(before.id) {
            Some(to) => push(Change::TypeRenamed { to: to.clone() }),
            None => push(Change::TypeDropped),
        },
        (None, Some(after)) => match old.type_name(after.id) {
            Some(from) if new.user_type(from).is_none() => {
                if let Some(before) = old.user_type(from) {
                    diff_type_body(name, before, after, out);
                }
            }
            Some(_) | None => push(Change::TypeAdded),
        },
        (None, None) => {}
    }
}

fn diff_type_body(
    name: &QualifiedName,
    before: &UserType,
    after: &UserType,
    out: &mut Vec<Difference>,
) {
    match (&before.body, &after.body) {
        (TypeBody::Enum { labels: old, .. }, TypeBody::Enum { labels: new, .. }) => {
            let mut push = |label: &str, change| {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::EnumLabel, name, &Ident::new(label)),
                    change,
                });
            };
            for label in old {
                if new.iter().any(|it| it.text == label.text) {
                    continue;
                }
                match new.iter().find(|it| it.id == label.id) {
                    Some(renamed) => push(
                        &label.text,
                        Change::LabelRenamed {
                            to: Ident::new(&renamed.text),
                        },
                    ),
                    None => push(&label.text, Change::LabelDropped),
                }
            }
            for label in new {
                if !old
                    .iter()
                    .any(|it| it.text == label.text || it.id == label.id)
                {
                    push(&label.text, Change::LabelAdded);
                }
            }
        }
        (TypeBody::Unknown, TypeBody::Enum { labels, .. }) => {
            for label in labels {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::EnumLabel, name, &Ident::new(&label.text)),
                    change: Change::LabelAdded,
                });
            }
        }
        (
            TypeBody::Domain {
                not_null: was_not_null,
                default: old_default,
                checks: old_checks,
                ..
            },
            TypeBody::Domain {
                not_null,
                default,
                checks,
                ..
            },
        ) => {
            let new_check = checks
                .iter()
                .any(|(_, check)| !old_checks.iter().any(|(_, old)| old == check));
            let required = *not_null && default.is_none();
            let was_required = *was_not_null && old_default.is_none();
            if (*not_null && !was_not_null) || new_check || (required && !was_required) {
                out.push(Difference {
                    object: ObjectRef::top(ObjectKind::Type, name),
                    change: Change::DomainTightened {
                        required: required && !was_required,
                    },
                });
            }
        }
        // What is not known cannot be said to differ.
        (TypeBody::Unknown, _) | (_, TypeBody::Unknown) => {}
        (
            TypeBody::Enum { .. }
            | TypeBody::Domain { .. }
            | TypeBody::Composite(_)
            | TypeBody::Range(_)
            | TypeBody::Base,
            later,
        ) => {
            if before.body != *later {
                out.push(Difference {
                    object: ObjectRef::top(ObjectKind::Type, name),
                    change: Change::TypeRedefined,
                });
            }
        }
    }
}

/// Whether two bodies hold the same words.
fn same_body(before: &Routine, after: &Routine) -> bool {
    before.body == after.body || words(&before.body) == words(&after.body)
}

/// The text without comments, quotes of names, white space and case, as far as no string is touched.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '\'' => {
                let end = rest[1..].find('\'').map_or(rest.len(), |at| at + 2);
                out.push_str(&rest[..end]);
                end
            }
            _ => {
                if !c.is_whitespace() && c != '"' && c != ':' {
                    out.extend(c.to_lowercase());
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}

/// A trigger that calls a function and was there before.
fn fired_by(
    old: &Catalog,
    new: &Catalog,
    function: &QualifiedName,
) -> Option<(QualifiedName, Ident)> {
    let calls = |table: &Table, function: &QualifiedName| {
        let mut all = table.triggers.iter();
        all.find(|it| {
            it.enabled
                && it.function.as_ref().is_some_and(|called| {
                    called.name == function.name
                        && called
                            .schema
                            .as_ref()
                            .is_none_or(|schema| *schema == function.schema)
                })
        })
        .map(|it| it.name.clone())
    };
    new.relations().find_map(|(name, relation)| {
        let trigger = calls(relation.as_table()?, function)?;
        let known = old.relation_name(relation.id)?;
        calls(old.table(known)?, function)?;
        Some((name.clone(), trigger))
    })
}

/// The argument types of every call that a routine accepts without a cast: all of them, or fewer
/// where the last ones have defaults. A routine's arguments have no lengths.
fn calls_of(routine: &Routine) -> Vec<Vec<SqlType>> {
    let types: Vec<SqlType> = routine
        .arguments
        .iter()
        .map(|argument| SqlType {
            modifiers: [].into(),
            ..argument.data_type.clone()
        })
        .collect();
    let optional = routine.arguments.iter().rev();
    let optional = optional.take_while(|argument| argument.has_default).count();
    (types.len() - optional..=types.len())
        .map(|length| types[..length].to_vec())
        .collect()
}

/// Whether the calls of one routine that give all its arguments find the other one.
fn takes_the_same(before: &Routine, after: &Routine) -> bool {
    let all = calls_of(before).pop();
    calls_of(after).into_iter().any(|call| Some(call) == all)
}

fn routine_result(before: &Routine, after: &Routine) -> Option<Change> {
    let (from, to) = (before.returns.as_ref()?, after.returns.as_ref()?);
    // One of them may be written without its schema.
    let bare = |text: &str| text.rsplit('.').next().map(str::to_lowercase);
    let has_schema = |text: &str| text.contains('.');
    if has_schema(from) != has_schema(to) && bare(from) == bare(to) {
        return None;
    }
    (!from.eq_ignore_ascii_case(to)).then(|| Change::RoutineResultChanged {
        from: Arc::clone(from),
        to: Arc::clone(to),
    })
}

/// Whether an argument that a call could name has another name now, or none.
fn has_lost_names(before: &Routine, after: &Routine) -> bool {
    let pairs = before.arguments.iter().zip(&after.arguments);
    pairs
        .filter(|(before, _)| before.name.is_some())
        .any(|(before, after)| before.name != after.name)
}

fn diff_routines(old: &Catalog, new: &Catalog, name: &QualifiedName, out: &mut Vec<Difference>) {
    let same_signature = |a: &Routine, b: &Routine| {
        a.kind == b.kind && (a.signature() == b.signature() || a.id == b.id)
    };
    let (before, after) = (old.routines(name), new.routines(name));
    let mut push = |change| {
        let difference = Difference {
            object: ObjectRef::top(ObjectKind::Function, name),
            change,
        };
        if !out.contains(&difference) {
            out.push(difference);
        }
    };
    for routine in before.iter().filter(|it| it.is_callable()) {
        // Which kind it is shows in the call: CALL is for procedures only.
        let forms: Vec<&Routine> = after
            .iter()
            .filter(|it| it.is_callable() && it.kind == routine.kind)
            .collect();
        let only = || match forms.as_slice() {
            [form] if before.len() == 1 && form.arguments.len() == routine.arguments.len() => {
                Some(form)
            }
            _ => None,
        };
        let same = forms.iter().find(|it| takes_the_same(routine, it));
        if let Some(same) = same.or_else(only) {
            if let Some(change) = routine_result(routine, same) {
                push(change);
            }
            if has_lost_names(routine, same) {
                push(Change::RoutineParametersRenamed);
            }
        }
        let offered: BTreeSet<Vec<SqlType>> = forms.iter().flat_map(|it| calls_of(it)).collect();
        let is_offered = |call: &Vec<SqlType>| {
            offered.contains(call)
                || offered.iter().any(|form| {
                    let mut pairs = form.iter().zip(call);
                    form.len() == call.len()
                        && pairs.all(|(form, call)| form == call || is_same_name(form, call))
                })
        };
        let lost: Vec<Vec<SqlType>> = calls_of(routine)
            .into_iter()
            .filter(|call| !is_offered(call))
            .collect();
        if lost.is_empty() {
            continue;
        }
        let moved = new
            .all_routines()
            .find(|(to, overloads)| *to != name && overloads.iter().any(|it| it.id == routine.id));
        match moved {
            Some((to, _)) => push(Change::RoutineRenamed { to: to.clone() }),
            None if offered.is_empty() => push(Change::RoutineDropped),
            None => push(Change::RoutineArgumentsChanged {
                calls: lost,
                forms: offered.into_iter().collect(),
            }),
        }
    }
    for routine in before {
        let same = after.iter().find(|it| same_signature(routine, it));
        let Some(later) = same.filter(|it| !same_body(routine, it)) else {
            continue;
        };
        let is_for_triggers = |it: &Routine| {
            let returns = it.returns.as_deref();
            returns.is_some_and(|it| it.eq_ignore_ascii_case("trigger"))
        };
        if is_for_triggers(later)
            && let Some((table, trigger)) = fired_by(old, new, name)
        {
            push(Change::TriggerBodyChanged { trigger, table });
        }
    }
    for routine in after.iter().filter(|it| it.is_callable()) {
        let known = before.iter().any(|it| same_signature(it, routine))
            || old
                .all_routines()
                .any(|(_, overloads)| overloads.iter().any(|it| it.id == routine.id));
        if !known {
            push(Change::RoutineAdded);
        }
    }
}
