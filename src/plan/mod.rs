//! The safe sequence for a change: which migrations and releases, in which order, get from the
//! schema before it to the schema after it without a moment in which running code breaks.
//!
//! Input: the statements of a migration as units, each with the catalogs around it and the breaks
//! that it is blamed for. Output: stages, migrations and releases by turns. Nothing here is taken on
//! trust: whoever prints a sequence judges each of its steps first, and falls back to the cautious
//! one.

mod recipe;
mod sync;

use crate::analysis::{Access, Break};
use crate::schema::catalog::Catalog;
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{ColumnChange, SchemaOp, TransactionOp};

/// A statement of the migration, or one action of an `ALTER TABLE`, as it can be run by itself.
#[derive(Debug)]
pub struct Unit<'a> {
    /// Which statement it is of.
    pub statement: usize,
    /// The statement as written, without the final `;`.
    pub whole: &'a str,
    /// The unit by itself, without the final `;`.
    pub sql: String,
    /// What it does.
    pub operations: Vec<&'a SchemaOp>,
    /// The schema before it.
    pub before: &'a Catalog,
    /// The schema after it.
    pub after: &'a Catalog,
    /// The breaks that it is blamed for.
    pub breaks: Vec<&'a Break>,
}

/// A use that a release gives up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenUp {
    /// The object as people name it.
    pub object: String,
    /// `None` for reads and writes.
    pub access: Option<Access>,
}

/// What a release on the way has to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleasePlan {
    /// Sentences without a subject and full stop: "writes `t.b` with every row".
    pub does: Vec<String>,
    /// What it no longer uses, for its `migcheck.toml`.
    pub retired: Vec<GivenUp>,
}

/// One stage; the next begins when this one is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Run a migration of these statements, each without the final `;`.
    Migrate(Vec<String>),
    /// Deploy a release, and wait until no older one is alive.
    Deploy(ReleasePlan),
}

/// Stages in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sequence {
    /// Migrations and releases by turns.
    pub stages: Vec<Stage>,
}

impl Sequence {
    /// The migrations alone.
    pub fn migrations(&self) -> impl Iterator<Item = &[String]> {
        self.stages.iter().filter_map(|stage| match stage {
            Stage::Migrate(statements) => Some(statements.as_slice()),
            Stage::Deploy(_) => None,
        })
    }
}

/// The sequence by the recipe of each change: what only adds first, then the release, then what takes
/// away; a copy, a view or a trigger where both names have to work at once.
pub fn sequence(units: &[Unit]) -> Sequence {
    let mut draft = Draft::default();
    let groups = replacements(units);
    for (at, unit) in units.iter().enumerate() {
        let group: Vec<&Unit> = units
            .iter()
            .zip(&groups)
            .filter(|(_, group)| groups[at].is_some() && **group == groups[at])
            .map(|(unit, _)| unit)
            .collect();
        recipe::place(unit, &group, &mut draft);
    }
    draft.finish(units)
}

/// Which units take something away and make its successor: they stay together. Units of one group have
/// the same number.
fn replacements(units: &[Unit]) -> Vec<Option<usize>> {
    let mut groups: Vec<Option<usize>> = vec![None; units.len()];
    for (later, unit) in units.iter().enumerate() {
        let made: Vec<String> = unit.operations.iter().filter_map(|op| makes(op)).collect();
        for (earlier, other) in units[..later].iter().enumerate() {
            let mut freed = other.operations.iter().filter_map(|op| frees(op));
            if freed.any(|name| made.contains(&name)) {
                let group = groups[earlier].or(groups[later]).unwrap_or(earlier);
                groups[earlier] = Some(group);
                groups[later] = Some(group);
            }
        }
    }
    groups
}

/// What an operation takes away, as far as a later one may make its successor.
fn frees(op: &SchemaOp) -> Option<String> {
    match op {
        SchemaOp::DropRelation { name, .. } => Some(format!("relation {name}")),
        SchemaOp::DropRoutine { name, .. } => Some(format!("routine {name}")),
        SchemaOp::DropType { name, .. } => Some(format!("type {name}")),
        SchemaOp::DropConstraint { table, .. } => Some(format!("constraint {table}")),
        SchemaOp::DropTrigger {
            table: Some(table), ..
        } => Some(format!("trigger {table}")),
        SchemaOp::DropPolicy { table, .. } => Some(format!("policy {table}")),
        SchemaOp::DropRule { table, .. } => Some(format!("rule {table}")),
        SchemaOp::AlterColumn {
            table,
            column,
            change:
                ColumnChange::DropDefault
                | ColumnChange::DropIdentity(_)
                | ColumnChange::DropExpression(_),
            ..
        } => Some(format!("default {table}.{column}")),
        _ => None, // Nothing takes the place of what others take away.
    }
}

