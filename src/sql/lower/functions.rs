//! Functions that leave the schema as it is.
//!
//! The list holds the built-in functions of PostgreSQL 15 (from `pg_proc`, without those that run
//! a text as SQL or act on files and replication), of MySQL and SQLite, the usual functions of
//! `uuid-ossp`, `pgcrypto` and their like, types that are called like functions, and keywords that
//! stand before a parenthesis. Anything else that a statement calls may do what it likes.

use std::sync::LazyLock;

use crate::sql::token::is_listed;

static HARMLESS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("functions.txt").split_whitespace().collect());

/// Whether calling `name` (as written, without quotes) has no effect on the schema.
pub(super) fn is_harmless(name: &str) -> bool {
    is_listed(name, &HARMLESS)
}

/// Functions of extensions that have a schema of their own and leave the project's alone.
const OF_EXTENSIONS: [(&str, &str); 8] = [
    ("cron", "schedule"),
    ("cron", "schedule_in_database"),
    ("cron", "unschedule"),
    ("extensions", ""),
    ("graphile_worker", "add_job"),
    ("graphile_worker", "complete_jobs"),
    ("net", "http_post"),
    ("vault", "create_secret"),
];

/// Whether a function with its schema is an extension's and leaves the schema as it is. In the
/// schema `extensions` stand those that are known without a schema.
pub(super) fn belongs_to_extension(schema: &str, name: &str) -> bool {
    OF_EXTENSIONS.iter().any(|(its, function)| {
        *its == schema
            && (name.eq_ignore_ascii_case(function) || (function.is_empty() && is_harmless(name)))
    })
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
