//! Attempts that the engine has given up on.

use super::fates::{Conditions, Content, Fates, Report};

/// An attempt that the engine has given up on, and that will still be delivered or reported as such.
#[derive(Clone, Copy)]
pub(super) struct Pending<'a> {
    pub(super) fates: &'a Fates,
    pub(super) conditions: Conditions,
    /// When it departed, and whether that is a fixed time.
    pub(super) since: f64,
    pub(super) is_fixed: bool,
    pub(super) kind: PendingKind,
    /// The probability of being pending in this way, and the same without being seen.
    pub(super) mass: f64,
    pub(super) unseen: f64,
}

/// How an attempt is pending.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PendingKind {
    /// Whether its report will end the flow.
    pub(super) finishes: bool,
    /// Whether it will reach the recipient.
    pub(super) reaches: bool,
    /// Whether a report of success would end the flow.
    pub(super) may_finish: bool,
}

impl PendingKind {
    /// Whether a report is of an attempt that is pending in this way.
    pub(super) fn has(self, report: &Report) -> bool {
        let will_finish = self.may_finish && matches!(report.content, Content::Success(_));
        report.reached == self.reaches && will_finish == self.finishes && !matches!(report.content, Content::Bad(_))
    }
}

impl PartialEq for Pending<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.fates, other.fates)
            && (self.conditions, self.since, self.kind) == (other.conditions, other.since, other.kind)
    }
}

impl Pending<'_> {
    fn reports(&self) -> impl Iterator<Item = &Report> {
        self.fates.reports.iter().filter(|report| self.kind.has(report))
    }

    /// The probability that it is pending, and has not ended the flow by `time`: with what is unseen, or with everything.
    pub(super) fn unreported(&self, time: f64, unseen: bool) -> f64 {
        if !self.kind.finishes {
            return if unseen { self.unseen } else { self.mass };
        }
        let since = time - self.since;
        // Only the sums over the parts of an outcome make sense, since each has its share of both.
        let left = |report: &Report| {
            let late =
                self.fates.happens(report, &self.conditions) - self.fates.said_by(report, since, &self.conditions);
            late * if unseen { 1.0 - report.seen() } else { 1.0 }
        };
        self.reports().map(left).sum::<f64>().max(0.0)
    }

    /// The probability that it is pending, and has not reached the recipient by `time`.
    pub(super) fn undelivered(&self, time: f64) -> f64 {
        let since = time - self.since;
        let left = |report: &Report| {
            self.fates.happens(report, &self.conditions) - self.fates.happens_by(report, since, &self.conditions)
        };
        self.reports().map(left).sum::<f64>().max(0.0)
    }

    /// When its report is most or suddenly likely to end the flow (µs since arrival).
    pub(super) fn breaks(&self) -> Vec<f64> {
        let marks = self.reports().filter(|_| self.kind.finishes).flat_map(|report| report.marks(&self.conditions));
        marks.map(|mark| self.since + mark).collect()
    }

    /// The integral of [`Pending::undelivered`] from `time` on.
    pub(super) fn excess(&self, time: f64) -> f64 {
        let since = time - self.since;
        self.reports().map(|report| self.fates.mean_excess(report, since, &self.conditions)).sum()
    }
}
