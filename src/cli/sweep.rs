//! `failsim sweep`: what one or two values of a scenario do, point by point; points that are there already are not played again.

use super::args::{Format, Sweep};
use super::failure::Failure;
use super::folder::{named_after, run_of, usable, written};
use super::playing;
use super::{load, output};
use crate::report::{self, sweep};
use crate::scenario::{Axis, Scenario};
use crate::sim::Progress;
use crate::study::{self, Replications, Results};
use std::path::{Path, PathBuf};

/// The folder of the points, in that of the sweep.
const POINTS: &str = "points";
/// More points than this are taken for a mistake.
const MOST_POINTS: usize = 10_000;
/// Measures shown when none is named.
const MEASURES: [&str; 4] = ["in_time", "delivered", "cost.per_recipient", "latency_s.p95"];

pub(super) fn sweep(args: &Sweep) -> Result<(), Failure> {
    let axes = axes(args)?;
    let points = study::points(&axes);
    // Every point is read before any is played, so that one which is wrong is told at once.
    let scenarios = points.iter().map(|point| load::played(&args.play, &point.changes(&axes)));
    let scenarios = scenarios.collect::<Result<Vec<_>, _>>()?;
    let stream = args.stream.as_deref();
    if let Some(name) = stream {
        load::stream(&scenarios[0], name)?;
    }
    let out = args.out.clone().unwrap_or_else(|| named_after(&args.play.scenario, "-sweep"));
    usable(&out)?;
    sweep::refuse_what_is_not_ours(&out).map_err(broken)?;
    let store = Store::new(&out)?;
    let jobs: Vec<_> = scenarios.iter().map(|scenario| Job::new(scenario, args, &store)).collect();
    let missing: Vec<_> = jobs.iter().filter(|job| job.known.is_none()).collect();
    if !args.play.quiet && missing.len() < jobs.len() {
        output::note(&format!("note: {} of {} points are there already", jobs.len() - missing.len(), jobs.len()));
    }
    let watched = playing::watched(&args.play, |progress| {
        progress.expect(missing.iter().map(|job| job.lives()).sum());
        jobs.iter().map(|job| job.results(&store, progress)).collect::<Result<Vec<_>, _>>()
    })?;
    let results = match &watched.outcome {
        Ok(results) => results,
        Err(Stop::Interrupted) => return Err(store.paused(&jobs)),
        Err(Stop::Disk(error)) => {
            return Err(Failure::broken(error.clone(), "mend that, or name another folder with --out"));
        }
    };
    let found = study::Sweep { axes, points: points.into_iter().zip(results.iter().cloned()).collect() };
    let measures = if args.measures.is_empty() { MEASURES.map(str::to_owned).to_vec() } else { args.measures.clone() };
    let shown = sweep::Shown { sweep: &found, measures: &measures, stream };
    written(sweep::write(&out, &shown, &run_of(&watched)), &out, "README.md", args.play.quiet)?;
    output::print(&match args.format {
        Format::Table => sweep::table(&shown, output::terminal()),
        Format::Json => sweep::json(&found),
        Format::Csv => sweep::csv(&found),
    })
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

/// Why not all points were played.
enum Stop {
    Interrupted,
    Disk(String),
}

/// A point to play, or one that is there.
struct Job<'a> {
    scenario: &'a Scenario,
    wanted: Replications,
    key: String,
    known: Option<Results>,
}

impl<'a> Job<'a> {
    fn new(scenario: &'a Scenario, args: &Sweep, store: &Store) -> Self {
        let wanted = args.often.wanted(scenario);
        let key = study::key(scenario, wanted);
        Self { scenario, wanted, known: store.read(&key), key }
    }

    /// About how many lives playing it takes.
    fn lives(&self) -> u64 {
        let replications = match self.wanted {
            Replications::Exactly(n) => n,
            Replications::Until(_, most) => most.min(10),
        };
        self.scenario.recipients() * self.scenario.plans.len() as u64 * u64::from(replications)
    }

    /// What the point comes to: played and stored, unless it is known.
    fn results(&self, store: &Store, progress: &Progress) -> Result<Results, Stop> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let findings = study::compare(self.scenario, self.wanted, progress).map_err(|_| Stop::Interrupted)?;
        store.keep(&self.key, &findings.results).map_err(|error| Stop::Disk(error.to_string()))
    }
}

/// The folder in which the results of points are kept, each in a file named by its key.
struct Store(PathBuf);

impl Store {
    fn new(out: &Path) -> Result<Self, Failure> {
        let dir = out.join(POINTS);
        let made = std::fs::create_dir_all(&dir);
        made.map_err(|error| {
            broken(std::io::Error::new(error.kind(), format!("cannot write {}: {error}", dir.display())))
        })?;
        Ok(Self(dir))
    }

    fn file(&self, key: &str) -> PathBuf {
        self.0.join(format!("{key}.json"))
    }

    /// The results with this key; a file that is damaged counts as missing.
    fn read(&self, key: &str) -> Option<Results> {
        let text = std::fs::read_to_string(self.file(key)).ok()?;
        serde_json::from_str(&text).ok().filter(|results: &Results| results.schema == study::SCHEMA)
    }

    /// Keeps the results, whole or not at all, and gives them as they will be read.
    fn keep(&self, key: &str, results: &Results) -> std::io::Result<Results> {
        use std::io::Write as _;
        let text = report::json(results);
        let naming = |error: std::io::Error| {
            std::io::Error::new(error.kind(), format!("cannot write {}: {error}", self.file(key).display()))
        };
        let mut file = tempfile::Builder::new().prefix(".failsim-").tempfile_in(&self.0).map_err(naming)?;
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_data()).map_err(naming)?;
        file.persist(self.file(key)).map_err(|error| naming(error.error))?;
        serde_json::from_str(&text).map_err(std::io::Error::other)
    }

    /// What to say to whoever pressed Ctrl-C.
    fn paused(&self, jobs: &[Job<'_>]) -> Failure {
        let done = jobs.iter().filter(|job| self.file(&job.key).is_file()).count();
        Failure::Paused(format!(
            "interrupted; {done} of {} points are in {}, and the same command goes on from there",
            jobs.len(),
            self.0.display()
        ))
    }
}

fn broken(error: std::io::Error) -> Failure {
    Failure::broken(error.to_string(), "mend that, or name another folder with --out")
}
