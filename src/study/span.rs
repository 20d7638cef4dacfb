//! Over which span of time a scenario plays.

use crate::scenario::{Plan, Scenario, Stream};
use crate::sim::Timeline;
use crate::traffic::Arrivals;
use crate::units::SimTime;

/// A step without a ttl is taken to need this long.
const PATIENCE: SimTime = SimTime::from_micros(600_000_000);
/// A line is taken to be held this long by each attempt.
const HOLD_S: f64 = 60.0;

/// The bins of time for a scenario: up to the moment by which all but a few stragglers should be done, which is the last arrival, and
/// every step's ttl after it, or what queues without a ttl may take to empty.
pub(super) fn timeline(scenario: &Scenario) -> Timeline {
    Timeline::over(horizon(scenario))
}

fn horizon(scenario: &Scenario) -> SimTime {
    let ends = scenario.streams.iter().flat_map(|stream| {
        let plans = (0..scenario.plans.len()).map(|plan| scenario.plan_of(stream, plan));
        plans.map(|plan| last_arrival(stream).after(patience(plan)))
    });
    ends.max().unwrap_or_default().after(backlog(scenario))
}

fn patience(plan: &Plan) -> SimTime {
    let step = |ttl: SimTime| if ttl.is_never() { PATIENCE } else { ttl };
    let steps = plan.flow.steps.iter().fold(SimTime::ZERO, |sum, rules| sum.after(step(rules.ttl)));
    steps.min(plan.flow.give_up_after)
}

fn last_arrival(stream: &Stream) -> SimTime {
    let recipients = stream.traffic.recipients;
    match &stream.traffic.arrivals {
        Arrivals::Blast => SimTime::ZERO,
        Arrivals::Spread { over } | Arrivals::Uniform { over } => *over,
        Arrivals::Poisson { rate_per_s } => SimTime::from_secs_f64(recipients as f64 / rate_per_s),
        Arrivals::Stages(stages) => stages.iter().fold(SimTime::ZERO, |sum, stage| sum.after(stage.over)),
        Arrivals::Times(times) => times.iter().take(recipients as usize).copied().max().unwrap_or_default(),
    }
}

/// How long the slowest provider takes for all recipients, if some step waits for one without a ttl.
fn backlog(scenario: &Scenario) -> SimTime {
    let streams = scenario.streams.iter();
    let plans = scenario.plans.iter().chain(streams.filter_map(|stream| stream.plan.as_ref()));
    let endless = plans.flat_map(|plan| plan.flow.steps.iter().zip(&plan.carriers));
    let endless = endless.filter(|(rules, _)| rules.ttl.is_never()).flat_map(|(_, carrier)| carrier.pool.members());
    let seconds = |&provider: &usize| {
        let capacity = scenario.providers[provider].capacity?;
        let n = scenario.recipients() as f64;
        let rate = capacity.rate.map_or(0.0, |rate| n / rate.per_second());
        let lines = capacity.concurrent.map_or(0.0, |lines| n * HOLD_S / f64::from(lines));
        Some(rate.max(lines).min(SimTime::MAX.as_secs_f64() / 1e3))
    };
    SimTime::from_secs_f64(endless.filter_map(seconds).fold(0.0, f64::max))
}
