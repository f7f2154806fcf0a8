//! The version graph: for people, for Graphviz, for Mermaid, for programs.
//!
//! Names are other people's, and each format has its own way of being led astray by them: they are
//! escaped here. The order is that of the nodes, so that the same input gives the same bytes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::json::report_json;
use super::printable::printable;
use super::wrap::{counted, wrap};
use super::{BaseReport, Verbosity};
use crate::discover::{Layout, LeftOut};
use crate::sql::Dialect;

/// The graphs of the projects at hand.
#[derive(Debug, Clone)]
pub struct GraphReport {
    /// One entry per project.
    pub projects: Vec<ProjectGraph>,
    /// Folders of migrations that are not drawn.
    pub left_out: Vec<LeftOut>,
    /// What could not be drawn, and why.
    pub notices: Vec<String>,
}

/// The versions of one project's schema and the migrations between them.
#[derive(Debug, Clone)]
pub struct ProjectGraph {
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
    /// Whether migrations say themselves what they follow.
    pub is_declared: bool,
    /// The versions: first the empty schema, then in run order what head has, then what only the
    /// target branch has.
    pub nodes: Vec<GraphNode>,
    /// The ways between them, ordered by where the migration leads; a down part follows its
    /// migration.
    pub edges: Vec<GraphEdge>,
    /// The versions that nothing follows, by their place among the nodes.
    pub heads: Vec<usize>,
    /// Files that make in one go what older migrations made, for an empty database only.
    pub checkpoints: Vec<String>,
}

/// Whose version it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// Deployed, or on the way there: everybody has it.
    Shared,
    /// Only head has it.
    Head,
    /// Only the target branch has it.
    Target,
}

impl Branch {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Branch::Shared => "shared",
            Branch::Head => "head",
            Branch::Target => "target",
        }
    }
}

/// A version of the schema, with the migration that makes it.
#[derive(Debug, Clone)]
pub struct GraphNode {
    /// The version; `None` for the empty schema.
    pub version: Option<String>,
    /// The migration's file.
    pub migration: Option<String>,
    /// The line in it, from 1, where the file holds several.
    pub line: Option<usize>,
    /// Whose it is.
    pub branch: Branch,
    /// Whether the change adds it.
    pub is_new: bool,
    /// Whether there is a way back.
    pub has_down: bool,
    /// The versions that it follows, by their place among the nodes.
    pub parents: Vec<usize>,
    /// The releases that stand here.
    pub pins: Vec<Pin>,
}

/// A way from one version to another, by their places among the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphEdge {
    /// Where it begins.
    pub from: usize,
    /// Where it leads.
    pub to: usize,
    /// Whether it is the down part of the migration that leads the other way.
    pub is_down: bool,
}

/// A release at its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: PinRole,
}

/// What a release is to the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PinRole {
    /// What "new" is measured from.
    Base,
    /// It may run beside the change.
    Live,
    /// The target branch as it is now.
    Target,
    /// It ships the change.
    Head,
}

impl PinRole {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            PinRole::Base => "base",
            PinRole::Live => "live",
            PinRole::Target => "target",
            PinRole::Head => "head",
        }
    }
}

impl Pin {
    pub(super) fn shown(&self) -> String {
        match self.role {
            PinRole::Head => "head".to_owned(),
            PinRole::Base | PinRole::Live | PinRole::Target => {
                format!("{} {}", self.role.as_str(), self.name)
            }
        }
    }
}

/// What people call the schema before the first migration.
const EMPTY: &str = "(empty schema)";

/// The longest stretch of plain versions that is drawn in full.
const LONGEST_STRETCH: usize = 5;

/// The most new versions that are drawn one by one.
const MOST_NEW: usize = 20;

impl ProjectGraph {
    /// The migrations, without the empty schema.
    fn migrations(&self) -> usize {
        self.nodes.len() - 1
    }

