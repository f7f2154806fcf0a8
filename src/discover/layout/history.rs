//! Where each tool writes down what it has applied, and by what it knows a migration again.
//!
//! Input: a project. Output: the tables to look for in its database ([`HistoryTable::sources`]) and
//! its migrations as those tables name them ([`known`]). Nothing is asked here; `src/live/history.rs`
//! reads the tables. The tables are those of PostgreSQL: on other servers a tool can have others.
//!
//! Sources, each read for the statement that makes the table and for the one that fills it: sqlx
//! `sqlx-postgres/src/migrate.rs`; golang-migrate `database/postgres/postgres.go`; Flyway
//! `PostgreSQLDatabase`, `MigrationInfoServiceImpl`, `CoreMigrationType`, `BaselineMigrationType`,
//! `ChecksumCalculator`; goose `internal/dialects/postgres.go` and `EnsureDBVersionContext`; Diesel
//! `setup_migration_table.sql`; Prisma engines `flavour/postgres.rs`, `sql_migration_persistence.rs`,
//! `apply_migrations.rs`; dbmate `pkg/driver/postgres/postgres.go`; Drizzle `pg-core/dialect.ts`, and
//! of version 1 `migrator.utils.ts` and `up-migrations/pg.ts`; refinery_core `traits/mod.rs`;
//! Supabase `pkg/migration/history.go`; sql-migrate `migrate.go` and gorp `dialect_postgres.go`; tern
//! `migrate/migrate.go`; Atlas `migrate/ent/schema/revision.go` and `Executor.Pending`; Graphile
//! Migrate `migration.ts`; node-pg-migrate `runner.ts` and `migration.ts`; Hasura
//! `statestore/statestore.go` and `migrations/hdbtable.go`; MyBatis Migrations `ChangelogOperation`
//! and `template_changelog.sql`; yoyo `internalmigrations/v1.py` and `v2.py`; Sqitch `Engine/pg.sql`
//! and `DBIEngine.pm`; Liquibase `CreateDatabaseChangeLogTableGenerator`, `MarkChangeSetRanGenerator`,
//! `RanChangeSet`; yandex-pgmigrate `pgmigrate.py`; Evolve `PostgreSQLMetadataTable` and `Evolve.cs`;
//! db-migrate `lib/walker.js`, `lib/file.js` and db-migrate-pg `index.js`; pop
//! `schema_migrations.go`, `migrator.go` and fizz `translators/postgres.go`.

use std::fmt;

use super::Layout;
use super::flyway;
use crate::discover::tree::split;
use crate::discover::{Migration, Project};
use crate::schema::name::Ident;

/// The name of a table, as the server stores it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The schema, where it is known.
    pub schema: Option<String>,
    /// The table's own name.
    pub name: String,
}

impl TableName {
    /// A name without a schema.
    pub fn bare(name: impl Into<String>) -> Self {
        TableName {
            schema: None,
            name: name.into(),
        }
    }

    /// A name with its schema.
    pub fn qualified(schema: impl Into<String>, name: impl Into<String>) -> Self {
        TableName {
            schema: Some(schema.into()),
            name: name.into(),
        }
    }

    /// A name as SQL writes it: `history`, `app.history`, `"App".history`. What stands in no quotes
    /// becomes lower case. `None` for what is no such name.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts: Vec<String> = Vec::new();
        let mut rest = text.trim();
        loop {
            let part;
            if let Some(quoted) = rest.strip_prefix('"') {
                let mut name = String::new();
                let mut from = quoted;
                loop {
                    let (before, after) = from.split_once('"')?;
                    name.push_str(before);
                    match after.strip_prefix('"') {
                        Some(after) => {
                            name.push('"');
                            from = after;
                        }
                        None => {
                            from = after;
                            break;
                        }
                    }
                }
                (part, rest) = (name, from);
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                let name = &rest[..end];
                if name.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';')) {
                    return None;
                }
                (part, rest) = (name.to_lowercase(), &rest[end..]);
            }
            if part.is_empty() || part.contains('\0') {
                return None;
            }
            parts.push(part);
            match rest.strip_prefix('.') {
                Some(more) => rest = more,
                None if rest.is_empty() => break,
                None => return None,
            }
        }
        let name = parts.pop()?;
        let schema = parts.pop();
        parts.is_empty().then_some(TableName { schema, name })
    }
}

