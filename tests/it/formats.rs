//! The same findings in each format, which public schemas and readers of the formats judge.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cli::program;
use crate::home;
use crate::support::TestRepository;

const BASE: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, nickname text);\n\
    CREATE TABLE orders (id bigint PRIMARY KEY, state text, \"we<b>ird`\" integer);\n";

const CHANGE: &str = "ALTER TABLE users RENAME COLUMN nickname TO display_name;\n\
    -- ::error::a command, ##[error]another, <img src=x onerror=alert(1)> and \u{1b}[31m\u{202e}\n\
    ALTER TABLE orders DROP COLUMN \"we<b>ird`\";\n\
    CREATE INDEX ON orders (state);\n";

const QUERIES: &str = "-- name: GetUser :one\nSELECT id, nickname FROM users WHERE email = '::warning::x';\n\
    -- name: ListOrders :many\nSELECT id, \"we<b>ird`\" FROM orders WHERE state <> '</script><b>@all #1 [x](http://evil)';\n";

/// A change with a renamed column, a dropped one of a hostile name, and hostile queries.
fn repository() -> TestRepository {
    let mut repository = TestRepository::new();
    repository.write(
        "migcheck.toml",
        "layout = \"sqlx\"\ndialect = \"postgres\"\n",
    );
    repository.write("migrations/1_base.sql", BASE);
    repository.write("queries.sql", QUERIES);
    repository.commit("base");
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository.write("migrations/2_a, b%:c.sql", CHANGE);
    repository.commit("change");
    repository
}

fn printed(repository: &TestRepository, format: &str) -> String {
    let arguments = ["check", "--base", "main", "--quiet", "--format", format];
    let output = program(repository.root(), &arguments).output();
    let output = output.expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "", "{format}");
    assert_eq!(output.status.code(), Some(1), "{format}");
    String::from_utf8(output.stdout).expect("it is UTF-8")
}

/// What a program says against a document, or nothing; `None` where it is not installed.
pub(crate) fn judged(name: &str, command: &mut Command) -> Option<String> {
    let output = command.output().map_err(|error| error.to_string());
    let output = home::required(name, output)?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let missing = said.contains("No module named");
    let said = match missing {
        true => Err(said),
        false => Ok(said),
    };
    let said = home::required(name, said)?;
    Some(match output.status.success() {
        true => String::new(),
        false => format!("{name}: {said}"),
    })
}

pub(crate) fn schema(name: &str) -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/schemas").join(name)
}

/// A Python that has the validator of JSON schemas: that of the system, or the first one found.
pub(crate) fn python() -> &'static str {
    let has_it = |python: &&str| {
        let arguments = ["-c", "import jsonschema"];
        let output = Command::new(python).args(arguments).output();
        output.is_ok_and(|it| it.status.success())
    };
    let all = ["python3", "/usr/bin/python3"];
    all.into_iter().find(has_it).unwrap_or("python3")
}

pub(crate) const VALIDATE: &str = "import json, sys, jsonschema
schema, document = (json.load(open(it)) for it in sys.argv[1:3])
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
errors = [f'{list(it.path)}: {it.message[:300]}' for it in validator(schema).iter_errors(document)]
sys.exit('\\n'.join(errors) or 0)
";

#[test]
fn each_format_of_the_same_findings() {
    let repository = repository();
    for format in [
        "gcc", "github", "gitlab", "html", "junit", "markdown", "sarif",
    ] {
        let mut text = printed(&repository, format);
        assert!(
            !text.contains(['\u{1b}', '\u{202e}']),
            "{format} keeps what a terminal obeys"
        );
        if format == "sarif" {
            let mut log: Value = serde_json::from_str(&text).expect("it is JSON");
            // The pages of the rules are long, and are tested elsewhere.
            log["runs"][0]["tool"]["driver"]["rules"] = Value::Null;
            text = serde_json::to_string_pretty(&log).expect("it is JSON");
        }
        if format == "html" {
            // So are they here; and what it looks like no snapshot tells.
            text = without(&text, "<style>", "</style>");
            text = without(&text, "<section id=\"rules\">", "</section>");
            let revision = text.split("main@").nth(1).and_then(|it| it.get(..7));
            let revision = revision.expect("the base is named").to_owned();
            text = text.replace(&revision, "[commit]");
        }
        insta::assert_snapshot!(format, text);
    }
}

