//! Which folders are projects, and which configuration counts in each.
//!
//! A file of configuration counts for the folders that it names: with `migrations` at its top, and with
//! its sections. All other folders have the nearest file upwards, or none. So each folder has one file,
//! and of that file one section or the top.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::config::{Claim, ConfigFile, Stated, without_file};
use super::ground::{Ground, is_or_within, is_sql};
use super::layout::Layout;
use super::text::Contents;
use super::tree::{Tree, join, split, upwards};
use super::{CONFIG_FILE_NAME, Config, ConfigChoice, Overrides, Project, nearest_name};
use crate::error::{Error, Result};

/// A folder that is a project.
pub(super) struct Place {
    pub(super) folder: String,
    /// What counts there.
    pub(super) config: Config,
    /// The section that names this folder and no other: there must be migrations.
    pub(super) claim: Option<Claim>,
}

/// A file of configuration, where there is one.
type Found = Option<Rc<ConfigFile>>;

/// The configuration files of a tree, each read once.
struct Files<'a> {
    tree: &'a Tree,
    options: &'a Overrides,
    stated: Vec<Stated>,
    read: RefCell<BTreeMap<String, Rc<ConfigFile>>>,
}

impl<'a> Files<'a> {
    fn new(tree: &'a Tree, options: &'a Overrides, stated: Vec<Stated>) -> Self {
        Files {
            tree,
            options,
            stated,
            read: RefCell::default(),
        }
    }

    /// The file that the command line names, or the nearest to the start.
    fn at_start(&self) -> Result<Found> {
        match &self.options.config {
            ConfigChoice::Nearest => self.nearest(&self.options.start),
            ConfigChoice::Text { path, shown, text } => {
                ConfigFile::parse(path, shown, text, &self.stated).map(|it| Some(Rc::new(it)))
            }
            ConfigChoice::Isolated => Ok(None),
        }
    }

    /// The file that counts in a folder which none names.
    fn around(&self, folder: &str, at_start: Option<&Rc<ConfigFile>>) -> Result<Found> {
        match &self.options.config {
            ConfigChoice::Nearest => match self.nearest(folder)? {
                Some(file) => Ok(Some(file)),
                None => Ok(at_start.cloned()),
            },
            ConfigChoice::Text { .. } | ConfigChoice::Isolated => Ok(at_start.cloned()),
        }
    }

    /// The file at the start and the one around a folder. They are mostly one, and each question to git
    /// takes its time.
    fn both(&self, folder: &str) -> Result<(Found, Found)> {
        let start = &self.options.start;
        if matches!(self.options.config, ConfigChoice::Nearest) && is_or_within(folder, start) {
            let around = self.nearest(folder)?;
            let is_one = |it: &ConfigFile| is_or_within(start, split(&it.path).0);
            if around.as_deref().is_none_or(is_one) {
                return Ok((around.clone(), around));
            }
            return Ok((self.nearest(start)?, around));
        }
        let at_start = self.at_start()?;
        let around = self.around(folder, at_start.as_ref())?;
        Ok((at_start, around))
    }

    fn top(&self, file: Option<&Rc<ConfigFile>>) -> Result<Config> {
        match file {
            Some(file) => file.top(),
            None => without_file(&self.stated),
        }
    }

    /// The file in `folder` or the nearest folder above it.
    fn nearest(&self, folder: &str) -> Result<Found> {
        let paths: Vec<String> = upwards(folder)
            .map(|folder| join(folder, CONFIG_FILE_NAME))
            .collect();
        if let Some(known) = self.read.borrow().get(&paths[0]) {
            return Ok(Some(Rc::clone(known)));
        }
        for (path, contents) in paths.iter().zip(self.tree.read_many(&paths)?) {
            let shown = || self.tree.shown(path);
            let wrong = |message: &str| Error::Config {
                file: shown(),
                line: 1,
                column: 1,
                message: message.to_owned(),
            };
            match contents {
                Contents::Missing => {}
                Contents::Bytes(bytes) => {
                    if let Some(known) = self.read.borrow().get(path) {
                        return Ok(Some(Rc::clone(known)));
                    }
                    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
                    let file = ConfigFile::parse(path, &shown(), &text, &self.stated)?;
                    let file = Rc::new(file);
                    let mut read = self.read.borrow_mut();
                    read.insert(path.clone(), Rc::clone(&file));
                    return Ok(Some(file));
                }
                Contents::TooLarge(_) => return Err(wrong("it is larger than 50 MB")),
                Contents::Refused(said) => {
                    return Err(wrong(&format!("it cannot be read: {said}")));
                }
            }
        }
        Ok(None)
    }
}

