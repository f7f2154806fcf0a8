//! A folder of files, wherever it is kept: on disk, at a git revision, or in memory.
//!
//! The live releases, base and head are all read through a [`Tree`], so that the same code, and
//! the same rules for configuration, serve all of them.
//!
//! The root of a tree is the top of the repository, and without one the folder asked for. All
//! paths are relative to it, with forward slashes, the root itself being the empty text; so a path
//! means the same file at every revision, and in the reports.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::discover::git::{Commit, Object, Repository};
use crate::discover::text::{Contents, LARGEST, Mark, MigrationText, decode};
use crate::error::{Error, Result};

/// Files that can be listed and read. Cloning is cheap except in memory.
#[derive(Debug, Clone)]
pub enum Tree {
    /// What is on disk: tracked files, untracked ones too, ignored ones not.
    WorkTree(WorkTree),
    /// What git has at a commit, or staged.
    Revision(Revision),
    /// Files by path.
    Memory(BTreeMap<String, Vec<u8>>),
    /// Another tree with one more file, or with another text in one.
    Overlaid(Arc<Overlaid>),
}

/// A tree and a file that lies on top of it.
#[derive(Debug)]
pub struct Overlaid {
    below: Tree,
    path: String,
    bytes: Vec<u8>,
}

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct WorkTree {
    root: PathBuf,
    repository: Option<Repository>,
    /// The folders listed so far, each with all files in it and below.
    listed: Arc<Mutex<Vec<Listing>>>,
    /// The files of folders themselves that were asked for one by one, by folder.
    direct: Arc<Mutex<HashMap<String, Arc<Vec<String>>>>>,
}

/// A folder, and all files in it and below from the tree's root, sorted by bytes.
type Listing = (String, Arc<Vec<String>>);

/// The files of a commit.
#[derive(Debug, Clone)]
pub struct Revision {
    repository: Repository,
    commit: Commit,
    /// Whether it is what is staged, which has no name of its own.
    is_staged: bool,
    /// The folders read so far, by path.
    folders: Arc<Mutex<HashMap<String, Arc<Vec<Entry>>>>>,
}

/// One line of a folder in git.
#[derive(Debug, Clone)]
struct Entry {
    name: String,
    id: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
    /// A commit of another repository.
    Submodule,
}

impl Tree {
    /// The folder `root` on disk, outside of any repository: `.gitignore` still counts.
    pub fn folder(root: impl Into<PathBuf>) -> Tree {
        Tree::WorkTree(WorkTree {
            root: root.into(),
            repository: None,
            listed: Arc::default(),
            direct: Arc::default(),
        })
    }

    /// The work tree of `repository`, from its top.
    pub fn work_tree(repository: &Repository) -> Tree {
        Tree::WorkTree(WorkTree {
            root: repository.root().to_owned(),
            repository: Some(repository.clone()),
            listed: Arc::default(),
            direct: Arc::default(),
        })
    }

    /// The files of `commit`, from the top of the repository.
    pub fn revision(repository: &Repository, commit: &Commit) -> Tree {
        Tree::Revision(Revision {
            repository: repository.clone(),
            commit: commit.clone(),
            is_staged: false,
            folders: Arc::default(),
        })
    }

    /// The files that are staged in `repository`, from its top: what is not, is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when the index cannot be committed as it is.
    pub fn staged(repository: &Repository) -> Result<Tree> {
        Ok(Tree::Revision(Revision {
            repository: repository.clone(),
            commit: repository.staged()?,
            is_staged: true,
            folders: Arc::default(),
        }))
    }

    /// These files.
    pub fn memory<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tree {
        Tree::Memory(
            files
                .into_iter()
                .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
                .collect(),
        )
    }

    /// This tree with the file `path`, whatever it holds there.
    #[must_use]
    pub fn with_file(self, path: impl Into<String>, bytes: Vec<u8>) -> Tree {
        Tree::Overlaid(Arc::new(Overlaid {
            below: self,
            path: path.into(),
            bytes,
        }))
    }

    /// All files in the folder `under` and below it, sorted by bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git fails, [`Error::Read`] when the root cannot be listed.
    pub fn files(&self, under: &str) -> Result<Vec<String>> {
        match self {
            Tree::WorkTree(tree) => Ok(within(&tree.files(under)?, under)),
            Tree::Revision(tree) => tree.files(under),
            Tree::Memory(files) => Ok(files
                .keys()
                .filter(|path| is_within(path, under))
                .cloned()
                .collect()),
            Tree::Overlaid(tree) => {
                let files = tree.below.files(under)?;
                Ok(match is_within(&tree.path, under) {
                    true => with_name(files, &tree.path),
                    false => files,
                })
            }
        }
    }

