//! Replays migrations into a timeline of catalogs and finds the commit points.
//!
//! Four facts decide where other connections see a new state: the transaction that the tool opens,
//! the unit of text that it sends, the file's own `BEGIN` and `COMMIT`, and the server. Replaying
//! never fails; what would have failed is kept with its step.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::bind::types::is_assignable;
use crate::bind::{view_query, view_writes};
use crate::discover::{TransactionScope, Unit};
use crate::schema::apply::{
    Applied, Assumption, Misfit, Origin, Touched, apply, assumed_catalog, end_session,
    expect_column, expect_no_column, named_relation, named_routines,
};
use crate::schema::catalog::{Catalog, ObjectId, Routine};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    Argument, Call, Called, ColumnChange, DataOp, IndexKey, OtherKind, Runs, SchemaOp,
    TransactionOp, Value,
};
use crate::schema::session::{IndexNames, PrimaryKeys, Session};
use crate::schema::types::{SqlType, TypeName};
use crate::sql::{Dialect, Operation, POLICIES, Script, read_body};

/// One migration as it is going to be run.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What gives the objects made by it their identities; the same migration in two lists has
    /// the same one.
    pub identity: Arc<str>,
    /// Its statements; `None` when the file could not be read, which may hide anything.
    pub script: Option<Arc<Script>>,
    /// What the tool opens around it.
    pub transaction: TransactionScope,
    /// What the tool sends.
    pub unit: Unit,
    /// Where the tool goes on in another way, in order; empty when it never does.
    pub batches: Vec<Batch>,
    /// Migrations with the same number are run together: one transaction for a tool that opens
    /// one for the run.
    pub run: usize,
}

/// Statements of a migration that the tool sends apart from those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// The first of them.
    pub first: usize,
    /// What the tool sends of them at once.
    pub unit: Unit,
    /// Where the tool ends the transaction before and goes on in another way.
    pub transaction: Option<TransactionScope>,
}

/// The schema after one operation.
#[derive(Debug, Clone)]
pub struct Step {
    /// Which migration, in run order.
    pub migration: usize,
    /// Which of its statements.
    pub statement: usize,
    /// Which of the statement's operations.
    pub operation: usize,
    /// The catalog after it.
    pub catalog: Arc<Catalog>,
    /// What it touched.
    pub touched: Vec<Touched>,
    /// Why the server would have refused it.
    pub misfits: Vec<Misfit>,
    /// What it does to existing rows.
    pub rows: Vec<RowsChange>,
    /// Whether other connections see this state.
    pub visible: bool,
    /// Whether nobody can say that it runs: it stands under a condition in a body. The catalog is
    /// that after it.
    pub perhaps: bool,
}

/// What a statement does to rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowsChange {
    /// `UPDATE`
    Updated {
        /// The table.
        table: QualifiedName,
        /// The columns whose values it replaces.
        replaced: Vec<Ident>,
        /// The columns to which it only gives a value where there is none.
        filled: Vec<Ident>,
    },
    /// `CREATE TABLE … AS`
    Made {
        /// The table.
        into: QualifiedName,
    },
    /// `INSERT … SELECT`
    Copied {
        /// The table that gets the rows.
        into: QualifiedName,
        /// The relations that they come from.
        from: Vec<QualifiedName>,
    },
}

/// Every state of a run. Position 0 is before the first step, position `i` after step `i - 1`.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// The catalog before the first migration.
    pub start: Arc<Catalog>,
    /// One step per operation.
    pub steps: Vec<Step>,
    /// The position at the end of each migration.
    pub ends: Vec<usize>,
    /// Why a statement was not understood, by migration and statement: its own text, or that of a
    /// function that it calls.
    pub reasons: BTreeMap<(usize, usize), Arc<str>>,
}

impl Timeline {
    /// The catalog at a position.
    pub fn catalog(&self, position: usize) -> &Arc<Catalog> {
        match position.checked_sub(1).and_then(|at| self.steps.get(at)) {
            Some(step) => &step.catalog,
            None => &self.start,
        }
    }

