//! Whether a condition holds, where its text and the values at hand tell.
//!
//! Functions that migrations call with literals often choose by them (`IF operation = 'select'`),
//! or ask whether a policy is there before they make it. What can be answered without a database
//! is; everything else has no answer here, which is not "false".

use std::sync::Arc;

use super::plpgsql::POLICIES;
use super::value::{UNKNOWN_WORD, Values, text_of, value_of};
use crate::schema::name::Ident;
use crate::schema::op::Value;
use crate::sql::cursor::Cursor;
use crate::sql::token::Token;

/// Parentheses and `NOT` within each other that are looked into.
const DEEPEST: usize = 8;

/// Tokens of a condition that is looked into.
const MOST_TOKENS: usize = 300;

/// Whether the condition that is all of the cursor's tokens holds; `None` where that is not known,
/// and where it is NULL.
pub(super) fn truth(cursor: &Cursor, known: &Values) -> Option<bool> {
    if cursor.tokens.len() > MOST_TOKENS {
        return None;
    }
    holds(cursor, known, 0)
}

fn holds(cursor: &Cursor, known: &Values, depth: usize) -> Option<bool> {
    if depth > DEEPEST || cursor.tokens.is_empty() {
        return None;
    }
    // The `AND` of a `BETWEEN` joins no conditions, and a `CASE` has words of its own.
    let is_other =
        |token: &Token| token.is_word(cursor.text, "between") || token.is_word(cursor.text, "case");
    if cursor.tokens.iter().any(is_other) {
        return None;
    }
    // One part that is true makes an `OR` true whatever the others are, and likewise `AND` false.
    for (word, decides) in [("or", true), ("and", false)] {
        let parts = split_at(cursor, word);
        if parts.len() == 1 {
            continue;
        }
        let mut all_known = true;
        for range in parts {
            match holds(&cursor.part(range), known, depth + 1) {
                Some(answer) if answer == decides => return Some(decides),
                Some(_) => {}
                None => all_known = false,
            }
        }
        return all_known.then_some(!decides);
    }
    let mut walk = cursor.part(0..cursor.tokens.len());
    if walk.eat("not") {
        let inner = walk.part(walk.at..walk.tokens.len());
        if asks_whether_it_ran(&inner).is_some() {
            return Some(true);
        }
        return holds(&inner, known, depth + 1).map(|answer| !answer);
    }
    if walk.eat("exists") {
        let range = walk.parentheses().ok()?;
        let query = walk.part(range);
        return walk
            .is_done()
            .then_some(())
            .and_then(|()| policies(&query, known))
            .map(|rows| !rows.is_empty());
    }
    if walk.is_symbol("(") {
        let range = walk.parentheses().ok()?;
        if walk.is_done() {
            let inner = walk.part(range);
            // No row is NULL, which is as good as false to an `IF`, but not under `NOT`.
            if inner.is_phrase("select true") {
                let rows = policies(&inner, known)?;
                return match (rows.is_empty(), depth) {
                    (false, _) => Some(true),
                    (true, 0) => Some(false),
                    (true, _) => None,
                };
            }
            return holds(&inner, known, depth);
        }
    }
    comparison(cursor, known)
}

/// `EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '…')`: Entity Framework asks so
/// before each part of an idempotent script, and runs the part where there is no such row. A migration
/// that is judged is one that has not run. Without `NOT` it is a way back, and the answer is not known.
fn asks_whether_it_ran(condition: &Cursor) -> Option<()> {
    let mut walk = condition.part(0..condition.tokens.len());
    walk.expect("exists").ok()?;
    let range = walk.parentheses().ok()?;
    walk.expect_end().ok()?;
    let mut query = walk.part(range);
    query.expect("select").ok()?;
    query.next()?;
    query.expect("from").ok()?;
    let table = query.object_name().ok()?;
    query.expect("where").ok()?;
    let column = query.any_word().ok()?;
    query.expect_symbol("=").ok()?;
    query.string().ok()?;
    query.expect_end().ok()?;
    (table.name.as_str() == "__EFMigrationsHistory" && column.as_str() == "MigrationId")
        .then_some(())
}

