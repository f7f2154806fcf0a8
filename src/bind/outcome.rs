//! What binding a query comes to.

use std::collections::BTreeSet;

use crate::schema::catalog::ObjectId;
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::types::SqlType;
use crate::source::Span;

/// When the server says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// When the statement is prepared: names, types, privileges of syntax.
    Parse,
    /// When it is planned: an upsert without its index.
    Plan,
    /// When it runs: a required column left out.
    Execute,
}

impl Stage {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Plan => "plan",
            Stage::Execute => "execute",
        }
    }
}

/// A reference that the server refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The SQLSTATE.
    pub code: &'static str,
    /// The server's message.
    pub message: String,
    /// When.
    pub stage: Stage,
    /// Where in the query's text.
    pub span: Span,
    /// Whether it is sure to fail; not so where a trigger or a value may decide.
    pub certain: bool,
}

/// A reference of which nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Why, lower case, no full stop.
    pub reason: String,
    /// Where in the query's text.
    pub span: Span,
}

/// How a query uses an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseKind {
    /// Its value is read.
    Read,
    /// It is written.
    Write,
}

/// One object that a query uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Use {
    /// The relation, type or routine.
    pub object: ObjectId,
    /// One of its columns or labels.
    pub part: Option<ObjectId>,
    /// How.
    pub kind: UseKind,
}

/// What a statement does to the rows of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteKind {
    /// `INSERT`, `COPY … FROM`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `TRUNCATE`
    Truncate,
}

/// A relation that a query writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its identity.
    pub relation: ObjectId,
    /// Its name.
    pub name: QualifiedName,
    /// What is done.
    pub kind: WriteKind,
    /// The columns that get a value, with the literal where it is one (`None` inside for NULL).
    pub columns: Vec<(Ident, Written)>,
    /// Where it is named.
    pub span: Span,
}

/// What is known of a value that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Any value.
    Any,
    /// Any value but NULL.
    NotNull,
    /// NULL.
    Null,
    /// `DEFAULT`
    Default,
    /// A literal, as text.
    Literal(String),
}

/// What is done with relations and routines, for which the one who does it needs the right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deeds {
    /// What is used.
    pub uses: BTreeSet<Use>,
    /// What is written.
    pub writes: Vec<Write>,
    /// The relations whose rows are locked.
    pub locked: BTreeSet<ObjectId>,
}

impl Deeds {
    /// Adds those of `other`, each once.
    pub(super) fn add(&mut self, other: &Deeds) {
        self.uses.extend(other.uses.iter().cloned());
        self.locked.extend(&other.locked);
        for write in &other.writes {
            if !self.writes.contains(write) {
                self.writes.push(write.clone());
            }
        }
    }
}

/// What bodies do with the rights of whoever sends a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyDeeds {
    /// Where they are sure to get there.
    pub sure: Deeds,
    /// Where a condition decides.
    pub possible: Deeds,
}

impl BodyDeeds {
    /// Adds those of a body that is sure to run, or may run.
    pub(super) fn add(&mut self, other: &BodyDeeds, is_certain: bool) {
        match is_certain {
            true => self.sure.add(&other.sure),
            false => self.possible.add(&other.sure),
        }
        self.possible.add(&other.possible);
    }
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its name.
    pub name: Ident,
    /// Its type; `None` where it is not known.
    pub data_type: Option<SqlType>,
    /// Whether it can be NULL, where that is known.
    pub nullable: Option<bool>,
}

/// Everything that was found out about a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bound {
    /// What fails, the server's first complaint first.
    pub failures: Vec<Failure>,
    /// What is not known.
    pub unknowns: Vec<Unknown>,
    /// What it uses, in the bodies that it runs as well.
    pub uses: Vec<Use>,
    /// What of it is used by such bodies alone: its own text does not name it.
    pub behind: Vec<Use>,
    /// The type of each parameter, `$1` first; `None` where it is not known.
    pub parameters: Vec<Option<SqlType>>,
    /// What it writes.
    pub writes: Vec<Write>,
    /// The relations whose rows it locks, as `FOR UPDATE` does.
    pub locked: BTreeSet<ObjectId>,
    /// What the bodies that it runs do with the rights of whoever sends it; `None` where they do
    /// nothing, or nobody asked.
    pub deeds: Option<Box<BodyDeeds>>,
    /// The unique indexes that its upserts mean by their columns: the table and the index.
    pub arbiters: Vec<(ObjectId, ObjectId)>,
    /// The names of constraints that it relies on by name.
    pub constraints: Vec<Ident>,
    /// The columns of its result; `None` where it has none or they are not all known.
    pub output: Option<Vec<OutputColumn>>,
    /// Whether a star in its result takes whatever columns there are.
    pub has_star: bool,
}

impl Bound {
    /// The first failure that is sure.
    pub fn failure(&self) -> Option<&Failure> {
        self.failures.iter().find(|failure| failure.certain)
    }

    /// Whether it is sure to run.
    pub fn resolves(&self) -> bool {
        self.failures.is_empty() && self.unknowns.is_empty()
    }
}
