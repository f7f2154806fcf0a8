//! What a check goes by, and where each of it comes from.

use super::{New, Options, apply_options, locate, overrides};
use crate::discover::{DeclaredEvidence, Named, Project, discover};
use crate::error::Result;

/// The settings of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSettings {
    /// The folder of its migrations, from the root of the repository.
    pub folder: String,
    /// Its configuration file, where there is one.
    pub file: Option<String>,
    /// What holds, in the order of the configuration.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key in `migcheck.toml`, with its table: `code.queries`.
    pub key: &'static str,
    /// The value, as TOML; `None` where there is none.
    pub value: Option<String>,
    /// Where it comes from, in words.
    pub from: String,
}

/// The settings of every project that a check would be about.
///
/// # Errors
///
/// As [`check`](super::check): the projects could not be found or read.
pub fn settings(options: &Options) -> Result<Vec<ProjectSettings>> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    let found = discover(&target.tree, &overrides)?;
    let projects = found.projects.into_iter();
    projects.map(|project| of(options, project)).collect()
}

fn of(options: &Options, mut project: Project) -> Result<ProjectSettings> {
    apply_options(options, &mut project.config)?;
    let config = &project.config;
    let mut settings = Vec::new();
    let mut add = |key: &'static str, value: Option<String>, is_given: bool, found: &str| {
        let from = match (&config.file, is_given) {
            (_, true) => "the command line or the environment".to_owned(),
            (Some(file), false) if config.said.contains(key) => file.clone(),
            _ => found.to_owned(),
        };
        settings.push(Setting { key, value, from });
    };
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |all: &[String]| {
        let all: Vec<String> = all.iter().map(|it| text(it)).collect();
        format!("[{}]", all.join(", "))
    };
    let layout = options.layout.is_some();
    let evidence = project.layout_evidence.as_str();
    add(
        "layout",
        Some(text(project.layout.as_str())),
        layout,
        evidence,
    );
    add("migrations", Some(text(&project.folder)), false, "found");
    let evidence = project.dialect_evidence.as_str();
    let dialect = text(project.dialect.as_str());
    add(
        "dialect",
        Some(dialect),
        options.dialect.is_some(),
        evidence,
    );
    let version = project
        .server_version
        .as_ref()
        .map(|it| text(&it.to_string()));
    let evidence = project
        .server_version_evidence
        .as_deref()
        .unwrap_or("not known");
    add(
        "server_version",
        version,
        options.server_version.is_some(),
        evidence,
    );
    let deploy = text(config.deploy.name());
    add("deploy", Some(deploy), options.deploy.is_some(), "default");
    let schema = options
        .schema_file
        .as_ref()
        .map(|it| text(&it.display().to_string()));
    let is_given = schema.is_some();
    let schema = schema.or(config.schema_file.as_deref().map(text));
    add("schema_file", schema, is_given, "none");
    let transaction = config.transaction.map(|it| text(it.name()));
    add("transaction", transaction, false, "that of the layout");
    let unit = config.unit.map(|it| text(it.name()));
    add("unit", unit, false, "that of the layout");
    let live = match options.live.is_empty() {
        true => &config.live,
        false => &options.live,
    };
    let is_given = !options.live.is_empty();
    let live = Some(list(live)).filter(|_| !live.is_empty());
    let default = match options.new {
        New::All => "none: each migration is judged by itself",
        New::SinceVersion(_) | New::SinceBase | New::SinceRevision(_) => "the base",
    };
    add("releases.live", live, is_given, default);
    let code = &config.code;
    let queries = match options.queries.is_empty() {
        true => code.queries.sources(),
        false => &options.queries,
    };
    let value = Some(list(queries)).filter(|_| !queries.is_empty());
    add(
        "code.queries",
        value,
        !options.queries.is_empty(),
        "found by themselves",
    );
    let exclude = code.exclude.sources();
    let value = Some(list(exclude)).filter(|_| !exclude.is_empty());
    add("code.exclude", value, false, "none");
    add(
        "code.literals",
        Some(code.literals.to_string()),
        false,
        "default",
    );
    let path = code.search_path.as_deref().map(list);
    add("code.search_path", path, false, "that of the server");
    add(
        "code.role",
        code.role.as_deref().map(text),
        false,
        "nobody in particular",
    );
    let evidence = match code.evidence {
        DeclaredEvidence::Complete => Some(text(code.evidence.name())),
        _ => None,
    };
    add("code.evidence", evidence, false, "what is found");
    let table = config
        .history_table
        .as_ref()
        .map(|it| text(&it.to_string()));
    add("history.table", table, false, "that of the layout");
    let names = |all: &[crate::discover::Placed<String>]| {
        let all: Vec<String> = all.iter().map(|it| it.value.clone()).collect();
        list(&all)
    };
    let select = config.rules.select.as_deref().map(names);
    add("rules.select", select, !options.select.is_empty(), "all");
    let ignore = Some(names(&config.rules.ignore)).filter(|_| !config.rules.ignore.is_empty());
    add("rules.ignore", ignore, !options.ignore.is_empty(), "none");
    Ok(ProjectSettings {
        folder: project.folder.clone(),
        file: config.file.clone(),
        settings,
    })
}
