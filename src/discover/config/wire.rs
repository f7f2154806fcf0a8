//! The file as it is written.
//!
//! The names of the fields are the keys, and their comments are the reference: `docs/configuration.md`
//! and the JSON schema are made of them. A comment says what the key is, then `Default: …` where one
//! holds, then an example that is a configuration by itself.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{DeclaredEvidence, DeployMode, Level, Prepared, RetiredAccess};
use crate::discover::layout::{CustomOrder, Layout};
use crate::discover::{TransactionScope, Unit};
use crate::sql::Dialect;

#[cfg(test)]
use schemars::JsonSchema;

/// A text and its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text(pub(super) Spanned<String>);

impl Deref for Text {
    type Target = Spanned<String>;

    fn deref(&self) -> &Spanned<String> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Text)
    }
}

/// The name of a `T`, not looked up yet: who reads it knows what to call it in a message.
pub(super) struct Name<T> {
    pub(super) text: Text,
    of: PhantomData<T>,
}

impl<'de, T> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Name {
            text: Text::deserialize(deserializer)?,
            of: PhantomData,
        })
    }
}

impl<T> fmt::Debug for Name<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(out)
    }
}

/// A version: a text, or a whole number.
#[derive(Debug)]
pub(super) struct Version(pub(super) Spanned<toml::Value>);

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Version)
    }
}

/// The whole file, a section laid over its top, or what the command line says.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// What the project is called, for `--project` and in messages. In a section it is that section's own.
    ///
    /// ```toml
    /// name = "billing"
    /// ```
    pub(super) name: Option<Text>,
    /// The folder of the migrations, from the folder of this file. In a section it may be a pattern of folders
    /// (`services/*/migrations`).
    ///
    /// Default: sought below the folder where the command is run; several folders are several projects.
    ///
    /// ```toml
    /// migrations = "db/migrations"
    /// ```
    pub(super) migrations: Option<Text>,
    /// The migration tool, as `docs/layouts.md` lists them.
    ///
    /// Default: found by the tool's own files, by dependencies, and by how the migrations are named and written.
    ///
    /// ```toml
    /// layout = "sqlx"
    /// ```
    pub(super) layout: Option<Name<Layout>>,
    /// The family of servers. Only PostgreSQL is judged; the others are read and replayed.
    ///
    /// Default: found by the tool, drivers, connection URLs, images and words of SQL, else `postgres`.
    ///
    /// ```toml
    /// dialect = "postgres"
    /// ```
    pub(super) dialect: Option<Name<Dialect>>,
    /// The server's version. As a text, or a whole number.
    ///
    /// Default: found in images of compose files and of continuous integration, where they agree.
    ///
    /// ```toml
    /// server_version = "16"
    /// ```
    pub(super) server_version: Option<Version>,
    /// The schema before the first migration, as a file of SQL from the folder of this file: for a history
    /// that begins mid-life.
    ///
    /// ```toml
    /// schema_file = "db/structure.sql"
    /// ```
    pub(super) schema_file: Option<Text>,
    /// In which order code and migrations go out: `migrate-first` (migrations, then code), `code-first`,
    /// `phased` (some migrations after the code, see `phased.post_deploy`), `concurrent` (nobody knows),
    /// `offline` (all code is stopped meanwhile).
    ///
    /// Default: `migrate-first`.
    ///
    /// ```toml
    /// deploy = "phased"
    /// ```
    pub(super) deploy: Option<Name<DeployMode>>,
    /// The transaction that the migration tool opens: one for each `file`, one for a whole `run`, or `none`.
    ///
    /// Default: that of the layout.
    ///
    /// ```toml
    /// transaction = "file"
    /// ```
    pub(super) transaction: Option<Name<TransactionScope>>,
    /// What the migration tool sends to the server at once: each `statement`, or the text of a whole `file`,
    /// which PostgreSQL takes as one transaction.
    ///
    /// Default: that of the layout.
    ///
    /// ```toml
    /// unit = "statement"
    /// ```
    pub(super) unit: Option<Name<Unit>>,
    /// Values that the migration tool fills into the migrations, by the name of the placeholder.
    ///
    /// ```toml
    /// [placeholders]
    /// schema = "app"
    /// ```
    #[serde(default)]
    pub(super) placeholders: BTreeMap<String, String>,
    /// A folder of no known tool, for `layout = "custom"`.
    pub(super) custom: Option<At<Custom>>,
    /// Where the migration tool writes down what it has applied, for commands that ask a live database.
    #[serde(default)]
    pub(super) history: History,
    /// Migrations that run after the switch to the new code, for `deploy = "phased"`.
    #[serde(default)]
    pub(super) phased: Phased,
    /// The releases that may run beside a change.
    #[serde(default)]
    pub(super) releases: Releases,
    /// What this release says of its own code.
    #[serde(default)]
    pub(super) code: Code,
    /// Other code on the same database, judged with its own queries.
    #[serde(default)]
    pub(super) consumer: Vec<Consumer>,
    /// What this release no longer uses, so that a later one may drop it. It is read at each release's own revision.
    #[serde(default)]
    pub(super) retired: Vec<Retired>,
    /// A finding that is accepted in a migration that is applied and so cannot be edited; in a new one, a comment
    /// does the same.
    #[serde(default)]
    pub(super) allow: Vec<Allow>,
    /// Which rules apply, and how bad their findings are.
    #[serde(default)]
    pub(super) rules: Rules,
    // Taken out before it is read: here for its name alone, which a slip may be near to.
    /// A section: what is different in one folder of migrations, or in all that match a pattern. It has every key of
    /// the file but `project`; `migrations` has to be there.
    ///
    /// ```toml
    /// dialect = "postgres"
    ///
    /// [[project]]
    /// name = "billing"
    /// migrations = "services/billing/migrations"
    ///
    /// [[project]]
    /// name = "orders"
    /// migrations = "services/orders/migrations"
    /// deploy = "code-first"
    /// rules.severity.column_dropped = "warning"
    /// ```
    #[serde(rename = "project", default)]
    #[cfg_attr(test, schemars(with = "Vec<bool>"))]
    pub(super) _project: IgnoredAny,
}

