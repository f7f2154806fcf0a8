//! Functions that leave the schema as it is.
//!
//! The list holds the built-in functions of PostgreSQL 15 (from `pg_proc`, without those that run
//! a text as SQL or act on files and replication), of MySQL and SQLite, the usual functions of
//! `uuid-ossp`, `pgcrypto` and their like, and keywords that stand before a parenthesis. Anything
//! else that a statement calls may do what it likes.

use std::sync::LazyLock;

use crate::sql::token::is_listed;

static HARMLESS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("functions.txt").split_whitespace().collect());

/// Whether calling `name` (as written, without quotes) has no effect on the schema.
pub(super) fn is_harmless(name: &str) -> bool {
    is_listed(name, &HARMLESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_leaves_out_what_runs_text() {
        assert!(HARMLESS.is_sorted());
        assert!(is_harmless("SetVal") && is_harmless("nextval") && is_harmless("coalesce"));
        for name in [
            "set_config",
            "query_to_xml",
            "ts_stat",
            "create_hypertable",
            "",
        ] {
            assert!(!is_harmless(name), "{name}");
        }
    }
}
