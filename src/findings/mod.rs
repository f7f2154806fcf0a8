//! From breaks to findings: grouped by cause, weighed by deploy mode and configuration, sorted.

mod allow;
mod severity;

use std::collections::BTreeMap;

use crate::analysis::{
    Access, Break, Evidence, HurtConsumers, KnownQuery, Mention, Pair, ServerError, Unused, Weight,
    Window, hurt_consumers,
};
use crate::discover::{Config, Level};
use crate::rules::{self, Advice, Class, Facts, Rule};
use crate::schema::apply::Misfit;
use crate::schema::diff::{Change, Difference, ObjectKind, ObjectRef};
use crate::schema::name::Ident;
use crate::source::Span;
use crate::sql::Dialect;

pub use allow::{
    Comment, Complaint, allow_by_bare_names, allow_in_comments, entries_without_use, names,
    out_of_place,
};
pub use severity::{Severity, Weighing};

/// One release that a finding breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakReport {
    /// Who meets what.
    pub pair: Pair,
    /// Reads, writes or both.
    pub access: Vec<Access>,
    /// The release's name.
    pub release: String,
    /// How sure it is.
    pub evidence: Evidence,
    /// How much it hurts, before the deploy mode is asked.
    pub weight: Weight,
    /// What the server says.
    pub error: Option<ServerError>,
    /// The queries that prove it or may be hurt; `None` where the release's queries are not known.
    pub uses: Option<Vec<UseReport>>,
    /// Why it hurts nobody as far as is known.
    pub unused: Option<Unused>,
    /// Where else the release's files hold the name.
    pub mentions: Vec<Mention>,
    /// The release fails on its own schema.
    pub on_own: bool,
}

/// A query that a break is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseReport {
    /// The file, from the tree's root.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What its source calls it.
    pub name: Option<String>,
    /// Its text.
    pub query: String,
}

/// What keeps a finding from counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressedBy {
    /// The configuration or a comment.
    Allow,
    /// The baseline.
    Baseline,
}

impl SuppressedBy {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            SuppressedBy::Allow => "allow",
            SuppressedBy::Baseline => "baseline",
        }
    }
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// What allows it.
    pub by: SuppressedBy,
    /// The reason given.
    pub reason: String,
}

/// Something that we say about a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that says it.
    pub rule: &'static str,
    /// How bad it is in this project.
    pub severity: Severity,
    /// Which kind of trouble it is.
    pub class: Class,
    /// What it is about.
    pub object: ObjectRef,
    /// What happened.
    pub message: String,
    /// Why it hurts.
    pub why: String,
    /// What to do instead.
    pub help: String,
    /// The migration, by its index in run order.
    pub migration: usize,
    /// The statement, by its index in the migration.
    pub statement: Option<usize>,
    /// The part of the statement that does it.
    pub span: Option<Span>,
    /// Who is hurt.
    pub breaks: Vec<BreakReport>,
    /// The configuration or a comment allows it.
    pub suppressed: Option<Suppression>,
}

/// What a statement looks like from here: enough to blame it.
pub trait Blame {
    /// The part of the text that an operation stands in.
    fn span(&self, migration: usize, statement: usize, operation: usize) -> Option<Span>;
    /// Why a statement was not understood, if it was not.
    fn reason(&self, migration: usize, statement: usize) -> Option<&str>;
    /// The first migration of the chain that head's own folder does not have in this form.
    fn first_difference(&self) -> usize;
    /// The migration's version and path, as the configuration may name it.
    fn is_called(&self, migration: usize, name: &str) -> bool;
    /// The family of servers that the migrations are for.
    fn dialect(&self) -> Dialect;
}

