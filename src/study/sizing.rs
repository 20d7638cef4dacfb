//! How much capacity a plan needs: the smallest throughput, or number of lines, of a provider with which the plan meets its goals.

use super::check::{CheckOutcome, judge, judged_by};
use super::estimates::replications_for;
use super::experiment::simulate;
use super::exposure::Exposure;
use super::measure::{Measured, measure, sample_size};
use super::precision::{Replications, StoppingRule};
use super::results::Results;
use crate::provider::{Capacity, Counts, QueueAt};
use crate::scenario::{Bound, Metric, Scenario, Unit};
use crate::sim::{Interrupted, Progress};
use crate::stats::Confidence;
use crate::status::Segment;
use crate::units::{Rate, Span};

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

/// The maximum number of looks at a trial, each with twice as many replications as the one before.
///
/// The looks share the error of 5 % of the trial's outcome: each interval has a confidence of 98.3 %. Over 40 simulated queueing systems, a
/// share exactly at its bound was taken as decided at some look in 1.8 % of the trials, and in 2.7 % at worst.
pub const LOOKS: u32 = 3;

/// The replications of the first look, where no random outage and no goal needs more.
const FIRST_LOOK: u64 = 30;

/// A trial of one capacity.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// The capacity: a rate (1/s), or a number of lines; `None` for unlimited.
    pub capacity: Option<f64>,
    /// Each goal's measured value, and the outcome of comparing it with the bound.
    pub outcomes: Vec<(Option<Measured>, CheckOutcome)>,
    /// The number of replications.
    pub replications: u32,
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

/// A goal that needs more replications than this at the first look is out of reach, and remains inconclusive.
const MOST_FOR_GOALS: u64 = 10_000;

/// The n-th rung of the ladder of capacities that can be tried. Capacities have three significant digits, so that neighbours from 100 on
/// differ by at most 1 %: the n-th is n up to 999, then 1000, 1010, 1020 and so on.
const fn rung(n: u32) -> u64 {
    if n < 1000 {
        return n as u64;
    }
    let (k, decade) = ((n - 1000) % 900, 1 + (n - 1000) / 900);
    (100 + k as u64) * 10_u64.pow(decade)
}

/// The top of the ladder: a billion a second, or a hundred million lines.
const TOP: [u32; 2] = [1000 + 900 * 9, 1000 + 900 * 5];
/// The number of rungs that about halves or doubles the capacity.
const DOUBLING: u32 = 271;
/// Once the answer is known, these fractions and multiples of it are tried too.
const AROUND: [f64; 6] = [0.5, 0.75, 0.9, 1.1, 1.25, 1.5];
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
    let smallest = if unlimited.passes() { search.confirmed()? } else { None };
    if let Some(smallest) = smallest {
        search.surround(smallest)?;
    }
    let mut trials = search.trials;
    trials.sort_by_key(|(n, _)| *n);
    let trials = trials.into_iter().map(|(_, trial)| trial).collect();
    Ok(Sizing { smallest: smallest.map(|n| question.value(n)), unlimited, trials })
}

struct Search<'a> {
    question: &'a Question<'a>,
    progress: &'a Progress,
    /// The trials, by rung.
    trials: Vec<(u32, Trial)>,
}

impl Search<'_> {
    /// Whether a rung meets the goals, with at least `least` replications.
    fn passes(&mut self, n: u32, least: u32) -> Result<bool, Interrupted> {
        let known = self.trials.iter().position(|(tried, _)| *tried == n);
        if let Some((_, trial)) = known.map(|position| &self.trials[position])
            && (!trial.passes() || trial.replications >= least)
        {
            return Ok(trial.passes());
        }
        let mut trial = self.question.trial(Some(n), self.progress)?;
        if trial.passes() && trial.replications < least {
            trial = self.question.trial_of(Some(n), least, self.progress)?;
        }
        let passes = trial.passes();
        match known {
            Some(position) => self.trials[position] = (n, trial),
            None => self.trials.push((n, trial)),
        }
        Ok(passes)
    }

    /// The smallest rung that meets the goals with the most replications; `None` when not even the top of the ladder does. The smallest
    /// rung found with few replications may have met them by chance.
    fn confirmed(&mut self) -> Result<Option<u32>, Interrupted> {
        let (few, most) = (self.question.first_look(), self.question.most());
        match self.smallest(self.question.first(), DOUBLING, few)? {
            Some(found) => self.smallest(found, 1, most),
            None => Ok(None),
        }
    }

    /// Tries capacities around the smallest, so that the curve shows the effect of slightly less or more capacity.
    fn surround(&mut self, smallest: u32) -> Result<(), Interrupted> {
        let at = rung(smallest) as f64;
        for part in AROUND {
            let n = self.question.rung_at((at * part).round() as u64);
            self.passes(n, self.question.first_look())?;
        }
        Ok(())
    }

    /// The smallest rung that meets the goals, searched from `first` in steps that start at `step`; `None` when not even the top of the
    /// ladder does.
    fn smallest(&mut self, first: u32, mut step: u32, least: u32) -> Result<Option<u32>, Interrupted> {
        let top = TOP[self.question.limit as usize];
        let first = first.clamp(1, top);
        // From here on, `low` is 0 or does not meet the goals, and `high` meets them.
        let (mut low, mut high) = if self.passes(first, least)? {
            let mut high = first;
            loop {
                let low = high.saturating_sub(step);
                if low == 0 || !self.passes(low, least)? {
                    break (low, high);
                }
                (high, step) = (low, step * 2);
            }
        } else {
            let mut low = first;
            loop {
                if low == top {
                    return Ok(None);
                }
                let high = (low + step).min(top);
                if self.passes(high, least)? {
                    break (low, high);
                }
                (low, step) = (high, step * 2);
            }
        };
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.passes(middle, least)? { high = middle } else { low = middle }
        }
        Ok(Some(high))
    }
}

