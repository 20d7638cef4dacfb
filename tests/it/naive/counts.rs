//! Counts of the naive twin's histories: plain sums over all that happened.

use super::history::{Attempt, Decision, History, Left, Try};
use failsim::units::{Span, Time};
use std::collections::BTreeMap;

/// Counts by index.
pub(crate) type Counts = BTreeMap<usize, u64>;

/// The counts of the recipients under one plan.
#[derive(PartialEq, Debug)]
pub(crate) struct PlanCounts {
    pub(crate) delivered: u64,
    pub(crate) in_time: u64,
    pub(crate) succeeded: u64,
    pub(crate) duplicates: u64,
    pub(crate) seen: u64,
    pub(crate) unresolved: u64,
    pub(crate) cost: u128,
    pub(crate) cost_squared: u128,
    /// All latencies [µs], in ascending order.
    pub(crate) latencies: Vec<u64>,
    pub(crate) last_end: Option<i64>,
    pub(crate) ends: Counts,
    /// When messages changed and ttls passed, by second.
    pub(crate) changes: Counts,
    pub(crate) failovers: Counts,
    /// Recipients who were not reached in time, by the bin of their arrival.
    pub(crate) missed: Counts,
    pub(crate) steps: Vec<StepCounts>,
    pub(crate) providers: Vec<ProviderCounts>,
    pub(crate) series: Vec<SeriesCounts>,
}

/// The counts of one provider.
#[derive(PartialEq, Debug)]
pub(crate) struct ProviderCounts {
    pub(crate) attempts: u64,
    pub(crate) delivered: u64,
    pub(crate) cost: u128,
    pub(crate) rejected: u64,
    pub(crate) not_permitted: u64,
    pub(crate) queue: Option<QueueCounts>,
}

/// What happened at one provider over time.
#[derive(PartialEq, Debug)]
pub(crate) struct SeriesCounts {
    pub(crate) submissions: Counts,
    pub(crate) deliveries: Counts,
    pub(crate) failures: Counts,
    pub(crate) costs: Counts,
}

/// The counts of the queue of one provider.
#[derive(PartialEq, Debug)]
pub(crate) struct QueueCounts {
    pub(crate) expired: u64,
    pub(crate) cancelled: u64,
    pub(crate) still_queued: u64,
    /// The total wait of those that departed (µs), and how many did not wait.
    pub(crate) waits: u128,
    pub(crate) at_once: u64,
    pub(crate) longest_wait: Option<i64>,
    pub(crate) wasted: u128,
    pub(crate) held: u128,
    pub(crate) backlog_cleared: Option<i64>,
    pub(crate) rejections: Counts,
    pub(crate) departures: Counts,
    pub(crate) left_unserved: Counts,
    pub(crate) waits_by_departure: Counts,
    pub(crate) releases: Counts,
}

/// The counts of one step.
#[derive(PartialEq, Debug)]
pub(crate) struct StepCounts {
    pub(crate) attempts: u64,
    pub(crate) delivered: u64,
    pub(crate) late: u64,
    pub(crate) first: u64,
    /// By the word used in results.
    pub(crate) endings: BTreeMap<&'static str, u64>,
    pub(crate) cost: u128,
}

/// The recipients in which two plans differ: reached by the later one only, by the earlier one only.
#[derive(PartialEq, Debug)]
pub(crate) struct PairCounts {
    pub(crate) delivered: [u64; 2],
    pub(crate) in_time: [u64; 2],
    pub(crate) succeeded: [u64; 2],
    pub(crate) duplicates: [u64; 2],
    pub(crate) cost_difference_squared: u128,
}

/// The time bins: their width [µs] and the index of the last one, which holds everything later.
#[derive(Clone, Copy)]
pub(crate) struct BinsOfTime {
    pub(crate) width: i64,
    pub(crate) last: usize,
}

impl BinsOfTime {
    pub(crate) fn count(self, times: impl IntoIterator<Item = Time>) -> Counts {
        self.sum(times.into_iter().map(|at| (at, 1)))
    }

    /// Sums amounts by bin.
    fn sum(self, amounts: impl IntoIterator<Item = (Time, u64)>) -> Counts {
        let mut sums = Counts::new();
        for (at, amount) in amounts.into_iter().filter(|&(_, amount)| amount > 0) {
            let bin = usize::try_from(at.as_micros() / self.width).map_or(self.last, |bin| bin.min(self.last));
            *sums.entry(bin).or_default() += amount;
        }
        sums
    }
}

fn count(indices: impl IntoIterator<Item = usize>) -> Counts {
    let mut counts = Counts::new();
    for index in indices {
        *counts.entry(index).or_default() += 1;
    }
    counts
}

