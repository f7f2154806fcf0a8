//! What a finding and a verdict say to people, for every format: plain text, nothing escaped.

use crate::analysis::{Access, Evidence, Pair, Unused, Verdict, Weight};
use crate::discover::HeadAt;
use crate::findings::{BreakReport, Finding};

use super::printable::printable;
use super::wrap::counted;
use super::{BaseReport, ProjectReport};

/// The most breaks that a finding lists; one cause can have many.
const MOST_BREAKS: usize = 8;

/// What a finding says beside its message, each line with the word before it: who breaks, by which
/// queries, why, and what to do instead.
pub(super) fn lines(project: &ProjectReport, finding: &Finding) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    for it in finding.breaks.iter().take(MOST_BREAKS) {
        let line = match finding.rule {
            "result_reshaped" if it.error.is_none() => format!(
                "reads of {} (old code) get another result on the new schema",
                it.release
            ),
            _ => breaks(it, project),
        };
        let pair = match it.on_own {
            true => "new-on-new",
            false => it.pair.as_str(),
        };
        out.push((pair, line));
        out.extend(evidence(it));
    }
    if finding.breaks.len() > MOST_BREAKS {
        let more = counted(finding.breaks.len() - MOST_BREAKS, "more break");
        out.push(("breaks", format!("and {more} of this kind")));
    }
    out.push(("why", finding.why.clone()));
    if finding.breaks.iter().any(|it| it.on_own) {
        let first =
            "change the new code, which fails on the schema that it ships, or the migration";
        out.push(("help", first.to_owned()));
    }
    out.push(("help", finding.help.clone()));
    out
}

/// Who breaks, in one line.
fn breaks(it: &BreakReport, project: &ProjectReport) -> String {
    let access = match it.access.as_slice() {
        [Access::Read] => "reads",
        [Access::Write] => "writes",
        _ => "reads and writes",
    };
    let (who, where_it_is) = match it.pair {
        Pair::OldOnNew => (format!("{} (old code)", it.release), "on the new schema"),
        Pair::NewOnOld if it.on_own => (format!("{} (new code)", it.release), "on its own schema"),
        Pair::NewOnOld => (format!("{} (new code)", it.release), "on the old schema"),
        Pair::OldReadsNewData => (
            format!("{} (old code)", it.release),
            "when they meet rows that new code or the migration wrote",
        ),
        Pair::NewReadsOldData => (
            format!("{} (new code)", it.release),
            "when they meet rows from before",
        ),
    };
    let happens = match it.weight {
        Weight::Error | Weight::Addition => "fail",
        Weight::Warning | Weight::Note if it.error.is_some() => "may fail",
        // The server says nothing; what it gives or takes is not what the code means.
        Weight::Warning | Weight::Note => "may fail or go wrong",
        Weight::Unknown => return format!("whether {who} works {where_it_is} is not known"),
    };
    let queries = project
        .releases
        .iter()
        .find(|release| release.name == it.release)
        .and_then(|release| release.queries.as_ref())
        .map_or(0, |queries| queries.known);
    let evidence = match (it.evidence, queries) {
        (Evidence::Presumed, 0) => "presumed: its queries are not known",
        (Evidence::Presumed, _) => "presumed: it may have other queries",
        (evidence @ (Evidence::Proven | Evidence::Possible | Evidence::Unknown), _) => {
            evidence.as_str()
        }
    };
    match &it.error {
        Some(error) => format!(
            "{access} of {who} {happens} {where_it_is}: {} {} ({evidence})",
            error.code, error.message,
        ),
        None => format!("{access} of {who} {happens} {where_it_is} ({evidence})"),
    }
}

/// The most queries and places that a break lists.
const MOST_LISTED: usize = 3;

/// The queries and places that a break is about, each with the word before it.
fn evidence(it: &BreakReport) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let uses = it.uses.as_deref().unwrap_or_default();
    for query in uses.iter().take(MOST_LISTED) {
        let name = query
            .name
            .as_ref()
            .map_or_else(String::new, |it| format!(" {it}"));
        let text = one_line(&query.query);
        out.push((
            "query",
            format!("{}:{}{name}: {text}", query.file, query.line),
        ));
    }
    if uses.len() > MOST_LISTED {
        let more = uses.len() - MOST_LISTED;
        out.push(("queries", format!("and {more} more")));
    }
    match it.unused {
        Some(Unused::NoQuery) => out.push((
            "unused",
            "no query of this release uses it, and its queries are declared complete".to_owned(),
        )),
        Some(Unused::NoMention) => out.push((
            "unused",
            "the files of this release name it only in queries that go on working".to_owned(),
        )),
        None => {}
    }
    if !it.mentions.is_empty() {
        let mut places: Vec<String> = it
            .mentions
            .iter()
            .take(MOST_LISTED)
            .map(|it| format!("{}:{}", it.file, it.line))
            .collect();
        if it.mentions.len() > MOST_LISTED {
            places.push(format!("and {} more", it.mentions.len() - MOST_LISTED));
        }
        // What old code meets is what new code writes there.
        let word = match it.pair {
            Pair::OldReadsNewData => "written in",
            _ => "named in",
        };
        out.push((word, places.join(", ")));
    }
    out
}

/// The most characters of a query that a line shows.
const LONGEST_QUERY: usize = 100;

/// A query on one line, cut where it is long.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST_QUERY {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_QUERY - 1).collect();
    format!("{cut}…")
}

