//! What releases are made of: whoever makes an archive and whoever looks for it mean the same name.

use std::path::Path;

use serde_norway::Value;

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(path: &str) -> Value {
    serde_norway::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn manifest() -> toml::Value {
    toml::from_str(&text("Cargo.toml")).expect("Cargo.toml is TOML")
}

/// The targets of a job of the release workflow.
fn targets(job: &str) -> Vec<String> {
    let workflow = yaml(".github/workflows/release.yml");
    let entries = workflow["jobs"][job]["strategy"]["matrix"]["include"].as_sequence();
    let entries = entries.expect("the job has a matrix").iter();
    let targets = entries.map(|it| it["target"].as_str().expect("a target").to_owned());
    targets.collect()
}

/// What `cargo binstall` fills into a pattern of the manifest for a target.
fn filled(pattern: &str, target: &str) -> String {
    pattern
        .replace("{ repo }", "REPO")
        .replace("{ name }", "migcheck")
        .replace("{ version }", env!("CARGO_PKG_VERSION"))
        .replace("{ target }", target)
        .replace("{ bin }", "migcheck")
        .replace(
            "{ binary-ext }",
            if target.contains("windows") {
                ".exe"
            } else {
                ""
            },
        )
}

#[test]
fn cargo_binstall_asks_for_an_archive_that_a_release_has() {
    let manifest = manifest();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let built = targets("build");
    assert!(built.len() > 4, "{built:?}");
    let with_libraries = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];
    let asked = built.iter().map(String::as_str).chain(with_libraries);
    for target in asked {
        let own = binstall["overrides"].get(target);
        let said = |key: &str| {
            let own = own.and_then(|it| it.get(key));
            own.unwrap_or(&binstall[key]).as_str().expect("a text")
        };
        // The static program stands for one that is linked with the libraries of the system.
        let archive = target.replace("linux-gnu", "linux-musl");
        assert!(built.contains(&archive), "{target}");
        let (ending, format) = match target.contains("windows") {
            true => ("zip", "zip"),
            false => ("tar.gz", "tgz"),
        };
        let version = env!("CARGO_PKG_VERSION");
        let name = format!("migcheck-v{version}-{archive}");
        let url = filled(said("pkg-url"), target);
        assert_eq!(
            url,
            format!("REPO/releases/download/v{version}/{name}.{ending}")
        );
        assert_eq!(said("pkg-fmt"), format);
        let program = if target.contains("windows") {
            "migcheck.exe"
        } else {
            "migcheck"
        };
        assert_eq!(filled(said("bin-dir"), target), format!("{name}/{program}"));
    }
    let script = text("scripts/package");
    assert!(script.contains("name=migcheck-v$version-$target"));
    assert!(script.contains("archive=$name.tar.gz") && script.contains("archive=$name.zip"));
}

#[test]
fn a_wheel_is_made_for_every_system_that_has_an_archive() {
    let systems = |job: &str| {
        let targets = targets(job).into_iter();
        let mut systems: Vec<String> = targets
            .map(|it| it.replace("-musl", "").replace("-gnu", ""))
            .collect();
        systems.sort();
        systems
    };
    assert_eq!(systems("wheel"), systems("build"));
    let project: toml::Value =
        toml::from_str(&text("packaging/python/pyproject.toml")).expect("it is TOML");
    // `migcheck` belongs to another tool there.
    assert_eq!(project["project"]["name"].as_str(), Some("migcheck-cli"));
    let manifest = manifest();
    for key in ["description", "license"] {
        assert_eq!(project["project"][key], manifest["package"][key]);
    }
}

/// A value of an event could be written by anybody, and would be run by the shell.
#[test]
fn no_workflow_fills_an_event_into_a_script() {
    for path in [".github/workflows/ci.yml", ".github/workflows/release.yml"] {
        let workflow = yaml(path);
        let jobs = workflow["jobs"].as_mapping().expect("there are jobs");
        let steps = jobs
            .values()
            .flat_map(|job| job["steps"].as_sequence().expect("steps"));
        let scripts: Vec<&str> = steps.filter_map(|step| step["run"].as_str()).collect();
        assert!(scripts.len() > 1, "{path}");
        for script in scripts {
            assert!(!script.contains("${{"), "{path}: {script}");
        }
    }
}
