//! What each change needs to be safe.

use crate::analysis::{Access, Break, Pair, Weight};
use crate::bind::types::is_assignable;
use crate::schema::catalog::{PrivilegeTarget, RelationBody, View};
use crate::schema::diff::{Change, Demand, Difference, ObjectKind, ObjectRef};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::{ColumnChange, DataOp, SchemaOp};

use super::sync::{Copy, free_name};
use super::{
    Draft, GivenUp, Moved, Phase, Piece, ReleasePlan, Unit, is_framing, is_setting, quoted,
    quoted_of,
};

/// Puts a unit into the draft.
/// `group` holds the units that take something away and make its successor, this one among them: they
/// stay together.
pub(super) fn place(unit: &Unit, group: &[&Unit], draft: &mut Draft) {
    if unit.operations.iter().all(|op| is_framing(op)) {
        return;
    }
    if unit.operations.iter().all(|op| is_setting(op)) {
        draft.settings.push(unit.sql.clone());
        return;
    }
    if draft.names_moved(&unit.sql) {
        for it in &unit.breaks {
            give_up(it, &mut draft.first);
            note(it, draft);
        }
        draft.keep(Phase::Contract, unit);
        return;
    }
    let is_later = drops_from_copied(unit, draft);
    for it in &unit.breaks {
        if !is_later
            && group.is_empty()
            && it.harm.pair == Pair::OldOnNew
            && special(unit, it, draft)
        {
            return;
        }
    }
    if drops_from_copied(unit, draft) {
        for it in &unit.breaks {
            give_up(it, &mut draft.second);
        }
        draft.leftovers.push(unit.sql.clone());
        return;
    }
    let mut phase = Phase::Expand;
    for it in &unit.breaks {
        phase = phase.max(note(it, draft));
    }
    for it in group.iter().flat_map(|unit| &unit.breaks) {
        phase = phase.max(note(it, draft));
    }
    if phase == Phase::Contract {
        move_names(unit, draft);
    }
    let mut unit_sql = only_empty(unit).or_else(|| only_missing(unit));
    if phase == Phase::Contract {
        for it in &unit.breaks {
            unit_sql = with_note(unit_sql, rows_first(&it.difference));
        }
    }
    draft.keep_as(phase, unit, unit_sql);
}

/// What has to be true of the rows that are there before a demand can be made.
fn rows_first(difference: &Difference) -> Option<String> {
    let object = &difference.object;
    match &difference.change {
        Change::NotNullSet { .. } | Change::ColumnAdded { required: true } => {
            let table = owner(object)?;
            let column = &object.name;
            Some(format!(
                "-- Rows without a value come first: UPDATE {table} SET {column} = … WHERE {column} IS \
                 NULL"
            ))
        }
        Change::ValuesRemoved { column, values } => {
            let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
            Some(format!(
                "-- No row may hold {} in {column} by now.",
                values.join(", ")
            ))
        }
        Change::ConstraintAdded { demand, .. } => Some(
            match demand {
                Demand::Unique => "-- No two rows may have the same key by now.",
                Demand::Check => "-- Every row has to satisfy it by now.",
                Demand::ForeignKey => "-- Every row has to have its counterpart by now.",
                Demand::Exclusion => "-- No two rows may conflict by now.",
            }
            .to_owned(),
        ),
        _ => None,
    }
}

/// A statement with a comment before it.
fn with_note(sql: Option<String>, note: Option<String>) -> Option<String> {
    match (sql, note) {
        (sql, None) => sql,
        (Some(sql), Some(note)) if sql.contains(&note) => Some(sql),
        (Some(sql), Some(note)) => Some(format!("{note}\n{sql}")),
        // The unit itself follows.
        (None, Some(note)) => Some(format!("{note}\n")),
    }
}

