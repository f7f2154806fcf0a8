//! The book in `docs/`: what it claims is run, its links lead somewhere, and its contents name every page.
//!
//! CONTRIBUTING describes the fences that the pages about deploying and about changes consist of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use migcheck::discover::Config;
use migcheck::findings::Severity;
use migcheck::report::ProjectReport;

use crate::cli::program;
use crate::postgres::{Database, Refusal, database};
use crate::support::{TestRepository, git_command};
use crate::world::{State, judge};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A page of the repository: its path from the root and its text.
struct Page {
    path: String,
    text: String,
}

fn page(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path));
    let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
    let path = path.to_owned();
    Page { path, text }
}

/// All pages in a folder and in the folders below it.
fn pages_in(folder: &str) -> Vec<Page> {
    let mut out = Vec::new();
    let entries = fs::read_dir(root().join(folder)).expect("the folder can be listed");
    for entry in entries {
        let name = entry.expect("an entry can be read").file_name();
        let path = format!("{folder}/{}", name.to_string_lossy());
        if root().join(&path).is_dir() {
            out.extend(pages_in(&path));
        } else if path.ends_with(".md") {
            out.push(page(&path));
        }
    }
    out.sort_by(|one, other| one.path.cmp(&other.path));
    out
}

/// A block of text between fences.
struct Fence<'a> {
    /// The words after the backquotes.
    info: Vec<&'a str>,
    /// The number of the line below the opening fence.
    line: usize,
    text: String,
}

fn fences(page: &Page) -> Vec<Fence<'_>> {
    let mut out = Vec::new();
    let mut lines = page.text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let inside = lines.by_ref().take_while(|(_, line)| *line != "```");
        out.push(Fence {
            info: info.split(' ').collect(),
            line: number + 2,
            text: inside.map(|(_, line)| format!("{line}\n")).collect(),
        });
    }
    out
}

// What the pages about deploying and about changes say.

/// The files of a release, as the fences of a page build them up.
#[derive(Debug, Clone, Default)]
struct Release {
    migrations: Vec<(String, String)>,
    config: String,
    queries: String,
    /// Other code on the same database: the path of its queries, and they.
    consumers: BTreeMap<String, String>,
}

impl Release {
    fn state(&self) -> State {
        let mut state = State::default().config(&self.config);
        for (name, text) in &self.migrations {
            state = state.file(name, text);
        }
        if !self.queries.is_empty() {
            state = state.path("queries/all.sql", &self.queries);
        }
        for (path, text) in &self.consumers {
            state = state.path(path, text);
        }
        state
    }

    fn migrate(&mut self, name: Option<&str>, text: &str) {
        let number = self.migrations.len() + 1;
        let name = name.map_or(format!("{number}_m.sql"), str::to_owned);
        self.migrations.push((name, text.to_owned()));
    }
}

/// A release that ships migrations, beside the one that runs.
struct Step {
    /// Where the page shows it.
    place: String,
    /// What the page says of it: the verdict, then the findings.
    expected: String,
    old: Release,
    new: Release,
}

/// What is run on a server, in order.
enum Act {
    /// Another group begins, on an empty database.
    Begin,
    Migrate(String),
    /// What code sends, with the error that the page names.
    Send(String, Option<String>),
}

