//! Says which SQL migrations break old or new code while both run side by side.

pub mod discover;
pub mod error;
pub mod schema;
pub mod source;
pub mod sql;
