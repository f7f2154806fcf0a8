//! What names and types in a query mean.
//!
//! Input: the tree of a statement and a catalog. Output: a [`Bound`]: every reference resolved,
//! failed with the server's own code, or unknown. A failure does not stop the rest: what hangs on it
//! is not known. Nothing here knows of migrations or releases.
//!
//! The order is that of the server's analysis (`FROM`, the select list, `WHERE`, …), so that the
//! first failure is the one that the server reports.

mod binding;
mod builtin;
mod calls;
mod coerce;
mod expression;
mod extension;
mod kind;
mod outcome;
mod routine;
mod scope;
mod select;
pub mod types;
mod upsert;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub use self::outcome::{
    BodyDeeds, Bound, Deeds, Failure, OutputColumn, Stage, Unknown, Use, UseKind, Write, WriteKind,
    Written,
};

use self::binding::Binding;
use self::builtin::builtins;
use self::kind::{Base, Modifiers, Type};
use self::routine::Behind;
use self::scope::Column;
use crate::schema::catalog::{
    Catalog, ObjectId, Relation, RelationBody, TypeBody, UserType, ViewWrites,
};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::OtherKind;
use crate::schema::types::{SqlType, TypeName};
use crate::sql::query::tree::Statement;

/// A query of a program, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    statement: Statement,
}

impl Query {
    /// Reads the text of one statement.
    ///
    /// # Errors
    ///
    /// Why it was not read, lower case, no full stop: it is no statement, or not one that reads or
    /// writes rows.
    pub fn read(text: &str) -> Result<Self, String> {
        match crate::sql::query::parse(text) {
            Ok(statement) => Ok(Query { statement }),
            Err(refused) => Err(refused.0),
        }
    }
}

/// What a query comes to on a catalog.
pub fn bind(query: &Query, catalog: &Catalog, settings: &Settings) -> Bound {
    Binder::new(catalog, settings).bind(&query.statement)
}

/// What several queries come to on a catalog: the same as one after the other, and faster.
pub fn bind_all(queries: &[Query], catalog: &Catalog, settings: &Settings) -> Vec<Bound> {
    let mut binder = Binder::new(catalog, settings);
    let all = queries.iter();
    all.map(|query| binder.bind_query(query)).collect()
}

/// What several queries come to on a catalog that is not the one they were written for, as
/// [`bind_beside`] has it.
pub fn bind_all_beside(
    queries: &[Query],
    catalog: &Catalog,
    own: &Catalog,
    settings: &Settings,
    definers: &BTreeSet<ObjectId>,
) -> Vec<Bound> {
    let mut binder = Binder::new(catalog, settings).beside(own);
    binder.definers = Some(definers);
    let all = queries.iter();
    all.map(|query| binder.bind_query(query)).collect()
}

/// What a query comes to on a catalog that is not the one it was written for. What `own` has from
/// statements that were understood is known to be missing where the catalog does not have it.
pub fn bind_beside(query: &Query, catalog: &Catalog, own: &Catalog, settings: &Settings) -> Bound {
    Binder::new(catalog, settings)
        .beside(own)
        .bind(&query.statement)
}

/// What a view's query comes to when the view is made.
pub(crate) struct ViewQuery {
    /// Its columns, with their types; `None` where they are not all known.
    pub(crate) columns: Option<Vec<(Ident, SqlType)>>,
    /// Why the server refuses it, where that is sure.
    pub(crate) failure: Option<Failure>,
}

/// Binds the query of a view; `None` where it is not read.
pub(crate) fn view_query(
    text: &str,
    catalog: &Catalog,
    search_path: &[Ident],
) -> Option<ViewQuery> {
    let settings = Settings {
        search_path: search_path.to_vec(),
        ..Settings::default()
    };
    let bound = bind(&Query::read(text).ok()?, catalog, &settings);
    let failure = bound.failure().cloned();
    let typed = |columns: Vec<OutputColumn>| {
        let columns = columns.into_iter();
        let typed = columns.map(|column| {
            let data_type = column.data_type.unwrap_or_else(SqlType::unknown);
            (column.name, data_type)
        });
        typed.collect()
    };
    Some(ViewQuery {
        columns: bound.output.map(typed),
        failure,
    })
}