impl Question<'_> {
    /// The rung to start from: the capacity of the scenario, or a guess.
    fn first(&self) -> u32 {
        let capacity = self.scenario.providers[self.provider].capacity;
        let known = match self.limit {
            Limit::Rate => capacity.and_then(|c| c.rate).map(|rate| rate.per_second() * 1e3),
            Limit::Concurrent => capacity.and_then(|c| c.concurrent).map(f64::from),
        };
        self.rung_at(known.unwrap_or(match self.limit {
            Limit::Rate => 100e3,
            Limit::Concurrent => 100.0,
        }) as u64)
    }

    /// The lowest rung that is with a capacity of at least `least`, or the top of the ladder.
    fn rung_at(&self, least: u64) -> u32 {
        let (mut low, mut high) = (1, TOP[self.limit as usize]);
        while low < high {
            let middle = low + (high - low) / 2;
            if rung(middle) < least { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The number of simulated recipients of one trial, at its first look.
    fn simulated_recipients(&self) -> u64 {
        self.scenario.recipients() * u64::from(self.first_look())
    }

    /// The replications of the first look: with fewer, no share could be told from its bound, or too few would have met an outage.
    fn first_look(&self) -> u32 {
        let for_share = |goal: &Goal| match goal.metric.unit() {
            Unit::Share => replications_for(goal.bound.limit().min(1.0 - goal.bound.limit())),
            _ => 0,
        };
        let goals = self.goals.iter().map(for_share).filter(|needed| *needed <= MOST_FOR_GOALS).max().unwrap_or(0);
        let least =
            goals.max(Exposure::new(self.scenario, 0).least()).max(FIRST_LOOK).max(u64::from(self.replications));
        u32::try_from(least).unwrap_or(u32::MAX)
    }

    /// The replications of the last look.
    fn most(&self) -> u32 {
        self.first_look().saturating_mul(1 << (LOOKS - 1))
    }

    /// The capacity of this rung: a rate (1/s), which the ladder counts in thousandths, or a number of lines.
    fn value(&self, n: u32) -> f64 {
        match self.limit {
            Limit::Rate => rung(n) as f64 / 1e3,
            Limit::Concurrent => rung(n) as f64,
        }
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

    /// Tries a capacity with more and more replications, until every goal is decided or the most replications have been run.
    fn trial(&self, n: Option<u32>, progress: &Progress) -> Result<Trial, Interrupted> {
        let (mut replications, most) = (self.first_look(), self.most());
        loop {
            let trial = self.trial_of(n, replications, progress)?;
            let failed = trial.outcomes.iter().any(|(_, outcome)| *outcome == CheckOutcome::Fail);
            if failed || trial.passes() || replications >= most {
                return Ok(trial);
            }
            replications = replications.saturating_mul(2).min(most);
        }
    }

    /// Tries a capacity with this many replications.
    fn trial_of(&self, n: Option<u32>, replications: u32, progress: &Progress) -> Result<Trial, Interrupted> {
        let confidence = Confidence::USUAL.shared_by(LOOKS as usize);
        let stopping_rule = StoppingRule { replications: Replications::Exactly(replications), confidence };
        let results = simulate(&self.with(n), stopping_rule, progress)?.results(progress)?;
        let outcomes = self.goals.iter().map(|goal| outcome(&results, goal)).collect();
        Ok(Trial { capacity: n.map(|n| self.value(n)), outcomes, replications })
    }
}

fn outcome(results: &Results, goal: &Goal) -> (Option<Measured>, CheckOutcome) {
    let plan = results.plans_of(goal.stream, goal.segment).and_then(|plans| plans.first());
    let (measured, n) = (plan.and_then(|plan| measure(plan, goal.metric)), sample_size(results));
    let outcome = measured.map_or(CheckOutcome::Fail, |measured| judge(&measured, goal.bound, n));
    let shown = |measured: Measured| Measured { interval: judged_by(&measured, goal.bound, n), ..measured };
    (measured.map(shown), outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_rises_by_three_digits() {
        assert_eq!([1, 999, 1000, 1001, 1899, 1900, 1901].map(rung), [1, 999, 1000, 1010, 9990, 10_000, 10_100]);
        assert_eq!(TOP.map(rung), [1_000_000_000_000, 100_000_000]);
        assert!((1..TOP[0]).all(|n| rung(n) < rung(n + 1)));
    }
}
