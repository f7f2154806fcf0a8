//! What a real server says: its catalog, how ours differs from it, and which migrations it has.
//!
//! Input: whatever answers a script of SQL with rows of text ([`Answers`]). Output: a catalog of
//! the same type that a replay makes, and the comparison of two ([`compare`]); the history that the
//! migration tool keeps ([`read_history`]); whether the database has what a release needs
//! ([`Contract::verify`](crate::Contract::verify)); how large and busy its tables are
//! ([`read_statistics`]). Each is read in one read-only transaction; nothing is written. Objects that
//! belong to an extension, temporary ones and the server's own are left out. Which server is asked,
//! and as whom, is a [`Connection`]. The driver is behind the feature `live-postgres`; the
//! connection's text, the queries and their decoding are not, so that they are compiled and tested
//! everywhere.

mod compare;
mod connection;
#[cfg(feature = "live-postgres")]
mod driver;
mod history;
mod read;
mod same;
mod stats;
mod system;
mod verify;

pub use compare::{Comparison, Count, Disagreement, Kind, compare};
pub use connection::{Connection, DEFAULT_TIMEOUT, Surroundings};
#[cfg(feature = "live-postgres")]
pub use driver::Postgres;
pub use history::{
    FailedMigration, HistoryComparison, HistoryRow, HistoryRows, HistoryState, ReadTable,
    compare_history, read_history,
};
pub use read::read_catalog;
pub use stats::{
    Activity, STATISTICS_FILE, STATISTICS_QUERY, Statistics, TableStatistics, read_statistics,
};
pub use system::{PrivateFile, account};
pub use verify::{AppliedMigrations, Certainty, Drift, Lack, Session, Verification, VerifyOptions};

use std::time::Duration;

