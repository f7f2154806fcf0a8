//! What known queries make of a change: proven, possible, unused.

use migcheck::report::ProjectReport;

use crate::cli::migcheck;
use crate::support::TestRepository;
use crate::world::{State, judge, verdict};

const USERS: &str =
    "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, nickname text);
CREATE TABLE teams (id integer PRIMARY KEY, nickname text);";

const COMPLETE: &str = "[code]\nevidence = \"complete\"\n";

/// Judges one migration after `before`, with the old release's queries and head's.
fn change(before: &str, migration: &str, old: &str, new: &str, config: &str) -> ProjectReport {
    let base = State::of(&[before]);
    let head = base.clone().and(migration);
    let with = |state: State, queries: &str| match queries {
        "" => state,
        queries => state.path("queries/all.sql", queries),
    };
    let base = with(base, old).config(config);
    judge(&[("old", &base)], &with(head, new).config(config))
}

/// The findings with what is known of each break: who, how sure, which error, which queries.
fn shown(report: &ProjectReport) -> String {
    let mut out = Vec::new();
    for finding in &report.findings {
        let mut line = format!(
            "{} {} {}",
            finding.severity.as_str(),
            finding.rule,
            finding.object
        );
        for it in &finding.breaks {
            let uses = it.uses.iter().flatten();
            let names: Vec<&str> = uses.map(|it| it.name.as_deref().unwrap_or("?")).collect();
            line.push_str(&format!(
                "; {} {} {} [{}]{}",
                it.pair.as_str(),
                it.evidence.as_str(),
                it.error.as_ref().map_or("-", |it| it.code),
                names.join(", "),
                it.unused
                    .map_or_else(String::new, |it| format!(" {}", it.as_str()))
            ));
        }
        out.push(line);
    }
    out.sort();
    out.join("\n")
}

#[test]
fn a_query_that_names_the_dropped_column_proves_the_break() {
    let report = change(
        USERS,
        "ALTER TABLE users DROP COLUMN nickname;",
        "-- name: get_user :one\nSELECT u.nickname FROM users u WHERE id = $1;\n\
         -- name: get_team :one\nSELECT nickname FROM teams WHERE id = $1;",
        "-- name: get_team :one\nSELECT nickname FROM teams WHERE id = $1;",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"error column_dropped users.nickname; old-on-new proven 42703 [get_user]");
    let error = report.findings[0].breaks[0].error.clone().unwrap();
    assert_eq!(error.message, "column u.nickname does not exist");
    let uses = report.findings[0].breaks[0].uses.clone().unwrap();
    assert_eq!(
        (uses[0].file.as_str(), uses[0].line),
        ("queries/all.sql", 2)
    );
}

#[test]
fn queries_of_one_cause_are_one_finding() {
    let report = change(
        USERS,
        "ALTER TABLE users RENAME COLUMN nickname TO alias;",
        "-- name: a :one\nSELECT nickname FROM users;\n-- name: b :exec\nUPDATE users SET nickname = $1;\n\
         -- name: c :one\nSELECT name FROM users;",
        "",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"error column_renamed users.nickname; old-on-new proven 42703 [a, b]; new-on-old presumed 42703 []");
}

#[test]
fn finding_queries_alone_does_not_open_the_gate() {
    let report = change(
        USERS,
        "ALTER TABLE users DROP COLUMN nickname;",
        "-- name: get_user :one\nSELECT name FROM users;",
        "",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"error column_dropped users.nickname; old-on-new presumed 42703 []");
}

#[test]
fn complete_evidence_lets_pass_what_no_query_uses() {
    let query = "-- name: get_user :one\nSELECT name FROM users;";
    let drop = "ALTER TABLE users DROP COLUMN nickname;";
    let report = change(USERS, drop, query, query, COMPLETE);
    insta::assert_snapshot!(shown(&report), @"warning column_dropped users.nickname; old-on-new presumed 42703 [] no-query");
    assert_eq!(verdict(&report), "any-order");
}

