//! The examples on the rule pages, as CONTRIBUTING describes their grammar.

use std::collections::{BTreeMap, BTreeSet};

use migcheck::RULES;
use migcheck::analysis::{Access, Pair};
use migcheck::discover::Overrides;
use migcheck::report::{Histories, ProjectReport, schema_changes};
use migcheck::rules::Class;

use crate::world::{State, judge, judge_branch};

/// One group of fences.
#[derive(Debug, Default)]
pub(crate) struct Example {
    /// What the old release has, in order.
    pub(crate) old: Vec<File>,
    pub(crate) config: String,
    pub(crate) old_config: String,
    /// What head made of some of them, by the name of the file.
    pub(crate) edited: Vec<File>,
    /// What head no longer has of them.
    pub(crate) deleted: Vec<File>,
    pub(crate) migrations: Vec<File>,
    /// What the target branch has beside the old release.
    pub(crate) theirs: Vec<File>,
    pub(crate) old_queries: Option<String>,
    pub(crate) new_queries: Option<String>,
}

/// A migration: the name of its file and its text.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl File {
    fn path(&self) -> String {
        format!("migrations/{}", self.name)
    }
}

fn with(state: State, files: &[File]) -> State {
    files
        .iter()
        .fold(state, |state, file| state.file(&file.name, &file.text))
}

