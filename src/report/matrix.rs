//! Releases × states of the schema: for people, for a pull request, for programs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::json::report_json;
use super::printable::printable;
use super::wrap::{counted, wrap};
use super::{BaseReport, ReleaseReport};
use crate::analysis::{Role, Truth, Verdict};
use crate::discover::{Layout, LeftOut};
use crate::sql::Dialect;

/// The matrices of the projects at hand.
#[derive(Debug, Clone)]
pub struct MatrixReport {
    /// One entry per project.
    pub projects: Vec<ProjectMatrix>,
    /// Folders of migrations that were not judged.
    pub left_out: Vec<LeftOut>,
}

/// Which release of one project works on which state of its schema.
#[derive(Debug, Clone)]
pub struct ProjectMatrix {
    /// The project's folder from the root of the repository.
    pub root: String,
    /// The migrations folder.
    pub folder: String,
    /// The migration tool.
    pub layout: Layout,
    /// The family of servers.
    pub dialect: Dialect,
    /// What "new" was measured from.
    pub base: Option<BaseReport>,
    /// How many migrations the change adds.
    pub new_migrations: usize,
    /// The verdict for the whole change.
    pub verdict: Verdict,
    /// The live releases, then head.
    pub releases: Vec<ReleaseReport>,
    /// The states that other connections see, from that of the oldest live release on.
    pub states: Vec<MatrixState>,
}

/// One state of the schema that other connections see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixState {
    /// The version; `None` before the first migration. For a state inside of a migration that of
    /// the migration.
    pub version: Option<String>,
    /// The migration's file.
    pub migration: Option<String>,
    /// For a state inside of the migration the statement after which it is seen, from 1.
    pub after_statement: Option<usize>,
    /// The oldest live release that may run on it; `None` where none of them may.
    pub min_compatible_release: Option<String>,
    /// What each release does on it, in the order of the releases; `None` where it never meets it.
    pub cells: Vec<Option<Cell>>,
}

/// What one release does on one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Whether its reads work.
    pub reads: Truth,
    /// Whether its writes work.
    pub writes: Truth,
}

impl Cell {
    /// Whether the release works: all of it.
    pub fn both(self) -> Truth {
        self.reads.max(self.writes)
    }

    /// For people: reads and writes apart where they differ.
    fn shown(self) -> String {
        match (self.reads, self.writes) {
            (reads, writes) if reads == writes => reads.as_str().to_owned(),
            (Truth::Works, Truth::Breaks) => "writes break".to_owned(),
            (Truth::Breaks, Truth::Works) => "reads break".to_owned(),
            (Truth::Works, Truth::Unknown) => "writes unknown".to_owned(),
            (Truth::Unknown, Truth::Works) => "reads unknown".to_owned(),
            (Truth::Breaks, _) => "reads break, writes unknown".to_owned(),
            (Truth::Unknown, _) => "writes break, reads unknown".to_owned(),
            (Truth::Works, Truth::Works) => Truth::Works.as_str().to_owned(),
        }
    }
}

/// What stands in a cell whose release never meets the state.
const NEVER: &str = "-";

impl MatrixState {
    /// For people: the version, and after which statement where it is inside of a migration.
    fn label(&self, names: Names) -> String {
        let version = match &self.version {
            Some(version) if names == Names::Dates => date_of(version).unwrap_or(version),
            Some(version) => version,
            None => "(empty)",
        };
        match self.after_statement {
            None => version.to_owned(),
            Some(statement) => format!("{version} +{statement}"),
        }
    }

    /// The oldest release that may run on it: a live one, or else head.
    fn floor(&self, releases: &[ReleaseReport]) -> &str {
        let head = releases
            .iter()
            .zip(&self.cells)
            .rfind(|(it, _)| it.role == Role::Head);
        match (&self.min_compatible_release, head) {
            (Some(release), _) => release,
            (None, Some((_, Some(cell)))) if cell.both() == Truth::Works => "head",
            (None, _) => "none",
        }
    }

