//! An object's life: where it was made and changed, what it is, what depends on it, who uses it,
//! whether it can go.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::chain::Chain;
use super::dependents::dependents;
use super::{Options, chain_of, code, meant, overrides, read_code};
use crate::analysis::{Code, Usage};
use crate::bind::{Use, UseKind};
use crate::check::New;
use crate::discover::{
    Base, Environment, MigrationText, Overrides, Project, Target, discover, discover_with_base,
    locate, nearest_name,
};
use crate::error::Result;
use crate::report::changes::table::{constraint_word, policy_text, trigger_text};
use crate::report::changes::{
    Happened, code, column_text, kind_word, relation_text, routine_text, routine_word,
    touched_changes, type_text,
};
use crate::report::ddl::{constraint_text, index_text};
use crate::report::{Event, Explained, QueryUse, ReleaseUses};
use crate::schema::apply::Touched;
use crate::schema::catalog::{Catalog, Index, ObjectId, Relation, RelationBody, TypeBody};
use crate::schema::name::{Ident, QualifiedName};

/// The identity of what is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Relation(ObjectId),
    Column(ObjectId, ObjectId),
    Type(ObjectId),
    Label(ObjectId, ObjectId),
    Routine(ObjectId),
    /// A constraint of a table.
    Constraint(ObjectId, ObjectId),
    /// An index of a table or materialised view.
    Index(ObjectId, ObjectId),
    /// A trigger of a table or view.
    Trigger(ObjectId, ObjectId),
    /// A policy of a table.
    Policy(ObjectId, ObjectId),
}

impl Subject {
    /// Whether queries name it, so that who uses it can be told.
    fn is_named_by_queries(self) -> bool {
        match self {
            Subject::Relation(_)
            | Subject::Column(..)
            | Subject::Type(_)
            | Subject::Label(..)
            | Subject::Routine(_) => true,
            Subject::Constraint(..)
            | Subject::Index(..)
            | Subject::Trigger(..)
            | Subject::Policy(..) => false,
        }
    }

    /// The identity that changes are about.
    fn id(self) -> ObjectId {
        match self {
            Subject::Relation(id) | Subject::Type(id) | Subject::Routine(id) => id,
            Subject::Column(_, id)
            | Subject::Label(_, id)
            | Subject::Constraint(_, id)
            | Subject::Index(_, id)
            | Subject::Trigger(_, id)
            | Subject::Policy(_, id) => id,
        }
    }
}

/// Explains an object of the project at hand: `users`, `users.nickname`, `app.users.nickname`,
/// `mood`, `mood.happy`, `get_user`, `users_pkey`, also one that is gone; `None` where no version
/// of the schema has it.
///
/// # Errors
///
/// Any [`crate::Error`].
pub fn explain_object(
    options: &Options,
    environment: Environment<'_>,
    object: &str,
) -> Result<Option<Explained>> {
    let opened = Opened::new(options, environment)?;
    for project in &opened.projects {
        let chain = opened.chain(options, project, Queries::Read)?;
        if let Some(explained) = explained(project, &chain, object)? {
            return Ok(Some(explained));
        }
    }
    Ok(None)
}

/// The names nearest to one that is nothing: of a version, and of an object.
///
/// # Errors
///
/// Any [`crate::Error`].
pub fn near_names(
    options: &Options,
    environment: Environment<'_>,
    name: &str,
) -> Result<(Option<String>, Option<String>)> {
    let opened = Opened::new(options, environment)?;
    let (mut versions, mut objects) = (Vec::new(), Vec::new());
    for project in &opened.projects {
        versions.extend(super::points::near_version(project, name));
        let chain = opened.chain(options, project, Queries::Unread)?;
        objects.extend(near_object(&chain, name));
    }
    Ok((versions.into_iter().next(), objects.into_iter().next()))
}

