//! Opinions: what we say about a fact, one page and one function each.
//!
//! A rule looks at what changed and who is hurt, and says what happened, why it hurts and what to
//! do instead. It never decides how bad that is, nor whether it is allowed: that is
//! [`crate::findings`].

use crate::analysis::{Break, Pair};
use crate::schema::diff::{Difference, ObjectKind, ObjectRef};
use crate::schema::name::Ident;

/// What a rule gets to see: one difference and every break that it causes.
#[derive(Debug)]
pub struct Facts<'a> {
    /// What changed, old to new.
    pub difference: &'a Difference,
    /// Who is hurt by it; never empty.
    pub breaks: Vec<&'a Break>,
    /// The statement's own words for why it was not understood, where that is the fact.
    pub reason: Option<&'a str>,
}

impl Facts<'_> {
    /// Whether a release on that side is hurt.
    pub fn hurts(&self, pair: Pair) -> bool {
        self.breaks.iter().any(|it| it.harm.pair == pair)
    }

    /// The table or type that the object is a part of, as people name it; the object itself where
    /// it is a part of nothing.
    fn owner(&self) -> ObjectRef {
        let object = self.difference.object.clone();
        match object.parent {
            Some(parent) => ObjectRef {
                kind: ObjectKind::Table,
                schema: object.schema,
                parent: None,
                name: parent,
            },
            None => object,
        }
    }
}

/// How a release says that it no longer uses an object, as its `migcheck.toml` takes it.
fn retire(object: &ObjectRef) -> String {
    retire_as(&object.to_string())
}

/// The same, of what has this name.
fn retire_as(name: &str) -> String {
    let name = match name.contains(['"', '\\']) && !name.contains('\'') {
        true => format!("'{name}'"),
        false => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
    };
    format!("`[[retired]]`, `object = {name}`, `reason = \"…\"`")
}

/// Names as SQL lists them: `a, b`.
fn listed(names: &[Ident]) -> String {
    let names: Vec<String> = names.iter().map(Ident::to_string).collect();
    names.join(", ")
}

/// Names that are listed in one message.
const MOST_NAMED: usize = 5;

/// The first of the names that a message lists, and how many more there are.
fn named(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(MOST_NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(MOST_NAMED) {
        0 => first.join(", "),
        count => format!("{} and {count} more", first.join(", ")),
    }
}

/// The same, each in backticks.
fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    named(&quoted)
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What happened: lower case, no full stop, names in backticks.
    pub message: String,
    /// Why it hurts.
    pub why: String,
    /// What to do instead.
    pub help: String,
}

/// Which kind of trouble a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A release's statement fails.
    Compat,
    /// A reader meets values that it cannot take.
    Data,
    /// Data is gone.
    Loss,
    /// Locks, rewrites, scans, transactions.
    Ops,
    /// Order, edits, branches, files.
    History,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 5] = [
        Class::Compat,
        Class::Data,
        Class::Loss,
        Class::Ops,
        Class::History,
    ];

    /// The name in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Compat => "compat",
            Class::Data => "data",
            Class::Loss => "loss",
            Class::Ops => "ops",
            Class::History => "history",
        }
    }
}

/// One rule: its name, its page, its function.
#[derive(Debug)]
pub struct Rule {
    /// The name in reports, configuration and file names: what happened to which object.
    pub name: &'static str,
    /// The page `rules/<name>.md`.
    pub page: &'static str,
    /// Its class.
    pub class: Class,
    /// What it says about a difference; `None` when the difference is not its business.
    pub check: fn(&Facts) -> Option<Advice>,
}

impl Rule {
    /// The version of migcheck that first had it.
    pub(crate) fn since(&self) -> &'static str {
        let rest = self.page.split_once("\nsince = \"");
        rest.and_then(|(_, rest)| rest.split('"').next())
            .unwrap_or("")
    }
}

macro_rules! rules {
    ($($name:ident: $class:ident,)*) => {
        $(pub(crate) mod $name;)*

        /// Every rule, in the order of the names.
        pub static RULES: &[Rule] = &[$(Rule {
            name: stringify!($name),
            page: include_str!(concat!("../../rules/", stringify!($name), ".md")),
            class: Class::$class,
            check: $name::check,
        },)*];
    };
}

