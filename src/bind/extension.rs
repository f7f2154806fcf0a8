//! What an installed extension may bring, so that a name it could bring is unknown and not missing.

use super::Binder;
use crate::schema::name::Ident;

/// Extensions that bring functions alone, by what those are called; a name ends in `*` where the
/// rest is free.
const FUNCTIONS: [(&str, &[&str]); 12] = [
    ("plpgsql", &[]),
    (
        "pgcrypto",
        &[
            "armor",
            "crypt",
            "dearmor",
            "decrypt",
            "decrypt_iv",
            "digest",
            "encrypt",
            "encrypt_iv",
            "gen_random_bytes",
            "gen_random_uuid",
            "gen_salt",
            "hmac",
            "pgp_*",
            "fips_mode",
        ],
    ),
    ("uuid-ossp", &["uuid_*"]),
    ("unaccent", &["unaccent", "unaccent_*"]),
    (
        "pg_stat_statements",
        &["pg_stat_statements", "pg_stat_statements_*"],
    ),
    ("btree_gin", &["gin_*"]),
    ("btree_gist", &["gbt_*", "gbtree*", "*_dist"]),
    (
        "fuzzystrmatch",
        &[
            "levenshtein",
            "levenshtein_*",
            "soundex",
            "text_soundex",
            "difference",
            "metaphone",
            "dmetaphone",
            "dmetaphone_alt",
            "daitch_mokotoff",
        ],
    ),
    (
        "pg_trgm",
        &[
            "similarity",
            "similarity_*",
            "show_trgm",
            "show_limit",
            "set_limit",
            "word_similarity",
            "word_similarity_*",
            "strict_word_similarity",
            "strict_word_similarity_*",
            "gtrgm_*",
            "gin_*",
        ],
    ),
    ("tablefunc", &["normal_rand", "crosstab*", "connectby"]),
    (
        "intarray",
        &[
            "icount",
            "sort",
            "sort_asc",
            "sort_desc",
            "uniq",
            "idx",
            "subarray",
            "intset",
            "intset_*",
            "querytree",
            "boolop",
            "rboolop",
            "intarray_*",
            "_int_*",
            "g_int_*",
            "ginint4_*",
            "bqarr_*",
        ],
    ),
    (
        "citext",
        &[
            "citext",
            "citext_*",
            "citext*",
            "regexp_match",
            "regexp_matches",
            "regexp_replace",
            "regexp_split_to_array",
            "regexp_split_to_table",
            "replace",
            "split_part",
            "strpos",
            "translate",
            "texticlike",
            "texticnlike",
            "texticregexeq",
            "texticregexne",
            "max",
            "min",
        ],
    ),
];

/// Types that extensions bring; of an extension that is not listed anything is thought possible.
const TYPES: [(&str, &[&str]); 12] = [
    ("plpgsql", &[]),
    ("pgcrypto", &[]),
    ("uuid-ossp", &[]),
    ("unaccent", &[]),
    ("pg_stat_statements", &[]),
    ("btree_gin", &[]),
    ("btree_gist", &["gbtreekey*"]),
    ("fuzzystrmatch", &[]),
    ("pg_trgm", &["gtrgm"]),
    ("tablefunc", &["tablefunc_*"]),
    ("intarray", &["query_int", "intbig_gkey"]),
    ("citext", &["citext"]),
];

/// Relations that extensions bring.
const RELATIONS: [(&str, &[&str]); 12] = [
    ("plpgsql", &[]),
    ("pgcrypto", &[]),
    ("uuid-ossp", &[]),
    ("unaccent", &[]),
    (
        "pg_stat_statements",
        &["pg_stat_statements", "pg_stat_statements_info"],
    ),
    ("btree_gin", &[]),
    ("btree_gist", &[]),
    ("fuzzystrmatch", &[]),
    ("pg_trgm", &[]),
    ("tablefunc", &[]),
    ("intarray", &[]),
    ("citext", &[]),
];

/// Operators of the core that work on built-in types as they do without extensions.
const COMMON_OPERATORS: [&str; 24] = [
    "!~", "!~*", "!~~", "!~~*", "*", "+", "-", "->", "->>", "/", "<", "<=", "<>", "=", ">", ">=",
    "^", "||", "~", "~*", "~~", "~~*", "<<", ">>",
];

/// Extensions without operators on built-in types.
const WITHOUT_OPERATORS: [&str; 8] = [
    "plpgsql",
    "pgcrypto",
    "uuid-ossp",
    "unaccent",
    "pg_stat_statements",
    "btree_gin",
    "fuzzystrmatch",
    "tablefunc",
];

fn brings(list: &[(&str, &[&str])], extension: &Ident, name: &Ident) -> bool {
    match list.iter().find(|(known, _)| *known == extension.as_str()) {
        Some((_, names)) => names.iter().any(|pattern| fits(pattern, name.as_str())),
        None => true,
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(start), _) => name.starts_with(start),
        (None, Some(end)) => name.ends_with(end),
        (None, None) => pattern == name,
    }
}

impl Binder<'_> {
    /// Whether an installed extension could have made a function of that name.
    pub(super) fn extension_makes_function(&self, name: &Ident) -> bool {
        self.catalog
            .extensions()
            .any(|extension| brings(&FUNCTIONS, extension, name))
    }

    /// Whether an installed extension could have made a type of that name.
    pub(super) fn extension_makes_type(&self, name: &Ident) -> bool {
        self.catalog
            .extensions()
            .any(|extension| brings(&TYPES, extension, name))
    }

    /// Whether an installed extension could have made a relation of that name.
    pub(super) fn extension_makes_relation(&self, name: &Ident) -> bool {
        self.catalog
            .extensions()
            .any(|extension| brings(&RELATIONS, extension, name))
    }

    /// Whether an installed extension could have made an operator on built-in types.
    pub(super) fn extension_makes_operator(&self, operator: &str) -> bool {
        !COMMON_OPERATORS.contains(&operator)
            && self
                .catalog
                .extensions()
                .any(|extension| !WITHOUT_OPERATORS.contains(&extension.as_str()))
    }
}
