//! The plans that a search tries: providers in an order, and for each step one of the choices of its provider.

use super::{Search, SearchError};
use crate::engine::{FlowPlan, LateDelivery, MAX_ATTEMPTS, Pool, StepRules};
use crate::scenario::{Plan, Scenario};
use crate::status::StatusSet;
use crate::units::Span;

/// The most candidates.
const MOST_CANDIDATES: usize = 200_000;

/// A provider that is tried, and the rules that its step may have.
#[derive(Clone, PartialEq, Debug)]
pub struct Tried {
    /// The provider, by its index.
    pub provider: usize,
    /// How long a step with it may wait, unless it is the last one, in ascending order.
    pub ttls: Vec<Span>,
    /// Which statuses may trigger failover from it; not empty. The last step has the first of them.
    pub triggers: Vec<StatusSet>,
    /// How many attempts the step may make; not empty.
    pub attempts: Vec<u8>,
}

impl Tried {
    /// The provider with the triggers of its channel and one attempt.
    #[must_use]
    pub fn usual(scenario: &Scenario, provider: usize, ttls: Vec<Span>) -> Self {
        let triggers = vec![StepRules::default_failover_on(&scenario.providers[provider].channel)];
        Self { provider, ttls, triggers, attempts: vec![1] }
    }

    /// The number of choices for a step, which is the last of its plan or not.
    fn choices(&self, is_last: bool) -> usize {
        if is_last { self.attempts.len() } else { self.ttls.len() * self.triggers.len() * self.attempts.len() }
    }

    /// The choice with this number, where the waits change first.
    fn choice(&self, number: usize, is_last: bool, last_ttl: Span) -> Step {
        let (ttls, triggers) = if is_last { (1, 1) } else { (self.ttls.len(), self.triggers.len()) };
        Step {
            provider: self.provider,
            ttl: if is_last { last_ttl } else { self.ttls[number % ttls] },
            triggers: self.triggers[number / ttls % triggers],
            attempts: self.attempts[number / ttls / triggers],
        }
    }
}

/// A step of a candidate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Step {
    pub(super) provider: usize,
    pub(super) ttl: Span,
    pub(super) triggers: StatusSet,
    pub(super) attempts: u8,
}

/// A candidate: its steps, and what a late delivery does.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Candidate {
    pub(super) steps: Vec<Step>,
    pub(super) late: LateDelivery,
}