/// The projects of the tree that is judged, in no order, and the folders of others that are known, which
/// were not asked for. What holds migrations and is no project is added to `refused`.
///
/// # Errors
///
/// [`Error::Layout`] when there are no migrations, [`Error::Config`] for a wrong configuration.
pub(super) fn of_head(
    tree: &Tree,
    ground: &Ground<'_>,
    options: &Overrides,
    notices: &mut Vec<String>,
    refused: &mut Vec<(String, Error)>,
) -> Result<(Vec<Place>, Vec<String>)> {
    let files = Files::new(tree, options, options.stated.clone());
    let file = files.at_start()?;
    let top = files.top(file.as_ref())?;
    if let Some(folder) = &options.migrations {
        let config = match &file {
            Some(file) => file.of_folder(folder)?,
            None => top,
        };
        let place = Place {
            folder: folder.clone(),
            config,
            claim: None,
        };
        return Ok((vec![place], Vec::new()));
    }
    let mut places: Vec<Place> = Vec::new();
    let mut laid: Vec<String> = Vec::new();
    if let Some(file) = &file {
        laid.push(file.path.clone());
        claimed(&files, file, &mut places)?;
    }
    let holds_start = |it: &Place| is_or_within(&options.start, &it.folder);
    if !places.iter().any(holds_start) {
        match named_folder(&top) {
            Some(folder) if places.is_empty() || is_near(options, &folder) => {
                add(&mut places, folder, top, refused);
            }
            Some(_) => {}
            None => {
                let layout = options.layout.or(top.layout);
                let dialect = options.dialect.or(top.dialect);
                let found = match ground.folders(layout, dialect, options.is_named, notices) {
                    Ok(found) => super::without_numbered(found, refused),
                    Err(Error::Layout(_)) if !places.is_empty() => Vec::new(),
                    Err(error) => return Err(error),
                };
                for folder in found {
                    let around = files.around(&folder, file.as_ref())?;
                    if let Some(around) = &around
                        && !laid.contains(&around.path)
                    {
                        laid.push(around.path.clone());
                        claimed(&files, around, &mut places)?;
                    }
                    let config = files.top(around.as_ref())?;
                    let folder = named_folder(&config).unwrap_or(folder);
                    add(&mut places, folder, config, refused);
                }
            }
        }
    }
    let mut known: Vec<String> = places.iter().map(|it| it.folder.clone()).collect();
    for file in file.iter().chain(files.read.borrow().values()) {
        let named = file.claims().iter().filter(|it| !it.is_pattern());
        known.extend(named.map(|it| it.folder.clone()));
    }
    // The top folder holds everything, and says nothing of what is in it.
    known.retain(|it| !it.is_empty());
    known.sort();
    known.dedup();
    let places = match &options.project {
        Some(name) => called(name, places)?,
        None => places,
    };
    Ok((places, known))
}

/// Adds a folder that no section names, where it is not part of one that is.
fn add(
    places: &mut Vec<Place>,
    folder: String,
    config: Config,
    refused: &mut Vec<(String, Error)>,
) {
    if places.iter().any(|it| it.folder == folder) {
        return;
    }
    let mut sections = places.iter().filter(|it| it.config.section.is_some());
    if sections.any(|it| is_or_within(&folder, &it.folder)) {
        return;
    }
    let mut sections = places.iter().filter(|it| it.config.section.is_some());
    if let Some(inner) = sections.find(|it| is_or_within(&it.folder, &folder)) {
        let error = Error::Layout(format!(
            "a section of {} names `{}` inside of it; name this folder in a section too, if it is a \
             project",
            inner.config.file.as_deref().unwrap_or(CONFIG_FILE_NAME),
            inner.folder
        ));
        refused.push((folder, error));
        return;
    }
    places.push(Place {
        folder,
        config,
        claim: None,
    });
}

