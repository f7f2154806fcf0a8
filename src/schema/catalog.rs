//! The schema as the server would hold it, without spans or history.
//!
//! A catalog is cheap to clone: versions share what did not change, in persistent maps. Every
//! object has an [`ObjectId`] that survives renames, as the server's oids do, so that two catalogs
//! of one history can tell a rename from a drop.
//!
//! Two kinds of not knowing are kept apart. A [`Knowledge::ColumnsUnknown`] table was altered
//! without its creation having been seen: a column that is not listed may still be there. The
//! counters of *unread* statements say how often something that was not understood may have
//! changed an object: two versions with different counts cannot be compared with certainty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpds::{HashTrieMapSync, HashTrieSetSync, RedBlackTreeMapSync};

use super::list::List;
use super::name::{Ident, ObjectName, QualifiedName};
use super::op::{
    ConstraintKind, ConstraintOptions, Identity, IndexKey, KeyOptions, OtherKind, PolicyCommand,
    QueryDef, RelationKind, RoutineArgument, RoutineKind, RuleEvent, SequenceChange, SqlExpr,
    TriggerEvents, TriggerTiming,
};
use super::types::{SqlType, TypeName};

/// The identity of an object: it stays when the object is renamed or moved, and two replays of the
/// same statements give the same identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub(crate) u64);

/// How much of a table is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Knowledge {
    /// Its creation was seen: a column that is not listed is not there.
    #[default]
    Full,
    /// Its creation was not seen: a column that is not listed may be there, unless it is absent.
    ColumnsUnknown {
        /// Columns known to be gone.
        absent: BTreeSet<Ident>,
    },
}

impl Knowledge {
    /// Nothing is known of the table but that it is there.
    pub fn columns_unknown() -> Self {
        Knowledge::ColumnsUnknown {
            absent: BTreeSet::new(),
        }
    }

    /// Whether every column is listed.
    pub fn is_full(&self) -> bool {
        matches!(self, Knowledge::Full)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: Ident,
    /// Its type; a user's type by its qualified name.
    pub data_type: SqlType,
    /// `COLLATE`, where it is not the type's own.
    pub collation: Option<ObjectName>,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// The default.
    pub default: Option<SqlExpr>,
    /// `GENERATED … AS IDENTITY`.
    pub identity: Option<Identity>,
    /// `GENERATED ALWAYS AS (…)`.
    pub generated: Option<SqlExpr>,
    /// Its creation was not seen: its type and default are not known.
    pub assumed: bool,
}

/// A table constraint. `NOT NULL` is kept on the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its identity.
    pub id: ObjectId,
    /// Its name, written or made up by the server.
    pub name: Ident,
    /// What it demands.
    pub kind: ConstraintKind,
    /// The referenced table of a foreign key, where it is known.
    pub references: Option<ObjectId>,
    /// Whether existing rows were checked.
    pub valid: bool,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// Whether new rows are checked.
    pub enforced: bool,
    /// What it has beside its demand.
    pub options: Arc<ConstraintOptions>,
    /// The foreign key of the partitioned table that it is the counterpart of.
    pub parent: Option<ObjectId>,
}

impl Constraint {
    /// The column, where it is a check that says `column IS NOT NULL`.
    pub fn as_not_null(&self) -> Option<&Ident> {
        match &self.kind {
            ConstraintKind::Check { expr, .. } => expr.as_not_null(),
            ConstraintKind::PrimaryKey { .. }
            | ConstraintKind::Unique { .. }
            | ConstraintKind::ForeignKey { .. }
            | ConstraintKind::Exclude { .. }
            | ConstraintKind::NotNull { .. } => None,
        }
    }

    /// Whether it is a foreign key to a table, and to one of its columns where that is given.
    pub(super) fn names(&self, table: ObjectId, column: Option<&Ident>) -> bool {
        let ConstraintKind::ForeignKey { referenced, .. } = &self.kind else {
            return false;
        };
        self.references == Some(table) && column.is_none_or(|column| referenced.contains(column))
    }
}

