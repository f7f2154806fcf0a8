//! Placeholders: text that a tool fills in before the server sees it.
//!
//! A value that is known (the tool's configuration, a default, what is built in, `[placeholders]`
//! in `migcheck.toml`) is filled in. One that is not known becomes a stand-in made of its own
//! name, `__name__`: a word is a name where a name is wanted and harmless in a string, and where a
//! number or a whole statement is wanted it is not understood, which is said. Every value that is
//! not known is counted and named.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Folder;
use super::template;
use crate::discover::part::{Builder, Part};
use crate::discover::text::MigrationText;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// How placeholders are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `${name}`: begin and end.
    Between(String, String),
    /// `$NAME`, `${NAME}`, `${NAME:-default}`.
    Environment,
    /// Go's `{{ … }}`, with the project's family of servers.
    Template(Dialect),
    /// `:NAME`, in capitals.
    Capitals,
    /// psql's `:name`, `:'name'`, `:"name"`.
    Psql,
}

/// The placeholders of a project.
pub(super) struct Placeholders {
    syntax: Syntax,
    /// Whether names are compared without regard to case; the names of `known` are lower case then.
    ignores_case: bool,
    known: BTreeMap<String, String>,
    /// Name as it is written, how often, and where first.
    unknown: RefCell<BTreeMap<String, (usize, String)>>,
}

/// One placeholder in a text.
struct Found {
    /// Its bytes.
    span: Span,
    name: String,
    default: Option<String>,
    /// To put around the value.
    quote: Option<char>,
}

impl Placeholders {
    pub(super) fn new(syntax: Syntax, ignores_case: bool) -> Placeholders {
        Placeholders {
            syntax,
            ignores_case,
            known: BTreeMap::new(),
            unknown: RefCell::default(),
        }
    }

    /// The placeholders of a folder that a program in Go fills in by itself before its tool sees
    /// the texts; `None` where no file looks like that.
    pub(super) fn of_templates(folder: &Folder<'_>) -> Option<Placeholders> {
        let is_template = |text: &MigrationText| {
            text.part()
                .is_some_and(|part| template::is_template(&part.file.text))
        };
        if !folder.texts.values().any(|(text, _)| is_template(text)) {
            return None;
        }
        let mut placeholders = Placeholders::new(Syntax::Template(folder.dialect), false);
        placeholders.know_all(&folder.config.placeholders);
        Some(placeholders)
    }

    /// Adds a value; one that is there is replaced. A value that comes from elsewhere itself is
    /// none, but for its default: `${NAME:default}`.
    pub(super) fn know(&mut self, name: &str, value: &str) {
        let value = match value.strip_prefix("${").and_then(|it| it.strip_suffix('}')) {
            Some(inner) => match inner.split_once(':') {
                Some((_, default)) if !default.contains("${") => default,
                _ => return,
            },
            None if value.contains("${") => return,
            None => value,
        };
        self.known.insert(self.folded(name), value.to_owned());
    }

    /// Adds a value unless there is one.
    pub(super) fn know_first(&mut self, name: &str, value: &str) {
        let name = self.folded(name);
        self.known.entry(name).or_insert_with(|| value.to_owned());
    }

    pub(super) fn know_all(&mut self, values: &BTreeMap<String, String>) {
        for (name, value) in values {
            self.know(name, value);
        }
    }

    fn folded(&self, name: &str) -> String {
        if self.ignores_case {
            name.to_lowercase()
        } else {
            name.to_owned()
        }
    }

    /// The whole file with its placeholders filled in.
    pub(super) fn fill(&self, text: MigrationText) -> MigrationText {
        match text {
            MigrationText::Read(part) => {
                let file = part.file;
                if !self.may_be_in(&file.text) {
                    return MigrationText::Read(Part::whole(file));
                }
                let mut builder = Builder::new(&file);
                self.add(&mut builder, &file, Span::new(0, file.text.len()));
                MigrationText::Read(builder.build())
            }
            MigrationText::Unreadable(it) => MigrationText::Unreadable(it),
        }
    }

    fn may_be_in(&self, text: &str) -> bool {
        match &self.syntax {
            Syntax::Between(begin, _) => !begin.is_empty() && text.contains(begin.as_str()),
            Syntax::Environment => text.contains('$'),
            Syntax::Template(_) => text.contains("{{"),
            Syntax::Capitals | Syntax::Psql => text.contains(':'),
        }
    }