impl Search<'_> {
    /// All candidates of the grid.
    pub(super) fn candidates(&self) -> Result<Vec<Candidate>, SearchError> {
        // Counted before they are made.
        match self.count() {
            count if count > MOST_CANDIDATES => return Err(SearchError::Candidates { count, most: MOST_CANDIDATES }),
            _ => {}
        }
        let mut all = Vec::new();
        let mut longest: Vec<Vec<&Tried>> = vec![Vec::new()];
        for _ in 0..self.steps.min(self.providers.len()) {
            let longer = longest.iter().flat_map(|order| {
                let is_used = |other: &&Tried| order.iter().any(|tried| tried.provider == other.provider);
                let others = self.providers.iter().filter(move |other| !is_used(other));
                others.map(|tried| order.iter().copied().chain([tried]).collect())
            });
            longest = longer.collect();
            longest.iter().for_each(|order| self.of_order(order, &mut all));
        }
        Ok(all)
    }

    /// Adds the candidates whose steps have these providers.
    fn of_order(&self, order: &[&Tried], all: &mut Vec<Candidate>) {
        let is_last = |place: usize| place + 1 == order.len();
        let choices: Vec<usize> =
            order.iter().enumerate().map(|(place, tried)| tried.choices(is_last(place))).collect();
        for mut number in 0..choices.iter().product() {
            let steps = order.iter().zip(&choices).enumerate().map(|(place, (tried, choices))| {
                let digit = number % choices;
                number /= choices;
                tried.choice(digit, is_last(place), self.last_ttl(tried.provider))
            });
            let steps: Vec<Step> = steps.collect();
            if steps.iter().map(|step| usize::from(step.attempts)).sum::<usize>() > MAX_ATTEMPTS {
                continue;
            }
            // Nothing can be late where there is one step.
            let late = self.late_deliveries.iter().take(if order.len() == 1 { 1 } else { usize::MAX });
            let candidates = late.map(|&late| Candidate { steps: steps.clone(), late });
            // Waits before retries may grow beyond what a scenario may say.
            let is_valid =
                |candidate: &Candidate| candidate.steps.iter().all(|step| self.rules(step).has_valid_waits());
            all.extend(candidates.filter(is_valid));
        }
    }

    /// The number of candidates; those with too many attempts are counted too. The orders of k providers that end with a given one are
    /// (k - 1)! for each choice of the others, so that sums over all orders are elementary symmetric sums.
    fn count(&self) -> usize {
        let late = self.late_deliveries.len() as f64;
        let mut all = 0.0;
        for (place, last) in self.providers.iter().enumerate() {
            // The sums over all choices of 0, 1, 2 ... of the other providers of the product of their choices.
            let mut sums = vec![1.0];
            for (_, tried) in self.providers.iter().enumerate().filter(|(other, _)| *other != place) {
                sums.push(0.0);
                for k in (1..sums.len()).rev() {
                    sums[k] += sums[k - 1] * tried.choices(false) as f64;
                }
            }
            let mut orders = 1.0;
            for (before, sum) in sums.iter().enumerate().take(self.steps) {
                orders *= before.max(1) as f64;
                let late = if before == 0 { late.min(1.0) } else { late };
                all += orders * sum * last.choices(true) as f64 * late;
            }
        }
        all as usize
    }

    /// The plan of a candidate.
    pub(super) fn plan(&self, candidate: &Candidate) -> Plan {
        let steps = candidate.steps.iter().map(|step| self.rules(step)).collect();
        let flow = FlowPlan::new(steps, candidate.late, Span::UNLIMITED).expect("a few steps with a few attempts each");
        let name = |step: &Step| self.scenario.providers[step.provider].name.as_str();
        let name = candidate.steps.iter().map(name).collect::<Vec<_>>().join("-");
        Plan { name, flow, by_segment: None, is_reference: false, renamed_from: None, line: 0 }
    }

    /// The rules of a step.
    fn rules(&self, step: &Step) -> StepRules {
        let channel = &self.scenario.providers[step.provider].channel;
        let usual = StepRules::via(Pool::single(step.provider), channel).with_ttl(step.ttl);
        let rules = StepRules { failover_on: step.triggers, attempts: step.attempts, ..usual };
        match self.retries(step.provider).filter(|_| step.attempts > 1) {
            Some(&StepRules { retry_after, backoff, jitter, .. }) => {
                StepRules { retry_after, backoff, jitter, ..rules }
            }
            None => rules,
        }
    }

    /// The steps of the scenario's plans that have only this provider.
    fn steps_with(&self, provider: usize) -> impl Iterator<Item = &StepRules> {
        let plans = self.scenario.plans.iter().flat_map(Plan::members);
        let steps = plans.flat_map(|plan| plan.flow.steps());
        steps.filter(move |rules| rules.pool.members() == [provider])
    }

    /// How long a last step waits for this provider: as long as any plan of the scenario does, else as usual for the channel.
    fn last_ttl(&self, provider: usize) -> Span {
        let longest = self.steps_with(provider).map(|rules| rules.ttl).max();
        longest.unwrap_or_else(|| StepRules::default_ttl(&self.scenario.providers[provider].channel))
    }

    /// The first step of the scenario that retries at this provider: retries wait as they do there, or else not at all.
    fn retries(&self, provider: usize) -> Option<&StepRules> {
        self.steps_with(provider).find(|rules| rules.attempts > 1)
    }
}
