//! dbmate: `<digits>….sql` by file name as text; up and down blocks in one file.
//!
//! Source: `pkg/dbmate/migration.go` and `db.go` of dbmate 2. Each block is one transaction unless
//! its directive says `transaction:false`, and is sent whole, its directive included.

use std::collections::BTreeMap;

use super::{
    Consequence, Folder, Late, Marker, Oddity, OddityKind, Reading, Signs, Tool, TransactionScope,
    Unit, is_numbered, leading_digits, lines, words,
};
use crate::discover::part::{Builder, Part};
use crate::discover::text::MigrationText;
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::Dialect;

/// The reader.
pub(super) struct Dbmate;

const SIGNS: Signs = Signs {
    name: "dbmate",
    own_files: &[],
    dependencies: &[
        ("go.mod", "github.com/amacneil/dbmate"),
        ("package.json", "\"dbmate\""),
        ("docker-compose.yml", "amacneil/dbmate"),
        ("docker-compose.yaml", "amacneil/dbmate"),
        ("compose.yml", "amacneil/dbmate"),
        ("compose.yaml", "amacneil/dbmate"),
    ],
    markers: &[
        Marker::Always("-- migrate:up"),
        Marker::Always("--migrate:up"),
    ],
    fits: is_numbered,
    fits_anything: false,
    is_distinctive: super::is_nothing,
};

/// One block of a file.
struct Block {
    is_up: bool,
    span: Span,
    scope: TransactionScope,
}

/// `^--\s*migrate:up(\s*$|\s+\S+)`: which direction, and its options.
fn directive(line: &str) -> Option<(bool, &str)> {
    let rest = line.strip_prefix("--")?.trim_start();
    let rest = rest.strip_prefix("migrate:")?;
    let (is_up, options) = match (rest.strip_prefix("up"), rest.strip_prefix("down")) {
        (Some(options), _) => (true, options),
        (None, Some(options)) => (false, options),
        (None, None) => return None,
    };
    (options.is_empty() || options.starts_with([' ', '\t'])).then_some((is_up, options))
}

const REFUSES: &str = "dbmate refuses the file, and everything that comes after it waits";

fn blocks(file: &SourceFile, reading: &mut Reading) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in lines(&file.text) {
        let Some((is_up, options)) = directive(line.text) else {
            let trimmed = line.text.trim();
            let is_option = blocks
                .last()
                .is_some_and(|block| block.span.of(&file.text).lines().count() == 1)
                && trimmed
                    .strip_prefix("--")
                    .is_some_and(|rest| rest.trim().starts_with("transaction:"));
            if is_option {
                reading.misplaced(
                    (file, line.place()),
                    (
                        &trimmed.replace('`', "'"),
                        "does not stand on the line of its directive",
                        "write `-- migrate:up transaction:false` on one line",
                    ),
                    Consequence::Differs,
                    "dbmate does not see it and opens a transaction around the block",
                );
            }
            let means = trimmed
                .strip_prefix("--")
                .is_some_and(|rest| rest.trim_start().to_lowercase().starts_with("migrate:"));
            if means {
                let cure = "write `-- migrate:up` or `-- migrate:down` at the beginning of a line";
                reading.misplaced(
                    (file, line.place()),
                    (
                        &trimmed.replace('`', "'"),
                        "is not written as dbmate wants it",
                        cure,
                    ),
                    Consequence::Differs,
                    "dbmate does not see it and takes it for a comment",
                );
            } else if blocks.is_empty() && !trimmed.is_empty() && !trimmed.starts_with("--") {
                let cure = "put `-- migrate:up` above the first statement";
                if reading
                    .oddities
                    .last()
                    .is_none_or(|it| it.path != *file.path)
                {
                    reading.misplaced(
                        (file, line.place()),
                        ("-- migrate:up", "does not come before this statement", cure),
                        Consequence::Refused,
                        REFUSES,
                    );
                }
            }
            if let Some(block) = blocks.last_mut() {
                block.span.end = line.span.end;
            }
            continue;
        };
        let is_off = options
            .split_whitespace()
            .any(|option| option == "transaction:false");
        blocks.push(Block {
            is_up,
            span: line.span,
            scope: match is_off {
                true => TransactionScope::None,
                false => TransactionScope::File,
            },
        });
    }
    if let Some(second) = blocks.iter().filter(|block| block.is_up).nth(1) {
        let reason = "it is not the first up block of its file";
        let oddity = Oddity::new(
            OddityKind::MigrationSkipped {
                reason: reason.to_owned(),
            },
            Consequence::Skipped,
            "dbmate records the version after each block, which fails at the second one, and then \
             takes the file for applied",
            file.path.to_string(),
        );
        let line = lines(second.span.of(&file.text)).next();
        let end = second.span.start + line.map_or(0, |line| line.text.len());
        reading
            .oddities
            .push(oddity.at(file, Span::new(second.span.start, end)));
    }
    let missing = |is_up: bool| !blocks.iter().any(|block| block.is_up == is_up);
    let has_said = reading
        .oddities
        .last()
        .is_some_and(|it| it.path == *file.path);
    for (is_missing, marker) in [
        (missing(true), "-- migrate:up"),
        (missing(false), "-- migrate:down"),
    ] {
        if is_missing && !has_said {
            reading.misplaced(
                (file, Span::new(0, 0)),
                (marker, "is missing", "dbmate wants both, up first"),
                Consequence::Refused,
                REFUSES,
            );
        }
    }
    blocks
}

