//! Whole projects, in memory and in throw-away repositories.

use std::collections::BTreeMap;

use super::support::TestRepository;
use super::*;

/// The project in memory, one migration per line, or the message of the error.
fn found(files: &[(&str, &str)]) -> String {
    found_with(files, &Overrides::default())
}

fn found_with(files: &[(&str, &str)], options: &Overrides) -> String {
    match discover(&Tree::memory(files.iter().copied()), options) {
        Ok(found) => found.projects.iter().map(shown).collect(),
        Err(error) => error.to_string(),
    }
}

fn shown(project: &Project) -> String {
    let mut out = format!(
        "{} ({}) · {} ({}) · {}/ in {:?}\n",
        project.layout.as_str(),
        project.layout_evidence,
        project.dialect.as_str(),
        project.dialect_evidence,
        project.folder,
        project.root,
    );
    for it in &project.migrations {
        let down = match &it.down {
            Some(down) => format!(" down {}", split(down.path()).1),
            None => String::new(),
        };
        out.push_str(&format!(
            "{} {:?} {} {} {:?}{down}\n",
            it.version,
            it.name,
            split(&it.path).1,
            it.transaction.name(),
            it.phase
        ));
    }
    for it in &project.oddities {
        let at = match (&it.file, it.span) {
            (Some(file), Some(span)) => format!(":{}", file.position(span.start).line),
            _ => String::new(),
        };
        let kind = format!("{:?}", it.kind);
        let kind = kind.split_whitespace().next().unwrap_or_default();
        let path = split(&it.path).1;
        out.push_str(&format!("odd: {kind} {path}{at} {:?}\n", it.consequence));
    }
    for notice in &project.notices {
        out.push_str(&format!("note: {notice}\n"));
    }
    out
}

#[test]
fn sqlx_runs_by_number() {
    let files = [
        (
            "Cargo.toml",
            "[dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n",
        ),
        ("migrations/10_c.sql", ""),
        ("migrations/1_a.sql", "CREATE TABLE t (a int);"),
        (
            "migrations/002_b_and_c.up.sql",
            "-- no-transaction\nSELECT 1",
        ),
        ("migrations/2_b_and_c.down.sql", ""),
        ("migrations/README.md", ""),
        ("migrations/seed.sql", ""),
        ("migrations/old/3_x.sql", ""),
    ];
    let expected = "\
sqlx (`sqlx` in Cargo.toml) · postgres (`postgres` in Cargo.toml) · migrations/ in \"\"
1 \"a\" 1_a.sql file PreDeploy
2 \"b and c\" 002_b_and_c.up.sql none PreDeploy down 2_b_and_c.down.sql
10 \"c\" 10_c.sql file PreDeploy
note: `migrations/seed.sql` is not a migration: sqlx wants <number>_<name>.sql
note: `migrations/old/` is not read: it holds 1 .sql file, and only the folder itself is read
";
    assert_eq!(found(&files), expected);
}

#[test]
fn work_tree_and_base_are_read_alike() {
    let mut repository = TestRepository::new();
    repository.write("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n");
    repository.write("migrations/1_a.sql", "CREATE TABLE t (a int);");
    repository.commit("base");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write("migrations/2_b.sql", "DROP TABLE t;");
    let target = locate(&[repository.root().to_owned()]).unwrap();
    let (projects, base) = discover_with_base(&target, &target.overrides(), None, &|_| None);
    let (mut projects, base) = (projects.unwrap().projects, base.unwrap().unwrap());
    let project = projects.remove(0);
    assert_eq!(project.migrations.len(), 2);
    let git = target.repository.unwrap();
    assert_eq!(base.name, "main");
    let tree = Tree::revision(&git, &base.commit);
    let old = discover_release(&tree, &Overrides::default(), &project).unwrap();
    assert_eq!(old.migrations, project.migrations[..1]);
    let text = |project: &Project| project.migrations[0].up.text().map(str::as_ptr);
    assert_eq!(text(&old), text(&project), "an unchanged file is read once");
}

/// `folder` chosen by the user.
fn named(folder: &str) -> Overrides {
    Overrides {
        start: folder.to_owned(),
        is_named: true,
        ..Overrides::default()
    }
}

#[test]
fn sqlx_refuses_a_name_without_a_number() {
    let files = [
        ("sqlx.toml", ""),
        ("migrations/1_a.sql", ""),
        ("migrations/a_b.sql", ""),
    ];
    assert_eq!(
        found(&files),
        "sqlx (`sqlx.toml`) · postgres (assumed) · migrations/ in \"\"\n\
         1 \"a\" 1_a.sql file PreDeploy\n\
         odd: MigrationSkipped a_b.sql Refused\n"
    );
    let files = [
        ("sqlx.toml", ""),
        ("migrations/1_a.sql", ""),
        ("migrations/01_b.sql", ""),
    ];
    assert_eq!(
        found(&files),
        "sqlx (`sqlx.toml`) · postgres (assumed) · migrations/ in \"\"\n\
         1 \"b\" 01_b.sql file PreDeploy\n\
         odd: VersionDuplicated 1_a.sql Refused\n"
    );
}

