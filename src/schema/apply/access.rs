//! Privileges and roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Applier, Touched};
use crate::schema::catalog::{Privilege, PrivilegeTarget, RelationBody, Role};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{AllOf, Existence, GrantTarget, PrivilegeChange};

impl Applier<'_> {
    /// `GRANT` and `REVOKE`. What is not used by ordinary code (`CREATE`, `REFERENCES`, grant
    /// options, types, databases) is left out.
    pub(super) fn change_privileges(&mut self, granted: bool, change: &PrivilegeChange) {
        if change.grant_option && !granted {
            return;
        }
        let targets: Vec<PrivilegeTarget> = change
            .targets
            .iter()
            .flat_map(|target| self.privilege_targets(target))
            .collect();
        for target in targets {
            let known = self.catalog.privileges.get(&target).map(Arc::as_ref);
            let mut held = known.cloned().unwrap_or_default();
            let before = held.clone();
            for role in &change.roles {
                // Who runs the migration is not known.
                if ["current_user", "current_role", "session_user"].contains(&role.as_str()) {
                    continue;
                }
                self.change_held(&mut held, &target, role, granted, change);
            }
            if held != before {
                self.out.touched.push(Touched::Privileges(target.clone()));
                self.catalog.privileges.insert_mut(target, Arc::new(held));
            }
        }
    }

    /// `ALTER DEFAULT PRIVILEGES`: of use is only whether `PUBLIC` may call new functions. The
    /// server's own default cannot be taken back for one schema.
    pub(super) fn change_defaults(
        &mut self,
        schemas: &[Ident],
        granted: bool,
        change: &PrivilegeChange,
    ) {
        let about_routines = change.targets.iter().any(|target| {
            matches!(target, GrantTarget::Other(kind) if matches!(&*kind.to_ascii_lowercase(), "functions" | "routines"))
        });
        let to_everybody = change.roles.iter().any(|role| role.as_str() == "public");
        if about_routines && to_everybody && schemas.is_empty() && !change.grant_option {
            let held = BTreeMap::from([(everybody_calls(), granted)]);
            let target = PrivilegeTarget::NewRoutines;
            self.catalog.privileges.insert_mut(target, Arc::new(held));
        }
    }

    /// What a new routine of that name gets from `ALTER DEFAULT PRIVILEGES`.
    pub(super) fn default_privileges(&mut self, name: &QualifiedName) {
        let target = PrivilegeTarget::Routine(name.clone());
        let defaults = self.catalog.privileges.get(&PrivilegeTarget::NewRoutines);
        if let Some(defaults) = defaults.filter(|_| self.catalog.routines(name).is_empty()) {
            let defaults = Arc::clone(defaults);
            self.catalog.privileges.insert_mut(target, defaults);
        }
    }

    fn change_held(
        &self,
        held: &mut BTreeMap<Privilege, bool>,
        target: &PrivilegeTarget,
        role: &Ident,
        granted: bool,
        change: &PrivilegeChange,
    ) {
        let of = |name: &str, column: Option<&Ident>| Privilege {
            role: role.clone(),
            name: name.into(),
            column: column.cloned(),
        };
        let all = change.privileges.contains("ALL");
        for name in self.privileges_on(target) {
            let named = change.privileges.contains(*name) || *name == MEMBER;
            if !all && !named {
                continue;
            }
            if !change.columns.is_empty() {
                for column in &change.columns {
                    held.insert(of(name, Some(column)), granted);
                }
                continue;
            }
            let whole = of(name, None);
            // Few roles ever had it: ALL takes it only from those that were given it.
            if *name == "TRUNCATE" && !named && !granted && !held.contains_key(&whole) {
                continue;
            }
            held.insert(whole, granted);
            if !granted {
                // The server takes those of the columns with that of the table.
                for (privilege, state) in held.iter_mut() {
                    if privilege.role == *role && &*privilege.name == *name {
                        *state = false;
                    }
                }
            }
        }
    }

    /// The privileges on an object that ordinary code needs.
    fn privileges_on(&self, target: &PrivilegeTarget) -> &'static [&'static str] {
        match target {
            PrivilegeTarget::Relation(id) => {
                let name = self.catalog.relation_name(*id);
                let relation = name.and_then(|name| self.catalog.relation(name));
                match relation.map(|relation| &relation.body) {
                    Some(RelationBody::Sequence(_)) => &["SELECT", "UPDATE", "USAGE"],
                    Some(
                        RelationBody::Table(_) | RelationBody::View(_) | RelationBody::Index { .. },
                    )
                    | None => &["DELETE", "INSERT", "SELECT", "TRUNCATE", "UPDATE"],
                }
            }
            PrivilegeTarget::UnseenRelation(_) => {
                &["DELETE", "INSERT", "SELECT", "TRUNCATE", "UPDATE"]
            }
            PrivilegeTarget::Schema(_) => &["USAGE"],
            PrivilegeTarget::Routine(_) | PrivilegeTarget::NewRoutines => &["EXECUTE"],
            PrivilegeTarget::Role(_) => &[MEMBER],
        }
    }

    fn privilege_targets(&self, target: &GrantTarget) -> Vec<PrivilegeTarget> {
        match target {
            GrantTarget::Relation(name) => vec![self.relation_target(name)],
            GrantTarget::AllInSchema(kind, schema) => self.all_in_schema(*kind, schema),
            GrantTarget::Schema(name) => vec![PrivilegeTarget::Schema(name.clone())],
            GrantTarget::Routine(name) => {
                let found = self.lookup(name, |name| self.catalog.routines.contains_key(name));
                let name = found.unwrap_or_else(|| self.new_name(name));
                vec![PrivilegeTarget::Routine(name)]
            }
            GrantTarget::Role(name) => vec![PrivilegeTarget::Role(name.clone())],
            GrantTarget::Type(_) | GrantTarget::Other(_) => Vec::new(),
        }
    }

    fn relation_target(&self, name: &ObjectName) -> PrivilegeTarget {
        match self.lookup_relation(name) {
            Some(found) => match self.catalog.relation(&found) {
                Some(relation) => PrivilegeTarget::Relation(relation.id),
                None => PrivilegeTarget::UnseenRelation(found),
            },
            None => PrivilegeTarget::UnseenRelation(self.new_name(name)),
        }
    }

    fn all_in_schema(&self, kind: AllOf, schema: &Ident) -> Vec<PrivilegeTarget> {
        if kind == AllOf::Routines {
            let names = self.catalog.all_routines().map(|(name, _)| name);
            let names = names.filter(|name| name.schema == *schema);
            return names.cloned().map(PrivilegeTarget::Routine).collect();
        }
        self.catalog
            .relations()
            .filter(|(name, relation)| {
                let is_kind = match relation.body {
                    RelationBody::Table(_) | RelationBody::View(_) => kind == AllOf::Tables,
                    RelationBody::Sequence(_) => kind == AllOf::Sequences,
                    RelationBody::Index { .. } => false,
                };
                name.schema == *schema && is_kind
            })
            .map(|(_, relation)| PrivilegeTarget::Relation(relation.id))
            .collect()
    }

    pub(super) fn create_role(&mut self, name: &Ident, login: bool) {
        let role = Role {
            exists: true,
            made: true,
            login: Some(login),
        };
        self.set_role(name, role);
    }

    pub(super) fn alter_role(&mut self, name: &Ident, login: Option<bool>) {
        if login.is_some() {
            let role = Role {
                login,
                ..self.role(name)
            };
            self.set_role(name, role);
        }
    }

    pub(super) fn rename_role(&mut self, name: &Ident, to: &Ident) {
        let role = self.role(name);
        let gone = Role {
            exists: false,
            ..role.clone()
        };
        self.set_role(name, gone);
        self.set_role(to, Role { made: true, ..role });
    }

    pub(super) fn drop_role(&mut self, name: &Ident, existence: Existence) {
        if existence == Existence::Tolerated && !self.catalog.roles.contains_key(name) {
            return;
        }
        let role = Role {
            exists: false,
            ..self.role(name)
        };
        self.set_role(name, role);
    }

    /// The role, taken for granted where its creation was not seen.
    fn role(&self, name: &Ident) -> Role {
        self.catalog.roles.get(name).cloned().unwrap_or(Role {
            exists: true,
            made: false,
            login: None,
        })
    }

    fn set_role(&mut self, name: &Ident, role: Role) {
        self.catalog.roles.insert_mut(name.clone(), role);
        self.out.touched.push(Touched::Role(name.clone()));
    }
}

fn everybody_calls() -> Privilege {
    Privilege {
        role: Ident::new("public"),
        name: "EXECUTE".into(),
        column: None,
    }
}

/// What membership in a role is kept as.
const MEMBER: &str = "MEMBER";
