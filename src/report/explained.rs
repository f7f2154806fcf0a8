//! The life of one object, for people.

use super::printable::printable;

/// What is known of one object.
#[derive(Debug, Clone)]
pub struct Explained {
    /// As people name it.
    pub object: String,
    /// What it is: `table`, `column`, `type`, `function`.
    pub kind: &'static str,
    /// What happened to it, oldest first.
    pub events: Vec<Event>,
    /// What each release does with it, live ones first.
    pub releases: Vec<ReleaseUses>,
    /// Whether head's schema still has it.
    pub is_there: bool,
}

/// One change of the object.
#[derive(Debug, Clone)]
pub struct Event {
    /// The migration's file.
    pub file: String,
    /// The line of the statement, from 1.
    pub line: usize,
    /// What happened, for people.
    pub what: String,
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
        if !self.is_there {
            return "it is gone from head's schema".to_owned();
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
            return "it can be dropped now: no release that may run uses it".to_owned();
        }
        "no known query uses it, but the name occurs in other files: look at those, and say \
         [[retired]] in migcheck.toml, or declare the evidence complete"
            .to_owned()
    }
}

/// How many uses and places a release lists.
const MOST_LISTED: usize = 20;

/// What is known of one object.
pub fn explained_to_text(explained: &Explained) -> String {
    let mut lines = vec![format!("{} `{}`", explained.kind, explained.object)];
    lines.push("history:".to_owned());
    for event in &explained.events {
        lines.push(format!("  {}:{}: {}", event.file, event.line, event.what));
    }
    for release in &explained.releases {
        lines.extend(release_lines(release));
    }
    lines.push(explained.advice());
    let mut out: String = lines
        .iter()
        .map(|line| printable(line))
        .collect::<Vec<_>>()
        .join("\n");
    out.push('\n');
    out
}

fn release_lines(release: &ReleaseUses) -> Vec<String> {
    let evidence = if release.is_complete {
        "all its queries are known"
    } else {
        "there may be others"
    };
    let mut out = vec![format!(
        "{}: used by {} of its {} ({evidence})",
        release.name,
        release.uses.len(),
        match release.queries {
            1 => "1 query".to_owned(),
            count => format!("{count} queries"),
        }
    )];
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
