//! Says which SQL migrations break old or new code while both run side by side.
//!
//! During a rolling deploy, a canary or a rollback several releases of the code meet several
//! versions of the schema. [`check`] reads the migrations of a project and says which pairs of
//! release and schema version work, which break, who breaks with which server error, and which
//! order of deploying and migrating is safe. `ARCHITECTURE.md` shows the way through the modules.

pub mod analysis;
pub mod bind;
mod check;
pub mod contract;
mod day;
pub mod discover;
pub mod error;
pub mod findings;
pub mod history;
pub mod live;
pub mod plan;
mod progress;
pub mod query;
pub mod report;
pub mod rules;
pub mod schema;
pub mod source;
pub mod sql;

pub use check::{
    FailOn, New, Options, ReleaseContract, Replayed, SchemaAt, TreeBranches, TypedMigration, check,
    check_tree_branches, check_trees, diff_versions, explain_migration, explain_migration_in,
    explain_object, explain_version, fails, near_names, new_baseline, release_contract,
    release_matrix, replay_project, replay_tree, schema_at, settings, starter, tree_contract,
    version_graph,
};
pub use contract::Contract;
pub use discover::{
    DeployMode, KEY_NAMES, Layout, Named, ServerVersion, Stated, Tree, config_schema, nearest_name,
    unknown_name,
};
pub use error::{Error, Result};
pub use progress::{Progress, Stage};
pub use report::{
    DiffReport, Event, Explained, GraphReport, MatrixReport, ProjectReport, ProjectSettings,
    QueryUse, ReleaseUses, Report, Setting, SettingValue, Starter, Styling, Telling, Verbosity,
    contract_line, detection_line, diff_to_json, diff_to_text, explained_to_json,
    explained_to_text, files_lines, graph_to_dot, graph_to_json, graph_to_mermaid, graph_to_svg,
    graph_to_text, json_schema, matrix_to_json, matrix_to_markdown, matrix_to_text, page_to_text,
    printable, printable_lines, rules_to_json, rules_to_text, schema_to_json, schema_to_sql,
    settings_to_text, starter_config, starter_lines, to_gcc, to_github, to_gitlab, to_html,
    to_json, to_junit, to_markdown, to_sarif, to_text, verification_line, verification_to_json,
    verification_to_text, version_to_json, version_to_text, walk_to_text, wrapped,
};
pub use rules::{RULES, rule};
pub use sql::Dialect;

/// Today, as `2026-01-31`; `None` where the clock stands before 1970.
pub fn today() -> Option<String> {
    let now = std::time::SystemTime::now();
    let seconds = now.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    day::of_seconds(i64::try_from(seconds).ok()?)
}
