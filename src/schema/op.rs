//! What a migration can do: every statement becomes operations of [`SchemaOp`].
//!
//! Pure data, without spans and without a parser's tree. Names are as written ([`ObjectName`]);
//! applying an operation resolves them along the search path. A statement that was not understood
//! becomes [`SchemaOp::Opaque`] with the names it could read, never nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::name::{Ident, ObjectName};
use super::types::SqlType;

/// What happens when the object is not there (or is there already).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Existence {
    /// Without `IF [NOT] EXISTS`: the statement fails.
    Required,
    /// With `IF [NOT] EXISTS`: nothing happens.
    Tolerated,
}

/// What happens to the objects that depend on the dropped one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behavior {
    /// The default: the statement fails when something depends on the object.
    Restrict,
    /// `CASCADE`: dependents are dropped with it.
    Cascade,
}

/// What `CREATE` does when the object is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Creation {
    /// Plain `CREATE`: the statement fails.
    New,
    /// `IF NOT EXISTS`: nothing happens.
    IfNotExists,
    /// `OR REPLACE`: the object's definition is exchanged.
    OrReplace,
}

/// Objects that share the namespace of relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelationKind {
    /// An ordinary or partitioned table.
    Table,
    /// A foreign table.
    ForeignTable,
    /// A view.
    View,
    /// A materialised view.
    MaterializedView,
    /// A sequence.
    Sequence,
    /// An index.
    Index,
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RelationKind::Table => "table",
            RelationKind::ForeignTable => "foreign table",
            RelationKind::View => "view",
            RelationKind::MaterializedView => "materialized view",
            RelationKind::Sequence => "sequence",
            RelationKind::Index => "index",
        })
    }
}

/// Which of the kinds of routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoutineKind {
    /// A function (window functions included).
    Function,
    /// A procedure.
    Procedure,
    /// An aggregate.
    Aggregate,
}

impl RoutineKind {
    /// Its word, as SQL has it.
    pub fn as_str(self) -> &'static str {
        match self {
            RoutineKind::Function => "function",
            RoutineKind::Procedure => "procedure",
            RoutineKind::Aggregate => "aggregate",
        }
    }
}

/// Named objects of which the catalog keeps only that they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherKind {
    /// `COLLATION`
    Collation,
    /// `CONVERSION`
    Conversion,
    /// `OPERATOR`, its family or class
    Operator,
    /// `CAST`
    Cast,
    /// A text search configuration, dictionary, parser or template.
    TextSearch,
    /// `STATISTICS`
    Statistics,
    /// `EVENT TRIGGER`
    EventTrigger,
    /// `PUBLICATION`
    Publication,
    /// `SUBSCRIPTION`
    Subscription,
    /// A foreign server, data wrapper or user mapping.
    Foreign,
    /// `LANGUAGE`
    Language,
    /// `TRANSFORM`
    Transform,
    /// `ACCESS METHOD`
    AccessMethod,
    /// `TABLESPACE`
    Tablespace,
    /// `DATABASE`
    Database,
}

impl fmt::Display for OtherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OtherKind::Collation => "collation",
            OtherKind::Conversion => "conversion",
            OtherKind::Operator => "operator",
            OtherKind::Cast => "cast",
            OtherKind::TextSearch => "text search object",
            OtherKind::Statistics => "statistics",
            OtherKind::EventTrigger => "event trigger",
            OtherKind::Publication => "publication",
            OtherKind::Subscription => "subscription",
            OtherKind::Foreign => "foreign object",
            OtherKind::Language => "language",
            OtherKind::Transform => "transform",
            OtherKind::AccessMethod => "access method",
            OtherKind::Tablespace => "tablespace",
            OtherKind::Database => "database",
        })
    }
}

/// An expression as text, with the names it holds; compared by its text with white space folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlExpr {
    /// The text, tokens separated by single blanks where they were separated at all.
    pub text: Arc<str>,
    /// Every identifier in it that could be a column.
    pub columns: BTreeSet<Ident>,
}

impl SqlExpr {
    /// Whether two expressions are written with the same tokens, however they are spaced.
    pub fn is_same(&self, other: &SqlExpr) -> bool {
        self.text == other.text || self.squeezed() == other.squeezed()
    }

    /// Whether two defaults of one column give the same value: the same expression, or the same
    /// literal, which takes the column's type whatever it is cast to.
    pub fn is_same_value(&self, other: &SqlExpr) -> bool {
        self.is_same(other)
            || self
                .as_literal()
                .is_some_and(|literal| other.as_literal() == Some(literal))
            || self
                .made_by_chance()
                .is_some_and(|kind| other.made_by_chance() == Some(kind))
    }

