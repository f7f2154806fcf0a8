//! What is asked of the server, and in which order.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::VerifyOptions;
use crate::bind;
use crate::contract::{Contract, QueryStanding};
use crate::live::read::{BEGIN, KEEP_PATH, Only, catalog_of, row, script};
use crate::live::{Answers, LiveError};
use crate::schema::catalog::{Catalog, Knowledge, ObjectId, Relation, RelationBody, Table};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::RelationKind;

const SESSION: &str = include_str!("session.sql");
const NAMES: &str = include_str!("names.sql");
const ACCESS: &str = include_str!("access.sql");

/// The session, and the names that are there.
pub(super) struct Surroundings {
    pub(super) session: SessionRow,
    relations: Vec<NameRow>,
    leads: BTreeMap<u64, Vec<u64>>,
    /// The words of all bodies, and of queries whose needs are not known.
    words: BTreeSet<String>,
    /// Words of the latter that are no schema.
    missing_schemas: Vec<Ident>,
    /// The routines that run with the rights of their owner.
    pub(super) definers: BTreeSet<ObjectId>,
    /// The views that read with the rights of whoever asks them, and what they read: relations with
    /// places of columns.
    pub(super) invokers: BTreeMap<u64, Vec<(u64, u64)>>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum Row {
    Session(SessionRow),
    Relation(NameRow),
    Namespace {
        name: Ident,
    },
    Leads {
        from: u64,
        to: u64,
    },
    Definer {
        id: u64,
    },
    Invoker {
        id: u64,
        reads: Option<Vec<(u64, u64)>>,
    },
    Body {
        body: String,
        /// What one that is not a text names.
        names: Option<Vec<String>>,
    },
}

#[derive(Debug, Deserialize)]
pub(super) struct SessionRow {
    number: u32,
    pub(super) version: String,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) path: Vec<Ident>,
    /// The schemas that the role may not look into.
    pub(super) closed: Vec<Ident>,
}

impl SessionRow {
    pub(super) fn major(&self) -> u16 {
        u16::try_from(self.number / 10_000).unwrap_or(u16::MAX)
    }
}

#[derive(Debug, Deserialize)]
struct NameRow {
    id: u64,
    schema: Ident,
    name: Ident,
    /// The table, where it is an index.
    index_of: Option<u64>,
}

/// Begins the transaction, and finds out where it is.
pub(super) fn surroundings(
    server: &mut dyn Answers,
    options: &VerifyOptions,
    contract: &Contract,
    role: Option<&str>,
) -> Result<Surroundings, LiveError> {
    let names = match may_name_an_index(contract) {
        true => NAMES.replace("/* indexes */", ", 'i', 'I'"),
        false => NAMES.to_owned(),
    };
    let limit = match options.statement_timeout {
        Some(time) => format!("SET LOCAL statement_timeout = {};\n", time.as_millis()),
        None => String::new(),
    };
    let mut session = None;
    let mut relations = Vec::new();
    let mut leads: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut words = BTreeSet::new();
    let mut schemas = BTreeSet::new();
    let mut definers = BTreeSet::new();
    let mut invokers = BTreeMap::new();
    let session_query =
        SESSION.replace("':role'", &format!("'{}'", hexadecimal(role.unwrap_or(""))));
    let asked = format!("{BEGIN}{limit}{session_query}{KEEP_PATH}{names}");
    for line in server.answer(&asked)? {
        match row(&line)? {
            Row::Session(row) => session = Some(row),
            Row::Relation(row) => relations.push(row),
            Row::Namespace { name } => {
                schemas.insert(name);
            }
            Row::Leads { from, to } => leads.entry(from).or_default().push(to),
            Row::Definer { id } => {
                definers.insert(ObjectId(id));
            }
            Row::Invoker { id, reads } => {
                invokers.insert(id, reads.unwrap_or_default());
            }
            Row::Body { body, names } => {
                words.extend(words_of(&body));
                words.extend(names.iter().flatten().map(|it| it.to_lowercase()));
            }
        }
    }
    // What these need is named nowhere else, a schema that is not there included.
    let mut missing_schemas = Vec::new();
    let queries = contract.queries.iter();
    for query in queries.filter(|it| it.standing != QueryStanding::Works) {
        let own = words_of(&query.text).map(|it| Ident::new(&it));
        missing_schemas.extend(own.filter(|it| !schemas.contains(it)));
        words.extend(words_of(&query.text));
    }
    let session = session.ok_or_else(|| LiveError::Answer {
        reason: "it does not say which server it is".to_owned(),
        row: String::new(),
    })?;
    Ok(Surroundings {
        session,
        relations,
        leads,
        words,
        definers,
        invokers,
        missing_schemas,
    })
}

