//! The text of a migration that is sent, with places in its file.
//!
//! Many tools keep up and down in one file, drop lines, fill in placeholders or cut the file into
//! pieces. A [`Part`] holds what reaches the server; a list of pieces maps every place in it back
//! to the file as people see it. Where the whole file is sent as it is, there is no list and no
//! second text.

use std::ops::Range;
use std::sync::Arc;

use crate::discover::{TransactionScope, Unit};
use crate::source::{SourceFile, Span};

/// One part of a migration as its tool sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The file that it stands in.
    pub file: SourceFile,
    cut: Option<Arc<Cut>>,
}

/// What is sent of a file, where that is not the whole file in one go.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    sent: Arc<str>,
    /// In order; together they make up `sent`.
    pieces: Vec<Piece>,
    /// In order; empty when the tool's own way of cutting is that of the dialect.
    chunks: Vec<Chunk>,
    /// Branches of which nobody knows which is taken.
    choices: Vec<Choice>,
}

/// Stretches of the text that is sent, of which the tool takes one: nobody knows which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Which bytes of the text that is sent; an empty one where none of the others need be taken.
    pub branches: Vec<Range<usize>>,
}

/// A stretch of the text that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Piece {
    /// Where it begins in the text that is sent; it ends where the next one begins.
    at: usize,
    /// Where it stands in the file.
    file: Span,
    /// Whether it is the file's text, byte by byte, rather than something in place of it.
    verbatim: bool,
}

/// A stretch of the text that the tool sends apart from the rest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chunk {
    /// Which bytes of the text that is sent.
    pub sent: Range<usize>,
    /// Whether it goes as a whole or statement by statement.
    pub unit: Unit,
    /// Where the tool ends the transaction before and goes on in another way.
    pub transaction: Option<TransactionScope>,
}

impl Part {
    /// The whole file as it is.
    pub fn whole(file: SourceFile) -> Part {
        Part { file, cut: None }
    }

    /// The text that reaches the server.
    pub fn sent(&self) -> &str {
        match &self.cut {
            Some(cut) => &cut.sent,
            None => &self.file.text,
        }
    }

    /// What is sent, where it is not the whole file in one go.
    pub fn cut(&self) -> Option<&Arc<Cut>> {
        self.cut.as_ref()
    }

    /// Whether both send the same text.
    pub fn is_same_text(&self, other: &Part) -> bool {
        self.sent() == other.sent()
    }

    /// Whether a value that is not known stands in the text by its name (`__name__`).
    pub fn has_stand_in(&self) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.has_stand_in())
    }

    /// The place in the file of a place in the text that is sent.
    pub fn place(&self, span: Span) -> Span {
        match &self.cut {
            Some(cut) => cut.place(span),
            None => span,
        }
    }
}

impl Cut {
    /// The text that reaches the server.
    pub fn sent(&self) -> &Arc<str> {
        &self.sent
    }

    fn has_stand_in(&self) -> bool {
        let ends = self.pieces.iter().skip(1).map(|piece| piece.at);
        let ends = ends.chain([self.sent.len()]);
        self.pieces.iter().zip(ends).any(|(piece, end)| {
            let text = self.sent.get(piece.at..end).unwrap_or_default();
            let text = text.trim_matches(['\'', '"']);
            !piece.verbatim && text.len() > 4 && text.starts_with("__") && text.ends_with("__")
        })
    }

    /// What is sent apart from the rest; empty when nothing is.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Branches of which nobody knows which is taken.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The place in the file of a place in the text that is sent.
    pub fn place(&self, span: Span) -> Span {
        let start = self.offset(span.start, false);
        let end = match span.is_empty() {
            true => start,
            false => self.offset(span.end, true).max(start),
        };
        Span::new(start, end)
    }

    /// `is_end`: the place is one past the last byte that is meant.
    fn offset(&self, at: usize, is_end: bool) -> usize {
        let after = self.pieces.partition_point(|piece| {
            if is_end {
                piece.at < at
            } else {
                piece.at <= at
            }
        });
        let Some(piece) = after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
        else {
            return self.pieces.first().map_or(0, |first| first.file.start);
        };
        if piece.verbatim {
            (piece.file.start + (at - piece.at)).min(piece.file.end)
        } else if is_end {
            piece.file.end
        } else {
            piece.file.start
        }
    }
}

/// Puts together what is sent of a file.
#[derive(Debug)]
pub(super) struct Builder {
    file: SourceFile,
    sent: String,
    pieces: Vec<Piece>,
    chunks: Vec<Chunk>,
    choices: Vec<Choice>,
}

