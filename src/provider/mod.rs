//! Simulated channel providers: they take submissions and return timed reports.
//!
//! A provider knows nothing of flows or plans; it shares only the statuses with the engine.

mod batch;
mod capacity;
mod outage;
mod reports;
mod resolve;
mod simulated;
mod spec;
mod tables;

pub use batch::{AttemptResults, DrawBatch, Use};
pub use capacity::{Admission, Queue, QueueEvent};
pub use outage::{Calendar, RandomWindows, Windows};
pub use reports::{AttemptResult, Report};
pub use simulated::{LostLink, PersistentOutcome, Provider, Rejection, SingleUse, Terms};
pub use spec::{
    Capacity, Counts, Discipline, Effect, Fees, Outage, OutcomeSpec, Price, ProviderSpec, QueueAt, Quota, Reports,
    Seen, When, WhenOff,
};
