//! From presumed to proven: the breaks of a window beside what the known queries do.
//!
//! A query that fails proves the break of what it uses, or is a break of its own where no
//! difference explains it. Finding queries alone never lowers a presumed break: that needs evidence
//! that is declared complete, or a name that occurs nowhere else in the release's files.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bind::{Bound, UseKind, WriteKind, Written};
use crate::history::Timeline;
use crate::schema::catalog::Catalog;
use crate::schema::diff::{Change, Difference, ObjectKind, diff_touched};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::types::TypeName;

use super::compat::{Access, Evidence, Harm, Pair, ServerError, Stage, Weight, harms};
use super::queries::{
    Code, Proof, Reshaped, Standing, Usage, broken_by_change, cause, follow_new, follow_old, uses,
    violates,
};
use super::window::{Break, Release, Role};

/// Where a name occurs in the files of a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mention {
    /// The file, from the tree's root.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

/// Why a presumed break hurts nobody as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unused {
    /// The release's queries are declared complete, and none uses it.
    NoQuery,
    /// Its name occurs nowhere in the release's files but in queries that go on working.
    NoMention,
}

impl Unused {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Unused::NoQuery => "no-query",
            Unused::NoMention => "no-mention",
        }
    }
}

/// Adds what the queries of one release prove.
pub(super) fn apply(
    timeline: &Timeline,
    states: &[usize],
    release: &Release,
    index: usize,
    (first, last): (usize, usize),
    breaks: &mut Vec<Break>,
) {
    let Some(code) = &release.code else {
        return;
    };
    let usage = &release.usage;
    let (proofs, reshaped) = match release.role {
        Role::Live => follow_old(
            timeline,
            states,
            code,
            usage,
            &release.own,
            release.position,
            last,
        ),
        Role::Head => {
            let mut proofs = follow_new(
                timeline,
                states,
                code,
                usage,
                &release.own,
                release.position,
                first,
            );
            proofs.extend(broken_by_change(
                timeline,
                code,
                usage,
                &release.own,
                release.position,
                first,
            ));
            (proofs, Vec::new())
        }
    };
    for proof in proofs {
        attach(timeline, states, release, index, &proof, breaks);
    }
    for shape in reshaped {
        let it = reshaped_break(timeline, release, index, code, &shape, last);
        let same = |known: &&mut Break| {
            (known.release, known.start) == (index, it.start) && known.difference == it.difference
        };
        match breaks.iter_mut().find(same) {
            Some(known) => known.uses.extend(it.uses),
            None => breaks.push(it),
        }
    }
    for it in breaks.iter_mut().filter(|it| it.release == index) {
        weigh_values(usage, code, it);
    }
    if code.is_complete {
        without_use(timeline, states, release, index, breaks);
    }
    if code.only_queries {
        let unread = unread_texts(release, code);
        breaks.retain(|it| {
            it.release != index
                || !it.uses.is_empty()
                || it.harm.weight == Weight::Unknown
                || is_named(&unread, it)
        });
        // It does nothing but what its queries do.
        for it in breaks.iter_mut().filter(|it| it.release == index) {
            let bounds = it.uses.iter().filter_map(|query| usage.bound(*query));
            let does: Vec<Access> = bounds.flat_map(|bound| access_of(Some(bound)).1).collect();
            if !does.is_empty() && !is_named(&unread, it) {
                it.access = [Access::Read, Access::Write]
                    .into_iter()
                    .filter(|access| does.contains(access))
                    .collect();
            }
        }
    }
}

/// The texts that count as using every name in them: what was not read, and what tells nothing.
fn unread_texts<'a>(release: &Release, code: &'a Code) -> Vec<&'a str> {
    release
        .usage
        .standings
        .iter()
        .zip(&code.queries)
        .filter(|(standing, _)| !matches!(standing, Standing::Works(_)))
        .map(|(_, query)| &*query.text)
        .chain(code.not_read.iter().map(|it| &*it.text))
        .collect()
}

fn is_named(texts: &[&str], it: &Break) -> bool {
    let name = looked_for(&it.difference);
    texts.iter().any(|text| holds_word(text, &name))
}

/// The queries of a release that some break is about: they do not go on working as they did.
pub(crate) fn hurt_queries(breaks: &[Break], index: usize) -> BTreeSet<usize> {
    let own = breaks.iter().filter(|it| it.release == index);
    own.flat_map(|it| it.uses.iter().copied()).collect()
}

