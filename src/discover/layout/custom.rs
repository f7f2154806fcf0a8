//! A layout that `migcheck.toml` describes: which files, how their names are read, which order.
//!
//! For home-grown tools. One transaction per file and one statement at a time are assumed, as for
//! a plain folder; `transaction` and `unit` say otherwise.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use regex::Regex;

use super::flyway::Dotted;
use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Reading, Signs, Tool, TransactionScope, Unit, has_extension, lines, words,
};
use crate::discover::config::PathPatterns;
use crate::discover::part::Builder;
use crate::discover::text::MigrationText;
use crate::discover::tree::{join, split};
use crate::error::{Error, Result};
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Custom;

const SIGNS: Signs = Signs {
    name: "the tool",
    own_files: &[],
    dependencies: &[],
    markers: &[],
    fits: |name| has_extension(name, "sql"),
    fits_anything: true,
    is_distinctive: super::is_nothing,
};

/// In which order the files run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CustomOrder {
    /// By version as a number, then by path.
    #[default]
    Number,
    /// By version as a list of numbers: 1.2 before 1.10.
    Dotted,
    /// By version as text, then by path.
    Text,
    /// As lists of files say.
    Manifest,
}

/// `[custom]` of the configuration.
#[derive(Debug, Clone)]
pub struct CustomLayout {
    /// The files, from the folder.
    pub files: PathPatterns,
    /// How a path is read: the named groups `version`, `name`, `direction` (`up`, `down`) and
    /// `dialect`.
    pub name: Regex,
    /// The order.
    pub order: CustomOrder,
    /// The lists of files, for that order.
    pub manifest: PathPatterns,
    /// How the line begins below which the up part stands.
    pub up_marker: Option<String>,
    /// How the line begins below which the down part stands.
    pub down_marker: Option<String>,
    /// What a line says that opts out of the transaction.
    pub opt_out: Option<String>,
    /// How placeholders begin and end.
    pub placeholder: Option<(String, String)>,
}

/// A file and what its name says.
struct Named<'a> {
    file: &'a str,
    version: String,
    name: String,
    is_down: bool,
}

/// Up, down, and whether it opts out.
fn sections(
    file: &SourceFile,
    layout: &CustomLayout,
    placeholders: &Placeholders,
) -> (MigrationText, Option<MigrationText>, bool) {
    let begins = |line: &str, marker: &Option<String>| {
        marker
            .as_ref()
            .is_some_and(|marker| line.trim_start().starts_with(marker.as_str()))
    };
    let mut up = Builder::new(file);
    let mut down = Builder::new(file);
    let has_up = lines(&file.text).any(|line| begins(line.text, &layout.up_marker));
    let mut half = (!has_up).then_some(true);
    let mut is_off = false;
    let mut from = 0;
    let mut flush = |half: Option<bool>, from: usize, to: usize| {
        let span = Span::new(from, to);
        match half {
            Some(true) => placeholders.add(&mut up, file, span),
            Some(false) => placeholders.add(&mut down, file, span),
            None => {}
        }
    };
    for line in lines(&file.text) {
        let next = match () {
            () if begins(line.text, &layout.up_marker) => Some(true),
            () if begins(line.text, &layout.down_marker) => Some(false),
            () => {
                let opts = layout.opt_out.as_ref();
                is_off |= half != Some(false) && opts.is_some_and(|it| line.text.contains(it));
                continue;
            }
        };
        flush(half, from, line.span.start);
        from = line.span.end;
        half = next;
    }
    flush(half, from, file.text.len());
    let down = down.build();
    let down = (!down.sent().trim().is_empty() && layout.down_marker.is_some())
        .then_some(MigrationText::Read(down));
    (MigrationText::Read(up.build()), down, is_off)
}

/// Numbers of any length, by value.
fn number(version: &str) -> (usize, &str) {
    let start = version.find(|c: char| c.is_ascii_digit());
    let digits = start.map_or("", |at| {
        let rest = &version[at..];
        let end = rest.find(|c: char| !c.is_ascii_digit());
        &rest[..end.unwrap_or(rest.len())]
    });
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

/// The lists of numbers in a version, or in the path of a list of files.
fn dotted(version: &str) -> Option<Dotted> {
    let bare = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    Dotted::parse(bare, false)
}

fn compare(order: CustomOrder, one: &Named<'_>, other: &Named<'_>) -> Ordering {
    match order {
        CustomOrder::Number => number(&one.version).cmp(&number(&other.version)),
        CustomOrder::Dotted => match (dotted(&one.version), dotted(&other.version)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => one.version.cmp(&other.version),
        },
        CustomOrder::Text | CustomOrder::Manifest => one.version.cmp(&other.version),
    }
    .then_with(|| one.file.cmp(other.file))
}

/// The files that a list names, in its order: the strings of a JSON document that end in `.sql`,
/// or else its lines.
fn listed(text: &str) -> Vec<String> {
    fn strings(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) if text.ends_with(".sql") => out.push(text.clone()),
            serde_json::Value::Array(items) => items.iter().for_each(|it| strings(it, out)),
            serde_json::Value::Object(fields) => fields.values().for_each(|it| strings(it, out)),
            _ => {}
        }
    }
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        let mut out = Vec::new();
        strings(&json, &mut out);
        return out;
    }
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

