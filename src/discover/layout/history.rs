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