/// The steps of a page, and what a server is asked, each with its place.
fn read(page: &Page) -> (Vec<Step>, Vec<(String, Act)>) {
    let (mut steps, mut acts): (Vec<Step>, Vec<(String, Act)>) = (Vec::new(), Vec::new());
    // What stands above the first group is so on the whole page.
    let mut of_page = Release::default();
    let (mut live, mut next) = (Release::default(), Release::default());
    let mut is_within = false;
    for fence in fences(page) {
        let place = format!("{}:{}", page.path, fence.line);
        let text = fence.text.as_str();
        let name = fence.info.get(2).copied();
        match fence.info[..fence.info.len().min(2)] {
            ["toml", "config"] if !is_within => of_page.config.push_str(text),
            ["sql", "before"] => {
                live = of_page.clone();
                live.migrate(None, text);
                next = live.clone();
                is_within = true;
                acts.push((place.clone(), Act::Begin));
                acts.push((place, Act::Migrate(text.to_owned())));
            }
            ["toml", "config"] => {
                live.config.push_str(text);
                next.config.push_str(text);
            }
            ["toml", "new"] => next.config.push_str(text),
            ["sql", "queries"] => {
                text.clone_into(&mut live.queries);
                text.clone_into(&mut next.queries);
            }
            ["sql", "new"] => text.clone_into(&mut next.queries),
            ["sql", "consumer"] => {
                let name = name.expect("a consumer has a name");
                for release in [&mut live, &mut next] {
                    let path = format!("{name}/queries.sql");
                    release.consumers.insert(path, text.to_owned());
                }
            }
            ["sql", kind @ ("migration" | "also")] => {
                next.migrate(name, text);
                if kind == "also" {
                    // The release goes on: the step before is judged with this migration.
                    let step = steps.last_mut().expect("it goes on after a migration");
                    step.new = next.clone();
                    step.expected.push_str(&said(text));
                } else {
                    let old = std::mem::replace(&mut live, next.clone());
                    steps.push(Step {
                        place: place.clone(),
                        expected: said(text),
                        old,
                        new: next.clone(),
                    });
                }
                live = next.clone();
                acts.push((place, Act::Migrate(text.to_owned())));
            }
            ["sql", kind @ ("edited" | "squash")] => {
                let name = name.expect("it says which file");
                match kind {
                    "edited" => {
                        let mut files = next.migrations.iter_mut();
                        let file = files.find(|(it, _)| it == name);
                        text.clone_into(&mut file.expect("it was applied").1);
                    }
                    // No database runs an edited file, but a new one runs the squash.
                    _ => {
                        next.migrations.clear();
                        next.migrate(Some(name), text);
                        acts.push((place.clone(), Act::Begin));
                        acts.push((place.clone(), Act::Migrate(text.to_owned())));
                    }
                }
                steps.push(Step {
                    place,
                    expected: said(text),
                    old: std::mem::replace(&mut live, next.clone()),
                    new: next.clone(),
                });
            }
            ["sql", "code"] => {
                for (statement, refusal) in sent(text) {
                    acts.push((place.clone(), Act::Send(statement, refusal)));
                }
            }
            ["toml"] => {
                // Shown only, but it has to be a configuration.
                let parsed = Config::parse("migcheck.toml", "migcheck.toml", text);
                parsed.unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            ["sql" | "toml", "file"] | ["text" | "sh" | "console" | "yaml" | "dockerfile", ..] => {}
            ref other => panic!("{place}: unknown fence {other:?}"),
        }
    }
    (steps, acts)
}

/// The verdict and the findings that a migration's comment names.
fn said(migration: &str) -> String {
    let mut lines = migration.lines();
    let line = lines.find_map(|line| line.strip_prefix("-- verdict: "));
    line.unwrap_or_default().to_owned()
}

/// The statements of a text, each with the error that the comment after it names.
fn sent(text: &str) -> Vec<(String, Option<String>)> {
    let mut out = Vec::new();
    let mut statement = String::new();
    for line in text.lines() {
        let (code, comment) = match line.split_once("; -- ") {
            Some((code, comment)) => (format!("{code};"), Some(comment.trim())),
            None => (line.to_owned(), None),
        };
        let _ = writeln!(statement, "{code}");
        if code.ends_with(';') {
            let is_error = |it: &&str| {
                let code = it.split(' ').next().unwrap_or_default();
                code.len() == 5
                    && code
                        .bytes()
                        .all(|it| it.is_ascii_digit() || it.is_ascii_uppercase())
            };
            let refusal = comment.filter(is_error).map(str::to_owned);
            out.push((std::mem::take(&mut statement), refusal));
        }
    }
    assert_eq!(statement.trim(), "", "a statement ends with `;`");
    out
}

/// The verdict, and what counts of the findings, in the words of the comments.
fn told(report: &ProjectReport) -> String {
    let verdict = report.summary.verdict.expect("a change has one verdict");
    let counting = report.findings.iter().filter(|it| it.suppressed.is_none());
    let found: BTreeSet<(std::cmp::Reverse<Severity>, &str)> = counting
        .map(|it| (std::cmp::Reverse(it.severity), it.rule))
        .collect();
    let found: Vec<String> = found
        .iter()
        .map(|(severity, rule)| format!("{} {rule}", severity.0.as_str()))
        .collect();
    match found.is_empty() {
        true => verdict.as_str().to_owned(),
        false => format!("{}; {}", verdict.as_str(), found.join(", ")),
    }
}

fn pages_of_steps() -> Vec<Page> {
    let mut pages = pages_in("docs/deploy");
    pages.push(page("docs/changes.md"));
    pages
}

#[test]
fn every_step_has_the_verdict_and_the_findings_that_its_page_names() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for page in pages_of_steps() {
        for step in read(&page).0 {
            let found = told(&judge(&[("old", &step.old.state())], &step.new.state()));
            judged += 1;
            if found != step.expected {
                let (place, expected) = (step.place, step.expected);
                wrong.push(format!("{place}: says `{expected}`, is `{found}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > 60, "only {judged} steps are there");
}

/// Runs a text, and makes the roles that it takes for granted: they belong to the whole server.
fn run(database: &Database, text: &str) -> Result<String, Refusal> {
    loop {
        let answer = database.run(text);
        let Err(refusal) = &answer else { return answer };
        let missing = refusal.message.strip_prefix("role \"");
        match missing.and_then(|it| it.strip_suffix("\" does not exist")) {
            Some(role) => database
                .run(&format!("CREATE ROLE {role}"))
                .expect("it can be made"),
            None => return answer,
        };
    }
}

#[test]
fn a_server_runs_every_migration_and_answers_code_as_the_pages_say() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for page in pages_of_steps() {
        let mut server = None;
        for (place, act) in read(&page).1 {
            if let Act::Begin = act {
                server = database();
            }
            let Some(server) = &server else { return };
            let (text, expected) = match act {
                Act::Begin => continue,
                Act::Migrate(text) if text.starts_with("-- no-transaction") => (text, None),
                Act::Migrate(text) => (format!("BEGIN;\n{text}\nCOMMIT;"), None),
                Act::Send(text, refusal) => (text, refusal),
            };
            asked += 1;
            let found = match run(server, &text) {
                Ok(_) => None,
                Err(refusal) => Some(format!("{} {}", refusal.code, refusal.message)),
            };
            if found != expected {
                let text = text.trim();
                wrong.push(format!("{place}: says {expected:?}, is {found:?}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked > 100, "only {asked} texts are there");
}

/// What docs/changes.md says of the rows that a statement leaves alone or writes again.
#[test]
fn statements_rewrite_a_table_where_the_page_says_so() {
    let Some(server) = database() else { return };
    let made = "CREATE TYPE mood AS ENUM ('x', 'y');
        CREATE TABLE t (a integer, b varchar(10), c numeric(5,2), d mood);
        INSERT INTO t VALUES (1, 'b', 1, 'x');";
    server.run(made).expect("the table is made");
    let node = || {
        server
            .run("SELECT pg_relation_filenode('t')")
            .expect("it has one")
    };
    for (statement, rewrites) in [
        (
            "ALTER TABLE t ADD COLUMN e text NOT NULL DEFAULT 'new'",
            false,
        ),
        (
            "ALTER TABLE t ADD COLUMN f timestamptz DEFAULT now()",
            false,
        ),
        (
            "ALTER TABLE t ADD COLUMN g uuid DEFAULT gen_random_uuid()",
            true,
        ),
        ("ALTER TABLE t ALTER COLUMN b TYPE varchar(20)", false),
        ("ALTER TABLE t ALTER COLUMN b TYPE text", false),
        ("ALTER TABLE t ALTER COLUMN c TYPE numeric(8,2)", false),
        ("ALTER TABLE t ALTER COLUMN a TYPE bigint", true),
        (
            "CREATE TYPE tune AS ENUM ('x'); ALTER TABLE t ALTER COLUMN d TYPE tune USING d::text::tune",
            true,
        ),
    ] {
        let before = node();
        server.run(statement).expect("it runs");
        assert_eq!(before != node(), rewrites, "{statement}");
    }
}

/// What docs/changes.md says of the locks that spare a large table.
#[test]
fn statements_take_the_locks_that_the_page_counts_on() {
    let Some(server) = database() else { return };
    let made = "CREATE TABLE u (id integer PRIMARY KEY); CREATE TABLE t (a integer, b integer);
        ALTER TABLE t ADD CONSTRAINT a_is CHECK (a IS NOT NULL) NOT VALID;
        ALTER TABLE t ADD CONSTRAINT b_of FOREIGN KEY (b) REFERENCES u NOT VALID;";
    server.run(made).expect("the tables are made");
    // Code reads and writes beside this lock.
    for name in ["a_is", "b_of"] {
        let asked = format!(
            "BEGIN; ALTER TABLE t VALIDATE CONSTRAINT {name};
             SELECT string_agg(mode, ' ') FROM pg_locks WHERE relation = 't'::regclass AND mode LIKE '%Exclusive%';
             COMMIT;"
        );
        assert_eq!(
            server.run(&asked).expect("it runs"),
            "ShareUpdateExclusiveLock"
        );
    }
    // A valid check spares the scan under the exclusive lock.
    for (column, scans) in [("a", "0"), ("b", "1")] {
        let asked = format!(
            "BEGIN; ALTER TABLE t ALTER COLUMN {column} SET NOT NULL;
             SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 't'; COMMIT;"
        );
        assert_eq!(server.run(&asked).expect("it runs"), scans, "{column}");
    }
}

/// What docs/deploy/start-up.md says of instances that wait for the lock of the tool.
#[test]
fn index_is_not_built_beside_those_that_wait_for_an_advisory_lock() {
    let Some(server) = database() else { return };
    server
        .run("CREATE TABLE t (a integer)")
        .expect("it is made");
    let until = |what: &str| {
        format!(
            "DO $$ BEGIN
               WHILE NOT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
                 WHERE locktype = 'advisory' AND {what} AND datname = current_database())
               LOOP PERFORM pg_sleep(0.02); END LOOP;
             END $$;"
        )
    };
    let first = format!(
        "SELECT pg_advisory_lock(7); {} CREATE INDEX CONCURRENTLY i ON t (a);",
        until("NOT granted")
    );
    let second = format!("{} SELECT pg_advisory_lock(7);", until("granted"));
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| server.run(&first));
        let second = server.run(&second);
        (first.join().expect("it ends"), second)
    });
    let refused: Vec<Refusal> = [first.err(), second.err()].into_iter().flatten().collect();
    let codes: Vec<&str> = refused.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["40P01"], "{refused:?}");
}

// What the pages that show a terminal say.

/// Runs a command of a page as a shell does, in a repository of the page.
fn in_shell(repository: &TestRepository, command: &str) -> String {
    let own = program(repository.root(), &[]);
    let folder = Path::new(own.get_program())
        .parent()
        .expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let date = "2024-01-01T00:00:00Z";
    let mut shell = std::process::Command::new("sh");
    shell.env_clear().current_dir(repository.root());
    // What keeps the user and the machine out of git keeps them out of the hook too.
    let known = git_command(repository.root());
    for (name, value) in known.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let output = shell
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .output()
        .expect("there is a shell");
    let text = String::from_utf8(output.stdout).expect("it prints UTF-8");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// Whether the lines are those that are shown, where `…` stands for any number of them.
fn is_shown(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"…", rest)) => (0..=printed.len()).any(|at| is_shown(rest, &printed[at..])),
        Some((line, rest)) => printed.first() == Some(line) && is_shown(rest, &printed[1..]),
    }
}

/// What the commands of a page print otherwise than the page shows.
fn wrongly_shown(page: &Page) -> Vec<String> {
    let repository = TestRepository::new();
    let mut wrong = Vec::new();
    let mut run = 0;
    for fence in fences(page) {
        match fence.info[..] {
            [_, "file", path] => {
                repository.write(path, &fence.text);
            }
            ["console"] => {
                let commands = fence.text.split("$ ").collect::<Vec<_>>();
                assert_eq!(commands[0], "", "{}:{}", page.path, fence.line);
                for text in fence.text[2..].split("\n$ ") {
                    let (command, shown) = text.split_once('\n').unwrap_or((text, ""));
                    let printed = in_shell(&repository, command);
                    let shown: Vec<&str> = shown.lines().collect();
                    let lines: Vec<&str> = printed.lines().collect();
                    run += 1;
                    if !is_shown(&shown, &lines) {
                        let place = format!("{}:{}", page.path, fence.line);
                        wrong.push(format!("{place}: $ {command}\n{printed}"));
                    }
                }
            }
            _ => {}
        }
    }
    assert!(run > 0, "{} shows no command", page.path);
    wrong
}

#[test]
fn whoever_reads_a_page_sees_the_name_of_a_file() {
    let mut pages = pages_of_steps();
    pages.push(page("docs/tour.md"));
    for page in pages {
        let lines: Vec<&str> = page.text.lines().collect();
        for fence in fences(&page) {
            let (kind, name) = (fence.info.get(1), fence.info.get(2));
            let is_query = matches!(kind, Some(&("new" | "consumer")));
            if let Some(name) = name.filter(|_| !is_query) {
                // The words after the backquotes are for the tests: a reader sees the paragraph above.
                let above = lines[..fence.line - 2].iter().rev().skip(1);
                let above: Vec<&str> = above.take_while(|it| !it.is_empty()).copied().collect();
                let is_said = above.iter().any(|it| it.contains(&format!("`{name}`")));
                assert!(
                    is_said,
                    "{}:{}: nothing says `{name}`",
                    page.path, fence.line
                );
            }
        }
    }
}

#[test]
fn terminals_show_what_the_program_prints() {
    let mut wrong = Vec::new();
    for path in ["docs/tour.md", "docs/deploy/several-services.md"] {
        wrong.extend(wrongly_shown(&page(path)));
    }
    assert!(wrong.is_empty(), "otherwise:\n{}", wrong.join("\n"));
}

// Links and contents.

/// The text of a page without blocks and without what stands in backquotes.
fn prose(page: &Page) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for line in page.text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            let outside = line.split('`').step_by(2);
            out.extend(outside.chain(["\n"]));
        }
    }
    out
}

