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
use crate::schema::name::{Ident, ObjectName};

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

/// The names that the `REFERENCING` of a trigger gives to the rows of the statement (`NEW TABLE AS
/// n`), from what stands before `FOR EACH`.
pub(crate) fn transition_tables(attributes: &str) -> Vec<Ident> {
    let tokens = token::tokens(attributes, Dialect::Postgres);
    let is_word = |at: usize, word: &str| {
        let token = tokens.get(at);
        token.is_some_and(|it| it.is_word(attributes, word))
    };
    (1..tokens.len())
        .filter(|at| is_word(*at, "table") && (is_word(at - 1, "new") || is_word(at - 1, "old")))
        .filter_map(|at| {
            let name = tokens.get(at + 1 + usize::from(is_word(at + 1, "as")))?;
            Some(token::ident(*name, attributes, Dialect::Postgres))
        })
        .collect()
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
