//! Two catalogs, object by object.
//!
//! Input: a catalog that was replayed (ours) and one that a server reports (theirs). Output: how
//! many objects of each kind were compared, where they differ, and how many expressions could not
//! be compared. What a replay says it does not know is counted as such and not compared; what it
//! says it knows must be so. Temporary relations are left out, and so are roles, which belong to
//! all databases of a server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::same::{Sameness, is_null_expression, same_expression, same_name, same_type};
use crate::schema::catalog::{
    Catalog, Column, Constraint, Index, Policy, Privilege, PrivilegeTarget, RelationBody,
    RewriteRule, Routine, Sequence, Table, Trigger, TypeBody, UserType, View,
};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{ConstraintKind, IndexKey, KeyOptions, RoutineKind, SqlExpr};
use crate::schema::types::{SqlType, TypeName};
use crate::sql;

/// The kinds of objects that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A schema.
    Schema,
    /// A table as a whole, of any sort.
    Table,
    /// A column of a table.
    Column,
    /// A constraint of a table.
    Constraint,
    /// An index.
    Index,
    /// A view or materialised view.
    View,
    /// A sequence.
    Sequence,
    /// A user-defined type.
    Type,
    /// A function, procedure or aggregate.
    Routine,
    /// A trigger.
    Trigger,
    /// A rule.
    Rule,
    /// A row-level security policy.
    Policy,
    /// A privilege of a role on an object.
    Privilege,
    /// An extension.
    Extension,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Schema => "schema",
            Kind::Table => "table",
            Kind::Column => "column",
            Kind::Constraint => "constraint",
            Kind::Index => "index",
            Kind::View => "view",
            Kind::Sequence => "sequence",
            Kind::Type => "type",
            Kind::Routine => "routine",
            Kind::Trigger => "trigger",
            Kind::Rule => "rule",
            Kind::Policy => "policy",
            Kind::Privilege => "privilege",
            Kind::Extension => "extension",
        })
    }
}

/// How many objects of a kind were compared, and with which result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Objects that either side has.
    pub compared: usize,
    /// Those of them that differ, though the replay claims to know them.
    pub different: usize,
    /// Those of them that differ after a statement that was not understood and may have changed them.
    pub doubtful: usize,
    /// Expressions that were compared: defaults, checks, predicates, conditions.
    pub expressions: usize,
    /// Expressions, queries and bodies that could not be compared.
    pub expressions_not_compared: usize,
    /// What the replay says it does not know: types of a query's columns, columns of a table whose
    /// creation was not seen.
    pub not_known: usize,
}

impl Count {
    /// Adds another count to this one.
    pub fn add(&mut self, other: Count) {
        self.compared += other.compared;
        self.different += other.different;
        self.doubtful += other.doubtful;
        self.expressions += other.expressions;
        self.expressions_not_compared += other.expressions_not_compared;
        self.not_known += other.not_known;
    }
}

/// One object that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    /// What it is.
    pub kind: Kind,
    /// Its name: `public.users.email`.
    pub object: String,
    /// What differs: `type: text in the migrations, varchar in the database`.
    pub what: String,
    /// Whether the replay says that a statement that was not understood may have changed the object:
    /// then it makes no claim that would be wrong.
    pub doubtful: bool,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doubt = if self.doubtful { " (doubtful)" } else { "" };
        write!(f, "{} {}: {}{doubt}", self.kind, self.object, self.what)
    }
}

/// The outcome of comparing two catalogs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Counts per kind of object.
    pub counts: BTreeMap<Kind, Count>,
    /// What differs, ordered by kind and name.
    pub disagreements: Vec<Disagreement>,
    /// Expressions that could not be compared, each as `object: ours | theirs`.
    pub not_compared: Vec<String>,
}

impl Comparison {
    /// The counts of all kinds together.
    pub fn total(&self) -> Count {
        let mut total = Count::default();
        for count in self.counts.values() {
            total.add(*count);
        }
        total
    }
}

/// Compares a replayed catalog with that of a server.
pub fn compare(ours: &Catalog, theirs: &Catalog) -> Comparison {
    let mut comparer = Comparer {
        ours,
        theirs,
        doubtful: ours.unread() > 0,
        out: Comparison::default(),
    };
    comparer.all();
    comparer.out.disagreements.sort();
    comparer.out
}

struct Comparer<'a> {
    ours: &'a Catalog,
    theirs: &'a Catalog,
    /// Whether what is compared now may have been changed by a statement that was not understood.
    doubtful: bool,
    out: Comparison,
}

/// One object under comparison: what differs is collected here.
struct Object {
    kind: Kind,
    name: String,
    differences: Vec<String>,
    count: Count,
    not_compared: Vec<String>,
}

impl Object {
    fn new(kind: Kind, name: String) -> Self {
        Object {
            kind,
            name,
            differences: Vec::new(),
            count: Count {
                compared: 1,
                ..Count::default()
            },
            not_compared: Vec::new(),
        }
    }

    fn equal<T: PartialEq + fmt::Debug>(&mut self, what: &str, ours: &T, theirs: &T) {
        if ours != theirs {
            self.differ(what, &format!("{ours:?}"), &format!("{theirs:?}"));
        }
    }

