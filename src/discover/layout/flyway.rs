//! Flyway: `V1.2__x.sql` by version, then `R__x.sql` by description; `U1.2__x.sql` undoes, and
//! `B5__x.sql` replaces everything up to version 5 on an empty database.
//!
//! Source: `core/src/main/java/org/flywaydb/core/internal/` (`resource/ResourceNameParser`,
//! `api/MigrationVersion`, `sqlscript`, `database/postgresql/PostgreSQLParser`) of Flyway 10 and
//! 11, and its documentation. Each migration is one transaction and is sent statement by statement;
//! a file with a statement that PostgreSQL refuses in a transaction runs without one.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::placeholder::{Placeholders, Syntax};
use super::{
    Consequence, Folder, Late, Oddity, OddityKind, OwnFile, Reading, Signs, Tool, TransactionScope,
    Unit, has_extension, is_auxiliary, properties,
};
use crate::discover::config::relative;
use crate::discover::ground::{Ground, is_for_other};
use crate::discover::text::MigrationText;
use crate::discover::tree::{is_within, join, split, upwards};
use crate::discover::{Migration, ServerVersion};
use crate::error::Result;
use crate::source::{SourceFile, Span};
use crate::sql::{self, Dialect};

/// The reader.
pub(super) struct Flyway;

const SIGNS: Signs = Signs {
    name: "Flyway",
    own_files: &[OwnFile::Above("flyway.toml"), OwnFile::Above("flyway.conf")],
    dependencies: &[
        ("pom.xml", "flyway"),
        ("build.gradle", "flyway"),
        ("build.gradle.kts", "flyway"),
        ("libs.versions.toml", "flyway"),
        ("docker-compose.yml", "image: flyway/flyway"),
        ("docker-compose.yaml", "image: flyway/flyway"),
        ("compose.yml", "image: flyway/flyway"),
        ("compose.yaml", "image: flyway/flyway"),
    ],
    markers: &[],
    fits: is_flyway,
    fits_anything: false,
    is_distinctive: is_flyway,
};

/// `V1__x.sql`, `R__x.sql`, `U1__x.sql`, `B1__x.sql`, anywhere below; the letter in either case
/// (Evolve).
pub(in crate::discover) fn is_flyway(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let Some(rest) = name.strip_prefix(['V', 'U', 'B', 'R', 'v', 'r']) else {
        return false;
    };
    let version_end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
        .unwrap_or(rest.len());
    let has_version = rest.starts_with(|c: char| c.is_ascii_digit());
    let is_repeatable = name.starts_with(['R', 'r']) && rest.starts_with("__");
    let separated = rest[..version_end].contains("__") || rest[version_end..].starts_with(".sql");
    has_extension(name, "sql") && (is_repeatable || (has_version && separated))
}

/// A version as a list of numbers of any length, trailing zeros dropped: 1.2 < 1.10, 1 = 1.0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dotted(Vec<(usize, String)>);

impl Dotted {
    /// `_` reads as `.`; `None` where a part is not a number.
    pub(super) fn parse(text: &str, keeps_zeros: bool) -> Option<Dotted> {
        let text = text.replace('_', ".");
        let mut parts = Vec::new();
        for part in text.split('.') {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let digits = part.trim_start_matches('0');
            parts.push((digits.len(), digits.to_owned()));
        }
        while !keeps_zeros && parts.len() > 1 && parts.last().is_some_and(|last| last.0 == 0) {
            parts.pop();
        }
        Some(Dotted(parts))
    }

    /// The same text for equal versions.
    pub(super) fn normal(&self) -> String {
        let parts: Vec<&str> = self
            .0
            .iter()
            .map(|(_, digits)| if digits.is_empty() { "0" } else { digits })
            .collect();
        parts.join(".")
    }
}

/// What the tool's own configuration says.
struct Settings {
    file: BTreeMap<String, String>,
    /// The folder that locations are written from.
    home: String,
}

