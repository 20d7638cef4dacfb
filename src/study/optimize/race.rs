//! Racing: candidates that cannot be solved are simulated block by block on common random numbers, until the data show which are not the best.
//!
//! A block is some recipients where these are independent, and a replication where they are not. After each round a plan leaves the race if it is shown
//! to miss a bound, or to be worse than the best of those that are shown to meet all bounds. What is shown holds for all plans, bounds and rounds
//! together: the error is divided among all pairs of plans and all measures of each, and differences are judged by a confidence sequence, which may be looked at
//! as often as one likes.

use super::standing::misses;
use super::{MOST_SHOWN, Search, SearchError};
use crate::rng::{DrawKey, RngKey};
use crate::scenario::{Bound, Metric, Plan, Scenario, Unit};
use crate::sim::{Interrupted, Progress};
use crate::stats::{Confidence, reach_at_all_times, with_the_best};
use crate::study::counted::{ROUNDING, StreamSums, is_mean_over_recipients, of_blocks};
use crate::study::exposure::Exposure;
use crate::study::ready::Ready;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The recipients of a block.
const BLOCK: u64 = 1024;
/// A block has at least this many recipients of each stream.
const LEAST_OF_STREAM: u64 = 128;
/// The blocks of the first round; each later round doubles them.
const FIRST_ROUND: u32 = 16;
/// The probability that anything that is shown is wrong.
const ERROR: f64 = 0.05;
/// The most rounds: each looks once.
const MOST_ROUNDS: f64 = 24.0;
/// The most recipients of the first round, each once per plan: some minutes.
const MOST_IN_FIRST_ROUND: u64 = 5_000_000_000;
/// Into how many pieces the blocks of a round are divided for each thread.
const SHARES: usize = 2;
/// The plans that are simulated together.
const TOGETHER: usize = 64;
/// About the most recipients that are simulated, each once per plan: half a minute of work where they are contended.
const MOST_SIMULATED: u64 = 100_000_000;
/// The most plans of which each is compared with each.
const MOST_COMPARED: usize = 64;
/// The most candidates.
const MOST_RACING: usize = 10_000;

/// The outcome of a race.
#[derive(Clone, PartialEq, Debug)]
pub struct Race {
    /// The plans that are left, the best first: those shown to meet the bounds, then those that may. The first is the winner.
    pub plans: Vec<Raced>,
    /// How many were left; only the first ten are in `plans`.
    pub left: usize,
    /// The candidates.
    pub candidates: usize,
    /// The blocks that each of them was simulated for.
    pub blocks: u32,
    /// The recipients of a block; `None` if a block is a replication.
    pub recipients: Option<u64>,
    /// The simulated recipients, each once per plan.
    pub simulated: u64,
    /// The difference in the objective that does not matter, in its unit.
    pub indifference: f64,
    /// Whether the winner is shown to meet the bounds, and no other plan to be better by more than the indifference.
    pub is_decided: bool,
    /// Whether the race was stopped before it was decided.
    pub is_stopped: bool,
}

/// A plan of a race.
#[derive(Clone, PartialEq, Debug)]
pub struct Raced {
    /// The plan.
    pub plan: Plan,
    /// The measures: means over the blocks, and how far the truth may be from each at most.
    pub measures: Vec<(Metric, f64, f64)>,
    /// Whether it meets all bounds: `None` if that is not shown.
    pub meets_bounds: Option<bool>,
    /// Whether its means do.
    pub seems_to_meet_bounds: bool,
    /// How much better than the winner it may be, in the unit of the objective; at most 0 if it is shown not to be better.
    pub may_be_better_by: f64,
    /// How much worse than the best of the others it is, at least and at most, in the unit of the objective: an interval of multiple comparisons with the
    /// best among the plans that are left, which begins below 0 if the plan is tied with the best. `None` where too many are left.
    pub worse_by: Option<(f64, f64)>,
}

/// A candidate in the race: its measures in each block.
struct Runner {
    plan: Plan,
    blocks: Vec<Vec<f64>>,
}