#[test]
fn a_query_that_fails_uses_all_that_it_names() {
    let query = "-- name: get_user :one\nSELECT name, nickname FROM users;";
    let other = "-- name: get_user :one\nSELECT id FROM users;";
    let drop = "ALTER TABLE users DROP COLUMN nickname; ALTER TABLE users DROP COLUMN name;";
    let report = change(USERS, drop, query, other, COMPLETE);
    let errors = report
        .findings
        .iter()
        .filter(|it| it.severity.as_str() == "error");
    assert_eq!(errors.count(), 2, "{}", shown(&report));
}

#[test]
fn a_text_that_was_not_read_uses_every_name_in_it() {
    let report = change(
        USERS,
        "ALTER TABLE users DROP COLUMN nickname;",
        "-- name: get_user :one\nSELECT name FROM users;\n\
         -- name: odd :one\nSELECT FROM FROM users.nickname WHERE;",
        "",
        COMPLETE,
    );
    insta::assert_snapshot!(shown(&report), @"error column_dropped users.nickname; old-on-new presumed 42703 []");
}

#[test]
fn an_insert_that_leaves_out_a_newly_required_column_is_proven() {
    let add = "ALTER TABLE users ADD COLUMN tenant integer NOT NULL;";
    let insert = "-- name: add_user :exec\nINSERT INTO users (id, name) VALUES ($1, $2);";
    let report = change(USERS, add, insert, "", "");
    insta::assert_snapshot!(shown(&report), @"error column_added_required users.tenant; old-on-new proven 23502 [add_user]; new-on-old presumed 42703 []");
    let read = "-- name: get_user :one\nSELECT name FROM users;";
    let report = change(USERS, add, read, read, COMPLETE);
    insta::assert_snapshot!(shown(&report), @"warning column_added_required users.tenant; old-on-new presumed 23502 [] no-query; new-on-old presumed 42703 [] no-query");
}

#[test]
fn with_complete_evidence_only_known_queries_write_null() {
    let set = "UPDATE users SET nickname = 'x' WHERE nickname IS NULL;\n\
               ALTER TABLE users ALTER COLUMN nickname SET NOT NULL;";
    let shown_with = |values: &str| {
        let insert = format!(
            "-- name: add :exec\nINSERT INTO users (id, name, nickname) VALUES {values};\n"
        );
        let report = change(USERS, set, &insert, &insert, COMPLETE);
        let all = shown(&report);
        let said: Vec<&str> = all
            .lines()
            .filter(|it| it.contains("set_not_null"))
            .collect();
        said.join("\n")
    };
    insta::assert_snapshot!(shown_with("($1, $2, coalesce($3, 'new'))"), @"warning column_set_not_null users.nickname; old-on-new presumed 23502 [] no-query");
    insta::assert_snapshot!(shown_with("($1, $2, 'new')"), @"warning column_set_not_null users.nickname; old-on-new presumed 23502 [] no-query");
    insta::assert_snapshot!(shown_with("(1, $2, 'new'), (2, $2, coalesce($3, 'new'))"), @"warning column_set_not_null users.nickname; old-on-new presumed 23502 [] no-query");
    insta::assert_snapshot!(shown_with("($1, $2, $3)"), @"error column_set_not_null users.nickname; old-on-new possible 23502 [add]");
    insta::assert_snapshot!(shown_with("($1, $2, NULL)"), @"error column_set_not_null users.nickname; old-on-new proven 23502 [add]; new-on-old proven 23502 [add]");
    insta::assert_snapshot!(shown_with("($1, $2, DEFAULT)"), @"error column_set_not_null users.nickname; old-on-new proven 23502 [add]; new-on-old proven 23502 [add]");
    insta::assert_snapshot!(shown_with("($1, $2, nullif($3, ''))"), @"error column_set_not_null users.nickname; old-on-new possible 23502 [add]");
}

