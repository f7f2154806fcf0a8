//! The projects of each layout in `fixtures/layouts`, against what was written beside them by hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use migcheck::discover::{
    Migration, MigrationText, Overrides, Project, TransactionScope, Tree, Unit, discover,
};
use migcheck::report::ProjectReport;
use migcheck::{Options, check_trees};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/layouts")
}

/// The folders below `within` that say what is expected of them.
fn folders(within: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(within)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.join("expected.toml").is_file() && !path.ends_with("several"))
        .collect();
    out.sort();
    out
}

fn expected(folder: &Path) -> toml::Table {
    let text = fs::read_to_string(folder.join("expected.toml")).expect("it can be read");
    text.parse().expect("it is TOML")
}

fn entries<'a>(table: &'a toml::Table, key: &str) -> Vec<&'a toml::Value> {
    let list = table.get(key).and_then(toml::Value::as_array);
    list.into_iter().flatten().collect()
}

fn text<'a>(entry: &'a toml::Value, key: &str) -> &'a str {
    entry.get(key).and_then(toml::Value::as_str).unwrap_or("")
}

/// The project without what is there for the test alone.
fn tree(folder: &Path) -> Tree {
    Tree::folder(folder)
}

fn transaction(scope: TransactionScope) -> &'static str {
    match scope {
        TransactionScope::File => "file",
        TransactionScope::Run => "run",
        TransactionScope::None => "none",
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Statement => "statement",
        Unit::WholeText => "whole-text",
    }
}

/// One line for a migration as it was read.
fn found_line(migration: &Migration, statements: usize, is_versioned: bool) -> String {
    let statements = match migration.up {
        MigrationText::Read(_) => statements.to_string(),
        MigrationText::Unreadable(_) => "unread".to_owned(),
    };
    format!(
        "{} {:?} {} {} {} down={} statements={statements}",
        if is_versioned { &migration.version } else { "" },
        migration.name,
        migration.path,
        transaction(migration.transaction),
        unit(migration.unit),
        migration.down.is_some(),
    )
}

fn expected_line(entry: &toml::Value) -> String {
    let statements = match entry.get("statements").and_then(toml::Value::as_integer) {
        Some(count) => count.to_string(),
        None => "unread".to_owned(),
    };
    format!(
        "{} {:?} {} {} {} down={} statements={statements}",
        text(entry, "version"),
        text(entry, "name"),
        text(entry, "path"),
        text(entry, "transaction"),
        text(entry, "unit"),
        entry
            .get("down")
            .and_then(toml::Value::as_bool)
            .unwrap_or(false),
    )
}

/// The reports of a folder, every migration being new.
fn reports(folder: &Path) -> Vec<ProjectReport> {
    check_trees(&Options::default(), &tree(folder), &[])
        .expect("the project can be judged")
        .projects
}

/// What is wrong with the lists, one line each.
fn compare(what: &str, expected: &[String], found: &[String], out: &mut Vec<String>) {
    for line in expected.iter().filter(|line| !found.contains(line)) {
        out.push(format!("{what}: expected {line}"));
    }
    for line in found.iter().filter(|line| !expected.contains(line)) {
        out.push(format!("{what}: found    {line}"));
    }
    if out.is_empty() && expected != found {
        out.push(format!("{what}: in another order: {found:?}"));
    }
}

