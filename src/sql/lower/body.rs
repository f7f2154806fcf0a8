//! Bodies: those of `DO` blocks and of functions, in PL/pgSQL and SQL.
//!
//! Input: the tokens of a body. Output: the operations of its static SQL, in order, each with how
//! sure it is to run ([`Runs`]). A condition that only asks the server's catalog ("is the column
//! there?") guards a statement against what is there already, and so does a handler that swallows
//! its failure: the statement runs where it fits. Under any other condition, and in a loop, it runs
//! perhaps. A text that is built at run time is opaque; one that is a literal is read like the rest.
//!
//! The reader keeps its own stack of blocks, and bodies within bodies end at [`DEEPEST`].

use std::collections::BTreeSet;

use super::data::{self, calling, is_catalog};
use super::opaque::{names_in, opaque};
use super::query::{relations, unknown_calls};
use super::{Out, no_effect, statement, whole};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{DataOp, Opaque, Runs, SchemaOp};
use crate::source::Span;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{self, Token, TokenKind, dollar_body, tokens_within};
use crate::sql::{Dialect, Operation};

/// Bodies within bodies that are read: a `DO` that executes a literal is two.
const DEEPEST: u8 = 4;

/// `DO`, after the word.
pub(super) fn read_do(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let mut body = None;
    let mut language = Ident::new("plpgsql");
    while !cursor.is_done() {
        if cursor.eat("language") {
            language = match cursor.string() {
                Ok(name) => Ident::new(&name.to_ascii_lowercase()),
                Err(_) => cursor.any_word()?,
            };
        } else if body.is_none() {
            body = cursor.peek();
            cursor.string()?;
        } else {
            return Err(cursor.refuse("the end"));
        }
    }
    let Some(body) = body else {
        return Err(cursor.refuse("a body"));
    };
    let operations = match dollar_body(body, cursor.text) {
        Some(span) => {
            let tokens = tokens_within(cursor.text, span, cursor.dialect);
            let inner = Cursor::new(cursor.text, cursor.dialect, &tokens);
            in_language(language.as_str(), &inner.within(cursor.depth + 1))
        }
        None => {
            let value = token::string_value(body, cursor.text, cursor.dialect);
            let depth = cursor.depth + 1;
            let mut operations = operations_of(&value, language.as_str(), cursor.dialect, depth);
            for operation in &mut operations {
                operation.span = Span::new(body.start(), body.end());
            }
            operations
        }
    };
    if operations.is_empty() {
        whole(cursor, no_effect("do"), out);
    }
    out.operations.extend(operations);
    Ok(())
}

/// The operations of a body that is a text of its own; spans are those of that text.
pub(in crate::sql) fn operations_of(
    text: &str,
    language: &str,
    dialect: Dialect,
    depth: u8,
) -> Vec<Operation> {
    let tokens = token::tokens(text, dialect);
    in_language(language, &Cursor::new(text, dialect, &tokens).within(depth))
}

fn in_language(language: &str, body: &Cursor) -> Vec<Operation> {
    let read = match language {
        _ if body.depth > DEEPEST => Err(Refused("the body lies too deep in others".to_owned())),
        "plpgsql" => Reader::new(body).read(),
        "sql" => sql(body),
        other => Err(Refused(format!("a body in {other} is not read"))),
    };
    match read {
        Ok(operations) => operations,
        Err(Refused(reason)) => vec![unread(body, &reason)],
    }
}

fn unread(body: &Cursor, reason: &str) -> Operation {
    let op = SchemaOp::Opaque(Opaque {
        names: names_in(body),
        beyond_names: true,
        reason: reason.into(),
    });
    always(op, body.span_of(0..body.tokens.len()))
}

fn always(op: SchemaOp, span: Span) -> Operation {
    Operation {
        op,
        span,
        runs: Runs::Always,
    }
}

/// A body of SQL statements, the server's `BEGIN ATOMIC … END` and `RETURN` included.
fn sql(body: &Cursor) -> Read<Vec<Operation>> {
    let mut cursor = body.clone();
    let mut end = body.tokens.len();
    if cursor.eat("begin atomic") {
        while end > cursor.at && body.tokens[end - 1].is_symbol(body.text, ";") {
            end -= 1;
        }
        if end <= cursor.at || !body.tokens[end - 1].is_word(body.text, "end") {
            return Err(body.refuse("`END`"));
        }
        end -= 1;
    }
    let mut out = Out::default();
    while cursor.at < end {
        let range = cursor.at..statement_end(body, cursor.at, end);
        cursor.at = range.end + 1;
        let mut part = body.part(range);
        if part.is_done() {
            continue;
        }
        if part.eat("return") {
            calls(&part, &mut out);
        } else {
            sql_statement(&part, &mut out);
        }
    }
    Ok(out.operations)
}

