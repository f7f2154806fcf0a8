//! Counts what is made of the statements of SQL files, and what `sqlparser` makes of them.
//!
//! `cargo run --example statements -- [--list] [--dialect NAME] FILE…` prints one line of counts:
//! statements, parsed by sqlparser, understood by us, of those without effect, not understood. With
//! `--list` each statement that was not understood comes first, with its place and the reason.
//! Used by the field test; it says nothing about migrations.

use std::process::ExitCode;
use std::thread;

use migcheck::Dialect;
use migcheck::schema::op::SchemaOp;
use migcheck::source::SourceFile;
use migcheck::sql::read;
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
    let mut counts = Counts::default();
    for path in &files {
        match std::fs::read_to_string(path) {
            Ok(text) => count(
                &SourceFile::new(path.as_str(), text),
                dialect,
                list,
                &mut counts,
            ),
            Err(error) => eprintln!("{path}: {error}"),
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

fn count(file: &SourceFile, dialect: Dialect, list: bool, counts: &mut Counts) {
    let script = read(&file.text, dialect);
    for statement in &script.statements {
        counts.statements += 1;
        let only_neutral = statement
            .operations
            .iter()
            .all(|it| matches!(it.op, SchemaOp::NoEffect { .. }));
        counts.no_effect += usize::from(only_neutral);
        let text = statement.span.of(&file.text);
        counts.parsed += usize::from(parses(text, dialect));
        if let Some(reason) = statement.not_understood() {
            counts.not_understood += 1;
            if list {
                let line = file.position(statement.span.start).line;
                let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let shown: String = shown.chars().take(160).collect();
                println!("{}:{line}: {reason}: {shown}", file.path);
            }
        }
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
