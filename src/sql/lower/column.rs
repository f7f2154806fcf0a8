//! Column definitions and table constraints, the same in `CREATE TABLE` and `ALTER TABLE`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::index::read_exclusion_keys;
use super::table::read_sequence_options;
use super::types::{WrittenType, read_column_type, read_type};
use crate::schema::name::Ident;
use crate::schema::op::{
    AllowedValues, ColumnDef, ConstraintDef, ConstraintKind, ConstraintOptions, Exclusion,
    Identity, ReferentialAction, SqlExpr,
};
use crate::schema::types::SqlType;
use crate::source::Span;
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read};
use crate::sql::token::{self, Token, TokenKind, is_listed};

/// A column, and its inline constraints with the text that makes each.
pub(super) struct WrittenColumn {
    /// The column.
    pub(super) column: ColumnDef,
    /// Its constraints other than `NOT NULL`.
    pub(super) constraints: Vec<(ConstraintDef, Span)>,
}

/// Words that end a `DEFAULT` expression.
const AFTER_DEFAULT: [&str; 22] = [
    "after",
    "auto_increment",
    "autoincrement",
    "character",
    "check",
    "collate",
    "comment",
    "constraint",
    "default",
    "deferrable",
    "first",
    "generated",
    "initially",
    "invisible",
    "key",
    "not",
    "null",
    "on",
    "primary",
    "references",
    "unique",
    "visible",
];

/// Reads `name type constraints…` up to a comma or the end.
pub(super) fn read_column(cursor: &mut Cursor) -> Read<WrittenColumn> {
    let name = cursor.ident()?;
    let untyped = cursor.dialect == Dialect::Sqlite
        && cursor.peek().is_none_or(|token| {
            token.kind != TokenKind::Word || is_listed(token.text(cursor.text), &AFTER_DEFAULT)
        });
    let WrittenType { data_type, serial } = if untyped {
        WrittenType {
            data_type: SqlType::builtin(""),
            serial: false,
        }
    } else {
        read_column_type(cursor)?
    };
    let mut column = ColumnDef::new(name, data_type);
    column.serial = serial;
    column.not_null = serial;
    let mut constraints = Vec::new();
    while !cursor.is_done() && !cursor.is_symbol(",") {
        read_column_clause(cursor, &mut column, &mut constraints)?;
    }
    Ok(WrittenColumn {
        column,
        constraints,
    })
}

/// Reads `name [WITH OPTIONS] constraints…`: what a partition says of a column of its parent.
pub(super) fn read_column_options(cursor: &mut Cursor) -> Read<WrittenColumn> {
    let mut column = ColumnDef::new(cursor.ident()?, SqlType::unknown());
    cursor.eat("with options");
    let mut constraints = Vec::new();
    while !cursor.is_done() && !cursor.is_symbol(",") {
        read_column_clause(cursor, &mut column, &mut constraints)?;
    }
    Ok(WrittenColumn {
        column,
        constraints,
    })
}

fn read_column_clause(
    cursor: &mut Cursor,
    column: &mut ColumnDef,
    constraints: &mut Vec<(ConstraintDef, Span)>,
) -> Read<()> {
    let start = cursor.at;
    let name = if cursor.eat("constraint") {
        Some(cursor.ident()?)
    } else {
        None
    };
    let own = vec![column.name.clone()];
    let mut options = ConstraintOptions::default();
    let kind = if cursor.eat("not null") {
        cursor.eat("no inherit");
        column.not_null = true;
        return Ok(());
    } else if cursor.eat("null") {
        return Ok(());
    } else if cursor.eat("default") {
        column.default = read_default(cursor)?;
        return Ok(());
    } else if cursor.eat("collate") {
        column.collation = Some(cursor.object_name()?);
        return Ok(());
    } else if cursor.is("generated") || cursor.is("as") {
        return read_generated(cursor, column);
    } else if cursor.eat("primary key") || is_mysql_key(cursor) {
        column.not_null |= cursor.dialect != Dialect::Sqlite || name.is_some() || is_rowid(column);
        cursor.eat_any(&["asc", "desc"]);
        skip_on_conflict(cursor)?;
        if cursor.eat("autoincrement") {
            column.serial = true;
        }
        ConstraintKind::PrimaryKey {
            columns: own,
            using_index: None,
        }
    } else if cursor.eat("unique") {
        cursor.eat("key");
        let nulls_not_distinct = read_nulls(cursor);
        skip_on_conflict(cursor)?;
        ConstraintKind::Unique {
            columns: own,
            nulls_not_distinct,
            using_index: None,
        }
    } else if cursor.eat("check") {
        read_check(cursor)?
    } else if cursor.is("references") {
        read_references(cursor, own, &mut options)?
    } else {
        return read_column_option(cursor, column);
    };
    let mut constraint = constraint_def(name, kind);
    constraint.options = options;
    if let ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } = constraint.kind
        && cursor.eat("include")
    {
        constraint.options.include = cursor.ident_list()?;
    }
    read_constraint_attributes(cursor, &mut constraint)?;
    constraints.push((constraint, cursor.span_from(start)));
    Ok(())
}