/// Index of the next `;` outside parentheses, or `end`.
fn statement_end(body: &Cursor, from: usize, end: usize) -> usize {
    let mut depth = 0usize;
    for index in from..end {
        let token = body.tokens[index];
        if token.is_symbol(body.text, "(") {
            depth += 1;
        } else if token.is_symbol(body.text, ")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is_symbol(body.text, ";") {
            return index;
        }
    }
    end
}

/// Lowers one statement; what is not understood is opaque, and the rest goes on.
fn sql_statement(part: &Cursor, out: &mut Out) {
    let mut one = Out::default();
    let mut read = part.clone();
    match statement(&mut read, &mut one) {
        Ok(()) => out
            .operations
            .extend(one.operations.into_iter().filter(has_effect)),
        Err(Refused(reason)) => {
            let span = part.span_of(0..part.tokens.len());
            out.push(opaque(part, None, &reason), span);
        }
    }
}

/// What only reads adds nothing to what a body does.
fn has_effect(operation: &Operation) -> bool {
    !matches!(
        operation.op,
        SchemaOp::Data(DataOp::Read) | SchemaOp::NoEffect { .. }
    )
}

/// The functions that an expression or a query calls.
fn calls(part: &Cursor, out: &mut Out) {
    let called = unknown_calls(part);
    if !called.is_empty() {
        out.push(calling(part, called), part.span_of(0..part.tokens.len()));
    }
}

/// What is open around a statement.
enum Frame {
    /// `BEGIN … END`, with the operations before it; `handling` behind its `EXCEPTION`.
    Block {
        first: usize,
        statements: usize,
        handling: bool,
    },
    /// `IF`, `CASE`: how sure the branch is, and whether every condition so far was a guard.
    Branch { runs: Runs, guards_only: bool },
    /// `LOOP`, `FOR`, `WHILE`.
    Loop,
}

/// Reads a PL/pgSQL body.
struct Reader<'a> {
    cursor: Cursor<'a>,
    frames: Vec<Frame>,
    out: Out,
    /// What a conditional `RETURN` leaves to the statements after it.
    since_return: Runs,
    /// Variables that hold an answer of the catalog.
    answers: BTreeSet<Ident>,
    /// Whether `FOUND` is such an answer.
    found: bool,
}

impl<'a> Reader<'a> {
    fn new(body: &Cursor<'a>) -> Self {
        Reader {
            cursor: body.clone(),
            frames: Vec::new(),
            out: Out::default(),
            since_return: Runs::Always,
            answers: BTreeSet::new(),
            found: false,
        }
    }

    fn read(mut self) -> Read<Vec<Operation>> {
        while !self.cursor.is_done() {
            let before = self.cursor.at;
            self.step()?;
            if self.cursor.at == before {
                return Err(self.cursor.refuse("a statement of PL/pgSQL"));
            }
        }
        if self.frames.is_empty() {
            Ok(self.out.operations)
        } else {
            Err(Refused("the body has no end".to_owned()))
        }
    }

