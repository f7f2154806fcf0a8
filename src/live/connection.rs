//! Which server to ask, as whom, and how: from a connection text, variables and libpq's files.
//!
//! Input: a URL or `keyword=value` text, and the [`Surroundings`]: variables and files, which are
//! handed in. Output: a [`Connection`]. Nothing is connected to, and no password is ever shown: not
//! by `Debug`, not by `Display`, not by an error.
//!
//! The order is that of libpq: the given text, or else `DATABASE_URL`; what it leaves out comes from
//! a service file, then from the `PG…` variables, then from libpq's own defaults (the local socket,
//! the account of the system, a database of the user's name). An empty variable is none.
//!
//! Two things are other than in libpq. A URL may hold what frameworks add to it: a scheme such as
//! `postgresql+psycopg2` or `jdbc:postgresql`, and parameters that libpq does not know, which are
//! passed over (in `keyword=value` text they are refused, since nobody but libpq reads that). Those of
//! encryption are taken in any spelling: `ssl=true` is `sslmode=require`, as libpq has it. And a
//! parameter that promises safety which cannot be kept here (`sslcrl`, `require_auth`,
//! `requirepeer`, `gssencmode=require`) is refused instead of passed over.

mod password_file;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{LiveError, PrivateFile};
use text::{KEYWORDS, Values};

/// What a connection is found with, beside the text that names it: [`PrivateFile::read`] and
/// [`account`](super::account) are the answers of this system.
pub struct Surroundings<'a> {
    /// The value of a variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// What is in a file, or none where there is no such file.
    pub file: &'a dyn Fn(&Path) -> Option<PrivateFile>,
    /// The account that runs this process, asked for where no user is named.
    pub account: &'a dyn Fn() -> Option<String>,
}

/// How long to wait for the server where nothing else is said, for the connection and for a
/// statement.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// A server and a database in it, with everything that is needed to ask it.
///
/// `Display` is its name for messages, such as `app@db.example:5432/shop`.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) application_name: String,
    pub(super) options: Option<String>,
    pub(super) encryption: Encryption,
    pub(super) channel_binding: ChannelBinding,
    pub(super) session: SessionKind,
    pub(super) is_host_order_random: bool,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) statement_timeout: StatementTimeout,
    notices: Vec<String>,
}

/// One place where the server may be.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) place: Place,
    pub(super) port: u16,
    pub(super) password: Option<Password>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A name or address, which the certificate has to hold; and the address where it is known.
    Network {
        name: String,
        address: Option<IpAddr>,
    },
    /// A folder with a socket.
    Socket(PathBuf),
}

/// A password, and where it came from.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password {
    pub(super) bytes: Vec<u8>,
    pub(super) from: String,
}

/// What is asked of the encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encryption {
    pub(super) mode: SslMode,
    pub(super) roots: Roots,
    /// The client's certificate and its key.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    /// Whether the name of the host is told before the encryption begins.
    pub(super) tells_host: bool,
    /// Whether it begins at once, without asking the server first.
    pub(super) is_direct: bool,
    pub(super) oldest: TlsVersion,
    pub(super) newest: TlsVersion,
}

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Nothing is there to verify with.
    None,
    File(PathBuf),
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TlsVersion {
    V12,
    V13,
}

/// libpq's `channel_binding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelBinding {
    Disable,
    Prefer,
    Require,
}

/// libpq's `target_session_attrs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionKind {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// How long a statement may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatementTimeout {
    /// Unless the options of the connection say otherwise.
    Default(Duration),
    Given(Duration),
    /// No limit.
    Never,
}

