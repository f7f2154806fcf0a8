//! SQL in string literals of code; with it, each source file is read once for all that it says.
//!
//! Input: source files. Output: the literals that are statements, and those that may become some at
//! run time: these are not read. A file is cut into words, marks and literals ([`lexer`], one file
//! per language), what stands side by side is joined ([`candidate`]), and what looks like SQL is
//! shown to the parser.
//!
//! Left out are tests, migrations written in code, what is generated from queries that are read
//! elsewhere, messages of errors and logs, and the query languages of ORMs.

mod candidate;
mod go;
mod java;
mod javascript;
mod lexer;
mod python;
mod ruby;
mod rust;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use self::candidate::{Candidate, candidates};
use super::placeholder::{Style, numbered};
use super::token::{self, Lines, is_verb, looks_like_beginning, looks_like_part, looks_like_query};
use super::{
    Declaration, IsStatement, Language, NotRead, Query, Search, Source, capped, diesel, folder_of,
    is_test, resolve,
};
use crate::error::Result;
use crate::sql::Dialect;
use crate::sql::split::split;

/// Longer files are no source code that people write.
const LARGEST: usize = 1 << 20;

/// A line that is longer is the work of a minifier, in a file that ends like JavaScript.
const LONGEST_LINE: usize = 20_000;

/// Reads the literals of all source files.
pub(super) fn find(cx: &mut Search<'_>) -> Result<()> {
    let has_sqlx = cx
        .out
        .queries
        .iter()
        .any(|it| it.source == Source::SqlxData);
    let has_sqlc = cx.out.queries.iter().any(|it| it.source == Source::Sqlc);
    let files: Vec<(&str, Language)> = cx
        .files
        .iter()
        .map(String::as_str)
        .filter(|path| !cx.claimed.contains(path))
        .filter_map(|path| Some((path, language_of(path)?)))
        .filter(|(path, language)| {
            let is_code = !is_test(path) && !is_migration(path);
            is_code || cx.settings.is_named(path) || (has_sqlx && *language == Language::Rust)
        })
        // Without literals the code of Rust still declares tables, and says where a `query!` stands.
        .filter(|(path, language)| {
            cx.settings.literals || cx.settings.is_named(path) || *language == Language::Rust
        })
        .collect();
    let mut places = Places::default();
    let mut found: BTreeMap<Language, Vec<Text>> = BTreeMap::new();
    for chunk in files.chunks(256) {
        let paths: Vec<&str> = chunk.iter().map(|(path, _)| *path).collect();
        let texts = cx.tree.read_many(&paths)?;
        let read: Vec<(&str, Language, Arc<File>)> = chunk
            .par_iter()
            .zip(texts)
            .filter_map(|((path, language), contents)| {
                let text = super::text_of(contents).ok().flatten()?;
                let is_generated = has_sqlc && is_generated_by_sqlc(&text);
                let is_code = text.len() <= LARGEST && !is_minified(&text, *language);
                if !is_code || is_generated {
                    return None;
                }
                let has_macros = *language == Language::Rust
                    && (has_sqlx
                        || ["table!", "_str!", "query_file"]
                            .iter()
                            .any(|it| text.contains(it)));
                if !has_macros && !may_hold_sql(&text, *language) {
                    // Most files end here; the tests read them all the same.
                    debug_assert!(read(path, &text, *language, cx.is_statement).says_nothing());
                    return None;
                }
                let file = cx.seen.file(path, &text, || {
                    read(path, &text, *language, cx.is_statement)
                });
                Some((*path, *language, file))
            })
            .collect();
        for (path, language, file) in read {
            let path: Arc<str> = path.into();
            let is_code = cx.settings.is_named(&path) || !(is_test(&path) || is_migration(&path));
            if has_sqlx {
                places.add(&path, &file, is_code);
            }
            if !is_code {
                continue;
            }
            places.name_files(&path, &file);
            if !file.tables.is_empty() {
                cx.out
                    .found(Source::Diesel, path.clone(), file.tables.len());
                cx.out.declarations.extend(file.tables.iter().cloned());
            }
            if cx.settings.literals || cx.settings.is_named(&path) {
                let texts = file.texts.iter().map(|text| text.in_file(&path));
                found.entry(language).or_default().extend(texts);
            }
        }
    }
    if has_sqlx {
        places.show(cx)?;
    }
    if cx.settings.literals {
        included(cx, &places.files)?;
    }
    let recorded: HashSet<Arc<str>> = cx
        .out
        .queries
        .iter()
        .filter(|it| it.source == Source::SqlxData)
        .map(|it| Arc::from(it.text.trim()))
        .collect();
    for (language, texts) in found {
        put(cx, language, texts, &recorded);
    }
    Ok(())
}

