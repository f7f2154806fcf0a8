//! Dropping, views, types, domains, schemas, extensions, and objects kept by name.

use std::ops::Range;
use std::sync::Arc;

use super::index::drop_index_table;
use super::query::query;
use super::routine::read_signature;
use super::table::{DomainRest, read_domain_check, read_domain_rest};
use super::types::read_type;
use super::{Out, access, no_effect, other_kind, rule, statement, whole};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{
    Behavior, Creation, Existence, GrantTarget, LabelPosition, OtherKind, RelationKind, SchemaOp,
    SessionOp, TableDef, TypeChange, TypeDef, ViewDef,
};
use crate::schema::types::SqlType;
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{self, TokenKind};

/// `DROP`, after the word.
pub(super) fn drop(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let mysql = matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb);
    if mysql {
        cursor.eat("temporary");
    }
    let relations = [
        ("foreign table", RelationKind::ForeignTable),
        ("tables", RelationKind::Table),
        ("table", RelationKind::Table),
        ("materialized view", RelationKind::MaterializedView),
        ("view", RelationKind::View),
        ("sequence", RelationKind::Sequence),
        ("index", RelationKind::Index),
    ];
    for (phrase, kind) in relations {
        if cursor.eat(phrase) {
            return drop_relations(cursor, kind, out);
        }
    }
    if cursor.eat_any(&["type", "domain"]) {
        return drop_each(
            cursor,
            out,
            Cursor::object_name,
            |name, existence, behavior| SchemaOp::DropType {
                name,
                existence,
                behavior,
            },
        );
    }
    if cursor.eat_any(&["function", "procedure", "aggregate", "routine"]) {
        return drop_each(
            cursor,
            out,
            read_signature,
            |(name, arguments), existence, behavior| SchemaOp::DropRoutine {
                name,
                arguments,
                existence,
                behavior,
            },
        );
    }
    if cursor.eat("schema") || (mysql && cursor.eat("database")) {
        return drop_each(cursor, out, Cursor::ident, |name, existence, behavior| {
            SchemaOp::DropSchema {
                name,
                existence,
                behavior,
            }
        });
    }
    if cursor.eat("extension") {
        return drop_each(cursor, out, Cursor::ident, |name, existence, behavior| {
            SchemaOp::DropExtension {
                name,
                existence,
                behavior,
            }
        });
    }
    if !cursor.is_phrase("user mapping") && cursor.eat_any(&["role", "user", "group"]) {
        return drop_each(cursor, out, access::role, |name, existence, _| {
            SchemaOp::DropRole { name, existence }
        });
    }
    if cursor.eat("trigger") {
        let existence = cursor.if_exists();
        let mut name = cursor.object_name()?;
        let table = if cursor.eat("on") {
            Some(cursor.object_name()?)
        } else {
            None
        };
        if cursor.dialect == Dialect::Postgres && (table.is_none() || name.schema.take().is_some())
        {
            return Err(cursor.refuse("`ON`"));
        }
        cursor.behavior();
        whole(
            cursor,
            SchemaOp::DropTrigger {
                name: name.name,
                table,
                existence,
            },
            out,
        );
        return Ok(());
    }
    if cursor.eat("policy") {
        let existence = cursor.if_exists();
        let name = cursor.ident()?;
        cursor.expect("on")?;
        let table = cursor.object_name()?;
        cursor.behavior();
        whole(
            cursor,
            SchemaOp::DropPolicy {
                name,
                table,
                existence,
            },
            out,
        );
        return Ok(());
    }
    if cursor.eat("rule") {
        return rule::drop(cursor, out);
    }
    if cursor.eat("transform for") {
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("transform"), out);
        return Ok(());
    }
    if cursor.is("owned") {
        return Err(Refused("what a role owns is not known".to_owned()));
    }
    let Some(kind) = other_kind(cursor) else {
        return Err(cursor.refuse("an object to drop"));
    };
    let existence = cursor.if_exists();
    let name = other_name(cursor, kind)?;
    if kind == OtherKind::Operator {
        cursor.at = cursor.tokens.len();
    }
    let mut names = vec![name];
    while cursor.eat_symbol(",") {
        names.push(other_name(cursor, kind)?);
    }
    if cursor.eat_any(&["on", "using"]) {
        cursor.object_name()?;
    }
    cursor.behavior();
    for name in names {
        whole(
            cursor,
            SchemaOp::DropOther {
                kind,
                name,
                existence,
            },
            out,
        );
    }
    Ok(())
}