/// A table and where it begins.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) Spanned<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(At)
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Custom {
    /// Which files are migrations, as a pattern from the migrations folder; one without a slash means the folder itself.
    /// It has to be there for `layout = "custom"`.
    ///
    /// ```toml
    /// custom.files = "**/*.sql"
    /// custom.name = '(?<version>\d+)_(?<name>.+)\.sql'
    /// ```
    pub(super) files: Option<Text>,
    /// How the files are named, as a regular expression with the groups `version` and, where there are such,
    /// `name`, `direction` (`up`, `down`) and `dialect`. It has to be there for `layout = "custom"`.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+)_(?<name>.+?)(\.(?<direction>up|down))?\.sql$'
    /// ```
    pub(super) name: Option<Text>,
    /// In which order they run: by the version as a `number`, as numbers between dots (`dotted`), as `text`, or as a
    /// `manifest` lists them.
    ///
    /// Default: `number`.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>[\d.]+)_.*'
    /// custom.order = "dotted"
    /// ```
    pub(super) order: Option<Name<CustomOrder>>,
    /// The files that list the migrations, as a pattern, for the order `manifest`.
    ///
    /// ```toml
    /// custom.files = "**/*.sql"
    /// custom.name = '(?<version>.+)\.sql'
    /// custom.order = "manifest"
    /// custom.manifest = "**/manifest.json"
    /// ```
    pub(super) manifest: Option<Text>,
    /// How the line begins above the up part, in files that hold both.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+).*'
    /// custom.up_marker = "-- up"
    /// custom.down_marker = "-- down"
    /// ```
    pub(super) up_marker: Option<String>,
    /// How the line begins above the down part.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+).*'
    /// custom.down_marker = "-- down"
    /// ```
    pub(super) down_marker: Option<String>,
    /// What a line says that opts out of the transaction.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+).*'
    /// custom.opt_out = "-- no transaction"
    /// ```
    pub(super) opt_out: Option<String>,
    /// How a placeholder begins and ends.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+).*'
    /// custom.placeholder = ["${", "}"]
    /// ```
    pub(super) placeholder: Option<(String, String)>,
    /// As `transaction` at the top; here it outranks that.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+).*'
    /// custom.transaction = "run"
    /// ```
    pub(super) transaction: Option<Name<TransactionScope>>,
    /// As `unit` at the top; here it outranks that.
    ///
    /// ```toml
    /// custom.files = "*.sql"
    /// custom.name = '(?<version>\d+).*'
    /// custom.unit = "file"
    /// ```
    pub(super) unit: Option<Name<Unit>>,
}

