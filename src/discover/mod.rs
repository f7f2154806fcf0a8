//! Disk and git to a project.

/// What the migration tool opens around its migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionScope {
    /// One transaction per file.
    File,
    /// One for all pending migrations.
    Run,
    /// None.
    None,
}

/// What the tool sends to the server at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// One statement.
    Statement,
    /// The whole text.
    WholeText,
}