#[test]
fn sqlx_opt_out_is_the_first_bytes_and_not_for_mysql() {
    let transactions = |dialect: &str| -> String {
        let config = format!("layout = \"sqlx\"\ndialect = \"{dialect}\"");
        let files = [
            ("migcheck.toml", config.as_str()),
            ("migrations/1_a.sql", "-- no-transaction\n"),
            ("migrations/2_b.sql", "\n-- no-transaction\n"),
            ("migrations/3_c.sql", "\u{feff}-- no-transaction\n"),
            ("migrations/4_d.sql", "--no-transaction\n"),
        ];
        let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
        let scopes = project.migrations.iter().map(|it| it.transaction.name());
        scopes.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(transactions("postgres"), "none file file file");
    assert_eq!(transactions("sqlite"), "none file file file");
    assert_eq!(transactions("mysql"), "file file file file");
}

#[test]
fn sqlx_toml_names_the_folder() {
    let files = [
        ("db/sqlx.toml", "[migrate]\nmigrations-dir = \"steps\"\n"),
        ("db/steps/1_a.sql", "SELECT 1::int"),
        ("tests/migrations/1_a.sql", ""),
    ];
    let expected = "\
sqlx (`db/sqlx.toml`) · postgres (`::` in db/steps/1_a.sql) · db/steps/ in \"\"
1 \"a\" 1_a.sql file PreDeploy
";
    assert_eq!(found(&files), expected);
}

#[test]
fn golang_migrate_runs_by_number_and_opens_no_transaction() {
    let files = [
        (
            "go.mod",
            "module x\nrequire (\n\tgithub.com/golang-migrate/migrate/v4 v4.1.0\n\tgithub.com/go-sql-driver/mysql v1.0.0\n)\n",
        ),
        ("db/migrations/10_c.up.sql", ""),
        ("db/migrations/1_a.up.sql", ""),
        ("db/migrations/1_a.down.sql", ""),
        ("db/migrations/2_.up.sql", ""),
        ("db/migrations/3_x.down.sql", ""),
        ("db/migrations/4_y.sql", ""),
    ];
    let expected = "\
golang-migrate (`github.com/golang-migrate/migrate` in go.mod) · mysql (`github.com/go-sql-driver/mysql` in go.mod) · db/migrations/ in \"\"
1 \"a\" 1_a.up.sql none PreDeploy down 1_a.down.sql
2 \"\" 2_.up.sql none PreDeploy
10 \"c\" 10_c.up.sql none PreDeploy
odd: MigrationSkipped 4_y.sql Differs
note: `db/migrations/3_x.down.sql` is not a migration: it undoes a migration that is not there
";
    assert_eq!(found(&files), expected);
}

#[test]
fn golang_migrate_refuses_a_version_twice() {
    let files = [
        ("migrations/1_a.up.sql", ""),
        ("migrations/001_b.up.sql", ""),
    ];
    assert_eq!(
        found(&files),
        "golang-migrate (names like `1_x.up.sql`) · postgres (assumed) · migrations/ in \"\"\n\
         1 \"b\" 001_b.up.sql none PreDeploy\n\
         odd: VersionDuplicated 1_a.up.sql Refused\n"
    );
}

#[test]
fn paired_names_alone_follow_the_language() {
    let layout = |file: &str| {
        let files = [(file, ""), ("migrations/1_a.up.sql", "")];
        found(&files).lines().next().unwrap().to_owned()
    };
    assert_eq!(
        layout("Cargo.toml"),
        "sqlx (names like `1_x.up.sql` in a Rust project) · postgres (assumed) · migrations/ in \"\""
    );
    assert_eq!(
        layout("README"),
        "golang-migrate (names like `1_x.up.sql`) · postgres (assumed) · migrations/ in \"\""
    );
}

#[test]
fn plain_files_run_by_number_then_name() {
    let files = [
        (
            "sql/10-c.sql",
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
        ),
        ("sql/1_a.sql", ""),
        ("sql/2.sql", ""),
        ("sql/0003_x.up.sql", ""),
        ("sql/0003_x.down.sql", ""),
        ("sql/4_tear_down.sql", ""),
        ("sql/5_y.sql", ""),
        ("sql/5_y_down.sql", ""),
        ("sql/6_scale_up.sql", ""),
        ("sql/7_z-up.sql", ""),
        ("sql/7_z-down.sql", ""),
        ("sql/8_b.sql", ""),
        ("sql/8_c.sql", ""),
        ("sql/9_d.rollback.sql", ""),
        ("sql/99999999999999999999999_e.sql", ""),
        ("sql/003_backfill.py", ""),
        ("sql/schema.sql", ""),
    ];
    let expected = "\
plain (names that begin with a number) · sqlite (`AUTOINCREMENT` in sql/10-c.sql) · sql/ in \"\"
1 \"a\" 1_a.sql file PreDeploy
2 \"\" 2.sql file PreDeploy
0003 \"x\" 0003_x.up.sql file PreDeploy down 0003_x.down.sql
4 \"tear down\" 4_tear_down.sql file PreDeploy
5 \"y\" 5_y.sql file PreDeploy down 5_y_down.sql
6 \"scale up\" 6_scale_up.sql file PreDeploy
7 \"z\" 7_z-up.sql file PreDeploy down 7_z-down.sql
8_b \"b\" 8_b.sql file PreDeploy
8_c \"c\" 8_c.sql file PreDeploy
10 \"c\" 10-c.sql file PreDeploy
99999999999999999999999 \"e\" 99999999999999999999999_e.sql file PreDeploy
note: `sql/schema.sql` is not a migration: its name has no number
note: `sql/003_backfill.py` is not a migration: it is code and is not read
note: `sql/9_d.rollback.sql` is not a migration: it undoes a migration that is not there
";
    assert_eq!(found(&files), expected);
}

#[test]
fn configuration_changes_how_text_reaches_the_server() {
    let files = [
        ("migcheck.toml", "transaction = \"run\"\nunit = \"file\"\n"),
        ("migrations/1_a.sql", ""),
    ];
    let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
    assert_eq!(project.migrations[0].transaction, TransactionScope::Run);
    assert_eq!(project.migrations[0].unit, Unit::WholeText);
}

#[test]
fn each_tool_is_told_from_the_others() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("migrations/1_a.sql", "-- +goose Up\nSELECT 1;\n")],
            "goose (`-- +goose Up` in migrations/1_a.sql)",
        ),
        (
            &[("db/migrations/1_a.sql", "-- migrate:up\nSELECT 1;\n")],
            "dbmate (`-- migrate:up` in db/migrations/1_a.sql)",
        ),
        (
            &[("migrations/1_a.sql", "-- +migrate Up\nSELECT 1;\n")],
            "sql-migrate (`-- +migrate Up` in migrations/1_a.sql)",
        ),
        (
            &[
                ("migrations/1_a/migration.sql", ""),
                ("migrations/migration_lock.toml", ""),
            ],
            "prisma (`migrations/migration_lock.toml`)",
        ),
        (
            &[
                (
                    "package.json",
                    "{\"devDependencies\": {\"drizzle-kit\": \"1\"}}",
                ),
                ("drizzle/0000_a.sql", ""),
                (
                    "drizzle/meta/_journal.json",
                    "{\"entries\": [{\"tag\": \"0000_a\", \"when\": 1}]}",
                ),
            ],
            "drizzle (`drizzle/meta/_journal.json`)",
        ),
        (
            &[("src/main/resources/db/migration/V1__a.sql", "")],
            "flyway (the name `src/main/resources/db/migration/V1__a.sql`)",
        ),
        (
            &[
                (
                    "Cargo.toml",
                    "[dependencies]\nrefinery = \"0.8\"\nsqlx = \"0.8\"\n",
                ),
                ("migrations/V1__a.sql", ""),
            ],
            "refinery (`refinery` in Cargo.toml)",
        ),
        (
            &[("migrations/2020-01-01-000000_a/up.sql", "")],
            "diesel (the name `migrations/2020-01-01-000000_a/up.sql`)",
        ),
        (
            &[("migrations/default/1600000000000_a/up.sql", "")],
            "hasura (the name `migrations/default/1600000000000_a/up.sql`)",
        ),
        (
            &[
                ("migrations/1_a.sql", ""),
                ("migrations/atlas.sum", "h1:x\n1_a.sql h1:y\n"),
            ],
            "atlas (`migrations/atlas.sum`)",
        ),
        (
            &[
                ("supabase/migrations/1_a.sql", ""),
                ("supabase/config.toml", ""),
            ],
            "supabase (`supabase/config.toml`)",
        ),
        (
            &[
                ("go.mod", "require github.com/jackc/tern/v2 v2.0.0\n"),
                ("migrations/1_a.sql", ""),
            ],
            "tern (`github.com/jackc/tern` in go.mod)",
        ),
        (
            &[
                (".gmrc", "{}"),
                ("migrations/committed/000001-a.sql", "--! Previous: -\n"),
            ],
            "graphile-migrate (`.gmrc`)",
        ),
        (
            &[
                (
                    "package.json",
                    "{\"dependencies\": {\"node-pg-migrate\": \"7\"}}",
                ),
                ("migrations/1_a.sql", "-- Up Migration\n"),
            ],
            "node-pg-migrate (`node-pg-migrate` in package.json)",
        ),
        (
            &[
                (
                    "sqitch.plan",
                    "%project=x\n\na 2020-01-01T00:00:00Z N <m>\n",
                ),
                ("deploy/a.sql", ""),
            ],
            "sqitch (`sqitch.plan`)",
        ),
        (
            &[(
                "db/changelog/a.sql",
                "--liquibase formatted sql\n--changeset a:1\nSELECT 1;",
            )],
            "liquibase (`--liquibase formatted sql` in db/changelog/a.sql)",
        ),
        (
            &[
                ("scripts/1_a.sql", "SELECT 1;\n-- //@UNDO\n"),
                ("environments/development.properties", ""),
            ],
            "mybatis (`-- //@UNDO` in scripts/1_a.sql)",
        ),
        (
            &[
                ("migrations/a.sql", "-- depends: b\n"),
                ("migrations/b.sql", ""),
                ("yoyo.ini", "[DEFAULT]\nsources = migrations\n"),
            ],
            "yoyo (`yoyo.ini`)",
        ),
    ];
    for (files, expected) in cases {
        let found = found(files);
        assert!(found.starts_with(expected), "{expected}:\n{found}");
    }
}