    /// What a version is called: its version and the file that makes it, where that does not begin
    /// with it.
    fn label(&self, node: usize) -> String {
        let it = &self.nodes[node];
        let (Some(version), Some(path)) = (&it.version, &it.migration) else {
            return EMPTY.to_owned();
        };
        let inside = path.strip_prefix(self.folder.as_str()).unwrap_or(path);
        let mut file = inside.trim_start_matches('/').to_owned();
        for ending in ["/up.sql", "/migration.sql"] {
            if let Some(folder) = file.strip_suffix(ending) {
                file = folder.to_owned();
            }
        }
        if let Some(line) = it.line {
            file = format!("{file}:{line}");
        }
        let spelt = |text: &str| text.replace(['-', '_', '.'], "").to_lowercase();
        let name = file.rsplit('/').next().unwrap_or(&file);
        let name = name.trim_start_matches(['V', 'v', '0']);
        match spelt(name).starts_with(spelt(version).trim_start_matches('0')) {
            true => file,
            false => format!("{version}  {file}"),
        }
    }

    /// Which versions are drawn by themselves; the others are folded into stretches.
    fn shown(&self, verbosity: Verbosity) -> Vec<bool> {
        let count = self.nodes.len();
        if verbosity == Verbosity::Verbose {
            return vec![true; count];
        }
        let few_new = self.nodes.iter().filter(|it| it.is_new).count() <= MOST_NEW;
        let mut followers = vec![0_usize; count];
        for edge in self.edges.iter().filter(|it| !it.is_down) {
            followers[edge.from] += 1;
        }
        let is_interesting = |at: usize| {
            let it = &self.nodes[at];
            let branches = |branch| at > 0 && self.nodes[at - 1].branch != branch;
            at == 0
                || !it.pins.is_empty()
                || (it.is_new && few_new)
                || branches(it.branch)
                || (!self.is_declared && (followers[at] > 1 || it.parents.len() > 1))
        };
        let interesting: Vec<bool> = (0..count).map(is_interesting).collect();
        // With a neighbour on each side, so that a place is recognised.
        let mut shown: Vec<bool> = (0..count)
            .map(|at| {
                let near = |other: Option<usize>| {
                    other.is_some_and(|other| interesting.get(other) == Some(&true))
                };
                interesting[at] || near(at.checked_sub(1)) || near(Some(at + 1))
            })
            .collect();
        let mut at = 0;
        while at < count {
            let end = (at..count).find(|it| shown[*it]).unwrap_or(count);
            if end - at <= LONGEST_STRETCH {
                shown[at..end].fill(true);
            }
            at = end + 1;
        }
        shown
    }

    /// For each version the one that stands for it in a drawing: itself, or the first of its
    /// stretch; with the length of the stretch.
    fn drawn_as(&self, shown: &[bool]) -> Vec<(usize, usize)> {
        let mut out = Vec::with_capacity(shown.len());
        let mut at = 0;
        while at < shown.len() {
            let mut end = at + 1;
            let branch = self.nodes[at].branch;
            while !shown[at] && end < shown.len() && !shown[end] && self.nodes[end].branch == branch
            {
                end += 1;
            }
            out.extend((at..end).map(|_| (at, end - at)));
            at = end;
        }
        out
    }

    fn pins(&self, node: usize) -> Vec<String> {
        self.nodes[node].pins.iter().map(Pin::shown).collect()
    }

    /// Whether most migrations have a way back.
    fn mostly_down(&self) -> bool {
        let with = self.nodes.iter().filter(|it| it.has_down).count();
        with * 2 > self.migrations()
    }

    pub(super) fn title(&self) -> String {
        let folder = match self.folder.as_str() {
            "" => ".",
            folder => folder,
        };
        let new = self.nodes.iter().filter(|it| it.is_new).count();
        let of_target = self
            .nodes
            .iter()
            .filter(|it| it.branch == Branch::Target)
            .count();
        let down = self.nodes.iter().filter(|it| it.has_down).count();
        let mut parts = vec![counted(self.migrations(), "migration")];
        if self.base.is_some() {
            parts.push(format!("{new} new"));
        }
        if of_target > 0 {
            parts.push(format!("{of_target} only on the target branch"));
        }
        parts.push(match down {
            0 => "none with a down part".to_owned(),
            down if down == self.migrations() => "each with a down part".to_owned(),
            down => format!("{down} with a down part"),
        });
        if self.heads.len() > 1 && !self.is_declared {
            parts.push(counted(self.heads.len(), "head"));
        }
        let (layout, dialect) = (self.layout.as_str(), self.dialect.as_str());
        format!("{folder}/ ({layout}, {dialect}): {}", parts.join(", "))
    }
}