impl Runner {
    /// The mean of what `of` makes of each block, and its standard deviation.
    fn mean(&self, of: impl Fn(usize, &[f64]) -> f64) -> (f64, f64) {
        let n = self.blocks.len() as f64;
        let values = || self.blocks.iter().enumerate().map(|(block, values)| of(block, values));
        let mean = values().sum::<f64>() / n;
        let squares: f64 = values().map(|value| (value - mean) * (value - mean)).sum();
        (mean, (squares / (n - 1.0).max(1.0)).sqrt())
    }
}

impl Search<'_> {
    /// The best plan by simulation, for candidates that cannot be solved: up to a difference in the objective of `indifference` (by default a tenth of a
    /// point, or a hundredth of an amount). When `progress` is asked to stop, the outcome is what is known by then.
    ///
    /// # Errors
    /// [`SearchError`]; two objectives, quantiles and totals cannot be raced by.
    pub fn race(&self, indifference: Option<f64>, progress: &Progress) -> Result<Race, SearchError> {
        let (metrics, plans) = (self.metrics()?, self.entrants()?);
        let candidates = plans.len();
        let track = Track::new(self.scenario, &plans);
        let mut runners: Vec<Runner> = plans.into_iter().map(|plan| Runner { plan, blocks: Vec::new() }).collect();
        let mut judge = Judge {
            widening: 1.0,
            search: self,
            metrics: &metrics,
            error: ERROR / (candidates * (candidates - 1) / 2 + candidates * metrics.len()) as f64,
            counted: track.recipients() as f64,
        };
        let (mut blocks, mut until, mut simulated) = (0, track.first_round(), 0);
        let first = u64::from(until).saturating_mul(track.recipients()).saturating_mul(candidates as u64);
        if first > MOST_IN_FIRST_ROUND {
            return Err(SearchError::Effort(first));
        }
        let (mut is_decided, mut is_stopped, mut tolerance) = (false, false, 0.0);
        loop {
            match track.run(&mut runners, blocks..until, &metrics, progress) {
                Ok(()) => {}
                Err(Interrupted) if blocks > 0 => {
                    is_stopped = true;
                    break;
                }
                Err(Interrupted) => return Err(SearchError::Interrupted),
            }
            simulated += u64::from(until - blocks) * track.recipients() * runners.len() as u64;
            blocks = until;
            judge.widening = widening(blocks, judge.error);
            judge.eliminate(&mut runners);
            let leader = &runners[0];
            tolerance = indifference.unwrap_or_else(|| judge.usual_indifference(leader));
            let is_settled = |other: &Runner| judge.may_be_better_by(other, leader) <= tolerance;
            let meets_bounds = judge.meets_bounds(leader);
            is_decided = meets_bounds == Some(true) && runners[1..].iter().all(is_settled);
            let next = u64::from(blocks) * track.recipients() * runners.len() as u64;
            if is_decided || meets_bounds == Some(false) || simulated + next > MOST_SIMULATED {
                break;
            }
            until *= 2;
        }
        Ok(Race {
            plans: judge.shown(&runners),
            left: runners.len(),
            candidates,
            blocks,
            recipients: (!track.is_shared).then(|| track.recipients()),
            simulated,
            indifference: tolerance,
            is_decided,
            is_stopped,
        })
    }

    /// The plans that race.
    fn entrants(&self) -> Result<Vec<Plan>, SearchError> {
        if self.segment.is_some() {
            return Err(SearchError::Segment);
        }
        let plans: Vec<Plan> = self.candidates()?.iter().map(|candidate| self.plan(candidate)).collect();
        match plans.len() {
            0 => Err(SearchError::NoProviders),
            count if count > MOST_RACING => Err(SearchError::Candidates { count, most: MOST_RACING }),
            _ => Ok(plans),
        }
    }

    /// The measures of a race: the objective first.
    fn metrics(&self) -> Result<Vec<Metric>, SearchError> {
        if self.objectives.len() != 1 {
            return Err(SearchError::Objectives);
        }
        let metrics = self.measures();
        let unknown = metrics.iter().find(|metric| !is_mean_over_recipients(**metric));
        unknown.map_or(Ok(metrics.clone()), |metric| Err(SearchError::Race(*metric)))
    }
}

/// Where the race is run.
struct Track {
    /// The scenario with the candidates as its plans.
    scenario: Scenario,
    /// Whether recipients may affect one another under any of them: then a block is a replication.
    is_shared: bool,
    /// The blocks of a replication.
    blocks: u32,
}