#[test]
fn migrations_in_code_are_said_with_the_command_that_prints_sql() {
    let files = [("alembic.ini", ""), ("alembic/versions/1_a.py", "")];
    assert_eq!(
        found(&files),
        "no SQL migrations found here; this looks like Alembic: its migrations are Python; \
         `alembic upgrade A:B --sql | migcheck check -` judges the SQL that they make"
    );
    let files = [("Data/Migrations/ShopContextModelSnapshot.cs", "")];
    assert_eq!(
        found(&files),
        "no SQL migrations found here; this looks like Entity Framework: its migrations are C#; \
         `dotnet ef migrations script A B | migcheck check -` judges the SQL that they make"
    );
}

#[test]
fn folder_without_numbers_is_no_candidate() {
    let files = [("migrations/1_a.sql", ""), ("sql/queries.sql", "")];
    assert!(!found(&files).contains("note"));
    assert_eq!(
        found_with(&[("steps/a.sql", "")], &named("steps")),
        "`steps` holds no numbered .sql files; choose a layout with --layout, describe one as \
         [custom] in migcheck.toml, or give another folder as PATH"
    );
}

#[test]
fn nothing_found_says_where_it_was_sought() {
    assert_eq!(
        found(&[
            ("src/1_query.sql", ""),
            ("node_modules/x/migrations/1_a.sql", "")
        ]),
        "no migrations found here; looked for numbered .sql files in folders with `migrat` in \
         their name, then in sql, schema, schemas, ddl, db, database; give the folder as PATH, or \
         write migrations = \"…\" in migcheck.toml"
    );
}

