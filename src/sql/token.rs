//! Bytes to tokens.
//!
//! Input: a text and a [`Dialect`]. Output: [`Token`]s with byte spans; comments and blanks are
//! left out. The same lexer serves the splitter and the lowering, so they never disagree about
//! where a quote ends. It holds no stack: nesting costs nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Dialect;
use crate::schema::name::Ident;
use crate::schema::op::SqlExpr;
use crate::source::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or an identifier without quotes.
    Word,
    /// An identifier in quotes.
    Quoted,
    /// A string literal, with its prefix and quotes.
    String,
    /// A number.
    Number,
    /// `$1`, `?`, `@user`: a value that comes from elsewhere.
    Parameter,
    /// `${name}`, `{{ name }}`: text that a tool fills in before the server sees it.
    Placeholder,
    /// `+`, `<>`, `::`, `->>`.
    Operator,
    /// One of `( ) [ ] { } , ; . :` or a byte that means nothing.
    Symbol,
}

/// One token and where it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// First byte; 32 bits keep a statement of a million rows small.
    start: u32,
    /// One past the last byte.
    end: u32,
}

impl Token {
    fn new(kind: TokenKind, start: usize, end: usize) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Token {
            kind,
            start: narrow(start),
            end: narrow(end),
        }
    }

    /// The first byte as an operator, and the rest as a word.
    pub(crate) fn split_first_byte(self) -> [Token; 2] {
        let middle = self.start() + 1;
        [
            Token::new(TokenKind::Operator, self.start(), middle),
            Token::new(TokenKind::Word, middle, self.end()),
        ]
    }

    /// Its first byte.
    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    /// One past its last byte.
    pub(crate) fn end(self) -> usize {
        self.end as usize
    }

    /// Its text as written.
    pub(crate) fn text(self, text: &str) -> &str {
        Span::new(self.start(), self.end()).of(text)
    }

    /// Whether it is this keyword, in any case, without quotes.
    pub(crate) fn is_word(self, text: &str, word: &str) -> bool {
        self.kind == TokenKind::Word
            && self.end() - self.start() == word.len()
            && self.text(text).eq_ignore_ascii_case(word)
    }

    /// Whether it is this symbol or operator.
    pub(crate) fn is_symbol(self, text: &str, symbol: &str) -> bool {
        matches!(self.kind, TokenKind::Symbol | TokenKind::Operator)
            && self.end() - self.start() == symbol.len()
            && self.text(text) == symbol
    }

    /// Whether it can be an identifier by its shape.
    pub(crate) fn is_name(self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Quoted)
    }
}

/// A quote or comment that never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open {
    /// Where it begins.
    pub(crate) at: usize,
    /// What it is, for people.
    pub(crate) what: &'static str,
}

/// Bytes after which `${` or `[` is taken for a lone symbol, so that a row of them stays cheap.
const LONGEST_BRACKET: usize = 256;

/// Bytes of the longest operator: the server's names have 63.
const LONGEST_OPERATOR: usize = 64;

/// Reads one text from front to back.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    dialect: Dialect,
    /// The next byte to read; the splitter moves it over what is not SQL.
    pub(crate) at: usize,
    /// Set when the rest of the text lies in a quote or comment without end.
    pub(crate) open: Option<Open>,
    /// MySQL's `DELIMITER`, when it is not `;`.
    pub(crate) delimiter: Option<&'a str>,
    /// Inside `/*! … */`, which MySQL executes.
    in_executed_comment: bool,
    /// Comments that speak to us ([`COMMENT_MARK`]), or all of them.
    pub(crate) comments: Vec<Span>,
    keeps_all_comments: bool,
    /// Comments in whose place something runs that is not SQL ([`NOT_SQL`]).
    pub(crate) not_sql: Vec<Span>,
}

/// What Django's `sqlmigrate` prints for an operation in Python.
const NOT_SQL: &[u8] = b"THIS OPERATION CANNOT BE WRITTEN AS SQL";

/// How a comment begins that speaks to this program, in any case.
pub(crate) const COMMENT_MARK: &str = "migcheck";

