//! `CREATE TABLE` and `ALTER TABLE` (and its kin for views, sequences and indexes).

use std::collections::BTreeSet;
use std::ops::Range;

use super::column::{
    WrittenColumn, at_table_constraint, default_of, read_column, read_column_options,
    read_constraint_attributes, read_default, read_table_constraint,
};
use super::index::read_key_index;
use super::query::query;
use super::types::read_type;
use super::{Out, no_effect, opaque};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{
    ColumnChange, ConstraintDef, ConstraintKind, Creation, Existence, GrantTarget, Identity,
    IndexKey, LikeClause, RelationKind, RowSecurityChange, SchemaOp, SequenceChange, SequenceOwner,
    SqlExpr, TableDef, TriggerSelection,
};
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{Token, TokenKind};

/// `CREATE … TABLE`, from the word after `CREATE` on.
pub(super) fn create_table(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    cursor.eat_any(&["global", "local"]);
    let temporary = cursor.eat_any(&["temporary", "temp"]);
    let unlogged = cursor.eat("unlogged");
    let foreign = cursor.eat("foreign");
    cursor.expect("table")?;
    let creation = match cursor.if_not_exists() {
        Existence::Tolerated => Creation::IfNotExists,
        Existence::Required => Creation::New,
    };
    let mut table = TableDef::new(cursor.object_name()?);
    table.temporary = temporary;
    table.unlogged = unlogged;
    table.foreign = foreign;
    let mut indexes = Vec::new();
    let mut has_list = false;
    if cursor.eat("partition of") {
        table.partition_of = Some(cursor.object_name()?);
        if cursor.is_symbol("(") {
            let range = cursor.parentheses()?;
            read_elements(cursor, range, &mut table, &mut indexes)?;
        }
        table.partition_bound = Some(read_bound(cursor)?);
    } else if cursor.dialect == Dialect::Postgres && cursor.eat("of") {
        has_list = true;
        table.of_type = Some(cursor.object_name()?);
        if cursor.is_symbol("(") {
            let range = cursor.parentheses()?;
            read_elements(cursor, range, &mut table, &mut indexes)?;
        }
    } else if cursor.dialect != Dialect::Postgres && cursor.eat("like") {
        // MySQL: the whole table but its foreign keys.
        has_list = true;
        table.like.push(LikeClause {
            after: 0,
            table: cursor.object_name()?,
            defaults: true,
            constraints: true,
            indexes: true,
            generated: true,
            identity: true,
        });
    } else if cursor.is_symbol("(") && !at_parenthesised_query(cursor) {
        has_list = true;
        let range = cursor.parentheses()?;
        if cursor.is("as") || is_bare_list(cursor, range.clone()) {
            read_query_columns(cursor, range, &mut table)?;
        } else {
            read_elements(cursor, range, &mut table, &mut indexes)?;
        }
    }
    read_table_options(cursor, &mut table)?;
    let has_columns = has_list || table.as_query.is_some() || table.columns_unknown;
    if !has_columns && table.partition_of.is_none() {
        return Err(cursor.refuse("`(`"));
    }
    super::whole(
        cursor,
        SchemaOp::CreateTable {
            table: Box::new(table),
            creation,
        },
        out,
    );
    for index in indexes {
        super::whole(cursor, index, out);
    }
    Ok(())
}

/// `DEFAULT`, `FOR VALUES IN (…)`, `FROM (…) TO (…)`, `WITH (…)`.
fn read_bound(cursor: &mut Cursor) -> Read<SqlExpr> {
    let start = cursor.at;
    if !cursor.eat("default") {
        cursor.expect("for values")?;
        while cursor.eat_any(&["in", "from", "to", "with"]) {
            cursor.parentheses()?;
        }
    }
    let mut bound = cursor.expression_of(start..cursor.at)?;
    bound.columns.clear();
    Ok(bound)
}

/// MySQL: `CREATE TABLE t (SELECT …)`.
fn at_parenthesised_query(cursor: &Cursor) -> bool {
    cursor.is_at(1, "select")
}

/// `(a, b)`: names without types, before `AS` or before storage options and `AS`.
fn is_bare_list(cursor: &Cursor, range: Range<usize>) -> bool {
    let bare = cursor
        .split_commas(range.clone())
        .iter()
        .all(|part| part.len() == 1 && cursor.tokens[part.start].is_name());
    bare && !range.is_empty()
        && cursor.tokens[cursor.at..]
            .iter()
            .any(|token| token.is_word(cursor.text, "as"))
}

fn read_query_columns(cursor: &mut Cursor, range: Range<usize>, table: &mut TableDef) -> Read<()> {
    let mut part = cursor.part(range);
    let names = part.list(Cursor::ident)?;
    part.expect_end()?;
    read_table_options(cursor, table)?;
    match &mut table.as_query {
        Some(query) => query.output = Some(names),
        None if table.columns_unknown => {}
        None => return Err(cursor.refuse("`AS`")),
    }
    Ok(())
}

