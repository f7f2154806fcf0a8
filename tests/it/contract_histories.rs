//! What contracts say of live databases, against what the server says, through the histories of
//! public projects. By hand; see `scripts/contract-accuracy`.
//!
//! At each of the last commits that touch the migrations, the contract of that release is drawn from
//! its own files, and three databases are verified by it: with the migrations before the commit, at
//! it, and after the next commit that touches them. Each database is then asked itself: every query
//! of the contract is described, prepared, planned and run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use migcheck::contract::QueryStanding;
use migcheck::discover::{ConfigChoice, Overrides, Repository, known};
use migcheck::findings::Severity;
use migcheck::live::{Answers, AppliedMigrations, Certainty, Lack, Verification, VerifyOptions};
use migcheck::schema::types::SqlType;
use migcheck::{
    Contract, Dialect, Layout, Named, Options, ReleaseContract, Telling, Tree, tree_contract,
    verification_to_text,
};

use crate::postgres::{Database, Session, database};
use crate::query_histories::{borrow, lines_of};
use crate::server::{Sent, sent};

/// What is asked of one project.
struct Project {
    /// A repository with a work tree, however empty: that is where git is run.
    repository: Repository,
    /// The migrations folder; several where it has moved.
    folders: Vec<String>,
    layout: Option<Layout>,
    /// The text of its `migcheck.toml`.
    config: String,
}

impl Project {
    /// The contract of the release at a commit; why there is none.
    fn release(&self, revision: &str) -> Result<ReleaseContract, String> {
        let said = |error: migcheck::Error| error.to_string();
        let commit = self.repository.resolve(revision).map_err(said)?;
        let tree = Tree::revision(&self.repository, &commit);
        let is_there = |folder: &&String| tree.files(folder).is_ok_and(|it| !it.is_empty());
        let folder = self.folders.iter().find(is_there).ok_or("no migrations")?;
        let overrides = Overrides {
            layout: self.layout,
            dialect: Some(Dialect::Postgres),
            migrations: Some(folder.clone()),
            config: ConfigChoice::Text {
                path: "migcheck.toml".to_owned(),
                shown: "migcheck.toml".to_owned(),
                text: self.config.clone(),
            },
            ..Overrides::default()
        };
        tree_contract(&Options::default(), &tree, &overrides).map_err(said)
    }
}

/// A database with the migrations of a release, as production would have come to them.
struct State {
    database: Database,
    /// What it was sent: identity and text.
    sent: Vec<(String, String)>,
    /// The keys under which the tool knows what the server took.
    applied: BTreeSet<String>,
    /// Whether applied migrations were edited or taken away, so that it was made from nothing.
    is_anew: bool,
}

impl State {
    /// After `before`, or from nothing.
    fn after(
        before: Option<&State>,
        release: &ReleaseContract,
        refused: &mut BTreeSet<String>,
    ) -> Result<State, String> {
        let migrations = &release.replayed.migrations;
        let layout = release.replayed.project.layout;
        let sent = sent(migrations);
        let keys = known(&release.replayed.project);
        let keys: BTreeMap<&str, &str> = release
            .replayed
            .project
            .migrations
            .iter()
            .zip(&keys)
            .map(|(it, known)| (it.path.as_str(), known.key.as_str()))
            .collect();
        let place_of = |(identity, text): &(String, String)| {
            let mut all = migrations.iter().zip(&sent);
            all.position(|(it, sent)| *it.identity == **identity && sent.text == *text)
        };
        let kept: Option<Vec<usize>> = before.and_then(|it| it.sent.iter().map(place_of).collect());
        let mut state = match (before, &kept) {
            (Some(before), Some(_)) => State {
                database: before.database.copy(),
                sent: before.sent.clone(),
                applied: before.applied.clone(),
                is_anew: false,
            },
            _ => {
                let database = database().expect("the server is there");
                // Roles belong to all of the server: those of the other databases make room.
                let rename = format!(
                    "SELECT format('ALTER ROLE %I RENAME TO %I', rolname, '{}_' || rolname)
                     FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'postgres' \\gexec",
                    database.name()
                );
                database.run(&rename).expect("the roles can be renamed");
                // A migration may read the table of its tool.
                if let Some(table) = history_table(layout, &BTreeSet::new()) {
                    database.run(&table).expect("the table can be made");
                }
                State {
                    database,
                    sent: Vec::new(),
                    applied: BTreeSet::new(),
                    is_anew: true,
                }
            }
        };
        let kept = kept.unwrap_or_default();
        for (at, migration) in sent.iter().enumerate() {
            if kept.contains(&at) {
                continue;
            }
            match migration.run(&state.database) {
                Ok(_) => {
                    let key = keys.get(migration.name).copied();
                    state.applied.extend(key.map(str::to_owned));
                }
                Err(refusal) => {
                    let Sent { name, .. } = migration;
                    let line = format!("{name}: {} {}", refusal.code, refusal.message);
                    println!("refused: {line}");
                    refused.insert(line);
                    if !migration.in_transaction {
                        return Err(format!("{name} fails half way: {}", refusal.message));
                    }
                }
            }
            let identity = migrations[at].identity.to_string();
            state.sent.push((identity, migration.text.to_string()));
        }
        if let Some(table) = history_table(layout, &state.applied) {
            state.database.run(&table).expect("the table can be made");
        }
        Ok(state)
    }
}

