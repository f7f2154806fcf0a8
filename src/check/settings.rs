//! What a check goes by, and where each of it comes from.

use super::{New, Options, apply_options, is_known, opened};
use crate::discover::{Config, DeployMode, Named, Origin, Project, Said, discover};
use crate::error::Result;
use crate::findings::{Severity, unknown_level};
use crate::report::{ProjectSettings, Setting, SettingValue, printable};

/// The settings of every project that a check would be about.
///
/// # Errors
///
/// As [`check`](super::check): the projects could not be found or read.
pub fn settings(options: &Options) -> Result<Vec<ProjectSettings>> {
    let (target, overrides) = opened(options)?;
    let mut projects = discover(&target.tree, &overrides)?.projects;
    if projects.len() > 1 && !target.files.is_empty() {
        projects.retain(|project| target.files.iter().any(|it| is_known(project, it)));
    }
    let all = projects.into_iter().map(|mut project| {
        apply_options(options, &mut project.config)?;
        Ok(Collector::new(options, target.root(), &project).all())
    });
    all.collect()
}

/// What an option says that has no value in the configuration yet.
enum Given {
    /// As it would stand in the file.
    Value(String),
    /// It cannot stand in the file, for this reason.
    Elsewhere(String, &'static str),
}

struct Collector<'a> {
    options: &'a Options,
    root: Option<std::path::PathBuf>,
    project: &'a Project,
    config: &'a Config,
    out: Vec<Setting>,
}