    fn answers(&self) -> (&[Option<Cell>], Option<&str>) {
        (&self.cells, self.min_compatible_release.as_deref())
    }
}

/// What states are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// By their versions.
    Versions,
    /// By the dates that versions begin with, where each has one of its own.
    Dates,
}

/// The digits of a version such as `20240102103000_add_mail`.
fn date_of(version: &str) -> Option<&str> {
    let end = version.find(|c: char| !c.is_ascii_digit())?;
    (end >= 8).then(|| &version[..end])
}

fn names(matrix: &ProjectMatrix) -> Names {
    let versions: BTreeSet<&str> = matrix
        .states
        .iter()
        .filter_map(|it| it.version.as_deref())
        .collect();
    let dates: BTreeSet<Option<&str>> = versions.iter().map(|it| date_of(it)).collect();
    match dates.len() == versions.len() && !dates.contains(&None) {
        true => Names::Dates,
        false => Names::Versions,
    }
}

/// States that follow one another and have the same answers.
struct Run {
    label: String,
    first: usize,
    count: usize,
}

fn runs(matrix: &ProjectMatrix) -> Vec<Run> {
    let names = names(matrix);
    let mut out: Vec<Run> = Vec::new();
    for (at, state) in matrix.states.iter().enumerate() {
        match out.last_mut() {
            Some(run) if matrix.states[run.first].answers() == state.answers() => {
                run.count += 1;
                let first = matrix.states[run.first].label(names);
                run.label = format!("{first} … {}", state.label(names));
            }
            _ => out.push(Run {
                label: state.label(names),
                first: at,
                count: 1,
            }),
        }
    }
    out
}

fn cell(state: &MatrixState, release: usize) -> String {
    match state.cells.get(release) {
        Some(Some(cell)) => cell.shown(),
        Some(None) | None => NEVER.to_owned(),
    }
}

/// The matrix for people: a row for each run of states with the same answers, a column for each
/// release, in several tables where they do not fit into `width` characters.
pub fn matrix_to_text(report: &MatrixReport, width: usize) -> String {
    let texts: Vec<String> = report
        .projects
        .iter()
        .map(|it| project_text(it, width))
        .collect();
    texts.join("\n")
}

fn folder(matrix: &ProjectMatrix) -> &str {
    match matrix.folder.as_str() {
        "" => ".",
        folder => folder,
    }
}

fn title(matrix: &ProjectMatrix) -> String {
    let (layout, dialect) = (matrix.layout.as_str(), matrix.dialect.as_str());
    let base = match &matrix.base {
        Some(base) => format!(" since {}", base.name),
        None => String::new(),
    };
    format!(
        "{}/ ({layout}, {dialect}): {}{base}, {}, verdict {}",
        folder(matrix),
        counted(matrix.new_migrations, "new migration"),
        counted(matrix.states.len(), "visible state"),
        matrix.verdict.as_str()
    )
}

