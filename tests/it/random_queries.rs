//! Random schemas, migrations and queries: what binding says of each query before and after the
//! migration, against what the server says.
//!
//! The same seeds on every run, so that the test says the same everywhere. By hand, for longer:
//! `MIGCHECK_RANDOM_SECONDS=600 MIGCHECK_RANDOM_SEED=1000 cargo test --test it random_queries::`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use migcheck::Dialect;
use migcheck::bind::{Query, Settings, Stage, bind};
use migcheck::discover::{TransactionScope, Unit};
use migcheck::history::{Planned, replay};
use migcheck::schema::catalog::Catalog;
use migcheck::schema::name::Ident;
use migcheck::sql;

use crate::postgres::{Database, database};
use crate::queries::{Answer, RESET, ask, read_answers};

/// A small generator of numbers (splitmix64): the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("it is small");
        usize::try_from(self.next() % end).expect("it is small")
    }

    /// True in so many of a hundred throws.
    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ty {
    Int,
    Big,
    Num,
    Float,
    Text,
    Varchar,
    Bool,
    Time,
    Date,
    Uuid,
    Json,
    Texts,
    Ints,
    Mood,
}

const TYPES: [Ty; 14] = [
    Ty::Int,
    Ty::Big,
    Ty::Num,
    Ty::Float,
    Ty::Text,
    Ty::Varchar,
    Ty::Bool,
    Ty::Time,
    Ty::Date,
    Ty::Uuid,
    Ty::Json,
    Ty::Texts,
    Ty::Ints,
    Ty::Mood,
];

impl Ty {
    fn name(self) -> &'static str {
        match self {
            Ty::Int => "integer",
            Ty::Big => "bigint",
            Ty::Num => "numeric(10,2)",
            Ty::Float => "double precision",
            Ty::Text => "text",
            Ty::Varchar => "varchar(20)",
            Ty::Bool => "boolean",
            Ty::Time => "timestamptz",
            Ty::Date => "date",
            Ty::Uuid => "uuid",
            Ty::Json => "jsonb",
            Ty::Texts => "text[]",
            Ty::Ints => "integer[]",
            Ty::Mood => "mood",
        }
    }

    fn literal(self, dice: &mut Dice) -> String {
        match self {
            Ty::Int | Ty::Big => dice.below(100).to_string(),
            Ty::Num | Ty::Float => format!("{}.5", dice.below(100)),
            Ty::Text | Ty::Varchar => "'x'".to_owned(),
            Ty::Bool => ["true", "false"][dice.below(2)].to_owned(),
            // With a type: next to an interval it would be read as one.
            Ty::Time => "timestamptz '2024-01-01'".to_owned(),
            Ty::Date => "date '2024-01-01'".to_owned(),
            Ty::Uuid => "'6ecd8c99-4036-403d-bf84-cf8400f67836'".to_owned(),
            Ty::Json => "'{}'".to_owned(),
            Ty::Texts => ["'{a,b}'", "ARRAY['a', 'b']"][dice.below(2)].to_owned(),
            Ty::Ints => ["'{1,2}'", "ARRAY[1, 2]"][dice.below(2)].to_owned(),
            Ty::Mood => ["'sad'", "'happy'", "'sad'::mood"][dice.below(3)].to_owned(),
        }
    }
}

const NAMES: [&str; 12] = [
    "id", "a", "b", "c", "name", "email", "amount", "state", "at", "data", "tags", "note",
];

#[derive(Debug, Clone)]
struct Table {
    name: String,
    columns: Vec<(String, Ty)>,
    /// The columns of its keys.
    keys: Vec<Vec<String>>,
    is_view: bool,
}

/// What a schema holds, as far as the queries want to know; the server says what is really there.
#[derive(Debug, Clone, Default)]
struct World {
    tables: Vec<Table>,
}

fn schema(dice: &mut Dice) -> (World, Vec<String>) {
    let mut world = World::default();
    let mut statements = vec!["CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')".to_owned()];
    for number in 0..2 + dice.below(3) {
        let name = format!("t{number}");
        let mut columns: Vec<(String, Ty)> = Vec::new();
        let mut keys = Vec::new();
        let mut texts = Vec::new();
        for column in NAMES {
            let is_id = column == "id";
            if !is_id && dice.percent(45) {
                continue;
            }
            let ty = match is_id {
                true => [Ty::Int, Ty::Big, Ty::Uuid][dice.below(3)],
                false => *dice.one_of(&TYPES),
            };
            let mut text = format!("{column} {}", ty.name());
            if is_id && dice.percent(80) {
                text.push_str(" PRIMARY KEY");
                keys.push(vec![column.to_owned()]);
            } else if dice.percent(25) {
                text.push_str(" NOT NULL");
            }
            if !is_id && dice.percent(15) {
                text.push_str(" UNIQUE");
                keys.push(vec![column.to_owned()]);
            }
            if dice.percent(15) {
                let _ = write!(text, " DEFAULT {}", ty.literal(dice));
            }
            columns.push((column.to_owned(), ty));
            texts.push(text);
        }
        if columns.len() > 2 && dice.percent(25) {
            let pair = [&columns[1].0, &columns[2].0];
            texts.push(format!("UNIQUE ({}, {})", pair[0], pair[1]));
            keys.push(pair.into_iter().cloned().collect());
        }
        statements.push(format!("CREATE TABLE {name} ({})", texts.join(", ")));
        world.tables.push(Table {
            name,
            columns,
            keys,
            is_view: false,
        });
    }
    for number in 0..dice.below(3) {
        let (table, text) = view(dice, &world, &format!("v{number}"));
        statements.push(text);
        world.tables.push(table);
    }
    (world, statements)
}