/// The table of the project's tool with these migrations, for the tools that are known here.
fn history_table(layout: Layout, applied: &BTreeSet<String>) -> Option<String> {
    let rows = |row: &dyn Fn(&str) -> String| {
        let all: Vec<String> = applied.iter().map(|it| row(it)).collect();
        all.join(", ")
    };
    let mut out = String::from("SET client_min_messages = error;\n");
    if layout == Layout::Sqlx {
        out.push_str(
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY,
               description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
               success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);
             TRUNCATE _sqlx_migrations;\n",
        );
        let rows = rows(&|key| format!("({key}, '', TRUE, '\\x00'::bytea, 1)"));
        let columns = "(version, description, success, checksum, execution_time)";
        if !rows.is_empty() {
            let _ = writeln!(out, "INSERT INTO _sqlx_migrations {columns} VALUES {rows};");
        }
    } else if layout == Layout::Goose {
        out.push_str(
            "CREATE TABLE IF NOT EXISTS goose_db_version (
               id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL,
               is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now());
             TRUNCATE goose_db_version;
             INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, TRUE);\n",
        );
        let rows = rows(&|key| format!("({key}, TRUE)"));
        let columns = "(version_id, is_applied)";
        if !rows.is_empty() {
            let _ = writeln!(out, "INSERT INTO goose_db_version {columns} VALUES {rows};");
        }
    } else if layout == Layout::GolangMigrate {
        out.push_str(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
               version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
             TRUNCATE schema_migrations;\n",
        );
        let numbers = applied.iter().filter_map(|it| it.parse::<u64>().ok());
        if let Some(last) = numbers.max() {
            let columns = "(version, dirty)";
            let _ = writeln!(
                out,
                "INSERT INTO schema_migrations {columns} VALUES ({last}, FALSE);"
            );
        }
    } else {
        return None;
    }
    Some(out)
}

/// A SQLSTATE, the stage (`parse`, `plan`, `run`) and the message.
type Failed = (String, &'static str, String);

/// What the server says of one query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Told {
    /// The first error.
    error: Option<Failed>,
    /// The error without the checks, where a check refuses what the query gives.
    unchecked: Option<Failed>,
    /// Whether it was run.
    is_run: bool,
    /// Names and types of the result's columns.
    result: Vec<(String, String)>,
    /// Types of the parameters.
    parameters: Vec<String>,
}

/// Makes a value of a type, as SQL. Domains are as their base type.
const SAMPLES: &str = r"
SET statement_timeout = '10s'; SET plan_cache_mode = force_generic_plan;
SET client_min_messages = error;
CREATE FUNCTION pg_temp.base(t oid) RETURNS oid LANGUAGE sql AS $f$
  WITH RECURSIVE b AS (SELECT t AS id UNION ALL
    SELECT p.typbasetype FROM b JOIN pg_catalog.pg_type p ON p.oid = b.id WHERE p.typtype = 'd')
  SELECT b.id FROM b JOIN pg_catalog.pg_type p ON p.oid = b.id WHERE p.typtype <> 'd' $f$;
CREATE FUNCTION pg_temp.plain(t text) RETURNS text LANGUAGE sql AS $f$
  SELECT pg_catalog.format_type(pg_temp.base(pg_catalog.to_regtype(t)), NULL) $f$;
CREATE FUNCTION pg_temp.sample(t oid) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE k pg_catalog.pg_type; v text;
BEGIN
  SELECT * INTO k FROM pg_catalog.pg_type WHERE oid = t;
  IF k.typtype = 'd' THEN RETURN pg_temp.sample(k.typbasetype) || '::' || format_type(t, NULL); END IF;
  IF k.typcategory = 'A' THEN
    RETURN 'ARRAY[' || pg_temp.sample(k.typelem) || ']::' || format_type(t, NULL);
  END IF;
  v := CASE
    WHEN k.typtype = 'e' THEN (SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = t
      ORDER BY enumsortorder LIMIT 1)
    WHEN k.typname = 'uuid' THEN 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
    WHEN k.typname IN ('json', 'jsonb') THEN '{}'
    WHEN k.typname LIKE 'macaddr%' THEN '08:00:2b:01:02:03'
    WHEN k.typname IN ('time', 'timetz') THEN '12:00'
    WHEN k.typcategory = 'B' THEN 'true' WHEN k.typcategory = 'N' THEN '1'
    WHEN k.typcategory = 'D' THEN '2020-01-02' WHEN k.typcategory = 'T' THEN '1 day'
    WHEN k.typcategory = 'I' THEN '127.0.0.1' WHEN k.typcategory = 'V' THEN '1'
    WHEN k.typname IN ('int4range', 'int8range', 'numrange') THEN '[1,2)'
    WHEN k.typcategory = 'R' THEN 'empty' WHEN k.typcategory = 'S' THEN 'a'
    WHEN k.typname IN ('bytea', 'tsvector', 'tsquery') THEN 'a' END;
  RETURN coalesce(quote_literal(v), 'NULL') || '::' || format_type(t, NULL);
