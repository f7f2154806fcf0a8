//! Which migrations a live database has, from the tables that the tools themselves make.
//!
//! The statements that make the tables are the tools' own, and the rows are as they write them.

use std::collections::BTreeMap;

use migcheck::discover::{HistoryTable, KnownMigration, Overrides, TableName, discover_one, known};
use migcheck::live::{
    Answers, HistoryComparison, HistoryState, LiveError, compare_history, read_history,
};
use migcheck::{Layout, Tree};

use crate::postgres::{Database, database};

/// Known migrations with these keys.
fn keys(keys: &[&str]) -> Vec<KnownMigration> {
    let known = keys.iter().map(|key| KnownMigration {
        key: (*key).to_owned(),
        is_checkpoint: false,
    });
    known.collect()
}

/// What a comparison says, a line for each list that is not empty.
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

/// How known migrations stand in the database of a server.
fn asked(server: &mut dyn Answers, history: &HistoryTable, known: &[KnownMigration]) -> String {
    match read_history(server, history).expect("the server answers") {
        HistoryState::Read(rows) => match compare_history(history, known, &rows) {
            Some(comparison) => shown(&comparison),
            None => "no table fits".to_owned(),
        },
        other => other.to_string(),
    }
}

/// A tool: the statements that make its table, rows, and the keys of the known migrations. The
/// snapshot is how they stand.
macro_rules! tools {
    ($($name:ident: $layout:ident, $table:literal, $rows:literal, [$($known:literal),*] => $snapshot:literal;)*) => {$(
        #[test]
        fn $name() {
            let Some(mut database) = database() else { return };
            let history = HistoryTable::usual(Layout::$layout);
            let known = keys(&[$($known),*]);
            assert!(asked(&mut database, &history, &known).starts_with("there is no history table"));
            database.run($table).expect("the table can be made");
            // Nothing is applied yet, which is no failure.
            let nothing = asked(&mut database, &history, &known);
            assert!(!nothing.contains("applied"), "{nothing}");
            database.run($rows).expect("the rows can be written");
            insta::assert_snapshot!(asked(&mut database, &history, &known), @$snapshot);
        }
    )*};
}

