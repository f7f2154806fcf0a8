//! The JSON schema of `migcheck.toml`, for editors, and the reference: both made of the types that
//! are read.

/// The JSON schema of `migcheck.toml`.
pub fn config_schema() -> &'static str {
    include_str!("config.schema.json")
}
