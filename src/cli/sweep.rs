//! `failsim sweep`: what one or two values of a scenario do, point by point; points that are there already are not played again.

use super::args::{Format, Sweep};
use super::failure::Failure;
use super::folder::{named_after, run_of, usable, written};
use super::{interrupt, load, output, playing};
use crate::files;
use crate::report::{self, sweep};
use crate::scenario::{Axis, Change};
use crate::sim::Progress;
use crate::study::{self, Intervals, Replications, Results};
use std::path::{Path, PathBuf};

/// The folder of the points, in that of the sweep.
const POINTS: &str = "points";
/// The longest file of a point [bytes], as that of a baseline.
const LONGEST_POINT: u64 = 512 << 20;
/// More points than this are taken for a mistake.
const MOST_POINTS: usize = 10_000;
/// Measures shown when none is named.
const MEASURES: [&str; 4] = ["in_time", "delivered", "cost.per_recipient", "latency_s.p95"];

pub(super) fn sweep(args: &Sweep) -> Result<(), Failure> {
    let axes = axes(args)?;
    let points = study::points(&axes);
    let out = args.out.clone().unwrap_or_else(|| named_after(&args.play.scenario, "-sweep"));
    let store = Store(out.join(POINTS));
    // Every point is read before any is played, so that one which is wrong is told at once.
    let jobs =
        points.iter().map(|point| Job::new(args, point.changes(&axes), &store)).collect::<Result<Vec<_>, _>>()?;
    let first = load::played(&args.play, &jobs[0].changes)?;
    load::mind_the_load(&args.play, &first);
    usable(&out, sweep::refuse_what_is_not_ours)?;
    store.make().map_err(|error| broken(&error))?;
    let known = jobs.iter().filter(|job| job.known.is_some()).count();
    if !args.play.quiet && known > 0 {
        output::note(&format!("note: {known} of {} points are there already", jobs.len()));
    }
    interrupt::say(store.kept());
    let watched = playing::watched(&args.play, |progress| {
        progress.expect(jobs.iter().map(|job| job.lives).sum());
        jobs.iter().map(|job| job.results(args, &store, progress)).collect::<Result<Vec<_>, _>>()
    });
    let watched = match watched {
        Err(Failure::Interrupted) => return Err(store.paused(&jobs)),
        watched => watched?,
    };
    let results = match watched.outcome {
        Ok(ref results) => results.clone(),
        Err(failure) => return Err(failure),
    };
    if !args.play.quiet {
        notes(args, &results).iter().for_each(|note| output::note(note));
    }
    let found = study::Sweep { axes, points: points.into_iter().zip(results).collect() };
    let measures = if args.measures.is_empty() { MEASURES.map(str::to_owned).to_vec() } else { args.measures.clone() };
    let shown = sweep::Shown { sweep: &found, measures: &measures, stream: args.stream.as_deref() };
    written(sweep::write(&out, &shown, &run_of(&watched)), &out, "README.md", args.play.quiet)?;
    match args.format {
        Format::Table => output::print_drawn(&sweep::table(&shown, output::terminal())),
        Format::Json => output::print(&sweep::json(&found)),
        Format::Csv => output::print(&sweep::csv(&found)),
    }
}

/// What a reader of the intervals should know.
fn notes(args: &Sweep, results: &[Results]) -> Vec<String> {
    let count = |is: &dyn Fn(&Results) -> bool| results.iter().filter(|results| is(results)).count();
    let unknown = count(&|results| results.scenario.intervals == Intervals::Unknown);
    let most = args.often.most();
    let longest = count(&|results| most.is_some_and(|most| results.scenario.replications >= most));
    let of = |points: usize| format!("{points} of {} points", results.len());
    let unknown = (unknown > 0).then(|| {
        let least = study::LEAST_REPLICATIONS;
        format!(
            "note: no intervals are known at {}: recipients depend on one another there, and fewer than {least} \
             replications were played",
            of(unknown)
        )
    });
    let longest = (longest > 0).then(|| {
        format!(
            "note: {} were played as often as --max-replications allows: intervals there may be wider than asked",
            of(longest)
        )
    });
    unknown.into_iter().chain(longest).collect()
}