END $f$;
CREATE FUNCTION pg_temp.arguments(is_null boolean) RETURNS text LANGUAGE sql AS $f$
  SELECT coalesce('(' || string_agg(CASE WHEN is_null THEN 'NULL' ELSE pg_temp.sample(t) END, ', '
    ORDER BY n) || ')', '')
  FROM pg_catalog.pg_prepared_statements s, unnest(s.parameter_types) WITH ORDINALITY p (t, n)
  WHERE s.name = 'q' $f$;
";

/// Takes away what refuses the sample values for their own sake.
const WITHOUT: &str = r"
DO $d$ DECLARE c record; BEGIN
  FOR c IN SELECT conrelid::regclass AS t, conname AS n FROM pg_catalog.pg_constraint
    WHERE contype = ':kind' AND conrelid <> 0 AND coninhcount = 0 AND conparentid = 0
      AND connamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.n); END LOOP;
END $d$;
";

/// A connection that is asked about queries one by one.
struct Asked {
    session: Session,
}

impl Asked {
    fn new(database: &Database) -> Self {
        let mut asked = Asked {
            session: database.session(),
        };
        asked.lines(SAMPLES);
        asked
    }

    /// What a script prints, whatever the server refuses of it.
    fn lines(&mut self, script: &str) -> Vec<String> {
        let script = format!("{script}\n\\o\n\\set LAST_ERROR_SQLSTATE 00000");
        self.session.answer(&script).expect("psql goes to the end")
    }

    /// The name of a type as the server spells it, without modifiers; a domain's base type.
    fn plain(&mut self, all: &BTreeSet<String>) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for name in all {
            let literal = name.replace('\'', "''");
            let lines = self.lines(&format!("SELECT pg_temp.plain('{literal}');"));
            let plain = lines.into_iter().next().filter(|it| !it.is_empty());
            out.insert(name.clone(), plain.unwrap_or_else(|| name.clone()));
        }
        out
    }

    /// Everything about these queries, in a state that is left as it was.
    fn all(&mut self, queries: &[&str]) -> Vec<Told> {
        let mut told: Vec<Told> = queries.iter().map(|it| self.analysed(it)).collect();
        // Rows that are not there cannot be referred to.
        self.lines(&format!("BEGIN;\n{}", WITHOUT.replace(":kind", "f")));
        for (query, told) in queries.iter().zip(&mut told) {
            if told.error.is_none() {
                self.run(query, told);
            }
        }
        // What a check refuses of the values may hide a column that is not given any.
        self.lines(&WITHOUT.replace(":kind", "c"));
        for (query, told) in queries.iter().zip(&mut told) {
            if told.error.as_ref().is_some_and(is_check) {
                let mut without = Told::default();
                self.run(query, &mut without);
                told.unchecked = without.error;
            }
        }
        self.lines("ROLLBACK;");
        told
    }

    fn analysed(&mut self, query: &str) -> Told {
        let mut told = Told::default();
        if !is_prepared(query) {
            let copies = query.to_ascii_lowercase().contains("stdin");
            let data = if copies { "\\.\n" } else { "" };
            let script = format!(
                "BEGIN;\n\\o /dev/null\n{query}\n;\n{data}\\o\n\
                 \\echo #parse :SQLSTATE :LAST_ERROR_MESSAGE\nROLLBACK;"
            );
            note(&self.lines(&script), &mut told);
            told.is_run = true;
            return told;
        }
        let script = format!(
            "\\echo #result\n{query}\n\\gdesc\n\\echo #end\n\
             PREPARE q AS {query}\n;\n\\echo #parse :SQLSTATE :LAST_ERROR_MESSAGE\n\
             SELECT '#parameter ' || format_type(pg_temp.base(t), NULL)
               FROM pg_prepared_statements s, unnest(s.parameter_types) WITH ORDINALITY p (t, n)
               WHERE s.name = 'q' ORDER BY n;\n\
             SELECT pg_temp.arguments(true) AS nulls \\gset\n\
             \\o /dev/null\nEXPLAIN EXECUTE q :nulls;\n\\o\n\
             \\echo #plan :SQLSTATE :LAST_ERROR_MESSAGE\nDEALLOCATE ALL;"
        );
        note(&self.lines(&script), &mut told);
        told
    }

    /// Runs it with values that fit its parameters' types, between savepoints.
    fn run(&mut self, query: &str, told: &mut Told) {
        if !is_prepared(query) {
            return;
        }
        let script = format!(
            "SAVEPOINT s;\nPREPARE q AS {query}\n;\n\
             SELECT pg_temp.arguments(false) AS arguments \\gset\n\
             \\o /dev/null\nEXECUTE q :arguments;\n\\o\n\
             \\echo #run :SQLSTATE :LAST_ERROR_MESSAGE\nROLLBACK TO s;\nDEALLOCATE ALL;"
        );
        note(&self.lines(&script), told);
        told.is_run = true;
    }
}

