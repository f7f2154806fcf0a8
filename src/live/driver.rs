//! A connection to a server of PostgreSQL, through the `tokio-postgres` crate.
//!
//! Input: a [`Connection`] and scripts. Output: rows of text, or a [`LiveError`] in words. Hosts
//! are tried in order, and encryption means what it means to libpq (`driver/tls.rs`), except that a
//! root certificate that is named must be there, and that without one in `sslmode=prefer` nothing
//! is verified rather than falling back to plain text. Everything has a time limit: also a server
//! that accepts a connection and then says nothing.
//!
//! The driver's futures run on a thread of their own while a caller waits. So it blocks, but works
//! anywhere, also inside of an async runtime: best on a thread for blocking work
//! (`tokio::task::spawn_blocking`), since a worker that calls it does nothing else meanwhile.

mod tls;
mod trouble;
mod wire;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::{Instant as Moment, timeout, timeout_at};
use tokio_postgres::config::{SslMode as DriverMode, SslNegotiation};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::connection::{
    ChannelBinding, Connection, Host, Place, SessionKind, SslMode, StatementTimeout,
};
use super::{Answers, LiveError};
use tls::Handshake;
use trouble::{Scene, is_gone};
use wire::{Address, Wire};

/// The oldest major that can be asked.
const OLDEST: u32 = 12;
/// The pauses between two tries double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(1);
/// What a try gets at least, at the end of the time to wait.
const SHORTEST_TRY: Duration = Duration::from_millis(500);
/// How much later than the server we end a statement: a server that is there does it itself.
const GRACE: Duration = Duration::from_secs(2);
/// For what should take no time: saying goodbye, taking back a transaction.
const BRIEFLY: Duration = Duration::from_secs(1);
/// Instead of no limit.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Asks a server whether it encrypts. Source: PostgreSQL 17 manual, section 53.7, SSLRequest.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A connection to a server.
///
/// # Examples
///
/// A service that asks, before it takes traffic, whether its database has what it needs:
///
/// ```no_run
/// use std::time::Duration;
/// use migcheck::Contract;
/// use migcheck::live::{Connection, Postgres, PrivateFile, Surroundings, VerifyOptions, account};
///
/// fn may_start() -> Result<bool, Box<dyn std::error::Error>> {
///     let contract = Contract::parse(&std::fs::read_to_string("migcheck.contract.toml")?)?;
///     let surroundings = Surroundings {
///         variable: &|name| std::env::var(name).ok(),
///         file: &PrivateFile::read,
///         account: &account,
///     };
///     let connection = Connection::find(None, &surroundings)?;
///     let mut server = Postgres::connect_within(&connection, Duration::from_secs(30))?;
///     let found = contract.verify(&mut server, &VerifyOptions::default())?;
///     for lack in &found.lacks {
///         eprintln!("{}: {}", lack.severity.as_str(), lack.what);
///     }
///     Ok(found.fits())
/// }
/// ```
pub struct Postgres {
    /// The name of the connection.
    name: String,
    /// Gone only while it is dropped.
    runtime: Option<Runtime>,
    session: Option<Session>,
}

/// What asks, and the task that carries its messages.
struct Session {
    client: Client,
    carrier: JoinHandle<Result<(), tokio_postgres::Error>>,
    version: String,
    scene: Scene,
    /// How long a statement may take; none where that is not known, or without end.
    statement_limit: Option<Duration>,
}

impl Postgres {
    /// Connects to the first host that takes the connection.
    ///
    /// # Errors
    ///
    /// When no server can be reached, none lets us in, or it is none of PostgreSQL 12 or later.
    pub fn connect(connection: &Connection) -> Result<Self, LiveError> {
        Self::connect_within(connection, Duration::ZERO)
    }

