//! JSON, format 1: other programs read it, so its shape is fixed.
//!
//! `null` means not judged, `[]` means none. Lines and columns count from 1, columns in code
//! points, ends exclusive; offsets and lengths are bytes.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::Role;
use crate::findings::{BreakReport, Finding};
use crate::schema::diff::ObjectRef;
use crate::source::{Position, SourceFile, Span};

use super::{NotUnderstood, ProjectReport, ReleaseReport, Report, StatementReport, StepReport};

/// The JSON schema of the report of a check (draft 2020-12). Fields and values may be added to the
/// format; a reader has to accept them.
pub fn json_schema() -> &'static str {
    include_str!("report.schema.json")
}

/// The longest statement text that is printed, in characters; its span gives the rest.
const LONGEST_TEXT: usize = 400;

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Root<'a> {
    /// 1. Fields and values may be added; a reader has to accept them.
    format: u32,
    /// `check`.
    report: &'static str,
    tool: Tool,
    projects: Vec<Project<'a>>,
    /// Folders of migrations that were not checked.
    left_out: Vec<LeftOut<'a>>,
}

/// A report of another kind than that of a check, with its own fields after the common ones.
pub(super) fn report_json(report: &str, fields: &[(&str, serde_json::Value)]) -> String {
    struct Whole<'a>(&'a str, &'a [(&'a str, serde_json::Value)]);
    impl Serialize for Whole<'_> {
        fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeMap;
            let mut map = out.serialize_map(None)?;
            map.serialize_entry("format", &1)?;
            map.serialize_entry("report", self.0)?;
            map.serialize_entry(
                "tool",
                &Tool {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                },
            )?;
            for (name, value) in self.1 {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }
    let mut text = serde_json::to_string_pretty(&Whole(report, fields))
        .expect("strings, numbers and lists can be written as JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct LeftOut<'a> {
    folder: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Project<'a> {
    project: About<'a>,
    /// What new is measured from; null where that is no revision.
    base: Option<Base<'a>>,
    releases: Vec<Release<'a>>,
    summary: Summary,
    /// The new migrations, in run order.
    steps: Vec<Step<'a>>,
    findings: Vec<WireFinding<'a>>,
    /// Every statement that was not understood, old ones included.
    not_understood: Vec<Unread<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct About<'a> {
    /// The project's folder from the root of the repository.
    root: &'a str,
    /// The migration tool.
    layout: &'static str,
    dialect: &'static str,
    server_version: Option<String>,
    /// How the project deploys: migrate-first, code-first, phased, concurrent, offline.
    deploy: &'static str,
    /// Where the migrations are: several projects can have one root.
    folder: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Base<'a> {
    revision: Option<&'a str>,
    version: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Release<'a> {
    name: &'a str,
    revision: Option<&'a str>,
    /// live or head.
    role: &'static str,
    version: Option<&'a str>,
    /// What is known of what it does: presumed, partial, complete.
    evidence: &'static str,
    queries: Option<usize>,
    queries_not_understood: Option<usize>,
    /// The oldest version that it may run on.
    requires_schema: Option<&'a str>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Summary {
    /// any-order, migrate-first, code-first, switch-between, no-safe-order, broken, unknown; null where each migration was judged by itself.
    verdict: Option<&'static str>,
    /// Whether the way the project deploys is one that the verdict allows.
    fits: Option<bool>,
    migrations: usize,
    new_migrations: usize,
    statements: usize,
    not_understood: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Step<'a> {
    migration: &'a str,
    version: &'a str,
    verdict: &'static str,
    /// Whether the live releases work on all of its states: works, breaks, unknown.
    old: &'static str,
    /// Whether head works on all of its states: works, breaks, unknown.
    new: &'static str,
    min_compatible_release: Option<&'a str>,
    /// Which transaction its statements share: migration, own, implicit, run, none.
    runs_in: &'static str,
    statements: Vec<Statement<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Statement<'a> {
    index: usize,
    span: WireSpan<'a>,
    text: String,
    understood: bool,
    operations: &'a [&'static str],
    /// Whether it may run in a transaction block: allowed, forbidden; null where that is not known.
    transaction: Option<&'static str>,
    /// Whether other connections see the state after it.
    commit_point: bool,
    // Locks and cost are not computed yet.
    locks: Option<()>,
    rewrites: Option<()>,
    scans: Option<()>,
    online_ddl: Option<()>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct WireSpan<'a> {
    file: &'a str,
    /// From 1.
    line: usize,
    /// From 1, in code points; the end is exclusive.
    column: usize,
    end_line: usize,
    end_column: usize,
    /// In bytes.
    offset: usize,
    /// In bytes.
    length: usize,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Object<'a> {
    kind: &'static str,
    schema: Option<&'a str>,
    parent: Option<&'a str>,
    name: &'a str,
    display: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct WireFinding<'a> {
    rule: &'static str,
    /// error, warning, note.
    severity: &'static str,
    /// compat, data, loss, ops, history.
    class: &'static str,
    /// Made of rule, object and migration: it stays when lines move.
    fingerprint: String,
    suppressed: Option<Suppressed<'a>>,
    message: &'a str,
    why: &'a str,
    help: &'a str,
    object: Object<'a>,
    migration: &'a str,
    version: &'a str,
    statement: Option<usize>,
    /// Null where it is about a file as a whole.
    span: Option<WireSpan<'a>>,
    breaks: Vec<Break<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Suppressed<'a> {
    by: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Break<'a> {
    /// old-on-new, new-on-old, old-reads-new-data, new-reads-old-data.
    pair: &'static str,
    /// read, write.
    access: Vec<&'static str>,
    release: &'a str,
    /// proven, possible, presumed, unknown.
    evidence: &'static str,
    error: Option<ServerError<'a>>,
    /// The queries that prove it; null where the release's code was not read.
    uses: Option<Vec<WireUse<'a>>>,
    /// Why it hurts nobody as far as is known.
    unused: Option<&'static str>,
    /// Where else the release's files hold the name.
    mentions: Vec<WireMention<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct WireUse<'a> {
    file: &'a str,
    line: usize,
    name: Option<&'a str>,
    query: String,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct WireMention<'a> {
    file: &'a str,
    line: usize,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct ServerError<'a> {
    /// The SQLSTATE.
    code: &'static str,
    message: &'a str,
    stage: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Unread<'a> {
    file: &'a str,
    version: &'a str,
    line: usize,
    text: String,
    reason: &'a str,
}

