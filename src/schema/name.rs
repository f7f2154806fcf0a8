//! Names as the server stores them.
//!
//! An [`Ident`] is folded and unquoted: `Users` becomes `users`, `"Users"` stays. Where a schema
//! is optional the name is an [`ObjectName`] (as written); a [`QualifiedName`] has been resolved.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// One identifier as the server stores it, without quotes.
///
/// MySQL, MariaDB and SQLite keep a name as it was written and find it in any case: two such
/// identifiers are equal when they differ in the case of ASCII letters only.
#[derive(Clone)]
pub struct Ident(
    /// The text, behind [`ANY_CASE`] where the identifier is found in any case: a flag of its own
    /// would make every name in ten thousand versions of a schema half as large again.
    Arc<str>,
);

/// No text that is read as SQL holds a zero byte.
const ANY_CASE: char = '\0';

impl Ident {
    /// The identifier with exactly this text; folding is the reader's business.
    pub fn new(text: &str) -> Self {
        Ident(Arc::from(text))
    }

    /// An identifier that is found in any case.
    pub fn in_any_case(text: &str) -> Self {
        Ident(format!("{ANY_CASE}{text}").into())
    }

    /// An identifier with another text that is found as this one is.
    pub fn alike(&self, text: &str) -> Self {
        match self.is_in_any_case() {
            true => Ident::in_any_case(text),
            false => Ident::new(text),
        }
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        self.0.strip_prefix(ANY_CASE).unwrap_or(&self.0)
    }

    fn is_in_any_case(&self) -> bool {
        self.0.as_bytes().first() == Some(&0)
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ident").field(&self.as_str()).finish()
    }
}

impl PartialEq for Ident {
    fn eq(&self, other: &Self) -> bool {
        // Mostly the texts decide, and the flag is part of them.
        self.0 == other.0
            || ((self.is_in_any_case() || other.is_in_any_case())
                && self.as_str().eq_ignore_ascii_case(other.as_str()))
    }
}

impl Eq for Ident {}

impl Ord for Ident {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is_in_any_case() || other.is_in_any_case() {
            let folded = |byte: u8| byte.to_ascii_lowercase();
            let one = self.as_str().bytes().map(folded);
            one.cmp(other.as_str().bytes().map(folded))
        } else {
            self.0.cmp(&other.0)
        }
    }
}

impl PartialOrd for Ident {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Equal identifiers have equal hashes, whatever their case.
impl Hash for Ident {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut folded = [0_u8; 64];
        for part in self.as_str().as_bytes().chunks(folded.len()) {
            let folded = &mut folded[..part.len()];
            folded.copy_from_slice(part);
            folded.make_ascii_lowercase();
            state.write(folded);
        }
        state.write_u8(0xff);
    }
}

impl From<&str> for Ident {
    fn from(text: &str) -> Self {
        Ident::new(text)
    }
}

/// Written with double quotes where the text is not a plain lower-case identifier.
impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.as_str().chars();
        let plain = characters
            .next()
            .is_some_and(|c| c.is_lowercase() || c == '_')
            && characters.all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_' || c == '$');
        if plain {
            f.write_str(self.as_str())
        } else {
            write!(f, "\"{}\"", self.as_str().replace('"', "\"\""))
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