#[test]
fn several_folders_are_several_projects() {
    let files = [("a/migrations/1_x.sql", ""), ("b/migrations/1_x.sql", "")];
    let expected = "\
plain (names that begin with a number) · postgres (assumed) · a/migrations/ in \"\"
1 \"x\" 1_x.sql file PreDeploy
plain (names that begin with a number) · postgres (assumed) · b/migrations/ in \"\"
1 \"x\" 1_x.sql file PreDeploy
";
    assert_eq!(found(&files), expected);
    assert_eq!(
        discover_one(&Tree::memory(files), &Overrides::default())
            .unwrap_err()
            .to_string(),
        "several folders hold migrations: `a/migrations`, `b/migrations`; give one as PATH, or \
         write migrations = \"a/migrations\" in migcheck.toml"
    );
    assert!(found_with(&files, &named("b/migrations")).contains("· b/migrations/ in \"b\""));
    assert!(found_with(&files, &named("b")).contains("· b/migrations/ in \"b\""));
    let configured = [
        files[0],
        files[1],
        ("migcheck.toml", "migrations = \"b/migrations/\""),
    ];
    let only = found(&configured);
    assert!(only.contains("· b/migrations/ in \"\"") && !only.contains("a/migrations"));
}

#[test]
fn each_project_has_its_own_configuration() {
    let files = [
        ("a/migrations/1_x.sql", ""),
        ("a/migcheck.toml", "dialect = \"sqlite\""),
        ("b/migrations/1_x.sql", ""),
        ("migcheck.toml", "deploy = \"offline\""),
    ];
    let found = discover(&Tree::memory(files), &Overrides::default());
    let projects = found.unwrap().projects;
    let modes: Vec<DeployMode> = projects.iter().map(|it| it.config.deploy).collect();
    assert_eq!(modes, [DeployMode::MigrateFirst, DeployMode::Offline]);
    assert_eq!(projects[0].dialect, Dialect::Sqlite);
}

