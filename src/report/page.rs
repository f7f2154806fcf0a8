//! A rule's page, set for a terminal, and the list of rules.
//!
//! Pages are Markdown that people read in a browser too. Here headings are bold, code stands
//! indented, examples say in words what they are and which finding they give, and no mark of
//! Markdown is left but the backticks around code where there are no colours.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Styling;
use super::json::report_json;
use super::wrap::wrap;
use crate::rules::{RULES, Rule};

/// What a page says of its rule in the block at its head.
#[derive(Debug, Deserialize)]
struct Head {
    breaks: Vec<String>,
    severity: String,
    class: String,
    dialects: Vec<String>,
    since: String,
}

/// The block at the head of a page and the sentence before it.
fn head(rule: &Rule) -> (Option<Head>, &'static str) {
    let block = rule.page.split_once("\n```toml\n");
    let block = block.and_then(|(_, rest)| rest.split_once("\n```"));
    (
        block.and_then(|(text, _)| toml::from_str(text).ok()),
        summary(rule),
    )
}

/// What happened, in a sentence.
pub(super) fn summary(rule: &Rule) -> &'static str {
    rule.page.lines().nth(2).unwrap_or("")
}

/// Why it hurts: the first paragraph of that part of the page.
pub(super) fn reason(rule: &Rule) -> Option<&'static str> {
    let (_, rest) = rule.page.split_once("\n## Why it hurts\n\n")?;
    rest.split("\n\n").next()
}

/// Why it hurts and what to do instead, in Markdown: the page without its head and examples.
pub(super) fn advice(rule: &Rule) -> &'static str {
    let start = rule.page.find("\n## Why it hurts\n").map_or(0, |at| at + 1);
    let rest = &rule.page[start..];
    rest[..rest.find("\n## Examples\n").unwrap_or(rest.len())].trim_end()
}

/// Every rule in a line: its name, its class, how bad it is by default, what happened, which is wrapped
/// to the columns of a terminal, where there is one.
pub fn rules_to_text(columns: Option<usize>) -> String {
    /// What happened gets so many columns on the narrowest terminal.
    const NARROWEST: usize = 30;
    let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    RULES
        .iter()
        .map(|rule| {
            let (head, summary) = head(rule);
            let severity = head.map_or_else(String::new, |it| it.severity);
            let (name, class) = (rule.name, rule.class.as_str());
            let first = format!("{name:width$}  {class:7}  {severity:7}  ");
            let columns = columns.map_or(usize::MAX, |it| it.max(first.len() + NARROWEST));
            wrap(summary, columns, &first, &" ".repeat(first.len()))
        })
        .collect()
}

/// Every rule as JSON, format 1.
pub fn rules_to_json() -> String {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            let (head, summary) = head(rule);
            json!({
                "name": rule.name,
                "class": rule.class.as_str(),
                "summary": summary,
                "severity": head.as_ref().map(|it| &it.severity),
                "breaks": head.as_ref().map(|it| &it.breaks),
                "dialects": head.as_ref().map(|it| &it.dialects),
                "since": head.as_ref().map(|it| &it.since),
            })
        })
        .collect();
    report_json("rules", &[("rules", rules.into())])
}

/// The page of a rule for a terminal or a pipe.
pub fn page_to_text(rule: &Rule, styling: Styling) -> String {
    let mut page = Page {
        styling,
        out: String::new(),
        line: String::new(),
        lists: Vec::new(),
        item: None,
        in_head: true,
        link: None,
        group: Group::None,
        table: Vec::new(),
    };
    let mut code: Option<(String, String)> = None;
    for event in Parser::new_ext(rule.page, Options::ENABLE_TABLES) {
        match (&mut code, event) {
            (Some((_, text)), Event::Text(more)) => text.push_str(&more),
            (Some(_), Event::End(TagEnd::CodeBlock)) => {
                if let Some((info, text)) = code.take() {
                    page.code_block(&info, &text);
                }
            }
            (_, Event::Start(Tag::CodeBlock(kind))) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                code = Some((info, String::new()));
            }
            (_, event) => page.event(event),
        }
    }
    page.close_group();
    page.finish()
}

/// Marks in a line that is being filled; they take no room and become colours or nothing.
const BOLD: char = '\u{1}';
const CODE: char = '\u{2}';
const PLAIN: char = '\u{3}';

/// How far text stands in below a heading, and code below text.
/// The columns of a page where nobody knows those of the terminal.
const USUAL_WIDTH: usize = 80;

const TEXT: &str = "  ";
const CODE_INDENT: &str = "      ";

/// Where in an example the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    None,
    /// Its migrations have given no finding so far.
    Silent,
    /// They have.
    Breaking,
}