/// The place in a relation of the column that a [`Use`] names as its part.
pub(crate) fn place_of_column(relation: &Relation, part: ObjectId) -> Option<usize> {
    match &relation.body {
        RelationBody::Table(table) => table.columns.iter().position(|it| it.id == part),
        RelationBody::View(view) => {
            let count = view.columns.as_ref().map_or(0, Vec::len);
            (0..count).find(|at| binding::part_id(relation.id, *at) == part)
        }
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}

/// The identity by which a [`Use`] names the column at a place of a view.
pub(crate) fn id_of_column(view: &Relation, place: usize) -> ObjectId {
    binding::part_id(view.id, place)
}

/// What writing to a view comes to, its triggers and rules aside.
pub(crate) fn view_writes(name: &QualifiedName, catalog: &Catalog) -> ViewWrites {
    let Some(RelationBody::View(view)) = catalog.relation(name).map(|it| &it.body) else {
        return ViewWrites::Unknown;
    };
    let Ok(statement) = crate::sql::query::parse(&view.query.text) else {
        return ViewWrites::Unknown;
    };
    let Some(shown) = write::shown_plainly(&statement) else {
        return ViewWrites::Refused;
    };
    if shown.is_empty() {
        return ViewWrites::Unknown;
    }
    let below = match view.depends_on[..] {
        [id] => catalog
            .relation_name(id)
            .and_then(|it| catalog.relation(it)),
        _ => None,
    };
    match below.map(|it| (it.id, &it.body)) {
        Some((id, RelationBody::Table(table))) => ViewWrites::Through {
            table: id,
            columns: shown
                .iter()
                .map(|name| Some(table.column(name.as_ref()?)?.id))
                .collect(),
        },
        Some((_, RelationBody::View(below))) => match &below.writes {
            ViewWrites::Through { table, columns } => {
                let names = below.columns.as_deref().unwrap_or_default();
                let at = |name: &Ident| names.iter().position(|it| it == name);
                ViewWrites::Through {
                    table: *table,
                    columns: shown
                        .iter()
                        .map(|name| *columns.get(at(name.as_ref()?)?)?)
                        .collect(),
                }
            }
            ViewWrites::Refused => ViewWrites::Refused,
            ViewWrites::Unknown => ViewWrites::Unknown,
        },
        Some((_, RelationBody::Sequence(_) | RelationBody::Index { .. })) | None => {
            ViewWrites::Unknown
        }
    }
}

/// How queries are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The schemas in which names without one are sought, in order; `pg_catalog` comes first by
    /// itself.
    pub search_path: Vec<Ident>,
    /// The server's major version.
    pub major: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            search_path: vec![Ident::new("public")],
            major: 16,
        }
    }
}

/// Binds statements to one catalog. What it learns of the catalog is kept for the next statement.
pub(crate) struct Binder<'c> {
    catalog: &'c Catalog,
    settings: &'c Settings,
    /// The schema that the queries were written for.
    own: Option<&'c Catalog>,
    relations: HashMap<ObjectId, (Arc<[Column]>, bool)>,
    /// What bodies come to, by the routine and the table whose trigger it is.
    bodies: HashMap<Body, Arc<Behind>>,
    /// The bodies that are being read: one may call itself.
    running: Vec<Body>,
    /// The routines that run with the rights of their owner (`SECURITY DEFINER`), where somebody asks
    /// what bodies do with which rights.
    definers: Option<&'c BTreeSet<ObjectId>>,
}

/// What tells one run of a body from another: the routine, the table whose trigger it is, and what
/// the trigger says before `FOR EACH`.
type Body = (ObjectId, Option<ObjectId>, Option<Arc<str>>);

impl<'c> Binder<'c> {
    /// A binder for one catalog.
    pub(crate) fn new(catalog: &'c Catalog, settings: &'c Settings) -> Self {
        Binder {
            catalog,
            settings,
            own: None,
            relations: HashMap::new(),
            bodies: HashMap::new(),
            running: Vec::new(),
            definers: None,
        }
    }

    /// With the schema that the queries were written for: what statements that were understood made
    /// there is known to be missing where the catalog does not have it.
    pub(crate) fn beside(self, own: &'c Catalog) -> Self {
        Binder {
            own: Some(own),
            ..self
        }
    }

