//! What a server wrote down: exports of `pg_stat_statements`, and logs with statements in them.
//!
//! Both catch what any driver and any ORM sends. A text that comes again, with other values, is one
//! query with a count. What is no query (`BEGIN`, `SET`, DDL) is left out.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::csv::records;
use super::token::{self, Kind, Lines, is_query_verb, tokens};
use super::{Query, Search, Source};
use crate::error::Result;
use crate::sql::Dialect;
use crate::sql::split::split;

/// Reads the files that the user names, and exports that are called after the extension.
pub(super) fn find(cx: &mut Search<'_>) -> Result<()> {
    let endings = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".log", ".txt"];
    let paths: Vec<&str> = cx
        .files_ending(&endings)
        .into_iter()
        .filter(|path| cx.settings.is_named(path) || is_export(path))
        .collect();
    for path in paths {
        let is_named = cx.settings.is_named(path);
        let Some(text) = cx.read(path, Source::Statistics)? else {
            continue;
        };
        let Some((source, entries)) = entries(&text) else {
            if is_named {
                let reason = "neither statistics nor a log of a server";
                cx.out.not_read(path, 1, "", reason, Source::ServerLog);
            }
            continue;
        };
        let count = take(cx, path, source, entries);
        cx.out.found(source, path, count);
    }
    Ok(())
}

fn is_export(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains("stat_statements") && !name.ends_with(".txt") && !name.ends_with(".log")
}

/// One text as a server wrote it down.
#[derive(Debug)]
struct Entry {
    line: usize,
    /// `None` where the server had lost it.
    text: Option<String>,
    times: u64,
}

/// What a file holds, and of what kind it is; `None` when that is not known.
fn entries(text: &str) -> Option<(Source, Vec<Entry>)> {
    if text.trim_start().starts_with(['{', '[']) {
        return json(text);
    }
    statistics_csv(text)
        .map(|entries| (Source::Statistics, entries))
        .or_else(|| csvlog(text).map(|entries| (Source::ServerLog, entries)))
        .or_else(|| stderr(text).map(|entries| (Source::ServerLog, entries)))
}

/// A table with a header that names `query`, and `calls` or `queryid`.
fn statistics_csv(text: &str) -> Option<Vec<Entry>> {
    let first = text.lines().next()?;
    let separator = [',', ';', '\t', '|']
        .into_iter()
        .max_by_key(|separator| first.matches(*separator).count())?;
    let mut records = records(text, separator);
    let (_, header) = records.next()?;
    let column = |name: &str| {
        header.iter().position(|field| {
            let field = field.as_deref().unwrap_or_default();
            field.trim().eq_ignore_ascii_case(name)
        })
    };
    let query = column("query")?;
    let calls = column("calls");
    calls.or_else(|| column("queryid"))?;
    let entries = records.map(|(line, mut fields)| {
        let times = calls
            .and_then(|place| fields.get(place)?.as_deref()?.trim().parse().ok())
            .unwrap_or(1);
        let text = fields.get_mut(query).and_then(Option::take);
        Entry { line, text, times }
    });
    Some(entries.collect())
}

