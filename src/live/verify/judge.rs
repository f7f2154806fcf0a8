//! A contract against a server's catalog: who fails, and by what.
//!
//! Queries decide: what they need and the database lacks is an error when one of them fails, and
//! drift when none does. Where no query is known, the same facts that judge a migration for a
//! presumed release decide ([`harms`]).

use std::collections::{BTreeMap, BTreeSet};

use super::ask::{Access, Surroundings, Wanted, WantedKind};
use super::{Certainty, Drift, Lack, Session};
use crate::analysis::{Pair, Weight, harms};
use crate::bind::{self, Bound, Deeds, Failure, Settings, UseKind, WriteKind, Written};
use crate::contract::{
    Contract, ContractEvidence, KeyTarget, NeededColumn, NeededRelation, NeededRoutine, NeededType,
    NeededTypeKind, QueryStanding,
};
use crate::findings::Severity;
use crate::live::same::same_type;
use crate::schema::catalog::{
    Catalog, ObjectId, Relation, RelationBody, Table, TypeBody, UserType, ViewWrites,
};
use crate::schema::diff::{Change, Difference, ObjectKind, ObjectRef};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{Identity, RelationKind, RoutineKind};
use crate::schema::types::{SqlType, TypeName};

/// A contract bound to a live catalog.
pub(super) struct Judged<'a> {
    contract: &'a Contract,
    live: &'a Catalog,
    session: &'a Session,
    /// What the server has told of its surroundings.
    surroundings: &'a Surroundings,
    slice: Catalog,
    /// What each query comes to on the release's own schema, as far as the contract holds it.
    own: Vec<Bound>,
    /// What each comes to on the server.
    now: Vec<Result<Bound, String>>,
}

/// Something that the contract names and the database does not have as it says.
struct Missing {
    object: ObjectRef,
    change: Change,
    /// How it is said.
    what: String,
    /// What it is in the slice of the contract: an object, and perhaps a part of it.
    slice: Option<(ObjectId, Option<ObjectId>)>,
    /// The first query that needs it.
    by: Option<usize>,
}

/// What the role may not do.
#[derive(Debug)]
struct Denial {
    severity: Severity,
    certainty: Certainty,
    code: Option<String>,
    queries: Vec<usize>,
}

/// What became of a query.
#[derive(Clone)]
struct Trouble {
    query: usize,
    code: Option<String>,
    message: Option<String>,
    /// What it meets, where the server says nothing.
    what: String,
    certainty: Certainty,
    severity: Severity,
}

impl<'a> Judged<'a> {
    pub(super) fn new(
        contract: &'a Contract,
        live: &'a Catalog,
        session: &'a Session,
        surroundings: &'a Surroundings,
    ) -> Self {
        let slice = contract.slice();
        let settings = Settings {
            search_path: session.search_path.clone(),
            major: session.major,
        };
        // The contract's own names are in the schemas that the release knew.
        let known: BTreeSet<&Ident> = contract
            .relations
            .iter()
            .map(|it| &it.name.schema)
            .collect();
        let own_path = match &contract.search_path {
            Some(path) => path.clone(),
            None => std::iter::once(Ident::new("public"))
                .chain(known.into_iter().cloned())
                .collect(),
        };
        let own_settings = Settings {
            search_path: own_path,
            major: session.major,
        };
        let queries: Vec<Result<bind::Query, String>> = contract
            .queries
            .iter()
            .map(|it| bind::Query::read(&it.text))
            .collect();
        let readable: Vec<bind::Query> = queries.iter().flatten().cloned().collect();
        let mut own = bind::bind_all(&readable, &slice, &own_settings).into_iter();
        let definers = &surroundings.definers;
        let now = bind::bind_all_beside(&readable, live, &slice, &settings, definers);
        let mut now = now.into_iter();
        let mut judged = Judged {
            contract,
            live,
            session,
            surroundings,
            own: Vec::new(),
            now: Vec::new(),
            slice,
        };
        for query in &queries {
            let is_read = query.is_ok();
            let own = if is_read { own.next() } else { None };
            judged.own.push(own.unwrap_or_default());
            judged.now.push(match query {
                Ok(_) => now.next().ok_or_else(String::new),
                Err(reason) => Err(reason.clone()),
            });
        }
        judged
    }

    /// What the role has to be allowed to do: all that the queries' own texts do, and the bodies that
    /// they run.
    pub(super) fn wanted(&self) -> BTreeSet<Wanted> {
        let all = self.now.iter().flatten();
        all.flat_map(deeds_of)
            .flat_map(|(_, deeds)| self.wanted_for(&deeds))
            .collect()
    }

    /// What is wanted below a view that works with the rights of whoever asks it.
    fn wanted_below(&self, wanted: &Wanted) -> Vec<Wanted> {
        let Some(reads) = self.surroundings.invokers.get(&wanted.relation) else {
            return Vec::new();
        };
        let at = |relation, column, privilege| Wanted {
            kind: WantedKind::Relation,
            relation,
            column,
            privilege,
        };
        // Where anything of it is read, all that the view names is.
        let mut below: Vec<Wanted> = match wanted.privilege {
            "SELECT" => {
                let reads = reads.iter();
                reads
                    .map(|(relation, column)| at(*relation, *column, "SELECT"))
                    .collect()
            }
            _ => Vec::new(),
        };
        if let Some(RelationBody::View(view)) =
            self.live_relation(ObjectId(wanted.relation)).map(|it| &it.body)
            && let ViewWrites::Through { table, columns } = &view.writes
            && wanted.privilege != "SELECT"
            // A view between would be asked with the rights of its own owner.
            && view.depends_on.contains(table)
        {
            let place = usize::try_from(wanted.column).ok();
            let column = place.and_then(|it| columns.get(it.checked_sub(1)?).copied().flatten());
            let column = column.map_or(0, |it| it.0 & 0xffff);
            below.push(at(table.0, column, wanted.privilege));
        }
        below
    }