#[derive(Debug, Deserialize, Default)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct History {
    /// The table, as SQL writes it.
    ///
    /// Default: that of the layout.
    ///
    /// ```toml
    /// [history]
    /// table = "app.schema_migrations"
    /// ```
    pub(super) table: Option<Text>,
}

#[derive(Debug, Deserialize, Default)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Phased {
    /// Which migrations run after the switch, as patterns from the folder of this file; a line
    /// `-- migcheck: phase post-deploy` in a migration says the same.
    ///
    /// Default: none.
    ///
    /// ```toml
    /// deploy = "phased"
    /// [phased]
    /// post_deploy = ["post/", "*_contract.sql"]
    /// ```
    pub(super) post_deploy: Vec<Text>,
}

#[derive(Debug, Deserialize, Default)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Releases {
    /// Tags, branches or other revisions, or patterns of tags and branches: each is judged at its own revision.
    ///
    /// Default: the base, where the branch left its target.
    ///
    /// ```toml
    /// [releases]
    /// live = ["v1.*"]
    /// ```
    pub(super) live: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Code {
    /// Files of queries, statistics or server logs, as patterns from the folder of this file; all in them counts.
    ///
    /// Default: none beside those that are found (`docs/queries.md`).
    ///
    /// ```toml
    /// [code]
    /// queries = ["sql/**/*.sql"]
    /// ```
    pub(super) queries: Vec<Text>,
    /// Files that are not the code's, as patterns from the folder of this file.
    ///
    /// Default: none.
    ///
    /// ```toml
    /// [code]
    /// exclude = ["examples/"]
    /// ```
    pub(super) exclude: Vec<Text>,
    /// Whether SQL is sought in string literals.
    ///
    /// Default: `true`.
    ///
    /// ```toml
    /// [code]
    /// literals = false
    /// ```
    pub(super) literals: bool,
    /// The schemas in which the queries' names are sought.
    ///
    /// Default: that of the server, `"$user", public`.
    ///
    /// ```toml
    /// [code]
    /// search_path = ["app", "public"]
    /// ```
    pub(super) search_path: Option<Vec<String>>,
    /// The role as which the queries run.
    ///
    /// Default: nobody in particular.
    ///
    /// ```toml
    /// [code]
    /// role = "app"
    /// ```
    pub(super) role: Option<String>,
    /// What connections do with prepared statements: `cached` ones outlive a migration, and fail where its result
    /// has another shape; `none`, where they are prepared anew or not at all.
    ///
    /// Default: nothing is known of it, which is as `none`.
    ///
    /// ```toml
    /// [code]
    /// prepared = "cached"
    /// ```
    pub(super) prepared: Option<Name<Prepared>>,
    /// Whether the queries that are found are all there are (`complete`) or there can be others (`partial`). Where they
    /// are complete, what none of them uses breaks nobody.
    ///
    /// Default: `partial`.
    ///
    /// ```toml
    /// [code]
    /// evidence = "complete"
    /// ```
    pub(super) evidence: Option<Name<DeclaredEvidence>>,
    /// Whether the code asks the server for the columns of tables, as ActiveRecord does, and so uses names that
    /// stand nowhere in it.
    ///
    /// Default: `false`.
    ///
    /// ```toml
    /// [code]
    /// reflection = true
    /// ```
    pub(super) reflection: bool,
}