/// Whether a check refuses a row.
fn is_check((code, ..): &Failed) -> bool {
    code == "23514"
}

/// Takes up what was printed about a query.
fn note(lines: &[String], told: &mut Told) {
    let mut in_result = false;
    for line in lines {
        match line.as_str() {
            "#result" => in_result = true,
            "#end" => in_result = false,
            line if in_result => {
                if let Some((name, data_type)) = line.rsplit_once('|') {
                    told.result.push((name.to_owned(), data_type.to_owned()));
                }
            }
            line => {
                if let Some(name) = line.strip_prefix("#parameter ") {
                    told.parameters.push(name.to_owned());
                }
                for stage in ["parse", "plan", "run"] {
                    let said = line.strip_prefix(&format!("#{stage} "));
                    if let Some((code, message)) = said.and_then(|it| it.split_once(' '))
                        && code != "00000"
                        && told.error.is_none()
                    {
                        told.error = Some((code.to_owned(), stage, message.to_owned()));
                    }
                }
            }
        }
    }
}

/// Whether a statement can be prepared, by its first word.
fn is_prepared(query: &str) -> bool {
    let mut statement = query.trim_start();
    while statement.starts_with("--") || statement.starts_with("/*") {
        let end = if statement.starts_with("--") {
            "\n"
        } else {
            "*/"
        };
        let rest = statement.split_once(end).map_or("", |(_, rest)| rest);
        statement = rest.trim_start();
    }
    let first = statement.split(|it: char| !it.is_alphanumeric()).next();
    let first = first.unwrap_or("").to_ascii_lowercase();
    let words = [
        "select", "insert", "update", "delete", "merge", "with", "values", "table", "",
    ];
    words.contains(&first.as_str())
}

/// What a verification says of one query.
#[derive(Debug, Default)]
struct Said {
    /// The codes of errors that are certain, and of those that are possible.
    fails: BTreeSet<String>,
    may_fail: BTreeSet<String>,
    /// Other values or columns, where no error is raised.
    other_shape: Vec<String>,
    unknown: Option<String>,
}

fn said(found: &Verification, count: usize) -> Vec<Said> {
    let mut all: Vec<Said> = (0..count).map(|_| Said::default()).collect();
    for lack in &found.lacks {
        for at in &lack.queries {
            let said = &mut all[*at];
            match (&lack.code, lack.certainty) {
                (Some(code), Certainty::Proven) if lack.severity == Severity::Error => {
                    said.fails.insert(code.clone());
                }
                (Some(code), _) => {
                    said.may_fail.insert(code.clone());
                }
                (None, _) => said.other_shape.push(lack.what.clone()),
            }
        }
    }
    for (at, reason) in &found.unknown {
        all[*at].unknown = Some(reason.clone());
    }
    all
}

/// What is counted.
#[derive(Default)]
struct Counts {
    commits: usize,
    left_out: usize,
    made_anew: usize,
    /// Texts that the contracts leave out, and queries in them that the replay cannot judge.
    not_in_contract: usize,
    not_judged: usize,
    /// Those of the latter that the server refuses at the release's own version too.
    never_work: usize,
    bytes: Vec<usize>,
    /// By state: before, at, after.
    states: [StateCounts; 3],
    /// Types of results and parameters at the release's own version.
    types: usize,
    types_same: usize,
    types_unknown: usize,
    /// Reshaped for the server, and what is said of it.
    reshaped: usize,
    reshaped_said: usize,
    /// Not said: only columns that a star shows beside those that are expected, or only text of
    /// another name or length.
    reshaped_more: usize,
    reshaped_text: usize,
    reshaped_false: usize,
    histories: usize,
    histories_same: usize,
}

#[derive(Default)]
struct StateCounts {
    verified: usize,
    /// Verifications whose verdict is the server's.
    same_verdict: usize,
    /// Those that do not fit for values of another kind, where no query fails.
    by_values: usize,
    queries: usize,
    /// That the server refuses.
    failures: usize,
    agree: usize,
    possible: usize,
    missed: usize,
    false_alarms: usize,
    other_code: usize,
    unknown: usize,
    /// Nobody but a run with other values could tell.
    not_told: usize,
    lacks: usize,
    drift: usize,
}

const STATES: [&str; 3] = ["before", "at", "after"];

