//! A scenario compiled for simulation: samplers built, names resolved.

use super::pairs::Pairs;
use super::progress::{Interrupted, Progress};
use crate::engine::{BreakerRules, FlowPlan, StepRules};
use crate::provider::{Provider, ProviderSpec, Terms};
use crate::rng::RngKey;
use crate::scenario::{Plan, Scenario};
use crate::stats::Scale;
use crate::status::SuccessFloor;
use crate::traffic::{Phones, Traffic};
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
    /// The plans that are compared, in the order of the scenario.
    pub plans: Vec<CompiledPlan>,
    /// The streams of traffic, in the order of the scenario.
    pub streams: Vec<TrafficClass>,
    /// Which plans are compared with which.
    pub pairs: Pairs,
    /// The recipients' phones; `None` if they are always on.
    pub phones: Option<Phones>,
}

/// A plan, compiled for simulation.
#[derive(Clone, Debug)]
pub struct CompiledPlan {
    /// The rules for the engine.
    pub flow: FlowPlan,
    /// For each step, the terms of its attempts, except for the submission time.
    pub terms: Vec<Terms>,
    /// The scale on which latencies are told apart.
    pub scale: Arc<Scale>,
}

/// A stream of traffic.
#[derive(Clone, Debug)]
pub struct TrafficClass {
    /// Its name, which keys its random numbers.
    pub name: String,
    /// The recipients and their arrivals.
    pub traffic: Traffic,
    /// A delivery within this span of the arrival is in time.
    pub deadline: Span,
    /// Its priority: higher goes first where a provider serves by priority.
    pub priority: u8,
    /// Its own plan, if it does not follow the compared plan; one or none.
    pub own: Vec<CompiledPlan>,
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
        let class = |stream: &crate::scenario::Stream| TrafficClass {
            name: stream.name.clone(),
            traffic: stream.traffic.clone(),
            deadline: stream.deadline,
            priority: stream.priority,
            own: stream.plan.iter().map(CompiledPlan::new).collect(),
        };
        Ok(Self {
            providers: scenario.providers.par_iter().enumerate().map(provider).collect::<Result<_, _>>()?,
            breakers: scenario.breakers.clone(),
            plans: scenario.plans.iter().map(CompiledPlan::new).collect(),
            streams: scenario.streams.iter().map(class).collect(),
            pairs: Pairs::usual(scenario.plans.len(), scenario.reference()),
            phones: scenario.people.phone_off.as_ref().map(Phones::new),
        })
    }

    /// Sets the latency scales: one for each plan, and another for the plans that streams have for themselves.
    pub fn set_scales(&mut self, of_plans: Vec<Arc<Scale>>, of_own: &Arc<Scale>) {
        self.plans.iter_mut().zip(of_plans).for_each(|(compiled, scale)| compiled.scale = scale);
        let own = self.streams.iter_mut().flat_map(|class| &mut class.own);
        own.for_each(|compiled| compiled.scale = Arc::clone(of_own));
    }

    /// The scale for the latencies of all streams together under the plan with this index: no finer than that of any stream.
    #[must_use]
    pub fn common_scale(&self, plan: usize) -> &Arc<Scale> {
        let own = self.streams.iter().find_map(|class| class.own.first());
        own.map_or(&self.plans[plan].scale, |compiled| &compiled.scale)
    }

    /// The same model with the random outages of the replication of `rng` that begin before `until`.
    #[must_use]
    pub fn in_replication(&self, rng: RngKey, until: Time) -> Cow<'_, Self> {
        if !self.has_random_outages() {
            return Cow::Borrowed(self);
        }
        let providers = self.providers.iter().map(|provider| provider.clone().in_replication(rng, until)).collect();
        Cow::Owned(Self { providers, ..self.clone() })
    }

    /// Whether some provider has random outages.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.providers.iter().any(Provider::has_random_outages)
    }

    /// The plans under which a stream is simulated: its own, or all that are compared.
    #[must_use]
    pub fn plans_for<'a>(&'a self, class: &'a TrafficClass) -> &'a [CompiledPlan] {
        if class.own.is_empty() { &self.plans } else { &class.own }
    }

    /// The plan that a stream follows when the plan with this index is simulated.
    #[must_use]
    pub fn compiled<'a>(&'a self, class: &'a TrafficClass, plan: usize) -> &'a CompiledPlan {
        class.own.first().unwrap_or(&self.plans[plan])
    }
}

impl CompiledPlan {
    fn new(plan: &Plan) -> Self {
        let terms = |rules: &StepRules| Terms {
            submitted: Time::ZERO,
            ttl: rules.ttl,
            validity: rules.validity,
            // With any other floor, these reports make no difference.
            progress: rules.success < SuccessFloor::Delivered,
        };
        let terms = plan.flow.steps().iter().map(terms).collect();
        Self { flow: plan.flow.clone(), terms, scale: Arc::default() }
    }

    /// The same plan with every report of the providers passed on, for an observer of the flow.
    #[must_use]
    pub fn with_progress(mut self) -> Self {
        self.terms.iter_mut().for_each(|terms| terms.progress = true);
        self
    }
}
