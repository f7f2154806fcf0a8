//! What SQLite and MariaDB say of the replay of ordinary tables, columns, keys and indexes.

use std::collections::BTreeSet;
use std::sync::Arc;

use migcheck::Dialect;
use migcheck::discover::{TransactionScope, Unit};
use migcheck::history::{Planned, replay};
use migcheck::schema::catalog::{Catalog, RelationBody};
use migcheck::schema::name::Ident;
use migcheck::schema::op::{ConstraintKind, IndexKey};
use migcheck::sql::read;

use crate::mariadb;

/// The catalog after the parts, each a migration of its own; every statement must be understood
/// and fit.
fn replayed(parts: &[&str], dialect: Dialect) -> Arc<Catalog> {
    let planned: Vec<Planned> = parts
        .iter()
        .enumerate()
        .map(|(run, text)| Planned {
            identity: format!("part {run}").into(),
            script: Some(Arc::new(read(text, dialect))),
            transaction: TransactionScope::None,
            unit: Unit::Statement,
            batches: Vec::new(),
            run,
        })
        .collect();
    let timeline = replay(&planned, dialect);
    assert!(timeline.reasons.is_empty(), "{:?}", timeline.reasons);
    for step in &timeline.steps {
        assert!(
            step.misfits.is_empty(),
            "part {}: {:?}",
            step.migration,
            step.misfits
        );
    }
    Arc::clone(timeline.catalog(timeline.end()))
}

fn names<'a>(names: impl IntoIterator<Item = &'a Ident>) -> String {
    let names: Vec<&str> = names.into_iter().map(Ident::as_str).collect();
    names.join(",")
}

/// Tables, columns, keys, indexes and views, a line each, in lower case.
fn ours(catalog: &Catalog) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (name, relation) in catalog.relations().filter(|(_, it)| !it.temporary) {
        let name = name.name.as_str();
        match &relation.body {
            RelationBody::Table(table) => {
                for column in &table.columns {
                    let is_filled = column.default.is_some();
                    out.insert(format!(
                        "column {name}.{} required:{} default:{is_filled}",
                        column.name.as_str(),
                        column.not_null
                    ));
                }
                for constraint in &table.constraints {
                    let line = match &constraint.kind {
                        ConstraintKind::PrimaryKey { columns, .. } => {
                            format!("primary {name} ({})", names(columns))
                        }
                        ConstraintKind::Unique { columns, .. } => {
                            format!("unique {name} ({})", names(columns))
                        }
                        ConstraintKind::ForeignKey { columns, table, .. } => {
                            format!(
                                "foreign {name} ({}) {}",
                                names(columns),
                                table.name.as_str()
                            )
                        }
                        ConstraintKind::Check { .. }
                        | ConstraintKind::Exclude { .. }
                        | ConstraintKind::NotNull { .. } => continue,
                    };
                    out.insert(line);
                }
                for index in table.indexes.iter().filter(|it| it.constraint.is_none()) {
                    let keys: Vec<&str> = index
                        .keys
                        .iter()
                        .map(|key| match key {
                            IndexKey::Column(column) => column.as_str(),
                            IndexKey::Expression(_) => "?",
                        })
                        .collect();
                    out.insert(format!(
                        "index {name}.{} unique:{} partial:{} ({})",
                        index.name.as_str(),
                        index.unique,
                        index.predicate.is_some(),
                        keys.join(",")
                    ));
                }
            }
            RelationBody::View(_) => {
                out.insert(format!("view {name}"));
            }
            RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
        }
    }
    out.into_iter().map(|line| line.to_lowercase()).collect()
}

fn assert_same(ours: &BTreeSet<String>, theirs: &BTreeSet<String>) {
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other)
            .cloned()
            .collect::<Vec<String>>()
            .join("\n  ")
    };
    assert_eq!(
        ours,
        theirs,
        "\nonly ours:\n  {}\nonly the server's:\n  {}\n",
        only(ours, theirs),
        only(theirs, ours)
    );
}