fn drop_relations(cursor: &mut Cursor, kind: RelationKind, out: &mut Out) -> Read<()> {
    if kind == RelationKind::Index {
        cursor.eat("concurrently");
    }
    let existence = cursor.if_exists();
    let names = cursor.list(Cursor::object_name)?;
    let table = if kind == RelationKind::Index {
        drop_index_table(cursor)?
    } else {
        None
    };
    let behavior = cursor.behavior();
    if matches!(cursor.dialect, Dialect::Mysql | Dialect::Mariadb) && kind == RelationKind::Index {
        while cursor.eat_any(&["algorithm", "lock"]) {
            cursor.eat_symbol("=");
            cursor.next();
        }
    }
    for name in names {
        let table = table.clone();
        whole(
            cursor,
            SchemaOp::DropRelation {
                kind,
                name,
                table,
                existence,
                behavior,
            },
            out,
        );
    }
    Ok(())
}

/// `[IF EXISTS] a, b [CASCADE]`: one operation for each.
fn drop_each<'a, T>(
    cursor: &mut Cursor<'a>,
    out: &mut Out,
    item: impl FnMut(&mut Cursor<'a>) -> Read<T>,
    op: impl Fn(T, Existence, Behavior) -> SchemaOp,
) -> Read<()> {
    let existence = cursor.if_exists();
    let all = cursor.list(item)?;
    let behavior = cursor.behavior();
    for one in all {
        whole(cursor, op(one, existence, behavior), out);
    }
    Ok(())
}

/// MySQL's `RENAME TABLE a TO b, c TO d`, after the first word.
pub(super) fn rename_tables(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    if !cursor.eat_any(&["table", "tables"]) {
        return Err(cursor.refuse("`TABLE`"));
    }
    let pairs = cursor.list(|cursor| {
        let name = cursor.object_name()?;
        cursor.expect("to")?;
        Ok((name, cursor.object_name()?.name))
    })?;
    for (name, to) in pairs {
        let kind = RelationKind::Table;
        whole(
            cursor,
            SchemaOp::RenameRelation {
                kind,
                name,
                to,
                existence: Existence::Required,
            },
            out,
        );
    }
    Ok(())
}

/// The name of an object that is kept by name only.
pub(super) fn other_name(cursor: &mut Cursor, kind: OtherKind) -> Read<ObjectName> {
    match kind {
        OtherKind::Cast => {
            let range = cursor.parentheses()?;
            let text = token::folded(&cursor.tokens[range], cursor.text);
            Ok(ObjectName::bare(Ident::new(&text.to_ascii_lowercase())))
        }
        OtherKind::Operator => {
            let dotted = cursor
                .peek_at(1)
                .is_some_and(|token| token.is_symbol(cursor.text, "."));
            let signs = cursor
                .peek_at(2)
                .is_some_and(|token| token.kind == TokenKind::Operator);
            if dotted && signs {
                let schema = Some(cursor.ident()?);
                cursor.at += 1;
                let name = operator_name(cursor)?;
                Ok(ObjectName { schema, name })
            } else if cursor.peek().is_some_and(|token| token.is_name()) {
                // A class or family of operators.
                cursor.object_name()
            } else {
                operator_name(cursor).map(ObjectName::bare)
            }
        }
        OtherKind::Foreign if cursor.eat("for") => {
            let role = access::role(cursor)?;
            cursor.expect("server")?;
            let server = cursor.ident()?;
            Ok(ObjectName::qualified(server, role))
        }
        // CREATE STATISTICS may leave the name out.
        OtherKind::Statistics if cursor.is_symbol("(") || cursor.is("on") => {
            Ok(ObjectName::bare(Ident::new("")))
        }
        OtherKind::Foreign
        | OtherKind::Statistics
        | OtherKind::Collation
        | OtherKind::Conversion
        | OtherKind::TextSearch
        | OtherKind::EventTrigger
        | OtherKind::Publication
        | OtherKind::Subscription
        | OtherKind::Language
        | OtherKind::Transform
        | OtherKind::AccessMethod
        | OtherKind::Tablespace
        | OtherKind::Database => {
            if cursor
                .peek()
                .is_some_and(|token| token.kind == TokenKind::String)
            {
                return cursor
                    .string()
                    .map(|name| ObjectName::bare(Ident::new(&name)));
            }
            cursor.object_name()
        }
    }
}

