//! Changelogs in formatted SQL: changesets behind comments.

use super::{Attributes, Change, ChangeSet, Item};
use crate::discover::layout::{Consequence, Line, Reading, lines};
use crate::source::{SourceFile, Span};

/// `^\s*--\s*liquibase\s*formatted.*` in the first line, any case.
pub(super) fn is_formatted(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    comment(first).is_some_and(|rest| {
        word(rest, "liquibase").is_some_and(|rest| word(rest.trim_start(), "formatted").is_some())
    })
}

/// What stands behind `--` in a line that begins so, blanks apart.
fn comment(line: &str) -> Option<&str> {
    Some(line.trim_start().strip_prefix("--")?.trim_start())
}

/// What follows a word, whatever its case.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let begin = text.get(..word.len())?;
    begin
        .eq_ignore_ascii_case(word)
        .then(|| &text[word.len()..])
}

/// `"a b":"c d" key:value key:"a value"`: author, id and the attributes.
fn head(rest: &str) -> Option<(String, String, Attributes)> {
    let (author, rest) = quoted(rest.trim_start(), ":")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let (id, rest) = quoted(rest, " \t")?;
    let mut attributes = Attributes::default();
    for (key, value) in pairs(rest) {
        attributes.take(key, value);
    }
    Some((author.trim().to_owned(), id.to_owned(), attributes))
}

