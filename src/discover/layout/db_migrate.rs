//! db-migrate: `<time>-<name>.js`, which loads `sqls/<time>-<name>-up.sql` and `-down.sql`.
//!
//! Source: `lib/migrator.js`, `lib/walker.js` and the templates of db-migrate 0.11. Order by file
//! name. Each migration is one transaction, and its SQL file is sent whole.

use std::collections::HashSet;

use super::{
    Folder, Late, Reading, Signs, Tool, TransactionScope, Unit, has_extension, leading_digits,
    words,
};
use crate::discover::text::MigrationText;
use crate::error::Result;
use crate::sql::Dialect;

/// The reader.
pub(super) struct DbMigrate;

const SIGNS: Signs = Signs {
    name: "db-migrate",
    own_files: &[],
    dependencies: &[("package.json", "\"db-migrate\"")],
    markers: &[],
    fits: |name| {
        let name = name.strip_prefix("sqls/").unwrap_or(name);
        leading_digits(name).is_some()
            && !name.contains('/')
            && (name.ends_with("-up.sql") || name.ends_with("-down.sql"))
    },
    fits_anything: false,
    is_distinctive: |name| name.starts_with("sqls/"),
};

impl Tool for DbMigrate {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let mut reading = Reading::default();
        let mut loaded: HashSet<String> = HashSet::new();
        let is_code = |name: &str| has_extension(name, "js") || has_extension(name, "ts");
        for file in folder.direct_files().filter(|name| is_code(name)) {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            let Some((_, rest)) = leading_digits(stem) else {
                continue;
            };
            // The history table has the name with a slash in front.
            let version = format!("/{stem}");
            let up = format!("sqls/{stem}-up.sql");
            let down = format!("sqls/{stem}-down.sql");
            let own = (TransactionScope::File, Unit::WholeText);
            let mut it = if folder.has(&up) {
                folder.migration(&up, version.as_str(), words(rest), folder.text(&up).0, own)
            } else {
                let path = folder.path_of(file);
                let text = MigrationText::not_sql(path, "this migration is JavaScript code");
                folder.migration(file, version.as_str(), words(rest), text, own)
            };
            it.down = folder.has(&down).then(|| folder.text(&down).0);
            it.late = Late::Runs;
            reading.migrations.push(it);
            loaded.extend([up, down]);
        }
        for file in folder
            .files
            .iter()
            .filter(|name| has_extension(name, "sql"))
        {
            if !loaded.contains(file) {
                let reason = "no migration loads it";
                match file.strip_prefix("sqls/") {
                    Some(_) => reading.skip(
                        folder.path_of(file),
                        reason,
                        "db-migrate runs only what a .js file beside it loads",
                    ),
                    None => reading.ignore(folder.path_of(file), reason),
                }
            }
        }
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it alone in a migration, and run that one with `--non-transactional`"
    }
}