fn read_elements(
    cursor: &Cursor,
    range: Range<usize>,
    table: &mut TableDef,
    indexes: &mut Vec<SchemaOp>,
) -> Read<()> {
    for part in cursor.split_commas(range) {
        let mut part = cursor.part(part);
        let (constraints, keys) = (table.constraints.len(), indexes.len());
        read_element(&mut part, table, indexes)?;
        part.expect_end()?;
        if matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) {
            name_keys(table, indexes, constraints, keys);
        }
    }
    mark_required(table, cursor.dialect);
    Ok(())
}

/// MySQL names keys without a name in the order written, plain and unique ones alike: after the
/// first column, with a number where that is taken. Those from `constraints` and `keys` on are new.
fn name_keys(table: &mut TableDef, indexes: &mut [SchemaOp], constraints: usize, keys: usize) {
    let mut taken: Vec<Ident> = Vec::new();
    let unique = |it: &ConstraintDef| matches!(it.kind, ConstraintKind::Unique { .. });
    let old = table.constraints[..constraints]
        .iter()
        .filter(|it| unique(it));
    taken.extend(old.filter_map(|it| it.name.clone()));
    for op in &indexes[..keys] {
        if let SchemaOp::CreateIndex { index, .. } = op {
            taken.extend(index.name.clone());
        }
    }
    let mut free = |first: &Ident| {
        let numbered = (2_u32..).map(|number| first.alike(&format!("{}_{number}", first.as_str())));
        let mut names = std::iter::once(first.clone()).chain(numbered);
        let name = names
            .find(|name| !taken.contains(name))
            .expect("numbers do not end");
        taken.push(name.clone());
        name
    };
    for constraint in &mut table.constraints[constraints..] {
        if let (None, ConstraintKind::Unique { columns, .. }) = (&constraint.name, &constraint.kind)
        {
            constraint.name = columns.first().map(&mut free);
        }
    }
    for op in &mut indexes[keys..] {
        let SchemaOp::CreateIndex { index, .. } = op else {
            continue;
        };
        if let (None, Some(IndexKey::Column(first))) = (&index.name, index.keys.first()) {
            index.name = Some(free(first));
        }
    }
}

/// The columns that a key or a table-level `NOT NULL` makes required.
fn mark_required(table: &mut TableDef, dialect: Dialect) {
    let mut required: BTreeSet<Ident> = BTreeSet::new();
    for constraint in &table.constraints {
        match &constraint.kind {
            // SQLite lets null into a primary key, but for the row's own number.
            ConstraintKind::PrimaryKey { columns, .. } if dialect != Dialect::Sqlite => {
                required.extend(columns.iter().cloned());
            }
            ConstraintKind::NotNull { column } => {
                required.insert(column.clone());
            }
            ConstraintKind::PrimaryKey { .. }
            | ConstraintKind::Unique { .. }
            | ConstraintKind::Check { .. }
            | ConstraintKind::ForeignKey { .. }
            | ConstraintKind::Exclude { .. } => {}
        }
    }
    for column in &mut table.columns {
        column.not_null |= required.contains(&column.name);
    }
}

fn read_element(part: &mut Cursor, table: &mut TableDef, indexes: &mut Vec<SchemaOp>) -> Read<()> {
    if at_table_constraint(part) {
        let constraint = read_table_constraint(part)?;
        table.constraints.push(constraint);
    } else if part.eat("like") {
        let after = table.columns.len();
        table.like.push(LikeClause {
            after,
            ..read_like(part)?
        });
    } else if let Some(index) = read_key_index(part, &table.name)? {
        indexes.push(index);
    } else {
        let WrittenColumn {
            column,
            constraints,
        } = if (table.partition_of.is_some() && part.dialect == Dialect::Postgres)
            || table.of_type.is_some()
        {
            read_column_options(part)?
        } else {
            read_column(part)?
        };
        table.columns.push(column);
        table
            .constraints
            .extend(constraints.into_iter().map(|(constraint, _)| constraint));
    }
    Ok(())
}

fn read_like(part: &mut Cursor) -> Read<LikeClause> {
    let mut like = LikeClause {
        after: 0,
        table: part.object_name()?,
        defaults: false,
        constraints: false,
        indexes: false,
        generated: false,
        identity: false,
    };
    loop {
        let including = part.eat("including");
        if !including && !part.eat("excluding") {
            return Ok(like);
        }
        let option = part.any_word()?;
        match option.as_str() {
            "all" => {
                like.defaults = including;
                like.constraints = including;
                like.indexes = including;
                like.generated = including;
                like.identity = including;
            }
            "defaults" => like.defaults = including,
            "constraints" => like.constraints = including,
            "indexes" => like.indexes = including,
            "generated" => like.generated = including,
            "identity" => like.identity = including,
            "comments" | "compression" | "statistics" | "storage" => {}
            other => return Err(Refused(format!("`LIKE … INCLUDING {other}` is not known"))),
        }
    }
}

