//! `failsim capacity`: the smallest capacity of a provider, or of two, with which a plan meets its goals.

use super::args::{Capacity, Format};
use super::failure::Failure;
use super::folder::{named_after, run_of, usable, written};
use super::goal::{self, NamedBound, NamedGoal};
use super::simulate;
use super::{load, output};
use crate::report::sizing::{self, frontier};
use crate::scenario::{Check, Plan, Scenario, used_by};
use crate::sim::Interrupted;
use crate::study::{self, Goal, Limit, Question};
use std::path::PathBuf;

/// The exit code when no capacity is sufficient.
const NOT_ATTAINABLE: u8 = 3;

pub(super) fn capacity(args: &Capacity) -> Result<(), Failure> {
    if args.input.plans.len() > 1 {
        return Err(Failure::usage("more than one plan is named", "ask for one plan at a time"));
    }
    let mut scenario = load::for_run(&args.input, &[])?;
    load::remarks(&args.input, &scenario);
    let plan = plan(&scenario, &args.providers);
    scenario.keep_plans(&[plan]).map_err(load::rejected)?;
    let goals = goals(args, &scenario)?;
    let question = |name: &String| {
        let provider = provider(&scenario, name)?;
        let replications = args.replications.unwrap_or(scenario.replications);
        let limit = limit(args, &scenario, provider)?;
        Ok(Question { scenario: &scenario, provider, limit, goals: &goals, replications })
    };
    let questions = args.providers.iter().map(question).collect::<Result<Vec<_>, Failure>>()?;
    for question in &questions {
        let least = question.with(Some(1));
        let grown = study::grown(&least, study::MOST_GROWTH).filter(|_| args.headroom);
        load::check_memory(&args.input, grown.as_ref().unwrap_or(&least), u32::MAX)?;
    }
    if args.per_month.is_some() && questions.iter().all(|question| scenario.providers[question.provider].fees.is_none())
    {
        return Err(Failure::usage(
            "the provider has no fees that could be added up",
            "give it some in the scenario, such as fees = { per_month = 900, per_rate = 12 }",
        ));
    }
    let is_enough = match questions.as_slice() {
        [question] => one(args, question),
        [first, second] if first.provider == second.provider => {
            Err(Failure::usage("the two providers are the same", "name two different ones"))
        }
        [_, _] if args.headroom => {
            Err(Failure::usage("headroom is that of one provider", "name one --provider, or leave --headroom out"))
        }
        [first, second] => two(args, [first, second]),
        _ => Err(Failure::usage("more than two providers are named", "ask for one or two at a time")),
    }?;
    if is_enough { Ok(()) } else { Err(Failure::AlreadyReported(NOT_ATTAINABLE)) }
}

/// The folder of the report, named after the scenario with this ending unless a flag names it, if there is a report.
fn output_folder(args: &Capacity, ending: &str) -> Option<PathBuf> {
    (!args.no_report).then(|| args.out.clone().unwrap_or_else(|| named_after(&args.input.scenario, ending)))
}

/// Sizes one provider. Returns whether any capacity is enough.
fn one(args: &Capacity, question: &Question<'_>) -> Result<bool, Failure> {
    let out = output_folder(args, "-capacity");
    out.as_deref().map_or(Ok(()), |out| usable(out, sizing::check_ownership))?;
    let watched = simulate::watched(&args.input, |progress| {
        let sizing = study::size(question, progress)?;
        let headroom = sizing.smallest.filter(|_| args.headroom);
        let headroom = headroom.map(|smallest| study::headroom(question, smallest, progress)).transpose()?;
        let per_month = sizing.smallest.zip(args.per_month);
        let cheapest = per_month.map(|(smallest, times)| study::cheapest(question, smallest, times, progress));
        Ok::<_, Interrupted>((sizing, headroom, cheapest.transpose()?))
    })?;
    let (sizing, headroom, cheapest) = watched.outcome.as_ref().map_err(|_| Failure::Interrupted)?;
    let answer = sizing::Answer { question, sizing, headroom: headroom.as_ref(), cheapest: cheapest.as_ref() };
    if let Some(out) = &out {
        written(sizing::write(out, &answer, &run_of(&watched)), out, "README.md", args.input.quiet)?;
    }
    match args.format {
        Format::Table => output::print_drawn(&sizing::table(&answer, output::terminal())),
        Format::Json => output::print(&sizing::json(&answer)),
        Format::Csv => output::print(&sizing::csv(&answer)),
    }?;
    Ok(sizing.smallest.is_some())
}

/// Sizes two providers together. Returns whether any pair of capacities is enough.
fn two(args: &Capacity, questions: [&Question<'_>; 2]) -> Result<bool, Failure> {
    let out = output_folder(args, "-frontier");
    out.as_deref().map_or(Ok(()), |out| usable(out, frontier::check_ownership))?;
    let [first, second] = questions;
    let watched = simulate::watched(&args.input, |progress| study::frontier(first, second, progress))?;
    let found = watched.outcome.as_ref().map_err(|_| Failure::Interrupted)?;
    let answer = frontier::Answer { questions, frontier: found, per_month: args.per_month };
    if let Some(out) = &out {
        written(frontier::write(out, &answer, &run_of(&watched)), out, "README.md", args.input.quiet)?;
    }
    match args.format {
        Format::Table => output::print_drawn(&frontier::table(&answer, output::terminal())),
        Format::Json => output::print(&frontier::json(&answer)),
        Format::Csv => output::print(&frontier::csv(&answer)),
    }?;
    Ok(!found.pairs.is_empty())
}

/// The plan to size for: the one named, or the first that uses the providers.
fn plan(scenario: &Scenario, providers: &[String]) -> String {
    let uses = |plan: &&Plan| {
        let used = used_by([*plan]);
        providers.iter().all(|provider| used.iter().any(|&i| scenario.providers[i].name == *provider))
    };
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
    let of_flag = |goal: &NamedGoal| {
        let NamedBound { metric, bound } = goal.bound;
        Goal { metric, stream, segment: None, bound, on: goal.on }
    };
    if !args.goals.is_empty() {
        return Ok(args.goals.iter().map(of_flag).collect());
    }
    let is_goal = |check: &&Check| goal::asks_for_better(check.metric, check.bound);
    let of_check = |check: &Check| {
        let Check { metric, stream, segment, bound, .. } = *check;
        Goal { metric, stream, segment, bound, on: None }
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