/// The report as JSON, with a line feed at its end.
pub fn to_json(report: &Report) -> String {
    let root = Root {
        format: 1,
        report: "check",
        tool: Tool {
            name: "migcheck",
            version: env!("CARGO_PKG_VERSION"),
        },
        projects: report.projects.iter().map(project).collect(),
        left_out: report
            .left_out
            .iter()
            .map(|it| LeftOut {
                folder: &it.folder,
                reason: &it.reason,
            })
            .collect(),
    };
    let mut text =
        serde_json::to_string_pretty(&root).expect("strings, numbers and lists always serialise");
    text.push('\n');
    text
}

fn project(project: &ProjectReport) -> Project<'_> {
    let summary = &project.summary;
    Project {
        project: About {
            root: &project.root,
            layout: project.layout.as_str(),
            dialect: project.dialect.as_str(),
            server_version: project.server_version.as_ref().map(ToString::to_string),
            deploy: project.deploy_name(),
            folder: &project.folder,
        },
        base: project.base.as_ref().map(|base| Base {
            revision: base.revision.as_deref(),
            version: base.version.as_deref(),
        }),
        releases: project.releases.iter().map(release).collect(),
        summary: Summary {
            verdict: summary.verdict.map(|verdict| verdict.as_str()),
            fits: summary.fits,
            migrations: summary.migrations,
            new_migrations: summary.new_migrations,
            statements: summary.statements,
            not_understood: summary.not_understood,
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            suppressed: summary.suppressed,
        },
        steps: project.steps.iter().map(|it| step(project, it)).collect(),
        findings: project
            .findings
            .iter()
            .map(|it| finding(project, it))
            .collect(),
        not_understood: project
            .not_understood
            .iter()
            .map(|it| unread(project, it))
            .collect(),
    }
}

fn release(release: &ReleaseReport) -> Release<'_> {
    Release {
        name: &release.name,
        revision: release.revision.as_deref(),
        role: match release.role {
            Role::Live => "live",
            Role::Head => "head",
        },
        version: release.version.as_deref(),
        evidence: release.evidence,
        queries: release.queries.as_ref().map(|it| it.known),
        queries_not_understood: release.queries.as_ref().map(|it| it.not_understood),
        requires_schema: release.requires_schema.as_deref(),
    }
}

fn step<'a>(project: &'a ProjectReport, step: &'a StepReport) -> Step<'a> {
    let file = &project.files[step.index];
    Step {
        migration: &step.migration,
        version: &step.version,
        verdict: step.verdict.as_str(),
        old: step.old.as_str(),
        new: step.new.as_str(),
        min_compatible_release: step.min_compatible_release.as_deref(),
        runs_in: step.runs_in.as_str(),
        statements: step
            .statements
            .iter()
            .map(|it| statement(file, it))
            .collect(),
    }
}

fn statement<'a>(file: &'a SourceFile, statement: &'a StatementReport) -> Statement<'a> {
    Statement {
        index: statement.index,
        span: span(file, statement.span),
        text: capped(statement.span.of(&file.text)),
        understood: statement.understood,
        operations: &statement.operations,
        transaction: statement.transaction.as_str(),
        commit_point: statement.commit_point,
        locks: None,
        rewrites: None,
        scans: None,
        online_ddl: None,
    }
}

