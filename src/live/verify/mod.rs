//! Whether a live database satisfies the contract of a release.
//!
//! Input: a [`Contract`] and something that sends SQL to a server ([`Answers`]). Output: a
//! [`Verification`]: what the release needs and the database lacks, with the queries that fail and
//! their SQLSTATE; what is different and hurts nobody; what could not be judged. Only the catalog is
//! read, in one read-only transaction with a time limit: no query of the release is sent, and no
//! table of it stays locked. For the text of a default, a check or the like the server locks the table
//! for a moment; where a query writes to a view, or a body is one of SQL that is not kept as text, it
//! locks for reading what these name, as it does for any query.
//!
//! The release's queries are bound to the server's catalog, by the code that judges migrations.
//! What counts is whether this release can run, not which version the schema has: the database may
//! be ahead.

mod ask;
mod judge;

use std::collections::BTreeSet;
use std::time::Duration;

use super::history::history_between;
use super::read::{COMMIT, ROLLBACK};
use super::{Answers, HistoryComparison, HistoryState, LiveError, compare_history};
use crate::contract::Contract;
use crate::findings::Severity;
use crate::schema::diff::ObjectRef;
use crate::schema::name::Ident;

/// How long the history waits for a lock on its table.
const LOCK_LIMIT: &str = "SET LOCAL lock_timeout = '500ms';\n";

/// How a database is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyOptions {
    /// How long one statement may take; `None` leaves the limit of the connection.
    pub statement_timeout: Option<Duration>,
    /// Whose privileges count, instead of those of the contract's role or of the connection's.
    pub role: Option<String>,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        VerifyOptions {
            statement_timeout: Some(Duration::from_secs(5)),
            role: None,
        }
    }
}

/// What a live database is to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Who was asked.
    pub session: Session,
    /// What hurts the release, the worst first.
    pub lacks: Vec<Lack>,
    /// What is not as the release knows it, and hurts nobody.
    pub drift: Vec<Drift>,
    /// The queries that could not be judged on this database, with the reason.
    pub unknown: Vec<(usize, String)>,
    /// Which of the release's migrations the database has, from the tool's own table.
    pub history: AppliedMigrations,
}

/// Which of a release's migrations a database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppliedMigrations {
    /// As the tool's table says it.
    Known(HistoryComparison),
    /// Nobody knows, and why: lower case, no full stop.
    Unknown(String),
}

/// The session in which a database was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The server's version, as it says it: `16.2`.
    pub version: String,
    /// The server's major version.
    pub major: u16,
    /// The database.
    pub database: String,
    /// The role of the connection.
    pub user: String,
    /// Whose privileges were asked about.
    pub role: String,
    /// The schemas in which names without one were sought.
    pub search_path: Vec<Ident>,
}

/// Something that the release needs and the database lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// How bad it is: an error stops the release, a warning may.
    pub severity: Severity,
    /// What is lacking; `None` where a query fails for another reason.
    pub object: Option<ObjectRef>,
    /// In a few words, lower case, no full stop.
    pub what: String,
    /// The SQLSTATE; `None` where the server says nothing (a value of another kind).
    pub code: Option<String>,
    /// The server's message, where it says something.
    pub message: Option<String>,
    /// The queries that fail, by their place in the contract; none where the need is presumed.
    pub queries: Vec<usize>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Whether it is the role that lacks something: a privilege, or to be there.
    pub is_denied: bool,
}

/// How sure it is that the release is hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// A query of the contract fails.
    Proven,
    /// It fails for some values, or in some clients.
    Possible,
    /// The release was free to use it; its queries are not known.
    Presumed,
}

impl Certainty {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Proven => "proven",
            Certainty::Possible => "possible",
            Certainty::Presumed => "presumed",
        }
    }
}

/// Something that is not as the release knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// Its name: `users.email`.
    pub object: String,
    /// What is different, lower case, no full stop.
    pub what: String,
}

impl Verification {
    /// Whether the release can run on the database, as far as is known.
    pub fn fits(&self) -> bool {
        self.lacks.iter().all(|it| it.severity != Severity::Error)
    }
}