rules![
    allow_invalid: History,
    allow_unused: History,
    column_added: Compat,
    column_added_required: Compat,
    column_backfilled: Data,
    column_default_changed: Compat,
    column_default_dropped: Compat,
    column_dropped: Compat,
    column_loosened: Compat,
    column_renamed: Compat,
    column_set_not_null: Compat,
    column_type_changed: Compat,
    column_writes_refused: Compat,
    constraint_added: Compat,
    constraint_dropped: Compat,
    domain_tightened: Compat,
    down_differs: History,
    down_missing: History,
    enum_label_added: Data,
    enum_label_dropped: Compat,
    enum_label_renamed: Compat,
    extension_dropped: Compat,
    function_added: Compat,
    function_dropped: Compat,
    function_result_changed: Compat,
    heads_diverged: History,
    key_collation_changed: Compat,
    marker_misplaced: History,
    migration_deleted: History,
    migration_edited: History,
    migration_skipped: History,
    migration_unreadable: History,
    migrations_conflict: History,
    migrations_squashed: History,
    name_reused: Compat,
    not_understood: Compat,
    partition_detached: Compat,
    policy_changed: Compat,
    privilege_granted: Compat,
    privilege_revoked: Compat,
    query_fails: Compat,
    reference_tightened: Compat,
    replay_differs: History,
    result_reshaped: Compat,
    role_dropped: Compat,
    row_security_enabled: Compat,
    rows_rewritten: Data,
    rule_changed: Compat,
    sequence_dropped: Compat,
    squash_differs: History,
    statement_refused: History,
    table_added: Compat,
    table_copied: Data,
    table_covered_by_view: Compat,
    table_dropped: Compat,
    table_renamed: Compat,
    transaction_forbidden: Ops,
    trigger_added: Compat,
    trigger_dropped: Compat,
    type_added: Compat,
    type_dropped: Compat,
    type_redefined: Compat,
    unique_key_dropped: Compat,
    value_list_changed: Compat,
    version_duplicated: History,
    version_gap: History,
    version_late: History,
    view_dropped: Compat,
    view_writes_refused: Compat,
];

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The rule that has something to say about the facts, and what it says. Every difference that
/// hurts somebody is one rule's business.
pub fn advise(facts: &Facts) -> Option<(&'static Rule, Advice)> {
    RULES
        .iter()
        .find_map(|rule| (rule.check)(facts).map(|advice| (rule, advice)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Access, Evidence, Harm, Weight, harms};
    use crate::schema::diff::{Change, Demand, PolicyChange, Supply};
    use crate::schema::name::{ObjectName, QualifiedName};
    use crate::schema::op::{PolicyCommand, RelationKind, RoutineKind, TriggerTiming};
    use crate::schema::types::SqlType;

    fn name(text: &str) -> QualifiedName {
        QualifiedName::new("public", text)
    }

    /// One difference per change, in every form that makes it say something else, for every kind
    /// of object that it happens to.
    fn differences() -> Vec<Difference> {
        let mut out = Vec::new();
        let mut top = |kind, change| {
            out.push(Difference {
                object: ObjectRef::top(kind, &name("t")),
                change,
            });
        };
        for kind in [ObjectKind::Table, ObjectKind::View, ObjectKind::Sequence] {
            top(kind, Change::RelationAdded);
            top(kind, Change::RelationDropped);
            top(kind, Change::RelationRenamed { to: name("u") });
            top(kind, Change::Unread);
            top(kind, Change::QueryFails { code: "42702" });
            for has_star in [true, false] {
                let what = "gains `a`".into();
                top(kind, Change::ResultReshaped { what, has_star });
            }
        }
        for without in [vec![PolicyCommand::Insert], Vec::new()] {
            for was_on in [true, false] {
                let without = without.clone();
                top(ObjectKind::Table, Change::RowSecurityOn { without, was_on });
            }
        }
        top(
            ObjectKind::Table,
            Change::Obscured {
                from: RelationKind::Table,
                to: RelationKind::View,
            },
        );
        for kind in [ObjectKind::Table, ObjectKind::View] {
            for is_written in [true, false] {
                top(kind, Change::ViewWritesRefused { is_written });
            }
        }
        top(ObjectKind::Table, Change::NameReused);
        let partition = name("u");
        for has_default in [true, false] {
            let partition = partition.clone();
            top(
                ObjectKind::Table,
                Change::PartitionDetached {
                    partition,
                    has_default,
                },
            );
        }
        let from = vec![name("u")];
        top(ObjectKind::Table, Change::RowsCopied { from });
        for table in [Some(name("u")), None] {
            top(ObjectKind::Table, Change::CoveredByView { table });
        }
        top(ObjectKind::Type, Change::TypeAdded);
        top(ObjectKind::Type, Change::TypeDropped);
        top(ObjectKind::Type, Change::TypeRedefined);
        top(ObjectKind::Type, Change::TypeRenamed { to: name("u") });
        for required in [true, false] {
            top(ObjectKind::Type, Change::DomainTightened { required });
        }
        top(ObjectKind::Type, Change::Unread);
        top(ObjectKind::Function, Change::RoutineAdded);
        for kind in [
            RoutineKind::Function,
            RoutineKind::Procedure,
            RoutineKind::Aggregate,
        ] {
            top(ObjectKind::Function, Change::RoutineDropped { kind });
        }
        let trigger = Ident::new("g");
        let table = name("u");
        top(
            ObjectKind::Function,
            Change::TriggerBodyChanged { trigger, table },
        );
        top(ObjectKind::Function, Change::RoutineParametersRenamed);
        for argument in [SqlType::builtin("int4"), SqlType::unknown()] {
            top(
                ObjectKind::Function,
                Change::RoutineArgumentsChanged {
                    calls: vec![vec![SqlType::builtin("text")]],
                    forms: vec![vec![argument]],
                },
            );
        }
        top(
            ObjectKind::Function,
            Change::RoutineResultChanged {
                from: "integer".into(),
                to: "text".into(),
            },
        );
        top(
            ObjectKind::Function,
            Change::RoutineRenamed { to: name("u") },
        );
        top(ObjectKind::Migration, Change::Unread);
        top(ObjectKind::Extension, Change::ExtensionDropped);
        for (kind, on, privilege) in [
            (ObjectKind::Table, "table", "SELECT"),
            (ObjectKind::View, "view", "INSERT"),
            (ObjectKind::Sequence, "sequence", "USAGE"),
            (ObjectKind::Function, "function", "EXECUTE"),
            (ObjectKind::Schema, "schema", "USAGE"),
            (ObjectKind::Role, "role", "MEMBER"),
        ] {
            for role in ["app", "public"].map(Ident::new) {
                let privileges = std::collections::BTreeSet::from([privilege.into()]);
                top(
                    kind,
                    Change::PrivilegeRevoked {
                        role: role.clone(),
                        privileges: privileges.clone(),
                        on,
                    },
                );
                top(
                    kind,
                    Change::PrivilegeGranted {
                        role,
                        privileges,
                        on,
                    },
                );
            }
        }
        top(ObjectKind::Role, Change::RoleDropped);
        let to = Ident::new("u");
        top(ObjectKind::Role, Change::RoleRenamed { to });
        top(ObjectKind::Role, Change::LoginRevoked);
        let mut part = |kind, change| {
            out.push(Difference {
                object: ObjectRef::part(kind, &name("t"), &Ident::new("a")),
                change,
            });
        };
        for yes in [true, false] {
            for change in [
                Change::ColumnAdded { required: yes },
                Change::ColumnDropped { required: yes },
                Change::NotNullSet { supplied: yes },
                Change::NotNullDropped { supplied: yes },
                Change::DefaultDropped {
                    supply: Supply::Default,
                    required: yes,
                },
                Change::DefaultAdded { was_required: yes },
            ] {
                part(ObjectKind::Column, change);
            }
        }
        let values = std::collections::BTreeSet::from(["x".into()]);
        let column = Ident::new("a");
        for change in [
            Change::ColumnRenamed {
                to: Ident::new("b"),
            },
            Change::DefaultChanged,
            Change::DomainChanged,
            Change::RowsRewritten,
            Change::WritesRefused,
            Change::WritesAllowed,
            Change::KeyCollationChanged,
            Change::ValuesRemoved {
                column: column.clone(),
                values: values.clone(),
            },
            Change::ValuesAdded {
                column: column.clone(),
                values,
            },
        ] {
            part(ObjectKind::Column, change);
        }
        let text = SqlType::builtin("text");
        let integer = SqlType::builtin("int4");
        let short = SqlType::with_modifiers("varchar", &[3]);
        let label = SqlType::user(ObjectName::qualified("public", "mood"));
        for (from, to) in [
            (&text, &integer),
            (&integer, &text),
            (&text, &short),
            (&short, &text),
            (&text, &label),
            (&label, &text),
        ] {
            part(
                ObjectKind::Column,
                Change::ColumnTypeChanged {
                    from: from.clone(),
                    to: to.clone(),
                },
            );
        }
        let columns = vec![column];
        for demand in [
            Demand::Check,
            Demand::ForeignKey,
            Demand::Unique,
            Demand::Exclusion,
        ] {
            for not_valid in [true, false] {
                part(
                    ObjectKind::Constraint,
                    Change::ConstraintAdded {
                        demand,
                        columns: columns.clone(),
                        keys: None,
                        not_valid,
                        replaces: not_valid,
                    },
                );
            }
            part(
                ObjectKind::Constraint,
                Change::ConstraintDropped {
                    demand,
                    columns: columns.clone(),
                },
            );
        }
        for primary in [true, false] {
            let columns = columns.clone();
            part(
                ObjectKind::Constraint,
                Change::UniqueKeyLost { columns, primary },
            );
        }
        part(
            ObjectKind::Constraint,
            Change::ReferenceTightened { to: name("u") },
        );
        part(ObjectKind::Trigger, Change::TriggerDropped);
        for is_written in [true, false] {
            part(
                ObjectKind::Column,
                Change::ViewColumnComputed { is_written },
            );
        }
        part(
            ObjectKind::Column,
            Change::ShownTypeChanged {
                from: SqlType::builtin("int4"),
                to: SqlType::builtin("text"),
            },
        );
        part(ObjectKind::Column, Change::NameReused);
        part(ObjectKind::Column, Change::Backfilled);
        for timing in [
            TriggerTiming::Before,
            TriggerTiming::After,
            TriggerTiming::InsteadOf,
        ] {
            part(ObjectKind::Trigger, Change::TriggerAdded { timing });
        }
        part(ObjectKind::Rule, Change::RuleAdded);
        part(ObjectKind::Rule, Change::RuleDropped);
        for how in [
            PolicyChange::Added,
            PolicyChange::Changed,
            PolicyChange::Dropped,
        ] {
            for command in [
                PolicyCommand::All,
                PolicyCommand::Select,
                PolicyCommand::Insert,
                PolicyCommand::Update,
                PolicyCommand::Delete,
            ] {
                part(ObjectKind::Policy, Change::PolicyChanged { how, command });
            }
        }
        part(ObjectKind::EnumLabel, Change::LabelAdded);
        part(ObjectKind::EnumLabel, Change::LabelDropped);
        let to = Ident::new("b");
        part(ObjectKind::EnumLabel, Change::LabelRenamed { to });
        out
    }

    fn breaks(difference: &Difference) -> Vec<Break> {
        let mut harms = harms(difference);
        if matches!(
            difference.change,
            Change::QueryFails { .. } | Change::ResultReshaped { .. }
        ) {
            // What a query shows comes from the query.
            let pairs: &[Pair] = match difference.change {
                Change::QueryFails { .. } => &[Pair::OldOnNew, Pair::NewOnOld],
                _ => &[Pair::OldOnNew],
            };
            harms.extend(pairs.iter().map(|pair| Harm {
                pair: *pair,
                access: &[Access::Read],
                weight: Weight::Error,
                error: None,
            }));
        }
        harms
            .into_iter()
            .map(|harm| Break {
                release: 0,
                difference: difference.clone(),
                access: harm.access.to_vec(),
                harm,
                evidence: Evidence::Presumed,
                start: 0,
                end: 1,
                blamed: Some(0),
                uses: Vec::new(),
                unused: None,
                mentions: Vec::new(),
            })
            .collect()
    }

    /// Every rule that answers to the difference, given all its breaks and each pair alone (a
    /// release that retired the object leaves the other side's only).
    fn answers(difference: &Difference) -> Vec<Vec<(&'static str, Advice)>> {
        let breaks = breaks(difference);
        let mut selections: Vec<Vec<&Break>> = vec![breaks.iter().collect()];
        selections.extend(breaks.iter().map(|it| vec![it]));
        selections
            .into_iter()
            .filter(|breaks| !breaks.is_empty())
            .map(|breaks| {
                let facts = Facts {
                    difference,
                    breaks,
                    reason: None,
                };
                RULES
                    .iter()
                    .filter_map(|rule| (rule.check)(&facts).map(|advice| (rule.name, advice)))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn every_difference_that_hurts_is_one_rules_business() {
        for difference in differences() {
            for answers in answers(&difference) {
                let names: Vec<&str> = answers.iter().map(|(name, _)| *name).collect();
                assert_eq!(names.len(), 1, "{difference:?}: {names:?}");
            }
        }
    }

    /// A file that cannot be read has no statement to differ by, and two histories are no states of
    /// one.
    const WITHOUT_DIFFERENCE: [&str; 19] = [
        "allow_invalid",
        "allow_unused",
        "down_differs",
        "down_missing",
        "heads_diverged",
        "marker_misplaced",
        "migration_deleted",
        "migration_edited",
        "migration_skipped",
        "migration_unreadable",
        "migrations_conflict",
        "migrations_squashed",
        "replay_differs",
        "squash_differs",
        "statement_refused",
        "transaction_forbidden",
        "version_duplicated",
        "version_gap",
        "version_late",
    ];

    #[test]
    fn every_rule_answers_to_some_difference() {
        let heard: Vec<&str> = differences()
            .iter()
            .flat_map(answers)
            .flatten()
            .map(|(name, _)| name)
            .collect();
        for rule in RULES {
            let has_difference = !WITHOUT_DIFFERENCE.contains(&rule.name);
            assert_eq!(heard.contains(&rule.name), has_difference, "{}", rule.name);
        }
    }

    /// What is said about two histories, in every form.
    fn about_history(does: &str) -> Vec<Advice> {
        use crate::discover::{Consequence, Edit, Edited, Reaction};
        let few = vec!["1".to_owned()];
        let many: Vec<String> = (0..9).map(|it| it.to_string()).collect();
        let objects = vec!["column `t.a` is missing".to_owned()];
        let mut all = vec![down_missing::advice("dbmate", 5, 6)];
        for what in [
            Edited::Statements,
            Edited::Comments,
            Edited::LineEndings,
            Edited::Name,
        ] {
            let edit = Edit {
                what,
                reaction: Reaction {
                    consequence: Consequence::Refused,
                    does: does.to_owned(),
                },
                at: 0,
            };
            for schema in [
                migration_edited::Schema::Open,
                migration_edited::Schema::Same,
                migration_edited::Schema::Differs(objects.clone()),
            ] {
                all.push(migration_edited::advice("1", &edit, "main@1", &schema));
            }
        }
        for versions in [&few, &many] {
            all.push(migration_deleted::advice(versions, does, &[], None));
            all.push(migration_deleted::advice(
                versions,
                does,
                &objects,
                Some("2_a.sql"),
            ));
            let one = ("1", "1", 1);
            let known = migrations_squashed::Replaced::Known;
            all.push(migrations_squashed::advice(versions, one, known, does));
            all.push(squash_differs::advice(versions, one, &objects));
            let replaced = ("1", "9", 9);
            for known in [
                migrations_squashed::Replaced::Known,
                migrations_squashed::Replaced::ToBeTold,
            ] {
                all.push(migrations_squashed::advice(versions, replaced, known, does));
            }
            all.push(squash_differs::advice(versions, replaced, &objects));
            for fresh in [None, Some(many.clone())] {
                for late in [None, Some(does.to_owned())] {
                    for yes in [false, true] {
                        let order = heads_diverged::Order {
                            fresh: fresh.clone(),
                            late: late.clone(),
                            is_unknown: yes,
                            is_merged: yes,
                        };
                        let advice = heads_diverged::advice(versions, &few, "main", &order);
                        all.push(advice);
                    }
                }
            }
        }
        let said = "42P07 relation \"t\" already exists".to_owned();
        for clash in [
            migrations_conflict::Clash::SecondRefused(said.clone()),
            migrations_conflict::Clash::OursRefused(said.clone()),
            migrations_conflict::Clash::TheirsRefused(said),
            migrations_conflict::Clash::Differs(objects.clone()),
        ] {
            let there = ("2_a.sql:1", "`CREATE TABLE t ()`");
            for is_merged in [false, true] {
                let object = "table `t`";
                let advice = migrations_conflict::advice(object, "main", there, &clash, is_merged);
                all.push(advice);
            }
        }
        all
    }

    #[test]
    fn messages_keep_to_the_style() {
        let mut all: Vec<Advice> = differences()
            .iter()
            .flat_map(answers)
            .flatten()
            .map(|(_, advice)| advice)
            .collect();
        all.push(migration_unreadable::advice(
            "it is not UTF-8",
            "save it as UTF-8",
        ));
        all.push(allow_invalid::advice("it gives no reason"));
        for near in [
            allow_unused::Near::NoStatement,
            allow_unused::Near::Object("t.a".to_owned()),
            allow_unused::Near::OtherStatement,
            allow_unused::Near::Nothing,
        ] {
            all.push(allow_unused::advice("column_dropped", None, near.clone()));
            let object = Some("t.b".to_owned());
            all.push(allow_unused::advice("column_dropped", object, near));
        }
        let does = "sqlx refuses to run anything";
        all.extend(about_history(does));
        all.push(version_duplicated::advice("1", "1_a.sql", does));
        all.push(version_gap::advice(Some("1"), "3", "2", does));
        all.push(version_gap::advice(None, "3", "1", does));
        all.push(version_late::advice("1", "2", does));
        all.push(marker_misplaced::advice(
            "-- x",
            "stands too late",
            "move it",
            does,
        ));
        all.push(migration_skipped::advice(
            "its name has no number",
            does,
            false,
        ));
        for around in [
            transaction_forbidden::Around::Tool,
            transaction_forbidden::Around::Run,
            transaction_forbidden::Around::Own,
            transaction_forbidden::Around::Text,
        ] {
            let text = "CREATE INDEX CONCURRENTLY i ON t (a)";
            all.push(transaction_forbidden::advice(text, around, "opt out"));
        }
        for Advice { message, why, help } in all {
            for text in [&message, &why, &help] {
                assert!(!text.is_empty(), "{message}");
                assert!(!text.ends_with('.'), "{text}");
                assert!(!text.contains("  "), "{text}");
                assert_eq!(text.matches('`').count() % 2, 0, "{text}");
            }
            let first = message.chars().next().expect("it is not empty");
            assert!(first.is_lowercase() || first == '`', "{message}");
        }
    }

    #[test]
    fn rules_stand_in_the_order_of_their_names() {
        assert!(RULES.is_sorted_by_key(|rule| rule.name));
    }

    #[test]
    fn every_page_has_its_parts() {
        for rule in RULES {
            let page = rule.page;
            assert!(
                page.starts_with(&format!("# {}\n\n", rule.name)),
                "{}",
                rule.name
            );
            let mut rest = page;
            let class = format!("class = \"{}\"", rule.class.as_str());
            for part in [
                "```toml\nbreaks = [",
                "severity = \"",
                &class,
                "dialects = [\"postgres\"]",
                "since = \"0.1.0\"",
                "## Why it hurts",
                "## Safe recipe",
                "## Examples",
                "## Sources",
            ] {
                let at = rest.find(part);
                assert!(at.is_some(), "{}: {part} is missing", rule.name);
                rest = &rest[at.unwrap_or(0)..];
            }
        }
    }

    /// The page's pairs are those that the rule's differences can have.
    #[test]
    fn every_page_lists_the_pairs_that_its_rule_reports() {
        for rule in RULES {
            let mut pairs: Vec<Pair> = differences()
                .iter()
                .flat_map(|difference| {
                    let breaks = breaks(difference);
                    let facts = Facts {
                        difference,
                        breaks: breaks.iter().collect(),
                        reason: None,
                    };
                    match (rule.check)(&facts) {
                        Some(_) if !breaks.is_empty() => {
                            breaks.iter().map(|it| it.harm.pair).collect()
                        }
                        _ => Vec::new(),
                    }
                })
                .collect();
            pairs.sort();
            pairs.dedup();
            let list: Vec<String> = pairs
                .iter()
                .map(|pair| format!("\"{}\"", pair.as_str()))
                .collect();
            if WITHOUT_DIFFERENCE.contains(&rule.name) {
                continue;
            }
            let line = format!("breaks = [{}]", list.join(", "));
            assert!(
                rule.page.contains(&line),
                "{} should have {line}",
                rule.name
            );
        }
    }
}
