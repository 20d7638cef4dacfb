//! The failover engine: which channel is tried next, and when a flow is over.
//!
//! It does no I/O, reads no clock and draws no random number, so the same code drives simulated providers and real ones.

mod breaker;
mod flow;
mod notice;
mod plan;
mod pool;

pub use breaker::{Breaker, BreakerRules, Permit};
pub use flow::{Command, Flow, Submission};
pub use notice::{Notice, Observer, StepEnd, Strategy};
pub use plan::{FlowPlan, LateDelivery, MAX_ATTEMPTS, StepRules};
pub use pool::{MAX_MEMBERS, Pool};