fn constraint_def(name: Option<Ident>, kind: ConstraintKind) -> ConstraintDef {
    ConstraintDef {
        name,
        kind,
        not_valid: false,
        deferrable: false,
        not_enforced: false,
        options: ConstraintOptions::default(),
    }
}

/// MySQL: a lone `KEY` after a column is its primary key.
fn is_mysql_key(cursor: &mut Cursor) -> bool {
    matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) && cursor.eat("key")
}

fn is_rowid(column: &ColumnDef) -> bool {
    column.data_type.builtin_name() == Some("integer")
}

/// Words after a column that say nothing about what it holds.
fn read_column_option(cursor: &mut Cursor, column: &mut ColumnDef) -> Read<()> {
    if cursor.eat_any(&["auto_increment", "autoincrement"]) {
        column.serial = true;
        return Ok(());
    }
    if cursor.eat_any(&["storage", "compression"]) {
        cursor.any_word()?;
        return Ok(());
    }
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    if mysql && cursor.eat("comment") {
        cursor.string()?;
    } else if mysql && cursor.eat("on update") {
        cursor.any_word()?;
        if cursor.is_symbol("(") {
            cursor.parentheses()?;
        }
    } else if mysql && cursor.eat_any(&["character set", "charset"]) {
        cursor.any_word()?;
    } else if mysql && cursor.eat_any(&["srid", "ref_system_id"]) {
        cursor.eat_symbol("=");
        cursor.next();
    } else if mysql && cursor.eat_any(&["first", "visible", "invisible", "binary", "ascii"]) {
    } else if mysql && cursor.eat("after") {
        cursor.ident()?;
    } else if cursor.eat("options") {
        cursor.parentheses()?;
    } else {
        return Err(cursor.refuse("a column's constraint"));
    }
    Ok(())
}

fn skip_on_conflict(cursor: &mut Cursor) -> Read<()> {
    if cursor.dialect == Dialect::Sqlite && cursor.eat("on conflict") {
        cursor.any_word()?;
    }
    Ok(())
}

/// The expression after `DEFAULT`; none for a plain null.
pub(super) fn read_default(cursor: &mut Cursor) -> Read<Option<SqlExpr>> {
    let range = cursor.until(|cursor| {
        cursor.is_symbol(",")
            || cursor.peek().is_some_and(|token| {
                token.kind == TokenKind::Word && is_listed(token.text(cursor.text), &AFTER_DEFAULT)
            }) && !follows_word_of_expression(cursor)
    })?;
    default_of(cursor, range)
}

/// `timestamp DEFAULT …::character varying NOT NULL`: `character` after `::` is a type.
fn follows_word_of_expression(cursor: &Cursor) -> bool {
    let before = cursor
        .at
        .checked_sub(1)
        .and_then(|at| cursor.tokens.get(at));
    before.is_some_and(|token| {
        token.is_symbol(cursor.text, "::") || token.is_symbol(cursor.text, ".")
    })
}

