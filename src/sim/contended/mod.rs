//! The executor for recipients who meet: providers have limited capacity, or circuits that open for all.
//!
//! > Between two submissions a recipient's life depends on nothing but its own luck, so that only submissions wait for one another.
//!
//! One plan in one replication is a world. `events` plays any world, submission by submission from one agenda, through the engine;
//! `stages` plays those whose work flows one way, provider by provider, column by column. Both give the same tallies.

mod active_recipient;
mod arena;
mod arrival_order;
mod cohort;
mod departure;
mod event_driven;
mod event_queue;
mod feed_forward;
mod finished;
mod operational_laws;
mod queue_pass;
mod shared;
mod time_order;
mod worker;

use super::admission::AdmissionDecision;
use super::independent::{ExecutionMode, RunContext};
use super::progress::{Interrupted, Progress};
use super::recipient::RecipientId;
use super::tally::PlanTally;
use crate::stats::Bins;
use event_driven::Watch;

/// What one plan came to in one world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanRunTally {
    /// One for each stream of traffic.
    pub streams: Vec<PlanTally>,
    /// For each stream, arrivals by bin of time.
    pub arrivals: Vec<Bins>,
    /// For each provider, the most that waited before it at any time.
    pub longest: Vec<u64>,
    /// For each provider, how often its circuit opened.
    pub opened: Vec<u64>,
    /// Whether anybody had to wait, was refused or was kept out: if not, all lives were as if each had been alone.
    pub contended: bool,
}

/// Plays the world of `run` in which the plan with this index is compared, whoever waits for whom.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn play_contended(run: &RunContext<'_>, plan: usize, progress: &Progress) -> Result<PlanRunTally, Interrupted> {
    let tally = match feed_forward::FeedForward::new(run, plan).filter(|_| run.way == ExecutionMode::Shortest) {
        Some(stages) => stages.play(progress),
        None => event_driven::EventDriven::new(run, plan, Watch::Nobody).play(progress).map(|(tally, _)| tally),
    }?;
    debug_assert_eq!(operational_laws::broken(run, &tally), None, "a law that every world obeys");
    Ok(tally)
}

/// Whether the world in which the plan with this index is compared is played provider by provider: its work flows one way.
#[must_use]
pub fn is_feed_forward(run: &RunContext<'_>, plan: usize) -> bool {
    run.way == ExecutionMode::Shortest && feed_forward::FeedForward::new(run, plan).is_some()
}

/// What became of each attempt of one recipient at each provider that it came to, in order, in the run in which the plan with this index
/// is compared.
#[must_use]
pub fn decisions(run: &RunContext<'_>, plan: usize, who: RecipientId) -> Vec<AdmissionDecision> {
    let played = event_driven::EventDriven::new(run, plan, Watch::One(who)).play(&Progress::default());
    played.map_or_else(|Interrupted| Vec::new(), |(_, seen)| seen.decisions)
}

/// What each recipient's life came to, in the world in which the plan with this index is compared: for each stream, by number, a hash of
/// it that equal lives have in common within a run of the program.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn lives(run: &RunContext<'_>, plan: usize, progress: &Progress) -> Result<Vec<Vec<u64>>, Interrupted> {
    event_driven::EventDriven::new(run, plan, Watch::All).play(progress).map(|(_, seen)| seen.lives)
}
