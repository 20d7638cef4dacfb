//! What the naive twin keeps of a life: everything.

use failsim::units::SimTime;
use failsim::vocabulary::Status;

/// All that happened to one recipient under one plan.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) arrival: SimTime,
    pub(crate) attempts: Vec<Attempt>,
    /// The steps that were entered, in order.
    pub(crate) steps: Vec<Stay>,
    /// When the flow ended, and whether well.
    pub(crate) ended: Option<(SimTime, bool)>,
}

/// One submission and what became of it.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) step: usize,
    pub(crate) provider: usize,
    pub(crate) delivered: Option<SimTime>,
    pub(crate) seen: Option<SimTime>,
    /// Millionths.
    pub(crate) charge: i128,
    /// What the engine knows of the message, oldest first.
    pub(super) known: Vec<Status>,
}

/// The flow's stay in a step.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) entered: SimTime,
    pub(crate) left: Option<(SimTime, Left)>,
    pub(super) tries: u8,
}

/// How a stay ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Left {
    Succeeded(Status),
    Bad(Status),
    TimedOut,
    Superseded,
    GaveUp,
}

impl History {
    pub(super) fn new(arrival: SimTime) -> Self {
        Self { arrival, attempts: Vec::new(), steps: Vec::new(), ended: None }
    }

    pub(super) fn in_progress(&self) -> bool {
        self.ended.is_none()
    }

    pub(super) fn leave(&mut self, now: SimTime, how: Left) {
        self.steps.last_mut().expect("a flow is in a step").left = Some((now, how));
    }
}
