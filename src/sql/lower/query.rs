//! What the text of a query tells without a catalog: relations, columns, output, calls.
//!
//! All of it is read from tokens in one pass each, with a stack of our own, so that a query may
//! nest as deep as it likes.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::functions::{belongs_to_extension, is_harmless};
use super::types::read_type;
use super::value::{Values, value_of};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{Argument, Called, QueryDef, Value};
use crate::sql::cursor::Cursor;
use crate::sql::token::{self, Token, TokenKind, is_listed, is_reserved};

/// The query that the cursor's tokens spell.
pub(super) fn query(cursor: &Cursor) -> QueryDef {
    let stars = (0..cursor.tokens.len()).any(|index| is_star(cursor, index));
    let columns = token::columns(cursor.tokens, cursor.text, cursor.dialect);
    QueryDef {
        text: Arc::from(token::folded(cursor.tokens, cursor.text)),
        relations: relations(cursor),
        columns: (!stars).then_some(columns),
        output: output(cursor),
    }
}

/// `*` as "all columns", not as multiplication or in `count(*)`.
fn is_star(cursor: &Cursor, index: usize) -> bool {
    let text = cursor.text;
    if !cursor.tokens[index].is_symbol(text, "*") {
        return false;
    }
    let Some(before) = index.checked_sub(1).map(|before| cursor.tokens[before]) else {
        return true;
    };
    let after = cursor.tokens.get(index + 1);
    let ends = after.is_none_or(|after| {
        after.is_word(text, "from") || after.is_symbol(text, ",") || after.is_symbol(text, ")")
    });
    let begins = ["select", "distinct", "all", "returning"];
    before.is_symbol(text, ",")
        || before.is_symbol(text, ".")
        || begins.iter().any(|word| before.is_word(text, word))
        || (before.is_symbol(text, ")") && ends)
}

/// For each parenthesis the index of its partner; itself where it has none.
fn partners(cursor: &Cursor) -> Vec<u32> {
    let mut partner: Vec<u32> = (0..cursor.tokens.len() as u32).collect();
    let mut open: Vec<u32> = Vec::new();
    for (index, token) in cursor.tokens.iter().enumerate() {
        if token.is_symbol(cursor.text, "(") {
            open.push(index as u32);
        } else if token.is_symbol(cursor.text, ")")
            && let Some(opening) = open.pop()
        {
            partner[opening as usize] = index as u32;
            partner[index] = opening;
        }
    }
    partner
}

/// Whether a common table expression is named at `index`: `name [(a, b)] AS [MATERIALIZED] (`.
fn is_cte_name(cursor: &Cursor, index: usize, partner: &[u32]) -> bool {
    let text = cursor.text;
    let at = |index: usize| cursor.tokens.get(index).copied();
    let word = |index: usize, word: &str| at(index).is_some_and(|token| token.is_word(text, word));
    let follows = index > 0
        && (word(index - 1, "with")
            || word(index - 1, "recursive")
            || cursor.tokens[index - 1].is_symbol(text, ","));
    if !follows {
        return false;
    }
    let mut next = index + 1;
    if at(next).is_some_and(|token| token.is_symbol(text, "(")) {
        next = partner[next] as usize + 1;
    }
    if !word(next, "as") {
        return false;
    }
    next += 1;
    next += usize::from(word(next, "not"));
    next += usize::from(word(next, "materialized"));
    let starts = [
        "select", "with", "insert", "update", "delete", "values", "table", "merge",
    ];
    at(next).is_some_and(|token| token.is_symbol(text, "("))
        && at(next + 1).is_some_and(|token| {
            token.is_symbol(text, "(") || starts.iter().any(|word| token.is_word(text, word))
        })
}