/// The default that a range of tokens spells; none for `NULL` and a null that is cast.
pub(super) fn default_of(cursor: &Cursor, range: Range<usize>) -> Read<Option<SqlExpr>> {
    let tokens = &cursor.tokens[range.clone()];
    let mut inner = tokens
        .iter()
        .filter(|token| !token.is_symbol(cursor.text, "("));
    let is_null = inner
        .next()
        .is_some_and(|token| token.is_word(cursor.text, "null"))
        && inner
            .find(|token| !token.is_symbol(cursor.text, ")"))
            .is_none_or(|token| token.is_symbol(cursor.text, "::"));
    let expr = cursor.expression_of(range)?;
    Ok((!is_null).then_some(expr))
}

fn read_generated(cursor: &mut Cursor, column: &mut ColumnDef) -> Read<()> {
    let written = cursor.eat("generated");
    let identity = if written && cursor.eat("by default") {
        cursor.eat("on null");
        Some(Identity::ByDefault)
    } else {
        if written {
            cursor.expect("always")?;
        }
        None
    };
    cursor.expect("as")?;
    if cursor.eat("identity") {
        if cursor.is_symbol("(") {
            let range = cursor.parentheses()?;
            let (change, _) = read_sequence_options(&mut cursor.part(range))?;
            column.sequence = Some(Box::new(change));
        }
        column.identity = Some(identity.unwrap_or(Identity::Always));
        column.not_null = true;
        return Ok(());
    }
    if identity.is_some() {
        return Err(cursor.refuse("`IDENTITY`"));
    }
    column.generated = Some(cursor.parenthesised()?);
    cursor.eat_any(&["stored", "virtual", "persistent"]);
    Ok(())
}

/// `NULLS [NOT] DISTINCT`.
fn read_nulls(cursor: &mut Cursor) -> bool {
    let not_distinct = cursor.eat("nulls not distinct");
    cursor.eat("nulls distinct");
    not_distinct
}

fn read_check(cursor: &mut Cursor) -> Read<ConstraintKind> {
    let range = cursor.parentheses()?;
    let allowed = allowed_values(&cursor.part(range.clone()));
    Ok(ConstraintKind::Check {
        expr: cursor.expression_of(range)?,
        allowed,
    })
}

/// `(a, PERIOD b)`
fn key_columns(cursor: &mut Cursor) -> Read<Vec<Ident>> {
    cursor.expect_symbol("(")?;
    let columns = cursor.list(|cursor| {
        if cursor.is("period") && cursor.peek_at(1).is_some_and(|next| next.is_name()) {
            cursor.at += 1;
        }
        cursor.ident()
    })?;
    cursor.expect_symbol(")")?;
    Ok(columns)
}

fn read_references(
    cursor: &mut Cursor,
    columns: Vec<Ident>,
    options: &mut ConstraintOptions,
) -> Read<ConstraintKind> {
    cursor.expect("references")?;
    let table = cursor.object_name()?;
    let referenced = if cursor.is_symbol("(") {
        key_columns(cursor)?
    } else {
        Vec::new()
    };
    let mut on_delete = ReferentialAction::NoAction;
    let mut on_update = ReferentialAction::NoAction;
    loop {
        if cursor.eat("match full") {
            options.match_full = true;
        } else if cursor.eat("match") {
            cursor.any_word()?;
        } else if cursor.eat("on delete") {
            on_delete = read_action(cursor)?;
            if cursor.is_symbol("(") {
                options.set_columns = cursor.ident_list()?;
            }
        } else if cursor.eat("on update") {
            on_update = read_action(cursor)?;
        } else {
            break;
        }
    }
    Ok(ConstraintKind::ForeignKey {
        columns,
        table,
        referenced,
        on_delete,
        on_update,
    })
}

fn read_action(cursor: &mut Cursor) -> Read<ReferentialAction> {
    let action = if cursor.eat("no action") {
        ReferentialAction::NoAction
    } else if cursor.eat("restrict") {
        ReferentialAction::Restrict
    } else if cursor.eat("cascade") {
        ReferentialAction::Cascade
    } else if cursor.eat("set null") {
        ReferentialAction::SetNull
    } else if cursor.eat("set default") {
        ReferentialAction::SetDefault
    } else {
        return Err(cursor.refuse("a referential action"));
    };
    Ok(action)
}

