//! The statements in the body of a routine.
//!
//! Input: the text of a body in SQL or PL/pgSQL. Output: every statement and expression that a
//! server would analyse when it gets there, with whether it is sure to get there, and the names that
//! variables have. What is built at run time (`EXECUTE`) is not read, and said so.

use super::parse::{Reader, split_slices};
use super::tree::{Body, Expr, Item, Query, Select, Statement};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::types::SqlType;
use crate::sql::Dialect;
use crate::sql::cursor::{Cursor, Read};
use crate::sql::lower::read_type;
use crate::sql::token::{self, Token, TokenKind};

/// What stands in a body.
#[derive(Debug, Default)]
pub(crate) struct RoutineBody {
    /// Its statements, in order.
    pub(crate) statements: Vec<BodyStatement>,
    /// Its variables.
    pub(crate) variables: Vec<Variable>,
    /// Something in it was not read, or is built at run time.
    pub(crate) is_unread: bool,
    /// Columns win over variables of the same name, without complaint.
    pub(crate) prefers_columns: bool,
    /// The columns of `NEW` that are sure to be assigned something else than NULL written out.
    pub(crate) assigned: Vec<Ident>,
}

/// One statement of a body.
#[derive(Debug)]
pub(crate) struct BodyStatement {
    /// An expression is a select of it.
    pub(crate) statement: Statement,
    /// Whether a call that succeeds is sure to run it.
    pub(crate) is_certain: bool,
}

/// A variable of a body.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: Ident,
    /// Its type.
    pub(crate) kind: VariableKind,
}

/// What a variable is declared as.
#[derive(Debug)]
pub(crate) enum VariableKind {
    /// A type.
    Typed(SqlType),
    /// `t%ROWTYPE`
    Row(ObjectName),
    /// `t.c%TYPE`
    Column(ObjectName, Ident),
    /// A record, a cursor, a loop's variable.
    Other,
}

/// The statements of a body in SQL.
pub(crate) fn sql_body(text: &str) -> RoutineBody {
    let mut out = RoutineBody::default();
    let tokens = split_slices(token::tokens(text, Dialect::Postgres), text);
    for part in tokens.split(|token| token.is_symbol(text, ";")) {
        if part.is_empty() {
            continue;
        }
        match read_tokens(text, part, |reader| reader.whole()) {
            Ok(statement) => out.statements.push(BodyStatement {
                statement,
                // What was not read may have made what this names.
                is_certain: !out.is_unread,
            }),
            Err(_) => out.is_unread = true,
        }
    }
    out
}

/// Whether a body in PL/pgSQL assigns something to a column of `NEW` whatever happens.
pub(crate) fn always_assigns(text: &str, column: &Ident) -> bool {
    plpgsql_body(text).assigned.contains(column)
}

/// The statements and variables of a body in PL/pgSQL.
pub(crate) fn plpgsql_body(text: &str) -> RoutineBody {
    let mut walk = Walk {
        text,
        out: RoutineBody {
            prefers_columns: text.contains("#variable_conflict use_column")
                || text.contains("#variable_conflict use_variable"),
            ..RoutineBody::default()
        },
        conditions: 0,
        left: false,
    };
    let mut tokens = split_slices(token::tokens(text, Dialect::Postgres), text);
    // `#variable_conflict use_column` is no statement.
    if let Some(at) = tokens
        .iter()
        .position(|it| it.is_word(text, "variable_conflict"))
    {
        tokens.drain(at.saturating_sub(1)..(at + 2).min(tokens.len()));
    }
    let mut cursor = Cursor::new(text, Dialect::Postgres, &tokens);
    let has_handler = tokens
        .windows(2)
        .any(|pair| pair[0].is_word(text, "exception") && pair[1].is_word(text, "when"));
    if has_handler {
        // A failure may be caught.
        walk.conditions += 1;
    }
    while !cursor.is_done() {
        let before = cursor.at;
        walk.statement(&mut cursor);
        if cursor.at == before {
            cursor.at += 1;
        }
    }
    walk.out
}

fn read_tokens<T>(
    text: &str,
    tokens: &[Token],
    read: impl FnOnce(&mut Reader) -> Read<T>,
) -> Read<T> {
    read(&mut Reader::new(Cursor::new(
        text,
        Dialect::Postgres,
        tokens,
    )))
}

