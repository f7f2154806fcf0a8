//! Where a server of our own lives: a temporary folder, an account and a shell that holds it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

/// When set, a missing server fails the tests instead of leaving them out loudly.
const REQUIRED: &str = "MIGCHECK_REQUIRE_SERVERS";

/// The server, or `None` (said on stderr) when the machine has none.
///
/// # Panics
///
/// When the server is required and cannot be started.
pub(crate) fn required<T>(name: &str, started: Result<T, String>) -> Option<T> {
    match started {
        Ok(server) => Some(server),
        Err(reason) => {
            assert!(
                std::env::var_os(REQUIRED).is_none(),
                "{REQUIRED} is set and {name} cannot be started: {reason}"
            );
            eprintln!("NOT TESTED against {name}: {reason}");
            None
        }
    }
}

/// The folder of a server and whom it runs as. It goes away with the server, and with this where
/// no server came to hold it.
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    /// Set when the tests run as root, which servers refuse.
    user: Option<(u32, u32)>,
    /// Whether a shell holds it and removes it in the end.
    is_held: AtomicBool,
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.is_held.load(Ordering::Relaxed) {
            // Nothing else can be done about a folder that stays.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Home {
    /// A folder of this process, which belongs to the account that runs the server.
    pub(crate) fn new(prefix: &str) -> Result<Home, String> {
        let folder = std::env::temp_dir().join(format!("{prefix}-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut home = Home {
            folder,
            user: None,
            is_held: AtomicBool::new(false),
        };
        let is_root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
        home.user = if is_root { Some(other_user()?) } else { None };
        if let Some((uid, gid)) = home.user {
            chown(&home.folder, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        fs::set_permissions(&home.folder, fs::Permissions::from_mode(0o700))
            .map_err(|error| error.to_string())?;
        Ok(home)
    }

    /// A program that runs as the account of the server.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_remove("PGOPTIONS");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes the data of a server, or gives what the program said.
    pub(crate) fn install(&self, program: &mut Command) -> Result<(), String> {
        let output = program.output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Starts `daemon` (`$1`) on `data` (`$2`) in this folder (`$3`) with the `arguments` as the
    /// shell reads them. It gets `signal` when the standard input of the child is closed, which
    /// happens when the process ends, however it ends; then the folder goes away.
    pub(crate) fn hold(
        &self,
        (daemon, data): (&Path, &Path),
        arguments: &str,
        signal: &str,
    ) -> Result<Child, String> {
        let script = format!(
            "\"$1\" {arguments} >\"$3/log\" 2>&1 & p=$!; \
             read x; kill -{signal} $p; wait $p; rm -rf \"$3\""
        );
        let held = self
            .command(Path::new("/bin/sh"))
            .args(["-c", &script, "sh"])
            .args([daemon, data, &self.folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string());
        self.is_held.store(held.is_ok(), Ordering::Relaxed);
        held
    }

    /// Waits half a minute at most for an answer; else what the log of the server says.
    pub(crate) fn wait_for(&self, answers: impl Fn() -> bool) -> Result<(), String> {
        for _ in 0..600 {
            if answers() {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(format!("it does not answer: {log}"))
    }
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