/// The statement of a unit that copies rows, so that it leaves alone those that new code has written;
/// `None` where it copies none.
fn only_missing(unit: &Unit) -> Option<String> {
    let copies = |it: &&Break| matches!(it.difference.change, Change::RowsCopied { .. });
    let is_copy = unit.breaks.iter().copied().any(|it| copies(&it));
    let says = unit.sql.to_ascii_lowercase().contains("on conflict");
    (is_copy && !says).then(|| format!("{} ON CONFLICT DO NOTHING", unit.sql.trim_end()))
}

/// The statement of a unit that fills a column, so that it leaves alone what has a value by then;
/// `None` where it is left as it is.
fn only_empty(unit: &Unit) -> Option<String> {
    let filled: Vec<&Ident> = unit
        .breaks
        .iter()
        .filter(|it| it.difference.change == Change::Backfilled)
        .map(|it| &it.difference.object.name)
        .collect();
    let first = filled.first()?;
    let [SchemaOp::Data(DataOp::Update { columns, .. })] = &unit.operations[..] else {
        return None;
    };
    // What its condition says is empty already.
    if !columns.contains(first) {
        return None;
    }
    let words: Vec<&str> = unit.sql.split_whitespace().collect();
    let mut named = words
        .iter()
        .skip(1)
        .skip_while(|it| it.eq_ignore_ascii_case("only"));
    let table = named.next()?;
    let alias = match (named.next()?, named.next()) {
        (set, _) if set.eq_ignore_ascii_case("set") => table,
        (word, Some(alias)) if word.eq_ignore_ascii_case("as") => alias,
        (alias, _) => alias,
    };
    let lower = unit.sql.to_ascii_lowercase();
    let empty = format!("{alias}.{first} IS NULL");
    let condition = lower.rmatch_indices("where").map(|(at, _)| at).find(|at| {
        let before = &unit.sql[..*at];
        before.matches('(').count() == before.matches(')').count()
            && before.matches('\'').count().is_multiple_of(2)
    });
    Some(match condition {
        Some(at) => {
            let (start, rest) = unit.sql.split_at(at + "where".len());
            format!("{start} ({}) AND {empty}", rest.trim())
        }
        None => format!("{} WHERE {empty}", unit.sql.trim_end()),
    })
}

/// Whether a unit takes away what rows were copied from: the release that writes both still needs it.
fn drops_from_copied(unit: &Unit, draft: &Draft) -> bool {
    unit.breaks.iter().any(|it| {
        let object = &it.difference.object;
        let of = match it.difference.change {
            Change::ColumnDropped { .. } => object.parent.as_ref(),
            Change::RelationDropped => Some(&object.name),
            _ => None,
        };
        let mut copied = draft.copied.iter();
        of.is_some_and(|of| copied.any(|name| name.name == *of))
    })
}

/// The recipes that need more than an order; whether one was found.
fn special(unit: &Unit, it: &Break, draft: &mut Draft) -> bool {
    let difference = &it.difference;
    match &difference.change {
        Change::ColumnRenamed { to } => rename_column(unit, difference, to, draft),
        Change::RelationRenamed { to } => match difference.object.kind {
            ObjectKind::Table => rename_table(unit, difference, to, draft),
            ObjectKind::View => rename_view(unit, difference, to, draft),
            _ => false,
        },
        Change::ColumnAdded { required: true } => add_required(unit, difference, draft),
        Change::ColumnDropped { required: true } => drop_required(unit, difference, draft),
        Change::ColumnTypeChanged { .. } if it.harm.weight == Weight::Error => {
            change_type(unit, difference, draft)
        }
        _ => false,
    }
}

