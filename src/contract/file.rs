//! The file of a contract: TOML, written so that two contracts can be compared line by line.
//!
//! A key that is not known is refused: it could be a need, and what is not understood is never
//! taken for granted.

use std::fmt::Write;
use std::sync::Arc;

use serde::Deserialize;

use super::{
    Contract, ContractError, ContractEvidence, ContractHistory, KeyTarget, NeededColumn,
    NeededInsert, NeededKey, NeededLabel, NeededQuery, NeededRelation, NeededRoutine, NeededType,
    NeededTypeKind, QueryStanding, ReturnedColumn, UnknownNeed,
};
use crate::discover::{HistoryTable, KnownMigration, Layout, Named, TableName, in_our_words};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{RelationKind, RoutineKind};
use crate::schema::types::{SqlType, TypeName};
use crate::source::SourceFile;
use crate::sql::{self, Dialect};

/// The format that is written. One that is read may not be later.
const FORMAT: i64 = 1;

/// What stands between the name of a column and its type; no type holds it.
const NAME_END: &str = ": ";

/// What stands for a type that is not known.
const NOT_KNOWN: &str = "?";

/// The kinds of relations that code can use.
const RELATION_KINDS: [RelationKind; 6] = [
    RelationKind::Table,
    RelationKind::ForeignTable,
    RelationKind::View,
    RelationKind::MaterializedView,
    RelationKind::Sequence,
    RelationKind::Index,
];

// Writing.