/// Those that are called `name`.
fn called(name: &str, places: Vec<Place>) -> Result<Vec<Place>> {
    let mut names: Vec<String> = places
        .iter()
        .filter_map(|it| it.config.name.clone())
        .collect();
    names.sort();
    names.dedup();
    let chosen: Vec<Place> = places
        .into_iter()
        .filter(|it| it.config.name.as_deref() == Some(name))
        .collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    Err(Error::Argument(match known.is_empty() {
        true => format!(
            "--project {name}: no project has a name; `name` in {CONFIG_FILE_NAME} gives it one"
        ),
        false => format!(
            "--project: {}",
            super::unknown_name("project", name, &known)
        ),
    }))
}

/// Adds the folders of a file's sections that lie where the command line looks.
fn claimed(files: &Files<'_>, file: &Rc<ConfigFile>, places: &mut Vec<Place>) -> Result<()> {
    for claim in file.claims() {
        if claim.is_pattern() {
            let found = matching(files.tree, claim)?;
            if found.is_empty() {
                let message = format!("no folder with files of SQL matches `{}`", claim.folder);
                return Err(claim.from.error(message));
            }
            for folder in found {
                claim_one(files, file, claim, folder, places)?;
            }
            continue;
        }
        // A misspelt folder is an error wherever the command is run.
        if !claim.folder.is_empty() && !files.tree.has_folder(&claim.folder)? {
            return Err(nothing_there(files.tree, claim, "there is no folder"));
        }
        claim_one(files, file, claim, claim.folder.clone(), places)?;
    }
    Ok(())
}

fn claim_one(
    files: &Files<'_>,
    file: &Rc<ConfigFile>,
    claim: &Claim,
    folder: String,
    places: &mut Vec<Place>,
) -> Result<()> {
    let section = file.section_of(&folder)?;
    if !is_near(files.options, &folder) {
        return Ok(());
    }
    let around = files.around(&folder, Some(file))?;
    let nearer = around.filter(|it| it.path != file.path && lies_below(it, file));
    let config = match (nearer, section) {
        // Of the folders of a pattern one may be an exception.
        (Some(nearer), _) if claim.is_pattern() => nearer.of_folder(&folder)?,
        (Some(nearer), _) => {
            return Err(claim.from.error(format!(
                "`{folder}` has a file of its own that is nearer, {}: say it in one of the two",
                nearer.path
            )));
        }
        (None, Some(section)) => file.of_section(section)?,
        (None, None) => file.top()?,
    };
    if places.iter().any(|it| it.folder == folder) {
        return Ok(());
    }
    places.push(Place {
        folder,
        config,
        claim: (!claim.is_pattern()).then(|| claim.clone()),
    });
    Ok(())
}

fn lies_below(file: &ConfigFile, other: &ConfigFile) -> bool {
    is_or_within(split(&file.path).0, split(&other.path).0)
}

/// That a section's folder has no migrations, with the nearest folder that has files of SQL.
pub(super) fn nothing_there(tree: &Tree, claim: &Claim, what: &str) -> Error {
    // Where the tree cannot be read, this is what is wrong with it all the same.
    let files = tree.files("").unwrap_or_default();
    let sql = files.iter().filter(|path| is_sql(path));
    let mut known: Vec<String> = sql.map(|path| split(path).0.to_owned()).collect();
    known.sort();
    known.dedup();
    known.retain(|it| *it != claim.folder);
    let said = format!("{what} `{}`", claim.folder);
    claim.from.error(match near_folder(&claim.folder, &known) {
        Some(near) => format!("{said}; did you mean `{near}`?"),
        None => said,
    })
}

/// That a section's folder cannot be read as migrations, which `said` tells.
pub(super) fn unreadable(tree: &Tree, claim: &Claim, said: &str) -> Error {
    match folders_of_sql(tree, &claim.folder) {
        Ok(found) if found.is_empty() => nothing_there(tree, claim, "no migrations in"),
        Ok(_) | Err(_) => claim.from.error(said.to_owned()),
    }
}

