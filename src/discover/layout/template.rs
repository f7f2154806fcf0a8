//! Go's text templates, as far as a migration's text can be told without running the program.
//!
//! Tools of Go programs fill `{{ … }}` in before they send a text: values (`{{.prefix}}`), branches
//! (`{{if .postgres}} … {{else}} … {{end}}`), calls of the program's own functions. A condition that
//! names a family of servers is decided by the project's; a value or a function that
//! `[placeholders]` describes is filled in. A branch of which nobody knows whether it is taken is
//! sent along and marked, so that its statements run perhaps ([`Choice`]).
//!
//! Source: the page of the package `text/template`.

use std::collections::BTreeMap;

use super::placeholder::stand_in;
use crate::discover::part::{Builder, Choice};
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// Calls and parentheses within each other that are worked out.
const DEEPEST: usize = 8;

/// What is known about the data that a template is filled in with.
pub(super) struct Data<'a> {
    /// Values by name, without the dot before it; of a function, what it gives, with `$1`, `$2` … for
    /// its arguments.
    pub(super) known: &'a BTreeMap<String, String>,
    /// The project's family of servers, where it is known.
    pub(super) dialect: Option<Dialect>,
}

/// Whether a text has something that only a template has: `{{ .a`, `{{if`, `{{- /*`.
pub(super) fn is_template(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        rest = &rest[at + 2..];
        let inner = rest.strip_prefix('-').unwrap_or(rest).trim_start();
        let is_field = inner
            .strip_prefix('.')
            .is_some_and(|it| it.starts_with(|c: char| c.is_ascii_alphabetic()));
        let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next();
        if is_field || inner.starts_with("/*") || matches!(word, Some("if" | "else" | "end")) {
            return true;
        }
    }
    false
}

/// One `{{ … }}`.
struct Action<'a> {
    /// From the first brace to the last.
    span: Span,
    /// Without braces, signs of trimming and blanks.
    inner: &'a str,
    trims_before: bool,
    trims_after: bool,
}

fn next_action(text: &str, from: usize, to: usize) -> Option<Action<'_>> {
    let start = from + text.get(from..to)?.find("{{")?;
    let mut at = start + 2;
    let rest = text.get(at..to)?;
    let after_sign = rest.strip_prefix('-').unwrap_or(rest).trim_start();
    let end = match after_sign.starts_with("/*") {
        true => {
            let close = at + rest.find("*/")?;
            close + text.get(close..to)?.find("}}")?
        }
        false => {
            // Braces in a string end nothing.
            let mut quote = None;
            loop {
                let byte = *text.as_bytes().get(at).filter(|_| at + 1 < to)?;
                match quote {
                    Some(open) if byte == open => quote = None,
                    Some(_) => at += usize::from(byte == b'\\' && quote == Some(b'"')),
                    None if byte == b'"' || byte == b'`' => quote = Some(byte),
                    None if byte == b'}' && text.as_bytes().get(at + 1) == Some(&b'}') => break at,
                    None => {}
                }
                at += 1;
            }
        }
    };
    let whole = text.get(start + 2..end)?;
    let (trims_before, inner) = match whole.strip_prefix('-') {
        Some(rest) if rest.starts_with(char::is_whitespace) => (true, rest),
        _ => (false, whole),
    };
    let (trims_after, inner) = match inner.strip_suffix('-') {
        Some(rest) if rest.ends_with(char::is_whitespace) => (true, rest),
        _ => (false, inner),
    };
    Some(Action {
        span: Span::new(start, end + 2),
        inner: inner.trim(),
        trims_before,
        trims_after,
    })
}

/// An open `{{if}}`, `{{range}}` or `{{with}}`.
struct Block {
    /// Whether what stands around it is sent.
    is_live_around: bool,
    /// Whether the branch at hand is sent.
    is_live: bool,
    /// Whether a branch is known to be taken where none before it is.
    is_taken: bool,
    /// The branches of which nobody knows whether they are taken, where there are any: each with
    /// the byte of the sent text at which it begins and ends.
    open: Vec<(usize, usize)>,
    /// Whether the branch at hand is one of them.
    is_open: bool,
}