    /// Whether other connections see the state at a position.
    pub fn is_visible(&self, position: usize) -> bool {
        position
            .checked_sub(1)
            .and_then(|at| self.steps.get(at))
            .is_none_or(|step| step.visible)
    }

    /// The position before a migration begins.
    pub fn begin_of(&self, migration: usize) -> usize {
        migration
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0)
    }

    /// The last position.
    pub fn end(&self) -> usize {
        self.steps.len()
    }
}

/// Replays migrations in the order given.
///
/// A history that begins mid-life alters objects whose creation it does not show. They were there
/// before it began, so the replay is made again from a catalog that holds them.
pub fn replay(migrations: &[Planned], dialect: Dialect) -> Timeline {
    replay_from_schema(None, migrations, dialect)
}

/// The same, where a schema was there before the first migration: what the statements of `schema`
/// make of an empty database.
pub fn replay_from_schema(
    schema: Option<&Arc<Script>>,
    migrations: &[Planned],
    dialect: Dialect,
) -> Timeline {
    let mut assumptions: Vec<Assumption> = Vec::new();
    let mut seen: BTreeSet<Assumption> = BTreeSet::new();
    // Each pass can meet columns of what the pass before took for granted; two settle it, and a
    // third changes nothing but costs nothing where nothing was assumed.
    for _ in 0..3 {
        let (timeline, more) = replay_from(&assumptions, schema, migrations, dialect);
        let known = assumptions.len();
        for assumption in more {
            if seen.insert(assumption.clone()) {
                assumptions.push(assumption);
            }
        }
        if assumptions.len() == known {
            return timeline;
        }
    }
    replay_from(&assumptions, schema, migrations, dialect).0
}

/// Replays migrations on a schema that is there.
pub fn replay_on(start: &Arc<Catalog>, migrations: &[Planned], dialect: Dialect) -> Timeline {
    let start = Arc::clone(start);
    replay_with(start, BTreeMap::new(), migrations, dialect).0
}

/// What opened the transaction that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenedBy {
    /// The migration tool.
    Tool,
    /// The file's own `BEGIN`.
    File,
    /// The server, around several statements sent as one text.
    Server,
}

/// An open transaction.
struct Block {
    opened_by: OpenedBy,
    before: Arc<Catalog>,
    first_step: usize,
    savepoints: Vec<(Ident, Arc<Catalog>, usize)>,
}

/// A transaction that is kept and seen by nobody yet.
struct Prepared {
    before: Arc<Catalog>,
    after: Arc<Catalog>,
    touched: Vec<Touched>,
}

/// What a pass before has shown about a column of a table of which not every column is known.
enum Expected {
    There(Ident),
    Absent(Ident),
}

fn new_session(dialect: Dialect) -> Session {
    let mut session = Session::new();
    session.index_names = match dialect {
        Dialect::Postgres | Dialect::Sqlite => IndexNames::PerSchema,
        Dialect::Mysql | Dialect::Mariadb => IndexNames::PerTable,
    };
    session.primary_keys = match dialect {
        Dialect::Postgres | Dialect::Mysql | Dialect::Mariadb => PrimaryKeys::RefuseNull,
        Dialect::Sqlite => PrimaryKeys::AdmitNull,
    };
    session
}

/// The arguments of a call that are known, by name and as `$1`.
type Arguments = BTreeMap<Ident, Value>;

/// Whether a routine can be called with that many arguments; a `VARIADIC` one stands for any
/// number.
fn takes(routine: &Routine, arguments: Option<&Vec<Argument>>) -> bool {
    let Some(count) = arguments.map(Vec::len) else {
        return true;
    };
    let needed = routine.arguments.iter().filter(|it| !it.has_default);
    let is_open = routine.arguments.last().is_some_and(|it| it.is_variadic);
    needed.count() <= count + usize::from(is_open) && (count <= routine.arguments.len() || is_open)
}

