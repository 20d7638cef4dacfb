//! 95 % intervals: of shares, of means, and of paired differences.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The 97.5 % quantile of the standard normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Wilson's score interval of a share of `count` in `n` (Wilson 1927; Brown, Cai and DasGupta, "Interval estimation for a
/// binomial proportion", 2001). `None` when `n` is 0.
#[must_use]
pub fn wilson(count: f64, n: f64) -> Option<(f64, f64)> {
    if n <= 0.0 {
        return None;
    }
    let (share, z2) = (count / n, Z95 * Z95);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    // At the ends the interval touches 0 or 1 exactly.
    let low = if count == 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if count == n { 1.0 } else { (middle + half).min(1.0) };
    Some((low, high))
}

/// The interval of a difference of shares of the same `n` recipients, of whom `only_first` are in the first share alone and
/// `only_second` in the second alone: Wald's with half a count added to each cell of the table (Agresti and Min, "Simple improved
/// confidence intervals for comparing matched proportions", 2005). `None` when `n` is 0.
#[must_use]
pub fn paired_share_difference(only_first: f64, only_second: f64, n: f64) -> Option<(f64, f64)> {
    if n <= 0.0 {
        return None;
    }
    let (b, c, n) = (only_first + 0.5, only_second + 0.5, n + 2.0);
    let middle = (b - c) / n;
    let half = Z95 * ((b + c) - (b - c) * (b - c) / n).max(0.0).sqrt() / n;
    Some(((middle - half).max(-1.0), (middle + half).min(1.0)))
}

/// Student's t interval of the mean of `n` integers with this sum and this sum of squares, in their unit. `None` when `n` is below 2,
/// and when the squares were too large to be summed: a sum of them stays at the largest number then.
///
/// The sums are exact: equal values give an interval of no width.
#[must_use]
pub fn mean_interval(n: u64, sum: i128, sum_of_squares: u128) -> Option<(f64, f64)> {
    if n < 2 || sum_of_squares == u128::MAX {
        return None;
    }
    let count = n as f64;
    let spread = spread(n, sum.unsigned_abs(), sum_of_squares);
    let half = student_quantile(count - 1.0) * (spread / (count - 1.0)).sqrt() / count;
    let mean = sum as f64 / count;
    Some((mean - half, mean + half))
}

/// `n Σx² - (Σx)²`, which for equal values is exactly 0. With `Σx = q n + r` it is `n (Σx² - q Σx) - r Σx`: of numbers that are as
/// small as the spread itself.
fn spread(n: u64, sum: u128, sum_of_squares: u128) -> f64 {
    let n = u128::from(n);
    let (quotient, rest) = (sum / n, sum % n);
    let above = sum_of_squares.saturating_sub(quotient.saturating_mul(sum));
    let exact = n.checked_mul(above).zip(rest.checked_mul(sum));
    exact.map_or_else(
        || (n as f64 * above as f64 - rest as f64 * sum as f64).max(0.0),
        |(above, rest)| above.saturating_sub(rest) as f64,
    )
}

/// Student's t interval of the mean of independent `values`. `None` for fewer than 2.
#[must_use]
pub fn student_interval(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let half = student_quantile(n - 1.0) * (variance / n).sqrt();
    Some((mean - half, mean + half))
}

/// The 97.5 % quantile of Student's t distribution; the normal's where `freedom` is no positive number, or so large that it makes
/// no difference.
#[must_use]
pub fn student_quantile(freedom: f64) -> f64 {
    if freedom > 1e5 {
        return Z95;
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(Z95, |t| t.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Option<(f64, f64)>, b: (f64, f64)) {
        let a = a.expect("an interval");
        assert!((a.0 - b.0).abs() < 5e-5 && (a.1 - b.1).abs() < 5e-5, "{a:?}, not {b:?}");
    }

    /// 10 of 20: worked through by hand with z = 1.96.
    #[test]
    fn wilson_gives_the_textbook_interval() {
        close(wilson(10.0, 20.0), (0.29930, 0.70070));
        close(wilson(0.0, 10.0), (0.0, 0.27753));
        assert_eq!(wilson(10.0, 10.0).map(|i| i.1), Some(1.0));
        assert_eq!(wilson(0.0, 0.0), None);
    }

    /// Agresti and Min's own example: 1144 of 1500 agree, with 150 and 86 that do not.
    #[test]
    fn paired_differences_are_narrow_when_few_disagree() {
        let (low, high) = paired_share_difference(150.0, 86.0, 1600.0).expect("n > 0");
        assert!((low - 0.0212).abs() < 5e-4 && (high - 0.0587).abs() < 5e-4, "{low} {high}");
        let same = paired_share_difference(0.0, 0.0, 1_000_000.0).expect("n > 0");
        assert!(same.0 < 0.0 && same.1 > 0.0 && same.1 < 3e-6);
    }

    #[test]
    fn student_is_wider_than_normal() {
        assert!((student_quantile(9.0) - 2.262_157).abs() < 1e-5);
        assert!((student_quantile(31.0) - 2.039_513).abs() < 1e-5);
        close(student_interval(&[1.0, 2.0, 3.0]), (2.0 - 2.48414, 2.0 + 2.48414));
        assert_eq!(student_interval(&[1.0]), None);
    }

    #[test]
    fn the_interval_of_a_mean_is_t_standard_errors_wide() {
        close(mean_interval(4, 10, 30), (2.5 - 2.05426, 2.5 + 2.05426));
        close(mean_interval(1_000_000, 0, 1_000_000), (-0.00196, 0.00196));
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        let n = 1_000_000;
        assert_eq!(
            mean_interval(n, 45_000 * i128::from(n), 45_000 * 45_000 * u128::from(n)),
            Some((45_000.0, 45_000.0))
        );
        let (n, large) = (5_000_u64, 52_729_600_000_000_000_i128);
        let squares = (large * large) as u128 * u128::from(n);
        assert_eq!(mean_interval(n, large * i128::from(n), squares), Some((large as f64, large as f64)));
        assert_eq!(mean_interval(n, 1, u128::MAX), None, "too large to be summed");
    }
}
