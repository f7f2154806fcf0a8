//! The version graph as a picture, for a page or by itself.
//!
//! One row per version, oldest first, as the text has it: a dot on its lane, its name, and what
//! stands there. A way keeps its lane from the row where it begins to the row where it ends, so that
//! no line runs through a dot that it has nothing to do with.

use std::collections::HashMap;
use std::fmt::Write;

use super::Verbosity;
use super::graph::{Branch, Drawing, GraphReport, Pin, PinRole, ProjectGraph};
use super::markup::{cut, escaped};

/// How a picture is coloured, in light and in dark.
pub(super) const STYLE: &str = include_str!("html/picture.css");

/// The longest names, in characters; the whole name is in the title of the row.
const LONGEST_NAME: usize = 72;
const LONGEST_PIN: usize = 48;
const LONGEST_TITLE: usize = 300;

/// The most releases that are named in one row.
const MOST_PINS: usize = 6;

/// Sizes in pixels: of a row, of a lane, of all lanes where there are many. The widths of letters
/// are in tenths.
const ROW: usize = 30;
const LANE: usize = 20;
const LANES: usize = 200;
const LETTER: usize = 78;
const SMALL_LETTER: usize = 69;

/// A picture that stands in a larger one.
pub(super) struct Picture {
    width: usize,
    height: usize,
    inside: String,
}

/// What a page adds to the row of a version.
#[derive(Default)]
pub(super) struct Remark {
    /// Where the version is spoken of.
    pub(super) link: Option<String>,
    /// What was found, and the class that colours it.
    pub(super) found: Option<(&'static str, String)>,
}

impl Picture {
    /// The picture of a graph, with what a page has to say of its versions.
    pub(super) fn of(
        graph: &ProjectGraph,
        verbosity: Verbosity,
        remark: &dyn Fn(usize) -> Remark,
    ) -> Picture {
        let drawing = Drawing::of(graph, verbosity);
        let lanes = Lanes::of(&drawing);
        let step = match lanes.count {
            count if count * LANE > LANES => (LANES / count).max(4),
            _ => LANE,
        };
        let x = |lane: usize| 12 + lane * step;
        let y = |row: usize| ROW / 2 + row * ROW;
        let mut inside = String::new();
        for way in &lanes.ways {
            let class = match way.is_folded {
                true => "way folded",
                false => "way",
            };
            let path = path(way, (x(way.lane), step), &x, &y, &lanes.of_rows);
            // Writing to a string cannot fail.
            let _ = writeln!(inside, "<path class=\"{class}\" d=\"{path}\"/>");
        }
        let text = x(lanes.count.saturating_sub(1)) + 18;
        let mut width = 0;
        for (row, (node, lines)) in drawing.nodes.iter().enumerate() {
            let name = lines.first().map_or("", String::as_str);
            let is_folded = drawing.folded.contains(node);
            let place = Row {
                dot: x(lanes.of_rows[row]),
                text,
                middle: y(row),
            };
            let right = match is_folded {
                true => place.folded(name, &mut inside),
                false => place.version(graph, *node, name, remark(*node), &mut inside),
            };
            width = width.max(right);
        }
        Picture {
            width: width + 4,
            height: drawing.nodes.len() * ROW,
            inside,
        }
    }

    /// The picture as an element of a page; `name` says what it shows.
    pub(super) fn element(&self, name: &str) -> String {
        let (width, height) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"group\" \
             aria-label=\"{}\">\n{}</svg>\n",
            escaped(name),
            self.inside
        )
    }
}

/// The graph as a picture by itself.
pub fn graph_to_svg(report: &GraphReport, verbosity: Verbosity) -> String {
    let mut inside = String::new();
    let (mut width, mut height) = (0, 12);
    for graph in &report.projects {
        let picture = Picture::of(graph, verbosity, &|_| Remark::default());
        let title = cut(&graph.title(), LONGEST_TITLE);
        let length = length_of(&title, LETTER);
        let _ = writeln!(
            inside,
            "<g transform=\"translate(12 {height})\">\n<text class=\"title\" x=\"0\" y=\"16\" \
             textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>\n<g \
             transform=\"translate(0 30)\">\n{}</g>\n</g>",
            escaped(&title),
            picture.inside
        );
        width = width.max(picture.width).max(length);
        height += picture.height + 48;
    }
    width += 24;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<style>\n{STYLE}</style>\n<rect \
         class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n{inside}</svg>\n"
    )
}

