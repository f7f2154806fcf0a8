//! Which function or operator is meant.
//!
//! Source: PostgreSQL manual, chapter "Type Conversion", sections "Operators" and "Functions";
//! `parse_func.c`, `parse_oper.c`.

use super::binding::{Binding, Can, Source, Typed, plain};
use super::builtin::{BuiltinFunction, BuiltinOperator, builtins};
use super::coerce::is_polymorphic;
use super::kind::{Base, Type};
use super::outcome::UseKind;
use super::types::CastContext;
use crate::schema::catalog::{ObjectId, Routine, TypeBody};
use crate::schema::name::{Ident, ObjectName, QualifiedName};
use crate::schema::op::{OtherKind, RoutineKind};
use crate::source::Span;

/// A function that a call can mean.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'c> {
    /// Types of the arguments as this call gives them, defaults left out and variadic ones repeated.
    arguments: Vec<Type>,
    pub(super) kind: u8,
    result: Returns<'c>,
    /// The project's own.
    pub(super) routine: Option<(ObjectId, QualifiedName)>,
    /// Which argument of the call goes where, where they are named.
    /// Where in the search path it lies; what is built in comes first.
    place: usize,
    is_variadic: bool,
    /// Defaults or a variadic argument make the number of its arguments fit.
    is_special: bool,
}

#[derive(Debug, Clone, Copy)]
enum Returns<'c> {
    Plain(Type),
    Builtin(&'static BuiltinFunction),
    Own(&'c Routine),
}

/// What a call comes to.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    pub(super) result: Type,
    pub(super) kind: u8,
    /// The columns of the result, where it has several or names its one.
    pub(super) columns: Option<Vec<(Ident, Type)>>,
    /// Whether the result's columns are not known.
    pub(super) open: bool,
}

impl Meant {
    pub(super) fn not_known() -> Self {
        Meant {
            result: Type::NOT_KNOWN,
            kind: b'f',
            columns: None,
            open: true,
        }
    }
}

/// Of several candidates one, none or too many.
enum Choice {
    One(usize),
    None,
    Many,
}

