//! What a check found, and how it is printed: one file per format.

pub(crate) mod changes;
mod contract;
pub(crate) mod ddl;
mod diff;
mod explained;
mod files;
mod gcc;
mod github;
mod gitlab;
mod graph;
mod html;
mod json;
mod junit;
mod listed;
mod markdown;
mod markup;
mod matrix;
mod page;
mod printable;
mod sarif;
mod schema_json;
mod sentence;
mod settings;
mod starter;
mod svg;
mod text;
mod verification;
mod version;
mod walk;
mod wording;
mod wrap;

use std::collections::BTreeMap;

use crate::analysis::{InTransaction, Role, Truth, Verdict};
use crate::discover::{
    DeployMode, HeadAt, Ignored, Layout, LeftOut, Named, ServerVersion, TransactionScope, Unit,
    Unreadable,
};
use crate::findings::{Finding, Severity};
use crate::source::{Position, SourceFile, Span};
use crate::sql::Dialect;

pub use changes::{Happened, Histories, SchemaChange, schema_changes};
pub use contract::contract_line;
pub use ddl::to_sql as schema_to_sql;
pub use diff::{DiffReport, PointReport, diff_to_json, diff_to_text};
pub use explained::{
    Dependent, Event, Explained, QueryUse, ReleaseUses, explained_to_json, explained_to_text,
};
pub use files::files_lines;
pub use gcc::to_gcc;
pub use github::to_github;
pub use gitlab::to_gitlab;
pub use graph::{
    Branch, GraphEdge, GraphNode, GraphReport, Pin, PinRole, ProjectGraph, graph_to_dot,
    graph_to_json, graph_to_mermaid, graph_to_text,
};
pub use html::to_html;
pub use json::{json_schema, to_json};
pub use junit::to_junit;
pub use markdown::to_markdown;
pub use matrix::{
    Cell, MatrixReport, MatrixState, ProjectMatrix, matrix_to_json, matrix_to_markdown,
    matrix_to_text,
};
pub use page::{page_to_text, rules_to_json, rules_to_text};
pub use printable::{printable, printable_source as printable_lines};
pub use sarif::to_sarif;
pub use schema_json::schema_to_json;
pub use settings::{ProjectSettings, Setting, SettingValue, settings_to_text};
pub use starter::{Starter, starter_config, starter_lines};
pub use svg::graph_to_svg;
pub use text::{Styling, Verbosity, detection_line, to_text};
pub use verification::{Telling, verification_line, verification_to_json, verification_to_text};
pub use version::{ExplainedVersion, Holder, OwnVerdict, version_to_json, version_to_text};
pub use walk::{Walk, WalkPoint, WalkStage, WalkStatement, walk_to_text};
pub use wrap::wrapped;

/// The result of a check.
#[derive(Debug)]
pub struct Report {
    /// One entry per project; one repository can hold several.
    pub projects: Vec<ProjectReport>,
    /// Folders of migrations that were not checked.
    pub left_out: Vec<LeftOut>,
    /// Entries of the baseline that are of no use any more, in words.
    pub baseline: Vec<String>,
}

