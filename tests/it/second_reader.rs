//! Our reading of SQL against `sqlparser`'s, statement by statement: where it parses DDL, we must
//! have read the same tables, columns and actions; where it parses a query, we must have read it too,
//! with every relation that it names.

use std::collections::BTreeSet;
use std::path::Path;

use migcheck::bind::{Query, Settings, bind};
use migcheck::history::replay;
use migcheck::query::{QuerySettings, find};
use migcheck::schema::op::{SchemaOp, TableDef};
use migcheck::sql::read;
use migcheck::{Dialect, Tree};
use sqlparser::ast::{
    self, AlterTableOperation, ColumnOption, FromTable, ObjectName, RenameTableNameKind, SetExpr,
    Statement, TableFactor, TableObject, TableWithJoins, UpdateTableFromKind,
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

/// The relations that the other reader finds in `FROM` and as the target, but for common table
/// expressions: not those in subqueries of expressions.
#[derive(Default)]
struct Relations {
    names: BTreeSet<String>,
    common: BTreeSet<String>,
}

impl Relations {
    fn of(statement: &Statement) -> Option<BTreeSet<String>> {
        let mut all = Relations::default();
        all.statement(statement)?;
        Some(&all.names - &all.common)
    }

    /// `None` for a statement that is no query.
    fn statement(&mut self, statement: &Statement) -> Option<()> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &insert.table {
                    self.named(name);
                }
                if let Some(query) = &insert.source {
                    self.query(query);
                }
            }
            Statement::Update(update) => {
                self.joined(&update.table);
                if let Some(UpdateTableFromKind::AfterSet(from)) = &update.from {
                    from.iter().for_each(|it| self.joined(it));
                }
            }
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                from.iter().for_each(|it| self.joined(it));
                let using = delete.using.iter().flatten();
                using.for_each(|it| self.joined(it));
            }
            _ => return None,
        }
        Some(())
    }

    fn query(&mut self, query: &ast::Query) {
        for table in query.with.iter().flat_map(|it| &it.cte_tables) {
            self.common
                .insert(plain_name(&table.alias.name.to_string()));
            self.query(&table.query);
        }
        self.body(&query.body);
    }

    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(select) => select.from.iter().for_each(|it| self.joined(it)),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => {
                self.statement(statement);
            }
            SetExpr::Values(_) | SetExpr::Table(_) => {}
        }
    }

    fn joined(&mut self, table: &TableWithJoins) {
        self.factor(&table.relation);
        table.joins.iter().for_each(|it| self.factor(&it.relation));
    }

    fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } => self.named(name),
            TableFactor::Derived { subquery, .. } => self.query(subquery),
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.joined(table_with_joins),
            _ => {}
        }
    }

    fn named(&mut self, name: &ObjectName) {
        self.names.insert(plain_name(&name.to_string()));
    }
}

/// Without quotes and in lower case, since how a name is quoted is each reader's own business.
fn plain_name(name: &str) -> String {
    name.replace('"', "").to_lowercase()
}

/// The relations that we find: on an empty schema none of them is there.
fn our_relations(query: &Query) -> BTreeSet<String> {
    let timeline = replay(&[], Dialect::Postgres);
    let bound = bind(query, timeline.catalog(0), &Settings::default());
    let missing = bound.failures.iter().filter_map(|it| {
        let name = it.message.strip_prefix("relation \"")?;
        name.strip_suffix("\" does not exist")
    });
    let unknown = bound.unknowns.iter().filter_map(|it| {
        let name = it.reason.strip_prefix("the relation ")?;
        name.strip_suffix(" is not known")
    });
    missing.chain(unknown).map(plain_name).collect()
}

#[test]
fn another_reader_reads_no_query_that_we_do_not() {
    let mut queries: BTreeSet<String> = crate::queries::all_queries().into_iter().collect();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let is_statement = |text: &str| Query::read(text).is_ok();
    let tree = Tree::folder(&fixtures);
    let found = find(&tree, &QuerySettings::default(), &is_statement, &[]);
    let found = found.expect("the fixtures can be read");
    queries.extend(found.queries.iter().map(|it| it.text.to_string()));
    for text in texts() {
        for statement in read(&text, Dialect::Postgres).statements {
            queries.insert(statement.span.of(&text).to_owned());
        }
    }
    let mut compared = 0;
    let mut wrong = Vec::new();
    for text in &queries {
        let Ok(parsed) = Parser::parse_sql(&PostgreSqlDialect {}, text) else {
            continue;
        };
        let [parsed] = parsed.as_slice() else {
            continue;
        };
        let Some(theirs) = Relations::of(parsed) else {
            continue;
        };
        compared += 1;
        match Query::read(text) {
            Ok(query) => {
                let ours = our_relations(&query);
                // What the server brings is there; and the other reader takes ONLY for a name.
                let is_other = |name: &&String| {
                    name.starts_with("pg_")
                        || name.starts_with("information_schema.")
                        || *name == "only"
                };
                let lacking: Vec<_> = theirs
                    .difference(&ours)
                    .filter(|name| !is_other(name))
                    .collect();
                if !lacking.is_empty() {
                    wrong.push(format!("{text}\n  lacking {lacking:?}, ours {ours:?}"));
                }
            }
            Err(reason) => wrong.push(format!("{text}\n  not read: {reason}")),
        }
    }
    println!("{compared} queries compared");
    assert!(
        compared > 500,
        "{compared} queries are too few to say anything"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
