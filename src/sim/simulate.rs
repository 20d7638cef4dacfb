//! One recipient under one plan: the exchange between the engine and the providers.

use super::admission::Admission;
use super::context::RecipientContext;
use super::pending::{Pending, PendingReports, ReportQueue};
use super::recorder::Recorder;
use super::sender::{Observed, Sender};
use crate::engine::{Command, Flow, FlowPlan, Submission};
use crate::units::Time;

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
        recorder.timed_out(deadline, flow, reports);
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
    pending.clear();
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
