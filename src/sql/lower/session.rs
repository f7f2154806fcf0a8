//! Transactions, settings, commands to the client, and upkeep that no query sees.

use super::{Out, no_effect, whole};
use crate::schema::name::Ident;
use crate::schema::op::{Opaque, Runs, SchemaOp, SessionOp, SettingScope, TransactionOp};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Read};
use crate::sql::token::{self, TokenKind};
use crate::sql::{Dialect, Operation};

/// `BEGIN` and its family; `word` has been read.
pub(super) fn transaction(cursor: &mut Cursor, word: &str, out: &mut Out) -> Read<()> {
    let op = match word {
        "prepare" => {
            cursor.expect("transaction")?;
            TransactionOp::Prepare(cursor.string()?.into())
        }
        "commit" if cursor.eat("prepared") => {
            TransactionOp::CommitPrepared(cursor.string()?.into())
        }
        "rollback" if cursor.eat("prepared") => {
            TransactionOp::RollbackPrepared(cursor.string()?.into())
        }
        "savepoint" => TransactionOp::Savepoint(cursor.ident()?),
        "release" => {
            cursor.eat("savepoint");
            TransactionOp::Release(cursor.ident()?)
        }
        "begin" | "start" => {
            if word == "start" {
                cursor.expect("transaction")?;
            } else {
                cursor.eat_any(&["work", "transaction", "immediate", "deferred", "exclusive"]);
                cursor.eat("transaction");
            }
            read_modes(cursor)?;
            TransactionOp::Begin
        }
        _ => {
            cursor.eat_any(&["work", "transaction"]);
            let ends = word == "commit" || word == "end";
            if !ends && cursor.eat("to") {
                cursor.eat("savepoint");
                TransactionOp::RollbackTo(cursor.ident()?)
            } else {
                let chain = cursor.eat("and chain");
                cursor.eat("and no chain");
                let op = if ends {
                    TransactionOp::Commit
                } else {
                    TransactionOp::Rollback
                };
                if chain {
                    whole(cursor, SchemaOp::Transaction(op), out);
                    TransactionOp::Begin
                } else {
                    op
                }
            }
        }
    };
    whole(cursor, SchemaOp::Transaction(op), out);
    Ok(())
}

/// `ISOLATION LEVEL …`, `READ ONLY`, `DEFERRABLE`.
fn read_modes(cursor: &mut Cursor) -> Read<()> {
    const MODES: [&str; 10] = [
        "isolation level serializable",
        "isolation level repeatable read",
        "isolation level read committed",
        "isolation level read uncommitted",
        "read write",
        "read only",
        "not deferrable",
        "deferrable",
        "with consistent snapshot",
        "read",
    ];
    while !cursor.is_done() {
        cursor.eat_symbol(",");
        if !cursor.eat_any(&MODES) {
            return Err(cursor.refuse("a transaction mode"));
        }
    }
    Ok(())
}

/// `SET`, after the word.
pub(super) fn set(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let unscoped = ["to", "="];
    let is_name = unscoped.iter().any(|word| cursor.is_at(1, word))
        || cursor
            .peek_at(1)
            .is_some_and(|token| token.is_symbol(cursor.text, "="));
    let mut scope = SettingScope::Session;
    if !is_name {
        if cursor.eat("local") {
            scope = SettingScope::Transaction;
        } else if !cursor.is_phrase("session authorization") {
            cursor.eat_any(&["session", "global"]);
        }
    }
    let op = if cursor.eat_any(&["constraints", "transaction", "characteristics"]) {
        cursor.at = cursor.tokens.len();
        no_effect("set transaction")
    } else if cursor.eat("role") || cursor.eat("session authorization") {
        cursor.eat_symbol("=");
        cursor.eat("to");
        let role = if cursor.eat_any(&["none", "default"]) {
            None
        } else {
            Some(read_role(cursor)?)
        };
        SchemaOp::Session(SessionOp::Role { role, scope })
    } else if cursor.eat("time zone") {
        setting(cursor, "timezone".to_owned(), scope)?
    } else if cursor.dialect != Dialect::Postgres {
        // Lists of variables and `SET NAMES` concern the session alone.
        let name = token::folded(
            &cursor.tokens[cursor.at..cursor.tokens.len().min(cursor.at + 1)],
            cursor.text,
        );
        cursor.at += 1;
        setting(cursor, name.to_ascii_lowercase(), scope)?
    } else {
        let mut name = cursor.any_word()?.as_str().to_owned();
        while cursor.eat_symbol(".") {
            name.push('.');
            name.push_str(cursor.any_word()?.as_str());
        }
        if name != "names" && name != "schema" && !cursor.eat("to") {
            cursor.expect_symbol("=")?;
        }
        match name.as_str() {
            "search_path" | "schema" => SchemaOp::Session(SessionOp::SearchPath {
                path: read_path(cursor)?,
                scope,
            }),
            _ => setting(cursor, name, scope)?,
        }
    };
    whole(cursor, op, out);
    Ok(())
}