/// A text without what is between the first of two marks.
fn without(text: &str, start: &str, end: &str) -> String {
    let (before, rest) = text.split_once(start).expect("it begins");
    let (_, after) = rest.split_once(end).expect("it ends");
    format!("{before}{start}…{end}{after}")
}

/// The elements and the attributes that the page may have: nothing of them runs or loads anything.
const ELEMENTS: &str = "a article body circle code dd details div dl dt em footer g h1 h2 h3 h4 \
    head header html i li main mark meta nav ol p path pre rect section small span strong style \
    summary svg table tbody td text th thead title tr ul";
const ATTRIBUTES: &str = "aria-label charset class content cx cy d height href http-equiv id lang \
    lengthAdjust name open r role rx scope start textLength viewBox width x y";

#[test]
fn html_is_well_formed_and_nothing_of_others_is_a_mark_in_it() {
    let mut repository = repository();
    // A name for everything that has one: of a branch, of a file, of a constraint, of a query.
    repository.git(&["branch", "v\"<script>alert(1)<b>'&"]);
    let change = "-- migcheck: allow(table_dropped) <script>'\"&amp;\nDROP TABLE \"</pre><script>\";\n\
        ALTER TABLE users ADD CONSTRAINT \"'><a onclick=x>\" CHECK (id > 0);\n\
        FROBNICATE '</title></style></svg>]]><script>' \u{7f}\u{85}\u{2066}\u{ffff};\n";
    repository.write("migrations/3_<script>\"'&onload=.sql", change);
    repository.commit("<script>");
    let arguments = [
        "check", "--base", "main", "--live", "v*", "--live", "main", "--quiet", "--format", "html",
    ];
    let output = program(repository.root(), &arguments).output();
    let output = output.expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
    assert!(!text.contains(is_control));
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{ffff}']));
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let tree = roxmltree::Document::parse_with_options(&text, options).expect("well-formed");
    let mut identities = BTreeSet::new();
    let mut links = BTreeSet::new();
    for node in tree.descendants().filter(|it| it.is_element()) {
        let name = node.tag_name().name();
        assert!(ELEMENTS.split(' ').any(|it| it == name), "<{name}>");
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(ATTRIBUTES.split(' ').any(|it| it == name), "{name}=");
        }
        identities.extend(node.attribute("id"));
        if let Some(link) = node.attribute("href") {
            match link.strip_prefix('#') {
                Some(place) => {
                    links.insert(place);
                }
                None => assert!(link.starts_with("https://"), "{link}"),
            }
        }
    }
    let lost: Vec<&&str> = links.difference(&identities).collect();
    assert!(lost.is_empty(), "links to nothing: {lost:?}");
    // And all of it can be read.
    let said: String = tree.descendants().filter_map(|it| it.text()).collect();
    for text in [
        "'><a onclick=x>",
        "</pre><script>",
        "3_<script>\"'&onload=.sql",
        "v\"<script>alert(1)<b>'&",
        "'</script><b>@all #1 [x](http://evil)'",
        "</title></style></svg>]]><script>",
    ] {
        assert!(said.contains(text), "{text}");
    }
}

#[test]
fn html_of_a_large_change_stays_a_page_that_opens() {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", "layout = \"sqlx\"\n");
    let long = "x".repeat(5000);
    let tables = |sql: &str| -> String {
        let all = (1..=600).map(|number| sql.replace('#', &number.to_string()));
        all.collect()
    };
    repository.write("migrations/1_a.sql", tables("CREATE TABLE t# (a text);\n"));
    repository.commit("base");
    let change = tables(&format!("ALTER TABLE t# /* {long} */ DROP COLUMN a;\n"));
    repository.write("migrations/2_b.sql", change);
    let text = printed(&repository, "html");
    assert!(text.len() < 1_000_000, "{}", text.len());
    assert_eq!(text.matches("<article ").count(), 300);
    assert!(text.contains("and 300 more, which <code>migcheck check</code> lists"));
    assert!(text.contains("and 550 more statements"));
}

