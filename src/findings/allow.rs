//! Comments in migrations that allow a finding: `-- migcheck: allow(rule, object) reason`.
//!
//! Input: what such comments say and where they stand, and the findings. Output: the findings with
//! those that are allowed marked, and what is wrong with the comments. A comment is about the
//! statement that follows it and no other; what is said about a migration as a whole is said about
//! its first statement.

use std::collections::BTreeSet;

use super::{Blame, Finding, SuppressedBy, Suppression};
use crate::discover::{Allow, Config, unknown_name};
use crate::rules::{self, Advice, RULES, allow_invalid, allow_unused};
use crate::schema::diff::{ObjectKind, ObjectRef};
use crate::schema::name::Ident;
use crate::source::Span;
use crate::sql::{self, Dialect, Remark, RemarkPlace};

/// Findings about the comments themselves, which no comment can allow.
pub(super) const ABOUT_COMMENTS: [&str; 2] = ["allow_invalid", "allow_unused"];

/// What a comment orders.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Directive {
    /// `allow(rule, object) reason`
    Allow(Allowed),
    /// `phase post-deploy`, which is read with the migration.
    Phase,
}

/// What a comment allows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    rule: String,
    object: Option<String>,
    reason: String,
}

/// What a comment says; `None` for prose that happens to begin with our name, `Err` with what is
/// wrong, as the end of a sentence.
fn directive(text: &str) -> Option<Result<Directive, String>> {
    let rest = text.get("migcheck".len()..)?;
    if rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')) {
        return None;
    }
    let rest = rest.trim_start();
    let Some(order) = rest.strip_prefix(':') else {
        let is_meant = rest.strip_prefix("allow").is_some_and(|it| {
            let it = it.trim_start();
            let word = it.split_whitespace().next().unwrap_or("");
            it.starts_with('(') || crate::rules::rule(word).is_some()
        });
        return is_meant.then(|| Err("there is no colon behind `migcheck`".to_owned()));
    };
    let order = order.trim_start();
    let end = order
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
        .unwrap_or(order.len());
    let (name, rest) = order.split_at(end);
    Some(match name {
        "allow" => allowed(rest.trim_start()).map(Directive::Allow),
        "phase" => Ok(Directive::Phase),
        "" => Err("nothing that is known stands behind the colon".to_owned()),
        name => Err(unknown_name("directive", &shown(name), &["allow", "phase"])),
    })
}

/// Text of a comment as a message shows it.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = text.replace('`', "'");
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// What stands behind `allow`.
fn allowed(rest: &str) -> Result<Allowed, String> {
    let Some(inner) = rest.strip_prefix('(') else {
        return Err("the rule does not stand in parentheses".to_owned());
    };
    let (mut depth, mut in_quotes) = (1_usize, false);
    let (mut comma, mut close) = (None, None);
    for (at, character) in inner.char_indices() {
        match character {
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '(' => depth += 1,
            ')' if depth == 1 => {
                close = Some(at);
                break;
            }
            ')' => depth -= 1,
            ',' if depth == 1 && comma.is_none() => comma = Some(at),
            _ => {}
        }
    }
    let Some(close) = close else {
        return Err("the parenthesis is not closed".to_owned());
    };
    let (arguments, reason) = (&inner[..close], &inner[close + 1..]);
    let (rule, object) = match comma {
        Some(at) => (&arguments[..at], Some(arguments[at + 1..].trim())),
        None => (arguments, None),
    };
    let (rule, object) = (rule.trim(), object.filter(|it| !it.is_empty()));
    if rule.is_empty() {
        return Err("it names no rule".to_owned());
    }
    if ABOUT_COMMENTS.contains(&rule) {
        return Err(format!("`{rule}` cannot be allowed"));
    }
    if rules::rule(rule).is_none() {
        let known: Vec<&str> = RULES.iter().map(|it| it.name).collect();
        return Err(unknown_name("rule", &shown(rule), &known));
    }
    if let Some(object) = object
        && rules::rule(object).is_some()
    {
        return Err(format!(
            "`{object}` is a rule and no object; each rule has a comment of its own"
        ));
    }
    let is_filler = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–' | '—');
    let reason = reason.trim_start_matches(is_filler).trim_end();
    if reason.is_empty() {
        return Err("it gives no reason".to_owned());
    }
    Ok(Allowed {
        rule: rule.to_owned(),
        object: object.map(str::to_owned),
        reason: reason.to_owned(),
    })
}

