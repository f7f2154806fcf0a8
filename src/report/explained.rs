//! The life of one object, for people.

use serde_json::{Value, json};

use super::changes::{Happened, code};
use super::json::report_json;
use super::printable::printable;
use super::wrap::{counted, wrap};

/// What is known of one object.
#[derive(Debug, Clone)]
pub struct Explained {
    /// As the user named it.
    pub object: String,
    /// What it is: `table`, `column`, `enum`, `function`, `unique index`.
    pub kind: &'static str,
    /// Its name now, or the last one it had.
    pub name: String,
    /// What it is now, or was last, where a text tells it.
    pub definition: Option<String>,
    /// What happened to it, oldest first.
    pub events: Vec<Event>,
    /// Other objects that had the name before, newest first: what they were and what happened to
    /// them.
    pub earlier: Vec<(&'static str, Vec<Event>)>,
    /// What depends on it in head's schema.
    pub dependents: Vec<Dependent>,
    /// What each release does with it, live ones first.
    pub releases: Vec<ReleaseUses>,
    /// Whether queries name such an object, so that who uses it can be told.
    pub is_named_by_queries: bool,
    /// Whether head's schema still has it, as far as is known.
    pub is_there: bool,
    /// Whether it may be there all the same: of the table that has its name now not every part is
    /// known.
    pub is_doubtful: bool,
}

/// One change of the object.
#[derive(Debug, Clone)]
pub struct Event {
    /// The migration's file; `None` for what was there before the first one.
    pub file: Option<String>,
    /// The line of the statement, from 1.
    pub line: Option<usize>,
    /// The migration's version.
    pub version: Option<String>,
    /// What happened, as a class.
    pub happened: Happened,
    /// What happened, for people.
    pub what: String,
}

/// What depends on the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependent {
    /// What it is.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// How it depends, for people.
    pub how: String,
}

/// What one release does with the object.
#[derive(Debug, Clone)]
pub struct ReleaseUses {
    /// The release's name.
    pub name: String,
    /// Whether it may run beside the next change.
    pub is_live: bool,
    /// Whether its queries are declared to be all there are.
    pub is_complete: bool,
    /// How many of its queries were read.
    pub queries: usize,
    /// Those that use the object.
    pub uses: Vec<QueryUse>,
    /// Where else its files hold the name; `None` where that was not searched.
    pub mentions: Option<Vec<(String, usize)>>,
}

/// A query that uses the object.
#[derive(Debug, Clone)]
pub struct QueryUse {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What its source calls it.
    pub name: Option<String>,
    /// Whether it reads the object.
    pub reads: bool,
    /// Whether it writes it.
    pub writes: bool,
}

impl Explained {
    /// Whether it can be dropped now, and if not, after what.
    pub fn advice(&self) -> String {
        if self.is_doubtful {
            return "whether head's schema still has it is not known: of the table that has its name \
                    now not every part is known"
                .to_owned();
        }
        if !self.is_there {
            return "it is gone from head's schema".to_owned();
        }
        if !self.is_named_by_queries {
            return "queries do not name it: whether it can be dropped is a question of what it is \
                    for"
                .to_owned();
        }
        let using = |live: bool| {
            self.releases
                .iter()
                .filter(move |it| it.is_live == live)
                .find(|it| !it.uses.is_empty())
        };
        if let Some(head) = using(false) {
            let count = head.uses.len();
            let (queries, them) = match count {
                1 => ("1 query of head uses".to_owned(), "it"),
                count => (format!("{count} queries of head use"), "them"),
            };
            return format!(
                "it cannot be dropped now: {queries} it; ship a release without {them}, and drop \
                 it once that release is the oldest one alive"
            );
        }
        if let Some(live) = using(true) {
            return format!(
                "it cannot be dropped yet: {} still uses it; drop it once the release without \
                 those queries is the oldest one alive",
                live.name
            );
        }
        if self.releases.is_empty() || self.releases.iter().all(|it| it.queries == 0) {
            return "whether it can be dropped is not known: no queries were found".to_owned();
        }
        let is_sure =
            |it: &ReleaseUses| it.is_complete || it.mentions.as_ref().is_some_and(Vec::is_empty);
        if self.releases.iter().all(is_sure) {
            return match self.dependents.is_empty() {
                true => "it can be dropped now: no release that may run uses it".to_owned(),
                false => "no release that may run uses it by its name; what depends on it in the \
                          schema uses it, and has to go first"
                    .to_owned(),
            };
        }
        "no known query uses it, but the name occurs in other files: look at those, and say \
         [[retired]] in migcheck.toml, or declare the evidence complete"
            .to_owned()
    }
}

/// How many uses and places a release lists.
const MOST_LISTED: usize = 20;

/// The most dependents of one kind that are listed.
const MOST_DEPENDENTS: usize = 12;