/// Whether a hurt query uses what another break is about: the server says only the first of what
/// fails in it.
pub(crate) fn is_used_by(release: &Release, hurt: &BTreeSet<usize>, it: &Break) -> bool {
    let bounds = hurt.iter().filter_map(|query| release.usage.bound(*query));
    let is_head = release.role == Role::Head;
    bounds
        .into_iter()
        .any(|bound| uses(&release.own, bound, &it.difference, is_head))
}

/// A failing query belongs to the break of what it uses.
fn attach(
    timeline: &Timeline,
    states: &[usize],
    release: &Release,
    index: usize,
    proof: &Proof,
    breaks: &mut Vec<Break>,
) {
    let pair = match release.role {
        Role::Live => Pair::OldOnNew,
        Role::Head => Pair::NewOnOld,
    };
    // Where it works, which is not its own schema where head breaks its own query.
    let (own, bound): (&Catalog, Option<&Bound>) = match &proof.worked {
        Some((position, bound)) => (timeline.catalog(*position), Some(bound)),
        None => (&release.own, release.usage.bound(proof.query)),
    };
    let seen_as = match proof.worked {
        Some(_) => Pair::OldOnNew,
        None => pair,
    };
    let explained = bound.and_then(|bound| {
        let differences = differences_at(timeline, states, release, proof);
        let used = differences
            .into_iter()
            .filter(|it| !matches!(it.change, Change::Obscured { .. }))
            .filter(|it| uses(own, bound, it, seen_as == Pair::NewOnOld));
        let with_harm: Vec<(Difference, Harm)> = used
            .flat_map(|it| {
                let all = harms(&it).into_iter().filter(|harm| harm.pair == seen_as);
                all.map(|harm| (it.clone(), harm)).collect::<Vec<_>>()
            })
            .collect();
        let same_code = |(_, harm): &&(Difference, Harm)| {
            harm.error
                .as_ref()
                .is_some_and(|it| it.code == proof.failure.code)
        };
        let names_it = |found: &&(Difference, Harm)| {
            let name = found.0.object.name.as_str();
            same_code(found) && proof.failure.message.contains(name)
        };
        with_harm
            .iter()
            .find(names_it)
            .or_else(|| with_harm.iter().find(same_code))
            .or(with_harm.first())
            .cloned()
    });
    let error = ServerError {
        code: proof.failure.code,
        message: proof.failure.message.clone(),
        stage: stage(proof.failure.stage),
    };
    let (evidence, weight) = if proof.failure.certain {
        (Evidence::Proven, Weight::Error)
    } else {
        (Evidence::Possible, Weight::Warning)
    };
    let access = access_of(bound);
    let (difference, harm) = match explained {
        Some((difference, harm)) => (difference, harm),
        None => {
            let step = proof.blamed.unwrap_or(proof.start);
            let object = cause(timeline, step, own, bound);
            let change = Change::QueryFails {
                code: proof.failure.code,
            };
            let harm = Harm {
                pair,
                access: access.0,
                weight,
                error: Some(error.clone()),
            };
            (Difference { object, change }, harm)
        }
    };
    // What head only uses of what the change adds is no error by itself.
    let is_addition = harm.weight == Weight::Addition;
    let known = breaks.iter_mut().find(|it| {
        it.release == index
            && it.harm.pair == pair
            && it.difference == difference
            && is_shown(states, it.start.max(proof.start), it.end.min(proof.end))
    });
    if let Some(known) = known {
        if !known.uses.contains(&proof.query) {
            known.uses.push(proof.query);
        }
        if proof.failure.certain {
            if known.evidence != Evidence::Proven || known.harm.weight != Weight::Error {
                known.harm.error = Some(error);
            }
            known.evidence = Evidence::Proven;
            if !is_addition {
                known.harm.weight = Weight::Error;
            }
        } else if known.evidence == Evidence::Presumed {
            known.evidence = Evidence::Possible;
        }
        return;
    }
    breaks.push(Break {
        release: index,
        difference,
        harm: Harm {
            pair,
            weight: if is_addition {
                Weight::Addition
            } else {
                weight
            },
            error: Some(error),
            access: access.0,
        },
        access: access.1,
        evidence,
        start: proof.start,
        end: proof.end,
        blamed: proof.blamed,
        uses: vec![proof.query],
        unused: None,
        mentions: Vec::new(),
    });
}

