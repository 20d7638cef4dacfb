//! One recipient's life under one plan: the engine and the providers in conversation.

use super::handing::{Usher, with_rank};
use super::stage::Stage;
use super::witness::Witness;
use crate::engine::{Command, Flow, FlowPlan, MAX_ATTEMPTS, Submission};
use crate::provider::Report;
use crate::units::SimTime;
use crate::vocabulary::Status;

/// The most reports that can be under way: four for each attempt.
const MAX_PENDING: usize = 4 * MAX_ATTEMPTS;

/// A report of an attempt. Ordered by time, then attempt, then rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Pending {
    pub(super) at: SimTime,
    pub(super) attempt: u8,
    pub(super) status: Status,
}

/// The reports on their way to the engine.
pub(super) trait Mail {
    /// When the next one arrives; [`SimTime::NEVER`] for none.
    fn next(&self) -> SimTime;

    /// The next one, which there is.
    fn take(&mut self) -> Pending;
}

/// Lets a flow live until it makes an attempt, and gives that; nothing when it has ended or waits for what never comes.
///
/// The next report goes to the engine, or, when its deadline comes before that, the deadline; at equal times the report. Once the
/// flow has ended, what is still under way concerns the witness alone.
#[inline]
pub(super) fn live<M: Mail, W: Witness>(
    plan: &FlowPlan,
    flow: &mut Flow,
    mail: &mut M,
    witness: &mut W,
) -> Option<(SimTime, Submission)> {
    loop {
        let (deadline, report) = (flow.deadline(), mail.next());
        let (now, command) = if report <= deadline && !report.is_never() {
            let Pending { at, attempt, status } = mail.take();
            witness.reported(at, attempt, status);
            (at, flow.report(plan, at, attempt, status, witness))
        } else if deadline.is_never() {
            return None;
        } else {
            witness.timed_out(deadline);
            (deadline, flow.timeout(plan, deadline, witness))
        };
        match command {
            Command::Submit(submission) => return Some((now, submission)),
            Command::End if !W::TO_THE_LAST => return None,
            Command::End | Command::Wait => {}
        }
    }
}

/// All reports on their way to the engine. Kept from one life to the next, so that nothing is allocated.
#[derive(Clone, Debug)]
pub struct Life {
    /// The last one comes first.
    pending: [Pending; MAX_PENDING],
    count: usize,
}

impl Default for Life {
    fn default() -> Self {
        let none = Pending { at: SimTime::NEVER, attempt: 0, status: Status::Queued };
        Self { pending: [none; MAX_PENDING], count: 0 }
    }
}

impl Mail for Life {
    #[inline]
    fn next(&self) -> SimTime {
        if self.count == 0 { SimTime::NEVER } else { self.pending[self.count - 1].at }
    }

    #[inline]
    fn take(&mut self) -> Pending {
        self.count -= 1;
        self.pending[self.count]
    }
}

impl Life {
    #[inline]
    fn expect(&mut self, attempt: u8, report: Report) {
        let new = Pending { at: report.at, attempt, status: report.status };
        let mut place = self.count;
        while place > 0 && self.pending[place - 1] < new {
            self.pending[place] = self.pending[place - 1];
            place -= 1;
        }
        self.pending[place] = new;
        self.count += 1;
    }
}

/// Plays a recipient from its `arrival` to the end, and gives the flow as it ended; one that waits for reports that never come is
/// left open. The `usher` says when attempts leave, and knows that of every one when it comes.
///
/// > Between two submissions a recipient's life depends on nothing but its own luck.
#[inline]
pub fn play<U: Usher, W: Witness>(
    stage: &Stage<'_>,
    arrival: SimTime,
    life: &mut Life,
    usher: &mut U,
    witness: &mut W,
) -> Flow {
    let plan = &stage.part.flow;
    life.count = 0;
    let (mut flow, command) = Flow::start(plan, arrival);
    let mut next = match command {
        Command::Submit(submission) => Some((arrival, submission)),
        Command::Wait | Command::End => None,
    };
    let mut turned_down = 0;
    while let Some(submission) = next {
        let (handed, fate) = stage.hand_over(&flow, turned_down, submission, usher, witness);
        let attempt = submission.1.attempt;
        turned_down = with_rank(turned_down, attempt, handed.rank);
        for report in fate.reports() {
            life.expect(attempt, *report);
        }
        next = live(plan, &mut flow, life, witness);
    }
    flow
}