/// Whether people mean this object by `wanted`: as it is shown, or its name with or without its
/// schema, in the case and the quotes that the server takes.
pub fn names(object: &ObjectRef, wanted: &str, dialect: Dialect) -> bool {
    if object.to_string() == wanted {
        return true;
    }
    let Some(wanted) = sql::name_of(wanted, dialect) else {
        return false;
    };
    let mut full: Vec<&Ident> = Vec::new();
    full.extend(&object.schema);
    full.extend(&object.parent);
    full.push(&object.name);
    let shortest = full.len() - usize::from(object.schema.is_some());
    let same = |name: &Ident, wanted: &Ident| match object.kind {
        // A label is a string, not an identifier.
        ObjectKind::EnumLabel => name.as_str().eq_ignore_ascii_case(wanted.as_str()),
        _ => name == wanted,
    };
    (shortest..=full.len()).contains(&wanted.len())
        && full
            .iter()
            .rev()
            .zip(wanted.iter().rev())
            .all(|(name, wanted)| same(name, wanted))
}

/// A comment of a migration that speaks to this program.
#[derive(Debug, Clone, Copy)]
pub struct Comment<'a> {
    /// The migration, by its index in run order.
    pub migration: usize,
    /// What it says and where.
    pub remark: &'a Remark,
}

/// What is wrong with a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The migration, by its index in run order.
    pub migration: usize,
    /// The comment.
    pub span: Span,
    /// The rule that says so.
    pub rule: &'static str,
    /// What it says.
    pub advice: Advice,
}

