//! The configuration as a user meets it: sections for several databases, what the command line and the
//! environment say, and where each setting comes from.

use std::path::Path;

use insta::assert_snapshot;

use crate::cli::{migcheck, program};
use crate::support::TestRepository;

const SECTIONS: &str = r#"deploy = "offline"

[code]
search_path = ["app", "public"]

[rules.severity]
table_added = "off"

[[retired]]
object = "old.thing"
reason = "for all"

[[project]]
name = "billing"
migrations = "services/billing/migrations"
deploy = "migrate-first"
rules.severity.column_added = "warning"

[[project]]
name = "orders"
migrations = "services/orders/db"
layout = "sqlx"
code.evidence = "complete"
code.search_path = ["orders"]

[[project.retired]]
object = "t.b"
reason = "nothing names it since v3"
"#;

/// Two databases in one repository, with a change of both on a branch.
fn monorepo(config: &str) -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", config);
    for folder in ["services/billing/migrations", "services/orders/db"] {
        repository.write(
            &format!("{folder}/1_t.sql"),
            "CREATE TABLE t (a integer, b text);\n",
        );
    }
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    for folder in ["services/billing/migrations", "services/orders/db"] {
        repository.write(
            &format!("{folder}/2_drop.sql"),
            "ALTER TABLE t DROP COLUMN b;\n",
        );
    }
    repository
}

fn short(folder: &Path, arguments: &[&str]) -> String {
    let said = migcheck(folder, arguments);
    let root = folder.display().to_string();
    said.replace("--- stdout\n", "")
        .replace("--- stderr\n", "")
        .replace(&root, "ROOT")
}

