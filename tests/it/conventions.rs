//! What this project agreed on about its own sources, so that nobody has to remember it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use migcheck::discover::{Config, VARIABLES};
use migcheck::{KEY_NAMES, Layout, RULES};

use crate::cli::program;

/// A source file of the program: its path from `src/` and its text without the tests at its end.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| match place.strip_suffix('/') {
            Some(folder) => {
                self.path.starts_with(place) || self.path.strip_suffix(".rs") == Some(folder)
            }
            None => self.path == *place,
        })
    }

    /// The lines of code that name one of `words`, as `path:line: text`.
    fn lines_with(&self, words: &[&str]) -> Vec<String> {
        self.text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
            .map(|(at, line)| format!("src/{}:{}: {}", self.path, at + 1, line.trim()))
            .collect()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files_below(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// All sources but those that are only tests.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    files_below(&root().join("src"), &mut files);
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source is text");
            let text = text
                .split("\n#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or("")
                .to_owned();
            let path = path
                .strip_prefix(root().join("src"))
                .expect("it lies there");
            Source {
                path: path.to_string_lossy().replace('\\', "/"),
                text,
            }
        })
        .collect()
}

/// No source outside of `places` names one of `words`.
fn assert_only_in(places: &[&str], words: &[&str]) {
    let sources = sources();
    let outside = sources.iter().filter(|source| !source.is_in(places));
    let found: Vec<String> = outside
        .flat_map(|source| source.lines_with(words))
        .collect();
    assert!(
        found.is_empty(),
        "only {places:?} may name {words:?}:\n{}",
        found.join("\n")
    );
}

#[test]
fn only_the_readers_of_sql_name_the_parser() {
    assert_only_in(&["sql/", "bind/"], &["sqlparser"]);
}

#[test]
fn only_the_version_graph_names_the_graph_library() {
    assert_only_in(&["history/graph.rs"], &["petgraph"]);
}

#[test]
fn only_discover_reads_the_disk_and_starts_processes() {
    // The check reads two configuration files that the command line names, the program others, and a
    // connection the password file and certificates.
    assert_only_in(
        &[
            "discover/",
            "check.rs",
            "cli/file.rs",
            "live/system.rs",
            "live/driver/tls.rs",
        ],
        &[
            "std::fs",
            "fs::read",
            "File::open",
            "std::process::Command",
            "Command::new",
        ],
    );
}

#[test]
fn only_the_program_and_discover_ask_the_environment_or_print() {
    assert_only_in(
        &["cli/", "main.rs", "discover/"],
        &["std::env::", "env::var"],
    );
    assert_only_in(
        &["cli/", "main.rs"],
        &["println!", "eprintln!", "print!(", "dbg!("],
    );
}

#[test]
fn domain_types_are_not_serialisable() {
    assert_only_in(
        &["report/", "discover/", "cli/", "contract/file.rs", "live/"],
        &["Serialize", "Deserialize", "serde::"],
    );
}

#[test]
fn nothing_says_todo() {
    // Put together, so that this file does not hold what it looks for.
    let holes = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    assert_only_in(&[], &holes.each_ref().map(String::as_str));
}

#[test]
fn only_the_program_uses_anyhow() {
    assert_only_in(&["cli/", "main.rs"], &["anyhow::"]);
}

/// The flow of DESIGN: discover, sql, history, analysis, rules, findings, report; no arrow back.
#[test]
fn rooms_do_not_look_back() {
    for (room, later) in [
        (
            "source.rs",
            &[
                "discover", "sql", "schema", "history", "analysis", "rules", "findings", "report",
                "check",
            ][..],
        ),
        (
            "schema/",
            &[
                "discover", "sql", "history", "analysis", "rules", "findings", "report", "check",
            ],
        ),
        (
            "sql/",
            &[
                "discover", "history", "analysis", "rules", "findings", "report", "check",
            ],
        ),
        (
            "discover/",
            &[
                "history", "analysis", "rules", "findings", "report", "check",
            ],
        ),
        (
            "history/",
            &["analysis", "rules", "findings", "report", "check"],
        ),
        ("analysis/", &["rules", "findings", "report", "check"]),
        ("rules/", &["findings", "report", "check"]),
        ("findings/", &["report", "check"]),
        ("report/", &["check"]),
    ] {
        for source in sources().iter().filter(|source| source.is_in(&[room])) {
            let words: Vec<String> = later.iter().map(|it| format!("crate::{it}")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let found = source.lines_with(&words);
            assert!(found.is_empty(), "{room} looks back:\n{}", found.join("\n"));
        }
    }
}

#[test]
fn every_source_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "src/{}", source.path);
    }
}

#[test]
fn every_rule_has_a_page_and_a_module_and_nothing_else_lies_there() {
    let names: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    let stems = |folder: &str, extension: &str| -> BTreeSet<String> {
        let mut files = Vec::new();
        files_below(&root().join(folder), &mut files);
        files
            .iter()
            .filter(|path| path.extension().is_some_and(|it| it == extension))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .filter(|stem| !matches!(stem.as_str(), "mod" | "tests"))
            .collect()
    };
    assert_eq!(stems("rules", "md"), names);
    assert_eq!(stems("src/rules", "rs"), names);
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("the README is there")
}