/// Whether no argument of a call is a list where a routine takes none.
fn admits(routine: &Routine, arguments: Option<&Vec<Argument>>) -> bool {
    arguments
        .into_iter()
        .flatten()
        .enumerate()
        .all(|(at, (name, value))| {
            let taken = match name {
                None => routine.arguments.get(at).or(routine.arguments.last()),
                Some(_) => routine.arguments.iter().find(|it| it.name == *name),
            };
            let takes_list = taken.is_none_or(|it| {
                let any = it.data_type.to_string();
                it.data_type.is_array || it.is_variadic || any.starts_with("any")
            });
            takes_list || !matches!(value, Some(Value::List(_)))
        })
}

struct Replay {
    dialect: Dialect,
    catalog: Arc<Catalog>,
    session: Session,
    steps: Vec<Step>,
    block: Option<Block>,
    /// Columns that a pass before has shown to be in tables of which not every column is known.
    expected: BTreeMap<QualifiedName, Vec<Expected>>,
    assumptions: Vec<Assumption>,
    reasons: BTreeMap<(usize, usize), Arc<str>>,
    /// The branches that have run of the choices in the statement at hand.
    taken: BTreeMap<u32, u32>,
    /// How many bodies the statement at hand has run: their choices are not those of others.
    bodies_run: u32,
    /// Prepared transactions by name.
    prepared: BTreeMap<Arc<str>, Prepared>,
    /// What the bodies of called functions do.
    bodies: HashMap<(ObjectId, Arguments), Arc<Vec<Operation>>>,
}

/// How deep calls are followed, and how many operations one statement can come to.
const DEEPEST_CALL: usize = 8;
const MOST_OPERATIONS: usize = 10_000;

fn replay_from(
    assumed: &[Assumption],
    schema: Option<&Arc<Script>>,
    migrations: &[Planned],
    dialect: Dialect,
) -> (Timeline, Vec<Assumption>) {
    let start = assumed_catalog(assumed);
    let mut expected: BTreeMap<QualifiedName, Vec<Expected>> = BTreeMap::new();
    for assumption in assumed {
        let (relation, column) = match assumption {
            Assumption::Column(relation, column) => (relation, Expected::There(column.clone())),
            Assumption::NoColumn(relation, column) => (relation, Expected::Absent(column.clone())),
            Assumption::Relation(..) | Assumption::Type(..) => continue,
        };
        expected.entry(relation.clone()).or_default().push(column);
    }
    let start = Arc::new(start);
    let Some(schema) = schema else {
        return replay_with(start, expected, migrations, dialect);
    };
    // A dump is run by itself: nobody sees the states in it.
    let dump = Planned {
        identity: Arc::from("the schema before the history"),
        script: Some(Arc::clone(schema)),
        transaction: TransactionScope::File,
        unit: Unit::Statement,
        batches: Vec::new(),
        run: 0,
    };
    let (before, mut assumptions) = replay_with(start, BTreeMap::new(), &[dump], dialect);
    let start = Arc::clone(before.catalog(before.end()));
    let (timeline, more) = replay_with(start, expected, migrations, dialect);
    assumptions.extend(more);
    (timeline, assumptions)
}

fn replay_with(
    start: Arc<Catalog>,
    expected: BTreeMap<QualifiedName, Vec<Expected>>,
    migrations: &[Planned],
    dialect: Dialect,
) -> (Timeline, Vec<Assumption>) {
    let mut replay = Replay {
        dialect,
        catalog: Arc::clone(&start),
        session: new_session(dialect),
        steps: Vec::new(),
        block: None,
        expected,
        assumptions: Vec::new(),
        reasons: BTreeMap::new(),
        taken: BTreeMap::new(),
        bodies_run: 0,
        prepared: BTreeMap::new(),
        bodies: HashMap::new(),
    };
    let mut ends = Vec::with_capacity(migrations.len());
    for (index, migration) in migrations.iter().enumerate() {
        replay.migration(index, migration);
        let run_goes_on = migration.transaction == TransactionScope::Run
            && migrations.get(index + 1).is_some_and(|next| {
                next.run == migration.run && next.transaction == TransactionScope::Run
            });
        if !run_goes_on {
            replay.commit();
        }
        ends.push(replay.steps.len());
    }
    let timeline = Timeline {
        start,
        steps: replay.steps,
        ends,
        reasons: replay.reasons,
    };
    (timeline, replay.assumptions)
}