/// Whether other connections see a state between two positions, the second excluded.
fn is_shown(states: &[usize], start: usize, end: usize) -> bool {
    let at = states.partition_point(|state| *state < start);
    states.get(at).is_some_and(|state| *state < end)
}

/// What the steps from the blamed one to the state that shows the failure made different, seen from
/// the release's own schema.
fn differences_at(
    timeline: &Timeline,
    states: &[usize],
    release: &Release,
    proof: &Proof,
) -> Vec<Difference> {
    let seen = || states.iter().copied().find(|it| *it >= proof.start);
    let (old, new, steps): (&Catalog, &Catalog, std::ops::Range<usize>) =
        match (release.role, &proof.worked) {
            (Role::Head, Some((position, _))) => {
                let blamed = proof.blamed.unwrap_or(proof.start);
                let until = seen().unwrap_or(blamed + 1);
                (timeline.catalog(*position), &release.own, blamed..until)
            }
            (Role::Live, _) => {
                let until = seen().unwrap_or(proof.start);
                let blamed = proof.blamed.unwrap_or(until);
                (&release.own, timeline.catalog(until), blamed..until)
            }
            (Role::Head, None) => {
                let last = states.iter().rev().copied().find(|it| *it < proof.end);
                let from = last.unwrap_or(proof.end - 1);
                let until = proof.blamed.map_or(from, |it| it + 1);
                (timeline.catalog(from), &release.own, from..until)
            }
        };
    let steps = timeline.steps.get(steps).unwrap_or_default();
    let mut out: Vec<Difference> = steps
        .iter()
        .flat_map(|step| &step.touched)
        .flat_map(|touched| {
            let others = crate::schema::diff::other_name(old, new, touched);
            others
                .into_iter()
                .chain([touched.clone()])
                .flat_map(|it| diff_touched(old, new, &it))
                .collect::<Vec<_>>()
        })
        .filter(|it| it.change != Change::Unread)
        .collect();
    out.sort();
    out.dedup();
    out
}

fn stage(stage: crate::bind::Stage) -> Stage {
    match stage {
        crate::bind::Stage::Parse => Stage::Parse,
        crate::bind::Stage::Plan => Stage::Plan,
        crate::bind::Stage::Execute => Stage::Execute,
    }
}

/// Whether a query reads or writes.
fn access_of(bound: Option<&crate::bind::Bound>) -> (&'static [Access], Vec<Access>) {
    const READ: &[Access] = &[Access::Read];
    const WRITE: &[Access] = &[Access::Write];
    let writes = bound.is_some_and(|it| !it.writes.is_empty());
    let access = if writes { WRITE } else { READ };
    (access, access.to_vec())
}

fn reshaped_break(
    timeline: &Timeline,
    release: &Release,
    index: usize,
    code: &Code,
    shape: &Reshaped,
    last: usize,
) -> Break {
    let bound = release.usage.bound(shape.query);
    let object = cause(timeline, shape.blamed, &release.own, bound);
    let has_star = bound.is_some_and(|it| it.has_star);
    let error = (code.keeps_prepared).then(|| ServerError {
        code: "0A000",
        message: "cached plan must not change result type".to_owned(),
        stage: Stage::Execute,
    });
    let weight = if code.keeps_prepared {
        Weight::Warning
    } else {
        Weight::Note
    };
    Break {
        release: index,
        difference: Difference {
            object,
            change: Change::ResultReshaped {
                what: shape.what.as_str().into(),
                has_star,
            },
        },
        harm: Harm {
            pair: Pair::OldOnNew,
            access: &[Access::Read],
            weight,
            error,
        },
        access: vec![Access::Read],
        evidence: Evidence::Possible,
        start: shape.start,
        end: last + 1,
        blamed: Some(shape.blamed),
        uses: vec![shape.query],
        unused: None,
        mentions: Vec::new(),
    }
}

/// A new demand on columns that a known query writes is possible with that query, and proven where
/// a literal violates it.
fn weigh_values(usage: &Usage, code: &Code, it: &mut Break) {
    let is_demand = matches!(
        it.difference.change,
        Change::ConstraintAdded { .. }
            | Change::ValuesRemoved { .. }
            | Change::NotNullSet { supplied: false }
    );
    if !is_demand || it.harm.pair != Pair::OldOnNew {
        return;
    }
    for query in 0..code.queries.len() {
        let Some(bound) = usage.bound(query) else {
            continue;
        };
        let Some(literal) = violates(bound, &it.difference) else {
            continue;
        };
        if !it.uses.contains(&query) {
            it.uses.push(query);
        }
        if literal.is_some() {
            it.evidence = Evidence::Proven;
            it.harm.weight = Weight::Error;
        } else if it.evidence == Evidence::Presumed
            // There are no others that could violate it.
            && (it.harm.weight != Weight::Error || code.is_complete)
        {
            it.evidence = Evidence::Possible;
        }
    }
}

