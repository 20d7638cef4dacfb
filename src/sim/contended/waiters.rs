//! The attempts that wait in queues in which a later one may depart earlier.

use crate::engine::{Permit, Submission};
use crate::provider::Terms;
use crate::sim::admission::{AdmissionDecision, RoutedAttempt};
use crate::units::Time;

/// An attempt that waits for others which may still come.
#[derive(Clone, Copy)]
pub(super) struct Waiter {
    /// The slot of its recipient.
    pub(super) slot: u32,
    pub(super) submission: Submission,
    pub(super) submitted: Time,
    /// The engine's deadline when it was submitted.
    pub(super) deadline: Time,
    pub(super) provider: u32,
    pub(super) permit: Option<Permit>,
    /// The number of decisions for the watched recipient when it came.
    pub(super) decision: usize,
}

impl Waiter {
    /// The attempt, now that the decision on it is known, given the terms of each step.
    pub(super) fn attempt(&self, terms: &[Terms], decision: AdmissionDecision, patience: Time) -> RoutedAttempt {
        let &Self { submission, submitted, provider, permit, .. } = self;
        let terms = Terms { submitted, ..terms[usize::from(submission.step)] };
        let (attempt, provider) = (submission.attempt, provider as usize);
        RoutedAttempt { attempt, provider, terms, decision, patience, parts: 0, kept: false, permit }
    }
}

/// The attempts that wait, by token.
#[derive(Default)]
pub(super) struct Waiters {
    all: Vec<Waiter>,
    free: Vec<u32>,
}

impl Waiters {
    /// Adds an attempt, and returns its token.
    pub(super) fn enter(&mut self, waiter: Waiter) -> u64 {
        if let Some(free) = self.free.pop() {
            self.all[free as usize] = waiter;
            return u64::from(free);
        }
        self.all.push(waiter);
        self.all.len() as u64 - 1
    }

    /// Removes the attempt under this token.
    pub(super) fn leave(&mut self, token: u64) -> Waiter {
        self.free.push(token as u32);
        self.all[token as usize]
    }
}
