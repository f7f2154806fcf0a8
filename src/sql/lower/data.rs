//! Statements that read and write rows.
//!
//! A data statement needs no tree: the table and the columns it writes stand at its head, and what
//! else it could do to the schema it does through the functions it calls.

use std::collections::BTreeSet;
use std::ops::Range;

use super::query::{arguments, query, unknown_calls};
use super::value::Values;
use super::{Out, names_in, no_effect, whole};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{
    Call, Called, Creation, DataOp, Opaque, SchemaOp, SessionOp, SettingScope, TableDef,
};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{Token, TokenKind};

/// `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `VALUES`, with any `WITH` before.
pub(super) fn data(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    if let Some(op) = set_config(cursor) {
        cursor.at = cursor.tokens.len();
        whole(cursor, op, out);
        return Ok(());
    }
    let mut parts = common_tables(cursor)?;
    parts.push(cursor.at..cursor.tokens.len());
    let before = out.operations.len();
    for part in parts {
        let mut part = cursor.part(part);
        let ops = verb(&mut part)?;
        let span = if out.operations.len() == before && part.tokens.len() == cursor.tokens.len() {
            cursor.span_of(0..cursor.tokens.len())
        } else {
            part.span_of(0..part.tokens.len())
        };
        for op in ops {
            out.push(unless_catalog(cursor, op), span);
        }
    }
    cursor.at = cursor.tokens.len();
    let whole_span = cursor.span_from(0);
    let writes = |op: &SchemaOp| !matches!(op, SchemaOp::Data(DataOp::Read));
    let some_write = out.operations[before..]
        .iter()
        .any(|operation| writes(&operation.op));
    if some_write {
        // A query beside a write adds nothing.
        let mut index = 0;
        out.operations.retain(|operation| {
            index += 1;
            index <= before || writes(&operation.op)
        });
        if let [only] = &mut out.operations[before..] {
            only.span = whole_span;
        }
    } else {
        out.operations.truncate(before + 1);
        out.operations[before].span = whole_span;
    }
    refuse_unknown_calls(cursor, some_write, before, whole_span, out);
    Ok(())
}

/// Replaces a read, and joins a write, by what is not known of the functions it calls.
fn refuse_unknown_calls(cursor: &Cursor, write: bool, before: usize, span: Span, out: &mut Out) {
    let called = unknown_calls(cursor, &Values::new());
    if called.is_empty() {
        return;
    }
    if write {
        let names = called.iter().map(|it| it.name.clone()).collect();
        let routines = called;
        out.push(SchemaOp::Call(Call { routines, names }), span);
    } else {
        out.operations.truncate(before);
        out.push(calling(cursor, called), span);
    }
}

/// The operation of a text that calls these functions and does nothing else to the schema.
pub(super) fn calling(cursor: &Cursor, routines: Vec<Called>) -> SchemaOp {
    SchemaOp::Call(Call {
        routines,
        names: names_in(cursor),
    })
}

/// `CALL p(…)`, after the word.
pub(super) fn call(cursor: &mut Cursor, known: &Values, out: &mut Out) -> Read<()> {
    let name = cursor.object_name()?;
    let range = cursor.parentheses()?;
    cursor.expect_end()?;
    let arguments = arguments(cursor, range, known);
    let mut routines = vec![Called { name, arguments }];
    for called in unknown_calls(cursor, known) {
        if !routines.contains(&called) {
            routines.push(called);
        }
    }
    let op = calling(cursor, routines);
    whole(cursor, op, out);
    Ok(())
}

/// Reads `WITH a AS (…), b AS (…)` and gives the bodies that do not only read.
fn common_tables(cursor: &mut Cursor) -> Read<Vec<Range<usize>>> {
    let mut writing = Vec::new();
    if !cursor.eat("with") {
        return Ok(writing);
    }
    cursor.eat("recursive");
    loop {
        cursor.ident()?;
        if cursor.is_symbol("(") {
            cursor.parentheses()?;
        }
        cursor.expect("as")?;
        cursor.eat_any(&["not materialized", "materialized"]);
        let body = cursor.parentheses()?;
        let writes = ["insert", "update", "delete", "merge"].iter().any(|verb| {
            cursor
                .tokens
                .get(body.start)
                .is_some_and(|first| first.is_word(cursor.text, verb))
        });
        if writes {
            writing.push(body);
        }
        while cursor.is("search") || cursor.is("cycle") {
            while !cursor.is_done() && !cursor.eat("set") {
                cursor.at += 1;
            }
            cursor.ident()?;
            if cursor.eat("using") {
                cursor.ident()?;
            }
        }
        if !cursor.eat_symbol(",") {
            return Ok(writing);
        }
    }
}