impl Settings {
    /// Those of the nearest `flyway.toml` or `flyway.conf`; keys without `flyway.`, lower case.
    fn near(folder: &Folder<'_>) -> Result<Settings> {
        let mut file = BTreeMap::new();
        for above in upwards(folder.path) {
            for (name, home) in FILES {
                let path = join(above, name);
                if folder.ground.has(&path)?
                    && let Some(text) = folder.ground.text(&path)?
                {
                    file.extend(settings(split(name).1, &text));
                    if !file.is_empty() {
                        let home = home.and_then(|home| relative(above, home));
                        let home = home.unwrap_or_else(|| above.to_owned());
                        return Ok(Settings { file, home });
                    }
                }
            }
        }
        Ok(Settings {
            file,
            home: String::new(),
        })
    }

    /// The folders that the configuration names, where it names any.
    fn locations(&self, dialect: Dialect, ground: &Ground<'_>) -> Vec<String> {
        let vendor = match dialect {
            Dialect::Postgres => "postgresql",
            Dialect::Mysql => "mysql",
            Dialect::Mariadb => "mariadb",
            Dialect::Sqlite => "sqlite",
        };
        let named = self.get("locations", "").replace("{vendor}", vendor);
        named
            .split(',')
            .filter_map(|it| location(&self.home, it.trim()))
            .filter(|it| ground.has_files(it))
            .collect()
    }

    fn get<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        self.file
            .get(&key.to_lowercase())
            .map_or(default, String::as_str)
    }

    fn is(&self, key: &str, default: bool) -> bool {
        match self.get(key, "") {
            "" => default,
            value => value.eq_ignore_ascii_case("true"),
        }
    }
}

/// Files with settings, and the folder that their locations are written from.
const FILES: [(&str, Option<&str>); 7] = [
    ("flyway.conf", None),
    ("conf/flyway.conf", None),
    ("flyway.toml", None),
    ("flyway.user.toml", None),
    ("application.properties", Some("../../..")),
    ("application.yml", Some("../../..")),
    ("application.yaml", Some("../../..")),
];

/// Keys without `flyway.`, in lower case; a list is joined by commas.
fn settings(name: &str, text: &str) -> BTreeMap<String, String> {
    fn flat(prefix: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
        for (key, value) in table {
            let key = format!("{prefix}{}", key.to_lowercase());
            match value {
                toml::Value::Table(inner) => flat(&format!("{key}."), inner, out),
                toml::Value::Array(items) => {
                    let items: Vec<&str> = items.iter().filter_map(|it| it.as_str()).collect();
                    out.insert(key, items.join(","));
                }
                toml::Value::String(text) => {
                    out.insert(key, text.clone());
                }
                other => {
                    out.insert(key, other.to_string());
                }
            }
        }
    }
    let mut all = BTreeMap::new();
    if has_extension(name, "toml") {
        flat("", &text.parse().unwrap_or_default(), &mut all);
    } else if has_extension(name, "yml") || has_extension(name, "yaml") {
        // Documents for profiles follow the first one.
        let first = text.split("\n---").next().unwrap_or(text);
        let table: toml::Table = serde_norway::from_str(first).unwrap_or_default();
        flat("", &table, &mut all);
    } else {
        all.extend(
            properties(text)
                .into_iter()
                .map(|(key, value)| (key.to_lowercase(), value)),
        );
    }
    all.into_iter()
        .filter_map(|(key, value)| {
            let key = key.strip_prefix("spring.").unwrap_or(&key);
            // Spring writes `sql-migration-prefix` or `sqlMigrationPrefix`.
            Some((key.strip_prefix("flyway.")?.replace('-', ""), value))
        })
        .collect()
}

/// What Flyway makes of a file name.
enum Parsed<'a> {
    Versioned(Kind, &'a str, &'a str),
    Repeatable(&'a str),
    Callback,
    Invalid,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Up,
    Undo,
    Baseline,
}

/// Events whose scripts run at every migrate.
const CALLBACKS: [&str; 17] = [
    "beforeMigrate",
    "beforeRepeatables",
    "beforeEachMigrate",
    "beforeEachMigrateStatement",
    "beforeUndo",
    "beforeEachUndo",
    "beforeClean",
    "beforeValidate",
    "beforeInfo",
    "beforeBaseline",
    "beforeRepair",
    "beforeConnect",
    "createSchema",
    "afterMigrate",
    "afterEachMigrate",
    "afterVersioned",
    "afterConnect",
];

