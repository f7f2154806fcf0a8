//! Who breaks: what each difference between two schemas does to old and to new code.
//!
//! Input: a [`Difference`], oriented from the old to the new schema. Output: the harms it does to
//! a release that is presumed to do what ordinary code does. Whether that release uses the object
//! at all is for [`super::Presumed`] to say; how bad it is in this project is decided in
//! [`crate::findings`].

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bind::types::{Fit, fit, is_assignable, is_implicit};
use crate::schema::diff::{Change, Demand, Difference, ObjectKind};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{PolicyCommand, RoutineKind};
use crate::schema::types::{SqlType, TypeName};

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
    /// A known query works on its release's own schema and fails on the other.
    Proven,
    /// The release was free to use what changes; its queries are not known.
    Presumed,
    /// The statement that breaks it runs perhaps, or breaks it for some values only.
    Possible,
    /// A statement was not understood.
    Unknown,
}

impl Evidence {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Proven => "proven",
            Evidence::Presumed => "presumed",
            Evidence::Possible => "possible",
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
    /// Before any statement: when the connection is made.
    Connect,
}

impl Stage {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Plan => "plan",
            Stage::Execute => "execute",
            Stage::Connect => "connect",
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

    fn hurts_old(&mut self, access: &'static [Access], weight: Weight, error: Option<ServerError>) {
        self.add(Pair::OldOnNew, access, weight, error);
    }

    fn hurts_new(&mut self, access: &'static [Access], weight: Weight, error: Option<ServerError>) {
        self.add(Pair::NewOnOld, access, weight, error);
    }

    fn hurts_old_reader(&mut self) {
        self.add(Pair::OldReadsNewData, READ, Weight::Note, None);
    }
}

