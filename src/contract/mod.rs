//! What one release needs of its database, as a small file that travels with it.
//!
//! Input: the queries of a release as they were bound to its own schema, or that schema where none
//! are known. Output: a [`Contract`]: the relations with the columns and types, functions, labels,
//! keys and sets of required columns that the release relies on, each with the query that needs it;
//! and the queries themselves, so that a live database can be asked without the release's sources.
//! Nothing here asks a server: that is [`crate::live`].

mod draw;
mod file;
mod slice;

pub use draw::{Drawn, draw};

use std::fmt;
use std::sync::Arc;

use crate::discover::{HistoryTable, KnownMigration};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{RelationKind, RoutineKind};
use crate::schema::types::SqlType;

/// What one release needs of its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The schema version that the release was written for; `None` without migrations.
    pub schema_version: Option<String>,
    /// How much of the release's code the contract speaks for.
    pub evidence: ContractEvidence,
    /// The schemas in which names are sought, where the project's configuration says so; otherwise
    /// those of the connection.
    pub search_path: Option<Vec<Ident>>,
    /// The role that runs the queries, where the project's configuration names one; otherwise that
    /// of the connection.
    pub role: Option<Ident>,
    /// The migrations that made the schema.
    pub history: ContractHistory,
    /// Tables, views, sequences, and indexes that are named, ordered by name.
    pub relations: Vec<NeededRelation>,
    /// Types that migrations make, ordered by name.
    pub types: Vec<NeededType>,
    /// Functions and procedures, ordered by name and arguments.
    pub routines: Vec<NeededRoutine>,
    /// What the release sends, ordered by file and line.
    pub queries: Vec<NeededQuery>,
    /// Texts of the release that no server can be asked about, ordered by file and line.
    pub unknown: Vec<UnknownNeed>,
}

/// How much of a release's code its contract speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractEvidence {
    /// The queries are declared to be all there are.
    Complete,
    /// The queries that were found; the code may send others.
    Partial,
    /// No query is known: the release is presumed to use what its schema has.
    Presumed,
}

impl ContractEvidence {
    /// Every value.
    pub const ALL: [ContractEvidence; 3] = [
        ContractEvidence::Complete,
        ContractEvidence::Partial,
        ContractEvidence::Presumed,
    ];

    /// The name in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            ContractEvidence::Complete => "complete",
            ContractEvidence::Partial => "partial",
            ContractEvidence::Presumed => "presumed",
        }
    }
}

/// The migrations that made the schema of a release, as its tool notes them in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractHistory {
    /// Where the tool keeps its own history.
    pub table: HistoryTable,
    /// The migrations as they are known there, in run order.
    pub migrations: Vec<KnownMigration>,
}

/// A table, view, sequence or index that a release names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededRelation {
    /// Its name.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
    /// The columns that are used, in the order of the table.
    pub columns: Vec<NeededColumn>,
    /// The columns that each kind of INSERT names: any other must be optional.
    pub inserts: Vec<NeededInsert>,
    /// The unique keys that upserts mean.
    pub keys: Vec<NeededKey>,
}

/// A column that a release uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededColumn {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub data_type: SqlType,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
}

/// The columns that an INSERT gives values to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededInsert {
    /// Their names, ordered.
    pub columns: Vec<Ident>,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
}

/// A unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededKey {
    /// What is unique.
    pub what: KeyTarget,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
}

/// How an upsert names a unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTarget {
    /// By its columns, ordered.
    Columns(Vec<Ident>),
    /// By expressions or for some rows only, as SQL.
    Other(Arc<str>),
    /// By the constraint's name.
    Constraint(Ident),
}

/// A type that a release uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededType {
    /// Its name.
    pub name: QualifiedName,
    /// What it is made of.
    pub kind: NeededTypeKind,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
}

/// What a needed type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NeededTypeKind {
    /// An enum, with the labels that the release uses, in their order.
    Enum(Vec<NeededLabel>),
    /// A domain over a type.
    Domain(SqlType),
    /// A composite type, a range or a base type.
    Other,
}

/// A label of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededLabel {
    /// Its text.
    pub text: Arc<str>,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
}

/// A function or procedure that a release calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededRoutine {
    /// Its name.
    pub name: QualifiedName,
    /// Which kind.
    pub kind: RoutineKind,
    /// The types of its input arguments.
    pub arguments: Vec<SqlType>,
    /// How many of them may be left out.
    pub defaults: usize,
    /// Whether the last one takes any number of values.
    pub is_variadic: bool,
    /// Its result, as SQL.
    pub returns: Option<Arc<str>>,
    /// The first query that needs it; `None` where that is presumed.
    pub by: Option<usize>,
}

/// A query of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededQuery {
    /// What it is called in the contract: its name in the code, or its place.
    pub id: String,
    /// Where it stands, from the root of the sources.
    pub file: Arc<str>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its text, as the server gets it.
    pub text: Arc<str>,
    /// The type of each parameter, `$1` first; `None` where it is not known.
    pub parameters: Vec<Option<SqlType>>,
    /// The columns of its result; `None` where it has none or they are not known.
    pub returns: Option<Vec<ReturnedColumn>>,
    /// What is known of it on the release's own schema.
    pub standing: QueryStanding,
}

/// What is known of a query on the release's own schema, as its migrations make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryStanding {
    /// It works, and what it needs is named.
    Works,
    /// Nobody knows, and why: lower case, no full stop. A server does.
    Unsure(String),
    /// It fails there with this SQLSTATE and message: what the migrations do is not understood in
    /// full, or the query is of no use.
    Fails(String),
}

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedColumn {
    /// Its name.
    pub name: Ident,
    /// Its type; `None` where it is not known.
    pub data_type: Option<SqlType>,
}

/// A text of a release that no server can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownNeed {
    /// Where it stands, from the root of the sources.
    pub file: Arc<str>,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Why, lower case, no full stop.
    pub reason: String,
}

/// Why a text is no contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ContractError {
    /// The line and column, as `3:1`, or the entry.
    pub place: String,
    /// What is wrong, lower case, no full stop.
    pub reason: String,
}

impl Contract {
    /// The text of the contract's file, in TOML. The same contract gives the same bytes.
    pub fn to_text(&self) -> String {
        file::write(self)
    }

    /// Reads the text of a contract's file.
    ///
    /// # Errors
    ///
    /// Where the text is no contract, or one of a later format.
    pub fn parse(text: &str) -> Result<Self, ContractError> {
        file::read(text)
    }
}

impl KeyTarget {
    /// A key by its columns, whose order means nothing.
    pub(crate) fn columns(mut columns: Vec<Ident>) -> Self {
        columns.sort();
        columns.dedup();
        KeyTarget::Columns(columns)
    }
}

impl fmt::Display for KeyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyTarget::Columns(columns) => {
                let columns: Vec<String> = columns.iter().map(Ident::to_string).collect();
                write!(f, "({})", columns.join(", "))
            }
            KeyTarget::Other(text) => f.write_str(text),
            KeyTarget::Constraint(name) => write!(f, "constraint {name}"),
        }
    }
}
