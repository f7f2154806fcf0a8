//! Why a check could not be made. Findings are results, not errors.

use std::path::PathBuf;

use crate::source::SourceFile;

/// The check could not be made; each message says what to do about it where that is known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `migcheck.toml` is wrong.
    #[error("{file}:{line}:{column}: {message}")]
    Config {
        /// The file, as the user would name it.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in code points, from 1.
        column: usize,
        /// What is wrong, with the nearest name where one was misspelt.
        message: String,
    },
    /// No migrations were found, or several places could hold them.
    #[error("{0}")]
    Layout(String),
    /// The git program failed, or the repository has nothing to compare with.
    #[error("{0}")]
    Git(String),
    /// Migrations depend on each other in a circle.
    #[error("migrations form a cycle: {}", .names.join(" -> "))]
    Cycle {
        /// The migrations on the circle.
        names: Vec<String>,
    },
    /// An argument does not fit the project: an unknown version, an unknown rule.
    #[error("{0}")]
    Argument(String),
}

impl Error {
    /// What is wrong in a file of ours, at a byte of its text.
    pub(crate) fn config(source: &SourceFile, offset: usize, message: String) -> Error {
        let at = source.position(offset);
        Error::Config {
            file: source.path.to_string(),
            line: at.line,
            column: at.column,
            message,
        }
    }
}

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;
