//! A scenario that has been checked: it cannot hold nonsense, and nothing later checks it again.

use super::diagnostic::Diagnostics;
use super::metric::Metric;
use super::tolerance::BaselineRules;
use crate::engine::{BreakerRules, FlowPlan};
use crate::provider::ProviderSpec;
use crate::traffic::Traffic;
use crate::units::Span;

/// Everything a run is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// One line that says what it asks.
    pub title: String,
    /// The seed of all luck.
    pub seed: u64,
    /// The name of the money, such as `EUR`.
    pub currency: String,
    /// How often it is played when nobody says otherwise; at least 1.
    pub replications: u32,
    /// A delivery within this span of the recipient's arrival is in time, unless the recipient's stream says otherwise.
    pub deadline: Span,
    /// Who arrives, and when. Not empty, names unique.
    pub streams: Vec<Stream>,
    /// The providers, in the order of the file. Not empty, names unique.
    pub providers: Vec<ProviderSpec>,
    /// For each provider, the circuit breaker before it, if there is one.
    pub breakers: Vec<Option<BreakerRules>>,
    /// The plans that are compared, in the order of the file. Not empty, names unique.
    pub plans: Vec<Plan>,
    /// What `failsim check` holds the plans to.
    pub checks: Vec<Check>,
    /// How it is held to other runs.
    pub baseline: BaselineRules,
    /// The plans of the file that were left out on purpose.
    pub left_out: Vec<Plan>,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
    /// What can be played and is likely not meant.
    pub warnings: Option<Diagnostics>,
}

impl Scenario {
    /// How many recipients there are, over all streams.
    #[must_use]
    pub fn recipients(&self) -> u64 {
        self.streams.iter().map(|stream| stream.traffic.recipients).sum()
    }

    /// The plan that `stream` follows when the plan with this index is played.
    #[must_use]
    pub fn plan_of<'a>(&'a self, stream: &'a Stream, plan: usize) -> &'a Plan {
        stream.plan.as_ref().unwrap_or(&self.plans[plan])
    }

    /// Whether what happens to one recipient may depend on others, or on luck that they share: some provider that is used has limited
    /// capacity, a circuit breaker, or random outages.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.used_providers().into_iter().any(|i| {
            let provider = &self.providers[i];
            provider.capacity.is_some() || self.breakers[i].is_some() || provider.has_random_outages()
        })
    }

    /// The index of the plan that others are held against: the one that says so, else the first.
    #[must_use]
    pub fn reference(&self) -> usize {
        self.plans.iter().position(|plan| plan.is_reference).unwrap_or(0)
    }

    /// The providers that any plan uses, rising.
    #[must_use]
    pub fn used_providers(&self) -> Vec<usize> {
        used_by(self.plans.iter().chain(self.streams.iter().filter_map(|stream| stream.plan.as_ref())))
    }
}

/// The providers that `plans` use, rising, each once.
#[must_use]
pub fn used_by<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Vec<usize> {
    let steps = plans.into_iter().flat_map(|plan| plan.flow.steps());
    let mut used: Vec<_> = steps.flat_map(|rules| rules.pool.members()).copied().collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// A stream of traffic: who arrives, and what is done about them.
#[derive(Clone, PartialEq, Debug)]
pub struct Stream {
    /// Its name; empty for one that is alone and needs none.
    pub name: String,
    /// Who arrives, and when.
    pub traffic: Traffic,
    /// A delivery within this span of the recipient's arrival is in time.
    pub deadline: Span,
    /// The higher goes first where a provider serves by priority.
    pub priority: u8,
    /// The plan that it always follows; `None` for the one that is compared.
    pub plan: Option<Plan>,
}

/// A plan, and what the file says of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// The rules for the engine. Providers are named by their index in [`Scenario::providers`].
    pub flow: FlowPlan,
    /// Whether it is the one that others are held against.
    pub is_reference: bool,
    /// What it was called when a baseline was made.
    pub renamed_from: Option<String>,
    /// The line of the file in which it begins, from 1; 0 where there is no file.
    pub line: usize,
}

/// A bound that a measure of a plan is held to.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// The plan's index in [`Scenario::plans`].
    pub plan: usize,
    /// The index in [`Scenario::streams`] of the stream that is meant; `None` for all of them together.
    pub stream: Option<usize>,
    /// The measure.
    pub metric: Metric,
    /// The bound.
    pub bound: Bound,
    /// The line of the file in which it begins, from 1; 0 where there is no file.
    pub line: usize,
}

/// A bound, in the unit of the measure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Bound {
    /// The measure must not be lower.
    AtLeast(f64),
    /// The measure must not be higher.
    AtMost(f64),
}

impl Bound {
    /// Where it lies.
    #[must_use]
    pub const fn limit(self) -> f64 {
        match self {
            Self::AtLeast(limit) | Self::AtMost(limit) => limit,
        }
    }
}
