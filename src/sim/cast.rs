//! A scenario made ready to play: samplers built, names resolved.

use crate::engine::FlowPlan;
use crate::provider::{Provider, Terms};
use crate::scenario::{Plan, Scenario};
use crate::units::SimTime;
use crate::vocabulary::SuccessFloor;

/// The providers and plans of a scenario, ready to play.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The providers, in the order of the scenario.
    pub providers: Vec<Provider>,
    /// The plans, in the order of the scenario.
    pub plans: Vec<Part>,
    /// A delivery within this span of the arrival is in time.
    pub deadline: SimTime,
}

/// A plan with the carriers of its steps.
#[derive(Clone, Debug)]
pub struct Part {
    /// The rules for the engine.
    pub flow: FlowPlan,
    /// For each step, the provider's index in [`Cast::providers`] and the terms of its attempts.
    pub carriers: Vec<(usize, Terms)>,
}

impl Cast {
    /// The cast of `scenario`.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            providers: scenario.providers.iter().map(Provider::new).collect(),
            plans: scenario.plans.iter().map(Part::new).collect(),
            deadline: scenario.deadline,
        }
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
            (carrier.provider, terms)
        });
        Self { flow: plan.flow.clone(), carriers: carriers.collect() }
    }

    /// The same plan with every report of the providers passed on, for whoever watches the flow.
    #[must_use]
    pub fn with_progress(mut self) -> Self {
        self.carriers.iter_mut().for_each(|(_, terms)| terms.progress = true);
        self
    }
}