/// What follows the column list.
fn read_table_options(cursor: &mut Cursor, table: &mut TableDef) -> Read<()> {
    while !cursor.is_done() {
        if cursor.eat("inherits") {
            cursor.expect_symbol("(")?;
            if !cursor.eat_symbol(")") {
                table.inherits = cursor.list(Cursor::object_name)?;
                cursor.expect_symbol(")")?;
            }
        } else if cursor.is_phrase("partition by") {
            cursor.at += 2;
            table.partition_by = Some(read_partition_by(cursor)?);
        } else if cursor.eat("using") || cursor.eat("tablespace") || cursor.eat("server") {
            cursor.ident()?;
        } else if cursor.eat_any(&["with", "options"]) {
            cursor.parentheses()?;
        } else if cursor.eat_any(&["without oids", "without rowid", "strict"]) {
            cursor.eat_symbol(",");
        } else if cursor.eat("on commit") {
            if !cursor.eat_any(&["drop", "delete rows", "preserve rows"]) {
                return Err(cursor.refuse("`DROP`, `DELETE ROWS` or `PRESERVE ROWS`"));
            }
        } else if cursor.is("as") || cursor.is("select") || cursor.is_symbol("(") {
            cursor.eat("as");
            read_as_query(cursor, table)?;
        } else if matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) {
            read_mysql_table_option(cursor)?;
        } else {
            return Err(cursor.refuse("the end"));
        }
    }
    Ok(())
}

fn read_partition_by(cursor: &mut Cursor) -> Read<SqlExpr> {
    let strategy = cursor.any_word()?;
    let range = cursor.parentheses()?;
    let keys = cursor.expression_of(range.clone())?;
    if matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) {
        cursor.at = cursor.tokens.len();
    }
    Ok(SqlExpr {
        text: format!("{} ({})", strategy.as_str().to_ascii_uppercase(), keys.text).into(),
        columns: keys.columns,
    })
}

fn read_as_query(cursor: &mut Cursor, table: &mut TableDef) -> Read<()> {
    let start = cursor.at;
    cursor.at = cursor.tokens.len();
    let mut end = cursor.at;
    for tail in ["with no data", "with data"] {
        let length = tail.split(' ').count();
        let mut probe = cursor.clone();
        probe.at = end.saturating_sub(length);
        if probe.at > start && probe.is_phrase(tail) {
            end -= length;
            break;
        }
    }
    let starts = ["select", "with", "values", "table"];
    let query_part = cursor.part(start..end);
    if query_part.is("execute") {
        // What a prepared statement returns stands elsewhere.
        table.columns_unknown = true;
        return Ok(());
    }
    if !query_part.is_symbol("(") && !starts.iter().any(|word| query_part.is(word)) {
        cursor.at = start;
        return Err(cursor.refuse("a query"));
    }
    table.as_query = Some(query(&cursor.part(start..end)));
    Ok(())
}

/// `ENGINE = InnoDB`, `DEFAULT CHARSET utf8mb4`, `COMMENT 'x'`.
fn read_mysql_table_option(cursor: &mut Cursor) -> Read<()> {
    cursor.eat_symbol(",");
    cursor.eat("default");
    let option = cursor.any_word()?;
    if option.as_str().eq_ignore_ascii_case("character") {
        cursor.expect("set")?;
    }
    cursor.eat_symbol("=");
    match cursor.next() {
        Some(value)
            if value.is_name() || matches!(value.kind, TokenKind::String | TokenKind::Number) =>
        {
            Ok(())
        }
        _ => Err(cursor.refuse("a table option's value")),
    }
}

/// `ALTER TABLE`, from the kind on.
pub(super) fn alter_table(cursor: &mut Cursor, kind: RelationKind, out: &mut Out) -> Read<()> {
    if cursor.eat("all in tablespace") {
        cursor.at = cursor.tokens.len();
        out.push(no_effect("alter table all"), cursor.span_from(0));
        return Ok(());
    }
    let existence = cursor.if_exists();
    let only = cursor.eat("only");
    let table = cursor.object_name()?;
    cursor.eat_symbol("*");
    let target = AlterTarget {
        only,
        kind,
        table,
        existence,
    };
    let head = cursor.at;
    cursor.at = cursor.tokens.len();
    if head == cursor.at {
        return Err(cursor.refuse("an action"));
    }
    let actions = cursor.split_commas(head..cursor.at);
    if actions.iter().any(Range::is_empty) {
        return Err(Refused("an action is missing beside a comma".to_owned()));
    }
    let first = out.operations.len();
    for range in actions {
        let mut action = cursor.part(range.clone());
        let written = out.operations.len();
        if let Err(Refused(reason)) = alter_action(&mut action, &target, out) {
            out.operations.truncate(written);
            let names = Some(target.table.clone());
            out.push(
                opaque(&cursor.part(range.clone()), names, &reason),
                cursor.span_of(range),
            );
        }
    }
    if cursor.dialect == Dialect::Postgres {
        out.operations[first..].sort_by_key(|operation| pass(&operation.op));
    }
    Ok(())
}

