//! One recipient under one plan: the exchange between the engine and the providers.

use super::admission::Admission;
use super::context::RecipientContext;
use super::recorder::Recorder;
use super::sender::{Observed, Sender};
use crate::engine::{Command, Flow, FlowPlan, MAX_ATTEMPTS, Submission};
use crate::provider::{AttemptResult, Report};
use crate::status::Status;
use crate::units::Time;

/// The most reports that can be pending.
const MAX_PENDING: usize = AttemptResult::MOST_REPORTS * MAX_ATTEMPTS;

/// A report of an attempt. Ordered by time, then attempt, then rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Pending {
    pub(super) at: Time,
    pub(super) attempt: u8,
    pub(super) status: Status,
}

/// The reports on their way to the engine.
pub(super) trait ReportQueue {
    /// When the next report arrives; [`Time::NEVER`] if none is pending.
    fn next(&self) -> Time;

    /// Takes the next report; one must be pending.
    fn take(&mut self) -> Pending;
}

/// What happens to a flow next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Advance {
    /// It was told of an event at this time, and returned this command.
    Told(Time, Command),
    /// The next event is at this time.
    Later(Time),
    /// No pending event can wake it.
    Never,
}

/// Tells the flow of the next event, unless that comes after `until`: a report or the flow's deadline, whichever comes first; at equal times
/// the report.
#[inline(always)]
pub(super) fn advance<Q: ReportQueue, R: Recorder>(
    (plan, sender): (&FlowPlan, Sender),
    flow: &mut Flow,
    reports: &mut Q,
    recorder: &mut R,
    until: Time,
) -> Advance {
    let (deadline, report) = (flow.deadline(), reports.next());
    if report <= deadline && !report.is_never() {
        if report > until {
            return Advance::Later(report);
        }
        let Pending { at, attempt, status } = reports.take();
        recorder.reported(at, attempt, status);
        Advance::Told(at, flow.report(plan, at, attempt, status, &mut Observed { recorder, sender }))
    } else if deadline.is_never() {
        Advance::Never
    } else if deadline > until {
        Advance::Later(deadline)
    } else {
        recorder.timed_out(deadline);
        Advance::Told(deadline, flow.timeout(plan, deadline, &mut Observed { recorder, sender }))
    }
}

/// Advances the flow to its next submission. Returns `None` when it has ended or no pending event can wake it. Once it has ended, reports
/// still pending matter only to the recorder.
#[inline]
pub(super) fn advance_to_next_submission<Q: ReportQueue, R: Recorder>(
    rules: (&FlowPlan, Sender),
    flow: &mut Flow,
    reports: &mut Q,
    recorder: &mut R,
) -> Option<(Time, Submission)> {
    loop {
        match advance(rules, flow, reports, recorder, Time::MAX) {
            Advance::Told(now, Command::Submit(submission)) => return Some((now, submission)),
            Advance::Told(_, Command::End) if !R::AFTER_THE_END => return None,
            Advance::Told(..) => {}
            Advance::Later(_) | Advance::Never => return None,
        }
    }
}

/// All reports on their way to the engine. Reused from one recipient to the next, so that nothing is allocated.
#[derive(Clone, Debug)]
pub struct PendingReports {
    /// In reverse order: the next report is last.
    pending: [Pending; MAX_PENDING],
    count: usize,
}

impl Default for PendingReports {
    fn default() -> Self {
        let none = Pending { at: Time::NEVER, attempt: 0, status: Status::Queued };
        Self { pending: [none; MAX_PENDING], count: 0 }
    }
}

impl ReportQueue for PendingReports {
    #[inline]
    fn next(&self) -> Time {
        if self.count == 0 { Time::NEVER } else { self.pending[self.count - 1].at }
    }

    #[inline]
    fn take(&mut self) -> Pending {
        self.count -= 1;
        self.pending[self.count]
    }
}

impl PendingReports {
    #[inline]
    fn expect(&mut self, attempt: u8, report: Report) {
        let new = Pending { at: report.at(), attempt, status: report.status() };
        let mut index = self.count;
        while index > 0 && self.pending[index - 1] < new {
            self.pending[index] = self.pending[index - 1];
            index -= 1;
        }
        self.pending[index] = new;
        self.count += 1;
    }
}

/// Simulates a recipient from arrival to the end, and returns the flow as it ended; a flow that waits for reports that never arrive
/// is left in progress. The `admission` must know when an attempt departs as soon as it is submitted.
///
/// > Between two submissions a recipient depends on nothing but its own draws.
#[inline]
pub fn simulate_recipient<A: Admission, R: Recorder>(
    context: &RecipientContext<'_>,
    pending: &mut PendingReports,
    admission: &mut A,
    recorder: &mut R,
) -> Flow {
    let plan = &context.compiled.flow;
    pending.count = 0;
    let (mut flow, command) = Flow::start(plan, context.arrival);
    let mut next = match command {
        Command::Submit(submission) => Some((context.arrival, submission)),
        Command::Wait | Command::End => None,
    };
    while let Some(submission) = next {
        let (attempt, result) = context.submit(&mut flow, submission, admission, recorder);
        let sender = context.sender(&attempt);
        for report in result.reports() {
            pending.expect(submission.1.attempt, *report);
        }
        next = advance_to_next_submission((plan, sender), &mut flow, pending, recorder);
    }
    flow
}