/// Marks the findings that comments allow, and says which comments are wrong or match nothing.
pub fn allow_in_comments(
    findings: &mut [Finding],
    comments: &[Comment<'_>],
    config: &Config,
    dialect: Dialect,
) -> Vec<Complaint> {
    let mut out = Vec::new();
    for comment in comments {
        let Comment { migration, remark } = *comment;
        let complain = |rule, advice| Complaint {
            migration,
            span: remark.span,
            rule,
            advice,
        };
        let invalid = |problem: &str| complain("allow_invalid", allow_invalid::advice(problem));
        let allowed = match directive(&remark.text) {
            None | Some(Ok(Directive::Phase)) => continue,
            Some(Err(problem)) => {
                out.push(invalid(&problem));
                continue;
            }
            Some(Ok(Directive::Allow(allowed))) => allowed,
        };
        let statement = match remark.place {
            RemarkPlace::Before(statement) => Some(statement),
            RemarkPlace::AtEnd => None,
            RemarkPlace::Inside(_) => {
                out.push(invalid("it stands inside of a statement"));
                continue;
            }
            RemarkPlace::Behind(_) => {
                out.push(invalid("it stands behind a statement, on the same line"));
                continue;
            }
        };
        let is_near = |it: &Finding| {
            it.migration == migration
                && it.rule == allowed.rule
                && statement.is_some()
                && Some(it.statement.unwrap_or(0)) == statement
        };
        let found = meant(findings, &is_near, allowed.object.as_deref(), dialect);
        let is_used = !found.is_empty();
        suppress(findings, &found, &allowed.reason);
        // A rule that is switched off says nothing today, and may tomorrow.
        let is_on = rules::rule(&allowed.rule)
            .is_some_and(|rule| super::severity::is_on(rule, &config.rules));
        if !is_used && is_on {
            let others = findings
                .iter()
                .filter(|it| it.migration == migration && it.rule == allowed.rule);
            let near = match statement {
                None => allow_unused::Near::NoStatement,
                Some(statement) => {
                    let mut here = others
                        .clone()
                        .filter(|it| it.statement.unwrap_or(0) == statement);
                    match (here.next(), others.clone().next()) {
                        (Some(it), _) => allow_unused::Near::Object(it.object.to_string()),
                        (None, Some(_)) => allow_unused::Near::OtherStatement,
                        (None, None) => allow_unused::Near::Nothing,
                    }
                }
            };
            let advice =
                allow_unused::advice(&allowed.rule, allowed.object.as_deref().map(shown), near);
            out.push(complain("allow_unused", advice));
        }
    }
    out
}

/// The findings that an order to allow is about, by their index: those about the object, as it is shown
/// or named in full, or about the only one there that has this name itself. Without an object all are
/// meant.
fn meant(
    findings: &[Finding],
    is_near: &dyn Fn(&Finding) -> bool,
    object: Option<&str>,
    dialect: Dialect,
) -> Vec<usize> {
    let near: Vec<usize> = (0..findings.len())
        .filter(|at| is_near(&findings[*at]))
        .collect();
    let Some(wanted) = object else {
        return near;
    };
    let of = |is: &dyn Fn(&ObjectRef) -> bool| -> Vec<usize> {
        let all = near.iter().copied();
        all.filter(|at| is(&findings[*at].object)).collect()
    };
    let full = of(&|it| names(it, wanted, dialect));
    if !full.is_empty() {
        return full;
    }
    let bare = of(&|it| {
        let alone = ObjectRef {
            schema: None,
            parent: None,
            ..it.clone()
        };
        it.parent.is_some() && names(&alone, wanted, dialect)
    });
    let objects: BTreeSet<&ObjectRef> = bare.iter().map(|at| &findings[*at].object).collect();
    match objects.len() {
        1 => bare,
        _ => Vec::new(),
    }
}

fn suppress(findings: &mut [Finding], which: &[usize], reason: &str) {
    for at in which {
        findings[*at].suppressed.get_or_insert_with(|| Suppression {
            by: SuppressedBy::Allow,
            reason: reason.to_owned(),
        });
    }
}

/// Marks the findings that entries of the configuration allow by the object's own name alone; those
/// that name it in full have marked theirs.
pub fn allow_by_bare_names(
    findings: &mut [Finding],
    config: &Config,
    blame: &dyn Blame,
    dialect: Dialect,
) {
    for entry in &config.allow {
        if ABOUT_COMMENTS.contains(&entry.rule.value.as_str()) {
            continue;
        }
        let is_near = |it: &Finding| is_entry_near(entry, it, blame);
        let found = meant(findings, &is_near, Some(&entry.object.value), dialect);
        suppress(findings, &found, &entry.reason);
    }
}

fn is_entry_near(entry: &Allow, finding: &Finding, blame: &dyn Blame) -> bool {
    finding.rule == entry.rule.value && blame.is_called(finding.migration, &entry.migration.value)
}

/// What is wrong with a comment that is meant to allow something and stands where the tool's up
/// part is not: `None` where it orders nothing of the kind.
pub fn out_of_place(remark: &Remark) -> Option<Advice> {
    match directive(&remark.text)? {
        Ok(Directive::Phase) => None,
        Ok(Directive::Allow(_)) => Some(allow_invalid::advice(
            "it does not stand in the up part of the migration",
        )),
        Err(problem) => Some(allow_invalid::advice(&problem)),
    }
}

/// What is wrong with the entries of the configuration that allow findings, for people: those that
/// name no migration, and those that match no finding though `is_judged` says that their migration
/// was judged. `migrations` is how many there are.
pub fn entries_without_use(
    findings: &[Finding],
    config: &Config,
    blame: &dyn Blame,
    dialect: Dialect,
    migrations: usize,
    is_judged: &dyn Fn(usize) -> bool,
) -> Vec<String> {
    let mut out = Vec::new();
    for entry in &config.allow {
        let place = entry.migration.from.name();
        let (rule, object) = (&entry.rule.value, &entry.object.value);
        let name = &entry.migration.value;
        let named: Vec<usize> = (0..migrations)
            .filter(|at| blame.is_called(*at, name))
            .collect();
        let is_near = |it: &Finding| is_entry_near(entry, it, blame);
        let is_used = !meant(findings, &is_near, Some(object), dialect).is_empty();
        let is_on = rules::rule(rule).is_some_and(|it| super::severity::is_on(it, &config.rules));
        let (name, object) = (shown(name), shown(object));
        if ABOUT_COMMENTS.contains(&rule.as_str()) {
            out.push(format!("{place}: [[allow]]: `{rule}` cannot be allowed"));
        } else if is_used || !is_on {
        } else if named.is_empty() {
            out.push(format!(
                "{place}: [[allow]]: no migration has the version or name `{name}`"
            ));
        } else if named.into_iter().any(is_judged) {
            out.push(format!(
                "{place}: [[allow]]: nothing was found that it allows: `{rule}` about \
                 `{object}` in `{name}`"
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::name::QualifiedName;

    fn said(text: &str) -> String {
        match directive(text) {
            None => "prose".to_owned(),
            Some(Ok(Directive::Phase)) => "phase".to_owned(),
            Some(Ok(Directive::Allow(it))) => format!(
                "{} | {} | {}",
                it.rule,
                it.object.as_deref().unwrap_or("any"),
                it.reason
            ),
            Some(Err(problem)) => format!("wrong: {problem}"),
        }
    }

    #[test]
    fn directives_are_read_as_people_write_them() {
        let cases = [
            (
                "migcheck: allow(column_dropped) nobody reads it",
                "column_dropped | any | nobody reads it",
            ),
            (
                "Migcheck : allow ( column_dropped , users.nickname ): gone since 1.3",
                "column_dropped | users.nickname | gone since 1.3",
            ),
            (
                "migcheck: allow(column_dropped, \"a,)\".\"b\") — why",
                "column_dropped | \"a,)\".\"b\" | why",
            ),
            (
                "migcheck: allow(function_dropped, f(integer, text)) why",
                "function_dropped | f(integer, text) | why",
            ),
            ("migcheck: phase post-deploy", "phase"),
            ("migcheck says that this is fine", "prose"),
            ("migcheck-ignore", "prose"),
            (
                "migcheck allow(column_dropped) why",
                "wrong: there is no colon behind `migcheck`",
            ),
            (
                "migcheck allow column_dropped why",
                "wrong: there is no colon behind `migcheck`",
            ),
            ("migcheck allow me to explain", "prose"),
            (
                "migcheck: allow column_dropped why",
                "wrong: the rule does not stand in parentheses",
            ),
            (
                "migcheck: allow(column_dropped why",
                "wrong: the parenthesis is not closed",
            ),
            ("migcheck: allow() why", "wrong: it names no rule"),
            (
                "migcheck: allow(column_dropped)",
                "wrong: it gives no reason",
            ),
            (
                "migcheck: allow(column_dropped) --",
                "wrong: it gives no reason",
            ),
            (
                "migcheck: allow(column_droped) why",
                "wrong: unknown rule `column_droped`; did you mean `column_dropped`?",
            ),
            (
                "migcheck: allow(column_dropped, table_dropped) why",
                "wrong: `table_dropped` is a rule and no object; each rule has a comment of its own",
            ),
            (
                "migcheck: alow(column_dropped) why",
                "wrong: unknown directive `alow`; did you mean `allow`?",
            ),
            (
                "migcheck: allow(allow_unused) why",
                "wrong: `allow_unused` cannot be allowed",
            ),
            (
                "migcheck:",
                "wrong: nothing that is known stands behind the colon",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn objects_are_named_as_people_name_them() {
        let users = QualifiedName::new("public", "users");
        let column = ObjectRef::part(ObjectKind::Column, &users, &Ident::new("nickname"));
        for wanted in [
            "users.nickname",
            "USERS.Nickname",
            "public.users.nickname",
            "\"users\".\"nickname\"",
            "public . users . nickname",
        ] {
            assert!(names(&column, wanted, Dialect::Postgres), "{wanted}");
        }
        for wanted in [
            "nickname",
            "users",
            "\"Users\".nickname",
            "app.users.nickname",
            "users.nick",
            "users.nickname.x",
            "",
            "users.",
        ] {
            assert!(!names(&column, wanted, Dialect::Postgres), "{wanted}");
        }
        let users = QualifiedName::new("app", "Users");
        let table = ObjectRef::top(ObjectKind::Table, &users);
        for (wanted, is_it) in [
            ("\"Users\"", true),
            ("app.\"Users\"", true),
            ("Users", false),
            ("public.\"Users\"", false),
        ] {
            assert_eq!(names(&table, wanted, Dialect::Postgres), is_it, "{wanted}");
        }
        let mood = QualifiedName::new("public", "mood");
        let label = ObjectRef::part(ObjectKind::EnumLabel, &mood, &Ident::new("so sad"));
        assert!(names(&label, "mood.so sad", Dialect::Postgres));
        assert!(names(&label, "public.mood.\"so sad\"", Dialect::Postgres));
    }
}