/// An index, those of constraints included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: Ident,
    /// `UNIQUE`
    pub unique: bool,
    /// `NULLS NOT DISTINCT`
    pub nulls_not_distinct: bool,
    /// The access method.
    pub method: Ident,
    /// Its keys, in order.
    pub keys: Vec<IndexKey>,
    /// How each key is kept; empty where all are kept as usual.
    pub options: Vec<KeyOptions>,
    /// `INCLUDE (…)`
    pub include: Vec<Ident>,
    /// `WHERE …`
    pub predicate: Option<SqlExpr>,
    /// The constraint that owns it.
    pub constraint: Option<Ident>,
    /// Whether queries may use it; a failed `CREATE INDEX CONCURRENTLY` leaves one that is not.
    pub valid: bool,
    /// The index of the partitioned table that it is the counterpart of.
    pub parent: Option<ObjectId>,
}

impl Index {
    /// The columns of a unique index that an upsert can target by its column list: no expression
    /// and no predicate.
    pub fn plain_unique_columns(&self) -> Option<Vec<&Ident>> {
        if !self.unique || self.predicate.is_some() {
            return None;
        }
        self.keys
            .iter()
            .map(|key| match key {
                IndexKey::Column(column) => Some(column),
                IndexKey::Expression(_) => None,
            })
            .collect()
    }

    /// The columns of its keys: what a unique index keeps apart, in the rows that it is about.
    pub fn key_columns(&self) -> impl Iterator<Item = &Ident> {
        self.keys.iter().flat_map(|key| match key {
            IndexKey::Column(column) => std::slice::from_ref(column).iter().collect::<Vec<_>>(),
            IndexKey::Expression(expr) => expr.columns.iter().collect(),
        })
    }

    /// Every column that the index needs: when one is dropped, so is the index.
    pub fn columns(&self) -> impl Iterator<Item = &Ident> {
        let predicate = self.predicate.iter().flat_map(|expr| expr.columns.iter());
        self.key_columns().chain(&self.include).chain(predicate)
    }
}

/// A trigger on a table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: Ident,
    /// `BEFORE`, `AFTER` or `INSTEAD OF`.
    pub timing: TriggerTiming,
    /// What fires it.
    pub events: TriggerEvents,
    /// `UPDATE OF` columns.
    pub columns: Vec<Ident>,
    /// Per row rather than per statement.
    pub for_each_row: bool,
    /// The function it calls.
    pub function: Option<ObjectName>,
    /// Whether it fires.
    pub enabled: bool,
    /// A constraint trigger.
    pub constraint: bool,
    /// `WHEN (…)`
    pub condition: Option<SqlExpr>,
    /// What the function is given.
    pub arguments: Vec<Arc<str>>,
    /// `DEFERRABLE`, `REFERENCING` and what else stands before `FOR EACH`, as written.
    pub attributes: Option<Arc<str>>,
}

/// A rule on a table or view: it rewrites the statements that come there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewriteRule {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: Ident,
    /// Which statements it rewrites.
    pub event: RuleEvent,
    /// `DO INSTEAD` rather than `DO ALSO`.
    pub instead: bool,
    /// `WHERE …`
    pub condition: Option<SqlExpr>,
    /// What is done, as written.
    pub actions: SqlExpr,
    /// The relations that it uses, as far as they are in the catalog.
    pub depends_on: Vec<ObjectId>,
    /// Whether it rewrites anything.
    pub enabled: bool,
}

impl Trigger {
    /// Whether it may give a value to what an INSERT leaves out.
    pub fn fills_on_insert(&self) -> bool {
        self.enabled
            && self.for_each_row
            && self.timing == TriggerTiming::Before
            && self.events.insert
    }
}

/// A row-level security policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its identity.
    pub id: ObjectId,
    /// Its name.
    pub name: Ident,
    /// Permissive rather than restrictive.
    pub permissive: bool,
    /// Which commands it governs.
    pub command: PolicyCommand,
    /// For whom; empty means everybody.
    pub roles: Vec<Ident>,
    /// Which rows are seen.
    pub using: Option<SqlExpr>,
    /// Which rows may be written.
    pub with_check: Option<SqlExpr>,
}

/// A table's row-level security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowSecurity {
    /// Policies hold for everybody but the owner.
    pub enabled: bool,
    /// They hold for the owner too.
    pub forced: bool,
}

