//! Text to statement pieces.
//!
//! Input: a text and its [`Dialect`]. Output: [`Piece`]s in order, each with its span (without
//! leading comments and the final `;`), and [`Trouble`]s. What lies between the pieces is blank,
//! comment, terminator or `COPY` data. One quote without end costs only the text after it: that
//! becomes a last piece which is never parsed.
//!
//! It works in one pass and without recursion, whatever the text.

use super::token::{Lexer, Open, Token, TokenKind, tokens_within};
use super::{Dialect, Trouble};
use crate::source::Span;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A statement for the server.
    Statement,
    /// A command for the client that sends the file: psql's `\connect`, MySQL's `DELIMITER`.
    ClientCommand,
    /// Text after a quote or comment that never ends; it is not parsed.
    Unreadable,
}

/// A part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Where it stands.
    pub span: Span,
}

/// All pieces of `text` in order, and what is wrong with it.
pub fn split(text: &str, dialect: Dialect) -> (Vec<Piece>, Vec<Trouble>) {
    let mut splitter = Splitter::new(text, dialect);
    let mut tokens = Vec::new();
    let pieces = std::iter::from_fn(|| splitter.next_piece(&mut tokens)).collect();
    (pieces, splitter.troubles)
}

/// Hands out the pieces of one text, with their tokens.
pub(crate) struct Splitter<'a> {
    text: &'a str,
    dialect: Dialect,
    lexer: Lexer<'a>,
    /// What is wrong with the text so far.
    pub(crate) troubles: Vec<Trouble>,
}

impl<'a> Splitter<'a> {
    /// A splitter at the start of `text`.
    pub(crate) fn new(text: &'a str, dialect: Dialect) -> Self {
        Splitter {
            text,
            dialect,
            lexer: Lexer::new(text, dialect),
            troubles: Vec::new(),
        }
    }

    /// The comments that speak to this program, as far as the text was read.
    pub(crate) fn take_comments(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.lexer.comments)
    }

    /// The comments in whose place something runs that is not SQL, as far as the text was read.
    pub(crate) fn take_not_sql(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.lexer.not_sql)
    }

    /// Keeps every comment from here on.
    pub(crate) fn keep_comments(&mut self) {
        self.lexer.keep_comments();
    }

    /// The next piece; `tokens` then holds what it consists of.
    pub(crate) fn next_piece(&mut self, tokens: &mut Vec<Token>) -> Option<Piece> {
        tokens.clear();
        let mut body = Body::default();
        loop {
            let more = self.lexer.skip_blank();
            if tokens.is_empty() && more && self.at_client_command() {
                return Some(self.client_command(tokens));
            }
            if more && self.skip_delimiter() {
                if tokens.is_empty() {
                    continue;
                }
                return Some(statement(tokens));
            }
            if more && self.at_query_command() && !tokens.is_empty() {
                return Some(statement(tokens));
            }
            let token = match self.lexer.next_token() {
                Some(token) => token,
                None => match self.lexer.open.take() {
                    Some(open) => return Some(self.unreadable(open, tokens)),
                    None if tokens.is_empty() => return None,
                    None => return Some(statement(tokens)),
                },
            };
            let ends = self.lexer.delimiter.is_none()
                && token.is_symbol(self.text, ";")
                && !body.is_open(tokens, self.text);
            if !ends {
                body.enter(token, tokens, self.text, self.dialect);
                tokens.push(token);
                continue;
            }
            if tokens.is_empty() {
                continue;
            }
            if self.dialect == Dialect::Postgres && is_copy_from_stdin(tokens, self.text) {
                self.skip_copy_data(token);
            }
            return Some(statement(tokens));
        }
    }

    /// A line that the client keeps for itself begins here.
    fn at_client_command(&self) -> bool {
        let rest = &self.text[self.lexer.at..];
        match self.dialect {
            Dialect::Postgres => rest.starts_with('\\'),
            Dialect::Mysql | Dialect::Mariadb => delimiter_argument(rest).is_some(),
            Dialect::Sqlite => rest.starts_with('.'),
        }
    }

    /// `\g`, `\gset` and the like send the statement before them.
    fn at_query_command(&self) -> bool {
        let rest = &self.text.as_bytes()[self.lexer.at..];
        self.dialect == Dialect::Postgres
            && (rest.starts_with(b"\\g")
                || rest.starts_with(b"\\watch")
                || rest.starts_with(b"\\crosstabview"))
    }

    fn client_command(&mut self, tokens: &mut Vec<Token>) -> Piece {
        let start = self.lexer.at;
        let rest = &self.text[start..];
        if let Some(delimiter) = delimiter_argument(rest) {
            self.lexer.delimiter = (delimiter != ";").then_some(delimiter);
        }
        let line = rest.split('\n').next().unwrap_or("").trim_end();
        let end = start + line.len();
        tokens.extend(tokens_within(
            self.text,
            Span::new(start, end),
            self.dialect,
        ));
        self.lexer.skip_line();
        Piece {
            kind: PieceKind::ClientCommand,
            span: Span::new(start, end),
        }
    }

    fn skip_delimiter(&mut self) -> bool {
        let Some(delimiter) = self.lexer.delimiter else {
            return false;
        };
        let found = self.text[self.lexer.at..].starts_with(delimiter);
        if found {
            self.lexer.at += delimiter.len();
        }
        found
    }

    /// The last piece, from the start of the statement that holds the open quote.
    fn unreadable(&mut self, open: Open, tokens: &[Token]) -> Piece {
        self.troubles.push(Trouble {
            span: Span::new(open.at, self.text.len()),
            message: format!("{} without end", open.what),
        });
        let start = tokens.first().map_or(open.at, |first| first.start());
        self.lexer.at = self.text.len();
        Piece {
            kind: PieceKind::Unreadable,
            span: Span::new(start, start + self.text[start..].trim_end().len()),
        }
    }

    /// Moves from the `;` of `COPY … FROM stdin;` over the data to the line after `\.`.
    fn skip_copy_data(&mut self, terminator: Token) {
        self.lexer.skip_line();
        loop {
            let start = self.lexer.at;
            if start >= self.text.len() {
                self.troubles.push(Trouble {
                    span: Span::new(terminator.start(), self.text.len()),
                    message: "COPY data without a closing `\\.`".to_owned(),
                });
                return;
            }
            self.lexer.skip_line();
            let line = &self.text.as_bytes()[start..self.lexer.at];
            if line.starts_with(b"\\.") && line[2..].iter().all(u8::is_ascii_whitespace) {
                return;
            }
        }
    }
}

