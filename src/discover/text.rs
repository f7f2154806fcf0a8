//! Bytes of a migration to its text, or to the reason why there is none.

use std::sync::Arc;

use crate::discover::part::Part;
use crate::source::{Position, SourceFile};

/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 50 * 1024 * 1024;

/// What a file of a tree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// The bytes.
    Bytes(Vec<u8>),
    /// More than [`LARGEST`]; the size in bytes.
    TooLarge(u64),
    /// Nothing has this name.
    Missing,
    /// The system refused; what it said.
    Refused(String),
}

/// One part of a migration as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationText {
    /// The text. A byte-order mark is not part of it: offsets count from behind the mark, so that
    /// line 1, column 1 is the first character that people see.
    Read(Part),
    /// There is no SQL to read.
    Unreadable(Unreadable),
}

/// Why there is no SQL to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// The file is not text.
    Bytes,
    /// The migration is written in something else than SQL.
    NotSql,
}

/// A migration that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What kind of trouble it is.
    pub kind: Unread,
    /// Path from the tree's root.
    pub path: Arc<str>,
    /// What is wrong with it, lower case, no full stop.
    pub reason: String,
    /// The first bad byte, counted from 0 in the file, where one is known.
    pub offset: Option<usize>,
    /// Its place; the column counts the code points before it.
    pub position: Option<Position>,
}

impl MigrationText {
    /// Path from the tree's root.
    pub fn path(&self) -> &str {
        match self {
            MigrationText::Read(part) => &part.file.path,
            MigrationText::Unreadable(it) => &it.path,
        }
    }

    /// The part, where it could be read.
    pub fn part(&self) -> Option<&Part> {
        match self {
            MigrationText::Read(part) => Some(part),
            MigrationText::Unreadable(_) => None,
        }
    }

    /// The text of the file, where it could be read.
    pub fn text(&self) -> Option<&str> {
        Some(&self.part()?.file.text)
    }

    /// What reaches the server, where it could be read.
    pub fn sent(&self) -> Option<&str> {
        Some(self.part()?.sent())
    }

    /// Whether both send the same text, wherever it stands.
    pub fn is_same_text(&self, other: &MigrationText) -> bool {
        match (self, other) {
            (MigrationText::Read(one), MigrationText::Read(other)) => one.is_same_text(other),
            _ => self == other,
        }
    }

    /// A migration that is written in something else than SQL: `reason` says in what.
    pub(super) fn not_sql(path: impl Into<Arc<str>>, reason: impl Into<String>) -> MigrationText {
        MigrationText::Unreadable(Unreadable {
            kind: Unread::NotSql,
            path: path.into(),
            reason: reason.into(),
            offset: None,
            position: None,
        })
    }
}

/// Whether a byte-order mark stood before the text: some tools then miss a marker in the first
/// line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The text begins with the file.
    None,
    /// Three bytes of UTF-8 byte-order mark came first.
    Utf8,
}

/// The text of `contents`, and whether a byte-order mark was taken off.
pub(super) fn decode(path: &str, contents: Contents) -> (MigrationText, Mark) {
    let path: Arc<str> = path.into();
    let unreadable = |reason: String| {
        MigrationText::Unreadable(Unreadable {
            kind: Unread::Bytes,
            path: path.clone(),
            reason,
            offset: None,
            position: None,
        })
    };
    let bytes = match contents {
        Contents::Bytes(bytes) => bytes,
        Contents::TooLarge(size) => {
            let reason = format!(
                "larger than {} MB ({} MB)",
                LARGEST >> 20,
                size.div_ceil(1 << 20)
            );
            return (unreadable(reason), Mark::None);
        }
        Contents::Missing => {
            return (unreadable("the file is gone".to_owned()), Mark::None);
        }
        Contents::Refused(said) => return (unreadable(said), Mark::None),
    };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let reason = "encoded as UTF-16; save it as UTF-8".to_owned();
        return (unreadable(reason), Mark::None);
    }
    let mark = if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        Mark::Utf8
    } else {
        Mark::None
    };
    let bad = |offset: usize, reason: &str| {
        MigrationText::Unreadable(Unreadable {
            kind: Unread::Bytes,
            path: path.clone(),
            reason: reason.to_owned(),
            offset: Some(offset),
            position: Some(position_in(&bytes, offset)),
        })
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let bad = bad(error.valid_up_to(), "not UTF-8; save it as UTF-8");
            return (bad, mark);
        }
    };
    // No server takes this byte in a statement; it is what UTF-16 without a mark looks like.
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        let bad = bad(
            offset,
            "holds a zero byte; if it is UTF-16, save it as UTF-8",
        );
        return (bad, mark);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = SourceFile::new(path.clone(), text);
    (MigrationText::Read(Part::whole(file)), mark)
}

/// Line and column of the byte at `offset`, all bytes before it being UTF-8.
fn position_in(bytes: &[u8], offset: usize) -> Position {
    let before = String::from_utf8_lossy(&bytes[..offset]);
    let before = before.strip_prefix('\u{feff}').unwrap_or(&before);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position {
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(bytes: &[u8]) -> String {
        match decode("m.sql", Contents::Bytes(bytes.to_vec())).0 {
            MigrationText::Read(part) => format!("read {:?}", part.file.text),
            MigrationText::Unreadable(it) => {
                let position = it
                    .position
                    .map(|at| format!("{}:{}: ", at.line, at.column))
                    .unwrap_or_default();
                format!("{position}{} {:?}", it.reason, it.offset)
            }
        }
    }

    #[test]
    fn empty_file_is_an_empty_text() {
        assert_eq!(reason(b""), "read \"\"");
    }

    #[test]
    fn byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(reason("\u{feff}SELECT 1".as_bytes()), "read \"SELECT 1\"");
    }

    #[test]
    fn utf_16_is_named() {
        let expected = "encoded as UTF-16; save it as UTF-8 None";
        assert_eq!(reason(&[0xFF, 0xFE, b'a', 0]), expected);
        assert_eq!(reason(&[0xFE, 0xFF, 0, b'a']), expected);
        assert_eq!(
            reason(b"S\0E\0"),
            "1:2: holds a zero byte; if it is UTF-16, save it as UTF-8 Some(1)"
        );
    }

    #[test]
    fn byte_that_is_not_utf_8_has_a_place() {
        assert_eq!(
            reason(b"SELECT 1;\n-- \xC3\xA4 \xE9"),
            "2:6: not UTF-8; save it as UTF-8 Some(16)"
        );
    }

    #[test]
    fn large_file_is_not_read() {
        let (text, _) = decode("m.sql", Contents::TooLarge(LARGEST + 1));
        assert!(
            matches!(&text, MigrationText::Unreadable(it) if it.reason == "larger than 50 MB (51 MB)"),
            "{text:?}"
        );
    }
}