/// The object of head's schema, or of any version of a name that is gone, that is most likely meant:
/// a table, type or function, or a column where the name has a dot.
fn near_object(chain: &Chain, name: &str) -> Option<String> {
    let timeline = &chain.timeline;
    let catalog = timeline.catalog(timeline.end());
    let mut known: BTreeSet<String> = BTreeSet::new();
    known.extend(catalog.relations().map(|(name, _)| name.to_string()));
    known.extend(catalog.types().map(|(name, _)| name.to_string()));
    known.extend(catalog.all_routines().map(|(name, _)| name.to_string()));
    for touched in timeline.steps.iter().flat_map(|step| &step.touched) {
        match touched {
            Touched::Relation(name) | Touched::Type(name) | Touched::Routine(name) => {
                known.insert(name.to_string());
            }
            Touched::Privileges(_) | Touched::Role(_) | Touched::Extension(_) | Touched::Unread => {
            }
        }
    }
    if name.contains('.') {
        for (table, relation) in catalog.relations() {
            let columns = relation
                .as_table()
                .into_iter()
                .flat_map(|it| it.columns.iter());
            known.extend(columns.map(|column| format!("{table}.{}", column.name)));
        }
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    nearest_name(name, &known).map(str::to_owned)
}

/// The projects at hand, and what they are measured from.
pub(super) struct Opened {
    target: Target,
    overrides: Overrides,
    base: Option<Base>,
    pub(super) projects: Vec<Project>,
}

/// Whether the code's queries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queries {
    Read,
    Unread,
}

impl Opened {
    pub(super) fn new(options: &Options, environment: Environment<'_>) -> Result<Self> {
        let target = locate(&options.paths)?;
        let overrides = overrides(options, &target)?;
        let revision = match &options.new {
            New::SinceRevision(revision) => Some(revision.as_str()),
            New::SinceBase | New::SinceVersion(_) | New::All => None,
        };
        let (found, base) = match (&target.repository, &options.new) {
            (Some(_), New::SinceBase | New::SinceRevision(_)) => {
                discover_with_base(&target, &overrides, revision, environment)
            }
            _ => (discover(&target.tree, &overrides), None),
        };
        // Without a target branch there is head alone, unless one was named.
        let base = match (base, revision) {
            (Some(Err(error)), Some(_)) => return Err(error),
            (base, _) => base.and_then(Result::ok),
        };
        let (projects, _) = meant(options, &target, found?)?;
        Ok(Opened {
            target,
            overrides,
            base,
            projects,
        })
    }

    pub(super) fn chain(
        &self,
        options: &Options,
        project: &Project,
        queries: Queries,
    ) -> Result<Chain> {
        let measured = Options {
            new: match (&options.new, &self.base) {
                (New::SinceBase | New::SinceRevision(_), None) => New::All,
                (new, _) => new.clone(),
            },
            ..options.clone()
        };
        let base = self.base.as_ref();
        let mut chain = chain_of(&measured, &self.target, &self.overrides, project, base)?;
        if queries == Queries::Read {
            let folders = [project.folder.clone()];
            let tree = &self.target.tree;
            read_code(&measured, tree, project, &folders, &mut chain, true)?;
        }
        Ok(chain)
    }
}

