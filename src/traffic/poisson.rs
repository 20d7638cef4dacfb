//! How many recipients come: a Poisson count.

use super::MAX_RECIPIENTS;
use crate::rng::{DrawKey, Draws, RngKey, purpose};

/// The least mean of a count: below, nobody might come at all.
pub const LEAST_MEAN: f64 = 30.0;

/// A Poisson count with this mean, at least [`LEAST_MEAN`], in the replication of `rng`, the key of the stream; from 1 to [`MAX_RECIPIENTS`].
///
/// Transformed rejection with squeeze (Hörmann, *The transformed rejection method for generating Poisson random variables*, Insurance:
/// Mathematics and Economics 12, 1993, algorithm PTRS).
#[must_use]
pub(super) fn count(mean: f64, rng: RngKey) -> u64 {
    let draws = rng.draws(DrawKey::SENDER, 0, purpose::COUNT);
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let v_r = 0.9277 - 3.6224 / (b - 2.0);
    let accepted = (0..u16::MAX).find_map(|round| {
        let [u, v] = uniforms(draws, round);
        let u = u - 0.5;
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= v_r {
            return Some(k);
        }
        if k < 0.0 || us < 0.013 && v > us {
            return None;
        }
        let left = libm::log(v) + libm::log(inverse_alpha) - libm::log(a / (us * us) + b);
        (left <= k * libm::log(mean) - mean - libm::lgamma(k + 1.0)).then_some(k)
    });
    // Each round accepts with a probability above 0.8: there is always one.
    (accepted.unwrap_or(mean) as u64).clamp(1, MAX_RECIPIENTS)
}

/// Two uniform numbers between 0 and 1, exclusive.
fn uniforms(draws: Draws, round: u16) -> [f64; 2] {
    let [a, b, c, d] = draws.block(round);
    [[a, b], [c, d]].map(|[high, low]| {
        let bits = u64::from(high) << 32 | u64::from(low);
        ((bits >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{DiscreteCDF, Poisson};

    /// Compared with the distribution function at its deciles: of 20 000 counts, each share has a standard error of at most 0.0035.
    #[test]
    fn counts_have_a_poisson_distribution() {
        for mean in [30.0, 250.0, 1e6] {
            let counts: Vec<_> = (0..20_000).map(|replication| count(mean, RngKey::new(7, replication))).collect();
            let poisson = Poisson::new(mean).expect("a mean");
            for part in 1..10 {
                let at = poisson.inverse_cdf(f64::from(part) / 10.0);
                let share = counts.iter().filter(|&&count| count <= at).count() as f64 / 20_000.0;
                let (share, truth) = (share, poisson.cdf(at));
                assert!((share - truth).abs() < 4.5 * 0.0036, "{mean}: {share} up to {at}, not {truth}");
            }
            let average = counts.iter().sum::<u64>() as f64 / 20_000.0;
            assert!((average - mean).abs() < 4.5 * (mean / 20_000.0).sqrt(), "{average}");
        }
    }
}
