//! The intervals of estimates: from recipients where those are independent, else from replications; none where none would be valid.
//!
//! Whether an interval is printed depends on the number of recipients or replications, on the measure and on the plan, never on how good a
//! sample looks: a sample that has missed a rare event looks best.

use super::classes::{self, Calls, Class};
use super::groups::{Group, compared};
use super::samples::{QUANTILES, ShareMeasure};
use super::totals::{IntervalBasis, LEAST_REPLICATIONS, Totals};
use super::unknown::Unknown;
use crate::scenario::{Plan, Scenario};
use crate::sim::{GroupLedger, PairTally, PlanLedger, PlanTally, ReplicationCounts};
use crate::stats::{self, Cells, Confidence, Latencies, Moments};
use crate::status::Segment;

/// A mean over fewer recipients has no interval, because the skewness of their values is unknown.
const LEAST_RECIPIENTS: u64 = 200;
/// With fewer replications than this, quantiles and costs have no interval.
const LEAST_FOR_QUANTILES: u32 = 30;
/// A share has an interval from its spread over replications only if its exceptions (the recipients on the rarer side) would fill at least
/// this many replications.
const EXCEPTIONS: f64 = 0.3;

/// The ends of an interval, or why there is none.
pub(super) type Ends = Result<(f64, f64), Unknown>;

/// A share's interval, and a narrower one that is valid only for comparison with a bound far enough from 0 and 1.
pub(super) type ShareEnds = (Ends, Option<(f64, f64)>);

/// An estimate of the results of a group under a plan, with its uncertainty.
#[derive(Clone, Copy)]
pub(super) struct Estimate<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) totals: &'a Totals,
    pub(super) group: Group,
    /// The plan that is compared, by its index.
    pub(super) plan: usize,
}