fn differences(folder: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let expected = expected(folder);
    let mut projects: Vec<Project> = match discover(&tree(folder), &Overrides::default()) {
        Ok(found) => found.projects,
        Err(error) => return vec![format!("not found: {error}")],
    };
    if projects.len() != 1 {
        let found: Vec<&str> = projects.iter().map(|it| it.folder.as_str()).collect();
        return vec![format!("several projects: {found:?}")];
    }
    let project = projects.remove(0);
    for (key, found) in [
        ("layout", project.layout.as_str()),
        ("dialect", project.dialect.as_str()),
    ] {
        let wanted = expected.get(key).and_then(toml::Value::as_str);
        if wanted.is_some_and(|wanted| wanted != found) {
            out.push(format!("{key}: expected {wanted:?}, found {found}"));
        }
    }
    let report = reports(folder).remove(0);
    let migrations = entries(&expected, "migration");
    if !migrations.is_empty() {
        let lines: Vec<String> = migrations.iter().map(|it| expected_line(it)).collect();
        let found: Vec<String> = project
            .migrations
            .iter()
            .zip(&report.steps)
            .enumerate()
            .map(|(at, (migration, step))| {
                let is_versioned = migrations
                    .get(at)
                    .is_none_or(|it| !text(it, "version").is_empty());
                // Commands to the client reach no server.
                let text = migration.up.text().unwrap_or_default();
                let is_sent = |span: migcheck::source::Span| {
                    let statement = span.of(text).to_ascii_uppercase();
                    !statement.starts_with('\\') && !statement.starts_with("DELIMITER")
                };
                let sent = step.statements.iter().filter(|it| is_sent(it.span)).count();
                found_line(migration, sent, is_versioned)
            })
            .collect();
        compare("migration", &lines, &found, &mut out);
    }
    // What the server said of each down part: the dump before the up part against that after both.
    let is_false = |it: &&&toml::Value| it.get("restores").is_some_and(|it| *it == false.into());
    let mut not_restored: Vec<String> = migrations
        .iter()
        .filter(is_false)
        .map(|it| text(it, "path").to_owned())
        .collect();
    let mut found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "down_differs")
        .map(|finding| report.files[finding.migration].path.to_string())
        .collect();
    not_restored.sort();
    found.sort();
    compare("down part", &not_restored, &found, &mut out);
    let ignored: Vec<&str> = entries(&expected, "ignored")
        .iter()
        .map(|it| text(it, "path"))
        .collect();
    for path in ignored {
        // A folder stands for what lies in it.
        let is_said = project
            .ignored
            .iter()
            .any(|it| it.path == path || (it.path.ends_with('/') && path.starts_with(&it.path)));
        if !is_said && path.ends_with(".sql") {
            out.push(format!("ignored: {path} is not said"));
        }
        if project.migrations.iter().any(|it| it.path == path) {
            out.push(format!("ignored: {path} is a migration"));
        }
    }
    let placeholders = entries(&expected, "placeholder");
    let unknown = placeholders.iter().any(|it| it.get("value").is_none());
    let is_said = report
        .notices
        .iter()
        .any(|it| it.contains("no known value"));
    if !placeholders.is_empty() && is_said != unknown {
        out.push(format!(
            "placeholders: unknown ones {unknown}, said {is_said}"
        ));
    }
    for placeholder in placeholders {
        let value = text(placeholder, "value");
        let sent = |it: &Migration| it.up.sent().is_some_and(|sent| sent.contains(value));
        if !project.migrations.iter().any(sent) {
            out.push(format!("placeholders: `{value}` is never sent"));
        }
    }
    let wanted = entries(&expected, "finding");
    if !wanted.is_empty() {
        let mut lines: Vec<String> = wanted
            .iter()
            .map(|it| {
                let line = it
                    .get("line")
                    .and_then(toml::Value::as_integer)
                    .unwrap_or(1);
                format!("{} {}:{line}", text(it, "rule"), text(it, "path"))
            })
            .collect();
        lines.sort();
        let mut found: Vec<String> = report
            .findings
            .iter()
            .filter(|it| LAYOUT_RULES.contains(&it.rule))
            .map(|finding| {
                let file = &report.files[finding.migration];
                let line = finding.span.map_or(1, |it| file.position(it.start).line);
                format!("{} {}:{line}", finding.rule, file.path)
            })
            .collect();
        found.sort();
        compare("finding", &lines, &found, &mut out);
    }
    out
}

/// Rules about what follows from the layout.
const LAYOUT_RULES: [&str; 6] = [
    "marker_misplaced",
    "migration_skipped",
    "transaction_forbidden",
    "version_duplicated",
    "version_gap",
    "version_late",
];