#[test]
fn sarif_is_what_its_schema_and_its_readers_want() {
    let repository = repository();
    let file = repository.root().join("out.sarif");
    let text = printed(&repository, "sarif");
    std::fs::write(&file, &text).expect("it can be written");
    let mut validate = Command::new(python());
    validate.args(["-c", VALIDATE]);
    validate.args([&schema("sarif-schema-2.1.0.json"), &file]);
    if let Some(said) = judged("Python with jsonschema", &mut validate) {
        assert_eq!(said, "");
    }
    // What GitHub asks for beside the schema.
    let log: Value = serde_json::from_str(&text).expect("it is JSON");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    let results = run["results"].as_array().expect("a list");
    assert!(!results.is_empty());
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            let text = rule[text]["text"].as_str().expect("a text");
            assert!(!text.is_empty(), "{rule}");
        }
        let description = rule["fullDescription"]["text"].as_str().expect("a text");
        assert!(description.chars().count() <= 1024);
    }
    let mut fingerprints = BTreeSet::new();
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("a number");
        let index = usize::try_from(index).expect("it is small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a text");
        assert_eq!(uri, "migrations/2_a%2C%20b%25%3Ac.sql");
        fingerprints.insert(result["partialFingerprints"]["primaryLocationLineHash"].to_string());
    }
    assert_eq!(fingerprints.len(), results.len());
}

#[test]
fn junit_is_what_its_schema_wants() {
    let repository = repository();
    let file = repository.root().join("out.xml");
    for base in ["main", "change"] {
        let named = format!("junit={}", file.display());
        let arguments = ["check", "--base", base, "--quiet", "--format", &named];
        let output = program(repository.root(), &arguments).output();
        let output = output.expect("the program runs");
        assert_eq!(output.stdout, b"", "it goes to the file alone");
        let text = std::fs::read_to_string(&file).expect("it is there");
        let failures = usize::from(base == "main");
        let counts = format!("tests=\"1\" failures=\"{failures}\"");
        assert_eq!(text.matches(&counts).count(), 2, "{text}");
        let mut lint = Command::new("xmllint");
        lint.args(["--noout", "--schema"]);
        lint.args([&schema("junit-10.xsd"), &file]);
        if let Some(said) = judged("xmllint", &mut lint) {
            assert_eq!(said, "");
        }
    }
}

#[test]
fn gitlab_gets_what_it_asks_for() {
    let issues: Value = serde_json::from_str(&printed(&repository(), "gitlab")).expect("JSON");
    let mut fingerprints = BTreeSet::new();
    let issues = issues.as_array().expect("a list");
    for issue in issues {
        let severity = issue["severity"].as_str().expect("a text");
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
        let path = issue["location"]["path"].as_str().expect("a text");
        assert!(!path.starts_with("./") && !path.starts_with('/'), "{path}");
        assert!(issue["location"]["positions"]["begin"]["line"].is_u64());
        assert!(issue["description"].is_string() && issue["check_name"].is_string());
        fingerprints.insert(issue["fingerprint"].to_string());
    }
    assert_eq!(fingerprints.len(), issues.len());
    assert!(!issues.is_empty());
}

#[test]
fn github_shows_ten_of_a_level_and_the_last_stands_for_the_rest() {
    let mut repository = TestRepository::new();
    repository.write("migcheck.toml", "layout = \"sqlx\"\n");
    let tables = |sql: &str| -> String {
        let all = (1..=14).map(|number| sql.replace('#', &number.to_string()));
        all.collect()
    };
    repository.write(
        "migrations/1_a.sql",
        tables("CREATE TABLE t# (a integer);\n"),
    );
    repository.commit("base");
    repository.write("migrations/2_b.sql", tables("DROP TABLE t#;\n"));
    let text = printed(&repository, "github");
    let errors: Vec<&str> = text
        .lines()
        .filter(|it| it.starts_with("::error"))
        .collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].contains("::5 more:%0Amigrations/2_b.sql:10: table `t10` is dropped"));
    assert!(errors[9].contains("%0Amigrations/2_b.sql:14: table `t14` is dropped [table_dropped]"));
    // And all of them in the summary of the step.
    let summary = repository.root().join("summary.md");
    std::fs::write(&summary, "before\n").expect("it can be written");
    let arguments = ["check", "--base", "main", "--format", "github"];
    let mut command = program(repository.root(), &arguments);
    command.env("GITHUB_STEP_SUMMARY", &summary);
    command.output().expect("the program runs");
    let text = std::fs::read_to_string(&summary).expect("it is there");
    assert!(text.starts_with("before\n### ❌ migcheck: "), "{text}");
    assert_eq!(text.matches("\n#### ❌ table `t").count(), 14);
}