    fn differ(&mut self, what: &str, ours: &str, theirs: &str) {
        self.differences.push(format!(
            "{what}: {ours} in the migrations, {theirs} in the database"
        ));
    }

    fn data_type(&mut self, what: &str, ours: &SqlType, theirs: &SqlType) {
        if ours.name == TypeName::Unknown {
            self.count.not_known += 1;
        } else if !same_type(ours, theirs) {
            self.differ(what, &ours.to_string(), &theirs.to_string());
        }
    }

    fn object_name(&mut self, what: &str, ours: Option<&ObjectName>, theirs: Option<&ObjectName>) {
        let same = match (ours, theirs) {
            (Some(ours), Some(theirs)) => same_name(ours, theirs),
            (None, None) => true,
            _ => false,
        };
        if !same {
            let text =
                |name: Option<&ObjectName>| name.map_or("none".to_owned(), ToString::to_string);
            self.differ(what, &text(ours), &text(theirs));
        }
    }

    fn sameness(&mut self, what: &str, ours: &str, theirs: &str, sameness: Sameness) {
        match sameness {
            Sameness::Same => self.count.expressions += 1,
            Sameness::NotCompared => {
                self.count.expressions_not_compared += 1;
                self.not_compared.push(format!(
                    "{what}: {ours} in the migrations, {theirs} in the database"
                ));
            }
            Sameness::Different => {
                self.count.expressions += 1;
                self.differ(what, ours, theirs);
            }
        }
    }

    fn expression(
        &mut self,
        what: &str,
        ours: Option<&SqlExpr>,
        theirs: Option<&SqlExpr>,
        table: Option<&Table>,
    ) {
        let type_of = |name: &Ident| Some(table?.column(name)?.data_type.clone());
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => {
                let sameness = same_expression(ours, theirs, &type_of);
                self.sameness(what, &ours.text, &theirs.text, sameness);
            }
            (None, None) => {}
            // The server keeps `NULL::character varying(9)` as a default; it is none all the same.
            (None, Some(theirs)) if is_null_expression(theirs) => {}
            (ours, theirs) => {
                let text =
                    |it: Option<&SqlExpr>| it.map_or("none".to_owned(), |it| it.text.to_string());
                self.differ(what, &text(ours), &text(theirs));
            }
        }
    }

    /// Something that is compared by its text alone: another text says nothing.
    fn text(&mut self, what: &str, ours: &str, theirs: &str) {
        let squeeze = |text: &str| {
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            text.to_lowercase()
        };
        let sameness = if squeeze(ours) == squeeze(theirs) {
            Sameness::Same
        } else {
            Sameness::NotCompared
        };
        self.sameness(what, ours, theirs, sameness);
    }
}