pub(super) fn write(contract: &Contract) -> String {
    let mut out = String::from(
        "# What this release needs of its database: `migcheck verify` asks a live one for it.\n\
         # Written by `migcheck contract`.\n",
    );
    let ids: Vec<&str> = contract.queries.iter().map(|it| it.id.as_str()).collect();
    let by = |by: Option<usize>| by.and_then(|at| ids.get(at)).map(|id| quoted(id));
    line(&mut out, "contract", &FORMAT.to_string());
    if let Some(version) = &contract.schema_version {
        line(&mut out, "schema_version", &quoted(version));
    }
    line(&mut out, "evidence", &quoted(contract.evidence.as_str()));
    if let Some(path) = &contract.search_path {
        line(
            &mut out,
            "search_path",
            &list(path.iter().map(Ident::as_str)),
        );
    }
    if let Some(role) = &contract.role {
        line(&mut out, "role", &quoted(role.as_str()));
    }

    out.push_str("\n[migrations]\n");
    let history = &contract.history;
    line(&mut out, "layout", &quoted(history.table.layout.as_str()));
    if let Some(table) = &history.table.table {
        line(&mut out, "table", &quoted(&table.to_string()));
    }
    if let Some(scope) = &history.table.scope {
        line(&mut out, "scope", &quoted(scope));
    }
    let migrations = history.migrations.iter().map(|it| match it.is_checkpoint {
        true => format!("{{ checkpoint = {} }}", quoted(&it.key)),
        false => quoted(&it.key),
    });
    lines(&mut out, "known", migrations);

    for needed in &contract.relations {
        out.push_str("\n[[relation]]\n");
        line(&mut out, "name", &quoted(&name_text(&needed.name)));
        line(&mut out, "kind", &quoted(&needed.kind.to_string()));
        if let Some(by) = by(needed.by) {
            line(&mut out, "by", &by);
        }
        let columns = needed.columns.iter().map(|it| {
            let name = quoted(it.name.as_str());
            let data_type = quoted(&type_text(&it.data_type));
            let null = if it.nullable { "" } else { ", null = false" };
            format!(
                "{{ name = {name}, type = {data_type}{null}{} }}",
                after(by(it.by))
            )
        });
        lines(&mut out, "columns", columns);
        let inserts = needed.inserts.iter().map(|it| {
            let columns = list(it.columns.iter().map(Ident::as_str));
            format!("{{ columns = {columns}{} }}", after(by(it.by)))
        });
        lines(&mut out, "inserts", inserts);
        let keys = needed.keys.iter().map(|it| {
            let what = match &it.what {
                KeyTarget::Columns(columns) => {
                    format!("columns = {}", list(columns.iter().map(Ident::as_str)))
                }
                KeyTarget::Other(text) => format!("definition = {}", quoted(text)),
                KeyTarget::Constraint(name) => format!("constraint = {}", quoted(name.as_str())),
            };
            format!("{{ {what}{} }}", after(by(it.by)))
        });
        lines(&mut out, "keys", keys);
    }
    for needed in &contract.types {
        out.push_str("\n[[type]]\n");
        line(&mut out, "name", &quoted(&name_text(&needed.name)));
        let kind = match &needed.kind {
            NeededTypeKind::Enum(_) => "enum",
            NeededTypeKind::Domain(_) => "domain",
            NeededTypeKind::Other => "other",
        };
        line(&mut out, "kind", &quoted(kind));
        if let Some(by) = by(needed.by) {
            line(&mut out, "by", &by);
        }
        match &needed.kind {
            NeededTypeKind::Enum(labels) => {
                let labels = labels
                    .iter()
                    .map(|it| format!("{{ name = {}{} }}", quoted(&it.text), after(by(it.by))));
                lines(&mut out, "labels", labels);
            }
            NeededTypeKind::Domain(base) => line(&mut out, "base", &quoted(&type_text(base))),
            NeededTypeKind::Other => {}
        }
    }
    for needed in &contract.routines {
        out.push_str("\n[[function]]\n");
        line(&mut out, "name", &quoted(&name_text(&needed.name)));
        line(&mut out, "kind", &quoted(kind_text(needed.kind)));
        let arguments: Vec<String> = needed.arguments.iter().map(type_text).collect();
        line(
            &mut out,
            "arguments",
            &list(arguments.iter().map(String::as_str)),
        );
        if needed.defaults > 0 {
            line(&mut out, "optional", &needed.defaults.to_string());
        }
        if needed.is_variadic {
            line(&mut out, "variadic", "true");
        }
        if let Some(returns) = &needed.returns {
            line(&mut out, "returns", &quoted(returns));
        }
        if let Some(by) = by(needed.by) {
            line(&mut out, "by", &by);
        }
    }
    for query in &contract.queries {
        out.push_str("\n[[query]]\n");
        line(&mut out, "id", &quoted(&query.id));
        line(
            &mut out,
            "at",
            &quoted(&format!("{}:{}", query.file, query.line)),
        );
        if !query.parameters.is_empty() {
            let texts: Vec<String> = query.parameters.iter().map(known_type_text).collect();
            line(
                &mut out,
                "parameters",
                &list(texts.iter().map(String::as_str)),
            );
        }
        if let Some(returns) = &query.returns {
            let text = |it: &ReturnedColumn| {
                format!(
                    "{}{NAME_END}{}",
                    it.name.as_str(),
                    known_type_text(&it.data_type)
                )
            };
            let texts: Vec<String> = returns.iter().map(text).collect();
            line(&mut out, "returns", &list(texts.iter().map(String::as_str)));
        }
        match &query.standing {
            QueryStanding::Works => {}
            QueryStanding::Unsure(reason) => line(&mut out, "unsure", &quoted(reason)),
            QueryStanding::Fails(said) => line(&mut out, "fails", &quoted(said)),
        }
        line(&mut out, "text", &block(&query.text));
    }
    for unknown in &contract.unknown {
        out.push_str("\n[[unknown]]\n");
        line(
            &mut out,
            "at",
            &quoted(&format!("{}:{}", unknown.file, unknown.line)),
        );
        line(&mut out, "reason", &quoted(&unknown.reason));
    }
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {value}"); // A string takes everything.
}

/// A list with one entry on each line; nothing where it is empty.
fn lines(out: &mut String, key: &str, entries: impl Iterator<Item = String>) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "{key} = [");
    for entry in entries {
        let _ = writeln!(out, "  {entry},");
    }
    out.push_str("]\n");
}

fn list<'a>(entries: impl Iterator<Item = &'a str>) -> String {
    let entries: Vec<String> = entries.map(quoted).collect();
    format!("[{}]", entries.join(", "))
}

