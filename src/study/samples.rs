//! What one replication came to, for intervals that come from replications.

use crate::sim::PlanTally;
use crate::stats::{student_interval, wilson};

/// The shares of the recipients that have intervals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Delivered,
    InTime,
    Succeeded,
    Duplicates,
    Seen,
}

impl Part {
    pub(super) const ALL: [Self; 5] = [Self::Delivered, Self::InTime, Self::Succeeded, Self::Duplicates, Self::Seen];

    /// The recipients that belong to it.
    pub(super) const fn count(self, tally: &PlanTally) -> u64 {
        match self {
            Self::Delivered => tally.delivered,
            Self::InTime => tally.in_time,
            Self::Succeeded => tally.succeeded,
            Self::Duplicates => tally.duplicates,
            Self::Seen => tally.seen,
        }
    }
}

/// The quantiles of latency in the results, with their names.
pub(super) const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

/// What one replication came to under one plan.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Sample {
    /// In the order of [`Part::ALL`].
    shares: [f64; Part::ALL.len()],
    /// Per recipient (millionths).
    cost: f64,
    /// The mean latency, then the [`QUANTILES`] (s); `None` when nobody was reached.
    latency: Option<[f64; 1 + QUANTILES.len()]>,
}

impl Sample {
    /// What `tally`, of so many recipients, says.
    pub(super) fn of(tally: &PlanTally, recipients: u64) -> Self {
        let n = recipients as f64;
        let latencies = &tally.latencies;
        let latency = || {
            let mut latency = [latencies.sum() as f64 / 1e6 / latencies.count() as f64; 1 + QUANTILES.len()];
            for (place, (_, p)) in QUANTILES.into_iter().enumerate() {
                latency[1 + place] = latencies.quantile(p)?;
            }
            Some(latency)
        };
        Self {
            shares: Part::ALL.map(|part| part.count(tally) as f64 / n),
            cost: tally.cost as f64 / n,
            latency: latency(),
        }
    }

    /// The share of the recipients that `part` is.
    pub(super) const fn share(&self, part: Part) -> f64 {
        self.shares[part as usize]
    }

    /// What a recipient cost (millionths).
    pub(super) const fn cost(&self) -> f64 {
        self.cost
    }

    /// The mean latency (s).
    pub(super) fn mean_latency(&self) -> Option<f64> {
        Some(self.latency?[0])
    }

    /// The quantile of latency with this place in [`QUANTILES`] (s).
    pub(super) fn quantile(&self, place: usize) -> Option<f64> {
        Some(self.latency?[1 + place])
    }
}

/// The interval of the mean of `of` over replications: Student's t. `None` when one of them has no value.
pub(super) fn interval(samples: &[Sample], of: impl Fn(&Sample) -> Option<f64>) -> Option<(f64, f64)> {
    student_interval(&samples.iter().map(of).collect::<Option<Vec<_>>>()?)
}

/// The interval of a share over replications of so many recipients each. Where the replications do not differ at all, as when
/// everybody is reached in every one, it is Wilson's of all recipients: nothing shows that they depend on one another.
pub(super) fn share_interval(samples: &[Sample], part: Part, recipients: u64) -> Option<(f64, f64)> {
    let (low, high) = interval(samples, |sample| Some(sample.share(part)))?;
    if high > low {
        return Some((low.max(0.0), high.min(1.0)));
    }
    let n = recipients as f64 * samples.len() as f64;
    wilson((low * n).round(), n)
}

/// The interval of the mean of differences between two plans, replication by replication.
pub(super) fn difference(
    ours: &[Sample],
    theirs: &[Sample],
    of: impl Fn(&Sample) -> Option<f64>,
) -> Option<(f64, f64)> {
    let differences = ours.iter().zip(theirs).map(|(ours, theirs)| Some(of(ours)? - of(theirs)?));
    student_interval(&differences.collect::<Option<Vec<_>>>()?)
}