/// A table with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Its columns, in order.
    pub columns: List<Column>,
    /// Its constraints, in order of creation.
    pub constraints: List<Constraint>,
    /// Its indexes, in order of creation.
    pub indexes: List<Index>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
    /// Its rules.
    pub rules: Vec<RewriteRule>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Row-level security.
    pub row_security: RowSecurity,
    /// The composite type that gives it its columns.
    pub of_type: Option<ObjectId>,
    /// The partitioned table it belongs to.
    pub partition_of: Option<ObjectId>,
    /// `FOR VALUES …` or `DEFAULT`, of a partition.
    pub partition_bound: Option<SqlExpr>,
    /// `PARTITION BY`
    pub partition_by: Option<SqlExpr>,
    /// Its parents.
    pub inherits: Vec<ObjectId>,
    /// Whether other tables were made its partitions or children.
    pub has_children: bool,
    /// Whether it has partitions or children whose names are not known.
    pub has_unnamed_children: bool,
    /// A foreign table.
    pub foreign: bool,
    /// `UNLOGGED`
    pub unlogged: bool,
    /// How much of it is known.
    pub knowledge: Knowledge,
}

impl Table {
    /// The column of that name.
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// Whether NULL is refused in a column: by itself, or by a check that says `IS NOT NULL`, which
    /// new rows must satisfy even while it is not valid for the old ones.
    pub fn refuses_null(&self, column: &Column) -> bool {
        column.not_null
            || self.constraints.iter().any(|constraint| {
                constraint.enforced && constraint.as_not_null() == Some(&column.name)
            })
    }

    /// The column of that identity.
    pub fn column_by_id(&self, id: ObjectId) -> Option<&Column> {
        self.columns.iter().find(|column| column.id == id)
    }

    /// Whether a column of that name is known not to be there.
    pub fn is_absent(&self, name: &Ident) -> bool {
        match &self.knowledge {
            Knowledge::Full => true,
            Knowledge::ColumnsUnknown { absent } => absent.contains(name),
        }
    }

    pub(super) fn column_mut(&mut self, name: &Ident) -> Option<&mut Column> {
        self.columns.find_mut(|column| column.name == *name)
    }
}

/// A view or materialised view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Whether it is stored.
    pub materialized: bool,
    /// Its columns' names, where its text tells them.
    pub columns: Option<Vec<Ident>>,
    /// Its columns' types, in their order, where they are known; empty where they are not.
    pub types: Vec<SqlType>,
    /// Its query.
    pub query: QueryDef,
    /// The relations it reads, as far as they are in the catalog.
    pub depends_on: Vec<ObjectId>,
    /// Indexes of a materialised view.
    pub indexes: List<Index>,
    /// `INSTEAD OF` triggers.
    pub triggers: Vec<Trigger>,
    /// Its rules, but for the one that makes it a view.
    pub rules: Vec<RewriteRule>,
    /// What writing to it comes to.
    pub writes: ViewWrites,
}

/// What becomes of an `INSERT`, `UPDATE` or `DELETE` on a view, its triggers and rules aside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ViewWrites {
    /// The server passes it on to one table.
    Through {
        /// The table.
        table: ObjectId,
        /// For each column of the view, the one that it plainly stands for.
        columns: Vec<Option<ObjectId>>,
    },
    /// The server refuses it.
    Refused,
    /// Not known.
    #[default]
    Unknown,
}

impl View {
    /// Whether the server takes writes to it; `None` where that is not known.
    pub fn is_writable(&self) -> Option<bool> {
        let by_trigger = |it: &Trigger| it.enabled && it.timing == TriggerTiming::InsteadOf;
        let by_rule = |it: &RewriteRule| it.enabled && it.instead;
        if self.triggers.iter().any(by_trigger) || self.rules.iter().any(by_rule) {
            return Some(true);
        }
        match self.writes {
            _ if self.materialized => Some(false),
            ViewWrites::Through { .. } => Some(true),
            ViewWrites::Refused => Some(false),
            ViewWrites::Unknown => None,
        }
    }
}

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// The table and column that own it: it goes with them.
    pub owner: Option<(ObjectId, ObjectId)>,
    /// Whether it is the one behind an identity column, which makes and drops it.
    pub identity: bool,
    /// Its numbers; `None` where its creation was not seen.
    pub options: Option<Box<SequenceOptions>>,
}