/// The signs of an operator, as they are.
fn operator_name(cursor: &mut Cursor) -> Read<Ident> {
    let mut name = String::new();
    while let Some(token) = cursor
        .peek()
        .filter(|token| token.kind == TokenKind::Operator)
    {
        name.push_str(token.text(cursor.text));
        cursor.at += 1;
    }
    if name.is_empty() {
        return Err(cursor.refuse("an operator"));
    }
    Ok(Ident::new(&name))
}

/// `CREATE … VIEW`, from the kind on.
pub(super) fn create_view(
    cursor: &mut Cursor,
    temporary: bool,
    mut creation: Creation,
    out: &mut Out,
) -> Read<()> {
    let materialized = cursor.eat("materialized");
    cursor.expect("view")?;
    if cursor.if_not_exists() == Existence::Tolerated {
        creation = Creation::IfNotExists;
    }
    let name = cursor.object_name()?;
    let columns = if cursor.is_symbol("(") {
        cursor.ident_list()?
    } else {
        Vec::new()
    };
    loop {
        if cursor.eat("with") {
            cursor.parentheses()?;
        } else if cursor.eat("using") || cursor.eat("tablespace") {
            cursor.ident()?;
        } else {
            break;
        }
    }
    cursor.expect("as")?;
    let start = cursor.at;
    let mut end = cursor.tokens.len();
    let tails = [
        "with no data",
        "with data",
        "with check option",
        "with local check option",
        "with cascaded check option",
    ];
    for tail in tails {
        let length = tail.split(' ').count();
        let mut probe = cursor.clone();
        probe.at = end.saturating_sub(length);
        if probe.at > start && probe.is_phrase(tail) {
            end -= length;
            break;
        }
    }
    let starts = ["select", "with", "values", "table"];
    if start >= end || !(cursor.is_symbol("(") || starts.iter().any(|word| cursor.is(word))) {
        return Err(cursor.refuse("a query"));
    }
    let query = query(&cursor.part(start..end));
    cursor.at = cursor.tokens.len();
    let view = Box::new(ViewDef {
        name,
        materialized,
        temporary,
        columns,
        query,
    });
    whole(cursor, SchemaOp::CreateView { view, creation }, out);
    Ok(())
}

/// `CREATE TYPE`, after the words.
pub(super) fn create_type(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.object_name()?;
    let definition = if cursor.eat("as enum") {
        let range = cursor.parentheses()?;
        let mut labels: Vec<Arc<str>> = Vec::new();
        for part in cursor.split_commas(range) {
            let mut part = cursor.part(part);
            labels.push(Arc::from(part.string()?));
            part.expect_end()?;
        }
        TypeDef::Enum(labels)
    } else if cursor.eat("as range") {
        let range = cursor.parentheses()?;
        let mut subtype = SqlType::unknown();
        for part in cursor.split_commas(range) {
            let mut part = cursor.part(part);
            if part.eat("subtype") && part.eat_symbol("=") {
                subtype = read_type(&mut part)?;
            }
        }
        TypeDef::Range(subtype)
    } else if cursor.eat("as") {
        let range = cursor.parentheses()?;
        let mut fields = Vec::new();
        for part in cursor.split_commas(range) {
            let mut part = cursor.part(part);
            let field = part.ident()?;
            fields.push((field, read_type(&mut part)?));
            if part.eat("collate") {
                part.object_name()?;
            }
            part.expect_end()?;
        }
        TypeDef::Composite(fields)
    } else {
        if cursor.is_symbol("(") {
            cursor.parentheses()?;
        }
        TypeDef::Base
    };
    whole(cursor, SchemaOp::CreateType { name, definition }, out);
    Ok(())
}