/// As SQL writes it.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", Ident::new(schema))?;
        }
        write!(f, "{}", Ident::new(&self.name))
    }
}

/// Where the tool of a project writes down what it has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryTable {
    /// The tool.
    pub layout: Layout,
    /// The table that `migcheck.toml` or the tool's own configuration names; else it is the usual
    /// one.
    pub table: Option<TableName>,
    /// Which of several histories in one table is meant: Sqitch's project, Hasura's database.
    pub scope: Option<String>,
}

/// What a tool's own configuration says about its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::discover) struct HistorySettings {
    pub(in crate::discover) table: Option<TableName>,
    pub(in crate::discover) scope: Option<String>,
}

/// Where a table is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In its own schema and nowhere else.
    Exactly,
    /// In its own schema and those that the connection searches: others have such a table too.
    Searched,
    /// Also in any other schema: no other tool has a table of this name.
    Anywhere,
}

impl Reach {
    /// The name, for the query.
    pub fn as_str(self) -> &'static str {
        match self {
            Reach::Exactly => "exactly",
            Reach::Searched => "searched",
            Reach::Anywhere => "anywhere",
        }
    }
}

impl HistorySettings {
    /// A table as a configuration writes it in one text that goes into statements as it is.
    pub(super) fn named(&mut self, text: &str) {
        self.table = TableName::parse(text)
            .filter(|it| is_known(&it.name))
            .or(self.table.take());
    }

    /// A table as a configuration writes it in two texts that are quoted; what it leaves out is as
    /// `usual` says.
    pub(super) fn quoted(&mut self, schema: Option<&str>, name: Option<&str>, usual: &str) {
        let given = |text: Option<&str>| {
            text.map(|it| it.trim_matches(['"', '\'']).to_owned())
                .filter(|it| !it.is_empty() && is_known(it))
        };
        let (schema, name) = (given(schema), given(name));
        if schema.is_some() || name.is_some() {
            self.table = Some(TableName {
                schema,
                name: name.unwrap_or_else(|| usual.to_owned()),
            });
        }
    }
}

/// Whether a value is written out, and not filled in when the tool runs.
fn is_known(text: &str) -> bool {
    !text.contains(['{', '}', '\0'])
}

/// A table to look for, and what is read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySource {
    /// The tool whose rows it holds; for a plain or custom layout whose table is configured, that
    /// layout itself: then nobody knows what its columns mean.
    pub tool: Layout,
    /// Its name; the schema is where it lies by default.
    pub table: TableName,
    /// Where it is sought.
    pub reach: Reach,
    /// The columns to read, as far as they are there.
    pub columns: &'static [&'static str],
    /// Those that must be there, or it is another table of that name.
    pub needed: &'static [&'static str],
    /// The columns to sort by, as far as they are there.
    pub order: &'static [&'static str],
}

/// A migration of a project, as its tool's history table knows it: nothing but what is needed to
/// find it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownMigration {
    /// What tells it from others. For most tools the version or the file's name; `R__x` for a
    /// repeatable migration of Flyway and Evolve, with `@` and its checksum where that is known;
    /// `path::id::author` for Liquibase; the tag, `@` and the time in the journal for Drizzle.
    pub key: String,
    /// Whether it stands for all that come before it, on a database that began empty.
    pub is_checkpoint: bool,
}

/// A table of a tool as it makes it.
struct Usual {
    schema: Option<&'static str>,
    name: &'static str,
    reach: Reach,
    columns: &'static [&'static str],
    needed: &'static [&'static str],
    order: &'static [&'static str],
}

impl Usual {
    const fn new(
        name: &'static str,
        columns: &'static [&'static str],
        needed: &'static [&'static str],
        order: &'static [&'static str],
    ) -> Self {
        Usual {
            schema: None,
            name,
            reach: Reach::Anywhere,
            columns,
            needed,
            order,
        }
    }

    /// The same in a schema of this name, or wherever else `reach` says.
    const fn of(self, schema: &'static str, reach: Reach) -> Self {
        Usual {
            schema: Some(schema),
            reach,
            ..self
        }
    }

    /// The same, where others have a table of that name.
    const fn searched(self) -> Self {
        Usual {
            reach: Reach::Searched,
            ..self
        }
    }
}

