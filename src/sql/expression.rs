//! An expression as a tree, written one way however it was spelled.
//!
//! Input: the text of an expression, ours or as PostgreSQL prints it. Output: a [`Tree`] in which
//! the spellings that the server takes for one another are one: `IN` is `= ANY`, `BETWEEN` is two
//! comparisons, `LIKE` is `~~`, `AT TIME ZONE` is a call. What is not read (a subquery, a window, an
//! aggregate's order) gives `None`: it is not normalised, and nobody may take it for equal.
//!
//! A tree is never higher than [`HIGHEST`], so that walking and dropping it cannot exhaust the stack.

use super::Dialect;
use super::cursor::{Cursor, Read, Refused};
use super::lower::read_type;
use super::token::{self, TokenKind, is_reserved};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::types::SqlType;

/// The greatest number of nodes on a way from the root to a leaf.
const HIGHEST: u16 = 120;

/// The greatest number of tokens that are read at all.
const LONGEST: usize = 20_000;

/// An expression and its height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    height: u16,
    node: Box<Node>,
}

impl Tree {
    /// What stands at the root.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }
}

/// One construct of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// A number as written, with its sign.
    Number(String),
    /// The value of a string literal.
    Text(String),
    /// `B'101'`, `X'1F'`, as written.
    Bits(String),
    /// A column, or what else stands under a name; the qualifiers come first.
    Name(Vec<Ident>),
    /// `CURRENT_TIMESTAMP` and its kin, in lower case, with the precision where one is written.
    Keyword(String),
    /// `f(a, b)`; what the grammar spells with keywords too.
    Call(ObjectName, Vec<Tree>),
    /// `a::t`, `CAST(a AS t)`, `t 'literal'`
    Cast(Tree, SqlType),
    /// `a COLLATE c`
    Collate(Tree, ObjectName),
    /// `a + b`, `- a`
    Operator(String, Option<Tree>, Tree),
    /// `a AND b AND c`
    And(Vec<Tree>),
    /// `a OR b OR c`
    Or(Vec<Tree>),
    /// `NOT a`
    Not(Tree),
    /// `a IS …`: `null`, `not null`, `true`, `not true`, …
    Test(Tree, String),
    /// `a IS DISTINCT FROM b`
    Distinct(Tree, Tree),
    /// `CASE a WHEN b THEN c ELSE d END`
    Case(Option<Tree>, Vec<(Tree, Tree)>, Option<Tree>),
    /// `ARRAY[a, b]`
    Array(Vec<Tree>),
    /// `ROW(a, b)`, `(a, b)`
    Row(Vec<Tree>),
    /// `a[b]`, `a[b:c]`
    Element(Tree, Option<Tree>, Option<Tree>, bool),
    /// `(a).b`
    Field(Tree, Ident),
    /// `a = ANY (b)`; true for `ALL`.
    Quantified(String, bool, Tree, Tree),
}

impl Node {
    /// The expressions right below.
    pub(crate) fn children(&self) -> Vec<&Tree> {
        match self {
            Node::Null
            | Node::Bool(_)
            | Node::Number(_)
            | Node::Text(_)
            | Node::Bits(_)
            | Node::Name(_)
            | Node::Keyword(_) => Vec::new(),
            Node::Call(_, all)
            | Node::And(all)
            | Node::Or(all)
            | Node::Array(all)
            | Node::Row(all) => all.iter().collect(),
            Node::Cast(one, _)
            | Node::Collate(one, _)
            | Node::Not(one)
            | Node::Test(one, _)
            | Node::Field(one, _) => vec![one],
            Node::Operator(_, left, right) => left.iter().chain([right]).collect(),
            Node::Distinct(left, right) | Node::Quantified(_, _, left, right) => vec![left, right],
            Node::Case(operand, whens, otherwise) => {
                let pairs = whens.iter().flat_map(|(when, then)| [when, then]);
                operand.iter().chain(pairs).chain(otherwise).collect()
            }
            Node::Element(one, from, to, _) => [one].into_iter().chain(from).chain(to).collect(),
        }
    }

    fn has_column(&self) -> bool {
        matches!(self, Node::Name(_)) || self.children().iter().any(|it| it.node.has_column())
    }
}

