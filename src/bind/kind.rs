//! The type of a value while a query is bound.
//!
//! It is small and copied freely: a built-in type by its place in the table, the project's own by
//! identity. Lengths and precisions are left out, since no name depends on them.

use std::sync::Arc;

use super::builtin::{TypeId, TypeRef, builtins};
use crate::schema::catalog::ObjectId;
use crate::schema::types::SqlType;

/// What a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Base {
    /// A built-in type.
    Builtin(TypeId),
    /// An enum, domain, composite, range or base type of the project.
    User(ObjectId),
    /// The row of a relation.
    Row(ObjectId),
    /// A row without a name.
    Record,
    /// A string literal, NULL or a parameter that nothing has given a type yet.
    Literal,
    /// There is a type, and nobody knows which: an extension's, or that of something unread.
    NotKnown,
}

/// The length or precision of a type, which no name depends on; only the columns of a view keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Modifiers {
    /// None: what functions and operators give has none.
    None,
    /// Those of a column or a cast.
    Some(Arc<[i64]>),
    /// There may be some.
    NotKnown,
}

impl Modifiers {
    pub(super) fn of(data_type: &SqlType) -> Self {
        if data_type.modifiers.is_empty() {
            Modifiers::None
        } else {
            Modifiers::Some(Arc::clone(&data_type.modifiers))
        }
    }

    /// Those of a value that is one of several.
    pub(super) fn common<'m>(all: impl Iterator<Item = &'m Modifiers>) -> Self {
        let mut all = all.peekable();
        match all.next() {
            Some(first) if all.all(|it| it == first) => first.clone(),
            Some(_) => Modifiers::NotKnown,
            None => Modifiers::None,
        }
    }
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Type {
    pub(super) base: Base,
    pub(super) is_array: bool,
}

impl Type {
    pub(super) const LITERAL: Type = Type::of(Base::Literal);
    pub(super) const NOT_KNOWN: Type = Type::of(Base::NotKnown);
    pub(super) const RECORD: Type = Type::of(Base::Record);

    pub(super) const fn of(base: Base) -> Self {
        Type {
            base,
            is_array: false,
        }
    }

    /// The built-in type of that name; not known where there is none.
    pub(super) fn builtin(name: &str) -> Self {
        builtins()
            .type_named(name)
            .map_or(Type::NOT_KNOWN, |id| Type::of(Base::Builtin(id)))
    }

    pub(super) fn array(self) -> Self {
        match self.base {
            Base::NotKnown => self,
            _ => Type {
                is_array: true,
                ..self
            },
        }
    }

    pub(super) fn element(self) -> Self {
        Type {
            is_array: false,
            ..self
        }
    }

    pub(super) fn is_known(self) -> bool {
        self.base != Base::NotKnown
    }

    pub(super) fn is_literal(self) -> bool {
        self.base == Base::Literal
    }

    /// The name of a built-in type that is no array.
    pub(super) fn name(self) -> Option<&'static str> {
        match self.base {
            Base::Builtin(id) if !self.is_array => Some(builtins().info(id).name),
            _ => None,
        }
    }

    pub(super) fn is(self, name: &str) -> bool {
        self.name() == Some(name)
    }

    /// `anyelement` and its kin, `any`, `record` as an argument.
    pub(super) fn pseudo(self) -> Option<&'static str> {
        match self.base {
            Base::Builtin(id) if builtins().info(id).kind == b'p' => Some(builtins().info(id).name),
            _ => None,
        }
    }
}

impl From<TypeRef> for Type {
    fn from(found: TypeRef) -> Self {
        Type {
            base: Base::Builtin(found.id),
            is_array: found.is_array,
        }
    }
}