impl Replay {
    fn migration(&mut self, index: usize, migration: &Planned) {
        self.session = new_session(self.dialect);
        let mut catalog = Catalog::clone(&self.catalog);
        if end_session(&mut catalog) {
            self.catalog = Arc::new(catalog);
        }
        let Some(script) = &migration.script else {
            self.unreadable(index);
            return;
        };
        match migration.transaction {
            TransactionScope::File | TransactionScope::Run => self.open(OpenedBy::Tool),
            TransactionScope::None => {}
        }
        let mut unit = migration.unit;
        let mut batches = migration.batches.iter().peekable();
        for (statement_index, statement) in script.statements.iter().enumerate() {
            while let Some(batch) = batches.next_if(|batch| batch.first <= statement_index) {
                unit = batch.unit;
                self.end_batch(batch.transaction);
            }
            if unit == Unit::WholeText {
                self.open(OpenedBy::Server);
            }
            let mut changes_schema = false;
            self.taken.clear();
            self.bodies_run = 0;
            for (operation_index, operation) in statement.operations.iter().enumerate() {
                changes_schema |= !matches!(
                    operation.op,
                    SchemaOp::Data(_) | SchemaOp::Session(_) | SchemaOp::Transaction(_)
                );
                if statement.if_exists && self.is_missing(&operation.op) {
                    self.push(
                        (index, statement_index, operation_index),
                        Vec::new(),
                        Vec::new(),
                    );
                    continue;
                }
                let origin = Origin::new((&migration.identity, statement_index, operation_index));
                let place = (index, statement_index, operation_index);
                match &operation.op {
                    SchemaOp::Transaction(op) => self.transaction(place, op),
                    SchemaOp::Call(call) => {
                        self.call(place, call, operation.runs, &migration.identity);
                    }
                    op => self.operation(place, op, origin, operation.runs),
                }
            }
            // MySQL and MariaDB commit each DDL statement by themselves, whatever was open.
            let commits_itself =
                changes_schema && matches!(self.dialect, Dialect::Mysql | Dialect::Mariadb);
            if self.block.is_none() || commits_itself {
                self.show();
            }
        }
    }

    /// A text that was sent ends, and with it the server's transaction around it; the tool's own
    /// where the next text has another.
    fn end_batch(&mut self, next: Option<TransactionScope>) {
        let opened_by = self.block.as_ref().map(|block| block.opened_by);
        if opened_by == Some(OpenedBy::Server)
            || (opened_by == Some(OpenedBy::Tool) && next.is_some())
        {
            self.commit();
        }
        match next {
            Some(TransactionScope::File | TransactionScope::Run) => self.open(OpenedBy::Tool),
            Some(TransactionScope::None) | None => {}
        }
    }

    /// Whether an `ALTER … IF EXISTS` is about something that is not there.
    fn is_missing(&self, op: &SchemaOp) -> bool {
        op.altered_relation().is_some_and(|name| {
            let name = named_relation(&self.catalog, &self.session, name);
            self.catalog.relation(&name).is_none()
        })
    }

    /// Runs what stands in the bodies of the called functions; a body that cannot be read is like
    /// a statement that was not understood.
    fn call(&mut self, place: (usize, usize, usize), call: &Call, runs: Runs, identity: &Arc<str>) {
        let mut operations = Vec::new();
        self.follow(call, runs, &mut Vec::new(), &mut operations);
        if operations.is_empty() {
            operations.push((SchemaOp::Data(DataOp::Read), runs));
        }
        for (number, (op, runs)) in operations.iter().enumerate() {
            if let SchemaOp::Transaction(op) = op {
                self.transaction(place, op);
                continue;
            }
            let origin = Origin::new((identity, place.1, place.2, number));
            self.operation(place, op, origin, *runs);
        }
    }