/// What a difference does to presumed releases on either side of it.
///
/// Source: PostgreSQL's SQLSTATEs (manual, appendix A). `tests/it/server.rs` runs a statement of old code
/// for most of them and compares the code.
pub fn harms(difference: &Difference) -> Vec<Harm> {
    use Weight::{Addition, Error, Warning};

    let object = &difference.object;
    let name = object.name.as_str();
    let parent = object.parent.as_ref().map_or("", Ident::as_str);
    let schema = object.schema.as_ref().map_or("public", Ident::as_str);
    let own_name = as_named(schema, name);
    let named = |to: &QualifiedName| as_named(to.schema.as_str(), to.name.as_str());
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
    // The server lists the types of the call's arguments, which the difference does not hold.
    let no_routine = |kind: RoutineKind, name: &str| {
        // An aggregate is called as a function is, and so the server calls it.
        let kind = match kind {
            RoutineKind::Procedure => kind,
            RoutineKind::Function | RoutineKind::Aggregate => RoutineKind::Function,
        };
        let message = format!("{} {name}(...) does not exist", kind.as_str());
        error("42883", Stage::Parse, message)
    };
    let no_function = |name: &str| no_routine(RoutineKind::Function, name);
    let no_role = |name: &str| {
        let message = format!("role \"{name}\" does not exist");
        error("28000", Stage::Connect, message)
    };
    let no_label = |label: &str| {
        let type_name = object
            .parent
            .as_ref()
            .map_or_else(String::new, |parent| as_shown(schema, parent));
        let message = format!("invalid input value for enum {type_name}: \"{label}\"");
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
            Demand::Check => (
                "23514",
                format!("new row for relation \"{parent}\" violates check constraint"),
            ),
            Demand::ForeignKey => (
                "23503",
                format!("insert or update on table \"{parent}\" violates foreign key constraint"),
            ),
            Demand::Unique => (
                "23505",
                "duplicate key value violates unique constraint".to_owned(),
            ),
            Demand::Exclusion => (
                "23P01",
                "conflicting key value violates exclusion constraint".to_owned(),
            ),
        };
        error(code, Stage::Execute, format!("{what} \"{name}\""))
    };
    // The server adds the constraint's name, which the difference does not hold.
    let check_error = || {
        let message = format!("new row for relation \"{parent}\" violates check constraint");
        error("23514", Stage::Execute, message)
    };

    match &difference.change {
        Change::RelationAdded => table.hurts_new(BOTH, Addition, no_relation(&own_name)),
        Change::RelationDropped => table.hurts_old(BOTH, Error, no_relation(&own_name)),
        Change::RelationRenamed { to } => {
            table.hurts_old(BOTH, Error, no_relation(&own_name));
            table.hurts_new(BOTH, Error, no_relation(&named(to)));
        }

        Change::ColumnAdded { required } => {
            if *required {
                table.hurts_old(WRITE, Error, null_refused());
                // Head's inserts must name it: that is not a use that can wait.
                table.hurts_new(BOTH, Error, no_column(name));
            } else {
                table.hurts_new(BOTH, Addition, no_column(name));
            }
        }
        Change::ColumnDropped { required } => {
            table.hurts_old(BOTH, Error, no_column(name));
            if *required {
                table.hurts_new(WRITE, Error, null_refused());
            }
        }
        Change::ColumnRenamed { to } => {
            table.hurts_old(BOTH, Error, no_column(name));
            table.hurts_new(BOTH, Error, no_column(to.as_str()));
        }
        Change::ColumnTypeChanged { from, to } => type_changed(&mut table, name, from, to),
        Change::ShownTypeChanged { from, to } => match fit(from, to) {
            Fit::OtherWire => {
                table.hurts_old(READ, Warning, None);
                table.hurts_new(READ, Warning, None);
            }
            Fit::Wider => table.hurts_old_reader(),
            Fit::Narrower | Fit::Same => {}
        },
        Change::DomainChanged => table.hurts_old(
            WRITE,
            Warning,
            error(
                "23514",
                Stage::Execute,
                format!("value for column \"{name}\" violates check constraint of its domain"),
            ),
        ),
        Change::NotNullSet { supplied } => {
            let weight = if *supplied { Warning } else { Error };
            table.hurts_old(WRITE, weight, null_refused());
        }
        Change::NotNullDropped { supplied } => {
            table.hurts_old_reader();
            let weight = if *supplied { Warning } else { Addition };
            table.hurts_new(WRITE, weight, null_refused());
        }
        Change::DefaultDropped { required, .. } => {
            if *required {
                table.hurts_old(WRITE, Error, null_refused());
            } else {
                table.hurts_old(WRITE, Warning, None);
            }
        }
        Change::DefaultAdded { was_required } => {
            if *was_required {
                table.hurts_new(WRITE, Addition, null_refused());
            }
        }
        Change::DefaultChanged => table.hurts_old(WRITE, Warning, None),
        Change::WritesRefused => table.hurts_old(WRITE, Error, value_refused("insert")),
        Change::WritesAllowed => table.hurts_new(WRITE, Addition, value_refused("insert")),
        Change::KeyCollationChanged => table.hurts_old(BOTH, Warning, None),

        Change::ConstraintAdded { demand, .. } => {
            table.hurts_old(WRITE, Warning, demand_error(*demand));
        }
        Change::ReferenceTightened { .. } => {
            let message = format!(
                "update or delete on the table referred to violates foreign key constraint \"{name}\" \
                 on table \"{parent}\""
            );
            table.hurts_old(WRITE, Warning, error("23503", Stage::Execute, message));
        }
        Change::PartitionDetached { has_default, .. } => {
            table.hurts_old(READ, Warning, None);
            if *has_default {
                return table.out;
            }
            let message = format!("no partition of relation \"{name}\" found for row");
            table.hurts_old(WRITE, Warning, error("23514", Stage::Execute, message));
        }
        Change::ConstraintDropped { demand, .. } => {
            table.hurts_new(WRITE, Warning, demand_error(*demand));
        }
        Change::ValuesRemoved { .. } => table.hurts_old(WRITE, Error, check_error()),
        Change::ValuesAdded { .. } => {
            table.hurts_old_reader();
            table.hurts_new(WRITE, Addition, check_error());
        }
        Change::UniqueKeyLost { .. } => {
            let message =
                "there is no unique or exclusion constraint matching the ON CONFLICT specification";
            table.hurts_old(
                WRITE,
                Warning,
                error("42P10", Stage::Plan, message.to_owned()),
            );
        }
        Change::TriggerAdded { .. }
        | Change::TriggerBodyChanged { .. }
        | Change::TriggerDropped
        | Change::RuleAdded
        | Change::RuleDropped => table.hurts_old(WRITE, Warning, None),
        Change::CoveredByView { .. } => table.hurts_old(BOTH, Weight::Note, None),
        Change::ViewWritesRefused { is_written } => {
            let weight = if *is_written { Error } else { Warning };
            let message = format!("cannot insert into view \"{name}\"");
            table.hurts_old(WRITE, weight, error("55000", Stage::Plan, message));
        }
        Change::ViewColumnComputed { is_written } => {
            let weight = if *is_written { Error } else { Warning };
            let message = format!("cannot insert into column \"{name}\" of view \"{parent}\"");
            table.hurts_old(WRITE, weight, error("0A000", Stage::Parse, message));
        }
        Change::NameReused => table.hurts_old(BOTH, Warning, None),
        Change::Backfilled | Change::RowsCopied { .. } => {
            table.add(Pair::NewReadsOldData, READ, Warning, None);
        }
        Change::RowSecurityOn { without, was_on } => {
            let message =
                format!("new row violates row-level security policy for table \"{name}\"");
            let refused = error("42501", Stage::Execute, message);
            let lacks = |command: PolicyCommand| without.contains(&command);
            // Hidden rows are not an error: reads, UPDATE and DELETE find none.
            match lacks(PolicyCommand::Select) {
                true => table.hurts_old(READ, Error, None),
                false if !was_on => table.hurts_old(READ, Warning, None),
                false => {}
            }
            if lacks(PolicyCommand::Insert) {
                table.hurts_old(WRITE, Error, refused);
            } else if lacks(PolicyCommand::Update) || lacks(PolicyCommand::Delete) {
                table.hurts_old(WRITE, Error, None);
            } else if !was_on {
                table.hurts_old(WRITE, Warning, refused);
            }
        }
        Change::PolicyChanged { command, .. } => {
            let message =
                format!("new row violates row-level security policy for table \"{parent}\"");
            // What a policy for UPDATE or DELETE does not admit is left alone without a word.
            let refused = error("42501", Stage::Execute, message);
            match command {
                PolicyCommand::Select => table.hurts_old(READ, Warning, None),
                PolicyCommand::Insert => table.hurts_old(WRITE, Warning, refused),
                PolicyCommand::Update | PolicyCommand::Delete => {
                    table.hurts_old(WRITE, Warning, None);
                }
                PolicyCommand::All => {
                    table.hurts_old(READ, Warning, None);
                    table.hurts_old(WRITE, Warning, refused);
                }
            }
        }

        Change::TypeAdded => table.hurts_new(BOTH, Addition, no_type(&own_name)),
        Change::TypeDropped => table.hurts_old(BOTH, Error, no_type(&own_name)),
        Change::TypeRenamed { to } => {
            table.hurts_old(BOTH, Error, no_type(&own_name));
            table.hurts_new(BOTH, Error, no_type(&named(to)));
        }
        Change::LabelAdded => {
            table.hurts_old_reader();
            // `WHERE a = 'new'` is refused like an INSERT of it.
            table.hurts_new(BOTH, Addition, no_label(name));
        }
        Change::LabelDropped => table.hurts_old(BOTH, Error, no_label(name)),
        Change::LabelRenamed { to } => {
            table.hurts_old(BOTH, Error, no_label(name));
            table.hurts_new(BOTH, Error, no_label(to.as_str()));
            // Rows that hold it are read with the new text.
            table.add(Pair::OldReadsNewData, READ, Warning, None);
        }
        Change::TypeRedefined => {
            table.hurts_old(BOTH, Warning, None);
            table.hurts_new(BOTH, Warning, None);
        }
        Change::DomainTightened { required } => {
            let domain = as_shown(schema, &object.name);
            if *required {
                let message = format!("domain {domain} does not allow null values");
                table.hurts_old(WRITE, Error, error("23502", Stage::Execute, message));
            } else {
                let message = format!("value for domain {domain} violates check constraint");
                table.hurts_old(WRITE, Warning, error("23514", Stage::Execute, message));
            }
        }

        Change::RoutineAdded => table.hurts_new(READ, Addition, no_function(&own_name)),
        Change::RoutineDropped { kind } => {
            table.hurts_old(READ, Error, no_routine(*kind, &own_name));
        }
        Change::RoutineArgumentsChanged { calls, forms } => match finds_a_form(calls, forms) {
            Some(true) => {}
            Some(false) => table.hurts_old(READ, Error, no_function(&own_name)),
            None => table.hurts_old(READ, Warning, no_function(&own_name)),
        },
        Change::RoutineParametersRenamed => {
            table.hurts_old(READ, Warning, no_function(&own_name));
        }
        Change::RoutineResultChanged { .. } => table.hurts_old(READ, Warning, None),
        Change::RoutineRenamed { to } => {
            table.hurts_old(READ, Error, no_function(&own_name));
            table.hurts_new(READ, Error, no_function(&named(to)));
        }

        Change::PrivilegeRevoked { privileges, on, .. } => {
            let access = privileged(object.kind, privileges);
            table.hurts_old(access, Error, permission_denied(on, name));
        }
        Change::PrivilegeGranted { privileges, on, .. } => {
            let access = privileged(object.kind, privileges);
            table.hurts_new(access, Addition, permission_denied(on, name));
        }
        Change::RowsRewritten => table.add(Pair::OldReadsNewData, READ, Warning, None),
        Change::ExtensionDropped => table.hurts_old(BOTH, Warning, None),
        Change::RoleDropped => table.hurts_old(BOTH, Error, no_role(name)),
        Change::RoleRenamed { to } => {
            table.hurts_old(BOTH, Error, no_role(name));
            table.hurts_new(BOTH, Error, no_role(to.as_str()));
        }
        Change::LoginRevoked => {
            let message = format!("role \"{name}\" is not permitted to log in");
            table.hurts_old(BOTH, Error, error("28000", Stage::Connect, message));
        }

        // What a query shows is known from the query alone.
        Change::QueryFails { .. } | Change::ResultReshaped { .. } => {}
        Change::Unread | Change::Obscured { .. } => {
            table.hurts_old(BOTH, Weight::Unknown, None);
            table.hurts_new(BOTH, Weight::Unknown, None);
        }
    }
    table.out
}

