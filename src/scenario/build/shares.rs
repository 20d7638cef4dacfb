//! Sums of shares.

use super::Builder;
use crate::units::Probability;
use std::ops::Range;

/// The tolerance by which shares may miss 1: sums of decimal fractions are not exact.
const SLACK: f64 = 1e-9;

impl Builder<'_> {
    /// Rejects shares of outcomes that add up to more than 1.
    pub(super) fn at_most_one(&mut self, place: Range<usize>, shares: impl Iterator<Item = Probability>) -> Option<()> {
        let sum = shares.map(Probability::get).sum::<f64>();
        if sum <= 1.0 + SLACK {
            return Some(());
        }
        self.reject_sum(place, "outcomes", sum, ("expected at most 1", "; any remaining share is silent (no report)"))
    }

    /// Rejects shares of `what` that do not add up to 1.
    pub(super) fn exactly_one(&mut self, place: Range<usize>, what: &str, shares: &[Probability]) -> Option<()> {
        let sum = shares.iter().map(|share| share.get()).sum::<f64>();
        if (sum - 1.0).abs() <= SLACK {
            return Some(());
        }
        self.reject_sum(place, what, sum, ("expected 1", ""))
    }

    fn reject_sum(
        &mut self,
        place: Range<usize>,
        what: &str,
        sum: f64,
        (expected, more): (&'static str, &str),
    ) -> Option<()> {
        // As many digits as a sum of decimal fractions has right.
        let round = |x: f64| (x * 1e12).round() / 1e12;
        let message = format!("the shares of the {what} add up to {}", round(sum));
        let verb = if sum > 1.0 { "lower" } else { "raise" };
        let help = format!("{verb} them by {} in total{more}", round((sum - 1.0).abs()));
        self.reject(place, message, expected, help)
    }
}