/// Takes the texts of a language. What sqlx has recorded is there already.
fn put(cx: &mut Search<'_>, language: Language, texts: Vec<Text>, recorded: &HashSet<Arc<str>>) {
    let source = Source::Literal(language);
    let mut count = 0;
    for text in texts {
        match text.read {
            Ok(query) if recorded.contains(query.as_str()) => {}
            Ok(query) => {
                count += 1;
                cx.out.queries.push(Query {
                    text: query.into(),
                    name: None,
                    file: text.file,
                    line: text.line,
                    source,
                    recorded: None,
                    times: 1,
                });
            }
            Err((_, written)) if recorded.contains(written.as_str()) => {}
            Err((reason, written)) => cx.out.not_read.push(NotRead {
                file: text.file,
                line: text.line,
                text: capped(&written).into(),
                reason,
                source,
            }),
        }
    }
    if count > 0 {
        cx.out.found(source, cx.settings.under.as_str(), count);
    }
}

/// A token of Rust code, for those who read macros.
#[derive(Debug)]
pub(super) struct RustToken<'a> {
    token: lexer::Token,
    code: &'a str,
    value: Option<&'a str>,
}

/// The tokens of Rust code.
pub(super) fn rust_tokens(code: &str) -> Vec<RustToken<'_>> {
    let tokens = rust::tokens(code).0.into_iter();
    tokens
        .map(|token| RustToken {
            // The quotes are one byte each in what attributes hold.
            value: token.literal().and_then(|_| {
                let written = code.get(token.range.clone())?;
                written.strip_prefix('"')?.strip_suffix('"')
            }),
            token,
            code,
        })
        .collect()
}

impl<'a> RustToken<'a> {
    /// Its first byte.
    pub(super) fn start(&self) -> usize {
        self.token.range.start
    }

    /// As it is written.
    pub(super) fn text(&self) -> &'a str {
        self.code.get(self.token.range.clone()).unwrap_or("")
    }

    /// The word that it is.
    pub(super) fn word(&self) -> Option<&'a str> {
        self.token.word(self.code)
    }

    /// Whether it is this word.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    /// The mark that it is.
    pub(super) fn mark(&self) -> Option<u8> {
        self.token.mark()
    }

    /// Whether it is this mark.
    pub(super) fn is_mark(&self, mark: u8) -> bool {
        self.mark() == Some(mark)
    }

    /// What stands in a plain literal, as it is written.
    pub(super) fn literal(&self) -> Option<&'a str> {
        self.value
    }
}

/// What one file of code says.
#[derive(Debug, Default)]
struct File {
    texts: Vec<Text>,
    /// What may be the texts of `query!` and its relatives, and the files of `query_file!`, with
    /// their lines; in Rust.
    macros: Vec<(String, usize)>,
    files: Vec<(String, usize)>,
    /// The files of `include_str!`; in Rust.
    included: Vec<String>,
    /// The texts in code that is for tests; in Rust.
    tests: Vec<String>,
    /// The tables that macros of Diesel declare.
    tables: Vec<Declaration>,
}

impl File {
    /// Whether nothing is to be had from it where nothing of sqlx is there.
    fn says_nothing(&self) -> bool {
        self.texts.is_empty()
            && self.files.is_empty()
            && self.included.is_empty()
            && self.tables.is_empty()
    }
}

/// A literal: the query, or the reason why it is none and what is written.
#[derive(Debug, Clone)]
struct Text {
    file: Arc<str>,
    line: usize,
    read: std::result::Result<String, (String, String)>,
}

impl Text {
    fn in_file(&self, file: &Arc<str>) -> Text {
        Text {
            file: file.clone(),
            ..self.clone()
        }
    }
}

