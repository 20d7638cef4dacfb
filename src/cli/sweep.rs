//! `failsim sweep`: the effect of one or two values of a scenario, point by point. Completed points are not simulated again.

use super::args::{Format, Sweep};
use super::failure::Failure;
use super::folder::{csv_form, named_after, run_of, usable, written};
use super::store::Store;
use super::{interrupt, load, output, simulate};
use crate::report::{self, sweep};
use crate::scenario::{Axis, Change, Metric};
use crate::sim::Progress;
use crate::study::{self, Intervals, Replications, Results};

/// More points than this are considered a mistake.
const MOST_POINTS: usize = 10_000;
/// The measures shown when none is named.
const MEASURES: [Metric; 4] = [Metric::InTime, Metric::Delivered, Metric::CostPerRecipient, Metric::LatencyP95];

pub(super) fn sweep(args: &Sweep) -> Result<(), Failure> {
    let axes = axes(args)?;
    axes.iter().try_for_each(|axis| not_said_twice(args, axis))?;
    let points = study::points(&axes);
    let out = args.out.clone().unwrap_or_else(|| named_after(&args.input.scenario, "-sweep"));
    let store = Store::of(&out);
    // Every point is read before any is simulated, so that an invalid one is reported at once.
    let jobs =
        points.iter().map(|point| Job::new(args, point.changes(&axes), &store)).collect::<Result<Vec<_>, _>>()?;
    let first = load::for_run(&args.input, &jobs[0].changes)?;
    load::remarks(&args.input, &first);
    usable(&out, sweep::check_ownership)?;
    store.make().map_err(|error| broken(&error))?;
    let known = jobs.iter().filter(|job| job.known.is_some()).count();
    if !args.input.quiet && known > 0 {
        output::note(&format!("note: {known} of {} points exist already", jobs.len()));
    }
    let damaged = jobs.iter().filter(|job| job.known.is_none() && store.has(&job.key)).count();
    if !args.input.quiet && damaged > 0 {
        output::note(&format!("note: {damaged} of {} points are damaged and will be run again", jobs.len()));
    }
    interrupt::say(store.kept());
    let watched = simulate::watched(&args.input, |progress| {
        progress.expect(jobs.iter().map(|job| job.recipients).sum());
        jobs.iter().map(|job| job.results(args, &store, progress)).collect::<Result<Vec<_>, _>>()
    });
    let watched = match watched {
        Err(Failure::Interrupted) => return Err(paused(&jobs, &store)),
        watched => watched?,
    };
    let results = match watched.outcome {
        Ok(ref results) => results.clone(),
        Err(failure) => return Err(failure),
    };
    if !args.input.quiet {
        notes(args, &results).iter().for_each(|note| output::note(note));
    }
    let found = study::Sweep { axes, points: points.into_iter().zip(results).collect() };
    let measures = if args.measures.is_empty() { MEASURES.to_vec() } else { args.measures.clone() };
    let shown = sweep::Shown { sweep: &found, measures: &measures, stream: args.stream.as_deref() };
    written(
        sweep::write(&out, &first, &shown, &run_of(&watched), csv_form(args.wide)),
        &out,
        "README.md",
        args.input.quiet,
    )?;
    match args.format {
        Format::Table => output::print_drawn(&sweep::table(&shown, output::terminal())),
        Format::Json => output::print(&sweep::json(&found)),
        Format::Csv => output::print(&sweep::csv(&found, csv_form(args.wide))),
    }
}

/// Notes for a reader of the intervals.
fn notes(args: &Sweep, results: &[Results]) -> Vec<String> {
    let count = |is: &dyn Fn(&Results) -> bool| results.iter().filter(|results| is(results)).count();
    let unknown = count(&|results| results.scenario.intervals == Intervals::Unknown);
    let most = args.repeat.most();
    let longest = count(&|results| most.is_some_and(|most| results.scenario.replications >= most));
    let of = |points: usize| format!("{points} of {} points", results.len());
    let unknown = (unknown > 0).then(|| {
        let least = study::LEAST_REPLICATIONS;
        format!(
            "note: no intervals are known at {}: recipients depend on one another there, and fewer than {least} \
             replications were run",
            of(unknown)
        )
    });
    let longest = (longest > 0).then(|| {
        format!("note: {} reached --max-replications: their intervals may be wider than requested", of(longest))
    });
    unknown.into_iter().chain(longest).collect()
}

