//! A configuration file with its sections.
//!
//! A section (`[[project]]`) names a folder of migrations, or a pattern of folders, and says what
//! is different there; all else is as at the top of the file. Which section is a folder's is decided
//! here; whether there is anything in that folder is not known here.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layers::{Layers, Origin, Stated, lay};
use super::{Config, FILE_NAME, relative};
use crate::discover::tree::split;
use crate::error::Result;

/// The table of a section.
const SECTIONS: &str = "project";

/// What a section says of itself alone: nobody has it from the top.
const OWN: [&str; 2] = ["name", "migrations"];

/// A configuration file that was read, and what is stated beside it.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    /// Its path from the tree's root.
    pub(crate) path: String,
    shown: Arc<str>,
    text: Arc<str>,
    stated: Arc<[Stated]>,
    claims: Vec<Claim>,
}

/// The folders of a section.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// The folder or pattern from the tree's root.
    pub(crate) folder: String,
    /// Where that is a pattern.
    pattern: Option<GlobMatcher>,
    /// What the project is called.
    pub(crate) name: Option<String>,
    /// Where the folder is written.
    pub(crate) from: Origin,
}

impl Claim {
    /// Whether it names several folders.
    pub(crate) fn is_pattern(&self) -> bool {
        self.pattern.is_some()
    }

    pub(crate) fn is_about(&self, folder: &str) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.is_match(folder),
            None => self.folder == folder,
        }
    }
}

