//! Text of a file and places in it.
//!
//! A [`Span`] is a range of bytes in one file. Lines and columns are computed only where a report
//! needs them, by [`SourceFile::position`].

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A range of bytes in one file, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte, from 0.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span of the bytes `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// Number of bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The text under the span; empty when the span does not lie in `text` on character borders.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// A place as people count: both numbers from 1, the column in Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
}

/// One file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path from the project's root, with forward slashes.
    pub path: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    lines: Lines,
}

/// Where each line of a text begins, in bytes; found when the first place is asked for and shared
/// by clones. The text says it all, so any two are equal.
#[derive(Clone, Default)]
struct Lines(Arc<OnceLock<Vec<usize>>>);

impl PartialEq for Lines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lines {}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

impl SourceFile {
    /// The file `path` with this text.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        SourceFile {
            path: path.into(),
            text: text.into(),
            lines: Lines::default(),
        }
    }

    /// Line and column of the byte at `offset` (clamped to the text's end).
    pub fn position(&self, offset: usize) -> Position {
        let offset = (0..=offset.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0);
        let starts = self.lines.0.get_or_init(|| {
            let breaks = self.text.bytes().enumerate();
            let after = breaks.filter_map(|(at, byte)| (byte == b'\n').then_some(at + 1));
            std::iter::once(0).chain(after).collect()
        });
        let line = starts.partition_point(|start| *start <= offset);
        let line_start = starts[line - 1];
        Position {
            line,
            column: self.text[line_start..offset].chars().count() + 1,
        }
    }
}
