//! A MariaDB of our own, in a temporary folder, for as long as the test holds it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::home::{self, Home};

/// A running server with one database.
pub(crate) struct Server {
    home: Home,
    /// Holds the server: it stops when the standard input of this shell is closed.
    _holder: Child,
}

impl Server {
    /// Starts it, or says on stderr that the machine has none.
    ///
    /// # Panics
    ///
    /// When the server is required and cannot be started.
    pub(crate) fn start() -> Option<Server> {
        home::required("MariaDB", Server::try_start())
    }

    fn try_start() -> Result<Server, String> {
        let installer = program("mariadb-install-db").ok_or("mariadb-install-db not found")?;
        let daemon = program("mariadbd").ok_or("mariadbd not found")?;
        program("mariadb").ok_or("its client `mariadb` not found")?;
        let home = Home::new("migcheck-my")?;
        let data = home.folder.join("data");
        home.install(
            home.command(&installer)
                .args(["--no-defaults", "--auth-root-authentication-method=normal"])
                .args(["--skip-test-db", "--skip-name-resolve"])
                .arg(format!("--datadir={}", data.display())),
        )?;
        let arguments = "--no-defaults --datadir=\"$2\" --socket=\"$3/s\" --skip-networking \
                         --pid-file=\"$3/pid\" --innodb-flush-log-at-trx-commit=0";
        let holder = home.hold((&daemon, &data), arguments, "TERM")?;
        let server = Server {
            home,
            _holder: holder,
        };
        server
            .home
            .wait_for(|| server.ask(None, "CREATE DATABASE migcheck").is_ok())?;
        Ok(server)
    }

    /// Runs a script; what it printed, a line per row, or what the server said.
    pub(crate) fn run(&self, sql: &str) -> Result<String, String> {
        self.ask(Some("migcheck"), sql)
    }

    fn ask(&self, database: Option<&str>, sql: &str) -> Result<String, String> {
        let mut child = self
            .home
            .command(Path::new("mariadb"))
            .args([
                "--no-defaults",
                "--batch",
                "--skip-column-names",
                "--user=root",
            ])
            .arg(format!("--socket={}", self.home.folder.join("s").display()))
            .args(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut stdin = child.stdin.take().expect("it is piped");
        // A refused script may close the pipe before all of it was read.
        let _ = stdin.write_all(sql.as_bytes());
        drop(stdin);
        let output = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }
}

/// A program on the path, or where Debian puts those of servers.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/bin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(usual)
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
}
