//! `failsim check`: simulates, and compares the results with the scenario's checks, an earlier run and another scenario.

use super::args::{Check, GateFormat};
use super::failure::Failure;
use super::simulate::{simulate, watched};
use super::{baseline, command_line, load, output};
use crate::report::{self, gate};
use crate::scenario::Scenario;
use crate::study::{self, Differing, Gate, Results, ScenarioPair, TraceTarget, Unmatched};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The exit code when a check fails.
const CHECK_FAILED: u8 = 3;
/// The environment variable with the path of a GitHub job's summary file.
const JOB_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

pub(super) fn check(args: &Check) -> Result<(), Failure> {
    let mut scenario = load::for_run(&args.input, &[])?;
    load::remarks(&args.input, &scenario);
    load::check_memory(&args.input, &scenario, args.repeat.for_scenario(&scenario).most())?;
    if scenario.checks.is_empty() && args.baseline.is_none() && args.against.is_none() {
        return Err(Failure::usage(
            "there is nothing to check: the scenario has no [[checks]] for these plans",
            "add [[checks]] to it, or compare with another run: --baseline results.json or --against other.toml",
        ));
    }
    tolerances(args, &mut scenario)?;
    let earlier = args.baseline.as_deref().map(|path| comparable(path, args, &scenario)).transpose()?;
    let other = args.against.as_deref().map(|path| other(path, args, &scenario)).transpose()?;
    let rivals = other.as_ref().map(|other| ScenarioPair::new(&scenario, other).map_err(|reason| unmatched(&reason)));
    let rivals = rivals.transpose()?;

    let replications = args.repeat.for_scenario(&scenario);
    let results = simulate(&args.input, &scenario, (replications, args.method), false)?.0.results;
    let mut rows = study::check(&scenario, &results);
    let mut notes = Vec::new();
    if let Some(earlier) = &earlier {
        let path = args.baseline.as_deref().unwrap_or(Path::new("baseline.json"));
        let reason = |reason| baseline::incomparable(&reason, &scenario, command_line::new_baseline(args, path));
        rows.extend(study::against_baseline(&scenario, &results, earlier).map_err(reason)?);
        notes.extend(differences(&results, earlier));
        notes.extend(other_draws(&study::other_draws(&scenario, &results, earlier)));
        notes.extend(not_compared("the baseline", &study::new_plans(&scenario, earlier)));
        notes.extend(left_out(&scenario, "the baseline", &study::others(&scenario, earlier)));
    }
    let mut differing = Vec::new();
    if let Some(rivals) = &rivals {
        let replications = args.repeat.replications.unwrap_or(scenario.replications);
        let versus = watched(&args.input, |progress| rivals.run(replications, progress))?.outcome?;
        rows.extend(versus.rows);
        notes.extend(rivals.surplus());
        notes.extend(not_compared("the other scenario", &rivals.new_plans()));
        notes.extend(left_out(&scenario, "the other scenario", &rivals.others()));
        differing = versus.differing;
        if let Some(other) = args.against.as_deref().filter(|_| args.explain) {
            explain(rivals, [&args.input.scenario, other], &mut differing);
        }
    }
    let is_checked =
        |plan: &study::PlanResult| rows.iter().any(|row| row.kind == study::Kind::Check && row.plan == plan.name);
    let checked: Vec<_> = results.plans.iter().filter(|plan| is_checked(plan)).cloned().collect();
    notes.extend(report::independence(&checked));
    let name = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let gate = Gate {
        baseline: name(&args.baseline),
        against: name(&args.against),
        differing,
        notes,
        paired: rivals.as_ref().map(ScenarioPair::paired),
        ..Gate::new(&args.input.scenario.display().to_string(), results.scenario, args.strict, rows)
    };
    print(args.format, &gate)?;
    if gate.outcome == study::Outcome::Fail { Err(Failure::AlreadyReported(CHECK_FAILED)) } else { Ok(()) }
}

/// Tolerances on the command line override those in the file.
fn tolerances(args: &Check, scenario: &mut Scenario) -> Result<(), Failure> {
    let compared = scenario.baseline.compared();
    if let Some(other) = args.tolerances.iter().find(|named| !compared.contains(&named.metric)) {
        return Err(Failure::usage(
            format!("{} is not compared: [baseline] of the scenario has other measures", other.metric),
            format!("they are {}", compared.iter().map(|metric| metric.name()).collect::<Vec<_>>().join(", ")),
        ));
    }
    scenario.baseline.tolerances.extend(args.tolerances.iter().map(|named| (named.metric, named.tolerance)));
    Ok(())
}

