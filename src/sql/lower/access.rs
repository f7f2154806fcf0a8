//! Privileges, roles and row-level security policies.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::routine::read_signature;
use super::{Out, no_effect, whole};
use crate::schema::name::{Ident, ObjectName};
use crate::schema::op::{AllOf, GrantTarget, PolicyCommand, PolicyDef, PrivilegeChange, SchemaOp};
use crate::sql::cursor::{Cursor, Read, Refused};
use crate::sql::token::{self, Token, TokenKind};

/// A role's name; `PUBLIC`, `CURRENT_USER` and their like are given in lower case.
pub(super) fn role(cursor: &mut Cursor) -> Read<Ident> {
    cursor.eat("group");
    let special = ["current_user", "current_role", "session_user"];
    match special.iter().find(|word| cursor.eat(word)) {
        Some(word) => Ok(Ident::new(word)),
        None => cursor.ident(),
    }
}

/// `GRANT` and `REVOKE`, after the word.
pub(super) fn grant(cursor: &mut Cursor, granted: bool, out: &mut Out) -> Read<()> {
    let change = read_change(cursor, granted, false)?;
    // `GRANT SELECT (a), UPDATE (b)` is one change per list of columns.
    let mut groups: Vec<PrivilegeChange> = Vec::new();
    for (privilege, columns) in change.columns_of {
        let same = groups.iter_mut().find(|it| it.columns == columns);
        match same {
            Some(group) => {
                group.privileges.insert(privilege);
            }
            None => groups.push(PrivilegeChange {
                privileges: BTreeSet::from([privilege]),
                columns,
                ..change.all.clone()
            }),
        }
    }
    if groups.is_empty() {
        groups.push(change.all);
    }
    for change in groups {
        let op = if granted {
            SchemaOp::Grant(change)
        } else {
            SchemaOp::Revoke(change)
        };
        whole(cursor, op, out);
    }
    Ok(())
}

/// `ALTER DEFAULT PRIVILEGES`, after the words.
pub(super) fn default_privileges(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let mut schemas = Vec::new();
    loop {
        if cursor.eat_any(&["for role", "for user"]) {
            cursor.list(role)?;
        } else if cursor.eat("in schema") {
            schemas = cursor.list(Cursor::ident)?;
        } else {
            break;
        }
    }
    let granted = cursor.eat("grant");
    if !granted {
        cursor.expect("revoke")?;
    }
    let change = read_change(cursor, granted, true)?.all;
    whole(
        cursor,
        SchemaOp::AlterDefaultPrivileges {
            schemas,
            granted,
            change,
        },
        out,
    );
    Ok(())
}

/// A change as it is written.
struct WrittenChange {
    /// All of it.
    all: PrivilegeChange,
    /// Each privilege with its own columns.
    columns_of: Vec<(Arc<str>, Vec<Ident>)>,
}