    /// Adds a stretch of `file` to what is sent, its placeholders filled in.
    pub(super) fn add(&self, builder: &mut Builder, file: &SourceFile, span: Span) {
        if let Syntax::Template(dialect) = self.syntax {
            let data = template::Data {
                known: &self.known,
                dialect: Some(dialect),
            };
            template::fill(builder, file, span, &data, |unknown| {
                self.count(file, unknown);
            });
            return;
        }
        let mut at = span.start;
        if self.may_be_in(span.of(&file.text)) {
            while let Some(found) = self.next(&file.text, at, span.end) {
                builder.verbatim(Span::new(at, found.span.start));
                at = found.span.end;
                let value = self.known.get(&self.folded(&found.name)).cloned();
                let value = match (value.or(found.default), found.quote) {
                    (Some(value), Some(quote)) => {
                        let escaped = value.replace(quote, &format!("{quote}{quote}"));
                        format!("{quote}{escaped}{quote}")
                    }
                    (Some(value), None) => value,
                    (None, quote) => {
                        self.count(file, found.span);
                        let stand_in = stand_in(&found.name);
                        match quote {
                            Some(quote) => format!("{quote}{stand_in}{quote}"),
                            None => stand_in,
                        }
                    }
                };
                builder.replaced(found.span, &value);
            }
        }
        builder.verbatim(Span::new(at, span.end));
    }

    fn count(&self, file: &SourceFile, span: Span) {
        let mut unknown = self.unknown.borrow_mut();
        let written = span.of(&file.text).to_owned();
        unknown
            .entry(written)
            .or_insert_with(|| {
                let line = file.position(span.start).line;
                (0, format!("{}:{line}", file.path))
            })
            .0 += 1;
    }

    /// One notice about the values that are not known.
    pub(super) fn notice(&self) -> Option<String> {
        let unknown = self.unknown.borrow();
        if unknown.is_empty() {
            return None;
        }
        let count: usize = unknown.values().map(|(count, _)| count).sum();
        let names: Vec<String> = unknown
            .iter()
            .take(5)
            .map(|(name, (_, place))| format!("{name} in {place}"))
            .collect();
        let more = match unknown.len().saturating_sub(5) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let placeholders = if count == 1 {
            "placeholder has"
        } else {
            "placeholders have"
        };
        Some(format!(
            "{count} {placeholders} no known value ({}{more}); [placeholders] in migcheck.toml \
             gives values",
            names.join(", ")
        ))
    }

    /// The first placeholder of `text` between two bytes.
    fn next(&self, text: &str, from: usize, to: usize) -> Option<Found> {
        match &self.syntax {
            Syntax::Between(begin, end) => {
                let start = from + text.get(from..to)?.find(begin.as_str())?;
                let name_at = start + begin.len();
                let length = text.get(name_at..to)?.find(end.as_str())?;
                let name = text.get(name_at..name_at + length)?.trim().to_owned();
                let span = Span::new(start, name_at + length + end.len());
                Some(value(span, &name))
            }
            Syntax::Environment => environment(text, from, to),
            // A template is filled in as a whole.
            Syntax::Template(_) => None,
            Syntax::Capitals => colon(text, from, to, false),
            Syntax::Psql => colon(text, from, to, true),
        }
    }
}