/// The graph for people: one line per version, oldest first; long stretches of old versions are
/// folded unless everything is asked for. `width` is that of the terminal in characters.
pub fn graph_to_text(report: &GraphReport, width: usize, verbosity: Verbosity) -> String {
    let texts: Vec<String> = report
        .projects
        .iter()
        .map(|it| project_text(it, width, verbosity))
        .collect();
    texts.join("\n")
}

fn project_text(graph: &ProjectGraph, width: usize, verbosity: Verbosity) -> String {
    let mut out = wrap(&printable(&graph.title()), width, "", "  ");
    let shown = graph.shown(verbosity);
    let drawn = graph.drawn_as(&shown);
    let first_of_target = graph
        .nodes
        .iter()
        .position(|it| it.branch == Branch::Target);
    let first_of_head = graph.nodes.iter().position(|it| it.branch == Branch::Head);
    let fork = first_of_target.and_then(|at| graph.nodes[at].parents.first().copied());
    // Both branches leave the fork only where head has something of its own.
    let is_forked = first_of_target.is_some() && !graph.is_declared;
    let lines = |range: std::ops::Range<usize>, lane: &str, out: &mut String| {
        let mut at = range.start;
        while at < range.end {
            let (_, length) = drawn[at];
            if shown[at] {
                out.push_str(&node_line(graph, at, lane, width));
                at += 1;
            } else {
                let length = length.min(range.end - at);
                out.push_str(&format!("{lane}…  {} …\n", counted(length, "migration")));
                at += length;
            }
        }
    };
    let end = first_of_target.unwrap_or(graph.nodes.len());
    if is_forked {
        let fork = fork.unwrap_or(0);
        lines(0..fork + 1, "", &mut out);
        match first_of_head {
            Some(_) => {
                out.push_str("|\\\n");
                lines(end..graph.nodes.len(), "| ", &mut out);
                out.push_str("|\n");
                lines(fork + 1..end, "", &mut out);
            }
            None => lines(end..graph.nodes.len(), "", &mut out),
        }
    } else {
        lines(0..graph.nodes.len(), "", &mut out);
    }
    let mut notes = Vec::new();
    if graph.nodes.iter().any(|it| it.has_down) && graph.nodes.iter().skip(1).any(|it| !it.has_down)
    {
        notes.push(match graph.mostly_down() {
            true => "`no down`: there is no way back; the others have a down part".to_owned(),
            false => "`down`: there is a way back; the others have no down part".to_owned(),
        });
    }
    if graph.is_declared {
        notes.push("each follows the one above it unless it says what it follows".to_owned());
    }
    if shown.contains(&false) {
        notes.push("-v draws every version".to_owned());
    }
    for path in &graph.checkpoints {
        notes.push(format!(
            "{path} makes in one go what older migrations made, and runs on an empty database only"
        ));
    }
    for note in notes {
        out.push_str(&wrap(&printable(&note), width, "", ""));
    }
    out
}

fn node_line(graph: &ProjectGraph, at: usize, lane: &str, width: usize) -> String {
    let node = &graph.nodes[at];
    let mut marks: Vec<String> = Vec::new();
    if at > 0 {
        // What a list of declared parents says that the order does not.
        if graph.is_declared && node.parents != [at - 1] {
            let parents: Vec<String> = node
                .parents
                .iter()
                .map(|parent| match &graph.nodes[*parent].version {
                    Some(version) => version.clone(),
                    None => "nothing".to_owned(),
                })
                .collect();
            marks.push(format!("after {}", parents.join(", ")));
        }
        match node.branch {
            Branch::Head => marks.push("new".to_owned()),
            Branch::Target => marks.push("target only".to_owned()),
            Branch::Shared => {}
        }
        match (graph.mostly_down(), node.has_down) {
            (true, false) => marks.push("no down".to_owned()),
            (false, true) => marks.push("down".to_owned()),
            (true, true) | (false, false) => {}
        }
    }
    marks.extend(graph.pins(at));
    let mark = match node.pins.is_empty() {
        true => "o",
        false => "*",
    };
    let label = graph.label(at);
    let text = match marks.is_empty() {
        true => label,
        false => format!("{label}  [{}]", marks.join("; ")),
    };
    let line = printable(&text);
    wrap_line(
        &line,
        width,
        &format!("{lane}{mark}  "),
        &format!("{lane}|      "),
    )
}