    /// Whether what a routine does counts as done with the rights of the one who calls it.
    fn runs_as_caller(&self, routine: ObjectId) -> bool {
        self.definers.is_some_and(|it| !it.contains(&routine))
    }

    /// The places in which a name is sought.
    fn places<'n>(&'n self, name: &'n ObjectName) -> impl Iterator<Item = QualifiedName> + 'n {
        let schemas = match &name.schema {
            Some(schema) => std::slice::from_ref(schema),
            None => self.settings.search_path.as_slice(),
        };
        schemas.iter().map(|schema| QualifiedName {
            schema: schema.clone(),
            name: name.name.clone(),
        })
    }

    fn own_has_relation(&self, name: &ObjectName) -> bool {
        self.own.is_some_and(|own| {
            let mut found = self.places(name).filter_map(|it| own.relation(&it));
            found.any(|it| !it.assumed && it.unread == 0)
        })
    }

    fn own_has_type(&self, name: &ObjectName) -> bool {
        self.own.is_some_and(|own| {
            let mut found = self.places(name).filter_map(|it| own.user_type(&it));
            found.any(|it| it.unread == 0)
        })
    }

    fn own_has_routine(&self, name: &ObjectName) -> bool {
        self.own
            .is_some_and(|own| self.places(name).any(|it| !own.routines(&it).is_empty()))
    }

    /// What a query comes to.
    pub(crate) fn bind_query(&mut self, query: &Query) -> Bound {
        self.bind(&query.statement)
    }

    /// What a statement comes to.
    pub(crate) fn bind(&mut self, statement: &Statement) -> Bound {
        let mut binding = Binding::new(self);
        binding.statement_at_top(statement);
        binding.demand_parameter_types();
        let parameters = binding.parameters_in_order();
        let mut out = binding.out;
        out.failures.append(&mut binding.late);
        out.parameters = parameters;
        out.behind = binding.behind.difference(&binding.uses).cloned().collect();
        binding.uses.append(&mut binding.behind);
        out.uses = binding.uses.into_iter().collect();
        out.deeds = Some(binding.deeds)
            .filter(|it| *it != BodyDeeds::default())
            .map(Box::new);
        out
    }

    /// The type of a column, or one that a query names, as far as it is known.
    fn type_of(&self, data_type: &SqlType) -> Type {
        let found = match &data_type.name {
            TypeName::Builtin(name) => Type::builtin(name.as_str()),
            TypeName::User(name) => self.find_type(name),
            TypeName::Unknown => Type::NOT_KNOWN,
        };
        if data_type.is_array {
            found.array()
        } else {
            found
        }
    }

    /// The type of a name that is not spelled as a built-in one.
    fn find_type(&self, name: &ObjectName) -> Type {
        let in_schema = |schema: &Ident| {
            let qualified = QualifiedName {
                schema: schema.clone(),
                name: name.name.clone(),
            };
            if let Some(found) = self.catalog.user_type(&qualified) {
                return Some(Type::of(Base::User(found.id)));
            }
            let relation = self.catalog.relation(&qualified)?;
            Some(Type::of(Base::Row(relation.id)))
        };
        let builtin = || builtins().type_named(name.name.as_str());
        match &name.schema {
            Some(schema) if schema.as_str() == "pg_catalog" => {
                builtin().map_or(Type::NOT_KNOWN, |id| Type::of(Base::Builtin(id)))
            }
            Some(schema) => in_schema(schema).unwrap_or(Type::NOT_KNOWN),
            None => match builtin() {
                Some(id) => Type::of(Base::Builtin(id)),
                None => self
                    .settings
                    .search_path
                    .iter()
                    .find_map(in_schema)
                    .unwrap_or(Type::NOT_KNOWN),
            },
        }
    }

    /// Whether a type that is not in the catalog may be there all the same.
    fn may_have_type(&self, name: &ObjectName) -> bool {
        let perhaps = |schema: &Ident| {
            self.catalog.may_have(&QualifiedName {
                schema: schema.clone(),
                name: name.name.clone(),
            })
        };
        let in_path = match &name.schema {
            Some(schema) => perhaps(schema) || !self.knows_schema(schema),
            None => self.settings.search_path.iter().any(perhaps),
        };
        if self.own_has_type(name) {
            return false;
        }
        in_path || self.catalog.unread() > 0 || self.extension_makes_type(&name.name)
    }

