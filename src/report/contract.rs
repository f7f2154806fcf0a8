//! What was drawn into a contract, in one line for stderr.

use super::wrap::counted;
use crate::contract::{Contract, ContractEvidence};

/// One line that says what a contract holds and where that was found; `folder` is that of the
/// migrations, `sources` the places of the queries.
pub fn contract_line(contract: &Contract, folder: &str, sources: &[String]) -> String {
    let folder = if folder.is_empty() { "." } else { folder };
    let history = &contract.history;
    let mut parts = vec![
        history.table.layout.as_str().to_owned(),
        format!("{folder}/ ({})", history.migrations.len()),
    ];
    parts.push(match contract.evidence {
        ContractEvidence::Presumed => {
            "no queries found: everything in the schema is presumed to be used".to_owned()
        }
        ContractEvidence::Complete | ContractEvidence::Partial => {
            let places = match sources {
                [] => String::new(),
                [only] => format!(" in {only}"),
                [first, rest @ ..] => {
                    format!(" in {first} and {}", counted(rest.len(), "other place"))
                }
            };
            let queries = counted(contract.queries.len(), "query");
            let evidence = match contract.evidence {
                ContractEvidence::Complete => "declared to be all",
                ContractEvidence::Partial | ContractEvidence::Presumed => {
                    "the code may send others"
                }
            };
            format!("{queries}{places}, {evidence}")
        }
    });
    let needs = [
        (contract.relations.len(), "relation"),
        (contract.types.len(), "type"),
        (contract.routines.len(), "function"),
    ];
    let needs = needs.iter().filter(|(count, _)| *count > 0);
    let needs: Vec<String> = needs.map(|(count, what)| counted(*count, what)).collect();
    parts.push(match needs.is_empty() {
        true => "needs nothing".to_owned(),
        false => format!("needs {}", needs.join(", ")),
    });
    if !contract.unknown.is_empty() {
        parts.push(format!(
            "{} not read, which may be a query",
            counted(contract.unknown.len(), "text")
        ));
    }
    format!("migcheck: {}", parts.join(" · "))
}
