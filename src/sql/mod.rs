//! Text to statements with spans, and each statement to operations.
//!
//! The text is split first by our own byte scanner ([`split`]), then each statement is lowered
//! alone and by hand from its tokens; what is not understood becomes
//! [`SchemaOp::Opaque`] with the names that can be read.
//! Nothing is skipped in silence, and nothing recurses: no text exhausts the stack.

mod cursor;
pub(crate) mod expression;
mod lower;
pub(crate) mod query;
pub mod split;
mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::cursor::Cursor;
use self::split::{PieceKind, Splitter};

use crate::schema::name::Ident;
use crate::schema::op::{Runs, SchemaOp, SqlExpr, Value};
use crate::schema::types::SqlType;
use crate::source::Span;

/// Whether PostgreSQL takes a word in lower case for something else than a name, at least in some
/// places.
pub(crate) fn is_keyword(word: &str) -> bool {
    token::is_reserved(word) || KEYWORDS.binary_search(&word).is_ok()
}

/// Words that can name a column but not everything (manual, appendix C): types and functions.
const KEYWORDS: [&str; 48] = [
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "char",
    "character",
    "coalesce",
    "collation",
    "cross",
    "dec",
    "decimal",
    "exists",
    "extract",
    "float",
    "full",
    "greatest",
    "grouping",
    "inner",
    "inout",
    "int",
    "integer",
    "interval",
    "join",
    "least",
    "left",
    "national",
    "natural",
    "nchar",
    "none",
    "nullif",
    "numeric",
    "out",
    "overlaps",
    "overlay",
    "position",
    "precision",
    "real",
    "right",
    "row",
    "setof",
    "smallint",
    "substring",
    "time",
    "timestamp",
    "trim",
    "values",
];

/// The expression of PostgreSQL that a text is.
pub(crate) fn expression_of(text: &str) -> SqlExpr {
    let tokens = token::tokens(text, Dialect::Postgres);
    token::expression(&tokens, text, Dialect::Postgres)
}

/// The type of PostgreSQL that a text is; `None` where it is more or less than one.
pub(crate) fn data_type_of(text: &str) -> Option<SqlType> {
    let tokens = token::tokens(text, Dialect::Postgres);
    let mut cursor = Cursor::new(text, Dialect::Postgres, &tokens);
    let data_type = lower::read_type(&mut cursor).ok()?;
    cursor.is_done().then_some(data_type)
}

/// The parts of a name as people write it, as the server stores them: `Users."Nick"`. `None` where
/// the text is something else than a name.
pub(crate) fn name_of(text: &str, dialect: Dialect) -> Option<Vec<Ident>> {
    let tokens = token::tokens(text, dialect);
    let end = tokens.last().map_or(0, |last| last.end());
    // A quote that never ends leaves text behind.
    if end < text.trim_end().len() {
        return None;
    }
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match at % 2 {
            0 if token.is_name() => out.push(token::ident(*token, text, dialect)),
            1 if token.is_symbol(text, ".") => {}
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(out)
}

/// The result of a routine of PostgreSQL, spelled as the lowering spells it.
pub(crate) fn routine_result_of(text: &str) -> Arc<str> {
    let tokens = token::tokens(text, Dialect::Postgres);
    lower::read_result(&Cursor::new(text, Dialect::Postgres, &tokens))
}

/// The columns that a routine of PostgreSQL returns: those of `TABLE (…)`, or one without a name;
/// a set is told apart by the name of its first column. `None` where the text is not understood.
pub(crate) fn result_columns_of(text: &str) -> Option<Vec<(Ident, SqlType)>> {
    let tokens = token::tokens(text, Dialect::Postgres);
    let mut cursor = Cursor::new(text, Dialect::Postgres, &tokens);
    if cursor.eat("table") {
        let range = cursor.parentheses().ok()?;
        let mut part = cursor.part(range);
        let mut columns = part
            .list(|column| Ok((column.any_word()?, lower::read_type(column)?)))
            .ok()?;
        for (_, data_type) in &mut columns {
            data_type.modifiers = Arc::from([]);
        }
        return (part.is_done() && cursor.is_done()).then_some(columns);
    }
    let name = if cursor.eat("setof") { "setof" } else { "" };
    let data_type = lower::read_type(&mut cursor).ok()?;
    cursor
        .is_done()
        .then(|| vec![(Ident::new(name), data_type)])
}

/// A family of servers and its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// PostgreSQL
    Postgres,
    /// MySQL
    Mysql,
    /// MariaDB
    Mariadb,
    /// SQLite
    Sqlite,
}

