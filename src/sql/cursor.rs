//! A reading position in the tokens of one statement.
//!
//! The lowering asks it for keywords, names and balanced ranges. What does not fit is a
//! [`Refused`] with the reason, which becomes an opaque operation; nothing here recurses.

use std::ops::Range;

use super::Dialect;
use super::token::{self, Token, TokenKind};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{Behavior, Existence, SqlExpr};
use crate::source::Span;

/// Why a statement (or a clause) was not understood, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) String);

/// The outcome of reading one construct.
pub(crate) type Read<T> = Result<T, Refused>;

/// A position in a list of tokens.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    /// The whole file.
    pub(crate) text: &'a str,
    /// Its grammar.
    pub(crate) dialect: Dialect,
    /// The tokens of the statement or clause.
    pub(crate) tokens: &'a [Token],
    /// Index of the next token.
    pub(crate) at: usize,
    /// In how many bodies and built texts the tokens lie.
    pub(crate) depth: u8,
}

impl<'a> Cursor<'a> {
    /// A cursor before the first of `tokens`.
    pub(crate) fn new(text: &'a str, dialect: Dialect, tokens: &'a [Token]) -> Self {
        Cursor {
            text,
            dialect,
            tokens,
            at: 0,
            depth: 0,
        }
    }

    /// The same tokens, `depth` bodies deep.
    pub(crate) fn within(self, depth: u8) -> Self {
        Cursor { depth, ..self }
    }

