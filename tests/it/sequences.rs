//! The safe sequence that `migcheck explain FILE` prints, for every breaking example on every rule page:
//! each step is judged again and is safe in some order, a real server runs all of them, and ends with
//! the schema that the example's own migration makes there.

use std::fmt::Write as _;

use migcheck::analysis::{Access, Verdict};
use migcheck::report::WalkStage;
use migcheck::rules::Class;
use migcheck::{Options, RULES, explain_migration_in, walk_to_text};

use crate::pages::{Example, examples};
use crate::postgres::{Database, database};
use crate::world::{State, judge};

/// A breaking example with what was printed for each of its migrations.
struct Case {
    name: String,
    before: String,
    migrations: Vec<String>,
    /// The configuration of the old release.
    old_config: String,
    /// That of head.
    config: String,
    /// Per migration the stages, or why there are none.
    sequences: Vec<Result<Vec<WalkStage>, String>>,
}

/// Rules that are about something else than what a statement does to running code.
fn is_about_order(rule: &str, class: Class) -> bool {
    match class {
        Class::History | Class::Ops => false,
        Class::Compat | Class::Data | Class::Loss => rule != "not_understood",
    }
}

fn old(example: &Example) -> State {
    let old: Vec<&str> = example.old.iter().map(|it| it.text.as_str()).collect();
    let state = State::of(&old).config(&example.old_config);
    match &example.old_queries {
        Some(text) => state.path("queries/all.sql", text),
        None => state,
    }
}

fn cases() -> Vec<Case> {
    let mut out = Vec::new();
    for rule in RULES.iter().filter(|it| is_about_order(it.name, it.class)) {
        for (number, example) in examples(rule.page).iter().enumerate() {
            let is_breaking = !example.expected().is_empty();
            let is_plain = !example.config.contains("layout")
                && example.edited.is_empty()
                && example.old.len() == 1;
            if !is_breaking || !is_plain {
                continue;
            }
            let old = old(example);
            // The number of a migration is that of its file.
            let mut head = old.clone().without("queries/all.sql");
            for migration in &example.migrations {
                head = head.and(&migration.text);
            }
            let queries = example
                .new_queries
                .as_ref()
                .or(example.old_queries.as_ref());
            if let Some(text) = queries {
                head = head.path("queries/all.sql", text);
            }
            let head = head.config(&example.config);
            let mut is_broken = false;
            let sequences = (0..example.migrations.len())
                .map(|at| {
                    let walk = explain_migration_in(
                        &Options::default(),
                        &head.tree(),
                        &[("old", &old.tree())],
                        &(at + 2).to_string(),
                    )
                    .expect("the migration is there");
                    assert!(walk_to_text(&walk, None).contains(" safe"));
                    is_broken |= walk.verdict == Verdict::Broken;
                    walk.sequence
                })
                .collect();
            // Code that fails on its own schema has to be mended first, and is told so.
            if is_broken {
                continue;
            }
            out.push(Case {
                name: format!("rules/{}.md, example {}", rule.name, number + 1),
                before: example.old[0].text.clone(),
                migrations: example
                    .migrations
                    .iter()
                    .map(|it| it.text.clone())
                    .collect(),
                old_config: example.old_config.clone(),
                config: example.config.clone(),
                sequences,
            });
        }
    }
    out
}

/// The entries of a configuration for what a release gives up.
fn retired(stage: &WalkStage) -> String {
    let WalkStage::Deploy(release) = stage else {
        return String::new();
    };
    let mut out = String::new();
    for given in &release.retired {
        let access = match given.access {
            None => "both",
            Some(Access::Read) => "read",
            Some(Access::Write) => "write",
        };
        let _ = writeln!(
            out,
            "[[retired]]\nobject = '{}'\naccess = \"{access}\"\nreason = \"the sequence says so\"",
            given.object
        );
    }
    out
}

