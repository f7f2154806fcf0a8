//! What a stretch of the timeline can change about a query.
//!
//! Input: two states and what the steps between them touched. Output: the [`Reach`]: the words of
//! which a query has at least one in its text if it can come to something else on the other state.
//!
//! A query is led to what its text names, and from there to what the text of that object names: a view
//! to its tables, a table to the function of its trigger, a function to what its body mentions. So what
//! a step touched reaches every object that mentions its name or its identity, and what mentions that
//! one. Words are compared by their hashes: equal hashes of different words only reach too far.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Debug, Write};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::Arc;

use crate::history::Timeline;
use crate::schema::apply::Touched;
use crate::schema::catalog::{Catalog, ObjectId, Table};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::ConstraintKind;

/// Hashes of words, in small letters.
pub(super) type Words = HashSet<u64, BuildHasherDefault<AsItIs>>;

/// What a stretch of the timeline can change.
#[derive(Debug)]
pub(super) enum Reach {
    /// Only queries with one of these words in their text.
    Words(Words),
    /// Any query, as far as anybody knows.
    Everything,
}

/// Finds out what stretches of a timeline can change; what an object mentions is read once.
#[derive(Debug, Default)]
pub(super) struct Reaches {
    /// By the place of the object, which the timeline keeps.
    mentions: HashMap<usize, Arc<Words>>,
}

/// The words of a query's text.
pub(super) fn words_of(text: &str) -> Words {
    let mut out = Collected::default();
    out.add(text);
    out.end();
    out.words
}

impl Reach {
    /// Whether a query with these words can come to something else.
    pub(super) fn has(&self, words: &Words) -> bool {
        match self {
            Reach::Words(reached) => reached.iter().any(|it| words.contains(it)),
            Reach::Everything => true,
        }
    }
}

impl Reaches {
    /// What the steps from the state `from` up to the state `to` can change.
    pub(super) fn between(&mut self, timeline: &Timeline, from: usize, to: usize) -> Reach {
        let catalogs = [timeline.catalog(from), timeline.catalog(to)];
        if differ(catalogs[0], catalogs[1]) {
            return Reach::Everything;
        }
        let mut reached = Words::default();
        let mut refers = false;
        for step in &timeline.steps[from..to] {
            for touched in &step.touched {
                let name = match touched {
                    Touched::Relation(name) | Touched::Type(name) | Touched::Routine(name) => name,
                    Touched::Privileges(_)
                    | Touched::Role(_)
                    | Touched::Extension(_)
                    | Touched::Unread => return Reach::Everything,
                };
                if !is_word(&name.name) {
                    return Reach::Everything;
                }
                reached.extend(words_of(name.name.as_str()));
                for catalog in catalogs {
                    reached.extend(identities(catalog, name));
                    refers |= catalog.table(name).is_some_and(has_foreign_key);
                }
            }
        }
        // The one statement that asks which tables refer to its own.
        if refers {
            reached.insert(hash(b"truncate"));
        }
        let objects: Vec<Object> = catalogs.iter().flat_map(|it| self.objects(it)).collect();
        let mut left: Vec<&Object> = objects.iter().collect();
        loop {
            let before = reached.len();
            let mut out_of_reach = Vec::with_capacity(left.len());
            for object in left {
                match reached.iter().any(|it| object.mentions.contains(it)) {
                    true => reached.extend(&object.names),
                    false => out_of_reach.push(object),
                }
            }
            left = out_of_reach;
            if reached.len() == before {
                break;
            }
        }
        match objects.iter().any(|it| it.is_quoted && it.is_in(&reached)) {
            true => Reach::Everything,
            false => Reach::Words(reached),
        }
    }