/// The tables in which each tool keeps its history, the one that counts first.
fn usual(layout: Layout) -> &'static [Usual] {
    match layout {
        // A migration that runs without a transaction and fails leaves no row at all; `success` is
        // false only on servers where the row is written first.
        Layout::Sqlx => {
            &[const { Usual::new("_sqlx_migrations", VERSION_SUCCESS, VERSION, VERSION) }]
        }
        // One row: the newest version, and whether it failed half way.
        Layout::GolangMigrate => &[const {
            let columns = &["version", "dirty"];
            Usual::new("schema_migrations", columns, columns, VERSION).searched()
        }],
        Layout::Flyway => &[const {
            Usual::new(
                "flyway_schema_history",
                &[
                    "installed_rank",
                    "version",
                    "description",
                    "type",
                    "checksum",
                    "success",
                ],
                &["version", "description", "type", "success"],
                &["installed_rank"],
            )
        }],
        // The newest row of a version says whether it is applied; version 0 is the table's own.
        Layout::Goose => &[const {
            Usual::new(
                "goose_db_version",
                &["id", "version_id", "is_applied"],
                &["version_id"],
                &["id"],
            )
        }],
        Layout::Diesel => {
            &[const { Usual::new("__diesel_schema_migrations", VERSION, VERSION, VERSION) }]
        }
        Layout::Prisma => &[const {
            Usual::new(
                "_prisma_migrations",
                &[
                    "migration_name",
                    "started_at",
                    "finished_at",
                    "rolled_back_at",
                ],
                &["migration_name"],
                &["started_at"],
            )
        }],
        Layout::Dbmate => {
            &[const { Usual::new("schema_migrations", VERSION, VERSION, VERSION).searched() }]
        }
        // `name` from version 1 on; until then only the time in the journal tells them apart.
        Layout::Drizzle => &[const {
            Usual::new(
                "__drizzle_migrations",
                &["id", "created_at", "name"],
                &["created_at"],
                &["created_at", "id"],
            )
            .of("drizzle", Reach::Anywhere)
        }],
        Layout::Refinery => {
            &[const { Usual::new("refinery_schema_history", VERSION, VERSION, VERSION) }]
        }
        Layout::Supabase => &[const {
            Usual::new("schema_migrations", VERSION, VERSION, VERSION)
                .of("supabase_migrations", Reach::Exactly)
        }],
        Layout::SqlMigrate => &[const { Usual::new("gorp_migrations", &["id"], &["id"], &["id"]) }],
        // One row: how many migrations are applied.
        Layout::Tern => &[const {
            Usual::new("schema_version", VERSION, VERSION, VERSION).of("public", Reach::Searched)
        }],
        // In the schema that the connection is bound to, or in one of its own.
        Layout::Atlas => &[const {
            Usual::new(
                "atlas_schema_revisions",
                &["version", "type", "applied", "total"],
                &["version", "applied", "total"],
                VERSION,
            )
        }],
        Layout::Graphile => &[const {
            let columns = &["filename"];
            Usual::new("migrations", columns, columns, columns)
                .of("graphile_migrate", Reach::Exactly)
        }],
        Layout::NodePgMigrate => &[const {
            Usual::new(
                "pgmigrations",
                &["id", "name", "run_on"],
                &["name"],
                &["run_on", "id"],
            )
        }],
        // Up to version 1.3, and with a configuration of version 2, in the second one.
        Layout::Hasura => &[
            const {
                let columns = &["cli_state"];
                Usual::new("hdb_version", columns, columns, &[]).of("hdb_catalog", Reach::Exactly)
            },
            const {
                let columns = &["version", "dirty"];
                Usual::new("schema_migrations", columns, columns, VERSION)
                    .of("hdb_catalog", Reach::Exactly)
            },
        ],
        Layout::Mybatis => &[const {
            Usual::new(
                "changelog",
                &["id"],
                &["id", "applied_at", "description"],
                &["id"],
            )
            .searched()
        }],
        // `id` before version 6.
        Layout::Yoyo => &[const {
            Usual::new(
                "_yoyo_migration",
                &["migration_id", "id", "applied_at_utc", "ctime"],
                &[],
                &["applied_at_utc", "ctime"],
            )
        }],
        Layout::Sqitch => &[const {
            Usual::new(
                "changes",
                &["change", "project", "committed_at"],
                &["change_id", "change", "project"],
                &["committed_at"],
            )
            .of("sqitch", Reach::Searched)
        }],
        Layout::Liquibase => &[const {
            Usual::new(
                "databasechangelog",
                &["id", "author", "filename", "orderexecuted", "exectype"],
                &["id", "author", "filename"],
                &["orderexecuted"],
            )
        }],
        Layout::Pgmigrate => &[const {
            Usual::new(
                "schema_version",
                &["version", "type"],
                &["version", "installed_by"],
                VERSION,
            )
            .of("public", Reach::Searched)
        }],
        Layout::Evolve => &[const {
            Usual::new(
                "changelog",
                &["id", "type", "version", "name", "success"],
                &["type", "version", "name", "success"],
                &["id"],
            )
            .searched()
        }],
        Layout::DbMigrate => &[const {
            Usual::new(
                "migrations",
                &["id", "name", "run_on"],
                &["name", "run_on"],
                &["run_on", "id"],
            )
            .searched()
        }],
        Layout::Pop => &[const { Usual::new("schema_migration", VERSION, VERSION, VERSION) }],
        Layout::Custom | Layout::Plain => &[],
    }
}