    /// The lines that hold what `pattern` (an extended regular expression) matches as a word, in any
    /// case, outside of the folders `left_out`: the file with the line, from 1. `None` where there is
    /// no git to ask.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git fails.
    pub fn mentions(
        &self,
        pattern: &str,
        left_out: &[String],
    ) -> Result<Option<Vec<(String, usize)>>> {
        match self {
            Tree::WorkTree(tree) => match &tree.repository {
                Some(repository) => repository.grep(None, pattern, left_out).map(Some),
                None => Ok(None),
            },
            Tree::Revision(tree) => tree
                .repository
                .grep(Some(&tree.commit), pattern, left_out)
                .map(Some),
            Tree::Memory(_) => Ok(None),
            Tree::Overlaid(tree) => tree.below.mentions(pattern, left_out),
        }
    }

    /// The names in the folder `folder` itself, sorted by bytes; that of a folder ends in a slash.
    ///
    /// # Errors
    ///
    /// As [`Tree::files`].
    pub fn names(&self, folder: &str) -> Result<Vec<String>> {
        match self {
            Tree::WorkTree(tree) => Ok(first_parts(tree.files(folder)?.iter(), folder)),
            Tree::Revision(tree) => {
                let entries = tree.folders(&[folder.to_owned()])?.remove(0);
                let mut names: Vec<String> = entries
                    .iter()
                    .filter_map(|entry| match entry.kind {
                        Kind::Folder => Some(format!("{}/", entry.name)),
                        Kind::File | Kind::Link => Some(entry.name.clone()),
                        Kind::Submodule => None,
                    })
                    .collect();
                names.sort_unstable();
                Ok(names)
            }
            Tree::Memory(files) => Ok(first_parts(files.keys(), folder)),
            Tree::Overlaid(tree) => {
                let names = tree.below.names(folder)?;
                let own = first_parts(std::iter::once(&tree.path), folder);
                Ok(own.iter().fold(names, |names, own| with_name(names, own)))
            }
        }
    }

    /// The files of the folder `folder` itself, by name, sorted by bytes. Cheaper than
    /// [`Tree::names`], which has to look into every folder there.
    ///
    /// # Errors
    ///
    /// As [`Tree::files`].
    pub(super) fn direct_files(&self, folder: &str) -> Result<Vec<String>> {
        if let Tree::WorkTree(tree) = self
            && let Some(files) = tree.direct_files(folder)?
        {
            return Ok(Vec::clone(&files));
        }
        if let Tree::Overlaid(tree) = self {
            let files = tree.below.direct_files(folder)?;
            let (own, name) = split(&tree.path);
            return Ok(match own == folder {
                true => with_name(files, name),
                false => files,
            });
        }
        let mut names = self.names(folder)?;
        names.retain(|name| !name.ends_with('/'));
        Ok(names)
    }

    /// Whether the file `path` is there.
    ///
    /// # Errors
    ///
    /// As [`Tree::files`].
    pub(super) fn has_file(&self, path: &str) -> Result<bool> {
        // Most of what is asked for is not there, which the disk says faster than git.
        if let Tree::WorkTree(tree) = self
            && tree.root.join(path).symlink_metadata().is_err()
        {
            return Ok(false);
        }
        let (folder, name) = split(path);
        let files = self.direct_files(folder)?;
        Ok(files
            .binary_search_by(|other| other.as_str().cmp(name))
            .is_ok())
    }

    /// Whether the folder `folder` holds any file, itself or below.
    ///
    /// # Errors
    ///
    /// As [`Tree::files`].
    pub(super) fn has_folder(&self, folder: &str) -> Result<bool> {
        if let Tree::WorkTree(tree) = self
            && !tree.root.join(folder).is_dir()
        {
            return Ok(false);
        }
        let (above, name) = split(folder);
        match self {
            Tree::WorkTree(_) => Ok(!self.files(folder)?.is_empty()),
            Tree::Revision(_) | Tree::Memory(_) | Tree::Overlaid(_) => {
                let name = format!("{name}/");
                Ok(self.names(above)?.contains(&name))
            }
        }
    }