/// The numbers of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceOptions {
    /// `AS`
    pub data_type: SqlType,
    /// `START WITH`
    pub start: i64,
    /// `INCREMENT BY`
    pub increment: i64,
    /// `MINVALUE`
    pub min: i64,
    /// `MAXVALUE`
    pub max: i64,
    /// `CACHE`
    pub cache: i64,
    /// `CYCLE`
    pub cycle: bool,
}

impl SequenceOptions {
    /// The numbers of a new sequence.
    ///
    /// Source: `init_params` in PostgreSQL's `sequence.c`.
    pub fn new(change: &SequenceChange) -> Self {
        let mut options = SequenceOptions {
            data_type: SqlType::builtin("int8"),
            start: 1,
            increment: 1,
            min: 1,
            max: i64::MAX,
            cache: 1,
            cycle: false,
        };
        options.data_type = change.data_type.clone().unwrap_or(options.data_type);
        options.increment = change.increment.unwrap_or(1);
        let (low, high) = options.bounds();
        options.min = change.min.flatten().unwrap_or(low);
        options.max = change.max.flatten().unwrap_or(high);
        let first = if options.increment > 0 {
            options.min
        } else {
            options.max
        };
        options.start = change.start.unwrap_or(first);
        options.cache = change.cache.unwrap_or(1);
        options.cycle = change.cycle.unwrap_or(false);
        options
    }

    /// The numbers after `ALTER SEQUENCE`.
    pub fn change(&mut self, change: &SequenceChange) {
        let (old_low, old_high) = type_bounds(&self.data_type);
        let mut reset_max = false;
        let mut reset_min = false;
        if let Some(data_type) = &change.data_type {
            reset_max = self.max == old_high;
            reset_min = self.min == old_low;
            self.data_type = data_type.clone();
        }
        self.increment = change.increment.unwrap_or(self.increment);
        let (low, high) = self.bounds();
        match change.max {
            Some(max) => self.max = max.unwrap_or(high),
            None if reset_max => self.max = high,
            None => {}
        }
        match change.min {
            Some(min) => self.min = min.unwrap_or(low),
            None if reset_min => self.min = low,
            None => {}
        }
        self.start = change.start.unwrap_or(self.start);
        self.cache = change.cache.unwrap_or(self.cache);
        self.cycle = change.cycle.unwrap_or(self.cycle);
    }

    /// The least and the greatest value where none is given.
    fn bounds(&self) -> (i64, i64) {
        let (low, high) = type_bounds(&self.data_type);
        if self.increment > 0 {
            (1, high)
        } else {
            (low, -1)
        }
    }
}

fn type_bounds(data_type: &SqlType) -> (i64, i64) {
    match data_type.builtin_name() {
        Some("int2") => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Some("int4") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

/// What a relation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelationBody {
    /// A table.
    Table(Table),
    /// A view or materialised view.
    View(View),
    /// A sequence.
    Sequence(Sequence),
    /// The name of an index; the index itself is kept with its table.
    Index {
        /// The table or materialised view.
        table: ObjectId,
    },
}

/// Anything in the namespace of relations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its identity.
    pub id: ObjectId,
    /// What it is.
    pub body: RelationBody,
    /// Seen only by its own session.
    pub temporary: bool,
    /// Its creation was not seen: a later statement shows that it is there.
    pub assumed: bool,
    /// How many statements that were not understood name it.
    pub unread: u32,
}

impl Relation {
    /// Its rules.
    pub fn rules(&self) -> &[RewriteRule] {
        match &self.body {
            RelationBody::Table(table) => &table.rules,
            RelationBody::View(view) => &view.rules,
            RelationBody::Sequence(_) | RelationBody::Index { .. } => &[],
        }
    }