#[test]
fn tests_do_not_count_and_a_telling_name_does() {
    let files = [
        ("tests/migrations/1_x.sql", ""),
        ("db/migrations/1_x.sql", ""),
        ("services/a/migrations/1_x.sql", ""),
        ("sql/1_x.sql", ""),
    ];
    let expected = "\
plain (names that begin with a number) · postgres (assumed) · db/migrations/ in \"\"
1 \"x\" 1_x.sql file PreDeploy
note: `sql` could hold migrations too; nothing in its path says so
plain (names that begin with a number) · postgres (assumed) · services/a/migrations/ in \"\"
1 \"x\" 1_x.sql file PreDeploy
";
    assert_eq!(found(&files), expected);
    assert!(found(&files[..1]).contains("· tests/migrations/"));
}

#[test]
fn folders_by_dialect_are_one_project_each() {
    let files = [
        ("migrations/mysql/1_x.sql", ""),
        ("migrations/postgres/1_x.sql", ""),
    ];
    let both = found(&files);
    assert!(both.contains("mysql (the folder `migrations/mysql`)"));
    assert!(both.contains("postgres (the folder `migrations/postgres`)"));
    let options = Overrides {
        dialect: Some(Dialect::Postgres),
        ..Overrides::default()
    };
    let one = found_with(&files, &options);
    assert!(one.contains("· migrations/postgres/") && !one.contains("mysql"));
    assert!(
        found_with(&files, &named("migrations/mysql"))
            .contains("mysql (the folder `migrations/mysql`)")
    );
}

#[test]
fn subfolders_belong_to_flyway() {
    let files = [
        ("src/main/resources/db/migration/v2/V2__b.sql", ""),
        ("src/main/resources/db/migration/v1/V1__a.sql", ""),
        ("other/db/migration/postgresql/V1__a.sql", ""),
        ("other/db/migration/mysql/V1__a.sql", ""),
    ];
    let found = discover(&Tree::memory(files), &Overrides::default());
    let projects = found.unwrap().projects;
    let folders: Vec<&str> = projects.iter().map(|it| it.folder.as_str()).collect();
    assert_eq!(
        folders,
        [
            "other/db/migration/mysql",
            "other/db/migration/postgresql",
            "src/main/resources/db/migration"
        ]
    );
    assert_eq!(projects[2].migrations.len(), 2);
}

#[test]
fn folders_of_other_servers_are_left_out() {
    let files = [
        ("db/postgres_migrations/1_x.sql", ""),
        ("db/sqlite_migrations/1_x.sql", ""),
        ("db/clickhouse/migrations/1_x.sql", ""),
        ("oracle/migrations/1_x.sql", ""),
        ("db/migrations/oracle/1_x.sql", ""),
    ];
    let found = discover(&Tree::memory(files), &Overrides::default()).unwrap();
    let folders: Vec<String> = found
        .projects
        .iter()
        .map(|it| format!("{} {}", it.folder, it.dialect.as_str()))
        .collect();
    assert_eq!(
        folders,
        [
            "db/postgres_migrations postgres",
            "db/sqlite_migrations sqlite",
            "oracle/migrations postgres"
        ]
    );
    let left_out: Vec<&str> = found.left_out.iter().map(|it| it.folder.as_str()).collect();
    assert_eq!(
        left_out,
        ["db/clickhouse/migrations", "db/migrations/oracle"]
    );
}

#[test]
fn folders_with_numbers_for_names_want_a_description() {
    let files = [
        ("migrations/1/01_a.up.sql", ""),
        ("migrations/2/01_a.up.sql", ""),
        ("migrations/10/01_a.up.sql", ""),
    ];
    assert_eq!(
        found(&files),
        "`migrations` has its migrations in 3 numbered folders, as no known tool has; describe it \
         as [custom] in migcheck.toml"
    );
}

#[test]
fn files_for_another_server_do_not_run() {
    let files = [
        ("db/migration/V1__a.sql", ""),
        ("db/migration/h2/V2__b.sql", ""),
        ("db/migration/postgres/V2__b.sql", ""),
    ];
    let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
    assert_eq!(project.dialect, Dialect::Postgres);
    let paths: Vec<&str> = project
        .migrations
        .iter()
        .map(|it| it.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["db/migration/V1__a.sql", "db/migration/postgres/V2__b.sql"]
    );
    assert!(project.oddities.is_empty());
}

