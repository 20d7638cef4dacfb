//! The intervals of what was counted: from recipients where those are independent, else from replications; none where none would hold.
//!
//! The rules by which an interval is printed depend on the number of recipients or replications, the measure and what the plan says, never
//! on how well a sample looks: one that has missed what is rare looks best.

use super::classes::{self, Calls, Class};
use super::samples::{Part, QUANTILES, Sample};
use super::totals::{Certainty, Strand, Totals};
use super::unknown::Unknown;
use crate::scenario::{Plan, Scenario};
use crate::sim::{PairTally, PlanTally};
use crate::stats::{self, Cells, Confidence, Latencies, Moments};

/// A mean of fewer recipients has no interval: how skewed their values are is unknown.
const LEAST_RECIPIENTS: u64 = 200;
/// Fewer replications than this give no interval where intervals come from them ...
pub const LEAST_REPLICATIONS: u32 = 10;
/// ... and fewer than this none of a quantile, nor of the cost.
const LEAST_FOR_QUANTILES: u32 = 30;
/// A share of replications has an interval of its own spread if so many of them could be made of the recipients who are the exception.
const EXCEPTIONS: f64 = 0.3;

/// The ends of an interval, or why there is none.
pub(super) type Ends = Result<(f64, f64), Unknown>;

/// A share's interval, and one that is narrower but holds only where it is held to a bound that is far enough from 0 and 1.
pub(super) type ShareEnds = (Ends, Option<(f64, f64)>);

/// What a strand came to under a plan, and how sure that is.
#[derive(Clone, Copy)]
pub(super) struct Estimate<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) totals: &'a Totals,
    pub(super) strand: &'a Strand,
    /// The plan that is compared, by its index.
    pub(super) plan: usize,
    /// The plan that the strand followed.
    pub(super) followed: &'a Plan,
}

impl<'a> Estimate<'a> {
    /// Recipients over all replications.
    pub(super) fn played(&self) -> u64 {
        self.strand.recipients * u64::from(self.totals.replications)
    }

    fn confidence(&self) -> Confidence {
        self.totals.confidence
    }

