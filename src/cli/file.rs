//! The files that the command line names.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;

/// The text of a file, `-` being the standard input.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    // PowerShell writes UTF-16.
    String::from_utf8(bytes(path)?)
        .context("it is not UTF-8")
        .with_context(|| format!("cannot read {}", path.display()))
}

/// What is in a file, `-` being the standard input.
pub(super) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes),
        false => std::fs::read(path),
    };
    read.with_context(|| format!("cannot read {}", path.display()))
}

/// Writes to a file, or to the standard output where none is named; the exit code.
pub(super) fn write(path: Option<&Path>, text: &str) -> anyhow::Result<u8> {
    let Some(path) = path else {
        return super::print(text);
    };
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(super::CLEAN)
}

/// Writes behind what a file holds.
pub(super) fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write to {}", path.display()))
}

/// What a file holds that need not be there; bytes that are no text are replaced.
pub(super) fn existing(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Makes a file, with its folder; whether it was not there. One that is there stays as it is.
pub(super) fn create(path: &Path, text: &str, kind: Kind) -> anyhow::Result<bool> {
    let cannot = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(cannot)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if kind == Kind::Program {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o777); // As the umask allows.
    }
    match options.open(path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).with_context(cannot)?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(cannot),
    }
}

/// What a new file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is read.
    Text,
    /// It is run.
    Program,
}

/// A path as people see it from the current folder, where it lies in it.
pub(super) fn from_here(path: &Path) -> String {
    let real = |path: &Path| path.canonicalize().ok();
    let folder = path.parent().and_then(real);
    let here = real(Path::new("."));
    let inside = match (&folder, &here) {
        (Some(folder), Some(here)) => folder.strip_prefix(here).ok(),
        _ => None,
    };
    match (inside, path.file_name()) {
        (Some(inside), Some(name)) => inside.join(name).display().to_string(),
        _ => path.display().to_string(),
    }
}