impl Comparer<'_> {
    fn all(&mut self) {
        let ours: BTreeSet<&Ident> = self.ours.schemas().collect();
        let theirs: BTreeSet<&Ident> = self.theirs.schemas().collect();
        self.names(Kind::Schema, &ours, &theirs);
        let ours: BTreeSet<&Ident> = self.ours.extensions().collect();
        let theirs: BTreeSet<&Ident> = self.theirs.extensions().collect();
        // The procedural language of every database is not read as an extension.
        let ours = ours.into_iter().filter(|it| it.as_str() != "plpgsql");
        self.names(Kind::Extension, &ours.collect(), &theirs);
        self.relations();
        self.doubtful = self.ours.unread() > 0;
        self.types();
        self.routines();
        self.privileges();
    }

    fn names(&mut self, kind: Kind, ours: &BTreeSet<&Ident>, theirs: &BTreeSet<&Ident>) {
        for name in ours.union(theirs) {
            let object = Object::new(kind, name.as_str().to_owned());
            self.either(object, ours.get(name), theirs.get(name), |_, _, _, _| {});
        }
    }

    /// Finishes an object that only one side has, or compares both.
    fn either<T>(
        &mut self,
        mut object: Object,
        ours: Option<&T>,
        theirs: Option<&T>,
        compare: impl FnOnce(&mut Self, &mut Object, &T, &T),
    ) {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => compare(self, &mut object, ours, theirs),
            (Some(_), None) => object.differences.push("only in the migrations".to_owned()),
            (None, _) => object.differences.push("only in the database".to_owned()),
        }
        self.finish(object);
    }

    fn finish(&mut self, mut object: Object) {
        if self.doubtful {
            object.count.doubtful = usize::from(!object.differences.is_empty());
        } else {
            object.count.different = usize::from(!object.differences.is_empty());
        }
        self.out
            .counts
            .entry(object.kind)
            .or_default()
            .add(object.count);
        for what in object.differences {
            self.out.disagreements.push(Disagreement {
                kind: object.kind,
                object: object.name.clone(),
                what,
                doubtful: self.doubtful,
            });
        }
        for what in object.not_compared {
            let line = format!("{} {}: {what}", object.kind, object.name);
            self.out.not_compared.push(line);
        }
    }

    fn relations(&mut self) {
        let names: BTreeSet<&QualifiedName> = self
            .ours
            .relations()
            .filter(|(_, relation)| !relation.temporary)
            .chain(self.theirs.relations())
            .filter(|(_, relation)| !matches!(relation.body, RelationBody::Index { .. }))
            .map(|(name, _)| name)
            .collect();
        for name in names {
            let usable = |body: &&RelationBody| !matches!(body, RelationBody::Index { .. });
            self.doubtful = self.ours.unread() > 0
                || match self.ours.relation(name) {
                    // What is taken for granted may have been made later than the history began.
                    Some(relation) => relation.unread > 0 || relation.assumed,
                    None => self.ours.may_have(name),
                };
            let ours = self.ours.relation(name).map(|it| &it.body).filter(usable);
            let theirs = self.theirs.relation(name).map(|it| &it.body).filter(usable);
            match (ours, theirs) {
                (None, Some(RelationBody::Table(theirs))) if self.is_unnamed(theirs) => {
                    self.out.counts.entry(Kind::Table).or_default().not_known += 1;
                }
                (Some(RelationBody::Table(ours)), Some(RelationBody::Table(theirs))) => {
                    self.table(name, ours, theirs);
                }
                (Some(RelationBody::View(ours)), Some(RelationBody::View(theirs))) => {
                    self.view(name, ours, theirs);
                }
                (Some(RelationBody::Sequence(ours)), Some(RelationBody::Sequence(theirs))) => {
                    self.sequence(name, ours, theirs);
                }
                (ours, theirs) => {
                    let body = theirs.or(ours);
                    let kind = body.map_or(Kind::Table, kind_of);
                    let mut object = Object::new(kind, place(name));
                    object.differences.push(match (ours, theirs) {
                        (Some(_), Some(_)) => "another kind of relation".to_owned(),
                        (Some(_), None) => "only in the migrations".to_owned(),
                        (None, _) => "only in the database".to_owned(),
                    });
                    self.finish(object);
                }
            }
        }
    }

    /// Whether a table of theirs lies below one of which the replay says that it has partitions
    /// whose names it does not know.
    fn is_unnamed(&self, table: &Table) -> bool {
        // A server's own catalog holds no circle.
        let mut above = table.partition_of.or(table.inherits.first().copied());
        while let Some(name) = above.and_then(|id| self.theirs.relation_name(id)) {
            if let Some(ours) = self.ours.table(name) {
                return ours.has_unnamed_children;
            }
            let theirs = self.theirs.table(name);
            above = theirs.and_then(|it| it.partition_of.or(it.inherits.first().copied()));
        }
        false
    }

    fn table(&mut self, name: &QualifiedName, ours: &Table, theirs: &Table) {
        let mut object = Object::new(Kind::Table, place(name));
        object.equal("foreign", &ours.foreign, &theirs.foreign);
        object.equal("unlogged", &ours.unlogged, &theirs.unlogged);
        object.equal("row security", &ours.row_security, &theirs.row_security);
        self.parents(&mut object, ours, theirs);
        match (&ours.partition_by, &theirs.partition_by) {
            (Some(our_key), Some(their_key)) => {
                let sameness = same_partition_key(our_key, their_key, ours);
                object.sameness("partition by", &our_key.text, &their_key.text, sameness);
            }
            (our_key, their_key) => {
                object.equal("partitioned", &our_key.is_some(), &their_key.is_some());
            }
        }
        match (&ours.partition_bound, &theirs.partition_bound) {
            (Some(ours), Some(theirs)) => {
                let sameness = same_bound(ours, theirs);
                object.sameness("bound", &ours.text, &theirs.text, sameness);
            }
            (ours, theirs) => object.equal("bound", &ours.is_some(), &theirs.is_some()),
        }
        let is_full = ours.knowledge.is_full();
        if is_full {
            let order = |table: &Table| -> Vec<String> {
                let names = table.columns.iter();
                names.map(|it| it.name.as_str().to_owned()).collect()
            };
            let (our_order, their_order) = (order(ours), order(theirs));
            let sorted = |order: &Vec<String>| order.iter().cloned().collect::<BTreeSet<_>>();
            if sorted(&our_order) == sorted(&their_order) {
                object.equal("order of columns", &our_order, &their_order);
            }
        } else {
            object.count.not_known += 1;
        }
        self.finish(object);
        // A column that a later statement shows to be there may have come with another table.
        let told = ours
            .columns
            .iter()
            .filter(|it| !it.assumed || theirs.column(&it.name).is_some());
        self.both(
            Kind::Column,
            name,
            keyed(told, |it| &it.name),
            keyed(theirs.columns.iter(), |it| &it.name),
            is_full,
            |_, object, our, their| {
                column(object, our, their, ours);
            },
        );
        self.both(
            Kind::Constraint,
            name,
            keyed(ours.constraints.iter(), |it| &it.name),
            keyed(theirs.constraints.iter(), |it| &it.name),
            is_full,
            |cx, object, our, their| cx.constraint(object, our, their, ours),
        );
        self.indexes(
            name,
            ours.indexes.iter(),
            theirs.indexes.iter(),
            Some(ours),
            is_full,
        );
        self.triggers(name, &ours.triggers, &theirs.triggers);
        self.rules(name, &ours.rules, &theirs.rules);
        self.both(
            Kind::Policy,
            name,
            keyed(ours.policies.iter(), |it| &it.name),
            keyed(theirs.policies.iter(), |it| &it.name),
            true,
            |_, object, our, their| {
                policy(object, our, their, ours);
            },
        );
    }

    /// Compares what hangs on a relation, by name. Where ours is not full, what only the server has
    /// is not known to us rather than different.
    fn both<T: Clone>(
        &mut self,
        kind: Kind,
        relation: &QualifiedName,
        ours: BTreeMap<Ident, T>,
        theirs: BTreeMap<Ident, T>,
        is_full: bool,
        compare: impl Fn(&mut Self, &mut Object, &T, &T),
    ) {
        let names: BTreeSet<&Ident> = ours.keys().chain(theirs.keys()).collect();
        for name in names {
            let mut object = Object::new(kind, format!("{}.{}", place(relation), name.as_str()));
            if !is_full && !ours.contains_key(name) {
                object.count = Count {
                    not_known: 1,
                    ..Count::default()
                };
                self.finish(object);
                continue;
            }
            self.either(object, ours.get(name), theirs.get(name), &compare);
        }
    }

    fn parents(&mut self, object: &mut Object, ours: &Table, theirs: &Table) {
        let names = |catalog: &Catalog, table: &Table| -> Vec<String> {
            let parents = table.partition_of.iter().chain(&table.inherits);
            parents
                .filter_map(|id| catalog.relation_name(*id))
                .map(place)
                .collect()
        };
        object.equal(
            "parents",
            &names(self.ours, ours),
            &names(self.theirs, theirs),
        );
        object.equal(
            "is a partition",
            &ours.partition_of.is_some(),
            &theirs.partition_of.is_some(),
        );
    }

    fn constraint(
        &mut self,
        object: &mut Object,
        our: &Constraint,
        their: &Constraint,
        table: &Table,
    ) {
        object.equal("valid", &our.valid, &their.valid);
        if let ConstraintKind::ForeignKey { .. } = our.kind {
            object.equal(
                "is a counterpart",
                &our.parent.is_some(),
                &their.parent.is_some(),
            );
        }
        object.equal("enforced", &our.enforced, &their.enforced);
        object.equal("deferrable", &our.deferrable, &their.deferrable);
        object.equal("deferred", &our.options.deferred, &their.options.deferred);
        object.equal(
            "match full",
            &our.options.match_full,
            &their.options.match_full,
        );
        object.equal(
            "set columns",
            &our.options.set_columns,
            &their.options.set_columns,
        );
        if let ConstraintKind::Check { .. } = our.kind {
            object.equal(
                "no inherit",
                &our.options.no_inherit,
                &their.options.no_inherit,
            );
        }
        match (&our.kind, &their.kind) {
            (
                ConstraintKind::PrimaryKey { columns: ours, .. },
                ConstraintKind::PrimaryKey {
                    columns: theirs, ..
                },
            )
            | (
                ConstraintKind::Unique { columns: ours, .. },
                ConstraintKind::Unique {
                    columns: theirs, ..
                },
            ) => object.equal("columns", ours, theirs),
            (
                ConstraintKind::Check { expr: ours, .. },
                ConstraintKind::Check { expr: theirs, .. },
            ) => {
                object.expression("check", Some(ours), Some(theirs), Some(table));
            }
            (
                ConstraintKind::ForeignKey {
                    columns: ours,
                    referenced,
                    on_delete,
                    on_update,
                    ..
                },
                ConstraintKind::ForeignKey {
                    columns: theirs,
                    referenced: their_referenced,
                    on_delete: their_delete,
                    on_update: their_update,
                    ..
                },
            ) => {
                object.equal("columns", ours, theirs);
                let name = |catalog: &Catalog, constraint: &Constraint| {
                    let id = constraint.references?;
                    catalog.relation_name(id).map(place)
                };
                object.equal("table", &name(self.ours, our), &name(self.theirs, their));
                let known = our.references.and_then(|id| {
                    let name = self.ours.relation_name(id)?;
                    Some(self.ours.table(name)?.knowledge.is_full())
                });
                if referenced.is_empty() && known != Some(true) {
                    object.count.not_known += 1;
                } else {
                    object.equal("referenced columns", referenced, their_referenced);
                }
                object.equal("on delete", on_delete, their_delete);
                object.equal("on update", on_update, their_update);
            }
            (
                ConstraintKind::Exclude { definition: ours },
                ConstraintKind::Exclude { definition: theirs },
            ) => {
                let theirs = theirs.text.strip_prefix("EXCLUDE ").unwrap_or(&theirs.text);
                object.text("definition", &ours.text, theirs);
            }
            _ => object
                .differences
                .push("another kind of constraint".to_owned()),
        }
    }

    fn indexes<'a>(
        &mut self,
        relation: &QualifiedName,
        ours: impl Iterator<Item = &'a Index>,
        theirs: impl Iterator<Item = &'a Index>,
        table: Option<&Table>,
        is_full: bool,
    ) {
        let ours = keyed(ours, |it: &Index| &it.name);
        let theirs = keyed(theirs, |it: &Index| &it.name);
        self.both(
            Kind::Index,
            relation,
            ours,
            theirs,
            is_full,
            |_, object, our, their| {
                index(object, our, their, table);
            },
        );
    }

    fn triggers(&mut self, relation: &QualifiedName, ours: &[Trigger], theirs: &[Trigger]) {
        let ours = keyed(ours.iter(), |it: &Trigger| &it.name);
        let theirs = keyed(theirs.iter(), |it: &Trigger| &it.name);
        self.both(
            Kind::Trigger,
            relation,
            ours,
            theirs,
            true,
            |_, object, our, their| {
                object.equal("timing", &our.timing, &their.timing);
                object.equal("events", &our.events, &their.events);
                object.equal("columns", &sorted(&our.columns), &sorted(&their.columns));
                object.equal("for each row", &our.for_each_row, &their.for_each_row);
                object.equal("enabled", &our.enabled, &their.enabled);
                object.equal("constraint", &our.constraint, &their.constraint);
                object.equal("arguments", &our.arguments, &their.arguments);
                object.object_name("function", our.function.as_ref(), their.function.as_ref());
                object.expression(
                    "condition",
                    our.condition.as_ref(),
                    their.condition.as_ref(),
                    None,
                );
            },
        );
    }

    fn rules(&mut self, relation: &QualifiedName, ours: &[RewriteRule], theirs: &[RewriteRule]) {
        let ours = keyed(ours.iter(), |it: &RewriteRule| &it.name);
        let theirs = keyed(theirs.iter(), |it: &RewriteRule| &it.name);
        let compare =
            |_: &mut Self, object: &mut Object, our: &&RewriteRule, their: &&RewriteRule| {
                object.equal("event", &our.event, &their.event);
                object.equal("instead", &our.instead, &their.instead);
                object.equal("enabled", &our.enabled, &their.enabled);
                let (one, other) = (our.condition.as_ref(), their.condition.as_ref());
                object.equal("conditional", &one.is_some(), &other.is_some());
                // The server names every column with its table, and prints the statements anew.
                let text = |it: Option<&SqlExpr>| it.map_or("", |it| &it.text).to_owned();
                object.text("condition", &text(one), &text(other));
                object.text("actions", &our.actions.text, &their.actions.text);
            };
        self.both(Kind::Rule, relation, ours, theirs, true, compare);
    }

    fn view(&mut self, name: &QualifiedName, ours: &View, theirs: &View) {
        let mut object = Object::new(Kind::View, place(name));
        object.equal("materialized", &ours.materialized, &theirs.materialized);
        match &ours.columns {
            Some(columns) => object.equal("columns", &Some(columns), &theirs.columns.as_ref()),
            None => object.count.not_known += 1,
        }
        if ours.types.len() == theirs.types.len() {
            for (our, their) in ours.types.iter().zip(&theirs.types) {
                object.data_type("type of a column", our, their);
            }
        } else {
            object.count.not_known += theirs.types.len();
        }
        let reads = |catalog: &Catalog, view: &View| -> BTreeSet<String> {
            let ids = view.depends_on.iter();
            ids.filter_map(|id| catalog.relation_name(*id))
                .map(place)
                .collect()
        };
        object.equal(
            "reads",
            &reads(self.ours, ours),
            &reads(self.theirs, theirs),
        );
        object.text("query", &ours.query.text, &theirs.query.text);
        object.not_compared.clear(); // Queries are long, and seldom the same text.
        self.finish(object);
        self.indexes(name, ours.indexes.iter(), theirs.indexes.iter(), None, true);
        self.triggers(name, &ours.triggers, &theirs.triggers);
        self.rules(name, &ours.rules, &theirs.rules);
    }

    fn sequence(&mut self, name: &QualifiedName, ours: &Sequence, theirs: &Sequence) {
        let mut object = Object::new(Kind::Sequence, place(name));
        let owner = |catalog: &Catalog, sequence: &Sequence| {
            let (table, column) = sequence.owner?;
            let name = catalog.relation_name(table)?;
            let column = catalog.table(name)?.column_by_id(column)?;
            Some(format!("{}.{}", place(name), column.name.as_str()))
        };
        object.equal(
            "owner",
            &owner(self.ours, ours),
            &owner(self.theirs, theirs),
        );
        object.equal("of an identity", &ours.identity, &theirs.identity);
        match (&ours.options, &theirs.options) {
            (Some(ours), Some(theirs)) => {
                object.data_type("type", &ours.data_type, &theirs.data_type);
                object.equal("start", &ours.start, &theirs.start);
                object.equal("increment", &ours.increment, &theirs.increment);
                object.equal("minvalue", &ours.min, &theirs.min);
                object.equal("maxvalue", &ours.max, &theirs.max);
                object.equal("cache", &ours.cache, &theirs.cache);
                object.equal("cycle", &ours.cycle, &theirs.cycle);
            }
            _ => object.count.not_known += 1,
        }
        self.finish(object);
    }

    fn types(&mut self) {
        let names: BTreeSet<&QualifiedName> = self
            .ours
            .types()
            .chain(self.theirs.types())
            .map(|(name, _)| name)
            .filter(|name| !is_temporary(name))
            .collect();
        for name in names {
            let object = Object::new(Kind::Type, place(name));
            let (ours, theirs) = (self.ours.user_type(name), self.theirs.user_type(name));
            self.either(object, ours, theirs, |_, object, ours, theirs| {
                user_type(object, ours, theirs);
            });
        }
    }

    fn routines(&mut self) {
        let names: BTreeSet<&QualifiedName> = self
            .ours
            .all_routines()
            .chain(self.theirs.all_routines())
            .map(|(name, _)| name)
            .filter(|name| !is_temporary(name))
            .collect();
        for name in names {
            let mut theirs: Vec<&Routine> = self.theirs.routines(name).iter().collect();
            for our in self.ours.routines(name) {
                let at = theirs.iter().position(|their| same_signature(our, their));
                let their = at.map(|at| theirs.remove(at));
                let object = Object::new(Kind::Routine, signature(name, our));
                self.either(
                    object,
                    Some(&our),
                    their.as_ref(),
                    |_, object, our, their| {
                        routine(object, our, their);
                    },
                );
            }
            for their in theirs {
                let object = Object::new(Kind::Routine, signature(name, their));
                self.either(object, None, Some(their), |_, _, _, _| {});
            }
        }
    }

    /// The privileges that the catalog keeps: those that ordinary code needs.
    fn privileges(&mut self) {
        let ours = held(self.ours);
        let theirs = held(self.theirs);
        let all: BTreeSet<&(String, Privilege)> = ours.keys().chain(theirs.keys()).collect();
        for key in all {
            let (target, privilege) = key;
            let column = match &privilege.column {
                Some(column) => format!(" ({})", column.as_str()),
                None => String::new(),
            };
            let what = format!(
                "{}{column} on {target} for {}",
                privilege.name,
                privilege.role.as_str()
            );
            // Who owns the object needs no privilege, and is not told when it is the grantee.
            let owner = (
                target.clone(),
                Privilege {
                    name: OWNER.into(),
                    column: None,
                    ..privilege.clone()
                },
            );
            if &*privilege.name == OWNER || theirs.contains_key(&owner) {
                continue;
            }
            let has = |side: &BTreeMap<(String, Privilege), bool>| {
                side.get(key).copied().unwrap_or_else(|| {
                    // Everybody may call a new routine.
                    privilege.role.as_str() == "public" && &*privilege.name == "EXECUTE"
                })
            };
            let mut object = Object::new(Kind::Privilege, what);
            object.equal("granted", &has(&ours), &has(&theirs));
            self.finish(object);
        }
    }
}

