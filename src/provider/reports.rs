//! What an attempt leads to: its result, the reports of it, and how these go wrong on their way to the engine.

use super::outage::{self, Hazard};
use super::spec::Reports;
use crate::dist::Sampler;
use crate::rng::{Draws, purpose};
use crate::status::Status;
use crate::units::{Money, Probability, Span, Time};

/// A report on its way to the engine, in eight bytes: the time in the high bits, and the number of the status in the low ones. Ordered by
/// time, then status.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report(i64);

impl Report {
    /// The bits of a status.
    const BITS: u32 = 4;
    /// Where a report should be that never arrives.
    pub const NOTHING: Self = Self(i64::MAX);

    /// A report of this status that arrives at `at`, before the year 11 000 of the run.
    #[must_use]
    #[inline]
    pub const fn new(at: Time, status: Status) -> Self {
        debug_assert!(0 <= at.as_micros() && at.as_micros() < i64::MAX >> Self::BITS);
        Self(at.as_micros() << Self::BITS | status as i64)
    }

    /// When it arrives.
    #[must_use]
    #[inline]
    pub const fn at(self) -> Time {
        if self.0 == i64::MAX { Time::NEVER } else { Time::from_micros(self.0 >> Self::BITS) }
    }

    /// The status that it reports.
    #[must_use]
    #[inline]
    pub fn status(self) -> Status {
        Status::from_u8((self.0 & ((1 << Self::BITS) - 1)) as u8).unwrap_or(Status::Queued)
    }
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {:?}", self.status(), self.at())
    }
}

/// The result of one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttemptResult {
    /// When it reaches the recipient; [`Time::NEVER`] if it does not.
    pub delivered: Time,
    /// When the recipient opens it; [`Time::NEVER`] if they do not.
    pub seen: Time,
    /// When it reaches the recipient once more, because it was submitted again; [`Time::NEVER`] if it does not.
    pub again: Time,
    /// When its line is free again: when an answered call ends, when the provider is done with any other attempt, or when the
    /// provider stops waiting for a silent one.
    pub released: Time,
    /// Whether it was rejected at once: because it did not depart, or because of an outage.
    pub rejected: bool,
    /// The charge.
    pub charge: Money,
    reports: [Report; Self::MOST_REPORTS],
    count: u8,
}

impl AttemptResult {
    /// The most reports that an attempt can have: `queued`, `sent`, a contradiction, the final status twice, `seen`.
    pub const MOST_REPORTS: usize = 6;

    pub(super) const NOTHING: Self = Self {
        delivered: Time::NEVER,
        seen: Time::NEVER,
        again: Time::NEVER,
        released: Time::NEVER,
        rejected: false,
        charge: Money::ZERO,
        reports: [Report::NOTHING; Self::MOST_REPORTS],
        count: 0,
    };

    /// The result of an attempt that is rejected when it is submitted at this time.
    #[must_use]
    pub fn rejected(submitted: Time) -> Self {
        let mut result = Self { rejected: true, ..Self::NOTHING };
        result.report(submitted, Status::Failed);
        result
    }

    /// The reports that the engine will receive, in order of rank, which is not always order of time.
    #[must_use]
    #[inline]
    pub fn reports(&self) -> &[Report] {
        &self.reports[..usize::from(self.count)]
    }

    /// The reports in order of time; `sorted` is used where they have to be sorted.
    #[inline]
    pub fn in_order<'a>(&'a self, sorted: &'a mut [Report; Self::MOST_REPORTS]) -> &'a [Report] {
        let reports = self.reports();
        if reports.len() < 2 {
            return reports;
        }
        let sorted = &mut sorted[..reports.len()];
        sorted.copy_from_slice(reports);
        sorted.sort_unstable();
        sorted
    }

    /// Whether the provider reports that the attempt has expired.
    #[must_use]
    pub fn is_reported_expired(&self) -> bool {
        self.reports().iter().any(|report| report.status() == Status::Expired)
    }

    #[inline]
    pub(super) fn report(&mut self, at: Time, status: Status) {
        self.reports[usize::from(self.count)] = Report::new(at, status);
        self.count += 1;
    }

    /// Removes the report of this status, if there is one.
    pub(super) fn forget(&mut self, status: Status) {
        let count = usize::from(self.count);
        if let Some(place) = self.reports().iter().position(|report| report.status() == status) {
            self.reports.copy_within(place + 1..count, place);
            self.count -= 1;
        }
    }
}

/// How the reports of an attempt reach the engine.
pub(super) struct Reporting<'a> {
    /// The outages that make them late.
    pub(super) late: &'a [Hazard],
    /// How they go wrong.
    pub(super) faults: &'a Reports,
    /// How long each is under way.
    pub(super) delay: &'a Sampler,
}

impl Reporting<'_> {
    /// Whether each leaves once, when it should.
    #[inline]
    pub(super) fn is_reliable(&self) -> bool {
        self.late.is_empty() && *self.faults == Reports::RELIABLE
    }

    /// Reports the status that the attempt has since `at`, with the delay of this draw.
    #[inline]
    pub(super) fn send(&self, (at, status): (Time, Status), delay: u32, draws: Draws, result: &mut AttemptResult) {
        let leaves = if self.late.is_empty() { at } else { outage::leaves(self.late, at, draws) };
        result.report(leaves.after(self.delay.sample(delay)), status);
    }

    /// Lets reports go wrong on their way. First the last two change places: the earlier one comes just after the later one, never before what it
    /// reports. Then one of the opposite comes just before that of a delivery, and the final one comes again.
    pub(super) fn spoil(&self, draws: Draws, result: &mut AttemptResult) {
        const MOMENT: Span = Span::from_micros(1);
        let happens = |purpose: u16, share: Probability| u64::from(draws.draw(purpose)) < share.threshold();
        if happens(purpose::REORDERED, self.faults.reordered) {
            let reports = &mut result.reports[..usize::from(result.count)];
            // What the provider answers at submission is no report.
            let mut places: Vec<usize> =
                (0..reports.len()).filter(|&i| reports[i].status() != Status::Queued).collect();
            places.sort_by_key(|&i| reports[i]);
            if let [.., earlier, later] = places[..] {
                reports[earlier] = Report::new(reports[later].at().after(MOMENT), reports[earlier].status());
            }
        }
        let is_last = |report: &Report| !matches!(report.status(), Status::Queued | Status::Sent | Status::Seen);
        let Some(place) = result.reports().iter().position(is_last) else { return };
        let mut last = result.reports[place];
        if last.status().is_delivery() && happens(purpose::CONTRADICTED, self.faults.contradicted) {
            result.report(last.at(), Status::Undelivered);
            last = Report::new(last.at().after(MOMENT), last.status());
            result.reports[place] = last;
        }
        if happens(purpose::DOUBLED, self.faults.doubled) {
            let delay = self.delay.sample(draws.draw(purpose::DOUBLE_DELAY));
            result.report(last.at().after(delay), last.status());
        }
    }
}
