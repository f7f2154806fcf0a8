//! Says which SQL migrations break old or new code while both run side by side.

pub mod analysis;
pub mod bind;
pub mod discover;
pub mod error;
pub mod history;
pub mod rules;
pub mod schema;
pub mod source;
pub mod sql;
