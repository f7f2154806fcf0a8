//! A PostgreSQL of our own: started once in a temporary folder, one database per test.
//!
//! The server listens on a Unix socket only.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use migcheck::live::{Answers, LiveError};

use crate::home::{self, Home};

/// A running server.
pub(crate) struct Server {
    programs: PathBuf,
    home: Home,
    _holder: Child,
}

/// A database of one test.
pub(crate) struct Database {
    server: &'static Server,
    name: String,
}

/// What the server said to one script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The SQLSTATE.
    pub(crate) code: String,
    /// The message.
    pub(crate) message: String,
}

/// A new database, or `None` (said on stderr) when the machine has no server.
///
/// # Panics
///
/// When the server is required and cannot be started.
pub(crate) fn database() -> Option<Database> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let started = SERVER.get_or_init(Server::start).as_ref();
    let server = home::required("PostgreSQL", started.map_err(Clone::clone))?;
    Some(Database::made(server, ""))
}

impl Database {
    fn made(server: &'static Server, template: &str) -> Database {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let made = server.psql("postgres", &format!("CREATE DATABASE {name} {template}"));
        made.expect("a database can be made");
        Database { server, name }
    }

    /// Another database with all that this one holds; nobody may be connected to it.
    pub(crate) fn copy(&self) -> Database {
        Database::made(self.server, &format!("TEMPLATE {}", self.name))
    }

    /// Its name on the server.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where a client of its own finds it, as `user`: in libpq's words.
    #[cfg(feature = "live-postgres")]
    pub(crate) fn place(&self, user: &str) -> String {
        let folder = self.server.home.folder.display();
        format!("host={folder} user={user} dbname={}", self.name)
    }

    /// Runs a script; what it printed (unaligned, fields separated by `|`), or the first error.
    pub(crate) fn run(&self, sql: &str) -> Result<String, Refusal> {
        self.server.psql(&self.name, sql)
    }
}

/// One connection to a database, for what takes several scripts.
pub(crate) struct Session {
    psql: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

impl Database {
    /// A connection that stays open.
    pub(crate) fn session(&self) -> Session {
        let mut psql = self
            .server
            .home
            .command(&self.server.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--username=postgres", "--dbname", &self.name, "--host"])
            .arg(&self.server.home.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("psql can be started");
        Session {
            stdin: psql.stdin.take().expect("it is piped"),
            stdout: BufReader::new(psql.stdout.take().expect("it is piped")),
            psql,
        }
    }
}

/// What ends the answer to a script.
const END: &str = "--end of the answer--";

impl Answers for Session {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        let asked = format!(
            "\\set LAST_ERROR_SQLSTATE 00000\n{script}\n\\echo {END} :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE\n"
        );
        let gone = |error: std::io::Error| LiveError::Server(error.to_string());
        self.stdin.write_all(asked.as_bytes()).map_err(gone)?;
        let mut answer = Vec::new();
        loop {
            let mut line = String::new();
            if self.stdout.read_line(&mut line).map_err(gone)? == 0 {
                return Err(LiveError::Server("psql has ended".to_owned()));
            }
            let line = line.trim_end_matches('\n');
            match line.strip_prefix(END) {
                None => answer.push(line.to_owned()),
                Some(said) if said.starts_with(" 00000") => return Ok(answer),
                Some(said) => return Err(LiveError::Server(said.trim().to_owned())),
            }
        }
    }
}

impl Answers for Database {
    fn answer(&mut self, script: &str) -> Result<Vec<String>, LiveError> {
        match self.run(script) {
            Ok(answer) => Ok(answer.lines().map(str::to_owned).collect()),
            Err(refusal) => Err(LiveError::Server(refusal.message)),
        }
    }
}

impl Server {
    fn start() -> Result<Server, String> {
        let programs = programs()?;
        let server_programs = server_programs()?;
        let home = Home::new("migcheck")?;
        let data = home.folder.join("data");
        home.install(
            home.command(&server_programs.join("initdb"))
                .args(["--auth=trust", "--username=postgres", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
                .arg(&data),
        )?;
        let arguments = "-D \"$2\" -k \"$3\" -c listen_addresses= -c fsync=off";
        let daemon = server_programs.join("postgres");
        let holder = home.hold((&daemon, &data), arguments, "INT")?;
        let server = Server {
            programs,
            home,
            _holder: holder,
        };
        server
            .home
            .wait_for(|| server.psql("postgres", "SELECT 1").is_ok())?;
        Ok(server)
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, Refusal> {
        let mut child = self
            .home
            .command(&self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"])
            .args(["--username=postgres", "--dbname", database, "--host"])
            .arg(&self.home.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        // From a thread of its own: who waits for room in one pipe would never empty the other.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A refused script may close the pipe before all of it was read.
                let _ = stdin.write_all(sql.as_bytes());
            });
            child.wait_with_output().expect("psql ends")
        });
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let error = said
            .lines()
            .find_map(|line| line.split_once("ERROR:  "))
            .map_or(said.as_str(), |(_, error)| error);
        let (code, message) = error.split_once(": ").unwrap_or(("", error));
        Err(Refusal {
            code: code.to_owned(),
            message: message.trim_end().to_owned(),
        })
    }
}

/// Names the folder of another server's `initdb` and `postgres`.
const SERVER: &str = "MIGCHECK_SERVER_BIN";

/// The folder of the server's programs: the one that is given, or that of the client.
pub(crate) fn server_programs() -> Result<PathBuf, String> {
    match std::env::var_os(SERVER) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => programs(),
    }
}

/// The folder of the programs of PostgreSQL: what `pg_config` says, or Debian's place.
pub(crate) fn programs() -> Result<PathBuf, String> {
    let said = Command::new("pg_config").arg("--bindir").output().ok();
    let from_config = said.map(|it| PathBuf::from(String::from_utf8_lossy(&it.stdout).trim()));
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian
        .filter_map(Result::ok)
        .map(|it| it.path().join("bin"));
    from_config
        .into_iter()
        .chain(debian)
        .find(|folder| folder.join("initdb").exists() && folder.join("psql").exists())
        .ok_or_else(|| "no PostgreSQL server on this machine (initdb not found)".to_owned())
}
