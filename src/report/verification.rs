//! Whether a live database satisfies a contract, for people and for programs.

use serde_json::{Value, json};

use super::json::{object_json, report_json};
use super::printable::printable;
use super::wrap::{counted, wrap};
use crate::contract::{Contract, ContractEvidence, NeededQuery};
use crate::findings::Severity;
use crate::live::{AppliedMigrations, Certainty, HistoryComparison, Lack, Verification};

/// How many queries of one lack are named.
const MOST_QUERIES: usize = 3;

/// How many migrations are named.
const MOST_MIGRATIONS: usize = 5;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Telling {
    /// What hurts the release, and how many of the rest.
    #[default]
    Briefly,
    /// What differs and what is not known as well, and every query.
    Everything,
}

/// One line that says what was compared with what, for stderr; `at` names the database without its
/// password.
pub fn verification_line(contract: &Contract, found: &Verification, at: &str) -> String {
    let version = match &contract.schema_version {
        Some(version) => format!("contract of version {version}"),
        None => "contract without migrations".to_owned(),
    };
    let needs = match contract.evidence {
        ContractEvidence::Presumed => "presumed".to_owned(),
        ContractEvidence::Complete => counted(contract.queries.len(), "query"),
        ContractEvidence::Partial => {
            format!(
                "{}, the code may send others",
                counted(contract.queries.len(), "query")
            )
        }
    };
    let session = &found.session;
    let role = match session.role == session.user {
        true => String::new(),
        false => format!(" · for role {}", session.role),
    };
    let line = format!(
        "migcheck: {version} ({needs}) · {at} · PostgreSQL {}{role}",
        session.version
    );
    printable(&line)
}

/// The verification for people; `width` is that of the terminal in characters.
pub fn verification_to_text(
    contract: &Contract,
    found: &Verification,
    telling: Telling,
    width: usize,
) -> String {
    let mut out = String::new();
    let mut say = |text: &str, first: &str, rest: &str| {
        out.push_str(&wrap(&printable(text), width, first, rest));
    };
    let is_told = |it: &&Lack| it.severity > Severity::Note || telling == Telling::Everything;
    for lack in found.lacks.iter().filter(is_told) {
        let first = format!("{}: ", lack.severity.as_str());
        say(&lack.what, &first, "  ");
        if let Some(said) = server_error(lack) {
            say(&said, "  = the server says: ", "    ");
        }
        let users = users(contract, lack, telling);
        if !users.is_empty() {
            let verb = match (lack.severity, lack.certainty) {
                (Severity::Error, Certainty::Proven) => "fails",
                _ => "may fail",
            };
            let verb = match lack.code {
                None => "meets it",
                Some(_) => verb,
            };
            say(&users, &format!("  = {verb}: "), "    ");
        } else if lack.certainty == Certainty::Presumed {
            say(
                "the release was free to use it: its queries are not known",
                "  = presumed: ",
                "    ",
            );
        }
    }
    if telling == Telling::Everything {
        for drift in &found.drift {
            say(&drift.what, "note: ", "  ");
        }
        for (query, reason) in &found.unknown {
            if let Some(query) = contract.queries.get(*query) {
                say(
                    &format!("{} is not judged: {reason}", named(query)),
                    "note: ",
                    "  ",
                );
            }
        }
        for it in &contract.unknown {
            let text = format!(
                "{}:{} is not in the contract: {}",
                it.file, it.line, it.reason
            );
            say(&text, "note: ", "  ");
        }
    }
    for line in history_lines(&found.history) {
        say(&line, "", "  ");
    }
    if let Some(line) = hint(found) {
        say(&line, "", "  ");
    }
    let has_more = !found.drift.is_empty()
        || nobody_knows(contract, found) > 0
        || found.lacks.iter().any(|it| it.severity == Severity::Note);
    let more = match (telling, has_more) {
        (Telling::Briefly, true) => " (`--verbose` names them)",
        _ => "",
    };
    say(&format!("{}{more}", summary(contract, found)), "", "  ");
    out
}

