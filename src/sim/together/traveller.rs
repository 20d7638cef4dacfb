//! What is kept of a recipient between two submissions.

use crate::engine::Submission;
use crate::engine::{Flow, FlowPlan};
use crate::provider::{Fate, Report};
use crate::sim::counting::{Counting, Memory};
use crate::sim::handing::{Handed, TurnedDown, with_rank};
use crate::sim::life::{Mail, Pending, live};
use crate::units::SimTime;
use crate::vocabulary::Status;

/// A recipient on the way from one submission to the next: two lines of a processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Traveller {
    pub(super) flow: Flow,
    pub(super) turned_down: TurnedDown,
    pub(super) memory: Memory,
    pub(super) arrival: SimTime,
    /// The submission that is due.
    pub(super) submission: Submission,
    /// The first report of an earlier attempt that would end the flow; of the others nothing comes. Never when there is none.
    late: Pending,
    pub(super) recipient: u32,
    pub(super) stream: u8,
}

const NOTHING: Pending = Pending { at: SimTime::NEVER, attempt: 0, status: Status::Queued };

impl Traveller {
    pub(super) const fn new(
        flow: Flow,
        submission: Submission,
        (stream, recipient): (u8, u32),
        arrival: SimTime,
    ) -> Self {
        Self { flow, turned_down: 0, memory: Memory::BLANK, arrival, submission, late: NOTHING, recipient, stream }
    }

    /// Goes on with the fate of the attempt that is in a provider's hands, until the next submission, whose time it gives; nothing
    /// when the flow has ended or waits for what never comes.
    pub(super) fn go_on(
        &mut self,
        plan: &FlowPlan,
        handed: &Handed,
        fate: &Fate,
        counting: &mut Counting<'_>,
    ) -> Option<SimTime> {
        let attempt = self.submission.attempt;
        self.turned_down = with_rank(self.turned_down, attempt, handed.rank);
        let mut post = Post::new(attempt, fate, self.late);
        let (at, submission) = live(plan, &mut self.flow, &mut post, counting)?;
        self.late = post.late(plan, &self.flow);
        self.submission = submission;
        Some(at)
    }
}

/// The reports that can still make a difference: those of the latest attempt, and one of an earlier one.
struct Post {
    attempt: u8,
    /// In order of time; those before `next` have been taken.
    reports: [Report; 4],
    next: usize,
    count: usize,
    late: Pending,
}

impl Post {
    fn new(attempt: u8, fate: &Fate, late: Pending) -> Self {
        let (mut reports, count) = ([Report { at: SimTime::NEVER, status: Status::Queued }; 4], fate.reports().len());
        reports[..count].copy_from_slice(fate.reports());
        reports[..count].sort_unstable();
        Self { attempt, reports, next: 0, count, late }
    }

    fn own(&self) -> Option<Pending> {
        let report = self.reports[..self.count].get(self.next)?;
        Some(Pending { at: report.at, attempt: self.attempt, status: report.status })
    }

    /// Of all that has not been taken, the first that would end the flow.
    fn late(mut self, plan: &FlowPlan, flow: &Flow) -> Pending {
        while let Some(own) = self.own() {
            if flow.would_finish(plan, self.attempt, own.status) {
                return own.min(self.late);
            }
            self.next += 1;
        }
        self.late
    }
}

impl Mail for Post {
    #[inline]
    fn next(&self) -> SimTime {
        self.own().map_or(self.late.at, |own| own.at.min(self.late.at))
    }

    #[inline]
    fn take(&mut self) -> Pending {
        match self.own() {
            Some(own) if own < self.late => {
                self.next += 1;
                own
            }
            _ => std::mem::replace(&mut self.late, NOTHING),
        }
    }
}

const _: () = assert!(size_of::<Traveller>() == 128);
