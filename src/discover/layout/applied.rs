//! What each tool makes of an applied migration whose file is another now, or gone.
//!
//! Source: sqlx-core `migrate/migrator.rs`; Flyway `MigrationInfoImpl` and `ChecksumCalculator`;
//! refinery_core `traits/mod.rs` and `runner.rs`; Liquibase `AbstractSQLChange.NormalizingStream`
//! and `ValidatingVisitor`; Evolve `Evolve.ValidateAndRepairMetadata` and `MigrationScript`;
//! Graphile Migrate `migration.ts`; sql-migrate `migrate.go`; golang-migrate `readUp`; tern
//! `MigrateTo`; node-pg-migrate `runner.ts`; the Supabase command line `pkg/migration/apply.go`;
//! pgmigrate `_get_migrations_info`; Atlas `Executor.Pending`; Prisma's manual, *migrate deploy*.

use super::Layout;
use crate::discover::oddity::Consequence;
use crate::discover::part::Part;
use crate::discover::{Late, Migration};
use crate::sql::{self, Dialect};

/// What a tool does about something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// In a word.
    pub consequence: Consequence,
    /// For people, a sentence without its full stop.
    pub does: String,
}

impl Reaction {
    fn refused(does: String) -> Reaction {
        Reaction {
            consequence: Consequence::Refused,
            does,
        }
    }

    fn differs(does: String) -> Reaction {
        Reaction {
            consequence: Consequence::Differs,
            does,
        }
    }
}

/// What differs in an edited migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// What the server makes something of.
    Statements,
    /// Comments and blanks only.
    Comments,
    /// The ends of lines only.
    LineEndings,
    /// The name of the file only.
    Name,
}

/// An applied migration whose text is another now, as its tool sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What differs.
    pub what: Edited,
    /// What the tool does about it.
    pub reaction: Reaction,
    /// The first byte of the first line that differs, in the file as it is now.
    pub at: usize,
}

/// What of a migration a tool remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remembered {
    /// Every byte of the text.
    Text,
    /// The text without the ends of its lines.
    Lines,
    /// The text without any blanks.
    Letters,
    /// That it has run: what counts is what the server makes something of.
    Nothing,
}

/// What of its name a tool remembers beside its version.
fn remembers_name(layout: Layout) -> bool {
    matches!(layout, Layout::Flyway | Layout::Refinery)
}

fn remembered(layout: Layout) -> Remembered {
    match layout {
        Layout::Sqlx | Layout::Refinery | Layout::Graphile => Remembered::Text,
        Layout::Flyway | Layout::Evolve | Layout::Prisma => Remembered::Lines,
        Layout::Liquibase => Remembered::Letters,
        Layout::GolangMigrate
        | Layout::Goose
        | Layout::Diesel
        | Layout::Dbmate
        | Layout::Drizzle
        | Layout::Supabase
        | Layout::SqlMigrate
        | Layout::Tern
        | Layout::Atlas
        | Layout::NodePgMigrate
        | Layout::Hasura
        | Layout::Mybatis
        | Layout::Yoyo
        | Layout::Sqitch
        | Layout::Pgmigrate
        | Layout::DbMigrate
        | Layout::Pop
        | Layout::Custom
        | Layout::Plain => Remembered::Nothing,
    }
}

/// The text as the server takes it; tools that keep a text keep that of the file.
fn text_of(layout: Layout, part: &Part) -> &str {
    match layout {
        Layout::Sqlx | Layout::Refinery | Layout::Flyway | Layout::Evolve | Layout::Prisma => {
            &part.file.text
        }
        // The hash is that of the body without its header, trimmed.
        Layout::Graphile => part.sent().trim(),
        _ => part.sent(), // Of all others what is sent.
    }
}

fn without_blanks(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .filter(|c| !matches!(c, ' ' | '\n' | '\r' | '\t'))
}