/// What the server says to a role without the privilege. A member's own statements fail on
/// whatever the other role may do, which the difference does not hold.
fn permission_denied(on: &str, name: &str) -> Option<ServerError> {
    let (stage, message) = match on {
        "role" => (Stage::Execute, "permission denied".to_owned()),
        "schema" => (Stage::Parse, format!("permission denied for schema {name}")),
        _ => (Stage::Execute, format!("permission denied for {on} {name}")),
    };
    error("42501", stage, message)
}

/// What a role can do with some privileges, as reads and writes.
fn privileged(kind: ObjectKind, privileges: &BTreeSet<Arc<str>>) -> &'static [Access] {
    let access = |privilege: &str| match (kind, privilege.split(' ').next()) {
        (_, Some("SELECT")) | (ObjectKind::Function, _) => READ,
        (_, Some("INSERT" | "UPDATE" | "DELETE" | "TRUNCATE")) => WRITE,
        _ => BOTH,
    };
    let mut found = privileges.iter().map(|privilege| access(privilege));
    let first = found.next().unwrap_or(BOTH);
    if found.all(|access| access == first) {
        first
    } else {
        BOTH
    }
}

/// Whether every call finds a form that takes its arguments, converted by the server itself; `None`
/// where that hangs on a type that is not known.
fn finds_a_form(calls: &[Vec<SqlType>], forms: &[Vec<SqlType>]) -> Option<bool> {
    let fits = |call: &[SqlType], form: &[SqlType]| {
        let pairs = call
            .iter()
            .zip(form)
            .map(|(from, to)| is_implicit(from, to));
        all(pairs)
    };
    all(calls.iter().map(|call| {
        let forms = forms.iter().filter(|form| form.len() == call.len());
        // One form is enough: not all of them refuse the call.
        all(forms.map(|form| fits(call, form).map(|fits| !fits))).map(|refused| !refused)
    }))
}

