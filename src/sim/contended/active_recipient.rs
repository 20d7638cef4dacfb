//! The state kept for a recipient between two submissions.

use crate::engine::Submission;
use crate::engine::{Flow, FlowPlan};
use crate::provider::{AttemptResult, Report};
use crate::sim::pending::{Pending, ReportQueue};
use crate::sim::recipient::RecipientId;
use crate::sim::sender::Sender;
use crate::sim::simulate::advance_to_next_submission;
use crate::sim::tally_recorder::{RecipientStats, TallyRecorder};
use crate::status::{Segment, Status};
use crate::units::Time;

/// A recipient on the way from one submission to the next: two cache lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct ActiveRecipient {
    pub(super) flow: Flow,
    pub(super) stats: RecipientStats,
    pub(super) arrival: Time,
    /// The submission that is due.
    pub(super) submission: Submission,
    /// The first report of an earlier attempt that would end the flow; no other report of an earlier attempt has an effect. Its time is
    /// [`Time::NEVER`] if there is no such report.
    pub(super) late: Pending,
    pub(super) recipient: u32,
    pub(super) stream: u8,
    pub(super) segment: Segment,
}

const NOTHING: Pending = Pending { at: Time::NEVER, attempt: 0, status: Status::Queued };

impl ActiveRecipient {
    pub(super) const fn new(
        flow: Flow,
        submission: Submission,
        (who, segment): (RecipientId, Segment),
        arrival: Time,
    ) -> Self {
        let RecipientId { stream, index: recipient } = who;
        Self { flow, stats: RecipientStats::BLANK, arrival, submission, late: NOTHING, recipient, stream, segment }
    }

    pub(super) const fn who(&self) -> RecipientId {
        RecipientId { stream: self.stream, index: self.recipient }
    }

    /// Continues with the result of the attempt that has been submitted until the next submission, and returns its time; `None` when
    /// the flow has ended or no pending event can wake it.
    pub(super) fn go_on(
        &mut self,
        rules @ (plan, _): (&FlowPlan, Sender),
        result: &AttemptResult,
        recorder: &mut TallyRecorder<'_>,
    ) -> Option<Time> {
        let mut sorted = [Report::NOTHING; AttemptResult::MOST_REPORTS];
        let reports = result.in_order(&mut sorted);
        let mut relevant = RelevantReports { attempt: self.submission.attempt, reports, late: self.late };
        let (at, submission) = advance_to_next_submission(rules, &mut self.flow, &mut relevant, recorder)?;
        self.late = relevant.late(plan, &self.flow);
        self.submission = submission;
        Some(at)
    }
}

/// The reports that can still have an effect: those of the latest attempt that have not been taken, in order of time, and one of an earlier
/// attempt.
pub(super) struct RelevantReports<'a> {
    pub(super) attempt: u8,
    pub(super) reports: &'a [Report],
    pub(super) late: Pending,
}

impl RelevantReports<'_> {
    #[inline]
    fn own(&self) -> Option<Pending> {
        self.own_reports().next()
    }

    /// The reports of the latest attempt.
    fn own_reports(&self) -> impl Iterator<Item = Pending> {
        let attempt = self.attempt;
        self.reports.iter().map(move |report| Pending { at: report.at(), attempt, status: report.status() })
    }

    /// Returns the first of the reports not taken yet that would end the flow.
    pub(super) fn late(&self, plan: &FlowPlan, flow: &Flow) -> Pending {
        let statuses = self.reports.iter().map(|report| report.status());
        let first = flow.would_finish(plan, self.attempt, statuses).map(|first| self.reports[first]);
        let own = first.map(|report| Pending { at: report.at(), attempt: self.attempt, status: report.status() });
        own.map_or(self.late, |own| own.min(self.late))
    }
}

impl ReportQueue for RelevantReports<'_> {
    #[inline]
    fn next(&self) -> Time {
        self.reports.first().map_or(self.late.at, |own| own.at().min(self.late.at))
    }

    #[inline]
    fn take(&mut self) -> Pending {
        match self.own() {
            Some(own) if own < self.late => {
                self.reports = &self.reports[1..];
                own
            }
            _ => std::mem::replace(&mut self.late, NOTHING),
        }
    }

    fn of_latest(&self, attempt: u8) -> impl Iterator<Item = Pending> {
        self.own_reports().filter(move |report| report.attempt == attempt)
    }
}

const _: () = assert!(size_of::<ActiveRecipient>() == 128);
