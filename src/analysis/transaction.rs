//! Which statements a server refuses inside a transaction block.
//!
//! Input: the words of a statement. Output: whether it may stand between `BEGIN` and `COMMIT`, or
//! beside another statement in one text that is sent at once: PostgreSQL takes such a text for a
//! transaction block too, and refuses with SQLSTATE 25001 in both places alike.

use crate::sql::{self, Dialect};

use crate::discover::ServerVersion;

/// Whether a statement may run in a transaction block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InTransaction {
    /// It may.
    Allowed,
    /// The server refuses it there.
    Forbidden,
    /// It hangs on what is not looked at: whether a table is partitioned, whether a subscription
    /// has a slot.
    Unknown,
}

impl InTransaction {
    /// The name in reports; `None` where nothing is known.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            InTransaction::Allowed => Some("allowed"),
            InTransaction::Forbidden => Some("forbidden"),
            InTransaction::Unknown => None,
        }
    }
}

/// Whether the statement `text` may run in a transaction block of that server; the newest version
/// that is known where none is given.
///
/// Source: asked of PostgreSQL 15, each statement between `BEGIN` and `ROLLBACK`, as the first and
/// as the last of two in one text; manual of PostgreSQL 12, ALTER TYPE, for the older servers.
pub fn in_transaction(
    text: &str,
    dialect: Dialect,
    version: Option<ServerVersion>,
) -> InTransaction {
    match dialect {
        Dialect::Postgres => on_postgres(&sql::first_words(text, dialect, 64), version),
        // MySQL and MariaDB end the transaction instead.
        Dialect::Mysql | Dialect::Mariadb => InTransaction::Allowed,
        Dialect::Sqlite => match sql::first_words(text, dialect, 1)
            .first()
            .map(String::as_str)
        {
            Some("vacuum") => InTransaction::Forbidden,
            _ => InTransaction::Allowed,
        },
    }
}

fn on_postgres(words: &[String], version: Option<ServerVersion>) -> InTransaction {
    use InTransaction::{Allowed, Forbidden, Unknown};
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let has = |word: &str| words.contains(&word);
    let forbidden_if = |yes: bool| if yes { Forbidden } else { Allowed };
    match words.as_slice() {
        ["vacuum", ..] | ["alter", "system", ..] => Forbidden,
        ["create" | "drop", "database" | "tablespace", ..] => Forbidden,
        ["alter", "database", _, "set", "tablespace", ..] => Forbidden,
        ["create", "index", rest @ ..] | ["create", "unique", "index", rest @ ..] => {
            forbidden_if(rest.first() == Some(&"concurrently"))
        }
        ["drop", "index", rest @ ..] => forbidden_if(rest.first() == Some(&"concurrently")),
        ["reindex", rest @ ..] => reindex(rest),
        ["create", "subscription", ..] => {
            let is_off = |option: &str| {
                words.windows(3).any(|it| {
                    it[0] == option && it[1] == "=" && matches!(it[2], "false" | "off" | "0")
                })
            };
            forbidden_if(!is_off("connect") && !is_off("create_slot"))
        }
        ["drop", "subscription", ..] => Unknown,
        ["alter", "subscription", ..] => match has("refresh") || has("publication") {
            true => Unknown,
            false => Allowed,
        },
        ["alter", "table", ..] => {
            let detaches = words.windows(2).any(|it| it == ["detach", "partition"]);
            forbidden_if(detaches && words.last() == Some(&"concurrently"))
        }
        ["cluster"] => Forbidden,
        ["cluster", ..] => Unknown,
        ["discard", "all"] => Forbidden,
        ["commit" | "rollback", "prepared", ..] => Forbidden,
        ["alter", "type", ..] => {
            let adds = words.windows(2).any(|it| it == ["add", "value"]);
            forbidden_if(adds && version.is_some_and(|it| it < ServerVersion::new(12, 0, 0)))
        }
        _ => Allowed,
    }
}

/// What follows `REINDEX`: `(options) TABLE CONCURRENTLY t`.
fn reindex(words: &[&str]) -> InTransaction {
    let options_end = match words.first() {
        Some(&"(") => words
            .iter()
            .position(|word| *word == ")")
            .map_or(0, |at| at + 1),
        _ => 0,
    };
    let (options, rest) = words.split_at(options_end);
    let rest = match rest {
        ["verbose", rest @ ..] => rest,
        rest => rest,
    };
    let option = options.iter().position(|word| *word == "concurrently");
    let is_on =
        option.is_some_and(|at| !matches!(options.get(at + 1), Some(&("false" | "off" | "0"))));
    match rest {
        _ if is_on => InTransaction::Forbidden,
        [_, "concurrently", ..] => InTransaction::Forbidden,
        ["schema" | "database" | "system", ..] => InTransaction::Forbidden,
        // That of a partitioned table is one.
        _ => InTransaction::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Option<&'static str> {
        in_transaction(text, Dialect::Postgres, None).as_str()
    }

    #[test]
    fn what_the_server_refuses_in_a_block() {
        for text in [
            "CREATE INDEX CONCURRENTLY x ON t (a)",
            "create unique index concurrently if not exists x on t (a)",
            "DROP INDEX CONCURRENTLY IF EXISTS i",
            "REINDEX INDEX CONCURRENTLY i",
            "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
            "REINDEX SCHEMA public",
            "REINDEX (VERBOSE) DATABASE d",
            "VACUUM",
            "VACUUM (ANALYZE) t",
            "ALTER SYSTEM SET work_mem = '4MB'",
            "CREATE DATABASE d",
            "DROP DATABASE IF EXISTS d",
            "ALTER DATABASE d SET TABLESPACE x",
            "CREATE TABLESPACE x LOCATION '/x'",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
            "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY",
            "CLUSTER",
            "DISCARD ALL",
            "COMMIT PREPARED 'x'",
        ] {
            assert_eq!(answer(text), Some("forbidden"), "{text}");
        }
    }

    #[test]
    fn what_it_takes_there() {
        for text in [
            "CREATE INDEX concurrently_x ON t (a)",
            "CREATE INDEX x ON t (a)",
            "ALTER TABLE p DETACH PARTITION p1 FINALIZE",
            "ALTER TABLE p DETACH PARTITION p1",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
            "ANALYZE t",
            "DISCARD PLANS",
            "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p WITH (connect = false)",
            "ALTER TYPE e ADD VALUE 'b'",
            "CHECKPOINT",
        ] {
            assert_eq!(answer(text), Some("allowed"), "{text}");
        }
        let old = ServerVersion::new(11, 5, 0);
        assert_eq!(
            in_transaction("ALTER TYPE e ADD VALUE 'b'", Dialect::Postgres, Some(old)),
            InTransaction::Forbidden
        );
    }

    #[test]
    fn what_hangs_on_the_catalog_is_not_known() {
        for text in [
            "REINDEX TABLE t",
            "CLUSTER t USING i",
            "DROP SUBSCRIPTION s",
        ] {
            assert_eq!(answer(text), None, "{text}");
        }
    }
}
