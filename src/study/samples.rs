//! The measures of one replication, for intervals that come from replications.

use crate::scenario::Metric;
use crate::sim::{PlanTally, ReplicationCounts};

/// The shares of the recipients that have intervals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ShareMeasure {
    Delivered,
    InTime,
    Succeeded,
    Duplicates,
    Seen,
}

impl ShareMeasure {
    pub(super) const ALL: [Self; 5] = [Self::Delivered, Self::InTime, Self::Succeeded, Self::Duplicates, Self::Seen];

    /// The number of recipients that the share counts.
    pub(super) const fn count(self, tally: &PlanTally) -> u64 {
        match self {
            Self::Delivered => tally.delivered,
            Self::InTime => tally.in_time,
            Self::Succeeded => tally.succeeded,
            Self::Duplicates => tally.duplicates,
            Self::Seen => tally.seen,
        }
    }

    /// The name of the measure.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::InTime => "in_time",
            Self::Succeeded => "succeeded",
            Self::Duplicates => "duplicates",
            Self::Seen => "seen",
        }
    }
}

/// The quantiles of latency in the results, with their names.
pub(super) const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// The measures that those quantiles are, in the same order.
pub(super) const QUANTILE_METRICS: [Metric; QUANTILES.len()] =
    [Metric::LatencyP50, Metric::LatencyP90, Metric::LatencyP95, Metric::LatencyP99, Metric::LatencyP999];

impl ReplicationCounts {
    /// The number of recipients that `part` counts.
    pub(super) fn counted(&self, part: ShareMeasure) -> f64 {
        let count = match part {
            ShareMeasure::Delivered => self.delivered,
            ShareMeasure::InTime => self.in_time,
            ShareMeasure::Succeeded => self.succeeded,
            ShareMeasure::Duplicates => self.duplicates,
            ShareMeasure::Seen => self.seen,
        };
        count as f64
    }

    /// The sum of the latencies (µs), and their number.
    pub(super) fn sum_of_latencies(&self) -> (f64, f64) {
        (self.latencies.0 as f64, self.latencies.1 as f64)
    }
}
