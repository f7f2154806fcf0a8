//! The tree of a query.
//!
//! It holds what binding needs and nothing that is only layout. Every name keeps its bytes in the
//! text, so that an error can be shown where it is. Names are as the server stores them.

use crate::schema::name::{Ident, ObjectName};
use crate::schema::types::SqlType;
use crate::source::Span;

/// One statement of a program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Statement {
    /// `SELECT`, `VALUES`, `TABLE`, with what stands before and after.
    Query(Box<Query>),
    /// `INSERT`
    Insert(Box<Insert>),
    /// `UPDATE`
    Update(Box<Update>),
    /// `DELETE`
    Delete(Box<Delete>),
    /// `MERGE`
    Merge(Box<Merge>),
    /// `TRUNCATE a, b`; each with whether it is alone, and whether `CASCADE` is said.
    Truncate(Vec<(Named, bool)>, bool),
    /// `COPY t (a, b) FROM` or `TO`
    Copy {
        /// The table.
        table: Named,
        /// Its columns; empty for all.
        columns: Vec<Word>,
        /// The columns that its options name.
        options: Vec<Word>,
        /// `FROM` writes the table, `TO` reads it.
        writes: bool,
    },
    /// `LOCK TABLE a, b`
    Lock(Vec<Named>),
    /// `ANALYZE a`, `VACUUM a`
    Touch(Vec<Named>),
    /// `REFRESH MATERIALIZED VIEW a`; true with `CONCURRENTLY`.
    Refresh(Named, bool),
    /// `CALL p(1)`
    Call(Box<Expr>),
    /// `BEGIN`, `SET`, `LISTEN` and their like: no name of the schema is looked up.
    Session,
}

/// A name of an object with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    /// As written.
    pub(crate) name: ObjectName,
    /// Where.
    pub(crate) span: Span,
}

/// An identifier with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// As stored.
    pub(crate) name: Ident,
    /// Where.
    pub(crate) span: Span,
}

/// A query with its common table expressions, order and limits.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Query {
    /// `WITH`
    pub(crate) with: Option<With>,
    /// The select, or several of them put together.
    pub(crate) body: Body,
    /// `ORDER BY`
    pub(crate) order_by: Vec<SortKey>,
    /// `LIMIT`, `FETCH FIRST`
    pub(crate) limit: Option<Expr>,
    /// `OFFSET`
    pub(crate) offset: Option<Expr>,
    /// `FOR UPDATE OF a, b`: the names, empty for all tables.
    pub(crate) locking: Vec<Vec<Word>>,
}

/// `WITH [RECURSIVE] a AS (…), b AS (…)`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct With {
    /// `RECURSIVE`
    pub(crate) recursive: bool,
    /// In order.
    pub(crate) tables: Vec<CommonTable>,
}

/// One common table expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CommonTable {
    /// Its name.
    pub(crate) name: Word,
    /// Its columns' names, where they are given.
    pub(crate) columns: Vec<Ident>,
    /// What it is.
    pub(crate) statement: Statement,
    /// Columns that `SEARCH` and `CYCLE` add, in order.
    pub(crate) added: Vec<Ident>,
}

/// What yields the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// `SELECT`
    Select(Box<Select>),
    /// `VALUES`
    Values(Vec<Vec<Expr>>),
    /// `a UNION b EXCEPT c`, from left to right.
    Set(Box<Query>, Vec<(SetOperation, Query)>),
}

impl Default for Body {
    fn default() -> Self {
        Body::Values(Vec::new())
    }
}

/// How the rows of two queries are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SetOperation {
    /// Which.
    pub(crate) name: &'static str,
    /// `ALL`
    pub(crate) all: bool,
}

/// `SELECT … FROM … WHERE …`
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Select {
    /// `DISTINCT` is an empty list, `DISTINCT ON (…)` is not.
    pub(crate) distinct: Option<Vec<Expr>>,
    /// What is selected.
    pub(crate) items: Vec<Item>,
    /// `FROM`
    pub(crate) from: Vec<FromItem>,
    /// `WHERE`
    pub(crate) filter: Option<Expr>,
    /// `GROUP BY`
    pub(crate) group_by: Vec<Grouping>,
    /// `HAVING`
    pub(crate) having: Option<Expr>,
    /// `WINDOW w AS (…)`
    pub(crate) windows: Vec<(Word, Window)>,
    /// Its bytes.
    pub(crate) span: Span,
}