impl<'a> Estimate<'a> {
    pub(super) fn group(&self) -> &'a GroupLedger {
        self.totals.group(self.group)
    }

    /// The plan that the recipients followed; those of several segments may have followed a composite.
    pub(super) fn followed(&self) -> &'a Plan {
        let plan = compared(self.scenario, self.group, self.plan);
        self.group.segment().map_or(plan, |segment| plan.in_segment(segment))
    }

    /// Each class of the group by itself, because their recipients differ; without classes that nobody is ever in.
    fn strata(&self) -> Vec<Self> {
        let class = |(stream, segment)| Self { group: Group::Class(stream, segment), ..*self };
        self.totals.classes_of(self.group).map(|(of, _)| class(of)).collect()
    }

    /// The plan that the recipients, who are of one class, followed.
    fn followed_alike(&self) -> classes::Followed<'a> {
        let segment = self.group.segment().unwrap_or(Segment::WHOLE);
        let is_alone = self.totals.basis == IntervalBasis::Recipients;
        classes::Followed { plan: self.followed(), segment, is_alone }
    }

    /// The number of simulated recipients over all replications.
    pub(super) fn simulated(&self) -> u64 {
        self.group().simulated()
    }

    fn confidence(&self) -> Confidence {
        self.totals.confidence
    }

    /// The plan's ledger.
    pub(super) fn ledger(&self) -> &'a PlanLedger {
        &self.group().plans[self.plan]
    }

    fn samples(&self) -> impl Iterator<Item = &'a ReplicationCounts> + Clone + use<'a> {
        self.ledger().replications.values()
    }

    /// All counts of the group under the plan.
    pub(super) fn tally(&self) -> &'a PlanTally {
        &self.group().tally.plans[self.plan]
    }

    fn latencies(&self) -> &'a Latencies {
        &self.tally().latencies
    }

    /// The interval from recipients (`alone`) or from replications (`together`), whichever is the interval basis.
    fn sure(&self, alone: impl FnOnce() -> Ends, together: impl FnOnce() -> Ends) -> Ends {
        match self.totals.basis {
            IntervalBasis::Recipients => alone(),
            IntervalBasis::Replications => together(),
            IntervalBasis::Nothing => Err(Unknown::Replications { needed: u64::from(LEAST_REPLICATIONS) }),
        }
    }

    /// Returns `ends`, unless too few replications have met the outages that could move the estimate, by at most `largest`.
    fn met(&self, ends: (f64, f64), largest: f64) -> Ends {
        let (exposure, replications) = (&self.totals.exposure, self.totals.replications());
        exposure.unknown(self.plan, replications, largest, half(ends)).map_or(Ok(ends), Err)
    }

    /// The interval of a share of the recipients.
    pub(super) fn share(&self, part: ShareMeasure) -> ShareEnds {
        let count = part.count(self.tally()) as f64;
        let wilson = |count, n| stats::wilson(count, n, self.confidence()).ok_or(Unknown::Nobody);
        let share = count / self.simulated() as f64;
        let replications = f64::from(self.totals.replications());
        let own = || {
            self.moments(|sample| sample.counted(part)).map(|moments| clamped(moments.interval(self.confidence()), 1.0))
        };
        let narrow = if self.totals.basis == IntervalBasis::Replications { own().ok() } else { None };
        let narrow = narrow.and_then(|ends| self.met(ends, 1.0).ok());
        let together = || match narrow {
            Some(narrow) if is_shared_out(share, self.totals.replications()) => Ok(narrow),
            // A replication's share lies between 0 and 1, so its variance is at most s (1 - s), however recipients depend on one another.
            _ => self.met(wilson(share * replications, replications)?, 1.0),
        };
        (self.sure(|| wilson(count, self.simulated() as f64), together), narrow)
    }

    /// The interval of the cost per recipient (units).
    pub(super) fn cost(&self) -> Ends {
        let tally = self.tally();
        let alone = || {
            let skewness = skewness(self.first_costs().iter().map(|&cost| cost as f64));
            let sums = Moments::of_sums(self.simulated(), tally.cost as i128, tally.cost_squared);
            self.cost_of_recipients(sums, skewness).map(|ends| clamped(ends, f64::INFINITY))
        };
        let together = || {
            self.cost_of_replications(&self.moments(|sample| sample.cost as f64)?)
                .map(|ends| clamped(ends, f64::INFINITY))
        };
        self.sure(alone, together).map(units)
    }

    fn first_costs(&self) -> Vec<i64> {
        self.totals.first_costs(self.group, self.plan)
    }

    /// The interval of a mean cost of independent recipients, or of a mean difference of such costs, if there are enough of them, and
    /// enough of every class.
    fn cost_of_recipients(&self, sums: Option<Moments>, skewness: f64) -> Ends {
        if self.simulated() < 2 {
            return Err(Unknown::Recipients { needed: LEAST_RECIPIENTS });
        }
        let moments = Moments { skewness, ..sums.ok_or(Unknown::TooLarge)? };
        let ends = moments.interval(self.confidence());
        let all = self.simulated();
        let (mut classes, mut calls, mut extra) = (Vec::new(), Vec::new(), 0.0);
        for stratum in self.strata() {
            let (own, answered) = (stratum.cost_classes(), stratum.calls());
            let most = own.iter().map(Class::extra).sum::<f64>();
            extra += if answered.is_empty() { most * stratum.simulated() as f64 / all as f64 } else { f64::INFINITY };
            classes.extend(own);
            calls.extend(answered);
        }
        if all < LEAST_RECIPIENTS && !classes::is_harmless(extra, half(ends)) {
            return Err(Unknown::Recipients { needed: LEAST_RECIPIENTS });
        }
        none(&classes::pooled(classes), |class| class.is_too_rare(all, half(ends)))?;
        let spread = moments.deviation * moments.deviation * (moments.count - 1.0);
        none(&calls, |calls| calls.are_too_few(spread))?;
        Ok(ends)
    }

    /// The interval of a mean of replications' costs, or of their differences, if there are enough of them, and enough of every class.
    fn cost_of_replications(&self, moments: &Moments) -> Ends {
        self.many_replications()?;
        let ends = moments.interval(self.confidence());
        let mut largest = 0.0;
        for stratum in self.strata() {
            let (classes, weight) = (stratum.cost_classes(), stratum.simulated() as f64 / self.simulated() as f64);
            stratum.classes_are_met(&classes, half(ends) / weight)?;
            largest += weight * classes.iter().map(Class::extra).sum::<f64>();
        }
        self.met(ends, largest)
    }

    fn classes_are_met(&self, classes: &[Class], half: f64) -> Result<(), Unknown> {
        none(classes, |class| class.is_too_rare_in(self.totals.replications(), self.simulated(), half))
    }

    fn cost_classes(&self) -> Vec<Class> {
        classes::of_cost(self.scenario, self.followed_alike(), self.tally(), &self.totals.call_costs)
    }

    fn calls(&self) -> Vec<Calls> {
        classes::calls(self.scenario, self.followed_alike(), self.tally(), &self.totals.call_costs)
    }

    /// The interval of the mean latency (s).
    pub(super) fn mean_latency(&self) -> Ends {
        let alone = || {
            let moments = self.latencies().moments().ok_or(self.nothing())?;
            let ends = moments.interval(self.confidence());
            if (1..LEAST_RECIPIENTS).contains(&self.latencies().count()) {
                return Err(Unknown::Recipients { needed: LEAST_RECIPIENTS });
            }
            let classes = self.strata().iter().flat_map(Self::latency_classes).collect();
            none(&classes::pooled(classes), |class| class.is_too_rare(self.latencies().count(), half(ends)))?;
            Ok(ends)
        };
        let together = || {
            self.many_replications()?;
            let moments = ratio(self.samples().map(ReplicationCounts::sum_of_latencies)).ok_or(Unknown::Nobody)?;
            let ends = moments.interval(self.confidence());
            let mut largest = 0.0_f64;
            for stratum in self.strata() {
                let (classes, weight) =
                    (stratum.latency_classes(), stratum.simulated() as f64 / self.simulated() as f64);
                stratum.classes_are_met(&classes, half(ends) / weight)?;
                largest = classes.iter().map(Class::extra).fold(largest, f64::max);
            }
            self.met(ends, largest)
        };
        self.sure(alone, together).map(|ends| units(clamped(ends, f64::INFINITY)))
    }

    fn latency_classes(&self) -> Vec<Class> {
        classes::of_latency(self.scenario, self.followed_alike(), self.tally())
    }

    /// Why latencies have no moments.
    fn nothing(&self) -> Unknown {
        match self.latencies().count() {
            0 => Unknown::Nobody,
            1..LEAST_RECIPIENTS => Unknown::Recipients { needed: LEAST_RECIPIENTS },
            _ => Unknown::TooLarge,
        }
    }

    /// The interval of the latency quantile at this index in [`QUANTILES`] (s).
    pub(super) fn quantile(&self, position: usize) -> Ends {
        let p = QUANTILES[position].1;
        if self.latencies().count() == 0 {
            return Err(Unknown::Nobody);
        }
        let together = || {
            let needed = LEAST_FOR_QUANTILES.max((1.0 / (1.0 - p)).round() as u32);
            if self.totals.replications() < needed {
                return Err(Unknown::Replications { needed: u64::from(needed) });
            }
            let (low, high) = self.quantile_cells(p).ok_or(Unknown::FewBeyond)?;
            let ends = (self.latencies().at(low).low, self.latencies().at(high).high);
            // An outage moves a quantile if it affects a share of recipients that is not small compared with the share beyond the quantile.
            self.met(ends, half(ends) / (1.0 - p))
        };
        self.sure(|| self.latencies().quantile_interval(p, self.confidence()).ok_or(Unknown::FewBeyond), together)
    }

    /// By how much the number of latencies up to the `p` quantile, in each group of recipients that are alike, exceeds the average: the errors of
    /// the quantile. Sections know latencies by section cell alone: theirs are up to the nearer edge of its cell, and `None` if neither
    /// is near, as where most latencies are in one cell.
    fn excesses(&self, p: f64) -> Option<Vec<f64>> {
        let groups = &self.ledger().latencies;
        let cell = self.latencies().cell_of_rank(self.latencies().rank(p))?;
        if self.totals.basis != IntervalBasis::Recipients {
            return Some(groups.excesses(Some(cell)));
        }
        let upper = self.latencies().section_cell(cell);
        let distance = |edge: &Option<usize>| (groups.share_upto(*edge) - p).abs();
        let edges = [upper.checked_sub(1), Some(upper)];
        let edge = edges.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let share = groups.share_upto(edge);
        let are_near = |a: f64, b: f64| a <= NEAR * b && b <= NEAR * a;
        (are_near(share, p) && are_near(1.0 - share, 1.0 - p)).then(|| groups.excesses(edge))
    }

    fn quantile_cells(&self, p: f64) -> Option<(usize, usize)> {
        self.ledger().latencies.quantile_cells(&self.cells(), p, self.confidence())
    }

    fn cells(&self) -> Cells {
        self.latencies().cells()
    }

    fn many_replications(&self) -> Result<(), Unknown> {
        let enough = self.totals.replications() >= LEAST_FOR_QUANTILES;
        if enough { Ok(()) } else { Err(Unknown::Replications { needed: u64::from(LEAST_FOR_QUANTILES) }) }
    }

    /// The moments of a mean over recipients, from the sums `of` each replication.
    fn moments(&self, of: impl Fn(&ReplicationCounts) -> f64) -> Result<Moments, Unknown> {
        let sums: Vec<_> = self.samples().map(|sample| (of(sample), sample.recipients as f64)).collect();
        ratio(sums.into_iter()).ok_or(Unknown::Replications { needed: u64::from(LEAST_REPLICATIONS) })
    }
}

