//! The version graph, and the replay of migrations into a timeline of visible states.
//!
//! Input: migrations in the tool's order with their statements. Output: a [`Timeline`] of the
//! catalog after every operation, with the commit points at which other connections see it.

pub mod graph;
pub mod replay;

pub use graph::{VersionGraph, Way};
pub use replay::{
    Batch, Planned, RowsChange, Step, Timeline, replay, replay_from_schema, replay_on,
};