impl Track {
    fn new(scenario: &Scenario, candidates: &[Plan]) -> Self {
        let mut scenario = scenario.clone();
        scenario.checks.clear();
        scenario.plans = candidates.to_vec();
        let is_shared = scenario.is_shared();
        // Every block has its part of each stream.
        let streams = scenario.streams.iter().map(|stream| stream.traffic.recipients / LEAST_OF_STREAM);
        let blocks = streams.min().unwrap_or(1).min(scenario.recipients() / BLOCK).max(1);
        Self { scenario, is_shared, blocks: if is_shared { 1 } else { blocks as u32 } }
    }

    /// The blocks of the first round: with random outages as many as meet enough of them.
    fn first_round(&self) -> u32 {
        let mut one_by_one = self.scenario.clone();
        one_by_one.plans.retain(|plan| plan.flow.steps().len() == 1);
        let least = if self.is_shared { Exposure::new(&one_by_one, 0).least() } else { 0 };
        FIRST_ROUND.max(u32::try_from(least).unwrap_or(u32::MAX / 2))
    }

    /// The replication and the number of a block. In each replication they come in an order of its own, since arrivals may be in that of time.
    fn place(&self, block: u32, orders: &BTreeMap<u32, Vec<u32>>) -> (u32, u32) {
        let (replication, place) = (block / self.blocks, block % self.blocks);
        (replication, orders.get(&replication).map_or(place, |order| order[place as usize]))
    }

    /// The order of the blocks of a replication.
    fn order(&self, replication: u32) -> Vec<u32> {
        let (rng, key) = (RngKey::new(self.scenario.seed, replication), DrawKey::of_name("order of blocks"));
        let mut order: Vec<u32> = (0..self.blocks).collect();
        order.sort_by_cached_key(|&block| (rng.draws(key, block, 0).draw_u64(0), block));
        order
    }

    /// The recipients of a block, about.
    fn recipients(&self) -> u64 {
        (self.scenario.recipients() / u64::from(self.blocks)).max(1)
    }

    /// Simulates these blocks under the plans that are left.
    fn run(
        &self,
        runners: &mut [Runner],
        blocks: std::ops::Range<u32>,
        metrics: &[Metric],
        progress: &Progress,
    ) -> Result<(), Interrupted> {
        progress.plan(self.recipients() * runners.len() as u64 * u64::from(blocks.end - blocks.start));
        let replications = blocks.start / self.blocks..=(blocks.end - 1) / self.blocks;
        let is_divided = !self.is_shared && self.blocks > 1;
        let orders = replications.filter(|_| is_divided).map(|replication| (replication, self.order(replication)));
        let orders: BTreeMap<u32, Vec<u32>> = orders.collect();
        let blocks: Vec<u32> = blocks.collect();
        let mut all = Vec::new();
        // All results are there before any is kept.
        for together in runners.chunks(TOGETHER) {
            let ready = self.ready(together, progress)?;
            all.push(if self.is_shared {
                let of_block = |&block: &u32| of_replication(&ready, block, metrics, progress);
                blocks.par_iter().map(of_block).collect::<Result<Vec<_>, _>>()?
            } else {
                let places: Vec<(u32, u32)> = blocks.iter().map(|&block| self.place(block, &orders)).collect();
                let one_replication = places.chunk_by(|a, b| a.0 == b.0);
                let at_once = blocks.len().div_ceil(SHARES * rayon::current_num_threads());
                let pieces: Vec<&[(u32, u32)]> = one_replication.flat_map(|places| places.chunks(at_once)).collect();
                let of_piece = |places: &&[(u32, u32)]| {
                    let numbers: Vec<u32> = places.iter().map(|(_, block)| *block).collect();
                    let counted = of_blocks(&ready, places[0].0, (&numbers, self.blocks), progress)?;
                    let of_block = |plans: Vec<Vec<StreamSums>>| plans.iter().map(|of| means(metrics, of)).collect();
                    Ok(counted.into_iter().map(of_block).collect::<Vec<Vec<Vec<f64>>>>())
                };
                pieces.par_iter().map(of_piece).collect::<Result<Vec<_>, Interrupted>>()?.concat()
            });
        }
        for (together, of_blocks) in runners.chunks_mut(TOGETHER).zip(all) {
            for of_plans in of_blocks {
                together.iter_mut().zip(of_plans).for_each(|(runner, values)| runner.blocks.push(values));
            }
        }
        Ok(())
    }

