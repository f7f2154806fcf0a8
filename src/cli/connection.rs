//! The arguments that say which server is asked.

use std::fmt;
use std::time::Duration;

use clap::Args;
use migcheck::live::{Answers, Connection, PrivateFile, Surroundings, account};

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
        let wait = self.wait.unwrap_or_default();
        let connected = Postgres::connect_within(&connection, wait)?;
        // Where there is no connection, the error tells what of them matters.
        for notice in connection.notices() {
            super::say(&format!("migcheck: {notice}"));
        }
        Ok(Box::new(connected))
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

    /// The database that is asked, for people: without the password.
    pub(super) fn place(&self) -> anyhow::Result<String> {
        Ok(self.connection()?.to_string())
    }

    fn connection(&self) -> anyhow::Result<Connection> {
        let given = self.database_url.as_ref().map(|it| it.0.as_str());
        let surroundings = Surroundings {
            variable: &|name| std::env::var(name).ok(),
            file: &PrivateFile::read,
            account: &account,
        };
        let mut connection = Connection::find(given, &surroundings)?;
        if let Some(timeout) = self.connect_timeout {
            connection = connection.with_connect_timeout(timeout);
        }
        if let Some(timeout) = self.statement_timeout {
            connection = connection.with_statement_timeout(timeout);
        }
        Ok(connection)
    }
}

/// Seconds, with decimals or without.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.parse().ok();
    seconds
        .and_then(|it| Duration::try_from_secs_f64(it).ok())
        .filter(|it| it.as_secs() <= 24 * 60 * 60)
        .ok_or_else(|| "a number of seconds, at most a day's".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        connection: ConnectionArguments,
    }

    fn parsed(arguments: &[&str]) -> Result<ConnectionArguments, String> {
        let arguments = [&["program"], arguments].concat();
        match Program::try_parse_from(arguments) {
            Ok(program) => Ok(program.connection),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_url_is_never_shown() {
        let url = "postgres://app:s3cr@db/shop";
        let given = parsed(&["--database-url", url, "--wait", "0.5"]).unwrap();
        assert_eq!(given.wait, Some(Duration::from_millis(500)));
        let connection = given.connection().unwrap();
        let shown = format!("{given:?} {connection:?}");
        assert!(!shown.contains("s3cr"), "{shown}");
        let twice = parsed(&["--database-url", url, "--database-url", url]).unwrap_err();
        assert!(!twice.contains("s3cr"), "{twice}");
    }

    #[test]
    fn times_are_seconds_within_a_day() {
        assert!(parsed(&["--connect-timeout", "0", "--statement-timeout", "30"]).is_ok());
        for wrong in ["-1", "5s", "NaN", "inf", "1e9", ""] {
            let said = parsed(&[&format!("--wait={wrong}")]).unwrap_err();
            assert!(said.contains("a number of seconds"), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        // Nothing listens on port 1.
        let url = "postgres://app:s3cr@127.0.0.1:1/shop";
        let error = parsed(&["--database-url", url]).unwrap().connect().err();
        let said = format!("{:#}", error.unwrap());
        let expected = match cfg!(feature = "live-postgres") {
            true => "cannot connect to app@127.0.0.1:1/shop: the connection is refused",
            false => {
                "cannot ask app@127.0.0.1:1/shop: this migcheck was built without a driver for \
                 servers; install one that has it: cargo install --path . --features live-postgres"
            }
        };
        assert!(said.starts_with(expected), "{said}");
        assert!(!said.contains("s3cr"), "{said}");
    }
}
