//! Phones that are off: one more integral, over when they are on again.

use super::arrivals::ArrivalLaw;
use super::class::ClassPlan;
use super::fates::Conditions;
use super::quadrature::{Level, nodes};
use super::sums::PathSums;
use super::walk::{Asked, Walk};
use crate::dist::Law;

/// Half a microsecond.
const HALF: f64 = 0.5;

/// Follows all paths of a plan, for recipients whose phones are off with probability `off` and back after a span of this law (`None`: never).
pub(super) fn walk(
    plan: &ClassPlan,
    arrivals: &ArrivalLaw,
    asked: Asked<'_>,
    weight: f64,
    off: Option<(f64, Option<&Law>)>,
) -> PathSums {
    let mut walk = Walk::new(plan, arrivals, asked);
    let share = off.map_or(0.0, |off| off.0);
    walk.walk(0.0, weight * (1.0 - share), weight * (1.0 - share));
    match off {
        Some((share, Some(back))) if share > 0.0 => {
            let weight = weight * share;
            let breaks = phone_breaks(plan, arrivals, asked);
            let mut all = Vec::new();
            nodes(back, f64::INFINITY, &breaks, (weight, asked.level), &mut all);
            // Times are whole microseconds: who is off for less than half of one is not off.
            let whole = |at: f64| if at < HALF { 0.0 } else { at };
            all.iter().for_each(|&(at, mass)| walk.walk(whole(at), weight * mass, weight));
        }
        Some((share, None)) if share > 0.0 => walk.walk(f64::INFINITY, weight * share, weight * share),
        _ => {}
    }
    walk.finish()
}

/// When it makes a difference whether a phone is on again: when attempts depart, when their validity ends, or their wait, and by when they deliver
/// just in time for these and for the times that are asked for.
fn phone_breaks(plan: &ClassPlan, arrivals: &ArrivalLaw, asked: Asked<'_>) -> Vec<f64> {
    let mut probe = Walk::new(plan, arrivals, Asked { level: Level(2), mean: false, ..asked });
    probe.departures = Some(Vec::new());
    probe.walk(0.0, 1.0, 1.0);
    probe.walk(f64::INFINITY, 1.0, 1.0);
    let mut departures = probe.departures.unwrap_or_default();
    departures.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    departures.dedup();
    let mut breaks = asked.times.to_vec();
    breaks.push(HALF);
    for (step, at) in departures {
        breaks.push(at);
        let step = &plan.steps[step];
        for slot in &step.members {
            let ends = [at + slot.on.valid(), at + step.ttl];
            for happening in slot.on.happenings.iter().filter(|happening| happening.reached) {
                let ends = asked.times.iter().chain(&ends);
                breaks.extend(ends.flat_map(|at| happening.marks.iter().map(move |mark| at - mark)));
            }
            // A success that comes just in time to end the step.
            let reports = slot.on.reports.iter().flat_map(|report| report.marks(&Conditions::USUAL));
            breaks.extend(reports.map(|mark| at + step.ttl - mark));
            breaks.extend(ends);
        }
    }
    breaks.retain(|at| at.is_finite() && *at > 0.0);
    breaks.sort_by(f64::total_cmp);
    breaks.dedup();
    breaks
}