/// A text in quotes, or up to one of `ends`, and what follows.
fn quoted<'a>(text: &'a str, ends: &str) -> Option<(&'a str, &'a str)> {
    if let Some(inner) = text.strip_prefix('"') {
        let end = inner.find('"')?;
        return Some((&inner[..end], &inner[end + 1..]));
    }
    let end = text.find(|c| ends.contains(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// `key:value` pairs, the values perhaps in quotes.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(colon) = rest.find(':') {
        let key = rest[..colon].rsplit([' ', '\t']).next().unwrap_or_default();
        let Some((value, after)) = quoted(&rest[colon + 1..], " \t") else {
            rest = rest[colon + 1..].trim_start();
            continue;
        };
        out.push((key, value));
        rest = after.trim_start();
    }
    out
}

/// The items of a file; a wrong changeset line is said.
pub(super) fn items(
    file: &SourceFile,
    reading: &mut Reading,
) -> std::result::Result<Vec<Item>, String> {
    let mut out: Vec<Item> = Vec::new();
    let mut current: Option<ChangeSet> = None;
    let mut body: Vec<Span> = Vec::new();
    let mut logical_path = None;
    if let Some(first) = file.text.lines().next() {
        let mut attributes = Attributes::default();
        for (key, value) in pairs(first) {
            attributes.take(key, value);
        }
        logical_path = attributes.logical_path;
    }
    let mut in_rollback = false;
    let mut ignored: Option<usize> = None;
    let finish = |set: Option<ChangeSet>, body: &mut Vec<Span>, end: usize, out: &mut Vec<Item>| {
        if let Some(mut set) = set {
            set.span.end = end;
            set.changes = body.drain(..).map(Change::Text).collect();
            out.push(Item::ChangeSet(Box::new(set)));
        }
        body.clear();
    };
    for line in lines(&file.text) {
        if in_rollback {
            if line.text.trim_start().starts_with("*/") || line.text.trim_end().ends_with("*/") {
                let text = line.text.trim_end();
                let cut = text.trim_end_matches("*/");
                push(
                    &mut current,
                    Span::new(line.span.start, line.span.start + cut.len()),
                );
                in_rollback = false;
            } else {
                push(&mut current, line.span);
            }
            continue;
        }
        if let Some(left) = &mut ignored {
            let is_end = comment(line.text)
                .and_then(|rest| word(rest, "ignoreLines:"))
                .is_some_and(|rest| rest.trim().eq_ignore_ascii_case("end"));
            if is_end || *left <= 1 {
                ignored = None;
            } else if *left < usize::MAX {
                *left -= 1;
            }
            continue;
        }
        let is_block = line
            .text
            .trim_start()
            .strip_prefix("/*")
            .and_then(|rest| word(rest.trim_start(), "liquibase"))
            .and_then(|rest| word(rest.trim_start(), "rollback"))
            .is_some();
        if is_block {
            in_rollback = !line.text.contains("*/");
            continue;
        }
        let Some(rest) = comment(line.text) else {
            add(&mut body, &line, current.is_some());
            continue;
        };
        if let Some(rest) = word(rest, "changeset") {
            let is_apart = rest.starts_with([' ', '\t']);
            match head(rest).filter(|_| is_apart) {
                Some((author, id, mut attributes)) => {
                    finish(current.take(), &mut body, line.span.start, &mut out);
                    attributes.logical_path =
                        attributes.logical_path.or_else(|| logical_path.clone());
                    current = Some(ChangeSet {
                        id,
                        author,
                        attributes,
                        changes: Vec::new(),
                        comment: String::new(),
                        span: line.span,
                        rollback: Vec::new(),
                        has_precondition: false,
                    });
                }
                // Older versions took the line for a comment: what follows stays in the changeset
                // before it.
                None => reading.misplaced(
                    (file, line.place()),
                    (
                        &line.text.trim().replace('`', "'"),
                        "names no author and id as Liquibase reads them",
                        "write `--changeset author:id`",
                    ),
                    Consequence::Refused,
                    "Liquibase refuses the file and runs nothing, or in older versions takes what \
                     follows for a part of the changeset before it",
                ),
            }
        } else if let Some(rest) = word(rest, "rollback") {
            let text = rest.trim();
            let is_none = matches!(
                text.to_ascii_lowercase().as_str(),
                "" | "empty" | "not required"
            );
            if !is_none {
                let end = line.span.start + line.text.trim_end().len();
                push(&mut current, Span::new(end - text.len(), end));
            }
        } else if word(rest, "precondition").is_some() {
            if let Some(set) = &mut current {
                set.has_precondition = true;
            }
        } else if let Some(rest) = word(rest, "property ") {
            let (mut name, mut value) = (None, None);
            for (key, text) in pairs(rest) {
                match key {
                    "name" => name = Some(text),
                    "value" => value = Some(text),
                    _ => {}
                }
            }
            if let (Some(name), Some(value)) = (name, value) {
                out.push(Item::Property(name.to_owned(), value.to_owned()));
            }
        } else if let Some(rest) = word(rest, "ignoreLines:") {
            ignored = match rest.trim() {
                text if text.eq_ignore_ascii_case("start") => Some(usize::MAX),
                text => text.parse().ok().filter(|count| *count > 0),
            };
        } else if let Some(rest) = word(rest, "includeAll ") {
            include(rest, true, &line, &mut out);
        } else if let Some(rest) = word(rest, "include ") {
            include(rest, false, &line, &mut out);
        } else if let Some(rest) = word(rest, "comment") {
            if let Some(set) = &mut current {
                rest.trim_start_matches(':')
                    .trim()
                    .clone_into(&mut set.comment);
            }
        } else if word(rest, "validCheckSum").is_none() {
            add(&mut body, &line, current.is_some());
        }
    }
    finish(current.take(), &mut body, file.text.len(), &mut out);
    Ok(out)
}

/// A line of the statements, joined to the one before where they touch.
fn add(body: &mut Vec<Span>, line: &Line<'_>, is_in_set: bool) {
    if !is_in_set {
        return;
    }
    match body.last_mut() {
        Some(last) if last.end == line.span.start => last.end = line.span.end,
        _ => body.push(line.span),
    }
}

fn push(set: &mut Option<ChangeSet>, span: Span) {
    if let Some(set) = set {
        set.rollback.push(Change::Text(span));
    }
}

fn include(rest: &str, all: bool, line: &Line<'_>, out: &mut Vec<Item>) {
    let mut path = None;
    let mut is_relative = false;
    for (key, value) in pairs(rest) {
        match key {
            "file" | "path" => path = Some(value.to_owned()),
            "relativeToChangelogFile" => is_relative = value.eq_ignore_ascii_case("true"),
            _ => {}
        }
    }
    let Some(path) = path else { return };
    out.push(if all {
        Item::IncludeAll {
            path,
            is_relative,
            ending: None,
            depths: (0, usize::MAX),
        }
    } else {
        Item::Include {
            path,
            is_relative,
            at: line.place(),
        }
    });
}
