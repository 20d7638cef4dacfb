//! The witness that counts: one recipient's life becomes counts of the plan and a row of the batch.

use super::batch::Row;
use super::handing::Handed;
use super::tally::{Ending, PlanTally};
use super::timeline::Timeline;
use super::witness::Witness;
use crate::engine::{Notice, Observer, StepEnd, Submission};
use crate::provider::Fate;
use crate::units::SimTime;
use crate::vocabulary::FlowStatus;

/// What must be known of a life to count the rest of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) row: Row,
    /// When the message of the latest attempt reaches the person; [`SimTime::NEVER`] if it does not.
    pub(super) latest: SimTime,
    /// The step that reached the recipient first.
    pub(super) first_step: u8,
    /// The step entered last.
    pub(super) step: u8,
}

impl Memory {
    /// Before a life.
    pub(super) const BLANK: Self = Self { row: Row::EMPTY, latest: SimTime::NEVER, first_step: 0, step: 0 };

    /// After it.
    #[inline]
    pub(super) fn finish(mut self, status: FlowStatus, tally: &mut PlanTally) -> Row {
        match status {
            FlowStatus::InProgress => {
                tally.open += 1;
                tally.steps[usize::from(self.step)].endings[Ending::Open.index()] += 1;
            }
            FlowStatus::Succeeded => self.row.succeeded = true,
            FlowStatus::Failed(_) => {}
        }
        if !self.row.first_delivery.is_never() {
            tally.steps[usize::from(self.first_step)].first += 1;
        }
        self.row
    }
}

/// Counts a stretch of a life into a tally.
pub(super) struct Counting<'a> {
    pub(super) tally: &'a mut PlanTally,
    pub(super) timeline: Timeline,
    pub(super) memory: &'a mut Memory,
}

impl Observer for Counting<'_> {
    #[inline]
    fn notice(&mut self, now: SimTime, notice: Notice) {
        match notice {
            Notice::Message { .. } => {}
            Notice::Step { step, end } => {
                let tally = &mut self.tally.steps[usize::from(step)];
                tally.endings[Ending::from(end).index()] += 1;
                // Only the latest attempt of a step can be delivered after it: the others have failed.
                let late = !self.memory.latest.is_never() && self.memory.latest > now;
                tally.late += u64::from(late && !matches!(end, StepEnd::Met(_)));
            }
            Notice::Flow { .. } => self.tally.ended(now),
        }
    }
}

impl Witness for Counting<'_> {
    #[inline]
    fn submitted(&mut self, submission: Submission, handed: &Handed, fate: &Fate) {
        let bin = self.timeline.bin(handed.terms.submitted);
        if submission.step != self.memory.step {
            self.memory.step = submission.step;
            self.tally.failovers.add(bin);
        }
        let step = &mut self.tally.steps[usize::from(submission.step)];
        step.attempts += 1;
        step.cost += fate.charge.as_micros() as u128;
        self.tally.providers[handed.provider].handed(self.timeline, handed, fate);
        let Memory { row, latest, first_step, .. } = self.memory;
        row.cost += fate.charge;
        *latest = fate.delivered;
        if !fate.delivered.is_never() {
            step.delivered += 1;
            row.duplicate = !row.first_delivery.is_never();
            row.seen |= !fate.seen.is_never();
            if fate.delivered < row.first_delivery {
                row.first_delivery = fate.delivered;
                *first_step = submission.step;
            }
        }
    }

    fn turned_down(&mut self, _: Submission, handed: &Handed, fate: &Fate) {
        self.tally.providers[handed.provider].handed(self.timeline, handed, fate);
    }
}