    fn wanted_for(&self, deeds: &Deeds) -> Vec<Wanted> {
        let mut out = Vec::new();
        let mut want = |kind, relation: ObjectId, column, privilege| {
            out.push(Wanted {
                kind,
                relation: relation.0,
                column,
                privilege,
            });
        };
        for it in &deeds.uses {
            let Some(relation) = self.live_relation(it.object) else {
                let mut routines = self.live.all_routines().flat_map(|(_, all)| all);
                if routines.any(|routine| routine.id == it.object) {
                    want(WantedKind::Routine, it.object, 0, "EXECUTE");
                } else if it.part.is_none() {
                    want(WantedKind::Type, it.object, 0, "USAGE");
                }
                continue;
            };
            match &relation.body {
                RelationBody::Sequence(_) => want(WantedKind::Sequence, it.object, 0, "USAGE"),
                RelationBody::Table(_) | RelationBody::View(_) => {
                    // What is written is told with its kind below.
                    if it.kind == UseKind::Read {
                        let place = it.part.and_then(|part| place_of(relation, part));
                        want(
                            WantedKind::Relation,
                            it.object,
                            place.unwrap_or(0),
                            "SELECT",
                        );
                    }
                }
                RelationBody::Index { .. } => {}
            }
        }
        for relation in &deeds.locked {
            want(WantedKind::Relation, *relation, 0, "UPDATE");
        }
        for write in &deeds.writes {
            let Some(relation) = self.live_relation(write.relation) else {
                continue;
            };
            let privilege = match write.kind {
                WriteKind::Insert => "INSERT",
                WriteKind::Update => "UPDATE",
                WriteKind::Delete => "DELETE",
                WriteKind::Truncate => "TRUNCATE",
            };
            if write.columns.is_empty() {
                want(WantedKind::Relation, write.relation, 0, privilege);
            }
            for (name, _) in &write.columns {
                let place = place_of_name(relation, name).unwrap_or(0);
                want(WantedKind::Relation, write.relation, place, privilege);
            }
            if write.kind == WriteKind::Insert {
                for (table, place) in self.filled_by_default(relation, &write.columns) {
                    want(WantedKind::Default, table, place, "USAGE");
                }
            }
        }
        let mut place = 0;
        while let Some(wanted) = out.get(place).cloned() {
            for below in self.wanted_below(&wanted) {
                if !out.contains(&below) {
                    out.push(below);
                }
            }
            place += 1;
        }
        out
    }

    /// The columns that get their default when a row is inserted: the table and their places. What is
    /// inserted into a view goes on to its table.
    fn filled_by_default(
        &self,
        relation: &'a Relation,
        written: &[(Ident, Written)],
    ) -> Vec<(ObjectId, u64)> {
        let given = |name: &Ident| {
            let mut all = written.iter();
            all.any(|(it, value)| it == name && *value != Written::Default)
        };
        let mut target = relation;
        let mut given: Vec<ObjectId> = match &relation.body {
            RelationBody::Table(table) => {
                let columns = table.columns.iter().filter(|it| given(&it.name));
                columns.map(|it| it.id).collect()
            }
            RelationBody::View(view) => {
                let names = view.columns.iter().flat_map(|it| it.iter().enumerate());
                let places = names.filter(|(_, name)| given(name));
                places
                    .map(|(place, _)| bind::id_of_column(relation, place))
                    .collect()
            }
            RelationBody::Sequence(_) | RelationBody::Index { .. } => return Vec::new(),
        };
        // One view can stand on another, but not on itself.
        let mut seen = BTreeSet::new();
        while let RelationBody::View(view) = &target.body {
            let ViewWrites::Through { table, columns } = &view.writes else {
                return Vec::new();
            };
            if !seen.insert(target.id) {
                return Vec::new();
            }
            let places = columns.iter().enumerate();
            let below = places
                .filter(|(place, _)| given.contains(&bind::id_of_column(target, *place)))
                .filter_map(|(_, column)| *column);
            given = below.collect();
            match self.live_relation(*table) {
                Some(next) => target = next,
                None => return Vec::new(),
            }
        }
        let RelationBody::Table(table) = &target.body else {
            return Vec::new();
        };
        let columns = table.columns.iter();
        columns
            .filter(|it| it.default.is_some() && !given.contains(&it.id))
            .map(|it| (target.id, place_of(target, it.id).unwrap_or(0)))
            .collect()
    }