    /// The same; while there is no server yet, or it is not ready, it is tried again until `wait`
    /// is over, after pauses that double from a tenth of a second to a second.
    ///
    /// # Errors
    ///
    /// As [`Postgres::connect`], at once where waiting does not help (a wrong password), else with
    /// the last failure and the time that was waited.
    pub fn connect_within(connection: &Connection, wait: Duration) -> Result<Self, LiveError> {
        let begin = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let left = wait.saturating_sub(begin.elapsed());
            let limit = connection.connect_timeout.unwrap_or(FOREVER);
            let limit = match wait.is_zero() {
                true => limit,
                false => limit.min(left.max(SHORTEST_TRY)),
            };
            let error = match Self::connect_once(connection, limit) {
                Ok(connected) => return Ok(connected),
                Err(error) => error,
            };
            if wait.is_zero() || !error.is_transient() {
                return Err(error);
            }
            let waited = begin.elapsed();
            let left = wait.saturating_sub(waited);
            if left.is_zero() {
                let last = Box::new(error);
                return Err(LiveError::Waited { waited, last });
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// The server's version, as it says it: `17.2 (Debian 17.2-1)`.
    pub fn version(&self) -> &str {
        self.session.as_ref().map_or("", |it| &it.version)
    }

    fn connect_once(connection: &Connection, limit: Duration) -> Result<Self, LiveError> {
        let mut connected = Postgres {
            name: connection.to_string(),
            runtime: None,
            session: None,
        };
        let runtime = Builder::new_current_thread().enable_all().build();
        connected.runtime = Some(runtime.map_err(|error| connected.ended(&error))?);
        connected.session = Some(connected.run(open(connection, limit))??);
        Ok(connected)
    }

    /// Runs a future on a thread of its own, and waits for it.
    fn run<T: Send>(&self, future: impl Future<Output = T> + Send) -> Result<T, LiveError> {
        let Some(runtime) = &self.runtime else {
            return Err(self.ended(&"it was never opened"));
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("migcheck-live".to_owned());
            let thread = thread
                .spawn_scoped(scope, || runtime.block_on(future))
                .map_err(|error| self.ended(&error))?;
            thread
                .join()
                .or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The system gives us no thread or socket to ask with.
    fn ended(&self, why: &dyn std::fmt::Display) -> LiveError {
        LiveError::Lost {
            at: self.name.clone(),
            said: why.to_string(),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            let Session {
                client, carrier, ..
            } = session;
            // Without the client the carrier says goodbye and ends; if it cannot, so be it.
            drop(client);
            let _ = self.run(async move { timeout(BRIEFLY, carrier).await.is_ok() });
        }
        // A look-up of a name can hang for longer than anybody wants to wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Answers for Postgres {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        let Some(session) = &self.session else {
            return Err(self.ended(&"it was never opened"));
        };
        self.run(session.answer(script))?
    }
}

impl Session {
    async fn answer(&self, script: &str) -> Result<Vec<String>, LiveError> {
        // The server ends a statement itself; this is for one that has fallen silent.
        let limit = self.statement_limit.map_or(FOREVER, |limit| {
            let statements = script.matches(';').count() + 1;
            let statements = u32::try_from(statements).unwrap_or(u32::MAX);
            limit.saturating_mul(statements).saturating_add(GRACE)
        });
        let answered = timeout(limit.min(FOREVER), self.client.simple_query(script)).await;
        let Ok(answered) = answered else {
            // Nothing more can be asked where an answer is still to come.
            self.carrier.abort();
            return Err(LiveError::StatementTimeout {
                at: self.scene.at.clone(),
                after: Some(limit),
            });
        };
        let messages = match answered {
            Ok(messages) => messages,
            Err(error) => return Err(self.failed(error).await),
        };
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None, // How many rows there were.
        });
        Ok(rows.collect())
    }

    /// Why a script failed. The transaction that it began is taken back, so that the next script
    /// finds none.
    async fn failed(&self, error: tokio_postgres::Error) -> LiveError {
        if !is_gone(&error) {
            // If it fails as well, the next script will say so.
            let _ = timeout(BRIEFLY, self.client.simple_query("ROLLBACK")).await;
        }
        self.scene.answering(&error, self.statement_limit)
    }
}

/// Opens a session at the first host that takes one of the kind that is asked for.
async fn open(connection: &Connection, limit: Duration) -> Result<Session, LiveError> {
    let needs_tls = |it: &Host| matches!(it.place, Place::Network { .. });
    let settings = match connection.encryption.mode {
        SslMode::Disable => None,
        _ if !connection.hosts.iter().any(needs_tls) => None,
        _ => Some(
            tls::settings(&connection.encryption).map_err(|reason| LiveError::Tls {
                at: connection.to_string(),
                reason,
            })?,
        ),
    };
    let mut hosts: Vec<&Host> = connection.hosts.iter().collect();
    if connection.is_host_order_random {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let first = now.map_or(0, |it| it.subsec_nanos() as usize) % hosts.len().max(1);
        hosts.rotate_left(first);
    }
    let kinds: &[SessionKind] = match connection.session {
        SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
        ref kind => std::slice::from_ref(kind),
    };
    let mut failures = Vec::new();
    for kind in kinds {
        failures.clear();
        for host in &hosts {
            let to = Destination {
                connection,
                host,
                settings: settings.as_ref(),
                limit,
                scene: Scene::new(connection, host),
            };
            match to.open(*kind).await {
                Ok(session) => return Ok(session),
                Err(error) if error.is_transient() => failures.push(error),
                Err(error) => return Err(error),
            }
        }
    }
    Err(together(failures, connection)).map_err(|error| match error {
        LiveError::NotListening { at, reason } if connection.is_unnamed => {
            let hint = "no host is named (--database-url, DATABASE_URL, PGHOST)";
            let reason = format!("{reason}, and {hint}");
            LiveError::NotListening { at, reason }
        }
        error => error,
    })
}

/// What is said when every host failed.
fn together(mut failures: Vec<LiveError>, connection: &Connection) -> LiveError {
    if connection.is_unnamed {
        // Of the usual folders for sockets, the one that has a server counts, or else the first.
        let is_there = |it: &LiveError| !matches!(it, LiveError::NotListening { .. });
        let place = failures.iter().position(is_there).unwrap_or(0);
        failures = failures.into_iter().skip(place).take(1).collect();
    }
    match failures.pop() {
        Some(error) if failures.is_empty() => error,
        Some(last) => {
            let reasons: Vec<String> = failures
                .iter()
                .chain([&last])
                .map(|error| {
                    let text = error.to_string();
                    let text = text.strip_prefix("cannot connect to ").unwrap_or(&text);
                    let end = text.rfind(';').unwrap_or(text.len());
                    text[..end].to_owned()
                })
                .collect();
            LiveError::NotListening {
                at: connection.to_string(),
                reason: reasons.join("; "),
            }
        }
        None => LiveError::NotListening {
            at: connection.to_string(),
            reason: "no host is named".to_owned(),
        },
    }
}

/// One host, and all that is needed to open a session there.
struct Destination<'a> {
    connection: &'a Connection,
    host: &'a Host,
    settings: Option<&'a Arc<ClientConfig>>,
    limit: Duration,
    scene: Scene,
}

