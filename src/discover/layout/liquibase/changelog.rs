//! Changelogs in XML, YAML and JSON, as far as they include SQL.
//!
//! All three become one tree first: an element has a name, attributes and children.

use roxmltree::{Document, Node};

use super::{Attributes, Change, ChangeSet, Item};
use crate::source::{SourceFile, Span};

type Items = std::result::Result<Vec<Item>, String>;

/// One element of a changelog.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    /// Its text, and where that stands.
    text: String,
    span: Span,
    /// Whether the text stands in the file as it is, at `text_at`.
    text_at: Option<Span>,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn is(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// A changelog in XML.
pub(super) fn of_xml(file: &SourceFile) -> Items {
    let document = Document::parse(&file.text).map_err(|error| error.to_string())?;
    let root = document.root_element();
    Ok(root
        .children()
        .filter(Node::is_element)
        .filter_map(|node| item(&element(node, &file.text, 0)))
        .collect())
}

/// Deeper than any changelog is.
const DEEPEST: usize = 32;

fn element(node: Node<'_, '_>, source: &str, depth: usize) -> Element {
    let range = node.range();
    let mut text = String::new();
    let mut text_at = None;
    let mut pieces = 0;
    for child in node.children().filter(Node::is_text) {
        let piece = child.text().unwrap_or_default();
        if piece.trim().is_empty() {
            continue;
        }
        pieces += 1;
        text.push_str(piece);
        let around = child.range();
        text_at = source
            .get(around.clone())
            .and_then(|written| written.find(piece))
            .map(|at| Span::new(around.start + at, around.start + at + piece.len()));
    }
    Element {
        name: node.tag_name().name().to_owned(),
        attributes: node
            .attributes()
            .map(|it| (it.name().to_owned(), it.value().to_owned()))
            .collect(),
        children: node
            .children()
            .filter(Node::is_element)
            .filter(|_| depth < DEEPEST)
            .map(|child| element(child, source, depth + 1))
            .collect(),
        text,
        span: Span::new(range.start, range.end),
        text_at: text_at.filter(|_| pieces == 1),
    }
}

/// A changelog in YAML.
pub(super) fn of_yaml(file: &SourceFile) -> Items {
    let value: serde_json::Value =
        serde_norway::from_str(&file.text).map_err(|error| error.to_string())?;
    of_value(&value, file)
}

/// A changelog in JSON.
pub(super) fn of_json(file: &SourceFile) -> Items {
    let value: serde_json::Value =
        serde_json::from_str(&file.text).map_err(|error| error.to_string())?;
    of_value(&value, file)
}

fn of_value(value: &serde_json::Value, file: &SourceFile) -> Items {
    let Some(items) = value["databaseChangeLog"].as_array() else {
        return Err("it has no list `databaseChangeLog`".to_owned());
    };
    // Ids are sought one behind the other, so that equal ones are told apart.
    let mut from = 0;
    let mut out = Vec::new();
    for entry in items {
        for (name, inner) in entry.as_object().into_iter().flatten() {
            let element = of_fields(name, inner, file, &mut from);
            out.extend(item(&element));
        }
    }
    Ok(out)
}

fn scalar(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// Where a changeset or an include stands is the line that names it: the formats' readers give no
/// places.
fn of_fields(
    name: &str,
    value: &serde_json::Value,
    file: &SourceFile,
    from: &mut usize,
) -> Element {
    let mut out = Element {
        name: name.to_owned(),
        attributes: Vec::new(),
        children: Vec::new(),
        text: scalar(value).unwrap_or_default(),
        span: Span::new(*from, *from),
        text_at: None,
    };
    let wanted = ["id", "file", "path"]
        .iter()
        .find_map(|key| scalar(&value[*key]));
    if let Some(wanted) = wanted
        && let Some(at) = file.text[*from..].find(&wanted)
    {
        let start = *from + at;
        out.span = Span::new(start, start + wanted.len());
        *from = out.span.end;
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        match scalar(inner) {
            Some(text) => out.attributes.push((key.clone(), text)),
            None => match inner.as_array() {
                Some(list) if key == "changes" || key == "preConditions" => {
                    for entry in list {
                        for (name, fields) in entry.as_object().into_iter().flatten() {
                            let mut child = of_fields(name, fields, file, from);
                            if child.span.is_empty() {
                                child.span = out.span;
                            }
                            if key == "preConditions" {
                                "preConditions".clone_into(&mut child.name);
                            }
                            out.children.push(child);
                        }
                    }
                }
                Some(list) if key == "rollback" => {
                    let mut child = of_fields(key, &serde_json::Value::Null, file, from);
                    child.span = out.span;
                    for entry in list {
                        match scalar(entry) {
                            Some(text) => child.attributes.push(("sql".to_owned(), text)),
                            None => {
                                for (name, fields) in entry.as_object().into_iter().flatten() {
                                    let mut inner = of_fields(name, fields, file, from);
                                    inner.span = out.span;
                                    child.children.push(inner);
                                }
                            }
                        }
                    }
                    out.children.push(child);
                }
                _ => {
                    let mut child = of_fields(key, inner, file, from);
                    if child.span.is_empty() {
                        child.span = out.span;
                    }
                    out.children.push(child);
                }
            },
        }
    }
    out
}

/// The item that an element is; `None` where it says nothing about the schema.
fn item(element: &Element) -> Option<Item> {
    let is_relative = element.is("relativeToChangelogFile");
    Some(match element.name.as_str() {
        "include" => Item::Include {
            path: element.get("file")?.to_owned(),
            is_relative,
            at: element.span,
        },
        "includeAll" => Item::IncludeAll {
            path: element.get("path")?.to_owned(),
            is_relative,
            ending: element.get("endsWithFilter").map(str::to_owned),
            depths: (
                element
                    .get("minDepth")
                    .and_then(|it| it.parse().ok())
                    .unwrap_or(0),
                element
                    .get("maxDepth")
                    .and_then(|it| it.parse().ok())
                    .unwrap_or(usize::MAX),
            ),
        },
        "property" => Item::Property(
            element.get("name")?.to_owned(),
            element.get("value")?.to_owned(),
        ),
        "changeSet" => Item::ChangeSet(Box::new(change_set(element))),
        "preConditions"
        | "logicalFilePath"
        | "objectQuotingStrategy"
        | "changeLogId"
        | "removeChangeSetProperty" => return None,
        other => Item::Unknown(other.to_owned()),
    })
}

fn change_set(element: &Element) -> ChangeSet {
    let mut set = ChangeSet {
        id: element.get("id").unwrap_or_default().to_owned(),
        author: element.get("author").unwrap_or_default().to_owned(),
        attributes: Attributes::default(),
        changes: Vec::new(),
        comment: element.get("comment").unwrap_or_default().to_owned(),
        span: element.span,
        rollback: Vec::new(),
        has_precondition: false,
    };
    for (key, value) in &element.attributes {
        match key.as_str() {
            "rollback" => set
                .rollback
                .push(Change::Written(value.clone(), element.span)),
            "comment" => {}
            _ => set.attributes.take(key, value),
        }
    }
    for child in &element.children {
        let text = |child: &Element| match child.text_at {
            Some(span) => Some(Change::Text(span)),
            None if !child.text.trim().is_empty() => {
                Some(Change::Written(child.text.clone(), child.span))
            }
            None => child
                .get("sql")
                .map(|text| Change::Written(text.to_owned(), child.span)),
        };
        match child.name.as_str() {
            "sql" => {
                for (key, value) in &child.attributes {
                    if matches!(key.as_str(), "splitStatements" | "endDelimiter") {
                        set.attributes.take(key, value);
                    }
                }
                let other = || Change::Other("sql".to_owned());
                set.changes.push(text(child).unwrap_or_else(other));
            }
            "sqlFile" => {
                for (key, value) in &child.attributes {
                    if matches!(key.as_str(), "splitStatements" | "endDelimiter") {
                        set.attributes.take(key, value);
                    }
                }
                set.changes.push(match child.get("path") {
                    Some(path) => Change::File {
                        path: path.to_owned(),
                        is_relative: child.is("relativeToChangelogFile"),
                        at: child.span,
                    },
                    None => Change::Other("sqlFile".to_owned()),
                });
            }
            "preConditions" => set.has_precondition = true,
            "rollback" => match child.text_at {
                Some(span) if child.children.is_empty() => {
                    set.rollback.push(Change::Text(span));
                }
                _ => {
                    let own = std::iter::once(child).filter(|it| it.get("sql").is_some());
                    for it in child
                        .children
                        .iter()
                        .filter(|it| it.name == "sql")
                        .chain(own)
                    {
                        set.rollback.extend(text(it));
                    }
                }
            },
            "comment" => child.text.trim().clone_into(&mut set.comment),
            "validCheckSum" | "tagDatabase" | "empty" | "output" | "modifySql" | "labels"
            | "contextFilter" => {}
            other => set.changes.push(Change::Other(other.to_owned())),
        }
    }
    set
}
