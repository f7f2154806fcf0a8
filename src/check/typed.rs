//! A migration that is typed or generated, and judged as the next one before it is a file.

use std::path::Path;

use super::TypedMigration;
use crate::discover::{Layout, Overrides, Target, discover, several};
use crate::error::{Error, Result};

/// The folder and the name where the tool of the project has no files of SQL.
const FOLDER: &str = "migrations";
const NAME: &str = "1_stdin.sql";

/// Lays the text on top of the tree as a file that is named as new. Where the project has no
/// migrations in SQL, as with a framework that generates them, it is the only one.
pub(super) fn lay(
    typed: &TypedMigration,
    target: &mut Target,
    overrides: &mut Overrides,
) -> Result<()> {
    let name = typed.name.as_deref();
    let path = match name.filter(|name| name.contains('/')) {
        Some(path) => from_here(path, target)?,
        None => match discover(&target.tree, overrides) {
            Ok(found) if found.projects.len() > 1 => {
                let how = format!(
                    "say where the file is going to be: --stdin-filename {}/NAME",
                    found.projects[0].folder
                );
                return Err(several(&found.projects, &how));
            }
            Ok(mut found) => {
                let project = found.projects.remove(0);
                match name {
                    Some(name) => join(&project.folder, name),
                    None => {
                        let newest = project.migrations.last();
                        let next = newest.and_then(|it| next(&it.path, &it.version));
                        next.ok_or_else(|| {
                            let reason = "how the next migration is called cannot be told: give \
                                          --stdin-filename NAME";
                            Error::Argument(reason.to_owned())
                        })?
                    }
                }
            }
            Err(Error::Layout(_)) if overrides.layout.is_none() => {
                let folder = join(&target.start, FOLDER);
                overrides.migrations = Some(folder.clone());
                let (layout, name) = match name {
                    Some(name) if is_flyways(name) => (Layout::Flyway, name.to_owned()),
                    Some(name) if is_numbered(name) => (Layout::Plain, name.to_owned()),
                    Some(name) => (Layout::Plain, format!("1_{name}")),
                    None => (Layout::Plain, NAME.to_owned()),
                };
                overrides.layout = Some(layout);
                join(&folder, &name)
            }
            Err(error) => return Err(error),
        },
    };
    let tree = target.tree.clone();
    target.tree = tree.with_file(path.clone(), typed.bytes.clone());
    target.files = vec![path];
    Ok(())
}

/// A path as seen from the current folder, from the root of the tree.
fn from_here(path: &str, target: &Target) -> Result<String> {
    let refused = || Error::Argument(format!("{path} does not lie in the repository"));
    if !Path::new(path).is_absolute() {
        let mut parts: Vec<&str> = target
            .start
            .split('/')
            .filter(|it| !it.is_empty())
            .collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(refused)?;
                }
                part => parts.push(part),
            }
        }
        return Ok(parts.join("/"));
    }
    let root = match &target.repository {
        Some(repository) => repository.root().to_owned(),
        None => return Err(refused()),
    };
    let rest = Path::new(path).strip_prefix(&root).map_err(|_| refused())?;
    Ok(rest.to_string_lossy().replace('\\', "/"))
}

fn is_numbered(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_digit())
}

/// `V9__x.sql`: the name has its version, and no other tool would read it.
fn is_flyways(name: &str) -> bool {
    name.strip_prefix('V').is_some_and(is_numbered) && name.contains("__")
}

fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The path of the migration after the newest, where versions are numbers.
fn next(newest: &str, version: &str) -> Option<String> {
    let later = version.parse::<u128>().ok()?.checked_add(1)?;
    let (before, rest) = newest.split_once(version)?;
    // A tool may know a version without its leading zeros.
    let folder = before.trim_end_matches('0');
    let width = before.len() - folder.len() + version.len();
    let between: String = rest
        .chars()
        .take_while(|it| matches!(it, '_' | '-'))
        .collect();
    let between = if between.is_empty() { "_" } else { &between };
    let ending = rest.find('.').map_or("", |at| &rest[at..]);
    Some(format!("{folder}{later:0>width$}{between}stdin{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_migration_is_called_like_the_newest() {
        let called = |path: &str, version: &str| next(path, version).unwrap_or_default();
        assert_eq!(called("m/0009_a_b.up.sql", "0009"), "m/0010_stdin.up.sql");
        assert_eq!(called("m/0009_a.sql", "9"), "m/0010_stdin.sql");
        assert_eq!(called("m/V9__a.sql", "9"), "m/V10__stdin.sql");
        assert_eq!(called("m/9.sql", "9"), "m/10_stdin.sql");
        assert_eq!(
            called("m/20240101000000-a.sql", "20240101000000"),
            "m/20240101000001-stdin.sql"
        );
        assert_eq!(called("m/V1.2__a.sql", "1.2"), "");
    }
}
