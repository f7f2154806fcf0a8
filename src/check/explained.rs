//! An object's life: where it was made and changed, who uses it, whether it can go.

use std::sync::Arc;

use super::chain::Chain;
use super::{Options, chain_of, code, meant, overrides, read_code};
use crate::analysis::{Code, Usage};
use crate::bind::{Use, UseKind};
use crate::check::New;
use crate::discover::{
    Environment, MigrationText, Project, Target, discover, discover_with_base, locate,
};
use crate::error::{Error, Result};
use crate::report::{Event, Explained, QueryUse, ReleaseUses};
use crate::schema::apply::Touched;
use crate::schema::catalog::{Catalog, ObjectId, RelationBody};
use crate::schema::name::{Ident, QualifiedName};

/// The identity of what is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Relation(ObjectId),
    Column(ObjectId, ObjectId),
    Type(ObjectId),
    Label(ObjectId, ObjectId),
    Routine(ObjectId),
}

/// Explains an object of the project at hand: `users`, `users.nickname`, `app.users.nickname`,
/// `mood`, `mood.happy`, `get_user`.
///
/// # Errors
///
/// Any [`Error`]; [`Error::Argument`] where no version of the schema has the object.
pub fn explain_object(
    options: &Options,
    environment: Environment<'_>,
    object: &str,
) -> Result<Explained> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    let (found, base) = match &target.repository {
        Some(_) => discover_with_base(&target, &overrides, None, environment),
        None => (discover(&target.tree, &overrides), None),
    };
    // Without a target branch there is head alone.
    let base = base.and_then(Result::ok);
    let (projects, _) = meant(options, &target, found?)?;
    let count = projects.len();
    for project in projects {
        let chain = chain_for(options, &target, &overrides, &project, base.as_ref())?;
        if let Some(explained) = explained(&project, &chain, object)? {
            return Ok(explained);
        }
    }
    let what = if count == 1 {
        "the schema"
    } else {
        "the schemas"
    };
    Err(Error::Argument(format!(
        "{what} never had a table, column, type or function `{object}`"
    )))
}

fn chain_for(
    options: &Options,
    target: &Target,
    overrides: &crate::discover::Overrides,
    project: &Project,
    base: Option<&crate::discover::Base>,
) -> Result<Chain> {
    let with_base = Options {
        new: match base {
            Some(_) => New::SinceBase,
            None => New::All,
        },
        ..options.clone()
    };
    let mut chain = chain_of(&with_base, target, overrides, project, base)?;
    let folders = [project.folder.clone()];
    read_code(
        &with_base,
        &target.tree,
        project,
        &folders,
        &mut chain,
        true,
    )?;
    Ok(chain)
}

fn explained(project: &Project, chain: &Chain, object: &str) -> Result<Option<Explained>> {
    let timeline = &chain.timeline;
    // The newest version that has it, which may be long ago.
    let newest = (0..=timeline.end()).rev().find_map(|position| {
        let is_last = position == timeline.end();
        let changed = is_last || !timeline.steps[position].touched.is_empty();
        if !changed {
            return None;
        }
        find(timeline.catalog(position), project, object).map(|it| (position, it))
    });
    let Some((_, (subject, kind))) = newest else {
        return Ok(None);
    };
    let mut events = Vec::new();
    let mut before = describe(timeline.catalog(0), subject);
    for (at, step) in timeline.steps.iter().enumerate() {
        let touches = step.touched.iter().any(|it| {
            matches!(
                it,
                Touched::Relation(_) | Touched::Type(_) | Touched::Routine(_)
            )
        });
        if !touches {
            continue;
        }
        let after = describe(timeline.catalog(at + 1), subject);
        if after == before {
            continue;
        }
        let (file, line) = place(chain, step.migration, step.statement);
        events.push(Event {
            file,
            line,
            what: said(before.as_ref(), after.as_ref()),
        });
        before = after;
    }
    let mut releases = Vec::new();
    for pinned in &chain.live {
        let own = pinned
            .own
            .clone()
            .unwrap_or_else(|| Arc::clone(timeline.catalog(timeline.begin_of(pinned.length))));
        if let Some(code) = &pinned.code {
            let name = pinned.release.name.clone();
            releases.push(uses_of(&own, code, subject, object, name, true)?);
        }
    }
    if let Some(code) = &chain.head_code {
        let own = timeline.catalog(timeline.end());
        releases.push(uses_of(
            own,
            code,
            subject,
            object,
            "head".to_owned(),
            false,
        )?);
    }
    Ok(Some(Explained {
        object: object.to_owned(),
        kind,
        events,
        releases,
        is_there: before.is_some(),
    }))
}