    /// A cursor over a part of the tokens.
    pub(crate) fn part(&self, range: Range<usize>) -> Cursor<'a> {
        Cursor::new(self.text, self.dialect, &self.tokens[range]).within(self.depth)
    }

    /// Whether every token has been read.
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next token.
    pub(crate) fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    /// The token after `ahead` others.
    pub(crate) fn peek_at(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// Whether the word after `ahead` tokens is `word`.
    pub(crate) fn is_at(&self, ahead: usize, word: &str) -> bool {
        self.peek_at(ahead)
            .is_some_and(|token| token.is_word(self.text, word))
    }

    /// Whether the next word is `word`.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.is_at(0, word)
    }

    /// Whether the next words are those of `phrase`.
    pub(crate) fn is_phrase(&self, phrase: &str) -> bool {
        phrase
            .split(' ')
            .enumerate()
            .all(|(ahead, word)| self.is_at(ahead, word))
    }

    /// Whether the next token is this symbol or operator.
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.peek()
            .is_some_and(|token| token.is_symbol(self.text, symbol))
    }

    /// Moves over the words of `phrase`, if they come next.
    pub(crate) fn eat(&mut self, phrase: &str) -> bool {
        let found = self.is_phrase(phrase);
        if found {
            self.at += phrase.split(' ').count();
        }
        found
    }

    /// Moves over the first of `phrases` that comes next.
    pub(crate) fn eat_any(&mut self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.eat(phrase))
    }

    /// Moves over a symbol, if it comes next.
    pub(crate) fn eat_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    /// Demands the words of `phrase`.
    pub(crate) fn expect(&mut self, phrase: &str) -> Read<()> {
        if self.eat(phrase) {
            Ok(())
        } else {
            Err(self.refuse(&format!("`{}`", phrase.to_ascii_uppercase())))
        }
    }

    /// Demands a symbol.
    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Read<()> {
        if self.eat_symbol(symbol) {
            Ok(())
        } else {
            Err(self.refuse(&format!("`{symbol}`")))
        }
    }

    /// Demands the end of the statement or clause.
    pub(crate) fn expect_end(&self) -> Read<()> {
        if self.is_done() {
            Ok(())
        } else {
            Err(self.refuse("the end"))
        }
    }

    /// A refusal that says what was expected here and what was found.
    pub(crate) fn refuse(&self, expected: &str) -> Refused {
        let found = match self.peek() {
            Some(token) => {
                let text: String = token.text(self.text).chars().take(40).collect();
                format!("`{}`", text.replace(char::is_control, " "))
            }
            None => "the end".to_owned(),
        };
        Refused(format!("expected {expected}, found {found}"))
    }

    /// The next token, whatever it is.
    pub(crate) fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Reads one name.
    pub(crate) fn ident(&mut self) -> Read<Ident> {
        match self.peek() {
            Some(token) if self.is_name(token) => {
                self.at += 1;
                Ok(token::ident(token, self.text, self.dialect))
            }
            _ => Err(self.refuse("a name")),
        }
    }

    /// Whether a token can name something here: quoted, or a word that is not reserved.
    pub(crate) fn is_name(&self, token: Token) -> bool {
        // A placeholder beside a name is a part of it, which nobody knows yet.
        let filled_in = |other: Option<&Token>| {
            other.is_some_and(|other| {
                other.kind == TokenKind::Placeholder
                    && (other.start() == token.end() || other.end() == token.start())
            })
        };
        let index = self
            .tokens
            .partition_point(|other| other.start() < token.start());
        if filled_in(self.tokens.get(index + 1))
            || filled_in(
                index
                    .checked_sub(1)
                    .and_then(|index| self.tokens.get(index)),
            )
        {
            return false;
        }
        match token.kind {
            TokenKind::Quoted => token.text(self.text).len() > 2,
            TokenKind::Word => {
                self.dialect != Dialect::Postgres || !token::is_reserved(token.text(self.text))
            }
            TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Placeholder
            | TokenKind::Operator
            | TokenKind::Symbol => false,
        }
    }

    /// Reads `name` or `schema.name`; a database before the schema is left out.
    ///
    /// A placeholder in place of the schema (`${schema}.users`) is left out too: what a tool fills
    /// in there is the project's own schema, in which names without a schema are sought as well.
    pub(crate) fn object_name(&mut self) -> Read<ObjectName> {
        if self
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Placeholder)
            && self
                .peek_at(1)
                .is_some_and(|token| token.is_symbol(self.text, "."))
        {
            self.at += 2;
            return self.ident().map(ObjectName::bare);
        }
        let first = self.ident()?;
        if !self.eat_symbol(".") {
            return Ok(ObjectName::bare(first));
        }
        let second = self.any_word()?;
        if !self.eat_symbol(".") {
            return Ok(ObjectName::qualified(first, second));
        }
        let third = self.any_word()?;
        Ok(ObjectName::qualified(second, third))
    }

    /// Reads a name that may be a reserved word, as after a dot or `AS`.
    pub(crate) fn any_word(&mut self) -> Read<Ident> {
        match self.peek() {
            Some(token) if token.is_name() => {
                self.at += 1;
                Ok(token::ident(token, self.text, self.dialect))
            }
            _ => Err(self.refuse("a name")),
        }
    }

    /// Reads `a, b, c`.
    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut all = vec![item(self)?];
        while self.eat_symbol(",") {
            all.push(item(self)?);
        }
        Ok(all)
    }

    /// Reads `(a, b, c)`.
    pub(crate) fn ident_list(&mut self) -> Read<Vec<Ident>> {
        self.expect_symbol("(")?;
        let names = self.list(Cursor::ident)?;
        self.expect_symbol(")")?;
        Ok(names)
    }

    /// Reads a string literal's value.
    pub(crate) fn string(&mut self) -> Read<String> {
        match self.peek() {
            Some(token) if token.kind == TokenKind::String => {
                self.at += 1;
                Ok(token::string_value(token, self.text, self.dialect))
            }
            _ => Err(self.refuse("a string")),
        }
    }

    /// Reads `( … )` and gives the range of the tokens between.
    pub(crate) fn parentheses(&mut self) -> Read<Range<usize>> {
        let open = self.at;
        self.expect_symbol("(")?;
        let mut depth = 1usize;
        while let Some(token) = self.next() {
            if token.is_symbol(self.text, "(") {
                depth += 1;
            } else if token.is_symbol(self.text, ")") {
                depth -= 1;
                if depth == 0 {
                    return Ok(open + 1..self.at - 1);
                }
            }
        }
        Err(Refused("a `(` is never closed".to_owned()))
    }

    /// Reads `( expression )`.
    pub(crate) fn parenthesised(&mut self) -> Read<SqlExpr> {
        let range = self.parentheses()?;
        self.expression_of(range)
    }

    /// The expression in a range of tokens; an empty one is refused.
    pub(crate) fn expression_of(&self, range: Range<usize>) -> Read<SqlExpr> {
        let tokens = &self.tokens[range];
        if tokens.is_empty() {
            return Err(self.refuse("an expression"));
        }
        Ok(token::expression(tokens, self.text, self.dialect))
    }

    /// Moves to the first token outside parentheses and `CASE … END` that `stops`; the first token
    /// is never asked. Gives the range passed.
    pub(crate) fn until(&mut self, stops: impl Fn(&Self) -> bool) -> Read<Range<usize>> {
        let start = self.at;
        let mut depth = 0usize;
        let mut cases = 0usize;
        while let Some(token) = self.peek() {
            let opens = token.is_symbol(self.text, "(") || token.is_symbol(self.text, "[");
            let closes = token.is_symbol(self.text, ")") || token.is_symbol(self.text, "]");
            if depth == 0 && cases == 0 && self.at > start && stops(self) {
                break;
            }
            if opens {
                depth += 1;
            } else if closes {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| self.refuse("an expression"))?;
            } else if token.is_word(self.text, "case") {
                cases += 1;
            } else if token.is_word(self.text, "end") {
                cases = cases.saturating_sub(1);
            }
            self.at += 1;
        }
        if depth > 0 {
            return Err(Refused("a `(` is never closed".to_owned()));
        }
        Ok(start..self.at)
    }

    /// The ranges between the commas of `range`, outside parentheses; none for an empty range.
    pub(crate) fn split_commas(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut depth = 0usize;
        let mut start = range.start;
        for index in range.clone() {
            let token = self.tokens[index];
            if token.kind != TokenKind::Symbol {
                continue;
            }
            match token.text(self.text) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    parts.push(start..index);
                    start = index + 1;
                }
                _ => {}
            }
        }
        if !range.is_empty() {
            parts.push(start..range.end);
        }
        parts
    }

    /// `IF EXISTS`.
    pub(crate) fn if_exists(&mut self) -> Existence {
        tolerated(self.eat("if exists"))
    }

    /// `IF NOT EXISTS`.
    pub(crate) fn if_not_exists(&mut self) -> Existence {
        tolerated(self.eat("if not exists"))
    }

    /// `CASCADE` or `RESTRICT`.
    pub(crate) fn behavior(&mut self) -> Behavior {
        if self.eat("cascade") {
            Behavior::Cascade
        } else {
            self.eat("restrict");
            Behavior::Restrict
        }
    }

    /// The bytes of the tokens from index `start` to the one read last.
    pub(crate) fn span_from(&self, start: usize) -> Span {
        self.span_of(start..self.at)
    }

    /// The bytes of a range of tokens; empty at the end of the last token for an empty range.
    pub(crate) fn span_of(&self, range: Range<usize>) -> Span {
        match self.tokens.get(range) {
            Some([first, .., last]) => Span::new(first.start(), last.end()),
            Some([only]) => Span::new(only.start(), only.end()),
            Some([]) | None => {
                let end = self.tokens.last().map_or(0, |token| token.end());
                Span::new(end, end)
            }
        }
    }
}

/// `IF [NOT] EXISTS` was written, or not.
pub(crate) fn tolerated(written: bool) -> Existence {
    if written {
        Existence::Tolerated
    } else {
        Existence::Required
    }
}