impl Tool for Custom {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let Some(layout) = &folder.config.custom else {
            return Err(Error::Layout(
                "the layout custom needs a table [custom] in migcheck.toml with `files` and `name`"
                    .to_owned(),
            ));
        };
        let (begin, end) = layout.placeholder.clone().unwrap_or_default();
        let mut placeholders = Placeholders::new(Syntax::Between(begin, end), false);
        placeholders.know_all(&folder.config.placeholders);
        let mut reading = Reading::default();
        let mut ups: Vec<Named<'_>> = Vec::new();
        let mut downs: BTreeMap<String, &str> = BTreeMap::new();
        for file in folder
            .files
            .iter()
            .filter(|file| layout.files.is_match(file))
        {
            let Some(found) = layout.name.captures(file) else {
                if has_extension(file, "sql") {
                    let reason = "`name` of [custom] does not match it";
                    reading.skip(folder.path_of(file), reason, "nobody said how it is run");
                }
                continue;
            };
            let group = |name: &str| found.name(name).map(|it| it.as_str());
            let is_other = group("dialect")
                .and_then(crate::discover::ground::dialect_named)
                .is_some_and(|dialect| dialect != folder.dialect);
            if is_other {
                reading.ignore(folder.path_of(file), "it is for another dialect");
                continue;
            }
            let stem = split(file).1;
            let named = Named {
                file,
                version: group("version").unwrap_or(stem).to_owned(),
                name: group("name").unwrap_or_default().to_owned(),
                is_down: group("direction").is_some_and(|it| {
                    let it = it.to_lowercase();
                    matches!(it.as_str(), "down" | "undo" | "rollback" | "revert")
                }),
            };
            if named.is_down {
                let key = format!("{} {}", named.version, named.name);
                downs.insert(key, named.file);
            } else {
                ups.push(named);
            }
        }
        ups.sort_by(|one, other| compare(layout.order, one, other));
        if layout.order == CustomOrder::Manifest {
            ups = by_manifest(folder, layout, ups, &mut reading)?;
        }
        let mut times: HashMap<String, usize> = HashMap::new();
        for it in &ups {
            *times.entry(it.version.clone()).or_default() += 1;
        }
        for it in ups {
            let stem = it.file.rsplit_once('.').map_or(it.file, |(stem, _)| stem);
            let (up, mut down, is_off) = match folder.text(it.file).0 {
                MigrationText::Read(part) => sections(&part.file, layout, &placeholders),
                unreadable @ MigrationText::Unreadable(_) => (unreadable, None, false),
            };
            if let Some(file) = downs.remove(&format!("{} {}", it.version, it.name)) {
                down = Some(placeholders.fill(folder.text(file).0));
            }
            // Where a version is taken twice it names nothing.
            let version = match times[&it.version] {
                1 => it.version.as_str(),
                _ => stem,
            };
            let own = (TransactionScope::File, Unit::Statement);
            let mut migration = folder.migration(it.file, version, words(&it.name), up, own);
            if is_off {
                migration.transaction = TransactionScope::None;
            }
            migration.down = down;
            reading.migrations.push(migration);
        }
        for file in downs.values() {
            reading.ignore(
                folder.path_of(file),
                "it undoes a migration that is not there",
            );
        }
        for file in folder
            .files
            .iter()
            .filter(|file| has_extension(file, "sql"))
        {
            if !layout.files.is_match(file) {
                reading.ignore(
                    folder.path_of(file),
                    "`files` of [custom] does not match it",
                );
            }
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it outside of a transaction: `opt_out` of [custom] names the line that asks for that"
    }
}

/// The files in the order of the lists; those that no list names are left out.
fn by_manifest<'a>(
    folder: &Folder<'_>,
    layout: &CustomLayout,
    ups: Vec<Named<'a>>,
    reading: &mut Reading,
) -> Result<Vec<Named<'a>>> {
    let mut lists: Vec<String> = folder
        .files
        .iter()
        .filter(|file| layout.manifest.is_match(file))
        .cloned()
        .collect();
    let key =
        |path: &str| -> Vec<Option<Dotted>> { split(path).0.split('/').map(dotted).collect() };
    lists.sort_by(|one, other| key(one).cmp(&key(other)).then_with(|| one.cmp(other)));
    let texts = folder.extras(&lists)?;
    let mut left: BTreeMap<&str, Named<'a>> = ups.into_iter().map(|it| (it.file, it)).collect();
    let mut out = Vec::new();
    for list in &lists {
        for file in listed(texts.get(list).map_or("", |text| text)) {
            let path = join(split(list).0, file.trim_start_matches("./"));
            match left.remove(path.as_str()) {
                Some(it) => out.push(it),
                None => reading.notices.push(format!(
                    "`{}` names `{file}`, which is not a migration here",
                    folder.path_of(list)
                )),
            }
        }
    }
    for it in left.into_values() {
        let does = "it runs only when a list names it";
        reading.oddities.push(super::Oddity::new(
            super::OddityKind::MigrationSkipped {
                reason: "no list names it".to_owned(),
            },
            Consequence::Differs,
            does,
            folder.path_of(it.file),
        ));
        reading.ignore(folder.path_of(it.file), "no list names it");
    }
    Ok(out)
}
