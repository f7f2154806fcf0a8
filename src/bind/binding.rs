//! One statement on its way through a catalog: what all parts of binding share.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Binder;
use super::builtin::builtins;
use super::kind::{Base, Modifiers, Type};
use super::outcome::{BodyDeeds, Bound, Failure, Stage, Unknown, Use, UseKind};
use super::routine::Names;
use super::scope::{Column, Entry, Scope, Vars};
use crate::schema::catalog::{Catalog, ObjectId, Relation, RelationBody, TypeBody, UserType};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::types::{SqlType, TypeName};
use crate::source::Span;

/// A value with what its context may need of it.
#[derive(Debug, Clone)]
pub(super) struct Typed<'q> {
    pub(super) ty: Type,
    pub(super) modifiers: Modifiers,
    /// Equal for equal expressions of the same level.
    pub(super) key: u64,
    pub(super) nullable: Option<bool>,
    pub(super) source: Source<'q>,
    pub(super) span: Span,
}

/// Where a value comes from, where that matters.
#[derive(Debug, Clone)]
pub(super) enum Source<'q> {
    /// Computed.
    Other,
    /// A string literal without a type yet.
    Text(&'q str),
    /// A number.
    Number(&'q str),
    /// `NULL`
    Null,
    /// A parameter without a type yet.
    Parameter(u32),
    /// `DEFAULT`
    Default,
    /// A column.
    Column(Option<(ObjectId, ObjectId)>),
    /// `ROW (…)`
    Row(Vec<Typed<'q>>),
}

/// The answer to a question that may have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Can {
    Yes,
    No,
    Unknown,
}

/// A statement that is being bound.
pub(super) struct Binding<'b, 'c, 'q> {
    pub(super) binder: &'b mut Binder<'c>,
    pub(super) out: Bound,
    pub(super) uses: BTreeSet<Use>,
    /// What is used behind the statement: in bodies that it runs.
    pub(super) behind: BTreeSet<Use>,
    /// What such bodies do with the rights of whoever sends the statement.
    pub(super) deeds: BodyDeeds,
    pub(super) parameters: HashMap<u32, Type>,
    /// The parameters that stood without a type where nothing gives them one.
    pub(super) untyped_parameters: BTreeSet<u32>,
    pub(super) scopes: Vec<Scope>,
    next_var: u32,
    /// Above zero, nothing is reported: what is read is read a second time.
    pub(super) muted: u32,
    /// What fails behind the statement: in bodies that it runs.
    pub(super) late: Vec<Failure>,
    /// The names that the body at hand has beside columns.
    pub(super) names: Option<Names>,
    pub(super) text: std::marker::PhantomData<&'q ()>,
}

impl<'b, 'c, 'q> Binding<'b, 'c, 'q> {
    pub(super) fn new(binder: &'b mut Binder<'c>) -> Self {
        Binding {
            binder,
            out: Bound::default(),
            uses: BTreeSet::new(),
            behind: BTreeSet::new(),
            deeds: BodyDeeds::default(),
            parameters: HashMap::new(),
            untyped_parameters: BTreeSet::new(),
            scopes: Vec::new(),
            next_var: 0,
            muted: 0,
            late: Vec::new(),
            names: None,
            text: std::marker::PhantomData,
        }
    }

