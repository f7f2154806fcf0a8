//! What a project has accepted, held against what a check finds.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Options;
use crate::discover::{Accepted, BASELINE_FILE, Baseline, Tree, locate};
use crate::error::{Error, Result};
use crate::findings::{Finding, SuppressedBy, Suppression};
use crate::report::{ProjectReport, Report};
use crate::rules;

/// What is said of a finding by a rule that is newer than the baseline.
const NEWER: &str = "the rule is newer than the baseline, and the migration is not";

/// The baseline in the root of a tree.
pub(super) fn read(tree: &Tree) -> Result<Option<Baseline>> {
    let Some(bytes) = tree.read(BASELINE_FILE)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::Argument(format!("{} is not UTF-8", tree.shown(BASELINE_FILE))))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Baseline::parse(&tree.shown(BASELINE_FILE), text).map(Some)
}

/// Takes what is accepted out of what counts, and says which entries are of no use; `today` is a day
/// such as `2026-01-31`, and without one nothing expires.
pub(super) fn apply(baseline: &Baseline, report: &mut Report, today: Option<&str>) {
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let is_over = |it: &Accepted| {
        let expires = it.expires.as_deref();
        expires.zip(today).is_some_and(|(last, today)| last < today)
    };
    for project in &mut report.projects {
        let covered = covered(baseline, project);
        let mut findings = std::mem::take(&mut project.findings);
        for finding in findings.iter_mut().filter(|it| it.suppressed.is_none()) {
            let key = key(project, finding);
            let entry = baseline.accepted.iter().position(|it| is_same(it, &key));
            if let Some(at) = entry {
                used.insert(at);
                let entry = &baseline.accepted[at];
                if !is_over(entry) {
                    finding.suppressed = Some(Suppression {
                        by: SuppressedBy::Baseline,
                        reason: entry.reason.clone(),
                    });
                }
                continue;
            }
            let is_newer = rules::rule(finding.rule)
                .is_some_and(|rule| number(rule.since()) > number(&baseline.written_by));
            if is_newer && covered.is_some_and(|last| finding.migration <= last) {
                finding.suppressed = Some(Suppression {
                    by: SuppressedBy::Baseline,
                    reason: NEWER.to_owned(),
                });
            }
        }
        project.findings = findings;
        project.count_findings();
    }
    for (at, entry) in baseline.accepted.iter().enumerate() {
        let what = format!(
            "`{}` of `{}` in {}",
            entry.rule, entry.object, entry.migration
        );
        if is_over(entry) && used.contains(&at) {
            let last = entry.expires.as_deref().unwrap_or_default();
            report
                .baseline
                .push(format!("{what} was accepted until {last}"));
        } else if !used.contains(&at) && is_judged(report, &entry.migration) {
            report.baseline.push(format!(
                "{what} is accepted, and nothing is found there any more"
            ));
        }
    }
}

/// Whether a finding of a migration would have been found: it was judged, or it is gone.
fn is_judged(report: &Report, migration: &str) -> bool {
    let mut projects = report.projects.iter();
    let is_step = |it: &ProjectReport| it.steps.iter().any(|step| step.migration == migration);
    let is_there = |it: &ProjectReport| it.files.iter().any(|file| &*file.path == migration);
    projects.clone().any(is_step) || !projects.any(is_there)
}

/// The last migration that was there when the baseline was written, by its place in run order.
fn covered(baseline: &Baseline, project: &ProjectReport) -> Option<usize> {
    let version = baseline.covered.get(&project.folder)?;
    project.plans.iter().position(|it| it.version == *version)
}

/// A version as numbers that can be compared.
fn number(version: &str) -> Vec<u32> {
    let parts = version.split(['.', '-', '+']);
    parts.map_while(|it| it.parse().ok()).collect()
}

fn key(project: &ProjectReport, finding: &Finding) -> Accepted {
    Accepted {
        migration: project.files[finding.migration].path.to_string(),
        version: project.only_in_file(finding.migration).map(str::to_owned),
        rule: finding.rule.to_owned(),
        object: finding.object.to_string(),
        reason: String::new(),
        expires: None,
    }
}

fn is_same(entry: &Accepted, key: &Accepted) -> bool {
    (&entry.migration, &entry.version, &entry.rule, &entry.object)
        == (&key.migration, &key.version, &key.rule, &key.object)
}

/// A baseline that accepts what a report holds, and the file that it belongs into. Reasons of an
/// older one are kept, and so are its entries for migrations that this check did not judge.
///
/// # Errors
///
/// Any [`Error`]: where the project is cannot be told, or the older file is wrong.
pub fn new_baseline(
    options: &Options,
    report: &Report,
    reason: &str,
) -> Result<(PathBuf, Baseline)> {
    let target = locate(&options.paths)?;
    let Tree::WorkTree(tree) = &target.tree else {
        return Err(Error::Argument(
            "only files on disk have a baseline".to_owned(),
        ));
    };
    let old = read(&target.tree)?.unwrap_or_default();
    let mut accepted: Vec<Accepted> = Vec::new();
    for project in &report.projects {
        let findings = project.findings.iter().filter(|it| it.suppressed.is_none());
        for finding in findings {
            let key = key(project, finding);
            let known = old.accepted.iter().find(|it| is_same(it, &key));
            accepted.push(match known {
                Some(known) => known.clone(),
                None => Accepted {
                    reason: reason.to_owned(),
                    ..key
                },
            });
        }
    }
    let rest = old.accepted.into_iter();
    accepted.extend(rest.filter(|it| !is_judged(report, &it.migration)));
    accepted.sort();
    accepted.dedup_by(|a, b| is_same(a, b));
    let newest = |it: &ProjectReport| {
        let newest = it.plans.last()?;
        Some((it.folder.clone(), newest.version.clone()))
    };
    let mut covered = old.covered;
    covered.extend(report.projects.iter().filter_map(newest));
    let baseline = Baseline {
        written_by: env!("CARGO_PKG_VERSION").to_owned(),
        covered,
        accepted,
    };
    Ok((tree.root().join(BASELINE_FILE), baseline))
}
