//! Simulated channel providers: a submission comes in, timed reports come out.
//!
//! A provider knows nothing of flows or plans; it speaks the engine's words from the other side.

mod capacity;
mod fortune;
mod outage;
mod resolve;
mod simulated;
mod spec;
mod tables;

pub use capacity::{Admission, Queue, QueueEvent};
pub use fortune::{Fates, Fortune, Use, Who};
pub use outage::{Calendar, RandomWindows, Windows};
pub use simulated::{Fate, Provider, Report, Terms};
pub use spec::{Capacity, Effect, Order, Outage, Outcome, Price, ProviderSpec, Seen, When};