/// A line that keeps its blanks unless it is too long.
fn wrap_line(line: &str, width: usize, first: &str, rest: &str) -> String {
    match first.chars().count() + line.chars().count() <= width {
        true => format!("{first}{line}\n"),
        false => wrap(line, width, first, rest),
    }
}

/// The graph for Graphviz.
pub fn graph_to_dot(report: &GraphReport, verbosity: Verbosity) -> String {
    let mut out = String::from(
        "digraph migcheck {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge \
         [fontname=\"sans-serif\", fontsize=10];\n",
    );
    let several = report.projects.len() > 1;
    for (number, graph) in report.projects.iter().enumerate() {
        let indent = if several { "    " } else { "  " };
        if several {
            out.push_str(&format!(
                "  subgraph cluster_{number} {{\n    label={};\n",
                dot_text(&graph.folder)
            ));
        }
        let drawing = Drawing::of(graph, verbosity);
        let id = |node: usize| format!("p{number}n{node}");
        for (node, lines) in &drawing.nodes {
            let label: Vec<String> = lines.iter().map(|it| dot_escaped(it)).collect();
            let style = match (drawing.folded.contains(node), &graph.nodes[*node]) {
                (true, _) => ", shape=plaintext",
                (false, _) if *node == 0 => ", shape=ellipse",
                (false, it) if it.branch == Branch::Head => ", style=bold",
                (false, it) if it.branch == Branch::Target => ", style=dashed",
                (false, _) => "",
            };
            out.push_str(&format!(
                "{indent}{} [label=\"{}\"{style}];\n",
                id(*node),
                label.join("\\n")
            ));
        }
        for edge in &drawing.edges {
            let style = match edge.is_down {
                true => " [label=\"down\", style=dashed, constraint=false]",
                false => "",
            };
            out.push_str(&format!(
                "{indent}{} -> {}{style};\n",
                id(edge.from),
                id(edge.to)
            ));
        }
        if several {
            out.push_str("  }\n");
        }
    }
    out.push_str("}\n");
    out
}

/// What a drawing shows: versions by themselves, and stretches as one.
pub(super) struct Drawing {
    /// The versions in the order of the graph, with what is written on each, its name first.
    pub(super) nodes: Vec<(usize, Vec<String>)>,
    /// The ways between them.
    pub(super) edges: Vec<GraphEdge>,
    /// Those that stand for a stretch.
    pub(super) folded: BTreeSet<usize>,
}

impl Drawing {
    pub(super) fn of(graph: &ProjectGraph, verbosity: Verbosity) -> Drawing {
        let shown = graph.shown(verbosity);
        let drawn = graph.drawn_as(&shown);
        let mut nodes = Vec::new();
        let mut folded = BTreeSet::new();
        for (at, (first, length)) in drawn.iter().enumerate() {
            if *first != at {
                continue;
            }
            let mut lines = Vec::new();
            if shown[at] {
                lines.push(graph.label(at));
                if graph.nodes[at].is_new {
                    lines.push("new".to_owned());
                }
                lines.extend(graph.pins(at));
            } else {
                folded.insert(at);
                lines.push(format!("… {} …", counted(*length, "migration")));
            }
            nodes.push((at, lines));
        }
        let mut edges: Vec<GraphEdge> = Vec::new();
        let mut seen = BTreeSet::new();
        for edge in &graph.edges {
            let (from, to) = (drawn[edge.from].0, drawn[edge.to].0);
            if from != to && seen.insert((from, to, edge.is_down)) {
                edges.push(GraphEdge {
                    from,
                    to,
                    is_down: edge.is_down,
                });
            }
        }
        Drawing {
            nodes,
            edges,
            folded,
        }
    }
}

