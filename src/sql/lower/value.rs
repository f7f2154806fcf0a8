//! The value of an expression, where its text alone tells it.
//!
//! Functions that migrations call with literals often build a statement from them
//! (`EXECUTE format('CREATE TRIGGER … ON %I …', table_name)`). What can be worked out without a
//! database is: literals, variables that hold one, `||`, casts, `format` and the functions that
//! quote. Everything else has no value here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::types::read_type;
use crate::schema::name::Ident;
use crate::schema::op::Value;
use crate::sql::cursor::Cursor;
use crate::sql::token::{self, TokenKind};

/// The variables whose values are known.
pub(super) type Values = BTreeMap<Ident, Value>;

/// Calls and parentheses within each other that are worked out.
const DEEPEST: usize = 8;

/// Tokens of an expression that is worked out: what people build statements from is short.
const MOST_TOKENS: usize = 500;

/// Bytes of a text that is put together.
const LONGEST: usize = 1 << 16;

/// Begins what stands for a word whose letters are not known, in a text that is otherwise: the day
/// in the name of a partition. No text that people write holds it.
pub(super) const UNKNOWN_WORD: char = '\u{E000}';

/// The word that stands for the result of the function that is called at a byte of the text.
fn unknown_word(place: usize) -> Value {
    Value::Text(format!("{UNKNOWN_WORD}{place}").into())
}

/// Whether every time is digits when it is written after this pattern of `to_char`.
fn is_digits_of_a_time(pattern: &str) -> bool {
    const DIGITS: [&str; 14] = [
        "YYYY", "IYYY", "HH24", "HH12", "DDD", "YY", "MM", "DD", "HH", "MI", "SS", "IW", "WW", "Q",
    ];
    let mut rest = pattern;
    while !rest.is_empty() {
        let known = DIGITS.iter().find_map(|it| rest.strip_prefix(it));
        let known = known.or_else(|| rest.strip_prefix('_'));
        match known {
            Some(after) => rest = after,
            None => return false,
        }
    }
    !pattern.is_empty()
}

/// The value of all of the cursor's tokens.
pub(super) fn value_of(cursor: &Cursor, known: &Values) -> Option<Value> {
    evaluate(cursor, known, 0)
}

/// The same as text; `None` for a list and for NULL.
pub(super) fn text_of(cursor: &Cursor, known: &Values) -> Option<Arc<str>> {
    text(evaluate(cursor, known, 0)?)
}

/// The whole number that an expression is: a number, a variable, the length of a list, with `+`
/// and `-`.
pub(super) fn number_of(cursor: &Cursor, known: &Values) -> Option<i64> {
    let mut walk = cursor.part(0..cursor.tokens.len());
    while walk.is_symbol("(") {
        let range = walk.parentheses().ok()?;
        if !walk.is_done() {
            walk.at = 0;
            break;
        }
        walk = walk.part(range);
    }
    let text = walk.text;
    let is_sign = |token: &token::Token| token.is_symbol(text, "+") || token.is_symbol(text, "-");
    let Some(at) = walk.tokens.iter().rposition(is_sign).filter(|at| *at > 0) else {
        return text_of(&walk, known)?.trim().parse().ok();
    };
    let left: i64 = text_of(&walk.part(0..at), known)?.parse().ok()?;
    let right: i64 = text_of(&walk.part(at + 1..walk.tokens.len()), known)?
        .parse()
        .ok()?;
    match walk.tokens[at].is_symbol(text, "+") {
        true => left.checked_add(right),
        false => left.checked_sub(right),
    }
}

fn text(value: Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(text),
        Value::List(_) | Value::Null => None,
    }
}

fn evaluate(cursor: &Cursor, known: &Values, depth: usize) -> Option<Value> {
    if depth > DEEPEST || cursor.tokens.is_empty() || cursor.tokens.len() > MOST_TOKENS {
        return None;
    }
    let mut walk = cursor.part(0..cursor.tokens.len());
    let mut value = term(&mut walk, known, depth)?;
    while walk.eat_symbol("||") {
        let next = text(term(&mut walk, known, depth)?)?;
        let joined = format!("{}{next}", text(value)?);
        if joined.len() > LONGEST {
            return None;
        }
        value = Value::Text(joined.into());
    }
    walk.is_done().then_some(value)
}