fn explained(project: &Project, chain: &Chain, object: &str) -> Result<Option<Explained>> {
    let timeline = &chain.timeline;
    // The newest that has the name comes first; it may be gone for long.
    let found = everyone(project, chain, object);
    let Some((subject, last)) = found.first().copied() else {
        return Ok(None);
    };
    let catalog = timeline.catalog(last);
    let it = describe(catalog, subject);
    let is_there = describe(timeline.catalog(timeline.end()), subject).is_some();
    let newest = match is_there {
        true => timeline.catalog(timeline.end()),
        false => catalog,
    };
    let mut releases = Vec::new();
    let is_named = subject.is_named_by_queries();
    for pinned in chain.live.iter().filter(|_| is_named) {
        let own = pinned
            .own
            .clone()
            .unwrap_or_else(|| Arc::clone(timeline.catalog(timeline.begin_of(pinned.length))));
        if let Some(code) = &pinned.code {
            let name = pinned.release.name.clone();
            releases.push(uses_of(&own, code, subject, object, name, true)?);
        }
    }
    if let Some(code) = chain.head_code.as_ref().filter(|_| is_named) {
        let own = timeline.catalog(timeline.end());
        let name = "head".to_owned();
        releases.push(uses_of(own, code, subject, object, name, false)?);
    }
    let now = describe(newest, subject).or(it);
    Ok(Some(Explained {
        object: object.to_owned(),
        kind: now.as_ref().map_or("object", |it| it.kind),
        name: now
            .as_ref()
            .map_or_else(|| object.to_owned(), |it| it.name.clone()),
        definition: now.and_then(|it| it.definition),
        events: events(chain, subject),
        earlier: found[1..]
            .iter()
            .filter_map(|(subject, last)| {
                let it = describe(timeline.catalog(*last), *subject)?;
                Some((it.kind, events(chain, *subject)))
            })
            .collect(),
        dependents: match is_there {
            true => dependents(newest, subject),
            false => Vec::new(),
        },
        releases,
        is_named_by_queries: is_named,
        is_doubtful: !is_there && is_doubtful(catalog, timeline.catalog(timeline.end()), subject),
        is_there,
    }))
}

/// What happened to an object, oldest first.
fn events(chain: &Chain, subject: Subject) -> Vec<Event> {
    let timeline = &chain.timeline;
    let mut events: Vec<Event> = Vec::new();
    let mut before = describe(timeline.catalog(0), subject);
    if let Some(it) = &before {
        events.push(Event {
            file: None,
            line: None,
            version: None,
            happened: Happened::Added,
            what: format!(
                "was there before the first migration{}",
                match &it.definition {
                    Some(definition) => format!(": {}", code(definition)),
                    None => String::new(),
                }
            ),
        });
    }
    for (at, step) in timeline.steps.iter().enumerate() {
        let touches = step.touched.iter().any(|it| {
            matches!(
                it,
                Touched::Relation(_)
                    | Touched::Type(_)
                    | Touched::Routine(_)
                    | Touched::Privileges(_)
            )
        });
        if !touches {
            continue;
        }
        let (old, new) = (timeline.catalog(at), timeline.catalog(at + 1));
        let after = describe(new, subject);
        let mut said: Vec<(Happened, String)> = Vec::new();
        match (&before, &after) {
            (None, None) => continue,
            (None, Some(it)) => {
                let definition = it.definition.as_deref().map(code);
                let definition = definition.map_or_else(String::new, |it| format!(": {it}"));
                said.push((Happened::Added, format!("made{definition}")));
            }
            (Some(_), None) if is_doubtful(old, new, subject) => said.push((
                Happened::Unknown,
                "may be gone: a statement that was not understood may have changed its table"
                    .to_owned(),
            )),
            (Some(_), None) => said.push((Happened::Dropped, "dropped".to_owned())),
            (Some(_), Some(_)) => {}
        }
        let made_or_gone = !said.is_empty();
        for change in touched_changes(old, new, &step.touched) {
            let is_whole = change.about.first() == Some(&subject.id()) && change.aspect.is_none();
            if !change.about.contains(&subject.id())
                || (made_or_gone
                    && (is_whole
                        || matches!(subject, Subject::Column(..) if change.kind == "column")))
            {
                continue;
            }
            said.push((change.happened, change.message));
        }
        before = after;
        let (file, line) = place(chain, step.migration, step.statement);
        for (happened, what) in said {
            let is_said = events.last().is_some_and(|last| {
                last.what == what && last.file.as_deref() == Some(&file) && last.line == Some(line)
            });
            if !is_said {
                events.push(Event {
                    file: Some(file.clone()),
                    line: Some(line),
                    version: Some(chain.migrations[step.migration].version.clone()),
                    happened,
                    what,
                });
            }
        }
    }
    events
}

