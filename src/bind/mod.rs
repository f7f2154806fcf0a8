//! What names and types in a query mean.
//!
//! So far it knows which built-in types can be assigned to which; queries are not bound yet.

pub mod types;