/// What the reader of a server's catalog calls owning an object.
const OWNER: &str = "OWNER";

/// The privileges on objects that are there, by the object's name.
fn held(catalog: &Catalog) -> BTreeMap<(String, Privilege), bool> {
    let mut out = BTreeMap::new();
    for (target, privileges) in catalog.all_held() {
        let name = match target {
            PrivilegeTarget::Relation(id) => match catalog.relation_name(*id) {
                Some(name) if catalog.relation(name).is_some_and(|it| !it.temporary) => place(name),
                _ => continue, // It is gone, and its privileges with it.
            },
            PrivilegeTarget::Schema(name) if catalog.has_schema(name) => {
                format!("schema {}", name.as_str())
            }
            PrivilegeTarget::Routine(name) if !catalog.routines(name).is_empty() => {
                format!("routine {}", place(name))
            }
            // Roles belong to all databases; the others are not (or no longer) objects.
            PrivilegeTarget::Schema(_)
            | PrivilegeTarget::Routine(_)
            | PrivilegeTarget::UnseenRelation(_)
            | PrivilegeTarget::NewRoutines
            | PrivilegeTarget::Role(_) => continue,
        };
        for (privilege, granted) in privileges {
            let kept = [
                "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "USAGE", "EXECUTE", OWNER,
            ];
            let by_default = name == "schema public" && privilege.role.as_str() == "public";
            if kept.contains(&&*privilege.name) && !by_default {
                out.insert((name.clone(), privilege.clone()), *granted);
            }
        }
    }
    out
}

