//! A scenario made ready to play: samplers built, names resolved.

use crate::engine::{BreakerRules, FlowPlan, Pool};
use crate::provider::{Provider, Terms};
use crate::rng::Luck;
use crate::scenario::{Plan, Scenario};
use crate::traffic::Traffic;
use crate::units::SimTime;
use crate::vocabulary::SuccessFloor;
use std::borrow::Cow;

/// The providers, plans and streams of a scenario, ready to play.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The providers, in the order of the scenario.
    pub providers: Vec<Provider>,
    /// For each provider, the rules of the breaker before it.
    pub breakers: Vec<Option<BreakerRules>>,
    /// The plans that are compared, in the order of the scenario.
    pub plans: Vec<Part>,
    /// The streams of traffic, in the order of the scenario.
    pub streams: Vec<Role>,
}

/// A plan with the carriers of its steps.
#[derive(Clone, Debug)]
pub struct Part {
    /// The rules for the engine.
    pub flow: FlowPlan,
    /// One for each step.
    pub carriers: Vec<Carrier>,
}

/// Who carries the attempts of a step.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// The providers to choose from, by their index in [`Cast::providers`].
    pub pool: Pool,
    /// What is agreed for each attempt, but for the moment.
    pub terms: Terms,
}

/// A stream of traffic.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name, by which its luck is keyed.
    pub name: String,
    /// Who arrives.
    pub traffic: Traffic,
    /// A delivery within this span of the arrival is in time.
    pub deadline: SimTime,
    /// The higher goes first where a provider serves by priority.
    pub priority: u8,
    /// The plan of its own, if it does not follow the one that is compared; one or none.
    pub own: Vec<Part>,
}

impl Cast {
    /// The cast of `scenario`.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let role = |stream: &crate::scenario::Stream| Role {
            name: stream.name.clone(),
            traffic: stream.traffic.clone(),
            deadline: stream.deadline,
            priority: stream.priority,
            own: stream.plan.iter().map(Part::new).collect(),
        };
        Self {
            providers: scenario.providers.iter().map(Provider::new).collect(),
            breakers: scenario.breakers.clone(),
            plans: scenario.plans.iter().map(Part::new).collect(),
            streams: scenario.streams.iter().map(role).collect(),
        }
    }

    /// The same with the random outages of the world of `luck` that begin before `until`.
    #[must_use]
    pub fn in_world(&self, luck: Luck, until: SimTime) -> Cow<'_, Self> {
        if !self.has_random_outages() {
            return Cow::Borrowed(self);
        }
        let providers = self.providers.iter().map(|provider| provider.clone().in_world(luck, until)).collect();
        Cow::Owned(Self { providers, ..self.clone() })
    }

    /// Whether some provider has random outages.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.providers.iter().any(Provider::has_random_outages)
    }

    /// The plans that a stream is played under: its own, or all that are compared.
    #[must_use]
    pub fn parts<'a>(&'a self, role: &'a Role) -> &'a [Part] {
        if role.own.is_empty() { &self.plans } else { &role.own }
    }

    /// The plan that a stream follows when the plan with this index is played.
    #[must_use]
    pub fn part<'a>(&'a self, role: &'a Role, plan: usize) -> &'a Part {
        role.own.first().unwrap_or(&self.plans[plan])
    }
}

impl Part {
    fn new(plan: &Plan) -> Self {
        let carriers = plan.flow.steps.iter().zip(&plan.carriers).map(|(rules, carrier)| {
            let terms = Terms {
                submitted: SimTime::ZERO,
                ttl: rules.ttl,
                validity: carrier.validity,
                // No other floor can tell whether it has heard of them.
                progress: rules.success < SuccessFloor::Delivered,
            };
            Carrier { pool: carrier.pool.clone(), terms }
        });
        Self { flow: plan.flow.clone(), carriers: carriers.collect() }
    }

    /// The same plan with every report of the providers passed on, for whoever watches the flow.
    #[must_use]
    pub fn with_progress(mut self) -> Self {
        self.carriers.iter_mut().for_each(|carrier| carrier.terms.progress = true);
        self
    }
}
