//! Patterns of files that a user gives and that match nothing: queries that are not found would be
//! queries that nobody misses.
//!
//! Input: the patterns and the trees. Output: an error for those of the command line, sentences for
//! those of the configuration, which may name what a release does not have yet.

use super::code::CodeAt;
use crate::discover::{CONFIG_FILE_NAME, Config, PathPatterns, Tree};
use crate::error::{Error, Result};
use crate::query::resolve;

/// Refuses a pattern of the command line that matches no file of any of the trees.
///
/// # Errors
///
/// [`Error::Argument`] that names it, and where a tree cannot be listed.
pub(super) fn refuse_idle(option: &str, patterns: &[String], trees: &[&Tree]) -> Result<()> {
    for pattern in patterns {
        if resolve("", pattern).is_none() {
            return Err(Error::Argument(format!(
                "{option} {pattern}: it leads out of the repository; name the files of other code \
                 as a [[consumer]] in {CONFIG_FILE_NAME}"
            )));
        }
        let set = one(pattern).map_err(|reason| Error::Argument(format!("{pattern}: {reason}")))?;
        let mut is_idle = true;
        for tree in trees {
            is_idle = is_idle && !tree.files("")?.iter().any(|file| set.is_match(file));
        }
        if is_idle {
            return Err(Error::Argument(format!(
                "{option} {pattern}: no file matches; patterns begin at the root of the repository"
            )));
        }
    }
    Ok(())
}

/// What there is to say about the patterns of `[code] queries` that match no file of head.
///
/// # Errors
///
/// Where the tree cannot be listed.
pub(super) fn idle_in_code(config: &Config, tree: &Tree) -> Result<Vec<String>> {
    let patterns = config.code.queries.sources();
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let files = tree.files("")?;
    let below = match config.folder.as_str() {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let file = config.file.as_deref().unwrap_or(CONFIG_FILE_NAME);
    let mut out = Vec::new();
    for pattern in patterns {
        let Ok(set) = one(pattern) else { continue };
        let mut relative = files.iter().filter_map(|file| file.strip_prefix(&below));
        if relative.any(|file| set.is_match(file)) {
            continue;
        }
        out.push(match resolve("", pattern) {
            Some(_) => format!("{file}: [code] queries: `{pattern}` matches no file"),
            None => format!(
                "{file}: [code] queries: `{pattern}` leads out of the folder of this file and \
                 matches nothing; the files of other code are those of a [[consumer]]"
            ),
        });
    }
    Ok(out)
}

/// The same about a consumer that is called `name`.
///
/// # Errors
///
/// Where its tree cannot be listed.
pub(super) fn idle_in_consumer(name: &str, at: &CodeAt) -> Result<Vec<String>> {
    let Some(patterns) = &at.consumer else {
        return Ok(Vec::new());
    };
    let files = at.tree.files("")?;
    let idle = patterns.sources().iter().filter(|pattern| {
        one(pattern).is_ok_and(|set| !files.iter().any(|file| set.is_match(file)))
    });
    Ok(idle
        .map(|pattern| {
            format!("consumer {name}: `{pattern}` matches no file where its queries are read")
        })
        .collect())
}

fn one(pattern: &str) -> std::result::Result<PathPatterns, String> {
    PathPatterns::new(&[pattern]).map_err(|(_, reason)| reason)
}
