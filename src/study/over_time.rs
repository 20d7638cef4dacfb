//! Results over time: what was submitted to each provider, what became of it, and how full its queue and its lines were.

use super::downsample::Downsample;
use super::groups::Group;
use super::series::{OverTime, PlanOverTime, ProviderOverTime, QueueOverTime};
use super::totals::Totals;
use crate::provider::{Calendar, Capacity, Counts, Effect, ProviderSpec, Windows};
use crate::rng::{DrawKey, RngKey};
use crate::scenario::{Scenario, used_by};
use crate::sim::{PlanTally, ProviderSeries, ProviderTally, QueueTally};
use crate::stats::{Bins, Sums};
use crate::units::{Rate, Time};

/// The maximum number of bins.
const BINS: usize = 600;

/// The results over time, for the plans in `drawn`.
pub(super) fn over_time(scenario: &Scenario, totals: &Totals, drawn: &[usize]) -> OverTime {
    let group = totals.whole();
    let providers = group.tally.plans.iter().flat_map(|plan| plan.providers.iter());
    let cleared = providers.filter_map(|(_, provider)| provider.queue.as_ref()?.backlog_cleared).max();
    let thin = Downsample::of(totals, group, BINS, Time::from_micros(cleared.unwrap_or(0)));
    let arrivals =
        scenario.streams.iter().enumerate().map(|(i, stream)| (stream.name.clone(), arrivals(totals, &thin, i)));
    OverTime {
        starts_at: scenario.starts_at,
        bin_s: thin.bin_s(),
        arrivals: arrivals.collect(),
        plans: drawn.iter().map(|&plan| of_plan(scenario, totals, &thin, plan)).collect(),
    }
}

/// The arrivals of a stream in each bin.
pub(super) fn arrivals(totals: &Totals, thin: &Downsample, stream: usize) -> Vec<f64> {
    thin.series(&totals.group(Group::Stream(stream)).tally.arrivals)
}

/// How many of those `arrivals` of a stream are reached in time under a plan.
pub(super) fn in_time(
    totals: &Totals,
    thin: &Downsample,
    (stream, arrivals): (usize, &[f64]),
    plan: usize,
) -> Vec<f64> {
    let missed = thin.series(&totals.group(Group::Stream(stream)).tally.plans[plan].series.missed);
    let in_time = arrivals.iter().zip(missed).map(|(came, missed)| came - missed);
    in_time.inspect(|in_time| debug_assert!(*in_time >= 0.0, "whoever is not reached in time has arrived")).collect()
}

fn of_plan(scenario: &Scenario, totals: &Totals, thin: &Downsample, plan: usize) -> PlanOverTime {
    let own = scenario.streams.iter().filter_map(|stream| stream.plan.as_ref());
    let plans: Vec<_> = own.chain([&scenario.plans[plan]]).collect();
    let PlanTally { providers, series, .. } = &totals.whole().tally.plans[plan];
    let provider =
        |i: usize| of_provider(scenario, totals, thin, &scenario.providers[i], (&providers[i], &series.providers[i]));
    PlanOverTime {
        plan: scenario.plans[plan].name.clone(),
        in_time: (0..scenario.streams.len())
            .map(|stream| in_time(totals, thin, (stream, &arrivals(totals, thin, stream)), plan))
            .collect(),
        providers: used_by(plans).into_iter().map(provider).collect(),
    }
}

fn of_provider(
    scenario: &Scenario,
    totals: &Totals,
    thin: &Downsample,
    spec: &ProviderSpec,
    (tally, series): (&ProviderTally, &ProviderSeries),
) -> ProviderOverTime {
    let queue = spec.capacity.as_ref().zip(tally.queue.as_deref());
    ProviderOverTime {
        provider: spec.name.clone(),
        submissions: thin.counts(&series.submissions),
        deliveries: thin.series(&series.deliveries),
        failures: thin.series(&series.failures),
        cost: thin.amounts(&series.submissions).into_iter().map(|micros| micros / 1e6).collect(),
        queue: queue.map(|(capacity, queue)| {
            let throttles = throttles(scenario, totals, spec);
            let pace = capacity.rate.map(|rate| rate.per_second() / f64::from(tokens_of(spec, capacity)));
            of_queue(totals, thin, (capacity, pace), &throttles, (tally, &series.submissions), queue)
        }),
    }
}