/// Whether an object is that of a session alone.
fn is_temporary(name: &QualifiedName) -> bool {
    name.schema.as_str() == "pg_temp"
}

fn kind_of(body: &RelationBody) -> Kind {
    match body {
        RelationBody::Table(_) => Kind::Table,
        RelationBody::View(_) => Kind::View,
        RelationBody::Sequence(_) => Kind::Sequence,
        RelationBody::Index { .. } => Kind::Index,
    }
}

fn keyed<'a, T>(
    all: impl Iterator<Item = &'a T>,
    name: impl Fn(&T) -> &Ident,
) -> BTreeMap<Ident, &'a T> {
    all.map(|it| (name(it).clone(), it)).collect()
}

fn sorted(names: &[Ident]) -> BTreeSet<&Ident> {
    names.iter().collect()
}

fn place(name: &QualifiedName) -> String {
    format!("{}.{}", name.schema.as_str(), name.name.as_str())
}

fn column(object: &mut Object, our: &Column, their: &Column, table: &Table) {
    if our.assumed {
        object.count.not_known += 1;
        return;
    }
    object.data_type("type", &our.data_type, &their.data_type);
    object.equal("not null", &our.not_null, &their.not_null);
    object.equal("identity", &our.identity, &their.identity);
    let plain = |name: &&ObjectName| name.name.as_str() != "default";
    if our.data_type.name != TypeName::Unknown {
        object.object_name(
            "collation",
            our.collation.as_ref().filter(plain),
            their.collation.as_ref().filter(plain),
        );
    }
    object.expression(
        "default",
        our.default.as_ref(),
        their.default.as_ref(),
        Some(table),
    );
    object.expression(
        "generated",
        our.generated.as_ref(),
        their.generated.as_ref(),
        Some(table),
    );
}

