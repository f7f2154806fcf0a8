//! Which value fits where: the server's conversions.
//!
//! Source: PostgreSQL manual, chapter "Type Conversion"; `parse_coerce.c`.

use super::binding::{Binding, Can, Source, Typed};
use super::builtin::builtins;
use super::kind::{Base, Type};
use super::outcome::UseKind;
use super::types::CastContext;
use crate::schema::catalog::TypeBody;
use crate::schema::op::OtherKind;
use crate::source::Span;

/// The extended family of `anyelement`: types that stand for others.
pub(super) fn is_polymorphic(name: &str) -> bool {
    matches!(
        name,
        "anyelement"
            | "anyarray"
            | "anynonarray"
            | "anyenum"
            | "anyrange"
            | "anymultirange"
            | "anycompatible"
            | "anycompatiblearray"
            | "anycompatiblenonarray"
            | "anycompatiblerange"
            | "anycompatiblemultirange"
    )
}

impl<'q> Binding<'_, '_, 'q> {
    /// Whether a value of one type can become one of another.
    pub(super) fn can(&self, from: Type, to: Type, context: CastContext) -> Can {
        if from == to {
            return Can::Yes;
        }
        if !from.is_known() || !to.is_known() {
            return Can::Unknown;
        }
        if from.is_literal() && !from.is_array {
            return Can::Yes;
        }
        if let Some(pseudo) = to.pseudo() {
            return self.can_stand_for(from, pseudo, to.is_array);
        }
        let (from_base, to_base) = (self.base_type(from), self.base_type(to));
        if !from_base.is_known() || !to_base.is_known() {
            return Can::Unknown;
        }
        if from_base == to_base {
            return Can::Yes;
        }
        if from_base.is_array && to_base.is_array {
            return self.can(from_base.element(), to_base.element(), context);
        }
        if !from_base.is_array && !to_base.is_array {
            match (from_base.base, to_base.base) {
                (Base::Builtin(source), Base::Builtin(target)) => {
                    if let Some(needed) = builtins().cast(source, target, self.major())
                        && needed <= context
                    {
                        return Can::Yes;
                    }
                }
                // A row without a name becomes any composite, and the other way round.
                (Base::Record, Base::Row(_)) | (Base::Row(_), Base::Record) => return Can::Yes,
                (Base::Record, Base::User(id)) | (Base::User(id), Base::Record)
                    if self.is_composite(id) =>
                {
                    return Can::Yes;
                }
                // A child's row is one of its parent; which are parents is not asked.
                (Base::Row(_), Base::Row(_)) => return Can::Unknown,
                _ => {}
            }
        }
        let own_types = |ty: Type| matches!(ty.base, Base::User(_) | Base::Row(_));
        if (own_types(from_base) || own_types(to_base)) && self.binder.has_own(OtherKind::Cast) {
            return Can::Unknown;
        }
        // Every type can be written as text, and read from it.
        let is_text = |ty: Type| self.category(ty) == b'S';
        if context >= CastContext::Assignment && is_text(to_base) {
            return Can::Yes;
        }
        if context == CastContext::Explicit && is_text(from_base) {
            return Can::Yes;
        }
        Can::No
    }

    fn is_composite(&self, id: crate::schema::catalog::ObjectId) -> bool {
        let body = self.user_type(id).map(|it| &it.body);
        matches!(body, Some(TypeBody::Composite(_)))
    }

    /// Whether a type may be given where a pseudo-type is declared.
    fn can_stand_for(&self, from: Type, pseudo: &str, is_array: bool) -> Can {
        if is_array {
            return if from.is_array { Can::Yes } else { Can::No };
        }
        let base = self.base_type(from);
        let yes = |answer: bool| if answer { Can::Yes } else { Can::No };
        match pseudo {
            "any" | "anyelement" | "anycompatible" => Can::Yes,
            "anyarray" | "anycompatiblearray" => {
                yes(base.is_array || base.is("int2vector") || base.is("oidvector"))
            }
            "anynonarray" | "anycompatiblenonarray" => yes(!base.is_array),
            "anyenum" => yes(self.category(from) == b'E'),
            "anyrange" | "anycompatiblerange" => match base.base {
                Base::Builtin(id) => yes(!base.is_array && builtins().info(id).kind == b'r'),
                _ => yes(self.category(base) == b'R'),
            },
            "anymultirange" | "anycompatiblemultirange" => match base.base {
                Base::Builtin(id) => yes(!base.is_array && builtins().info(id).kind == b'm'),
                Base::User(_) if base.is_array || self.category(base) != b'R' => Can::No,
                Base::User(_) | Base::NotKnown => Can::Unknown,
                Base::Row(_) | Base::Record | Base::Literal => Can::No,
            },
            "record" => yes(!base.is_array
                && match base.base {
                    Base::Record | Base::Row(_) => true,
                    Base::User(id) => self.is_composite(id),
                    _ => false,
                }),
            _ => Can::No,
        }
    }

