//! A scenario compiled for simulation: samplers built, names resolved.

use super::pairs::Pairs;
use super::progress::{Interrupted, Progress};
use crate::engine::{BreakerRules, FlowPlan, StepRules, Strategy};
use crate::provider::{Provider, ProviderSpec, Terms};
use crate::rng::RngKey;
use crate::scenario::{Plan, Scenario, Stream};
use crate::stats::Scale;
use crate::status::{Segment, SuccessFloor};
use crate::traffic::{Phones, Segments, Traffic};
use crate::units::{Span, Time};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;

/// The providers, plans and streams of a scenario, compiled for simulation.
#[derive(Clone, Debug)]
pub struct Model {
    /// The providers, in the order of the scenario.
    pub providers: Vec<Provider>,
    /// For each provider, the rules of its circuit breaker.
    pub breakers: Vec<Option<BreakerRules>>,
    /// The number of plans that are compared.
    pub plans: usize,
    /// The streams of traffic, in the order of the scenario.
    pub streams: Vec<TrafficStream>,
    /// Which plans are compared with which.
    pub pairs: Pairs,
    /// The recipients' phones; `None` if they are always on.
    pub phones: Option<Phones>,
}

/// A plan as one class of recipients follows it, compiled for simulation.
#[derive(Clone, Debug)]
pub struct CompiledPlan {
    /// The rules for the engine.
    pub flow: FlowPlan,
    /// For each step, the terms of its attempts, except for the submission time.
    pub terms: Vec<Terms>,
    /// The scale on which latencies are told apart.
    pub scale: Arc<Scale>,
    /// Whether the changes of messages are counted. The engine then hears every report, and simulates every recipient.
    pub counts_changes: bool,
}

/// A stream of traffic.
#[derive(Clone, Debug)]
pub struct TrafficStream {
    /// Its name, which keys its random numbers.
    pub name: String,
    /// The recipients and their arrivals.
    pub traffic: Traffic,
    /// The segment of each recipient.
    pub segments: Segments,
    /// A delivery within this span of the arrival is in time.
    pub deadline: Span,
    /// Its priority: higher goes first where a provider serves by priority.
    pub priority: u8,
    /// Whether it always follows its own plan instead of those that are compared.
    pub has_own_plan: bool,
    /// Its recipients by segment, by [`Segment::index`].
    pub classes: Vec<TrafficClass>,
}

/// The recipients of one segment in a stream of traffic.
#[derive(Clone, Debug)]
pub struct TrafficClass {
    /// The segment.
    pub segment: Segment,
    /// Their expected share of the stream.
    pub share: f64,
    /// The plans that are compared, as they follow them; or only the stream's own plan.
    pub plans: Vec<CompiledPlan>,
}