    fn live_relation(&self, id: ObjectId) -> Option<&'a Relation> {
        let name = self.live.relation_name(id)?;
        self.live.relation(name).map(AsRef::as_ref)
    }

    /// What hurts, what does not, and what is not known.
    pub(super) fn finish(&self, access: &Access) -> (Vec<Lack>, Vec<Drift>, Vec<(usize, String)>) {
        let missing = self.missing();
        let mut unknown = Vec::new();
        let mut troubles = Vec::new();
        for (query, now) in self.now.iter().enumerate() {
            match now {
                Err(reason) => unknown.push((query, reason.clone())),
                Ok(bound) => match self.trouble(query, bound) {
                    Some(trouble) => troubles.push(trouble),
                    None => {
                        if let Some(it) = bound.unknowns.first() {
                            unknown.push((query, it.reason.clone()));
                        }
                    }
                },
            }
        }
        let mut lacks = Vec::new();
        let mut drift = Vec::new();
        for it in &missing {
            self.judge(it, &mut troubles, &mut lacks, &mut drift);
        }
        // What no need explains, by what the server says.
        let mut rest: BTreeMap<(Severity, String), Vec<Trouble>> = BTreeMap::new();
        for trouble in troubles {
            let said = format!("{:?} {:?} {}", trouble.code, trouble.message, trouble.what);
            rest.entry((trouble.severity, said))
                .or_default()
                .push(trouble);
        }
        for ((severity, _), group) in rest {
            let queries: Vec<usize> = group.iter().map(|it| it.query).collect();
            let Some(first) = group.into_iter().next() else {
                continue;
            };
            let closed = self.closed_place_of(&first);
            let what = match (first.what.is_empty(), first.certainty, queries.len()) {
                _ if closed.is_some() => format!(
                    "`{}` may not look into schema `{}`, so names are not sought there",
                    self.session.role,
                    closed.map_or("", Ident::as_str)
                ),
                (false, ..) => first.what,
                (true, Certainty::Proven, 1) => "a query fails".to_owned(),
                (true, Certainty::Proven, count) => format!("{count} queries fail"),
                (true, _, 1) => "a query may fail".to_owned(),
                (true, _, count) => format!("{count} queries may fail"),
            };
            lacks.push(Lack {
                severity,
                object: None,
                what,
                code: first.code,
                message: first.message,
                queries,
                certainty: first.certainty,
                is_denied: closed.is_some(),
            });
        }
        self.refused(access, &mut lacks);
        lacks.sort_by(|a, b| {
            let key = |it: &Lack| (it.object.clone(), it.what.clone(), it.queries.clone());
            b.severity
                .cmp(&a.severity)
                .then_with(|| key(a).cmp(&key(b)))
        });
        drift.sort();
        drift.dedup();
        (lacks, drift, unknown)
    }

    /// The schema of something that the contract names, where a query does not find it for the role
    /// may not look there.
    fn closed_place_of(&self, trouble: &Trouble) -> Option<&'a Ident> {
        let is_not_found = matches!(
            trouble.code.as_deref(),
            Some("42P01" | "42704" | "42883" | "3F000")
        );
        let contract = self.contract;
        let relations = contract.relations.iter().map(|it| &it.name);
        let types = contract.types.iter().map(|it| &it.name);
        let routines = contract.routines.iter().map(|it| &it.name);
        let mut names = relations.chain(types).chain(routines);
        let message = trouble.message.as_deref().unwrap_or_default();
        let is_it = |name: &&QualifiedName| {
            self.surroundings.session.closed.contains(&name.schema)
                && message.contains(name.name.as_str())
        };
        names
            .find(is_it)
            .filter(|_| is_not_found)
            .map(|it| &it.schema)
    }

    // What the queries say.

    fn trouble(&self, query: usize, bound: &Bound) -> Option<Trouble> {
        let fails = |failure: &Failure, certainty, severity| Trouble {
            query,
            code: Some(failure.code.to_owned()),
            message: Some(failure.message.clone()),
            what: String::new(),
            certainty,
            severity,
        };
        if let Some(failure) = bound.failure() {
            return Some(match self.contract.queries[query].standing {
                QueryStanding::Works => fails(failure, Certainty::Proven, Severity::Error),
                // What it needs may be made by the code itself, or by another project.
                QueryStanding::Unsure(_) => Trouble {
                    what: "a query fails of which the migrations do not say whether it works"
                        .to_owned(),
                    ..fails(failure, Certainty::Possible, Severity::Warning)
                },
                // That has kept nobody from using the release.
                QueryStanding::Fails(_) => Trouble {
                    what: "a query fails here as it does on the release's own schema".to_owned(),
                    ..fails(failure, Certainty::Possible, Severity::Note)
                },
            });
        }
        // What may fail on the release's own schema is its own affair.
        let own = &self.own[query];
        let is_new = |failure: &&Failure| {
            let mut known = own.failures.iter();
            !known.any(|it| (it.code, &it.message) == (failure.code, &failure.message))
        };
        if let Some(failure) = bound.failures.iter().find(is_new) {
            return Some(fails(failure, Certainty::Possible, Severity::Warning));
        }
        if !bound.unknowns.is_empty() {
            return None;
        }
        self.reshaped(query, bound)
    }

    /// A query that runs and gives or takes something else than the release was written for.
    fn reshaped(&self, query: usize, bound: &Bound) -> Option<Trouble> {
        let needed = &self.contract.queries[query];
        let trouble = |what: String, severity| {
            Some(Trouble {
                query,
                code: None,
                message: None,
                what,
                certainty: Certainty::Possible,
                severity,
            })
        };
        if let (Some(own), Some(now)) = (&needed.returns, &bound.output) {
            let mut worst: Option<(Severity, String)> = None;
            for (at, column) in own.iter().enumerate() {
                // A star shows the columns in whatever order the table has them.
                let found = match bound.has_star {
                    // Two tables can have a column of one name: the second is the second.
                    true => {
                        let earlier = own[..at].iter().filter(|it| it.name == column.name);
                        let mut all = now.iter().filter(|it| it.name == column.name);
                        all.nth(earlier.count())
                    }
                    false => now.get(at),
                };
                let Some(found) = found else {
                    let what = format!("the result has no column `{}`", column.name);
                    return trouble(what, Severity::Error);
                };
                let (Some(from), Some(to)) = (&column.data_type, &found.data_type) else {
                    continue;
                };
                let Some(severity) = self.other_values(from, to) else {
                    continue;
                };
                if worst.as_ref().is_none_or(|(known, _)| severity > *known) {
                    let what = format!("the result has `{}` as {to}, not {from}", column.name);
                    worst = Some((severity, what));
                }
            }
            if let Some((severity, what)) = worst {
                return trouble(what, severity);
            }
        }
        for (at, (own, now)) in needed.parameters.iter().zip(&bound.parameters).enumerate() {
            if let (Some(own), Some(now)) = (own, now)
                && let Some(severity) = self.other_values(own, now)
            {
                let what = format!("the value for ${} is taken as {now}, not {own}", at + 1);
                return trouble(what, severity);
            }
        }
        None
    }

    /// How bad it is to meet values of one type where those of another are expected; `None` where
    /// they are alike on the wire.
    fn other_values(&self, own: &SqlType, now: &SqlType) -> Option<Severity> {
        // The server sends a value of a domain as one of its base type.
        let own = self.base_of_slice(own);
        let now = self.live.base_type(now);
        if same_type(&plain(&own), &plain(&now)) {
            return None;
        }
        match bind::types::fit(&plain(&own), &plain(&now)) {
            bind::types::Fit::OtherWire => {}
            bind::types::Fit::Same | bind::types::Fit::Wider | bind::types::Fit::Narrower => {
                return None;
            }
        }
        Some(match self.family(&own) == self.family(&now) {
            true => Severity::Warning,
            false => Severity::Error,
        })
    }

    fn base_of_slice(&self, data_type: &SqlType) -> SqlType {
        self.slice.base_type(data_type)
    }

    /// What kind of value a program makes of a type.
    fn family(&self, data_type: &SqlType) -> String {
        let array = if data_type.is_array { "[]" } else { "" };
        let name = match &data_type.name {
            TypeName::Builtin(name) => match name.as_str() {
                "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" => "number",
                "text" | "varchar" | "bpchar" | "name" => "text",
                "timestamp" | "timestamptz" => "timestamp",
                "time" | "timetz" => "time",
                "json" | "jsonb" => "json",
                "inet" | "cidr" => "address",
                other => other,
            },
            // An enum of the project and an extension's text are sent as text.
            TypeName::User(_) => match self.live.definition_of(data_type).map(|it| &it.body) {
                Some(TypeBody::Enum { .. }) | None => "text",
                Some(_) => "other",
            },
            TypeName::Unknown => "?",
        };
        format!("{name}{array}")
    }

    // What the contract names.

    /// The relation of the database that a name of the contract means: `public` is where unqualified
    /// names went when the schema was replayed, which may be another schema here.
    fn find(&self, name: &QualifiedName) -> Option<&'a Relation> {
        let at = |name: &QualifiedName| self.live.relation(name).map(AsRef::as_ref);
        at(name).or_else(|| self.other_places(name).find_map(|it| at(&it)))
    }

    fn find_type(&self, name: &QualifiedName) -> Option<&'a UserType> {
        let at = |name: &QualifiedName| self.live.user_type(name).map(AsRef::as_ref);
        at(name).or_else(|| self.other_places(name).find_map(|it| at(&it)))
    }

    fn other_places(&self, name: &QualifiedName) -> impl Iterator<Item = QualifiedName> {
        let is_default = name.schema.as_str() == "public";
        let path = self.session.search_path.iter().filter(move |_| is_default);
        let own = name.name.clone();
        path.map(move |schema| QualifiedName {
            schema: schema.clone(),
            name: own.clone(),
        })
    }

    fn missing(&self) -> Vec<Missing> {
        let mut out = Vec::new();
        for needed in &self.contract.relations {
            self.missing_of_relation(needed, &mut out);
        }
        for needed in &self.contract.types {
            self.missing_of_type(needed, &mut out);
        }
        for needed in &self.contract.routines {
            self.missing_routine(needed, &mut out);
        }
        out
    }

    fn missing_of_relation(&self, needed: &NeededRelation, out: &mut Vec<Missing>) {
        let kind = match needed.kind {
            RelationKind::View | RelationKind::MaterializedView => ObjectKind::View,
            RelationKind::Sequence => ObjectKind::Sequence,
            RelationKind::Table | RelationKind::ForeignTable | RelationKind::Index => {
                ObjectKind::Table
            }
        };
        let own = self.slice.relation(&needed.name);
        let id = own.map(|it| it.id);
        let Some(relation) = self.find(&needed.name) else {
            let object = ObjectRef::top(kind, &needed.name);
            out.push(Missing {
                what: match needed.kind {
                    RelationKind::Index => format!("index `{object}` is missing"),
                    _ => format!("{} `{object}` is missing", kind.as_str()),
                },
                object,
                change: Change::RelationDropped,
                slice: id.map(|id| (id, None)),
                by: needed.by,
            });
            return;
        };
        for column in &needed.columns {
            let slice = own.and_then(|it| Some((it.id, Some(slice_column(it, &column.name)?))));
            self.missing_column(needed, column, relation, slice, out);
        }
        if let RelationBody::Table(table) = &relation.body {
            self.missing_of_inserts(needed, table, id, out);
            for key in &needed.keys {
                if let KeyTarget::Columns(columns) = &key.what
                    && !has_key(table, columns)
                {
                    let object = ObjectRef::top(ObjectKind::Table, &needed.name);
                    out.push(Missing {
                        what: format!("`{object}` has no unique key on {}", key.what),
                        object,
                        change: Change::UniqueKeyLost {
                            columns: columns.clone(),
                            primary: false,
                        },
                        slice: id.map(|id| (id, None)),
                        by: key.by,
                    });
                }
            }
        }
    }

    fn missing_column(
        &self,
        needed: &NeededRelation,
        column: &NeededColumn,
        relation: &Relation,
        slice: Option<(ObjectId, Option<ObjectId>)>,
        out: &mut Vec<Missing>,
    ) {
        let object = ObjectRef::part(ObjectKind::Column, &needed.name, &column.name);
        let found = match &relation.body {
            RelationBody::Table(table) => match table.column(&column.name) {
                Some(found) => Some((found.data_type.clone(), !table.refuses_null(found))),
                None if table.knowledge.is_full() => None,
                None => return,
            },
            RelationBody::View(view) => {
                let Some(names) = &view.columns else {
                    return;
                };
                let at = names.iter().position(|it| *it == column.name);
                at.map(|at| {
                    let data_type = view.types.get(at).cloned();
                    (data_type.unwrap_or_else(SqlType::unknown), true)
                })
            }
            RelationBody::Sequence(_) | RelationBody::Index { .. } => return,
        };
        let Some((data_type, nullable)) = found else {
            out.push(Missing {
                what: format!("column `{object}` is missing"),
                object,
                change: Change::ColumnDropped { required: false },
                slice,
                by: column.by,
            });
            return;
        };
        let known =
            column.data_type.name != TypeName::Unknown && data_type.name != TypeName::Unknown;
        if known && !same_type(&column.data_type, &data_type) {
            out.push(Missing {
                what: format!("column `{object}` is {data_type}, not {}", column.data_type),
                object: object.clone(),
                change: Change::ColumnTypeChanged {
                    from: column.data_type.clone(),
                    to: data_type,
                },
                slice,
                by: column.by,
            });
        }
        if !column.nullable && nullable && needed.kind == RelationKind::Table {
            out.push(Missing {
                what: format!("column `{object}` may hold NULL"),
                object,
                change: Change::NotNullDropped { supplied: false },
                slice,
                by: column.by,
            });
        }
    }

    /// A column that must be given a value, and that an INSERT of the release leaves out; one that
    /// may not be given any, and that it names.
    fn missing_of_inserts(
        &self,
        needed: &NeededRelation,
        table: &Table,
        id: Option<ObjectId>,
        out: &mut Vec<Missing>,
    ) {
        let is_presumed = self.contract.evidence == ContractEvidence::Presumed;
        for column in table.columns.iter() {
            let object = || ObjectRef::part(ObjectKind::Column, &needed.name, &column.name);
            let names_it = |columns: &[Ident]| columns.contains(&column.name);
            let is_required = self.live.is_required(table, column);
            if is_required && needed.inserts.iter().any(|it| !names_it(&it.columns)) {
                let filled = table.triggers.iter().any(|it| it.fills_on_insert());
                let object = object();
                out.push(Missing {
                    what: format!("column `{object}` must be given a value"),
                    object,
                    change: match filled && is_presumed {
                        // A trigger may give it one.
                        true => Change::NotNullSet { supplied: true },
                        false => Change::ColumnAdded { required: true },
                    },
                    slice: id.map(|id| (id, None)),
                    by: needed.by,
                });
            }
            let refuses = column.generated.is_some() || column.identity == Some(Identity::Always);
            if refuses && needed.inserts.iter().any(|it| names_it(&it.columns)) {
                let object = object();
                out.push(Missing {
                    what: format!("column `{object}` takes no value from outside"),
                    object,
                    change: Change::WritesRefused,
                    slice: id.map(|id| (id, None)),
                    by: needed.by,
                });
            }
        }
    }

    fn missing_of_type(&self, needed: &NeededType, out: &mut Vec<Missing>) {
        let own = self.slice.user_type(&needed.name);
        let id = own.map(|it| it.id);
        let Some(found) = self.find_type(&needed.name) else {
            let object = ObjectRef::top(ObjectKind::Type, &needed.name);
            out.push(Missing {
                what: format!("type `{object}` is missing"),
                object,
                change: Change::TypeDropped,
                slice: id.map(|id| (id, None)),
                by: needed.by,
            });
            return;
        };
        let (NeededTypeKind::Enum(labels), TypeBody::Enum { labels: now, .. }) =
            (&needed.kind, &found.body)
        else {
            return;
        };
        for label in labels {
            if now.iter().any(|it| it.text == label.text) {
                continue;
            }
            let object = ObjectRef::part(
                ObjectKind::EnumLabel,
                &needed.name,
                &Ident::new(&label.text),
            );
            let part = own.and_then(|it| match &it.body {
                TypeBody::Enum { labels, .. } => {
                    let mut labels = labels.iter();
                    labels.find(|it| it.text == label.text).map(|it| it.id)
                }
                _ => None, // It is made from an enum.
            });
            out.push(Missing {
                what: format!(
                    "`{}` has no label '{}'",
                    type_name(&needed.name),
                    label.text
                ),
                object,
                change: Change::LabelDropped,
                slice: id.map(|id| (id, part)),
                by: label.by,
            });
        }
    }

    fn missing_routine(&self, needed: &NeededRoutine, out: &mut Vec<Missing>) {
        let places = std::iter::once(needed.name.clone()).chain(self.other_places(&needed.name));
        let is_same = |routine: &crate::schema::catalog::Routine| {
            let theirs = routine.signature();
            theirs.len() == needed.arguments.len()
                && needed
                    .arguments
                    .iter()
                    .zip(theirs)
                    .all(|(own, theirs)| same_type(&plain(own), &plain(theirs)))
        };
        let mut found = places.flat_map(|name| self.live.routines(&name));
        if found.any(is_same) {
            return;
        }
        let object = ObjectRef::top(ObjectKind::Function, &needed.name);
        let arguments: Vec<String> = needed.arguments.iter().map(SqlType::to_string).collect();
        let mut slice = self.slice.routines(&needed.name).iter();
        let slice = slice.find(|it| it.signature().into_iter().eq(&needed.arguments));
        let kind = slice.map_or(RoutineKind::Function, |it| it.kind);
        let slice = slice.map(|it| (it.id, None));
        out.push(Missing {
            what: format!(
                "{} `{object}({})` is missing",
                kind.as_str(),
                arguments.join(", ")
            ),
            object,
            change: Change::RoutineDropped { kind },
            slice,
            by: needed.by,
        });
    }

    /// The queries that use a need, by their place.
    fn users(&self, slice: Option<(ObjectId, Option<ObjectId>)>) -> BTreeSet<usize> {
        let Some((object, part)) = slice else {
            return BTreeSet::new();
        };
        let uses = |bound: &Bound| {
            let mut all = bound.uses.iter();
            all.any(|it| it.object == object && (part.is_none() || it.part == part))
        };
        let all = self.own.iter().enumerate();
        all.filter(|(_, bound)| uses(bound))
            .map(|(at, _)| at)
            .collect()
    }

    /// The queries that may send a value of a type.
    fn senders(&self, name: &QualifiedName) -> Vec<usize> {
        let is_it = |data_type: &SqlType| {
            let base = self.base_of_slice(data_type);
            [data_type, &base].into_iter().any(|it| match &it.name {
                TypeName::User(found) => {
                    found.name == name.name
                        && found.schema.as_ref().is_none_or(|it| *it == name.schema)
                }
                TypeName::Builtin(_) | TypeName::Unknown => false,
            })
        };
        let queries = self.contract.queries.iter().enumerate();
        queries
            .filter(|(_, query)| query.parameters.iter().flatten().any(is_it))
            .map(|(at, _)| at)
            .collect()
    }

    /// A difference is a lack where a query fails for it, and else drift; without queries the facts
    /// about presumed releases decide.
    fn judge(
        &self,
        missing: &Missing,
        troubles: &mut Vec<Trouble>,
        lacks: &mut Vec<Lack>,
        drift: &mut Vec<Drift>,
    ) {
        let mut users = self.users(missing.slice);
        users.extend(missing.by);
        let difference = Difference {
            object: missing.object.clone(),
            change: missing.change.clone(),
        };
        let is_explained = |trouble: &Trouble| {
            users.contains(&trouble.query) && explains(&missing.change, trouble, &missing.object)
        };
        // A body that several queries run fails for all of them with the same words.
        let said: BTreeSet<String> = troubles
            .iter()
            .filter(|it| is_explained(it))
            .filter_map(|it| it.message.clone())
            .collect();
        let (of_it, rest): (Vec<Trouble>, Vec<Trouble>) =
            std::mem::take(troubles).into_iter().partition(|it| {
                is_explained(it) || it.message.as_ref().is_some_and(|it| said.contains(it))
            });
        *troubles = rest;
        if !of_it.is_empty() {
            // One query fails by it, another gets a result that it was not written for.
            let mut by_code: BTreeMap<Option<&str>, Vec<&Trouble>> = BTreeMap::new();
            for trouble in &of_it {
                let group = by_code.entry(trouble.code.as_deref()).or_default();
                group.push(trouble);
            }
            for (code, group) in by_code {
                let Some(worst) = group.iter().max_by_key(|it| it.severity) else {
                    continue;
                };
                let is_gone = matches!(missing.change, Change::ColumnDropped { .. });
                lacks.push(Lack {
                    severity: worst.severity,
                    object: Some(missing.object.clone()),
                    what: match code {
                        None if is_gone => format!("{}: {}", missing.what, worst.what),
                        _ => missing.what.clone(),
                    },
                    code: code.map(str::to_owned),
                    message: worst.message.clone(),
                    queries: group.iter().map(|it| it.query).collect(),
                    certainty: group
                        .iter()
                        .map(|it| it.certainty)
                        .min()
                        .unwrap_or(Certainty::Proven),
                    is_denied: false,
                });
            }
            return;
        }
        let is_presumed = self.contract.evidence == ContractEvidence::Presumed;
        let senders = match missing.change {
            Change::LabelDropped => {
                let parent = missing.object.parent.clone();
                let schema = missing.object.schema.clone();
                match (schema, parent) {
                    (Some(schema), Some(name)) => self.senders(&QualifiedName { schema, name }),
                    _ => Vec::new(),
                }
            }
            Change::TypeDropped => {
                let schema = missing.object.schema.clone();
                schema.map_or_else(Vec::new, |schema| {
                    self.senders(&QualifiedName {
                        schema,
                        name: missing.object.name.clone(),
                    })
                })
            }
            _ => Vec::new(),
        };
        if !is_presumed && missing.change == (Change::ColumnAdded { required: true }) {
            return; // No query fails, so a trigger gives it a value.
        }
        if !is_presumed && senders.is_empty() {
            drift.push(Drift {
                object: missing.object.to_string(),
                what: missing.what.clone(),
            });
            return;
        }
        let harms = harms(&difference);
        let worst = harms
            .iter()
            .filter(|it| it.pair == Pair::OldOnNew)
            .max_by_key(|it| it.weight);
        let severity = match worst.map(|it| it.weight) {
            Some(Weight::Error | Weight::Unknown) => Severity::Error,
            Some(Weight::Warning | Weight::Addition) => Severity::Warning,
            Some(Weight::Note) | None => {
                drift.push(Drift {
                    object: missing.object.to_string(),
                    what: missing.what.clone(),
                });
                return;
            }
        };
        let severity = match &missing.change {
            Change::ColumnTypeChanged { from, to } => {
                severity.max(self.other_values(from, to).unwrap_or(severity))
            }
            _ => severity,
        };
        // The server takes a value of a type under any name; a client may seek it by its own.
        let severity = match (&missing.change, is_presumed) {
            (Change::TypeDropped, false) => Severity::Warning,
            _ => severity,
        };
        let error = worst.and_then(|it| it.error.as_ref());
        lacks.push(Lack {
            severity,
            object: Some(missing.object.clone()),
            what: missing.what.clone(),
            code: error.map(|it| it.code.to_owned()),
            message: error.map(|it| it.message.clone()),
            certainty: match senders.is_empty() {
                true => Certainty::Presumed,
                false => Certainty::Possible,
            },
            queries: senders,
            is_denied: false,
        });
    }

    // What the role may not do.

    fn refused(&self, access: &Access, lacks: &mut Vec<Lack>) {
        let role = &self.session.role;
        if access.no_role {
            lacks.push(Lack {
                severity: Severity::Error,
                object: None,
                what: format!("role `{role}` is missing"),
                code: Some("22023".to_owned()),
                message: Some(format!("role \"{role}\" does not exist")),
                queries: Vec::new(),
                certainty: Certainty::Proven,
                is_denied: true,
            });
            return;
        }
        let mut found: BTreeMap<(String, String), Denial> = BTreeMap::new();
        for (query, now) in self.now.iter().enumerate() {
            // A query that is not analysed never gets as far.
            let Some(bound) = now.as_ref().ok().filter(|it| it.failure().is_none()) else {
                continue;
            };
            for (place, deeds) in deeds_of(bound) {
                let (behind, certainty) = match place {
                    DoneBy::Text => ("", Certainty::Proven),
                    DoneBy::Bodies => (", which a function or trigger needs", Certainty::Proven),
                    DoneBy::BodiesPerhaps => (
                        ", which a function or trigger may need",
                        Certainty::Possible,
                    ),
                };
                let wanted: BTreeSet<Wanted> = self.wanted_for(&deeds).into_iter().collect();
                for (what, message, severity) in
                    wanted.iter().flat_map(|it| self.denials(access, it))
                {
                    let code = message.as_ref().map(|_| "42501".to_owned());
                    let key = (format!("{what}{behind}"), message.unwrap_or_default());
                    let denial = found.entry(key).or_insert(Denial {
                        severity: match certainty {
                            Certainty::Proven => severity,
                            Certainty::Possible | Certainty::Presumed => {
                                severity.min(Severity::Warning)
                            }
                        },
                        certainty,
                        code,
                        queries: Vec::new(),
                    });
                    if denial.queries.last() != Some(&query) {
                        denial.queries.push(query);
                    }
                }
            }
        }
        for ((what, message), denial) in found {
            lacks.push(Lack {
                severity: denial.severity,
                object: None,
                what,
                code: denial.code,
                message: Some(message).filter(|it| !it.is_empty()),
                queries: denial.queries,
                certainty: denial.certainty,
                is_denied: true,
            });
        }
    }

    /// What is refused of one thing that is wanted: in words, with the server's message where it
    /// has one.
    fn denials(&self, access: &Access, wanted: &Wanted) -> Vec<(String, Option<String>, Severity)> {
        let role = &self.session.role;
        let id = ObjectId(wanted.relation);
        let relation = self.live_relation(id);
        let mut out = Vec::new();
        if wanted.kind != WantedKind::Default
            && let Some(schema) = access.schemas.get(&wanted.relation)
        {
            out.push((
                format!("`{role}` may not look into schema `{schema}`"),
                Some(format!("permission denied for schema {schema}")),
                Severity::Error,
            ));
            return out;
        }
        let of_routine = || {
            let mut all = self.live.all_routines();
            let found = all.find(|(_, all)| all.iter().any(|it| it.id == id));
            found.map(|(name, _)| name)
        };
        let Some(name) = self.live.relation_name(id).or_else(of_routine) else {
            return Vec::new();
        };
        let shown = type_name(name);
        let key = (wanted.relation, wanted.column, wanted.privilege.to_owned());
        let kind = match (wanted.kind, relation.map(Relation::kind)) {
            (WantedKind::Routine, _) => "function",
            (WantedKind::Sequence, _) => "sequence",
            (_, Some(RelationKind::View)) => "view",
            (_, Some(RelationKind::MaterializedView)) => "materialized view",
            (_, Some(RelationKind::ForeignTable)) => "foreign table",
            _ => "table",
        };
        match wanted.kind {
            WantedKind::Type => {}
            WantedKind::Relation | WantedKind::Sequence | WantedKind::Routine => {
                let privilege = wanted.privilege;
                if access.denied.contains(&key) {
                    out.push((
                        format!("`{role}` has no {privilege} on {kind} `{shown}`"),
                        Some(format!(
                            "permission denied for {kind} {}",
                            name.name.as_str()
                        )),
                        Severity::Error,
                    ));
                } else if access
                    .unadmitted
                    .contains(&(wanted.relation, wanted.privilege.to_owned()))
                {
                    let what = format!(
                        "no policy of `{shown}` admits `{role}` for {}",
                        wanted.privilege
                    );
                    out.push(match wanted.privilege {
                        "INSERT" => (
                            what,
                            Some(format!(
                                "new row violates row-level security policy for table \"{}\"",
                                name.name.as_str()
                            )),
                            Severity::Error,
                        ),
                        // Every row is hidden, and the server says nothing.
                        _ => (what, None, Severity::Warning),
                    });
                }
            }
            WantedKind::Default => {
                let place = (wanted.relation, wanted.column);
                if let Some(sequence) = access.serials.get(&place) {
                    out.push((
                        format!(
                            "`{role}` has no USAGE on sequence `{sequence}`, which fills `{shown}`"
                        ),
                        Some(format!("permission denied for sequence {sequence}")),
                        Severity::Error,
                    ));
                }
            }
        }
        out
    }
}

