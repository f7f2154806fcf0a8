//! Type names, normalised to what the server's catalog calls them.

use std::sync::Arc;

use crate::schema::name::{Ident, ObjectName};
use crate::schema::types::{SqlType, TypeName};
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read};
use crate::sql::token::{TokenKind, is_listed};

/// A type as a column writes it.
pub(super) struct WrittenType {
    /// The type.
    pub(super) data_type: SqlType,
    /// `serial` and its sizes.
    pub(super) serial: bool,
}

/// Reads a type with its modifiers and array brackets.
pub(in crate::sql) fn read_type(cursor: &mut Cursor) -> Read<SqlType> {
    read_column_type(cursor).map(|written| written.data_type)
}

/// Reads a type where `serial` is one.
pub(super) fn read_column_type(cursor: &mut Cursor) -> Read<WrittenType> {
    match cursor.dialect {
        Dialect::Postgres => read_postgres(cursor),
        Dialect::Mysql | Dialect::Mariadb | Dialect::Sqlite => read_other(cursor),
    }
}

fn read_postgres(cursor: &mut Cursor) -> Read<WrittenType> {
    let quoted = cursor
        .peek()
        .is_some_and(|token| token.kind == TokenKind::Quoted);
    let written = cursor.object_name()?;
    if cursor.is_symbol("%") {
        // `users.id%TYPE` in a routine's arguments: known to the server only.
        cursor.at += 1;
        cursor.expect("type")?;
        return Ok(plain(SqlType::unknown()));
    }
    let builtin_schema = written
        .schema
        .as_ref()
        .is_some_and(|schema| schema.as_str() == "pg_catalog");
    let name = written.name.as_str();
    let mut serial = false;
    // In quotes a name is as the server's catalog has it, and pg_catalog is searched first.
    let quoted_builtin = quoted && written.schema.is_none() && BUILTIN.binary_search(&name).is_ok();
    let mut data_type = if builtin_schema || quoted_builtin {
        let modifiers = modifiers(cursor)?;
        SqlType::with_modifiers(name, &normal_modifiers(name, &modifiers, false))
    } else if quoted || written.schema.is_some() {
        user_type(cursor, written)?
    } else {
        match serial_type(name) {
            Some(integer) => {
                serial = true;
                SqlType::builtin(integer)
            }
            None => match keyword_type(cursor, name)? {
                Some(data_type) => data_type,
                None => user_type(cursor, written)?,
            },
        }
    };
    data_type.is_array = array_brackets(cursor)?;
    Ok(WrittenType { data_type, serial })
}

fn plain(data_type: SqlType) -> WrittenType {
    WrittenType {
        data_type,
        serial: false,
    }
}

fn serial_type(name: &str) -> Option<&'static str> {
    match name {
        "serial" | "serial4" => Some("int4"),
        "bigserial" | "serial8" => Some("int8"),
        "smallserial" | "serial2" => Some("int2"),
        _ => None,
    }
}

/// The built-in type that begins with the word `name`, which has been read; `None` when no
/// built-in type does.
fn keyword_type(cursor: &mut Cursor, name: &str) -> Read<Option<SqlType>> {
    let (builtin, standard) = match name {
        "int" | "integer" => ("int4", true),
        "bigint" => ("int8", true),
        "smallint" => ("int2", true),
        "boolean" => ("bool", true),
        "real" => ("float4", true),
        "decimal" | "dec" => ("numeric", true),
        "numeric" => ("numeric", true),
        "double" => {
            cursor.expect("precision")?;
            ("float8", true)
        }
        "float" => {
            let written = modifiers(cursor)?;
            let bits = written.first().copied().unwrap_or(53);
            return Ok(Some(SqlType::builtin(if bits <= 24 {
                "float4"
            } else {
                "float8"
            })));
        }
        "national" => {
            if !cursor.eat_any(&["character", "char"]) {
                return Err(cursor.refuse("`CHARACTER`"));
            }
            (
                if cursor.eat("varying") {
                    "varchar"
                } else {
                    "bpchar"
                },
                true,
            )
        }
        "character" | "char" | "nchar" if cursor.eat("varying") => ("varchar", true),
        "character" | "char" | "nchar" => ("bpchar", true),
        "varchar" => ("varchar", true),
        "bit" if cursor.eat("varying") => ("varbit", true),
        "bit" => ("bit", true),
        "timestamp" | "time" => {
            let modifiers = modifiers(cursor)?;
            let zoned = cursor.eat("with time zone");
            if !zoned {
                cursor.eat("without time zone");
            }
            let builtin = match (name, zoned) {
                ("time", false) => "time",
                ("time", true) => "timetz",
                (_, false) => "timestamp",
                (_, true) => "timestamptz",
            };
            return Ok(Some(SqlType::with_modifiers(builtin, &modifiers)));
        }
        "interval" => {
            let unit = |cursor: &mut Cursor| {
                cursor.eat_any(&["year", "month", "day", "hour", "minute", "second"])
            };
            if unit(cursor) && cursor.eat("to") && !unit(cursor) {
                return Err(cursor.refuse("a unit of time"));
            }
            ("interval", true)
        }
        other => match BUILTIN.binary_search(&other) {
            Ok(index) => (BUILTIN[index], false),
            Err(_) => return Ok(None),
        },
    };
    let modifiers = modifiers(cursor)?;
    Ok(Some(SqlType::with_modifiers(
        builtin,
        &normal_modifiers(builtin, &modifiers, standard),
    )))
}