/// The axes: the values to vary.
fn axes(args: &Sweep) -> Result<Vec<Axis>, Failure> {
    let axes = args.vary.clone();
    let count: usize = axes.iter().map(|axis| axis.values.len()).product();
    match axes.as_slice() {
        [one, other] if one.path == other.path => Err(Failure::usage(
            format!("{} is varied twice", one.path),
            "give all its values in one --vary, or vary something else",
        )),
        [] | [_] | [_, _] if count <= MOST_POINTS => Ok(axes),
        [] | [_] | [_, _] => {
            let message = format!("that makes {} points", report::count(count as u64));
            Err(Failure::usage(
                message,
                format!("vary fewer values; at most {} points", report::count(MOST_POINTS as u64)),
            ))
        }
        _ => Err(Failure::usage(
            format!("{} values are varied at once", axes.len()),
            "vary one or two; for more, run a sweep for each value of the third",
        )),
    }
}

/// Refuses a flag that sets the value being varied: every point would be simulated with it, under the label of another value.
fn not_said_twice(args: &Sweep, axis: &Axis) -> Result<(), Failure> {
    let (input, repeat) = (&args.input, &args.repeat);
    let flag = match (axis.path.table(), axis.path.key()) {
        ("seed", _) if input.seed.is_some() => "--seed",
        ("replications", _) if repeat.replications.is_some() => "--replications",
        ("replications", _) if repeat.precision.is_some() => "--precision",
        ("traffic", "recipients") if input.recipients.is_some() => "--recipients",
        _ => return left_out(args, axis),
    };
    Err(Failure::usage(
        format!("{flag} and --vary {} both say {}", axis.path, axis.path.key()),
        format!("leave {flag} out, or vary something else"),
    ))
}

/// Refuses a sweep over a plan that `--plan` leaves out: all points would be alike. A plan that a stream of traffic always follows is
/// simulated whichever plans are compared.
fn left_out(args: &Sweep, axis: &Axis) -> Result<(), Failure> {
    let ("plans", Some(member)) = (axis.path.table(), axis.path.member()) else { return Ok(()) };
    if args.input.plans.is_empty() {
        return Ok(());
    }
    let scenario = load::load(&args.input.scenario)?;
    let by_number = member.parse().ok().and_then(|number: usize| scenario.plans.get(number.checked_sub(1)?));
    let name = scenario.plans.iter().find(|plan| plan.name == member).or(by_number).map(|plan| plan.name.as_str());
    let kept = scenario.plans.iter().filter(|plan| args.input.plans.contains(&plan.name));
    let mut used = kept.flat_map(|plan| plan.members().iter().chain([plan]));
    match name.filter(|name| used.all(|plan| plan.name != *name)) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(
            format!("--plan leaves out {name}, whose {} is varied", axis.path.key()),
            format!("add --plan {name}, or vary something else"),
        )),
    }
}

/// The message after an interruption.
fn paused(jobs: &[Job], store: &Store) -> Failure {
    let done = jobs.iter().filter(|job| matches!(store.read(&job.key), Ok(Some(_)))).count();
    Failure::Paused(format!(
        "interrupted; {done} of {} points are in {}, and the same command continues from there",
        jobs.len(),
        store.folder().display()
    ))
}

/// A point, to be simulated or already completed. Its scenario is read again when its turn comes: thousands of them, with their CSV files,
/// would fill the memory.
struct Job {
    changes: Vec<Change>,
    key: String,
    known: Option<Results>,
    /// The approximate number of simulated recipients.
    recipients: u64,
}

impl Job {
    fn new(args: &Sweep, changes: Vec<Change>, store: &Store) -> Result<Self, Failure> {
        let scenario = load::for_run(&args.input, &changes)?;
        if let Some(name) = &args.stream {
            load::stream(&scenario, name)?;
        }
        let replications = args.repeat.for_scenario(&scenario);
        load::check_memory(&args.input, &scenario, replications.most())?;
        let key = study::key(&scenario, replications);
        let known = store.read(&key)?;
        let replications = match replications {
            Replications::Exactly(n) => n,
            Replications::Until(_, most) => most.min(study::LEAST_REPLICATIONS),
        };
        let recipients = scenario.recipients() * scenario.plans.len() as u64 * u64::from(replications);
        Ok(Self { changes, recipients: if known.is_some() { 0 } else { recipients }, key, known })
    }

    /// The results of the point: stored ones where there are any, otherwise simulated and stored.
    fn results(&self, args: &Sweep, store: &Store, progress: &Progress) -> Result<Results, Failure> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let scenario = load::for_run(&args.input, &self.changes)?;
        let replications = args.repeat.for_scenario(&scenario);
        if study::key(&scenario, replications) != self.key {
            return Err(Failure::broken("the scenario was changed during the run", "run the same command again"));
        }
        let results = study::simulate(&scenario, replications, progress)?.results(progress)?;
        store.keep(&self.key, results).map_err(|error| broken(&error))
    }
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::broken(error.to_string(), "fix this, or name another folder with --out")
}
