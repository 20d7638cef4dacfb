//! Runs a simulation with a user at the terminal: threads, a progress bar, and signals that stop it.

use super::args::ScenarioArgs;
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

/// The progress bar appears when a run takes longer than this.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// The result of some work, and the threads and time it took.
pub(super) struct Watched<T> {
    pub(super) outcome: T,
    pub(super) threads: usize,
    pub(super) seconds: f64,
}

/// Simulates all plans of `scenario` with the replications `stopping_rule`. The figure data is collected only where a report is written.
pub(super) fn simulate(
    args: &ScenarioArgs,
    scenario: &Scenario,
    stopping_rule: Replications,
    is_reported: bool,
) -> Result<(RunOutput, Watched<()>), Failure> {
    let work = |progress: &Progress| {
        let experiment = study::simulate(scenario, stopping_rule, progress)?;
        if is_reported { experiment.output(progress) } else { experiment.summary(progress) }
    };
    let Watched { outcome, threads, seconds } = watched(args, work)?;
    let output = outcome?;
    if output.imprecise && !args.quiet {
        let simulated = report::count(u64::from(output.results.scenario.replications));
        output::note(&format!("note: after {simulated} replications the intervals are still wider than requested"));
    }
    Ok((output, Watched { outcome: (), threads, seconds }))
}

/// Does `work` on the number of threads asked for, with a progress bar, until it is done or a signal stops it.
pub(super) fn watched<T: Send>(
    args: &ScenarioArgs,
    work: impl FnOnce(&Progress) -> T + Send,
) -> Result<Watched<T>, Failure> {
    let pool = pool(args.threads)?;
    let progress = Arc::new(Progress::default());
    let simulating = interrupt::simulating(&progress);
    let watch = Stopwatch::start();
    let outcome = std::thread::scope(|scope| {
        let (done, simulate) = channel::<()>();
        if !args.quiet && output::watched() {
            let progress = &progress;
            scope.spawn(move || show(progress, &simulate));
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
        .thread_name(|index| format!("worker-{index}"))
        .build()
        .map_err(|error| Failure::broken(format!("cannot start threads: {error}"), "try fewer with --threads"))
}

/// Shows the progress of the run until the other end of `simulate` is dropped.
fn show(progress: &Progress, simulate: &Receiver<()>) {
    let still = |wait| simulate.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
    if !still(PATIENCE) {
        return;
    }
    let bar = ProgressBar::new(0).with_elapsed(PATIENCE);
    while still(TICK) {
        // The style is set last, since each of these calls may redraw the bar.
        bar.set_length(progress.planned());
        bar.set_message(report::count(progress.planned()));
        bar.set_position(progress.simulated());
        bar.set_style(style(stage(progress)));
    }
    bar.finish_and_clear();
}

/// The phase of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The number of recipients to simulate is not known yet.
    Preparing,
    Playing,
    /// All recipients are simulated; the results are not yet summed up.
    SummingUp,
}

fn stage(progress: &Progress) -> Stage {
    match (progress.simulated(), progress.planned()) {
        (_, 0) => Stage::Preparing,
        (simulated, planned) if simulated >= planned => Stage::SummingUp,
        _ => Stage::Playing,
    }
}

fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Preparing => "{spinner} preparing, {elapsed}",
        Stage::Playing => "{bar:40} {percent:>3} % of {msg} recipients, {eta} left",
        Stage::SummingUp => "{bar:40} summing up {msg} recipients",
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