impl Contract {
    /// Asks a live database of PostgreSQL 12 to 18 whether this release can run on it.
    ///
    /// Everything is read in one read-only transaction, in a few round trips; `server` has to send
    /// all of its scripts on one connection that is in no transaction.
    ///
    /// # Examples
    ///
    /// A service that keeps its contract beside its binary asks once, before it takes traffic:
    ///
    /// ```no_run
    /// use migcheck::Contract;
    /// use migcheck::live::{Answers, LiveError, VerifyOptions};
    ///
    /// fn may_start(server: &mut dyn Answers) -> Result<bool, Box<dyn std::error::Error>> {
    ///     let contract = Contract::parse(&std::fs::read_to_string("migcheck.contract.toml")?)?;
    ///     let found = contract.verify(server, &VerifyOptions::default())?;
    ///     for lack in &found.lacks {
    ///         eprintln!("{}: {}", lack.severity.as_str(), lack.what);
    ///     }
    ///     Ok(found.fits())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or its answer is not understood.
    pub fn verify(
        &self,
        server: &mut dyn Answers,
        options: &VerifyOptions,
    ) -> Result<Verification, LiveError> {
        let found = self.verify_in_transaction(server, options);
        if found.is_err() {
            // What went wrong is known; the connection is left as it was found, if it still answers.
            let _ = server.answer(ROLLBACK);
        }
        found
    }

    /// What the tool's own table says; ends the transaction. A migration that runs may have locked
    /// the table: that does not keep a release from starting.
    fn applied(&self, server: &mut dyn Answers) -> Result<AppliedMigrations, LiveError> {
        let history = &self.history;
        let state = match history_between(server, &history.table, LOCK_LIMIT, COMMIT) {
            Ok(state) => state,
            Err(LiveError::Locked { .. }) => {
                server.answer(ROLLBACK)?;
                let reason =
                    "another connection locks the history table: a migration may be running";
                return Ok(AppliedMigrations::Unknown(reason.to_owned()));
            }
            Err(
                error @ (LiveError::Server(_)
                | LiveError::PermissionDenied { .. }
                | LiveError::StatementTimeout { .. }),
            ) => {
                server.answer(ROLLBACK)?;
                return Ok(AppliedMigrations::Unknown(error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let compared = match &state {
            HistoryState::Read(rows) => compare_history(&history.table, &history.migrations, rows),
            _ => return Ok(AppliedMigrations::Unknown(state.to_string())),
        };
        Ok(match compared {
            Some(compared) => AppliedMigrations::Known(compared),
            None => {
                let reason = "no table holds any of the versions of this release";
                AppliedMigrations::Unknown(reason.to_owned())
            }
        })
    }

    fn verify_in_transaction(
        &self,
        server: &mut dyn Answers,
        options: &VerifyOptions,
    ) -> Result<Verification, LiveError> {
        let role = options.role.clone().or_else(|| {
            let role = self.role.as_ref();
            role.map(|it| it.as_str().to_owned())
        });
        let surroundings = ask::surroundings(server, options, self, role.as_deref())?;
        let closed: BTreeSet<&Ident> = surroundings.session.closed.iter().collect();
        let path = self
            .search_path
            .as_ref()
            .unwrap_or(&surroundings.session.path);
        let session = Session {
            // As the server does: what the role may not look into is passed over.
            search_path: path
                .iter()
                .filter(|it| !closed.contains(it))
                .cloned()
                .collect(),
            version: surroundings.session.version.clone(),
            major: surroundings.session.major(),
            database: surroundings.session.database.clone(),
            role: role.unwrap_or_else(|| surroundings.session.user.clone()),
            user: surroundings.session.user.clone(),
        };
        let live = ask::catalog(server, &surroundings, self)?;
        let judged = judge::Judged::new(self, &live, &session, &surroundings);
        let access = ask::access(server, &judged.wanted(), &session.role)?;
        let (lacks, drift, unknown) = judged.finish(&access);
        let history = self.applied(server)?;
        Ok(Verification {
            history,
            session,
            lacks,
            drift,
            unknown,
        })
    }
}