    /// Gives a value its type; false where the server refuses, which the caller reports.
    ///
    /// Literals are read as the type: what is no label of an enum is reported here.
    pub(super) fn give(&mut self, value: &Typed<'q>, to: Type, context: CastContext) -> bool {
        if !value.ty.is_literal() || value.ty.is_array {
            if let (Source::Row(parts), Base::User(_) | Base::Row(_)) = (&value.source, to.base) {
                self.give_row(parts.clone(), to, context);
                return true;
            }
            return self.can(value.ty, to, context) != Can::No;
        }
        match &value.source {
            Source::Parameter(number) => {
                let target = match to.pseudo() {
                    Some(_) => Type::builtin("text"),
                    None => to,
                };
                let known = *self.parameters.entry(*number).or_insert(target);
                if known != target && known.is_known() && target.is_known() {
                    let message = format!("inconsistent types deduced for parameter ${number}");
                    self.fail("42P08", value.span, message);
                }
            }
            Source::Text(text) => self.read_literal(text, to, value.span),
            Source::Null
            | Source::Default
            | Source::Number(_)
            | Source::Column(_)
            | Source::Row(_)
            | Source::Other => {}
        }
        true
    }

    /// Whether a type is a domain that refuses NULL.
    pub(super) fn is_required_domain(&self, ty: Type) -> bool {
        let Base::User(id) = ty.base else {
            return false;
        };
        let body = self.user_type(id).map(|it| &it.body);
        !ty.is_array && matches!(body, Some(TypeBody::Domain { not_null: true, .. }))
    }

    /// The fields of a row, one by one.
    fn give_row(&mut self, parts: Vec<Typed<'q>>, to: Type, context: CastContext) {
        let fields: Option<Vec<Type>> = match to.base {
            Base::User(id) => match self.user_type(id).map(|it| &it.body) {
                Some(TypeBody::Composite(fields)) => Some(
                    fields
                        .iter()
                        .map(|(_, ty)| self.binder.type_of(ty))
                        .collect(),
                ),
                _ => None,
            },
            _ => None,
        };
        let Some(fields) = fields else {
            return;
        };
        if fields.len() != parts.len() {
            let span = parts.first().map_or_else(Span::default, |it| it.span);
            let message = format!("cannot cast type record to {}", self.shown(to));
            self.fail("42846", span, message);
            return;
        }
        for (part, field) in parts.iter().zip(fields) {
            if !self.give(part, field, context) {
                let message = format!("cannot cast type record to {}", self.shown(to));
                self.fail("42846", part.span, message);
                return;
            }
        }
    }

    /// Reads a string literal as a value of a type.
    fn read_literal(&mut self, text: &str, to: Type, span: Span) {
        let to = self.base_type(to);
        if to.is_array {
            self.read_array(text, to.element(), span);
            if !text.trim_start().starts_with(['{', '[']) && to.is_known() {
                let message = format!("malformed array literal: \"{text}\"");
                self.fail("22P02", span, message);
            }
            return;
        }
        match to.base {
            Base::User(id) => {
                let Some(found) = self.user_type(id) else {
                    return;
                };
                self.used(id, None, UseKind::Read);
                if let TypeBody::Enum { labels, complete } = &found.body {
                    match labels.iter().find(|label| &*label.text == text) {
                        Some(label) => self.used(id, Some(label.id), UseKind::Read),
                        None if *complete && found.unread == 0 => {
                            let name = self.shown(to);
                            let message =
                                format!("invalid input value for enum {name}: \"{text}\"");
                            self.fail("22P02", span, message);
                        }
                        None => {
                            let reason =
                                format!("the labels of {} are not all known", self.shown(to));
                            self.not_known(span, reason);
                        }
                    }
                }
            }
            Base::Builtin(_) => {
                if let Some(code) = to.name().and_then(|name| misread(name, text)) {
                    let shown = self.shown(to);
                    let message = match code {
                        "22003" => format!("value \"{text}\" is out of range for type {shown}"),
                        _ => format!("invalid input syntax for type {shown}: \"{text}\""),
                    };
                    self.fail(code, span, message);
                } else if let Some(name) = to.name() {
                    self.read_object(name, text, span);
                }
            }
            Base::Row(_) | Base::Record | Base::Literal | Base::NotKnown => {}
        }
    }