    /// The file `path`; `None` when there is none, or it is a folder.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] when it cannot be read or is over 50 MB, [`Error::Git`] when git fails.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let refused = |said: String| Error::Read {
            path: PathBuf::from(self.shown(path)),
            source: std::io::Error::other(said),
        };
        match self.read_many(&[path])?.pop() {
            Some(Contents::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Contents::TooLarge(_)) => Err(refused("it is larger than 50 MB".to_owned())),
            Some(Contents::Refused(said)) => Err(refused(said)),
            Some(Contents::Missing) | None => Ok(None),
        }
    }

    /// The files `paths`, in that order. Trouble with one of them is its own answer.
    ///
    /// # Errors
    ///
    /// [`Error::Git`] when git fails.
    pub fn read_many<P: AsRef<str> + Sync>(&self, paths: &[P]) -> Result<Vec<Contents>> {
        match self {
            Tree::WorkTree(tree) => Ok(read_from_disk(&tree.root, paths)),
            Tree::Revision(tree) => tree.read_many(paths),
            Tree::Memory(files) => Ok(paths
                .iter()
                .map(|path| match files.get(path.as_ref()) {
                    Some(bytes) if bytes.len() as u64 > LARGEST => {
                        Contents::TooLarge(bytes.len() as u64)
                    }
                    Some(bytes) => Contents::Bytes(bytes.clone()),
                    None => Contents::Missing,
                })
                .collect()),
            Tree::Overlaid(tree) => {
                let mut all = tree.below.read_many(paths)?;
                for (contents, path) in all.iter_mut().zip(paths) {
                    if path.as_ref() == tree.path {
                        *contents = tree.contents();
                    }
                }
                Ok(all)
            }
        }
    }

    /// The texts of the files `paths`, in that order. A file that is the same on disk and at a
    /// revision is read once, and both have the same [`Arc`](std::sync::Arc).
    pub(super) fn texts(&self, paths: &[String]) -> Result<Vec<(MigrationText, Mark)>> {
        match self {
            Tree::WorkTree(tree) => {
                let texts = in_parallel(paths, |path| decode(path, read_file(&tree.root, path)));
                if let Some(repository) = &tree.repository {
                    repository.keep_texts(paths, &texts);
                }
                Ok(texts)
            }
            Tree::Revision(tree) => tree.texts(paths),
            Tree::Memory(_) => {
                let contents = self.read_many(paths)?.into_iter();
                let texts = paths
                    .iter()
                    .zip(contents)
                    .map(|(path, it)| decode(path, it));
                Ok(texts.collect())
            }
            Tree::Overlaid(tree) => {
                let mut all = tree.below.texts(paths)?;
                for (text, path) in all.iter_mut().zip(paths) {
                    if *path == tree.path {
                        *text = decode(path, tree.contents());
                    }
                }
                Ok(all)
            }
        }
    }

    /// `path` as a message should name it: at a revision the revision stands before it, as git
    /// writes it (`1a2b3c4:migcheck.toml`).
    pub fn shown(&self, path: &str) -> String {
        match self {
            Tree::WorkTree(_) | Tree::Memory(_) => path.to_owned(),
            Tree::Revision(tree) if tree.is_staged => path.to_owned(),
            Tree::Revision(tree) => {
                format!("{}:{path}", tree.repository.short(&tree.commit))
            }
            Tree::Overlaid(tree) => tree.below.shown(path),
        }
    }
}

impl Overlaid {
    fn contents(&self) -> Contents {
        match self.bytes.len() as u64 {
            length if length > LARGEST => Contents::TooLarge(length),
            _ => Contents::Bytes(self.bytes.clone()),
        }
    }
}

impl WorkTree {
    /// The root on disk.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All files in a folder and below, and perhaps more.
    fn files(&self, under: &str) -> Result<Arc<Vec<String>>> {
        let mut listed = lock(&self.listed);
        let known = |(folder, _): &&Listing| folder == under || is_within(under, folder);
        if let Some((_, files)) = listed.iter().find(known) {
            return Ok(Arc::clone(files));
        }
        let (folder, files) = match &self.repository {
            Some(repository) if under.is_empty() => ("", repository.work_tree_files(&[])?),
            Some(repository) => match repository.work_tree_files(&[under.to_owned()]) {
                Ok(files) => (under, files),
                // Git refuses to look behind a link and into another repository; then nothing is
                // there, unless it fails for another reason.
                Err(_) => ("", repository.work_tree_files(&[])?),
            },
            None => ("", walk(&self.root)?),
        };
        let files = Arc::new(files);
        listed.push((folder.to_owned(), Arc::clone(&files)));
        Ok(files)
    }

