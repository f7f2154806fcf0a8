//! Tokens to the tree of a statement.
//!
//! A recursive descent over the grammar of PostgreSQL. Its depth is bounded ([`DEEPEST`]), the same
//! bound holds for the height of the tree, and where two readings are possible the second is tried
//! a bounded number of times: no text exhausts the stack or the patience.

use super::tree::{
    Assignment, Body, Call, CommonTable, ConflictTarget, Delete, Expr, ExprKind, FromItem,
    FromSource, Grouping, Insert, Item, Join, JoinCondition, JoinKind, Merge, MergeAction,
    MergeBranch, MergeRows, Named, OnConflict, Overriding, Query, RowsOf, Select, SetOperation,
    SortKey, Statement, Target, Update, Window, With, Word,
};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::types::SqlType;
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::lower::read_type;
use crate::sql::token::{self, Token, TokenKind};

/// How deep constructs may nest.
const DEEPEST: u16 = 60;

/// How many operators may follow one another from left to right.
const LONGEST: u16 = 400;

/// How often a second reading is tried.
const PATIENCE: u16 = 40;

/// Words of types and functions: no names of tables, columns or their aliases.
const NO_ALIAS: [&str; 23] = [
    "authorization",
    "binary",
    "collation",
    "concurrently",
    "cross",
    "current_schema",
    "freeze",
    "full",
    "ilike",
    "inner",
    "is",
    "isnull",
    "join",
    "left",
    "like",
    "natural",
    "notnull",
    "outer",
    "overlaps",
    "right",
    "similar",
    "tablesample",
    "verbose",
];

/// Words that can name a result column only after `AS`.
const NO_LABEL: [&str; 38] = [
    "array",
    "as",
    "char",
    "character",
    "create",
    "day",
    "except",
    "fetch",
    "filter",
    "for",
    "from",
    "grant",
    "group",
    "having",
    "hour",
    "intersect",
    "into",
    "isnull",
    "limit",
    "minute",
    "month",
    "notnull",
    "offset",
    "on",
    "order",
    "over",
    "overlaps",
    "precision",
    "returning",
    "second",
    "to",
    "union",
    "varying",
    "where",
    "window",
    "with",
    "within",
    "without",
];

/// Words that begin a statement which looks no name of the schema up.
const SESSION: [&str; 23] = [
    "abort",
    "begin",
    "checkpoint",
    "close",
    "commit",
    "deallocate",
    "discard",
    "end",
    "fetch",
    "listen",
    "load",
    "move",
    "notify",
    "release",
    "reset",
    "rollback",
    "savepoint",
    "set",
    "show",
    "start",
    "unlisten",
    "execute",
    "prepare transaction",
];

/// How tightly the constructs bind, as the manual's table of precedence has it.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const IS: u8 = 4;
const COMPARISON: u8 = 5;
const MEMBERSHIP: u8 = 6;
const OTHER: u8 = 7;
const SUM: u8 = 8;
const PRODUCT: u8 = 9;
const POWER: u8 = 10;
const ZONE: u8 = 11;
const COLLATE: u8 = 12;
const SIGN: u8 = 13;

/// Reads one statement.
pub(super) struct Reader<'a> {
    cursor: Cursor<'a>,
    depth: u16,
    patience: u16,
}

