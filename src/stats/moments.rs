//! The mean of skewed values, with an interval that keeps its coverage.

use super::confidence::Confidence;

/// The mean, standard deviation and skewness of a sample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moments {
    /// The number of values; at least 2.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with `n - 1` degrees of freedom.
    pub deviation: f64,
    /// Their skewness, corrected for the sample size; 0 for fewer than 3 values, and when all are equal.
    pub skewness: f64,
}

/// The skewness of a small sample is on average smaller than the true one, so it is multiplied by this factor. Measured over
/// lognormal mixtures, queues at loads up to 1.05 and random outages: with a factor of 1, intervals from 30 to 200 values contain
/// the true value 1 to 5 percentage points less often; with 2, no more often.
const OF_MEANS: f64 = 1.5;

impl Moments {
    /// The moments of `values`; `None` for fewer than 2.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count;
        let central = |power| values.iter().map(|x| f64::powi(x - mean, power)).sum::<f64>();
        let plain = Self { count, mean, deviation: (central(2) / (count - 1.0)).sqrt(), skewness: 0.0 };
        Some(plain.with_cubes(central(3)))
    }

    /// The moments of `n` integers with this sum and sum of squares, without the skewness. `None` when `n` is below 2, and when the
    /// sum of squares has overflowed and is saturated.
    ///
    /// The sums are exact: equal values have a standard deviation of zero.
    #[must_use]
    pub fn of_sums(n: u64, sum: i128, sum_of_squares: u128) -> Option<Self> {
        if n < 2 || sum_of_squares == u128::MAX {
            return None;
        }
        let count = n as f64;
        let deviation = (spread(n, sum.unsigned_abs(), sum_of_squares) / (count - 1.0) / count).sqrt();
        Some(Self { count, mean: sum as f64 / count, deviation, skewness: 0.0 })
    }

    /// The same moments, with the skewness from a sum of cubes about the mean.
    #[must_use]
    pub fn with_cubes(self, cubes: f64) -> Self {
        let Self { count, deviation, .. } = self;
        let skewness = count * cubes / ((count - 1.0) * (count - 2.0) * deviation.powi(3));
        Self { skewness: if skewness.is_finite() { skewness } else { 0.0 }, ..self }
    }

    /// The confidence interval of the mean.
    #[must_use]
    pub fn interval(&self, confidence: Confidence) -> (f64, f64) {
        self.interval_with(OF_MEANS, confidence)
    }

    /// Whether an interval that multiplies the skewness by `times` contains 0.
    #[must_use]
    pub(super) fn may_be_zero(&self, times: f64, confidence: Confidence) -> bool {
        let (low, high) = self.interval_with(times, confidence);
        (low..=high).contains(&0.0)
    }

    /// Student's t interval after Hall's cubic transformation, which removes the skewness (Hall, "On the removal of skewness by
    /// transformation", JRSS B 54, 1992; used on simulation output by Tafazzoli, Wilson, Lada and Steiger, "Performance of Skart",
    /// 2011). The mean of skewed values is skewed too, so a symmetric interval from a small sample misses it on one side.
    fn interval_with(&self, times: f64, confidence: Confidence) -> (f64, f64) {
        let bend = times * self.skewness / self.count.sqrt();
        let transformed = |y: f64| {
            if bend.abs() < 1e-9 { y } else { 3.0 / bend * (libm::cbrt(1.0 + bend * (y - bend / 6.0)) - 1.0) }
        };
        let (t, error) = (confidence.student(self.count - 1.0), self.deviation / self.count.sqrt());
        (self.mean - error * transformed(t), self.mean - error * transformed(-t))
    }
}

/// `n Σx² - (Σx)²`, which is exactly 0 for equal values. With `Σx = q n + r` it is `n (Σx² - q Σx) - r Σx`, whose terms are as
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

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: (f64, f64), b: (f64, f64)) {
        assert!((a.0 - b.0).abs() < 1e-4 && (a.1 - b.1).abs() < 1e-4, "{a:?}, not {b:?}");
    }

    /// Computed independently of this code, for 1 to 9 and 30.
    #[test]
    fn the_interval_leans_to_the_side_of_the_long_tail() {
        let values: Vec<f64> = (1..=9).map(f64::from).chain([30.0]).collect();
        let moments = Moments::of(&values).expect("ten values");
        close((moments.mean, moments.deviation), (7.5, 8.316_65));
        assert!((moments.skewness - 2.607_63).abs() < 1e-5);
        close(moments.interval_with(0.0, Confidence::USUAL), (1.5506, 13.4494));
        close(moments.interval_with(1.0, Confidence::USUAL), (3.6597, 26.5677));
        close(moments.interval(Confidence::USUAL), (4.1544, 21.9859));
        let standard = Moments { count: 30.0, mean: 0.0, deviation: 1.0, skewness: 2.0 };
        close(standard.interval(Confidence::USUAL), (-0.27450, 1.55420));
        close(Moments { skewness: -2.0, ..standard }.interval(Confidence::USUAL), (-1.55420, 0.27450));
    }

    #[test]
    fn without_skewness_it_is_students() {
        let even = Moments::of(&[1.0, 2.0, 3.0]).expect("three values");
        close(even.interval(Confidence::USUAL), (2.0 - 2.48414, 2.0 + 2.48414));
        let sums = Moments::of_sums(4, 10, 30).expect("four values");
        close(sums.interval(Confidence::USUAL), (2.5 - 2.05426, 2.5 + 2.05426));
        let many = Moments::of_sums(1_000_000, 0, 1_000_000).expect("many values");
        close(many.interval(Confidence::USUAL), (-0.00196, 0.00196));
        assert_eq!(Moments::of(&[1.0]), None);
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        let width = |n: u64, each: i128| {
            let squares = (each * each) as u128 * u128::from(n);
            Moments::of_sums(n, each * i128::from(n), squares).map(|moments| moments.interval(Confidence::USUAL))
        };
        assert_eq!(width(1_000_000, 45_000), Some((45_000.0, 45_000.0)));
        let large = 52_729_600_000_000_000;
        assert_eq!(width(5_000, large), Some((large as f64, large as f64)));
        assert_eq!(Moments::of_sums(5_000, 1, u128::MAX), None, "too large to be summed");
        assert_eq!(Moments::of(&[0.3; 7]).map(|equal| equal.skewness), Some(0.0));
    }
}