/// The errors of a quantile are like those of another one if neither the shares below them nor those above differ by more than this factor.
const NEAR: f64 = 2.0;

/// The difference between two plans on the same recipients.
#[derive(Clone, Copy)]
pub(super) struct Paired<'a> {
    pub(super) plan: Estimate<'a>,
    pub(super) against: Estimate<'a>,
    /// The recipients whose results differ between the plans, where recipients are independent.
    pub(super) pair: &'a PairTally,
}

impl<'a> Paired<'a> {
    fn sure(&self, alone: impl FnOnce() -> Ends, together: impl FnOnce() -> Ends) -> Ends {
        self.plan.sure(alone, together)
    }

    /// Whether no recipient differs in a share; where recipients depend on one another, whether no replication does.
    pub(super) fn shares_are_equal(&self, part: ShareMeasure) -> bool {
        match self.plan.totals.basis {
            IntervalBasis::Recipients => self.differing(part).is_some_and(|counts| counts == [0, 0]),
            _ => self.replications_are_equal(|sample| sample.counted(part)),
        }
    }

    /// Whether no recipient differs in cost; where recipients depend on one another, whether no replication does.
    pub(super) fn costs_are_equal(&self) -> bool {
        match self.plan.totals.basis {
            IntervalBasis::Recipients => self.pair.cost_difference_squared == 0,
            _ => self.replications_are_equal(|sample| sample.cost as f64),
        }
    }