    fn follow(
        &mut self,
        call: &Call,
        runs: Runs,
        callers: &mut Vec<ObjectId>,
        out: &mut Vec<(SchemaOp, Runs)>,
    ) {
        for called in &call.routines {
            let name = &called.name;
            let known = named_routines(&self.catalog, &self.session, name);
            let overloads: Vec<Routine> = known.map_or_else(Vec::new, |(_, overloads)| {
                let fits = |routine: &&Routine| {
                    takes(routine, called.arguments.as_ref())
                        && admits(routine, called.arguments.as_ref())
                };
                overloads.iter().filter(fits).cloned().collect()
            });
            let goes_too_far = callers.len() >= DEEPEST_CALL || out.len() >= MOST_OPERATIONS;
            if overloads.is_empty() || goes_too_far {
                let unread = Call {
                    routines: vec![called.clone()],
                    names: call.names.clone(),
                };
                out.push((SchemaOp::Opaque(unread.unread()), runs));
                continue;
            }
            // Which of several is meant, the types of the arguments decide.
            let runs = if overloads.len() > 1 {
                Runs::Perhaps
            } else {
                runs
            };
            for routine in overloads {
                if callers.contains(&routine.id) {
                    continue; // It calls itself: what it does has been seen.
                }
                let body = self.body(&routine, called, out.is_empty());
                callers.push(routine.id);
                self.bodies_run += 1;
                let body_number = self.bodies_run;
                for operation in body.iter() {
                    let within = match operation.runs {
                        Runs::OneOf { choice, branch } => Runs::OneOf {
                            choice: choice.wrapping_add(body_number << 20),
                            branch,
                        },
                        other => other,
                    };
                    let runs = runs.max(within);
                    match &operation.op {
                        SchemaOp::Call(inner) => self.follow(inner, runs, callers, out),
                        SchemaOp::Opaque(opaque) => {
                            let mut opaque = opaque.clone();
                            opaque.reason = format!("`{name}`: {}", opaque.reason).into();
                            out.push((SchemaOp::Opaque(opaque), runs));
                        }
                        op => out.push((op.clone(), runs)),
                    }
                }
                callers.pop();
            }
        }
    }

    /// Every policy, as a body that asks for them would see it.
    fn policies(&self) -> Value {
        let mut rows = Vec::new();
        for (name, relation) in self.catalog.relations() {
            for policy in relation.as_table().into_iter().flat_map(|it| &it.policies) {
                let (schema, table) = (name.schema.as_str(), name.name.as_str());
                rows.push(Arc::from(format!(
                    "{schema}\0{table}\0{}",
                    policy.name.as_str()
                )));
            }
        }
        Value::List(rows)
    }

    /// What a routine does with the arguments of a call.
    ///
    /// `is_first`: the statement did nothing before, so that the catalog is what the body finds.
    fn body(&mut self, routine: &Routine, called: &Called, is_first: bool) -> Arc<Vec<Operation>> {
        let mut values = Arguments::new();
        // What the call leaves out has its default.
        let mut know = |at: usize, value: &Value| {
            values.insert(Ident::new(&format!("${}", at + 1)), value.clone());
            if let Some(name) = routine.arguments.get(at).and_then(|it| it.name.clone()) {
                values.insert(name, value.clone());
            }
        };
        let given = |at: usize| {
            called
                .arguments
                .iter()
                .flatten()
                .enumerate()
                .any(|(place, (name, _))| match name {
                    None => place == at,
                    Some(_) => routine.arguments[at].name == *name,
                })
        };
        for (at, argument) in routine.arguments.iter().enumerate() {
            if let (Some(value), false, true) = (
                &argument.default_value,
                given(at),
                called.arguments.is_some(),
            ) {
                know(at, value);
            }
        }
        for (at, (name, value)) in called.arguments.iter().flatten().enumerate() {
            let at = match name {
                None => Some(at),
                Some(_) => routine.arguments.iter().position(|it| it.name == *name),
            };
            let (Some(at), Some(value)) = (at, value) else {
                continue;
            };
            know(at, value);
        }
        if is_first && (routine.body.contains(POLICIES) || routine.body.contains("pg_policy")) {
            values.insert(Ident::new(POLICIES), self.policies());
        }
        let key = (routine.id, values);
        if let Some(body) = self.bodies.get(&key) {
            return Arc::clone(body);
        }
        let language = routine.language.as_str();
        let body = match language {
            // What is compiled into the server runs no DDL, but for what is known by name.
            "c" | "internal" => Vec::new(),
            _ => read_body(&routine.body, language, self.dialect, &key.1),
        };
        let body = Arc::new(body);
        self.bodies.insert(key, Arc::clone(&body));
        body
    }

