//! `failsim optimize`: the best order of providers and the best waits.

use super::args::{LateRule, Optimize};
use super::failure::Failure;
use super::goal::NamedBound;
use super::simulate;
use super::{load, output};
use crate::engine::LateDelivery;
use crate::report;
use crate::scenario::{Metric, Plan, Scenario};
use crate::study::{self, MOST_CANDIDATES, PlanResult, Search, SearchError};
use crate::units::Span;

/// The exit code when no plan meets the bounds.
const NOT_ATTAINABLE: u8 = 3;
/// The waits of the grid are multiples of the deadline divided by this.
const PARTS: i64 = 12;

pub(super) fn optimize(args: &Optimize) -> Result<(), Failure> {
    if !args.input.plans.is_empty() {
        let hint = "it makes plans of its own; name providers with --providers";
        return Err(Failure::usage("optimize takes no --plan", hint));
    }
    let scenario = load::for_run(&args.input, &[])?;
    load::remarks(&args.input, &scenario);
    load::check_memory(&args.input, &scenario, scenario.replications)?;
    let search = Search {
        scenario: &scenario,
        segment: None,
        providers: providers(args, &scenario)?,
        steps: args.steps.into(),
        ttls: ttls(args, &scenario),
        late_deliveries: match args.late_delivery {
            LateRule::Finish => vec![LateDelivery::Finish],
            LateRule::Ignore => vec![LateDelivery::Ignore],
            LateRule::Both => vec![LateDelivery::Finish, LateDelivery::Ignore],
        },
        objectives: objectives(args)?,
        bounds: args.subject_to.iter().map(|NamedBound { metric, bound }| (*metric, *bound)).collect(),
    };
    let is_met = if args.by_segment { by_segment(args, &search) } else { for_all(args, &search) }?;
    if is_met { Ok(()) } else { Err(Failure::AlreadyReported(NOT_ATTAINABLE)) }
}

/// Finds and prints the best plan for all recipients. Returns whether it meets the bounds.
fn for_all(args: &Optimize, search: &Search<'_>) -> Result<bool, Failure> {
    let indifference = args.indifference.map(|amount| amount.of(search.objectives[0])).transpose()?;
    // What a race has found is told even if it is interrupted.
    let mut raced = None;
    let watched = simulate::watched(&args.input, |progress| {
        let optimum = match search.run(progress) {
            Err(SearchError::Obstacles(obstacles)) => {
                raced = Some((search.race(indifference, progress)?, obstacles));
                return Ok(None);
            }
            outcome => outcome?,
        };
        let best = optimum.plans.first();
        let confirmed = best.map(|best| confirmed(search.scenario, &best.plan, progress)).transpose()?;
        Ok(Some((optimum, confirmed.flatten())))
    });
    if let Some((race, obstacles)) = raced {
        output::print(&report::race(search, &race, &obstacles))?;
        watched?;
        return Ok(race.plans.first().is_some_and(|winner| winner.seems_to_meet_bounds));
    }
    let Some((optimum, confirmed)) = watched?.outcome.map_err(|error: SearchError| impossible(&error))? else {
        return Ok(false);
    };
    output::print(&report::optimum(search, &optimum, confirmed.as_ref()))?;
    Ok(optimum.plans.iter().any(|found| found.meets_bounds))
}

/// Finds and prints the best plan for each segment. Returns whether each meets the bounds.
fn by_segment(args: &Optimize, search: &Search<'_>) -> Result<bool, Failure> {
    if search.scenario.segment_count() < 2 {
        let hint = "give it [[segments]], or leave out --by-segment";
        return Err(Failure::usage("the scenario has no segments", hint));
    }
    if search.objectives.len() > 1 {
        let hint = "make one of them a bound: --subject-to 'in_time>=0.99'";
        return Err(Failure::usage("two objectives have no best plan for each segment", hint));
    }
    let watched = simulate::watched(&args.input, |progress| {
        let optima = search.by_segment(progress)?;
        let confirmed = confirmed(search.scenario, &optima.composite.plan, progress)?;
        Ok((optima, confirmed))
    })?;
    let (optima, confirmed) = watched.outcome.map_err(|error: SearchError| impossible(&error))?;
    output::print(&report::segment_optima(search, &optima, confirmed.as_ref()))?;
    Ok(optima.composite.meets_bounds)
}

