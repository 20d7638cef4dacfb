//! `failsim check`: play, hold the results to the scenario's checks and to an earlier run.

use super::args::Check;
use super::failure::Failure;
use super::playing::play;
use super::{load, output};
use crate::scenario::Scenario;
use crate::study::{self, Against, Incomparable, Results, Verdict};
use crate::{files, report};
use std::path::Path;

/// The exit code when a check fails.
const CHECK_FAILED: u8 = 3;
/// The longest baseline [bytes]; most have some ten thousand, and those of hundreds of plans in all pairs stay far below it.
const LONGEST_BASELINE: u64 = 512 << 20;
/// As much is shown of what is wrong with a baseline [characters]; it may repeat what stands there.
const LONGEST_REASON: usize = 300;

pub(super) fn check(args: &Check) -> Result<(), Failure> {
    let scenario = load::played(&args.play, &[])?;
    load::remarks(&args.play, &scenario);
    load::mind_the_memory(&args.play, &scenario)?;
    if scenario.checks.is_empty() && args.baseline.is_none() {
        return Err(Failure::usage(
            "there is nothing to check: the scenario has no [[checks]] for these plans",
            "add [[checks]] to it, or compare with an earlier run: --baseline results.json",
        ));
    }
    let baseline = args.baseline.as_deref().map(|path| comparable(path, args, &scenario)).transpose()?;
    let results = play(&args.play, &scenario, args.often.wanted(&scenario))?.0.results;
    let checked = study::check(&scenario, &results);
    let mut fails = checked.iter().any(|check| check.verdict == Verdict::Fails);
    if !checked.is_empty() {
        output::print(&report::checks(&checked, results.scenario.intervals))?;
    }
    if let Some(baseline) = &baseline {
        let rows = compare(args, &results, baseline)?;
        fails |= rows.iter().any(|row| row.fails);
        output::print(&report::baseline(&rows))?;
    }
    if fails { Err(Failure::Said(CHECK_FAILED)) } else { Ok(()) }
}

/// The results of an earlier run, unless they cannot be compared with those that `scenario` will have.
fn comparable(path: &Path, args: &Check, scenario: &Scenario) -> Result<Results, Failure> {
    let baseline = read(path)?;
    let replications = args.often.replications.unwrap_or(scenario.replications);
    study::comparable(scenario, replications, &baseline).map_err(|reason| incomparable(&reason))?;
    Ok(baseline)
}

/// Reads the results of an earlier run.
fn read(path: &Path) -> Result<Results, Failure> {
    const HINT: &str = "give the results.json of a report folder, or what `failsim run --format json` printed";
    let bytes = files::read(path, LONGEST_BASELINE).map_err(|error| Failure::unreadable(path, &error, HINT))?;
    parsed(&bytes).map_err(|reason| {
        let message = format!("{} is no results file of failsim ({}): {reason}", path.display(), study::SCHEMA);
        Failure::usage(message, HINT)
    })
}

/// The results that `bytes` say, or why they say none.
fn parsed(bytes: &[u8]) -> Result<Results, String> {
    #[derive(serde::Deserialize)]
    struct Marked {
        schema: String,
    }
    let Marked { schema } = serde_json::from_slice(bytes).map_err(|error| placed(&error))?;
    if schema != study::SCHEMA {
        return Err(format!("its schema is {schema:?}"));
    }
    serde_json::from_slice(bytes).map_err(|error| placed(&error))
}

/// Where in the file something is wrong, and what.
fn placed(error: &serde_json::Error) -> String {
    let (line, column, text) = (error.line(), error.column(), error.to_string());
    let place = format!(" at line {line} column {column}");
    let reason: String = text.strip_suffix(&place).unwrap_or(&text).chars().take(LONGEST_REASON).collect();
    format!("line {line}, column {column}: {reason}")
}

fn compare(args: &Check, results: &Results, baseline: &Results) -> Result<Vec<Against>, Failure> {
    let tolerance = |metric: &str| args.tolerances.iter().rev().find(|t| t.metric == metric).map(|t| t.tolerance);
    let rows = study::against(results, baseline, tolerance).map_err(|reason| incomparable(&reason))?;
    if !args.play.quiet {
        differences(results, baseline).iter().for_each(|note| output::note(note));
    }
    // This is part of the answer: a plan that is gone is not held to anything.
    output::print(&not_compared(results, baseline))?;
    Ok(rows)
}

/// What a reader of the comparison should know: what else is not the same.
fn differences(results: &Results, baseline: &Results) -> Vec<String> {
    let is_other = results.scenario.digest != baseline.scenario.digest;
    let other = is_other.then(|| "note: the baseline is of another version of the scenario file".to_owned());
    let (now, then) = (results.scenario.deadline_s, baseline.scenario.deadline_s);
    let deadline = (now != then).then(|| {
        let [now, then] = [now, then].map(report::number);
        format!("note: the deadline is {now} s, in the baseline it was {then} s")
    });
    [other, deadline].into_iter().flatten().collect()
}

/// The plans that only one of the two has.
fn not_compared(results: &Results, baseline: &Results) -> String {
    let only = |here: &str, plans: Vec<&str>| match plans.as_slice() {
        [] => String::new(),
        plans => format!("not compared, since only {here} has them: {}\n", plans.join(", ")),
    };
    let new = only("this run", missing(results, baseline).collect());
    new + &only("the baseline", missing(baseline, results).collect())
}

/// The plans of `these` that `those` lack.
fn missing<'a>(these: &'a Results, those: &'a Results) -> impl Iterator<Item = &'a str> {
    let lacks = |name: &str| those.plans.iter().all(|plan| plan.name != name);
    these.plans.iter().map(|plan| plan.name.as_str()).filter(move |name| lacks(name))
}

fn incomparable(reason: &Incomparable) -> Failure {
    let (what, hint) = match reason {
        Incomparable::NoCommonPlan => {
            ("it has none of these plans".to_owned(), "make a new baseline with `failsim run --out DIR`".to_owned())
        }
        Incomparable::Currency => {
            ("it counts in another currency".to_owned(), "make a new baseline from this scenario".to_owned())
        }
        Incomparable::Seed(seed) => (format!("it was played with seed {seed}"), format!("use --seed {seed}")),
        Incomparable::Recipients(n) => {
            let plural = if *n == 1 { "" } else { "s" };
            (format!("it was played with {n} recipient{plural}"), format!("use --recipients {n}"))
        }
        Incomparable::Replications(r) => {
            let plural = if *r == 1 { "" } else { "s" };
            (format!("it was played with {r} replication{plural}"), format!("use --replications {r}"))
        }
    };
    Failure::usage(format!("this run cannot be compared with the baseline: {what}"), hint)
}
