//! Settings of the session that decide what a name in a statement means.

use super::name::{Ident, QualifiedName};
use super::op::SettingScope;

/// Where the name of an index has to be unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum IndexNames {
    /// In its schema, among tables and views too (PostgreSQL, SQLite).
    #[default]
    PerSchema,
    /// In its table (MySQL, MariaDB).
    PerTable,
}

/// Whether a primary key refuses NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PrimaryKeys {
    /// It does.
    #[default]
    RefuseNull,
    /// It does not (SQLite, but for the row's own number).
    AdmitNull,
}

/// The search path, with what `SET LOCAL` put over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    path: Vec<Ident>,
    local: Option<Vec<Ident>>,
    /// While the elements of a `CREATE SCHEMA` are made.
    inner: Option<Vec<Ident>>,
    /// Where the name of an index has to be unique.
    pub index_names: IndexNames,
    /// Whether a primary key refuses NULL.
    pub primary_keys: PrimaryKeys,
    /// Columns that `ADD COLUMN IF NOT EXISTS` found to be there, when it last asked.
    pub(super) found_columns: Vec<(QualifiedName, Ident)>,
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

impl Session {
    /// The server's default: `"$user", public`.
    pub fn new() -> Self {
        Session {
            path: vec![Ident::new("$user"), Ident::new("public")],
            local: None,
            inner: None,
            index_names: IndexNames::default(),
            primary_keys: PrimaryKeys::default(),
            found_columns: Vec::new(),
        }
    }

    /// The schemas that are searched, in order.
    pub fn search_path(&self) -> &[Ident] {
        let outer = self.local.as_ref().unwrap_or(&self.path);
        self.inner.as_ref().unwrap_or(outer)
    }

    /// Names are sought in a schema before all others, until it is left.
    pub fn enter_schema(&mut self, schema: &Ident) {
        let mut path = vec![schema.clone()];
        path.extend_from_slice(self.search_path());
        self.inner = Some(path);
    }

    /// Names are sought where they were before.
    pub fn leave_schema(&mut self) {
        self.inner = None;
    }

    /// `SET search_path`; `None` restores the default.
    pub fn set_search_path(&mut self, path: Option<&[Ident]>, scope: SettingScope) {
        let path = path.map_or_else(|| Session::new().path, <[Ident]>::to_vec);
        match scope {
            SettingScope::Session => {
                self.path = path;
                self.local = None;
            }
            SettingScope::Transaction => self.local = Some(path),
        }
    }

    /// What `SET LOCAL` changed ends with the transaction.
    pub fn end_transaction(&mut self) {
        self.found_columns.clear();
        self.local = None;
    }
}