fn index(object: &mut Object, our: &Index, their: &Index, table: Option<&Table>) {
    object.equal("unique", &our.unique, &their.unique);
    object.equal("valid", &our.valid, &their.valid);
    object.equal("method", &our.method, &their.method);
    object.equal("include", &our.include, &their.include);
    object.equal("constraint", &our.constraint, &their.constraint);
    object.equal(
        "is a counterpart",
        &our.parent.is_some(),
        &their.parent.is_some(),
    );
    object.equal(
        "nulls not distinct",
        &our.nulls_not_distinct,
        &their.nulls_not_distinct,
    );
    object.expression(
        "predicate",
        our.predicate.as_ref(),
        their.predicate.as_ref(),
        table,
    );
    if our.keys.len() != their.keys.len() {
        object.equal("number of keys", &our.keys.len(), &their.keys.len());
        return;
    }
    let usual = KeyOptions::default();
    for (at, (ours, theirs)) in our.keys.iter().zip(&their.keys).enumerate() {
        match (ours, theirs) {
            (IndexKey::Column(ours), IndexKey::Column(theirs)) => object.equal("key", ours, theirs),
            (IndexKey::Expression(ours), IndexKey::Expression(theirs)) => {
                object.expression("key", Some(ours), Some(theirs), table);
            }
            // The server keeps `(a)` as the column.
            (IndexKey::Expression(ours), IndexKey::Column(theirs)) => {
                let theirs = sql::expression_of(&theirs.to_string());
                object.expression("key", Some(ours), Some(&theirs), table);
            }
            (IndexKey::Column(_), IndexKey::Expression(_)) => {
                object.differences.push("another kind of key".to_owned());
            }
        }
        let our_options = our.options.get(at).unwrap_or(&usual);
        let their_options = their.options.get(at).unwrap_or(&usual);
        object.equal(
            "descending",
            &our_options.descending,
            &their_options.descending,
        );
        object.equal(
            "nulls first",
            &our_options.nulls_first,
            &their_options.nulls_first,
        );
        // A class that is the type's own may be written, and is not reported.
        if their_options.class.is_some() {
            object.object_name(
                "class",
                our_options.class.as_ref(),
                their_options.class.as_ref(),
            );
        }
        if their_options.collation.is_some() {
            object.object_name(
                "collation",
                our_options.collation.as_ref(),
                their_options.collation.as_ref(),
            );
        }
    }
}

