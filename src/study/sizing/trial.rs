//! Whether a scenario meets goals: with more and more replications, until that is decided.

use super::{Goal, Trial};
use crate::scenario::{Bound, Scenario, Unit};
use crate::sim::{Interrupted, Progress};
use crate::stats::{Confidence, clopper_pearson};
use crate::study::check::{CheckOutcome, judge, judged_by};
use crate::study::counted::{ROUNDING, StreamSums, of_replications};
use crate::study::estimates::replications_for;
use crate::study::experiment::simulate;
use crate::study::exposure::Exposure;
use crate::study::measure::{Measured, measure, sample_size};
use crate::study::precision::{Replications, StoppingRule};
use crate::study::ready::Ready;
use crate::study::results::Results;
use std::borrow::Cow;

/// The maximum number of looks at a trial, each with twice as many replications as the one before.
///
/// The looks share the error of 5 % of the trial's outcome: each interval has a confidence of 98.3 %. Over 40 simulated queueing systems, a
/// share exactly at its bound was taken as decided at some look in 1.8 % of the trials, and in 2.7 % at worst.
pub const LOOKS: u32 = 3;

/// The replications of the first look, where no random outage and no goal needs more.
const FIRST_LOOK: u64 = 30;

/// A goal that needs more replications than this at the first look is out of reach, and remains inconclusive.
const MOST_FOR_GOALS: u64 = 10_000;

/// Judges scenarios by goals.
pub(super) struct Judge<'a> {
    goals: &'a [Goal],
    /// The replications of the first look: with fewer, no share could be told from its bound, or too few would have met an outage.
    pub(super) first_look: u32,
}

impl<'a> Judge<'a> {
    /// The judge of scenarios like this one, with at least this many replications.
    pub(super) fn new(scenario: &Scenario, goals: &'a [Goal], replications: u32) -> Self {
        let for_share = |goal: &Goal| match (goal.on, goal.metric.unit()) {
            (Some(on), _) => replications_on(on),
            (None, Unit::Share) => replications_for(goal.bound.limit().min(1.0 - goal.bound.limit())),
            _ => 0,
        };
        let for_goals = goals.iter().map(for_share).filter(|needed| *needed <= MOST_FOR_GOALS).max().unwrap_or(0);
        let least = for_goals.max(Exposure::new(scenario, 0).least()).max(FIRST_LOOK).max(u64::from(replications));
        Self { goals, first_look: u32::try_from(least).unwrap_or(u32::MAX) }
    }

    /// The replications of the last look.
    pub(super) fn most(&self) -> u32 {
        self.first_look.saturating_mul(1 << (LOOKS - 1))
    }

    /// Tries a scenario with more and more replications, until every goal is decided or the most replications have been run.
    pub(super) fn trial(
        &self,
        scenario: &Scenario,
        capacity: Option<f64>,
        progress: &Progress,
    ) -> Result<Trial, Interrupted> {
        let (mut replications, most) = (self.first_look, self.most());
        loop {
            let trial = self.trial_of(scenario, capacity, replications, progress)?;
            let failed = trial.outcomes.iter().any(|(_, outcome)| *outcome == CheckOutcome::Fail);
            if failed || trial.passes() || replications >= most {
                return Ok(trial);
            }
            replications = replications.saturating_mul(2).min(most);
        }
    }

    /// Tries a scenario with this many replications.
    pub(super) fn trial_of(
        &self,
        scenario: &Scenario,
        capacity: Option<f64>,
        replications: u32,
        progress: &Progress,
    ) -> Result<Trial, Interrupted> {
        let confidence = Confidence::USUAL.shared_by(LOOKS as usize);
        let days = if self.goals.iter().any(|goal| goal.on.is_some()) {
            of_replications(&Ready::to_count(Cow::Borrowed(scenario), progress)?, 0..replications, progress)?
        } else {
            Vec::new()
        };
        let results = if self.goals.iter().any(|goal| goal.on.is_none()) {
            let stopping_rule = StoppingRule { replications: Replications::Exactly(replications), confidence };
            Some(simulate(scenario, stopping_rule, progress)?.results(progress)?)
        } else {
            None
        };
        let outcome = |goal: &Goal| match (goal.on, &results) {
            (None, Some(results)) => of_mean(results, goal),
            (on, _) => on_days(&days, goal, on.unwrap_or(1.0), confidence),
        };
        let cost_of_day = |day: &Vec<StreamSums>| total(day).sum(crate::scenario::Metric::CostPerRecipient);
        let cost = match &results {
            Some(results) => results.plans[0].cost.total,
            None => days.iter().filter_map(cost_of_day).sum::<f64>() / days.len().max(1) as f64,
        };
        Ok(Trial { capacity, outcomes: self.goals.iter().map(outcome).collect(), replications, cost })
    }
}

/// The number of replications that, if all meet a goal, show that at least this share do.
fn replications_on(share: f64) -> u64 {
    let tail = Confidence::USUAL.shared_by(LOOKS as usize).error() / 2.0;
    if share > 0.0 { (libm::log(tail) / libm::log(share)).ceil().max(1.0) as u64 } else { 1 }
}

fn of_mean(results: &Results, goal: &Goal) -> (Option<Measured>, CheckOutcome) {
    let plan = results.plans_of(goal.stream, goal.segment).and_then(|plans| plans.first());
    let (measured, n) = (plan.and_then(|plan| measure(plan, goal.metric)), sample_size(results));
    let outcome = measured.map_or(CheckOutcome::Fail, |measured| judge(&measured, goal.bound, n));
    let shown = |measured: Measured| Measured { interval: judged_by(&measured, goal.bound, n), ..measured };
    (measured.map(shown), outcome)
}

/// The share of the replications that meet a goal, compared with what it has to be.
fn on_days(days: &[Vec<StreamSums>], goal: &Goal, on: f64, confidence: Confidence) -> (Option<Measured>, CheckOutcome) {
    let is_met = |day: &&Vec<StreamSums>| {
        let counted = goal.stream.map_or_else(|| total(day), |stream| day[stream]);
        // On a day on which nobody comes, nothing is missed.
        counted.recipients == 0
            || counted.mean(goal.metric).is_some_and(|mean| match goal.bound {
                Bound::AtLeast(limit) => mean >= limit - ROUNDING * limit.abs(),
                Bound::AtMost(limit) => mean <= limit + ROUNDING * limit.abs(),
            })
    };
    let (met, all) = (days.iter().filter(is_met).count() as u64, days.len() as u64);
    let interval = Some(clopper_pearson(met, all, confidence));
    let value = met as f64 / all.max(1) as f64;
    let measured = Measured { interval, plain: false, ..Measured::exactly(value) };
    (Some(measured), judge(&measured, Bound::AtLeast(on), all as f64))
}

/// All streams together.
fn total(day: &[StreamSums]) -> StreamSums {
    day.iter().fold(StreamSums::default(), |sum, stream| sum.plus(*stream))
}