#[test]
fn server_version_is_found_in_images() {
    let version = |files: &[(&str, &str)]| {
        let mut files = files.to_vec();
        files.push(("migrations/1_a.sql", "SELECT 1::int"));
        let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
        match (project.server_version, project.server_version_evidence) {
            (Some(version), Some(evidence)) => format!("{version}: {evidence}"),
            _ => "not known".to_owned(),
        }
    };
    let compose = "services:\n  db:\n    image: postgres:16.2-alpine\n";
    assert_eq!(
        version(&[("compose.yaml", compose)]),
        "16.2: `postgres:16.2-alpine` in compose.yaml"
    );
    let workflow = "jobs:\n  t:\n    services:\n      db:\n        image: postgis/postgis:15-3.4\n";
    assert_eq!(
        version(&[(".github/workflows/ci.yml", workflow)]),
        "15: `postgis/postgis:15-3.4` in .github/workflows/ci.yml"
    );
    let gitlab = "services:\n  - name: timescale/timescaledb:latest-pg14\n";
    assert_eq!(
        version(&[(".gitlab-ci.yml", gitlab)]),
        "14: `timescale/timescaledb:latest-pg14` in .gitlab-ci.yml"
    );
    // Two versions are no answer.
    assert_eq!(
        version(&[("compose.yaml", compose), (".gitlab-ci.yml", gitlab)]),
        "not known"
    );
    assert_eq!(
        version(&[("compose.yaml", "image: postgres\n")]),
        "not known"
    );
}

#[test]
fn start_inside_the_migrations_folder_is_understood() {
    let files = [("migrations/sqlite/2020-01-01_a/up.sql", "")];
    assert!(found_with(&files, &named("migrations/sqlite")).contains("diesel (the name"));
    let inside = Overrides {
        start: "db/migrations".to_owned(),
        ..Overrides::default()
    };
    assert!(found_with(&[("db/migrations/1_x.sql", "")], &inside).contains("· db/migrations/"));
}

#[test]
fn named_folder_may_have_any_name() {
    let files = [("changes/1_x.sql", ""), ("migrations/1_y.sql", "")];
    assert!(found_with(&files, &named("changes")).contains("1_x.sql"));
}

#[test]
fn dialect_is_found_in_configuration_then_in_text() {
    let dialect = |files: &[(&str, &str)]| {
        let mut files = files.to_vec();
        files.push((
            "migrations/1_a.sql",
            "-- `x` and jsonb\nCREATE TABLE `t` (a int) ENGINE=InnoDB",
        ));
        let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
        format!("{}: {}", project.dialect.as_str(), project.dialect_evidence)
    };
    assert_eq!(dialect(&[]), "mysql: backquotes in migrations/1_a.sql");
    assert_eq!(
        dialect(&[(
            ".env.example",
            "DATABASE_URL=postgres://user:secret@host/db"
        )]),
        "postgres: `postgres://` in .env.example"
    );
    assert_eq!(
        dialect(&[("compose.yaml", "services:\n  db:\n    image: mariadb:11\n")]),
        "mariadb: `image: mariadb` in compose.yaml"
    );
    assert_eq!(
        dialect(&[("migcheck.toml", "dialect = \"sqlite\"")]),
        "sqlite: migcheck.toml"
    );
    assert_eq!(
        dialect(&[(
            "Cargo.toml",
            "[workspace.dependencies.sqlx]\nversion = \"0.8\"\nfeatures = [\n  \"sqlite\",\n]\n"
        )]),
        "sqlite: `sqlite` in Cargo.toml"
    );
}

#[test]
fn files_that_are_named_after_servers_tell_what_the_folder_is_for() {
    let of = |names: &[&str]| {
        let text = "CREATE TABLE `t` (a int)";
        let files: Vec<(String, &str)> = names
            .iter()
            .map(|name| (format!("migrations/{name}"), text))
            .collect();
        let mut files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        files.push(("go.mod", "require github.com/gobuffalo/pop/v6 v6.1.1"));
        let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
        format!("{}: {}", project.dialect.as_str(), project.dialect_evidence)
    };
    assert_eq!(
        of(&["1_a.mysql.up.sql", "1_a.postgres.up.sql"]),
        "postgres: `1_a.postgres.up.sql` beside files for other servers"
    );
    assert_eq!(
        of(&["1_a.mysql.up.sql", "1_a.cockroach.up.sql"]),
        "mysql: backquotes in migrations/1_a.cockroach.up.sql"
    );
}

