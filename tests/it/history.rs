//! Which migrations a live database has, from the tables that the tools themselves make.
//!
//! The statements that make the tables are the tools' own, and so are the rows.

use migcheck::Layout;
use migcheck::discover::{HistoryTable, KnownMigration};
use migcheck::live::{Answers, HistoryComparison, HistoryState, compare_history, read_history};

use crate::postgres::database;

/// Known migrations with these keys.
fn known(keys: &[&str]) -> Vec<KnownMigration> {
    let known = keys.iter().map(|key| KnownMigration {
        key: (*key).to_owned(),
        is_checkpoint: false,
    });
    known.collect()
}

/// What a comparison says, one word of it per list that is not empty.
fn shown(comparison: &HistoryComparison) -> String {
    let failed: Vec<String> = comparison
        .failed
        .iter()
        .map(|it| format!("{} ({})", it.key, it.reason))
        .collect();
    let lists = [
        ("applied", &comparison.applied),
        ("pending", &comparison.pending),
        ("unknown", &comparison.unknown),
        ("failed", &failed),
        ("changed", &comparison.changed),
        ("out of order", &comparison.out_of_order),
    ];
    let lists = lists.iter().filter(|(_, list)| !list.is_empty());
    let lines = lists.map(|(name, list)| format!("{name}: {}", list.join(", ")));
    lines.collect::<Vec<_>>().join("\n")
}

/// How `known` stands in a database after `script`.
fn stands(history: &HistoryTable, script: &str, keys: &[&str]) -> Option<String> {
    let mut database = database()?;
    database.run(script).expect("the script runs");
    Some(asked(&mut database, history, keys))
}

fn asked(server: &mut dyn Answers, history: &HistoryTable, keys: &[&str]) -> String {
    match read_history(server, history).expect("the server answers") {
        HistoryState::Read(rows) => match compare_history(history, &known(keys), &rows) {
            Some(comparison) => shown(&comparison),
            None => "no table fits".to_owned(),
        },
        other => other.to_string(),
    }
}

/// `stands` with the usual table of a tool; the snapshot is what it says.
macro_rules! tool {
    ($name:ident, $layout:expr, $script:expr, $known:expr, @$snapshot:literal) => {
        #[test]
        fn $name() {
            let history = HistoryTable::usual($layout);
            if let Some(said) = stands(&history, $script, &$known) {
                insta::assert_snapshot!(said, @$snapshot);
            }
        }
    };
}

const SQLX: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES
    (1, 'one', TRUE, '\\x01', -1), (2, 'two', TRUE, '\\x02', 12), (4, 'four', FALSE, '\\x03', -1),
    (5, 'five', TRUE, '\\x03', -1), (9, 'nine', TRUE, '\\x03', -1);";

tool!(sqlx, Layout::Sqlx, SQLX, ["1", "2", "3", "4", "5", "6"], @"
applied: 1, 2, 5
pending: 3, 6
unknown: 9
failed: 4 (its row says that it did not succeed)
out of order: 3
");