/// An array of rows, an object with such an array, or an object per line: rows of
/// `pg_stat_statements`, or entries of a jsonlog.
fn json(text: &str) -> Option<(Source, Vec<Entry>)> {
    let whole: Option<Value> = serde_json::from_str(text).ok();
    let rows: Vec<(usize, Value)> = match whole {
        Some(Value::Array(rows)) => rows.into_iter().map(|row| (1, row)).collect(),
        Some(Value::Object(object))
            if !object.contains_key("query") && !object.contains_key("message") =>
        {
            let list = object.into_iter().find_map(|(_, value)| match value {
                Value::Array(rows) => Some(rows),
                _ => None,
            })?;
            list.into_iter().map(|row| (1, row)).collect()
        }
        Some(row @ Value::Object(_)) => vec![(1, row)],
        Some(_) => return None,
        None => text
            .lines()
            .enumerate()
            .filter_map(|(place, line)| Some((place + 1, serde_json::from_str(line).ok()?)))
            .collect(),
    };
    let is_log = |row: &Value| row.get("error_severity").is_some() && row.get("message").is_some();
    if rows.iter().any(|(_, row)| is_log(row)) {
        let mut found = Vec::new();
        for (line, row) in &rows {
            let text = |key: &str| row.get(key).and_then(Value::as_str);
            if text("error_severity") == Some("LOG") {
                message(*line, text("message").unwrap_or_default(), &mut found);
            }
        }
        return Some((Source::ServerLog, found));
    }
    let is_statistics = |row: &Value| {
        let object = row.as_object();
        object.is_some_and(|it| {
            it.contains_key("query") && (it.contains_key("calls") || it.contains_key("queryid"))
        })
    };
    if !rows.iter().any(|(_, row)| is_statistics(row)) {
        return None;
    }
    // The rows of one document have no lines: that of the text is sought.
    let mut places = Places::of(text);
    let entries = rows.into_iter().map(|(line, row)| {
        let query = row.get("query").and_then(Value::as_str);
        let calls = row.get("calls");
        let as_text = || calls?.as_str()?.parse().ok();
        Entry {
            line: match line {
                1 => places.next(),
                line => line,
            },
            text: query.map(str::to_owned),
            times: calls.and_then(Value::as_u64).or_else(as_text).unwrap_or(1),
        }
    });
    Some((Source::Statistics, entries.collect()))
}

/// The lines on which the keys `"query":` of a document stand, in order.
struct Places<'a> {
    text: &'a str,
    lines: Lines,
    at: usize,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        Places {
            text,
            lines: Lines::of(text),
            at: 0,
        }
    }

    fn next(&mut self) -> usize {
        match self.text[self.at..].find("\"query\"") {
            Some(length) => {
                let found = self.at + length;
                self.at = found + 7;
                self.lines.line(found)
            }
            None => self.lines.line(self.at),
        }
    }
}

/// Columns of a csvlog, from 0: the severity and the message.
const SEVERITY: usize = 11;
const MESSAGE: usize = 13;

fn csvlog(text: &str) -> Option<Vec<Entry>> {
    let is_severity = |field: &str| {
        matches!(
            field,
            "LOG"
                | "ERROR"
                | "FATAL"
                | "PANIC"
                | "WARNING"
                | "NOTICE"
                | "INFO"
                | "DEBUG1"
                | "DEBUG2"
                | "DEBUG3"
                | "DEBUG4"
                | "DEBUG5"
        )
    };
    let mut found = Vec::new();
    let mut is_log = false;
    for (line, fields) in records(text, ',') {
        let field = |place: usize| fields.get(place).and_then(Option::as_deref);
        if field(SEVERITY).is_some_and(is_severity) && fields.len() > MESSAGE {
            is_log = true;
            if field(SEVERITY) == Some("LOG") {
                message(line, field(MESSAGE).unwrap_or_default(), &mut found);
            }
        } else if !is_log {
            // The first record decides: nobody reads a long table of something else.
            return None;
        }
    }
    is_log.then_some(found)
}

/// Lines with any prefix; an entry goes on in lines that begin with a tab.
fn stderr(text: &str) -> Option<Vec<Entry>> {
    let mut found = Vec::new();
    let mut is_log = false;
    let mut open: Option<(usize, String)> = None;
    for (place, line) in text.lines().enumerate() {
        if let Some(rest) = line.strip_prefix('\t') {
            if let Some((_, text)) = &mut open {
                text.push('\n');
                text.push_str(rest);
            }
            continue;
        }
        if let Some((line, text)) = open.take() {
            message(line, &text, &mut found);
        }
        // `DETAIL:  parameters: …` and whatever else ends the entry before it.
        if let Some((_, rest)) = line.split_once("LOG:  ") {
            is_log = true;
            open = Some((place + 1, rest.to_owned()));
        } else if ["ERROR:  ", "FATAL:  ", "WARNING:  "]
            .iter()
            .any(|it| line.contains(it))
        {
            is_log = true;
        }
    }
    if let Some((line, text)) = open {
        message(line, &text, &mut found);
    }
    is_log.then_some(found)
}

