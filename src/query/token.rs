//! A rough reading of SQL: just enough to tell code from quotes and comments.
//!
//! The texts that are read here are not SQL yet: their placeholders are of any style, and some of
//! them are prose. So the marks stay single bytes, and nothing is refused. One pass, no recursion,
//! time in proportion to the text.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A number.
    Number,
    /// `$1`.
    Parameter,
    /// A string, a name in quotes or a dollar-quoted text.
    Quoted,
    /// Any other byte.
    Mark(u8),
}

/// A token and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// Where it stands, in bytes.
    pub(super) range: Range<usize>,
}

impl Token {
    /// Its text.
    pub(super) fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or("")
    }

    /// Whether it is the word `word`, in any case.
    pub(super) fn is(&self, text: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.of(text).eq_ignore_ascii_case(word)
    }
}

/// The tokens of `text`, and the comments between them.
pub(super) fn tokens_and_comments(text: &str) -> (Vec<Token>, Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut comments = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let next = bytes.get(at + 1).copied();
        let kind = match bytes[at] {
            byte if byte.is_ascii_whitespace() || byte == 0x0b => {
                at += 1;
                continue;
            }
            b'-' if next == Some(b'-') => {
                at = end_of_line(bytes, at);
                comments.push(start..at);
                continue;
            }
            b'/' if next == Some(b'*') => {
                at = end_of_comment(bytes, at);
                comments.push(start..at);
                continue;
            }
            b'\'' => {
                at = end_of_quote(bytes, at, false);
                Kind::Quoted
            }
            b'e' | b'E' if next == Some(b'\'') => {
                at = end_of_quote(bytes, at + 1, true);
                Kind::Quoted
            }
            b'"' => {
                at = end_of_quote(bytes, at, false);
                Kind::Quoted
            }
            b'$' if next.is_some_and(|it| it.is_ascii_digit()) => {
                at = end_of(bytes, at + 1, |it| it.is_ascii_digit());
                Kind::Parameter
            }
            b'$' => match end_of_dollars(text, at) {
                Some(end) => {
                    at = end;
                    Kind::Quoted
                }
                None => {
                    at += 1;
                    Kind::Mark(b'$')
                }
            },
            byte if is_name_start(byte) => {
                at = end_of(bytes, at, is_name_byte);
                // `name${hole}` ends before the hole.
                if bytes.get(at) == Some(&b'{') && bytes[at - 1] == b'$' {
                    at -= 1;
                }
                Kind::Word
            }
            byte if byte.is_ascii_digit() => {
                at = end_of(bytes, at, |it| it.is_ascii_alphanumeric() || it == b'.');
                Kind::Number
            }
            byte => {
                at += 1;
                Kind::Mark(byte)
            }
        };
        tokens.push(Token {
            kind,
            range: start..at,
        });
    }
    (tokens, comments)
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    tokens_and_comments(text).0
}

