//! Texts of settings, laid one over another.
//!
//! What outranks comes later: the file, then the environment, then the command line. They are merged
//! as trees of TOML before anything is read from them, so that every key is merged by the same rule:
//! tables key by key, `retired`, `allow` and `consumer` by adding, all else by taking the later one.
//!
//! Every text is parsed behind as many blanks as the ones before it are long: an offset then says in
//! which of them it lies, and a message about a merged value names the place where that is written.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::in_our_words;
use crate::error::{Error, Result};
use crate::source::{Position, SourceFile};

/// Lists of tables to which a later text adds.
const ADDED: [&str; 3] = ["retired", "allow", "consumer"];

/// Where a setting is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In a file.
    File {
        /// Its name in messages.
        file: Arc<str>,
        /// Where it begins.
        at: Position,
    },
    /// On the command line: the option, with its value where the option can say anything.
    Option(Arc<str>),
    /// In the environment: the name of the variable.
    Variable(Arc<str>),
}

impl Origin {
    /// That something is wrong there.
    pub fn error(&self, message: String) -> Error {
        match self {
            Origin::File { file, at } => Error::Config {
                file: file.to_string(),
                line: at.line,
                column: at.column,
                message,
            },
            Origin::Option(name) | Origin::Variable(name) => {
                Error::Argument(format!("{name}: {message}"))
            }
        }
    }

    /// As notices begin: the file and its line, the option or the variable.
    pub fn name(&self) -> String {
        match self {
            Origin::File { file, at } => format!("{file}:{}", at.line),
            Origin::Option(name) | Origin::Variable(name) => name.to_string(),
        }
    }
}

/// A setting that the command line or the environment states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The keys that lead to it: `rules`, `severity`, `column_added`.
    key: Vec<String>,
    /// As a line of TOML.
    text: String,
    from: Origin,
}

impl Stated {
    /// Reads `KEY=VALUE`. The value is TOML; one that is none is a text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for people.
    pub fn option(assignment: &str) -> std::result::Result<Stated, String> {
        let Some((key, value)) = assignment.split_once('=') else {
            return Err("a setting is given as KEY=VALUE".to_owned());
        };
        let (key, value) = (key.trim(), value.trim());
        let table: toml::Table = format!("{key} = 0")
            .parse()
            .map_err(|_| format!("`{key}` is no key such as code.evidence"))?;
        let mut keys = Vec::new();
        let mut inner = &table;
        while let Some((name, value)) = inner.iter().next() {
            keys.push(name.clone());
            match value.as_table() {
                Some(table) => inner = table,
                None => break,
            }
        }
        // It is given already, and there is no place for it.
        if keys[0] == "project" {
            return Err(
                "sections stand in migcheck.toml; `--project NAME` chooses one, and a setting is for the \
                 projects that are chosen"
                    .to_owned(),
            );
        }
        let read: std::result::Result<toml::Table, _> = format!("v = {value}").parse();
        let value = match read {
            Ok(mut table) if table.len() == 1 => table.remove("v"),
            Ok(_) => None,
            Err(error) if value.starts_with(['[', '{', '"', '\'']) => {
                return Err(format!(
                    "the value is no TOML: {}",
                    error.message().replace('\n', ", ")
                ));
            }
            Err(_) => Some(toml::Value::String(value.to_owned())),
        };
        let value = value.ok_or_else(|| "the value is more than one".to_owned())?;
        Ok(Stated {
            text: format!("{key} = {value}"),
            key: keys,
            from: Origin::Option(format!("--set {assignment}").into()),
        })
    }

    /// What a variable of the environment says for a key.
    pub fn variable(variable: &str, key: &str, value: &str) -> Stated {
        Stated {
            key: key.split('.').map(str::to_owned).collect(),
            text: format!("{key} = {}", toml::Value::String(value.to_owned())),
            from: Origin::Variable(variable.into()),
        }
    }

    /// Whether it is about this key or what is in that table.
    pub fn is_about(&self, key: &str) -> bool {
        let mut parts = key.split('.');
        self.key.iter().all(|it| match parts.next() {
            Some(part) => part == it,
            None => true,
        }) && parts.next().is_none()
    }
}

/// A value that is said, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The keys that lead to it. Entries of a list of tables all have that of the list.
    pub key: Vec<String>,
    /// As it is written.
    pub value: toml::Value,
    /// Where.
    pub from: Origin,
}

#[derive(Debug)]
struct Layer {
    /// How many blanks stand before it.
    start: usize,
    /// The blanks and the text.
    padded: String,
    source: SourceFile,
    /// `None` for a file.
    from: Option<Origin>,
}

