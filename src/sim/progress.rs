//! The progress of a run, and how it is stopped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The progress of a run, and whether it should stop. Shared between threads.
#[derive(Debug, Default)]
pub struct Progress {
    planned: AtomicU64,
    expected: AtomicU64,
    simulated: AtomicU64,
    to_solve: AtomicU64,
    solved: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// The number of recipients to be simulated, as far as is known; each counts once per plan and replication.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.planned.load(Ordering::Relaxed).max(self.expected.load(Ordering::Relaxed))
    }

    /// The number of recipients simulated so far; each counts once per plan and replication.
    #[must_use]
    pub fn simulated(&self) -> u64 {
        self.simulated.load(Ordering::Relaxed)
    }

    /// Sets the approximate total number of recipients to be simulated, before each piece of the work is planned.
    pub fn expect(&self, recipients: u64) {
        self.expected.store(recipients, Ordering::Relaxed);
    }

    /// Adds to the number of recipients to be simulated.
    pub fn plan(&self, recipients: u64) {
        self.planned.fetch_add(recipients, Ordering::Relaxed);
    }

    /// Adds to the number of recipients simulated so far.
    pub fn add(&self, recipients: u64) {
        self.simulated.fetch_add(recipients, Ordering::Relaxed);
    }

    /// The number of plans that are solved so far, and of those to be solved, as far as is known.
    #[must_use]
    pub fn solutions(&self) -> (u64, u64) {
        (self.solved.load(Ordering::Relaxed), self.to_solve.load(Ordering::Relaxed))
    }

    /// Adds to the number of plans to be solved.
    pub fn plan_solutions(&self, plans: u64) {
        self.to_solve.fetch_add(plans, Ordering::Relaxed);
    }

    /// Counts a plan that is solved.
    pub fn add_solution(&self) {
        self.solved.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks the run to stop; it stops after the batches under way.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the run has been asked to stop.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// The run was asked to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the run was asked to stop")
    }
}

impl std::error::Error for Interrupted {}