/// PostgreSQL runs the actions of one `ALTER TABLE` in passes, whatever their order in the text:
/// `ADD UNIQUE (b), ADD COLUMN b integer` works.
///
/// Source: `AlterTablePass` in `src/backend/commands/tablecmds.c`.
fn pass(op: &SchemaOp) -> u8 {
    match op {
        SchemaOp::DropColumn { .. } | SchemaOp::DropConstraint { .. } => 0,
        SchemaOp::AlterColumn { change, .. } => match change {
            ColumnChange::DropDefault
            | ColumnChange::DropNotNull
            | ColumnChange::DropIdentity(_)
            | ColumnChange::DropExpression(_) => 0,
            ColumnChange::SetType { .. } => 1,
            ColumnChange::SetExpression(_) => 3,
            ColumnChange::SetNotNull
            | ColumnChange::SetIdentity(_)
            | ColumnChange::SetIdentitySequence(_) => 4,
            ColumnChange::SetDefault(_) | ColumnChange::AddIdentity(..) => 6,
            ColumnChange::Redefine(_) => 7,
        },
        SchemaOp::AddColumn { .. } => 2,
        SchemaOp::AddConstraint { constraint, .. } => match constraint.kind {
            ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } => 5,
            ConstraintKind::NotNull { .. } => 4,
            ConstraintKind::Check { .. }
            | ConstraintKind::ForeignKey { .. }
            | ConstraintKind::Exclude { .. } => 6,
        },
        _ => 7, // The rest looks at what the others have made.
    }
}

/// Whether the tokens from a place on compute with numbers: `a * 100`. Casts and calls convert.
fn computes(cursor: &Cursor, start: usize) -> bool {
    let operators = ["*", "/", "%", "+", "-"];
    cursor.tokens[start..cursor.at].iter().any(|token| {
        operators
            .iter()
            .any(|operator| token.is_symbol(cursor.text, operator))
    })
}

/// What an `ALTER` statement is about.
struct AlterTarget {
    only: bool,
    kind: RelationKind,
    table: ObjectName,
    existence: Existence,
}

fn alter_action(cursor: &mut Cursor, target: &AlterTarget, out: &mut Out) -> Read<()> {
    let table = target.table.clone();
    if cursor.eat("add") {
        return add(cursor, table, target.only, out);
    }
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    let op = if cursor.eat("drop") {
        drop(cursor, table)?
    } else if cursor.eat("rename") {
        rename(cursor, target)?
    } else if cursor.eat("alter") {
        if mysql && cursor.eat_any(&["index", "constraint", "check"]) {
            return Err(cursor.refuse("an action"));
        }
        if cursor.eat("constraint") {
            return alter_constraint(cursor, table, out);
        }
        cursor.eat("column");
        let (op, more) = alter_column(cursor, table, target.only)?;
        if let Some(more) = more {
            out.push(more, cursor.span_from(0));
        }
        op
    } else if mysql && (cursor.is("modify") || cursor.is("change")) {
        return redefine(cursor, table, out);
    } else if cursor.eat("validate constraint") {
        SchemaOp::ValidateConstraint {
            table,
            name: cursor.ident()?,
        }
    } else if cursor.eat("set schema") {
        SchemaOp::MoveRelation {
            kind: target.kind,
            name: table,
            schema: cursor.ident()?,
            existence: target.existence,
        }
    } else if cursor.eat("owner to") {
        SchemaOp::SetOwner {
            target: GrantTarget::Relation(table),
            role: super::access::role(cursor)?,
        }
    } else if cursor.eat("attach partition") {
        let partition = cursor.object_name()?;
        if target.kind == RelationKind::Index {
            SchemaOp::AttachPartitionIndex {
                index: table,
                partition,
            }
        } else {
            SchemaOp::AttachPartition {
                table,
                partition,
                bound: Some(read_bound(cursor)?),
            }
        }
    } else if cursor.eat("detach partition") {
        let partition = cursor.object_name()?;
        cursor.eat_any(&["concurrently", "finalize"]);
        SchemaOp::DetachPartition { table, partition }
    } else if cursor.eat("inherit") {
        SchemaOp::Inherit {
            table,
            parent: cursor.object_name()?,
        }
    } else if cursor.eat("no inherit") {
        SchemaOp::NoInherit {
            table,
            parent: cursor.object_name()?,
        }
    } else if cursor.is_phrase("set logged") || cursor.is_phrase("set unlogged") {
        let logged = cursor.is_at(1, "logged");
        cursor.at += 2;
        SchemaOp::SetLogged { table, logged }
    } else if cursor.eat("of") {
        let of_type = Some(cursor.object_name()?);
        SchemaOp::SetTableType { table, of_type }
    } else if cursor.eat("not of") {
        SchemaOp::SetTableType {
            table,
            of_type: None,
        }
    } else if let Some(change) = row_security(cursor) {
        SchemaOp::SetRowSecurity { table, change }
    } else if cursor.is("enable") || cursor.is("disable") {
        enable(cursor, table)?
    } else {
        return neutral_action(cursor, target, out);
    };
    cursor.expect_end()?;
    out.push(op, cursor.span_from(0));
    Ok(())
}

/// `ALTER CONSTRAINT c DEFERRABLE …`: when the check runs, not what it checks.
fn alter_constraint(cursor: &mut Cursor, table: ObjectName, out: &mut Out) -> Read<()> {
    let name = cursor.ident()?;
    let (mut timing, mut enforced, mut no_inherit) = (None, None, None);
    loop {
        let (deferrable, deferred) = timing.unwrap_or_default();
        if cursor.eat("not deferrable") {
            timing = Some((false, deferred));
        } else if cursor.eat("deferrable") {
            timing = Some((true, deferred));
        } else if cursor.eat("initially deferred") {
            timing = Some((true, true));
        } else if cursor.eat("initially immediate") {
            timing = Some((deferrable, false));
        } else if cursor.eat("not enforced") {
            enforced = Some(false);
        } else if cursor.eat("enforced") {
            enforced = Some(true);
        } else if cursor.eat("no inherit") {
            no_inherit = Some(true);
        } else if cursor.eat("inherit") {
            no_inherit = Some(false);
        } else {
            break;
        }
    }
    cursor.expect_end()?;
    let op = SchemaOp::AlterConstraint {
        table,
        name,
        timing,
        enforced,
        no_inherit,
    };
    out.push(op, cursor.span_from(0));
    Ok(())
}

