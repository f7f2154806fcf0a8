//! From a replayed chain to the report: windows, verdicts, findings, counts.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use crate::analysis::queries::{self, failing_on_both};
use crate::analysis::window::requires;
use crate::analysis::{
    Code, InTransaction, Pair, Presumed, Release, Retired as Unused, Role, Standing, Truth,
    Verdict, Weight, Window, hurt_consumers, in_transaction,
};
use crate::bind;
use crate::discover::{
    Consequence, Contents, DeployMode, HeadAt, Late, Migration, MigrationText, Oddity, OddityKind,
    Part, Phase, Project, Retired, TransactionScope, Unit, Unread,
};
use crate::findings::{
    Blame, Finding, Place, Severity, Weighing, failing_query, findings, history_differs,
    layout_finding, not_understood, refused, unknown_level, unreadable,
};
use crate::history::{Batch, Timeline};
use crate::report::{
    BaseReport, NotUnderstood, PlanReport, ProjectReport, QueryCounts, ReleaseReport, Report,
    RunsIn, StatementReport, StepReport, Summary,
};
use crate::rules::transaction_forbidden::Around;
use crate::rules::{
    Advice, down_differs, down_missing, marker_misplaced, migration_skipped, transaction_forbidden,
    version_duplicated, version_gap, version_late,
};
use crate::schema::diff::{Change, Difference, ObjectRef, diff};
use crate::schema::op::{SchemaOp, TransactionOp};
use crate::source::{Position, SourceFile, Span};
use crate::sql::{Dialect, Statement};

use super::applied;
use super::branches;
use super::chain::{Chain, Pinned};
use super::code::{ReleaseCode, search_mentions};
use super::down::{Down, Undone, undo_new};
use super::remarks;
use crate::error::Result;