/// Whether what is no longer listed may be there all the same: it was a part of a table of which
/// not everything is known now, or it was that table.
fn is_doubtful(old: &Catalog, new: &Catalog, subject: Subject) -> bool {
    let of = match subject {
        Subject::Relation(of)
        | Subject::Column(of, _)
        | Subject::Constraint(of, _)
        | Subject::Index(of, _)
        | Subject::Trigger(of, _)
        | Subject::Policy(of, _) => of,
        Subject::Type(_) | Subject::Label(..) | Subject::Routine(_) => return false,
    };
    let names = [new.relation_name(of), old.relation_name(of)];
    let mut tables = names
        .into_iter()
        .flatten()
        .filter_map(|name| new.table(name));
    tables.any(|table| !table.knowledge.is_full())
}

/// Every object that ever had the name, with the last position at which it had it; the newest
/// first.
fn everyone(project: &Project, chain: &Chain, object: &str) -> Vec<(Subject, usize)> {
    let timeline = &chain.timeline;
    let wanted = Wanted::new(project, object);
    let mut out: Vec<(Subject, usize)> = Vec::new();
    let mut push = |subject: Option<Subject>, at: usize| {
        if let Some(subject) = subject
            && !out.iter().any(|(known, _)| *known == subject)
        {
            out.push((subject, at));
        }
    };
    let end = timeline.end();
    let last = timeline.catalog(end);
    push(wanted.find(last, &mut last.relations()), end);
    for (at, step) in timeline.steps.iter().enumerate().rev() {
        let catalog = timeline.catalog(at);
        // Only what this step touched can have had another name or been there before it.
        let touched = step.touched.iter().filter_map(|it| match it {
            Touched::Relation(name) => {
                let relation = catalog.relation(name)?;
                Some((name, &**relation))
            }
            _ => None,
        });
        if step.touched.is_empty() {
            continue;
        }
        push(wanted.find(catalog, &mut { touched }), at);
    }
    out
}

/// A name that is looked for, taken apart.
struct Wanted {
    parts: Vec<Ident>,
    path: Vec<Ident>,
}

impl Wanted {
    fn new(project: &Project, object: &str) -> Self {
        let parts = object
            .split('.')
            .map(|part| Ident::new(part.trim().trim_matches('"')))
            .collect();
        let path = project.config.code.search_path.clone();
        let path = path.unwrap_or_else(|| vec!["public".to_owned()]);
        Wanted {
            parts,
            path: path.iter().map(|it| Ident::new(it)).collect(),
        }
    }

    /// The object that the name means; names of constraints, triggers and policies, which belong to
    /// their table, are sought in `relations`.
    fn find(
        &self,
        catalog: &Catalog,
        relations: &mut dyn Iterator<Item = (&QualifiedName, &Relation)>,
    ) -> Option<Subject> {
        let in_path = |name: &Ident| -> Vec<QualifiedName> {
            let named = self.path.iter();
            named
                .map(|schema| QualifiedName::new(schema.clone(), name.clone()))
                .collect()
        };
        let qualified =
            |schema: &Ident, name: &Ident| QualifiedName::new(schema.clone(), name.clone());
        match &self.parts[..] {
            [name] => in_path(name)
                .iter()
                .find_map(|name| whole(catalog, name))
                .or_else(|| {
                    let mut parts = relations.filter_map(|(_, it)| part_of(it, name));
                    parts.next()
                }),
            [first, second] => in_path(first)
                .iter()
                .find_map(|of| part(catalog, of, second))
                .or_else(|| whole(catalog, &qualified(first, second))),
            [schema, of, name] => part(catalog, &qualified(schema, of), name),
            _ => None,
        }
    }
}

/// A relation, type or routine.
fn whole(catalog: &Catalog, name: &QualifiedName) -> Option<Subject> {
    if let Some(relation) = catalog.relation(name) {
        return match &relation.body {
            RelationBody::Index { table } => {
                let of = catalog.relation(catalog.relation_name(*table)?)?;
                let index = indexes(of).find(|it| it.name == name.name)?;
                // The index of a key is told with the key.
                let key = index.constraint.as_ref().and_then(|it| part_of(of, it));
                Some(key.unwrap_or(Subject::Index(*table, index.id)))
            }
            RelationBody::Table(_) | RelationBody::View(_) | RelationBody::Sequence(_) => {
                Some(Subject::Relation(relation.id))
            }
        };
    }
    if let Some(found) = catalog.user_type(name) {
        return Some(Subject::Type(found.id));
    }
    let routine = catalog.routines(name).first()?;
    Some(Subject::Routine(routine.id))
}