/// Adds a stretch of `file`, filled in; `unknown` is told of every action whose value is not known.
pub(super) fn fill(
    builder: &mut Builder,
    file: &SourceFile,
    span: Span,
    data: &Data<'_>,
    mut unknown: impl FnMut(Span),
) {
    let text = &*file.text;
    let mut blocks: Vec<Block> = Vec::new();
    let mut at = span.start;
    loop {
        let action = next_action(text, at, span.end);
        let mut end = action.as_ref().map_or(span.end, |action| action.span.start);
        if action.as_ref().is_some_and(|action| action.trims_before) {
            end = at + text[at..end].trim_end().len();
        }
        let is_live = blocks.last().is_none_or(|block| block.is_live);
        if is_live {
            builder.verbatim(Span::new(at, end));
        }
        let Some(action) = action else { break };
        at = action.span.end;
        if action.trims_after {
            at += text[at..span.end].len() - text[at..span.end].trim_start().len();
        }
        let (word, rest) = first_word(action.inner);
        match word {
            "if" | "with" | "range" => {
                let holds = match word {
                    "if" => condition(rest, data, 0),
                    _ => None,
                };
                let mut block = Block {
                    is_live_around: is_live,
                    is_live: false,
                    is_taken: false,
                    open: Vec::new(),
                    is_open: false,
                };
                block.branch(holds, builder.len());
                if is_live && block.is_open {
                    unknown(action.span);
                }
                blocks.push(block);
            }
            "else" if !blocks.is_empty() => {
                let (more, rest) = first_word(rest);
                let holds = match more {
                    "if" => condition(rest, data, 0),
                    "" => Some(true),
                    _ => None,
                };
                if let Some(block) = blocks.last_mut() {
                    block.branch(holds, builder.len());
                }
            }
            "end" if !blocks.is_empty() => {
                if let Some(mut block) = blocks.pop() {
                    block.close(builder.len());
                    // Where no branch need be taken, nothing is sent in place of them.
                    if !block.open.is_empty() && !block.is_taken {
                        block.open.push((builder.len(), builder.len()));
                    }
                    builder.choice(Choice {
                        branches: block.open.iter().map(|(from, to)| *from..*to).collect(),
                    });
                }
            }
            _ if !is_live => {}
            _ if action.inner.is_empty() || action.inner.starts_with("/*") => {}
            // `{{ $x := … }}` sends nothing.
            _ if word.starts_with('$') && rest.trim_start_matches(':').starts_with('=') => {}
            _ => match value(action.inner, data, 0) {
                Some(value) => builder.replaced(action.span, &value),
                None => {
                    unknown(action.span);
                    let mut sent = stand_in(name_of(action.inner));
                    // A call between statements is a statement of its own.
                    let is_call = !action.inner.starts_with(['.', '$']);
                    if is_call && builder.ends_a_statement() {
                        sent.push(';');
                    }
                    builder.replaced(action.span, &sent);
                }
            },
        }
    }
    // A block that is never closed is not a template: what it says is not known either.
    for mut block in blocks {
        block.close(builder.len());
        builder.choice(Choice {
            branches: block.open.iter().map(|(from, to)| *from..*to).collect(),
        });
    }
}

impl Block {
    /// The next branch begins at a byte of what is sent.
    fn branch(&mut self, holds: Option<bool>, at: usize) {
        self.close(at);
        self.is_live = self.is_live_around && !self.is_taken && holds != Some(false);
        // A branch that holds is still open where one before it may have been taken.
        self.is_open = self.is_live && (holds.is_none() || !self.open.is_empty());
        if self.is_open {
            self.open.push((at, at));
        }
        self.is_taken |= holds == Some(true);
    }

    fn close(&mut self, at: usize) {
        if let Some((_, end)) = self.open.last_mut().filter(|_| self.is_open) {
            *end = at;
        }
        self.is_open = false;
    }
}

fn first_word(inner: &str) -> (&str, &str) {
    let end = inner
        .find(|c: char| c.is_whitespace() || c == '(')
        .unwrap_or(inner.len());
    let (word, rest) = inner.split_at(end);
    (word, rest.trim_start())
}

/// The words of an action: fields, strings with their quotes, and what stands in parentheses with
/// these. `None` for pipelines and what is not closed.
fn words(inner: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let bytes = inner.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        let (mut depth, mut quote) = (0usize, None);
        while let Some(&byte) = bytes.get(at) {
            match quote {
                Some(open) if byte == open => quote = None,
                Some(open) => at += usize::from(byte == b'\\' && open == b'"'),
                None => match byte {
                    b'"' | b'`' => quote = Some(byte),
                    b'(' => depth += 1,
                    b')' => depth = depth.checked_sub(1)?,
                    b'|' => return None,
                    _ if byte.is_ascii_whitespace() && depth == 0 => break,
                    _ => {}
                },
            }
            at += 1;
        }
        if depth > 0 || quote.is_some() {
            return None;
        }
        found.push(inner.get(start..at.min(inner.len()))?);
    }
    Some(found)
}

/// The text of a string literal.
fn string(word: &str) -> Option<String> {
    if let Some(raw) = word.strip_prefix('`') {
        return Some(raw.strip_suffix('`')?.to_owned());
    }
    let inner = word.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            c => c,
        });
    }
    Some(out)
}

