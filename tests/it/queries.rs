//! What binding says of queries, against what the server says.
//!
//! Each file of `tests/queries` holds cases for one construct: a schema, a migration and queries.
//! Nothing in it says which error is right: the server is asked, before and after the migration.
//! A case whose answer hangs on rows, or on text that is built at run time, says so in a line
//! `-- beyond: why`; it must then really differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use migcheck::bind::{Bound, Query, Settings, Stage, bind};
use migcheck::discover::{TransactionScope, Unit};
use migcheck::history::{Planned, replay};
use migcheck::schema::catalog::Catalog;
use migcheck::schema::name::Ident;
use migcheck::{Dialect, sql};

use crate::postgres::{Database, database};

/// One case: a schema, a migration and what a program sends.
#[derive(Debug, Default)]
struct Case {
    file: String,
    kind: String,
    title: String,
    executes: bool,
    /// The search path of the program's sessions.
    search_path: Vec<String>,
    /// Why binding cannot know what the server says.
    beyond: Option<String>,
    before: String,
    migration: String,
    queries: Vec<String>,
}

/// An answer: `ok`, or the SQLSTATE with its stage.
pub(crate) type Answer = Result<(), (String, Stage)>;

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|it| it == "sql"))
        .collect();
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("it can be read");
        let name = path.file_stem().expect("it has a name").to_string_lossy();
        all.extend(read_cases(&name, &text));
    }
    all
}

/// The text of every query of the cases.
pub(crate) fn all_queries() -> Vec<String> {
    cases().into_iter().flat_map(|it| it.queries).collect()
}

fn read_cases(file: &str, text: &str) -> Vec<Case> {
    let mut all: Vec<Case> = Vec::new();
    let mut part = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("-- case: ") {
            let (kind, title) = title.split_once(": ").expect("a case has a kind");
            all.push(Case {
                file: file.to_owned(),
                kind: kind.to_owned(),
                title: title.to_owned(),
                ..Case::default()
            });
            part = "";
            continue;
        }
        let case = all.last_mut().expect("a file begins with a case");
        if let Some(path) = line.strip_prefix("-- search_path: ") {
            case.search_path = path.split(", ").map(str::to_owned).collect();
            continue;
        }
        if let Some(reason) = line.strip_prefix("-- beyond: ") {
            case.beyond = Some(reason.to_owned());
            continue;
        }
        match line {
            "-- stage: execute" => case.executes = true,
            "-- before" => part = "before",
            "-- migration" => part = "migration",
            "-- query" => {
                part = "query";
                case.queries.push(String::new());
            }
            line => {
                let target = match part {
                    "before" => &mut case.before,
                    "migration" => &mut case.migration,
                    "query" => case.queries.last_mut().expect("a query has begun"),
                    _ if line.trim().is_empty() => continue,
                    _ => panic!("{file}: `{line}` stands outside of every part"),
                };
                target.push_str(line);
                target.push('\n');
            }
        }
    }
    for case in &mut all {
        for query in &mut case.queries {
            *query = query.trim().trim_end_matches(';').to_owned();
        }
    }
    all
}

/// The catalogs before and after the migration.
fn catalogs(case: &Case) -> [Arc<Catalog>; 2] {
    let planned = |number: usize, text: &str| Planned {
        identity: format!("part {number}").into(),
        script: Some(Arc::new(sql::read(text, Dialect::Postgres))),
        batches: Vec::new(),
        transaction: TransactionScope::None,
        unit: Unit::Statement,
        run: number,
    };
    let both = [planned(0, &case.before), planned(1, &case.migration)];
    let timeline = replay(&both, Dialect::Postgres);
    [
        Arc::clone(timeline.catalog(timeline.ends[0])),
        Arc::clone(timeline.catalog(timeline.ends[1])),
    ]
}

fn settings(case: &Case) -> Settings {
    let path = case.search_path.iter().map(|it| Ident::new(it));
    let mut search_path: Vec<Ident> = path.collect();
    if search_path.is_empty() {
        search_path.push(Ident::new("public"));
    }
    Settings {
        search_path,
        major: 15,
    }
}

