//! The schema as pure data: names, types, operations, the catalog, applying and comparing.
//!
//! Nothing here reads a file, knows a parser or has an opinion. Operations come in from
//! [`crate::sql`]; catalogs go out to [`crate::history`] and [`crate::analysis`].

pub mod apply;
mod build;
pub mod catalog;
pub mod diff;
pub mod list;
pub mod name;
pub mod op;
pub mod session;
pub mod types;
