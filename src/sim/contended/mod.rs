//! The executors for contended recipients: providers have limited capacity, or circuits that open for all.
//!
//! > Between two submissions a recipient depends on nothing but its own draws, so that only submissions wait for one another.
//!
//! One plan in one replication is a run. `event_driven` simulates any run through the engine, submission by submission from one event
//! queue; `feed_forward` simulates runs that are feed-forward, provider by provider, column by column. Both produce the same tallies.

mod active_recipient;
mod arena;
mod arrival_order;
mod cohort;
mod departure;
mod event_driven;
mod event_queue;
mod feed_forward;
mod finished;
mod followed;
mod operational_laws;
mod queue_pass;
mod shared;
mod time_order;
mod waiters;
mod worker;

use super::admission::AdmissionDecision;
use super::independent::{ExecutionMode, RunContext};
use super::progress::{Interrupted, Progress};
use super::recipient::RecipientId;
use super::tally::{PlanTally, gather_series};
use crate::stats::Bins;
use crate::units::Time;
use event_driven::Watch;

/// The results of a class of recipients in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassTally {
    /// All counts.
    pub tally: PlanTally,
    /// Arrivals by bin of time.
    pub arrivals: Bins,
}

/// The results of a run: one plan in one replication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanRunTally {
    /// For each stream of traffic, the results of each class; the first class has what happened to all of them over time.
    pub streams: Vec<Vec<ClassTally>>,
    /// For each provider, the greatest number of attempts that waited before it at any time.
    pub longest_queue: Vec<u64>,
    /// For each provider, how often its circuit opened.
    pub opened: Vec<u64>,
    /// Whether any attempt had to wait, was rejected or was not permitted; if not, the results are those of independent recipients.
    pub contended: bool,
}

impl PlanRunTally {
    fn new(mut streams: Vec<Vec<ClassTally>>, longest_queue: Vec<u64>, opened: Vec<u64>, contended: bool) -> Self {
        streams.iter_mut().for_each(|classes| gather_series(classes.iter_mut().map(|class| &mut class.tally)));
        Self { streams, longest_queue, opened, contended }
    }
}

/// Simulates the plan with this index in the replication of `run`, with contended recipients.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn simulate_contended(run: &RunContext<'_>, plan: usize, progress: &Progress) -> Result<PlanRunTally, Interrupted> {
    let tally = match feed_forward::FeedForward::new(run, plan).filter(|_| run.mode == ExecutionMode::Fastest) {
        Some(stages) => stages.run(progress),
        None => event_driven::simulate(run, plan, Watch::Nobody, progress).map(|(tally, _)| tally),
    }?;
    debug_assert_eq!(operational_laws::broken(run, &tally), None, "a law that every run obeys");
    Ok(tally)
}

/// Whether the plan with this index is simulated provider by provider, as a feed-forward run.
#[must_use]
pub fn is_feed_forward(run: &RunContext<'_>, plan: usize) -> bool {
    run.mode == ExecutionMode::Fastest && feed_forward::FeedForward::new(run, plan).is_some()
}

/// What others mean for one recipient.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Decisions {
    /// The decision on each attempt at each provider that it came to, in order.
    pub made: Vec<AdmissionDecision>,
    /// Each time the recipient came to a pool that goes by queues, how many attempts waited before each of its providers.
    pub waiting: Vec<u64>,
    /// The recipient's attempts that are submitted again, because their link was lost: the provider, the attempt, and when.
    pub again: Vec<(usize, u8, Time)>,
}

/// What others mean for one recipient under the plan with this index.
#[must_use]
pub fn decisions(run: &RunContext<'_>, plan: usize, who: RecipientId) -> Decisions {
    let simulated = event_driven::simulate(run, plan, Watch::One(who), &Progress::default());
    simulated.map_or_else(|Interrupted| Decisions::default(), |(_, seen)| seen.decisions)
}

/// The result of each recipient under the plan with this index: for each stream, by number, a hash that equal results have in common
/// within one execution of the program.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn course_hashes(run: &RunContext<'_>, plan: usize, progress: &Progress) -> Result<Vec<Vec<u64>>, Interrupted> {
    event_driven::simulate(run, plan, Watch::All, progress).map(|(_, seen)| seen.course_hashes)
}