    /// What kind of value nobody can foresee the expression gives: the moment, or something random.
    fn made_by_chance(&self) -> Option<&'static str> {
        let text = self.squeezed();
        let text = text.trim_matches(['(', ')']);
        let bare = text.split("::").next().unwrap_or(text);
        let bare = bare.trim_end_matches("()").trim_matches(['(', ')']);
        let bare = bare.rsplit('.').next().unwrap_or(bare);
        match bare {
            "now" | "current_timestamp" | "transaction_timestamp" => Some("moment"),
            "gen_random_uuid" | "uuid_generate_v4" | "uuid_generate_v1" | "uuid_generate_v1mc"
            | "uuidv4" | "uuidv7" => Some("uuid"),
            _ if text.contains("random") || text.contains("gen_salt") => Some("random"),
            _ => None,
        }
    }

    /// The string literal that the expression is, under any casts, with its quotes.
    fn as_literal(&self) -> Option<&str> {
        let text = self.text.trim();
        let inner = text.strip_prefix('\'')?;
        let end = inner.find('\'')? + 2;
        let cast = text.get(end..)?.trim_start();
        let is_cast = |c: char| is_word(c) || "\".:[](), ".contains(c);
        let plain = cast.is_empty() || (cast.starts_with("::") && cast.chars().all(is_cast));
        plain.then(|| &text[..end])
    }

    /// The text without white space outside quotes, in lower case there.
    fn squeezed(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut quote = None;
        for c in self.text.chars() {
            match quote {
                Some(open) => {
                    out.push(c);
                    if c == open {
                        quote = None;
                    }
                }
                None if c.is_whitespace() => {}
                None => {
                    if c == '\'' || c == '"' {
                        quote = Some(c);
                    }
                    out.extend(c.to_lowercase());
                }
            }
        }
        out
    }

    /// What the server calls a column made by this expression: after the function, the column that
    /// is cast, or `expr`.
    pub fn figure_name(&self) -> String {
        let mut text = self.text.trim();
        while let Some(inner) = text.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
            text = inner.trim();
        }
        let end = text
            .find(|c: char| !(is_word(c) || c == '.' || c == '"'))
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let last = word.rsplit('.').next().unwrap_or(word).replace('"', "");
        let last = last.to_lowercase();
        let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"');
        match () {
            () if !is_name => "expr".to_owned(),
            () if last == "case" => last,
            // The call, the cast or the name has to be all of it.
            () if rest.is_empty() || rest.starts_with("::") => last,
            () if rest.starts_with('(') && rest.ends_with(')') => last,
            () => "expr".to_owned(),
        }
    }

    /// The column, where the expression is `column IS NOT NULL`.
    pub fn as_not_null(&self) -> Option<&Ident> {
        let mut columns = self.columns.iter();
        let (Some(column), None) = (columns.next(), columns.next()) else {
            return None;
        };
        // Most checks are about values: they are told apart without being copied.
        let ends_in_null = self
            .text
            .trim_end_matches([')', ' '])
            .as_bytes()
            .last_chunk::<4>()
            .is_some_and(|word| word.eq_ignore_ascii_case(b"null"));
        if !ends_in_null {
            return None;
        }
        let text = self.squeezed();
        let text = text.trim_matches(['(', ')']).replace('"', "");
        let wanted = format!("{}isnotnull", column.as_str().to_lowercase());
        (text == wanted).then_some(column)
    }

    /// Whether the expression is NULL, and a check of it satisfied, as soon as a column in it is
    /// NULL; what looks at NULL itself is not.
    pub fn yields_to_null(&self) -> bool {
        let text = self.squeezed();
        let looks_at_null = [
            "isnotnull",
            "isnull",
            "num_nonnulls",
            "num_nulls",
            "coalesce",
            "isdistinct",
            "isnotdistinct",
        ];
        !looks_at_null.iter().any(|word| text.contains(word))
    }

    /// Whether the expression has a case for NULL: `a IS NULL OR …`.
    pub fn admits_null(&self) -> bool {
        self.squeezed().contains("isnull")
    }

    /// The expression after a column of its table was renamed: every identifier of that name
    /// outside quotes, as the server's stored expression would show it.
    pub fn with_column_renamed(&self, from: &Ident, to: &Ident) -> SqlExpr {
        if !self.columns.contains(from) {
            return self.clone();
        }
        let mut text = String::with_capacity(self.text.len());
        let mut rest = &*self.text;
        let replacement = to.to_string();
        while let Some(first) = rest.chars().next() {
            let end = if first == '\'' || first == '"' {
                rest[1..].find(first).map_or(rest.len(), |at| at + 2)
            } else if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(end);
            let same = if first == '"' {
                token == format!("\"{}\"", from.as_str())
            } else {
                token.to_lowercase() == from.as_str()
            };
            text.push_str(if same { &replacement } else { token });
            rest = after;
        }
        let mut columns = self.columns.clone();
        columns.remove(from);
        columns.insert(to.clone());
        SqlExpr {
            text: text.into(),
            columns,
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The values that a check admits for one column, where it is a list of literals:
/// `a IN ('x', 'y')` or `a = ANY (ARRAY['x', 'y'])`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllowedValues {
    /// The column.
    pub column: Ident,
    /// The literals, unquoted.
    pub values: BTreeSet<Arc<str>>,
}

/// `GENERATED … AS IDENTITY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// An explicit value is refused.
    Always,
    /// An explicit value wins.
    ByDefault,
}

/// A column as `CREATE TABLE` or `ADD COLUMN` describes it.
///
/// Inline constraints other than `NOT NULL` are given beside it as [`ConstraintDef`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDef {
    /// The column's name.
    pub name: Ident,
    /// Its type; for `serial` the integer type.
    pub data_type: SqlType,
    /// `COLLATE`.
    pub collation: Option<ObjectName>,
    /// `NOT NULL`; true for `serial` and identity columns too.
    pub not_null: bool,
    /// `DEFAULT`; `DEFAULT NULL` is none.
    pub default: Option<SqlExpr>,
    /// `GENERATED … AS IDENTITY`.
    pub identity: Option<Identity>,
    /// `GENERATED ALWAYS AS (…)`.
    pub generated: Option<SqlExpr>,
    /// `serial` and its sizes (`AUTO_INCREMENT` elsewhere): an owned sequence supplies the value.
    pub serial: bool,
    /// The numbers of an identity column's sequence.
    pub sequence: Option<Box<SequenceChange>>,
}

impl ColumnDef {
    /// A nullable column without a default.
    pub fn new(name: impl Into<Ident>, data_type: SqlType) -> Self {
        ColumnDef {
            name: name.into(),
            data_type,
            collation: None,
            not_null: false,
            default: None,
            identity: None,
            generated: None,
            serial: false,
            sequence: None,
        }
    }
}

/// What becomes of the referencing rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferentialAction {
    /// `NO ACTION`, the default.
    NoAction,
    /// `RESTRICT`
    Restrict,
    /// `CASCADE`
    Cascade,
    /// `SET NULL`
    SetNull,
    /// `SET DEFAULT`
    SetDefault,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `PRIMARY KEY (…)`, or `PRIMARY KEY USING INDEX i` (then without columns).
    PrimaryKey {
        /// The key's columns, in order.
        columns: Vec<Ident>,
        /// The index it takes over.
        using_index: Option<Ident>,
    },
    /// `UNIQUE (…)`, or `UNIQUE USING INDEX i` (then without columns).
    Unique {
        /// The key's columns, in order.
        columns: Vec<Ident>,
        /// `NULLS NOT DISTINCT`.
        nulls_not_distinct: bool,
        /// The index it takes over.
        using_index: Option<Ident>,
    },
    /// `CHECK (…)`
    Check {
        /// The condition.
        expr: SqlExpr,
        /// The admitted values, where the condition is a list of literals.
        allowed: Option<AllowedValues>,
    },
    /// `FOREIGN KEY (…) REFERENCES …`
    ForeignKey {
        /// The referencing columns.
        columns: Vec<Ident>,
        /// The referenced table.
        table: ObjectName,
        /// The referenced columns; empty means the primary key.
        referenced: Vec<Ident>,
        /// `ON DELETE`
        on_delete: ReferentialAction,
        /// `ON UPDATE`
        on_update: ReferentialAction,
    },
    /// `EXCLUDE …`
    Exclude {
        /// All of it, as text with the columns it names.
        definition: SqlExpr,
    },
    /// A named or table-level `NOT NULL`.
    NotNull {
        /// The column.
        column: Ident,
    },
}

/// What a constraint has beside its demand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConstraintOptions {
    /// `INITIALLY DEFERRED`
    pub deferred: bool,
    /// `NO INHERIT`
    pub no_inherit: bool,
    /// `MATCH FULL`
    pub match_full: bool,
    /// The columns of `ON DELETE SET NULL (…)`; empty means all of the key.
    pub set_columns: Vec<Ident>,
    /// `INCLUDE (…)` of a key.
    pub include: Vec<Ident>,
    /// The index behind `EXCLUDE`.
    pub exclusion: Option<Box<Exclusion>>,
    /// `ALTER TABLE ONLY`: partitions do not get it.
    pub only: bool,
    /// The column that it is written beside, in `ADD COLUMN IF NOT EXISTS`: where the column was
    /// there, it is left out too.
    pub beside: Option<Ident>,
}

/// The index behind an exclusion constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// `USING`: `btree` unless another is named.
    pub method: Ident,
    /// The keys, in order.
    pub keys: Vec<IndexKey>,
    /// How each is kept; empty where all are kept as usual.
    pub options: Vec<KeyOptions>,
    /// `WHERE (…)`
    pub predicate: Option<SqlExpr>,
}

