//! Frameworks whose migrations are code: how each is recognised, and how to get SQL out of it.

/// A framework whose migrations are code.
pub(in crate::discover) struct CodeTool {
    /// Its name.
    pub(in crate::discover) name: &'static str,
    /// The file by which it is recognised; behind a `*`, what its name ends with.
    pub(in crate::discover) file: &'static str,
    /// What its migrations are written in, and how to get SQL.
    pub(in crate::discover) advice: &'static str,
}

/// Frameworks whose migrations are code, with the command that prints SQL.
pub(in crate::discover) const CODE: &[CodeTool] = &[
    CodeTool {
        name: "Alembic",
        file: "alembic.ini",
        advice: "its migrations are Python; `alembic upgrade A:B --sql | migcheck check -` judges the \
                 SQL that they make",
    },
    CodeTool {
        name: "Django",
        file: "manage.py",
        advice: "its migrations are Python; `python manage.py sqlmigrate APP NAME | migcheck check -` \
                 judges the SQL that one makes",
    },
    CodeTool {
        name: "Entity Framework",
        file: "*ModelSnapshot.cs",
        advice: "its migrations are C#; `dotnet ef migrations script A B | migcheck check -` judges \
                 the SQL that they make",
    },
    CodeTool {
        name: "Rails",
        file: "config/database.yml",
        advice: "its migrations are Ruby; `migcheck check - --schema-file db/structure.sql` judges the \
                 SQL that one sends, as its log has it",
    },
    CodeTool {
        name: "Ecto",
        file: "mix.exs",
        advice: "its migrations are Elixir; `mix ecto.migrate --log-migrations-sql` prints their SQL, \
                 and `migcheck check -` judges it",
    },
    CodeTool {
        name: "Knex",
        file: "knexfile.js",
        advice: "its migrations are JavaScript; record the statements that a run sends",
    },
    CodeTool {
        name: "Knex",
        file: "knexfile.ts",
        advice: "its migrations are TypeScript; record the statements that a run sends",
    },
    CodeTool {
        name: "TypeORM",
        file: "ormconfig.json",
        advice: "its migrations are TypeScript; record the statements that a run sends",
    },
];
