//! Simulated channel providers: a submission comes in, timed reports come out.
//!
//! A provider knows nothing of flows or plans; it speaks the engine's words from the other side.

mod fortune;
mod gate;
mod outage;
mod queue;
mod simulated;
mod spec;
mod tables;

pub use fortune::{Fates, Fortune, Use, Who};
pub use outage::{Calendar, RandomWindows, Windows};
pub use queue::{Admission, Queue};
pub use simulated::{Fate, Provider, Report, Terms};
pub use spec::{Capacity, Effect, Order, Outage, Outcome, Price, ProviderSpec, Seen, When};
