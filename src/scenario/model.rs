//! A checked scenario: it is valid by construction, and nothing checks it again later.

use super::diagnostic::Diagnostics;
use super::metric::Metric;
use super::tolerance::BaselineRules;
use crate::calendar::Moment;
use crate::engine::{BreakerRules, FlowPlan, Strategy};
use crate::provider::ProviderSpec;
use crate::status::Segment;
use crate::traffic::{PhoneOff, Traffic};
use crate::units::Span;

/// Everything a run needs.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// The title: one line that states the question.
    pub title: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// The currency, such as `EUR`.
    pub currency: String,
    /// When the run starts by the clock, if that is known.
    pub starts_at: Option<Moment>,
    /// The default number of replications; at least 1.
    pub replications: u32,
    /// A delivery within this span of the recipient's arrival is in time, unless the recipient's stream sets its own.
    pub deadline: Span,
    /// The streams of traffic. Not empty, names unique.
    pub streams: Vec<Stream>,
    /// What is so for a recipient whichever channel is used.
    pub people: People,
    /// The providers, in the order of the file. Not empty, names unique.
    pub providers: Vec<ProviderSpec>,
    /// The circuit breaker of each provider, if it has one.
    pub breakers: Vec<Option<BreakerRules>>,
    /// The plans that are compared, in the order of the file. Not empty, names unique.
    pub plans: Vec<Plan>,
    /// Which callbacks are counted: those of flows alone, or also the changes of their messages.
    pub webhook: Strategy,
    /// The checks of `failsim check`.
    pub checks: Vec<Check>,
    /// The rules for comparison with other runs.
    pub baseline: BaselineRules,
    /// The plans of the file that were deliberately left out.
    pub left_out: Vec<Plan>,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
    /// How files were read, where that is not obvious.
    pub notes: Vec<String>,
    /// Warnings: valid input that is probably a mistake.
    pub warnings: Option<Diagnostics>,
}

impl Scenario {
    /// Returns the number of recipients over all streams.
    #[must_use]
    pub fn recipients(&self) -> u64 {
        self.streams.iter().map(|stream| stream.traffic.recipients).sum()
    }

    /// Returns the plan that `stream` follows when the plan with this index is simulated; it may be a composite.
    #[must_use]
    pub fn plan_of<'a>(&'a self, stream: &'a Stream, plan: usize) -> &'a Plan {
        stream.follows(&self.plans[plan])
    }

    /// The number of segments, at least 1.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.people.segments.len().max(1)
    }

    /// The segments: the only one, or those with names.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + Clone + use<> {
        (0..self.segment_count() as u8).map(Segment::new)
    }

    /// Whether recipients may depend on each other, or share random numbers: some provider in use has limited capacity, a circuit
    /// breaker or random outages.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.used_providers().into_iter().any(|i| {
            let provider = &self.providers[i];
            provider.capacity.is_some() || self.breakers[i].is_some() || provider.has_random_outages()
        })
    }

    /// Returns the index of the reference plan: the one marked as such, else the first.
    #[must_use]
    pub fn reference(&self) -> usize {
        self.plans.iter().position(|plan| plan.is_reference).unwrap_or(0)
    }

    /// Returns the providers that any plan uses, in ascending order.
    #[must_use]
    pub fn used_providers(&self) -> Vec<usize> {
        used_by(self.plans.iter().chain(self.streams.iter().filter_map(|stream| stream.plan.as_ref())))
    }
}

/// Returns the providers that `plans` use, in ascending order without duplicates.
#[must_use]
pub fn used_by<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Vec<usize> {
    let steps = plans.into_iter().flat_map(Plan::members).flat_map(|plan| plan.flow.steps());
    let mut used: Vec<_> = steps.flat_map(|rules| rules.pool.members()).copied().collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// What is so for a recipient whichever channel is used.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct People {
    /// The names of the segments, unique; empty if there are none. A recipient's segment is part of the stream's traffic.
    pub segments: Vec<String>,
    /// The phones that are off; `None` if all phones are always on.
    pub phone_off: Option<PhoneOff>,
}

/// A stream of traffic: who arrives, and how they are served.
#[derive(Clone, PartialEq, Debug)]
pub struct Stream {
    /// Its name; empty for a single stream without a name.
    pub name: String,
    /// Who arrives, and when.
    pub traffic: Traffic,
    /// A delivery within this span of the recipient's arrival is in time.
    pub deadline: Span,
    /// The priority: where a provider serves by priority, the highest goes first.
    pub priority: u8,
    /// The stream's own plan, which it always follows; `None` when it follows the plan that is compared.
    pub plan: Option<Plan>,
}

impl Stream {
    /// The plan that it follows when `plan` is compared: its own, if it has one.
    #[must_use]
    pub fn follows<'a>(&'a self, plan: &'a Plan) -> &'a Plan {
        self.plan.as_ref().unwrap_or(plan)
    }
}

/// A plan with its attributes from the file.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// The rules for the engine. Providers are identified by their index in [`Scenario::providers`]. Of a composite, those of its first
    /// member.
    pub flow: FlowPlan,
    /// The plan that each segment follows, if this is a composite of other plans.
    pub by_segment: Option<BySegment>,
    /// Whether it is the reference plan.
    pub is_reference: bool,
    /// Its name when the baseline was made.
    pub renamed_from: Option<String>,
    /// The line of the file in which it begins, counted from 1; 0 without a file.
    pub line: usize,
}

/// The plans of a composite: recipients of each segment follow one of them.
#[derive(Clone, PartialEq, Debug)]
pub struct BySegment {
    /// The plans, none of them a composite; not empty.
    pub members: Vec<Plan>,
    /// For each segment, the index of its plan among them.
    pub of_segment: Vec<usize>,
}

impl Plan {
    /// The plan that recipients of this segment follow.
    #[must_use]
    pub fn in_segment(&self, segment: Segment) -> &Self {
        self.by_segment.as_ref().map_or(self, |composite| &composite.members[composite.of_segment[segment.index()]])
    }

    /// The rules that recipients of this segment follow, with pools that go by price in the order of the prices for them.
    ///
    /// # Panics
    /// If `providers` are not those of its scenario.
    #[must_use]
    pub fn flow_in(&self, segment: Segment, providers: &[ProviderSpec]) -> FlowPlan {
        self.in_segment(segment).flow.at_prices(|provider| providers[*provider].of(segment).price.list())
    }

    /// The plans that its recipients follow: itself, or the members of a composite.
    #[must_use]
    pub fn members(&self) -> &[Self] {
        self.by_segment.as_ref().map_or(std::slice::from_ref(self), |composite| &composite.members)
    }
}

/// A check: a bound on a measure of a plan.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// The plan's index in [`Scenario::plans`].
    pub plan: usize,
    /// The stream's index in [`Scenario::streams`]; `None` for all streams together.
    pub stream: Option<usize>,
    /// The segment, if the check is of one; then `stream` is `None`.
    pub segment: Option<Segment>,
    /// The measure.
    pub metric: Metric,
    /// The bound.
    pub bound: Bound,
    /// The line of the file in which it begins, counted from 1; 0 without a file.
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
    /// Returns the value of the bound.
    #[must_use]
    pub const fn limit(self) -> f64 {
        match self {
            Self::AtLeast(limit) | Self::AtMost(limit) => limit,
        }
    }
}