/// Judges the chain and collects everything that a report prints.
///
/// # Errors
///
/// Where the files of a release cannot be searched.
pub(super) fn judge(project: Project, chain: Chain) -> Result<Report> {
    let mut sources = Sources::new(&chain);
    let mut judged = if chain.live.is_empty() {
        judge_each(&project, &chain, &sources)
    } else {
        judge_change(&project, &chain, &sources)?
    };
    // An open quote swallows the rest of the file, and a file that cannot be read may do anything:
    // that is one trouble, not two.
    judged.findings.retain(|finding| {
        finding.rule != "not_understood" || !sources.is_in_trouble(finding.migration, finding.span)
    });
    let about_text = text_findings(&project, &chain, &sources, &judged.findings);
    judged.findings.extend(about_text);
    judged.findings.extend(refusals(&project, &chain, &sources));
    judged
        .findings
        .extend(forbidden_in_transaction(&project, &chain, &sources));
    judged.findings.extend(odd(&project, &chain, &sources));
    let failing = std::mem::take(&mut judged.failing_queries);
    judged.findings.extend(new_failing_queries(
        failing,
        &project,
        &chain,
        &mut sources,
    )?);
    let undone = undo_new(&chain);
    judged.findings.extend(downs(&undone, &project, &sources));
    judged.findings.extend(fresh_differences(
        &project,
        &chain,
        &sources,
        &judged.findings,
    ));
    judged
        .findings
        .extend(down_missing(&project, &chain, &sources));
    applied::add_findings(&project, &chain, &mut sources, &mut judged.findings);
    branches::add_findings(&project, &chain, &sources, &mut judged.findings);
    let mut remark_notices = remarks::allow(&mut judged.findings, &project, &chain, &mut sources);
    judged.findings.sort_by_key(|finding| {
        (
            finding.migration,
            finding.span,
            std::cmp::Reverse(finding.severity),
            finding.rule,
            finding.object.clone(),
        )
    });
    let not_understood = all_not_understood(&chain);
    let count = |severity| {
        judged
            .findings
            .iter()
            .filter(|it| it.suppressed.is_none() && it.severity == severity)
            .count()
    };
    let new_statements: usize = chain.scripts[chain.first_new..]
        .iter()
        .flatten()
        .map(|script| script.statements.len())
        .sum();
    let summary = Summary {
        verdict: judged.verdict,
        fits: judged.fits,
        switch_after: judged.switch_after,
        needed: judged.needed,
        hurt_consumers: judged.hurt.0,
        only_consumers: judged.hurt.1,
        migrations: chain.migrations.len(),
        new_migrations: chain.migrations.len() - chain.first_new,
        statements: chain
            .scripts
            .iter()
            .flatten()
            .map(|script| script.statements.len())
            .sum(),
        new_statements,
        not_understood: not_understood.len(),
        new_not_understood: not_understood
            .iter()
            .filter(|it| it.migration >= chain.first_new)
            .count(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        suppressed: judged
            .findings
            .iter()
            .filter(|it| it.suppressed.is_some())
            .count(),
    };
    let mut notices = notices(&project, &chain);
    let remarks = chain.remarks.clone();
    notices.extend(remarks.iter().cloned());
    notices.append(&mut remark_notices);
    notices.append(&mut judged.query_notices);
    notices.extend(not_compared(&undone, &chain));
    let base = chain.base.as_ref().map(|base| BaseReport {
        name: base.name.clone(),
        revision: base.revision.clone(),
        version: base.migrations.last().map(|it| it.version.clone()),
        head: HeadAt::default(),
    });
    let unread = chain
        .migrations
        .iter()
        .enumerate()
        .filter_map(|(index, migration)| match &migration.up {
            MigrationText::Read(_) => None,
            MigrationText::Unreadable(it) => Some((index, it.clone())),
        })
        .collect();
    let mut files: Vec<SourceFile> = chain
        .migrations
        .iter()
        .map(|migration| match &migration.up {
            MigrationText::Read(part) => part.file.clone(),
            MigrationText::Unreadable(it) => SourceFile::new(Arc::clone(&it.path), ""),
        })
        .collect();
    files.extend(sources.odd_files.iter().cloned());
    let plans = plans(&chain.migrations);
    let report = Report {
        projects: vec![ProjectReport {
            root: if project.root.is_empty() {
                ".".to_owned()
            } else {
                project.root.clone()
            },
            layout: project.layout,
            layout_evidence: project.layout_evidence,
            folder: project.folder,
            dialect: project.dialect,
            dialect_evidence: project.dialect_evidence,
            server_version: project.server_version,
            deploy: project.config.deploy,
            each_by_itself: chain.live.is_empty(),
            is_typed: false,
            base,
            releases: judged.releases,
            summary,
            steps: judged.steps,
            findings: judged.findings,
            not_understood,
            query_places: chain
                .head_code
                .as_ref()
                .map(|it| it.places.clone())
                .unwrap_or_default(),
            remarks,
            notices,
            files,
            unread,
            plans,
            ignored: project.ignored,
            server_version_evidence: project.server_version_evidence,
            drawing: None,
        }],
        left_out: Vec::new(),
        baseline: Vec::new(),
    };
    // Freeing thousands of versions takes a tenth of a run; the report need not wait for it.
    rayon::spawn(move || drop(chain));
    Ok(report)
}

/// What judging one or many windows gives.
struct Judged {
    verdict: Option<Verdict>,
    fits: Option<bool>,
    switch_after: Vec<String>,
    needed: Vec<String>,
    /// The consumers that fail on the new schema, and whether they alone do.
    hurt: (Vec<String>, bool),
    releases: Vec<ReleaseReport>,
    steps: Vec<StepReport>,
    findings: Vec<Finding>,
    /// Queries that tell nothing.
    query_notices: Vec<String>,
    /// Queries that are new and work nowhere, by their index in head's code.
    failing_queries: Vec<(usize, bind::Failure)>,
}

/// Findings about head's new queries that work neither before the change nor after it: in the files
/// that hold them.
fn new_failing_queries(
    failing: Vec<(usize, bind::Failure)>,
    project: &Project,
    chain: &Chain,
    sources: &mut Sources,
) -> Result<Vec<Finding>> {
    let Some(head) = &chain.head_code else {
        return Ok(Vec::new());
    };
    let mut out = Vec::new();
    for (at, failure) in failing {
        let query = &head.code.queries[at];
        let text = match head.tree.read_many(&[&*query.file])?.pop() {
            Some(Contents::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        };
        let start: usize = text
            .split_inclusive('\n')
            .take(query.line.saturating_sub(1))
            .map(str::len)
            .sum();
        let length = text[start..].lines().next().map_or(0, str::len);
        let span = (!text.is_empty()).then(|| Span::new(start, start + length));
        let place = Place {
            migration: sources.add_file(SourceFile::new(query.file.to_string(), text)),
            statement: None,
            span,
        };
        let name = match &query.name {
            Some(name) => name.to_string(),
            None => query.text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        out.extend(failing_query(
            place,
            &name,
            &failure,
            &project.config,
            sources,
        ));
    }
    Ok(out)
}

/// Head's queries that no live release sends and that work nowhere.
fn failing_queries(window: &Window) -> Vec<(usize, bind::Failure)> {
    let head = window.head();
    let (Some(code), Some(youngest)) = (
        &head.code,
        window.live().iter().max_by_key(|it| it.position),
    ) else {
        return Vec::new();
    };
    let live: Vec<&Code> = window
        .live()
        .iter()
        .filter_map(|it| it.code.as_deref())
        .collect();
    failing_on_both(&youngest.own, (code, &head.usage), &live)
}

/// Queries that fail on their own schema or hang on something that is not known, and texts that
/// were not read: they accuse nobody, and are said.
fn query_notices(window: &Window) -> Vec<String> {
    let mut out = Vec::new();
    for release in &window.releases {
        let Some(code) = &release.code else {
            continue;
        };
        for (query, standing) in code.queries.iter().zip(&release.usage.standings) {
            let why = match standing {
                Standing::Works(_) => continue,
                Standing::Fails(failure) => {
                    format!(
                        "fails on its own schema: {} {}",
                        failure.code, failure.message
                    )
                }
                Standing::Unknown(reason) => format!("is not judged: {reason}"),
            };
            let name = query
                .name
                .as_ref()
                .map_or_else(String::new, |it| format!(" {it}"));
            out.push(format!(
                "{}:{}{name} of {}: the query {why}",
                query.file, query.line, release.name
            ));
        }
        for text in &code.not_read {
            out.push(format!(
                "{}:{} of {}: a text that may be a query was not read",
                text.file, text.line, release.name
            ));
        }
    }
    out
}

/// A release that may run beside the change, at its place on the timeline.
pub(super) fn live_release(timeline: &Timeline, pinned: &Pinned) -> Release {
    let position = timeline.begin_of(pinned.length);
    Release {
        name: pinned.release.name.clone(),
        role: Role::Live,
        own: pinned
            .own
            .clone()
            .unwrap_or_else(|| Arc::clone(timeline.catalog(position))),
        position,
        presumed: presumed(&pinned.release.retired),
        code: None,
        usage: Arc::default(),
    }
    .with_code(pinned.code.as_ref().map(|it| Arc::clone(&it.code)))
}

pub(super) fn presumed(retired: &[Retired]) -> Presumed {
    Presumed::without(
        retired
            .iter()
            .map(|it| Unused {
                object: it.object.value.clone(),
                access: it.access,
            })
            .collect(),
    )
}

fn head(project: &Project, chain: &Chain, position: usize) -> Release {
    Release {
        name: "head".to_owned(),
        role: Role::Head,
        own: Arc::clone(chain.timeline.catalog(position)),
        position,
        presumed: presumed(&project.config.retired),
        code: None,
        usage: Arc::default(),
    }
}

/// The whole change: every state of it, with the releases that may run beside it.
pub(super) fn open_window<'a>(project: &Project, chain: &'a Chain) -> Result<Window<'a>> {
    let timeline = &chain.timeline;
    let live: Vec<Release> = chain
        .live
        .iter()
        .map(|pinned| live_release(timeline, pinned))
        .collect();
    let mut shipped = head(project, chain, timeline.end());
    if let Some((fresh, _)) = &chain.fresh {
        shipped.own = Arc::clone(fresh);
    }
    let head_code = chain.head_code.as_ref().map(|it| Arc::clone(&it.code));
    let shipped = shipped.with_code(head_code);
    let mut window = Window::judge(timeline, live, shipped);
    let codes: Vec<Option<ReleaseCode>> = chain
        .live
        .iter()
        .map(|it| it.code.clone())
        .chain([chain.head_code.clone()])
        .collect();
    search_mentions(&mut window, &codes)?;
    Ok(window)
}

/// What is said of each release of a window.
pub(super) fn release_reports(chain: &Chain, window: &Window) -> Vec<ReleaseReport> {
    let timeline = &chain.timeline;
    window
        .releases
        .iter()
        .enumerate()
        .map(|(index, release)| {
            let live = chain.live.get(index);
            ReleaseReport {
                name: release.name.clone(),
                revision: live.and_then(|it| it.release.revision.clone()),
                role: release.role,
                version: match live {
                    Some(live) => live.release.migrations.last().map(|it| it.version.clone()),
                    None => chain.migrations.last().map(|it| it.version.clone()),
                },
                requires_schema: chain
                    .version_at(match &release.code {
                        Some(code) if code.is_complete || code.only_queries => {
                            let queries = (&**code, &*release.usage, &*release.own);
                            queries::requires(timeline, queries, release.position)
                        }
                        Some(_) | None => requires(timeline, release),
                    })
                    .map(str::to_owned),
                evidence: match &release.code {
                    // Of a consumer nothing but its queries is asked.
                    Some(code) if code.is_complete || code.only_queries => "complete",
                    Some(code) if !code.queries.is_empty() => "partial",
                    Some(_) | None => "presumed",
                },
                queries: release.code.as_ref().map(|code| QueryCounts {
                    known: code.queries.len(),
                    not_understood: code.not_read.len() + release.usage.silent(),
                }),
            }
        })
        .collect()
}

/// The whole change, with the releases that may run beside it.
fn judge_change(project: &Project, chain: &Chain, sources: &Sources) -> Result<Judged> {
    let timeline = &chain.timeline;
    let window = open_window(project, chain)?;
    let switch = switch_position(project, chain);
    let weighing = Weighing {
        mode: project.config.deploy,
        switch,
        unknown: unknown_level(&project.config),
    };
    let (verdict, points) = window.verdict();
    let releases = release_reports(chain, &window);
    let steps = (chain.first_new..chain.migrations.len())
        .map(|migration| step(chain, &window, migration, true))
        .collect();
    let first = timeline.begin_of(chain.first_new);
    let between = points
        .iter()
        .filter(|point| **point >= first && **point < timeline.end())
        .filter_map(|point| {
            let index = timeline.ends.iter().position(|end| end == point)?;
            Some(chain.migrations[index].path.clone())
        })
        .collect();
    let found = findings(&window, &weighing, &project.config, sources);
    let hurt = hurt_consumers(window.breaks.iter(), &window.releases);
    let names = hurt.consumers.iter();
    let consumers: Vec<String> = names.map(|at| window.releases[*at].name.clone()).collect();
    // Other code is not switched when that of the project is.
    let fits = consumers.is_empty() && fits(verdict, &points, &weighing, timeline.end(), &window);
    Ok(Judged {
        verdict: Some(verdict),
        fits: Some(fits),
        switch_after: between,
        releases,
        steps,
        needed: needed(&window, &found),
        hurt: (consumers, !hurt.others),
        findings: found,
        query_notices: query_notices(&window),
        failing_queries: failing_queries(&window),
    })
}

/// What head fails without on the old schema, in the order of the change, where no finding says so.
fn needed(window: &Window, found: &[Finding]) -> Vec<String> {
    let decides = |weight| matches!(weight, Weight::Error | Weight::Addition);
    let is_said = |object: &ObjectRef| {
        found.iter().any(|finding| {
            finding.object == *object && finding.breaks.iter().any(|it| it.pair == Pair::NewOnOld)
        })
    };
    let mut out: Vec<String> = Vec::new();
    for it in &window.breaks {
        let object = &it.difference.object;
        if it.harm.pair == Pair::NewOnOld && decides(it.harm.weight) && !is_said(object) {
            // Where it had another name, head uses the new one.
            let shown = match &it.difference.change {
                Change::ColumnRenamed { to } => ObjectRef {
                    name: to.clone(),
                    ..object.clone()
                }
                .to_string(),
                Change::RelationRenamed { to }
                | Change::TypeRenamed { to }
                | Change::RoutineRenamed { to } => to.to_string(),
                _ => object.to_string(),
            };
            let name = format!("{} `{shown}`", object.kind.as_str());
            if !out.contains(&name) {
                out.push(name);
            }
        }
    }
    out
}

/// Each migration as a change of its own, from the version before.
fn judge_each(project: &Project, chain: &Chain, sources: &Sources) -> Judged {
    let judged: Vec<(StepReport, Vec<Finding>)> = (0..chain.migrations.len())
        .into_par_iter()
        .map(|migration| judge_one(project, chain, sources, migration))
        .collect();
    let (steps, found): (Vec<StepReport>, Vec<Vec<Finding>>) = judged.into_iter().unzip();
    Judged {
        verdict: None,
        fits: None,
        switch_after: Vec::new(),
        needed: Vec::new(),
        hurt: (Vec::new(), false),
        releases: Vec::new(),
        steps,
        findings: found.into_iter().flatten().collect(),
        query_notices: Vec::new(),
        failing_queries: Vec::new(),
    }
}

/// One migration as a change of its own: its step and what the rules say.
pub(super) fn by_itself(
    project: &Project,
    chain: &Chain,
    migration: usize,
) -> (StepReport, Vec<Finding>) {
    judge_one(project, chain, &Sources::new(chain), migration)
}

fn judge_one(
    project: &Project,
    chain: &Chain,
    sources: &Sources,
    migration: usize,
) -> (StepReport, Vec<Finding>) {
    let timeline = &chain.timeline;
    let before = timeline.begin_of(migration);
    let after = timeline.ends[migration];
    let old = Release {
        name: "the release before".to_owned(),
        role: Role::Live,
        own: Arc::clone(timeline.catalog(before)),
        position: before,
        presumed: Presumed::default(),
        code: None,
        usage: Arc::default(),
    };
    let window = Window::judge(timeline, vec![old], head(project, chain, after));
    let weighing = Weighing {
        mode: project.config.deploy,
        switch: match chain.migrations[migration].phase {
            Phase::PreDeploy => after,
            Phase::PostDeploy => before,
        },
        unknown: unknown_level(&project.config),
    };
    (
        step(chain, &window, migration, false),
        findings(&window, &weighing, &project.config, sources),
    )
}

/// In phases the code is switched after the last migration that runs before the switch.
fn switch_position(project: &Project, chain: &Chain) -> usize {
    if project.config.deploy != DeployMode::Phased {
        return chain.timeline.end();
    }
    let first_post = (chain.first_new..chain.migrations.len())
        .find(|index| chain.migrations[*index].phase == Phase::PostDeploy)
        .unwrap_or(chain.migrations.len());
    chain.timeline.begin_of(first_post)
}

/// Whether the project's way of deploying is one that the verdict allows.
fn fits(
    verdict: Verdict,
    points: &[usize],
    weighing: &Weighing,
    end: usize,
    window: &Window,
) -> bool {
    let start = window.states.first().copied().unwrap_or(end);
    match (verdict, weighing.mode) {
        (Verdict::Broken, _) => false,
        // With all code stopped, any order is a safe one.
        (_, DeployMode::Offline) => true,
        (Verdict::AnyOrder, _) => true,
        (_, DeployMode::MigrateFirst) => points.contains(&end),
        (_, DeployMode::CodeFirst) => points.contains(&start),
        (_, DeployMode::Phased) => points.contains(&weighing.switch),
        (_, DeployMode::Concurrent) => false,
    }
}

fn step(chain: &Chain, window: &Window, index: usize, named: bool) -> StepReport {
    let migration = &chain.migrations[index];
    let end = chain.timeline.ends[index];
    let (old, new) = window.migration_truths(index);
    let floor = floor_at(chain, window, end).filter(|_| named);
    StepReport {
        migration: migration.path.clone(),
        version: migration.version.clone(),
        verdict: window.migration_verdict(index),
        old,
        new,
        min_compatible_release: floor.map(str::to_owned),
        runs_in: runs_in(migration, chain.scripts[index].as_deref()),
        index,
        statements: statements(chain, index),
    }
}

/// The oldest live release that works at a position.
pub(super) fn floor_at<'a>(chain: &'a Chain, window: &Window, position: usize) -> Option<&'a str> {
    chain.graph.floor(|name| {
        window
            .live()
            .iter()
            .position(|release| release.name == name)
            .is_some_and(|release| window.works_at(release, position) == Truth::Works)
    })
}

