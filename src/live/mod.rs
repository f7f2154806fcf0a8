//! What a real server says: its catalog, how ours differs from it, and which migrations it has.
//!
//! Input: whatever answers a script of SQL with rows of text ([`Answers`]). Output: a catalog of
//! the same type that a replay makes, and the comparison of two ([`compare`]); the history that the
//! migration tool keeps ([`read_history`]). Each is read in one read-only transaction; nothing is
//! written. Objects that belong to an extension, temporary
//! ones and the server's own are left out. The driver is behind the feature `live-postgres`; the
//! queries and their decoding are not, so that they are compiled and tested everywhere.

mod compare;
#[cfg(feature = "live-postgres")]
mod driver;
mod history;
mod read;
mod same;

pub use compare::{Comparison, Count, Disagreement, Kind, compare};
#[cfg(feature = "live-postgres")]
pub use driver::Postgres;
pub use history::{
    FailedMigration, HistoryComparison, HistoryRow, HistoryRows, HistoryState, ReadTable,
    compare_history, read_history,
};
pub use read::read_catalog;

/// Why a server could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The server cannot be reached, or refused a statement.
    #[error("the server does not answer: {0}")]
    Server(String),
    /// The server answered something that is not understood.
    #[error("the server's answer is not understood: {reason}: {row}")]
    Answer {
        /// What is wrong with it.
        reason: String,
        /// The row.
        row: String,
    },
}

/// Something that sends a script of SQL to a server of PostgreSQL.
pub trait Answers {
    /// The first column of every row that the statements of `script` return, in order; the rows of
    /// our scripts hold one JSON object and no line break.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses a statement.
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError>;
}