impl Model {
    /// The model of `scenario`.
    ///
    /// # Panics
    /// Never: nothing interrupts it.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self::prepared(scenario, &Progress::default()).expect("nobody stops it")
    }

    /// The model of `scenario`, with samplers built on all threads. A provider that no plan uses gets none.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn prepared(scenario: &Scenario, progress: &Progress) -> Result<Self, Interrupted> {
        let used = scenario.used_providers();
        let provider = |(i, spec): (usize, &ProviderSpec)| match used.binary_search(&i) {
            _ if progress.stopped() => Err(Interrupted),
            Ok(_) => Ok(Provider::new(spec)),
            Err(_) => Ok(Provider::unused(spec)),
        };
        Ok(Self {
            providers: scenario.providers.par_iter().enumerate().map(provider).collect::<Result<_, _>>()?,
            breakers: scenario.breakers.clone(),
            plans: scenario.plans.len(),
            streams: scenario.streams.iter().map(|stream| TrafficStream::new(scenario, stream)).collect(),
            pairs: Pairs::usual(scenario.plans.len(), scenario.reference()),
            phones: scenario.people.phone_off.as_ref().map(Phones::new),
        })
    }

    /// Sets the latency scales: one for each plan, and another for the plans that streams have for themselves.
    pub fn set_scales(&mut self, of_plans: &[Arc<Scale>], of_own: &Arc<Scale>) {
        for stream in &mut self.streams {
            let scales = if stream.has_own_plan { std::slice::from_ref(of_own) } else { of_plans };
            for class in &mut stream.classes {
                class.plans.iter_mut().zip(scales).for_each(|(compiled, scale)| compiled.scale = Arc::clone(scale));
            }
        }
    }

    /// The scale for the latencies of all streams together under the plan with this index: no finer than that of any stream.
    #[must_use]
    pub fn common_scale(&self, plan: usize) -> &Arc<Scale> {
        let own = self.streams.iter().find(|stream| stream.has_own_plan);
        &own.unwrap_or(&self.streams[0]).classes[0].plan(plan).scale
    }

    /// The same model with the random outages of the replication of `rng` that begin before `until`, and as many recipients as come then.
    #[must_use]
    pub fn in_replication(&self, rng: RngKey, until: Time) -> Cow<'_, Self> {
        if !self.has_random_outages() && !self.streams.iter().any(|stream| stream.traffic.is_random()) {
            return Cow::Borrowed(self);
        }
        let providers = self.providers.iter().map(|provider| provider.clone().in_replication(rng, until)).collect();
        let in_replication = |stream: &TrafficStream| {
            let traffic = stream.traffic.in_replication(rng.of_stream(&stream.name));
            TrafficStream { traffic, ..stream.clone() }
        };
        let streams = self.streams.iter().map(in_replication).collect();
        Cow::Owned(Self { providers, streams, ..self.clone() })
    }

    /// Whether some provider has random outages.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.providers.iter().any(Provider::has_random_outages)
    }
}

impl TrafficStream {
    fn new(scenario: &Scenario, stream: &Stream) -> Self {
        let traffic = &stream.traffic;
        let shares = traffic.segments.shares(scenario.segment_count(), traffic.recipients);
        let class = |(segment, share): (Segment, f64)| {
            let plans = stream.plan.as_ref().map_or(&scenario.plans[..], std::slice::from_ref);
            let plans = plans.iter().map(|plan| CompiledPlan::new(plan, scenario, segment)).collect();
            TrafficClass { segment, share, plans }
        };
        Self {
            name: stream.name.clone(),
            traffic: traffic.clone(),
            segments: Segments::new(&traffic.segments),
            deadline: stream.deadline,
            priority: stream.priority,
            has_own_plan: stream.plan.is_some(),
            classes: scenario.segments().zip(shares).map(class).collect(),
        }
    }
}

impl TrafficClass {
    /// The plan that its recipients follow when the plan with this index is simulated.
    #[must_use]
    pub fn plan(&self, plan: usize) -> &CompiledPlan {
        if self.plans.len() == 1 { &self.plans[0] } else { &self.plans[plan] }
    }
}

impl CompiledPlan {
    fn new(plan: &Plan, scenario: &Scenario, segment: Segment) -> Self {
        let flow = plan.flow_in(segment, &scenario.providers);
        let counts_changes = scenario.webhook == Strategy::OnChange;
        let terms = |rules: &StepRules| Terms {
            submitted: Time::ZERO,
            ttl: rules.ttl,
            validity: rules.validity,
            // With any other floor, these reports make no difference to the flow.
            progress: rules.success < SuccessFloor::Delivered || counts_changes,
        };
        let terms = flow.steps().iter().map(terms).collect();
        Self { flow, terms, scale: Arc::default(), counts_changes }
    }

    /// The same plan with every report of the providers passed on, for an observer of the flow.
    #[must_use]
    pub fn with_progress(mut self) -> Self {
        self.terms.iter_mut().for_each(|terms| terms.progress = true);
        self
    }
}