fn statements(chain: &Chain, index: usize) -> Vec<StatementReport> {
    let Some(script) = &chain.scripts[index] else {
        return Vec::new();
    };
    let steps = &chain.timeline.steps[chain.timeline.begin_of(index)..chain.timeline.ends[index]];
    let mut steps = steps.iter().peekable();
    script
        .statements
        .iter()
        .enumerate()
        .map(|(number, statement)| {
            let mut commit_point = false;
            while let Some(step) = steps.next_if(|step| step.statement == number) {
                commit_point |= step.visible;
            }
            let mut operations: Vec<&'static str> = statement
                .operations
                .iter()
                .map(|operation| operation.op.name())
                .collect();
            operations.dedup();
            StatementReport {
                index: number,
                span: statement.span,
                understood: !chain.timeline.reasons.contains_key(&(index, number)),
                operations,
                transaction: fact(chain, index, statement),
                commit_point,
            }
        })
        .collect()
}

/// The transaction that a migration's statements share.
pub(super) fn runs_in(migration: &Migration, script: Option<&crate::sql::Script>) -> RunsIn {
    let begins = script.is_some_and(|script| {
        script.statements.iter().any(|statement| {
            statement.operations.iter().any(|operation| {
                matches!(operation.op, SchemaOp::Transaction(TransactionOp::Begin))
            })
        })
    });
    match (migration.transaction, migration.unit) {
        (TransactionScope::Run, _) => RunsIn::Run,
        (TransactionScope::File, _) => RunsIn::Migration,
        (TransactionScope::None, _) if begins => RunsIn::Own,
        (TransactionScope::None, Unit::WholeText) => RunsIn::Implicit,
        (TransactionScope::None, Unit::Statement) => RunsIn::None,
    }
}

