//! Who breaks: what each difference between two schemas does to old and to new code.
//!
//! Input: a [`Difference`], oriented from the old to the new schema. Output: the harms it does to
//! a release that is presumed to do what ordinary code does. Whether that release uses the object
//! at all is the contract's business; how bad it is in this project is decided in
//! [`crate::findings`].

use crate::bind::types::{Fit, fit, is_assignable};
use crate::schema::diff::{Change, Demand, Difference};
use crate::schema::name::Ident;
use crate::schema::types::SqlType;

/// Which code meets which schema or which data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pair {
    /// Old code on the new schema.
    OldOnNew,
    /// New code on the old schema.
    NewOnOld,
    /// Old code reads a row that new code wrote.
    OldReadsNewData,
    /// New code reads a row from before.
    NewReadsOldData,
}

impl Pair {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Pair::OldOnNew => "old-on-new",
            Pair::NewOnOld => "new-on-old",
            Pair::OldReadsNewData => "old-reads-new-data",
            Pair::NewReadsOldData => "new-reads-old-data",
        }
    }
}

/// Reads and writes are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// `SELECT`, and what other statements read.
    Read,
    /// `INSERT`, `UPDATE`, `DELETE`.
    Write,
}

impl Access {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
        }
    }
}

/// How sure a break is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The release was free to use what changes; its queries are not known.
    Presumed,
    /// A statement was not understood.
    Unknown,
}

impl Evidence {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Presumed => "presumed",
            Evidence::Unknown => "unknown",
        }
    }
}

/// When the server notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// When the statement is analysed.
    Parse,
    /// When it is planned.
    Plan,
    /// When it runs.
    Execute,
}

impl Stage {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Plan => "plan",
            Stage::Execute => "execute",
        }
    }
}

/// The server's own error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerError {
    /// The five-character SQLSTATE.
    pub code: &'static str,
    /// The server's message.
    pub message: String,
    /// When it is raised.
    pub stage: Stage,
}

/// How much a presumed release is hurt, before the deploy mode is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Worth knowing; nothing fails.
    Note,
    /// Some statements or values may fail.
    Warning,
    /// Head uses what the change adds: it needs the new schema, and that alone is no error.
    Addition,
    /// Not known, because a statement was not understood.
    Unknown,
    /// Ordinary statements fail.
    Error,
}

/// One way in which a release is hurt.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Harm {
    /// Who meets what.
    pub pair: Pair,
    /// Reads, writes or both.
    pub access: &'static [Access],
    /// How much.
    pub weight: Weight,
    /// What the server says; `None` where it says nothing (a changed meaning or decoding).
    pub error: Option<ServerError>,
}

const READ: &[Access] = &[Access::Read];
const WRITE: &[Access] = &[Access::Write];
const BOTH: &[Access] = &[Access::Read, Access::Write];

fn error(code: &'static str, stage: Stage, message: String) -> Option<ServerError> {
    Some(ServerError {
        code,
        message,
        stage,
    })
}

/// Collects harms; one method per pair keeps the table below readable.
struct Table {
    out: Vec<Harm>,
}

impl Table {
    fn add(
        &mut self,
        pair: Pair,
        access: &'static [Access],
        weight: Weight,
        error: Option<ServerError>,
    ) {
        self.out.push(Harm {
            pair,
            access,
            weight,
            error,
        });
    }

    fn old(&mut self, access: &'static [Access], weight: Weight, error: Option<ServerError>) {
        self.add(Pair::OldOnNew, access, weight, error);
    }

    fn new(&mut self, access: &'static [Access], weight: Weight, error: Option<ServerError>) {
        self.add(Pair::NewOnOld, access, weight, error);
    }

    fn old_reads(&mut self) {
        self.add(Pair::OldReadsNewData, READ, Weight::Note, None);
    }
}