/// The folder that is most likely meant: one with a slip in one part of its path, or else the only one
/// beside it, or else one that is spelt like it.
fn near_folder<'a>(wanted: &str, known: &'a [String]) -> Option<&'a str> {
    let parts: Vec<&str> = wanted.split('/').collect();
    let is_slip = |it: &&String| {
        let others: Vec<&str> = it.split('/').collect();
        let mut differ = parts.iter().zip(&others).filter(|(a, b)| a != b);
        let slip = differ.next();
        others.len() == parts.len()
            && differ.next().is_none()
            && slip.is_some_and(|(a, b)| nearest_name(a, &[b]).is_some())
    };
    if let Some(slip) = known.iter().find(is_slip) {
        return Some(slip);
    }
    let above = split(wanted).0;
    let mut beside = known.iter().filter(|it| split(it).0 == above);
    if let (Some(only), None) = (beside.next(), beside.next()) {
        return Some(only);
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    nearest_name(wanted, &names)
}

/// Folders that match a pattern and hold files of SQL, themselves or below.
fn matching(tree: &Tree, claim: &Claim) -> Result<Vec<String>> {
    let fixed: Vec<&str> = claim
        .folder
        .split('/')
        .take_while(|part| !part.contains(['*', '?', '[', '{']))
        .collect();
    let mut found = folders_of_sql(tree, &fixed.join("/"))?;
    found.retain(|it| claim.is_about(it));
    Ok(found)
}

/// The folders at and above files of SQL, sorted.
fn folders_of_sql(tree: &Tree, under: &str) -> Result<Vec<String>> {
    let files = tree.files(under)?;
    let mut found: Vec<String> = files
        .iter()
        .filter(|path| is_sql(path))
        .flat_map(|path| upwards(split(path).0))
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether a folder lies where the command line looks.
fn is_near(options: &Overrides, folder: &str) -> bool {
    is_or_within(folder, &options.start) || is_or_within(&options.start, folder)
}

/// The folder that the top of a file names.
pub(super) fn named_folder(config: &Config) -> Option<String> {
    // A layout that the project describes begins where its description stands.
    let own = || (config.layout == Some(Layout::Custom)).then(|| config.folder.clone());
    config.migrations.clone().or_else(own)
}

/// What counts for the project `head` in the tree of a release, and the folder that is named for it
/// there. What the command line and the environment say is said of every release, but what a release
/// has retired is its own to say.
///
/// # Errors
///
/// [`Error::Config`] for a wrong configuration.
pub(super) fn of_release(
    tree: &Tree,
    options: &Overrides,
    head: &Project,
) -> Result<(Config, Option<String>)> {
    let stated = options.stated.iter().filter(|it| !it.is_about("retired"));
    let files = Files::new(tree, options, stated.cloned().collect());
    let (at_start, around) = files.both(&head.folder)?;
    if let Some(folder) = &options.migrations {
        let config = match &at_start {
            Some(file) => file.of_folder(folder)?,
            None => files.top(None)?,
        };
        return Ok((config, Some(folder.clone())));
    }
    let mut known: Vec<&Rc<ConfigFile>> = at_start.iter().collect();
    known.extend(
        around
            .iter()
            .filter(|it| at_start.as_ref().is_none_or(|start| start.path != it.path)),
    );
    for file in &known {
        if let Some(section) = file.section_of(&head.folder)? {
            return Ok((file.of_section(section)?, Some(head.folder.clone())));
        }
    }
    // The folder may have been another one then.
    for file in &known {
        let is_it = |it: &Claim| it.name.is_some() && it.name == head.config.name;
        if let Some(section) = file.claims().iter().position(is_it) {
            let claim = &file.claims()[section];
            let folder = (!claim.is_pattern()).then(|| claim.folder.clone());
            return Ok((file.of_section(section)?, folder));
        }
    }
    let has_folder =
        || Ok::<bool, Error>(!head.folder.is_empty() && tree.has_folder(&head.folder)?);
    for file in &known {
        let config = file.top()?;
        let Some(folder) = named_folder(&config) else {
            continue;
        };
        // What was said of another folder was not said of this one.
        if folder != head.folder && head.config.section.is_some() && has_folder()? {
            return Ok((without_file(&files.stated)?, Some(head.folder.clone())));
        }
        return Ok((config, Some(folder)));
    }
    Ok((files.top(around.as_ref())?, None))
}