/// The numbers of a sequence, as far as a statement gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SequenceChange {
    /// `SEQUENCE NAME`, of an identity column.
    pub name: Option<ObjectName>,
    /// `AS`
    pub data_type: Option<SqlType>,
    /// `START`
    pub start: Option<i64>,
    /// `INCREMENT`
    pub increment: Option<i64>,
    /// `MINVALUE`; `NO MINVALUE` is the type's own.
    pub min: Option<Option<i64>>,
    /// `MAXVALUE`; `NO MAXVALUE` is the type's own.
    pub max: Option<Option<i64>>,
    /// `CACHE`
    pub cache: Option<i64>,
    /// `CYCLE` or not.
    pub cycle: Option<bool>,
}

/// A table constraint as a statement describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstraintDef {
    /// `CONSTRAINT name`; the server makes one up otherwise.
    pub name: Option<Ident>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `NOT VALID`: new rows are checked, existing ones are not.
    pub not_valid: bool,
    /// `DEFERRABLE`.
    pub deferrable: bool,
    /// `NOT ENFORCED` (PostgreSQL 18, MySQL).
    pub not_enforced: bool,
    /// What it has beside its demand.
    pub options: ConstraintOptions,
}

/// One key of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexKey {
    /// A plain column.
    Column(Ident),
    /// An expression.
    Expression(SqlExpr),
}

/// How an index keeps one of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyOptions {
    /// The operator class, where one is written.
    pub class: Option<ObjectName>,
    /// `COLLATE`
    pub collation: Option<ObjectName>,
    /// `DESC`
    pub descending: bool,
    /// Whether nulls come first; with `DESC` they do unless the statement says otherwise.
    pub nulls_first: bool,
}

/// An index as `CREATE INDEX` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDef {
    /// The name; the server makes one up otherwise.
    pub name: Option<Ident>,
    /// The indexed table or materialised view.
    pub table: ObjectName,
    /// `UNIQUE`
    pub unique: bool,
    /// `NULLS NOT DISTINCT`
    pub nulls_not_distinct: bool,
    /// `USING`: `btree` unless another is named.
    pub method: Ident,
    /// The keys, in order.
    pub keys: Vec<IndexKey>,
    /// How each is kept; empty where all are kept as usual.
    pub options: Vec<KeyOptions>,
    /// `INCLUDE (…)`
    pub include: Vec<Ident>,
    /// `WHERE …`
    pub predicate: Option<SqlExpr>,
    /// `CONCURRENTLY`
    pub concurrently: bool,
    /// `ON ONLY`: partitions do not get it.
    pub only: bool,
}

/// `CREATE TABLE` in all its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDef {
    /// The name.
    pub name: ObjectName,
    /// `TEMPORARY`: gone at the end of the session, not seen by others.
    pub temporary: bool,
    /// The columns.
    pub columns: Vec<ColumnDef>,
    /// Table constraints and the inline ones of the columns, in the order written.
    pub constraints: Vec<ConstraintDef>,
    /// `INHERITS (…)`
    pub inherits: Vec<ObjectName>,
    /// `PARTITION OF parent`
    pub partition_of: Option<ObjectName>,
    /// `FOR VALUES …`, `DEFAULT`
    pub partition_bound: Option<SqlExpr>,
    /// `UNLOGGED`
    pub unlogged: bool,
    /// `PARTITION BY …`
    pub partition_by: Option<SqlExpr>,
    /// `LIKE table …`
    pub like: Vec<LikeClause>,
    /// `OF type`
    pub of_type: Option<ObjectName>,
    /// `AS query`: the columns are what the query returns.
    pub as_query: Option<QueryDef>,
    /// Its columns stand elsewhere: on another server, in a prepared statement.
    pub columns_unknown: bool,
    /// A foreign table.
    pub foreign: bool,
}

impl TableDef {
    /// An ordinary table without columns.
    pub fn new(name: ObjectName) -> Self {
        TableDef {
            name,
            temporary: false,
            columns: Vec::new(),
            constraints: Vec::new(),
            inherits: Vec::new(),
            partition_of: None,
            partition_bound: None,
            unlogged: false,
            partition_by: None,
            like: Vec::new(),
            of_type: None,
            as_query: None,
            columns_unknown: false,
            foreign: false,
        }
    }
}

/// `LIKE table INCLUDING …` in `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikeClause {
    /// How many of the statement's own columns stand before it.
    pub after: usize,
    /// The table whose columns are copied.
    pub table: ObjectName,
    /// `INCLUDING DEFAULTS` (or `ALL`)
    pub defaults: bool,
    /// `INCLUDING CONSTRAINTS` (or `ALL`)
    pub constraints: bool,
    /// `INCLUDING INDEXES` (or `ALL`)
    pub indexes: bool,
    /// `INCLUDING GENERATED` (or `ALL`)
    pub generated: bool,
    /// `INCLUDING IDENTITY` (or `ALL`)
    pub identity: bool,
}

/// The query of a view or of `CREATE TABLE … AS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryDef {
    /// The query's text, white space folded.
    pub text: Arc<str>,
    /// The relations that it names (without its own CTEs), in the order met.
    pub relations: Vec<ObjectName>,
    /// Every identifier in it that could be a column; `None` when it holds a `*`.
    pub columns: Option<BTreeSet<Ident>>,
    /// The names of its result columns, where the text alone tells them.
    pub output: Option<Vec<Ident>>,
}

/// `CREATE [MATERIALIZED] VIEW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewDef {
    /// The name.
    pub name: ObjectName,
    /// A view or a materialised view.
    pub materialized: bool,
    /// `TEMPORARY`
    pub temporary: bool,
    /// The column list written before `AS`.
    pub columns: Vec<Ident>,
    /// The query.
    pub query: QueryDef,
}

/// `ALTER TABLE … ALTER COLUMN …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnChange {
    /// `TYPE t [COLLATE c] [USING e]`
    SetType {
        /// The new type.
        data_type: SqlType,
        /// `COLLATE`
        collation: Option<ObjectName>,
        /// Whether a `USING` expression converts the rows.
        using: bool,
        /// Whether that expression is more than a cast of the column: the values mean something else.
        rewrites: bool,
    },
    /// `SET DEFAULT e`
    SetDefault(SqlExpr),
    /// `DROP DEFAULT` (and `SET DEFAULT NULL`)
    DropDefault,
    /// `SET NOT NULL`
    SetNotNull,
    /// `DROP NOT NULL`
    DropNotNull,
    /// `ADD GENERATED … AS IDENTITY`
    AddIdentity(Identity, Box<SequenceChange>),
    /// `SET GENERATED …`
    SetIdentity(Identity),
    /// `SET INCREMENT …` and the other numbers of an identity column's sequence.
    SetIdentitySequence(Box<SequenceChange>),
    /// `DROP IDENTITY [IF EXISTS]`
    DropIdentity(Existence),
    /// `DROP EXPRESSION [IF EXISTS]`
    DropExpression(Existence),
    /// `SET EXPRESSION AS (…)` (PostgreSQL 17)
    SetExpression(SqlExpr),
    /// MySQL's `MODIFY` and `CHANGE`: the whole definition anew (a new name is a rename beside it).
    Redefine(Box<ColumnDef>),
}

/// Where a new enum label goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelPosition {
    /// At the end.
    Last,
    /// Before that label.
    Before(Arc<str>),
    /// After that label.
    After(Arc<str>),
}

