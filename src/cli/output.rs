//! In which forms a report is printed, and where to.

use std::path::{Path, PathBuf};

use migcheck::{
    Report, Styling, Verbosity, to_gcc, to_github, to_gitlab, to_html, to_json, to_junit,
    to_markdown, to_sarif, to_text,
};

use super::project::variable;

/// A form of the report, on stdout or in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Sarif,
    Github,
    Gitlab,
    Junit,
    Gcc,
    Markdown,
    Html,
}

impl Format {
    const ALL: [(&'static str, Format); 9] = [
        ("text", Format::Text),
        ("json", Format::Json),
        ("sarif", Format::Sarif),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
        ("junit", Format::Junit),
        ("gcc", Format::Gcc),
        ("markdown", Format::Markdown),
        ("html", Format::Html),
    ];
}

impl Output {
    /// Reads `sarif=out.sarif`.
    pub(super) fn parse(text: &str) -> Result<Output, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file is missing after `=`".to_owned()),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let found = Format::ALL.iter().find(|(it, _)| *it == name);
        let Some((_, format)) = found else {
            let names = Format::ALL.map(|(name, _)| name);
            return Err(migcheck::unknown_name("format", name, &names));
        };
        Ok(Output {
            format: *format,
            file,
        })
    }

    /// Whether this form draws the version graph and the matrix.
    pub(super) fn is_drawn(&self) -> bool {
        self.format == Format::Html
    }

    /// Prints the report in this form.
    pub(super) fn write(
        &self,
        report: &Report,
        styling: Styling,
        verbosity: Verbosity,
    ) -> anyhow::Result<()> {
        let text = match self.format {
            Format::Text => {
                let plain = Styling {
                    colour: false,
                    width: None,
                };
                let styling = if self.file.is_some() { plain } else { styling };
                to_text(report, styling, verbosity)
            }
            Format::Json => to_json(report),
            Format::Sarif => to_sarif(report),
            Format::Github => to_github(report),
            Format::Gitlab => to_gitlab(report),
            Format::Junit => to_junit(report),
            Format::Gcc => to_gcc(report),
            Format::Markdown => to_markdown(report),
            Format::Html => to_html(report),
        };
        super::file::write(self.file.as_deref(), &text)?;
        match (self.format, variable("GITHUB_STEP_SUMMARY")) {
            (Format::Github, Some(summary)) => {
                super::file::append(Path::new(&summary), &to_markdown(report))
            }
            _ => Ok(()),
        }
    }
}

/// The forms that the command line or the environment asks for, text on stdout by default.
pub(super) fn chosen(given: &[Output]) -> anyhow::Result<Vec<Output>> {
    let outputs = match variable("MIGCHECK_FORMAT") {
        Some(text) if given.is_empty() => {
            let all = text.split(',').map(|it| Output::parse(it.trim()));
            let all: Result<Vec<Output>, String> = all.collect();
            all.map_err(|message| anyhow::anyhow!("MIGCHECK_FORMAT: {message}"))?
        }
        _ => given.to_vec(),
    };
    let printed: Vec<&Output> = outputs.iter().filter(|it| it.file.is_none()).collect();
    if printed.len() > 1 {
        anyhow::bail!(
            "only one format can go to stdout: name a file for the others, as in `--format text \
             --format sarif=migcheck.sarif`"
        );
    }
    Ok(match outputs.is_empty() {
        true => vec![Output {
            format: Format::Text,
            file: None,
        }],
        false => outputs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_a_name_and_perhaps_a_file() {
        let sarif = Output::parse("sarif=out=1.sarif").unwrap();
        assert_eq!(sarif.file.as_deref(), Some(Path::new("out=1.sarif")));
        assert_eq!(Output::parse("gcc").unwrap().file, None);
        let said = |text: &str| Output::parse(text).unwrap_err();
        assert_eq!(said("sarf"), "unknown format `sarf`; did you mean `sarif`?");
        assert_eq!(said("sarif="), "a file is missing after `=`");
    }
}
