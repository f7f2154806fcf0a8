//! A first configuration: what a project says by itself, written down with comments.
//!
//! Only what a project rarely changes is a line that counts: the tool, its folder, the server and
//! the way of deploying. All else stands in comments, so that it goes on being found.

use crate::discover::{DeployMode, Named, Project};
use crate::report::printable;

/// What is known of a project before it says anything itself.
#[derive(Debug)]
pub struct Starter {
    /// The project.
    pub project: Project,
    /// The folder of the configuration from the tree's root: a folder above the migrations, or theirs.
    pub folder: String,
    /// How many queries of its code are known.
    pub queries: usize,
    /// Where they were found: the source with its place.
    pub query_places: Vec<String>,
    /// The newest tag that looks like a release.
    pub newest_tag: Option<String>,
    /// What the command line says about deploying.
    pub deploy: Option<DeployMode>,
    /// Whether the command line says the server's version.
    pub is_version_given: bool,
    /// The JSON schema of the configuration beside it, where there is one.
    pub schema: Option<&'static str>,
}

impl Starter {
    /// The migrations folder from that of the configuration.
    fn migrations(&self) -> &str {
        let folder = self.project.folder.as_str();
        let rest = match self.folder.as_str() {
            "" => folder,
            above => folder.strip_prefix(above).unwrap_or(folder),
        };
        match rest.trim_start_matches('/') {
            "" => ".",
            rest => rest,
        }
    }

    fn found_queries(&self) -> String {
        let count = match self.queries {
            1 => "1 query".to_owned(),
            count => format!("{count} queries"),
        };
        match self.query_places.as_slice() {
            [] if self.queries == 0 => "no queries".to_owned(),
            [] => count,
            places => format!("{count}: {}", places.join(", ")),
        }
    }
}

/// The text of the configuration.
pub fn starter_config(starter: &Starter) -> String {
    let project = &starter.project;
    let mut out = String::new();
    let mut paragraph = |comment: &[String], lines: &[String]| {
        if !out.is_empty() {
            out.push('\n');
        }
        for line in comment {
            // What was found is quoted, and a line break would end the comment.
            out.push_str(&format!(
                "# {}\n",
                printable(line).replace(['\n', '\r'], " ")
            ));
        }
        for line in lines {
            out.push_str(line);
            out.push('\n');
        }
    };
    let text = str::to_owned;
    if let Some(schema) = starter.schema {
        paragraph(&[], &[format!("#:schema ./{schema}")]);
    }
    paragraph(
        &[
            text(
                "How migcheck reads this project and judges its migrations (`migcheck check`). A line that is",
            ),
            text("left out is found again, or has its default."),
        ],
        &[],
    );
    let migrations = starter.migrations();
    let mut tool = vec![format!("layout = {}", quoted(project.layout.as_str()))];
    // The configuration takes a backslash for a slash, so that such a folder cannot be named.
    if !migrations.contains('\\') {
        tool.push(format!("migrations = {}", quoted(migrations)));
    }
    paragraph(
        &[
            format!("The migration tool ({}).", project.layout_evidence),
            text("Migrations are sought in this folder alone, from the folder of this file."),
        ],
        &tool,
    );
    let mut server = vec![format!("The server ({}).", project.dialect_evidence)];
    let mut lines = vec![format!("dialect = {}", quoted(project.dialect.as_str()))];
    match (&project.server_version, &project.server_version_evidence) {
        (Some(version), Some(evidence)) => {
            let line = format!("server_version = {}", quoted(&version.to_string()));
            if starter.is_version_given {
                lines.push(line);
            } else {
                server.push(format!(
                    "Its version is {version} ({evidence}); say so where production has another."
                ));
                lines.push(format!("# {line}"));
            }
        }
        _ => {
            server.push(text(
                "Nothing tells its version: say here what production has.",
            ));
            lines.push(text("# server_version = \"16\""));
        }
    }
    paragraph(&server, &lines);
    paragraph(
        &[
            text(
                "In which order code and migrations go out: migrate-first, code-first, phased (some migrations",
            ),
            text(
                "after the code: [phased] post_deploy = [\"post/**\"]), concurrent (nobody knows), offline.",
            ),
        ],
        &[format!(
            "deploy = {}",
            quoted(starter.deploy.unwrap_or_default().name())
        )],
    );
    let example = starter.newest_tag.as_deref().unwrap_or("v1.*");
    paragraph(
        &[
            text(
                "The releases that may run beside a change, or that you may roll back to: tags, branches, or",
            ),
            text("patterns of them. By default it is where the branch left its target."),
        ],
        &[
            text("# [releases]"),
            format!("# live = [{}]", quoted(example)),
        ],
    );
    paragraph(
        &[
            text("The queries of the code say what a change really breaks."),
            format!("Found by themselves: {}.", starter.found_queries()),
            text(
                "Statistics and logs can be named too; evidence = \"complete\" says that these are all there are.",
            ),
        ],
        &[
            text("# [code]"),
            text("# queries = [\"sql/**/*.sql\"]"),
            text("# evidence = \"complete\""),
        ],
    );
    paragraph(
        &[text(
            "What this release no longer uses, so that a later one may drop it.",
        )],
        &[
            text("# [[retired]]"),
            text("# object = \"users.nickname\""),
            text("# reason = \"replaced by display_name\""),
        ],
    );
    out
}

/// The same for the terminal: what was found, and what told it.
pub fn starter_lines(starter: &Starter) -> Vec<String> {
    let project = &starter.project;
    let version = match (&project.server_version, &project.server_version_evidence) {
        (Some(version), Some(evidence)) => format!("{version} ({evidence})"),
        _ => "not known".to_owned(),
    };
    let folder = match project.folder.as_str() {
        "" => ".",
        folder => folder,
    };
    let count = match project.migrations.len() {
        1 => "1 migration".to_owned(),
        count => format!("{count} migrations"),
    };
    [
        (
            "layout",
            format!("{} ({})", project.layout.as_str(), project.layout_evidence),
        ),
        ("migrations", format!("{folder}/ ({count})")),
        (
            "dialect",
            format!(
                "{} ({})",
                project.dialect.as_str(),
                project.dialect_evidence
            ),
        ),
        ("server version", version),
        (
            "deploy",
            starter.deploy.unwrap_or_default().name().to_owned(),
        ),
        ("code", starter.found_queries()),
    ]
    .into_iter()
    .map(|(name, value)| printable(&format!("  {name:<14}  {value}")))
    .collect()
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