impl<'a> Reader<'a> {
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        Reader {
            cursor,
            depth: 0,
            patience: PATIENCE,
        }
    }

    /// The whole statement; nothing may follow it.
    pub(super) fn whole(&mut self) -> Read<Statement> {
        let statement = self.statement()?;
        while self.cursor.eat_symbol(";") {}
        self.cursor.expect_end()?;
        Ok(statement)
    }

    /// The whole text as one expression.
    pub(super) fn whole_expression(&mut self) -> Read<Expr> {
        let value = self.expression(0)?;
        self.cursor.expect_end()?;
        Ok(value)
    }

    /// What would follow `SELECT`; nothing may follow it.
    pub(super) fn after_select(&mut self) -> Read<Query> {
        let start = self.cursor.at;
        let select = self.select(start)?;
        let mut query = Query {
            body: Body::Select(Box::new(select)),
            ..Query::default()
        };
        self.tail(&mut query)?;
        self.cursor.expect_end()?;
        Ok(query)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEEPEST {
            return Err(Refused("it nests too deep".to_owned()));
        }
        self.depth += 1;
        let outcome = read(self);
        self.depth -= 1;
        outcome
    }

    fn expr(&self, start: usize, kind: ExprKind) -> Expr {
        Expr {
            span: self.cursor.span_from(start),
            kind: Box::new(kind),
        }
    }

    fn word(&mut self) -> Read<Word> {
        let start = self.cursor.at;
        let name = self.cursor.ident()?;
        Ok(Word {
            name,
            span: self.cursor.span_from(start),
        })
    }

    fn words(&mut self) -> Read<Vec<Word>> {
        self.cursor.expect_symbol("(")?;
        let mut all = vec![self.word()?];
        while self.cursor.eat_symbol(",") {
            all.push(self.word()?);
        }
        self.cursor.expect_symbol(")")?;
        Ok(all)
    }

    fn named(&mut self) -> Read<Named> {
        let start = self.cursor.at;
        let name = self.cursor.object_name()?;
        Ok(Named {
            name,
            span: self.cursor.span_from(start),
        })
    }

    /// A table with `ONLY` or `*`: whether it is alone.
    fn table(&mut self) -> Read<(Named, bool)> {
        if self.cursor.eat("only") {
            let closes = self.cursor.eat_symbol("(");
            let name = self.named()?;
            if closes {
                self.cursor.expect_symbol(")")?;
            }
            return Ok((name, true));
        }
        let name = self.named()?;
        self.cursor.eat_symbol("*");
        Ok((name, false))
    }

    fn tables(&mut self) -> Read<Vec<Named>> {
        let mut all = vec![self.table()?.0];
        while self.cursor.eat_symbol(",") {
            all.push(self.table()?.0);
        }
        Ok(all)
    }

    fn begins_query(&self, ahead: usize) -> bool {
        ["select", "with", "values", "table"]
            .iter()
            .any(|word| self.cursor.is_at(ahead, word))
    }

    fn opens_at(&self, ahead: usize) -> bool {
        self.cursor
            .peek_at(ahead)
            .is_some_and(|token| token.is_symbol(self.cursor.text, "("))
    }

    /// Whether a query begins after any number of opening parentheses.
    fn opens_query(&self) -> bool {
        let mut ahead = 0;
        while self.opens_at(ahead) {
            ahead += 1;
        }
        ahead > 0 && self.begins_query(ahead)
    }

    // Statements.

    fn statement(&mut self) -> Read<Statement> {
        let with = if self.cursor.is("with") {
            Some(self.with()?)
        } else {
            None
        };
        self.statement_with(with)
    }

    fn statement_with(&mut self, with: Option<With>) -> Read<Statement> {
        let cursor = &mut self.cursor;
        if cursor.eat("insert into") {
            return self.insert(with).map(|it| Statement::Insert(Box::new(it)));
        }
        if cursor.is("update") {
            cursor.at += 1;
            return self.update(with).map(|it| Statement::Update(Box::new(it)));
        }
        if cursor.eat("delete from") {
            return self.delete(with).map(|it| Statement::Delete(Box::new(it)));
        }
        if cursor.eat("merge into") {
            return self.merge(with).map(|it| Statement::Merge(Box::new(it)));
        }
        if with.is_some() || self.begins_query(0) || self.opens_at(0) {
            let mut query = self.query()?;
            if query.with.is_some() && with.is_some() {
                return Err(Refused("a query has one WITH".to_owned()));
            }
            if with.is_some() {
                query.with = with;
            }
            return Ok(Statement::Query(Box::new(query)));
        }
        self.other_statement()
    }

    fn other_statement(&mut self) -> Read<Statement> {
        let cursor = &mut self.cursor;
        if cursor.eat("explain") {
            if cursor.is_symbol("(") {
                cursor.parentheses()?;
            }
            while cursor.eat_any(&["analyze", "verbose"]) {}
            return self.deeper(Self::statement);
        }
        if cursor.is("declare") {
            cursor.at += 2;
            cursor.until(|cursor| cursor.is("for"))?;
            cursor.expect("for")?;
            return self.deeper(Self::statement);
        }
        if cursor.is("prepare") && !cursor.is_at(1, "transaction") {
            cursor.at += 2;
            if cursor.is_symbol("(") {
                cursor.parentheses()?;
            }
            cursor.expect("as")?;
            return self.deeper(Self::statement);
        }
        if cursor.eat("truncate") {
            cursor.eat("table");
            let mut tables = vec![self.table()?];
            while self.cursor.eat_symbol(",") {
                tables.push(self.table()?);
            }
            let from = self.cursor.at;
            self.skip_words()?;
            let words = from..self.cursor.at;
            let mut words = words.map(|at| self.cursor.tokens[at]);
            let cascades = words.any(|it| it.is_word(self.cursor.text, "cascade"));
            return Ok(Statement::Truncate(tables, cascades));
        }
        if cursor.eat("lock") {
            cursor.eat("table");
            let tables = self.tables()?;
            self.skip_words()?;
            return Ok(Statement::Lock(tables));
        }
        if cursor.eat("refresh materialized view") {
            let concurrently = cursor.eat("concurrently");
            let view = self.named()?;
            self.skip_words()?;
            return Ok(Statement::Refresh(view, concurrently));
        }
        if cursor.is("analyze") || cursor.is("vacuum") || cursor.is("analyse") {
            cursor.at += 1;
            if cursor.is_symbol("(") {
                cursor.parentheses()?;
            }
            while cursor.eat_any(&["full", "freeze", "verbose", "analyze"]) {}
            let mut tables = Vec::new();
            while !self.cursor.is_done() && !self.cursor.is_symbol(";") {
                tables.push(self.table()?.0);
                if self.cursor.is_symbol("(") {
                    self.words()?;
                }
                if !self.cursor.eat_symbol(",") {
                    break;
                }
            }
            return Ok(Statement::Touch(tables));
        }
        if cursor.eat("call") {
            let call = self.deeper(|it| it.expression(0))?;
            return match &*call.kind {
                ExprKind::Call(_) => Ok(Statement::Call(Box::new(call))),
                _ => Err(Refused("CALL wants a procedure".to_owned())),
            };
        }
        if cursor.eat("copy") {
            return self.copy();
        }
        if SESSION.iter().any(|phrase| cursor.is_phrase(phrase)) {
            cursor.at = cursor.tokens.len();
            return Ok(Statement::Session);
        }
        Err(cursor.refuse("a query"))
    }

    /// `CASCADE`, `IN ACCESS SHARE MODE NOWAIT`: words that name nothing.
    fn skip_words(&mut self) -> Read<()> {
        while let Some(token) = self.cursor.peek() {
            if token.kind != TokenKind::Word {
                break;
            }
            self.cursor.at += 1;
        }
        Ok(())
    }

    fn copy(&mut self) -> Read<Statement> {
        if self.cursor.is_symbol("(") {
            self.cursor.at += 1;
            let statement = self.deeper(Self::statement)?;
            self.cursor.expect_symbol(")")?;
            self.cursor.expect("to")?;
            self.cursor.at = self.cursor.tokens.len();
            return Ok(statement);
        }
        let table = self.named()?;
        let columns = if self.cursor.is_symbol("(") {
            self.words()?
        } else {
            Vec::new()
        };
        let writes = self.cursor.eat("from");
        if !writes {
            self.cursor.expect("to")?;
        }
        let mut options = Vec::new();
        while self.cursor.next().is_some() {
            let forces = self.cursor.eat("force_null")
                || self.cursor.eat("force_not_null")
                || self.cursor.eat("force_quote");
            if forces && self.cursor.is_symbol("(") {
                options.extend(self.words()?);
            }
        }
        Ok(Statement::Copy {
            table,
            columns,
            options,
            writes,
        })
    }

    fn with(&mut self) -> Read<With> {
        self.cursor.expect("with")?;
        let recursive = self.cursor.eat("recursive");
        let mut tables = Vec::new();
        loop {
            tables.push(self.deeper(Self::common_table)?);
            if !self.cursor.eat_symbol(",") {
                return Ok(With { recursive, tables });
            }
        }
    }

    fn common_table(&mut self) -> Read<CommonTable> {
        let name = self.word()?;
        let columns = if self.cursor.is_symbol("(") {
            self.cursor.ident_list()?
        } else {
            Vec::new()
        };
        self.cursor.expect("as")?;
        self.cursor.eat("not");
        self.cursor.eat("materialized");
        self.cursor.expect_symbol("(")?;
        let statement = self.statement()?;
        self.cursor.expect_symbol(")")?;
        let mut added = Vec::new();
        if self.cursor.eat("search") {
            self.cursor.eat_any(&["breadth", "depth"]);
            self.cursor.expect("first by")?;
            self.cursor.list(Cursor::ident)?;
            self.cursor.expect("set")?;
            added.push(self.cursor.ident()?);
        }
        if self.cursor.eat("cycle") {
            self.cursor.list(Cursor::ident)?;
            self.cursor.expect("set")?;
            added.push(self.cursor.ident()?);
            if self.cursor.eat("to") {
                self.expression(OTHER)?;
                self.cursor.expect("default")?;
                self.expression(OTHER)?;
            }
            self.cursor.expect("using")?;
            added.push(self.cursor.ident()?);
        }
        Ok(CommonTable {
            name,
            columns,
            statement,
            added,
        })
    }

    fn insert(&mut self, with: Option<With>) -> Read<Insert> {
        let table = self.named()?;
        let alias = if self.cursor.eat("as") {
            Some(self.word()?)
        } else {
            None
        };
        let mut columns = Vec::new();
        if self.cursor.is_symbol("(") && !self.opens_query() {
            columns = self.targets()?;
        }
        let overriding = self.overriding()?;
        let source = if self.cursor.eat("default values") {
            None
        } else {
            Some(self.query()?)
        };
        let start = self.cursor.at;
        let on_conflict = if self.cursor.eat("on conflict") {
            Some(self.on_conflict(start)?)
        } else {
            None
        };
        let returning = self.returning()?;
        Ok(Insert {
            with,
            table,
            alias,
            columns,
            overriding,
            source,
            on_conflict,
            returning,
        })
    }

    fn overriding(&mut self) -> Read<Option<Overriding>> {
        if !self.cursor.eat("overriding") {
            return Ok(None);
        }
        let which = if self.cursor.eat("system") {
            Overriding::System
        } else {
            self.cursor.expect("user")?;
            Overriding::User
        };
        self.cursor.expect("value")?;
        Ok(Some(which))
    }

    /// `(a, b[1], c.d)`
    fn targets(&mut self) -> Read<Vec<Target>> {
        self.cursor.expect_symbol("(")?;
        let mut all = vec![self.target()?];
        while self.cursor.eat_symbol(",") {
            all.push(self.target()?);
        }
        self.cursor.expect_symbol(")")?;
        Ok(all)
    }

    fn target(&mut self) -> Read<Target> {
        let column = self.word()?;
        let mut subscripts = Vec::new();
        let mut is_part = false;
        let mut field = None;
        loop {
            if self.cursor.eat_symbol(".") {
                let start = self.cursor.at;
                let name = self.cursor.any_word()?;
                let span = self.cursor.span_from(start);
                // The field of a field is not looked up.
                if field.is_none() && subscripts.is_empty() {
                    field = Some(Word { name, span });
                }
            } else if self.cursor.eat_symbol("[") {
                subscripts.extend(self.subscript()?.0);
            } else {
                break;
            }
            is_part = true;
        }
        Ok(Target {
            column,
            is_part,
            field,
            subscripts,
        })
    }

    fn on_conflict(&mut self, start: usize) -> Read<OnConflict> {
        let mut target = ConflictTarget::Any;
        if self.cursor.eat("on constraint") {
            target = ConflictTarget::Constraint(self.word()?);
        } else if self.cursor.eat_symbol("(") {
            let mut keys = Vec::new();
            loop {
                keys.push(self.deeper(|it| it.expression(0))?);
                // An operator class, and an order that means nothing.
                let orders = ["asc", "desc", "nulls"];
                let is_class = self.cursor.peek().is_some_and(Token::is_name)
                    && !orders.iter().any(|word| self.cursor.is(word));
                if is_class {
                    self.cursor.object_name()?;
                }
                self.cursor.eat_any(&["asc", "desc"]);
                self.cursor.eat_any(&["nulls first", "nulls last"]);
                if !self.cursor.eat_symbol(",") {
                    break;
                }
            }
            self.cursor.expect_symbol(")")?;
            let predicate = self.where_clause()?;
            target = ConflictTarget::Keys(keys, predicate);
        }
        let span = self.cursor.span_from(start);
        if self.cursor.eat("do nothing") {
            return Ok(OnConflict {
                target,
                update: None,
                span,
            });
        }
        self.cursor.expect("do update set")?;
        let set = self.assignments()?;
        let filter = self.where_clause()?;
        Ok(OnConflict {
            target,
            update: Some((set, filter)),
            span,
        })
    }

    fn where_clause(&mut self) -> Read<Option<Expr>> {
        if !self.cursor.eat("where") {
            return Ok(None);
        }
        let start = self.cursor.at;
        if self.cursor.eat("current of") {
            self.cursor.next();
            return Ok(Some(self.expr(start, ExprKind::CurrentOf)));
        }
        self.expression(0).map(Some)
    }

    fn returning(&mut self) -> Read<Vec<Item>> {
        if !self.cursor.eat("returning") {
            return Ok(Vec::new());
        }
        if self.cursor.eat("with") {
            // PostgreSQL 18: RETURNING WITH (OLD AS o, NEW AS n)
            return Err(Refused("RETURNING WITH is not read".to_owned()));
        }
        self.items()
    }

    fn assignments(&mut self) -> Read<Vec<Assignment>> {
        let mut all = Vec::new();
        loop {
            let is_row = self.cursor.is_symbol("(");
            let targets = if is_row {
                self.targets()?
            } else {
                vec![self.target()?]
            };
            self.cursor.expect_symbol("=")?;
            let value = self.expression(0)?;
            all.push(Assignment {
                targets,
                value,
                is_row,
            });
            if !self.cursor.eat_symbol(",") {
                return Ok(all);
            }
        }
    }

    /// `[AS] name` after the table that a statement writes; `SET` and `USING` are no aliases.
    fn written_alias(&mut self, stops: &[&str]) -> Read<Option<Word>> {
        if self.cursor.eat("as") {
            return self.word().map(Some);
        }
        let next = self.cursor.peek();
        let is_alias = next.is_some_and(|token| {
            self.cursor.is_name(token) && !stops.iter().any(|stop| self.cursor.is(stop))
        });
        if is_alias {
            return self.word().map(Some);
        }
        Ok(None)
    }

    fn update(&mut self, with: Option<With>) -> Read<Update> {
        let (table, _) = self.table()?;
        let alias = self.written_alias(&["set"])?;
        self.cursor.expect("set")?;
        let set = self.assignments()?;
        let from = if self.cursor.eat("from") {
            self.source_list()?
        } else {
            Vec::new()
        };
        let filter = self.where_clause()?;
        let returning = self.returning()?;
        Ok(Update {
            with,
            table,
            alias,
            set,
            from,
            filter,
            returning,
        })
    }

    fn delete(&mut self, with: Option<With>) -> Read<Delete> {
        let (table, _) = self.table()?;
        let alias = self.written_alias(&["using", "where", "returning"])?;
        let using = if self.cursor.eat("using") {
            self.source_list()?
        } else {
            Vec::new()
        };
        let filter = self.where_clause()?;
        let returning = self.returning()?;
        Ok(Delete {
            with,
            table,
            alias,
            using,
            filter,
            returning,
        })
    }

    fn merge(&mut self, with: Option<With>) -> Read<Merge> {
        let (table, _) = self.table()?;
        let alias = self.written_alias(&["using"])?;
        self.cursor.expect("using")?;
        let source = self.source_item()?;
        self.cursor.expect("on")?;
        let on = self.expression(0)?;
        let mut branches = Vec::new();
        while self.cursor.eat("when") {
            branches.push(self.merge_branch()?);
        }
        let returning = self.returning()?;
        Ok(Merge {
            with,
            table,
            alias,
            source,
            on,
            branches,
            returning,
        })
    }

    fn merge_branch(&mut self) -> Read<MergeBranch> {
        let negated = self.cursor.eat("not");
        self.cursor.expect("matched")?;
        let rows = if !negated {
            MergeRows::Matched
        } else if self.cursor.eat("by source") {
            MergeRows::OnlyTarget
        } else {
            self.cursor.eat("by target");
            MergeRows::OnlySource
        };
        let condition = if self.cursor.eat("and") {
            Some(self.expression(0)?)
        } else {
            None
        };
        self.cursor.expect("then")?;
        let action = if self.cursor.eat("do nothing") || self.cursor.eat("delete") {
            MergeAction::Plain
        } else if self.cursor.eat("update set") {
            MergeAction::Update(self.assignments()?)
        } else {
            self.cursor.expect("insert")?;
            let columns = if self.cursor.is_symbol("(") {
                self.targets()?
            } else {
                Vec::new()
            };
            let overriding = self.overriding()?;
            let values = if self.cursor.eat("default values") {
                None
            } else {
                self.cursor.expect("values")?;
                Some(self.list()?)
            };
            MergeAction::Insert {
                columns,
                overriding,
                values,
            }
        };
        Ok(MergeBranch {
            rows,
            condition,
            action,
        })
    }

    // Queries.

    fn query(&mut self) -> Read<Query> {
        self.deeper(Self::query_here)
    }

    fn query_here(&mut self) -> Read<Query> {
        let with = if self.cursor.is("with") {
            Some(self.with()?)
        } else {
            None
        };
        let mut query = self.set_operations()?;
        if with.is_some() {
            if query.with.is_some() {
                // `WITH a AS (…) (WITH b AS (…) SELECT …)`
                query = Query {
                    body: Body::Set(Box::new(query), Vec::new()),
                    ..Query::default()
                };
            }
            query.with = with;
        }
        Ok(query)
    }

    /// Operands with `UNION` and `EXCEPT` between them, and what stands after the last.
    fn set_operations(&mut self) -> Read<Query> {
        let first = self.intersections()?;
        let mut rest = Vec::new();
        loop {
            let name = if self.cursor.eat("union") {
                "UNION"
            } else if self.cursor.eat("except") {
                "EXCEPT"
            } else {
                break;
            };
            let all = self.cursor.eat("all");
            self.cursor.eat("distinct");
            rest.push((SetOperation { name, all }, self.intersections()?));
        }
        let mut tail = Query::default();
        self.tail(&mut tail)?;
        let has_tail = !tail.order_by.is_empty()
            || tail.limit.is_some()
            || tail.offset.is_some()
            || !tail.locking.is_empty();
        if rest.is_empty() && !has_tail {
            return Ok(first);
        }
        // What stands after a single select without parentheses is its own.
        let is_plain = rest.is_empty()
            && first.with.is_none()
            && first.order_by.is_empty()
            && first.limit.is_none()
            && first.offset.is_none()
            && first.locking.is_empty();
        tail.body = if is_plain {
            first.body
        } else {
            Body::Set(Box::new(first), rest)
        };
        Ok(tail)
    }

    fn intersections(&mut self) -> Read<Query> {
        let first = self.operand()?;
        let mut rest = Vec::new();
        while self.cursor.eat("intersect") {
            let all = self.cursor.eat("all");
            self.cursor.eat("distinct");
            let name = "INTERSECT";
            rest.push((SetOperation { name, all }, self.operand()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Query {
            body: Body::Set(Box::new(first), rest),
            ..Query::default()
        })
    }

    /// A select, a list of values or a query in parentheses.
    fn operand(&mut self) -> Read<Query> {
        if self.cursor.eat_symbol("(") {
            let query = self.query()?;
            self.cursor.expect_symbol(")")?;
            return Ok(query);
        }
        let start = self.cursor.at;
        let body = if self.cursor.eat("values") {
            let mut rows = vec![self.list()?];
            while self.cursor.eat_symbol(",") {
                rows.push(self.list()?);
            }
            Body::Values(rows)
        } else if self.cursor.eat("table") {
            let (table, only) = self.table()?;
            let star = self.expr(start, ExprKind::Star(Vec::new()));
            Body::Select(Box::new(Select {
                items: vec![Item {
                    value: star,
                    alias: None,
                }],
                from: vec![FromItem {
                    source: FromSource::Table(table, only),
                    alias: None,
                    columns: Vec::new(),
                    lateral: false,
                    sample: None,
                }],
                span: self.cursor.span_from(start),
                ..Select::default()
            }))
        } else {
            self.cursor.expect("select")?;
            Body::Select(Box::new(self.select(start)?))
        };
        Ok(Query {
            body,
            ..Query::default()
        })
    }

    fn select(&mut self, start: usize) -> Read<Select> {
        let mut select = Select::default();
        if self.cursor.eat("distinct") {
            select.distinct = Some(if self.cursor.eat("on") {
                self.list()?
            } else {
                Vec::new()
            });
        } else {
            self.cursor.eat("all");
        }
        let ends = [
            "from", "where", "group", "having", "window", "order", "union", "limit",
        ];
        let is_empty = self.cursor.is_done()
            || self.cursor.is_symbol(")")
            || self.cursor.is_symbol(";")
            || ends.iter().any(|word| self.cursor.is(word));
        if !is_empty {
            select.items = self.items()?;
        }
        if self.cursor.is("into") {
            return Err(Refused("SELECT INTO makes a table".to_owned()));
        }
        if self.cursor.eat("from") {
            select.from = self.source_list()?;
        }
        select.filter = self.where_clause()?;
        if self.cursor.eat("group by") {
            self.cursor.eat_any(&["all", "distinct"]);
            select.group_by = self.groupings()?;
        }
        if self.cursor.eat("having") {
            select.having = Some(self.expression(0)?);
        }
        if self.cursor.eat("window") {
            loop {
                let name = self.word()?;
                self.cursor.expect("as")?;
                select.windows.push((name, self.window()?));
                if !self.cursor.eat_symbol(",") {
                    break;
                }
            }
        }
        select.span = self.cursor.span_from(start);
        Ok(select)
    }

    fn groupings(&mut self) -> Read<Vec<Grouping>> {
        let mut all = Vec::new();
        loop {
            all.push(self.deeper(Self::grouping)?);
            if !self.cursor.eat_symbol(",") {
                return Ok(all);
            }
        }
    }

    fn grouping(&mut self) -> Read<Grouping> {
        let has_sets = (self.cursor.is("rollup") || self.cursor.is("cube")) && self.opens_at(1);
        if has_sets || self.cursor.is_phrase("grouping sets") {
            self.cursor.at += if has_sets { 1 } else { 2 };
            self.cursor.expect_symbol("(")?;
            let all = self.groupings()?;
            self.cursor.expect_symbol(")")?;
            return Ok(Grouping::Sets(all));
        }
        let closes = self
            .cursor
            .peek_at(1)
            .is_some_and(|token| token.is_symbol(self.cursor.text, ")"));
        if self.cursor.is_symbol("(") && closes {
            self.cursor.at += 2;
            return Ok(Grouping::Sets(Vec::new()));
        }
        let value = self.expression(0)?;
        // `GROUP BY (a, b)` groups by both.
        if let ExprKind::Row(parts) = *value.kind {
            return Ok(Grouping::Sets(
                parts.into_iter().map(Grouping::One).collect(),
            ));
        }
        Ok(Grouping::One(value))
    }

    /// `ORDER BY`, `LIMIT`, `OFFSET`, `FETCH`, `FOR UPDATE`, in the orders that the server allows.
    fn tail(&mut self, query: &mut Query) -> Read<()> {
        if self.cursor.eat("order by") {
            query.order_by = self.sort_keys()?;
        }
        loop {
            if self.cursor.eat("limit") {
                if !self.cursor.eat("all") {
                    query.limit = Some(self.expression(0)?);
                }
                // MySQL's `LIMIT a, b` is refused by the server.
            } else if self.cursor.eat("offset") {
                query.offset = Some(self.expression(0)?);
                self.cursor.eat_any(&["rows", "row"]);
            } else if self.cursor.eat("fetch") {
                self.cursor.eat_any(&["first", "next"]);
                if !self.cursor.is("rows") && !self.cursor.is("row") {
                    query.limit = Some(self.expression(SUM)?);
                }
                self.cursor.eat_any(&["rows", "row"]);
                if !self.cursor.eat("only") {
                    self.cursor.expect("with ties")?;
                }
            } else if self.cursor.is("for") {
                self.cursor.at += 1;
                if self.cursor.eat("read only") {
                    continue;
                }
                self.cursor.eat_any(&["no key", "key"]);
                if !self.cursor.eat_any(&["update", "share"]) {
                    return Err(self.cursor.refuse("`UPDATE`"));
                }
                let mut names = Vec::new();
                if self.cursor.eat("of") {
                    names.push(self.word()?);
                    while self.cursor.eat_symbol(",") {
                        names.push(self.word()?);
                    }
                }
                self.cursor.eat_any(&["nowait", "skip locked"]);
                query.locking.push(names);
            } else {
                return Ok(());
            }
        }
    }

    fn sort_keys(&mut self) -> Read<Vec<SortKey>> {
        let mut all = Vec::new();
        loop {
            let value = self.expression(0)?;
            let operator = if self.cursor.eat("using") {
                self.cursor
                    .next()
                    .map(|token| token.text(self.cursor.text).to_owned())
            } else {
                None
            };
            self.cursor.eat_any(&["asc", "desc"]);
            self.cursor.eat_any(&["nulls first", "nulls last"]);
            all.push(SortKey { value, operator });
            if !self.cursor.eat_symbol(",") {
                return Ok(all);
            }
        }
    }

    fn items(&mut self) -> Read<Vec<Item>> {
        let mut all = Vec::new();
        loop {
            let start = self.cursor.at;
            let value = if self.cursor.eat_symbol("*") {
                self.expr(start, ExprKind::Star(Vec::new()))
            } else {
                self.expression(0)?
            };
            let alias = self.label()?;
            all.push(Item { value, alias });
            if !self.cursor.eat_symbol(",") {
                return Ok(all);
            }
        }
    }

    fn label(&mut self) -> Read<Option<Ident>> {
        if self.cursor.eat("as") {
            return self.cursor.any_word().map(Some);
        }
        let is_label = self.cursor.peek().is_some_and(|token| match token.kind {
            TokenKind::Quoted => true,
            TokenKind::Word => !token::is_listed(token.text(self.cursor.text), &NO_LABEL),
            TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Placeholder
            | TokenKind::Operator
            | TokenKind::Symbol => false,
        });
        if is_label {
            return self.cursor.any_word().map(Some);
        }
        Ok(None)
    }

    fn source_list(&mut self) -> Read<Vec<FromItem>> {
        let mut all = vec![self.source_item()?];
        while self.cursor.eat_symbol(",") {
            all.push(self.source_item()?);
        }
        Ok(all)
    }

    /// One element with what is joined to it.
    fn source_item(&mut self) -> Read<FromItem> {
        self.deeper(|it| {
            let mut left = it.source_primary()?;
            let mut joins = 0;
            while let Some((kind, natural, cross)) = it.join_words()? {
                joins += 1;
                if joins > LONGEST {
                    return Err(Refused("it joins too many tables".to_owned()));
                }
                let right = if cross || natural {
                    it.source_primary()?
                } else {
                    it.source_joined()?
                };
                let condition = if natural {
                    JoinCondition::Natural
                } else if cross {
                    JoinCondition::None
                } else {
                    it.join_condition()?
                };
                left = FromItem {
                    source: FromSource::Join(Box::new(Join {
                        left,
                        right,
                        kind,
                        condition,
                    })),
                    alias: None,
                    columns: Vec::new(),
                    lateral: false,
                    sample: None,
                };
            }
            Ok(left)
        })
    }

    /// The right side of a join that has a condition: `a JOIN b JOIN c ON … ON …` nests.
    fn source_joined(&mut self) -> Read<FromItem> {
        let mut right = self.source_primary()?;
        let goes_on = |it: &Self| {
            let words = ["join", "inner", "left", "right", "full", "cross", "natural"];
            words.iter().any(|word| it.cursor.is(word))
        };
        if goes_on(self) {
            right = self.deeper(|it| {
                let Some((kind, natural, cross)) = it.join_words()? else {
                    return Err(it.cursor.refuse("`JOIN`"));
                };
                let next = it.source_joined()?;
                let condition = if natural {
                    JoinCondition::Natural
                } else if cross {
                    JoinCondition::None
                } else {
                    it.join_condition()?
                };
                Ok(FromItem {
                    source: FromSource::Join(Box::new(Join {
                        left: right,
                        right: next,
                        kind,
                        condition,
                    })),
                    alias: None,
                    columns: Vec::new(),
                    lateral: false,
                    sample: None,
                })
            })?;
        }
        Ok(right)
    }

    /// The words of a join, if one comes next: its kind, whether it is natural, whether cross.
    fn join_words(&mut self) -> Read<Option<(JoinKind, bool, bool)>> {
        let cursor = &mut self.cursor;
        if cursor.eat("cross join") {
            return Ok(Some((JoinKind::Inner, false, true)));
        }
        let natural = cursor.eat("natural");
        let kind = if cursor.eat("left") {
            JoinKind::Left
        } else if cursor.eat("right") {
            JoinKind::Right
        } else if cursor.eat("full") {
            JoinKind::Full
        } else {
            if !cursor.eat("inner") && !cursor.is("join") {
                return if natural {
                    Err(cursor.refuse("`JOIN`"))
                } else {
                    Ok(None)
                };
            }
            JoinKind::Inner
        };
        cursor.eat("outer");
        cursor.expect("join")?;
        Ok(Some((kind, natural, false)))
    }

    fn join_condition(&mut self) -> Read<JoinCondition> {
        if self.cursor.eat("using") {
            let columns = self.words()?;
            let alias = if self.cursor.eat("as") {
                Some(self.word()?)
            } else {
                None
            };
            return Ok(JoinCondition::Using(columns, alias));
        }
        self.cursor.expect("on")?;
        self.expression(0).map(JoinCondition::On)
    }

    fn source_primary(&mut self) -> Read<FromItem> {
        let lateral = self.cursor.eat("lateral");
        let (source, columns) = self.row_source()?;
        let mut item = FromItem {
            source,
            alias: None,
            columns: Vec::new(),
            lateral,
            sample: None,
        };
        if let Some(columns) = columns {
            // `f() AS (a int)`
            if let FromSource::Calls { calls, .. } = &mut item.source
                && let Some(call) = calls.first_mut()
            {
                call.columns = columns;
            }
            return Ok(item);
        }
        let has_alias = self.cursor.eat("as")
            || self.cursor.peek().is_some_and(|token| {
                self.cursor.is_name(token)
                    && !(token.kind == TokenKind::Word
                        && token::is_listed(token.text(self.cursor.text), &NO_ALIAS))
            });
        if has_alias {
            item.alias = Some(self.word()?);
            if self.cursor.is_symbol("(") {
                self.alias_columns(&mut item)?;
            }
        }
        if self.cursor.eat("tablesample") {
            let start = self.cursor.at;
            let name = self.cursor.object_name()?.name;
            let span = self.cursor.span_from(start);
            item.sample = Some(Word { name, span });
            self.cursor.parentheses()?;
            if self.cursor.eat("repeatable") {
                self.cursor.parentheses()?;
            }
        }
        Ok(item)
    }

    /// `(a, b)` or `(a int, b text)` after an alias.
    fn alias_columns(&mut self, item: &mut FromItem) -> Read<()> {
        let typed = self.cursor.peek_at(2).is_some_and(|token| {
            !token.is_symbol(self.cursor.text, ",") && !token.is_symbol(self.cursor.text, ")")
        });
        if !typed {
            item.columns = self.cursor.ident_list()?;
            return Ok(());
        }
        let columns = self.column_definitions()?;
        match &mut item.source {
            FromSource::Calls { calls, .. } if calls.len() == 1 => {
                calls[0].columns = columns;
                Ok(())
            }
            _ => Err(self.cursor.refuse("a list of names")),
        }
    }

    /// `(a int, b text)`
    fn column_definitions(&mut self) -> Read<Vec<(Ident, SqlType)>> {
        self.cursor.expect_symbol("(")?;
        let columns = self.cursor.list(|cursor| {
            let name = cursor.any_word()?;
            let data_type = read_type(cursor)?;
            if cursor.eat("collate") {
                cursor.object_name()?;
            }
            Ok((name, data_type))
        })?;
        self.cursor.expect_symbol(")")?;
        Ok(columns)
    }

    /// Where rows come from; and `AS (a int)`, where a call has it without a name.
    #[expect(clippy::type_complexity, reason = "used once")]
    fn row_source(&mut self) -> Read<(FromSource, Option<Vec<(Ident, SqlType)>>)> {
        if self.cursor.is_symbol("(") {
            return self.source_parentheses().map(|source| (source, None));
        }
        if self.cursor.is("only") {
            let (table, only) = self.table()?;
            return Ok((FromSource::Table(table, only), None));
        }
        if self.cursor.is_phrase("rows from") && self.opens_at(2) {
            self.cursor.at += 3;
            let mut calls = Vec::new();
            loop {
                let call = self.deeper(|it| it.expression(SIGN))?;
                let columns = if self.cursor.eat("as") {
                    self.column_definitions()?
                } else {
                    Vec::new()
                };
                calls.push(RowsOf { call, columns });
                if !self.cursor.eat_symbol(",") {
                    break;
                }
            }
            self.cursor.expect_symbol(")")?;
            let ordinality = self.cursor.eat("with ordinality");
            return Ok((FromSource::Calls { calls, ordinality }, None));
        }
        if (self.cursor.is("xmltable") || self.cursor.is("json_table")) && self.opens_at(1) {
            return self.table_function().map(|source| (source, None));
        }
        let start = self.cursor.at;
        let special = [
            "current_date",
            "current_timestamp",
            "current_user",
            "cast",
            "coalesce",
        ];
        let by_keyword = special.iter().any(|word| self.cursor.is(word));
        if !by_keyword {
            let (table, only) = self.table()?;
            if !self.cursor.is_symbol("(") {
                return Ok((FromSource::Table(table, only), None));
            }
            self.cursor.at = start;
        }
        let call = self.deeper(|it| it.expression(SIGN))?;
        let ordinality = self.cursor.eat("with ordinality");
        let calls = vec![RowsOf {
            call,
            columns: Vec::new(),
        }];
        let source = FromSource::Calls { calls, ordinality };
        if self.cursor.is("as") && self.opens_at(1) {
            self.cursor.at += 1;
            let columns = self.column_definitions()?;
            return Ok((source, Some(columns)));
        }
        Ok((source, None))
    }

    fn source_parentheses(&mut self) -> Read<FromSource> {
        let start = self.cursor.at;
        if self.opens_query() {
            self.cursor.at += 1;
            let outcome = self.query().and_then(|query| {
                self.cursor.expect_symbol(")")?;
                Ok(FromSource::Query(Box::new(query)))
            });
            match outcome {
                Ok(source) => return Ok(source),
                Err(refused) if self.patience == 0 || self.begins_query_after(start) => {
                    return Err(refused);
                }
                Err(_) => {
                    self.patience -= 1;
                    self.cursor.at = start;
                }
            }
        }
        self.cursor.expect_symbol("(")?;
        let item = self.source_item()?;
        self.cursor.expect_symbol(")")?;
        Ok(match item {
            FromItem {
                source: FromSource::Join(join),
                alias: None,
                ..
            } => FromSource::Join(join),
            _ => return Err(self.cursor.refuse("`JOIN`")),
        })
    }

    /// Whether a query stands right behind the parenthesis at `start`: then it is nothing else.
    fn begins_query_after(&self, start: usize) -> bool {
        let mut cursor = self.cursor.clone();
        cursor.at = start + 1;
        ["select", "with", "values", "table"]
            .iter()
            .any(|word| cursor.is(word))
    }

    /// `XMLTABLE (…)`, `JSON_TABLE (…)`: what is read before `COLUMNS`, and the columns.
    fn table_function(&mut self) -> Read<FromSource> {
        self.cursor.at += 1;
        let range = self.cursor.parentheses()?;
        let end = range.end;
        let back = self.cursor.at;
        self.cursor.at = range.start;
        let mut read = Vec::new();
        while self.cursor.at < end && !self.cursor.is("columns") {
            if self.cursor.eat_symbol(",")
                || self.cursor.eat_any(&["passing", "by ref", "by value"])
            {
                continue;
            }
            if self.cursor.eat("xmlnamespaces") {
                self.cursor.parentheses()?;
                continue;
            }
            read.push(self.deeper(|it| it.expression(0))?);
            if self.cursor.eat("as") {
                self.cursor.any_word()?;
            }
        }
        let mut columns = Vec::new();
        if self.cursor.eat("columns") {
            let nested = self.cursor.eat_symbol("(");
            while self.cursor.at < end {
                if self.cursor.is("nested") {
                    return Err(Refused("NESTED columns are not read".to_owned()));
                }
                let name = self.cursor.any_word()?;
                if self.cursor.eat("for ordinality") {
                    columns.push((name, SqlType::builtin("int4")));
                } else {
                    columns.push((name, read_type(&mut self.cursor)?));
                }
                let mut depth = 0usize;
                while self.cursor.at < end {
                    if depth == 0 && (self.cursor.is_symbol(",") || self.cursor.is_symbol(")")) {
                        break;
                    }
                    if self.cursor.is_symbol("(") {
                        depth += 1;
                    } else if self.cursor.is_symbol(")") {
                        depth -= 1;
                    }
                    self.cursor.at += 1;
                }
                if !self.cursor.eat_symbol(",") {
                    break;
                }
            }
            if nested {
                self.cursor.expect_symbol(")")?;
            }
        }
        self.cursor.at = back;
        Ok(FromSource::Special(read, columns))
    }

    fn window(&mut self) -> Read<Window> {
        self.cursor.expect_symbol("(")?;
        let mut window = Window::default();
        let words = ["partition", "order", "range", "rows", "groups"];
        let is_name = self
            .cursor
            .peek()
            .is_some_and(|token| token.is_name() && !words.iter().any(|word| self.cursor.is(word)));
        if is_name {
            window.base = Some(self.word()?);
        }
        if self.cursor.eat("partition by") {
            window.partition_by = self.expressions()?;
        }
        if self.cursor.eat("order by") {
            window.order_by = self.sort_keys()?;
        }
        window.is_range = self.cursor.is("range");
        if self.cursor.eat_any(&["range", "rows", "groups"]) {
            let between = self.cursor.eat("between");
            self.frame_bound(&mut window)?;
            if between {
                self.cursor.expect("and")?;
                self.frame_bound(&mut window)?;
            }
            if self.cursor.eat("exclude") {
                self.cursor
                    .eat_any(&["current row", "group", "ties", "no others"]);
            }
        }
        self.cursor.expect_symbol(")")?;
        Ok(window)
    }

    fn frame_bound(&mut self, window: &mut Window) -> Read<()> {
        let fixed = ["unbounded preceding", "unbounded following", "current row"];
        if self.cursor.eat_any(&fixed) {
            return Ok(());
        }
        window.frame.push(self.expression(OTHER)?);
        if self.cursor.eat_any(&["preceding", "following"]) {
            return Ok(());
        }
        Err(self.cursor.refuse("`PRECEDING`"))
    }

    // Expressions.

    fn expressions(&mut self) -> Read<Vec<Expr>> {
        let mut all = vec![self.expression(0)?];
        while self.cursor.eat_symbol(",") {
            all.push(self.expression(0)?);
        }
        Ok(all)
    }

    /// `(a, b)`; empty for `()`.
    fn list(&mut self) -> Read<Vec<Expr>> {
        self.cursor.expect_symbol("(")?;
        if self.cursor.eat_symbol(")") {
            return Ok(Vec::new());
        }
        let all = self.deeper(Self::expressions)?;
        self.cursor.expect_symbol(")")?;
        Ok(all)
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Read<Expr> {
        self.deeper(|it| {
            let start = it.cursor.at;
            let mut left = it.prefix()?;
            let mut links = 0;
            loop {
                let (next, more) = it.infix(start, least, left)?;
                if !more {
                    return Ok(next);
                }
                links += u16::from(!matches!(*next.kind, ExprKind::And(_) | ExprKind::Or(_)));
                if links > LONGEST {
                    return Err(Refused("a chain of operators is too long".to_owned()));
                }
                left = next;
            }
        })
    }

    fn prefix(&mut self) -> Read<Expr> {
        let start = self.cursor.at;
        if self.cursor.eat("not") {
            let value = self.expression(NOT)?;
            return Ok(self.expr(start, ExprKind::Not(value)));
        }
        let Some(token) = self.cursor.peek() else {
            return Err(self.cursor.refuse("an expression"));
        };
        if token.kind != TokenKind::Operator || self.cursor.is_symbol("*") {
            return self.primary();
        }
        let operator = token.text(self.cursor.text).to_owned();
        self.cursor.at += 1;
        let sign = operator == "-" || operator == "+";
        let value = self.expression(if sign { SIGN } else { OTHER })?;
        if sign && let ExprKind::Number(number) = &*value.kind {
            let number = match (operator.as_str(), number.strip_prefix('-')) {
                ("+", _) => number.clone(),
                (_, Some(rest)) => rest.to_owned(),
                (_, None) => format!("-{number}"),
            };
            return Ok(self.expr(start, ExprKind::Number(number)));
        }
        Ok(self.expr(start, ExprKind::Operator(operator, None, value)))
    }

    /// The operand with what follows it, where that binds at least as tightly as `least`; false
    /// where nothing does.
    fn infix(&mut self, start: usize, least: u8, left: Expr) -> Read<(Expr, bool)> {
        let Some(token) = self.cursor.peek() else {
            return Ok((left, false));
        };
        let text = token.text(self.cursor.text);
        let kind = match token.kind {
            TokenKind::Operator | TokenKind::Symbol if text == "::" => {
                self.cursor.at += 1;
                let data_type = read_type(&mut self.cursor)?;
                ExprKind::Cast(left, data_type)
            }
            TokenKind::Symbol if text == "[" => {
                self.cursor.at += 1;
                let (subscripts, slice) = self.subscript()?;
                ExprKind::Element(left, subscripts, slice)
            }
            TokenKind::Symbol if text == "." => {
                self.cursor.at += 1;
                if self.cursor.eat_symbol("*") {
                    ExprKind::FieldStar(left)
                } else {
                    let field = self.cursor.any_word()?;
                    ExprKind::Field(left, field)
                }
            }
            TokenKind::Operator | TokenKind::Symbol => {
                let binds = match text {
                    "<" | ">" | "=" | "<=" | ">=" | "<>" | "!=" => COMPARISON,
                    "+" | "-" => SUM,
                    "*" | "/" | "%" => PRODUCT,
                    "^" => POWER,
                    ")" | "]" | "," | ":" | "(" | ";" | "=>" | ":=" | "}" | "{" => {
                        return Ok((left, false));
                    }
                    _ => OTHER,
                };
                if binds < least {
                    return Ok((left, false));
                }
                let operator = text.to_owned();
                self.cursor.at += 1;
                self.operation(&operator, binds, left)?
            }
            TokenKind::Word => return self.keyword_infix(start, least, left),
            TokenKind::Quoted
            | TokenKind::String
            | TokenKind::Number
            | TokenKind::Parameter
            | TokenKind::Placeholder => return Ok((left, false)),
        };
        Ok((self.expr(start, kind), true))
    }

    /// What stands in `[…]`, after the opening bracket; true for a slice.
    fn subscript(&mut self) -> Read<(Vec<Expr>, bool)> {
        let mut all = Vec::new();
        let mut slice = self.cursor.eat_symbol(":");
        if !self.cursor.is_symbol("]") {
            all.push(self.expression(0)?);
            if self.cursor.eat_symbol(":") {
                slice = true;
                if !self.cursor.is_symbol("]") {
                    all.push(self.expression(0)?);
                }
            }
        }
        self.cursor.expect_symbol("]")?;
        Ok((all, slice))
    }

    /// What an operator makes of the operand on its left.
    fn operation(&mut self, operator: &str, binds: u8, left: Expr) -> Read<ExprKind> {
        let operator = if operator == "!=" { "<>" } else { operator };
        let quantified = ["any", "some", "all"].iter().any(|it| self.cursor.is(it));
        if quantified && self.opens_at(1) {
            self.cursor.at += 1;
            if self.opens_query() {
                let back = self.cursor.at;
                self.cursor.at += 1;
                let outcome = self.query().and_then(|query| {
                    self.cursor.expect_symbol(")")?;
                    Ok(query)
                });
                match outcome {
                    Ok(query) => {
                        let query = Box::new(query);
                        return Ok(ExprKind::QuantifiedQuery(operator.to_owned(), left, query));
                    }
                    Err(refused) if self.patience == 0 || self.begins_query_after(back) => {
                        return Err(refused);
                    }
                    Err(_) => {
                        self.patience -= 1;
                        self.cursor.at = back;
                    }
                }
            }
            self.cursor.expect_symbol("(")?;
            let right = self.expression(0)?;
            self.cursor.expect_symbol(")")?;
            return Ok(ExprKind::Quantified(operator.to_owned(), left, right));
        }
        let right = self.expression(binds + 1)?;
        Ok(ExprKind::Operator(operator.to_owned(), Some(left), right))
    }

    fn keyword_infix(&mut self, start: usize, least: u8, left: Expr) -> Read<(Expr, bool)> {
        let negated = self.cursor.is("not");
        let ahead = usize::from(negated);
        let membership = ["in", "between", "like", "ilike", "similar"]
            .into_iter()
            .find(|word| self.cursor.is_at(ahead, word));
        if let Some(word) = membership {
            if MEMBERSHIP < least {
                return Ok((left, false));
            }
            self.cursor.at += ahead + 1;
            let kind = self.membership(word, negated, left)?;
            return Ok((self.expr(start, kind), true));
        }
        if negated {
            return Ok((left, false));
        }
        let cursor = &mut self.cursor;
        let kind = if cursor.is("and") && AND >= least {
            cursor.at += 1;
            let right = self.expression(AND + 1)?;
            match *left.kind {
                ExprKind::And(mut all) => {
                    all.push(right);
                    ExprKind::And(all)
                }
                kind => ExprKind::And(vec![
                    Expr {
                        span: left.span,
                        kind: Box::new(kind),
                    },
                    right,
                ]),
            }
        } else if cursor.is("or") && OR >= least {
            cursor.at += 1;
            let right = self.expression(OR + 1)?;
            match *left.kind {
                ExprKind::Or(mut all) => {
                    all.push(right);
                    ExprKind::Or(all)
                }
                kind => ExprKind::Or(vec![
                    Expr {
                        span: left.span,
                        kind: Box::new(kind),
                    },
                    right,
                ]),
            }
        } else if cursor.is("is") && IS >= least {
            cursor.at += 1;
            self.test(left)?
        } else if (cursor.is("isnull") || cursor.is("notnull")) && IS >= least {
            let negated = cursor.is("notnull");
            cursor.at += 1;
            ExprKind::IsNull(left, negated)
        } else if cursor.is_phrase("at time zone") && ZONE >= least {
            cursor.at += 3;
            let zone = self.expression(ZONE + 1)?;
            keyword_call("timezone", vec![zone, left])
        } else if cursor.is_phrase("at local") && ZONE >= least {
            cursor.at += 2;
            keyword_call("timezone", vec![left])
        } else if cursor.is("collate") && COLLATE >= least {
            cursor.at += 1;
            let collation = cursor.object_name()?;
            ExprKind::Collate(left, collation)
        } else if cursor.is("overlaps") && OTHER >= least {
            cursor.at += 1;
            let right = self.expression(OTHER + 1)?;
            match (*left.kind, *right.kind) {
                (ExprKind::Row(mut left), ExprKind::Row(right)) => {
                    left.extend(right);
                    ExprKind::Overlaps(left)
                }
                _ => return Err(self.cursor.refuse("rows around OVERLAPS")),
            }
        } else if cursor.is("operator") && self.opens_at(1) && OTHER >= least {
            self.cursor.at += 1;
            let operator = self.qualified_operator()?;
            self.operation(&operator, OTHER, left)?
        } else {
            return Ok((left, false));
        };
        Ok((self.expr(start, kind), true))
    }

    /// `OPERATOR(public.<->)`, after the word: the operator alone.
    fn qualified_operator(&mut self) -> Read<String> {
        let range = self.cursor.parentheses()?;
        let mut part = self.cursor.part(range);
        while part.peek().is_some_and(Token::is_name) {
            part.any_word()?;
            part.expect_symbol(".")?;
        }
        let token = part.next().ok_or_else(|| part.refuse("an operator"))?;
        part.expect_end()?;
        Ok(token.text(part.text).to_owned())
    }

    fn membership(&mut self, word: &str, negated: bool, left: Expr) -> Read<ExprKind> {
        match word {
            "in" => {
                let operator = if negated { "<>" } else { "=" };
                if self.opens_query() {
                    let back = self.cursor.at;
                    self.cursor.at += 1;
                    let outcome = self.query().and_then(|query| {
                        self.cursor.expect_symbol(")")?;
                        Ok(query)
                    });
                    match outcome {
                        Ok(query) => {
                            return Ok(ExprKind::QuantifiedQuery(
                                operator.to_owned(),
                                left,
                                Box::new(query),
                            ));
                        }
                        Err(refused) if self.patience == 0 || self.begins_query_after(back) => {
                            return Err(refused);
                        }
                        Err(_) => {
                            self.patience -= 1;
                            self.cursor.at = back;
                        }
                    }
                }
                let all = self.list()?;
                if all.is_empty() {
                    return Err(self.cursor.refuse("an expression"));
                }
                Ok(ExprKind::In(left, all, negated))
            }
            "between" => {
                self.cursor.eat_any(&["symmetric", "asymmetric"]);
                let low = self.expression(OTHER)?;
                self.cursor.expect("and")?;
                let high = self.expression(OTHER)?;
                Ok(ExprKind::Between(left, low, high))
            }
            "similar" => {
                self.cursor.expect("to")?;
                let start = self.cursor.at;
                let mut arguments = vec![self.expression(OTHER)?];
                if self.cursor.eat("escape") {
                    arguments.push(self.expression(OTHER)?);
                }
                let pattern = self.expr(start, keyword_call("similar_to_escape", arguments));
                let operator = if negated { "!~" } else { "~" };
                Ok(ExprKind::Operator(operator.to_owned(), Some(left), pattern))
            }
            like => {
                let operator = match (like, negated) {
                    ("like", false) => "~~",
                    ("like", true) => "!~~",
                    (_, false) => "~~*",
                    (_, true) => "!~~*",
                };
                let quantified = ["any", "some", "all"].iter().any(|it| self.cursor.is(it));
                if quantified && self.opens_at(1) {
                    return self.operation(operator, MEMBERSHIP, left);
                }
                let start = self.cursor.at;
                let mut pattern = self.expression(OTHER)?;
                if self.cursor.eat("escape") {
                    let escape = self.expression(OTHER)?;
                    let call = keyword_call("like_escape", vec![pattern, escape]);
                    pattern = self.expr(start, call);
                }
                Ok(ExprKind::Operator(operator.to_owned(), Some(left), pattern))
            }
        }
    }

    /// What follows `IS`.
    fn test(&mut self, left: Expr) -> Read<ExprKind> {
        let negated = self.cursor.eat("not");
        if self.cursor.eat("distinct from") {
            let right = self.expression(IS + 1)?;
            return Ok(ExprKind::Distinct(left, right));
        }
        if self.cursor.eat("null") {
            return Ok(ExprKind::IsNull(left, negated));
        }
        for word in ["true", "false", "unknown"] {
            if self.cursor.eat(word) {
                return Ok(ExprKind::IsTruth(left, word, negated));
            }
        }
        if self.cursor.eat("json") {
            self.cursor.eat_any(&["value", "array", "object", "scalar"]);
            if self.cursor.eat_any(&["with unique", "without unique"]) {
                self.cursor.eat("keys");
            }
            return Ok(ExprKind::IsForm(left));
        }
        self.cursor.eat_any(&["nfc", "nfd", "nfkc", "nfkd"]);
        if self.cursor.eat_any(&["document", "normalized"]) {
            return Ok(ExprKind::IsForm(left));
        }
        Err(self.cursor.refuse("`NULL`"))
    }

    fn primary(&mut self) -> Read<Expr> {
        let start = self.cursor.at;
        let Some(token) = self.cursor.peek() else {
            return Err(self.cursor.refuse("an expression"));
        };
        let text = token.text(self.cursor.text);
        let kind = match token.kind {
            TokenKind::Number => {
                self.cursor.at += 1;
                ExprKind::Number(text.to_ascii_lowercase())
            }
            TokenKind::String => {
                if text.starts_with(['b', 'B', 'x', 'X']) {
                    self.cursor.at += 1;
                    ExprKind::Bits
                } else {
                    ExprKind::Text(self.cursor.string()?)
                }
            }
            TokenKind::Parameter => {
                let number = text.strip_prefix('$').and_then(|it| it.parse().ok());
                let Some(number) = number else {
                    return Err(self.cursor.refuse("an expression"));
                };
                self.cursor.at += 1;
                ExprKind::Parameter(number)
            }
            TokenKind::Symbol if text == "(" => return self.parentheses(start),
            TokenKind::Word | TokenKind::Quoted => return self.name(start),
            TokenKind::Symbol | TokenKind::Operator | TokenKind::Placeholder => {
                return Err(self.cursor.refuse("an expression"));
            }
        };
        Ok(self.expr(start, kind))
    }

    fn parentheses(&mut self, start: usize) -> Read<Expr> {
        if self.begins_query(1) {
            return self.scalar(start);
        }
        let opens_query = self.opens_query();
        let outcome = self.list();
        let goes_on = ["union", "intersect", "except", "order", "limit", "offset"];
        let is_query = opens_query
            && match &outcome {
                Ok(_) => false,
                Err(_) => goes_on.iter().any(|word| self.cursor.is(word)),
            };
        if is_query && self.patience > 0 {
            self.patience -= 1;
            self.cursor.at = start;
            return self.scalar(start);
        }
        let mut all = outcome?;
        match all.len() {
            1 => {
                let mut one = all.remove(0);
                // `(t.*)` is the row.
                if let ExprKind::Star(parts) = &*one.kind {
                    if parts.is_empty() {
                        return Err(self.cursor.refuse("an expression"));
                    }
                    one.kind = Box::new(ExprKind::Name(parts.clone()));
                }
                one.span = self.cursor.span_from(start);
                Ok(one)
            }
            0 => Err(self.cursor.refuse("an expression")),
            _ => Ok(self.expr(start, ExprKind::Row(all))),
        }
    }

    fn scalar(&mut self, start: usize) -> Read<Expr> {
        self.cursor.expect_symbol("(")?;
        let query = self.query()?;
        self.cursor.expect_symbol(")")?;
        Ok(self.expr(start, ExprKind::Scalar(Box::new(query))))
    }

    /// What begins with a word.
    fn name(&mut self, start: usize) -> Read<Expr> {
        let Some(token) = self.cursor.peek() else {
            return Err(self.cursor.refuse("an expression"));
        };
        let opens = self.opens_at(1);
        if token.kind == TokenKind::Word {
            let word = token.text(self.cursor.text);
            if word.starts_with(':') {
                return Err(self.cursor.refuse("an expression"));
            }
            let word = word.to_ascii_lowercase();
            if let Some(kind) = self.special(&word, opens)? {
                return Ok(self.expr(start, kind));
            }
        }
        if self.may_be_typed_literal()
            && let Some(kind) = self.typed_literal()?
        {
            return Ok(self.expr(start, kind));
        }
        let reserved =
            token.kind == TokenKind::Word && token::is_reserved(token.text(self.cursor.text));
        if reserved && !(opens && self.is_function_word(token)) {
            return Err(self.cursor.refuse("an expression"));
        }
        let mut parts = vec![self.cursor.any_word()?];
        while self.cursor.is_symbol(".") {
            self.cursor.at += 1;
            if self.cursor.eat_symbol("*") {
                return Ok(self.expr(start, ExprKind::Star(parts)));
            }
            parts.push(self.cursor.any_word()?);
        }
        if !self.cursor.is_symbol("(") {
            return Ok(self.expr(start, ExprKind::Name(parts)));
        }
        let Some(name) = parts.pop() else {
            return Err(self.cursor.refuse("a name"));
        };
        let schema = parts.pop();
        let call = self.call(ObjectName { schema, name })?;
        Ok(self.expr(start, ExprKind::Call(Box::new(call))))
    }

    /// `left(…)`, `right(…)`: words of types and functions that are no names of columns.
    fn is_function_word(&self, token: Token) -> bool {
        token::is_listed(token.text(self.cursor.text), &NO_ALIAS)
    }

    fn call(&mut self, name: ObjectName) -> Read<Call> {
        let mut call = Call {
            name,
            arguments: Vec::new(),
            star: false,
            variadic: false,
            distinct: false,
            order_by: Vec::new(),
            within_group: Vec::new(),
            filter: None,
            over: None,
            by_keyword: false,
        };
        self.cursor.expect_symbol("(")?;
        self.deeper(|it| it.arguments(&mut call))?;
        self.cursor.expect_symbol(")")?;
        if self.cursor.eat("within group") {
            self.cursor.expect_symbol("(")?;
            self.cursor.expect("order by")?;
            call.within_group = self.deeper(Self::sort_keys)?;
            self.cursor.expect_symbol(")")?;
        }
        if self.cursor.is("filter") && self.opens_at(1) {
            self.cursor.at += 2;
            call.filter = self.where_clause()?;
            self.cursor.expect_symbol(")")?;
        }
        if self.cursor.eat("over") {
            call.over = Some(if self.cursor.is_symbol("(") {
                self.deeper(Self::window)?
            } else {
                Window {
                    base: Some(self.word()?),
                    ..Window::default()
                }
            });
        }
        Ok(call)
    }

    fn arguments(&mut self, call: &mut Call) -> Read<()> {
        if self.cursor.is_symbol(")") {
            return Ok(());
        }
        let ends = self
            .cursor
            .peek_at(1)
            .is_some_and(|token| token.is_symbol(self.cursor.text, ")"));
        if self.cursor.is_symbol("*") && ends {
            self.cursor.at += 1;
            call.star = true;
            return Ok(());
        }
        call.distinct = self.cursor.eat("distinct");
        self.cursor.eat("all");
        loop {
            if self.cursor.eat("variadic") {
                call.variadic = true;
            }
            let is_named = self.cursor.peek().is_some_and(Token::is_name)
                && self.cursor.peek_at(1).is_some_and(|token| {
                    let text = self.cursor.text;
                    token.is_symbol(text, "=>") || token.is_symbol(text, ":=")
                });
            let name = if is_named {
                let name = self.cursor.any_word()?;
                self.cursor.at += 1;
                Some(name)
            } else {
                None
            };
            call.arguments.push((name, self.expression(0)?));
            if !self.cursor.eat_symbol(",") {
                break;
            }
        }
        if self.cursor.eat("order by") {
            call.order_by = self.sort_keys()?;
        }
        Ok(())
    }

    /// Whether a string follows within what a type's name can be.
    fn may_be_typed_literal(&self) -> bool {
        let text = self.cursor.text;
        let mut parentheses = 0usize;
        for ahead in 0..10 {
            let Some(token) = self.cursor.peek_at(ahead) else {
                return false;
            };
            match token.kind {
                TokenKind::String => return ahead > 0 && parentheses == 0,
                TokenKind::Word | TokenKind::Quoted => {}
                TokenKind::Number if parentheses > 0 => {}
                TokenKind::Symbol if token.is_symbol(text, "(") => parentheses += 1,
                TokenKind::Symbol if token.is_symbol(text, ")") => {
                    let Some(left) = parentheses.checked_sub(1) else {
                        return false;
                    };
                    parentheses = left;
                }
                TokenKind::Symbol if token.is_symbol(text, ".") => {}
                TokenKind::Symbol if token.is_symbol(text, ",") && parentheses > 0 => {}
                TokenKind::Number
                | TokenKind::Parameter
                | TokenKind::Placeholder
                | TokenKind::Operator
                | TokenKind::Symbol => return false,
            }
        }
        false
    }

    /// `date '2024-01-01'`, `timestamp with time zone '…'`, `interval '1' day`.
    fn typed_literal(&mut self) -> Read<Option<ExprKind>> {
        let mut ahead = self.cursor.clone();
        let Ok(data_type) = read_type(&mut ahead) else {
            return Ok(None);
        };
        let at = ahead.at;
        if ahead.peek().is_none_or(|it| it.kind != TokenKind::String) {
            return Ok(None);
        }
        let Ok(value) = ahead.string() else {
            return Ok(None);
        };
        self.cursor.at = ahead.at;
        let literal = Expr {
            span: self.cursor.span_from(at),
            kind: Box::new(ExprKind::Text(value)),
        };
        let units = ["year", "month", "day", "hour", "minute", "second"];
        if data_type.builtin_name() == Some("interval") && self.cursor.eat_any(&units) {
            if self.cursor.is_symbol("(") {
                self.cursor.parentheses()?;
            }
            if self.cursor.eat("to") {
                self.cursor.eat_any(&units);
                if self.cursor.is_symbol("(") {
                    self.cursor.parentheses()?;
                }
            }
        }
        Ok(Some(ExprKind::Cast(literal, data_type)))
    }

    /// What the grammar spells with a keyword.
    fn special(&mut self, word: &str, opens: bool) -> Read<Option<ExprKind>> {
        let kind = match word {
            "null" => {
                self.cursor.at += 1;
                ExprKind::Null
            }
            "true" | "false" => {
                self.cursor.at += 1;
                ExprKind::Bool(word == "true")
            }
            "default" => {
                self.cursor.at += 1;
                ExprKind::Default
            }
            "current_date" | "current_time" | "current_timestamp" | "localtime"
            | "localtimestamp" | "current_user" | "session_user" | "user" | "current_role"
            | "system_user" | "current_catalog" | "current_schema" => {
                self.cursor.at += 1;
                if opens {
                    self.cursor.parentheses()?;
                }
                ExprKind::Keyword(word.to_owned())
            }
            "case" => {
                self.cursor.at += 1;
                self.case()?
            }
            "array" => {
                self.cursor.at += 1;
                if opens {
                    self.cursor.at += 1;
                    let query = self.query()?;
                    self.cursor.expect_symbol(")")?;
                    ExprKind::ArrayQuery(Box::new(query))
                } else {
                    self.array()?
                }
            }
            "row" if opens => {
                self.cursor.at += 1;
                ExprKind::Row(self.list()?)
            }
            "exists" if opens => {
                self.cursor.at += 2;
                let query = self.query()?;
                self.cursor.expect_symbol(")")?;
                ExprKind::Exists(Box::new(query))
            }
            "cast" if opens => {
                self.cursor.at += 2;
                let value = self.expression(0)?;
                self.cursor.expect("as")?;
                let data_type = read_type(&mut self.cursor)?;
                self.cursor.expect_symbol(")")?;
                ExprKind::Cast(value, data_type)
            }
            "extract" if opens => {
                let start = self.cursor.at;
                self.cursor.at += 2;
                let field = match self.cursor.string() {
                    Ok(field) => field,
                    Err(_) => self.cursor.any_word()?.as_str().to_owned(),
                };
                self.cursor.expect("from")?;
                let field = self.expr(start, ExprKind::Text(field));
                let value = self.expression(0)?;
                self.cursor.expect_symbol(")")?;
                keyword_call("extract", vec![field, value])
            }
            "trim" if opens => self.trim()?,
            "substring" | "overlay" if opens => self.substring(word)?,
            "position" if opens => {
                self.cursor.at += 2;
                let part = self.expression(OTHER)?;
                self.cursor.expect("in")?;
                let whole = self.expression(OTHER)?;
                self.cursor.expect_symbol(")")?;
                keyword_call("position", vec![whole, part])
            }
            "collation" if self.cursor.is_at(1, "for") => {
                self.cursor.at += 2;
                let value = self.list()?;
                keyword_call("pg_collation_for", value)
            }
            "normalize" if opens => {
                self.cursor.at += 2;
                let mut arguments = vec![self.expression(0)?];
                if self.cursor.eat_symbol(",") {
                    let start = self.cursor.at;
                    let form = self.cursor.any_word()?.as_str().to_owned();
                    arguments.push(self.expr(start, ExprKind::Text(form)));
                }
                self.cursor.expect_symbol(")")?;
                keyword_call("normalize", arguments)
            }
            "coalesce" | "greatest" | "least" | "nullif" | "grouping" if opens => {
                self.cursor.at += 1;
                let name = ["coalesce", "greatest", "least", "nullif", "grouping"]
                    .into_iter()
                    .find(|it| *it == word)
                    .unwrap_or("coalesce");
                let all = self.list()?;
                if all.is_empty() {
                    return Err(self.cursor.refuse("an expression"));
                }
                ExprKind::Special(name, all, None)
            }
            "operator" if opens => {
                self.cursor.at += 1;
                let operator = self.qualified_operator()?;
                let value = self.expression(OTHER)?;
                ExprKind::Operator(operator, None, value)
            }
            _ if opens && (word.starts_with("xml") || word.starts_with("json_")) => {
                return self.constructor(word);
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// `XMLELEMENT(…)`, `JSON_OBJECT(…)`: what the grammar reads with words between.
    fn constructor(&mut self, word: &str) -> Read<Option<ExprKind>> {
        const XML: [&str; 8] = [
            "xmlconcat",
            "xmlelement",
            "xmlexists",
            "xmlforest",
            "xmlparse",
            "xmlpi",
            "xmlroot",
            "xmlserialize",
        ];
        const JSON: [(&str, &str); 10] = [
            ("json_array", "json"),
            ("json_arrayagg", "json"),
            ("json_exists", "bool"),
            ("json_objectagg", "json"),
            ("json_query", "jsonb"),
            ("json_scalar", "json"),
            ("json_serialize", "text"),
            ("json_value", "text"),
            ("json_object", "json"),
            ("json_table", "json"),
        ];
        let xml = XML.into_iter().find(|it| *it == word);
        let json = JSON.into_iter().find(|(it, _)| *it == word);
        let (name, result) = match (xml, json) {
            (Some(name), _) => (
                name,
                match name {
                    "xmlexists" => "bool",
                    "xmlserialize" => "text",
                    _ => "xml",
                },
            ),
            (None, Some(("json_object", _))) => {
                // Where it is written as a call it is one.
                let start = self.cursor.at;
                self.cursor.at += 1;
                match self.call(ObjectName::bare("json_object")) {
                    Ok(call) => return Ok(Some(ExprKind::Call(Box::new(call)))),
                    Err(refused) if self.patience == 0 => return Err(refused),
                    Err(_) => {
                        self.patience -= 1;
                        self.cursor.at = start;
                    }
                }
                ("json_object", "json")
            }
            (None, Some(found)) => found,
            (None, None) => return Ok(None),
        };
        self.cursor.at += 1;
        let range = self.cursor.parentheses()?;
        let back = self.cursor.at;
        self.cursor.at = range.start;
        let mut all = Vec::new();
        let mut result = SqlType::builtin(result);
        let words = [
            "name",
            "content",
            "document",
            "version",
            "standalone",
            "yes",
            "no",
            "value",
            "passing",
            "by",
            "ref",
            "null",
            "on",
            "absent",
            "error",
            "empty",
            "with",
            "without",
            "unique",
            "keys",
            "format",
            "json",
            "key",
            "wrapper",
            "conditional",
            "unconditional",
            "omit",
            "keep",
            "quotes",
            "scalar",
            "string",
            "strip",
            "preserve",
            "whitespace",
            "indent",
            "default",
            "order",
            "asc",
            "desc",
            "true",
            "false",
            "unknown",
        ];
        while self.cursor.at < range.end {
            if self.cursor.eat_symbol(",") || self.cursor.eat_symbol(":") {
                continue;
            }
            if self.cursor.is("name") {
                self.cursor.at += 2;
                continue;
            }
            if self.cursor.is("xmlattributes") && self.opens_at(1) {
                self.cursor.at += 2;
                loop {
                    all.push(self.deeper(|it| it.expression(0))?);
                    if self.cursor.eat("as") {
                        self.cursor.any_word()?;
                    }
                    if !self.cursor.eat_symbol(",") {
                        break;
                    }
                }
                self.cursor.expect_symbol(")")?;
                continue;
            }
            let cursor = &mut self.cursor;
            if cursor.eat("returning") || cursor.eat("as") {
                // `AS` names a part, or says the type of XMLSERIALIZE.
                if name == "xmlserialize" || !name.starts_with("xml") {
                    let mut ahead = cursor.clone();
                    if let Ok(data_type) = read_type(&mut ahead) {
                        cursor.at = ahead.at;
                        result = data_type;
                        continue;
                    }
                }
                cursor.any_word()?;
                continue;
            }
            let is_word = words.iter().any(|word| cursor.is(word));
            let next_ends = cursor.at + 1 >= range.end
                || cursor
                    .peek_at(1)
                    .is_some_and(|it| it.is_name() || it.is_symbol(cursor.text, ","));
            let starts = cursor.at == range.start && !next_ends;
            if is_word && !starts {
                cursor.at += 1;
                continue;
            }
            if cursor.peek().is_some_and(|token| {
                token.kind == TokenKind::Word && token.text(cursor.text).starts_with(':')
            }) {
                return Err(cursor.refuse("a key"));
            }
            all.push(self.deeper(|it| it.expression(0))?);
        }
        self.cursor.at = back;
        Ok(Some(ExprKind::Special(name, all, Some(result))))
    }

    fn case(&mut self) -> Read<ExprKind> {
        let operand = if self.cursor.is("when") {
            None
        } else {
            Some(self.expression(0)?)
        };
        let mut whens = Vec::new();
        while self.cursor.eat("when") {
            let when = self.expression(0)?;
            self.cursor.expect("then")?;
            whens.push((when, self.expression(0)?));
        }
        let otherwise = if self.cursor.eat("else") {
            Some(self.expression(0)?)
        } else {
            None
        };
        self.cursor.expect("end")?;
        Ok(ExprKind::Case(operand, whens, otherwise))
    }

    /// What follows `ARRAY`, or stands in another array.
    fn array(&mut self) -> Read<ExprKind> {
        self.cursor.expect_symbol("[")?;
        let mut all = Vec::new();
        while !self.cursor.is_symbol("]") {
            if self.cursor.is_symbol("[") {
                let start = self.cursor.at;
                let inner = self.deeper(Self::array)?;
                all.push(self.expr(start, inner));
            } else {
                all.push(self.expression(0)?);
            }
            if !self.cursor.eat_symbol(",") {
                break;
            }
        }
        self.cursor.expect_symbol("]")?;
        Ok(ExprKind::Array(all))
    }

    /// `TRIM([BOTH|LEADING|TRAILING] [a] FROM b)` is a call of `btrim`, `ltrim` or `rtrim`.
    fn trim(&mut self) -> Read<ExprKind> {
        let cursor = &mut self.cursor;
        cursor.at += 2;
        let name = if cursor.eat("leading") {
            "ltrim"
        } else if cursor.eat("trailing") {
            "rtrim"
        } else {
            cursor.eat("both");
            "btrim"
        };
        let mut arguments = Vec::new();
        if !cursor.is("from") {
            arguments.push(self.expression(0)?);
        }
        if self.cursor.eat("from") {
            arguments.insert(0, self.expression(0)?);
        }
        while self.cursor.eat_symbol(",") {
            arguments.push(self.expression(0)?);
        }
        self.cursor.expect_symbol(")")?;
        Ok(keyword_call(name, arguments))
    }

    /// `SUBSTRING(a FROM b FOR c)`, `OVERLAY(a PLACING b FROM c FOR d)`, and both as plain calls.
    fn substring(&mut self, name: &str) -> Read<ExprKind> {
        let start = self.cursor.at;
        self.cursor.at += 2;
        let mut arguments = vec![self.expression(0)?];
        let words = ["placing", "from", "for", "similar", "escape"];
        if self.cursor.is_symbol(",") || self.cursor.is_symbol(")") {
            while self.cursor.eat_symbol(",") {
                arguments.push(self.expression(0)?);
            }
        } else if self.cursor.is("for") {
            // SUBSTRING(a FOR c) begins at 1.
            let one = self.expr(start, ExprKind::Number("1".to_owned()));
            self.cursor.at += 1;
            let length = self.expression(0)?;
            arguments.extend([one, length]);
        } else {
            while self.cursor.eat_any(&words) {
                arguments.push(self.expression(0)?);
            }
        }
        self.cursor.expect_symbol(")")?;
        Ok(keyword_call(name, arguments))
    }
}

/// A call that the grammar spells with keywords.
fn keyword_call(name: &str, arguments: Vec<Expr>) -> ExprKind {
    ExprKind::Call(Box::new(Call {
        name: ObjectName::bare(name),
        arguments: arguments.into_iter().map(|it| (None, it)).collect(),
        star: false,
        variadic: false,
        distinct: false,
        order_by: Vec::new(),
        within_group: Vec::new(),
        filter: None,
        over: None,
        by_keyword: true,
    }))
}

/// Tokens in which `:n` within brackets is two: the lexer takes it for a variable of psql.
pub(super) fn split_slices(tokens: Vec<Token>, text: &str) -> Vec<Token> {
    if !tokens.iter().any(|token| is_variable(*token, text)) {
        return tokens;
    }
    let mut depth = 0usize;
    let mut out = Vec::with_capacity(tokens.len() + 4);
    for token in tokens {
        if token.is_symbol(text, "[") {
            depth += 1;
        } else if token.is_symbol(text, "]") {
            depth = depth.saturating_sub(1);
        }
        if depth > 0 && is_variable(token, text) {
            out.extend(token.split_first_byte());
        } else {
            out.push(token);
        }
    }
    out
}

fn is_variable(token: Token, text: &str) -> bool {
    token.kind == TokenKind::Word && token.text(text).starts_with(':')
}