/// The lanes in which versions and the ways between them are drawn.
struct Lanes {
    count: usize,
    of_rows: Vec<usize>,
    ways: Vec<Way>,
}

/// A way from one row to a later one.
struct Way {
    from: usize,
    to: usize,
    lane: usize,
    is_folded: bool,
}

impl Lanes {
    fn of(drawing: &Drawing) -> Lanes {
        let rows: HashMap<usize, usize> = drawing
            .nodes
            .iter()
            .enumerate()
            .map(|(row, (node, _))| (*node, row))
            .collect();
        let mut starting: Vec<Vec<usize>> = vec![Vec::new(); drawing.nodes.len()];
        for edge in drawing.edges.iter().filter(|it| !it.is_down) {
            if let (Some(from), Some(to)) = (rows.get(&edge.from), rows.get(&edge.to))
                && from < to
            {
                starting[*from].push(*to);
            }
        }
        let mut out = Lanes {
            count: 0,
            of_rows: Vec::with_capacity(starting.len()),
            ways: Vec::new(),
        };
        // Where the way in each lane leads; none where the lane is free.
        let mut lanes: Vec<Option<usize>> = Vec::new();
        for (row, targets) in starting.iter_mut().enumerate() {
            let arriving = lanes.iter().position(|it| *it == Some(row));
            let own = arriving.unwrap_or_else(|| free(&mut lanes));
            for lane in &mut lanes {
                *lane = lane.filter(|to| *to != row);
            }
            out.of_rows.push(own);
            // The nearest goes straight on.
            targets.sort_unstable();
            for (at, to) in targets.iter().enumerate() {
                let lane = match at {
                    0 => own,
                    _ => free(&mut lanes),
                };
                lanes[lane] = Some(*to);
                let is_folded = [row, *to]
                    .iter()
                    .any(|row| drawing.folded.contains(&drawing.nodes[*row].0));
                out.ways.push(Way {
                    from: row,
                    to: *to,
                    lane,
                    is_folded,
                });
            }
        }
        out.count = lanes.len();
        out
    }
}

/// A lane that no way is in.
fn free(lanes: &mut Vec<Option<usize>>) -> usize {
    match lanes.iter().position(Option::is_none) {
        Some(lane) => lane,
        None => {
            lanes.push(None);
            lanes.len() - 1
        }
    }
}

/// The line of a way: into its lane within a row, along it, and out of it within a row.
fn path(
    way: &Way,
    (lane, step): (usize, usize),
    x: &dyn Fn(usize) -> usize,
    y: &dyn Fn(usize) -> usize,
    of_rows: &[usize],
) -> String {
    let (x1, y1) = (x(of_rows[way.from]), y(way.from));
    let (x2, y2) = (x(of_rows[way.to]), y(way.to));
    let curve = |from: (usize, usize), to: (usize, usize)| {
        let middle = (from.1 + to.1) / 2;
        format!(" C{} {middle} {} {middle} {} {}", from.0, to.0, to.0, to.1)
    };
    let mut out = format!("M{x1} {y1}");
    let mut at = (x1, y1);
    if at.0 != lane && way.to > way.from + 1 {
        let next = (lane, y1 + ROW);
        out.push_str(&curve(at, next));
        at = next;
    }
    if at.0 == x2 {
        let _ = write!(out, " V{y2}");
        return out;
    }
    let before = y2 - ROW;
    if at.1 < before {
        let _ = write!(out, " V{before}");
        at.1 = before;
    }
    // A lane that is hardly wider than a line needs no curve.
    match step {
        0..6 => {
            let _ = write!(out, " L{x2} {y2}");
        }
        _ => out.push_str(&curve(at, (x2, y2))),
    }
    out
}

/// Where a row is.
struct Row {
    dot: usize,
    text: usize,
    middle: usize,
}