impl Connection {
    /// The connection that `given` names: the text of `--database-url`, or none.
    ///
    /// # Errors
    ///
    /// When the text, a variable or the service file is not understood, or asks for something that
    /// cannot be kept.
    pub fn find(given: Option<&str>, surroundings: &Surroundings<'_>) -> Result<Self, LiveError> {
        let sources = Sources::new(given, surroundings)?;
        let mut notices = Vec::new();
        sources.refuse_what_is_not_kept()?;
        let user = match sources.text("user")? {
            Some((user, _)) => user,
            None => sources.account()?,
        };
        let database = sources
            .text("dbname")?
            .map_or_else(|| user.clone(), |(name, _)| name);
        let mut hosts = sources.hosts()?;
        let password = sources.get("password").map(|(bytes, from)| Password {
            bytes: bytes.to_vec(),
            from,
        });
        match password {
            Some(password) if !password.bytes.contains(&0) => {
                for host in &mut hosts {
                    host.password = Some(password.clone());
                }
            }
            Some(password) => {
                let from = password.from;
                let reason = "a NUL in the password".to_owned();
                return Err(LiveError::Parameters { from, reason });
            }
            None => {
                let names = (user.as_str(), database.as_str());
                sources.passwords_of_file(&mut hosts, names, &mut notices)?;
            }
        }
        let seconds = sources.text("connect_timeout")?;
        let connect_timeout = match seconds {
            None => Some(DEFAULT_TIMEOUT),
            Some((text, from)) => match text.trim().parse::<i64>() {
                Ok(seconds) => u64::try_from(seconds)
                    .ok()
                    .filter(|it| *it > 0)
                    .map(Duration::from_secs),
                Err(_) => return Err(has_to_be("connect_timeout", from, "a number of seconds")),
            },
        };
        let application_name = match sources.text("application_name")? {
            Some((name, _)) => name,
            None => "migcheck".to_owned(),
        };
        Ok(Connection {
            hosts,
            user,
            database,
            application_name,
            options: sources.text("options")?.map(|(options, _)| options),
            encryption: sources.encryption()?,
            channel_binding: sources.word(
                "channel_binding",
                &CHANNEL_BINDINGS,
                ChannelBinding::Prefer,
            )?,
            session: sources.word("target_session_attrs", &SESSIONS, SessionKind::Any)?,
            is_host_order_random: sources.word(
                "load_balance_hosts",
                &[("disable", false), ("random", true)],
                false,
            )?,
            connect_timeout,
            statement_timeout: StatementTimeout::Default(DEFAULT_TIMEOUT),
            notices,
        })
    }

    /// The same, which waits so long for the server to take the connection; zero is without end.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout).filter(|it| !it.is_zero());
        self
    }

    /// The same, whose statements may take so long; zero is without end. It outranks a
    /// `statement_timeout` among the options of the connection.
    #[must_use]
    pub fn with_statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = match timeout.is_zero() {
            true => StatementTimeout::Never,
            false => StatementTimeout::Given(timeout),
        };
        self
    }

    /// What was passed over and may be missed, such as a password file that others can read.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The name of this database at one of its hosts.
    #[cfg_attr(
        not(feature = "live-postgres"),
        expect(dead_code, reason = "for the driver")
    )]
    pub(super) fn at(&self, host: &Host) -> String {
        format!("{}@{host}/{}", self.user, self.database)
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<String> = self.hosts.iter().map(Host::to_string).collect();
        write!(out, "{}@{}/{}", self.user, hosts.join(","), self.database)
    }
}

/// Its name and how it is asked, without any password.
impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection")
            .field("name", &self.to_string())
            .field("encryption", &self.encryption)
            .field("session", &self.session)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Network { name, .. } if name.contains(':') => write!(out, "[{name}]")?,
            Place::Network { name, .. } => out.write_str(name)?,
            Place::Socket(folder) => write!(out, "{}", folder.display())?,
        }
        write!(out, ":{}", self.port)
    }
}

const CHANNEL_BINDINGS: [(&str, ChannelBinding); 3] = [
    ("disable", ChannelBinding::Disable),
    ("prefer", ChannelBinding::Prefer),
    ("require", ChannelBinding::Require),
];