/// What one statement without its `WITH` does.
fn verb(cursor: &mut Cursor) -> Read<Vec<SchemaOp>> {
    balanced(cursor)?;
    let op = if cursor.eat("insert") || cursor.eat("replace") {
        cursor.eat_any(&[
            "ignore",
            "low_priority",
            "or replace",
            "or ignore",
            "or abort",
            "or fail",
            "or rollback",
        ]);
        if cursor.dialect == crate::sql::Dialect::Postgres {
            cursor.expect("into")?;
        } else {
            cursor.eat("into");
        }
        let table = cursor.object_name()?;
        if cursor.eat("as") {
            cursor.ident()?;
        }
        let columns = insert_columns(cursor)?;
        if cursor.is_done() {
            return Err(cursor.refuse("`VALUES` or a query"));
        }
        let reads = match cursor.is("values") {
            // A query for one value copies no rows.
            true => Vec::new(),
            false => relations_read(cursor),
        };
        DataOp::Insert {
            table,
            columns,
            reads,
        }
    } else if cursor.eat("update") {
        cursor.eat_any(&["or replace", "or ignore", "low_priority", "ignore"]);
        cursor.eat("only");
        let table = cursor.object_name()?;
        let (columns, filled) = updated_columns(cursor)?;
        DataOp::Update {
            table,
            columns,
            filled,
        }
    } else if cursor.eat("delete") {
        if cursor.dialect != crate::sql::Dialect::Postgres && !cursor.is("from") {
            while !cursor.is_done() && !cursor.is("from") {
                cursor.at += 1;
            }
        }
        cursor.expect("from")?;
        cursor.eat("only");
        DataOp::Delete {
            table: cursor.object_name()?,
        }
    } else if cursor.eat("merge into") {
        cursor.eat("only");
        DataOp::Merge {
            table: cursor.object_name()?,
        }
    } else if let Some(range) = select_into(cursor)? {
        return Ok(vec![range]);
    } else if cursor.is("select")
        || cursor.is("values")
        || cursor.is("table")
        || cursor.is_symbol("(")
    {
        DataOp::Read
    } else {
        return Err(cursor.refuse("a statement"));
    };
    cursor.at = cursor.tokens.len();
    Ok(vec![SchemaOp::Data(op)])
}

/// The operation, or what stands for it where the table is one of the server's own: a row of
/// `pg_enum` or `pg_attribute` that changes is a schema that changes.
fn unless_catalog(cursor: &Cursor, op: SchemaOp) -> SchemaOp {
    let SchemaOp::Data(data) = &op else {
        return op;
    };
    let tables = match data {
        DataOp::Insert { table, .. }
        | DataOp::Update { table, .. }
        | DataOp::Delete { table }
        | DataOp::CopyFrom { table, .. }
        | DataOp::Merge { table } => std::slice::from_ref(table),
        DataOp::Truncate { tables, .. } => tables,
        DataOp::Read | DataOp::Lock { .. } => &[],
    };
    if marks_indexes(&op) {
        return no_effect("update pg_index");
    }
    if cursor.dialect == crate::sql::Dialect::Postgres && tables.iter().any(is_catalog) {
        unseen(cursor, "it changes the server's own catalog")
    } else {
        op
    }
}

/// `UPDATE pg_index SET indisready = …`: indexes are left alone for a while, which changes no name
/// and, once they are used again after a `REINDEX`, nothing else.
fn marks_indexes(op: &SchemaOp) -> bool {
    let SchemaOp::Data(DataOp::Update { table, columns, .. }) = op else {
        return false;
    };
    let marks = ["indisready", "indisvalid"];
    table.name.as_str() == "pg_index"
        && is_catalog(table)
        && columns
            .iter()
            .all(|column| marks.contains(&column.as_str()))
}

