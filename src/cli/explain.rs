//! `migcheck explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migcheck::discover::locate;
use migcheck::{
    Options, RULES, explain_migration, explain_object, explain_version, explained_to_json,
    explained_to_text, near_names, nearest_name, rule, version_to_json, version_to_text,
    walk_to_text,
};

use super::progress::while_shown;
use super::project::{ProjectArguments, ReleaseArguments, environment};
use super::terminal::{Colour, known_width, styling, width};

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// What is sought, in this order: a migration's file, a rule, a version, an object such as
    /// users, users.nickname, mood.happy, users_pkey, get_user. `file:`, `rule:`, `version:` and
    /// `object:` before it force one.
    what: String,
    /// A repository or a folder, for a version or an object.
    path: Option<PathBuf>,
    /// How a version or an object is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Colours in a rule's page.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    #[command(flatten)]
    releases: ReleaseArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The columns beyond which a rule's page does not go: it is read as prose.
const WIDEST_PAGE: usize = 100;

/// What a name is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    File,
    Rule,
    Version,
    Object,
}

/// Prints what is known; the exit code.
pub(super) fn run(arguments: &ExplainArguments) -> anyhow::Result<u8> {
    let (forced, name) = match arguments.what.split_once(':') {
        Some(("file", name)) => (Some(Sort::File), name),
        Some(("rule", name)) => (Some(Sort::Rule), name),
        Some(("version", name)) => (Some(Sort::Version), name),
        Some(("object", name)) => (Some(Sort::Object), name),
        _ => (None, arguments.what.as_str()),
    };
    let may_be = |sort| forced.is_none_or(|forced| forced == sort);
    let file = match may_be(Sort::File) {
        true => file_named(name),
        false => None,
    };
    if file.is_some() || forced == Some(Sort::File) {
        // The file says where the project is.
        let options = arguments.releases.on(arguments.project.options(None));
        let file = file.unwrap_or_else(|| PathBuf::from(name));
        let walk = while_shown(&options, |options| {
            explain_migration(options, &environment, &file)
        })?;
        return super::print(&walk_to_text(&walk, known_width()));
    }
    if may_be(Sort::Rule)
        && let Some(rule) = rule(name)
    {
        let styling = styling(arguments.color, Some(width().min(WIDEST_PAGE)));
        return super::print(&migcheck::page_to_text(rule, styling));
    }
    let known: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    if forced == Some(Sort::Rule) {
        anyhow::bail!(migcheck::unknown_name("rule", name, &known));
    }
    let options = arguments.project.options(arguments.path.clone());
    let options = arguments.releases.on(options);
    // Who misspelt a rule may stand outside of any project.
    let rule = nearest_name(name, &known).filter(|_| forced.is_none());
    let found = while_shown(&options, |options| found(arguments, options, name, &may_be));
    match found {
        Ok(Some(text)) => super::print(&text),
        Ok(None) => Err(nothing(&options, name, forced, rule)),
        Err(error) => match rule {
            Some(rule) => anyhow::bail!("unknown rule `{name}`; did you mean `{rule}`?"),
            None => Err(error),
        },
    }
}

/// The file of this name: as seen from here, or from the top of the repository, which is how reports
/// name files.
fn file_named(name: &str) -> Option<PathBuf> {
    let here = PathBuf::from(name);
    if here.is_file() {
        return Some(here);
    }
    let repository = locate(&[]).ok()?.repository?;
    Some(repository.root().join(name)).filter(|it| it.is_file())
}

/// A version or an object of the project at hand.
fn found(
    arguments: &ExplainArguments,
    options: &Options,
    name: &str,
    may_be: &dyn Fn(Sort) -> bool,
) -> anyhow::Result<Option<String>> {
    let json = arguments.format == Format::Json;
    if may_be(Sort::Version)
        && let Some(version) = explain_version(options, &environment, name)?
    {
        return Ok(Some(match json {
            true => version_to_json(&version),
            false => version_to_text(&version, width()),
        }));
    }
    if may_be(Sort::Object)
        && let Some(explained) = explain_object(options, &environment, name)?
    {
        return Ok(Some(match json {
            true => explained_to_json(&explained),
            false => explained_to_text(&explained, width()),
        }));
    }
    Ok(None)
}

/// That a name is nothing, with the nearest of each sort.
fn nothing(
    options: &Options,
    name: &str,
    forced: Option<Sort>,
    rule: Option<&str>,
) -> anyhow::Error {
    let (version, object) = near_names(options, &environment, name).unwrap_or((None, None));
    let what = match forced {
        Some(Sort::File) => "file",
        Some(Sort::Rule) => "rule",
        Some(Sort::Version) => "version",
        Some(Sort::Object) => "object of any version of the schema",
        None => "file, rule, version or object of the schema",
    };
    let is_asked = |sort| forced.is_none_or(|forced| forced == sort);
    let mut near: Vec<String> = Vec::new();
    if let Some(rule) = rule {
        near.push(format!("rule `{rule}`"));
    }
    if let Some(version) = version.filter(|_| is_asked(Sort::Version)) {
        near.push(format!("version `{version}`"));
    }
    if let Some(object) = object.filter(|_| is_asked(Sort::Object)) {
        near.push(format!("object `{object}`"));
    }
    match near.is_empty() {
        true => anyhow::anyhow!("no {what} is called `{name}`"),
        false => anyhow::anyhow!(
            "no {what} is called `{name}`; did you mean {}?",
            near.join(" or ")
        ),
    }
}