    fn operation(
        &mut self,
        place: (usize, usize, usize),
        op: &SchemaOp,
        origin: Origin,
        runs: Runs,
    ) {
        if let SchemaOp::Opaque(opaque) = op {
            self.reasons
                .entry((place.0, place.1))
                .or_insert_with(|| Arc::clone(&opaque.reason));
        }
        let other_branch_ran = match runs {
            Runs::OneOf { choice, branch } => self
                .taken
                .get(&choice)
                .is_some_and(|taken| *taken != branch),
            Runs::Always | Runs::IfItFits | Runs::Perhaps => false,
        };
        if other_branch_ran || (runs != Runs::Always && self.is_missing(op)) {
            self.push(place, Vec::new(), Vec::new());
            return;
        }
        let before = Arc::clone(&self.catalog);
        let mut refused_view = None;
        // Statements that leave the schema alone share the catalog before them.
        let applied = if matches!(op, SchemaOp::Data(_) | SchemaOp::NoEffect { .. }) {
            Applied::default()
        } else {
            let mut catalog = Catalog::clone(&self.catalog);
            let applied = apply(&mut catalog, &mut self.session, op, origin);
            // As after `IF EXISTS`, nothing shows that a relation is there whose making was not seen.
            let takes_for_granted = applied.assumptions.iter().any(|it| match it {
                Assumption::Relation(..) | Assumption::Type(..) => true,
                Assumption::Column(..) | Assumption::NoColumn(..) => false,
            });
            let fits = applied.misfits.is_empty() && !takes_for_granted;
            if runs != Runs::Always && !fits {
                self.push(place, Vec::new(), Vec::new());
                return;
            }
            if let Runs::OneOf { choice, branch } = runs {
                self.taken.insert(choice, branch);
            }
            for touched in &applied.touched {
                if let Touched::Relation(name) = touched {
                    for expected in self.expected.get(name).into_iter().flatten() {
                        match expected {
                            Expected::There(column) => expect_column(&mut catalog, name, column),
                            Expected::Absent(column) => {
                                expect_no_column(&mut catalog, name, column);
                            }
                        }
                    }
                }
            }
            if let SchemaOp::CreateView { view, .. } = op
                && let Some(name) = applied.touched.iter().find_map(|touched| match touched {
                    Touched::Relation(name) if name.name == view.name.name => Some(name),
                    _ => None,
                })
                && let Some(query) =
                    view_query(&view.query.text, &self.catalog, self.session.search_path())
            {
                if let Some(columns) = query.columns {
                    catalog.describe_view(name, &view.columns, columns);
                }
                if !self.catalog.is_doubtful() && self.dialect == Dialect::Postgres {
                    refused_view = query.failure.map(|failure| Misfit {
                        code: failure.code,
                        message: failure.message,
                    });
                }
            }
            if let SchemaOp::CreateView { .. } = op {
                for touched in &applied.touched {
                    if let Touched::Relation(name) = touched {
                        let writes = view_writes(name, &catalog);
                        catalog.note_view_writes(name, writes);
                    }
                }
            }
            if !matches!(op, SchemaOp::Session(_)) {
                self.catalog = Arc::new(catalog);
            }
            applied
        };
        self.assumptions.extend(applied.assumptions);
        let mut misfits = applied.misfits;
        if runs == Runs::Always {
            misfits.extend(self.cannot_convert(&before, op));
            misfits.extend(self.missing_column(&before, op));
            misfits.extend(refused_view);
        }
        self.push(place, applied.touched, misfits);
        let Some(step) = self.steps.last_mut() else {
            return;
        };
        step.perhaps = runs == Runs::Perhaps;
        let named = |name: &ObjectName| named_relation(&self.catalog, &self.session, name);
        match op {
            SchemaOp::Data(DataOp::Update {
                table,
                columns,
                filled,
            }) => step.rows.push(RowsChange::Updated {
                table: named(table),
                replaced: columns.clone(),
                filled: filled.clone(),
            }),
            SchemaOp::AlterColumn {
                table,
                column,
                change: ColumnChange::SetType { rewrites: true, .. },
                ..
            } => step.rows.push(RowsChange::Updated {
                table: named(table),
                replaced: vec![column.clone()],
                filled: Vec::new(),
            }),
            SchemaOp::CreateTable { table, .. } if table.as_query.is_some() => {
                step.rows.push(RowsChange::Made {
                    into: named(&table.name),
                });
            }
            SchemaOp::Data(DataOp::Insert { table, reads, .. }) if !reads.is_empty() => {
                step.rows.push(RowsChange::Copied {
                    into: named(table),
                    from: reads.iter().map(named).collect(),
                });
            }
            _ => {}
        }
    }