/// A text as TOML, on one line.
fn text(text: &str) -> String {
    let is_plain = |it: char| printable(it.encode_utf8(&mut [0; 4])).chars().eq([it]);
    if text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(is_plain) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for it in text.chars() {
        match it {
            '"' | '\\' => out.extend(['\\', it]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            it if is_plain(it) => out.push(it),
            it => out.push_str(&format!("\\U{:08X}", u32::from(it))),
        }
    }
    out.push('"');
    out
}

/// A value as TOML, on one line.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::String(it) => text(it),
        toml::Value::Array(all) => {
            let all: Vec<String> = all.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        toml::Value::Table(table) => {
            let pairs = table.iter();
            let pairs: Vec<String> = pairs
                .map(|(key, value)| format!("{} = {}", text(key), inline(value)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => value.to_string(),
    }
}

fn list<S: AsRef<str>>(all: &[S]) -> String {
    let all: Vec<String> = all.iter().map(|it| text(it.as_ref())).collect();
    format!("[{}]", all.join(", "))
}

impl<'a> Collector<'a> {
    fn new(options: &'a Options, root: Option<std::path::PathBuf>, project: &'a Project) -> Self {
        Collector {
            options,
            root,
            project,
            config: &project.config,
            out: Vec::new(),
        }
    }

    fn all(mut self) -> ProjectSettings {
        let (options, project, config) = (self.options, self.project, self.config);
        self.key("name", None, "none");
        let folder = relative_to(&config.folder, &project.folder);
        let from = match config.origin("migrations") {
            Some(from) => from.name(),
            None => "found".to_owned(),
        };
        self.push("migrations", SettingValue::Text(text(&folder)), from);
        let given = options.layout.map(|it| Given::Value(text(it.name())));
        let found = text(project.layout.name());
        self.given(
            "layout",
            "--layout",
            given,
            Some(found),
            &project.layout_evidence,
        );
        let given = options.dialect.map(|it| Given::Value(text(it.name())));
        let found = text(project.dialect.name());
        self.given(
            "dialect",
            "--dialect",
            given,
            Some(found),
            &project.dialect_evidence,
        );
        let version = |it: &crate::discover::ServerVersion| text(&it.to_string());
        let given = options.server_version.as_ref();
        let given = given.map(|it| Given::Value(version(it)));
        let evidence = project.server_version_evidence.as_deref();
        self.given(
            "server_version",
            "--server-version",
            given,
            project.server_version.as_ref().map(version),
            evidence.unwrap_or("not known"),
        );
        let given = options.schema_file.as_ref().map(|path| {
            let below = match (&self.root, path.canonicalize()) {
                (Some(root), Ok(path)) => path.strip_prefix(root).map(|it| it.to_owned()).ok(),
                _ => None,
            };
            match below {
                Some(below) => {
                    let below = below.to_string_lossy().replace('\\', "/");
                    Given::Value(text(&relative_to(&config.folder, &below)))
                }
                None => Given::Elsewhere(
                    text(&path.display().to_string()),
                    "a file outside of the repository",
                ),
            }
        });
        self.given("schema_file", "--schema-file", given, None, "none");
        let given = options.deploy.map(|it| Given::Value(text(it.name())));
        let default = Some(text(DeployMode::default().name()));
        self.given("deploy", "--deploy", given, default, "default");
        self.key("transaction", None, "that of the layout");
        self.key("unit", None, "that of the layout");
        self.table("placeholders", "none");
        self.table("custom", "for the layout `custom` only");
        self.key("history.table", None, "that of the layout");
        self.key("phased.post_deploy", None, "none");
        let given = Some(&options.live).filter(|it| !it.is_empty());
        let given = given.map(|it| Given::Value(list(it)));
        let default = match options.new {
            New::All => "none: each migration is judged by itself",
            New::SinceVersion(_) | New::SinceBase | New::SinceRevision(_) => "the base",
        };
        self.given("releases.live", "--live", given, None, default);
        let given = Some(&options.queries).filter(|it| !it.is_empty());
        let given = given.map(|it| match config.folder.as_str() {
            "" => Given::Value(list(it)),
            _ => Given::Elsewhere(list(it), "from the root of the repository"),
        });
        self.given(
            "code.queries",
            "--queries",
            given,
            None,
            "found by themselves",
        );
        self.key("code.exclude", None, "none");
        self.key("code.literals", Some("true"), "default");
        self.key("code.search_path", None, "that of the server");
        self.key("code.role", None, "nobody in particular");
        self.key("code.prepared", None, "not known, as \"none\"");
        let partial = text(crate::discover::DeclaredEvidence::default().name());
        self.key("code.evidence", Some(&partial), "default");
        self.key("code.reflection", Some("false"), "default");
        let given = Some(&options.select).filter(|it| !it.is_empty());
        let given = given.map(|it| Given::Value(list(it)));
        self.given("rules.select", "--select", given, None, "all");
        self.ignored();
        let level = match unknown_level(&Config::default()) {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        self.key("rules.unknown", Some(&text(level)), "default");
        self.table(
            "rules.severity",
            "what the break and the way of deploying make of it",
        );
        for key in ["consumer", "retired", "allow"] {
            self.entries(key);
        }
        ProjectSettings {
            folder: project.folder.clone(),
            file: config.file.clone(),
            section: config
                .origin("migrations")
                .filter(|_| config.section.is_some())
                .map(Origin::name),
            settings: self.out,
        }
    }

    fn push(&mut self, key: &str, value: SettingValue, from: String) {
        let key = key.split('.').map(str::to_owned).collect();
        self.out.push(Setting { key, value, from });
    }

    fn said(&self, key: &str) -> impl Iterator<Item = &'a Said> + use<'a> {
        let wanted: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.config.said.iter().filter(move |it| it.key == wanted)
    }

    /// A key that no option has, with what holds where nothing is said.
    fn key(&mut self, key: &str, default: Option<&str>, evidence: &str) {
        self.given(key, "", None, default.map(str::to_owned), evidence);
    }

    fn given(
        &mut self,
        key: &str,
        option: &str,
        given: Option<Given>,
        found: Option<String>,
        evidence: &str,
    ) {
        let said = self.said(key).next();
        match (given, said) {
            (Some(Given::Value(value)), _) => {
                self.push(key, SettingValue::Text(value), option.to_owned());
            }
            (Some(Given::Elsewhere(value, why)), _) => {
                let from = format!("{option} {value}, {why}");
                self.push(key, SettingValue::None, from);
            }
            (None, Some(said)) => {
                let value = SettingValue::Text(inline(&said.value));
                self.push(key, value, said.from.name());
            }
            (None, None) => {
                let value = found.map_or(SettingValue::None, SettingValue::Text);
                self.push(key, value, evidence.to_owned());
            }
        }
    }

    /// A table whose keys are free, or are said rarely.
    fn table(&mut self, table: &str, nothing: &str) {
        let path: Vec<&str> = table.split('.').collect();
        let is_in = |it: &&Said| {
            it.key.len() > path.len() && it.key.iter().zip(&path).all(|(one, other)| one == other)
        };
        let found: Vec<Setting> = self
            .config
            .said
            .iter()
            .filter(is_in)
            .map(|it| Setting {
                key: it.key.clone(),
                value: SettingValue::Text(inline(&it.value)),
                from: it.from.name(),
            })
            .collect();
        match found.is_empty() {
            true => self.push(table, SettingValue::NoTable, nothing.to_owned()),
            false => self.out.extend(found),
        }
    }

    /// `--ignore` adds to what is said.
    fn ignored(&mut self) {
        let all = &self.config.rules.ignore;
        let mut from: Vec<String> = all.iter().map(|it| it.from.name()).collect();
        from.dedup();
        let names: Vec<&str> = all.iter().map(|it| it.value.as_str()).collect();
        match names.is_empty() {
            true => self.key("rules.ignore", None, "none"),
            false => {
                let value = SettingValue::Text(list(&names));
                self.push("rules.ignore", value, from.join(", "));
            }
        }
    }

    /// A list of tables.
    fn entries(&mut self, key: &str) {
        let mut found = self.said(key).peekable();
        if found.peek().is_none() {
            return self.push(key, SettingValue::NoEntries, "none".to_owned());
        }
        for it in found {
            let pairs = it.value.as_table().into_iter().flatten();
            let pairs = pairs.map(|(key, value)| (key.clone(), inline(value)));
            self.push(key, SettingValue::Entry(pairs.collect()), it.from.name());
        }
    }
}

/// A path from the tree's root, as it is written from `folder`.
fn relative_to(folder: &str, path: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|it| !it.is_empty());
        parts.map(str::to_owned).collect()
    };
    let (from, to) = (parts(folder), parts(path));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut out = vec!["..".to_owned(); from.len() - common];
    out.extend(to[common..].iter().cloned());
    match out.is_empty() {
        true => ".".to_owned(),
        false => out.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_from_the_folder_of_the_file() {
        assert_eq!(relative_to("", "db/migrations"), "db/migrations");
        assert_eq!(relative_to("db", "db/migrations"), "migrations");
        assert_eq!(
            relative_to("services/a", "db/migrations"),
            "../../db/migrations"
        );
        assert_eq!(relative_to("db", "db"), ".");
        assert_eq!(relative_to("", ""), ".");
    }
}
