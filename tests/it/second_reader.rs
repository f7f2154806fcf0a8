//! Our reading of DDL against `sqlparser`'s, statement by statement: where it parses, we must have
//! read the same tables, columns and actions.

use migcheck::Dialect;
use migcheck::schema::op::{SchemaOp, TableDef};
use migcheck::sql::read;
use sqlparser::ast::{
    AlterTableOperation, ColumnOption, ObjectName, RenameTableNameKind, Statement,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// One line per thing read, in words that both readers can say.
fn ours(op: &SchemaOp) -> Option<String> {
    Some(match op {
        SchemaOp::CreateTable { table, .. } => our_table(table),
        SchemaOp::AddColumn { table, column, .. } => {
            format!(
                "{} add {} null:{}",
                table.name, column.name, !column.not_null
            )
        }
        SchemaOp::DropColumn { table, column, .. } => format!("{} drop {column}", table.name),
        SchemaOp::RenameColumn { table, column, to } => {
            format!("{} rename {column} to {to}", table.name)
        }
        SchemaOp::RenameRelation { name, to, .. } => format!("{} rename to {to}", name.name),
        SchemaOp::DropConstraint { table, name, .. } => {
            format!("{} drop constraint {name}", table.name)
        }
        _ => return None,
    })
}

fn our_table(table: &TableDef) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("{}:{}", column.name, column.default.is_some()))
        .collect();
    format!("table {} {}", table.name.name, columns.join(" "))
}

fn last(name: &ObjectName) -> String {
    name.0.last().map(ToString::to_string).unwrap_or_default()
}

/// What the other reader saw, where it is one of the statements compared.
fn theirs(statement: &Statement) -> Option<Vec<String>> {
    match statement {
        Statement::CreateTable(table) if table.query.is_none() && table.like.is_none() => {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| {
                    let has_default = column.options.iter().any(|option| match &option.option {
                        ColumnOption::Default(value) => {
                            !value.to_string().eq_ignore_ascii_case("null")
                        }
                        _ => false,
                    });
                    format!("{}:{has_default}", column.name)
                })
                .collect();
            Some(vec![format!(
                "table {} {}",
                last(&table.name),
                columns.join(" ")
            )])
        }
        Statement::AlterTable(alter) => {
            let table = last(&alter.name);
            let lines = alter.operations.iter().filter_map(|operation| {
                Some(match operation {
                    AlterTableOperation::AddColumn { column_def, .. } => {
                        let not_null = column_def.options.iter().any(|option| {
                            matches!(
                                option.option,
                                ColumnOption::NotNull
                                    | ColumnOption::PrimaryKey(_)
                                    | ColumnOption::Generated {
                                        generated_as: sqlparser::ast::GeneratedAs::Always
                                            | sqlparser::ast::GeneratedAs::ByDefault,
                                        ..
                                    }
                            )
                        }) || column_def
                            .data_type
                            .to_string()
                            .to_lowercase()
                            .contains("serial");
                        format!("{table} add {} null:{}", column_def.name, !not_null)
                    }
                    AlterTableOperation::DropColumn { column_names, .. } => {
                        format!("{table} drop {}", column_names.first()?)
                    }
                    AlterTableOperation::RenameColumn {
                        old_column_name,
                        new_column_name,
                    } => format!("{table} rename {old_column_name} to {new_column_name}"),
                    AlterTableOperation::RenameTable {
                        table_name: RenameTableNameKind::To(to),
                    } => format!("{table} rename to {}", last(to)),
                    AlterTableOperation::DropConstraint { name, .. } => {
                        format!("{table} drop constraint {name}")
                    }
                    _ => return None,
                })
            });
            Some(lines.collect())
        }
        _ => None,
    }
}

/// Every SQL text of the repository: the rule pages, the fixtures, the replayed statements.
fn texts() -> Vec<String> {
    let mut out: Vec<String> = migcheck::RULES
        .iter()
        .flat_map(|rule| {
            rule.page
                .split("```")
                .filter_map(|part| part.strip_prefix("sql "))
        })
        .filter_map(|part| part.split_once('\n').map(|(_, text)| text.to_owned()))
        .collect();
    out.push(include_str!("replayed.sql").to_owned());
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures"
    ))];
    // By hand, on any folder of SQL files.
    folders.extend(std::env::var_os("MIGCHECK_REPLAY").map(Into::into));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("it can be listed") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "sql") {
                out.extend(std::fs::read_to_string(path));
            }
        }
    }
    out
}

#[test]
fn another_reader_reads_the_same_tables_and_columns() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for text in texts() {
        for statement in read(&text, Dialect::Postgres).statements {
            let sql = statement.span.of(&text);
            let Ok(parsed) = Parser::parse_sql(&PostgreSqlDialect {}, sql) else {
                continue;
            };
            let [parsed] = parsed.as_slice() else {
                continue;
            };
            let Some(theirs) = theirs(parsed) else {
                continue;
            };
            let ours: Vec<String> = statement
                .operations
                .iter()
                .filter_map(|operation| ours(&operation.op))
                .collect();
            compared += 1;
            // How a name is quoted is the other reader's business; the order is that of the server's
            // passes with us, that of the text with them.
            let plain = |lines: &[String]| {
                let mut lines = lines.to_vec();
                lines.sort();
                lines.join("\n").replace('"', "").to_lowercase()
            };
            if plain(&ours) != plain(&theirs) {
                wrong.push(format!("{sql}\n  ours   {ours:?}\n  theirs {theirs:?}"));
            }
        }
    }
    println!("{compared} statements compared");
    assert!(
        compared > 100,
        "{compared} statements are too few to say anything"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