fn policy(object: &mut Object, our: &Policy, their: &Policy, table: &Table) {
    object.equal("permissive", &our.permissive, &their.permissive);
    object.equal("command", &our.command, &their.command);
    let roles = |policy: &Policy| -> BTreeSet<Ident> {
        let roles = policy.roles.iter();
        roles
            .filter(|it| it.as_str() != "public")
            .cloned()
            .collect()
    };
    object.equal("roles", &roles(our), &roles(their));
    object.expression(
        "using",
        our.using.as_ref(),
        their.using.as_ref(),
        Some(table),
    );
    object.expression(
        "with check",
        our.with_check.as_ref(),
        their.with_check.as_ref(),
        Some(table),
    );
}

fn user_type(object: &mut Object, ours: &UserType, theirs: &UserType) {
    match (&ours.body, &theirs.body) {
        (
            TypeBody::Enum { labels, complete },
            TypeBody::Enum {
                labels: their_labels,
                ..
            },
        ) => {
            let texts = |labels: &[crate::schema::catalog::EnumLabel]| -> Vec<String> {
                labels.iter().map(|label| label.text.to_string()).collect()
            };
            if *complete {
                object.equal("labels", &texts(labels), &texts(their_labels));
            } else {
                object.count.not_known += 1;
            }
        }
        (
            TypeBody::Domain {
                base,
                not_null,
                default,
                checks,
            },
            TypeBody::Domain {
                base: their_base,
                not_null: their_not_null,
                default: their_default,
                checks: their_checks,
            },
        ) => {
            object.data_type("base", base, their_base);
            object.equal("not null", not_null, their_not_null);
            object.expression("default", default.as_ref(), their_default.as_ref(), None);
            let names = |checks: &[(Ident, SqlExpr)]| -> BTreeSet<Ident> {
                checks.iter().map(|(name, _)| name.clone()).collect()
            };
            object.equal("checks", &names(checks), &names(their_checks));
            for (name, check) in checks {
                if let Some((_, theirs)) = their_checks.iter().find(|(it, _)| it == name) {
                    object.expression("check", Some(check), Some(theirs), None);
                }
            }
        }
        (TypeBody::Composite(attributes), TypeBody::Composite(theirs)) => {
            let names = |all: &[(Ident, SqlType)]| -> Vec<Ident> {
                all.iter().map(|(name, _)| name.clone()).collect()
            };
            object.equal("attributes", &names(attributes), &names(theirs));
            for ((_, our), (_, their)) in attributes.iter().zip(theirs) {
                object.data_type("type of an attribute", our, their);
            }
        }
        (TypeBody::Range(ours), TypeBody::Range(theirs)) => {
            object.data_type("subtype", ours, theirs);
        }
        (TypeBody::Base, TypeBody::Base) => {}
        (TypeBody::Unknown, _) => object.count.not_known += 1,
        _ => object.differences.push("another kind of type".to_owned()),
    }
}