/// What a difference does to presumed releases on either side of it.
///
/// Source: PostgreSQL's SQLSTATEs (manual, appendix A), each asked of a server by the tests.
pub fn harms(difference: &Difference) -> Vec<Harm> {
    use Weight::{Addition, Error, Warning};

    let object = &difference.object;
    let name = object.name.as_str();
    let parent = object.parent.as_ref().map_or("", Ident::as_str);
    let mut table = Table { out: Vec::new() };

    let no_relation = |name: &str| {
        error(
            "42P01",
            Stage::Parse,
            format!("relation \"{name}\" does not exist"),
        )
    };
    let no_column = |name: &str| {
        let message = format!("column \"{name}\" of relation \"{parent}\" does not exist");
        error("42703", Stage::Parse, message)
    };
    let no_type = |name: &str| {
        error(
            "42704",
            Stage::Parse,
            format!("type \"{name}\" does not exist"),
        )
    };
    let no_function = |name: &str| {
        error(
            "42883",
            Stage::Parse,
            format!("function {name}() does not exist"),
        )
    };
    let no_label = |label: &str| {
        let message = format!("invalid input value for enum {parent}: \"{label}\"");
        error("22P02", Stage::Parse, message)
    };
    let null_refused = || {
        let message = format!(
            "null value in column \"{name}\" of relation \"{parent}\" violates not-null constraint"
        );
        error("23502", Stage::Execute, message)
    };
    let value_refused = |verb: &str| {
        let message = format!("cannot {verb} a non-DEFAULT value into column \"{name}\"");
        error("428C9", Stage::Parse, message)
    };
    let demand_error = |demand: Demand| {
        let (code, what) = match demand {
            Demand::Check => ("23514", "violates check constraint"),
            Demand::ForeignKey => ("23503", "violates foreign key constraint"),
            Demand::Unique => ("23505", "duplicate key value violates unique constraint"),
            Demand::Exclusion => (
                "23P01",
                "conflicting key value violates exclusion constraint",
            ),
        };
        error(code, Stage::Execute, format!("{what} \"{name}\""))
    };
    let check_error = || {
        let message = format!("new row for relation \"{parent}\" violates check constraint");
        error("23514", Stage::Execute, message)
    };

    match &difference.change {
        Change::RelationAdded => table.new(BOTH, Addition, no_relation(name)),
        Change::RelationDropped => table.old(BOTH, Error, no_relation(name)),
        Change::RelationRenamed { to } => {
            table.old(BOTH, Error, no_relation(name));
            table.new(BOTH, Error, no_relation(to.name.as_str()));
        }

        Change::ColumnAdded { required } => {
            if *required {
                table.old(WRITE, Error, null_refused());
            }
            table.new(BOTH, Addition, no_column(name));
        }
        Change::ColumnDropped { required } => {
            table.old(BOTH, Error, no_column(name));
            if *required {
                table.new(WRITE, Error, null_refused());
            }
        }
        Change::ColumnRenamed { to } => {
            table.old(BOTH, Error, no_column(name));
            table.new(BOTH, Error, no_column(to.as_str()));
        }
        Change::ColumnTypeChanged { from, to } => type_changed(&mut table, name, from, to),
        Change::NotNullSet { supplied } => {
            let weight = if *supplied { Warning } else { Error };
            table.old(WRITE, weight, null_refused());
        }
        Change::NotNullDropped { supplied } => {
            table.old_reads();
            let weight = if *supplied { Warning } else { Addition };
            table.new(WRITE, weight, null_refused());
        }
        Change::DefaultDropped { required } => {
            if *required {
                table.old(WRITE, Error, null_refused());
            } else {
                table.old(WRITE, Warning, None);
            }
        }
        Change::DefaultAdded { was_required } => {
            if *was_required {
                table.new(WRITE, Addition, null_refused());
            }
        }
        Change::DefaultChanged => table.old(WRITE, Warning, None),
        Change::WritesRefused => table.old(WRITE, Error, value_refused("insert")),
        Change::WritesAllowed => table.new(WRITE, Addition, value_refused("insert")),
        Change::KeyCollationChanged => table.old(BOTH, Warning, None),

        Change::ConstraintAdded { demand, .. } => {
            table.old(WRITE, Warning, demand_error(*demand));
        }
        Change::ConstraintDropped { demand, .. } => {
            table.new(WRITE, Warning, demand_error(*demand));
        }
        Change::ValuesRemoved { .. } => table.old(WRITE, Error, check_error()),
        Change::ValuesAdded { .. } => {
            table.old_reads();
            table.new(WRITE, Addition, check_error());
        }
        Change::UniqueKeyLost { .. } => {
            let message =
                "there is no unique or exclusion constraint matching the ON CONFLICT specification";
            table.old(
                WRITE,
                Warning,
                error("42P10", Stage::Plan, message.to_owned()),
            );
        }
        Change::TriggerAdded => table.old(WRITE, Warning, None),
        Change::RowSecurityOn { without_policy } => {
            let message =
                format!("new row violates row-level security policy for table \"{name}\"");
            let weight = if *without_policy { Error } else { Warning };
            table.old(BOTH, weight, error("42501", Stage::Execute, message));
        }
        Change::PolicyChanged => {
            let message =
                format!("new row violates row-level security policy for table \"{parent}\"");
            table.old(BOTH, Warning, error("42501", Stage::Execute, message));
        }

        Change::TypeAdded => table.new(BOTH, Addition, no_type(name)),
        Change::TypeDropped => table.old(BOTH, Error, no_type(name)),
        Change::TypeRenamed { to } => {
            table.old(BOTH, Error, no_type(name));
            table.new(BOTH, Error, no_type(to.name.as_str()));
        }
        Change::LabelAdded => {
            table.old_reads();
            table.new(WRITE, Addition, no_label(name));
        }
        Change::LabelDropped => table.old(BOTH, Error, no_label(name)),
        Change::LabelRenamed { to } => {
            table.old(BOTH, Error, no_label(name));
            table.new(BOTH, Error, no_label(to.as_str()));
        }
        Change::DomainTightened => {
            let message = format!("value for domain {name} violates check constraint");
            table.old(WRITE, Warning, error("23514", Stage::Execute, message));
        }

        Change::RoutineAdded => table.new(READ, Addition, no_function(name)),
        Change::RoutineDropped => table.old(READ, Error, no_function(name)),
        Change::RoutineRenamed { to } => {
            table.old(READ, Error, no_function(name));
            table.new(READ, Error, no_function(to.name.as_str()));
        }

        Change::Unread | Change::Obscured { .. } => {
            table.old(BOTH, Weight::Unknown, None);
            table.new(BOTH, Weight::Unknown, None);
        }
    }
    table.out
}