/// What the releases have to do about a break, and after which of them its statement may run.
fn note(it: &Break, draft: &mut Draft) -> Phase {
    let object = &it.difference.object;
    let name = object.to_string();
    let does = |draft: &mut Draft, text: String| {
        draft.first.does.push(text);
        Phase::Contract
    };
    match it.harm.pair {
        // New code comes after what it needs.
        Pair::NewOnOld => Phase::Expand,
        Pair::OldReadsNewData => match &it.difference.change {
            Change::RowsRewritten => does(
                draft,
                format!("takes old and new values of `{name}` for the same thing"),
            ),
            Change::LabelAdded => {
                let type_name = object.parent.as_ref().map_or(&object.name, |it| it);
                draft.first.does.push(format!(
                    "can read `{}` of `{type_name}`, and does not write it yet",
                    object.name.as_str()
                ));
                draft.second.does.push(format!(
                    "writes `{}` of `{type_name}`",
                    object.name.as_str()
                ));
                Phase::Expand
            }
            Change::ValuesAdded { column, values } => {
                let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
                let values = values.join(", ");
                draft.first.does.push(format!(
                    "can read {values} in `{column}`, and does not write it yet"
                ));
                draft
                    .second
                    .does
                    .push(format!("writes {values} into `{column}`"));
                Phase::Expand
            }
            Change::NotNullDropped { .. } => {
                draft.first.does.push(format!(
                    "can read NULL in `{name}`, and does not write it yet"
                ));
                draft.second.does.push(format!("writes NULL into `{name}`"));
                Phase::Expand
            }
            _ => Phase::Expand,
        },
        Pair::NewReadsOldData => match &it.difference.change {
            Change::RowsCopied { from } => {
                draft.copied.extend(from.iter().cloned());
                draft.second.does.push(format!("uses `{name}` alone"));
                let from: Vec<String> = from.iter().map(|it| format!("`{it}`")).collect();
                let from = from.join(", ");
                does(
                    draft,
                    format!("writes {from} and `{name}`, and reads {from}"),
                )
            }
            _ => does(draft, format!("writes `{name}` with every row")),
        },
        Pair::OldOnNew => {
            let text = match &it.difference.change {
                Change::CoveredByView { .. } | Change::ResultReshaped { .. } => {
                    return Phase::Expand;
                }
                Change::ColumnAdded { .. }
                | Change::NotNullSet { .. }
                | Change::DefaultDropped { .. }
                | Change::DefaultAdded { .. } => {
                    return does(
                        draft,
                        format!("gives `{name}` a value whenever it writes a row"),
                    );
                }
                Change::DefaultChanged => {
                    return does(draft, format!("does not count on the default of `{name}`"));
                }
                Change::ColumnTypeChanged { from, to } if it.harm.weight != Weight::Error => {
                    return match it.harm.access {
                        [Access::Write] => does(
                            draft,
                            format!("writes only values of `{name}` that fit `{to}`"),
                        ),
                        _ => does(draft, format!("takes `{name}` as `{from}` and as `{to}`")),
                    };
                }
                Change::ConstraintAdded { .. }
                | Change::DomainTightened { .. }
                | Change::DomainChanged => {
                    format!("writes only rows that satisfy `{}`", object.name)
                }
                Change::ValuesRemoved { column, values } => {
                    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
                    format!("does not use {} in `{column}`", values.join(", "))
                }
                Change::UniqueKeyLost { columns, .. } => {
                    let columns: Vec<String> = columns.iter().map(Ident::to_string).collect();
                    format!("does not upsert by ({})", columns.join(", "))
                }
                Change::TriggerAdded { .. } => format!("works with and without trigger `{name}`"),
                Change::TriggerBodyChanged { .. } => {
                    format!("works with `{name}` as it was and as it will be")
                }
                Change::TriggerDropped => {
                    format!("does by itself what trigger `{name}` does")
                }
                Change::RuleAdded | Change::RuleDropped => {
                    format!("works with and without rule `{name}`")
                }
                Change::RowSecurityOn { .. } | Change::PolicyChanged { .. } => {
                    format!("meets the policies of `{name}` with every statement")
                }
                Change::RoutineResultChanged { .. }
                | Change::RoutineParametersRenamed
                | Change::RoutineArgumentsChanged { .. } => {
                    format!("works with `{name}` before and after the change, or does not call it")
                }
                Change::WritesRefused
                | Change::ViewWritesRefused { .. }
                | Change::ViewColumnComputed { .. } => {
                    format!("does not write to `{name}`")
                }
                Change::RoleDropped | Change::RoleRenamed { .. } | Change::LoginRevoked => {
                    format!("connects as another role than `{name}`")
                }
                Change::PrivilegeRevoked { .. } => {
                    format!("does without what it may no longer do with `{name}`")
                }
                _ => format!("does not use `{name}`"),
            };
            draft.first.does.push(text);
            if it.harm.weight == Weight::Error {
                give_up(it, &mut draft.first);
            }
            if makes_another(&it.difference.change) {
                let text = match &it.difference.change {
                    Change::RelationRenamed { to }
                    | Change::TypeRenamed { to }
                    | Change::RoutineRenamed { to } => format!("uses `{to}`"),
                    Change::LabelRenamed { to } => format!("uses `{}`", to.as_str()),
                    Change::ColumnRenamed { to } | Change::RoleRenamed { to } => {
                        format!("uses `{to}`")
                    }
                    _ => format!("uses `{name}` as it is now"),
                };
                draft.second.does.push(text);
            }
            Phase::Contract
        }
    }
}