/// The queries of one release on its three databases.
struct Step<'a> {
    commit: &'a str,
    contract: &'a Contract,
    counts: &'a mut Counts,
    differing: &'a mut BTreeMap<String, usize>,
}

impl Step<'_> {
    /// Prints a disagreement, once however often it occurs.
    fn differs(&mut self, kind: &str, query: usize, state: &str, detail: &str) {
        let needed = &self.contract.queries[query];
        let key = format!("{kind} {detail} {}", needed.text);
        if !self.differing.contains_key(&key) {
            println!(
                "{kind}: {} first {:.10} {state}: {detail}\n    {}",
                needed.id,
                self.commit,
                needed.text.split_whitespace().collect::<Vec<_>>().join(" ")
            );
        }
        *self.differing.entry(key).or_default() += 1;
    }

    /// What the contract holds of results and parameters, where the server tells it too.
    fn compare_types(&mut self, asked: &mut Asked, own: &[Told]) {
        let spelled = |it: &SqlType| it.to_string();
        let mut names: BTreeSet<String> = BTreeSet::new();
        for (query, told) in self.contract.queries.iter().zip(own) {
            names.extend(query.parameters.iter().flatten().map(spelled));
            let returned = query.returns.iter().flatten();
            names.extend(returned.filter_map(|it| it.data_type.as_ref()).map(spelled));
            names.extend(told.result.iter().map(|(_, data_type)| data_type.clone()));
        }
        let plain = asked.plain(&names);
        for (at, (query, told)) in self.contract.queries.iter().zip(own).enumerate() {
            let is_described = told.error.as_ref().is_none_or(|it| it.1 == "run");
            if !is_described || !is_prepared(&query.text) || query.standing != QueryStanding::Works
            {
                continue;
            }
            let (mut wrong, mut other_names) = (Vec::new(), Vec::new());
            let mut compare = |what: String, ours: Option<&SqlType>, theirs: &str| {
                self.counts.types += 1;
                match ours {
                    None => self.counts.types_unknown += 1,
                    Some(ours) if plain[&spelled(ours)] == theirs => self.counts.types_same += 1,
                    Some(ours) => wrong.push(format!("{what} is {theirs}, ours {ours}")),
                }
            };
            for (number, theirs) in told.parameters.iter().enumerate() {
                let ours = query.parameters.get(number).and_then(Option::as_ref);
                compare(format!("${}", number + 1), ours, theirs);
            }
            match &query.returns {
                Some(returns) if returns.len() == told.result.len() => {
                    for (ours, (name, theirs)) in returns.iter().zip(&told.result) {
                        let what = format!("`{name}`, ours `{}`,", ours.name.as_str());
                        compare(what, ours.data_type.as_ref(), &plain[theirs]);
                        if ours.name.as_str() != name {
                            other_names.push(format!("`{name}` is `{}` for us", ours.name));
                        }
                    }
                }
                Some(returns) => other_names.push(format!(
                    "{} columns, ours {}",
                    told.result.len(),
                    returns.len()
                )),
                None => {
                    for (name, theirs) in &told.result {
                        compare(format!("`{name}`"), None, theirs);
                    }
                }
            }
            for detail in wrong.into_iter().chain(other_names) {
                self.differs("other type", at, "at", &detail);
            }
        }
    }

    /// Compares one verification with the server's own answers there.
    fn compare(&mut self, state: usize, found: &Verification, own: &[Told], told: &[Told]) {
        let all = said(found, told.len());
        let mut fails = false;
        let mut of_state = std::mem::take(&mut self.counts.states[state]);
        of_state.verified += 1;
        of_state.lacks += found.lacks.len();
        of_state.drift += found.drift.len();
        for (at, ((said, told), own)) in all.iter().zip(told).zip(own).enumerate() {
            of_state.queries += 1;
            // Where a check refuses the sample values on the release's own version, it says nothing.
            let by_values = own.error.as_ref().is_some_and(is_check);
            let without = |it: &Told| match &it.error {
                Some(error) if by_values && is_check(error) => it.unchecked.clone(),
                other => other.clone(),
            };
            // With the sample values it does not even run where it belongs.
            let needs_other_values = without(own).is_some_and(|it| it.1 == "run");
            let error = match without(told) {
                Some((_, "run", _)) if needs_other_values => None,
                other => other,
            };
            let error = error.as_ref();
            let is_run = told.is_run && !needs_other_values;
            let only_when_run = |codes: &BTreeSet<String>| {
                codes
                    .iter()
                    .all(|it| it.starts_with("23") || it.starts_with("22"))
            };
            of_state.failures += usize::from(error.is_some());
            // Of some the contract itself says that they fail, or that nobody knows: they decide
            // nothing.
            let standing = &self.contract.queries[at].standing;
            fails |= error.is_some() && *standing == QueryStanding::Works;
            let name = STATES[state];
            match error {
                _ if said.unknown.is_some() => {
                    of_state.unknown += 1;
                    let reason = said.unknown.clone().unwrap_or_default();
                    self.differs("unknown", at, name, &format!("{reason}; server {error:?}"));
                }
                Some((code, ..)) if said.fails.contains(code) => of_state.agree += 1,
                Some((code, ..)) if said.may_fail.contains(code) => {
                    of_state.agree += 1;
                    of_state.possible += 1;
                }
                Some(error) if !said.fails.is_empty() => {
                    of_state.other_code += 1;
                    let detail = format!("server {error:?}, ours {:?}", said.fails);
                    self.differs("other code", at, name, &detail);
                }
                Some(error) => {
                    of_state.missed += 1;
                    self.differs(
                        "missed",
                        at,
                        name,
                        &format!("server {error:?}, ours {said:?}"),
                    );
                }
                None if said.fails.is_empty() => {
                    of_state.agree += 1;
                    of_state.possible += usize::from(!said.may_fail.is_empty());
                    if !said.may_fail.is_empty() {
                        let detail = format!("ours {:?}", said.may_fail);
                        self.differs("possible", at, name, &detail);
                    }
                }
                None if only_when_run(&said.fails)
                    && (!is_run || !gives_rows(&self.contract.queries[at].text)) =>
                {
                    of_state.not_told += 1;
                    let detail = format!("ours {:?}, own {:?}", said.fails, own.error);
                    self.differs("not told", at, name, &detail);
                }
                None => {
                    of_state.false_alarms += 1;
                    self.differs("false alarm", at, name, &format!("ours {:?}", said.fails));
                }
            }
            let is_described = |it: &Told| it.error.as_ref().is_none_or(|it| it.1 == "run");
            if said.fails.is_empty()
                && said.unknown.is_none()
                && is_described(own)
                && is_described(told)
            {
                self.compare_shape(at, name, said, own, told);
            }
        }
        let is_by_values = |it: &Lack| it.code.is_none() || it.certainty != Certainty::Proven;
        let errors = found.lacks.iter();
        let mut errors = errors.filter(|it| it.severity == Severity::Error);
        match (found.fits(), fails) {
            (true, false) | (false, true) => of_state.same_verdict += 1,
            // The server takes every query, and some give or take values of another kind.
            (false, false) if errors.all(is_by_values) => of_state.by_values += 1,
            (fits, _) => println!(
                "verdict: {:.10} {}: fits {fits}, the server fails {fails}",
                self.commit, STATES[state],
            ),
        }
        if state == 1 && !(found.fits() && found.lacks.is_empty() && found.drift.is_empty()) {
            println!(
                "its own version: {:.10}: {:?} {:?}",
                self.commit, found.lacks, found.drift
            );
        }
        self.counts.states[state] = of_state;
    }

    /// A query that the server takes on both databases, and describes otherwise.
    fn compare_shape(&mut self, at: usize, state: &str, said: &Said, own: &Told, told: &Told) {
        let is_same = own.result == told.result && own.parameters == told.parameters;
        let is_said = !said.other_shape.is_empty();
        if !is_same && !said.may_fail.is_empty() {
            return; // That it may fail is what is said of it.
        }
        let mut changes: Vec<String> = Vec::new();
        if own.result.len() == told.result.len() {
            let both = own.result.iter().zip(&told.result);
            changes.extend(
                both.filter(|(a, b)| a != b)
                    .map(|(a, b)| format!("{a:?} to {b:?}")),
            );
        } else {
            let gone = own.result.iter().filter(|it| !told.result.contains(it));
            changes.extend(gone.map(|it| format!("without {it:?}")));
            let more = told.result.iter().filter(|it| !own.result.contains(it));
            changes.extend(more.map(|it| format!("with {it:?}")));
        }
        if own.parameters != told.parameters {
            changes.push(format!("{:?} to {:?}", own.parameters, told.parameters));
        }
        match (is_same, is_said) {
            (true, false) => {}
            (true, true) => {
                self.counts.reshaped_false += 1;
                self.differs("no other shape", at, state, &said.other_shape.join("; "));
            }
            (false, true) => {
                self.counts.reshaped += 1;
                self.counts.reshaped_said += 1;
            }
            (false, false) => {
                self.counts.reshaped += 1;
                if changes.iter().all(|it| it.starts_with("with ")) {
                    self.counts.reshaped_more += 1;
                } else if is_same_on_the_wire(own, told) {
                    self.counts.reshaped_text += 1;
                } else {
                    self.differs("reshaped, not said", at, state, &changes.join(", "));
                }
            }
        }
    }

    /// Whether the tool's table was read as it was written.
    fn compare_history(&mut self, found: &Verification, wanted: &[String], state: &State) {
        let AppliedMigrations::Known(history) = &found.history else {
            println!("history: {:.10}: {:?}", self.commit, found.history);
            self.counts.histories += 1;
            return;
        };
        let has = |key: &&String| state.applied.contains(*key);
        let applied: BTreeSet<&String> = wanted.iter().filter(has).collect();
        let pending: BTreeSet<&String> = wanted.iter().filter(|it| !has(it)).collect();
        let ours_applied: BTreeSet<&String> = history.applied.iter().collect();
        let ours_pending: BTreeSet<&String> = history.pending.iter().collect();
        let more = state.applied.iter().any(|it| !wanted.contains(it));
        self.counts.histories += 1;
        if applied == ours_applied && pending == ours_pending && more != history.unknown.is_empty()
        {
            self.counts.histories_same += 1;
        } else {
            println!("history: {:.10}: {history:?}", self.commit);
        }
    }
}

