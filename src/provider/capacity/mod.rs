//! The effects of a provider's capacity limits on its attempts: when each departs, which are rejected, and which expire in the
//! queue.
//!
//! - `gate`: the throughput, the quota and the lines, which decide when the next attempt can depart.
//! - `bucket`: the throughput: a token bucket, with or without throttles.
//! - `quota`: how much is taken in each window of the calendar.
//! - `throttle`: when how much of the capacity is there.
//! - `queue`: the attempts that wait for the gate, and their order.
//! - `waiting`: the attempts in a queue in which a later arrival may depart earlier, with the times at which their patience ends.

mod bucket;
mod gate;
mod queue;
mod quota;
mod throttle;
mod waiting;

pub use queue::{Admission, Queue, QueueEvent};

/// Nothing departs later than this (µs), 142 years: a later departure means never.
const FAR: i64 = 1 << 52;
/// The number of throttle changes searched for a possible departure; after that the attempt never departs.
const MAX_CHANGES: usize = 100_000;
