//! Tools that are recognised, so that their folders are not taken for something else, but not
//! read yet. A row moves into a file of its own when its tool is read.

use super::Marker::{Always, Sometimes};
use super::OwnFile::{Above, Inside};
use super::{Signs, has_extension, leading_digits};

/// Recognised, not read.
pub(in crate::discover) const FOREIGN: &[Signs] = &[
    Signs {
        name: "Flyway",
        own_files: &[Above("flyway.toml"), Above("flyway.conf")],
        dependencies: &[
            ("pom.xml", "flyway"),
            ("build.gradle", "flyway"),
            ("build.gradle.kts", "flyway"),
        ],
        markers: &[],
        fits: is_flyway,
        fits_anything: false,
        is_distinctive: is_flyway,
    },
    Signs {
        name: "refinery",
        own_files: &[Above("refinery.toml")],
        dependencies: &[("Cargo.toml", "refinery")],
        markers: &[],
        fits: is_flyway,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Evolve",
        own_files: &[Above("evolve.json")],
        dependencies: &[],
        markers: &[Sometimes("-- evolve-tx-off")],
        fits: is_flyway,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "pgmigrate",
        own_files: &[Above("migrations.yml")],
        dependencies: &[("requirements.txt", "yandex-pgmigrate")],
        markers: &[],
        fits: is_flyway,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Liquibase",
        own_files: &[
            Above("liquibase.properties"),
            Inside("db.changelog-master.yaml"),
            Inside("db.changelog-master.xml"),
            Inside("db.changelog-master.sql"),
        ],
        dependencies: &[
            ("pom.xml", "liquibase"),
            ("build.gradle", "liquibase"),
            ("build.gradle.kts", "liquibase"),
        ],
        markers: &[
            Always("--liquibase formatted sql"),
            Always("-- liquibase formatted sql"),
        ],
        fits: is_direct_sql,
        fits_anything: true,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "goose",
        own_files: &[],
        dependencies: &[("go.mod", "github.com/pressly/goose")],
        markers: &[Always("-- +goose Up"), Always("--+goose Up")],
        fits: is_numbered,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "dbmate",
        own_files: &[],
        dependencies: &[
            ("go.mod", "github.com/amacneil/dbmate"),
            ("package.json", "dbmate"),
        ],
        markers: &[Always("-- migrate:up"), Always("--migrate:up")],
        fits: is_numbered,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "sql-migrate",
        own_files: &[Above("dbconfig.yml")],
        dependencies: &[("go.mod", "github.com/rubenv/sql-migrate")],
        markers: &[Always("-- +migrate Up")],
        fits: is_direct_sql,
        fits_anything: true,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "tern",
        own_files: &[Inside("tern.conf"), Above("tern.conf")],
        dependencies: &[("go.mod", "github.com/jackc/tern")],
        markers: &[
            Sometimes("---- create above / drop below ----"),
            Sometimes("---- tern: disable-tx ----"),
        ],
        fits: is_numbered,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Atlas",
        own_files: &[Inside("atlas.sum"), Above("atlas.hcl")],
        dependencies: &[],
        markers: &[Sometimes("-- atlas:")],
        fits: is_direct_sql,
        fits_anything: true,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Diesel",
        own_files: &[Above("diesel.toml")],
        dependencies: &[
            ("Cargo.toml", "diesel"),
            ("Cargo.toml", "diesel_migrations"),
        ],
        markers: &[],
        fits: is_up_in_folder,
        fits_anything: false,
        is_distinctive: is_up_in_folder,
    },
    Signs {
        name: "Prisma",
        own_files: &[Inside("migration_lock.toml")],
        dependencies: &[("package.json", "\"prisma\"")],
        markers: &[],
        fits: is_migration_in_folder,
        fits_anything: false,
        is_distinctive: is_migration_in_folder,
    },
    Signs {
        name: "Drizzle",
        own_files: &[Inside("meta/_journal.json")],
        dependencies: &[("package.json", "\"drizzle-kit\"")],
        markers: &[Sometimes("--> statement-breakpoint")],
        fits: |name| is_numbered(name) || is_migration_in_folder(name),
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Supabase",
        own_files: &[Above("supabase/config.toml")],
        dependencies: &[],
        markers: &[],
        fits: is_numbered,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Hasura",
        own_files: &[Above("metadata/version.yaml")],
        dependencies: &[],
        markers: &[],
        fits: is_up_in_folder,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "Sqitch",
        own_files: &[Above("sqitch.plan"), Above("sqitch.conf")],
        dependencies: &[],
        markers: &[Sometimes("-- Deploy ")],
        fits: is_direct_sql,
        fits_anything: true,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "node-pg-migrate",
        own_files: &[],
        dependencies: &[("package.json", "\"node-pg-migrate\"")],
        markers: &[Sometimes("-- Up Migration")],
        fits: is_numbered,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "db-migrate",
        own_files: &[],
        dependencies: &[("package.json", "\"db-migrate\"")],
        markers: &[],
        fits: |name| {
            let name = name.strip_prefix("sqls/").unwrap_or(name);
            leading_digits(name).is_some()
                && (name.ends_with("-up.sql") || name.ends_with("-down.sql"))
        },
        fits_anything: false,
        is_distinctive: |name| name.starts_with("sqls/"),
    },
    Signs {
        name: "Graphile Migrate",
        own_files: &[Above(".gmrc"), Above(".gmrc.js")],
        dependencies: &[("package.json", "\"graphile-migrate\"")],
        markers: &[Sometimes("--! Previous:")],
        fits: |name| is_numbered(name.strip_prefix("committed/").unwrap_or(name)),
        fits_anything: false,
        is_distinctive: |name| name.starts_with("committed/"),
    },
    Signs {
        name: "yoyo",
        own_files: &[Above("yoyo.ini")],
        dependencies: &[
            ("requirements.txt", "yoyo-migrations"),
            ("pyproject.toml", "yoyo-migrations"),
        ],
        markers: &[Sometimes("-- depends:"), Sometimes("-- transactional:")],
        fits: is_direct_sql,
        fits_anything: true,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "MyBatis Migrations",
        own_files: &[Above("environments/development.properties")],
        dependencies: &[],
        markers: &[
            Always("-- //@UNDO"),
            Always("--//@UNDO"),
            Always("-- // @UNDO"),
        ],
        fits: is_numbered,
        fits_anything: false,
        is_distinctive: is_nothing,
    },
    Signs {
        name: "pop",
        own_files: &[],
        dependencies: &[
            ("go.mod", "github.com/gobuffalo/pop"),
            ("go.mod", "github.com/ory/pop"),
        ],
        markers: &[],
        fits: |name| {
            is_numbered(name) && (name.ends_with(".up.sql") || name.ends_with(".down.sql"))
        },
        fits_anything: false,
        is_distinctive: is_nothing,
    },
];