/// What is wrong with the order of a case's steps.
fn unsafe_steps(case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut state = State::of(&[&case.before]);
    for (at, sequence) in case.sequences.iter().enumerate() {
        let stages = match sequence {
            Ok(stages) => stages,
            Err(reason) => {
                wrong.push(format!("{}, migration {}: {reason}", case.name, at + 1));
                return wrong;
            }
        };
        let mut config = format!("{}\n", case.old_config);
        for (number, stage) in stages.iter().enumerate() {
            config.push_str(&retired(stage));
            if matches!(stage, WalkStage::Deploy(_)) {
                config.push_str(&case.config);
                config.push('\n');
            }
            let WalkStage::Migrate {
                statements,
                verdict,
                ..
            } = stage
            else {
                continue;
            };
            let next = stages.get(number + 1).map(retired).unwrap_or_default();
            let after = state.clone().and(&format!("{};", statements.join(";\n")));
            let head = after
                .clone()
                .config(&format!("{}\n{config}{next}", case.config));
            let report = judge(&[("before", &state.clone().config(&config))], &head);
            let found = report.summary.verdict.expect("a change has a verdict");
            let is_safe = matches!(
                found,
                Verdict::AnyOrder | Verdict::MigrateFirst | Verdict::CodeFirst
            );
            if !is_safe || found != *verdict {
                wrong.push(format!(
                    "{}, migration {}, stage {}: {} (said {})",
                    case.name,
                    at + 1,
                    number + 1,
                    found.as_str(),
                    verdict.as_str()
                ));
            }
            state = after;
        }
    }
    wrong
}

#[test]
fn every_step_of_every_sequence_is_safe_in_some_order() {
    let cases = cases();
    assert!(cases.len() > 60, "only {} examples break", cases.len());
    let wrong: Vec<String> = cases.iter().flat_map(unsafe_steps).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Everything of a schema that a query could notice, one line each.
const SHAPE: &str = "
SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') FROM (
  SELECT 'relation ' || c.oid::regclass::text || ' ' || c.relkind::text || c.relrowsecurity::text AS line
  FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'S', 'p') AND c.relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL
  SELECT 'column ' || c.oid::regclass::text || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || ' ' || a.attnotnull::text || ' ' || a.attidentity::text || a.attgenerated::text
    || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || a.attcollation::text
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relkind IN ('r', 'v', 'm', 'p') AND c.relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL
  SELECT 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE conrelid <> 0 AND connamespace <> 'pg_catalog'::regnamespace
    AND connamespace <> 'information_schema'::regnamespace
  UNION ALL
  SELECT 'index ' || pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  WHERE c.relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL
  SELECT 'trigger ' || pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT 'policy ' || polrelid::regclass::text || ' ' || polname || polcmd::text FROM pg_policy
  UNION ALL
  SELECT 'view ' || c.oid::regclass::text || ' ' || pg_get_viewdef(c.oid) FROM pg_class c
  WHERE c.relkind IN ('v', 'm') AND c.relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL
  SELECT 'label ' || enumtypid::regtype::text || ' ' || enumlabel FROM pg_enum
  UNION ALL
  SELECT 'function ' || oid::regprocedure::text || ' ' || pg_get_function_result(oid) FROM pg_proc
  WHERE pronamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL
  SELECT 'rule ' || pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE r.rulename <> '_RETURN' AND c.relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL
  SELECT 'grant ' || c.oid::regclass::text || ' ' || a.grantee::regrole::text || ' ' || a.privilege_type
  FROM pg_class c, aclexplode(c.relacl) a
  WHERE a.grantee <> c.relowner AND c.relnamespace NOT IN (
    SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
) AS all_lines";