/// Whether a name means one of the server's own tables or views; without a schema only where the
/// server has one of that name, for `pg_search_documents` is an ordinary table.
pub(super) fn is_catalog(name: &ObjectName) -> bool {
    match name.schema.as_ref().map(Ident::as_str) {
        Some(schema) => matches!(schema, "pg_catalog" | "information_schema"),
        None => {
            let name = name.name.as_str();
            name.starts_with("pg_stat_")
                || name.starts_with("pg_statio_")
                || CATALOG.binary_search(&name).is_ok()
        }
    }
}

/// The tables and views of `pg_catalog` in PostgreSQL 15, without the statistics views.
const CATALOG: [&str; 98] = [
    "pg_aggregate",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_attribute",
    "pg_auth_members",
    "pg_authid",
    "pg_available_extension_versions",
    "pg_available_extensions",
    "pg_backend_memory_contexts",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_config",
    "pg_constraint",
    "pg_conversion",
    "pg_cursors",
    "pg_database",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_file_settings",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_group",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_init_privs",
    "pg_language",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_locks",
    "pg_matviews",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_parameter_acl",
    "pg_partitioned_table",
    "pg_policies",
    "pg_policy",
    "pg_prepared_statements",
    "pg_prepared_xacts",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_publication_tables",
    "pg_range",
    "pg_replication_origin",
    "pg_replication_origin_status",
    "pg_replication_slots",
    "pg_rewrite",
    "pg_roles",
    "pg_rules",
    "pg_seclabel",
    "pg_seclabels",
    "pg_sequence",
    "pg_sequences",
    "pg_settings",
    "pg_shadow",
    "pg_shdepend",
    "pg_shdescription",
    "pg_shmem_allocations",
    "pg_shseclabel",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
    "pg_subscription",
    "pg_subscription_rel",
    "pg_tables",
    "pg_tablespace",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user",
    "pg_user_mapping",
    "pg_user_mappings",
    "pg_views",
];

/// Refuses a statement whose parentheses do not match: its parts cannot be trusted.
fn balanced(cursor: &Cursor) -> Read<()> {
    let mut depth = 0usize;
    for token in cursor.tokens {
        if token.kind != TokenKind::Symbol {
            continue;
        }
        match token.text(cursor.text) {
            "(" => depth += 1,
            ")" => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| Refused("a `)` without its `(`".to_owned()))?;
            }
            _ => {}
        }
    }
    if depth == 0 {
        Ok(())
    } else {
        Err(Refused("a `(` is never closed".to_owned()))
    }
}

/// `(a, b)` before `VALUES`, `SELECT` and their like; a parenthesised query is none.
fn insert_columns(cursor: &mut Cursor) -> Read<Vec<Ident>> {
    let query = ["select", "with", "values"];
    // However many parentheses a query stands in.
    let mut inner = cursor.clone();
    while inner.eat_symbol("(") {}
    if !cursor.is_symbol("(") || query.iter().any(|word| inner.is(word)) {
        return Ok(Vec::new());
    }
    let range = cursor.parentheses()?;
    let mut columns = Vec::new();
    for part in cursor.split_commas(range) {
        columns.push(cursor.part(part).ident()?);
    }
    Ok(columns)
}