    /// The table, if it is one.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.body {
            RelationBody::Table(table) => Some(table),
            RelationBody::View(_) | RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        }
    }

    /// Whether an expression in it holds the name: a default, a check, a view's query.
    pub(super) fn mentions(&self, name: &Ident) -> bool {
        let in_text = |text: &str| {
            text.to_lowercase()
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == name.as_str())
        };
        match &self.body {
            RelationBody::Table(table) => {
                let columns = table
                    .columns
                    .iter()
                    .flat_map(|column| column.default.iter().chain(&column.generated));
                let checks = table.constraints.iter().filter_map(|it| match &it.kind {
                    ConstraintKind::Check { expr, .. } => Some(expr),
                    ConstraintKind::Exclude { definition } => Some(definition),
                    ConstraintKind::PrimaryKey { .. }
                    | ConstraintKind::Unique { .. }
                    | ConstraintKind::ForeignKey { .. }
                    | ConstraintKind::NotNull { .. } => None,
                });
                columns.chain(checks).any(|expr| in_text(&expr.text))
            }
            RelationBody::View(view) => in_text(&view.query.text),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => false,
        }
    }

    /// What a statement would call it.
    pub fn kind(&self) -> RelationKind {
        match &self.body {
            RelationBody::Table(table) if table.foreign => RelationKind::ForeignTable,
            RelationBody::Table(_) => RelationKind::Table,
            RelationBody::View(view) if view.materialized => RelationKind::MaterializedView,
            RelationBody::View(_) => RelationKind::View,
            RelationBody::Sequence(_) => RelationKind::Sequence,
            RelationBody::Index { .. } => RelationKind::Index,
        }
    }
}

/// What a user-defined type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeBody {
    /// An enum.
    Enum {
        /// Its labels, in order.
        labels: Vec<EnumLabel>,
        /// Whether every label is listed; not so where its creation was not seen.
        complete: bool,
    },
    /// A domain.
    Domain {
        /// The underlying type.
        base: SqlType,
        /// `NOT NULL`
        not_null: bool,
        /// `DEFAULT`
        default: Option<SqlExpr>,
        /// Its checks, by name.
        checks: Vec<(Ident, SqlExpr)>,
    },
    /// A composite type.
    Composite(Vec<(Ident, SqlType)>),
    /// A range, with its subtype.
    Range(SqlType),
    /// A base type or a shell type.
    Base,
    /// Its creation was not seen.
    Unknown,
}

/// A user-defined type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserType {
    /// Its identity.
    pub id: ObjectId,
    /// What it is made of.
    pub body: TypeBody,
    /// How many statements that were not understood name it.
    pub unread: u32,
}

/// A label of an enum; it keeps its identity when it is renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumLabel {
    /// Its identity.
    pub id: ObjectId,
    /// Its text.
    pub text: Arc<str>,
}

/// A function, procedure or aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routine {
    /// Its identity.
    pub id: ObjectId,
    /// Which kind.
    pub kind: RoutineKind,
    /// Its input arguments.
    pub arguments: Vec<RoutineArgument>,
    /// Its result, as written.
    pub returns: Option<Arc<str>>,
    /// Its language.
    pub language: Ident,
    /// Its body.
    pub body: Arc<str>,
    /// Everything after its name, as it was written; `None` where that is no longer so, or not known.
    pub written: Option<Arc<str>>,
}

impl Routine {
    /// The argument types, which with the name identify it.
    pub fn signature(&self) -> Vec<&SqlType> {
        self.arguments
            .iter()
            .map(|argument| &argument.data_type)
            .collect()
    }

    /// Whether it can be called by a query; a trigger function cannot.
    pub fn is_callable(&self) -> bool {
        !self.returns.as_deref().is_some_and(|returns| {
            returns.eq_ignore_ascii_case("trigger") || returns.eq_ignore_ascii_case("event_trigger")
        })
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Whether it is there; one that was dropped is remembered.
    pub exists: bool,
    /// Whether the history made it.
    pub made: bool,
    /// Whether it may log in, where the history says so.
    pub login: Option<bool>,
    /// The name that it was given instead of this one.
    pub renamed: Option<Ident>,
}

/// What a privilege is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrivilegeTarget {
    /// A table, view or sequence: a new one of the same name has privileges of its own.
    Relation(ObjectId),
    /// One whose creation was not seen.
    UnseenRelation(QualifiedName),
    /// A schema.
    Schema(Ident),
    /// Every routine of that name.
    Routine(QualifiedName),
    /// Routines that are made from now on (`ALTER DEFAULT PRIVILEGES`).
    NewRoutines,
    /// Membership in a role.
    Role(Ident),
}

