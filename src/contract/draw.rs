//! What a release needs, from its queries as they were bound to its own schema; or, where none are
//! known, from the schema that it is presumed to use.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{
    Contract, ContractEvidence, ContractHistory, KeyTarget, NeededColumn, NeededInsert, NeededKey,
    NeededLabel, NeededQuery, NeededRelation, NeededRoutine, NeededType, NeededTypeKind,
    QueryStanding, ReturnedColumn, UnknownNeed,
};
use crate::analysis::{Access, Code, KnownQuery, Presumed, Standing, Usage};
use crate::bind::{self, Bound, WriteKind, Written};
use crate::discover::{Project, known};
use crate::schema::catalog::{
    Catalog, Index, ObjectId, Relation, RelationBody, Routine, TypeBody, UserType,
};
use crate::schema::diff::{ObjectKind, ObjectRef};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::IndexKey;
use crate::schema::types::{SqlType, TypeName};

/// What a contract is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Drawn<'a> {
    /// The release's own schema.
    pub catalog: &'a Catalog,
    /// Its queries, and what they come to on that schema.
    pub code: Option<(&'a Code, &'a Usage)>,
    /// What it is presumed to use where no query is known.
    pub presumed: &'a Presumed,
    /// Its migrations.
    pub project: &'a Project,
}

/// What a release needs.
pub fn draw(drawn: Drawn<'_>) -> Contract {
    // Code that shows no query of this database says nothing about what it needs.
    let speaks = drawn.code.filter(|(_, usage)| {
        let mut all = usage.standings.iter();
        all.any(|it| matches!(it, Standing::Works(bound) if !bound.uses.is_empty()))
    });
    let mut needs = Needs::new(drawn.catalog);
    let config = &drawn.project.config.code;
    let mut contract = Contract {
        schema_version: None,
        evidence: ContractEvidence::Presumed,
        search_path: config
            .search_path
            .as_ref()
            .map(|all| all.iter().map(|it| Ident::new(it)).collect()),
        role: config.role.as_deref().map(Ident::new),
        history: ContractHistory {
            table: drawn.project.history.clone(),
            migrations: known(drawn.project),
        },
        relations: Vec::new(),
        types: Vec::new(),
        routines: Vec::new(),
        queries: Vec::new(),
        unknown: Vec::new(),
    };
    match speaks {
        Some((code, usage)) => {
            contract.unknown = unknown(code, usage);
            contract.evidence = match code.is_complete {
                true => ContractEvidence::Complete,
                false => ContractEvidence::Partial,
            };
            let asked = asked(code, usage);
            contract.queries = queries(&asked);
            for (at, (_, standing)) in asked.iter().enumerate() {
                if let Standing::Works(bound) = standing {
                    needs.add_query(at, bound);
                }
            }
        }
        None => needs.presume(drawn.presumed),
    }
    (contract.relations, contract.types, contract.routines) = needs.finish();
    contract
}

/// A query and what it comes to on its own schema.
type Asked<'a> = (&'a KnownQuery, &'a Standing);

/// The queries that a server can be asked about, by their place: those that work on their own schema,
/// and of the others the ones that are surely for this database.
fn asked<'a>(code: &'a Code, usage: &'a Usage) -> Vec<Asked<'a>> {
    let all = code.queries.iter().zip(&usage.standings);
    let mut asked: Vec<Asked<'_>> = all
        .filter(|(query, standing)| match standing {
            Standing::Works(_) => true,
            Standing::Fails(_) | Standing::Unknown(_) => query.is_ours,
        })
        .collect();
    asked.sort_by_key(|(it, _)| (&it.file, it.line, &it.name, &it.text));
    asked.dedup_by_key(|(it, _)| (&it.file, it.line, &it.name, &it.text));
    asked
}

