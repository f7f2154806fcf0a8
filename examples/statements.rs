//! Counts what is made of the statements of SQL files, and what `sqlparser` makes of them.
//!
//! `cargo run --example statements -- [--list] [--dialect NAME] FILE…` replays the files in the
//! order given, each in a transaction of its own, and prints one line of counts: statements, parsed
//! by sqlparser, understood by us, of those without effect, not understood. With `--list` each
//! statement that was not understood comes first, with its place and the reason, and each that the
//! server would refuse. Used by the field test; it knows no migration tool.

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use migcheck::Dialect;
use migcheck::discover::{TransactionScope, Unit};
use migcheck::history::{Planned, replay};
use migcheck::schema::op::SchemaOp;
use migcheck::source::SourceFile;
use migcheck::sql::{Statement, read};
use sqlparser::dialect::{GenericDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// What is counted.
#[derive(Default)]
struct Counts {
    statements: usize,
    parsed: usize,
    no_effect: usize,
    not_understood: usize,
}

fn main() -> ExitCode {
    let mut files = Vec::new();
    let mut list = false;
    let mut dialect = Dialect::Postgres;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--list" => list = true,
            "--dialect" => {
                dialect = match arguments.next().as_deref() {
                    Some("mysql") => Dialect::Mysql,
                    Some("mariadb") => Dialect::Mariadb,
                    Some("sqlite") => Dialect::Sqlite,
                    _ => Dialect::Postgres,
                }
            }
            _ => files.push(argument),
        }
    }
    let mut sources = Vec::new();
    for path in &files {
        match std::fs::read_to_string(path) {
            Ok(text) => sources.push(SourceFile::new(path.as_str(), text)),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
    let planned: Vec<Planned> = sources
        .iter()
        .enumerate()
        .map(|(run, file)| Planned {
            identity: Arc::clone(&file.path),
            script: Some(Arc::new(read(&file.text, dialect))),
            transaction: TransactionScope::File,
            unit: Unit::Statement,
            batches: Vec::new(),
            run,
        })
        .collect();
    let timeline = replay(&planned, dialect);
    let mut counts = Counts::default();
    for (index, file) in sources.iter().enumerate() {
        let Some(script) = &planned[index].script else {
            continue;
        };
        for (number, statement) in script.statements.iter().enumerate() {
            let reason = timeline.reasons.get(&(index, number));
            count(file, statement, reason, dialect, list, &mut counts);
        }
    }
    if list {
        for step in &timeline.steps {
            for misfit in &step.misfits {
                let file = &sources[step.migration];
                let statement = planned[step.migration]
                    .script
                    .as_ref()
                    .and_then(|script| script.statements.get(step.statement));
                let line = statement.map_or(0, |it| file.position(it.span.start).line);
                println!(
                    "{}:{line}: refused: {} {}",
                    file.path, misfit.code, misfit.message
                );
            }
        }
    }
    println!(
        "{} statements, {} parsed by sqlparser, {} understood, {} of them without effect, {} not \
         understood",
        counts.statements,
        counts.parsed,
        counts.statements - counts.not_understood,
        counts.no_effect,
        counts.not_understood
    );
    ExitCode::SUCCESS
}

fn count(
    file: &SourceFile,
    statement: &Statement,
    reason: Option<&Arc<str>>,
    dialect: Dialect,
    list: bool,
    counts: &mut Counts,
) {
    counts.statements += 1;
    let only_neutral = statement
        .operations
        .iter()
        .all(|it| matches!(it.op, SchemaOp::NoEffect { .. }));
    counts.no_effect += usize::from(only_neutral);
    let text = statement.span.of(&file.text);
    counts.parsed += usize::from(parses(text, dialect));
    let Some(reason) = reason else {
        return;
    };
    counts.not_understood += 1;
    if list {
        let line = file.position(statement.span.start).line;
        let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown: String = shown.chars().take(160).collect();
        println!("{}:{line}: {reason}: {shown}", file.path);
    }
}

/// Whether sqlparser reads the statement; in a thread with room, since its trees are deep.
fn parses(text: &str, dialect: Dialect) -> bool {
    let text = text.to_owned();
    let reading = thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let parsed = match dialect {
            Dialect::Postgres => Parser::parse_sql(&PostgreSqlDialect {}, &text),
            Dialect::Mysql | Dialect::Mariadb => Parser::parse_sql(&MySqlDialect {}, &text),
            Dialect::Sqlite => Parser::parse_sql(&SQLiteDialect {}, &text),
        };
        parsed.is_ok() || Parser::parse_sql(&GenericDialect {}, &text).is_ok()
    });
    reading
        .ok()
        .and_then(|reading| reading.join().ok())
        .unwrap_or(false)
}