/// The inside of a string of the DOT language, in which a label's backslash begins an escape.
fn dot_escaped(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('"', "\\\"")
}

fn dot_text(text: &str) -> String {
    format!("\"{}\"", dot_escaped(text))
}

/// The graph for Mermaid, as in a fence of a README.
pub fn graph_to_mermaid(report: &GraphReport, verbosity: Verbosity) -> String {
    let mut out = String::from("flowchart TD\n");
    let several = report.projects.len() > 1;
    for (number, graph) in report.projects.iter().enumerate() {
        if several {
            let title = mermaid_escaped(&graph.folder);
            out.push_str(&format!("  subgraph p{number}[\"{title}\"]\n"));
        }
        let drawing = Drawing::of(graph, verbosity);
        let id = |node: usize| format!("p{number}n{node}");
        for (node, lines) in &drawing.nodes {
            let label: Vec<String> = lines.iter().map(|it| mermaid_escaped(it)).collect();
            let label = label.join("<br/>");
            let id = id(*node);
            out.push_str(&match (*node, drawing.folded.contains(node)) {
                (0, _) | (_, true) => format!("  {id}([\"{label}\"])\n"),
                (_, false) => format!("  {id}[\"{label}\"]\n"),
            });
        }
        for edge in &drawing.edges {
            let arrow = match edge.is_down {
                true => "-. down .->",
                false => "-->",
            };
            out.push_str(&format!("  {} {arrow} {}\n", id(edge.from), id(edge.to)));
        }
        if several {
            out.push_str("  end\n");
        }
    }
    out
}

/// The inside of a quoted text of Mermaid: whatever it or HTML would take for more than a
/// character is written by its number.
///
/// Source: Mermaid's manual, "Special characters that break syntax" and "Entity codes to escape
/// characters"; a directive (`%%{`) is looked for in the whole text, quoted or not.
fn mermaid_escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        match c {
            c if c.is_alphanumeric() => out.push(c),
            ' ' | '.' | ',' | '-' | '_' | '/' | '@' | '(' | ')' | '+' | '…' => out.push(c),
            c => out.push_str(&format!("#{};", u32::from(c))),
        }
    }
    out
}

/// The graph as JSON, format 1.
pub fn graph_to_json(report: &GraphReport) -> String {
    let projects: Vec<Value> = report.projects.iter().map(project_json).collect();
    let left_out: Vec<Value> = report
        .left_out
        .iter()
        .map(|it| json!({"folder": it.folder, "reason": it.reason}))
        .collect();
    report_json(
        "graph",
        &[
            ("projects", projects.into()),
            ("left_out", left_out.into()),
            ("notices", json!(report.notices)),
        ],
    )
}

fn project_json(graph: &ProjectGraph) -> Value {
    let nodes: Vec<Value> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(id, node)| {
            let releases: Vec<Value> = node
                .pins
                .iter()
                .map(|pin| json!({"name": pin.name, "role": pin.role.as_str()}))
                .collect();
            json!({
                "id": id,
                "version": node.version,
                "migration": node.migration,
                "line": node.line,
                "branch": node.branch.as_str(),
                "new": node.is_new,
                "releases": releases,
            })
        })
        .collect();
    let edges: Vec<Value> = graph
        .edges
        .iter()
        .map(|edge| {
            let made = if edge.is_down { edge.from } else { edge.to };
            json!({
                "from": edge.from,
                "to": edge.to,
                "direction": if edge.is_down { "down" } else { "up" },
                "migration": graph.nodes[made].migration,
            })
        })
        .collect();
    json!({
        "project": {
            "root": graph.root,
            "folder": graph.folder,
            "layout": graph.layout.as_str(),
            "dialect": graph.dialect.as_str(),
        },
        "base": graph.base.as_ref().map(|base| json!({
            "name": base.name,
            "revision": base.revision,
            "version": base.version,
        })),
        "nodes": nodes,
        "edges": edges,
        "heads": graph.heads,
        "checkpoints": graph.checkpoints,
    })
}