impl Dialect {
    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Mysql => "mysql",
            Dialect::Mariadb => "mariadb",
            Dialect::Sqlite => "sqlite",
        }
    }
}

/// One operation and the part of the text that makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What changes.
    pub op: SchemaOp,
    /// Where it is written: the clause (`DROP COLUMN a`), or the whole statement.
    pub span: Span,
    /// Whether it is sure to run when the statement does.
    pub runs: Runs,
}

/// One SQL statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text without leading comments and the final `;`.
    pub span: Span,
    /// What it does, in order; never empty.
    pub operations: Vec<Operation>,
    /// `ALTER … IF EXISTS`: nothing happens where the altered object is not there.
    pub if_exists: bool,
}

impl Statement {
    /// Why the statement was not understood from its text, if it was not. Calls of functions are
    /// followed by the replay, which knows their bodies.
    pub fn not_understood(&self) -> Option<&Arc<str>> {
        self.operations
            .iter()
            .find_map(|operation| match &operation.op {
                SchemaOp::Opaque(opaque) => Some(&opaque.reason),
                _ => None,
            })
    }
}

/// Something wrong with the text itself: an open quote, a comment without end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Where it begins.
    pub span: Span,
    /// What is wrong, lower case, no full stop.
    pub message: String,
}

/// Where a comment stands among the statements of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemarkPlace {
    /// Before this statement, by its index, and behind no other on its line.
    Before(usize),
    /// Between the words of this statement.
    Inside(usize),
    /// On the line on which this statement ends.
    Behind(usize),
    /// After the last statement.
    AtEnd,
}

/// A comment that speaks to this program: its first word is `migcheck`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Where it stands, with the signs that make it a comment.
    pub span: Span,
    /// What it says, without these signs, on one line.
    pub text: String,
    /// Where that is among the statements.
    pub place: RemarkPlace,
}

/// A text, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// What is wrong with the text.
    pub troubles: Vec<Trouble>,
    /// Comments that speak to this program.
    pub remarks: Vec<Remark>,
}

impl Script {
    /// Adds what was read of a text that follows: what stands after the last statement of the one
    /// stands before the first of the other.
    pub fn append(&mut self, mut next: Script) {
        let before = self.statements.len();
        if !next.statements.is_empty() {
            for remark in &mut self.remarks {
                if remark.place == RemarkPlace::AtEnd {
                    remark.place = RemarkPlace::Before(before);
                }
            }
        }
        for remark in &mut next.remarks {
            remark.place = match remark.place {
                RemarkPlace::Before(at) => RemarkPlace::Before(before + at),
                RemarkPlace::Inside(at) => RemarkPlace::Inside(before + at),
                RemarkPlace::Behind(at) => RemarkPlace::Behind(before + at),
                RemarkPlace::AtEnd => RemarkPlace::AtEnd,
            };
        }
        self.statements.append(&mut next.statements);
        self.troubles.append(&mut next.troubles);
        self.remarks.append(&mut next.remarks);
    }

