//! `migcheck check`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use migcheck::discover::locate;
use migcheck::{
    DeployMode, FailOn, New, Options, Progress, Report, TypedMigration, Verbosity, check,
    detection_line, fails, files_lines, new_baseline, settings, settings_to_text,
};

use super::output::{self, Output};
use super::progress::while_shown;
use super::project::{ProjectArguments, environment, listed, named, or_variable, variable};
use super::terminal::{Colour, known_width, styling};

/// Why a finding is in the baseline where nobody says.
const REASON: &str = "there when the baseline was written";

/// The arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// A repository, a folder, or migration files (files named are what is new); - reads a
    /// migration from the standard input, which is judged as the next one of the project here.
    paths: Vec<PathBuf>,
    /// The file that the standard input is going to be: its name in the migrations folder, or its
    /// path [default: the number after the newest].
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<String>,

    /// What "new" is measured from: a revision or branch [default: the merge base with the target
    /// branch; env: MIGCHECK_BASE].
    #[arg(long, alias = "against", value_name = "REV", conflicts_with_all = ["since", "all"])]
    base: Option<String>,
    /// New is what comes after this version.
    #[arg(long, value_name = "VERSION", conflicts_with = "all")]
    since: Option<String>,
    /// Judge every migration as a change of its own.
    #[arg(long)]
    all: bool,
    /// Judge what is staged, as the next commit is going to have it, rather than what is on disk: for
    /// a commit hook.
    #[arg(long)]
    staged: bool,
    /// A release that runs beside the change: a revision, or a pattern over tags and branches
    /// [default: the base].
    #[arg(long, value_name = "REV|GLOB")]
    live: Vec<String>,
    /// The old release's configuration, where there is no git.
    #[arg(long, value_name = "FILE")]
    old_config: Option<PathBuf>,
    /// Files that hold the code's queries: SQL, statistics, server logs. Each release's are read at
    /// its own revision.
    #[arg(long, value_name = "GLOB")]
    queries: Vec<String>,
    /// Files that hold the old release's queries, where there is no git.
    #[arg(long, value_name = "GLOB")]
    old_queries: Vec<String>,

    #[command(flatten)]
    project: ProjectArguments,
    /// How the project deploys: migrate-first, code-first, phased, concurrent, offline
    /// [env: MIGCHECK_DEPLOY].
    #[arg(long, value_name = "MODE", value_parser = named::<DeployMode>)]
    deploy: Option<DeployMode>,
    /// Only this rule or class (`migcheck rules` lists them).
    #[arg(long, value_name = "RULE|CLASS")]
    select: Vec<String>,
    /// Not this rule or class.
    #[arg(long, value_name = "RULE|CLASS")]
    ignore: Vec<String>,
    /// What makes the exit code 1 [default: error; env: MIGCHECK_FAIL_ON].
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOnArgument>,
    /// Never exit with 1; the same as --fail-on never.
    #[arg(long)]
    exit_zero: bool,
    /// How the report is printed, to stdout or to a file; several may be given. One of text, json,
    /// sarif, github, gitlab, junit, gcc, markdown, html [default: text; env: MIGCHECK_FORMAT].
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = Output::parse)]
    format: Vec<Output>,
    /// Colours in the text.
    #[arg(long, value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    /// Accept what is found: write it to migcheck-baseline.toml, so that it is not reported again.
    /// Reasons that are there are kept.
    #[arg(long)]
    write_baseline: bool,
    /// Why it is accepted, for new entries of the baseline.
    #[arg(long, value_name = "TEXT", requires = "write_baseline")]
    reason: Option<String>,
    /// Print errors and warnings only, and no detection line.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Also print what is odd about earlier migrations, and what was not understood in them.
    #[arg(short, long)]
    verbose: bool,
    /// Print the settings that hold and where each comes from, and check nothing.
    #[arg(long)]
    print_config: bool,
    /// Print on stderr which files run in which order and how, which do not and why, and what told
    /// the layout, the dialect and the server's version.
    #[arg(long)]
    show_files: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOnArgument {
    Error,
    Warning,
    Never,
}

