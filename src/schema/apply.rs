//! Applies operations to a catalog.
//!
//! Input: a catalog, the session's settings and one operation. Output: the catalog after it and
//! what was [`Touched`]. Applying never fails: an operation that does not fit (a column added
//! twice) leaves the catalog as it was and adds a [`Misfit`]. An operation on an object whose
//! creation was never seen takes the object for granted and says so with an [`Assumption`], so
//! that a history that begins mid-life can be replayed from a catalog that holds it.

mod access;
mod follow;
mod naming;
mod partitions;
mod relations;
mod rules;
mod tables;
pub(crate) use tables::constraint_columns;
mod types;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::catalog::{
    Catalog, Knowledge, ObjectId, PrivilegeTarget, Relation, RelationBody, Routine, Sequence,
    Table, View, ViewWrites,
};
use super::list::List;
use super::name::{Ident, ObjectName, QualifiedName};
use super::op::{
    Behavior, DataOp, Existence, Opaque, QueryDef, RelationKind, SchemaOp, SessionOp, TransactionOp,
};
use super::session::Session;
use super::types::{SqlType, TypeName};

/// Where an operation comes from: it gives the objects made by it their identities, the same ones
/// in every replay.
#[derive(Debug, Clone)]
pub struct Origin {
    seed: u64,
    made: u32,
}

impl Origin {
    /// The origin of one operation, from whatever names it: version, statement, operation.
    pub fn new(name: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        Origin {
            seed: hasher.finish(),
            made: 0,
        }
    }

    fn next_id(&mut self) -> ObjectId {
        self.made += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, self.made).hash(&mut hasher);
        ObjectId(hasher.finish())
    }
}

/// An object whose definition an operation may have changed, under its old or its new name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touched {
    /// A relation.
    Relation(QualifiedName),
    /// A user-defined type.
    Type(QualifiedName),
    /// Every routine of that name.
    Routine(QualifiedName),
    /// Who may do what with an object.
    Privileges(PrivilegeTarget),
    /// A role.
    Role(Ident),
    /// An extension.
    Extension(Ident),
    /// Anything, as far as anybody knows: a statement was not understood.
    Unread,
}

/// An operation that the server would have refused on this catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The server's error code.
    pub code: &'static str,
    /// The server's message, without its final full stop.
    pub message: String,
}

/// Something that must have been there before the history began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumption {
    /// A relation.
    Relation(QualifiedName, RelationKind),
    /// A column of a relation that is itself assumed.
    Column(QualifiedName, Ident),
    /// A column that a relation did not have until a statement added it.
    NoColumn(QualifiedName, Ident),
    /// A user-defined type; an enum with these labels where they are named.
    Type(QualifiedName, Vec<Arc<str>>),
}

/// What came of applying one operation.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// What it touched.
    pub touched: Vec<Touched>,
    /// Why the server would have refused it.
    pub misfits: Vec<Misfit>,
    /// What it takes for granted.
    pub assumptions: Vec<Assumption>,
}

/// Applies `op` to `catalog`, with names resolved as `session` says.
pub fn apply(
    catalog: &mut Catalog,
    session: &mut Session,
    op: &SchemaOp,
    origin: Origin,
) -> Applied {
    let mut applier = Applier {
        catalog,
        session,
        origin,
        out: Applied::default(),
    };
    applier.apply(op);
    applier.out
}

/// Temporary relations end with the session that made them; whether there were any.
pub fn end_session(catalog: &mut Catalog) -> bool {
    if !catalog.has_temporary {
        return false;
    }
    let schema = Ident::new("pg_temp");
    let mut session = Session::new();
    let mut applier = Applier {
        catalog,
        session: &mut session,
        origin: Origin::new("end of session"),
        out: Applied::default(),
    };
    applier.drop_temporary(&schema);
    true
}

/// Adds a column that a later statement shows to be there, to a table of which not every column is
/// known.
pub fn expect_column(catalog: &mut Catalog, relation: &QualifiedName, column: &Ident) {
    let lacks_it = catalog.table(relation).is_some_and(|table| {
        !table.knowledge.is_full() && table.column(column).is_none() && !table.is_absent(column)
    });
    if lacks_it {
        let mut session = Session::new();
        let mut applier = Applier {
            catalog,
            session: &mut session,
            origin: Origin::new(("expected", relation, column)),
            out: Applied::default(),
        };
        let column = applier.assumed_column(column);
        applier.edit_table(relation, |table| table.columns.push(column));
    }
}

