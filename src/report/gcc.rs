//! One line per finding, as compilers print them, for editors and for annotators of logs.

use super::Report;
use super::listed::{self, Listed};
use super::printable::printable;
use super::wording::lines;

/// `file:line:column: error: message [rule]`, with who breaks, and a note at each query.
pub fn to_gcc(report: &Report) -> String {
    listed::counting(report).map(|it| one(&it)).collect()
}

fn one(it: &Listed<'_>) -> String {
    let place = format!("{}:{}:{}", it.path, it.start.line, it.start.column);
    let severity = listed::level(it.finding.severity);
    let who = lines(it.project, it.finding).into_iter();
    let who = who.take(1).filter(|_| !it.finding.breaks.is_empty());
    let who: String = who
        .map(|(name, line)| format!("; {name}: {line}"))
        .collect();
    let line = format!(
        "{place}: {severity}: {}{who} [{}]",
        it.finding.message, it.finding.rule
    );
    let mut out = format!("{}\n", printable(&line));
    for query in listed::uses(it.finding) {
        let text: Vec<&str> = query.query.split_whitespace().collect();
        let line = format!(
            "{}:{}:1: note: this query is hurt by {place}: {}",
            query.file,
            query.line,
            text.join(" ")
        );
        out.push_str(&printable(&line));
        out.push('\n');
    }
    out
}