/// Whether a name can begin with `byte`.
pub(super) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name_byte(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn end_of(bytes: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let length = rest.iter().position(|byte| !accept(*byte));
    from + length.unwrap_or(rest.len())
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    end_of(bytes, from, |byte| byte != b'\n')
}

fn end_of_comment(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0usize;
    let mut at = from;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                at += 2;
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_quote(bytes: &[u8], from: usize, backslashes: bool) -> usize {
    let quote = bytes[from];
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if backslashes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a dollar-quoted text; one that never ends holds the rest, so that no text is searched
/// twice.
fn end_of_dollars(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = from + 1;
    if bytes.get(end).copied().is_some_and(is_name_start) {
        end = end_of(bytes, end, |byte| is_name_byte(byte) && byte != b'$');
    }
    if bytes.get(end) != Some(&b'$') {
        return None;
    }
    end += 1;
    let tag = &text[from..end];
    Some(match text[end..].find(tag) {
        Some(length) => end + length + tag.len(),
        None => text.len(),
    })
}

/// Where each line of a text begins.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    /// The lines of `text`.
    pub(super) fn of(text: &str) -> Lines {
        let breaks = text.bytes().enumerate();
        let after = breaks.filter_map(|(at, byte)| (byte == b'\n').then_some(at + 1));
        Lines(std::iter::once(0).chain(after).collect())
    }

    /// The line, from 1, of the byte `offset`.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset).max(1)
    }
}

/// Whether `text` is SQL that code sends, rather than a sentence that begins with such a word:
/// the first words are a statement's, and what a statement must have is there. Whether it is a
/// statement indeed is for a parser to say.
pub(super) fn looks_like_query(text: &str) -> bool {
    let tokens = tokens(text);
    let Some(shape) = Shape::of(text, &tokens) else {
        return false;
    };
    match shape.verb {
        Verb::Select => {
            (shape.has("from") && !shape.is_prose())
                || (shape.has_marks() && !shape.is_prose() && shape.tokens.len() > 1)
        }
        Verb::Insert => {
            shape.second("into") && shape.has_one(&["values", "select", "default", "with"])
        }
        Verb::Update => shape.has("set") && shape.has_mark(b'='),
        Verb::Delete => shape.second("from") && !shape.is_prose(),
        Verb::With => shape.has_table_expression(),
        Verb::Merge => shape.second("into") && shape.has("when"),
        Verb::Values => shape.second_is_mark(b'('),
        Verb::Truncate => shape.is_upper || (shape.second("table") && !shape.is_prose()),
        Verb::Copy => {
            shape.has_one(&["from", "to"]) && shape.has_one(&["stdin", "stdout", "program"])
        }
        Verb::Lock => shape.second("table") && !shape.is_prose(),
        Verb::Call => shape.has_mark(b'(') && shape.is_call(),
        Verb::Refresh => shape.second("materialized") && shape.has("view"),
    }
}

/// Whether `text` is the beginning of SQL to which something unknown is added: its first words are
/// a statement's and no sentence's.
pub(super) fn looks_like_beginning(text: &str) -> bool {
    let tokens = tokens(text);
    let Some(shape) = Shape::of(text, &tokens) else {
        return false;
    };
    match shape.verb {
        Verb::Select => {
            (shape.is_upper || shape.has_marks() || shape.has("from")) && !shape.is_prose()
        }
        Verb::Insert | Verb::Merge => shape.second("into"),
        Verb::Update => {
            (shape.is_upper || shape.has_mark(b'=') || shape.has("set")) && !shape.is_prose()
        }
        Verb::Delete => shape.second("from") && !shape.is_prose(),
        Verb::With => shape.opens_table_expression(),
        Verb::Values => shape.second_is_mark(b'('),
        Verb::Truncate | Verb::Copy => shape.is_upper && !shape.is_prose(),
        Verb::Lock => shape.second("table") && !shape.is_prose(),
        Verb::Call => shape.is_upper && !shape.is_prose(),
        Verb::Refresh => shape.second("materialized") && shape.has("view"),
    }
}

/// Whether `text`, which is no query, is in all likelihood a part of one: it names a table, in
/// capitals.
pub(super) fn looks_like_part(text: &str) -> bool {
    let tokens = tokens(text);
    let Some(shape) = Shape::of(text, &tokens) else {
        return false;
    };
    let has_name = shape.tokens.len() > 2;
    let names_table = match shape.verb {
        Verb::Select => shape.has("from"),
        Verb::Insert | Verb::Merge => shape.second("into"),
        Verb::Update => shape.has("set"),
        Verb::Delete => shape.second("from"),
        Verb::With => shape.opens_table_expression(),
        Verb::Values | Verb::Truncate | Verb::Copy | Verb::Lock | Verb::Call | Verb::Refresh => {
            false
        }
    };
    shape.is_upper && has_name && names_table
}

/// Whether the first word of `text` is that of a query.
pub(super) fn is_query_verb(text: &str) -> bool {
    Shape::of(text, &tokens(text)).is_some()
}

/// Whether a statement that code sends begins with this word.
pub(super) fn is_verb(word: &str) -> bool {
    // No letter of theirs is missing here, and most words end with this question.
    let first = word.as_bytes().first().map(u8::to_ascii_lowercase);
    first.is_some_and(|first| b"siudwmvtclr".contains(&first)) && Verb::of(word).is_some()
}

/// The words with which a statement that code sends begins.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Select,
    Insert,
    Update,
    Delete,
    With,
    Merge,
    Values,
    Truncate,
    Copy,
    Lock,
    Call,
    Refresh,
}