impl ConfigFile {
    /// Reads a file and each of its sections. `path` is its place from the tree's root, `shown` its
    /// name in messages.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Config`] with the place of what is wrong, also in sections that are not asked for.
    pub(crate) fn parse(path: &str, shown: &str, text: &str, stated: &[Stated]) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut file = ConfigFile {
            path: path.to_owned(),
            shown: shown.into(),
            text: text.into(),
            stated: stated.into(),
            claims: Vec::new(),
        };
        // By itself first, so that what is wrong in it is not said of a section.
        file.top()?;
        let layers = Layers::new(Some((shown, text)), []);
        let tree = layers.trees()?.remove(0);
        let mut claims: Vec<Claim> = Vec::new();
        for section in sections(&layers, tree.get_ref())? {
            let claim = file.claim(&layers, section)?;
            let same = |it: &&Claim| it.folder == claim.folder;
            if let Some(other) = claims.iter().find(same) {
                let message = format!(
                    "`{}` has a section already, at {}",
                    claim.folder,
                    other.from.name()
                );
                return Err(claim.from.error(message));
            }
            let same = |it: &&Claim| claim.name.is_some() && it.name == claim.name;
            if let Some(other) = claims.iter().find(same) {
                let message = format!(
                    "another section is called `{}` already, at {}",
                    claim.name.as_deref().unwrap_or_default(),
                    other.from.name()
                );
                return Err(claim.from.error(message));
            }
            claims.push(claim);
        }
        file.claims = claims;
        for section in 0..file.claims.len() {
            file.of_section(section)?;
        }
        Ok(file)
    }

    /// Its sections, in the order of the file.
    pub(crate) fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// What its top says: for folders that no section names.
    pub(crate) fn top(&self) -> Result<Config> {
        self.read(None)
    }

    /// What holds in the folders of a section.
    pub(crate) fn of_section(&self, section: usize) -> Result<Config> {
        self.read(Some(section))
    }

    /// What holds in a folder: the section that names it, or the top.
    pub(crate) fn of_folder(&self, folder: &str) -> Result<Config> {
        self.read(self.section_of(folder)?)
    }

    /// The section that names a folder.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Config`] where two do.
    pub(crate) fn section_of(&self, folder: &str) -> Result<Option<usize>> {
        let mut found = (0..self.claims.len()).filter(|at| self.claims[*at].is_about(folder));
        let Some(first) = found.next() else {
            return Ok(None);
        };
        match found.next() {
            None => Ok(Some(first)),
            Some(second) => Err(self.claims[second].from.error(format!(
                "`{folder}` has a section already, at {}",
                self.claims[first].from.name()
            ))),
        }
    }

    fn read(&self, section: Option<usize>) -> Result<Config> {
        let layers = Layers::new(Some((&self.shown, &self.text)), self.stated.iter());
        let mut trees = layers.trees()?.into_iter();
        let tree = trees.next().expect("the file is the first");
        let span = tree.span();
        let mut merged = tree.into_inner();
        let all = merged.remove(SECTIONS);
        if let (Some(section), Some(all)) = (section, all)
            && let DeValue::Array(all) = all.into_inner()
            && let Some(DeValue::Table(own)) = all.into_iter().nth(section).map(Spanned::into_inner)
        {
            for key in OWN {
                merged.remove(key);
            }
            lay(&mut merged, own);
        }
        for stated in trees {
            lay(&mut merged, stated.into_inner());
        }
        let folder = split(&self.path).0;
        let mut config = Config::from_tree(&layers, folder, Spanned::new(span, merged), section)?;
        config.file = Some(self.shown.to_string());
        if let Some(claim) = section.and_then(|at| self.claims.get(at)) {
            config.section = Some(claim.folder.clone());
            // The project is one folder, and the file may say a pattern.
            if claim.is_pattern() {
                config.migrations = None;
            }
        }
        Ok(config)
    }

    fn claim(&self, layers: &Layers, section: &Spanned<DeValue<'_>>) -> Result<Claim> {
        let at = section.span().start;
        let DeValue::Table(table) = section.get_ref() else {
            let message = "a section is a table: [[project]]";
            return Err(layers.error(at, message.to_owned()));
        };
        if let Some((key, _)) = table.get_key_value(SECTIONS) {
            let message = "a section holds no sections: `project` stands at the top of the file";
            return Err(layers.error(key.span().start, message.to_owned()));
        }
        let Some(migrations) = table.get("migrations") else {
            let message = "missing key `migrations`: the folder that the section is about";
            return Err(layers.error(at, message.to_owned()));
        };
        let at = migrations.span().start;
        let DeValue::String(written) = migrations.get_ref() else {
            let message = "`migrations` of a section is a text: a folder, or a pattern of folders";
            return Err(layers.error(at, message.to_owned()));
        };
        let folder = relative(split(&self.path).0, written)
            .ok_or_else(|| layers.error(at, format!("`{written}` leads out of the repository")))?;
        let pattern = match folder.contains(['*', '?', '[', '{']) {
            true => {
                let glob = GlobBuilder::new(&folder).literal_separator(true).build();
                let glob = glob.map_err(|error| {
                    let message = format!("pattern `{written}`: {}", error.kind());
                    layers.error(at, message)
                })?;
                Some(glob.compile_matcher())
            }
            false => None,
        };
        let name = table.get("name").and_then(|it| match it.get_ref() {
            DeValue::String(name) => Some(name.to_string()),
            _ => None,
        });
        Ok(Claim {
            folder,
            pattern,
            name,
            from: layers.origin(at),
        })
    }
}

/// What is stated where there is no file.
pub(crate) fn without_file(stated: &[Stated]) -> Result<Config> {
    let layers = Layers::new(None, stated);
    let mut merged = DeTable::new();
    for tree in layers.trees()? {
        lay(&mut merged, tree.into_inner());
    }
    Config::from_tree(&layers, "", Spanned::new(0..0, merged), None)
}

/// The sections of a file as they are written.
fn sections<'t, 'a>(
    layers: &Layers,
    tree: &'t DeTable<'a>,
) -> Result<Vec<&'t Spanned<DeValue<'a>>>> {
    match tree.get(SECTIONS) {
        None => Ok(Vec::new()),
        Some(all) => match all.get_ref() {
            DeValue::Array(all) => Ok(all.iter().collect()),
            _ => {
                let message = format!(
                    "`project` in {FILE_NAME} is a list of sections, each under [[project]]"
                );
                Err(layers.error(all.span().start, message))
            }
        },
    }
}