#[test]
fn phase_comes_from_a_comment_or_a_pattern() {
    let files = [
        (
            "migcheck.toml",
            "[phased]\npost_deploy = [\"*_contract.sql\"]\n",
        ),
        ("migrations/1_a.sql", ""),
        ("migrations/2_b_contract.sql", ""),
        (
            "migrations/3_c.sql",
            "SELECT 1;\n-- migcheck: phase post-deploy\n",
        ),
        (
            "migrations/4_d_contract.sql",
            "--migcheck: phase pre-deploy\n",
        ),
        (
            "migrations/5_e.sql",
            "SELECT '\n-- migcheck: phase post-deploy\n';",
        ),
        ("migrations/6_f.sql", "-- migcheck: phase post-depoly\n"),
        (
            "migrations/7_g.sql",
            "  /* migcheck: phase post-deploy */ SELECT 1;",
        ),
    ];
    let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
    let after: Vec<&str> = project
        .migrations
        .iter()
        .filter(|it| it.phase == Phase::PostDeploy)
        .map(|it| it.version.as_str())
        .collect();
    assert_eq!(after, ["2", "3", "7"]);
    assert_eq!(
        project.notices,
        ["migrations/6_f.sql:1: unknown phase `post-depoly`; did you mean `post-deploy`?"]
    );
}

#[test]
fn unreadable_migration_does_not_hide_the_others() {
    let files = BTreeMap::from([
        ("migrations/1_a.sql".to_owned(), b"SELECT 1;\n\xE9".to_vec()),
        ("migrations/2_b.sql".to_owned(), b"SELECT 2".to_vec()),
    ]);
    let project = discover_one(&Tree::Memory(files), &Overrides::default()).unwrap();
    assert!(
        matches!(&project.migrations[0].up, MigrationText::Unreadable(it) if it.offset == Some(10))
    );
    assert_eq!(project.migrations[1].up.text(), Some("SELECT 2"));
}

#[test]
fn migrations_are_found_by_version_path_and_name() {
    let files = [
        ("migrations/0001_a.sql", ""),
        ("migrations/0012_b.up.sql", ""),
        ("migrations/0012_b.down.sql", ""),
    ];
    let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
    for wanted in [
        "0012",
        "12",
        "migrations/0012_b.up.sql",
        "0012_b.up.sql",
        "0012_b",
    ] {
        assert_eq!(project.find(wanted), Some(1), "{wanted}");
    }
    assert_eq!(project.find("2"), None);
    assert_eq!(project.find(""), None);
}

#[test]
fn configuration_is_sought_upwards_and_beside_the_migrations() {
    let files = [
        ("migcheck.toml", "deploy = \"offline\""),
        ("services/a/migrations/1_x.sql", ""),
    ];
    let project = discover_one(&Tree::memory(files), &named("services/a")).unwrap();
    assert_eq!(project.config.deploy, DeployMode::Offline);
    let files = [
        (
            "services/a/migcheck.toml",
            "deploy = \"phased\"\nmigrations = \"steps\"",
        ),
        ("services/a/migrations/1_x.sql", ""),
        ("services/a/steps/1_y.sql", ""),
    ];
    let project = discover_one(&Tree::memory(files), &Overrides::default()).unwrap();
    assert_eq!(project.config.deploy, DeployMode::Phased);
    assert_eq!(project.folder, "services/a/steps");
    assert_eq!(project.root, "services/a");
    let isolated = Overrides {
        config: ConfigChoice::Isolated,
        ..Overrides::default()
    };
    let project = discover_one(&Tree::memory(files), &isolated).unwrap();
    assert_eq!(project.config.deploy, DeployMode::MigrateFirst);
}

#[test]
fn wrong_configuration_of_an_old_release_says_its_revision() {
    let mut repository = TestRepository::new();
    repository.write("migrations/1_a.sql", "");
    repository.write("migcheck.toml", "deploi = \"offline\"\n");
    let commit = repository.commit("one");
    let git = locate(&[repository.root().to_owned()])
        .unwrap()
        .repository
        .unwrap();
    let tree = Tree::revision(&git, &git.resolve("HEAD").unwrap());
    assert_eq!(
        discover_one(&tree, &Overrides::default())
            .unwrap_err()
            .to_string(),
        format!(
            "{}:migcheck.toml:1:1: unknown key `deploi`; did you mean `deploy`?",
            &commit[..7]
        )
    );
}

#[test]
fn command_line_outranks_configuration() {
    let files = [
        (
            "migcheck.toml",
            "layout = \"sqlx\"\ndialect = \"mysql\"\nserver_version = \"8\"",
        ),
        ("migrations/1_a.sql", ""),
    ];
    let options = Overrides {
        layout: Some(Layout::Plain),
        dialect: Some(Dialect::Mariadb),
        server_version: Some(ServerVersion::new(10, 11, 0)),
        ..Overrides::default()
    };
    let project = discover_one(&Tree::memory(files), &options).unwrap();
    assert_eq!(project.layout, Layout::Plain);
    assert_eq!(project.dialect, Dialect::Mariadb);
    assert_eq!(project.server_version, Some(ServerVersion::new(10, 11, 0)));
    assert_eq!(project.layout_evidence, "the command line");
}

