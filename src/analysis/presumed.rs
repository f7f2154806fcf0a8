//! What a release needs of the schema.
//!
//! Without known queries a release is presumed to do what ordinary code does with everything in
//! its own schema, minus what its own configuration has retired.

use crate::discover::RetiredAccess;
use crate::schema::catalog::{Catalog, Routine};
use crate::schema::diff::{Change, Difference, ObjectKind, ObjectRef, calls_of};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::SchemaOp;
use crate::schema::types::{SqlType, TypeName};
use crate::sql::{self, Dialect};

use super::compat::Access;

/// An object that a release declares it does not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The object as people name it: `users`, `users.nickname`, `app.users.nickname`, and
    /// `price(numeric)` for one overload of a function.
    pub object: String,
    /// Which use has ended.
    pub access: RetiredAccess,
}

/// One overload of a function, as a retired object names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overload {
    name: ObjectName,
    arguments: Vec<SqlType>,
}

impl Overload {
    /// Reads `app.price(numeric, integer)`; `None` where the text names no arguments.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if !text.ends_with(')') {
            return None;
        }
        let script = sql::read(&format!("DROP FUNCTION {text}"), Dialect::Postgres);
        let [statement] = script.statements.as_slice() else {
            return None;
        };
        match statement.operations.as_slice() {
            [operation] => match &operation.op {
                SchemaOp::DropRoutine {
                    name,
                    arguments: Some(arguments),
                    ..
                } => Some(Overload {
                    name: name.clone(),
                    arguments: arguments.clone(),
                }),
                _ => None, // What else such a text may be, it names no overload.
            },
            _ => None,
        }
    }

    pub(crate) fn has_name(&self, schema: &Ident, name: &Ident) -> bool {
        self.name.name == *name && self.name.schema.as_ref().is_none_or(|it| it == schema)
    }

    pub(crate) fn is(&self, routine: &Routine) -> bool {
        let types = routine.signature();
        types.len() == self.arguments.len()
            && types.into_iter().zip(&self.arguments).all(is_same_type)
    }
}

/// Whether two argument types are the same: modifiers are none of a signature, and a schema may be
/// left out.
fn is_same_type((one, other): (&SqlType, &SqlType)) -> bool {
    let is_same_name = match (&one.name, &other.name) {
        (TypeName::User(one), TypeName::User(other)) => {
            one.name == other.name
                && (one.schema == other.schema || one.schema.is_none() || other.schema.is_none())
        }
        (one, other) => one == other,
    };
    is_same_name && one.is_array == other.is_array
}

/// What a release is presumed to use.
#[derive(Debug, Clone, Default)]
pub struct Presumed {
    retired: Vec<Retired>,
    /// For each, the overload that it names, if it names one.
    overloads: Vec<Option<Overload>>,
}

impl Presumed {
    /// Everything but the retired objects.
    pub fn without(retired: Vec<Retired>) -> Self {
        Presumed {
            overloads: retired
                .iter()
                .map(|it| Overload::read(&it.object))
                .collect(),
            retired,
        }
    }

    /// The retired objects.
    pub fn retired(&self) -> &[Retired] {
        &self.retired
    }

    /// Whether the release is presumed to use an object this way. A retired table takes its
    /// columns and constraints with it.
    pub fn uses(&self, object: &ObjectRef, access: Access) -> bool {
        !self
            .retired
            .iter()
            .any(|retired| covers(retired.access, access) && names(&retired.object, object))
    }

    /// Whether it is presumed to call one overload of a function.
    pub fn calls(&self, name: &QualifiedName, routine: &Routine, access: Access) -> bool {
        !self.retired.iter().zip(&self.overloads).any(|(it, named)| {
            covers(it.access, access)
                && named.as_ref().is_some_and(|named| {
                    named.has_name(&name.schema, &name.name) && named.is(routine)
                })
        })
    }

    /// Whether it is presumed to use what a difference is about, where its own schema is `own`.
    pub fn uses_what_changed(
        &self,
        difference: &Difference,
        own: &Catalog,
        access: Access,
    ) -> bool {
        let object = &difference.object;
        if !self.uses(object, access) {
            return false;
        }
        if object.kind != ObjectKind::Function || self.overloads.iter().all(Option::is_none) {
            return true;
        }
        let schema = object.schema.clone();
        let schema = schema.unwrap_or_else(|| Ident::new("public"));
        let name = QualifiedName::new(schema, object.name.clone());
        let overloads = own.routines(&name);
        let mut called = overloads.iter().filter(|it| self.calls(&name, it, access));
        match &difference.change {
            Change::RoutineArgumentsChanged { calls, .. } => {
                called.any(|it| calls_of(it).iter().any(|call| calls.contains(call)))
            }
            _ => overloads.is_empty() || called.next().is_some(),
        }
    }
}

fn covers(retired: RetiredAccess, access: Access) -> bool {
    match retired {
        RetiredAccess::Both => true,
        RetiredAccess::Read => access == Access::Read,
        RetiredAccess::Write => access == Access::Write,
    }
}

/// Whether `text` names the object or what it belongs to, with the schema left out or not.
fn names(text: &str, object: &ObjectRef) -> bool {
    let schema = object.schema.as_ref().map_or("public", |it| it.as_str());
    let mut path: Vec<&str> = object.parent.iter().map(|it| it.as_str()).collect();
    path.push(object.name.as_str());
    let given = parts_of(text);
    let is_start_of = |given: &[&str]| !given.is_empty() && path.starts_with(given);
    is_start_of(&given) || (given.first() == Some(&schema) && is_start_of(&given[1..]))
}

/// The parts of a name as a retired object gives it.
pub(crate) fn parts_of(text: &str) -> Vec<&str> {
    text.split('.')
        .map(|part| part.trim().trim_matches('"'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::diff::ObjectKind;
    use crate::schema::name::{Ident, QualifiedName};

    fn column(schema: &str, table: &str, column: &str) -> ObjectRef {
        let table = QualifiedName::new(schema, table);
        ObjectRef::part(ObjectKind::Column, &table, &Ident::new(column))
    }

    fn retired(object: &str, access: RetiredAccess) -> Presumed {
        Presumed::without(vec![Retired {
            object: object.to_owned(),
            access,
        }])
    }

    #[test]
    fn a_retired_object_is_named_with_or_without_its_schema() {
        let nickname = column("public", "users", "nickname");
        for name in [
            "users.nickname",
            "public.users.nickname",
            "users",
            "\"users\".\"nickname\"",
        ] {
            assert!(
                !retired(name, RetiredAccess::Both).uses(&nickname, Access::Read),
                "{name}"
            );
        }
        for name in ["nickname", "users.nick", "app.users.nickname", "public"] {
            assert!(
                retired(name, RetiredAccess::Both).uses(&nickname, Access::Read),
                "{name}"
            );
        }
    }

    #[test]
    fn a_column_no_longer_read_may_still_be_written() {
        let nickname = column("public", "users", "nickname");
        let presumed = retired("users.nickname", RetiredAccess::Read);
        assert!(!presumed.uses(&nickname, Access::Read));
        assert!(presumed.uses(&nickname, Access::Write));
    }
}