/// The tree of an expression of PostgreSQL; `None` where it is not normalised.
pub(crate) fn parse(text: &str) -> Option<Tree> {
    let tokens = token::tokens(text, Dialect::Postgres);
    if tokens.len() > LONGEST {
        return None;
    }
    let mut reader = Reader {
        cursor: Cursor::new(text, Dialect::Postgres, &tokens),
        depth: 0,
    };
    let tree = reader.expression(0).ok()?;
    reader.cursor.is_done().then_some(tree)
}

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

struct Reader<'a> {
    cursor: Cursor<'a>,
    depth: u16,
}

impl Reader<'_> {
    fn make(node: Node) -> Read<Tree> {
        let below = node.children().iter().map(|it| it.height).max();
        let height = below.unwrap_or(0) + 1;
        if height > HIGHEST {
            return Err(Refused("it nests too deep".to_owned()));
        }
        Ok(Tree {
            height,
            node: Box::new(node),
        })
    }

    /// `a AND b AND c` in one list, however it is put in parentheses.
    fn flat(
        node: fn(Vec<Tree>) -> Node,
        is_same: fn(&Node) -> bool,
        parts: [Tree; 2],
    ) -> Read<Tree> {
        let mut all = Vec::new();
        for part in parts {
            match (is_same(&part.node), *part.node) {
                (true, Node::And(inner) | Node::Or(inner)) if all.is_empty() => all = inner,
                (true, Node::And(inner) | Node::Or(inner)) => all.extend(inner),
                (_, other) => all.push(Tree {
                    height: part.height,
                    node: Box::new(other),
                }),
            }
        }
        Self::make(node(all))
    }

    fn and(left: Tree, right: Tree) -> Read<Tree> {
        Self::flat(
            Node::And,
            |node| matches!(node, Node::And(_)),
            [left, right],
        )
    }

    fn or(left: Tree, right: Tree) -> Read<Tree> {
        Self::flat(Node::Or, |node| matches!(node, Node::Or(_)), [left, right])
    }

    fn call(name: &str, arguments: Vec<Tree>) -> Read<Tree> {
        Self::make(Node::Call(ObjectName::bare(name), arguments))
    }

    fn binary(operator: &str, left: Tree, right: Tree) -> Read<Tree> {
        let operator = if operator == "!=" { "<>" } else { operator };
        Self::make(Node::Operator(operator.to_owned(), Some(left), right))
    }

    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Read<Tree> {
        self.depth += 1;
        if self.depth > HIGHEST {
            return Err(Refused("it nests too deep".to_owned()));
        }
        let mut left = self.prefix()?;
        loop {
            match self.infix(least, left)? {
                (next, true) => left = next,
                (all, false) => {
                    self.depth -= 1;
                    return Ok(all);
                }
            }
        }
    }

    fn prefix(&mut self) -> Read<Tree> {
        let cursor = &mut self.cursor;
        if cursor.eat("not") {
            let value = self.expression(NOT)?;
            return Self::make(Node::Not(value));
        }
        let Some(token) = cursor.peek() else {
            return Err(cursor.refuse("an expression"));
        };
        if token.kind != TokenKind::Operator || cursor.is_symbol("*") {
            return self.primary();
        }
        let operator = token.text(cursor.text).to_owned();
        cursor.at += 1;
        if operator == "+" {
            return self.expression(SIGN);
        }
        if operator != "-" {
            let value = self.expression(OTHER)?;
            return Self::make(Node::Operator(operator, None, value));
        }
        let value = self.expression(SIGN)?;
        match value.node() {
            Node::Number(number) => {
                let number = number
                    .strip_prefix('-')
                    .map_or_else(|| format!("-{number}"), str::to_owned);
                Self::make(Node::Number(number))
            }
            _ => Self::make(Node::Operator(operator, None, value)),
        }
    }

    /// The operand with what follows it, where that binds at least as tightly as `least`; false
    /// where nothing does.
    fn infix(&mut self, least: u8, left: Tree) -> Read<(Tree, bool)> {
        let cursor = &mut self.cursor;
        let Some(token) = cursor.peek() else {
            return Ok((left, false));
        };
        let word = token.kind == TokenKind::Word;
        let text = token.text(cursor.text);
        let tree = match token.kind {
            TokenKind::Operator | TokenKind::Symbol if text == "::" => {
                cursor.at += 1;
                let data_type = read_type(cursor)?;
                Self::make(Node::Cast(left, data_type))?
            }
            TokenKind::Symbol if text == "[" => {
                cursor.at += 1;
                self.element(left)?
            }
            TokenKind::Symbol if text == "." => {
                cursor.at += 1;
                let field = cursor.any_word()?;
                Self::make(Node::Field(left, field))?
            }
            TokenKind::Operator | TokenKind::Symbol => {
                let binds = match text {
                    "<" | ">" | "=" | "<=" | ">=" | "<>" | "!=" => COMPARISON,
                    "+" | "-" => SUM,
                    "*" | "/" | "%" => PRODUCT,
                    "^" => POWER,
                    ")" | "]" | "," | ":" | "(" | ";" | "=>" | ":=" => return Ok((left, false)),
                    _ => OTHER,
                };
                if binds < least {
                    return Ok((left, false));
                }
                let operator = text.to_owned();
                cursor.at += 1;
                self.operation(&operator, binds, left)?
            }
            _ if !word => return Ok((left, false)),
            _ => return self.keyword_infix(least, left),
        };
        Ok((tree, true))
    }

    /// What an operator makes of the operand on its left.
    fn operation(&mut self, operator: &str, binds: u8, left: Tree) -> Read<Tree> {
        let cursor = &mut self.cursor;
        let opens = cursor
            .peek_at(1)
            .is_some_and(|token| token.is_symbol(cursor.text, "("));
        if opens && (cursor.is("any") || cursor.is("some") || cursor.is("all")) {
            let all = cursor.is("all");
            cursor.at += 1;
            self.refuse_query(1)?;
            self.cursor.expect_symbol("(")?;
            let right = self.expression(0)?;
            self.cursor.expect_symbol(")")?;
            let operator = if operator == "!=" { "<>" } else { operator };
            return Self::make(Node::Quantified(operator.to_owned(), all, left, right));
        }
        let right = self.expression(binds + 1)?;
        Self::binary(operator, left, right)
    }

    fn keyword_infix(&mut self, least: u8, left: Tree) -> Read<(Tree, bool)> {
        let cursor = &mut self.cursor;
        let negated = cursor.is("not");
        let ahead = usize::from(negated);
        let at = |word: &str| cursor.is_at(ahead, word);
        let membership = ["in", "between", "like", "ilike", "similar"]
            .into_iter()
            .find(|word| at(word));
        if let Some(word) = membership {
            if MEMBERSHIP < least {
                return Ok((left, false));
            }
            cursor.at += ahead + 1;
            let tree = self.membership(word, negated, left)?;
            return Ok((tree, true));
        }
        let tree = if negated {
            return Ok((left, false));
        } else if cursor.is("and") && AND >= least {
            cursor.at += 1;
            let right = self.expression(AND + 1)?;
            Self::and(left, right)?
        } else if cursor.is("or") && OR >= least {
            cursor.at += 1;
            let right = self.expression(OR + 1)?;
            Self::or(left, right)?
        } else if cursor.is("is") && IS >= least {
            cursor.at += 1;
            self.test(left)?
        } else if cursor.is("isnull") && IS >= least {
            cursor.at += 1;
            Self::make(Node::Test(left, "null".to_owned()))?
        } else if cursor.is("notnull") && IS >= least {
            cursor.at += 1;
            Self::make(Node::Test(left, "not null".to_owned()))?
        } else if cursor.is_phrase("at time zone") && ZONE >= least {
            cursor.at += 3;
            let zone = self.expression(ZONE + 1)?;
            Self::call("timezone", vec![zone, left])?
        } else if cursor.is("collate") && COLLATE >= least {
            cursor.at += 1;
            let collation = cursor.object_name()?;
            Self::make(Node::Collate(left, collation))?
        } else if cursor.is("operator") && OTHER >= least {
            cursor.at += 1;
            let operator = self.qualified_operator()?;
            self.operation(&operator, OTHER, left)?
        } else {
            return Ok((left, false));
        };
        Ok((tree, true))
    }

    /// `OPERATOR(public.<->)`, after the word: the operator alone.
    fn qualified_operator(&mut self) -> Read<String> {
        let range = self.cursor.parentheses()?;
        let mut part = self.cursor.part(range);
        while part.peek().is_some_and(|token| token.is_name()) {
            part.any_word()?;
            part.expect_symbol(".")?;
        }
        let token = part.next().ok_or_else(|| part.refuse("an operator"))?;
        part.expect_end()?;
        Ok(token.text(part.text).to_owned())
    }

    fn membership(&mut self, word: &str, negated: bool, left: Tree) -> Read<Tree> {
        match word {
            "in" => {
                self.refuse_query(1)?;
                let list = self.list()?;
                Self::in_list(left, list, negated)
            }
            "between" => {
                if self.cursor.eat("symmetric") {
                    return Err(Refused("BETWEEN SYMMETRIC is not normalised".to_owned()));
                }
                self.cursor.eat("asymmetric");
                let low = self.expression(OTHER)?;
                self.cursor.expect("and")?;
                let high = self.expression(OTHER)?;
                if negated {
                    let below = Self::binary("<", left.clone(), low)?;
                    let above = Self::binary(">", left, high)?;
                    Self::or(below, above)
                } else {
                    let above = Self::binary(">=", left.clone(), low)?;
                    let below = Self::binary("<=", left, high)?;
                    Self::and(above, below)
                }
            }
            "similar" => {
                self.cursor.expect("to")?;
                let pattern = self.expression(OTHER)?;
                if self.cursor.is("escape") {
                    return Err(Refused("SIMILAR TO … ESCAPE is not normalised".to_owned()));
                }
                let pattern = Self::call("similar_to_escape", vec![pattern])?;
                Self::binary(if negated { "!~" } else { "~" }, left, pattern)
            }
            like => {
                let operator = match (like, negated) {
                    ("like", false) => "~~",
                    ("like", true) => "!~~",
                    (_, false) => "~~*",
                    (_, true) => "!~~*",
                };
                let opens = |cursor: &Cursor| {
                    cursor
                        .peek_at(1)
                        .is_some_and(|token| token.is_symbol(cursor.text, "("))
                };
                let quantified = ["any", "some", "all"].iter().any(|it| self.cursor.is(it));
                if quantified && opens(&self.cursor) {
                    return self.operation(operator, MEMBERSHIP, left);
                }
                let mut pattern = self.expression(OTHER)?;
                if self.cursor.eat("escape") {
                    let escape = self.expression(OTHER)?;
                    pattern = Self::call("like_escape", vec![pattern, escape])?;
                }
                Self::binary(operator, left, pattern)
            }
        }
    }

    /// `a IN (1, 2, b)` is `a = ANY (ARRAY[1, 2]) OR a = b`, as the server reads it.
    fn in_list(left: Tree, list: Vec<Tree>, negated: bool) -> Read<Tree> {
        let operator = if negated { "<>" } else { "=" };
        let constants = list.iter().filter(|it| !it.node.has_column()).count();
        let (plain, rest): (Vec<Tree>, Vec<Tree>) = if constants > 1 {
            list.into_iter().partition(|it| !it.node.has_column())
        } else {
            (Vec::new(), list)
        };
        let mut all = Vec::new();
        if !plain.is_empty() {
            let array = Self::make(Node::Array(plain))?;
            let quantified = Node::Quantified(operator.to_owned(), negated, left.clone(), array);
            all.push(Self::make(quantified)?);
        }
        for one in rest {
            all.push(Self::binary(operator, left.clone(), one)?);
        }
        match (all.len(), negated) {
            (1, _) => Ok(all.remove(0)),
            (_, true) => Self::make(Node::And(all)),
            (_, false) => Self::make(Node::Or(all)),
        }
    }

    /// What follows `IS`.
    fn test(&mut self, left: Tree) -> Read<Tree> {
        let cursor = &mut self.cursor;
        let negated = cursor.eat("not");
        if cursor.eat("distinct from") {
            let right = self.expression(IS + 1)?;
            let distinct = Self::make(Node::Distinct(left, right))?;
            return if negated {
                Self::make(Node::Not(distinct))
            } else {
                Ok(distinct)
            };
        }
        let tests = ["null", "true", "false", "unknown"];
        let Some(test) = tests.into_iter().find(|test| cursor.eat(test)) else {
            return Err(cursor.refuse("`NULL`"));
        };
        let test = if negated {
            format!("not {test}")
        } else {
            test.to_owned()
        };
        Self::make(Node::Test(left, test))
    }

    /// What follows `a[`.
    fn element(&mut self, value: Tree) -> Read<Tree> {
        let from = if self.cursor.is_symbol(":") {
            None
        } else {
            Some(self.expression(0)?)
        };
        let slice = self.cursor.eat_symbol(":");
        let to = if slice && !self.cursor.is_symbol("]") {
            Some(self.expression(0)?)
        } else {
            None
        };
        self.cursor.expect_symbol("]")?;
        Self::make(Node::Element(value, from, to, slice))
    }

    /// Refuses `(SELECT …` after `ahead - 1` other tokens.
    fn refuse_query(&self, ahead: usize) -> Read<()> {
        let words = ["select", "with", "values", "table"];
        if words.iter().any(|word| self.cursor.is_at(ahead, word)) {
            return Err(Refused("a query is not normalised".to_owned()));
        }
        Ok(())
    }

    /// `(a, b)`
    fn list(&mut self) -> Read<Vec<Tree>> {
        self.cursor.expect_symbol("(")?;
        let mut all = Vec::new();
        if self.cursor.eat_symbol(")") {
            return Ok(all);
        }
        loop {
            all.push(self.expression(0)?);
            if !self.cursor.eat_symbol(",") {
                break;
            }
        }
        self.cursor.expect_symbol(")")?;
        Ok(all)
    }

    fn primary(&mut self) -> Read<Tree> {
        let cursor = &mut self.cursor;
        let Some(token) = cursor.peek() else {
            return Err(cursor.refuse("an expression"));
        };
        let text = token.text(cursor.text);
        match token.kind {
            TokenKind::Number => {
                cursor.at += 1;
                Self::make(Node::Number(text.to_ascii_lowercase()))
            }
            TokenKind::String => {
                if text.starts_with(['b', 'B', 'x', 'X']) {
                    cursor.at += 1;
                    return Self::make(Node::Bits(text.to_ascii_lowercase()));
                }
                let value = cursor.string()?;
                if cursor.peek().is_some_and(|it| it.kind == TokenKind::String) {
                    return Err(cursor.refuse("an operator"));
                }
                Self::make(Node::Text(value))
            }
            TokenKind::Symbol if text == "(" => {
                self.refuse_query(1)?;
                let mut all = self.list()?;
                match all.len() {
                    1 => Ok(all.remove(0)),
                    0 => Err(self.cursor.refuse("an expression")),
                    _ => Self::make(Node::Row(all)),
                }
            }
            TokenKind::Word | TokenKind::Quoted => self.named(),
            TokenKind::Symbol
            | TokenKind::Operator
            | TokenKind::Parameter
            | TokenKind::Placeholder => Err(cursor.refuse("an expression")),
        }
    }

    /// What begins with a word.
    fn named(&mut self) -> Read<Tree> {
        let cursor = &mut self.cursor;
        let Some(token) = cursor.peek() else {
            return Err(cursor.refuse("an expression"));
        };
        let opens = cursor
            .peek_at(1)
            .is_some_and(|next| next.is_symbol(cursor.text, "("));
        if token.kind == TokenKind::Word {
            let word = token.text(cursor.text).to_ascii_lowercase();
            if let Some(tree) = self.special(&word, opens)? {
                return Ok(tree);
            }
        }
        let cursor = &mut self.cursor;
        if let Some(cast) = Self::typed_literal(cursor)? {
            return Ok(cast);
        }
        if token.kind == TokenKind::Word && is_reserved(token.text(cursor.text)) && !opens {
            return Err(cursor.refuse("an expression"));
        }
        let mut parts = vec![cursor.any_word()?];
        while cursor.is_symbol(".") {
            cursor.at += 1;
            if cursor.is_symbol("*") {
                return Err(cursor.refuse("a name"));
            }
            parts.push(cursor.any_word()?);
        }
        if !cursor.is_symbol("(") {
            return Self::make(Node::Name(parts));
        }
        let Some(name) = parts.pop() else {
            return Err(cursor.refuse("a name"));
        };
        let schema = parts.pop().filter(|it| it.as_str() != "pg_catalog");
        for word in ["distinct", "all", "variadic"] {
            if cursor.is_at(1, word) {
                return Err(cursor.refuse("an argument"));
            }
        }
        self.refuse_query(1)?;
        let arguments = self.list()?;
        let cursor = &self.cursor;
        if ["filter", "over", "within"].iter().any(|it| cursor.is(it)) {
            return Err(cursor.refuse("an operator"));
        }
        Self::make(Node::Call(ObjectName { schema, name }, arguments))
    }

    /// `date '2024-01-01'`, `timestamp with time zone '…'`, `interval '1' day`.
    fn typed_literal(cursor: &mut Cursor) -> Read<Option<Tree>> {
        let mut ahead = cursor.clone();
        let Ok(data_type) = read_type(&mut ahead) else {
            return Ok(None);
        };
        if ahead.peek().is_none_or(|it| it.kind != TokenKind::String) {
            return Ok(None);
        }
        let Ok(value) = ahead.string() else {
            return Ok(None);
        };
        let units = ["year", "month", "day", "hour", "minute", "second"];
        if units.iter().any(|unit| ahead.is(unit)) {
            return Err(ahead.refuse("an operator"));
        }
        cursor.at = ahead.at;
        let value = Self::make(Node::Text(value))?;
        Self::make(Node::Cast(value, data_type)).map(Some)
    }

    /// What the grammar spells with a keyword.
    fn special(&mut self, word: &str, opens: bool) -> Read<Option<Tree>> {
        let cursor = &mut self.cursor;
        let tree = match word {
            "null" => {
                cursor.at += 1;
                Self::make(Node::Null)?
            }
            "true" | "false" => {
                cursor.at += 1;
                Self::make(Node::Bool(word == "true"))?
            }
            "current_date" | "current_time" | "current_timestamp" | "localtime"
            | "localtimestamp" | "current_user" | "session_user" | "user" | "current_role"
            | "current_catalog" | "current_schema" => {
                cursor.at += 1;
                let mut keyword = match word {
                    "current_role" => "current_user".to_owned(),
                    other => other.to_owned(),
                };
                if opens {
                    let range = cursor.parentheses()?;
                    let precision = token::folded(&cursor.tokens[range], cursor.text);
                    if !precision.is_empty() {
                        keyword = format!("{keyword}({precision})");
                    }
                }
                Self::make(Node::Keyword(keyword))?
            }
            "case" => {
                cursor.at += 1;
                self.case()?
            }
            "array" => {
                cursor.at += 1;
                self.array()?
            }
            "row" if opens => {
                cursor.at += 1;
                let all = self.list()?;
                Self::make(Node::Row(all))?
            }
            "cast" if opens => {
                cursor.at += 2;
                let value = self.expression(0)?;
                self.cursor.expect("as")?;
                let data_type = read_type(&mut self.cursor)?;
                self.cursor.expect_symbol(")")?;
                Self::make(Node::Cast(value, data_type))?
            }
            "extract" if opens => {
                cursor.at += 2;
                let field = match cursor.string() {
                    Ok(field) => field,
                    Err(_) => cursor.any_word()?.as_str().to_owned(),
                };
                cursor.expect("from")?;
                let field = Self::make(Node::Text(field.to_ascii_lowercase()))?;
                let value = self.expression(0)?;
                self.cursor.expect_symbol(")")?;
                Self::call("extract", vec![field, value])?
            }
            "trim" if opens => self.trim()?,
            "substring" | "overlay" if opens => self.substring(word)?,
            "position" if opens => {
                cursor.at += 2;
                let part = self.expression(OTHER)?;
                self.cursor.expect("in")?;
                let whole = self.expression(OTHER)?;
                self.cursor.expect_symbol(")")?;
                Self::call("position", vec![whole, part])?
            }
            "exists" if opens => return Err(cursor.refuse("an expression")),
            "operator" if opens => {
                cursor.at += 1;
                let operator = self.qualified_operator()?;
                let value = self.expression(OTHER)?;
                Self::make(Node::Operator(operator, None, value))?
            }
            _ => return Ok(None),
        };
        Ok(Some(tree))
    }

    fn case(&mut self) -> Read<Tree> {
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
        Self::make(Node::Case(operand, whens, otherwise))
    }

    /// What follows `ARRAY`.
    fn array(&mut self) -> Read<Tree> {
        self.cursor.expect_symbol("[")?;
        let mut all = Vec::new();
        while !self.cursor.is_symbol("]") {
            if self.cursor.is_symbol("[") {
                self.depth += 1;
                if self.depth > HIGHEST {
                    return Err(Refused("it nests too deep".to_owned()));
                }
                all.push(self.array()?);
                self.depth -= 1;
            } else {
                all.push(self.expression(0)?);
            }
            if !self.cursor.eat_symbol(",") {
                break;
            }
        }
        self.cursor.expect_symbol("]")?;
        Self::make(Node::Array(all))
    }

    /// `TRIM([BOTH|LEADING|TRAILING] [a] FROM b)` is a call of `btrim`, `ltrim` or `rtrim`.
    fn trim(&mut self) -> Read<Tree> {
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
        Self::call(name, arguments)
    }

    /// `SUBSTRING(a FROM b FOR c)`, `OVERLAY(a PLACING b FROM c FOR d)`, and both as plain calls.
    fn substring(&mut self, name: &str) -> Read<Tree> {
        self.cursor.at += 2;
        let mut arguments = vec![self.expression(0)?];
        while self.cursor.eat_any(&["placing", "from", "for"]) || self.cursor.eat_symbol(",") {
            arguments.push(self.expression(0)?);
        }
        self.cursor.expect_symbol(")")?;
        Self::call(name, arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) {
        let tree = |text: &str| parse(text).unwrap_or_else(|| panic!("`{text}` is normalised"));
        assert_eq!(tree(left), tree(right), "{left} | {right}");
    }

    #[test]
    fn spellings_that_the_server_takes_for_one_another_are_one() {
        same("a IN (1, 2)", "(a = ANY (ARRAY[1, 2]))");
        same("a NOT IN (1, 2)", "a <> ALL (ARRAY[1, 2])");
        same("a IN (1)", "a = 1");
        same("a IN (1, 2, b)", "a = ANY (ARRAY[1, 2]) OR a = b");
        same("a BETWEEN 1 AND 2 AND b", "a >= 1 AND (a <= 2 AND b)");
        same("a NOT BETWEEN 1 AND 2", "a < 1 OR a > 2");
        same("a LIKE 'x' OR a NOT ILIKE 'y'", "a ~~ 'x' OR a !~~* 'y'");
        same("a != -1", "((a) <> ((- 1)))");
        same("a IS NOT DISTINCT FROM b", "NOT (a IS DISTINCT FROM b)");
        same("CAST(a AS int)", "a::integer");
        same("a AT TIME ZONE 'utc'", "timezone('utc', a)");
        same("extract(epoch FROM a)", "EXTRACT('epoch' FROM (a))");
        same("pg_catalog.lower(a)", "lower(a)");
        same("date '2024-01-01'", "'2024-01-01'::date");
        same("a + b * c ^ 2 - d", "((a + (b * (c ^ 2))) - d)");
        same("NOT a = b AND c", "(NOT (a = b)) AND c");
        same("trim(a)", "btrim(a)");
        same("-1::int", "-(1::int)");
    }

    #[test]
    fn what_is_not_read_is_not_normalised() {
        let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
        let long = vec!["a"; 5_000].join(" || ");
        for text in [
            "",
            "a IN (SELECT 1)",
            "EXISTS (SELECT 1)",
            "count(*) OVER ()",
            "(SELECT 1)",
            "a b",
            "a +",
            deep.as_str(),
            long.as_str(),
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        let wide = vec!["a"; 5_000].join(" OR ");
        assert!(parse(&wide).is_some());
    }
}
