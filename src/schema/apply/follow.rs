//! What is renamed is renamed in every expression that names it, as the server, which keeps
//! expressions with the objects' identities, would print it.

use super::Applier;
use crate::schema::catalog::{
    Column, Constraint, Index, ObjectId, Relation, RelationBody, Table, Trigger, TypeBody,
};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{ConstraintKind, IndexKey, QueryDef, SqlExpr};

/// What is renamed: each kind stands in other places of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renamed {
    /// In a string: `nextval('s')`.
    Sequence,
    /// Before a parenthesis, with this many arguments at least and at most.
    Routine(usize, usize),
    /// After `::`, or before a string.
    Type,
}

impl Applier<'_> {
    /// Writes another name into every expression that holds the old one.
    pub(super) fn follow(&mut self, what: Renamed, from: &QualifiedName, to: &QualifiedName) {
        let users: Vec<QualifiedName> = self
            .catalog
            .relations()
            .filter(|(_, relation)| holds(relation, what, from))
            .map(|(name, _)| name.clone())
            .collect();
        for user in users {
            self.edit_relation(&user, |relation| {
                let body = &mut relation.body;
                if let RelationBody::Table(table) = body {
                    rename_in_table(table, what, from, to);
                }
                if matches!(what, Renamed::Routine(..)) {
                    for trigger in triggers_of(body) {
                        if trigger.function.as_ref() == Some(&ObjectName::from(from)) {
                            trigger.function = Some(ObjectName::from(to));
                        }
                    }
                }
            });
        }
        let domains: Vec<QualifiedName> = self
            .catalog
            .types()
            .filter(|(_, user_type)| match &user_type.body {
                TypeBody::Domain {
                    default, checks, ..
                } => {
                    let checks = checks.iter().map(|(_, check)| check);
                    default
                        .iter()
                        .chain(checks)
                        .any(|expr| may_hold(expr, &from.name))
                }
                TypeBody::Enum { .. }
                | TypeBody::Composite(_)
                | TypeBody::Range(_)
                | TypeBody::Base
                | TypeBody::Unknown => false,
            })
            .map(|(name, _)| name.clone())
            .collect();
        for domain in domains {
            self.edit_type(&domain, |user_type| {
                if let TypeBody::Domain {
                    default, checks, ..
                } = &mut user_type.body
                {
                    let checks = checks.iter_mut().map(|(_, check)| check);
                    for expr in default.iter_mut().chain(checks) {
                        *expr = renamed(expr, what, from, to);
                    }
                }
            });
        }
    }

    /// Writes the new name of a relation into the queries of the views that read it; the old one
    /// stays as its alias, as the server prints it.
    pub(super) fn follow_in_views(
        &mut self,
        id: ObjectId,
        from: &QualifiedName,
        to: &QualifiedName,
    ) {
        for view in self.views_of(id) {
            self.edit_view(&view, |query| {
                query.text = relation_renamed(&query.text, from, to).into();
                for name in &mut query.relations {
                    let in_schema = name.schema.as_ref().is_none_or(|it| *it == from.schema);
                    if in_schema && name.name == from.name {
                        *name = ObjectName::from(to);
                    }
                }
            });
        }
    }

    /// Writes the new name of a column into the queries of the views that read its relation. Where
    /// another relation of the query has a column of that name, the query is no longer known.
    pub(super) fn follow_column_in_views(&mut self, id: ObjectId, from: &Ident, to: &Ident) {
        for name in self.views_of(id) {
            let Some(RelationBody::View(view)) = self.catalog.relation(&name).map(|it| &it.body)
            else {
                continue;
            };
            let query = &view.query;
            let names_it = query.columns.as_ref().is_none_or(|it| it.contains(from));
            if !names_it {
                continue;
            }
            let mut others = view.depends_on.iter().filter(|it| **it != id);
            let ambiguous = others.any(|other| {
                let relation = self.catalog.relation_name(*other);
                match relation
                    .and_then(|name| self.catalog.relation(name))
                    .map(|it| &it.body)
                {
                    Some(RelationBody::Table(table)) => table.column(from).is_some(),
                    Some(RelationBody::View(view)) => match &view.columns {
                        Some(columns) => columns.contains(from),
                        None => true,
                    },
                    _ => false,
                }
            });
            let unknown = ambiguous || query.columns.is_none() || view.columns.is_none();
            self.edit_view(&name, |query| {
                if unknown {
                    query.text = "".into();
                    return;
                }
                query.text = column_renamed(&query.text, from, to).into();
                if let Some(columns) = &mut query.columns
                    && columns.remove(from)
                {
                    columns.insert(to.clone());
                }
            });
        }
    }

    fn views_of(&self, id: ObjectId) -> Vec<QualifiedName> {
        self.catalog
            .dependents_of(id)
            .into_iter()
            .filter(|(_, other)| match &other.body {
                RelationBody::View(view) => view.depends_on.contains(&id),
                RelationBody::Table(_) | RelationBody::Sequence(_) | RelationBody::Index { .. } => {
                    false
                }
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn edit_view(&mut self, name: &QualifiedName, edit: impl FnOnce(&mut QueryDef)) {
        self.edit_relation(name, |relation| {
            if let RelationBody::View(view) = &mut relation.body {
                edit(&mut view.query);
            }
        });
    }

    /// `DROP TYPE … CASCADE` takes the defaults that are cast to the type with it.
    pub(super) fn drop_defaults_cast_to(&mut self, dropped: &QualifiedName) {
        let nowhere = QualifiedName::new("", "");
        self.drop_defaults(|default| {
            renamed(default, Renamed::Type, dropped, &nowhere).text != default.text
        });
    }

    /// Every default that `is_gone` loses what it needs and goes with it.
    pub(super) fn drop_defaults(&mut self, is_gone: impl Fn(&SqlExpr) -> bool) {
        let is_gone = |column: &Column| column.default.as_ref().is_some_and(&is_gone);
        let users: Vec<QualifiedName> = self
            .catalog
            .relations()
            .filter(|(_, relation)| {
                relation
                    .as_table()
                    .is_some_and(|table| table.columns.iter().any(is_gone))
            })
            .map(|(name, _)| name.clone())
            .collect();
        for user in users {
            self.edit_table(&user, |table| {
                table.columns.edit(is_gone, |column| column.default = None);
            });
        }
    }

    /// `DROP FUNCTION … CASCADE` takes the triggers that call the function with it.
    pub(super) fn drop_triggers_of(&mut self, routine: &QualifiedName) {
        let function = ObjectName::from(routine);
        let calls = |trigger: &Trigger| trigger.function.as_ref() == Some(&function);
        let users: Vec<QualifiedName> = self
            .catalog
            .relations()
            .filter(|(_, relation)| match &relation.body {
                RelationBody::Table(table) => table.triggers.iter().any(calls),
                RelationBody::View(view) => view.triggers.iter().any(calls),
                RelationBody::Sequence(_) | RelationBody::Index { .. } => false,
            })
            .map(|(name, _)| name.clone())
            .collect();
        for user in users {
            self.edit_relation(&user, |relation| match &mut relation.body {
                RelationBody::Table(table) => table.triggers.retain(|it| !calls(it)),
                RelationBody::View(view) => view.triggers.retain(|it| !calls(it)),
                RelationBody::Sequence(_) | RelationBody::Index { .. } => {}
            });
        }
    }
}

fn triggers_of(body: &mut RelationBody) -> &mut [Trigger] {
    match body {
        RelationBody::Table(table) => &mut table.triggers,
        RelationBody::View(view) => &mut view.triggers,
        RelationBody::Sequence(_) | RelationBody::Index { .. } => &mut [],
    }
}

fn may_hold(expr: &SqlExpr, name: &Ident) -> bool {
    expr.text
        .to_lowercase()
        .contains(&name.as_str().to_lowercase())
}

fn holds(relation: &Relation, what: Renamed, from: &QualifiedName) -> bool {
    let in_expr = |expr: &SqlExpr| may_hold(expr, &from.name);
    let fires = |triggers: &[Trigger]| {
        matches!(what, Renamed::Routine(..))
            && triggers
                .iter()
                .any(|it| it.function.as_ref() == Some(&ObjectName::from(from)))
    };
    match &relation.body {
        RelationBody::Table(table) => {
            fires(&table.triggers)
                || table.columns.iter().any(|column| {
                    let mut both = column.default.iter().chain(&column.generated);
                    both.any(in_expr)
                })
                || table
                    .constraints
                    .iter()
                    .any(|it| in_constraint(it, in_expr))
                || table.indexes.iter().any(|it| in_index(it, in_expr))
                || table.policies.iter().any(|policy| {
                    let mut both = policy.using.iter().chain(&policy.with_check);
                    both.any(in_expr)
                })
                || table
                    .triggers
                    .iter()
                    .any(|it| it.condition.as_ref().is_some_and(in_expr))
        }
        RelationBody::View(view) => fires(&view.triggers),
        RelationBody::Sequence(_) | RelationBody::Index { .. } => false,
    }
}

fn in_constraint(constraint: &Constraint, is_meant: impl Fn(&SqlExpr) -> bool) -> bool {
    match &constraint.kind {
        ConstraintKind::Check { expr, .. } => is_meant(expr),
        ConstraintKind::Exclude { definition } => is_meant(definition),
        ConstraintKind::PrimaryKey { .. }
        | ConstraintKind::Unique { .. }
        | ConstraintKind::ForeignKey { .. }
        | ConstraintKind::NotNull { .. } => false,
    }
}

fn in_index(index: &Index, is_meant: impl Fn(&SqlExpr) -> bool) -> bool {
    index.predicate.as_ref().is_some_and(&is_meant)
        || index.keys.iter().any(|key| match key {
            IndexKey::Column(_) => false,
            IndexKey::Expression(expr) => is_meant(expr),
        })
}

fn rename_in_table(table: &mut Table, what: Renamed, from: &QualifiedName, to: &QualifiedName) {
    let edit = |expr: &mut SqlExpr| *expr = renamed(expr, what, from, to);
    let in_expr = |expr: &SqlExpr| may_hold(expr, &from.name);
    table.columns.edit(
        |column| column.default.iter().chain(&column.generated).any(in_expr),
        |column| {
            let both = column.default.iter_mut().chain(&mut column.generated);
            both.for_each(edit);
        },
    );
    table.constraints.edit(
        |constraint| in_constraint(constraint, in_expr),
        |constraint| match &mut constraint.kind {
            ConstraintKind::Check { expr, .. } => edit(expr),
            ConstraintKind::Exclude { definition } => edit(definition),
            ConstraintKind::PrimaryKey { .. }
            | ConstraintKind::Unique { .. }
            | ConstraintKind::ForeignKey { .. }
            | ConstraintKind::NotNull { .. } => {}
        },
    );
    table.indexes.edit(
        |index| in_index(index, in_expr),
        |index| {
            index.predicate.iter_mut().for_each(edit);
            for key in &mut index.keys {
                if let IndexKey::Expression(expr) = key {
                    edit(expr);
                }
            }
        },
    );
    for policy in &mut table.policies {
        let both = policy.using.iter_mut().chain(&mut policy.with_check);
        both.for_each(edit);
    }
    for trigger in &mut table.triggers {
        trigger.condition.iter_mut().for_each(edit);
    }
    for rule in &mut table.rules {
        rule.condition.iter_mut().for_each(edit);
    }
}

/// One piece of an expression's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    /// A word or a quoted identifier.
    Name(&'a str),
    /// A string with its quotes.
    Text(&'a str),
    /// Anything else; blanks stand alone.
    Other(&'a str),
}

impl<'a> Piece<'a> {
    fn text(self) -> &'a str {
        match self {
            Piece::Name(text) | Piece::Text(text) | Piece::Other(text) => text,
        }
    }

    fn is(self, name: &Ident) -> bool {
        match self {
            Piece::Name(text) => match text.strip_prefix('"') {
                Some(quoted) => quoted.trim_end_matches('"') == name.as_str(),
                None => text.to_lowercase() == name.as_str(),
            },
            Piece::Text(_) | Piece::Other(_) => false,
        }
    }
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            ':' if rest.starts_with("::") => 2,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (piece, after) = rest.split_at(end);
        out.push(match first {
            '\'' => Piece::Text(piece),
            '"' => Piece::Name(piece),
            c if is_word(c) => Piece::Name(piece),
            _ => Piece::Other(piece),
        });
        rest = after;
    }
    out
}

/// How many arguments a call has whose name has just been read; `None` where it is no call.
fn arguments(rest: &[Piece]) -> Option<usize> {
    let mut pieces = rest.iter().filter(|it| !it.text().trim().is_empty());
    if pieces.next() != Some(&Piece::Other("(")) {
        return None;
    }
    let (mut depth, mut count, mut empty) = (1_usize, 1_usize, true);
    for piece in pieces {
        match piece.text() {
            "(" | "[" => depth += 1,
            ")" | "]" => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            "," if depth == 1 => count += 1,
            _ => {}
        }
        empty = false;
    }
    Some(if empty { 0 } else { count })
}

/// The expression after what it names was renamed.
fn renamed(expr: &SqlExpr, what: Renamed, from: &QualifiedName, to: &QualifiedName) -> SqlExpr {
    if !may_hold(expr, &from.name) {
        return expr.clone();
    }
    let all = pieces(&expr.text);
    let target = ObjectName::from(to).to_string();
    let blank = |piece: &Piece| piece.text().trim().is_empty();
    let mut out = String::with_capacity(expr.text.len());
    let mut at = 0;
    while at < all.len() {
        let qualified = all[at].is(&from.schema)
            && all.get(at + 1) == Some(&Piece::Other("."))
            && all.get(at + 2).is_some_and(|it| it.is(&from.name));
        let before = all[..at].iter().rev().find(|it| !blank(it));
        let end = if qualified { at + 3 } else { at + 1 };
        let after = all[end..].iter().find(|it| !blank(it));
        let named = qualified || (all[at].is(&from.name) && before != Some(&Piece::Other(".")));
        let replaced = match what {
            Renamed::Sequence => false,
            Renamed::Routine(least, most) => {
                named && arguments(&all[end..]).is_some_and(|it| it >= least && it <= most)
            }
            Renamed::Type => {
                named
                    && (before == Some(&Piece::Other("::"))
                        || matches!(after, Some(Piece::Text(_))))
            }
        };
        if replaced {
            out.push_str(&target);
            at = end;
            continue;
        }
        match all[at] {
            Piece::Text(text) if what == Renamed::Sequence && names(text, from) => {
                out.push('\'');
                out.push_str(&target.replace('\'', "''"));
                out.push('\'');
            }
            piece => out.push_str(piece.text()),
        }
        at += 1;
    }
    SqlExpr {
        text: out.into(),
        columns: expr.columns.clone(),
    }
}

/// The text of a query after a relation of it was renamed.
fn relation_renamed(text: &str, from: &QualifiedName, to: &QualifiedName) -> String {
    let all = pieces(text);
    let blank = |piece: &Piece| piece.text().trim().is_empty();
    let target = ObjectName::from(to).to_string();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < all.len() {
        let qualified = all[at].is(&from.schema)
            && all.get(at + 1) == Some(&Piece::Other("."))
            && all.get(at + 2).is_some_and(|it| it.is(&from.name));
        let end = if qualified { at + 3 } else { at + 1 };
        let before = all[..at].iter().rev().find(|it| !blank(it));
        let after = all[end..].iter().find(|it| !blank(it));
        let opens = before.is_some_and(|it| match it {
            Piece::Name(word) => {
                ["from", "join", "only", "lateral"].contains(&word.to_lowercase().as_str())
            }
            Piece::Other(sign) => *sign == "," || *sign == "(",
            Piece::Text(_) => false,
        });
        let goes_on = matches!(after, Some(Piece::Other("." | "(")));
        if opens && !goes_on && (qualified || all[at].is(&from.name)) {
            out.push_str(&target);
            let aliased = match after {
                Some(Piece::Name(word)) => {
                    !word.starts_with('"')
                        && !FOLLOWS_RELATION.contains(&word.to_lowercase().as_str())
                        || word.starts_with('"')
                }
                _ => false,
            };
            if !aliased && from.name != to.name {
                out.push(' ');
                out.push_str(&from.name.to_string());
            }
            at = end;
            continue;
        }
        out.push_str(all[at].text());
        at += 1;
    }
    out
}

/// Words after a relation in a query that are no alias of it; `AS` comes before one.
const FOLLOWS_RELATION: [&str; 20] = [
    "cross",
    "except",
    "fetch",
    "for",
    "full",
    "group",
    "having",
    "inner",
    "intersect",
    "join",
    "left",
    "limit",
    "natural",
    "offset",
    "on",
    "order",
    "right",
    "union",
    "using",
    "where",
];

/// The text of a query after a column was renamed that has its name to itself.
fn column_renamed(text: &str, from: &Ident, to: &Ident) -> String {
    let all = pieces(text);
    let blank = |piece: &Piece| piece.text().trim().is_empty();
    let mut out = String::with_capacity(text.len());
    for (at, piece) in all.iter().enumerate() {
        let before = all[..at].iter().rev().find(|it| !blank(it));
        let after = all[at + 1..].iter().find(|it| !blank(it));
        let is_alias = matches!(before, Some(Piece::Name(word)) if word.eq_ignore_ascii_case("as"));
        let is_called = matches!(after, Some(Piece::Other("(" | ".")));
        if piece.is(from) && !is_alias && !is_called {
            out.push_str(&to.to_string());
        } else {
            out.push_str(piece.text());
        }
    }
    out
}

/// Whether a string with its quotes holds this name, with or without its schema.
fn names(text: &str, name: &QualifiedName) -> bool {
    let inner = text.trim_matches('\'');
    let all = pieces(inner);
    match all.as_slice() {
        [only] => only.is(&name.name),
        [schema, Piece::Other("."), last] => schema.is(&name.schema) && last.is(&name.name),
        _ => false, // Not a name.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_renamed_relation_keeps_its_old_name_as_alias() {
        let from = QualifiedName::new("public", "old");
        let to = QualifiedName::new("public", "new");
        for (before, after) in [
            ("SELECT a FROM old", "SELECT a FROM public.new old"),
            (
                "SELECT old.a FROM public.old WHERE b",
                "SELECT old.a FROM public.new old WHERE b",
            ),
            ("SELECT o.a FROM old o", "SELECT o.a FROM public.new o"),
            ("SELECT old FROM s.old AS x", "SELECT old FROM s.old AS x"),
            (
                "SELECT 1 FROM t JOIN old ON old.a = t.a",
                "SELECT 1 FROM t JOIN public.new old ON old.a = t.a",
            ),
        ] {
            assert_eq!(relation_renamed(before, &from, &to), after);
        }
    }

    #[test]
    fn a_name_is_replaced_where_it_stands_for_the_object() {
        let from = QualifiedName::new("public", "old");
        let to = QualifiedName::new("public", "new");
        let rename = |what, text: &str| {
            let expr = SqlExpr {
                text: text.into(),
                columns: BTreeSet::new(),
            };
            renamed(&expr, what, &from, &to).text.to_string()
        };
        for (what, before, after) in [
            (
                Renamed::Sequence,
                "nextval('old'::regclass)",
                "nextval('public.new'::regclass)",
            ),
            (Renamed::Sequence, "nextval('s.old')", "nextval('s.old')"),
            (Renamed::Sequence, "old + 'older'", "old + 'older'"),
            (Renamed::Routine(0, 1), "old(old)", "public.new(old)"),
            (Renamed::Routine(0, 1), "public.old (1)", "public.new (1)"),
            (Renamed::Routine(0, 1), "s.old(1)", "s.old(1)"),
            (Renamed::Routine(0, 1), "old(f(1, 2), 3)", "old(f(1, 2), 3)"),
            (Renamed::Type, "'x'::old", "'x'::public.new"),
            (
                Renamed::Type,
                "old = 'old'::\"old\"",
                "old = 'old'::public.new",
            ),
        ] {
            assert_eq!(rename(what, before), after);
        }
    }
}