/// What binding says; execution is only asked for where the case is about it.
fn ours(query: &str, catalog: &Catalog, case: &Case) -> (Result<Answer, String>, Option<Bound>) {
    let read = match Query::read(query) {
        Ok(read) => read,
        Err(reason) => return (Err(format!("not read: {reason}")), None),
    };
    let bound = bind(&read, catalog, &settings(case));
    let failure = bound
        .failures
        .iter()
        .filter(|it| it.certain)
        .filter(|it| case.executes || it.stage != Stage::Execute)
        .min_by_key(|it| it.stage);
    let answer = match failure {
        Some(failure) => Ok(Err((failure.code.to_owned(), failure.stage))),
        None if !bound.unknowns.is_empty() => Err(bound.unknowns[0].reason.clone()),
        None => Ok(Ok(())),
    };
    (answer, Some(bound))
}

/// Makes the database empty again.
pub(crate) const RESET: &str = "\\o /dev/null\nSET client_min_messages = error;\n\
    DO $$ DECLARE s text; BEGIN FOR s IN SELECT nspname FROM pg_namespace \
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' LOOP \
    EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP; END $$;\n\
    CREATE SCHEMA public;\nGRANT ALL ON SCHEMA public TO public;\n";

/// What the server says before and after the migration; or why it refuses the case.
fn servers(database: &Database, case: &Case) -> Result<[Vec<Answer>; 2], String> {
    // The database is made empty again, which is faster than another one.
    let mut script = RESET.to_owned();
    for (state, text) in [(0, &case.before), (1, &case.migration)] {
        let _ = write!(
            script,
            "\\set ON_ERROR_STOP 1\n{text}\n\\connect -\n\\set ON_ERROR_STOP 0\n\
             SET client_min_messages = error;\nSET plan_cache_mode = force_generic_plan;\n"
        );
        if !case.search_path.is_empty() {
            let _ = writeln!(script, "SET search_path = {};", case.search_path.join(", "));
        }
        for (number, query) in case.queries.iter().enumerate() {
            ask(&mut script, state, number, query, case.executes);
        }
        script.push_str("\\connect -\nSET client_min_messages = error;\n");
    }
    let said = database
        .run(&script)
        .map_err(|refusal| format!("{refusal:?}"))?;
    let mut answers = [
        vec![Ok(()); case.queries.len()],
        vec![Ok(()); case.queries.len()],
    ];
    read_answers(&said, &mut answers);
    Ok(answers)
}

/// Takes the first refusal of each query from the lines that [`ask`] had printed.
pub(crate) fn read_answers(said: &str, answers: &mut [Vec<Answer>]) {
    for line in said.lines() {
        let parts: Vec<&str> = line.split(' ').collect();
        let [state, number, stage, code] = parts[..] else {
            continue;
        };
        let (Ok(state), Ok(number)) = (state.parse::<usize>(), number.parse::<usize>()) else {
            continue;
        };
        let stage = match stage {
            "parse" => Stage::Parse,
            "plan" => Stage::Plan,
            _ => Stage::Execute,
        };
        let answer: &mut Answer = &mut answers[state][number];
        if code != "00000" && answer.is_ok() {
            *answer = Err((code.to_owned(), stage));
        }
    }
}