    fn step(&mut self) -> Read<()> {
        let cursor = &mut self.cursor;
        if cursor.eat_symbol(";") {
            return Ok(());
        }
        if cursor.eat_symbol("<<") {
            cursor.any_word()?;
            return cursor.expect_symbol(">>");
        }
        if cursor.is_symbol("#") {
            // `#variable_conflict use_column`
            cursor.at += 1;
            cursor.any_word()?;
            cursor.any_word()?;
            return Ok(());
        }
        if cursor.eat("declare") {
            return self.declarations();
        }
        if cursor.eat("begin") {
            let first = self.out.operations.len();
            self.frames.push(Frame::Block {
                first,
                statements: 0,
                handling: false,
            });
            return Ok(());
        }
        if cursor.eat("exception") {
            return self.handlers();
        }
        if cursor.eat("end") {
            return self.end();
        }
        if cursor.eat_any(&["if", "elsif", "elseif"]) {
            let is_first = cursor.tokens[cursor.at - 1].is_word(cursor.text, "if");
            return self.condition(is_first);
        }
        if cursor.eat("else") {
            return self.otherwise();
        }
        if cursor.eat("when") {
            return self.when();
        }
        if cursor.eat("case") {
            let range = self.until_word("when")?;
            self.cursor.at -= 1; // The `WHEN` is read like every other.
            calls(&self.cursor.part(range), &mut self.out);
            self.frames.push(Frame::Branch {
                runs: Runs::Perhaps,
                guards_only: false,
            });
            return Ok(());
        }
        if cursor.eat("loop") {
            self.frames.push(Frame::Loop);
            return Ok(());
        }
        if cursor.is("while") || cursor.is("for") || cursor.is("foreach") {
            return self.loop_head();
        }
        let end = statement_end(cursor, cursor.at, cursor.tokens.len());
        let part = cursor.part(cursor.at..end);
        cursor.at = end;
        if let Some(Frame::Block { statements, .. }) = self.frames.last_mut() {
            *statements += 1;
        }
        let before = self.out.operations.len();
        self.statement(&part);
        self.mark(before);
        Ok(())
    }

    /// How sure a statement is to run here.
    fn runs(&self) -> Runs {
        let frames = self.frames.iter().map(|frame| match frame {
            Frame::Block {
                handling: false, ..
            } => Runs::Always,
            Frame::Block { handling: true, .. } | Frame::Loop => Runs::Perhaps,
            Frame::Branch { runs, .. } => *runs,
        });
        frames.max().unwrap_or_default().max(self.since_return)
    }

    fn mark(&mut self, from: usize) {
        let runs = self.runs();
        for operation in &mut self.out.operations[from..] {
            operation.runs = operation.runs.max(runs);
        }
    }

    /// `a integer := f(); b t%ROWTYPE;` up to `BEGIN`.
    fn declarations(&mut self) -> Read<()> {
        while !self.cursor.is("begin") {
            if self.cursor.is_done() {
                return Err(self.cursor.refuse("`BEGIN`"));
            }
            let end = statement_end(&self.cursor, self.cursor.at, self.cursor.tokens.len());
            let part = self.cursor.part(self.cursor.at..end);
            let before = self.out.operations.len();
            if !part.is("declare") {
                calls_in_declaration(&part, &mut self.out);
            }
            self.mark(before);
            self.cursor.at = (end + 1).min(self.cursor.tokens.len());
        }
        Ok(())
    }

    /// `EXCEPTION`: what the block did until here may have been undone, and what comes runs only
    /// after a failure.
    fn handlers(&mut self) -> Read<()> {
        let Some(Frame::Block {
            first,
            statements,
            handling,
        }) = self.frames.last_mut()
        else {
            return Err(self.cursor.refuse("a statement of PL/pgSQL"));
        };
        *handling = true;
        // A failure undoes the whole block: several statements stand or fall together.
        let runs = if *statements == 1 {
            Runs::IfItFits
        } else {
            Runs::Perhaps
        };
        for operation in &mut self.out.operations[*first..] {
            operation.runs = operation.runs.max(runs);
        }
        Ok(())
    }

    fn end(&mut self) -> Read<()> {
        let frame = self.frames.pop();
        let fits = match frame {
            Some(Frame::Block { .. }) => {
                if !self.cursor.is_done() && !self.cursor.is_symbol(";") {
                    self.cursor.any_word()?; // The block's label.
                }
                if let Some(Frame::Block { statements, .. }) = self.frames.last_mut() {
                    *statements += 1;
                }
                true
            }
            Some(Frame::Branch { .. }) => self.cursor.eat_any(&["if", "case"]),
            Some(Frame::Loop) => {
                let fits = self.cursor.eat("loop");
                if fits && !self.cursor.is_done() && !self.cursor.is_symbol(";") {
                    self.cursor.any_word()?;
                }
                fits
            }
            None => false,
        };
        if fits {
            Ok(())
        } else {
            Err(self.cursor.refuse("another end"))
        }
    }

    fn condition(&mut self, is_first: bool) -> Read<()> {
        let range = self.until_word("then")?;
        let part = self.cursor.part(range);
        let is_guard = self.is_guard(&part);
        let before = self.out.operations.len();
        calls(&part, &mut self.out);
        self.mark(before);
        let runs = |guard: bool| {
            if guard { Runs::IfItFits } else { Runs::Perhaps }
        };
        if is_first {
            self.frames.push(Frame::Branch {
                runs: runs(is_guard),
                guards_only: is_guard,
            });
            return Ok(());
        }
        match self.frames.last_mut() {
            Some(Frame::Branch {
                runs: current,
                guards_only,
            }) => {
                *guards_only &= is_guard;
                *current = runs(*guards_only);
                Ok(())
            }
            _ => Err(self.cursor.refuse("`IF`")),
        }
    }