/// The examples of a page, in order.
pub(crate) fn examples(page: &str) -> Vec<Example> {
    let section = page.split("\n## Examples\n").nth(1).unwrap_or("");
    let section = section.split("\n## ").next().unwrap_or("");
    let mut out: Vec<Example> = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```").filter(|kind| !kind.is_empty()) else {
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = text.join("\n");
        let mut words = kind.splitn(3, ' ');
        let kind = [words.next(), words.next()].map(Option::unwrap_or_default);
        let kind = kind.join(" ");
        let rest = words.next();
        if kind == "sql before" {
            out.push(Example::default());
        }
        let example = out.last_mut().expect("a group begins with `sql before`");
        match (kind.as_str(), rest) {
            ("toml old", Some("config")) => example.old_config = text,
            ("toml config", None) => example.config = text,
            ("sql old", Some("queries")) => example.old_queries = Some(text),
            ("sql new", Some("queries")) => example.new_queries = Some(text),
            (kind, name) => {
                // Where the name does not matter, migrations are numbered as they come.
                let count = example.old.len() + example.migrations.len() + example.theirs.len();
                let number = if kind == "sql edited" { 1 } else { count + 1 };
                let name = name.map_or(format!("{number}_m.sql"), str::to_owned);
                let file = File { name, text };
                match kind {
                    "sql before" | "sql applied" => example.old.push(file),
                    "sql edited" => example.edited.push(file),
                    "sql deleted" => {
                        example.deleted.push(file.clone());
                        example.old.push(file);
                    }
                    "sql migration" => example.migrations.push(file),
                    "sql theirs" => example.theirs.push(file),
                    other => panic!("unknown fence `{other}`"),
                }
            }
        }
    }
    out
}

impl Example {
    /// The old release and head as their files, and what the target branch has by now.
    fn states(&self) -> (State, State, State) {
        // A tool is not changed on the way.
        let mut layout = self.config.lines().filter(|line| line.contains("layout ="));
        let old_config = format!("{}\n{}", layout.next().unwrap_or(""), self.old_config);
        let old = with(State::default(), &self.old).config(&old_config);
        let theirs = with(old.clone(), &self.theirs);
        let old = match &self.old_queries {
            Some(text) => old.path("queries/all.sql", text),
            None => old,
        };
        let kept: Vec<File> = self
            .old
            .iter()
            .filter(|file| !self.deleted.iter().any(|it| it.name == file.name))
            .map(|file| {
                let edited = self.edited.iter().find(|it| it.name == file.name);
                edited.unwrap_or(file).clone()
            })
            .collect();
        let mut head = with(with(State::default(), &kept), &self.migrations);
        // What the new release does not say is what the old one did.
        let queries = self.new_queries.as_ref().or(self.old_queries.as_ref());
        if let Some(text) = queries {
            head = head.path("queries/all.sql", text);
        }
        (old, head.config(&self.config), theirs)
    }

    fn report(&self) -> ProjectReport {
        let (old, head, theirs) = self.states();
        match self.theirs.is_empty() {
            true => judge(&[("old", &old)], &head),
            false => judge_branch(&old, &theirs, &head),
        }
    }

    /// What the comments expect: per file and line, in the words of the comments.
    pub(crate) fn expected(&self) -> BTreeMap<(String, usize), Vec<String>> {
        let files = [&self.edited, &self.deleted, &self.migrations];
        let mut out: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
        for file in files.into_iter().flatten() {
            for (number, line) in file.text.lines().enumerate() {
                let Some((_, comment)) = line.split_once("-- finding: ") else {
                    continue;
                };
                let mut expected: Vec<String> = comment
                    .split(" ; ")
                    .map(|it| it.trim().to_owned())
                    .collect();
                expected.sort();
                out.insert((file.path(), number + 1), expected);
            }
        }
        out
    }

    fn found(&self) -> BTreeMap<(String, usize), Vec<String>> {
        let report = self.report();
        let mut out: BTreeMap<(String, usize), Vec<String>> = BTreeMap::new();
        let counting = report.findings.iter().filter(|it| it.suppressed.is_none());
        for finding in counting {
            let file = &report.files[finding.migration];
            let line = finding
                .span
                .map_or(1, |span| file.position(span.start).line);
            let mut pairs: BTreeMap<Pair, BTreeSet<Access>> = BTreeMap::new();
            for it in &finding.breaks {
                pairs.entry(it.pair).or_default().extend(&it.access);
            }
            let breaks: Vec<String> = pairs
                .iter()
                .map(|(pair, access)| {
                    let access: Vec<&str> = access.iter().map(|it| it.as_str()).collect();
                    format!("{} {}", pair.as_str(), access.join("+"))
                })
                .collect();
            let said = format!("{} {}", finding.rule, breaks.join(", "));
            out.entry((file.path.to_string(), line))
                .or_default()
                .push(said.trim().to_owned());
        }
        for said in out.values_mut() {
            said.sort();
        }
        out
    }
}

#[test]
fn every_example_gives_exactly_the_findings_it_names() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for (number, example) in examples(rule.page).iter().enumerate() {
            let (expected, found) = (example.expected(), example.found());
            if expected != found {
                wrong.push(format!(
                    "rules/{}.md, example {}:\n  expected {expected:?}\n  found    {found:?}",
                    rule.name,
                    number + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_has_a_breaking_and_a_safe_example() {
    for rule in RULES {
        let examples = examples(rule.page);
        let names_it = |example: &&Example| {
            let expected = example.expected();
            expected
                .values()
                .flatten()
                .any(|said| said.split(' ').next() == Some(rule.name))
        };
        assert!(
            examples.iter().any(|it| names_it(&it)),
            "{}: none breaks",
            rule.name
        );
        let is_safe = |example: &&Example| example.expected().is_empty();
        assert!(
            examples.iter().any(|it| is_safe(&it)),
            "{}: none is safe",
            rule.name
        );
    }
}

impl Example {
    /// Its lines, without what the comments expect.
    fn lines(&self) -> Vec<String> {
        let files = [&self.old, &self.edited, &self.migrations, &self.theirs].into_iter();
        let mut texts: Vec<&str> = files.flatten().map(|it| it.text.as_str()).collect();
        texts.extend(self.old_queries.as_deref());
        texts.extend(self.new_queries.as_deref());
        let mut lines: Vec<String> = texts
            .into_iter()
            .flat_map(str::lines)
            .map(|line| line.split("-- finding: ").next().unwrap_or("").trim())
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        lines.extend(self.migrations.iter().map(|it| it.name.clone()));
        // What is deleted is one clause, however many files it is.
        lines.extend((!self.deleted.is_empty()).then(|| "deleted".to_owned()));
        // A configuration says one thing.
        let configs = [&self.config, &self.old_config].into_iter();
        lines.extend(configs.filter(|it| !it.is_empty()).cloned());
        lines.sort();
        lines
    }
}

/// How many lines of one are not among those of the other, whichever has more of them.
fn distance(one: &[String], other: &[String]) -> usize {
    let missing = |from: &[String], among: &[String]| {
        let mut left = among.to_vec();
        from.iter()
            .filter(|line| match left.iter().position(|it| it == *line) {
                Some(at) => {
                    left.remove(at);
                    false
                }
                None => true,
            })
            .count()
    };
    missing(one, other).max(missing(other, one))
}

#[test]
fn a_safe_example_differs_from_a_breaking_one_in_one_clause() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let examples = examples(rule.page);
        let (safe, breaking): (Vec<&Example>, Vec<&Example>) =
            examples.iter().partition(|it| it.expected().is_empty());
        let nearest = safe
            .iter()
            .flat_map(|safe| {
                breaking
                    .iter()
                    .map(|breaking| distance(&safe.lines(), &breaking.lines()))
            })
            .min()
            .expect("a page has both kinds");
        if nearest > 1 {
            wrong.push(format!("{}: {nearest} lines", rule.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rules that look at something else than the difference of two schemas: files, texts, rows,
/// queries, a transaction, or what is between two states.
const OF_NO_DIFFERENCE: &[&str] = &[
    "column_backfilled",
    "not_understood",
    "query_fails",
    "result_reshaped",
    "rows_rewritten",
    "table_copied",
    // What a server can do through a view follows from its query.
    "table_covered_by_view",
    "view_writes_refused",
];

/// Pages with examples where a rule looks at what stands under a name and a comparison of two
/// versions at what became of the object: it was renamed, and another one has the name.
const OF_NAMES: &[&str] = &["name_reused", "table_covered_by_view"];

/// What a message says, whatever the finer word for the kind of thing is.
fn plain(message: &str) -> String {
    let mut text = message.to_owned();
    for (fine, plain) in [
        ("primary key `", "unique key `"),
        ("unique index `", "unique key `"),
        ("materialized view `", "view `"),
        ("procedure `", "function `"),
        ("aggregate `", "function `"),
    ] {
        text = text.replace(fine, plain);
    }
    text
}

#[test]
fn what_rules_say_of_a_difference_is_said_of_two_versions() {
    let mut missing = Vec::new();
    for rule in RULES {
        for (number, example) in examples(rule.page).iter().enumerate() {
            let (old, head, _) = example.states();
            let replayed = |state: &State| {
                let replayed = migcheck::replay_tree(&state.tree(), &Overrides::default());
                replayed
                    .expect("a project in memory can be replayed")
                    .timeline
            };
            let (before, after) = (replayed(&old), replayed(&head));
            // From the old release to head, and what each migration does.
            let mut versions = vec![(before.catalog(before.end()), after.catalog(after.end()))];
            let ends = after.ends.iter().zip(after.ends.iter().skip(1));
            versions.extend(ends.map(|(one, next)| (after.catalog(*one), after.catalog(*next))));
            let said: Vec<String> = versions
                .iter()
                .flat_map(|(old, new)| schema_changes(old, new, Histories::One))
                .map(|it| plain(&it.message))
                .collect();
            for finding in &judge(&[("old", &old)], &head).findings {
                let is_said = said.iter().any(|it| it.contains(&plain(&finding.message)));
                let is_renamed = OF_NAMES.contains(&rule.name)
                    && said.iter().any(|it| it.contains(" is renamed to "));
                let is_of_files = matches!(finding.class, Class::History | Class::Ops);
                let is_none = is_of_files || OF_NO_DIFFERENCE.contains(&finding.rule);
                if !is_said && !is_renamed && !is_none {
                    missing.push(format!(
                        "{} {}: {}\n    {}",
                        rule.name,
                        number + 1,
                        finding.message,
                        said.join("\n    ")
                    ));
                }
            }
        }
    }
    assert!(
        missing.is_empty(),
        "a diff says it in other words, or not at all (src/report/changes/):\n{}",
        missing.join("\n")
    );
}