/// How a try begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    /// Encrypted, or plain where the server does not encrypt.
    IfPossible,
    Encrypted,
}

impl Destination<'_> {
    async fn open(&self, kind: SessionKind) -> Result<Session, LiveError> {
        let mut last = None;
        for address in self.addresses().await? {
            match self.open_at(&address).await {
                Ok(session) => {
                    session.check_kind(kind).await?;
                    return Ok(session);
                }
                // The next address may be the one at which it listens.
                Err(error) if error.is_transient() => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| LiveError::HostNotFound {
            at: self.scene.at.clone(),
            reason: "it has no address".to_owned(),
        }))
    }

    async fn addresses(&self) -> Result<Vec<Address>, LiveError> {
        let port = self.host.port;
        let name = match &self.host.place {
            #[cfg(unix)]
            Place::Socket(folder) => {
                return Ok(vec![Address::Socket(
                    folder.join(format!(".s.PGSQL.{port}")),
                )]);
            }
            #[cfg(not(unix))]
            Place::Socket(_) => {
                return Err(LiveError::NotSupported {
                    at: self.scene.at.clone(),
                    reason: "this system has no such sockets; name a host".to_owned(),
                });
            }
            Place::Network {
                address: Some(address),
                ..
            } => return Ok(vec![Address::Network((*address, port).into())]),
            Place::Network { name, .. } => name,
        };
        let at = || self.scene.at.clone();
        let look_up = tokio::net::lookup_host((name.as_str(), port));
        match timeout(self.limit, look_up).await {
            Ok(Ok(found)) => Ok(found.map(Address::Network).collect()),
            Ok(Err(error)) => Err(LiveError::HostNotFound {
                at: at(),
                reason: error.to_string(),
            }),
            Err(_) => Err(LiveError::ConnectTimeout {
                at: at(),
                after: self.limit,
                reason: "the address of the host is not found".to_owned(),
            }),
        }
    }

    /// Tries what sslmode allows, in its order.
    async fn open_at(&self, address: &Address) -> Result<Session, LiveError> {
        let ways: &[Way] = match (address, self.connection.encryption.mode) {
            #[cfg(unix)]
            (Address::Socket(_), _) => &[Way::Plain],
            (Address::Network(_), SslMode::Disable) => &[Way::Plain],
            (Address::Network(_), SslMode::Allow) => &[Way::Plain, Way::Encrypted],
            (Address::Network(_), SslMode::Prefer) => &[Way::IfPossible, Way::Plain],
            (Address::Network(_), SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => {
                &[Way::Encrypted]
            }
        };
        let mut first: Option<LiveError> = None;
        for way in ways {
            let error = match self.open_in(address, *way).await {
                Ok(session) => return Ok(session),
                Err(error) => error,
            };
            let is_about_encryption = matches!(
                error,
                LiveError::NotAdmitted { .. }
                    | LiveError::Tls { .. }
                    | LiveError::CertificateNotTrusted { .. }
                    | LiveError::HostMismatch { .. }
                    | LiveError::TlsNotSupported { .. }
            );
            match first {
                None if is_about_encryption => first = Some(error),
                // The second way is refused as well: what was said first is what is wanted.
                Some(first) if is_about_encryption => return Err(first),
                _ => return Err(error),
            }
        }
        Err(first.unwrap_or_else(|| self.scene.stranger()))
    }

    async fn open_in(&self, address: &Address, way: Way) -> Result<Session, LiveError> {
        let options = options(self.connection);
        let error = match self.start(address, way, Some(&options)).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        // A pooler may refuse options. Without any of the user's own it is asked again, and the
        // limit of statements is ours alone.
        let is_refused = matches!(
            &error,
            LiveError::Refused { said, .. } if said.contains("unsupported startup parameter")
        );
        match is_refused && self.connection.options.is_none() {
            true => self.start(address, way, None).await,
            false => Err(error),
        }
    }

    /// Connects and logs in.
    async fn start(
        &self,
        address: &Address,
        way: Way,
        options: Option<&str>,
    ) -> Result<Session, LiveError> {
        let deadline = Moment::now() + self.limit;
        let late = |reason: &str| LiveError::ConnectTimeout {
            at: self.scene.at.clone(),
            after: self.limit,
            reason: reason.to_owned(),
        };
        let wire = match timeout_at(deadline, Wire::open(address)).await {
            Ok(Ok(wire)) => wire,
            Ok(Err(error)) => return Err(self.scene.opening(self.host, &error)),
            Err(_) => return Err(late("nothing answers at this address")),
        };
        timeout_at(deadline, self.log_in(wire, way, options))
            .await
            .unwrap_or_else(|_| Err(late("something listens there, but does not let us in")))
    }

    async fn log_in(
        &self,
        mut wire: Wire,
        way: Way,
        options: Option<&str>,
    ) -> Result<Session, LiveError> {
        let mut config = Config::new();
        config
            .user(&self.connection.user)
            .dbname(&self.connection.database)
            .application_name(&self.connection.application_name)
            .channel_binding(match self.connection.channel_binding {
                ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
                ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
                ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
            });
        if let Some(password) = &self.host.password {
            config.password(&password.bytes);
        }
        if let Some(options) = options {
            config.options(options);
        }
        let settings = match (self.settings, way) {
            (Some(settings), Way::IfPossible | Way::Encrypted) => {
                let encrypts =
                    self.connection.encryption.is_direct || self.encrypts(&mut wire).await?;
                if !encrypts && way == Way::Encrypted {
                    return Err(LiveError::TlsNotSupported {
                        at: self.scene.at.clone(),
                    });
                }
                encrypts.then_some(settings)
            }
            (_, Way::Plain) | (None, _) => None,
        };
        let Some(settings) = settings else {
            config.ssl_mode(DriverMode::Disable);
            let opened = config.connect_raw(wire, NoTls).await;
            let opened = opened.map_err(|error| self.scene.connecting(&error, false))?;
            return self.session(opened);
        };
        let name = match &self.host.place {
            Place::Network { name, .. } => name.as_str(),
            Place::Socket(_) => "",
        };
        let handshake = Handshake::new(Arc::clone(settings), name);
        // The server has been asked already.
        config
            .ssl_mode(DriverMode::Require)
            .ssl_negotiation(SslNegotiation::Direct);
        let opened = config.connect_raw(wire, handshake).await;
        let opened = opened.map_err(|error| self.scene.connecting(&error, true))?;
        self.session(opened)
    }

    /// Asks the server whether it encrypts.
    async fn encrypts(&self, wire: &mut Wire) -> Result<bool, LiveError> {
        let mut answer = [0];
        let asked = async {
            wire.write_all(&SSL_REQUEST).await?;
            wire.flush().await?;
            wire.read_exact(&mut answer).await
        };
        match asked.await {
            Ok(_) => match answer {
                [b'S'] => Ok(true),
                [b'N'] => Ok(false),
                // The server could not start a process for us; why is not to be trusted yet.
                [b'E'] => Err(LiveError::NotReady {
                    at: self.scene.at.clone(),
                    said: "the server answers with an error before it encrypts".to_owned(),
                }),
                _ => Err(self.scene.stranger()),
            },
            Err(error) => Err(LiveError::Lost {
                at: self.scene.at.clone(),
                said: match error.kind() {
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                        "it was closed while it was opened".to_owned()
                    }
                    _ => error.to_string(),
                },
            }),
        }
    }

    /// Looks at what the server says of itself, and lets its messages be carried from now on.
    fn session<T>(
        &self,
        (client, carrier): (Client, tokio_postgres::Connection<Wire, T>),
    ) -> Result<Session, LiveError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let version = carrier.parameter("server_version").unwrap_or_default();
        let other = match carrier.parameter("crdb_version") {
            Some(_) => Some("CockroachDB".to_owned()),
            None => is_not_postgres(version),
        };
        if let Some(other) = other {
            return Err(LiveError::NotSupported {
                at: self.scene.at.clone(),
                reason: format!("it is {other}; PostgreSQL {OLDEST} or later is needed"),
            });
        }
        Ok(Session {
            client,
            version: version.to_owned(),
            carrier: tokio::spawn(carrier),
            scene: self.scene.clone(),
            statement_limit: statement_limit(self.connection),
        })
    }
}

