//! A MariaDB of our own, in a temporary folder, for as long as the test holds it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::postgres::{REQUIRED, as_user, other_user};

/// A running server with one database.
pub(crate) struct Server {
    folder: PathBuf,
    user: Option<(u32, u32)>,
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
        match Server::try_start() {
            Ok(server) => Some(server),
            Err(reason) => {
                assert!(
                    std::env::var_os(REQUIRED).is_none(),
                    "{REQUIRED} is set and MariaDB cannot be started: {reason}"
                );
                eprintln!("NOT TESTED against MariaDB: {reason}");
                None
            }
        }
    }

    fn try_start() -> Result<Server, String> {
        let installer = program("mariadb-install-db").ok_or("mariadb-install-db not found")?;
        let daemon = program("mariadbd").ok_or("mariadbd not found")?;
        program("mariadb").ok_or("its client `mariadb` not found")?;
        let folder = std::env::temp_dir().join(format!("migcheck-my-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let is_root = fs::metadata("/proc/self")
            .is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
        let user = if is_root { Some(other_user()?) } else { None };
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid))
                .map_err(|error| error.to_string())?;
        }
        let data = folder.join("data");
        let installed = as_user(&installer, user)
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(["--skip-test-db", "--skip-name-resolve"])
            .arg(format!("--datadir={}", data.display()))
            .output()
            .map_err(|error| error.to_string())?;
        if !installed.status.success() {
            return Err(String::from_utf8_lossy(&installed.stderr).into_owned());
        }
        let script = "\"$1\" --no-defaults --datadir=\"$2\" --socket=\"$3/s\" --skip-networking \
                      --pid-file=\"$3/pid\" --innodb-flush-log-at-trx-commit=0 \
                      >\"$3/log\" 2>&1 & p=$!; read x; kill $p; wait $p; rm -rf \"$3\"";
        let holder = as_user(Path::new("/bin/sh"), user)
            .args(["-c", script, "sh"])
            .args([&daemon, &data, &folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let server = Server {
            folder,
            user,
            _holder: holder,
        };
        for _ in 0..300 {
            if server.ask(None, "CREATE DATABASE migcheck").is_ok() {
                return Ok(server);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
        Err(format!("it does not answer: {log}"))
    }

    /// Runs a script; what it printed, a line per row, or what the server said.
    pub(crate) fn run(&self, sql: &str) -> Result<String, String> {
        self.ask(Some("migcheck"), sql)
    }

    fn ask(&self, database: Option<&str>, sql: &str) -> Result<String, String> {
        let mut child = as_user(Path::new("mariadb"), self.user)
            .args([
                "--no-defaults",
                "--batch",
                "--skip-column-names",
                "--user=root",
            ])
            .arg(format!("--socket={}", self.folder.join("s").display()))
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