fn project_text(matrix: &ProjectMatrix, width: usize) -> String {
    let mut out = wrap(&printable(&title(matrix)), width, "", "  ");
    out.push('\n');
    let runs = runs(matrix);
    let longest = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|it| it.chars().count()).max().unwrap_or(0)
    };
    let labels: Vec<String> = runs.iter().map(|run| printable(&run.label)).collect();
    let floors: Vec<String> = runs
        .iter()
        .map(|run| printable(matrix.states[run.first].floor(&matrix.releases)))
        .collect();
    let of_label = longest(&mut labels.iter().map(String::as_str)).max("state".len());
    let of_floor = longest(&mut floors.iter().map(String::as_str)).max("floor".len());
    let columns: Vec<(String, Vec<String>)> = matrix
        .releases
        .iter()
        .enumerate()
        .map(|(at, release)| {
            let cells = runs.iter().map(|run| cell(&matrix.states[run.first], at));
            (printable(&release.name), cells.collect())
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .map(|(name, cells)| longest(&mut cells.iter().map(String::as_str).chain([name.as_str()])))
        .collect();
    let mut first = 0;
    while first < columns.len() {
        let mut taken = of_label + 2 + of_floor;
        let mut next = first;
        // At least one, however narrow the terminal is.
        while next < columns.len() && (next == first || taken + 2 + widths[next] <= width) {
            taken += 2 + widths[next];
            next += 1;
        }
        let row = |label: &str, cells: &mut dyn Iterator<Item = &str>, floor: &str| {
            let mut line = format!("{label:of_label$}");
            for (at, text) in cells.enumerate() {
                let width = widths[first + at];
                line.push_str(&format!("  {text:width$}"));
            }
            line.push_str(&format!("  {floor}"));
            format!("{}\n", line.trim_end())
        };
        let names = columns[first..next].iter().map(|(name, _)| name.as_str());
        out.push_str(&row("state", &mut { names }, "floor"));
        for (at, label) in labels.iter().enumerate() {
            let cells = columns[first..next]
                .iter()
                .map(|(_, cells)| cells[at].as_str());
            out.push_str(&row(label, &mut { cells }, &floors[at]));
        }
        out.push('\n');
        first = next;
    }
    for release in &matrix.releases {
        out.push_str(&wrap(&printable(&release_line(release)), width, "", "  "));
    }
    out.push_str(&legend(matrix, &runs, width));
    out
}

/// What is known of a release, in a line.
pub(super) fn release_line(release: &ReleaseReport) -> String {
    let stands = match (&release.version, release.role) {
        (Some(version), Role::Head) => format!("ships version {version}"),
        (Some(version), Role::Live) => format!("was written for version {version}"),
        (None, _) => "was written for the empty schema".to_owned(),
    };
    let requires = match &release.requires_schema {
        Some(version) => format!("requires version {version} or newer"),
        None => "requires no version".to_owned(),
    };
    let queries = match (release.evidence, release.queries) {
        ("complete", Some(queries)) => format!("all its {} known", counted(queries.known, "query")),
        ("partial", Some(queries)) => format!(
            "{} known, the rest is presumed",
            counted(queries.known, "query")
        ),
        _ => "presumed to use everything in its schema".to_owned(),
    };
    format!("{}: {stands}, {requires}; {queries}", release.name)
}

/// What the words mean, as far as they occur.
fn legend(matrix: &ProjectMatrix, runs: &[Run], width: usize) -> String {
    notes(matrix, runs)
        .iter()
        .map(|note| wrap(note, width, "", "  "))
        .collect()
}

fn notes(matrix: &ProjectMatrix, runs: &[Run]) -> Vec<String> {
    let mut notes = vec![
        "floor: the oldest release that may run on the state (min_compatible_release)".to_owned(),
    ];
    if matrix.states.iter().any(|it| it.after_statement.is_some()) {
        notes.push(
            "V +N: inside of migration V, after its statement N, which others see".to_owned(),
        );
    }
    if matrix.states.iter().any(|it| it.cells.contains(&None)) {
        notes.push(format!("{NEVER}: the release never meets that state"));
    }
    if runs.iter().any(|run| run.count > 2) {
        notes.push("A … B: every state from A to B has the same answers".to_owned());
    }
    notes
}

/// The matrix as plain rows, for a format that draws its own table.
pub(super) struct Rows<'a> {
    pub(super) rows: Vec<Row<'a>>,
    /// What the words mean.
    pub(super) notes: Vec<String>,
}

/// A run of states with the same answers.
pub(super) struct Row<'a> {
    pub(super) label: String,
    /// What each release does, in words and as one answer; none where it never meets them.
    pub(super) cells: Vec<(String, Option<Truth>)>,
    /// The oldest release that may run there.
    pub(super) floor: &'a str,
}