/// Why a server could not be read.
///
/// No message holds a password: texts of connections are never repeated, and what a server says is
/// passed on without it. `at` is the name of the database, such as `app@db.example:5432/shop`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The text, a variable or a file that names the server is not understood.
    #[error("{from} does not name a server that can be asked: {reason}")]
    Parameters {
        /// What is not understood: `--database-url`, a variable, a file.
        from: String,
        /// Where in it and why, without any of its text.
        reason: String,
    },
    /// The name of the host has no address.
    #[error("cannot connect to {at}: the host is not found: {reason}; check its name")]
    HostNotFound {
        /// The database.
        at: String,
        /// What the system said.
        reason: String,
    },
    /// Nothing listens there.
    #[error("cannot connect to {at}: {reason}; check that the server runs, and its host and port")]
    NotListening {
        /// The database.
        at: String,
        /// A refused connection, a missing socket, a network without a way there.
        reason: String,
    },
    /// The server did not take the connection in time.
    #[error(
        "cannot connect to {at}: no answer within {}: {reason}; check host, port and firewall, or \
         give it more time",
        seconds(*.after)
    )]
    ConnectTimeout {
        /// The database.
        at: String,
        /// How long was waited.
        after: Duration,
        /// What was waited for.
        reason: String,
    },
    /// The server asks for a password and there is none.
    #[error(
        "cannot connect to {at}: the server asks for a password and none is given; set PGPASSWORD, \
         or put it into the URL or into ~/.pgpass{}", after_semicolon(.notices)
    )]
    PasswordMissing {
        /// The database.
        at: String,
        /// Why a password file was not used.
        notices: Vec<String>,
    },
    /// The password is wrong, or the account is another one.
    #[error(
        "cannot connect to {at}: {said}; check the user and the password, which is from {from}"
    )]
    PasswordWrong {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
        /// Where the password came from.
        from: String,
    },
    /// The server has no such role, or it may not log in.
    #[error("cannot connect to {at}: {said}; check the user's name")]
    RoleMissing {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The server's rules let nobody in this way: from this host, as this user, without or with
    /// encryption, or by this method.
    #[error(
        "cannot connect to {at}: {said}; check pg_hba.conf of the server, and sslmode (this was \
         {})", encrypted(*.is_encrypted)
    )]
    NotAdmitted {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
        /// Whether the connection was encrypted.
        is_encrypted: bool,
    },
    /// There is no such database.
    #[error("cannot connect to {at}: {said}; check its name, or create it")]
    DatabaseMissing {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The server takes no more connections.
    #[error("cannot connect to {at}: {said}; wait until others have ended, or raise the limit")]
    TooManyConnections {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The server starts, stops, recovers, or is of another kind than was asked for.
    #[error("cannot connect to {at}: {said}; wait for it")]
    NotReady {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The server does not encrypt, and sslmode asks for it.
    #[error(
        "cannot connect to {at}: the server does not support TLS and sslmode asks for it; turn on \
         `ssl` in the server, or connect with sslmode=disable where the network is trusted"
    )]
    TlsNotSupported {
        /// The database.
        at: String,
    },
    /// The certificate of the server is not one that is trusted.
    #[error(
        "cannot connect to {at}: the server's certificate is not trusted: {reason}; give its root \
         certificate as sslrootcert"
    )]
    CertificateNotTrusted {
        /// The database.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The certificate of the server is for another host.
    #[error(
        "cannot connect to {at}: the server's certificate is for another host: {reason}; connect \
         by a name that it holds, or with sslmode=verify-ca"
    )]
    HostMismatch {
        /// The database.
        at: String,
        /// Which names it holds.
        reason: String,
    },
    /// The encryption failed in another way.
    #[error("cannot connect to {at}: {reason}")]
    Tls {
        /// The database.
        at: String,
        /// What went wrong, with the file where it is one.
        reason: String,
    },
    /// What listens there is no PostgreSQL, or none that can be asked.
    #[error("cannot ask {at}: {reason}")]
    NotSupported {
        /// The database.
        at: String,
        /// What it is instead.
        reason: String,
    },
    /// The connection ended while the server was asked.
    #[error("the connection to {at} was lost: {said}; ask again")]
    Lost {
        /// The database.
        at: String,
        /// What the server or the system said.
        said: String,
    },
    /// A statement took too long.
    #[error(
        "{at} did not answer a statement within {}: a migration may hold a lock, or the server is \
         busy; ask again or give it more time",
        limit(*.after)
    )]
    StatementTimeout {
        /// The database.
        at: String,
        /// How long it was given, unless the options of the connection say it.
        after: Option<Duration>,
    },
    /// Another connection holds a lock on what is asked for longer than we wait.
    #[error("{at} is locked: {said}; ask again when the migration that runs there has ended")]
    Locked {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The role may not read what is asked.
    #[error("{at} does not allow it: {said}; ask as a role that may, or grant it")]
    PermissionDenied {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The server did not let us in, for a reason that is none of the above.
    #[error("cannot connect to {at}: {said}")]
    Refused {
        /// The database.
        at: String,
        /// What the server said.
        said: String,
    },
    /// The server could not be asked within the time that was given to wait for it.
    #[error("{last} (waited {} for it)", seconds(*.waited))]
    Waited {
        /// How long was waited.
        waited: Duration,
        /// The last failure.
        last: Box<LiveError>,
    },
    /// The server refused a statement.
    #[error("the server refused a statement: {0}")]
    Server(String),
    /// The server answered something that is not understood.
    #[error("the server's answer is not understood: {reason}: {row}")]
    Answer {
        /// What is wrong with it.
        reason: String,
        /// The row.
        row: String,
    },
}

impl LiveError {
    /// Whether waiting may help: the server is not there yet, is busy, or went away. A host whose
    /// name is not found counts, since networks of containers name a host when it starts.
    pub fn is_transient(&self) -> bool {
        match self {
            LiveError::HostNotFound { .. }
            | LiveError::NotListening { .. }
            | LiveError::ConnectTimeout { .. }
            | LiveError::TooManyConnections { .. }
            | LiveError::NotReady { .. }
            | LiveError::Lost { .. }
            | LiveError::StatementTimeout { .. }
            | LiveError::Locked { .. } => true,
            LiveError::Waited { last, .. } => last.is_transient(),
            LiveError::Parameters { .. }
            | LiveError::PasswordMissing { .. }
            | LiveError::PasswordWrong { .. }
            | LiveError::RoleMissing { .. }
            | LiveError::NotAdmitted { .. }
            | LiveError::DatabaseMissing { .. }
            | LiveError::TlsNotSupported { .. }
            | LiveError::CertificateNotTrusted { .. }
            | LiveError::HostMismatch { .. }
            | LiveError::Tls { .. }
            | LiveError::NotSupported { .. }
            | LiveError::PermissionDenied { .. }
            | LiveError::Refused { .. }
            | LiveError::Server(_)
            | LiveError::Answer { .. } => false,
        }
    }
}

/// A length of time for people.
fn seconds(time: Duration) -> String {
    match time.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn limit(time: Option<Duration>) -> String {
    time.map_or("the limit of the connection's options".to_owned(), seconds)
}

fn after_semicolon(notices: &[String]) -> String {
    notices.iter().map(|it| format!("; {it}")).collect()
}

fn encrypted(is_encrypted: bool) -> &'static str {
    match is_encrypted {
        true => "encrypted",
        false => "not encrypted",
    }
}

/// Something that sends a script of SQL to a server of PostgreSQL.
pub trait Answers {
    /// The first column of every row that the statements of `script` return, in order; the rows of
    /// our scripts hold one JSON object and no line break.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses a statement.
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError>;
}
