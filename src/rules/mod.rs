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

/// Names as SQL lists them: `a, b`.
fn listed(names: &[Ident]) -> String {
    let names: Vec<String> = names.iter().map(Ident::to_string).collect();
    names.join(", ")
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
    column_added: Compat,
    column_added_required: Compat,
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
    enum_label_added: Data,
    enum_label_dropped: Compat,
    enum_label_renamed: Compat,
    function_added: Compat,
    function_dropped: Compat,
    key_collation_changed: Compat,
    migration_unreadable: History,
    not_understood: Compat,
    policy_changed: Compat,
    row_security_enabled: Compat,
    sequence_dropped: Compat,
    table_added: Compat,
    table_dropped: Compat,
    table_renamed: Compat,
    trigger_added: Compat,
    type_added: Compat,
    type_dropped: Compat,
    unique_key_dropped: Compat,
    value_list_changed: Compat,
    view_dropped: Compat,
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
