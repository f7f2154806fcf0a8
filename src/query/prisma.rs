//! Prisma's models, in `schema.prisma` or a folder of `.prisma` files.
//!
//! A read without `select` names every scalar field of a model. Fields whose type is another model
//! are relations and have no column. Only schemas for PostgreSQL are taken.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Declaration, DeclaredColumn, Search, Source, folder_of, is_test};
use crate::error::Result;

/// Reads the schemas.
pub(super) fn find(cx: &mut Search<'_>) -> Result<()> {
    let mut paths = cx.files_ending(&[".prisma"]);
    paths.retain(|path| !is_test(path) || cx.settings.is_named(path));
    let texts = cx.read_many(&paths, Source::Prisma)?;
    let files: Vec<(&str, String)> = paths
        .into_iter()
        .zip(texts)
        .filter_map(|(path, text)| Some((path, text?)))
        .collect();
    // The files of a folder are one schema, and so is what lies below it.
    let mut roots: Vec<&str> = Vec::new();
    for (path, text) in &files {
        if text
            .lines()
            .any(|line| block(line).is_some_and(|(kind, _)| kind == "datasource"))
        {
            roots.push(folder_of(path));
        }
    }
    let mut schemas: HashMap<&str, Vec<&(&str, String)>> = HashMap::new();
    for file in &files {
        let folder = folder_of(file.0);
        let above = roots
            .iter()
            .filter(|root| super::is_in(folder, root) || root.is_empty())
            .max_by_key(|root| root.len());
        schemas
            .entry(above.unwrap_or(&folder))
            .or_default()
            .push(file);
    }
    let mut schemas: Vec<_> = schemas.into_iter().collect();
    schemas.sort_unstable_by_key(|(root, _)| *root);
    for (root, files) in schemas {
        schema(cx, root, &files);
    }
    Ok(())
}

fn schema(cx: &mut Search<'_>, root: &str, files: &[&(&str, String)]) {
    let mut provider = None;
    let mut models = HashSet::new();
    for (_, text) in files {
        let mut in_datasource = false;
        for line in text.lines() {
            match block(line) {
                Some(("model" | "view" | "type", name)) => {
                    models.insert(name);
                }
                Some((kind, _)) => in_datasource = kind == "datasource",
                None if in_datasource => {
                    if let Some(("provider", value)) = line
                        .trim()
                        .split_once('=')
                        .map(|(key, value)| (key.trim(), value))
                    {
                        provider = provider.or_else(|| quoted(value));
                    }
                    in_datasource = line.trim() != "}";
                }
                None => {}
            }
        }
    }
    match provider {
        None | Some("postgresql" | "postgres" | "cockroachdb") => {}
        Some(other) => {
            let remark = Some(format!("models for {other} are left alone"));
            cx.out.remarked(Source::Prisma, root, 0, remark);
            return;
        }
    }
    for (path, text) in files {
        let tables = tables(path, text, &models);
        if !tables.is_empty() {
            cx.out.found(Source::Prisma, *path, tables.len());
            cx.out.declarations.extend(tables);
        }
    }
}

/// `model User {`: the kind of block, and its name.
fn block(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    if !matches!(
        kind,
        "model" | "view" | "type" | "enum" | "datasource" | "generator"
    ) {
        return None;
    }
    let name = words.next()?;
    let (name, glued) = match name.strip_suffix('{') {
        Some(name) => (name, true),
        None => (name, false),
    };
    (glued || words.next()? == "{").then_some((kind, name))
}