fn of_queue(
    totals: &Totals,
    thin: &Downsample,
    (capacity, pace): (&Capacity, Option<f64>),
    throttles: &[(Windows, f64)],
    (tally, submissions): (&ProviderTally, &Sums),
    queue: &QueueTally,
) -> QueueOverTime {
    let come = thin.counts(submissions);
    let departures = thin.counts(&queue.departures);
    let series = |bins: &Bins| thin.series(bins);
    let waits = thin.amounts(&queue.departures).into_iter().zip(&departures);
    let factors: Vec<f64> = thin.middles().map(|at| factor(throttles, at)).collect();
    let limit = |usual: f64| factors.iter().map(|factor| usual * factor).collect::<Vec<_>>();
    let lines_in_use = capacity.concurrent.map(|_| difference(&departures, &[&series(&queue.releases)]));
    QueueOverTime {
        rate_per_s: capacity.rate.map(Rate::per_second),
        counts_parts: capacity.counts == Counts::Parts,
        burst: capacity.burst.filter(|tokens| *tokens > 1),
        quota: capacity.quota.map(|quota| (quota.limit, quota.per.as_secs_f64())),
        concurrent: capacity.concurrent,
        waiting: difference(&come, &[&series(&queue.rejections), &departures, &series(&queue.left_unserved)]),
        wait_s: waits.map(|(micros, &count)| (count > 0.0).then(|| micros / 1e6 / count)).collect(),
        limit_per_s: pace.map(limit),
        line_limit: capacity.concurrent.map(|lines| limit(f64::from(lines))),
        utilisation: utilisation(totals, thin, (capacity.concurrent, pace), &departures, lines_in_use.as_deref()),
        at_once: at_once(tally.rejected, queue),
        departures,
        lines_in_use,
    }
}

/// How many tokens of the throughput a message usually takes.
fn tokens_of(spec: &ProviderSpec, capacity: &Capacity) -> u32 {
    if capacity.counts == Counts::Parts { spec.price.parts } else { 1 }
}

/// The number present at the end of each bin: all that have come minus all that have gone.
fn difference(come: &[f64], gone: &[&Vec<f64>]) -> Vec<f64> {
    let mut there = 0.0;
    let bin = |(i, come): (usize, &f64)| {
        there += come - gone.iter().map(|gone| gone[i]).sum::<f64>();
        // Sums of means of integers may end up close to zero instead of at zero.
        if there.abs() < 1e-6 { 0.0 } else { there }
    };
    come.iter().enumerate().map(bin).collect()
}

/// The share of the capacity that was used while recipients arrived, so that plans and providers can be compared. Throttled windows are not
/// taken into account. `None` where all recipients arrive within one bin.
fn utilisation(
    totals: &Totals,
    thin: &Downsample,
    (concurrent, pace): (Option<u32>, Option<f64>),
    departures: &[f64],
    lines_in_use: Option<&[f64]>,
) -> Option<f64> {
    let arrivals = thin.series(&totals.whole().tally.arrivals);
    let bins = arrivals.iter().rposition(|count| *count > 0.0).filter(|last| *last > 0)? + 1;
    let mean = |series: &[f64]| series.iter().take(bins).sum::<f64>() / bins as f64;
    let paced = pace.map(|pace| mean(departures) / (pace * thin.bin_s()));
    let lines = concurrent.zip(lines_in_use).map(|(lines, in_use)| mean(in_use) / f64::from(lines));
    Some(paced.unwrap_or(0.0).max(lines.unwrap_or(0.0)).min(1.0))
}

fn at_once(rejected: u64, queue: &QueueTally) -> Option<f64> {
    let all = queue.waits.count() + rejected + queue.unserved();
    let at_once = queue.waits.zeros();
    (all > 0).then(|| at_once as f64 / all as f64)
}

/// The windows in which a provider is throttled, with the factors. Random windows differ between replications: they are included only if
/// there is a single replication.
fn throttles(scenario: &Scenario, totals: &Totals, spec: &ProviderSpec) -> Vec<(Windows, f64)> {
    let (rng, key) = (RngKey::new(scenario.seed, 0), DrawKey::of_name(&spec.name));
    let until = totals.timeline.end();
    let known = spec.outages.iter().enumerate();
    let known = known.filter(|(_, outage)| totals.replications() == 1 || !outage.is_random());
    let throttle = |(number, outage): (usize, &crate::provider::Outage)| match outage.effect {
        Effect::Throttle { millionths } => {
            Some((Calendar::new(outage).windows(rng, key, number as u16, until), f64::from(millionths) / 1e6))
        }
        _ => None,
    };
    known.filter_map(throttle).collect()
}

fn factor(throttles: &[(Windows, f64)], at: Time) -> f64 {
    throttles.iter().filter(|(windows, _)| windows.is_open(at)).map(|(_, factor)| factor).product()
}
