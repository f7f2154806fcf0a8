//! What a change of a column's type does to code that was written for the old one: the table in
//! `docs/type-changes.md` is what the program says, and a server agrees with it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use migcheck::analysis::{Access, Harm, Pair, Weight, harms};
use migcheck::schema::diff::{Change, Difference, ObjectKind, ObjectRef};
use migcheck::schema::name::{Ident, ObjectName, QualifiedName};
use migcheck::schema::types::SqlType;

use crate::postgres::database;

/// A type as people write it, and as the catalog holds it.
struct Kind {
    shown: &'static str,
    data_type: SqlType,
}

fn kinds() -> Vec<Kind> {
    let builtin = |shown, name| Kind {
        shown,
        data_type: SqlType::builtin(name),
    };
    let with = |shown, name, modifiers: &[i64]| Kind {
        shown,
        data_type: SqlType::with_modifiers(name, modifiers),
    };
    let mut out = vec![
        builtin("smallint", "int2"),
        builtin("integer", "int4"),
        builtin("bigint", "int8"),
        with("numeric(10,2)", "numeric", &[10, 2]),
        builtin("numeric", "numeric"),
        builtin("real", "float4"),
        builtin("double precision", "float8"),
        builtin("boolean", "bool"),
        with("varchar(20)", "varchar", &[20]),
        builtin("varchar", "varchar"),
        builtin("text", "text"),
        with("char(3)", "bpchar", &[3]),
        builtin("uuid", "uuid"),
        builtin("date", "date"),
        builtin("timestamp", "timestamp"),
        builtin("timestamptz", "timestamptz"),
        builtin("time", "time"),
        builtin("interval", "interval"),
        builtin("json", "json"),
        builtin("jsonb", "jsonb"),
        builtin("bytea", "bytea"),
        builtin("inet", "inet"),
    ];
    out.push(Kind {
        shown: "mood",
        data_type: SqlType::user(ObjectName::qualified("public", "mood")),
    });
    out
}

/// What old code meets when a column of one type gets another.
fn old_code(from: &Kind, to: &Kind) -> Vec<Harm> {
    let table = QualifiedName::new("public", "t");
    let difference = Difference {
        object: ObjectRef::part(ObjectKind::Column, &table, &Ident::new("a")),
        change: Change::ColumnTypeChanged {
            from: from.data_type.clone(),
            to: to.data_type.clone(),
        },
    };
    let all = harms(&difference).into_iter();
    all.filter(|it| it.pair != Pair::NewOnOld).collect()
}

/// One cell of the table.
fn cell(from: &Kind, to: &Kind) -> &'static str {
    if from.shown == to.shown {
        return "";
    }
    let harms = old_code(from, to);
    let refused = harms.iter().any(|it| it.weight == Weight::Error);
    let narrower = harms
        .iter()
        .any(|it| it.weight == Weight::Warning && it.access == [Access::Write]);
    let decoded = harms
        .iter()
        .any(|it| it.weight == Weight::Warning && it.access != [Access::Write]);
    let wider = harms.iter().any(|it| it.pair == Pair::OldReadsNewData);
    match (refused, decoded, narrower, wider) {
        (true, ..) => "x",
        (_, true, true, _) => "dn",
        (_, true, ..) => "d",
        (_, _, true, _) => "n",
        (_, _, _, true) => "w",
        _ => "=",
    }
}

fn page() -> String {
    let kinds = kinds();
    let mut out = String::from(
        "# Changes of type\n\n\
         What `ALTER TABLE t ALTER COLUMN a TYPE …` does to code that was written for the old type: one row\n\
         for each old type, one column for each new one. A test compares this page with what the program says and\n\
         asks a server about every pair. For code of the new type on the old schema read the table the other way round.\n\n\
         | mark | reads | writes | strict decoding | severity of `column_type_changed` |\n\
         | --- | --- | --- | --- | --- |\n\
         | `=` | the same | the same | the same | silent |\n\
         | `w` | wider values than ever before | the same | the same | note (old-reads-new-data) |\n\
         | `n` | the same | longer or larger values are refused (22001, 22003) or rounded | the same | warning |\n\
         | `d` | the same values; comparisons with the old type may find no operator (42883) | converted by the server | \
         another type on the wire: strict drivers fail | warning |\n\
         | `dn` | as `d` | numbers out of its range are refused (22003) | as `d` | warning |\n\
         | `x` | as `d` | refused: no assignment cast (42804) | as `d` | error |\n\n\
         `mood` stands for any enum of the project. Character types are one type on the wire for drivers; a length is all that tells\n\
         them apart.\n\n",
    );
    let names: Vec<String> = kinds.iter().map(|it| format!("`{}`", it.shown)).collect();
    let _ = writeln!(out, "| old \\ new | {} |", names.join(" | "));
    let _ = writeln!(out, "| --- |{}", " :-: |".repeat(kinds.len()));
    for from in &kinds {
        let cells: Vec<&str> = kinds.iter().map(|to| cell(from, to)).collect();
        let _ = writeln!(out, "| `{}` | {} |", from.shown, cells.join(" | "));
    }
    out
}

#[test]
fn the_page_on_changes_of_type_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/type-changes.md");
    let page = page();
    if std::env::var_os("MIGCHECK_WRITE_PAGES").is_some() {
        fs::write(&path, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&path).expect("the page is there");
    assert!(
        written == page,
        "docs/type-changes.md is out of date: MIGCHECK_WRITE_PAGES=1 cargo test --test it type_changes"
    );
}

#[test]
fn a_server_refuses_the_writes_that_the_table_says_it_refuses() {
    let Some(server) = database() else {
        return;
    };
    server
        .run("CREATE TYPE mood AS ENUM ('sad')")
        .expect("a type");
    let kinds = kinds();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for to in &kinds {
        server
            .run(&format!("CREATE TABLE t (a {})", to.shown))
            .expect("a table");
        let mut script = String::new();
        for from in kinds.iter().filter(|from| from.shown != to.shown) {
            let _ = writeln!(
                script,
                "DO $$ BEGIN EXECUTE 'PREPARE p ({}) AS INSERT INTO t (a) VALUES ($1)'; EXECUTE \
                 'DEALLOCATE p'; RAISE NOTICE 'x'; EXCEPTION WHEN datatype_mismatch THEN INSERT INTO \
                 refused VALUES ('{}'); END $$;",
                from.shown, from.shown
            );
            asked += 1;
        }
        let answer = server
            .run(&format!(
                "CREATE TEMPORARY TABLE refused (a text); SET client_min_messages = error; {script} SELECT a FROM refused; DROP \
                 TABLE t;"
            ))
            .expect("it is asked");
        let refused: Vec<&str> = answer.lines().collect();
        for from in kinds.iter().filter(|from| from.shown != to.shown) {
            let said = cell(from, to) == "x";
            if said != refused.contains(&from.shown) {
                wrong.push(format!(
                    "{} into {}: the program says {}",
                    from.shown,
                    to.shown,
                    cell(from, to)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(asked, kinds.len() * (kinds.len() - 1));
}