/// What no server can be asked about.
fn unknown(code: &Code, usage: &Usage) -> Vec<UnknownNeed> {
    let bound = code.queries.iter().zip(&usage.standings);
    let bound = bound.filter_map(|(query, standing)| {
        let reason = match standing {
            Standing::Unknown(reason) if !query.is_ours => reason.clone(),
            // A literal that fails by itself may be for another database.
            Standing::Unknown(_) | Standing::Works(_) | Standing::Fails(_) => return None,
        };
        Some((&query.file, query.line, reason))
    });
    let unread = code.not_read.iter();
    let unread = unread.map(|it| (&it.file, it.line, "the text is not understood".to_owned()));
    let mut out: Vec<UnknownNeed> = bound
        .chain(unread)
        .map(|(file, line, reason)| UnknownNeed {
            file: Arc::clone(file),
            line,
            reason,
        })
        .collect();
    out.sort_by(|a, b| (&a.file, a.line, &a.reason).cmp(&(&b.file, b.line, &b.reason)));
    out.dedup();
    out
}

/// The queries as the contract holds them, each under a name of its own.
fn queries(asked: &[Asked<'_>]) -> Vec<NeededQuery> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (query, _) in asked {
        if let Some(name) = &query.name {
            *names.entry(name).or_default() += 1;
        }
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut out = Vec::new();
    for (query, standing) in asked {
        let place = format!("{}:{}", query.file, query.line);
        let base = match &query.name {
            Some(name) if names.get(&**name) == Some(&1) => name.to_string(),
            Some(name) => format!("{name}@{place}"),
            None => recorded_name(&query.file).unwrap_or(place),
        };
        let mut id = base.clone();
        let mut number = 2;
        while !taken.insert(id.clone()) {
            id = format!("{base}#{number}");
            number += 1;
        }
        let bound = match standing {
            Standing::Works(bound) => Some(bound),
            Standing::Fails(_) | Standing::Unknown(_) => None,
        };
        let returns = bound.and_then(|it| it.output.as_ref());
        let returns = returns.filter(|it| !it.is_empty());
        out.push(NeededQuery {
            id,
            file: Arc::clone(&query.file),
            line: query.line,
            text: Arc::clone(&query.text),
            parameters: bound.map_or_else(Vec::new, |it| it.parameters.clone()),
            returns: returns.map(|all| {
                let columns = all.iter().map(|it| ReturnedColumn {
                    name: it.name.clone(),
                    data_type: it.data_type.clone(),
                });
                columns.collect()
            }),
            standing: match standing {
                Standing::Works(_) => QueryStanding::Works,
                Standing::Unknown(reason) => QueryStanding::Unsure(reason.clone()),
                Standing::Fails(it) => QueryStanding::Fails(format!("{} {}", it.code, it.message)),
            },
        });
    }
    out
}

/// What a query is called that sqlx recorded and whose place in the code is not known: the beginning
/// of its hash, `query-03a96b2ca6d8`.
fn recorded_name(file: &str) -> Option<String> {
    let (folder, name) = file.rsplit_once('/')?;
    let hash = name.strip_prefix("query-")?.strip_suffix(".json")?;
    let is_hash = folder.ends_with(".sqlx") && hash.bytes().all(|it| it.is_ascii_hexdigit());
    is_hash.then(|| format!("query-{}", hash.get(..12).unwrap_or(hash)))
}

/// The needs as they come together, by identity.
struct Needs<'c> {
    catalog: &'c Catalog,
    routines_by_id: HashMap<ObjectId, (&'c QualifiedName, &'c Routine)>,
    relations: BTreeMap<QualifiedName, Relations>,
    types: BTreeMap<QualifiedName, Types>,
    routines: BTreeMap<ObjectId, Option<usize>>,
}

/// What is needed of one relation.
#[derive(Default)]
struct Relations {
    by: Option<usize>,
    /// By place in the relation.
    columns: BTreeMap<usize, Option<usize>>,
    inserts: Vec<NeededInsert>,
    keys: Vec<NeededKey>,
}

/// What is needed of one type.
#[derive(Default)]
struct Types {
    by: Option<usize>,
    labels: BTreeMap<usize, Option<usize>>,
}

impl<'c> Needs<'c> {
    fn new(catalog: &'c Catalog) -> Self {
        let routines = catalog.all_routines();
        let routines = routines.flat_map(|(name, all)| all.iter().map(move |it| (name, it)));
        Needs {
            catalog,
            routines_by_id: routines.map(|(name, it)| (it.id, (name, it))).collect(),
            relations: BTreeMap::new(),
            types: BTreeMap::new(),
            routines: BTreeMap::new(),
        }
    }