    /// What the server says where an index or a change of rows names a column that is not there.
    fn missing_column(&self, before: &Catalog, op: &SchemaOp) -> Option<Misfit> {
        if self.dialect != Dialect::Postgres || before.is_doubtful() {
            return None;
        }
        let (table, columns, is_row): (&ObjectName, Vec<&Ident>, bool) = match op {
            SchemaOp::CreateIndex { index, .. } => {
                let keys = index.keys.iter().filter_map(|key| match key {
                    IndexKey::Column(column) => Some(column),
                    IndexKey::Expression(_) => None,
                });
                (&index.table, keys.chain(&index.include).collect(), false)
            }
            SchemaOp::Data(DataOp::Insert { table, columns, .. }) => {
                (table, columns.iter().collect(), true)
            }
            SchemaOp::Data(DataOp::Update {
                table,
                columns,
                filled,
            }) => (table, columns.iter().chain(filled).collect(), true),
            _ => return None,
        };
        let name = named_relation(before, &self.session, table);
        let found = before.table(&name)?;
        let missing = columns
            .into_iter()
            .find(|column| found.knowledge.is_full() && found.column(column).is_none())?;
        let of = match is_row {
            true => format!(" of relation \"{}\"", name.name.as_str()),
            false => String::new(),
        };
        Some(Misfit {
            code: "42703",
            message: format!("column \"{}\"{of} does not exist", missing.as_str()),
        })
    }

    /// What the server says where it has no way from a column's type to the new one.
    fn cannot_convert(&self, before: &Catalog, op: &SchemaOp) -> Option<Misfit> {
        let SchemaOp::AlterColumn {
            table,
            column,
            change: ColumnChange::SetType { using: false, .. },
            ..
        } = op
        else {
            return None;
        };
        if self.dialect != Dialect::Postgres
            || self.catalog.is_doubtful()
            || self.catalog.has_other(OtherKind::Cast)
        {
            return None;
        }
        let name = named_relation(&self.catalog, &self.session, table);
        let data_type = |catalog: &Catalog| -> Option<SqlType> {
            let column = catalog.table(&name)?.column(column)?;
            let data_type = catalog.base_type(&column.data_type);
            let is_own = matches!(data_type.name, TypeName::User(_));
            let is_known = !is_own || catalog.definition_of(&data_type).is_some();
            (!column.assumed && is_known).then_some(data_type)
        };
        let (from, to) = (data_type(before)?, data_type(&self.catalog)?);
        let message = format!(
            "column \"{}\" cannot be cast automatically to type {to}",
            column.as_str()
        );
        (is_assignable(&from, &to) == Some(false)).then_some(Misfit {
            code: "42804",
            message,
        })
    }

    fn push(
        &mut self,
        (migration, statement, operation): (usize, usize, usize),
        touched: Vec<Touched>,
        misfits: Vec<Misfit>,
    ) {
        self.steps.push(Step {
            migration,
            statement,
            operation,
            catalog: Arc::clone(&self.catalog),
            touched,
            misfits,
            rows: Vec::new(),
            visible: false,
            perhaps: false,
        });
    }

    /// A file that could not be read may have done anything.
    fn unreadable(&mut self, index: usize) {
        self.unknown((index, 0, 0), "the file could not be read");
        self.show();
    }