/// The findings of one window, in order of place, most severe first within a place.
pub fn findings(
    window: &Window,
    weighing: &Weighing,
    config: &Config,
    blame: &dyn Blame,
) -> Vec<Finding> {
    let mut groups: BTreeMap<(usize, Subject<'_>), Vec<&Break>> = BTreeMap::new();
    let mut out: Vec<Finding> = Vec::new();
    let masks: Vec<&Break> = window
        .breaks
        .iter()
        .filter(|it| {
            matches!(
                it.difference.change,
                Change::ColumnRenamed { .. }
                    | Change::RelationRenamed { .. }
                    | Change::RelationDropped
                    | Change::ColumnDropped { required: true }
            )
        })
        .collect();
    for it in &window.breaks {
        if is_masked(window, &masks, it) {
            continue;
        }
        let Some(step) = it.blamed else {
            out.extend(replay_differs(window, weighing, config, blame, it));
            continue;
        };
        // Statements that commit together are one cause: a change made in several of them is the
        // same change.
        let commit = window.states.partition_point(|state| *state <= step);
        let subject = Subject::of(step, it);
        groups.entry((commit, subject)).or_default().push(it);
    }
    out.extend(
        groups
            .into_values()
            .filter_map(|breaks| finding(window, weighing, config, blame, breaks)),
    );
    out.sort_by(|a, b| order(a).cmp(&order(b)));
    out
}

/// Whether the release never gets as far as this break: in the same states its statements fail for
/// the name of the table or column already, and that is said.
fn is_masked(window: &Window, masks: &[&Break], it: &Break) -> bool {
    let shown = |at: usize| window.states.partition_point(|state| *state < at);
    let object = &it.difference.object;
    let is_column_of = |other: &ObjectRef| {
        object.parent.as_ref() == Some(&other.name)
            && object.schema == other.schema
            && other.parent.is_none()
    };
    masks.iter().any(|other| {
        let same_states = other.release == it.release
            && (other.harm.pair == it.harm.pair
                // Who cannot name the column does not read it either.
                || (other.harm.pair == Pair::OldOnNew && it.harm.pair == Pair::OldReadsNewData))
            && other.harm.weight >= Weight::Addition
            && shown(other.start) <= shown(it.start)
            && shown(other.end) >= shown(it.end);
        same_states
            && match (&other.difference.change, &it.difference.change) {
                (Change::ColumnRenamed { .. }, Change::ColumnRenamed { .. }) => false,
                (Change::ColumnRenamed { .. }, _) => {
                    object.kind == ObjectKind::Column && *object == other.difference.object
                }
                (Change::RelationRenamed { .. } | Change::RelationDropped, _) => {
                    is_column_of(&other.difference.object)
                }
                // Every INSERT of old code named the required column that is gone.
                (
                    Change::ColumnDropped { required: true },
                    Change::ColumnAdded { required: true },
                ) => {
                    object.parent == other.difference.object.parent
                        && object.schema == other.difference.object.schema
                }
                _ => false,
            }
    })
}

fn order(finding: &Finding) -> impl Ord {
    (
        finding.migration,
        finding.statement,
        finding.span,
        std::cmp::Reverse(finding.severity),
        finding.rule,
        finding.object.clone(),
    )
}

/// What a finding is about: one difference, the rows that one statement rewrites, or one statement
/// that was not understood whatever it names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Subject<'a> {
    Difference(&'a Difference),
    /// The rows that a statement rewrites, or those (true) that it fills.
    Rows(usize, bool),
    Statement(usize),
}

impl<'a> Subject<'a> {
    fn of(step: usize, it: &'a Break) -> Self {
        match it.difference.change {
            Change::Unread => Subject::Statement(step),
            Change::RowsRewritten => Subject::Rows(step, false),
            Change::Backfilled => Subject::Rows(step, true),
            _ => Subject::Difference(&it.difference),
        }
    }
}

fn finding(
    window: &Window,
    weighing: &Weighing,
    config: &Config,
    blame: &dyn Blame,
    mut breaks: Vec<&Break>,
) -> Option<Finding> {
    breaks.sort_by_key(|it| (it.harm.pair, it.release));
    // Where old code begins to be hurt is where the change is made; where new code begins to work
    // is only where it is complete.
    let first = breaks
        .iter()
        .find(|it| matches!(it.harm.pair, Pair::OldOnNew | Pair::OldReadsNewData))
        .or(breaks.first())?;
    let step = &window.timeline.steps[first.blamed?];
    let facts = Facts {
        difference: &first.difference,
        breaks: breaks.clone(),
        reason: blame.reason(step.migration, step.statement),
    };
    let (rule, mut advice) = rules::advise(&facts)?;
    let hurt = hurt_consumers(breaks.iter().copied(), &window.releases);
    if !hurt.consumers.is_empty() && !hurt.others {
        advice.help = help_for_consumers(window, &hurt, &first.difference.change, advice.help);
    }
    let severity = breaks
        .iter()
        .filter_map(|it| weighing.weigh(it, window))
        .max()?;
    let mut reports: Vec<BreakReport> = Vec::new();
    for it in &breaks {
        let report = report(window, it);
        if !reports.contains(&report) {
            reports.push(report);
        }
    }
    assemble(
        rule,
        advice,
        severity,
        first.difference.object.clone(),
        config,
        blame,
        Place {
            migration: step.migration,
            statement: Some(step.statement),
            span: blame.span(step.migration, step.statement, step.operation),
        },
        reports,
    )
}

/// What to do where only other code breaks: nothing that this project ships or retires helps it.
fn help_for_consumers(
    window: &Window,
    hurt: &HurtConsumers,
    change: &Change,
    help: String,
) -> String {
    let names: Vec<String> = hurt
        .consumers
        .iter()
        .map(|at| format!("`{}`", window.releases[*at].name))
        .collect();
    let (names, it, works) = match names.len() {
        1 => (names.join(""), "it", "it works"),
        _ => (names.join(" and "), "them", "they work"),
    };
    let first = format!(
        "change {names} so that {works} before and after this migration, and release {it} \
         everywhere first"
    );
    let is_gone = matches!(
        change,
        Change::ColumnDropped { .. }
            | Change::RelationDropped
            | Change::TypeDropped
            | Change::LabelDropped
            | Change::RoutineDropped { .. }
            | Change::ExtensionDropped
            | Change::PrivilegeRevoked { .. }
    );
    match is_gone {
        true => first,
        false => format!("{first}; or {help}"),
    }
}

fn report(window: &Window, it: &Break) -> BreakReport {
    BreakReport {
        pair: it.harm.pair,
        access: it.access.clone(),
        release: window.releases[it.release].name.clone(),
        evidence: it.evidence,
        weight: it.harm.weight,
        error: it.harm.error.clone(),
        uses: window.releases[it.release].code.as_ref().map(|code| {
            let queries = it.uses.iter().filter_map(|at| code.queries.get(*at));
            queries.map(use_report).collect()
        }),
        unused: it.unused,
        mentions: it.mentions.clone(),
        on_own: is_on_own(it, window),
    }
}

/// Whether head fails on its own schema.
pub(crate) fn is_on_own(it: &Break, window: &Window) -> bool {
    it.harm.pair == Pair::NewOnOld && it.end > window.head().position
}

fn use_report(query: &KnownQuery) -> UseReport {
    UseReport {
        file: query.file.to_string(),
        line: query.line,
        name: query.name.as_ref().map(|it| it.to_string()),
        query: query.text.to_string(),
    }
}

/// Head fails on the schema that production gets: what a fresh run of its folder gives is not what
/// the applied migrations and the new ones give. An error however the project deploys.
fn replay_differs(
    window: &Window,
    weighing: &Weighing,
    config: &Config,
    blame: &dyn Blame,
    it: &Break,
) -> Option<Finding> {
    let severity = match it.harm.weight {
        Weight::Error | Weight::Addition => Severity::Error,
        Weight::Warning => Severity::Warning,
        Weight::Note => Severity::Note,
        Weight::Unknown => weighing.unknown,
    };
    let rule = rules::rule("replay_differs")?;
    let object = it.difference.object.clone();
    let advice = rules::replay_differs::advice(&object);
    let place = Place {
        migration: blame.first_difference(),
        statement: None,
        span: None,
    };
    let breaks = vec![report(window, it)];
    assemble(rule, advice, severity, object, config, blame, place, breaks)
}

/// Where a finding points.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The migration, by its index in run order.
    pub migration: usize,
    /// The statement, by its index in the migration.
    pub statement: Option<usize>,
    /// The part of the text.
    pub span: Option<Span>,
}

