//! Diesel's `table!` macros, as `diesel print-schema` writes them.
//!
//! A release that loads a table names exactly these columns. `joinable!` and its relatives say
//! nothing about columns.

use std::sync::Arc;

use super::literal::{RustToken, rust_tokens};
use super::token::Lines;
use super::{Declaration, DeclaredColumn, Source};

/// The tables that the code in the file `path` declares.
pub(super) fn tables(path: &str, text: &str) -> Vec<Declaration> {
    if !text.contains("table!") {
        return Vec::new();
    }
    let tokens = rust_tokens(text);
    let lines = Lines::of(text);
    let file: Arc<str> = path.into();
    let mut tables = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = tokens[at].is_word("table")
            && is_mark(&tokens, at + 1, b'!')
            && is_mark(&tokens, at + 2, b'{');
        if !begins {
            at += 1;
            continue;
        }
        let mut reader = Reader {
            tokens: &tokens,
            at: at + 3,
            lines: &lines,
        };
        // Something else than Diesel can have a macro of this name.
        if let Some(table) = reader.table(&file) {
            tables.push(table);
        }
        at = reader.at.max(at + 3);
    }
    tables
}

fn is_mark(tokens: &[RustToken<'_>], at: usize, mark: u8) -> bool {
    tokens.get(at).is_some_and(|token| token.is_mark(mark))
}

struct Reader<'a> {
    tokens: &'a [RustToken<'a>],
    at: usize,
    lines: &'a Lines,
}

impl<'a> Reader<'a> {
    fn mark(&self, mark: u8) -> bool {
        is_mark(self.tokens, self.at, mark)
    }

    fn eat(&mut self, mark: u8) -> bool {
        let is = self.mark(mark);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self) -> Option<&'a str> {
        let word = self.tokens.get(self.at)?.word()?;
        self.at += 1;
        // `r#type`: the letter, the mark and the name.
        if word == "r" && self.mark(b'#') {
            let name = self.tokens.get(self.at + 1)?.word()?;
            self.at += 2;
            return Some(name);
        }
        Some(word)
    }

    /// `use …;`, attributes, `[schema .] name (keys) { columns }`.
    fn table(&mut self, file: &Arc<str>) -> Option<Declaration> {
        let mut renamed = None;
        loop {
            if self.tokens.get(self.at)?.is_word("use") {
                while !self.eat(b';') {
                    self.tokens.get(self.at)?;
                    self.at += 1;
                }
            } else if self.mark(b'#') {
                renamed = self.attribute().or(renamed);
            } else {
                break;
            }
        }
        let begin = self.tokens.get(self.at)?.start();
        let mut name = self.word()?;
        let mut schema = None;
        if self.eat(b'.') {
            schema = Some(name.into());
            name = self.word()?;
        }
        if self.eat(b'(') {
            while !self.eat(b')') {
                self.tokens.get(self.at)?;
                self.at += 1;
            }
        }
        if !self.eat(b'{') {
            return None;
        }
        let mut columns = Vec::new();
        while !self.eat(b'}') {
            columns.push(self.column()?);
        }
        Some(Declaration {
            schema,
            table: renamed.unwrap_or(name).into(),
            columns,
            file: file.clone(),
            line: self.lines.line(begin),
            source: Source::Diesel,
        })
    }

    /// Attributes, then `name -> Type,`.
    fn column(&mut self) -> Option<DeclaredColumn> {
        let mut renamed = None;
        while self.mark(b'#') {
            renamed = self.attribute().or(renamed);
        }
        let begin = self.tokens.get(self.at)?.start();
        let name = self.word()?;
        if !(self.eat(b'-') && self.eat(b'>')) {
            return None;
        }
        let mut data_type = String::new();
        let mut depth = 0usize;
        loop {
            let token = self.tokens.get(self.at)?;
            match token.mark() {
                Some(b',') if depth == 0 => {
                    self.at += 1;
                    break;
                }
                Some(b'}') if depth == 0 => break,
                Some(b'<' | b'(') => depth += 1,
                Some(b'>' | b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            data_type.push_str(token.text());
            self.at += 1;
        }
        let inner = data_type
            .strip_prefix("Nullable<")
            .and_then(|rest| rest.strip_suffix('>'));
        Some(DeclaredColumn {
            name: renamed.unwrap_or(name).into(),
            nullable: Some(inner.is_some()),
            data_type: Some(inner.unwrap_or(&data_type).to_owned()),
            line: self.lines.line(begin),
        })
    }

    /// `#[sql_name = "x"]`: the name; nothing for others.
    fn attribute(&mut self) -> Option<&'a str> {
        self.at += 1;
        if !self.eat(b'[') {
            return None;
        }
        let is_name = self
            .tokens
            .get(self.at)
            .is_some_and(|it| it.is_word("sql_name"));
        let mut name = None;
        let mut depth = 1usize;
        while depth > 0 {
            let token = self.tokens.get(self.at)?;
            match token.mark() {
                Some(b'[') => depth += 1,
                Some(b']') => depth -= 1,
                _ => {}
            }
            if is_name {
                name = token.literal().or(name);
            }
            self.at += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use crate::query::tests::shown;

    #[test]
    fn tables_are_declared() {
        let code = r###"
// @generated automatically by Diesel CLI.
pub mod sql_types {
    #[derive(diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "mood"))]
    pub struct Mood;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Mood;

    /// Users.
    users (id) {
        id -> Int4,
        #[max_length = 255]
        name -> Varchar,
        r#type -> Nullable<Mood>,
        #[sql_name = "class"]
        class_ -> Array<Nullable<Text>>
    }
}

table! {
    #[sql_name = "old-posts"]
    app.posts (user_id, id) {
        user_id -> Int4,
        id -> Int4,
    }
}

diesel::joinable!(posts -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(posts, users,);
table! { "something", else }
"###;
        insta::assert_snapshot!(shown([("src/schema.rs", code)]), @r"
        src/schema.rs:14 [Diesel table] users(id: Int4, name: Varchar, type: Mood?, class: Array<Nullable<Text>>)
        src/schema.rs:26 [Diesel table] app.old-posts(user_id: Int4, id: Int4)
        = Diesel table in src/schema.rs: 2
        ");
    }

    #[test]
    fn torn_macros_are_no_tables() {
        for code in [
            "table! {",
            "table! { a (b",
            "table! { a { b -> ",
            "table! { # [",
            "table! { use",
        ] {
            assert_eq!(shown([("a.rs", code)]), "", "{code}");
        }
    }
}