fn statement(tokens: &[Token]) -> Piece {
    let start = tokens.first().map_or(0, |token| token.start());
    let end = tokens.last().map_or(0, |token| token.end());
    Piece {
        kind: PieceKind::Statement,
        span: Span::new(start, end),
    }
}

/// What follows `DELIMITER` on its line.
fn delimiter_argument(rest: &str) -> Option<&str> {
    let word = rest.get(..9)?;
    let argument = rest[9..].split('\n').next()?;
    let spaced = argument.starts_with([' ', '\t']);
    let argument = argument.trim();
    (word.eq_ignore_ascii_case("delimiter") && spaced && !argument.is_empty()).then_some(argument)
}

fn is_copy_from_stdin(tokens: &[Token], text: &str) -> bool {
    tokens[0].is_word(text, "copy")
        && tokens
            .windows(2)
            .any(|pair| pair[0].is_word(text, "from") && pair[1].is_word(text, "stdin"))
}

/// How deep the scanner is in a body whose `;` does not end the statement.
#[derive(Default)]
struct Body {
    /// Open `BEGIN` and `CASE`.
    depth: usize,
    /// Whether a body has begun.
    entered: bool,
    /// Open parentheses, counted for `CREATE RULE` only: elsewhere a `;` between parentheses is a
    /// mistake that should not swallow the rest of the file.
    parentheses: usize,
}

impl Body {
    fn is_open(&self, tokens: &[Token], text: &str) -> bool {
        self.depth > 0 || (self.parentheses > 0 && has_head(tokens, text, &["rule"]))
    }

    /// Takes note of `token`, which follows `tokens`.
    fn enter(&mut self, token: Token, tokens: &[Token], text: &str, dialect: Dialect) {
        match token.kind {
            TokenKind::Symbol if token.is_symbol(text, "(") => self.parentheses += 1,
            TokenKind::Symbol if token.is_symbol(text, ")") => {
                self.parentheses = self.parentheses.saturating_sub(1);
            }
            TokenKind::Word => self.enter_word(token, tokens, text, dialect),
            _ => {}
        }
    }

    fn enter_word(&mut self, token: Token, tokens: &[Token], text: &str, dialect: Dialect) {
        let after_end = tokens.last().is_some_and(|last| last.is_word(text, "end"));
        let compound = ["if", "loop", "while", "repeat"];
        // `END IF` closes an IF, which was never counted.
        if self.entered && after_end && compound.iter().any(|word| token.is_word(text, word)) {
            self.depth += 1;
            return;
        }
        match dialect {
            Dialect::Postgres if self.depth == 0 => {
                let atomic = token.is_word(text, "atomic")
                    && tokens
                        .last()
                        .is_some_and(|last| last.is_word(text, "begin"))
                    && has_head(tokens, text, &["function", "procedure"]);
                self.depth += usize::from(atomic);
                self.entered |= atomic;
            }
            Dialect::Sqlite | Dialect::Mysql | Dialect::Mariadb if self.depth == 0 => {
                let begins = token.is_word(text, "begin")
                    && has_head(tokens, text, &["trigger", "function", "procedure", "event"]);
                self.depth += usize::from(begins);
                self.entered |= begins;
            }
            _ if token.is_word(text, "end") => self.depth -= 1,
            _ if token.is_word(text, "begin") => self.depth += 1,
            // `END CASE` closes what `END` has closed already.
            _ if token.is_word(text, "case") => self.depth += usize::from(!after_end),
            _ => {}
        }
    }
}

