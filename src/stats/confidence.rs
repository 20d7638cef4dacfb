//! How sure an interval is, and the quantiles that make it so.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The 97.5 % quantile of the standard normal distribution.
const Z95: f64 = 1.959_963_984_540_054;

/// The confidence of an interval: how seldom it misses the truth, half of that on either side.
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

    /// That of each of so many intervals which together miss no more often than one of this confidence (Bonferroni).
    #[must_use]
    pub fn shared_by(self, intervals: usize) -> Self {
        Self { error: self.error / intervals.max(1) as f64 }
    }

    /// That of an interval of which one end is held to a bound, so that the error of this confidence is all on that side.
    #[must_use]
    pub fn one_sided(self) -> Self {
        Self { error: 2.0 * self.error }
    }

    /// How often such an interval misses.
    #[must_use]
    pub const fn error(self) -> f64 {
        self.error
    }

    /// So many standard errors of a normal distribution lie on either side.
    #[must_use]
    pub fn normal(self) -> f64 {
        if self == Self::USUAL {
            return Z95;
        }
        Normal::new(0.0, 1.0).map_or(Z95, |normal| normal.inverse_cdf(1.0 - self.error / 2.0))
    }

    /// Likewise of Student's t distribution; the normal's where `freedom` is no positive number, or so large that it makes no
    /// difference.
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

    /// Tables of the normal and of Student's distribution.
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