    /// Whether latencies have the same distribution, in each group of recipients.
    pub(super) fn latencies_are_equal(&self) -> bool {
        let groups = |of: &Estimate<'a>| &of.ledger().latencies;
        let same_sums = self.plan.latencies().sum() == self.against.latencies().sum();
        same_sums && groups(&self.plan) == groups(&self.against) && self.plan.cells() == self.against.cells()
    }

    fn replications_are_equal(&self, of: impl Fn(&ReplicationCounts) -> f64) -> bool {
        self.plan.samples().map(&of).eq(self.against.samples().map(&of))
    }

    /// The number of recipients counted in the share under this plan but not under the other, and the reverse.
    const fn differing(&self, part: ShareMeasure) -> Option<[u64; 2]> {
        match part {
            ShareMeasure::Delivered => Some(self.pair.delivered),
            ShareMeasure::InTime => Some(self.pair.in_time),
            ShareMeasure::Succeeded => Some(self.pair.succeeded),
            ShareMeasure::Duplicates => Some(self.pair.duplicates),
            ShareMeasure::Seen => None,
        }
    }

    /// The interval of the difference of a share.
    pub(super) fn share(&self, part: ShareMeasure) -> Ends {
        let simulated = self.plan.simulated() as f64;
        let confidence = self.plan.confidence();
        let alone = || {
            let [ours, theirs] = self.differing(part).ok_or(Unknown::FewBeyond)?;
            stats::paired_share_difference(ours as f64, theirs as f64, simulated, confidence).ok_or(Unknown::Nobody)
        };
        let together = || {
            let replications = self.plan.totals.replications();
            let share = |of: &Estimate<'_>| part.count(of.tally()) as f64 / of.simulated() as f64;
            let exception = |of: &Estimate<'_>| share(of).min(1.0 - share(of));
            let most = exception(&self.plan).max(exception(&self.against));
            if most * f64::from(replications) < EXCEPTIONS {
                return self.share_of_each(part);
            }
            let (low, high) = self.moments(|sample| sample.counted(part))?.interval(confidence);
            // Two shares never differ by more than 1.
            self.met((low.max(-1.0), high.min(1.0)), 1.0)
        };
        self.sure(alone, together)
    }

    /// The interval of a difference from the wide intervals of both shares, which are valid however recipients depend on one another. Used
    /// for shares so close to 0 or 1 that one replication could change them.
    fn share_of_each(&self, part: ShareMeasure) -> Ends {
        let estimate =
            |of: &Estimate<'_>| Ok((part.count(of.tally()) as f64 / of.simulated() as f64, of.share(part).0?));
        Ok(stats::difference(estimate(&self.plan)?, estimate(&self.against)?, 0.0))
    }

