//! What changed in a table or view: columns, constraints, indexes, triggers, rules, policies.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Compare, Happened, Place, code, column_text, shown_type};
use crate::report::ddl::{constraint_text, index_text};
use crate::rules::row_security_enabled;
use crate::schema::apply::constraint_columns;
use crate::schema::catalog::{
    Catalog, Column, Constraint, Index, ObjectId, Policy, RewriteRule, Table, Trigger, TypeBody,
    View,
};
use crate::schema::diff::without_policy;
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{
    ConstraintKind, Identity, IndexKey, PolicyCommand, ReferentialAction, SqlExpr, TriggerTiming,
};

/// The columns of a table that have other names: old, new.
type Renames = Vec<(Ident, Ident)>;

/// One table in two catalogs.
struct Tables<'a> {
    /// The old name, which messages use.
    name: &'a QualifiedName,
    before: &'a Table,
    after: &'a Table,
    about: [ObjectId; 2],
    renames: Renames,
}

impl<'a> Compare<'a> {
    /// What changed in a table.
    pub(super) fn table(
        &mut self,
        (name, before): (&QualifiedName, &Table),
        (_, after): (&QualifiedName, &Table),
        about: [ObjectId; 2],
    ) {
        let first = self.out.len();
        let tables = Tables {
            name,
            before,
            after,
            about,
            renames: renames(before, after),
        };
        // What is not listed of a table that is half known is not gone, and what is was not added.
        let half_known = match (before.knowledge.is_full(), after.knowledge.is_full()) {
            (true, false) => Some(
                "is half known from here on: a statement that was not understood may have changed \
                 any of its parts",
            ),
            (false, true) => Some("is known from here on, and what it was before is not"),
            (true, true) | (false, false) => None,
        };
        if let Some(half_known) = half_known {
            let message = format!("table `{name}` {half_known}");
            let place = Place::Top(name);
            let change = self.push(Happened::Unknown, "table", place, message);
            change.aspect = Some("knowledge");
            change.about.extend(about);
            return;
        }
        self.placement(&tables);
        self.columns(&tables);
        self.constraints(&tables);
        self.indexes(&tables, before.indexes.iter(), after.indexes.iter());
        self.triggers(&tables, &before.triggers, &after.triggers);
        self.rules(&tables, &before.rules, &after.rules);
        self.policies(&tables);
        // What happens to the whole partitioned table is said of it, and only the rest of a
        // partition.
        if let Some(parent) = before.partition_of
            && after.partition_of == Some(parent)
        {
            let own = self.out.split_off(first);
            let of_parent = self.of_parent(parent);
            let is_said = |change: &super::SchemaChange| {
                of_parent.iter().any(|it| {
                    let is_column = change.kind == "column";
                    (it.happened, it.kind, it.aspect)
                        == (change.happened, change.kind, change.aspect)
                        && (!is_column || (&it.name, &it.to) == (&change.name, &change.to))
                })
            };
            self.out.extend(own.into_iter().filter(|it| !is_said(it)));
        }
    }

    fn of_parent(&self, parent: ObjectId) -> Vec<super::SchemaChange> {
        let names = (
            self.old.relation_name(parent),
            self.new.relation_name(parent),
        );
        let (Some(from), Some(to)) = names else {
            return Vec::new();
        };
        let (Some(before), Some(after)) = (self.old.table(from), self.new.table(to)) else {
            return Vec::new();
        };
        let mut inner = Compare::new(self.old, self.new);
        inner.table((from, before), (to, after), [parent, parent]);
        inner.out
    }

    /// Keys, indexes, triggers, rules and policies of a table that is new.
    pub(super) fn parts_of_new_table(
        &mut self,
        (name, table): (&QualifiedName, &Table),
        id: ObjectId,
    ) {
        // A partition has those of the partitioned table.
        if table.partition_of.is_some() {
            return;
        }
        let nothing = Table::default();
        let tables = Tables {
            name,
            before: &nothing,
            after: table,
            about: [id, id],
            renames: Vec::new(),
        };
        self.constraints(&tables);
        self.indexes(&tables, nothing.indexes.iter(), table.indexes.iter());
        self.triggers(&tables, &[], &table.triggers);
        self.rules(&tables, &[], &table.rules);
        self.policies(&tables);
    }

    /// Indexes, triggers and rules of a view that is new.
    pub(super) fn parts_of_new_view(
        &mut self,
        (name, view): (&QualifiedName, &View),
        id: ObjectId,
    ) {
        let nothing = Table::default();
        let tables = Tables {
            name,
            before: &nothing,
            after: &nothing,
            about: [id, id],
            renames: Vec::new(),
        };
        self.indexes(&tables, nothing.indexes.iter(), view.indexes.iter());
        self.triggers(&tables, &[], &view.triggers);
        self.rules(&tables, &[], &view.rules);
    }

    fn say(
        &mut self,
        tables: &Tables<'_>,
        aspect: &'static str,
        message: String,
        (from, to): (Option<String>, Option<String>),
    ) {
        let place = Place::Top(tables.name);
        let change = self.push(Happened::Changed, "table", place, message);
        change.aspect = Some(aspect);
        (change.from, change.to) = (from, to);
        change.about.extend(tables.about);
    }