/// `DEFERRABLE`, `NOT VALID` and the like, in any order.
pub(super) fn read_constraint_attributes(
    cursor: &mut Cursor,
    constraint: &mut ConstraintDef,
) -> Read<()> {
    loop {
        if cursor.eat("not deferrable") {
            constraint.deferrable = false;
        } else if cursor.eat("deferrable") {
            constraint.deferrable = true;
        } else if cursor.eat("initially deferred") {
            constraint.deferrable = true;
            constraint.options.deferred = true;
        } else if cursor.eat("no inherit") {
            constraint.options.no_inherit = true;
        } else if cursor.eat("not valid") {
            constraint.not_valid = true;
        } else if cursor.eat("not enforced") {
            constraint.not_enforced = true;
        } else if cursor.eat_any(&["initially immediate", "enforced"]) {
        } else if cursor.eat("using index tablespace") {
            cursor.ident()?;
        } else if cursor.is("with")
            && cursor
                .peek_at(1)
                .is_some_and(|t| t.is_symbol(cursor.text, "("))
        {
            cursor.at += 1;
            cursor.parentheses()?;
        } else {
            return Ok(());
        }
    }
}

/// Whether a table constraint (rather than a column) comes next.
pub(super) fn at_table_constraint(cursor: &Cursor) -> bool {
    let opens = |ahead: usize| {
        cursor
            .peek_at(ahead)
            .is_some_and(|token| token.is_symbol(cursor.text, "("))
    };
    cursor.is("constraint")
        || cursor.is_phrase("primary key")
        || cursor.is("unique")
        || cursor.is("check")
        || cursor.is_phrase("foreign key")
        || (cursor.is("exclude") && (cursor.is_at(1, "using") || opens(1)))
        || cursor.is_phrase("not null")
}

/// Reads a table constraint with its name.
pub(super) fn read_table_constraint(cursor: &mut Cursor) -> Read<ConstraintDef> {
    let mut name = if cursor.eat("constraint") && !at_constraint_kind(cursor) {
        Some(cursor.ident()?)
    } else {
        None
    };
    let mut options = ConstraintOptions::default();
    let kind = if cursor.eat("primary key") {
        let (columns, using_index) = read_key(cursor, &mut options)?;
        ConstraintKind::PrimaryKey {
            columns,
            using_index,
        }
    } else if cursor.eat("unique") {
        if cursor.eat_any(&["key", "index"]) && !cursor.is_symbol("(") {
            name = name.or(Some(cursor.ident()?));
        }
        let nulls_not_distinct = read_nulls(cursor);
        let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
        if mysql && !cursor.is_symbol("(") && !cursor.is("using") {
            name = name.or(Some(cursor.ident()?));
        }
        let (columns, using_index) = read_key(cursor, &mut options)?;
        ConstraintKind::Unique {
            columns,
            nulls_not_distinct,
            using_index,
        }
    } else if cursor.eat("check") {
        read_check(cursor)?
    } else if cursor.eat("foreign key") {
        if !cursor.is_symbol("(") {
            name = name.or(Some(cursor.ident()?));
        }
        let columns = key_columns(cursor)?;
        read_references(cursor, columns, &mut options)?
    } else if cursor.eat("exclude") {
        let start = cursor.at;
        let method = if cursor.eat("using") {
            cursor.ident()?
        } else {
            Ident::new("btree")
        };
        let range = cursor.parentheses()?;
        let (keys, key_options) = read_exclusion_keys(cursor, range)?;
        if cursor.eat("include") {
            options.include = cursor.ident_list()?;
        }
        let end_of_index = cursor.at;
        // Storage options and a tablespace stand before the condition.
        if cursor.eat("with") {
            cursor.parentheses()?;
        }
        if cursor.eat("using index tablespace") {
            cursor.ident()?;
        }
        let predicate = if cursor.eat("where") {
            Some(cursor.parenthesised()?)
        } else {
            cursor.at = end_of_index;
            None
        };
        let end = cursor.at;
        options.exclusion = Some(Box::new(Exclusion {
            method,
            keys,
            options: key_options,
            predicate,
        }));
        ConstraintKind::Exclude {
            definition: cursor.expression_of(start..end)?,
        }
    } else if cursor.eat("not null") {
        ConstraintKind::NotNull {
            column: cursor.ident()?,
        }
    } else {
        return Err(cursor.refuse("a constraint"));
    };
    let mut constraint = constraint_def(name, kind);
    constraint.options = options;
    skip_on_conflict(cursor)?;
    read_constraint_attributes(cursor, &mut constraint)?;
    Ok(constraint)
}

