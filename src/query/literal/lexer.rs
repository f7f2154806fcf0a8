//! Source code to tokens: words, marks and string literals with their values.
//!
//! What the languages share stands here; each has a file of its own for its quotes and comments.
//! No file is parsed. One pass, no recursion: what is opened and never closed holds the rest of the
//! line or of the file.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or keyword.
    Word,
    /// A string literal.
    Literal(Literal),
    /// Any other byte.
    Mark(u8),
}

/// A token and where it begins, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Its bytes in the file.
    pub(super) range: Range<usize>,
}

/// A string literal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Literal {
    /// Its value; where something is filled in, as it is written.
    pub(super) value: String,
    /// What is filled in, as bytes of the value.
    pub(super) holes: Vec<Range<usize>>,
    /// Where the first character that is not blank stands in the file, in bytes.
    pub(super) at: usize,
}

impl Token {
    pub(super) fn mark(&self) -> Option<u8> {
        match self.kind {
            Kind::Mark(byte) => Some(byte),
            Kind::Word | Kind::Literal(_) => None,
        }
    }

    pub(super) fn word<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self.kind {
            Kind::Word => text.get(self.range.clone()),
            Kind::Literal(_) | Kind::Mark(_) => None,
        }
    }

    pub(super) fn literal(&self) -> Option<&Literal> {
        match &self.kind {
            Kind::Literal(literal) => Some(literal),
            Kind::Word | Kind::Mark(_) => None,
        }
    }
}

/// How a literal is closed and what it may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quoting<'a> {
    /// What closes it.
    pub(super) close: &'a str,
    /// What a backslash does.
    pub(super) escapes: Escapes,
    /// Whether it may go on over the end of a line.
    pub(super) lines: bool,
    /// How something is filled in.
    pub(super) fill: Fill,
}

/// What a backslash does in a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Nothing.
    None,
    /// It keeps the close from closing, and stays.
    Kept,
    /// It writes another character; before the end of a line it hides that.
    Read,
    /// As `Read`; before the end of a line it hides the blanks of the next one too, as in Rust.
    ReadAndTrim,
    /// It hides only a quote and itself, as in Ruby's single quotes.
    Quotes,
}

/// How something is filled into a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// Not at all.
    None,
    /// `${expression}`.
    Dollar,
    /// `$name` and `${expression}`.
    DollarName,
    /// `{expression}`; `{{` is a brace.
    Brace,
    /// `#{expression}`.
    Hash,
}

