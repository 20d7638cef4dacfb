//! The series behind the figures: latency curves and what happened over time.

use super::downsample::Downsample;
use super::groups::{Group, step_plans};
use super::over_time;
use super::results::PlanResult;
use super::series::{FigureData, InTimeData, OutageWindow, PlanFigureData};
use super::totals::Totals;
use crate::provider::{Calendar, Effect, ProviderSpec};
use crate::rng::{DrawKey, RngKey};
use crate::scenario::{Plan, Scenario};
use crate::sim::GroupLedger;
use crate::sim::PlanTally;
use crate::stats::{Bins, Latencies};
use crate::units::Time;

/// At most this many plans are drawn: more curves cannot be told apart by eye.
const MOST_DRAWN: usize = 20;
/// At most this many bins of a timeline are drawn: more would show more noise.
const BINS: usize = 300;
/// The approximate number of points of a curve: more than a screen has columns, so that no steps are visible.
const POINTS: usize = 2_000;
/// At most this many windows of one outage are drawn.
const WINDOWS: usize = 100;

/// The indices of the plans that are drawn: all of up to [`MOST_DRAWN`]; of more, the reference and the plans that the fewest others beat.
pub(super) fn drawn(plans: &[PlanResult], reference: usize) -> Vec<usize> {
    let worth = |plan: &PlanResult| Worth { in_time: plan.in_time.count.0, cost: plan.cost.per_recipient };
    chosen(&plans.iter().map(worth).collect::<Vec<_>>(), reference)
}

/// The values by which a plan is chosen.
#[derive(Clone, Copy)]
struct Worth {
    in_time: f64,
    cost: f64,
}

impl Worth {
    /// Whether a plan delivers at least as many in time as another, costs no more, and is not equal to it.
    fn beats(self, other: Self) -> bool {
        let (in_time, cost) = (self.in_time - other.in_time, self.cost - other.cost);
        in_time >= 0.0 && cost <= 0.0 && (in_time > 0.0 || cost < 0.0)
    }
}

/// The reference, and the plans that the fewest others beat; among equals, those that deliver the most in time.
fn chosen(plans: &[Worth], reference: usize) -> Vec<usize> {
    let beaten_by = |index: usize| plans.iter().filter(|other| other.beats(plans[index])).count();
    let mut order: Vec<_> = (0..plans.len()).map(|index| (index != reference, beaten_by(index), index)).collect();
    order.sort_by(|(rank, beaten, index), (other_rank, other_beaten, other)| {
        let in_time = plans[*other].in_time.total_cmp(&plans[*index].in_time);
        (rank, beaten).cmp(&(other_rank, other_beaten)).then(in_time).then(index.cmp(other))
    });
    order.truncate(MOST_DRAWN);
    let mut drawn: Vec<_> = order.into_iter().map(|(.., index)| index).collect();
    drawn.sort_unstable();
    drawn
}

/// The figure data of a run, for the plans in `drawn`.
pub(super) fn figure_data(scenario: &Scenario, totals: &Totals, drawn: &[usize]) -> FigureData {
    let group = totals.whole();
    let thin = Downsample::of(totals, group, BINS, Time::ZERO);
    let mut plans = plans_of(group, drawn);
    for (data, &index) in plans.iter_mut().zip(drawn) {
        let (plans, tally) = (step_plans(scenario, Group::All, index), &group.tally.plans[index]);
        data.deliveries = deliveries(scenario, &thin, &plans, tally);
        data.failovers = thin.series(&tally.series.failovers);
    }
    let of_group = |group| FigureData { plans: plans_of(totals.group(group), drawn), ..FigureData::default() };
    FigureData {
        plans,
        bin_s: thin.bin_s(),
        arrivals: thin.series(&group.tally.arrivals),
        outages: outage_windows(scenario, totals, thin.end()),
        in_time: in_time(scenario, totals, drawn),
        groups: totals.parts().map(of_group).collect(),
    }
}

/// The shares in time over time, for the plans in `drawn`. Bins are so wide that those of the largest stream, if it arrived evenly, had
/// shares with a standard error of at most three points, unless that leaves fewer than twelve of them.
fn in_time(scenario: &Scenario, totals: &Totals, drawn: &[usize]) -> Option<InTimeData> {
    const FOR_EACH: u64 = 280;
    let largest = (0..scenario.streams.len()).map(|stream| totals.group(Group::Stream(stream)).simulated()).max()?;
    let thin = Downsample::of_arrivals(totals, (largest / FOR_EACH).clamp(12, BINS as u64) as usize);
    let of_stream = |stream: usize| {
        let came = over_time::arrivals(totals, &thin, stream);
        let share = |(&in_time, &came): (&f64, &f64)| (came > 0.0).then(|| in_time / came);
        let of_plan = |&plan: &usize| {
            over_time::in_time(totals, &thin, (stream, &came), plan).iter().zip(&came).map(share).collect::<Vec<_>>()
        };
        (scenario.streams[stream].name.clone(), drawn.iter().map(of_plan).collect::<Vec<_>>())
    };
    let streams: Vec<_> = (0..scenario.streams.len()).map(of_stream).collect();
    let is_spread = |plans: &Vec<Vec<Option<f64>>>| plans.first().is_some_and(|bins| bins.iter().flatten().count() > 1);
    streams.iter().any(|(_, plans)| is_spread(plans)).then(|| InTimeData { bin_s: thin.bin_s(), streams })
}