/// `[duration: 0.1 ms  ]statement: …`, `execute name: …`, `parse name: …`, `bind name: …`; or what
/// auto_explain shows.
fn message(line: usize, message: &str, found: &mut Vec<Entry>) {
    let rest = match message.strip_prefix("duration: ") {
        Some(rest) => match rest.split_once(" ms  ") {
            Some((_, rest)) => rest,
            None => return,
        },
        None => message,
    };
    // auto_explain: the text, and the plan from the line with the first costs on.
    if let Some(plan) = rest.strip_prefix("plan:") {
        if let Some((_, text)) = plan.split_once("Query Text: ") {
            let lines = text.lines().take_while(|line| !line.contains("(cost="));
            found.push(Entry {
                line,
                text: Some(lines.collect::<Vec<_>>().join("\n")),
                times: 0,
            });
        }
        return;
    }
    let Some((kind, text)) = rest.split_once(": ") else {
        return;
    };
    let times = match kind.split(' ').next() {
        Some("statement" | "execute") => 1,
        Some("parse" | "bind") => 0,
        _ => return,
    };
    found.push(Entry {
        line,
        text: Some(text.to_owned()),
        times,
    });
}

/// Takes the queries of a file; how many there are.
fn take(cx: &mut Search<'_>, path: &str, source: Source, entries: Vec<Entry>) -> usize {
    let file: Arc<str> = path.into();
    let mut known: HashMap<String, usize> = HashMap::new();
    let first = cx.out.queries.len();
    let mut refused: HashMap<String, ()> = HashMap::new();
    for entry in entries {
        let Some(text) = entry.text.filter(|text| !text.is_empty()) else {
            let reason = "the server had lost the text";
            cx.out
                .not_read(file.clone(), entry.line, "", reason, source);
            continue;
        };
        if text == "<insufficient privilege>" {
            let reason = "the text was hidden from the role that made the export";
            cx.out
                .not_read(file.clone(), entry.line, "", reason, source);
            continue;
        }
        let (pieces, _) = split(&text, Dialect::Postgres);
        for piece in pieces {
            let written = inner(piece.span.of(&text));
            if !is_query_verb(written) {
                continue;
            }
            let query = match source {
                Source::Statistics => with_constants(written),
                _ => written.to_owned(),
            };
            let key = without_values(&query);
            if let Some(place) = known.get(&key) {
                cx.out.queries[*place].times += entry.times;
                continue;
            }
            if !(cx.is_statement)(&query) {
                if refused.insert(key, ()).is_none() {
                    let reason = "not understood as a statement";
                    cx.out
                        .not_read(file.clone(), entry.line, written, reason, source);
                }
                continue;
            }
            known.insert(key, cx.out.queries.len());
            cx.out.queries.push(Query {
                text: query.into(),
                name: None,
                file: file.clone(),
                line: entry.line,
                source,
                recorded: None,
                times: entry.times,
            });
        }
    }
    for query in &mut cx.out.queries[first..] {
        query.times = query.times.max(1);
    }
    cx.out.queries.len() - first
}

/// The text with all values alike, to tell whether two entries are one query.
fn without_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for token in tokens(text) {
        let written = token.of(text);
        match token.kind {
            Kind::Number => out.push('0'),
            Kind::Quoted if !written.starts_with('"') => out.push_str("''"),
            Kind::Word | Kind::Parameter | Kind::Quoted | Kind::Mark(_) => out.push_str(written),
        }
        out.push(' ');
    }
    out
}

