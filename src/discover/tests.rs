//! Whole projects, in memory and in throw-away repositories.

use super::support::TestRepository;
use super::*;

/// The project in memory, one migration per line, or the message of the error.
fn found(files: &[(&str, &str)]) -> String {
    found_with(files, &Overrides::default())
}

fn found_with(files: &[(&str, &str)], options: &Overrides) -> String {
    match discover(&Tree::memory(files.iter().copied()), options) {
        Ok(project) => shown(&project),
        Err(error) => error.to_string(),
    }
}

fn shown(project: &Project) -> String {
    let mut out = format!(
        "{} ({}) · {} ({}) · {}/ in {:?}\n",
        project.layout.as_str(),
        project.layout_evidence,
        project.dialect.as_str(),
        project.dialect_evidence,
        project.folder,
        project.root,
    );
    for it in &project.migrations {
        let down = match &it.down {
            Some(down) => format!(" down {}", split(down.path()).1),
            None => String::new(),
        };
        out.push_str(&format!(
            "{} {:?} {} {} {:?}{down}\n",
            it.version,
            it.name,
            split(&it.path).1,
            it.transaction.name(),
            it.phase
        ));
    }
    for notice in &project.notices {
        out.push_str(&format!("note: {notice}\n"));
    }
    out
}

#[test]
fn sqlx_runs_by_number() {
    let files = [
        (
            "Cargo.toml",
            "[dependencies]\nsqlx = { version = \"0.8\", features = [\"postgres\"] }\n",
        ),
        ("migrations/10_c.sql", ""),
        ("migrations/1_a.sql", "CREATE TABLE t (a int);"),
        (
            "migrations/002_b_and_c.up.sql",
            "-- no-transaction\nSELECT 1",
        ),
        ("migrations/2_b_and_c.down.sql", ""),
        ("migrations/README.md", ""),
        ("migrations/seed.sql", ""),
        ("migrations/old/3_x.sql", ""),
    ];
    let expected = "\
sqlx (`sqlx` in Cargo.toml) · postgres (`postgres` in Cargo.toml) · migrations/ in \"\"
1 \"a\" 1_a.sql file PreDeploy
2 \"b and c\" 002_b_and_c.up.sql none PreDeploy down 2_b_and_c.down.sql
10 \"c\" 10_c.sql file PreDeploy
note: `migrations/seed.sql` is not a migration: sqlx wants <number>_<name>.sql
note: `migrations/old/` is not read (1 .sql file): only the folder itself is
";
    assert_eq!(found(&files), expected);
}

#[test]
fn work_tree_and_base_are_read_alike() {
    let mut repository = TestRepository::new();
    repository.write("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n");
    repository.write("migrations/1_a.sql", "CREATE TABLE t (a int);");
    repository.commit("base");
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write("migrations/2_b.sql", "DROP TABLE t;");
    let target = locate(&[repository.root().to_owned()]).unwrap();
    let project = discover(&target.tree, &target.overrides()).unwrap();
    assert_eq!(project.migrations.len(), 2);
    let git = target.repository.unwrap();
    let base = git.base(None, &|_| None).unwrap();
    assert_eq!(base.name, "main");
    let tree = Tree::revision(&git, &base.commit);
    let old = discover(&tree, &Overrides::default()).unwrap();
    assert_eq!(old.migrations, project.migrations[..1]);
}
