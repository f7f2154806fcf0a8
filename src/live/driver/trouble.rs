//! What the driver, the system and the server say, as a [`LiveError`].
//!
//! SQLSTATEs tell failures apart, not messages: these can be in any language.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;
use tokio_postgres::error::{DbError, SqlState};

use crate::live::LiveError;
use crate::live::connection::{Connection, Host, Place};

/// Where something went wrong, and what must not be said of it.
#[derive(Clone)]
pub(super) struct Scene {
    /// The name of the database at the host that was asked.
    pub(super) at: String,
    /// Where the password came from.
    password_from: Option<String>,
    /// The password, as a server could repeat it.
    secret: Option<String>,
    notices: Vec<String>,
}

impl Scene {
    pub(super) fn new(connection: &Connection, host: &Host) -> Self {
        let at = connection.at(host);
        let secret = host
            .password
            .as_ref()
            .map(|it| String::from_utf8_lossy(&it.bytes).into_owned());
        Scene {
            password_from: host.password.as_ref().map(|it| it.from.clone()),
            // One that is part of a name is nothing that a message gives away, and a letter or two
            // would make it unreadable.
            secret: secret.filter(|it| it.chars().count() > 2 && !at.contains(it.as_str())),
            notices: connection.notices().to_vec(),
            at,
        }
    }

    /// One line without the password.
    fn cleaned(&self, text: &str) -> String {
        let line: Vec<&str> = text.split_whitespace().collect();
        let line = line.join(" ");
        match &self.secret {
            Some(secret) => line.replace(secret.as_str(), "***"),
            None => line,
        }
    }

    /// Why a socket could not be opened.
    pub(super) fn opening(&self, host: &Host, error: &io::Error) -> LiveError {
        let at = self.at.clone();
        let reason = match (&host.place, error.kind()) {
            (Place::Socket(folder), io::ErrorKind::NotFound) => format!(
                "there is no socket {}",
                folder.join(format!(".s.PGSQL.{}", host.port)).display()
            ),
            (_, io::ErrorKind::ConnectionRefused) => {
                "the connection is refused: nothing listens there".to_owned()
            }
            _ => error.to_string(),
        };
        match error.kind() {
            io::ErrorKind::TimedOut => LiveError::ConnectTimeout {
                at,
                after: Duration::ZERO,
                reason,
            },
            _ => LiveError::NotListening { at, reason },
        }
    }

    /// Why a server that is there could not be logged in to.
    pub(super) fn connecting(
        &self,
        error: &tokio_postgres::Error,
        is_encrypted: bool,
    ) -> LiveError {
        if let Some(refusal) = error.as_db_error() {
            return self.login_refused(refusal, is_encrypted);
        }
        if let Some(tls) = cause::<rustls::Error>(error) {
            return self.handshake(tls);
        }
        let at = self.at.clone();
        // The kinds of the driver's error are known by their messages only.
        let kind = error.to_string();
        let reason = self.cleaned(&error.source().map_or(String::new(), |it| it.to_string()));
        match kind.as_str() {
            "invalid configuration" => LiveError::PasswordMissing {
                at,
                notices: self.notices.clone(),
            },
            "authentication error" => LiveError::NotAdmitted {
                at,
                said: reason,
                is_encrypted,
            },
            _ if is_gone(error) => LiveError::Lost {
                at,
                said: "it was closed while it was opened".to_owned(),
            },
            "unexpected message from server" | "error parsing response from server" => {
                self.stranger()
            }
            _ if cause::<io::Error>(error).is_some_and(|it| {
                matches!(
                    it.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
                )
            }) =>
            {
                self.stranger()
            }
            _ => LiveError::Lost {
                at,
                said: format!("{kind}: {reason}"),
            },
        }
    }

    /// What listens there is something else.
    pub(super) fn stranger(&self) -> LiveError {
        LiveError::NotSupported {
            at: self.at.clone(),
            reason: "what listens there does not answer as PostgreSQL does; check the port"
                .to_owned(),
        }
    }

