//! A PostgreSQL of our own: started once in a temporary folder, one database per test.
//!
//! The server listens on a Unix socket only. A shell holds it and stops it when its standard input
//! is closed, which happens when the test process ends, however it ends.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use migcheck::live::{Answers, LiveError};

/// When set, a missing server fails the tests instead of leaving them out loudly.
const REQUIRED: &str = "MIGCHECK_REQUIRE_SERVERS";

/// A running server.
pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
    /// Whom the server runs as, when the tests run as root, which it refuses.
    user: Option<(u32, u32)>,
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
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    match SERVER.get_or_init(Server::start) {
        Ok(server) => {
            let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
            let made = server.psql("postgres", &format!("CREATE DATABASE {name}"));
            made.expect("a database can be made");
            Some(Database { server, name })
        }
        Err(reason) => {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "{REQUIRED} is set and PostgreSQL cannot be started: {reason}"
            );
            eprintln!("NOT TESTED against a server: {reason}");
            None
        }
    }
}

impl Database {
    /// Runs a script; what it printed (unaligned, fields separated by `|`), or the first error.
    pub(crate) fn run(&self, sql: &str) -> Result<String, Refusal> {
        self.server.psql(&self.name, sql)
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
        let folder = std::env::temp_dir().join(format!("migcheck-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let is_root = fs::metadata("/proc/self")
            .is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
        let user = if is_root { Some(other_user()?) } else { None };
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid))
                .map_err(|error| error.to_string())?;
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))
            .map_err(|error| error.to_string())?;
        let data = folder.join("data");
        let mut initdb = as_user(&server_programs.join("initdb"), user);
        initdb
            .args(["--auth=trust", "--username=postgres", "--no-sync"])
            .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(&data);
        let output = initdb.output().map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let script = "\"$1\" -D \"$2\" -k \"$3\" -c listen_addresses= -c fsync=off \
                      >\"$3/log\" 2>&1 & p=$!; read x; kill -INT $p; wait $p; rm -rf \"$3\"";
        let holder = as_user(Path::new("/bin/sh"), user)
            .args(["-c", script, "sh"])
            .arg(server_programs.join("postgres"))
            .arg(&data)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let server = Server {
            programs,
            folder,
            user,
            _holder: holder,
        };
        for _ in 0..200 {
            if server.psql("postgres", "SELECT 1").is_ok() {
                return Ok(server);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
        Err(format!("it does not answer: {log}"))
    }

    fn psql(&self, database: &str, sql: &str) -> Result<String, Refusal> {
        let mut child = as_user(&self.programs.join("psql"), self.user)
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"])
            .args(["--username=postgres", "--dbname", database, "--host"])
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A refused script may close the pipe before all of it was read.
        let _ = stdin.write_all(sql.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("psql ends");
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
fn server_programs() -> Result<PathBuf, String> {
    match std::env::var_os(SERVER) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => programs(),
    }
}

/// The folder of the programs of PostgreSQL: what `pg_config` says, or Debian's place.
fn programs() -> Result<PathBuf, String> {
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

/// An account that is not root and has an entry of its own, which the server demands.
fn other_user() -> Result<(u32, u32), String> {
    let accounts = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|wanted| {
            let line = accounts
                .lines()
                .find(|line| line.split(':').next() == Some(wanted))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        })
        .ok_or_else(|| "root has no other account to run the server as".to_owned())
}

fn as_user(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env_remove("PGOPTIONS");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}