impl Row {
    /// A stretch of versions; where it ends on the right.
    fn folded(&self, name: &str, out: &mut String) -> usize {
        for by in [-6_isize, 0, 6] {
            let middle = self.middle.saturating_add_signed(by);
            let _ = writeln!(
                out,
                "<circle class=\"fold\" cx=\"{}\" cy=\"{middle}\" r=\"1.8\"/>",
                self.dot
            );
        }
        let name = name.trim_matches(['…', ' ']);
        self.text("stretch", self.text, name, LETTER, out)
    }

    fn version(
        &self,
        graph: &ProjectGraph,
        node: usize,
        name: &str,
        remark: Remark,
        out: &mut String,
    ) -> usize {
        let it = &graph.nodes[node];
        let class = match (node, it.is_new, it.branch) {
            (0, _, _) => "empty",
            (_, true, _) | (_, _, Branch::Head) => "new",
            (_, false, Branch::Target) => "target",
            (_, false, Branch::Shared) => "shared",
        };
        let found = remark.found.as_ref().map_or("", |(class, _)| class);
        let radius = match node {
            0 => 4,
            _ => 6,
        };
        let _ = writeln!(
            out,
            "<g class=\"{}\"><title>{}</title>",
            format!("version {class} {found}").trim_end(),
            escaped(&title(graph, node, name))
        );
        let _ = writeln!(
            out,
            "<circle class=\"dot\" cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>",
            self.dot, self.middle
        );
        if let Some(link) = &remark.link {
            let _ = writeln!(out, "<a href=\"{}\">", escaped(link));
        }
        let mut right = self.text("name", self.text, &cut(name, LONGEST_NAME), LETTER, out);
        if remark.link.is_some() {
            out.push_str("</a>\n");
        }
        if it.is_new {
            right = self.pill("new", right, "new", out);
        }
        if it.branch == Branch::Target {
            right = self.pill("target", right, "target only", out);
        }
        if let Some((class, text)) = &remark.found {
            right = self.pill(class, right, text, out);
        }
        for pin in it.pins.iter().take(MOST_PINS) {
            right = self.pill(role(pin), right, &cut(&pin.shown(), LONGEST_PIN), out);
        }
        if it.pins.len() > MOST_PINS {
            let more = format!("and {} more", it.pins.len() - MOST_PINS);
            right = self.pill("live", right, &more, out);
        }
        out.push_str("</g>\n");
        right
    }

    /// A text of a known length, whatever the letters of the reader are; where it ends.
    fn text(&self, class: &str, x: usize, text: &str, letter: usize, out: &mut String) -> usize {
        let length = length_of(text, letter);
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{}\" textLength=\"{length}\" \
             lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            self.middle + 4,
            escaped(text)
        );
        x + length
    }

    /// A text on a ground of its own; where it ends.
    fn pill(&self, class: &str, left: usize, text: &str, out: &mut String) -> usize {
        let x = left + 10;
        let width = length_of(text, SMALL_LETTER) + 14;
        let _ = writeln!(
            out,
            "<g class=\"pill {class}\"><rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"20\" \
             rx=\"10\"/>",
            self.middle - 10
        );
        self.text("label", x + 7, text, SMALL_LETTER, out);
        out.push_str("</g>\n");
        x + width
    }
}

fn role(pin: &Pin) -> &'static str {
    match pin.role {
        PinRole::Base => "base",
        PinRole::Live => "live",
        PinRole::Target => "target",
        PinRole::Head => "head",
    }
}

/// What a row is, in full.
fn title(graph: &ProjectGraph, node: usize, name: &str) -> String {
    let it = &graph.nodes[node];
    let mut parts = vec![match &it.migration {
        Some(path) => cut(path, LONGEST_TITLE),
        None => cut(name, LONGEST_TITLE),
    }];
    if let Some(version) = &it.version {
        parts.push(format!("version {}", cut(version, LONGEST_TITLE)));
    }
    if it.has_down {
        parts.push("with a down part".to_owned());
    }
    parts.join(" · ")
}

/// How wide a text is, in pixels: letters of East Asia take two columns.
fn length_of(text: &str, letter: usize) -> usize {
    let columns: usize = text.chars().map(columns).sum();
    (columns * letter).div_ceil(10)
}

fn columns(letter: char) -> usize {
    match letter {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}
