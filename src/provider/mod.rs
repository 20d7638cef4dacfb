//! Simulated channel providers.

mod spec;

pub use spec::{Effect, Outage, Outcome, Price, ProviderSpec, Seen};
