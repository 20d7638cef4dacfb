//! The horizon of a scenario: the span of time that its run covers.

use crate::dist::{Dist, Sampler};
use crate::engine::StepRules;
use crate::provider::{Counts, OutcomeSpec, ProviderSpec};
use crate::scenario::{Plan, Scenario, Stream};
use crate::sim::Timeline;
use crate::status::Segment;
use crate::units::{Span, Time};

/// The time assumed for a step without a ttl.
const PATIENCE: Span = Span::from_micros(600_000_000);

/// The time bins of a scenario. They extend to when all but a few stragglers should be done: the last arrival plus every step's ttl, or
/// plus the time that queues without a ttl may take to empty.
pub(super) fn timeline(scenario: &Scenario) -> Timeline {
    Timeline::over(horizon(scenario))
}

fn horizon(scenario: &Scenario) -> Time {
    let ends = (0..scenario.plans.len()).map(|plan| activity(scenario, plan));
    ends.max().unwrap_or_default().after(backlog(scenario))
}

/// The time up to which attempts are submitted under a plan, apart from stragglers: the last arrival plus every step's ttl.
pub(super) fn activity(scenario: &Scenario, plan: usize) -> Time {
    let end = |stream: &Stream| {
        let patience = scenario.plan_of(stream, plan).members().iter().map(patience).max();
        stream.traffic.last_arrival().after(patience.unwrap_or_default())
    };
    scenario.streams.iter().map(end).max().unwrap_or_default()
}

/// How long the steps of a plan wait in total.
pub(super) fn patience(plan: &Plan) -> Span {
    let step = |ttl: Span| if ttl.is_unlimited() { PATIENCE } else { ttl };
    let steps = plan.flow.steps().iter().fold(Span::ZERO, |sum, rules| sum.plus(step(rules.ttl)));
    steps.min(plan.flow.give_up_after())
}

/// How long the busiest provider takes for its expected load, if attempts may wait longer than the steps: without a ttl, or where they cannot
/// be recalled.
fn backlog(scenario: &Scenario) -> Span {
    let mut loads = vec![Load::default(); scenario.providers.len()];
    // How long attempts of a step may wait at a provider beyond the step's ttl (s).
    let wait_at = |rules: &StepRules, provider: &ProviderSpec| match provider.capacity {
        _ if rules.ttl.is_unlimited() => f64::INFINITY,
        Some(capacity) if capacity.keeps_queued() && (!provider.honours_ttl || rules.validity.is_unlimited()) => {
            f64::INFINITY
        }
        Some(capacity) if capacity.keeps_queued() => rules.validity.as_secs_f64() - rules.ttl.as_secs_f64(),
        _ => 0.0,
    };
    let wait = |rules: &StepRules| {
        let members = rules.pool.members().iter().map(|&provider| wait_at(rules, &scenario.providers[provider]));
        members.fold(0.0, f64::max)
    };
    let longest_wait = |plan: &Plan| plan.flow.steps().iter().map(wait).fold(0.0, f64::max);
    let mut longest = 0.0_f64;
    for plan in 0..scenario.plans.len() {
        loads.fill(Load::default());
        let followed = || scenario.streams.iter().map(|stream| (stream, scenario.plan_of(stream, plan)));
        for (stream, plan) in followed() {
            let traffic = &stream.traffic;
            let shares = traffic.segments.shares(scenario.segment_count(), traffic.recipients);
            for (segment, share) in scenario.segments().zip(shares) {
                let recipients = traffic.recipients as f64 * share;
                add_load(scenario, recipients, (plan.in_segment(segment), segment), &mut loads);
            }
        }
        let waits = followed().flat_map(|(_, plan)| plan.members()).map(longest_wait).fold(0.0, f64::max);
        if waits > 0.0 {
            let needed = scenario.providers.iter().zip(&loads).map(|(provider, load)| time_for(provider, *load));
            longest = longest.max(needed.fold(0.0, f64::max).min(waits));
        }
    }
    Span::from_secs_f64((RESERVE * longest).min(MOST_S))
}

/// An estimated backlog is lengthened by this factor, up to a year.
const RESERVE: f64 = 1.25;
const MOST_S: f64 = 366.0 * 86_400.0;

/// Adds the expected attempts of each provider: at each step, one for each recipient that earlier steps are not expected to reach.
fn add_load(scenario: &Scenario, recipients: f64, (plan, segment): (&Plan, Segment), loads: &mut [Load]) {
    let mut left = recipients;
    for rules in plan.flow.steps() {
        let members = rules.pool.members();
        for &provider in members {
            let (load, spec) = (&mut loads[provider], scenario.providers[provider].of(segment));
            let attempts = left / members.len() as f64;
            load.attempts += attempts;
            if spec.capacity.is_some_and(|capacity| capacity.concurrent.is_some()) {
                load.held_s += attempts * held(spec);
            }
        }
        left *= 1.0 - scenario.providers[members[0]].of(segment).reachable();
    }
}

/// What a provider is expected to get.
#[derive(Clone, Copy, Default)]
struct Load {
    attempts: f64,
    /// How long they hold lines in total (s).
    held_s: f64,
}

/// How long (s) a provider takes for this load.
fn time_for(provider: &ProviderSpec, load: Load) -> f64 {
    let Some(capacity) = provider.capacity else { return 0.0 };
    let parts = if capacity.counts == Counts::Parts { f64::from(provider.price.parts) } else { 1.0 };
    let paced = capacity.rate.map_or(0.0, |rate| load.attempts * parts / rate.per_second());
    let held_over = capacity.quota.filter(|quota| !quota.rejects);
    let windows = held_over.map_or(0.0, |quota| load.attempts * parts / quota.limit as f64 * quota.per.as_secs_f64());
    let lines = capacity.concurrent.map_or(0.0, |lines| load.held_s / f64::from(lines));
    paced.max(windows).max(lines)
}

/// How long (s) an attempt holds a line, on average.
fn held(spec: &ProviderSpec) -> f64 {
    let hold =
        |outcome: &OutcomeSpec| outcome.share.get() * (mean(&outcome.after) + outcome.talk.as_ref().map_or(0.0, mean));
    spec.outcomes.iter().map(hold).sum()
}

/// The approximate mean of a distribution (s): the mean of its quantiles at the midpoints of equal parts.
fn mean(dist: &Dist) -> f64 {
    const PARTS: u32 = 16;
    let sampler = Sampler::new(dist);
    let middle = |part: u32| sampler.sample((2 * part + 1) * (1 << 27)).as_secs_f64();
    (0..PARTS).map(middle).sum::<f64>() / f64::from(PARTS)
}
