//! Text to statements with spans, and each statement to operations.
//!
//! The text is split first by our own byte scanner ([`split`]), then each statement is lowered
//! alone: by `sqlparser` where it parses, by hand where it does not, and to
//! [`SchemaOp::Opaque`](crate::schema::op::SchemaOp::Opaque) with the names that can be read for
//! the rest. Nothing is skipped in silence.

use std::sync::Arc;

use crate::schema::op::SchemaOp;
use crate::source::Span;

/// A family of servers and its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// PostgreSQL
    Postgres,
    /// MySQL
    Mysql,
    /// MariaDB
    Mariadb,
    /// SQLite
    Sqlite,
}

impl Dialect {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Mysql => "mysql",
            Dialect::Mariadb => "mariadb",
            Dialect::Sqlite => "sqlite",
        }
    }
}

/// One operation and the part of the text that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What changes.
    pub op: SchemaOp,
    /// Where it is written: the clause (`DROP COLUMN a`), or the whole statement.
    pub span: Span,
}

/// One SQL statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text without leading comments and the final `;`.
    pub span: Span,
    /// What it does, in order; never empty.
    pub operations: Vec<Operation>,
}

impl Statement {
    /// Why the statement was not understood, if it was not.
    pub fn not_understood(&self) -> Option<&Arc<str>> {
        self.operations
            .iter()
            .find_map(|operation| match &operation.op {
                SchemaOp::Opaque(opaque) => Some(&opaque.reason),
                _ => None,
            })
    }
}

/// Something wrong with the text itself: an open quote, a comment without end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Where it begins.
    pub span: Span,
    /// What is wrong, lower case, no full stop.
    pub message: String,
}

/// A text, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// What is wrong with the text.
    pub troubles: Vec<Trouble>,
}