/// What is drawn of a group under each plan, apart from what happened over time.
fn plans_of(group: &GroupLedger, drawn: &[usize]) -> Vec<PlanFigureData> {
    let n = group.simulated() as f64;
    let plan = |&index: &usize| {
        let tally = &group.tally.plans[index];
        PlanFigureData {
            curve: curve(&tally.latencies, n),
            deliveries: Vec::new(),
            failovers: Vec::new(),
            first_by_step: tally.steps.iter().map(|step| step.first as f64 / n).collect(),
        }
    };
    drawn.iter().map(plan).collect()
}

/// About [`POINTS`] points of the latency distribution, evenly spaced in the logarithm of time.
fn curve(latencies: &Latencies, n: f64) -> Vec<(f64, f64)> {
    let all: Vec<(f64, f64)> =
        latencies.cumulative().into_iter().map(|(seconds, count)| (seconds.max(1e-6), count as f64 / n)).collect();
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
    let step = libm::exp(libm::log(last.0 / first.0) / POINTS as f64);
    let (mut curve, mut next) = (Vec::with_capacity(2 * POINTS), 0.0);
    for (i, &point) in all[..all.len() - 1].iter().enumerate() {
        // Keep the last point before a gap: the curve is flat over the gap.
        if point.0 >= next || all[i + 1].0 > point.0 * step {
            curve.push(point);
            next = point.0 * step;
        }
    }
    curve.push(*last);
    curve
}

/// The deliveries of each channel, in order of first use.
fn deliveries(scenario: &Scenario, thin: &Downsample, plans: &[&Plan], tally: &PlanTally) -> Vec<(String, Vec<f64>)> {
    let mut channels: Vec<(String, Bins)> = Vec::new();
    let mut done = Vec::new();
    let steps = plans.iter().flat_map(|plan| plan.flow.steps()).flat_map(|rules| rules.pool.members());
    let others = tally.providers.iter().filter(|(_, tally)| tally.delivered > 0).map(|(provider, _)| provider);
    for provider in steps.copied().chain(others) {
        if done.contains(&provider) {
            continue;
        }
        done.push(provider);
        let (channel, series) = (&scenario.providers[provider].channel, &tally.series.providers[provider].deliveries);
        match channels.iter_mut().find(|(name, _)| name == channel) {
            Some((_, bins)) => bins.merge(series),
            None => channels.push((channel.clone(), series.clone())),
        }
    }
    channels.into_iter().map(|(name, bins)| (name, thin.series(&bins))).collect()
}

/// The windows of all outages that begin before `shown`. Random windows differ between replications: they are included only if there is a
/// single replication.
fn outage_windows(scenario: &Scenario, totals: &Totals, shown: Time) -> Vec<OutageWindow> {
    let until = if totals.replications() == 1 { totals.timeline.end() } else { Time::ZERO };
    let rng = RngKey::new(scenario.seed, 0);
    scenario.providers.iter().flat_map(|provider| windows(provider, rng, until, shown)).collect()
}

fn windows(provider: &ProviderSpec, rng: RngKey, until: Time, shown: Time) -> Vec<OutageWindow> {
    let key = DrawKey::of_name(&provider.name);
    let mut all = Vec::new();
    for (number, outage) in provider.outages.iter().enumerate() {
        let windows = Calendar::new(outage).windows(rng, key, number as u16, until).before(shown, WINDOWS);
        all.extend(windows.into_iter().map(|(from, to)| OutageWindow {
            provider: provider.name.clone(),
            effect: word(outage.effect),
            from_s: from.as_secs_f64(),
            to_s: to.min(shown).as_secs_f64(),
            share: outage.share.get(),
        }));
    }
    all
}

/// The name of the effect in figures.
fn word(effect: Effect) -> String {
    match effect {
        Effect::Silent => "silent".to_owned(),
        Effect::Fail => "fail".to_owned(),
        Effect::Slow { .. } => "slow".to_owned(),
        Effect::ReportsLost => "reports_lost".to_owned(),
        Effect::ReportsLate { .. } => "reports_late".to_owned(),
        Effect::Dropped { .. } => "dropped".to_owned(),
        Effect::Throttle { millionths } => format!("throttle to {} %", f64::from(millionths) / 1e4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_plans_those_are_drawn_that_few_others_beat() {
        // Among the first twenty, plans that deliver more in time cost more; each of the others costs as much as one of them and delivers
        // less.
        let worth = |index: usize| Worth {
            in_time: 1_000.0 + (index % 20) as f64 - 0.5 * (index / 20) as f64,
            cost: 0.01 + 0.001 * (index % 20) as f64,
        };
        let plans: Vec<_> = (0..60).map(worth).collect();
        assert_eq!(chosen(&plans[..20], 7), (0..20).collect::<Vec<_>>());
        let expected: Vec<_> = (1..20).chain([44]).collect();
        assert_eq!(chosen(&plans, 44), expected, "the reference, and all that nothing beats but the least in time");
    }
}