/// Whether the change leaves something in the place of the old that only later code can use.
fn makes_another(change: &Change) -> bool {
    matches!(
        change,
        Change::RelationRenamed { .. }
            | Change::ColumnRenamed { .. }
            | Change::ColumnTypeChanged { .. }
            | Change::ShownTypeChanged { .. }
            | Change::TypeRenamed { .. }
            | Change::TypeRedefined
            | Change::RoutineRenamed { .. }
            | Change::RoleRenamed { .. }
            | Change::LabelRenamed { .. }
            | Change::NameReused
    )
}

/// What a release retires to be safe from a break.
pub(super) fn give_up(it: &Break, release: &mut ReleasePlan) {
    let object = &it.difference.object;
    // Under other policies a release goes on using the table.
    let is_policy = matches!(
        it.difference.change,
        Change::RowSecurityOn { .. } | Change::PolicyChanged { .. }
    );
    if it.harm.pair != Pair::OldOnNew
        || it.harm.weight != Weight::Error
        || is_policy
        || matches!(object.kind, ObjectKind::Constraint)
        || matches!(it.difference.change, Change::ValuesRemoved { .. })
        || matches!(object.kind, ObjectKind::Migration | ObjectKind::Query)
    {
        return;
    }
    let left_out = it
        .harm
        .error
        .as_ref()
        .is_some_and(|error| error.code == "23502");
    let given = match (&object.parent, left_out) {
        // An INSERT is hurt by what it does not name.
        (Some(parent), true) => GivenUp {
            object: ObjectRef {
                kind: ObjectKind::Table,
                schema: object.schema.clone(),
                parent: None,
                name: parent.clone(),
            }
            .to_string(),
            access: Some(Access::Write),
        },
        _ => GivenUp {
            object: object.to_string(),
            access: match it.harm.access {
                [only] => Some(*only),
                _ => None,
            },
        },
    };
    release.retired.push(given);
}