/// One element of `GROUP BY`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Grouping {
    /// An expression.
    One(Expr),
    /// `ROLLUP (…)`, `CUBE (…)`, `GROUPING SETS (…)`, `()`.
    Sets(Vec<Grouping>),
}

/// One element of a select list or of `RETURNING`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    /// Its value; a star is one of the expressions.
    pub(crate) value: Expr,
    /// `AS name`
    pub(crate) alias: Option<Ident>,
}

/// One element of `FROM`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FromItem {
    /// What it is.
    pub(crate) source: FromSource,
    /// `AS name`
    pub(crate) alias: Option<Word>,
    /// `AS name (a, b)`
    pub(crate) columns: Vec<Ident>,
    /// `LATERAL`
    pub(crate) lateral: bool,
    /// `TABLESAMPLE method (…)`
    pub(crate) sample: Option<Word>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FromSource {
    /// A table, view or common table expression; true with `ONLY`.
    Table(Named, bool),
    /// `(SELECT …)`
    Query(Box<Query>),
    /// `f(1)`, `ROWS FROM (f(1), g(2))`.
    Calls {
        /// The calls.
        calls: Vec<RowsOf>,
        /// `WITH ORDINALITY`
        ordinality: bool,
    },
    /// `a JOIN b ON …`
    Join(Box<Join>),
    /// `XMLTABLE`, `JSON_TABLE`: the expressions it reads, and its columns.
    Special(Vec<Expr>, Vec<(Ident, SqlType)>),
}

/// A call with the columns that are defined for its record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowsOf {
    /// The call.
    pub(crate) call: Expr,
    /// `AS (a int, b text)`
    pub(crate) columns: Vec<(Ident, SqlType)>,
}

/// How two elements of `FROM` are joined.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Join {
    /// The left side.
    pub(crate) left: FromItem,
    /// The right side.
    pub(crate) right: FromItem,
    /// Which rows without a partner stay.
    pub(crate) kind: JoinKind,
    /// By what.
    pub(crate) condition: JoinCondition,
}

/// Which rows without a partner a join keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    /// None: `JOIN`, `CROSS JOIN`.
    Inner,
    /// `LEFT JOIN`
    Left,
    /// `RIGHT JOIN`
    Right,
    /// `FULL JOIN`
    Full,
}

/// By what two elements of `FROM` are joined.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JoinCondition {
    /// Nothing.
    None,
    /// `ON`
    On(Expr),
    /// `USING (a, b) [AS x]`
    Using(Vec<Word>, Option<Word>),
    /// `NATURAL`
    Natural,
}

/// One element of `ORDER BY`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    /// By what.
    pub(crate) value: Expr,
    /// `USING operator`
    pub(crate) operator: Option<String>,
}

/// `(w PARTITION BY … ORDER BY … ROWS …)`
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Window {
    /// The window that it is made from, or that is meant by `OVER w`.
    pub(crate) base: Option<Word>,
    /// `PARTITION BY`
    pub(crate) partition_by: Vec<Expr>,
    /// `ORDER BY`
    pub(crate) order_by: Vec<SortKey>,
    /// The offsets of the frame.
    pub(crate) frame: Vec<Expr>,
    /// Whether they are distances of values (`RANGE`) rather than numbers of rows.
    pub(crate) is_range: bool,
}

/// `INSERT INTO t (a, b) …`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Insert {
    /// `WITH`
    pub(crate) with: Option<With>,
    /// The table.
    pub(crate) table: Named,
    /// `AS name`
    pub(crate) alias: Option<Word>,
    /// The columns; empty when none are listed.
    pub(crate) columns: Vec<Target>,
    /// `OVERRIDING SYSTEM VALUE` or `USER VALUE`.
    pub(crate) overriding: Option<Overriding>,
    /// What is inserted; `None` for `DEFAULT VALUES`.
    pub(crate) source: Option<Query>,
    /// `ON CONFLICT`
    pub(crate) on_conflict: Option<OnConflict>,
    /// `RETURNING`
    pub(crate) returning: Vec<Item>,
}

