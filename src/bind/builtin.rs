//! What every PostgreSQL has before anybody makes anything: types, functions, operators, casts and
//! system relations, each with the majors that have it.
//!
//! The rows are data, written by `scripts/builtins` from the catalogs of real servers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::types::CastContext;

/// The majors that have a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Majors {
    since: u16,
    until: u16,
}

impl Majors {
    fn read(since: Option<&str>, until: Option<&str>) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok());
        Majors {
            since: number(since).unwrap_or(0),
            until: number(until).unwrap_or(u16::MAX),
        }
    }

    /// Whether a server of that major has the row.
    pub(super) fn have(self, major: u16) -> bool {
        self.since <= major && major <= self.until
    }
}

/// A built-in type: its place in the table of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TypeId(u16);

/// What is known of a built-in type.
#[derive(Debug)]
pub(super) struct BuiltinType {
    pub(super) name: &'static str,
    /// `b`ase, `p`seudo, `r`ange, `m`ultirange.
    pub(super) kind: u8,
    /// The letter of its category.
    pub(super) category: u8,
    /// Whether it is preferred in its category.
    pub(super) preferred: bool,
    /// The type of a range's bounds.
    pub(super) subtype: Option<&'static str>,
}

/// A built-in type or the array of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TypeRef {
    pub(super) id: TypeId,
    pub(super) is_array: bool,
}

/// A built-in function, aggregate or window function.
#[derive(Debug)]
pub(super) struct BuiltinFunction {
    /// `f`unction, `a`ggregate, `w`indow function, `p`rocedure.
    pub(super) kind: u8,
    pub(super) arguments: Vec<TypeRef>,
    /// The element type of a variadic last argument.
    pub(super) variadic: Option<TypeRef>,
    pub(super) defaults: usize,
    pub(super) result: TypeRef,
    /// The columns of OUT and TABLE arguments.
    pub(super) columns: Vec<(&'static str, TypeRef)>,
    pub(super) majors: Majors,
}

/// A built-in operator; a prefix operator has no left side.
#[derive(Debug)]
pub(super) struct BuiltinOperator {
    pub(super) left: Option<TypeRef>,
    pub(super) right: Option<TypeRef>,
    pub(super) result: TypeRef,
    pub(super) majors: Majors,
}

/// A relation of `pg_catalog` or `information_schema`.
#[derive(Debug)]
pub(super) struct BuiltinRelation {
    /// `r`: a table, which has system columns; `v`: a view.
    pub(super) kind: u8,
    pub(super) columns: Vec<(&'static str, Option<TypeRef>)>,
    pub(super) majors: Majors,
}

/// Hashes short names: nothing that a query says is ever inserted, so nobody can choose collisions.
#[derive(Default)]
pub(super) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // The lower bits choose the bucket.
        self.0 ^= self.0 >> 32;
    }
}

/// A table by names.
type Named<K, V> = HashMap<K, V, BuildHasherDefault<NameHasher>>;

/// All of it.
pub(super) struct Builtins {
    types: Vec<BuiltinType>,
    by_name: Named<&'static str, TypeId>,
    functions: Named<&'static str, Vec<BuiltinFunction>>,
    /// Functions that extensions bring, with the extension.
    extension_functions: Named<&'static str, Vec<(&'static str, BuiltinFunction)>>,
    operators: Named<&'static str, Vec<BuiltinOperator>>,
    relations: Named<&'static str, Named<&'static str, Vec<BuiltinRelation>>>,
    casts: Named<(TypeId, TypeId), (CastContext, Majors)>,
}

static BUILTINS: LazyLock<Builtins> = LazyLock::new(Builtins::read);

/// The table of everything built in.
pub(super) fn builtins() -> &'static Builtins {
    &BUILTINS
}

/// The rows of a data file, without its comments.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| !line.starts_with("# ") && !line.is_empty())
        .map(|line| line.split('\t').collect())
}

fn first_byte(text: &str) -> u8 {
    text.bytes().next().unwrap_or(b'?')
}