    // From queries, each by its place in the contract; the first one to need a thing is named.

    fn add_query(&mut self, at: usize, bound: &Bound) {
        for used in &bound.uses {
            self.add_use(at, used.object, used.part);
        }
        for write in bound
            .writes
            .iter()
            .filter(|it| it.kind == WriteKind::Insert)
        {
            let columns = write
                .columns
                .iter()
                .filter(|(_, value)| *value != Written::Default)
                .map(|(name, _)| name.clone());
            self.add_insert(&write.name, columns.collect(), Some(at));
            let relation = self.catalog.relation(&write.name);
            let table = relation.and_then(|it| it.as_table());
            for name in &bound.constraints {
                let mut constraints = table.into_iter().flat_map(|it| it.constraints.iter());
                if constraints.any(|it| it.name == *name) {
                    let what = KeyTarget::Constraint(name.clone());
                    self.add_key(&write.name, what, Some(at));
                }
            }
        }
        for (relation, index) in &bound.arbiters {
            let Some(name) = self.catalog.relation_name(*relation) else {
                continue;
            };
            let table = self.catalog.table(name);
            let mut all = table.into_iter().flat_map(|it| it.indexes.iter());
            if let Some(index) = all.find(|it| it.id == *index) {
                self.add_key(&name.clone(), key_of(index), Some(at));
            }
        }
        // A value that comes from the code may be any label that the release knows.
        for parameter in bound.parameters.iter().flatten() {
            self.add_type(parameter, Some(at), true);
        }
        for column in bound.output.iter().flatten() {
            if let Some(data_type) = &column.data_type {
                self.add_type(data_type, Some(at), false);
            }
        }
    }

    fn add_use(&mut self, at: usize, object: ObjectId, part: Option<ObjectId>) {
        if let Some(name) = self.catalog.relation_name(object) {
            let Some(relation) = self.catalog.relation(name) else {
                return;
            };
            let needed = self.relations.entry(name.clone()).or_default();
            first(&mut needed.by, at);
            if let Some(part) = part
                && let Some(place) = bind::place_of_column(relation, part)
            {
                first(needed.columns.entry(place).or_default(), at);
            }
        } else if let Some(name) = self.catalog.type_name(object) {
            let needed = self.types.entry(name.clone()).or_default();
            first(&mut needed.by, at);
            let body = self.catalog.user_type(name).map(|it| &it.body);
            if let (Some(part), Some(TypeBody::Enum { labels, .. })) = (part, body)
                && let Some(place) = labels.iter().position(|it| it.id == part)
            {
                first(needed.labels.entry(place).or_default(), at);
            }
        } else if self.routines_by_id.contains_key(&object) {
            first(self.routines.entry(object).or_default(), at);
        }
    }

    /// Only the smallest sets say something: what may be left out of them may be left out of all.
    fn add_insert(&mut self, name: &QualifiedName, mut columns: Vec<Ident>, by: Option<usize>) {
        if !matches!(
            self.catalog.relation(name).map(|it| &it.body),
            Some(RelationBody::Table(_))
        ) {
            return;
        }
        columns.sort();
        columns.dedup();
        let inserts = &mut self.relations.entry(name.clone()).or_default().inserts;
        let within = |one: &[Ident], other: &[Ident]| one.iter().all(|it| other.contains(it));
        if inserts.iter().any(|it| within(&it.columns, &columns)) {
            return;
        }
        inserts.retain(|it| !within(&columns, &it.columns));
        inserts.push(NeededInsert { columns, by });
    }

    fn add_key(&mut self, name: &QualifiedName, what: KeyTarget, by: Option<usize>) {
        let keys = &mut self.relations.entry(name.clone()).or_default().keys;
        if !keys.iter().any(|it| it.what == what) {
            keys.push(NeededKey { what, by });
        }
    }

    /// A type of the project, with its labels where the code may send any of them.
    fn add_type(&mut self, data_type: &SqlType, by: Option<usize>, is_sent: bool) {
        let TypeName::User(name) = &data_type.name else {
            return;
        };
        let Some((name, found)) = self.type_named(name) else {
            return;
        };
        let needed = self.types.entry(name).or_default();
        needed.by = needed.by.or(by);
        match &found.body {
            TypeBody::Enum { labels, .. } if is_sent => {
                for place in 0..labels.len() {
                    let label = needed.labels.entry(place).or_default();
                    *label = label.or(by);
                }
            }
            TypeBody::Domain { base, .. } => self.add_type(&base.clone(), by, is_sent),
            TypeBody::Enum { .. }
            | TypeBody::Composite(_)
            | TypeBody::Range(_)
            | TypeBody::Base
            | TypeBody::Unknown => {}
        }
    }

