//! Playing with somebody at the keyboard: threads, a progress bar, and signals that stop it.

use super::args::Play;
use super::failure::Failure;
use super::stopwatch::Stopwatch;
use super::{interrupt, output};
use crate::report;
use crate::scenario::Scenario;
use crate::sim::Progress;
use crate::study::{self, Replications, RunOutput};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// A bar appears when a run takes longer than this.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// What was played, and what it took.
pub(super) struct Watched<T> {
    pub(super) outcome: T,
    pub(super) threads: usize,
    pub(super) seconds: f64,
}

/// Plays all plans of `scenario`, as often as `wanted`; the data of figures is made for a report alone.
pub(super) fn play(
    args: &Play,
    scenario: &Scenario,
    wanted: Replications,
    is_reported: bool,
) -> Result<(RunOutput, Watched<()>), Failure> {
    let work = |progress: &Progress| {
        let experiment = study::played(scenario, wanted, progress)?;
        if is_reported { experiment.findings(progress) } else { experiment.summary(progress) }
    };
    let Watched { outcome, threads, seconds } = watched(args, work)?;
    let findings = outcome?;
    if findings.imprecise && !args.quiet {
        let played = report::count(u64::from(findings.results.scenario.replications));
        output::note(&format!("note: {played} replications, and the intervals are still wider than asked"));
    }
    Ok((findings, Watched { outcome: (), threads, seconds }))
}

/// Does `work` on as many threads as asked for, with a bar that shows how far it has come, until a signal stops it.
pub(super) fn watched<T: Send>(args: &Play, work: impl FnOnce(&Progress) -> T + Send) -> Result<Watched<T>, Failure> {
    let pool = pool(args.threads)?;
    let progress = Arc::new(Progress::default());
    let simulating = interrupt::simulating(&progress);
    let watch = Stopwatch::start();
    let outcome = std::thread::scope(|scope| {
        let (done, playing) = channel::<()>();
        if !args.quiet && output::watched() {
            let progress = &progress;
            scope.spawn(move || show(progress, &playing));
        }
        let outcome = pool.install(|| work(&progress));
        drop(done);
        outcome
    });
    drop(simulating);
    if progress.stopped() {
        return Err(Failure::Interrupted);
    }
    Ok(Watched { outcome, threads: pool.current_num_threads(), seconds: watch.elapsed().as_secs_f64() })
}

fn pool(threads: Option<u16>) -> Result<rayon::ThreadPool, Failure> {
    let threads = threads.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|place| format!("worker-{place}"))
        .build()
        .map_err(|error| Failure::broken(format!("cannot start threads: {error}"), "try fewer with --threads"))
}

/// Shows how far the run has come, until `playing` hangs up.
fn show(progress: &Progress, playing: &Receiver<()>) {
    let still = |wait| playing.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
    if !still(PATIENCE) {
        return;
    }
    let bar = ProgressBar::new(0).with_elapsed(PATIENCE);
    while still(TICK) {
        // The style last: each of them may draw.
        bar.set_length(progress.planned());
        bar.set_message(report::count(progress.planned()));
        bar.set_position(progress.played());
        bar.set_style(style(stage(progress)));
    }
    bar.finish_and_clear();
}

/// What a run is busy with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// What it will play is not known yet.
    Preparing,
    Playing,
    /// All is played, and not summed up yet.
    SummingUp,
}

fn stage(progress: &Progress) -> Stage {
    match (progress.played(), progress.planned()) {
        (_, 0) => Stage::Preparing,
        (played, planned) if played >= planned => Stage::SummingUp,
        _ => Stage::Playing,
    }
}

fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Preparing => "{spinner} preparing, {elapsed}",
        Stage::Playing => "{bar:40} {percent:>3} % of {msg} lives, {eta} left",
        Stage::SummingUp => "{bar:40} summing up {msg} lives",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_not_done_before_it_has_begun() {
        let progress = Progress::default();
        assert_eq!(stage(&progress), Stage::Preparing);
        progress.plan(10);
        assert_eq!(stage(&progress), Stage::Playing);
        progress.add(10);
        assert_eq!(stage(&progress), Stage::SummingUp);
    }
}
