//! Facts: who breaks, between which states, with which server error, and when the code may be
//! switched. No opinion on how bad it is: that is [`crate::rules`] and [`crate::findings`].

mod circumstances;
pub mod compat;
mod condition;
pub mod presumed;
pub mod proof;
pub mod queries;
mod reach;
mod rows;
pub mod transaction;
pub mod verdict;
pub mod window;

pub use compat::{Access, Evidence, Harm, Pair, ServerError, Stage, Weight, harms};
pub(crate) use presumed::{Overload, parts_of};
pub use presumed::{Presumed, Retired};
pub use proof::{Mention, Unused};
pub use queries::{Code, KnownQuery, Standing, UnknownText, Usage};
pub use transaction::{InTransaction, in_transaction};
pub use verdict::{SwitchPoints, Truth, Verdict, verdict};
pub use window::{Break, HurtConsumers, Release, Role, Window, hurt_consumers};