impl<'c, 'q> Binding<'_, 'c, 'q> {
    /// The function that a call means, with its arguments given their types.
    pub(super) fn function(
        &mut self,
        name: &ObjectName,
        arguments: &[Typed<'q>],
        names: &[Option<Ident>],
        variadic: bool,
        by_keyword: bool,
        span: Span,
    ) -> Meant {
        let candidates = self.candidates(name, arguments.len(), names, variadic, by_keyword);
        let any_unknown = arguments.iter().any(|it| !it.ty.is_known());
        let mut fitting: Vec<Candidate> = Vec::new();
        let mut doubtful = false;
        for candidate in &candidates {
            match self.accepts(candidate, arguments) {
                Can::Yes => fitting.push(candidate.clone()),
                Can::Unknown => doubtful = true,
                Can::No => {}
            }
        }
        // An exact match comes before a cast that is written as a call.
        if let [only] = arguments
            && !fitting.iter().any(|it| it.arguments == [only.ty])
            && names.iter().all(Option::is_none)
            && !by_keyword
            && let Some(target) = self.called_type(name)
        {
            let relabels = self.can(only.ty, target, CastContext::Explicit);
            if only.ty.is_literal() || relabels == Can::Yes {
                self.give(only, target, CastContext::Explicit);
                return Meant {
                    result: target,
                    kind: b'f',
                    columns: None,
                    open: false,
                };
            }
        }
        if doubtful || (any_unknown && fitting.len() > 1) {
            return self.one_of(&candidates, arguments);
        }
        let choice = match self.choose(&fitting, arguments) {
            Choice::One(at) => Some(fitting[at].clone()),
            Choice::None => None,
            Choice::Many => {
                let message = format!("function {} is not unique", self.signature(name, arguments));
                self.fail("42725", span, message);
                return Meant::not_known();
            }
        };
        match choice {
            Some(candidate) => self.call_of(&candidate, arguments),
            None => self.no_function(name, arguments, any_unknown, by_keyword, span),
        }
    }

    /// Nothing fits: the call fails, unless somebody else may have made the function.
    fn no_function(
        &mut self,
        name: &ObjectName,
        arguments: &[Typed<'q>],
        any_unknown: bool,
        by_keyword: bool,
        span: Span,
    ) -> Meant {
        let in_unknown_schema = name
            .schema
            .as_ref()
            .is_some_and(|schema| !self.binder.knows_schema(schema));
        let system = name
            .schema
            .as_ref()
            .is_some_and(|schema| matches!(schema.as_str(), "pg_catalog" | "information_schema"));
        let shown = self.signature(name, arguments);
        let supplied = !by_keyword
            && !system
            && !self.binder.own_has_routine(name)
            && (self.binder.extension_makes_function(&name.name)
                || self.catalog().unread() > 0
                || in_unknown_schema);
        if any_unknown || supplied || self.is_left_out(name) {
            self.forget_parameters(arguments);
            self.not_known(span, format!("the function {shown} is not known"));
        } else {
            let message = format!("function {shown} does not exist");
            self.fail("42883", span, message);
        }
        Meant::not_known()
    }

    /// Functions of the server that the table leaves out, since their types are not for SQL.
    fn is_left_out(&self, name: &ObjectName) -> bool {
        name.name.as_str().starts_with("pg_")
            && name
                .schema
                .as_ref()
                .is_none_or(|it| it.as_str() == "pg_catalog")
    }

    /// Whether there is a function of the name at all.
    pub(super) fn has_function(&self, name: &ObjectName) -> bool {
        let schema = name.schema.as_ref().map(Ident::as_str);
        let builtin = schema.is_none_or(|it| it == "pg_catalog")
            && (!builtins().functions(name.name.as_str()).is_empty() || self.is_left_out(name));
        let places = match &name.schema {
            Some(schema) => std::slice::from_ref(schema),
            None => self.search_path(),
        };
        builtin
            || places.iter().any(|schema| {
                let place = QualifiedName {
                    schema: schema.clone(),
                    name: name.name.clone(),
                };
                !self.catalog().routines(&place).is_empty()
            })
    }

    /// Whether a built-in function of the name takes these arguments.
    pub(super) fn some_accept(&self, name: &ObjectName, arguments: &[Typed<'q>]) -> bool {
        let names = vec![None; arguments.len()];
        self.candidates(name, arguments.len(), &names, false, true)
            .iter()
            .any(|it| self.accepts(it, arguments) == Can::Yes)
    }

    /// The type whose name a call has: `text(a)`.
    fn called_type(&self, name: &ObjectName) -> Option<Type> {
        let found = self.binder.find_type(name);
        let is_row = matches!(found.base, Base::Row(_));
        (found.is_known() && !is_row && found.pseudo().is_none()).then_some(found)
    }

    fn signature(&self, name: &ObjectName, arguments: &[Typed<'q>]) -> String {
        let types: Vec<String> = arguments.iter().map(|it| self.shown(it.ty)).collect();
        format!("{}({})", plain(name), types.join(", "))
    }

    /// Every function of the name that can take so many arguments.
    fn candidates(
        &self,
        name: &ObjectName,
        count: usize,
        names: &[Option<Ident>],
        variadic: bool,
        by_keyword: bool,
    ) -> Vec<Candidate<'c>> {
        let mut out = Vec::new();
        let named = names.iter().any(Option::is_some);
        let schema = name.schema.as_ref().map(Ident::as_str);
        if schema.is_none_or(|schema| schema == "pg_catalog") {
            let all = builtins().functions(name.name.as_str()).iter();
            out.extend(
                all.filter(|it| it.majors.have(self.major()))
                    .filter_map(|it| Self::supplied(it, 0, count, named, variadic)),
            );
        }
        if by_keyword {
            return out;
        }
        for (extension, function) in builtins().extension_functions(name.name.as_str()) {
            if self.binder.is_in_sight(extension, name.schema.as_ref()) {
                out.extend(Self::supplied(function, 1, count, named, variadic));
            }
        }
        let own = |schema: &Ident| QualifiedName {
            schema: schema.clone(),
            name: name.name.clone(),
        };
        let places: Vec<QualifiedName> = match &name.schema {
            Some(schema) => vec![own(schema)],
            None => self.search_path().iter().map(own).collect(),
        };
        for (at, place) in places.iter().enumerate() {
            if !named {
                out.extend(self.constructor(place, at + 1, count));
            }
            for routine in self.catalog().routines(place) {
                if !routine.is_callable() && count > 0 {
                    continue;
                }
                let mut arguments: Vec<Type> = routine
                    .arguments
                    .iter()
                    .map(|it| self.binder.type_of(&it.data_type))
                    .collect();
                let mut defaults = routine
                    .arguments
                    .iter()
                    .rev()
                    .take_while(|it| it.has_default)
                    .count();
                if named {
                    let Some(found) = ordered(routine, names) else {
                        continue;
                    };
                    arguments = found.iter().map(|at| arguments[*at]).collect();
                    defaults = 0;
                }
                let last = arguments.last().copied();
                let spreads = last.filter(|last| last.is_array && is_variadic(routine));
                let Some(spread) = Self::spread(
                    arguments,
                    spreads.map(Type::element),
                    defaults,
                    count,
                    variadic,
                ) else {
                    continue;
                };
                out.push(Candidate {
                    is_special: spreads.is_some() && !variadic
                        || routine.arguments.len() != spread.len(),
                    place: at + 1,
                    arguments: spread,
                    kind: match routine.kind {
                        RoutineKind::Function => b'f',
                        RoutineKind::Procedure => b'p',
                        RoutineKind::Aggregate => b'a',
                    },
                    result: Returns::Own(routine),
                    routine: Some((routine.id, place.clone())),
                    is_variadic: spreads.is_some() && !variadic,
                });
            }
        }
        out
    }

    /// The function that a range type of the project brings along: from two bounds, and perhaps
    /// which of them are in it.
    fn constructor(
        &self,
        name: &QualifiedName,
        place: usize,
        count: usize,
    ) -> Option<Candidate<'c>> {
        let found = self.catalog().user_type(name)?;
        let TypeBody::Range(subtype) = &found.body else {
            return None;
        };
        let bound = self.binder.type_of(subtype);
        let arguments = match count {
            2 => vec![bound, bound],
            3 => vec![bound, bound, Type::builtin("text")],
            _ => return None,
        };
        Some(Candidate {
            arguments,
            kind: b'f',
            result: Returns::Plain(Type::of(Base::User(found.id))),
            routine: None,
            place,
            is_variadic: false,
            is_special: false,
        })
    }

    /// A function of the server or of an extension, where it takes so many arguments.
    fn supplied(
        function: &'static BuiltinFunction,
        place: usize,
        count: usize,
        named: bool,
        variadic: bool,
    ) -> Option<Candidate<'c>> {
        let declared = function.arguments.iter().map(|it| Type::from(*it));
        let arguments = Self::spread(
            declared.collect(),
            function.variadic.map(Type::from),
            function.defaults,
            count,
            variadic,
        )?;
        let is_spread = function.variadic.is_some() && !variadic;
        Some(Candidate {
            is_special: is_spread || function.arguments.len() != arguments.len(),
            place,
            arguments: if named {
                vec![Type::NOT_KNOWN; count]
            } else {
                arguments
            },
            kind: function.kind,
            result: Returns::Builtin(function),
            routine: None,
            is_variadic: is_spread,
        })
    }

    /// The types of `count` arguments, with defaults left out and a variadic one repeated.
    fn spread(
        mut declared: Vec<Type>,
        variadic: Option<Type>,
        defaults: usize,
        count: usize,
        as_array: bool,
    ) -> Option<Vec<Type>> {
        if let Some(element) = variadic.filter(|_| !as_array) {
            let fixed = declared.len().saturating_sub(1);
            if count > fixed || (count == fixed && defaults > 0) {
                declared.truncate(fixed);
                declared.resize(count, element);
                return Some(declared);
            }
        }
        if count > declared.len() || declared.len() - count > defaults {
            return None;
        }
        declared.truncate(count);
        Some(declared)
    }

    /// Whether every argument can be given.
    fn accepts(&self, candidate: &Candidate, arguments: &[Typed<'q>]) -> Can {
        let mut answer = Can::Yes;
        for (declared, given) in candidate.arguments.iter().zip(arguments) {
            let one = match declared.name() {
                Some("any") => Can::Yes,
                _ => self.can(given.ty, *declared, CastContext::Implicit),
            };
            match one {
                Can::No => return Can::No,
                Can::Unknown => answer = Can::Unknown,
                Can::Yes => {}
            }
        }
        match self.agrees(&candidate.arguments, arguments) {
            Can::Yes => answer,
            other => other,
        }
    }

    /// Whether the types that stand for others stand for the same.
    fn agrees(&self, declared: &[Type], arguments: &[Typed<'q>]) -> Can {
        let mut element: Option<Type> = None;
        let mut range: Option<Type> = None;
        let mut compatible: Vec<Typed<'q>> = Vec::new();
        for (declared, given) in declared.iter().zip(arguments) {
            let Some(pseudo) = declared.pseudo().filter(|name| is_polymorphic(name)) else {
                continue;
            };
            if !given.ty.is_known() {
                return Can::Unknown;
            }
            if given.ty.is_literal() {
                continue;
            }
            let actual = match pseudo {
                "anyarray" | "anycompatiblearray" => self.base_type(given.ty),
                _ => given.ty,
            };
            match pseudo {
                "anyelement" | "anynonarray" | "anyenum" | "anyarray" => {
                    let one = if pseudo == "anyarray" {
                        actual.element()
                    } else {
                        actual
                    };
                    match element {
                        None => element = Some(one),
                        Some(known) if known == one => {}
                        Some(_) => return Can::No,
                    }
                }
                "anyrange" => match range {
                    None => range = Some(actual),
                    Some(known) if known == actual => {}
                    Some(_) => return Can::No,
                },
                "anycompatible" | "anycompatiblenonarray" | "anycompatiblearray" => {
                    let ty = if pseudo == "anycompatiblearray" {
                        actual.element()
                    } else {
                        actual
                    };
                    compatible.push(Typed {
                        ty,
                        ..given.clone()
                    });
                }
                _ => return Can::Unknown,
            }
        }
        if let (Some(element), Some(range)) = (element, range) {
            match self.subtype(range) {
                Some(subtype) if subtype == element => {}
                Some(_) => return Can::No,
                None => return Can::Unknown,
            }
        }
        match self.common_of(&compatible) {
            Ok(_) => Can::Yes,
            Err(_) => Can::No,
        }
    }

    /// The type of a range's bounds.
    fn subtype(&self, range: Type) -> Option<Type> {
        match range.base {
            Base::Builtin(id) => builtins().info(id).subtype.map(Type::builtin),
            Base::User(id) => match self.user_type(id).map(|it| &it.body) {
                Some(TypeBody::Range(subtype)) => Some(self.binder.type_of(subtype)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The candidate that the server prefers.
    fn choose(&self, candidates: &[Candidate], arguments: &[Typed<'q>]) -> Choice {
        let types: Vec<Type> = arguments.iter().map(|it| it.ty).collect();
        // Of the same types the first in the search path counts, then what is not variadic.
        let order = |it: &Candidate| (it.place, it.is_variadic);
        let mut left: Vec<usize> = (0..candidates.len())
            .filter(|&at| {
                let own = &candidates[at];
                !candidates
                    .iter()
                    .any(|it| it.arguments == own.arguments && order(it) < order(own))
            })
            .collect();
        // Defaults do not tell two apart.
        let is_double = |at: usize| {
            let own = &candidates[at];
            left.iter().any(|other| {
                *other != at
                    && candidates[*other].arguments == own.arguments
                    && (candidates[*other].is_special || own.is_special)
            })
        };
        let exact = |at: &usize| candidates[*at].arguments == types;
        if let Some(at) = left.iter().copied().find(exact) {
            return if is_double(at) {
                Choice::Many
            } else {
                Choice::One(at)
            };
        }
        match left[..] {
            [] => return Choice::None,
            [only] => return Choice::One(only),
            _ => {}
        }
        if left.iter().all(|at| is_double(*at)) {
            return Choice::Many;
        }
        let bases: Vec<Type> = types.iter().map(|ty| self.base_type(*ty)).collect();
        let best = |left: &[usize], score: &dyn Fn(&Candidate) -> usize| -> Vec<usize> {
            let most = left.iter().map(|at| score(&candidates[*at])).max();
            let keep = |at: &usize| Some(score(&candidates[*at])) == most;
            left.iter().copied().filter(keep).collect()
        };
        left = best(&left, &|it| {
            let pairs = bases.iter().zip(&it.arguments);
            pairs
                .filter(|(given, declared)| !given.is_literal() && given == declared)
                .count()
        });
        if left.len() == 1 {
            return Choice::One(left[0]);
        }
        left = best(&left, &|it| {
            let pairs = bases.iter().zip(&it.arguments);
            pairs
                .filter(|(given, declared)| {
                    !given.is_literal()
                        && (given == declared
                            || self.is_preferred(self.category(**given), **declared))
                })
                .count()
        });
        if left.len() == 1 {
            return Choice::One(left[0]);
        }
        self.choose_for_literals(candidates, left, arguments, &bases)
    }

    /// What literals without a type are taken for.
    fn choose_for_literals(
        &self,
        candidates: &[Candidate],
        mut left: Vec<usize>,
        arguments: &[Typed<'q>],
        bases: &[Type],
    ) -> Choice {
        let literals: Vec<usize> = (0..bases.len())
            .filter(|at| bases[*at].is_literal())
            .collect();
        if literals.is_empty() {
            return Choice::Many;
        }
        let mut resolved = true;
        let mut wanted: Vec<(usize, u8, bool)> = Vec::new();
        for &slot in &literals {
            let mut categories: Vec<(u8, bool)> = Vec::new();
            for at in &left {
                let declared = candidates[*at].arguments[slot];
                let category = self.category(declared);
                categories.push((category, self.is_preferred(category, declared)));
            }
            let first = categories.first().map_or(b'X', |it| it.0);
            let category = if categories.iter().all(|it| it.0 == first) {
                first
            } else if categories.iter().any(|it| it.0 == b'S') {
                b'S'
            } else {
                resolved = false;
                break;
            };
            let preferred = categories.contains(&(category, true));
            wanted.push((slot, category, preferred));
        }
        if resolved {
            let fits = |at: &usize| {
                wanted.iter().all(|(slot, category, preferred)| {
                    let declared = candidates[*at].arguments[*slot];
                    self.category(declared) == *category
                        && (!preferred || self.is_preferred(*category, declared))
                })
            };
            let kept: Vec<usize> = left.iter().copied().filter(fits).collect();
            if !kept.is_empty() {
                left = kept;
            }
            if left.len() == 1 {
                return Choice::One(left[0]);
            }
        }
        // The literals are taken for what the others all are.
        let mut known: Option<Type> = None;
        for base in bases.iter().filter(|it| !it.is_literal()) {
            match known {
                None => known = Some(*base),
                Some(it) if it == *base => {}
                Some(_) => return Choice::Many,
            }
        }
        let Some(known) = known else {
            return Choice::Many;
        };
        let alike = |given: &Typed<'q>| Typed {
            ty: known,
            source: Source::Other,
            ..given.clone()
        };
        let alike: Vec<Typed<'q>> = arguments.iter().map(alike).collect();
        let takes = |at: &usize| self.accepts(&candidates[*at], &alike) == Can::Yes;
        let mut fitting = left.iter().copied().filter(takes);
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Choice::One(one),
            _ => Choice::Many,
        }
    }

    /// The types of parameters hang on what is not known.
    fn forget_parameters(&mut self, arguments: &[Typed<'q>]) {
        for argument in arguments {
            if let Source::Parameter(number) = argument.source {
                self.parameters.entry(number).or_insert(Type::NOT_KNOWN);
            }
        }
    }

    /// Which of several it is is not known; where all give the same, that is known.
    fn one_of(&mut self, candidates: &[Candidate<'c>], arguments: &[Typed<'q>]) -> Meant {
        let fitting: Vec<&Candidate> = candidates
            .iter()
            .filter(|it| self.accepts(it, arguments) != Can::No)
            .collect();
        self.forget_parameters(arguments);
        for candidate in &fitting {
            if let Some((id, _)) = &candidate.routine {
                self.used(*id, None, UseKind::Read);
            }
        }
        let Some(first) = fitting.first() else {
            return Meant::not_known();
        };
        let meant = self.meaning(first, &[]);
        let same = fitting
            .iter()
            .all(|it| it.kind == first.kind && self.meaning(it, &[]).result == meant.result);
        if same && fitting.len() == 1 {
            return meant;
        }
        Meant {
            result: if same { meant.result } else { Type::NOT_KNOWN },
            kind: first.kind,
            columns: None,
            open: true,
        }
    }

    /// Gives the arguments their types, and tells what comes out.
    fn call_of(&mut self, candidate: &Candidate<'c>, arguments: &[Typed<'q>]) -> Meant {
        if let Some((id, name)) = &candidate.routine {
            self.used(*id, None, UseKind::Read);
            let span = arguments.first().map_or_else(Span::default, |it| it.span);
            self.runs(*id, name, span);
        }
        self.demand_element(&candidate.arguments, arguments);
        let element = self.element_of(&candidate.arguments, arguments);
        let common = self.compatible_of(&candidate.arguments, arguments);
        for (declared, given) in candidate.arguments.clone().iter().zip(arguments) {
            let target = match declared.pseudo() {
                Some("anyelement" | "anynonarray" | "anyenum") => element,
                Some("anyarray") => element.map(Type::array),
                Some("anycompatible" | "anycompatiblenonarray") => common,
                Some("anycompatiblearray") => common.map(Type::array),
                Some(_) => None,
                None => Some(*declared),
            };
            if declared.is("any") && matches!(given.source, Source::Parameter(_)) {
                self.stays_untyped(given);
                continue;
            }
            let target = target.unwrap_or(Type::builtin("text"));
            if given.ty.is_literal() {
                self.give(given, target, CastContext::Implicit);
            }
        }
        self.meaning(candidate, arguments)
    }

    /// What stands for the type of an argument needs one argument that has a type.
    fn demand_element(&mut self, declared: &[Type], arguments: &[Typed<'q>]) {
        let is_of_family = |ty: &Type| {
            matches!(
                ty.pseudo(),
                Some("anyelement" | "anynonarray" | "anyenum" | "anyarray" | "anyrange")
            )
        };
        let mut pairs = declared.iter().zip(arguments);
        let mut given = pairs
            .by_ref()
            .filter(|(declared, _)| is_of_family(declared))
            .map(|(_, given)| given)
            .peekable();
        let Some(span) = given.peek().map(|it| it.span) else {
            return;
        };
        if given.all(|it| it.ty.is_literal() && !it.ty.is_array) {
            let message =
                "could not determine polymorphic type because input has type unknown".to_owned();
            self.fail("42804", span, message);
        }
    }

    fn element_of(&self, declared: &[Type], arguments: &[Typed<'q>]) -> Option<Type> {
        for (declared, given) in declared.iter().zip(arguments) {
            if given.ty.is_literal() || !given.ty.is_known() {
                continue;
            }
            match declared.pseudo() {
                Some("anyelement" | "anynonarray" | "anyenum") => return Some(given.ty),
                Some("anyarray") => {
                    let base = self.base_type(given.ty);
                    return match base.name() {
                        Some("int2vector") => Some(Type::builtin("int2")),
                        Some("oidvector") => Some(Type::builtin("oid")),
                        _ => Some(base.element()),
                    };
                }
                Some("anyrange") => return self.subtype(given.ty),
                _ => {}
            }
        }
        None
    }

    fn compatible_of(&self, declared: &[Type], arguments: &[Typed<'q>]) -> Option<Type> {
        let mut values: Vec<Typed<'q>> = Vec::new();
        let mut found = false;
        for (declared, given) in declared.iter().zip(arguments) {
            let ty = match declared.pseudo() {
                Some("anycompatible" | "anycompatiblenonarray") => given.ty,
                Some("anycompatiblearray") => self.base_type(given.ty).element(),
                _ => continue,
            };
            found = true;
            values.push(Typed {
                ty,
                ..given.clone()
            });
        }
        if !found {
            return None;
        }
        self.common_of(&values).ok()
    }

    /// What a candidate gives for these arguments.
    fn meaning(&self, candidate: &Candidate<'c>, arguments: &[Typed<'q>]) -> Meant {
        let mut meant = match candidate.result {
            Returns::Plain(result) => Meant {
                result,
                kind: candidate.kind,
                columns: None,
                open: false,
            },
            Returns::Builtin(function) => {
                let columns: Vec<(Ident, Type)> = function
                    .columns
                    .iter()
                    .map(|(name, ty)| (Ident::new(name), Type::from(*ty)))
                    .collect();
                let result = Type::from(function.result);
                let is_record = result.is("record");
                Meant {
                    result: if is_record { Type::RECORD } else { result },
                    kind: candidate.kind,
                    open: is_record && columns.is_empty(),
                    columns: (!columns.is_empty()).then_some(columns),
                }
            }
            Returns::Own(routine) => self.own_result(candidate, routine),
        };
        meant.result = self.concrete(meant.result, &candidate.arguments, arguments);
        if let Some(columns) = &mut meant.columns {
            for (_, ty) in columns {
                *ty = self.concrete(*ty, &candidate.arguments, arguments);
            }
        }
        meant
    }

    /// The type that a pseudo-type stands for here.
    fn concrete(&self, ty: Type, declared: &[Type], arguments: &[Typed<'q>]) -> Type {
        let known = |found: Option<Type>| found.unwrap_or(Type::NOT_KNOWN);
        match ty.pseudo() {
            Some("anyelement" | "anynonarray" | "anyenum") => {
                known(self.element_of(declared, arguments))
            }
            Some("anyarray") => known(self.element_of(declared, arguments)).array(),
            Some("anycompatible" | "anycompatiblenonarray") => {
                known(self.compatible_of(declared, arguments))
            }
            Some("anycompatiblearray") => known(self.compatible_of(declared, arguments)).array(),
            Some("anyrange") => {
                let mut pairs = declared.iter().zip(arguments);
                let found = pairs.find(|(declared, _)| declared.pseudo() == Some("anyrange"));
                found.map_or(Type::NOT_KNOWN, |(_, given)| given.ty)
            }
            Some(name) if is_polymorphic(name) => Type::NOT_KNOWN,
            _ => ty,
        }
    }

    /// The result of a routine of the project.
    fn own_result(&self, candidate: &Candidate<'c>, routine: &Routine) -> Meant {
        let mut meant = Meant {
            result: Type::NOT_KNOWN,
            kind: candidate.kind,
            columns: None,
            open: true,
        };
        let Some(returns) = &routine.returns else {
            return meant;
        };
        if returns.eq_ignore_ascii_case("void") {
            meant.result = Type::builtin("void");
            meant.open = false;
            return meant;
        }
        let Some(columns) = crate::sql::result_columns_of(returns) else {
            return meant;
        };
        let columns: Vec<(Ident, Type)> = columns
            .into_iter()
            .map(|(name, ty)| (name, self.binder.type_of(&ty)))
            .collect();
        match columns.as_slice() {
            [(name, ty)] if name.as_str().is_empty() || name.as_str() == "setof" => {
                let is_record = ty.is("record");
                meant.result = if is_record { Type::RECORD } else { *ty };
                meant.open = is_record;
            }
            [(_, ty)] => {
                meant.result = *ty;
                meant.columns = Some(columns);
                meant.open = false;
            }
            _ => {
                meant.result = Type::RECORD;
                meant.columns = Some(columns);
                meant.open = false;
            }
        }
        meant
    }

    /// The result of an operator, with its operands given their types.
    pub(super) fn operator(
        &mut self,
        name: &str,
        left: Option<&Typed<'q>>,
        right: Option<&Typed<'q>>,
        span: Span,
    ) -> Type {
        let operands: Vec<Typed<'q>> = left.into_iter().chain(right).cloned().collect();
        let any_unknown = operands.iter().any(|it| !it.ty.is_known());
        let (candidates, exact) = self.operators(name, left, right);
        if let Some(at) = exact {
            return self.operation_of(&candidates[at], &operands);
        }
        if self.has_operator(name) && candidates.is_empty() {
            // The project's own, of which only the name is kept.
            for operand in &operands {
                self.give(operand, Type::NOT_KNOWN, CastContext::Implicit);
            }
            return Type::NOT_KNOWN;
        }
        if any_unknown {
            // What is known of the other operand can still tell the result of a comparison.
            let is_comparison = matches!(
                name,
                "=" | "<>" | "<" | ">" | "<=" | ">=" | "~~" | "!~~" | "~~*" | "!~~*" | "~" | "~*"
            );
            self.forget_parameters(&operands);
            return if is_comparison {
                Type::builtin("bool")
            } else {
                Type::NOT_KNOWN
            };
        }
        let mut fitting: Vec<Candidate> = Vec::new();
        let mut doubtful = false;
        for candidate in candidates {
            match self.accepts(&candidate, &operands) {
                Can::Yes => fitting.push(candidate),
                Can::Unknown => doubtful = true,
                Can::No => {}
            }
        }
        if doubtful {
            self.forget_parameters(&operands);
            return Type::NOT_KNOWN;
        }
        match self.choose(&fitting, &operands) {
            Choice::One(at) => {
                let candidate = fitting[at].clone();
                self.operation_of(&candidate, &operands)
            }
            choice => {
                let shown = |operand: Option<&Typed<'q>>| {
                    operand.map_or_else(String::new, |it| self.shown(it.ty))
                };
                let text = format!("{} {name} {}", shown(left), shown(right));
                let text = text.trim();
                let own_types = operands
                    .iter()
                    .any(|it| matches!(it.ty.base, Base::User(_) | Base::Row(_)));
                let may_be_made = self.binder.extension_makes_operator(name)
                    || self.catalog().unread() > 0
                    || (self.binder.has_own(OtherKind::Operator)
                        && (own_types || self.has_operator(name)));
                if may_be_made {
                    self.not_known(span, format!("the operator {text} is not known"));
                } else if matches!(choice, Choice::Many) {
                    let message = format!("operator is not unique: {text}");
                    self.fail("42725", span, message);
                } else {
                    let message = format!("operator does not exist: {text}");
                    self.fail("42883", span, message);
                }
                Type::NOT_KNOWN
            }
        }
    }

    /// What an operator takes on its right beside this value, where a value without a type stands
    /// there and there is no doubt which operator it is.
    pub(super) fn taken_on_the_right(
        &self,
        name: &str,
        left: &Typed<'q>,
        right: &Typed<'q>,
    ) -> Option<Type> {
        if !left.ty.is_known() {
            return None;
        }
        let operands = [left.clone(), right.clone()];
        let (candidates, exact) = self.operators(name, Some(left), Some(right));
        let at = match exact {
            Some(at) => candidates.get(at).cloned(),
            None => {
                let mut fitting = Vec::new();
                for candidate in candidates {
                    match self.accepts(&candidate, &operands) {
                        Can::Yes => fitting.push(candidate),
                        Can::Unknown => return None,
                        Can::No => {}
                    }
                }
                match self.choose(&fitting, &operands) {
                    Choice::One(at) => fitting.get(at).cloned(),
                    Choice::Many | Choice::None => None,
                }
            }
        };
        let taken = *at?.arguments.get(1)?;
        taken.pseudo().is_none().then_some(taken)
    }

    fn has_operator(&self, name: &str) -> bool {
        let mut others = self.catalog().others();
        others
            .any(|(kind, found)| kind == OtherKind::Operator && found.name.as_str().contains(name))
    }

    /// The operators of a name, and the one that matches exactly.
    fn operators(
        &self,
        name: &str,
        left: Option<&Typed<'q>>,
        right: Option<&Typed<'q>>,
    ) -> (Vec<Candidate<'c>>, Option<usize>) {
        let (left_type, right_type) = (left.map(|it| it.ty), right.map(|it| it.ty));
        let twice = |ty: Type| [Some(ty), Some(ty)];
        let wanted = match (left_type, right_type) {
            (Some(a), Some(b)) if a.is_literal() && !b.is_literal() => {
                [twice(b), twice(self.base_type(b))]
            }
            (Some(a), Some(b)) if b.is_literal() && !a.is_literal() => {
                [twice(a), twice(self.base_type(a))]
            }
            sides => [[sides.0, sides.1]; 2],
        };
        let all = builtins()
            .operators(name)
            .iter()
            .filter(|it| it.majors.have(self.major()))
            .map(|it| ([it.left.map(Type::from), it.right.map(Type::from)], it));
        let candidate = |(sides, operator): ([Option<Type>; 2], &BuiltinOperator)| Candidate {
            arguments: sides.into_iter().flatten().collect(),
            kind: b'f',
            result: Returns::Plain(operator.result.into()),
            routine: None,
            place: 0,
            is_variadic: false,
            is_special: false,
        };
        // Mostly one fits exactly, and the others are of no account.
        if let Some(exact) = all.clone().find(|(sides, _)| wanted.contains(sides)) {
            return (vec![candidate(exact)], Some(0));
        }
        let same_sides = |(sides, _): &([Option<Type>; 2], &BuiltinOperator)| {
            sides[0].is_some() == left.is_some() && sides[1].is_some() == right.is_some()
        };
        (all.filter(same_sides).map(candidate).collect(), None)
    }

    fn operation_of(&mut self, candidate: &Candidate<'c>, operands: &[Typed<'q>]) -> Type {
        self.call_of(candidate, operands).result
    }
}

/// For each named or placed argument of a call, which argument of the routine it is.
fn ordered(routine: &Routine, names: &[Option<Ident>]) -> Option<Vec<usize>> {
    let mut order = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let place = match name {
            None => at,
            Some(name) => routine
                .arguments
                .iter()
                .position(|it| it.name.as_ref() == Some(name))?,
        };
        if place >= routine.arguments.len() || order.contains(&place) {
            return None;
        }
        order.push(place);
    }
    let missing = (0..routine.arguments.len()).filter(|at| !order.contains(at));
    let mut missing = missing.map(|at| routine.arguments[at].has_default);
    missing.all(|has_default| has_default).then_some(order)
}

fn is_variadic(routine: &Routine) -> bool {
    routine
        .written
        .as_deref()
        .is_some_and(|written| written.to_ascii_lowercase().contains("variadic"))
}