/// What a user-defined type is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeDef {
    /// `AS ENUM (…)`
    Enum(Vec<Arc<str>>),
    /// `CREATE DOMAIN`
    Domain {
        /// The underlying type.
        base: SqlType,
        /// `NOT NULL`
        not_null: bool,
        /// `DEFAULT`
        default: Option<SqlExpr>,
        /// Its checks: name (if written) and condition.
        checks: Vec<(Option<Ident>, SqlExpr)>,
    },
    /// `AS (…)`
    Composite(Vec<(Ident, SqlType)>),
    /// `AS RANGE (…)`, with its subtype.
    Range(SqlType),
    /// A base type or a shell type.
    Base,
}

/// `ALTER DOMAIN` and `ALTER TYPE … attribute`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeChange {
    /// `ALTER DOMAIN … SET DEFAULT`, `DROP DEFAULT` (`None`)
    DomainDefault(Option<SqlExpr>),
    /// `ALTER DOMAIN … SET NOT NULL` (true), `DROP NOT NULL` (false)
    DomainNotNull(bool),
    /// `ALTER DOMAIN … ADD CONSTRAINT … CHECK`
    AddDomainCheck {
        /// The check's name, if written.
        name: Option<Ident>,
        /// The condition.
        expr: SqlExpr,
        /// `NOT VALID`
        not_valid: bool,
    },
    /// `ALTER DOMAIN … DROP CONSTRAINT`
    DropDomainCheck(Ident, Existence),
    /// `ALTER DOMAIN … RENAME CONSTRAINT`
    RenameDomainCheck(Ident, Ident),
    /// `ALTER DOMAIN … VALIDATE CONSTRAINT`
    ValidateDomainCheck(Ident),
    /// `ADD ATTRIBUTE`
    AddAttribute(Ident, SqlType),
    /// `DROP ATTRIBUTE`
    DropAttribute(Ident, Existence),
    /// `ALTER ATTRIBUTE … TYPE`
    SetAttributeType(Ident, SqlType),
    /// `RENAME ATTRIBUTE`
    RenameAttribute(Ident, Ident),
}

/// What owns a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SequenceOwner {
    /// `OWNED BY NONE`
    None,
    /// `OWNED BY table.column`
    Column(ObjectName, Ident),
}

/// A function, procedure or aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutineDef {
    /// The name.
    pub name: ObjectName,
    /// Which kind.
    pub kind: RoutineKind,
    /// The input arguments (`IN`, `INOUT`, `VARIADIC`): name, type, whether it has a default.
    pub arguments: Vec<RoutineArgument>,
    /// The result's text as written; `None` for procedures.
    pub returns: Option<Arc<str>>,
    /// `LANGUAGE`, lower case.
    pub language: Ident,
    /// The body as text.
    pub body: Arc<str>,
    /// Everything after the name, as written.
    pub written: Arc<str>,
}

/// One input argument of a routine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutineArgument {
    /// Its name, where it has one.
    pub name: Option<Ident>,
    /// Its type.
    pub data_type: SqlType,
    /// Whether a call may leave it out.
    pub has_default: bool,
    /// What it is then, where the text of the default tells it.
    pub default_value: Option<Value>,
    /// `VARIADIC`: any number of arguments of a call go into its array.
    pub is_variadic: bool,
}

/// When a trigger fires, relative to the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriggerTiming {
    /// It may change or suppress the row.
    Before,
    /// It sees the change.
    After,
    /// It replaces the change, on views.
    InsteadOf,
}

/// Which changes fire a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TriggerEvents {
    /// `INSERT`
    pub insert: bool,
    /// `UPDATE`, with or without `OF columns`
    pub update: bool,
    /// `DELETE`
    pub delete: bool,
    /// `TRUNCATE`
    pub truncate: bool,
}

/// `CREATE TRIGGER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerDef {
    /// The name, unique within its table.
    pub name: Ident,
    /// The table or view.
    pub table: ObjectName,
    /// `BEFORE`, `AFTER` or `INSTEAD OF`.
    pub timing: TriggerTiming,
    /// Which changes fire it.
    pub events: TriggerEvents,
    /// `UPDATE OF` columns.
    pub columns: Vec<Ident>,
    /// `FOR EACH ROW` rather than per statement.
    pub for_each_row: bool,
    /// `EXECUTE FUNCTION`; `None` where the body stands in the statement (MySQL, SQLite).
    pub function: Option<ObjectName>,
    /// A constraint trigger.
    pub constraint: bool,
    /// `WHEN (…)`
    pub condition: Option<SqlExpr>,
    /// What the function is given.
    pub arguments: Vec<Arc<str>>,
    /// `DEFERRABLE`, `REFERENCING` and what else stands before `FOR EACH`, as written.
    pub attributes: Option<Arc<str>>,
}

/// `ENABLE` and `DISABLE TRIGGER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerSelection {
    /// One by name.
    Named(Ident),
    /// `ALL` or `USER`.
    All,
}

/// Which statements a rule rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleEvent {
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
}

impl RuleEvent {
    /// As SQL has it.
    pub fn as_str(self) -> &'static str {
        match self {
            RuleEvent::Insert => "INSERT",
            RuleEvent::Update => "UPDATE",
            RuleEvent::Delete => "DELETE",
        }
    }
}

/// `CREATE RULE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDef {
    /// The name, unique within its table.
    pub name: Ident,
    /// The table or view.
    pub table: ObjectName,
    /// Which statements it rewrites.
    pub event: RuleEvent,
    /// `WHERE …`
    pub condition: Option<SqlExpr>,
    /// `DO INSTEAD` rather than `DO ALSO`.
    pub instead: bool,
    /// What is done, as written: `NOTHING`, a statement, or several in parentheses.
    pub actions: SqlExpr,
    /// The relations that these statements name.
    pub relations: Vec<ObjectName>,
}

/// Which commands a policy governs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyCommand {
    /// `ALL`, the default.
    All,
    /// `SELECT`
    Select,
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
}

/// `CREATE POLICY` and `ALTER POLICY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDef {
    /// The name, unique within its table.
    pub name: Ident,
    /// The table.
    pub table: ObjectName,
    /// `AS PERMISSIVE` rather than `RESTRICTIVE`.
    pub permissive: bool,
    /// `FOR …`
    pub command: PolicyCommand,
    /// `TO …`; empty means `PUBLIC`.
    pub roles: Vec<Ident>,
    /// `USING (…)`
    pub using: Option<SqlExpr>,
    /// `WITH CHECK (…)`
    pub with_check: Option<SqlExpr>,
}

/// `ALTER TABLE … ROW LEVEL SECURITY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowSecurityChange {
    /// `ENABLE`
    Enable,
    /// `DISABLE`
    Disable,
    /// `FORCE`
    Force,
    /// `NO FORCE`
    NoForce,
}

/// What `ALL … IN SCHEMA` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AllOf {
    /// `ALL TABLES`: tables and views.
    Tables,
    /// `ALL SEQUENCES`
    Sequences,
    /// `ALL FUNCTIONS`, `ALL PROCEDURES`, `ALL ROUTINES`
    Routines,
}

/// What a privilege is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantTarget {
    /// A table, view or sequence.
    Relation(ObjectName),
    /// `ALL TABLES|SEQUENCES|… IN SCHEMA`
    AllInSchema(AllOf, Ident),
    /// A schema.
    Schema(Ident),
    /// A routine, by name.
    Routine(ObjectName),
    /// A type or domain.
    Type(ObjectName),
    /// Membership in a role.
    Role(Ident),
    /// A database, language, server, tablespace, parameter or large object.
    Other(Arc<str>),
}