/// What an operation makes, in the same words.
fn makes(op: &SchemaOp) -> Option<String> {
    match op {
        SchemaOp::CreateTable { table, .. } => Some(format!("relation {}", table.name)),
        SchemaOp::CreateView { view, .. } => Some(format!("relation {}", view.name)),
        SchemaOp::CreateSequence { name, .. } => Some(format!("relation {name}")),
        SchemaOp::CreateIndex { index, .. } => {
            let name = index.name.as_ref()?;
            Some(format!("relation {name}"))
        }
        SchemaOp::CreateRoutine { routine, .. } => Some(format!("routine {}", routine.name)),
        SchemaOp::CreateType { name, .. } => Some(format!("type {name}")),
        SchemaOp::AddConstraint { table, .. } => Some(format!("constraint {table}")),
        SchemaOp::CreateTrigger { trigger, .. } => Some(format!("trigger {}", trigger.table)),
        SchemaOp::CreatePolicy { policy } => Some(format!("policy {}", policy.table)),
        SchemaOp::CreateRule { rule, .. } => Some(format!("rule {}", rule.table)),
        SchemaOp::AlterColumn {
            table,
            column,
            change:
                ColumnChange::SetDefault(_)
                | ColumnChange::AddIdentity(..)
                | ColumnChange::SetExpression(_),
            ..
        } => Some(format!("default {table}.{column}")),
        _ => None, // It takes the place of nothing.
    }
}

/// The sequence that is always there: a release that does without everything that the change touches,
/// then the migration as it is, then the release that uses what it makes.
pub fn cautious(units: &[Unit]) -> Sequence {
    let mut first = ReleasePlan::default();
    for it in units.iter().flat_map(|unit| &unit.breaks) {
        recipe::give_up(it, &mut first);
    }
    first.retired.sort();
    first.retired.dedup();
    for given in &first.retired {
        let word = match given.access {
            None => "does without",
            Some(Access::Read) => "does not read",
            Some(Access::Write) => "does not write to",
        };
        first.does.push(format!("{word} `{}`", given.object));
    }
    let mut statements: Vec<String> = Vec::new();
    for unit in units {
        if unit.operations.iter().all(|op| is_framing(op)) {
            continue;
        }
        if statements.last().is_none_or(|last| *last != unit.whole) {
            statements.push(unit.whole.to_owned());
        }
    }
    let last = ReleasePlan {
        does: vec!["uses the schema as it is now".to_owned()],
        retired: Vec::new(),
    };
    Sequence {
        stages: vec![
            Stage::Deploy(first),
            Stage::Migrate(statements),
            Stage::Deploy(last),
        ],
    }
}

/// Where a unit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Before the first release.
    Expand,
    /// When no older release than the first is alive.
    Contract,
}

/// A piece of the sequence that stands for a unit.
#[derive(Debug)]
struct Piece {
    /// The unit's statement, where the piece is the unit as written.
    written: Option<usize>,
    sql: String,
}

/// Names that a later unit must not meet before they have their new meaning.
#[derive(Debug)]
struct Moved {
    /// The table or type.
    of: String,
    /// The column or label; `None` for the whole.
    part: Option<String>,
}

/// What a sequence is put together from.
#[derive(Debug, Default)]
struct Draft {
    /// Settings that every migration begins with.
    settings: Vec<String>,
    expand: Vec<Piece>,
    /// What the contract phase begins with: what stood in for an old name.
    stand_ins: Vec<String>,
    contract: Vec<Piece>,
    /// What is left to remove when the second release is the oldest one alive.
    leftovers: Vec<String>,
    first: ReleasePlan,
    second: ReleasePlan,
    moved: Vec<Moved>,
    /// The tables whose rows were copied into new ones.
    copied: Vec<QualifiedName>,
}

impl Draft {
    fn put(&mut self, phase: Phase, piece: Piece) {
        match phase {
            Phase::Expand => self.expand.push(piece),
            Phase::Contract => self.contract.push(piece),
        }
    }

    fn make(&mut self, phase: Phase, sql: String) {
        self.put(phase, Piece { written: None, sql });
    }

    /// The unit as it is.
    fn keep(&mut self, phase: Phase, unit: &Unit) {
        let piece = Piece {
            written: Some(unit.statement),
            sql: unit.sql.clone(),
        };
        self.put(phase, piece);
    }