/// A part of a table, view or type.
fn part(catalog: &Catalog, of: &QualifiedName, name: &Ident) -> Option<Subject> {
    if let Some(relation) = catalog.relation(of) {
        let column = relation.as_table().and_then(|it| it.column(name));
        if let Some(column) = column {
            return Some(Subject::Column(relation.id, column.id));
        }
        if let Some(found) = part_of(relation, name) {
            return Some(found);
        }
    }
    let found = catalog.user_type(of)?;
    let TypeBody::Enum { labels, .. } = &found.body else {
        return None;
    };
    let label = labels.iter().find(|it| &*it.text == name.as_str())?;
    Some(Subject::Label(found.id, label.id))
}

/// A constraint, index, trigger or policy.
fn part_of(relation: &Relation, name: &Ident) -> Option<Subject> {
    let of = relation.id;
    if let Some(table) = relation.as_table() {
        if let Some(it) = table.constraints.iter().find(|it| it.name == *name) {
            return Some(Subject::Constraint(of, it.id));
        }
        if let Some(it) = table.policies.iter().find(|it| it.name == *name) {
            return Some(Subject::Policy(of, it.id));
        }
    }
    if let Some(it) = indexes(relation).find(|it| it.name == *name) {
        return Some(Subject::Index(of, it.id));
    }
    let triggers = match &relation.body {
        RelationBody::Table(table) => &table.triggers[..],
        RelationBody::View(view) => &view.triggers,
        RelationBody::Sequence(_) | RelationBody::Index { .. } => &[],
    };
    let trigger = triggers.iter().find(|it| it.name == *name)?;
    Some(Subject::Trigger(of, trigger.id))
}

/// The indexes of a table or materialised view.
pub(super) fn indexes(relation: &Relation) -> impl Iterator<Item = &Index> {
    let list = match &relation.body {
        RelationBody::Table(table) => Some(&table.indexes),
        RelationBody::View(view) => Some(&view.indexes),
        RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
    };
    list.into_iter().flat_map(|it| it.iter())
}

/// What an object is in one version.
struct Described {
    kind: &'static str,
    name: String,
    definition: Option<String>,
}