fn row_security(cursor: &mut Cursor) -> Option<RowSecurityChange> {
    [
        ("enable row level security", RowSecurityChange::Enable),
        ("disable row level security", RowSecurityChange::Disable),
        ("no force row level security", RowSecurityChange::NoForce),
        ("force row level security", RowSecurityChange::Force),
    ]
    .into_iter()
    .find_map(|(phrase, change)| cursor.eat(phrase).then_some(change))
}

/// Storage, statistics and the like: nothing that a query sees.
fn neutral_action(cursor: &mut Cursor, target: &AlterTarget, out: &mut Out) -> Read<()> {
    const NEUTRAL: [&str; 10] = [
        "cluster on",
        "set without cluster",
        "set without oids",
        "set tablespace",
        "set access method",
        "replica identity",
        "depends on extension",
        "no depends on extension",
        "set statistics",
        "options",
    ];
    for phrase in NEUTRAL {
        if cursor.eat(phrase) {
            cursor.at = cursor.tokens.len();
            out.push(no_effect(phrase), cursor.span_from(0));
            return Ok(());
        }
    }
    if cursor.eat_any(&["set", "reset"]) && cursor.is_symbol("(") {
        cursor.parentheses()?;
        cursor.expect_end()?;
        out.push(no_effect("set storage parameter"), cursor.span_from(0));
        return Ok(());
    }
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    const MYSQL: [&str; 22] = [
        "add partition",
        "analyze partition",
        "collate",
        "convert to",
        "character set",
        "charset",
        "check partition",
        "coalesce partition",
        "default",
        "optimize partition",
        "partition by",
        "rebuild partition",
        "engine",
        "auto_increment",
        "comment",
        "algorithm",
        "lock",
        "row_format",
        "order by",
        "force",
        "enable keys",
        "disable keys",
    ];
    if mysql && cursor.eat_any(&MYSQL) {
        cursor.at = cursor.tokens.len();
        out.push(no_effect("set table option"), cursor.span_from(0));
        return Ok(());
    }
    let what = match target.kind {
        RelationKind::Table | RelationKind::ForeignTable => "an action of ALTER TABLE",
        RelationKind::View | RelationKind::MaterializedView => "an action of ALTER VIEW",
        RelationKind::Sequence => "an action of ALTER SEQUENCE",
        RelationKind::Index => "an action of ALTER INDEX",
    };
    Err(cursor.refuse(what))
}

fn add(cursor: &mut Cursor, table: ObjectName, only: bool, out: &mut Out) -> Read<()> {
    if at_table_constraint(cursor) {
        let mut constraint = Box::new(read_table_constraint(cursor)?);
        constraint.options.only = only;
        cursor.expect_end()?;
        out.push(
            SchemaOp::AddConstraint { table, constraint },
            cursor.span_from(0),
        );
        return Ok(());
    }
    if let Some(index) = read_key_index(cursor, &table)? {
        cursor.expect_end()?;
        out.push(index, cursor.span_from(0));
        return Ok(());
    }
    cursor.eat("column");
    let existence = cursor.if_not_exists();
    if cursor.is_symbol("(") && cursor.dialect != Dialect::Postgres {
        // MySQL: ADD (a int, b int).
        let range = cursor.parentheses()?;
        cursor.expect_end()?;
        for part in cursor.split_commas(range) {
            add_column(&mut cursor.part(part), table.clone(), existence, out)?;
        }
        return Ok(());
    }
    add_column(cursor, table, existence, out)
}

fn add_column(
    cursor: &mut Cursor,
    table: ObjectName,
    existence: Existence,
    out: &mut Out,
) -> Read<()> {
    let WrittenColumn {
        column,
        constraints,
    } = read_column(cursor)?;
    cursor.expect_end()?;
    let name = column.name.clone();
    let op = SchemaOp::AddColumn {
        table: table.clone(),
        column: Box::new(column),
        existence,
    };
    out.push(op, cursor.span_from(0));
    for (mut constraint, span) in constraints {
        if existence == Existence::Tolerated {
            constraint.options.beside = Some(name.clone());
        }
        let constraint = Box::new(constraint);
        out.push(
            SchemaOp::AddConstraint {
                table: table.clone(),
                constraint,
            },
            span,
        );
    }
    Ok(())
}

