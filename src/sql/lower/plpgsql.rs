//! PL/pgSQL, statement by statement.
//!
//! A condition that only asks the server's catalog ("is the column there?") guards a statement
//! against what is there already, and so does a handler that swallows its failure: the statement
//! runs where it fits. Under any other condition, and in a loop, it runs perhaps. A text that is
//! built at run time is read where the values that it is built from are known (literals, arguments
//! of the call), and is opaque otherwise; a loop over known values runs once for each of them.
//!
//! The reader keeps its own stack of blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Out;
use super::body::{calls, operations_of, sql_statement, statement_end};
use super::condition::{policies, truth};
use super::data::{self, is_catalog};
use super::opaque::names_in;
use super::query::relations;
use super::value::{UNKNOWN_WORD, Values, number_of, text_of, value_of};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{Opaque, Runs, SchemaOp, TransactionOp, Value};
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{self, Token, TokenKind};
use crate::sql::{Dialect, Operation};

/// The server's view of policies. Among the values it holds its rows: schema, table and policy,
/// with a zero byte between.
pub(in crate::sql) const POLICIES: &str = "pg_policies";

/// Rounds of loops that are run one by one.
const MOST_ROUNDS: usize = 1000;

/// What is open around a statement.
enum Frame {
    /// `BEGIN … END`, with the operations before it; `handling` behind its `EXCEPTION`.
    Block {
        first: usize,
        statements: usize,
        handling: bool,
    },
    /// `IF`, `CASE`, with the branch at hand.
    Branch(Branch),
    /// `LOOP`, `FOR`, `WHILE`; with its rounds where they are known.
    Loop(Option<Rounds>),
}

/// A choice, and the branch of it that is being read.
struct Branch {
    /// Which choice of the body it is.
    choice: u32,
    /// How sure the last branch is whose condition is not known.
    runs: Runs,
    /// Whether every condition so far was a guard.
    guards_only: bool,
    /// The operations before the branch.
    first: usize,
    /// Whether a branch so far is one of which nobody knows whether it runs.
    is_open: bool,
    /// Whether a branch is known to run if none before it does: those behind it never run.
    is_taken: bool,
    /// How sure the branch at hand is.
    now: Runs,
    /// What was known before the branch, where it never runs.
    dead: Option<Known>,
}

/// What is known at one place of a body.
#[derive(Clone)]
struct Known {
    values: Values,
    answers: BTreeSet<Ident>,
    found: bool,
    since_return: Runs,
    unnamed: BTreeSet<ObjectName>,
    log: usize,
}

/// What a loop still has to run through.
struct Rounds {
    /// The token at which a round begins.
    start: usize,
    /// What takes the next value.
    variable: Ident,
    /// The values, the last one first.
    values: Vec<Arc<str>>,
}

