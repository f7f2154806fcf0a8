//! Files of queries that are cut by headers in comments.
//!
//! Input: the text of a file. Output: its sections, each a header and the text up to the next one.
//! Known are `-- name: x` (sqlc, aiosql, yesql), `-- :name x` (HugSQL, PugSQL), `/* @name X */`
//! (pgtyped) and `--! x` (Cornucopia). A comment that only looks like a header ("-- name: the old
//! one, see below") is none.

use std::collections::BTreeMap;
use std::ops::Range;

use super::placeholder::{Expansion, Style};
use super::token::tokens_and_comments;

/// Which tool reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// sqlc, aiosql, yesql: `-- name: x`.
    Plain,
    /// HugSQL and PugSQL: `-- :name x`.
    HugSql,
    /// A part of a query in HugSQL: `-- :snip x`.
    Snippet,
    /// pgtyped: `/* @name X */`.
    PgTyped,
    /// Cornucopia and Clorinde: `--! x`.
    Cornucopia,
}

impl Flavour {
    /// How values are written.
    pub(super) fn styles(self) -> &'static [Style] {
        match self {
            Flavour::Plain => &[Style::Colon, Style::Sqlc, Style::Percent, Style::Question],
            Flavour::HugSql | Flavour::Snippet => &[Style::HugSql],
            Flavour::PgTyped => &[Style::PgTyped],
            Flavour::Cornucopia => &[Style::Colon],
        }
    }
}

/// A header and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// What the query is called.
    pub(super) name: String,
    /// Which tool reads it.
    pub(super) flavour: Flavour,
    /// What parameters of pgtyped stand for.
    pub(super) expansions: BTreeMap<String, Expansion>,
    /// The bytes from behind the header to the next one.
    pub(super) body: Range<usize>,
}

/// The sections of `text`, in order; what stands before the first header is in none.
pub(super) fn sections(text: &str) -> Vec<Section> {
    let (_, comments) = tokens_and_comments(text);
    let mut sections: Vec<Section> = Vec::new();
    for comment in comments {
        let Some((name, flavour)) = header(&text[comment.clone()]) else {
            continue;
        };
        if let Some(last) = sections.last_mut() {
            last.body.end = comment.start;
        }
        sections.push(Section {
            name: name.to_owned(),
            flavour,
            expansions: match flavour {
                Flavour::PgTyped => expansions(&text[comment.clone()]),
                Flavour::Plain | Flavour::HugSql | Flavour::Snippet | Flavour::Cornucopia => {
                    BTreeMap::new()
                }
            },
            body: comment.end..text.len(),
        });
    }
    sections
}

fn header(comment: &str) -> Option<(&str, Flavour)> {
    if let Some(block) = comment.strip_prefix("/*") {
        let block = block.strip_suffix("*/").unwrap_or(block);
        if let Some(at) = block.find("@name") {
            let rest = block[at + 5..].trim_start();
            let (name, _) = name_of(rest)?;
            return Some((name, Flavour::PgTyped));
        }
        let rest = block.trim();
        let rest = rest.strip_prefix("name:")?;
        return plain(rest);
    }
    let line = comment.strip_prefix("--")?;
    if let Some(rest) = line.strip_prefix('!') {
        let (name, rest) = name_of(rest.trim_start())?;
        let rest = rest.trim_start();
        let is_rust = name.chars().all(|it| it.is_alphanumeric() || it == '_');
        let goes_on = is_rust && (rest.is_empty() || rest.starts_with(['(', ':']));
        return goes_on.then_some((name, Flavour::Cornucopia));
    }
    let line = line.trim();
    if let Some(rest) = line.strip_prefix(":name ") {
        let (name, rest) = name_of(rest.trim_start())?;
        return is_commands(rest).then_some((name, Flavour::HugSql));
    }
    if let Some(rest) = line.strip_prefix(":snip ") {
        let (name, _) = name_of(rest.trim_start())?;
        return Some((name, Flavour::Snippet));
    }
    plain(
        line.strip_prefix("name:")
            .or_else(|| line.strip_prefix("name :"))?,
    )
}

/// `x`, `x :one`, `x^`, `x(a, b)<!`.
fn plain(rest: &str) -> Option<(&str, Flavour)> {
    let (name, rest) = name_of(rest.trim_start())?;
    let mut rest = rest;
    if let Some(inner) = rest.strip_prefix('(') {
        rest = inner.split_once(')')?.1;
    }
    let rest = rest.trim_start_matches(['^', '$', '!', '<', '*', '#', '?']);
    is_commands(rest).then_some((name, Flavour::Plain))
}

/// `:one`, `:? :*`, or nothing.
fn is_commands(rest: &str) -> bool {
    rest.split_whitespace()
        .all(|word| word.starts_with(':') || word == "*/")
}

/// A name and what follows it.
fn name_of(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|it: char| !(it.is_alphanumeric() || matches!(it, '_' | '-' | '.' | '/')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let first = name.chars().next()?;
    (first.is_alphabetic() || first == '_').then_some((name, rest))
}

/// `@param users -> ((name, age)...)`: a name, and the fields that it stands for.
fn expansions(comment: &str) -> BTreeMap<String, Expansion> {
    let mut found = BTreeMap::new();
    for part in comment.split("@param").skip(1) {
        let Some((name, rest)) = name_of(part.trim_start()) else {
            continue;
        };
        let Some(shape) = rest.trim_start().strip_prefix("->") else {
            continue;
        };
        let shape = shape.split('@').next().unwrap_or("");
        let fields = shape
            .split(|it: char| !(it.is_alphanumeric() || it == '_'))
            .filter(|field| !field.is_empty())
            .map(str::to_owned)
            .collect();
        found.insert(name.to_owned(), Expansion { fields });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let sections = sections(text);
        let shown = sections.iter().map(|it| {
            let body = text[it.body.clone()].trim();
            format!("{} {:?} {:?} {body}", it.name, it.flavour, it.expansions)
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn headers_of_every_tool_are_read() {
        insta::assert_snapshot!(
            shown("\
-- name: GetUser :one
a
-- name: get-users(id, name)^
b
--name: create_user<!
c
/* name: Old :many */
d
-- :name all-users :? :*
e
-- :snip cols
f
/*
 @name FindUsers
 @param ids -> (...)
 @param user -> (name, age!)
 @param users -> ((name, age)...)
*/
g
--! authors (name?) : Author()
h
"),
            @r#"
        GetUser Plain {} a
        get-users Plain {} b
        create_user Plain {} c
        Old Plain {} d
        all-users HugSql {} e
        cols Snippet {} f
        FindUsers PgTyped {"ids": Expansion { fields: [] }, "user": Expansion { fields: ["name", "age"] }, "users": Expansion { fields: ["name", "age"] }} g
        authors Cornucopia {} h
        "#
        );
    }

    #[test]
    fn ordinary_comments_are_no_headers() {
        for text in [
            "-- name: the old one, see below",
            "-- name of the user",
            "-- names: a",
            "/* the name: x y */",
            "SELECT '-- name: a'",
            "--! this is important",
            "--! breaking-change",
            "-- name:",
        ] {
            assert_eq!(sections(text), [], "{text}");
        }
    }
}