/// The names by which a page's headings are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) else {
            continue;
        };
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter_map(|it| match it {
            ' ' => Some('-'),
            it if it.is_alphanumeric() || matches!(it, '-' | '_') => Some(it),
            _ => None,
        });
        let name: String = kept.collect();
        let mut numbered = name.clone();
        let mut number = 0;
        while !out.insert(numbered.clone()) {
            number += 1;
            numbered = format!("{name}-{number}");
        }
    }
    out
}

/// The path that a link of a page means, from the root.
fn target(page: &str, link: &str) -> PathBuf {
    let folder = Path::new(page).parent().expect("a page lies in a folder");
    let mut out = PathBuf::new();
    for part in folder.join(link).components() {
        match part {
            Component::ParentDir => assert!(out.pop(), "{page}: {link} leaves the repository"),
            part => out.push(part),
        }
    }
    out
}

fn links(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link)
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut pages = pages_in("docs");
    pages.extend(pages_in("rules"));
    let top = [
        "README.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
    ];
    pages.extend(top.map(page));
    let mut wrong = Vec::new();
    let mut followed = 0;
    for page in &pages {
        for link in links(&prose(page)) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = match file {
                "" => PathBuf::from(&page.path),
                file => target(&page.path, file),
            };
            followed += 1;
            let is_there = match fs::read_to_string(root().join(&path)) {
                Ok(text) => anchor.is_empty() || anchors(&text).contains(anchor),
                Err(_) => anchor.is_empty() && root().join(&path).is_dir(),
            };
            if !is_there {
                wrong.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(wrong.is_empty(), "dead links:\n{}", wrong.join("\n"));
    assert!(followed > 100, "only {followed} links are there");
}

#[test]
fn contents_of_the_book_name_every_page_once() {
    let contents = page("docs/SUMMARY.md");
    let mut named: Vec<String> = links(&contents.text)
        .into_iter()
        .map(str::to_owned)
        .collect();
    named.sort();
    let mut there: Vec<String> = pages_in("docs")
        .iter()
        .filter_map(|page| page.path.strip_prefix("docs/"))
        .filter(|path| *path != "SUMMARY.md")
        .map(str::to_owned)
        .collect();
    there.sort();
    assert_eq!(named, there);
}

#[test]
fn index_of_the_book_links_to_every_page() {
    let index = page("docs/README.md");
    let named: BTreeSet<&str> = links(&index.text).into_iter().collect();
    for page in pages_in("docs") {
        let path = page.path.strip_prefix("docs/").expect("it lies there");
        if !matches!(path, "README.md" | "SUMMARY.md") {
            assert!(
                named.contains(path),
                "docs/README.md does not link to {path}"
            );
        }
    }
}