    fn otherwise(&mut self) -> Read<()> {
        match self.frames.last_mut() {
            Some(Frame::Branch { runs, guards_only }) => {
                *runs = if *guards_only {
                    Runs::IfItFits
                } else {
                    Runs::Perhaps
                };
                Ok(())
            }
            _ => Err(self.cursor.refuse("`IF`")),
        }
    }

    /// `WHEN … THEN` of a handler or a `CASE`.
    fn when(&mut self) -> Read<()> {
        let range = self.until_word("then")?;
        match self.frames.last() {
            Some(Frame::Block { handling: true, .. }) => Ok(()),
            Some(Frame::Branch { .. }) => {
                calls(&self.cursor.part(range), &mut self.out);
                Ok(())
            }
            _ => Err(self.cursor.refuse("`CASE`")),
        }
    }

    /// `FOR r IN … LOOP`, `WHILE … LOOP`.
    fn loop_head(&mut self) -> Read<()> {
        let range = self.until_word("loop")?;
        let part = self.cursor.part(range);
        self.frames.push(Frame::Loop);
        let execute = part
            .tokens
            .iter()
            .position(|token| token.is_word(part.text, "execute"));
        let before = self.out.operations.len();
        match execute {
            Some(at) => self.execute(&part.part(at + 1..part.tokens.len())),
            None => calls(&part, &mut self.out),
        }
        self.mark(before);
        Ok(())
    }

