//! Sqitch: the plan names the changes in order; `deploy/x.sql`, `revert/x.sql`, `verify/x.sql`.
//!
//! Source: `lib/App/Sqitch/Plan.pm`, `Plan/Change.pm` and `Engine.pm` of Sqitch 1.4. Scripts are
//! sent by the native client, which opens no transaction. A reworked change stands in the plan
//! twice; the scripts of the earlier one carry the name of the tag between them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::placeholder::{Placeholders, Syntax};
use super::{
    Folder, Late, Marker, OwnFile, Reading, Signs, Tool, TransactionScope, Unit, has_extension,
    lines, properties, words,
};
use crate::discover::config::relative;
use crate::discover::ground::Ground;
use crate::discover::tree::{join, split, upwards};
use crate::error::{Error, Result};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Sqitch;

const PLAN: &str = "sqitch.plan";

const SIGNS: Signs = Signs {
    name: "Sqitch",
    own_files: &[
        OwnFile::Inside(PLAN),
        OwnFile::Above(PLAN),
        OwnFile::Above("sqitch.conf"),
    ],
    dependencies: &[],
    markers: &[Marker::Sometimes("-- Deploy ")],
    fits: |name| {
        has_extension(name, "sql") && (name.starts_with("deploy/") || name.starts_with("revert/"))
    },
    fits_anything: true,
    is_distinctive: super::is_nothing,
};

/// One change of the plan.
struct Change<'a> {
    name: &'a str,
    /// Names of changes, as they are written.
    depends: Vec<&'a str>,
    /// The tags that follow it before the next change.
    tags: Vec<&'a str>,
    /// What the plan notes about it.
    note: &'a str,
}

/// The changes of a plan in order, and what was not followed.
fn plan(text: &str) -> (Vec<Change<'_>>, Vec<String>) {
    let mut changes: Vec<Change<'_>> = Vec::new();
    let mut notices = Vec::new();
    for (number, line) in lines(text).enumerate() {
        // A note can hold anything, and `#` begins nothing else.
        let content = line.text.split('#').next().unwrap_or_default().trim();
        if content.is_empty() || content.starts_with('%') {
            continue;
        }
        if let Some(tag) = content.strip_prefix('@') {
            let name = tag.split_whitespace().next().unwrap_or_default();
            if let Some(change) = changes.last_mut() {
                change.tags.push(name);
            }
            continue;
        }
        if content.starts_with('-') {
            notices.push(format!(
                "line {} of the plan takes a change back, which is not followed",
                number + 1
            ));
            continue;
        }
        let content = content.strip_prefix('+').unwrap_or(content).trim_start();
        let name = content.split_whitespace().next().unwrap_or_default();
        let rest = content[name.len()..].trim_start();
        let depends = rest
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
            .unwrap_or_default();
        changes.push(Change {
            name,
            depends: depends
                .split_whitespace()
                .filter(|it| !it.starts_with('!') && !it.contains(':'))
                .collect(),
            tags: Vec::new(),
            note: line
                .text
                .split_once('#')
                .map_or("", |(_, note)| note.trim()),
        });
    }
    (changes, notices)
}

/// The configuration above the folder, and its own folder.
fn settings(folder: &Folder<'_>) -> Result<(BTreeMap<String, String>, String)> {
    for above in upwards(folder.path) {
        let path = join(above, "sqitch.conf");
        if folder.ground.has(&path)?
            && let Some(text) = folder.ground.text(&path)?
        {
            return Ok((properties(&text), above.to_owned()));
        }
    }
    Ok((BTreeMap::new(), folder.path.to_owned()))
}

