//! The intervals of what was counted: from recipients where those are independent, else from replications.

use super::samples::{self, Part, QUANTILES, Sample};
use super::totals::{Certainty, Strand, Totals};
use crate::sim::{SECTIONS, SectionQuantiles, Tally};
use crate::stats;

/// A section needs so many deliveries for its quantiles to tell anything.
const LEAST_PER_SECTION: u64 = 40;

/// The ends of an interval.
pub(super) type Ends = Option<(f64, f64)>;

/// A strand of the totals, and how sure it is.
#[derive(Clone, Copy)]
pub(super) struct Estimate<'a> {
    pub(super) strand: &'a Strand,
    certainty: Certainty,
    replications: u32,
}

impl<'a> Estimate<'a> {
    pub(super) const fn new(totals: &Totals, strand: &'a Strand) -> Self {
        Self { strand, certainty: totals.certainty, replications: totals.replications }
    }

    /// Recipients over all replications.
    pub(super) fn played(&self) -> u64 {
        self.strand.recipients * u64::from(self.replications)
    }

    /// From recipients by `alone`, or from replications by `together`.
    fn sure(&self, alone: impl FnOnce() -> Ends, together: impl FnOnce() -> Ends) -> Ends {
        match self.certainty {
            Certainty::Recipients => alone(),
            Certainty::Replications => together(),
            Certainty::Nothing => None,
        }
    }

    /// Of a share of the recipients under a plan.
    pub(super) fn share(&self, plan: usize, part: Part) -> Ends {
        let count = part.count(&self.strand.tally.plans[plan]);
        self.sure(
            || stats::wilson(count as f64, self.played() as f64),
            || samples::share_interval(self.samples(plan), part, self.strand.recipients),
        )
    }

    /// Of the cost per recipient (units).
    pub(super) fn cost(&self, plan: usize) -> Ends {
        let tally = &self.strand.tally.plans[plan];
        units(self.sure(
            || stats::mean_interval(self.played(), tally.cost as i128, tally.cost_squared),
            || samples::interval(self.samples(plan), |sample| Some(sample.cost())),
        ))
    }

    /// Of the mean latency (s).
    pub(super) fn mean_latency(&self, plan: usize) -> Ends {
        let all = &self.strand.tally.plans[plan].latencies;
        let alone = || units(stats::mean_interval(all.count(), all.sum() as i128, all.sum_of_squares()));
        self.sure(alone, || samples::interval(self.samples(plan), Sample::mean_latency))
    }

    /// Of the quantile of latency with this place in [`QUANTILES`] (s). Replications say how far it may be from the quantile of all.
    pub(super) fn quantile(&self, plan: usize, place: usize) -> Ends {
        let (all, p) = (&self.strand.tally.plans[plan].latencies, QUANTILES[place].1);
        let together = || {
            let (low, high) = samples::interval(self.samples(plan), |sample| sample.quantile(place))?;
            around(all.quantile(p)?, low, high)
        };
        self.sure(|| all.quantile_interval(p), together)
    }

    /// Of the difference of a share between two plans.
    pub(super) fn share_difference(&self, (plan, against): (usize, usize), part: Part) -> Ends {
        let alone = || {
            let pair = &self.strand.tally.pairs[Tally::pair(plan, against)];
            let [ours, theirs] = match part {
                Part::Delivered => pair.delivered,
                Part::InTime => pair.in_time,
                Part::Succeeded => pair.succeeded,
                Part::Duplicates => pair.duplicates,
                Part::Seen => return None,
            };
            stats::paired_share_difference(ours as f64, theirs as f64, self.played() as f64)
        };
        let together = || {
            let (low, high) = self.difference((plan, against), |sample| Some(sample.share(part)))?;
            // No share differs from another by more than all.
            Some((low.max(-1.0), high.min(1.0)))
        };
        self.sure(alone, together)
    }

    /// Of the difference of the cost per recipient between two plans (units).
    pub(super) fn cost_difference(&self, (plan, against): (usize, usize)) -> Ends {
        let cost = |i: usize| self.strand.tally.plans[i].cost as i128;
        let alone = || {
            let squares = self.strand.tally.pairs[Tally::pair(plan, against)].cost_difference_squared;
            stats::mean_interval(self.played(), cost(plan) - cost(against), squares)
        };
        units(self.sure(alone, || self.difference((plan, against), |sample| Some(sample.cost()))))
    }

    /// Of the difference of a quantile of latency between two plans (s): of the median, or of the 95 % quantile. From the
    /// differences within sections of the recipients (or replications), which are independent, alike, and each as large as the whole
    /// over their number: the batch-means method.
    pub(super) fn quantile_difference(&self, (plan, against): (usize, usize), place: usize) -> Ends {
        let (ours, theirs) = (&self.strand.tally.plans[plan].latencies, &self.strand.tally.plans[against].latencies);
        let p = QUANTILES[place].1;
        let whole = ours.quantile(p)? - theirs.quantile(p)?;
        let alone = || {
            let sections = self.strand.sections(self.replications as usize >= SECTIONS);
            let enough = ours.count().min(theirs.count()) >= LEAST_PER_SECTION * sections.len() as u64;
            let which = usize::from(place > 0);
            let within = |section: &SectionQuantiles| Some(section[plan]?[which] - section[against]?[which]);
            let differences: Option<Vec<f64>> = sections.iter().map(within).collect();
            differences.filter(|_| enough).and_then(|all| stats::student_interval(&all))
        };
        let together = || self.difference((plan, against), |sample| sample.quantile(place));
        let (low, high) = self.sure(alone, together)?;
        around(whole, low, high)
    }

    fn samples(&self, plan: usize) -> &'a [Sample] {
        &self.strand.samples[plan]
    }

    fn difference(&self, (plan, against): (usize, usize), of: impl Fn(&Sample) -> Option<f64>) -> Ends {
        samples::difference(self.samples(plan), self.samples(against), of)
    }
}

/// An interval as wide as the one from `low` to `high`, around `value`.
fn around(value: f64, low: f64, high: f64) -> Ends {
    let half = 0.5 * (high - low);
    Some((value - half, value + half))
}

/// An interval of millionths in units.
fn units(interval: Ends) -> Ends {
    interval.map(|(low, high)| (low / 1e6, high / 1e6))
}
