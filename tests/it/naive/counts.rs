//! What is counted of the naive twin's histories: plain sums over all that happened.

use super::history::{History, Left};
use failsim::units::SimTime;
use std::collections::BTreeMap;

/// Counts by index.
pub(crate) type Counts = BTreeMap<usize, u64>;

/// What the recipients under one plan came to.
#[derive(PartialEq, Debug)]
pub(crate) struct PlanCounts {
    pub(crate) delivered: u64,
    pub(crate) in_time: u64,
    pub(crate) succeeded: u64,
    pub(crate) duplicates: u64,
    pub(crate) seen: u64,
    pub(crate) cost: u128,
    pub(crate) cost_squared: u128,
    /// Each latency [µs], rising.
    pub(crate) latencies: Vec<u64>,
    pub(crate) last_end: Option<i64>,
    pub(crate) ends: Counts,
    pub(crate) failovers: Counts,
    pub(crate) steps: Vec<StepCounts>,
}

/// What one step came to.
#[derive(PartialEq, Debug)]
pub(crate) struct StepCounts {
    pub(crate) attempts: u64,
    pub(crate) delivered: u64,
    pub(crate) late: u64,
    pub(crate) first: u64,
    /// By the word used in results.
    pub(crate) endings: BTreeMap<&'static str, u64>,
    pub(crate) cost: u128,
    pub(crate) deliveries: Counts,
}

/// In how many recipients two plans differ: the later one alone, the earlier one alone.
#[derive(PartialEq, Debug)]
pub(crate) struct PairCounts {
    pub(crate) delivered: [u64; 2],
    pub(crate) in_time: [u64; 2],
    pub(crate) succeeded: [u64; 2],
    pub(crate) duplicates: [u64; 2],
    pub(crate) cost_difference_squared: u128,
}

/// The bins of time: their width [µs] and the number of the last, which holds all that comes after.
#[derive(Clone, Copy)]
pub(crate) struct BinsOfTime {
    pub(crate) width: i64,
    pub(crate) last: usize,
}

impl BinsOfTime {
    pub(crate) fn count(self, times: impl IntoIterator<Item = SimTime>) -> Counts {
        count(
            times
                .into_iter()
                .map(|at| usize::try_from(at.as_micros() / self.width).map_or(self.last, |bin| bin.min(self.last))),
        )
    }
}

fn count(indices: impl IntoIterator<Item = usize>) -> Counts {
    let mut counts = Counts::new();
    for index in indices {
        *counts.entry(index).or_default() += 1;
    }
    counts
}

fn number_of<T>(all: &[T], which: impl Fn(&&T) -> bool) -> u64 {
    all.iter().filter(which).count() as u64
}

impl History {
    fn first_delivery(&self) -> Option<SimTime> {
        self.attempts.iter().filter_map(|attempt| attempt.delivered).min()
    }

    fn latency(&self) -> Option<SimTime> {
        self.first_delivery().map(|at| at.since(self.arrival))
    }

    fn in_time(&self, deadline: SimTime) -> bool {
        self.latency().is_some_and(|latency| latency <= deadline)
    }

    fn succeeded(&self) -> bool {
        matches!(self.ended, Some((_, true)))
    }

    fn deliveries(&self) -> u64 {
        number_of(&self.attempts, |attempt| attempt.delivered.is_some())
    }

    fn duplicate(&self) -> bool {
        self.deliveries() > 1
    }

    fn seen(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.seen.is_some())
    }

    fn cost(&self) -> i128 {
        self.attempts.iter().map(|attempt| attempt.charge).sum()
    }

    /// The step whose message came first.
    fn first_step(&self) -> Option<usize> {
        let first = self.first_delivery()?;
        self.attempts.iter().find(|attempt| attempt.delivered == Some(first)).map(|attempt| attempt.step)
    }

    /// Whether a delivery of `step` at this time came after the flow had left it without success.
    fn is_late(&self, step: usize, at: SimTime) -> bool {
        match self.steps[step].left {
            None | Some((_, Left::Succeeded(_))) => false,
            Some((left, _)) => at > left,
        }
    }

    /// How the stay in `step` ended; `None` when it was never entered.
    fn ending(&self, step: usize) -> Option<&'static str> {
        let word = match self.steps.get(step)?.left {
            Some((_, Left::Succeeded(status) | Left::Bad(status))) => status.word(),
            Some((_, Left::TimedOut)) => "expired",
            Some((_, Left::Superseded)) => "superseded",
            Some((_, Left::GaveUp)) => "gave_up",
            None => "open",
        };
        Some(word)
    }
}