fn server_error(lack: &Lack) -> Option<String> {
    match (&lack.code, &lack.message) {
        (Some(code), Some(message)) => Some(format!("{code} {message}")),
        (Some(code), None) => Some(code.clone()),
        (None, _) => None,
    }
}

/// `get_user (queries/users.sql:4)`
fn named(query: &NeededQuery) -> String {
    let place = format!("{}:{}", query.file, query.line);
    match query.id == place {
        true => place,
        false => format!("{} ({place})", query.id),
    }
}

fn users(contract: &Contract, lack: &Lack, telling: Telling) -> String {
    let queries: Vec<String> = lack
        .queries
        .iter()
        .filter_map(|at| contract.queries.get(*at))
        .map(named)
        .collect();
    listed(&queries, most(telling, MOST_QUERIES))
}

fn most(telling: Telling, brief: usize) -> usize {
    match telling {
        Telling::Briefly => brief,
        Telling::Everything => usize::MAX,
    }
}

/// `a, b, c and 4 more`
fn listed(all: &[String], most: usize) -> String {
    match all.len() {
        count if count > most.saturating_add(1) => {
            format!("{} and {} more", all[..most].join(", "), count - most)
        }
        _ => all.join(", "),
    }
}

fn history_lines(history: &AppliedMigrations) -> Vec<String> {
    let found = match history {
        AppliedMigrations::Known(found) => found,
        AppliedMigrations::Unknown(reason) => {
            return vec![format!("migrations: not known: {reason}")];
        }
    };
    let mut parts = vec![format!("{} applied", found.applied.len())];
    let named = |keys: &[String]| listed(keys, MOST_MIGRATIONS);
    let mut add = |keys: &[String], what: &str| {
        if !keys.is_empty() {
            parts.push(format!("{} {what} ({})", keys.len(), named(keys)));
        }
    };
    add(&found.pending, "pending");
    add(&found.unknown, "that this release does not know");
    let failed: Vec<String> = found
        .failed
        .iter()
        .map(|it| format!("{}: {}", it.key, it.reason))
        .collect();
    add(&failed, "failed");
    add(&found.changed, "with another text");
    add(&found.out_of_order, "out of order");
    vec![format!(
        "migrations in `{}`: {}",
        found.table,
        parts.join(", ")
    )]
}

/// What to do, where the history tells.
fn hint(found: &Verification) -> Option<String> {
    let AppliedMigrations::Known(history) = &found.history else {
        return None;
    };
    // What a role may not do has nothing to do with migrations.
    let stops = |it: &Lack| it.severity == Severity::Error && !it.is_denied;
    if !found.lacks.iter().any(stops) {
        return None;
    }
    let text = match standing(history) {
        Standing::Failed => {
            "a migration has failed: repair what it left and run what is pending, then start the \
             release"
        }
        Standing::Behind => {
            "the database is behind this release: run the pending migrations, then start it"
        }
        Standing::Ahead => {
            "the database is ahead of this release: a newer one has migrated it, and this one can \
             no longer run there as it is"
        }
        Standing::Apart => {
            "the database has migrations that this release does not know and lacks some that it \
             does: they come from different branches"
        }
        Standing::Level => {
            "the database has all migrations of this release and no others: something else has \
             changed it"
        }
    };
    Some(text.to_owned())
}

/// Where a database stands to a release.
enum Standing {
    Failed,
    Level,
    Behind,
    Ahead,
    Apart,
}

fn standing(history: &HistoryComparison) -> Standing {
    if !history.failed.is_empty() {
        return Standing::Failed;
    }
    match (history.pending.is_empty(), history.unknown.is_empty()) {
        (true, true) => Standing::Level,
        (false, true) => Standing::Behind,
        (true, false) => Standing::Ahead,
        (false, false) => Standing::Apart,
    }
}

/// How many texts and queries could not be judged.
fn nobody_knows(contract: &Contract, found: &Verification) -> usize {
    found.unknown.len() + contract.unknown.len()
}

