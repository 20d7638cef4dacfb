//! How often to play: a number of times, or until intervals are narrow enough.

use super::estimates::Estimate;
use super::samples::Part;
use super::totals::Totals;

/// How often a scenario is played.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Replications {
    /// So many times.
    Exactly(u32),
    /// Until the intervals are as narrow as this, but no more often than so many times.
    Until(Precision, u32),
}

/// How far the ends of the headline intervals, of every plan and every stream of traffic, may be from the value.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Precision {
    /// Of the shares delivered and in time, as a share.
    pub shares: Option<f64>,
    /// Of the cost per recipient, as a part of it.
    pub cost: Option<f64>,
}

impl From<u32> for Replications {
    fn from(replications: u32) -> Self {
        Self::Exactly(replications)
    }
}

/// A guess of how many replications are needed is this much too large, so that it need not be made often.
const RESERVE: f64 = 1.1;
/// No round makes more than so many replications of one: the guess is better afterwards.
const GROWTH: u32 = 4;

/// Up to how many replications to play next; `None` when those played are enough. The first round has `least`.
pub(super) fn next_round(totals: &Totals, wanted: &Replications, least: u32) -> Option<u32> {
    let played = totals.replications;
    match *wanted {
        Replications::Exactly(n) => (played < n).then_some(n),
        Replications::Until(_, most) if played == 0 => Some(least.min(most)),
        Replications::Until(precision, most) => {
            let excess = excess(totals, &precision);
            if excess <= 1.0 || played >= most {
                return None;
            }
            // Intervals shrink with the square root of the number.
            let needed = f64::from(played) * excess * excess * RESERVE;
            let next = (needed.min(f64::from(u32::MAX)) as u32).clamp(played + 1, played.saturating_mul(GROWTH));
            Some(next.min(most))
        }
    }
}

/// Whether the intervals are wider than wanted.
pub(super) fn is_missed(totals: &Totals, wanted: &Replications) -> bool {
    match wanted {
        Replications::Exactly(_) => false,
        Replications::Until(precision, _) => excess(totals, precision) > 1.0,
    }
}

/// How many times too wide the widest interval is.
fn excess(totals: &Totals, precision: &Precision) -> f64 {
    let whole = totals.whole();
    let strands = totals.streams().iter().chain([whole]);
    let plans = 0..whole.tally.plans.len();
    let each = strands.flat_map(|strand| plans.clone().map(move |plan| (Estimate::new(totals, strand), plan)));
    each.map(|(estimate, plan)| excess_of(&estimate, plan, precision)).fold(0.0, f64::max)
}

fn excess_of(estimate: &Estimate<'_>, plan: usize, precision: &Precision) -> f64 {
    let tally = &estimate.strand.tally.plans[plan];
    let n = estimate.played() as f64;
    let share = |part: Part| {
        let value = part.count(tally) as f64 / n;
        precision.shares.map(|allowed| reach(value, estimate.share(plan, part)) / allowed)
    };
    let cost = precision.cost.map(|allowed| {
        let value = tally.cost as f64 / 1e6 / n;
        // What costs nothing is known.
        if value == 0.0 { 0.0 } else { reach(value, estimate.cost(plan)) / (allowed * value) }
    });
    [share(Part::Delivered), share(Part::InTime), cost].into_iter().flatten().fold(0.0, f64::max)
}

/// How far the farther end is from the value; without an interval so far that more replications are needed.
fn reach(value: f64, ends: Option<(f64, f64)>) -> f64 {
    ends.map_or(f64::INFINITY, |(low, high)| (value - low).max(high - value))
}