/// A word that can stand for a name and keeps the text of the placeholder.
pub(super) fn stand_in(name: &str) -> String {
    let mut word: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    while word.contains("__") {
        word = word.replace("__", "_");
    }
    // A name of PostgreSQL has 63 bytes; a whole template need not be recognised to its end.
    word.truncate(48);
    format!("__{}__", word.trim_matches('_'))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn name_end(text: &str, from: usize, to: usize) -> usize {
    let bytes = text.as_bytes();
    (from..to).find(|at| !is_name(bytes[*at])).unwrap_or(to)
}

fn value(span: Span, name: &str) -> Found {
    Found {
        span,
        name: name.to_owned(),
        default: None,
        quote: None,
    }
}

/// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME?message}`; `$1` and `$$` are
/// the server's.
fn environment(text: &str, from: usize, to: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at + 1 < to {
        if bytes[at] != b'$' {
            at += 1;
            continue;
        }
        let next = bytes[at + 1];
        if next == b'{' {
            let name_at = at + 2;
            let end = name_end(text, name_at, to);
            let close = text.get(end..to).and_then(|rest| rest.find('}'));
            if let Some(close) = close.filter(|_| end > name_at) {
                let rest = &text[end..end + close];
                let default = rest
                    .strip_prefix(":-")
                    .or_else(|| rest.strip_prefix('-'))
                    .map(str::to_owned);
                return Some(Found {
                    span: Span::new(at, end + close + 1),
                    name: text[name_at..end].to_owned(),
                    default,
                    quote: None,
                });
            }
            at += 2;
        } else if next.is_ascii_alphabetic() || next == b'_' {
            let end = name_end(text, at + 1, to);
            // `$tag$` is a dollar quote.
            if bytes.get(end) == Some(&b'$') {
                at = end + 1;
                continue;
            }
            return Some(value(Span::new(at, end), &text[at + 1..end]));
        } else {
            at += 2;
        }
    }
    None
}

/// `:NAME`, and for psql also `:name`, `:'name'`, `:"name"`; `::type`, `:=` and slices are SQL.
fn colon(text: &str, from: usize, to: usize, is_psql: bool) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut quote: Option<u8> = None;
    while at < to {
        let byte = bytes[at];
        match quote {
            // psql fills nothing into literals; Graphile does.
            Some(open) if is_psql => {
                if byte == open {
                    quote = None;
                }
                at += 1;
                continue;
            }
            _ => {}
        }
        if is_psql && matches!(byte, b'\'' | b'"') {
            quote = Some(byte);
            at += 1;
            continue;
        }
        if is_psql && byte == b'-' && bytes.get(at + 1) == Some(&b'-') {
            while at < to && bytes[at] != b'\n' {
                at += 1;
            }
            continue;
        }
        if byte != b':' {
            at += 1;
            continue;
        }
        if bytes.get(at + 1) == Some(&b':') {
            at += 2;
            continue;
        }
        let before_is_name = at > from && (is_name(bytes[at - 1]) || bytes[at - 1] == b']');
        let Some(&next) = bytes.get(at + 1).filter(|_| at + 1 < to && !before_is_name) else {
            at += 1;
            continue;
        };
        if is_psql && matches!(next, b'\'' | b'"') {
            let end = name_end(text, at + 2, to);
            if end > at + 2 && bytes.get(end) == Some(&next) {
                return Some(Found {
                    span: Span::new(at, end + 1),
                    name: text[at + 2..end].to_owned(),
                    default: None,
                    quote: Some(char::from(next)),
                });
            }
        } else if is_name(next) && !next.is_ascii_digit() {
            let end = name_end(text, at + 1, to);
            let name = &text[at + 1..end];
            let is_capitals = name.bytes().all(|b| !b.is_ascii_lowercase());
            if is_psql || is_capitals {
                return Some(value(Span::new(at, end), name));
            }
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(syntax: Syntax, known: &[(&str, &str)], text: &str) -> String {
        let mut placeholders = Placeholders::new(syntax, false);
        for (name, value) in known {
            placeholders.know(name, value);
        }
        let file = SourceFile::new("m.sql", text);
        let text = placeholders.fill(MigrationText::Read(Part::whole(file)));
        text.sent().unwrap().to_owned()
    }

    #[test]
    fn braces_are_filled_in_or_stand_for_a_name() {
        let syntax = || Syntax::Between("${".to_owned(), "}".to_owned());
        assert_eq!(
            filled(
                syntax(),
                &[("s", "app")],
                "CREATE TABLE ${s}.t_${n} (a text DEFAULT '${N x}')"
            ),
            "CREATE TABLE app.t___n__ (a text DEFAULT '__n_x__')"
        );
        assert_eq!(filled(syntax(), &[], "DO $$ ${ $$"), "DO $$ ${ $$");
    }

    #[test]
    fn environment_knows_defaults_and_leaves_dollar_quotes() {
        let text = "a $X ${X} ${Y:-y} ${Z-z} ${W?no} $1 $$ b $$ $tag$ c $tag$";
        assert_eq!(
            filled(Syntax::Environment, &[("X", "1")], text),
            "a 1 1 y z __w__ $1 $$ b $$ $tag$ c $tag$"
        );
    }

    #[test]
    fn templates_stand_for_a_name() {
        assert_eq!(
            filled(
                Syntax::Template(Dialect::Postgres),
                &[("schema", "app")],
                "{{/* no */}}CREATE TABLE {{ .schema }}.t; {{ template \"x/y.sql\" . }}"
            ),
            "CREATE TABLE app.t; __template_x_y_sql__;"
        );
    }

    #[test]
    fn colons_are_told_from_casts_and_slices() {
        assert_eq!(
            filled(
                Syntax::Capitals,
                &[("DATABASE_OWNER", "o")],
                "GRANT x TO :DATABASE_OWNER; SELECT 'a'::TEXT, a[1:N], ':OTHER'"
            ),
            "GRANT x TO o; SELECT 'a'::TEXT, a[1:N], '__other__'"
        );
        assert_eq!(
            filled(
                Syntax::Psql,
                &[("s", "it's")],
                "SELECT :'s', :\"t\", :u, a::int, 'x:y' -- :no\n"
            ),
            "SELECT 'it''s', \"__t__\", __u__, a::int, 'x:y' -- :no\n"
        );
    }
}
