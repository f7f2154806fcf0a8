//! A PostgreSQL of our own that listens on a port, with passwords and certificates: for what a
//! connection needs and how it fails.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;

use crate::home::{self, Home};
use crate::postgres::{programs, server_programs};

/// A server, running or not.
pub(crate) struct Listening {
    home: Home,
    pub(crate) port: u16,
    holder: Option<Child>,
}

/// Who may log in, and how; the first line that fits counts. A database that no line names for
/// connections of one kind refuses them.
const RULES: &str = "\
local all all trust
host shop ghost 127.0.0.1/32 trust
hostssl shop,tls_only all 127.0.0.1/32 scram-sha-256
hostssl certified all 127.0.0.1/32 cert
hostnossl shop,plain_only all 127.0.0.1/32 scram-sha-256
host nope all 127.0.0.1/32 scram-sha-256
";

/// Roles, databases and a table.
const CONTENT: &str = "\
SET password_encryption = 'scram-sha-256';
CREATE ROLE app LOGIN PASSWORD 's3cret p@ss';
CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 1;
CREATE TABLE hidden (a int);
";

impl Listening {
    /// The server that is shared by all tests, or `None` when the machine has none.
    pub(crate) fn shared() -> Option<&'static Listening> {
        static SERVER: OnceLock<Result<Listening, String>> = OnceLock::new();
        let started = SERVER.get_or_init(|| {
            let mut server = Listening::new("migcheck-listening")?;
            server.certify()?;
            server.start("")?;
            server.await_socket()?;
            for database in ["shop", "tls_only", "plain_only", "certified"] {
                server.run("postgres", &format!("CREATE DATABASE {database}"))?;
            }
            server.run("shop", CONTENT)?;
            Ok(server)
        });
        home::required(
            "PostgreSQL on a port",
            started.as_ref().map_err(Clone::clone),
        )
    }

    /// The data of a server that does not run yet. Its certificate is its own root and names the
    /// host in its subject only, as the server's manual makes it.
    pub(crate) fn new(prefix: &str) -> Result<Listening, String> {
        let home = Home::new(prefix)?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
        let server = Listening {
            home,
            port: free.map_err(|error| error.to_string())?.port(),
            holder: None,
        };
        let home = &server.home;
        home.install(
            home.command(&server_programs()?.join("initdb"))
                .args(["--auth=trust", "--username=postgres", "--no-sync"])
                .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
                .arg(server.file("data")),
        )?;
        server.openssl(&[
            "req -new -x509 -nodes -days 30 -newkey rsa:2048 -subj /CN=localhost",
            "-keyout server.key -out server.crt",
        ])?;
        server.openssl(&["x509 -in server.crt -out root.crt"])?;
        fs::write(server.file("data/pg_hba.conf"), RULES).map_err(|error| error.to_string())?;
        Ok(server)
    }

    /// Makes a root, a certificate of the server that it has issued, one of the role `app`, and a
    /// root that has issued nothing.
    fn certify(&self) -> Result<(), String> {
        self.openssl(&[
            "req -new -x509 -nodes -days 30 -newkey rsa:2048 -subj /CN=root",
            "-keyout root.key -out root.crt",
        ])?;
        self.openssl(&[
            "req -new -x509 -nodes -days 30 -newkey rsa:2048 -subj /CN=other",
            "-keyout other.key -out other.crt",
        ])?;
        let extensions = self.file("extensions");
        fs::write(&extensions, "subjectAltName=DNS:localhost\n")
            .map_err(|error| error.to_string())?;
        for (file, name) in [("server", "localhost"), ("app", "app")] {
            let request = format!(
                "req -new -nodes -newkey rsa:2048 -subj /CN={name} -keyout {file}.key \
                 -out {file}.csr"
            );
            self.openssl(&[&request])?;
            let issue = format!(
                "x509 -req -days 30 -in {file}.csr -CA root.crt -CAkey root.key -CAcreateserial \
                 -extfile extensions -out {file}.crt"
            );
            self.openssl(&[&issue])?;
        }
        Ok(())
    }

    /// What it says, without its port and its folder, and in the words of newer servers.
    pub(crate) fn stable(&self, text: &str) -> String {
        text.replace(&format!(":{}/", self.port), ":PORT/")
            .replace(&self.file("").display().to_string(), "FOLDER/")
            .replace("\", SSL on;", "\", SSL encryption;")
            .replace("\", SSL off;", "\", no encryption;")
    }

    /// A file of the server's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.folder.join(name)
    }

    /// Starts the server with further `arguments`, and does not wait for it.
    pub(crate) fn start(&mut self, arguments: &str) -> Result<(), String> {
        let arguments = format!(
            "-D \"$2\" -k \"$3\" -c listen_addresses=127.0.0.1 -c port={} -c fsync=off -c ssl=on \
             -c ssl_cert_file=\"$3\"/server.crt -c ssl_key_file=\"$3\"/server.key \
             -c ssl_ca_file=\"$3\"/root.crt {arguments}",
            self.port
        );
        let daemon = server_programs()?.join("postgres");
        let held = self
            .home
            .hold((&daemon, &self.file("data")), &arguments, "INT")?;
        self.holder = Some(held);
        Ok(())
    }

    /// Waits until it answers on its socket.
    pub(crate) fn await_socket(&self) -> Result<(), String> {
        self.home
            .wait_for(|| self.run("postgres", "SELECT 1").is_ok())
    }

    /// Runs a script as the server's owner, through its socket; what it printed.
    pub(crate) fn run(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self
            .home
            .command(&programs()?.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--username=postgres"])
            .args(["--dbname", database, "--port", &self.port.to_string()])
            .args(["--command", sql, "--host"])
            .arg(&self.home.folder)
            .output()
            .map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// A program of the server, as its owner.
    pub(crate) fn home_command(&self, name: &str) -> Command {
        let folder = server_programs().unwrap_or_default();
        self.home.command(&folder.join(name))
    }

    fn openssl(&self, words: &[&str]) -> Result<(), String> {
        let arguments = words.iter().flat_map(|it| it.split_whitespace());
        let mut command: Command = self.home.command(Path::new("openssl"));
        self.home
            .install(command.args(arguments).current_dir(&self.home.folder))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Its input closes, which ends the server; then its folder goes away.
        if let Some(mut holder) = self.holder.take() {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}