/// The verdict with its counts, and what to do about it, each on a line of its own.
pub(super) fn summary(project: &ProjectReport) -> String {
    let summary = &project.summary;
    let counts = counts(project);
    if summary.new_migrations == 0 && summary.verdict != Some(Verdict::Broken) {
        let since = match &project.base {
            Some(base) => format!(" since {}{}", base.name, own_commits(base)),
            None => String::new(),
        };
        return match counts.is_empty() {
            true => format!("nothing new{since}"),
            false => format!("no new migration{since}; {counts}"),
        };
    }
    let understood = match summary.new_not_understood {
        0 => "all understood".to_owned(),
        count => format!("{count} not understood"),
    };
    let what = if project.each_by_itself {
        counted(summary.new_migrations, "migration")
    } else {
        counted(summary.new_migrations, "new migration")
    };
    let mut line = match summary.verdict {
        Some(verdict) => format!("{}: ", verdict.as_str()),
        None => String::new(),
    };
    line.push_str(&format!(
        "{what}, {}, {understood}",
        counted(summary.new_statements, "statement")
    ));
    if !counts.is_empty() {
        line.push_str(&format!("; {counts}"));
    }
    if let Some(verdict) = summary.verdict {
        let advice = advice(project, verdict);
        if !advice.is_empty() {
            line.push_str(&format!("\n{advice}"));
        }
    }
    line
}

/// That HEAD has no commit of its own, so that only what is not committed could have been new, and
/// how its last commit is judged all the same.
fn own_commits(base: &BaseReport) -> &'static str {
    match base.head {
        // Whoever names HEAD knows.
        _ if base.name.starts_with("HEAD") => "",
        HeadAt::Elsewhere => "",
        HeadAt::First => ", which is HEAD itself",
        HeadAt::Base => {
            ", which is HEAD itself (`migcheck check --base HEAD~1` judges its last commit)"
        }
    }
}

/// How many findings there are of each kind; empty where there are none.
fn counts(project: &ProjectReport) -> String {
    let summary = &project.summary;
    let found: Vec<String> = [
        (summary.errors, "error"),
        (summary.warnings, "warning"),
        (summary.notes, "note"),
        (summary.suppressed, "accepted finding"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| counted(count, what))
    .collect();
    found.join(", ")
}

/// A path as a shell takes it for one word.
fn shell_word(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./@%+=:,".contains(c);
    match path.chars().all(is_plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

/// What to do about a verdict, where the deploy mode does not do it by itself.
pub(super) fn advice(project: &ProjectReport, verdict: Verdict) -> String {
    let mode = project.deploy_name();
    let fits = project.summary.fits != Some(false);
    match verdict {
        Verdict::AnyOrder => String::new(),
        Verdict::NoSafeOrder | Verdict::SwitchBetween if fits => String::new(),
        Verdict::MigrateFirst | Verdict::CodeFirst if fits => String::new(),
        Verdict::MigrateFirst => {
            format!("run the migrations before the new code (this project deploys {mode})")
        }
        Verdict::CodeFirst if !project.summary.hurt_consumers.is_empty() => {
            let names = project.summary.hurt_consumers.join(" and ");
            let old = match project.summary.hurt_consumers.len() {
                1 => "its old release is",
                _ => "their old releases are",
            };
            match project.summary.only_consumers {
                true => format!(
                    "change {names}, wait until {old} gone, then migrate: the new code of this \
                     project does not help"
                ),
                false => format!(
                    "deploy the new code and change {names}, wait until no old release is left of \
                     either, then migrate (this project deploys {mode})"
                ),
            }
        }
        Verdict::CodeFirst => format!(
            "deploy the new code, wait until the old release is gone, then migrate (this project \
             deploys {mode})"
        ),
        Verdict::SwitchBetween if fits => String::new(),
        Verdict::SwitchBetween => {
            let places = &project.summary.switch_after;
            let is_new = |path: &String| project.steps.iter().any(|step| step.migration == *path);
            // With older releases alive the place can lie in what the base already has.
            let what = match places.iter().any(is_new) {
                true => "split the change: deploy",
                false => "deploy",
            };
            let places = places.join(" or ");
            format!("{what} the new code after {places} and before what follows")
        }
        Verdict::NoSafeOrder => {
            let unsafe_step = project
                .steps
                .iter()
                .find(|step| step.verdict == Verdict::NoSafeOrder)
                .or(project.steps.first());
            let mut line = "no order of deploying and migrating is safe".to_owned();
            if let Some(step) = unsafe_step {
                let path = shell_word(&project.files[step.index].path);
                line.push_str(&match project.is_typed {
                    true => format!(
                        ": saved as a file, `migcheck explain {path}` shows the steps that are"
                    ),
                    false => format!(": `migcheck explain {path}` shows the steps that are"),
                });
            }
            let needed = &project.summary.needed;
            if let Some(first) = needed.first() {
                let more = match needed.len() {
                    1 => String::new(),
                    count => format!(" and {} more", count - 1),
                };
                line.push_str(&format!(
                    "\n(the new code cannot go first: it is presumed to use {}{more}, which the \
                     migration makes)",
                    printable(first)
                ));
            }
            line
        }
        Verdict::Broken => "the new code does not fit its own schema: change the code or the \
                            migration"
            .to_owned(),
        Verdict::Unknown => "the answer depends on statements that were not understood".to_owned(),
    }
}
