//! The witness that counts: one recipient's life becomes counts of the plan and a row of the batch.

use super::batch::Row;
use super::life::Witness;
use super::tally::{Ending, PlanTally};
use super::timeline::Timeline;
use crate::engine::{MAX_ATTEMPTS, Notice, Observer, StepEnd, Submission};
use crate::provider::{Fate, Terms};
use crate::units::SimTime;
use crate::vocabulary::FlowStatus;

/// Counts lives into a tally, one after the other.
pub(super) struct Counting<'a> {
    tally: &'a mut PlanTally,
    timeline: Timeline,
    row: Row,
    /// The step that reached the recipient first.
    first_step: u8,
    /// The step entered last.
    step: u8,
    /// When each step entered so far was left without success; [`SimTime::NEVER`] for one that was not.
    left: [SimTime; MAX_ATTEMPTS],
    /// The deliveries so far: by which step, and when.
    handed: [(u8, SimTime); MAX_ATTEMPTS],
    deliveries: usize,
}

impl<'a> Counting<'a> {
    pub(super) fn new(tally: &'a mut PlanTally, timeline: Timeline) -> Self {
        Self {
            tally,
            timeline,
            row: Row::EMPTY,
            first_step: 0,
            step: 0,
            left: [SimTime::NEVER; MAX_ATTEMPTS],
            handed: [(0, SimTime::NEVER); MAX_ATTEMPTS],
            deliveries: 0,
        }
    }

    /// Before a life.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.row = Row::EMPTY;
        self.step = 0;
        self.deliveries = 0;
        self.left[0] = SimTime::NEVER;
    }

    /// After it.
    #[inline]
    pub(super) fn finish(&mut self, status: FlowStatus) -> Row {
        match status {
            FlowStatus::InProgress => self.tally.steps[usize::from(self.step)].endings[Ending::Open.index()] += 1,
            FlowStatus::Succeeded => self.row.succeeded = true,
            FlowStatus::Failed(_) => {}
        }
        for &(step, at) in &self.handed[..self.deliveries] {
            let step = usize::from(step);
            self.tally.steps[step].late += u64::from(at > self.left[step]);
        }
        if self.deliveries > 0 {
            self.tally.steps[usize::from(self.first_step)].first += 1;
        }
        self.row.duplicate = self.deliveries > 1;
        self.row
    }
}

impl Observer for Counting<'_> {
    #[inline]
    fn notice(&mut self, now: SimTime, notice: Notice) {
        match notice {
            Notice::Message { .. } => {}
            Notice::Step { step, end } => {
                let step = usize::from(step);
                self.tally.steps[step].endings[Ending::from(end).index()] += 1;
                if !matches!(end, StepEnd::Met(_)) {
                    self.left[step] = now;
                }
            }
            Notice::Flow { .. } => self.tally.ended(now),
        }
    }
}

impl Witness for Counting<'_> {
    #[inline]
    fn submitted(&mut self, submission: Submission, terms: &Terms, fate: &Fate) {
        if submission.step != self.step {
            self.step = submission.step;
            self.left[usize::from(self.step)] = SimTime::NEVER;
            self.tally.failovers.add(self.timeline.bin(terms.submitted));
        }
        let step = &mut self.tally.steps[usize::from(submission.step)];
        step.attempts += 1;
        step.cost += fate.charge.as_micros() as u128;
        self.row.cost += fate.charge;
        if !fate.delivered.is_never() {
            step.delivered += 1;
            step.deliveries.add(self.timeline.bin(fate.delivered));
            self.handed[self.deliveries] = (submission.step, fate.delivered);
            self.deliveries += 1;
            self.row.seen |= !fate.seen.is_never();
            if fate.delivered < self.row.first_delivery {
                self.row.first_delivery = fate.delivered;
                self.first_step = submission.step;
            }
        }
    }
}
