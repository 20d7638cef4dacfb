//! Intervals of shares, of paired differences of shares, and of differences of estimates that have intervals.

use super::confidence::Confidence;

/// Wilson's score interval for a share of `count` in `n` (Wilson 1927; Brown, Cai and DasGupta, "Interval estimation for a binomial
/// proportion", 2001). `None` when `n` is 0.
#[must_use]
pub fn wilson(count: f64, n: f64, confidence: Confidence) -> Option<(f64, f64)> {
    if n <= 0.0 {
        return None;
    }
    let (share, z) = (count / n, confidence.normal());
    let z2 = z * z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the interval touches 0 or 1 exactly.
    let low = if count == 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if count == n { 1.0 } else { (middle + half).min(1.0) };
    Some((low, high))
}

/// The interval of a difference of shares of the same `n` recipients, of which `only_first` are in the first share alone and
/// `only_second` in the second alone: Wald's interval with half a count added to each cell of the table (Agresti and Min, "Simple
/// improved confidence intervals for comparing matched proportions", 2005). `None` when `n` is 0.
#[must_use]
pub fn paired_share_difference(
    only_first: f64,
    only_second: f64,
    n: f64,
    confidence: Confidence,
) -> Option<(f64, f64)> {
    if n <= 0.0 {
        return None;
    }
    let (b, c, n) = (only_first + 0.5, only_second + 0.5, n + 2.0);
    let middle = (b - c) / n;
    let half = confidence.normal() * ((b + c) - (b - c) * (b - c) / n).max(0.0).sqrt() / n;
    Some(((middle - half).max(-1.0), (middle + half).min(1.0)))
}

/// The interval of `first - second`, for two estimates with their own intervals whose errors have this `correlation`: MOVER, the
/// method of variance estimates recovery (Zou and Donner, "Construction of confidence limits about effect measures", 2008). It is
/// asymmetric where the intervals are.
#[must_use]
pub fn difference(first: (f64, (f64, f64)), second: (f64, (f64, f64)), correlation: f64) -> (f64, f64) {
    let ((a, (a_low, a_high)), (b, (b_low, b_high))) = (first, second);
    let reach = |x: f64, y: f64| (x * x + y * y - 2.0 * correlation * x * y).max(0.0).sqrt();
    (a - b - reach(a - a_low, b_high - b), a - b + reach(a_high - a, b - b_low))
}

/// Pearson's correlation of paired values; 0 if either of them does not vary.
#[must_use]
pub fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let product = |x: fn((f64, f64)) -> f64| pairs.iter().map(|pair| x((pair.0 - a, pair.1 - b))).sum::<f64>();
    let both = product(|(x, y)| x * y) / (product(|(x, _)| x * x) * product(|(_, y)| y * y)).sqrt();
    if both.is_finite() { both.clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Option<(f64, f64)>, b: (f64, f64)) {
        let a = a.expect("an interval");
        assert!((a.0 - b.0).abs() < 5e-5 && (a.1 - b.1).abs() < 5e-5, "{a:?}, not {b:?}");
    }

    /// 10 of 20, computed by hand with z = 1.96.
    #[test]
    fn wilson_gives_the_textbook_interval() {
        close(wilson(10.0, 20.0, Confidence::USUAL), (0.29930, 0.70070));
        close(wilson(0.0, 10.0, Confidence::USUAL), (0.0, 0.27753));
        assert_eq!(wilson(10.0, 10.0, Confidence::USUAL).map(|i| i.1), Some(1.0));
        assert_eq!(wilson(0.0, 0.0, Confidence::USUAL), None);
    }

    /// Agresti and Min's own example: 1144 of 1500 agree, with 150 and 86 that do not.
    #[test]
    fn paired_differences_are_narrow_when_few_disagree() {
        let (low, high) = paired_share_difference(150.0, 86.0, 1600.0, Confidence::USUAL).expect("n > 0");
        assert!((low - 0.0212).abs() < 5e-4 && (high - 0.0587).abs() < 5e-4, "{low} {high}");
        let same = paired_share_difference(0.0, 0.0, 1_000_000.0, Confidence::USUAL).expect("n > 0");
        assert!(same.0 < 0.0 && same.1 > 0.0 && same.1 < 3e-6);
    }

    /// Independent errors add as squares; identical errors cancel.
    #[test]
    fn differences_reach_as_far_as_their_parts_and_their_correlation_allow() {
        let (first, second) = ((10.0, (7.0, 14.0)), (4.0, (3.0, 8.0)));
        assert_eq!(difference(first, second, 0.0), (6.0 - 5.0, 6.0 + 17_f64.sqrt()));
        assert_eq!(difference(first, second, 1.0), (6.0 - 1.0, 6.0 + 3.0));
        assert_eq!(difference((5.0, (5.0, 5.0)), (5.0, (5.0, 5.0)), 0.3), (0.0, 0.0));
    }

    #[test]
    fn a_correlation_is_from_minus_one_to_one() {
        assert!((correlation(&[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]) - 1.0).abs() < 1e-12);
        assert!((correlation(&[(1.0, 2.0), (2.0, 1.0), (3.0, 3.0), (4.0, 0.0)]) + 0.4).abs() < 1e-12);
        assert_eq!(correlation(&[(1.0, 2.0), (1.0, 4.0)]), 0.0);
        assert_eq!(correlation(&[]), 0.0);
    }
}
