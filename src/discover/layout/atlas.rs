//! Atlas: `*.sql` by name as text, with `atlas.sum` beside them.
//!
//! Source: `sql/migrate/` (`dir.go`, `lex.go`, `migrate.go`) of ariga/atlas. Each file is one
//! transaction unless `-- atlas:txmode none` stands at its top, with a blank line below; it is sent
//! statement by statement. A checkpoint replaces everything before it on an empty database.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Consequence, Folder, Late, Layout, Line, Marker, Oddity, OddityKind, OwnFile, Reading, Signs,
    Tool, TransactionScope, Unit, is_direct_sql, lines, only_first_checkpoint, part_of,
    send_delimited, tool, words,
};
use crate::discover::part::{Builder, Part};
use crate::discover::text::MigrationText;
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Atlas;

const SUM: &str = "atlas.sum";

const SIGNS: Signs = Signs {
    name: "Atlas",
    own_files: &[OwnFile::Inside(SUM), OwnFile::Above("atlas.hcl")],
    dependencies: &[],
    markers: &[Marker::Sometimes("-- atlas:")],
    fits: is_direct_sql,
    fits_anything: true,
    is_distinctive: super::is_nothing,
};

/// What the top of a file says.
#[derive(Default)]
struct Head<'a> {
    is_off: bool,
    is_checkpoint: bool,
    delimiter: Option<String>,
    is_archive: bool,
    /// Directives that Atlas takes for those of the first statement.
    misplaced: Vec<(&'a str, Line<'a>)>,
    /// Where the text below the directives begins.
    end: usize,
}