/// The object that a name means, with what it is.
fn find(catalog: &Catalog, project: &Project, object: &str) -> Option<(Subject, &'static str)> {
    let parts: Vec<Ident> = object
        .split('.')
        .map(|part| Ident::new(part.trim().trim_matches('"')))
        .collect();
    let path = project.config.code.search_path.clone();
    let path = path.unwrap_or_else(|| vec!["public".to_owned()]);
    let path: Vec<Ident> = path.iter().map(|it| Ident::new(it)).collect();
    let whole = |name: &QualifiedName| -> Option<(Subject, &'static str)> {
        if let Some(relation) = catalog.relation(name) {
            let kind = match &relation.body {
                RelationBody::Table(_) => "table",
                RelationBody::View(_) => "view",
                RelationBody::Sequence(_) => "sequence",
                RelationBody::Index { .. } => "index",
            };
            return Some((Subject::Relation(relation.id), kind));
        }
        if let Some(found) = catalog.user_type(name) {
            return Some((Subject::Type(found.id), "type"));
        }
        let routine = catalog.routines(name).first()?;
        Some((Subject::Routine(routine.id), "function"))
    };
    let part = |of: &QualifiedName, name: &Ident| -> Option<(Subject, &'static str)> {
        if let Some(relation) = catalog.relation(of)
            && let Some(column) = relation.as_table().and_then(|it| it.column(name))
        {
            return Some((Subject::Column(relation.id, column.id), "column"));
        }
        let found = catalog.user_type(of)?;
        let crate::schema::catalog::TypeBody::Enum { labels, .. } = &found.body else {
            return None;
        };
        let label = labels.iter().find(|it| &*it.text == name.as_str())?;
        Some((Subject::Label(found.id, label.id), "enum label"))
    };
    let in_path = |name: &Ident| -> Vec<QualifiedName> {
        let named = path.iter().map(|schema| QualifiedName {
            schema: schema.clone(),
            name: name.clone(),
        });
        named.collect()
    };
    let qualified = |schema: &Ident, name: &Ident| QualifiedName {
        schema: schema.clone(),
        name: name.clone(),
    };
    match &parts[..] {
        [name] => in_path(name).iter().find_map(whole),
        [first, second] => in_path(first)
            .iter()
            .find_map(|of| part(of, second))
            .or_else(|| whole(&qualified(first, second))),
        [schema, of, name] => part(&qualified(schema, of), name),
        _ => None,
    }
}

/// What an object is like in one version: its name and what is worth telling.
fn describe(catalog: &Catalog, subject: Subject) -> Option<Vec<String>> {
    match subject {
        Subject::Relation(id) => catalog.relation_name(id).map(|name| vec![name.to_string()]),
        Subject::Column(of, id) => {
            let name = catalog.relation_name(of)?;
            let column = catalog.table(name)?.column_by_id(id)?;
            let mut told = vec![
                format!("{name}.{}", column.name),
                column.data_type.to_string(),
            ];
            if column.not_null {
                told.push("NOT NULL".to_owned());
            }
            if let Some(default) = &column.default {
                told.push(format!("DEFAULT {}", default.text));
            }
            if column.generated.is_some() {
                told.push("generated".to_owned());
            }
            Some(told)
        }
        Subject::Type(id) => catalog.type_name(id).map(|name| vec![name.to_string()]),
        Subject::Label(of, id) => {
            let name = catalog.type_name(of)?;
            let found = catalog.user_type(name)?;
            let crate::schema::catalog::TypeBody::Enum { labels, .. } = &found.body else {
                return None;
            };
            let label = labels.iter().find(|it| it.id == id)?;
            Some(vec![format!("{name}.{}", label.text)])
        }
        Subject::Routine(id) => catalog.all_routines().find_map(|(name, routines)| {
            let routine = routines.iter().find(|it| it.id == id)?;
            Some(vec![name.to_string(), routine.body.to_string()])
        }),
    }
}

fn said(before: Option<&Vec<String>>, after: Option<&Vec<String>>) -> String {
    match (before, after) {
        (None, Some(after)) => format!("made: {}", told(after)),
        (Some(_), None) => "dropped".to_owned(),
        (Some(before), Some(after)) if before.first() != after.first() => {
            let name = after.first().map_or("", String::as_str);
            format!("renamed to {name}")
        }
        (Some(_), Some(after)) => format!("changed: {}", told(after)),
        (None, None) => String::new(),
    }
}

/// The first line of what is worth telling.
fn told(all: &[String]) -> String {
    let line = all.join(" ");
    let mut words: Vec<&str> = line.split_whitespace().collect();
    words.truncate(20);
    words.join(" ")
}

fn place(chain: &Chain, migration: usize, statement: usize) -> (String, usize) {
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