fn tables(path: &str, text: &str, models: &HashSet<&str>) -> Vec<Declaration> {
    let file: Arc<str> = path.into();
    let mut tables = Vec::new();
    let mut open: Option<Declaration> = None;
    for (place, line) in text.lines().enumerate() {
        let line_number = place + 1;
        let line = without_comment(line).trim();
        if let Some((kind, name)) = block(line) {
            open = matches!(kind, "model" | "view").then(|| Declaration {
                schema: None,
                table: name.into(),
                columns: Vec::new(),
                file: file.clone(),
                line: line_number,
                source: Source::Prisma,
            });
            continue;
        }
        let Some(table) = &mut open else { continue };
        if line == "}" {
            tables.extend(open.take());
            continue;
        }
        if line.starts_with("@@") {
            match argument(line, "@@map") {
                Some(name) => table.table = name.into(),
                None => {
                    if let Some(name) = argument(line, "@@schema") {
                        table.schema = Some(name.into());
                    }
                }
            }
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(name), Some(data_type)) = (words.next(), words.next()) else {
            continue;
        };
        let written = match line.find("Unsupported(") {
            // A type that may hold blanks.
            Some(at) => {
                let rest = &line[at..];
                rest.find("\")").map_or(data_type, |end| &rest[..end + 2])
            }
            None => data_type,
        };
        let base = written.trim_end_matches(['?', '[', ']']);
        let is_relation = models.contains(base) || line.contains("@relation");
        if is_relation || !name.starts_with(|it: char| it.is_alphabetic()) {
            continue;
        }
        let is_optional = data_type.ends_with('?') || line.contains(&format!("{written}?"));
        table.columns.push(DeclaredColumn {
            name: argument(line, "@map").unwrap_or(name).into(),
            data_type: Some(written.trim_end_matches('?').to_owned()),
            nullable: Some(is_optional),
            line: line_number,
        });
    }
    tables
}

/// The line up to `//`, outside of quotes.
fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let mut in_quotes = false;
    for at in 0..bytes.len() {
        match bytes[at] {
            b'"' if at == 0 || bytes[at - 1] != b'\\' => in_quotes = !in_quotes,
            b'/' if !in_quotes && bytes.get(at + 1) == Some(&b'/') => return &line[..at],
            _ => {}
        }
    }
    line
}

/// The text in `@map("x")` or `@map(name: "x")`; `@@map` is not `@map`.
fn argument<'a>(line: &'a str, attribute: &str) -> Option<&'a str> {
    let places = line.match_indices(attribute);
    let (at, _) = places
        .into_iter()
        .find(|(at, _)| *at == 0 || !line[..*at].ends_with(['@', '.']))?;
    let rest = line[at + attribute.len()..]
        .trim_start()
        .strip_prefix('(')?;
    quoted(rest.split(')').next()?)
}

fn quoted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('"')?;
    Some(rest.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use crate::query::tests::shown;

    #[test]
    fn models_are_declared() {
        let schema = r#"
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL") // "quoted"
}

enum Role {
  ADMIN @map("admin")
  @@map("roles")
}

/// A person.
model User {
  id        Int      @id @default(autoincrement())
  email     String?  @unique @db.VarChar(255)
  firstName String   @map("first_name") // model Not {
  role      Role     @default(ADMIN)
  tags      String[]
  posts     Post[]
  place     Unsupported("geometry(Point, 4326)")?
  mapped    Json     @map(name: "as")

  @@index([email], map: "user_email")
  @@map("users")
  @@schema("app")
}

model Post{
  id       Int  @id
  author   User @relation(fields: [authorId], references: [id])
  authorId Int
}
"#;
        insta::assert_snapshot!(shown([("prisma/schema.prisma", schema)]), @r#"
        prisma/schema.prisma:13 [Prisma model] app.users(id: Int, email: String?, first_name: String, role: Role, tags: String[], place: Unsupported("geometry(Point, 4326)")?, as: Json)
        prisma/schema.prisma:28 [Prisma model] Post(id: Int, authorId: Int)
        = Prisma model in prisma/schema.prisma: 2
        "#);
    }

    #[test]
    fn folder_of_files_is_one_schema() {
        let files = [
            ("db/schema/a.prisma", "model A {\n  id Int @id\n  b B?\n}\n"),
            (
                "db/schema/b.prisma",
                "model B {\n  id Int @id\n  a A[]\n}\n",
            ),
            (
                "db/schema.prisma",
                "datasource db {\n  provider = \"postgresql\"\n}\n",
            ),
            (
                "other/schema.prisma",
                "datasource db {\n  provider = \"mysql\"\n}\nmodel C {\n  id Int\n}\n",
            ),
        ];
        insta::assert_snapshot!(shown(files), @r"
        db/schema/a.prisma:1 [Prisma model] A(id: Int)
        db/schema/b.prisma:1 [Prisma model] B(id: Int)
        = Prisma model in db/schema: 2
        = Prisma model in other: 0 (models for mysql are left alone)
        ");
    }
}
