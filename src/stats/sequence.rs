//! A confidence sequence: intervals for a mean that hold together at all sample sizes, so that one may look as often as one likes, and stop when
//! enough is known.

/// The number of observations at which intervals are about the narrowest that they can be.
const NARROW_AT: f64 = 64.0;

/// How far the mean of `count` independent observations with this standard deviation may be from the true mean, at all counts together but for a
/// probability of `error`.
///
/// The normal mixture of Robbins, for observations of any law whose mean is near normal (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, *Time-uniform
/// central limit theory and asymptotic confidence sequences*, 2024, theorem 2.2): σ √(2 (n ρ² + 1) / (n² ρ²) · ln(√(n ρ² + 1) / α)). It is asymptotic: it
/// wants observations that are means of many, and some of them.
#[must_use]
pub fn reach_at_all_times(count: f64, deviation: f64, error: f64) -> f64 {
    let spread = -2.0 * libm::log(error);
    let mixed = (spread + libm::log(spread) + 1.0) / NARROW_AT;
    let grown = count * mixed + 1.0;
    deviation * (2.0 * grown / (count * count * mixed) * libm::log(grown.sqrt() / error)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 2000 walks of uniform steps, looked at from the 16th to the 1024th, at most 5 % ever leave the interval: at 4.5 standard errors of their
    /// number, 144. A usual interval is left by far more.
    #[test]
    fn the_true_mean_is_within_reach_at_all_times() {
        let mut state = 7_u64;
        // Weyl's sequence, mixed (SplitMix64).
        let mut uniform = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let (mut ever, mut usual) = (0, 0);
        for _ in 0..2000 {
            let (mut sum, mut squares, mut has_left, mut usual_left) = (0.0, 0.0, false, false);
            for count in 1..=1024 {
                let x = uniform() - 0.5;
                (sum, squares) = (sum + x, squares + x * x);
                let n = f64::from(count);
                let mean = sum / n;
                let deviation = ((squares / n - mean * mean) * n / (n - 1.0).max(1.0)).sqrt();
                if count >= 16 {
                    has_left |= mean.abs() > reach_at_all_times(n, deviation, 0.05);
                    usual_left |= mean.abs() > 1.96 * deviation / n.sqrt();
                }
            }
            (ever, usual) = (ever + i32::from(has_left), usual + i32::from(usual_left));
        }
        assert!(ever <= 144 && usual > 500, "{ever} and {usual} of 2000");
    }

    /// A hundredth as far with ten thousand times as many, but for the price of looking often.
    #[test]
    fn it_shrinks_with_the_square_root() {
        let ratio = reach_at_all_times(64.0, 1.0, 0.01) / reach_at_all_times(640_000.0, 1.0, 0.01);
        assert!((60.0..100.0).contains(&ratio), "{ratio}");
    }
}