/// The source files of the releases that were read so far: most are the same in all of them.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// What each text says, by its hash; a text of another path is another one.
    files: Mutex<HashMap<u128, Arc<File>>>,
    /// Of this run, so that nobody can write two texts with one hash.
    hashers: [RandomState; 2],
}

impl Seen {
    /// What a file says; it is read where no release had it so.
    fn file(&self, path: &str, text: &str, read: impl FnOnce() -> File) -> Arc<File> {
        let [low, high] = [0, 1].map(|at| u128::from(self.hashers[at].hash_one((path, text))));
        let hash = high << 64 | low;
        let files = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let known = files().get(&hash).map(Arc::clone);
        known.unwrap_or_else(|| {
            let file = Arc::new(read());
            files().insert(hash, Arc::clone(&file));
            file
        })
    }
}

fn read(path: &str, text: &str, language: Language, is_statement: IsStatement<'_>) -> File {
    let mut file = File::default();
    let tokens = match language {
        Language::Rust => {
            let (tokens, tests) = rust::tokens(text);
            file.tests = texts_of(text, &tests);
            file.tables = diesel::tables(path, text);
            tokens
        }
        Language::Go => go::tokens(text),
        Language::Python => python::tokens(text),
        Language::JavaScript => javascript::tokens(text),
        Language::Java | Language::Kotlin => java::tokens(text, language),
        Language::Ruby => ruby::tokens(text),
    };
    let lines = Lines::of(text);
    let is_jpa = [
        "springframework.data.jpa",
        "jakarta.persistence",
        "javax.persistence",
        "androidx.room",
    ]
    .iter()
    .any(|package| text.contains(package));
    for candidate in candidates(text, &tokens, language) {
        let line = lines.line(candidate.at);
        if language == Language::Rust && candidate.built.is_none() {
            match candidate.callee {
                Some(name) if is_sqlx_file_macro(name) => {
                    file.files.push((candidate.text, line));
                    continue;
                }
                // Of `query!`, or of a macro that hands it on.
                Some("include_str") => {
                    file.included.push(candidate.text);
                    continue;
                }
                _ if may_be_recorded(&candidate.text) => {
                    file.macros.push((candidate.text.clone(), line));
                }
                _ => {}
            }
        }
        if !may_be_sql(&candidate.text) || is_message(&candidate) {
            continue;
        }
        if is_jpa && is_query_of_orm(&candidate, text) {
            continue;
        }
        for read in statements(&candidate, language, is_statement) {
            file.texts.push(Text {
                file: "".into(),
                line,
                read,
            });
        }
    }
    file
}

/// What may be SQL among these tokens of Rust.
fn texts_of(text: &str, tokens: &[lexer::Token]) -> Vec<String> {
    let candidates = candidates(text, tokens, Language::Rust).into_iter();
    candidates
        .filter(|it| it.built.is_none() && may_be_recorded(&it.text))
        .map(|it| it.text)
        .collect()
}

/// The statements of a literal; nothing when it is no SQL.
fn statements(
    candidate: &Candidate<'_>,
    language: Language,
    is_statement: IsStatement<'_>,
) -> Vec<std::result::Result<String, (String, String)>> {
    let written = candidate.text.as_str();
    let not_read = |reason: &str| vec![Err((reason.to_owned(), written.trim().to_owned()))];
    let built = candidate
        .built
        .or_else(|| is_formatted(candidate, language));
    if let Some(reason) = built {
        return match looks_like_beginning(written) {
            true => not_read(reason),
            false => Vec::new(),
        };
    }
    let text = match candidate.holes.as_slice() {
        [] if candidate.callee == Some("conditional_query_as") => match bound_names(written) {
            Some(text) => text,
            None => return not_read("something is filled in"),
        },
        [] => written.to_owned(),
        holes if !looks_like_beginning(&written[..holes[0].start]) => return Vec::new(),
        _ => match bound(candidate) {
            Some(text) => text,
            None => return not_read("something is filled in"),
        },
    };
    // Names in backquotes are MySQL's: no server of PostgreSQL gets this text.
    if has_backquotes(&text) {
        return Vec::new();
    }
    if !looks_like_query(&text) {
        return match looks_like_part(&text) {
            true => not_read("only a part of a statement"),
            false => Vec::new(),
        };
    }
    if has_directives(&text, language) {
        return not_read("the pattern of another text");
    }
    let is_tagged = candidate.tag.is_some() && candidate.holes.is_empty();
    let styles: &[Style] = match language {
        // Templates of pgtyped.
        Language::JavaScript if is_tagged => &[Style::DollarName],
        Language::Rust => &[],
        Language::Go => &[Style::Question, Style::Colon, Style::At],
        Language::Python => &[Style::Percent, Style::Colon, Style::Question],
        Language::JavaScript | Language::Ruby => &[Style::Question, Style::Colon],
        Language::Java | Language::Kotlin => &[Style::Question, Style::Colon, Style::MyBatis],
    };
    let (pieces, _) = split(&text, Dialect::Postgres);
    pieces
        .into_iter()
        .filter_map(|piece| {
            let written = piece.span.of(&text);
            let numbered = match numbered(written, styles, &BTreeMap::new()) {
                Ok(text) => text,
                Err(reason) => return Some(Err((reason, written.to_owned()))),
            };
            if is_statement(&numbered) {
                return Some(Ok(numbered));
            }
            // DDL and settings are no queries; what looks like one and is not understood is said.
            looks_like_query(&numbered).then(|| {
                Err((
                    "not understood as a statement".to_owned(),
                    written.to_owned(),
                ))
            })
        })
        .collect()
}

