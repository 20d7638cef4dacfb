//! How far a run has come, and how it is stopped.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How far a run has come, and whether it is to stop. Shared between threads.
#[derive(Debug, Default)]
pub struct Progress {
    planned: AtomicU64,
    expected: AtomicU64,
    played: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// Lives to be played as far as is known: a life is a recipient under a plan, in a replication.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.planned.load(Ordering::Relaxed).max(self.expected.load(Ordering::Relaxed))
    }

    /// Lives played so far.
    #[must_use]
    pub fn played(&self) -> u64 {
        self.played.load(Ordering::Relaxed)
    }

    /// About so many lives will be played in all, before each part of them is planned.
    pub fn expect(&self, lives: u64) {
        self.expected.store(lives, Ordering::Relaxed);
    }

    /// So many more lives are to be played.
    pub fn plan(&self, lives: u64) {
        self.planned.fetch_add(lives, Ordering::Relaxed);
    }

    /// So many more lives have been played.
    pub fn add(&self, lives: u64) {
        self.played.fetch_add(lives, Ordering::Relaxed);
    }

    /// Asks the run to stop; it does so after the batches under way.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it has been asked to.
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