tools! {
    sqlx: Sqlx,
        "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
            version BIGINT PRIMARY KEY,
            description TEXT NOT NULL,
            installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
            success BOOLEAN NOT NULL,
            checksum BYTEA NOT NULL,
            execution_time BIGINT NOT NULL
        );",
        r"INSERT INTO _sqlx_migrations ( version, description, success, checksum, execution_time )
            VALUES ( 1, 'one', TRUE, '\x01', -1 ), ( 2, 'two', TRUE, '\x02', 12 ),
                ( 4, 'four', FALSE, '\x03', -1 ), ( 5, 'five', TRUE, '\x03', 3 ),
                ( 9, 'nine', TRUE, '\x03', 3 );",
        ["1", "2", "3", "4", "5", "6"] => "
            applied: 1, 2, 5
            pending: 3, 6
            unknown: 9
            failed: 4 (its row says that it did not succeed)
            out of order: 3
        ";

    golang_migrate: GolangMigrate,
        r#"CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null primary key, dirty boolean not null)"#,
        r#"BEGIN; TRUNCATE "public"."schema_migrations";
           INSERT INTO "public"."schema_migrations" (version, dirty) VALUES (9, false); COMMIT;"#,
        ["7", "8", "9", "10"] => "
            applied: 7, 8, 9
            pending: 10
        ";

    golang_migrate_dirty: GolangMigrate,
        r#"CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null primary key, dirty boolean not null)"#,
        r#"INSERT INTO "public"."schema_migrations" (version, dirty) VALUES (9, true);"#,
        ["8", "9", "10"] => "
            applied: 8
            pending: 10
            failed: 9 (the database is marked as dirty)
        ";

    golang_migrate_newer: GolangMigrate,
        r#"CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null primary key, dirty boolean not null)"#,
        r#"INSERT INTO "public"."schema_migrations" (version, dirty) VALUES (20240301, false);"#,
        ["20240101", "20240201"] => "
            applied: 20240101, 20240201
            unknown: 20240301
        ";

    flyway: Flyway,
        r#"CREATE TABLE "public"."flyway_schema_history" (
            "installed_rank" INT NOT NULL,
            "version" VARCHAR(50),
            "description" VARCHAR(200) NOT NULL,
            "type" VARCHAR(20) NOT NULL,
            "script" VARCHAR(1000) NOT NULL,
            "checksum" INTEGER,
            "installed_by" VARCHAR(100) NOT NULL,
            "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
            "execution_time" INTEGER NOT NULL,
            "success" BOOLEAN NOT NULL
        );
        ALTER TABLE "public"."flyway_schema_history" ADD CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank");
        CREATE INDEX "flyway_schema_history_s_idx" ON "public"."flyway_schema_history" ("success");"#,
        r#"INSERT INTO "public"."flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "execution_time", "success") VALUES
            (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '"app"', NULL, 'me', 0, TRUE),
            (1, '2', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, 'me', 0, TRUE),
            (2, '2.1', 'users', 'SQL', 'V2_1__users.sql', 11, 'me', 5, TRUE),
            (3, '4', 'four', 'SQL', 'V4__four.sql', 12, 'me', 5, TRUE),
            (4, NULL, 'my view', 'SQL', 'R__my_view.sql', 100, 'me', 5, TRUE),
            (5, NULL, 'other', 'SQL', 'R__other.sql', -7, 'me', 5, TRUE),
            (6, NULL, 'my view', 'SQL', 'R__my_view.sql', 101, 'me', 5, TRUE),
            (7, '5', 'five', 'SQL', 'V5__five.sql', 12, 'me', 5, TRUE),
            (8, '5', 'five', 'UNDO_SQL', 'U5__five.sql', 12, 'me', 5, TRUE),
            (9, '6', 'six', 'SQL', 'V6__six.sql', 12, 'me', 5, FALSE),
            (10, '7', 'seven', 'SQL', 'V7__seven.sql', 12, 'me', 5, TRUE),
            (11, '7', 'seven', 'DELETE', 'V7__seven.sql', 12, 'me', 5, TRUE),
            (12, '9', 'nine', 'SQL', 'V9__nine.sql', 12, 'me', 5, TRUE);"#,
        ["1", "2", "2.1", "3", "4", "5", "6", "10", "R__my_view@101", "R__other@8", "R__third"] => "
            applied: 1, 2, 2.1, 4, R__my_view@101, R__other@8
            pending: 3, 5, 10, R__third
            unknown: 9
            failed: 6 (its row says that it did not succeed)
            changed: R__other@8
            out of order: 3
        ";

    flyway_baseline_migration: Flyway,
        r#"CREATE TABLE "public"."flyway_schema_history" (
            "installed_rank" INT NOT NULL,
            "version" VARCHAR(50),
            "description" VARCHAR(200) NOT NULL,
            "type" VARCHAR(20) NOT NULL,
            "script" VARCHAR(1000) NOT NULL,
            "checksum" INTEGER,
            "installed_by" VARCHAR(100) NOT NULL,
            "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
            "execution_time" INTEGER NOT NULL,
            "success" BOOLEAN NOT NULL
        );"#,
        r#"INSERT INTO "public"."flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "execution_time", "success") VALUES
            (1, '3', 'base', 'SQL_BASELINE', 'B3__base.sql', 11, 'me', 5, TRUE),
            (2, '4', 'four', 'SQL', 'V4__four.sql', 12, 'me', 5, TRUE);"#,
        ["1", "2", "3", "4", "5"] => "
            applied: 1, 2, 3, 4
            pending: 5
        ";

    goose: Goose,
        "CREATE TABLE goose_db_version (
            id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
            version_id bigint NOT NULL,
            is_applied boolean NOT NULL,
            tstamp timestamp NOT NULL DEFAULT now()
        );
        INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true);",
        "INSERT INTO goose_db_version (version_id, is_applied) VALUES
            (1, true), (2, true), (2, false), (3, true), (3, false), (3, true), (9, true);",
        ["1", "2", "3", "4"] => "
            applied: 1, 3
            pending: 2, 4
            unknown: 9
            out of order: 2
        ";

    diesel: Diesel,
        "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
            version VARCHAR(50) PRIMARY KEY NOT NULL,
            run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
        );",
        "INSERT INTO __diesel_schema_migrations (version) VALUES
            ('00000000000000'), ('20180114171611'), ('20190101000000');",
        ["00000000000000", "20180114171611", "20180201000000"] => "
            applied: 00000000000000, 20180114171611
            pending: 20180201000000
            unknown: 20190101000000
        ";

    prisma: Prisma,
        "CREATE TABLE _prisma_migrations (
            id                      VARCHAR(36) PRIMARY KEY NOT NULL,
            checksum                VARCHAR(64) NOT NULL,
            finished_at             TIMESTAMPTZ,
            migration_name          VARCHAR(255) NOT NULL,
            logs                    TEXT,
            rolled_back_at          TIMESTAMPTZ,
            started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
            applied_steps_count     INTEGER NOT NULL DEFAULT 0
        );",
        "INSERT INTO _prisma_migrations (id, checksum, started_at, migration_name, finished_at, rolled_back_at, applied_steps_count) VALUES
            ('a', 'x', now(), '20240101000000_init', now(), NULL, 1),
            ('b', 'x', now(), '20240102000000_users', NULL, now(), 0),
            ('c', 'x', now(), '20240102000000_users', now(), NULL, 1),
            ('d', 'x', now(), '20240103000000_broken', NULL, NULL, 0),
            ('e', 'x', now(), '20240104000000_gone', NULL, now(), 0),
            ('f', 'x', now(), '20240109000000_newer', now(), NULL, 1);",
        ["20240101000000_init", "20240102000000_users", "20240103000000_broken", "20240104000000_gone"] => "
            applied: 20240101000000_init, 20240102000000_users
            pending: 20240104000000_gone
            unknown: 20240109000000_newer
            failed: 20240103000000_broken (it was begun and never finished)
        ";

    dbmate: Dbmate,
        r#"create table if not exists "public"."schema_migrations" (version varchar primary key)"#,
        r#"insert into "public"."schema_migrations" (version) values ('20240101'), ('20240103');"#,
        ["20240101", "20240102"] => "
            applied: 20240101
            pending: 20240102
            unknown: 20240103
        ";

    drizzle: Drizzle,
        r#"CREATE SCHEMA IF NOT EXISTS "drizzle";
        CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (
            id SERIAL PRIMARY KEY,
            hash text NOT NULL,
            created_at bigint
        )"#,
        r#"insert into "drizzle"."__drizzle_migrations" ("hash", "created_at") values
            ('aa', 1709553600000), ('bb', 1709640000000), ('cc', 1709999999999);"#,
        ["0000_initial@1709553600000", "0001_late@1709600000000", "0002_users@1709640000000"] => "
            applied: 0000_initial@1709553600000, 0002_users@1709640000000
            pending: 0001_late@1709600000000
            unknown: 1709999999999
            out of order: 0001_late@1709600000000
        ";

    drizzle_folders: Drizzle,
        r#"CREATE SCHEMA IF NOT EXISTS "drizzle";
        CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (
            id SERIAL PRIMARY KEY,
            hash text NOT NULL,
            created_at bigint,
            name text,
            applied_at timestamp with time zone DEFAULT now()
        )"#,
        r#"insert into "drizzle"."__drizzle_migrations" ("hash", "created_at", "name") values
            ('aa', 1709553600123, '20240304120000_initial'), ('cc', 1709726400000, '20240306120000_other');"#,
        ["20240304120000_initial", "20240305120000_users"] => "
            applied: 20240304120000_initial
            pending: 20240305120000_users
            unknown: 20240306120000_other@1709726400000
        ";

    drizzle_folders_on_an_old_table: Drizzle,
        r#"CREATE SCHEMA IF NOT EXISTS "drizzle";
        CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (
            id SERIAL PRIMARY KEY,
            hash text NOT NULL,
            created_at bigint
        )"#,
        r#"insert into "drizzle"."__drizzle_migrations" ("hash", "created_at") values ('aa', 1709553600123);"#,
        ["20240304120000_initial", "20240305120000_users"] => "
            applied: 20240304120000_initial
            pending: 20240305120000_users
        ";

    refinery: Refinery,
        "CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));",
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES
            (1, 'initial', '2024-01-01T00:00:00Z', '123'), (3, 'three', '2024-01-01T00:00:00Z', '123');",
        ["1", "2"] => "
            applied: 1
            pending: 2
            unknown: 3
        ";

    supabase: Supabase,
        "CREATE SCHEMA IF NOT EXISTS supabase_migrations;
        CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY);
        ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[];
        ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text;
        CREATE SCHEMA auth; CREATE TABLE auth.schema_migrations (version varchar(255));
        INSERT INTO auth.schema_migrations VALUES ('00');",
        "INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES
            ('20240101000000', 'init', ARRAY['select 1']), ('20240301000000', 'newer', NULL);",
        ["20240101000000", "20240201000000"] => "
            applied: 20240101000000
            pending: 20240201000000
            unknown: 20240301000000
        ";

    sql_migrate: SqlMigrate,
        r#"create table if not exists "gorp_migrations" ("id" text not null primary key, "applied_at" timestamp with time zone) ;"#,
        r#"insert into "gorp_migrations" ("id","applied_at") values ('1_initial.sql', now()), ('9_nine.sql', now());"#,
        ["1_initial.sql", "2_users.sql"] => "
            applied: 1_initial.sql
            pending: 2_users.sql
            unknown: 9_nine.sql
        ";

    tern: Tern,
        "create table if not exists public.schema_version(version int4 not null primary key);
        insert into public.schema_version(version)
        select 0
        where 0=(select count(*) from public.schema_version);",
        "update public.schema_version set version=2",
        ["1", "2", "3"] => "
            applied: 1, 2
            pending: 3
        ";

    tern_newer: Tern,
        "create table if not exists public.schema_version(version int4 not null primary key);
        insert into public.schema_version(version) select 0;",
        "update public.schema_version set version=5",
        ["1", "2", "3"] => "
            applied: 1, 2, 3
            unknown: 5
        ";

    atlas: Atlas,
        r#"CREATE SCHEMA IF NOT EXISTS "atlas_schema_revisions";
        CREATE TABLE IF NOT EXISTS "atlas_schema_revisions"."atlas_schema_revisions" ("version" character varying NOT NULL, "description" character varying NOT NULL, "type" bigint NOT NULL DEFAULT 2, "applied" bigint NOT NULL DEFAULT 0, "total" bigint NOT NULL DEFAULT 0, "executed_at" timestamptz NOT NULL, "execution_time" bigint NOT NULL, "error" text NULL, "error_stmt" text NULL, "hash" character varying NOT NULL, "partial_hashes" jsonb NULL, "operator_version" character varying NOT NULL, PRIMARY KEY ("version"));
        INSERT INTO "atlas_schema_revisions"."atlas_schema_revisions" VALUES ('.atlas_cloud_identifier', 'b5e9', 2, 0, 0, now(), 0, NULL, NULL, '', NULL, 'Atlas CLI v0.1');"#,
        r#"INSERT INTO "atlas_schema_revisions"."atlas_schema_revisions" VALUES
            ('20240102', 'two', 1, 0, 0, now(), 0, NULL, NULL, '', NULL, 'Atlas CLI v0.1'),
            ('20240103', 'three', 2, 2, 2, now(), 0, NULL, NULL, 'h', NULL, 'Atlas CLI v0.1'),
            ('20240104', 'four', 2, 1, 2, now(), 0, 'no', 'x', 'h', '["a"]', 'Atlas CLI v0.1'),
            ('20240109', 'nine', 2, 1, 1, now(), 0, NULL, NULL, 'h', NULL, 'Atlas CLI v0.1');"#,
        ["20240101", "20240102", "20240103", "20240104", "20240105"] => "
            applied: 20240101, 20240102, 20240103
            pending: 20240105
            unknown: 20240109
            failed: 20240104 (only the first of its statements are applied)
        ";

    graphile: Graphile,
        "create schema if not exists graphile_migrate;
        create table if not exists graphile_migrate.migrations (
          hash text primary key,
          previous_hash text references graphile_migrate.migrations,
          filename text not null,
          date timestamptz not null default now()
        );
        create table if not exists graphile_migrate.current (
          filename text primary key default 'current.sql',
          content text not null,
          date timestamptz not null default now()
        );",
        "insert into graphile_migrate.migrations(hash, previous_hash, filename) values
            ('sha1:aa', NULL, '000001.sql'), ('sha1:bb', 'sha1:aa', '000002.sql'), ('sha1:cc', 'sha1:bb', '000003.sql');",
        ["000001.sql", "000002.sql"] => "
            applied: 000001.sql, 000002.sql
            unknown: 000003.sql
        ";

    node_pg_migrate: NodePgMigrate,
        r#"CREATE TABLE "public"."pgmigrations" (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)"#,
        r#"INSERT INTO "public"."pgmigrations" (name, run_on) VALUES ('1391877300255_first', NOW());
           INSERT INTO "public"."pgmigrations" (name, run_on) VALUES ('1391877500255_third', NOW());"#,
        ["1391877300255_first", "1391877400255_second"] => "
            applied: 1391877300255_first
            pending: 1391877400255_second
            unknown: 1391877500255_third
        ";

    hasura: Hasura,
        "CREATE SCHEMA hdb_catalog;
        CREATE FUNCTION hdb_catalog.gen_hasura_uuid() RETURNS uuid LANGUAGE SQL
            AS 'select md5(random()::text)::uuid'; -- gen_random_uuid() from version 13 on
        CREATE TABLE hdb_catalog.hdb_version (
            hasura_uuid UUID PRIMARY KEY DEFAULT hdb_catalog.gen_hasura_uuid(),
            version TEXT NOT NULL,
            upgraded_on TIMESTAMPTZ NOT NULL,
            cli_state JSONB NOT NULL DEFAULT '{}'::jsonb,
            console_state JSONB NOT NULL DEFAULT '{}'::jsonb
        );
        INSERT INTO hdb_catalog.hdb_version (version, upgraded_on) VALUES ('48', now());",
        r#"UPDATE hdb_catalog.hdb_version SET cli_state = '{"settings": {"migration_mode": "true"}, "migrations": {"default": {"1609251178264": false, "1609251178265": true, "1709251178265": false}, "other": {"1": false}}, "isStateCopyCompleted": true}';"#,
        ["1609251178264", "1609251178265", "1609251178266"] => "
            applied: 1609251178264
            pending: 1609251178266
            unknown: 1709251178265
            failed: 1609251178265 (its version is marked as dirty)
        ";

    hasura_before_the_catalog: Hasura,
        "CREATE SCHEMA hdb_catalog;
        CREATE TABLE hdb_catalog.schema_migrations (version bigint not null primary key, dirty boolean not null)",
        "INSERT INTO hdb_catalog.schema_migrations (version, dirty) VALUES (1609251178264, 'false') ON CONFLICT(version) DO UPDATE SET dirty='false'",
        ["1609251178264", "1609251178265"] => "
            applied: 1609251178264
            pending: 1609251178265
        ";

    mybatis: Mybatis,
        "CREATE TABLE CHANGELOG (
            ID NUMERIC(20,0) NOT NULL,
            APPLIED_AT VARCHAR(25) NOT NULL,
            DESCRIPTION VARCHAR(255) NOT NULL
        );
        ALTER TABLE CHANGELOG
        ADD CONSTRAINT PK_CHANGELOG
        PRIMARY KEY (id);",
        "insert into CHANGELOG (ID, APPLIED_AT, DESCRIPTION) values
            (20240101000000, '2024-01-01 00:00:00', 'create changelog'), (20240301000000, '2024-03-01 00:00:00', 'newer');",
        ["20240101000000", "20240201000000"] => "
            applied: 20240101000000
            pending: 20240201000000
            unknown: 20240301000000
        ";

    yoyo: Yoyo,
        r#"CREATE TABLE "_yoyo_migration" (
            "migration_hash" VARCHAR(64),
            "migration_id" VARCHAR(255),
            "applied_at_utc" TIMESTAMP,
            PRIMARY KEY ("migration_hash")
        )"#,
        r#"INSERT INTO "_yoyo_migration" ("migration_hash", "migration_id", "applied_at_utc") VALUES
            ('aa', '0001.create-users', now()), ('cc', '0009.newer', now());"#,
        ["0001.create-users", "0002.add-name"] => "
            applied: 0001.create-users
            pending: 0002.add-name
            unknown: 0009.newer
        ";

    yoyo_before_6: Yoyo,
        r#"CREATE TABLE "_yoyo_migration" (id VARCHAR(191) NOT NULL PRIMARY KEY,ctime TIMESTAMP)"#,
        r#"INSERT INTO "_yoyo_migration" (id, ctime) VALUES ('0001.create-users', now());"#,
        ["0001.create-users", "0002.add-name"] => "
            applied: 0001.create-users
            pending: 0002.add-name
        ";

    liquibase: Liquibase,
        "CREATE TABLE public.databasechangelog (ID VARCHAR(255) NOT NULL, AUTHOR VARCHAR(255) NOT NULL, FILENAME VARCHAR(255) NOT NULL, DATEEXECUTED TIMESTAMP WITHOUT TIME ZONE NOT NULL, ORDEREXECUTED INTEGER NOT NULL, EXECTYPE VARCHAR(10) NOT NULL, MD5SUM VARCHAR(35), DESCRIPTION VARCHAR(255), COMMENTS VARCHAR(255), TAG VARCHAR(255), LIQUIBASE VARCHAR(20), CONTEXTS VARCHAR(255), LABELS VARCHAR(255), DEPLOYMENT_ID VARCHAR(10))",
        "INSERT INTO public.databasechangelog (ID, AUTHOR, FILENAME, DATEEXECUTED, ORDEREXECUTED, MD5SUM, DESCRIPTION, COMMENTS, EXECTYPE, CONTEXTS, LABELS, LIQUIBASE, DEPLOYMENT_ID) VALUES
            ('1', 'ada', 'db/changelog/one.sql', NOW(), 1, '9:aa', 'sql', '', 'EXECUTED', NULL, NULL, '4.29.1', '1'),
            ('2', 'ada', 'classpath:db/changelog/one.sql', NOW(), 2, '9:aa', 'sql', '', 'MARK_RAN', NULL, NULL, '4.29.1', '1'),
            ('3', 'ADA', 'src/main/resources/db/changelog/one.sql', NOW(), 3, '9:aa', 'sql', '', 'RERAN', NULL, NULL, '4.29.1', '1'),
            ('9', 'ada', 'db/changelog/two.sql', NOW(), 4, '9:aa', 'sql', '', 'EXECUTED', NULL, NULL, '4.29.1', '1');",
        ["db/changelog/one.sql::1::ada", "db/changelog/one.sql::2::ada", "db/changelog/one.sql::3::ada", "db/changelog/one.sql::4::ada"] => "
            applied: db/changelog/one.sql::1::ada, db/changelog/one.sql::2::ada, db/changelog/one.sql::3::ada
            pending: db/changelog/one.sql::4::ada
            unknown: db/changelog/two.sql::9::ada
        ";

    pgmigrate: Pgmigrate,
        "CREATE TYPE public.schema_version_type AS ENUM ('auto', 'manual');
        CREATE TABLE public.schema_version (
            version BIGINT NOT NULL PRIMARY KEY,
            description TEXT NOT NULL,
            type public.schema_version_type NOT NULL DEFAULT 'auto',
            installed_by TEXT NOT NULL,
            installed_on TIMESTAMP WITHOUT time ZONE DEFAULT now() NOT NULL)",
        "INSERT INTO public.schema_version (version, type, description, installed_by) VALUES (2, 'manual', 'Forced baseline', 'me');
         INSERT INTO public.schema_version (version, description, installed_by) VALUES (3, 'three', 'me'), (9, 'nine', 'me');",
        ["1", "2", "3", "4"] => "
            applied: 1, 2, 3
            pending: 4
            unknown: 9
        ";

    evolve: Evolve,
        r#"CREATE TABLE "public"."changelog" ( id SERIAL PRIMARY KEY NOT NULL, type SMALLINT, version VARCHAR(50), description VARCHAR(200) NOT NULL, name VARCHAR(300) NOT NULL, checksum VARCHAR(32), installed_by VARCHAR(100) NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT now(), success BOOLEAN NOT NULL );
        INSERT INTO "public"."changelog" (type, version, description, name, checksum, installed_by, success) VALUES( 2, '0', 'Empty schema found: public.', 'public', '', current_user, true)"#,
        r#"INSERT INTO "public"."changelog" (type, version, description, name, checksum, installed_by, success) VALUES
            ( 3, '2', 'Skip migration scripts until version 2 excluded.', '', '', current_user, true),
            ( 0, '2', 'two (3 ms)', 'V2__two.sql', 'aa', current_user, true),
            ( 0, '2.0', 'three', 'V2_0__three.sql', 'aa', current_user, false),
            ( 0, '2.0', 'three', 'V2_0__three.sql', 'aa', current_user, true),
            ( 0, '3', 'four', 'V3__four.sql', 'aa', current_user, false),
            ( 4, null, 'view', 'R__view.sql', 'aa', current_user, true),
            ( 0, '9', 'nine', 'V9__nine.sql', 'aa', current_user, true);"#,
        ["1", "2", "2.0", "3", "4", "R__view.sql", "R__other.sql"] => "
            applied: 1, 2, 2.0, R__view.sql
            pending: 4, R__other.sql
            unknown: 9
            failed: 3 (its row says that it did not succeed)
        ";

    db_migrate: DbMigrate,
        r#"CREATE TABLE IF NOT EXISTS "migrations" ("id"   SERIAL PRIMARY KEY NOT NULL, "name" VARCHAR (255) NOT NULL, "run_on" TIMESTAMP  NOT NULL)"#,
        r#"INSERT INTO "migrations" ("name", "run_on") VALUES ('/20240101000000-init', now()), ('/20240301000000-newer', now()), ('tenants/20240201000000-users', now());"#,
        ["/20240101000000-init", "/20240201000000-users"] => "
            applied: /20240101000000-init
            pending: /20240201000000-users
            unknown: /20240301000000-newer
        ";

    pop: Pop,
        r#"CREATE TABLE "schema_migration" (
            "version" VARCHAR (14) NOT NULL,
            PRIMARY KEY("version")
        );
        CREATE UNIQUE INDEX "schema_migration_version_idx" ON "schema_migration" (version);"#,
        "insert into schema_migration (version) values ('20240101000000'), ('20240301000000')",
        ["20240101000000", "20240201000000"] => "
            applied: 20240101000000
            pending: 20240201000000
            unknown: 20240301000000
        ";

    numbered_files_of_no_tool: Plain,
        "CREATE TABLE schema_migrations (version varchar(255) PRIMARY KEY);
         CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY)",
        "INSERT INTO schema_migrations VALUES ('001'), ('002'), ('009'); INSERT INTO refinery_schema_history VALUES (1)",
        ["001", "002", "003"] => "
            applied: 001, 002
            pending: 003
            unknown: 009
        ";

    numbered_files_whose_table_has_their_names: Plain,
        r#"create table "gorp_migrations" ("id" text not null primary key, "applied_at" timestamp with time zone)"#,
        r#"insert into "gorp_migrations" ("id","applied_at") values ('001_initial.sql', now());"#,
        ["001", "002"] => "
            applied: 001
            pending: 002
        ";

    numbered_files_whose_tables_do_not_fit: Plain,
        "CREATE TABLE schema_migrations (version varchar(255) PRIMARY KEY)",
        "INSERT INTO schema_migrations VALUES ('777')",
        ["001", "002"] => "no table fits";
}