impl Tool for Sqitch {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders: Vec<(String, String)> = ground
            .all(PLAN)?
            .into_iter()
            .map(|path| (split(&path).0.to_owned(), path))
            .collect();
        for path in ground.all("sqitch.conf")? {
            let text = ground.text(&path)?.unwrap_or_default();
            let settings = properties(&text);
            let home = split(&path).0;
            if let Some(plan) = settings
                .get("core.plan_file")
                .and_then(|plan| relative(home, plan))
            {
                let top = settings.get("core.top_dir").map_or(".", String::as_str);
                let folder = relative(home, top).unwrap_or_else(|| split(&plan).0.to_owned());
                if ground.has_files(&folder) && !folders.iter().any(|(it, _)| *it == folder) {
                    folders.push((folder, path));
                }
            }
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let (settings, home) = settings(folder)?;
        let configured = |key: &str| settings.get(key).and_then(|value| relative(&home, value));
        let plan_at = match (folder.has(PLAN), configured("core.plan_file")) {
            (true, _) | (false, None) => folder.path_of(PLAN),
            (false, Some(path)) => path,
        };
        let Some(text) = folder.ground.text(&plan_at)? else {
            return Err(Error::Layout(format!(
                "`{plan_at}` is not there, and without its plan nobody knows the order of Sqitch's \
                 changes"
            )));
        };
        let inside = |key: &str, usual: &str| {
            let path = configured(key).unwrap_or_else(|| folder.path_of(usual));
            let prefix = match folder.path {
                "" => path.as_str(),
                own => path
                    .strip_prefix(own)
                    .unwrap_or(&path)
                    .trim_start_matches('/'),
            };
            prefix.trim_end_matches('/').to_owned()
        };
        let deploy = inside("core.deploy_dir", "deploy");
        let revert = inside("core.revert_dir", "revert");
        let mut placeholders = Placeholders::new(Syntax::Psql, false);
        for (key, value) in &settings {
            let name = key
                .strip_prefix("deploy \"variables\".")
                .or_else(|| key.strip_prefix("core.variables."));
            if let Some(name) = name {
                placeholders.know(name, value);
            }
        }
        placeholders.know_all(&folder.config.placeholders);
        let (changes, notices) = plan(&text);
        reading.notices = notices;
        let registry = ["engine \"pg\".registry", "core.registry"];
        let registry = registry.iter().find_map(|key| settings.get(*key));
        let registry = registry.map(String::as_str);
        reading.history.quoted(registry, None, "changes");
        reading.history.scope = lines(&text)
            .find_map(|line| line.text.trim().strip_prefix("%project="))
            .map(|name| name.trim().to_owned());
        let mut known: HashSet<String> = HashSet::new();
        // The place of the newest change of a name, among those read so far.
        let mut newest: BTreeMap<&str, String> = BTreeMap::new();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        let mut next_of_name: Vec<Option<usize>> = vec![None; changes.len()];
        let mut last_of_name: HashMap<&str, usize> = HashMap::new();
        for (place, change) in changes.iter().enumerate() {
            if let Some(before) = last_of_name.insert(change.name, place) {
                next_of_name[before] = Some(place);
            }
        }
        for (place, change) in changes.iter().enumerate() {
            let later = next_of_name[place];
            let tags: Vec<&str> = later
                .map(|later| &changes[place..later])
                .into_iter()
                .flatten()
                .flat_map(|it| it.tags.iter().copied())
                .collect();
            let script = |folder_name: &str| {
                let tagged = |tag: &&str| format!("{folder_name}/{}@{tag}.sql", change.name);
                let found = tags.iter().map(tagged).find(|file| folder.has(file));
                match (found, tags.last()) {
                    (Some(file), _) => file,
                    (None, Some(tag)) => tagged(tag),
                    (None, None) => format!("{folder_name}/{}.sql", change.name),
                }
            };
            let (up, down) = (script(&deploy), script(&revert));
            let count = times.entry(change.name).or_default();
            *count += 1;
            let identity = match *count {
                1 => change.name.to_owned(),
                count => format!("{}#{count}", change.name),
            };
            let version = match tags.last() {
                Some(tag) => format!("{}@{tag}", change.name),
                None => change.name.to_owned(),
            };
            let own = (TransactionScope::None, Unit::Statement);
            let text = placeholders.fill(folder.text(&up).0);
            let title = match change.note {
                "" => words(change.name),
                note => note.to_owned(),
            };
            let mut it = folder.migration(&up, version, title, text, own);
            let mut parents: Vec<String> = change
                .depends
                .iter()
                .filter_map(|name| newest.get(name.split('@').next().unwrap_or(name)).cloned())
                .collect();
            parents.extend(newest.get(change.name).cloned());
            it.parents = Some(parents);
            it.identity.clone_from(&identity);
            // A change's id is made of those before it, so the applied ones are not found any more.
            it.late = Late::Refused;
            it.down = folder
                .has(&down)
                .then(|| placeholders.fill(folder.text(&down).0));
            newest.insert(change.name, identity);
            known.insert(up);
            reading.migrations.push(it);
        }
        for file in folder
            .files
            .iter()
            .filter(|name| has_extension(name, "sql"))
        {
            let is_deploy = file.starts_with(&format!("{deploy}/"));
            if is_deploy && !known.contains(file) {
                reading.skip(
                    folder.path_of(file),
                    "the plan does not name it",
                    "Sqitch runs only what the plan names",
                );
            }
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "leave `BEGIN` and `COMMIT` out of its script"
    }
}