/// Reads a file from front to back.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Lexer {
            text,
            bytes: text.as_bytes(),
            at: 0,
            tokens: Vec::new(),
        }
    }

    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.bytes[self.at.min(self.bytes.len())..].starts_with(text.as_bytes())
    }

    pub(super) fn skip_while(&mut self, accept: impl Fn(u8) -> bool) {
        while self.byte(0).is_some_and(&accept) {
            self.at += 1;
        }
    }

    pub(super) fn skip_line(&mut self) {
        self.skip_while(|byte| byte != b'\n');
    }

    /// Over a comment that begins with `/*` at the lexer.
    pub(super) fn skip_block_comment(&mut self, nests: bool) {
        let mut depth = 1usize;
        self.at += 2;
        while self.at < self.bytes.len() && depth > 0 {
            if self.starts_with("*/") {
                depth -= 1;
                self.at += 2;
            } else if nests && self.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else {
                self.at += 1;
            }
        }
    }

    /// Over blanks, `//` and `/* */`; whether it moved.
    pub(super) fn skip_blank_or_comment(&mut self, nests: bool) -> bool {
        match self.byte(0) {
            Some(byte) if byte.is_ascii_whitespace() => {
                self.skip_while(|byte| byte.is_ascii_whitespace());
                true
            }
            Some(b'/') if self.byte(1) == Some(b'/') => {
                self.skip_line();
                true
            }
            Some(b'/') if self.byte(1) == Some(b'*') => {
                self.skip_block_comment(nests);
                true
            }
            _ => false,
        }
    }

    /// A word or a mark.
    pub(super) fn word_or_mark(&mut self) {
        let start = self.at;
        let kind = match self.bytes[start] {
            byte if is_word(byte) => {
                self.skip_while(is_word);
                Kind::Word
            }
            byte => {
                self.at += 1;
                Kind::Mark(byte)
            }
        };
        self.push(kind, start);
    }

    pub(super) fn push(&mut self, kind: Kind, start: usize) {
        let range = start..self.at;
        self.tokens.push(Token { kind, range });
    }

    /// A character literal of one character, `'a'`, `'\n'`; false when the quote is something else.
    pub(super) fn skip_character(&mut self) -> bool {
        let rest = &self.text[self.at + 1..];
        let length = match rest.strip_prefix('\\') {
            Some(escaped) => {
                let end = escaped.char_indices().take(12).skip(1);
                end.into_iter()
                    .find(|(_, it)| *it == '\'')
                    .map(|(length, _)| length + 1)
            }
            None => rest.chars().next().map(char::len_utf8),
        };
        match length {
            Some(length) if rest[length..].starts_with('\'') => {
                self.at += length + 2;
                true
            }
            _ => false,
        }
    }

    /// The literal whose content begins at the lexer; `start` is where its token begins. The lexer
    /// then stands behind the close.
    pub(super) fn literal(&mut self, start: usize, quoting: Quoting<'_>) {
        let literal = self.content(quoting);
        self.push(Kind::Literal(literal), start);
    }

    pub(super) fn content(&mut self, quoting: Quoting<'_>) -> Literal {
        let mut literal = Literal {
            at: self.at,
            ..Literal::default()
        };
        let mut is_blank = true;
        loop {
            let Some(byte) = self.byte(0) else {
                return literal;
            };
            if self.starts_with(quoting.close) {
                self.at += quoting.close.len();
                return literal;
            }
            if byte == b'\n' && !quoting.lines {
                return literal;
            }
            let before = literal.value.len();
            let begin = self.at;
            match byte {
                b'\\' => self.backslash(quoting, &mut literal.value),
                b'{' if quoting.fill == Fill::Brace && self.byte(1) == Some(b'{') => {
                    self.at += 2;
                    literal.value.push('{');
                }
                b'}' if quoting.fill == Fill::Brace && self.byte(1) == Some(b'}') => {
                    self.at += 2;
                    literal.value.push('}');
                }
                _ => match self.filled(quoting.fill) {
                    Some(end) => {
                        literal.value.push_str(&self.text[self.at..end]);
                        literal.holes.push(before..literal.value.len());
                        self.at = end;
                    }
                    None => {
                        // Up to the next byte that may mean something; all of these are ASCII.
                        let rest = &self.bytes[self.at + 1..];
                        let length = rest.iter().position(|byte| {
                            *byte == quoting.close.as_bytes()[0] || b"\\\n${}#".contains(byte)
                        });
                        let end = length.map_or(self.bytes.len(), |length| self.at + 1 + length);
                        literal.value.push_str(&self.text[self.at..end]);
                        self.at = end;
                    }
                },
            }
            let added = &literal.value[before..];
            let blank = added.len() - added.trim_start().len();
            if is_blank && blank < added.len() {
                is_blank = false;
                literal.at = begin + blank;
            }
        }
    }

    /// The end of what is filled in at the lexer.
    fn filled(&self, fill: Fill) -> Option<usize> {
        let next = self.byte(1);
        match (fill, self.byte(0)?) {
            (Fill::Dollar | Fill::DollarName, b'$') if next == Some(b'{') => {
                Some(self.end_of_braces(self.at + 2))
            }
            (Fill::DollarName, b'$')
                if next.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') =>
            {
                let rest = &self.bytes[self.at + 1..];
                let length = rest.iter().position(|byte| !is_word(*byte));
                Some(self.at + 1 + length.unwrap_or(rest.len()))
            }
            (Fill::Brace, b'{') => Some(self.end_of_braces(self.at + 1)),
            (Fill::Hash, b'#') if next == Some(b'{') => Some(self.end_of_braces(self.at + 2)),
            _ => None,
        }
    }

    /// Behind the brace that closes an expression which begins at `from`. Quotes and templates
    /// within are skipped.
    fn end_of_braces(&self, from: usize) -> usize {
        let bytes = self.bytes;
        let mut open = vec![b'{'];
        let mut at = from;
        while at < bytes.len() {
            let in_template = open.last() == Some(&b'`');
            match bytes[at] {
                b'\\' => at += 1,
                b'`' if in_template => {
                    open.pop();
                }
                b'$' if in_template && bytes.get(at + 1) == Some(&b'{') => {
                    open.push(b'{');
                    at += 1;
                }
                _ if in_template => {}
                b'`' => open.push(b'`'),
                quote @ (b'\'' | b'"') => {
                    let mut end = at + 1;
                    while end < bytes.len() && bytes[end] != quote && bytes[end] != b'\n' {
                        end += if bytes[end] == b'\\' { 2 } else { 1 };
                    }
                    at = end;
                }
                b'{' => open.push(b'{'),
                b'}' => {
                    open.pop();
                    if open.is_empty() {
                        return self.border(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        bytes.len()
    }

    /// `at`, or the next place where a character begins.
    fn border(&self, at: usize) -> usize {
        (at..self.bytes.len())
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(self.bytes.len())
    }

    /// What a backslash at the lexer writes.
    fn backslash(&mut self, quoting: Quoting<'_>, out: &mut String) {
        let Some(next) = self.text[self.at + 1..].chars().next() else {
            self.at += 1;
            return;
        };
        let both = &self.text[self.at..self.at + 1 + next.len_utf8()];
        match quoting.escapes {
            Escapes::None => {
                out.push('\\');
                self.at += 1;
            }
            Escapes::Kept => {
                out.push_str(both);
                self.at += both.len();
            }
            Escapes::Quotes => {
                if matches!(next, '\'' | '\\') {
                    out.push(next);
                } else {
                    out.push_str(both);
                }
                self.at += both.len();
            }
            Escapes::Read | Escapes::ReadAndTrim => {
                self.at += both.len();
                match next {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '0' => out.push('\0'),
                    's' => out.push(' '),
                    'b' | 'f' | 'v' | 'a' => out.push(' '),
                    '\n' => {
                        if quoting.escapes == Escapes::ReadAndTrim {
                            self.skip_while(|byte| byte.is_ascii_whitespace());
                        }
                    }
                    '\r' if self.byte(0) == Some(b'\n') => {
                        self.at += 1;
                        if quoting.escapes == Escapes::ReadAndTrim {
                            self.skip_while(|byte| byte.is_ascii_whitespace());
                        }
                    }
                    'x' => self.hexadecimal(2, out),
                    'u' if self.byte(0) == Some(b'{') => {
                        self.at += 1;
                        self.hexadecimal(6, out);
                        if self.byte(0) == Some(b'}') {
                            self.at += 1;
                        }
                    }
                    'u' => self.hexadecimal(4, out),
                    'U' => self.hexadecimal(8, out),
                    other => out.push(other),
                }
            }
        }
    }

    fn hexadecimal(&mut self, most: usize, out: &mut String) {
        let digits = self.bytes[self.at..].iter().take(most);
        let length = digits.take_while(|byte| byte.is_ascii_hexdigit()).count();
        let number = u32::from_str_radix(&self.text[self.at..self.at + length], 16);
        if let Some(character) = number.ok().and_then(char::from_u32) {
            out.push(character);
        }
        self.at += length;
    }
}

/// Whether `byte` belongs to a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
