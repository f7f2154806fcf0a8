//! What was not understood, with the names that can be read in it.

use std::collections::BTreeSet;

use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{Opaque, SchemaOp};
use crate::sql::Dialect;
use crate::sql::cursor::Cursor;
use crate::sql::token::{self, Token, TokenKind, is_listed, is_reserved};

/// The operation for a statement or clause that was not understood. `about` is the object that
/// the statement names outside the clause.
pub(super) fn opaque(cursor: &Cursor, about: Option<ObjectName>, reason: &str) -> SchemaOp {
    let mut names: Vec<ObjectName> = about.into_iter().collect();
    for name in names_in(cursor) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // A placeholder stands for text that nobody has seen.
    let placeholder = cursor
        .tokens
        .iter()
        .any(|token| token.kind == TokenKind::Placeholder);
    let beyond_names = placeholder || acts_on_unnamed(cursor);
    SchemaOp::Opaque(Opaque {
        names,
        beyond_names,
        reason: reason.into(),
    })
}

/// Whether the statement acts on objects that it does not name.
fn acts_on_unnamed(cursor: &Cursor) -> bool {
    let statement = cursor.part(0..cursor.tokens.len());
    [
        "drop owned",
        "reassign owned",
        "import foreign schema",
        "alter extension",
        "explain",
    ]
    .iter()
    .any(|phrase| statement.is_phrase(phrase))
}

/// The operation for text after a quote that never ends.
pub(in crate::sql) fn unreadable(text: &str, dialect: Dialect, reason: &str) -> SchemaOp {
    let tokens = token::tokens(text, dialect);
    SchemaOp::Opaque(Opaque {
        names: names_in(&Cursor::new(text, dialect, &tokens)),
        beyond_names: true,
        reason: reason.into(),
    })
}

/// Words that name no object, although a name could be spelled so; the rest of the reserved words
/// is known to the tokens.
const NO_OBJECT: [&str; 69] = [
    "add",
    "after",
    "alter",
    "atomic",
    "before",
    "begin",
    "by",
    "cascade",
    "close",
    "column",
    "commit",
    "concurrently",
    "continue",
    "cursor",
    "declare",
    "delete",
    "disable",
    "drop",
    "each",
    "elsif",
    "enable",
    "exception",
    "execute",
    "exists",
    "exit",
    "found",
    "function",
    "get",
    "if",
    "immutable",
    "index",
    "insert",
    "into",
    "is",
    "join",
    "key",
    "language",
    "left",
    "like",
    "loop",
    "modify",
    "next",
    "notice",
    "of",
    "open",
    "owner",
    "partition",
    "perform",
    "plpgsql",
    "procedure",
    "raise",
    "record",
    "rename",
    "replace",
    "restrict",
    "return",
    "returns",
    "row",
    "schema",
    "sequence",
    "set",
    "strict",
    "trigger",
    "truncate",
    "update",
    "values",
    "view",
    "warning",
    "while",
];

/// Most names that are kept of one text.
const MOST_NAMES: usize = 1000;

/// Every name that could be an object's, in the order met, without repetition. Strings are read
/// as SQL once more: they may be run, and functions take names as strings.
pub(super) fn names_in(cursor: &Cursor) -> Vec<ObjectName> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    collect(cursor, &mut found, &mut seen);
    // Two rounds: a DO body is a string, and what it executes is one within it.
    let mut texts: Vec<String> = strings(cursor);
    for _ in 0..2 {
        let mut inner = Vec::new();
        for text in &texts {
            let tokens = token::tokens(text, cursor.dialect);
            let part = Cursor::new(text, cursor.dialect, &tokens);
            collect(&part, &mut found, &mut seen);
            inner.extend(strings(&part));
        }
        texts = inner;
    }
    found
}

fn strings(cursor: &Cursor) -> Vec<String> {
    let strings = cursor
        .tokens
        .iter()
        .filter(|token| token.kind == TokenKind::String);
    let values = strings.map(|token| token::string_value(*token, cursor.text, cursor.dialect));
    values
        .filter(|value| !value.is_empty())
        .take(MOST_NAMES)
        .collect()
}

fn collect(cursor: &Cursor, found: &mut Vec<ObjectName>, seen: &mut BTreeSet<ObjectName>) {
    let mut walk = cursor.part(0..cursor.tokens.len());
    while let Some(token) = walk.peek() {
        if found.len() >= MOST_NAMES {
            return;
        }
        if !could_be_object(&walk, token) {
            walk.at += 1;
            continue;
        }
        let Some(name) = qualified(&mut walk) else {
            walk.at += 1;
            continue;
        };
        if seen.insert(name.clone()) {
            found.push(name);
        }
    }
}

fn could_be_object(walk: &Cursor, token: Token) -> bool {
    let text = token.text(walk.text);
    match token.kind {
        TokenKind::Quoted => text.len() > 2,
        TokenKind::Word => !is_reserved(text) && !is_listed(text, &NO_OBJECT),
        TokenKind::String
        | TokenKind::Number
        | TokenKind::Parameter
        | TokenKind::Placeholder
        | TokenKind::Operator
        | TokenKind::Symbol => false,
    }
}

/// `a`, `a.b`; of `a.b.c` the last could be a column, so `a.b` is kept.
fn qualified(walk: &mut Cursor) -> Option<ObjectName> {
    let mut parts: Vec<Ident> = vec![walk.any_word().ok()?];
    while walk.is_symbol(".") && walk.peek_at(1).is_some_and(Token::is_name) {
        walk.at += 1;
        parts.push(walk.any_word().ok()?);
    }
    let mut parts = parts.into_iter();
    let first = parts.next()?;
    Some(match parts.next() {
        Some(second) => ObjectName::qualified(first, second),
        None => ObjectName::bare(first),
    })
}