impl Verb {
    fn of(word: &str) -> Option<Verb> {
        Some(match word.to_ascii_lowercase().as_str() {
            "select" => Verb::Select,
            "insert" => Verb::Insert,
            "update" => Verb::Update,
            "delete" => Verb::Delete,
            "with" => Verb::With,
            "merge" => Verb::Merge,
            "values" => Verb::Values,
            "truncate" => Verb::Truncate,
            "copy" => Verb::Copy,
            "lock" => Verb::Lock,
            "call" => Verb::Call,
            "refresh" => Verb::Refresh,
            _ => return None,
        })
    }
}

/// Words of sentences that are hardly names of tables or columns.
const PROSE: [&str; 26] = [
    "a", "an", "and/or", "are", "be", "been", "can", "could", "failed", "if", "is", "it", "its",
    "must", "please", "should", "that", "the", "this", "to", "was", "were", "which", "will", "you",
    "your",
];

/// What `looks_like_query` asks about a text.
struct Shape<'a> {
    text: &'a str,
    tokens: &'a [Token],
    verb: Verb,
    /// The verb is written in capitals, as prose does not.
    is_upper: bool,
}

impl<'a> Shape<'a> {
    fn of(text: &'a str, tokens: &'a [Token]) -> Option<Self> {
        let open = tokens
            .iter()
            .take_while(|token| token.kind == Kind::Mark(b'('))
            .count();
        let tokens = &tokens[open..];
        let first = tokens.first().filter(|it| it.kind == Kind::Word)?;
        // Long words are compared, not copied.
        let word = first.of(text);
        if word.len() > 8 {
            return None;
        }
        Some(Shape {
            text,
            tokens,
            verb: Verb::of(word)?,
            is_upper: word.bytes().all(|byte| byte.is_ascii_uppercase()),
        })
    }

    fn has(&self, word: &str) -> bool {
        self.tokens[1..].iter().any(|it| it.is(self.text, word))
    }