#[expect(clippy::too_many_arguments, reason = "a finding has these parts")]
fn assemble(
    rule: &'static Rule,
    advice: Advice,
    severity: Severity,
    object: ObjectRef,
    config: &Config,
    blame: &dyn Blame,
    place: Place,
    breaks: Vec<BreakReport>,
) -> Option<Finding> {
    let severity = severity::configured(rule, severity, &config.rules)?;
    let suppressed = config
        .allow
        .iter()
        .find(|allow| {
            allow.rule.value == rule.name
                && !allow::ABOUT_COMMENTS.contains(&rule.name)
                && names(&object, &allow.object.value, blame.dialect())
                && blame.is_called(place.migration, &allow.migration.value)
        })
        .map(|allow| Suppression {
            by: SuppressedBy::Allow,
            reason: allow.reason.clone(),
        });
    Some(Finding {
        rule: rule.name,
        severity,
        class: rule.class,
        object,
        message: advice.message,
        why: advice.why,
        help: advice.help,
        migration: place.migration,
        statement: place.statement,
        span: place.span,
        breaks,
        suppressed,
    })
}

/// A finding about a new statement that was not understood and names nothing that is known.
pub fn not_understood(
    place: Place,
    reason: &str,
    config: &Config,
    blame: &dyn Blame,
) -> Option<Finding> {
    let rule = rules::rule("not_understood")?;
    let advice = Advice {
        message: "this statement was not understood".to_owned(),
        why: format!("it names no known object, and was not judged: {reason}"),
        help: "read it yourself".to_owned(),
    };
    let object = migration_object();
    let level = unknown_level(config);
    assemble(
        rule,
        advice,
        level,
        object,
        config,
        blame,
        place,
        Vec::new(),
    )
}