fn drop(cursor: &mut Cursor, table: ObjectName) -> Read<SchemaOp> {
    if cursor.eat("constraint") {
        let existence = cursor.if_exists();
        let name = cursor.ident()?;
        let behavior = cursor.behavior();
        return Ok(SchemaOp::DropConstraint {
            table,
            name,
            existence,
            behavior,
        });
    }
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    if mysql && cursor.eat_any(&["index", "key"]) {
        return Ok(SchemaOp::DropRelation {
            kind: RelationKind::Index,
            existence: cursor.if_exists(),
            name: cursor.object_name()?,
            table: Some(table),
            behavior: cursor.behavior(),
        });
    }
    if mysql && cursor.eat_any(&["foreign key", "check", "primary key"]) {
        // MySQL names every primary key so.
        let primary = cursor.tokens[cursor.at - 2].is_word(cursor.text, "primary");
        let existence = cursor.if_exists();
        let name = if primary {
            Ident::new("PRIMARY")
        } else {
            cursor.ident()?
        };
        let behavior = cursor.behavior();
        return Ok(SchemaOp::DropConstraint {
            table,
            name,
            existence,
            behavior,
        });
    }
    cursor.eat("column");
    let existence = cursor.if_exists();
    let column = cursor.ident()?;
    let behavior = cursor.behavior();
    Ok(SchemaOp::DropColumn {
        table,
        column,
        existence,
        behavior,
    })
}

fn rename(cursor: &mut Cursor, target: &AlterTarget) -> Read<SchemaOp> {
    let table = target.table.clone();
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    if cursor.eat("constraint") {
        let name = cursor.ident()?;
        cursor.expect("to")?;
        return Ok(SchemaOp::RenameConstraint {
            table,
            name,
            to: cursor.ident()?,
        });
    }
    if mysql && cursor.eat_any(&["index", "key"]) {
        // The index of a table, as that of a constraint is renamed.
        let name = cursor.ident()?;
        cursor.expect("to")?;
        let to = cursor.ident()?;
        return Ok(SchemaOp::RenameConstraint { table, name, to });
    }
    let named = !(cursor.is("to") || mysql && cursor.is("as"));
    if named && !(mysql && cursor.peek_at(1).is_none()) {
        cursor.eat("column");
        let column = cursor.ident()?;
        cursor.expect("to")?;
        return Ok(SchemaOp::RenameColumn {
            table,
            column,
            to: cursor.ident()?,
        });
    }
    cursor.eat_any(&["to", "as"]);
    Ok(SchemaOp::RenameRelation {
        kind: target.kind,
        name: table,
        to: cursor.object_name()?.name,
        existence: target.existence,
    })
}

fn enable(cursor: &mut Cursor, table: ObjectName) -> Read<SchemaOp> {
    let enabled = cursor.eat("enable");
    if !enabled {
        cursor.expect("disable")?;
    }
    cursor.eat_any(&["replica", "always"]);
    if cursor.eat("rule") {
        return Ok(SchemaOp::EnableRule {
            table,
            name: cursor.ident()?,
            enabled,
        });
    }
    cursor.expect("trigger")?;
    let triggers = if cursor.eat_any(&["all", "user"]) {
        TriggerSelection::All
    } else {
        TriggerSelection::Named(cursor.ident()?)
    };
    Ok(SchemaOp::EnableTrigger {
        table,
        triggers,
        enabled,
    })
}

fn alter_column(
    cursor: &mut Cursor,
    table: ObjectName,
    only: bool,
) -> Read<(SchemaOp, Option<SchemaOp>)> {
    let column = if cursor
        .peek()
        .is_some_and(|token| token.kind == TokenKind::Number)
    {
        // ALTER INDEX … ALTER COLUMN 1 SET STATISTICS 100.
        cursor.at += 1;
        Ident::new("")
    } else {
        cursor.ident()?
    };
    let change = if cursor.eat_any(&["type", "set data type"]) {
        let data_type = read_type(cursor)?;
        let collation = if cursor.eat("collate") {
            Some(cursor.object_name()?)
        } else {
            None
        };
        let using = cursor.eat("using");
        let mut rewrites = false;
        if using {
            let start = cursor.at;
            cursor.until(|_| false)?;
            rewrites = computes(cursor, start);
        }
        ColumnChange::SetType {
            data_type,
            collation,
            using,
            rewrites,
        }
    } else if cursor.eat("set default") {
        let start = cursor.at;
        cursor.until(|_| false)?;
        match default_of(cursor, start..cursor.at)? {
            Some(expr) => ColumnChange::SetDefault(expr),
            None => ColumnChange::DropDefault,
        }
    } else if cursor.eat("drop default") {
        ColumnChange::DropDefault
    } else if cursor.eat("set not null") {
        ColumnChange::SetNotNull
    } else if cursor.eat("drop not null") {
        ColumnChange::DropNotNull
    } else if cursor.eat("drop identity") {
        ColumnChange::DropIdentity(cursor.if_exists())
    } else if cursor.eat("drop expression") {
        ColumnChange::DropExpression(cursor.if_exists())
    } else if cursor.eat("set expression as") {
        ColumnChange::SetExpression(cursor.parenthesised()?)
    } else if cursor.eat("add generated") {
        let identity = read_identity(cursor)?;
        cursor.expect("as identity")?;
        let mut change = SequenceChange::default();
        if cursor.is_symbol("(") {
            let range = cursor.parentheses()?;
            (change, _) = read_sequence_options(&mut cursor.part(range))?;
        }
        ColumnChange::AddIdentity(identity, Box::new(change))
    } else if cursor.eat("set generated") {
        let identity = read_identity(cursor)?;
        if at_identity_option(cursor) {
            // The identity is changed by an operation of its own.
            let range = cursor.at..cursor.tokens.len();
            cursor.at = range.end;
            let change = read_set_options(cursor, range)?;
            return Ok((
                SchemaOp::AlterColumn {
                    table: table.clone(),
                    column: column.clone(),
                    change: ColumnChange::SetIdentitySequence(Box::new(change)),
                    only,
                },
                Some(SchemaOp::AlterColumn {
                    table,
                    column,
                    change: ColumnChange::SetIdentity(identity),
                    only,
                }),
            ));
        }
        ColumnChange::SetIdentity(identity)
    } else if at_identity_option(cursor) {
        let range = cursor.at..cursor.tokens.len();
        cursor.at = range.end;
        ColumnChange::SetIdentitySequence(Box::new(read_set_options(cursor, range)?))
    } else {
        return neutral_column_change(cursor).map(|op| (op, None));
    };
    let op = SchemaOp::AlterColumn {
        table,
        column,
        change,
        only,
    };
    Ok((op, None))
}