fn read_change(cursor: &mut Cursor, granted: bool, default: bool) -> Read<WrittenChange> {
    let mut columns_of = Vec::new();
    let mut change = PrivilegeChange {
        privileges: BTreeSet::new(),
        columns: Vec::new(),
        targets: Vec::new(),
        roles: Vec::new(),
        grant_option: false,
    };
    if !granted {
        change.grant_option = cursor.eat_any(&["grant option for", "admin option for"]);
    }
    let start = cursor.at;
    let to = if granted { "to" } else { "from" };
    let mut ahead = cursor.clone();
    let on = ahead.until(|cursor| cursor.is("on") || cursor.is(to))?.end;
    if ahead.is("on") {
        for part in cursor.split_commas(start..on) {
            let mut part = cursor.part(part);
            columns_of.push(read_privilege(&mut part, &mut change)?);
        }
        let mut seen = BTreeSet::new();
        change.columns.retain(|column| seen.insert(column.clone()));
        cursor.at = on + 1;
        if default {
            let kind = cursor.any_word()?;
            cursor.eat("objects"); // `LARGE OBJECTS`
            change
                .targets
                .push(GrantTarget::Other(Arc::from(kind.as_str())));
        } else {
            read_targets(cursor, &mut change)?;
        }
    } else {
        let roles = cursor.list(role)?;
        change.targets = roles.into_iter().map(GrantTarget::Role).collect();
    }
    cursor.expect(to)?;
    change.roles = cursor.list(role)?;
    if granted {
        change.grant_option = cursor.eat("with grant option");
        cursor.eat("with hierarchy option");
        if !change.grant_option && cursor.eat("with") {
            cursor.list(|cursor| {
                if !cursor.eat_any(&["admin", "inherit", "set"]) {
                    return Err(cursor.refuse("`ADMIN`, `INHERIT` or `SET`"));
                }
                cursor.any_word()
            })?;
        }
    }
    if cursor.eat("granted by") {
        role(cursor)?;
    }
    cursor.behavior();
    Ok(WrittenChange {
        all: change,
        columns_of,
    })
}

/// `SELECT`, `UPDATE (a, b)`, `ALL PRIVILEGES`.
fn read_privilege(part: &mut Cursor, change: &mut PrivilegeChange) -> Read<(Arc<str>, Vec<Ident>)> {
    let mut words = Vec::new();
    while part.peek().is_some_and(Token::is_name) {
        words.push(part.any_word()?.as_str().to_ascii_uppercase());
    }
    if words.is_empty() {
        return Err(part.refuse("a privilege"));
    }
    let mut columns = Vec::new();
    if part.is_symbol("(") {
        columns = part.ident_list()?;
        change.columns.extend(columns.iter().cloned());
    }
    part.expect_end()?;
    let privilege = if words[0] == "ALL" {
        "ALL".to_owned()
    } else {
        words.join(" ")
    };
    let privilege: Arc<str> = Arc::from(privilege);
    change.privileges.insert(privilege.clone());
    Ok((privilege, columns))
}

fn read_targets(cursor: &mut Cursor, change: &mut PrivilegeChange) -> Read<()> {
    if cursor.eat("all") {
        let kind = [
            ("tables", AllOf::Tables),
            ("sequences", AllOf::Sequences),
            ("functions", AllOf::Routines),
            ("procedures", AllOf::Routines),
            ("routines", AllOf::Routines),
        ]
        .into_iter()
        .find_map(|(word, kind)| cursor.eat(word).then_some(kind))
        .ok_or_else(|| cursor.refuse("`TABLES`, `SEQUENCES` or `ROUTINES`"))?;
        cursor.expect("in schema")?;
        let schemas = cursor.list(Cursor::ident)?;
        let all = schemas.into_iter();
        change.targets = all
            .map(|schema| GrantTarget::AllInSchema(kind, schema))
            .collect();
        return Ok(());
    }
    change.targets = if cursor.eat("schema") {
        cursor.list(|cursor| cursor.ident().map(GrantTarget::Schema))?
    } else if cursor.eat_any(&["function", "procedure", "routine"]) {
        cursor.list(|cursor| read_signature(cursor).map(|(name, _)| GrantTarget::Routine(name)))?
    } else if cursor.eat_any(&["type", "domain"]) {
        cursor.list(|cursor| cursor.object_name().map(GrantTarget::Type))?
    } else if let Some(kind) = other_target(cursor) {
        cursor.list(|cursor| {
            let start = cursor.at;
            if cursor
                .peek()
                .is_some_and(|token| token.kind == TokenKind::Number)
            {
                cursor.at += 1;
            } else {
                cursor.object_name()?;
            }
            let name = token::folded(&cursor.tokens[start..cursor.at], cursor.text);
            Ok(GrantTarget::Other(format!("{kind} {name}").into()))
        })?
    } else {
        cursor.eat_any(&["table", "sequence"]);
        cursor.list(|cursor| {
            let name = cursor.object_name()?;
            // MySQL: db.*
            Ok(GrantTarget::Relation(name))
        })?
    };
    Ok(())
}