    fn login_refused(&self, refusal: &DbError, is_encrypted: bool) -> LiveError {
        let at = self.at.clone();
        let said = self.cleaned(refusal.message());
        let code = refusal.code();
        let is_password = *code == SqlState::INVALID_PASSWORD
            // As poolers say it.
            || (*code == SqlState::PROTOCOL_VIOLATION && said.contains("authentication failed"));
        if is_password {
            return match &self.password_from {
                Some(from) => LiveError::PasswordWrong {
                    at,
                    said,
                    from: from.clone(),
                },
                None => LiveError::PasswordMissing {
                    at,
                    notices: self.notices.clone(),
                },
            };
        }
        if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
            // Both the server's rules and a missing role have this code.
            return match refusal.routine() {
                Some("InitializeSessionUserId") => LiveError::RoleMissing { at, said },
                _ => LiveError::NotAdmitted {
                    at,
                    said,
                    is_encrypted,
                },
            };
        }
        if *code == SqlState::INVALID_CATALOG_NAME {
            return LiveError::DatabaseMissing { at, said };
        }
        if *code == SqlState::TOO_MANY_CONNECTIONS {
            return LiveError::TooManyConnections { at, said };
        }
        if *code == SqlState::CANNOT_CONNECT_NOW || is_ending(code) {
            return LiveError::NotReady { at, said };
        }
        if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            return LiveError::PermissionDenied { at, said };
        }
        LiveError::Refused { at, said }
    }

    /// Why the encryption did not come about.
    fn handshake(&self, error: &rustls::Error) -> LiveError {
        let at = self.at.clone();
        match error {
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented,
                ..
            }) => LiveError::HostMismatch {
                at,
                reason: match presented.as_slice() {
                    [] => "it names no host in its subjectAltName".to_owned(),
                    names => {
                        // As the library prints them: `DnsName("db.example")`.
                        let names: Vec<&str> = names.iter().map(|it| in_quotes(it)).collect();
                        format!("it is for {}", self.cleaned(&names.join(", ")))
                    }
                },
            },
            rustls::Error::InvalidCertificate(CertificateError::NotValidForName) => {
                let reason = "none of its names fits".to_owned();
                LiveError::HostMismatch { at, reason }
            }
            rustls::Error::InvalidCertificate(wrong) => {
                let reason = match wrong {
                    CertificateError::UnknownIssuer => {
                        "none of the trusted ones has issued it".to_owned()
                    }
                    CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                        "it has expired".to_owned()
                    }
                    CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                        "it is not valid yet".to_owned()
                    }
                    other => self.cleaned(&other.to_string()),
                };
                LiveError::CertificateNotTrusted { at, reason }
            }
            other => LiveError::Tls {
                at,
                reason: format!(
                    "the encryption failed: {}",
                    self.cleaned(&other.to_string())
                ),
            },
        }
    }

    /// Why a script was not answered. `after` is how long a statement could take, where that is
    /// known.
    pub(super) fn answering(
        &self,
        error: &tokio_postgres::Error,
        after: Option<Duration>,
    ) -> LiveError {
        let at = self.at.clone();
        let Some(refusal) = error.as_db_error() else {
            let reason = error.source().map(|it| format!(": {it}"));
            return LiveError::Lost {
                at,
                said: self.cleaned(&format!("{error}{}", reason.unwrap_or_default())),
            };
        };
        let said = self.cleaned(refusal.message());
        let code = refusal.code();
        match code {
            code if *code == SqlState::QUERY_CANCELED && !said.contains("user request") => {
                LiveError::StatementTimeout { at, after }
            }
            code if *code == SqlState::LOCK_NOT_AVAILABLE => LiveError::Locked { at, said },
            code if is_ending(code) || *code == SqlState::CANNOT_CONNECT_NOW => {
                LiveError::Lost { at, said }
            }
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                LiveError::PermissionDenied { at, said }
            }
            _ if said.contains("statement pooling") => LiveError::NotSupported {
                at,
                reason: "it is a pooler that gives out single statements; ask the server itself, \
                         or a pooler of sessions or transactions"
                    .to_owned(),
            },
            _ => LiveError::Server(said),
        }
    }
}

/// What stands between the quotes, or else all of it.
fn in_quotes(text: &str) -> &str {
    let inner = text.split_once('"').map(|(_, rest)| rest);
    inner
        .and_then(|it| it.rsplit_once('"'))
        .map_or(text, |(inner, _)| inner)
}

/// Whether the server ends this connection: it stops, it crashed, or it was idle for too long.
fn is_ending(code: &SqlState) -> bool {
    *code == SqlState::ADMIN_SHUTDOWN
        || *code == SqlState::CRASH_SHUTDOWN
        || *code == SqlState::IDLE_SESSION_TIMEOUT
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
}

/// Whether the connection has ended.
pub(super) fn is_gone(error: &tokio_postgres::Error) -> bool {
    error.is_closed()
        || cause::<io::Error>(error).is_some_and(|it| {
            matches!(
                it.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
            )
        })
}

/// The first cause of this type. An [`io::Error`] hides what it wraps from `source`.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
