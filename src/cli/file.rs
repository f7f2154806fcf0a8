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
