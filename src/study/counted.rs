//! Measures that are means over recipients, from the tallies of one replication or of a part of it.

use super::ready::Ready;
use crate::scenario::Metric;
use crate::sim::{Interrupted, PlanTally, Progress};
use rayon::prelude::*;
use std::ops::Range;

/// The measures that are means over recipients of what is counted for each.
pub(super) const COUNTED: [Metric; 6] =
    [Metric::Delivered, Metric::InTime, Metric::Succeeded, Metric::Duplicates, Metric::Seen, Metric::CostPerRecipient];

/// A mean that misses a bound by this part of it does not: it is a sum of rounded numbers.
pub(super) const ROUNDING: f64 = 1e-9;

/// Whether a measure is a mean over recipients, so that it has a value in each replication.
#[must_use]
pub fn is_mean_over_recipients(metric: Metric) -> bool {
    COUNTED.contains(&metric)
}

/// The sum over the recipients of which a measure is the mean; `None` if it is no such mean.
pub(super) fn counted(metric: Metric, tally: &PlanTally) -> Option<f64> {
    Some(match metric {
        Metric::Delivered => tally.delivered as f64,
        Metric::InTime => tally.in_time as f64,
        Metric::Succeeded => tally.succeeded as f64,
        Metric::Duplicates => tally.duplicates as f64,
        Metric::Seen => tally.seen as f64,
        Metric::CostPerRecipient => tally.cost as f64 / 1e6,
        _ => return None,
    })
}

/// The recipients of a stream, and the sums of [`COUNTED`] over them.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct StreamSums {
    pub(super) recipients: u64,
    pub(super) sums: [f64; COUNTED.len()],
}

impl StreamSums {
    fn of<'t>(recipients: u64, tallies: impl Iterator<Item = &'t PlanTally> + Clone) -> Self {
        let sum = |metric| tallies.clone().filter_map(|tally| counted(metric, tally)).sum();
        Self { recipients, sums: COUNTED.map(sum) }
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        let sums = std::array::from_fn(|place| self.sums[place] + other.sums[place]);
        Self { recipients: self.recipients + other.recipients, sums }
    }

    /// The sum of a measure.
    pub(super) fn sum(&self, metric: Metric) -> Option<f64> {
        COUNTED.iter().position(|other| *other == metric).map(|place| self.sums[place])
    }
}

/// What is counted in each of these replications under the first plan, for each stream.
pub(super) fn of_replications(
    ready: &Ready<'_>,
    replications: Range<u32>,
    progress: &Progress,
) -> Result<Vec<Vec<StreamSums>>, Interrupted> {
    progress.plan(ready.simulated_recipients() * u64::from(replications.end - replications.start));
    if !ready.scenario.is_shared() {
        let of_replication = |replication| {
            let streams = ready.independent_block(replication, (0, 1), progress)?;
            let of_stream = |classes: &Vec<crate::sim::GroupTally>| {
                let tallies = classes.iter().map(|class| &class.tally.plans[0]);
                StreamSums::of(classes[0].tally.arrivals.total(), tallies)
            };
            Ok(streams.iter().map(of_stream).collect())
        };
        return replications.into_par_iter().map(of_replication).collect();
    }
    let mut all = Vec::new();
    let (mut from, at_once) = (replications.start, ready.at_once());
    while from < replications.end {
        let until = replications.end.min(from + at_once);
        for runs in ready.contended_runs(from..until, progress)? {
            let of_stream = |classes: &Vec<crate::sim::ClassTally>| {
                StreamSums::of(classes[0].arrivals.total(), classes.iter().map(|class| &class.tally))
            };
            all.push(runs[0].streams.iter().map(of_stream).collect());
        }
        from = until;
    }
    Ok(all)
}