/// `a = b`, `a <> b`, `a IN (b, c)`, `a IS NULL`, and a value that is true or false.
fn comparison(cursor: &Cursor, known: &Values) -> Option<bool> {
    let (mut depth, tokens, text) = (0usize, cursor.tokens, cursor.text);
    for (index, token) in tokens.iter().enumerate() {
        let is = |symbol: &str| token.is_symbol(text, symbol);
        if is("(") || is("[") {
            depth += 1;
        } else if is(")") || is("]") {
            depth = depth.saturating_sub(1);
        }
        if depth > 0 {
            continue;
        }
        let left = || cursor.part(0..index);
        let right = |from: usize| cursor.part(from..tokens.len());
        if is("=") || is("<>") || is("!=") {
            let equal = equals(
                &text_of(&left(), known)?,
                &text_of(&right(index + 1), known)?,
            )?;
            return Some(equal == is("="));
        }
        if token.is_word(text, "is") {
            let wanted = match () {
                () if right(index + 1).is_phrase("not null") => false,
                () if right(index + 1).is("null") => true,
                () => return None,
            };
            let is_whole = tokens.len() == index + if wanted { 2 } else { 3 };
            let is_null = value_of(&left(), known)? == Value::Null;
            return is_whole.then_some(is_null == wanted);
        }
        let is_in = token.is_word(text, "in");
        if is_in {
            let negated = index > 0 && tokens[index - 1].is_word(text, "not");
            let value = text_of(&cursor.part(0..index - usize::from(negated)), known)?;
            let mut list = right(index + 1);
            let range = list.parentheses().ok()?;
            list.expect_end().ok()?;
            let mut all_known = true;
            for range in list.split_commas(range) {
                let other = text_of(&list.part(range), known);
                match other.and_then(|other| equals(&value, &other)) {
                    Some(true) => return Some(!negated),
                    Some(false) => {}
                    None => all_known = false,
                }
            }
            return all_known.then_some(negated);
        }
    }
    match &*text_of(cursor, known)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Whether two texts are the same value. Numbers, dates and the like have several spellings: those
/// that differ are only told apart where a letter begins both.
fn equals(one: &str, other: &str) -> Option<bool> {
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_number = |text: &str| {
        text == "0"
            || (!text.starts_with('0')
                && text.len() < 19
                && text.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_known = |text: &str| !text.contains(UNKNOWN_WORD);
    match () {
        () if !is_known(one) || !is_known(other) => None,
        () if one == other => Some(true),
        () if is_word(one) && is_word(other) => Some(false),
        () if is_number(one) && is_number(other) => Some(false),
        () if one.is_empty() != other.is_empty() => Some(false),
        () => None,
    }
}

/// The parts between the words `word` outside parentheses.
fn split_at(cursor: &Cursor, word: &str) -> Vec<std::ops::Range<usize>> {
    let (mut depth, mut start) = (0usize, 0);
    let mut parts = Vec::new();
    for (index, token) in cursor.tokens.iter().enumerate() {
        if token.is_symbol(cursor.text, "(") {
            depth += 1;
        } else if token.is_symbol(cursor.text, ")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is_word(cursor.text, word) {
            parts.push(start..index);
            start = index + 1;
        }
    }
    parts.push(start..cursor.tokens.len());
    parts
}

/// The policies that a query of the server's view or table of policies finds
/// (`SELECT policyname FROM pg_policies WHERE schemaname = … AND tablename = …`,
/// `SELECT polname FROM pg_policy WHERE polrelid = …`), where the rows are known: [`POLICIES`]
/// among the values.
pub(super) fn policies(query: &Cursor, known: &Values) -> Option<Vec<Arc<str>>> {
    let mut walk = query.part(query.at..query.tokens.len());
    if walk.is_symbol("(") {
        let range = walk.parentheses().ok()?;
        walk.expect_end().ok()?;
        walk = walk.part(range);
    }
    walk.expect("select").ok()?;
    if !walk.eat_symbol("*") && walk.string().is_err() {
        walk.next()?;
    }
    walk.expect("from").ok()?;
    let view = walk.object_name().ok()?;
    let is_view = match view.name.as_str() {
        POLICIES => true,
        "pg_policy" => false,
        _ => return None,
    };
    let Value::List(rows) = known.get(&Ident::new(POLICIES))? else {
        return None;
    };
    walk.expect("where").ok()?;
    let (mut schema, mut table, mut policy) = (None, None, None);
    let conditions = walk.part(walk.at..walk.tokens.len());
    for range in split_at(&conditions, "and") {
        let mut condition = conditions.part(range);
        let column = condition.any_word().ok()?;
        condition.expect_symbol("=").ok()?;
        let value = condition.part(condition.at..condition.tokens.len());
        let value = text_of(&value, known).filter(|it| !it.contains(UNKNOWN_WORD))?;
        match (is_view, column.as_str()) {
            (true, "schemaname") => schema = Some(value),
            (true, "tablename") => table = Some(value),
            (true, "policyname") | (false, "polname") => policy = Some(value),
            // Without the schema, the search path would have to be known.
            (false, "polrelid") => {
                let (its_schema, its_table) = value.split_once('.')?;
                if value.contains('"') || its_table.contains('.') {
                    return None;
                }
                schema = Some(its_schema.to_lowercase().into());
                table = Some(its_table.to_lowercase().into());
            }
            _ => return None,
        }
    }
    let its = format!("{}\0{}\0", schema?, table?);
    let found = rows.iter().filter_map(|row| row.strip_prefix(&*its));
    let found = found.filter(|name| policy.as_deref().is_none_or(|wanted| wanted == *name));
    Some(found.map(Arc::from).collect())
}
