//! Downsamples the fine bins of a tally to the bins that are shown.

use super::totals::Totals;
use crate::sim::{GroupLedger, round_width};
use crate::stats::{Bins, Sums};
use crate::units::{Span, Time};

/// The part of the activity's length that is shown after its end, so that the curves are seen to fall.
const AFTER_THE_END: f64 = 0.015;
/// The activity ends where less than this share of the events is left.
const LEFT_OUT: f64 = 0.001;

/// How the fine bins of a tally become the bins that are shown.
pub(super) struct Downsample {
    /// The number of fine bins in one shown bin.
    factor: usize,
    /// The number of bins shown.
    bins: usize,
    bin_s: f64,
    replications: f64,
}

impl Downsample {
    /// At most `most` bins, which cover all but a few of the group's events and at least the time up to `until`.
    pub(super) fn of(totals: &Totals, group: &GroupLedger, most: usize, until: Time) -> Self {
        let events = all_events(group, totals.timeline.bins());
        let wanted = (1.0 - LEFT_OUT) * events.iter().sum::<u64>() as f64;
        let mut sum = 0;
        let last = events.iter().position(|count| {
            sum += count;
            sum as f64 >= wanted
        });
        let end = last.unwrap_or(0).max(totals.timeline.bin(until).min(totals.timeline.bins() - 1)) + 1;
        Self::of_fine(totals, end + (end as f64 * AFTER_THE_END).ceil() as usize, most)
    }

    /// At most `most` bins, which cover all arrivals.
    pub(super) fn of_arrivals(totals: &Totals, most: usize) -> Self {
        let last = totals.whole().tally.arrivals.iter().map(|(bin, _)| bin).max();
        Self::of_fine(totals, last.unwrap_or(0) + 1, most)
    }

    /// At most `most` bins, which cover the first `used` fine ones.
    fn of_fine(totals: &Totals, used: usize, most: usize) -> Self {
        let width = totals.timeline.width();
        let shown = round_width(Span::from_micros(width.as_micros() * used.div_ceil(most) as i64), width);
        let factor = (shown.as_micros() / width.as_micros()) as usize;
        Self {
            factor,
            bins: used.div_ceil(factor),
            bin_s: shown.as_secs_f64(),
            replications: f64::from(totals.replications()),
        }
    }

    /// The width of a bin (s).
    pub(super) const fn bin_s(&self) -> f64 {
        self.bin_s
    }

    /// The end of the last bin.
    pub(super) fn end(&self) -> Time {
        Time::from_secs_f64(self.bin_s * self.bins as f64)
    }

    /// The middle of each bin.
    pub(super) fn middles(&self) -> impl Iterator<Item = Time> {
        (0..self.bins).map(|bin| Time::from_secs_f64((bin as f64 + 0.5) * self.bin_s))
    }

    /// Counts by bin, per replication.
    pub(super) fn series(&self, bins: &Bins) -> Vec<f64> {
        self.thinned(bins.iter().map(|(bin, count)| (bin, count as f64)))
    }

    /// The counts of sums by bin, per replication.
    pub(super) fn counts(&self, sums: &Sums) -> Vec<f64> {
        self.thinned(sums.iter().map(|(bin, count, _)| (bin, count as f64)))
    }

    /// The amounts of sums by bin, per replication.
    pub(super) fn amounts(&self, sums: &Sums) -> Vec<f64> {
        self.thinned(sums.rising().into_iter().map(|(bin, _, amount)| (bin, amount as f64)))
    }

    fn thinned(&self, counts: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
        let mut series = vec![0.0; self.bins];
        for (bin, count) in counts.filter(|(bin, _)| *bin < self.bins * self.factor) {
            series[bin / self.factor] += count;
        }
        series.iter_mut().for_each(|bin| *bin /= self.replications);
        series
    }
}

fn all_events(group: &GroupLedger, bins: usize) -> Vec<u64> {
    let plans = || group.tally.plans.iter();
    let series = plans().flat_map(|plan| plan.series.providers.iter()).map(|(_, provider)| &provider.deliveries);
    let mut events = vec![0; bins];
    for bins in series.chain(plans().map(|plan| &plan.series.failovers)).chain([&group.tally.arrivals]) {
        for (bin, count) in bins.iter() {
            events.get_mut(bin).into_iter().for_each(|sum| *sum += count);
        }
    }
    events
}