fn view(dice: &mut Dice, world: &World, name: &str) -> (Table, String) {
    let from = dice.one_of(&world.tables).clone();
    let is_all = dice.percent(40);
    let columns: Vec<(String, Ty)> = match is_all {
        true => from.columns.clone(),
        false => {
            let kept = from.columns.iter().filter(|_| dice.percent(60)).cloned();
            let mut kept: Vec<(String, Ty)> = kept.collect();
            if kept.is_empty() {
                kept.push(from.columns[0].clone());
            }
            kept
        }
    };
    let list = match is_all {
        true => "*".to_owned(),
        false => {
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            names.join(", ")
        }
    };
    let text = format!("CREATE VIEW {name} AS SELECT {list} FROM {}", from.name);
    let table = Table {
        name: name.to_owned(),
        columns,
        keys: Vec::new(),
        is_view: true,
    };
    (table, text)
}

/// One to three changes, and the world as it should be then.
fn migration(dice: &mut Dice, world: &World) -> (World, Vec<String>) {
    let mut after = world.clone();
    let mut statements = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let at = dice.below(after.tables.len());
        let table = after.tables[at].clone();
        let name = table.name.clone();
        if table.is_view {
            if dice.percent(50) {
                statements.push(format!("DROP VIEW {name} CASCADE"));
                if after.tables.len() > 1 {
                    after.tables.remove(at);
                }
            } else {
                statements.push(format!("ALTER VIEW {name} RENAME TO {name}x"));
                after.tables[at].name.push('x');
            }
            continue;
        }
        let column_at = dice.below(table.columns.len());
        let (column, ty) = table.columns[column_at].clone();
        let cascade = [" CASCADE", ""][dice.below(2)];
        match dice.below(15) {
            0 | 1 => {
                statements.push(format!("ALTER TABLE {name} DROP COLUMN {column}{cascade}"));
                if table.columns.len() > 1 {
                    after.tables[at].columns.remove(column_at);
                    after.tables[at].keys.retain(|key| !key.contains(&column));
                }
            }
            2 | 3 => {
                let to = format!("{column}2");
                statements.push(format!("ALTER TABLE {name} RENAME COLUMN {column} TO {to}"));
                after.tables[at].columns[column_at].0 = to.clone();
                for key in &mut after.tables[at].keys {
                    key.iter_mut()
                        .filter(|it| **it == column)
                        .for_each(|it| it.clone_from(&to));
                }
            }
            4 | 5 => {
                let ty = *dice.one_of(&TYPES);
                let added = ["extra", "name", "b", "tags"][dice.below(4)];
                let rest = match dice.below(3) {
                    0 => format!(" NOT NULL DEFAULT {}", ty.literal(dice)),
                    1 => " UNIQUE".to_owned(),
                    _ => String::new(),
                };
                statements.push(format!(
                    "ALTER TABLE {name} ADD COLUMN {added} {}{rest}",
                    ty.name()
                ));
                if table.columns.iter().all(|(name, _)| name != added) {
                    after.tables[at].columns.push((added.to_owned(), ty));
                }
            }
            6..=8 => {
                let to = *dice.one_of(&TYPES);
                let using = match dice.percent(70) {
                    true => format!(" USING {column}::text::{}", to.name()),
                    false => String::new(),
                };
                statements.push(format!(
                    "ALTER TABLE {name} ALTER COLUMN {column} TYPE {}{using}",
                    to.name()
                ));
                after.tables[at].columns[column_at].1 = to;
            }
            9 => {
                statements.push(format!("DROP TABLE {name}{cascade}"));
                if after.tables.len() > 1 {
                    after.tables.remove(at);
                }
            }
            10 => {
                statements.push(format!("ALTER TABLE {name} RENAME TO {name}_new"));
                after.tables[at].name = format!("{name}_new");
                if dice.percent(50) {
                    statements.push(format!("CREATE VIEW {name} AS SELECT * FROM {name}_new"));
                }
            }
            11 => statements.push(
                [
                    "ALTER TYPE mood ADD VALUE 'great'",
                    "ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'",
                    "ALTER TYPE mood RENAME TO feeling",
                    "DROP TYPE mood CASCADE",
                ][dice.below(4)]
                .to_owned(),
            ),
            12 => {
                let kind = ["key", "pkey"][usize::from(column == "id")];
                let constraint = match kind {
                    "pkey" => format!("{name}_pkey"),
                    _ => format!("{name}_{column}_key"),
                };
                statements.push(format!(
                    "ALTER TABLE {name} DROP CONSTRAINT {constraint} CASCADE"
                ));
                after.tables[at].keys.retain(|key| *key != [column.clone()]);
            }
            13 => {
                statements.push(format!("CREATE UNIQUE INDEX ON {name} ({column})"));
                after.tables[at].keys.push(vec![column]);
            }
            _ => statements.push(match dice.below(4) {
                0 => format!("ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL"),
                1 => format!("ALTER TABLE {name} ALTER COLUMN {column} DROP DEFAULT"),
                2 => format!(
                    "ALTER TABLE {name} ALTER COLUMN {column} SET DEFAULT {}",
                    ty.literal(dice)
                ),
                _ => format!("ALTER TABLE {name} ALTER COLUMN {column} DROP NOT NULL"),
            }),
        }
    }
    (after, statements)
}

