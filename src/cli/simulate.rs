//! Runs a simulation with a user at the terminal: threads, a progress bar, and signals that stop it.

use super::args::{Method, ScenarioArgs};
use super::failure::Failure;
use super::stopwatch::Stopwatch;
use super::{interrupt, output};
use crate::report;
use crate::scenario::Scenario;
use crate::sim::{Interrupted, Progress};
use crate::study::{self, PlanResult, Replications, Results, RunOutput};
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

/// Simulates all plans of `scenario` in as many replications as `replications` says, and solves those that `method` says. Figure data is
/// collected only for a report.
pub(super) fn simulate(
    args: &ScenarioArgs,
    scenario: &Scenario,
    (replications, method): (Replications, Method),
    is_reported: bool,
) -> Result<(RunOutput, Watched<()>), Failure> {
    let work = |progress: &Progress| {
        let experiment = study::simulate(scenario, replications, progress)?;
        let mut output = if is_reported { experiment.output(progress) } else { experiment.summary(progress) }?;
        if method != Method::Simulate {
            study::solve(scenario, &mut output.results, progress)?;
        }
        Ok::<_, Interrupted>(output)
    };
    let Watched { outcome, threads, seconds } = watched(args, work)?;
    let output = outcome?;
    if method == Method::Exact {
        all_solved(&output.results)?;
    }
    if output.imprecise && !args.quiet {
        let simulated = report::count(u64::from(output.results.scenario.replications));
        output::note(&format!("note: after {simulated} replications the intervals are still wider than requested"));
    }
    Ok((output, Watched { outcome: (), threads, seconds }))
}

/// Fails where a plan is not solved.
fn all_solved(results: &Results) -> Result<(), Failure> {
    let why = |plan: &PlanResult| Some((plan.name.clone(), plan.not_solved.clone()?));
    match results.plans.iter().find_map(why) {
        None => Ok(()),
        Some((plan, why)) => Err(Failure::usage(
            format!("--method exact: the plan `{plan}` cannot be solved: {why}"),
            "let it be simulated with --method auto, or select other plans with --plan",
        )),
    }
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
        let (done, is_done) = channel::<()>();
        if !args.quiet && output::watched() {
            let progress = &progress;
            scope.spawn(move || show(progress, &is_done));
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

/// Shows the progress of the run until the other end of `is_done` is dropped.
fn show(progress: &Progress, is_done: &Receiver<()>) {
    let still = |wait| is_done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout);
    if !still(PATIENCE) {
        return;
    }
    let bar = ProgressBar::new(0).with_elapsed(PATIENCE);
    while still(TICK) {
        // The style is set last, since each of these calls may redraw the bar.
        let phase = phase(progress);
        let (done, all) = match phase {
            Phase::Solving => progress.solutions(),
            _ => (progress.simulated(), progress.planned()),
        };
        bar.set_length(all);
        bar.set_message(report::count(all));
        bar.set_position(done);
        bar.set_style(style(phase));
    }
    bar.finish_and_clear();
}

/// The phase of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The number of recipients to simulate is not known yet.
    Preparing,
    /// Plans are being solved.
    Solving,
    Simulating,
    /// All recipients are simulated; the results are not yet summed up.
    SummingUp,
}

fn phase(progress: &Progress) -> Phase {
    let (solved, to_solve) = progress.solutions();
    match (progress.simulated(), progress.planned()) {
        _ if solved < to_solve => Phase::Solving,
        (_, 0) => Phase::Preparing,
        (simulated, planned) if simulated >= planned => Phase::SummingUp,
        _ => Phase::Simulating,
    }
}

fn style(phase: Phase) -> ProgressStyle {
    let template = match phase {
        Phase::Preparing => "{spinner} preparing, {elapsed}",
        Phase::Solving => "{bar:40} {percent:>3} % of {msg} solutions, {eta} left",
        Phase::Simulating => "{bar:40} {percent:>3} % of {msg} simulated recipients, {eta} left",
        Phase::SummingUp => "{bar:40} summing up {msg} simulated recipients",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_not_done_before_it_has_begun() {
        let progress = Progress::default();
        assert_eq!(phase(&progress), Phase::Preparing);
        progress.plan_solutions(1);
        assert_eq!((phase(&progress), progress.solutions()), (Phase::Solving, (0, 1)));
        progress.add_solution();
        assert_eq!(phase(&progress), Phase::Preparing);
        progress.plan(10);
        assert_eq!(phase(&progress), Phase::Simulating);
        progress.add(10);
        assert_eq!(phase(&progress), Phase::SummingUp);
    }
}