    /// Moves behind the next `word` that is not in a `CASE` expression or in parentheses.
    fn until_word(&mut self, word: &str) -> Read<std::ops::Range<usize>> {
        let start = self.cursor.at;
        let mut depth = 0usize;
        for index in start..self.cursor.tokens.len() {
            let token = self.cursor.tokens[index];
            let is = |word: &str| token.is_word(self.cursor.text, word);
            let symbol = |symbol: &str| token.is_symbol(self.cursor.text, symbol);
            if symbol("(") || is("case") {
                depth += 1;
            } else if symbol(")") || (depth > 0 && is("end")) {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && is(word) {
                self.cursor.at = index + 1;
                return Ok(start..index);
            } else if depth == 0 && symbol(";") {
                break;
            }
        }
        Err(self
            .cursor
            .refuse(&format!("`{}`", word.to_ascii_uppercase())))
    }

    /// Whether a condition asks nothing but the server's catalog for the schema.
    fn is_guard(&self, part: &Cursor) -> bool {
        let read = relations(part);
        if !read.is_empty() {
            return read.iter().all(is_of_the_schema);
        }
        let mut asks = false;
        for (index, token) in part.tokens.iter().enumerate() {
            if token.kind != TokenKind::Word {
                continue;
            }
            let word = token.text(part.text);
            let is_call = part
                .tokens
                .get(index + 1)
                .is_some_and(|next| next.is_symbol(part.text, "("));
            let name = token::ident(*token, part.text, part.dialect);
            if is_call && token::is_listed(word, &LOOKUPS) {
                asks = true;
            } else if self.answers.contains(&name)
                || (self.found && word.eq_ignore_ascii_case("found"))
            {
                asks = true;
            } else if !token::is_listed(word, &LOGIC) && !is_call {
                return false;
            } else if is_call {
                return false;
            }
        }
        asks
    }

    fn statement(&mut self, part: &Cursor) {
        let Some(first) = part.peek() else { return };
        let word = first.text(part.text).to_ascii_lowercase();
        let rest = || part.part(1..part.tokens.len());
        match word.as_str() {
            "return" => self.return_(&rest()),
            "null" | "raise" | "get" | "assert" | "exit" | "continue" | "close" | "fetch"
            | "move" | "open" => calls(&rest(), &mut self.out),
            "perform" => {
                self.found = self.reads_catalog(part);
                calls(&rest(), &mut self.out);
            }
            "execute" => self.execute(&rest()),
            "call" => {
                let mut cursor = part.clone();
                cursor.at = 1;
                if let Err(Refused(reason)) = data::call(&mut cursor, &mut self.out) {
                    self.not_read(part, &reason);
                }
            }
            "select" | "values" | "table" => self.query(part),
            "commit" | "rollback" => self.not_read(part, "the body ends the transaction"),
            _ if assignment(part).is_some() => self.assign(part),
            "with" if !writes(part) => self.query(part),
            _ => {
                self.found = false;
                let before = self.out.operations.len();
                sql_statement(part, &mut self.out);
                // `SELECT … INTO variable` behind a writing `WITH` makes no table here.
                if word == "with" {
                    let is_table = |op: &SchemaOp| matches!(op, SchemaOp::CreateTable { .. });
                    let added = self.out.operations.split_off(before);
                    let kept = added.into_iter().filter(|it| !is_table(&it.op));
                    self.out.operations.extend(kept);
                }
            }
        }
    }

    /// `RETURN`: when it depends on something, so does all that follows.
    fn return_(&mut self, rest: &Cursor) {
        if rest.is_phrase("query execute") {
            self.execute(&rest.part(2..rest.tokens.len()));
            return;
        }
        calls(rest, &mut self.out);
        if !rest.is("query") && !rest.is("next") {
            self.since_return = self.since_return.max(self.runs());
        }
    }

    /// A query whose result goes into variables.
    fn query(&mut self, part: &Cursor) {
        let is_answer = self.reads_catalog(part);
        self.found = is_answer;
        let text = part.text;
        if let Some(into) = part.tokens.iter().position(|it| it.is_word(text, "into")) {
            let mut names = part.part(into + 1..part.tokens.len());
            names.eat("strict");
            while let Ok(name) = names.any_word() {
                self.remember(name, is_answer);
                if !names.eat_symbol(",") {
                    break;
                }
            }
        }
        calls(part, &mut self.out);
    }

    fn assign(&mut self, part: &Cursor) {
        if let Some(value) = assignment(part) {
            let value = part.part(value..part.tokens.len());
            let is_answer = self.is_guard(&value);
            if let Ok(name) = part.clone().any_word() {
                self.remember(name, is_answer);
            }
        }
        calls(part, &mut self.out);
    }

    fn remember(&mut self, variable: Ident, is_answer: bool) {
        if is_answer {
            self.answers.insert(variable);
        } else {
            self.answers.remove(&variable);
        }
    }

    fn reads_catalog(&self, part: &Cursor) -> bool {
        let read = relations(part);
        !read.is_empty() && read.iter().all(is_of_the_schema)
    }

    /// `EXECUTE text [INTO …] [USING …]`, after the word.
    fn execute(&mut self, part: &Cursor) {
        let text = part.text;
        let ends = |token: &Token| token.is_word(text, "into") || token.is_word(text, "using");
        let end = part.tokens.iter().position(ends);
        let built = part.part(0..end.unwrap_or(part.tokens.len()));
        let span = built.span_of(0..built.tokens.len());
        if let Some(written) = literal(&built) {
            let operations = operations_of(&written, "sql", part.dialect, part.depth + 1);
            let operations = operations
                .into_iter()
                .map(|operation| Operation { span, ..operation });
            self.out.operations.extend(operations);
            return;
        }
        // What a built text begins with may say enough.
        let begins = built
            .tokens
            .iter()
            .find(|token| token.kind == TokenKind::String)
            .map(|token| token::string_value(*token, text, part.dialect))
            .unwrap_or_default();
        let begins = begins.trim_start().to_ascii_lowercase();
        if HARMLESS.iter().any(|phrase| begins.starts_with(phrase)) {
            calls(part, &mut self.out);
        } else {
            self.not_read(part, "a statement is built at run time");
        }
    }

    fn not_read(&mut self, part: &Cursor, reason: &str) {
        let op = SchemaOp::Opaque(Opaque {
            names: names_in(part),
            beyond_names: true,
            reason: reason.into(),
        });
        self.out.push(op, part.span_of(0..part.tokens.len()));
    }
}

/// How built texts begin that leave the schema as it is, in lower case.
const HARMLESS: [&str; 17] = [
    "alter database ",
    "analyze ",
    "comment on ",
    "copy ",
    "delete from ",
    "explain ",
    "grant connect on database ",
    "grant temporary on database ",
    "insert into ",
    "notify ",
    "refresh materialized view ",
    "reindex ",
    "select setval(",
    "truncate ",
    "update ",
    "vacuum ",
    "select count(",
];

/// Functions that look an object up by its name.
const LOOKUPS: [&str; 5] = [
    "to_regclass",
    "to_regnamespace",
    "to_regproc",
    "to_regprocedure",
    "to_regtype",
];

/// Words of a condition that ask nothing.
const LOGIC: [&str; 7] = ["and", "false", "is", "not", "null", "or", "true"];

/// Whether a name is one of the server's tables about the schema: not about roles, settings,
/// extensions, activity, which differ from one database to the next.
fn is_of_the_schema(name: &ObjectName) -> bool {
    const ELSEWHERE: [&str; 20] = [
        "applicable_roles",
        "enabled_roles",
        "pg_auth_members",
        "pg_authid",
        "pg_available_extension_versions",
        "pg_available_extensions",
        "pg_database",
        "pg_db_role_setting",
        "pg_extension",
        "pg_file_settings",
        "pg_group",
        "pg_hba_file_rules",
        "pg_locks",
        "pg_prepared_xacts",
        "pg_replication_slots",
        "pg_roles",
        "pg_settings",
        "pg_shadow",
        "pg_subscription",
        "pg_user",
    ];
    let plain = name.name.as_str();
    is_catalog(name) && !ELSEWHERE.contains(&plain) && !plain.starts_with("pg_stat")
}

/// Index behind the `:=` or `=` of an assignment: `a := 1`, `new.a[2] = 1`.
fn assignment(part: &Cursor) -> Option<usize> {
    let mut walk = part.clone();
    walk.any_word().ok()?;
    loop {
        if walk.eat_symbol(".") {
            walk.any_word().ok()?;
        } else if walk.is_symbol("[") {
            let mut depth = 0usize;
            while let Some(token) = walk.peek() {
                if token.is_symbol(part.text, "[") {
                    depth += 1;
                } else if token.is_symbol(part.text, "]") {
                    depth -= 1;
                }
                walk.at += 1;
                if depth == 0 {
                    break;
                }
            }
        } else {
            let assigns = walk.eat_symbol(":=")
                || walk.eat_symbol("=")
                || (walk.eat_symbol(":") && walk.eat_symbol("="));
            return assigns.then_some(walk.at);
        }
    }
}

/// Whether a statement that begins with `WITH` holds a part that writes.
fn writes(part: &Cursor) -> bool {
    part.tokens.iter().any(|token| {
        ["insert", "update", "delete", "merge"]
            .iter()
            .any(|word| token.is_word(part.text, word))
    })
}

/// What a declaration's default calls; its type is no call.
fn calls_in_declaration(part: &Cursor, out: &mut Out) {
    let text = part.text;
    let starts = |token: &Token| {
        token.is_word(text, "default")
            || token.is_word(text, "for")
            || token.is_symbol(text, ":=")
            || token.is_symbol(text, "=")
    };
    if let Some(at) = part.tokens.iter().position(starts) {
        calls(&part.part(at..part.tokens.len()), out);
    }
}

/// The text that an expression of literals is: `'…'`, `'…' || '…'`, `format('… %I …', 'a')`.
fn literal(built: &Cursor) -> Option<String> {
    let mut walk = built.clone();
    let mut out = String::new();
    if walk.eat("format") {
        walk.expect_symbol("(").ok()?;
        let pattern = walk.string().ok()?;
        let mut values = Vec::new();
        while walk.eat_symbol(",") {
            values.push(walk.string().ok()?);
        }
        walk.expect_symbol(")").ok()?;
        walk.expect_end().ok()?;
        return formatted(&pattern, &values);
    }
    loop {
        out.push_str(&walk.string().ok()?);
        if walk.is_done() {
            return Some(out);
        }
        if !walk.eat_symbol("||") {
            walk.expect_symbol("|").ok()?;
            walk.expect_symbol("|").ok()?;
        }
    }
}

/// `format(pattern, values…)` with `%s`, `%I`, `%L` and `%%`; `None` for what it does not know.
fn formatted(pattern: &str, values: &[String]) -> Option<String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            '%' => out.push('%'),
            's' => out.push_str(values.next()?),
            'I' => {
                out.push('"');
                out.push_str(&values.next()?.replace('"', "\"\""));
                out.push('"');
            }
            'L' => {
                out.push('\'');
                out.push_str(&values.next()?.replace('\'', "''"));
                out.push('\'');
            }
            _ => return None,
        }
    }
    Some(out)
}