    /// The files of a folder itself; `None` where all of it is listed or has to be. Git is asked
    /// about those of the folders above it at the same time: they are what is asked for next.
    fn direct_files(&self, folder: &str) -> Result<Option<Arc<Vec<String>>>> {
        /// More names than that are not put on a command line.
        const MOST: usize = 500;
        let Some(repository) = &self.repository else {
            return Ok(None);
        };
        let known = |(listed, _): &Listing| folder == listed || is_within(folder, listed);
        if lock(&self.listed).iter().any(known) {
            return Ok(None);
        }
        let mut direct = lock(&self.direct);
        if let Some(files) = direct.get(folder) {
            return Ok(Some(Arc::clone(files)));
        }
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut paths: Vec<String> = Vec::new();
        for above in upwards(folder).filter(|above| !direct.contains_key(*above)) {
            let files = found.entry(above).or_default();
            // A folder that cannot be read holds nothing that a tool could read.
            for entry in std::fs::read_dir(self.root.join(above))
                .into_iter()
                .flatten()
            {
                let Ok(entry) = entry else { continue };
                let is_folder = entry.file_type().is_ok_and(|it| it.is_dir());
                if let (false, Ok(name)) = (is_folder, entry.file_name().into_string()) {
                    paths.push(join(above, &name));
                    files.push(name);
                }
            }
        }
        if paths.len() > MOST {
            return Ok(None);
        }
        let there = match paths.is_empty() {
            true => Vec::new(),
            false => match repository.work_tree_files(&paths) {
                Ok(there) => there,
                Err(_) => return Ok(None), // As above.
            },
        };
        for (above, mut files) in found {
            files.retain(|name| there.binary_search(&join(above, name)).is_ok());
            files.sort_unstable();
            direct.insert(above.to_owned(), Arc::new(files));
        }
        Ok(direct.get(folder).cloned())
    }
}

/// Sorted names with one more, if it is not among them.
fn with_name(mut names: Vec<String>, name: &str) -> Vec<String> {
    if let Err(place) = names.binary_search_by(|it| it.as_str().cmp(name)) {
        names.insert(place, name.to_owned());
    }
    names
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The files `paths` below `root`, in that order.
fn read_from_disk<P: AsRef<str> + Sync>(root: &Path, paths: &[P]) -> Vec<Contents> {
    in_parallel(paths, |path| read_file(root, path.as_ref()))
}

/// `work` on each of `items`, in that order.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    // A handful is done faster than other threads wake up.
    if items.len() < 16 {
        return items.iter().map(work).collect();
    }
    items.par_iter().with_min_len(16).map(work).collect()
}

fn read_file(root: &Path, path: &str) -> Contents {
    let read = || -> std::io::Result<Contents> {
        let mut file = std::fs::File::open(root.join(path))?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Ok(Contents::Missing);
        }
        if about.len() > LARGEST {
            return Ok(Contents::TooLarge(about.len()));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
        file.read_to_end(&mut bytes)?;
        Ok(Contents::Bytes(bytes))
    };
    read().unwrap_or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound
        | std::io::ErrorKind::NotADirectory
        | std::io::ErrorKind::IsADirectory => Contents::Missing,
        _ => Contents::Refused(error.to_string()),
    })
}

