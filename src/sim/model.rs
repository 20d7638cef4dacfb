//! A scenario made ready to play: samplers built, names resolved.

use super::pairs::Pairs;
use super::progress::{Interrupted, Progress};
use crate::engine::{BreakerRules, FlowPlan, StepRules};
use crate::provider::{Provider, ProviderSpec, Terms};
use crate::rng::RngKey;
use crate::scenario::{Plan, Scenario};
use crate::stats::Scale;
use crate::status::SuccessFloor;
use crate::traffic::Traffic;
use crate::units::{Span, Time};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;

/// The providers, plans and streams of a scenario, ready to play.
#[derive(Clone, Debug)]
pub struct Model {
    /// The providers, in the order of the scenario.
    pub providers: Vec<Provider>,
    /// For each provider, the rules of the breaker before it.
    pub breakers: Vec<Option<BreakerRules>>,
    /// The plans that are compared, in the order of the scenario.
    pub plans: Vec<CompiledPlan>,
    /// The streams of traffic, in the order of the scenario.
    pub streams: Vec<TrafficClass>,
    /// Which of the plans are compared with which.
    pub pairs: Pairs,
}

/// A plan, ready to play.
#[derive(Clone, Debug)]
pub struct CompiledPlan {
    /// The rules for the engine.
    pub flow: FlowPlan,
    /// For each step, what is agreed for each attempt, but for the moment.
    pub terms: Vec<Terms>,
    /// By what latencies are told apart.
    pub scale: Arc<Scale>,
}

/// A stream of traffic.
#[derive(Clone, Debug)]
pub struct TrafficClass {
    /// Its name, by which its luck is keyed.
    pub name: String,
    /// Who arrives.
    pub traffic: Traffic,
    /// A delivery within this span of the arrival is in time.
    pub deadline: Span,
    /// The higher goes first where a provider serves by priority.
    pub priority: u8,
    /// The plan of its own, if it does not follow the one that is compared; one or none.
    pub own: Vec<CompiledPlan>,
}

impl Model {
    /// The cast of `scenario`.
    ///
    /// # Panics
    /// Never: nobody stops it.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self::prepared(scenario, &Progress::default()).expect("nobody stops it")
    }

    /// The cast of `scenario`, its samplers built on all threads. A provider that no plan uses gets none.
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
            pairs: Pairs::new(scenario.plans.len(), scenario.reference()),
        })
    }

    /// Tells the latencies of each plan apart by a scale of its own, and those of the plans that streams have for themselves by another.
    pub fn set_scales(&mut self, of_plans: Vec<Arc<Scale>>, of_own: &Arc<Scale>) {
        self.plans.iter_mut().zip(of_plans).for_each(|(compiled, scale)| compiled.scale = scale);
        let own = self.streams.iter_mut().flat_map(|class| &mut class.own);
        own.for_each(|compiled| compiled.scale = Arc::clone(of_own));
    }

    /// By what the latencies of all streams together are told apart under the plan with this index: no finer than those of any of them.
    #[must_use]
    pub fn common_scale(&self, plan: usize) -> &Arc<Scale> {
        let own = self.streams.iter().find_map(|class| class.own.first());
        own.map_or(&self.plans[plan].scale, |compiled| &compiled.scale)
    }

    /// The same with the random outages of the world of `rng` that begin before `until`.
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

    /// The plans that a stream is played under: its own, or all that are compared.
    #[must_use]
    pub fn parts<'a>(&'a self, class: &'a TrafficClass) -> &'a [CompiledPlan] {
        if class.own.is_empty() { &self.plans } else { &class.own }
    }

    /// The plan that a stream follows when the plan with this index is played.
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
            // No other floor can tell whether it has heard of them.
            progress: rules.success < SuccessFloor::Delivered,
        };
        let terms = plan.flow.steps().iter().map(terms).collect();
        Self { flow: plan.flow.clone(), terms, scale: Arc::default() }
    }

    /// The same plan with every report of the providers passed on, for whoever watches the flow.
    #[must_use]
    pub fn with_progress(mut self) -> Self {
        self.terms.iter_mut().for_each(|terms| terms.progress = true);
        self
    }
}