struct Page {
    styling: Styling,
    out: String,
    line: String,
    /// The lists that are open, with the next number of those that count.
    lists: Vec<Option<u64>>,
    /// What the item at hand begins with, until its first line is written.
    item: Option<String>,
    /// Until the block of facts has been written.
    in_head: bool,
    link: Option<String>,
    group: Group,
    table: Vec<Vec<String>>,
}

impl Page {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.line.push_str(&text),
            Event::Code(text) => {
                let text = match self.styling.colour {
                    true => format!("{CODE}{text}{PLAIN}"),
                    false => format!("`{text}`"),
                };
                self.line.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => self.line.push(' '),
            Event::Html(text) | Event::InlineHtml(text) => self.line.push_str(&text),
            Event::Rule
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } | Tag::Paragraph => {
                if self.item.is_none() {
                    self.close_group();
                }
                self.line.clear();
            }
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                };
                self.item = Some(mark);
                self.line.clear();
            }
            Tag::Strong | Tag::Emphasis => self.line.push(BOLD),
            Tag::Link { dest_url, .. } => self.link = Some(dest_url.to_string()),
            Tag::TableHead | Tag::TableRow => self.table.push(Vec::new()),
            Tag::TableCell => self.line.clear(),
            _ => {} // Nothing else stands on a page.
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let heading = std::mem::take(&mut self.line);
                self.blank();
                let heading = self.styled(&format!("{BOLD}{heading}{PLAIN}"));
                self.out.push_str(&format!("{heading}\n"));
            }
            TagEnd::Paragraph => {
                if self.item.is_none() && self.lists.is_empty() {
                    self.blank();
                }
                self.flush();
            }
            TagEnd::Item => {
                self.flush();
                self.item = None;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Strong | TagEnd::Emphasis => self.line.push(PLAIN),
            TagEnd::Link => {
                if let Some(link) = self.link.take().filter(|it| it.starts_with("http")) {
                    self.line.push_str(&format!(" ({link})"));
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.line);
                if let Some(row) = self.table.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.set_table(),
            _ => {} // Nothing else stands on a page.
        }
    }

    /// The line that was filled, on as many lines as it takes.
    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.trim().is_empty() {
            return;
        }
        let depth = self.lists.len().saturating_sub(1);
        let indent = format!("{TEXT}{}", "  ".repeat(depth));
        let (first, rest) = match (self.item.take(), self.lists.is_empty()) {
            (Some(mark), _) => {
                // A list stands off the text before it.
                if depth == 0 && !self.last_line_is_item() {
                    self.blank();
                }
                let rest = format!("{indent}{}", " ".repeat(mark.chars().count()));
                (format!("{indent}{mark}"), rest)
            }
            (None, true) => (indent.clone(), indent),
            (None, false) => {
                let rest = format!("{indent}  ");
                (rest.clone(), rest)
            }
        };
        let set = self.wrapped(&line, &first, &rest);
        let set = self.styled(&set);
        self.out.push_str(&set);
    }

    fn last_line_is_item(&self) -> bool {
        let mut lines = self.out.lines().rev();
        lines.next().is_some_and(|line| {
            let text = line.trim_start();
            let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
            text.starts_with("- ")
                || (number.len() < text.len() && number.starts_with(". "))
                || (line.starts_with("    ") && !line.starts_with(CODE_INDENT))
                || line.starts_with("     ")
        })
    }

    /// An empty line, unless there is one or nothing stands above.
    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn code_block(&mut self, info: &str, text: &str) {
        if self.in_head && info == "toml" {
            self.in_head = false;
            self.facts(text);
            return;
        }
        let (label, is_migration) = self.label(info);
        self.blank();
        if let Some(label) = label {
            self.out.push_str(&format!("{TEXT}  {label}\n"));
        }
        for line in text.lines() {
            let (code, finding) = match line.split_once("-- finding: ") {
                Some((code, finding)) => (code.trim_end(), Some(finding)),
                None => (line, None),
            };
            self.out.push_str(format!("{CODE_INDENT}{code}").trim_end());
            self.out.push('\n');
            for finding in finding.into_iter().flat_map(|it| it.split(" ; ")) {
                self.group = Group::Breaking;
                let told = format!("{BOLD}{}{PLAIN}", told(finding.trim()));
                let set = self.wrapped(
                    &told,
                    &format!("{CODE_INDENT}^ "),
                    &format!("{CODE_INDENT}  "),
                );
                let set = self.styled(&set);
                self.out.push_str(&set);
            }
        }
        if is_migration && self.group == Group::None {
            self.group = Group::Silent;
        }
    }

    /// What a fence of an example holds, in words, and whether it is a migration.
    fn label(&mut self, info: &str) -> (Option<String>, bool) {
        let file = |rest: &str| match rest.trim() {
            "" => String::new(),
            name => format!(" {name}"),
        };
        for (fence, label, is_migration) in [
            ("sql before", "before", false),
            ("sql migration", "migration", true),
            ("sql edited", "the applied migration, edited", true),
            ("sql old queries", "queries of the old release", false),
            ("sql new queries", "queries of the new release", false),
            ("toml old config", "migcheck.toml of the old release", false),
            ("toml config", "migcheck.toml", false),
        ] {
            if let Some(rest) = info.strip_prefix(fence) {
                return (Some(format!("{label}{}:", file(rest))), is_migration);
            }
        }
        (None, false)
    }

    /// The end of an example.
    fn close_group(&mut self) {
        if self.group == Group::Silent {
            self.out.push_str(&format!("{CODE_INDENT}no finding\n"));
        }
        self.group = Group::None;
    }

    /// The block of facts as a line.
    fn facts(&mut self, text: &str) {
        let Ok(head) = toml::from_str::<Head>(text) else {
            return;
        };
        let breaks: Vec<&str> = head.breaks.iter().map(|it| pair(it)).collect();
        let breaks = match breaks.is_empty() {
            true => "breaks no release by itself".to_owned(),
            false => format!("who breaks: {}", breaks.join("; ")),
        };
        let dialects: Vec<&str> = head.dialects.iter().map(|it| server(it)).collect();
        let line = format!(
            "{BOLD}{}{PLAIN} by default, class {}, {}, since {}; {breaks}",
            head.severity,
            head.class,
            dialects.join(" and "),
            head.since
        );
        self.blank();
        let set = self.wrapped(&line, TEXT, TEXT);
        let set = self.styled(&set);
        self.out.push_str(&set);
    }

    /// A table in columns; the last one takes the lines it needs.
    fn set_table(&mut self) {
        let rows = std::mem::take(&mut self.table);
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| visible(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        self.blank();
        for row in &rows {
            let mut first = TEXT.to_owned();
            for (cell, width) in row.iter().zip(&widths).take(columns.saturating_sub(1)) {
                let padding = " ".repeat(width - visible(cell) + 2);
                first.push_str(&format!("{cell}{padding}"));
            }
            let rest = " ".repeat(visible(&first));
            let last = row
                .get(columns.saturating_sub(1))
                .map_or("", String::as_str);
            let set = self.wrapped(last, &first, &rest);
            let set = self.styled(&set);
            self.out.push_str(&set);
        }
    }

    /// Words on lines of the terminal's width, marks not counted.
    fn wrapped(&self, text: &str, first: &str, rest: &str) -> String {
        let mut out = first.to_owned();
        let mut column = visible(first);
        let mut is_empty = true;
        for word in text.split_whitespace() {
            let length = visible(word);
            if !is_empty && column + 1 + length > self.styling.width.unwrap_or(USUAL_WIDTH) {
                out.push('\n');
                out.push_str(rest);
                column = visible(rest);
                is_empty = true;
            }
            if !is_empty {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
            is_empty = false;
        }
        out.push('\n');
        out
    }

    /// The marks as colours, or without them.
    fn styled(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            let code = match c {
                BOLD => "\u{1b}[1m",
                CODE => "\u{1b}[36m",
                PLAIN => "\u{1b}[0m",
                c => {
                    out.push(c);
                    continue;
                }
            };
            if self.styling.colour {
                out.push_str(code);
            }
        }
        out
    }

    fn finish(self) -> String {
        let mut out = self.out;
        while out.ends_with("\n\n") {
            out.pop();
        }
        out
    }
}

