#[test]
fn probe_commands() {
    for f in ["/tmp/br/cmds.sql", "/tmp/br/forms.sql"] {
        for line in std::fs::read_to_string(f).unwrap_or_default().lines() {
            let script = migcheck::sql::read(line, migcheck::Dialect::Postgres);
            for s in &script.statements {
                let ops: Vec<_> = s.operations.iter().map(|o| o.op.name()).collect();
                if let Some(r) = s.not_understood() {
                    println!("NOT {line} => {r}");
                } else if ops.contains(&"call") {
                    println!("CALL {line}");
                } else if ops.iter().any(|o| o.contains("other")) {
                    println!("OTHER {line}");
                }
            }
            if script.statements.len() != 1 {
                println!("COUNT {line} {}", script.statements.len());
            }
        }
    }
}