/// Whether all are true; `None` where none is false and one is not known.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

/// A name as ordinary code writes it, and as the server repeats it: the schema only where it is
/// not the default one, no quotes.
fn as_named(schema: &str, name: &str) -> String {
    match schema {
        "public" => name.to_owned(),
        _ => format!("{schema}.{name}"),
    }
}

/// A type's name as the server shows it: quoted where need be.
fn as_shown(schema: &str, name: &Ident) -> String {
    QualifiedName::new(schema, name.clone()).to_string()
}

/// A type as the server spells it in its messages.
fn spelled(data_type: &SqlType) -> String {
    let text = data_type.to_string();
    match &data_type.name {
        TypeName::Builtin(name) if name.as_str() == "varchar" => {
            text.replacen("varchar", "character varying", 1)
        }
        TypeName::User(name) => {
            let bare = SqlType {
                name: TypeName::User(visible(name)),
                ..data_type.clone()
            };
            bare.to_string()
        }
        TypeName::Builtin(_) | TypeName::Unknown => text,
    }
}

/// The name without the schema that everybody's search path has.
fn visible(name: &ObjectName) -> ObjectName {
    match &name.schema {
        Some(schema) if schema.as_str() == "public" => ObjectName::bare(name.name.clone()),
        Some(_) | None => name.clone(),
    }
}