const SQLITE: &[&str] = &[
    "PRAGMA foreign_keys = OFF;
     CREATE TABLE \"Users\" (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE,
         [group] TEXT, `weird` BLOB DEFAULT (x'00'), created DATETIME DEFAULT CURRENT_TIMESTAMP, any_type,
         n NUMERIC(10,5) CHECK (n > 0), UNIQUE (name, n) ON CONFLICT IGNORE);
     CREATE TABLE kv (k TEXT PRIMARY KEY NOT NULL, v ANY,
         FOREIGN KEY (k) REFERENCES users (name) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED) STRICT, WITHOUT ROWID;
     CREATE INDEX IF NOT EXISTS idx ON users (name COLLATE NOCASE DESC) WHERE name IS NOT NULL;
     CREATE UNIQUE INDEX ux ON Users (lower(name), N);
     CREATE TRIGGER tr AFTER INSERT ON users BEGIN INSERT INTO kv VALUES (new.name, 1); SELECT CASE WHEN 1 THEN 2 END; END;",
    "ALTER TABLE USERS ADD COLUMN age INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE users RENAME COLUMN Age TO years;
     ALTER TABLE users ADD COLUMN gone TEXT; ALTER TABLE users DROP COLUMN GONE;
     CREATE INDEX by_years ON users (years);
     CREATE VIEW v AS SELECT name FROM users; DROP VIEW V;
     CREATE VIEW w AS SELECT k FROM kv;",
    // The usual way to change a table: make it anew, copy, drop, rename.
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id), total REAL);
     CREATE INDEX orders_user ON orders (user_id);
     CREATE TABLE orders_new (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), total TEXT NOT NULL DEFAULT '0', UNIQUE (user_id, total));
     INSERT INTO orders_new (id, user_id, total) SELECT id, user_id, total FROM orders;
     DROP TABLE orders; ALTER TABLE orders_new RENAME TO orders;
     CREATE INDEX orders_user ON orders (user_id);
     CREATE TABLE pair (a INT, b INT, PRIMARY KEY (a, b));
     CREATE TABLE IF NOT EXISTS pair (c INT);
     DROP INDEX IF EXISTS no_such; DROP INDEX by_years;
     CREATE TEMP TABLE scratch (a);",
];