#[test]
fn readme_lists_each_rule_with_the_sentence_of_its_page() {
    let readme = readme();
    let listed: Vec<&str> = readme
        .lines()
        .filter(|line| line.contains("](rules/"))
        .collect();
    let expected: Vec<String> = RULES
        .iter()
        .map(|rule| {
            let (name, class) = (rule.name, rule.class.as_str());
            let sentence = rule.page.lines().nth(2).unwrap_or_default();
            format!("| [{name}](rules/{name}.md) | {class} | {sentence} |")
        })
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn page_of_the_layouts_has_each_of_them() {
    let page = fs::read_to_string(root().join("docs/layouts.md")).expect("the page is there");
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let all: Vec<&str> = Layout::ALL.iter().map(|layout| layout.as_str()).collect();
    assert_eq!(listed, all);
}

#[test]
fn readme_shows_what_the_program_prints() {
    let readme = readme();
    for (command, code) in [
        ("check fixtures/rename_column --since 2", 1),
        (
            "explain fixtures/rename_column/migrations/0003_rename_nickname.sql",
            0,
        ),
    ] {
        let line = format!("$ cargo run --quiet -- {command}\n");
        let (_, rest) = readme.split_once(&line).expect("the README has the demo");
        let (shown, _) = rest.split_once("```").expect("the fence is closed");
        let arguments: Vec<&str> = command.split(' ').collect();
        let output = program(root(), &arguments)
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(code));
        let printed = [output.stderr, output.stdout].concat();
        let printed = String::from_utf8(printed).expect("it prints UTF-8");
        // Without git, paths begin at the folder asked for.
        let plain = |text: &str| -> Vec<String> {
            text.lines()
                .map(|line| {
                    let line = line.trim_end().replace("fixtures/rename_column/", "");
                    line.replace("migrations/", "")
                })
                .collect()
        };
        assert_eq!(plain(shown), plain(&printed), "{command}");
    }
}

/// The tour is run as it is written (`book.rs`), so what the README takes from it is true.
#[test]
fn readme_shows_the_first_commands_as_the_tour_does() {
    let readme = readme();
    let (_, section) = readme
        .split_once("## In three commands\n")
        .expect("the README has the first commands");
    let (_, block) = section.split_once("```console\n").expect("they are shown");
    let (block, _) = block.split_once("```").expect("the fence is closed");
    let tour = std::fs::read_to_string(root().join("docs/tour.md")).expect("there is a tour");
    let commands: Vec<&str> = block.split("$ ").filter(|it| !it.is_empty()).collect();
    assert_eq!(commands.len(), 3);
    assert_eq!(commands[0], "cargo install --locked --path ../migcheck\n");
    for command in &commands[1..] {
        assert!(tour.contains(&format!("$ {command}")), "{command}");
    }
}

#[test]
fn rule_names_say_what_happened_to_which_object() {
    for rule in RULES {
        let name = rule.name;
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{name}"
        );
        assert!(
            !name.starts_with("ban_") && !name.starts_with("no_"),
            "{name}"
        );
    }
}

#[test]
fn every_dependency_says_why() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is there");
    let mut in_dependencies = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        } else if in_dependencies && line.contains(" = ") {
            assert!(line.contains(" # "), "no reason: {line}");
        }
    }
}

#[test]
fn every_variable_of_its_own_is_in_the_reference() {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for source in sources() {
        for part in source.text.split("MIGCHECK_").skip(1) {
            let is_of_name = |it: &char| it.is_ascii_uppercase() || *it == '_';
            let name: String = part.chars().take_while(is_of_name).collect();
            if !name.is_empty() {
                named.insert(format!("MIGCHECK_{name}"));
            }
        }
    }
    let listed = VARIABLES.iter().map(|(name, _)| (*name).to_owned());
    assert_eq!(named, listed.collect::<BTreeSet<String>>());
}

#[test]
fn keys_with_an_option_have_it() {
    let output = program(root(), &["check", "--help"]).output();
    let help = String::from_utf8(output.expect("the program runs").stdout).expect("UTF-8");
    for names in KEY_NAMES {
        assert!(
            help.contains(&format!("{} ", names.option)),
            "{}",
            names.option
        );
        if let Some(variable) = names.variable {
            assert!(help.contains(variable), "{variable}");
        }
    }
}

#[test]
fn configurations_of_the_readme_and_the_pages_are_read() {
    let mut files = Vec::new();
    files_below(&root().join("docs"), &mut files);
    files.push(root().join("README.md"));
    let mut count = 0;
    for path in files {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for fence in text.split("```toml\n").skip(1) {
            let fence = fence.split("```").next().unwrap_or_default();
            // Contracts, baselines and build files are TOML too.
            let is_other = [
                "[[accepted]]",
                "contract = ",
                "counted_since = ",
                "[package",
            ];
            if is_other.iter().any(|it| fence.contains(it)) {
                continue;
            }
            let name = path.display().to_string();
            if let Err(error) = Config::parse("migcheck.toml", &name, fence) {
                panic!("{error}\n{fence}");
            }
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}