    /// Whether the project made the schema, or everybody has it.
    fn knows_schema(&self, schema: &Ident) -> bool {
        self.catalog.has_schema(schema)
            || self.catalog.has_lost_schema(schema)
            || matches!(schema.as_str(), "pg_catalog" | "information_schema")
    }

    /// Whether the project makes casts of its own.
    fn has_own(&self, kind: OtherKind) -> bool {
        self.catalog.others().any(|(found, _)| found == kind)
    }

    fn user_type(&self, id: ObjectId) -> Option<&'c UserType> {
        let name = self.catalog.type_name(id)?;
        self.catalog.user_type(name).map(Arc::as_ref)
    }

    fn base_type(&self, ty: Type) -> Type {
        let mut found = ty;
        // A catalog could be wrong about domains that are made of themselves.
        for _ in 0..32 {
            let Base::User(id) = found.base else {
                return found;
            };
            match self.user_type(id).map(|it| &it.body) {
                Some(TypeBody::Domain { base, .. }) if !found.is_array => {
                    found = self.type_of(base);
                }
                _ => return found,
            }
        }
        Type::NOT_KNOWN
    }

    /// The type as the catalog holds it; `None` where it is not known.
    fn sql_type(&self, ty: Type, modifiers: &Modifiers) -> Option<SqlType> {
        let found = match ty.base {
            Base::Builtin(id) => SqlType::builtin(builtins().info(id).name),
            Base::User(id) => SqlType::user(self.catalog.type_name(id)?.into()),
            Base::Row(id) => SqlType::user(self.catalog.relation_name(id)?.into()),
            Base::Record => SqlType::builtin("record"),
            Base::Literal | Base::NotKnown => return None,
        };
        let takes_some = found.builtin_name().is_some_and(|name| {
            let some = ["numeric", "varchar", "bpchar", "bit", "varbit", "interval"];
            some.contains(&name) || name.starts_with("time")
        });
        let found = match modifiers {
            Modifiers::Some(modifiers) => SqlType {
                modifiers: Arc::clone(modifiers),
                ..found
            },
            Modifiers::NotKnown if takes_some => return None,
            Modifiers::NotKnown | Modifiers::None => found,
        };
        Some(if ty.is_array { found.array() } else { found })
    }

    fn shown(&self, ty: Type) -> String {
        let name = match ty.base {
            Base::Builtin(id) => SqlType::builtin(builtins().info(id).name).to_string(),
            Base::User(id) => self
                .catalog
                .type_name(id)
                .map_or_else(|| "?".to_owned(), |name| self.short(name)),
            Base::Row(id) => self
                .catalog
                .relation_name(id)
                .map_or_else(|| "?".to_owned(), |name| self.short(name)),
            Base::Record => "record".to_owned(),
            Base::Literal => "unknown".to_owned(),
            Base::NotKnown => "?".to_owned(),
        };
        if ty.is_array {
            format!("{name}[]")
        } else {
            name
        }
    }

    /// The name without its schema where the search path finds it.
    fn short(&self, name: &QualifiedName) -> String {
        if self.settings.search_path.contains(&name.schema) {
            name.name.to_string()
        } else {
            format!("{}.{}", name.schema, name.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grouping reads a select list twice, so that nesting would double the work of each level.
    #[test]
    fn nested_queries_are_given_up_in_time() {
        let depth = 25;
        let text = format!(
            "{}1{}",
            "SELECT (".repeat(depth),
            ") GROUP BY 1".repeat(depth)
        );
        let with = format!(
            "{}SELECT 1 AS a{}",
            "WITH RECURSIVE x AS (SELECT 2), y AS (".repeat(14),
            ") SELECT 1 AS a FROM y".repeat(14)
        );
        for text in [text, with] {
            let query = Query::read(&text).expect("it is a query");
            let bound = bind(&query, &Catalog::new(), &Settings::default());
            assert!(!bound.unknowns.is_empty() || bound.failures.is_empty());
        }
    }
}