/// Findings about the text of new migrations: files that cannot be read, open quotes, statements
/// that were not understood and taint nothing that is known.
fn text_findings(
    project: &Project,
    chain: &Chain,
    sources: &Sources,
    so_far: &[Finding],
) -> Vec<Finding> {
    let mut out = Vec::new();
    let said: BTreeSet<(usize, Option<usize>)> = so_far
        .iter()
        .filter(|finding| finding.rule == "not_understood")
        .map(|finding| (finding.migration, finding.statement))
        .collect();
    for index in chain.first_new..chain.migrations.len() {
        let place = |statement, span| Place {
            migration: index,
            statement,
            span,
        };
        match (&chain.migrations[index].up, &chain.scripts[index]) {
            (MigrationText::Unreadable(it), _) if it.kind == Unread::NotSql => {
                let found = not_understood(place(None, None), &it.reason, &project.config, sources);
                out.extend(found);
            }
            (MigrationText::Unreadable(it), _) => {
                let place = place(None, None);
                let help = "a migration has to be UTF-8 text of at most 50 MB";
                let found = unreadable(place, &it.reason, help, &project.config, sources);
                out.extend(found);
            }
            (MigrationText::Read(_), Some(script)) => {
                for trouble in &script.troubles {
                    let place = place(None, Some(trouble.span));
                    let reason = &trouble.message;
                    let help = "close it: everything after it was taken for a part of it";
                    out.extend(unreadable(place, reason, help, &project.config, sources));
                }
                for (number, statement) in script.statements.iter().enumerate() {
                    if let Some(reason) = chain.timeline.reasons.get(&(index, number))
                        && !said.contains(&(index, Some(number)))
                        && !sources.is_in_trouble(index, Some(statement.span))
                    {
                        let place = place(Some(number), Some(statement.span));
                        out.extend(not_understood(place, reason, &project.config, sources));
                    }
                }
            }
            (MigrationText::Read(_), None) => {}
        }
    }
    out
}