fn other_target(cursor: &mut Cursor) -> Option<&'static str> {
    [
        "database",
        "language",
        "foreign server",
        "foreign data wrapper",
        "tablespace",
        "parameter",
        "large object",
    ]
    .into_iter()
    .find(|phrase| cursor.eat(phrase))
}

/// `CREATE ROLE|USER|GROUP`, after the words.
pub(super) fn create_role(cursor: &mut Cursor, login: bool, out: &mut Out) -> Read<()> {
    cursor.if_not_exists();
    let name = cursor.ident()?;
    cursor.eat("with");
    let mut login = login;
    let mut memberships = Vec::new();
    if cursor.dialect != crate::sql::Dialect::Postgres {
        cursor.at = cursor.tokens.len();
    }
    while !cursor.is_done() {
        if let Some(written) = read_role_option(cursor)? {
            login = written;
        } else if cursor.eat_any(&["in role", "in group"]) {
            for group in cursor.list(role)? {
                memberships.push((group, name.clone()));
            }
        } else if cursor.eat_any(&["role", "user", "admin"]) {
            for member in cursor.list(role)? {
                memberships.push((name.clone(), member));
            }
        }
    }
    whole(cursor, SchemaOp::CreateRole { name, login }, out);
    for (group, member) in memberships {
        let change = PrivilegeChange {
            privileges: BTreeSet::new(),
            columns: Vec::new(),
            targets: vec![GrantTarget::Role(group)],
            roles: vec![member],
            grant_option: false,
        };
        whole(cursor, SchemaOp::Grant(change), out);
    }
    Ok(())
}

/// Moves over one option; gives what it says about logging in. Membership is left to the caller.
fn read_role_option(cursor: &mut Cursor) -> Read<Option<bool>> {
    const PLAIN: [&str; 12] = [
        "superuser",
        "nosuperuser",
        "createdb",
        "nocreatedb",
        "createrole",
        "nocreaterole",
        "inherit",
        "noinherit",
        "replication",
        "noreplication",
        "bypassrls",
        "nobypassrls",
    ];
    loop {
        if cursor.eat("login") {
            return Ok(Some(true));
        }
        if cursor.eat("nologin") {
            return Ok(Some(false));
        }
        if cursor.eat_any(&["encrypted password", "unencrypted password", "password"]) {
            if !cursor.eat("null") && cursor.string().is_err() {
                // A variable of psql: :'password'.
                cursor.expect_symbol(":")?;
                cursor.next();
            }
        } else if cursor.eat("valid until") {
            cursor.string()?;
        } else if cursor.eat_any(&["connection limit", "sysid"]) {
            cursor.eat_symbol("-");
            cursor.next();
        } else if !cursor.eat_any(&PLAIN) {
            let membership = ["in", "role", "user", "admin"];
            if cursor.is_done() || membership.iter().any(|word| cursor.is(word)) {
                return Ok(None);
            }
            return Err(cursor.refuse("a role option"));
        }
    }
}