/// What is varied.
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

/// A point to play, or one that is there. Its scenario is read anew when its turn comes: thousands of them, with their CSV files, would
/// fill the memory.
struct Job {
    changes: Vec<Change>,
    key: String,
    known: Option<Results>,
    /// About how many lives playing it takes.
    lives: u64,
}

impl Job {
    fn new(args: &Sweep, changes: Vec<Change>, store: &Store) -> Result<Self, Failure> {
        let scenario = load::played(&args.play, &changes)?;
        if let Some(name) = &args.stream {
            load::stream(&scenario, name)?;
        }
        let wanted = args.often.wanted(&scenario);
        let key = study::key(&scenario, wanted);
        let known = store.read(&key)?;
        let replications = match wanted {
            Replications::Exactly(n) => n,
            Replications::Until(_, most) => most.min(study::LEAST_REPLICATIONS),
        };
        let lives = scenario.recipients() * scenario.plans.len() as u64 * u64::from(replications);
        Ok(Self { changes, lives: if known.is_some() { 0 } else { lives }, key, known })
    }

    /// What the point comes to: played and stored, unless it is known.
    fn results(&self, args: &Sweep, store: &Store, progress: &Progress) -> Result<Results, Failure> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let scenario = load::played(&args.play, &self.changes)?;
        let wanted = args.often.wanted(&scenario);
        if study::key(&scenario, wanted) != self.key {
            return Err(Failure::broken("the scenario was changed while it was played", "run the same command again"));
        }
        let findings = study::compare(&scenario, wanted, progress)?;
        store.keep(&self.key, &findings.results).map_err(|error| broken(&error))
    }
}

/// The folder in which the results of points are kept, each in a file named by its key.
struct Store(PathBuf);

impl Store {
    /// Makes the folder, and sees whether it can be written into.
    fn make(&self) -> std::io::Result<()> {
        let made = std::fs::create_dir_all(&self.0).and_then(|()| tempfile::tempfile_in(&self.0));
        made.map(drop).map_err(|error| naming(&self.0, &error))
    }

    fn file(&self, key: &str) -> PathBuf {
        self.0.join(format!("{key}.json"))
    }

    /// The results with this key; a file that is damaged counts as missing, what is no file does not.
    fn read(&self, key: &str) -> Result<Option<Results>, Failure> {
        const HINT: &str = "remove it, or name another folder with --out";
        let path = self.file(key);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let bytes = files::read(&path, LONGEST_POINT).map_err(|error| Failure::unreadable(&path, &error, HINT))?;
        Ok(serde_json::from_slice(&bytes).ok().filter(|results: &Results| results.schema == study::SCHEMA))
    }

    /// Keeps the results, whole or not at all, and gives them as they will be read.
    fn keep(&self, key: &str, results: &Results) -> std::io::Result<Results> {
        let (path, text) = (self.file(key), report::json(results));
        files::write(&path, &text).map_err(|error| naming(&path, &error))?;
        serde_json::from_str(&text).map_err(std::io::Error::other)
    }

    /// What is said when a signal ends the program at once.
    fn kept(&self) -> String {
        format!("interrupted; what has been played is in {}, and the same command goes on from there", self.0.display())
    }

    /// What is said when a signal has stopped the sweep.
    fn paused(&self, jobs: &[Job]) -> Failure {
        let done = jobs.iter().filter(|job| self.file(&job.key).is_file()).count();
        Failure::Paused(format!(
            "interrupted; {done} of {} points are in {}, and the same command goes on from there",
            jobs.len(),
            self.0.display()
        ))
    }
}

fn naming(path: &Path, error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::broken(error.to_string(), "mend that, or name another folder with --out")
}
