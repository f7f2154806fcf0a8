//! The life of one object, for people.

use super::printable::printable;
use crate::check::{Explained, ReleaseUses};

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