/// What the server makes of the texts. Nothing of it stays: roles belong to the whole server.
fn shape(server: &Database, texts: &[String]) -> Result<String, String> {
    let mut roles = String::new();
    loop {
        let texts = texts.join("\n;\n");
        let script = format!("BEGIN;\n{roles}{texts}\n{SHAPE};\nROLLBACK;");
        let refusal = match server.run(&script) {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        // A role that an example takes for granted.
        let missing = refusal.message.strip_prefix("role \"");
        match missing.and_then(|it| it.strip_suffix("\" does not exist")) {
            Some(role) if !roles.contains(role) => {
                let _ = writeln!(roles, "CREATE ROLE {role};");
            }
            _ => return Err(format!("{} {}", refusal.code, refusal.message)),
        }
    }
}

#[test]
fn a_server_runs_every_sequence_and_ends_with_the_schema_that_was_meant() {
    let Some(server) = database() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut compared = 0;
    for case in cases() {
        let mut staged = vec![case.before.clone()];
        for sequence in &case.sequences {
            // What has none fails the test above.
            for stage in sequence.iter().flatten() {
                if let WalkStage::Migrate { statements, .. } = stage {
                    staged.push(format!("{};", statements.join(";\n")));
                }
            }
        }
        let mut meant = vec![case.before.clone()];
        meant.extend(case.migrations.iter().cloned());
        match (shape(&server, &meant), shape(&server, &staged)) {
            (Ok(wanted), Ok(found)) if wanted == found => compared += 1,
            (Ok(wanted), Ok(found)) => {
                wrong.push(format!("{}:\nmeant\n{wanted}\nfound\n{found}", case.name));
            }
            (Ok(_), Err(refusal)) => {
                wrong.push(format!(
                    "{}: {refusal}\n{}",
                    case.name,
                    staged.join("\n--\n")
                ));
            }
            (Err(refusal), _) => {
                wrong.push(format!("{}, as it is: {refusal}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(compared > 60, "only {compared} were compared");
}

/// A change followed step by step while old and new code write.
struct Rollout {
    before: &'static str,
    migration: &'static str,
    /// What old code sends, before the first step and after it.
    old: [&'static str; 2],
    /// What each release on the way sends once it is deployed.
    new: &'static [&'static str],
    /// What is there in the end.
    asked: &'static str,
    found: &'static str,
}

#[test]
fn rows_that_old_and_new_code_write_on_the_way_are_right_in_the_end() {
    let rollouts = [
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL UNIQUE);",
            migration: "ALTER TABLE t RENAME COLUMN a TO b;",
            old: [
                "INSERT INTO t (id, a) VALUES (1, 'one'), (2, 'two'), (3, 'three');",
                "INSERT INTO t (id, a) VALUES (4, 'four'); UPDATE t SET a = 'ONE' WHERE id = 1;",
            ],
            new: &[
                "INSERT INTO t (id, b) VALUES (5, 'five') ON CONFLICT (b) DO NOTHING; UPDATE t SET b = 'TWO' WHERE id = 2;",
            ],
            asked: "SELECT string_agg(id || b, ' ' ORDER BY id) FROM t",
            found: "1ONE 2TWO 3three 4four 5five",
        },
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL DEFAULT '0');",
            migration: "ALTER TABLE t ALTER COLUMN a DROP DEFAULT, ALTER COLUMN a TYPE integer USING a::integer, \
                        ALTER COLUMN a SET DEFAULT 0;",
            old: [
                "INSERT INTO t (id, a) VALUES (1, '10'), (2, '20');",
                "INSERT INTO t (id) VALUES (3); UPDATE t SET a = '11' WHERE id = 1;",
            ],
            new: &[
                "INSERT INTO t (id, a_new) VALUES (4, 40); UPDATE t SET a_new = 21 WHERE id = 2;",
                "INSERT INTO t (id, a) VALUES (5, 50); UPDATE t SET a = a + 1 WHERE id = 4;",
            ],
            asked: "SELECT string_agg(id || ':' || a, ' ' ORDER BY id) FROM t",
            found: "1:11 2:21 3:0 4:41 5:50",
        },
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, a text);",
            migration: "ALTER TABLE t ADD COLUMN b text; UPDATE t SET b = upper(a); \
                        ALTER TABLE t ALTER COLUMN b SET NOT NULL;",
            old: [
                "INSERT INTO t (id, a) VALUES (1, 'x');",
                "INSERT INTO t (id, a) VALUES (2, 'y');",
            ],
            new: &["INSERT INTO t (id, a, b) VALUES (3, 'z', 'own');"],
            asked: "SELECT string_agg(id || b, ' ' ORDER BY id) FROM t",
            found: "1X 2Y 3own",
        },
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, a text, c text);",
            migration: "ALTER TABLE t ADD COLUMN b text; UPDATE t SET b = a || c; \
                        ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN c;",
            old: [
                "INSERT INTO t (id, a, c) VALUES (1, 'x', 'y');",
                "INSERT INTO t (id, a, c) VALUES (2, 'v', 'w');",
            ],
            new: &["INSERT INTO t (id, b) VALUES (3, 'own');"],
            asked: "SELECT string_agg(id || b, ' ' ORDER BY id) FROM t",
            found: "1xy 2vw 3own",
        },
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, a text);",
            migration: "CREATE TABLE u (id integer PRIMARY KEY, a text); INSERT INTO u SELECT id, a FROM t; \
                        ALTER TABLE t DROP COLUMN a;",
            old: [
                "INSERT INTO t (id, a) VALUES (1, 'x');",
                "INSERT INTO t (id, a) VALUES (2, 'y');",
            ],
            new: &[
                "INSERT INTO t (id, a) VALUES (3, 'z'); INSERT INTO u (id, a) VALUES (3, 'z');",
                "INSERT INTO t (id) VALUES (4); INSERT INTO u (id, a) VALUES (4, 'w');",
            ],
            asked: "SELECT string_agg(id || a, ' ' ORDER BY id) FROM u",
            found: "1x 2y 3z 4w",
        },
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, \"order\" text NOT NULL);",
            migration: "ALTER TABLE t RENAME TO u; ALTER TABLE u ADD COLUMN d integer NOT NULL;",
            old: [
                "INSERT INTO t (id, \"order\") VALUES (1, 'x');",
                "INSERT INTO t (id, \"order\") VALUES (2, 'y'); UPDATE t SET \"order\" = 'X' WHERE id = 1;",
            ],
            new: &[
                "INSERT INTO u (id, \"order\", d) VALUES (3, 'z', 3); UPDATE u SET d = id WHERE d IS NULL;",
            ],
            asked: "SELECT string_agg(id || \"order\" || d, ' ' ORDER BY id) FROM u",
            found: "1X1 2y2 3z3",
        },
        Rollout {
            before: "CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL);",
            migration: "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME COLUMN a TO b;",
            old: [
                "INSERT INTO t (id, a) VALUES (1, 'x');",
                "INSERT INTO t (id, a) VALUES (2, 'y'); UPDATE t SET a = 'X' WHERE id = 1;",
            ],
            new: &["INSERT INTO u (id, b) VALUES (3, 'z'); UPDATE u SET b = 'Y' WHERE id = 2;"],
            asked: "SELECT string_agg(id || b, ' ' ORDER BY id) FROM u",
            found: "1X 2Y 3z",
        },
    ];
    let mut wrong = Vec::new();
    for rollout in rollouts {
        let Some(server) = database() else {
            return;
        };
        let old = State::of(&[rollout.before]);
        let head = old.clone().and(rollout.migration);
        let walk = explain_migration_in(
            &Options::default(),
            &head.tree(),
            &[("old", &old.tree())],
            "2",
        )
        .expect("the migration is there");
        let stages = walk.sequence.expect("it has a sequence");
        let mut texts = vec![rollout.before.to_owned(), rollout.old[0].to_owned()];
        let mut old_code = Some(rollout.old[1].to_owned());
        let mut new = rollout.new.iter();
        for stage in &stages {
            match stage {
                WalkStage::Migrate { statements, .. } => {
                    texts.push(format!("BEGIN; {}; COMMIT;", statements.join(";\n")));
                    texts.extend(old_code.take());
                }
                WalkStage::Deploy(_) => texts.extend(new.next().map(|it| (*it).to_owned())),
            }
        }
        let script = format!("{}\n{};", texts.join("\n"), rollout.asked);
        match server.run(&script) {
            Ok(found) if found.trim() == rollout.found => {}
            Ok(found) => wrong.push(format!("{}: {found}", rollout.migration)),
            Err(refusal) => wrong.push(format!(
                "{}: {} {}\n{script}",
                rollout.migration, refusal.code, refusal.message
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