/// What the server says to a value of type `value` that does not fit a narrower `column`; `None`
/// where it rounds without a word.
fn does_not_fit(value: &SqlType, column: &SqlType) -> Option<ServerError> {
    let too_long = |what: &str| {
        let message = format!("{what} too long for type {}", spelled(column));
        error("22001", Stage::Execute, message)
    };
    match column.builtin_name() {
        Some("varchar" | "bpchar") => too_long("value"),
        Some("varbit") => too_long("bit string"),
        // Digits after the point are rounded; digits before it are not.
        Some("numeric") if fewer_whole_digits(value, column) => {
            error("22003", Stage::Execute, "numeric field overflow".to_owned())
        }
        _ => None,
    }
}

fn fewer_whole_digits(from: &SqlType, to: &SqlType) -> bool {
    let whole = |data_type: &SqlType| match *data_type.modifiers {
        [] => None,
        [precision] => Some(precision),
        [precision, scale, ..] => Some(precision - scale),
    };
    match (whole(from), whole(to)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(from), Some(to)) => to < from,
    }
}

/// What the server says to a number that a smaller type of number has no room for.
fn out_of_range(value: &SqlType, column: &SqlType) -> Option<ServerError> {
    let rank = |data_type: &SqlType| match (data_type.is_array, data_type.builtin_name()?) {
        (false, "int2") => Some(1),
        (false, "int4") => Some(2),
        (false, "int8") => Some(3),
        (false, "float4" | "float8" | "numeric") => Some(4),
        _ => None,
    };
    let name = match column.builtin_name()? {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        _ => return None,
    };
    let is_smaller = rank(column)? < rank(value)?;
    is_smaller
        .then(|| error("22003", Stage::Execute, format!("{name} out of range")))
        .flatten()
}

