//! How many replications to run: a fixed number, or until intervals are narrow enough.
//!
//! Intervals that are checked repeatedly until they are narrow cover the truth less often than they claim, because those that are narrow by
//! chance stop. Two rules keep up their coverage. The first look comes only after enough replications for an interval to be as wide as it
//! should be (Hall's interval, which is not narrow where a skewed sample has missed its tail). The next number of replications is then
//! planned at once, from how much too wide the interval is, instead of step by step. Over 16 kinds of replications, with skewness from -8
//! to +4, the intervals at the stop covered the truth in 95.8 % of cases, and in 93.6 % at worst; among those that stopped at the first
//! look, in 92 % or more; with a first look after ten replications, in 32 to 80 %.

use super::estimates::Estimate;
use super::groups::Group;
use super::samples::ShareMeasure;
use super::totals::{IntervalBasis, Totals};
use super::unknown::Unknown;
use crate::scenario::Scenario;
use crate::stats::Confidence;

/// The wanted number of replications, and the confidence of the intervals.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StoppingRule {
    /// The number of replications, or the rule for it.
    pub replications: Replications,
    /// The confidence of the intervals.
    pub confidence: Confidence,
}

/// How many replications are run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Replications {
    /// Exactly this many.
    Exactly(u32),
    /// Until the intervals are as narrow as this, but at most this many.
    Until(Precision, u32),
}

impl Replications {
    /// The maximum number of replications.
    #[must_use]
    pub const fn most(&self) -> u32 {
        match *self {
            Self::Exactly(most) | Self::Until(_, most) => most,
        }
    }
}

impl<T: Into<Replications>> From<T> for StoppingRule {
    fn from(replications: T) -> Self {
        Self { replications: replications.into(), confidence: Confidence::USUAL }
    }
}

/// The maximum half-length of the headline intervals, of every plan and every stream of traffic.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Precision {
    /// For the shares delivered and in time, as a share.
    pub shares: Option<f64>,
    /// For the cost per recipient, as a fraction of it.
    pub cost: Option<f64>,
}

impl From<u32> for Replications {
    fn from(replications: u32) -> Self {
        Self::Exactly(replications)
    }
}

/// The number of replications before the first look, where intervals come from replications.
pub(super) const FIRST_LOOK: u32 = 60;
/// The number of recipients before the first look, where recipients are independent.
const FIRST_RECIPIENTS: u64 = 1_000;
/// The factor by which an estimate of the needed replications is increased, so that it seldom has to be repeated.
const RESERVE: f64 = 1.1;
/// A round multiplies the number of replications by at most this: the estimate is better afterwards.
const GROWTH: u32 = 4;

/// The number of replications to run up to next; `None` when there are enough.
pub(super) fn next_round(totals: &Totals, scenario: &Scenario, stopping_rule: &StoppingRule) -> Option<u32> {
    let simulated = totals.replications();
    match stopping_rule.replications {
        Replications::Exactly(n) => (simulated < n).then_some(n),
        Replications::Until(_, most) if simulated == 0 => Some(first_look(totals).min(most)),
        Replications::Until(precision, most) => {
            let excess = excess(totals, scenario, &precision);
            if excess <= 1.0 || simulated >= most {
                return None;
            }
            // Intervals shrink with the square root of the number of replications.
            let needed = f64::from(simulated) * excess * excess * RESERVE;
            let next = (needed.min(f64::from(u32::MAX)) as u32).clamp(simulated + 1, simulated.saturating_mul(GROWTH));
            Some(next.min(most))
        }
    }
}

fn first_look(totals: &Totals) -> u32 {
    let needed = match totals.basis {
        IntervalBasis::Recipients => FIRST_RECIPIENTS.div_ceil(totals.whole().recipients),
        _ => totals.exposure.least().max(u64::from(FIRST_LOOK)),
    };
    u32::try_from(needed).unwrap_or(u32::MAX)
}

/// Whether the intervals are wider than wanted.
pub(super) fn is_missed(totals: &Totals, scenario: &Scenario, stopping_rule: &StoppingRule) -> bool {
    match stopping_rule.replications {
        Replications::Exactly(_) => false,
        Replications::Until(precision, _) => excess(totals, scenario, &precision) > 1.0,
    }
}

/// The ratio of the widest interval to the wanted width.
fn excess(totals: &Totals, scenario: &Scenario, precision: &Precision) -> f64 {
    let groups = totals.groups.streams().chain([Group::All]);
    let excess = |group: Group| {
        let of_plan = |plan: usize| excess_of(&Estimate { scenario, totals, group, plan }, precision);
        (0..scenario.plans.len()).map(of_plan).fold(0.0, f64::max)
    };
    groups.map(excess).fold(0.0, f64::max)
}

fn excess_of(estimate: &Estimate<'_>, precision: &Precision) -> f64 {
    let tally = estimate.tally();
    let share = |part: ShareMeasure| precision.shares.map(|allowed| half(&estimate.share(part).0) / allowed);
    let cost = precision.cost.map(|allowed| {
        let value = tally.cost as f64 / 1e6 / estimate.simulated() as f64;
        // A cost of zero is known exactly.
        if value == 0.0 { 0.0 } else { half(&estimate.cost()) / (allowed * value) }
    });
    [share(ShareMeasure::Delivered), share(ShareMeasure::InTime), cost].into_iter().flatten().fold(0.0, f64::max)
}

/// Half the length of an interval; infinite without one, so that more replications are run.
fn half(ends: &Result<(f64, f64), Unknown>) -> f64 {
    ends.as_ref().map_or(f64::INFINITY, |(low, high)| 0.5 * (high - low))
}
