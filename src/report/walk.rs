//! One migration taken through, for people.

use super::RunsIn;
use super::printable::printable;
use super::sentence::sentence;
use super::wrap::wrap_sentence;
use crate::analysis::{Access, Role, Truth, Verdict};
use crate::discover::DeployMode;
use crate::plan::{GivenUp, ReleasePlan};
use crate::schema::op::SchemaOp;

/// What is told of one migration.
#[derive(Debug, Clone)]
pub struct Walk {
    /// Its file.
    pub path: String,
    /// Its version.
    pub version: String,
    /// How the project deploys.
    pub deploy: DeployMode,
    /// Its statements.
    pub statements: Vec<WalkStatement>,
    /// What changes in the schema, in words.
    pub changes: Vec<String>,
    /// Every state that other connections see, from the one before it on.
    pub points: Vec<WalkPoint>,
    /// When the code may be switched.
    pub verdict: Verdict,
    /// The transaction that its statements share, as the file is now.
    pub runs_in: RunsIn,
    /// What the rules say: each rule with its message.
    pub findings: Vec<(&'static str, String)>,
    /// The safe sequence, or why there is none.
    pub sequence: Result<Vec<WalkStage>, String>,
}

/// One statement.
#[derive(Debug, Clone)]
pub struct WalkStatement {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// What it does.
    pub operations: Vec<SchemaOp>,
    /// Why it was not understood, where it was not.
    pub not_understood: Option<String>,
}

/// One state that other connections see.
#[derive(Debug, Clone)]
pub struct WalkPoint {
    /// Whether it is the state before the migration.
    pub is_before: bool,
    /// The line of the statement after which it is seen, where that is not the last.
    pub after_line: Option<usize>,
    /// Each release: its name and side, whether it works there, and the server's errors if not.
    pub releases: Vec<(String, Role, Truth, Vec<String>)>,
}

/// One stage of the safe sequence.
#[derive(Debug, Clone)]
pub enum WalkStage {
    /// A migration.
    Migrate {
        /// The file that it would be.
        file: String,
        /// Its statements, each without the final `;`.
        statements: Vec<String>,
        /// Its own verdict.
        verdict: Verdict,
    },
    /// A release.
    Deploy(ReleasePlan),
}

/// The text; its sentences are wrapped to the columns of a terminal, where there is one. SQL and TOML
/// stay as they are, to be copied.
pub fn walk_to_text(walk: &Walk, width: Option<usize>) -> String {
    let mut page = Page {
        out: String::new(),
        width,
    };
    page.line(&format!("{} (version {})", walk.path, walk.version));
    page.line("");
    page.line("what it does");
    if walk.statements.is_empty() {
        page.line("  nothing: it holds no statement");
    }
    for statement in &walk.statements {
        let mut said: Vec<String> = Vec::new();
        for op in &statement.operations {
            let text = sentence(op);
            if !said.contains(&text) {
                said.push(text);
            }
        }
        if let Some(reason) = &statement.not_understood {
            said.push(format!("is not understood: {reason}"));
        }
        page.line(&format!("  line {}: {}", statement.line, said.join("; ")));
    }
    page.line("");
    page.line("what changes in the schema");
    if walk.changes.is_empty() {
        page.line("  nothing that code can see");
    }
    for change in &walk.changes {
        page.line(&format!("  {change}"));
    }
    page.line("");
    page.line("who works when");
    for point in merged(&walk.points) {
        page.line(&format!("  {}", point.0));
        for told in point.1 {
            page.line(&format!("    {told}"));
        }
    }
    page.line("");
    page.line(&format!(
        "verdict: {}, {}",
        walk.verdict.as_str(),
        meaning(walk.verdict)
    ));
    if !walk.findings.is_empty() {
        page.line("");
        page.line("what to look at (`migcheck explain RULE` says more)");
        for (rule, message) in &walk.findings {
            page.line(&format!("  {rule}: {message}"));
        }
    }
    page.line("");
    match &walk.sequence {
        Err(reason) => {
            page.line("the safe sequence");
            page.line(&format!("  is not known: {reason}"));
        }
        Ok(stages) => {
            let is_plain = matches!(
                stages.as_slice(),
                [WalkStage::Migrate { statements, .. }, WalkStage::Deploy(release)]
                    if is_as_written(walk, statements) && release.retired.is_empty()
            );
            match (walk.verdict, is_plain) {
                (_, true) => page.line("the safe sequence"),
                (Verdict::AnyOrder, false) => page.line(
                    "no statement is sure to fail in any order; where what is said above matters, these \
                     steps are safe, each when the one before is complete",
                ),
                (
                    Verdict::MigrateFirst
                    | Verdict::CodeFirst
                    | Verdict::SwitchBetween
                    | Verdict::NoSafeOrder
                    | Verdict::Broken
                    | Verdict::Unknown,
                    false,
                ) => page.line("the safe sequence, each step when the one before is complete"),
            }
            for (at, stage) in stages.iter().enumerate() {
                page.line("");
                match stage {
                    WalkStage::Migrate {
                        file, statements, ..
                    } => {
                        let what = match (*file == walk.path, statements.len()) {
                            (true, _) if is_as_written(walk, statements) => "run",
                            (true, _) => "change it to this, and run it:",
                            (false, _) => "add this, and run it:",
                        };
                        page.line(&format!("  {}. {what} {file}", at + 1));
                        page.line("");
                        if let Some(how) = how_it_runs(walk.runs_in, statements.len()) {
                            page.line(&format!("       {how}"));
                            page.line("");
                        }
                        for statement in statements {
                            for text in format!("{statement};").lines() {
                                page.data(text);
                            }
                        }
                    }
                    WalkStage::Deploy(release) => {
                        page.line(&format!(
                            "  {}. deploy a release as follows, and wait until no older one is alive:",
                            at + 1
                        ));
                        for does in &release.does {
                            page.item(&format!("it {does}"));
                        }
                        let retired = retired(release);
                        if !retired.is_empty() {
                            page.line("     and its migcheck.toml says so:");
                            page.line("");
                            for text in retired {
                                page.data(&text);
                            }
                        }
                    }
                }
            }
        }
    }
    page.out
}

/// The text so far, and the columns for its sentences.
struct Page {
    out: String,
    width: Option<usize>,
}

impl Page {
    /// A sentence, whose further lines are set in.
    fn line(&mut self, text: &str) {
        let blanks = text.len() - text.trim_start().len();
        let (first, text) = text.split_at(blanks);
        self.on_lines(first, text, 4);
    }