    /// Marks what stands in branches of which nobody knows which is taken: `choices` holds the
    /// branches of each choice as places in `text`, which was read with all of them. A statement in a
    /// branch runs perhaps. One that has branches in itself is not understood, unless it does the
    /// same whichever is taken.
    pub fn leave_open(&mut self, text: &str, dialect: Dialect, choices: &[Vec<Span>]) {
        if choices.is_empty() {
            return;
        }
        // Branches lie apart or within each other, so that one pass in the order of the text does.
        let mut branches: Vec<(Span, usize)> = choices
            .iter()
            .enumerate()
            .flat_map(|(choice, branches)| branches.iter().map(move |it| (*it, choice)))
            .collect();
        branches.sort_by_key(|(branch, _)| (branch.start, usize::MAX - branch.end));
        let mut open: Vec<(Span, usize)> = Vec::new();
        let mut next = 0;
        for statement in &mut self.statements {
            let span = statement.span;
            while open
                .last()
                .is_some_and(|(branch, _)| branch.end <= span.start)
            {
                open.pop();
            }
            while let Some(branch) = branches.get(next).filter(|(it, _)| it.start <= span.start) {
                if branch.0.end > span.start {
                    open.push(*branch);
                }
                next += 1;
            }
            if open
                .first()
                .is_some_and(|(branch, _)| branch.end >= span.end)
            {
                for operation in &mut statement.operations {
                    operation.runs = Runs::Perhaps;
                }
            }
            let ends_in = open.iter().rev().take_while(|(it, _)| it.end < span.end);
            let begins_in = branches[next..]
                .iter()
                .take_while(|(it, _)| it.start < span.end);
            let cut: BTreeSet<usize> = ends_in
                .chain(begins_in)
                .map(|(_, choice)| *choice)
                .collect();
            if cut.is_empty() {
                continue;
            }
            let inner: Vec<&Vec<Span>> = cut.iter().map(|choice| &choices[*choice]).collect();
            if let Some(same) = whichever(text, span, dialect, &inner) {
                let runs = statement
                    .operations
                    .first()
                    .map_or(Runs::Always, |it| it.runs);
                statement.operations = same
                    .into_iter()
                    .map(|op| Operation { op, span, runs })
                    .collect();
            } else {
                let reason = "a template chooses a part of it, and nobody knows which";
                statement.operations = vec![Operation {
                    op: lower::unreadable(span.of(text), dialect, reason),
                    span,
                    runs: Runs::Always,
                }];
            }
        }
    }

    /// Moves every place in the script: the text that was read is a part of another.
    pub fn map_spans(&mut self, place: impl Fn(Span) -> Span) {
        for statement in &mut self.statements {
            statement.span = place(statement.span);
            for operation in &mut statement.operations {
                operation.span = place(operation.span);
            }
        }
        for trouble in &mut self.troubles {
            trouble.span = place(trouble.span);
        }
        for remark in &mut self.remarks {
            remark.span = place(remark.span);
        }
    }
}

/// The comments at `spans` of a text, and where each stands among its statements.
fn remarks(text: &str, spans: Vec<Span>, statements: &[Statement]) -> Vec<Remark> {
    let has_break = |from: usize, to: usize| Span::new(from, to).of(text).contains('\n');
    spans
        .into_iter()
        .map(|span| {
            let written = span.of(text).trim_end();
            let is_block = written.starts_with("/*");
            let inner = match is_block {
                true => written.strip_suffix("*/").unwrap_or(written).get(2..),
                false => written.get(if written.starts_with('#') { 1 } else { 2 }..),
            };
            let words: Vec<&str> = inner.unwrap_or_default().split_whitespace().collect();
            let next = statements.partition_point(|it| it.span.start <= span.start);
            let last = next.checked_sub(1).map(|at| (at, statements[at].span.end));
            // A block comment can lead a statement on the line on which another ends.
            let leads = statements
                .get(next)
                .is_some_and(|it| is_block && !has_break(span.end, it.span.start));
            Remark {
                span: Span::new(span.start, span.start + written.len()),
                text: words.join(" "),
                place: match last {
                    Some((at, end)) if span.start < end => RemarkPlace::Inside(at),
                    Some((at, end)) if !leads && !has_break(end, span.start) => {
                        RemarkPlace::Behind(at)
                    }
                    _ if next < statements.len() => RemarkPlace::Before(next),
                    _ => RemarkPlace::AtEnd,
                },
            }
        })
        .collect()
}