    /// Anything may have been done.
    fn unknown(&mut self, place: (usize, usize, usize), reason: &str) {
        let op = SchemaOp::Opaque(crate::schema::op::Opaque {
            names: Vec::new(),
            beyond_names: true,
            reason: reason.into(),
        });
        let origin = Origin::new(("unknown", place));
        self.operation(place, &op, origin, Runs::Always);
    }

    fn transaction(&mut self, place: (usize, usize, usize), op: &TransactionOp) {
        let mut touched = Vec::new();
        match op {
            TransactionOp::Begin => match &mut self.block {
                // `BEGIN` inside a transaction only warns; inside the server's own implicit one
                // it makes it an ordinary one, with what was done so far.
                Some(block) if block.opened_by == OpenedBy::Server => {
                    block.opened_by = OpenedBy::File;
                }
                Some(_) => {}
                None => self.open(OpenedBy::File),
            },
            TransactionOp::Commit => {
                self.push(place, touched, Vec::new());
                self.commit();
                return;
            }
            TransactionOp::Rollback => {
                if let Some(block) = self.block.take() {
                    self.catalog = block.before;
                    self.restore_rows(block.first_step);
                    touched = self.touched_since(block.first_step);
                    self.session.end_transaction();
                }
            }
            TransactionOp::Prepare(name) => {
                if let Some(block) = self.block.take() {
                    touched = self.touched_since(block.first_step);
                    let after = std::mem::replace(&mut self.catalog, Arc::clone(&block.before));
                    let kept = Prepared {
                        before: block.before,
                        after,
                        touched: touched.clone(),
                    };
                    self.prepared.insert(Arc::clone(name), kept);
                    self.session.end_transaction();
                }
            }
            TransactionOp::CommitPrepared(name) => {
                if let Some(kept) = self.prepared.remove(name) {
                    if Arc::ptr_eq(&kept.before, &self.catalog) {
                        self.catalog = kept.after;
                        touched = kept.touched;
                    } else {
                        // What came in between and what was kept cannot be put together.
                        self.unknown(place, "a prepared transaction is committed late");
                        return;
                    }
                }
            }
            TransactionOp::RollbackPrepared(name) => {
                self.prepared.remove(name);
            }
            TransactionOp::Savepoint(name) => {
                let at = self.steps.len();
                if let Some(block) = &mut self.block {
                    let catalog = Arc::clone(&self.catalog);
                    block.savepoints.push((name.clone(), catalog, at));
                }
            }
            TransactionOp::Release(name) => {
                if let Some(block) = &mut self.block
                    && let Some(at) = block.savepoints.iter().rposition(|it| it.0 == *name)
                {
                    block.savepoints.truncate(at);
                }
            }
            TransactionOp::RollbackTo(name) => {
                let found = self.block.as_mut().and_then(|block| {
                    let at = block.savepoints.iter().rposition(|it| it.0 == *name)?;
                    block.savepoints.truncate(at + 1);
                    block.savepoints.last().cloned()
                });
                if let Some((_, catalog, first_step)) = found {
                    self.catalog = catalog;
                    self.restore_rows(first_step);
                    touched = self.touched_since(first_step);
                }
            }
        }
        self.push(place, touched, Vec::new());
    }

    /// Rows are as they were before: nobody else has seen them change.
    fn restore_rows(&mut self, first_step: usize) {
        for step in &mut self.steps[first_step..] {
            step.rows.clear();
        }
    }

    fn touched_since(&self, first_step: usize) -> Vec<Touched> {
        let mut touched: Vec<Touched> = self.steps[first_step..]
            .iter()
            .flat_map(|step| step.touched.iter().cloned())
            .collect();
        touched.sort();
        touched.dedup();
        touched
    }

    fn open(&mut self, opened_by: OpenedBy) {
        if self.block.is_none() {
            self.block = Some(Block {
                opened_by,
                before: Arc::clone(&self.catalog),
                first_step: self.steps.len(),
                savepoints: Vec::new(),
            });
        }
    }

    fn commit(&mut self) {
        self.block = None;
        self.session.end_transaction();
        self.show();
    }

    /// Other connections see the state after the last step.
    fn show(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.visible = true;
        }
    }
}