    fn has_one(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has(word))
    }

    fn second(&self, word: &str) -> bool {
        self.tokens.get(1).is_some_and(|it| it.is(self.text, word))
    }

    fn second_is_mark(&self, mark: u8) -> bool {
        self.tokens
            .get(1)
            .is_some_and(|it| it.kind == Kind::Mark(mark))
    }

    /// `WITH a AS (` and a verb somewhere behind it.
    fn has_table_expression(&self) -> bool {
        self.opens_table_expression()
            && self.has_one(&["select", "insert", "update", "delete", "values", "merge"])
    }

    /// `WITH a AS (`.
    fn opens_table_expression(&self) -> bool {
        self.tokens.windows(2).any(|pair| {
            let next = &pair[1];
            pair[0].is(self.text, "as")
                && (next.kind == Kind::Mark(b'(')
                    || next.is(self.text, "materialized")
                    || next.is(self.text, "not"))
        })
    }

    fn has_mark(&self, mark: u8) -> bool {
        self.tokens.iter().any(|it| it.kind == Kind::Mark(mark))
    }

    /// Something that sentences do not have.
    fn has_marks(&self) -> bool {
        self.tokens.iter().any(|it| {
            matches!(
                it.kind,
                Kind::Parameter
                    | Kind::Number
                    | Kind::Mark(b'(' | b'*' | b'=' | b'<' | b'>' | b'$' | b'@')
            )
        })
    }

    /// `CALL name(` or `CALL schema.name(`, without a blank before the parenthesis.
    fn is_call(&self) -> bool {
        let name = self.tokens[1..]
            .iter()
            .take_while(|it| matches!(it.kind, Kind::Word | Kind::Quoted | Kind::Mark(b'.')))
            .count();
        let opens = self.tokens.get(1 + name);
        matches!(name, 1 | 3)
            && opens.is_some_and(|it| {
                it.kind == Kind::Mark(b'(') && it.range.start == self.tokens[name].range.end
            })
    }

    /// A sentence: a word of sentences, and nothing that only SQL has. Capitals are SQL unless
    /// every word is in capitals.
    fn is_prose(&self) -> bool {
        let words = || {
            let words = self.tokens[1..].iter().filter(|it| it.kind == Kind::Word);
            words.map(|it| it.of(self.text))
        };
        let is_of_sentences = |word: &str| {
            let word = word.to_ascii_lowercase();
            PROSE.binary_search(&word.as_str()).is_ok()
        };
        let has_sentence_words = words().any(is_of_sentences);
        let only_sql = self.tokens[1..].iter().any(|it| {
            matches!(
                it.kind,
                Kind::Parameter | Kind::Mark(b'*' | b'=' | b'<' | b'>' | b';')
            )
        });
        let first = self.tokens[0].of(self.text);
        let is_capitalised = !self.is_upper
            && first
                .bytes()
                .next()
                .is_some_and(|it| it.is_ascii_uppercase());
        !only_sql && (is_capitalised || (has_sentence_words && !self.is_upper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_comments_hide_what_they_hold() {
        let text = "SELECT 'it''s ?', E'\\' ?', \"a?\", $q$ ? $q$ -- ?\n/* /* ? */ ? */ FROM t";
        let (tokens, comments) = tokens_and_comments(text);
        let shown: Vec<&str> = tokens.iter().map(|it| it.of(text)).collect();
        assert_eq!(
            shown,
            [
                "SELECT",
                "'it''s ?'",
                ",",
                "E'\\' ?'",
                ",",
                "\"a?\"",
                ",",
                "$q$ ? $q$",
                "FROM",
                "t"
            ]
        );
        assert_eq!(comments.len(), 2);
    }

    #[test]
    fn sentences_are_no_queries() {
        for text in [
            "select a file",
            "Select a file from the list",
            "select an item from the list",
            "Delete from list",
            "delete from the list (optional)",
            "Update user settings",
            "update the set of users",
            "with all of this (as said)",
            "insert into the slot",
            "Truncate text",
            "lock table of the house is set",
            "call me (maybe)",
            "SELECT",
            "values",
            "copy from here to there",
            "Refresh materialized views",
            "selected * from t",
            "",
        ] {
            assert!(!looks_like_query(text), "{text}");
        }
    }

    #[test]
    fn statements_are_queries() {
        for text in [
            "select name from users",
            "SELECT 1",
            "select now()",
            "(SELECT a FROM t) UNION (SELECT b FROM t)",
            "SELECT name FROM users WHERE id = $1",
            "Select * From users",
            "SELECT EXISTS (SELECT 1 FROM a)",
            "\n  -- by id\n  delete from users where id = 1",
            "DELETE FROM users",
            "update users set name = 'the name'",
            "insert into t (a) values (1)",
            "INSERT INTO t SELECT a FROM is_a",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "VALUES (1)",
            "TRUNCATE users, posts",
            "copy t (a) from stdin",
            "LOCK TABLE t IN SHARE MODE",
            "call app.refresh(1)",
            "REFRESH MATERIALIZED VIEW v",
            "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        ] {
            assert!(looks_like_query(text), "{text}");
        }
    }

    #[test]
    fn parts_name_a_table() {
        for text in [
            "INSERT INTO t (a, b) ",
            "WITH a AS (",
            "UPDATE t SET ",
            "SELECT a FROM",
        ] {
            assert!(looks_like_part(text), "{text}");
        }
        for text in [
            "SELECT ALL",
            "UPDATE AVAILABLE",
            "insert into the slot",
            "DELETE FROM",
        ] {
            assert!(!looks_like_part(text), "{text}");
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for text in ["$a$", "/*", "'", "\"", "--", "E'\\", "$", "a$", "("] {
            let long = text.repeat(300_000);
            let _ = tokens(&long);
            let _ = looks_like_query(&long);
        }
    }
}