/// A name in `FROM` with its columns.
#[derive(Debug, Clone)]
struct Item {
    alias: String,
    columns: Vec<(String, Ty)>,
}

/// Writes one query.
struct Writer<'w> {
    dice: Dice,
    world: &'w World,
    parameters: usize,
    aliases: usize,
    /// Common table expressions that can be named.
    common: Vec<Item>,
}

impl Writer<'_> {
    fn query(&mut self) -> String {
        match self.dice.below(20) {
            0..=10 => self.select(2, None).0,
            11..=13 => self.insert(),
            14 | 15 => self.update(),
            16 => self.delete(),
            17 | 18 => self.with(),
            _ => {
                let columns = [*self.dice.one_of(&TYPES), *self.dice.one_of(&TYPES)];
                let left = self.select(1, Some(&columns)).0;
                let columns = match self.dice.percent(85) {
                    true => columns,
                    false => [columns[0], *self.dice.one_of(&TYPES)],
                };
                let right = self.select(1, Some(&columns)).0;
                let word = ["UNION", "UNION ALL", "EXCEPT", "INTERSECT"][self.dice.below(4)];
                let order = ["", " ORDER BY 1", " LIMIT 3"][self.dice.below(3)];
                format!("({left}) {word} ({right}){order}")
            }
        }
    }

    fn with(&mut self) -> String {
        let name = format!("w{}", self.common.len());
        let writes = self.dice.percent(25);
        let (body, columns) = match writes {
            true => {
                let table = self.table();
                let Some((column, ty)) = table.columns.first().cloned() else {
                    return "SELECT 1".to_owned();
                };
                let body = format!("DELETE FROM {} RETURNING {column}", table.name);
                (body, vec![(column, ty)])
            }
            false => self.select(1, None),
        };
        self.common.push(Item {
            alias: name.clone(),
            columns,
        });
        let main = match self.dice.below(4) {
            0 => self.insert(),
            1 => self.update(),
            _ => self.select(2, None).0,
        };
        format!("WITH {name} AS ({body}) {main}")
    }

    /// A table or a view; now and then only one that can be written.
    fn table(&mut self) -> Table {
        let all: Vec<&Table> = match self.dice.percent(90) {
            true => self.world.tables.iter().filter(|it| !it.is_view).collect(),
            false => Vec::new(),
        };
        match all.is_empty() {
            true => self.dice.one_of(&self.world.tables).clone(),
            false => (*self.dice.one_of(&all)).clone(),
        }
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("x{}", self.aliases)
    }

    fn item(&mut self, depth: usize, outer: &[Item]) -> (String, Item) {
        let kind = self.dice.below(20);
        if kind < 3 && depth > 0 {
            let lateral = self.dice.percent(40) && !outer.is_empty();
            let alias = self.alias();
            let (text, columns) = match lateral {
                true => {
                    let ty = *self.dice.one_of(&TYPES);
                    let value = self.expression(ty, outer, 1);
                    (format!("SELECT {value} AS v"), vec![("v".to_owned(), ty)])
                }
                false => self.select(depth - 1, None),
            };
            let word = if lateral { "LATERAL " } else { "" };
            let item = Item {
                alias: alias.clone(),
                columns,
            };
            return (format!("{word}({text}) {alias}"), item);
        }
        if kind < 5 && !self.common.is_empty() {
            let at = self.dice.below(self.common.len());
            let item = self.common[at].clone();
            return (item.alias.clone(), item);
        }
        if kind == 5 {
            let alias = self.alias();
            let (text, ty) = [
                ("generate_series(1, 3)", Ty::Int),
                ("unnest(ARRAY['a', 'b'])", Ty::Text),
                ("jsonb_array_elements('[]'::jsonb)", Ty::Json),
            ][self.dice.below(3)];
            let item = Item {
                alias: alias.clone(),
                columns: vec![("v".to_owned(), ty)],
            };
            return (format!("{text} AS {alias}(v)"), item);
        }
        let table = self.dice.one_of(&self.world.tables).clone();
        let (text, alias) = match self.dice.percent(75) {
            true => {
                let alias = self.alias();
                (format!("{} {alias}", table.name), alias)
            }
            false => (table.name.clone(), table.name),
        };
        let item = Item {
            alias,
            columns: table.columns,
        };
        (text, item)
    }

    fn from(&mut self, depth: usize) -> (String, Vec<Item>) {
        let (mut text, first) = self.item(depth, &[]);
        let mut items = vec![first];
        while items.len() < 3 && self.dice.percent(35) {
            let (right, item) = self.item(depth, &items);
            let word = ["JOIN", "LEFT JOIN", "CROSS JOIN", ","][self.dice.below(4)];
            let shared: Vec<String> = items[0]
                .columns
                .iter()
                .filter(|(name, _)| item.columns.iter().any(|(other, _)| other == name))
                .map(|(name, _)| name.clone())
                .collect();
            items.push(item);
            match word {
                "CROSS JOIN" | "," => {
                    let _ = write!(text, " {word} {right}");
                }
                _ if !shared.is_empty() && self.dice.percent(15) => {
                    let column = self.dice.one_of(&shared).clone();
                    let _ = write!(text, " {word} {right} USING ({column})");
                }
                _ if self.dice.percent(4) => {
                    let _ = write!(text, " NATURAL {word} {right}");
                }
                _ => {
                    let last = &items[items.len() - 2..].to_vec();
                    let condition = match self.dice.percent(70) {
                        true => self.comparison(last, 1),
                        false => self.expression(Ty::Bool, last, 1),
                    };
                    let _ = write!(text, " {word} {right} ON {condition}");
                }
            }
        }
        (text, items)
    }

    /// A `SELECT`, with columns of the wanted types where that is asked for, and its columns.
    fn select(&mut self, depth: usize, wanted: Option<&[Ty]>) -> (String, Vec<(String, Ty)>) {
        let (from, items) = self.from(depth);
        if wanted.is_none() && self.dice.percent(18) {
            return self.grouped(&from, &items);
        }
        let mut columns: Vec<(String, Ty)> = Vec::new();
        let mut list = Vec::new();
        match wanted {
            None if self.dice.percent(20) => {
                list.push("*".to_owned());
                columns.extend(items.iter().flat_map(|it| it.columns.clone()));
            }
            None if self.dice.percent(15) => {
                let item = self.dice.one_of(&items);
                list.push(format!("{}.*", item.alias));
                columns.extend(item.columns.clone());
            }
            _ => {
                let types: Vec<Ty> = match wanted {
                    Some(types) => types.to_vec(),
                    None => (0..1 + self.dice.below(3))
                        .map(|_| *self.dice.one_of(&TYPES))
                        .collect(),
                };
                for (at, ty) in types.into_iter().enumerate() {
                    let value = self.expression(ty, &items, 2);
                    list.push(format!("{value} AS r{at}"));
                    columns.push((format!("r{at}"), ty));
                }
            }
        }
        let distinct = if self.dice.percent(8) {
            "DISTINCT "
        } else {
            ""
        };
        let mut text = format!("SELECT {distinct}{} FROM {from}", list.join(", "));
        if self.dice.percent(60) {
            let condition = self.expression(Ty::Bool, &items, 2);
            let _ = write!(text, " WHERE {condition}");
        }
        if self.dice.percent(25) {
            let ty = *self.dice.one_of(&TYPES);
            let by = match self.dice.below(4) {
                0 => "1".to_owned(),
                1 => "r0".to_owned(),
                _ => self.expression(ty, &items, 1),
            };
            let _ = write!(text, " ORDER BY {by}{}", ["", " DESC"][self.dice.below(2)]);
        }
        if self.dice.percent(15) {
            let count = self.expression(Ty::Int, &[], 0);
            let _ = write!(text, " LIMIT {count}");
        }
        if self.dice.percent(4) {
            text.push_str(" FOR UPDATE");
        }
        (text, columns)
    }

    fn grouped(&mut self, from: &str, items: &[Item]) -> (String, Vec<(String, Ty)>) {
        let item = self.dice.one_of(items).clone();
        let Some((column, ty)) = item.columns.first().cloned() else {
            return (
                "SELECT 1 AS r0".to_owned(),
                vec![("r0".to_owned(), Ty::Int)],
            );
        };
        let key = format!("{}.{column}", item.alias);
        let mut list = vec![format!("{key} AS k")];
        let mut columns = vec![("k".to_owned(), ty)];
        let argument_ty = *self.dice.one_of(&TYPES);
        let argument = self.expression(argument_ty, items, 1);
        let (aggregate, result) = match self.dice.below(8) {
            0 => ("count(*)".to_owned(), Ty::Big),
            1 => (format!("count({argument})"), Ty::Big),
            2 => (format!("max({argument})"), argument_ty),
            3 => (format!("array_agg({argument})"), Ty::Texts),
            4 => {
                let number = self.expression(Ty::Int, items, 1);
                (format!("sum({number})"), Ty::Big)
            }
            5 => {
                let text = self.expression(Ty::Text, items, 1);
                (format!("string_agg({text}, ',')"), Ty::Text)
            }
            6 => {
                let condition = self.expression(Ty::Bool, items, 1);
                (format!("count(*) FILTER (WHERE {condition})"), Ty::Big)
            }
            _ => (format!("min({argument})"), argument_ty),
        };
        list.push(format!("{aggregate} AS g"));
        columns.push(("g".to_owned(), result));
        // What hangs on the key, if it is one.
        if self.dice.percent(30)
            && let Some((other, ty)) = item.columns.last().cloned()
        {
            list.push(format!("{}.{other} AS d", item.alias));
            columns.push(("d".to_owned(), ty));
        }
        let mut text = format!("SELECT {} FROM {from} GROUP BY {key}", list.join(", "));
        if self.dice.percent(20) {
            text.push_str(" HAVING count(*) > 1");
        }
        if self.dice.percent(20) {
            text.push_str([" ORDER BY k", " ORDER BY count(*)", " ORDER BY g"][self.dice.below(3)]);
        }
        (text, columns)
    }

    fn insert(&mut self) -> String {
        let table = self.table();
        let kept: Vec<(String, Ty)> = {
            let dice = &mut self.dice;
            table
                .columns
                .iter()
                .filter(|_| dice.percent(70))
                .cloned()
                .collect()
        };
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<String> = kept
            .iter()
            .map(|(_, ty)| match self.dice.percent(8) {
                true => "DEFAULT".to_owned(),
                false => self.expression(*ty, &[], 1),
            })
            .collect();
        let mut text = match self.dice.below(8) {
            _ if kept.is_empty() => format!("INSERT INTO {} DEFAULT VALUES", table.name),
            0 => {
                let all: Vec<String> = table
                    .columns
                    .iter()
                    .map(|(_, ty)| self.expression(*ty, &[], 1))
                    .collect();
                format!("INSERT INTO {} VALUES ({})", table.name, all.join(", "))
            }
            1 => {
                let types: Vec<Ty> = kept.iter().map(|(_, ty)| *ty).collect();
                let (select, _) = self.select(1, Some(&types));
                format!("INSERT INTO {} ({}) {select}", table.name, names.join(", "))
            }
            2 => format!(
                "INSERT INTO {} ({}) VALUES ({}), ({})",
                table.name,
                names.join(", "),
                values.join(", "),
                values.join(", ")
            ),
            _ => format!(
                "INSERT INTO {} ({}) VALUES ({})",
                table.name,
                names.join(", "),
                values.join(", ")
            ),
        };
        if self.dice.percent(40) {
            let key = match self.dice.percent(85) && !table.keys.is_empty() {
                true => self.dice.one_of(&table.keys).join(", "),
                false => self.dice.one_of(&table.columns).0.clone(),
            };
            let action = match self.dice.below(3) {
                0 => "DO NOTHING".to_owned(),
                _ => {
                    let (column, ty) = self.dice.one_of(&table.columns).clone();
                    let value = match self.dice.percent(60) {
                        true => format!("excluded.{column}"),
                        false => self.expression(ty, &[], 1),
                    };
                    format!("DO UPDATE SET {column} = {value}")
                }
            };
            let _ = match self.dice.below(8) {
                0 => write!(text, " ON CONFLICT DO NOTHING"),
                1 => write!(
                    text,
                    " ON CONFLICT ON CONSTRAINT {}_pkey {action}",
                    table.name
                ),
                _ => write!(text, " ON CONFLICT ({key}) {action}"),
            };
        }
        self.returning(&mut text, &table.name.clone(), &table.columns);
        text
    }

    fn returning(&mut self, text: &mut String, alias: &str, columns: &[(String, Ty)]) {
        if !self.dice.percent(30) {
            return;
        }
        if self.dice.percent(50) {
            text.push_str(" RETURNING *");
            return;
        }
        let item = Item {
            alias: alias.to_owned(),
            columns: columns.to_vec(),
        };
        let ty = *self.dice.one_of(&TYPES);
        let value = self.expression(ty, &[item], 1);
        let _ = write!(text, " RETURNING {value} AS r0");
    }

    fn update(&mut self) -> String {
        let table = self.table();
        let mut items = vec![Item {
            alias: table.name.clone(),
            columns: table.columns.clone(),
        }];
        let mut text = format!("UPDATE {} SET ", table.name);
        let from = match self.dice.percent(25) {
            true => {
                let (from, item) = self.item(1, &[]);
                items.push(item);
                format!(" FROM {from}")
            }
            false => String::new(),
        };
        for at in 0..1 + self.dice.below(2) {
            let (column, ty) = self.dice.one_of(&table.columns).clone();
            let value = match self.dice.percent(6) {
                true => "DEFAULT".to_owned(),
                false => self.expression(ty, &items, 2),
            };
            let comma = if at > 0 { ", " } else { "" };
            let _ = write!(text, "{comma}{column} = {value}");
        }
        text.push_str(&from);
        if self.dice.percent(80) {
            let condition = self.expression(Ty::Bool, &items, 2);
            let _ = write!(text, " WHERE {condition}");
        }
        self.returning(&mut text, &table.name, &table.columns);
        text
    }

    fn delete(&mut self) -> String {
        let table = self.table();
        let mut items = vec![Item {
            alias: table.name.clone(),
            columns: table.columns.clone(),
        }];
        let mut text = format!("DELETE FROM {}", table.name);
        if self.dice.percent(30) {
            let (using, item) = self.item(1, &[]);
            items.push(item);
            let _ = write!(text, " USING {using}");
        }
        let condition = self.expression(Ty::Bool, &items, 2);
        let _ = write!(text, " WHERE {condition}");
        self.returning(&mut text, &table.name, &table.columns);
        text
    }

    fn column(&mut self, ty: Ty, items: &[Item]) -> Option<String> {
        let fitting: Vec<String> = items
            .iter()
            .flat_map(|item| {
                let fits = item.columns.iter().filter(move |(_, found)| *found == ty);
                fits.map(move |(name, _)| format!("{}.{name}", item.alias))
            })
            .collect();
        if fitting.is_empty() {
            return None;
        }
        let found = self.dice.one_of(&fitting).clone();
        Some(match self.dice.percent(25) {
            true => found.rsplit('.').next().unwrap_or_default().to_owned(),
            false => found,
        })
    }

    fn comparison(&mut self, items: &[Item], depth: usize) -> String {
        let ty = *self.dice.one_of(&TYPES);
        let left = self.expression(ty, items, depth);
        let right = self.expression(ty, items, depth);
        let operator = ["=", "=", "<>", "<", ">=", "IS DISTINCT FROM"][self.dice.below(6)];
        format!("({left} {operator} {right})")
    }

    /// An expression that should be of a type.
    fn expression(&mut self, wanted: Ty, items: &[Item], depth: usize) -> String {
        let ty = match self.dice.percent(4) {
            true => *self.dice.one_of(&TYPES),
            false => wanted,
        };
        if self.dice.percent(1) {
            return (*self.dice.one_of(&NAMES)).to_owned();
        }
        if depth == 0 || self.dice.percent(55) {
            if self.dice.percent(75)
                && let Some(column) = self.column(ty, items)
            {
                return column;
            }
            return match self.dice.below(5) {
                0 | 1 => {
                    self.parameters += 1;
                    format!("${}", self.parameters)
                }
                2 => {
                    self.parameters += 1;
                    format!("${}::{}", self.parameters, ty.name())
                }
                _ => ty.literal(&mut self.dice),
            };
        }
        let depth = depth - 1;
        match self.dice.below(12) {
            0 => {
                let first = self.expression(ty, items, depth);
                let second = self.expression(ty, items, depth);
                return format!("coalesce({first}, {second})");
            }
            1 => {
                let condition = self.expression(Ty::Bool, items, depth);
                let first = self.expression(ty, items, depth);
                let second = self.expression(ty, items, depth);
                return format!("CASE WHEN {condition} THEN {first} ELSE {second} END");
            }
            2 => {
                let other = *self.dice.one_of(&TYPES);
                let value = self.expression(other, items, depth);
                return match self.dice.percent(50) {
                    true => format!("CAST({value} AS {})", ty.name()),
                    false => format!("({value})::{}", ty.name()),
                };
            }
            3 if depth > 0 => {
                let (select, _) = self.select(0, Some(&[ty]));
                return format!("({select})");
            }
            _ => {}
        }
        self.operation(ty, items, depth)
    }

    /// A call or an operator that gives the type.
    fn operation(&mut self, ty: Ty, items: &[Item], depth: usize) -> String {
        let kind = self.dice.below(9);
        let any = *self.dice.one_of(&TYPES);
        let mut of = |ty: Ty| self.expression(ty, items, depth);
        match (ty, kind) {
            (Ty::Bool, 0) => {
                let value = of(any);
                format!("({value} IS NOT NULL)")
            }
            (Ty::Bool, 1) => format!("({} AND {})", of(Ty::Bool), of(Ty::Bool)),
            (Ty::Bool, 2) => format!("({} IN ({}, {}))", of(any), of(any), of(any)),
            (Ty::Bool, 3) => format!("({} BETWEEN {} AND {})", of(any), of(any), of(any)),
            (Ty::Bool, 4) => format!("({} LIKE {})", of(Ty::Text), of(Ty::Text)),
            (Ty::Bool, 5) => format!("({} = ANY({}))", of(Ty::Text), of(Ty::Texts)),
            (Ty::Bool, 6) => format!("({} @> {})", of(Ty::Json), of(Ty::Json)),
            (Ty::Bool, 7) if depth > 0 => {
                let (select, _) = self.select(0, None);
                format!("EXISTS ({select})")
            }
            (Ty::Bool, _) => self.comparison(items, depth),
            (Ty::Int, 0) => format!("length({})", of(Ty::Text)),
            (Ty::Int, 1) => format!("array_length({}, 1)", of(Ty::Ints)),
            (Ty::Int, 2) => format!("({} - {})", of(Ty::Date), of(Ty::Date)),
            (Ty::Int, 3) => format!("abs({})", of(Ty::Int)),
            (Ty::Int, 4) => format!("extract(year FROM {})::int", of(Ty::Time)),
            (Ty::Int | Ty::Big | Ty::Num | Ty::Float, _) => {
                let operator = ["+", "-", "*"][kind % 3];
                let left = of(ty);
                let right = of(ty);
                format!("({left} {operator} {right})")
            }
            (Ty::Text | Ty::Varchar, 0) => format!("lower({})", of(ty)),
            (Ty::Text | Ty::Varchar, 1) => format!("({} ->> 'k')", of(Ty::Json)),
            (Ty::Text | Ty::Varchar, 2) => format!("concat({}, {})", of(any), of(Ty::Text)),
            (Ty::Text | Ty::Varchar, 3) => format!("left({}, {})", of(Ty::Text), of(Ty::Int)),
            (Ty::Text | Ty::Varchar, 4) => format!("to_char({}, 'YYYY')", of(Ty::Time)),
            (Ty::Text | Ty::Varchar, 5) => format!("array_to_string({}, ',')", of(Ty::Texts)),
            (Ty::Text | Ty::Varchar, 6) => {
                format!("replace({}, 'a', {})", of(Ty::Text), of(Ty::Text))
            }
            (Ty::Text | Ty::Varchar, 7) => format!("({})[1]", of(Ty::Texts)),
            (Ty::Text | Ty::Varchar, _) => format!("({} || {})", of(Ty::Text), of(any)),
            (Ty::Time, 0 | 1) => "now()".to_owned(),
            (Ty::Time, 2 | 3) => format!("date_trunc('day', {})", of(Ty::Time)),
            (Ty::Time, _) => format!("({} + interval '1 day')", of(Ty::Time)),
            (Ty::Date, 0..=3) => "current_date".to_owned(),
            (Ty::Date, 4) => format!("({} + {})", of(Ty::Date), of(Ty::Int)),
            (Ty::Date, _) => format!("{}::date", of(Ty::Time)),
            (Ty::Uuid, _) => "gen_random_uuid()".to_owned(),
            (Ty::Json, 0..=2) => format!("jsonb_build_object('k', {})", of(any)),
            (Ty::Json, 3 | 4) => format!("to_jsonb({})", of(any)),
            (Ty::Json, 5) => format!("({} || {})", of(Ty::Json), of(Ty::Json)),
            (Ty::Json, _) => format!("({} -> 'k')", of(Ty::Json)),
            (Ty::Texts, 0..=4) => format!("ARRAY[{}, {}]", of(Ty::Text), of(Ty::Text)),
            (Ty::Texts, 5 | 6) => format!("string_to_array({}, ',')", of(Ty::Text)),
            (Ty::Texts, _) => format!("array_append({}, {})", of(Ty::Texts), of(Ty::Text)),
            (Ty::Ints, 0..=4) => format!("ARRAY[{}, {}]", of(Ty::Int), of(Ty::Int)),
            (Ty::Ints, _) => format!("({} || {})", of(Ty::Ints), of(Ty::Int)),
            (Ty::Mood, _) => format!("{}::mood", of(Ty::Text)),
        }
    }
}