/// The text of `conditional_query_as!`, where `{name}` is a value and `{#name}` is a part of the
/// statement.
fn bound_names(text: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        let (inner, after) = behind.split_once('}')?;
        let name = inner.split(':').next().unwrap_or(inner).trim();
        if name.is_empty() || !name.bytes().all(lexer::is_word) {
            return None;
        }
        // Nobody writes more, and the search for a name stays short.
        let place = names.iter().position(|it| *it == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        if place > 999 {
            return None;
        }
        out.push_str(before);
        out.push_str(&format!("${}", place + 1));
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn has_backquotes(text: &str) -> bool {
    text.contains('`')
        && token::tokens(text)
            .iter()
            .any(|it| it.kind == token::Kind::Mark(b'`'))
}

/// Whether the text holds `%s`, `{}` or `{name}` outside of quotes, where a language formats with
/// them: somewhere else something is filled in.
fn has_directives(text: &str, language: Language) -> bool {
    let has_percent = text.contains('%') && language != Language::Python;
    if !has_percent && !text.contains('{') {
        return false;
    }
    let tokens = token::tokens(text);
    let mark = |at: usize| match tokens.get(at).map(|it| it.kind) {
        Some(token::Kind::Mark(byte)) => Some(byte),
        _ => None,
    };
    let joined = |at: usize| match (tokens.get(at), tokens.get(at + 1)) {
        (Some(one), Some(next)) => one.range.end == next.range.start,
        _ => false,
    };
    (0..tokens.len()).any(|at| match mark(at) {
        Some(b'%') if has_percent => {
            let verb = tokens.get(at + 1).map_or("", |it| it.of(text));
            joined(at)
                && (matches!(verb, "s" | "d" | "v" | "q" | "i" | "f" | "x" | "t") || verb == "[")
        }
        Some(b'{') => {
            let is_name = tokens
                .get(at + 1)
                .is_some_and(|it| it.kind == token::Kind::Word);
            let is_filled = mark(at + 1) == Some(b'}') || (is_name && mark(at + 2) == Some(b'}'));
            // `#{name}` and `${name}` have their own meaning.
            let before = at.checked_sub(1).and_then(mark);
            is_filled && !(joined(at.saturating_sub(1)) && matches!(before, Some(b'#' | b'$')))
        }
        _ => false,
    })
}

/// The text of a template whose tag binds what is filled in as a value, when all of it stands where
/// only values can stand.
fn bound(candidate: &Candidate<'_>) -> Option<String> {
    if !matches!(
        candidate.tag,
        Some(
            "sql"
                | "SQL"
                | "$queryRaw"
                | "$executeRaw"
                | "query"
                | "one"
                | "many"
                | "any"
                | "exec"
                | "unsafe"
        )
    ) {
        return None;
    }
    let mut out = String::with_capacity(candidate.text.len());
    let mut copied = 0;
    for (place, hole) in candidate.holes.iter().enumerate() {
        out.push_str(&candidate.text[copied..hole.start]);
        copied = hole.end;
        let expression = &candidate.text[hole.clone()];
        // A part of a statement, or a list of columns or rows.
        if expression.contains(['`', '(']) || !is_value_position(&out) {
            return None;
        }
        out.push_str(&format!("${}", place + 1));
    }
    out.push_str(&candidate.text[copied..]);
    Some(out)
}

/// Whether only a value can follow `before`: a comparison, `LIMIT`, a place in `VALUES (`.
fn is_value_position(before: &str) -> bool {
    let tokens = token::tokens(before);
    let Some(last) = tokens.last() else {
        return false;
    };
    let words = ["limit", "offset", "like", "ilike", "between"];
    match last.kind {
        token::Kind::Word => words.iter().any(|word| last.is(before, word)),
        token::Kind::Mark(b'=' | b'<' | b'>') => true,
        token::Kind::Mark(b'(' | b',') => {
            // Within the last parenthesis that is open: `VALUES (`, or a row after one.
            let mut depth = 0usize;
            for (place, token) in tokens.iter().enumerate().rev() {
                match token.kind {
                    token::Kind::Mark(b')') => depth += 1,
                    token::Kind::Mark(b'(') if depth > 0 => depth -= 1,
                    token::Kind::Mark(b'(') => {
                        let opener = place.checked_sub(1).map(|place| &tokens[place]);
                        return opener.is_some_and(|it| it.is(before, "values"));
                    }
                    _ => {}
                }
            }
            false
        }
        token::Kind::Number
        | token::Kind::Parameter
        | token::Kind::Quoted
        | token::Kind::Mark(_) => false,
    }
}

/// Why the text is only the pattern of another one.
fn is_formatted(candidate: &Candidate<'_>, language: Language) -> Option<&'static str> {
    let callee = candidate.callee?;
    let has_verb = || {
        let bytes = candidate.text.as_bytes();
        bytes.windows(2).any(|pair| {
            pair[0] == b'%' && (pair[1].is_ascii_alphanumeric() || matches!(pair[1], b'[' | b'+'))
        })
    };
    let is_pattern = match language {
        Language::Go => {
            (matches!(callee, "Sprintf" | "Fprintf" | "Appendf") && has_verb())
                || callee == "WriteString"
        }
        Language::Rust => {
            (matches!(callee, "format" | "write" | "writeln" | "format_args")
                && candidate.text.contains('{'))
                || matches!(callee, "push" | "push_str" | "push_sql")
        }
        Language::Java | Language::Kotlin => {
            (callee == "format" && has_verb()) || matches!(callee, "append" | "StringBuilder")
        }
        Language::Ruby => matches!(callee, "format" | "sprintf") && has_verb(),
        Language::JavaScript => callee == "format" && has_verb(),
        // `SQL("…").format(…)`: the parenthesis closes before the dot.
        Language::Python => callee == "SQL" && candidate.text.contains('{'),
    };
    let is_builder = language == Language::Rust
        && callee == "new"
        && candidate.rest.first().and_then(lexer::Token::mark) == Some(b')');
    match (is_pattern, is_builder) {
        (true, _) => Some("formatted"),
        (false, true) => Some("text is added to it"),
        (false, false) => None,
    }
}

/// Whether the text is for people: an error or a line of a log.
fn is_message(candidate: &Candidate<'_>) -> bool {
    let Some(callee) = candidate.callee else {
        return false;
    };
    let callee = callee.to_ascii_lowercase();
    matches!(
        callee.as_str(),
        "error"
            | "warn"
            | "warning"
            | "info"
            | "debug"
            | "trace"
            | "log"
            | "println"
            | "print"
            | "printf"
            | "eprintln"
            | "panic"
            | "bail"
            | "expect"
            | "context"
            | "with_context"
            | "errorf"
            | "fatalf"
            | "fatal"
            | "infof"
            | "warnf"
            | "debugf"
            | "logf"
            | "puts"
            | "raise"
            | "describe"
            | "it"
            | "skip"
            | "help"
            | "t"
            | "wrap"
            | "wrapf"
            | "require"
            | "assert"
            | "todo"
            | "unimplemented"
            | "unreachable"
    ) || callee.ends_with("error")
        || callee.ends_with("exception")
}

/// Whether the text is in the language of an ORM of Java, which names classes and their fields.
fn is_query_of_orm(candidate: &Candidate<'_>, text: &str) -> bool {
    let is_native = || {
        let mut words = candidate.rest.iter().filter_map(|token| token.word(text));
        words.any(|word| word == "nativeQuery")
    };
    match candidate.callee {
        Some("Query" | "NamedQuery") if candidate.is_annotation => !is_native(),
        Some("NamedNativeQuery") => false,
        Some("createQuery" | "createNamedQuery") => true,
        _ => false,
    }
}

/// Whether a literal in a file may begin a statement: somewhere a quote is followed by one of its
/// first words or by a comment. Cutting a file into tokens takes ten times as long as this.
fn may_hold_sql(text: &str, language: Language) -> bool {
    // Here-documents and `%q(…)` begin with no quote.
    if language == Language::Ruby && (text.contains("<<") || text.contains('%')) {
        return true;
    }
    let bytes = text.as_bytes();
    let mut quotes = bytes.iter().enumerate();
    quotes.any(|(at, byte)| {
        matches!(byte, b'"' | b'\'' | b'`') && may_begin_statement(&bytes[at + 1..])
    })
}

/// Whether what stands behind a quote may begin a statement.
fn may_begin_statement(mut rest: &[u8]) -> bool {
    loop {
        match rest {
            [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | b'(', ..] => rest = &rest[1..],
            [b'\\', b'n' | b't' | b'r' | b'\n' | b'\r', ..] => rest = &rest[2..],
            // Another escape, a comment, a blank that is not ASCII.
            [b'\\', ..] | [b'-', b'-', ..] | [b'/', b'*', ..] | [0x80..=0xff, ..] => return true,
            _ => break,
        }
    }
    let length = rest.iter().take(9).take_while(|it| lexer::is_word(**it));
    let word = &rest[..length.count()];
    std::str::from_utf8(word).is_ok_and(is_verb)
}

/// Whether the first character can begin a statement; asked of every literal.
fn may_be_sql(text: &str) -> bool {
    let first = text.trim_start().bytes().next();
    text.len() >= 8 && first.is_some_and(|byte| b"sSiIuUdDwWmMvVtTcClLrR(-/".contains(&byte))
}

/// Whether the text can be one that sqlx recorded: it records any statement.
fn may_be_recorded(text: &str) -> bool {
    text.trim().contains(char::is_whitespace)
}

fn is_sqlx_file_macro(name: &str) -> bool {
    matches!(
        name,
        "query_file"
            | "query_file_as"
            | "query_file_scalar"
            | "query_file_unchecked"
            | "query_file_as_unchecked"
            | "query_file_scalar_unchecked"
    )
}

/// Where the texts that sqlx recorded stand in the code.
#[derive(Debug, Default)]
struct Places {
    /// By text.
    macros: HashMap<String, Vec<(Arc<str>, usize)>>,
    /// Files of `query_file!` and `include_str!`: the file that names it, and the name.
    files: Vec<(Arc<str>, String)>,
    /// The texts in tests.
    tests: HashSet<String>,
}

impl Places {
    fn add(&mut self, path: &Arc<str>, file: &File, is_code: bool) {
        self.tests.extend(file.tests.iter().cloned());
        if !is_code {
            self.tests
                .extend(file.macros.iter().map(|(text, _)| text.clone()));
            return;
        }
        for (text, line) in &file.macros {
            let places = self.macros.entry(text.clone()).or_default();
            places.push((path.clone(), *line));
        }
    }

    fn name_files(&mut self, path: &Arc<str>, file: &File) {
        let files = file.files.iter().map(|(name, _)| name);
        let files = files
            .chain(&file.included)
            .filter(|name| name.ends_with(".sql"));
        self.files
            .extend(files.map(|name| (path.clone(), name.clone())));
    }

    /// Lets each recorded query show the code; one that stands there several times becomes several,
    /// and one that only stands in tests is left out.
    fn show(&mut self, cx: &mut Search<'_>) -> Result<()> {
        let recorded: HashSet<Arc<str>> = cx
            .out
            .queries
            .iter()
            .filter(|it| it.source == Source::SqlxData)
            .map(|it| it.text.clone())
            .collect();
        let named = named_files(cx.files, &self.files);
        for (path, text) in named.iter().zip(cx.read_many(&named, Source::SqlxData)?) {
            let Some(text) = text.filter(|text| recorded.contains(text.as_str())) else {
                continue;
            };
            cx.claimed.insert(path);
            let blank = text.len() - text.trim_start().len();
            let line = Lines::of(&text).line(blank);
            self.macros
                .entry(text)
                .or_default()
                .push(((*path).into(), line));
        }
        let queries = std::mem::take(&mut cx.out.queries);
        let mut of_tests = 0;
        for query in queries {
            let (places, is_test) = match query.source {
                Source::SqlxData => (
                    self.macros.get(&*query.text),
                    self.tests.contains(&*query.text),
                ),
                _ => (None, false),
            };
            match places {
                Some(places) => cx
                    .out
                    .queries
                    .extend(places.iter().map(|(file, line)| Query {
                        file: file.clone(),
                        line: *line,
                        ..query.clone()
                    })),
                None if is_test => of_tests += 1,
                None => cx.out.queries.push(query),
            }
        }
        if of_tests > 0 {
            let said = format!("{of_tests} that only tests send are left out");
            let found = cx.out.sources.iter_mut();
            if let Some(found) = found.filter(|it| it.source == Source::SqlxData).last() {
                found.remark = Some(said);
            }
        }
        Ok(())
    }
}

/// The files of the tree that code names. Paths are relative to the source or to its crate, which is
/// one of the folders above.
fn named_files<'a>(files: &'a [String], names: &[(Arc<str>, String)]) -> Vec<&'a str> {
    let mut named: Vec<&str> = Vec::new();
    for (source, name) in names {
        let mut folder = folder_of(source);
        loop {
            let path = resolve(folder, name);
            if let Some(place) = path.and_then(|path| files.binary_search(&path).ok()) {
                named.push(&files[place]);
                break;
            }
            if folder.is_empty() {
                break;
            }
            folder = folder_of(folder);
        }
    }
    named.sort_unstable();
    named.dedup();
    named
}

/// Takes the queries in files that code includes: what else is in them, such as a schema, is none.
fn included(cx: &mut Search<'_>, names: &[(Arc<str>, String)]) -> Result<()> {
    let mut paths = named_files(cx.files, names);
    paths.retain(|path| !cx.claimed.contains(path));
    let texts = cx.read_many(&paths, Source::Literal(Language::Rust))?;
    for (path, text) in paths.into_iter().zip(texts) {
        let Some(text) = text else { continue };
        if super::header::sections(&text).is_empty() && looks_like_query(&text) {
            cx.claimed.insert(path);
            let source = Source::Literal(Language::Rust);
            if has_directives(&text, Language::Rust) {
                let line = Lines::of(&text).line(text.len() - text.trim_start().len());
                let reason = "the pattern of another text";
                cx.out.not_read(path, line, text.trim(), reason, source);
                continue;
            }
            let count = super::file::plain(cx, path, &text, source);
            cx.out.found(source, path, count);
        }
    }
    Ok(())
}

fn language_of(path: &str) -> Option<Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "rs" => Language::Rust,
        "go" => Language::Go,
        "py" => Language::Python,
        "js" | "mjs" | "cjs" | "jsx" | "mts" | "cts" | "tsx" => Language::JavaScript,
        "ts" if !name.ends_with(".d.ts") => Language::JavaScript,
        "java" => Language::Java,
        "kt" | "kts" => Language::Kotlin,
        "rb" => Language::Ruby,
        _ => return None,
    })
}

/// Whether the file is a migration written in code.
fn is_migration(path: &str) -> bool {
    folder_of(path).split('/').any(|folder| {
        let folder = folder.to_ascii_lowercase();
        matches!(
            folder.as_str(),
            "migration" | "migrations" | "migrate" | "alembic" | "seeds" | "seeders"
        )
    })
}

fn is_generated_by_sqlc(text: &str) -> bool {
    let mut lines = text.lines().take(5);
    lines.any(|line| line.contains("generated by sqlc"))
}

fn is_minified(text: &str, language: Language) -> bool {
    language == Language::JavaScript && text.lines().any(|line| line.len() > LONGEST_LINE)
}

#[cfg(test)]
mod tests;
