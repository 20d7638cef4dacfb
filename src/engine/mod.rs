//! The failover engine: all that a production failover service decides. Which provider is tried next, what a report, a timer or a
//! rejection does, when a circuit opens, and when a delivery is over.
//!
//! It does no I/O, reads no clock and draws no random number, so the same code drives simulated providers and real ones.
//!
//! - [`Delivery`] is the driver's face: one recipient, with its plan, its routes and what its attempts still owe the breakers. Start here.
//! - [`Flow`] is the small state inside it: steps, attempts, messages. The simulator drives it directly, with the same [`Routing`] and
//!   [`Breakers`].
//! - [`FlowPlan`] is what both follow, checked when it is made.

mod breaker;
mod delivery;
mod flow;
mod notice;
mod plan;
mod pool;

pub use breaker::{Breaker, BreakerRules, Breakers, CallResult, Permission, Permit};
pub use delivery::{Delivery, DeliveryState, Input, Output, StateError};
pub use flow::{Command, Flow, Submission};
pub use notice::{Notice, Observer, StepEnd, Strategy, TurnedDown};
pub use plan::{FlowPlan, LateDelivery, MAX_ATTEMPTS, PlanError, StepRules};
pub use pool::{Candidate, MAX_MEMBERS, Pool, Routing};