/// What an action without a value is called.
fn name_of(inner: &str) -> &str {
    inner.trim_start_matches(['.', '$'])
}

/// The text that an action is filled in with.
fn value(inner: &str, data: &Data<'_>, depth: usize) -> Option<String> {
    let words = words(inner).filter(|_| depth < DEEPEST)?;
    let (first, arguments) = words.split_first()?;
    if arguments.is_empty() {
        if let Some(inner) = first.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
            return value(inner, data, depth + 1);
        }
        if let Some(text) = string(first) {
            return Some(text);
        }
        return known(name_of(first), &[], data, depth);
    }
    if *first == "index" {
        // `{{ index .Options "schema" }}` is `.Options.schema`.
        let (map, key) = (arguments.first()?, string(arguments.get(1)?)?);
        return known(&format!("{}.{key}", name_of(map)), &[], data, depth);
    }
    let mut values = Vec::new();
    for argument in arguments {
        values.push(value(argument, data, depth + 1)?);
    }
    known(first, &values, data, depth)
}

/// What `[placeholders]` says of a name, with arguments in place of `$1` … and values in place of
/// `{{.name}}`.
fn known(name: &str, arguments: &[String], data: &Data<'_>, depth: usize) -> Option<String> {
    let pattern = data.known.get(name)?;
    let mut filled = String::new();
    let mut rest = pattern.as_str();
    while let Some(at) = rest.find('$').filter(|_| !arguments.is_empty()) {
        let digits = rest[at + 1..]
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let argument = rest[at + 1..at + 1 + digits]
            .parse::<usize>()
            .ok()
            .and_then(|number| arguments.get(number.checked_sub(1)?));
        filled.push_str(&rest[..at]);
        match argument {
            Some(argument) => filled.push_str(argument),
            None => filled.push_str(&rest[at..at + 1 + digits]),
        }
        rest = &rest[at + 1 + digits..];
    }
    filled.push_str(rest);
    if depth >= DEEPEST {
        return None;
    }
    let mut out = String::new();
    let mut at = 0;
    while let Some(action) = next_action(&filled, at, filled.len()) {
        out.push_str(&filled[at..action.span.start]);
        let inner = value(action.inner, data, depth + 1);
        out.push_str(&inner.unwrap_or_else(|| stand_in(name_of(action.inner))));
        at = action.span.end;
    }
    out.push_str(&filled[at..]);
    Some(out)
}

/// Whether a condition holds, where that can be told.
fn condition(inner: &str, data: &Data<'_>, depth: usize) -> Option<bool> {
    let words = words(inner).filter(|_| depth < DEEPEST)?;
    let (first, arguments) = words.split_first()?;
    let of = |word: &&str| condition(word, data, depth + 1);
    match (*first, arguments) {
        ("true", []) => Some(true),
        ("false", []) => Some(false),
        ("not", [argument]) => of(argument).map(|holds| !holds),
        ("and" | "or", [_, ..]) => {
            let decides = *first == "or";
            let answers: Vec<Option<bool>> = arguments.iter().map(of).collect();
            if answers.contains(&Some(decides)) {
                return Some(decides);
            }
            (!answers.contains(&None)).then_some(!decides)
        }
        ("eq" | "ne", [left, right]) => {
            let equal = match (value(left, data, depth + 1), value(right, data, depth + 1)) {
                (Some(left), Some(right)) => left == right,
                // `eq .Dialect "postgres"`
                (None, Some(name)) => names_dialect_of(left, &name, data)?,
                (Some(name), None) => names_dialect_of(right, &name, data)?,
                (None, None) => return None,
            };
            Some(equal == (*first == "eq"))
        }
        (word, []) => {
            if let Some(inner) = word.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
                return condition(inner, data, depth + 1);
            }
            match value(word, data, depth + 1) {
                Some(value) => Some(is_truth(&value)),
                None => {
                    let field = word.strip_prefix('.')?;
                    is_dialect(field.rsplit('.').next()?, data.dialect?)
                }
            }
        }
        _ => value(inner, data, depth + 1).map(|value| is_truth(&value)),
    }
}

fn is_truth(value: &str) -> bool {
    !matches!(value.trim(), "" | "0" | "false")
}

/// Whether a field that holds the family of servers holds this one.
fn names_dialect_of(field: &str, name: &str, data: &Data<'_>) -> Option<bool> {
    let last = field.strip_prefix('.')?.rsplit('.').next()?;
    let is_dialect_field = ["dialect", "driver"]
        .iter()
        .any(|word| last.eq_ignore_ascii_case(word));
    is_dialect_field
        .then_some(())
        .and_then(|()| is_dialect(name, data.dialect?))
}

