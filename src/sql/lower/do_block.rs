//! `DO` blocks.
//!
//! Three bodies are understood: statements one after the other, which are lowered like plain ones;
//! one statement whose failure is caught (`CREATE TYPE … EXCEPTION WHEN duplicate_object`), which
//! becomes that statement with `IF [NOT] EXISTS`; and a body that touches rows only, under whatever
//! conditions. Everything else is opaque, with every name that it holds.

use std::ops::Range;

use super::opaque::names_in;
use super::query::unknown_calls;
use super::{Out, dispatch, no_effect, whole};
use crate::schema::op::{Creation, Existence, Opaque, SchemaOp};
use crate::sql::Operation;
use crate::sql::cursor::{Cursor, Read};
use crate::sql::token::{dollar_body, tokens_within};

/// `DO`, after the word.
pub(super) fn read(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let mut body = None;
    while !cursor.is_done() {
        if cursor.eat("language") {
            cursor.next();
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
    let tokens = match dollar_body(body, cursor.text) {
        Some(span) => tokens_within(cursor.text, span, cursor.dialect),
        None => Vec::new(),
    };
    let inner = Cursor::new(cursor.text, cursor.dialect, &tokens);
    let understood = straight_line(&inner).or_else(|| rows_only(&inner));
    match understood {
        Some(operations) if operations.is_empty() => whole(cursor, no_effect("do"), out),
        Some(operations) => out.operations.extend(operations),
        None => whole(cursor, opaque(cursor, &inner), out),
    }
    Ok(())
}

fn opaque(cursor: &Cursor, inner: &Cursor) -> SchemaOp {
    let built = ["execute", "call"].iter().any(|word| has_word(inner, word));
    SchemaOp::Opaque(Opaque {
        names: names_in(cursor),
        beyond_names: inner.tokens.is_empty() || built || !unknown_calls(inner).is_empty(),
        reason: "the body of DO was not read".into(),
    })
}

fn has_word(cursor: &Cursor, word: &str) -> bool {
    cursor
        .tokens
        .iter()
        .any(|token| token.is_word(cursor.text, word))
}

/// The ranges of tokens between semicolons.
fn statements(cursor: &Cursor, range: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = range.start;
    for index in range.clone() {
        if cursor.tokens[index].is_symbol(cursor.text, ";") {
            found.push(start..index);
            start = index + 1;
        }
    }
    found.push(start..range.end);
    found.retain(|range| !range.is_empty());
    found
}

/// `BEGIN a; b; END`, or `BEGIN a; EXCEPTION WHEN … THEN NULL; END`.
fn straight_line(body: &Cursor) -> Option<Vec<Operation>> {
    let mut end = body.tokens.len();
    while end > 0 && body.tokens[end - 1].is_symbol(body.text, ";") {
        end -= 1;
    }
    let closes = end >= 2 && body.tokens[end - 1].is_word(body.text, "end");
    if !body.is("begin") || !closes {
        return None;
    }
    let handler = (1..end).find(|index| {
        body.tokens[*index].is_word(body.text, "exception")
            && body.tokens[*index - 1].is_symbol(body.text, ";")
    });
    let mut out = Out::default();
    let statements = statements(body, 1..handler.unwrap_or(end - 1));
    for range in &statements {
        read_statement(&body.part(range.clone()), &mut out)?;
    }
    if let Some(handler) = handler {
        if statements.len() != 1 || !handler_is_silent(&body.part(handler + 1..end - 1)) {
            return None;
        }
        for operation in &mut out.operations {
            tolerate(&mut operation.op);
        }
    }
    Some(out.operations)
}

/// Lowers one statement of a body; `None` when it is not plain SQL that was understood.
fn read_statement(statement: &Cursor, out: &mut Out) -> Option<()> {
    const SQL: [&str; 11] = [
        "create", "alter", "drop", "comment", "grant", "revoke", "insert", "update", "delete",
        "truncate", "with",
    ];
    if statement.is("null") || is_message(statement) {
        return Some(());
    }
    if !SQL.iter().any(|word| statement.is(word)) {
        return None;
    }
    let before = out.operations.len();
    let mut read = statement.clone();
    dispatch(&mut read, out).ok()?;
    let understood = |operation: &Operation| !matches!(operation.op, SchemaOp::Opaque(_));
    (read.is_done() && out.operations[before..].iter().all(understood)).then_some(())
}

/// `RAISE NOTICE …` and weaker.
fn is_message(statement: &Cursor) -> bool {
    [
        "raise notice",
        "raise warning",
        "raise info",
        "raise log",
        "raise debug",
    ]
    .iter()
    .any(|phrase| statement.is_phrase(phrase))
}

/// `WHEN a OR b THEN NULL; WHEN …`: nothing is done about the failure.
fn handler_is_silent(handler: &Cursor) -> bool {
    let mut rest = handler.clone();
    while !rest.is_done() {
        if rest.eat("when") {
            while !rest.is_done() && !rest.eat("then") {
                rest.at += 1;
            }
        } else if rest.eat("null") || rest.eat_symbol(";") {
        } else if is_message(&rest) {
            while !rest.is_done() && !rest.is_symbol(";") {
                rest.at += 1;
            }
        } else {
            return false;
        }
    }
    true
}

/// A failure of `op` is caught: the object may be there, or be missing.
fn tolerate(op: &mut SchemaOp) {
    match op {
        SchemaOp::CreateTable { creation, .. }
        | SchemaOp::CreateView { creation, .. }
        | SchemaOp::CreateRoutine { creation, .. }
        | SchemaOp::CreateTrigger { creation, .. } => {
            if *creation == Creation::New {
                *creation = Creation::IfNotExists;
            }
        }
        SchemaOp::CreateSchema { existence, .. }
        | SchemaOp::DropSchema { existence, .. }
        | SchemaOp::CreateSequence { existence, .. }
        | SchemaOp::SetSequenceOwner { existence, .. }
        | SchemaOp::CreateIndex { existence, .. }
        | SchemaOp::DropRelation { existence, .. }
        | SchemaOp::RenameRelation { existence, .. }
        | SchemaOp::MoveRelation { existence, .. }
        | SchemaOp::AddColumn { existence, .. }
        | SchemaOp::DropColumn { existence, .. }
        | SchemaOp::DropConstraint { existence, .. }
        | SchemaOp::DropType { existence, .. }
        | SchemaOp::AddEnumLabel { existence, .. }
        | SchemaOp::DropRoutine { existence, .. }
        | SchemaOp::DropTrigger { existence, .. }
        | SchemaOp::DropPolicy { existence, .. }
        | SchemaOp::DropRole { existence, .. }
        | SchemaOp::CreateExtension { existence, .. }
        | SchemaOp::DropExtension { existence, .. }
        | SchemaOp::DropOther { existence, .. } => *existence = Existence::Tolerated,
        // These have no place for it; applying one that does not fit changes nothing.
        SchemaOp::RenameSchema { .. }
        | SchemaOp::RenameColumn { .. }
        | SchemaOp::AlterColumn { .. }
        | SchemaOp::AddConstraint { .. }
        | SchemaOp::RenameConstraint { .. }
        | SchemaOp::ValidateConstraint { .. }
        | SchemaOp::CreateType { .. }
        | SchemaOp::RenameType { .. }
        | SchemaOp::MoveType { .. }
        | SchemaOp::RenameEnumLabel { .. }
        | SchemaOp::AlterType { .. }
        | SchemaOp::RenameRoutine { .. }
        | SchemaOp::MoveRoutine { .. }
        | SchemaOp::RenameTrigger { .. }
        | SchemaOp::EnableTrigger { .. }
        | SchemaOp::CreatePolicy { .. }
        | SchemaOp::AlterPolicy { .. }
        | SchemaOp::RenamePolicy { .. }
        | SchemaOp::SetRowSecurity { .. }
        | SchemaOp::AttachPartition { .. }
        | SchemaOp::DetachPartition { .. }
        | SchemaOp::Inherit { .. }
        | SchemaOp::NoInherit { .. }
        | SchemaOp::Grant(_)
        | SchemaOp::Revoke(_)
        | SchemaOp::AlterDefaultPrivileges { .. }
        | SchemaOp::CreateRole { .. }
        | SchemaOp::AlterRole { .. }
        | SchemaOp::RenameRole { .. }
        | SchemaOp::SetOwner { .. }
        | SchemaOp::CreateOther { .. }
        | SchemaOp::Data(_)
        | SchemaOp::Transaction(_)
        | SchemaOp::Session(_)
        | SchemaOp::NoEffect { .. }
        | SchemaOp::Opaque(_) => {}
    }
}

/// A body that holds no word which could change the schema, and calls nothing unknown: what it
/// writes to rows, as if it certainly ran.
fn rows_only(body: &Cursor) -> Option<Vec<Operation>> {
    const CHANGES: [&str; 14] = [
        "create", "alter", "drop", "execute", "call", "grant", "revoke", "import", "reassign",
        "refresh", "reset", "commit", "rollback", "copy",
    ];
    let changes = CHANGES.iter().any(|word| has_word(body, word));
    if body.tokens.is_empty() || changes || !unknown_calls(body).is_empty() {
        return None;
    }
    let mut out = Out::default();
    for range in statements(body, 0..body.tokens.len()) {
        let starts = |index: &usize| {
            let token = body.tokens[*index];
            let first = *index == range.start
                || ["then", "else", "loop", "begin"]
                    .iter()
                    .any(|word| body.tokens[*index - 1].is_word(body.text, word));
            let writes = [
                "insert", "update", "delete", "truncate", "with", "merge", "set",
            ];
            first && writes.iter().any(|word| token.is_word(body.text, word))
        };
        let Some(start) = range.clone().find(starts) else {
            continue;
        };
        let mut statement = body.part(start..range.end);
        if statement.is("set") {
            return None;
        }
        let before = out.operations.len();
        dispatch(&mut statement, &mut out).ok()?;
        let all_data = out.operations[before..]
            .iter()
            .all(|operation| matches!(operation.op, SchemaOp::Data(_)));
        if !all_data {
            return None;
        }
    }
    Some(out.operations)
}