/// Whether the numbers of an identity column's sequence come next.
fn at_identity_option(cursor: &Cursor) -> bool {
    let numbers = [
        "start",
        "increment",
        "minvalue",
        "maxvalue",
        "cache",
        "cycle",
        "no",
    ];
    cursor.is("restart") || cursor.is("set") && numbers.iter().any(|word| cursor.is_at(1, word))
}

/// `SET INCREMENT 2 SET NO CYCLE RESTART`: each option after a `SET` of its own.
fn read_set_options(cursor: &Cursor, range: Range<usize>) -> Read<SequenceChange> {
    let tokens: Vec<Token> = cursor.tokens[range]
        .iter()
        .copied()
        .filter(|token| !token.is_word(cursor.text, "set"))
        .collect();
    let mut options = Cursor::new(cursor.text, cursor.dialect, &tokens);
    read_sequence_options(&mut options).map(|(change, _)| change)
}

/// Storage and statistics: nothing that a query sees.
fn neutral_column_change(cursor: &mut Cursor) -> Read<SchemaOp> {
    const NEUTRAL: [&str; 3] = ["set statistics", "set storage", "set compression"];
    for phrase in NEUTRAL {
        if cursor.eat(phrase) {
            cursor.at = cursor.tokens.len();
            return Ok(no_effect(phrase));
        }
    }
    if cursor.eat_any(&["set", "reset", "options"]) && cursor.is_symbol("(") {
        cursor.parentheses()?;
        return Ok(no_effect("set column option"));
    }
    Err(cursor.refuse("an action of ALTER COLUMN"))
}

fn read_identity(cursor: &mut Cursor) -> Read<Identity> {
    if cursor.eat("always") {
        return Ok(Identity::Always);
    }
    cursor.expect("by default")?;
    Ok(Identity::ByDefault)
}

/// MySQL's `MODIFY [COLUMN] a type …` and `CHANGE [COLUMN] a b type …`.
fn redefine(cursor: &mut Cursor, table: ObjectName, out: &mut Out) -> Read<()> {
    let renames = cursor.eat("change");
    if !renames {
        cursor.expect("modify")?;
    }
    cursor.eat("column");
    cursor.if_exists();
    let old = if renames { Some(cursor.ident()?) } else { None };
    let WrittenColumn {
        column,
        constraints,
    } = read_column(cursor)?;
    cursor.expect_end()?;
    let span = cursor.span_from(0);
    if let Some(old) = old.filter(|old| *old != column.name) {
        let to = column.name.clone();
        out.push(
            SchemaOp::RenameColumn {
                table: table.clone(),
                column: old,
                to,
            },
            span,
        );
    }
    let name = column.name.clone();
    let change = ColumnChange::Redefine(Box::new(column));
    out.push(
        SchemaOp::AlterColumn {
            table: table.clone(),
            column: name,
            change,
            only: false,
        },
        span,
    );
    for (constraint, span) in constraints {
        let constraint = Box::new(constraint);
        out.push(
            SchemaOp::AddConstraint {
                table: table.clone(),
                constraint,
            },
            span,
        );
    }
    Ok(())
}

/// `CREATE SEQUENCE`, from the word after it on.
pub(super) fn create_sequence(cursor: &mut Cursor, temporary: bool, out: &mut Out) -> Read<()> {
    let existence = cursor.if_not_exists();
    let name = cursor.object_name()?;
    let (options, owner) = read_sequence_options(cursor)?;
    super::whole(
        cursor,
        SchemaOp::CreateSequence {
            name,
            temporary,
            owner,
            options: Box::new(options),
            existence,
        },
        out,
    );
    Ok(())
}

/// `ALTER SEQUENCE`, from the word after it on.
pub(super) fn alter_sequence(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let start = cursor.at;
    let existence = cursor.if_exists();
    let name = cursor.object_name()?;
    let renames = cursor.is("rename") || cursor.is_phrase("set schema");
    if renames || cursor.is("owner") || cursor.is("set") {
        cursor.at = start;
        return alter_table(cursor, RelationKind::Sequence, out);
    }
    let (options, owner) = read_sequence_options(cursor)?;
    let renumbers = options != SequenceChange::default();
    if let Some(owner) = owner {
        let name = name.clone();
        let op = SchemaOp::SetSequenceOwner {
            name,
            owner,
            existence,
        };
        super::whole(cursor, op, out);
    } else if !renumbers {
        super::whole(cursor, no_effect("alter sequence"), out);
    }
    if renumbers {
        let op = SchemaOp::AlterSequence {
            name,
            options: Box::new(options),
            existence,
        };
        super::whole(cursor, op, out);
    }
    Ok(())
}