/// What an object is like in one version; `None` where it is not there.
fn describe(catalog: &Catalog, subject: Subject) -> Option<Described> {
    let of = |id: ObjectId| {
        let name = catalog.relation_name(id)?;
        Some((name, catalog.relation(name)?))
    };
    let told = |kind, name: String, definition| {
        Some(Described {
            kind,
            name,
            definition,
        })
    };
    match subject {
        Subject::Relation(id) => {
            let (name, relation) = of(id)?;
            let definition = relation_text(catalog, relation);
            told(kind_word(relation), name.to_string(), definition)
        }
        Subject::Column(of, id) => {
            let name = catalog.relation_name(of)?;
            let column = catalog.table(name)?.column_by_id(id)?;
            let definition = Some(column_text(column));
            told("column", format!("{name}.{}", column.name), definition)
        }
        Subject::Type(id) => {
            let name = catalog.type_name(id)?;
            let found = catalog.user_type(name)?;
            let kind = match &found.body {
                TypeBody::Enum { .. } => "enum",
                TypeBody::Domain { .. } => "domain",
                TypeBody::Composite(_)
                | TypeBody::Range(_)
                | TypeBody::Base
                | TypeBody::Unknown => "type",
            };
            told(kind, name.to_string(), type_text(&found.body))
        }
        Subject::Label(of, id) => {
            let name = catalog.type_name(of)?;
            let TypeBody::Enum { labels, .. } = &catalog.user_type(name)?.body else {
                return None;
            };
            let label = labels.iter().find(|it| it.id == id)?;
            told("enum label", format!("{name}.{}", label.text), None)
        }
        Subject::Routine(id) => {
            let (name, routine) = catalog.all_routines().find_map(|(name, routines)| {
                Some((name, routines.iter().find(|it| it.id == id)?))
            })?;
            let definition = Some(routine_text(routine));
            told(routine_word(routine.kind), name.to_string(), definition)
        }
        Subject::Constraint(table, id) => {
            let (name, relation) = of(table)?;
            let mut all = relation.as_table()?.constraints.iter();
            let it = all.find(|it| it.id == id)?;
            let text = constraint_text(it).replace("REFERENCES public.", "REFERENCES ");
            told(
                constraint_word(it),
                format!("{name}.{}", it.name),
                Some(text),
            )
        }
        Subject::Index(table, id) => {
            let (name, relation) = of(table)?;
            let it = indexes(relation).find(|it| it.id == id)?;
            let kind = if it.unique { "unique index" } else { "index" };
            told(
                kind,
                it.name.to_string(),
                Some(format!("ON {name} {}", index_text(it))),
            )
        }
        Subject::Trigger(table, id) => {
            let (name, relation) = of(table)?;
            let triggers = match &relation.body {
                RelationBody::Table(table) => &table.triggers[..],
                RelationBody::View(view) => &view.triggers,
                RelationBody::Sequence(_) | RelationBody::Index { .. } => &[],
            };
            let it = triggers.iter().find(|it| it.id == id)?;
            told(
                "trigger",
                format!("{name}.{}", it.name),
                Some(trigger_text(it)),
            )
        }
        Subject::Policy(table, id) => {
            let (name, relation) = of(table)?;
            let mut all = relation.as_table()?.policies.iter();
            let it = all.find(|it| it.id == id)?;
            told(
                "policy",
                format!("{name}.{}", it.name),
                Some(policy_text(it)),
            )
        }
    }
}

/// The file of a migration and the line of one of its statements.
pub(super) fn place(chain: &Chain, migration: usize, statement: usize) -> (String, usize) {
    let it = &chain.migrations[migration];
    let line = match (&it.up, &chain.scripts[migration]) {
        (MigrationText::Read(part), Some(script)) => script
            .statements
            .get(statement)
            .map_or(1, |it| part.file.position(it.span.start).line),
        (MigrationText::Read(_) | MigrationText::Unreadable(_), _) => 1,
    };
    (it.path.clone(), line)
}

fn uses_of(
    own: &Catalog,
    release: &code::ReleaseCode,
    subject: Subject,
    object: &str,
    name: String,
    is_live: bool,
) -> Result<ReleaseUses> {
    let code: &Code = &release.code;
    let usage: Usage = code.on(own);
    let is_it = |it: &&Use| match subject {
        Subject::Relation(id) | Subject::Type(id) | Subject::Routine(id) => it.object == id,
        Subject::Column(of, id) | Subject::Label(of, id) => it.object == of && it.part == Some(id),
        // No query names them but by accident.
        Subject::Constraint(_, id)
        | Subject::Index(_, id)
        | Subject::Trigger(_, id)
        | Subject::Policy(_, id) => it.part == Some(id),
    };
    let mut uses = Vec::new();
    for (at, query) in code.queries.iter().enumerate() {
        let Some(bound) = usage.bound(at) else {
            continue;
        };
        let kinds: Vec<UseKind> = bound.uses.iter().filter(is_it).map(|it| it.kind).collect();
        if kinds.is_empty() {
            continue;
        }
        uses.push(QueryUse {
            file: query.file.to_string(),
            line: query.line,
            name: query.name.as_ref().map(|it| it.to_string()),
            reads: kinds.contains(&UseKind::Read),
            writes: kinds.contains(&UseKind::Write),
        });
    }
    let last = object.rsplit('.').next().unwrap_or(object);
    Ok(ReleaseUses {
        name,
        is_live,
        is_complete: code.is_complete,
        queries: code.queries.len(),
        mentions: code::other_mentions(release, &usage, last.trim_matches('"'))?,
        uses,
    })
}