/// Which values an identity column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overriding {
    /// Those of the statement.
    System,
    /// Its own.
    User,
}

/// A column that is written: `a`, `a[1]`, `a.b`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// The column.
    pub(crate) column: Word,
    /// Whether only a part of it is written.
    pub(crate) is_part: bool,
    /// The field of a composite, where that is the part.
    pub(crate) field: Option<Word>,
    /// The subscripts.
    pub(crate) subscripts: Vec<Expr>,
}

/// `ON CONFLICT … DO …`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OnConflict {
    /// The target.
    pub(crate) target: ConflictTarget,
    /// `DO UPDATE SET … WHERE …`; `None` for `DO NOTHING`.
    pub(crate) update: Option<(Vec<Assignment>, Option<Expr>)>,
    /// Its bytes.
    pub(crate) span: Span,
}

/// What a conflict is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConflictTarget {
    /// Any.
    Any,
    /// `(a, lower(b)) WHERE …`
    Keys(Vec<Expr>, Option<Expr>),
    /// `ON CONSTRAINT name`
    Constraint(Word),
}

/// `a = 1`, `(a, b) = (1, 2)`, `(a, b) = (SELECT …)`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assignment {
    /// The columns.
    pub(crate) targets: Vec<Target>,
    /// The value; a row or a query where there are several columns.
    pub(crate) value: Expr,
    /// Whether the columns stand in parentheses.
    pub(crate) is_row: bool,
}

/// `UPDATE t SET …`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Update {
    /// `WITH`
    pub(crate) with: Option<With>,
    /// The table.
    pub(crate) table: Named,
    /// `AS name`
    pub(crate) alias: Option<Word>,
    /// `SET`
    pub(crate) set: Vec<Assignment>,
    /// `FROM`
    pub(crate) from: Vec<FromItem>,
    /// `WHERE`
    pub(crate) filter: Option<Expr>,
    /// `RETURNING`
    pub(crate) returning: Vec<Item>,
}

/// `DELETE FROM t …`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delete {
    /// `WITH`
    pub(crate) with: Option<With>,
    /// The table.
    pub(crate) table: Named,
    /// `AS name`
    pub(crate) alias: Option<Word>,
    /// `USING`
    pub(crate) using: Vec<FromItem>,
    /// `WHERE`
    pub(crate) filter: Option<Expr>,
    /// `RETURNING`
    pub(crate) returning: Vec<Item>,
}

/// `MERGE INTO t USING … ON … WHEN …`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Merge {
    /// `WITH`
    pub(crate) with: Option<With>,
    /// The table.
    pub(crate) table: Named,
    /// `AS name`
    pub(crate) alias: Option<Word>,
    /// `USING`
    pub(crate) source: FromItem,
    /// `ON`
    pub(crate) on: Expr,
    /// `WHEN`
    pub(crate) branches: Vec<MergeBranch>,
    /// `RETURNING`
    pub(crate) returning: Vec<Item>,
}

/// `WHEN [NOT] MATCHED [BY SOURCE] [AND …] THEN …`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MergeBranch {
    /// Which rows.
    pub(crate) rows: MergeRows,
    /// `AND`
    pub(crate) condition: Option<Expr>,
    /// What is done.
    pub(crate) action: MergeAction,
}

/// Which rows a branch of `MERGE` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergeRows {
    /// `MATCHED`
    Matched,
    /// `NOT MATCHED [BY TARGET]`: only the source is seen.
    OnlySource,
    /// `NOT MATCHED BY SOURCE`: only the table is seen.
    OnlyTarget,
}

/// What a branch of `MERGE` does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MergeAction {
    /// `DO NOTHING`, `DELETE`
    Plain,
    /// `UPDATE SET …`
    Update(Vec<Assignment>),
    /// `INSERT (a, b) VALUES (…)`; no values for `DEFAULT VALUES`.
    Insert {
        /// The columns.
        columns: Vec<Target>,
        /// `OVERRIDING`
        overriding: Option<Overriding>,
        /// The values.
        values: Option<Vec<Expr>>,
    },
}

/// An expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    /// Its bytes.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Box<ExprKind>,
}