/// `CREATE DOMAIN`, after the words.
pub(super) fn create_domain(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.object_name()?;
    cursor.eat("as");
    let base = read_type(cursor)?;
    let DomainRest {
        not_null,
        default,
        checks,
    } = read_domain_rest(cursor)?;
    let definition = TypeDef::Domain {
        base,
        not_null,
        default,
        checks,
    };
    whole(cursor, SchemaOp::CreateType { name, definition }, out);
    Ok(())
}

/// `ALTER TYPE`, after the words.
pub(super) fn alter_type(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.object_name()?;
    if let Some(op) = alter_name(cursor, &name)? {
        whole(cursor, op, out);
        return Ok(());
    }
    let op = if cursor.eat("add value") {
        let existence = cursor.if_not_exists();
        let label = Arc::from(cursor.string()?);
        let position = if cursor.eat("before") {
            LabelPosition::Before(Arc::from(cursor.string()?))
        } else if cursor.eat("after") {
            LabelPosition::After(Arc::from(cursor.string()?))
        } else {
            LabelPosition::Last
        };
        SchemaOp::AddEnumLabel {
            name,
            label,
            position,
            existence,
        }
    } else if cursor.eat("rename value") {
        let label = Arc::from(cursor.string()?);
        cursor.expect("to")?;
        SchemaOp::RenameEnumLabel {
            name,
            label,
            to: Arc::from(cursor.string()?),
        }
    } else if cursor.eat("rename attribute") {
        let attribute = cursor.ident()?;
        cursor.expect("to")?;
        let change = TypeChange::RenameAttribute(attribute, cursor.ident()?);
        cursor.behavior();
        SchemaOp::AlterType { name, change }
    } else if cursor.eat("set") {
        cursor.parentheses()?;
        no_effect("alter type")
    } else {
        return alter_attributes(cursor, name, out);
    };
    whole(cursor, op, out);
    Ok(())
}

fn alter_attributes(cursor: &mut Cursor, name: ObjectName, out: &mut Out) -> Read<()> {
    let start = cursor.at;
    cursor.at = cursor.tokens.len();
    for range in cursor.split_commas(start..cursor.at) {
        let mut action = cursor.part(range.clone());
        let change = if action.eat("add attribute") {
            let attribute = action.ident()?;
            TypeChange::AddAttribute(attribute, read_attribute_type(&mut action)?)
        } else if action.eat("drop attribute") {
            let existence = action.if_exists();
            TypeChange::DropAttribute(action.ident()?, existence)
        } else if action.eat("alter attribute") {
            let attribute = action.ident()?;
            action.eat("set data");
            action.expect("type")?;
            TypeChange::SetAttributeType(attribute, read_attribute_type(&mut action)?)
        } else {
            return Err(action.refuse("an action of ALTER TYPE"));
        };
        action.behavior();
        action.expect_end()?;
        out.push(
            SchemaOp::AlterType {
                name: name.clone(),
                change,
            },
            cursor.span_of(range),
        );
    }
    Ok(())
}

fn read_attribute_type(action: &mut Cursor) -> Read<crate::schema::types::SqlType> {
    let data_type = read_type(action)?;
    if action.eat("collate") {
        action.object_name()?;
    }
    Ok(data_type)
}

/// `RENAME TO`, `SET SCHEMA`, `OWNER TO` of a type or domain.
fn alter_name(cursor: &mut Cursor, name: &ObjectName) -> Read<Option<SchemaOp>> {
    let name = name.clone();
    Ok(Some(if cursor.eat("rename to") {
        SchemaOp::RenameType {
            name,
            to: cursor.ident()?,
        }
    } else if cursor.eat("set schema") {
        SchemaOp::MoveType {
            name,
            schema: cursor.ident()?,
        }
    } else if cursor.eat("owner to") {
        SchemaOp::SetOwner {
            target: GrantTarget::Type(name),
            role: access::role(cursor)?,
        }
    } else {
        return Ok(None);
    }))
}