/// The query with its parameters numbered as they come: what was thrown away leaves no gap.
fn renumbered(query: &str) -> String {
    let mut parts = query.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        let rest = part.trim_start_matches(|it: char| it.is_ascii_digit());
        let _ = write!(out, "${}{rest}", at + 1);
    }
    out
}

/// How many queries each world is asked.
const QUERIES: usize = 60;

/// What came of one world.
#[derive(Default)]
struct Outcome {
    answers: usize,
    refused: usize,
    unknown: usize,
    reasons: Vec<String>,
    wrong: Vec<String>,
}

fn judge(seed: u64, database: &Database) -> Outcome {
    let mut dice = Dice(seed);
    let (world, before) = schema(&mut dice);
    let (after_world, changes) = migration(&mut dice, &world);
    let queries: Vec<String> = (0..QUERIES)
        .map(|at| {
            let mut writer = Writer {
                dice: Dice(dice.next()),
                // The old release's, and the new one's.
                world: if at % 3 < 2 { &world } else { &after_world },
                parameters: 0,
                aliases: 0,
                common: Vec::new(),
            };
            renumbered(&writer.query())
        })
        .collect();
    // The server says which statements of the schema it takes.
    let mut script = RESET.to_owned();
    script.push_str("\\set ON_ERROR_STOP 0\n");
    for (state, statements) in [(0, &before), (1, &changes)] {
        for (number, statement) in statements.iter().enumerate() {
            let _ = writeln!(
                script,
                "{statement};\n\\echo taken {state} {number} :SQLSTATE"
            );
        }
        script.push_str(
            "\\connect -\nSET client_min_messages = error;\n\
             SET plan_cache_mode = force_generic_plan;\n",
        );
        for (number, query) in queries.iter().enumerate() {
            ask(&mut script, state, number, query, false);
        }
        script.push_str("\\connect -\nSET client_min_messages = error;\n");
    }
    let said = database.run(&script).expect("psql goes to the end");
    let mut answers = [vec![Ok(()); QUERIES], vec![Ok(()); QUERIES]];
    read_answers(&said, &mut answers);
    let taken = |state: usize, statements: &[String]| -> String {
        let is_taken = |number: usize| {
            let line = format!("taken {state} {number} 00000");
            said.lines().any(|it| it == line)
        };
        let all = statements.iter().enumerate();
        let kept = all.filter(|(number, _)| is_taken(*number));
        kept.map(|(_, text)| format!("{text};\n")).collect()
    };
    let texts = [taken(0, &before), taken(1, &changes)];
    let planned: Vec<Planned> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| Planned {
            identity: format!("part {number}").into(),
            script: Some(std::sync::Arc::new(sql::read(text, Dialect::Postgres))),
            batches: Vec::new(),
            transaction: TransactionScope::None,
            unit: Unit::Statement,
            run: number,
        })
        .collect();
    let timeline = replay(&planned, Dialect::Postgres);
    let mut out = Outcome::default();
    for (state, said) in answers.iter().enumerate() {
        let catalog = timeline.catalog(timeline.ends[state]);
        for (query, server) in queries.iter().zip(said) {
            out.answers += 1;
            out.refused += usize::from(server.is_err());
            let ours = ours(query, catalog);
            let is_right = match (&ours, server) {
                (Err(reason), _) => {
                    out.unknown += 1;
                    out.reasons
                        .push(format!("{reason}\n    {query}\n    server {server:?}"));
                    true
                }
                (Ok(Ok(())), Ok(())) => true,
                // The planner works out what hangs on constants alone.
                (Ok(Ok(())), Err((code, Stage::Plan))) if code.starts_with("22") => true,
                // Of dates and times only the plainest are read.
                (Ok(_), Err((code, _))) if code == "22007" => true,
                // The server's own fault.
                (Ok(_), Err((code, _))) if code == "XX000" => true,
                (Ok(Err(ours)), Err(theirs)) => ours.0 == theirs.0,
                (Ok(_), _) => false,
            };
            if !is_right {
                out.wrong.push(format!(
                    "seed {seed}, {}:\n{}-- migration\n{}-- query\n{query}\n  ours {ours:?}\n  server {server:?}",
                    ["before", "after"][state],
                    texts[0],
                    texts[1]
                ));
            }
        }
    }
    out
}

