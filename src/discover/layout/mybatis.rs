//! MyBatis Migrations: `scripts/<digits>_<name>.sql`, by number; undo below a marker.
//!
//! Source: `org.apache.ibatis.migration` (`FileMigrationLoader`, `MigrationReader`, `operations`)
//! of mybatis/migrations 3.3. A script is one transaction unless `auto_commit=true`; it is sent
//! whole with `send_full_script=true`, as the generated configuration has it.

use std::collections::BTreeMap;

use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Marker, OwnFile, Reading, Signs, Tool, TransactionScope, Unit,
    is_numbered, leading_digits, lines, properties,
};
use crate::discover::ground::Ground;
use crate::discover::part::{Builder, Part};
use crate::discover::text::MigrationText;
use crate::discover::tree::{join, split};
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Mybatis;

const SIGNS: Signs = Signs {
    name: "MyBatis Migrations",
    own_files: &[OwnFile::Above("environments/development.properties")],
    dependencies: &[("pom.xml", "mybatis-migrations")],
    markers: &[
        Marker::Always("-- //@UNDO"),
        Marker::Always("--//@UNDO"),
        Marker::Always("-- // @UNDO"),
    ],
    fits: is_numbered,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

/// Optional blanks, `--` or `//`, blanks, `//`, blanks, `@UNDO`.
fn is_undo(line: &str) -> bool {
    let line = line.trim_start();
    let rest = line.strip_prefix("--").or_else(|| line.strip_prefix("//"));
    rest.and_then(|rest| rest.trim_start().strip_prefix("//"))
        .is_some_and(|rest| rest.trim_start().starts_with("@UNDO"))
}

/// `-- @DELIMITER x`, `-- //@DELIMITER x`
fn delimiter(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("--")?.trim_start();
    let rest = rest.strip_prefix("//").map_or(rest, str::trim_start);
    rest.strip_prefix("@DELIMITER")
        .map(str::trim)
        .filter(|it| !it.is_empty())
}

/// How the statements of a script are told apart.
struct Cutting {
    is_whole: bool,
    delimiter: String,
    is_full_line: bool,
}

/// A part of a script; where another delimiter than a semicolon is in force each statement is a
/// stretch of its own.
fn part(file: &SourceFile, span: Span, cutting: &Cutting, placeholders: &Placeholders) -> Part {
    let mut builder = Builder::new(file);
    let plain = cutting.delimiter == ";" && !span.of(&file.text).contains("@DELIMITER");
    if cutting.is_whole || plain {
        placeholders.add(&mut builder, file, span);
        return builder.build();
    }
    let mut current = cutting.delimiter.clone();
    let mut from = 0;
    for line in lines(span.of(&file.text)) {
        let place = Span::new(line.span.start + span.start, line.span.end + span.start);
        if let Some(other) = delimiter(line.text) {
            other.clone_into(&mut current);
            continue;
        }
        let trimmed = line.text.trim_end();
        let ends = match cutting.is_full_line {
            true => trimmed.trim() == current,
            false => trimmed.ends_with(&current),
        };
        if !ends {
            placeholders.add(&mut builder, file, place);
            continue;
        }
        let until = place.start + trimmed.len() - current.len();
        placeholders.add(&mut builder, file, Span::new(place.start, until));
        if builder.len() > from {
            builder.chunk(from, Unit::WholeText, None);
        }
        from = builder.len();
    }
    if builder.len() > from {
        builder.chunk(from, Unit::WholeText, None);
    }
    builder.build()
}

impl Tool for Mybatis {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let found = ground.all("environments/development.properties")?;
        Ok(found
            .into_iter()
            .map(|path| (join(split(split(&path).0).0, "scripts"), path))
            .filter(|(folder, _)| ground.has_files(folder))
            .collect())
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let settings_at = join(split(folder.path).0, "environments/development.properties");
        let settings = match folder.ground.has(&settings_at)? {
            true => folder.ground.text(&settings_at)?,
            false => None,
        };
        let settings = properties(settings.as_deref().unwrap_or_default());
        if let Some(table) = settings.get("changelog") {
            reading.history.named(table);
        }
        let is = |key: &str, default: bool| {
            settings
                .get(key)
                .map_or(default, |value| value.eq_ignore_ascii_case("true"))
        };
        let mut placeholders =
            Placeholders::new(Syntax::Between("${".to_owned(), "}".to_owned()), false);
        for (key, value) in &settings {
            placeholders.know(key, value);
        }
        placeholders.know_all(&folder.config.placeholders);
        let cutting = Cutting {
            is_whole: is("send_full_script", true),
            delimiter: settings
                .get("delimiter")
                .filter(|it| !it.is_empty())
                .map_or(";", String::as_str)
                .to_owned(),
            is_full_line: is("full_line_delimiter", false),
        };
        let own = (
            match is("auto_commit", false) {
                true => TransactionScope::None,
                false => TransactionScope::File,
            },
            match cutting.is_whole {
                true => Unit::WholeText,
                false => Unit::Statement,
            },
        );
        for ignored in folder.ignored(is_numbered, "MyBatis Migrations wants <digits>_<name>.sql") {
            match split(&ignored.path).1 {
                "bootstrap.sql" => {
                    reading.ignore(ignored.path, "`migrate bootstrap` runs it once, before all");
                }
                "onabort.sql" => reading.ignore(ignored.path, "it runs when a migration fails"),
                _ => reading.ignored.push(ignored),
            }
        }
        let mut versions: BTreeMap<(usize, &str), &str> = BTreeMap::new();
        let number = |file| {
            let digits = leading_digits(file).map_or("", |(digits, _)| digits);
            let digits: &str = digits.trim_start_matches('0');
            (digits.len(), digits)
        };
        let mut files: Vec<&str> = folder
            .direct_files()
            .filter(|name| is_numbered(name))
            .collect();
        files.sort_by_key(|file| number(file));
        for file in files {
            let (version, rest) = leading_digits(file).unwrap_or((file, ""));
            if let Some(first) = versions.get(&number(file)) {
                reading.duplicate(
                    version,
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "MyBatis Migrations runs one of them and fails to record the other",
                );
                continue;
            }
            versions.insert(number(file), file);
            let mut down = None;
            let up = match folder.text(file).0 {
                MigrationText::Read(whole) => {
                    let source = &whole.file;
                    let end = source.text.len();
                    let undo = lines(&source.text).find(|line| is_undo(line.text));
                    if let Some(undo) = undo {
                        let span = Span::new(undo.span.end, end);
                        let part = part(source, span, &cutting, &placeholders);
                        down = Some(MigrationText::Read(part));
                    }
                    let span = Span::new(0, undo.map_or(end, |line| line.span.start));
                    MigrationText::Read(part(source, span, &cutting, &placeholders))
                }
                unreadable @ MigrationText::Unreadable(_) => unreadable,
            };
            let name = rest.strip_suffix(".sql").unwrap_or(rest);
            let mut it = folder.migration(
                file,
                version,
                name.replace('_', " ").trim().to_owned(),
                up,
                own,
            );
            it.down = down;
            it.late = Late::Skipped;
            reading.migrations.push(it);
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "run it by hand, or in an environment with `auto_commit=true`"
    }
}