fn is_callback(stem: &str) -> bool {
    let event = stem.split("__").next().unwrap_or(stem);
    let bare = event
        .trim_end_matches("Error")
        .trim_end_matches("Statement")
        .trim_end_matches("Applied");
    CALLBACKS.contains(&event)
        || CALLBACKS.contains(&bare)
        || CALLBACKS.iter().any(|it| {
            it.strip_prefix("before")
                .is_some_and(|rest| bare.strip_prefix("after") == Some(rest))
        })
}

struct Names<'a> {
    prefixes: Vec<(&'a str, Option<Kind>)>,
    separator: &'a str,
    suffixes: Vec<&'a str>,
}

impl<'a> Names<'a> {
    fn new(settings: &'a Settings) -> Self {
        let mut prefixes = vec![
            (settings.get("sqlMigrationPrefix", "V"), Some(Kind::Up)),
            (
                settings.get("undoSqlMigrationPrefix", "U"),
                Some(Kind::Undo),
            ),
            (
                settings.get("baselineMigrationPrefix", "B"),
                Some(Kind::Baseline),
            ),
            (settings.get("repeatableSqlMigrationPrefix", "R"), None),
        ];
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Names {
            prefixes,
            separator: settings.get("sqlMigrationSeparator", "__"),
            suffixes: settings
                .get("sqlMigrationSuffixes", ".sql")
                .split(',')
                .map(str::trim)
                .collect(),
        }
    }

    /// The prefix is written in lower case throughout: whatever says so lies elsewhere.
    fn infer_case(&mut self, folder: &Folder<'_>, reading: &mut Reading) {
        let has = |names: &Self| {
            folder.files.iter().any(|file| {
                let parsed = names.stem(split(file).1).map(|stem| names.parse(stem));
                matches!(
                    parsed,
                    Some(Parsed::Versioned(Kind::Up | Kind::Baseline, ..))
                )
            })
        };
        if has(self) {
            return;
        }
        let mut lower = Names {
            prefixes: self.prefixes.clone(),
            separator: self.separator,
            suffixes: self.suffixes.clone(),
        };
        for (prefix, _) in &mut lower.prefixes {
            match *prefix {
                "V" => *prefix = "v",
                "R" => *prefix = "r",
                "U" => *prefix = "u",
                "B" => *prefix = "b",
                _ => {}
            }
        }
        if has(&lower) {
            let notice = "all prefixes are in lower case, so that is taken to be configured";
            reading.notices.push(notice.to_owned());
            *self = lower;
        }
    }

    fn stem<'b>(&self, name: &'b str) -> Option<&'b str> {
        self.suffixes.iter().find_map(|suffix| {
            let at = name.len().checked_sub(suffix.len())?;
            let (stem, end) = (name.get(..at)?, name.get(at..)?);
            end.eq_ignore_ascii_case(suffix).then_some(stem)
        })
    }

    fn parse<'b>(&self, stem: &'b str) -> Parsed<'b> {
        if is_callback(stem) {
            return Parsed::Callback;
        }
        for (prefix, kind) in &self.prefixes {
            let Some(rest) = stem.strip_prefix(prefix) else {
                continue;
            };
            let (version, description) = rest.split_once(self.separator).unwrap_or((rest, ""));
            return match kind {
                None if version.is_empty() && rest.starts_with(self.separator) => {
                    Parsed::Repeatable(description)
                }
                Some(kind) if Dotted::parse(version, false).is_some() => {
                    Parsed::Versioned(*kind, version, description)
                }
                None | Some(_) => Parsed::Invalid,
            };
        }
        Parsed::Invalid
    }
}

/// Repeatables by description, as Java compares texts.
fn by_description(one: &str, other: &str) -> Ordering {
    let read = |text: &str| text.replace('_', " ");
    read(one).encode_utf16().cmp(read(other).encode_utf16())
}