/// The lines that ask about one query: as it is prepared, planned and, where that is asked for, run.
pub(crate) fn ask(script: &mut String, state: usize, number: usize, query: &str, executes: bool) {
    let mut statement = query.trim_start();
    // Comments before the statement are no words of it.
    while statement.starts_with("--") || statement.starts_with("/*") {
        let end = if statement.starts_with("--") {
            "\n"
        } else {
            "*/"
        };
        let rest = statement.split_once(end).map_or("", |(_, rest)| rest);
        statement = rest.trim_start();
    }
    let first = statement
        .split_whitespace()
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    let prepared = [
        "select", "insert", "update", "delete", "merge", "with", "values", "table",
    ];
    let is_prepared = prepared.contains(&first.as_str()) || statement.starts_with('(');
    let at = format!("{state} {number}");
    if !is_prepared {
        let data = if first == "copy" && query.to_ascii_lowercase().contains("stdin") {
            "\\.\n"
        } else {
            ""
        };
        let _ = write!(
            script,
            "BEGIN;\n{query}\n;\n{data}\\echo {at} parse :SQLSTATE\nROLLBACK;\n"
        );
        return;
    }
    let parameters = (1..=200).rev().find(|it| {
        let name = format!("${it}");
        query.match_indices(&name).any(|(at, _)| {
            !query[at + name.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    });
    let nulls = match parameters {
        Some(count) => format!("({})", vec!["NULL"; count].join(", ")),
        None => String::new(),
    };
    let _ = write!(
        script,
        "PREPARE q{number} AS {query}\n;\n\\echo {at} parse :SQLSTATE\n\
         EXPLAIN EXECUTE q{number}{nulls};\n\\echo {at} plan :SQLSTATE\n"
    );
    if executes {
        let _ = write!(
            script,
            "BEGIN;\nEXECUTE q{number}{nulls};\n\\echo {at} execute :SQLSTATE\nROLLBACK;\n"
        );
    }
}

/// What differs, and how many answers there were and how many of ours were unknown.
struct Outcome {
    wrong: Vec<String>,
    answers: usize,
    unknown: usize,
    /// Answers that cannot be right without the rows, or without running the program's text.
    beyond: usize,
}

fn judge(case: &Case, database: &Database) -> Outcome {
    let mut out = Outcome {
        wrong: Vec::new(),
        answers: 0,
        unknown: 0,
        beyond: 0,
    };
    let catalogs = catalogs(case);
    let Case { file, title, .. } = case;
    let by_state = match servers(database, case) {
        Ok(answers) => answers,
        Err(refusal) => {
            out.wrong.push(format!(
                "{file}: {title}: the server refuses the case: {refusal}"
            ));
            return out;
        }
    };
    let mut differing = Vec::new();
    for (state, said) in by_state.iter().enumerate() {
        let (shown, catalog) = (["before", "after"][state], &catalogs[state]);
        for (query, server) in case.queries.iter().zip(said) {
            out.answers += 1;
            let ours = ours(query, catalog, case);
            let is_possible = |bound: &Bound| bound.failures.iter().any(|it| !it.certain);
            let same = match (&ours.0, server) {
                // A value or a trigger decides, and binding says so.
                (Ok(Ok(())), Err(_)) if ours.1.as_ref().is_some_and(is_possible) => true,
                (Ok(Ok(())), Ok(())) => true,
                (Ok(Err((code, stage))), Err((theirs, theirs_at))) => {
                    // What is not prepared is refused in one go.
                    code == theirs && (stage == theirs_at || *theirs_at == Stage::Parse)
                }
                (Err(_), _) => {
                    out.unknown += 1;
                    false
                }
                (Ok(_), _) => false,
            };
            if !same {
                let failures: Vec<String> = ours
                    .1
                    .iter()
                    .flat_map(|it| &it.failures)
                    .map(|it| format!("{} {}", it.code, it.message))
                    .collect();
                differing.push(format!(
                    "{file}: {title}: {shown}\n  {query}\n  ours {:?} {failures:?}\n  server {server:?}",
                    ours.0
                ));
            }
        }
    }
    match (&case.beyond, differing.is_empty()) {
        (Some(_), false) => out.beyond += differing.len(),
        (Some(reason), true) => out.wrong.push(format!(
            "{file}: {title}: is beyond us no longer ({reason})"
        )),
        (None, _) => out.wrong.extend(differing),
    }
    let fits = |state: usize, ok: bool| by_state[state].iter().all(|it| it.is_ok() == ok);
    let as_said = match case.kind.as_str() {
        "success" => fits(0, true) && fits(1, true),
        "failure" => fits(0, true) && fits(1, false),
        "failure-before" => fits(0, false) && fits(1, true),
        "trap" => true,
        other => panic!("{}: {other} is no kind of case", case.file),
    };
    if !as_said {
        let kind = &case.kind;
        out.wrong.push(format!(
            "{file}: {title}: is no {kind} on the server: {by_state:?}"
        ));
    }
    out
}

/// Runs the cases, each in a database of its own, on a few threads.
fn judge_all(cases: &[Case]) -> Option<Outcome> {
    database()?;
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let database = database().expect("the server is there");
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else {
                        return;
                    };
                    let outcome = judge(case, &database);
                    outcomes
                        .lock()
                        .expect("no thread fails")
                        .push((at, outcome));
                }
            });
        }
    });
    let mut all = outcomes.into_inner().expect("no thread fails");
    all.sort_by_key(|(at, _)| *at);
    let mut sum = Outcome {
        wrong: Vec::new(),
        answers: 0,
        unknown: 0,
        beyond: 0,
    };
    for (_, outcome) in all {
        sum.wrong.extend(outcome.wrong);
        sum.answers += outcome.answers;
        sum.unknown += outcome.unknown;
        sum.beyond += outcome.beyond;
    }
    Some(sum)
}