/// Whether the statement begins with `CREATE … kind`.
fn has_head(tokens: &[Token], text: &str, kinds: &[&str]) -> bool {
    let is_create = tokens
        .first()
        .is_some_and(|first| first.is_word(text, "create"));
    let mut head = tokens.iter().take(12);
    is_create && head.any(|token| kinds.iter().any(|kind| token.is_word(text, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of `text`, separated by ` | `; `!` marks client commands, `?` unreadable text.
    fn pieces(text: &str, dialect: Dialect) -> String {
        let show = |piece: &Piece| {
            let mark = match piece.kind {
                PieceKind::Statement => "",
                PieceKind::ClientCommand => "!",
                PieceKind::Unreadable => "?",
            };
            format!("{mark}{}", piece.span.of(text))
        };
        let found: Vec<String> = split(text, dialect).0.iter().map(show).collect();
        found.join(" | ")
    }

    #[test]
    fn postgres_statements_end_where_psql_ends_them() {
        let cases = [
            ("", ""),
            (" ; ;; -- a;\n", ""),
            (
                "-- c\n SELECT 1 ; /* ; /* ; */ */ SELECT 2",
                "SELECT 1 | SELECT 2",
            ),
            (
                "SELECT ';' ; SELECT E'\\';' ; x",
                "SELECT ';' | SELECT E'\\';' | x",
            ),
            (
                "SELECT \"a;b\"; SELECT $t$;$$;$t$; x",
                "SELECT \"a;b\" | SELECT $t$;$$;$t$ | x",
            ),
            ("SELECT a$b$; SELECT c$b$", "SELECT a$b$ | SELECT c$b$"),
            (
                "COPY t (a) FROM stdin;\nO'Brien;\n\\.\nSELECT 1;",
                "COPY t (a) FROM stdin | SELECT 1",
            ),
            (
                "\\restrict a'b\nSELECT 1;\n\\connect x",
                "!\\restrict a'b | SELECT 1 | !\\connect x",
            ),
            ("SELECT 1 \\gset\nSELECT 2", "SELECT 1 | !\\gset | SELECT 2"),
            (
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; x",
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END | x",
            ),
            (
                "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); x",
                "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2) | x",
            ),
            ("SELECT (1; SELECT 2", "SELECT (1 | SELECT 2"),
            (
                "BEGIN; SELECT ${x}, {{y}}, :NAME; END;",
                "BEGIN | SELECT ${x}, {{y}}, :NAME | END",
            ),
            ("\u{feff}SELECT 1", "SELECT 1"),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text, Dialect::Postgres), expected, "{text}");
        }
    }

    #[test]
    fn other_dialects_have_bodies_and_delimiters() {
        let trigger = "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = CASE b WHEN 1 THEN 2 END; DELETE FROM t; END";
        let text = format!("{trigger}; SELECT 1");
        assert_eq!(
            pieces(&text, Dialect::Sqlite),
            format!("{trigger} | SELECT 1")
        );

        let procedure = "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; CASE a WHEN 1 THEN SELECT 2; END CASE; END";
        let text = format!("{procedure}; SELECT 1");
        assert_eq!(
            pieces(&text, Dialect::Mysql),
            format!("{procedure} | SELECT 1")
        );

        let text = "DELIMITER $$\nSELECT 1; SELECT 2$$\ndelimiter ;\nSELECT 3;";
        assert_eq!(
            pieces(text, Dialect::Mysql),
            "!DELIMITER $$ | SELECT 1; SELECT 2 | !delimiter ; | SELECT 3"
        );
    }

    #[test]
    fn an_open_quote_costs_only_what_follows() {
        let cases = [
            (
                "SELECT 1; SELECT 'a; SELECT 2",
                "SELECT 1 | ?SELECT 'a; SELECT 2",
                17,
            ),
            ("SELECT 1; /* a", "SELECT 1 | ?/* a", 10),
            ("SELECT 1; DO $$ a; $b$", "SELECT 1 | ?DO $$ a; $b$", 13),
            ("x; \"a;", "x | ?\"a;", 3),
        ];
        for (text, expected, at) in cases {
            assert_eq!(pieces(text, Dialect::Postgres), expected, "{text}");
            assert_eq!(split(text, Dialect::Postgres).1[0].span.start, at, "{text}");
        }
    }

    #[test]
    fn copy_data_without_end_is_a_trouble() {
        let (pieces, troubles) = split("COPY t FROM stdin;\na\n", Dialect::Postgres);
        assert_eq!((pieces.len(), troubles.len()), (1, 1));
    }
}