/// Counts what is kept of one plan's lives.
pub(crate) fn plan_counts(histories: &[History], deadline: SimTime, bins: BinsOfTime, steps: usize) -> PlanCounts {
    let costs = || histories.iter().map(|history| history.cost().unsigned_abs());
    let ends = || histories.iter().filter_map(|history| history.ended).map(|(at, _)| at.as_micros());
    let moves = histories.iter().flat_map(|history| history.steps.iter().skip(1)).map(|stay| stay.entered);
    let mut latencies: Vec<u64> =
        histories.iter().filter_map(History::latency).map(|latency| latency.as_micros().unsigned_abs()).collect();
    latencies.sort_unstable();
    PlanCounts {
        delivered: number_of(histories, |history| history.first_delivery().is_some()),
        in_time: number_of(histories, |history| history.in_time(deadline)),
        succeeded: number_of(histories, |history| history.succeeded()),
        duplicates: number_of(histories, |history| history.duplicate()),
        seen: number_of(histories, |history| history.seen()),
        cost: costs().sum(),
        cost_squared: costs().map(|cost| cost * cost).sum(),
        latencies,
        last_end: ends().max(),
        // Those after the last second that is told apart, the 1 048 575th, are counted as of it.
        ends: count(ends().map(|at| (at / 1_000_000).min(1_048_575) as usize)),
        failovers: bins.count(moves),
        steps: (0..steps).map(|step| step_counts(histories, step, bins)).collect(),
    }
}

fn step_counts(histories: &[History], step: usize, bins: BinsOfTime) -> StepCounts {
    let of_step = |history: &'_ History| -> Vec<(i128, Option<SimTime>)> {
        history.attempts.iter().filter(|attempt| attempt.step == step).map(|a| (a.charge, a.delivered)).collect()
    };
    let attempts: Vec<_> = histories.iter().flat_map(of_step).collect();
    let deliveries: Vec<_> = attempts.iter().filter_map(|&(_, delivered)| delivered).collect();
    let late_ones = |history: &History| {
        of_step(history)
            .into_iter()
            .filter_map(|(_, delivered)| delivered)
            .filter(|&at| history.is_late(step, at))
            .count()
    };
    let mut endings = BTreeMap::new();
    for ending in histories.iter().filter_map(|history| history.ending(step)) {
        *endings.entry(ending).or_default() += 1;
    }
    StepCounts {
        attempts: attempts.len() as u64,
        delivered: deliveries.len() as u64,
        late: histories.iter().map(late_ones).sum::<usize>() as u64,
        first: number_of(histories, |history| history.first_step() == Some(step)),
        endings,
        cost: attempts.iter().map(|(charge, _)| charge.unsigned_abs()).sum(),
        deliveries: bins.count(deliveries),
    }
}

/// Compares the lives of the same recipients under a later and an earlier plan.
pub(crate) fn pair_counts(later: &[History], earlier: &[History], deadline: SimTime) -> PairCounts {
    let differing = |holds: &dyn Fn(&History) -> bool| {
        let pairs = || later.iter().zip(earlier).map(|(a, b)| (holds(a), holds(b)));
        [(true, false), (false, true)].map(|wanted| pairs().filter(|&pair| pair == wanted).count() as u64)
    };
    let cost_differences = later.iter().zip(earlier).map(|(a, b)| (a.cost() - b.cost()).unsigned_abs());
    PairCounts {
        delivered: differing(&|history| history.first_delivery().is_some()),
        in_time: differing(&|history| history.in_time(deadline)),
        succeeded: differing(&History::succeeded),
        duplicates: differing(&History::duplicate),
        cost_difference_squared: cost_differences.map(|difference| difference * difference).sum(),
    }
}
