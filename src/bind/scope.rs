//! What the names in a query can mean: the elements of `FROM`, one level inside of another.

use std::sync::Arc;

use super::kind::{Modifiers, Type};
use crate::schema::catalog::ObjectId;
use crate::schema::name::Ident;
use crate::source::Span;

/// A column that a name can mean.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: Ident,
    pub(super) ty: Type,
    pub(super) modifiers: Modifiers,
    /// Whether it can be NULL, as far as that is known.
    pub(super) nullable: Option<bool>,
    /// The column of the catalog that its value comes from.
    pub(super) origin: Option<(ObjectId, ObjectId)>,
}

/// An element of `FROM`.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its alias or its own name.
    pub(super) name: Option<Ident>,
    /// The schema, where it has no alias.
    pub(super) schema: Option<Ident>,
    /// The relation of the catalog.
    pub(super) relation: Option<ObjectId>,
    pub(super) columns: Arc<[Column]>,
    /// The number of each column's variable; those of a join are those of its sides.
    pub(super) vars: Vars,
    /// Whether it may have columns that are not listed.
    pub(super) open: bool,
    /// Whether it has `ctid` and its kin.
    pub(super) has_system_columns: bool,
    /// Whether its columns are found without its name.
    pub(super) columns_visible: bool,
    /// Whether its name is found.
    pub(super) name_visible: bool,
    /// Whether it stands left of the element that is being read.
    pub(super) lateral_only: bool,
    /// Whether a lateral element may use it.
    pub(super) lateral_ok: bool,
}

/// The numbers of the variables of an entry.
#[derive(Debug, Clone)]
pub(super) enum Vars {
    /// One after the other from here.
    From(u32),
    /// Each by itself.
    Each(Vec<u32>),
}

impl Entry {
    pub(super) fn var(&self, column: usize) -> u32 {
        match &self.vars {
            Vars::From(first) => first + u32::try_from(column).unwrap_or(u32::MAX),
            Vars::Each(all) => all.get(column).copied().unwrap_or(u32::MAX),
        }
    }
}

/// A common table expression that is in sight.
#[derive(Debug, Clone)]
pub(super) struct Cte {
    pub(super) name: Ident,
    pub(super) columns: Arc<[Column]>,
    pub(super) open: bool,
}

/// A variable that stands outside of aggregates and of what is grouped by.
#[derive(Debug, Clone)]
pub(super) struct Loose {
    pub(super) var: u32,
    pub(super) shown: String,
    pub(super) span: Span,
}

/// One level of a query.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) parent: Option<usize>,
    pub(super) entries: Vec<Entry>,
    pub(super) ctes: Vec<Cte>,
    /// What is grouped by, as the keys of expressions.
    pub(super) groups: Vec<u64>,
    pub(super) loose: Vec<Loose>,
    pub(super) has_aggregates: bool,
    pub(super) windows: Vec<Ident>,
    /// How many variables were found at this level.
    pub(super) uses: u32,
    /// Lateral references are allowed while an element of `FROM` is read.
    pub(super) lateral_active: bool,
}