struct Walk<'a> {
    text: &'a str,
    out: RoutineBody,
    /// How many conditions and loops are open.
    conditions: usize,
    /// After a `RETURN` under a condition nothing is sure to run.
    left: bool,
}

impl Walk<'_> {
    /// One statement, or a word that opens or closes a block.
    fn statement(&mut self, cursor: &mut Cursor) {
        if cursor.eat_symbol(";") || cursor.eat("else") || cursor.eat("begin") {
            return;
        }
        if cursor.is_symbol("<<") {
            cursor.at += 3;
            return;
        }
        if cursor.eat("declare") {
            self.declarations(cursor);
            return;
        }
        if cursor.eat("exception") {
            return;
        }
        if cursor.eat("end") {
            if cursor.eat_any(&["if", "loop", "case"]) {
                self.conditions = self.conditions.saturating_sub(1);
            }
            self.skip(cursor);
            return;
        }
        if cursor.eat("if") {
            self.expression(cursor, &["then"]);
            self.conditions += 1;
            return;
        }
        if cursor.eat_any(&["elsif", "elseif"]) {
            self.expression(cursor, &["then"]);
            return;
        }
        if cursor.is("when") {
            cursor.at += 1;
            self.when(cursor);
            return;
        }
        if cursor.eat("case") {
            if !cursor.is("when") {
                self.expression(cursor, &["when"]);
                cursor.at = cursor.at.saturating_sub(1);
            }
            self.conditions += 1;
            return;
        }
        if cursor.eat("loop") {
            self.conditions += 1;
            return;
        }
        if cursor.eat("while") {
            self.expression(cursor, &["loop"]);
            self.conditions += 1;
            return;
        }
        if cursor.is("for") || cursor.is("foreach") {
            self.loop_head(cursor);
            self.conditions += 1;
            return;
        }
        if cursor.eat_any(&["exit", "continue"]) {
            if cursor.peek().is_some_and(Token::is_name) && !cursor.is("when") {
                cursor.at += 1;
            }
            if cursor.eat("when") {
                self.expression(cursor, &[";"]);
            }
            self.left |= self.conditions > 0;
            return;
        }
        if cursor.eat("return") {
            self.returned(cursor);
            return;
        }
        if cursor.eat("perform") {
            let tokens = self.take(cursor);
            self.query_after_select(&tokens);
            return;
        }
        if cursor.eat("execute") {
            self.out.is_unread = true;
            self.skip(cursor);
            return;
        }
        let ignored = [
            "raise", "null", "get", "open", "fetch", "move", "close", "commit", "rollback",
            "assert",
        ];
        if cursor.eat_any(&ignored) {
            self.skip(cursor);
            return;
        }
        let is_one_of = |ahead: usize, symbols: &[&str]| {
            cursor.peek_at(ahead).is_some_and(|it| {
                symbols
                    .iter()
                    .any(|symbol| it.is_symbol(cursor.text, symbol))
            })
        };
        // A target is a name with fields and subscripts, and no other words.
        let assigns = (1..12)
            .take_while(|ahead| !is_one_of(*ahead, &[";"]))
            .find(|ahead| is_one_of(*ahead, &[":=", "="]))
            .filter(|_| is_one_of(1, &[".", "[", ":=", "="]));
        let sql = [
            "select", "insert", "update", "delete", "with", "merge", "values", "truncate", "lock",
            "call", "copy", "set", "refresh", "analyze", "notify",
        ];
        let is_sql = sql.iter().any(|word| cursor.is(word)) || cursor.is_symbol("(");
        if let Some(ahead) = assigns
            && !is_sql
        {
            let target = cursor.tokens[cursor.at..cursor.at + ahead].to_vec();
            if target
                .first()
                .is_some_and(|it| it.is_word(self.text, "new"))
                && target.len() == 3
            {
                // The field must be there.
                self.value(&target);
                let is_null = cursor
                    .peek_at(ahead + 1)
                    .is_some_and(|it| it.is_word(cursor.text, "null"));
                if self.is_certain()
                    && !is_null
                    && let Ok(column) =
                        Cursor::new(self.text, Dialect::Postgres, &target[2..]).ident()
                {
                    self.out.assigned.push(column);
                }
            }
            cursor.at += ahead + 1;
            self.expression(cursor, &[";"]);
            return;
        }
        let tokens = self.take(cursor);
        if is_sql {
            self.sql(&tokens);
        } else if !tokens.is_empty() {
            self.out.is_unread = true;
        }
    }

    /// What was not read may have made what a later statement names.
    fn is_certain(&self) -> bool {
        self.conditions == 0 && !self.left && !self.out.is_unread
    }

    fn push(&mut self, statement: Statement) {
        let is_certain = self.is_certain();
        self.out.statements.push(BodyStatement {
            statement,
            is_certain,
        });
    }

    /// The tokens up to the next `;` outside of parentheses.
    fn take(&mut self, cursor: &mut Cursor) -> Vec<Token> {
        let start = cursor.at;
        self.skip(cursor);
        cursor.tokens[start..cursor.at].to_vec()
    }

    fn skip(&mut self, cursor: &mut Cursor) {
        while cursor.peek().is_some() && !cursor.is_symbol(";") {
            cursor.at += 1;
        }
    }

    /// An expression up to one of the words, which is passed; `;` is not.
    fn expression(&mut self, cursor: &mut Cursor, ends: &[&str]) {
        let start = cursor.at;
        let stops = |it: &Cursor| it.is_symbol(";") || ends.iter().any(|end| it.is(end));
        let range = if stops(cursor) {
            Ok(start..start)
        } else {
            cursor.until(stops)
        };
        match range {
            Ok(range) if !range.is_empty() => {
                let tokens = cursor.tokens[range].to_vec();
                self.value(&tokens);
            }
            Ok(_) => {}
            Err(_) => {
                self.out.is_unread = true;
                cursor.at = start;
                self.skip(cursor);
            }
        }
        if ends.iter().any(|end| cursor.is(end)) {
            cursor.at += 1;
        }
    }

    /// An expression is a select without `FROM`, or with all that a select may have.
    fn value(&mut self, tokens: &[Token]) {
        match read_tokens(self.text, tokens, |reader| reader.whole_expression()) {
            Ok(value) => self.push(select_of(value)),
            Err(_) => self.query_after_select(tokens),
        }
    }

    /// What follows `PERFORM` is what would follow `SELECT`.
    fn query_after_select(&mut self, tokens: &[Token]) {
        match read_tokens(self.text, tokens, |reader| reader.after_select()) {
            Ok(query) => self.push(Statement::Query(Box::new(query))),
            Err(_) => self.out.is_unread = true,
        }
    }

    fn sql(&mut self, tokens: &[Token]) {
        let tokens = without_into(tokens, self.text);
        match read_tokens(self.text, &tokens, |reader| reader.whole()) {
            Ok(statement) => self.push(statement),
            Err(_) => self.out.is_unread = true,
        }
    }

    /// `WHEN … THEN` of a `CASE` or of a handler.
    fn when(&mut self, cursor: &mut Cursor) {
        let is_handler = cursor.peek_at(1).is_some_and(|next| {
            next.is_word(cursor.text, "then") || next.is_word(cursor.text, "or")
        }) && cursor.peek().is_some_and(|it| it.kind == TokenKind::Word)
            || cursor.is("sqlstate");
        if is_handler {
            while cursor.peek().is_some() && !cursor.is("then") && !cursor.is_symbol(";") {
                cursor.at += 1;
            }
            cursor.eat("then");
            return;
        }
        self.expression(cursor, &["then"]);
    }

    /// `FOR i IN a .. b LOOP`, `FOR r IN SELECT … LOOP`, `FOREACH x IN ARRAY a LOOP`.
    fn loop_head(&mut self, cursor: &mut Cursor) {
        cursor.at += 1;
        while cursor.peek().is_some() && !cursor.is("in") && !cursor.is_symbol(";") {
            if let Ok(name) = cursor.any_word() {
                self.out.variables.push(Variable {
                    name,
                    kind: VariableKind::Other,
                });
            } else {
                cursor.at += 1;
            }
        }
        cursor.eat("in");
        cursor.eat_any(&["reverse", "array"]);
        if cursor.is("execute") {
            self.out.is_unread = true;
            while cursor.peek().is_some() && !cursor.eat("loop") {
                cursor.at += 1;
            }
            return;
        }
        let start = cursor.at;
        let Ok(range) = cursor.until(|it| it.is("loop") || it.is_symbol(";")) else {
            self.out.is_unread = true;
            cursor.at = start + 1;
            return;
        };
        let tokens = cursor.tokens[range].to_vec();
        cursor.eat("loop");
        let words = ["select", "with", "values", "insert", "update", "delete"];
        let is_query = tokens.first().is_some_and(|first| {
            first.is_symbol(self.text, "(") || words.iter().any(|it| first.is_word(self.text, it))
        });
        if is_query {
            self.sql(&tokens);
            return;
        }
        // `1..n` is read as numbers and dots: each bound by itself.
        let dots = |at: usize| {
            tokens[at].is_symbol(self.text, ".")
                && tokens
                    .get(at + 1)
                    .is_some_and(|it| it.is_symbol(self.text, "."))
        };
        match (0..tokens.len()).find(|at| dots(*at)) {
            Some(at) => {
                let (low, high) = (tokens[..at].to_vec(), tokens[at + 2..].to_vec());
                self.value(&low);
                let end = high.iter().position(|it| it.is_word(self.text, "by"));
                self.value(&high[..end.unwrap_or(high.len())]);
            }
            None => self.value(&tokens),
        }
    }

    fn returned(&mut self, cursor: &mut Cursor) {
        if cursor.eat("query") {
            if cursor.is("execute") {
                self.out.is_unread = true;
                self.skip(cursor);
                return;
            }
            let tokens = self.take(cursor);
            self.sql(&tokens);
            return;
        }
        let goes_on = cursor.eat("next");
        let tokens = self.take(cursor);
        let is_record = tokens.len() == 1
            && ["new", "old", "null"]
                .iter()
                .any(|it| tokens[0].is_word(self.text, it));
        if !tokens.is_empty() && !is_record {
            self.value(&tokens);
        }
        if !goes_on {
            self.left |= self.conditions > 0;
        }
    }

    /// What stands between `DECLARE` and `BEGIN`.
    fn declarations(&mut self, cursor: &mut Cursor) {
        while cursor.peek().is_some() && !cursor.is("begin") {
            let start = cursor.at;
            if self.declaration(cursor).is_err() {
                cursor.at = start;
            }
            self.skip(cursor);
            cursor.eat_symbol(";");
        }
    }

    fn declaration(&mut self, cursor: &mut Cursor) -> Read<()> {
        let name = cursor.any_word()?;
        cursor.eat("constant");
        let other = |kind| Variable {
            name: name.clone(),
            kind,
        };
        if cursor.eat("alias")
            || cursor.eat("record")
            || cursor.eat("refcursor")
            || cursor.is("cursor")
            || cursor.is_phrase("no scroll")
            || cursor.is("scroll")
        {
            self.out.variables.push(other(VariableKind::Other));
            return Ok(());
        }
        let back = cursor.at;
        let written = cursor.object_name()?;
        if cursor.eat_symbol("%") {
            if cursor.eat("rowtype") {
                self.out.variables.push(other(VariableKind::Row(written)));
            } else {
                cursor.expect("type")?;
                let kind = match written.schema {
                    Some(table) => VariableKind::Column(ObjectName::bare(table), written.name),
                    None => VariableKind::Other,
                };
                self.out.variables.push(other(kind));
            }
        } else if cursor.is_symbol(".") {
            // `s.t.c%TYPE`
            self.out.variables.push(other(VariableKind::Other));
            return Ok(());
        } else {
            cursor.at = back;
            let data_type = read_type(cursor)?;
            self.out
                .variables
                .push(other(VariableKind::Typed(data_type)));
        }
        if cursor.eat("collate") {
            cursor.object_name()?;
        }
        cursor.eat("not null");
        if cursor.eat("default") || cursor.eat_symbol(":=") || cursor.eat_symbol("=") {
            self.expression(cursor, &[";"]);
            cursor.at = cursor.at.saturating_sub(1);
        }
        Ok(())
    }
}