/// Counts times by second: 2^20 of these are told apart, and what comes later is counted under the number after them.
fn by_second(times: impl Iterator<Item = i64>) -> Counts {
    count(times.map(|at| (at / 1_000_000).min(1 << 20) as usize))
}

fn number_of<T>(all: &[T], which: impl Fn(&&T) -> bool) -> u64 {
    all.iter().filter(which).count() as u64
}

impl History {
    fn first_delivery(&self) -> Option<Time> {
        self.attempts.iter().filter_map(|attempt| attempt.delivered).min()
    }

    fn latency(&self) -> Option<Span> {
        self.first_delivery().map(|at| at.since(self.arrival))
    }

    fn in_time(&self, deadline: Span) -> bool {
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

    /// Returns the step whose message was delivered first.
    fn first_step(&self) -> Option<usize> {
        let first = self.first_delivery()?;
        self.attempts.iter().find(|attempt| attempt.delivered == Some(first)).map(|attempt| attempt.step)
    }

    /// Whether a delivery of `step` at this time came after the flow had left the step without success.
    fn is_late(&self, step: usize, at: Time) -> bool {
        match self.steps[step].left {
            None | Some((_, Left::Succeeded(_))) => false,
            Some((left, _)) => at > left,
        }
    }

    /// Returns how the stay in `step` ended; `None` when the step was never entered.
    fn ending(&self, step: usize) -> Option<&'static str> {
        let word = match self.steps.get(step)?.left {
            Some((_, Left::Succeeded(status) | Left::Bad(status))) => status.word(),
            Some((_, Left::TimedOut)) => "expired",
            Some((_, Left::LateSuccess)) => "late_success",
            Some((_, Left::GaveUp)) => "gave_up",
            None => "unresolved",
        };
        Some(word)
    }
}

/// Counts the histories of one plan. `queues` says, for each provider with a queue, whether it has lines.
pub(crate) fn plan_counts(
    histories: &[&History],
    deadline: Span,
    bins: BinsOfTime,
    steps: usize,
    queues: &[Option<bool>],
) -> PlanCounts {
    let costs = || histories.iter().map(|history| history.cost().unsigned_abs());
    let ends = || histories.iter().filter_map(|history| history.ended).map(|(at, _)| at.as_micros());
    let moves = histories.iter().flat_map(|history| history.steps.iter().skip(1)).map(|stay| stay.entered);
    let mut latencies: Vec<u64> = histories
        .iter()
        .filter_map(|history| history.latency())
        .map(|latency| latency.as_micros().unsigned_abs())
        .collect();
    latencies.sort_unstable();
    let providers = queues.iter().enumerate().map(|(i, &queue)| provider_counts(histories, i, queue, bins));
    let (providers, series) = providers.unzip();
    PlanCounts {
        delivered: number_of(histories, |history| history.first_delivery().is_some()),
        in_time: number_of(histories, |history| history.in_time(deadline)),
        succeeded: number_of(histories, |history| history.succeeded()),
        duplicates: number_of(histories, |history| history.duplicate()),
        seen: number_of(histories, |history| history.seen()),
        unresolved: number_of(histories, |history| history.ended.is_none()),
        cost: costs().sum(),
        cost_squared: costs().map(|cost| cost * cost).sum(),
        latencies,
        last_end: ends().max(),
        ends: by_second(ends()),
        changes: by_second(histories.iter().flat_map(|history| &history.changes).map(|at| at.as_micros())),
        failovers: bins.count(moves),
        missed: bins
            .count(histories.iter().filter(|history| !history.in_time(deadline)).map(|history| history.arrival)),
        steps: (0..steps).map(|step| step_counts(histories, step)).collect(),
        providers,
        series,
    }
}