/// One construct of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExprKind {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A string literal.
    Text(String),
    /// `B'101'`, `X'1F'`
    Bits,
    /// `$1`
    Parameter(u32),
    /// `DEFAULT`, where a value is expected.
    Default,
    /// A column, or what else stands under a name; the qualifiers come first.
    Name(Vec<Ident>),
    /// `*`, `t.*`, `s.t.*`
    Star(Vec<Ident>),
    /// `CURRENT_TIMESTAMP` and its kin, in lower case.
    Keyword(String),
    /// A call of a function.
    Call(Box<Call>),
    /// What the grammar spells as a call and is no function: `coalesce`, `greatest`, `least`,
    /// `nullif`, `grouping`, and the constructors of XML and JSON with their result.
    Special(&'static str, Vec<Expr>, Option<SqlType>),
    /// `a::t`, `CAST(a AS t)`, `t 'literal'`
    Cast(Expr, SqlType),
    /// `a COLLATE c`
    Collate(Expr, ObjectName),
    /// `a + b`, `- a`, `a !`
    Operator(String, Option<Expr>, Expr),
    /// `a AND b AND c`
    And(Vec<Expr>),
    /// `a OR b OR c`
    Or(Vec<Expr>),
    /// `NOT a`
    Not(Expr),
    /// `a IS [NOT] NULL`; true with `NOT`.
    IsNull(Expr, bool),
    /// `a IS [NOT] TRUE`, `FALSE`, `UNKNOWN`: which, and true with `NOT`.
    IsTruth(Expr, &'static str, bool),
    /// `a IS [NOT] DOCUMENT`, `JSON`, `NORMALIZED`
    IsForm(Expr),
    /// `a IS [NOT] DISTINCT FROM b`
    Distinct(Expr, Expr),
    /// `CASE a WHEN b THEN c ELSE d END`
    Case(Option<Expr>, Vec<(Expr, Expr)>, Option<Expr>),
    /// `ARRAY[a, b]`
    Array(Vec<Expr>),
    /// `ARRAY(SELECT …)`
    ArrayQuery(Box<Query>),
    /// `ROW(a, b)`, `(a, b)`
    Row(Vec<Expr>),
    /// `a[b]`, `a[b:c]`: true for a slice.
    Element(Expr, Vec<Expr>, bool),
    /// `(a).b`
    Field(Expr, Ident),
    /// `(a).*`
    FieldStar(Expr),
    /// `a = ANY (b)`, `ALL`
    Quantified(String, Expr, Expr),
    /// `a = ANY (SELECT …)`; also `IN (SELECT …)`.
    QuantifiedQuery(String, Expr, Box<Query>),
    /// `a [NOT] IN (b, c)`; true with `NOT`.
    In(Expr, Vec<Expr>, bool),
    /// `a [NOT] BETWEEN b AND c`
    Between(Expr, Expr, Expr),
    /// `EXISTS (SELECT …)`
    Exists(Box<Query>),
    /// `(SELECT …)`
    Scalar(Box<Query>),
    /// `(a, b) OVERLAPS (c, d)`
    Overlaps(Vec<Expr>),
    /// `WHERE CURRENT OF cursor`
    CurrentOf,
}

/// A call of a function with all that the grammar allows there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// Its name.
    pub(crate) name: ObjectName,
    /// Its arguments, each with its name where it has one.
    pub(crate) arguments: Vec<(Option<Ident>, Expr)>,
    /// `f(*)`
    pub(crate) star: bool,
    /// `f(VARIADIC a)`
    pub(crate) variadic: bool,
    /// `f(DISTINCT a)`
    pub(crate) distinct: bool,
    /// `f(a ORDER BY b)`
    pub(crate) order_by: Vec<SortKey>,
    /// `WITHIN GROUP (ORDER BY …)`
    pub(crate) within_group: Vec<SortKey>,
    /// `FILTER (WHERE …)`
    pub(crate) filter: Option<Expr>,
    /// `OVER …`
    pub(crate) over: Option<Window>,
    /// Written by the grammar rather than by its name: `EXTRACT`, `TRIM`. The name is sought in
    /// `pg_catalog` only.
    pub(crate) by_keyword: bool,
}