/// Whether two descriptions differ in nothing but the names and lengths of text, which a client takes
/// alike.
fn is_same_on_the_wire(one: &Told, other: &Told) -> bool {
    let text = |it: &String| {
        let plain = it.split('(').next().unwrap_or_default().trim_end();
        match plain {
            "character varying" | "character" => "text".to_owned(),
            "numeric" => plain.to_owned(),
            _ => it.replace("character varying", "text"),
        }
    };
    let columns = |told: &Told| -> Vec<(String, String)> {
        let all = told.result.iter();
        all.map(|(name, it)| (name.clone(), text(it))).collect()
    };
    let parameters = |told: &Told| told.parameters.iter().map(text).collect::<Vec<_>>();
    columns(one) == columns(other) && parameters(one) == parameters(other)
}

/// Whether an INSERT brings rows of its own, on empty tables too.
fn gives_rows(query: &str) -> bool {
    let text = query.to_ascii_lowercase();
    !text.contains("select") || text.contains("unnest")
}

/// `MIGCHECK_CONTRACT_HISTORY` names a git directory or a clone, `MIGCHECK_CONTRACT_FOLDERS` its
/// migrations folder (several where it has moved, with `,` between). Further, all with the prefix:
/// `COMMIT` (the last commit), `LAYOUT`, `CONFIG` (the text of the project's `migcheck.toml`), `STEPS`
/// (how many of the last commits, 20 otherwise), `OUT` (a folder for the contracts and what was said).
#[test]
fn contracts_of_a_given_history() {
    let setting = |name: &str| std::env::var(format!("MIGCHECK_CONTRACT_{name}")).ok();
    let Some(path) = setting("HISTORY") else {
        return;
    };
    assert!(database().is_some(), "there is no server to ask");
    let commit = setting("COMMIT").unwrap_or_else(|| {
        let mut git = crate::support::git_command(&PathBuf::from(&path));
        lines_of(git.args(["rev-parse", "HEAD"])).remove(0)
    });
    let (folder, repository) = borrow(Path::new(&path), &commit);
    let layout = setting("LAYOUT").filter(|it| !it.is_empty());
    let folders = setting("FOLDERS").expect("MIGCHECK_CONTRACT_FOLDERS names the migrations");
    let project = Project {
        repository,
        folders: folders.split(',').map(str::to_owned).collect(),
        layout: layout.map(|it| Layout::from_name(&it, "layout").expect("it is a layout")),
        config: setting("CONFIG").unwrap_or_default(),
    };
    let steps = setting("STEPS").unwrap_or_else(|| "20".to_owned());
    let mut log = crate::support::git_command(folder.path());
    log.args(["log", "--first-parent", "--format=%H %P", "-n", &steps]);
    log.arg("HEAD").arg("--").args(&project.folders);
    let mut commits = lines_of(&mut log);
    commits.reverse();
    let out = setting("OUT").map(PathBuf::from);

    let start = Instant::now();
    let mut counts = Counts::default();
    let mut refused = BTreeSet::new();
    let mut differing: BTreeMap<String, usize> = BTreeMap::new();
    let mut texts: BTreeSet<String> = BTreeSet::new();
    // The states between the commits: one more than there are commits.
    let has_migrations = |it: &String| {
        let parent = it.split(' ').nth(1);
        parent.is_some_and(
            |it| !matches!(project.release(it), Err(reason) if reason == "no migrations"),
        )
    };
    // The release that brings the first migrations has no database before it.
    let first = commits.iter().position(has_migrations);
    let commits = commits.split_off(first.expect("a commit has migrations before it"));
    let parent = commits[0].split(' ').nth(1).unwrap_or_default().to_owned();
    let commits: Vec<String> = commits
        .iter()
        .filter_map(|it| it.split(' ').next().map(str::to_owned))
        .collect();
    let mut states: Vec<State> = Vec::new();
    let mut releases: Vec<ReleaseContract> = Vec::new();
    for (at, revision) in std::iter::once(&parent).chain(&commits).enumerate() {
        let release = project.release(revision);
        let release = release.unwrap_or_else(|reason| panic!("{revision:.10}: {reason}"));
        let state = State::after(states.last(), &release, &mut refused);
        let state = state.unwrap_or_else(|reason| panic!("{revision:.10}: {reason}"));
        counts.made_anew += usize::from(state.is_anew && at > 0);
        states.push(state);
        if at > 0 {
            releases.push(release);
        }
    }
    eprintln!("states and contracts: {:?}", start.elapsed());
    for (at, (commit, release)) in commits.iter().zip(&releases).enumerate() {
        let text = release.contract.to_text();
        let contract = Contract::parse(&text).expect("what is written can be read");
        assert_eq!(contract, release.contract, "{commit}");
        if contract.queries.is_empty() {
            counts.left_out += 1;
            println!("left out: {commit:.10} no queries");
            continue;
        }
        counts.commits += 1;
        counts.not_in_contract += contract.unknown.len();
        let mut all = contract.queries.iter();
        counts.not_judged += all
            .by_ref()
            .filter(|it| it.standing != QueryStanding::Works)
            .count();
        counts.bytes.push(text.len());
        for it in &contract.unknown {
            let key = format!("{} {}", it.file, it.reason);
            if *differing.entry(key).and_modify(|it| *it += 1).or_insert(1) == 1 {
                println!("not in the contract: {}:{} {}", it.file, it.line, it.reason);
            }
        }
        texts.extend(contract.queries.iter().map(|it| it.text.to_string()));
        let trimmed = |it: char| it.is_whitespace() || it == ';';
        let queries: Vec<&str> = contract
            .queries
            .iter()
            .map(|it| it.text.trim_end_matches(trimmed))
            .collect();
        let mut step = Step {
            commit,
            contract: &contract,
            counts: &mut counts,
            differing: &mut differing,
        };
        let wanted: Vec<String> = known(&release.replayed.project)
            .into_iter()
            .map(|it| it.key)
            .collect();
        let mut own_asked = Asked::new(&states[at + 1].database);
        let own = own_asked.all(&queries);
        step.compare_types(&mut own_asked, &own);
        for (query, told) in contract.queries.iter().zip(&own) {
            if let Some((code, "parse" | "plan", message)) = &told.error {
                step.counts.never_work += 1;
                let key = format!("never works {}", query.text);
                if !step.differing.contains_key(&key) {
                    let standing = &query.standing;
                    println!("never works: {} {code} {message} {standing:?}", query.id);
                }
                *step.differing.entry(key).or_default() += 1;
            }
        }
        drop(own_asked);
        let mut shown = String::new();
        for (place, state) in states.iter().skip(at).take(3).enumerate() {
            let mut session = state.database.session();
            let found = contract.verify(&mut session, &VerifyOptions::default());
            let found = found.expect("the server answers");
            let told = match place {
                1 => own.clone(),
                _ => Asked::new(&state.database).all(&queries),
            };
            step.compare(place, &found, &own, &told);
            if history_table(release.replayed.project.layout, &state.applied).is_some() {
                step.compare_history(&found, &wanted, state);
            }
            let _ = writeln!(shown, "--- {}", STATES[place]);
            shown += &verification_to_text(&contract, &found, Telling::Everything, 100);
        }
        if let Some(out) = &out {
            let name = |ending: &str| out.join(format!("{at:02}-{commit:.10}.{ending}"));
            std::fs::write(name("toml"), &text).expect("it can be written");
            std::fs::write(name("txt"), &shown).expect("it can be written");
        }
        eprintln!("{commit:.10} {:?}", start.elapsed());
    }
    counts.bytes.sort_unstable();
    for (name, it) in STATES.iter().zip(&counts.states) {
        println!(
            "contract accuracy {name}: {} verified, {} verdicts the same, {} by values, {} queries, {} failures, \
             {} agree, {} possible, {} missed, {} false alarms, {} other code, {} unknown, \
             {} not told; {} lacks, {} drift",
            it.verified,
            it.same_verdict,
            it.by_values,
            it.queries,
            it.failures,
            it.agree,
            it.possible,
            it.missed,
            it.false_alarms,
            it.other_code,
            it.unknown,
            it.not_told,
            it.lacks,
            it.drift,
        );
    }
    println!(
        "contract accuracy: {} commits, {} left out, {} databases made anew, {} queries, \
         {} not in a contract, {} not judged before, {} of them never work, {:?} bytes at the median; types {}, {} the same, {} unknown; \
         reshaped {}, {} said, {} with more columns only, {} text as before, {} said falsely; histories {}, {} the same; {} migrations refused",
        counts.commits,
        counts.left_out,
        counts.made_anew,
        texts.len(),
        counts.not_in_contract,
        counts.not_judged,
        counts.never_work,
        counts.bytes.get(counts.bytes.len() / 2),
        counts.types,
        counts.types_same,
        counts.types_unknown,
        counts.reshaped,
        counts.reshaped_said,
        counts.reshaped_more,
        counts.reshaped_text,
        counts.reshaped_false,
        counts.histories,
        counts.histories_same,
        refused.len(),
    );
    assert!(counts.commits > 0, "nothing was asked");
}
