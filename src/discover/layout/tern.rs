//! tern: `1_x.sql` by number, from 1 on without a gap; up above a line and down below it.
//!
//! Source: `migrate/migrate.go` of tern 2. Each migration is one transaction and is sent whole;
//! with `---- tern: disable-tx ----` it is split and runs without one. The text is a Go template.

use std::collections::BTreeMap;

use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Marker, Oddity, OddityKind, OwnFile, Reading, Signs, Tool,
    TransactionScope, Unit, is_numbered, leading_digits, lines, properties, words,
};
use crate::discover::part::{Builder, Part};
use crate::discover::text::MigrationText;
use crate::discover::tree::{join, upwards};
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Tern;

const SIGNS: Signs = Signs {
    name: "tern",
    own_files: &[OwnFile::Inside("tern.conf"), OwnFile::Above("tern.conf")],
    dependencies: &[("go.mod", "github.com/jackc/tern")],
    markers: &[Marker::Sometimes(DIVIDER), Marker::Sometimes(OPT_OUT)],
    fits: is_numbered,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

const DIVIDER: &str = "---- create above / drop below ----";
const OPT_OUT: &str = "---- tern: disable-tx ----";

/// `\A(\d+)_.+\.sql\z`
fn parse(name: &str) -> Option<(u64, &str)> {
    let (digits, rest) = leading_digits(name)?;
    let rest = rest.strip_prefix('_')?.strip_suffix(".sql")?;
    let version = digits.parse().ok()?;
    (!rest.is_empty() && !name.contains('/')).then_some((version, rest))
}

/// Whether the tool sees an opt-out in these bytes; the line is a comment for the server.
fn opts_out(file: &SourceFile, span: Span) -> bool {
    lines(span.of(&file.text)).any(|line| line.text.trim_end() == OPT_OUT)
}

/// `{{ template "shared/x.sql" . }}` sends another file of the folder in its place.
fn part(folder: &Folder<'_>, file: &SourceFile, span: Span, placeholders: &Placeholders) -> Part {
    let mut builder = Builder::new(file);
    let mut at = span.start;
    while let Some((found, name)) = next_include(&file.text, at, span.end) {
        placeholders.add(&mut builder, file, Span::new(at, found.start));
        at = found.end;
        if folder.has(name)
            && let MigrationText::Read(included) = placeholders.fill(folder.text(name).0)
        {
            builder.replaced(found, included.sent());
        } else {
            placeholders.add(&mut builder, file, found);
        }
    }
    placeholders.add(&mut builder, file, Span::new(at, span.end));
    builder.build()
}

fn next_include(text: &str, from: usize, to: usize) -> Option<(Span, &str)> {
    let mut from = from;
    loop {
        let start = from + text.get(from..to)?.find("{{")?;
        let end = start + text.get(start..to)?.find("}}")? + 2;
        let inner = text[start + 2..end - 2].trim_matches('-').trim();
        if let Some(rest) = inner.strip_prefix("template") {
            let name = rest.trim_start().strip_prefix('"')?.split('"').next()?;
            return Some((Span::new(start, end), name));
        }
        from = end;
    }
}

impl Tool for Tern {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut placeholders = Placeholders::new(Syntax::Template(folder.dialect), false);
        for above in upwards(folder.path) {
            let path = join(above, "tern.conf");
            if folder.ground.has(&path)?
                && let Some(text) = folder.ground.text(&path)?
            {
                for (key, value) in properties(&text) {
                    if let Some(name) = key.strip_prefix("data.") {
                        placeholders.know(name, &value);
                    } else if key == "database.version_table" {
                        reading.history.named(&value);
                    }
                }
                break;
            }
        }
        placeholders.know_all(&folder.config.placeholders);
        for file in folder.files.iter().filter(|name| name.ends_with(".sql")) {
            if file.contains('/') {
                reading.ignore(
                    folder.path_of(file),
                    "in a subfolder it can only be included",
                );
            } else if parse(file).is_none() {
                let (path, reason) = (
                    folder.path_of(file),
                    "tern wants <number>_<name>.sql".to_owned(),
                );
                reading.pass_over(super::Ignored { path, reason }, "tern passes over it");
            }
        }
        let mut versions: BTreeMap<u64, (&str, &str)> = BTreeMap::new();
        for file in folder.direct_files() {
            let Some((version, name)) = parse(file) else {
                continue;
            };
            if let Some((first, _)) = versions.get(&version) {
                reading.duplicate(
                    &version.to_string(),
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "tern refuses two migrations with one number",
                );
            } else {
                versions.insert(version, (file, name));
            }
        }
        let mut last: Option<u64> = None;
        for (version, (file, name)) in versions {
            let expected = last.unwrap_or(0) + 1;
            if version != expected {
                reading.oddities.push(Oddity::new(
                    OddityKind::VersionGap {
                        after: last.map(|it| it.to_string()),
                        found: version.to_string(),
                        expected: expected.to_string(),
                    },
                    Consequence::Refused,
                    "tern wants the numbers from 1 on without a gap, and refuses the whole folder",
                    folder.path_of(file),
                ));
            }
            last = Some(version);
            let mut down = None;
            let mut is_off = false;
            let up = match folder.text(file).0 {
                MigrationText::Read(whole) => {
                    let source = &whole.file;
                    let end = source.text.len();
                    let cut = source.text.find(DIVIDER);
                    let up_span = Span::new(0, cut.unwrap_or(end));
                    if let Some(cut) = cut {
                        let down_span = Span::new(cut + DIVIDER.len(), end);
                        if !down_span.of(&source.text).trim().is_empty() {
                            let part = part(folder, source, down_span, &placeholders);
                            down = Some(MigrationText::Read(part));
                        }
                    }
                    is_off = opts_out(source, up_span);
                    misplaced(source, cut.is_some(), &mut reading);
                    MigrationText::Read(part(folder, source, up_span, &placeholders))
                }
                unreadable @ MigrationText::Unreadable(_) => unreadable,
            };
            let own = match is_off {
                true => (TransactionScope::None, Unit::Statement),
                false => (TransactionScope::File, Unit::WholeText),
            };
            let mut it = folder.migration(file, version.to_string(), words(name), up, own);
            if is_off {
                (it.transaction, it.unit) = own;
            }
            it.down = down;
            it.late = Late::Skipped;
            reading.migrations.push(it);
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn only_dialect(&self) -> Option<Dialect> {
        Some(Dialect::Postgres)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own with a line `---- tern: disable-tx ----`"
    }
}

/// Lines that were meant as one of the two markers and are not seen.
fn misplaced(file: &SourceFile, has_divider: bool, reading: &mut Reading) {
    for line in lines(&file.text).filter(|line| line.text.trim_start().starts_with("--")) {
        let bare: String = line
            .text
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
            .to_lowercase();
        let is_exact = line.text.trim_end() == OPT_OUT || line.text.contains(DIVIDER);
        let marker = match bare.as_str() {
            "terndisabletx" => OPT_OUT,
            "createabovedropbelow" if !has_divider => DIVIDER,
            _ => continue,
        };
        if !is_exact {
            reading.misplaced(
                (file, line.place()),
                (
                    marker,
                    "is not written as tern wants it",
                    "write it exactly so, on a line alone",
                ),
                Consequence::Differs,
                "tern does not see it and takes it for a comment",
            );
        }
    }
}
