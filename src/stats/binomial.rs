//! The interval of a probability from how often an event happened.

use super::Confidence;
use statrs::distribution::{Beta, ContinuousCDF};

/// The interval of Clopper and Pearson for the probability of an event that happened `count` times in `trials`: it covers at least as often as it says, for
/// any probability. The whole range from 0 to 1 without trials.
///
/// C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934), 404–413.
#[must_use]
pub fn clopper_pearson(count: u64, trials: u64, confidence: Confidence) -> (f64, f64) {
    let (k, n) = (count.min(trials) as f64, trials as f64);
    let quantile = |a: f64, b: f64, below: f64| Beta::new(a, b).map(|beta| beta.inverse_cdf(below));
    let tail = confidence.error() / 2.0;
    let low = if k == 0.0 { Ok(0.0) } else { quantile(k, n - k + 1.0, tail) };
    let high = if k == n { Ok(1.0) } else { quantile(k + 1.0, n - k, 1.0 - tail) };
    (low.unwrap_or(0.0), high.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against closed forms, where all or none happen, and the table of Clopper and Pearson, who give 0.444 and 0.975 for 8 of 10.
    #[test]
    fn intervals_are_those_of_the_table_and_of_closed_forms() {
        let usual = Confidence::USUAL;
        let (low, high) = clopper_pearson(94, 94, usual);
        assert!((low - 0.025_f64.powf(1.0 / 94.0)).abs() < 1e-9 && high == 1.0, "{low} {high}");
        let (low, high) = clopper_pearson(0, 30, usual);
        assert!(low == 0.0 && (high - (1.0 - 0.025_f64.powf(1.0 / 30.0))).abs() < 1e-9, "{low} {high}");
        let (low, high) = clopper_pearson(8, 10, usual);
        assert!((low - 0.443_9).abs() < 1e-4 && (high - 0.974_8).abs() < 1e-4, "{low} {high}");
        assert_eq!(clopper_pearson(0, 0, usual), (0.0, 1.0));
    }

    /// It covers: the probability that the interval holds the true one is at least 95 %, summed over all counts.
    #[test]
    fn intervals_cover_any_probability() {
        for p in [0.5, 0.9, 0.95, 0.99] {
            let mut weight = (1.0_f64 - p).powi(60);
            let mut covered = 0.0;
            for count in 0..=60 {
                let (low, high) = clopper_pearson(count, 60, Confidence::USUAL);
                covered += if low <= p && p <= high { weight } else { 0.0 };
                weight *= (60 - count) as f64 / (count + 1) as f64 * p / (1.0 - p);
            }
            assert!(covered >= 0.95, "{p}: {covered}");
        }
    }
}
