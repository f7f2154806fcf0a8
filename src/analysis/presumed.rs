//! What a release needs of the schema.
//!
//! Without known queries a release is presumed to do what ordinary code does with everything in
//! its own schema, minus what its own configuration has retired.

use crate::discover::RetiredAccess;
use crate::schema::diff::ObjectRef;

use super::compat::Access;

/// An object that a release declares it does not use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The object as people name it: `users`, `users.nickname`, `app.users.nickname`.
    pub object: String,
    /// Which use has ended.
    pub access: RetiredAccess,
}

/// What a release is presumed to use.
#[derive(Debug, Clone, Default)]
pub struct Presumed {
    retired: Vec<Retired>,
}

impl Presumed {
    /// Everything but the retired objects.
    pub fn without(retired: Vec<Retired>) -> Self {
        Presumed { retired }
    }

    /// The retired objects.
    pub fn retired(&self) -> &[Retired] {
        &self.retired
    }

    /// Whether the release is presumed to use an object this way. A retired table takes its
    /// columns and constraints with it.
    pub fn uses(&self, object: &ObjectRef, access: Access) -> bool {
        !self.retired.iter().any(|retired| {
            let covers = match retired.access {
                RetiredAccess::Both => true,
                RetiredAccess::Read => access == Access::Read,
                RetiredAccess::Write => access == Access::Write,
            };
            covers && names(&retired.object, object)
        })
    }
}

/// Whether `text` names the object or what it belongs to, with the schema left out or not.
fn names(text: &str, object: &ObjectRef) -> bool {
    let schema = object.schema.as_ref().map_or("public", |it| it.as_str());
    let mut path: Vec<&str> = object.parent.iter().map(|it| it.as_str()).collect();
    path.push(object.name.as_str());
    let given: Vec<&str> = text
        .split('.')
        .map(|part| part.trim().trim_matches('"'))
        .collect();
    let is_start_of = |given: &[&str]| !given.is_empty() && path.starts_with(given);
    is_start_of(&given) || (given.first() == Some(&schema) && is_start_of(&given[1..]))
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
