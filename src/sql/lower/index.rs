//! Indexes.

use std::ops::Range;

use super::Out;
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{IndexDef, IndexKey, KeyOptions, SchemaOp};
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::Token;

/// `CREATE … INDEX`, from the word after `CREATE` on.
pub(super) fn create_index(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let unique = cursor.eat("unique");
    cursor.eat_any(&["fulltext", "spatial"]);
    cursor.expect("index")?;
    let concurrently = cursor.eat("concurrently");
    let existence = cursor.if_not_exists();
    let name = if cursor.is("on") {
        None
    } else {
        Some(cursor.object_name()?.name)
    };
    let mut method = if cursor.eat("using") {
        Some(cursor.ident()?)
    } else {
        None
    };
    cursor.expect("on")?;
    let only = cursor.eat("only");
    let table = cursor.object_name()?;
    if cursor.eat("using") {
        method = Some(cursor.ident()?);
    }
    let (keys, options) = read_keys(cursor)?;
    let mut index = IndexDef {
        name,
        table,
        unique,
        nulls_not_distinct: false,
        method: method.unwrap_or_else(|| Ident::new("btree")),
        keys,
        options,
        include: Vec::new(),
        predicate: None,
        concurrently,
        only,
    };
    while !cursor.is_done() {
        if cursor.eat("include") {
            index.include = cursor.ident_list()?;
        } else if cursor.eat("nulls not distinct") {
            index.nulls_not_distinct = true;
        } else if cursor.eat("nulls distinct") {
        } else if cursor.eat("with") {
            cursor.parentheses()?;
        } else if cursor.eat("tablespace") {
            cursor.ident()?;
        } else if cursor.eat("where") {
            let start = cursor.at;
            cursor.until(|_| false)?;
            index.predicate = Some(cursor.expression_of(start..cursor.at)?);
        } else {
            read_mysql_option(cursor)?;
        }
    }
    super::whole(
        cursor,
        SchemaOp::CreateIndex {
            index: Box::new(index),
            existence,
        },
        out,
    );
    Ok(())
}

fn read_mysql_option(cursor: &mut Cursor) -> Read<()> {
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    if !mysql {
        return Err(cursor.refuse("the end"));
    }
    if cursor.eat_any(&[
        "using",
        "algorithm",
        "lock",
        "key_block_size",
        "comment",
        "visible",
        "invisible",
    ]) {
        cursor.eat_symbol("=");
        cursor.next();
        return Ok(());
    }
    Err(cursor.refuse("an index option"))
}

/// `( key, … )`, each key with its operator class and order; no options where all are usual.
fn read_keys(cursor: &mut Cursor) -> Read<(Vec<IndexKey>, Vec<KeyOptions>)> {
    let range = cursor.parentheses()?;
    read_each_key(cursor, range, |part| part.expect_end())
}

/// The keys of `EXCLUDE ( key WITH operator, … )`.
pub(super) fn read_exclusion_keys(
    cursor: &Cursor,
    range: Range<usize>,
) -> Read<(Vec<IndexKey>, Vec<KeyOptions>)> {
    read_each_key(cursor, range, |part| {
        part.expect("with")?;
        if part.eat("operator") {
            part.parentheses()?;
        } else {
            part.next();
        }
        part.expect_end()
    })
}

fn read_each_key(
    cursor: &Cursor,
    range: Range<usize>,
    rest: impl Fn(&mut Cursor) -> Read<()>,
) -> Read<(Vec<IndexKey>, Vec<KeyOptions>)> {
    if range.is_empty() {
        return Err(cursor.refuse("an index key"));
    }
    let mut keys = Vec::new();
    let mut all_options = Vec::new();
    for part in cursor.split_commas(range) {
        let mut part = cursor.part(part);
        let (key, options) = read_index_key(&mut part)?;
        rest(&mut part)?;
        keys.push(key);
        all_options.push(options);
    }
    if all_options.iter().all(|it| *it == KeyOptions::default()) {
        all_options.clear();
    }
    Ok((keys, all_options))
}

fn read_index_key(part: &mut Cursor) -> Read<(IndexKey, KeyOptions)> {
    let prefix_length = |part: &Cursor| {
        let number = part
            .peek_at(2)
            .is_some_and(|token| token.text(part.text).parse::<u32>().is_ok());
        part.dialect != Dialect::Postgres && number
    };
    let open = |part: &Cursor, ahead: usize| {
        part.peek_at(ahead)
            .is_some_and(|token: Token| token.is_symbol(part.text, "("))
    };
    let dotted = part
        .peek_at(1)
        .is_some_and(|token| token.is_symbol(part.text, "."));
    let key = if open(part, 0) {
        IndexKey::Expression(part.parenthesised()?)
    } else if (open(part, 1) && !prefix_length(part))
        || dotted
        || !part.peek().is_some_and(|t| part.is_name(t))
    {
        let start = part.at;
        if part.peek().is_some_and(Token::is_name) {
            part.object_name()
                .or_else(|_| part.any_word().map(ObjectName::bare))?;
            part.parentheses()?;
        } else {
            return Err(part.refuse("an index key"));
        }
        IndexKey::Expression(part.expression_of(start..part.at)?)
    } else {
        let column = part.ident()?;
        if open(part, 0) {
            part.parentheses()?;
        }
        IndexKey::Column(column)
    };
    let mut options = KeyOptions::default();
    if part.eat("collate") {
        options.collation = Some(part.object_name()?);
    }
    let order = ["asc", "desc", "nulls", "with"];
    if !part.is_done() && !order.iter().any(|word| part.is(word)) {
        options.class = Some(part.object_name()?);
        if open(part, 0) {
            part.parentheses()?;
        }
    }
    options.descending = part.eat("desc");
    part.eat("asc");
    options.nulls_first = part.eat("nulls first") || options.descending;
    if part.eat("nulls last") {
        options.nulls_first = false;
    }
    Ok((key, options))
}

/// MySQL's `KEY name (a, b)` inside `CREATE TABLE` and after `ADD`; `None` when it is not one.
pub(super) fn read_key_index(cursor: &mut Cursor, table: &ObjectName) -> Read<Option<SchemaOp>> {
    if !matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) {
        return Ok(None);
    }
    let kind = ["fulltext", "spatial"]
        .into_iter()
        .find(|kind| cursor.eat(kind));
    if !cursor.eat_any(&["index", "key"]) && kind.is_none() {
        return Ok(None);
    }
    let existence = cursor.if_not_exists();
    let named = !cursor.is_symbol("(") && !cursor.is("using");
    let name = if named { Some(cursor.ident()?) } else { None };
    if cursor.eat("using") {
        cursor.ident()?;
    }
    let (keys, options) = read_keys(cursor)?;
    while !cursor.is_done() {
        read_mysql_option(cursor)?;
    }
    let index = IndexDef {
        name,
        table: table.clone(),
        unique: false,
        nulls_not_distinct: false,
        method: Ident::new(kind.unwrap_or("btree")),
        keys,
        options,
        include: Vec::new(),
        predicate: None,
        concurrently: false,
        only: false,
    };
    Ok(Some(SchemaOp::CreateIndex {
        index: Box::new(index),
        existence,
    }))
}

/// `DROP INDEX`, where MySQL names the table beside it.
pub(super) fn drop_index_table(cursor: &mut Cursor) -> Read<Option<ObjectName>> {
    if !cursor.eat("on") {
        return Ok(None);
    }
    if matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) {
        cursor.object_name().map(Some)
    } else {
        Err(Refused("`DROP INDEX … ON` is MySQL's".to_owned()))
    }
}