fn read_role(cursor: &mut Cursor) -> Read<Ident> {
    match cursor.string() {
        Ok(role) => Ok(Ident::new(&role)),
        Err(_) => cursor.ident(),
    }
}

fn setting(cursor: &mut Cursor, name: String, scope: SettingScope) -> Read<SchemaOp> {
    let start = cursor.at;
    cursor.at = cursor.tokens.len();
    if start >= cursor.at {
        return Err(cursor.refuse("a value"));
    }
    let value = token::folded(&cursor.tokens[start..], cursor.text);
    Ok(SchemaOp::Session(SessionOp::Other {
        name: name.into(),
        value: value.into(),
        scope,
    }))
}

/// `a, "B", 'c'`, or `DEFAULT`.
fn read_path(cursor: &mut Cursor) -> Read<Option<Vec<Ident>>> {
    if cursor.eat("default") {
        return Ok(None);
    }
    let path = cursor.list(|cursor| match cursor.peek().map(|token| token.kind) {
        // One string is one schema, whatever commas it holds.
        Some(TokenKind::String) => cursor.string().map(|name| Ident::new(&name)),
        _ => cursor.any_word(),
    })?;
    Ok(Some(
        path.into_iter()
            .filter(|schema| !schema.as_str().is_empty())
            .collect(),
    ))
}

/// `RESET`, after the word.
pub(super) fn reset(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let scope = SettingScope::Session;
    if cursor.eat("all") {
        let path = SchemaOp::Session(SessionOp::SearchPath { path: None, scope });
        whole(cursor, path, out);
        return Ok(());
    }
    let op = if cursor.eat("role") || cursor.eat("session authorization") {
        SessionOp::Role { role: None, scope }
    } else if cursor.eat("search_path") {
        SessionOp::SearchPath { path: None, scope }
    } else {
        let start = cursor.at;
        cursor.object_name()?;
        cursor.eat("zone");
        let name =
            token::folded(&cursor.tokens[start..cursor.at], cursor.text).to_ascii_lowercase();
        SessionOp::Other {
            name: name.into(),
            value: "default".into(),
            scope,
        }
    };
    whole(cursor, SchemaOp::Session(op), out);
    Ok(())
}

/// Upkeep: nothing that a query sees.
pub(super) fn neutral(cursor: &mut Cursor, word: &str, out: &mut Out) -> Read<()> {
    if word == "refresh" {
        cursor.expect("materialized view")?;
        cursor.eat("concurrently");
        cursor.object_name()?;
        cursor.eat_any(&["with no data", "with data"]);
    } else {
        cursor.at = cursor.tokens.len();
    }
    let op = if word == "discard"
        && cursor
            .tokens
            .get(1)
            .is_some_and(|next| next.is_word(cursor.text, "all"))
    {
        SchemaOp::Session(SessionOp::SearchPath {
            path: None,
            scope: SettingScope::Session,
        })
    } else {
        no_effect(word)
    };
    whole(cursor, op, out);
    Ok(())
}

/// A line for psql or for MySQL's client.
pub(in crate::sql) fn client_command(cursor: &Cursor, span: Span) -> Vec<Operation> {
    let line = span.of(cursor.text);
    let command = line.trim_start_matches(['\\', '.']);
    let word: String = command.chars().take_while(|c| !c.is_whitespace()).collect();
    let op = match word.as_str() {
        "copy" => {
            let tokens = cursor.tokens.get(1..).unwrap_or(&[]);
            let mut operations = super::lower(&Cursor::new(cursor.text, cursor.dialect, tokens));
            for operation in &mut operations {
                operation.span = span;
            }
            return operations;
        }
        "i" | "ir" | "include" | "include_relative" | "gexec" | "if" | "elif" | "else"
        | "endif" | "!" | "q" | "quit" | "read" | "source" => SchemaOp::Opaque(Opaque {
            names: Vec::new(),
            beyond_names: true,
            reason: format!("the client command `{word}` was not followed").into(),
        }),
        _ => no_effect(&format!("client command {word}")),
    };
    vec![Operation {
        op,
        span,
        runs: Runs::Always,
    }]
}
