//! Comments that speak to this program, in the migrations of a chain.
//!
//! Input: the chain and the findings so far. Output: the findings with those that are allowed
//! marked, findings about comments of new migrations that are wrong or match nothing, and notices
//! about those of old ones, which nobody should edit any more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::chain::Chain;
use super::judge::Sources;
use crate::discover::{MigrationText, Project};
use crate::findings::{
    Comment, Finding, Place, Severity, allow_by_bare_names, allow_in_comments, entries_without_use,
    layout_finding, out_of_place,
};
use crate::rules::Advice;
use crate::source::Span;
use crate::sql::remarks_of;

/// Lets comments and the configuration allow findings; gives what there is to say about both.
pub(super) fn allow(
    findings: &mut Vec<Finding>,
    project: &Project,
    chain: &Chain,
    sources: &mut Sources<'_>,
) -> Vec<String> {
    let comments: Vec<Comment<'_>> = chain
        .scripts
        .iter()
        .enumerate()
        .flat_map(|(migration, script)| {
            let remarks = script.iter().flat_map(|script| &script.remarks);
            remarks.map(move |remark| Comment { migration, remark })
        })
        .collect();
    allow_by_bare_names(findings, &project.config, sources, chain.dialect);
    let mut notices = entries_without_use(
        findings,
        &project.config,
        sources,
        chain.dialect,
        chain.migrations.len(),
        &|migration| is_judged(chain, migration),
    );
    let complaints = allow_in_comments(findings, &comments, &project.config, chain.dialect);
    let mut said: Vec<(usize, Span, &'static str, Advice)> = complaints
        .into_iter()
        .map(|it| (it.migration, it.span, it.rule, it.advice))
        .collect();
    said.extend(
        strays(chain, sources)
            .into_iter()
            .map(|(at, span, advice)| (at, span, "allow_invalid", advice)),
    );
    for (migration, span, rule, advice) in said {
        let severity = match rule {
            "allow_unused" => Severity::Warning,
            _ => Severity::Error,
        };
        // Where each is judged by itself nobody knows which are applied.
        let is_new = !chain.live.is_empty() && migration >= chain.first_new;
        if is_new {
            let place = Place {
                migration,
                statement: None,
                span: Some(span),
            };
            let found = layout_finding(rule, advice, severity, place, &project.config, sources);
            findings.extend(found);
        } else if rule != "allow_unused" || is_judged(chain, migration) {
            let file = sources.file(migration);
            let line = file.map_or(1, |file| file.position(span.start).line);
            let path = file.map_or("", |file| &file.path);
            notices.push(format!("{path}:{line}: {}", advice.message));
        }
    }
    notices
}

/// Whether breaks of a migration were looked for.
fn is_judged(chain: &Chain, migration: usize) -> bool {
    let oldest = chain.live.iter().map(|it| it.length).min();
    oldest.is_none_or(|oldest| migration >= oldest)
}

/// Comments in the files of new migrations that are meant to allow something and stand outside of
/// the up part: in the down part, or before the first marker.
fn strays(chain: &Chain, sources: &mut Sources<'_>) -> Vec<(usize, Span, Advice)> {
    let mut out = Vec::new();
    if chain.live.is_empty() {
        return out;
    }
    let mut seen: HashSet<Arc<str>> = HashSet::new();
    let mut by_path: HashMap<&str, Vec<usize>> = HashMap::new();
    for index in chain.first_new..chain.migrations.len() {
        let path = chain.migrations[index].path.as_str();
        by_path.entry(path).or_default().push(index);
    }
    for index in chain.first_new..chain.migrations.len() {
        let migration = &chain.migrations[index];
        let texts = [Some(&migration.up), migration.down.as_ref()];
        for text in texts.into_iter().flatten() {
            let MigrationText::Read(part) = text else {
                continue;
            };
            if !seen.insert(Arc::clone(&part.file.path)) {
                continue;
            }
            let remarks = remarks_of(&part.file.text, chain.dialect);
            if remarks.is_empty() {
                continue;
            }
            let is_up = *part.file.path == *migration.path;
            let in_file = by_path.get(migration.path.as_str()).filter(|_| is_up);
            let heard: Vec<Span> = in_file
                .into_iter()
                .flatten()
                .flat_map(|at| chain.scripts[*at].iter().flat_map(|it| &it.remarks))
                .map(|it| it.span)
                .collect();
            let is_heard = |at: usize| heard.iter().any(|span| span.start == at);
            let unheard = remarks.into_iter().filter(|it| !is_heard(it.span.start));
            let unheard: Vec<(Span, Advice)> = unheard
                .filter_map(|it| Some((it.span, out_of_place(&it)?)))
                .collect();
            if unheard.is_empty() {
                continue;
            }
            let place = match is_up {
                true => index,
                false => sources.add_file(part.file.clone()),
            };
            out.extend(
                unheard
                    .into_iter()
                    .map(|(span, advice)| (place, span, advice)),
            );
        }
    }
    out
}