/// `GRANT` and `REVOKE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivilegeChange {
    /// The privileges, upper case; `ALL` is one.
    pub privileges: BTreeSet<Arc<str>>,
    /// The columns, where the privilege is on columns.
    pub columns: Vec<Ident>,
    /// What they are about.
    pub targets: Vec<GrantTarget>,
    /// Who gets or loses them.
    pub roles: Vec<Ident>,
    /// `WITH GRANT OPTION`, `GRANT OPTION FOR`
    pub grant_option: bool,
}

/// Statements that read or write rows and leave the schema as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataOp {
    /// `INSERT`, with its column list (empty when none is written).
    Insert {
        /// The table.
        table: ObjectName,
        /// The columns named.
        columns: Vec<Ident>,
        /// The relations that its query reads; empty for `VALUES`.
        reads: Vec<ObjectName>,
    },
    /// `UPDATE`, with the columns whose values it replaces.
    Update {
        /// The table.
        table: ObjectName,
        /// The columns whose values it replaces.
        columns: Vec<Ident>,
        /// The columns that its condition says are NULL in every row that it changes: they are only
        /// filled.
        filled: Vec<Ident>,
    },
    /// `DELETE`
    Delete {
        /// The table.
        table: ObjectName,
    },
    /// `TRUNCATE`
    Truncate {
        /// The tables.
        tables: Vec<ObjectName>,
        /// `CASCADE` or not.
        behavior: Behavior,
    },
    /// `COPY … FROM` (data read into a table).
    CopyFrom {
        /// The table.
        table: ObjectName,
        /// The columns named.
        columns: Vec<Ident>,
    },
    /// `MERGE`
    Merge {
        /// The target table.
        table: ObjectName,
    },
    /// A query that only reads, and calls nothing but built-in functions without effect on the
    /// schema.
    Read,
    /// `LOCK TABLE`
    Lock {
        /// The tables.
        tables: Vec<ObjectName>,
    },
}

/// `BEGIN` and its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionOp {
    /// `BEGIN`, `START TRANSACTION`
    Begin,
    /// `COMMIT`, `END`
    Commit,
    /// `ROLLBACK`, `ABORT`
    Rollback,
    /// `SAVEPOINT s`
    Savepoint(Ident),
    /// `RELEASE [SAVEPOINT] s`
    Release(Ident),
    /// `ROLLBACK TO [SAVEPOINT] s`
    RollbackTo(Ident),
    /// `PREPARE TRANSACTION 'x'`: what was done is kept, and seen by nobody yet.
    Prepare(Arc<str>),
    /// `COMMIT PREPARED 'x'`
    CommitPrepared(Arc<str>),
    /// `ROLLBACK PREPARED 'x'`
    RollbackPrepared(Arc<str>),
}

/// How long a setting lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingScope {
    /// `SET`, `SET SESSION`
    Session,
    /// `SET LOCAL`: to the end of the transaction.
    Transaction,
}

/// Settings of the session that later statements depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOp {
    /// `SET search_path`; `None` for `DEFAULT` and `RESET`.
    SearchPath {
        /// The schemas, in order.
        path: Option<Vec<Ident>>,
        /// How long it lasts.
        scope: SettingScope,
    },
    /// The elements of a `CREATE SCHEMA` begin: their names are sought in it first.
    EnterSchema(Ident),
    /// They end.
    LeaveSchema,
    /// `SET ROLE`, `SET SESSION AUTHORIZATION`; `None` for `RESET`.
    Role {
        /// The role.
        role: Option<Ident>,
        /// How long it lasts.
        scope: SettingScope,
    },
    /// Any other setting, by its name in lower case: `lock_timeout`.
    Other {
        /// The setting's name.
        name: Arc<str>,
        /// The value as written.
        value: Arc<str>,
        /// How long it lasts.
        scope: SettingScope,
    },
}

/// A statement (or a part of one) that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// Every name that could be read in it, in the order met, without repetition.
    pub names: Vec<ObjectName>,
    /// Whether it may act on objects that it does not name (built strings, an unread body).
    pub beyond_names: bool,
    /// Why it was not understood, for people: "the effect of `f` is not known".
    pub reason: Arc<str>,
}

/// A value that a text tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A literal of any type, as text.
    Text(Arc<str>),
    /// An array of such.
    List(Vec<Arc<str>>),
    /// `NULL`
    Null,
}

/// An argument of a call: its name where one is given, its value where the text tells it.
pub type Argument = (Option<Ident>, Option<Value>);

/// One call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// The function.
    pub name: ObjectName,
    /// Its arguments: the name where one is given, the value where the text tells it. `None` where
    /// they are too long to tell anything.
    pub arguments: Option<Vec<Argument>>,
}

/// Calls of functions that the text alone does not tell about: what they do is in their bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The functions and procedures, in the order met, without repetition.
    pub routines: Vec<Called>,
    /// Every name that could be read in the statement: what an unread body may act on.
    pub names: Vec<ObjectName>,
}

impl Call {
    /// What stands for it where a body cannot be read.
    pub fn unread(&self) -> Opaque {
        let mut called: Vec<&ObjectName> = Vec::new();
        for routine in &self.routines {
            if !called.contains(&&routine.name) {
                called.push(&routine.name);
            }
        }
        let list: Vec<String> = called.iter().take(3).map(|it| format!("`{it}`")).collect();
        let more = if called.len() > 3 { " and others" } else { "" };
        Opaque {
            names: self.names.clone(),
            beyond_names: true,
            reason: format!("the effect of {}{more} is not known", list.join(", ")).into(),
        }
    }
}

/// Whether an operation of a statement is sure to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Runs {
    /// Whenever the statement does.
    #[default]
    Always,
    /// Under a condition that asks the schema itself (`IF NOT EXISTS (SELECT … FROM
    /// information_schema.columns …)`), or with its failure caught: it runs where it fits.
    IfItFits,
    /// The same in a branch of an `IF` with others: it runs where it fits and no other branch of
    /// that choice has run.
    OneOf {
        /// Which choice.
        choice: u32,
        /// Which of its branches.
        branch: u32,
    },
    /// Under a condition that was not followed, or in a loop.
    Perhaps,
}

