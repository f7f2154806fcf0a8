//! Files of queries: with headers when they are found, of any kind when the user names them.

use std::sync::Arc;

use super::header::{Flavour, Section, sections};
use super::placeholder::numbered;
use super::token::{Lines, looks_like_query};
use super::{Query, Search, Source, is_test};
use crate::error::Result;
use crate::sql::Dialect;
use crate::sql::split::{PieceKind, split};

/// Files that are longer are no files of queries.
const LARGEST: usize = 4 << 20;

/// Reads the files of queries.
pub(super) fn find(cx: &mut Search<'_>) -> Result<()> {
    let paths = cx.files_ending(&[".sql"]);
    for chunk in paths.chunks(256) {
        let texts = cx.read_many(chunk, Source::QueryFile)?;
        for (path, text) in chunk.iter().zip(texts) {
            let Some(text) = text else { continue };
            if cx.settings.is_named(path) {
                named(cx, path, &text);
            } else if text.len() <= LARGEST && !is_test(path) {
                found(cx, path, &text);
            }
        }
    }
    Ok(())
}

/// A file found by itself: it must have headers, and queries under them.
fn found(cx: &mut Search<'_>, path: &str, text: &str) {
    // Most files have no header at all.
    if !["name:", ":name", "@name", "--!", "name :"]
        .iter()
        .any(|it| text.contains(it))
    {
        return;
    }
    let sections = sections(text);
    let is_query = |section: &Section| {
        let body = &text[section.body.clone()];
        section.flavour == Flavour::Snippet || looks_like_query(body)
    };
    if sections.iter().any(is_query) {
        let count = take(cx, path, text, &sections, Source::QueryFile);
        cx.out.found(Source::QueryFile, path, count);
    }
}

/// A file that the user names.
fn named(cx: &mut Search<'_>, path: &str, text: &str) {
    let sections = sections(text);
    let before = sections
        .first()
        .map_or(text.len(), |first| first.body.start);
    let mut count = plain(cx, path, &text[..before], Source::NamedFile);
    count += take(cx, path, text, &sections, Source::NamedFile);
    cx.out.found(Source::NamedFile, path, count);
}

/// Takes the statements of a text without headers, with which the file `path` begins; how many
/// there are.
pub(super) fn plain(cx: &mut Search<'_>, path: &str, text: &str, source: Source) -> usize {
    let file: Arc<str> = path.into();
    let lines = Lines::of(text);
    let mut count = 0;
    for (at, statement) in statements(text) {
        let place = Place {
            file: &file,
            line: lines.line(at),
            name: None,
            source,
        };
        let result = numbered(statement, Flavour::Plain.styles(), &Default::default());
        count += put(cx, &place, statement, result);
    }
    count
}

/// Takes the statements of `sections`; how many there are.
pub(super) fn take(
    cx: &mut Search<'_>,
    path: &str,
    text: &str,
    sections: &[Section],
    source: Source,
) -> usize {
    let lines = Lines::of(text);
    let file: Arc<str> = path.into();
    let mut count = 0;
    for section in sections {
        let name: Arc<str> = section.name.as_str().into();
        let body = &text[section.body.clone()];
        for (at, statement) in statements(body) {
            let place = Place {
                file: &file,
                line: lines.line(section.body.start + at),
                name: Some(&name),
                source,
            };
            let result = if section.flavour == Flavour::Snippet {
                Err("a part that is filled into other queries".to_owned())
            } else if section.flavour == Flavour::HugSql && has_clojure(body) {
                Err("a part is computed by an expression of Clojure".to_owned())
            } else {
                numbered(statement, section.flavour.styles(), &section.expansions)
            };
            count += put(cx, &place, statement, result);
            // What follows has no name, and sqlc makes no code for it.
            if source == Source::Sqlc {
                break;
            }
        }
    }
    count
}

/// HugSQL runs what stands in these comments.
fn has_clojure(body: &str) -> bool {
    body.contains("--~") || body.contains("/*~")
}

/// Where a statement stands.
struct Place<'a> {
    file: &'a Arc<str>,
    line: usize,
    name: Option<&'a Arc<str>>,
    source: Source,
}