fn span(file: &SourceFile, span: Span) -> WireSpan<'_> {
    let start = file.position(span.start);
    let end = file.position(span.end);
    WireSpan {
        file: &file.path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        offset: span.start,
        length: span.len(),
    }
}

/// A place in a file whose text could not be read.
fn point(file: &str, at: Position, offset: usize) -> WireSpan<'_> {
    WireSpan {
        file,
        line: at.line,
        column: at.column,
        end_line: at.line,
        end_column: at.column,
        offset,
        length: 0,
    }
}

/// An object, for the other reports.
pub(super) fn object_json(it: &ObjectRef) -> serde_json::Value {
    serde_json::to_value(object(it)).unwrap_or_default()
}

fn object(object: &ObjectRef) -> Object<'_> {
    Object {
        kind: object.kind.as_str(),
        schema: object.schema.as_ref().map(|it| it.as_str()),
        parent: object.parent.as_ref().map(|it| it.as_str()),
        name: object.name.as_str(),
        display: object.to_string(),
    }
}

fn finding<'a>(project: &'a ProjectReport, finding: &'a Finding) -> WireFinding<'a> {
    let file = &project.files[finding.migration];
    WireFinding {
        rule: finding.rule,
        severity: finding.severity.as_str(),
        class: finding.class.as_str(),
        fingerprint: fingerprint_of(project, finding),
        suppressed: finding.suppressed.as_ref().map(|it| Suppressed {
            by: it.by.as_str(),
            reason: &it.reason,
        }),
        message: &finding.message,
        why: &finding.why,
        help: &finding.help,
        object: object(&finding.object),
        migration: &file.path,
        version: version(project, finding.migration),
        statement: finding.statement,
        span: match (finding.span, project.unread_at(finding.migration)) {
            (Some(it), _) => Some(span(file, it)),
            (None, Some((at, offset))) => Some(point(&file.path, at, offset)),
            (None, None) => None,
        },
        breaks: finding.breaks.iter().map(wire_break).collect(),
    }
}

fn wire_break(it: &BreakReport) -> Break<'_> {
    Break {
        pair: it.pair.as_str(),
        access: it.access.iter().map(|access| access.as_str()).collect(),
        release: &it.release,
        evidence: it.evidence.as_str(),
        error: it.error.as_ref().map(|error| ServerError {
            code: error.code,
            message: &error.message,
            stage: error.stage.as_str(),
        }),
        uses: it.uses.as_ref().map(|uses| {
            let wire = uses.iter().map(|it| WireUse {
                file: &it.file,
                line: it.line,
                name: it.name.as_deref(),
                query: capped(&it.query),
            });
            wire.collect()
        }),
        unused: it.unused.map(|it| it.as_str()),
        mentions: it
            .mentions
            .iter()
            .map(|it| WireMention {
                file: &it.file,
                line: it.line,
            })
            .collect(),
    }
}

fn unread<'a>(project: &'a ProjectReport, it: &'a NotUnderstood) -> Unread<'a> {
    let file = &project.files[it.migration];
    Unread {
        file: &file.path,
        version: version(project, it.migration),
        line: match (it.span, project.unread_at(it.migration)) {
            (Some(span), _) => file.position(span.start).line,
            (None, Some((at, _))) => at.line,
            (None, None) => 1,
        },
        text: capped(it.span.map_or("", |span| span.of(&file.text))),
        reason: &it.reason,
    }
}

fn capped(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn version(project: &ProjectReport, migration: usize) -> &str {
    project
        .plans
        .get(migration)
        .map_or("", |plan| plan.version.as_str())
}

/// The fingerprint of a finding in its project.
pub(super) fn fingerprint_of(project: &ProjectReport, finding: &Finding) -> String {
    let path = &project.files[finding.migration].path;
    fingerprint(finding, path, project.only_in_file(finding.migration))
}

/// Made of rule, object and migration, so that it stays when lines move; and of the version where
/// the file holds several migrations. FNV-1a, because it is kept in other programs' files and must
/// never change with a library.
fn fingerprint(finding: &Finding, migration: &str, version: Option<&str>) -> String {
    let mut text = format!("{}\0{}\0{migration}", finding.rule, finding.object);
    if let Some(version) = version {
        text.push('\0');
        text.push_str(version);
    }
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_that_of_the_types() {
        let schema = schemars::schema_for!(Root<'static>);
        let mut schema = serde_json::to_value(schema).expect("a schema is JSON");
        schema["title"] = "The report of `migcheck check --format json`, format 1".into();
        let mut text = serde_json::to_string_pretty(&schema).expect("it is JSON");
        text.push('\n');
        if text != json_schema() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/target/report.schema.json");
            std::fs::write(path, text).expect("it can be written");
            panic!("the types have another schema: {path} is to be src/report/report.schema.json");
        }
    }
}