#[test]
fn each_section_judges_its_own_folder() {
    let repository = monorepo(SECTIONS);
    assert_snapshot!(short(repository.root(), &["check", "--format", "gcc"]), @r#"
    migcheck: plain · postgres · services/billing/migrations/ (2, 1 new) · base main@2e7d787
    migcheck: migcheck.toml:10: [[retired]]: no schema has had `old.thing`, so this retires nothing
    migcheck: sqlx · postgres · services/orders/db/ (2, 1 new) · base main@2e7d787 · deploy offline
    services/billing/migrations/2_drop.sql:1:15: error: column `t.b` is dropped; old-on-new: reads and writes of main@2e7d787 (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known) [column_dropped]
    --- exit 1
    "#);
    // By path, by name, and from within the folder.
    let orders = short(repository.root(), &["check", "-q", "services/orders"]);
    assert_snapshot!(orders, @"
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    let named = ["check", "-q", "--format", "gcc", "--project", "billing"];
    assert_snapshot!(short(repository.root(), &named), @r#"
    services/billing/migrations/2_drop.sql:1:15: error: column `t.b` is dropped; old-on-new: reads and writes of main@2e7d787 (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known) [column_dropped]
    --- exit 1
    "#);
    let inside = repository.root().join("services/orders/db");
    assert_snapshot!(short(&inside, &["check", "--format", "gcc"]), @"
    migcheck: sqlx · postgres · services/orders/db/ (2, 1 new) · base main@2e7d787 · deploy offline
    --- exit 0
    ");
    assert_snapshot!(short(&inside, &named), @r#"
    services/billing/migrations/2_drop.sql:1:15: error: column `t.b` is dropped; old-on-new: reads and writes of main@2e7d787 (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known) [column_dropped]
    --- exit 1
    "#);
    let file = [
        "check",
        "--format",
        "gcc",
        "services/billing/migrations/2_drop.sql",
    ];
    assert_snapshot!(short(repository.root(), &file), @r#"
    migcheck: plain · postgres · services/billing/migrations/ (2, 1 new) · live the release without these files
    services/billing/migrations/2_drop.sql:1:15: error: column `t.b` is dropped; old-on-new: reads and writes of the release without these files (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known) [column_dropped]
    --- exit 1
    "#);
}

#[test]
fn other_commands_know_the_sections() {
    let repository = monorepo(SECTIONS);
    let root = repository.root();
    assert_snapshot!(short(root, &["graph"]), @"
    services/billing/migrations/ (plain, postgres): 2 migrations, 1 new, none with a
      down part
    o  (empty schema)
    *  1_t.sql  [base main@2e7d787]
    *  2_drop.sql  [new; head]

    services/orders/db/ (sqlx, postgres): 2 migrations, 1 new, none with a down part
    o  (empty schema)
    *  1_t.sql  [base main@2e7d787]
    *  2_drop.sql  [new; head]
    --- exit 0
    ");
    assert_snapshot!(short(root, &["contract"]), @"
    migcheck: several folders hold migrations: `services/billing/migrations`, `services/orders/db`; choose by name with --project billing or orders, or give one as PATH
    --- exit 2
    ");
    assert_snapshot!(short(root, &["contract", "--project", "order"]), @"
    migcheck: --project: unknown project `order`; did you mean `orders`?
    --- exit 2
    ");
    let contract = short(root, &["contract", "--project", "orders", "--quiet"]);
    assert!(
        contract.contains("search_path = [\"orders\"]"),
        "{contract}"
    );
    let set = ["--set", "name=third", "--project", "third"];
    let arguments = [&["matrix", "services/orders"], &set[..]].concat();
    assert!(short(root, &arguments).contains("services/orders/db"));
    for command in [
        &["schema"][..],
        &["explain", "t.b"],
        &["explain", "version:2"],
    ] {
        let set = ["--set", "layout=sqxl", "--project", "orders"];
        let said = short(root, &[command, &set[..]].concat());
        let near = "migcheck: --set layout=sqxl: unknown layout `sqxl`; did you mean `sqlx`?";
        assert!(said.contains(near), "{command:?}: {said}");
    }
    assert_snapshot!(short(root, &["diff", "--project", "orders"]), @"
    from main@2e7d787 (version 1) to head (version 2): 1 change
    - column `t.b` is dropped
    --- exit 0
    ");
    let written = short(root, &["check", "--write-baseline", "--reason", "agreed"]);
    assert_snapshot!(written, @"
    migcheck: plain · postgres · services/billing/migrations/ (2, 1 new) · base main@2e7d787
    migcheck: migcheck.toml:10: [[retired]]: no schema has had `old.thing`, so this retires nothing
    migcheck: sqlx · postgres · services/orders/db/ (2, 1 new) · base main@2e7d787 · deploy offline
    migcheck: 1 finding accepted in migcheck-baseline.toml
    --- exit 0
    ");
    assert_snapshot!(short(root, &["check", "-q"]), @"
    services/billing/migrations: code-first: 1 new migration, 1 statement, all understood; 1 accepted finding
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    services/orders/db: any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn typed_migration_asks_which_database_it_is_for() {
    let repository = monorepo(SECTIONS);
    let typed = |arguments: &[&str]| {
        use std::io::Write;
        let mut child = program(repository.root(), &[&["check", "-"], arguments].concat())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut stdin = child.stdin.take().expect("it is piped");
        // One that refuses its arguments reads nothing.
        let _ = stdin.write_all(b"DROP TABLE t;\n");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8(said).expect("it is UTF-8");
        format!("{said}exit {}", output.status.code().unwrap_or(-1))
    };
    assert_snapshot!(typed(&[]), @"
    migcheck: several folders hold migrations: `services/billing/migrations`, `services/orders/db`; choose by name with --project billing or orders, or say where the file is going to be: --stdin-filename services/billing/migrations/NAME
    exit 2
    ");
    assert_snapshot!(typed(&["-q", "--format", "gcc", "--project", "billing"]), @r#"
    services/billing/migrations/3_stdin.sql:1:1: error: table `t` is dropped; old-on-new: reads and writes of the release without these files (old code) fail on the new schema: 42P01 relation "t" does not exist (presumed: its queries are not known) [table_dropped]
    exit 1
    "#);
    let name = [
        "-q",
        "--format",
        "gcc",
        "--stdin-filename",
        "services/orders/db/3_x.sql",
    ];
    assert_snapshot!(typed(&name), @r#"
    migcheck: services/billing/migrations is not checked: services/orders/db/3_x.sql is not a migration here
    services/orders/db/3_x.sql:1:1: note: table `t` is dropped; old-on-new: reads and writes of the release without these files (old code) fail on the new schema: 42P01 relation "t" does not exist (presumed: its queries are not known) [table_dropped]
    exit 0
    "#);
}

#[test]
fn a_release_from_before_the_sections_has_a_plain_file() {
    let repository = monorepo("[[retired]]\nobject = \"t.b\"\nreason = \"for both\"\n");
    let sections = "[[project]]\nmigrations = \"services/billing/migrations\"\n\
                    [[project]]\nmigrations = \"services/orders/db\"\n";
    repository.write("migcheck.toml", sections);
    assert_snapshot!(short(repository.root(), &["check", "-q"]), @"
    services/billing/migrations: any-order: 1 new migration, 1 statement, all understood
    services/orders/db: any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn folder_without_a_section_is_judged_by_the_top() {
    let repository = monorepo(SECTIONS);
    repository.write("legacy/migrations/1_t.sql", "CREATE TABLE t (a integer);\n");
    // What lies in a section's folder is that section's.
    repository.write(
        "services/orders/db/migrations/1_x.sql",
        "CREATE TABLE x (a integer);\n",
    );
    assert_snapshot!(short(repository.root(), &["check", "-q"]), @r#"
    legacy/migrations: migrate-first: 1 new migration, 1 statement, all understood
    error[column_dropped]: column `t.b` is dropped
     --> services/billing/migrations/2_drop.sql:1:15
      |
    1 | ALTER TABLE t DROP COLUMN b;
      |               ^^^^^^^^^^^^^
      |
      = old-on-new: reads and writes of main@2e7d787 (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known)
      = why: statements of old code that name the column fail as soon as it is gone
      = help: ship a release that no longer uses it, and say so in its migcheck.toml (`[[retired]]`, `object = "t.b"`, `reason = "…"`); drop it once that release is the oldest one alive

    services/billing/migrations: code-first: 1 new migration, 1 statement, all understood; 1 error
    deploy the new code, wait until the old release is gone, then migrate (this project deploys migrate-first)
    services/orders/db: any-order: 1 new migration, 1 statement, all understood
    --- exit 1
    "#);
    let config = "[[project]]\nmigrations = \"legacy/migrations/inner\"\n";
    repository.write(
        "legacy/migrations/inner/1_t.sql",
        "CREATE TABLE t (a integer);\n",
    );
    repository.write("migcheck.toml", config);
    assert_snapshot!(short(repository.root(), &["check", "-q", "legacy"]), @"
    migcheck: legacy/migrations is not checked: a section of migcheck.toml names `legacy/migrations/inner` inside of it; name this folder in a section too, if it is a project
    migrate-first: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn plain_file_about_one_folder_says_nothing_of_the_other() {
    let mut repository = monorepo(
        "migrations = \"services/billing/migrations\"\n\
         [[retired]]\nobject = \"t.b\"\nreason = \"in billing\"\n",
    );
    let sections = "[[project]]\nmigrations = \"services/billing/migrations\"\n\
                    [[project]]\nmigrations = \"services/orders/db\"\n";
    repository.write("migcheck.toml", sections);
    assert_snapshot!(short(repository.root(), &["check", "--format", "gcc"]), @r#"
    migcheck: plain · postgres · services/billing/migrations/ (2, 1 new) · base main@9f59b35
    migcheck: plain · postgres · services/orders/db/ (2, 1 new) · base main@9f59b35
    services/orders/db/2_drop.sql:1:15: error: column `t.b` is dropped; old-on-new: reads and writes of main@9f59b35 (old code) fail on the new schema: 42703 column "b" of relation "t" does not exist (presumed: its queries are not known) [column_dropped]
    --- exit 1
    "#);
    repository.commit("two");
}

#[test]
fn project_that_is_new_has_nothing_of_the_others_before_it() {
    let mut repository = TestRepository::new();
    repository.write("a/migrations/1_t.sql", "CREATE TABLE t (a integer);\n");
    repository.write(
        "migcheck.toml",
        "[[project]]\nmigrations = \"a/migrations\"\n",
    );
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository.write("b/migrations/1_t.sql", "CREATE TABLE t (a integer);\n");
    assert_snapshot!(short(repository.root(), &["check"]), @"
    migcheck: plain · postgres · a/migrations/ (1, 0 new) · base main@24c6019
    migcheck: plain · postgres · b/migrations/ (1, 1 new) · base main@24c6019
    a/migrations: nothing new since main@24c6019
    b/migrations: migrate-first: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn pattern_names_several_folders_and_a_nearer_file_is_an_exception() {
    let mut repository = TestRepository::new();
    for service in ["a", "b", "c"] {
        let path = format!("services/{service}/db/1_t.sql");
        repository.write(&path, "CREATE TABLE t (a integer, b text);\n");
    }
    repository.write(
        "migcheck.toml",
        "[[project]]\nmigrations = \"services/*/db\"\nlayout = \"dbmate\"\ndeploy = \"offline\"\n",
    );
    repository.write(
        "services/c/migcheck.toml",
        "migrations = \"db\"\nlayout = \"sqlx\"\n",
    );
    let printed = short(repository.root(), &["check", "--print-config"]);
    let lines: Vec<&str> = printed
        .lines()
        .filter(|it| {
            [
                "# services",
                "# --",
                "[[project]]",
                "migrations",
                "layout",
                "deploy",
            ]
            .iter()
            .any(|start| it.starts_with(start))
        })
        .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    # --fail-on error  # default
    # ---- migcheck.toml ----
    # services/a/db/, the section at migcheck.toml:2
    [[project]]
    migrations = "services/a/db"              # migcheck.toml:2
    layout = "dbmate"                         # migcheck.toml:3
    deploy = "offline"                        # migcheck.toml:4
    # services/b/db/, the section at migcheck.toml:2
    [[project]]
    migrations = "services/b/db"              # migcheck.toml:2
    layout = "dbmate"                         # migcheck.toml:3
    deploy = "offline"                        # migcheck.toml:4
    # ---- services/c/migcheck.toml ----
    # services/c/db/, services/c/migcheck.toml is read
    migrations = "db"                         # services/c/migcheck.toml:1
    layout = "sqlx"                           # services/c/migcheck.toml:2
    deploy = "migrate-first"                  # default
    "#);
    repository.commit("one");
}

#[test]
fn what_is_wrong_with_a_section_is_said_at_its_place() {
    let repository = monorepo("");
    repository.write("docs/notes.md", "none");
    let said = |config: &str| {
        repository.write("migcheck.toml", config);
        short(repository.root(), &["check", "-q"])
    };
    let mut out = String::new();
    for config in [
        "[[project]]\nmigrations = \"services/biling/migrations\"\n",
        "[[project]]\nmigrations = \"services/orders/migrations\"\n",
        "[[project]]\nmigrations = \"docs\"\n",
        "[[project]]\nmigrations = \"services/*/nothing\"\n",
        "[[project]]\nmigrations = \"services/orders/db\"\n\n[[project]]\nmigrations = \"./services/orders/db/\"\n",
        "[[project]]\nmigrations = \"services/orders/db\"\n\n[[project]]\nmigrations = \"services/*/db\"\n",
        "[[project]]\nname = \"a\"\nmigrations = \"services/orders/db\"\n[[project]]\nname = \"a\"\nmigrations = \"x\"\n",
        "[[project]]\nname = \"a\"\n",
        "[[project]]\nmigrations = \"services/orders/db\"\ncode.evidnce = \"complete\"\n",
        "[[project]]\nmigrations = \"services/orders/db\"\ndialect = \"postgre\"\n",
        "[[project]]\nmigrations = \"services/orders/db\"\nrules.ignore = [\"column_droped\"]\n",
        "[[project]]\nmigrations = \"services/orders/db\"\n[[project.project]]\nmigrations = \"x\"\n",
        "[[projct]]\nmigrations = \"services/orders/db\"\n",
        "project = 3\n",
        "[project]\nmigrations = \"services/orders/db\"\n",
        "[[project]]\nmigrations = [\"a\"]\n",
        "[[project]]\nmigrations = \"../x\"\n",
        "[[project]]\nmigrations = \"services/orders/db\"\ncustom.files = \"*.sql\"\n",
    ] {
        out.push_str(&said(config));
    }
    assert_snapshot!(out, @"
    migcheck: migcheck.toml:2:14: there is no folder `services/biling/migrations`; did you mean `services/billing/migrations`?
    --- exit 2
    migcheck: migcheck.toml:2:14: there is no folder `services/orders/migrations`; did you mean `services/orders/db`?
    --- exit 2
    migcheck: migcheck.toml:2:14: no migrations in `docs`
    --- exit 2
    migcheck: migcheck.toml:2:14: no folder with files of SQL matches `services/*/nothing`
    --- exit 2
    migcheck: migcheck.toml:5:14: `services/orders/db` has a section already, at migcheck.toml:2
    --- exit 2
    migcheck: migcheck.toml:5:14: `services/orders/db` has a section already, at migcheck.toml:2
    --- exit 2
    migcheck: migcheck.toml:6:14: another section is called `a` already, at migcheck.toml:3
    --- exit 2
    migcheck: migcheck.toml:1:1: missing key `migrations`: the folder that the section is about
    --- exit 2
    migcheck: migcheck.toml:3:6: unknown key `evidnce`; did you mean `evidence`?
    --- exit 2
    migcheck: migcheck.toml:3:11: unknown dialect `postgre`; did you mean `postgres`?
    --- exit 2
    migcheck: migcheck.toml:3:17: unknown rule `column_droped`; did you mean `column_dropped`?
    --- exit 2
    migcheck: migcheck.toml:3:11: a section holds no sections: `project` stands at the top of the file
    --- exit 2
    migcheck: migcheck.toml:1:3: unknown key `projct`; did you mean `project`?
    --- exit 2
    migcheck: migcheck.toml:1:11: `project` in migcheck.toml is a list of sections, each under [[project]]
    --- exit 2
    migcheck: migcheck.toml:1:1: `project` in migcheck.toml is a list of sections, each under [[project]]
    --- exit 2
    migcheck: migcheck.toml:2:14: `migrations` of a section is a text: a folder, or a pattern of folders
    --- exit 2
    migcheck: migcheck.toml:2:14: `../x` leads out of the repository
    --- exit 2
    migcheck: migcheck.toml:3:1: missing key `name`
    --- exit 2
    ");
    repository.write("services/orders/migcheck.toml", "deploy = \"offline\"\n");
    let config = "[[project]]\nmigrations = \"services/orders/db\"\n";
    assert_snapshot!(said(config), @"
    migcheck: migcheck.toml:2:14: `services/orders/db` has a file of its own that is nearer, services/orders/migcheck.toml: say it in one of the two
    --- exit 2
    ");
}

#[test]
fn set_outranks_the_environment_which_outranks_the_file() {
    let repository = monorepo("dialect = \"postgres\"\nserver_version = \"12\"\n");
    let printed = |arguments: &[&str], key: &str| {
        let arguments = [&["check", "--print-config", "services/billing"], arguments].concat();
        let output = program(repository.root(), &arguments)
            .env("MIGCHECK_SERVER_VERSION", "13")
            .output()
            .expect("the program runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        let line = text
            .lines()
            .find(|it| it.trim_start_matches("# ").starts_with(key));
        line.unwrap_or(&text).to_owned()
    };
    assert_snapshot!(printed(&["--isolated"], "dialect"), @r#"dialect = "postgres"                      # assumed"#);
    assert_snapshot!(printed(&[], "server_version"), @r#"server_version = "13"                     # MIGCHECK_SERVER_VERSION"#);
    assert_snapshot!(printed(&["--set", "server_version=14"], "server_version"), @"server_version = 14                       # --set server_version=14");
    let both = ["--set", "server_version=14", "--server-version", "15"];
    assert_snapshot!(printed(&both, "server_version"), @r#"server_version = "15"                     # --server-version"#);
    assert_snapshot!(printed(&["--set", "rules.severity.column_added=off"], "column_added"), @r#"column_added = "off"                      # --set rules.severity.column_added=off"#);
    assert_snapshot!(printed(&["--set", "releases.live=[\"v1.*\"]"], "live"), @r#"live = ["v1.*"]                           # --set releases.live=["v1.*"]"#);
    assert_snapshot!(printed(&["--set", "releases.live=[]"], "live"), @"live = []                                 # --set releases.live=[]");
    assert_snapshot!(printed(&["--set", "placeholders.a.b=x"], "a"), @"migcheck: --set placeholders.a.b=x: invalid type: map, expected a string");
}

#[test]
fn what_is_wrong_with_a_setting_names_the_option_or_the_variable() {
    let repository = monorepo("");
    let mut out = String::new();
    for set in [
        "code.evidnce=complete",
        "code.evidence=compleet",
        "rules.severity.column_aded=off",
        "rules.ignore=[\"column_aded\"]",
        "releases.live=v1",
        "releases.live=[\"v1\"",
        "deploy",
        "a b=3",
        "project=[]",
        "server_version=10.10",
        "phased.post_deploy=[\"b[\"]",
    ] {
        out.push_str(&short(
            repository.root(),
            &["check", "-q", "services/billing", "--set", set],
        ));
    }
    let output = program(repository.root(), &["check", "services/billing"])
        .env("MIGCHECK_DIALECT", "postgre")
        .output()
        .expect("the program runs");
    out.push_str(&String::from_utf8(output.stderr).expect("it is UTF-8"));
    assert_snapshot!(out, @r#"
    migcheck: --set code.evidnce=complete: unknown key `evidnce`; did you mean `evidence`?
    --- exit 2
    migcheck: --set code.evidence=compleet: unknown evidence `compleet`; did you mean `complete`?
    --- exit 2
    migcheck: --set rules.severity.column_aded=off: unknown rule `column_aded`; did you mean `column_added`?
    --- exit 2
    migcheck: --set rules.ignore=["column_aded"]: unknown rule `column_aded`; did you mean `column_added`?
    --- exit 2
    migcheck: --set releases.live=v1: invalid type: string "v1", expected a sequence
    --- exit 2
    error: invalid value 'releases.live=["v1"' for '--set <KEY=VALUE>': the value is no TOML: unclosed array, expected `]`

    For more information, try '--help'.
    --- exit 2
    error: invalid value 'deploy' for '--set <KEY=VALUE>': a setting is given as KEY=VALUE

    For more information, try '--help'.
    --- exit 2
    error: invalid value 'a b=3' for '--set <KEY=VALUE>': `a b` is no key such as code.evidence

    For more information, try '--help'.
    --- exit 2
    error: invalid value 'project=[]' for '--set <KEY=VALUE>': sections stand in migcheck.toml; `--project NAME` chooses one, and a setting is for the projects that are chosen

    For more information, try '--help'.
    --- exit 2
    migcheck: --set server_version=10.10: a version is written as text, such as "16" or "10.11"
    --- exit 2
    migcheck: --set phased.post_deploy=["b["]: pattern `b[`: unclosed character class; missing ']'
    --- exit 2
    migcheck: MIGCHECK_DIALECT: unknown dialect `postgre`; did you mean `postgres`?
    "#);
    // A variable that is outranked is not read.
    let output = program(
        repository.root(),
        &["check", "services/billing", "--set", "dialect=postgres"],
    )
    .env("MIGCHECK_DIALECT", "postgre")
    .output()
    .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn set_is_said_of_every_release_save_what_it_has_retired() {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", "layout = \"sqlx\"\n");
    repository.write(
        "migrations/1_t.sql",
        "CREATE TABLE t (a integer, b text);\n",
    );
    repository.write(
        "q.go",
        "package q\nconst q = \"SELECT a FROM t\"\nvar b = 1\n",
    );
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository.write("migrations/2_drop.sql", "ALTER TABLE t DROP COLUMN b;\n");
    let judged = |arguments: &[&str]| {
        let said = short(
            repository.root(),
            &[&["check", "-q", "--format", "gcc"], arguments].concat(),
        );
        said.lines()
            .map(|it| it.split(';').next().unwrap_or(it).to_owned() + "\n")
            .collect::<String>()
    };
    assert_snapshot!(judged(&[]), @"
    migrations/2_drop.sql:1:15: error: column `t.b` is dropped
    --- exit 1
    ");
    // The old release's own evidence counts, so it is said of that too.
    assert_snapshot!(judged(&["--set", "code.evidence=complete"]), @"
    migrations/2_drop.sql:1:15: warning: column `t.b` is dropped
    --- exit 0
    ");
    let retired = ["--set", "retired=[{object=\"t.b\", reason=\"typed\"}]"];
    assert_snapshot!(judged(&retired), @"
    migrations/2_drop.sql:1:15: error: column `t.b` is dropped
    --- exit 1
    ");
    repository.commit("two");
}

#[test]
fn settings_of_several_databases_are_one_file_again() {
    let config = SECTIONS.to_owned()
        + "\n[placeholders]\n\"a b\" = \"x'y\\\"z\\n\"\n"
        + "[[allow]]\nmigration = \"2\"\nrule = \"column_dropped\"\nobject = \"t.b\"\nreason = \"agreed\"\n"
        + "[[consumer]]\nname = \"reports\"\nqueries = [\"reports/*.sql\"]\n";
    let repository = monorepo(&config);
    let root = repository.root();
    let text = short(
        root,
        &[
            "check",
            "--print-config",
            "--set",
            "rules.ignore=[\"view_dropped\"]",
            "--ignore",
            "trigger_added",
        ],
    );
    let text = text.trim_end().trim_end_matches("--- exit 0");
    assert_snapshot!(text, @r#"
    # --fail-on error  # default

    # services/billing/migrations/, the section at migcheck.toml:15
    [[project]]
    name = "billing"                          # migcheck.toml:14
    migrations = "services/billing/migrations"  # migcheck.toml:15
    layout = "plain"                          # names that begin with a number
    dialect = "postgres"                      # assumed
    # server_version                          # not known
    # schema_file                             # none
    deploy = "migrate-first"                  # migcheck.toml:16
    # transaction                             # that of the layout
    # unit                                    # that of the layout

    [project.placeholders]
    "a b" = "x'y\"z\n"                        # migcheck.toml:31

    # [project.custom]                        # for the layout `custom` only

    [project.history]
    # table                                   # that of the layout

    [project.phased]
    # post_deploy                             # none

    [project.releases]
    # live                                    # the base

    [project.code]
    # queries                                 # found by themselves
    # exclude                                 # none
    literals = true                           # default
    search_path = ["app", "public"]           # migcheck.toml:4
    # role                                    # nobody in particular
    # prepared                                # not known, as "none"
    evidence = "partial"                      # default
    reflection = false                        # default

    [project.rules]
    # select                                  # all
    ignore = ["view_dropped", "trigger_added"]  # --set rules.ignore=["view_dropped"], --ignore
    unknown = "warning"                       # default

    [project.rules.severity]
    column_added = "warning"                  # migcheck.toml:17
    table_added = "off"                       # migcheck.toml:7

    [[project.consumer]]                      # migcheck.toml:37
    name = "reports"
    queries = ["reports/*.sql"]

    [[project.retired]]                       # migcheck.toml:9
    object = "old.thing"
    reason = "for all"

    [[project.allow]]                         # migcheck.toml:32
    migration = "2"
    object = "t.b"
    reason = "agreed"
    rule = "column_dropped"

    # services/orders/db/, the section at migcheck.toml:21
    [[project]]
    name = "orders"                           # migcheck.toml:20
    migrations = "services/orders/db"         # migcheck.toml:21
    layout = "sqlx"                           # migcheck.toml:22
    dialect = "postgres"                      # assumed
    # server_version                          # not known
    # schema_file                             # none
    deploy = "offline"                        # migcheck.toml:1
    # transaction                             # that of the layout
    # unit                                    # that of the layout

    [project.placeholders]
    "a b" = "x'y\"z\n"                        # migcheck.toml:31

    # [project.custom]                        # for the layout `custom` only

    [project.history]
    # table                                   # that of the layout

    [project.phased]
    # post_deploy                             # none

    [project.releases]
    # live                                    # the base

    [project.code]
    # queries                                 # found by themselves
    # exclude                                 # none
    literals = true                           # default
    search_path = ["orders"]                  # migcheck.toml:24
    # role                                    # nobody in particular
    # prepared                                # not known, as "none"
    evidence = "complete"                     # migcheck.toml:23
    reflection = false                        # default

    [project.rules]
    # select                                  # all
    ignore = ["view_dropped", "trigger_added"]  # --set rules.ignore=["view_dropped"], --ignore
    unknown = "warning"                       # default

    [project.rules.severity]
    table_added = "off"                       # migcheck.toml:7

    [[project.consumer]]                      # migcheck.toml:37
    name = "reports"
    queries = ["reports/*.sql"]

    [[project.retired]]                       # migcheck.toml:9
    object = "old.thing"
    reason = "for all"

    [[project.retired]]                       # migcheck.toml:26
    object = "t.b"
    reason = "nothing names it since v3"

    [[project.allow]]                         # migcheck.toml:32
    migration = "2"
    object = "t.b"
    reason = "agreed"
    rule = "column_dropped"
    "#);
    repository.write("migcheck.toml", text);
    let values = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|it| it.split("  #").next().unwrap_or(it));
        let said = lines.map(|it| it.trim_end().to_owned());
        said.filter(|it| !it.starts_with("# services") && !it.starts_with("---") && !it.is_empty())
            .collect()
    };
    let again = short(root, &["check", "--print-config"]);
    assert_eq!(values(&again), values(text));
}

#[test]
fn settings_are_those_of_what_is_judged() {
    let repository = monorepo("deploy = \"offline\"\n");
    let root = repository.root();
    repository.git(&["add", "."]);
    repository.write("migcheck.toml", "deploy = \"phased\"\n");
    let deploy = |arguments: &[&str]| {
        let arguments = [&["check", "--print-config", "services/billing"], arguments].concat();
        let said = short(root, &arguments);
        let line = said.lines().find(|it| it.starts_with("deploy"));
        line.unwrap_or(&said).to_owned()
    };
    assert_snapshot!(deploy(&[]), @r#"deploy = "phased"                         # migcheck.toml:1"#);
    assert_snapshot!(deploy(&["--staged"]), @r#"deploy = "offline"                        # migcheck.toml:1"#);
    assert_snapshot!(deploy(&["--isolated"]), @r#"deploy = "migrate-first"                  # default"#);
    repository.write("ci/gate.toml", "deploy = \"concurrent\"\n");
    assert_snapshot!(deploy(&["--config", "ci/gate.toml"]), @r#"deploy = "concurrent"                     # ci/gate.toml:1"#);
    assert_snapshot!(deploy(&["--config", "ci/gate.toml", "--deploy", "code-first"]), @r#"deploy = "code-first"                     # --deploy"#);
    let typed = [
        "check",
        "-",
        "--print-config",
        "--stdin-filename",
        "services/billing/migrations/3_x.sql",
    ];
    let output = program(root, &typed)
        .stdin(std::process::Stdio::null())
        .output();
    let said = String::from_utf8(output.expect("the program runs").stdout).expect("UTF-8");
    let headings: Vec<&str> = said.lines().filter(|it| it.contains("/, ")).collect();
    assert_eq!(
        headings,
        ["# services/billing/migrations/, migcheck.toml is read"]
    );
}

#[test]
fn folder_that_was_renamed_is_known_by_its_name() {
    let mut repository = TestRepository::new();
    let section = |folder: &str| format!("[[project]]\nname = \"a\"\nmigrations = \"{folder}\"\n");
    let table = "CREATE TABLE t (a integer, b text);\n";
    repository.write("old/db/1_t.sql", table);
    let retired = "[[project.retired]]\nobject = \"t.b\"\nreason = \"r\"\n";
    repository.write("migcheck.toml", section("old/db") + retired);
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    std::fs::remove_dir_all(repository.root().join("old")).expect("it can be removed");
    repository.write("new/db/1_t.sql", table);
    repository.write("new/db/2_d.sql", "ALTER TABLE t DROP COLUMN b;\n");
    repository.write("migcheck.toml", section("new/db"));
    assert_snapshot!(short(repository.root(), &["check"]), @"
    migcheck: plain · postgres · new/db/ (2, 1 new) · base main@ee77998
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

/// The release is compared with its own migrations, not with the none of a folder that it misspelt.
#[test]
fn folder_that_the_base_misspelt_is_the_one_of_head() {
    let repository = monorepo(&SECTIONS.replace("services/orders/db", "services/orders/dbs"));
    repository.write("migcheck.toml", SECTIONS);
    assert_snapshot!(short(repository.root(), &["check", "--project", "orders"]), @"
    migcheck: sqlx · postgres · services/orders/db/ (2, 1 new) · base main@569d07b · deploy offline
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
}

#[test]
fn old_configuration_without_git_has_sections_too() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("a/db/1_t.sql", "CREATE TABLE t (a integer, b text);\n");
    write("a/db/2_d.sql", "ALTER TABLE t DROP COLUMN b;\n");
    let section = "[[project]]\nmigrations = \"a/db\"\n";
    write("migcheck.toml", section);
    let retired = "[[project.retired]]\nobject = \"t.b\"\nreason = \"r\"\n";
    write("before/old.toml", &format!("{section}{retired}"));
    let since = ["check", "-q", "--since", "1"];
    let with = [&since[..], &["--old-config", "before/old.toml"]].concat();
    assert_snapshot!(short(folder.path(), &with), @"
    any-order: 1 new migration, 1 statement, all understood
    --- exit 0
    ");
    assert!(short(folder.path(), &since).contains("exit 1"));
}

#[test]
fn what_is_chosen_does_not_change_what_is_found() {
    let mut repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "[[project]]\nname = \"a\"\nmigrations = \"a/db\"\n\
         [[project]]\nname = \"b\"\nmigrations = \"b/db\"\n",
    );
    let table = "CREATE TABLE t (a integer, nickname text);\n";
    repository.write("a/db/1_t.sql", table);
    repository.write("b/db/1_t.sql", table);
    repository.write("a/q.go", "package q\nconst q = \"SELECT a FROM t\"\n");
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository.write("a/db/2_d.sql", "ALTER TABLE t DROP COLUMN nickname;\n");
    let found = |arguments: &[&str]| {
        let arguments = [&["check", "-q", "--format", "gcc"], arguments].concat();
        short(repository.root(), &arguments)
    };
    // The name stands in the other project's migrations, which are nobody's code.
    let all = found(&[]);
    assert!(
        all.contains("warning: column `t.nickname` is dropped"),
        "{all}"
    );
    assert_eq!(found(&["--project", "a"]), all);
    assert_eq!(found(&["a"]), all);
}