/// Simulates a plan.
fn confirmed(
    scenario: &Scenario,
    plan: &Plan,
    progress: &crate::sim::Progress,
) -> Result<Option<PlanResult>, crate::sim::Interrupted> {
    let mut alone = scenario.clone();
    alone.plans = vec![plan.clone()];
    alone.checks.clear();
    let mut results = study::simulate(&alone, scenario.replications, progress)?.results(progress)?;
    Ok(results.plans.pop())
}

/// The providers to try: those named, or all.
fn providers(args: &Optimize, scenario: &Scenario) -> Result<Vec<usize>, Failure> {
    let names = || scenario.providers.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ");
    let place = |name: &String| {
        scenario.providers.iter().position(|spec| spec.name == *name).ok_or_else(|| {
            Failure::usage(
                format!("the scenario has no provider named {name:?}"),
                format!("its providers are {}", names()),
            )
        })
    };
    if args.providers.is_empty() {
        return Ok((0..scenario.providers.len()).collect());
    }
    let mut places: Vec<usize> = args.providers.iter().map(place).collect::<Result<_, _>>()?;
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// The waits to try: those named, or twelfths of the deadline.
fn ttls(args: &Optimize, scenario: &Scenario) -> Vec<Span> {
    let mut ttls = args.ttls.clone();
    if ttls.is_empty() {
        let part = (scenario.deadline.as_micros() / PARTS).max(1);
        ttls = (1..=PARTS).map(|parts| Span::from_micros(parts * part)).collect();
    }
    ttls.sort_unstable();
    ttls.dedup();
    ttls
}

/// The objectives, each with its direction.
fn objectives(args: &Optimize) -> Result<Vec<Metric>, Failure> {
    let is_wrong = |metric: &&Metric, maximizes: bool| metric.more_is_better() != maximizes;
    if let Some(metric) = args.minimize.iter().find(|metric| is_wrong(metric, false)) {
        return Err(Failure::usage(format!("the more {metric} the better"), format!("write --maximize {metric}")));
    }
    if let Some(metric) = args.maximize.iter().find(|metric| is_wrong(metric, true)) {
        return Err(Failure::usage(format!("the less {metric} the better"), format!("write --minimize {metric}")));
    }
    let mut all: Vec<Metric> = Vec::new();
    for metric in args.minimize.iter().chain(&args.maximize) {
        if !all.contains(metric) {
            all.push(*metric);
        }
    }
    if all.len() > 2 {
        return Err(Failure::usage("more than two objectives", "make the others bounds: --subject-to 'in_time>=0.99'"));
    }
    Ok(all)
}

fn impossible(error: &SearchError) -> Failure {
    match error {
        SearchError::Interrupted => Failure::Interrupted,
        SearchError::Candidates(count) => Failure::usage(
            format!("{} plans are too many", report::count(*count as u64)),
            format!(
                "the most are {}; name fewer with --steps, --providers or --ttls",
                report::count(MOST_CANDIDATES as u64)
            ),
        ),
        SearchError::Objective(metric) => Failure::usage(
            format!("plans cannot be compared by {metric}"),
            "make it a bound, such as --subject-to 'latency_p95_s<=30s'",
        ),
        SearchError::Bound(metric) => Failure::usage(
            format!("{metric} cannot be a bound"),
            "the measures are delivered, in_time, succeeded, duplicates, seen, costs, failovers, mean latency and quantiles of the latency",
        ),
        SearchError::Total(metric) => Failure::usage(
            format!("{metric} is a total, and cannot be a bound in each segment"),
            "bound a share or a mean, such as --subject-to 'cost_per_recipient<=0.04'",
        ),
        SearchError::Objectives => Failure::usage(
            "plans that cannot be solved race for one objective",
            "make the other a bound: --subject-to 'in_time>=0.99'",
        ),
        SearchError::Race(metric) => Failure::usage(
            format!("plans that cannot be solved cannot race by {metric}, or within a bound of it"),
            "the measures are delivered, in_time, succeeded, duplicates, seen and cost_per_recipient",
        ),
        SearchError::Segment => Failure::usage("a race is for all recipients", "leave out --by-segment"),
        SearchError::Effort(recipients) => Failure::usage(
            format!(
                "these plans cannot be solved, and to begin with, {} simulated recipients would be needed",
                report::count(*recipients)
            ),
            "try fewer plans with --providers, --steps or --ttls, or fewer --recipients",
        ),
        SearchError::NoProviders => Failure::usage("there are no providers to try", "name some with --providers"),
        SearchError::Obstacles(obstacles) => {
            let each: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            Failure::usage(
                format!("these plans cannot be solved exactly: {}", each.join("; ")),
                "name other providers with --providers, or leave out --by-segment: then plans are simulated",
            )
        }
    }
}
