//! The recorder that counts: it turns what happens to one recipient into counts of the plan and a row of the batch.

use super::admission::RoutedAttempt;
use super::batch::Row;
use super::pending::ReportQueue;
use super::recorder::Recorder;
use super::tally::{Ending, PlanTally};
use super::timeline::Timeline;
use crate::engine::{Flow, FlowPlan, Notice, Observer, StepEnd, StepRules, Submission};
use crate::provider::{AttemptResult, Report};
use crate::status::{FlowStatus, Status};
use crate::units::Time;

/// What must be known of a recipient to count what happens next.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecipientStats {
    pub(super) row: Row,
    /// When the message of the latest attempt reaches the recipient; [`Time::NEVER`] if it does not.
    pub(super) latest: Time,
    /// The step that reached the recipient first.
    pub(super) first_step: u8,
    /// The step entered last.
    pub(super) step: u8,
}

impl RecipientStats {
    /// The state before the first attempt.
    pub(super) const BLANK: Self = Self { row: Row::EMPTY, latest: Time::NEVER, first_step: 0, step: 0 };

    /// Counts how the flow ended, after the last report, and returns the recipient's row.
    #[inline]
    pub(super) fn finish(mut self, status: FlowStatus, tally: &mut PlanTally) -> Row {
        match status {
            FlowStatus::InProgress => {
                tally.unresolved += 1;
                tally.steps[usize::from(self.step)].endings[Ending::Unresolved.index()] += 1;
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

/// Counts what happens to a recipient into a tally.
pub(super) struct TallyRecorder<'a> {
    pub(super) tally: &'a mut PlanTally,
    pub(super) plan: &'a FlowPlan,
    pub(super) timeline: Timeline,
    pub(super) stats: &'a mut RecipientStats,
}

impl Observer for TallyRecorder<'_> {
    #[inline]
    fn notice(&mut self, now: Time, notice: Notice) {
        match notice {
            Notice::Message { .. } | Notice::TurnedDown { .. } => {}
            Notice::Step { step, end } => {
                let tally = &mut self.tally.steps[usize::from(step)];
                tally.endings[Ending::from(end).index()] += 1;
                // Only the latest attempt of a step can be delivered after it: the others have failed.
                let late = !self.stats.latest.is_never() && self.stats.latest > now;
                tally.late += u64::from(late && !matches!(end, StepEnd::Met(_)));
                if let (StepEnd::TimedOut, Some(changes)) = (end, &mut self.tally.changes) {
                    changes.add(now);
                }
            }
            Notice::Flow { .. } => self.tally.ended(now),
        }
    }
}

impl TallyRecorder<'_> {
    /// Counts that the flow has come to the step of an attempt that is submitted at this time, if it has just come there.
    #[inline]
    fn enter_step(&mut self, step: u8, submitted: Time) {
        if step > self.stats.step {
            self.stats.step = step;
            self.tally.failovers += 1;
            self.tally.series.failovers.add(self.timeline.bin(submitted));
        }
    }

    /// An attempt has been submitted and waits: its result is not known yet.
    pub(super) fn waits(&mut self, submission: Submission, attempt: &RoutedAttempt) {
        self.enter_step(submission.step, attempt.terms.submitted);
        self.stats.latest = Time::NEVER;
    }

    /// The result of an attempt that still waited when the flow left its step. If it is a delivery, it is `late`; if the engine has
    /// expired its message, only that it was queued is a change.
    pub(super) fn submitted_before(
        &mut self,
        submission: Submission,
        attempt: &RoutedAttempt,
        result: &AttemptResult,
        (late, is_over): (bool, bool),
    ) {
        let latest = self.stats.latest;
        self.count_submitted(submission, attempt, result);
        self.count_changes(submission, result, is_over);
        self.stats.latest = latest;
        let is_late = late && !result.delivered.is_never();
        self.tally.steps[usize::from(submission.step)].late += u64::from(is_late);
    }

    /// Counts the changes of an attempt's message, if they are counted; where the engine has expired it, only that it was queued.
    #[inline]
    fn count_changes(&mut self, submission: Submission, result: &AttemptResult, is_over: bool) {
        let Some(changes) = &mut self.tally.changes else { return };
        let mut sorted = [Report::NOTHING; AttemptResult::MOST_REPORTS];
        let reports = result.in_order(&mut sorted).iter().copied();
        let heard = reports.filter(|report| !is_over || report.status() == Status::Queued);
        changes_of(self.plan.step(submission.step), None, heard).for_each(|at| changes.add(at));
    }

    /// Counts an attempt and its result.
    #[inline]
    fn count_submitted(&mut self, submission: Submission, attempt: &RoutedAttempt, result: &AttemptResult) {
        self.enter_step(submission.step, attempt.terms.submitted);
        let step = &mut self.tally.steps[usize::from(submission.step)];
        step.attempts += 1;
        step.cost += result.charge.as_micros() as u128;
        step.delivered += u64::from(!result.delivered.is_never());
        self.tally.count_attempt(self.timeline, attempt, result);
        let RecipientStats { row, latest, first_step, .. } = self.stats;
        row.cost += result.charge;
        *latest = result.delivered;
        if !result.delivered.is_never() {
            row.duplicate = !row.first_delivery.is_never();
            row.duplicate |= !result.again.is_never();
            row.seen |= !result.seen.is_never();
            // An attempt that has waited may be counted after a later one.
            if (result.delivered, submission.step) < (row.first_delivery, *first_step) {
                row.first_delivery = result.delivered;
                *first_step = submission.step;
            }
        }
    }
}

impl Recorder for TallyRecorder<'_> {
    #[inline]
    fn submitted(&mut self, submission: Submission, attempt: &RoutedAttempt, result: &AttemptResult) {
        self.count_submitted(submission, attempt, result);
        self.count_changes(submission, result, false);
    }

    fn turned_down(&mut self, _: Submission, attempt: &RoutedAttempt, result: &AttemptResult) {
        self.tally.count_attempt(self.timeline, attempt, result);
    }

    /// Where the engine expires the message, changes counted in advance are taken back: it ignores them.
    #[inline]
    fn timed_out<Q: ReportQueue>(&mut self, now: Time, flow: &Flow, reports: &Q) {
        let Some(changes) = &mut self.tally.changes else { return };
        let Some(attempt) = flow.expiring(self.plan, now) else { return };
        let rules = self.plan.step(flow.step());
        let to_come = reports.of_latest(attempt).map(|report| Report::new(report.at, report.status));
        changes_of(rules, flow.message(attempt), to_come).for_each(|at| changes.take_back(at));
        changes.add(now);
    }
}

/// When these reports, in order of time, change what is known of a message with this status.
fn changes_of(
    rules: &StepRules,
    mut known: Option<Status>,
    reports: impl IntoIterator<Item = Report>,
) -> impl Iterator<Item = Time> {
    let changes = move |report: &Report| {
        let is_news = rules.is_news(known, report.status());
        known = if is_news { Some(report.status()) } else { known };
        is_news
    };
    reports.into_iter().filter(changes).map(Report::at)
}
