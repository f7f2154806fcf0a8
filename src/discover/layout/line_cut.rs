//! Files of goose and sql-migrate: both directions in one file, cut where a line ends in `;`.
//!
//! sql-migrate took its parser from goose: a statement ends at a line that ends in a semicolon,
//! and what stands between `StatementBegin` and `StatementEnd` is sent as it is.

use super::{Consequence, Line, Reading, Unit};
use crate::discover::part::{Builder, Part};
use crate::source::{SourceFile, Span};
use crate::sql::{self, Dialect};

/// What the tool calls things in its messages.
pub(super) struct Words {
    pub(super) tool: &'static str,
    /// The directive that opens a block.
    pub(super) begin: &'static str,
    /// The directive that closes it.
    pub(super) end: &'static str,
    /// What the tool does with a file it cannot read.
    pub(super) refuses: &'static str,
}

/// One direction of a file being read.
pub(super) struct Half {
    pub(super) builder: Builder,
    /// Where the text that is cut as usual began.
    from: usize,
    has_blocks: bool,
    /// The last line of a statement that has no end yet.
    open: Option<Span>,
    /// Where the tool ends a statement by itself.
    cuts: Vec<usize>,
}

impl Half {
    pub(super) fn new(file: &SourceFile) -> Half {
        Half {
            builder: Builder::new(file),
            from: 0,
            has_blocks: false,
            open: None,
            cuts: Vec::new(),
        }
    }

    /// A block that is sent as it is begins here.
    pub(super) fn begin_block(&mut self) {
        self.chunk(Unit::Statement);
        self.has_blocks = true;
    }

    /// The block ends here.
    pub(super) fn end_block(&mut self) {
        self.chunk(Unit::WholeText);
        self.open = None;
    }

    /// A line outside of blocks, whose text the builder has: it may end a statement.
    pub(super) fn line(&mut self, line: &Line<'_>) {
        let trimmed = line.text.trim();
        if trimmed.is_empty() || trimmed.starts_with("--") {
            return;
        }
        self.open = match ends_statement(line.text) {
            true => {
                self.cuts.push(line.place().end);
                None
            }
            false => Some(line.place()),
        };
    }

    fn chunk(&mut self, unit: Unit) {
        if self.builder.len() > self.from {
            self.builder.chunk(self.from, unit, None);
        }
        self.from = self.builder.len();
    }

    fn build(mut self) -> Part {
        if self.has_blocks {
            self.chunk(Unit::Statement);
        }
        self.builder.build()
    }
}

/// Both directions, after saying which statements have no end or are cut in two.
pub(super) fn finish(
    file: &SourceFile,
    halves: [Half; 2],
    words: &Words,
    dialect: Dialect,
    reading: &mut Reading,
) -> [Part; 2] {
    for open in halves.iter().filter_map(|half| half.open) {
        reading.misplaced(
            (file, open),
            (";", "is missing at the end of the last statement", "add it"),
            Consequence::Refused,
            words.refuses,
        );
    }
    halves.map(|mut half| {
        let cuts = std::mem::take(&mut half.cuts);
        let part = half.build();
        cut_in_two(&part, &cuts, dialect, words, reading);
        part
    })
}

/// Says where a tool that cuts at the ends of lines (`cuts`, in the file) cuts a statement in two.
fn cut_in_two(part: &Part, cuts: &[usize], dialect: Dialect, words: &Words, reading: &mut Reading) {
    let Words {
        tool, begin, end, ..
    } = words;
    // Only a body holds a semicolon at the end of a line without ending there.
    let sent = part.sent();
    let may_hold_body = sent.contains('$') || sent.contains('\'') || {
        let lower = sent.to_ascii_lowercase();
        lower.contains("begin") || lower.contains("case")
    };
    if cuts.is_empty() || !may_hold_body {
        return;
    }
    let (pieces, _) = sql::split::split(sent, dialect);
    for piece in pieces {
        let span = part.place(piece.span);
        let after = cuts.partition_point(|cut| *cut <= span.start);
        let is_cut = cuts.get(after).is_some_and(|cut| *cut < span.end);
        if !is_cut {
            continue;
        }
        let first = span.of(&part.file.text).lines().next().unwrap_or_default();
        reading.misplaced(
            (&part.file, Span::new(span.start, span.start + first.len())),
            (
                begin,
                "is missing above this statement, which holds a line that ends in a semicolon",
                &format!("put the statement between `{begin}` and `{end}`"),
            ),
            Consequence::Refused,
            &format!("{tool} cuts it at that line, and the server refuses the first half"),
        );
    }
}

/// Whether the last word of a line, before a comment, ends in a semicolon.
fn ends_statement(line: &str) -> bool {
    let mut last = "";
    for word in line.split_whitespace() {
        if word.starts_with("--") {
            break;
        }
        last = word;
    }
    last.ends_with(';')
}
