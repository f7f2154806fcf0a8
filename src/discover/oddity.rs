//! What is odd about a folder and follows from its tool's rules alone: two equal versions, a gap,
//! a marker that the tool does not see, a file that it passes over.
//!
//! These are facts; [`crate::discover`] does not know whether the file is new, so it does not say
//! how bad it is.

use crate::source::{SourceFile, Span};

/// What the tool does about an oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consequence {
    /// It refuses to run anything.
    Refused,
    /// It never runs the migration, and does not say so.
    Skipped,
    /// It runs it, in another way than it looks.
    Differs,
    /// Nobody knows.
    Unknown,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OddityKind {
    /// Two files have the same version.
    VersionDuplicated {
        /// The version.
        version: String,
        /// The path of the other file.
        other: String,
    },
    /// A version is missing where the tool wants none to be.
    VersionGap {
        /// What comes before the gap, where something does.
        after: Option<String>,
        /// The version that the file has.
        found: String,
        /// The version that was expected.
        expected: String,
    },
    /// A new version sorts before one that was there before it.
    VersionLate {
        /// The version.
        version: String,
        /// The version that is applied already.
        before: String,
    },
    /// A marker is written in a way that the tool does not see.
    MarkerMisplaced {
        /// The marker.
        marker: String,
        /// What is wrong with it, as the end of a sentence: `stands behind a byte-order mark`.
        problem: String,
        /// What to do about it.
        cure: String,
    },
    /// A statement that wants no transaction stands beside statements that run in one, which the
    /// tool refuses.
    TransactionMixed {
        /// The statement, as people name it.
        statement: String,
        /// What to do about it.
        cure: String,
    },
    /// A file that looks like a migration is passed over.
    MigrationSkipped {
        /// Why, as the end of a sentence.
        reason: String,
    },
}

/// Something odd, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// What happened.
    pub kind: OddityKind,
    /// What the tool does about it.
    pub consequence: Consequence,
    /// The same for people, a sentence without its full stop: `sqlx refuses to run anything`.
    pub does: String,
    /// The file's path from the tree's root.
    pub path: String,
    /// The file, where it was read.
    pub file: Option<SourceFile>,
    /// The place in it.
    pub span: Option<Span>,
}

impl Oddity {
    /// An oddity of the whole file `path`.
    pub(super) fn new(
        kind: OddityKind,
        consequence: Consequence,
        does: impl Into<String>,
        path: impl Into<String>,
    ) -> Oddity {
        Oddity {
            kind,
            consequence,
            does: does.into(),
            path: path.into(),
            file: None,
            span: None,
        }
    }

    /// The same, at a place of the file.
    pub(super) fn at(mut self, file: &SourceFile, span: Span) -> Oddity {
        self.file = Some(file.clone());
        self.span = Some(span);
        self
    }
}

/// A file that the tool does not run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// Its path from the tree's root; a folder's ends in a slash.
    pub path: String,
    /// Why, as the end of a sentence.
    pub reason: String,
}
