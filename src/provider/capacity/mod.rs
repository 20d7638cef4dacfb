//! What a provider's limits do to the attempts that come to it: when each departs, which are rejected, which wait in vain.
//!
//! - `gate`: the throughput and the lines: when the next attempt can depart.
//! - `queue`: who waits before the gate, in which order.
//! - `waiting`: those who wait where priorities count, with the moments at which their patience ends.

mod gate;
mod queue;
mod waiting;

pub use queue::{Admission, Queue, QueueEvent};