fn ours(query: &str, catalog: &Catalog) -> Result<Answer, String> {
    let settings = Settings {
        search_path: vec![Ident::new("public")],
        major: 15,
    };
    let read = Query::read(query).map_err(|reason| format!("not read: {reason}"))?;
    let bound = bind(&read, catalog, &settings);
    let failures = bound.failures.iter();
    let failure = failures
        .filter(|it| it.certain && it.stage != Stage::Execute)
        .min_by_key(|it| it.stage);
    match failure {
        Some(failure) => Ok(Err((failure.code.to_owned(), failure.stage))),
        None if !bound.unknowns.is_empty() => Err(bound.unknowns[0].reason.clone()),
        None => Ok(Ok(())),
    }
}

#[test]
fn random_queries_are_answered_as_the_server_does() {
    let setting = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let seconds = setting("MIGCHECK_RANDOM_SECONDS");
    let first = setting("MIGCHECK_RANDOM_SEED").unwrap_or(1);
    // Without a time of its own, as many worlds as ten seconds are enough for on a slow machine.
    let worlds = seconds.map_or(40, |_| u64::MAX - first);
    let limit = Duration::from_secs(seconds.unwrap_or(12));
    let Some(database) = database() else { return };
    let start = Instant::now();
    let mut sum = Outcome::default();
    let mut asked = 0;
    for seed in first..first + worlds {
        if start.elapsed() > limit {
            break;
        }
        let outcome = judge(seed, &database);
        asked += 1;
        sum.answers += outcome.answers;
        sum.refused += outcome.refused;
        sum.unknown += outcome.unknown;
        sum.reasons.extend(outcome.reasons);
        sum.wrong.extend(outcome.wrong);
    }
    if std::env::var_os("MIGCHECK_RANDOM_UNKNOWN").is_some() {
        println!("{}", sum.reasons.join("\n"));
    }
    println!(
        "{asked} schemas, {} answers, {} refused by the server, {} unknown, {} wrong, {:?}",
        sum.answers,
        sum.refused,
        sum.unknown,
        sum.wrong.len(),
        start.elapsed()
    );
    assert!(sum.wrong.is_empty(), "{}", sum.wrong.join("\n\n"));
    // Honest, but of no use.
    assert!(sum.unknown * 50 <= sum.answers, "{} unknown", sum.unknown);
}