impl<'a> Lexer<'a> {
    /// A lexer at the first byte of `text`.
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Lexer {
            text,
            bytes: text.as_bytes(),
            dialect,
            at: 0,
            open: None,
            delimiter: None,
            in_executed_comment: false,
            comments: Vec::new(),
            keeps_all_comments: false,
            not_sql: Vec::new(),
        }
    }

    /// Keeps every comment from here on, not only those that speak to us.
    pub(crate) fn keep_comments(&mut self) {
        self.keeps_all_comments = true;
    }

    /// Takes note of the comment that begins at `start` and has just been read.
    fn note_comment(&mut self, start: usize) {
        let inner = &self.bytes[(start + 2).min(self.at)..self.at];
        let inner = inner.trim_ascii_start();
        let speaks = inner
            .get(..COMMENT_MARK.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(COMMENT_MARK.as_bytes()));
        if speaks || self.keeps_all_comments {
            self.comments.push(Span::new(start, self.at));
        }
        if inner.starts_with(NOT_SQL) {
            let length = self.bytes[start..self.at].trim_ascii_end().len();
            self.not_sql.push(Span::new(start, start + length));
        }
    }

    /// Moves over blanks and comments; false at the end of the text or in an open comment.
    pub(crate) fn skip_blank(&mut self) -> bool {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
                0xef if self.at == 0 && self.text.starts_with('\u{feff}') => self.at = 3,
                b'-' if self.byte(1) == Some(b'-') && self.dashes_comment() => {
                    let start = self.at;
                    self.skip_line();
                    self.note_comment(start);
                }
                b'#' if self.is_mysql() => {
                    let start = self.at;
                    self.skip_line();
                    self.note_comment(start);
                }
                b'/' if self.byte(1) == Some(b'*') => {
                    let start = self.at;
                    if !self.skip_block_comment() {
                        return false;
                    }
                    if !self.in_executed_comment {
                        self.note_comment(start);
                    }
                }
                b'*' if self.in_executed_comment && self.byte(1) == Some(b'/') => {
                    self.in_executed_comment = false;
                    self.at += 2;
                }
                _ => return true,
            }
        }
        false
    }

    /// The next token; `None` at the end, or where something opens that never ends ([`Self::open`]).
    pub(crate) fn next_token(&mut self) -> Option<Token> {
        if !self.skip_blank() {
            return None;
        }
        let start = self.at;
        let byte = self.bytes[start];
        let kind = match byte {
            b'\'' => self.string(start, self.is_mysql())?,
            b'"' => self.quoted(b'"', "quoted identifier")?,
            b'`' if self.dialect != Dialect::Postgres => self.quoted(b'`', "quoted identifier")?,
            b'[' if self.dialect == Dialect::Sqlite => self.bracketed(),
            b'$' => self.dollar()?,
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_some_and(|next| next.is_ascii_digit())
                && !start.checked_sub(1).is_some_and(|before| {
                    self.is_word_byte(before) || self.bytes[before] == b'.'
                }) =>
            {
                self.number()
            }
            b'@' if self.is_mysql() => {
                self.at += 1;
                self.skip_while(|byte| byte == b'@' || is_word_continue(byte));
                TokenKind::Parameter
            }
            b'?' if self.dialect != Dialect::Postgres => {
                self.at += 1;
                TokenKind::Parameter
            }
            byte if is_word_start(byte) => self.word(start)?,
            b'{' if self.byte(1) == Some(b'{') => self.braces(),
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b'.' => {
                self.at += 1;
                TokenKind::Symbol
            }
            // psql's variables: `:name`, `:"name"`, `:'name'`. In `a[1:n]` it is read so too, which
            // changes nothing.
            b':' if self.dialect == Dialect::Postgres
                && self.byte(1).is_some_and(is_word_start) =>
            {
                self.at += 1;
                self.skip_while(is_word_continue);
                TokenKind::Word
            }
            b':' if self.dialect == Dialect::Postgres && self.byte(1) == Some(b'\'') => {
                self.at += 1;
                self.string(start, false)?
            }
            b':' => {
                self.at += match self.byte(1) {
                    Some(b':' | b'=') => 2,
                    _ => 1,
                };
                TokenKind::Operator
            }
            byte if self.is_operator(byte) => self.operator(start),
            _ => {
                self.at += 1;
                TokenKind::Symbol
            }
        };
        Some(Token::new(kind, start, self.at))
    }

    fn is_mysql(&self) -> bool {
        matches!(self.dialect, Dialect::Mysql | Dialect::Mariadb)
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn is_word_byte(&self, at: usize) -> bool {
        self.bytes
            .get(at)
            .is_some_and(|byte| is_word_continue(*byte) || *byte == b'"')
    }

    fn skip_while(&mut self, accept: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|byte| accept(*byte)) {
            self.at += 1;
        }
    }

    pub(crate) fn skip_line(&mut self) {
        self.at = match self.bytes[self.at..].iter().position(|byte| *byte == b'\n') {
            Some(length) => self.at + length + 1,
            None => self.bytes.len(),
        };
    }

    /// In MySQL `--` is a comment only before a blank: `5--1` is 6.
    fn dashes_comment(&self) -> bool {
        !self.is_mysql() || self.byte(2).is_none_or(|byte| byte <= b' ')
    }

    fn skip_block_comment(&mut self) -> bool {
        let start = self.at;
        if self.is_mysql() && matches!(self.byte(2), Some(b'!')) {
            self.in_executed_comment = true;
            self.at += 3;
            self.skip_while(|byte| byte.is_ascii_digit());
            return true;
        }
        let nests = self.dialect == Dialect::Postgres;
        let mut depth = 1usize;
        self.at += 2;
        while let Some(&byte) = self.bytes.get(self.at) {
            match (byte, self.byte(1)) {
                (b'*', Some(b'/')) => {
                    self.at += 2;
                    depth -= 1;
                    if depth == 0 {
                        return true;
                    }
                }
                (b'/', Some(b'*')) if nests => {
                    self.at += 2;
                    depth += 1;
                }
                _ => self.at += 1,
            }
        }
        self.fail(start, "comment");
        false
    }

    fn fail(&mut self, at: usize, what: &'static str) -> Option<TokenKind> {
        self.open = Some(Open { at, what });
        self.at = at;
        None
    }

    /// A string whose first quote stands at the lexer; `start` is where its prefix begins.
    fn string(&mut self, start: usize, backslashes: bool) -> Option<TokenKind> {
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' if backslashes => self.at += 2,
                b'\'' if self.byte(1) == Some(b'\'') => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    return Some(TokenKind::String);
                }
                _ => self.at += 1,
            }
        }
        self.fail(start, "string")
    }

    fn quoted(&mut self, quote: u8, what: &'static str) -> Option<TokenKind> {
        let start = self.at;
        // MySQL reads "…" as a string by default, with backslashes.
        let is_string = self.is_mysql() && quote == b'"';
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' if is_string => self.at += 2,
                byte if byte == quote && self.byte(1) == Some(quote) => self.at += 2,
                byte if byte == quote => {
                    self.at += 1;
                    return Some(if is_string {
                        TokenKind::String
                    } else {
                        TokenKind::Quoted
                    });
                }
                _ => self.at += 1,
            }
        }
        self.fail(start, what)
    }

    /// SQLite's `[name]`; a lone bracket is a symbol.
    fn bracketed(&mut self) -> TokenKind {
        let near = &self.bytes[self.at..self.bytes.len().min(self.at + LONGEST_BRACKET)];
        match near.iter().position(|byte| matches!(byte, b']' | b'\n')) {
            Some(length) if near[length] == b']' => {
                self.at += length + 1;
                TokenKind::Quoted
            }
            _ => {
                self.at += 1;
                TokenKind::Symbol
            }
        }
    }

    /// A template's `{{ name }}`.
    fn braces(&mut self) -> TokenKind {
        let near = &self.bytes[self.at..self.bytes.len().min(self.at + LONGEST_BRACKET)];
        match near.windows(2).position(|pair| pair == b"}}") {
            Some(length) => {
                self.at += length + 2;
                TokenKind::Placeholder
            }
            None => {
                self.at += 1;
                TokenKind::Symbol
            }
        }
    }

    fn dollar(&mut self) -> Option<TokenKind> {
        let start = self.at;
        match self.byte(1) {
            Some(b'{') => {
                let near = &self.bytes[start..self.bytes.len().min(start + LONGEST_BRACKET)];
                return Some(
                    match near.iter().position(|byte| matches!(byte, b'}' | b'\n')) {
                        Some(length) if near[length] == b'}' => {
                            self.at += length + 1;
                            TokenKind::Placeholder
                        }
                        _ => {
                            self.at += 1;
                            TokenKind::Symbol
                        }
                    },
                );
            }
            Some(byte) if byte.is_ascii_digit() => {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
                return Some(TokenKind::Parameter);
            }
            _ => {}
        }
        if self.dialect != Dialect::Postgres {
            self.at += 1;
            return Some(TokenKind::Symbol);
        }
        self.at += 1;
        if self.byte(0).is_some_and(is_word_start) {
            self.skip_while(|byte| is_word_continue(byte) && byte != b'$');
        }
        if self.byte(0) != Some(b'$') {
            self.at = start + 1;
            return Some(TokenKind::Symbol);
        }
        self.at += 1;
        let text = self.text;
        let tag = &text[start..self.at];
        match text[self.at..].find(tag) {
            Some(length) => {
                self.at += length + tag.len();
                Some(TokenKind::String)
            }
            None => self.fail(start, "dollar-quoted string"),
        }
    }

    fn word(&mut self, start: usize) -> Option<TokenKind> {
        let first = self.bytes[start];
        match (first | 0x20, self.byte(1)) {
            (b'e', Some(b'\'')) if self.dialect == Dialect::Postgres => {
                self.at += 1;
                return self.string(start, true);
            }
            (b'b' | b'x' | b'n', Some(b'\'')) => {
                self.at += 1;
                return self.string(start, self.is_mysql());
            }
            (b'u', Some(b'&')) if self.byte(2) == Some(b'\'') => {
                self.at += 2;
                return self.string(start, false);
            }
            (b'u', Some(b'&')) if self.byte(2) == Some(b'"') => {
                self.at += 2;
                return self.quoted(b'"', "quoted identifier");
            }
            _ => {}
        }
        while let Some(byte) = self.byte(0) {
            let placeholder = byte == b'$' && self.byte(1) == Some(b'{');
            if placeholder || !is_word_continue(byte) || self.at_delimiter() {
                break;
            }
            self.at += 1;
        }
        Some(TokenKind::Word)
    }

    pub(crate) fn at_delimiter(&self) -> bool {
        self.delimiter
            .is_some_and(|delimiter| self.bytes[self.at..].starts_with(delimiter.as_bytes()))
    }

    fn number(&mut self) -> TokenKind {
        self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // `1..10` is two numbers around a range.
        if self.byte(0) == Some(b'.') && self.byte(1) != Some(b'.') {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        }
        let exponent = self.at > 0 && matches!(self.bytes[self.at - 1], b'e' | b'E');
        if exponent
            && matches!(self.byte(0), Some(b'+' | b'-'))
            && self.byte(1).is_some_and(|byte| byte.is_ascii_digit())
        {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        TokenKind::Number
    }

    /// The longest operator; it ends before a comment, and a sign at its end belongs to what
    /// follows unless the operator could not be anything else (PostgreSQL manual, 4.1.3).
    /// Only PostgreSQL lets people make operators of every sign; elsewhere some begin names.
    fn is_operator(&self, byte: u8) -> bool {
        match self.dialect {
            Dialect::Postgres => b"+-*/<>=~!@#%^&|`?".contains(&byte),
            Dialect::Mysql | Dialect::Mariadb | Dialect::Sqlite => b"+-*/<>=~!%^&|".contains(&byte),
        }
    }

    fn operator(&mut self, start: usize) -> TokenKind {
        while self.at - start < LONGEST_OPERATOR
            && let Some(byte) = self.byte(0)
        {
            let comment = matches!(
                (byte, self.byte(1)),
                (b'-', Some(b'-')) | (b'/', Some(b'*'))
            );
            if !self.is_operator(byte) || (comment && self.at > start) {
                break;
            }
            self.at += 1;
        }
        let written = &self.bytes[start..self.at];
        if !written.iter().any(|byte| b"~!@#%^&|`?".contains(byte)) {
            let sign = |byte: &u8| matches!(byte, b'+' | b'-');
            let last = written.iter().rposition(|byte| !sign(byte)).unwrap_or(0);
            self.at = start + last + 1;
        }
        TokenKind::Operator
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word_continue(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// The tokens between two bytes of `text`, with places in the whole text.
pub(crate) fn tokens_within(text: &str, span: Span, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer::new(&text[..span.end], dialect);
    lexer.at = span.start;
    std::iter::from_fn(|| lexer.next_token()).collect()
}

/// The bytes between the quotes of a dollar-quoted string; `None` for other strings, whose text
/// is not their value.
pub(crate) fn dollar_body(token: Token, text: &str) -> Option<Span> {
    let written = token.text(text);
    let tag = written.strip_prefix('$')?.find('$')? + 2;
    (token.kind == TokenKind::String && written.len() >= 2 * tag)
        .then(|| Span::new(token.start() + tag, token.end() - tag))
}

/// All tokens of `text`; what follows an open quote is left out.
pub(crate) fn tokens(text: &str, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer::new(text, dialect);
    std::iter::from_fn(|| lexer.next_token()).collect()
}

/// The name that the server stores for an identifier token.
///
/// PostgreSQL folds what has no quotes to lower case (ASCII only, as its scanner does for
/// multi-byte encodings) and cuts every name to 63 bytes. The other servers keep names as written.
pub(crate) fn ident(token: Token, text: &str, dialect: Dialect) -> Ident {
    let written = token.text(text);
    let name = match token.kind {
        TokenKind::Quoted => unquote(written),
        _ if dialect == Dialect::Postgres => written.to_ascii_lowercase(),
        _ => written.to_owned(),
    };
    if dialect != Dialect::Postgres {
        return Ident::in_any_case(&name);
    }
    if name.len() <= 63 {
        return Ident::new(&name);
    }
    let cut = (0..=63).rev().find(|at| name.is_char_boundary(*at));
    Ident::new(&name[..cut.unwrap_or(0)])
}

/// The text between the quotes, with doubled quotes as one.
fn unquote(written: &str) -> String {
    let Some(open) = written.find(['"', '`', '[']) else {
        return written.to_owned();
    };
    let quote = match &written[open..=open] {
        "[" => "]",
        quote => quote,
    };
    let inner = written[open + 1..].strip_suffix(quote).unwrap_or("");
    let name = inner.replace(&quote.repeat(2), quote);
    if open > 0 {
        unicode_escapes(&name)
    } else {
        name
    }
}

/// `U&"d\0061t\+000061"`, with the default escape character.
fn unicode_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (digits, skip) = if rest.starts_with('+') {
            (6, 1)
        } else {
            (4, 0)
        };
        let escaped = rest
            .get(skip..skip + digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        match escaped {
            Some(character) => {
                out.push(character);
                rest = &rest[skip + digits..];
            }
            None => {
                out.push('\\');
                rest = rest.strip_prefix('\\').unwrap_or(rest);
            }
        }
    }
    out.push_str(rest);
    out
}

/// The value of a string literal.
pub(crate) fn string_value(token: Token, text: &str, dialect: Dialect) -> String {
    let written = token.text(text);
    if let Some(body) = dollar_body(token, text) {
        return body.of(text).to_owned();
    }
    let Some(open) = written.find(['\'', '"']) else {
        return written.to_owned();
    };
    let quote = &written[open..=open];
    let inner = written[open + 1..].strip_suffix(quote).unwrap_or("");
    let prefix = &written[..open];
    let value = inner.replace(&quote.repeat(2), quote);
    if prefix.eq_ignore_ascii_case("u&") {
        return unicode_escapes(&value);
    }
    let escapes =
        prefix.eq_ignore_ascii_case("e") || matches!(dialect, Dialect::Mysql | Dialect::Mariadb);
    if escapes && value.contains('\\') {
        backslash_escapes(&value)
    } else {
        value
    }
}

fn backslash_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// The text of `tokens`: what stood apart is separated by one blank.
pub(crate) fn folded(tokens: &[Token], text: &str) -> String {
    let mut out = String::new();
    let mut end = None;
    for token in tokens {
        if end.is_some_and(|end| end != token.start()) {
            out.push(' ');
        }
        out.push_str(token.text(text));
        end = Some(token.end());
    }
    out
}

/// The expression that `tokens` spell.
pub(crate) fn expression(tokens: &[Token], text: &str, dialect: Dialect) -> SqlExpr {
    SqlExpr {
        text: Arc::from(folded(tokens, text)),
        columns: columns(tokens, text, dialect),
    }
}

/// Every identifier of an expression that could be a column: not a keyword, not called, not a
/// type after `::`, not a qualifier.
pub(crate) fn columns(tokens: &[Token], text: &str, dialect: Dialect) -> BTreeSet<Ident> {
    let mut found = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is_name() {
            continue;
        }
        let next = tokens.get(at + 1);
        let called = next.is_some_and(|next| {
            next.is_symbol(text, "(")
                || next.is_symbol(text, ".")
                || is_typed_literal(*token, *next)
        });
        let is_type = at > 0 && tokens[at - 1].is_symbol(text, "::");
        let qualified_type =
            at > 2 && tokens[at - 1].is_symbol(text, ".") && tokens[at - 3].is_symbol(text, "::");
        let keyword = token.kind == TokenKind::Word
            && (is_expression_keyword(token.text(text)) || is_in_phrase(tokens, at, text));
        if !(called || is_type || qualified_type || keyword) {
            found.insert(ident(*token, text, dialect));
        }
    }
    found
}

/// Words that are no name after (or before) certain others: `character varying`, `AT TIME ZONE`.
fn is_in_phrase(tokens: &[Token], at: usize, text: &str) -> bool {
    let after =
        |words: &[&str]| at > 0 && words.iter().any(|word| tokens[at - 1].is_word(text, word));
    let before = |word: &str| {
        tokens
            .get(at + 1)
            .is_some_and(|next| next.is_word(text, word))
    };
    let is = |word: &str| tokens[at].is_word(text, word);
    (is("varying") && after(&["character", "char", "bit"]))
        || (is("precision") && after(&["double"]))
        || (is("at") && before("time"))
        || (is("without") && before("time"))
        || (is("time") && after(&["at", "with", "without"]) && before("zone"))
        || (is("zone") && after(&["time"]))
}

/// `date '2024-01-01'`.
fn is_typed_literal(token: Token, next: Token) -> bool {
    token.kind == TokenKind::Word && next.kind == TokenKind::String
}

/// Words that PostgreSQL reserves (manual, appendix C): never a name without quotes.
const RESERVED: [&str; 77] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "localtime",
    "localtimestamp",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "references",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "system_user",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
];