/// `SELECT value`
fn select_of(value: Expr) -> Statement {
    let span = value.span;
    Statement::Query(Box::new(Query {
        body: Body::Select(Box::new(Select {
            items: vec![Item { value, alias: None }],
            span,
            ..Select::default()
        })),
        ..Query::default()
    }))
}

/// The tokens without `INTO [STRICT] a, b.c`, which names variables.
fn without_into(tokens: &[Token], text: &str) -> Vec<Token> {
    let mut depth = 0usize;
    let mut out = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if token.is_symbol(text, "(") {
            depth += 1;
        } else if token.is_symbol(text, ")") {
            depth = depth.saturating_sub(1);
        }
        let before = at.checked_sub(1).map(|before| tokens[before]);
        let names_table =
            before.is_some_and(|it| it.is_word(text, "insert") || it.is_word(text, "merge"));
        if depth == 0 && token.is_word(text, "into") && !names_table {
            at += 1;
            if tokens.get(at).is_some_and(|it| it.is_word(text, "strict")) {
                at += 1;
            }
            // A name, then what goes on: `.field`, `[1]`, `, name`.
            while tokens.get(at).is_some_and(|it| it.is_name()) {
                at += 1;
                while tokens.get(at).is_some_and(|it| it.is_symbol(text, ".")) {
                    at += 2;
                }
                if tokens.get(at).is_some_and(|it| it.is_symbol(text, "[")) {
                    while tokens.get(at).is_some_and(|it| !it.is_symbol(text, "]")) {
                        at += 1;
                    }
                    at += 1;
                }
                if !tokens.get(at).is_some_and(|it| it.is_symbol(text, ",")) {
                    break;
                }
                at += 1;
            }
            continue;
        }
        out.push(*token);
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statements_of_a_body_are_found() {
        let text = "#variable_conflict use_column
            <<outer>> DECLARE a int := 1; r t%ROWTYPE; c t.c%TYPE; x RECORD; k CONSTANT text DEFAULT 'a';
            BEGIN
              SELECT id, name INTO STRICT a, x.name FROM t WHERE id = a;
              IF a > 1 AND CASE WHEN a = 2 THEN true ELSE false END THEN
                INSERT INTO t (id) VALUES (a) RETURNING id INTO a;
              ELSIF a = 3 THEN PERFORM f(a); ELSE x := g(a); END IF;
              FOR i IN 1..10 LOOP UPDATE t SET id = i; END LOOP;
              FOR r IN SELECT * FROM t LOOP DELETE FROM t WHERE id = r.id; END LOOP;
              CASE a WHEN 1 THEN NULL; ELSE RAISE NOTICE 'x %', a; END CASE;
              EXECUTE 'SELECT 1';
              RETURN QUERY SELECT 1;
              RETURN a + 1;
            EXCEPTION WHEN others THEN RETURN 2;
            END outer;";
        let body = plpgsql_body(text);
        assert!(body.is_unread && body.prefers_columns);
        let names: Vec<&str> = body.variables.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["a", "r", "c", "x", "k", "i", "r"]);
        let kinds: Vec<&str> = body
            .statements
            .iter()
            .map(|it| match &it.statement {
                Statement::Query(query) => match &query.body {
                    Body::Select(select) => select.span.of(text),
                    _ => "query",
                },
                Statement::Insert(_) => "insert",
                Statement::Update(_) => "update",
                Statement::Delete(_) => "delete",
                _ => "other",
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "1",
                "'a'",
                "SELECT id, name INTO STRICT a, x.name FROM t WHERE id = a",
                "a > 1 AND CASE WHEN a = 2 THEN true ELSE false END",
                "insert",
                "a = 3",
                "f(a)",
                "g(a)",
                "1",
                "10",
                "update",
                "SELECT * FROM t",
                "delete",
                "a",
                "1",
                "SELECT 1",
                "a + 1",
                "2",
            ]
        );
        assert!(body.statements.iter().skip(2).all(|it| !it.is_certain));
    }

    #[test]
    fn after_what_was_not_read_nothing_is_sure() {
        for text in [
            "BEGIN CREATE TEMP TABLE tmp AS SELECT a FROM b WHERE c = 1; DELETE FROM tmp; END",
            "BEGIN EXECUTE 'CREATE TEMP TABLE tmp (a int)'; DELETE FROM tmp; END",
            "DECLARE y int; BEGIN DROP TABLE x; y := 1; END",
        ] {
            let body = plpgsql_body(text);
            assert!(body.is_unread, "{text}");
            let last = body.statements.last().expect("one is read");
            assert!(!last.is_certain, "{text}");
        }
    }

    #[test]
    fn what_is_sure_to_run_is_told_apart() {
        let text =
            "BEGIN DELETE FROM a; IF x THEN DELETE FROM b; END IF; DELETE FROM c; RETURN NEW; END";
        let certain: Vec<bool> = plpgsql_body(text)
            .statements
            .iter()
            .map(|it| it.is_certain)
            .collect();
        assert_eq!(certain, [true, true, false, true]);
    }
}