/// The files below `root` as git would list them if it were a repository: hidden ones too, other
/// repositories not.
fn walk(root: &Path) -> Result<Vec<String>> {
    let is_other_repository = |path: &Path| path != root && path.join(".git").exists();
    let top = root.to_owned();
    let mut builder = ignore::WalkBuilder::new(root);
    builder
        .hidden(false)
        .ignore(false)
        .parents(false)
        .require_git(false)
        .filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
            let is_nested = is_folder && entry.path() != top && entry.path().join(".git").exists();
            entry.file_name() != ".git" && !is_nested
        });
    let mut files = Vec::new();
    for entry in builder.build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.depth() == Some(0) => {
                return Err(Error::Read {
                    path: root.to_owned(),
                    source: error
                        .into_io_error()
                        .unwrap_or_else(|| std::io::Error::other("it cannot be listed")),
                });
            }
            // A folder that may not be entered holds nothing that the migration tool could read.
            Err(_) => continue,
        };
        let is_file = match entry.file_type() {
            Some(kind) if kind.is_symlink() => entry.path().is_file(),
            Some(kind) => kind.is_file(),
            None => false,
        };
        if is_file && !is_other_repository(entry.path()) {
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            files.push(with_slashes(path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

impl Revision {
    /// The commit.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    fn files(&self, under: &str) -> Result<Vec<String>> {
        let mut files = Vec::new();
        let mut level = vec![under.to_owned()];
        // Level by level, so that a deep tree costs few round trips.
        while !level.is_empty() {
            let mut next = Vec::new();
            for (folder, entries) in level.iter().zip(self.folders(&level)?) {
                for entry in entries.iter() {
                    let path = join(folder, &entry.name);
                    match entry.kind {
                        Kind::Folder => next.push(path),
                        Kind::File | Kind::Link => files.push(path),
                        Kind::Submodule => {}
                    }
                }
            }
            level = next;
        }
        files.sort_unstable();
        Ok(files)
    }

    /// The entries of each folder; none for a folder that does not exist.
    fn folders(&self, paths: &[String]) -> Result<Vec<Arc<Vec<Entry>>>> {
        let mut known = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wanted: Vec<&str> = Vec::new();
        let mut questions: Vec<String> = Vec::new();
        for path in paths.iter().filter(|path| !known.contains_key(*path)) {
            // Most folders were named by their parent, which knows the object; this also keeps
            // odd file names out of the questions.
            let (parent, name) = split(path);
            let id = known.get(parent).and_then(|entries| {
                named(entries, name)
                    .filter(|entry| entry.kind == Kind::Folder)
                    .map(|entry| entry.id.clone())
            });
            let question = match (id, path.is_empty(), known.contains_key(parent)) {
                (Some(id), _, _) => id,
                (None, true, _) => format!("{}^{{tree}}", self.commit.id()),
                (None, false, true) => continue,
                (None, false, false) => format!("{}:{path}", self.commit.id()),
            };
            wanted.push(path);
            questions.push(question);
        }
        let id_bytes = self.commit.id().len() / 2;
        for (path, object) in wanted.iter().zip(self.repository.objects(&questions)?) {
            let entries = match object {
                Object::Found {
                    kind,
                    bytes: Ok(bytes),
                    ..
                } if kind == "tree" => entries(&bytes, id_bytes),
                _ => Vec::new(),
            };
            known.insert((*path).to_owned(), Arc::new(entries));
        }
        let none = Arc::new(Vec::new());
        Ok(paths
            .iter()
            .map(|path| known.get(path).unwrap_or(&none).clone())
            .collect())
    }

    fn texts(&self, paths: &[String]) -> Result<Vec<(MigrationText, Mark)>> {
        let mut texts: Vec<Option<(MigrationText, Mark)>> = Vec::with_capacity(paths.len());
        let mut parents: HashMap<&str, Arc<Vec<Entry>>> = HashMap::new();
        for path in paths {
            let (parent, name) = split(path);
            let folder = match parents.get(parent) {
                Some(folder) => folder.clone(),
                None => {
                    let folder = self.folders(&[parent.to_owned()])?.remove(0);
                    parents.insert(parent, folder.clone());
                    folder
                }
            };
            let entry = named(&folder, name).filter(|entry| entry.kind == Kind::File);
            texts.push(entry.and_then(|entry| self.repository.kept_text(path, &entry.id)));
        }
        let missing: Vec<&str> = paths
            .iter()
            .zip(&texts)
            .filter(|(_, text)| text.is_none())
            .map(|(path, _)| path.as_str())
            .collect();
        let read = self.read_many(&missing)?;
        let mut decoded = missing
            .into_iter()
            .zip(read)
            .map(|(path, contents)| decode(path, contents));
        Ok(texts
            .into_iter()
            .map(|text| text.unwrap_or_else(|| decoded.next().expect("each missing text was read")))
            .collect())
    }

    fn read_many<P: AsRef<str>>(&self, paths: &[P]) -> Result<Vec<Contents>> {
        let mut parents: Vec<String> = paths
            .iter()
            .map(|path| split(path.as_ref()).0.to_owned())
            .collect();
        parents.sort_unstable();
        parents.dedup();
        let folders: HashMap<&str, Arc<Vec<Entry>>> = parents
            .iter()
            .map(String::as_str)
            .zip(self.folders(&parents)?)
            .collect();
        let mut places = Vec::new();
        let mut questions = Vec::new();
        let mut links = Vec::new();
        let mut on_disk = Vec::new();
        for (place, path) in paths.iter().enumerate() {
            let (parent, name) = split(path.as_ref());
            let entry = named(&folders[parent], name);
            match entry {
                Some(entry) if entry.kind == Kind::File => {
                    if self.repository.is_on_disk(path.as_ref(), &entry.id) {
                        on_disk.push(place);
                    } else {
                        places.push(place);
                        questions.push(entry.id.clone());
                    }
                }
                Some(entry) if entry.kind == Kind::Link => links.push((place, entry.id.clone())),
                _ => {}
            }
        }
        let mut contents = vec![Contents::Missing; paths.len()];
        let answers = self.repository.objects(&questions)?;
        for (place, object) in places.into_iter().zip(answers) {
            contents[place] = blob(object);
        }
        let unchanged: Vec<&str> = on_disk.iter().map(|place| paths[*place].as_ref()).collect();
        let read = read_from_disk(self.repository.root(), &unchanged);
        for (place, read) in on_disk.into_iter().zip(read) {
            contents[place] = read;
        }
        for (place, id) in links {
            contents[place] = self.follow(paths[place].as_ref(), id)?;
        }
        Ok(contents)
    }

    /// The file that the link at `path`, whose own object is `id`, leads to; at most eight links
    /// in a row, and none that leaves the repository.
    fn follow(&self, path: &str, mut id: String) -> Result<Contents> {
        let mut path = path.to_owned();
        for _ in 0..8 {
            let object = self.repository.objects(&[id])?.pop();
            let Some(Contents::Bytes(target)) = object.map(blob) else {
                return Ok(Contents::Missing);
            };
            let target = String::from_utf8_lossy(&target);
            let Some(next) = resolve_link(split(&path).0, &target) else {
                return Ok(Contents::Missing);
            };
            let (parent, name) = split(&next);
            let folder = self.folders(&[parent.to_owned()])?.remove(0);
            let Some(entry) = named(&folder, name) else {
                return Ok(Contents::Missing);
            };
            id = entry.id.clone();
            match entry.kind {
                Kind::File => {
                    let object = self.repository.objects(&[id])?.pop();
                    return Ok(object.map_or(Contents::Missing, blob));
                }
                Kind::Link => path = next,
                Kind::Folder | Kind::Submodule => return Ok(Contents::Missing),
            }
        }
        Ok(Contents::Missing)
    }
}

fn blob(object: Object) -> Contents {
    match object {
        Object::Found { kind, bytes, .. } if kind == "blob" => match bytes {
            Ok(bytes) => Contents::Bytes(bytes),
            Err(size) => Contents::TooLarge(size),
        },
        _ => Contents::Missing,
    }
}

/// The entry `name` of a folder.
fn named<'a>(entries: &'a [Entry], name: &str) -> Option<&'a Entry> {
    let place = entries.binary_search_by(|entry| entry.name.as_str().cmp(name));
    place.ok().map(|place| &entries[place])
}