fn provider_counts(
    histories: &[&History],
    provider: usize,
    queue: Option<bool>,
    bins: BinsOfTime,
) -> (ProviderCounts, SeriesCounts) {
    let attempts: Vec<&Attempt> = histories.iter().flat_map(|history| &history.attempts).collect();
    let come: Vec<(&Attempt, &Try)> = attempts
        .iter()
        .flat_map(|&attempt| attempt.tries.iter().map(move |one| (attempt, one)))
        .filter(|(_, one)| one.provider == provider)
        .collect();
    let seen: Vec<_> = come.iter().filter(|(_, one)| one.decision != Decision::NotPermitted).copied().collect();
    let carried: Vec<_> = attempts.iter().filter(|attempt| attempt.provider == provider).collect();
    let deliveries: Vec<_> = carried.iter().filter_map(|attempt| attempt.delivered).collect();
    let turned_down = seen.iter().filter(|(_, one)| one.decision == Decision::Rejected);
    let failures = turned_down.map(|(attempt, _)| attempt.submitted);
    let failures = failures.chain(carried.iter().flat_map(|attempt| attempt.bad_reports.iter().copied()));
    let costs = || carried.iter().map(|attempt| (attempt.submitted, attempt.charge.unsigned_abs() as u64));
    let series = SeriesCounts {
        submissions: bins.count(seen.iter().map(|(attempt, _)| attempt.submitted)),
        deliveries: bins.count(deliveries.iter().copied()),
        failures: bins.count(failures),
        costs: bins.sum(costs()),
    };
    let counts = ProviderCounts {
        attempts: seen.len() as u64,
        delivered: deliveries.len() as u64,
        cost: costs().map(|(_, charge)| u128::from(charge)).sum(),
        rejected: seen.iter().filter(|(_, one)| one.decision == Decision::Rejected).count() as u64,
        not_permitted: (come.len() - seen.len()) as u64,
        queue: queue.map(|has_lines| queue_counts(&seen, provider, has_lines, bins)),
    };
    (counts, series)
}

fn queue_counts(seen: &[(&Attempt, &Try)], provider: usize, has_lines: bool, bins: BinsOfTime) -> QueueCounts {
    let left: Vec<(Time, Time)> = seen
        .iter()
        .filter_map(|(attempt, one)| match one.decision {
            Decision::Departs(at) => Some((attempt.submitted, at)),
            _ => None,
        })
        .collect();
    let waits = || left.iter().map(|(from, to)| (*to, to.since(*from).as_micros() as u64));
    let in_vain = seen.iter().filter(|(_, one)| matches!(one.decision, Decision::Unserved | Decision::Waits));
    let in_vain: Vec<_> = in_vain.collect();
    // The engine waits until the attempt's deadline; a shorter patience is the message's validity.
    let ended = |which: &dyn Fn(Time, bool) -> bool| {
        number_of(&in_vain, |(attempt, one)| which(one.patience, one.kept || one.patience < attempt.deadline))
    };
    let in_vain: Vec<_> = in_vain.iter().map(|(attempt, one)| (attempt.submitted, one.patience)).collect();
    let gave_up = || in_vain.iter().copied().filter(|(_, patience)| !patience.is_never());
    let held = || seen.iter().flat_map(|(attempt, _)| &attempt.held).filter(|held| has_lines && held.0 == provider);
    let ends = waits().chain(gave_up().map(|(from, to)| (to, to.since(from).as_micros() as u64)));
    // A wait of a second or longer counts as a backlog.
    let ends = ends.filter(|&(_, wait)| wait >= 1_000_000).map(|(at, _)| at);
    QueueCounts {
        expired: ended(&|patience, by_validity| by_validity && !patience.is_never()),
        cancelled: ended(&|patience, by_validity| !by_validity && !patience.is_never()),
        still_queued: ended(&|patience, _| patience.is_never()),
        waits: waits().map(|(_, wait)| u128::from(wait)).sum(),
        at_once: waits().filter(|&(_, wait)| wait == 0).count() as u64,
        longest_wait: waits().map(|(_, wait)| wait as i64).max(),
        wasted: gave_up().map(|(from, to)| to.since(from).as_micros() as u128).sum(),
        held: held().map(|(_, from, to)| to.since(*from).as_micros() as u128).sum(),
        backlog_cleared: ends.map(|at| at.as_micros()).max(),
        rejections: bins
            .count(seen.iter().filter(|(_, one)| one.decision == Decision::Rejected).map(|(a, _)| a.submitted)),
        departures: bins.count(left.iter().map(|(_, at)| *at)),
        left_unserved: bins.count(gave_up().map(|(_, at)| at)),
        waits_by_departure: bins.sum(waits()),
        releases: bins.count(held().map(|(.., to)| *to)),
    }
}

fn step_counts(histories: &[&History], step: usize) -> StepCounts {
    let of_step = |history: &'_ History| -> Vec<(i128, Option<Time>)> {
        history.attempts.iter().filter(|attempt| attempt.step == step).map(|a| (a.charge, a.delivered)).collect()
    };
    let attempts: Vec<_> = histories.iter().flat_map(|history| of_step(history)).collect();
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
        late: histories.iter().map(|history| late_ones(history)).sum::<usize>() as u64,
        first: number_of(histories, |history| history.first_step() == Some(step)),
        endings,
        cost: attempts.iter().map(|(charge, _)| charge.unsigned_abs()).sum(),
    }
}

/// Compares the histories of the same recipients under a later and an earlier plan.
pub(crate) fn pair_counts(later: &[&History], earlier: &[&History], deadline: Span) -> PairCounts {
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
