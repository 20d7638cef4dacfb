//! The naive twin's complete history of a recipient.

use failsim::status::Status;
use failsim::units::Time;

/// All that happened to one recipient under one plan.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) arrival: Time,
    pub(crate) attempts: Vec<Attempt>,
    /// The steps that were entered, in order.
    pub(crate) steps: Vec<Stay>,
    /// When a message changed or a ttl passed.
    pub(crate) changes: Vec<Time>,
    /// When the flow ended, and whether it succeeded.
    pub(crate) ended: Option<(Time, bool)>,
}

/// One submission and its history.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) step: usize,
    pub(crate) submitted: Time,
    /// The latest time at which the engine leaves the step.
    pub(super) deadline: Time,
    /// The provider that accepted it, or the last that rejected it.
    pub(crate) provider: usize,
    /// The providers that it was submitted to, in order.
    pub(crate) tries: Vec<Try>,
    /// The lines that it held: the provider, from when, until when.
    pub(crate) held: Vec<(usize, Time, Time)>,
    pub(crate) delivered: Option<Time>,
    pub(crate) seen: Option<Time>,
    /// When bad ends were reported.
    pub(crate) bad_reports: Vec<Time>,
    /// The charge in millionths.
    pub(crate) charge: i128,
    /// The state of the circuit that permitted it.
    pub(super) epoch: usize,
    /// Whether that circuit has a result of it, or will have.
    pub(super) has_result: bool,
    /// What the engine knows about the message, oldest first.
    pub(super) known: Vec<Status>,
}

/// An attempt at one provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Try {
    pub(crate) provider: usize,
    pub(crate) decision: Decision,
    pub(crate) patience: Time,
    /// Whether it waits where it cannot be recalled.
    pub(crate) kept: bool,
}

/// A provider's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    NotPermitted,
    Rejected,
    Waits,
    Unserved,
    Departs(Time),
}

/// The flow's stay in a step.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) entered: Time,
    pub(crate) left: Option<(Time, Left)>,
    pub(super) tries: u8,
}

/// How a stay ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Left {
    Succeeded(Status),
    Bad(Status),
    TimedOut,
    LateSuccess,
    GaveUp,
}

impl Attempt {
    pub(super) fn new(step: usize, submitted: Time, deadline: Time) -> Self {
        Self {
            step,
            submitted,
            deadline,
            provider: usize::MAX,
            tries: Vec::new(),
            held: Vec::new(),
            delivered: None,
            seen: None,
            bad_reports: Vec::new(),
            charge: 0,
            epoch: 0,
            has_result: false,
            known: Vec::new(),
        }
    }
}

impl History {
    pub(super) fn new(arrival: Time) -> Self {
        Self { arrival, attempts: Vec::new(), steps: Vec::new(), changes: Vec::new(), ended: None }
    }

    pub(super) fn in_progress(&self) -> bool {
        self.ended.is_none()
    }

    pub(super) fn leave(&mut self, now: Time, how: Left) {
        self.steps.last_mut().expect("a flow is in a step").left = Some((now, how));
    }
}
