//! `failsim check`: play, hold the results to the scenario's checks and to an earlier run.

use super::args::Check;
use super::failure::Failure;
use super::playing::play;
use super::{load, output};
use crate::report;
use crate::study::{self, Against, Incomparable, Results, Verdict};
use std::path::Path;

pub(super) fn check(args: &Check) -> Result<(), Failure> {
    let scenario = load::played(&args.play)?;
    if scenario.checks.is_empty() && args.baseline.is_none() {
        return Err(Failure::usage(
            "there is nothing to check: the scenario has no [[checks]] for these plans",
            "add [[checks]] to it, or compare with an earlier run: --baseline results.json",
        ));
    }
    let baseline = args.baseline.as_deref().map(read).transpose()?;
    let results = play(&args.play, &scenario)?.findings.results;
    let checked = study::check(&scenario, &results);
    let mut fails = checked.iter().any(|check| check.verdict == Verdict::Fails);
    if !checked.is_empty() {
        output::print(&report::checks(&checked))?;
    }
    if let Some(baseline) = &baseline {
        let rows = compare(args, &results, baseline)?;
        fails |= rows.iter().any(|row| row.fails);
        output::print(&report::baseline(&rows))?;
    }
    if fails { Err(Failure::CheckFailed) } else { Ok(()) }
}

/// Reads the results of an earlier run.
fn read(path: &Path) -> Result<Results, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    let results: Result<Results, _> = serde_json::from_str(&text);
    results.ok().filter(|results| results.schema == study::SCHEMA).ok_or_else(|| {
        Failure::usage(
            format!("{} is no results file of failsim ({})", path.display(), study::SCHEMA),
            "give the results.json of a report folder, or what `failsim run --format json` printed",
        )
    })
}

fn compare(args: &Check, results: &Results, baseline: &Results) -> Result<Vec<Against>, Failure> {
    let tolerance = |metric: &str| args.tolerances.iter().rev().find(|t| t.metric == metric).map(|t| t.tolerance);
    let rows = study::against(results, baseline, tolerance).map_err(|reason| incomparable(&reason))?;
    if results.scenario.digest != baseline.scenario.digest {
        output::note("note: the baseline is of another version of the scenario file");
    }
    for plan in missing(results, baseline) {
        output::note(&format!("note: the baseline has no plan {plan}; it is not compared"));
    }
    for plan in missing(baseline, results) {
        output::note(&format!("note: only the baseline has plan {plan}; it is not compared"));
    }
    Ok(rows)
}

/// The plans of `these` that `those` lack.
fn missing<'a>(these: &'a Results, those: &'a Results) -> impl Iterator<Item = &'a str> {
    let lacks = |name: &str| those.plans.iter().all(|plan| plan.name != name);
    these.plans.iter().map(|plan| plan.name.as_str()).filter(move |name| lacks(name))
}

fn incomparable(reason: &Incomparable) -> Failure {
    let (what, hint) = match reason {
        Incomparable::NoCommonPlan => {
            ("it has no plan in common with this run".to_owned(), "make a new baseline from this scenario".to_owned())
        }
        Incomparable::Seed(seed) => (format!("it was played with seed {seed}"), format!("add --seed {seed}")),
        Incomparable::Recipients(n) => (format!("it was played with {n} recipients"), format!("add --recipients {n}")),
        Incomparable::Replications(r) => {
            (format!("it was played with {r} replications"), format!("add --replications {r}"))
        }
    };
    Failure::usage(format!("the baseline cannot be compared with: {what}"), hint)
}