/// The texts; later ones outrank.
#[derive(Debug, Default)]
pub(super) struct Layers(Vec<Layer>);

impl Layers {
    /// A file, where there is one, and what is stated beside it.
    pub(super) fn new<'a>(
        file: Option<(&str, &str)>,
        stated: impl IntoIterator<Item = &'a Stated>,
    ) -> Layers {
        let mut layers = Layers::default();
        if let Some((shown, text)) = file {
            layers.add(SourceFile::new(shown, text), None);
        }
        for it in stated {
            let source = SourceFile::new(it.from.name(), it.text.as_str());
            layers.add(source, Some(it.from.clone()));
        }
        layers
    }

    fn add(&mut self, source: SourceFile, from: Option<Origin>) {
        // One more than the last is long: what is wrong at its end is wrong there.
        let start = self.0.last().map_or(0, |it| it.padded.len() + 1);
        let padded = format!("{}{}", " ".repeat(start), source.text);
        self.0.push(Layer {
            start,
            padded,
            source,
            from,
        });
    }

    /// Where the byte at `offset` is written.
    pub(super) fn origin(&self, offset: usize) -> Origin {
        let layer = self.0.iter().rev().find(|it| it.start <= offset);
        match layer.or(self.0.first()) {
            Some(layer) => layer.from.clone().unwrap_or_else(|| Origin::File {
                file: Arc::clone(&layer.source.path),
                at: layer.source.position(offset.saturating_sub(layer.start)),
            }),
            None => Origin::File {
                file: super::FILE_NAME.into(),
                at: Position { line: 1, column: 1 },
            },
        }
    }

    pub(super) fn error(&self, offset: usize, message: String) -> Error {
        self.origin(offset).error(message)
    }

    /// What the reader of TOML found to be wrong.
    pub(super) fn refused(&self, error: &toml::de::Error) -> Error {
        let offset = error.span().map_or(0, |span| span.start);
        self.error(offset, in_our_words(error.message()))
    }

    /// The texts as trees: that of the file, where there is one, comes first.
    pub(super) fn trees(&self) -> Result<Vec<Spanned<DeTable<'_>>>> {
        let layers = self.0.iter();
        layers
            .map(|it| DeTable::parse(&it.padded).map_err(|error| self.refused(&error)))
            .collect()
    }

    /// The leaves of a tree in the order of their keys.
    pub(super) fn said(&self, tree: &DeTable<'_>) -> Vec<Said> {
        let mut out = Vec::new();
        self.walk(&mut Vec::new(), tree, &mut out);
        out
    }

    fn walk(&self, path: &mut Vec<String>, table: &DeTable<'_>, out: &mut Vec<Said>) {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            let mut leaf = |value: &Spanned<DeValue<'_>>, at: usize| {
                let read = toml::Value::deserialize(ValueDeserializer::from(value.clone()));
                if let Ok(value) = read {
                    let (key, from) = (path.clone(), self.origin(at));
                    out.push(Said { key, value, from });
                }
            };
            match value.get_ref() {
                DeValue::Table(inner) => self.walk(path, inner, out),
                DeValue::Array(all)
                    if !all.is_empty() && all.iter().all(|it| it.get_ref().is_table()) =>
                {
                    for it in all {
                        leaf(it, it.span().start);
                    }
                }
                _ => leaf(value, key.span().start),
            }
            path.pop();
        }
    }
}

/// Lays a tree over another.
pub(super) fn lay<'a>(lower: &mut DeTable<'a>, upper: DeTable<'a>) {
    lay_in(lower, upper, true);
}

fn lay_in<'a>(lower: &mut DeTable<'a>, upper: DeTable<'a>, is_top: bool) {
    for (key, value) in upper {
        let Some((its_key, below)) = lower.remove_entry(key.get_ref().as_ref()) else {
            lower.insert(key, value);
            continue;
        };
        let (below_at, above_at) = (below.span(), value.span());
        match (below.into_inner(), value.into_inner()) {
            (DeValue::Table(mut below), DeValue::Table(above)) => {
                lay_in(&mut below, above, false);
                lower.insert(its_key, Spanned::new(below_at, DeValue::Table(below)));
            }
            (DeValue::Array(mut below), DeValue::Array(above))
                if is_top && ADDED.contains(&key.get_ref().as_ref()) =>
            {
                for it in above {
                    below.push(it);
                }
                lower.insert(its_key, Spanned::new(below_at, DeValue::Array(below)));
            }
            (_, above) => {
                lower.insert(key, Spanned::new(above_at, above));
            }
        }
    }
}
