//! Settings of the session that decide what a name in a statement means.

use super::name::{Ident, QualifiedName};
use super::op::SettingScope;

/// The search path, with what `SET LOCAL` put over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    path: Vec<Ident>,
    local: Option<Vec<Ident>>,
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
            found_columns: Vec::new(),
        }
    }

    /// The schemas that are searched, in order.
    pub fn search_path(&self) -> &[Ident] {
        self.local.as_deref().unwrap_or(&self.path)
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