/// Where the first line begins in which `after` is another text than `before`, in bytes of `after`.
/// Where statements differ, lines that are blank or a comment are passed over.
fn first_difference(before: &str, after: &str, what: Edited) -> usize {
    let is_shown = |line: &str| match what {
        Edited::Statements => !line.trim().is_empty() && !line.trim_start().starts_with("--"),
        Edited::Comments | Edited::LineEndings | Edited::Name => true,
    };
    let mut old = before.lines().filter(|line| is_shown(line));
    let (mut at, mut last) = (0, 0);
    for line in after.split_inclusive('\n') {
        if is_shown(line) {
            if old.next().map(str::trim_end) != Some(line.trim_end()) {
                return at;
            }
            last = at;
        }
        at += line.len();
    }
    // What is missing at the end is missing behind the last line.
    last
}

impl Layout {
    /// What differs between an applied migration and the same one as it is now, where its tool or
    /// the server sees a difference.
    pub fn edit(self, before: &Migration, after: &Migration, dialect: Dialect) -> Option<Edit> {
        let (old, new) = (before.up.part()?, after.up.part()?);
        let (one, other) = (text_of(self, old), text_of(self, new));
        let is_same = match remembered(self) {
            _ if one == other => true,
            Remembered::Text => false,
            Remembered::Lines => one.lines().eq(other.lines()),
            Remembered::Letters => without_blanks(one).eq(without_blanks(other)),
            // What a tool fills in is no edit of the file, and neither is text around the part.
            Remembered::Nothing => {
                sql::without_comments(one, dialect) == sql::without_comments(other, dialect)
            }
        };
        let is_renamed = remembers_name(self) && before.name != after.name;
        if is_same && !is_renamed {
            return None;
        }
        let what = if is_same {
            Edited::Name
        } else if one.lines().eq(other.lines()) {
            Edited::LineEndings
        } else if sql::without_comments(one, dialect) == sql::without_comments(other, dialect) {
            Edited::Comments
        } else {
            Edited::Statements
        };
        let difference = first_difference(old.sent(), new.sent(), what);
        let span = crate::source::Span::new(difference, difference);
        Some(Edit {
            what,
            reaction: self.on_edited(after, new),
            at: new.place(span).start,
        })
    }

    /// What the tool does about an applied migration that was edited.
    fn on_edited(self, migration: &Migration, part: &Part) -> Reaction {
        let (tool, version) = (self.tool_name(), &migration.version);
        match self {
            Layout::Sqlx => Reaction::refused(format!(
                "sqlx refuses to run anything where it is applied: \"migration {version} was \
                 previously applied but has been modified\""
            )),
            Layout::Flyway => Reaction::refused(format!(
                "Flyway refuses to run anything where it is applied: \"Validate failed\", \
                 mismatch for migration version {version}"
            )),
            Layout::Refinery => Reaction::refused(
                "refinery refuses to run anything where it is applied: the applied migration is \
                 different than the filesystem one"
                    .to_owned(),
            ),
            Layout::Liquibase => Reaction::refused(
                "Liquibase refuses to run anything where it is applied: \"Validation Failed\", \
                 the check sum of a changeset was another"
                    .to_owned(),
            ),
            Layout::Evolve => Reaction::refused(
                "Evolve refuses to run anything where it is applied: its checksum was another"
                    .to_owned(),
            ),
            Layout::Graphile if !part.file.text.contains("--! AllowInvalidHash") => {
                Reaction::refused(
                    "Graphile Migrate passes over it where it is applied, and refuses it on a new \
                     database where the hash in its header does not match"
                        .to_owned(),
                )
            }
            Layout::Prisma => Reaction::differs(
                "`prisma migrate deploy` warns and does not run it again; `migrate dev` wants to \
                 reset the database"
                    .to_owned(),
            ),
            Layout::Atlas => Reaction::differs(
                "Atlas refuses the folder as long as `atlas.sum` holds another hash, and then \
                 passes over the edit where it is applied"
                    .to_owned(),
            ),
            Layout::Custom | Layout::Plain => Reaction::differs(
                "it is not run again where it is applied, if the tool does not refuse it"
                    .to_owned(),
            ),
            Layout::Graphile
            | Layout::GolangMigrate
            | Layout::Goose
            | Layout::Diesel
            | Layout::Dbmate
            | Layout::Drizzle
            | Layout::Supabase
            | Layout::SqlMigrate
            | Layout::Tern
            | Layout::NodePgMigrate
            | Layout::Hasura
            | Layout::Mybatis
            | Layout::Yoyo
            | Layout::Sqitch
            | Layout::Pgmigrate
            | Layout::DbMigrate
            | Layout::Pop => Reaction::differs(format!(
                "{tool} keeps no checksum, does not notice, and does not run it again where it is \
                 applied"
            )),
        }
    }