    /// The scenario with these plans, ready to run.
    fn ready(&self, runners: &[Runner], progress: &Progress) -> Result<Ready<'static>, Interrupted> {
        let mut scenario = self.scenario.clone();
        scenario.plans = runners.iter().map(|runner| runner.plan.clone()).collect();
        let mut ready = Ready::to_count(Cow::Owned(scenario), progress)?;
        ready.model.pairs = std::iter::empty().collect();
        Ok(ready)
    }
}

/// The measures of each plan in a contended replication.
fn of_replication(
    ready: &Ready<'_>,
    replication: u32,
    metrics: &[Metric],
    progress: &Progress,
) -> Result<Vec<Vec<f64>>, Interrupted> {
    let runs = ready.contended_runs(replication..replication + 1, progress)?;
    let of_stream = |classes: &Vec<crate::sim::ClassTally>| {
        StreamSums::of(classes[0].arrivals.total(), classes.iter().map(|class| &class.tally))
    };
    let of_plan =
        |run: &crate::sim::PlanRunTally| means(metrics, &run.streams.iter().map(of_stream).collect::<Vec<_>>());
    Ok(runs.iter().flatten().map(of_plan).collect())
}

/// The measures of all streams together.
fn means(metrics: &[Metric], streams: &[StreamSums]) -> Vec<f64> {
    let all = streams.iter().fold(StreamSums::default(), |sum, stream| sum.plus(*stream));
    metrics.iter().map(|metric| all.mean(*metric).unwrap_or(0.0)).collect()
}

/// What the data of a race show.
struct Judge<'a> {
    search: &'a Search<'a>,
    /// The measures of a block: the objective first.
    metrics: &'a [Metric],
    /// The probability that one statement is wrong.
    error: f64,
    /// The recipients of a block.
    counted: f64,
    /// How much wider intervals are because deviations are estimated from few blocks.
    widening: f64,
}

/// How much wider intervals of this error from this number of blocks have to be, since their standard deviation is an estimate: a confidence sequence is
/// asymptotic, and this is what Student's t adds to the normal distribution.
fn widening(blocks: u32, error: f64) -> f64 {
    let confidence = Confidence::of_error(error);
    confidence.student(f64::from(blocks.max(2) - 1)) / confidence.normal()
}

