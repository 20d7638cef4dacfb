//! Measures that are means over recipients, from the tallies of one replication or of a part of it.

use super::ready::Ready;
use crate::scenario::Metric;
use crate::sim::{self, GroupTally, Interrupted, PlanTally, Progress};
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

/// The sum over the recipients of which a measure is the mean, costs in millionths; `None` if it is no such mean. Whole numbers, so that sums are the same in
/// any order.
fn counted(metric: Metric, tally: &PlanTally) -> Option<u128> {
    Some(match metric {
        Metric::Delivered => tally.delivered.into(),
        Metric::InTime => tally.in_time.into(),
        Metric::Succeeded => tally.succeeded.into(),
        Metric::Duplicates => tally.duplicates.into(),
        Metric::Seen => tally.seen.into(),
        Metric::CostPerRecipient => tally.cost,
        _ => return None,
    })
}

/// The recipients of a stream, and the sums of [`COUNTED`] over them.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct StreamSums {
    pub(super) recipients: u64,
    sums: [u128; COUNTED.len()],
}

impl StreamSums {
    pub(super) fn of<'t>(recipients: u64, tallies: impl Iterator<Item = &'t PlanTally> + Clone) -> Self {
        let sum = |metric| tallies.clone().filter_map(|tally| counted(metric, tally)).sum();
        Self { recipients, sums: COUNTED.map(sum) }
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        let sums = std::array::from_fn(|place| self.sums[place] + other.sums[place]);
        Self { recipients: self.recipients + other.recipients, sums }
    }

    /// What has come since `before`.
    fn since(self, before: Self) -> Self {
        let sums = std::array::from_fn(|place| self.sums[place] - before.sums[place]);
        Self { recipients: self.recipients - before.recipients, sums }
    }

    /// The sum of a measure, in its unit.
    pub(super) fn sum(&self, metric: Metric) -> Option<f64> {
        let sum = COUNTED.iter().position(|other| *other == metric).map(|place| self.sums[place] as f64)?;
        Some(if metric == Metric::CostPerRecipient { sum / 1e6 } else { sum })
    }

    /// The mean of a measure, in its unit.
    pub(super) fn mean(&self, metric: Metric) -> Option<f64> {
        Some(self.sum(metric)? / self.recipients.max(1) as f64)
    }
}

/// What is counted in each of these blocks of a replication, of so many, where recipients are independent: for each block, plan and stream.
pub(super) fn of_blocks(
    ready: &Ready<'_>,
    replication: u32,
    blocks: (&[u32], u32),
    progress: &Progress,
) -> Result<Vec<Vec<Vec<StreamSums>>>, Interrupted> {
    let run = ready.run(&ready.model, replication);
    let plans = ready.model.plans;
    let mut all = vec![vec![Vec::new(); plans]; blocks.0.len()];
    for stream in &ready.model.streams {
        let mut before = vec![StreamSums::default(); plans];
        let since = |classes: &[GroupTally]| {
            let recipients = classes[0].tally.arrivals.total();
            let now = (0..plans).map(|plan| {
                // A stream with a plan of its own has the same counts under each.
                let tallies = classes.iter().map(|class| &class.tally.plans[plan.min(class.tally.plans.len() - 1)]);
                StreamSums::of(recipients, tallies)
            });
            let now: Vec<StreamSums> = now.collect();
            let since: Vec<StreamSums> = now.iter().zip(&before).map(|(now, before)| now.since(*before)).collect();
            before = now;
            since
        };
        let of_stream = sim::simulate_blocks(&run, stream, blocks, progress, since)?;
        for (of_block, of_plans) in all.iter_mut().zip(of_stream) {
            of_block.iter_mut().zip(of_plans).for_each(|(streams, sums)| streams.push(sums));
        }
    }
    Ok(all)
}

/// What is counted in each of these replications under the first plan, for each stream.
pub(super) fn of_replications(
    ready: &Ready<'_>,
    replications: Range<u32>,
    progress: &Progress,
) -> Result<Vec<Vec<StreamSums>>, Interrupted> {
    progress.plan(ready.simulated_recipients() * u64::from(replications.end - replications.start));
    if !ready.scenario.is_shared() {
        let of_replication = |replication| Ok(of_blocks(ready, replication, (&[0], 1), progress)?.remove(0).remove(0));
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