/// Reads a PL/pgSQL body.
pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
    frames: Vec<Frame>,
    /// For each frame how long [`Reader::log`] was when it began.
    scopes: Vec<usize>,
    /// The variables that were assigned so far, in order.
    log: Vec<Ident>,
    out: Out,
    /// What a conditional `RETURN` leaves to the statements after it.
    since_return: Runs,
    /// Variables and arguments whose values are known here.
    values: Values,
    /// Every variable that the body assigns somewhere.
    assigned: BTreeSet<Ident>,
    /// Rounds that were run one by one so far.
    rounds: usize,
    /// Variables that hold an answer of the catalog.
    answers: BTreeSet<Ident>,
    /// Whether `FOUND` is such an answer.
    found: bool,
    /// The tables that the body made under names that are known in part only.
    unnamed: BTreeSet<ObjectName>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &Cursor<'a>, values: &Values) -> Self {
        Reader {
            cursor: body.clone(),
            frames: Vec::new(),
            scopes: Vec::new(),
            log: Vec::new(),
            out: Out::default(),
            since_return: Runs::Always,
            values: values.clone(),
            assigned: assigned(body),
            rounds: 0,
            answers: BTreeSet::new(),
            found: false,
            unnamed: BTreeSet::new(),
        }
    }

    /// The operations of the whole body.
    pub(super) fn read(mut self) -> Read<Vec<Operation>> {
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
            self.push(Frame::Block {
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
            calls(
                &self.cursor.part(range.clone()),
                &self.values,
                &mut self.out,
            );
            // A condition follows each `WHEN`, unless it is compared with an operand.
            self.choose(range.is_empty());
            return Ok(());
        }
        if cursor.eat("loop") {
            self.enter_loop(None);
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

    fn push(&mut self, frame: Frame) {
        self.frames.push(frame);
        self.scopes.push(self.log.len());
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        let scope = self.scopes.pop().unwrap_or(0);
        let is_sure = match &frame {
            Frame::Block { handling, .. } => !handling,
            Frame::Loop(rounds) => rounds.is_some(),
            Frame::Branch(branch) => !branch.is_open,
        };
        if !is_sure {
            self.forget_since(scope);
        }
        Some(frame)
    }

    /// What was assigned in a branch is known in it, and not after it.
    fn forget_since(&mut self, scope: usize) {
        for name in &self.log[scope..] {
            self.values.remove(name);
        }
    }

    /// Another branch of the innermost choice begins.
    fn next_scope(&mut self) {
        if let Some(scope) = self.scopes.last().copied() {
            self.forget_since(scope);
        }
    }

    /// How sure a statement is to run here.
    fn runs(&self) -> Runs {
        let frames = self.frames.iter().map(|frame| match frame {
            Frame::Block {
                handling: false, ..
            } => Runs::Always,
            Frame::Loop(Some(_)) => Runs::Always,
            Frame::Block { handling: true, .. } | Frame::Loop(None) => Runs::Perhaps,
            Frame::Branch(branch) => branch.now,
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
                self.declaration(&part);
            }
            self.mark(before);
            self.cursor.at = (end + 1).min(self.cursor.tokens.len());
        }
        Ok(())
    }

    /// `EXCEPTION`: what the block did until here may have been undone, and what comes runs only
    /// after a failure.
    fn handlers(&mut self) -> Read<()> {
        self.next_scope();
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
        self.end_branch();
        let frame = self.pop();
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
            Some(Frame::Branch(_)) => self.cursor.eat_any(&["if", "case"]),
            Some(Frame::Loop(rounds)) => {
                let fits = self.cursor.eat("loop");
                if fits && !self.cursor.is_done() && !self.cursor.is_symbol(";") {
                    self.cursor.any_word()?;
                }
                if let Some(mut rounds) = rounds {
                    match rounds.values.pop() {
                        Some(value) => {
                            let value = Value::Text(value);
                            self.values.insert(rounds.variable.clone(), value);
                            self.cursor.at = rounds.start;
                            self.push(Frame::Loop(Some(rounds)));
                        }
                        None => {
                            self.values.remove(&rounds.variable);
                        }
                    }
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

    /// A choice begins; `is_followed`: its conditions are looked at.
    fn choose(&mut self, is_followed: bool) {
        let choice = u32::try_from(self.cursor.at).unwrap_or(u32::MAX);
        let first = self.out.operations.len();
        self.push(Frame::Branch(Branch {
            choice,
            runs: Runs::Perhaps,
            guards_only: is_followed,
            first,
            is_open: !is_followed,
            is_taken: false,
            now: Runs::Perhaps,
            dead: None,
        }));
    }

    fn known(&self) -> Known {
        Known {
            values: self.values.clone(),
            answers: self.answers.clone(),
            found: self.found,
            since_return: self.since_return,
            unnamed: self.unnamed.clone(),
            log: self.log.len(),
        }
    }

    /// The branch at hand ends: one that never runs did nothing, and what was assigned in one that
    /// perhaps runs is not known in the next.
    fn end_branch(&mut self) {
        let Some(Frame::Branch(branch)) = self.frames.last_mut() else {
            return;
        };
        let is_open = branch.is_open;
        if let Some(known) = branch.dead.take() {
            self.out.operations.truncate(branch.first);
            self.values = known.values;
            self.answers = known.answers;
            self.found = known.found;
            self.since_return = known.since_return;
            self.unnamed = known.unnamed;
            self.log.truncate(known.log);
        }
        if is_open {
            self.next_scope();
        }
    }

    /// The next branch begins. `holds`: whether its condition does, where that is known;
    /// `is_guard`: it only asks the catalog.
    fn branch(&mut self, holds: Option<bool>, is_guard: bool) -> Read<()> {
        let known = self.known();
        let so_far = self.out.operations.len();
        let Some(Frame::Branch(branch)) = self.frames.last_mut() else {
            return Err(self.cursor.refuse("`IF`"));
        };
        branch.first = so_far;
        if branch.is_taken || holds == Some(false) {
            branch.dead = Some(known);
            return Ok(());
        }
        branch.is_taken = holds == Some(true);
        if branch.is_taken && !branch.is_open {
            branch.now = Runs::Always;
            return Ok(());
        }
        branch.guards_only &= is_guard;
        branch.runs = match branch.runs {
            Runs::OneOf { choice, branch: at } if branch.guards_only => Runs::OneOf {
                choice,
                branch: at + 1,
            },
            _ if branch.guards_only && !branch.is_open => Runs::OneOf {
                choice: branch.choice,
                branch: 0,
            },
            _ => Runs::Perhaps,
        };
        branch.is_open = true;
        branch.now = branch.runs;
        Ok(())
    }

    fn condition(&mut self, is_first: bool) -> Read<()> {
        if !is_first {
            self.end_branch();
        }
        let range = self.until_word("then")?;
        let part = self.cursor.part(range);
        let is_guard = self.is_guard(&part);
        let holds = self.truth(&part);
        let before = self.out.operations.len();
        calls(&part, &self.values, &mut self.out);
        if is_first {
            self.mark(before);
            self.choose(true);
        } else if let Some(Frame::Branch(branch)) = self.frames.last() {
            // A condition behind one that holds is never asked.
            match branch.is_taken {
                true => self.out.operations.truncate(before),
                false => self.mark(before),
            }
        }
        self.branch(holds, is_guard)
    }

    /// Whether a condition holds. What the body did to policies before is not in the rows that
    /// are known of them.
    fn truth(&self, part: &Cursor) -> Option<bool> {
        let asks_policies = part.tokens.iter().any(|token| {
            [POLICIES, "pg_policy"]
                .iter()
                .any(|name| token.is_word(part.text, name))
        });
        if asks_policies && !self.out.operations.is_empty() {
            return None;
        }
        truth(part, &self.values)
    }

    fn otherwise(&mut self) -> Read<()> {
        self.end_branch();
        self.branch(Some(true), true)
    }

    /// `WHEN … THEN` of a handler or a `CASE`.
    fn when(&mut self) -> Read<()> {
        self.end_branch();
        let range = self.until_word("then")?;
        match self.frames.last() {
            Some(Frame::Block { handling: true, .. }) => Ok(()),
            Some(Frame::Branch(branch)) => {
                let part = self.cursor.part(range);
                let is_followed = branch.guards_only || !branch.is_open;
                let holds = self.truth(&part).filter(|_| is_followed);
                calls(&part, &self.values, &mut self.out);
                self.branch(holds, false)
            }
            _ => Err(self.cursor.refuse("`CASE`")),
        }
    }

    /// `FOR r IN … LOOP`, `FOREACH a IN ARRAY … LOOP`, `WHILE … LOOP`.
    fn loop_head(&mut self) -> Read<()> {
        let range = self.until_word("loop")?;
        let part = self.cursor.part(range);
        let before = self.out.operations.len();
        if let Some(rounds) = self.rounds_of(&part) {
            let first = rounds.values.last().cloned();
            self.enter_loop(Some(rounds));
            if first.is_none() {
                // No round at all: what stands in the loop never runs.
                self.pop();
                self.cursor.at = self.loop_end().unwrap_or(self.cursor.tokens.len());
                if !self.cursor.is_done() && !self.cursor.is_symbol(";") {
                    self.cursor.any_word()?;
                }
            }
            return Ok(());
        }
        let mut names = part.part(1..part.tokens.len());
        while let Ok(name) = names.any_word() {
            self.values.remove(&name);
            if !names.eat_symbol(",") {
                break;
            }
        }
        self.enter_loop(None);
        let execute = part
            .tokens
            .iter()
            .position(|token| token.is_word(part.text, "execute"));
        match execute {
            Some(at) => self.execute(&part.part(at + 1..part.tokens.len())),
            None => calls(&part, &self.values, &mut self.out),
        }
        self.mark(before);
        Ok(())
    }

    /// A loop whose rounds are not known may change every variable that the body assigns.
    fn enter_loop(&mut self, rounds: Option<Rounds>) {
        let Some(mut rounds) = rounds else {
            let assigned = &self.assigned;
            self.values.retain(|name, _| !assigned.contains(name));
            self.push(Frame::Loop(None));
            return;
        };
        self.rounds += rounds.values.len();
        if let Some(first) = rounds.values.pop() {
            self.values
                .insert(rounds.variable.clone(), Value::Text(first));
        }
        self.push(Frame::Loop(Some(rounds)));
    }

    /// The rounds of `FOREACH a IN ARRAY <list>`, `FOR a IN SELECT unnest(<list>)` and
    /// `FOR i IN 1..4`, where they are known and nothing leaves the loop early.
    fn rounds_of(&self, head: &Cursor) -> Option<Rounds> {
        let start = self.cursor.at;
        let end = self.loop_end()?;
        let text = self.cursor.text;
        let leaves = |token: &Token| {
            ["exit", "continue", "return"]
                .iter()
                .any(|word| token.is_word(text, word))
        };
        if self.cursor.tokens[start..end].iter().any(leaves) {
            return None;
        }
        let mut walk = head.clone();
        let is_foreach = walk.eat("foreach");
        if !is_foreach && !walk.eat("for") {
            return None;
        }
        let mut variable = walk.any_word().ok()?;
        walk.expect("in").ok()?;
        let mut values: Vec<Arc<str>> = if is_foreach {
            walk.expect("array").ok()?;
            // `ARRAY ARRAY['a']`, or a variable.
            let list = value_of(&walk.part(walk.at..walk.tokens.len()), &self.values)?;
            match list {
                Value::List(values) => values,
                Value::Text(_) | Value::Null => return None,
            }
        } else if let Some(found) = policies(&walk, &self.values) {
            // Each row is a record with the one column that was asked for, or its value.
            let column = ["policyname", "polname"].into_iter().find(|column| {
                let body = &self.cursor.tokens[start..end];
                body.windows(3).any(|tokens| {
                    tokens[0].is_name()
                        && token::ident(tokens[0], text, self.cursor.dialect) == variable
                        && tokens[1].is_symbol(text, ".")
                        && tokens[2].is_word(text, column)
                })
            });
            if let Some(column) = column {
                variable = Ident::new(&format!("{}.{column}", variable.as_str()));
            }
            found
        } else {
            self.numbers(&walk)?
        };
        if self.rounds + values.len() > MOST_ROUNDS {
            return None;
        }
        values.reverse();
        Some(Rounds {
            start,
            variable,
            values,
        })
    }

    /// `1..4`, `0..n - 1` with a known `n`.
    fn numbers(&self, head: &Cursor) -> Option<Vec<Arc<str>>> {
        let rest = head.part(head.at..head.tokens.len());
        // `1..4` without blanks is one or two numbers to the lexer.
        let text = rest.span_of(0..rest.tokens.len()).of(head.text);
        let (from, to) = text.split_once("..")?;
        let number = |written: &str| {
            let tokens = token::tokens(written, head.dialect);
            number_of(&Cursor::new(written, head.dialect, &tokens), &self.values)
        };
        let (from, to) = (number(from)?, number(to)?);
        if to.checked_sub(from)? > MOST_ROUNDS as i64 {
            return None;
        }
        Some((from..=to).map(|it| Arc::from(it.to_string())).collect())
    }

    /// Index behind the `END LOOP` of the loop whose body begins here.
    fn loop_end(&self) -> Option<usize> {
        let mut depth = 1usize;
        let is = |index: usize, word: &str| {
            self.cursor
                .tokens
                .get(index)
                .is_some_and(|token| token.is_word(self.cursor.text, word))
        };
        for index in self.cursor.at..self.cursor.tokens.len() {
            if !is(index, "loop") {
                continue;
            }
            if index > 0 && is(index - 1, "end") {
                depth -= 1;
                if depth == 0 {
                    return Some(index + 1);
                }
            } else {
                depth += 1;
            }
        }
        None
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
            let is_answer = match is_call {
                true => token::is_listed(word, &LOOKUPS),
                false => {
                    self.answers.contains(&name)
                        || (self.found && word.eq_ignore_ascii_case("found"))
                }
            };
            if !is_answer && (is_call || !token::is_listed(word, &LOGIC)) {
                return false;
            }
            asks |= is_answer;
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
            | "move" | "open" => {
                calls(&rest(), &self.values, &mut self.out);
                if let ("get" | "fetch", Some(assigned)) = (&*word, assignments(part).first()) {
                    self.values.remove(assigned);
                }
            }
            "perform" => {
                self.found = self.reads_catalog(part);
                calls(&rest(), &self.values, &mut self.out);
            }
            "execute" => self.execute(&rest()),
            "call" => {
                let mut cursor = part.clone();
                cursor.at = 1;
                if let Err(Refused(reason)) = data::call(&mut cursor, &self.values, &mut self.out) {
                    self.not_read(part, &reason);
                }
            }
            "select" | "values" | "table" => self.query(part),
            "commit" => {
                let op = SchemaOp::Transaction(TransactionOp::Commit);
                self.out.push(op, part.span_of(0..part.tokens.len()));
            }
            "rollback" => self.not_read(part, "the body undoes what it did"),
            _ if assignment(part).is_some() => self.assign(part),
            "with" if !writes(part) => self.query(part),
            _ => {
                self.found = false;
                for name in assignments(part) {
                    self.values.remove(&name);
                }
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
        calls(rest, &self.values, &mut self.out);
        if !rest.is("query") && !rest.is("next") {
            let mut runs = self.runs();
            // What a branch did before it returned is done instead of the rest, not before it.
            if let Some(Frame::Branch(branch)) = self.frames.last()
                && self.out.operations.len() > branch.first
            {
                runs = Runs::Perhaps;
            }
            self.since_return = self.since_return.max(runs);
        }
    }

    /// A query whose result goes into variables.
    fn query(&mut self, part: &Cursor) {
        let is_answer = self.reads_catalog(part);
        self.found = is_answer;
        let selected = selected(part).and_then(|value| value_of(&value, &self.values));
        for name in assignments(part) {
            self.log.push(name.clone());
            match &selected {
                Some(value) => self.values.insert(name.clone(), value.clone()),
                None => self.values.remove(&name),
            };
            self.remember(name, is_answer);
        }
        calls(part, &self.values, &mut self.out);
    }

    fn assign(&mut self, part: &Cursor) {
        if let Some(at) = assignment(part) {
            let value = part.part(at..part.tokens.len());
            let is_answer = self.is_guard(&value);
            if let Ok(name) = part.clone().any_word() {
                let known = value_of(&value, &self.values).filter(|_| is_plain(part));
                self.log.push(name.clone());
                match known {
                    Some(known) => self.values.insert(name.clone(), known),
                    None => self.values.remove(&name),
                };
                self.remember(name, is_answer);
            }
        }
        calls(part, &self.values, &mut self.out);
    }

    /// `a text := 'x'`: what it calls, and the value.
    fn declaration(&mut self, part: &Cursor) {
        let text = part.text;
        let starts = |token: &Token| {
            token.is_word(text, "default")
                || token.is_word(text, "for")
                || token.is_symbol(text, ":=")
                || token.is_symbol(text, "=")
        };
        let Ok(name) = part.clone().any_word() else {
            return;
        };
        self.values.remove(&name);
        let Some(at) = part.tokens.iter().position(starts) else {
            return;
        };
        let value = part.part(at + 1..part.tokens.len());
        if let Some(known) = value_of(&value, &self.values) {
            self.values.insert(name, known);
        }
        calls(&value, &self.values, &mut self.out);
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
        if let Some(written) = text_of(&built, &self.values) {
            let depth = part.depth + 1;
            let operations = operations_of(&written, "sql", part.dialect, depth, &Values::new());
            for operation in operations {
                let op = match written.contains(UNKNOWN_WORD) {
                    true => self.of_unnamed(part, operation.op),
                    false => operation.op,
                };
                let runs = operation.runs;
                self.out.operations.push(Operation { op, span, runs });
            }
            return;
        }
        // What a built text begins with may say enough.
        let begins = built
            .tokens
            .iter()
            .find(|token| token.kind == TokenKind::String)
            .map(|token| token::string_value(*token, text, part.dialect))
            .unwrap_or_default();
        let lower = begins.trim_start().to_ascii_lowercase();
        let of_database = (lower.starts_with("grant ") || lower.starts_with("revoke "))
            && lower.contains(" on database ");
        if of_database || HARMLESS.iter().any(|phrase| lower.starts_with(phrase)) {
            calls(part, &self.values, &mut self.out);
        } else if let Some(table) = altered_table(&begins, part.dialect) {
            let op = SchemaOp::Opaque(Opaque {
                names: vec![table],
                beyond_names: false,
                reason: "a statement is built at run time".into(),
            });
            self.out.push(op, span);
        } else {
            self.not_read(part, "a statement is built at run time");
        }
    }

    /// What an operation does in whose text a word is not known: a table of its own that nobody
    /// can name, or a partition of one that is known. What else may be meant is not.
    fn of_unnamed(&mut self, part: &Cursor, op: SchemaOp) -> SchemaOp {
        let is_unnamed = |name: &ObjectName| name.name.as_str().contains(UNKNOWN_WORD);
        let nothing = |what: &str| SchemaOp::NoEffect { what: what.into() };
        match &op {
            SchemaOp::NoEffect { .. } => return op,
            SchemaOp::CreateTable { table, .. } if is_unnamed(&table.name) => {
                self.unnamed.insert(table.name.clone());
                let parents = table.partition_of.iter().chain(&table.inherits);
                let mut known = parents.filter(|it| !is_unnamed(it));
                return match (known.next(), known.next()) {
                    (Some(table), None) => SchemaOp::AttachUnnamedPartition {
                        table: table.clone(),
                    },
                    (None, _) => nothing("create table"),
                    (Some(_), Some(_)) => self.built(part),
                };
            }
            SchemaOp::AttachPartition {
                table, partition, ..
            } if self.unnamed.contains(partition) => {
                return match is_unnamed(table) {
                    true => nothing("attach partition"),
                    false => SchemaOp::AttachUnnamedPartition {
                        table: table.clone(),
                    },
                };
            }
            SchemaOp::CreateIndex { index, .. } if self.unnamed.contains(&index.table) => {
                return nothing("create index");
            }
            SchemaOp::DropRelation { name, .. } if self.unnamed.contains(name) => {
                return nothing("drop table");
            }
            _ => {} // An `ALTER` of it, or something else.
        }
        match op.altered_relation() {
            Some(table) if self.unnamed.contains(table) => nothing("alter table"),
            _ => self.built(part),
        }
    }

    fn built(&self, part: &Cursor) -> SchemaOp {
        SchemaOp::Opaque(Opaque {
            names: names_in(part),
            beyond_names: true,
            reason: "a statement is built at run time".into(),
        })
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

/// The table, where a text begins with `ALTER TABLE name` and goes on.
fn altered_table(begins: &str, dialect: Dialect) -> Option<ObjectName> {
    let tokens = token::tokens(begins, dialect);
    let mut cursor = Cursor::new(begins, dialect, &tokens);
    cursor.expect("alter table").ok()?;
    cursor.if_exists();
    cursor.eat("only");
    let name = cursor.object_name().ok()?;
    let goes_on = cursor.peek().is_some_and(Token::is_name);
    goes_on.then_some(name)
}

/// Whether an assignment is to a variable itself, not to a field or element of it.
fn is_plain(part: &Cursor) -> bool {
    part.peek_at(1)
        .is_some_and(|next| !next.is_symbol(part.text, ".") && !next.is_symbol(part.text, "["))
}

/// The expression of `SELECT expression INTO variable`, where that is all there is.
fn selected<'a>(part: &Cursor<'a>) -> Option<Cursor<'a>> {
    let is_into = |token: &Token| token.is_word(part.text, "into");
    let into = part.tokens.iter().position(is_into)?;
    let mut walk = part.clone();
    walk.expect("select").ok()?;
    let value = match into {
        // `SELECT INTO variable expression`
        1 => {
            walk.at = into + 1;
            walk.eat("strict");
            walk.any_word().ok()?;
            walk.part(walk.at..part.tokens.len())
        }
        _ => {
            let value = walk.part(walk.at..into);
            walk.at = into + 1;
            walk.eat("strict");
            walk.any_word().ok()?;
            walk.expect_end().ok()?;
            value
        }
    };
    Some(value)
}

/// The variables that a statement assigns behind `INTO`, or as `GET DIAGNOSTICS` does.
fn assignments(part: &Cursor) -> Vec<Ident> {
    let mut found = Vec::new();
    for (index, token) in part.tokens.iter().enumerate() {
        let is_into = token.is_word(part.text, "into") || token.is_word(part.text, "diagnostics");
        if !is_into {
            continue;
        }
        let mut names = part.part(index + 1..part.tokens.len());
        names.eat("strict");
        while let Ok(name) = names.any_word() {
            found.push(name);
            if !names.eat_symbol(",") {
                break;
            }
        }
    }
    found
}

/// Every variable that a body assigns somewhere.
fn assigned(body: &Cursor) -> BTreeSet<Ident> {
    let mut found: BTreeSet<Ident> = assignments(body).into_iter().collect();
    for (index, token) in body.tokens.iter().enumerate() {
        let is_sign = token.is_symbol(body.text, ":=") || token.is_symbol(body.text, "=");
        if let Some(before) = index.checked_sub(1).filter(|_| is_sign) {
            let before = body.tokens[before];
            if before.is_name() {
                found.insert(token::ident(before, body.text, body.dialect));
            }
        }
    }
    found
}
