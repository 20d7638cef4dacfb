//! Exact answers beside those of a simulation.

use super::{Obstacle, Solution, Solver};
use crate::scenario::{Plan, Scenario};
use crate::sim::{Interrupted, Progress};
use crate::study::compare::round;
use crate::study::groups::{Group, Groups};
use crate::study::results::{Exact, GroupKind, GroupResult, Intervals, Method, PlanResult, Results};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Solves the plans of `scenario` whose recipients share nothing, and puts the exact answers beside those of the simulation in `results`. For the
/// other plans they say why that is not possible. Quantiles of the latency are left out: they take longer than to simulate a million recipients.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn solve(scenario: &Scenario, results: &mut Results, progress: &Progress) -> Result<(), Interrupted> {
    let solver = Solver::new(scenario, &scenario.used_providers());
    // Where capacities and circuits turned out to affect nobody, the simulation has none either.
    let is_unlimited = scenario.is_shared() && results.scenario.intervals == Intervals::FromRecipients;
    let solver = if is_unlimited { solver.unlimited() } else { solver };
    let all = [(Group::All, &mut results.plans)];
    let groups = results.groups.iter_mut().filter_map(|result| Some((group(scenario, result)?, &mut result.plans)));
    let of_groups = all.into_iter().chain(groups);
    let mut work: Vec<(Group, &Plan, &mut PlanResult)> = of_groups
        .flat_map(|(group, plans)| scenario.plans.iter().zip(plans).map(move |(plan, result)| (group, plan, result)))
        .collect();
    work.par_iter_mut().for_each(|(group, plan, result)| {
        if !progress.stopped() {
            add(result, solver.solve_quickly(plan, *group));
        }
    });
    results.scenario.method = match results.plans.iter().filter(|plan| plan.exact.is_some()).count() {
        0 => Method::Simulate,
        some if some < results.plans.len() => Method::Mixed,
        _ => Method::Exact,
    };
    if progress.stopped() { Err(Interrupted) } else { Ok(()) }
}

/// The group whose results these are.
fn group(scenario: &Scenario, result: &GroupResult) -> Option<Group> {
    let groups = Groups::of(scenario);
    match result.kind {
        GroupKind::Stream => {
            let names = scenario.streams.iter().map(|stream| &stream.name);
            groups.streams().zip(names).find(|(_, name)| **name == result.name).map(|(group, _)| group)
        }
        GroupKind::Segment => {
            let names = &scenario.people.segments;
            groups.segments().zip(names).find(|(_, name)| **name == result.name).map(|(group, _)| group)
        }
    }
}

fn add(result: &mut PlanResult, solution: Result<Solution, Vec<Obstacle>>) {
    match solution {
        Ok(solution) => {
            let named = solution.measures.into_iter().map(|(metric, exact)| (metric.name().to_owned(), rounded(exact)));
            result.exact = Some(named.collect::<BTreeMap<_, _>>());
        }
        Err(obstacles) => {
            let reasons: Vec<_> = obstacles.iter().map(Obstacle::to_string).collect();
            result.not_solved = Some(reasons.join("; "));
        }
    }
}

/// To as many digits as all results.
fn rounded(Exact { value, error }: Exact) -> Exact {
    Exact { value: round(value), error: round(error) }
}