/// The relations named after `FROM` and `JOIN`, in the order met, without the query's own CTEs.
pub(super) fn relations(cursor: &Cursor) -> Vec<ObjectName> {
    /// One level of parentheses.
    #[derive(Clone, Copy, Default)]
    struct Level {
        in_from: bool,
        expects: bool,
        /// `extract(… FROM …)` and its like.
        call: bool,
    }
    let text = cursor.text;
    let partner = partners(cursor);
    let mut ctes: BTreeSet<Ident> = BTreeSet::new();
    let mut found: Vec<ObjectName> = Vec::new();
    let mut seen: BTreeSet<ObjectName> = BTreeSet::new();
    let mut levels = vec![Level::default()];
    let mut walk = cursor.clone();
    while let Some(token) = walk.peek() {
        let index = walk.at;
        let before = index.checked_sub(1).map(|before| cursor.tokens[before]);
        let depth = levels.len() - 1;
        let level = levels[depth];
        walk.at += 1;
        match token.kind {
            TokenKind::Symbol => match token.text(text) {
                "(" => {
                    let call = before.is_some_and(|before| {
                        before.kind == TokenKind::Word
                            && is_listed(
                                before.text(text),
                                &["extract", "overlay", "position", "substring", "trim"],
                            )
                    });
                    levels.push(Level {
                        in_from: level.expects,
                        expects: level.expects,
                        call,
                    });
                    levels[depth].expects = false;
                }
                ")" if depth > 0 => {
                    levels.pop();
                }
                "," => levels[depth].expects = level.in_from,
                _ => {}
            },
            TokenKind::Word | TokenKind::Quoted => {
                if is_cte_name(cursor, index, &partner) {
                    ctes.insert(token::ident(token, text, cursor.dialect));
                    continue;
                }
                let word = |word: &str| token.is_word(text, word);
                let distinct = before.is_some_and(|before| before.is_word(text, "distinct"));
                if word("from") && !level.call && !distinct || word("join") {
                    levels[depth].in_from = true;
                    levels[depth].expects = true;
                } else if level.expects && (word("lateral") || word("only")) {
                } else if word("select") || ENDS_FROM.iter().any(|end| word(end)) {
                    levels[depth].in_from = false;
                    levels[depth].expects = false;
                } else if level.expects {
                    levels[depth].expects = false;
                    walk.at = index;
                    let Ok(name) = walk.object_name() else {
                        walk.at = index + 1;
                        continue;
                    };
                    if !walk.is_symbol("(") && seen.insert(name.clone()) {
                        found.push(name);
                    }
                }
            }
            TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Placeholder
            | TokenKind::Operator => levels[depth].expects = false,
        }
    }
    found.retain(|name| name.schema.is_some() || !ctes.contains(&name.name));
    found
}

const ENDS_FROM: [&str; 15] = [
    "where",
    "group",
    "order",
    "having",
    "limit",
    "union",
    "intersect",
    "except",
    "window",
    "fetch",
    "offset",
    "for",
    "returning",
    "set",
    "values",
];

/// The names of the result columns, where each is plain from the text.
fn output(cursor: &Cursor) -> Option<Vec<Ident>> {
    let mut walk = cursor.clone();
    while walk.eat_symbol("(") {}
    if walk.eat("with") {
        walk.eat("recursive");
        loop {
            walk.ident().ok()?;
            if walk.is_symbol("(") {
                walk.parentheses().ok()?;
            }
            walk.expect("as").ok()?;
            walk.eat("not");
            walk.eat("materialized");
            walk.parentheses().ok()?;
            if !walk.eat_symbol(",") {
                break;
            }
        }
        while walk.eat_symbol("(") {}
    }
    walk.expect("select").ok()?;
    walk.eat("all");
    if walk.eat("distinct") && walk.eat("on") {
        walk.parentheses().ok()?;
    }
    let ends = [
        "from",
        "into",
        "where",
        "group",
        "having",
        "window",
        "union",
        "intersect",
        "except",
        "order",
        "limit",
        "offset",
        "fetch",
        "for",
    ];
    let start = walk.at;
    let mut depth = 0usize;
    while let Some(token) = walk.peek() {
        if token.is_symbol(cursor.text, "(") || token.is_symbol(cursor.text, "[") {
            depth += 1;
        } else if token.is_symbol(cursor.text, ")") || token.is_symbol(cursor.text, "]") {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => break,
            }
        } else if depth == 0 && ends.iter().any(|end| token.is_word(cursor.text, end)) {
            let distinct = cursor.tokens[walk.at - 1].is_word(cursor.text, "distinct");
            if !(distinct && token.is_word(cursor.text, "from")) {
                break;
            }
        }
        walk.at += 1;
    }
    let items = cursor.split_commas(start..walk.at);
    items
        .into_iter()
        .map(|item| output_name(cursor, item))
        .collect()
}