/// What a change lets new code write that old code has never met: an error where head's own queries
/// write it as a literal and a live release's query reads the column, a warning where they may.
pub(super) fn weigh_new_data(releases: &[Release], breaks: &mut [Break]) {
    let Some((head, live)) = releases.split_last() else {
        return;
    };
    let Some(code) = &head.code else {
        return;
    };
    for it in breaks.iter_mut() {
        let Some(reader) = live.get(it.release) else {
            continue;
        };
        let is_met = matches!(
            it.difference.change,
            Change::LabelAdded | Change::ValuesAdded { .. } | Change::NotNullDropped { .. }
        );
        if it.harm.pair != Pair::OldReadsNewData || !is_met {
            continue;
        }
        let mut literal = None;
        let mut perhaps = false;
        for query in 0..code.queries.len() {
            let Some(bound) = head.usage.bound(query) else {
                continue;
            };
            match writes_new(&head.own, bound, &it.difference) {
                Some(true) => {
                    literal.get_or_insert(query);
                }
                Some(false) => perhaps = true,
                None => {}
            }
        }
        let Some(live_code) = &reader.code else {
            continue;
        };
        let readers: Vec<usize> = (0..live_code.queries.len())
            .filter(|query| {
                let bound = reader.usage.bound(*query);
                bound.is_some_and(|bound| reads(&reader.own, bound, &it.difference))
            })
            .collect();
        if readers.is_empty() {
            continue;
        }
        match literal {
            Some(query) => {
                it.evidence = Evidence::Proven;
                it.harm.weight = Weight::Error;
                let query = &code.queries[query];
                it.mentions.push(Mention {
                    file: query.file.as_ref().into(),
                    line: query.line,
                });
            }
            None if perhaps => {
                it.evidence = Evidence::Possible;
                it.harm.weight = it.harm.weight.max(Weight::Warning);
            }
            None => continue,
        }
        it.uses.extend(readers);
        it.uses.dedup();
    }
}

/// Whether a query writes what a change newly admits: true as a literal, false perhaps.
fn writes_new(own: &Catalog, bound: &Bound, difference: &Difference) -> Option<bool> {
    let parent = difference.object.parent.as_ref()?;
    let mut found = None;
    for write in &bound.writes {
        if !matches!(write.kind, WriteKind::Insert | WriteKind::Update) {
            continue;
        }
        for (column, value) in &write.columns {
            let is_meant = match &difference.change {
                Change::LabelAdded => is_of_type(own, &write.name, column, difference),
                Change::ValuesAdded { column: of, .. } => {
                    write.name.name == *parent && column == of
                }
                Change::NotNullDropped { .. } => {
                    write.name.name == *parent && *column == difference.object.name
                }
                _ => return None,
            };
            if !is_meant {
                continue;
            }
            let is_literal = match (&difference.change, value) {
                (Change::LabelAdded, Written::Literal(text)) => {
                    text == difference.object.name.as_str()
                }
                (Change::ValuesAdded { values, .. }, Written::Literal(text)) => {
                    values.contains(text.as_str())
                }
                (Change::NotNullDropped { .. }, Written::Null) => true,
                _ => false,
            };
            match (is_literal, value) {
                (true, _) => return Some(true),
                (false, Written::Any) => found = Some(false),
                (false, Written::NotNull) => {
                    if !matches!(difference.change, Change::NotNullDropped { .. }) {
                        found = Some(false);
                    }
                }
                (false, Written::Null | Written::Default | Written::Literal(_)) => {}
            }
        }
    }
    found
}

/// Whether a column is of the enum that a difference is about.
fn is_of_type(
    own: &Catalog,
    table: &QualifiedName,
    column: &Ident,
    difference: &Difference,
) -> bool {
    let column = own.table(table).and_then(|table| table.column(column));
    column.is_some_and(|column| match &column.data_type.name {
        TypeName::User(name) => Some(&name.name) == difference.object.parent.as_ref(),
        TypeName::Builtin(_) | TypeName::Unknown => false,
    })
}