    /// The elements of a plain array: `'{sad,happy}'`.
    fn read_array(&mut self, text: &str, element: Type, span: Span) {
        let inner = text
            .trim()
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        let Some(inner) = inner.filter(|it| !it.is_empty() && !it.contains(['"', '{', '\\']))
        else {
            return;
        };
        for label in inner.split(',').map(str::trim) {
            if !label.eq_ignore_ascii_case("null") {
                self.read_literal(label, element, span);
            }
        }
    }

    /// `'users'::regclass`, `'mood'::regtype`, `'f'::regproc`: an object that must be there.
    fn read_object(&mut self, kind: &str, text: &str, span: Span) {
        let number = text
            .trim()
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        if number {
            return;
        }
        match kind {
            "regclass" => self.read_regclass(text, span),
            "regtype" => {
                if let Some(data_type) = crate::sql::data_type_of(text) {
                    self.named_type(&data_type, span);
                }
            }
            "regproc" | "regprocedure" => {
                let name = text.split('(').next().unwrap_or(text);
                let Some(name) = crate::sql::query::name_of(name) else {
                    return;
                };
                if !self.has_function(&name) {
                    if self.binder.extension_makes_function(&name.name)
                        || self.catalog().unread() > 0
                    {
                        self.not_known(span, format!("the function {text} is not known"));
                    } else {
                        let message = format!("function \"{text}\" does not exist");
                        self.fail("42883", span, message);
                    }
                }
            }
            _ => {}
        }
    }

    fn read_regclass(&mut self, text: &str, span: Span) {
        if text
            .trim()
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-')
        {
            return;
        }
        let Some(name) = crate::sql::query::name_of(text) else {
            return;
        };
        match self.find_relation(&name) {
            Some((_, relation)) => self.used(relation.id, None, UseKind::Read),
            None => {
                let system = name.schema.as_ref().map_or("pg_catalog", |it| it.as_str());
                if builtins()
                    .relation(system, name.name.as_str(), self.major())
                    .is_some()
                {
                    return;
                }
                if self.may_have_relation(&name) {
                    self.not_known(span, format!("the relation {name} is not known"));
                } else {
                    let message = format!("relation \"{text}\" does not exist");
                    self.fail("42P01", span, message);
                }
            }
        }
    }