/// Statements of new migrations that the server would refuse on the replayed schema.
fn refusals(project: &Project, chain: &Chain, sources: &Sources) -> Vec<Finding> {
    let first = chain.timeline.begin_of(chain.first_new);
    let mut out = Vec::new();
    for step in &chain.timeline.steps[first..] {
        for misfit in &step.misfits {
            let place = Place {
                migration: step.migration,
                statement: Some(step.statement),
                span: sources.span(step.migration, step.statement, step.operation),
            };
            out.extend(refused(place, misfit, &project.config, sources));
        }
    }
    out
}

/// Whether a statement may run in a transaction block.
fn fact(chain: &Chain, migration: usize, statement: &Statement) -> InTransaction {
    match &chain.migrations[migration].up {
        MigrationText::Read(part) => in_transaction(
            statement.span.of(&part.file.text),
            chain.dialect,
            chain.server_version,
        ),
        MigrationText::Unreadable(_) => InTransaction::Unknown,
    }
}

/// Statements of new migrations that the server refuses where they run: in the tool's transaction,
/// in the file's own, or in one text with others.
fn forbidden_in_transaction(project: &Project, chain: &Chain, sources: &Sources) -> Vec<Finding> {
    let mut out = Vec::new();
    for index in chain.first_new..chain.migrations.len() {
        let Some(script) = &chain.scripts[index] else {
            continue;
        };
        let around = surroundings(&chain.migrations[index], script, &chain.batches[index]);
        for (number, (statement, around)) in script.statements.iter().zip(around).enumerate() {
            let Some(around) = around else { continue };
            if fact(chain, index, statement) != InTransaction::Forbidden {
                continue;
            }
            let place = Place {
                migration: index,
                statement: Some(number),
                span: Some(statement.span),
            };
            let migration = &chain.migrations[index];
            let text = match &migration.up {
                MigrationText::Read(part) => statement.span.of(&part.file.text),
                MigrationText::Unreadable(_) => "",
            };
            let opt_out = project.layout.opt_out(chain.dialect);
            let advice = transaction_forbidden::advice(text, around, opt_out);
            let rule = "transaction_forbidden";
            out.extend(layout_finding(
                rule,
                advice,
                Severity::Error,
                place,
                &project.config,
                sources,
            ));
        }
    }
    out
}