const SQLITE_SAYS: &str = "
WITH t AS (SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%')
SELECT printf('column %s.%s required:%s default:%s', t.name, c.name,
    iif(c.\"notnull\", 'true', 'false'), iif(c.dflt_value IS NULL, 'false', 'true'))
  FROM t, pragma_table_xinfo(t.name) c
UNION ALL SELECT printf('primary %s (%s)', t.name, (SELECT group_concat(name) FROM
    (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk)))
  FROM t WHERE EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE pk > 0)
UNION ALL SELECT printf('unique %s (%s)', t.name, (SELECT group_concat(name) FROM
    (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)))
  FROM t, pragma_index_list(t.name) i WHERE i.origin = 'u'
UNION ALL SELECT printf('index %s.%s unique:%s partial:%s (%s)', t.name, i.name,
    iif(i.\"unique\", 'true', 'false'), iif(i.partial, 'true', 'false'),
    (SELECT group_concat(coalesce(name, '?')) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)))
  FROM t, pragma_index_list(t.name) i WHERE i.origin = 'c'
UNION ALL SELECT printf('foreign %s (%s) %s', t.name, f.\"from\", f.\"table\")
  FROM t, pragma_foreign_key_list(t.name) f
UNION ALL SELECT 'view ' || name FROM sqlite_master WHERE type = 'view'";

#[test]
fn the_replay_of_ordinary_sqlite_statements_gives_the_tables_of_sqlite() {
    let database = rusqlite::Connection::open_in_memory().expect("SQLite opens");
    for part in SQLITE {
        database.execute_batch(part).expect("SQLite takes it");
    }
    let mut statement = database.prepare(SQLITE_SAYS).expect("it is valid");
    let theirs: BTreeSet<String> = statement
        .query_map([], |row| row.get::<_, String>(0))
        .expect("it runs")
        .map(|line| line.expect("it is text").to_lowercase())
        .collect();
    // The row's own number: its pragma calls it nullable, and no row has NULL there.
    let is_row_number = |line: &String| {
        line.starts_with("column users.id ") || line.starts_with("column orders.id ")
    };
    let others = |lines: BTreeSet<String>| -> BTreeSet<String> {
        lines.into_iter().filter(|it| !is_row_number(it)).collect()
    };
    let ours = ours(&replayed(SQLITE, Dialect::Sqlite));
    assert_same(&others(ours), &others(theirs));
}

const MARIADB: &[&str] = &[
    "CREATE TABLE `Users` (
       `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
       `name` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT '' COMMENT 'it''s; here',
       `kind` enum('a','b') NOT NULL DEFAULT 'a',
       `flags` set('x','y') DEFAULT NULL,
       `created_at` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
       `full` varchar(300) GENERATED ALWAYS AS (concat(`name`,'x')) VIRTUAL,
       PRIMARY KEY (`id`),
       UNIQUE KEY `uq_name` (`name`(191)),
       KEY `idx_created` (`created_at`) USING BTREE,
       CONSTRAINT `chk` CHECK (char_length(`name`) < 300)
     ) ENGINE=InnoDB AUTO_INCREMENT=10 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='t' ROW_FORMAT=DYNAMIC;
     CREATE TABLE orders (id int primary key auto_increment, user_id bigint unsigned not null,
       total decimal(10,2) not null, index (user_id), index (total), index (total, id), unique (total, user_id),
       foreign key (user_id) references `Users`(id) on delete cascade) engine innodb;",
    "ALTER TABLE orders ADD COLUMN note TEXT NULL AFTER total, ADD INDEX idx_total (total),
       MODIFY COLUMN total DECIMAL(12,2) NOT NULL DEFAULT 0.00;
     ALTER TABLE orders CHANGE note remark varchar(100) FIRST;
     ALTER TABLE orders DROP INDEX idx_total, DROP FOREIGN KEY orders_ibfk_1, DROP COLUMN remark;
     ALTER TABLE orders ADD CONSTRAINT fk_u FOREIGN KEY (user_id) REFERENCES Users (id),
       RENAME COLUMN total TO amount, RENAME INDEX user_id TO ux;
     ALTER TABLE orders ALTER COLUMN amount SET DEFAULT 5;
     ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (id, user_id);
     ALTER TABLE orders DROP INDEX total_3;",
    // The same name on two tables, and a name that goes with its table.
    "CREATE TABLE other (a int, b int, c int, key idx (a), key pair (a, b));
     CREATE INDEX idx ON orders (amount);
     RENAME TABLE orders TO purchases;
     CREATE UNIQUE INDEX ui ON purchases (AMOUNT, ID);
     DROP INDEX idx ON purchases; DROP INDEX idx ON other;
     ALTER TABLE other ADD UNIQUE u (c), ADD COLUMN (x int, y int), ADD COLUMN IF NOT EXISTS x int;
     ALTER TABLE other DROP INDEX u;
     CREATE TABLE copy LIKE other;
     DELIMITER //
     CREATE TRIGGER trg BEFORE INSERT ON purchases FOR EACH ROW BEGIN SET NEW.amount = 1; IF NEW.id = 1 THEN SET NEW.id = 2; END IF; END//
     DELIMITER ;
     CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW v AS SELECT id FROM purchases;
     /*!40101 SET NAMES utf8 */;
     INSERT INTO `Users` (name) VALUES ('a\\'; DROP TABLE x'), (\"b\") ON DUPLICATE KEY UPDATE name=VALUES(name);
     DROP TABLE IF EXISTS nothing;",
];

const MARIADB_SAYS: &str = "
SELECT concat('column ', c.table_name, '.', column_name, ' required:', if(is_nullable = 'NO', 'true', 'false'),
    ' default:', if((column_default IS NULL OR column_default = 'NULL') AND extra <> 'auto_increment', 'false', 'true'))
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = database() AND table_type = 'BASE TABLE'
UNION ALL SELECT concat('primary ', table_name, ' (', group_concat(column_name ORDER BY seq_in_index), ')')
  FROM information_schema.statistics WHERE table_schema = database() AND index_name = 'PRIMARY' GROUP BY table_name
UNION ALL SELECT concat('foreign ', table_name, ' (', group_concat(column_name ORDER BY ordinal_position), ') ', referenced_table_name)
  FROM information_schema.key_column_usage WHERE table_schema = database() AND referenced_table_name IS NOT NULL
  GROUP BY table_name, constraint_name, referenced_table_name
UNION ALL SELECT concat('index ', table_name, '.', index_name, ' unique:', if(non_unique, 'false', 'true'),
    ' partial:false (', group_concat(column_name ORDER BY seq_in_index), ')')
  FROM information_schema.statistics WHERE table_schema = database() AND index_name <> 'PRIMARY'
  GROUP BY table_name, index_name, non_unique
UNION ALL SELECT concat('view ', table_name) FROM information_schema.views WHERE table_schema = database()";

#[test]
fn the_replay_of_ordinary_mariadb_statements_gives_the_tables_of_mariadb() {
    let Some(server) = mariadb::Server::start() else {
        return;
    };
    for part in MARIADB {
        server.run(part).expect("MariaDB takes it");
    }
    let said = server.run(MARIADB_SAYS).expect("the catalog can be read");
    let theirs: BTreeSet<String> = said.lines().map(str::to_lowercase).collect();
    // There, a unique key is a unique index of the same name.
    let catalog = replayed(MARIADB, Dialect::Mariadb);
    let mut ours: BTreeSet<String> = ours(&catalog)
        .into_iter()
        .filter(|line| !line.starts_with("unique "))
        .collect();
    for (name, relation) in catalog.relations() {
        let Some(table) = relation.as_table() else {
            continue;
        };
        for constraint in &table.constraints {
            if let ConstraintKind::Unique { columns, .. } = &constraint.kind {
                let (table, index) = (name.name.as_str(), constraint.name.as_str());
                let columns = names(columns);
                let line = format!("index {table}.{index} unique:true partial:false ({columns})");
                ours.insert(line.to_lowercase());
            }
        }
    }
    assert_same(&ours, &theirs);
}
