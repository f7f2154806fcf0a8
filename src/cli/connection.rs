//! The arguments that say which server is asked.

use std::fmt;
use std::time::Duration;

use clap::Args;
use migcheck::live::Answers;

/// Which server, and how long to wait for it.
#[derive(Debug, Args)]
pub(super) struct ConnectionArguments {
    /// The database: a URL, or `host=… user=… dbname=…` [env: DATABASE_URL, PGHOST, PGPORT, PGUSER,
    /// PGPASSWORD, PGDATABASE and the others of libpq, which also fill in what the URL leaves out].
    /// Other users of this machine can see arguments: a password is better kept in a variable or in
    /// ~/.pgpass.
    #[arg(long, value_name = "URL")]
    database_url: Option<Hidden>,
    /// Wait so long for a server that is not there yet or not ready.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    wait: Option<Duration>,
    /// How long the server may take to let us in; 0 is without end [default: 5].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    connect_timeout: Option<Duration>,
    /// How long the server may take for a statement; 0 is without end [default: 5].
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    statement_timeout: Option<Duration>,
}

/// A text that may hold a password, and is never shown.
#[derive(Clone)]
struct Hidden(String);

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Hidden(text.to_owned())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

impl ConnectionArguments {
    /// Connects to the server that is named, or that the environment names.
    #[cfg(feature = "live-postgres")]
    pub(super) fn connect(&self) -> anyhow::Result<Box<dyn Answers>> {
        use migcheck::live::Postgres;
        let connection = self.connection()?;
        for notice in connection.notices() {
            super::say(&format!("migcheck: {notice}"));
        }
        let wait = self.wait.unwrap_or_default();
        Ok(Box::new(Postgres::connect_within(&connection, wait)?))
    }

    /// Says that this program has no driver.
    #[cfg(not(feature = "live-postgres"))]
    pub(super) fn connect(&self) -> anyhow::Result<Box<dyn Answers>> {
        // What is wrong with the arguments is wrong in any build.
        let connection = self.connection()?;
        anyhow::bail!(
            "cannot ask {connection}: this migcheck was built without a driver for servers; \
             install one that has it: cargo install --path . --features live-postgres"
        )
    }

    fn connection(&self) -> anyhow::Result<migcheck::live::Connection> {
        let given = self.database_url.as_ref().map(|it| it.0.as_str());
        let surroundings = migcheck::live::Surroundings {
            variable: &|name| std::env::var(name).ok(),
            file: &file,
            account: &account,
        };
        let mut connection = migcheck::live::Connection::find(given, &surroundings)?;
        if let Some(timeout) = self.connect_timeout {
            connection = connection.with_connect_timeout(timeout);
        }
        if let Some(timeout) = self.statement_timeout {
            connection = connection.with_statement_timeout(timeout);
        }
        Ok(connection)
    }
}

/// A file that may hold a secret.
fn file(path: &std::path::Path) -> Option<migcheck::live::PrivateFile> {
    // A pipe or a device could be read without end.
    let metadata = std::fs::metadata(path).ok().filter(|it| it.is_file())?;
    Some(migcheck::live::PrivateFile {
        bytes: std::fs::read(path).ok()?,
        is_private: is_private(&metadata),
    })
}

#[cfg(unix)]
fn is_private(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_metadata: &std::fs::Metadata) -> bool {
    true
}

/// The account that runs this process: what the system says, else what the shell does.
fn account() -> Option<String> {
    let said = std::process::Command::new("id").arg("-un").output().ok();
    let said = said
        .filter(|it| it.status.success())
        .and_then(|it| String::from_utf8(it.stdout).ok())
        .map(|it| it.trim().to_owned());
    said.filter(|it| !it.is_empty()).or_else(|| {
        ["USER", "LOGNAME", "USERNAME"]
            .iter()
            .find_map(|name| super::project::variable(name))
    })
}

/// Seconds, with decimals or without.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok();
    seconds
        .and_then(|it| Duration::try_from_secs_f64(it).ok())
        .filter(|it| it.as_secs() <= 24 * 60 * 60)
        .ok_or_else(|| "a number of seconds, at most a day's".to_owned())
}