impl Judge<'_> {
    /// A measure of a plan with how far it may be from the truth.
    fn measured(&self, runner: &Runner, place: usize) -> (Metric, f64, f64) {
        let (mean, deviation) = runner.mean(|_, values| values[place]);
        let metric = self.metrics[place];
        (metric, mean, self.reach(runner, deviation, metric))
    }

    /// How far a mean of this standard deviation may be from the truth. An event that nobody of n recipients has met has a probability of less than
    /// ln(1/α)/n, in all rounds together.
    fn reach(&self, runner: &Runner, deviation: f64, metric: Metric) -> f64 {
        let blocks = runner.blocks.len() as f64;
        let is_share = metric.unit() == Unit::Share;
        let least = if is_share { libm::log(MOST_ROUNDS / self.error) / (blocks * self.counted) } else { 0.0 };
        (self.widening * reach_at_all_times(blocks, deviation, self.error)).max(least)
    }

    /// Whether a plan meets all bounds, if that is shown.
    fn meets_bounds(&self, runner: &Runner) -> Option<bool> {
        let mut all = Some(true);
        for (metric, bound) in &self.search.bounds {
            let (_, mean, reach) = self.measured(runner, self.place(*metric));
            match misses(mean, *bound) - ROUNDING * bound.limit().abs() {
                missed if missed > reach => return Some(false),
                missed if missed > 0.0 || missed + reach > 0.0 => all = None,
                _ => {}
            }
        }
        all
    }

    /// By how much the estimates miss the bounds, in all.
    fn missed(&self, runner: &Runner) -> f64 {
        let missed = |(metric, bound): &(Metric, Bound)| {
            let missed = misses(runner.mean(|_, values| values[self.place(*metric)]).0, *bound);
            (missed - ROUNDING * bound.limit().abs()).max(0.0)
        };
        self.search.bounds.iter().map(missed).sum()
    }

    fn place(&self, metric: Metric) -> usize {
        self.metrics.iter().position(|other| *other == metric).unwrap_or(0)
    }

    /// The objective of a plan, smaller being better.
    fn objective(&self, runner: &Runner) -> f64 {
        let mean = runner.mean(|_, values| values[0]).0;
        if self.metrics[0].more_is_better() { -mean } else { mean }
    }

    /// How much better than another a plan may be: by their paired differences.
    fn may_be_better_by(&self, runner: &Runner, than: &Runner) -> f64 {
        if std::ptr::eq(runner, than) {
            return 0.0;
        }
        let (mean, reach) = self.better_by(runner, than);
        mean + reach
    }

    /// How much better than another a plan is by its estimate, and how far that may be from the truth.
    fn better_by(&self, runner: &Runner, than: &Runner) -> (f64, f64) {
        let sign = if self.metrics[0].more_is_better() { 1.0 } else { -1.0 };
        let (mean, deviation) = runner.mean(|block, values| sign * (values[0] - than.blocks[block][0]));
        (mean, self.reach(runner, deviation, self.metrics[0]))
    }

    /// What is shown of the plans that are left, in order.
    fn shown(&self, runners: &[Runner]) -> Vec<Raced> {
        let worse_by = self.worse_than_the_best(runners);
        let raced = |(place, runner): (usize, &Runner)| Raced {
            plan: runner.plan.clone(),
            measures: (0..self.metrics.len()).map(|place| self.measured(runner, place)).collect(),
            meets_bounds: self.meets_bounds(runner),
            seems_to_meet_bounds: self.missed(runner) <= 0.0,
            may_be_better_by: self.may_be_better_by(runner, &runners[0]),
            worse_by: worse_by.get(place).copied(),
        };
        runners.iter().enumerate().take(MOST_SHOWN).map(raced).collect()
    }

    /// How much worse than the best of the others each plan is, at least and at most; empty where they are too many.
    fn worse_than_the_best(&self, runners: &[Runner]) -> Vec<(f64, f64)> {
        if !(2..=MOST_COMPARED).contains(&runners.len()) {
            return Vec::new();
        }
        let better_by = with_the_best(runners.len(), |i, j| self.better_by(&runners[i], &runners[j]));
        better_by.into_iter().map(|(low, high)| (0.0 - high, 0.0 - low)).collect()
    }

    /// A tenth of a point for a share, a hundredth of the amount for a cost.
    fn usual_indifference(&self, leader: &Runner) -> f64 {
        if self.metrics[0].unit() == Unit::Share { 0.001 } else { 0.01 * self.objective(leader).abs() }
    }

    /// Takes out of the race what is shown not to be the best, and puts the others in order. If every plan is shown to miss a bound, the one that misses
    /// them least stays.
    fn eliminate(&self, runners: &mut Vec<Runner>) {
        let standing = |runner: &Runner| {
            let class = match self.meets_bounds(runner) {
                Some(true) => 0,
                None => 1,
                Some(false) => 2,
            };
            // Among those that may meet the bounds, the ones whose estimates do come first.
            let missed = if class == 0 { 0.0 } else { self.missed(runner) };
            let mean = |metric: Metric| runner.mean(|_, values| values[self.place(metric)]).0;
            let ties = [-mean(Metric::InTime), mean(Metric::CostPerRecipient)];
            (class, [missed, self.objective(runner), ties[0], ties[1]])
        };
        let mut all: Vec<((i32, [f64; 4]), Runner)> =
            std::mem::take(runners).into_iter().map(|runner| (standing(&runner), runner)).collect();
        let order = |a: &[f64; 4], b: &[f64; 4]| {
            a.iter()
                .zip(b)
                .map(|(a, b)| a.total_cmp(b))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        all.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0).then_with(|| order(&a.1, &b.1)));
        let may_win = all.iter().filter(|(standing, _)| standing.0 < 2).count();
        all.truncate(may_win.max(1));
        let (leads, leader) = (all[0].0.0 == 0, &all[0].1);
        let stays: Vec<bool> =
            all.iter().map(|(_, runner)| !leads || self.may_be_better_by(runner, leader) >= 0.0).collect();
        runners.extend(all.into_iter().zip(stays).filter(|(_, stays)| *stays).map(|((_, runner), _)| runner));
    }
}