/// The relation that a statement about rows means, whether or not its creation was seen.
pub fn named_relation(catalog: &Catalog, session: &Session, name: &ObjectName) -> QualifiedName {
    let exists = |name: &QualifiedName| catalog.relations.contains_key(name);
    lookup(session, name, exists).unwrap_or_else(|| new_name(catalog, session, name))
}

/// The routines that a call means, and their name; `None` where no such routine was made.
pub fn named_routines<'a>(
    catalog: &'a Catalog,
    session: &Session,
    name: &ObjectName,
) -> Option<(QualifiedName, &'a [Routine])> {
    let exists = |name: &QualifiedName| catalog.routines.contains_key(name);
    let found = lookup(session, name, exists)?;
    let overloads = catalog.routines(&found);
    Some((found, overloads))
}

fn lookup(
    session: &Session,
    name: &ObjectName,
    exists: impl Fn(&QualifiedName) -> bool,
) -> Option<QualifiedName> {
    let in_schema = |schema: &Ident| {
        let candidate = QualifiedName::new(schema.clone(), name.name.clone());
        exists(&candidate).then_some(candidate)
    };
    match &name.schema {
        Some(schema) => in_schema(schema),
        None => in_schema(&Ident::new("pg_temp"))
            .or_else(|| session.search_path().iter().find_map(in_schema)),
    }
}

fn new_name(catalog: &Catalog, session: &Session, name: &ObjectName) -> QualifiedName {
    let schema = name.schema.clone().unwrap_or_else(|| {
        session
            .search_path()
            .iter()
            .find(|schema| catalog.has_schema(schema))
            .cloned()
            .unwrap_or_else(|| Ident::new("public"))
    });
    QualifiedName::new(schema, name.name.clone())
}

/// Notes that a column is not there, in a table of which not every column is known: a later
/// statement adds it.
pub fn expect_no_column(catalog: &mut Catalog, relation: &QualifiedName, column: &Ident) {
    let Some(known) = catalog.relations.get(relation) else {
        return;
    };
    let mut known = Arc::clone(known);
    if let RelationBody::Table(table) = &mut Arc::make_mut(&mut known).body
        && table.column(column).is_none()
        && let Knowledge::ColumnsUnknown { absent } = &mut table.knowledge
        && absent.insert(column.clone())
    {
        catalog.relations.insert_mut(relation.clone(), known);
    }
}

/// The catalog before the history begins: a new database and what the history takes for granted.
pub fn assumed_catalog(assumptions: &[Assumption]) -> Catalog {
    let mut catalog = Catalog::new();
    let mut session = Session::new();
    let mut applier = Applier {
        catalog: &mut catalog,
        session: &mut session,
        origin: Origin::new("before the history"),
        out: Applied::default(),
    };
    for assumption in assumptions {
        match assumption {
            Assumption::Relation(name, kind) => applier.insert_assumed(name, *kind),
            Assumption::Column(relation, column) => {
                expect_column(applier.catalog, relation, column);
            }
            Assumption::NoColumn(relation, column) => {
                expect_no_column(applier.catalog, relation, column);
            }
            Assumption::Type(name, labels) => applier.insert_assumed_type(name, labels),
        }
    }
    catalog
}

/// The context of one operation.
struct Applier<'a> {
    catalog: &'a mut Catalog,
    session: &'a mut Session,
    origin: Origin,
    out: Applied,
}

