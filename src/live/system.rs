//! What a connection asks the system: files that may hold secrets, and the account.
//!
//! [`Connection::find`](super::Connection::find) takes both as functions, so that it can be asked
//! about any system; these are the answers of this one.

use std::fmt;
use std::fs::{self, Metadata};
use std::path::Path;
use std::process::Command;

/// What is in a file that may hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateFile {
    /// The content.
    pub bytes: Vec<u8>,
    /// Whether neither the group nor others have any right on it; true where systems know no such
    /// rights.
    pub is_private: bool,
}

impl PrivateFile {
    /// The file, or none where there is none that can be read.
    pub fn read(path: &Path) -> Option<Self> {
        // A pipe or a device could be read without end.
        let metadata = fs::metadata(path).ok().filter(Metadata::is_file)?;
        Some(PrivateFile {
            bytes: fs::read(path).ok()?,
            is_private: is_private(&metadata),
        })
    }
}

impl fmt::Debug for PrivateFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PrivateFile")
            .field("is_private", &self.is_private)
            .finish_non_exhaustive()
    }
}

#[cfg(unix)]
fn is_private(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(_metadata: &Metadata) -> bool {
    true
}

/// The name of the account that this process runs as, which libpq takes for a user that is not
/// named. None where the system has no `id` to ask.
pub fn account() -> Option<String> {
    let output = Command::new("id").arg("-un").output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    let name = name.trim();
    (output.status.success() && !name.is_empty()).then(|| name.to_owned())
}