    pub(super) fn catalog(&self) -> &'c Catalog {
        self.binder.catalog
    }

    pub(super) fn major(&self) -> u16 {
        self.binder.settings.major
    }

    /// In the end every parameter has a type.
    pub(super) fn demand_parameter_types(&mut self) {
        let is_refused = |it: &Failure| it.certain && it.stage == Stage::Parse;
        if !self.out.unknowns.is_empty() || self.out.failures.iter().any(is_refused) {
            return;
        }
        let typed_late = self.untyped_parameters.iter().find(|number| {
            let found = self.parameters.get(number);
            found.is_some_and(|ty| ty.is_known())
        });
        if let Some(number) = typed_late.copied() {
            let message = format!("could not determine data type of parameter ${number}");
            self.fail("42P08", Span::default(), message);
            return;
        }
        let mut all = self.untyped_parameters.iter();
        let untyped = all.find(|number| !self.parameters.contains_key(number));
        if let Some(number) = untyped.copied() {
            let message = format!("could not determine data type of parameter ${number}");
            self.fail("42P18", Span::default(), message);
        }
    }

    /// The types of the parameters, `$1` first.
    pub(super) fn parameters_in_order(&self) -> Vec<Option<SqlType>> {
        // A query may name any number; the server takes no more than these.
        const MOST: u32 = 65_535;
        let last = self.parameters.keys().filter(|it| **it <= MOST).max();
        let ty = |number| {
            let ty = self.parameters.get(&number)?;
            self.binder.sql_type(*ty, &Modifiers::None)
        };
        (1..=last.copied().unwrap_or(0)).map(ty).collect()
    }

    // What is found out.

    pub(super) fn fail(&mut self, code: &'static str, span: Span, message: String) {
        self.fail_at(Stage::Parse, code, span, message, true);
    }

    pub(super) fn fail_at(
        &mut self,
        stage: Stage,
        code: &'static str,
        span: Span,
        message: String,
        certain: bool,
    ) {
        if self.muted > 0 {
            return;
        }
        self.out.failures.push(Failure {
            code,
            message,
            stage,
            span,
            certain,
        });
    }

    pub(super) fn not_known(&mut self, span: Span, reason: String) {
        if self.muted > 0 {
            return;
        }
        let unknown = Unknown { reason, span };
        if !self.out.unknowns.contains(&unknown) {
            self.out.unknowns.push(unknown);
        }
    }

    pub(super) fn used(&mut self, object: ObjectId, part: Option<ObjectId>, kind: UseKind) {
        if self.muted == 0 {
            self.uses.insert(Use { object, part, kind });
        }
    }

    // Scopes.

    pub(super) fn push_scope(&mut self, parent: Option<usize>) -> usize {
        self.scopes.push(Scope {
            parent,
            ..Scope::default()
        });
        self.scopes.len() - 1
    }

    pub(super) fn fresh_vars(&mut self, count: usize) -> Vars {
        let first = self.next_var;
        self.next_var = first.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        Vars::From(first)
    }

    /// An entry that is fully in sight.
    pub(super) fn entry(&mut self, name: Option<Ident>, columns: Arc<[Column]>) -> Entry {
        let vars = self.fresh_vars(columns.len());
        Entry {
            name,
            schema: None,
            relation: None,
            columns,
            vars,
            open: false,
            has_system_columns: false,
            columns_visible: true,
            name_visible: true,
            lateral_only: false,
            lateral_ok: true,
        }
    }

    // Relations.

    /// The schemas in which a name without one is sought, in order.
    pub(super) fn search_path(&self) -> &'c [Ident] {
        &self.binder.settings.search_path
    }

    /// The relation that a name means.
    pub(super) fn find_relation(&self, name: &ObjectName) -> Option<(QualifiedName, &'c Relation)> {
        let catalog = self.catalog();
        let at = |schema: &Ident| {
            let qualified = QualifiedName {
                schema: schema.clone(),
                name: name.name.clone(),
            };
            let relation = catalog.relation(&qualified)?;
            Some((qualified, relation.as_ref()))
        };
        match &name.schema {
            Some(schema) => at(schema),
            None => self.search_path().iter().find_map(at),
        }
    }

    /// Whether nobody can say if there is a relation of that name.
    pub(super) fn may_have_relation(&self, name: &ObjectName) -> bool {
        let catalog = self.catalog();
        let doubtful = |schema: &Ident| {
            let qualified = QualifiedName {
                schema: schema.clone(),
                name: name.name.clone(),
            };
            catalog.may_have(&qualified)
        };
        let by_statement = match &name.schema {
            Some(schema) => doubtful(schema),
            None => self.search_path().iter().any(doubtful),
        };
        // The release's own schema has it from a statement that was understood: then it is not
        // there from anything else.
        if !by_statement && self.binder.own_has_relation(name) {
            return false;
        }
        let by_extension = self.binder.extension_makes_relation(&name.name);
        by_extension
            || catalog.unread() > 0
            || match &name.schema {
                Some(schema) => doubtful(schema) || !self.binder.knows_schema(schema),
                None => self.search_path().iter().any(doubtful),
            }
    }

    /// The columns of a relation of the catalog.
    pub(super) fn columns_of(&mut self, relation: &Relation) -> (Arc<[Column]>, bool) {
        if let Some(found) = self.binder.relations.get(&relation.id) {
            return found.clone();
        }
        let (columns, open) = match &relation.body {
            RelationBody::Table(table) => {
                let columns = table
                    .columns
                    .iter()
                    .map(|column| Column {
                        name: column.name.clone(),
                        ty: self.binder.type_of(&column.data_type),
                        modifiers: Modifiers::of(&column.data_type),
                        nullable: Some(!column.not_null),
                        origin: Some((relation.id, column.id)),
                    })
                    .collect::<Vec<_>>();
                (columns, !table.knowledge.is_full() || relation.assumed)
            }
            RelationBody::View(view) => match &view.columns {
                Some(names) => {
                    let types = &view.types;
                    let columns = names
                        .iter()
                        .enumerate()
                        .map(|(index, name)| Column {
                            name: name.clone(),
                            ty: types
                                .get(index)
                                .filter(|_| types.len() == names.len())
                                .map_or(Type::NOT_KNOWN, |it| self.binder.type_of(it)),
                            modifiers: types.get(index).map_or(Modifiers::NotKnown, Modifiers::of),
                            nullable: None,
                            origin: Some((relation.id, part_id(relation.id, index))),
                        })
                        .collect();
                    (columns, relation.assumed)
                }
                None => (Vec::new(), true),
            },
            RelationBody::Sequence(_) => {
                let column = |name: &str, ty: &str, index| Column {
                    name: Ident::new(name),
                    ty: Type::builtin(ty),
                    modifiers: Modifiers::None,
                    nullable: Some(false),
                    origin: Some((relation.id, part_id(relation.id, index))),
                };
                let columns = vec![
                    column("last_value", "int8", 0),
                    column("log_cnt", "int8", 1),
                    column("is_called", "bool", 2),
                ];
                (columns, false)
            }
            RelationBody::Index { .. } => (Vec::new(), true),
        };
        let found = (Arc::from(columns), open || relation.unread > 0);
        self.binder.relations.insert(relation.id, found.clone());
        found
    }

    // Types.

    /// The type that a query names; one that is not there is a failure.
    pub(super) fn named_type(&mut self, data_type: &SqlType, span: Span) -> Type {
        let found = self.binder.type_of(data_type);
        let TypeName::User(name) = &data_type.name else {
            return found;
        };
        match found.base {
            Base::User(id) => self.used(id, None, UseKind::Read),
            Base::Row(id) => self.used(id, None, UseKind::Read),
            Base::Builtin(_) | Base::Record | Base::Literal => {}
            Base::NotKnown => {
                if self.binder.may_have_type(name) {
                    self.not_known(span, format!("the type {name} is not known"));
                } else {
                    let message = format!("type \"{}\" does not exist", plain(name));
                    self.fail("42704", span, message);
                }
            }
        }
        found
    }

    pub(super) fn user_type(&self, id: ObjectId) -> Option<&'c UserType> {
        self.binder.user_type(id)
    }

    /// The type that a domain is made of; any other type itself.
    pub(super) fn base_type(&self, ty: Type) -> Type {
        self.binder.base_type(ty)
    }

    /// The letter of the type's category.
    ///
    /// Source: PostgreSQL manual, `pg_type.typcategory`.
    pub(super) fn category(&self, ty: Type) -> u8 {
        if ty.is_array {
            return b'A';
        }
        match ty.base {
            Base::Builtin(id) => builtins().info(id).category,
            Base::User(id) => match self.user_type(id).map(|it| &it.body) {
                Some(TypeBody::Enum { .. }) => b'E',
                Some(TypeBody::Domain { .. }) => {
                    let base = self.base_type(ty);
                    if base == ty {
                        b'U'
                    } else {
                        self.category(base)
                    }
                }
                Some(TypeBody::Composite(_)) => b'C',
                Some(TypeBody::Range(_)) => b'R',
                Some(TypeBody::Base | TypeBody::Unknown) | None => b'U',
            },
            Base::Row(_) => b'C',
            Base::Record => b'P',
            Base::Literal | Base::NotKnown => b'X',
        }
    }

    pub(super) fn is_preferred(&self, category: u8, ty: Type) -> bool {
        match ty.base {
            Base::Builtin(id) if !ty.is_array => {
                let info = builtins().info(id);
                info.preferred && info.category == category
            }
            _ => false,
        }
    }

    /// The type as the server spells it in messages.
    pub(super) fn shown(&self, ty: Type) -> String {
        self.binder.shown(ty)
    }
}

/// The identity of a part that has none of its own: a view's column by its place.
pub(super) fn part_id(relation: ObjectId, index: usize) -> ObjectId {
    ObjectId(relation.0.rotate_left(7) ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A name as the server's messages have it, without quotes.
pub(super) fn plain(name: &ObjectName) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", schema.as_str(), name.name.as_str()),
        None => name.name.as_str().to_owned(),
    }
}

/// The key of an expression from what it is made of.
pub(super) fn key(parts: &[u64]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        hash = (hash ^ part).wrapping_mul(0x0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash
}

/// The key of a text.
pub(super) fn text_key(text: &str) -> u64 {
    let mut hash = 0x9ae1_6a3b_2f90_404f_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}