/// Later units that name what a unit of the contract phase is about wait for it.
fn move_names(unit: &Unit, draft: &mut Draft) {
    for it in &unit.breaks {
        let object = &it.difference.object;
        let moved = match &object.parent {
            // A label goes with its type.
            Some(parent) if object.kind == ObjectKind::EnumLabel => Moved {
                of: parent.as_str().to_owned(),
                part: None,
            },
            Some(parent) => Moved {
                of: parent.as_str().to_owned(),
                part: Some(object.name.as_str().to_owned()),
            },
            None => Moved {
                of: object.name.as_str().to_owned(),
                part: None,
            },
        };
        // A constraint is named by nobody; what it demands is.
        if matches!(
            object.kind,
            ObjectKind::Constraint | ObjectKind::Migration | ObjectKind::Query
        ) {
            continue;
        }
        // A value that a demand needs in every row is given again where the demand is made.
        if matches!(
            it.difference.change,
            Change::ColumnAdded { .. } | Change::NotNullSet { .. }
        ) {
            fill_again(&moved, draft);
        }
        // Rows of old code come after the first filling, and what they are filled from goes here.
        if matches!(it.difference.change, Change::ColumnDropped { .. }) {
            fill_from(&moved, draft);
        }
        // What makes way for something of the same name has to wait with it.
        let is_exchange = matches!(object.kind, ObjectKind::EnumLabel | ObjectKind::Type)
            || it.difference.change == Change::NameReused;
        if is_exchange {
            draft.hold_back(&moved);
        }
        draft.moved.push(moved);
    }
}

/// Moves to the contract phase what fills a column whose rows must all have a value there: rows of
/// old code come after the first time.
fn fill_again(moved: &Moved, draft: &mut Draft) {
    let Some(part) = &moved.part else {
        return;
    };
    let holds = crate::analysis::proof::holds_word;
    let again: Vec<String> = draft
        .expand
        .iter()
        .map(|piece| &piece.sql)
        .filter(|sql| {
            let begins = sql.trim_start().get(..6);
            begins.is_some_and(|word| word.eq_ignore_ascii_case("update"))
                && holds(sql, &moved.of)
                && holds(sql, part)
        })
        .cloned()
        .collect();
    draft.expand.retain(|piece| !again.contains(&piece.sql));
    let lower_part = part.to_ascii_lowercase();
    for sql in again {
        let lower = sql.to_ascii_lowercase();
        let is_kept = lower.contains(&format!("{lower_part} is null"));
        let sql = match (is_kept, lower.contains(" where ")) {
            (true, _) => sql,
            (false, false) => format!("{sql} WHERE {part} IS NULL"),
            (false, true) => format!("-- Leave alone what has a value by now.\n{sql}"),
        };
        draft.make(Phase::Contract, sql);
    }
}

/// Moves to the contract phase what is filled from a column before that is dropped.
fn fill_from(moved: &Moved, draft: &mut Draft) {
    let Some(part) = &moved.part else {
        return;
    };
    let holds = crate::analysis::proof::holds_word;
    let is_filling = |sql: &str| {
        let begins = sql.trim_start().get(..6);
        begins.is_some_and(|word| word.eq_ignore_ascii_case("update"))
            && holds(sql, &moved.of)
            && holds(sql, part)
    };
    let (again, kept): (Vec<Piece>, Vec<Piece>) = std::mem::take(&mut draft.expand)
        .into_iter()
        .partition(|piece| is_filling(&piece.sql));
    draft.expand = kept;
    for piece in again {
        let lower = piece.sql.to_ascii_lowercase();
        let set = lower.find(" set ").map(|at| at + " set ".len());
        let target = set.and_then(|at| {
            let rest = &piece.sql[at..];
            Some(rest[..rest.find('=')?].trim().to_owned())
        });
        let sql = match (target, lower.contains(" where ")) {
            (Some(target), false) => {
                draft
                    .first
                    .does
                    .push(format!("writes `{}.{target}` with every row", moved.of));
                format!("{} WHERE {target} IS NULL", piece.sql.trim_end())
            }
            _ => format!("-- Leave alone what has a value by now.\n{}", piece.sql),
        };
        draft.make(Phase::Contract, sql);
    }
}

/// The table of a difference as the unit finds it: an earlier statement may have renamed it.
fn table_of(unit: &Unit, object: &ObjectRef) -> Option<QualifiedName> {
    let written = unit.operations.iter().find_map(|op| op.altered_relation());
    let named = written.map(|name| {
        let schema = name.schema.clone();
        let schema = schema.or_else(|| object.schema.clone());
        QualifiedName::new(
            schema.unwrap_or_else(|| Ident::new("public")),
            name.name.clone(),
        )
    });
    let there = named.filter(|name| unit.before.table(name).is_some());
    there.or_else(|| owner(object))
}

