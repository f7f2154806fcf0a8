//! Rules: `CREATE RULE`, `ALTER RULE`, `DROP RULE`.

use super::body::statement_end;
use super::query::relations;
use super::{Out, statement, whole};
use crate::schema::name::ObjectName;
use crate::schema::op::{DataOp, Opaque, RuleDef, RuleEvent, SchemaOp};
use crate::sql::cursor::{Cursor, Read};

/// `CREATE [OR REPLACE] RULE`, after the words.
pub(super) fn create(cursor: &mut Cursor, is_replaced: bool, out: &mut Out) -> Read<()> {
    let name = cursor.ident()?;
    cursor.expect("as on")?;
    let event = match () {
        () if cursor.eat("insert") => RuleEvent::Insert,
        () if cursor.eat("update") => RuleEvent::Update,
        () if cursor.eat("delete") => RuleEvent::Delete,
        () if cursor.eat("select to") => {
            let op = SchemaOp::Opaque(Opaque {
                names: vec![cursor.object_name()?],
                beyond_names: false,
                reason: "a rule makes a view of a table".into(),
            });
            cursor.at = cursor.tokens.len();
            whole(cursor, op, out);
            return Ok(());
        }
        () => return Err(cursor.refuse("an event")),
    };
    cursor.expect("to")?;
    let table = cursor.object_name()?;
    let condition = if cursor.eat("where") {
        let range = cursor.until(|cursor| cursor.is("do"))?;
        Some(cursor.expression_of(range)?)
    } else {
        None
    };
    cursor.expect("do")?;
    let instead = cursor.eat("instead");
    if !instead {
        cursor.eat("also");
    }
    let rest = cursor.at..cursor.tokens.len();
    let actions = cursor.expression_of(rest.clone())?;
    let mut body = cursor.part(rest);
    let mut read = Vec::new();
    if !body.eat("nothing") {
        if body.is_symbol("(") && !body.is_at(1, "select") && !body.is_at(1, "with") {
            let range = body.parentheses()?;
            body.expect_end()?;
            body = body.part(range);
        }
        while !body.is_done() {
            let end = statement_end(&body, body.at, body.tokens.len());
            let action = body.part(body.at..end);
            body.at = (end + 1).min(body.tokens.len());
            used_by(&action, &mut read)?;
        }
    }
    read.retain(|it| !matches!(it.name.as_str(), "new" | "old") || it.schema.is_some());
    cursor.at = cursor.tokens.len();
    let rule = Box::new(RuleDef {
        name,
        table,
        event,
        condition,
        instead,
        actions,
        relations: read,
    });
    whole(cursor, SchemaOp::CreateRule { rule, is_replaced }, out);
    Ok(())
}

/// The relations that an action reads and writes.
fn used_by(action: &Cursor, used: &mut Vec<ObjectName>) -> Read<()> {
    let mut inner = Out::default();
    if !action.is("notify") {
        statement(&mut action.clone(), &mut inner)?;
    }
    let mut add = |name: &ObjectName| {
        if !used.contains(name) {
            used.push(name.clone());
        }
    };
    relations(action).iter().for_each(&mut add);
    for operation in &inner.operations {
        if let SchemaOp::Data(
            DataOp::Insert { table, .. } | DataOp::Update { table, .. } | DataOp::Delete { table },
        ) = &operation.op
        {
            add(table);
        }
    }
    Ok(())
}

/// `DROP RULE`, after the words.
pub(super) fn drop(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let existence = cursor.if_exists();
    let name = cursor.ident()?;
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    cursor.behavior();
    let op = SchemaOp::DropRule {
        name,
        table,
        existence,
    };
    whole(cursor, op, out);
    Ok(())
}

/// `ALTER RULE`, after the words.
pub(super) fn alter(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.ident()?;
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    cursor.expect("rename to")?;
    let to = cursor.ident()?;
    whole(cursor, SchemaOp::RenameRule { table, name, to }, out);
    Ok(())
}