/// What is around each statement of a migration.
fn surroundings(
    migration: &Migration,
    script: &crate::sql::Script,
    batches: &[Batch],
) -> Vec<Option<Around>> {
    let tool = |scope: TransactionScope| match scope {
        TransactionScope::File => Some(Around::Tool),
        TransactionScope::Run => Some(Around::Run),
        TransactionScope::None => None,
    };
    let mut by_tool = tool(migration.transaction);
    let mut own = false;
    let mut unit = migration.unit;
    let mut first = 0;
    let mut batches = batches.iter().peekable();
    let mut out = Vec::with_capacity(script.statements.len());
    for (number, statement) in script.statements.iter().enumerate() {
        while let Some(batch) = batches.next_if(|batch| batch.first <= number) {
            unit = batch.unit;
            first = number;
            if let Some(scope) = batch.transaction {
                by_tool = tool(scope);
            }
        }
        let next = batches
            .peek()
            .map_or(script.statements.len(), |it| it.first);
        let is_alone = unit == Unit::Statement || next - first <= 1;
        out.push(match (by_tool, own, is_alone) {
            (Some(around), _, _) => Some(around),
            (None, true, _) => Some(Around::Own),
            (None, false, false) => Some(Around::Text),
            (None, false, true) => None,
        });
        for operation in &statement.operations {
            match &operation.op {
                SchemaOp::Transaction(TransactionOp::Begin) => own = true,
                SchemaOp::Transaction(TransactionOp::Commit | TransactionOp::Rollback) => {
                    own = false;
                    by_tool = None;
                }
                _ => {}
            }
        }
    }
    out
}

/// What follows from the tool's rules alone.
fn odd(project: &Project, chain: &Chain, sources: &Sources) -> Vec<Finding> {
    chain
        .new_oddities
        .iter()
        .filter_map(|oddity| {
            let place = Place {
                migration: sources.place_of(oddity)?,
                statement: None,
                span: oddity.span,
            };
            let (rule, advice) = odd_advice(oddity);
            let severity = match oddity.consequence {
                Consequence::Refused | Consequence::Skipped => Severity::Error,
                Consequence::Unknown => Severity::Warning,
                Consequence::Differs => match oddity.kind {
                    // Where the order matters, the schemas differ, and that is another finding.
                    OddityKind::VersionLate { .. } => Severity::Note,
                    _ => Severity::Warning,
                },
            };
            layout_finding(rule, advice, severity, place, &project.config, sources)
        })
        .collect()
}

/// Down parts of new migrations that do not restore what was before.
fn downs(undone: &[Down], project: &Project, sources: &Sources) -> Vec<Finding> {
    undone
        .iter()
        .filter_map(|down| {
            let index = down.migration;
            let advice = match &down.undone {
                Undone::Differs(differences) => {
                    down_differs::advice(differences, down.file.as_deref())
                }
                Undone::Refused(misfit) => {
                    down_differs::refused(misfit.code, &misfit.message, down.file.as_deref())
                }
                Undone::Unknown(_) => return None,
            };
            let start =
                |statement: &Statement| Span::new(statement.span.start, statement.span.start);
            let place = Place {
                migration: index,
                statement: None,
                span: down.span.or(sources.statement(index, 0).map(start)),
            };
            let warning = Severity::Warning;
            layout_finding(
                "down_differs",
                advice,
                warning,
                place,
                &project.config,
                sources,
            )
        })
        .collect()
}

/// How many migrations say whether a project has down parts, and how many of five have to have one.
const LEAST_WITH_DOWN: usize = 5;
const OF_FIVE_WITH_DOWN: usize = 4;

/// New migrations without a down part, where most of those before have one.
fn down_missing(project: &Project, chain: &Chain, sources: &Sources) -> Vec<Finding> {
    // What replaces older ones and what runs again whenever it changes has no way back.
    let can_have =
        |it: &&Migration| !it.is_checkpoint && it.late != Late::Never && it.up.part().is_some();
    let old: Vec<&Migration> = chain.migrations[..chain.first_new]
        .iter()
        .filter(can_have)
        .collect();
    let with = old.iter().filter(|it| it.down.is_some()).count();
    if old.len() < LEAST_WITH_DOWN || with * 5 < old.len() * OF_FIVE_WITH_DOWN {
        return Vec::new();
    }
    let tool = project.layout.tool_name();
    (chain.first_new..chain.migrations.len())
        .filter(|index| {
            let it = &chain.migrations[*index];
            it.down.is_none() && can_have(&it)
        })
        .filter_map(|index| {
            let first = sources.statement(index, 0)?.span;
            let place = Place {
                migration: index,
                statement: None,
                span: Some(Span::new(first.start, first.start)),
            };
            let advice = down_missing::advice(tool, with, old.len());
            let (rule, warning) = ("down_missing", Severity::Warning);
            layout_finding(rule, advice, warning, place, &project.config, sources)
        })
        .collect()
}

