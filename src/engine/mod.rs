//! The failover engine: all decisions of a production failover service. It decides which provider is tried next, how to react to a
//! report, a timeout or a rejection, when a circuit opens, and when a delivery is over.
//!
//! It does no I/O, reads no clock and draws no random numbers, so the same code drives simulated and real providers.
//!
//! - [`Delivery`] is the interface for drivers: one recipient, with its plan, its routes and its unanswered permits.
//! - [`Flow`] is the small state machine inside it: steps, attempts, messages. The simulator drives it directly, with the same
//!   [`Routing`] and [`Breakers`].
//! - [`FlowPlan`] is the set of rules that both follow, validated on construction.

mod breaker;
mod delivery;
mod flow;
mod notice;
mod plan;
mod pool;

pub use breaker::{Breaker, BreakerError, BreakerRules, Breakers, CallResult, Permission, Permit};
pub use delivery::{Delivery, DeliveryState, Input, Output, StateError};
pub use flow::{Command, Flow, Submission};
pub use notice::{Notice, Observer, RetryAdvice, StepEnd, Strategy, TurnedDown};
pub use plan::{FlowPlan, LateDelivery, MAX_ATTEMPTS, PlanError, StepRules};
pub use pool::{Candidate, MAX_MEMBERS, Pool, Routing};