fn type_changed(table: &mut Table, name: &str, from: &SqlType, to: &SqlType) {
    let mismatch = |column: &SqlType, value: &SqlType| {
        let plain = |data_type: &SqlType| {
            spelled(&SqlType {
                modifiers: [].into(),
                ..data_type.clone()
            })
        };
        let message = format!(
            "column \"{name}\" is of type {} but expression is of type {}",
            plain(column),
            plain(value)
        );
        error("42804", Stage::Parse, message)
    };
    // Old code writes values of the old type into a column of the new one, and reads the new one.
    match (is_assignable(from, to), fit(from, to)) {
        (Some(false), _) => table.hurts_old(BOTH, Weight::Error, mismatch(to, from)),
        (_, Fit::Narrower) => table.hurts_old(WRITE, Weight::Warning, does_not_fit(from, to)),
        (_, Fit::Wider) => table.hurts_old_reader(),
        (_, Fit::OtherWire) => match out_of_range(from, to) {
            Some(error) => {
                table.hurts_old(READ, Weight::Warning, None);
                table.hurts_old(WRITE, Weight::Warning, Some(error));
            }
            None => table.hurts_old(BOTH, Weight::Warning, None),
        },
        (_, Fit::Same) => {}
    }
    // New code on the old schema: the other way round.
    match (is_assignable(to, from), fit(to, from)) {
        (Some(false), _) => table.hurts_new(BOTH, Weight::Error, mismatch(from, to)),
        (_, Fit::Narrower) => table.hurts_new(WRITE, Weight::Warning, does_not_fit(to, from)),
        (_, Fit::OtherWire) => match out_of_range(to, from) {
            Some(error) => {
                table.hurts_new(READ, Weight::Warning, None);
                table.hurts_new(WRITE, Weight::Warning, Some(error));
            }
            None => table.hurts_new(BOTH, Weight::Warning, None),
        },
        (_, Fit::Wider | Fit::Same) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::diff::ObjectRef;

    fn column(change: Change) -> Difference {
        let table = QualifiedName::new("public", "t");
        Difference {
            object: ObjectRef::part(ObjectKind::Column, &table, &Ident::new("a")),
            change,
        }
    }

    fn messages(difference: &Difference) -> Vec<String> {
        harms(difference)
            .into_iter()
            .filter_map(|harm| harm.error.map(|it| format!("{} {}", it.code, it.message)))
            .collect()
    }

    fn type_change(from: SqlType, to: SqlType) -> Vec<String> {
        messages(&column(Change::ColumnTypeChanged { from, to }))
    }

    #[test]
    fn types_are_spelled_as_the_server_spells_them() {
        let varchar = SqlType::with_modifiers("varchar", &[3]);
        assert_eq!(
            type_change(SqlType::builtin("text"), varchar.clone()),
            ["22001 value too long for type character varying(3)"]
        );
        assert_eq!(
            type_change(varchar, SqlType::builtin("int4")),
            ["42804 column \"a\" is of type integer but expression is of type character varying"]
        );
        let mood = SqlType::user(ObjectName::qualified("public", "mood"));
        assert_eq!(
            type_change(SqlType::builtin("text"), mood),
            ["42804 column \"a\" is of type mood but expression is of type text"]
        );
    }

    #[test]
    fn a_lost_digit_is_an_error_before_the_point_only() {
        let numeric = |precision, scale| SqlType::with_modifiers("numeric", &[precision, scale]);
        assert_eq!(
            type_change(numeric(8, 2), numeric(6, 2)),
            ["22003 numeric field overflow"]
        );
        assert!(type_change(numeric(8, 4), numeric(6, 2)).is_empty());
        let timestamp = |digits| SqlType::with_modifiers("timestamp", &[digits]);
        assert!(type_change(timestamp(6), timestamp(3)).is_empty());
    }

    #[test]
    fn names_outside_the_default_schema_are_qualified() {
        let moved = Difference {
            object: ObjectRef::top(ObjectKind::Table, &QualifiedName::new("public", "t")),
            change: Change::RelationRenamed {
                to: QualifiedName::new("archive", "t"),
            },
        };
        assert_eq!(
            messages(&moved),
            [
                "42P01 relation \"t\" does not exist",
                "42P01 relation \"archive.t\" does not exist"
            ]
        );
    }

    #[test]
    fn a_new_label_fails_in_a_filter_too() {
        let type_name = QualifiedName::new("app", "Mood");
        let added = Difference {
            object: ObjectRef::part(ObjectKind::EnumLabel, &type_name, &Ident::new("sad")),
            change: Change::LabelAdded,
        };
        let found = harms(&added);
        assert!(
            found
                .iter()
                .any(|harm| harm.pair == Pair::NewOnOld && harm.access == BOTH)
        );
        assert_eq!(
            messages(&added),
            ["22P02 invalid input value for enum app.\"Mood\": \"sad\""]
        );
    }

    #[test]
    fn hidden_rows_are_no_error() {
        let enabled = Difference {
            object: ObjectRef::top(ObjectKind::Table, &QualifiedName::new("public", "t")),
            change: Change::RowSecurityOn {
                without: vec![PolicyCommand::Select, PolicyCommand::Insert],
                was_on: false,
            },
        };
        let found = harms(&enabled);
        assert!(found[0].access == READ && found[0].error.is_none());
        assert!(found[1].access == WRITE && found[1].error.is_some());
    }
}