/// Whether a query reads a column that can hold what is new.
fn reads(own: &Catalog, bound: &Bound, difference: &Difference) -> bool {
    bound
        .uses
        .iter()
        .filter(|it| it.kind == UseKind::Read)
        .any(|it| {
            let Some(name) = own.relation_name(it.object) else {
                return false;
            };
            let column = own
                .table(name)
                .and_then(|table| table.column_by_id(it.part?));
            let Some(column) = column else {
                return false;
            };
            match &difference.change {
                Change::LabelAdded | Change::LabelRenamed { .. } => {
                    is_of_type(own, name, &column.name, difference)
                }
                Change::ValuesAdded { column: of, .. } => {
                    Some(&name.name) == difference.object.parent.as_ref() && column.name == *of
                }
                _ => {
                    Some(&name.name) == difference.object.parent.as_ref()
                        && column.name == difference.object.name
                }
            }
        })
}

/// With complete evidence what no query uses is not used, unless a text that was not understood
/// names it.
fn without_use(
    timeline: &Timeline,
    states: &[usize],
    release: &Release,
    index: usize,
    breaks: &mut Vec<Break>,
) {
    let Some(code) = &release.code else {
        return;
    };
    let unread = unread_texts(release, code);
    let hurt = hurt_queries(breaks, index);
    for it in breaks.iter_mut().filter(|it| it.release == index) {
        let is_plain = it.evidence == Evidence::Presumed && it.uses.is_empty();
        if is_plain
            && it.harm.weight == Weight::Error
            && can_be_unused(it)
            && !is_named(&unread, it)
            && !is_used_by(release, &hurt, it)
        {
            it.harm.weight = Weight::Warning;
            it.unused = Some(Unused::NoQuery);
        }
    }
    // Head uses of what the change adds only what its queries name; and what is of another kind now
    // was asked with every query, where each has an answer.
    let is_doubtful = |it: &Break| {
        let position = match it.harm.pair {
            Pair::NewOnOld => it.end.saturating_sub(1),
            _ => states
                .iter()
                .copied()
                .find(|state| *state >= it.start)
                .unwrap_or(it.start),
        };
        let position = position.min(timeline.end());
        code.is_doubtful_on(timeline.catalog(position), &release.own, &release.usage)
    };
    breaks.retain(|it| {
        let is_moot = match it.difference.change {
            Change::Obscured { .. } => !is_doubtful(it),
            _ => it.harm.weight == Weight::Addition,
        };
        it.release != index || !is_moot || !it.uses.is_empty() || is_named(&unread, it)
    });
}

/// Whether not being named anywhere is enough for not being hurt: row-level security and roles hurt
/// whoever connects.
pub(crate) fn can_be_unused(it: &Break) -> bool {
    matches!(
        it.difference.object.kind,
        ObjectKind::Table
            | ObjectKind::View
            | ObjectKind::Sequence
            | ObjectKind::Column
            | ObjectKind::Type
            | ObjectKind::EnumLabel
            | ObjectKind::Function
    ) && !matches!(
        it.difference.change,
        Change::RowSecurityOn { .. }
            | Change::PolicyChanged { .. }
            | Change::PrivilegeRevoked { .. }
            | Change::PrivilegeGranted { .. }
            | Change::Unread
            | Change::Obscured { .. }
    )
}

/// The name that code must hold to be hurt: that of the table where an INSERT is hurt by what it
/// leaves out.
pub(crate) fn looked_for(difference: &Difference) -> String {
    let leaves_out = matches!(
        difference.change,
        Change::ColumnAdded { .. } | Change::NotNullSet { .. } | Change::DefaultDropped { .. }
    );
    match (&difference.object.parent, leaves_out) {
        (Some(parent), true) => parent.as_str().to_owned(),
        _ => difference.object.name.as_str().to_owned(),
    }
}

/// Whether a text holds a name as a word, in any case.
pub(crate) fn holds_word(text: &str, name: &str) -> bool {
    let is_part = |it: char| it.is_alphanumeric() || it == '_';
    let lower = text.to_lowercase();
    let name = name.to_lowercase();
    if name.is_empty() {
        return false;
    }
    lower.match_indices(&name).any(|(at, _)| {
        !lower[..at].ends_with(is_part) && !lower[at + name.len()..].starts_with(is_part)
    })
}