const SESSIONS: [(&str, SessionKind); 6] = [
    ("any", SessionKind::Any),
    ("read-write", SessionKind::ReadWrite),
    ("read-only", SessionKind::ReadOnly),
    ("primary", SessionKind::Primary),
    ("standby", SessionKind::Standby),
    ("prefer-standby", SessionKind::PreferStandby),
];

const SSL_MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

/// How node-postgres calls encryption whose certificate is never verified.
const NO_VERIFY: &str = "no-verify";

/// Older ones are not spoken here, nor by libpq unless it is told to.
const TLS_VERSIONS: [(&str, TlsVersion); 4] = [
    ("TLSv1", TlsVersion::V12),
    ("TLSv1.1", TlsVersion::V12),
    ("TLSv1.2", TlsVersion::V12),
    ("TLSv1.3", TlsVersion::V13),
];

/// Where servers put their sockets: Debian and others, and PostgreSQL itself.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const DEFAULT_PORT: u16 = 5432;

/// Where values are sought, in order.
struct Sources<'a> {
    /// How the text is called in messages.
    name: String,
    given: Values,
    service: Values,
    surroundings: &'a Surroundings<'a>,
}

impl<'a> Sources<'a> {
    fn new(given: Option<&str>, surroundings: &'a Surroundings<'a>) -> Result<Self, LiveError> {
        let variable = (surroundings.variable)("DATABASE_URL").filter(|it| !it.trim().is_empty());
        let (name, text) = match (given, variable) {
            (Some(given), _) => ("--database-url", Some(given.to_owned())),
            (None, Some(variable)) => ("DATABASE_URL", Some(variable)),
            (None, None) => ("the PG… variables", None),
        };
        let given = match text {
            Some(text) => text::read(&text).map_err(|misread| LiveError::Parameters {
                from: name.to_owned(),
                reason: format!("at character {}: {}", misread.at, misread.reason),
            })?,
            None => Values::new(),
        };
        let mut sources = Sources {
            name: name.to_owned(),
            given,
            service: Values::new(),
            surroundings,
        };
        if let Some((service, from)) = sources.text("service")? {
            sources.service = sources.service(&service, &from)?;
        }
        Ok(sources)
    }

    /// The value of a keyword, and where it is from; an empty one is none.
    fn get(&self, keyword: &'static str) -> Option<(std::borrow::Cow<'_, [u8]>, String)> {
        if let Some(value) = self.given.get(keyword) {
            return Some((value.into(), self.name.clone()));
        }
        if let Some(value) = self.service.get(keyword) {
            return Some((value.into(), "the service file".to_owned()));
        }
        let (_, variable) = KEYWORDS.iter().find(|(name, _)| *name == keyword)?;
        let variable = (*variable)?;
        let value = (self.surroundings.variable)(variable).filter(|it| !it.is_empty())?;
        Some((value.into_bytes().into(), variable.to_owned()))
    }

    /// The same as text.
    fn text(&self, keyword: &'static str) -> Result<Option<(String, String)>, LiveError> {
        let Some((bytes, from)) = self.get(keyword) else {
            return Ok(None);
        };
        match String::from_utf8(bytes.into_owned()) {
            Ok(text) if !text.contains('\0') => Ok(Some((text, from))),
            _ => Err(has_to_be(keyword, from, "text in UTF-8")),
        }
    }

