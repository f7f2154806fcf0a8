//! User-defined types in two catalogs.

use super::super::catalog::{Catalog, TypeBody, UserType};
use super::super::name::{Ident, QualifiedName};
use super::{Change, Difference, ObjectKind, ObjectRef};

pub(super) fn diff_type(
    old: &Catalog,
    new: &Catalog,
    name: &QualifiedName,
    out: &mut Vec<Difference>,
) {
    let object = ObjectRef::top(ObjectKind::Type, name);
    let mut push = |change| {
        out.push(Difference {
            object: object.clone(),
            change,
        });
    };
    match (old.user_type(name), new.user_type(name)) {
        (Some(before), Some(after)) => {
            if before.unread != after.unread {
                push(Change::Unread);
            } else {
                diff_type_body(name, before, after, out);
            }
        }
        (Some(before), None) => match new.type_name(before.id) {
            Some(to) => push(Change::TypeRenamed { to: to.clone() }),
            None => push(Change::TypeDropped),
        },
        (None, Some(after)) => match old.type_name(after.id) {
            Some(from) if new.user_type(from).is_none() => {
                if let Some(before) = old.user_type(from) {
                    diff_type_body(name, before, after, out);
                }
            }
            Some(_) | None => push(Change::TypeAdded),
        },
        (None, None) => {}
    }
}

fn diff_type_body(
    name: &QualifiedName,
    before: &UserType,
    after: &UserType,
    out: &mut Vec<Difference>,
) {
    match (&before.body, &after.body) {
        (TypeBody::Enum { labels: old, .. }, TypeBody::Enum { labels: new, .. }) => {
            let mut push = |label: &str, change| {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::EnumLabel, name, &Ident::new(label)),
                    change,
                });
            };
            for label in old {
                if new.iter().any(|it| it.text == label.text) {
                    continue;
                }
                match new.iter().find(|it| it.id == label.id) {
                    Some(renamed) => push(
                        &label.text,
                        Change::LabelRenamed {
                            to: Ident::new(&renamed.text),
                        },
                    ),
                    None => push(&label.text, Change::LabelDropped),
                }
            }
            for label in new {
                if !old
                    .iter()
                    .any(|it| it.text == label.text || it.id == label.id)
                {
                    push(&label.text, Change::LabelAdded);
                }
            }
        }
        (TypeBody::Unknown, TypeBody::Enum { labels, .. }) => {
            for label in labels {
                out.push(Difference {
                    object: ObjectRef::part(ObjectKind::EnumLabel, name, &Ident::new(&label.text)),
                    change: Change::LabelAdded,
                });
            }
        }
        (
            TypeBody::Domain {
                not_null: was_not_null,
                default: old_default,
                checks: old_checks,
                ..
            },
            TypeBody::Domain {
                not_null,
                default,
                checks,
                ..
            },
        ) => {
            let new_check = checks
                .iter()
                .any(|(_, check)| !old_checks.iter().any(|(_, old)| old == check));
            let required = *not_null && default.is_none();
            let was_required = *was_not_null && old_default.is_none();
            if (*not_null && !was_not_null) || new_check || (required && !was_required) {
                out.push(Difference {
                    object: ObjectRef::top(ObjectKind::Type, name),
                    change: Change::DomainTightened {
                        required: required && !was_required,
                    },
                });
            }
        }
        // What is not known cannot be said to differ.
        (TypeBody::Unknown, _) | (_, TypeBody::Unknown) => {}
        (
            TypeBody::Enum { .. }
            | TypeBody::Domain { .. }
            | TypeBody::Composite(_)
            | TypeBody::Range(_)
            | TypeBody::Base,
            later,
        ) => {
            if before.body != *later {
                out.push(Difference {
                    object: ObjectRef::top(ObjectKind::Type, name),
                    change: Change::TypeRedefined,
                });
            }
        }
    }
}
