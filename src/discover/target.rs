//! What the user named on the command line.

use std::path::{Path, PathBuf};

use crate::discover::git::Repository;
use crate::discover::tree::{Tree, split, with_slashes};
use crate::error::{Error, Result};

/// Where to look, and what counts as new when files were named.
#[derive(Debug, Clone)]
pub struct Target {
    /// The work tree, from the top of the repository; without one, from the folder named.
    pub tree: Tree,
    /// The repository around it.
    pub repository: Option<Repository>,
    /// The folder to look in, from the tree's root: where the search begins, or the migrations
    /// folder itself.
    pub start: String,
    /// Whether the user named that folder: then files in it are migrations whatever its name is.
    pub is_named: bool,
    /// The files named, from the tree's root, sorted: these are what is new.
    pub files: Vec<String>,
}

/// Where `paths` lead: a repository, a folder in it, the migrations folder, or migration files.
/// No path means the current folder.
///
/// # Errors
///
/// [`Error::Read`] for a path that does not exist, [`Error::Argument`] for paths that do not
/// belong together, [`Error::Git`] for a repository that git refuses to read.
pub fn locate(paths: &[PathBuf]) -> Result<Target> {
    let here = [PathBuf::from(".")];
    let named = !paths.is_empty();
    let paths = if named { paths } else { &here };
    let absolute = paths
        .iter()
        .map(|path| {
            path.canonicalize().map_err(|source| Error::Read {
                path: path.clone(),
                source,
            })
        })
        .collect::<Result<Vec<PathBuf>>>()?;
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        absolute.iter().partition(|path| path.is_dir());
    let start = match (folders.as_slice(), files.as_slice()) {
        ([folder], []) => (*folder).clone(),
        ([], [first, rest @ ..]) => {
            let mut common = first.parent().unwrap_or(first).to_owned();
            for file in rest {
                while !file.starts_with(&common) {
                    common.pop();
                }
            }
            common
        }
        _ => {
            return Err(Error::Argument(
                "name one folder, or only migration files".to_owned(),
            ));
        }
    };
    let repository = Repository::containing(&start)?;
    let root = match &repository {
        Some(repository) => canonical(repository.root()),
        None => start.clone(),
    };
    let below = |path: &Path| path.strip_prefix(&root).ok().map(with_slashes);
    let (Some(from_root), Some(mut from_root_files)) = (
        below(&start),
        files
            .iter()
            .map(|file| below(file))
            .collect::<Option<Vec<_>>>(),
    ) else {
        return Err(Error::Argument(format!(
            "the paths do not lie in one repository ({})",
            root.display()
        )));
    };
    from_root_files.sort_unstable();
    from_root_files.dedup();
    // With files in several folders the start is only what they have in common.
    let is_named = named
        && from_root_files
            .iter()
            .all(|file| split(file).0 == from_root);
    if let Some(repository) = &repository {
        let tree = Tree::work_tree(repository);
        let is_ignored = is_named && !from_root.is_empty() && tree.files(&from_root)?.is_empty();
        // Who names a folder that git ignores means it all the same.
        if !is_ignored {
            return Ok(Target {
                tree,
                repository: Some(repository.clone()),
                start: from_root,
                is_named,
                files: from_root_files,
            });
        }
    }
    let strip = |file: &Path| file.strip_prefix(&start).ok().map(with_slashes);
    Ok(Target {
        files: files.iter().filter_map(|file| strip(file)).collect(),
        tree: Tree::folder(start),
        repository: None,
        start: String::new(),
        is_named,
    })
}

impl Target {
    /// The folder of the repository on disk, without links; `None` where there is no repository.
    pub fn root(&self) -> Option<PathBuf> {
        let repository = self.repository.as_ref();
        repository.map(|it| canonical(it.root()))
    }

    /// The same place in what is staged: what a commit is going to hold, rather than what lies on disk.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] without a repository, [`Error::Git`] when the index cannot be committed.
    pub fn staged(self) -> Result<Target> {
        let Some(repository) = &self.repository else {
            return Err(Error::Argument(
                "this is not a git repository, so nothing is staged".to_owned(),
            ));
        };
        Ok(Target {
            tree: Tree::staged(repository)?,
            ..self
        })
    }
}

/// A path without links, where it is there.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
