//! Bodies: those of `DO` blocks and of functions, in PL/pgSQL and SQL.
//!
//! Input: the tokens of a body. Output: the operations of its static SQL, in order, each with how
//! sure it is to run ([`Runs`]). Bodies within bodies end at [`DEEPEST`].

use super::data::calling;
use super::opaque::{names_in, opaque};
use super::plpgsql::Reader;
use super::query::unknown_calls;
use super::value::Values;
use super::{Out, no_effect, statement, whole};
use crate::schema::name::Ident;
use crate::schema::op::{DataOp, Opaque, Runs, SchemaOp};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{self, dollar_body, tokens_within};
use crate::sql::{Dialect, Operation};

/// Bodies within bodies that are read: a `DO` that executes a literal is two.
const DEEPEST: u8 = 4;

/// `DO`, after the word.
pub(super) fn read_do(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let mut body = None;
    let mut language = Ident::new("plpgsql");
    while !cursor.is_done() {
        if cursor.eat("language") {
            language = match cursor.string() {
                Ok(name) => Ident::new(&name.to_ascii_lowercase()),
                Err(_) => cursor.any_word()?,
            };
        } else if body.is_none() {
            body = cursor.peek();
            cursor.string()?;
        } else {
            return Err(cursor.refuse("the end"));
        }
    }
    let Some(body) = body else {
        return Err(cursor.refuse("a body"));
    };
    let operations = match dollar_body(body, cursor.text) {
        Some(span) => {
            let tokens = tokens_within(cursor.text, span, cursor.dialect);
            let inner = Cursor::new(cursor.text, cursor.dialect, &tokens);
            let inner = inner.within(cursor.depth + 1);
            in_language(language.as_str(), &inner, &Values::new())
        }
        None => {
            let value = token::string_value(body, cursor.text, cursor.dialect);
            let depth = cursor.depth + 1;
            let language = language.as_str();
            let mut operations =
                operations_of(&value, language, cursor.dialect, depth, &Values::new());
            for operation in &mut operations {
                operation.span = Span::new(body.start(), body.end());
            }
            operations
        }
    };
    if operations.is_empty() {
        whole(cursor, no_effect("do"), out);
    }
    out.operations.extend(operations);
    Ok(())
}

/// The operations of a body that is a text of its own, with the values of its arguments as far as
/// they are known; spans are those of that text.
pub(in crate::sql) fn operations_of(
    text: &str,
    language: &str,
    dialect: Dialect,
    depth: u8,
    values: &Values,
) -> Vec<Operation> {
    let tokens = token::tokens(text, dialect);
    let body = Cursor::new(text, dialect, &tokens).within(depth);
    in_language(language, &body, values)
}

fn in_language(language: &str, body: &Cursor, values: &Values) -> Vec<Operation> {
    let read = match language {
        _ if body.depth > DEEPEST => Err(Refused("the body lies too deep in others".to_owned())),
        "plpgsql" => Reader::new(body, values).read(),
        "sql" => sql(body, values),
        other => Err(Refused(format!("a body in {other} is not read"))),
    };
    match read {
        Ok(operations) => operations,
        Err(Refused(reason)) => vec![unread(body, &reason)],
    }
}

fn unread(body: &Cursor, reason: &str) -> Operation {
    let op = SchemaOp::Opaque(Opaque {
        names: names_in(body),
        beyond_names: true,
        reason: reason.into(),
    });
    always(op, body.span_of(0..body.tokens.len()))
}

fn always(op: SchemaOp, span: Span) -> Operation {
    Operation {
        op,
        span,
        runs: Runs::Always,
    }
}

/// A body of SQL statements, the server's `BEGIN ATOMIC … END` and `RETURN` included.
fn sql(body: &Cursor, values: &Values) -> Read<Vec<Operation>> {
    let mut cursor = body.clone();
    let mut end = body.tokens.len();
    if cursor.eat("begin atomic") {
        while end > cursor.at && body.tokens[end - 1].is_symbol(body.text, ";") {
            end -= 1;
        }
        if end <= cursor.at || !body.tokens[end - 1].is_word(body.text, "end") {
            return Err(body.refuse("`END`"));
        }
        end -= 1;
    }
    let mut out = Out::default();
    while cursor.at < end {
        let range = cursor.at..statement_end(body, cursor.at, end);
        cursor.at = range.end + 1;
        let mut part = body.part(range);
        if part.is_done() {
            continue;
        }
        if part.eat("return") || (!values.is_empty() && part.is("select")) {
            calls(&part, values, &mut out);
        } else {
            sql_statement(&part, &mut out);
        }
    }
    Ok(out.operations)
}

/// Index of the next `;` outside parentheses, or `end`.
pub(super) fn statement_end(body: &Cursor, from: usize, end: usize) -> usize {
    let mut depth = 0usize;
    for index in from..end {
        let token = body.tokens[index];
        if token.is_symbol(body.text, "(") {
            depth += 1;
        } else if token.is_symbol(body.text, ")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is_symbol(body.text, ";") {
            return index;
        }
    }
    end
}

/// Lowers one statement; what is not understood is opaque, and the rest goes on.
pub(super) fn sql_statement(part: &Cursor, out: &mut Out) {
    let mut one = Out::default();
    let mut read = part.clone();
    match statement(&mut read, &mut one) {
        Ok(()) => out
            .operations
            .extend(one.operations.into_iter().filter(has_effect)),
        Err(Refused(reason)) => {
            let span = part.span_of(0..part.tokens.len());
            out.push(opaque(part, None, &reason), span);
        }
    }
}

/// What only reads adds nothing to what a body does.
fn has_effect(operation: &Operation) -> bool {
    !matches!(
        operation.op,
        SchemaOp::Data(DataOp::Read) | SchemaOp::NoEffect { .. }
    )
}

/// The functions that an expression or a query calls.
pub(super) fn calls(part: &Cursor, values: &Values, out: &mut Out) {
    let called = unknown_calls(part, values);
    if !called.is_empty() {
        out.push(calling(part, called), part.span_of(0..part.tokens.len()));
    }
}
