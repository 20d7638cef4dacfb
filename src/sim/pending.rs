//! The reports on their way to the engine.

use crate::engine::MAX_ATTEMPTS;
use crate::provider::{AttemptResult, Report};
use crate::status::Status;
use crate::units::Time;

/// The most reports that can be pending.
const MAX_PENDING: usize = AttemptResult::MOST_REPORTS * MAX_ATTEMPTS;

/// A report of an attempt. Ordered by time, then attempt, then rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Pending {
    /// When it arrives.
    pub at: Time,
    /// The attempt.
    pub attempt: u8,
    /// The status that it reports.
    pub status: Status,
}

/// The reports on their way to the engine.
pub trait ReportQueue {
    /// When the next report arrives; [`Time::NEVER`] if none is pending.
    fn next(&self) -> Time;

    /// Takes the next report; one must be pending.
    fn take(&mut self) -> Pending;

    /// The reports of the latest attempt, which is this one, that have not been taken, in order of time.
    fn of_latest(&self, attempt: u8) -> impl Iterator<Item = Pending>;
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

    fn of_latest(&self, attempt: u8) -> impl Iterator<Item = Pending> {
        self.pending[..self.count].iter().rev().copied().filter(move |report| report.attempt == attempt)
    }
}

impl PendingReports {
    /// Forgets all of them.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a report of this attempt.
    #[inline]
    pub(super) fn expect(&mut self, attempt: u8, report: Report) {
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