/// That some down parts were not compared: the first of them, and how many more.
fn not_compared(undone: &[Down], chain: &Chain) -> Option<String> {
    let mut unknown = undone.iter().filter_map(|down| match &down.undone {
        Undone::Unknown(reason) => Some((down.migration, reason)),
        Undone::Differs(_) | Undone::Refused(_) => None,
    });
    let (index, reason) = unknown.next()?;
    let more = match unknown.count() {
        0 => String::new(),
        count => format!(" (and {count} more down parts)"),
    };
    let path = &chain.migrations[index].path;
    Some(format!(
        "{path}: whether the down part restores the schema before is not known: {reason}{more}"
    ))
}

fn odd_advice(oddity: &Oddity) -> (&'static str, Advice) {
    let does = &oddity.does;
    match &oddity.kind {
        OddityKind::VersionDuplicated { version, other } => (
            "version_duplicated",
            version_duplicated::advice(version, other, does),
        ),
        OddityKind::VersionGap {
            after,
            found,
            expected,
        } => (
            "version_gap",
            version_gap::advice(after.as_deref(), found, expected, does),
        ),
        OddityKind::VersionLate { version, before } => {
            ("version_late", version_late::advice(version, before, does))
        }
        OddityKind::MarkerMisplaced {
            marker,
            problem,
            cure,
        } => (
            "marker_misplaced",
            marker_misplaced::advice(marker, problem, cure, does),
        ),
        OddityKind::TransactionMixed { statement, cure } => (
            "transaction_forbidden",
            transaction_forbidden::mixed(statement, cure, does),
        ),
        OddityKind::MigrationSkipped { reason } => (
            "migration_skipped",
            migration_skipped::advice(reason, does, oddity.span.is_some()),
        ),
    }
}

fn odd_message(oddity: &Oddity) -> String {
    odd_advice(oddity).1.message
}

/// How each migration is going to be run.
fn plans(migrations: &[Migration]) -> Vec<PlanReport> {
    migrations
        .iter()
        .map(|migration| PlanReport {
            path: migration.path.clone(),
            line: migration.span.map(|span| match &migration.up {
                MigrationText::Read(part) => part.file.position(span.start).line,
                MigrationText::Unreadable(_) => 1,
            }),
            version: migration.version.clone(),
            transaction: migration.transaction,
            unit: migration.unit,
            down: migration.down.as_ref().map(|down| down.path().to_owned()),
        })
        .collect()
}

/// What a fresh run of head's folder makes in another form than production gets, where head is not
/// hurt by it.
fn fresh_differences(
    project: &Project,
    chain: &Chain,
    sources: &Sources,
    so_far: &[Finding],
) -> Vec<Finding> {
    let Some((fresh, _)) = &chain.fresh else {
        return Vec::new();
    };
    let mut objects: Vec<ObjectRef> = diff(chain.timeline.catalog(chain.timeline.end()), fresh)
        .into_iter()
        .filter(Difference::is_of_shape)
        .map(|difference| difference.object)
        .collect();
    objects.dedup();
    let is_said = |object: &ObjectRef| {
        so_far
            .iter()
            .any(|it| it.rule == "replay_differs" && it.object == *object)
    };
    objects
        .iter()
        .filter(|object| !is_said(object))
        .filter_map(|object| history_differs(object, &project.config, sources))
        .collect()
}

fn all_not_understood(chain: &Chain) -> Vec<NotUnderstood> {
    let mut out = Vec::new();
    for (index, script) in chain.scripts.iter().enumerate() {
        if let MigrationText::Unreadable(it) = &chain.migrations[index].up {
            out.push(NotUnderstood {
                migration: index,
                span: None,
                reason: it.reason.clone(),
            });
        }
        let statements = script.iter().flat_map(|script| &script.statements);
        for (number, statement) in statements.enumerate() {
            if let Some(reason) = chain.timeline.reasons.get(&(index, number)) {
                out.push(NotUnderstood {
                    migration: index,
                    span: Some(statement.span),
                    reason: reason.to_string(),
                });
            }
        }
    }
    out
}

/// What is odd about the past, and statements that the server would refuse.
fn notices(project: &Project, chain: &Chain) -> Vec<String> {
    let mut out = project.notices.clone();
    for oddity in &chain.old_oddities {
        let at = match (&oddity.file, oddity.span) {
            (Some(file), Some(span)) => {
                let Position { line, column } = file.position(span.start);
                format!(":{line}:{column}")
            }
            _ => String::new(),
        };
        let message = odd_message(oddity);
        out.push(format!("{}{at}: {message}; {}", oddity.path, oddity.does));
    }
    for (index, migration) in chain.migrations.iter().enumerate() {
        match (&migration.up, &chain.scripts[index]) {
            (MigrationText::Unreadable(it), _) if index < chain.first_new => {
                let at = match it.position {
                    Some(Position { line, column }) => format!(":{line}:{column}"),
                    None => String::new(),
                };
                out.push(format!("{}{at}: {}", it.path, it.reason));
            }
            (MigrationText::Read(Part { file, .. }), Some(script)) if index < chain.first_new => {
                for trouble in &script.troubles {
                    let Position { line, column } = file.position(trouble.span.start);
                    let message = &trouble.message;
                    out.push(format!("{}:{line}:{column}: {message}", file.path));
                }
            }
            (MigrationText::Unreadable(_) | MigrationText::Read(_), _) => {}
        }
    }
    let past = chain.timeline.begin_of(chain.first_new);
    for step in &chain.timeline.steps[..past] {
        for misfit in &step.misfits {
            let migration = &chain.migrations[step.migration];
            let line = match (&migration.up, &chain.scripts[step.migration]) {
                (MigrationText::Read(Part { file, .. }), Some(script)) => script
                    .statements
                    .get(step.statement)
                    .map_or(1, |statement| file.position(statement.span.start).line),
                (MigrationText::Read(_) | MigrationText::Unreadable(_), _) => 1,
            };
            out.push(format!(
                "{}:{line}: the server would refuse this with {}: {}",
                migration.path, misfit.code, misfit.message
            ));
        }
    }
    out
}