    fn samples(&self) -> &'a [Sample] {
        &self.strand.samples[self.plan]
    }

    /// All counts.
    pub(super) fn tally(&self) -> &'a PlanTally {
        &self.strand.tally.plans[self.plan]
    }

    fn latencies(&self) -> &'a Latencies {
        &self.tally().latencies
    }

    /// From recipients by `alone`, or from replications by `together`.
    fn sure(&self, alone: impl FnOnce() -> Ends, together: impl FnOnce() -> Ends) -> Ends {
        match self.totals.certainty {
            Certainty::Recipients => alone(),
            Certainty::Replications => together(),
            Certainty::Nothing => Err(Unknown::Replications { needed: u64::from(LEAST_REPLICATIONS) }),
        }
    }

    /// `ends`, unless outages that too few replications have met could move them: by `largest` at the most.
    fn met(&self, ends: (f64, f64), largest: f64) -> Ends {
        let (exposure, replications) = (&self.totals.exposure, self.totals.replications);
        exposure.unknown(self.plan, replications, largest, half(ends)).map_or(Ok(ends), Err)
    }

    /// Of a share of the recipients.
    pub(super) fn share(&self, part: Part) -> ShareEnds {
        let count = part.count(&self.strand.tally.plans[self.plan]) as f64;
        let wilson = |count, n| stats::wilson(count, n, self.confidence()).ok_or(Unknown::Nobody);
        let share = count / self.played() as f64;
        let replications = f64::from(self.totals.replications);
        let own = || {
            self.moments(|sample| sample.share(part)).map(|moments| clamped(moments.interval(self.confidence()), 1.0))
        };
        let narrow = if self.totals.certainty == Certainty::Replications { own().ok() } else { None };
        let narrow = narrow.and_then(|ends| self.met(ends, 1.0).ok());
        let together = || match narrow {
            Some(narrow) if is_shared_out(share, self.totals.replications) => Ok(narrow),
            // A replication's share is from 0 to 1, so that its variance is at most s (1 - s): this holds however recipients depend.
            _ => self.met(wilson(share * replications, replications)?, 1.0),
        };
        (self.sure(|| wilson(count, self.played() as f64), together), narrow)
    }

    /// Of the cost per recipient (units).
    pub(super) fn cost(&self) -> Ends {
        let tally = &self.strand.tally.plans[self.plan];
        let classes = classes::of_cost(self.scenario, self.followed, tally);
        let calls = classes::calls(self.scenario, self.followed, tally);
        let alone = || {
            let moments =
                Moments::of_sums(self.played(), tally.cost as i128, tally.cost_squared).ok_or(Unknown::TooLarge)?;
            let skewness = skewness(self.strand.first_costs[self.plan].iter().map(|&cost| cost as f64));
            self.of_recipients(Moments { skewness, ..moments }, &classes, &calls)
        };
        let together = || {
            self.many_replications()?;
            let ends = self.moments(Sample::cost)?.interval(self.confidence());
            let (replications, played) = (self.totals.replications, self.played());
            none(&classes, |class| class.is_too_rare_in(replications, played, half(ends)))?;
            self.met(clamped(ends, f64::INFINITY), classes.iter().map(Class::extra).sum())
        };
        self.sure(alone, together).map(units)
    }

    /// Of the mean latency (s).
    pub(super) fn mean_latency(&self) -> Ends {
        let tally = &self.strand.tally.plans[self.plan];
        let classes = classes::of_latency(self.scenario, self.followed, tally);
        let alone = || {
            let moments = self.latencies().moments().ok_or(self.nothing())?;
            self.of_recipients(moments, &classes, &[])
        };
        let together = || {
            let ends =
                ratio(self.samples().iter().map(Sample::latencies)).ok_or(Unknown::Nobody)?.interval(self.confidence());
            self.met(clamped(ends, f64::INFINITY), classes.iter().map(Class::extra).fold(0.0, f64::max))
        };
        self.sure(alone, together).map(units)
    }

    /// Why latencies have no moments.
    fn nothing(&self) -> Unknown {
        match self.latencies().count() {
            0 => Unknown::Nobody,
            1..LEAST_RECIPIENTS => Unknown::Recipients { needed: LEAST_RECIPIENTS },
            _ => Unknown::TooLarge,
        }
    }

    /// The interval of a mean of independent recipients, if they are enough, and of every class.
    fn of_recipients(&self, moments: Moments, classes: &[Class], calls: &[Calls]) -> Ends {
        if moments.count < LEAST_RECIPIENTS as f64 {
            return Err(Unknown::Recipients { needed: LEAST_RECIPIENTS });
        }
        let ends = clamped(moments.interval(self.confidence()), f64::INFINITY);
        none(classes, |class| class.is_too_rare(moments.count as u64, half(ends)))?;
        let spread = moments.deviation * moments.deviation * (moments.count - 1.0);
        none(calls, |calls| calls.are_too_few(spread))?;
        Ok(ends)
    }

    /// Of the quantile of latency with this place in [`QUANTILES`] (s).
    pub(super) fn quantile(&self, place: usize) -> Ends {
        let p = QUANTILES[place].1;
        if self.latencies().count() == 0 {
            return Err(Unknown::Nobody);
        }
        let together = || {
            let needed = LEAST_FOR_QUANTILES.max((1.0 / (1.0 - p)).round() as u32);
            if self.totals.replications < needed {
                return Err(Unknown::Replications { needed: u64::from(needed) });
            }
            let (low, high) = self.quantile_cells(p).ok_or(Unknown::FewBeyond)?;
            let ends = (self.latencies().at(low).low, self.latencies().at(high).high);
            // An outage moves a quantile if it is met by a share of all that is not small beside that beyond the quantile.
            self.met(ends, half(ends) / (1.0 - p))
        };
        self.sure(|| self.latencies().quantile_interval(p, self.confidence()).ok_or(Unknown::FewBeyond), together)
    }

    fn quantile_cells(&self, p: f64) -> Option<(usize, usize)> {
        self.strand.groups[self.plan].quantile_cells(&self.cells(), p, self.confidence())
    }

    fn cells(&self) -> Cells {
        self.latencies().cells()
    }

    fn many_replications(&self) -> Result<(), Unknown> {
        let enough = self.totals.replications >= LEAST_FOR_QUANTILES;
        if enough { Ok(()) } else { Err(Unknown::Replications { needed: u64::from(LEAST_FOR_QUANTILES) }) }
    }

    fn moments(&self, of: impl Fn(&Sample) -> f64) -> Result<Moments, Unknown> {
        let values: Vec<f64> = self.samples().iter().map(of).collect();
        Moments::of(&values).ok_or(Unknown::Replications { needed: u64::from(LEAST_REPLICATIONS) })
    }
}