impl Tool for Flyway {
    fn signs(&self) -> &'static Signs {
        &SIGNS
    }

    fn configured_folders(&self, ground: &Ground<'_>) -> Result<Vec<(String, String)>> {
        let mut folders = Vec::new();
        for (name, up) in FILES {
            for path in ground.all(split(name).1)? {
                let text = ground.text(&path)?.unwrap_or_default();
                let settings = settings(split(name).1, &text);
                let home = split(&path).0;
                let up = match split(home).1 {
                    "conf" => Some(".."),
                    _ => up,
                };
                let home = up
                    .and_then(|up| relative(home, up))
                    .unwrap_or_else(|| home.to_owned());
                let locations = settings.get("locations").map_or("", String::as_str);
                let found: Vec<String> = locations
                    .split(',')
                    .filter_map(|location| self::location(&home, location.trim()))
                    .filter(|folder| ground.has_files(folder))
                    .collect();
                if let Some(folder) = common_folder(&found) {
                    folders.push((folder, path));
                }
            }
        }
        Ok(folders)
    }

    fn read(&self, folder: &Folder<'_>) -> Result<Reading> {
        let settings = Settings::near(folder)?;
        let mut names = Names::new(&settings);
        let locations = settings.locations(folder.dialect, folder.ground);
        let placeholders = placeholders(folder, &settings);
        let is_replaced = settings.is("placeholderReplacement", true);
        let mut reading = Reading::default();
        let default_schema = settings.get("defaultSchema", settings.get("schemas", ""));
        let first_schema = default_schema.split(',').next().map(str::trim);
        let table = settings.get("table", "");
        let own = &mut reading.history;
        own.quoted(first_schema, Some(table), "flyway_schema_history");
        let conf: Vec<String> = folder
            .files
            .iter()
            .filter(|name| name.ends_with(".conf") && names.stem(&name[..name.len() - 5]).is_some())
            .cloned()
            .collect();
        let conf = folder.extras(&conf)?;
        names.infer_case(folder, &mut reading);
        let mut ups: BTreeMap<Dotted, (&str, &str, &str)> = BTreeMap::new();
        let mut undos: BTreeMap<Dotted, &str> = BTreeMap::new();
        let mut baselines: BTreeMap<Dotted, (&str, &str, &str)> = BTreeMap::new();
        let mut repeatables: Vec<(&str, &str)> = Vec::new();
        let is_hidden = |name: &str| name.split('/').any(|part| part.starts_with('.'));
        for file in folder.files.iter().filter(|name| !is_hidden(name)) {
            let Some(stem) = names.stem(split(file).1) else {
                continue;
            };
            let path = folder.path_of(file);
            let mut inner = split(file).0.split('/');
            if inner.any(|part| is_for_other(part, folder.dialect)) {
                reading.ignore(path, "it is for another server");
                continue;
            }
            if !locations.is_empty() && !locations.iter().any(|it| is_within(&path, it)) {
                reading.ignore(path, "it lies in no location that Flyway is given");
                continue;
            }
            let duplicate = "Flyway refuses to run anything while two migrations have one version";
            match names.parse(stem) {
                Parsed::Versioned(kind, version, description) => {
                    let Some(key) = Dotted::parse(version, false) else {
                        continue;
                    };
                    let first = match kind {
                        Kind::Up => ups.get(&key).map(|it| it.0),
                        Kind::Undo => undos.get(&key).copied(),
                        Kind::Baseline => baselines.get(&key).map(|it| it.0),
                    };
                    if let Some(first) = first {
                        reading.duplicate(
                            &version.replace('_', "."),
                            &folder.path_of(first),
                            &folder.path_of(file),
                            Consequence::Refused,
                            duplicate,
                        );
                        continue;
                    }
                    match kind {
                        Kind::Up => {
                            ups.insert(key, (file, version, description));
                        }
                        Kind::Undo => {
                            undos.insert(key, file);
                        }
                        Kind::Baseline => {
                            baselines.insert(key, (file, version, description));
                        }
                    }
                }
                Parsed::Repeatable(description) => {
                    match repeatables.iter().find(|(_, it)| *it == description) {
                        Some((first, _)) => reading.duplicate(
                            description,
                            &folder.path_of(first),
                            &folder.path_of(file),
                            Consequence::Refused,
                            "Flyway refuses two repeatable migrations with one description",
                        ),
                        None => repeatables.push((file, description)),
                    }
                }
                Parsed::Callback => {
                    reading.ignore(folder.path_of(file), "it is a callback, no migration");
                }
                Parsed::Invalid => {
                    let reason = format!(
                        "Flyway wants {}<version>{}<description>.sql",
                        settings.get("sqlMigrationPrefix", "V"),
                        names.separator
                    );
                    if !is_auxiliary(split(file).1) {
                        let path = folder.path_of(file);
                        if settings.is("validateMigrationNaming", false) {
                            reading.oddities.push(Oddity::new(
                                OddityKind::MigrationSkipped {
                                    reason: reason.clone(),
                                },
                                Consequence::Refused,
                                "Flyway refuses to run anything, because \
                                 `validateMigrationNaming` is set",
                                path.clone(),
                            ));
                            reading.ignore(path, reason);
                        } else {
                            let does = "Flyway passes over it and does not say so";
                            reading.skip(path, reason, does);
                        }
                    } else {
                        reading.ignore(folder.path_of(file), reason);
                    }
                }
            }
        }
        let text = |file: &str| {
            let text = folder.text(file).0;
            let own = conf.get(&format!("{file}.conf"));
            let own = own.map(|text| properties(text)).unwrap_or_default();
            let replaces = own
                .get("placeholderReplacement")
                .map_or(is_replaced, |it| it == "true");
            (
                if replaces {
                    placeholders.fill(text)
                } else {
                    text
                },
                own,
            )
        };
        let scope = if settings.is("group", false) {
            TransactionScope::Run
        } else {
            TransactionScope::File
        };
        let late = match settings.is("outOfOrder", false) {
            true => Late::Runs,
            false => Late::Refused,
        };
        let mixed = settings.is("mixed", false);
        let make = |file: &str, version: &str, name: &str, reading: &mut Reading| {
            let (up, own) = text(file);
            if own.get("shouldExecute").is_some_and(|it| it == "false") {
                reading.ignore(folder.path_of(file), "its .conf says `shouldExecute=false`");
                return None;
            }
            let mut migration = folder.migration(
                file,
                version,
                name.replace('_', " "),
                up,
                (scope, Unit::Statement),
            );
            match own.get("executeInTransaction").map(String::as_str) {
                Some("false") => migration.transaction = TransactionScope::None,
                Some(_) => {}
                None if !settings.is("executeInTransaction", true) => {
                    migration.transaction = TransactionScope::None;
                }
                None => {
                    let server = (folder.dialect, folder.server_version);
                    automatic(&mut migration, server, mixed, reading);
                }
            }
            Some(migration)
        };
        let newest_baseline = baselines.keys().next_back().cloned();
        let is_replaced = |key: &Dotted| newest_baseline.as_ref().is_some_and(|it| key <= it);
        // Where the older files are there, a database that grew with the project has run them.
        let has_older = ups.keys().any(is_replaced);
        for (key, (file, version, description)) in &baselines {
            if has_older || Some(key) != newest_baseline.as_ref() {
                let reason =
                    "it stands for what is older on an empty database, and no other runs it";
                reading.ignore(folder.path_of(file), reason);
                continue;
            }
            let version = version.replace('_', ".");
            if let Some(mut it) = make(file, &version, description, &mut reading) {
                it.identity = format!("B{}", key.normal());
                it.late = Late::Never;
                it.is_checkpoint = true;
                reading.migrations.push(it);
            }
        }
        for (key, (file, version, description)) in &ups {
            let version = version.replace('_', ".");
            if let Some(mut it) = make(file, &version, description, &mut reading) {
                it.identity = key.normal();
                it.late = late;
                it.down = undos.remove(key).map(|file| text(file).0);
                reading.migrations.push(it);
            }
        }
        for file in undos.values() {
            reading.ignore(
                folder.path_of(file),
                "it undoes a migration that is not there",
            );
        }
        repeatables.sort_by(|(_, one), (_, other)| by_description(one, other));
        for (file, description) in repeatables {
            if let Some(mut it) = make(
                file,
                &description.replace('_', " "),
                description,
                &mut reading,
            ) {
                it.identity = repeatable_identity(description, &it.up);
                it.late = Late::Never;
                reading.migrations.push(it);
            }
        }
        reading.notices.extend(placeholders.notice());
        Ok(reading)
    }

    fn opt_out(&self, _: Dialect) -> &'static str {
        "put it in a migration of its own, with `executeInTransaction=false` in a file of the same \
         name and `.conf` beside it"
    }
}

