//! Releases × visible states of the schema: who works where.

use super::chain::Chain;
use super::judge::{floor_at, open_window, release_reports};
use super::{Options, chain_of, meant, overrides, read_code};
use crate::analysis::{Access, Window};
use crate::discover::{Environment, HeadAt, Project, discover, discover_with_base, locate};
use crate::error::{Error, Result};
use crate::report::{BaseReport, Cell, MatrixReport, MatrixState, ProjectMatrix};

use super::New;

/// Which release works on which state of the schema, for each project.
///
/// # Errors
///
/// Any [`Error`]: the check could not be made; [`Error::Argument`] where every migration is judged
/// by itself, which has no releases.
pub fn release_matrix(options: &Options, environment: Environment<'_>) -> Result<MatrixReport> {
    let target = locate(&options.paths)?;
    let overrides = overrides(options, &target)?;
    let revision = match &options.new {
        New::SinceRevision(revision) => Some(revision.as_str()),
        New::SinceBase | New::SinceVersion(_) => None,
        New::All => {
            return Err(Error::Argument(
                "a matrix needs releases: give --base REV or --since VERSION".to_owned(),
            ));
        }
    };
    let (found, base) = match &options.new {
        New::SinceBase | New::SinceRevision(_) if target.files.is_empty() => {
            discover_with_base(&target, &overrides, revision, environment)
        }
        New::SinceBase | New::SinceRevision(_) | New::SinceVersion(_) | New::All => {
            (discover(&target.tree, &overrides), None)
        }
    };
    let (projects, left_out) = meant(options, &target, found?)?;
    let base = base.transpose()?;
    let folders: Vec<String> = projects
        .iter()
        .map(|it| it.folder.clone())
        .chain(left_out.iter().map(|it| it.folder.clone()))
        .collect();
    let mut out = Vec::new();
    for project in projects {
        let mut chain = chain_of(options, &target, &overrides, &project, base.as_ref())?;
        read_code(options, &target.tree, &project, &folders, &mut chain, true)?;
        out.push(matrix(&project, &chain)?);
    }
    Ok(MatrixReport {
        projects: out,
        left_out,
    })
}

/// The matrix of a chain that has been replayed and has releases.
pub(super) fn matrix(project: &Project, chain: &Chain) -> Result<ProjectMatrix> {
    let window = open_window(project, chain)?;
    let releases = release_reports(chain, &window);
    let states = window
        .states
        .iter()
        .map(|position| state(chain, &window, *position))
        .collect();
    let (verdict, _) = window.verdict();
    Ok(ProjectMatrix {
        root: match project.root.as_str() {
            "" => ".".to_owned(),
            root => root.to_owned(),
        },
        folder: project.folder.clone(),
        layout: project.layout,
        dialect: project.dialect,
        base: chain.base.as_ref().map(|base| BaseReport {
            name: base.name.clone(),
            revision: base.revision.clone(),
            version: base.migrations.last().map(|it| it.version.clone()),
            head: HeadAt::default(),
        }),
        new_migrations: chain.migrations.len() - chain.first_new,
        verdict,
        releases,
        states,
    })
}

fn state(chain: &Chain, window: &Window, position: usize) -> MatrixState {
    let ends = &chain.timeline.ends;
    // A migration without effect ends where the one before it does; the last of them has run.
    let whole = ends.partition_point(|end| *end <= position).checked_sub(1);
    let is_end = whole.is_some_and(|it| ends[it] == position) || position == 0;
    let (migration, after_statement) = match is_end {
        true => (whole, None),
        false => {
            let step = position
                .checked_sub(1)
                .and_then(|at| chain.timeline.steps.get(at));
            let migration = step.map(|step| step.migration);
            (migration, step.map(|step| step.statement + 1))
        }
    };
    let cells = (0..window.releases.len())
        .map(|release| {
            let reads = window.accesses_at(release, position, Access::Read)?;
            let writes = window.accesses_at(release, position, Access::Write)?;
            Some(Cell { reads, writes })
        })
        .collect();
    let found = migration.and_then(|it| chain.migrations.get(it));
    MatrixState {
        version: found.map(|it| it.version.clone()),
        migration: found.map(|it| it.path.clone()),
        after_statement,
        min_compatible_release: floor_at(chain, window, position).map(str::to_owned),
        cells,
    }
}