    /// What a table is among others, and how it is kept.
    fn placement(&mut self, tables: &Tables<'_>) {
        let (name, before, after) = (tables.name, tables.before, tables.after);
        let named =
            |catalog: &Catalog, id: ObjectId| catalog.relation_name(id).map(ToString::to_string);
        let bound = |table: &Table| table.partition_bound.as_ref().map(|it| it.text.to_string());
        if before.partition_of != after.partition_of {
            let from = before.partition_of.and_then(|id| named(self.old, id));
            let to = after.partition_of.and_then(|id| named(self.new, id));
            let message = match (after.partition_of, &to) {
                (Some(_), Some(parent)) => {
                    let bound =
                        bound(after).map_or_else(String::new, |it| format!(" {}", code(&it)));
                    format!("table `{name}` becomes a partition of `{parent}`{bound}")
                }
                (Some(_), None) => format!("table `{name}` becomes a partition"),
                (None, _) => match &from {
                    Some(parent) => {
                        format!("partition `{name}` no longer belongs to `{parent}`")
                    }
                    None => format!("table `{name}` is no longer a partition"),
                },
            };
            self.say(tables, "partition", message, (from, to));
        } else if bound(before) != bound(after) {
            let (from, to) = (bound(before), bound(after));
            let message = format!("partition `{name}` has other bounds");
            self.say(tables, "partition", message, (from, to));
        }
        let by = |table: &Table| table.partition_by.as_ref().map(|it| it.text.to_string());
        if by(before) != by(after) {
            let (from, to) = (by(before), by(after));
            let message = match &to {
                Some(by) => format!("table `{name}` is partitioned by {}", code(by)),
                None => format!("table `{name}` is no longer partitioned"),
            };
            self.say(tables, "partitioning", message, (from, to));
        }
        for id in before
            .inherits
            .iter()
            .filter(|id| !after.inherits.contains(id))
        {
            if let Some(parent) = named(self.old, *id) {
                let message = format!("table `{name}` no longer inherits from `{parent}`");
                self.say(tables, "inherits", message, (Some(parent), None));
            }
        }
        for id in after
            .inherits
            .iter()
            .filter(|id| !before.inherits.contains(id))
        {
            if let Some(parent) = named(self.new, *id) {
                let message = format!("table `{name}` inherits from `{parent}`");
                self.say(tables, "inherits", message, (None, Some(parent)));
            }
        }
        if before.of_type != after.of_type {
            let typed = |catalog: &Catalog, table: &Table| {
                let name = table.of_type.and_then(|id| catalog.type_name(id));
                name.map(ToString::to_string)
            };
            let (from, to) = (typed(self.old, before), typed(self.new, after));
            let message = match &to {
                Some(of) => format!("table `{name}` is a table of type `{of}`"),
                None => format!("table `{name}` is no longer a table of a type"),
            };
            self.say(tables, "type", message, (from, to));
        }
        if before.foreign != after.foreign {
            let words = |foreign| if foreign { "foreign table" } else { "table" };
            let (from, to) = (words(before.foreign), words(after.foreign));
            let message = format!("`{name}` was a {from} and is a {to}");
            self.say(
                tables,
                "kind",
                message,
                (Some(from.to_owned()), Some(to.to_owned())),
            );
        }
        if before.unlogged != after.unlogged {
            let message = match after.unlogged {
                true => format!("table `{name}` is unlogged: a crash empties it"),
                false => format!("table `{name}` is logged"),
            };
            self.say(tables, "persistence", message, (None, None));
        }
        let (was, is) = (before.row_security, after.row_security);
        if was.enabled != is.enabled {
            let message = match is.enabled {
                true => row_security_enabled::what(&name.to_string(), &without_policy(after)),
                false => format!("row-level security no longer holds on `{name}`"),
            };
            self.say(tables, "row security", message, (None, None));
        }
        if was.forced != is.forced {
            let message = match is.forced {
                true => format!("row-level security holds on `{name}` for its owner too"),
                false => format!("row-level security on `{name}` spares its owner"),
            };
            self.say(tables, "row security", message, (None, None));
        }
    }

    fn columns(&mut self, tables: &Tables<'_>) {
        let (name, before, after) = (tables.name, tables.before, tables.after);
        for (at, column) in before.columns.iter().enumerate() {
            if before.columns.shares(&after.columns, at) && tables.same_not_null_checks() {
                continue;
            }
            let later = counterpart(column, before, after);
            if later.is_none() && !after.is_absent(&column.name) {
                continue;
            }
            let Some(later) = later else {
                let message = format!("column `{name}.{}` is dropped", column.name);
                let place = Place::Part(name, &column.name);
                let change = self.push(Happened::Dropped, "column", place, message);
                change.from = Some(column_text(column));
                change.about.extend(tables.about);
                change.about.push(column.id);
                continue;
            };
            if column.name != later.name {
                let message = format!(
                    "column `{name}.{}` is renamed to `{}`",
                    column.name, later.name
                );
                let place = Place::Part(name, &column.name);
                let change = self.push(Happened::Renamed, "column", place, message);
                change.to = Some(later.name.to_string());
                change.about.extend(tables.about);
                change.about.extend([column.id, later.id]);
            }
            let is_remade = column.id != later.id && !column.assumed && !later.assumed;
            let is_one =
                tables.about[0] == tables.about[1] && self.histories == super::Histories::One;
            if is_remade && is_one {
                let message = format!(
                    "`{name}.{}` is made anew: another column under the old name",
                    column.name
                );
                let place = Place::Part(name, &column.name);
                let change = self.push(Happened::Changed, "column", place, message);
                change.aspect = Some("identity");
                change.about.extend(tables.about);
                change.about.extend([column.id, later.id]);
            }
            self.column(tables, column, later);
        }
        for (at, column) in after.columns.iter().enumerate() {
            if before.columns.shares(&after.columns, at)
                || before
                    .columns
                    .iter()
                    .any(|it| counterpart(it, before, after).is_some_and(|it| it.id == column.id))
            {
                continue;
            }
            if !before.is_absent(&column.name) {
                continue;
            }
            let required = match self.new.is_required(after, column) {
                true => "required ",
                false => "",
            };
            let definition = column_text(column);
            let message = format!(
                "{required}column `{name}.{}` is added: {}",
                column.name,
                code(&definition)
            );
            let place = Place::Part(name, &column.name);
            let change = self.push(Happened::Added, "column", place, message);
            change.to = Some(definition);
            change.about.extend(tables.about);
            change.about.push(column.id);
        }
        let kept: Vec<ObjectId> = before
            .columns
            .iter()
            .filter_map(|it| counterpart(it, before, after))
            .map(|it| it.id)
            .collect();
        let is_kept: BTreeSet<ObjectId> = kept.iter().copied().collect();
        let now: Vec<ObjectId> = after
            .columns
            .iter()
            .map(|it| it.id)
            .filter(|id| is_kept.contains(id))
            .collect();
        if kept != now {
            let message = format!("columns of table `{name}` stand in another order");
            self.say(tables, "order", message, (None, None));
        }
    }