/// Reads the results of an earlier run; fails where they cannot be compared with those that `scenario` will have.
fn comparable(path: &Path, args: &Check, scenario: &Scenario) -> Result<Results, Failure> {
    let new_baseline = || command_line::new_baseline(args, path);
    let earlier = baseline::read(path, new_baseline)?;
    let replications = args.repeat.replications.unwrap_or(scenario.replications);
    let comparable = study::comparable(scenario, replications, &earlier);
    comparable.map_err(|reason| baseline::incomparable(&reason, scenario, new_baseline()))?;
    Ok(earlier)
}

/// The scenario to compare with, as it is simulated: with this one's seed, and with the number of recipients that flags set.
fn other(path: &Path, args: &Check, scenario: &Scenario) -> Result<Scenario, Failure> {
    let mut other = load::load(path)?;
    if other.seed != scenario.seed && !args.input.quiet {
        output::note(&format!("note: both scenarios are run with seed {}, the seed of this one", scenario.seed));
    }
    other.seed = scenario.seed;
    if let Some(recipients) = args.input.recipients {
        other.set_recipients(recipients).map_err(load::rejected)?;
    }
    load::check_memory(&args.input, &other, args.repeat.replications.unwrap_or(scenario.replications))?;
    Ok(other)
}

fn unmatched(reason: &Unmatched) -> Failure {
    let (what, hint) = match reason {
        Unmatched::Currency(currency) => {
            (format!("it uses {currency}"), "write the same `currency` in both".to_owned())
        }
        Unmatched::Plan => (
            "it has none of these plans".to_owned(),
            "write renamed_from = \"its name there\" on each plan that has another name there".to_owned(),
        ),
        Unmatched::Stream(streams) => (
            "it has none of these streams of traffic, and recipients are paired by the name of their stream".to_owned(),
            match streams.iter().filter(|name| !name.is_empty()).map(String::as_str).collect::<Vec<_>>().as_slice() {
                [] => "give its [traffic] the name of one of them".to_owned(),
                names => format!("its streams are {}", names.join(", ")),
            },
        ),
    };
    Failure::usage(format!("this scenario cannot be compared with the other: {what}"), hint)
}

/// Notes for a reader of the comparison: what else is not the same.
fn differences(results: &Results, earlier: &Results) -> Vec<String> {
    let is_other = results.scenario.digest != earlier.scenario.digest;
    let other = is_other.then(|| "the baseline was made from another version of the scenario file".to_owned());
    let (now, then) = (results.scenario.deadline_s, earlier.scenario.deadline_s);
    let deadline = (now != then).then(|| {
        let [now, then] = [now, then].map(report::number);
        format!("the deadline is {now} s, in the baseline it was {then} s")
    });
    [other, deadline].into_iter().flatten().collect()
}

/// A note on the plans of another run that `--plan` leaves out.
fn left_out(scenario: &Scenario, other: &str, plans: &[String]) -> Option<String> {
    let some = !scenario.left_out.is_empty() && !plans.is_empty();
    some.then(|| format!("not compared, because --plan selects other plans: {} of {other}", plans.join(", ")))
}

/// A note on the plans that are judged by intervals, and why.
fn other_draws(plans: &[String]) -> Option<String> {
    let whose = plans.join(", ");
    (!plans.is_empty()).then(|| {
        format!("judged by intervals, because other providers or streams than in the baseline mean other random numbers: {whose}")
    })
}

/// A note on the plans that the other run does not have.
fn not_compared(other: &str, plans: &[String]) -> Option<String> {
    (!plans.is_empty()).then(|| format!("not compared, because {other} has no such plan: {}", plans.join(", ")))
}

/// Adds both traces of each recipient who shows a difference; `files` are those of this scenario and of the other.
fn explain(rivals: &ScenarioPair<'_>, files: [&Path; 2], differing: &mut [Differing]) {
    for first in differing {
        let traces = rivals.traced_recipients(first).into_iter().flatten();
        let tell = |((scenario, whose), file): ((&Scenario, TraceTarget), &Path)| {
            format!("{}: {}", file.display(), report::trace(scenario, whose, &study::trace(scenario, whose)))
        };
        first.traces = traces.zip(files).map(tell).collect();
    }
}

fn print(format: GateFormat, gate: &Gate) -> Result<(), Failure> {
    match format {
        GateFormat::Text => output::print_drawn(&gate::text(gate, output::terminal())),
        GateFormat::Json => output::print(&gate::json(gate)),
        GateFormat::Junit => output::print(&gate::junit(gate)),
        GateFormat::Markdown => output::print(&gate::summary(gate)),
        GateFormat::Github => {
            output::print(&gate::annotations(gate))?;
            let path = std::env::var_os(JOB_SUMMARY).filter(|path| !path.is_empty());
            path.map_or(Ok(()), |path| append(Path::new(&path), &gate::summary(gate)))
        }
    }
}

/// Appends `text` to a file that others append to as well.
fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        let hint = format!("fix this, or unset {JOB_SUMMARY}");
        Failure::broken(format!("cannot write the job summary {}: {error}", path.display()), hint)
    })
}