const VERSION: &[&str] = &["version"];
const VERSION_SUCCESS: &[&str] = &["version", "success"];

/// The tools whose tables are sought where no tool is known: those that run numbered files.
const NUMBERED: [Layout; 14] = [
    Layout::Sqlx,
    Layout::GolangMigrate,
    Layout::Goose,
    Layout::Dbmate,
    Layout::Refinery,
    Layout::SqlMigrate,
    Layout::NodePgMigrate,
    Layout::Flyway,
    Layout::Supabase,
    Layout::Atlas,
    Layout::Tern,
    Layout::Pop,
    Layout::Diesel,
    Layout::Yoyo,
];

/// How the columns are called that tell migrations apart, in tables of no known tool.
const GUESSED: &[&str] = &[
    "version",
    "version_id",
    "migration",
    "migration_name",
    "migration_id",
    "filename",
    "file_name",
    "file",
    "script",
    "name",
    "identifier",
    "id",
];

impl HistoryTable {
    /// Where the tool keeps its history by default.
    pub fn usual(layout: Layout) -> Self {
        HistoryTable {
            layout,
            table: None,
            scope: None,
        }
    }

    /// The tables to look for; the first one that is there and fits counts.
    pub fn sources(&self) -> Vec<HistorySource> {
        let of = |tool: Layout| {
            usual(tool).iter().map(move |usual| HistorySource {
                tool,
                table: TableName {
                    schema: usual.schema.map(str::to_owned),
                    name: usual.name.to_owned(),
                },
                reach: usual.reach,
                columns: usual.columns,
                needed: usual.needed,
                order: usual.order,
            })
        };
        let mut sources: Vec<HistorySource> = match (self.layout, &self.table) {
            (Layout::Custom | Layout::Plain, None) => NUMBERED.into_iter().flat_map(of).collect(),
            (Layout::Custom | Layout::Plain, Some(table)) => vec![HistorySource {
                tool: self.layout,
                table: table.clone(),
                reach: Reach::Searched,
                columns: GUESSED,
                needed: &[],
                order: &["id", "version"],
            }],
            (layout, _) => of(layout).collect(),
        };
        if let Some(table) = &self.table {
            // Hasura's second table has another form; whoever names one means the old one.
            let named = sources.pop().map(|source| HistorySource {
                reach: match table.schema {
                    Some(_) => Reach::Exactly,
                    None => source.reach,
                },
                table: table.clone(),
                ..source
            });
            sources = named.into_iter().collect();
        }
        sources
    }
}

