//! The series behind the figures: latency curves and what happened over time.

use super::compare::Totals;
use super::results::{OutageWindow, Pictures, PlanPicture};
use crate::provider::{Effect, Outage, ProviderSpec};
use crate::scenario::{Plan, Scenario};
use crate::sim::{PlanTally, Tally};
use crate::stats::{Bins, Latencies};
use crate::traffic::Arrivals;
use crate::units::SimTime;

/// At most so many bins are drawn of a time line: more would show more noise.
const BINS: usize = 240;
/// How much is drawn beyond the end of the time line, so that the lines are seen to fall.
const AFTER_THE_END: f64 = 0.015;
/// A curve has about so many points, more than a screen has columns, so that none of its steps shows.
const POINTS: usize = 2_000;
/// The time line ends where less than this share of the events is left.
const LEFT_OUT: f64 = 0.001;
/// The most windows of one outage that are drawn.
const WINDOWS: usize = 100;
/// A step without a ttl is taken to need this long.
const PATIENCE: SimTime = SimTime::from_micros(600_000_000);

/// The time by which all but a few stragglers should be done: the last arrival, and every step's ttl after it.
pub(super) fn horizon(scenario: &Scenario) -> SimTime {
    let longest = scenario.plans.iter().map(patience).max().unwrap_or_default();
    last_arrival(scenario).after(longest)
}

fn patience(plan: &Plan) -> SimTime {
    let step = |ttl: SimTime| if ttl.is_never() { PATIENCE } else { ttl };
    let steps = plan.flow.steps.iter().fold(SimTime::ZERO, |sum, rules| sum.after(step(rules.ttl)));
    steps.min(plan.flow.give_up_after)
}

fn last_arrival(scenario: &Scenario) -> SimTime {
    let recipients = scenario.traffic.recipients;
    match &scenario.traffic.arrivals {
        Arrivals::Blast => SimTime::ZERO,
        Arrivals::Spread { over } | Arrivals::Uniform { over } => *over,
        Arrivals::Poisson { rate_per_s } => SimTime::from_secs_f64(recipients as f64 / rate_per_s),
        Arrivals::Stages(stages) => stages.iter().fold(SimTime::ZERO, |sum, stage| sum.after(stage.over)),
        Arrivals::Times(times) => times.iter().take(recipients as usize).copied().max().unwrap_or_default(),
    }
}

/// The series of a run.
pub(super) fn pictures(scenario: &Scenario, totals: &Totals) -> Pictures {
    let thin = Thinning::of(totals);
    let plans = scenario.plans.iter().zip(&totals.tally.plans);
    let shown = thin.shown();
    Pictures {
        plans: plans.map(|(plan, tally)| plan_picture(scenario, totals, &thin, plan, tally)).collect(),
        bin_s: thin.bin_s,
        arrivals: thin.series(&totals.tally.arrivals),
        outages: scenario.providers.iter().flat_map(|provider| windows(provider, shown)).collect(),
    }
}

/// How the fine bins of the tally become the bins that are drawn.
struct Thinning {
    /// How many fine bins make one.
    factor: usize,
    /// How many are drawn.
    bins: usize,
    bin_s: f64,
    replications: f64,
}

impl Thinning {
    fn of(totals: &Totals) -> Self {
        let events = all_events(&totals.tally, totals.timeline.bins());
        let wanted = (1.0 - LEFT_OUT) * events.iter().sum::<u64>() as f64;
        let mut sum = 0;
        let last = events.iter().position(|count| {
            sum += count;
            sum as f64 >= wanted
        });
        let end = last.unwrap_or(0) + 1;
        let used = end + (end as f64 * AFTER_THE_END).ceil() as usize;
        let factor = used.div_ceil(BINS);
        Self {
            factor,
            bins: used.div_ceil(factor),
            bin_s: totals.timeline.width().as_secs_f64() * factor as f64,
            replications: f64::from(totals.replications),
        }
    }

    fn shown(&self) -> SimTime {
        SimTime::from_secs_f64(self.bin_s * self.bins as f64)
    }

