//! What an installed extension may bring, so that a name it could bring is unknown and not missing.
//!
//! Of the extensions that come with the server the names are known, from the catalogs of real servers
//! (`scripts/builtins`). Another one may bring anything.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Binder;
use super::builtin::rows;
use crate::schema::name::Ident;

/// What an extension brings.
#[derive(Debug, Default)]
struct Brought {
    functions: Vec<&'static str>,
    types: Vec<&'static str>,
    relations: Vec<&'static str>,
    /// Operators on built-in types alone.
    operators: Vec<&'static str>,
}

static EXTENSIONS: LazyLock<HashMap<&'static str, Brought>> = LazyLock::new(|| {
    let mut all: HashMap<&'static str, Brought> = HashMap::new();
    for row in rows(include_str!("data/postgres_extensions.tsv")) {
        let [extension, kind, name, ..] = row[..] else {
            continue;
        };
        let brought = all.entry(extension).or_default();
        match kind {
            "f" => brought.functions.push(name),
            "t" => brought.types.push(name),
            "r" => brought.relations.push(name),
            "o" => brought.operators.push(name),
            // The extension itself, which may bring nothing that has a name.
            _ => {}
        }
    }
    all
});

/// Operators of the core that work on built-in types as they do without extensions.
const COMMON_OPERATORS: [&str; 24] = [
    "!~", "!~*", "!~~", "!~~*", "*", "+", "-", "->", "->>", "/", "<", "<=", "<>", "=", ">", ">=",
    "^", "||", "~", "~*", "~~", "~~*", "<<", ">>",
];

impl Binder<'_> {
    /// Whether an installed extension that is known brings a name, by what is `brought`; or what is
    /// thought of one that is `unknown`.
    fn extension_brings(
        &self,
        name: &str,
        brought: impl Fn(&'static Brought) -> &'static [&'static str],
        unknown: bool,
    ) -> bool {
        self.catalog
            .extensions()
            .any(|extension| match EXTENSIONS.get(extension.as_str()) {
                Some(known) => brought(known).contains(&name),
                None => unknown,
            })
    }

    /// Whether an extension is installed where a name with that schema finds what it brings.
    pub(super) fn is_in_sight(&self, extension: &str, schema: Option<&Ident>) -> bool {
        let mut installed = self.catalog.extensions_in();
        let found = installed.find(|(name, _)| name.as_str() == extension);
        match (found, schema) {
            (None, _) => false,
            (Some((_, Some(its))), Some(schema)) => its == schema,
            (Some((_, Some(its))), None) => self.settings.search_path.contains(its),
            // Where the session that made it put new things.
            (Some((_, None)), None) => true,
            (Some((_, None)), Some(schema)) => self.settings.search_path.contains(schema),
        }
    }

    /// Whether an installed extension could have made a function of that name whose arguments are
    /// not known.
    pub(super) fn extension_makes_function(&self, name: &Ident) -> bool {
        // Without types of its own, all its functions are known by their arguments.
        let functions = |it: &'static Brought| match it.types.is_empty() {
            true => &[][..],
            false => &it.functions[..],
        };
        self.extension_brings(name.as_str(), functions, true)
    }

    /// Whether an installed extension brings a method of sampling of that name.
    pub(super) fn extension_makes_sample(&self, name: &Ident) -> bool {
        self.extension_brings(name.as_str(), |it| &it.functions, true)
    }

    /// Whether an installed extension could have made a type of that name.
    pub(super) fn extension_makes_type(&self, name: &Ident) -> bool {
        self.extension_brings(name.as_str(), |it| &it.types, true)
    }

    /// Whether an installed extension could have made a relation of that name.
    pub(super) fn extension_makes_relation(&self, name: &Ident) -> bool {
        self.extension_brings(name.as_str(), |it| &it.relations, true)
    }

    /// Whether an installed extension could have made an operator on built-in types.
    pub(super) fn extension_makes_operator(&self, operator: &str) -> bool {
        let unknown = !COMMON_OPERATORS.contains(&operator);
        self.extension_brings(operator, |it| &it.operators, unknown)
    }
}