fn owner(object: &ObjectRef) -> Option<QualifiedName> {
    let schema = object
        .schema
        .clone()
        .unwrap_or_else(|| Ident::new("public"));
    Some(QualifiedName::new(schema, object.parent.clone()?))
}

fn own_name(object: &ObjectRef) -> QualifiedName {
    let schema = object
        .schema
        .clone()
        .unwrap_or_else(|| Ident::new("public"));
    QualifiedName::new(schema, object.name.clone())
}

/// Gives a column up under the name that its table has by now, where that is another.
fn give_up_here(table: &QualifiedName, object: &ObjectRef, draft: &mut Draft) {
    let here = ObjectRef::part(ObjectKind::Column, table, &object.name);
    if here != *object {
        draft.first.retired.push(GivenUp {
            object: here.to_string(),
            access: None,
        });
    }
}

/// The first release uses another name, and gives the old one up.
fn uses_instead(new: &str, old: &ObjectRef, draft: &mut Draft) {
    draft
        .first
        .does
        .push(format!("uses `{new}` instead of `{old}`"));
    draft.first.retired.push(GivenUp {
        object: old.to_string(),
        access: None,
    });
}

/// A copy under the new name, kept the same by a trigger; at the end the old column takes its place.
fn rename_column(unit: &Unit, difference: &Difference, to: &Ident, draft: &mut Draft) -> bool {
    let [SchemaOp::RenameColumn { .. }] = &unit.operations[..] else {
        return false;
    };
    let Some(name) = table_of(unit, &difference.object) else {
        return false;
    };
    let Some(table) = unit.before.table(&name) else {
        return false;
    };
    let Some(column) = table.column(&difference.object.name) else {
        return false;
    };
    if column.assumed {
        return false;
    }
    let copy = Copy {
        name: &name,
        table,
        column,
        copy: to.clone(),
        data_type: column.data_type.to_string(),
        using: None,
    };
    for sql in copy.make() {
        draft.make(Phase::Expand, sql);
    }
    for sql in copy.end() {
        draft.make(Phase::Contract, sql);
    }
    draft.make(
        Phase::Contract,
        format!(
            "ALTER TABLE {} DROP COLUMN {}",
            quoted_of(&name),
            quoted(to)
        ),
    );
    draft.keep(Phase::Contract, unit);
    let new = ObjectRef {
        name: to.clone(),
        ..difference.object.clone()
    };
    uses_instead(&new.to_string(), &difference.object, draft);
    give_up_here(&name, &difference.object, draft);
    for part in [to, &difference.object.name] {
        draft.moved.push(Moved {
            of: name.name.as_str().to_owned(),
            part: Some(part.as_str().to_owned()),
        });
    }
    true
}

/// A view under the old name, with the table's grants.
fn rename_table(
    unit: &Unit,
    difference: &Difference,
    to: &QualifiedName,
    draft: &mut Draft,
) -> bool {
    let [SchemaOp::RenameRelation { .. } | SchemaOp::MoveRelation { .. }] = &unit.operations[..]
    else {
        return false;
    };
    let old = own_name(&difference.object);
    let Some(table) = unit.after.table(to) else {
        return false;
    };
    if !table.knowledge.is_full() || unit.after.relation(&old).is_some() {
        return false;
    }
    let columns: Vec<String> = table.columns.iter().map(|it| quoted(&it.name)).collect();
    draft.keep(Phase::Expand, unit);
    draft.make(
        Phase::Expand,
        format!(
            "CREATE VIEW {} AS SELECT {} FROM {}",
            quoted_of(&old),
            columns.join(", "),
            quoted_of(to)
        ),
    );
    repeat_grants(unit, &old, &old, draft);
    draft
        .stand_ins
        .push(format!("DROP VIEW {}", quoted_of(&old)));
    uses_instead(&to.to_string(), &difference.object, draft);
    true
}

