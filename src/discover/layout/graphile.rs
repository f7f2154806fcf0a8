//! Graphile Migrate: `committed/<digits>[-<name>].sql`, by name as text.
//!
//! Source: `src/migration.ts`, `src/commands/` and the README of graphile-migrate 2. Each file is
//! one transaction unless `--! no-transaction` is the first line of its body, and is sent whole.
//! Every header names the hash of the migration before. `current.sql` is work in progress: it is
//! run again and again until it is committed, so it is not read as a migration.

use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Line, Marker, OwnFile, Reading, Signs, Tool, TransactionScope, Unit,
    has_extension, leading_digits, lines, words,
};
use crate::discover::ground::Ground;
use crate::discover::tree::{join, split, upwards};
use crate::error::Result;
use crate::source::SourceFile;
use crate::sql::Dialect;

/// The reader.
pub(super) struct Graphile;

const SIGNS: Signs = Signs {
    name: "Graphile Migrate",
    own_files: &[
        OwnFile::Above(".gmrc"),
        OwnFile::Above(".gmrc.js"),
        OwnFile::Above(".gmrc.cjs"),
    ],
    dependencies: &[("package.json", "\"graphile-migrate\"")],
    markers: &[Marker::Sometimes("--! Previous:")],
    fits: |name| parse(name.strip_prefix("committed/").unwrap_or(name)).is_some(),
    fits_anything: false,
    is_distinctive: |name| name.starts_with("committed/"),
};

/// `^([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql$`
fn parse(name: &str) -> Option<(&str, &str)> {
    let (digits, rest) = leading_digits(name.strip_suffix(".sql")?)?;
    let is_name = rest.is_empty()
        || (rest.starts_with('-')
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    is_name.then_some((digits, rest))
}

/// What the head of a file says, and whether its body wants no transaction.
struct Head<'a> {
    previous: Option<Line<'a>>,
    hash: Option<&'a str>,
    is_off: bool,
    /// `--! no-transaction` where it is not seen.
    misplaced: Option<Line<'a>>,
}

fn head(file: &SourceFile) -> Head<'_> {
    let mut head = Head {
        previous: None,
        hash: None,
        is_off: false,
        misplaced: None,
    };
    let mut in_head = true;
    let mut is_first = true;
    for line in lines(&file.text) {
        if in_head {
            if let Some(rest) = line.text.strip_prefix("--!") {
                let rest = rest.trim();
                if rest.starts_with("Previous:") {
                    head.previous = Some(line);
                } else if let Some(hash) = rest.strip_prefix("Hash:") {
                    head.hash = Some(hash.trim());
                }
                if rest.starts_with(char::is_uppercase) {
                    continue;
                }
            }
            in_head = false;
            if line.text.trim().is_empty() {
                continue;
            }
        }
        let means = line
            .text
            .trim_start()
            .strip_prefix("--!")
            .is_some_and(|rest| rest.trim().eq_ignore_ascii_case("no-transaction"));
        if means && is_first && line.text.starts_with("--!") {
            head.is_off = true;
        } else if means && !head.is_off {
            head.misplaced = Some(line);
        }
        if !line.text.trim().is_empty() {
            is_first = false;
        }
    }
    head
}

impl Tool for Graphile {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for name in [".gmrc", ".gmrc.js", ".gmrc.cjs"] {
            for path in ground.all(name)? {
                let folder = join(split(&path).0, "migrations");
                if ground.has_files(&folder) {
                    folders.push((folder, path));
                }
            }
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut placeholders = Placeholders::new(Syntax::Capitals, false);
        placeholders.know("DATABASE_NAME", "graphile_database");
        placeholders.know("DATABASE_OWNER", "graphile_owner");
        for above in upwards(folder.path) {
            let path = join(above, ".gmrc");
            if folder.ground.has(&path)?
                && let Some(text) = folder.ground.text(&path)?
            {
                for (name, value) in configured(&text) {
                    placeholders.know(&name, &value);
                }
                break;
            }
        }
        for (name, value) in &folder.config.placeholders {
            placeholders.know(name.trim_start_matches(':'), value);
        }
        let inside = if folder
            .files
            .iter()
            .any(|file| file.starts_with("committed/"))
        {
            "committed/"
        } else {
            ""
        };
        let mut last_hash: Option<String> = None;
        for file in folder
            .files
            .iter()
            .filter(|name| has_extension(name, "sql"))
        {
            let own_name = file
                .strip_prefix(inside)
                .filter(|name| !name.contains('/'))
                .and_then(|name| Some((name, parse(name)?)));
            let Some((_, (version, name))) = own_name else {
                let is_current = file == "current.sql" || file.starts_with("current/");
                let path = folder.path_of(file);
                if is_current {
                    let reason = "it is work in progress, which is run again and again until it \
                                  is committed";
                    reading.ignore(path, reason);
                } else if file.starts_with("committed/") {
                    let reason = "Graphile Migrate wants <digits>-<name>.sql";
                    reading.skip(path, reason, "Graphile Migrate passes over it");
                } else {
                    reading.ignore(path, "only `committed/` holds migrations");
                }
                continue;
            };
            let whole = folder.text(file);
            let does = "Graphile Migrate does not see the header and refuses the file";
            reading.behind_mark(&whole, |line| line.starts_with("--!"), does);
            let text = whole.0;
            let mut is_off = false;
            if let Some(source) = text.part().map(|part| &part.file) {
                let head = head(source);
                is_off = head.is_off;
                if let Some(line) = head.misplaced {
                    reading.misplaced(
                        (source, line.place()),
                        (
                            "--! no-transaction",
                            "is not the first line of the body",
                            "put it right below the blank line after the header",
                        ),
                        Consequence::Differs,
                        "Graphile Migrate does not see it and opens a transaction around the \
                         migration",
                    );
                }
                if let Some(line) = head.previous {
                    let named = line
                        .text
                        .split_once("Previous:")
                        .map_or("", |(_, rest)| rest.trim());
                    let expected = last_hash.as_deref().unwrap_or("-");
                    if named != expected {
                        reading.misplaced(
                            (source, line.place()),
                            (
                                &line.text.replace('`', "'"),
                                "does not name the migration before it",
                                "uncommit it and commit it again after the one before",
                            ),
                            Consequence::Refused,
                            "Graphile Migrate wants the migrations to be one chain, and refuses \
                             to run anything",
                        );
                    }
                }
                last_hash = head.hash.map(str::to_owned);
            }
            let own = (TransactionScope::File, Unit::WholeText);
            let up = placeholders.fill(text);
            let title = words(name).replace('_', " ");
            let mut it = folder.migration(file, format!("{version}.sql"), title, up, own);
            if is_off {
                it.transaction = TransactionScope::None;
            }
            it.late = Late::Refused;
            reading.migrations.push(it);
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn only_dialect(&self) -> Option<Dialect> {
        Some(Dialect::Postgres)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it alone in a migration whose body begins with `--! no-transaction`"
    }
}

/// The placeholders of a `.gmrc`, without their colons. The file is JSON with comments.
fn configured(text: &str) -> Vec<(String, String)> {
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        if !line.trim_start().starts_with("//") {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    let json: serde_json::Value = serde_json::from_str(&plain).unwrap_or_default();
    let values = json["placeholders"].as_object();
    values
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| {
            let value = value.as_str().filter(|value| !value.starts_with('!'))?;
            Some((name.trim_start_matches(':').to_owned(), value.to_owned()))
        })
        .collect()
}