/// One change that a statement makes to the schema, to data or to the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaOp {
    // Schemas.
    /// `CREATE SCHEMA`
    CreateSchema {
        /// The schema.
        name: Ident,
        /// Whether it may be there.
        existence: Existence,
    },
    /// `DROP SCHEMA`
    DropSchema {
        /// The schema.
        name: Ident,
        /// Whether it may be missing.
        existence: Existence,
        /// What becomes of its objects.
        behavior: Behavior,
    },
    /// `ALTER SCHEMA … RENAME TO`
    RenameSchema {
        /// The schema.
        name: Ident,
        /// Its new name.
        to: Ident,
    },

    // Relations.
    /// `CREATE TABLE`
    CreateTable {
        /// What is made.
        table: Box<TableDef>,
        /// Whether it may be there.
        creation: Creation,
    },
    /// `CREATE [MATERIALIZED] VIEW`
    CreateView {
        /// What is made.
        view: Box<ViewDef>,
        /// Whether it may be there.
        creation: Creation,
    },
    /// `CREATE SEQUENCE`
    CreateSequence {
        /// The name.
        name: ObjectName,
        /// `TEMPORARY`
        temporary: bool,
        /// `OWNED BY`
        owner: Option<SequenceOwner>,
        /// Its numbers.
        options: Box<SequenceChange>,
        /// Whether it may be there.
        existence: Existence,
    },
    /// `ALTER SEQUENCE` with new numbers.
    AlterSequence {
        /// The sequence.
        name: ObjectName,
        /// What changes.
        options: Box<SequenceChange>,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `ALTER TABLE … SET LOGGED`, `SET UNLOGGED`
    SetLogged {
        /// The table or sequence.
        table: ObjectName,
        /// Logged or not.
        logged: bool,
    },
    /// `ALTER SEQUENCE … OWNED BY`
    SetSequenceOwner {
        /// The sequence.
        name: ObjectName,
        /// Its new owner.
        owner: SequenceOwner,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `CREATE INDEX`
    CreateIndex {
        /// What is made.
        index: Box<IndexDef>,
        /// Whether it may be there.
        existence: Existence,
    },
    /// `DROP TABLE`, `DROP VIEW`, `DROP SEQUENCE`, `DROP INDEX` …: one operation per name.
    DropRelation {
        /// What the statement says it is.
        kind: RelationKind,
        /// The name.
        name: ObjectName,
        /// The table, where an index belongs to its table's namespace (MySQL).
        table: Option<ObjectName>,
        /// Whether it may be missing.
        existence: Existence,
        /// What becomes of its dependents.
        behavior: Behavior,
    },
    /// `ALTER TABLE|VIEW|SEQUENCE|INDEX … RENAME TO`
    RenameRelation {
        /// What the statement says it is.
        kind: RelationKind,
        /// The name.
        name: ObjectName,
        /// The new name, in the same schema.
        to: Ident,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `ALTER TABLE|VIEW|SEQUENCE … SET SCHEMA`
    MoveRelation {
        /// What the statement says it is.
        kind: RelationKind,
        /// The name.
        name: ObjectName,
        /// The new schema.
        schema: Ident,
        /// Whether it may be missing.
        existence: Existence,
    },

    // Columns.
    /// `ALTER TABLE … ADD COLUMN`; inline constraints follow as operations of their own.
    AddColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: Box<ColumnDef>,
        /// Whether the column may be there.
        existence: Existence,
    },
    /// `ALTER TABLE … DROP COLUMN`
    DropColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: Ident,
        /// Whether the column may be missing.
        existence: Existence,
        /// What becomes of its dependents.
        behavior: Behavior,
    },
    /// `ALTER TABLE … RENAME COLUMN`
    RenameColumn {
        /// The table, view or composite type.
        table: ObjectName,
        /// The column.
        column: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TABLE … ALTER COLUMN`
    AlterColumn {
        /// The table.
        table: ObjectName,
        /// The column.
        column: Ident,
        /// What changes.
        change: ColumnChange,
        /// `ALTER TABLE ONLY`: children stay as they are.
        only: bool,
    },

    // Constraints.
    /// `ALTER TABLE … ADD CONSTRAINT`
    AddConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        constraint: Box<ConstraintDef>,
    },
    /// `ALTER TABLE … DROP CONSTRAINT`
    DropConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: Ident,
        /// Whether it may be missing.
        existence: Existence,
        /// What becomes of its dependents.
        behavior: Behavior,
    },
    /// `ALTER TABLE … RENAME CONSTRAINT`
    RenameConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TABLE … VALIDATE CONSTRAINT`
    ValidateConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: Ident,
    },

    /// `ALTER TABLE … ALTER CONSTRAINT`
    AlterConstraint {
        /// The table.
        table: ObjectName,
        /// The constraint.
        name: Ident,
        /// `DEFERRABLE` and `INITIALLY DEFERRED`, where one of them or its opposite is written.
        timing: Option<(bool, bool)>,
        /// `ENFORCED`, `NOT ENFORCED`
        enforced: Option<bool>,
        /// `NO INHERIT`, `INHERIT`
        no_inherit: Option<bool>,
    },
    /// `ALTER TABLE … OF`, `NOT OF`
    SetTableType {
        /// The table.
        table: ObjectName,
        /// The type; `None` for `NOT OF`.
        of_type: Option<ObjectName>,
    },

    // Types.
    /// `CREATE TYPE`, `CREATE DOMAIN`
    CreateType {
        /// The name.
        name: ObjectName,
        /// What it is made of.
        definition: TypeDef,
    },
    /// `DROP TYPE`, `DROP DOMAIN`
    DropType {
        /// The name.
        name: ObjectName,
        /// Whether it may be missing.
        existence: Existence,
        /// What becomes of its dependents.
        behavior: Behavior,
    },
    /// `ALTER TYPE|DOMAIN … RENAME TO`
    RenameType {
        /// The name.
        name: ObjectName,
        /// The new name.
        to: Ident,
    },
    /// `ALTER TYPE|DOMAIN … SET SCHEMA`
    MoveType {
        /// The name.
        name: ObjectName,
        /// The new schema.
        schema: Ident,
    },
    /// `ALTER TYPE … ADD VALUE`
    AddEnumLabel {
        /// The enum.
        name: ObjectName,
        /// The label.
        label: Arc<str>,
        /// Where it goes.
        position: LabelPosition,
        /// Whether it may be there.
        existence: Existence,
    },
    /// `ALTER TYPE … RENAME VALUE`
    RenameEnumLabel {
        /// The enum.
        name: ObjectName,
        /// The label.
        label: Arc<str>,
        /// Its new text.
        to: Arc<str>,
    },
    /// `ALTER DOMAIN …`, `ALTER TYPE … ATTRIBUTE`
    AlterType {
        /// The name.
        name: ObjectName,
        /// What changes.
        change: TypeChange,
    },

    // Routines.
    /// `CREATE FUNCTION|PROCEDURE|AGGREGATE`
    CreateRoutine {
        /// What is made.
        routine: Box<RoutineDef>,
        /// Whether it may be there.
        creation: Creation,
    },
    /// `DROP FUNCTION|PROCEDURE|AGGREGATE`
    DropRoutine {
        /// The name.
        name: ObjectName,
        /// The argument types; `None` where none are written and the name must be unique.
        arguments: Option<Vec<SqlType>>,
        /// Whether it may be missing.
        existence: Existence,
        /// What becomes of its dependents.
        behavior: Behavior,
    },
    /// `ALTER FUNCTION … RENAME TO`
    RenameRoutine {
        /// The name.
        name: ObjectName,
        /// The argument types, where written.
        arguments: Option<Vec<SqlType>>,
        /// The new name.
        to: Ident,
    },
    /// `ALTER FUNCTION … SET SCHEMA`
    MoveRoutine {
        /// The name.
        name: ObjectName,
        /// The argument types, where written.
        arguments: Option<Vec<SqlType>>,
        /// The new schema.
        schema: Ident,
    },

    // Triggers and policies.
    /// `CREATE [OR REPLACE] TRIGGER`
    CreateTrigger {
        /// What is made.
        trigger: Box<TriggerDef>,
        /// Whether it may be there.
        creation: Creation,
    },
    /// `DROP TRIGGER`
    DropTrigger {
        /// The trigger.
        name: Ident,
        /// The table; `None` where the name alone tells (MySQL, SQLite).
        table: Option<ObjectName>,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `ALTER TRIGGER … RENAME TO`
    RenameTrigger {
        /// The table.
        table: ObjectName,
        /// The trigger.
        name: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TABLE … ENABLE|DISABLE TRIGGER`
    EnableTrigger {
        /// The table.
        table: ObjectName,
        /// Which.
        triggers: TriggerSelection,
        /// On or off.
        enabled: bool,
    },
    /// `CREATE [OR REPLACE] RULE`
    CreateRule {
        /// What is made.
        rule: Box<RuleDef>,
        /// `OR REPLACE`
        is_replaced: bool,
    },
    /// `DROP RULE`
    DropRule {
        /// The rule.
        name: Ident,
        /// The table or view.
        table: ObjectName,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `ALTER RULE … RENAME TO`
    RenameRule {
        /// The table or view.
        table: ObjectName,
        /// The rule.
        name: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TABLE … ENABLE|DISABLE RULE`
    EnableRule {
        /// The table or view.
        table: ObjectName,
        /// The rule.
        name: Ident,
        /// On or off.
        enabled: bool,
    },
    /// `CREATE POLICY`
    CreatePolicy {
        /// What is made.
        policy: Box<PolicyDef>,
    },
    /// `ALTER POLICY`: what is written replaces what was there.
    AlterPolicy {
        /// The table.
        table: ObjectName,
        /// The policy.
        name: Ident,
        /// `TO …`
        roles: Option<Vec<Ident>>,
        /// `USING (…)`
        using: Option<SqlExpr>,
        /// `WITH CHECK (…)`
        with_check: Option<SqlExpr>,
    },
    /// `DROP POLICY`
    DropPolicy {
        /// The policy.
        name: Ident,
        /// The table.
        table: ObjectName,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `ALTER POLICY … RENAME TO`
    RenamePolicy {
        /// The table.
        table: ObjectName,
        /// The policy.
        name: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TABLE … ROW LEVEL SECURITY`
    SetRowSecurity {
        /// The table.
        table: ObjectName,
        /// What changes.
        change: RowSecurityChange,
    },

    // Partitions and inheritance.
    /// `ALTER TABLE … ATTACH PARTITION`
    AttachPartition {
        /// The partitioned table.
        table: ObjectName,
        /// The table that becomes a partition.
        partition: ObjectName,
        /// `FOR VALUES …`, `DEFAULT`
        bound: Option<SqlExpr>,
    },
    /// A partition or child whose name is not known is made: it is named after a day, say. No query
    /// that is known names it, and what it does to the parent's rows nobody sees.
    AttachUnnamedPartition {
        /// The partitioned table.
        table: ObjectName,
    },
    /// `ALTER INDEX … ATTACH PARTITION`
    AttachPartitionIndex {
        /// The index of the partitioned table.
        index: ObjectName,
        /// That of the partition.
        partition: ObjectName,
    },
    /// `ALTER TABLE … DETACH PARTITION`
    DetachPartition {
        /// The partitioned table.
        table: ObjectName,
        /// The partition that becomes a table.
        partition: ObjectName,
    },
    /// `ALTER TABLE … INHERIT`
    Inherit {
        /// The child.
        table: ObjectName,
        /// The parent.
        parent: ObjectName,
    },
    /// `ALTER TABLE … NO INHERIT`
    NoInherit {
        /// The child.
        table: ObjectName,
        /// The parent.
        parent: ObjectName,
    },

    // Privileges and roles.
    /// `GRANT`
    Grant(PrivilegeChange),
    /// `REVOKE`
    Revoke(PrivilegeChange),
    /// `ALTER DEFAULT PRIVILEGES`
    AlterDefaultPrivileges {
        /// `IN SCHEMA`
        schemas: Vec<Ident>,
        /// Grant or revoke.
        granted: bool,
        /// Which privileges, and to whom.
        change: PrivilegeChange,
    },
    /// `CREATE ROLE|USER|GROUP`
    CreateRole {
        /// The role.
        name: Ident,
        /// Whether it may log in.
        login: bool,
    },
    /// `ALTER ROLE … [NO]LOGIN`; other options have no effect on the schema.
    AlterRole {
        /// The role.
        name: Ident,
        /// Whether it may log in, where the statement says so.
        login: Option<bool>,
    },
    /// `ALTER ROLE … RENAME TO`
    RenameRole {
        /// The role.
        name: Ident,
        /// Its new name.
        to: Ident,
    },
    /// `DROP ROLE|USER|GROUP`
    DropRole {
        /// The role.
        name: Ident,
        /// Whether it may be missing.
        existence: Existence,
    },
    /// `ALTER … OWNER TO`
    SetOwner {
        /// Of what.
        target: GrantTarget,
        /// The new owner.
        role: Ident,
    },

    // Extensions and objects kept by name.
    /// `CREATE EXTENSION`
    CreateExtension {
        /// The extension.
        name: Ident,
        /// `SCHEMA`
        schema: Option<Ident>,
        /// Whether it may be there.
        existence: Existence,
    },
    /// `DROP EXTENSION`
    DropExtension {
        /// The extension.
        name: Ident,
        /// Whether it may be missing.
        existence: Existence,
        /// What becomes of its dependents.
        behavior: Behavior,
    },
    /// `CREATE` of an object that the catalog keeps by name only.
    CreateOther {
        /// Which kind.
        kind: OtherKind,
        /// The name.
        name: ObjectName,
    },
    /// `DROP` of an object that the catalog keeps by name only.
    DropOther {
        /// Which kind.
        kind: OtherKind,
        /// The name.
        name: ObjectName,
        /// Whether it may be missing.
        existence: Existence,
    },

    // The rest.
    /// Rows are read or written.
    Data(DataOp),
    /// A transaction begins or ends.
    Transaction(TransactionOp),
    /// A setting changes.
    Session(SessionOp),
    /// Understood, and without effect on what a query sees: `COMMENT`, `ANALYZE`, `VACUUM`,
    /// `REINDEX`, storage parameters, `REFRESH MATERIALIZED VIEW`.
    NoEffect {
        /// The statement's leading words, lower case: `comment`, `set statistics`.
        what: Arc<str>,
    },
    /// Functions are called whose bodies the catalog may hold.
    Call(Call),
    /// Not understood.
    Opaque(Opaque),
}

impl SchemaOp {
    /// The relation that an `ALTER` is about.
    pub fn altered_relation(&self) -> Option<&ObjectName> {
        match self {
            SchemaOp::AddColumn { table, .. }
            | SchemaOp::DropColumn { table, .. }
            | SchemaOp::RenameColumn { table, .. }
            | SchemaOp::AlterColumn { table, .. }
            | SchemaOp::AddConstraint { table, .. }
            | SchemaOp::DropConstraint { table, .. }
            | SchemaOp::RenameConstraint { table, .. }
            | SchemaOp::ValidateConstraint { table, .. }
            | SchemaOp::AlterConstraint { table, .. }
            | SchemaOp::SetTableType { table, .. }
            | SchemaOp::EnableTrigger { table, .. }
            | SchemaOp::EnableRule { table, .. }
            | SchemaOp::SetRowSecurity { table, .. }
            | SchemaOp::SetLogged { table, .. }
            | SchemaOp::AttachPartition { table, .. }
            | SchemaOp::AttachUnnamedPartition { table }
            | SchemaOp::DetachPartition { table, .. }
            | SchemaOp::Inherit { table, .. }
            | SchemaOp::NoInherit { table, .. } => Some(table),
            SchemaOp::RenameRelation { name, .. } | SchemaOp::MoveRelation { name, .. } => {
                Some(name)
            }
            _ => None, // Not an `ALTER` of a relation.
        }
    }

    /// The operation's name in reports, in kebab case: `rename-column`.
    pub fn name(&self) -> &'static str {
        match self {
            SchemaOp::CreateSchema { .. } => "create-schema",
            SchemaOp::DropSchema { .. } => "drop-schema",
            SchemaOp::RenameSchema { .. } => "rename-schema",
            SchemaOp::CreateTable { .. } => "create-table",
            SchemaOp::CreateView { .. } => "create-view",
            SchemaOp::CreateSequence { .. } => "create-sequence",
            SchemaOp::SetSequenceOwner { .. } => "set-sequence-owner",
            SchemaOp::AlterSequence { .. } => "alter-sequence",
            SchemaOp::SetLogged { .. } => "set-logged",
            SchemaOp::CreateIndex { .. } => "create-index",
            SchemaOp::DropRelation { kind, .. } => match kind {
                RelationKind::Table => "drop-table",
                RelationKind::ForeignTable => "drop-foreign-table",
                RelationKind::View => "drop-view",
                RelationKind::MaterializedView => "drop-materialized-view",
                RelationKind::Sequence => "drop-sequence",
                RelationKind::Index => "drop-index",
            },
            SchemaOp::RenameRelation { kind, .. } => match kind {
                RelationKind::Table => "rename-table",
                RelationKind::ForeignTable => "rename-foreign-table",
                RelationKind::View => "rename-view",
                RelationKind::MaterializedView => "rename-materialized-view",
                RelationKind::Sequence => "rename-sequence",
                RelationKind::Index => "rename-index",
            },
            SchemaOp::MoveRelation { .. } => "set-schema",
            SchemaOp::AddColumn { .. } => "add-column",
            SchemaOp::DropColumn { .. } => "drop-column",
            SchemaOp::RenameColumn { .. } => "rename-column",
            SchemaOp::AlterColumn { change, .. } => match change {
                ColumnChange::SetType { .. } => "set-type",
                ColumnChange::SetDefault(_) => "set-default",
                ColumnChange::DropDefault => "drop-default",
                ColumnChange::SetNotNull => "set-not-null",
                ColumnChange::DropNotNull => "drop-not-null",
                ColumnChange::AddIdentity(..) => "add-identity",
                ColumnChange::SetIdentity(_) => "set-identity",
                ColumnChange::SetIdentitySequence(_) => "alter-sequence",
                ColumnChange::DropIdentity(_) => "drop-identity",
                ColumnChange::DropExpression(_) => "drop-expression",
                ColumnChange::SetExpression(_) => "set-expression",
                ColumnChange::Redefine(_) => "redefine-column",
            },
            SchemaOp::AddConstraint { .. } => "add-constraint",
            SchemaOp::DropConstraint { .. } => "drop-constraint",
            SchemaOp::RenameConstraint { .. } => "rename-constraint",
            SchemaOp::ValidateConstraint { .. } => "validate-constraint",
            SchemaOp::AlterConstraint { .. } => "alter-constraint",
            SchemaOp::SetTableType { .. } => "set-table-type",
            SchemaOp::CreateType { .. } => "create-type",
            SchemaOp::DropType { .. } => "drop-type",
            SchemaOp::RenameType { .. } => "rename-type",
            SchemaOp::MoveType { .. } => "set-type-schema",
            SchemaOp::AddEnumLabel { .. } => "add-enum-label",
            SchemaOp::RenameEnumLabel { .. } => "rename-enum-label",
            SchemaOp::AlterType { .. } => "alter-type",
            SchemaOp::CreateRoutine { .. } => "create-routine",
            SchemaOp::DropRoutine { .. } => "drop-routine",
            SchemaOp::RenameRoutine { .. } => "rename-routine",
            SchemaOp::MoveRoutine { .. } => "set-routine-schema",
            SchemaOp::CreateTrigger { .. } => "create-trigger",
            SchemaOp::DropTrigger { .. } => "drop-trigger",
            SchemaOp::RenameTrigger { .. } => "rename-trigger",
            SchemaOp::EnableTrigger { enabled: true, .. } => "enable-trigger",
            SchemaOp::EnableTrigger { enabled: false, .. } => "disable-trigger",
            SchemaOp::CreateRule { .. } => "create-rule",
            SchemaOp::DropRule { .. } => "drop-rule",
            SchemaOp::RenameRule { .. } => "rename-rule",
            SchemaOp::EnableRule { enabled: true, .. } => "enable-rule",
            SchemaOp::EnableRule { enabled: false, .. } => "disable-rule",
            SchemaOp::CreatePolicy { .. } => "create-policy",
            SchemaOp::AlterPolicy { .. } => "alter-policy",
            SchemaOp::DropPolicy { .. } => "drop-policy",
            SchemaOp::RenamePolicy { .. } => "rename-policy",
            SchemaOp::SetRowSecurity { .. } => "set-row-security",
            SchemaOp::AttachPartition { .. } => "attach-partition",
            SchemaOp::AttachUnnamedPartition { .. } => "attach-partition",
            SchemaOp::DetachPartition { .. } => "detach-partition",
            SchemaOp::AttachPartitionIndex { .. } => "attach-partition-index",
            SchemaOp::Inherit { .. } => "inherit",
            SchemaOp::NoInherit { .. } => "no-inherit",
            SchemaOp::Grant(_) => "grant",
            SchemaOp::Revoke(_) => "revoke",
            SchemaOp::AlterDefaultPrivileges { .. } => "alter-default-privileges",
            SchemaOp::CreateRole { .. } => "create-role",
            SchemaOp::AlterRole { .. } => "alter-role",
            SchemaOp::RenameRole { .. } => "rename-role",
            SchemaOp::DropRole { .. } => "drop-role",
            SchemaOp::SetOwner { .. } => "set-owner",
            SchemaOp::CreateExtension { .. } => "create-extension",
            SchemaOp::DropExtension { .. } => "drop-extension",
            SchemaOp::CreateOther { .. } => "create-other",
            SchemaOp::DropOther { .. } => "drop-other",
            SchemaOp::Data(data) => match data {
                DataOp::Insert { .. } => "insert",
                DataOp::Update { .. } => "update",
                DataOp::Delete { .. } => "delete",
                DataOp::Truncate { .. } => "truncate",
                DataOp::CopyFrom { .. } => "copy",
                DataOp::Merge { .. } => "merge",
                DataOp::Read => "select",
                DataOp::Lock { .. } => "lock",
            },
            SchemaOp::Transaction(_) => "transaction",
            SchemaOp::Session(_) => "set",
            SchemaOp::NoEffect { .. } => "no-effect",
            SchemaOp::Call(_) => "call",
            SchemaOp::Opaque(_) => "opaque",
        }
    }
}