#[test]
fn binding_answers_as_the_server_does() {
    let cases = cases();
    let Some(outcome) = judge_all(&cases) else {
        return;
    };
    println!(
        "{} cases, {} answers, {} unknown, {} beyond us, {} wrong",
        cases.len(),
        outcome.answers,
        outcome.unknown,
        outcome.beyond,
        outcome.wrong.len()
    );
    assert!(outcome.wrong.is_empty(), "{}", outcome.wrong.join("\n"));
}

/// What a query can be made of. A construct that is promised stands here, and has a file.
const CONSTRUCTS: [&str; 79] = [
    "aggregates",
    "aliases",
    "ambiguous_columns",
    "application_queries",
    "array_and_json_operators",
    "between_and_in",
    "casts",
    "coalesce_and_case_types",
    "compat_view_after_rename",
    "composite_references",
    "copy",
    "ctes",
    "data_modifying_ctes",
    "defaults",
    "delete",
    "delete_using",
    "distinct_on",
    "domains",
    "enum_literals",
    "exists_in_any",
    "extensions",
    "function_bodies",
    "functions",
    "functions_after_type_change",
    "generated_columns",
    "group_by",
    "group_by_primary_key",
    "grouping_sets",
    "having",
    "identity_columns",
    "inheritance",
    "insert",
    "insert_select",
    "insert_without_columns",
    "join_using",
    "lateral",
    "like_and_regex",
    "limit_offset",
    "lock",
    "locking_clause",
    "materialized_views",
    "merge",
    "named_windows",
    "natural_join",
    "null_and_boolean_tests",
    "on_conflict_columns",
    "on_conflict_constraint",
    "on_conflict_expressions",
    "on_conflict_predicate",
    "operators_after_type_change",
    "order_by_and_output_names",
    "parameters",
    "partitions",
    "procedures_call",
    "qualified_star",
    "quoting_and_folding",
    "recursive_ctes",
    "required_columns",
    "returning",
    "row_comparisons",
    "schemas_and_search_path",
    "sequences_nextval",
    "set_operations",
    "star",
    "string_functions",
    "subqueries",
    "system_catalog_queries",
    "system_columns",
    "table_functions",
    "triggers",
    "truncate",
    "typed_literals",
    "update",
    "update_from",
    "values",
    "view_star_frozen",
    "views",
    "whole_row",
    "window",
];

/// A construct that is said to be understood has a case that works, one that fails and one that a
/// shallow look gets wrong.
#[test]
fn every_construct_has_cases_of_every_kind() {
    let mut kinds: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for case in cases() {
        let counts = kinds.entry(case.file).or_default();
        match case.kind.as_str() {
            "success" => counts[0] += 1,
            "failure" | "failure-before" => counts[1] += 1,
            _ => counts[2] += 1,
        }
    }
    let lacking: Vec<_> = kinds
        .iter()
        .filter(|(_, counts)| counts.contains(&0))
        .collect();
    let files: Vec<&str> = kinds.keys().map(String::as_str).collect();
    assert_eq!(files, CONSTRUCTS);
    assert!(lacking.is_empty(), "{lacking:?}");
}
