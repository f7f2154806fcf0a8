//! The part of a schema that a contract names, as a catalog: queries are bound to it as they were
//! to the whole.

use super::{Contract, NeededRelation, NeededTypeKind};
use crate::schema::catalog::{
    Catalog, Column, EnumLabel, ObjectId, Relation, RelationBody, Routine, Sequence, Table,
    TypeBody, UserType, View, ViewWrites,
};
use crate::schema::name::Ident;
use crate::schema::op::{QueryDef, RelationKind, RoutineArgument};

/// The identities that a catalog of this room gives away.
struct Identities(u64);

impl Identities {
    fn next(&mut self) -> ObjectId {
        self.0 += 1;
        ObjectId(self.0)
    }
}

impl Contract {
    /// The part of the release's own schema that the contract names.
    pub(crate) fn slice(&self) -> Catalog {
        let mut catalog = Catalog::new();
        let mut identities = Identities(0);
        for needed in &self.types {
            let body = match &needed.kind {
                NeededTypeKind::Enum(labels) => TypeBody::Enum {
                    labels: labels
                        .iter()
                        .map(|it| EnumLabel {
                            id: identities.next(),
                            text: it.text.clone(),
                        })
                        .collect(),
                    complete: false,
                },
                NeededTypeKind::Domain(base) => TypeBody::Domain {
                    base: base.clone(),
                    not_null: false,
                    default: None,
                    checks: Vec::new(),
                },
                NeededTypeKind::Other => TypeBody::Unknown,
            };
            let id = identities.next();
            catalog.add_schema(needed.name.schema.clone());
            catalog.add_type(
                needed.name.clone(),
                UserType {
                    id,
                    body,
                    unread: 0,
                },
            );
        }
        for needed in &self.relations {
            catalog.add_schema(needed.name.schema.clone());
            let id = identities.next();
            let body = body(needed, &mut identities);
            catalog.add_relation(
                needed.name.clone(),
                Relation {
                    id,
                    body,
                    temporary: false,
                    assumed: false,
                    unread: 0,
                },
            );
        }
        for needed in &self.routines {
            catalog.add_schema(needed.name.schema.clone());
            let count = needed.arguments.len();
            let arguments = needed.arguments.iter().enumerate();
            let arguments = arguments.map(|(at, data_type)| RoutineArgument {
                name: None,
                data_type: data_type.clone(),
                has_default: at >= count.saturating_sub(needed.defaults),
                default_value: None,
                is_variadic: needed.is_variadic && at + 1 == count,
            });
            let routine = Routine {
                id: identities.next(),
                kind: needed.kind,
                arguments: arguments.collect(),
                returns: needed.returns.clone(),
                // Of a body that is not there nothing is read.
                language: Ident::new("c"),
                body: "".into(),
                written: None,
            };
            catalog.add_routine(needed.name.clone(), routine);
        }
        catalog
    }
}

fn body(needed: &NeededRelation, identities: &mut Identities) -> RelationBody {
    match needed.kind {
        RelationKind::View | RelationKind::MaterializedView => RelationBody::View(View {
            materialized: needed.kind == RelationKind::MaterializedView,
            columns: Some(needed.columns.iter().map(|it| it.name.clone()).collect()),
            types: needed
                .columns
                .iter()
                .map(|it| it.data_type.clone())
                .collect(),
            query: QueryDef {
                text: "".into(),
                relations: Vec::new(),
                columns: None,
                output: None,
            },
            depends_on: Vec::new(),
            indexes: Vec::new().into_iter().collect(),
            triggers: Vec::new(),
            rules: Vec::new(),
            writes: ViewWrites::Unknown,
        }),
        RelationKind::Sequence => RelationBody::Sequence(Sequence {
            owner: None,
            identity: false,
            options: None,
        }),
        RelationKind::Index => RelationBody::Index {
            table: identities.next(),
        },
        RelationKind::Table | RelationKind::ForeignTable => {
            let columns = needed.columns.iter().map(|it| Column {
                id: identities.next(),
                name: it.name.clone(),
                data_type: it.data_type.clone(),
                collation: None,
                not_null: !it.nullable,
                default: None,
                identity: None,
                generated: None,
                assumed: false,
            });
            RelationBody::Table(Table {
                columns: columns.collect(),
                foreign: needed.kind == RelationKind::ForeignTable,
                ..Table::default()
            })
        }
    }
}