/// A framework whose migrations are code.
pub(in crate::discover) struct CodeTool {
    /// Its name.
    pub(in crate::discover) name: &'static str,
    /// The file by which it is recognised.
    pub(in crate::discover) file: &'static str,
    /// What its migrations are written in, and how to get SQL.
    pub(in crate::discover) advice: &'static str,
}

/// Frameworks whose migrations are code, with the command that prints SQL.
pub(in crate::discover) const CODE: &[CodeTool] = &[
    CodeTool {
        name: "Alembic",
        file: "alembic.ini",
        advice: "its migrations are Python; `alembic upgrade A:B --sql` prints their SQL",
    },
    CodeTool {
        name: "Django",
        file: "manage.py",
        advice: "its migrations are Python; `manage.py sqlmigrate APP NAME` prints their SQL",
    },
    CodeTool {
        name: "Rails",
        file: "config/database.yml",
        advice: "its migrations are Ruby; `db/structure.sql` holds the schema they make",
    },
    CodeTool {
        name: "Ecto",
        file: "mix.exs",
        advice: "its migrations are Elixir; `mix ecto.migrate --log-migrations-sql` prints their SQL",
    },
    CodeTool {
        name: "Knex",
        file: "knexfile.js",
        advice: "its migrations are JavaScript; record the statements that a run sends",
    },
    CodeTool {
        name: "Knex",
        file: "knexfile.ts",
        advice: "its migrations are TypeScript; record the statements that a run sends",
    },
    CodeTool {
        name: "TypeORM",
        file: "ormconfig.json",
        advice: "its migrations are TypeScript; record the statements that a run sends",
    },
];

fn is_nothing(_: &str) -> bool {
    false
}

fn is_direct_sql(name: &str) -> bool {
    !name.contains('/') && has_extension(name, "sql")
}

/// `V1__x.sql`, `R__x.sql`, `U1__x.sql`, `B1__x.sql`; the letter in either case (Evolve).
fn is_flyway(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let Some(rest) = name.strip_prefix(['V', 'U', 'B', 'R', 'v', 'r']) else {
        return false;
    };
    let version_end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
        .unwrap_or(rest.len());
    let has_version = rest.starts_with(|c: char| c.is_ascii_digit());
    let is_repeatable = name.starts_with(['R', 'r']) && rest.starts_with("__");
    let separated = rest[..version_end].contains("__") || rest[version_end..].starts_with(".sql");
    has_extension(name, "sql") && (is_repeatable || (has_version && separated))
}

/// `1_x.sql`
fn is_numbered(name: &str) -> bool {
    is_direct_sql(name) && leading_digits(name).is_some()
}

/// `x/up.sql`
fn is_up_in_folder(name: &str) -> bool {
    matches!(name.split_once('/'), Some((_, "up.sql" | "down.sql")))
}

/// `x/migration.sql`
fn is_migration_in_folder(name: &str) -> bool {
    matches!(name.split_once('/'), Some((_, "migration.sql")))
}