/// The tables of Sqitch, and the changes of two projects in them.
const SQITCH: &str = r#"
    CREATE SCHEMA IF NOT EXISTS "sqitch";
    CREATE TABLE "sqitch".projects (
        project         TEXT        PRIMARY KEY,
        uri             TEXT            NULL UNIQUE,
        created_at      TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
        creator_name    TEXT        NOT NULL,
        creator_email   TEXT        NOT NULL
    );
    CREATE TABLE "sqitch".changes (
        change_id       TEXT        PRIMARY KEY,
        script_hash     TEXT            NULL,
        change          TEXT        NOT NULL,
        project         TEXT        NOT NULL REFERENCES "sqitch".projects(project) ON UPDATE CASCADE,
        note            TEXT        NOT NULL DEFAULT '',
        committed_at    TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
        committer_name  TEXT        NOT NULL,
        committer_email TEXT        NOT NULL,
        planned_at      TIMESTAMPTZ NOT NULL,
        planner_name    TEXT        NOT NULL,
        planner_email   TEXT        NOT NULL,
        UNIQUE(project, script_hash)
    );
    INSERT INTO sqitch.projects (project, creator_name, creator_email) VALUES ('flipr', 'a', 'b'), ('other', 'a', 'b');
    INSERT INTO sqitch.changes (change_id, script_hash, change, project, committer_name, committer_email, planned_at, planner_name, planner_email) VALUES
        ('01', 's1', 'appschema', 'flipr', 'a', 'b', now(), 'a', 'b'),
        ('02', 's2', 'userflips', 'flipr', 'a', 'b', now(), 'a', 'b'),
        ('03', 's3', 'userflips', 'flipr', 'a', 'b', now(), 'a', 'b'),
        ('04', 's4', 'newer', 'flipr', 'a', 'b', now(), 'a', 'b'),
        ('05', 's5', 'theirs', 'other', 'a', 'b', now(), 'a', 'b');"#;

