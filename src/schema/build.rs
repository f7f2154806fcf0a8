//! A catalog from parts that are known already, not from operations: what a server reports.

use std::sync::Arc;

use super::catalog::{
    Catalog, Privilege, PrivilegeTarget, Relation, RelationBody, Routine, UserType, schema_key,
};
use super::name::{Ident, QualifiedName};

impl Catalog {
    /// A database without any schema, to be filled.
    pub(crate) fn empty() -> Self {
        let mut catalog = Catalog::new();
        catalog.schemas.remove_mut(&Ident::new("public"));
        catalog
    }

    pub(crate) fn add_schema(&mut self, name: Ident) {
        self.schemas.insert_mut(name, ());
    }

    /// Notes that there is no schema of that name, nor one that somebody else may have made.
    pub(crate) fn note_missing_schema(&mut self, name: &Ident) {
        self.gone.insert_mut(schema_key(name));
    }

    pub(crate) fn add_extension(&mut self, name: Ident, schema: Ident) {
        self.extensions.insert_mut(name, Some(schema));
    }

    /// Adds a relation, and the names of its indexes.
    pub(crate) fn add_relation(&mut self, name: QualifiedName, relation: Relation) {
        let indexes = match &relation.body {
            RelationBody::Table(table) => Some(&table.indexes),
            RelationBody::View(view) => Some(&view.indexes),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        };
        for index in indexes.into_iter().flatten() {
            let name = QualifiedName::new(name.schema.clone(), index.name.clone());
            self.relation_names.insert_mut(index.id, name.clone());
            let relation = Relation {
                id: index.id,
                body: RelationBody::Index { table: relation.id },
                temporary: false,
                assumed: false,
                unread: 0,
            };
            self.relations.insert_mut(name, Arc::new(relation));
        }
        self.relation_names.insert_mut(relation.id, name.clone());
        self.relations.insert_mut(name, Arc::new(relation));
    }

    pub(crate) fn add_type(&mut self, name: QualifiedName, user_type: UserType) {
        self.type_names.insert_mut(user_type.id, name.clone());
        self.types.insert_mut(name, Arc::new(user_type));
    }

    /// Adds an overload.
    pub(crate) fn add_routine(&mut self, name: QualifiedName, routine: Routine) {
        let mut overloads = self.routines(&name).to_vec();
        overloads.push(routine);
        self.routines.insert_mut(name, Arc::new(overloads));
    }

    /// Notes that a role has a privilege, or that it was taken from it.
    pub(crate) fn add_privilege(
        &mut self,
        target: PrivilegeTarget,
        privilege: Privilege,
        granted: bool,
    ) {
        let mut held = self.held(&target).cloned().unwrap_or_default();
        held.insert(privilege, granted);
        self.privileges.insert_mut(target, Arc::new(held));
    }
}