/// The difference of two plans on the same recipients.
#[derive(Clone, Copy)]
pub(super) struct Paired<'a> {
    pub(super) plan: Estimate<'a>,
    pub(super) against: Estimate<'a>,
    /// The recipients in whom they differ, where those are independent.
    pub(super) pair: &'a PairTally,
}

impl<'a> Paired<'a> {
    fn sure(&self, alone: impl FnOnce() -> Ends, together: impl FnOnce() -> Ends) -> Ends {
        self.plan.sure(alone, together)
    }

    /// Whether nobody differs in a share; where recipients depend on one another, no replication.
    pub(super) fn shares_are_equal(&self, part: Part) -> bool {
        match self.plan.totals.certainty {
            Certainty::Recipients => self.differing(part).is_some_and(|counts| counts == [0, 0]),
            _ => self.replications_are_equal(|sample| sample.share(part)),
        }
    }

    /// Likewise in cost.
    pub(super) fn costs_are_equal(&self) -> bool {
        match self.plan.totals.certainty {
            Certainty::Recipients => self.pair.cost_difference_squared == 0,
            _ => self.replications_are_equal(Sample::cost),
        }
    }

    /// Whether latencies are distributed alike, in each group of recipients.
    pub(super) fn latencies_are_equal(&self) -> bool {
        let groups = |of: &Estimate<'a>| &of.strand.groups[of.plan];
        groups(&self.plan) == groups(&self.against) && self.plan.latencies().sum() == self.against.latencies().sum()
    }

    fn replications_are_equal(&self, of: impl Fn(&Sample) -> f64) -> bool {
        self.plan.samples().iter().map(&of).eq(self.against.samples().iter().map(&of))
    }

    /// How many recipients are so under the one plan and not under the other, and the other way round.
    const fn differing(&self, part: Part) -> Option<[u64; 2]> {
        match part {
            Part::Delivered => Some(self.pair.delivered),
            Part::InTime => Some(self.pair.in_time),
            Part::Succeeded => Some(self.pair.succeeded),
            Part::Duplicates => Some(self.pair.duplicates),
            Part::Seen => None,
        }
    }

    /// Of the difference of a share.
    pub(super) fn share(&self, part: Part) -> Ends {
        let played = self.plan.played() as f64;
        let confidence = self.plan.confidence();
        let alone = || {
            let [ours, theirs] = self.differing(part).ok_or(Unknown::FewBeyond)?;
            stats::paired_share_difference(ours as f64, theirs as f64, played, confidence).ok_or(Unknown::Nobody)
        };
        let together = || {
            let replications = self.plan.totals.replications;
            let share = |of: &Estimate<'_>| part.count(&of.strand.tally.plans[of.plan]) as f64 / of.played() as f64;
            let exception = |of: &Estimate<'_>| share(of).min(1.0 - share(of));
            let most = exception(&self.plan).max(exception(&self.against));
            if most * f64::from(replications) < EXCEPTIONS {
                return Err(Unknown::RareShare { needed: replications_for(most) });
            }
            let (low, high) = self.moments(|sample| sample.share(part))?.interval(confidence);
            // No share differs from another by more than all.
            self.met((low.max(-1.0), high.min(1.0)), 1.0)
        };
        self.sure(alone, together)
    }

