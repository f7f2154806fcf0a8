//! Retired objects of head's configuration that its schema does not have.
//!
//! Input: projects and their replayed chains. Output: sentences about entries that never matched
//! anything, which retire nothing, and about those whose object has been dropped as planned. Where one
//! configuration is for several projects, an entry may be about any of them.

use super::chain::Chain;
use crate::analysis::{Overload, parts_of};
use crate::discover::Project;
use crate::report::Report;
use crate::schema::apply::Touched;
use crate::schema::catalog::{Catalog, RelationBody, TypeBody};
use crate::schema::name::{Ident, QualifiedName};

/// What became of the object of an entry, from the best for it to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// A schema that is alive has it, or nobody can tell.
    Alive,
    /// It was there.
    Gone,
    /// No schema has had it.
    Never,
}

/// The retired objects of one project.
#[derive(Debug)]
pub(super) struct Entries {
    /// How many other projects the configuration is for.
    others: usize,
    /// Each entry by its place and its object.
    fates: Vec<((String, String), Fate)>,
}

/// What became of the retired objects of a project.
///
/// What a statement that was not understood has made nobody knows.
pub(super) fn entries(project: &Project, chain: &Chain) -> Entries {
    let timeline = &chain.timeline;
    let is_known = !chain.live.is_empty() && timeline.reasons.is_empty();
    let mut alive: Vec<&Catalog> = vec![timeline.catalog(timeline.end())];
    for pinned in &chain.live {
        let own = pinned.own.as_deref();
        alive.push(own.unwrap_or_else(|| timeline.catalog(timeline.begin_of(pinned.length))));
    }
    let fate = |object: &str| {
        let wanted = Wanted::read(object);
        if !is_known || alive.iter().any(|catalog| wanted.is_in(catalog)) {
            return Fate::Alive;
        }
        let was_there = timeline.steps.iter().enumerate().any(|(at, step)| {
            step.touched.iter().any(|it| wanted.may_be(it))
                && (wanted.is_in(timeline.catalog(at)) || wanted.is_in(&step.catalog))
        });
        match was_there {
            true => Fate::Gone,
            false => Fate::Never,
        }
    };
    let fates = project.config.retired.iter().map(|entry| {
        let object = &entry.object.value;
        ((entry.object.from.name(), object.clone()), fate(object))
    });
    Entries {
        others: project.others.len(),
        fates: fates.collect(),
    }
}

/// Says it in the report, each entry once: `all` are those of its projects, in their order.
pub(super) fn say(all: &[Entries], report: &mut Report) {
    // An entry may be about a project that is not judged.
    if all.iter().any(|it| it.others >= all.len()) {
        return;
    }
    for (at, own) in all.iter().enumerate() {
        for (key, _) in &own.fates {
            let fates = |it: &Entries| {
                let of_key = it.fates.iter().filter(|(other, _)| other == key);
                of_key.map(|(_, fate)| *fate).min()
            };
            let is_said = all[..at].iter().any(|it| fates(it).is_some());
            let best = all.iter().filter_map(fates).min();
            let (place, object) = key;
            let (Some(project), false) = (report.projects.get_mut(at), is_said) else {
                continue;
            };
            match best {
                None | Some(Fate::Alive) => {}
                Some(Fate::Gone) => project.notices.push(format!(
                    "{place}: [[retired]]: `{object}` is gone from every schema that is alive: the \
                     entry can go"
                )),
                Some(Fate::Never) => {
                    let text = format!(
                        "{place}: [[retired]]: no schema has had `{object}`, so this retires nothing"
                    );
                    project.notices.push(text.clone());
                    project.remarks.push(text);
                }
            }
        }
    }
}

/// What an entry names.
enum Wanted<'a> {
    /// One overload of a function.
    Overload(Overload),
    /// Anything of that name, with or without its schema and what it belongs to.
    Name(Vec<&'a str>),
}

impl<'a> Wanted<'a> {
    fn read(object: &'a str) -> Self {
        match Overload::read(object) {
            Some(overload) => Wanted::Overload(overload),
            None => Wanted::Name(parts_of(object)),
        }
    }

    /// Whether a step that touches this can make or take it.
    fn may_be(&self, touched: &Touched) -> bool {
        let is_of = |name: &QualifiedName| match self {
            Wanted::Overload(overload) => overload.has_name(&name.schema, &name.name),
            Wanted::Name(parts) => parts.contains(&name.name.as_str()),
        };
        match touched {
            Touched::Relation(name) | Touched::Type(name) | Touched::Routine(name) => is_of(name),
            Touched::Privileges(_) => false,
            Touched::Role(_) | Touched::Extension(_) | Touched::Unread => true,
        }
    }

    fn is_in(&self, catalog: &Catalog) -> bool {
        match self {
            Wanted::Overload(overload) => catalog.all_routines().any(|(name, overloads)| {
                overload.has_name(&name.schema, &name.name)
                    && overloads.iter().any(|it| overload.is(it))
            }),
            Wanted::Name(parts) => match parts.as_slice() {
                [] => false,
                [first, rest @ ..] => {
                    has(catalog, None, first, rest)
                        || rest
                            .split_first()
                            .is_some_and(|(name, rest)| has(catalog, Some(first), name, rest))
                }
            },
        }
    }
}

/// Whether a catalog has an object of that name, and in it what the rest names.
fn has(catalog: &Catalog, schema: Option<&str>, name: &str, rest: &[&str]) -> bool {
    let is_meant = |it: &QualifiedName| {
        it.name.as_str() == name && schema.is_none_or(|schema| it.schema.as_str() == schema)
    };
    let is = |ident: &Ident| ident.as_str() == name;
    let part = match rest {
        [] => None,
        [part] => Some(*part),
        _ => return false,
    };
    let in_relations =
        catalog
            .relations()
            .filter(|(it, _)| is_meant(it))
            .any(|(_, relation)| match (part, &relation.body) {
                (None, _) => true,
                (Some(part), RelationBody::Table(table)) => {
                    let same = |name: &Ident| name.as_str() == part;
                    table.columns.iter().any(|it| same(&it.name))
                        || table.constraints.iter().any(|it| same(&it.name))
                        || table.triggers.iter().any(|it| same(&it.name))
                        || table.policies.iter().any(|it| same(&it.name))
                        || relation.rules().iter().any(|it| same(&it.name))
                        || !table.knowledge.is_full()
                }
                // Of a view not every column is known.
                (Some(_), RelationBody::View(_)) => true,
                (Some(_), RelationBody::Sequence(_) | RelationBody::Index { .. }) => false,
            });
    let in_types = || {
        let mut found = catalog.types().filter(|(it, _)| is_meant(it));
        found.any(|(_, it)| match (part, &it.body) {
            (None, _) => true,
            (Some(part), TypeBody::Enum { labels, .. }) => {
                labels.iter().any(|label| *label.text == *part)
            }
            (Some(_), _) => true, // What a type of another kind has inside is not asked.
        })
    };
    let others = || {
        part.is_none()
            && (catalog.all_routines().any(|(it, _)| is_meant(it))
                || (schema.is_none()
                    && (catalog.schemas().any(is)
                        || catalog.roles().any(|(it, _)| is(it))
                        || catalog.extensions().any(is)
                        || catalog.others().any(|(_, it)| is(&it.name)))))
    };
    in_relations || in_types() || others()
}