/// A repeatable migration runs again when its text is another one, whatever its line ends.
pub(super) fn repeatable_identity(description: &str, up: &MigrationText) -> String {
    let text = up.text().unwrap_or_default();
    let hash = text.lines().fold(0xcbf2_9ce4_8422_2325_u64, |hash, line| {
        line.bytes().chain([b'\n']).fold(hash, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    });
    format!("R__{description}@{hash:016x}")
}

/// The checksum that Flyway keeps of a migration: a CRC-32 of its lines without their ends. `None`
/// where values are filled in, because those of a repeatable migration enter it.
///
/// Source: `ChecksumCalculator` and `SqlMigrationResolver` of Flyway 11.
pub(super) fn checksum(migration: &Migration) -> Option<i32> {
    let part = migration.up.part()?;
    let text = &*part.file.text;
    if text.contains("${") || part.sent() != text {
        return None;
    }
    // A line of Java's ends with `\n`, `\r` or both.
    let bytes = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r'));
    let sum = bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg())
        })
    });
    Some((!sum).cast_signed())
}

fn placeholders(folder: &Folder<'_>, settings: &Settings) -> Placeholders {
    let begin = settings.get("placeholderPrefix", "${").to_owned();
    let end = settings.get("placeholderSuffix", "}").to_owned();
    let mut placeholders = Placeholders::new(Syntax::Between(begin, end), true);
    let schema = settings
        .get("defaultSchema", settings.get("schemas", "public"))
        .split(',')
        .next()
        .unwrap_or("public")
        .trim()
        .to_owned();
    for (name, value) in [
        ("defaultSchema", schema.as_str()),
        ("table", settings.get("table", "flyway_schema_history")),
        ("user", settings.get("user", "flyway_user")),
        ("database", "flyway_database"),
        ("timestamp", "2000-01-01T00:00:00"),
        ("filename", "flyway_filename"),
        ("workingDirectory", "flyway_working_directory"),
        ("environment", settings.get("environment", "default")),
    ] {
        placeholders.know(&format!("flyway:{name}"), value);
    }
    for (key, value) in &settings.file {
        if let Some(name) = key.strip_prefix("placeholders.") {
            placeholders.know(name, value);
        }
    }
    placeholders.know_all(&folder.config.placeholders);
    placeholders
}