/// Places and reasons of the chain's statements.
pub(super) struct Sources<'a> {
    chain: &'a Chain,
    /// Files that are no migrations of the chain and have findings all the same; they are counted
    /// on from its migrations.
    odd_files: Vec<SourceFile>,
    /// What stands in a file, by its path: migrations of the chain in order, or an odd file.
    by_path: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Sources<'a> {
    fn new(chain: &'a Chain) -> Self {
        let mut odd_files = Vec::new();
        let mut by_path: HashMap<&str, Vec<usize>> = HashMap::new();
        // Most projects have nothing odd, and need no list.
        if !chain.new_oddities.is_empty() {
            for (index, migration) in chain.migrations.iter().enumerate() {
                by_path.entry(&migration.path).or_default().push(index);
            }
        }
        for oddity in &chain.new_oddities {
            let places = by_path.entry(&oddity.path).or_default();
            if places.is_empty() {
                places.push(chain.migrations.len() + odd_files.len());
                let file = oddity.file.clone();
                odd_files.push(file.unwrap_or_else(|| SourceFile::new(oddity.path.as_str(), "")));
            }
        }
        Sources {
            chain,
            odd_files,
            by_path,
        }
    }

    /// Adds a file that is no migration of the chain; gives the place of findings about it.
    pub(super) fn add_file(&mut self, file: SourceFile) -> usize {
        self.odd_files.push(file);
        self.chain.migrations.len() + self.odd_files.len() - 1
    }

    /// The file that a finding's place leads to, where it was read.
    pub(super) fn file(&self, place: usize) -> Option<&SourceFile> {
        match self.chain.migrations.get(place) {
            Some(it) => it.up.part().map(|part| &part.file),
            None => self.odd_files.get(place - self.chain.migrations.len()),
        }
    }

    /// The migration or the other file that an oddity is about.
    fn place_of(&self, oddity: &Oddity) -> Option<usize> {
        let places = self.by_path.get(oddity.path.as_str())?;
        let at = oddity.span.unwrap_or_default().start;
        let holds = |place: &&usize| {
            let migration = self.chain.migrations.get(**place);
            let span = migration.and_then(|it| it.span);
            span.is_some_and(|span| span.start <= at && at <= span.end)
        };
        let place = places.iter().find(holds).or(places.first());
        place.copied()
    }

    /// Whether a trouble with the text itself lies in the span, or there is no text at all.
    fn is_in_trouble(&self, migration: usize, span: Option<Span>) -> bool {
        let Some(Some(script)) = self.chain.scripts.get(migration) else {
            return true;
        };
        let Some(span) = span else {
            return false;
        };
        script
            .troubles
            .iter()
            .any(|trouble| span.start <= trouble.span.start && trouble.span.start < span.end)
    }

    /// The place of a whole statement.
    pub(super) fn span_of_statement(&self, migration: usize, statement: usize) -> Option<Span> {
        Some(self.statement(migration, statement)?.span)
    }

    fn statement(&self, migration: usize, statement: usize) -> Option<&Statement> {
        let script = self.chain.scripts.get(migration)?.as_ref()?;
        script.statements.get(statement)
    }
}

impl Blame for Sources<'_> {
    fn span(&self, migration: usize, statement: usize, operation: usize) -> Option<Span> {
        let statement = self.statement(migration, statement)?;
        let span = statement.operations.get(operation).map(|it| it.span);
        Some(span.unwrap_or(statement.span))
    }

    fn reason(&self, migration: usize, statement: usize) -> Option<&str> {
        let reasons = &self.chain.timeline.reasons;
        reasons.get(&(migration, statement)).map(|reason| &**reason)
    }

    fn first_difference(&self) -> usize {
        self.chain.fresh.as_ref().map_or(0, |(_, at)| *at)
    }

    fn is_called(&self, migration: usize, name: &str) -> bool {
        let of_path = |path: &str| path == name || path.rsplit('/').next() == Some(name);
        let count = self.chain.migrations.len();
        match self.chain.migrations.get(migration) {
            Some(it) => it.version == name || of_path(&it.path),
            None => migration
                .checked_sub(count)
                .and_then(|at| self.odd_files.get(at))
                .is_some_and(|file| {
                    // An edited migration is shown as head has it.
                    let mut all = self.chain.migrations.iter();
                    of_path(&file.path)
                        || all.any(|it| it.version == name && *it.path == *file.path)
                }),
        }
    }

    fn dialect(&self) -> Dialect {
        self.chain.dialect
    }
}