/// The comments of a text that speak to this program.
pub(crate) fn remarks_of(text: &str, dialect: Dialect) -> Vec<Remark> {
    // Nearly no text has any, and this is asked of all of them.
    match ["igcheck", "igCheck", "IGCHECK"]
        .iter()
        .any(|it| text.contains(it))
    {
        true => read(text, dialect).remarks,
        false => Vec::new(),
    }
}

/// The text without its comments and the blanks at the ends of its lines, without empty lines, and
/// with one kind of line ending: what is left is what the server makes something of.
pub fn without_comments(text: &str, dialect: Dialect) -> String {
    let mut splitter = Splitter::new(text, dialect);
    splitter.keep_comments();
    let mut tokens = Vec::new();
    while splitter.next_piece(&mut tokens).is_some() {}
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for comment in splitter.take_comments() {
        kept.push_str(Span::new(at, comment.start).of(text));
        // What stands on both sides stays apart.
        kept.push(if comment.of(text).ends_with('\n') {
            '\n'
        } else {
            ' '
        });
        at = comment.end;
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    let lines = kept.lines().map(str::trim_end);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// What a statement does, where that is the same whichever branch is taken of each choice in it.
fn whichever(
    text: &str,
    span: Span,
    dialect: Dialect,
    choices: &[&Vec<Span>],
) -> Option<Vec<SchemaOp>> {
    const MOST_WAYS: usize = 16;
    let mut ways = 1;
    for branches in choices {
        ways *= branches.len();
        if ways > MOST_WAYS {
            return None;
        }
    }
    let mut found: Option<Vec<SchemaOp>> = None;
    for way in 0..ways {
        let mut left_out: Vec<Span> = Vec::new();
        let mut rest = way;
        for branches in choices {
            let taken = rest % branches.len();
            rest /= branches.len();
            let others = branches.iter().enumerate().filter(|(at, _)| *at != taken);
            left_out.extend(others.map(|(_, branch)| *branch));
        }
        left_out.sort_by_key(|it| (it.start, it.end));
        let mut chosen = String::new();
        let mut at = span.start;
        for hole in left_out {
            if hole.start > at {
                chosen.push_str(text.get(at..hole.start.min(span.end))?);
            }
            at = at.max(hole.end);
        }
        chosen.push_str(text.get(at..span.end).unwrap_or_default());
        let mut statements = read(&chosen, dialect).statements;
        let (Some(only), true) = (statements.pop(), statements.is_empty()) else {
            return None;
        };
        let operations: Vec<SchemaOp> = only.operations.into_iter().map(|it| it.op).collect();
        let is_read = |op: &SchemaOp| !matches!(op, SchemaOp::Opaque(_));
        if !operations.iter().all(is_read) || found.as_ref().is_some_and(|it| *it != operations) {
            return None;
        }
        found = Some(operations);
    }
    found
}

/// The first tokens of a statement, at most `most`: words in lower case, anything else as it is
/// written.
pub fn first_words(text: &str, dialect: Dialect, most: usize) -> Vec<String> {
    if u32::try_from(text.len()).is_err() {
        return Vec::new();
    }
    let mut lexer = token::Lexer::new(text, dialect);
    std::iter::from_fn(|| {
        lexer.skip_blank();
        lexer.next_token()
    })
    .take(most)
    .map(|token| match token.kind {
        token::TokenKind::Word => token.text(text).to_ascii_lowercase(),
        _ => token.text(text).to_owned(),
    })
    .collect()
}

/// The name under which the values of [`read_body`] may hold the rows of the server's view of
/// policies: schema, table and policy, with a zero byte between.
pub const POLICIES: &str = lower::plpgsql::POLICIES;

/// What running the body of a function does, as far as its text tells: the operations of its
/// static SQL. `values` holds the arguments that are known, by name and as `$1`. Spans are those of
/// the body. A language that is not read, or a text that is built from what is not known, is an
/// opaque operation.
pub fn read_body(
    body: &str,
    language: &str,
    dialect: Dialect,
    values: &BTreeMap<Ident, Value>,
) -> Vec<Operation> {
    lower::body::operations_of(body, language, dialect, 1, values)
}

/// Reads a whole text: its statements in order, each with what it does.
///
/// It never fails and never panics. A statement that is not understood is an opaque operation; a
/// quote without end is a [`Trouble`], and the text from its statement on is one last opaque
/// statement. Time and memory grow in proportion to the text.
pub fn read(text: &str, dialect: Dialect) -> Script {
    let mut script = Script::default();
    if u32::try_from(text.len()).is_err() {
        script.troubles.push(Trouble {
            span: Span::new(0, text.len()),
            message: "more than 4 GB of text".to_owned(),
        });
        return script;
    }
    let mut splitter = Splitter::new(text, dialect);
    let mut tokens = Vec::new();
    // What the text's own prepared statements do.
    const LONGEST_PREPARED: usize = 10_000;
    const MOST_EXECUTED: usize = 1000;
    let mut prepared: BTreeMap<Ident, Vec<SchemaOp>> = BTreeMap::new();
    let mut executed = 0;
    while let Some(piece) = splitter.next_piece(&mut tokens) {
        let cursor = Cursor::new(text, dialect, &tokens);
        let mut operations = match piece.kind {
            PieceKind::Statement => match lower::prepared(&cursor) {
                Some(lower::Prepared::Made(name, operations)) => {
                    if piece.span.len() <= LONGEST_PREPARED {
                        prepared.insert(name, operations);
                    }
                    lower::lower(&cursor)
                }
                Some(lower::Prepared::Run(name))
                    if prepared.contains_key(&name) && executed < MOST_EXECUTED =>
                {
                    executed += 1;
                    let operations = prepared[&name].iter().map(|op| Operation {
                        op: op.clone(),
                        span: piece.span,
                        runs: Runs::Always,
                    });
                    operations.collect()
                }
                Some(lower::Prepared::Run(_)) | None => lower::lower(&cursor),
            },
            PieceKind::ClientCommand => lower::client_command(&cursor, piece.span),
            PieceKind::Unreadable => {
                let reason = splitter
                    .troubles
                    .last()
                    .map_or("", |trouble| trouble.message.as_str());
                let op = lower::unreadable(piece.span.of(text), dialect, reason);
                vec![Operation {
                    op,
                    span: piece.span,
                    runs: Runs::Always,
                }]
            }
        };
        // Most statements make one operation, and a history holds many statements.
        operations.shrink_to_fit();
        script.statements.push(Statement {
            span: piece.span,
            if_exists: cursor.is("alter")
                && (1..=4).any(|at| cursor.is_at(at, "if") && cursor.is_at(at + 1, "exists")),
            operations,
        });
    }
    for span in splitter.take_not_sql() {
        let reason = "an operation runs here that the framework cannot write as SQL";
        let at = script
            .statements
            .partition_point(|it| it.span.start < span.start);
        let statement = Statement {
            span,
            if_exists: false,
            operations: vec![Operation {
                op: lower::unreadable(span.of(text), dialect, reason),
                span,
                runs: Runs::Always,
            }],
        };
        script.statements.insert(at, statement);
    }
    script.remarks = remarks(text, splitter.take_comments(), &script.statements);
    script.troubles = splitter.troubles;
    script.statements.shrink_to_fit();
    script
}