/// What the server makes of the modifiers: `char` is `char(1)`, `numeric(8)` is `numeric(8,0)`.
fn normal_modifiers(builtin: &str, written: &[i64], standard: bool) -> Vec<i64> {
    match (builtin, written) {
        ("bpchar" | "bit", []) if standard => vec![1],
        ("numeric", [precision]) => vec![*precision, 0],
        _ => written.to_vec(),
    }
}

fn user_type(cursor: &mut Cursor, name: ObjectName) -> Read<SqlType> {
    Ok(SqlType {
        modifiers: Arc::from(modifiers(cursor)?),
        ..SqlType::user(name)
    })
}

/// `(8, 2)`; words and strings in it (`geometry(Point, 4326)`) are passed over.
fn modifiers(cursor: &mut Cursor) -> Read<Vec<i64>> {
    if !cursor.is_symbol("(") {
        return Ok(Vec::new());
    }
    let range = cursor.parentheses()?;
    let mut found = Vec::new();
    let mut sign = 1;
    for token in &cursor.tokens[range] {
        match token.kind {
            TokenKind::Number => {
                let value: i64 = token.text(cursor.text).parse().unwrap_or(i64::MAX);
                found.push(sign * value);
                sign = 1;
            }
            TokenKind::Operator if token.text(cursor.text) == "-" => sign = -1,
            TokenKind::Word | TokenKind::String | TokenKind::Quoted => {}
            TokenKind::Symbol if token.text(cursor.text) == "," => {}
            TokenKind::Symbol
            | TokenKind::Operator
            | TokenKind::Parameter
            | TokenKind::Placeholder => return Err(cursor.refuse("a type's modifiers")),
        }
    }
    Ok(found)
}

/// `[]`, `[3]`, `ARRAY`, `ARRAY[3]`, any number of them.
fn array_brackets(cursor: &mut Cursor) -> Read<bool> {
    let mut found = cursor.eat("array");
    while cursor.eat_symbol("[") {
        if cursor
            .peek()
            .is_some_and(|token| token.kind == TokenKind::Number)
        {
            cursor.at += 1;
        }
        cursor.expect_symbol("]")?;
        found = true;
    }
    Ok(found)
}

/// The word as written in lower case; SQLite takes several words and none at all.
fn read_other(cursor: &mut Cursor) -> Read<WrittenType> {
    let first = cursor.any_word()?;
    let mut name = first.as_str().to_ascii_lowercase();
    if cursor.dialect == Dialect::Sqlite {
        let ends = |cursor: &Cursor| {
            cursor.peek().is_none_or(|token| {
                token.kind != TokenKind::Word || is_listed(token.text(cursor.text), &AFTER_TYPE)
            })
        };
        while !ends(cursor) {
            name.push(' ');
            name.push_str(&cursor.any_word()?.as_str().to_ascii_lowercase());
        }
    } else if name == "double" {
        cursor.eat("precision");
    } else if name == "national" || name == "long" {
        cursor.any_word()?;
    }
    let modifiers = modifiers(cursor)?;
    while cursor.dialect != Dialect::Sqlite && cursor.eat_any(&["unsigned", "signed", "zerofill"]) {
        let sign = &cursor.tokens[cursor.at - 1];
        if sign.is_word(cursor.text, "unsigned") {
            name.push_str(" unsigned");
        }
    }
    let serial = name == "serial" && cursor.dialect != Dialect::Sqlite;
    Ok(WrittenType {
        data_type: SqlType {
            name: TypeName::Builtin(Ident::new(if serial { "bigint unsigned" } else { &name })),
            modifiers: Arc::from(modifiers),
            is_array: false,
        },
        serial,
    })
}

/// Words that end the type of a SQLite column.
const AFTER_TYPE: [&str; 13] = [
    "as",
    "autoincrement",
    "check",
    "collate",
    "constraint",
    "default",
    "generated",
    "not",
    "null",
    "on",
    "primary",
    "references",
    "unique",
];

/// The base types of PostgreSQL 15 and later that a column can have, by `pg_type.typname`.
const BUILTIN: [&str; 94] = [
    "aclitem",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "bit",
    "bool",
    "box",
    "bpchar",
    "bytea",
    "char",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "float4",
    "float8",
    "gtsvector",
    "inet",
    "int2",
    "int2vector",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "internal",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_node_tree",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "text",
    "tid",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "trigger",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "unknown",
    "uuid",
    "varbit",
    "varchar",
    "void",
    "xid",
    "xid8",
    "xml",
];