impl Default for Code {
    fn default() -> Self {
        Code {
            queries: Vec::new(),
            exclude: Vec::new(),
            literals: true,
            search_path: None,
            role: None,
            prepared: None,
            evidence: None,
            reflection: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Consumer {
    /// What reports call it.
    ///
    /// ```toml
    /// [[consumer]]
    /// name = "reports"
    /// queries = ["../reports/sql/*.sql"]
    /// ```
    pub(super) name: Text,
    /// Its queries, as patterns of files from the folder of this file, which may lead to another repository.
    ///
    /// ```toml
    /// [[consumer]]
    /// name = "reports"
    /// queries = ["../reports/sql/*.sql"]
    /// ```
    pub(super) queries: Vec<Text>,
    /// The revision at which its queries are read.
    ///
    /// Default: the base in this repository, the files on disk in another.
    ///
    /// ```toml
    /// [[consumer]]
    /// name = "reports"
    /// queries = ["../reports/sql/*.sql"]
    /// release = "v3.1"
    /// ```
    pub(super) release: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Retired {
    /// What it is: `users`, `users.nickname`, `app.users.nickname`.
    ///
    /// ```toml
    /// [[retired]]
    /// object = "users.nickname"
    /// reason = "replaced by display_name in v1.5"
    /// ```
    pub(super) object: Text,
    /// Which accesses have ended.
    ///
    /// Default: `both`.
    ///
    /// ```toml
    /// [[retired]]
    /// object = "users.nickname"
    /// access = "write"
    /// reason = "the new form leaves it out"
    /// ```
    pub(super) access: Option<Name<RetiredAccess>>,
    /// Why this is known to be so.
    ///
    /// ```toml
    /// [[retired]]
    /// object = "users.nickname"
    /// reason = "replaced by display_name in v1.5"
    /// ```
    pub(super) reason: Text,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Allow {
    /// The migration: its version, file name or path.
    ///
    /// ```toml
    /// [[allow]]
    /// migration = "0007_cleanup.sql"
    /// rule = "column_dropped"
    /// object = "users.nickname"
    /// reason = "announced maintenance window"
    /// ```
    pub(super) migration: Text,
    /// The rule.
    ///
    /// ```toml
    /// [[allow]]
    /// migration = "20240103"
    /// rule = "column_dropped"
    /// object = "users.nickname"
    /// reason = "agreed with the data team"
    /// ```
    pub(super) rule: Text,
    /// The object, with or without its schema, in any case.
    ///
    /// ```toml
    /// [[allow]]
    /// migration = "20240103"
    /// rule = "table_dropped"
    /// object = "app.sessions"
    /// reason = "moved to another store in v3"
    /// ```
    pub(super) object: Text,
    /// Why it is accepted.
    ///
    /// ```toml
    /// [[allow]]
    /// migration = "20240103"
    /// rule = "column_dropped"
    /// object = "users.nickname"
    /// reason = "agreed with the data team"
    /// ```
    pub(super) reason: Text,
}

#[derive(Debug, Deserialize, Default)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rules {
    /// Only these rules and classes (`compat`, `data`, `loss`, `ops`, `history`).
    ///
    /// Default: all.
    ///
    /// ```toml
    /// [rules]
    /// select = ["compat", "data"]
    /// ```
    pub(super) select: Option<Vec<Text>>,
    /// Not these rules and classes.
    ///
    /// Default: none.
    ///
    /// ```toml
    /// [rules]
    /// ignore = ["trigger_added"]
    /// ```
    pub(super) ignore: Vec<Text>,
    /// How bad it is that a statement was not understood: `error`, `warning` or `note`.
    ///
    /// Default: `warning`.
    ///
    /// ```toml
    /// [rules]
    /// unknown = "error"
    /// ```
    #[cfg_attr(test, schemars(extend("enum" = ["error", "warning", "note"])))]
    pub(super) unknown: Option<Name<Level>>,
    /// How bad the findings of a rule are, by its name; `off` reports none.
    ///
    /// Default: what the break and the way of deploying make of it.
    ///
    /// ```toml
    /// [rules.severity]
    /// column_dropped = "warning"
    /// ```
    pub(super) severity: BTreeMap<Text, Name<Level>>,
}

#[cfg(test)]
mod schemas {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{At, Name, Text, Version};
    use crate::discover::Named;

    impl JsonSchema for Text {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "Text".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string" })
        }
    }

    impl<T: Named> JsonSchema for Name<T> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            std::any::type_name::<T>().into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            let names: Vec<&str> = T::ALL.iter().map(|it| it.name()).collect();
            json_schema!({ "type": "string", "enum": names })
        }
    }

    impl JsonSchema for Version {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            "Version".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": ["string", "integer"] })
        }
    }

    impl<T: JsonSchema> JsonSchema for At<T> {
        fn inline_schema() -> bool {
            T::inline_schema()
        }

        fn schema_name() -> Cow<'static, str> {
            T::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            T::json_schema(generator)
        }
    }
}
