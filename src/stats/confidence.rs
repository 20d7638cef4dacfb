//! Confidence levels and the quantiles that belong to them.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The 97.5 % quantile of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// The confidence level of an interval, held as its error: the probability that it misses the true value, half of it on either
/// side.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Confidence {
    error: f64,
}

impl Default for Confidence {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Confidence {
    /// 95 %.
    pub const USUAL: Self = Self { error: 0.05 };

    /// The level whose intervals miss the true value with this probability, between 0 and 1.
    #[must_use]
    pub const fn of_error(error: f64) -> Self {
        Self { error }
    }

    /// The level of each of `intervals` intervals whose joint error does not exceed that of this level (Bonferroni).
    #[must_use]
    pub fn shared_by(self, intervals: usize) -> Self {
        Self { error: self.error / intervals.max(1) as f64 }
    }

    /// The level of an interval of which only one end is compared with a bound, so that the whole error is on that side.
    #[must_use]
    pub fn one_sided(self) -> Self {
        Self { error: 2.0 * self.error }
    }

    /// The probability that an interval at this level misses the true value.
    #[must_use]
    pub const fn error(self) -> f64 {
        self.error
    }

    /// The half-width of the interval in standard errors, for a normal distribution.
    #[must_use]
    pub fn normal(self) -> f64 {
        if self == Self::USUAL {
            return Z95;
        }
        Normal::new(0.0, 1.0).map_or(Z95, |normal| normal.inverse_cdf(1.0 - self.error / 2.0))
    }

    /// The half-width of the interval in standard errors, for Student's t distribution. Uses the normal distribution where
    /// `freedom` is not a positive number, or is so large that it makes no difference.
    #[must_use]
    pub fn student(self, freedom: f64) -> f64 {
        if freedom > 1e5 {
            return self.normal();
        }
        StudentsT::new(0.0, 1.0, freedom).map_or_else(|_| self.normal(), |t| t.inverse_cdf(1.0 - self.error / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with tables of the normal and Student's t distributions.
    #[test]
    fn quantiles_are_those_of_tables() {
        assert!((Confidence::USUAL.student(9.0) - 2.262_157).abs() < 1e-5);
        assert!((Confidence::USUAL.student(31.0) - 2.039_513).abs() < 1e-5);
        assert!((Confidence::USUAL.shared_by(5).normal() - 2.575_829).abs() < 1e-5);
        assert!((Confidence::USUAL.shared_by(5).student(9.0) - 3.249_836).abs() < 1e-5);
        assert!((Confidence::USUAL.one_sided().normal() - 1.644_854).abs() < 1e-5);
        assert_eq!(Confidence::USUAL.shared_by(1), Confidence::USUAL);
    }
}
