//! One statement to operations.
//!
//! Input: the tokens of one statement. Output: [`Operation`]s with spans, never none. All forms
//! are read by hand from our own tokens: spans are exact to the byte, clauses that no general
//! parser takes are read like the others, and nothing recurses, so that no input exhausts the
//! stack. What does not fit becomes [`SchemaOp::Opaque`] with the names that can be read.

mod access;
pub(super) mod body;
mod column;
mod condition;
mod data;
mod functions;
mod index;
mod object;
mod opaque;
pub(super) mod plpgsql;
mod query;
mod routine;
mod rule;
mod session;
mod table;
#[cfg(test)]
mod tests;
mod types;
pub(super) mod value;

use std::sync::Arc;

use super::cursor::{Cursor, Read, Refused};
use super::{Dialect, Operation};
use crate::schema::name::Ident;
use crate::schema::op::{Creation, GrantTarget, OtherKind, RelationKind, Runs, SchemaOp};
use crate::source::Span;

use self::opaque::{names_in, opaque};

/// Where operations are collected.
#[derive(Default)]
struct Out {
    operations: Vec<Operation>,
}

impl Out {
    fn push(&mut self, op: SchemaOp, span: Span) {
        self.operations.push(Operation {
            op,
            span,
            runs: Runs::Always,
        });
    }
}

/// The operations of one statement, never none.
pub(super) fn lower(cursor: &Cursor) -> Vec<Operation> {
    let mut out = Out::default();
    let mut read = cursor.clone();
    let outcome = statement(&mut read, &mut out).and_then(|()| {
        if out.operations.is_empty() {
            Err(read.refuse("a statement"))
        } else {
            Ok(())
        }
    });
    if let Err(Refused(reason)) = outcome {
        out.operations.clear();
        out.push(
            opaque(cursor, None, &reason),
            cursor.span_of(0..cursor.tokens.len()),
        );
    }
    out.operations
}

/// A statement about a prepared one.
pub(super) enum Prepared {
    /// `PREPARE name AS …`, with what it does.
    Made(Ident, Vec<SchemaOp>),
    /// `EXECUTE name`
    Run(Ident),
}

/// Whether a statement prepares another or runs one that was prepared.
pub(super) fn prepared(cursor: &Cursor) -> Option<Prepared> {
    let mut cursor = cursor.clone();
    if cursor.dialect != Dialect::Postgres {
        return None;
    }
    if cursor.eat("execute") {
        return cursor.ident().ok().map(Prepared::Run);
    }
    if !cursor.eat("prepare") || cursor.is("transaction") {
        return None;
    }
    let name = cursor.ident().ok()?;
    if cursor.is_symbol("(") {
        cursor.parentheses().ok()?;
    }
    cursor.expect("as").ok()?;
    let operations = lower(&cursor.part(cursor.at..cursor.tokens.len()));
    Some(Prepared::Made(
        name,
        operations.into_iter().map(|it| it.op).collect(),
    ))
}

/// The operation of a text that cannot be read, and of client commands.
pub(super) use self::opaque::unreadable;
pub(super) use self::routine::read_result;
pub(super) use self::session::client_command;
pub(super) use self::types::read_type;

/// Adds an operation that the whole statement makes.
fn whole(cursor: &mut Cursor, op: SchemaOp, out: &mut Out) {
    out.push(op, cursor.span_of(0..cursor.tokens.len()));
}

/// Understood, and nothing that a query sees.
fn no_effect(what: &str) -> SchemaOp {
    SchemaOp::NoEffect {
        what: Arc::from(what),
    }
}

/// Reads one statement to its end.
fn statement(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    dispatch(cursor, out)?;
    cursor.expect_end()
}