/// The result for one project.
#[derive(Debug)]
pub struct ProjectReport {
    /// The project's folder from the root of the repository.
    pub root: String,
    /// The migration tool.
    pub layout: Layout,
    /// What says so.
    pub layout_evidence: String,
    /// The migrations folder.
    pub folder: String,
    /// The family of servers.
    pub dialect: Dialect,
    /// What says so.
    pub dialect_evidence: String,
    /// The server's version, where it is known.
    pub server_version: Option<ServerVersion>,
    /// How the project deploys.
    pub deploy: DeployMode,
    /// Whether each migration was judged as a change of its own.
    pub each_by_itself: bool,
    /// Whether what is new was typed, and is no file yet.
    pub is_typed: bool,
    /// What "new" was measured from, where that is a revision.
    pub base: Option<BaseReport>,
    /// The live releases, then head; empty when each migration was judged by itself.
    pub releases: Vec<ReleaseReport>,
    /// The counts and the verdict.
    pub summary: Summary,
    /// The new migrations.
    pub steps: Vec<StepReport>,
    /// The findings, in order of place.
    pub findings: Vec<Finding>,
    /// Every statement that was not understood, old ones included.
    pub not_understood: Vec<NotUnderstood>,
    /// Where head's queries were found.
    pub query_places: Vec<String>,
    /// What whoever runs the check has to know about what the project says; notices too.
    pub remarks: Vec<String>,
    /// What is odd, for people who ask for more.
    pub notices: Vec<String>,
    /// The files of the migrations, in run order; no text for those that could not be read.
    pub files: Vec<SourceFile>,
    /// The files that could not be read, by index in run order.
    pub unread: BTreeMap<usize, Unreadable>,
    /// How each migration is going to be run, in run order.
    pub plans: Vec<PlanReport>,
    /// Files in the folder that are not run.
    pub ignored: Vec<Ignored>,
    /// What says which version the server has.
    pub server_version_evidence: Option<String>,
    /// The version graph and the matrix, where they were asked for.
    pub drawing: Option<Box<ProjectDrawing>>,
}

/// What the formats for a browser draw of a project.
#[derive(Debug, Clone)]
pub struct ProjectDrawing {
    /// The versions and the migrations between them.
    pub graph: ProjectGraph,
    /// Which release works on which state; none where nothing is new, or nothing is live.
    pub matrix: Option<ProjectMatrix>,
}

/// How one migration is going to be run.
#[derive(Debug, Clone)]
pub struct PlanReport {
    /// Its file.
    pub path: String,
    /// The line in it, from 1, where the file holds several migrations.
    pub line: Option<usize>,
    /// Its version.
    pub version: String,
    /// What the tool opens around it.
    pub transaction: TransactionScope,
    /// What the tool sends at once.
    pub unit: Unit,
    /// The file of its down part.
    pub down: Option<String>,
}

/// What "new" was measured from.
#[derive(Debug, Clone)]
pub struct BaseReport {
    /// For people: `origin/main@1a2b3c`.
    pub name: String,
    /// The abbreviated commit.
    pub revision: Option<String>,
    /// The newest version there.
    pub version: Option<String>,
    /// Where HEAD is, seen from it; elsewhere too where that was not asked.
    pub head: HeadAt,
}

/// One release.
#[derive(Debug, Clone)]
pub struct ReleaseReport {
    /// For people.
    pub name: String,
    /// The commit.
    pub revision: Option<String>,
    /// Live or head.
    pub role: Role,
    /// Its newest version.
    pub version: Option<String>,
    /// The oldest version that it may run on.
    pub requires_schema: Option<String>,
    /// What is known of what it does: presumed, partial, complete.
    pub evidence: &'static str,
    /// Its queries, where its code was read.
    pub queries: Option<QueryCounts>,
}

/// How many queries a release has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryCounts {
    /// Those that were read.
    pub known: usize,
    /// Texts that may be queries and were not read, and queries that tell nothing: they fail on
    /// their own schema, or hang on something that is not known.
    pub not_understood: usize,
}

/// The counts and the verdict.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The verdict for the whole change; `None` when each migration was judged by itself.
    pub verdict: Option<Verdict>,
    /// Whether the deploy mode is one that the verdict allows.
    pub fits: Option<bool>,
    /// For a switch in between: the migrations after which the code may be switched.
    pub switch_after: Vec<String>,
    /// What head needs of the change, where no finding says so: why it cannot be deployed first.
    pub needed: Vec<String>,
    /// The consumers that fail on the new schema.
    pub hurt_consumers: Vec<String>,
    /// Whether they alone do, and no release of the project.
    pub only_consumers: bool,
    /// All migrations.
    pub migrations: usize,
    /// The new ones.
    pub new_migrations: usize,
    /// All statements.
    pub statements: usize,
    /// Those of new migrations.
    pub new_statements: usize,
    /// All statements that were not understood, and files that could not be read.
    pub not_understood: usize,
    /// Those of new migrations.
    pub new_not_understood: usize,
    /// Findings that count.
    pub errors: usize,
    /// Findings that count.
    pub warnings: usize,
    /// Findings that count.
    pub notes: usize,
    /// Findings that the configuration allows.
    pub suppressed: usize,
}