    fn type_named(&self, name: &ObjectName) -> Option<(QualifiedName, &'c UserType)> {
        let schema = name.schema.clone().unwrap_or_else(|| Ident::new("public"));
        let name = QualifiedName {
            schema,
            name: name.name.clone(),
        };
        let found = self.catalog.user_type(&name)?;
        Some((name, found))
    }

    // From the schema.

    fn presume(&mut self, presumed: &Presumed) {
        let catalog = self.catalog;
        let uses = |object: &ObjectRef| {
            presumed.uses(object, Access::Read) || presumed.uses(object, Access::Write)
        };
        for (name, relation) in catalog.relations() {
            if relation.temporary || matches!(relation.body, RelationBody::Index { .. }) {
                continue;
            }
            if let RelationBody::Sequence(sequence) = &relation.body
                && sequence.owner.is_some()
            {
                continue;
            }
            let kind = match &relation.body {
                RelationBody::View(_) => ObjectKind::View,
                RelationBody::Sequence(_) => ObjectKind::Sequence,
                RelationBody::Table(_) | RelationBody::Index { .. } => ObjectKind::Table,
            };
            if uses(&ObjectRef::top(kind, name)) {
                self.presume_relation(name, relation, presumed);
            }
        }
        for (name, found) in catalog.types() {
            if !uses(&ObjectRef::top(ObjectKind::Type, name)) {
                continue;
            }
            let mut needed = Types::default();
            if let TypeBody::Enum { labels, .. } = &found.body {
                let part =
                    |text: &str| ObjectRef::part(ObjectKind::EnumLabel, name, &Ident::new(text));
                let places = labels.iter().enumerate();
                let used = places.filter(|(_, label)| uses(&part(&label.text)));
                needed.labels = used.map(|(place, _)| (place, None)).collect();
            }
            self.types.insert(name.clone(), needed);
        }
        for (name, overloads) in catalog.all_routines() {
            if uses(&ObjectRef::top(ObjectKind::Function, name)) {
                let callable = overloads.iter().filter(|it| {
                    it.is_callable()
                        && (presumed.calls(name, it, Access::Read)
                            || presumed.calls(name, it, Access::Write))
                });
                self.routines.extend(callable.map(|it| (it.id, None)));
            }
        }
    }

    fn presume_relation(&mut self, name: &QualifiedName, relation: &Relation, presumed: &Presumed) {
        let column = |column: &Ident| ObjectRef::part(ObjectKind::Column, name, column);
        let mut needed = Relations::default();
        let columns = column_names(relation);
        for (place, it) in columns.iter().enumerate() {
            let it = column(it);
            if presumed.uses(&it, Access::Read) || presumed.uses(&it, Access::Write) {
                needed.columns.insert(place, None);
            }
        }
        if let RelationBody::Table(table) = &relation.body {
            let whole = ObjectRef::top(ObjectKind::Table, name);
            if presumed.uses(&whole, Access::Write) {
                let required = table.columns.iter();
                let required = required.filter(|it| self.catalog.is_required(table, it));
                let mut columns: Vec<Ident> = required.map(|it| it.name.clone()).collect();
                columns.sort();
                needed.inserts.push(NeededInsert { columns, by: None });
                let keys = table.indexes.iter().filter(|it| it.unique && it.valid);
                for key in keys {
                    if let Some(columns) = key.plain_unique_columns() {
                        let columns = columns.into_iter().cloned().collect();
                        let what = KeyTarget::columns(columns);
                        if !needed.keys.iter().any(|it| it.what == what) {
                            needed.keys.push(NeededKey { what, by: None });
                        }
                    }
                }
            }
        }
        self.relations.insert(name.clone(), needed);
    }

