//! Simulated channel providers: a submission comes in, timed reports come out.
//!
//! A provider knows nothing of flows or plans; it speaks the engine's words from the other side.

mod fortune;
mod outage;
mod simulated;
mod spec;

pub use fortune::{Fates, Fortune};
pub use simulated::{Fate, Provider, Report, Terms};
pub use spec::{Effect, Outage, Outcome, Price, ProviderSpec, Seen};