/// `ALTER DOMAIN`, after the words.
pub(super) fn alter_domain(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.object_name()?;
    if let Some(op) = alter_name(cursor, &name)? {
        whole(cursor, op, out);
        return Ok(());
    }
    let change = if cursor.eat("set default") {
        let start = cursor.at;
        cursor.until(|_| false)?;
        TypeChange::DomainDefault(super::column::default_of(cursor, start..cursor.at)?)
    } else if cursor.eat("drop default") {
        TypeChange::DomainDefault(None)
    } else if cursor.eat("set not null") {
        TypeChange::DomainNotNull(true)
    } else if cursor.eat("drop not null") {
        TypeChange::DomainNotNull(false)
    } else if cursor.eat("add") {
        let (name, expr, not_valid) = read_domain_check(cursor)?;
        TypeChange::AddDomainCheck {
            name,
            expr,
            not_valid,
        }
    } else if cursor.eat("drop constraint") {
        let existence = cursor.if_exists();
        let check = cursor.ident()?;
        cursor.behavior();
        TypeChange::DropDomainCheck(check, existence)
    } else if cursor.eat("rename constraint") {
        let check = cursor.ident()?;
        cursor.expect("to")?;
        TypeChange::RenameDomainCheck(check, cursor.ident()?)
    } else {
        cursor.expect("validate constraint")?;
        TypeChange::ValidateDomainCheck(cursor.ident()?)
    };
    whole(cursor, SchemaOp::AlterType { name, change }, out);
    Ok(())
}

/// `CREATE SCHEMA`, after the words.
pub(super) fn create_schema(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let existence = cursor.if_not_exists();
    let named = !cursor.is("authorization");
    let name = if named { Some(cursor.ident()?) } else { None };
    let role = if cursor.eat("authorization") {
        Some(access::role(cursor)?)
    } else {
        None
    };
    let Some(name) = name.or(role) else {
        return Err(cursor.refuse("a name"));
    };
    let op = SchemaOp::CreateSchema {
        name: name.clone(),
        existence,
    };
    whole(cursor, op, out);
    if !cursor.is_done() {
        let start = cursor.at;
        let enter = SchemaOp::Session(SessionOp::EnterSchema(name));
        whole(cursor, enter, out);
        for range in schema_elements(cursor, start)? {
            statement(&mut cursor.part(range), out)?;
        }
        whole(cursor, SchemaOp::Session(SessionOp::LeaveSchema), out);
        cursor.at = cursor.tokens.len();
    }
    Ok(())
}

/// `CREATE TABLE … CREATE VIEW … GRANT …` behind `CREATE SCHEMA s`, each element in the order in
/// which the server makes them: sequences, tables, views, indexes, triggers, privileges.
fn schema_elements(cursor: &Cursor, start: usize) -> Read<Vec<Range<usize>>> {
    const ORDER: [&str; 5] = ["sequence", "table", "view", "index", "trigger"];
    let word = |at: usize, word: &str| {
        let token = cursor.tokens.get(at);
        token.is_some_and(|it| it.is_word(cursor.text, word))
    };
    let (mut depth, mut starts) = (0usize, Vec::new());
    for index in start..cursor.tokens.len() {
        let token = cursor.tokens[index];
        if token.is_symbol(cursor.text, "(") {
            depth += 1;
        } else if token.is_symbol(cursor.text, ")") {
            depth = depth.saturating_sub(1);
        }
        // `GRANT CREATE, …`, `WITH GRANT OPTION`
        let is_inner = index > start
            && (word(index - 1, "grant")
                || word(index - 1, "with")
                || cursor.tokens[index - 1].is_symbol(cursor.text, ","));
        if depth == 0 && (word(index, "create") || word(index, "grant")) && !is_inner {
            starts.push(index);
        }
    }
    if starts.first() != Some(&start) {
        return Err(cursor.refuse("the end"));
    }
    let ends = starts.iter().skip(1).copied().chain([cursor.tokens.len()]);
    let mut elements: Vec<Range<usize>> = starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(from, to)| from..to)
        .collect();
    elements.sort_by_key(|range| {
        let head = range.start + 1..range.end.min(range.start + 4);
        let kind = ORDER.iter().position(|kind| {
            word(range.start, "create") && head.clone().any(|index| word(index, kind))
        });
        kind.unwrap_or(ORDER.len())
    });
    Ok(elements)
}