/// The columns between `SET` and `FROM` or `WHERE`: those whose values are replaced, and those that
/// are only filled.
fn updated_columns(cursor: &mut Cursor) -> Read<(Vec<Ident>, Vec<Ident>)> {
    while !cursor.eat("set") {
        if cursor.next().is_none() {
            return Err(cursor.refuse("`SET`"));
        }
    }
    let start = cursor.at;
    let end = cursor.until(|cursor| {
        let distinct = cursor.tokens[cursor.at - 1].is_word(cursor.text, "distinct");
        (cursor.is("from") && !distinct)
            || ["where", "returning", "order", "limit"]
                .iter()
                .any(|word| cursor.is(word))
    })?;
    let mut columns: Vec<Ident> = Vec::new();
    let mut seen: BTreeSet<Ident> = BTreeSet::new();
    let mut add = |column: Ident| {
        if seen.insert(column.clone()) {
            columns.push(column);
        }
    };
    for part in cursor.split_commas(start..end.end) {
        let mut part = cursor.part(part);
        if part.is_symbol("(") {
            part.ident_list()?.into_iter().for_each(&mut add);
        } else {
            let first = part.ident()?;
            // MySQL qualifies with the table, PostgreSQL with a field of the column.
            let qualified = part.dialect != crate::sql::Dialect::Postgres && part.eat_symbol(".");
            add(if qualified { part.ident()? } else { first });
        }
        if !part
            .tokens
            .iter()
            .any(|token| token.is_symbol(cursor.text, "=") || token.is_symbol(cursor.text, ":="))
        {
            return Err(part.refuse("`=`"));
        }
    }
    let filled = filled_columns(cursor)?;
    Ok(columns
        .into_iter()
        .partition(|column| !filled.contains(column)))
}

/// The names behind every `FROM` and `JOIN` of what is left.
fn relations_read(cursor: &mut Cursor) -> Vec<ObjectName> {
    let mut out = Vec::new();
    // What a query in parentheses reads is looked up; but for a `WITH`, whose rows go on.
    let has_with = cursor.is("with");
    let mut depth = 0_usize;
    let opens = usize::from(cursor.is_symbol("("));
    while !cursor.is_done() {
        depth += usize::from(cursor.is_symbol("("));
        depth = depth.saturating_sub(usize::from(cursor.is_symbol(")")));
        if depth > opens && !has_with {
            cursor.at += 1;
            continue;
        }
        let is_next = cursor.eat("from") || cursor.eat("join");
        if !is_next {
            cursor.at += 1;
            continue;
        }
        cursor.eat("only");
        let before = cursor.at;
        match cursor.object_name() {
            // A function's name is followed by its arguments.
            Ok(name) if !cursor.is_symbol("(") => {
                if !out.contains(&name) {
                    out.push(name);
                }
            }
            Ok(_) => {}
            Err(_) => cursor.at = before,
        }
    }
    out
}

/// The columns that the condition of an `UPDATE` says are NULL in every row that it changes:
/// `WHERE a IS NULL AND …`. They are filled; no value of theirs is replaced.
fn filled_columns(cursor: &mut Cursor) -> Read<BTreeSet<Ident>> {
    let mut filled = BTreeSet::new();
    // Behind `FROM` a name may be another table's.
    if !cursor.eat("where") {
        return Ok(filled);
    }
    loop {
        let range = cursor.until(|cursor| {
            ["and", "or", "returning", "order", "limit"]
                .iter()
                .any(|word| cursor.is(word))
        })?;
        let mut part = cursor.part(range);
        let qualified = part
            .peek_at(1)
            .is_some_and(|token| token.is_symbol(cursor.text, "."));
        part.at += if qualified { 2 } else { 0 };
        if let Ok(column) = part.ident()
            && part.eat("is null")
            && part.is_done()
        {
            filled.insert(column);
        }
        if cursor.is("or") {
            return Ok(BTreeSet::new());
        }
        if !cursor.eat("and") {
            return Ok(filled);
        }
    }
}

/// `SELECT … INTO new_table FROM …` makes a table.
fn select_into(cursor: &Cursor) -> Read<Option<SchemaOp>> {
    if !cursor.is("select") {
        return Ok(None);
    }
    let mut walk = cursor.clone();
    let list = walk.until(|cursor| cursor.is("into") || cursor.is("from"))?;
    if !walk.eat("into") {
        return Ok(None);
    }
    let temporary = walk.eat_any(&["temporary", "temp"]);
    walk.eat("unlogged");
    walk.eat("table");
    let mut table = TableDef::new(walk.object_name()?);
    table.temporary = temporary;
    let rest = walk.at..cursor.tokens.len();
    let tokens: Vec<Token> = [&cursor.tokens[list], &cursor.tokens[rest]].concat();
    table.as_query = Some(query(&Cursor::new(cursor.text, cursor.dialect, &tokens)));
    Ok(Some(SchemaOp::CreateTable {
        table: Box::new(table),
        creation: Creation::New,
    }))
}

