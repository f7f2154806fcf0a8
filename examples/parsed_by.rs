//! Counts the statements that `sqlparser` parses: the dialect is the argument, the statements come
//! on stdin with a NUL between them, and the answer is two numbers, parsed and all.
//!
//! `scripts/field-test --parsed-by` runs it on the statements that a check has listed, so that both
//! readers are counted over the same texts.

use std::io::Read;

use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let dialect: Box<dyn Dialect + Send> = match name.as_str() {
        "postgres" => Box::new(PostgreSqlDialect {}),
        "mysql" | "mariadb" => Box::new(MySqlDialect {}),
        "sqlite" => Box::new(SQLiteDialect {}),
        other => return Err(std::io::Error::other(format!("no dialect `{other}`"))),
    };
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    // Its trees of long chains overflow small stacks when they are dropped.
    let counting = std::thread::Builder::new()
        .stack_size(1 << 30)
        .spawn(move || {
            let texts: Vec<&[u8]> = match input.is_empty() {
                true => Vec::new(),
                false => input.split(|byte| *byte == 0).collect(),
            };
            let parsed = texts
                .iter()
                .filter(|text| parses(dialect.as_ref(), &String::from_utf8_lossy(text)))
                .count();
            (parsed, texts.len())
        })?;
    let (parsed, all) = counting.join().expect("counting does not panic");
    println!("{parsed} {all}");
    Ok(())
}

/// Whether the text is read as exactly one statement.
fn parses(dialect: &dyn Dialect, text: &str) -> bool {
    matches!(Parser::parse_sql(dialect, text), Ok(statements) if statements.len() == 1)
}
