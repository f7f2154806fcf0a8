//! Functions, procedures, aggregates and triggers.

use std::sync::Arc;

use super::types::read_type;
use super::value::{Values, value_of};
use super::{Out, access, no_effect, whole};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{
    Creation, Existence, GrantTarget, RoutineArgument, RoutineDef, RoutineKind, SchemaOp,
    TriggerDef, TriggerEvents, TriggerTiming,
};
use crate::schema::types::{SqlType, TypeName};
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read};
use crate::sql::token;

/// `CREATE FUNCTION|PROCEDURE|AGGREGATE`, from the kind on.
pub(super) fn create_routine(cursor: &mut Cursor, creation: Creation, out: &mut Out) -> Read<()> {
    let kind = if cursor.eat("function") {
        RoutineKind::Function
    } else if cursor.eat("procedure") {
        RoutineKind::Procedure
    } else {
        cursor.expect("aggregate")?;
        RoutineKind::Aggregate
    };
    cursor.if_not_exists();
    let name = cursor.object_name()?;
    let mut routine = RoutineDef {
        name,
        kind,
        arguments: Vec::new(),
        returns: None,
        language: Ident::new("sql"),
        body: Arc::from(""),
        written: Arc::from(""),
    };
    let start = cursor.at;
    if kind == RoutineKind::Aggregate {
        read_aggregate(cursor, &mut routine)?;
    } else {
        routine.arguments = read_arguments(cursor)?;
        if cursor.dialect == Dialect::Postgres {
            read_options(cursor, &mut routine)?;
        } else {
            let start = cursor.at;
            cursor.at = cursor.tokens.len();
            routine.body = Arc::from(cursor.span_of(start..cursor.at).of(cursor.text));
        }
    }
    routine.written = Arc::from(cursor.span_of(start..cursor.at).of(cursor.text));
    let routine = Box::new(routine);
    whole(cursor, SchemaOp::CreateRoutine { routine, creation }, out);
    Ok(())
}

fn read_aggregate(cursor: &mut Cursor, routine: &mut RoutineDef) -> Read<()> {
    let start = cursor.at;
    let first = cursor.parentheses()?;
    let definition = if cursor.is_symbol("(") {
        cursor.at = start;
        routine.arguments = read_arguments(cursor)?;
        cursor.parentheses()?
    } else {
        // The old form: basetype stands in the definition.
        for part in cursor.split_commas(first.clone()) {
            let mut part = cursor.part(part);
            if part.eat("basetype") && part.eat_symbol("=") && !part.is("any") {
                let data_type = read_type(&mut part)?;
                routine.arguments.push(RoutineArgument {
                    name: None,
                    data_type,
                    has_default: false,
                    default_value: None,
                    is_variadic: false,
                });
            }
        }
        first
    };
    routine.language = Ident::new("internal");
    routine.body = Arc::from(token::folded(&cursor.tokens[definition], cursor.text));
    Ok(())
}

/// What may begin an option of `CREATE FUNCTION`; it ends the one before.
const OPTIONS: [&str; 21] = [
    "as",
    "begin",
    "called",
    "cost",
    "external",
    "immutable",
    "language",
    "leakproof",
    "parallel",
    "reset",
    "return",
    "returns",
    "rows",
    "security",
    "set",
    "stable",
    "strict",
    "support",
    "transform",
    "volatile",
    "window",
];

fn at_option(cursor: &Cursor) -> bool {
    // `WITH` goes on in `timestamp with time zone`.
    let with = cursor.is("with")
        && cursor
            .peek_at(1)
            .is_some_and(|next| next.is_symbol(cursor.text, "("));
    with || cursor.is_phrase("not leakproof") || OPTIONS.iter().any(|word| cursor.is(word))
}

fn read_options(cursor: &mut Cursor, routine: &mut RoutineDef) -> Read<()> {
    const PLAIN: [&str; 15] = [
        "immutable",
        "stable",
        "volatile",
        "strict",
        "leakproof",
        "not leakproof",
        "window",
        "called on null input",
        "returns null on null input",
        "external security definer",
        "external security invoker",
        "security definer",
        "security invoker",
        "parallel safe",
        "parallel unsafe",
    ];
    while !cursor.is_done() {
        if cursor.eat_any(&PLAIN) || cursor.eat("parallel restricted") {
        } else if cursor.eat("returns") {
            let range = cursor.until(at_option)?;
            routine.returns = Some(read_result(&cursor.part(range)));
        } else if cursor.eat("language") {
            routine.language = match cursor.string() {
                Ok(language) => Ident::new(&language.to_ascii_lowercase()),
                Err(_) => cursor.any_word()?,
            };
        } else if cursor.eat("as") {
            let mut body = cursor.string()?;
            if cursor.eat_symbol(",") {
                body.push(' ');
                body.push_str(&cursor.string()?);
            }
            routine.body = Arc::from(body);
        } else if cursor.is("begin") || cursor.is("return") {
            let start = cursor.at;
            cursor.at = cursor.tokens.len();
            routine.body = Arc::from(cursor.span_of(start..cursor.at).of(cursor.text));
        } else if cursor.eat_any(&["cost", "rows", "support", "parallel"]) {
            cursor.next();
            while cursor.eat_symbol(".") {
                cursor.any_word()?;
            }
        } else if cursor.eat_any(&["set", "transform"]) {
            // The setting's name may be spelled like an option.
            cursor.next();
            cursor.until(at_option)?;
        } else if cursor.eat("with") {
            cursor.parentheses()?;
        } else {
            return Err(cursor.refuse("an option of CREATE FUNCTION"));
        }
    }
    Ok(())
}