    /// Of the difference of the cost per recipient (units).
    pub(super) fn cost(&self) -> Ends {
        self.plan.cost()?;
        self.against.cost()?;
        let alone = || {
            let cost = |of: &Estimate<'_>| of.strand.tally.plans[of.plan].cost as i128;
            let squares = self.pair.cost_difference_squared;
            let sums = Moments::of_sums(self.plan.played(), cost(&self.plan) - cost(&self.against), squares);
            let first_costs = |of: &Estimate<'a>| &of.strand.first_costs[of.plan];
            let first = first_costs(&self.plan).iter().zip(first_costs(&self.against));
            let skewness = skewness(first.map(|(ours, theirs)| (ours - theirs) as f64));
            let moments = Moments { skewness, ..sums.ok_or(Unknown::TooLarge)? };
            Ok(moments.interval(self.plan.confidence()))
        };
        let together = || Ok(self.moments(Sample::cost)?.interval(self.plan.confidence()));
        self.sure(alone, together).map(units)
    }

    /// Of the difference of the quantile of latency with this place in [`QUANTILES`] (s): from the intervals of both, and how their errors
    /// go together from one group of recipients to the next.
    pub(super) fn quantile(&self, place: usize) -> Ends {
        let p = QUANTILES[place].1;
        let estimate = |of: &Estimate<'_>| {
            let value = of.latencies().quantile(p).ok_or(Unknown::Nobody)?.value;
            Ok((value, of.quantile(place)?))
        };
        let (ours, theirs) = (estimate(&self.plan)?, estimate(&self.against)?);
        let deviations = |of: &Estimate<'_>| {
            let cells = of.cells();
            let at = cells.place_of_rank(of.latencies().rank(p));
            of.strand.groups[of.plan].deviations(cells.occupied().get(at).map(|&cell| cell as usize), p)
        };
        let pairs: Vec<_> = deviations(&self.plan).into_iter().zip(deviations(&self.against)).collect();
        Ok(stats::difference(ours, theirs, stats::correlation(&pairs)))
    }

    fn met(&self, ends: (f64, f64), largest: f64) -> Ends {
        self.against.met(self.plan.met(ends, largest)?, largest)
    }

    fn moments(&self, of: impl Fn(&Sample) -> f64) -> Result<Moments, Unknown> {
        let both = self.plan.samples().iter().zip(self.against.samples());
        let values: Vec<f64> = both.map(|(ours, theirs)| of(ours) - of(theirs)).collect();
        Moments::of(&values).ok_or(Unknown::Replications { needed: u64::from(LEAST_REPLICATIONS) })
    }
}

/// Whether a share of so many replications, or its bound, leaves enough exceptions for an interval of its own spread: one replication of
/// nothing but exceptions would not stand out.
#[must_use]
pub fn is_shared_out(share: f64, replications: u32) -> bool {
    f64::from(replications) * share.min(1.0 - share) >= EXCEPTIONS
}

/// So many replications are needed for shares of which this part is the exception.
pub(super) fn replications_for(exception: f64) -> u64 {
    if exception > 0.0 { (EXCEPTIONS / exception).ceil().max(f64::from(LEAST_REPLICATIONS)) as u64 } else { u64::MAX }
}

/// The mean latency of replications with different numbers of deliveries, as a mean of its deviations from the ratio of the sums: the
/// sums of latencies, and how many there are.
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

/// The first reason that one of `all` gives.
fn none<T>(all: &[T], reason: impl Fn(&T) -> Option<Unknown>) -> Result<(), Unknown> {
    all.iter().find_map(reason).map_or(Ok(()), Err)
}

fn half((low, high): (f64, f64)) -> f64 {
    0.5 * (high - low)
}

/// What is never negative, nor more than `most`, has no interval beyond.
fn clamped((low, high): (f64, f64), most: f64) -> (f64, f64) {
    (low.max(0.0), high.min(most))
}

/// An interval of millionths in units.
fn units((low, high): (f64, f64)) -> (f64, f64) {
    (low / 1e6, high / 1e6)
}