/// A second view of the same query.
fn rename_view(
    unit: &Unit,
    difference: &Difference,
    to: &QualifiedName,
    draft: &mut Draft,
) -> bool {
    let [SchemaOp::RenameRelation { .. } | SchemaOp::MoveRelation { .. }] = &unit.operations[..]
    else {
        return false;
    };
    let old = own_name(&difference.object);
    let Some(RelationBody::View(View {
        materialized: false,
        query,
        columns,
        ..
    })) = unit.before.relation(&old).map(|it| &it.body)
    else {
        return false;
    };
    let names = match columns {
        Some(columns) => {
            let names: Vec<String> = columns.iter().map(quoted).collect();
            format!(" ({})", names.join(", "))
        }
        None => String::new(),
    };
    draft.make(
        Phase::Expand,
        format!("CREATE VIEW {}{names} AS {}", quoted_of(to), query.text),
    );
    repeat_grants(unit, &old, to, draft);
    draft.make(Phase::Contract, format!("DROP VIEW {}", quoted_of(to)));
    draft.keep(Phase::Contract, unit);
    uses_instead(&to.to_string(), &difference.object, draft);
    draft.moved.push(Moved {
        of: to.name.as_str().to_owned(),
        part: None,
    });
    true
}

/// Gives the roles on `to` what the history has granted them on `from`.
fn repeat_grants(unit: &Unit, from: &QualifiedName, to: &QualifiedName, draft: &mut Draft) {
    let Some(relation) = unit.before.relation(from) else {
        return;
    };
    let target = PrivilegeTarget::Relation(relation.id);
    let held = unit.before.held(&target).into_iter().flatten();
    for (privilege, _) in held.filter(|(_, granted)| **granted) {
        let column = match &privilege.column {
            Some(column) => format!(" ({})", quoted(column)),
            None => String::new(),
        };
        let role = match privilege.role.as_str() {
            "public" => "PUBLIC".to_owned(),
            _ => privilege.role.to_string(),
        };
        draft.make(
            Phase::Expand,
            format!(
                "GRANT {}{column} ON {} TO {role}",
                privilege.name,
                quoted_of(to)
            ),
        );
    }
}

/// Without NOT NULL first; the demand follows when every writer names the column.
fn add_required(unit: &Unit, difference: &Difference, draft: &mut Draft) -> bool {
    let is_addition = matches!(unit.operations.first(), Some(SchemaOp::AddColumn { .. }));
    let (Some(table), Some(sql)) = (
        table_of(unit, &difference.object).filter(|_| is_addition),
        without_not_null(&unit.sql),
    ) else {
        return false;
    };
    let column = &difference.object.name;
    draft.make(Phase::Expand, sql);
    draft.make(
        Phase::Contract,
        format!(
            "-- Rows without a value come first: UPDATE {table} SET {column} = … WHERE {column} IS \
             NULL\nALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL",
            table = quoted_of(&table),
            column = quoted(column)
        ),
    );
    draft
        .first
        .does
        .push(format!("writes `{}` with every row", difference.object));
    true
}

/// A text without its first `NOT NULL` outside of parentheses and quotes.
fn without_not_null(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let is_part = |it: char| it.is_alphanumeric() || it == '_';
    let depth = |at: usize| {
        let before = &sql[..at];
        let open = before.matches('(').count() == before.matches(')').count();
        open && before.matches('\'').count().is_multiple_of(2)
    };
    let found = lower.match_indices("not").find_map(|(at, word)| {
        let rest = &lower[at + word.len()..];
        let blanks = rest.len() - rest.trim_start().len();
        let is_null = blanks > 0
            && rest.trim_start().starts_with("null")
            && !rest[blanks + 4..].starts_with(is_part);
        let is_word = !lower[..at].ends_with(is_part);
        (is_null && is_word && depth(at)).then_some((at, at + word.len() + blanks + 4))
    });
    let (start, end) = found?;
    let (before, after) = (sql[..start].trim_end(), sql[end..].trim_start());
    Some(match after {
        "" => before.to_owned(),
        after => format!("{before} {after}"),
    })
}