/// Who does something when a query is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DoneBy {
    /// Its own text.
    Text,
    /// Bodies that are sure to run.
    Bodies,
    /// Bodies that may run.
    BodiesPerhaps,
}

/// What a query does with the rights of the one who sends it.
fn deeds_of(bound: &Bound) -> Vec<(DoneBy, Deeds)> {
    let own = bound.uses.iter().filter(|it| !bound.behind.contains(it));
    let text = Deeds {
        uses: own.cloned().collect(),
        writes: bound.writes.clone(),
        locked: bound.locked.clone(),
    };
    let mut all = vec![(DoneBy::Text, text)];
    if let Some(deeds) = &bound.deeds {
        all.push((DoneBy::Bodies, deeds.sure.clone()));
        all.push((DoneBy::BodiesPerhaps, deeds.possible.clone()));
    }
    all
}

/// Whether the trouble of a query that uses an object comes from what is missing there.
fn explains(change: &Change, trouble: &Trouble, object: &ObjectRef) -> bool {
    let message = trouble.message.as_deref().unwrap_or_default();
    let names_it = message.contains(object.name.as_str());
    match (change, trouble.code.as_deref()) {
        (Change::RelationDropped, Some("42P01" | "3F000")) => names_it,
        (Change::ColumnDropped { .. }, Some("42703" | "42P10")) => names_it,
        // A star no longer shows it.
        (Change::ColumnDropped { .. }, None) => true,
        (Change::ColumnTypeChanged { .. }, Some(code)) => {
            matches!(
                code,
                "42883" | "42804" | "42846" | "22P02" | "42809" | "42725" | "42P18"
            )
        }
        (Change::ColumnTypeChanged { .. }, None) => true,
        (Change::ColumnAdded { .. } | Change::NotNullSet { .. }, Some("23502" | "23514")) => {
            names_it
        }
        (Change::WritesRefused, Some("428C9")) => names_it,
        (Change::UniqueKeyLost { .. }, Some("42P10" | "42704")) => true,
        (Change::TypeDropped, Some("42704")) => names_it,
        (Change::LabelDropped, Some("22P02")) => names_it,
        (Change::RoutineDropped { .. }, Some("42883" | "42725" | "42809")) => names_it,
        _ => false,
    }
}