    /// What the tool does about an applied migration that is gone. `was_newest`: no other was
    /// applied after it; `has_later`: one that is there comes after it.
    pub fn on_deleted(self, migration: &Migration, was_newest: bool, has_later: bool) -> Reaction {
        let (tool, version) = (self.tool_name(), &migration.version);
        let passes = || Reaction::differs(format!("{tool} passes over it where it is applied"));
        match self {
            Layout::Sqlx => Reaction::refused(format!(
                "sqlx refuses to run anything where it is applied: \"migration {version} was \
                 previously applied but is missing in the resolved migrations\""
            )),
            Layout::Flyway if has_later || migration.late == Late::Never => {
                Reaction::refused(format!(
                    "Flyway refuses to run anything where it is applied: \"Detected applied \
                     migration not resolved locally: {version}\""
                ))
            }
            Layout::Flyway => Reaction::differs(
                "Flyway takes it for one of a newer release and passes over it, until a later one \
                 is there"
                    .to_owned(),
            ),
            Layout::Refinery => Reaction::refused(
                "refinery refuses to run anything where it is applied: the migration \"is missing \
                 from the filesystem\""
                    .to_owned(),
            ),
            Layout::SqlMigrate => Reaction::refused(
                "sql-migrate refuses to run anything where it is applied: \"unknown migration in \
                 database\""
                    .to_owned(),
            ),
            Layout::Supabase => Reaction::refused(
                "`supabase db push` refuses to run anything where it is applied: \"Remote migration \
                 versions not found in local migrations directory\""
                    .to_owned(),
            ),
            Layout::NodePgMigrate if has_later => Reaction::refused(
                "node-pg-migrate refuses to run anything where it is applied, because the order is \
                 another one"
                    .to_owned(),
            ),
            Layout::GolangMigrate if was_newest => Reaction::refused(format!(
                "golang-migrate refuses to run anything where it is the newest one applied: \"no \
                 migration found for version {version}\""
            )),
            Layout::Tern => Reaction::refused(
                "tern goes by the number of the files and refuses to run anything where more are \
                 applied: \"current version is outside the valid versions\""
                    .to_owned(),
            ),
            Layout::Graphile if has_later => Reaction::refused(
                "Graphile Migrate refuses to run anything: the next migration names it as the one \
                 before"
                    .to_owned(),
            ),
            Layout::Pgmigrate if has_later => Reaction::refused(
                "pgmigrate refuses to run anything: \"Migration versions have gaps\"".to_owned(),
            ),
            Layout::Sqitch => Reaction::refused(
                "Sqitch refuses to run anything where it is deployed, because the plan does not \
                 have it"
                    .to_owned(),
            ),
            Layout::Prisma => Reaction::differs(
                "`prisma migrate deploy` goes on; `migrate dev` wants to reset the database"
                    .to_owned(),
            ),
            Layout::Custom | Layout::Plain => Reaction {
                consequence: Consequence::Unknown,
                does: "tools refuse to run then, or pass over it".to_owned(),
            },
            Layout::NodePgMigrate
            | Layout::GolangMigrate
            | Layout::Graphile
            | Layout::Pgmigrate
            | Layout::Goose
            | Layout::Diesel
            | Layout::Dbmate
            | Layout::Drizzle
            | Layout::Atlas
            | Layout::Hasura
            | Layout::Mybatis
            | Layout::Yoyo
            | Layout::Liquibase
            | Layout::Evolve
            | Layout::DbMigrate
            | Layout::Pop => passes(),
        }
    }
}