/// A privilege of one role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Privilege {
    /// Whose; `public` is everybody.
    pub role: Ident,
    /// Upper case: `SELECT`; `MEMBER` of a role.
    pub name: Arc<str>,
    /// The column, where it is not the whole table.
    pub column: Option<Ident>,
}

/// The key of a schema among the names that are gone: no relation has an empty name.
pub(super) fn schema_key(name: &Ident) -> QualifiedName {
    QualifiedName {
        schema: name.clone(),
        name: Ident::new(""),
    }
}

/// The whole schema at one moment.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(super) schemas: RedBlackTreeMapSync<Ident, ()>,
    pub(super) relations: RedBlackTreeMapSync<QualifiedName, Arc<Relation>>,
    pub(super) relation_names: HashTrieMapSync<ObjectId, QualifiedName>,
    pub(super) types: RedBlackTreeMapSync<QualifiedName, Arc<UserType>>,
    pub(super) type_names: HashTrieMapSync<ObjectId, QualifiedName>,
    pub(super) routines: RedBlackTreeMapSync<QualifiedName, Arc<Vec<Routine>>>,
    pub(super) roles: RedBlackTreeMapSync<Ident, Role>,
    pub(super) extensions: RedBlackTreeMapSync<Ident, Option<Ident>>,
    pub(super) others: RedBlackTreeMapSync<(OtherKind, ObjectName), ()>,
    /// What the history granted (true) and revoked (false).
    pub(super) privileges: RedBlackTreeMapSync<PrivilegeTarget, Arc<BTreeMap<Privilege, bool>>>,
    /// Which relations were made to depend on a relation: owned sequences, views, referencing
    /// tables, partitions and children. An entry may be out of date, so it is verified when used.
    pub(super) dependents: HashTrieMapSync<ObjectId, Arc<Vec<ObjectId>>>,
    /// Names that were there and are gone: a statement about one of them fails.
    pub(super) gone: HashTrieSetSync<QualifiedName>,
    /// Names that a statement that was not understood may have made.
    pub(super) perhaps: HashTrieSetSync<QualifiedName>,
    pub(super) unread: u32,
    /// A statement that was not understood stands somewhere before: what is not listed may be there
    /// all the same, and the other way round.
    pub(super) is_doubtful: bool,
    /// Whether temporary relations may be there.
    pub(super) has_temporary: bool,
    /// Whether a table has ever got another name: only then can the constraints of another table
    /// have the names that the server would make up for this one's.
    pub(super) has_renamed: bool,
}

impl Default for Catalog {
    fn default() -> Self {
        Catalog::new()
    }
}

impl Catalog {
    /// A new database: an empty schema `public`.
    pub fn new() -> Self {
        let mut schemas = RedBlackTreeMapSync::new_sync();
        schemas.insert_mut(Ident::new("public"), ());
        Catalog {
            schemas,
            relations: RedBlackTreeMapSync::new_sync(),
            relation_names: HashTrieMapSync::new_sync(),
            types: RedBlackTreeMapSync::new_sync(),
            type_names: HashTrieMapSync::new_sync(),
            routines: RedBlackTreeMapSync::new_sync(),
            roles: RedBlackTreeMapSync::new_sync(),
            extensions: RedBlackTreeMapSync::new_sync(),
            others: RedBlackTreeMapSync::new_sync(),
            privileges: RedBlackTreeMapSync::new_sync(),
            dependents: HashTrieMapSync::new_sync(),
            gone: HashTrieSetSync::new_sync(),
            perhaps: HashTrieSetSync::new_sync(),
            unread: 0,
            is_doubtful: false,
            has_temporary: false,
            has_renamed: false,
        }
    }

    /// The relation of that name.
    pub fn relation(&self, name: &QualifiedName) -> Option<&Arc<Relation>> {
        self.relations.get(name)
    }

    /// Where the relation of that identity is now.
    pub fn relation_name(&self, id: ObjectId) -> Option<&QualifiedName> {
        self.relation_names.get(&id)
    }

    /// The table of that name.
    pub fn table(&self, name: &QualifiedName) -> Option<&Table> {
        self.relation(name).and_then(|relation| relation.as_table())
    }

