//! The failover engine.

mod plan;

pub use plan::{FlowPlan, LateDelivery, MAX_ATTEMPTS, StepRules};