/// The migrations of a project as its tool's table knows them, in run order.
pub fn known(project: &Project) -> Vec<KnownMigration> {
    let mut known: Vec<KnownMigration> = project
        .migrations
        .iter()
        .map(|it| KnownMigration {
            key: key(project.layout, it),
            is_checkpoint: it.is_checkpoint,
        })
        .collect();
    for version in &project.checkpoints {
        // Only tools that sort by text keep checkpoints among the others.
        let at = known.partition_point(|it| it.key <= *version);
        known.insert(
            at,
            KnownMigration {
                key: version.clone(),
                is_checkpoint: true,
            },
        );
    }
    known
}

/// What the tool stores of a migration.
fn key(layout: Layout, migration: &Migration) -> String {
    match layout {
        Layout::Flyway => match migration.identity.rsplit_once('@') {
            Some((name, _)) if name.starts_with("R__") => match flyway::checksum(migration) {
                Some(checksum) => format!("{name}@{checksum}"),
                None => name.to_owned(),
            },
            _ => migration.identity.clone(),
        },
        // A repeatable one is known by the name of its file.
        Layout::Evolve if migration.identity.starts_with("R__") => {
            split(&migration.path).1.to_owned()
        }
        Layout::Drizzle => match migration.stamp {
            Some(when) => format!("{}@{when}", migration.version),
            None => migration.version.clone(),
        },
        // A change that was reworked is there several times, once for each time it is planned.
        Layout::Sqitch | Layout::Evolve => migration.identity.clone(),
        Layout::Sqlx
        | Layout::GolangMigrate
        | Layout::Goose
        | Layout::Diesel
        | Layout::Prisma
        | Layout::Dbmate
        | Layout::Refinery
        | Layout::Supabase
        | Layout::SqlMigrate
        | Layout::Tern
        | Layout::Atlas
        | Layout::Graphile
        | Layout::NodePgMigrate
        | Layout::Hasura
        | Layout::Mybatis
        | Layout::Yoyo
        | Layout::Liquibase
        | Layout::Pgmigrate
        | Layout::DbMigrate
        | Layout::Pop
        | Layout::Custom
        | Layout::Plain => migration.version.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tree;
    use crate::discover::{Overrides, discover_one};

    #[test]
    fn a_table_is_named_as_sql_names_it() {
        let read = |text: &str| TableName::parse(text).map(|it| it.to_string());
        let shown = |text: &str| read(text).unwrap_or_else(|| "nothing".to_owned());
        assert_eq!(shown("History"), "history");
        assert_eq!(shown(" app.history "), "app.history");
        assert_eq!(shown(r#""App"."x.y""z""#), r#""App"."x.y""z""#);
        for wrong in [
            "", ".", "a.", "a.b.c", "a b", "\"a", "\"a\"b", "a;b", "\"\"", "a\0",
        ] {
            assert_eq!(shown(wrong), "nothing", "{wrong:?}");
        }
    }

    /// Paths and texts.
    type Files<'a> = &'a [(&'a str, &'a str)];

    /// The table, which of several histories it is, and the keys of the migrations.
    fn kept(layout: Layout, files: Files<'_>) -> String {
        let options = Overrides {
            layout: Some(layout),
            ..Overrides::default()
        };
        let project = discover_one(&Tree::memory(files.iter().copied()), &options);
        let project = project.expect("the project can be read");
        let history = &project.history;
        let table = match &history.table {
            Some(table) => format!("{table}: "),
            None => String::new(),
        };
        let scope = match &history.scope {
            Some(scope) => format!("of {scope}: "),
            None => String::new(),
        };
        let keys = known(&project)
            .into_iter()
            .map(|it| match it.is_checkpoint {
                true => format!("[{}]", it.key),
                false => it.key,
            });
        format!("{table}{scope}{}", keys.collect::<Vec<_>>().join(" "))
    }

    const TEXT: &str = "CREATE TABLE t (a int);\n";

    #[test]
    fn each_tool_keeps_what_tells_its_migrations_apart() {
        let up = "-- +goose Up\nSELECT 1;\n";
        let tools: [(Layout, Files<'_>, &str); 20] = [
            (Layout::Sqlx, &[("migrations/0001_a.sql", TEXT)], "1"),
            (
                Layout::GolangMigrate,
                &[("migrations/001_a.up.sql", TEXT)],
                "1",
            ),
            (Layout::Goose, &[("migrations/001_a.sql", up)], "1"),
            (
                Layout::Diesel,
                &[("migrations/2018-01-14-171611_a/up.sql", TEXT)],
                "20180114171611",
            ),
            (
                Layout::Prisma,
                &[("prisma/migrations/20240101000000_a/migration.sql", TEXT)],
                "20240101000000_a",
            ),
            (
                Layout::Dbmate,
                &[(
                    "db/migrations/001_a.sql",
                    "-- migrate:up\nSELECT 1;\n-- migrate:down\n",
                )],
                "001",
            ),
            (Layout::Refinery, &[("migrations/V01__a.sql", TEXT)], "1"),
            (
                Layout::Supabase,
                &[("supabase/migrations/20240101_a.sql", TEXT)],
                "20240101",
            ),
            (
                Layout::SqlMigrate,
                &[("migrations/1_a.sql", "-- +migrate Up\nSELECT 1;\n")],
                "1_a.sql",
            ),
            (Layout::Tern, &[("migrations/001_a.sql", TEXT)], "1"),
            (
                Layout::Graphile,
                &[(
                    "migrations/committed/000001-a.sql",
                    "--! Previous: -\n--! Hash: sha1:a\n\nSELECT 1;\n",
                )],
                "000001.sql",
            ),
            (
                Layout::NodePgMigrate,
                &[("migrations/1391877300255_a.sql", TEXT)],
                "1391877300255_a",
            ),
            (
                Layout::Mybatis,
                &[
                    ("scripts/20240101_a.sql", TEXT),
                    ("environments/development.properties", "changelog=DONE\n"),
                ],
                "done: 20240101",
            ),
            (Layout::Yoyo, &[("migrations/0001.a.sql", TEXT)], "0001.a"),
            (Layout::Pgmigrate, &[("migrations/V0001__a.sql", TEXT)], "1"),
            (
                Layout::Evolve,
                &[
                    ("migrations/V1_0__a.sql", TEXT),
                    ("migrations/R__b_c.sql", TEXT),
                ],
                "1.0 R__b_c.sql",
            ),
            (
                Layout::DbMigrate,
                &[
                    ("migrations/20240101000000-a.js", ""),
                    ("migrations/sqls/20240101000000-a-up.sql", TEXT),
                ],
                "/20240101000000-a",
            ),
            (
                Layout::Pop,
                &[("migrations/20240101_a.up.sql", TEXT)],
                "20240101",
            ),
            (Layout::Plain, &[("sql/001_a.sql", TEXT)], "001"),
            (
                Layout::Liquibase,
                &[(
                    "db/a.sql",
                    "--liquibase formatted sql\n--changeset ada:1 runOnChange:true\nSELECT 1;\n",
                )],
                "db/a.sql::1::ada",
            ),
        ];
        for (layout, files, expected) in tools {
            assert_eq!(kept(layout, files), expected, "{}", layout.as_str());
        }
    }

    #[test]
    fn flyway_keeps_the_checksum_of_what_is_repeated() {
        let files = [
            ("sql/V1_2_0__a.sql", TEXT),
            ("sql/R__b_c.sql", "one\r\ntwo\n"),
            ("sql/R__d.sql", "GRANT SELECT ON t TO ${role};"),
        ];
        // CRC-32 of `onetwo`.
        assert_eq!(kept(Layout::Flyway, &files), "1.2 R__b_c@-1945009851 R__d");
    }

    #[test]
    fn drizzle_goes_by_the_time_in_its_journal() {
        let journal = r#"{"entries": [{"idx": 0, "when": 1709553600000, "tag": "0000_a"}]}"#;
        let files = [
            ("drizzle/meta/_journal.json", journal),
            ("drizzle/0000_a.sql", TEXT),
        ];
        assert_eq!(kept(Layout::Drizzle, &files), "0000_a@1709553600000");
        let files = [
            (
                "drizzle.config.ts",
                "export default { schema: './src/schema.ts', out: './drizzle',
                migrations: { table: 'done', schema: \"app\" } }",
            ),
            ("drizzle/20240304120000_a/migration.sql", TEXT),
        ];
        assert_eq!(kept(Layout::Drizzle, &files), "app.done: 20240304120000_a");
    }

    #[test]
    fn a_checkpoint_that_is_left_out_has_its_place() {
        let checkpoint = "-- atlas:checkpoint\n\nCREATE TABLE t (a int);\n";
        let files = [
            (
                "migrations/atlas.sum",
                "h1:x=\n1_a.sql h1:x=\n2_b.sql h1:x=\n3_c.sql h1:x=\n",
            ),
            ("migrations/1_a.sql", TEXT),
            ("migrations/2_b.sql", checkpoint),
            ("migrations/3_c.sql", TEXT),
        ];
        assert_eq!(kept(Layout::Atlas, &files), "1 [2] 3");
    }

    #[test]
    fn a_tools_own_configuration_names_the_table() {
        let sqlx = ("migrations/1_a.sql", TEXT);
        let toml = "[migrate]\ntable-name = \"app._migrations\"\n";
        let flyway = "flyway.table=History\nflyway.defaultSchema=app\n";
        let rubenv = "production:\n  dialect: postgres\n  dir: migrations\n  table: done\n";
        let tern = "[database]\nversion_table = app.version\n";
        let plan =
            "%syntax-version=1.0.0\n%project=flipr\n\nappschema 2013-12-30T23:19:45Z A <a@b> # x\n";
        let sqitch = "[core]\n\tengine = pg\n[engine \"pg\"]\n\tregistry = meta\n";
        let liquibase = "changeLogFile=db/a.sql\nliquibase.databaseChangelogTableName=DONE\nliquibase.liquibaseSchemaName=app\n";
        let changes = "--liquibase formatted sql\n--changeset ada:1\nSELECT 1;\n";
        let tools: [(Layout, Files<'_>, &str); 9] = [
            (
                Layout::Sqlx,
                &[sqlx, ("sqlx.toml", toml)],
                "app._migrations: 1",
            ),
            (
                Layout::Sqlx,
                &[
                    sqlx,
                    ("sqlx.toml", toml),
                    ("migcheck.toml", "[history]\ntable = \"mine\"\n"),
                ],
                "mine: 1",
            ),
            (
                Layout::Flyway,
                &[("sql/V1__a.sql", TEXT), ("flyway.conf", flyway)],
                "app.\"History\": 1",
            ),
            (
                Layout::SqlMigrate,
                &[
                    ("migrations/1.sql", "-- +migrate Up\n"),
                    ("dbconfig.yml", rubenv),
                ],
                "done: 1.sql",
            ),
            (
                Layout::Tern,
                &[("migrations/1_a.sql", TEXT), ("migrations/tern.conf", tern)],
                "app.version: 1",
            ),
            (
                Layout::Yoyo,
                &[
                    ("migrations/1_a.sql", TEXT),
                    (
                        "yoyo.ini",
                        "[DEFAULT]\nsources = migrations\nmigration_table = done\n",
                    ),
                ],
                "done: 1_a",
            ),
            (
                Layout::Sqitch,
                &[
                    ("sqitch.plan", plan),
                    ("sqitch.conf", sqitch),
                    ("deploy/appschema.sql", TEXT),
                ],
                "meta.changes: of flipr: appschema",
            ),
            (
                Layout::Liquibase,
                &[("db/a.sql", changes), ("liquibase.properties", liquibase)],
                "app.done: db/a.sql::1::ada",
            ),
            (
                Layout::Hasura,
                &[("migrations/stock/1609251178264_a/up.sql", TEXT)],
                "of stock: 1609251178264",
            ),
        ];
        for (layout, files, expected) in tools {
            assert_eq!(kept(layout, files), expected, "{}", layout.as_str());
        }
    }

    #[test]
    fn every_layout_says_where_to_look() {
        for layout in Layout::ALL {
            let sources = HistoryTable::usual(*layout).sources();
            assert!(!sources.is_empty(), "{}", layout.as_str());
            for source in sources {
                let is_read = |it: &&&str| source.columns.contains(*it);
                assert!(
                    source.order.iter().all(|it| is_read(&it)),
                    "{}",
                    layout.as_str()
                );
            }
        }
    }
}