fn after(by: Option<String>) -> String {
    by.map_or_else(String::new, |it| format!(", by = {it}"))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// The text of a query as it is, where TOML can hold it so.
fn block(text: &str) -> String {
    let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    if !text.chars().all(is_plain) || text.ends_with('\'') {
        return quoted(text);
    }
    match text.contains('\n') {
        true if !text.contains("'''") => format!("'''\n{text}'''"),
        false if text.contains(['"', '\\']) && !text.contains('\'') => format!("'{text}'"),
        _ => quoted(text),
    }
}

/// A name with its schema, as SQL has it.
fn name_text(name: &QualifiedName) -> String {
    format!("{}.{}", name.schema, name.name)
}

fn type_text(data_type: &SqlType) -> String {
    match data_type.name {
        TypeName::Unknown => NOT_KNOWN.to_owned(),
        TypeName::Builtin(_) | TypeName::User(_) => data_type.to_string(),
    }
}

fn known_type_text(data_type: &Option<SqlType>) -> String {
    data_type
        .as_ref()
        .map_or_else(|| NOT_KNOWN.to_owned(), type_text)
}

fn kind_text(kind: RoutineKind) -> &'static str {
    match kind {
        RoutineKind::Function => "function",
        RoutineKind::Procedure => "procedure",
        RoutineKind::Aggregate => "aggregate",
    }
}

// Reading.

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "contract")]
    format: i64,
    schema_version: Option<String>,
    evidence: String,
    search_path: Option<Vec<String>>,
    role: Option<String>,
    migrations: Migrations,
    #[serde(default)]
    relation: Vec<RelationEntry>,
    #[serde(default)]
    r#type: Vec<TypeEntry>,
    #[serde(default)]
    function: Vec<FunctionEntry>,
    #[serde(default)]
    query: Vec<QueryEntry>,
    #[serde(default)]
    unknown: Vec<UnknownEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Migrations {
    layout: String,
    table: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    known: Vec<MigrationEntry>,
}