/// A normalised text as a server accepts it: `pg_stat_statements` also writes `$1` where only a
/// constant can stand, as in `INTERVAL $1`, `numeric(10,2) $1` and `EXTRACT($1 FROM a)`.
fn with_constants(text: &str) -> String {
    let tokens = tokens(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut copied = 0;
    for place in 1..tokens.len() {
        let parameter = &tokens[place];
        if parameter.kind != Kind::Parameter || parameter.range.start < copied {
            continue;
        }
        let next = |ahead: usize| tokens.get(place + ahead);
        if let Some(first) = type_before(text, &tokens[..place]) {
            let data_type = &text[tokens[first].range.start..tokens[place - 1].range.end];
            out.push_str(&text[copied..tokens[first].range.start]);
            out.push_str(parameter.of(text));
            out.push_str("::");
            out.push_str(data_type);
            copied = parameter.range.end;
            // `interval $1 hour to minute`.
            let mut ahead = 1;
            while let Some(word) = next(ahead).filter(|it| is_field(it.of(text))) {
                copied = word.range.end;
                ahead += 1;
            }
        } else if place >= 2
            && tokens[place - 2].is(text, "extract")
            && let Some(from) = next(1).filter(|it| it.is(text, "from"))
        {
            // The function behind it takes a text.
            out.push_str(&text[copied..tokens[place - 2].range.start]);
            out.push_str("date_part(");
            out.push_str(parameter.of(text));
            out.push(',');
            copied = from.range.end;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// Where the type begins that the last of `tokens` ends; `None` when there is none.
fn type_before(text: &str, tokens: &[token::Token]) -> Option<usize> {
    let last = tokens.len().checked_sub(1)?;
    match tokens[last].kind {
        Kind::Word => is_type(tokens[last].of(text)).then_some(last),
        // `"char" $1`: nothing else has a parameter behind a name in quotes.
        Kind::Quoted => tokens[last].of(text).starts_with('"').then_some(last),
        Kind::Mark(b')') => {
            // `numeric(10,2)`: at most two modifiers.
            let lowest = last.saturating_sub(5);
            let open = (lowest..last)
                .rev()
                .find(|place| tokens[*place].kind == Kind::Mark(b'('))?;
            let name = open.checked_sub(1)?;
            is_type(tokens[name].of(text)).then_some(name)
        }
        Kind::Number | Kind::Parameter | Kind::Mark(_) => None,
    }
}

/// Types that can stand before a constant.
fn is_type(word: &str) -> bool {
    let types = [
        "bit",
        "bool",
        "boolean",
        "bpchar",
        "bytea",
        "char",
        "cidr",
        "date",
        "decimal",
        "float4",
        "float8",
        "inet",
        "int2",
        "int4",
        "int8",
        "interval",
        "json",
        "jsonb",
        "name",
        "numeric",
        "oid",
        "regclass",
        "text",
        "time",
        "timestamp",
        "timestamptz",
        "timetz",
        "uuid",
        "varchar",
        "xml",
    ];
    types.iter().any(|it| word.eq_ignore_ascii_case(it))
}

/// The fields of an interval.
fn is_field(word: &str) -> bool {
    let fields = ["year", "month", "day", "hour", "minute", "second", "to"];
    fields.iter().any(|it| word.eq_ignore_ascii_case(it))
}

/// The statement in `PREPARE name AS …` and `DECLARE name CURSOR FOR …`, else the text itself.
fn inner(text: &str) -> &str {
    let tokens = tokens(text);
    let Some(first) = tokens.first() else {
        return text;
    };
    let word = match () {
        () if first.is(text, "prepare") => "as",
        () if first.is(text, "declare") => "for",
        () => return text,
    };
    let found = tokens.iter().take(64).find(|it| it.is(text, word));
    found.map_or(text, |it| text[it.range.end..].trim_start())
}

#[cfg(test)]
mod tests {
    use crate::query::tests::{naming, shown, shown_with};

    #[test]
    fn exports_of_statistics_are_read() {
        let csv = "userid,queryid,query,calls\n\
                   10,1,\"SELECT a\nFROM t WHERE b = $1\",42\n\
                   10,2,BEGIN,5\n\
                   10,3,,7\n\
                   10,4,<insufficient privilege>,7\n\
                   10,5,\"SELECT a FROM t WHERE b > now() - INTERVAL $1 AND EXTRACT($2 FROM c) = $3\",1\n\
                   10,6,\"SELECT a FROM t WHERE b = $1\",1\n\
                   10,7,\"SELECT numeric(10,2) $1, interval $2 hour, \"\"char\"\" $3, f(a) + $4\",1\n\
                   10,8,PREPARE p (int) AS UPDATE t SET a = $1,1\n";
        let json = r#"[
            {"query": "DELETE FROM t WHERE a = $1", "calls": 3, "queryid": 1},
            {"query": "SELECT b FROM u", "calls": "4", "queryid": 2},
            {"query": null, "calls": 1}
        ]"#;
        let files = [
            ("ops/pg_stat_statements.csv", csv),
            ("ops/pg_stat_statements-2.json", json),
            ("other.csv", csv),
        ];
        insta::assert_snapshot!(shown(files), @r#"
        ops/pg_stat_statements-2.json:2 [pg_stat_statements] × 3 DELETE FROM t WHERE a = $1
        ops/pg_stat_statements-2.json:3 [pg_stat_statements] × 4 SELECT b FROM u
        ops/pg_stat_statements.csv:2 [pg_stat_statements] × 43 SELECT a FROM t WHERE b = $1
        ops/pg_stat_statements.csv:7 [pg_stat_statements] SELECT a FROM t WHERE b > now() - $1::INTERVAL AND date_part($2, c) = $3
        ops/pg_stat_statements.csv:9 [pg_stat_statements] SELECT $1::numeric(10,2), $2::interval, $3::"char", f(a) + $4
        ops/pg_stat_statements.csv:10 [pg_stat_statements] UPDATE t SET a = $1
        ops/pg_stat_statements-2.json:4 [pg_stat_statements] not read: the server had lost the text: 
        ops/pg_stat_statements.csv:5 [pg_stat_statements] not read: the server had lost the text: 
        ops/pg_stat_statements.csv:6 [pg_stat_statements] not read: the text was hidden from the role that made the export: 
        = pg_stat_statements in ops/pg_stat_statements-2.json: 2
        = pg_stat_statements in ops/pg_stat_statements.csv: 4
        "#);
    }

    #[test]
    fn logs_of_any_format_are_read() {
        let stderr = "2026-01-01 10:00:00.000 UTC [1] app@db LOG:  statement: SELECT a\n\
                      \tFROM t\n\
                      \t WHERE b = 1\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  duration: 0.100 ms  parse s1: UPDATE t SET a = $1\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  duration: 0.100 ms  bind s1: UPDATE t SET a = $1\n\
                      2026-01-01 10:00:00.000 UTC [1] DETAIL:  parameters: $1 = '1'\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  execute <unnamed>: UPDATE t SET a = $1\n\
                      2026-01-01 10:00:00.000 UTC [1] DETAIL:  parameters: $1 = '1'\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  statement: SELECT a FROM t WHERE b = 2\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  statement: BEGIN; DELETE FROM t; COMMIT\n\
                      2026-01-01 10:00:00.000 UTC [1] ERROR:  column \"x\" does not exist at character 8\n\
                      2026-01-01 10:00:00.000 UTC [1] STATEMENT:  SELECT x FROM t\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  duration: 0.1 ms  plan:\n\
                      \tQuery Text: SELECT planned\n\
                      \tFROM t;\n\
                      \tSeq Scan on t  (cost=0.00..31.45 rows=1 width=4)\n\
                      \t  Filter: (a = 1)\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  checkpoint starting: time\n\
                      2026-01-01 10:00:00.000 UTC [1] LOG:  duration: 3 ms\n";
        let csvlog = "2026-01-01 10:00:00.000 UTC,\"app\",\"db\",1,\"[local]\",x,1,\"SELECT\",2026-01-01,3/4,0,LOG,00000,\
                      \"execute S_1: SELECT \"\"b\"\"\nFROM t WHERE a = $1\",\"parameters: $1 = '1'\",,,,,,,,\"app\",\"client backend\",,0\n";
        let jsonlog = "{\"timestamp\":\"x\",\"error_severity\":\"LOG\",\"message\":\"statement: SELECT c\\nFROM t\"}\n\
                       {\"timestamp\":\"x\",\"error_severity\":\"ERROR\",\"message\":\"statement: SELECT d FROM t\"}\n";
        let files = [
            ("logs/a.log", stderr),
            ("logs/b.csv", csvlog),
            ("logs/c.json", jsonlog),
            ("logs/d.txt", "nothing here\n"),
        ];
        insta::assert_snapshot!(shown_with(files, &naming(&["logs/"])), @r#"
        logs/a.log:1 [server log] × 2 SELECT a FROM t WHERE b = 1
        logs/a.log:4 [server log] UPDATE t SET a = $1
        logs/a.log:10 [server log] DELETE FROM t
        logs/a.log:13 [server log] SELECT planned FROM t
        logs/b.csv:1 [server log] SELECT "b" FROM t WHERE a = $1
        logs/c.json:1 [server log] SELECT c FROM t
        logs/d.txt:1 [server log] not read: neither statistics nor a log of a server: 
        = server log in logs/a.log: 4
        = server log in logs/b.csv: 1
        = server log in logs/c.json: 1
        "#);
        insta::assert_snapshot!(shown(files), @"");
    }
}