/// `SELECT set_config('search_path', '', false)` alone.
fn set_config(cursor: &Cursor) -> Option<SchemaOp> {
    let mut cursor = cursor.clone();
    cursor.expect("select").ok()?;
    if cursor.eat("pg_catalog") {
        cursor.expect_symbol(".").ok()?;
    }
    cursor.expect("set_config").ok()?;
    cursor.expect_symbol("(").ok()?;
    let name = cursor.string().ok()?.to_ascii_lowercase();
    cursor.expect_symbol(",").ok()?;
    let value = cursor.string().ok()?;
    cursor.expect_symbol(",").ok()?;
    let scope = if cursor.eat("true") {
        SettingScope::Transaction
    } else {
        cursor.expect("false").ok()?;
        SettingScope::Session
    };
    cursor.expect_symbol(")").ok()?;
    cursor.expect_end().ok()?;
    Some(SchemaOp::Session(if name == "search_path" {
        SessionOp::SearchPath {
            path: Some(path_of(&value)),
            scope,
        }
    } else {
        SessionOp::Other {
            name: name.into(),
            value: value.into(),
            scope,
        }
    }))
}

/// The schemas in the text of a search path.
pub(super) fn path_of(value: &str) -> Vec<Ident> {
    let name = |part: &str| match part
        .strip_prefix('"')
        .and_then(|part| part.strip_suffix('"'))
    {
        Some(quoted) => Ident::new(&quoted.replace("\"\"", "\"")),
        None => Ident::new(&part.to_ascii_lowercase()),
    };
    value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(name)
        .collect()
}

/// `TRUNCATE`, after the word.
pub(super) fn truncate(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    cursor.eat("table");
    let tables = read_tables(cursor)?;
    cursor.eat_any(&["restart identity", "continue identity"]);
    let behavior = cursor.behavior();
    let op = unless_catalog(
        cursor,
        SchemaOp::Data(DataOp::Truncate { tables, behavior }),
    );
    whole(cursor, op, out);
    Ok(())
}

fn read_tables(cursor: &mut Cursor) -> Read<Vec<ObjectName>> {
    cursor.list(|cursor| {
        cursor.eat("only");
        let name = cursor.object_name()?;
        cursor.eat_symbol("*");
        Ok(name)
    })
}

/// `LOCK [TABLE] a, b IN … MODE`, after the word.
pub(super) fn lock(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    cursor.eat_any(&["tables", "table"]);
    let tables = read_tables(cursor)?;
    if cursor.eat("in") {
        while !cursor.is_done() && !cursor.eat("mode") {
            cursor.at += 1;
        }
    }
    cursor.eat("nowait");
    cursor.eat_any(&["read", "write"]);
    whole(cursor, SchemaOp::Data(DataOp::Lock { tables }), out);
    Ok(())
}

/// `COPY`, after the word.
pub(super) fn copy(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    if cursor.is_symbol("(") {
        let query = cursor.parentheses()?;
        cursor.expect("to")?;
        let mut query = cursor.part(query);
        let before = out.operations.len();
        data(&mut query, out)?;
        cursor.at = cursor.tokens.len();
        let span = cursor.span_from(0);
        for operation in &mut out.operations[before..] {
            operation.span = span;
        }
        return Ok(());
    }
    let table = cursor.object_name()?;
    let columns = if cursor.is_symbol("(") {
        cursor.ident_list()?
    } else {
        Vec::new()
    };
    let op = if cursor.eat("from") {
        DataOp::CopyFrom { table, columns }
    } else {
        cursor.expect("to")?;
        DataOp::Read
    };
    cursor.at = cursor.tokens.len();
    let op = unless_catalog(cursor, SchemaOp::Data(op));
    whole(cursor, op, out);
    Ok(())
}

/// The opaque operation for text that runs what it does not show: `EXECUTE`, `CALL`.
pub(super) fn unseen(cursor: &Cursor, reason: &str) -> SchemaOp {
    SchemaOp::Opaque(Opaque {
        names: names_in(cursor),
        beyond_names: true,
        reason: reason.into(),
    })
}