fn dispatch(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let Some(first) = cursor.peek() else {
        return Err(cursor.refuse("a statement"));
    };
    let word = first.text(cursor.text).to_ascii_lowercase();
    match word.as_str() {
        "with" | "select" | "insert" | "replace" | "update" | "delete" | "merge" | "values"
        | "table" | "(" => return data::data(cursor, out),
        _ => {}
    }
    cursor.at += 1;
    match word.as_str() {
        "create" => create(cursor, out),
        "alter" => alter(cursor, out),
        "drop" => object::drop(cursor, out),
        "truncate" => data::truncate(cursor, out),
        "copy" => data::copy(cursor, out),
        "lock" => data::lock(cursor, out),
        "comment" => {
            cursor.expect("on")?;
            cursor.until(|cursor| cursor.is("is"))?;
            cursor.expect("is")?;
            if !cursor.eat("null") {
                cursor.string()?;
                while cursor.string().is_ok() {}
            }
            whole(cursor, no_effect("comment"), out);
            Ok(())
        }
        // Accounts of these servers are not followed; what a role loses is.
        "grant" if cursor.dialect != Dialect::Postgres => {
            cursor.at = cursor.tokens.len();
            whole(cursor, no_effect("grant"), out);
            Ok(())
        }
        "grant" | "revoke" => access::grant(cursor, word == "grant", out),
        "rename" if cursor.dialect != Dialect::Postgres => object::rename_tables(cursor, out),
        "do" => body::read_do(cursor, out),
        "begin" | "start" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release" => {
            session::transaction(cursor, &word, out)
        }
        "set" => session::set(cursor, out),
        "reset" => session::reset(cursor, out),
        "vacuum" | "analyze" | "analyse" | "reindex" | "cluster" | "discard" | "checkpoint"
        | "notify" | "listen" | "unlisten" | "refresh" | "show" | "load" | "security" | "fetch"
        | "close" | "move" | "deallocate" | "pragma" | "use" | "unlock" | "optimize" | "flush" => {
            session::neutral(cursor, &word, out)
        }
        "explain" => {
            // With ANALYZE the statement runs.
            let start = cursor.at;
            if cursor.is_symbol("(") && !cursor.is_at(1, "select") && !cursor.is_at(1, "with") {
                cursor.parentheses()?;
            }
            while cursor.eat_any(&["analyze", "verbose"]) {}
            let runs = cursor.tokens[start..cursor.at]
                .iter()
                .any(|token| token.is_word(cursor.text, "analyze"));
            if runs {
                return data::data(&mut cursor.part(cursor.at..cursor.tokens.len()), out)
                    .map(|()| cursor.at = cursor.tokens.len());
            }
            cursor.at = cursor.tokens.len();
            whole(cursor, no_effect("explain"), out);
            Ok(())
        }
        // Whose an object is decides what its owner may do, which is not followed.
        "reassign" if cursor.eat("owned by") => {
            cursor.at = cursor.tokens.len();
            whole(cursor, no_effect("reassign owned"), out);
            Ok(())
        }
        "import" if cursor.eat("foreign schema") => object::import_foreign_schema(cursor, out),
        "prepare" if cursor.is("transaction") => session::transaction(cursor, &word, out),
        "prepare" => {
            cursor.at = cursor.tokens.len();
            whole(cursor, no_effect("prepare"), out);
            Ok(())
        }
        "declare" => {
            cursor.ident()?;
            cursor.until(|cursor| cursor.is("for"))?;
            cursor.expect("for")?;
            data::data(&mut cursor.part(cursor.at..cursor.tokens.len()), out)?;
            cursor.at = cursor.tokens.len();
            Ok(())
        }
        "call" | "execute" => {
            if word == "call" && cursor.dialect == Dialect::Postgres {
                return data::call(cursor, &value::Values::new(), out);
            }
            cursor.at = cursor.tokens.len();
            let op = data::unseen(
                cursor,
                &format!("what {} runs was not read", word.to_ascii_uppercase()),
            );
            whole(cursor, op, out);
            Ok(())
        }
        _ => {
            cursor.at -= 1;
            Err(cursor.refuse("a statement"))
        }
    }
}

fn create(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let start = cursor.at;
    let creation = if cursor.eat("or replace") {
        Creation::OrReplace
    } else {
        Creation::New
    };
    if matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) {
        skip_mysql_view_options(cursor)?;
    }
    let plain = cursor.at;
    cursor.eat_any(&["global", "local"]);
    let temporary = cursor.eat_any(&["temporary", "temp"]);
    cursor.eat_any(&["unlogged", "recursive"]);
    if cursor.is("table") || cursor.is_phrase("foreign table") {
        if creation == Creation::OrReplace {
            return Err(cursor.refuse("`FUNCTION` or `VIEW`"));
        }
        cursor.at = plain;
        return table::create_table(cursor, out);
    }
    if cursor.is("view") || cursor.is_phrase("materialized view") {
        return object::create_view(cursor, temporary, creation, out);
    }
    if cursor.eat("sequence") {
        return table::create_sequence(cursor, temporary, out);
    }
    if cursor.is("trigger") || cursor.is_phrase("constraint trigger") {
        return routine::create_trigger(cursor, creation, out);
    }
    cursor.at = plain;
    if cursor.eat("rule") {
        return rule::create(cursor, creation == Creation::OrReplace, out);
    }
    if ["function", "procedure", "aggregate"]
        .iter()
        .any(|kind| cursor.is(kind))
    {
        return routine::create_routine(cursor, creation, out);
    }
    if creation == Creation::OrReplace {
        return other_create(cursor, out);
    }
    cursor.at = start;
    let index = ["index", "unique index", "fulltext index", "spatial index"];
    if index.iter().any(|phrase| cursor.is_phrase(phrase)) {
        return index::create_index(cursor, out);
    }
    if cursor.eat("type") {
        return object::create_type(cursor, out);
    }
    if cursor.eat("domain") {
        return object::create_domain(cursor, out);
    }
    if cursor.eat("policy") {
        return access::create_policy(cursor, out);
    }
    if cursor.eat("schema") {
        return object::create_schema(cursor, out);
    }
    if cursor.eat("extension") {
        return object::create_extension(cursor, out);
    }
    if cursor.dialect != Dialect::Postgres && cursor.eat_any(&["user", "role"]) {
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("create user"), out);
        return Ok(());
    }
    if !cursor.is_phrase("user mapping") {
        for (word, login) in [("role", false), ("group", false), ("user", true)] {
            if cursor.eat(word) {
                return access::create_role(cursor, login, out);
            }
        }
    }
    other_create(cursor, out)
}