    /// The unit with another text, or one that ends in a line break and comes before it.
    fn keep_as(&mut self, phase: Phase, unit: &Unit, sql: Option<String>) {
        match sql {
            None => self.keep(phase, unit),
            Some(note) if note.ends_with('\n') => self.make(phase, format!("{note}{}", unit.sql)),
            Some(sql) => self.make(phase, sql),
        }
    }

    /// Whether a text names something whose meaning changes in the contract phase only.
    fn names_moved(&self, text: &str) -> bool {
        let holds = |name: &str| crate::analysis::proof::holds_word(text, name);
        self.moved
            .iter()
            .any(|it| holds(&it.of) && it.part.as_deref().is_none_or(holds))
    }

    /// Moves what is there already about a name to the contract phase.
    fn hold_back(&mut self, moved: &Moved) {
        let holds = crate::analysis::proof::holds_word;
        let (held, kept) = std::mem::take(&mut self.expand)
            .into_iter()
            .partition(|piece| {
                let begins = piece.sql.trim_start().get(..6).unwrap_or("");
                let is_rows = ["update", "insert", "delete"]
                    .iter()
                    .any(|word| begins.eq_ignore_ascii_case(word));
                !is_rows
                    && holds(&piece.sql, &moved.of)
                    && moved
                        .part
                        .as_deref()
                        .is_none_or(|part| holds(&piece.sql, part))
            });
        self.expand = kept;
        self.contract.extend::<Vec<Piece>>(held);
    }

    fn finish(mut self, units: &[Unit]) -> Sequence {
        let mut stages = Vec::new();
        let settings = std::mem::take(&mut self.settings);
        let begin = |statements: Vec<String>| -> Vec<String> {
            settings.iter().cloned().chain(statements).collect()
        };
        let expand = joined(&self.expand, units);
        let contract: Vec<String> = self
            .stand_ins
            .iter()
            .cloned()
            .chain(joined(&self.contract, units))
            .collect();
        if !expand.is_empty() {
            stages.push(Stage::Migrate(begin(expand)));
        }
        if self.first.does.is_empty() {
            self.first
                .does
                .push("uses the schema as it is now".to_owned());
        }
        // A release that gives an object up need not be told how to write it.
        let gone: Vec<String> = self
            .first
            .retired
            .iter()
            .filter(|it| it.access.is_none())
            .map(|it| format!("`{}`", it.object))
            .collect();
        self.first.does.retain(|it| {
            let is_use = it.starts_with("gives ") || it.starts_with("writes ");
            !is_use || !gone.iter().any(|name| it.contains(name))
        });
        for release in [&mut self.first, &mut self.second] {
            release.retired.sort();
            release.retired.dedup();
            let mut seen = std::collections::BTreeSet::new();
            release.does.retain(|it| seen.insert(it.clone()));
        }
        stages.push(Stage::Deploy(self.first));
        if !contract.is_empty() {
            stages.push(Stage::Migrate(begin(contract)));
        }
        if !self.second.does.is_empty() {
            stages.push(Stage::Deploy(self.second));
        }
        if !self.leftovers.is_empty() {
            stages.push(Stage::Migrate(begin(self.leftovers)));
        }
        Sequence { stages }
    }
}

/// The pieces as statements: a statement whose units all stand here is written as it was.
fn joined(pieces: &[Piece], units: &[Unit]) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let piece = &pieces[at];
        if let Some(statement) = piece.written {
            let of_it = |it: &&Piece| it.written == Some(statement);
            let here = pieces[at..].iter().take_while(of_it).count();
            let all = units.iter().filter(|it| it.statement == statement).count();
            let whole = units.iter().find(|it| it.statement == statement);
            if here == all
                && let Some(unit) = whole
            {
                out.push(unit.whole.to_owned());
                at += here;
                continue;
            }
        }
        out.push(piece.sql.clone());
        at += 1;
    }
    out
}

/// A name as SQL takes it anywhere.
fn quoted(name: &Ident) -> String {
    match crate::sql::is_keyword(name.as_str()) {
        true => format!("\"{}\"", name.as_str()),
        false => name.to_string(),
    }
}

/// The same with its schema, where that is not the default one.
fn quoted_of(name: &QualifiedName) -> String {
    match name.schema.as_str() {
        "public" => quoted(&name.name),
        _ => format!("{}.{}", quoted(&name.schema), quoted(&name.name)),
    }
}

/// Whether an operation only frames others: transactions are the migration tool's.
fn is_framing(op: &SchemaOp) -> bool {
    matches!(
        op,
        SchemaOp::Transaction(TransactionOp::Begin | TransactionOp::Commit)
    )
}

/// Whether an operation is a setting that the statements after it need.
fn is_setting(op: &SchemaOp) -> bool {
    matches!(op, SchemaOp::Session(_))
}
