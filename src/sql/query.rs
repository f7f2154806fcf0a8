//! A query as a tree.
//!
//! Input: the text of one statement of PostgreSQL as a program sends it. Output: its
//! [`tree`](tree::Statement), or why it was not read. Nothing is looked up here: that is the
//! business of binding.

pub(crate) mod body;
mod parse;
pub(crate) mod tree;

use self::parse::Reader;
use self::tree::{Expr, Statement};
use super::Dialect;
use super::cursor::{Cursor, Read, Refused};
use super::token;
use crate::schema::name::ObjectName;

/// The greatest number of tokens of a query that is read.
const MOST_TOKENS: usize = 100_000;

/// The tree of one statement.
///
/// # Errors
///
/// What was expected and not found, where the text is not one statement that a program sends to
/// read or write rows.
pub(crate) fn parse(text: &str) -> Read<Statement> {
    with_reader(text, |reader| reader.whole())
}

/// The tree of an expression alone.
///
/// # Errors
///
/// What was expected and not found.
pub(crate) fn parse_expression(text: &str) -> Read<Expr> {
    with_reader(text, |reader| reader.whole_expression())
}

/// The name that a text spells, as `'app.users'::regclass` does.
pub(crate) fn name_of(text: &str) -> Option<ObjectName> {
    let tokens = token::tokens(text, Dialect::Postgres);
    let mut cursor = Cursor::new(text, Dialect::Postgres, &tokens);
    let name = cursor.object_name().ok()?;
    cursor.is_done().then_some(name)
}

fn with_reader<T>(text: &str, read: impl FnOnce(&mut Reader) -> Read<T>) -> Read<T> {
    let mut lexer = token::Lexer::new(text, Dialect::Postgres);
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token() {
        tokens.push(token);
        if tokens.len() > MOST_TOKENS {
            return Err(Refused("it is too long".to_owned()));
        }
    }
    if let Some(open) = lexer.open {
        return Err(Refused(format!("a {} never ends", open.what)));
    }
    let tokens = parse::split_slices(tokens, text);
    read(&mut Reader::new(Cursor::new(
        text,
        Dialect::Postgres,
        &tokens,
    )))
}

#[cfg(test)]
mod tests;