    /// The meaning of a value that is one of a few words.
    fn word<T: Copy>(
        &self,
        keyword: &'static str,
        words: &[(&str, T)],
        otherwise: T,
    ) -> Result<T, LiveError> {
        let Some((text, from)) = self.text(keyword)? else {
            return Ok(otherwise);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            has_to_be(keyword, from, &format!("one of {}", names.join(", ")))
        })
    }

    /// What would be safer than what is done here is no parameter to pass over.
    fn refuse_what_is_not_kept(&self) -> Result<(), LiveError> {
        let cannot = ["sslcrl", "sslcrldir", "require_auth", "requirepeer"];
        for keyword in cannot {
            if let Some((_, from)) = self.get(keyword) {
                let reason = format!("`{keyword}` is not supported, and is not passed over");
                return Err(LiveError::Parameters { from, reason });
            }
        }
        match self.text("gssencmode")? {
            Some((mode, from)) if mode == "require" => Err(LiveError::Parameters {
                from,
                reason: "`gssencmode=require` is not supported, and is not passed over".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The account of the system: what the system says, else what the shell does.
    fn account(&self) -> Result<String, LiveError> {
        let of_shell = || {
            let names = ["USER", "LOGNAME", "USERNAME"];
            let mut values = names.iter().map(|it| (self.surroundings.variable)(it));
            values.find_map(|it| it.filter(|name| !name.is_empty()))
        };
        let account = (self.surroundings.account)().or_else(of_shell);
        account.ok_or_else(|| LiveError::Parameters {
            from: self.name.clone(),
            reason: "no user is named (PGUSER, or user@ in the URL)".to_owned(),
        })
    }

    /// A file in the folder that libpq looks into, or none without a home.
    fn home_file(&self, unix: &str, windows: &str) -> Option<PathBuf> {
        let (variable, path) = match cfg!(windows) {
            true => ("APPDATA", format!("postgresql/{windows}")),
            false => ("HOME", unix.to_owned()),
        };
        let home = (self.surroundings.variable)(variable).filter(|it| !it.is_empty())?;
        Some(Path::new(&home).join(path))
    }

    /// The values of a service: from the file that is named, else the user's, else the system's.
    fn service(&self, service: &str, from: &str) -> Result<Values, LiveError> {
        let named = self
            .text("servicefile")?
            .map(|(path, _)| PathBuf::from(path));
        let system = (self.surroundings.variable)("PGSYSCONFDIR")
            .filter(|it| !it.is_empty())
            .unwrap_or_else(|| "/etc/postgresql-common".to_owned());
        let files = [
            named.or_else(|| self.home_file(".pg_service.conf", ".pg_service.conf")),
            Some(Path::new(&system).join("pg_service.conf")),
        ];
        for path in files.into_iter().flatten() {
            let Some(file) = (self.surroundings.file)(&path) else {
                continue;
            };
            let text = String::from_utf8_lossy(&file.bytes);
            if let Some(values) =
                service_of_file(&text, service).map_err(|(line, reason)| LiveError::Parameters {
                    from: format!("{}:{line}", path.display()),
                    reason,
                })?
            {
                return Ok(values);
            }
        }
        Err(LiveError::Parameters {
            from: from.to_owned(),
            reason: "no service file defines this service (~/.pg_service.conf, PGSERVICEFILE)"
                .to_owned(),
        })
    }

    /// Where the server may be, without passwords.
    fn hosts(&self) -> Result<Vec<Host>, LiveError> {
        let names = self.text("host")?;
        let addresses = self.text("hostaddr")?;
        let list = |text: &str| text.split(',').map(|it| it.trim().to_owned()).collect();
        let given = |it: &Option<(String, String)>| it.as_ref().map(|(text, _)| list(text));
        let names_list: Option<Vec<String>> = given(&names);
        let addresses_list: Option<Vec<String>> = given(&addresses);
        let count = match (&names_list, &addresses_list) {
            (Some(names), Some(addresses)) if names.len() != addresses.len() => {
                return Err(LiveError::Parameters {
                    from: self.name.clone(),
                    reason: format!(
                        "{} hosts, but {} addresses in `hostaddr`",
                        names.len(),
                        addresses.len()
                    ),
                });
            }
            (Some(names), _) => names.len(),
            (None, Some(addresses)) => addresses.len(),
            (None, None) => 1,
        };
        let (ports, ports_from) = self.text("port")?.unwrap_or_default();
        let ports: Vec<u16> = ports
            .split(',')
            .map(|port| match port.trim() {
                "" => Some(DEFAULT_PORT),
                port => port.parse().ok().filter(|it| *it != 0),
            })
            .collect::<Option<_>>()
            .ok_or_else(|| has_to_be("port", ports_from.clone(), "a number from 1 to 65535"))?;
        if ports.len() > 1 && ports.len() != count {
            return Err(LiveError::Parameters {
                from: ports_from,
                reason: format!("{} ports for {count} hosts", ports.len()),
            });
        }
        let mut hosts = Vec::new();
        for index in 0..count {
            let of = |list: &Option<Vec<String>>| {
                let list = list.as_ref()?;
                list.get(index).filter(|it| !it.is_empty()).cloned()
            };
            let (name, address) = (of(&names_list), of(&addresses_list));
            let address = match address {
                None => None,
                Some(address) => Some(address.parse::<IpAddr>().map_err(|_| {
                    let from = addresses.as_ref().map(|(_, from)| from.clone());
                    has_to_be("hostaddr", from.unwrap_or_default(), "an IP address")
                })?),
            };
            let places = match (name, address) {
                (Some(name), None) if is_folder(&name) => vec![Place::Socket(name.into())],
                (Some(name), address) => vec![Place::Network { name, address }],
                (None, Some(address)) => vec![Place::Network {
                    name: address.to_string(),
                    address: Some(address),
                }],
                (None, None) => default_places(),
            };
            let port = ports.get(index).or(ports.first()).copied();
            let port = port.unwrap_or(DEFAULT_PORT);
            hosts.extend(places.into_iter().map(|place| Host {
                place,
                port,
                password: None,
            }));
        }
        Ok(hosts)
    }

    /// Gives each host the password that the password file has for it.
    fn passwords_of_file(
        &self,
        hosts: &mut [Host],
        (user, database): (&str, &str),
        notices: &mut Vec<String>,
    ) -> Result<(), LiveError> {
        let named = self.text("passfile")?;
        let is_named = named.is_some();
        let path = named.map(|(path, _)| PathBuf::from(path));
        let Some(path) = path.or_else(|| self.home_file(".pgpass", "pgpass.conf")) else {
            return Ok(());
        };
        let name = path.display().to_string();
        match (self.surroundings.file)(&path) {
            None if is_named => notices.push(format!("the password file {name} cannot be read")),
            None => {}
            Some(file) if !file.is_private => notices.push(format!(
                "the password file {name} is not used, because others have rights on it: \
                 chmod 600 {name}"
            )),
            Some(file) => {
                for host in hosts {
                    let sought = password_file::Sought {
                        host: &match &host.place {
                            Place::Network { name, .. } => name.clone(),
                            Place::Socket(folder) => folder.display().to_string(),
                        },
                        is_socket: matches!(host.place, Place::Socket(_)),
                        port: host.port,
                        database,
                        user,
                    };
                    let password = password_file::password(&file, &sought);
                    host.password = password
                        .filter(|it| !it.contains(&0))
                        .map(|bytes| Password {
                            bytes,
                            from: name.clone(),
                        });
                }
            }
        }
        Ok(())
    }

    fn encryption(&self) -> Result<Encryption, LiveError> {
        let exists = |path: &Path| (self.surroundings.file)(path).is_some();
        let default_file = |name: &str| {
            let path = self.home_file(&format!(".postgresql/{name}"), name)?;
            exists(&path).then_some(path)
        };
        let roots = self.text("sslrootcert")?;
        let is_system = roots.as_ref().is_some_and(|(path, _)| path == "system");
        let roots = match roots {
            Some(_) if is_system => Roots::System,
            // One that is named and missing is told when it is needed.
            Some((path, _)) => Roots::File(path.into()),
            None => default_file("root.crt").map_or(Roots::None, Roots::File),
        };
        let mode = self.text("sslmode")?;
        let is_never_verified = mode.as_ref().is_some_and(|(mode, _)| mode == NO_VERIFY);
        let mode = match (mode, is_system) {
            (Some(_), _) if is_never_verified => SslMode::Require,
            (Some(_), _) => self.word("sslmode", &SSL_MODES, SslMode::Prefer)?,
            (None, true) => SslMode::VerifyFull,
            (None, false) => SslMode::Prefer,
        };
        if is_system && mode != SslMode::VerifyFull {
            return Err(LiveError::Parameters {
                from: self.name.clone(),
                reason: "`sslrootcert=system` needs `sslmode=verify-full`".to_owned(),
            });
        }
        let verifies = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
        if verifies && roots == Roots::None {
            return Err(LiveError::Parameters {
                from: self.name.clone(),
                reason: "nothing to verify the server's certificate with: give `sslrootcert` (a \
                         file, or `system`), or put it at ~/.postgresql/root.crt"
                    .to_owned(),
            });
        }
        let certificate = self.text("sslcert")?.map(|(path, _)| PathBuf::from(path));
        let certificate = certificate.or_else(|| default_file("postgresql.crt"));
        let key = self.text("sslkey")?.map(|(path, _)| PathBuf::from(path));
        let key = key.or_else(|| self.home_file(".postgresql/postgresql.key", "postgresql.key"));
        let sends = self.word(
            "sslcertmode",
            &[("disable", false), ("allow", true), ("require", true)],
            true,
        )?;
        let is_direct = self.word(
            "sslnegotiation",
            &[("postgres", false), ("direct", true)],
            false,
        )?;
        let is_weak = matches!(mode, SslMode::Disable | SslMode::Allow | SslMode::Prefer);
        if is_direct && is_weak {
            return Err(LiveError::Parameters {
                from: self.name.clone(),
                reason: "`sslnegotiation=direct` needs `sslmode=require` or a stronger one"
                    .to_owned(),
            });
        }
        let oldest = self.word("ssl_min_protocol_version", &TLS_VERSIONS, TlsVersion::V12)?;
        let newest = self.word("ssl_max_protocol_version", &TLS_VERSIONS, TlsVersion::V13)?;
        if oldest > newest {
            return Err(LiveError::Parameters {
                from: self.name.clone(),
                reason: "`ssl_min_protocol_version` is above `ssl_max_protocol_version`".to_owned(),
            });
        }
        Ok(Encryption {
            mode,
            roots: if is_never_verified {
                Roots::None
            } else {
                roots
            },
            identity: certificate.zip(key).filter(|_| sends),
            tells_host: self.word("sslsni", &[("0", false), ("1", true)], true)?,
            is_direct,
            oldest,
            newest,
        })
    }
}

fn has_to_be(keyword: &str, from: String, expected: &str) -> LiveError {
    let reason = format!("the value of `{keyword}` has to be {expected}");
    LiveError::Parameters { from, reason }
}

fn is_folder(host: &str) -> bool {
    host.starts_with('/')
}

/// Where libpq looks when no host is named.
fn default_places() -> Vec<Place> {
    match cfg!(unix) {
        true => SOCKET_FOLDERS
            .iter()
            .map(|it| Place::Socket(it.into()))
            .collect(),
        false => vec![Place::Network {
            name: "localhost".to_owned(),
            address: None,
        }],
    }
}

/// The values of one section of a service file; or the line, from 1, that is not understood.
fn service_of_file(file: &str, service: &str) -> Result<Option<Values>, (usize, String)> {
    let mut values = None;
    for (index, line) in file.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            if values.is_some() {
                break;
            }
            let is_it = section.strip_suffix(']') == Some(service);
            values = is_it.then(Values::new);
            continue;
        }
        let Some(values) = &mut values else {
            continue;
        };
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| (index + 1, "a line without `=`".to_owned()))?;
        let known = KEYWORDS.iter().find(|(known, _)| *known == name.trim());
        let (keyword, _) = known.ok_or_else(|| (index + 1, "an unknown keyword".to_owned()))?;
        let value = value.trim();
        if !value.is_empty() {
            values
                .entry(*keyword)
                .or_insert_with(|| value.as_bytes().to_vec());
        }
    }
    Ok(values)
}