#[test]
fn several_projects_are_found_each_with_its_own_layout() {
    let folder = fixtures().join("several");
    let projects = discover(&tree(&folder), &Overrides::default())
        .expect("they are found")
        .projects;
    let found: Vec<String> = projects
        .iter()
        .map(|it| {
            let versions: Vec<&str> = it.migrations.iter().map(|it| it.version.as_str()).collect();
            let (layout, dialect) = (it.layout.as_str(), it.dialect.as_str());
            format!("{} {layout} {dialect} {versions:?}", it.folder)
        })
        .collect();
    let expected = expected(&folder);
    let expected: Vec<String> = entries(&expected, "project")
        .iter()
        .map(|it| {
            let versions = it.get("versions").and_then(toml::Value::as_array);
            let versions: Vec<&str> = versions
                .into_iter()
                .flatten()
                .filter_map(toml::Value::as_str)
                .collect();
            let (layout, dialect) = (text(it, "layout"), text(it, "dialect"));
            format!("{} {layout} {dialect} {versions:?}", text(it, "folder"))
        })
        .collect();
    assert_eq!(found, expected);
}

fn assert_no_differences(within: &Path) {
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let folders = folders(within);
    assert!(!folders.is_empty(), "there are fixtures");
    for folder in folders {
        let found = differences(&folder);
        if !found.is_empty() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            wrong.insert(name.into_owned(), found);
        }
    }
    let report: Vec<String> = wrong
        .iter()
        .map(|(name, lines)| format!("{name}\n  {}", lines.join("\n  ")))
        .collect();
    assert!(wrong.is_empty(), "{}", report.join("\n"));
}

#[test]
fn each_tools_folder_is_read_as_the_tool_reads_it() {
    assert_no_differences(&fixtures());
}

#[test]
fn what_follows_from_the_layout_alone_is_found() {
    assert_no_differences(&fixtures().join("trouble"));
}

/// The files of a folder by path.
fn files(folder: &Path, below: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(below).expect("the folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files(folder, &path, out);
        } else {
            let name = path.strip_prefix(folder).expect("it lies there");
            let name = name.to_string_lossy().replace('\\', "/");
            out.insert(name, fs::read(&path).expect("it can be read"));
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// A file cut off, a line lost, doubled or moved in, odd characters put in: whatever becomes of a
/// project, it is read, or refused with words.
#[test]
fn no_mutated_project_makes_the_program_panic() {
    const ODD: [&str; 14] = [
        "é", "\u{feff}", "'", "\"", "$$", "${", "{{", "--", "/*", ":", "\r\n", "🦀", "]", "\0",
    ];
    let mut dice = Dice(20_251_125);
    let mut projects = folders(&fixtures());
    projects.extend(folders(&fixtures().join("trouble")));
    for folder in projects {
        let mut original = BTreeMap::new();
        files(&folder, &folder, &mut original);
        let names: Vec<String> = original.keys().cloned().collect();
        for _ in 0..12 {
            let mut mutated = original.clone();
            for _ in 0..=dice.below(3) {
                let name = &names[dice.below(names.len())];
                let Some(bytes) = mutated.get(name).cloned() else {
                    continue;
                };
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                let at = dice.below(lines.len());
                let changed = match dice.below(6) {
                    0 => bytes[..dice.below(bytes.len())].to_vec(),
                    1 if !lines.is_empty() => {
                        lines.remove(at);
                        lines.concat().into_bytes()
                    }
                    2 if !lines.is_empty() => {
                        lines.insert(at, lines[dice.below(lines.len())]);
                        lines.concat().into_bytes()
                    }
                    3 => {
                        mutated.remove(name);
                        continue;
                    }
                    4 => {
                        let odd = ODD[dice.below(ODD.len())];
                        let cut = name.rfind('/').map_or(0, |at| at + 1);
                        let renamed = format!("{}{odd}{}", &name[..cut], &name[cut..]);
                        mutated.insert(renamed, bytes);
                        continue;
                    }
                    _ => {
                        let cut = dice.below(bytes.len());
                        let odd = ODD[dice.below(ODD.len())].as_bytes();
                        [&bytes[..cut], odd, &bytes[cut..]].concat()
                    }
                };
                mutated.insert(name.clone(), changed);
            }
            let tree = Tree::Memory(mutated);
            let _ = check_trees(&Options::default(), &tree, &[]);
        }
    }
}