/// A result as text: a type as it is always spelled, so that `int` and `integer` are one, and
/// without modifiers, which the server forgets; `TABLE (…)` as written.
pub(in crate::sql) fn read_result(cursor: &Cursor) -> Arc<str> {
    let mut read = cursor.clone();
    let set = if read.eat("setof") { "SETOF " } else { "" };
    match read_type(&mut read) {
        Ok(data_type) if read.is_done() && data_type.name != TypeName::Unknown => {
            let plain = SqlType {
                modifiers: Arc::from([]),
                ..data_type
            };
            Arc::from(format!("{set}{plain}"))
        }
        _ => Arc::from(token::folded(cursor.tokens, cursor.text)),
    }
}

/// `( [mode] [name] type [DEFAULT e], … )`: the input arguments.
fn read_arguments(cursor: &mut Cursor) -> Read<Vec<RoutineArgument>> {
    let range = cursor.parentheses()?;
    let mut arguments = Vec::new();
    if cursor
        .tokens
        .get(range.start)
        .is_some_and(|token| token.is_symbol(cursor.text, "*"))
    {
        return Ok(arguments);
    }
    for part in cursor.split_commas(range) {
        let mut part = cursor.part(part);
        if let Some(argument) = read_argument(&mut part)? {
            arguments.push(argument);
        }
    }
    Ok(arguments)
}

fn read_argument(part: &mut Cursor) -> Read<Option<RoutineArgument>> {
    part.eat("order by");
    let mut is_variadic = part.is("variadic") && part.tokens.len() > part.at + 1;
    let mut is_input = read_mode(part);
    let end = {
        let mut walk = part.clone();
        let stop = |cursor: &Cursor| {
            cursor.is("default") || cursor.is_symbol("=") || cursor.is_symbol(":=")
        };
        let mut end = walk.until(stop)?.end;
        if walk.is("order") {
            end = walk.at;
        }
        end
    };
    let has_default = end < part.tokens.len();
    let default_value = match part.tokens.get(end + 1..) {
        Some(_) if has_default => {
            let default = part.part(end + 1..part.tokens.len());
            value_of(&default, &Values::new())
        }
        _ => None,
    };
    let mut written = part.part(part.at..end);
    let mut unnamed = written.clone();
    if let Ok(data_type) = read_argument_type(&mut unnamed)
        && unnamed.is_done()
    {
        return Ok(is_input.then_some(RoutineArgument {
            name: None,
            data_type,
            has_default,
            default_value,
            is_variadic,
        }));
    }
    let name = written.any_word()?;
    // The mode may also follow the name.
    if written.is("out") || written.is("inout") || written.is("in") || written.is("variadic") {
        is_variadic = written.is("variadic");
        is_input = read_mode(&mut written);
    }
    let data_type = read_argument_type(&mut written)?;
    written.expect_end()?;
    Ok(is_input.then_some(RoutineArgument {
        name: Some(name),
        data_type,
        has_default,
        default_value,
        is_variadic,
    }))
}

fn read_argument_type(cursor: &mut Cursor) -> Read<SqlType> {
    cursor.eat("setof");
    let data_type = read_type(cursor)?;
    if cursor.dialect != Dialect::Postgres {
        // MySQL: CHARSET and COLLATE follow the type.
        while cursor.eat_any(&["character set", "charset", "collate"]) {
            cursor.any_word()?;
        }
    }
    // The server drops the modifiers of argument types.
    Ok(SqlType {
        modifiers: Arc::from([]),
        ..data_type
    })
}

/// The mode before an argument: false for `OUT`.
fn read_mode(cursor: &mut Cursor) -> bool {
    let single = cursor.tokens.len() <= cursor.at + 1;
    if single {
        return true;
    }
    if cursor.eat_any(&["in out", "inout", "in", "variadic"]) {
        return true;
    }
    !cursor.eat("out")
}

/// `name`, or `name(types)`.
pub(super) fn read_signature(cursor: &mut Cursor) -> Read<(ObjectName, Option<Vec<SqlType>>)> {
    let name = cursor.object_name()?;
    if !cursor.is_symbol("(") {
        return Ok((name, None));
    }
    let arguments = read_arguments(cursor)?;
    Ok((
        name,
        Some(
            arguments
                .into_iter()
                .map(|argument| argument.data_type)
                .collect(),
        ),
    ))
}