/// `ALTER ROLE|USER|GROUP`, after the words.
pub(super) fn alter_role(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = if cursor.eat("all") {
        Ident::new("all")
    } else {
        role(cursor)?
    };
    if cursor.eat("rename to") {
        whole(
            cursor,
            SchemaOp::RenameRole {
                name,
                to: cursor.clone().ident()?,
            },
            out,
        );
        cursor.at += 1;
        return Ok(());
    }
    if cursor.eat("in database") {
        cursor.ident()?;
    }
    if cursor.eat_any(&["set", "reset"]) {
        if cursor.is("search_path") || cursor.is("role") {
            return Err(Refused(
                "later sessions of the role begin with another setting".to_owned(),
            ));
        }
        cursor.at = cursor.tokens.len();
        whole(cursor, no_effect("alter role set"), out);
        return Ok(());
    }
    if cursor.is("add") || cursor.is("drop") {
        let granted = cursor.eat("add");
        cursor.eat("drop");
        cursor.expect("user")?;
        let change = PrivilegeChange {
            privileges: BTreeSet::new(),
            columns: Vec::new(),
            targets: vec![GrantTarget::Role(name)],
            roles: cursor.list(role)?,
            grant_option: false,
        };
        let op = if granted {
            SchemaOp::Grant(change)
        } else {
            SchemaOp::Revoke(change)
        };
        whole(cursor, op, out);
        return Ok(());
    }
    cursor.eat("with");
    let mut login = None;
    while !cursor.is_done() {
        match read_role_option(cursor)? {
            Some(written) => login = Some(written),
            None if cursor.is_done() => {}
            None => return Err(cursor.refuse("a role option")),
        }
    }
    whole(cursor, SchemaOp::AlterRole { name, login }, out);
    Ok(())
}

/// `CREATE POLICY`, after the words.
pub(super) fn create_policy(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.ident()?;
    cursor.expect("on")?;
    let table = cursor.object_name()?;
    let mut policy = PolicyDef {
        name,
        table,
        permissive: true,
        command: PolicyCommand::All,
        roles: Vec::new(),
        using: None,
        with_check: None,
    };
    while !cursor.is_done() {
        if cursor.eat("as") {
            policy.permissive = cursor.eat("permissive");
            if !policy.permissive {
                cursor.expect("restrictive")?;
            }
        } else if cursor.eat("for") {
            policy.command = read_command(cursor)?;
        } else if cursor.eat("to") {
            policy.roles = read_policy_roles(cursor)?;
        } else if cursor.eat("using") {
            policy.using = Some(cursor.parenthesised()?);
        } else {
            cursor.expect("with check")?;
            policy.with_check = Some(cursor.parenthesised()?);
        }
    }
    whole(
        cursor,
        SchemaOp::CreatePolicy {
            policy: Box::new(policy),
        },
        out,
    );
    Ok(())
}

/// Roles; none for `PUBLIC`.
fn read_policy_roles(cursor: &mut Cursor) -> Read<Vec<Ident>> {
    let roles = cursor.list(role)?;
    let public = roles.iter().any(|role| role.as_str() == "public");
    Ok(if public { Vec::new() } else { roles })
}

fn read_command(cursor: &mut Cursor) -> Read<PolicyCommand> {
    [
        ("all", PolicyCommand::All),
        ("select", PolicyCommand::Select),
        ("insert", PolicyCommand::Insert),
        ("update", PolicyCommand::Update),
        ("delete", PolicyCommand::Delete),
    ]
    .into_iter()
    .find_map(|(word, command)| cursor.eat(word).then_some(command))
    .ok_or_else(|| cursor.refuse("a command"))
}

/// `ALTER POLICY`, after the words.
pub(super) fn alter_policy(cursor: &mut Cursor, out: &mut Out) -> Read<()> {
    let name = cursor.ident()?;
    cursor.expect("on")?;
    let table: ObjectName = cursor.object_name()?;
    if cursor.eat("rename to") {
        let to = cursor.ident()?;
        whole(cursor, SchemaOp::RenamePolicy { table, name, to }, out);
        return Ok(());
    }
    let roles = if cursor.eat("to") {
        Some(read_policy_roles(cursor)?)
    } else {
        None
    };
    let using = if cursor.eat("using") {
        Some(cursor.parenthesised()?)
    } else {
        None
    };
    let with_check = if cursor.eat("with check") {
        Some(cursor.parenthesised()?)
    } else {
        None
    };
    whole(
        cursor,
        SchemaOp::AlterPolicy {
            table,
            name,
            roles,
            using,
            with_check,
        },
        out,
    );
    Ok(())
}