fn summary(contract: &Contract, found: &Verification) -> String {
    let count = |severity| {
        let all = found.lacks.iter();
        all.filter(|it| it.severity == severity).count()
    };
    let mut parts = Vec::new();
    for (severity, what) in [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ] {
        match count(severity) {
            0 => {}
            count => parts.push(counted(count, what)),
        }
    }
    if contract.evidence == ContractEvidence::Presumed {
        let needs = contract.relations.len() + contract.types.len() + contract.routines.len();
        parts.push(format!(
            "{} of the schema looked for",
            counted(needs, "object")
        ));
    } else {
        let judged = contract.queries.len() - found.unknown.len();
        parts.push(format!("{} judged", counted(judged, "query")));
    }
    let unknown = nobody_knows(contract, found);
    if unknown > 0 {
        parts.push(format!("{unknown} not known"));
    }
    if !found.drift.is_empty() {
        parts.push(match (found.lacks.is_empty(), found.drift.len()) {
            (true, 1) => "1 difference that hurts nobody".to_owned(),
            (true, count) => format!("{count} differences that hurt nobody"),
            // A query that fails for one reason never gets to the next.
            (false, count) => counted(count, "other difference"),
        });
    }
    let verdict = match found.fits() {
        true => "fits",
        false => "does not fit",
    };
    format!("{verdict}: {}", parts.join(", "))
}

/// The verification as JSON, format 1.
pub fn verification_to_json(contract: &Contract, found: &Verification) -> String {
    let session = &found.session;
    let query = |at: &usize| {
        contract.queries.get(*at).map(|query| {
            json!({
                "id": query.id,
                "file": &*query.file,
                "line": query.line,
                "query": &*query.text,
            })
        })
    };
    let lacks = found.lacks.iter().map(|lack| {
        json!({
            "severity": lack.severity.as_str(),
            "object": lack.object.as_ref().map(object_json),
            "message": lack.what,
            "evidence": lack.certainty.as_str(),
            "error": lack.code.as_ref().map(|code| json!({
                "code": code,
                "message": lack.message,
            })),
            "uses": lack.queries.iter().filter_map(query).collect::<Vec<_>>(),
        })
    });
    let drift = found
        .drift
        .iter()
        .map(|it| json!({ "object": it.object, "message": it.what }));
    let unknown = found
        .unknown
        .iter()
        .map(|(at, reason)| json!({ "use": query(at), "reason": reason }));
    let left_out = contract
        .unknown
        .iter()
        .map(|it| json!({ "file": &*it.file, "line": it.line, "reason": it.reason }));
    let history = match &found.history {
        AppliedMigrations::Unknown(reason) => json!({ "known": false, "reason": reason }),
        AppliedMigrations::Known(history) => json!({
            "known": true,
            "table": history.table.to_string(),
            "applied": history.applied,
            "pending": history.pending,
            "unknown": history.unknown,
            "failed": history.failed.iter().map(|it| json!({
                "migration": it.key,
                "reason": it.reason,
            })).collect::<Vec<_>>(),
            "changed": history.changed,
            "out_of_order": history.out_of_order,
        }),
    };
    report_json(
        "verify",
        &[
            ("fits", found.fits().into()),
            (
                "contract",
                json!({
                    "schema_version": contract.schema_version,
                    "evidence": contract.evidence.as_str(),
                    "queries": contract.queries.len(),
                    "not_known": left_out.collect::<Vec<_>>(),
                }),
            ),
            (
                "server",
                json!({
                    "version": session.version,
                    "database": session.database,
                    "user": session.user,
                    "role": session.role,
                    "search_path": session.search_path.iter().map(|it| it.as_str()).collect::<Vec<_>>(),
                }),
            ),
            ("lacks", lacks.collect::<Vec<Value>>().into()),
            ("drift", drift.collect::<Vec<Value>>().into()),
            ("unknown", unknown.collect::<Vec<Value>>().into()),
            ("migrations", history),
        ],
    )
}