/// Flyway runs a file without a transaction when it knows that a statement in it wants none.
fn automatic(
    migration: &mut Migration,
    (dialect, version): (Dialect, Option<ServerVersion>),
    mixed: bool,
    reading: &mut Reading,
) {
    let is_old = version.is_some_and(|it| it < ServerVersion::new(12, 0, 0));
    let Some(part) = migration.up.part() else {
        return;
    };
    if migration.transaction == TransactionScope::None || !may_want_none(part.sent()) {
        return;
    }
    let (pieces, _) = sql::split::split(part.sent(), dialect);
    let (own, others): (Vec<Span>, Vec<Span>) = pieces
        .iter()
        .map(|piece| piece.span)
        .partition(|span| wants_none(span.of(part.sent()), dialect, is_old));
    let Some(first) = own.first() else {
        return;
    };
    if !others.is_empty() && !mixed {
        let file: SourceFile = part.file.clone();
        let span = part.place(*first);
        let statement = sql::first_words(first.of(part.sent()), dialect, 3).join(" ");
        reading.oddities.push(
            Oddity::new(
                OddityKind::TransactionMixed {
                    statement: statement.to_uppercase(),
                    cure: "put it in a migration of its own".to_owned(),
                },
                Consequence::Refused,
                "Flyway runs it without a transaction and refuses to mix it with statements that \
                 have one, unless `mixed` is set",
                migration.path.clone(),
            )
            .at(&file, span),
        );
    }
    migration.transaction = TransactionScope::None;
}