    /// One of several things that a release does.
    fn item(&mut self, text: &str) {
        self.on_lines("       - ", text, 0);
    }

    /// SQL or TOML, which stays as it is.
    fn data(&mut self, text: &str) {
        self.out.push_str("       ");
        self.out.push_str(&printable(text.trim_end()));
        self.end();
    }

    fn on_lines(&mut self, first: &str, text: &str, more: usize) {
        let text = printable(text.trim_end());
        match self.width {
            Some(width) => {
                let rest = " ".repeat(first.len() + more);
                self.out
                    .push_str(&wrap_sentence(&text, width, first, &rest));
            }
            None => self.out.push_str(&format!("{first}{text}\n")),
        }
    }

    fn end(&mut self) {
        let length = self.out.trim_end_matches(' ').len();
        self.out.truncate(length);
        self.out.push('\n');
    }
}

/// What to keep of how the file is run, for so many statements; nothing where the tool sees to it.
fn how_it_runs(runs_in: RunsIn, statements: usize) -> Option<&'static str> {
    match runs_in {
        RunsIn::Migration | RunsIn::Run => None,
        RunsIn::Own => Some("between BEGIN and COMMIT, as the file is now"),
        RunsIn::Implicit if statements > 1 => {
            Some("sent as one text, so that the server runs it in one transaction")
        }
        RunsIn::Implicit => None,
        RunsIn::None => Some("outside of a transaction, as the file is now"),
    }
}

/// Whether a stage is the migration as its file holds it.
fn is_as_written(walk: &Walk, statements: &[String]) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let written: Vec<String> = walk
        .statements
        .iter()
        .map(|it| squeezed(&it.text))
        .collect();
    let here: Vec<String> = statements.iter().map(|it| squeezed(it)).collect();
    written == here
}

/// The entries of the release's configuration.
fn retired(release: &ReleasePlan) -> Vec<String> {
    let mut out = Vec::new();
    let both = |given: &GivenUp| {
        let mut accesses = release
            .retired
            .iter()
            .filter(|it| it.object == given.object);
        accesses.clone().count() > 1 || accesses.any(|it| it.access.is_none())
    };
    let mut seen = std::collections::BTreeSet::new();
    for given in &release.retired {
        if !seen.insert(&given.object) {
            continue;
        }
        if !out.is_empty() {
            out.push(String::new());
        }
        out.push("[[retired]]".to_owned());
        out.push(format!("object = {}", toml_string(&given.object)));
        match given.access.filter(|_| !both(given)) {
            None => {}
            Some(Access::Read) => out.push("access = \"read\"".to_owned()),
            Some(Access::Write) => out.push("access = \"write\"".to_owned()),
        }
        out.push("reason = \"…\"".to_owned());
    }
    out
}

/// A string as TOML writes it: a name can hold quotes.
fn toml_string(text: &str) -> String {
    match text.contains(['"', '\\']) && !text.contains('\'') {
        true => format!("'{text}'"),
        false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::AnyOrder => "the code may be deployed before or after it",
        Verdict::MigrateFirst => "run it, then deploy the code",
        Verdict::CodeFirst => "deploy the code, wait until no older release is alive, then run it",
        Verdict::SwitchBetween => "deploy the code between its migrations",
        Verdict::NoSafeOrder => {
            "whether the code or the migration goes first, something fails for a while"
        }
        Verdict::Broken => "the new code fails on the schema that it makes",
        Verdict::Unknown => "it depends on a statement that was not understood",
    }
}

/// The states in words; neighbours that say the same are one.
fn merged(points: &[WalkPoint]) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    let last = points.len().saturating_sub(1);
    for (at, point) in points.iter().enumerate() {
        let when = match (point.is_before, point.after_line) {
            (true, _) => "before it".to_owned(),
            (false, _) if at == last => "after it".to_owned(),
            (false, Some(line)) => format!("when line {line} has run"),
            (false, None) => "after it".to_owned(),
        };
        let told: Vec<String> = point
            .releases
            .iter()
            .map(|(name, role, truth, why)| {
                let code = match role {
                    Role::Live => format!("old code ({name})"),
                    Role::Head => "new code".to_owned(),
                };
                let why = match why.as_slice() {
                    [] => String::new(),
                    [only] => format!(": {only}"),
                    [first, rest @ ..] => format!(": {first} (and {} more)", rest.len()),
                };
                match truth {
                    Truth::Works => format!("{code} works"),
                    Truth::Unknown => format!("{code}: not known"),
                    Truth::Breaks => format!("{code} breaks{why}"),
                }
            })
            .collect();
        match out.last_mut() {
            Some((_, before)) if *before == told && at != last => {}
            _ => out.push((when, told)),
        }
    }
    out
}