/// A finding about a new migration that could not be read as text, for `reason`; `help` is what to
/// do about it.
pub fn unreadable(
    place: Place,
    reason: &str,
    help: &str,
    config: &Config,
    blame: &dyn Blame,
) -> Option<Finding> {
    let rule = rules::rule("migration_unreadable")?;
    let advice = rules::migration_unreadable::advice(reason, help);
    let object = migration_object();
    assemble(
        rule,
        advice,
        Severity::Error,
        object,
        config,
        blame,
        place,
        Vec::new(),
    )
}

/// A finding about a new statement that the server would refuse.
pub fn refused(
    place: Place,
    misfit: &Misfit,
    config: &Config,
    blame: &dyn Blame,
) -> Option<Finding> {
    let rule = rules::rule("statement_refused")?;
    let advice = rules::statement_refused::advice(misfit.code, &misfit.message);
    let object = migration_object();
    let severity = Severity::Error;
    assemble(
        rule,
        advice,
        severity,
        object,
        config,
        blame,
        place,
        Vec::new(),
    )
}

/// A finding about a new query of head that works nowhere.
pub fn failing_query(
    place: Place,
    name: &str,
    failure: &crate::bind::Failure,
    config: &Config,
    blame: &dyn Blame,
) -> Option<Finding> {
    let rule = rules::rule("query_fails")?;
    let advice = rules::query_fails::new_query(failure.code, &failure.message);
    let object = ObjectRef {
        kind: ObjectKind::Query,
        schema: None,
        parent: None,
        name: Ident::new(name),
    };
    assemble(
        rule,
        advice,
        Severity::Warning,
        object,
        config,
        blame,
        place,
        Vec::new(),
    )
}

/// A finding about a migration or a file that follows from the tool's rules.
pub fn layout_finding(
    rule: &str,
    advice: Advice,
    severity: Severity,
    place: Place,
    config: &Config,
    blame: &dyn Blame,
) -> Option<Finding> {
    let rule = rules::rule(rule)?;
    let object = migration_object();
    assemble(
        rule,
        advice,
        severity,
        object,
        config,
        blame,
        place,
        Vec::new(),
    )
}

/// A finding about an object that follows from the files rather than from a difference of schemas.
pub fn object_finding(
    rule: &str,
    advice: Advice,
    severity: Severity,
    object: ObjectRef,
    place: Place,
    config: &Config,
    blame: &dyn Blame,
) -> Option<Finding> {
    let rule = rules::rule(rule)?;
    assemble(
        rule,
        advice,
        severity,
        object,
        config,
        blame,
        place,
        Vec::new(),
    )
}

/// A finding about an object that a fresh run of head's folder makes in another form than
/// production has, without hurting head.
pub fn history_differs(object: &ObjectRef, config: &Config, blame: &dyn Blame) -> Option<Finding> {
    let rule = rules::rule("replay_differs")?;
    let advice = rules::replay_differs::advice(object);
    let place = Place {
        migration: blame.first_difference(),
        statement: None,
        span: None,
    };
    let severity = Severity::Warning;
    assemble(
        rule,
        advice,
        severity,
        object.clone(),
        config,
        blame,
        place,
        Vec::new(),
    )
}

fn migration_object() -> ObjectRef {
    ObjectRef {
        kind: ObjectKind::Migration,
        schema: None,
        parent: None,
        name: Ident::new("migration"),
    }
}

/// The level that the configuration gives to what was not understood; it is never silent.
pub fn unknown_level(config: &Config) -> Severity {
    match config.rules.unknown {
        Some(Level::Off | Level::Note) => Severity::Note,
        Some(Level::Error) => Severity::Error,
        Some(Level::Warning) | None => Severity::Warning,
    }
}