impl Rows<'_> {
    pub(super) fn of(matrix: &ProjectMatrix) -> Rows<'_> {
        let runs = runs(matrix);
        let rows = runs.iter().map(|run| {
            let state = &matrix.states[run.first];
            let cells = (0..matrix.releases.len()).map(|release| {
                let truth = state.cells.get(release).copied().flatten();
                (cell(state, release), truth.map(Cell::both))
            });
            Row {
                label: run.label.clone(),
                cells: cells.collect(),
                floor: state.floor(&matrix.releases),
            }
        });
        Rows {
            rows: rows.collect(),
            notes: notes(matrix, &runs),
        }
    }
}

/// The matrix as tables of Markdown.
pub fn matrix_to_markdown(report: &MatrixReport) -> String {
    let texts: Vec<String> = report.projects.iter().map(project_markdown).collect();
    texts.join("\n")
}

fn project_markdown(matrix: &ProjectMatrix) -> String {
    let mut out = format!("{}\n\n", escaped(&title(matrix)));
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut names = vec!["state".to_owned()];
    names.extend(matrix.releases.iter().map(|it| escaped(&it.name)));
    names.push("floor".to_owned());
    out.push_str(&row(&names));
    out.push_str(&row(&vec!["---".to_owned(); names.len()]));
    for run in runs(matrix) {
        let state = &matrix.states[run.first];
        let mut cells = vec![escaped(&run.label)];
        cells.extend(
            (0..matrix.releases.len()).map(|release| match cell(state, release) {
                it if it == Truth::Works.as_str() || it == NEVER => it,
                it => format!("**{it}**"),
            }),
        );
        cells.push(escaped(state.floor(&matrix.releases)));
        out.push_str(&row(&cells));
    }
    out.push('\n');
    for release in &matrix.releases {
        out.push_str(&format!("- {}\n", escaped(&release_line(release))));
    }
    out
}

/// A text that Markdown and HTML take as it is, on one line.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// The matrix as JSON, format 1.
pub fn matrix_to_json(report: &MatrixReport) -> String {
    let projects: Vec<Value> = report.projects.iter().map(project_json).collect();
    let left_out: Vec<Value> = report
        .left_out
        .iter()
        .map(|it| json!({"folder": it.folder, "reason": it.reason}))
        .collect();
    report_json(
        "matrix",
        &[("projects", projects.into()), ("left_out", left_out.into())],
    )
}

fn project_json(matrix: &ProjectMatrix) -> Value {
    let releases: Vec<Value> = matrix
        .releases
        .iter()
        .map(|release| {
            json!({
                "name": release.name,
                "revision": release.revision,
                "role": match release.role {
                    Role::Live => "live",
                    Role::Head => "head",
                },
                "version": release.version,
                "evidence": release.evidence,
                "queries": release.queries.map(|it| it.known),
                "queries_not_understood": release.queries.map(|it| it.not_understood),
                "requires_schema": release.requires_schema,
            })
        })
        .collect();
    let states: Vec<Value> = matrix
        .states
        .iter()
        .map(|state| {
            let cells: Vec<Value> = matrix
                .releases
                .iter()
                .zip(&state.cells)
                .map(|(release, cell)| {
                    json!({
                        "release": release.name,
                        "works": cell.map(|it| it.both().as_str()),
                        "reads": cell.map(|it| it.reads.as_str()),
                        "writes": cell.map(|it| it.writes.as_str()),
                    })
                })
                .collect();
            json!({
                "version": state.version,
                "migration": state.migration,
                "after_statement": state.after_statement,
                "min_compatible_release": state.min_compatible_release,
                "releases": cells,
            })
        })
        .collect();
    json!({
        "project": {
            "root": matrix.root,
            "folder": matrix.folder,
            "layout": matrix.layout.as_str(),
            "dialect": matrix.dialect.as_str(),
        },
        "base": matrix.base.as_ref().map(|base| json!({
            "name": base.name,
            "revision": base.revision,
            "version": base.version,
        })),
        "verdict": matrix.verdict.as_str(),
        "new_migrations": matrix.new_migrations,
        "releases": releases,
        "states": states,
    })
}