/// What is known of one object; `width` is that of the terminal in characters.
pub fn explained_to_text(explained: &Explained, width: usize) -> String {
    let mut out = String::new();
    let mut line = |text: &str, first: &str, rest: &str| {
        out.push_str(&wrap(&printable(text), width, first, rest));
    };
    let definition = match &explained.definition {
        Some(definition) => format!(": {}", code(definition)),
        None => String::new(),
    };
    let gone = match (explained.is_there, explained.is_doubtful) {
        (true, _) => "",
        (false, true) => ", perhaps gone",
        (false, false) => ", gone",
    };
    let title = format!("{} `{}`{gone}{definition}", explained.kind, explained.name);
    line(&title, "", "    ");
    if explained.name != explained.object && explained.is_there {
        line(&format!("(asked for as `{}`)", explained.object), "", "");
    }
    line("history:", "", "");
    events_lines(&explained.events, &mut line);
    for (kind, events) in &explained.earlier {
        line(
            &format!("before that, another {kind} had the name:"),
            "",
            "",
        );
        events_lines(events, &mut line);
    }
    if !explained.dependents.is_empty() {
        line("what depends on it:", "", "");
        let mut kinds: Vec<&str> = Vec::new();
        for it in &explained.dependents {
            if !kinds.contains(&it.kind) {
                kinds.push(it.kind);
            }
        }
        for kind in kinds {
            let of_kind: Vec<&Dependent> = explained
                .dependents
                .iter()
                .filter(|it| it.kind == kind)
                .collect();
            for it in of_kind.iter().take(MOST_DEPENDENTS) {
                line(&format!("{kind} `{}`: {}", it.name, it.how), "  ", "      ");
            }
            if let Some(more) = of_kind.len().checked_sub(MOST_DEPENDENTS + 1) {
                line(
                    &format!("and {} more", counted(more + 1, kind)),
                    "  ",
                    "      ",
                );
            }
        }
    } else if explained.is_there {
        line("nothing in the schema depends on it", "", "");
    }
    for release in &explained.releases {
        for text in release_lines(release) {
            let is_part = text.starts_with(' ');
            line(&text, if is_part { "  " } else { "" }, "      ");
        }
    }
    line(&explained.advice(), "", "");
    out
}

/// Each migration once, with the version where its file does not tell it, and below it what it did.
fn events_lines(events: &[Event], line: &mut dyn FnMut(&str, &str, &str)) {
    let mut last: Option<(&String, &Option<String>)> = None;
    for event in events {
        let (Some(file), Some(number)) = (&event.file, event.line) else {
            line(&event.what, "  ", "      ");
            continue;
        };
        if last != Some((file, &event.version)) {
            let digits = |text: &str| text.replace(['-', '_', '.'], "");
            let version = event
                .version
                .as_ref()
                .filter(|version| !digits(file).contains(digits(version).trim_start_matches('0')));
            let version = version.map_or_else(String::new, |it| format!(" (version {it})"));
            line(&format!("{file}{version}"), "  ", "      ");
            last = Some((file, &event.version));
        }
        line(
            &format!("line {number}: {}", event.what),
            "    ",
            "        ",
        );
    }
}

/// What is known of one object as JSON, format 1.
pub fn explained_to_json(explained: &Explained) -> String {
    let events = |events: &[Event]| -> Vec<Value> {
        events
            .iter()
            .map(|event| {
                json!({
                    "file": event.file,
                    "line": event.line,
                    "version": event.version,
                    "what": event.happened.as_str(),
                    "message": event.what,
                })
            })
            .collect()
    };
    let dependents: Vec<Value> = explained
        .dependents
        .iter()
        .map(|it| json!({"kind": it.kind, "name": it.name, "how": it.how}))
        .collect();
    let earlier: Vec<Value> = explained
        .earlier
        .iter()
        .map(|(kind, of)| json!({"kind": kind, "events": events(of)}))
        .collect();
    let releases: Vec<Value> = explained
        .releases
        .iter()
        .map(|release| {
            let uses: Vec<Value> = release
                .uses
                .iter()
                .map(|it| {
                    json!({
                        "file": it.file,
                        "line": it.line,
                        "name": it.name,
                        "reads": it.reads,
                        "writes": it.writes,
                    })
                })
                .collect();
            let mentions = release.mentions.as_ref().map(|all| {
                let all = all.iter();
                all.map(|(file, line)| json!({"file": file, "line": line}))
                    .collect::<Vec<Value>>()
            });
            json!({
                "name": release.name,
                "role": if release.is_live { "live" } else { "head" },
                "complete": release.is_complete,
                "queries": release.queries,
                "uses": uses,
                "mentions": mentions,
            })
        })
        .collect();
    report_json(
        "object",
        &[
            ("object", json!(explained.name)),
            ("kind", json!(explained.kind)),
            (
                "there",
                json!((!explained.is_doubtful).then_some(explained.is_there)),
            ),
            ("definition", json!(explained.definition)),
            ("events", events(&explained.events).into()),
            ("earlier", earlier.into()),
            ("dependents", dependents.into()),
            ("releases", releases.into()),
            ("advice", json!(explained.advice())),
        ],
    )
}

fn release_lines(release: &ReleaseUses) -> Vec<String> {
    let evidence = if release.is_complete {
        "all its queries are known"
    } else {
        "there may be others"
    };
    let used = match (release.queries, release.uses.len()) {
        (0, _) if release.is_complete => "it sends no queries".to_owned(),
        (0, _) => "none of its queries are known".to_owned(),
        (1, uses) => format!("used by {uses} of its 1 query ({evidence})"),
        (count, uses) => format!("used by {uses} of its {count} queries ({evidence})"),
    };
    let mut out = vec![format!("{}: {used}", release.name)];
    for it in release.uses.iter().take(MOST_LISTED) {
        let access = match (it.reads, it.writes) {
            (true, true) => "reads and writes",
            (false, true) => "writes",
            _ => "reads",
        };
        let name = it
            .name
            .as_ref()
            .map_or_else(String::new, |it| format!(" {it}"));
        out.push(format!("  {}:{}{name} {access} it", it.file, it.line));
    }
    if release.uses.len() > MOST_LISTED {
        out.push(format!("  and {} more", release.uses.len() - MOST_LISTED));
    }
    if let Some(mentions) = release.mentions.as_ref().filter(|it| !it.is_empty()) {
        let mut places: Vec<String> = mentions
            .iter()
            .take(5)
            .map(|(file, line)| format!("{file}:{line}"))
            .collect();
        if mentions.len() > places.len() {
            places.push(format!("and {} more", mentions.len() - places.len()));
        }
        out.push(format!("  named elsewhere: {}", places.join(", ")));
    }
    out
}
