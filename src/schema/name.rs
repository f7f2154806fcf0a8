//! Names as the server stores them.
//!
//! An [`Ident`] is folded and unquoted: `Users` becomes `users`, `"Users"` stays. Where a schema
//! is optional the name is an [`ObjectName`] (as written); a [`QualifiedName`] has been resolved.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// One identifier as the server stores it, without quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(Arc<str>);

impl Ident {
    /// The identifier with exactly this text; folding is the reader's business.
    pub fn new(text: &str) -> Self {
        Ident(Arc::from(text))
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Ident {
    fn from(text: &str) -> Self {
        Ident::new(text)
    }
}

impl Borrow<str> for Ident {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Written with double quotes where the text is not a plain lower-case identifier.
impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        let plain = characters
            .next()
            .is_some_and(|c| c.is_lowercase() || c == '_')
            && characters.all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_' || c == '$');
        if plain {
            f.write_str(&self.0)
        } else {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        }
    }
}

/// A name as a statement writes it: the schema may be left to the search path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// The schema, where one is written.
    pub schema: Option<Ident>,
    /// The object's own name.
    pub name: Ident,
}

impl ObjectName {
    /// A name without a schema.
    pub fn bare(name: impl Into<Ident>) -> Self {
        ObjectName {
            schema: None,
            name: name.into(),
        }
    }

    /// A name with its schema.
    pub fn qualified(schema: impl Into<Ident>, name: impl Into<Ident>) -> Self {
        ObjectName {
            schema: Some(schema.into()),
            name: name.into(),
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// A name with its schema resolved: the key of an object in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// The schema.
    pub schema: Ident,
    /// The object's own name.
    pub name: Ident,
}

impl QualifiedName {
    /// The object `name` in `schema`.
    pub fn new(schema: impl Into<Ident>, name: impl Into<Ident>) -> Self {
        QualifiedName {
            schema: schema.into(),
            name: name.into(),
        }
    }
}

/// The default schema `public` is left out, as people do.
impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.as_str() == "public" {
            write!(f, "{}", self.name)
        } else {
            write!(f, "{}.{}", self.schema, self.name)
        }
    }
}

impl From<&QualifiedName> for ObjectName {
    fn from(name: &QualifiedName) -> Self {
        ObjectName::qualified(name.schema.clone(), name.name.clone())
    }
}