/// Whether a word names the project's family of servers; `None` where it names none.
fn is_dialect(word: &str, dialect: Dialect) -> Option<bool> {
    let word = word.to_ascii_lowercase();
    let word = word.strip_prefix("is").unwrap_or(&word);
    match word {
        "postgres" | "postgresql" | "pg" => Some(dialect == Dialect::Postgres),
        "mysql" => Some(matches!(dialect, Dialect::Mysql | Dialect::Mariadb)),
        "mariadb" => Some(dialect == Dialect::Mariadb),
        "sqlite" | "sqlite3" => Some(dialect == Dialect::Sqlite),
        "cockroach" | "cockroachdb" | "crdb" | "mssql" | "sqlserver" | "oracle" | "clickhouse" => {
            Some(false)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(known: &[(&str, &str)], text: &str) -> String {
        let known: BTreeMap<String, String> = known
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let data = Data {
            known: &known,
            dialect: Some(Dialect::Postgres),
        };
        let file = SourceFile::new("m.sql", text);
        let mut builder = Builder::new(&file);
        fill(&mut builder, &file, Span::new(0, text.len()), &data, |_| {});
        let part = builder.build();
        let choices = part.cut().map_or(0, |cut| cut.choices().len());
        let marks = "?".repeat(choices);
        format!("{}{marks}", part.sent())
    }

    #[test]
    fn branches_of_a_family_of_servers_are_decided() {
        for (text, expected) in [
            (
                "a{{if .postgres}} p{{end}}{{if .mysql}} m{{else}} o{{end}}",
                "a p o",
            ),
            (
                "{{if .sqlite}}s{{else if or .postgres .mysql}}p{{else}}x{{end}}",
                "p",
            ),
            (
                "{{if not .mysql}}a{{end}}{{if and .mysql .plugin}}b{{end}}",
                "a",
            ),
            ("{{if eq .Dialect \"mysql\"}}m{{else}}p{{end}}", "p"),
            ("{{if (not (or .mysql .sqlite))}}a{{end}}", "a"),
            ("{{if .mysql}}{{if .x}}a{{else}}b{{end}}c{{end}}d", "d"),
        ] {
            assert_eq!(filled(&[], text), expected, "{text}");
        }
    }

    #[test]
    fn branches_that_nobody_knows_are_marked() {
        for (text, expected) in [
            ("{{if .plugin}}a;{{else}}b;{{end}}", "a;b;?"),
            ("{{if f \"t\"}}a;{{end}}c;", "a;c;?"),
            ("{{range .xs}}a{{end}}", "a?"),
            ("{{if .plugin}}a;", "a;?"),
        ] {
            assert_eq!(filled(&[], text), expected, "{text}");
        }
        let known = [("plugin", "false"), ("f", "")];
        assert_eq!(
            filled(
                &known,
                "{{if .plugin}}a;{{else}}b;{{end}}{{if f \"t\"}}c;{{end}}"
            ),
            "b;"
        );
    }

    #[test]
    fn signs_trim_and_comments_are_left_out() {
        assert_eq!(
            filled(&[], "a\n {{- /* no }} */ -}} \n b {{- .x -}} c"),
            "ab__x__c"
        );
        assert_eq!(filled(&[], "a {{ $x := .y }}b {{ \"}}\" }}"), "a b }}");
    }

    #[test]
    fn functions_are_what_the_configuration_says() {
        let known = [
            ("prefix", "app_"),
            (
                "add",
                "ALTER TABLE {{.prefix}}$1 ADD COLUMN IF NOT EXISTS $2 $3;",
            ),
        ];
        let text = "{{ add \"t\" \"c\" \"varchar(3)\" }}\n{{.prefix}}u";
        assert_eq!(
            filled(&known, text),
            "ALTER TABLE app_t ADD COLUMN IF NOT EXISTS c varchar(3);\napp_u"
        );
        // Between statements, an unknown call is one of its own.
        assert_eq!(
            filled(&[], "{{ f \"t\" }}\nSELECT 1;{{ g }} SELECT {{ h }};"),
            "__f_t__;\nSELECT 1;__g__; SELECT __h__;"
        );
    }

    #[test]
    fn texts_with_braces_of_their_own_are_no_templates() {
        assert!(!is_template("SELECT '{{1,2},{3,4}}'::int[], '{{.5}}'"));
        for text in ["{{.prefix}}t", "{{- if .a}}", "{{ end }}", "{{/* x */}}"] {
            assert!(is_template(text), "{text}");
        }
    }
}