impl Builder {
    /// Nothing of `file` yet.
    pub(super) fn new(file: &SourceFile) -> Builder {
        Builder {
            file: file.clone(),
            sent: String::new(),
            pieces: Vec::new(),
            chunks: Vec::new(),
            choices: Vec::new(),
        }
    }

    /// How many bytes are sent so far.
    pub(super) fn len(&self) -> usize {
        self.sent.len()
    }

    /// Sends these bytes of the file.
    pub(super) fn verbatim(&mut self, span: Span) {
        let text = span.of(&self.file.text);
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if last.verbatim && last.file.end == span.start => {
                last.file.end = span.end;
            }
            _ => self.pieces.push(Piece {
                at: self.sent.len(),
                file: span,
                verbatim: true,
            }),
        }
        self.sent.push_str(text);
    }

    /// Sends `text` in place of these bytes of the file.
    pub(super) fn replaced(&mut self, span: Span, text: &str) {
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            at: self.sent.len(),
            file: span,
            verbatim: false,
        });
        self.sent.push_str(text);
    }

    /// What was added since `from` bytes were sent goes apart from the rest.
    pub(super) fn chunk(&mut self, from: usize, unit: Unit, transaction: Option<TransactionScope>) {
        self.chunks.push(Chunk {
            sent: from..self.sent.len(),
            unit,
            transaction,
        });
    }

    /// Of these stretches of what is sent one is taken, nobody knows which.
    pub(super) fn choice(&mut self, choice: Choice) {
        if !choice.branches.is_empty() {
            self.choices.push(choice);
        }
    }

    /// Whether nothing is sent so far, or what is ends with a `;`.
    pub(super) fn ends_a_statement(&self) -> bool {
        let sent = self.sent.trim_end();
        sent.is_empty() || sent.ends_with(';')
    }

    /// The part; the whole file where nothing was left out, replaced or sent apart.
    pub(super) fn build(self) -> Part {
        let is_whole = self.chunks.is_empty()
            && self.choices.is_empty()
            && (self.pieces.len() == 1 || self.file.text.is_empty())
            && self.sent.len() == self.file.text.len()
            && self.pieces.iter().all(|piece| piece.verbatim);
        if is_whole {
            return Part::whole(self.file);
        }
        Part {
            file: self.file,
            cut: Some(Arc::new(Cut {
                sent: self.sent.into(),
                pieces: self.pieces,
                chunks: self.chunks,
                choices: self.choices,
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> SourceFile {
        SourceFile::new("m.sql", "one ${x} two\ndrop\nthree")
    }

    #[test]
    fn whole_file_is_sent_without_a_second_text() {
        let file = file();
        let mut builder = Builder::new(&file);
        builder.verbatim(Span::new(0, 4));
        builder.verbatim(Span::new(4, file.text.len()));
        let part = builder.build();
        assert!(part.cut().is_none());
        assert_eq!(part.sent().as_ptr(), file.text.as_ptr());
        assert_eq!(part.place(Span::new(3, 9)), Span::new(3, 9));
    }

    #[test]
    fn places_lead_back_to_the_file() {
        let file = file();
        let mut builder = Builder::new(&file);
        builder.verbatim(Span::new(0, 4));
        builder.replaced(Span::new(4, 8), "longer than it was");
        builder.verbatim(Span::new(8, 13));
        builder.verbatim(Span::new(18, 23));
        let part = builder.build();
        assert_eq!(part.sent(), "one longer than it was two\nthree");
        let shown = |wanted: &str| {
            let at = part.sent().find(wanted).unwrap();
            let span = part.place(Span::new(at, at + wanted.len()));
            span.of(&file.text).to_owned()
        };
        assert_eq!(shown("one"), "one");
        assert_eq!(shown("longer than it was"), "${x}");
        assert_eq!(shown("than"), "${x}");
        assert_eq!(shown("two"), "two");
        assert_eq!(shown("was two"), "${x} two");
        assert_eq!(shown("two\nthree"), "two\ndrop\nthree");
        assert_eq!(shown("three"), "three");
    }

    #[test]
    fn empty_span_stays_empty() {
        let file = file();
        let mut builder = Builder::new(&file);
        builder.verbatim(Span::new(18, 23));
        let part = builder.build();
        assert_eq!(part.place(Span::new(5, 5)), Span::new(23, 23));
        assert_eq!(part.place(Span::new(0, 0)), Span::new(18, 18));
    }
}