/// The name of one item of a select list, as the server chooses it; `None` where that takes more
/// than the text.
fn output_name(cursor: &Cursor, item: Range<usize>) -> Option<Ident> {
    let text = cursor.text;
    let tokens = &cursor.tokens[item.clone()];
    let last = *tokens.last()?;
    let name = |token: Token| token::ident(token, text, cursor.dialect);
    if let [.., before, _] = tokens
        && before.is_word(text, "as")
    {
        return last.is_name().then(|| name(last));
    }
    let dotted = tokens.iter().enumerate().all(|(index, token)| {
        if index % 2 == 0 {
            token.is_name()
        } else {
            token.is_symbol(text, ".")
        }
    });
    if dotted && tokens.len() % 2 == 1 {
        let keyword =
            tokens.len() == 1 && last.kind == TokenKind::Word && is_reserved(last.text(text));
        return (!keyword).then(|| name(last));
    }
    // `a.b::type`, `a.b::type alias`.
    if let Some(cast) = tokens.iter().position(|token| token.is_symbol(text, "::")) {
        let mut rest = cursor.part(item.start + cast + 1..item.end);
        read_type(&mut rest).ok()?;
        return match (rest.is_done(), rest.peek_at(1)) {
            (true, _) => output_name(cursor, item.start..item.start + cast),
            (false, None) => rest.ident().ok(),
            (false, Some(_)) => None,
        };
    }
    let [.., before, _] = tokens else { return None };
    let after_operand = before.is_symbol(text, ")")
        || before.is_word(text, "end")
        || matches!(
            before.kind,
            TokenKind::String | TokenKind::Number | TokenKind::Quoted
        )
        || (before.kind == TokenKind::Word && !is_reserved(before.text(text)));
    let not_a_name = last.kind == TokenKind::Word
        && (is_reserved(last.text(text))
            || is_listed(
                last.text(text),
                &["is", "isnull", "notnull", "precision", "unknown", "zone"],
            ));
    if last.is_name() && after_operand && !not_a_name {
        return Some(name(last));
    }
    // `f(…)` alone.
    let mut call = cursor.part(item);
    let called = call.object_name().ok()?;
    call.parentheses().ok()?;
    let special = [
        "case",
        "coalesce",
        "cast",
        "exists",
        "extract",
        "greatest",
        "least",
        "nullif",
        "overlay",
        "position",
        "row",
        "substring",
        "treat",
        "trim",
    ];
    let plain = called.schema.is_some() || !special.contains(&called.name.as_str());
    (call.is_done() && plain).then_some(called.name)
}

/// Whether `name (` after this token is an alias with its columns: `FROM t alias (a, b)`.
fn is_alias_after(before: Token, text: &str) -> bool {
    before.kind == TokenKind::Quoted
        || (before.kind == TokenKind::Word
            && !is_reserved(before.text(text))
            && !is_harmless(before.text(text)))
}

