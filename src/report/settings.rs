//! The settings that hold, as a configuration that says the same.
//!
//! Projects that share a file are its sections; where they have several files, each part of what is
//! printed is one of them.

use crate::report::printable;

/// The settings of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSettings {
    /// The folder of its migrations, from the root of the repository.
    pub folder: String,
    /// Its configuration file, where there is one.
    pub file: Option<String>,
    /// Where its section of that file is written, where it has one.
    pub section: Option<String>,
    /// What holds, in the order of the configuration: keys of a table follow one another, tables come
    /// after keys of none, and lists of tables at the end.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The keys in `migcheck.toml` that lead to it.
    pub key: Vec<String>,
    /// The value.
    pub value: SettingValue,
    /// Where it comes from, in words.
    pub from: String,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingValue {
    /// As TOML, on one line and without what a terminal obeys.
    Text(String),
    /// Nothing holds.
    None,
    /// A table of which nothing is said.
    NoTable,
    /// An entry of a list of tables: its keys with their values as TOML.
    Entry(Vec<(String, String)>),
    /// A list of tables that has no entries.
    NoEntries,
}

/// The settings as a configuration, each with where it comes from.
pub fn settings_to_text(projects: &[ProjectSettings]) -> String {
    let mut files: Vec<&Option<String>> = projects.iter().map(|it| &it.file).collect();
    files.sort();
    files.dedup();
    let mut out = String::new();
    for file in &files {
        let here: Vec<&ProjectSettings> = projects.iter().filter(|it| it.file == **file).collect();
        let name = file.as_deref().unwrap_or("no migcheck.toml");
        if files.len() > 1 {
            out.push_str(&format!("\n# ---- {} ----\n", quiet(name)));
        }
        for project in &here {
            let folder = match project.folder.as_str() {
                "" => ".",
                folder => folder,
            };
            let told = match (&project.section, file) {
                (Some(section), _) => format!("the section at {section}"),
                (None, Some(_)) => format!("{name} is read"),
                (None, None) => name.to_owned(),
            };
            out.push_str(&format!("\n# {}/, {}\n", quiet(folder), quiet(&told)));
            // One alone is the whole file.
            let above = match here.len() > 1 || project.section.is_some() {
                true => {
                    out.push_str("[[project]]\n");
                    vec!["project".to_owned()]
                }
                false => Vec::new(),
            };
            one(project, &above, &mut out);
        }
    }
    out
}

fn one(project: &ProjectSettings, above: &[String], out: &mut String) {
    let named = |path: &[String]| {
        let path = above.iter().chain(path);
        path.map(|it| key(it)).collect::<Vec<String>>().join(".")
    };
    let line = |out: &mut String, text: String, from: &str| {
        out.push_str(&format!("{text:40}  # {}\n", quiet(from)));
    };
    let mut table: &[String] = &[];
    for it in &project.settings {
        let Some((last, path)) = it.key.split_last() else {
            continue;
        };
        match &it.value {
            SettingValue::NoTable => {
                out.push('\n');
                line(out, format!("# [{}]", named(&it.key)), &it.from);
                continue;
            }
            SettingValue::NoEntries => {
                out.push('\n');
                line(out, format!("# [[{}]]", named(&it.key)), &it.from);
                continue;
            }
            SettingValue::Entry(pairs) => {
                out.push('\n');
                line(out, format!("[[{}]]", named(&it.key)), &it.from);
                for (name, value) in pairs {
                    out.push_str(&format!("{} = {value}\n", key(name)));
                }
                continue;
            }
            SettingValue::Text(_) | SettingValue::None => {}
        }
        if path != table {
            out.push_str(&format!("\n[{}]\n", named(path)));
            table = path;
        }
        match &it.value {
            SettingValue::Text(value) => {
                line(out, format!("{} = {value}", key(last)), &it.from);
            }
            _ => line(out, format!("# {}", key(last)), &it.from),
        }
    }
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let is_bare = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-');
    match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => quiet(&toml::Value::String(name.to_owned()).to_string()),
    }
}

/// On one line, without what a terminal obeys: a comment that breaks off would say something.
fn quiet(text: &str) -> String {
    printable(text).replace(['\n', '\r'], " ")
}
