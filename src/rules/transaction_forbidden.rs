//! A statement stands in a transaction block that the server refuses it in.

use super::{Advice, Facts};

/// What makes the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    /// The tool, for this migration.
    Tool,
    /// The tool, for all pending migrations.
    Run,
    /// The file's own `BEGIN`.
    Own,
    /// Several statements sent as one text.
    Text,
}

pub(super) fn check(_: &Facts) -> Option<Advice> {
    None // The statement changes nothing: it fails.
}

/// `text` is the statement, `opt_out` how the tool is told to open no transaction.
pub(crate) fn advice(text: &str, around: Around, opt_out: &str) -> Advice {
    let words: Vec<&str> = text.split_whitespace().take(4).collect();
    let until = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("concurrently"))
        .map_or(2, |at| at + 1);
    let name = words[..until.min(words.len())]
        .join(" ")
        .replace('`', "'")
        .to_uppercase();
    let (whose, help) = match around {
        Around::Tool => ("the tool's transaction around the migration", opt_out.to_owned()),
        Around::Run => (
            "the tool's transaction around all pending migrations",
            opt_out.to_owned(),
        ),
        Around::Own => (
            "the file's own transaction",
            "put it outside of `BEGIN` and `COMMIT`".to_owned(),
        ),
        Around::Text => (
            "the server's own transaction around several statements that are sent as one text",
            "put it in a migration of its own, alone".to_owned(),
        ),
    };
    Advice {
        message: format!("`{name}` cannot run in a transaction, and runs in one"),
        why: format!("it stands in {whose}, where the server refuses it with 25001, and the migration fails"),
        help,
    }
}

/// A statement that wants no transaction beside others that have one; `does` is what the tool
/// does about it, `cure` what to do.
pub(crate) fn mixed(statement: &str, cure: &str, does: &str) -> Advice {
    Advice {
        message: format!("`{statement}` stands beside statements that run in a transaction"),
        why: does.to_owned(),
        help: cure.to_owned(),
    }
}