/// A type without what stands in its parentheses.
fn plain(data_type: &SqlType) -> SqlType {
    SqlType {
        modifiers: [].into(),
        ..data_type.clone()
    }
}

fn has_key(table: &Table, columns: &[Ident]) -> bool {
    let mut indexes = table.indexes.iter().filter(|it| it.valid);
    indexes.any(|index| {
        index.plain_unique_columns().is_some_and(|found| {
            found.iter().all(|it| columns.contains(it))
                && columns.iter().all(|it| found.contains(&it))
        })
    })
}

/// The place of a column as the server counts: from 1, gaps included.
fn place_of(relation: &Relation, part: ObjectId) -> Option<u64> {
    match &relation.body {
        RelationBody::Table(_) => Some(part.0 & 0xffff),
        RelationBody::View(_) => {
            let place = bind::place_of_column(relation, part)?;
            u64::try_from(place + 1).ok()
        }
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}

fn place_of_name(relation: &Relation, name: &Ident) -> Option<u64> {
    match &relation.body {
        RelationBody::Table(table) => place_of(relation, table.column(name)?.id),
        RelationBody::View(view) => {
            let place = view.columns.as_ref()?.iter().position(|it| it == name)?;
            u64::try_from(place + 1).ok()
        }
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}

/// The identity that a column has in the slice of a contract.
fn slice_column(relation: &Relation, name: &Ident) -> Option<ObjectId> {
    match &relation.body {
        RelationBody::Table(table) => table.column(name).map(|it| it.id),
        RelationBody::View(view) => {
            let place = view.columns.as_ref()?.iter().position(|it| it == name)?;
            Some(bind::id_of_column(relation, place))
        }
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    }
}

/// `public` is left out, as people do.
fn type_name(name: &QualifiedName) -> String {
    name.to_string()
}
