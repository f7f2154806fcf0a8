//! The JSON schema of `migcheck.toml`, for editors, and the reference: both made of the types that
//! are read, and compared with what is checked in by the tests here.

/// The JSON schema of `migcheck.toml`.
pub fn config_schema() -> &'static str {
    include_str!("config.schema.json")
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::discover::config::{ConfigFile, KEY_NAMES, VARIABLES, wire};
    use crate::rules::{Class, RULES};

    /// Fails where a file is not what it should be, and says where the right one is.
    fn assert_is(checked_in: &str, text: &str, place: &str) {
        if text != checked_in {
            let name = place.rsplit('/').next().unwrap_or(place);
            let path = format!("{}/target/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::write(&path, text).expect("it can be written");
            panic!("the types say something else: {path} is to be {place}");
        }
    }

    #[test]
    fn schema_is_that_of_the_types() {
        let mut text = serde_json::to_string_pretty(&schema()).expect("it is JSON");
        text.push('\n');
        assert_is(
            config_schema(),
            &text,
            "src/discover/config/config.schema.json",
        );
    }

    #[test]
    fn reference_is_that_of_the_types() {
        let checked_in = include_str!("../../../docs/configuration.md");
        assert_is(checked_in, &reference(), "docs/configuration.md");
    }

    #[test]
    fn every_example_of_the_reference_is_a_configuration() {
        let examples = fences(&reference());
        assert!(examples.len() > 45, "{}", examples.len());
        for text in examples {
            // Commands of a shell and what they print stand in fences of another kind.
            if let Err(error) = ConfigFile::parse("migcheck.toml", "example", &text, &[]) {
                panic!("{error}\n{text}");
            }
        }
    }

    #[test]
    fn every_key_has_a_description_and_an_example_of_its_own() {
        for key in keys() {
            assert!(!key.about.is_empty(), "{}", key.path);
            if key.kind.starts_with("table") || key.kind.starts_with("list of tables") {
                continue;
            }
            let example = key.example.unwrap_or_default();
            let last = key.path.rsplit('.').next().unwrap_or_default();
            assert!(example.contains(last), "{}: {example}", key.path);
        }
    }

    #[test]
    fn every_key_that_has_an_option_exists() {
        let keys = keys();
        for names in KEY_NAMES {
            let is_it = |it: &Key| it.path == names.key;
            assert!(keys.iter().any(is_it), "{}", names.key);
            if let Some(variable) = names.variable {
                let is_it = |it: &(&str, &str)| it.0 == variable;
                assert!(VARIABLES.iter().any(is_it), "{variable}");
            }
        }
    }

    /// The texts of the fences of TOML.
    fn fences(page: &str) -> Vec<String> {
        let mut out = Vec::new();
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            if line == "```toml" {
                let text: Vec<&str> = lines.by_ref().take_while(|it| *it != "```").collect();
                out.push(text.join("\n") + "\n");
            }
        }
        out
    }

    /// As the types have it, without what the file cannot say, and with the names of the rules.
    fn schema() -> Value {
        let generator = SchemaSettings::draft07().into_generator();
        let schema = generator.into_root_schema_for::<wire::Settings>();
        let mut schema = serde_json::to_value(schema).expect("a schema is JSON");
        without_null(&mut schema);
        let rules: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        let classes = Class::ALL.iter().map(|class| class.as_str());
        let both: Vec<&str> = rules.iter().copied().chain(classes).collect();
        let definitions = &mut schema["definitions"];
        for key in ["select", "ignore"] {
            definitions["Rules"]["properties"][key]["items"]["enum"] = json!(both);
        }
        definitions["Rules"]["properties"]["severity"]["propertyNames"] = json!({ "enum": rules });
        definitions["Allow"]["properties"]["rule"]["enum"] = json!(rules);
        let mut section = json!({
            "type": "object",
            "properties": schema["properties"].clone(),
            "required": ["migrations"],
            "additionalProperties": false,
        });
        section["properties"]
            .as_object_mut()
            .expect("it is an object")
            .remove("project");
        schema["definitions"]["Section"] = section;
        schema["properties"]["project"]["items"] = json!({ "$ref": "#/definitions/Section" });
        schema["title"] = "migcheck.toml".into();
        schema["description"] = "How migcheck reads a project and judges its migrations".into();
        schema
    }

    /// TOML has no null; examples and comments on Rust types are not for an editor.
    fn without_null(value: &mut Value) {
        match value {
            Value::Array(all) => all.iter_mut().for_each(without_null),
            Value::Object(map) => {
                for key in ["type", "enum", "anyOf"] {
                    let Some(Value::Array(all)) = map.get_mut(key) else {
                        continue;
                    };
                    all.retain(|it| {
                        !it.is_null() && it != "null" && *it != json!({ "type": "null" })
                    });
                    if let ("type" | "anyOf", [only]) = (key, all.as_slice()) {
                        let only = only.clone();
                        match key {
                            "type" => {
                                map.insert(key.to_owned(), only);
                            }
                            _ => {
                                map.remove(key);
                                map.insert("allOf".to_owned(), json!([only]));
                            }
                        }
                    }
                }
                if let Some(Value::String(text)) = map.get("description") {
                    let about = text.split("\n```").next().unwrap_or_default().trim();
                    let about = paragraphs(about).join("\n\n");
                    map.insert("description".to_owned(), about.into());
                }
                if map.get("default").is_some_and(|it| !it.is_boolean()) {
                    map.remove("default");
                }
                map.remove("format");
                map.values_mut().for_each(without_null);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Lines that belong together, each on one line.
    fn paragraphs(text: &str) -> Vec<String> {
        text.split("\n\n")
            .map(|it| it.lines().map(str::trim).collect::<Vec<_>>().join(" "))
            .filter(|it| !it.is_empty())
            .collect()
    }

    /// What the reference says of a key.
    struct Key {
        /// With its tables: `code.queries`, or `retired.object` for what stands in a list of tables.
        path: String,
        about: Vec<String>,
        kind: String,
        default: Option<String>,
        example: Option<String>,
        is_required: bool,
    }

    fn keys() -> Vec<Key> {
        let generator = SchemaSettings::draft07().into_generator();
        let schema = generator.into_root_schema_for::<wire::Settings>();
        let schema = serde_json::to_value(schema).expect("a schema is JSON");
        let mut out = Vec::new();
        keys_of(&schema, &schema, "", "", &mut out);
        out
    }

    fn resolved<'a>(root: &'a Value, mut value: &'a Value) -> &'a Value {
        loop {
            let all = value.get("allOf").or(value.get("anyOf"));
            let inner = all.and_then(|it| it.get(0)).unwrap_or(value);
            let Some(name) = inner["$ref"].as_str() else {
                return value;
            };
            value = &root["definitions"][name.rsplit('/').next().unwrap_or_default()];
        }
    }

    /// The keys of a table in the order of the type, which the reader's own message tells.
    fn order(header: &str) -> Vec<String> {
        let text = format!("{header}\n\"?\" = 1\n");
        let error = toml::from_str::<wire::Settings>(&text).expect_err("there is no such key");
        let quoted = error.message().split('`').skip(3).step_by(2);
        quoted.map(str::to_owned).collect()
    }

    fn keys_of(root: &Value, table: &Value, path: &str, header: &str, out: &mut Vec<Key>) {
        let properties = &table["properties"];
        let required: Vec<&str> = table["required"]
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let order = order(header);
        assert_eq!(order.len(), properties.as_object().map_or(0, Map::len));
        for name in order {
            let property = &properties[&name];
            let target = resolved(root, property);
            let text = property["description"].as_str().unwrap_or_default();
            let (about, example) = match text.split_once("```toml\n") {
                Some((about, rest)) => (about, rest.split("\n```").next()),
                None => (text, None),
            };
            let mut about = paragraphs(about);
            let default = about.iter().position(|it| it.starts_with("Default: "));
            let default = default.map(|at| about.remove(at)["Default: ".len()..].to_owned());
            let full = match path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            out.push(Key {
                about,
                kind: kind(root, target, &name),
                default,
                example: example.map(str::to_owned),
                is_required: required.contains(&name.as_str()),
                path: full.clone(),
            });
            if target["properties"].is_object() {
                keys_of(root, target, &full, &format!("[{full}]"), out);
            }
            let entry = resolved(root, &target["items"]);
            if entry["properties"].is_object() {
                keys_of(root, entry, &full, &format!("[[{full}]]"), out);
            }
        }
    }

    /// What a value is, in words.
    fn kind(root: &Value, value: &Value, name: &str) -> String {
        if name == "project" {
            return "list of tables".to_owned();
        }
        if let Some(names) = value["enum"].as_array() {
            let names = names.iter().filter_map(Value::as_str);
            let names: Vec<String> = names.map(|it| format!("`{it}`")).collect();
            return format!("one of {}", names.join(", "));
        }
        let types: Vec<&str> = match &value["type"] {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        let words: Vec<String> = types
            .into_iter()
            .filter(|it| *it != "null")
            .map(|it| match it {
                "string" => "text".to_owned(),
                "integer" => "whole number".to_owned(),
                "boolean" => "`true` or `false`".to_owned(),
                "array" if value["minItems"] == 2 => "list of two texts".to_owned(),
                "array" => match resolved(root, &value["items"]) {
                    entry if entry["properties"].is_object() => "list of tables".to_owned(),
                    _ => "list of texts".to_owned(),
                },
                "object" if value["properties"].is_object() => "table".to_owned(),
                "object" => match resolved(root, &value["additionalProperties"])["enum"].as_array()
                {
                    Some(_) => format!(
                        "table of names to {}",
                        kind(root, resolved(root, &value["additionalProperties"]), "")
                    ),
                    None => "table of names to texts".to_owned(),
                },
                other => panic!("{name} is a {other}"),
            })
            .collect();
        words.join(" or ")
    }

    const INTRODUCTION: &str = include_str!("introduction.md");

    /// The page, all of it.
    fn reference() -> String {
        let mut out = INTRODUCTION.to_owned();
        out.push_str("\n## Variables of the environment\n\n");
        out.push_str("An empty variable counts as none. migcheck has these of its own:\n\n");
        out.push_str("| variable | what it says |\n| --- | --- |\n");
        for (name, what) in VARIABLES {
            out.push_str(&format!("| `{name}` | {what} |\n"));
        }
        out.push_str(
            "\nCommands that ask a live database also go by `DATABASE_URL` and the variables of libpq \
             ([verify.md](verify.md)),\nreports by `NO_COLOR`, `CLICOLOR_FORCE`, `COLUMNS` and \
             `GITHUB_STEP_SUMMARY`, and the target branch is told by those of the\ncontinuous \
             integration.\n\n## Keys\n",
        );
        for key in keys() {
            let path = &key.path;
            out.push_str(&format!("\n### `{path}`\n\n{}\n\n", key.about.join("\n\n")));
            let is_required = match key.is_required {
                true => ", has to be there",
                false => "",
            };
            out.push_str(&format!("- type: {}{is_required}\n", key.kind));
            if let Some(default) = &key.default {
                out.push_str(&format!("- default: {default}\n"));
            }
            if let Some(names) = KEY_NAMES.iter().find(|it| it.key == *path) {
                out.push_str(&format!("- command line: `{}`\n", names.option));
                if let Some(variable) = names.variable {
                    out.push_str(&format!("- environment: `{variable}`\n"));
                }
            }
            if let Some(example) = &key.example {
                out.push_str(&format!("\n```toml\n{example}\n```\n"));
            }
        }
        out
    }
}