/// The numbers of a sequence, in any order, and who owns it.
pub(super) fn read_sequence_options(
    cursor: &mut Cursor,
) -> Read<(SequenceChange, Option<SequenceOwner>)> {
    let mut owner = None;
    let mut change = SequenceChange::default();
    while !cursor.is_done() {
        if cursor.eat("owned by none") {
            owner = Some(SequenceOwner::None);
        } else if cursor.eat("owned by") {
            let mut parts = vec![cursor.ident()?];
            while cursor.eat_symbol(".") {
                parts.push(cursor.any_word()?);
            }
            let column = parts.pop();
            let table = parts.pop();
            let (Some(column), Some(table)) = (column, table) else {
                return Err(cursor.refuse("`table.column`"));
            };
            owner = Some(SequenceOwner::Column(
                ObjectName {
                    schema: parts.pop(),
                    name: table,
                },
                column,
            ));
        } else if cursor.eat("as") {
            change.data_type = Some(read_type(cursor)?);
        } else if cursor.eat("sequence name") {
            change.name = Some(cursor.object_name()?);
        } else if cursor.eat("no minvalue") {
            change.min = Some(None);
        } else if cursor.eat("no maxvalue") {
            change.max = Some(None);
        } else if cursor.eat("no cycle") {
            change.cycle = Some(false);
        } else if cursor.eat("cycle") {
            change.cycle = Some(true);
        } else if cursor.eat_any(&["logged", "unlogged"]) {
        } else if cursor.eat_any(&["start with", "start"]) {
            change.start = read_number(cursor)?;
        } else if cursor.eat_any(&["increment by", "increment"]) {
            change.increment = read_number(cursor)?;
        } else if cursor.eat("minvalue") {
            change.min = Some(read_number(cursor)?);
        } else if cursor.eat("maxvalue") {
            change.max = Some(read_number(cursor)?);
        } else if cursor.eat("cache") {
            change.cache = read_number(cursor)?;
        } else if cursor.eat_any(&["restart with", "restart"]) {
            // Where it goes on is a matter of rows.
            read_number(cursor)?;
        } else {
            return Err(cursor.refuse("a sequence option"));
        }
    }
    Ok((change, owner))
}

/// A whole number with its sign, if one comes next.
fn read_number(cursor: &mut Cursor) -> Read<Option<i64>> {
    let negative = cursor.eat_symbol("-");
    if !negative {
        cursor.eat_symbol("+");
    }
    let Some(token) = cursor.peek().filter(|it| it.kind == TokenKind::Number) else {
        return Ok(None);
    };
    let sign = if negative { "-" } else { "" };
    let number = format!("{sign}{}", token.text(cursor.text));
    match number.replace('_', "").parse() {
        Ok(number) => {
            cursor.at += 1;
            Ok(Some(number))
        }
        Err(_) => Err(cursor.refuse("a number of 64 bits")),
    }
}

/// `ALTER DOMAIN … ADD [CONSTRAINT c] CHECK (…) [NOT VALID]` shares its parts with tables.
pub(super) fn read_domain_check(cursor: &mut Cursor) -> Read<(Option<Ident>, SqlExpr, bool)> {
    let mut constraint = read_table_constraint(cursor)?;
    read_constraint_attributes(cursor, &mut constraint)?;
    match constraint.kind {
        ConstraintKind::Check { expr, .. } => Ok((constraint.name, expr, constraint.not_valid)),
        ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Unique { .. }
        | ConstraintKind::ForeignKey { .. }
        | ConstraintKind::Exclude { .. }
        | ConstraintKind::NotNull { .. } => Err(cursor.refuse("`CHECK`")),
    }
}

/// The rest of a domain: `DEFAULT`, `NOT NULL`, checks, in any order.
pub(super) struct DomainRest {
    pub(super) not_null: bool,
    pub(super) default: Option<SqlExpr>,
    pub(super) checks: Vec<(Option<Ident>, SqlExpr)>,
}

pub(super) fn read_domain_rest(cursor: &mut Cursor) -> Read<DomainRest> {
    let mut rest = DomainRest {
        not_null: false,
        default: None,
        checks: Vec::new(),
    };
    while !cursor.is_done() {
        let named_null =
            cursor.is("constraint") && (cursor.is_at(2, "not") || cursor.is_at(2, "null"));
        if named_null {
            cursor.at += 2;
        }
        if cursor.eat("collate") {
            cursor.object_name()?;
        } else if cursor.eat("default") {
            rest.default = read_default(cursor)?;
        } else if cursor.eat("not null") {
            rest.not_null = true;
        } else if cursor.eat("null") {
            rest.not_null = false;
        } else {
            let (name, expr, _) = read_domain_check(cursor)?;
            rest.checks.push((name, expr));
        }
    }
    Ok(rest)
}