/// How many columns a text takes.
fn visible(text: &str) -> usize {
    let is_mark = |c: &char| matches!(*c, BOLD | CODE | PLAIN);
    text.chars().filter(|c| !is_mark(c)).count()
}

/// A finding as an example names it, in words: `column_dropped: old-on-new, reads and writes`.
fn told(finding: &str) -> String {
    let (rule, breaks) = finding.split_once(' ').unwrap_or((finding, ""));
    let breaks: Vec<String> = breaks
        .split(", ")
        .filter(|it| !it.is_empty())
        .map(|it| {
            let (pair, access) = it.split_once(' ').unwrap_or((it, ""));
            let access = match access {
                "read" => " reads",
                "write" => " writes",
                "read+write" => " reads and writes",
                _ => "",
            };
            format!("{pair}{access}")
        })
        .collect();
    match breaks.is_empty() {
        true => format!("finding {rule}"),
        false => format!("finding {rule}: {}", breaks.join(", ")),
    }
}

/// A pair with what it means.
fn pair(name: &str) -> &str {
    match name {
        "old-on-new" => "old code on the new schema (old-on-new)",
        "new-on-old" => "new code on the old schema (new-on-old)",
        "old-reads-new-data" => "old code that reads what new code wrote (old-reads-new-data)",
        "new-reads-old-data" => "new code that reads what was there before (new-reads-old-data)",
        other => other,
    }
}

/// A family of servers as its makers spell it.
fn server(name: &str) -> &str {
    match name {
        "postgres" => "PostgreSQL",
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        "sqlite" => "SQLite",
        other => other,
    }
}