fn part<'a>(file: &SourceFile, blocks: impl ExactSizeIterator<Item = &'a Block>) -> Part {
    let mut builder = Builder::new(file);
    let several = blocks.len() > 1;
    for (place, block) in blocks.enumerate() {
        let from = builder.len();
        builder.verbatim(block.span);
        if several {
            let scope = (place > 0).then_some(block.scope);
            builder.chunk(from, Unit::WholeText, scope);
        }
    }
    builder.build()
}

impl Tool for Dbmate {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        for ignored in folder.ignored(is_numbered, "dbmate wants digits at its beginning") {
            reading.pass_over(ignored, "dbmate passes over it and does not say so");
        }
        let mut versions: BTreeMap<&str, &str> = BTreeMap::new();
        for file in folder.direct_files().filter(|name| is_numbered(name)) {
            let (version, rest) = leading_digits(file).unwrap_or((file, ""));
            if let Some(first) = versions.get(version) {
                reading.duplicate(
                    version,
                    &folder.path_of(first),
                    &folder.path_of(file),
                    Consequence::Refused,
                    "dbmate runs the first and fails at the second, whose version is applied",
                );
                continue;
            }
            versions.insert(version, file);
            let mut scope = TransactionScope::File;
            let mut down = None;
            let text = folder.text(file);
            let is_marker = |line: &str| directive(line).is_some();
            reading.behind_mark(&text, is_marker, REFUSES);
            let up = match text.0 {
                MigrationText::Read(whole) => {
                    let blocks = blocks(&whole.file, &mut reading);
                    let ups: Vec<&Block> = blocks.iter().filter(|it| it.is_up).collect();
                    let downs: Vec<&Block> = blocks.iter().filter(|it| !it.is_up).collect();
                    scope = ups.first().map_or(scope, |block| block.scope);
                    if !downs.is_empty() {
                        let part = part(&whole.file, downs.into_iter().rev());
                        down = Some(MigrationText::Read(part));
                    }
                    MigrationText::Read(part(&whole.file, ups.into_iter()))
                }
                unreadable @ MigrationText::Unreadable(_) => unreadable,
            };
            let name = rest.strip_suffix(".sql").unwrap_or(rest);
            let own = (TransactionScope::File, Unit::WholeText);
            let mut it = folder.migration(file, version, words(name), up, own);
            if scope == TransactionScope::None {
                it.transaction = scope;
            }
            it.down = down;
            it.late = Late::Runs;
            reading.migrations.push(it);
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it alone in a block that begins with `-- migrate:up transaction:false`"
    }
}