/// `IMPORT FOREIGN SCHEMA s LIMIT TO (a, b) FROM SERVER x INTO t`, after the first words.
pub(super) fn import_foreign_schema(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    cursor.ident()?;
    if !cursor.eat("limit to") {
        let reason = "which tables the other server has is not known";
        return Err(Refused(reason.to_owned()));
    }
    let names = cursor.ident_list()?;
    cursor.expect("from server")?;
    cursor.ident()?;
    cursor.expect("into")?;
    let schema = cursor.ident()?;
    if cursor.eat("options") {
        cursor.parentheses()?;
    }
    for name in names {
        let mut table = TableDef::new(ObjectName::qualified(schema.clone(), name));
        table.foreign = true;
        table.columns_unknown = true;
        let op = SchemaOp::CreateTable {
            table: Box::new(table),
            creation: Creation::New,
        };
        whole(cursor, op, out);
    }
    Ok(())
}

/// `CREATE EXTENSION`, after the words.
pub(super) fn create_extension(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let existence = cursor.if_not_exists();
    let name = cursor.ident()?;
    cursor.eat("with");
    let mut schema = None;
    loop {
        if cursor.eat("schema") {
            schema = Some(cursor.ident()?);
        } else if cursor.eat("version") || cursor.eat("from") {
            if cursor.string().is_err() {
                cursor.any_word()?;
            }
        } else if !cursor.eat("cascade") {
            break;
        }
    }
    whole(
        cursor,
        SchemaOp::CreateExtension {
            name,
            schema,
            existence,
        },
        out,
    );
    Ok(())
}

/// `ALTER EXTENSION`, after the words: what a new version holds cannot be known.
pub(super) fn alter_extension(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    cursor.ident()?;
    if !cursor.eat_any(&["add", "drop"]) {
        let what = if cursor.is("update") {
            "what the extension's new version holds"
        } else {
            "where the extension's objects go"
        };
        return Err(Refused(format!("{what} is not known")));
    }
    cursor.at = cursor.tokens.len();
    whole(cursor, no_effect("alter extension"), out);
    Ok(())
}

/// `ALTER` of an object that is kept by name only: a new name counts, the rest does not.
pub(super) fn alter_other(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let Some(kind) = other_kind(cursor) else {
        return Err(cursor.refuse("an object to alter"));
    };
    let name = other_name(cursor, kind)?;
    let rest = &cursor.tokens[cursor.at..];
    if kind == OtherKind::Database
        && rest
            .iter()
            .any(|token| token.is_word(cursor.text, "search_path"))
    {
        return Err(Refused(
            "later sessions begin with another search path".to_owned(),
        ));
    }
    let existence = Existence::Required;
    if cursor.eat("rename to") {
        let to = ObjectName {
            schema: name.schema.clone(),
            name: cursor.ident()?,
        };
        whole(
            cursor,
            SchemaOp::DropOther {
                kind,
                name,
                existence,
            },
            out,
        );
        whole(cursor, SchemaOp::CreateOther { kind, name: to }, out);
    } else if cursor.eat("set schema") {
        let to = ObjectName {
            schema: Some(cursor.ident()?),
            name: name.name.clone(),
        };
        whole(
            cursor,
            SchemaOp::DropOther {
                kind,
                name,
                existence,
            },
            out,
        );
        whole(cursor, SchemaOp::CreateOther { kind, name: to }, out);
    } else if rest.is_empty() {
        return Err(cursor.refuse("an action"));
    } else {
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("alter other"), out);
    }
    Ok(())
}