/// Words that are not reserved everywhere and still no column in an expression.
const EXPRESSION_WORDS: [&str; 24] = [
    "authorization",
    "between",
    "binary",
    "collation",
    "concurrently",
    "cross",
    "current_schema",
    "exists",
    "filter",
    "freeze",
    "full",
    "ilike",
    "inner",
    "is",
    "isnull",
    "join",
    "left",
    "like",
    "natural",
    "notnull",
    "outer",
    "over",
    "right",
    "similar",
];

/// Whether PostgreSQL never takes `word` for a name without quotes.
pub(crate) fn is_reserved(word: &str) -> bool {
    is_listed(word, &RESERVED) || word.eq_ignore_ascii_case("with")
}

fn is_expression_keyword(word: &str) -> bool {
    is_reserved(word) || is_listed(word, &EXPRESSION_WORDS)
}

/// Looks `word` up in a sorted list of lower-case words, without allocating.
pub(crate) fn is_listed(word: &str, list: &[&str]) -> bool {
    if word.len() > 64 {
        return false;
    }
    let lower = |byte: u8| byte.to_ascii_lowercase();
    list.binary_search_by(|listed| listed.bytes().cmp(word.bytes().map(lower)))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of `text`, separated by `|`.
    fn read(text: &str, dialect: Dialect) -> String {
        let all: Vec<&str> = tokens(text, dialect)
            .iter()
            .map(|token| token.text(text))
            .collect();
        all.join("|")
    }

    #[test]
    fn tokens_are_what_the_server_reads() {
        let cases = [
            ("a.b", "a|.|b"),
            ("a$b$ c$b$", "a$b$|c$b$"),
            ("$b$ ' ; $b$ x", "$b$ ' ; $b$|x"),
            ("$$ $a$ $$ x", "$$ $a$ $$|x"),
            ("$1+$2", "$1|+|$2"),
            ("'a''b' E'a\\'b' U&'x'", "'a''b'|E'a\\'b'|U&'x'"),
            ("\"a\"\"b\" -- c\n d /* x /* y */ z */ e", "\"a\"\"b\"|d|e"),
            ("a<=-1 @-1 a--x", "a|<=|-|1|@-|1|a"),
            ("a::text[1]", "a|::|text|[|1|]"),
            ("1.5e-3 1..20 .5 t.5", "1.5e-3|1|.|.|20|.5|t|.|5"),
            ("${schema}.t_${x}", "${schema}|.|t_|${x}"),
            ("{{ index \"a\" }}.t", "{{ index \"a\" }}|.|t"),
            ("a->>'b' ?| c", "a|->>|'b'|?||c"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text, Dialect::Postgres), expected, "{text}");
        }
    }

    #[test]
    fn mysql_has_its_own_comments_and_quotes() {
        let cases = [
            ("a # b\nc -- d\ne--1", "a|c|e|-|-|1"),
            ("`a``b` \"s\\\"t\" 'a\\'b'", "`a``b`|\"s\\\"t\"|'a\\'b'"),
            ("/*!40101 SET NAMES utf8 */ x", "SET|NAMES|utf8|x"),
            ("@a @@session.x", "@a|@@session|.|x"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text, Dialect::Mysql), expected, "{text}");
        }
    }

    #[test]
    fn identifiers_are_folded_and_cut_as_the_server_does() {
        let cases = [
            ("Users", "users"),
            ("\"Users\"", "Users"),
            ("\"a\"\"b\"", "a\"b"),
            ("U&\"d\\0061ta\"", "data"),
            ("ÄB", "Äb"),
        ];
        for (text, expected) in cases {
            let token = tokens(text, Dialect::Postgres)[0];
            assert_eq!(ident(token, text, Dialect::Postgres).as_str(), expected);
        }
        let long = "é".repeat(40);
        let token = tokens(&long, Dialect::Postgres)[0];
        assert_eq!(ident(token, &long, Dialect::Postgres).as_str().len(), 62);
    }

    #[test]
    fn expressions_name_the_columns_they_could_use() {
        let text = "lower(t.a)  =/*x*/'B' AND c::text[] IN (d, now()) OR \"E\" > date '2024-01-01'";
        let expr = expression(&tokens(text, Dialect::Postgres), text, Dialect::Postgres);
        assert_eq!(
            expr.text.as_ref(),
            "lower(t.a) = 'B' AND c::text[] IN (d, now()) OR \"E\" > date '2024-01-01'"
        );
        let columns: Vec<&str> = expr.columns.iter().map(Ident::as_str).collect();
        assert_eq!(columns, ["E", "a", "c", "d"]);
    }

    #[test]
    fn word_lists_are_sorted() {
        assert!(RESERVED.is_sorted() && EXPRESSION_WORDS.is_sorted());
    }
}