impl Applier<'_> {
    fn apply(&mut self, op: &SchemaOp) {
        match op {
            SchemaOp::CreateSchema { name, existence } => {
                if !self.catalog.has_schema(name) {
                    self.catalog.schemas.insert_mut(name.clone(), ());
                } else if *existence == Existence::Required && name.as_str() != "public" {
                    self.misfit(
                        "42P06",
                        format!("schema \"{}\" already exists", name.as_str()),
                    );
                }
            }
            SchemaOp::DropSchema {
                name, existence, ..
            } => self.drop_schema(name, *existence),
            SchemaOp::RenameSchema { name, to } => self.rename_schema(name, to),

            SchemaOp::CreateTable { table, creation } => self.create_table(table, *creation),
            SchemaOp::CreateView { view, creation } => self.create_view(view, *creation),
            SchemaOp::CreateSequence {
                name,
                temporary,
                owner,
                options,
                existence,
            } => self.create_sequence(name, *temporary, owner.as_ref(), options, *existence),
            SchemaOp::AlterSequence {
                name,
                options,
                existence,
            } => self.alter_sequence(name, options, *existence),
            SchemaOp::SetLogged { table, logged } => {
                if let Some(name) = self.find_table(table) {
                    self.edit_table(&name, |table| table.unlogged = !logged);
                }
            }
            SchemaOp::SetSequenceOwner {
                name,
                owner,
                existence,
            } => self.set_sequence_owner(name, owner, *existence),
            SchemaOp::CreateIndex { index, existence } => self.create_index(index, *existence),
            SchemaOp::DropRelation {
                kind,
                name,
                table,
                existence,
                behavior,
            } => self.drop_relation(*kind, name, table.as_ref(), *existence, *behavior),
            SchemaOp::RenameRelation {
                kind,
                name,
                to,
                existence,
            } => {
                if let Some(from) = self.find_relation(name, *kind, *existence) {
                    let to = QualifiedName::new(from.schema.clone(), to.clone());
                    self.rekey_relation(&from, &to);
                }
            }
            SchemaOp::MoveRelation {
                kind,
                name,
                schema,
                existence,
            } => {
                if let Some(from) = self.find_relation(name, *kind, *existence) {
                    self.move_relation(&from, schema);
                }
            }

            SchemaOp::AddColumn {
                table,
                column,
                existence,
            } => self.add_column(table, column, *existence),
            SchemaOp::DropColumn {
                table,
                column,
                existence,
                behavior,
            } => self.drop_column(table, column, *existence, *behavior),
            SchemaOp::RenameColumn { table, column, to } => self.rename_column(table, column, to),
            SchemaOp::AlterColumn {
                table,
                column,
                change,
                only,
            } => self.alter_column(table, column, change, *only),

            SchemaOp::AddConstraint { table, constraint } => {
                if let Some(name) = self.find_table(table) {
                    self.add_constraint(&name, constraint);
                }
            }
            SchemaOp::DropConstraint {
                table,
                name,
                existence,
                behavior,
            } => self.drop_constraint(table, name, *existence, *behavior),
            SchemaOp::RenameConstraint { table, name, to } => {
                self.rename_constraint(table, name, to);
            }
            SchemaOp::ValidateConstraint { table, name } => self.validate_constraint(table, name),
            SchemaOp::AlterConstraint {
                table,
                name,
                timing,
                enforced,
                no_inherit,
            } => self.alter_constraint(table, name, (*timing, *enforced, *no_inherit)),
            SchemaOp::SetTableType { table, of_type } => {
                let of_type = of_type.as_ref().and_then(|name| {
                    let name = self.find_type(name)?;
                    self.catalog.user_type(&name).map(|it| it.id)
                });
                if let Some(table) = self.find_table(table) {
                    self.edit_table(&table, |table| table.of_type = of_type);
                }
            }

            SchemaOp::CreateType { name, definition } => self.create_type(name, definition),
            SchemaOp::DropType {
                name,
                existence,
                behavior,
            } => self.drop_type(name, *existence, *behavior),
            SchemaOp::RenameType { name, to } => {
                if let Some(from) = self.find_type(name) {
                    let to = QualifiedName::new(from.schema.clone(), to.clone());
                    self.rekey_type(&from, &to);
                }
            }
            SchemaOp::MoveType { name, schema } => {
                if let Some(from) = self.find_type(name) {
                    let to = QualifiedName::new(schema.clone(), from.name.clone());
                    self.rekey_type(&from, &to);
                }
            }
            SchemaOp::AddEnumLabel {
                name,
                label,
                position,
                existence,
            } => self.add_enum_label(name, label, position, *existence),
            SchemaOp::RenameEnumLabel { name, label, to } => {
                self.rename_enum_label(name, label, to);
            }
            SchemaOp::AlterType { name, change } => self.alter_type(name, change),

            SchemaOp::CreateRoutine { routine, creation } => {
                self.create_routine(routine, *creation);
            }
            SchemaOp::DropRoutine {
                name,
                arguments,
                behavior,
                ..
            } => {
                let dropped = self.drop_routine(name, arguments.as_deref());
                if *behavior == Behavior::Cascade {
                    if let Some(dropped) = dropped {
                        self.drop_triggers_of(&dropped);
                    }
                    self.taint_users_of(&name.name);
                }
            }
            SchemaOp::RenameRoutine {
                name,
                arguments,
                to,
            } => self.rekey_routine(name, arguments.as_deref(), None, Some(to)),
            SchemaOp::MoveRoutine {
                name,
                arguments,
                schema,
            } => self.rekey_routine(name, arguments.as_deref(), Some(schema), None),

            SchemaOp::CreateTrigger { trigger, creation } => {
                self.create_trigger(trigger, *creation);
            }
            SchemaOp::DropTrigger {
                name,
                table,
                existence,
            } => self.drop_trigger(name, table.as_ref(), *existence),
            SchemaOp::RenameTrigger { table, name, to } => self.rename_trigger(table, name, to),
            SchemaOp::EnableTrigger {
                table,
                triggers,
                enabled,
            } => self.enable_trigger(table, triggers, *enabled),
            SchemaOp::CreateRule { rule, is_replaced } => self.create_rule(rule, *is_replaced),
            SchemaOp::DropRule {
                name,
                table,
                existence,
            } => self.drop_rule(name, table, *existence),
            SchemaOp::RenameRule { table, name, to } => self.rename_rule(table, name, to),
            SchemaOp::EnableRule {
                table,
                name,
                enabled,
            } => self.enable_rule(table, name, *enabled),
            SchemaOp::CreatePolicy { policy } => self.create_policy(policy),
            SchemaOp::AlterPolicy {
                table,
                name,
                roles,
                using,
                with_check,
            } => self.edit_policy(table, name, |policy| {
                if let Some(roles) = roles {
                    policy.roles = roles.clone();
                }
                if using.is_some() {
                    policy.using = using.clone();
                }
                if with_check.is_some() {
                    policy.with_check = with_check.clone();
                }
            }),
            SchemaOp::DropPolicy {
                name,
                table,
                existence,
            } => self.drop_policy(table, name, *existence),
            SchemaOp::RenamePolicy { table, name, to } => {
                self.edit_policy(table, name, |policy| policy.name = to.clone());
            }
            SchemaOp::SetRowSecurity { table, change } => self.set_row_security(table, *change),

            SchemaOp::AttachPartition {
                table,
                partition,
                bound,
            } => {
                self.attach_partition(table, partition, bound.as_ref());
            }
            SchemaOp::AttachUnnamedPartition { table } => {
                if let Some(name) = self.find_table(table) {
                    self.edit_table(&name, |table| table.has_unnamed_children = true);
                }
            }
            SchemaOp::AttachPartitionIndex { index, partition } => {
                self.attach_partition_index(index, partition);
            }
            SchemaOp::DetachPartition { table, partition } => {
                if let (Some(_), Some(child)) = (self.find_table(table), self.find_table(partition))
                {
                    self.edit_table(&child, |child| {
                        child.partition_of = None;
                        child.partition_bound = None;
                    });
                    self.keep_shared(&child);
                }
            }
            SchemaOp::Inherit { table, parent } => self.inherit(table, parent),
            SchemaOp::NoInherit { table, parent } => {
                if let (Some(child), Some(parent)) =
                    (self.find_table(table), self.find_table(parent))
                    && let Some(parent) = self.catalog.relation(&parent).map(|parent| parent.id)
                {
                    self.edit_table(&child, |child| child.inherits.retain(|id| *id != parent));
                }
            }

            SchemaOp::Grant(change) => self.change_privileges(true, change),
            SchemaOp::Revoke(change) => self.change_privileges(false, change),
            SchemaOp::AlterDefaultPrivileges {
                schemas,
                granted,
                change,
            } => self.change_defaults(schemas, *granted, change),
            SchemaOp::SetOwner { .. } => {}
            SchemaOp::CreateRole { name, login } => self.create_role(name, *login),
            SchemaOp::AlterRole { name, login } => self.alter_role(name, *login),
            SchemaOp::RenameRole { name, to } => self.rename_role(name, to),
            SchemaOp::DropRole { name, existence } => self.drop_role(name, *existence),

            SchemaOp::CreateExtension { name, schema, .. } => {
                if !self.catalog.extensions.contains_key(name) {
                    self.out.touched.push(Touched::Extension(name.clone()));
                    self.catalog
                        .extensions
                        .insert_mut(name.clone(), schema.clone());
                }
            }
            SchemaOp::DropExtension {
                name,
                existence,
                behavior,
            } => {
                // Its types, functions and operators are not in the catalog, and are gone.
                let was_there = self.catalog.extensions.remove_mut(name);
                match (was_there || *existence == Existence::Required, behavior) {
                    (false, _) => {}
                    // The server refuses it where anything that stays depends on one of them.
                    (true, Behavior::Restrict) => {
                        self.out.touched.push(Touched::Extension(name.clone()));
                    }
                    (true, Behavior::Cascade) => self.taint_everything(),
                }
            }
            SchemaOp::CreateOther { kind, name } => {
                self.catalog.others.insert_mut((*kind, name.clone()), ());
            }
            SchemaOp::DropOther { kind, name, .. } => {
                self.catalog.others.remove_mut(&(*kind, name.clone()));
            }

            SchemaOp::Data(
                DataOp::Insert { .. }
                | DataOp::Update { .. }
                | DataOp::Delete { .. }
                | DataOp::Truncate { .. }
                | DataOp::CopyFrom { .. }
                | DataOp::Merge { .. }
                | DataOp::Read
                | DataOp::Lock { .. },
            ) => {}
            // Transactions are followed by whoever replays: they choose among whole catalogs.
            SchemaOp::Transaction(
                TransactionOp::Begin
                | TransactionOp::Commit
                | TransactionOp::Rollback
                | TransactionOp::Savepoint(_)
                | TransactionOp::Release(_)
                | TransactionOp::RollbackTo(_)
                | TransactionOp::Prepare(_)
                | TransactionOp::CommitPrepared(_)
                | TransactionOp::RollbackPrepared(_),
            ) => {}
            SchemaOp::Session(SessionOp::SearchPath { path, scope }) => {
                self.session.set_search_path(path.as_deref(), *scope);
            }
            SchemaOp::Session(SessionOp::EnterSchema(name)) => self.session.enter_schema(name),
            SchemaOp::Session(SessionOp::LeaveSchema) => self.session.leave_schema(),
            SchemaOp::Session(SessionOp::Role { .. } | SessionOp::Other { .. }) => {}
            SchemaOp::NoEffect { .. } => {}
            // Whoever replays reads the bodies and applies what stands in them.
            SchemaOp::Call(call) => self.taint(&call.unread()),
            SchemaOp::Opaque(opaque) => self.taint(opaque),
        }
    }

    /// Notes what the server would refuse, unless a statement that was not understood may have made
    /// it right.
    fn misfit(&mut self, code: &'static str, message: String) {
        if self.catalog.is_doubtful {
            return;
        }
        self.out.misfits.push(Misfit { code, message });
    }

    fn touch_relation(&mut self, name: &QualifiedName) {
        self.out.touched.push(Touched::Relation(name.clone()));
    }

    /// A statement that was not understood: what it names can no longer be compared.
    fn taint(&mut self, opaque: &Opaque) {
        self.catalog.is_doubtful = true;
        let mut names_something = false;
        for name in &opaque.names {
            if let Some(found) = self.lookup_relation(name) {
                names_something = true;
                self.edit_relation(&found, |relation| {
                    relation.unread += 1;
                    if let RelationBody::Table(table) = &mut relation.body
                        && table.knowledge.is_full()
                    {
                        table.knowledge = Knowledge::columns_unknown();
                    }
                });
            } else if let Some(found) = self.lookup_type(name) {
                names_something = true;
                self.edit_type(&found, |user_type| user_type.unread += 1);
            } else {
                let made = self.new_name(name);
                self.catalog.perhaps.insert_mut(made);
            }
        }
        if opaque.beyond_names || !names_something {
            self.taint_everything();
        }
    }

    fn taint_everything(&mut self) {
        self.catalog.is_doubtful = true;
        self.catalog.unread += 1;
        self.out.touched.push(Touched::Unread);
    }

    /// What was dropped took things with it that were not followed: whatever names it.
    pub(super) fn taint_users_of(&mut self, name: &Ident) {
        let users: Vec<QualifiedName> = self
            .catalog
            .relations()
            .filter(|(_, relation)| relation.mentions(name))
            .map(|(name, _)| name.clone())
            .collect();
        for user in users {
            self.edit_relation(&user, |relation| relation.unread += 1);
        }
    }

    /// The relation that a name means now, if there is one.
    fn lookup_relation(&self, name: &ObjectName) -> Option<QualifiedName> {
        self.lookup(name, |name| self.catalog.relations.contains_key(name))
    }

    fn lookup(
        &self,
        name: &ObjectName,
        exists: impl Fn(&QualifiedName) -> bool,
    ) -> Option<QualifiedName> {
        lookup(self.session, name, exists)
    }

    /// The name that a new object gets: in the first schema of the search path that is there.
    fn new_name(&self, name: &ObjectName) -> QualifiedName {
        new_name(self.catalog, self.session, name)
    }

    /// The relation that a statement names: as it is, or taken for granted when its creation was
    /// not seen, or `None` with a misfit when it is known not to be there.
    fn find_relation(
        &mut self,
        name: &ObjectName,
        kind: RelationKind,
        existence: Existence,
    ) -> Option<QualifiedName> {
        if let Some(found) = self.lookup_relation(name) {
            return Some(found);
        }
        // An index without its table says nothing, wherever it came from.
        if existence == Existence::Tolerated || kind == RelationKind::Index {
            return None;
        }
        let assumed = self.new_name(name);
        if self.catalog.gone.contains(&assumed) {
            self.misfit("42P01", format!("{kind} \"{name}\" does not exist"));
            return None;
        }
        if !self.catalog.perhaps.contains(&assumed) {
            self.out
                .assumptions
                .push(Assumption::Relation(assumed.clone(), kind));
        }
        self.insert_assumed(&assumed, kind);
        self.touch_relation(&assumed);
        Some(assumed)
    }

    fn find_table(&mut self, name: &ObjectName) -> Option<QualifiedName> {
        self.find_relation(name, RelationKind::Table, Existence::Required)
    }

    fn insert_assumed(&mut self, name: &QualifiedName, kind: RelationKind) {
        let body = match kind {
            RelationKind::Sequence => RelationBody::Sequence(Sequence {
                owner: None,
                identity: false,
                options: None,
            }),
            RelationKind::View | RelationKind::MaterializedView => RelationBody::View(View {
                materialized: kind == RelationKind::MaterializedView,
                columns: None,
                types: Vec::new(),
                query: QueryDef {
                    text: Arc::from(""),
                    relations: Vec::new(),
                    columns: None,
                    output: None,
                },
                depends_on: Vec::new(),
                indexes: List::default(),
                triggers: Vec::new(),
                rules: Vec::new(),
                writes: ViewWrites::Unknown,
            }),
            // An index without its table says nothing.
            RelationKind::Table | RelationKind::ForeignTable | RelationKind::Index => {
                RelationBody::Table(Table {
                    knowledge: Knowledge::columns_unknown(),
                    foreign: kind == RelationKind::ForeignTable,
                    ..Table::default()
                })
            }
        };
        let mut hasher = DefaultHasher::new();
        ("assumed", name).hash(&mut hasher);
        self.insert_relation(
            name,
            Relation {
                id: ObjectId(hasher.finish()),
                body,
                temporary: false,
                assumed: true,
                unread: 0,
            },
        );
    }

    fn insert_relation(&mut self, name: &QualifiedName, relation: Relation) {
        self.catalog
            .relation_names
            .insert_mut(relation.id, name.clone());
        self.catalog.gone.remove_mut(name);
        self.catalog.has_temporary |= relation.temporary;
        self.catalog
            .relations
            .insert_mut(name.clone(), Arc::new(relation));
    }

    /// Changes a relation in place and marks it as touched.
    fn edit_relation<T>(
        &mut self,
        name: &QualifiedName,
        edit: impl FnOnce(&mut Relation) -> T,
    ) -> Option<T> {
        let mut relation = Arc::clone(self.catalog.relations.get(name)?);
        let result = edit(Arc::make_mut(&mut relation));
        self.catalog.relations.insert_mut(name.clone(), relation);
        self.touch_relation(name);
        Some(result)
    }

    /// Changes a table in place and marks it as touched; `None` when the name is not a table's.
    fn edit_table<T>(
        &mut self,
        name: &QualifiedName,
        edit: impl FnOnce(&mut Table) -> T,
    ) -> Option<T> {
        self.catalog.table(name)?;
        self.edit_relation(name, |relation| match &mut relation.body {
            RelationBody::Table(table) => Some(edit(table)),
            RelationBody::View(_) | RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        })
        .flatten()
    }

    /// The type with a user's type resolved along the search path.
    fn resolve_type(&self, data_type: &SqlType) -> SqlType {
        match &data_type.name {
            TypeName::User(name) => match self.lookup_type(name) {
                Some(found) => SqlType {
                    name: TypeName::User(ObjectName::from(&found)),
                    ..data_type.clone()
                },
                None => data_type.clone(),
            },
            TypeName::Builtin(_) | TypeName::Unknown => data_type.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