/// The entries of a tree object: mode, blank, name, zero byte, `id_bytes` bytes of object name.
/// Sorted by name: git's own order takes a folder's name to end in a slash.
fn entries(mut bytes: &[u8], id_bytes: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(blank) = bytes.iter().position(|byte| *byte == b' ')
        && let Some(zero) = bytes.iter().position(|byte| *byte == 0)
        && blank < zero
        && let Some(id) = bytes.get(zero + 1..zero + 1 + id_bytes)
    {
        let kind = match &bytes[..blank] {
            b"40000" | b"040000" => Kind::Folder,
            b"120000" => Kind::Link,
            b"160000" => Kind::Submodule,
            _ => Kind::File,
        };
        entries.push(Entry {
            name: String::from_utf8_lossy(&bytes[blank + 1..zero]).into_owned(),
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            kind,
        });
        bytes = &bytes[zero + 1 + id_bytes..];
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    entries
}

/// Where a link in `folder` leads, as a path from the root; `None` for one that leaves the tree.
fn resolve_link(folder: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// `folder/name`, or the name alone at the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// The folder that holds `path`, and its name there.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// `folder`, its parent, and so on up to the root.
pub(super) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| {
        (!folder.is_empty()).then(|| split(folder).0)
    })
}

/// Whether `path` lies in `folder` or below it.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// The names in `folder` of what the sorted paths `files` lead to.
fn first_parts<'a>(files: impl Iterator<Item = &'a String>, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = files
        .filter(|path| is_within(path, folder))
        .map(|path| {
            let rest = path[folder.len()..].trim_start_matches('/');
            match rest.split_once('/') {
                Some((name, _)) => format!("{name}/"),
                None => rest.to_owned(),
            }
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn within(files: &[String], under: &str) -> Vec<String> {
    files
        .iter()
        .filter(|path| is_within(path, under))
        .cloned()
        .collect()
}

/// A relative path with forward slashes.
pub(super) fn with_slashes(path: &Path) -> String {
    path.components()
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::support::TestRepository;

    fn of(repository: &TestRepository) -> Repository {
        let found = Repository::containing_with(repository.root(), &|_| None);
        found.unwrap().unwrap()
    }

    #[test]
    fn work_tree_holds_untracked_files_and_no_ignored_ones() {
        let mut repository = TestRepository::new();
        repository.write(".gitignore", "*.log\nout/\n");
        repository.write("kept.log", "tracked all the same");
        repository.git(&["add", "--force", "kept.log"]);
        repository.write("gone.sql", "");
        repository.write("a/1.sql", "");
        repository.commit("one");
        repository.write(".sqlx/query.json", "{}");
        repository.write("a/2.sql", "");
        repository.write("b.log", "");
        repository.write("out/3.sql", "");
        std::fs::remove_file(repository.root().join("gone.sql")).unwrap();
        let tree = Tree::work_tree(&of(&repository));
        let all = [
            ".gitignore",
            ".sqlx/query.json",
            "a/1.sql",
            "a/2.sql",
            "kept.log",
        ];
        assert_eq!(tree.files("").unwrap(), all);
        assert_eq!(tree.files("a").unwrap(), ["a/1.sql", "a/2.sql"]);
        assert_eq!(
            tree.names("").unwrap(),
            [".gitignore", ".sqlx/", "a/", "kept.log"]
        );
        assert_eq!(tree.read("gone.sql").unwrap(), None);
        assert_eq!(tree.read("a").unwrap(), None);
    }

    #[test]
    fn parts_of_a_work_tree_are_what_all_of_it_has() {
        let mut repository = TestRepository::new();
        repository.write(".gitignore", "*.log\nout/\n");
        repository.write("go.mod", "");
        repository.write("gone.toml", "");
        repository.write("a/b/1.sql", "");
        repository.write("a/Makefile", "");
        repository.commit("one");
        repository.write("a/new.toml", "");
        repository.write("a/x.log", "");
        repository.write("out/2.sql", "");
        repository.write("fresh/3.sql", "");
        std::fs::remove_file(repository.root().join("gone.toml")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("a", repository.root().join("link")).unwrap();
        let git = of(&repository);
        let whole = Tree::work_tree(&git);
        whole.files("").unwrap();
        for folder in ["a/b", "a", "", "out", "fresh", "missing", "link/b"] {
            let part = Tree::work_tree(&git);
            assert_eq!(
                part.direct_files(folder).unwrap(),
                whole.direct_files(folder).unwrap(),
                "{folder}"
            );
            assert_eq!(part.files(folder).unwrap(), whole.files(folder).unwrap());
            if !folder.is_empty() {
                let part = Tree::work_tree(&git);
                let has = whole.names(split(folder).0).unwrap();
                let name = format!("{}/", split(folder).1);
                assert_eq!(
                    part.has_folder(folder).unwrap(),
                    has.contains(&name),
                    "{folder}"
                );
            }
        }
        for path in [
            "go.mod",
            "gone.toml",
            "a/new.toml",
            "a/x.log",
            "a/b",
            "out/2.sql",
        ] {
            let part = Tree::work_tree(&git);
            let has = whole.files("").unwrap().iter().any(|it| it == path);
            assert_eq!(part.has_file(path).unwrap(), has, "{path}");
        }
    }

    #[test]
    fn folder_without_git_honours_gitignore_too() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(".gitignore", "*.log\n");
        write(".sqlx/q.json", "");
        write("a/1.sql", "x");
        write("a/1.log", "");
        write("nested/.git/HEAD", "");
        write("nested/2.sql", "");
        let tree = Tree::folder(folder.path());
        assert_eq!(
            tree.files("").unwrap(),
            [".gitignore", ".sqlx/q.json", "a/1.sql"]
        );
        assert_eq!(tree.read("a/1.sql").unwrap(), Some(b"x".to_vec()));
        assert!(Tree::folder("/nonexistent/folder").files("").is_err());
    }

    #[test]
    fn revision_holds_what_was_committed() {
        let mut repository = TestRepository::new();
        repository.write("a/1.sql", "one");
        repository.write("a/deep/er/2 \n.sql", "two");
        repository.write("z.txt", "old");
        let commit = repository.commit("one");
        repository.write("a/3.sql", "three");
        repository.write("z.txt", "new");
        let git = of(&repository);
        let tree = Tree::revision(&git, &git.resolve("HEAD").unwrap());
        assert_eq!(
            tree.files("").unwrap(),
            ["a/1.sql", "a/deep/er/2 \n.sql", "z.txt"]
        );
        assert_eq!(tree.files("a/deep").unwrap(), ["a/deep/er/2 \n.sql"]);
        assert!(tree.files("b").unwrap().is_empty());
        assert_eq!(tree.names("a").unwrap(), ["1.sql", "deep/"]);
        let read = |path: &str| {
            let bytes = tree.read(path).unwrap();
            bytes.map(|it| String::from_utf8(it).unwrap())
        };
        assert_eq!(read("a/deep/er/2 \n.sql").as_deref(), Some("two"));
        assert_eq!(read("a/3.sql"), None);
        assert_eq!(read("a/deep"), None);
        // The same with the work tree listed, when unchanged files are read from disk.
        Tree::work_tree(&git).files("").unwrap();
        assert_eq!(read("z.txt").as_deref(), Some("old"));
        assert_eq!(read("a/1.sql").as_deref(), Some("one"));
        assert_eq!(tree.shown("a/1.sql"), format!("{}:a/1.sql", &commit[..7]));
        // And with parts of it listed, which does not tell what has changed.
        let git = of(&repository);
        let part = Tree::work_tree(&git);
        assert_eq!(part.files("a").unwrap().len(), 3);
        assert!(part.has_file("z.txt").unwrap());
        let tree = Tree::revision(&git, &git.resolve("HEAD").unwrap());
        let texts = tree
            .texts(&["z.txt".to_owned(), "a/1.sql".to_owned()])
            .unwrap();
        let sent: Vec<&str> = texts.iter().filter_map(|(text, _)| text.sent()).collect();
        assert_eq!(sent, ["old", "one"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_within_the_repository_are_followed_at_a_revision() {
        let mut repository = TestRepository::new();
        repository.write("real/1.sql", "one");
        let link = |target: &str, path: &str| {
            std::os::unix::fs::symlink(target, repository.root().join(path)).unwrap();
        };
        link("real/1.sql", "direct.sql");
        link("./direct.sql", "twice.sql");
        link("circle.sql", "circle.sql");
        link("/etc/passwd", "out.sql");
        repository.commit("one");
        let git = of(&repository);
        let tree = Tree::revision(&git, &git.resolve("HEAD").unwrap());
        let one = Some(b"one".to_vec());
        assert_eq!(tree.read("direct.sql").unwrap(), one);
        assert_eq!(tree.read("twice.sql").unwrap(), one);
        assert_eq!(tree.read("circle.sql").unwrap(), None);
        assert_eq!(tree.read("out.sql").unwrap(), None);
    }

    #[test]
    fn more_questions_than_a_pipe_holds_are_answered() {
        let mut repository = TestRepository::new();
        let text = "x".repeat(3000);
        for number in 0..400 {
            repository.write(&format!("m/{number:03}.sql"), &text);
        }
        repository.commit("one");
        let git = of(&repository);
        let tree = Tree::revision(&git, &git.resolve("HEAD").unwrap());
        let read = tree.read_many(&tree.files("m").unwrap()).unwrap();
        assert_eq!(read.len(), 400);
        assert!(
            read.iter()
                .all(|it| *it == Contents::Bytes(text.clone().into_bytes()))
        );
    }
}