/// Whether a query needs the name of an index. Few do, and a database has many.
fn may_name_an_index(contract: &Contract) -> bool {
    let mut relations = contract.relations.iter();
    let mut queries = contract.queries.iter();
    relations.any(|it| it.kind == RelationKind::Index)
        || queries.any(|it| it.standing != QueryStanding::Works)
}

/// The catalog, with the columns of what the contract can lead to; any other relation is known by
/// its name only.
pub(super) fn catalog(
    server: &mut dyn Answers,
    surroundings: &Surroundings,
    contract: &Contract,
) -> Result<Catalog, LiveError> {
    let wanted = wanted_relations(surroundings, contract);
    let only = Only {
        texts: written_views(surroundings, contract),
        relations: wanted,
    };
    let lines = server.answer(&script(Some(&only)))?;
    let mut catalog = catalog_of(&lines)?;
    for name in &surroundings.missing_schemas {
        catalog.note_missing_schema(name);
    }
    for row in &surroundings.relations {
        let name = QualifiedName::new(row.schema.clone(), row.name.clone());
        let is_read = row.index_of.is_none() && only.relations.contains(&row.id);
        if is_read || catalog.relation(&name).is_some() {
            continue;
        }
        let relation = Relation {
            id: ObjectId(row.id),
            body: match row.index_of {
                Some(table) => RelationBody::Index {
                    table: ObjectId(table),
                },
                None => RelationBody::Table(Table {
                    knowledge: Knowledge::columns_unknown(),
                    ..Table::default()
                }),
            },
            temporary: false,
            assumed: row.index_of.is_none(),
            unread: 0,
        };
        catalog.add_relation(name, relation);
    }
    let views: Vec<QualifiedName> = catalog
        .relations()
        .filter(|(_, it)| matches!(it.body, RelationBody::View(_)))
        .map(|(name, _)| name.clone())
        .collect();
    // One view can stand on another: those that stand deeper are told first, and no view can stand
    // on more than there are.
    for _ in 0..views.len() {
        let mut has_changed = false;
        for name in &views {
            let writes = bind::view_writes(name, &catalog);
            has_changed |= catalog.note_view_writes(name, writes);
        }
        if !has_changed {
            break;
        }
    }
    Ok(catalog)
}

/// The relations that the queries of a contract can lead to: those that it names, in whatever
/// schema, what views and rules lead on to, and what any body names.
fn wanted_relations(surroundings: &Surroundings, contract: &Contract) -> BTreeSet<u64> {
    let named: BTreeSet<&str> = contract
        .relations
        .iter()
        .map(|it| it.name.name.as_str())
        .collect();
    let is_wanted = |row: &&NameRow| {
        let name = row.name.as_str();
        named.contains(name) || surroundings.words.contains(&name.to_lowercase())
    };
    reached(surroundings, is_wanted)
}

/// The relations that something which is written stands on: of views among them the text is needed,
/// since what is written or locked there goes on to what they read. A query that only reads needs the
/// columns of a view alone.
fn written_views(surroundings: &Surroundings, contract: &Contract) -> BTreeSet<u64> {
    let mut written: HashSet<String> = HashSet::new();
    for query in &contract.queries {
        let words: Vec<String> = words_of(&query.text).collect();
        if words.iter().any(|it| WRITING.contains(&it.as_str())) {
            written.extend(words);
        }
    }
    let is_written = |row: &&NameRow| {
        let name = row.name.as_str().to_lowercase();
        surroundings.words.contains(&name) || words_of(&name).all(|it| written.contains(&it))
    };
    reached(surroundings, is_written)
}