fn same_signature(our: &Routine, their: &Routine) -> bool {
    let (ours, theirs) = (our.signature(), their.signature());
    ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(our, their)| {
            // `t.a%TYPE` is resolved by the server alone.
            our.name == TypeName::Unknown || same_type(our, their)
        })
}

fn signature(name: &QualifiedName, routine: &Routine) -> String {
    let types: Vec<String> = routine
        .signature()
        .into_iter()
        .map(ToString::to_string)
        .collect();
    format!("{}({})", place(name), types.join(", "))
}

fn routine(object: &mut Object, our: &Routine, their: &Routine) {
    object.equal("kind", &our.kind, &their.kind);
    object.equal("language", &our.language, &their.language);
    for (our, their) in our.arguments.iter().zip(&their.arguments) {
        object.equal("argument", &our.name, &their.name);
        object.equal(
            "default of an argument",
            &our.has_default,
            &their.has_default,
        );
    }
    match (&our.returns, &their.returns) {
        (Some(our), Some(their)) => {
            let sameness = match (sql::result_columns_of(our), sql::result_columns_of(their)) {
                (Some(ours), Some(theirs)) => {
                    let same = ours.len() == theirs.len()
                        && ours
                            .iter()
                            .zip(&theirs)
                            .all(|((name, our), (other, their))| {
                                name == other
                                    && (our.name == TypeName::Unknown || same_type(our, their))
                            });
                    if same {
                        Sameness::Same
                    } else {
                        Sameness::Different
                    }
                }
                _ if our == their => Sameness::Same,
                _ => Sameness::NotCompared,
            };
            object.sameness("result", our, their, sameness);
        }
        // What OUT arguments and aggregates return is not written.
        (None, _) => object.count.not_known += usize::from(their.kind != RoutineKind::Procedure),
        (Some(our), None) => object.differ("result", our, "none"),
    }
    let is_sql = their.body.to_lowercase().starts_with("begin atomic")
        || their.body.to_lowercase().starts_with("return ");
    match their.language.as_str() {
        _ if their.kind == RoutineKind::Aggregate => object.count.expressions_not_compared += 1,
        "c" => object.equal("symbol", &our.body.rsplit(' ').next(), &Some(&*their.body)),
        _ if is_sql => object.text("body", &our.body, &their.body),
        _ => {
            object.count.expressions += 1;
            if our.body != their.body {
                object.differ("body", &our.body, &their.body);
            }
        }
    }
}

/// `RANGE (a, lower(b))`: the strategy, and the keys as a row.
fn same_partition_key(ours: &SqlExpr, theirs: &SqlExpr, table: &Table) -> Sameness {
    if ours.is_same(theirs) {
        return Sameness::Same;
    }
    let split = |expr: &SqlExpr| {
        let (strategy, keys) = expr.text.split_once('(')?;
        let keys = keys.trim_end().strip_suffix(')')?;
        let row = sql::expression_of(&format!("ROW({keys})"));
        Some((strategy.trim().to_lowercase(), row))
    };
    match (split(ours), split(theirs)) {
        (Some((our, ours)), Some((their, theirs))) if our == their => {
            let type_of = |name: &Ident| Some(table.column(name)?.data_type.clone());
            same_expression(&ours, &theirs, &type_of)
        }
        (Some(_), Some(_)) => Sameness::Different,
        _ => Sameness::NotCompared,
    }
}

/// `FOR VALUES FROM (1) TO (2)`: each list as a row of literals. The server evaluates what stands in
/// them, so that another text may be the same values.
fn same_bound(ours: &SqlExpr, theirs: &SqlExpr) -> Sameness {
    if ours.is_same(theirs) {
        return Sameness::Same;
    }
    let kind = |expr: &SqlExpr| {
        let words = expr.text.split('(').next().unwrap_or("");
        words.trim().to_lowercase()
    };
    let lists = |expr: &SqlExpr| {
        let mut rows = Vec::new();
        let mut rest = &*expr.text;
        while let Some((_, after)) = rest.split_once('(') {
            let (list, after) = after.split_once(')')?;
            rows.push(sql::expression_of(&format!("ROW({list})")));
            rest = after;
        }
        Some(rows)
    };
    if kind(ours) != kind(theirs) {
        return Sameness::Different;
    }
    match (lists(ours), lists(theirs)) {
        (Some(ours), Some(theirs)) if ours.len() == theirs.len() => {
            let all = ours.iter().zip(&theirs);
            all.map(|(our, their)| same_expression(our, their, &|_| None))
                .map(|it| it.min(Sameness::NotCompared))
                .fold(Sameness::Same, Sameness::max)
        }
        _ => Sameness::NotCompared,
    }
}