/// Optional first, so that new code can leave it out before it is gone.
fn drop_required(unit: &Unit, difference: &Difference, draft: &mut Draft) -> bool {
    let Some(table) = table_of(unit, &difference.object) else {
        return false;
    };
    let column = &difference.object.name;
    draft.make(
        Phase::Expand,
        format!(
            "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
            quoted_of(&table),
            quoted(column)
        ),
    );
    draft
        .first
        .does
        .push(format!("does not use `{}`", difference.object));
    draft.first.retired.push(GivenUp {
        object: difference.object.to_string(),
        access: None,
    });
    move_names(unit, draft);
    draft.keep(Phase::Contract, unit);
    true
}

/// A copy of the new type; when code uses the copy only, the column is changed, and when code uses the
/// column again, the copy goes.
fn change_type(unit: &Unit, difference: &Difference, draft: &mut Draft) -> bool {
    let [
        SchemaOp::AlterColumn {
            change: ColumnChange::SetType { .. },
            ..
        },
    ] = &unit.operations[..]
    else {
        return false;
    };
    let Some(name) = table_of(unit, &difference.object) else {
        return false;
    };
    let Some(table) = unit.before.table(&name) else {
        return false;
    };
    let column = &difference.object.name;
    let (Some(before), Some(after)) = (
        table.column(column),
        unit.after.table(&name).and_then(|it| it.column(column)),
    ) else {
        return false;
    };
    // What new code writes into the copy has to go back into the column.
    if is_assignable(&after.data_type, &before.data_type) != Some(true) {
        return false;
    }
    let copy = Copy {
        name: &name,
        table,
        column: before,
        copy: free_name([unit.before, unit.after], &name, column),
        data_type: after.data_type.to_string(),
        using: using(&unit.sql),
    };
    // A default or constraint that is in the way goes with the old type, not before.
    draft.hold_back(&Moved {
        of: name.name.as_str().to_owned(),
        part: Some(column.as_str().to_owned()),
    });
    for sql in copy.make() {
        draft.make(Phase::Expand, sql);
    }
    draft.keep(Phase::Contract, unit);
    if copy.using.is_some() {
        draft.make(Phase::Contract, copy.sync(None));
    }
    draft.make(
        Phase::Contract,
        format!(
            "UPDATE {} SET {column} = {copy} WHERE {column} IS DISTINCT FROM {copy}",
            quoted_of(&name),
            column = quoted(column),
            copy = quoted(&copy.copy)
        ),
    );
    draft.leftovers.extend(copy.end());
    draft.leftovers.push(format!(
        "ALTER TABLE {} DROP COLUMN {}",
        quoted_of(&name),
        quoted(&copy.copy)
    ));
    let beside = ObjectRef {
        name: copy.copy.clone(),
        ..difference.object.clone()
    };
    draft.first.does.push(format!(
        "uses `{beside}` instead of `{}`",
        difference.object
    ));
    draft.first.retired.push(GivenUp {
        object: difference.object.to_string(),
        access: None,
    });
    draft.second.does.push(format!(
        "uses `{}` again, as `{}`",
        difference.object, after.data_type
    ));
    draft.second.retired.push(GivenUp {
        object: beside.to_string(),
        access: None,
    });
    draft.moved.push(Moved {
        of: name.name.as_str().to_owned(),
        part: Some(column.as_str().to_owned()),
    });
    true
}

/// The expression behind `USING`.
fn using(sql: &str) -> Option<String> {
    let lower = sql.to_ascii_lowercase();
    let at = lower.find(" using ")?;
    Some(sql[at + " using ".len()..].trim().to_owned())
}