/// Runs the check and prints its report; the exit code.
pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let new = match (&arguments.since, arguments.all, &arguments.base) {
        (Some(version), _, _) => New::SinceVersion(version.clone()),
        (None, true, _) => New::All,
        (None, false, Some(revision)) => New::SinceRevision(revision.clone()),
        (None, false, None) => match variable("MIGCHECK_BASE") {
            Some(revision) => New::SinceRevision(revision),
            None => New::SinceBase,
        },
    };
    let is_typed = arguments.paths.iter().any(|it| it.as_os_str() == "-");
    if is_typed && arguments.paths.len() > 1 {
        anyhow::bail!("`-` stands alone: the standard input is one migration");
    }
    if arguments.stdin_filename.is_some() && !is_typed {
        anyhow::bail!("--stdin-filename names what is read from the standard input: give `-`");
    }
    if arguments.staged && is_typed {
        anyhow::bail!("--staged judges what is staged, `-` what is typed: give one of them");
    }
    let typed = match is_typed {
        true => Some(TypedMigration {
            bytes: super::file::bytes(Path::new("-"))?,
            name: arguments.stdin_filename.clone(),
        }),
        false => None,
    };
    let paths = match is_typed {
        true => Vec::new(),
        false => arguments.paths.clone(),
    };
    let outputs = output::chosen(&arguments.format)?;
    let options = Options {
        paths,
        typed,
        new,
        staged: arguments.staged,
        live: arguments.live.clone(),
        old_config: arguments.old_config.clone(),
        queries: arguments.queries.clone(),
        old_queries: arguments.old_queries.clone(),
        deploy: arguments.deploy,
        select: arguments.select.clone(),
        ignore: arguments.ignore.clone(),
        without_baseline: arguments.write_baseline,
        today: migcheck::today(),
        drawn: outputs.iter().any(Output::is_drawn),
        progress: Progress::default(),
        ..arguments
            .project
            .options_beside(None, |key| key == "deploy" && arguments.deploy.is_some())
    };
    let fail_on = or_variable(arguments.fail_on, "MIGCHECK_FAIL_ON", listed)?
        .unwrap_or(FailOnArgument::Error);
    if arguments.print_config {
        let fail_on = setting(
            arguments.fail_on.is_some() || arguments.exit_zero,
            "MIGCHECK_FAIL_ON",
            match fail_on {
                _ if arguments.exit_zero => "never",
                FailOnArgument::Error => "error",
                FailOnArgument::Warning => "warning",
                FailOnArgument::Never => "never",
            },
        );
        let mut out = format!("# --fail-on {fail_on}\n");
        out.push_str(&settings_to_text(&settings(&options)?));
        return super::print(&out);
    }
    let checked = while_shown(&options, |options| check(options, &environment));
    let report = match checked {
        Ok(report) => report,
        // A hook must let the first commit pass: no release was made from this repository yet.
        Err(migcheck::Error::Git(_))
            if arguments.staged && nothing_is_committed(&options.paths)? =>
        {
            super::say(
                "migcheck: the repository has no commit yet, so there is no old code to break; not \
                 checked (--all judges every migration)",
            );
            return Ok(super::CLEAN);
        }
        Err(error) => return Err(error.into()),
    };
    for it in &report.left_out {
        super::say(&format!(
            "migcheck: {} is not checked: {}",
            it.folder, it.reason
        ));
    }
    for project in &report.projects {
        if !arguments.quiet {
            super::say(&detection_line(project));
            for remark in &project.remarks {
                super::say(&format!("migcheck: {remark}"));
            }
        }
        if arguments.show_files {
            for line in files_lines(project) {
                super::say(&line);
            }
        }
    }
    if arguments.write_baseline {
        return write_baseline(arguments, &options, &report);
    }
    if !arguments.quiet {
        for line in &report.baseline {
            super::say(&format!("migcheck: baseline: {line}"));
        }
    }
    let verbosity = match (arguments.quiet, arguments.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let styling = styling(arguments.color, known_width());
    for it in &outputs {
        it.write(&report, styling, verbosity)?;
    }
    let fail_on = match fail_on {
        _ if arguments.exit_zero => FailOn::Never,
        FailOnArgument::Error => FailOn::Error,
        FailOnArgument::Warning => FailOn::Warning,
        FailOnArgument::Never => FailOn::Never,
    };
    Ok(if fails(&report, fail_on) {
        super::FINDINGS
    } else {
        super::CLEAN
    })
}

/// Writes the baseline instead of a report; the exit code.
fn write_baseline(
    arguments: &CheckArguments,
    options: &Options,
    report: &Report,
) -> anyhow::Result<u8> {
    let reason = arguments.reason.as_deref().unwrap_or(REASON);
    let (path, baseline) = new_baseline(options, report, reason)?;
    super::file::write(Some(&path), &baseline.to_text())?;
    if !arguments.quiet {
        let findings = match baseline.accepted.len() {
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        super::say(&format!(
            "migcheck: {findings} accepted in {}",
            super::file::from_here(&path)
        ));
    }
    Ok(super::CLEAN)
}

/// The value of a setting of the program, with where it comes from.
fn setting(is_given: bool, name: &str, value: &str) -> String {
    let from = match (is_given, variable(name)) {
        (true, _) => "the command line",
        (false, Some(_)) => name,
        (false, None) => "default",
    };
    format!("{value}  # {from}")
}

fn nothing_is_committed(paths: &[PathBuf]) -> anyhow::Result<bool> {
    match locate(paths)?.repository {
        Some(repository) => Ok(repository.is_unborn()?),
        None => Ok(false),
    }
}
