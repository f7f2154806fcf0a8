//! What was read and why: the lines of `--show-files`.

use super::ProjectReport;
use super::printable::printable;
use crate::discover::Named;

/// One line per thing that was found out about the project, per migration in run order, and per
/// file that is not run.
pub fn files_lines(project: &ProjectReport) -> Vec<String> {
    let folder = match project.folder.as_str() {
        "" => ".",
        folder => folder,
    };
    let mut lines = vec![
        format!("project: {} · migrations in {folder}/", project.root),
        format!(
            "layout: {} ({})",
            project.layout.as_str(),
            project.layout_evidence
        ),
        format!(
            "dialect: {} ({})",
            project.dialect.as_str(),
            project.dialect_evidence
        ),
    ];
    lines.push(
        match (&project.server_version, &project.server_version_evidence) {
            (Some(version), Some(evidence)) => format!("server version: {version} ({evidence})"),
            (Some(version), None) => format!("server version: {version}"),
            (None, _) => "server version: not known".to_owned(),
        },
    );
    for plan in &project.plans {
        let mut line = format!("file: {}", plan.path);
        if let Some(at) = plan.line {
            line.push_str(&format!(":{at}"));
        }
        line.push_str(&format!(
            " · version {} · transaction {} · unit {}",
            plan.version,
            plan.transaction.name(),
            plan.unit.name()
        ));
        if let Some(down) = &plan.down {
            let is_same = *down == plan.path;
            line.push_str(" · down ");
            line.push_str(if is_same { "in the same file" } else { down });
        }
        lines.push(line);
    }
    for it in &project.ignored {
        lines.push(format!("ignored: {}: {}", it.path, it.reason));
    }
    lines.iter().map(|line| printable(line)).collect()
}