impl Session {
    /// Whether the server is of the kind that is asked for.
    async fn check_kind(&self, kind: SessionKind) -> Result<(), LiveError> {
        let (question, expected, wanted) = match kind {
            SessionKind::Any | SessionKind::PreferStandby => return Ok(()),
            SessionKind::ReadWrite => ("SHOW transaction_read_only", "off", "one that is written"),
            SessionKind::ReadOnly => ("SHOW transaction_read_only", "on", "a read-only one"),
            SessionKind::Primary => (IS_STANDBY, "f", "a primary"),
            SessionKind::Standby => (IS_STANDBY, "t", "a standby"),
        };
        let answer = self.answer(question).await?;
        match answer.first().is_some_and(|it| it == expected) {
            true => Ok(()),
            false => Err(LiveError::NotReady {
                at: self.scene.at.clone(),
                said: format!("target_session_attrs asks for {wanted}, which this server is not"),
            }),
        }
    }
}

const IS_STANDBY: &str = "BEGIN READ ONLY; SELECT pg_catalog.pg_is_in_recovery(); COMMIT";

/// What the server is instead of PostgreSQL 12 or later, by its version.
fn is_not_postgres(version: &str) -> Option<String> {
    if version.contains("bouncer") {
        return Some("the console of a pgbouncer".to_owned());
    }
    let digits = version
        .split(|it: char| !it.is_ascii_digit())
        .next()
        .unwrap_or_default();
    match digits.parse::<u32>() {
        Ok(major) if major >= OLDEST => None,
        Ok(_) => Some(format!(
            "a server of version {}",
            version.split_whitespace().next().unwrap_or_default()
        )),
        Err(_) => Some("a server that does not say its version".to_owned()),
    }
}

/// How long a statement may take, where it is us who say it.
fn statement_limit(connection: &Connection) -> Option<Duration> {
    let theirs = connection.options.as_deref().unwrap_or_default();
    match connection.statement_timeout {
        StatementTimeout::Never => None,
        StatementTimeout::Given(limit) => Some(limit),
        StatementTimeout::Default(limit) => {
            (!theirs.contains("statement_timeout")).then_some(limit)
        }
    }
}

/// The options of a session: theirs, and the limit of statements. The last word counts.
fn options(connection: &Connection) -> String {
    let limit = |limit: Duration| format!("-c statement_timeout={}", limit.as_millis().max(1));
    let theirs = connection.options.clone().unwrap_or_default();
    let options = match connection.statement_timeout {
        StatementTimeout::Default(time) => format!("{} {theirs}", limit(time)),
        StatementTimeout::Given(time) => format!("{theirs} {}", limit(time)),
        StatementTimeout::Never => format!("{theirs} -c statement_timeout=0"),
    };
    options.trim().to_owned()
}
