//! How much capacity a plan needs: the smallest throughput, or number of lines, of a provider with which the plan meets its goals.

mod fees;
mod frontier;
mod headroom;
mod ladder;
mod search;
mod trial;

use self::ladder::{DOUBLING, rung, rung_at, value};
use self::search::Search;
use self::trial::Judge;
use super::check::CheckOutcome;
use super::measure::Measured;
use crate::provider::{Capacity, Counts, QueueAt};
use crate::scenario::{Bound, Metric, Scenario};
use crate::sim::{Interrupted, Progress};
use crate::status::Segment;
use crate::units::{Rate, Span};

pub use fees::{Cheapest, Priced, cheapest, fees};
pub use frontier::{Frontier, Pair, frontier};
pub use headroom::{Headroom, MOST_GROWTH, grown, headroom};
pub use trial::LOOKS;

/// The kind of capacity that is sized.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// The provider's throughput.
    Rate,
    /// The provider's lines.
    Concurrent,
}

/// A goal that the plan has to meet.
#[derive(Clone, PartialEq, Debug)]
pub struct Goal {
    /// The measure.
    pub metric: Metric,
    /// The stream of traffic, by its index; `None` for all streams together.
    pub stream: Option<usize>,
    /// The segment; `None` for all segments together.
    pub segment: Option<Segment>,
    /// The bound of the measure.
    pub bound: Bound,
    /// The share of the replications, which may be days, that have to meet the bound, each by its own value; `None` if their mean has to. Only of
    /// measures that are means over recipients, and not of a segment; nobody misses anything in a replication without recipients.
    pub on: Option<f64>,
}

/// A sizing question: how much of which capacity a plan needs.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The scenario, with only this plan.
    pub scenario: &'a Scenario,
    /// The provider, by its index.
    pub provider: usize,
    /// Which of the provider's limits.
    pub limit: Limit,
    /// The goals of the plan; not empty.
    pub goals: &'a [Goal],
    /// The minimum number of replications of each trial: goals close to 0 or 1, and random outages, need more.
    pub replications: u32,
}

/// A trial of one capacity.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// The capacity: a rate (1/s), or a number of lines; `None` for unlimited.
    pub capacity: Option<f64>,
    /// Each goal's measured value, and the outcome of comparing it with the bound.
    pub outcomes: Vec<(Option<Measured>, CheckOutcome)>,
    /// The number of replications.
    pub replications: u32,
    /// The mean total cost of a replication, in units of the currency.
    pub cost: f64,
}

impl Trial {
    /// Whether all goals are met, with 95 % confidence over all looks.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.outcomes.iter().all(|(_, outcome)| *outcome == CheckOutcome::Pass)
    }
}

/// The result of a search.
#[derive(Clone, PartialEq, Debug)]
pub struct Sizing {
    /// The smallest capacity with which the goals are met; `None` when they are not met even with unlimited capacity.
    pub smallest: Option<f64>,
    /// The trial with unlimited capacity.
    pub unlimited: Trial,
    /// The trials of all capacities, in ascending order.
    pub trials: Vec<Trial>,
}

/// The approximate number of trials.
const USUAL_TRIALS: u64 = 22;

/// Searches for the smallest capacity, on the assumption that more capacity never hurts.
///
/// Doubles or halves until the answer lies between two trials, bisects the range between them, and confirms what is left with the most
/// replications. All trials use the same recipients with common random numbers.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn size(question: &Question<'_>, progress: &Progress) -> Result<Sizing, Interrupted> {
    progress.expect(USUAL_TRIALS * question.simulated_recipients());
    let unlimited = question.trial(None, progress)?;
    let mut search = Search { question, progress, trials: Vec::new() };
    let smallest = if unlimited.passes() { search.confirmed(question.first(), DOUBLING)? } else { None };
    if let Some(smallest) = smallest {
        search.surround(smallest)?;
    }
    let mut trials = search.trials;
    trials.sort_by_key(|(n, _)| *n);
    let trials = trials.into_iter().map(|(_, trial)| trial).collect();
    Ok(Sizing { smallest: smallest.map(|n| value(question.limit, n)), unlimited, trials })
}

impl Question<'_> {
    /// The capacity of the scenario, if it is limited: a rate (1/s), or a number of lines.
    #[must_use]
    pub fn capacity(&self) -> Option<f64> {
        let capacity = self.scenario.providers[self.provider].capacity?;
        match self.limit {
            Limit::Rate => capacity.rate.map(Rate::per_second),
            Limit::Concurrent => capacity.concurrent.map(f64::from),
        }
    }

    /// Whether this is the least capacity that is tried: a thousandth of a message per second, or one line.
    #[must_use]
    pub fn is_least(&self, capacity: f64) -> bool {
        capacity <= value(self.limit, 1)
    }

    /// The rung of a capacity that was found.
    fn rung_of(&self, capacity: f64) -> Option<u32> {
        let scale = if self.limit == Limit::Rate { 1e3 } else { 1.0 };
        Some(rung_at(self.limit, (capacity * scale).round() as u64))
    }

    /// The rung to start from: the capacity of the scenario, or a guess.
    fn first(&self) -> u32 {
        let scale = if self.limit == Limit::Rate { 1e3 } else { 1.0 };
        let known = self.capacity().map(|capacity| capacity * scale);
        let guess = match self.limit {
            Limit::Rate => 100e3,
            Limit::Concurrent => 100.0,
        };
        rung_at(self.limit, known.unwrap_or(guess) as u64)
    }

    /// The number of simulated recipients of one trial, at its first look.
    fn simulated_recipients(&self) -> u64 {
        self.scenario.recipients() * u64::from(self.judge().first_look)
    }

    /// The judge of its trials.
    fn judge(&self) -> Judge<'_> {
        Judge::new(self.scenario, self.goals, self.replications)
    }

    /// Tries a capacity with more and more replications, until every goal is decided or the most replications have been run.
    fn trial(&self, n: Option<u32>, progress: &Progress) -> Result<Trial, Interrupted> {
        self.judge().trial(&self.with(n), n.map(|n| value(self.limit, n)), progress)
    }

    /// Tries a capacity with this many replications.
    fn trial_of(&self, n: Option<u32>, replications: u32, progress: &Progress) -> Result<Trial, Interrupted> {
        self.judge().trial_of(&self.with(n), n.map(|n| value(self.limit, n)), replications, progress)
    }

    /// The scenario with the capacity of this rung, from 1 for the smallest, or with unlimited capacity for `None`.
    #[must_use]
    pub fn with(&self, n: Option<u32>) -> Scenario {
        let mut scenario = self.scenario.clone();
        let provider = &mut scenario.providers[self.provider];
        let usual = Capacity { counts: Counts::usual(&provider.channel), ..Capacity::UNLIMITED };
        let mut capacity = provider.capacity.unwrap_or(usual);
        // Whose queue it is does not change with the limit.
        if provider.capacity.is_some() {
            capacity.queue_at = Some(if capacity.keeps_queued() { QueueAt::Provider } else { QueueAt::Sender });
        }
        match self.limit {
            Limit::Rate => capacity.rate = n.and_then(|n| Rate::new(rung(n), 3, Span::from_secs(1))),
            Limit::Concurrent => capacity.concurrent = n.map(|n| rung(n) as u32),
        }
        let is_limited = capacity.rate.is_some() || capacity.concurrent.is_some() || capacity.quota.is_some();
        provider.capacity = is_limited.then_some(capacity);
        scenario
    }
}