/// `-- atlas:name arguments`
fn directive(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("--").or_else(|| line.strip_prefix('#'))?;
    let rest = rest.trim_start().strip_prefix("atlas:")?;
    let (name, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((name, arguments.trim()))
}

fn head(file: &SourceFile) -> Head<'_> {
    let mut head = Head::default();
    let mut found: Vec<(&str, &str, Line<'_>)> = Vec::new();
    let mut is_closed = false;
    for line in lines(&file.text) {
        // A carriage return is no blank to Atlas.
        let end = line.span.of(&file.text).trim_end_matches('\n');
        if end.trim_matches([' ', '\t']).is_empty() {
            is_closed = true;
            head.end = line.span.end;
            break;
        }
        if !line.text.starts_with("--") && !line.text.starts_with('#') {
            break;
        }
        head.end = line.span.end;
        if let Some((name, arguments)) = directive(line.text) {
            found.push((name, arguments, line));
        }
    }
    // A file that ends with its directives has no statement that they could belong to.
    is_closed |= head.end == file.text.len();
    for (name, arguments, line) in found {
        let is_of_file = matches!(
            name,
            "txmode" | "checkpoint" | "delimiter" | "txtar" | "import"
        );
        if !is_closed {
            if is_of_file {
                head.misplaced.push((name, line));
            }
            continue;
        }
        match name {
            "txmode" => head.is_off = arguments == "none",
            "checkpoint" => head.is_checkpoint = true,
            "delimiter" => {
                let text = arguments.replace("\\n", "\n").replace("\\t", "\t");
                head.delimiter = Some(text.replace("\\r", "\r"));
            }
            "txtar" => head.is_archive = true,
            _ => {}
        }
    }
    head
}

/// The section `migration.sql` of a file that holds several.
fn section(file: &SourceFile) -> Option<Span> {
    let mut span: Option<Span> = None;
    for line in lines(&file.text) {
        let name = line
            .text
            .strip_prefix("-- ")
            .and_then(|rest| rest.trim_end().strip_suffix(" --"));
        match (name, &mut span) {
            (Some("migration.sql"), _) => {
                span = Some(Span::new(line.span.end, file.text.len()));
            }
            (Some(_), Some(span)) => {
                span.end = line.span.start;
                break;
            }
            _ => {}
        }
    }
    span
}

fn part(file: &SourceFile, head: &Head<'_>) -> Part {
    let all = Span::new(0, file.text.len());
    let span = match head.is_archive {
        true => section(file).unwrap_or(all),
        false => all,
    };
    match &head.delimiter {
        Some(delimiter) => {
            let mut builder = Builder::new(file);
            let span = Span::new(span.start.max(head.end), span.end);
            let add = |builder: &mut Builder, span: Span| builder.verbatim(span);
            send_delimited(&mut builder, &add, &file.text, span, (delimiter, false));
            builder.build()
        }
        None => part_of(file, [span]),
    }
}

impl Tool for Atlas {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        // Atlas also reads the folders of other tools.
        let has = |fits: fn(&str) -> bool| folder.direct_files().any(fits);
        let other = if has(|name| name.ends_with(".down.sql")) {
            Some(Layout::GolangMigrate)
        } else if has(super::flyway::is_flyway) {
            Some(Layout::Flyway)
        } else {
            None
        };
        if let Some(layout) = other {
            let mut reading = tool(layout).read(folder)?;
            for migration in &mut reading.migrations {
                if migration.late != Late::Never {
                    migration.late = Late::Refused;
                }
            }
            let notice = format!("Atlas reads a folder of {} here", layout.tool_name());
            reading.notices.push(notice);
            return Ok(reading);
        }
        let mut reading = Reading {
            ignored: folder.ignored(|_| true, ""),
            ..Reading::default()
        };
        let sum = folder.extras(&[SUM.to_owned()])?;
        let listed: Option<BTreeSet<&str>> = sum.get(SUM).map(|text| {
            text.lines()
                .skip(1)
                .filter_map(|line| line.rsplit_once(" h1:"))
                .map(|(name, _)| name)
                .collect()
        });
        let mut versions: BTreeMap<&str, &str> = BTreeMap::new();
        for file in folder.direct_files().filter(|name| name.ends_with(".sql")) {
            let stem = file.strip_suffix(".sql").unwrap_or(file);
            let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
            if let Some(first) = versions.get(version) {
                reading.duplicate(
                    version,
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "Atlas runs one of them and takes the other for the same",
                );
                continue;
            }
            versions.insert(version, file);
            let mut head_of = (false, false);
            let up = match folder.text(file).0 {
                MigrationText::Read(whole) => {
                    let source = &whole.file;
                    let head = head(source);
                    for (name, line) in &head.misplaced {
                        let marker = format!("-- atlas:{name}");
                        reading.misplaced(
                            (source, line.place()),
                            (
                                &marker,
                                "stands right above a statement",
                                "put a blank line below it: directives of the file stand apart",
                            ),
                            Consequence::Differs,
                            "Atlas does not take it for a directive of the file",
                        );
                    }
                    let sums = listed.as_ref();
                    let is_excluded = lines(&source.text)
                        .take_while(|line| line.text.starts_with("--"))
                        .any(|line| directive(line.text) == Some(("sum", "ignore")));
                    if sums.is_some_and(|sums| !sums.contains(file)) && !is_excluded {
                        let reason = "atlas.sum does not name it".to_owned();
                        reading.oddities.push(Oddity::new(
                            OddityKind::MigrationSkipped { reason },
                            Consequence::Refused,
                            "Atlas finds that the sum does not match and refuses to run anything",
                            folder.path_of(file),
                        ));
                    }
                    head_of = (head.is_off, head.is_checkpoint);
                    MigrationText::Read(part(source, &head))
                }
                unreadable @ MigrationText::Unreadable(_) => unreadable,
            };
            let own = (TransactionScope::File, Unit::Statement);
            let mut it = folder.migration(file, version, words(name), up, own);
            if head_of.0 {
                it.transaction = TransactionScope::None;
            }
            it.is_checkpoint = head_of.1;
            it.late = Late::Refused;
            reading.migrations.push(it);
        }
        only_first_checkpoint(&mut reading);
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own that begins with `-- atlas:txmode none` and a blank line"
    }
}