    fn objects(&mut self, catalog: &Catalog) -> Vec<Object> {
        let mut out = Vec::new();
        for (name, relation) in catalog.relations() {
            let mentions = self.mentions(relation, relation);
            out.push(Object::new(name, Some(relation.id), mentions));
        }
        for (name, found) in catalog.types() {
            let mentions = self.mentions(found, found);
            out.push(Object::new(name, Some(found.id), mentions));
        }
        for (name, routines) in catalog.all_routines() {
            if let Some(first) = routines.first() {
                let mentions = self.mentions(first, &routines);
                out.push(Object::new(name, None, mentions));
            }
        }
        out
    }

    fn mentions<T>(&mut self, place: &T, object: &impl Debug) -> Arc<Words> {
        let place = std::ptr::from_ref(place).addr();
        let read = || {
            let mut out = Collected::default();
            // Nothing that collects words fails.
            let _ = write!(out, "{object:?}");
            out.end();
            Arc::new(out.words)
        };
        Arc::clone(self.mentions.entry(place).or_insert_with(read))
    }
}

/// An object of a catalog and the words in all that is known of it.
struct Object {
    names: Words,
    mentions: Arc<Words>,
    /// A query names it by more than one word.
    is_quoted: bool,
}

impl Object {
    fn new(name: &QualifiedName, id: Option<ObjectId>, mentions: Arc<Words>) -> Object {
        let mut names = words_of(name.name.as_str());
        names.extend(id.map(identity));
        Object {
            names,
            mentions,
            is_quoted: !is_word(&name.name),
        }
    }

    fn is_in(&self, reached: &Words) -> bool {
        self.names.iter().all(|it| reached.contains(it))
    }
}

fn has_foreign_key(table: &Table) -> bool {
    let mut kinds = table.constraints.iter().map(|it| &it.kind);
    kinds.any(|it| matches!(it, ConstraintKind::ForeignKey { .. }))
}

/// Whether the catalogs differ in what has no name that a query would have to write.
fn differ(one: &Catalog, other: &Catalog) -> bool {
    one.unread() != other.unread()
        || !one.schemas().eq(other.schemas())
        || !one.extensions_in().eq(other.extensions_in())
        || !one.others().eq(other.others())
        || !one.perhaps().eq(other.perhaps())
}

/// The identities of what has this name.
fn identities(catalog: &Catalog, name: &QualifiedName) -> Vec<u64> {
    let relation = catalog.relation(name).map(|it| it.id);
    let found = catalog.user_type(name).map(|it| it.id);
    let routines = catalog.routines(name).iter().map(|it| it.id);
    let all = relation.into_iter().chain(found).chain(routines);
    all.map(identity).collect()
}

/// An identity as the word that it is in what an object mentions.
fn identity(id: ObjectId) -> u64 {
    hash(id.0.to_string().as_bytes())
}

/// Whether the name is one word, however it is written.
fn is_word(name: &Ident) -> bool {
    !name.as_str().is_empty() && name.as_str().bytes().all(is_of_word)
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn hash(word: &[u8]) -> u64 {
    let mut hasher = BuildHasherDefault::<std::hash::DefaultHasher>::default().build_hasher();
    hasher.write(word);
    hasher.finish()
}

/// Takes text in pieces, and keeps its words.
#[derive(Default)]
struct Collected {
    words: Words,
    word: Vec<u8>,
    is_escaped: bool,
}

impl Collected {
    fn add(&mut self, text: &str) {
        for byte in text.bytes() {
            match is_of_word(byte) {
                true => self.word.push(byte.to_ascii_lowercase()),
                false => self.end(),
            }
        }
    }

    fn end(&mut self) {
        if !self.word.is_empty() {
            self.words.insert(hash(&self.word));
            self.word.clear();
        }
    }
}

/// For what `{:?}` prints: the letter behind a backslash is no part of a word.
impl Write for Collected {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\\') {
            let piece = match std::mem::take(&mut self.is_escaped) {
                true => {
                    self.end();
                    let mut rest = piece.chars();
                    rest.next();
                    rest.as_str()
                }
                false => piece,
            };
            self.is_escaped = piece.ends_with('\\');
            self.add(piece);
        }
        Ok(())
    }
}

/// The values are hashes already.
#[derive(Debug, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