fn skip_mysql_view_options(cursor: &mut Cursor) -> Read<()> {
    loop {
        if cursor.eat("algorithm") {
            cursor.expect_symbol("=")?;
            cursor.any_word()?;
        } else if cursor.eat("definer") {
            cursor.expect_symbol("=")?;
            cursor.next();
            // `@` and the host, which has quotes of its own or is one token with the sign.
            while cursor
                .peek()
                .is_some_and(|token| token.text(cursor.text).starts_with('@'))
            {
                let is_alone = cursor.peek().is_some_and(|it| it.end() - it.start() == 1);
                cursor.at += 1 + usize::from(is_alone);
            }
            if cursor.is_symbol("(") {
                cursor.parentheses()?;
            }
        } else if !cursor.eat_any(&["sql security definer", "sql security invoker"]) {
            return Ok(());
        }
    }
}

/// The kinds of which the catalog keeps only the name, by the words after `CREATE` and `DROP`.
const OTHER: [(&str, OtherKind); 24] = [
    ("collation", OtherKind::Collation),
    ("default conversion", OtherKind::Conversion),
    ("conversion", OtherKind::Conversion),
    ("operator class", OtherKind::Operator),
    ("operator family", OtherKind::Operator),
    ("operator", OtherKind::Operator),
    ("cast", OtherKind::Cast),
    ("text search configuration", OtherKind::TextSearch),
    ("text search dictionary", OtherKind::TextSearch),
    ("text search parser", OtherKind::TextSearch),
    ("text search template", OtherKind::TextSearch),
    ("statistics", OtherKind::Statistics),
    ("event trigger", OtherKind::EventTrigger),
    ("publication", OtherKind::Publication),
    ("subscription", OtherKind::Subscription),
    ("foreign data wrapper", OtherKind::Foreign),
    ("server", OtherKind::Foreign),
    ("user mapping", OtherKind::Foreign),
    ("trusted language", OtherKind::Language),
    ("procedural language", OtherKind::Language),
    ("language", OtherKind::Language),
    ("access method", OtherKind::AccessMethod),
    ("tablespace", OtherKind::Tablespace),
    ("database", OtherKind::Database),
];

/// The kind of object whose words come next.
fn other_kind(cursor: &mut Cursor) -> Option<OtherKind> {
    let found = OTHER
        .iter()
        .find_map(|(phrase, kind)| cursor.eat(phrase).then_some(*kind));
    if found == Some(OtherKind::Language) {
        cursor.eat_any(&["procedural language", "language"]);
    }
    found
}

fn other_create(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    if cursor.eat("transform for") {
        // How values reach a language is nothing that a query names.
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("transform"), out);
        return Ok(());
    }
    let Some(kind) = other_kind(cursor) else {
        return Err(cursor.refuse("an object to create"));
    };
    cursor.if_not_exists();
    let name = object::other_name(cursor, kind)?;
    cursor.at = cursor.tokens.len();
    whole(cursor, SchemaOp::CreateOther { kind, name }, out);
    Ok(())
}

fn alter(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let relations = [
        ("foreign table", RelationKind::ForeignTable),
        ("table", RelationKind::Table),
        ("materialized view", RelationKind::MaterializedView),
        ("view", RelationKind::View),
        ("index", RelationKind::Index),
    ];
    for (phrase, kind) in relations {
        if cursor.eat(phrase) {
            return table::alter_table(cursor, kind, out);
        }
    }
    if cursor.eat("sequence") {
        return table::alter_sequence(cursor, out);
    }
    if cursor.eat("type") {
        return object::alter_type(cursor, out);
    }
    if cursor.eat("domain") {
        return object::alter_domain(cursor, out);
    }
    if cursor.eat("policy") {
        return access::alter_policy(cursor, out);
    }
    if cursor.eat("rule") {
        return rule::alter(cursor, out);
    }
    if cursor.eat("trigger") {
        return routine::alter_trigger(cursor, out);
    }
    if cursor.eat_any(&["function", "procedure", "aggregate", "routine"]) {
        return routine::alter_routine(cursor, out);
    }
    if cursor.eat("schema") {
        let name = cursor.ident()?;
        let op = if cursor.eat("rename to") {
            SchemaOp::RenameSchema {
                name,
                to: cursor.ident()?,
            }
        } else {
            cursor.expect("owner to")?;
            SchemaOp::SetOwner {
                target: GrantTarget::Schema(name),
                role: access::role(cursor)?,
            }
        };
        whole(cursor, op, out);
        return Ok(());
    }
    if cursor.eat("default privileges") {
        return access::default_privileges(cursor, out);
    }
    if cursor.eat("extension") {
        return object::alter_extension(cursor, out);
    }
    if cursor.eat("transform for") {
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("transform"), out);
        return Ok(());
    }
    if !cursor.is_phrase("user mapping") && cursor.eat_any(&["role", "user", "group"]) {
        return access::alter_role(cursor, out);
    }
    if cursor.eat("system") || cursor.eat("large object") {
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("alter system"), out);
        return Ok(());
    }
    object::alter_other(cursor, out)
}