/// `ALTER FUNCTION`, after the words.
pub(super) fn alter_routine(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let (name, arguments) = read_signature(cursor)?;
    let op = if cursor.eat("rename to") {
        SchemaOp::RenameRoutine {
            name,
            arguments,
            to: cursor.ident()?,
        }
    } else if cursor.eat("set schema") {
        SchemaOp::MoveRoutine {
            name,
            arguments,
            schema: cursor.ident()?,
        }
    } else if cursor.eat("owner to") {
        SchemaOp::SetOwner {
            target: GrantTarget::Routine(name),
            role: access::role(cursor)?,
        }
    } else if at_option(cursor) || cursor.is("no") || cursor.is("depends") {
        cursor.at = cursor.tokens.len();
        no_effect("alter function")
    } else {
        return Err(cursor.refuse("an action of ALTER FUNCTION"));
    };
    whole(cursor, op, out);
    Ok(())
}

/// `CREATE [CONSTRAINT] TRIGGER`, from the kind on.
pub(super) fn create_trigger(
    cursor: &mut Cursor,
    mut creation: Creation,
    out: &mut Out,
) -> Read<()> {
    let constraint = cursor.eat("constraint");
    cursor.expect("trigger")?;
    if cursor.if_not_exists() == Existence::Tolerated {
        creation = Creation::IfNotExists;
    }
    let name = cursor.object_name()?.name;
    let timing = if cursor.eat("before") {
        TriggerTiming::Before
    } else if cursor.eat("after") {
        TriggerTiming::After
    } else if cursor.eat("instead of") {
        TriggerTiming::InsteadOf
    } else if cursor.dialect == Dialect::Sqlite {
        TriggerTiming::Before
    } else {
        return Err(cursor.refuse("`BEFORE`, `AFTER` or `INSTEAD OF`"));
    };
    let mut events = TriggerEvents::default();
    let mut columns = Vec::new();
    loop {
        if cursor.eat("insert") {
            events.insert = true;
        } else if cursor.eat("delete") {
            events.delete = true;
        } else if cursor.eat("truncate") {
            events.truncate = true;
        } else {
            cursor.expect("update")?;
            events.update = true;
            if cursor.eat("of") {
                columns = cursor.list(Cursor::ident)?;
            }
        }
        if !cursor.eat("or") {
            break;
        }
    }
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    let mut trigger = TriggerDef {
        name,
        table,
        timing,
        events,
        columns,
        for_each_row: false,
        function: None,
        constraint,
        condition: None,
        arguments: Vec::new(),
        attributes: None,
    };
    if cursor.dialect == Dialect::Postgres {
        read_trigger_rest(cursor, &mut trigger)?;
    } else {
        trigger.for_each_row = true;
        cursor.at = cursor.tokens.len();
    }
    let trigger = Box::new(trigger);
    whole(cursor, SchemaOp::CreateTrigger { trigger, creation }, out);
    Ok(())
}

fn read_trigger_rest(cursor: &mut Cursor, trigger: &mut TriggerDef) -> Read<()> {
    let start = cursor.at;
    let mut end = start;
    loop {
        if !(cursor.is("for") || cursor.is("when") || cursor.is("execute")) {
            end = usize::MAX;
        } else if end == usize::MAX {
            end = cursor.at;
        }
        if cursor.eat("from") {
            cursor.object_name()?;
        } else if cursor.eat_any(&[
            "not deferrable",
            "deferrable",
            "initially deferred",
            "initially immediate",
        ]) {
        } else if cursor.eat("referencing") {
            while cursor.eat_any(&["old table", "new table", "old row", "new row"]) {
                cursor.eat("as");
                cursor.ident()?;
            }
        } else if cursor.eat("for") {
            cursor.eat("each");
            trigger.for_each_row = cursor.eat("row");
            if !trigger.for_each_row {
                cursor.expect("statement")?;
            }
        } else if cursor.eat("when") {
            trigger.condition = Some(cursor.parenthesised()?);
        } else {
            break;
        }
    }
    if start < end && end <= cursor.at {
        let attributes = cursor.span_of(start..end).of(cursor.text);
        trigger.attributes = Some(Arc::from(attributes));
    }
    if !cursor.eat_any(&["execute function", "execute procedure"]) {
        return Err(cursor.refuse("`EXECUTE FUNCTION`"));
    }
    trigger.function = Some(cursor.object_name()?);
    let range = cursor.parentheses()?;
    for part in cursor.split_commas(range) {
        let mut part = cursor.part(part);
        let argument = match part.string() {
            Ok(argument) => argument,
            // A word or number is a string to the server.
            Err(_) => match part.any_word() {
                Ok(word) => word.as_str().to_owned(),
                Err(_) => {
                    let number = part.next().ok_or_else(|| part.refuse("an argument"))?;
                    number.text(part.text).to_owned()
                }
            },
        };
        part.expect_end()?;
        trigger.arguments.push(argument.into());
    }
    Ok(())
}

/// `ALTER TRIGGER`, after the words.
pub(super) fn alter_trigger(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.ident()?;
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    let op = if cursor.eat("rename to") {
        SchemaOp::RenameTrigger {
            table,
            name,
            to: cursor.ident()?,
        }
    } else {
        cursor.eat("no");
        cursor.expect("depends on extension")?;
        cursor.ident()?;
        no_effect("alter trigger")
    };
    whole(cursor, op, out);
    Ok(())
}
