//! A second column that holds the same as the first one, whichever of them is written.

use crate::schema::catalog::{Catalog, Column, Table};
use crate::schema::name::{Ident, QualifiedName};
use crate::schema::op::IndexKey;

use super::{quoted, quoted_of};

/// A copy of a column beside it.
pub(super) struct Copy<'a> {
    pub(super) name: &'a QualifiedName,
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
    /// The copy's name.
    pub(super) copy: Ident,
    /// The copy's type, as SQL.
    pub(super) data_type: String,
    /// How the values are converted, where the server does not do it by itself: an expression over
    /// the column.
    pub(super) using: Option<String>,
}

impl Copy<'_> {
    /// The name of the trigger and its function.
    fn trigger(&self) -> Ident {
        let text = format!(
            "{}_sync_{}_{}",
            self.name.name.as_str(),
            self.column.name.as_str(),
            self.copy.as_str()
        );
        // The server cuts names at 63 bytes.
        let end = (0..=text.len().min(60))
            .rev()
            .find(|end| text.is_char_boundary(*end));
        Ident::new(&text[..end.unwrap_or(0)])
    }

    fn function(&self) -> QualifiedName {
        QualifiedName::new(self.name.schema.clone(), self.trigger())
    }

    /// Makes the copy, fills it, and keeps the two the same from then on.
    pub(super) fn make(&self) -> Vec<String> {
        let (table, copy) = (quoted_of(self.name), quoted(&self.copy));
        let collation = match &self.column.collation {
            Some(collation) => format!(" COLLATE {collation}"),
            None => String::new(),
        };
        if let Some(expression) = &self.column.generated {
            // The server computes it: there is nothing to keep the same.
            return vec![format!(
                "ALTER TABLE {table} ADD COLUMN {copy} {}{collation} GENERATED ALWAYS AS ({}) STORED",
                self.data_type, expression.text
            )];
        }
        let value = match &self.using {
            Some(using) => using.clone(),
            None => quoted(&self.column.name),
        };
        // Filled before the trigger is there, which would write the copy back.
        let mut out = vec![
            format!(
                "ALTER TABLE {table} ADD COLUMN {copy} {}{collation}",
                self.data_type
            ),
            format!("UPDATE {table} SET {copy} = {value}"),
            self.sync(self.using.as_deref()),
            format!(
                "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {table}\n  FOR EACH ROW EXECUTE FUNCTION \
                 {}()",
                quoted(&self.trigger()),
                quoted_of(&self.function())
            ),
        ];
        if self.column.not_null {
            out.push(format!(
                "ALTER TABLE {table} ALTER COLUMN {copy} SET NOT NULL"
            ));
        }
        out.extend(self.keys());
        out
    }

    /// The function of the trigger; `using` converts from the column to the copy.
    pub(super) fn sync(&self, using: Option<&str>) -> String {
        let (column, copy) = (quoted(&self.column.name), quoted(&self.copy));
        let value = match using {
            Some(using) => prefixed(using, &column),
            None => format!("NEW.{column}"),
        };
        format!(
            "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  \
             IF TG_OP = 'INSERT' THEN\n    IF NEW.{copy} IS NULL THEN\n      NEW.{copy} := {value};\n    \
             ELSE\n      NEW.{column} := NEW.{copy};\n    END IF;\n  ELSIF NEW.{copy} IS DISTINCT FROM \
             OLD.{copy} THEN\n    NEW.{column} := NEW.{copy};\n  ELSIF NEW.{column} IS DISTINCT FROM \
             OLD.{column} THEN\n    NEW.{copy} := {value};\n  END IF;\n  RETURN NEW;\nEND $$",
            quoted_of(&self.function())
        )
    }

    /// Unique keys over the copy, so that upserts find one.
    fn keys(&self) -> Vec<String> {
        let column = &self.column.name;
        // A key of a partitioned table holds the columns that it is partitioned by.
        if self.table.partition_by.is_some() {
            return Vec::new();
        }
        let plain = self.table.indexes.iter().filter(|index| {
            index
                .plain_unique_columns()
                .is_some_and(|columns| columns.contains(&column))
        });
        plain
            .map(|index| {
                let keys: Vec<String> = index
                    .keys
                    .iter()
                    .map(|key| match key {
                        IndexKey::Column(name) if name == column => quoted(&self.copy),
                        IndexKey::Column(name) => quoted(name),
                        IndexKey::Expression(expression) => format!("({})", expression.text),
                    })
                    .collect();
                format!(
                    "CREATE UNIQUE INDEX ON {} ({})",
                    quoted_of(self.name),
                    keys.join(", ")
                )
            })
            .collect()
    }

    /// Ends keeping the two the same.
    pub(super) fn end(&self) -> Vec<String> {
        if self.column.generated.is_some() {
            return Vec::new();
        }
        vec![
            format!(
                "DROP TRIGGER {} ON {}",
                quoted(&self.trigger()),
                quoted_of(self.name)
            ),
            format!("DROP FUNCTION {}()", quoted_of(&self.function())),
        ]
    }
}

/// A name for a copy that the table does not have.
pub(super) fn free_name(catalogs: [&Catalog; 2], table: &QualifiedName, column: &Ident) -> Ident {
    let is_taken = |name: &Ident| {
        catalogs.iter().any(|catalog| {
            let table = catalog.table(table);
            table.is_some_and(|table| table.column(name).is_some())
        })
    };
    (1..)
        .map(|number| match number {
            1 => Ident::new(&format!("{}_new", column.as_str())),
            number => Ident::new(&format!("{}_new{number}", column.as_str())),
        })
        .find(|name| !is_taken(name))
        .expect("a table has a finite number of columns")
}

/// An expression over a column as one over the row of a trigger.
fn prefixed(expression: &str, written: &str) -> String {
    let mut out = String::new();
    let mut rest = expression;
    let is_part = |it: char| it.is_alphanumeric() || it == '_' || it == '"';
    while let Some(at) = rest.find(written) {
        let (before, from) = rest.split_at(at);
        let after = &from[written.len()..];
        let is_word = !out.ends_with(is_part) || !before.is_empty();
        let is_word = is_word && !before.ends_with(is_part) && !after.starts_with(is_part);
        let is_quoted = before.matches('\'').count() % 2 == 1;
        out.push_str(before);
        if is_word && !before.ends_with('.') && !is_quoted {
            out.push_str("NEW.");
        }
        out.push_str(written);
        rest = after;
    }
    out.push_str(rest);
    out
}
