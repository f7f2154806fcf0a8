//! Column types, normalised to the server's own names.
//!
//! `integer`, `int` and `int4` are one type here: the built-in types carry the name that the
//! server's catalog gives them (`pg_type.typname` in PostgreSQL), so that equal types are equal
//! values.

use std::fmt;
use std::sync::Arc;

use super::name::{Ident, ObjectName};

/// The type of a column, a domain's base or a routine's argument.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlType {
    /// Which type.
    pub name: TypeName,
    /// What stands in parentheses: `varchar(10)` is `[10]`, `numeric(8,2)` is `[8, 2]`.
    pub modifiers: Arc<[i64]>,
    /// Number of array brackets; the server does not tell `int[]` from `int[][]`, so 0 or 1.
    pub is_array: bool,
}

/// A type's name: built in, or made by a migration (or by an extension).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypeName {
    /// A built-in type under the server's own name: `int4`, `varchar`, `timestamptz`.
    Builtin(Ident),
    /// An enum, a domain, a composite, an extension's type; as written until it is resolved.
    User(ObjectName),
    /// Known to be there, its type not: a column that was seen only by a later statement.
    Unknown,
}

impl SqlType {
    /// A built-in type without modifiers, by the server's own name.
    pub fn builtin(name: &str) -> Self {
        SqlType {
            name: TypeName::Builtin(Ident::new(name)),
            modifiers: Arc::from([]),
            is_array: false,
        }
    }

    /// A built-in type with what stands in its parentheses.
    pub fn with_modifiers(name: &str, modifiers: &[i64]) -> Self {
        SqlType {
            modifiers: Arc::from(modifiers),
            ..SqlType::builtin(name)
        }
    }

    /// A type made by a migration.
    pub fn user(name: ObjectName) -> Self {
        SqlType {
            name: TypeName::User(name),
            modifiers: Arc::from([]),
            is_array: false,
        }
    }

    /// The type of a column of which only the name is known.
    pub fn unknown() -> Self {
        SqlType {
            name: TypeName::Unknown,
            modifiers: Arc::from([]),
            is_array: false,
        }
    }

    /// The array of this type.
    pub fn array(self) -> Self {
        SqlType {
            is_array: true,
            ..self
        }
    }

    /// The built-in name, unless the type is a user's or unknown.
    pub fn builtin_name(&self) -> Option<&str> {
        match &self.name {
            TypeName::Builtin(name) => Some(name.as_str()),
            TypeName::User(_) | TypeName::Unknown => None,
        }
    }
}

/// As PostgreSQL's manual spells it: `integer`, `timestamp with time zone`.
impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modifiers = if self.modifiers.is_empty() {
            String::new()
        } else {
            let list: Vec<String> = self.modifiers.iter().map(i64::to_string).collect();
            format!("({})", list.join(","))
        };
        match &self.name {
            TypeName::Builtin(name) => match name.as_str() {
                "int2" => f.write_str("smallint")?,
                "int4" => f.write_str("integer")?,
                "int8" => f.write_str("bigint")?,
                "float4" => f.write_str("real")?,
                "float8" => f.write_str("double precision")?,
                "bool" => f.write_str("boolean")?,
                // `character` and `bit` alone are as long as one, and `char` is another type.
                "bpchar" if self.modifiers.is_empty() => f.write_str("bpchar")?,
                "bpchar" => write!(f, "character{modifiers}")?,
                "bit" if self.modifiers.is_empty() => f.write_str("\"bit\"")?,
                "char" => f.write_str("\"char\"")?,
                "varbit" => write!(f, "bit varying{modifiers}")?,
                "timestamptz" => write!(f, "timestamp{modifiers} with time zone")?,
                "timestamp" => write!(f, "timestamp{modifiers} without time zone")?,
                "timetz" => write!(f, "time{modifiers} with time zone")?,
                "time" => write!(f, "time{modifiers} without time zone")?,
                other => write!(f, "{other}{modifiers}")?,
            },
            TypeName::User(name) => write!(f, "{name}{modifiers}")?,
            TypeName::Unknown => f.write_str("(type not known)")?,
        }
        if self.is_array {
            f.write_str("[]")?;
        }
        Ok(())
    }
}