/// The functions that the tokens call and that are not known to leave the schema alone, without
/// repetition; at most 64. `known` holds the variables whose values are known.
pub(super) fn unknown_calls(cursor: &Cursor, known: &Values) -> Vec<Called> {
    let text = cursor.text;
    let mut found: Vec<Called> = Vec::new();
    let mut partner: Option<Vec<u32>> = None;
    for (index, token) in cursor.tokens.iter().enumerate().skip(1) {
        if !token.is_symbol(text, "(") || !cursor.tokens[index - 1].is_name() {
            continue;
        }
        let called = cursor.tokens[index - 1];
        let qualified = index >= 3
            && cursor.tokens[index - 2].is_symbol(text, ".")
            && cursor.tokens[index - 3].is_name();
        let first = if qualified { index - 3 } else { index - 1 };
        let schema = qualified.then(|| token::ident(cursor.tokens[first], text, cursor.dialect));
        let builtin_schema = schema
            .as_ref()
            .is_some_and(|schema| schema.as_str() == "pg_catalog");
        let in_path = schema.is_none() || builtin_schema;
        let is_known = match called.kind {
            TokenKind::Word => is_harmless(called.text(text)),
            // Dumps quote every name; only one in lower case is the server's own.
            _ => {
                let name = called.text(text).trim_matches('"');
                is_harmless(name) && !name.contains(|c: char| c.is_uppercase())
            }
        };
        if in_path && is_known {
            continue;
        }
        if let Some(schema) = &schema
            && belongs_to_extension(schema.as_str(), called.text(text))
        {
            continue;
        }
        let before = first.checked_sub(1).map(|before| cursor.tokens[before]);
        let defines = before.is_some_and(|before| {
            ["as", "into", "table"]
                .iter()
                .any(|word| before.is_word(text, word))
                || before.is_symbol(text, "::")
                || before.is_symbol(text, ")")
                || is_alias_after(before, text)
        });
        if defines || (called.kind == TokenKind::Word && is_reserved(called.text(text))) {
            continue;
        }
        let partner = partner.get_or_insert_with(|| partners(cursor));
        if is_cte_name(cursor, first, partner) {
            continue;
        }
        let name = ObjectName {
            schema,
            name: token::ident(called, text, cursor.dialect),
        };
        let arguments = arguments(cursor, index + 1..partner[index] as usize, known);
        if in_path && name.name.as_str() == "set_config" && sets_nothing_followed(&arguments) {
            continue;
        }
        let call = Called { name, arguments };
        if !found.contains(&call) {
            found.push(call);
        }
        if found.len() == 64 {
            break;
        }
    }
    found
}

/// `set_config('lock_timeout', …)`: a setting that changes neither what a name means nor who asks.
fn sets_nothing_followed(arguments: &Option<Vec<Argument>>) -> bool {
    let first = arguments.iter().flatten().next();
    match first {
        Some((_, Some(Value::Text(name)))) => !["search_path", "role", "session_authorization"]
            .iter()
            .any(|it| name.eq_ignore_ascii_case(it)),
        _ => false,
    }
}

/// Tokens of all arguments of a call that are looked at.
const LONGEST_ARGUMENTS: usize = 500;

/// The arguments of a call, between its parentheses; `None` where they are too long.
pub(super) fn arguments(
    cursor: &Cursor,
    range: Range<usize>,
    known: &Values,
) -> Option<Vec<Argument>> {
    if range.end <= range.start {
        return Some(Vec::new());
    }
    if range.len() > LONGEST_ARGUMENTS {
        return None;
    }
    let parts = cursor.split_commas(range).into_iter();
    let arguments = parts
        .map(|range| {
            let part = cursor.part(range);
            let mut named = part.clone();
            let name = named.any_word().ok();
            let is_named = named.eat_symbol("=>") || named.eat_symbol(":=");
            match name.filter(|_| is_named) {
                Some(name) => {
                    let value = part.part(named.at..part.tokens.len());
                    (Some(name), value_of(&value, known))
                }
                None => (None, value_of(&part, known)),
            }
        })
        .collect();
    Some(arguments)
}