/// A migration, or one that stands for those before it.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum MigrationEntry {
    Plain(String),
    Checkpoint { checkpoint: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationEntry {
    name: String,
    kind: String,
    by: Option<String>,
    #[serde(default)]
    columns: Vec<ColumnEntry>,
    #[serde(default)]
    inserts: Vec<InsertEntry>,
    #[serde(default)]
    keys: Vec<KeyEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnEntry {
    name: String,
    r#type: String,
    #[serde(default = "yes")]
    null: bool,
    by: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InsertEntry {
    columns: Vec<String>,
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    columns: Option<Vec<String>>,
    definition: Option<String>,
    constraint: Option<String>,
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeEntry {
    name: String,
    kind: String,
    by: Option<String>,
    #[serde(default)]
    labels: Vec<LabelEntry>,
    base: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelEntry {
    name: String,
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionEntry {
    name: String,
    kind: String,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    optional: usize,
    #[serde(default)]
    variadic: bool,
    returns: Option<String>,
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryEntry {
    id: String,
    at: String,
    #[serde(default)]
    parameters: Vec<String>,
    returns: Option<Vec<String>>,
    unsure: Option<String>,
    fails: Option<String>,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnknownEntry {
    at: String,
    reason: String,
}

type Read<T> = Result<T, ContractError>;

fn refused<T>(place: impl Into<String>, reason: impl Into<String>) -> Read<T> {
    Err(ContractError {
        place: place.into(),
        reason: reason.into(),
    })
}

pub(super) fn read(text: &str) -> Read<Contract> {
    let failed = match toml::from_str::<File>(text) {
        Ok(file) if file.format == FORMAT => return contract(file),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    // What is of another format has other keys, and that is the first thing to know.
    let format = text.parse::<toml::Table>().ok();
    let format = format.map(|it| it.get("contract").and_then(toml::Value::as_integer));
    match (format, failed) {
        (Some(Some(FORMAT)) | None, Some(error)) => {
            let start = error.span().map_or(0, |span| span.start);
            let at = SourceFile::new("", text).position(start);
            refused(
                format!("{}:{}", at.line, at.column),
                in_our_words(error.message()),
            )
        }
        (Some(Some(later)), _) if later > FORMAT => refused(
            "contract",
            format!(
                "it is of format {later}, and this migcheck reads format {FORMAT}: use a newer one"
            ),
        ),
        _ => refused(
            "1:1",
            "it is no contract: `contract = 1` is missing, as `migcheck contract` writes it",
        ),
    }
}

fn contract(file: File) -> Read<Contract> {
    let mut queries = Vec::with_capacity(file.query.len());
    let mut places = std::collections::HashMap::new();
    for (at, entry) in file.query.into_iter().enumerate() {
        let place = format!("query {}", entry.id);
        if places.insert(entry.id.clone(), at).is_some() {
            return refused(place, "two queries have this id");
        }
        let (file, line) = file_and_line(&place, &entry.at)?;
        let known = |text: &String| match text.as_str() {
            NOT_KNOWN => Ok(None),
            text => data_type(&place, text).map(Some),
        };
        let returned = |text: &String| match text.rsplit_once(NAME_END) {
            Some((name, data_type)) => Ok(ReturnedColumn {
                name: Ident::new(name),
                data_type: known(&data_type.to_owned())?,
            }),
            None => refused(
                place.as_str(),
                format!("`{text}` is no name and type, as `id{NAME_END}bigint`"),
            ),
        };
        queries.push(NeededQuery {
            parameters: entry.parameters.iter().map(known).collect::<Read<_>>()?,
            returns: match &entry.returns {
                Some(all) => Some(all.iter().map(returned).collect::<Read<_>>()?),
                None => None,
            },
            id: entry.id,
            file,
            line,
            standing: match (entry.unsure, entry.fails) {
                (None, None) => QueryStanding::Works,
                (Some(reason), None) => QueryStanding::Unsure(reason),
                (None, Some(said)) => QueryStanding::Fails(said),
                (Some(_), Some(_)) => {
                    return refused(place, "`unsure` and `fails` exclude each other");
                }
            },
            text: entry.text.into(),
        });
    }
    let by = |place: &str, by: &Option<String>| -> Read<Option<usize>> {
        match by {
            None => Ok(None),
            Some(id) => match places.get(id) {
                Some(at) => Ok(Some(*at)),
                None => refused(place, format!("there is no query {id}")),
            },
        }
    };
    let mut all = ContractEvidence::ALL.into_iter();
    let Some(evidence) = all.find(|it| it.as_str() == file.evidence) else {
        return refused("evidence", "it is complete, partial or presumed");
    };
    let mut relations = Vec::with_capacity(file.relation.len());
    for entry in file.relation {
        let place = format!("relation {}", entry.name);
        let mut kinds = RELATION_KINDS.into_iter();
        let Some(kind) = kinds.find(|it| it.to_string() == entry.kind) else {
            return refused(place, format!("`{}` is no kind of relation", entry.kind));
        };
        let mut columns = Vec::with_capacity(entry.columns.len());
        for it in &entry.columns {
            columns.push(NeededColumn {
                name: Ident::new(&it.name),
                data_type: match it.r#type.as_str() {
                    NOT_KNOWN => SqlType::unknown(),
                    text => data_type(&place, text)?,
                },
                nullable: it.null,
                by: by(&place, &it.by)?,
            });
        }
        let mut inserts = Vec::with_capacity(entry.inserts.len());
        for it in &entry.inserts {
            inserts.push(NeededInsert {
                columns: it.columns.iter().map(|it| Ident::new(it)).collect(),
                by: by(&place, &it.by)?,
            });
        }
        let mut keys = Vec::with_capacity(entry.keys.len());
        for it in &entry.keys {
            let what = match (&it.columns, &it.definition, &it.constraint) {
                (Some(columns), None, None) => {
                    KeyTarget::Columns(columns.iter().map(|it| Ident::new(it)).collect())
                }
                (None, Some(text), None) => KeyTarget::Other(text.as_str().into()),
                (None, None, Some(name)) => KeyTarget::Constraint(Ident::new(name)),
                _ => {
                    let reason = "a key has columns, a definition or a constraint";
                    return refused(place, reason);
                }
            };
            keys.push(NeededKey {
                what,
                by: by(&place, &it.by)?,
            });
        }
        relations.push(NeededRelation {
            name: qualified(&place, &entry.name)?,
            kind,
            by: by(&place, &entry.by)?,
            columns,
            inserts,
            keys,
        });
    }
    let mut types = Vec::with_capacity(file.r#type.len());
    for entry in file.r#type {
        let place = format!("type {}", entry.name);
        let kind = match (entry.kind.as_str(), &entry.base) {
            ("enum", None) => {
                let mut labels = Vec::with_capacity(entry.labels.len());
                for it in &entry.labels {
                    labels.push(NeededLabel {
                        text: it.name.as_str().into(),
                        by: by(&place, &it.by)?,
                    });
                }
                NeededTypeKind::Enum(labels)
            }
            ("domain", Some(base)) => NeededTypeKind::Domain(data_type(&place, base)?),
            ("other", None) => NeededTypeKind::Other,
            _ => {
                let reason = "its kind is enum, domain (with a base) or other";
                return refused(place, reason);
            }
        };
        types.push(NeededType {
            name: qualified(&place, &entry.name)?,
            kind,
            by: by(&place, &entry.by)?,
        });
    }
    let mut routines = Vec::with_capacity(file.function.len());
    for entry in file.function {
        let place = format!("function {}", entry.name);
        let kinds = [
            RoutineKind::Function,
            RoutineKind::Procedure,
            RoutineKind::Aggregate,
        ];
        let kind = kinds.into_iter().find(|it| kind_text(*it) == entry.kind);
        let Some(kind) = kind else {
            return refused(place, format!("`{}` is no kind of function", entry.kind));
        };
        let arguments = entry.arguments.iter();
        routines.push(NeededRoutine {
            name: qualified(&place, &entry.name)?,
            kind,
            arguments: arguments
                .map(|it| match it.as_str() {
                    NOT_KNOWN => Ok(SqlType::unknown()),
                    text => data_type(&place, text),
                })
                .collect::<Read<_>>()?,
            defaults: entry.optional,
            is_variadic: entry.variadic,
            returns: entry.returns.map(Arc::from),
            by: by(&place, &entry.by)?,
        });
    }
    let mut unknown = Vec::with_capacity(file.unknown.len());
    for entry in file.unknown {
        let (file, line) = file_and_line("unknown", &entry.at)?;
        unknown.push(UnknownNeed {
            file,
            line,
            reason: entry.reason,
        });
    }
    Ok(Contract {
        schema_version: file.schema_version,
        evidence,
        search_path: file
            .search_path
            .map(|all| all.iter().map(|it| Ident::new(it)).collect()),
        role: file.role.map(|it| Ident::new(&it)),
        history: history(file.migrations)?,
        relations,
        types,
        routines,
        queries,
        unknown,
    })
}

fn history(entry: Migrations) -> Read<ContractHistory> {
    let layout = match Layout::from_name(&entry.layout, "layout") {
        Ok(layout) => layout,
        Err(reason) => return refused("migrations", reason),
    };
    let table = match &entry.table {
        None => None,
        Some(text) => match TableName::parse(text) {
            Some(table) => Some(table),
            None => return refused("migrations", format!("`{text}` is no name of a table")),
        },
    };
    let migrations = entry.known.into_iter().map(|it| match it {
        MigrationEntry::Plain(key) => KnownMigration {
            key,
            is_checkpoint: false,
        },
        MigrationEntry::Checkpoint { checkpoint } => KnownMigration {
            key: checkpoint,
            is_checkpoint: true,
        },
    });
    Ok(ContractHistory {
        table: HistoryTable {
            layout,
            table,
            scope: entry.scope,
        },
        migrations: migrations.collect(),
    })
}

fn file_and_line(place: &str, at: &str) -> Read<(Arc<str>, usize)> {
    let parts = at.rsplit_once(':');
    let parts = parts.and_then(|(file, line)| Some((file.into(), line.parse().ok()?)));
    match parts {
        Some(found) => Ok(found),
        None => refused(place, format!("`{at}` is no file and line, as `a.sql:3`")),
    }
}

fn qualified(place: &str, text: &str) -> Read<QualifiedName> {
    match sql::name_of(text, Dialect::Postgres).as_deref() {
        Some([schema, name]) => Ok(QualifiedName::new(schema.clone(), name.clone())),
        _ => refused(
            place,
            format!("`{text}` is no name with its schema, as `public.users`"),
        ),
    }
}

fn data_type(place: &str, text: &str) -> Read<SqlType> {
    match sql::data_type_of(text) {
        Some(data_type) => Ok(data_type),
        None => refused(place, format!("`{text}` is no type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "contract = 1\nevidence = \"complete\"\n[migrations]\nlayout = \"sqlx\"\n";

    fn said(text: &str) -> String {
        match read(text) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_no_contract_is_refused_with_its_place() {
        assert_eq!(said(HEAD), "taken");
        let more = |text: &str| said(&format!("{HEAD}{text}"));
        insta::assert_snapshot!(said(""), @"1:1: it is no contract: `contract = 1` is missing, as `migcheck contract` writes it");
        insta::assert_snapshot!(said("contract = 2\nnew = 1\n"), @"contract: it is of format 2, and this migcheck reads format 1: use a newer one");
        insta::assert_snapshot!(said("contract = \"1\"\n"), @"1:1: it is no contract: `contract = 1` is missing, as `migcheck contract` writes it");
        insta::assert_snapshot!(said("contract = 1\nevidence = \"all\"\n[migrations]\nlayout = \"sqlx\"\n"), @"evidence: it is complete, partial or presumed");
        insta::assert_snapshot!(said("contract = 1\nevidence = \"complete\"\n[migrations]\nlayout = \"sqlz\"\n"), @"migrations: unknown layout `sqlz`; did you mean `sqlx`?");
        insta::assert_snapshot!(said("<html>"), @"1:7: key with no value, expected `=`");
        insta::assert_snapshot!(more("[[relations]]\n"), @"5:3: unknown key `relations`; did you mean `relation`?");
        insta::assert_snapshot!(more("[[relation]]\nname = \"users\"\nkind = \"table\"\n"), @"relation users: `users` is no name with its schema, as `public.users`");
        insta::assert_snapshot!(more("[[relation]]\nname = \"public.users\"\nkind = \"desk\"\n"), @"relation public.users: `desk` is no kind of relation");
        insta::assert_snapshot!(more("[[relation]]\nname = \"public.users\"\nkind = \"table\"\nby = \"q\"\n"), @"relation public.users: there is no query q");
        insta::assert_snapshot!(more("[[relation]]\nname = \"public.users\"\nkind = \"table\"\nkeys = [{}]\n"), @"relation public.users: a key has columns, a definition or a constraint");
        insta::assert_snapshot!(more("[[relation]]\nname = \"public.users\"\nkind = \"table\"\ncolumns = [{ name = \"a\", type = \"int(\" }]\n"), @"relation public.users: `int(` is no type");
        insta::assert_snapshot!(more("[[query]]\nid = \"q\"\nat = \"a.sql\"\ntext = \"SELECT 1\"\n"), @"query q: `a.sql` is no file and line, as `a.sql:3`");
        insta::assert_snapshot!(more("[[query]]\nid = \"q\"\nat = \"a.sql:1\"\ntext = \"SELECT 1\"\nreturns = [\"a\"]\n"), @"query q: `a` is no name and type, as `id: bigint`");
        let query = "[[query]]\nid = \"q\"\nat = \"a.sql:1\"\ntext = \"SELECT 1\"\n";
        insta::assert_snapshot!(more(&format!("{query}{query}")), @"query q: two queries have this id");
        insta::assert_snapshot!(more(&format!("{query}unsure = \"a\"\nfails = \"b\"\n")), @"query q: `unsure` and `fails` exclude each other");
    }
}