    /// Notes that one relation was made to depend on another.
    pub(super) fn depend(&mut self, on: ObjectId, dependent: ObjectId) {
        let known = self.dependents.get(&on).map(Arc::as_ref);
        if known.is_some_and(|known| known.contains(&dependent)) {
            return;
        }
        let mut list = known.cloned().unwrap_or_default();
        list.push(dependent);
        self.dependents.insert_mut(on, Arc::new(list));
    }

    /// The other tables with a foreign key to a table.
    pub fn referencing(&self, id: ObjectId) -> Vec<ObjectId> {
        let dependents = self.dependents_of(id).into_iter();
        let referencing = dependents.filter(|(_, relation)| {
            relation.id != id
                && relation
                    .as_table()
                    .is_some_and(|table| table.constraints.iter().any(|it| it.names(id, None)))
        });
        referencing.map(|(_, relation)| relation.id).collect()
    }

    /// The relations that may depend on a relation, ordered by name.
    pub(super) fn dependents_of(&self, id: ObjectId) -> Vec<(&QualifiedName, &Relation)> {
        let ids = self.dependents.get(&id).map_or(&[][..], |ids| ids);
        let mut found: Vec<(&QualifiedName, &Relation)> = ids
            .iter()
            .filter_map(|id| {
                let name = self.relation_names.get(id)?;
                Some((name, self.relations.get(name)?.as_ref()))
            })
            .collect();
        found.sort_by_key(|(name, _)| *name);
        found
    }

    /// Every relation, ordered by name.
    pub fn relations(&self) -> impl Iterator<Item = (&QualifiedName, &Relation)> {
        self.relations
            .iter()
            .map(|(name, relation)| (name, relation.as_ref()))
    }

    /// Notes the columns of a view with their types, where the view's own list does not name them
    /// otherwise.
    pub(crate) fn describe_view(
        &mut self,
        name: &QualifiedName,
        listed: &[Ident],
        columns: Vec<(Ident, SqlType)>,
    ) {
        let Some(relation) = self.relations.get(name) else {
            return;
        };
        let mut relation = Arc::clone(relation);
        let RelationBody::View(view) = &mut Arc::make_mut(&mut relation).body else {
            return;
        };
        if listed.len() > columns.len() {
            return;
        }
        let (names, types): (Vec<Ident>, Vec<SqlType>) = columns.into_iter().unzip();
        let rest = names.into_iter().skip(listed.len());
        view.columns = Some(listed.iter().cloned().chain(rest).collect());
        view.types = types;
        self.relations.insert_mut(name.clone(), relation);
    }

    /// Whether a statement that was not understood may have changed anything.
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Whether the history makes an object of a kind that is kept by name only.
    pub fn has_other(&self, kind: OtherKind) -> bool {
        self.others.keys().any(|(other, _)| *other == kind)
    }

    /// Notes what writing to a view comes to; whether that is another thing than was known.
    pub(crate) fn note_view_writes(&mut self, name: &QualifiedName, writes: ViewWrites) -> bool {
        let Some(relation) = self.relations.get(name) else {
            return false;
        };
        if matches!(&relation.body, RelationBody::View(view) if view.writes == writes) {
            return false;
        }
        let mut relation = Arc::clone(relation);
        let RelationBody::View(view) = &mut Arc::make_mut(&mut relation).body else {
            return false;
        };
        view.writes = writes;
        self.relations.insert_mut(name.clone(), relation);
        true
    }

    /// The user-defined type of that name.
    pub fn user_type(&self, name: &QualifiedName) -> Option<&Arc<UserType>> {
        self.types.get(name)
    }

    /// Where the type of that identity is now.
    pub fn type_name(&self, id: ObjectId) -> Option<&QualifiedName> {
        self.type_names.get(&id)
    }

    /// Every user-defined type, ordered by name.
    pub fn types(&self) -> impl Iterator<Item = (&QualifiedName, &UserType)> {
        self.types.iter().map(|(name, ty)| (name, ty.as_ref()))
    }

    /// The routines of that name.
    pub fn routines(&self, name: &QualifiedName) -> &[Routine] {
        self.routines
            .get(name)
            .map_or(&[], |overloads| overloads.as_slice())
    }

    /// Every routine name with its overloads, ordered by name.
    pub fn all_routines(&self) -> impl Iterator<Item = (&QualifiedName, &[Routine])> {
        self.routines
            .iter()
            .map(|(name, overloads)| (name, overloads.as_slice()))
    }