#[test]
fn head_may_fail_where_a_trigger_names_the_dropped_column_in_a_branch() {
    let with = |body: &str| {
        let before = format!(
            "{USERS}
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;
CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();"
        );
        let insert = "-- name: add_user :exec\nINSERT INTO users (id, name) VALUES ($1, $2);";
        let drop = "ALTER TABLE users DROP COLUMN nickname;";
        let report = change(&before, drop, insert, insert, "");
        format!("{}\n{}", verdict(&report), shown(&report))
    };
    insta::assert_snapshot!(with("NEW.nickname := 'x';"), @r"
    broken
    error column_dropped users.nickname; old-on-new proven 42703 [add_user]; new-on-old proven 42703 [add_user]
    ");
    insta::assert_snapshot!(with("IF NEW.id > 5 THEN NEW.nickname := 'x'; END IF;"), @r"
    code-first
    error column_dropped users.nickname; old-on-new possible 42703 [add_user]; new-on-old possible 42703 [add_user]
    ");
    insta::assert_snapshot!(with("NEW.name := 'x';"), @r"
    code-first
    error column_dropped users.nickname; old-on-new presumed 42703 []
    ");
}

#[test]
fn a_trigger_may_fill_what_an_insert_leaves_out() {
    let before = format!(
        "{USERS}
        CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fill();"
    );
    let report = change(
        &before,
        "ALTER TABLE users ADD COLUMN tenant integer NOT NULL;",
        "-- name: add_user :exec\nINSERT INTO users (id, name) VALUES ($1, $2);",
        "",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"warning column_added_required users.tenant; old-on-new possible 23502 [add_user]; new-on-old presumed 42703 []");
}

#[test]
fn an_upsert_without_its_index_is_proven() {
    let report = change(
        "CREATE TABLE users (id integer PRIMARY KEY, email text);\n\
         CREATE UNIQUE INDEX users_email ON users (email);",
        "DROP INDEX users_email;",
        "-- name: save :exec\nINSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING;",
        "",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"error unique_key_dropped users.users_email; old-on-new proven 42P10 [save]");
}

#[test]
fn a_literal_that_a_list_of_values_refuses_is_proven_and_a_parameter_is_possible() {
    let before = "CREATE TABLE jobs (id integer PRIMARY KEY, state text CONSTRAINT known CHECK (state IN ('new', 'old', 'gone')));";
    let narrow = "ALTER TABLE jobs DROP CONSTRAINT known;
        ALTER TABLE jobs ADD CONSTRAINT known CHECK (state IN ('new', 'old'));";
    let literal = "-- name: end :exec\nUPDATE jobs SET state = 'gone' WHERE id = $1;";
    let report = change(before, narrow, literal, "", "");
    insta::assert_snapshot!(shown(&report), @"error value_list_changed jobs.state; old-on-new proven 23514 [end]");
    let check = "ALTER TABLE jobs ADD CONSTRAINT short CHECK (length(state) < 9);";
    let parameter = "-- name: set_state :exec\nUPDATE jobs SET state = $1 WHERE id = $2;";
    let report = change(before, check, parameter, "", "");
    insta::assert_snapshot!(shown(&report), @"warning constraint_added jobs.short; old-on-new possible 23514 [set_state]");
}

#[test]
fn a_new_value_that_head_writes_and_old_code_reads_is_an_error_and_enters_no_verdict() {
    let before = "CREATE TYPE state AS ENUM ('new'); CREATE TABLE jobs (id integer, state state);";
    let add = "ALTER TYPE state ADD VALUE 'done';";
    let old = "-- name: all_jobs :many\nSELECT id, state FROM jobs;";
    let with = |query: &str| change(before, add, old, &format!("{old}\n{query}"), "");
    let literal = with("-- name: end :exec\nUPDATE jobs SET state = 'done' WHERE id = $1;");
    assert_eq!(verdict(&literal), "migrate-first");
    insta::assert_snapshot!(shown(&literal), @"error enum_label_added state.done; new-on-old proven 22P02 [end]; old-reads-new-data proven - [all_jobs]");
    let parameter = with("-- name: set :exec\nUPDATE jobs SET state = $2 WHERE id = $1;");
    let said = shown(&parameter);
    assert!(said.starts_with("warning"), "{said}");
    assert!(
        said.ends_with("old-reads-new-data possible - [all_jobs]"),
        "{said}"
    );
    let other = with("-- name: set :exec\nUPDATE jobs SET state = 'new' WHERE id = $1;");
    assert!(shown(&other).starts_with("note"), "{}", shown(&other));
}

#[test]
fn another_shape_of_a_result_is_a_note_and_a_warning_where_statements_are_kept() {
    let query = "-- name: all_users :many\nSELECT * FROM users;";
    let add = "ALTER TABLE users ADD COLUMN age integer;";
    let report = change(USERS, add, query, query, "");
    insta::assert_snapshot!(shown(&report), @"note result_reshaped users; old-on-new possible - [all_users]");
    let report = change(USERS, add, query, query, "[code]\nprepared = \"cached\"\n");
    insta::assert_snapshot!(shown(&report), @"warning result_reshaped users; old-on-new possible 0A000 [all_users]");
}

#[test]
fn head_needs_what_its_queries_name_and_nothing_else_where_they_are_all_known() {
    let add = "ALTER TABLE users ADD COLUMN age integer;";
    let old = "-- name: get_user :one\nSELECT name FROM users;";
    let new = "-- name: get_user :one\nSELECT name, age FROM users;";
    let report = change(USERS, add, old, new, COMPLETE);
    assert_eq!(verdict(&report), "migrate-first");
    assert_eq!(report.releases[1].requires_schema.as_deref(), Some("2"));
    let report = change(USERS, add, old, old, COMPLETE);
    assert_eq!(verdict(&report), "any-order");
    assert_eq!(report.releases[1].requires_schema.as_deref(), Some("1"));
    let code_first = format!("deploy = \"code-first\"\n{COMPLETE}");
    let report = change(USERS, add, old, new, &code_first);
    insta::assert_snapshot!(shown(&report), @"error column_added users.age; new-on-old proven 42703 [get_user]");
}

#[test]
fn head_that_breaks_its_own_query_is_broken() {
    let query = "-- name: get_user :one\nSELECT nickname FROM users;";
    let report = change(
        USERS,
        "ALTER TABLE users DROP COLUMN nickname;",
        query,
        query,
        "",
    );
    insta::assert_snapshot!(shown(&report), @"error column_dropped users.nickname; old-on-new proven 42703 [get_user]; new-on-old proven 42703 [get_user]");
    assert_eq!(verdict(&report), "broken");
}

#[test]
fn a_false_retirement_stays_a_proven_break() {
    let retired =
        "[[retired]]\nobject = \"users.nickname\"\naccess = \"both\"\nreason = \"unused\"\n";
    let report = change(
        USERS,
        "ALTER TABLE users DROP COLUMN nickname;",
        "-- name: get_user :one\nSELECT nickname FROM users;",
        "",
        retired,
    );
    insta::assert_snapshot!(shown(&report), @"error column_dropped users.nickname; old-on-new proven 42703 [get_user]");
}

#[test]
fn a_view_under_the_old_name_keeps_old_queries_working() {
    let rename = "ALTER TABLE users RENAME TO members;
        CREATE VIEW users AS SELECT id, name, nickname FROM members;";
    let old = "-- name: get_user :one\nSELECT nickname FROM users WHERE id = $1;\n\
         -- name: add_user :exec\nINSERT INTO users (id, name) VALUES ($1, $2);";
    let new = "-- name: get_user :one\nSELECT nickname FROM members WHERE id = $1;";
    let report = change(USERS, rename, old, new, COMPLETE);
    assert_eq!(verdict(&report), "migrate-first", "{}", shown(&report));
    let by_key = "-- name: save :exec\nINSERT INTO users (id, name) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT users_pkey DO NOTHING;";
    let report = change(USERS, rename, by_key, new, COMPLETE);
    let proven = shown(&report);
    assert!(
        proven.contains("old-on-new proven 42704 [save]"),
        "{proven}"
    );
}

#[test]
fn a_body_that_names_the_column_breaks_the_query_that_calls_it() {
    let before = format!(
        "{USERS}
        CREATE FUNCTION nick(integer) RETURNS text LANGUAGE sql AS $$ SELECT nickname FROM users WHERE id = $1 $$;"
    );
    let report = change(
        &before,
        "ALTER TABLE users DROP COLUMN nickname;",
        "-- name: nick :one\nSELECT nick($1);",
        "",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"error column_dropped users.nickname; old-on-new proven 42703 [nick]");
}

#[test]
fn a_new_query_that_works_nowhere_is_a_warning_in_its_file() {
    let report = change(
        USERS,
        "ALTER TABLE teams ADD COLUMN age integer;",
        "-- name: get_user :one\nSELECT name FROM users;",
        "-- name: get_user :one\nSELECT name FROM users;\n-- name: odd :one\nSELECT nmae FROM users;",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"warning query_fails odd");
    let finding = &report.findings[0];
    let file = &report.files[finding.migration];
    assert_eq!(file.path.as_ref(), "queries/all.sql");
    assert_eq!(
        finding.span.unwrap().of(&file.text),
        "SELECT nmae FROM users;"
    );
    assert_eq!(
        finding.message,
        "a new query of head fails: 42703 column \"nmae\" does not exist"
    );
}

#[test]
fn a_query_that_fails_by_itself_accuses_nobody() {
    let report = change(
        USERS,
        "ALTER TABLE teams ADD COLUMN age integer;",
        "-- name: odd :one\nSELECT missing FROM users;",
        "-- name: odd :one\nSELECT missing FROM users;",
        "",
    );
    insta::assert_snapshot!(shown(&report), @"");
    assert_eq!(report.releases[0].queries.unwrap().not_understood, 1);
    let said = "queries/all.sql:2 odd of old: the query fails on its own schema: 42703 column \"missing\" does not exist";
    assert!(
        report.notices.iter().any(|it| it == said),
        "{:?}",
        report.notices
    );
}

/// A repository with a migration, a source file that sends a query, and a new migration.
fn repository(source: &str, migration: &str) -> TestRepository {
    let repository = TestRepository::new();
    let mut repository = repository;
    repository.write("migrations/1_users.sql", USERS);
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write("src/users.go", source);
    repository.commit("base");
    repository.write("migrations/2_change.sql", migration);
    repository
}

const SOURCE: &str = "package users\n\nconst get = `SELECT name FROM users WHERE id = $1`\n";

#[test]
fn a_name_that_occurs_nowhere_in_the_release_is_a_warning() {
    let drop = "ALTER TABLE users DROP COLUMN nickname;\n";
    let unused = repository(SOURCE, drop);
    insta::assert_snapshot!(migcheck(unused.root(), &["check", "--base", "HEAD"]));
    let named = format!("{SOURCE}\n// The nickName is shown elsewhere; see NICKNAME.\n");
    let named = repository(&named, drop);
    insta::assert_snapshot!(migcheck(named.root(), &["check", "--base", "HEAD"]));
}

#[test]
fn what_is_said_to_migcheck_is_no_use() {
    let config = "layout = \"sqlx\"\ndialect = \"postgres\"\n";
    let mut unused = repository(SOURCE, "");
    let migration = unused.root().join("migrations/2_change.sql");
    std::fs::remove_file(&migration).unwrap();
    unused.write("q.sql", "SELECT nickname FROM users;\n");
    let contract = ["contract", "--queries", "q.sql", "-o", "needs.toml"];
    let written = migcheck(unused.root(), &contract);
    assert!(written.contains("--- exit 0"), "{written}");
    std::fs::remove_file(unused.root().join("q.sql")).unwrap();
    unused.write(
        "migcheck.toml",
        format!("{config}# [[retired]]\n# object = \"users.nickname\"\n"),
    );
    unused.write(
        "migcheck-baseline.toml",
        "baseline = 1\nwritten_by = \"0.1.0\"\n# users.nickname\n",
    );
    unused.write(".pre-commit-config.yaml", "repos: [] # nickname\n");
    unused.commit("settings");
    let drop = "ALTER TABLE users DROP COLUMN nickname;\n";
    unused.write("migrations/2_change.sql", drop);
    let check = |repository: &TestRepository, extra: &[&str]| {
        let arguments = [&["check", "--base", "HEAD", "-q", "--format", "gcc"], extra].concat();
        migcheck(repository.root(), &arguments)
    };
    let said = check(&unused, &[]);
    assert!(said.contains("warning: column `users.nickname`"), "{said}");
    // Other settings are the project's, until they are those of a check.
    std::fs::remove_file(&migration).unwrap();
    unused.write("ops/checks", format!("{config}# nickname\n"));
    unused.commit("more settings");
    unused.write("migrations/2_change.sql", drop);
    let said = check(&unused, &["--config", "ops/checks"]);
    assert!(said.contains("warning: column `users.nickname`"), "{said}");
    let said = check(&unused, &[]);
    assert!(said.contains("error: column `users.nickname`"), "{said}");
}

#[test]
fn a_query_in_a_literal_is_shown_with_its_place() {
    let drop = "ALTER TABLE users DROP COLUMN name;\n";
    let used = repository(SOURCE, drop);
    insta::assert_snapshot!(migcheck(used.root(), &["check", "--base", "HEAD"]));
}

#[test]
fn explain_tells_the_life_of_a_column_and_who_uses_it() {
    let change = "ALTER TABLE users ALTER COLUMN name TYPE varchar(40);\n";
    let used = repository(SOURCE, change);
    insta::assert_snapshot!(migcheck(used.root(), &["explain", "users.name"]));
    insta::assert_snapshot!(migcheck(used.root(), &["explain", "object:teams.nickname"]));
    insta::assert_snapshot!(migcheck(used.root(), &["explain", "users.nmae"]));
}

#[test]
fn explain_says_when_nothing_uses_a_column() {
    let config = "layout = \"sqlx\"\ndialect = \"postgres\"\n[code]\nevidence = \"complete\"\n";
    let repository = repository(SOURCE, "SELECT 1;\n");
    repository.write("migcheck.toml", config);
    let shown = migcheck(repository.root(), &["explain", "users.nickname"]);
    assert!(
        shown.contains("it can be dropped now: no release that may run uses it"),
        "{shown}"
    );
}

#[test]
fn a_consumer_is_judged_with_its_own_queries_alone() {
    let mut repository = TestRepository::new();
    repository.write("migrations/1_users.sql", USERS);
    repository.write(
        "reports/all.sql",
        "SELECT count(*) FROM users WHERE nickname IS NOT NULL;\n",
    );
    repository.commit("base");
    repository.git(&["tag", "v1"]);
    repository.write("reports/all.sql", "SELECT count(*) FROM users;\n");
    repository.commit("newer reports");
    let config = "layout = \"sqlx\"\ndialect = \"postgres\"\n[[retired]]\nobject = \"users.nickname\"\naccess = \"both\"\nreason = \"unused\"\n";
    let consumer = "[[consumer]]\nname = \"reports\"\nqueries = [\"reports/*.sql\"]\n";
    repository.write("migcheck.toml", format!("{config}{consumer}"));
    repository.commit("retired");
    repository.write(
        "migrations/2_drop.sql",
        "ALTER TABLE users DROP COLUMN nickname;\n",
    );
    let now = migcheck(repository.root(), &["check", "--base", "HEAD", "-q"]);
    assert!(now.contains("--- exit 0"), "{now}");
    repository.write(
        "migcheck.toml",
        format!("{config}{consumer}release = \"v1\"\n"),
    );
    let then = migcheck(repository.root(), &["check", "--base", "HEAD", "-q"]);
    insta::assert_snapshot!(then);
}

#[test]
fn files_of_a_consumer_are_its_own_unless_the_code_names_them_too() {
    let mut repository = TestRepository::new();
    repository.write("shop/migrations/1_users.sql", USERS);
    repository.write(
        "shop/reports/all.sql",
        "-- name: all :many\nSELECT nickname FROM users;\n",
    );
    repository.write(
        "reports/src/more.py",
        "more = 'SELECT nickname FROM users WHERE id = %s'\n",
    );
    repository.write(
        "shop/queries/all.sql",
        "-- name: a :many\nSELECT name FROM users;\n",
    );
    let config = "layout = \"sqlx\"\ndialect = \"postgres\"\n\
                  [[consumer]]\nname = \"reports\"\nqueries = [\"reports/*.sql\"]\n\
                  [[consumer]]\nname = \"more\"\nqueries = [\"../reports/src/\"]\n";
    repository.write("shop/migcheck.toml", config);
    repository.commit("base");
    repository.write(
        "shop/migrations/2_drop.sql",
        "ALTER TABLE users DROP COLUMN nickname;\n",
    );
    let check =
        |repository: &TestRepository| migcheck(repository.root(), &["check", "--base", "HEAD"]);
    let alone = check(&repository);
    assert!(alone.contains("code-first: 1 new migration"), "{alone}");
    assert!(!alone.contains("named in"), "{alone}");
    assert_eq!(alone.matches("old code) fail").count(), 2, "{alone}");
    repository.write(
        "shop/migcheck.toml",
        format!("{config}[code]\nqueries = [\"reports/all.sql\", \"queries/*.sql\"]\n"),
    );
    let both = check(&repository);
    assert!(both.contains("broken: 1 new migration"), "{both}");
}

#[test]
fn a_pattern_that_matches_no_file_is_said() {
    let repository = repository(SOURCE, "ALTER TABLE users DROP COLUMN nickname;\n");
    let check = |repository: &TestRepository, extra: &[&str]| {
        migcheck(
            repository.root(),
            &[&["check", "--base", "HEAD", "--format", "gcc"], extra].concat(),
        )
    };
    let outside = check(&repository, &["--queries", "../reports/*.sql"]);
    assert!(
        outside.contains("--queries ../reports/*.sql: it leads out of the repository")
            && outside.contains("--- exit 2"),
        "{outside}"
    );
    let idle = check(
        &repository,
        &["--queries", "src/*.go", "--queries", "sql/*.sql"],
    );
    assert!(
        idle.contains("--queries sql/*.sql: no file matches") && idle.contains("--- exit 2"),
        "{idle}"
    );
    let contract = migcheck(repository.root(), &["contract", "--queries", "sql/*.sql"]);
    assert!(
        contract.contains("--queries sql/*.sql: no file matches"),
        "{contract}"
    );
    assert!(!check(&repository, &["--queries", "src/*.go"]).contains("--- exit 2"));
    // The configuration may name what is not there yet.
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n\
         [code]\nqueries = [\"src/*.go\", \"sql/*.sql\", \"../other/*.sql\"]\n\
         [[consumer]]\nname = \"reports\"\nqueries = [\"reports/*.sql\"]\n",
    );
    let printed = check(&repository, &[]);
    let said: Vec<&str> = printed.lines().filter(|it| it.contains("match")).collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    migcheck: migcheck.toml: [code] queries: `sql/*.sql` matches no file
    migcheck: migcheck.toml: [code] queries: `../other/*.sql` leads out of the folder of this file and matches nothing; the files of other code are those of a [[consumer]]
    migcheck: consumer reports: `reports/*.sql` matches no file where its queries are read
    ");
    assert!(!check(&repository, &["-q"]).contains("match"));
}

#[test]
fn a_retired_entry_without_an_object_is_said() {
    let retired = [
        "users.nickname",
        "public.users.name",
        "users.nick",
        "users.age",
        "teams",
        "price(numeric, int)",
        "price(text)",
        "app",
        "users.users_pkey",
    ];
    let entry = |it: &&str| format!("[[retired]]\nobject = \"{it}\"\nreason = \"unused\"\n");
    let config: String = retired.iter().map(entry).collect();
    let base = State::of(&[
        USERS,
        "ALTER TABLE users ADD COLUMN age integer;
         CREATE FUNCTION price(a numeric, b integer) RETURNS numeric LANGUAGE sql AS 'SELECT a';",
        "ALTER TABLE users DROP COLUMN age;",
    ]);
    let head = base.clone().and("ALTER TABLE users DROP COLUMN nickname;");
    let report = judge(&[("old", &base.config(&config))], &head.config(&config));
    insta::assert_snapshot!(report.remarks.join("\n"), @r"
    migcheck.toml:10: [[retired]]: no schema has had `users.nick`, so this retires nothing
    migcheck.toml:22: [[retired]]: no schema has had `price(text)`, so this retires nothing
    migcheck.toml:25: [[retired]]: no schema has had `app`, so this retires nothing
    ");
    let gone: Vec<&str> = report
        .notices
        .iter()
        .map(String::as_str)
        .filter(|it| it.contains("can go"))
        .collect();
    insta::assert_snapshot!(gone.join("\n"), @"migcheck.toml:13: [[retired]]: `users.age` is gone from every schema that is alive: the entry can go");
}

/// A repository whose base has done without a column that its reports still read; head drops it.
fn only_reports_break(query: &str, config: &str) -> String {
    let mut repository = TestRepository::new();
    repository.write("migrations/1_users.sql", USERS);
    repository.write("reports/all.sql", query);
    repository.write(
        "migcheck.toml",
        format!(
            "layout = \"sqlx\"\ndialect = \"postgres\"\n{config}\
             [[retired]]\nobject = \"users.nickname\"\nreason = \"unused\"\n\
             [[consumer]]\nname = \"reports\"\nqueries = [\"reports/*.sql\"]\n"
        ),
    );
    repository.commit("base");
    repository.write(
        "migrations/2_drop.sql",
        "ALTER TABLE users DROP COLUMN nickname;\n",
    );
    migcheck(repository.root(), &["check", "--base", "HEAD", "-q"])
}

#[test]
fn where_only_a_consumer_breaks_the_consumer_has_to_change() {
    let read = "SELECT nickname FROM users;\n";
    insta::assert_snapshot!(only_reports_break(read, ""));
    let write = only_reports_break("UPDATE users SET nickname = NULL;\n", "");
    assert!(write.contains("= old-on-new: writes of reports"), "{write}");
    let both = only_reports_break(
        "SELECT nickname FROM users;\nUPDATE users SET nickname = $1;\n",
        "",
    );
    assert!(
        both.contains("= old-on-new: reads and writes of reports"),
        "{both}"
    );
}

#[test]
fn a_consumer_goes_on_running_however_the_project_deploys() {
    for mode in ["code-first", "phased", "offline"] {
        let config = format!("deploy = \"{mode}\"\n");
        let said = only_reports_break("SELECT nickname FROM users;\n", &config);
        assert!(said.contains("error[column_dropped]"), "{mode}: {said}");
        assert!(
            said.contains("change reports, wait until"),
            "{mode}: {said}"
        );
    }
}

#[test]
fn a_consumer_of_another_repository_is_read_at_its_revision() {
    let mut reports = TestRepository::new();
    reports.write("sql/all.sql", "SELECT nickname FROM users;\n");
    reports.commit("first");
    reports.git(&["tag", "v3.1"]);
    reports.write("sql/all.sql", "SELECT name FROM users;\n");
    reports.commit("second");
    let mut repository = TestRepository::new();
    repository.write("migrations/1_users.sql", USERS);
    let place = reports
        .root()
        .file_name()
        .expect("it has a name")
        .to_string_lossy()
        .into_owned();
    let config = format!(
        "layout = \"sqlx\"\ndialect = \"postgres\"\n[code]\nevidence = \"complete\"\n\
         [[consumer]]\nname = \"reports\"\nqueries = [\"../{place}/sql/*.sql\"]\n"
    );
    repository.write("migcheck.toml", &config);
    repository.commit("base");
    repository.write(
        "migrations/2_drop.sql",
        "ALTER TABLE users DROP COLUMN nickname;\n",
    );
    let now = migcheck(repository.root(), &["check", "--base", "HEAD", "-q"]);
    assert!(now.contains("--- exit 0"), "{now}");
    repository.write("migcheck.toml", format!("{config}release = \"v3.1\"\n"));
    let then = migcheck(repository.root(), &["check", "--base", "HEAD", "-q"]);
    assert!(
        then.contains("reports (old code) fail on the new schema: 42703"),
        "{then}"
    );
}