#[test]
fn sqitch_counts_the_changes_of_its_own_project() {
    let Some(mut database) = database() else {
        return;
    };
    database.run(SQITCH).expect("the tables can be made");
    let history = HistoryTable {
        scope: Some("flipr".to_owned()),
        ..HistoryTable::usual(Layout::Sqitch)
    };
    let known = keys(&["appschema", "userflips", "userflips#2", "hashtags"]);
    insta::assert_snapshot!(asked(&mut database, &history, &known), @"
    applied: appschema, userflips, userflips#2
    pending: hashtags
    unknown: newer
    ");
}

/// A server that is asked as another role.
struct As<'a>(&'a str, &'a mut Database);

impl Answers for As<'_> {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        self.1.answer(&format!("SET ROLE {};\n{script}", self.0))
    }
}

const VERSIONS: &str = "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, success bool);
    INSERT INTO _sqlx_migrations VALUES (1, true);";

#[test]
fn what_the_role_may_not_read_is_said() {
    let Some(mut database) = database() else {
        return;
    };
    let history = HistoryTable::usual(Layout::Sqlx);
    let known = keys(&["1", "2"]);
    database
        .run("CREATE SCHEMA app; SET search_path = app;")
        .unwrap();
    database
        .run(&format!(
            "SET search_path = app; {VERSIONS} CREATE ROLE history_reader;"
        ))
        .unwrap();
    let without_rights = asked(&mut As("history_reader", &mut database), &history, &known);
    insta::assert_snapshot!(without_rights, @"the role may not read the history table `app._sqlx_migrations`: grant it SELECT on the table and USAGE on its schema");
    // The columns that are read are enough.
    database.run("GRANT USAGE ON SCHEMA app TO history_reader; GRANT SELECT (version, success) ON app._sqlx_migrations TO history_reader").unwrap();
    let with_rights = asked(&mut As("history_reader", &mut database), &history, &known);
    insta::assert_snapshot!(with_rights, @"
    applied: 1
    pending: 2
    ");
    database
        .run("ALTER TABLE app._sqlx_migrations ENABLE ROW LEVEL SECURITY")
        .unwrap();
    let hidden = asked(&mut As("history_reader", &mut database), &history, &known);
    insta::assert_snapshot!(hidden, @"row-level security may hide rows of the history table `app._sqlx_migrations` from the role");
    database
        .run("DROP OWNED BY history_reader; DROP ROLE history_reader")
        .unwrap();
}

#[test]
fn a_table_of_another_form_is_said() {
    let Some(mut database) = database() else {
        return;
    };
    let known = keys(&["1", "2"]);
    // Older releases of a tool have fewer columns.
    database.run("CREATE TABLE _sqlx_migrations (version bigint); INSERT INTO _sqlx_migrations VALUES (1)").unwrap();
    let fewer = asked(&mut database, &HistoryTable::usual(Layout::Sqlx), &known);
    insta::assert_snapshot!(fewer, @"
    applied: 1
    pending: 2
    ");
    database
        .run("ALTER TABLE _sqlx_migrations RENAME version TO number")
        .unwrap();
    let others = asked(&mut database, &HistoryTable::usual(Layout::Sqlx), &known);
    insta::assert_snapshot!(others, @"`public._sqlx_migrations` is no history table of this tool: it has no column `version`");
}

#[test]
fn a_table_in_a_schema_that_is_not_searched_is_named() {
    let Some(mut database) = database() else {
        return;
    };
    let made = "CREATE SCHEMA a; CREATE TABLE a.schema_migrations (version text);
        INSERT INTO a.schema_migrations VALUES ('1');
        CREATE SCHEMA b; CREATE TABLE b.schema_migrations (version text);";
    database.run(made).unwrap();
    let known = keys(&["1", "2"]);
    let usual = HistoryTable::usual(Layout::Dbmate);
    insta::assert_snapshot!(asked(&mut database, &usual, &known), @"the history table may be `a.schema_migrations` or `b.schema_migrations`, in a schema that the connection does not search; say so with `[history] table` in migcheck.toml");
    let told = HistoryTable {
        table: Some(TableName::qualified("a", "schema_migrations")),
        ..usual.clone()
    };
    insta::assert_snapshot!(asked(&mut database, &told, &known), @"
    applied: 1
    pending: 2
    ");
    // What the connection searches comes first.
    let searched = format!("ALTER DATABASE {} SET search_path = b, a", database.name());
    database.run(&searched).unwrap();
    insta::assert_snapshot!(asked(&mut database, &usual, &known), @"pending: 1, 2");
}

#[test]
fn a_name_is_a_name_whatever_it_holds() {
    let Some(mut database) = database() else {
        return;
    };
    let hostile = [
        r#"it's "quoted" \ and %I $$ ; DROP TABLE t; --"#,
        "<j>00</j>",
        "\u{1f600} \n",
        "nothing\0here",
    ];
    database.run("CREATE TABLE t (version text)").unwrap();
    for name in hostile {
        let quoted = name.replace('\0', "").replace('"', "\"\"");
        let made = format!(
            "CREATE SCHEMA \"{quoted}\"; CREATE TABLE \"{quoted}\".\"{quoted}\" (version text);
             INSERT INTO \"{quoted}\".\"{quoted}\" VALUES ('1 <&> \"');"
        );
        database.run(&made).expect("the server takes any name");
        let history = HistoryTable {
            table: Some(TableName::qualified(name, name)),
            ..HistoryTable::usual(Layout::Dbmate)
        };
        let said = asked(&mut database, &history, &keys(&["1 <&> \""]));
        match name.contains('\0') {
            true => assert!(said.starts_with("there is no history table"), "{said}"),
            false => assert_eq!(said, "applied: 1 <&> \"", "{name}"),
        }
    }
    database
        .run("SELECT * FROM t")
        .expect("nothing was dropped");
}

#[test]
fn reading_writes_nothing() {
    let Some(mut database) = database() else {
        return;
    };
    database.run(VERSIONS).unwrap();
    struct Written(String);
    impl Answers for Written {
        fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
            self.0 = script.to_owned();
            Ok(Vec::new())
        }
    }
    for layout in Layout::ALL {
        let mut written = Written(String::new());
        let history = HistoryTable::usual(*layout);
        read_history(&mut written, &history).expect("no answer is an answer");
        if written.0.is_empty() {
            continue;
        }
        // A server that allows no writing takes it as well.
        let script = format!("SET default_transaction_read_only = on;\n{}", written.0);
        database.answer(&script).expect("a script that only reads");
    }
}

#[test]
fn the_table_that_the_configuration_names_counts() {
    let Some(mut database) = database() else {
        return;
    };
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    let files = BTreeMap::from([
        file(
            "migcheck.toml",
            "layout = \"sqlx\"\n[history]\ntable = 'app.\"Done\"'\n",
        ),
        file("migrations/1_one.sql", "CREATE TABLE t (a int);"),
        file("migrations/2_two.sql", "ALTER TABLE t ADD b int;"),
    ]);
    let project = discover_one(&Tree::Memory(files), &Overrides::default()).expect("a project");
    let sql = VERSIONS.replace("_sqlx_migrations", "app.\"Done\"");
    database.run(&format!("CREATE SCHEMA app; {sql}")).unwrap();
    let said = asked(&mut database, &project.history, &known(&project));
    insta::assert_snapshot!(said, @"
    applied: 1
    pending: 2
    ");
}