    /// What the history granted (true) and revoked (false) of an object.
    pub fn held(&self, target: &PrivilegeTarget) -> Option<&BTreeMap<Privilege, bool>> {
        self.privileges.get(target).map(Arc::as_ref)
    }

    /// Every object about which something was granted or revoked.
    pub fn all_held(&self) -> impl Iterator<Item = (&PrivilegeTarget, &BTreeMap<Privilege, bool>)> {
        self.privileges
            .iter()
            .map(|(target, held)| (target, held.as_ref()))
    }

    /// Every schema, ordered by name.
    pub fn schemas(&self) -> impl Iterator<Item = &Ident> {
        self.schemas.keys()
    }

    /// Every role that the history names, ordered by name; those that are gone are remembered.
    pub fn roles(&self) -> impl Iterator<Item = (&Ident, &Role)> {
        self.roles.iter()
    }

    /// Whether the schema was there and is no more.
    pub fn has_lost_schema(&self, name: &Ident) -> bool {
        !self.has_schema(name) && self.gone.contains(&schema_key(name))
    }

    /// Whether the schema is there.
    pub fn has_schema(&self, name: &Ident) -> bool {
        self.schemas.contains_key(name)
    }

    /// The installed extensions.
    pub fn extensions(&self) -> impl Iterator<Item = &Ident> {
        self.extensions.keys()
    }

    /// Whether a statement that was not understood may have made an object of that name.
    pub fn may_have(&self, name: &QualifiedName) -> bool {
        self.perhaps.contains(name)
    }

    /// The names of objects that a statement that was not understood may have made.
    pub(crate) fn perhaps(&self) -> impl Iterator<Item = &QualifiedName> {
        self.perhaps.iter()
    }

    /// The installed extensions with the schema that they were put in, where the statement says so.
    pub fn extensions_in(&self) -> impl Iterator<Item = (&Ident, Option<&Ident>)> {
        self.extensions
            .iter()
            .map(|(name, schema)| (name, schema.as_ref()))
    }

    /// Objects of which only the name is kept, by what they are.
    pub fn others(&self) -> impl Iterator<Item = (OtherKind, &ObjectName)> {
        self.others.keys().map(|(kind, name)| (*kind, name))
    }

    /// How many statements that were not understood may have changed anything at all.
    pub fn unread(&self) -> u32 {
        self.unread
    }

    /// The user-defined type behind a column's type, if it is one and is in the catalog.
    pub fn definition_of(&self, data_type: &SqlType) -> Option<&UserType> {
        match &data_type.name {
            TypeName::User(name) => {
                let schema = name.schema.clone()?;
                self.types
                    .get(&QualifiedName {
                        schema,
                        name: name.name.clone(),
                    })
                    .map(|user_type| user_type.as_ref())
            }
            TypeName::Builtin(_) | TypeName::Unknown => None,
        }
    }

    /// The type that a domain is made of, through any number of domains; any other type itself.
    pub fn base_type(&self, data_type: &SqlType) -> SqlType {
        let mut found = data_type.clone();
        // Domains cannot be made of themselves, but a catalog could be wrong about it.
        for _ in 0..self.types.size() {
            match self.definition_of(&found).map(|it| &it.body) {
                Some(TypeBody::Domain { base, .. }) => {
                    let is_array = found.is_array || base.is_array;
                    found = SqlType {
                        is_array,
                        ..base.clone()
                    };
                }
                _ => break,
            }
        }
        found
    }

    /// Whether an INSERT must name the column, because leaving it out fails: with 23502, or with
    /// 23514 where a check says `IS NOT NULL`.
    pub fn is_required(&self, table: &Table, column: &Column) -> bool {
        let mut refuses_null = table.refuses_null(column);
        let mut supplied =
            column.default.is_some() || column.identity.is_some() || column.generated.is_some();
        if let Some(UserType {
            body: TypeBody::Domain {
                not_null, default, ..
            },
            ..
        }) = self.definition_of(&column.data_type)
        {
            refuses_null |= not_null;
            supplied |= default.is_some();
        }
        refuses_null && !supplied && !column.assumed
    }
}