/// MySQL lets the name after `CONSTRAINT` be left out.
fn at_constraint_kind(cursor: &Cursor) -> bool {
    ["primary key", "unique", "foreign key", "check"]
        .iter()
        .any(|kind| cursor.is_phrase(kind))
}

/// `(a, b) [INCLUDE (c)]`, or `USING INDEX i`.
fn read_key(
    cursor: &mut Cursor,
    options: &mut ConstraintOptions,
) -> Read<(Vec<Ident>, Option<Ident>)> {
    if cursor.eat("using index") {
        return Ok((Vec::new(), Some(cursor.ident()?)));
    }
    if cursor.eat("using") {
        cursor.ident()?;
    }
    let range = cursor.parentheses()?;
    let mut columns = Vec::new();
    for part in cursor.split_commas(range) {
        let mut part = cursor.part(part);
        columns.push(part.ident()?);
        if part.is_symbol("(") {
            part.parentheses()?;
        }
        if part.eat("collate") {
            part.ident()?;
        }
        part.eat_any(&["asc", "desc", "without overlaps"]);
        part.expect_end()?;
    }
    if columns.is_empty() {
        return Err(cursor.refuse("a column"));
    }
    if cursor.eat("include") {
        options.include = cursor.ident_list()?;
    }
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    if mysql && cursor.eat("using") {
        cursor.ident()?;
    }
    Ok((columns, None))
}

/// The values of `a IN ('x', 'y')` or `a = ANY (ARRAY['x', 'y'])`, under any parentheses and casts.
///
/// Parentheses and casts are left out first; what remains must be exactly one of the two forms.
/// `OR a IS NULL` beside it, on either side, says what a check does anyway.
fn allowed_values(cursor: &Cursor) -> Option<AllowedValues> {
    let text = cursor.text;
    let mut flat: Vec<Token> = Vec::new();
    let mut rest = cursor.clone();
    while let Some(token) = rest.peek() {
        if rest.eat_symbol("::") {
            read_type(&mut rest).ok()?;
        } else if rest.eat_symbol("(") || rest.eat_symbol(")") {
        } else {
            flat.push(token);
            rest.at += 1;
        }
    }
    let mut flat = Cursor::new(text, cursor.dialect, &flat);
    let column = checked_column(&mut flat)?;
    if flat.eat("is null or") {
        let second = checked_column(&mut flat)?;
        if column != second {
            return None;
        }
    }
    let array = if flat.eat("in") {
        false
    } else if flat.eat_symbol("=") && flat.eat("any") {
        flat.expect("array").ok()?;
        flat.expect_symbol("[").ok()?;
        true
    } else {
        return None;
    };
    let mut values: BTreeSet<Arc<str>> = BTreeSet::new();
    loop {
        let token = flat.next()?;
        let value = match token.kind {
            TokenKind::String => token::string_value(token, text, cursor.dialect),
            TokenKind::Number => token.text(text).to_owned(),
            TokenKind::Word
            | TokenKind::Quoted
            | TokenKind::Parameter
            | TokenKind::Placeholder
            | TokenKind::Operator
            | TokenKind::Symbol => return None,
        };
        values.insert(Arc::from(value));
        if !flat.eat_symbol(",") {
            break;
        }
    }
    if array {
        flat.expect_symbol("]").ok()?;
    }
    if flat.eat("or") && (checked_column(&mut flat)? != column || !flat.eat("is null")) {
        return None;
    }
    flat.is_done().then_some(AllowedValues { column, values })
}

/// `a` or `t.a`.
fn checked_column(flat: &mut Cursor) -> Option<Ident> {
    let first = flat.ident().ok()?;
    if flat.eat_symbol(".") {
        flat.ident().ok()
    } else {
        Some(first)
    }
}