    /// The type that several values have in common; reports where there is none.
    ///
    /// Source: PostgreSQL manual, "UNION, CASE, and Related Constructs".
    pub(super) fn common(&mut self, values: &[Typed<'q>], context: &str) -> Type {
        let found = match self.common_of(values) {
            Ok(found) => found,
            Err((at, one, other)) => {
                let message = format!(
                    "{context} types {} and {} cannot be matched",
                    self.shown(one),
                    self.shown(other)
                );
                let span = values.get(at).map_or_else(Span::default, |it| it.span);
                self.fail("42804", span, message);
                return Type::NOT_KNOWN;
            }
        };
        for value in values {
            if !self.give(value, found, CastContext::Implicit) {
                let message = format!(
                    "{context} could not convert type {} to {}",
                    self.shown(value.ty),
                    self.shown(found)
                );
                self.fail("42846", value.span, message);
            }
        }
        found
    }

    /// The common type, or the two that have none and where.
    pub(super) fn common_of(&self, values: &[Typed<'q>]) -> Result<Type, (usize, Type, Type)> {
        if values.iter().any(|value| !value.ty.is_known()) {
            return Ok(Type::NOT_KNOWN);
        }
        let Some(first) = values.first() else {
            return Ok(Type::builtin("text"));
        };
        if !first.ty.is_literal() && values.iter().all(|value| value.ty == first.ty) {
            return Ok(first.ty);
        }
        let mut found = self.base_type(first.ty);
        for (at, value) in values.iter().enumerate().skip(1) {
            let next = self.base_type(value.ty);
            if next.is_literal() || next == found {
                continue;
            }
            if found.is_literal() {
                found = next;
                continue;
            }
            let category = self.category(found);
            if self.category(next) != category {
                return Err((at, found, next));
            }
            let to = self.can(found, next, CastContext::Implicit);
            let back = self.can(next, found, CastContext::Implicit);
            if !self.is_preferred(category, found) && to == Can::Yes && back != Can::Yes {
                found = next;
            }
        }
        if found.is_literal() {
            found = Type::builtin("text");
        }
        Ok(found)
    }

    /// A literal or parameter that nothing has given a type is text.
    pub(super) fn settle(&mut self, value: Typed<'q>) -> Typed<'q> {
        if !value.ty.is_literal() {
            return value;
        }
        let text = Type::builtin("text");
        self.give(&value, text, CastContext::Implicit);
        Typed { ty: text, ..value }
    }

    /// Demands a condition.
    pub(super) fn condition(&mut self, value: &Typed<'q>, clause: &str) {
        let boolean = Type::builtin("bool");
        if !self.give(value, boolean, CastContext::Assignment) {
            let message = format!(
                "argument of {clause} must be type boolean, not type {}",
                self.shown(value.ty)
            );
            self.fail("42804", value.span, message);
        }
    }
}

/// 32 hexadecimal digits, perhaps in braces, perhaps with hyphens between groups of four.
fn is_uuid(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
    let inner = inner.unwrap_or(text);
    let mut digits = 0;
    let mut was_hyphen = true;
    for byte in inner.bytes() {
        match byte {
            b'-' if !was_hyphen && digits % 4 == 0 && digits < 32 => was_hyphen = true,
            _ if byte.is_ascii_hexdigit() => {
                digits += 1;
                was_hyphen = false;
            }
            _ => return false,
        }
    }
    digits == 32
}

/// The SQLSTATE with which a literal is no value of a built-in type, where that is plain.
fn misread(name: &str, text: &str) -> Option<&'static str> {
    let text = text.trim();
    let integer = |low: i128, high: i128| {
        // Newer servers read more spellings.
        let digits = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
        let spelled = ["0x", "0o", "0b"].iter().any(|it| digits.starts_with(it));
        let is_number = digits.starts_with(|it: char| it.is_ascii_digit());
        if spelled || (is_number && digits.contains('_')) {
            return None;
        }
        match text.parse::<i128>() {
            Ok(value) if (low..=high).contains(&value) => None,
            Ok(_) => Some("22003"),
            Err(_) => Some("22P02"),
        }
    };
    match name {
        "int2" => integer(i16::MIN.into(), i16::MAX.into()),
        "int4" => integer(i32::MIN.into(), i32::MAX.into()),
        "int8" => integer(i64::MIN.into(), i64::MAX.into()),
        "bool" => {
            let lower = text.to_ascii_lowercase();
            let is_start =
                |word: &str, least: usize| lower.len() >= least && word.starts_with(lower.as_str());
            let known = is_start("true", 1)
                || is_start("false", 1)
                || is_start("yes", 1)
                || is_start("no", 1)
                || is_start("on", 2)
                || is_start("off", 2)
                || lower == "1"
                || lower == "0";
            (!known || lower.is_empty()).then_some("22P02")
        }
        "uuid" => (!is_uuid(text)).then_some("22P02"),
        "json" | "jsonb" => match serde_json::from_str::<serde_json::Value>(text) {
            // How deep a value may be and how great a number is another matter.
            Err(error) if error.is_syntax() || error.is_eof() => {
                let reads = text.contains(['[', '{']) && text.len() > 100;
                (!reads).then_some("22P02")
            }
            Ok(_) | Err(_) => None,
        },
        "interval" => {
            let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
            let is_special = text.to_ascii_lowercase().ends_with("infinity");
            (!has_digit && !is_special).then_some("22007")
        }
        "date" | "timestamp" | "timestamptz" => {
            let lower = text.to_ascii_lowercase();
            let special = [
                "now",
                "today",
                "tomorrow",
                "yesterday",
                "epoch",
                "infinity",
                "-infinity",
                "allballs",
            ];
            let has_digit = lower.bytes().any(|byte| byte.is_ascii_digit());
            (!has_digit && !special.iter().any(|word| lower.contains(word))).then_some("22007")
        }
        "numeric" | "float4" | "float8" => {
            let lower = text.to_ascii_lowercase();
            let lower = lower.trim_start_matches(['-', '+']);
            let special = ["nan", "inf", "infinity"].contains(&lower);
            let odd = lower.contains('_')
                || lower.starts_with("0x")
                || lower.starts_with("0o")
                || lower.starts_with("0b");
            (!special && !odd && lower.parse::<f64>().is_err()).then_some("22P02")
        }
        _ => None,
    }
}
