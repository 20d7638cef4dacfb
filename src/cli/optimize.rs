//! `failsim optimize`: the best order of providers and the best waits.

use super::args::{LateRule, Optimize, PlanFormat};
use super::choices::Choices;
use super::failure::Failure;
use super::folder::{named_after, run_of, usable, written};
use super::goal::NamedBound;
use super::simulate::{self, Watched};
use super::{load, output};
use crate::engine::LateDelivery;
use crate::report::{
    self,
    optimize::{self, Findings},
};
use crate::scenario::{Metric, Plan, Scenario};
use crate::study::{self, PlanResult, Search, SearchError, Tried};
use crate::units::Span;
use std::path::PathBuf;

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
        late_deliveries: match args.late_delivery {
            LateRule::Finish => vec![LateDelivery::Finish],
            LateRule::Ignore => vec![LateDelivery::Ignore],
            LateRule::Both => vec![LateDelivery::Finish, LateDelivery::Ignore],
        },
        objectives: objectives(args)?,
        refines: !args.no_refinement,
        bounds: args.subject_to.iter().map(|NamedBound { metric, bound }| (*metric, *bound)).collect(),
    };
    let out = output_folder(args);
    out.as_deref().map_or(Ok(()), |out| usable(out, optimize::check_ownership))?;
    let is_met = if args.by_segment { by_segment(args, &search) } else { for_all(args, &search) }?;
    if is_met { Ok(()) } else { Err(Failure::AlreadyReported(NOT_ATTAINABLE)) }
}

/// The folder of the report, if there is one.
fn output_folder(args: &Optimize) -> Option<PathBuf> {
    (!args.no_report).then(|| args.out.clone().unwrap_or_else(|| named_after(&args.input.scenario, "-optimize")))
}

/// Writes the report, and prints what was found.
fn show<T>(args: &Optimize, search: &Search<'_>, findings: &Findings<'_>, watched: &Watched<T>) -> Result<(), Failure> {
    if let Some(out) = output_folder(args) {
        let files = optimize::write(&out, search, findings, &run_of(watched));
        written(files, &out, "README.md", args.input.quiet)?;
    }
    print(args, search, findings)
}

fn print(args: &Optimize, search: &Search<'_>, findings: &Findings<'_>) -> Result<(), Failure> {
    output::print(&match args.format {
        PlanFormat::Toml => optimize::toml(search, findings),
        PlanFormat::Json => optimize::json(search, findings),
        PlanFormat::Csv => optimize::csv(search, findings),
    })
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
        let best = optimum.plans.get(optimum.chosen);
        let confirmed = best.map(|best| confirmed(search.scenario, &best.plan, progress)).transpose()?;
        Ok(Some((optimum, confirmed.flatten())))
    });
    if let Some((race, obstacles)) = &raced {
        let findings = Findings::Raced { race, obstacles };
        match &watched {
            Ok(watched) => show(args, search, &findings, watched)?,
            // An interrupted race writes no report.
            Err(_) => print(args, search, &findings)?,
        }
        watched?;
        return Ok(race.plans.first().is_some_and(|winner| winner.seems_to_meet_bounds));
    }
    let watched = watched?;
    let outcome = watched.outcome.as_ref().map_err(|error: &SearchError| impossible(error))?;
    let Some((optimum, confirmed)) = outcome else { return Ok(false) };
    show(args, search, &Findings::Solved { optimum, confirmed: confirmed.as_ref() }, &watched)?;
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
    let outcome = watched.outcome.as_ref().map_err(|error: &SearchError| impossible(error))?;
    let (optima, confirmed) = outcome;
    show(args, search, &Findings::BySegment { optima, confirmed: confirmed.as_ref() }, &watched)?;
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
fn providers(args: &Optimize, scenario: &Scenario) -> Result<Vec<Tried>, Failure> {
    let names = || scenario.providers.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ");
    let place = |name: &String| {
        scenario.providers.iter().position(|spec| spec.name == *name).ok_or_else(|| {
            Failure::usage(
                format!("the scenario has no provider named {name:?}"),
                format!("its providers are {}", names()),
            )
        })
    };
    let of_ttls = args.ttls.iter().filter_map(|choices| choices.provider.as_ref());
    let of_triggers = args.triggers.iter().filter_map(|choices| choices.provider.as_ref());
    for name in of_ttls.chain(of_triggers) {
        place(name)?;
        if !args.providers.is_empty() && !args.providers.contains(name) {
            return Err(Failure::usage(
                format!("--providers leaves out {name}, for which something is to be tried"),
                format!("add {name} to --providers, or leave out what names it"),
            ));
        }
    }
    let tried = |provider| tried(args, scenario, provider);
    if args.providers.is_empty() {
        return Ok((0..scenario.providers.len()).map(tried).collect());
    }
    let mut places: Vec<usize> = args.providers.iter().map(place).collect::<Result<_, _>>()?;
    places.sort_unstable();
    places.dedup();
    Ok(places.into_iter().map(tried).collect())
}

/// A provider with the rules to try: those named, or else waits of twelfths of the deadline, the usual triggers and one attempt.
fn tried(args: &Optimize, scenario: &Scenario, provider: usize) -> Tried {
    let name = &scenario.providers[provider].name;
    let part = (scenario.deadline.as_micros() / PARTS).max(1);
    let twelfths = || (1..=PARTS).map(|parts| Span::from_micros(parts * part)).collect();
    let mut ttls = Choices::of(&args.ttls, name).unwrap_or_else(twelfths);
    ttls.sort_unstable();
    ttls.dedup();
    let usual = Tried::usual(scenario, provider, ttls);
    let triggers = Choices::of(&args.triggers, name).unwrap_or_else(|| vec![None]);
    let triggers = each_once(triggers.into_iter().map(|set| set.unwrap_or(usual.triggers[0])));
    Tried { triggers, attempts: each_once(args.attempts.iter().copied()), ..usual }
}

/// Each value once, in the order in which they come first.
fn each_once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
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
        SearchError::Candidates { count, most } => Failure::usage(
            format!("{} plans are too many", report::count(*count as u64)),
            format!(
                "the most here are {}; name fewer with --steps, --providers, --ttls, --triggers or --attempts",
                report::count(*most as u64)
            ),
        ),
        SearchError::NoValue(metric) => Failure::usage(
            format!("no plan has a value of {metric}"),
            "the scenario says nothing of it, or nobody is reached; ask for another measure",
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
