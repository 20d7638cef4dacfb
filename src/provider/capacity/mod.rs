//! The effects of a provider's capacity limits on its attempts: when each departs, which are rejected, and which expire in the
//! queue.
//!
//! - `gate`: the throughput and the lines, which decide when the next attempt can depart.
//! - `queue`: the attempts that wait for the gate, and their order.
//! - `waiting`: the attempts in a priority queue, with the times at which their patience ends.

mod gate;
mod queue;
mod waiting;

pub use queue::{Admission, Queue, QueueEvent};
