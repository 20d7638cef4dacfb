//! `failsim capacity`: the smallest capacity of a provider with which a plan meets its goals.

use super::args::{Capacity, Format};
use super::failure::Failure;
use super::folder::{named_after, run_of, usable, written};
use super::goal::{self, NamedBound};
use super::simulate;
use super::{load, output};
use crate::report::sizing;
use crate::scenario::{Check, Plan, Scenario, used_by};
use crate::study::{self, Goal, Limit, Question};

/// The exit code when no capacity is sufficient.
const NOT_ATTAINABLE: u8 = 3;

pub(super) fn capacity(args: &Capacity) -> Result<(), Failure> {
    if args.input.plans.len() > 1 {
        return Err(Failure::usage("more than one plan is named", "ask for one plan at a time"));
    }
    let mut scenario = load::for_run(&args.input, &[])?;
    load::remarks(&args.input, &scenario);
    let plan = plan(&scenario, &args.provider);
    scenario.keep_plans(&[plan]).map_err(load::rejected)?;
    let provider = provider(&scenario, &args.provider)?;
    let goals = goals(args, &scenario)?;
    let question = Question {
        scenario: &scenario,
        provider,
        limit: limit(args, &scenario, provider)?,
        goals: &goals,
        replications: args.replications.unwrap_or(scenario.replications),
    };
    load::check_memory(&args.input, &question.with(Some(1)), u32::MAX)?;
    let out =
        (!args.no_report).then(|| args.out.clone().unwrap_or_else(|| named_after(&args.input.scenario, "-capacity")));
    out.as_deref().map_or(Ok(()), |out| usable(out, sizing::check_ownership))?;
    let watched = simulate::watched(&args.input, |progress| study::size(&question, progress))?;
    let sizing = watched.outcome.as_ref().map_err(|_| Failure::Interrupted)?;
    if let Some(out) = &out {
        let files = sizing::write(out, &question, sizing, &run_of(&watched));
        written(files, out, "README.md", args.input.quiet)?;
    }
    match args.format {
        Format::Table => output::print_drawn(&sizing::table(&question, sizing, output::terminal())),
        Format::Json => output::print(&sizing::json(&question, sizing)),
        Format::Csv => output::print(&sizing::csv(&question, sizing)),
    }?;
    if sizing.smallest.is_some() { Ok(()) } else { Err(Failure::AlreadyReported(NOT_ATTAINABLE)) }
}

/// The plan to size for: the one named, or the first that uses the provider.
fn plan(scenario: &Scenario, provider: &str) -> String {
    let uses = |plan: &&Plan| used_by([*plan]).into_iter().any(|i| scenario.providers[i].name == provider);
    scenario.plans.iter().find(uses).unwrap_or(&scenario.plans[0]).name.clone()
}

/// The index of the provider to size; it must be used.
fn provider(scenario: &Scenario, name: &str) -> Result<usize, Failure> {
    let used = scenario.used_providers();
    let names = || used.iter().map(|&i| scenario.providers[i].name.as_str());
    used.iter().copied().find(|&i| scenario.providers[i].name == name).ok_or_else(|| {
        let is_known = scenario.providers.iter().any(|provider| provider.name == name);
        let what = if is_known {
            format!("the plan {:?} does not use the provider {name:?}", scenario.plans[0].name)
        } else {
            format!("the scenario has no provider named {name:?}")
        };
        Failure::usage(what, format!("the providers that are used are {}", names().collect::<Vec<_>>().join(", ")))
    })
}

/// The limit to search for: the one named by a flag, or the one that the provider has.
fn limit(args: &Capacity, scenario: &Scenario, provider: usize) -> Result<Limit, Failure> {
    let spec = &scenario.providers[provider];
    let has = |limit: Limit| {
        spec.capacity.is_some_and(|capacity| match limit {
            Limit::Rate => capacity.rate.is_some(),
            Limit::Concurrent => capacity.concurrent.is_some(),
        })
    };
    match (args.rate, args.concurrent, has(Limit::Rate), has(Limit::Concurrent)) {
        (true, ..) => Ok(Limit::Rate),
        (_, true, ..) => Ok(Limit::Concurrent),
        (_, _, true, false) => Ok(Limit::Rate),
        (_, _, false, true) => Ok(Limit::Concurrent),
        (_, _, true, true) => Err(Failure::usage(
            format!("the provider {:?} has a throughput and a number of lines", spec.name),
            "say which is meant: --rate or --concurrent",
        )),
        (_, _, false, false) => Err(Failure::usage(
            format!("the provider {:?} has neither a throughput nor lines in this scenario", spec.name),
            "say which limit is meant: --rate for its throughput, --concurrent for its lines",
        )),
    }
}

/// The goals of the plan: those given by flags, or those of its checks that ask for a better value.
fn goals(args: &Capacity, scenario: &Scenario) -> Result<Vec<Goal>, Failure> {
    let stream = args.stream.as_deref().map(|name| load::stream(scenario, name)).transpose()?;
    let of_flag =
        |NamedBound { metric, bound }: &NamedBound| Goal { metric: *metric, stream, segment: None, bound: *bound };
    if !args.goals.is_empty() {
        return Ok(args.goals.iter().map(of_flag).collect());
    }
    let is_goal = |check: &&Check| goal::asks_for_better(check.metric, check.bound);
    let of_check = |check: &Check| {
        let Check { metric, stream, segment, bound, .. } = *check;
        Goal { metric, stream, segment, bound }
    };
    let goals: Vec<_> = scenario.checks.iter().filter(is_goal).map(of_check).collect();
    let goals: Vec<_> = goals.into_iter().filter(|goal| stream.is_none() || goal.stream == stream).collect();
    if goals.is_empty() {
        return Err(Failure::usage(
            format!(
                "the plan {:?} has no goal: none of its [[checks]] asks for something better",
                scenario.plans[0].name
            ),
            "name one, such as --goal 'in_time>=0.99'",
        ));
    }
    Ok(goals)
}