/// One of these words is in every query that writes rows or locks them.
const WRITING: [&str; 6] = ["insert", "update", "delete", "merge", "share", "copy"];

/// The words of a text, in lower case.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|it: char| !it.is_alphanumeric() && it != '_');
    parts.map(str::to_lowercase)
}

/// Those relations, and what views and rules lead on to.
fn reached(surroundings: &Surroundings, is_first: impl Fn(&&NameRow) -> bool) -> BTreeSet<u64> {
    let relations = surroundings.relations.iter();
    let mut pending: Vec<u64> = relations.filter(is_first).map(|row| row.id).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = pending.pop() {
        if found.insert(id) {
            pending.extend(surroundings.leads.get(&id).into_iter().flatten());
        }
    }
    found
}

/// Something that a role has to be allowed to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Wanted {
    pub(super) kind: WantedKind,
    /// The number of the relation, routine or type.
    pub(super) relation: u64,
    /// The place of the column; 0 where any will do.
    pub(super) column: u64,
    pub(super) privilege: &'static str,
}

/// What a privilege is wanted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WantedKind {
    /// A table or view, or one of its columns.
    Relation,
    /// A sequence that is named.
    Sequence,
    /// A function or procedure.
    Routine,
    /// A type, whose schema counts alone.
    Type,
    /// What fills a column that an INSERT leaves out.
    Default,
}

/// What the role may not do.
#[derive(Debug, Default)]
pub(super) struct Access {
    /// There is no such role.
    pub(super) no_role: bool,
    /// By relation or routine: the privileges that are denied, with the place of the column.
    pub(super) denied: BTreeSet<(u64, u64, String)>,
    /// Relations, routines and types in a schema that the role may not look into.
    pub(super) schemas: BTreeMap<u64, String>,
    /// By relation and place of the column: the sequence of a serial column that may not be used.
    pub(super) serials: BTreeMap<(u64, u64), String>,
    /// Relations with row-level security that admits nothing for a privilege.
    pub(super) unadmitted: BTreeSet<(u64, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
enum AccessRow {
    Role {
        #[serde(rename = "name")]
        _name: String,
    },
    Denied {
        relation: u64,
        column: u64,
        privilege: String,
    },
    Schema {
        name: String,
        relation: u64,
    },
    Serial {
        relation: u64,
        column: u64,
        name: String,
    },
    Unadmitted {
        relation: u64,
        privilege: String,
    },
}

/// What a role may not do of what is wanted.
pub(super) fn access(
    server: &mut dyn Answers,
    wanted: &BTreeSet<Wanted>,
    role: &str,
) -> Result<Access, LiveError> {
    let list = serde_json::to_string(wanted).unwrap_or_else(|_| "[]".to_owned());
    let asked = ACCESS
        .replace(":wanted", &hexadecimal(&list))
        .replace(":role", &hexadecimal(role));
    let mut access = Access::default();
    for line in server.answer(&asked)? {
        match row(&line)? {
            AccessRow::Role { .. } => access.no_role = true,
            AccessRow::Denied {
                relation,
                column,
                privilege,
            } => {
                access.denied.insert((relation, column, privilege));
            }
            AccessRow::Schema { name, relation } => {
                access.schemas.insert(relation, name);
            }
            AccessRow::Serial {
                relation,
                column,
                name,
            } => {
                access.serials.insert((relation, column), name);
            }
            AccessRow::Unadmitted {
                relation,
                privilege,
            } => {
                access.unadmitted.insert((relation, privilege));
            }
        }
    }
    Ok(access)
}

fn hexadecimal(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |it: u8| char::from(DIGITS[usize::from(it)]);
    text.bytes()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .collect()
}