#[test]
fn several_formats_go_to_files_and_one_to_stdout() {
    let repository = repository();
    let arguments = [
        "check",
        "--base",
        "main",
        "--quiet",
        "--format",
        "gcc",
        "--format",
        "json=out.json",
        "--format",
        "text=out.txt",
        "--color",
        "always",
    ];
    let output = program(repository.root(), &arguments).output();
    let output = output.expect("the program runs");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        printed(&repository, "gcc")
    );
    let read =
        |name: &str| std::fs::read_to_string(repository.root().join(name)).expect("it is there");
    assert_eq!(read("out.json"), printed(&repository, "json"));
    // No colours in a file.
    assert_eq!(read("out.txt"), printed(&repository, "text"));
    let said = |arguments: &[&str]| {
        let output = program(repository.root(), arguments).output();
        let output = output.expect("the program runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, text) = said(&["check", "--format", "text", "--format", "json"]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(text, @"migcheck: only one format can go to stdout: name a file for the others, as in `--format text --format sarif=migcheck.sarif`");
    let (code, text) = said(&["check", "--format", "xml"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("unknown format `xml`"), "{text}");
}

#[test]
fn json_is_what_its_schema_says() {
    let repository = repository();
    let file = |name: &str, text: String| {
        let path = repository.root().join(name);
        std::fs::write(&path, text).expect("it can be written");
        path
    };
    let output = program(repository.root(), &["json-schema"]).output();
    let schema = String::from_utf8(output.expect("the program runs").stdout);
    let schema = file("schema.json", schema.expect("it is UTF-8"));
    let report = file("out.json", printed(&repository, "json"));
    let mut validate = Command::new(python());
    validate.args(["-c", VALIDATE]).args([&schema, &report]);
    if let Some(said) = judged("Python with jsonschema", &mut validate) {
        assert_eq!(said, "");
    }
    // And it refuses what is none.
    let wrong = file("wrong.json", "{\"format\": 1}".to_owned());
    let mut validate = Command::new(python());
    validate.args(["-c", VALIDATE]).args([&schema, &wrong]);
    if let Some(said) = judged("Python with jsonschema", &mut validate) {
        assert!(said.contains("'projects' is a required property"), "{said}");
    }
}

/// The errors of each of many documents against one schema, a line for each that has any.
const VALIDATE_ALL: &str = "import json, sys, jsonschema
schema, documents = (json.load(open(it)) for it in sys.argv[1:3])
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
wrong = False
for at, document in enumerate(documents):
    for error in validator(schema).iter_errors(document):
        wrong = True
        print(at, error.message[:300])
sys.exit(wrong)
";

#[test]
fn configuration_has_a_schema_for_editors() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        path
    };
    let output = program(folder.path(), &["json-schema", "config"]).output();
    let schema = String::from_utf8(output.expect("the program runs").stdout);
    let schema = file("schema.json", &schema.expect("it is UTF-8"));
    let said = |configs: &[&str]| -> Option<String> {
        let read = |it: &&str| it.parse::<toml::Table>().expect("it is TOML");
        let configs: Vec<toml::Table> = configs.iter().map(read).collect();
        let configs = serde_json::to_string(&configs).expect("it is JSON");
        let configs = file("configs.json", &configs);
        let mut validate = Command::new(python());
        validate
            .args(["-c", VALIDATE_ALL])
            .args([&schema, &configs]);
        judged("Python with jsonschema", &mut validate)
    };
    let page = include_str!("../../docs/configuration.md");
    let examples = page.split("```toml\n").skip(1);
    let examples: Vec<&str> = examples.filter_map(|it| it.split("```").next()).collect();
    assert!(examples.len() > 45, "{}", examples.len());
    if let Some(said) = said(&examples) {
        assert_eq!(said, "");
    }
    let wrong = [
        "depoly = 1",
        "[rules]\nignore = [\"x\"]",
        "[rules.severity]\nx = \"off\"",
        "[rules]\nunknown = \"off\"",
        "[[project]]\nname = \"a\"",
        "[[project]]\nmigrations = \"a\"\nproject = []",
        "[[retired]]\nobject = \"a\"",
    ];
    if let Some(said) = said(&wrong) {
        let said: Vec<String> = said
            .lines()
            .map(|it| it.split(" one of").next().unwrap_or(it).to_owned())
            .collect();
        insta::assert_snapshot!(said.join("\n"), @"
        Python with jsonschema: 0 Additional properties are not allowed ('depoly' was unexpected)
        1 'x' is not
        2 'x' is not
        3 'off' is not
        4 'migrations' is a required property
        5 Additional properties are not allowed ('project' was unexpected)
        6 'reason' is a required property
        ");
    }
}
