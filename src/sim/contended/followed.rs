//! Recipients who are followed event by event, because an attempt waits that cannot be recalled.

use super::active_recipient::RelevantReports;
use crate::engine::{Flow, FlowPlan};
use crate::provider::{AttemptResult, Report};
use crate::sim::pending::{Pending, ReportQueue};
use crate::status::Status;
use crate::units::{Span, Time};

/// A recipient with an attempt that may still wait when the engine moves on. What happens to others is known up to their next submission; here
/// it depends on when that attempt departs, so that one event is handled after the other.
pub(super) struct Followed {
    /// The number of attempts that wait.
    pub(super) waiting: u8,
    /// The reports that are known.
    pub(super) reports: KeptReports,
    /// When the next event is due, which is in the event queue; other entries there are out of date.
    pub(super) wake: Time,
    /// Whether that is a submission.
    pub(super) is_submitting: bool,
    /// How long the provider that rejected the latest attempt asked to wait.
    pub(super) hint: Span,
}

impl Followed {
    /// A recipient with one attempt that waits.
    pub(super) const fn new(reports: KeptReports) -> Self {
        Self { waiting: 1, reports, wake: Time::NEVER, is_submitting: false, hint: Span::ZERO }
    }
}

/// The relevant reports of a recipient who is followed event by event, kept from one event to the next.
#[derive(Clone, Copy)]
pub(super) struct KeptReports {
    attempt: u8,
    /// In order of time; those before `next` have been taken.
    reports: [Report; AttemptResult::MOST_REPORTS],
    next: usize,
    count: usize,
    pub(super) late: Pending,
}

impl KeptReports {
    /// The reports of an attempt, and one of an earlier attempt.
    pub(super) fn new(attempt: u8, result: &AttemptResult, late: Pending) -> Self {
        let mut sorted = [Report::NOTHING; AttemptResult::MOST_REPORTS];
        let mut reports = sorted;
        let own = result.in_order(&mut sorted);
        reports[..own.len()].copy_from_slice(own);
        Self { attempt, reports, next: 0, count: own.len(), late }
    }

    /// The reports of an attempt that waits: it has been accepted, and no more is known yet.
    pub(super) const fn of_waiting(attempt: u8, submitted: Time, late: Pending) -> Self {
        let mut reports = [Report::NOTHING; AttemptResult::MOST_REPORTS];
        reports[0] = Report::new(submitted, Status::Queued);
        Self { attempt, reports, next: 0, count: 1, late }
    }

    fn relevant(&self) -> RelevantReports<'_> {
        let Self { attempt, reports, next, count, late } = self;
        RelevantReports { attempt: *attempt, reports: &reports[*next..*count], late: *late }
    }

    /// Adds the report of an earlier attempt, which has just departed, that would end the flow first.
    pub(super) fn add_late(&mut self, plan: &FlowPlan, flow: &Flow, attempt: u8, result: &AttemptResult) {
        self.late = Self::new(attempt, result, self.late).late(plan, flow);
    }

    /// Returns the first of the reports not taken yet that would end the flow.
    pub(super) fn late(&self, plan: &FlowPlan, flow: &Flow) -> Pending {
        self.relevant().late(plan, flow)
    }
}

impl ReportQueue for KeptReports {
    fn next(&self) -> Time {
        self.relevant().next()
    }

    fn take(&mut self) -> Pending {
        let mut relevant = self.relevant();
        let taken = relevant.take();
        let (left, late) = (relevant.reports.len(), relevant.late);
        (self.next, self.late) = (self.count - left, late);
        taken
    }

    fn of_latest(&self, attempt: u8) -> impl Iterator<Item = Pending> {
        let all = &self.reports[self.next..self.count];
        let of_latest = all.iter().filter(move |_| self.attempt == attempt);
        of_latest.map(move |report| Pending { at: report.at(), attempt, status: report.status() })
    }
}
