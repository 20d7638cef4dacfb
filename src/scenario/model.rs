//! A scenario that has been checked: it cannot hold nonsense, and nothing later checks it again.

use crate::engine::FlowPlan;
use crate::provider::ProviderSpec;
use crate::traffic::Traffic;
use crate::units::SimTime;

/// Everything a run is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// One line that says what it asks.
    pub title: String,
    /// The seed of all luck.
    pub seed: u64,
    /// The name of the money, such as `EUR`.
    pub currency: String,
    /// A delivery within this span of the recipient's arrival is in time.
    pub deadline: SimTime,
    /// Who arrives, and when.
    pub traffic: Traffic,
    /// The providers, in the order of the file. Not empty, names unique.
    pub providers: Vec<ProviderSpec>,
    /// The plans, in the order of the file. Not empty, names unique.
    pub plans: Vec<Plan>,
    /// What `failsim check` holds the plans to.
    pub checks: Vec<Check>,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
}

/// A plan: its rules for the engine, and who carries each step.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// The rules of the flow.
    pub flow: FlowPlan,
    /// One for each step of `flow`.
    pub carriers: Vec<Carrier>,
}

/// Who carries a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Carrier {
    /// The provider's index in [`Scenario::providers`].
    pub provider: usize,
    /// How long the provider itself keeps trying, from submission; [`SimTime::NEVER`] for no limit.
    pub validity: SimTime,
}

/// A bound that a measure of a plan is held to.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// The plan's index in [`Scenario::plans`].
    pub plan: usize,
    /// The name of the measure; one of [`METRICS`].
    pub metric: String,
    /// The bound.
    pub bound: Bound,
}

/// A bound, in the unit of the measure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bound {
    /// The measure must not be lower.
    AtLeast(f64),
    /// The measure must not be higher.
    AtMost(f64),
}

/// The measures that a check can name: where they stand in the results, and two short names for
/// the ones named so in the comparisons.
pub const METRICS: [&str; 19] = [
    "delivered",
    "in_time",
    "succeeded",
    "duplicates",
    "seen",
    "cost.total",
    "cost.per_recipient",
    "cost.per_delivered",
    "cost_per_recipient",
    "latency_s.mean",
    "latency_s.p50",
    "latency_s.p90",
    "latency_s.p95",
    "latency_s.p99",
    "latency_s.p999",
    "latency_s.max",
    "latency_p95_s",
    "failovers",
    "last_end_s",
];