    /// The interval of the difference of the cost per recipient (units). Every class of either plan could move it.
    pub(super) fn cost(&self) -> Ends {
        let alone = || {
            let cost = |of: &Estimate<'_>| of.tally().cost as i128;
            let squares = self.pair.cost_difference_squared;
            let sums = Moments::of_sums(self.plan.simulated(), cost(&self.plan) - cost(&self.against), squares);
            let (ours, theirs) = (self.plan.first_costs(), self.against.first_costs());
            let skewness = skewness(ours.iter().zip(&theirs).map(|(ours, theirs)| (ours - theirs) as f64));
            self.against.cost_of_recipients(sums, skewness)?;
            self.plan.cost_of_recipients(sums, skewness)
        };
        let together = || {
            let moments = self.moments(|sample| sample.cost as f64)?;
            self.against.cost_of_replications(&moments)?;
            self.plan.cost_of_replications(&moments)
        };
        self.sure(alone, together).map(units)
    }

    /// The interval of the difference of the latency quantile at this index in [`QUANTILES`] (s): from the intervals of both, and the
    /// correlation of their errors over the groups of recipients.
    pub(super) fn quantile(&self, position: usize) -> Ends {
        let p = QUANTILES[position].1;
        let estimate = |of: &Estimate<'_>| {
            let value = of.latencies().quantile(p).ok_or(Unknown::Nobody)?.value;
            Ok((value, of.quantile(position)?))
        };
        let (ours, theirs) = (estimate(&self.plan)?, estimate(&self.against)?);
        let correlation = match (self.plan.excesses(p), self.against.excesses(p)) {
            (Some(ours), Some(theirs)) => stats::correlation(&ours.into_iter().zip(theirs).collect::<Vec<_>>()),
            _ => 0.0,
        };
        Ok(stats::difference(ours, theirs, correlation))
    }

    fn met(&self, ends: (f64, f64), largest: f64) -> Ends {
        self.against.met(self.plan.met(ends, largest)?, largest)
    }

    fn moments(&self, of: impl Fn(&ReplicationCounts) -> f64) -> Result<Moments, Unknown> {
        let both = self.plan.samples().zip(self.against.samples());
        let sums: Vec<_> = both.map(|(ours, theirs)| (of(ours) - of(theirs), ours.recipients as f64)).collect();
        ratio(sums.into_iter()).ok_or(Unknown::Replications { needed: u64::from(LEAST_REPLICATIONS) })
    }
}

/// Whether a share over this many replications, or its bound, leaves enough exceptions for an interval from its spread, so that one
/// replication consisting only of exceptions would not stand out.
#[must_use]
pub fn is_shared_out(share: f64, replications: u32) -> bool {
    f64::from(replications) * share.min(1.0 - share) >= EXCEPTIONS
}

/// The number of replications needed for shares with this share of exceptions.
pub(super) fn replications_for(exception: f64) -> u64 {
    if exception > 0.0 { (EXCEPTIONS / exception).ceil().max(f64::from(LEAST_REPLICATIONS)) as u64 } else { u64::MAX }
}

/// The moments of a mean over replications with different numbers of values, from the deviations from the ratio of the sums. Each sample is
/// the sum of a replication's values and their number.
fn ratio(samples: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Moments> {
    let (sum, count) = samples.clone().fold((0.0, 0.0), |(sum, count), (s, n)| (sum + s, count + n));
    let (mean, each) = (sum / count, count / samples.clone().count() as f64);
    let deviations: Vec<f64> = samples.map(|(s, n)| (s - mean * n) / each).collect();
    let moments = Moments::of(&deviations).filter(|_| count > 0.0)?;
    Some(Moments { mean, ..moments })
}

fn skewness(values: impl Iterator<Item = f64>) -> f64 {
    Moments::of(&values.collect::<Vec<_>>()).map_or(0.0, |moments| moments.skewness)
}

/// Returns the first `reason` that any of `all` has as an error.
fn none<T>(all: &[T], reason: impl Fn(&T) -> Option<Unknown>) -> Result<(), Unknown> {
    all.iter().find_map(reason).map_or(Ok(()), Err)
}

fn half((low, high): (f64, f64)) -> f64 {
    0.5 * (high - low)
}

/// Clamps an interval to the range from 0 to `most`.
fn clamped((low, high): (f64, f64), most: f64) -> (f64, f64) {
    (low.max(0.0), high.min(most))
}

/// Converts an interval from millionths to units.
fn units((low, high): (f64, f64)) -> (f64, f64) {
    (low / 1e6, high / 1e6)
}