/// Takes a statement or says why not; 1 when it was taken.
fn put(
    cx: &mut Search<'_>,
    place: &Place<'_>,
    written: &str,
    result: std::result::Result<String, String>,
) -> usize {
    match result {
        Ok(text) => {
            cx.out.queries.push(Query {
                text: text.into(),
                name: place.name.cloned(),
                file: place.file.clone(),
                line: place.line,
                source: place.source,
                recorded: None,
                times: 1,
            });
            1
        }
        Err(reason) => {
            let file = place.file.clone();
            cx.out
                .not_read(file, place.line, written, reason, place.source);
            0
        }
    }
}

/// The statements of `text` and where each begins, in bytes; commands of psql are none. What lies
/// in a quote without end is one too: it is for the parser to refuse.
fn statements(text: &str) -> impl Iterator<Item = (usize, &str)> {
    split(text, Dialect::Postgres)
        .0
        .into_iter()
        .filter(|piece| match piece.kind {
            PieceKind::Statement | PieceKind::Unreadable => true,
            PieceKind::ClientCommand => false,
        })
        .map(move |piece| (piece.span.start, piece.span.of(text)))
}

#[cfg(test)]
mod tests {
    use crate::query::tests::{naming, shown, shown_with};

    #[test]
    fn files_with_headers_are_found() {
        let files = [
            (
                "db/users.sql",
                "-- name: get_user^\n-- by id\nSELECT *\n  FROM users WHERE id = :id\n\n\
                 -- name: add_user<!\nINSERT INTO users (name) VALUES (:name) RETURNING id;\n",
            ),
            ("schema.sql", "-- name: x\nCREATE TABLE t (a int);\n"),
            ("seed.sql", "INSERT INTO t VALUES (1);\n"),
            (
                "dump.sql",
                "-- Name: users; Type: TABLE; Schema: public\nCREATE TABLE users (a int);\n",
            ),
        ];
        insta::assert_snapshot!(shown(files), @r"
        db/users.sql:3 get_user [query file] SELECT * FROM users WHERE id = $1
        db/users.sql:7 add_user [query file] INSERT INTO users (name) VALUES ($1) RETURNING id
        = query file in db/users.sql: 2
        ");
    }

    #[test]
    fn named_files_need_no_headers() {
        let files = [(
            "sql/report.sql",
            "-- everything\nSELECT a FROM t WHERE b = :b;\nDELETE FROM t;\n\\echo done\n",
        )];
        insta::assert_snapshot!(shown_with(files, &naming(&["sql/*.sql"])), @r"
        sql/report.sql:2 [query file] SELECT a FROM t WHERE b = $1
        sql/report.sql:3 [query file] DELETE FROM t
        = query file in sql/report.sql: 2
        ");
        insta::assert_snapshot!(shown(files), @"");
    }

    #[test]
    fn parts_of_hugsql_are_not_read() {
        let files = [(
            "users.sql",
            "-- :name all :? :*\n-- :doc all of them\nselect * from users where id in (:v*:ids)\n\
             -- :snip cols\nselect id, name\n\
             -- :name by :? :*\nselect :i*:cols from users\n\
             -- :name perhaps :?\nselect a from users\n--~ (when (:b params) \"where b = :b\")\n",
        )];
        insta::assert_snapshot!(shown(files), @r"
        users.sql:3 all [query file] select * from users where id in ($1)
        users.sql:5 [query file] not read: a part that is filled into other queries: select id, name
        users.sql:7 [query file] not read: `:i` is filled in with SQL, not with a value: select :i*:cols from users
        users.sql:9 [query file] not read: a part is computed by an expression of Clojure: select a from users
        = query file in users.sql: 1
        ");
    }

    #[test]
    fn parameters_of_pgtyped_are_expanded() {
        let files = [(
            "src/books.sql",
            "/*\n  @name InsertBooks\n  @param books -> ((rank!, name)...)\n*/\n\
             INSERT INTO books (rank, name)\nVALUES :books RETURNING id;\n\n\
             /* @name Find */ SELECT a FROM books WHERE id = :id! AND a != :id;\n",
        )];
        insta::assert_snapshot!(shown(files), @r"
        src/books.sql:5 InsertBooks [query file] INSERT INTO books (rank, name) VALUES ($1, $2) RETURNING id
        src/books.sql:8 Find [query file] SELECT a FROM books WHERE id = $1 AND a != $1
        = query file in src/books.sql: 2
        ");
    }
}