fn type_changed(table: &mut Table, name: &str, from: &SqlType, to: &SqlType) {
    let mismatch = |column: &SqlType, value: &SqlType| {
        let message =
            format!("column \"{name}\" is of type {column} but expression is of type {value}");
        error("42804", Stage::Parse, message)
    };
    let out_of_range = |column: &SqlType| match column.builtin_name() {
        Some("varchar" | "bpchar") => {
            let message = format!("value too long for type {column}");
            error("22001", Stage::Execute, message)
        }
        _ => error("22003", Stage::Execute, format!("{column} out of range")),
    };
    // Old code writes values of the old type into a column of the new one, and reads the new one.
    match (is_assignable(from, to), fit(from, to)) {
        (Some(false), _) => table.old(BOTH, Weight::Error, mismatch(to, from)),
        (_, Fit::Narrower) => table.old(WRITE, Weight::Warning, out_of_range(to)),
        (_, Fit::Wider) => table.old_reads(),
        (_, Fit::OtherWire) => table.old(BOTH, Weight::Warning, None),
        (_, Fit::Same) => {}
    }
    // New code on the old schema: the other way round.
    match (is_assignable(to, from), fit(to, from)) {
        (Some(false), _) => table.new(BOTH, Weight::Error, mismatch(from, to)),
        (_, Fit::Narrower) => table.new(WRITE, Weight::Warning, out_of_range(from)),
        (_, Fit::OtherWire) => table.new(BOTH, Weight::Warning, None),
        (_, Fit::Wider | Fit::Same) => {}
    }
}