    fn column(&mut self, tables: &Tables<'_>, before: &Column, after: &Column) {
        let column = format!("{}.{}", tables.name, before.name);
        let mut said: Vec<(&'static str, String, Option<String>, Option<String>)> = Vec::new();
        if !self.same_type(&before.data_type, &after.data_type) {
            let (from, to) = (shown_type(&before.data_type), shown_type(&after.data_type));
            let bases = (
                self.old.base_type(&before.data_type),
                self.new.base_type(&after.data_type),
            );
            // A domain is stored and sent as what it is made of.
            let message = match self.same_type(&bases.0, &bases.1) {
                true => format!(
                    "column `{column}` is under the rules of another domain: `{to}` instead of \
                     `{from}`"
                ),
                false => format!("type of column `{column}` is changed from `{from}` to `{to}`"),
            };
            said.push(("type", message, Some(from), Some(to)));
        }
        if before.collation != after.collation {
            let shown = |it: &Option<ObjectName>| it.as_ref().map(ToString::to_string);
            let (from, to) = (shown(&before.collation), shown(&after.collation));
            let mut indexes = tables.after.indexes.iter();
            let in_key = indexes
                .any(|index| index.unique && index.columns().any(|needed| *needed == after.name));
            let key = if in_key { "key " } else { "" };
            let words = |it: &Option<String>| match it {
                Some(name) => format!("`{name}`"),
                None => "the default".to_owned(),
            };
            let message = format!(
                "collation of {key}column `{column}` is changed from {} to {}",
                words(&from),
                words(&to)
            );
            said.push(("collation", message, from, to));
        }
        let (refused, refuses) = (
            tables.before.refuses_null(before),
            tables.after.refuses_null(after),
        );
        let nullability = match (refused, refuses, before.not_null, after.not_null) {
            (false, true, _, false) => Some("is set NOT NULL by a check"),
            (false, true, _, true) => Some("is set NOT NULL"),
            (true, false, _, _) => Some("may be NULL"),
            (true, true, false, true) => Some("is NOT NULL by itself, not only by a check"),
            (true, true, true, false) => Some("is NOT NULL only by a check"),
            (true, true, ..) | (false, false, ..) => None,
        };
        if let Some(words) = nullability {
            let shown = |refuses| Some(if refuses { "NOT NULL" } else { "NULL" }.to_owned());
            said.push((
                "nullability",
                format!("column `{column}` {words}"),
                shown(refused),
                shown(refuses),
            ));
        }
        let given = |what: String| {
            format!("column `{column}` is given a value where an insert leaves it out: {what}")
        };
        let text = |expr: &SqlExpr| expr.text.to_string();
        let old_default = before.default.as_ref().map(|it| tables.renamed(it));
        match (&old_default, &after.default) {
            (Some(was), None) => said.push((
                "default",
                format!(
                    "default of column `{column}` is dropped, it was {}",
                    code(&was.text)
                ),
                Some(text(was)),
                None,
            )),
            (None, Some(is)) => said.push((
                "default",
                given(format!("default {}", code(&is.text))),
                None,
                Some(text(is)),
            )),
            (Some(was), Some(is)) if !was.is_same_value(is) => said.push((
                "default",
                format!(
                    "default of column `{column}` is changed from {} to {}",
                    code(&was.text),
                    code(&is.text)
                ),
                Some(text(was)),
                Some(text(is)),
            )),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let word = |identity: Option<Identity>| {
            identity.map(|it| match it {
                Identity::Always => "always".to_owned(),
                Identity::ByDefault => "by default".to_owned(),
            })
        };
        let (was, is) = (word(before.identity), word(after.identity));
        match (before.identity, after.identity) {
            (Some(_), None) => {
                let message = format!("identity of column `{column}` is dropped");
                said.push(("identity", message, was, is));
            }
            (None, Some(_)) => {
                let message = given(format!("identity, {}", is.as_deref().unwrap_or_default()));
                said.push(("identity", message, was, is));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let old_generated = before.generated.as_ref().map(|it| tables.renamed(it));
        match (&old_generated, &after.generated) {
            (Some(was), None) => said.push((
                "generated",
                format!(
                    "column `{column}` is no longer generated, it was {}",
                    code(&was.text)
                ),
                Some(text(was)),
                None,
            )),
            (None, Some(is)) => said.push((
                "generated",
                given(format!("generated as {}", code(&is.text))),
                None,
                Some(text(is)),
            )),
            (Some(was), Some(is)) if !was.is_same(is) => said.push((
                "generated",
                format!(
                    "column `{column}` is generated as {} instead of {}",
                    code(&is.text),
                    code(&was.text)
                ),
                Some(text(was)),
                Some(text(is)),
            )),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let refuses = |column: &Column| {
            column.generated.is_some() || column.identity == Some(Identity::Always)
        };
        match (refuses(before), refuses(after)) {
            (false, true) => {
                said.push((
                    "writes",
                    format!("column `{column}` refuses given values"),
                    None,
                    None,
                ));
            }
            (true, false) => {
                said.push((
                    "writes",
                    format!("column `{column}` accepts given values"),
                    None,
                    None,
                ));
            }
            (true, true) | (false, false) => {}
        }
        for (aspect, message, from, to) in said {
            let place = Place::Part(tables.name, &before.name);
            let change = self.push(Happened::Changed, "column", place, message);
            change.aspect = Some(aspect);
            (change.from, change.to) = (from, to);
            change.about.extend(tables.about);
            change.about.extend([before.id, after.id]);
        }
    }

    fn constraints(&mut self, tables: &Tables<'_>) {
        let name = tables.name;
        let of_partition = |it: &&Constraint| it.parent.is_none();
        let old: Vec<&Constraint> = tables
            .before
            .constraints
            .iter()
            .filter(of_partition)
            .collect();
        let new: Vec<&Constraint> = tables
            .after
            .constraints
            .iter()
            .filter(of_partition)
            .collect();
        let text = |it: &Constraint| self.old_text(tables, it);
        let texts: Vec<String> = old.iter().map(|it| text(it)).collect();
        let new_texts: Vec<String> = new.iter().map(|it| self.new_text(it)).collect();
        let pairs = matched(
            &old,
            &new,
            &[
                &|one, other| old[one].id == new[other].id,
                &|one, other| old[one].name == new[other].name,
                &|one, other| texts[one] == new_texts[other],
                &|one, other| {
                    let lists = (allowed(old[one]), allowed(new[other]));
                    let column = |it: Option<&crate::schema::op::AllowedValues>| {
                        it.map(|it| it.column.clone())
                    };
                    lists.0.is_some()
                        && column(lists.0).map(|it| tables.new_name(&it)) == column(lists.1)
                },
            ],
        );
        for (at, constraint) in old.iter().enumerate() {
            let word = constraint_word(constraint);
            let own = &constraint.name;
            let columns = columns_of(tables.before, &constraint.kind);
            let place = Place::Part(name, own);
            let Some(to) = pairs[at] else {
                let message = format!(
                    "{word} `{own}` on `{name}` ({}) is dropped",
                    listed(&columns)
                );
                let about = tables.about_columns(&columns, &[]);
                let change = self.push(Happened::Dropped, word, place, message);
                change.from = Some(texts[at].clone());
                change.about.push(constraint.id);
                change.about.extend(about);
                continue;
            };
            let later = new[to];
            let later_columns = columns_of(tables.after, &later.kind);
            let about = tables.about_columns(&columns, &later_columns);
            let about: Vec<ObjectId> = [constraint.id, later.id].into_iter().chain(about).collect();
            let mut said: Vec<(Happened, &'static str, String)> = Vec::new();
            if *own != later.name {
                said.push((
                    Happened::Renamed,
                    "name",
                    format!("{word} `{own}` on `{name}` is renamed to `{}`", later.name),
                ));
            }
            if let (Some(was), Some(is)) = (allowed(constraint), allowed(later))
                && was.values != is.values
                && tables.new_name(&was.column) == is.column
            {
                let column = format!("{name}.{}", was.column);
                let lost: BTreeSet<_> = was.values.difference(&is.values).cloned().collect();
                let gained: BTreeSet<_> = is.values.difference(&was.values).cloned().collect();
                if !lost.is_empty() {
                    let values = crate::rules::value_list_changed::quoted(&lost);
                    let message = format!("column `{column}` no longer admits {values}");
                    said.push((Happened::Changed, "values", message));
                }
                if !gained.is_empty() {
                    let values = crate::rules::value_list_changed::quoted(&gained);
                    let message = format!("column `{column}` also admits {values}");
                    said.push((Happened::Changed, "values", message));
                }
            } else if texts[at] != new_texts[to] {
                let only_validated = constraint.kind == later.kind
                    && !constraint.valid
                    && later.valid
                    && constraint.enforced == later.enforced
                    && constraint.deferrable == later.deferrable;
                let message = match only_validated {
                    true => {
                        format!("{word} `{own}` on `{name}` is validated: it holds for all rows")
                    }
                    false => {
                        let (from, to) = (code(&texts[at]), code(&new_texts[to]));
                        match keeps_now(&constraint.kind, &later.kind) {
                            Some(table) => format!(
                                "{word} `{own}` of `{name}` no longer lets rows of \
                                 `{table}` go: it keeps them from being deleted, {to} instead of \
                                 {from}"
                            ),
                            None => {
                                format!("{word} `{own}` on `{name}` is changed from {from} to {to}")
                            }
                        }
                    }
                };
                said.push((Happened::Changed, "definition", message));
            }
            for (happened, aspect, message) in said {
                let change = self.push(happened, word, Place::Part(name, own), message);
                change.about.extend(&about);
                if happened == Happened::Renamed {
                    change.to = Some(later.name.to_string());
                } else {
                    change.aspect = Some(aspect);
                    change.from = Some(texts[at].clone());
                    change.to = Some(new_texts[to].clone());
                }
            }
        }
        for (at, constraint) in new.iter().enumerate() {
            if pairs.contains(&Some(at)) {
                continue;
            }
            let word = constraint_word(constraint);
            let columns = columns_of(tables.after, &constraint.kind);
            let about = tables.about_columns(&[], &columns);
            let told = match &constraint.kind {
                // Its columns say it all.
                ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } => String::new(),
                // Nor is said twice which columns refer to others.
                ConstraintKind::ForeignKey { .. } => {
                    let text = &new_texts[at];
                    let from = text.find("REFERENCES ").unwrap_or(0);
                    format!(": {}", code(&text[from..]))
                }
                ConstraintKind::Check { .. }
                | ConstraintKind::Exclude { .. }
                | ConstraintKind::NotNull { .. } => format!(": {}", code(&new_texts[at])),
            };
            let own = &constraint.name;
            let message = format!(
                "{word} `{own}` is added on `{name}` ({}){told}",
                listed(&columns)
            );
            let change = self.push(Happened::Added, word, Place::Part(name, own), message);
            change.to = Some(new_texts[at].clone());
            change.about.push(constraint.id);
            change.about.extend(about);
            change.about.extend(constraint.references);
        }
    }

    /// The definition of an old constraint in the names of the new catalog.
    fn old_text(&self, tables: &Tables<'_>, constraint: &Constraint) -> String {
        let mut it = constraint.clone();
        match &mut it.kind {
            ConstraintKind::PrimaryKey { columns, .. } | ConstraintKind::Unique { columns, .. } => {
                tables.rename(columns);
            }
            ConstraintKind::Check { expr, .. } => *expr = tables.renamed(expr),
            ConstraintKind::Exclude { definition } => *definition = tables.renamed(definition),
            ConstraintKind::NotNull { column } => *column = tables.new_name(column),
            ConstraintKind::ForeignKey {
                columns,
                table,
                referenced,
                ..
            } => {
                tables.rename(columns);
                let id = constraint.references;
                let names = id.and_then(|id| {
                    Some((self.old.relation_name(id)?, self.new.relation_name(id)?))
                });
                if let Some((from, to)) = names {
                    *table = ObjectName::from(to);
                    if let (Some(before), Some(after)) = (self.old.table(from), self.new.table(to))
                    {
                        let renames = renames(before, after);
                        for column in referenced {
                            *column = new_name(&renames, column);
                        }
                    }
                }
            }
        }
        let mut options = (*it.options).clone();
        tables.rename(&mut options.include);
        tables.rename(&mut options.set_columns);
        it.options = Arc::new(options);
        plain(constraint_text(&it))
    }

    fn new_text(&self, constraint: &Constraint) -> String {
        let mut it = constraint.clone();
        if let ConstraintKind::ForeignKey { table, .. } = &mut it.kind
            && let Some(name) = constraint
                .references
                .and_then(|id| self.new.relation_name(id))
        {
            *table = ObjectName::from(name);
        }
        plain(constraint_text(&it))
    }

    fn indexes<'i>(
        &mut self,
        tables: &Tables<'_>,
        before: impl Iterator<Item = &'i Index>,
        after: impl Iterator<Item = &'i Index>,
    ) {
        let name = tables.name;
        // Those of constraints are said with them, those of partitions with the partitioned table.
        let is_own = |it: &&Index| it.constraint.is_none() && it.parent.is_none();
        let definition = |index: &Index| match index.unique {
            true => format!("UNIQUE {}", index_text(index)),
            false => index_text(index),
        };
        let old: Vec<&Index> = before.filter(is_own).collect();
        let new: Vec<&Index> = after.filter(is_own).collect();
        let texts: Vec<String> = old
            .iter()
            .map(|it| definition(&tables.renamed_index(it)))
            .collect();
        let new_texts: Vec<String> = new.iter().map(|it| definition(it)).collect();
        let pairs = matched(
            &old,
            &new,
            &[
                &|one, other| old[one].id == new[other].id,
                &|one, other| old[one].name == new[other].name,
                &|one, other| texts[one] == new_texts[other],
            ],
        );
        let word = |index: &Index| {
            if index.unique {
                "unique index"
            } else {
                "index"
            }
        };
        let keys = |index: &Index| -> String {
            let keys: Vec<String> = index
                .keys
                .iter()
                .map(|key| match key {
                    IndexKey::Column(column) => column.to_string(),
                    IndexKey::Expression(expr) => expr.text.to_string(),
                })
                .collect();
            keys.join(", ")
        };
        let columns = |index: &Index| -> Vec<Ident> { index.columns().cloned().collect() };
        for (at, index) in old.iter().enumerate() {
            let (own, word) = (&index.name, word(index));
            let place = Place::Part(name, own);
            let Some(to) = pairs[at] else {
                let message = format!("{word} `{own}` on `{name}` ({}) is dropped", keys(index));
                let about = tables.about_columns(&columns(index), &[]);
                let change = self.push(Happened::Dropped, word, place, message);
                change.from = Some(texts[at].clone());
                change.about.push(index.id);
                change.about.extend(about);
                continue;
            };
            let later = new[to];
            let about = tables.about_columns(&columns(index), &columns(later));
            let about: Vec<ObjectId> = [index.id, later.id].into_iter().chain(about).collect();
            if *own != later.name {
                let message = format!("{word} `{own}` on `{name}` is renamed to `{}`", later.name);
                let change = self.push(Happened::Renamed, word, place, message);
                change.to = Some(later.name.to_string());
                change.about.extend(&about);
            }
            let message = if texts[at] != new_texts[to] {
                format!(
                    "{word} `{own}` on `{name}` is changed from {} to {}",
                    code(&texts[at]),
                    code(&new_texts[to])
                )
            } else if index.valid != later.valid {
                match later.valid {
                    true => format!("{word} `{own}` on `{name}` is valid: queries may use it"),
                    false => format!("{word} `{own}` on `{name}` is not valid: no query uses it"),
                }
            } else {
                continue;
            };
            let change = self.push(Happened::Changed, word, place, message);
            change.aspect = Some("definition");
            (change.from, change.to) = (Some(texts[at].clone()), Some(new_texts[to].clone()));
            change.about.extend(about);
        }
        for (at, index) in new.iter().enumerate() {
            if pairs.contains(&Some(at)) {
                continue;
            }
            let (own, word) = (&index.name, word(index));
            let mut more = String::new();
            if index.method.as_str() != "btree" {
                more.push_str(&format!(" using {}", index.method));
            }
            if !index.include.is_empty() {
                more.push_str(&format!(" including {}", listed(&index.include)));
            }
            if let Some(predicate) = &index.predicate {
                more.push_str(&format!(" where {}", code(&predicate.text)));
            }
            if !index.valid {
                more.push_str(", not valid");
            }
            let message = format!(
                "{word} `{own}` is added on `{name}` ({}){more}",
                keys(index)
            );
            let about = tables.about_columns(&[], &columns(index));
            let change = self.push(Happened::Added, word, Place::Part(name, own), message);
            change.to = Some(new_texts[at].clone());
            change.about.push(index.id);
            change.about.extend(about);
        }
    }

    fn triggers(&mut self, tables: &Tables<'_>, before: &[Trigger], after: &[Trigger]) {
        let name = tables.name;
        let pairs = matched(
            before,
            after,
            &[
                &|one, other| before[one].id == after[other].id,
                &|one, other| before[one].name == after[other].name,
            ],
        );
        for (at, trigger) in before.iter().enumerate() {
            let own = &trigger.name;
            let place = Place::Part(name, own);
            let Some(to) = pairs[at] else {
                let message = format!("trigger `{own}` no longer fires on `{name}`: it is dropped");
                let change = self.push(Happened::Dropped, "trigger", place, message);
                change.from = Some(trigger_text(trigger));
                change.about.push(trigger.id);
                change.about.extend(tables.about);
                continue;
            };
            let later = &after[to];
            let mut said: Vec<(Happened, Option<&'static str>, String)> = Vec::new();
            if *own != later.name {
                let message = format!("trigger `{own}` on `{name}` is renamed to `{}`", later.name);
                said.push((Happened::Renamed, None, message));
            }
            let (from, is) = (
                trigger_text(&tables.renamed_trigger(trigger)),
                trigger_text(later),
            );
            if from != is {
                let message = format!(
                    "trigger `{own}` fires on `{name}` in another way: {} instead of {}",
                    code(&is),
                    code(&from)
                );
                said.push((Happened::Changed, Some("definition"), message));
            }
            match (trigger.enabled, later.enabled) {
                (false, true) => said.push((
                    Happened::Changed,
                    Some("enabled"),
                    format!("trigger `{own}` fires on `{name}`, it was disabled"),
                )),
                (true, false) => said.push((
                    Happened::Changed,
                    Some("enabled"),
                    format!("trigger `{own}` no longer fires on `{name}`: it is disabled"),
                )),
                (true, true) | (false, false) => {}
            }
            for (happened, aspect, message) in said {
                let place = Place::Part(name, own);
                let change = self.push(happened, "trigger", place, message);
                change.aspect = aspect;
                let (from, to) = match happened {
                    Happened::Renamed => (None, Some(later.name.to_string())),
                    _ => (Some(from.clone()), Some(is.clone())),
                };
                (change.from, change.to) = (from, to);
                change.about.extend([trigger.id, later.id]);
                change.about.extend(tables.about);
            }
        }
        for (at, trigger) in after.iter().enumerate() {
            if pairs.contains(&Some(at)) {
                continue;
            }
            let own = &trigger.name;
            let text = trigger_text(trigger);
            let disabled = if trigger.enabled { "" } else { ", disabled" };
            let message = format!(
                "trigger `{own}` fires on `{name}`: {}{disabled}",
                code(&text)
            );
            let place = Place::Part(name, own);
            let change = self.push(Happened::Added, "trigger", place, message);
            change.to = Some(text);
            change.about.push(trigger.id);
            change.about.extend(tables.about);
        }
    }

    fn rules(&mut self, tables: &Tables<'_>, before: &[RewriteRule], after: &[RewriteRule]) {
        let name = tables.name;
        let pairs = matched(
            before,
            after,
            &[
                &|one, other| before[one].id == after[other].id,
                &|one, other| before[one].name == after[other].name,
            ],
        );
        for (at, rule) in before.iter().enumerate() {
            let own = &rule.name;
            let place = Place::Part(name, own);
            let later = pairs[at].map(|to| &after[to]);
            let from = rule_text(rule);
            let (happened, message, to) = match later {
                None => (
                    Happened::Dropped,
                    format!("rule `{own}` no longer rewrites statements on `{name}`"),
                    None,
                ),
                Some(later) => {
                    let to = rule_text(later);
                    let message = match (rule.enabled, later.enabled) {
                        (true, false) => format!(
                            "rule `{own}` no longer rewrites statements on `{name}`: it is disabled"
                        ),
                        (false, true) => {
                            format!("rule `{own}` rewrites statements on `{name}`, it was disabled")
                        }
                        _ if rule.name != later.name && from == to => {
                            format!("rule `{own}` on `{name}` is renamed to `{}`", later.name)
                        }
                        _ if from != to => format!(
                            "rule `{own}` rewrites statements on `{name}` in another way: {}",
                            code(&to)
                        ),
                        _ => continue,
                    };
                    (Happened::Changed, message, Some(to))
                }
            };
            let change = self.push(happened, "rule", place, message);
            change.aspect = (happened == Happened::Changed).then_some("definition");
            (change.from, change.to) = (Some(from), to);
            change.about.push(rule.id);
            change.about.extend(later.map(|it| it.id));
            change.about.extend(tables.about);
        }
        for (at, rule) in after.iter().enumerate() {
            if pairs.contains(&Some(at)) {
                continue;
            }
            let own = &rule.name;
            let text = rule_text(rule);
            let message = format!(
                "rule `{own}` rewrites statements on `{name}`: {}",
                code(&text)
            );
            let change = self.push(Happened::Added, "rule", Place::Part(name, own), message);
            change.to = Some(text);
            change.about.push(rule.id);
            change.about.extend(tables.about);
        }
    }

    fn policies(&mut self, tables: &Tables<'_>) {
        let name = tables.name;
        let (before, after) = (&tables.before.policies, &tables.after.policies);
        let pairs = matched(
            before,
            after,
            &[
                &|one, other| before[one].id == after[other].id,
                &|one, other| before[one].name == after[other].name,
            ],
        );
        for (at, policy) in before.iter().enumerate() {
            let own = &policy.name;
            let place = Place::Part(name, own);
            let from = policy_text(&tables.renamed_policy(policy));
            let Some(to) = pairs[at] else {
                let message = format!("policy `{own}` on `{name}` is dropped");
                let change = self.push(Happened::Dropped, "policy", place, message);
                change.from = Some(from);
                change.about.push(policy.id);
                change.about.extend(tables.about);
                continue;
            };
            let later = &after[to];
            let to = policy_text(later);
            let (happened, message, aspect) = if from != to {
                let message = format!(
                    "policy `{own}` on `{name}` says something else: {} instead of {}",
                    code(&to),
                    code(&from)
                );
                (Happened::Changed, message, Some("definition"))
            } else if policy.name != later.name {
                let message = format!("policy `{own}` on `{name}` is renamed to `{}`", later.name);
                (Happened::Renamed, message, None)
            } else {
                continue;
            };
            let change = self.push(happened, "policy", place, message);
            change.aspect = aspect;
            (change.from, change.to) = (Some(from), Some(to));
            change.about.extend([policy.id, later.id]);
            change.about.extend(tables.about);
        }
        for (at, policy) in after.iter().enumerate() {
            if pairs.contains(&Some(at)) {
                continue;
            }
            let own = &policy.name;
            let text = policy_text(policy);
            let message = format!("policy `{own}` on `{name}` is added: {}", code(&text));
            let change = self.push(Happened::Added, "policy", Place::Part(name, own), message);
            change.to = Some(text);
            change.about.push(policy.id);
            change.about.extend(tables.about);
        }
    }

    /// What changed in a view.
    pub(super) fn view(
        &mut self,
        name: &QualifiedName,
        before: &View,
        after: &View,
        about: [ObjectId; 2],
    ) {
        let nothing = Table::default();
        let tables = Tables {
            name,
            before: &nothing,
            after: &nothing,
            about,
            renames: Vec::new(),
        };
        let word = |view: &View| match view.materialized {
            true => "materialized view",
            false => "view",
        };
        let kind = word(before);
        let mut said: Vec<(&'static str, String, String, String)> = Vec::new();
        if before.materialized != after.materialized {
            let message = format!("`{name}` was a {kind} and is a {}", word(after));
            said.push(("kind", message, kind.to_owned(), word(after).to_owned()));
        }
        if before.query.text != after.query.text {
            said.push((
                "query",
                format!("{kind} `{name}` has another query"),
                before.query.text.to_string(),
                after.query.text.to_string(),
            ));
        }
        for (aspect, message, from, to) in said {
            let change = self.push(Happened::Changed, kind, Place::Top(name), message);
            change.aspect = Some(aspect);
            (change.from, change.to) = (Some(from), Some(to));
            change.about.extend(about);
        }
        if let (Some(earlier), Some(later)) = (&before.columns, &after.columns) {
            for column in earlier.iter().filter(|column| !later.contains(column)) {
                let message = format!("column `{name}.{column}` is dropped");
                let place = Place::Part(name, column);
                let change = self.push(Happened::Dropped, "column", place, message);
                change.about.extend(about);
            }
            for column in later.iter().filter(|column| !earlier.contains(column)) {
                let message = format!("column `{name}.{column}` is added");
                let change = self.push(
                    Happened::Added,
                    "column",
                    Place::Part(name, column),
                    message,
                );
                change.about.extend(about);
            }
            if before.types.len() == earlier.len() && after.types.len() == later.len() {
                for (column, from) in earlier.iter().zip(&before.types) {
                    let at = later.iter().position(|it| it == column);
                    let Some(to) = at.map(|at| &after.types[at]) else {
                        continue;
                    };
                    if !self.same_type(from, to) {
                        let (from, to) = (shown_type(from), shown_type(to));
                        let message = format!(
                            "type of column `{name}.{column}` is changed from `{from}` to `{to}`"
                        );
                        let place = Place::Part(name, column);
                        let change = self.push(Happened::Changed, "column", place, message);
                        change.aspect = Some("type");
                        (change.from, change.to) = (Some(from), Some(to));
                        change.about.extend(about);
                    }
                }
            }
        }
        self.indexes(&tables, before.indexes.iter(), after.indexes.iter());
        self.triggers(&tables, &before.triggers, &after.triggers);
        self.rules(&tables, &before.rules, &after.rules);
    }
}

impl Tables<'_> {
    fn new_name(&self, column: &Ident) -> Ident {
        new_name(&self.renames, column)
    }

    fn rename(&self, columns: &mut [Ident]) {
        for column in columns {
            *column = self.new_name(column);
        }
    }

    fn renamed(&self, expr: &SqlExpr) -> SqlExpr {
        let mut out = expr.clone();
        for (from, to) in &self.renames {
            out = out.with_column_renamed(from, to);
        }
        out
    }

    fn renamed_index(&self, index: &Index) -> Index {
        let mut out = index.clone();
        for key in &mut out.keys {
            match key {
                IndexKey::Column(column) => *column = self.new_name(column),
                IndexKey::Expression(expr) => *expr = self.renamed(expr),
            }
        }
        self.rename(&mut out.include);
        out.predicate = out.predicate.as_ref().map(|it| self.renamed(it));
        out
    }

    fn renamed_trigger(&self, trigger: &Trigger) -> Trigger {
        let mut out = trigger.clone();
        self.rename(&mut out.columns);
        out.condition = out.condition.as_ref().map(|it| self.renamed(it));
        out
    }

    fn renamed_policy(&self, policy: &Policy) -> Policy {
        let mut out = policy.clone();
        out.using = out.using.as_ref().map(|it| self.renamed(it));
        out.with_check = out.with_check.as_ref().map(|it| self.renamed(it));
        out
    }

    /// The table, and the columns of these names in the old and in the new one.
    fn about_columns(&self, before: &[Ident], after: &[Ident]) -> Vec<ObjectId> {
        let of = |table: &Table, names: &[Ident]| -> Vec<ObjectId> {
            names
                .iter()
                .filter_map(|name| table.column(name))
                .map(|column| column.id)
                .collect()
        };
        let mut out = self.about.to_vec();
        out.extend(of(self.before, before));
        out.extend(of(self.after, after));
        out
    }

    /// Whether the same columns are NOT NULL by a check: then a column that is shared is the same.
    fn same_not_null_checks(&self) -> bool {
        let checks = |table: &Table| -> BTreeSet<Ident> {
            let enforced = table.constraints.iter().filter(|it| it.enforced);
            enforced
                .filter_map(|it| it.as_not_null().cloned())
                .collect()
        };
        checks(self.before) == checks(self.after)
    }
}

/// The column of the later table that a column of the earlier one has become: by identity, or else
/// one of its name that is new.
fn counterpart<'a>(column: &Column, before: &Table, after: &'a Table) -> Option<&'a Column> {
    after.column_by_id(column.id).or_else(|| {
        after
            .column(&column.name)
            .filter(|it| before.column_by_id(it.id).is_none())
    })
}

fn renames(before: &Table, after: &Table) -> Renames {
    before
        .columns
        .iter()
        .filter_map(|column| {
            let later = counterpart(column, before, after)?;
            (later.name != column.name).then(|| (column.name.clone(), later.name.clone()))
        })
        .collect()
}

fn new_name(renames: &Renames, column: &Ident) -> Ident {
    let mut all = renames.iter();
    match all.find(|(from, _)| from == column) {
        Some((_, to)) => to.clone(),
        None => column.clone(),
    }
}

/// For each of the old ones the place of the new one that it has become: the first way that tells
/// decides, each new one is taken once.
fn matched<A, B>(
    before: &[A],
    after: &[B],
    ways: &[&dyn Fn(usize, usize) -> bool],
) -> Vec<Option<usize>> {
    let mut out = vec![None; before.len()];
    let mut taken = vec![false; after.len()];
    for is_same in ways {
        for (one, found) in out.iter_mut().enumerate() {
            if found.is_some() {
                continue;
            }
            let other = (0..after.len()).find(|other| !taken[*other] && is_same(one, *other));
            if let Some(other) = other {
                taken[other] = true;
                *found = Some(other);
            }
        }
    }
    out
}

fn allowed(constraint: &Constraint) -> Option<&crate::schema::op::AllowedValues> {
    match &constraint.kind {
        ConstraintKind::Check { allowed, .. } => allowed.as_ref(),
        ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Unique { .. }
        | ConstraintKind::ForeignKey { .. }
        | ConstraintKind::Exclude { .. }
        | ConstraintKind::NotNull { .. } => None,
    }
}

/// The table whose rows a foreign key keeps from being deleted, where it let them go before.
fn keeps_now(before: &ConstraintKind, after: &ConstraintKind) -> Option<String> {
    let lets_go = |action: ReferentialAction| match action {
        ReferentialAction::Cascade | ReferentialAction::SetNull | ReferentialAction::SetDefault => {
            true
        }
        ReferentialAction::NoAction | ReferentialAction::Restrict => false,
    };
    let (
        ConstraintKind::ForeignKey {
            on_delete: earlier, ..
        },
        ConstraintKind::ForeignKey {
            on_delete: later,
            table,
            ..
        },
    ) = (before, after)
    else {
        return None;
    };
    let shown = table.to_string();
    let shown = shown.strip_prefix("public.").unwrap_or(&shown);
    (lets_go(*earlier) && !lets_go(*later)).then(|| shown.to_owned())
}

/// What a constraint is called.
pub(crate) fn constraint_word(constraint: &Constraint) -> &'static str {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { .. } => "primary key",
        ConstraintKind::Unique { .. } => "unique key",
        ConstraintKind::Check { .. } => "check",
        ConstraintKind::ForeignKey { .. } => "foreign key",
        ConstraintKind::Exclude { .. } => "exclusion constraint",
        ConstraintKind::NotNull { .. } => "NOT NULL constraint",
    }
}

/// The columns of the table that a constraint is about, in the order written where there is one.
fn columns_of(table: &Table, kind: &ConstraintKind) -> Vec<Ident> {
    let named = constraint_columns(kind).into_iter();
    named
        .filter(|name| table.column(name).is_some() || !table.knowledge.is_full())
        .cloned()
        .collect()
}

fn listed(names: &[Ident]) -> String {
    let names: Vec<String> = names.iter().map(Ident::to_string).collect();
    names.join(", ")
}

/// Without the default schema, as people write it.
fn plain(text: String) -> String {
    text.replace("REFERENCES public.", "REFERENCES ")
}

/// What a trigger does, without its name: `BEFORE INSERT FOR EACH ROW EXECUTE FUNCTION f()`.
pub(crate) fn trigger_text(trigger: &Trigger) -> String {
    let timing = match trigger.timing {
        TriggerTiming::Before => "BEFORE",
        TriggerTiming::After => "AFTER",
        TriggerTiming::InsteadOf => "INSTEAD OF",
    };
    let update = match trigger.columns.as_slice() {
        [] => "UPDATE".to_owned(),
        columns => format!("UPDATE OF {}", listed(columns)),
    };
    let events = [
        (trigger.events.insert, "INSERT"),
        (trigger.events.update, &update),
        (trigger.events.delete, "DELETE"),
        (trigger.events.truncate, "TRUNCATE"),
    ];
    let events: Vec<&str> = events
        .iter()
        .filter(|(fires, _)| *fires)
        .map(|(_, word)| *word)
        .collect();
    let each = if trigger.for_each_row {
        "ROW"
    } else {
        "STATEMENT"
    };
    let mut out = format!("{timing} {} FOR EACH {each}", events.join(" OR "));
    if let Some(attributes) = &trigger.attributes {
        out.push_str(&format!(" {attributes}"));
    }
    if let Some(condition) = &trigger.condition {
        out.push_str(&format!(" WHEN ({})", condition.text));
    }
    if let Some(function) = &trigger.function {
        let function = function.to_string();
        let function = function.strip_prefix("public.").unwrap_or(&function);
        let arguments: Vec<String> = trigger
            .arguments
            .iter()
            .map(|it| format!("'{it}'"))
            .collect();
        out.push_str(&format!(
            " EXECUTE FUNCTION {function}({})",
            arguments.join(", ")
        ));
    }
    out
}

fn rule_text(rule: &RewriteRule) -> String {
    let condition = match &rule.condition {
        Some(condition) => format!(" WHERE {}", condition.text),
        None => String::new(),
    };
    let how = if rule.instead { "INSTEAD" } else { "ALSO" };
    format!(
        "ON {}{condition} DO {how} {}",
        rule.event.as_str(),
        rule.actions.text
    )
}

/// What a policy says, without its name.
pub(crate) fn policy_text(policy: &Policy) -> String {
    let command = match policy.command {
        PolicyCommand::All => "ALL",
        PolicyCommand::Select => "SELECT",
        PolicyCommand::Insert => "INSERT",
        PolicyCommand::Update => "UPDATE",
        PolicyCommand::Delete => "DELETE",
    };
    let kind = if policy.permissive {
        ""
    } else {
        "RESTRICTIVE "
    };
    let roles = match policy.roles.as_slice() {
        [] => "PUBLIC".to_owned(),
        roles => listed(roles),
    };
    let mut out = format!("{kind}FOR {command} TO {roles}");
    if let Some(using) = &policy.using {
        out.push_str(&format!(" USING ({})", using.text));
    }
    if let Some(check) = &policy.with_check {
        out.push_str(&format!(" WITH CHECK ({})", check.text));
    }
    out
}

/// Whether a type is used as a column's type: by itself or as the elements of an array.
pub(crate) fn is_of_type(catalog: &Catalog, column: &Column, id: ObjectId) -> bool {
    let definition = catalog.definition_of(&column.data_type);
    definition.is_some_and(|it| {
        it.id == id
            || matches!(&it.body, TypeBody::Domain { base, .. }
                if catalog.definition_of(base).is_some_and(|it| it.id == id))
    })
}