/// One operand of `||`, with its casts.
fn term(walk: &mut Cursor, known: &Values, depth: usize) -> Option<Value> {
    let token = walk.peek()?;
    let inner = |walk: &Cursor, range| evaluate(&walk.part(range), known, depth + 1);
    let mut value = match token.kind {
        TokenKind::String => Value::Text(walk.string().ok()?.into()),
        TokenKind::Number => {
            walk.at += 1;
            Value::Text(token.text(walk.text).into())
        }
        TokenKind::Symbol if walk.is_symbol("(") => {
            let range = walk.parentheses().ok()?;
            inner(walk, range)?
        }
        TokenKind::Parameter => {
            walk.at += 1;
            known.get(&Ident::new(token.text(walk.text)))?.clone()
        }
        TokenKind::Word if walk.eat("null") => Value::Null,
        TokenKind::Word if walk.is("true") || walk.is("false") => {
            walk.at += 1;
            Value::Text(token.text(walk.text).to_ascii_lowercase().into())
        }
        TokenKind::Word if walk.is("array") && walk.peek_at(1)?.is_symbol(walk.text, "[") => {
            walk.at += 1;
            list(walk, known, depth)?
        }
        TokenKind::Word | TokenKind::Quoted => {
            let is_qualified = walk.is("pg_catalog")
                && walk.peek_at(1)?.is_symbol(walk.text, ".")
                && walk.peek_at(3)?.is_symbol(walk.text, "(");
            if is_qualified {
                walk.at += 2;
            }
            let name = walk.any_word().ok()?;
            if walk.is_symbol("(") {
                let range = walk.parentheses().ok()?;
                let arguments = walk.split_commas(range);
                if name.as_str() == "to_char" && arguments.len() == 2 {
                    let pattern = text(inner(walk, arguments[1].clone())?)?;
                    return is_digits_of_a_time(&pattern).then(|| unknown_word(token.start()));
                }
                let mut values = Vec::new();
                for range in arguments {
                    values.push(inner(walk, range)?);
                }
                call(name.as_str(), values)?
            } else if walk.eat_symbol(".") {
                let field = walk.any_word().ok()?;
                let name = format!("{}.{}", name.as_str(), field.as_str());
                known.get(&Ident::new(&name))?.clone()
            } else if walk.is_symbol("[") {
                element(walk, known.get(&name)?, known, depth)?
            } else {
                known.get(&name)?.clone()
            }
        }
        TokenKind::Placeholder | TokenKind::Operator | TokenKind::Symbol => return None,
    };
    while walk.eat_symbol("::") {
        let data_type = read_type(walk).ok()?;
        if data_type.is_array
            && let Value::Text(written) = &value
        {
            value = array_literal(written)?;
        }
    }
    Some(value)
}

/// `[1]` of a list.
fn element(walk: &mut Cursor, list: &Value, known: &Values, depth: usize) -> Option<Value> {
    let Value::List(at) = self::list(walk, known, depth)? else {
        return None;
    };
    match (list, at.as_slice()) {
        (Value::List(values), [at]) => {
            let at = at.parse::<usize>().ok()?.checked_sub(1)?;
            values.get(at).map(|it| Value::Text(Arc::clone(it)))
        }
        _ => None,
    }
}

/// `[a, b]`
fn list(walk: &mut Cursor, known: &Values, depth: usize) -> Option<Value> {
    let start = walk.at + 1;
    let mut open = 0usize;
    while let Some(token) = walk.next() {
        if token.is_symbol(walk.text, "[") {
            open += 1;
        } else if token.is_symbol(walk.text, "]") {
            open -= 1;
            if open == 0 {
                break;
            }
        }
    }
    let parts = walk.split_commas(start..walk.at.checked_sub(1)?.max(start));
    let mut values = Vec::new();
    for range in parts {
        values.push(text(evaluate(&walk.part(range), known, depth + 1)?)?);
    }
    Some(Value::List(values))
}

/// `{a,b}` without quotes and nesting.
fn array_literal(written: &str) -> Option<Value> {
    let inner = written.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inner.contains(['"', '{', '\\']) {
        return None;
    }
    let parts = inner.split(',').map(str::trim).filter(|it| !it.is_empty());
    Some(Value::List(parts.map(Arc::from).collect()))
}

fn call(name: &str, values: Vec<Value>) -> Option<Value> {
    if name == "unnest" && values.len() == 1 {
        return values.into_iter().next();
    }
    if let ("array_length" | "array_upper" | "cardinality", Some(Value::List(list))) =
        (name, values.first())
    {
        return Some(Value::Text(list.len().to_string().into()));
    }
    let mut texts = Vec::new();
    for value in values {
        texts.push(text(value)?);
    }
    let one = || (texts.len() == 1).then(|| &*texts[0]);
    Some(Value::Text(match name {
        "format" => formatted(texts.first()?, &texts[1..])?.into(),
        "concat" => texts.concat().into(),
        "quote_ident" => quoted_identifier(one()?).into(),
        "quote_literal" => quoted_literal(one()?).into(),
        "split_part" => {
            let [text, delimiter, place] = texts.as_slice() else {
                return None;
            };
            let place = place.parse::<usize>().ok()?.checked_sub(1)?;
            if text.contains(UNKNOWN_WORD) {
                return None; // What it stands for may hold the delimiter.
            }
            text.split(&**delimiter).nth(place).unwrap_or("").into()
        }
        "lower" => one()?.to_lowercase().into(),
        "upper" => one()?.to_uppercase().into(),
        "trim" | "btrim" => one()?.trim_matches(' ').into(),
        _ => return None,
    }))
}

/// `format(pattern, values…)` with `%s`, `%I`, `%L`, `%1$s` and `%%`.
fn formatted(pattern: &str, values: &[Arc<str>]) -> Option<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            let position: usize = rest[..digits].parse().ok()?;
            rest = rest[digits..].strip_prefix('$')?;
            next = position.checked_sub(1)?;
        }
        let value = values.get(next)?;
        next += 1;
        let kind = rest.chars().next()?;
        match kind {
            's' => out.push_str(value),
            'I' => out.push_str(&quoted_identifier(value)),
            'L' => out.push_str(&quoted_literal(value)),
            _ => return None,
        }
        rest = &rest[kind.len_utf8()..];
        if out.len() > LONGEST {
            return None;
        }
    }
    out.push_str(rest);
    Some(out)
}

/// In quotes where it has to be: a word that is reserved, or not plain.
fn quoted_identifier(name: &str) -> String {
    if token::is_reserved(name) {
        return format!("\"{name}\"");
    }
    Ident::new(name).to_string()
}

fn quoted_literal(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