    fn series(&self, bins: &Bins) -> Vec<f64> {
        let bin = |counts: &[u64]| counts.iter().sum::<u64>() as f64 / self.replications;
        let mut series: Vec<f64> = bins.counts().chunks(self.factor).take(self.bins).map(bin).collect();
        series.resize(self.bins, 0.0);
        series
    }
}

fn all_events(tally: &Tally, bins: usize) -> Vec<u64> {
    let steps = tally.plans.iter().flat_map(|plan| &plan.steps);
    let series = steps.map(|step| &step.deliveries).chain(tally.plans.iter().map(|plan| &plan.failovers));
    let mut events = vec![0; bins];
    for bins in series.chain([&tally.arrivals]) {
        events.iter_mut().zip(bins.counts()).for_each(|(sum, count)| *sum += count);
    }
    events
}

fn plan_picture(scenario: &Scenario, totals: &Totals, thin: &Thinning, plan: &Plan, tally: &PlanTally) -> PlanPicture {
    let n = scenario.traffic.recipients as f64 * f64::from(totals.replications);
    PlanPicture {
        curve: curve(&tally.latencies, n),
        deliveries: deliveries(scenario, thin, plan, tally),
        failovers: thin.series(&tally.failovers),
        first_by_step: tally.steps.iter().map(|step| step.first as f64 / n).collect(),
    }
}

/// About [`POINTS`] points of the distribution, evenly spaced in the logarithm of time.
fn curve(latencies: &Latencies, n: f64) -> Vec<(f64, f64)> {
    let all: Vec<(f64, f64)> =
        latencies.cumulative().map(|(seconds, count)| (seconds.max(1e-6), count as f64 / n)).collect();
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
    let step = libm::exp(libm::log(last.0 / first.0) / POINTS as f64);
    let (mut curve, mut next) = (Vec::with_capacity(2 * POINTS), 0.0);
    for (i, &point) in all[..all.len() - 1].iter().enumerate() {
        // The last point before a gap stays: the curve is flat over the gap.
        if point.0 >= next || all[i + 1].0 > point.0 * step {
            curve.push(point);
            next = point.0 * step;
        }
    }
    curve.push(*last);
    curve
}

/// The deliveries of each channel, in order of first use.
fn deliveries(scenario: &Scenario, thin: &Thinning, plan: &Plan, tally: &PlanTally) -> Vec<(String, Vec<f64>)> {
    let mut channels: Vec<(String, Bins)> = Vec::new();
    for (carrier, step) in plan.carriers.iter().zip(&tally.steps) {
        let channel = &scenario.providers[carrier.provider].channel;
        match channels.iter_mut().find(|(name, _)| name == channel) {
            Some((_, bins)) => bins.merge(&step.deliveries),
            None => channels.push((channel.clone(), step.deliveries.clone())),
        }
    }
    channels.into_iter().map(|(name, bins)| (name, thin.series(&bins))).collect()
}

fn windows(provider: &ProviderSpec, shown: SimTime) -> Vec<OutageWindow> {
    provider.outages.iter().flat_map(|outage| recurrences(provider, outage, shown)).collect()
}

fn recurrences<'a>(
    provider: &'a ProviderSpec,
    outage: &'a Outage,
    shown: SimTime,
) -> impl Iterator<Item = OutageWindow> + 'a {
    let starts = std::iter::successors(Some(outage.from), |from| Some(from.after(outage.every)));
    starts.take_while(move |from| *from < shown).take(WINDOWS).map(move |from| OutageWindow {
        provider: provider.name.clone(),
        effect: word(outage.effect).to_owned(),
        from_s: from.as_secs_f64(),
        to_s: from.after(outage.to.since(outage.from)).min(shown).as_secs_f64(),
        share: outage.share.get(),
    })
}

/// The word used in files and figures.
const fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::Silent => "silent",
        Effect::Fail => "fail",
        Effect::Slow { .. } => "slow",
        Effect::ReportsLost => "reports_lost",
    }
}