    fn finish(self) -> (Vec<NeededRelation>, Vec<NeededType>, Vec<NeededRoutine>) {
        let catalog = self.catalog;
        let relations = self.relations.into_iter().filter_map(|(name, needed)| {
            let relation = catalog.relation(&name)?;
            let columns = needed.columns.into_iter();
            let mut inserts = needed.inserts;
            inserts.sort_by(|a, b| a.columns.cmp(&b.columns));
            let mut keys = needed.keys;
            keys.sort_by_key(|it| it.what.to_string());
            Some(NeededRelation {
                kind: relation.kind(),
                by: needed.by,
                columns: columns
                    .filter_map(|(place, by)| column_at(relation, place, by))
                    .collect(),
                inserts,
                keys,
                name,
            })
        });
        let types = self.types.into_iter().filter_map(|(name, needed)| {
            let kind = match &catalog.user_type(&name)?.body {
                TypeBody::Enum { labels, .. } => {
                    let used = needed.labels.into_iter();
                    let used = used.filter_map(|(place, by)| {
                        let text = Arc::clone(&labels.get(place)?.text);
                        Some(NeededLabel { text, by })
                    });
                    NeededTypeKind::Enum(used.collect())
                }
                TypeBody::Domain { base, .. } => NeededTypeKind::Domain(base.clone()),
                TypeBody::Composite(_)
                | TypeBody::Range(_)
                | TypeBody::Base
                | TypeBody::Unknown => NeededTypeKind::Other,
            };
            Some(NeededType {
                name,
                kind,
                by: needed.by,
            })
        });
        let routines = self.routines.iter().filter_map(|(id, by)| {
            let (name, routine) = self.routines_by_id.get(id)?;
            let arguments = routine.arguments.iter();
            Some(NeededRoutine {
                name: (*name).clone(),
                kind: routine.kind,
                arguments: arguments.clone().map(|it| it.data_type.clone()).collect(),
                defaults: arguments.clone().filter(|it| it.has_default).count(),
                is_variadic: arguments.clone().any(|it| it.is_variadic),
                returns: routine.returns.clone(),
                by: *by,
            })
        });
        let mut routines: Vec<NeededRoutine> = routines.collect();
        routines.sort_by(|a, b| (&a.name, &a.arguments).cmp(&(&b.name, &b.arguments)));
        (relations.collect(), types.collect(), routines)
    }
}

fn first(known: &mut Option<usize>, at: usize) {
    if known.is_none() {
        *known = Some(at);
    }
}

/// What an upsert means that relies on an index.
fn key_of(index: &Index) -> KeyTarget {
    match index.plain_unique_columns() {
        Some(columns) => KeyTarget::columns(columns.into_iter().cloned().collect()),
        None => {
            let keys = index.keys.iter().map(|key| match key {
                IndexKey::Column(column) => column.to_string(),
                IndexKey::Expression(expression) => format!("({})", expression.text),
            });
            let keys: Vec<String> = keys.collect();
            let predicate = index.predicate.as_ref();
            let predicate = predicate.map_or_else(String::new, |it| format!(" WHERE {}", it.text));
            KeyTarget::Other(format!("({}){predicate}", keys.join(", ")).into())
        }
    }
}

/// The names of the columns of a relation, as far as they are known.
fn column_names(relation: &Relation) -> Vec<Ident> {
    match &relation.body {
        RelationBody::Table(table) => table.columns.iter().map(|it| it.name.clone()).collect(),
        RelationBody::View(view) => view.columns.clone().unwrap_or_default(),
        RelationBody::Sequence(_) | RelationBody::Index { .. } => Vec::new(),
    }
}

fn column_at(relation: &Relation, place: usize, by: Option<usize>) -> Option<NeededColumn> {
    match &relation.body {
        RelationBody::Table(table) => {
            let column = table.columns.iter().nth(place)?;
            Some(NeededColumn {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                nullable: !table.refuses_null(column),
                by,
            })
        }
        RelationBody::View(view) => {
            let names = view.columns.as_ref()?;
            let known = view.types.len() == names.len();
            let data_type = view.types.get(place).filter(|_| known);
            Some(NeededColumn {
                name: names.get(place)?.clone(),
                data_type: data_type.cloned().unwrap_or_else(SqlType::unknown),
                nullable: true,
                by,
            })
        }
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}
