//! Rules, which rewrite the statements that come to a table or view.

use super::Applier;
use crate::schema::catalog::{ObjectId, RelationBody, RewriteRule};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{Existence, RuleDef};

impl Applier<'_> {
    fn edit_rules<T>(
        &mut self,
        relation: &QualifiedName,
        edit: impl FnOnce(&mut Vec<RewriteRule>) -> T,
    ) -> Option<T> {
        self.edit_relation(relation, |relation| match &mut relation.body {
            RelationBody::Table(table) => Some(edit(&mut table.rules)),
            RelationBody::View(view) => Some(edit(&mut view.rules)),
            RelationBody::Sequence(_) | RelationBody::Index { .. } => None,
        })
        .flatten()
    }

    pub(super) fn create_rule(&mut self, def: &RuleDef, is_replaced: bool) {
        let Some(table) = self.find_table(&def.table) else {
            return;
        };
        let used: Vec<ObjectId> = def
            .relations
            .iter()
            .filter_map(|name| {
                let found = self.lookup_relation(name)?;
                self.catalog.relation(&found).map(|it| it.id)
            })
            .collect();
        if let Some(id) = self.catalog.relation(&table).map(|it| it.id) {
            for used in &used {
                self.catalog.depend(*used, id);
            }
        }
        let mut rule = RewriteRule {
            id: self.origin.next_id(),
            name: def.name.clone(),
            event: def.event,
            instead: def.instead,
            condition: def.condition.clone(),
            actions: def.actions.clone(),
            depends_on: used,
            enabled: true,
        };
        let exists = self.edit_rules(&table, |rules| {
            match rules.iter_mut().find(|it| it.name == rule.name) {
                Some(old) if is_replaced => {
                    rule.id = old.id;
                    *old = rule;
                }
                Some(_) => return true,
                None => rules.push(rule),
            }
            false
        });
        if exists == Some(true) {
            let message = format!(
                "rule \"{}\" for relation \"{}\" already exists",
                def.name.as_str(),
                table.name.as_str()
            );
            self.misfit("42710", message);
        }
    }

    pub(super) fn drop_rule(&mut self, name: &Ident, table: &ObjectName, existence: Existence) {
        let found = match existence {
            Existence::Required => self.find_table(table),
            Existence::Tolerated => self.lookup_relation(table),
        };
        if let Some(found) = found {
            self.edit_rules(&found, |rules| rules.retain(|it| it.name != *name));
        }
    }

    pub(super) fn rename_rule(&mut self, table: &ObjectName, from: &Ident, to: &Ident) {
        self.edit_rule(table, from, |rule| rule.name = to.clone());
    }

    pub(super) fn enable_rule(&mut self, table: &ObjectName, name: &Ident, enabled: bool) {
        self.edit_rule(table, name, |rule| rule.enabled = enabled);
    }

    fn edit_rule(&mut self, table: &ObjectName, name: &Ident, edit: impl FnOnce(&mut RewriteRule)) {
        if let Some(table) = self.find_table(table) {
            self.edit_rules(&table, |rules| {
                if let Some(rule) = rules.iter_mut().find(|it| it.name == *name) {
                    edit(rule);
                }
            });
        }
    }

    /// Drops the rules that use a relation: `DROP … CASCADE` takes them with it.
    pub(super) fn drop_rules_using(&mut self, used: ObjectId) {
        let uses = |rule: &RewriteRule| rule.depends_on.contains(&used);
        let dependents = self.catalog.dependents_of(used);
        let tables: Vec<QualifiedName> = dependents
            .into_iter()
            .filter(|(_, relation)| relation.rules().iter().any(uses))
            .map(|(name, _)| name.clone())
            .collect();
        for table in tables {
            self.edit_rules(&table, |rules| rules.retain(|rule| !uses(rule)));
        }
    }
}