/// The transaction that a migration's statements share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsIn {
    /// The tool's own, around the file.
    Migration,
    /// The file's own.
    Own,
    /// The server's, around several statements sent as one text.
    Implicit,
    /// The tool's own, around all pending migrations.
    Run,
    /// None: each statement by itself.
    None,
}

impl RunsIn {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            RunsIn::Migration => "migration",
            RunsIn::Own => "own",
            RunsIn::Implicit => "implicit",
            RunsIn::Run => "run",
            RunsIn::None => "none",
        }
    }
}

/// One new migration.
#[derive(Debug, Clone)]
pub struct StepReport {
    /// Its path.
    pub migration: String,
    /// Its version.
    pub version: String,
    /// Its own verdict.
    pub verdict: Verdict,
    /// Whether the old releases work on all of its states.
    pub old: Truth,
    /// Whether head works on all of its states.
    pub new: Truth,
    /// The oldest live release that works after it.
    pub min_compatible_release: Option<String>,
    /// The transaction that its statements share.
    pub runs_in: RunsIn,
    /// Its index in run order.
    pub index: usize,
    /// Its statements.
    pub statements: Vec<StatementReport>,
}

/// One statement of a new migration.
#[derive(Debug, Clone)]
pub struct StatementReport {
    /// Its index.
    pub index: usize,
    /// Its place.
    pub span: Span,
    /// Whether it was understood.
    pub understood: bool,
    /// What it does.
    pub operations: Vec<&'static str>,
    /// Whether it may run in a transaction block.
    pub transaction: InTransaction,
    /// Whether other connections see the state after it.
    pub commit_point: bool,
}

/// A statement that was not understood, or a whole file that could not be read.
#[derive(Debug, Clone)]
pub struct NotUnderstood {
    /// The migration, by its index in run order.
    pub migration: usize,
    /// Its place; none for a file.
    pub span: Option<Span>,
    /// Why.
    pub reason: String,
}

impl ProjectReport {
    /// Where in the text of a migration that could not be read the trouble is; the file's
    /// beginning where that is not known.
    fn unread_at(&self, migration: usize) -> Option<(Position, usize)> {
        let it = self.unread.get(&migration)?;
        let beginning = Position { line: 1, column: 1 };
        Some((
            it.position.unwrap_or(beginning),
            it.offset.unwrap_or_default(),
        ))
    }

    /// The version of a migration whose file holds others too.
    pub(crate) fn only_in_file(&self, migration: usize) -> Option<&str> {
        let plan = self.plans.get(migration)?;
        plan.line.map(|_| plan.version.as_str())
    }

    /// Counts the findings anew.
    pub(crate) fn count_findings(&mut self) {
        let count = |severity| {
            let all = self.findings.iter();
            all.filter(|it| it.suppressed.is_none() && it.severity == severity)
                .count()
        };
        let (errors, warnings, notes) = (
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Note),
        );
        let all = self.findings.iter();
        let suppressed = all.filter(|it| it.suppressed.is_some()).count();
        let summary = &mut self.summary;
        (summary.errors, summary.warnings, summary.notes) = (errors, warnings, notes);
        summary.suppressed = suppressed;
    }

    /// The name of the deploy mode.
    pub fn deploy_name(&self) -> &'static str {
        self.deploy.name()
    }
}