/// Whether a word is in the text that all such statements have one of.
fn may_want_none(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "value",
        "concurrently",
        "vacuum",
        "database",
        "tablespace",
        "subscription",
        "system",
        "reindex",
        "discard",
        "foreign_keys",
    ];
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let end = (at..bytes.len())
            .find(|it| !(bytes[*it].is_ascii_alphanumeric() || bytes[*it] == b'_'))
            .unwrap_or(bytes.len());
        let length = end - at;
        if (5..=12).contains(&length)
            && WORDS.iter().any(|word| {
                word.len() == length && bytes[at..end].eq_ignore_ascii_case(word.as_bytes())
            })
        {
            return true;
        }
        at = end;
    }
    false
}

/// Flyway's own list; it lacks `DETACH PARTITION … CONCURRENTLY` and `REINDEX … CONCURRENTLY`.
fn wants_none(statement: &str, dialect: Dialect, is_old: bool) -> bool {
    let words = sql::first_words(statement, dialect, 8);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (dialect, words.as_slice()) {
        (Dialect::Postgres, ["alter", "type", rest @ ..]) => {
            is_old && rest.windows(2).any(|it| it == ["add", "value"])
        }
        (Dialect::Postgres, words) => matches!(
            words,
            [
                "create" | "drop",
                "database" | "tablespace" | "subscription",
                ..
            ] | ["alter", "system", ..]
                | ["vacuum", ..]
                | ["discard", "all", ..]
                | ["create" | "drop", "index", "concurrently", ..]
                | ["create", "unique", "index", "concurrently", ..]
                | ["reindex", "schema" | "database" | "system", ..]
                | ["reindex", "verbose", "schema" | "database" | "system", ..]
        ),
        (Dialect::Sqlite, words) => matches!(words, ["pragma", "foreign_keys", ..]),
        (Dialect::Mysql | Dialect::Mariadb, _) => false,
    }
}

/// The folder that a location means; wildcards mean the folder before them.
fn location(home: &str, location: &str) -> Option<String> {
    let (base, path) = match location.split_once(':') {
        Some(("filesystem", path)) => ("", path),
        Some(("classpath", path)) => ("src/main/resources", path.trim_start_matches('/')),
        Some(_) => return None,
        None => ("src/main/resources", location),
    };
    let path = path.split(['*', '?', '{']).next().unwrap_or(path);
    if path.is_empty() {
        return None;
    }
    relative(&join(home, base), path)
}

/// The folder that all of them lie in.
fn common_folder(folders: &[String]) -> Option<String> {
    let (first, rest) = folders.split_first()?;
    let mut common: Vec<&str> = first.split('/').collect();
    for folder in rest {
        let same = common
            .iter()
            .zip(folder.split('/'))
            .take_while(|(one, other)| *one == other)
            .count();
        common.truncate(same);
    }
    (!common.is_empty()).then(|| common.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_part_by_part() {
        let version = |text: &str| Dotted::parse(text, false).unwrap();
        assert!(version("1.2") < version("1.10"));
        assert!(version("1_2") < version("1.2.1"));
        assert_eq!(version("001"), version("1_0.0"));
        assert!(version("99999999999999999999998") < version("99999999999999999999999"));
        assert_eq!(version("0").normal(), "0");
        assert!(Dotted::parse("1..2", false).is_none());
        let evolve = |text: &str| Dotted::parse(text, true).unwrap();
        assert!(evolve("1") < evolve("1.0"));
    }

    #[test]
    fn callbacks_are_known_by_their_event() {
        assert!(is_callback("afterMigrate"));
        assert!(is_callback("afterMigrate__vacuum"));
        assert!(is_callback("beforeEachMigrateStatement"));
        assert!(is_callback("afterEachMigrateStatementError"));
        assert!(!is_callback("V1__afterMigrate"));
    }
}