#[test]
fn paths_lead_to_a_folder_or_to_the_files_named() {
    let mut repository = TestRepository::new();
    repository.write("app/migrations/1_a.sql", "");
    repository.write("app/migrations/2_b.sql", "");
    repository.write("other/3.sql", "");
    repository.commit("one");
    let at = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(|it| repository.root().join(it)).collect();
        let target = locate(&paths).unwrap();
        (target.start, target.is_named, target.files.join(" "))
    };
    let answer =
        |start: &str, is_named: bool, files: &str| (start.to_owned(), is_named, files.to_owned());
    assert_eq!(at(&[""]), answer("", true, ""));
    assert_eq!(at(&["app/migrations"]), answer("app/migrations", true, ""));
    assert_eq!(
        at(&["app/migrations/2_b.sql", "app/migrations/1_a.sql"]),
        answer(
            "app/migrations",
            true,
            "app/migrations/1_a.sql app/migrations/2_b.sql"
        )
    );
    assert_eq!(
        at(&["app/migrations/2_b.sql", "other/3.sql"]),
        answer("", false, "app/migrations/2_b.sql other/3.sql")
    );
    let error = locate(&[repository.root().join("missing")]).unwrap_err();
    assert!(error.to_string().starts_with("cannot read "), "{error}");
    let both = [
        repository.root().to_owned(),
        repository.root().join("other/3.sql"),
    ];
    assert_eq!(
        locate(&both).unwrap_err().to_string(),
        "name one folder, or only migration files"
    );
}

#[test]
fn ignored_folder_that_is_named_is_read_all_the_same() {
    let mut repository = TestRepository::new();
    repository.write(".gitignore", "generated/\n");
    repository.commit("one");
    repository.write("generated/1_a.sql", "");
    let target = locate(&[repository.root().join("generated")]).unwrap();
    assert!(target.repository.is_none());
    let project = discover_one(&target.tree, &target.overrides()).unwrap();
    assert_eq!(project.migrations[0].path, "1_a.sql");
}

#[test]
fn fixture_is_laid_into_a_repository() {
    let repository = TestRepository::layered(&[
        ("fixtures/drop_retired/01-base", Some("v1.0")),
        ("fixtures/drop_retired/02-head", None),
    ]);
    let target = locate(&[repository.root().to_owned()]).unwrap();
    let (projects, base) =
        discover_with_base(&target, &target.overrides(), Some("v1.0"), &|_| None);
    let base = base.unwrap().unwrap();
    assert_eq!(base.name, "v1.0");
    let tree = Tree::revision(target.repository.as_ref().unwrap(), &base.commit);
    let versions = |project: Project| -> Vec<String> {
        project
            .migrations
            .into_iter()
            .map(|it| it.version)
            .collect()
    };
    let project = projects.unwrap().projects.remove(0);
    let old = discover_release(&tree, &target.overrides(), &project).unwrap();
    assert_eq!(versions(old), ["1", "2"]);
    assert_eq!(versions(project), ["1", "2", "3"]);
}

#[test]
fn release_is_read_as_head_is_unless_it_says_otherwise() {
    let options = Overrides::default();
    let head = Tree::memory([
        (
            "Cargo.toml",
            "[dependencies]\nsqlx = { version = \"0.8\", features = [\"sqlite\"] }",
        ),
        ("db/migrations/1_a.sql", ""),
        ("db/migrations/2_b.sql", ""),
    ]);
    let head = discover_one(&head, &options).unwrap();
    let release = |files: &[(&str, &str)]| {
        let tree = Tree::memory(files.iter().copied());
        shown(&discover_release(&tree, &options, &head).unwrap())
    };
    let as_head = "sqlx (`sqlx` in Cargo.toml) · sqlite (`sqlite` in Cargo.toml)";
    // Nothing here would tell sqlx or SQLite.
    assert_eq!(
        release(&[("db/migrations/1_a.sql", "")]),
        format!("{as_head} · db/migrations/ in \"\"\n1 \"a\" 1_a.sql file PreDeploy\n")
    );
    // The folder was elsewhere, or did not exist yet.
    assert_eq!(
        release(&[("migrations/1_a.sql", "")]),
        format!("{as_head} · migrations/ in \"\"\n1 \"a\" 1_a.sql file PreDeploy\n")
    );
    assert_eq!(
        release(&[("README.md", "")]),
        format!("{as_head} · db/migrations/ in \"\"\n")
    );
    assert_eq!(
        release(&[
            ("migcheck.toml", "dialect = \"mysql\""),
            ("db/migrations/1_a.sql", "")
        ]),
        "sqlx (`sqlx` in Cargo.toml) · mysql (migcheck.toml) · db/migrations/ in \"\"\n\
         1 \"a\" 1_a.sql file PreDeploy\n"
    );
}