impl Builtins {
    fn read() -> Self {
        let mut all = Builtins {
            types: Vec::new(),
            by_name: Named::default(),
            functions: Named::default(),
            extension_functions: Named::default(),
            operators: Named::default(),
            relations: Named::default(),
            casts: Named::default(),
        };
        for row in rows(include_str!("data/postgres_types.tsv")) {
            let [name, kind, category, preferred, subtype, ..] = row[..] else {
                continue;
            };
            let id = TypeId(u16::try_from(all.types.len()).unwrap_or(u16::MAX));
            all.by_name.insert(name, id);
            all.types.push(BuiltinType {
                name,
                kind: first_byte(kind),
                category: first_byte(category),
                preferred: preferred == "t",
                subtype: (subtype != "-").then_some(subtype),
            });
        }
        for row in rows(include_str!("data/postgres_functions.tsv")) {
            if let Some((name, function)) = all.function(&row) {
                all.functions.entry(name).or_default().push(function);
            }
        }
        for row in rows(include_str!("data/postgres_extension_functions.tsv")) {
            let Some((extension, row)) = row.split_first() else {
                continue;
            };
            let Some((name, function)) = all.function(row) else {
                continue;
            };
            // What differs between majors is of no account here, so each is kept once.
            let known = all.extension_functions.entry(name).or_default();
            let is_known = |(other, it): &(&str, BuiltinFunction)| {
                other == extension && it.arguments == function.arguments
            };
            if !known.iter().any(is_known) {
                known.push((*extension, function));
            }
        }
        for row in rows(include_str!("data/postgres_operators.tsv")) {
            let [name, left, right, result, ..] = row[..] else {
                continue;
            };
            let Some(result) = all.reference(result) else {
                continue;
            };
            let operator = BuiltinOperator {
                left: all.reference(left),
                right: all.reference(right),
                result,
                majors: Majors::read(row.get(4).copied(), row.get(5).copied()),
            };
            all.operators.entry(name).or_default().push(operator);
        }
        for row in rows(include_str!("data/postgres_relations.tsv")) {
            let [schema, name, kind, columns, ..] = row[..] else {
                continue;
            };
            let columns = columns
                .split(',')
                .filter_map(|column| column.split_once(':'))
                .map(|(name, data_type)| (name, all.information_type(data_type)))
                .collect();
            let relation = BuiltinRelation {
                kind: first_byte(kind),
                columns,
                majors: Majors::read(row.get(4).copied(), row.get(5).copied()),
            };
            let in_schema = all.relations.entry(schema).or_default();
            in_schema.entry(name).or_default().push(relation);
        }
        for row in rows(include_str!("data/postgres_casts.tsv")) {
            let [source, target, context, ..] = row[..] else {
                continue;
            };
            let pair = (all.by_name.get(source), all.by_name.get(target));
            let (Some(source), Some(target)) = pair else {
                continue;
            };
            let majors = Majors::read(row.get(3).copied(), row.get(4).copied());
            let context = CastContext::of_letter(context);
            all.casts.insert((*source, *target), (context, majors));
        }
        all
    }

    /// A row of a file of functions.
    fn function(&self, row: &[&'static str]) -> Option<(&'static str, BuiltinFunction)> {
        let [
            name,
            kind,
            _,
            arguments,
            variadic,
            defaults,
            result,
            columns,
            ..,
        ] = *row
        else {
            return None;
        };
        let arguments = arguments.split(',').filter(|part| !part.is_empty());
        let columns = columns
            .split(',')
            .filter_map(|column| column.rsplit_once(':'))
            .filter_map(|(name, data_type)| Some((name, self.reference(data_type)?)))
            .collect();
        let function = BuiltinFunction {
            kind: first_byte(kind),
            arguments: arguments
                .map(|part| self.reference(part))
                .collect::<Option<_>>()?,
            variadic: self.reference(variadic),
            defaults: defaults.parse().unwrap_or(0),
            result: self.reference(result)?,
            columns,
            majors: Majors::read(row.get(8).copied(), row.get(9).copied()),
        };
        Some((name, function))
    }

    /// The cast between two types, as a server of that major has it.
    pub(super) fn cast(&self, source: TypeId, target: TypeId, major: u16) -> Option<CastContext> {
        let (context, majors) = self.casts.get(&(source, target))?;
        majors.have(major).then_some(*context)
    }

    /// The type that a data file spells: `int4`, `text[]`.
    fn reference(&self, spelled: &str) -> Option<TypeRef> {
        let (name, is_array) = match spelled.strip_suffix("[]") {
            Some(element) => (element, true),
            None => (spelled, false),
        };
        let id = self.by_name.get(name)?;
        Some(TypeRef { id: *id, is_array })
    }

    /// The base type of the domains of `information_schema`.
    fn information_type(&self, spelled: &str) -> Option<TypeRef> {
        let base = match spelled.strip_prefix("information_schema.") {
            Some("cardinal_number") => "int4",
            Some("sql_identifier") => "name",
            Some("time_stamp") => "timestamptz",
            Some(_) => "varchar",
            None => spelled,
        };
        self.reference(base)
    }

    /// The type of that name in the server's catalog.
    pub(super) fn type_named(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    /// What is known of a type.
    pub(super) fn info(&self, id: TypeId) -> &BuiltinType {
        &self.types[usize::from(id.0)]
    }

    /// The functions of a name.
    pub(super) fn functions(&self, name: &str) -> &[BuiltinFunction] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// The functions of a name that extensions bring, with the extension.
    pub(super) fn extension_functions(&self, name: &str) -> &[(&'static str, BuiltinFunction)] {
        self.extension_functions
            .get(name)
            .map_or(&[], Vec::as_slice)
    }

    /// The operators of a name.
    pub(super) fn operators(&self, name: &str) -> &[BuiltinOperator] {
        self.operators.get(name).map_or(&[], Vec::as_slice)
    }

    /// A system relation as a server of that major has it.
    pub(super) fn relation(
        &self,
        schema: &str,
        name: &str,
        major: u16,
    ) -> Option<&BuiltinRelation> {
        let all = self.relations.get(schema)?.get(name)?;
        all.iter().find(|it| it.majors.have(major))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_files_are_read() {
        let all = builtins();
        let int4 = all.type_named("int4").expect("int4 is built in");
        assert_eq!(all.info(int4).category, b'N');
        assert!(all.functions("lower").len() >= 2);
        assert!(
            all.operators("=")
                .iter()
                .any(|it| { it.left == it.right && it.left.is_some_and(|left| left.id == int4) })
        );
        let class = all.relation("pg_catalog", "pg_class", 15);
        let class = class.expect("pg_class is a system relation");
        assert!(class.columns.iter().any(|(name, _)| *name == "relname"));
        // Added in 14, and gone since 18.
        let ranges = |name: &str, major| {
            let all = all.functions(name);
            all.iter().any(|it| it.majors.have(major))
        };
        assert!(ranges("string_to_table", 14) && !ranges("string_to_table", 13));
    }
}
